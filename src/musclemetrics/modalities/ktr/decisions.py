"""The decisions of one call, checked once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ... import checks, units
from ...errors import SettingsError
from ...record import Settings, plain

__all__ = ["Decisions"]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything after the star of ``measure``, checked."""

    force_unit: str
    start: float | None
    delay: float
    window: float | None
    factors: tuple[float, ...]
    zero: float | None
    max_window_change: float
    max_residual: float
    min_recovery: float
    min_r2: float
    settings: Settings

    @staticmethod
    def check(settings: Mapping[str, Any]) -> Decisions:
        """Return the decisions, or raise SettingsError naming the one that cannot be carried out."""
        s = dict(settings)
        unit = units.canonical(s["force_unit"])
        if units.dimension(unit) not in ("none", "force", "stress"):
            raise SettingsError(f"force_unit={unit} is a unit of {units.dimension(unit)}", remedy="give mN, kN/m2, 1 …")
        if s["time_unit"] is not None and units.dimension(s["time_unit"]) != "time":
            raise SettingsError(
                f"time_unit={s['time_unit']} is a unit of {units.dimension(s['time_unit'])}", remedy="give s or ms"
            )
        start, zero = (None if s[name] is None else _finite(s[name], name) for name in ("start", "zero"))
        window = None if s["window"] is None else checks.number(s["window"], "window", low=1e-4, high=1e4)
        return Decisions(
            unit,
            start,
            checks.number(s["delay"], "delay", low=0.0, high=10.0),
            window,
            _factors(s["window_factors"]),
            zero,
            checks.number(s["max_window_change"], "max_window_change", low=0.0, high=10.0),
            checks.fraction(s["max_residual"], "max_residual"),
            checks.fraction(s["min_recovery"], "min_recovery"),
            checks.fraction(s["min_r2"], "min_r2"),
            plain({**s, "force_unit": unit}),
        )


def _finite(value: Any, name: str) -> float:
    found = checks.number(value, name)
    if not math.isfinite(found):
        raise SettingsError(f"{name}={found:g} is not finite", remedy="give a number")
    return found


def _factors(values: Any) -> tuple[float, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise SettingsError(f"window_factors={values!r} is no list of numbers", remedy="for example 0.5,1,2")
    found = tuple(checks.number(v, "window_factors", low=0.01, high=100.0) for v in values)
    if not found:
        raise SettingsError("window_factors is empty", remedy="give at least one other window, for example 0.5,1,2")
    return found
