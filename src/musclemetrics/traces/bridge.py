"""From a reading to a recording: what every bench modality asks of a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .. import units
from ..errors import InputError, MuscleMetricsError
from ..reading import Event, Inputs, Reading
from ..record import Flag

__all__ = ["Facts", "or_reason", "recorded", "shared_labels"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What one reading holds for the bench: arrays as recorded and what the file says of them.

    Attributes
    ----------
    args : dict
        ``time``, ``force`` and, where there is one, ``length``.
    settings : dict
        ``time_unit``, ``force_unit``, ``length_unit`` (None where the file states none) and ``fibre_length`` in the
        unit of the length signal, where the file states it.
    events : tuple of Event
        In seconds of the recording.
    """

    args: dict[str, Array]
    settings: dict[str, object]
    labels: dict[str, str]
    flags: tuple[Flag, ...]
    notes: tuple[str, ...]
    events: tuple[Event, ...]


def recorded(reading: Reading, *, need_length: bool = False) -> Facts:
    """Return time, force and length of a reading and the facts beside them.

    Parameters
    ----------
    reading : Reading
    need_length : bool
        Whether a recording without a length signal is refused.

    Raises
    ------
    InputError
        ``no-trace`` if there is no time and force (or length); ``force-unit`` if force is in volts without a
        calibration.
    """
    missing = [name for name in ("time", "force") if name not in reading or np.ndim(reading[name]) != 1]
    if need_length and not _has_length(reading):
        missing.append("length")
    if missing:
        words = " ".join(f"-r columns.{n}=NAME" for n in ("time", "force", *(("length",) if need_length else ())))
        raise InputError(
            f"no {' and no '.join(missing)} in this recording; it holds {', '.join(reading) or 'nothing'}",
            code="no-trace",
            remedy=f"say which they are, {words} for a table or a .mat file, -r force=NAME -r length=NAME for "
            "channels, or call them time, force and length in the file",
        )
    args = {"time": reading["time"], "force": reading["force"]}
    settings: dict[str, object] = {"time_unit": reading.unit("time")}
    notes = list(reading.notes)
    unit = reading.unit("force")
    if unit is not None and units.dimension(unit) == "voltage":
        args["force"], unit = _calibrated(reading, args["force"], unit)
        notes.append("force from volts by the file's own calibration" + (" and area" if unit == "kN/m2" else ""))
    elif unit is not None and units.dimension(unit) not in ("none", "force", "stress"):
        raise InputError(
            f"force is in {unit}, a unit of {units.dimension(unit)}",
            code="force-unit",
            remedy="convert it with the transducer's calibration first",
        )
    if unit is not None:
        settings["force_unit"] = unit
    if _has_length(reading):
        args["length"], own = _length(reading)
        settings["length_unit"] = own
        for name in ("fibre_length", "muscle_length"):
            if name in reading and np.ndim(reading[name]) == 0 and own is not None:
                fact = float(reading[name])
                if np.isfinite(fact) and units.dimension(own) == "length":
                    settings["fibre_length"] = fact * units.convert_factor(reading.unit(name) or own, own)
                    break
    return Facts(args, settings, dict(reading.labels), tuple(reading.flags), tuple(notes), reading.events)


def _has_length(reading: Reading) -> bool:
    if "length" in reading:
        return np.ndim(reading["length"]) == 1
    # SLControl records the motor in volts and the calibration beside it.
    known = all(name in reading for name in ("fibre_length", "length_calibration", "muscle_length"))
    return known and np.ndim(reading["fibre_length"]) == 1


def _length(reading: Reading) -> tuple[Array, str | None]:
    """Return the length signal and its unit; a motor's volts by the file's own calibration (um/V)."""
    if "length" in reading:
        return reading["length"], reading.unit("length")
    volts = reading["fibre_length"]
    polarity = float(reading["length_polarity"]) if "length_polarity" in reading else 1.0
    # L0 is the length the record begins with.
    rest = float(np.median(volts[: max(1, len(volts) // 200)]))
    return float(reading["muscle_length"]) + (volts - rest) * polarity * float(reading["length_calibration"]), "um"


def _calibrated(reading: Reading, force: Array, unit: str) -> tuple[Array, str]:
    """Return force from volts by the calibration (N/V) and, where it is stated, the area of the file."""
    if "force_calibration" not in reading:
        raise InputError(
            f"force is in {unit} and the file states no calibration",
            code="force-unit",
            remedy="convert it with the transducer's calibration first",
        )
    newton = force * (units.convert_factor(unit, "V") * float(reading["force_calibration"]))
    area = float(reading["area"]) if "area" in reading else float("nan")
    if np.isfinite(area) and area > 0:
        return newton / (area * units.convert_factor(reading.unit("area") or "m2", "m2")) / 1e3, "kN/m2"
    return newton * 1e3, "mN"


def shared_labels(readings: Sequence[Reading]) -> dict[str, str]:
    """Return the labels on which all readings agree."""
    labels = dict(readings[0].labels)
    for reading in readings[1:]:
        labels = {k: v for k, v in labels.items() if reading.labels.get(k) == v}
    return labels


def or_reason(made: Callable[[], Inputs], readings: Sequence[Reading]) -> Inputs:
    """Return what was made of readings, or why it was not: one bad recording must not end the others."""
    try:
        return replace(made(), sources_from=tuple(readings))
    except MuscleMetricsError as error:
        flags = tuple(dict.fromkeys(f for r in readings for f in r.flags))
        notes = tuple(dict.fromkeys(n for r in readings for n in r.notes))
        return Inputs({}, {}, shared_labels(readings), flags, notes, error, tuple(readings))
