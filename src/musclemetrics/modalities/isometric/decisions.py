"""The decisions of one call, checked once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ... import checks, units
from ...errors import SettingsError
from ...record import Settings, plain

__all__ = ["SIZES", "Decisions"]

SIZES = ("diameter", "width", "depth", "area")
"""What a cross-sectional area can be given by."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything after the star of ``measure``, checked."""

    time_unit: str | None
    force_unit: str
    length_unit: str | None
    fibre_length: float | None
    plateau_window: float
    plateau: tuple[float, float] | None
    relaxed: tuple[float, float] | None
    zero: float | None
    passive: float | None
    stimulus_time: float | None
    csa: float
    stiffness: bool
    settings: Settings

    @staticmethod
    def check(settings: Mapping[str, Any]) -> Decisions:
        """Return the decisions, or raise SettingsError naming the one that cannot be carried out."""
        s = dict(settings)
        unit = units.canonical(s["force_unit"])
        if units.dimension(unit) not in ("none", "force", "stress"):
            raise SettingsError(f"force_unit={unit} is a unit of {units.dimension(unit)}", remedy="give mN, kN/m2, 1 …")
        time_unit = None if s["time_unit"] is None else units.canonical(s["time_unit"])
        if time_unit is not None and units.dimension(time_unit) != "time":
            raise SettingsError(f"time_unit={time_unit} is no unit of time", remedy="give s or ms")
        numbers = {
            name: None if s[name] is None else checks.number(s[name], name)
            for name in ("fibre_length", "zero", "passive", "stimulus_time")
        }
        return Decisions(
            time_unit,
            unit,
            None if s["length_unit"] is None else units.canonical(s["length_unit"]),
            numbers["fibre_length"],
            checks.number(s["plateau_window"], "plateau_window", low=1e-3, high=1e3),
            _stretch(s["plateau"], "plateau"),
            _stretch(s["relaxed"], "relaxed"),
            numbers["zero"],
            numbers["passive"],
            numbers["stimulus_time"],
            _area(s),
            bool(s["stiffness"]),
            plain({**s, "force_unit": unit, "time_unit": time_unit, "stiffness": bool(s["stiffness"])}),
        )


def _stretch(value: Any, name: str) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        first, last = (float(v) for v in value)
    except (TypeError, ValueError):
        raise SettingsError(
            f"{name}={value!r} is not a pair of times", remedy=f"give {name}=(from, to) in seconds"
        ) from None
    if not (math.isfinite(first) and first < last < math.inf):
        raise SettingsError(f"{name}={(first, last)} does not run forwards", remedy="give the earlier time first")
    return first, last


def _area(s: Mapping[str, Any]) -> float:
    """Return the cross-sectional area in mm2, NaN where nothing states it."""
    given = [name for name in SIZES if s[name] is not None]
    size = {name: checks.number(s[name], name, low=1e-12, high=1e12) for name in given}
    ways = {("diameter",), ("width", "depth"), ("area",)}
    if not given:
        return math.nan
    if tuple(given) not in ways:
        raise SettingsError(
            f"{', '.join(given)} given: not one way to a cross-sectional area",
            code="several-areas" if len(given) > 1 else "bad-setting",
            remedy="give diameter (a circle), width and depth (an ellipse), or area, and only one of these",
        )
    if given == ["area"]:
        return size["area"] * units.convert_factor(s["area_unit"], "mm2")
    factor = units.convert_factor(s["dimension_unit"], "mm")
    wide, deep = (size["diameter"],) * 2 if given == ["diameter"] else (size["width"], size["depth"])
    return math.pi / 4.0 * wide * deep * factor**2
