"""Profile bounds the quick way: to the extreme of the linearised contour, and linearise anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .engine import Fit, points_first
from .general import with_numeric_derivatives
from .model import Array, Model
from .problem import Problem, some, take_x
from .small import dot, factor, solve

__all__ = ["Work", "quick"]


@dataclass
class Work:
    """A fit ready to be evaluated elsewhere: model with derivatives, data points first, the cost limit."""

    fit: Fit
    quantile: float

    def __post_init__(self) -> None:
        self.model: Model = with_numeric_derivatives(self.fit.model)
        self.x = points_first(self.fit.x)
        self.y = np.ascontiguousarray(self.fit.y.T)
        self.w = None if self.fit.weights is None else points_first(self.fit.weights)
        self.wald = np.sqrt(self.quantile) * self.fit.stderr
        size = dot(self.y, self.y) if len(self.fit.y) > 1 else np.sum(self.y * self.y, axis=0)
        # A perfect fit has no noise to infer from; its limit is that of rounding.
        floor = (1e-14) ** 2 * size
        self.best = self.fit.sse
        self.slack = np.maximum(self.fit.sse * self.quantile / self.fit.dof, floor)

    def reach(self, name: str) -> tuple[Array, Array]:
        """Return how far down and up a parameter on the x axis may lie, one value or one a curve."""
        axis = self.x[0] if isinstance(self.x, tuple) else self.x
        margin = self.model.reach[name]
        return np.min(axis, axis=0) - margin, np.max(axis, axis=0) + margin

    def part(self, rows: NDArray[np.int64], held: Mapping[int, Array]) -> Problem:
        """Return the problem of some curves (repeats allowed) with more parameters held."""
        fixed = {self.model.index(k): v[rows] for k, v in self.fit.held.items()}
        w = None if self.w is None else (self.w if self.w.shape[1] == 1 else some(self.w, rows))
        return Problem(self.model, take_x(self.x, rows), some(self.y, rows), w, {**fixed, **held})


def quick(work: Work, rows: NDArray[np.int64], names: Sequence[str]) -> dict[str, Array]:
    """Return bounds by repeated linearisation; NaN where they did not settle or are not to be trusted."""
    model, n = work.model, len(rows)
    free = [i for i, name in enumerate(model.parameters) if name not in work.fit.held]
    out: dict[str, Array] = {}
    kinds = [(name, side) for name in names for side in (-1.0, 1.0)]
    bounds = np.full((len(kinds), n), np.nan)
    chunk = max(1, 512 // len(kinds))
    for first in range(0, n, chunk):
        some = rows[first : first + chunk]
        block = np.tile(some, len(kinds))
        place = np.repeat([free.index(model.index(name)) for name, _ in kinds], len(some))
        side = np.repeat([s for _, s in kinds], len(some))
        found = _extremes(work, block, free, place, side)
        bounds[:, first : first + chunk] = found.reshape(len(kinds), len(some))
    for k, name in enumerate(names):
        out[name] = bounds[2 * k : 2 * k + 2].T
    return out


def _extremes(work: Work, rows: NDArray[np.int64], free: list[int], place: NDArray[np.int64], side: Array) -> Array:
    model = work.model
    low, high = model.bounds()
    index = np.arange(len(rows))
    result = np.full(len(rows), np.nan)
    theta = work.fit.parameters[rows].T.copy()
    start = theta.copy()
    limit = work.best[rows] + work.slack[rows]
    scale = np.where(work.wald[rows].T > 0, work.wald[rows].T, np.inf)[free]
    problem = work.part(rows, {})
    p = len(free)
    wanted = (place == np.arange(p)[:, None]).astype(float)
    for _ in range(24):
        curve, slopes = model.expand(problem.x, *theta)
        residual = problem.y - curve
        columns = [c if c.shape == residual.shape else np.broadcast_to(c, residual.shape) for c in slopes]
        columns = [columns[i] for i in free]
        if problem.w is not None:
            residual = residual * problem.w
            columns = [c * problem.w for c in columns]
        cost = dot(residual, residual)
        gradient = [dot(c, residual) for c in columns]
        size = [np.sqrt(np.maximum(dot(c, c), 1e-300)) for c in columns]
        unit = [[dot(columns[i], columns[j]) / (size[i] * size[j]) for j in range(i + 1)] for i in range(p)]
        low_factor = factor(unit, floor=1e-14)
        # Everything from here in units of each column's size: the Gauss–Newton step, and the direction along which
        # the wanted parameter moves while the others follow.
        pull = [g / s for g, s in zip(gradient, size, strict=True)]
        newton = solve(low_factor, pull)
        along = np.array(solve(low_factor, list(wanted)))
        reach = limit - cost
        for n, g in zip(newton, pull, strict=True):
            reach = reach + n * g
        here = np.arange(len(index))
        push = side * np.sqrt(np.maximum(reach, 0.0) / along[place, here])
        step = (np.array(newton) + push * along) / np.array(size)
        moved = np.max(np.abs(step) / scale, axis=0)
        for k, i in enumerate(free):
            theta[i] = np.clip(theta[i] + step[k], low[i], high[i])
        good = (reach > 0) & np.isfinite(moved) & (moved < 4.0)
        done = good & (moved < 1e-7)
        if done.any():
            which = np.array(free)[place]
            value = theta[which, here]
            distance = side * (value - start[which, here]) / scale[place, here]
            inside = (value > low[which]) & (value < high[which])
            trusted = done & inside & (distance > 0.2) & (distance < 5.0)
            result[index[trusted]] = value[trusted]
        keep = np.flatnonzero(good & ~done)
        if not len(keep):
            break
        if len(keep) == 1:
            keep = np.repeat(keep, 2)  # at least two wide: see small.dot
        index, theta, start, limit, scale = index[keep], theta[:, keep], start[:, keep], limit[keep], scale[:, keep]
        place, side, wanted, problem = place[keep], side[keep], wanted[:, keep], problem.take(keep)
    return result
