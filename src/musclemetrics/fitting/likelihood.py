"""95 % intervals for a whole stack: profile likelihood, or Wald.

The profile interval of a parameter holds every value at which the best fit of all other parameters costs no more than
``SSE (1 + F/(n − p))`` (Bates & Watts 1988, Nonlinear Regression Analysis, section 6.1). Its ends are found twice over:

1. quickly, by moving to the extreme of the parameter on the linearised contour and linearising anew (after Venzon &
   Moolgavkar 1988, Appl Stat 37:87, with Gauss–Newton curvature); most bounds settle in a handful of evaluations;
2. surely, for those that do not settle or lie far from where a parabola would put them, by bracketing the crossing
   while every other parameter is fitted anew at each step, several starts included.

A side on which the cost never reaches the limit is open: its bound is infinite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from .engine import Fit, points_first
from .general import with_numeric_derivatives
from .levenberg import minimise
from .model import Array, Model
from .problem import Problem, take_x
from .small import dot, factor, inverse
from .starts import grid_scores

__all__ = ["intervals"]

ROUNDS = 60
"""Largest number of steps on the sure path; each at least halves the bracket or grows it."""
CHALLENGERS = 3
"""How many rival branches are followed from a bound."""
FAR = 1e4
"""A bound not met within this many Wald distances is open."""


def intervals(
    fit: Fit, names: Sequence[str] | None = None, *, kind: str = "profile", level: float = 0.95
) -> dict[str, Array]:
    """Return the interval of each named parameter on every curve.

    Parameters
    ----------
    fit : Fit
    names : sequence of str, optional
        All free parameters where not given.
    kind : {"profile", "wald"}
        Wald is the estimate ± t SE: quick, symmetric, and wrong where the curve bends.
    level : float
        Coverage, 0.95 by default.

    Returns
    -------
    dict
        Name to array of shape (n, 2). A bound is infinite where the data set no limit, NaN where no degree of freedom
        is left or the fit did not converge.

    Raises
    ------
    SettingsError
        If `kind` is unknown or a name is not a free parameter.
    """
    from scipy.special import fdtri, stdtrit

    model = fit.model
    free = [n for n in model.parameters if n not in fit.held]
    names = free if names is None else list(names)
    for name in names:
        if name not in free:
            raise SettingsError(f"{name!r} is not a free parameter of this fit", remedy=f"use {', '.join(free)}")
    if kind not in ("profile", "wald"):
        raise SettingsError(f"interval={kind!r} is unknown", remedy="use 'profile' or 'wald'")
    n = len(fit.y)
    out = {name: np.full((n, 2), np.nan) for name in names}
    if fit.dof <= 0:
        return out
    stderr = fit.stderr
    if kind == "wald":
        t = float(stdtrit(fit.dof, 0.5 + level / 2))
        for name in names:
            half = t * stderr[:, model.index(name)]
            out[name][:] = fit[name][:, None] + half[:, None] * np.array([-1.0, 1.0])
            out[name][~fit.converged] = np.nan
        return out
    quantile = float(fdtri(1, fit.dof, level))
    rows = np.flatnonzero(fit.converged & np.isfinite(fit.sse))
    if not len(rows):
        return out
    work = _Work(fit, quantile)
    with np.errstate(all="ignore"):
        quick = _quick(work, rows, names)
        bent = np.zeros(n, bool)
        for name in names:
            out[name][rows] = quick[name]
            missing = np.isnan(out[name])
            missing[~np.isin(np.arange(n), rows)] = False
            where, side = np.nonzero(missing)
            if len(where):
                bent[where] = True
                out[name][where, side] = _sure(work, where, np.where(side == 1, 1.0, -1.0), name)
        straight = rows[~bent[rows]]
        suspects = np.concatenate([np.flatnonzero(bent), _rivalled(work, straight)])
        if len(suspects) and model.rivals is not None:
            for name in names:
                _challenge(work, suspects, name, out[name])
    return out


def _rivalled(work: _Work, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the curves on which a rival branch of the model runs below the limit."""
    rivals = work.model.rivals
    if rivals is None or not len(rows):
        return rows[:0]
    wide = rows if len(rows) > 1 else np.repeat(rows, 2)
    problem = work.part(wide, {})
    candidates = np.array([[float(v) for v in start] for start in rivals(problem.x, {})])
    y = problem.y if problem.w is None else problem.y * problem.w
    allowed = 1.0 - (work.best[wide] + work.slack[wide]) / (dot(y, y) + 1e-300)
    best = grid_scores(problem, candidates).max(axis=0)
    above: NDArray[np.bool_] = best > allowed
    return np.asarray(rows[above[: len(rows)]])


