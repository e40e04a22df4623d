"""The curvature that Gauss–Newton leaves out: learned from the steps taken, or measured where learning fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .model import Array
from .problem import Problem, State

__all__ = ["Memory"]

SMALL = 3e-6
"""Relative step of a parameter when the curvature is measured by differences of the gradient."""


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
