"""Levenberg–Marquardt on a whole stack of curves at once."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .model import Array
from .problem import Problem, State
from .small import factor, solve

__all__ = ["Solution", "minimise"]

_EPS = float(np.finfo(np.float64).eps)
PART = 1024
"""Curves taken through their first steps together."""
EARLY = 8
"""Steps after which the curves still on their way are gathered."""
SLOW, AGAIN = 10, 6
"""The step at which a curve still on its way has its curvature measured, and how often afterwards."""
SMALL = 3e-6
"""Relative step for that."""


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
        Largest number of steps a curve.
    tolerance : float
        Relative step below which a curve has arrived.
    """
    n = problem.y.shape[1]
    with np.errstate(all="ignore"):
        free = [np.clip(s, lo, hi) for s, lo, hi in zip(start, problem.low, problem.high, strict=True)]
        if not free:
            state = problem.evaluate(free)
            return Solution(problem.full(state), state.cost, np.isfinite(state.cost), np.zeros(n, np.int64))
        found = Solution([np.empty(n) for _ in problem.model.parameters], np.empty(n), np.zeros(n, bool), _counts(n))
        # Most curves arrive within a few steps: those are taken in parts that fit the processor's cache. The few that
        # need more are gathered and go on together.
        edges = np.linspace(0, n, max(n // PART, 1) + 1).astype(int).tolist()
        late = []
        for first, stop in itertools.pairwise(edges):
            part = slice(first, stop)
            few = problem.take(part) if len(edges) > 2 else problem
            walk = Walk.begin(few, few.evaluate([f[part] for f in free]), np.arange(first, stop))
            rest = walk.run(found, min(EARLY, limit) if len(edges) > 2 else limit, tolerance)
            if rest is not None:
                late.append(rest)
        if late:
            last = Walk.join(problem, late).run(found, limit, tolerance)
            if last is not None:
                last.settle(found, np.ones(len(last.index), bool), np.zeros(len(last.index), bool))
    return found


def _counts(n: int) -> NDArray[np.int64]:
    return np.zeros(n, np.int64)


@dataclass
class Walk:
    """Curves on their way down: where they stand, how boldly they step, and what they remember."""

    problem: Problem
    state: State
    index: NDArray[np.int64]
    damping: Array
    growth: Array
    last: Array
    strikes: Array
    memory: Memory
    steps: int = 0

    @staticmethod
    def begin(problem: Problem, state: State, index: NDArray[np.int64]) -> Walk:
        """Return the curves at their start."""
        n = len(index)
        memory = Memory.empty(len(state.free), n)
        return Walk(
            problem, state, index, np.full(n, 1e-3), np.full(n, 2.0), np.full(n, np.inf), np.zeros(n), memory
        )  # fmt: skip

    @staticmethod
    def join(whole: Problem, walks: list[Walk]) -> Walk:
        """Return several walks, all after the same number of steps, as one."""
        if len(walks) == 1:
            return walks[0]
        index = np.concatenate([w.index for w in walks])
        damping, growth, last, strikes = (
            np.concatenate([getattr(w, name) for w in walks]) for name in ("damping", "growth", "last", "strikes")
        )
        state, memory = State.join([w.state for w in walks]), Memory.join([w.memory for w in walks])
        return Walk(whole.take(index), state, index, damping, growth, last, strikes, memory, walks[0].steps)

    def take(self, keep: Any) -> Walk:
        """Return some of the curves."""
        problem, state, memory = self.problem.take(keep), self.state.take(keep), self.memory.take(keep)
        damping, growth, last, strikes = self.damping[keep], self.growth[keep], self.last[keep], self.strikes[keep]
        return Walk(problem, state, self.index[keep], damping, growth, last, strikes, memory, self.steps)

    def settle(self, found: Solution, done: Any, arrived: Any) -> None:
        """Write down where the curves marked `done` stand."""
        where = self.index[done]
        for target, values in zip(found.parameters, self.problem.full(self.state), strict=True):
            target[where] = values[done]
        found.cost[where] = self.state.cost[done]
        found.converged[where] = arrived[done]
        found.iterations[where] = self.steps

    def run(self, found: Solution, limit: int, tolerance: float) -> Walk | None:
        """Step until every curve is settled or `limit` steps are done; return the curves still on their way."""
        walk, sizes = self, self._sizes()
        while walk.steps < limit:
            arrived = walk.step(sizes, tolerance)
            done = arrived | (walk.damping > 1e20)
            if done.any():
                walk.settle(found, done, arrived)
                keep = np.flatnonzero(~done)
                if not len(keep):
                    return None
                if len(keep) == 1:
                    keep = np.repeat(keep, 2)  # stay two wide: see small.dot
                walk, sizes = walk.take(keep), sizes[keep]
        return walk

    def _sizes(self) -> Array:
        y, w = self.problem.y, self.problem.w
        size: Array = np.add.reduce(y * y if w is None else (y * w) ** 2, axis=0)
        return size

    def step(self, size: Array, tolerance: float) -> NDArray[np.bool_]:
        """Take one step on every curve; return which have arrived."""
        self.steps += 1
        problem, state, damping, last = self.problem, self.state, self.damping, self.last
        step, gain = _propose(problem, state, damping, self.memory)
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
        self.strikes = self.strikes + (blind & (moved >= last))
        noise = (4 * _EPS) ** 2 * size  # a cost this small is a perfect fit
        arrived |= (self.strikes >= 3) | (trial.cost <= noise) | (state.cost <= noise)
        accepted &= np.isfinite(trial.cost)
        apt = accepted & (blind | (np.abs(ratio - 1.0) < 0.3))
        self.memory.learn(state, trial, apt, (moved < 0.05) & (moved > 1e-7))
        self.state = state.merge(trial, accepted)
        if self.steps >= SLOW and (self.steps - SLOW) % AGAIN == 0:
            self.memory.measure(problem, self.state, accepted & (moved < 0.05))
        # Nielsen's rule, with an extra push downwards so that a clean problem soon takes full Gauss–Newton steps.
        good = np.clip(1 - (2 * np.minimum(ratio, 1.0) - 1) ** 3, 0.1, 2.0)
        good = np.where(ratio > 0.9, 0.02, good)
        damping = np.where(accepted, np.where(blind, damping * 1e-4, damping * good), damping * self.growth)
        self.damping = np.maximum(damping, 1e-18)
        self.growth = np.where(accepted, 2.0, self.growth * 2)
        self.last = np.where(accepted & blind, moved, np.inf)
        return arrived


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

    @staticmethod
    def join(parts: list[Memory]) -> Memory:
        """Return the memories of several groups of curves as one."""
        p = len(parts[0].missing)
        missing = [[np.concatenate([m.missing[i][j] for m in parts]) for j in range(i + 1)] for i in range(p)]
        return Memory(missing, np.concatenate([m.trusted for m in parts]))

    def measure(self, problem: Problem, state: State, near: NDArray[np.bool_]) -> None:
        """Measure the missing curvature of the curves `near` their minimum by differences of the gradient.

        Costs an evaluation a parameter, so it is kept for curves on which the secants have failed to settle.
        """
        rows = np.flatnonzero(near)
        if not len(rows):
            return
        rows = np.repeat(rows, 2) if len(rows) == 1 else rows
        part, here = problem.take(rows), state.take(rows)
        p = len(here.free)
        bend = []
        for i in range(p):
            free = list(here.free)
            free[i] = here.free[i] + SMALL * (np.abs(here.free[i]) + 1e-30)
            there = part.evaluate(free)
            bend.append(
                [(a - b) / (free[i] - here.free[i]) for a, b in zip(here.gradient, there.gradient, strict=True)]
            )
        known = np.ones(len(rows), bool)
        for i in range(p):
            for j in range(i + 1):
                missing = 0.5 * (bend[i][j] + bend[j][i]) - here.curvature[i][j]
                known &= np.isfinite(missing)
                self.missing[i][j][rows] = np.where(known, missing, 0.0)
        self.trusted[rows] = known

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
