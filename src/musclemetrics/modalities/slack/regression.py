"""The slack plot: a straight line in either direction, its intervals by inversion, and whether it is straight."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Line", "Plot", "plot", "slope_of"]

Array = NDArray[np.float64]
Pair = tuple[float, float]


class Line(NamedTuple):
    """Vo and intercept by one regression: values, standard errors, 95 % intervals."""

    Vo: float
    Vo_stderr: float
    Vo_interval: Pair
    intercept: float
    intercept_stderr: float
    intercept_interval: Pair
    scatter: float


class Plot(NamedTuple):
    """All that the slack plot tells."""

    line: Line
    other: Line
    r2: float
    curvature_p: float
    initial: tuple[float, Pair]
    final: tuple[float, Pair]


def plot(step: Array, duration: Array, regression: str) -> Plot:
    """Fit the slack plot.

    Parameters
    ----------
    step : array, shape (n,)
        Release size, {L0}; at least three distinct.
    duration : array, shape (n,)
        Slack duration, s.
    regression : {"duration_on_step", "step_on_duration"}
        Which quantity is taken as uncertain. The uncertain one is the duration.

    Returns
    -------
    Plot
    """
    forward = regression == "duration_on_step"
    lines = (_inverted(step, duration), _direct(step, duration))
    dx, dy = step - step.mean(), duration - duration.mean()
    r2 = float((dx @ dy) ** 2 / ((dx @ dx) * (dy @ dy)))
    x, y = (step, duration) if forward else (duration, step)
    p, first, last = _curvature(x, y, forward)
    return Plot(lines[0 if forward else 1], lines[1 if forward else 0], r2, p, first, last)


def slope_of(step: Array, duration: Array, regression: str) -> float:
    """Return Vo alone; NaN where the points do not rise."""
    dx, dy = step - step.mean(), duration - duration.mean()
    cross = float(dx @ dy)
    if cross <= 0:
        return math.nan
    return float(dx @ dx) / cross if regression == "duration_on_step" else cross / float(dy @ dy)


def _t(dof: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(dof, 0.975)) if dof > 0 else math.nan


def _straight(x: Array, y: Array) -> tuple[float, float, Array, float, int]:
    """Return intercept, slope, their covariance, the scatter and the degrees of freedom of y on x."""
    n, mean = len(x), float(x.mean())
    dx = x - mean
    sxx = float(dx @ dx)
    b = float(dx @ (y - y.mean())) / sxx
    a = float(y.mean()) - b * mean
    rest = y - a - b * x
    s2 = float(rest @ rest) / (n - 2) if n > 2 else math.nan
    covariance = s2 * np.array([[1 / n + mean * mean / sxx, -mean / sxx], [-mean / sxx, 1 / sxx]])
    return a, b, covariance, math.sqrt(s2), n - 2


def _direct(step: Array, duration: Array) -> Line:
    """Release size on duration, as is customary: slope and intercept are the answer."""
    a, b, v, s, dof = _straight(duration, step)
    t = _t(dof)
    sa, sb = math.sqrt(v[0, 0]), math.sqrt(v[1, 1])
    return Line(b, sb, (b - t * sb, b + t * sb), a, sa, (a - t * sa, a + t * sa), s)


def _inverted(step: Array, duration: Array) -> Line:
    """Duration on release size: Vo is the inverse of the slope, its interval the inverse of the slope's ends."""
    a, b, v, s, dof = _straight(step, duration)
    t = _t(dof)
    sb = math.sqrt(v[1, 1])
    low, high = b - t * sb, b + t * sb
    interval = (1 / high if high > 0 else math.nan, 1 / low if low > 0 else math.inf)
    c = -a / b
    # Where the line meets duration zero is a ratio of two uncertain numbers (Fieller 1954, J R Stat Soc B 16:175).
    spread = math.sqrt(max(v[0, 0] + 2 * c * v[0, 1] + c * c * v[1, 1], 0.0)) / abs(b)
    A, B, C = b * b - t * t * v[1, 1], 2 * (a * b - t * t * v[0, 1]), a * a - t * t * v[0, 0]
    root = B * B - 4 * A * C
    if A > 0 and root >= 0:
        ends = sorted(((-B - math.sqrt(root)) / (2 * A), (-B + math.sqrt(root)) / (2 * A)))
        bounds = (ends[0], ends[1])
    else:
        bounds = (-math.inf, math.inf)
    return Line(1 / b, sb / b**2, interval, c, spread, bounds, s)


def _curvature(x: Array, y: Array, forward: bool) -> tuple[float, tuple[float, Pair], tuple[float, Pair]]:
    """Return p of the quadratic term and the local velocity at both ends; NaN with fewer than four points."""
    from scipy.special import fdtrc

    nothing = (math.nan, (math.nan, math.nan))
    n = len(x)
    if n < 4 or len(np.unique(x)) < 3:
        return math.nan, nothing, nothing
    mean, span = float(x.mean()), float(np.ptp(x))
    u = (x - mean) / span
    design = np.stack([np.ones(n), u, u * u], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ y
    rest = y - design @ beta
    sse = float(rest @ rest)
    _, _, _, scatter, dof = _straight(x, y)
    f = (scatter**2 * dof - sse) / (sse / (n - 3)) if sse > 0 else math.inf
    covariance = inverse * sse / (n - 3)
    t = _t(n - 3)

    def local(at: float) -> tuple[float, Pair]:
        w = np.array([0.0, 1.0, 2 * (at - mean) / span]) / span
        slope, error = float(w @ beta), math.sqrt(float(w @ covariance @ w))
        low, high = slope - t * error, slope + t * error
        if not forward:
            return slope, (low, high)
        if slope <= 0:
            return math.nan, (math.nan, math.nan)
        return 1 / slope, (1 / high if high > 0 else math.nan, 1 / low if low > 0 else math.inf)

    return float(fdtrc(1, n - 3, max(f, 0.0))), local(float(x.min())), local(float(x.max()))
