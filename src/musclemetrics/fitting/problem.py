"""A stack of least-squares problems, evaluated together: residual, gradient and curvature of every curve."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .model import Array, Model
from .small import dot

__all__ = ["Problem", "State", "part_of", "some", "take_x"]


def take_x(x: Any, keep: Any) -> Any:
    """Return the x of some curves; a shared x (one column) stays as it is."""
    if isinstance(x, tuple):
        return tuple(take_x(part, keep) for part in x)
    return x if x.shape[1] == 1 else some(x, keep)


def some(a: Array, keep: Any) -> Array:
    """Return some columns of an array, rows one after the other in memory.

    ``a[:, keep]`` would lay columns one after the other, sums over points would then be taken pairwise, and a curve's
    last bits would depend on who else left the stack.
    """
    chosen: Array = a[:, keep] if isinstance(keep, slice) else np.take(a, keep, axis=1)
    return chosen


PART = 4096
"""Largest number of curves evaluated in one go."""
NUMBERS = 100_000
"""Largest number of points in such a part: its dozen arrays then stay in the processor's cache."""


def part_of(points: int) -> int:
    """Return how many curves of so many points are best evaluated together."""
    return min(PART, max(256, NUMBERS // points))


@dataclass
class State:
    """Where a stack stands: free parameters, cost |r|², gradient Jᵀr and curvature JᵀJ of the free parameters."""

    free: list[Array]
    cost: Array
    gradient: list[Array]
    curvature: list[list[Array]]
    linear: list[Array]

    def merge(self, other: State, better: Any) -> State:
        """Return this state with the curves marked `better` taken from `other`."""

        def pick(a: Array, b: Array) -> Array:
            return np.where(better, b, a)

        return State(
            [pick(a, b) for a, b in zip(self.free, other.free, strict=True)],
            pick(self.cost, other.cost),
            [pick(a, b) for a, b in zip(self.gradient, other.gradient, strict=True)],
            [
                [pick(a, b) for a, b in zip(r, s, strict=True)]
                for r, s in zip(self.curvature, other.curvature, strict=True)
            ],
            [pick(a, b) for a, b in zip(self.linear, other.linear, strict=True)],
        )

    @staticmethod
    def join(parts: list[State]) -> State:
        """Return the states of neighbouring parts of a stack as one."""

        def glue(arrays: list[Array]) -> Array:
            return np.concatenate(arrays)

        first = parts[0]
        return State(
            [glue([s.free[i] for s in parts]) for i in range(len(first.free))],
            glue([s.cost for s in parts]),
            [glue([s.gradient[i] for s in parts]) for i in range(len(first.gradient))],
            [[glue([s.curvature[i][j] for s in parts]) for j in range(i + 1)] for i in range(len(first.curvature))],
            [glue([s.linear[i] for s in parts]) for i in range(len(first.linear))],
        )

    def take(self, keep: Any) -> State:
        """Return the state of some curves."""
        return State(
            [a[keep] for a in self.free],
            self.cost[keep],
            [a[keep] for a in self.gradient],
            [[a[keep] for a in row] for row in self.curvature],
            [a[keep] for a in self.linear],
        )


class Problem:
    """Curves that share a model: data, weights, and parameters held at given values.

    Parameters
    ----------
    model : Model
    x : array of shape (points, 1) or (points, curves), or a tuple of such arrays
    y : array of shape (points, curves), at least two curves
    root_weights : array of shape (points, 1) or (points, curves), optional
        1/σ of each point.
    held : Mapping
        Parameter index to its value on each curve, shape (curves,).
    """

    def __init__(
        self,
        model: Model,
        x: Any,
        y: Array,
        root_weights: Array | None = None,
        held: Mapping[int, Array] | None = None,
    ) -> None:
        self.model, self.x, self.w = model, x, root_weights
        self.y = y
        self._weighted_y: Array | None = y if root_weights is None else None
        self.held = dict(held or {})
        p, k = len(model.parameters), len(model.linear)
        q = p - k
        self.free_nonlinear = [i for i in range(q) if i not in self.held]
        self.free_linear = [i for i in range(q, p) if i not in self.held]
        # Without a basis every parameter is stepped; with one only the nonlinear ones are.
        self.stepped = self.free_nonlinear if model.basis is not None else [i for i in range(p) if i not in self.held]
        low, high = model.bounds()
        self.low, self.high = low[self.stepped], high[self.stepped]

    @property
    def weighted_y(self) -> Array:
        """The data times their weights, worked out once."""
        if self._weighted_y is None:
            assert self.w is not None
            self._weighted_y = self.y * self.w
        return self._weighted_y

    def take(self, keep: Any) -> Problem:
        """Return the problem of some curves."""
        w = None if self.w is None else (self.w if self.w.shape[1] == 1 else some(self.w, keep))
        held = {i: v[keep] for i, v in self.held.items()}
        taken = Problem(self.model, take_x(self.x, keep), some(self.y, keep), w, held)
        if self.w is not None and self._weighted_y is not None and isinstance(keep, slice):
            taken._weighted_y = self._weighted_y[:, keep]
        return taken

    def full(self, state: State) -> list[Array]:
        """Return every parameter of the model, one array of shape (curves,) each."""
        values: dict[int, Array] = dict(self.held)
        values.update(zip(self.stepped, state.free, strict=True))
        if self.model.basis is not None:
            values.update(zip(self.free_linear, state.linear, strict=True))
        return [values[i] for i in range(len(self.model.parameters))]

    def evaluate(self, free: list[Array]) -> State:
        """Return the state at the given free parameters; a curve without a finite cost has an infinite one."""
        n = self.y.shape[1]
        width = part_of(len(self.y))
        if n < 2 * width:
            state = self._evaluate(free)
        else:
            edges = np.linspace(0, n, n // width + 1).astype(int).tolist()
            parts = [slice(a, b) for a, b in itertools.pairwise(edges)]
            state = State.join([self.take(part)._evaluate([f[part] for f in free]) for part in parts])
        if not np.isfinite(state.cost).all():
            state.cost = np.where(np.isfinite(state.cost), state.cost, np.inf)
        return state

    def _evaluate(self, free: list[Array]) -> State:
        if self.model.basis is None:
            return self._general(free)
        if self.model.sums is None or self.held:
            return self._separable(free)
        linear, cost, gradient, curvature, apt = self.model.sums(self.x, self.y, self.w, *free)
        state = State(free, cost, gradient, curvature, linear)
        return state if apt.all() else self._separable(free).merge(state, apt)

    def _general(self, free: list[Array]) -> State:
        values: dict[int, Array] = dict(self.held)
        values.update(zip(self.stepped, free, strict=True))
        everything = [values[i] for i in range(len(self.model.parameters))]
        residual = self.y - self.model(self.x, *everything)
        columns = [np.broadcast_to(d, residual.shape) for d in self.model.derivatives(self.x, *everything)]
        if self.w is not None:
            residual = residual * self.w
            columns = [c * self.w for c in columns]
        columns = [columns[i] for i in self.stepped]
        return State(
            free,
            dot(residual, residual),
            [dot(c, residual) for c in columns],
            [[dot(a, b) for b in columns[: i + 1]] for i, a in enumerate(columns)],
            [],
        )

    def _separable(self, free: list[Array]) -> State:
        model = self.model
        assert model.basis is not None
        q = len(model.nonlinear)
        values: dict[int, Array] = dict(self.held)
        values.update(zip(self.stepped, free, strict=True))
        columns, slopes = model.basis(self.x, *(values[i] for i in range(q)))
        shape = self.y.shape
        y = self.weighted_y
        weighted: list[Array] = []
        for i, column in enumerate(columns, start=q):
            c = (
                np.ones(shape)
                if column is None
                else column
                if column.shape == shape
                else np.broadcast_to(column, shape)
            )
            c = c if self.w is None else c * self.w
            if i in self.held:
                y = y - c * self.held[i]
            else:
                weighted.append(c)
        # Modified Gram–Schmidt: the linear parameters cost no more this way than by the normal equations, and the
        # residual stays orthogonal to a nearly flat basis.
        residual = y
        norms: list[Array] = []
        scale: Array | None = None
        upper: dict[tuple[int, int], Array] = {}
        for i, c in enumerate(weighted):
            for j in range(i):
                upper[j, i] = dot(weighted[j], c) / norms[j]
                step = weighted[j] * upper[j, i]
                c = np.subtract(c, step, out=step)
            norm = dot(c, c)
            # Not min(): one curve's NaN must not decide for its neighbours.
            if i == 0 and (norm < 1e-150).any():
                # Far from the data a column may be so small that its square underflows; its direction still counts.
                tiny = norm < 1e-150
                size = np.max(np.abs(c), axis=0)
                scale = np.where(tiny & (size > 0), size, 1.0)
                c = c / scale
                norm = np.where(tiny, dot(c, c), norm)
            weighted[i] = c
            norms.append(np.maximum(norm, 1e-300))
        linear: list[Array] = [np.empty(0)] * len(weighted)
        for i, c in enumerate(weighted):
            linear[i] = dot(c, residual) / norms[i]
            step = c * linear[i]
            residual = np.subtract(residual, step, out=step)
        for i in reversed(range(len(weighted))):
            for j in range(i + 1, len(weighted)):
                linear[i] = linear[i] - upper[i, j] * linear[j]
        if scale is not None:
            linear[0] = linear[0] / scale
        values.update(zip(self.free_linear, linear, strict=True))
        coefficients = [values[i] for i in range(q, len(model.parameters))]
        projected: list[Array] = []
        derivatives = slopes(*coefficients)
        for which in self.free_nonlinear:
            column = derivatives[which] if self.w is None else derivatives[which] * self.w
            for c, norm in zip(weighted, norms, strict=True):
                # In place where the array is our own: a fresh one would be fetched from far away in memory.
                step = c * (dot(c, column) / norm)
                column = np.subtract(column, step, out=step)
            projected.append(column)
        return State(
            free,
            dot(residual, residual),
            [dot(c, residual) for c in projected],
            [[dot(a, b) for b in projected[: i + 1]] for i, a in enumerate(projected)],
            linear,
        )
