"""The decisions of one call, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ... import checks, units
from ...errors import SettingsError
from ...record import Settings, plain

__all__ = ["Decisions"]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything after the star of ``measure``, checked."""

    time_unit: str | None
    force_unit: str
    stimulus_time: float | None
    timed_from: str
    peak: str
    onset_level: float
    baseline_window: float
    blank: float
    response_window: float | None
    tetanus: float | None
    settings: Settings

    @staticmethod
    def check(settings: Mapping[str, Any]) -> Decisions:
        """Return the decisions, or raise SettingsError naming the one that cannot be carried out."""
        s = dict(settings)
        checks.choice(s["timed_from"], "timed_from", ("stimulus", "onset"))
        checks.choice(s["peak"], "peak", ("smooth", "naive"))
        unit = units.canonical(s["force_unit"])
        if units.dimension(unit) not in ("none", "force", "stress"):
            raise SettingsError(f"force_unit={unit} is a unit of {units.dimension(unit)}", remedy="give mN, kN/m2, 1 …")
        time_unit = None if s["time_unit"] is None else units.canonical(s["time_unit"])
        if time_unit is not None and units.dimension(time_unit) != "time":
            raise SettingsError(f"time_unit={time_unit} is no unit of time", remedy="give s or ms")
        stimulus = None if s["stimulus_time"] is None else checks.number(s["stimulus_time"], "stimulus_time")
        window = s["response_window"]
        tetanus = None if s["tetanus"] is None else checks.number(s["tetanus"], "tetanus", low=1e-12)
        return Decisions(
            time_unit,
            unit,
            stimulus,
            s["timed_from"],
            s["peak"],
            checks.number(s["onset_level"], "onset_level", low=0.005, high=0.2),
            checks.number(s["baseline_window"], "baseline_window", low=1e-3, high=1e3),
            checks.number(s["blank"], "blank", low=0.0, high=1.0),
            None if window is None else checks.number(window, "response_window", low=1e-3, high=1e3),
            tetanus,
            plain({**s, "force_unit": unit, "time_unit": time_unit}),
        )
