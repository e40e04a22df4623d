"""From readings to sweeps: each reading is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ... import units
from ...errors import InputError, MuscleMetricsError, SettingsError
from ...reading import Inputs, Reading
from ...record import Flag

__all__ = ["check_phase_unit", "from_polar", "inputs"]

Array = NDArray[np.float64]

FULL_TURN = 2.0 * np.pi
FACTS = ("cell_constant",)


def inputs(readings: Iterable[Reading], *, phase_unit: str | None = None) -> Iterator[Inputs]:
    """Turn readings into sweeps.

    Parameters
    ----------
    readings : iterable of Reading
        Each with ``frequency`` and either ``resistance`` with ``reactance`` or ``imaginary`` (the imaginary part as
        written), or ``magnitude`` with ``phase``.
    phase_unit : str, optional
        deg or rad, where a file has a phase and no unit for it.

    Yields
    ------
    Inputs
        One a reading. One that is no sweep has no arguments and an InputError as its ``reason``.

    Raises
    ------
    SettingsError
        If `phase_unit` is no unit of angle.
    """
    check_phase_unit(phase_unit)
    for reading in readings:
        try:
            yield _one(reading, phase_unit)
        except MuscleMetricsError as error:
            labels, flags = dict(reading.labels), tuple(reading.flags)
            yield Inputs({}, {}, labels, flags, reading.notes, error, (reading,))


def check_phase_unit(unit: str | None) -> None:
    """Raise SettingsError unless `unit` is one of angle or None."""
    if unit is not None and units.dimension(unit) != "angle":
        raise SettingsError(f"phase_unit={unit} is a unit of {units.dimension(unit)}", remedy="give deg or rad")


def from_polar(magnitude: Array, phase: Array, *, phase_unit: str = "deg") -> tuple[Array, Array]:
    """Return resistance and reactance of a modulus and a phase.

    Parameters
    ----------
    magnitude : array_like
        Modulus of the impedance.
    phase : array_like
        Its angle, of either sign convention: the reactance has the sign of the phase, and is judged from there.
    phase_unit : str
        deg or rad.

    Returns
    -------
    resistance, reactance : ndarray

    Examples
    --------
    >>> r, x = from_polar([50.0], [-36.86989764584402])
    >>> round(float(r[0]), 9), round(float(x[0]), 9)
    (40.0, -30.0)
    """
    angle = np.radians(np.asarray(phase, float) * units.convert_factor(phase_unit, "deg"))
    size = np.asarray(magnitude, float)
    return size * np.cos(angle), size * np.sin(angle)


def _one(reading: Reading, phase_unit: str | None) -> Inputs:
    notes = list(reading.notes)
    settings: dict[str, object] = {}
    f = _row(reading, "frequency")
    stated = reading.unit("frequency")
    if stated is not None:
        if units.dimension(stated) != "frequency":
            raise InputError(
                f"frequency is in {stated}, a unit of {units.dimension(stated)}",
                code="unit-mismatch",
                remedy="name the column of frequencies",
            )
        settings["frequency_unit"] = stated
    if "resistance" in reading and ("reactance" in reading or "imaginary" in reading):
        r, r_unit = _row(reading, "resistance"), _ohms(reading, "resistance")
        own = "reactance" if "reactance" in reading else "imaginary"
        x, x_unit = _row(reading, own), _ohms(reading, own)
        if r_unit is not None and x_unit is not None and r_unit != x_unit:
            x = x * units.convert_factor(x_unit, r_unit)
            notes.append(f"{own} was turned from {x_unit} into {r_unit}, the unit of resistance")
        if own == "imaginary":
            x = -x
            notes.append("reactance is the imaginary part with its sign turned")
    elif "magnitude" in reading and "phase" in reading:
        r_unit = _ohms(reading, "magnitude")
        angle = _row(reading, "phase")
        r, x = from_polar(_row(reading, "magnitude"), angle, phase_unit=_angle(reading, angle, phase_unit, notes))
        notes.append("resistance and reactance were taken from modulus and phase")
    else:
        raise InputError(
            f"no resistance with reactance and no modulus with phase in this recording; it holds "
            f"{', '.join(reading) or 'nothing'}",
            code="no-sweep",
            remedy="name the columns: frequency, resistance and reactance, or magnitude and phase",
        )
    if r_unit is not None:
        settings["impedance_unit"] = r_unit
    for fact in FACTS:
        if fact in reading and np.ndim(reading[fact]) == 0 and np.isfinite(float(reading[fact])):
            settings[fact] = float(reading[fact])
    args = {"frequency": f, "resistance": r, "reactance": x}
    sizes = {len(a) for a in args.values()}
    flags: list[Flag] = list(reading.flags)
    if len(sizes) == 1:
        present = np.isfinite(f) & np.isfinite(r) & np.isfinite(x)
        if not present.all():
            count = int((~present).sum())
            flags.append(Flag("missing-points", f"{count} of {len(f)} points lack a frequency or a value", "note"))
            args = {name: a[present] for name, a in args.items()}
    return Inputs(args, settings, dict(reading.labels), tuple(flags), tuple(notes), None, (reading,))


def _row(reading: Reading, name: str) -> Array:
    if name not in reading:
        raise InputError(
            f"no {name} in this recording; it holds {', '.join(reading) or 'nothing'}",
            code="no-sweep",
            remedy="name the columns: frequency, resistance and reactance, or magnitude and phase",
        )
    array = reading[name]
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        held = f"{array.ndim} dimensions" if array.dtype.kind in "fiu" else "no numbers"
        raise InputError(f"{name} has {held}, a row of numbers is needed", code="wrong-shape", remedy="mend it")
    return np.asarray(array, dtype=np.float64)


def _ohms(reading: Reading, name: str) -> str | None:
    unit = reading.unit(name)
    if unit is None:
        return None
    if units.dimension(unit) != "resistance":
        raise InputError(
            f"{name} is in {unit}, a unit of {units.dimension(unit)}",
            code="unit-mismatch",
            remedy="give ohms; conductivities have first to be turned into impedances",
        )
    return units.canonical(unit)


def _angle(reading: Reading, angle: Array, phase_unit: str | None, notes: list[str]) -> str:
    """Return the unit of the phase: stated, given, or beyond doubt."""
    stated = reading.unit("phase")
    if stated is not None and units.dimension(stated) == "angle":
        return stated
    if phase_unit is not None:
        return phase_unit
    largest = float(np.nanmax(np.abs(angle))) if np.isfinite(angle).any() else 0.0
    if largest > FULL_TURN:
        notes.append(f"phase has no unit; up to {largest:.3g}, so degrees")
        return "deg"
    raise InputError(
        f"phase has no unit, and up to {largest:.3g} it could be degrees or radians",
        code="phase-unit-not-stated",
        remedy="give phase_unit=deg or phase_unit=rad",
    )
