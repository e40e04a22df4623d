"""Where each curve starts: values given, the best of a model's grid, or the model's own guess."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import SettingsError
from .model import Array
from .problem import Problem
from .small import dot

__all__ = ["grid_scores", "starts"]

PRODUCT = 200_000
"""Largest number of multiplications in one matrix product."""


def starts(problem: Problem, given: dict[int, Array]) -> list[list[Array]]:
    """Return the start values of the stepped parameters, one list for each start to be followed."""
    model, n = problem.model, problem.y.shape[1]
    if all(i in given for i in problem.stepped):
        return [[np.array(given[i], dtype=float) for i in problem.stepped]]
    if model.grid is not None and model.basis is not None:
        chosen = _grid_starts(problem)
    elif model.start is not None:
        values = model.start(problem.x, problem.y)
        chosen = [[np.broadcast_to(np.asarray(values[i], float), (n,)).copy() for i in problem.stepped]]
    else:
        missing = ", ".join(model.parameters[i] for i in problem.stepped if i not in given)
        raise SettingsError(f"model {model.name} has no start values for {missing}", remedy="give start={name: value}")
    for values in chosen:
        for place, i in enumerate(problem.stepped):
            if i in given:
                values[place] = np.array(given[i], dtype=float)
    return chosen


def _grid_starts(problem: Problem) -> list[list[Array]]:
    """Return the best candidates of the model's grid, on every curve."""
    model, n = problem.model, problem.y.shape[1]
    assert model.grid is not None
    if not _shared(problem.x):  # each curve has a grid of its own, whatever its neighbours' x
        alone = [_grid_starts(_single(problem, i)) for i in range(n)]
        return [[np.array([a[k][j][0] for a in alone]) for j in range(len(s))] for k, s in enumerate(alone[0])]
    q = len(model.nonlinear)
    candidates = np.asarray(model.grid(problem.x), dtype=np.float64)
    count = min(model.starts, len(candidates))
    scores = grid_scores(problem, candidates)
    # A tie is settled by position, not by the last bit of a matrix product.
    if count == 1:
        order = np.argmax(scores >= scores.max(axis=0) - 1e-9, axis=0)[None, :]
    else:
        order = np.argsort(-np.round(scores, 9), axis=0, kind="stable")[:count]
    out = []
    for row in order:
        picked = candidates[row]
        out.append([picked[:, i].copy() if i < q else np.zeros(n) for i in problem.stepped])
    return out


def grid_scores(problem: Problem, candidates: Array) -> Array:
    """Return the share of the data's sum of squares each candidate explains, shape (candidates, curves)."""
    model = problem.model
    assert model.basis is not None
    q, n = len(model.nonlinear), problem.y.shape[1]
    shared = (
        not isinstance(problem.x, tuple) and problem.x.shape[1] == 1 and (problem.w is None or problem.w.shape[1] == 1)
    )
    w = 1.0 if problem.w is None else problem.w
    y = problem.y * w
    total = dot(y, y) + 1e-300
    if not shared or any(i < q for i in problem.held):
        rows = []
        for candidate in candidates:
            free = [np.full(n, candidate[i]) for i in problem.stepped]
            rows.append(1.0 - problem.evaluate(free).cost / total)
        return np.nan_to_num(np.array(rows), nan=-1.0, neginf=-1.0)
    columns, _ = model.basis(problem.x, *candidates.T)
    shape = (problem.y.shape[0], len(candidates))
    orthonormal: list[Array] = []
    held: list[tuple[Array, Array]] = []
    for i, column in enumerate(columns, start=q):
        c = (np.ones(shape) if column is None else np.broadcast_to(column, shape)) * w
        if i in problem.held:
            held.append((c, problem.held[i]))
            continue
        for _ in range(2):  # twice is enough (Kahan & Parlett)
            for other in orthonormal:
                c = c - other * dot(other, c)
        orthonormal.append(c / np.sqrt(np.maximum(dot(c, c), 1e-300)))
    explained = np.zeros((len(candidates), n))
    # Products this small stay in the cache, and BLAS sees no reason to start threads for them.
    width = max(PRODUCT // (len(candidates) * len(y)), 8)
    for first in range(0, n, width):
        part = slice(first, first + width)
        for c in orthonormal:
            share = c.T @ y[:, part]
            for fixed, value in held:
                share -= dot(c, fixed)[:, None] * value[part]
            share *= share
            explained[:, part] += share
        # |y|² − |y − held|²: what the held columns explain by themselves.
        for k, (fixed, value) in enumerate(held):
            explained[:, part] += 2.0 * (fixed.T @ y[:, part]) * value[part]
            for other, factor in held[: k + 1]:
                twice = 1.0 if other is fixed else 2.0
                explained[:, part] -= twice * dot(fixed, other)[:, None] * (value * factor)[part]
    score: Array = np.divide(explained, total, out=explained)
    return score


def _shared(x: Any) -> bool:
    return all(_shared(part) for part in x) if isinstance(x, tuple) else x.shape[1] == 1


def _single(problem: Problem, i: int) -> Problem:
    """Return one curve, twice (see small.dot), with its x as a shared one."""
    alone = problem.take([i, i])

    def column(x: Any) -> Any:
        return tuple(column(part) for part in x) if isinstance(x, tuple) else x[:, :1]

    return Problem(alone.model, column(alone.x), alone.y, alone.w, alone.held)
