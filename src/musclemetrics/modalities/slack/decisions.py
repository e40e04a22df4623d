"""The decisions of one call, checked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ... import checks, units
from ...errors import SettingsError
from ...record import Settings, plain
from .definitions import ONSETS, PRESETS, REGRESSIONS

__all__ = ["Decisions"]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything after the star of ``measure``, checked; times in seconds."""

    fibre_length: float | None
    time_unit: str | None
    force_unit: str
    length_unit: str | None
    onset: str
    line_window: tuple[float, float]
    regression: str
    onsets: Mapping[int, float | None]
    baseline: str
    origin: str
    shortening: str
    least_step: float
    longest_release: float
    plateau_window: float
    settle: float | None
    release_times: tuple[float, ...] | None
    limits: Mapping[str, float]
    settings: Settings

    @staticmethod
    def check(given: Mapping[str, Any]) -> Decisions:
        """Return the decisions, or raise SettingsError naming the one that cannot be carried out."""
        s = dict(given)
        checks.choice(s["onset"], "onset", ONSETS)
        checks.choice(s["regression"], "regression", REGRESSIONS)
        checks.choice(s["origin"], "origin", ("begin", "middle", "end"))
        checks.choice(s["baseline"], "baseline", ("slack", "own"))
        checks.choice(s["shortening"], "shortening", ("down", "up"))
        checks.choice(s["preset"], "preset", PRESETS)
        force_unit = units.canonical(s["force_unit"])
        if units.dimension(force_unit) not in ("none", "force", "stress"):
            measured = units.dimension(force_unit)
            raise SettingsError(f"force_unit={force_unit} is a unit of {measured}", remedy="give mN, kN/m2, 1 …")
        time_unit = None if s["time_unit"] is None else units.canonical(s["time_unit"])
        if time_unit is not None and units.dimension(time_unit) != "time":
            raise SettingsError(
                f"time_unit={time_unit} is a unit of {units.dimension(time_unit)}", remedy="give s or ms"
            )
        length_unit = None if s["length_unit"] is None else units.canonical(s["length_unit"])
        times = s["release_times"]
        settle = None if s["settle"] is None else checks.number(s["settle"], "settle", low=0.0, high=0.1)
        return Decisions(
            None if s["fibre_length"] is None else checks.number(s["fibre_length"], "fibre_length", low=1e-6, high=1e6),
            time_unit,
            force_unit,
            length_unit,
            s["onset"],
            _window(s["line_window"]),
            s["regression"],
            _onsets(s["onsets"]),
            s["baseline"],
            s["origin"],
            s["shortening"],
            checks.number(s["least_step"], "least_step", low=1e-3, high=0.5),
            checks.number(s["longest_release"], "longest_release", low=1e-4, high=0.1),
            checks.number(s["plateau_window"], "plateau_window", low=1e-3, high=10.0),
            settle,
            None if times is None else tuple(checks.number(t, "release_times") for t in _row(times)),
            PRESETS[s["preset"]],
            plain({**s, "force_unit": force_unit, "time_unit": time_unit, "length_unit": length_unit}),
        )


def _row(values: Any) -> Sequence[Any]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise SettingsError(f"release_times={values!r} is no row of times", remedy="give release_times=(1.2, 1.5, …)")
    return list(values)


def _window(value: Any) -> tuple[float, float]:
    try:
        low, high = (float(v) for v in value)
    except (TypeError, ValueError):
        raise SettingsError(
            f"line_window={value!r} is not a pair of numbers", remedy="give shares of Po, for example 0.05,0.2"
        ) from None
    if not 0.0 < low < high <= 0.5:
        raise SettingsError(
            f"line_window={(low, high)} is not two rising shares of Po up to 0.5", remedy="for example 0.05,0.2"
        )
    return low, high


def _onsets(value: Any) -> dict[int, float | None]:
    """Return onsets by hand by the number of the release; None leaves a release out."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise SettingsError(
            f"onsets={value!r} is not a mapping", remedy="give the number of a release and its onset, {2: 1.4642}"
        )
    out: dict[int, float | None] = {}
    for key, time in value.items():
        try:
            number = int(str(key))
        except ValueError:
            number = 0
        if number < 1:
            raise SettingsError(f"onsets: {key!r} is no number of a release", remedy="releases count from 1")
        out[number] = None if time is None else checks.number(time, f"onsets[{number}]")
    return out
