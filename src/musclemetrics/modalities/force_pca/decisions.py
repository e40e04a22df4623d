"""The decisions of one call, checked once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks, units
from ...errors import InputError, SettingsError
from ...fitting import Model
from ...record import Settings, plain
from .curves import MODELS
from .definitions import PRESETS

__all__ = ["Decisions", "calcium_to_pca", "check_windows", "checked_pca"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything after the star of ``measure``, checked."""

    model: Model
    force_unit: str
    fmin: float | None
    variance: str
    noise_floor: float
    interval: str
    pca_range: tuple[float, float] | None
    run_down: tuple[float, float] | None
    correct_run_down: bool
    limits: Mapping[str, float]
    conditions: Mapping[str, str]
    settings: Settings

    @staticmethod
    def check(settings: Mapping[str, Any]) -> Decisions:
        """Return the decisions, or raise SettingsError naming the one that cannot be carried out."""
        s = dict(settings)
        checks.choice(s["model"], "model", MODELS)
        checks.choice(s["variance"], "variance", ("constant", "mixed"))
        checks.choice(s["interval"], "interval", ("profile", "wald"))
        checks.choice(s["preset"], "preset", PRESETS)
        unit = units.canonical(s["force_unit"])
        if units.dimension(unit) not in ("none", "force", "stress"):
            raise SettingsError(f"force_unit={unit} is a unit of {units.dimension(unit)}", remedy="give mN, kN/m2, 1 …")
        fmin = None if s["fmin"] is None else checks.number(s["fmin"], "fmin")
        floor = checks.number(s["noise_floor"], "noise_floor", low=1e-6, high=1e6)
        limits = dict(PRESETS[s["preset"]])
        for name in ("min_r2", "max_run_down"):
            if s[name] is not None:
                limits[name] = checks.fraction(s[name], name)
        pca_range = None
        if s["pca_range"] is not None:
            pca_range = _pair(s["pca_range"], "pca_range")
            if pca_range[0] >= pca_range[1]:
                raise SettingsError(
                    f"pca_range={pca_range} runs downwards", remedy="give the smaller pCa first, for example 3,10"
                )
        run_down = None if s["run_down"] is None else _pair(s["run_down"], "run_down")
        if run_down is not None and run_down[0] <= 0:
            raise SettingsError(
                f"run_down: the first maximal force is {run_down[0]:g}", remedy="give (first, last) > 0"
            )
        if s["correct_run_down"] and run_down is None:
            raise SettingsError("correct_run_down needs the bracketing forces", remedy="give run_down=(first, last)")
        if not isinstance(s["conditions"], Mapping | None):
            raise SettingsError(
                f"conditions={s['conditions']!r} is not a mapping", remedy="give names and words: temperature, animal …"
            )
        conditions = {str(k): str(v) for k, v in (s["conditions"] or {}).items()}
        if s["calcium_unit"] is not None and units.dimension(s["calcium_unit"]) != "concentration":
            raise SettingsError(
                f"calcium_unit={s['calcium_unit']} is a unit of {units.dimension(s['calcium_unit'])}",
                code="unit-mismatch",
                remedy="give mol/L, umol/L or nmol/L",
            )
        return Decisions(
            MODELS[s["model"]],
            unit,
            fmin,
            s["variance"],
            floor,
            s["interval"],
            pca_range,
            run_down,
            bool(s["correct_run_down"]),
            limits,
            conditions,
            plain({**s, "force_unit": unit}),
        )


def _pair(value: Any, name: str) -> tuple[float, float]:
    try:
        low, high = (float(v) for v in value)
    except (TypeError, ValueError):
        raise SettingsError(f"{name}={value!r} is not a pair of numbers", remedy=f"give {name}=(a, b)") from None
    if not (math.isfinite(low) and math.isfinite(high)):
        raise SettingsError(f"{name}={value!r} is not finite", remedy="give two finite numbers")
    return low, high


def check_windows(
    plateau_window: float = 0.4, baseline_window: tuple[float, float] = (0.6, 0.9)
) -> tuple[float, tuple[float, float]]:
    """Return the windows of a trace in seconds and in fractions of the slack, or raise SettingsError."""
    window = checks.number(plateau_window, "plateau_window", low=1e-4, high=1e4)
    low, high = _pair(baseline_window, "baseline_window")
    for value in (low, high):
        checks.fraction(value, "baseline_window")
    if low >= high:
        raise SettingsError(
            f"baseline_window={(low, high)} runs backwards",
            remedy="give the smaller fraction first, for example 0.6,0.9",
        )
    return window, (low, high)


def calcium_to_pca(calcium: ArrayLike, unit: str) -> Array:
    """Return pCa = −log10([Ca2+] in mol/L)."""
    values = checks.vector(calcium, "calcium")
    factor = units.convert_factor(unit, "mol/L")
    if (values <= 0).any():
        bad = int(np.flatnonzero(values <= 0)[0])
        raise InputError(
            f"[Ca2+] is {values[bad]:g} {units.canonical(unit)} at index {bad}, it has no logarithm",
            code="calcium-not-positive",
            remedy="give the relaxing solution its free calcium (pCa 9 is 0.001 umol/L), or leave the point out",
        )
    # Subtracting the power of ten keeps M, µM and nM equal to the last bits.
    pca: Array = round(-math.log10(factor)) - np.log10(values)
    return pca


def checked_pca(values: Array, allowed: tuple[float, float] | None) -> Array:
    """Return `values` where they can be pCa, or raise with what they look like instead."""
    if allowed is None:
        return values
    low, high = allowed
    outside = (values < low) | (values > high)
    if outside.any():
        span = f"{values.min():g} to {values.max():g}"
        if (values < 0).all():
            looks, remedy = "the logarithm of [Ca2+] without its minus sign", "turn the sign of the column"
        elif values.max() < 1e-2 and values.min() > 0:
            looks, remedy = "[Ca2+] in mol/L", "give calcium_unit=mol/L"
        elif values.min() > 0:
            looks, remedy = "[Ca2+] in µM", "give calcium_unit=umol/L (or nmol/L)"
        else:
            looks, remedy = "something else", "check the column"
        raise InputError(
            f"pCa runs from {span}, expected {low:g} to {high:g}: looks like {looks}",
            code="implausible-pca",
            remedy=f"{remedy}, or widen pca_range (none lifts the check)",
        )
    return values