def _challenge(work: _Work, rows: NDArray[np.int64], name: str, bounds: Array) -> None:
    """Move a bound outwards where another branch still runs below the limit at it."""
    model, j = work.model, work.model.index(name)
    assert model.rivals is not None
    for column, side in ((0, -1.0), (1, 1.0)):
        some = rows[np.isfinite(bounds[rows, column])]
        for _ in range(4):
            if not len(some):
                break
            wide = some if len(some) > 1 else np.repeat(some, 2)
            value = bounds[wide, column]
            problem = work.part(wide, {j: value})
            limit = work.best[wide] + work.slack[wide]
            held = {j: value} if j < len(model.nonlinear) else {}
            trials = [
                [np.broadcast_to(v, limit.shape).astype(float) for v in other]
                for other in model.rivals(problem.x, held)
            ]
            ranking = np.argsort([problem.evaluate(trial).cost for trial in trials], axis=0, kind="stable")
            cost = np.full(len(wide), np.inf)
            branch = [np.zeros(len(wide)) for _ in problem.stepped]
            for ranked in ranking[:CHALLENGERS]:
                start = [np.stack([t[k] for t in trials])[ranked, np.arange(len(wide))] for k in range(len(branch))]
                solution = minimise(problem, start, limit=60, tolerance=1e-7)
                better = solution.cost < cost
                cost = np.where(better, solution.cost, cost)
                branch = [
                    np.where(better, solution.parameters[i], b) for i, b in zip(problem.stepped, branch, strict=True)
                ]
            # A millionth of the slack: less would only find the bound itself again.
            lost = cost < limit - 1e-6 * work.slack[wide]
            again = np.flatnonzero(lost[: len(some)])
            if not len(again):
                break
            some = some[again]
            branch = [b[again] for b in branch]
            inner = side * (bounds[some, column] - work.fit.parameters[some, j])
            bounds[some, column] = _sure(work, some, np.full(len(some), side), name, inner, branch)
            some = some[np.isfinite(bounds[some, column])]


@dataclass
class _Work:
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

    def part(self, rows: NDArray[np.int64], held: Mapping[int, Array]) -> Problem:
        """Return the problem of some curves (repeats allowed) with more parameters held."""
        fixed = {self.model.index(k): v[rows] for k, v in self.fit.held.items()}
        w = None if self.w is None else (self.w if self.w.shape[1] == 1 else self.w[:, rows])
        return Problem(self.model, take_x(self.x, rows), self.y[:, rows], w, {**fixed, **held})


def _quick(work: _Work, rows: NDArray[np.int64], names: Sequence[str]) -> dict[str, Array]:
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


def _extremes(work: _Work, rows: NDArray[np.int64], free: list[int], place: NDArray[np.int64], side: Array) -> Array:
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
    for _ in range(24):
        residual = problem.y - model(problem.x, *theta)
        slopes = model.derivatives(problem.x, *theta)
        columns = [np.broadcast_to(slopes[i], residual.shape) for i in free]
        if problem.w is not None:
            residual = residual * problem.w
            columns = [c * problem.w for c in columns]
        cost = dot(residual, residual)
        gradient = [dot(c, residual) for c in columns]
        size = [np.sqrt(np.maximum(dot(c, c), 1e-300)) for c in columns]
        unit = [[dot(columns[i], columns[j]) / (size[i] * size[j]) for j in range(i + 1)] for i in range(p)]
        inv = inverse(factor(unit, floor=1e-14))
        # Everything from here in units of each column's size.
        newton = []
        for i in range(p):
            total = np.zeros_like(cost)
            for j in range(p):
                total = total + inv[i][j] * (gradient[j] / size[j])
            newton.append(total)
        reach = limit - cost
        for i in range(p):
            reach = reach + newton[i] * (gradient[i] / size[i])
        here = np.arange(len(index))
        inv_place = np.array(inv)[:, place, here]  # (p, curves): column of the wanted parameter
        own = inv_place[place, here]
        push = side * np.sqrt(np.maximum(reach, 0.0) / own)
        step = (np.array(newton) + push * inv_place) / np.array(size)
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
        place, side, problem = place[keep], side[keep], problem.take(keep)
    return result


