"""Covariance of the estimates of a whole stack: as the weights say, or for white noise whatever the weights."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .model import Array, Model
from .problem import part_of, some, take_x
from .small import dot, factor, inverse

__all__ = ["covariance_of"]


def covariance_of(
    model: Model, x: Any, w: Array | None, parameters: Array, sse: Array, dof: int, fixed: dict[int, Array], white: bool
) -> Array:
    """Return the covariance of every curve's parameters: from the residual variance, or for white noise."""
    n, p = parameters.shape
    free = [i for i in range(p) if i not in fixed]
    out = np.zeros((n, p, p))
    variance = sse / dof if dof > 0 else np.full(n, np.nan)
    part = part_of((x[0] if isinstance(x, tuple) else x).shape[0])
    with np.errstate(all="ignore"):
        for first in range(0, n, part):
            rows = np.arange(first, min(first + part, n))
            wide = rows if len(rows) > 1 else np.repeat(rows, 2)
            slopes, root = _weighted_slopes(model, take_x(x, wide), w, parameters, wide, free)
            columns = _unscaled(model, slopes)
            scale = variance[rows]
            if white and root is not None:
                columns, freedom = _sandwich(columns, slopes, root)
                scale = sse[rows] / freedom[: len(rows)] if dof > 0 else scale
            for a, i in enumerate(free):
                for b, j in enumerate(free):
                    out[rows, i, j] = columns[a][b][: len(rows)] * scale
    return out


def _sandwich(bread: list[list[Array]], slopes: list[Array], root: Array) -> tuple[list[list[Array]], Array]:
    """Return bread·meat·bread for errors of one variance, and what the weighted sum of squares amounts to of it.

    With J the weighted Jacobian, the residual e = (I − H) W ε has E|e|² = σ² (Σw² − tr(H W²)), so that the second
    result divides the weighted sum of squares into σ² without bias.
    """
    p = len(slopes)
    outer = [c * root for c in slopes]
    lower = [[dot(outer[a], outer[b]) for b in range(a + 1)] for a in range(p)]
    meat: list[list[Any]] = [[lower[max(a, b)][min(a, b)] for b in range(p)] for a in range(p)]

    def product(left: list[list[Any]], right: list[list[Any]], a: int, b: int) -> Array:
        total: Array = functools.reduce(np.add, [left[a][k] * right[k][b] for k in range(p)])
        return total

    half = [[product(bread, meat, a, b) for b in range(p)] for a in range(p)]
    total = dot(root, root)
    freedom = total - functools.reduce(np.add, [half[a][a] for a in range(p)])
    whole = [[product(half, bread, a, b) for b in range(a + 1)] for a in range(p)]
    return [[whole[max(a, b)][min(a, b)] for b in range(p)] for a in range(p)], freedom


def _weighted_slopes(
    model: Model, x: Any, w: Array | None, parameters: Array, rows: NDArray[np.int64], free: list[int]
) -> tuple[list[Array], Array | None]:
    """Return the columns of J, weighted, and the weights of these curves."""
    slopes = model.derivatives(x, *parameters[rows].T) if model.analytic else _numeric(model, x, parameters[rows])
    m = slopes[0].shape[0]
    shape = (m, len(rows))
    if w is None:
        return [np.broadcast_to(slopes[i], shape) * 1.0 for i in free], None
    # Laid out whole: an array times an array is faster than an array times a column.
    weights = np.array(np.broadcast_to(w, shape), order="C") if w.shape[1] == 1 else some(w, rows)
    return [np.broadcast_to(slopes[i], shape) * weights for i in free], weights


def _unscaled(model: Model, columns: list[Array]) -> list[list[Array]]:
    free = range(len(columns))
    scale = [np.sqrt(np.maximum(dot(c, c), 1e-300)) for c in columns]
    unit = [c / s for c, s in zip(columns, scale, strict=True)]
    if model.basis is None:
        # Certified standard deviations need the full precision of an orthogonal factor.
        r = np.asarray(np.linalg.qr(np.stack([u.T for u in unit], axis=2), mode="r"))
        diagonal: Array = np.abs(np.diagonal(r, axis1=1, axis2=2))
        r = np.where(np.all(diagonal > 1e-14, axis=1)[:, None, None], r, np.eye(len(free)) * 1e-160)
        inv = np.linalg.inv(r)
        full = inv @ np.swapaxes(inv, 1, 2)
        cov: list[list[Any]] = [[full[:, a, b] for b in range(len(free))] for a in range(len(free))]
    else:
        low = factor([[dot(a, b) for b in unit[: i + 1]] for i, a in enumerate(unit)], floor=1e-30)
        cov = inverse(low)
    out = [[cov[a][b] / (scale[a] * scale[b]) for b in range(len(free))] for a in range(len(free))]
    for a in range(len(free)):
        out[a][a] = np.where(cov[a][a] > 1e14, np.inf, out[a][a])
    return out


def _numeric(model: Model, x: Any, parameters: Array) -> list[Array]:
    from .general import numeric_derivatives

    return numeric_derivatives(model, x, list(parameters.T))
