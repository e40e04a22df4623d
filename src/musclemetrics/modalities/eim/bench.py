"""From readings to sweeps: each reading is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import units
from ...errors import InputError, MuscleMetricsError, SettingsError
from ...reading import Inputs, Reading
from ...record import Flag
from .beside import cell_constant, covariates, mixed_devices, polar_conflict

__all__ = ["check_phase_unit", "from_polar", "inputs"]

Array = NDArray[np.float64]

FULL_TURN = 2.0 * np.pi


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
        One a reading. One that is no sweep has no arguments and an InputError as its ``reason``. Labels are the words
        of the reading and the numbers beside its sweep: ``age``, ``fat_thickness_mm``, ``spacing``.

    Raises
    ------
    SettingsError
        If `phase_unit` is no unit of angle.
    """
    check_phase_unit(phase_unit)
    readings = list(readings)
    told = mixed_devices(readings)
    for reading in readings:
        notes = list(reading.notes)
        labels = covariates(reading, notes)
        flags = (*reading.flags, *([] if told is None or "device" not in reading.labels else [told]))
        try:
            yield _one(reading, phase_unit, labels, flags, notes)
        except MuscleMetricsError as error:
            yield Inputs({}, {}, labels, flags, reading.notes, error, (reading,))


def check_phase_unit(unit: str | None) -> None:
    """Raise SettingsError unless `unit` is one of angle or None."""
    if unit is not None and units.dimension(unit) != "angle":
        raise SettingsError(f"phase_unit={unit} is a unit of {units.dimension(unit)}", remedy="give deg or rad")


def from_polar(magnitude: ArrayLike, phase: ArrayLike, *, phase_unit: str | None = None) -> tuple[Array, Array]:
    """Return resistance and reactance of a modulus and a phase.

    Parameters
    ----------
    magnitude : array_like
        Modulus of the impedance.
    phase : array_like of the same shape
        Its angle, of either sign convention: the reactance has the sign of the phase, and is judged from there.
    phase_unit : str, optional
        deg or rad. Without it a phase beyond a full turn of radians is in degrees, and any other is refused.

    Returns
    -------
    resistance, reactance : ndarray

    Raises
    ------
    InputError
        ``length-mismatch`` for two shapes, ``phase-unit-not-stated``.
    SettingsError
        If `phase_unit` is no unit of angle.

    Examples
    --------
    >>> r, x = from_polar([50.0], [-36.86989764584402])
    >>> round(float(r[0]), 9), round(float(x[0]), 9)
    (40.0, -30.0)
    """
    check_phase_unit(phase_unit)
    size, given = np.asarray(magnitude, float), np.asarray(phase, float)
    if size.shape != given.shape:
        raise InputError(
            f"magnitude has the shape {size.shape}, phase {given.shape}",
            code="length-mismatch",
            remedy="give one phase for each modulus",
        )
    angle = np.radians(given * units.convert_factor(_unit_of(given, phase_unit), "deg"))
    return size * np.cos(angle), size * np.sin(angle)


def _one(
    reading: Reading, phase_unit: str | None, labels: dict[str, str], given: tuple[Flag, ...], notes: list[str]
) -> Inputs:
    flags = list(given)
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
        if own == "imaginary" or _stated(reading, "minus the imaginary part"):
            settings["reactance_sign"] = "stated"
        if own == "imaginary":
            x = -x
            notes.append("reactance is the imaginary part with its sign turned")
        if len(r) == len(x) and (conflict := polar_conflict(reading, r, x, r_unit)) is not None:
            flags.append(conflict)
    elif "magnitude" in reading and "phase" in reading:
        r_unit = _ohms(reading, "magnitude")
        angle = _row(reading, "phase")
        r, x = from_polar(_row(reading, "magnitude"), angle, phase_unit=_angle(reading, angle, phase_unit, notes))
        notes.append("resistance and reactance were taken from modulus and phase")
        if _stated(reading, "is the argument of the impedance"):
            x = -x
            settings["reactance_sign"] = "stated"
    else:
        raise InputError(
            f"no resistance with reactance and no modulus with phase in this recording; it holds "
            f"{', '.join(reading) or 'nothing'}",
            code="no-sweep",
            remedy="name the columns: frequency, resistance and reactance, or magnitude and phase",
        )
    if r_unit is not None:
        settings["impedance_unit"] = r_unit
    if (constant := cell_constant(reading)) is not None:
        settings["cell_constant"] = constant
    args = {"frequency": f, "resistance": r, "reactance": x}
    sizes = {len(a) for a in args.values()}
    if len(sizes) == 1:
        present = np.isfinite(f) & np.isfinite(r) & np.isfinite(x)
        if not present.all():
            count = int((~present).sum())
            flags.append(Flag("missing-points", f"{count} of {len(f)} points lack a frequency or a value", "note"))
            args = {name: a[present] for name, a in args.items()}
    return Inputs(args, settings, labels, tuple(flags), tuple(notes), None, (reading,))


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


def _stated(reading: Reading, words: str) -> bool:
    """Return whether the reader found the sign in the name of a column."""
    return any(words in note for note in reading.notes)


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
    if phase_unit is None:
        notes.append("phase has no unit and goes beyond a full turn of radians, so degrees")
    return _unit_of(angle, phase_unit)


def _unit_of(angle: Array, phase_unit: str | None) -> str:
    """Return the unit of an angle that nothing is written beside: given, or beyond doubt."""
    if phase_unit is not None:
        return phase_unit
    largest = float(np.nanmax(np.abs(angle))) if np.isfinite(angle).any() else 0.0
    if largest > FULL_TURN:
        return "deg"
    raise InputError(
        f"phase has no unit, and up to {largest:.3g} it could be degrees or radians",
        code="phase-unit-not-stated",
        remedy="give phase_unit=deg or phase_unit=rad",
    )
