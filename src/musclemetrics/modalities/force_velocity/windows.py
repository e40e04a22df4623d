"""The decisions of reading points from traces, checked once."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ... import checks
from ...errors import SettingsError
from .decisions import DEPENDENT

__all__ = ["CONTRACTIONS", "Windows"]

CONTRACTIONS = {"clamps": "velocity", "ramps": "force"}
"""What traces may hold, and the quantity that answered."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The decisions of reading points from traces, checked."""

    dependent: str | None = None
    contractions: str | None = None
    at_length: float | None = None
    length_window: float = 0.01
    settle: float = 0.003
    clamp_window: tuple[float, float] = (0.3, 0.8)
    zero: float | None = None
    time_unit: str | None = None
    length_unit: str | None = None
    fibre_length: float | None = None

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the settings there are."""
        return tuple(inspect.signature(cls).parameters)

    @classmethod
    def check(cls, settings: Mapping[str, Any]) -> Windows:
        """Return the windows, or raise SettingsError naming the one that cannot be carried out."""
        s = {**{n: p.default for n, p in inspect.signature(cls).parameters.items()}, **settings}
        checks.choice(s["dependent"], "dependent", DEPENDENT)
        checks.choice(s["contractions"], "contractions", (None, *CONTRACTIONS))
        if s["at_length"] is not None:
            s["at_length"] = checks.number(s["at_length"], "at_length", low=0.2, high=3.0)
        s["length_window"] = checks.number(s["length_window"], "length_window", low=1e-4, high=0.5)
        s["settle"] = checks.number(s["settle"], "settle", low=0.0, high=10.0)
        try:
            low, high = (checks.fraction(v, "clamp_window") for v in s["clamp_window"])
        except (TypeError, ValueError) as error:
            if isinstance(error, SettingsError):
                raise
            raise SettingsError(
                f"clamp_window={s['clamp_window']!r} is not a pair of numbers", remedy="give clamp_window=(0.3, 0.8)"
            ) from None
        if low >= high:
            raise SettingsError(
                f"clamp_window={(low, high)} runs backwards", remedy="give the smaller fraction first, as in 0.3,0.8"
            )
        s["clamp_window"] = (low, high)
        if s["zero"] is not None:
            s["zero"] = checks.number(s["zero"], "zero", low=-1e12, high=1e12)
        return cls(**s)
