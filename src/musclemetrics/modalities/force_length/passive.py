"""The exponential of passive force: its fit and intervals where the curve has a corner.

At the slack length the curve bends at once, and its sum of squares has a small dent wherever the slack length passes a
point. Descent from any one start may rest in one of them, and so may a search for the ends of an interval. With the
scale A eliminated (it enters linearly) two parameters are left, and a plane can be looked at as a whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...fitting import Fit, fit
from .curves import EXPONENTS, PASSIVE, SLACK_REACH

__all__ = ["fitted", "profile"]

Array = NDArray[np.float64]
Pair = tuple[float, float]

COARSE, ZOOM, FINE = 91, 31, 121
ROUNDS = 16
NARROW = 1e-10
MARGIN = 0.02
"""Share of the range by which the slack length must stay below the longest length."""


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """Sum of squares and best scale over slack lengths and the logarithms of exponents."""

    slack: Array
    log_k: Array
    sse: Array
    scale: Array
    power: Array


def _plane(x: Array, y: Array, slack: Array, log_k: Array) -> _Plane:
    stretch = np.maximum(0.0, x - slack[:, None])
    shape = np.expm1(np.exp(log_k)[None, :, None] * stretch[:, None, :])
    power = np.sum(shape * shape, axis=2)
    with np.errstate(all="ignore"):
        scale = np.where(power > 0.0, np.maximum(0.0, shape @ y / power), 0.0)
    residual = y - scale[:, :, None] * shape
    return _Plane(slack, log_k, np.sum(residual * residual, axis=2), scale, power)


def _limits(x: Array) -> tuple[Pair, Pair]:
    """Return how far the slack length and the logarithm of the exponent are sought."""
    low, high = float(x.min()), float(x.max())
    span = high - low
    return (low - SLACK_REACH, high - MARGIN * span), (math.log(EXPONENTS[0] / span), math.log(EXPONENTS[1] / span))


def fitted(x: Array, y: Array) -> Fit:
    """Return the fit of passive force `y` at lengths `x` in optimal lengths: the best of the whole plane."""
    (low, high), (soft, stiff) = _limits(x)
    box = [low, high, soft, stiff]
    best = (math.inf, 0.0, 0.0)
    for k in range(ROUNDS):
        cells = ZOOM if k else COARSE
        plane = _plane(x, y, np.linspace(box[0], box[1], cells), np.linspace(box[2], box[3], cells))
        i, j = np.unravel_index(int(np.argmin(plane.sse)), plane.sse.shape)
        if plane.sse[i, j] < best[0]:
            best = (float(plane.sse[i, j]), float(plane.slack[i]), float(plane.log_k[j]))
        # The valley is narrow and slanting: its lowest cell need not be next to the lowest point.
        half_slack, half_k = (box[1] - box[0]) / 10.0, (box[3] - box[2]) / 10.0
        box = [
            max(low, best[1] - half_slack),
            min(high, best[1] + half_slack),
            max(soft, best[2] - half_k),
            min(stiff, best[2] + half_k),
        ]
        if max(half_slack, half_k) < NARROW:
            break
    polished = fit(PASSIVE, x, y, start={"Ls": best[1], "k": math.exp(best[2])}, limit=40)
    if polished.sse[0] <= best[0] and low <= polished["Ls"][0] <= high:
        return replace(polished, converged=np.ones(1, bool))
    # Descent has nothing to gain, or ran off: the plane's lowest point it is.
    at = _plane(x, y, np.array([best[1]]), np.array([best[2]]))
    values = np.array([[best[1], math.exp(best[2]), float(at.scale[0, 0])]])
    return replace(polished, parameters=values, sse=at.sse[0], converged=np.ones(1, bool))


def profile(found: Fit, level: float = 0.95) -> dict[str, Pair]:
    """Return the profile-likelihood intervals of Ls, k and A; infinite where the data set no limit.

    Each holds every value at which the best choice of the other two costs no more than SSE (1 + F/(n − 3)), as for all
    fits of this package; here the others are found on a plane laid over the region below that limit.

    Parameters
    ----------
    found : Fit
        As :func:`fitted` returns it.
    level : float
    """
    from scipy.special import fdtri

    x, y = np.asarray(found.x, float), found.y[0]
    if found.dof < 1:
        return dict.fromkeys(found.model.parameters, (math.nan, math.nan))
    limit = float(found.sse[0]) * (1.0 + float(fdtri(1, found.dof, level)) / found.dof) + 1e-26 * float(y @ y)
    bounds = _limits(x)
    centre = float(found["Ls"][0]), math.log(float(found["k"][0]))
    plane = _region(x, y, limit, centre, bounds)
    inside = plane.sse <= limit
    slack = _ends(plane.slack, _valley(plane.sse), limit, bounds[0])
    log_k = _ends(plane.log_k, _valley(plane.sse.T), limit, bounds[1])
    with np.errstate(all="ignore"):
        room = np.sqrt(np.maximum(0.0, limit - plane.sse) / plane.power)
    low = float(np.min((plane.scale - room)[inside], initial=float(found["A"][0])))
    high = float(np.max((plane.scale + room)[inside], initial=float(found["A"][0])))
    k = tuple(math.exp(v) if math.isfinite(v) else (0.0 if v < 0 else v) for v in log_k)
    # Without a lower limit to the slack length the scale may be as small as one likes.
    return {"Ls": slack, "k": (k[0], k[1]), "A": (0.0 if math.isinf(slack[0]) else max(0.0, low), high)}


def _region(x: Array, y: Array, limit: float, centre: Pair, bounds: tuple[Pair, Pair]) -> _Plane:
    """Return a plane that just holds the region below the limit."""
    half = [(b - a) * 1e-6 for a, b in bounds]
    reach = [half[0], half[0], half[1], half[1]]
    for _ in range(60):
        plane = _laid(x, y, centre, reach, bounds, 41)
        inside = plane.sse <= limit
        touched = [inside[0].any(), inside[-1].any(), inside[:, 0].any(), inside[:, -1].any()]
        edges = [centre[0] - reach[0], centre[0] + reach[1], centre[1] - reach[2], centre[1] + reach[3]]
        free = [
            edges[0] > bounds[0][0], edges[1] < bounds[0][1], edges[2] > bounds[1][0], edges[3] < bounds[1][1],
        ]  # fmt: skip
        grow = [t and f for t, f in zip(touched, free, strict=True)]
        if not any(grow):
            break
        reach = [r * 2.0 if g else r for r, g in zip(reach, grow, strict=True)]
    return _laid(x, y, centre, reach, bounds, FINE)


def _laid(x: Array, y: Array, centre: Pair, reach: list[float], bounds: tuple[Pair, Pair], cells: int) -> _Plane:
    axes = []
    for k, (middle, (least, most)) in enumerate(zip(centre, bounds, strict=True)):
        low, high = max(least, middle - reach[2 * k]), min(most, middle + reach[2 * k + 1])
        # The best point is a node, so that the region below the limit is never missed between two of them.
        left = np.linspace(low, middle, cells // 2 + 1)
        axes.append(np.concatenate([left[:-1], np.linspace(middle, high, cells // 2 + 1)]))
    return _plane(x, y, *axes)


def _valley(sse: Array) -> Array:
    """Return the lowest value of every row, between the nodes by a parabola through the lowest three."""
    rows = np.arange(len(sse))
    at = np.clip(np.argmin(sse, axis=1), 1, sse.shape[1] - 2)
    a, b, c = sse[rows, at - 1], sse[rows, at], sse[rows, at + 1]
    with np.errstate(all="ignore"):
        bend = a - 2.0 * b + c
        lowest = b - (a - c) ** 2 / (8.0 * bend)
        usable = (bend > 0.0) & (np.abs(a - c) <= 2.0 * bend)
    return np.asarray(np.where(usable, np.minimum(lowest, b), np.min(sse, axis=1)))


def _ends(axis: Array, profile: Array, limit: float, bounds: Pair) -> Pair:
    """Return where a profile crosses the limit on either side of its lowest part."""
    inside = np.flatnonzero(profile <= limit)
    if not len(inside):
        return math.nan, math.nan
    first, last = int(inside[0]), int(inside[-1])
    low = high = math.nan
    if first == 0:
        low = -math.inf if axis[0] <= bounds[0] + 1e-9 else float(axis[0])
    else:
        share = (limit - profile[first - 1]) / (profile[first] - profile[first - 1])
        low = float(axis[first - 1] + share * (axis[first] - axis[first - 1]))
    if last == len(axis) - 1:
        high = math.inf if axis[-1] >= bounds[1] - 1e-9 else float(axis[-1])
    else:
        share = (limit - profile[last]) / (profile[last + 1] - profile[last])
        high = float(axis[last] + share * (axis[last + 1] - axis[last]))
    return low, high