def _sure(
    work: _Work,
    rows: NDArray[np.int64],
    side: Array,
    name: str,
    inside_at: Array | None = None,
    branch: list[Array] | None = None,
) -> Array:
    """Return bounds by bracketing the crossing of the profile, every other parameter fitted anew at each step.

    `inside_at` is a distance known to lie below the limit, `branch` where the other stepped parameters stand there.
    """
    count = len(rows)
    if count == 1:
        twice = None if inside_at is None else np.repeat(inside_at, 2)
        other = None if branch is None else [np.repeat(b, 2) for b in branch]
        return _sure(work, np.repeat(rows, 2), np.repeat(side, 2), name, twice, other)[:1]
    model, j = work.model, work.model.index(name)
    low, high = (b[j] for b in model.bounds())
    parameters = work.fit.parameters[rows].T
    centre, slack, best = parameters[j], work.slack[rows], work.best[rows]
    wald = work.wald[rows, j]
    usual = np.isfinite(wald) & (wald > 0)
    unit = np.where(usual, wald, 0.1 * np.abs(centre) + 1e-3)
    room = np.where(side > 0, high - centre, centre - low)
    far = np.minimum(np.maximum(FAR * unit, FAR * np.abs(centre)), room)
    distance = np.minimum(unit, np.where(np.isfinite(room), 0.7 * room, far))
    inner, outer = np.zeros(count), np.full(count, np.inf)
    result = np.full(count, np.nan)
    index = np.arange(count)
    stepped = work.part(rows, {j: centre}).stepped
    current = [parameters[i] for i in stepped]
    if inside_at is not None and branch is not None:
        inner, current = inside_at, branch
        distance = np.minimum(inside_at + 0.02 * unit, far)
    for _ in range(ROUNDS):
        value = centre + side * distance
        cost, slope, rest = _profile_point(work, rows, j, value, current)
        excess = (cost - best) / slack
        crossed = excess >= 1.0
        # The next start is always a point inside: one far outside may lie on another branch of the profile.
        current = [np.where(crossed, a, b) for a, b in zip(current, rest, strict=True)]
        inner = np.where(crossed, inner, np.maximum(inner, distance))
        outer = np.where(crossed, np.minimum(outer, distance), outer)
        met = np.abs(excess - 1.0) < 1e-8
        tight = np.isfinite(outer) & (outer - inner <= 1e-10 * outer)
        open_ = ~crossed & (distance >= far * (1 - 1e-12))
        result[index[met | tight]] = value[met | tight]
        result[index[open_]] = side[open_] * np.inf
        keep = np.flatnonzero(~(met | tight | open_))
        # On the root of the excess the profile is nearly straight: Newton there, bracketed.
        root = np.sqrt(np.maximum(excess, 1e-12))
        rate = side * slope / (2 * root * slack)
        newton = distance + (1.0 - root) / np.where(rate > 0, rate, np.nan)
        inside = (newton > inner) & (newton < outer)
        bounded = np.isfinite(outer)
        halved = np.where(inner > 0, 0.5 * (inner + outer), 0.3 * outer)
        grown = np.where(np.isfinite(newton), np.clip(newton, 1.3 * distance, 5.0 * distance), 3.0 * distance)
        distance = np.where(bounded, np.where(inside, newton, halved), np.minimum(grown, far))
        if not len(keep):
            break
        if len(keep) == 1:
            keep = np.repeat(keep, 2)
        rows, side, centre, slack, best, far = rows[keep], side[keep], centre[keep], slack[keep], best[keep], far[keep]
        distance, inner, outer, index = distance[keep], inner[keep], outer[keep], index[keep]
        current = [c[keep] for c in current]
    return result


def _profile_point(
    work: _Work, rows: NDArray[np.int64], j: int, value: Array, start: list[Array]
) -> tuple[Array, Array, list[Array]]:
    """Return the profile's cost and slope at `value` and where the other stepped parameters came to rest."""
    problem = work.part(rows, {j: value})
    solution = minimise(problem, start, limit=100, tolerance=1e-7)
    parameters, cost = solution.parameters, solution.cost
    residual = problem.y - work.model(problem.x, *parameters)
    column: Any = np.broadcast_to(work.model.derivatives(problem.x, *parameters)[j], residual.shape)
    if problem.w is not None:
        residual, column = residual * problem.w, column * problem.w
    return cost, -2.0 * dot(column, residual), [parameters[i] for i in problem.stepped]
