"""What a reading says beside its sweep: covariates for the labels, the cell constant, what contradicts the sweep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ... import units
from ...errors import InputError
from ...reading import Reading
from ...record import Flag

__all__ = ["cell_constant", "covariates", "mixed_devices", "polar_conflict"]

Array = NDArray[np.float64]

SWEEP = ("frequency", "resistance", "reactance", "imaginary", "magnitude", "phase", "row", "cell_constant")
# How it was measured is a word, with its unit, by which records are told alike; a number of the person is a covariate.
ARRANGEMENT = {
    "spacing": "spacing",
    "electrode_spacing": "spacing",
    "interelectrode_distance": "spacing",
    "inter_electrode_distance": "spacing",
    "electrodes": "electrodes",
    "placement": "placement",
    "direction": "direction",
    "device": "device",
    "probe": "probe",
}
ALIKE = 0.01
"""Share of |Z| by which modulus and phase may differ from R and X: more is no rounding."""


def covariates(reading: Reading, notes: list[str]) -> dict[str, str]:
    """Return the labels of a reading, with every number that stands beside its sweep.

    A number with a unit has the unit in its label's name, ``fat_thickness_mm``, so that a column of results holds
    numbers; one that says how the electrodes lay has it in its text, ``spacing`` 15 mm. A column that changes within
    the sweep is none of its labels, and a note says so.
    """
    labels = {ARRANGEMENT.get(name, name): word for name, word in reading.labels.items()}
    for name in reading:
        if name in SWEEP or reading[name].dtype.kind not in "fiu":
            continue
        value = _constant(reading[name])
        if value is None:
            notes.append(f"{name} changes within the sweep or has no value and is no label")
            continue
        unit = reading.unit(name)
        text = f"{value:.12g}"
        called = ARRANGEMENT.get(name)
        if called is not None:
            labels.setdefault(called, text if unit is None else f"{text} {unit}")
        elif unit is None:
            labels.setdefault(name, text)
        else:
            labels.setdefault(f"{name}_{units.column_suffix(unit)}".rstrip("_"), text)
    return labels


def _constant(values: NDArray[np.generic]) -> float | None:
    """Return the one value of an array, None where it has several or none."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    flat = flat[np.isfinite(flat)]
    return float(flat[0]) if len(flat) and (flat == flat[0]).all() else None


def cell_constant(reading: Reading) -> float | None:
    """Return the cell constant of a reading in 1/m, None where it states none.

    Raises
    ------
    InputError
        ``unit-mismatch`` for a unit that is no inverse length, ``cell-constant-varies`` where one sweep has several.
    """
    if "cell_constant" not in reading:
        return None
    values = np.asarray(reading["cell_constant"], dtype=np.float64).ravel()
    if not np.isfinite(values).any():
        return None
    unit = reading.unit("cell_constant")
    if unit is not None and units.dimension(unit) != "inverse length":
        raise InputError(
            f"cell_constant is in {unit}, a unit of {units.dimension(unit)}; it is one over a length",
            code="unit-mismatch",
            remedy="give it in 1/m or 1/cm; the reciprocal of a constant in cm is not taken unasked",
        )
    value = _constant(values)
    if value is None:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        raise InputError(
            f"cell_constant goes from {low:g} to {high:g} within one sweep",
            code="cell-constant-varies",
            remedy="write one value for each sweep",
        )
    return value * (1.0 if unit is None else units.convert_factor(unit, "1/m"))


def polar_conflict(reading: Reading, resistance: Array, reactance: Array, ohms: str | None) -> Flag | None:
    """Return a flag where a file's modulus or phase denies its own R and X by more than rounding."""
    size = np.hypot(resistance, reactance)
    said = []
    if "magnitude" in reading and reading["magnitude"].shape == size.shape:
        own = np.asarray(reading["magnitude"], dtype=np.float64)
        unit = reading.unit("magnitude")
        if unit is not None and ohms is not None and units.dimension(unit) == "resistance":
            own = own * units.convert_factor(unit, ohms)
        off = _middle(np.abs(own - size) / size)
        if off > ALIKE:
            said.append(f"|Z| is {100 * off:.2g} % off that of R and X")
    if "phase" in reading and reading["phase"].shape == size.shape:
        angle = np.abs(np.asarray(reading["phase"], dtype=np.float64))
        own = np.abs(np.arctan2(reactance, resistance))
        unit = reading.unit("phase")
        stated = unit is not None and units.dimension(unit) == "angle"
        factors = [np.radians(units.convert_factor(str(unit), "deg"))] if stated else [1.0, np.radians(1.0)]
        # An angle is a share of |Z|: what a wrong one displaces the impedance by.
        off = min(_middle(np.abs(angle * k - own)) for k in factors)
        if off > ALIKE:
            said.append(f"phase is {np.degrees(off):.2g} degrees off that of R and X")
    if not said:
        return None
    return Flag(
        "polar-conflict",
        f"{' and '.join(said)} in the same file (median, limit {100 * ALIKE:g} % of |Z|): R and X were used; "
        "find out which were corrected, or leave the wrong columns out",
    )


def _middle(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else 0.0


def mixed_devices(readings: Sequence[Reading]) -> Flag | None:
    """Return the flag of every record where the readings of one file name several devices."""
    found = list(dict.fromkeys(word for r in readings if (word := r.labels.get("device"))))
    if len(found) < 2:
        return None
    return Flag(
        "mixed-devices",
        f"sweeps of {len(found)} devices stand together ({', '.join(found[:4])}): analysers differ by more than "
        "muscles do, so compare within a device only",
    )
