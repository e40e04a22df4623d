"""The safety net under the stacked engine: curves it could not bring home are followed again, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .general import fit_general, with_numeric_derivatives
from .levenberg import minimise
from .model import Array, Model
from .problem import Problem, some, take_x

__all__ = ["general", "polish", "rescue"]

LIMIT = 2000
"""Largest number of evaluations on the second way; its end need not be sharp, the stacked engine polishes it."""
POLISH = 50
"""Largest number of last steps after scipy's own."""
BETTER = 1e-9
"""Share by which the second way must lower the cost to be believed where the first had arrived."""


def rescue(
    model: Model,
    x: Any,
    y: Array,
    w: Array | None,
    fixed: Mapping[int, Array],
    given: Mapping[int, Array],
    solved: tuple[Array, Array, NDArray[np.bool_], NDArray[np.int64]],
    rows: NDArray[np.int64],
    limit: int,
) -> NDArray[np.bool_]:
    """Follow the curves `rows` again by scipy's trust region and write what is better into `solved`.

    From a distant start a first step can leap to where a parameter no longer moves the curve; there every gradient
    vanishes and the descent ends, content, at nothing. The trust region begins no wider than the start itself. Where
    it ends, the stacked engine takes the last steps, so that a rescued curve is as exact as any other.

    Returns
    -------
    array of bool, shape (n,)
        Which curves now stand where the second way led.
    """
    parameters, sse, converged, iterations = solved
    used = np.zeros(len(y), bool)
    xs, ys = take_x(x, rows), y[rows]
    ws = w if w is None or w.shape[1] == 1 else some(w, rows)
    held = {i: v[rows] for i, v in fixed.items()}
    # A model with a grid of its own is continued from where it was left: its start was never the caller's.
    begin = {i: v[rows] for i, v in given.items()} if model.basis is None else dict(enumerate(parameters[rows].T))
    found, _, _, evaluations = fit_general(model, xs, ys, ws, held, begin, cautious=True, limit=LIMIT)
    end, cost, arrived, steps = polish(model, xs, ys, ws, held, found, limit)
    for place, row in enumerate(rows):
        lower = cost[place] < sse[row] * (1 - BETTER)
        if lower or (not converged[row] and arrived[place] and cost[place] <= sse[row] * (1 + BETTER)):
            parameters[row], sse[row], used[row] = end[place], cost[place], True
            converged[row] = arrived[place]
            iterations[row] += evaluations[place] + steps[place]
    return used


def polish(
    model: Model, x: Any, y: Array, w: Array | None, held: Mapping[int, Array], start: Array, limit: int
) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.int64]]:
    """Return parameters, cost, convergence and evaluations of a stack followed by the stacked engine from `start`.

    scipy stops when the cost no longer falls, which leaves the square root of the rounding unit in the parameters;
    the stacked engine goes on until the steps vanish. Derivatives are taken by differences where none are known.
    """
    n = len(y)
    wide = np.arange(n) if n > 1 else np.zeros(2, np.int64)  # at least two wide: see small.dot
    problem = Problem(
        with_numeric_derivatives(model),
        take_x(x, wide),
        np.ascontiguousarray(y[wide].T),
        w if w is None or w.shape[1] == 1 else some(w, wide),
        {i: v[wide] for i, v in held.items()},
    )
    last = minimise(problem, [start[wide, i] for i in problem.stepped], limit=limit)
    return np.array(last.parameters).T[:n], last.cost[:n], last.converged[:n], last.iterations[:n]


def general(
    model: Model, x: Any, y: Array, w: Array | None, fixed: Mapping[int, Array], given: Mapping[int, Array]
) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.int64]]:
    """Fit a model without derivatives: scipy finds the minimum, the stacked engine takes the last steps."""
    parameters, sse, converged, iterations = fit_general(model, x, y, w, fixed, given)
    end, cost, arrived, steps = polish(model, x, y, w, fixed, parameters, POLISH)
    better = arrived & (cost <= sse * (1 + BETTER))
    return (
        np.where(better[:, None], end, parameters),
        np.where(better, cost, sse),
        converged | better,
        iterations + steps,
    )
