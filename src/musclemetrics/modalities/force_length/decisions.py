"""The decisions of one call, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ... import checks, units
from ...errors import SettingsError
from ...record import Settings, plain
from .curves import ACTIVE
from .definitions import LENGTH_UNITS

__all__ = ["KINDS", "Decisions"]

KINDS = ("total", "active")
PASSIVE_MODELS = ("exponential", "none")


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything after the star of ``measure``, checked."""

    force_is: str | None
    length_unit: str | None
    force_unit: str
    model: str
    passive_model: str
    plateau: float
    interval: str
    min_r2: float
    settings: Settings

    @staticmethod
    def check(settings: Mapping[str, Any]) -> Decisions:
        """Return the decisions, or raise SettingsError naming the one that cannot be carried out."""
        s = dict(settings)
        checks.choice(s["force_is"], "force_is", (*KINDS, None))
        checks.choice(s["model"], "model", ACTIVE)
        checks.choice(s["passive_model"], "passive_model", PASSIVE_MODELS)
        checks.choice(s["interval"], "interval", ("profile", "wald"))
        unit = units.canonical(s["force_unit"])
        if units.dimension(unit) not in ("none", "force", "stress"):
            raise SettingsError(f"force_unit={unit} is a unit of {units.dimension(unit)}", remedy="give mN, kN/m2, 1 …")
        length_unit = None if s["length_unit"] is None else units.canonical(s["length_unit"])
        if length_unit is not None and length_unit not in LENGTH_UNITS:
            raise SettingsError(
                f"length_unit={length_unit} is a unit of {units.dimension(length_unit)}",
                remedy="give mm, um (fibres or sarcomeres), {L0} or %{L0}",
            )
        plateau = checks.number(s["plateau"], "plateau", low=0.5, high=0.999)
        return Decisions(
            s["force_is"],
            length_unit,
            unit,
            s["model"],
            s["passive_model"],
            plateau,
            s["interval"],
            checks.fraction(s["min_r2"], "min_r2"),
            plain({**s, "force_unit": unit, "length_unit": length_unit}),
        )
