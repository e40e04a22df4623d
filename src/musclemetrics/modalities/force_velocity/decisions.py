"""The decisions of one call, checked once, and the units that follow from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import checks, units
from ...errors import InputError, SettingsError
from ...record import Settings, plain

__all__ = ["DEPENDENT", "EVIDENCE", "Decisions", "power_unit"]

DEPENDENT = (None, "velocity", "force")
EVIDENCE: dict[str, str | None] = {"at": "s", "length": "{L0}", "velocity_stderr": None, "force_stderr": None}
"""What may be known of each point beside its two numbers, and its unit (None: that of the point)."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything after the star of ``measure``, checked."""

    dependent: str
    assumed: bool
    Po: float | None
    velocity_unit: str | None
    force_unit: str
    fibre_length: float | None
    length_unit: str | None
    interval: str
    max_gap: float
    min_r2: float
    points: Mapping[str, tuple[float, ...]]
    settings: Settings

    @staticmethod
    def check(settings: Mapping[str, Any]) -> Decisions:
        """Return the decisions, or raise SettingsError naming the one that cannot be carried out."""
        s = dict(settings)
        checks.choice(s["dependent"], "dependent", DEPENDENT)
        checks.choice(s["interval"], "interval", ("profile", "wald"))
        force_unit = units.canonical(s["force_unit"])
        if units.dimension(force_unit) not in ("none", "force", "stress"):
            raise SettingsError(
                f"force_unit={force_unit} is a unit of {units.dimension(force_unit)}", remedy="give mN, kN/m2, 1 …"
            )
        velocity_unit = None if s["velocity_unit"] is None else units.canonical(s["velocity_unit"])
        if velocity_unit is not None and units.dimension(velocity_unit) not in ("speed", "relative speed"):
            raise SettingsError(
                f"velocity_unit={velocity_unit} is a unit of {units.dimension(velocity_unit)}",
                code="unit-mismatch",
                remedy="give {L0}/s (fibre lengths per second), mm/s or um/s",
            )
        length_unit = None if s["length_unit"] is None else units.canonical(s["length_unit"])
        if length_unit is not None and units.dimension(length_unit) not in ("length", "relative length"):
            raise SettingsError(
                f"length_unit={length_unit} is a unit of {units.dimension(length_unit)}",
                code="unit-mismatch",
                remedy="give mm, um, {L0} or %{L0}",
            )
        fibre_length = s["fibre_length"]
        if fibre_length is not None:
            fibre_length = _positive(fibre_length, "fibre_length")
        return Decisions(
            s["dependent"] or "velocity",
            s["dependent"] is None,
            None if s["Po"] is None else _positive(s["Po"], "Po"),
            velocity_unit,
            force_unit,
            fibre_length,
            length_unit,
            s["interval"],
            checks.fraction(s["max_gap"], "max_gap"),
            checks.fraction(s["min_r2"], "min_r2"),
            _evidence(s["points"]),
            plain({**s, "force_unit": force_unit, "velocity_unit": velocity_unit, "length_unit": length_unit}),
        )

    def velocity(self) -> tuple[str, float]:
        """Return the unit velocity is reported in and the factor that leads to it.

        Raises
        ------
        InputError
            ``velocity-unit-not-stated``, ``length-unit-not-stated``.
        SettingsError
            If `fibre_length` is given for a velocity that is relative already.
        """
        unit = self.velocity_unit
        if unit is None:
            raise InputError(
                "nothing states the unit of velocity",
                code="velocity-unit-not-stated",
                remedy="give velocity_unit: {L0}/s (fibre lengths per second), mm/s, um/s",
            )
        if units.dimension(unit) == "relative speed":
            # Points read from traces were divided by it already; it is recorded beside them.
            if self.fibre_length not in (None, 1.0) and not self.points:
                raise SettingsError(
                    f"fibre_length={self.fibre_length:g} is given for a velocity that is in {unit} already",
                    remedy="leave fibre_length out, or name the unit the velocity is in",
                )
            return "{L0}/s", units.convert_factor(unit, "{L0}/s")
        if self.fibre_length is None:
            return unit, 1.0
        if self.length_unit is None or units.dimension(self.length_unit) != "length":
            raise InputError(
                f"velocity is in {unit} and nothing states the unit of fibre_length={self.fibre_length:g}",
                code="length-unit-not-stated",
                remedy="give length_unit: mm or um",
            )
        factor = units.convert_factor(unit, "m/s") / (self.fibre_length * units.convert_factor(self.length_unit, "m"))
        return "{L0}/s", factor


def power_unit(force_unit: str, velocity_unit: str) -> tuple[str, float]:
    """Return the unit of force times velocity and the factor that leads to it.

    Stress by fibre lengths per second is power per volume; force by fibre lengths per second wants a fibre length to
    become watts and is left as it is.

    Examples
    --------
    >>> power_unit("kN/m2", "{L0}/s"), power_unit("mN", "mm/s"), power_unit("1", "{L0}/s")
    (('W/L', 1.0), ('uW', 1.0), ('{L0}/s', 1.0))
    """
    what = units.dimension(force_unit)
    relative = units.dimension(velocity_unit) == "relative speed"
    if what == "none":
        return velocity_unit, units.convert_factor(force_unit, "1")
    speed = 1.0 if relative else units.convert_factor(velocity_unit, "m/s")
    if what == "stress":
        si = units.convert_factor(force_unit, "Pa") * speed
        return ("W/L", si / 1e3) if relative else ("W/m2", si)
    si = units.convert_factor(force_unit, "N") * speed
    large = force_unit in ("N", "kN")
    if relative:
        return ("N.{L0}/s", si) if large else ("mN.{L0}/s", si * 1e3)
    return ("W", si) if large else ("uW", si * 1e6)


def _positive(value: Any, name: str) -> float:
    number = checks.number(value, name)
    if not number > 0 or not np.isfinite(number):
        raise SettingsError(f"{name}={number:g} is not positive", remedy=f"give {name} above 0, or leave it out")
    return number


def _evidence(points: Any) -> dict[str, tuple[float, ...]]:
    if points is None:
        return {}
    if not isinstance(points, Mapping):
        raise SettingsError(f"points={points!r:.60} is not a mapping", remedy=f"give {', '.join(EVIDENCE)}")
    out: dict[str, tuple[float, ...]] = {}
    for name, values in points.items():
        checks.choice(name, "points", tuple(EVIDENCE))
        if not isinstance(values, Sequence | np.ndarray) or isinstance(values, str):
            raise SettingsError(f"points[{name!r}] is no row of numbers", remedy="give one number a point")
        out[name] = tuple(checks.number(v, f"points[{name!r}]", low=-1e300, high=1e300) for v in values)
    if len({len(v) for v in out.values()}) > 1:
        raise SettingsError("the rows of points differ in length", remedy="give one number a point in each")
    return out
