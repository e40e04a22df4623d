"""Numbers read off the sweeps themselves, for a whole stack at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .decisions import Decisions
from .definitions import frequency_name, spelt

__all__ = ["EPSILON_0", "Features", "features"]

Array = NDArray[np.float64]

EPSILON_0 = 8.8541878128e-12
"""Permittivity of the vacuum in F/m (CODATA 2018)."""
SLOPE_BAND = (100e3, 500e3)
SLOPE_LEAST = 3
GAP = 2.0
"""Ratio of neighbouring frequencies beyond which nothing is interpolated: the phase of an arc is 3 % off there."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What a stack of sweeps says without a model.

    Attributes
    ----------
    values : dict
        Name to array of shape (n,); NaN where the sweep does not reach.
    outside : dict
        Name to why it is NaN: a frequency outside the sweep, or too few of them.
    gaps : dict
        Name to why it is NaN: neighbours too far apart to interpolate between.
    between : tuple of (float, float)
        Frequencies interpolated, each with the nearest measured one.
    regain : array, shape (n,)
        Greatest rise of the reactance with frequency, as a share of the greatest reactance.
    """

    values: dict[str, Array]
    outside: dict[str, str]
    gaps: dict[str, str]
    between: tuple[tuple[float, float], ...]
    regain: Array


def features(frequency: Array, resistance: Array, reactance: Array, decisions: Decisions) -> Features:
    """Return the features of every sweep.

    Parameters
    ----------
    frequency : array, shape (f,)
        In Hz, ascending.
    resistance, reactance : array, shape (n, f)
        In Ohm, reactance positive where capacitive.
    decisions : Decisions
    """
    n = len(resistance)
    values: dict[str, Array] = {}
    outside: dict[str, str] = {}
    gaps: dict[str, str] = {}
    between: dict[float, float] = {}
    missing = np.full(n, np.nan)
    phase = np.degrees(np.arctan2(reactance, resistance))

    def at(wanted: float) -> tuple[Array, Array] | None:
        """Return R and X at a frequency, straight in log f between its neighbours."""
        if not frequency[0] * (1 - 1e-9) <= wanted <= frequency[-1] * (1 + 1e-9):
            return None
        near = int(np.argmin(np.abs(np.log(frequency / wanted))))
        if abs(frequency[near] / wanted - 1.0) < 1e-9:
            return resistance[:, near], reactance[:, near]
        high = int(np.searchsorted(frequency, wanted))
        if frequency[high] > GAP * (1 + 1e-9) * frequency[high - 1]:
            return None
        between[wanted] = float(frequency[near])
        share = np.log(wanted / frequency[high - 1]) / np.log(frequency[high] / frequency[high - 1])
        r, x = (v[:, high - 1] * (1.0 - share) + v[:, high] * share for v in (resistance, reactance))
        return r, x

    def unknown(names: list[str], *frequencies: float) -> None:
        """Say of names why they are NaN: a frequency outside the sweep, or in a gap of it."""
        values.update(dict.fromkeys(names, missing))
        within = [v for v in frequencies if frequency[0] * (1 - 1e-9) <= v <= frequency[-1] * (1 + 1e-9)]
        if len(within) < len(frequencies):
            listed = " and ".join(f"{v / 1e3:g}" for v in frequencies)
            reason = f"{listed} kHz outside {spelt(frequency[0])} to {spelt(frequency[-1])}"
            outside.update(dict.fromkeys(names, reason))
            return
        wanted = next(v for v in within if at(v) is None)
        high = int(np.searchsorted(frequency, wanted))
        sides = f"{frequency[high - 1] / 1e3:.4g} and {frequency[high] / 1e3:.4g} kHz"
        gaps.update(dict.fromkeys(names, f"{wanted / 1e3:g} kHz lies between {sides}, more than {GAP:g}-fold apart"))

    for f in decisions.at:
        word = frequency_name(f)
        found = at(f)
        names = [f"{n}_{word}" for n in ("R", "X", "phase", "Z")]
        names += [f"{n}_{word}" for n in ("conductivity", "permittivity")] if decisions.cell_constant else []
        if found is None:
            unknown(names, f)
            continue
        r, x = found
        square = r * r + x * x
        values.update(zip(names, (r, x, np.degrees(np.arctan2(x, r)), np.sqrt(square)), strict=False))
        if decisions.cell_constant:
            k = decisions.cell_constant
            values[names[4]] = k * r / square
            values[names[5]] = k * x / (square * (2.0 * np.pi * f * EPSILON_0))
    at_50 = at(50e3)
    for name, other in (("phase_ratio_50_100", 100e3), ("phase_ratio_50_200", 200e3), ("X_ratio_50_200", 200e3)):
        far = at(other)
        if at_50 is None or far is None:
            unknown([name], 50e3, other)
            continue
        with np.errstate(all="ignore"):
            top, bottom = (p[1] if name[0] == "X" else np.arctan2(p[1], p[0]) for p in (at_50, far))
            ratio = top / bottom
        values[name] = np.where(np.isfinite(ratio) & (top > 0) & (bottom > 0), ratio, np.nan)
    band = (frequency >= SLOPE_BAND[0] * (1 - 1e-9)) & (frequency <= SLOPE_BAND[1] * (1 + 1e-9))
    if int(band.sum()) >= SLOPE_LEAST:
        values["phase_slope"] = _slope(frequency[band] / 1e6, phase[:, band])
    else:
        values["phase_slope"] = missing
        outside["phase_slope"] = (
            f"{int(band.sum())} frequencies between {SLOPE_BAND[0] / 1e3:g} and {SLOPE_BAND[1] / 1e3:g} kHz, "
            f"{SLOPE_LEAST} are needed"
        )
    decades = np.log10(frequency)
    values["R_slope"] = _slope(decades, resistance)
    values["logR_slope"] = _slope(decades, np.log10(resistance))
    rows = np.arange(n)
    for name, curve in (("X_max", reactance), ("phase_max", phase)):
        top = np.argmax(curve, axis=1)
        values[name], values[f"f_{name}"] = curve[rows, top], frequency[top] / 1e3
    rise = np.max(reactance - np.minimum.accumulate(reactance, axis=1), axis=1)
    with np.errstate(all="ignore"):
        regain = rise / values["X_max"]
    return Features(values, outside, gaps, tuple(sorted(between.items())), regain)


def _slope(x: Array, y: Array) -> Array:
    centred = x - x.mean()
    return np.asarray(np.add.reduce(np.ascontiguousarray(y) * centred, axis=1) / np.add.reduce(centred * centred))
