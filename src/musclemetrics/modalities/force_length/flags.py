"""What a reader of a force–length record must know; thresholds are settings, nothing is dropped."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...errors import FitError
from ...record import Flag
from .curves import half_widths
from .decisions import Decisions
from .parts import Curve, skewness

__all__ = ["about_active", "about_passive", "refuse"]

Array = NDArray[np.float64]

BEYOND = 1.0
"""An optimum further outside the range tested than this share of it is no finding."""
EXTRAPOLATED = 3.0
"""A peak so many times the largest force measured is none."""
SHARE = 0.10
"""Passive force at Lo, as a share of active force, from which on its subtraction decides the second digit."""
NEGATIVE = 0.05
SKEWED = 0.01


def refuse(curve: Curve, length: Array, active: Array, unit: str) -> None:
    """Raise FitError where the points have no optimum (``no-optimum``, ``no-convergence``)."""
    low, high = float(length.min()), float(length.max())
    Lo, peak, largest = curve.values["Lo"], curve.values["Fmax"], float(active.max())
    outside = max(low - Lo, Lo - high, 0.0)
    # A curve without a maximum of its own runs off, which a search may end in not settling.
    if not 0.0 < peak <= EXTRAPOLATED * largest or not outside <= BEYOND * (high - low):
        raise FitError(
            f"active force has no maximum: its curve peaks at {Lo:.4g} {unit} with {peak:.3g}, measured were {low:.4g} "
            f"to {high:.4g} {unit} and up to {largest:.3g}",
            code="no-optimum",
            remedy="measure at lengths on both sides of the optimum; check the columns",
        )
    if not curve.fit.converged[0]:
        raise FitError(
            f"no {curve.fit.model.name} describes these {len(length)} points",
            code="no-convergence",
            remedy="look at the points, or try another model",
        )


def about_active(curve: Curve, length: Array, active: Array, decisions: Decisions) -> list[Flag]:
    """Return what the curve of active force says."""
    flags: list[Flag] = []
    unit = decisions.length_unit
    if decisions.force_unit == "1":
        flags.append(Flag("force-unit-not-stated", "no unit of force is stated; give force_unit", "note"))
    Lo, peak = curve.values["Lo"], curve.values["Fmax"]
    low, high = float(length.min()), float(length.max())
    if not low < Lo < high:
        flags.append(
            Flag(
                "optimum-not-bracketed",
                f"Lo {Lo:.4g} lies outside the lengths measured, {low:.4g} to {high:.4g} {unit}: it is extrapolated by "
                f"the curve's shape; measure at {'shorter' if Lo <= low else 'longer'} lengths",
            )
        )
    else:
        for side, inside in (("below", length < Lo), ("above", length > Lo)):
            least = float(active[inside].min()) / peak if inside.any() else 1.0
            if least > decisions.plateau:
                flags.append(
                    Flag(
                        "limb-missing",
                        f"no point {side} Lo is under {100 * decisions.plateau:g} % of Fmax (lowest "
                        f"{100 * least:.0f} %): width and plateau rest on the other limb; measure further "
                        f"{side} Lo",
                    )
                )
        below, above = (Lo + sign * part for sign, part in zip((-1, 1), _halves(curve), strict=True))
        sides = [name for name, outside in (("lower", below < low), ("upper", above > high)) if outside]
        if sides:
            flags.append(
                Flag(
                    "width-extrapolated",
                    f"active force was not measured down to half of Fmax on the {' and the '.join(sides)} side "
                    f"(half heights at {below:.4g} and {above:.4g} {unit}): width rests on the curve's shape",
                    "note",
                )
            )
    for name, (left, right) in curve.intervals.items():
        flags += _open(name, left, right)
    flags += _skew(curve, length, active)
    if active.min() < -NEGATIVE * peak:
        worst = int(np.argmin(active))
        flags.append(
            Flag(
                "active-force-negative",
                f"active force is {active[worst]:.3g} at {length[worst]:.4g} {unit}, "
                f"{100 * active[worst] / peak:.0f} % of Fmax, limit {-100 * NEGATIVE:g} %: passive force "
                "exceeds total force; check both",
            )
        )
    if curve.exact:
        flags.append(
            Flag("no-noise", "the points lie exactly on the curve: intervals are empty; are they a fit?", "note")
        )
    elif curve.r2 < decisions.min_r2:
        flags.append(Flag("low-r2", f"r2 {curve.r2:.3f} is below {decisions.min_r2:g}; look at the residuals"))
    return flags


def _halves(curve: Curve) -> tuple[float, float]:
    """Return how far below and above Lo the curve has half its height."""
    below, above = half_widths(curve.values["width"], curve.values.get("skew", 0.0))
    return float(below), float(above)


def _skew(curve: Curve, length: Array, active: Array) -> list[Flag]:
    if curve.fit.model.name == "skewed":
        low, high = curve.fit.model.bounds()
        k = curve.fit.model.index("skew")
        if not low[k] * (1 - 1e-9) < curve.values["skew"] < high[k] * (1 - 1e-9):
            return [
                Flag(
                    "skew-at-bound",
                    f"skew stands at its bound, {curve.values['skew']:.2g}: the points do not determine it; measure "
                    "lengths on the steep limb, or use model=bell",
                )
            ]
        return []
    skew, p = skewness(length, active, curve)
    if not p < SKEWED:
        return []
    shown = "< 1e-6" if p < 1e-6 else f"{p:.2g}"
    return [
        Flag(
            "curve-skewed",
            f"a bell of two halves describes active force better (skew {skew:+.2f}, p {shown}, limit {SKEWED:g}): Lo "
            "and width of the symmetric one are biased; use model=skewed",
        )
    ]


def _open(name: str, low: float, high: float) -> list[Flag]:
    if math.isnan(low) or math.isnan(high):
        return [Flag("interval-not-determined", f"the interval of {name} could not be determined")]
    sides = [side for side, bound in (("lower", low), ("upper", high)) if math.isinf(bound)]
    if not sides:
        return []
    which = "limit at all" if len(sides) > 1 else f"{sides[0]} limit"
    return [Flag("interval-open", f"the points set no {which} to {name}; measure at more lengths")]


def about_passive(
    curve: Curve | None, reason: str, length: Array, at_optimum: float, peak: float, decisions: Decisions
) -> list[Flag]:
    """Return what the curve of passive force says, or why there is none."""
    if decisions.passive_model == "none":
        return []
    if curve is None:
        return [
            Flag(
                "passive-not-determined",
                f"Ls, passive_k, passive_A, passive_at_Lo and passive_r2 are not determined: {reason}",
                "note",
            )
        ]
    flags = [flag for name, (low, high) in curve.intervals.items() for flag in _open(name, low, high)]
    low = float(length.min())
    if curve.values["Ls"] <= low:
        flags.append(
            Flag(
                "slack-length-extrapolated",
                f"Ls {curve.values['Ls']:.4g} lies below the shortest length measured, {low:.4g} "
                f"{decisions.length_unit}; measure where the muscle hangs slack",
            )
        )
    if at_optimum > SHARE * peak:
        flags.append(
            Flag(
                "passive-force-at-optimum",
                f"passive force at Lo is {100 * at_optimum / peak:.0f} % of active force, limit {100 * SHARE:g} %: "
                "what is subtracted decides Lo, as fibres shorten against their tendon when they are active",
                "note",
            )
        )
    return flags
