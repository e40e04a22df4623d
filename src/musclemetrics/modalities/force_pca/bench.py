"""From readings to curves: tables of points, or raw traces with one slack step each."""

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
from ...traces import or_reason, shared_labels
from .decisions import check_windows
from .definitions import CONDITIONS

__all__ = ["inputs"]

Array = NDArray[np.float64]

GUARD = 0.002
"""Seconds before the slack step left out of the plateau, so that a smeared step does not pull it down."""
DRIFT = 0.02
"""Change of force over the plateau window, as a share of it, above which the plateau is not steady."""
LEAST = 5
"""Distinct pCa a curve needs; fewer traces are most likely a fibre's files that were not taken together."""


def inputs(
    readings: Iterable[Reading],
    *,
    plateau_window: float = 0.4,
    baseline_window: tuple[float, float] = (0.6, 0.9),
) -> Iterator[Inputs]:
    """Turn readings into force–pCa curves.

    Parameters
    ----------
    readings : iterable of Reading
        Tables hold ``pCa`` (or ``calcium``) and ``force``: each is a curve. Traces hold ``time``, ``force``,
        ``fibre_length`` and a 0-d ``pCa``: each is one point, and all that share a fibre are one curve.
    plateau_window : float
        Seconds of steady force averaged just before the slack step of a trace.
    baseline_window : (float, float)
        Part of the slack averaged as zero force, as fractions of its duration.

    Yields
    ------
    Inputs
        One a curve. One that cannot be measured has no arguments and an InputError as its ``reason``: ``no-curve``
        and ``length-mismatch`` for a table, ``too-few-traces``, ``no-slack-step`` and others for traces. It ends none
        of the others.

    Raises
    ------
    SettingsError
        If a window cannot be carried out.
    """
    window, (low, high) = check_windows(plateau_window, baseline_window)
    traces: dict[str, list[Reading]] = {}
    for reading in readings:
        if "time" in reading and "force" in reading and reading["force"].ndim == 1 and _is_trace(reading):
            traces.setdefault(reading.labels.get("fibre", ""), []).append(reading)
        else:
            yield or_reason(partial(_table, reading), [reading])
    for group in traces.values():
        yield or_reason(partial(_traces, group, window, (low, high)), group)


def _is_trace(reading: Reading) -> bool:
    return "fibre_length" in reading and "pCa" in reading and reading["pCa"].ndim == 0


def _column(reading: Reading, name: str) -> Array:
    """Return an array of points; NaN is a missing point and judged by the caller."""
    array = reading[name]
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        held = f"{array.ndim} dimensions" if array.dtype.kind in "fiu" else "no numbers"
        raise InputError(f"{name} has {held}, a row of numbers is needed", code="wrong-shape", remedy="mend it")
    return np.asarray(array, dtype=np.float64)


def _table(reading: Reading) -> Inputs:
    known = ", ".join(reading) or "nothing"
    name = "pCa" if "pCa" in reading else "calcium"
    if name not in reading or "force" not in reading:
        raise InputError(
            f"no pCa (or [Ca2+]) and force in this recording; it holds {known}",
            code="no-curve",
            remedy="name the columns: -r x=COLUMN -r y=COLUMN (or reading={'x': …, 'y': …})",
        )
    x, y = _column(reading, name), _column(reading, "force")
    checks.same_length(**{name: x, "force": y})
    flags: list[Flag] = list(reading.flags)
    present = np.isfinite(x) & np.isfinite(y)
    if not present.all():
        if not any(f.code == "missing-points" for f in flags):
            count = int((~present).sum())
            flags.append(Flag("missing-points", f"{count} of {len(x)} points have no pCa or no force", "note"))
        x, y = x[present], y[present]
    settings: dict[str, object] = {}
    unit = reading.unit(name)
    if name == "calcium" and unit is not None:
        settings["calcium_unit"] = unit
    if name == "pCa" and unit is not None and units.dimension(unit) == "concentration":
        settings["calcium_unit"] = unit
    force_unit = reading.unit("force")
    if force_unit is not None:
        if units.dimension(force_unit) not in ("none", "force", "stress"):
            raise InputError(
                f"force is in {force_unit}, a unit of {units.dimension(force_unit)}",
                code="force-unit",
                remedy="convert it with the transducer's calibration first",
            )
        settings["force_unit"] = force_unit
    conditions = {k: v for k, v in reading.labels.items() if k in CONDITIONS}
    if conditions:
        settings["conditions"] = conditions
    return Inputs({"pca": x, "force": y}, settings, dict(reading.labels), tuple(flags), reading.notes)


def _enough(pca: Sequence[float]) -> None:
    distinct = len(set(pca))
    if distinct < LEAST:
        raise InputError(
            f"{len(pca)} trace(s) give {distinct} distinct pCa, a curve needs at least {LEAST}",
            code="too-few-traces",
            remedy="one fibre lies in several files: take them together with --group-by folder (group_by='folder')",
        )


@dataclass(frozen=True)
class _Point:
    pca: float
    stress: float
    flags: tuple[Flag, ...]


