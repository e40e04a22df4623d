"""The safety net under the stacked engine: curves it could not bring home are followed again, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .general import fit_general
from .levenberg import minimise
from .model import Array, Model
from .problem import Problem, take_x

__all__ = ["rescue"]

LIMIT = 2000
"""Largest number of evaluations on the second way; its end need not be sharp, the stacked engine polishes it."""
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
    ws = None if w is None or w.shape[1] == 1 else w[:, rows]
    ws = w if ws is None else ws
    held = {i: v[rows] for i, v in fixed.items()}
    # A model with a grid of its own is continued from where it was left: its start was never the caller's.
    begin = {i: v[rows] for i, v in given.items()} if model.basis is None else dict(enumerate(parameters[rows].T))
    found, cost, _, evaluations = fit_general(model, xs, ys, ws, held, begin, cautious=True, limit=LIMIT)
    wide = np.arange(len(rows)) if len(rows) > 1 else np.zeros(2, np.int64)  # at least two wide: see small.dot
    problem = Problem(
        model,
        take_x(xs, wide),
        np.ascontiguousarray(ys[wide].T),
        ws if ws is None or ws.shape[1] == 1 else ws[:, wide],
        {i: v[wide] for i, v in held.items()},
    )
    last = minimise(problem, [found[wide, i] for i in problem.stepped], limit=limit)
    end, cost = np.array(last.parameters).T[: len(rows)], last.cost[: len(rows)]
    for place, row in enumerate(rows):
        lower = cost[place] < sse[row] * (1 - BETTER)
        if lower or (not converged[row] and last.converged[place] and cost[place] <= sse[row] * (1 + BETTER)):
            parameters[row], sse[row], used[row] = end[place], cost[place], True
            converged[row] = last.converged[place]
            iterations[row] += evaluations[place] + last.iterations[place]
    return used
