"""Linear algebra on thousands of small systems at once.

A stack of small matrices is a list of lists of arrays of shape (curves,): entry (i, j) of every system side by side.
For two to ten unknowns this is an order of magnitude faster than one LAPACK call a system, and every curve's result
is the same whatever stands beside it: only elementwise operations occur.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Factor", "dot", "factor", "inverse", "solve"]

Array = NDArray[np.float64]
Factor = list[list[Array]]


def dot(a: Array, b: Array) -> Array:
    """Return the sum over points of ``a * b``, both (points, curves), at least two curves wide.

    Not einsum: its fused multiply-add differs between the vector body and the tail of a row, which would make a
    curve's last bits depend on its neighbours.
    """
    result: Array = np.add.reduce(a * b, axis=0)
    return result


def factor(matrix: list[list[Array]], floor: float = 1e-300) -> Factor:
    """Return the lower Cholesky factor of symmetric positive definite systems (lower triangle given).

    Pivots below `floor` are lifted to it: the step along a direction without information is then governed by the
    damping alone instead of being NaN.
    """
    n = len(matrix)
    low: Factor = [[matrix[i][j] for j in range(i + 1)] for i in range(n)]
    for j in range(n):
        pivot = low[j][j]
        for k in range(j):
            pivot = pivot - low[j][k] * low[j][k]
        pivot = np.sqrt(np.maximum(pivot, floor))
        low[j][j] = pivot
        for i in range(j + 1, n):
            value = low[i][j]
            for k in range(j):
                value = value - low[i][k] * low[j][k]
            low[i][j] = value / pivot
    return low


def solve(low: Factor, right: list[Array]) -> list[Array]:
    """Return the solution of the factored systems."""
    n = len(low)
    y: list[Array] = []
    for i in range(n):
        value = right[i]
        for k in range(i):
            value = value - low[i][k] * y[k]
        y.append(value / low[i][i])
    x: list[Array] = list(y)
    for i in reversed(range(n)):
        value = y[i]
        for k in range(i + 1, n):
            value = value - low[k][i] * x[k]
        x[i] = value / low[i][i]
    return x


def inverse(low: Factor) -> list[list[Array]]:
    """Return the full inverse of the factored systems."""
    n = len(low)
    zero = np.zeros_like(low[0][0])
    one = np.ones_like(zero)
    columns = [solve(low, [one if i == j else zero for i in range(n)]) for j in range(n)]
    return [[columns[j][i] for j in range(n)] for i in range(n)]
