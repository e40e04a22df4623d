"""The decisions of one call, checked once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import checks, units
from ...errors import SettingsError
from ...fitting import Model
from ...record import Settings, plain
from .curves import COLE, DELAYED, DOUBLE, STRAY
from .definitions import AT

__all__ = ["SIGNS", "WEIGHTINGS", "Decisions"]

Array = NDArray[np.float64]

WEIGHTINGS = ("taper", "unit", "modulus")
SIGNS = ("detect", "stated", "positive", "negative")
CONSTANTS = (0.01, 1e5)
"""Cell constants in 1/m that electrodes can have, from the whole body to a sliver a tenth of a millimetre across."""
TAPER = 1e6
"""Hz at which a residual counts half under the weighting `taper`."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything after the star of ``measure``, checked."""

    to_hertz: float
    to_ohm: float
    sign: str
    at: tuple[float, ...]
    delay: bool
    stray: bool
    components: int
    weighting: str
    cell_constant: float | None
    frequency_range: tuple[float, float] | None
    settings: Settings

    @staticmethod
    def check(settings: Mapping[str, Any]) -> Decisions:
        """Return the decisions, or raise SettingsError naming the one that cannot be carried out."""
        s = dict(settings)
        for name, what in (("frequency_unit", "frequency"), ("impedance_unit", "resistance")):
            if units.dimension(s[name]) != what:
                # By its spelling S is the second, forgiven its case; who gives it here means siemens.
                siemens = " (and siemens are of conductances)" if s[name] == "S" else ""
                raise SettingsError(
                    f"{name}={s[name]} is a unit of {units.dimension(s[name])}{siemens}",
                    code="unit-mismatch",
                    remedy=f"give a unit of {what}, for example {'kHz' if what == 'frequency' else 'Ohm'}",
                )
            s[name] = units.canonical(s[name])
        checks.choice(s["reactance_sign"], "reactance_sign", SIGNS)
        checks.choice(s["weighting"], "weighting", WEIGHTINGS)
        checks.choice(s["components"], "components", (1, 2))
        for name in ("delay", "stray"):
            checks.choice(s[name], name, (True, False))
        if s["stray"] and s["components"] == 2:
            raise SettingsError(
                "two arcs and a stray capacitance cannot be told apart", remedy="give stray=False or components=1"
            )
        # A stray capacitance takes the place of the delay, and the record says so.
        s["delay"] = bool(s["delay"]) and not s["stray"]
        constant = s["cell_constant"]
        if constant is not None:
            if isinstance(constant, bool | str):
                raise SettingsError(f"cell_constant={constant!r} is not a number", remedy="give K in 1/m")
            constant = checks.number(constant, "cell_constant", low=CONSTANTS[0], high=CONSTANTS[1])
        s["at"] = _at(s["at"])
        return Decisions(
            units.convert_factor(s["frequency_unit"], "Hz"),
            units.convert_factor(s["impedance_unit"], "Ohm"),
            s["reactance_sign"],
            s["at"],
            bool(s["delay"]),
            bool(s["stray"]),
            int(s["components"]),
            s["weighting"],
            constant,
            _range(s["frequency_range"]),
            plain(s),
        )

    @property
    def model(self) -> Model:
        """The curve to be fitted."""
        if self.components == 2:
            return DOUBLE
        if self.stray:
            return STRAY
        return DELAYED if self.delay else COLE

    @property
    def held(self) -> dict[str, float] | None:
        """Parameters not fitted."""
        return {"shift": 1.0} if self.components == 2 and not self.delay else None

    def weights(self, frequency: Array, modulus: Array, weighting: str | None = None) -> Array:
        """Return 1/σ of each frequency, shape (f,) where all sweeps share it, else (n, f)."""
        which = self.weighting if weighting is None else weighting
        if which == "unit":
            return np.ones_like(frequency)
        if which == "taper":
            return np.asarray(1.0 / (1.0 + (frequency / TAPER) ** 2))
        # Relative to the middle of each sweep, so that costs stay in ohm.
        return np.asarray(np.median(modulus, axis=1, keepdims=True) / modulus)


def _at(values: Any) -> tuple[float, ...]:
    if isinstance(values, int | float) and not isinstance(values, bool):
        values = (values,)
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise SettingsError(f"at={values!r} is no list of frequencies", remedy="give hertz, for example 50e3,100e3")
    found = tuple(sorted({checks.number(v, "at") for v in values}))
    for value in found:
        if value not in AT:
            near = min(AT, key=lambda f: abs(math.log(f / value)) if value > 0 else f)
            raise SettingsError(
                f"at={value:g} Hz is none of the frequencies that have a name",
                remedy=f"use {near:g} or another of {', '.join(f'{f / 1e3:g}' for f in AT)} kHz, written in Hz",
            )
    return found


def _range(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        low, high = (float(v) for v in value)
    except (TypeError, ValueError):
        raise SettingsError(
            f"frequency_range={value!r} is not a pair of numbers", remedy="give lowest and highest Hz, or none"
        ) from None
    if not 0 < low < high < math.inf:
        raise SettingsError(f"frequency_range={value!r} is no range", remedy="give lowest and highest Hz, or none")
    return low, high
