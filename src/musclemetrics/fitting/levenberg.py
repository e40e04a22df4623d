"""Levenberg–Marquardt on a whole stack of curves at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .model import Array
from .problem import Problem, State
from .small import factor, solve

__all__ = ["Solution", "minimise"]

_EPS = float(np.finfo(np.float64).eps)


@dataclass
class Solution:
    """Where each curve came to rest."""

    parameters: list[Array]
    cost: Array
    converged: NDArray[np.bool_]
    iterations: NDArray[np.int64]


def minimise(problem: Problem, start: list[Array], *, limit: int = 200, tolerance: float = 1e-12) -> Solution:
    """Minimise every curve of `problem` from `start`.

    Damping follows Marquardt (1963, J SIAM 11:431) with the gain ratio of Nielsen (1999, IMM-REP-1999-05); bounds are
    kept by freezing a parameter that stands at its bound while the gradient pushes it outwards. Near the minimum,
    where costs differ by less than rounding, steps are judged by their own size: the result is then as exact as the
    gradient, not as the square root of it. Curves leave the stack as they finish; none depends on another.

    Parameters
    ----------
    problem : Problem
    start : list of arrays, shape (curves,)
        Start of the stepped parameters.
    limit : int
        Largest number of evaluations a curve.
    tolerance : float
        Relative step below which a curve has arrived.
    """
    n = problem.y.shape[1]
    with np.errstate(all="ignore"):
        free = [np.clip(s, lo, hi) for s, lo, hi in zip(start, problem.low, problem.high, strict=True)]
        state = problem.evaluate(free)
        if not free:
            return Solution(problem.full(state), state.cost, np.isfinite(state.cost), np.zeros(n, np.int64))
        return _run(problem, state, limit, tolerance)


def _run(problem: Problem, state: State, limit: int, tolerance: float) -> Solution:
    n = problem.y.shape[1]
    out = [np.empty(n) for _ in problem.model.parameters]
    cost = np.empty(n)
    converged = np.zeros(n, bool)
    iterations = np.zeros(n, np.int64)
    index = np.arange(n)
    size = np.add.reduce(problem.y * problem.y if problem.w is None else (problem.y * problem.w) ** 2, axis=0)
    noise = (4 * _EPS) ** 2 * size  # a cost this small is a perfect fit
    damping, growth = np.full(n, 1e-3), np.full(n, 2.0)
    memory = Memory.empty(len(state.free), n)
    last, strikes = np.full(n, np.inf), np.zeros(n)

    def settle(done: Any, good: Any) -> None:
        where = index[done]
        for target, values in zip(out, problem.full(state), strict=True):
            target[where] = values[done]
        cost[where] = state.cost[done]
        converged[where] = good[done]
        iterations[where] = step_number

    step_number = 0
    while step_number < limit:
        step_number += 1
        step, gain = _propose(problem, state, damping, memory)
        trial = problem.evaluate(
            [np.clip(f + s, lo, hi) for f, s, lo, hi in zip(state.free, step, problem.low, problem.high, strict=True)]
        )
        moved = np.zeros_like(last)
        for before, after in zip(state.free, trial.free, strict=True):
            moved = np.maximum(moved, np.abs(after - before) / (np.abs(after) + 1e-30))
        drop = state.cost - trial.cost
        # Rounding of y − f alone changes the cost by about this much: below it the cost cannot judge a step.
        fuzz = _EPS * (16 * np.sqrt(size * state.cost) + 64 * state.cost)
        blind = (np.abs(drop) <= fuzz) & (gain <= fuzz)
        ratio = drop / np.where(gain > 0, gain, np.inf)
        accepted = (ratio > 1e-4) | blind
        # Gauss–Newton closes in by a constant factor; what is left to go follows from the last two blind steps.
        shrink = np.where(np.isfinite(last), np.minimum(moved / last, 0.98), 0.5)
        left = moved * shrink / (1 - shrink)
        arrived = ((moved <= tolerance) | (blind & (left <= tolerance))) & (accepted | blind)
        strikes = strikes + (blind & (moved >= last))
        arrived |= (strikes >= 3) | (trial.cost <= noise) | (state.cost <= noise)
        accepted &= np.isfinite(trial.cost)
        apt = accepted & (blind | (np.abs(ratio - 1.0) < 0.3))
        memory.learn(state, trial, apt, (moved < 0.05) & (moved > 1e-7))
        state = state.merge(trial, accepted)
        # Nielsen's rule, with an extra push downwards so that a clean problem soon takes full Gauss–Newton steps.
        good = np.clip(1 - (2 * np.minimum(ratio, 1.0) - 1) ** 3, 0.1, 2.0)
        good = np.where(ratio > 0.9, 0.02, good)
        damping = np.where(accepted, np.where(blind, damping * 1e-4, damping * good), damping * growth)
        damping = np.maximum(damping, 1e-18)
        growth = np.where(accepted, 2.0, growth * 2)
        last = np.where(accepted & blind, moved, np.inf)
        stuck = damping > 1e20
        done = arrived | stuck
        if done.any():
            settle(done, arrived)
            keep = np.flatnonzero(~done)
            if not len(keep):
                return Solution(out, cost, converged, iterations)
            if len(keep) == 1:
                keep = np.repeat(keep, 2)  # stay two wide: see small.dot
            problem, state, index = problem.take(keep), state.take(keep), index[keep]
            size, noise, damping, growth = size[keep], noise[keep], damping[keep], growth[keep]
            last, strikes, memory = last[keep], strikes[keep], memory.take(keep)
    rest = np.ones(len(index), bool)
    settle(rest, np.zeros(len(index), bool))
    return Solution(out, cost, converged, iterations)


@dataclass
class Memory:
    """What the steps taken so far say of the curvature that JᵀJ leaves out.

    Gauss–Newton closes in by a constant factor where residuals are large. Adding a symmetric rank-one secant estimate
    of the missing part (after Dennis, Gay & Welsch 1981, ACM TOMS 7:348) makes the last steps superlinear. It is used
    on a curve only close to its minimum and while the sum stays positive definite.
    """

    missing: list[list[Array]]
    trusted: NDArray[np.bool_]

    @staticmethod
    def empty(p: int, n: int) -> Memory:
        """Return a memory of nothing."""
        return Memory([[np.zeros(n) for _ in range(i + 1)] for i in range(p)], np.zeros(n, bool))

    def take(self, keep: Any) -> Memory:
        """Return the memory of some curves."""
        return Memory([[a[keep] for a in row] for row in self.missing], self.trusted[keep])

    def learn(self, before: State, after: State, apt: NDArray[np.bool_], close: NDArray[np.bool_]) -> None:
        """Take in the step from `before` to `after` where its gain was as predicted; forget everything where not."""
        failed = ~apt & self.trusted
        if failed.any():
            self.missing = [[np.where(failed, 0.0, a) for a in row] for row in self.missing]
            self.trusted = self.trusted & apt
        use = apt & close
        if not use.any():
            return
        p = len(before.free)
        step = [b - a for a, b in zip(before.free, after.free, strict=True)]
        miss = []
        for i in range(p):
            product = np.zeros_like(step[0])
            for j in range(p):
                a, b = max(i, j), min(i, j)
                product = product + (after.curvature[a][b] + self.missing[a][b]) * step[j]
            miss.append(before.gradient[i] - after.gradient[i] - product)
        along, size, whole = np.zeros_like(step[0]), np.zeros_like(step[0]), np.zeros_like(step[0])
        for i in range(p):
            along = along + miss[i] * step[i]
            size = size + np.abs(miss[i] * step[i])
            whole = whole + (before.gradient[i] - after.gradient[i]) * step[i]
        use = use & (np.abs(along) > 0.05 * size) & (np.abs(along) < 0.5 * whole)
        share = np.where(use, 1.0 / np.where(use, along, 1.0), 0.0)
        for i in range(p):
            for j in range(i + 1):
                self.missing[i][j] = self.missing[i][j] + miss[i] * miss[j] * share
        self.trusted = self.trusted | use


def _propose(problem: Problem, state: State, damping: Array, memory: Memory) -> tuple[list[Array], Array]:
    """Return the damped step and the drop in cost the model of the cost promises for it."""
    h = state.curvature
    p = len(h)
    gradient = list(state.gradient)
    # Scaling to a unit diagonal makes the damping, and the rounding of the factor, independent of units.
    scale = [np.sqrt(np.maximum(h[i][i], 1e-300)) for i in range(p)]
    matrix = [[h[i][j] / (scale[i] * scale[j]) for j in range(i)] + [1.0 + damping] for i in range(p)]
    if memory.trusted.any():
        richer = [[matrix[i][j] + memory.missing[i][j] / (scale[i] * scale[j]) for j in range(i + 1)] for i in range(p)]
        low = factor(richer)
        safe = memory.trusted
        for i in range(p):
            safe = safe & (low[i][i] > 0.1)
        matrix = [
            [np.where(safe, b, a) for a, b in zip(r, s, strict=True)] for r, s in zip(matrix, richer, strict=True)
        ]
    for i in range(p):
        lo, hi = problem.low[i], problem.high[i]
        if np.isinf(lo) and np.isinf(hi):
            continue
        at = ((state.free[i] <= lo) & (gradient[i] < 0)) | ((state.free[i] >= hi) & (gradient[i] > 0))
        if at.any():
            gradient[i] = np.where(at, 0.0, gradient[i])
            for j in range(p):
                if j < i:
                    matrix[i][j] = np.where(at, 0.0, matrix[i][j])
                elif j > i:
                    matrix[j][i] = np.where(at, 0.0, matrix[j][i])
    scaled = solve(factor(matrix), [g / s for g, s in zip(gradient, scale, strict=True)])
    step = [d / s for d, s in zip(scaled, scale, strict=True)]
    gain = np.zeros_like(damping)
    for d, g, s in zip(scaled, gradient, scale, strict=True):
        gain = gain + d * (g / s) + damping * d * d
    return step, gain
