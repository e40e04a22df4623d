"""From readings to curves: tables of points, or raw traces with ramps or clamps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import checks, traces, units
from ...errors import InputError
from ...reading import Inputs, Reading
from ...record import Flag
from .contractions import read_clamps, read_ramps
from .surveying import Survey, protocol, survey, unloading
from .windows import CONTRACTIONS, Windows

__all__ = ["inputs"]

Array = NDArray[np.float64]

_WORDS = {
    "isotonic": "velocity",
    "loadclamp": "velocity",
    "forceclamp": "velocity",
    "afterloaded": "velocity",
    "isovelocity": "force",
    "isokinetic": "force",
}
"""What a table may call its protocol, letters only."""
_EVENTS = {"force-clamp": "velocity", "force-step": "velocity", "length-ramp": "force"}


def inputs(
    readings: Iterable[Reading],
    *,
    dependent: str | None = None,
    contractions: str | None = None,
    at_length: float | None = None,
    length_window: float = 0.01,
    settle: float = 0.003,
    clamp_window: tuple[float, float] = (0.3, 0.8),
    zero: float | None = None,
    time_unit: str | None = None,
    length_unit: str | None = None,
    fibre_length: float | None = None,
) -> Iterator[Inputs]:
    """Turn readings into force–velocity curves.

    Parameters
    ----------
    readings : iterable of Reading
        Tables hold ``velocity`` and ``force``: each is a curve. Traces hold ``time``, ``force`` and ``length``, with
        one or several shortening ramps or load clamps: all that share a fibre are one curve.
    dependent : {"velocity", "force"}, optional
        The quantity whose residuals are fitted; by default the one that answered in the contractions found. It does not
        change how traces are read, unless they may hold either.
    contractions : {"clamps", "ramps"}, optional
        Whether traces hold load clamps or isovelocity ramps; found from the protocol or the traces where not given.
    at_length : float, optional
        Length, in {L0}, at which the force of every ramp is read. By default the length at which the muscle also rests
        and which every ramp passes, so that Po is known at the same length; where there is none, the end of each ramp.
    length_window : float
        {L0} of shortening over which force is averaged there.
    settle : float
        Seconds after the start of a ramp or clamp that are not used: the transducer rings.
    clamp_window : (float, float)
        Part of a clamp over which velocity is read, as fractions of its duration.
    zero : float, optional
        Force without load, in the unit of the force signal; by default the mean while the fibre is slack, where it is.
    time_unit, length_unit : str, optional
        Units of the signals where the file states none.
    fibre_length : float, optional
        L0 in the unit of length, where the file states none and length is not in {L0} or %{L0}.

    Yields
    ------
    Inputs
        One a curve. One that cannot be measured has no arguments and an InputError as its ``reason``: ``no-points``,
        ``length-mismatch`` for a table; ``no-contractions``, ``protocol-not-clear``, ``length-sign`` and those of a
        recording for traces. It ends none of the others.

    Raises
    ------
    SettingsError
        If a window cannot be carried out.
    """
    windows = Windows.check({k: v for k, v in locals().items() if k in Windows.names()})
    groups: dict[str, list[Reading]] = {}
    for reading in readings:
        if "velocity" not in reading and "time" in reading and "force" in reading:
            groups.setdefault(reading.labels.get("fibre", ""), []).append(reading)
        else:
            yield traces.or_reason(partial(_table, reading), [reading])
    for group in groups.values():
        yield traces.or_reason(partial(_traces, group, windows), group)


def _table(reading: Reading) -> Inputs:
    columns = {}
    for name in ("velocity", "force"):
        if name not in reading:
            known = ", ".join(reading) or "nothing"
            raise InputError(
                f"no velocity and force, nor time, force and length, in this recording; it holds {known}",
                code="no-points",
                remedy="name the columns velocity and force, or -r x=COLUMN -r y=COLUMN",
            )
        array = reading[name]
        if array.ndim != 1 or array.dtype.kind not in "fiu":
            held = f"{array.ndim} dimensions" if array.dtype.kind in "fiu" else "no numbers"
            raise InputError(f"{name} has {held}, a row of numbers is needed", code="wrong-shape", remedy="mend it")
        columns[name] = np.asarray(array, dtype=np.float64)
    checks.same_length(**columns)
    flags = list(reading.flags)
    present = np.isfinite(columns["velocity"]) & np.isfinite(columns["force"])
    if not present.all():
        if not any(f.code == "missing-points" for f in flags):
            count = int((~present).sum())
            flags.append(Flag("missing-points", f"{count} of {len(present)} points lack velocity or force", "note"))
        columns = {name: values[present] for name, values in columns.items()}
    settings: dict[str, Any] = {}
    for name in ("velocity", "force"):
        unit = reading.unit(name)
        if unit is None:
            continue
        allowed = ("speed", "relative speed") if name == "velocity" else ("none", "force", "stress")
        if units.dimension(unit) not in allowed:
            raise InputError(
                f"{name} is in {unit}, a unit of {units.dimension(unit)}",
                code="velocity-unit" if name == "velocity" else "force-unit",
                remedy="name its unit, or convert it first",
            )
        settings[f"{name}_unit"] = unit
    said = _said(reading.labels)
    if said is not None:
        settings["dependent"] = said
    relative = units.dimension(settings.get("velocity_unit", "1")) == "relative speed"
    for name in () if relative else ("fibre_length", "muscle_length"):
        if name in reading and reading[name].ndim == 0 and reading.unit(name) is not None:
            settings |= {"fibre_length": float(reading[name]), "length_unit": str(reading.unit(name))}
            break
    return Inputs(columns, settings, dict(reading.labels), tuple(flags), reading.notes)


def _said(labels: Any) -> str | None:
    """Return the dependent quantity a label such as ``protocol isovelocity`` stands for."""
    for word in labels.values():
        key = "".join(c for c in str(word).casefold() if c.isalpha())
        if key in _WORDS:
            return _WORDS[key]
    return None


def _traces(readings: Sequence[Reading], windows: Windows) -> Inputs:
    flags: list[Flag] = []
    notes: list[str] = []
    settings: dict[str, Any] = {"velocity_unit": "{L0}/s"}
    surveys, told = [], set()
    force_units = []
    for reading in readings:
        facts = traces.recorded(reading, need_length=True)
        found, facts_used = _surveyed(facts, windows)
        surveys.append(found)
        flags += [*facts.flags, *found.recording.flags, *facts_used]
        notes += facts.notes
        force_units.append(str(facts.settings.get("force_unit", "1")))
        told |= {_EVENTS[e.name] for e in facts.events if e.name in _EVENTS}
        for name in ("fibre_length", "length_unit"):
            if facts.settings.get(name) is not None:
                settings[name] = facts.settings[name]
    if len(set(force_units)) > 1:
        raise InputError(
            f"the recordings of one fibre have force in {' and '.join(sorted(set(force_units)))}",
            code="unit-mismatch",
            remedy="give the recordings of one fibre one unit",
        )
    settings["force_unit"] = force_units[0]
    _refuse_lengthening(surveys)
    said = _said(traces.shared_labels(readings))
    answered = told.pop() if len(told) == 1 else said
    answered = CONTRACTIONS.get(windows.contractions or "") or answered or _answered(surveys, windows)
    settings["dependent"] = windows.dependent or answered
    points = read_ramps(surveys, windows) if answered == "force" else read_clamps(surveys, windows)
    if sum(v > 0 for v in points.velocity) == 0:
        left = [f.message for f in points.flags if f.code == "contraction-left-out"]
        why = left[0] if left else "there is no steady shortening in its traces"
        raise InputError(
            f"no contraction gave a point: {why}",
            code="no-contractions",
            remedy="look at the traces; give contractions, at_length or clamp_window",
        )
    if not any(one.zeros for one in surveys):
        flags.append(
            Flag("zero-force-assumed", "the fibre is never slack, so force was taken as it is; give zero", "note")
        )
    settings["points"] = points.evidence()
    flags = list(dict.fromkeys([*flags, *points.flags]))
    args = {"velocity": np.array(points.velocity), "force": np.array(points.force)}
    note = f"{len(points.force)} points from {len(readings)} recording(s)"
    labels = traces.shared_labels(readings)
    return Inputs(args, settings, labels, tuple(flags), tuple(dict.fromkeys([*notes, *points.notes, note])))


def _answered(surveys: Sequence[Survey], windows: Windows) -> str:
    """Return the quantity that answered by the traces; by `dependent` where they do not tell."""
    try:
        return protocol(surveys, windows)
    except InputError:
        if windows.dependent is None:
            raise
        return windows.dependent


def _surveyed(facts: traces.Facts, windows: Windows) -> tuple[Survey, list[Flag]]:
    """Return what happens in one recording, and where a setting overruled what its file says of time."""
    flags = []
    stated = facts.settings["time_unit"]
    unit = windows.time_unit or (None if stated is None else str(stated))
    if windows.time_unit is not None and stated is not None and units.canonical(windows.time_unit) != stated:
        flags.append(
            Flag(
                "setting-overrides-file",
                f"time_unit is {stated!r} by the file and {windows.time_unit!r} by the setting, which was used",
                "suspect",
            )
        )
    made = traces.recording(facts.args["time"], facts.args["force"], facts.args["length"], time_unit=unit)
    assert made.length is not None
    length_unit = windows.length_unit or facts.settings.get("length_unit")
    fibre_length = windows.fibre_length if windows.fibre_length is not None else facts.settings.get("fibre_length")
    in_L0 = traces.in_L0(made.length, length_unit, fibre_length)  # type: ignore[arg-type]
    return survey(made, in_L0, windows), flags


def _refuse_lengthening(surveys: Sequence[Survey]) -> None:
    falls = sum(unloading(one, one.ramps) for one in surveys)
    rises = sum(unloading(one, one.rises) for one in surveys)
    if rises > falls:
        raise InputError(
            f"force falls in {rises} ramp(s) in which length rises, and in {falls} in which it falls: shortening must "
            "lower length",
            code="length-sign",
            remedy="turn the sign of the length signal",
        )
