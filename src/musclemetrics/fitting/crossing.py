"""Profile bounds the sure way: bracket the crossing, fit everything else anew, and challenge it with rival branches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .contour import Work
from .levenberg import minimise
from .model import Array
from .small import dot
from .starts import grid_scores

__all__ = ["challenge", "rivalled", "sure"]

ROUNDS = 60
"""Largest number of steps; each at least halves the bracket or grows it."""
CHALLENGERS = 3
"""How many rival branches are followed from a bound."""
FAR = 1e4
"""A bound not met within this many Wald distances is open."""


def rivalled(work: Work, rows: NDArray[np.int64]) -> NDArray[np.int64]:
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


def challenge(work: Work, rows: NDArray[np.int64], name: str, bounds: Array) -> None:
    """Move bounds outwards where another branch still runs below the limit at them."""
    j = work.model.index(name)
    which = np.repeat(rows, 2)
    column = np.tile([0, 1], len(rows))
    for _ in range(4):
        finite = np.isfinite(bounds[which, column])
        which, column = which[finite], column[finite]
        if not len(which):
            return
        value = bounds[which, column]
        cost, branch = _least_rival(work, which, j, value)
        # A millionth of the slack: less would only find the bound itself again.
        lost = np.flatnonzero(cost < work.best[which] + work.slack[which] * (1 - 1e-6))
        if not len(lost):
            return
        which, column = which[lost], column[lost]
        side = np.where(column == 1, 1.0, -1.0)
        inner = side * (value[lost] - work.fit.parameters[which, j])
        bounds[which, column] = sure(work, which, side, name, inner, [b[lost] for b in branch])


def _least_rival(work: Work, rows: NDArray[np.int64], j: int, value: Array) -> tuple[Array, list[Array]]:
    """Return the least cost of the rival branches with parameter `j` at `value`, and where it stands."""
    model, n = work.model, len(rows)
    assert model.rivals is not None
    wide = rows if n > 1 else np.repeat(rows, 2)
    at = value if n > 1 else np.repeat(value, 2)
    problem = work.part(wide, {j: at})
    held = {j: at} if j < len(model.nonlinear) else {}
    trials = [[np.broadcast_to(v, at.shape).astype(float) for v in other] for other in model.rivals(problem.x, held)]
    costs = np.stack([problem.evaluate(trial).cost for trial in trials])
    ranked = np.argsort(costs, axis=0, kind="stable")[:CHALLENGERS]
    # All challengers of all bounds are followed in one stack.
    here = np.arange(len(wide))
    start = [np.stack([t[k] for t in trials])[ranked, here].ravel() for k in range(len(problem.stepped))]
    repeat = len(ranked)
    solution = minimise(work.part(np.tile(wide, repeat), {j: np.tile(at, repeat)}), start, limit=60, tolerance=1e-7)
    cost = solution.cost.reshape(repeat, -1)
    first = np.argmin(cost, axis=0)
    branch = [solution.parameters[i].reshape(repeat, -1)[first, here][:n] for i in problem.stepped]
    return cost[first, here][:n], branch


def sure(
    work: Work,
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
        return sure(work, np.repeat(rows, 2), np.repeat(side, 2), name, twice, other)[:1]
    model, j = work.model, work.model.index(name)
    low, high = (b[j] for b in model.bounds())
    parameters = work.fit.parameters[rows].T
    centre, slack, best = parameters[j], work.slack[rows], work.best[rows]
    wald = work.wald[rows, j]
    usual = np.isfinite(wald) & (wald > 0)
    unit = np.where(usual, wald, 0.1 * np.abs(centre) + 1e-3)
    room = np.where(side > 0, high - centre, centre - low)
    far = np.minimum(np.maximum(FAR * unit, FAR * np.abs(centre)), room)
    if name in model.reach:
        ends = (e if e.size == 1 else e[rows] for e in work.reach(name))
        edge = np.where(side < 0, *ends)
        far = np.minimum(far, np.maximum(side * (edge - centre), unit * 1e-3))
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
    else:
        # Not settled in time: the outer end of the bracket, which claims too much width rather than too little.
        result[index] = np.where(np.isfinite(outer), centre + side * outer, side * np.inf)
    return result


def _profile_point(
    work: Work, rows: NDArray[np.int64], j: int, value: Array, start: list[Array]
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
