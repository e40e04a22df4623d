"""The two fits, active and passive, in coordinates in which every muscle looks alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...fitting import Fit, fit, intervals
from .curves import ACTIVE, LN2, half_widths
from .passive import fitted, profile

__all__ = ["Curve", "active_curve", "passive_curve", "plateau_ends", "skewness"]

Array = NDArray[np.float64]

LEAST_PASSIVE = 5
"""Distinct lengths the exponential of passive force needs: one more than its parameters, and one below slack."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A fitted curve in the user's own units.

    Attributes
    ----------
    fit : Fit
    values, stderr : Mapping
    intervals : Mapping
        Name to (low, high).
    fitted : array, shape (n,)
        At the points.
    r2, sy_x : float
    """

    fit: Fit
    values: Mapping[str, float]
    stderr: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    fitted: Array
    r2: float
    sy_x: float

    @property
    def exact(self) -> bool:
        """Whether the points lie on the curve to rounding."""
        return self.sy_x < 1e-9 * float(np.abs(self.fit.y).max())

    def at(self, x: Array) -> Array:
        """Return the curve in the coordinates of the fit."""
        return np.asarray(self.fit.model(x[:, None], *self.fit.parameters.T)[:, 0])


def _curve(
    found: Fit, scales: Mapping[str, tuple[float, float]], bounds: Mapping[str, tuple[float, float]] | None = None
) -> Curve:
    """Return a fit in the user's units: each name is offset + factor × what was fitted; Wald intervals by default."""
    if bounds is None:
        bounds = {name: (float(b[0, 0]), float(b[0, 1])) for name, b in intervals(found, kind="wald").items()}
    stderr = found.stderr[0]
    values, errors, limits = {}, {}, {}
    for k, name in enumerate(found.model.parameters):
        offset, factor = scales.get(name, (0.0, 1.0))
        values[name] = offset + factor * float(found[name][0])
        errors[name] = factor * float(stderr[k])
        # About the very value reported: rounding must not part the two where there is hardly any noise.
        low, high = (f(b, float(found[name][0])) for f, b in zip((min, max), bounds[name], strict=True))
        limits[name] = (offset + factor * low, offset + factor * high)
    y = found.y[0]
    total = float(np.sum((y - y.mean()) ** 2))
    sse = float(found.sse[0])
    r2 = 1.0 - sse / total if total > 0 else math.nan
    sy_x = math.sqrt(sse / found.dof) if found.dof > 0 else math.nan
    with np.errstate(all="ignore"):  # a fit that ran off is refused by its caller, by name
        fitted_at_points = found.fitted[0]
    return Curve(found, values, errors, limits, fitted_at_points, r2, sy_x)


def axis(length: Array) -> tuple[float, float]:
    """Return the middle of the range tested, and the range."""
    return 0.5 * float(length.min() + length.max()), float(np.ptp(length))


def active_curve(length: Array, active: Array, model: str, kind: str) -> Curve:
    """Fit a curve of active force; lengths are taken from −1/2 to 1/2 of the range tested."""
    centre, span = axis(length)
    found = fit(ACTIVE[model], (length - centre) / span, active)
    bounds = {name: (float(b[0, 0]), float(b[0, 1])) for name, b in intervals(found, kind=kind).items()}
    return _curve(found, {"Lo": (centre, span), "width": (0.0, span)}, bounds)


def passive_curve(length: Array, passive: Array, Lo: float, kind: str) -> Curve:
    """Fit the exponential of passive force; lengths are taken in optimal lengths."""
    found = fitted(length / Lo, passive)
    made = _curve(found, {"Ls": (0.0, Lo)}, profile(found) if kind == "profile" else None)
    names = {"Ls": "Ls", "k": "passive_k", "A": "passive_A"}
    values = {names[n]: v for n, v in made.values.items()}
    stderr = {names[n]: v for n, v in made.stderr.items()}
    limits = {names[n]: pair for n, pair in made.intervals.items()}
    return Curve(found, values, stderr, limits, made.fitted, made.r2, made.sy_x)


def plateau_ends(model: str, values: Mapping[str, float], share: float) -> tuple[float, float]:
    """Return the lengths between which the curve is at least `share` of its peak."""
    width = values["width"]
    if model == "parabola":
        reach = width * math.sqrt(0.5 * (1.0 - share))
        return values["Lo"] - reach, values["Lo"] + reach
    below, above = half_widths(width, values.get("skew", 0.0))
    part = math.sqrt(-math.log(share) / LN2)
    return values["Lo"] - part * below, values["Lo"] + part * above


def skewness(length: Array, active: Array, curve: Curve) -> tuple[float, float]:
    """Return the skew of the two-sided bell and the probability of so much by chance (F test); NaN where it is none."""
    from scipy.special import fdtrc

    dof = len(length) - 4
    if curve.fit.model.name != "bell" or dof < 2 or curve.exact:
        return math.nan, math.nan
    centre, span = axis(length)
    other = fit(ACTIVE["skewed"], (length - centre) / span, active)
    gain = float(curve.fit.sse[0] - other.sse[0])
    if not other.converged[0] or gain <= 0.0:
        return math.nan, math.nan
    return float(other["skew"][0]), float(fdtrc(1, dof, gain / (float(other.sse[0]) / dof)))