def _traces(readings: Sequence[Reading], window: float, baseline: tuple[float, float]) -> Inputs:
    points = [_point(reading, window, baseline) for reading in readings]
    _enough([p.pca for p in points])
    labels = shared_labels(readings)
    flags: list[Flag] = []
    for f in (f for r, p in zip(readings, points, strict=True) for f in (*r.flags, *p.flags)):
        if f not in flags:
            flags.append(f)
    conditions = {k: v for k, v in labels.items() if k in CONDITIONS}
    first = readings[0]
    if "sarcomere_length_0" in first and "sarcomere_length" not in labels:
        value = float(first["sarcomere_length_0"]) * units.convert_factor(
            first.unit("sarcomere_length_0") or "nm", "um"
        )
        if np.isfinite(value):
            conditions["sarcomere_length"] = f"{value:.4g} um"
    areas = {float(r["area"]) for r in readings}
    if len(areas) > 1:
        listed = ", ".join(f"{a:.4g}" for a in sorted(areas))
        flags.append(Flag("area-conflict", f"the files of this fibre state different areas: {listed} m2", "suspect"))
    else:
        conditions["csa"] = f"{next(iter(areas)):.4g} m2 as stated in the file"
    settings = {"force_unit": "kN/m2", "conditions": conditions}
    note = f"{len(points)} traces: plateau over {window:g} s before the slack step, zero within the slack"
    order = np.argsort([-p.pca for p in points], kind="stable")
    x = np.array([points[i].pca for i in order])
    y = np.array([points[i].stress for i in order])
    notes = tuple(dict.fromkeys(n for r in readings for n in r.notes))
    return Inputs({"pca": x, "force": y}, settings, labels, tuple(flags), (*notes, note))


def _point(reading: Reading, window: float, baseline: tuple[float, float]) -> _Point:
    pca = float(reading["pCa"])
    if not np.isfinite(pca):
        raise InputError("the header states no pCa", code="no-pca", remedy="state it: -r pca=VALUE")
    for fact in ("force_calibration", "area"):
        if fact not in reading or not np.isfinite(float(reading[fact])) or float(reading[fact]) <= 0:
            raise InputError(
                f"the header states no usable {fact}", code=f"no-{fact.replace('_', '-')}", remedy="mend it"
            )
    time, volts = np.asarray(reading["time"], float), np.asarray(reading["force"], float)
    begin, end = _slack(np.asarray(reading["fibre_length"], float))
    stop = int(np.searchsorted(time, time[begin] - GUARD, side="right"))
    start = int(np.searchsorted(time, time[begin] - GUARD - window))
    if time[begin] - GUARD - window < time[0] or stop - start < 3:
        raise InputError(
            f"the plateau window of {window:g} s does not fit before the slack step at {time[begin]:.4g} s",
            code="plateau-window",
            remedy="give a shorter plateau_window",
        )
    length = end - begin
    zero_part = volts[begin + int(baseline[0] * length) : begin + int(np.ceil(baseline[1] * length))]
    if len(zero_part) < 3:
        raise InputError(
            f"only {len(zero_part)} samples of slack to take zero force from, 3 are needed",
            code="short-slack",
            remedy="widen baseline_window or sample faster",
        )
    plateau = volts[start:stop]
    zero = float(zero_part.mean())
    scale = float(reading["force_calibration"]) / float(reading["area"]) / 1000.0
    flags = []
    third = max(1, len(plateau) // 3)
    drift = float(plateau[-third:].mean() - plateau[:third].mean())
    height = float(plateau.mean()) - zero
    if abs(drift) > DRIFT * abs(height) and abs(drift) > 6 * float(plateau.std()) / np.sqrt(third):
        flags.append(
            Flag(
                "plateau-not-steady",
                f"at pCa {pca:g} force changes by {100 * drift / height:+.1f} % over the plateau window, limit "
                f"{100 * DRIFT:g} %; give another plateau_window",
                "suspect",
            )
        )
    stated = reading.labels.get("pca") or reading.labels.get("pCa")
    if stated is not None and not _same(stated, pca):
        flags.append(Flag("pca-conflict", f"the header states pCa {pca:g}, the label {stated}; the header is used"))
    return _Point(pca, height * scale, tuple(flags))


def _same(text: str, value: float) -> bool:
    try:
        return abs(float(text) - value) < 1e-6
    except ValueError:
        return False


def _slack(length: Array) -> tuple[int, int]:
    """Return first and last sample of the slack step in the length channel."""
    rest = np.median(length)
    away = np.abs(length - rest)
    size = float(away.max())
    noise = 1.4826 * float(np.median(away))
    if size < 20 * noise or size == 0.0:
        raise InputError(
            f"no slack step in the length signal (largest excursion {size:.3g} V, noise {noise:.3g} V)",
            code="no-slack-step",
            remedy="zero force cannot be told without one; give plateau forces in a table instead",
        )
    inside = np.flatnonzero(away > 0.5 * size)
    breaks = np.flatnonzero(np.diff(inside) > 1)
    end = inside[breaks[0]] if len(breaks) else inside[-1]
    return int(inside[0]), int(end)
