"""From readings to points: a table of them, or one contraction at each length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ... import checks, units
from ...errors import InputError
from ...reading import Inputs, Reading
from ...record import Flag
from ...traces import Facts, Recording, level, or_reason, recorded, recording, shared_labels

__all__ = ["check_windows", "inputs"]

Array = NDArray[np.float64]

TOTAL = ("total_force", "force_total", "total", "total_tension")
PASSIVE = ("passive_force", "force_passive", "passive", "resting_force", "passive_tension", "resting_tension")
GUARD = 0.002
"""Seconds before the stimulus left out of the rest."""
MOVED = 0.01
"""Share of the length by which it may stray during a contraction."""
MOST_POINTS = 200
"""Rows beside a column of time that may still be points of a curve, measured one after another."""
APART = 0.5
"""Stimuli further apart than so many seconds belong to different contractions."""


def inputs(readings: Iterable[Reading], *, rest_window: float = 0.05, peak_window: float = 0.01) -> Iterator[Inputs]:
    """Turn readings into force–length curves.

    Parameters
    ----------
    readings : iterable of Reading
        Tables hold ``length`` (or ``sarcomere_length``) and ``force``, or ``total_force``, and ``passive_force``: each
        is a curve. Traces hold ``time``, ``force``, ``length`` and stimuli among their events: each contraction is a
        point, and all contractions of one fibre are one curve.
    rest_window : float
        Seconds before the first stimulus of a contraction that give length and passive force.
    peak_window : float
        Seconds over which force is averaged; the highest such mean of a contraction is its total force.

    Yields
    ------
    Inputs
        One a curve. One that cannot be measured has no arguments and an InputError as its ``reason``.

    Raises
    ------
    SettingsError
        If a window cannot be carried out.
    """
    windows = check_windows(rest_window, peak_window)
    traces: dict[str, list[Reading]] = {}
    for reading in readings:
        if "time" in reading and any(e.name == "stimulus" for e in reading.events):
            traces.setdefault(reading.labels.get("fibre", ""), []).append(reading)
        else:
            yield or_reason(partial(_table, reading), [reading])
    for group in traces.values():
        yield or_reason(partial(_contractions, group, windows), group)


def check_windows(rest_window: float = 0.05, peak_window: float = 0.01) -> tuple[float, float]:
    """Return the windows in seconds, or raise SettingsError."""
    return (
        checks.number(rest_window, "rest_window", low=1e-3, high=100.0),
        checks.number(peak_window, "peak_window", low=1e-4, high=10.0),
    )


def _table(reading: Reading) -> Inputs:
    if "time" in reading and np.ndim(reading["time"]) == 1 and len(reading["time"]) > MOST_POINTS:
        raise InputError(
            f"a recording of {len(reading['time'])} samples in time without a stimulus: nothing says where each "
            "contraction begins and what was passive force before it",
            code="no-stimulus",
            remedy="give recordings with stimuli, one contraction at each length, or a table of points: length, total "
            "force, passive force",
        )
    columns = {"length": next((n for n in ("length", "sarcomere_length") if n in reading), None)}
    columns["force"] = next((n for n in (*TOTAL, "force") if n in reading), None)
    columns["passive"] = next((n for n in PASSIVE if n in reading), None)
    if columns["length"] is None or columns["force"] is None:
        raise InputError(
            f"no length and force in this recording; it holds {', '.join(reading) or 'nothing'}",
            code="no-curve",
            remedy="name the columns length, total force (or force) and passive force",
        )
    args = {name: np.asarray(reading[own], float) for name, own in columns.items() if own is not None}
    checks.same_length(**args)
    flags = list(reading.flags)
    present = np.all([np.isfinite(values) for values in args.values()], axis=0)
    if not present.all():
        if not any(f.code == "missing-points" for f in flags):
            count = int((~present).sum())
            flags.append(Flag("missing-points", f"{count} of {len(present)} points lack a length or a force", "note"))
        args = {name: values[present] for name, values in args.items()}
    settings: dict[str, object] = {}
    if columns["force"] in TOTAL:
        settings["force_is"] = "total"
    own_length = reading.unit(columns["length"])
    if own_length is not None:
        settings["length_unit"] = own_length
    force_units = {reading.unit(own) for name, own in columns.items() if name != "length" and own is not None}
    if len(force_units) > 1:
        listed = " and ".join(sorted(str(u) for u in force_units))
        raise InputError(
            f"total and passive force have different units, {listed}",
            code="unit-mismatch",
            remedy="write both in one unit",
        )
    unit = next(iter(force_units))
    if unit is not None:
        if units.dimension(unit) not in ("none", "force", "stress"):
            raise InputError(
                f"force is in {unit}, a unit of {units.dimension(unit)}",
                code="force-unit",
                remedy="convert it with the transducer's calibration first",
            )
        settings["force_unit"] = unit
    return Inputs(args, settings, dict(reading.labels), tuple(flags), reading.notes)


@dataclass(frozen=True, slots=True)
class _Point:
    length: float
    total: float
    passive: float


def _contractions(readings: Sequence[Reading], windows: tuple[float, float]) -> Inputs:
    points: list[_Point] = []
    flags: list[Flag] = []
    stated: set[tuple[object, object]] = set()
    notes: list[str] = []
    for reading in readings:
        facts = recorded(reading, need_length=True)
        made = recording(
            facts.args["time"],
            facts.args["force"],
            facts.args["length"],
            time_unit=facts.settings.get("time_unit"),  # type: ignore[arg-type]
        )
        points += _points(made, facts, windows)
        flags += [*facts.flags, *made.flags]
        notes += facts.notes
        stated.add((facts.settings.get("length_unit"), facts.settings.get("force_unit")))
    if len(stated) > 1:
        raise InputError(
            f"the recordings of this fibre state different units: {', '.join(map(str, sorted(map(str, stated))))}",
            code="unit-mismatch",
            remedy="export them alike",
        )
    length_unit, force_unit = next(iter(stated))
    settings: dict[str, object] = {"force_is": "total"}
    if length_unit is not None:
        settings["length_unit"] = length_unit
    if force_unit is not None:
        settings["force_unit"] = force_unit
    order = np.argsort([p.length for p in points], kind="stable")
    args = {
        "length": np.array([points[i].length for i in order]),
        "force": np.array([points[i].total for i in order]),
        "passive": np.array([points[i].passive for i in order]),
    }
    note = (
        f"{len(points)} contractions: length and passive force over {windows[0]:g} s before the stimulus, total force "
        f"the highest mean over {windows[1]:g} s"
    )
    return Inputs(args, settings, shared_labels(readings), tuple(dict.fromkeys(flags)), (*dict.fromkeys(notes), note))


def _points(made: Recording, facts: Facts, windows: tuple[float, float]) -> list[_Point]:
    """Return a point for each contraction: trains of stimuli closer than half a second are one."""
    assert made.length is not None
    times = sorted(e.time for e in facts.events if e.name == "stimulus")
    onsets = [t for k, t in enumerate(times) if k == 0 or t - times[k - 1] > APART]
    rest, peak = windows
    found = []
    for k, onset in enumerate(onsets):
        first, last = made.index(onset - GUARD - rest), made.index(onset - GUARD)
        until = onsets[k + 1] - GUARD - rest if k + 1 < len(onsets) else np.inf
        stop = min(len(made.time), made.index(until) if np.isfinite(until) else len(made.time))
        held = float(np.mean(made.length[first:last])) if last > first else np.nan
        # Once the motor goes on to the next length, force is no longer of this contraction.
        moved = np.flatnonzero(np.abs(made.length[last:stop] - held) > MOVED * abs(held))
        stop = last + int(moved[0]) if len(moved) else stop
        size = max(1, round(peak * made.rate))
        if onset - GUARD - rest < made.time[0] or last - first < 3 or stop - last < size:
            raise InputError(
                f"the stimulus at {onset:.4g} s has no {rest:g} s of rest before it or no {peak:g} s of force after it",
                code="rest-window",
                remedy="give a shorter rest_window or peak_window",
            )
        sums = np.cumsum(np.concatenate(([0.0], made.force[last:stop])))
        total = float(np.max(sums[size:] - sums[:-size])) / size
        found.append(_Point(held, total, level(made.force[first:last]).mean))
    return found
