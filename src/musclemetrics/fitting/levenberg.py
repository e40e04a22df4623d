"""Levenberg–Marquardt on a whole stack of curves at once."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .memory import Memory
from .model import Array
from .problem import Problem, State
from .small import factor, solve

__all__ = ["Solution", "minimise"]

_EPS = float(np.finfo(np.float64).eps)
PART = 4096
"""Curves taken through their first steps together."""
EARLY = 8
"""Steps after which the curves still on their way are gathered."""
SLOW, AGAIN = 10, 6
"""The step at which a curve still on its way has its curvature measured, and how often afterwards."""


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
    if n > PART:
        _keep_pages()
    with np.errstate(all="ignore"):
        free = _inside(problem, start)
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


@functools.cache
def _keep_pages() -> None:
    """Let the C library keep some tens of megabytes it has once been given, instead of returning them at each step.

    The stacks are made of arrays of some hundred kilobytes that live for microseconds. glibc hands such memory back to
    the system as soon as it is free, and a third of the time goes into fetching it again; it stops doing so once it
    has seen one larger block come and go. Elsewhere this does nothing.
    """
    np.empty(16 * 2**20, np.uint8)


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
        walk, size = self, self._sizes()
        while walk.steps < limit:
            walk.steps += 1
            free, gain = _propose(walk.problem, walk.state, walk.damping, walk.memory)
            moved = _moved(walk.state.free, free)
            # A step too small to matter need not be tried, unless it is damping that keeps it small.
            there = (moved <= tolerance) & (walk.damping < 1e-3)
            if there.any():
                walk.settle(found, there, there)
                keep = _others(there)
                if keep is None:
                    return None
                walk, size, free = walk.take(keep), size[keep], [f[keep] for f in free]
                gain, moved = gain[keep], moved[keep]
            arrived = walk.step(free, gain, moved, size, tolerance)
            done = arrived | (walk.damping > 1e20)
            if done.any():
                walk.settle(found, done, arrived)
                keep = _others(done)
                if keep is None:
                    return None
                walk, size = walk.take(keep), size[keep]
        return walk

    def _sizes(self) -> Array:
        y, w = self.problem.y, self.problem.w
        size: Array = np.add.reduce(y * y if w is None else (y * w) ** 2, axis=0)
        return size

    def step(self, free: list[Array], gain: Array, moved: Array, size: Array, tolerance: float) -> NDArray[np.bool_]:
        """Try the step to `free` on every curve, take it where it serves; return which have arrived."""
        problem, state, damping, last = self.problem, self.state, self.damping, self.last
        trial = problem.evaluate(free)
        drop = state.cost - trial.cost
        # Rounding of y − f alone changes the cost by about this much: below it the cost cannot judge a step.
        fuzz = _EPS * (16 * np.sqrt(size * state.cost) + 64 * state.cost)
        blind = (abs(drop) <= fuzz) & (gain <= fuzz)
        ratio = drop / np.where(gain > 0, gain, np.inf)
        accepted = ((ratio > 1e-4) | blind) & (trial.cost < np.inf)
        # Gauss–Newton closes in by a constant factor; what is left to go follows from the last two blind steps.
        shrink = np.where(np.isfinite(last), np.minimum(moved / last, 0.98), 0.5)
        left = moved * shrink / (1 - shrink)
        near = ((moved <= tolerance) | (blind & (left <= tolerance))) & accepted
        self.strikes = self.strikes + (blind & (moved >= last))
        noise = (4 * _EPS) ** 2 * size  # a cost this small is a perfect fit
        perfect = (trial.cost <= noise) | (state.cost <= noise)
        apt = accepted & (blind | (abs(ratio - 1.0) < 0.3))
        self.memory.learn(state, trial, apt, (moved < problem.model.near) & (moved > 1e-9))
        self.state = trial if accepted.all() else state.merge(trial, accepted)
        if self.steps >= SLOW and (self.steps - SLOW) % AGAIN == 0:
            self.memory.measure(problem, self.state, accepted & (moved < 0.05))
        # Nielsen's rule, with an extra push downwards so that a clean problem soon takes full Gauss–Newton steps.
        bold = 2.0 * np.minimum(ratio, 1.0) - 1.0
        good = np.where(ratio > 0.9, 0.02, np.minimum(np.maximum(1.0 - bold * bold * bold, 0.1), 2.0))
        damping = np.where(accepted, np.where(blind, damping * 1e-4, damping * good), damping * self.growth)
        self.damping = np.maximum(damping, 1e-18)
        self.growth = np.where(accepted, 2.0, self.growth * 2)
        self.last = np.where(accepted & blind, moved, np.inf)
        arrived: NDArray[np.bool_] = near | (self.strikes >= 3) | perfect
        return arrived


def _others(done: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """Return the places not `done`, at least two (see small.dot), or None where all are."""
    keep = np.flatnonzero(~done)
    if len(keep) == 1:
        return np.repeat(keep, 2)
    return keep if len(keep) else None


def _moved(before: list[Array], after: list[Array]) -> Array:
    """Return the largest relative change of a parameter."""
    each = [abs(b - a) / (abs(b) + 1e-30) for a, b in zip(before, after, strict=True)]
    largest: Array = functools.reduce(np.maximum, each)
    return largest


def _inside(problem: Problem, values: list[Array]) -> list[Array]:
    """Return values no further than the admissible range."""
    return [
        np.minimum(np.maximum(v, lo), hi) if lo > -np.inf or hi < np.inf else v
        for v, lo, hi in zip(values, problem.low, problem.high, strict=True)
    ]


def _propose(problem: Problem, state: State, damping: Array, memory: Memory) -> tuple[list[Array], Array]:
    """Return where the damped step leads, and the drop in cost that the model of the cost promises for it."""
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
    gradient = [g / s for g, s in zip(gradient, scale, strict=True)]
    scaled = solve(factor(matrix), gradient)
    free = _inside(problem, [f + d / s for f, d, s in zip(state.free, scaled, scale, strict=True)])
    gain: Array = sum(d * (g + damping * d) for d, g in zip(scaled, gradient, strict=True))  # type: ignore[assignment]
    return free, gain
