"""How well the hyperbola describes its points, for a whole stack at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .curves import SHAPE
from .quantities import Hyperbolas

__all__ = ["Diagnosis", "diagnose"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Figures of merit, one value a curve; NaN where a test cannot be made.

    Attributes
    ----------
    r2, sy_x : array, shape (n,)
    lack_F, lack_p : array, shape (n,)
        Test for lack of fit against the scatter of repeated points.
    lack_dof : list of (int, int)
    worst : array of int, shape (n,)
        Place of the largest externally studentised residual (Cook & Weisberg 1982).
    worst_p : array, shape (n,)
        Its probability after Bonferroni.
    exact : array of bool, shape (n,)
        The points lie on the curve to rounding.
    """

    r2: Array
    sy_x: Array
    lack_F: Array
    lack_p: Array
    lack_dof: list[tuple[int, int]]
    worst: NDArray[np.int64]
    worst_p: Array
    exact: NDArray[np.bool_]
    fitted: Array
    residuals: Array


def diagnose(found: Hyperbolas) -> Diagnosis:
    """Return the diagnosis of every curve."""
    y, fitted, dof = found.y, found.fitted, found.fit.dof
    residuals = y - fitted
    with np.errstate(all="ignore"):
        mean = _row_sum(y) / y.shape[1]
        sse = _row_sum(residuals**2)
        r2 = 1.0 - sse / _row_sum((y - mean[:, None]) ** 2)
        sy_x = np.sqrt(sse / dof) if dof > 0 else np.full(len(y), np.nan)
        exact = np.sqrt(sse / y.shape[1]) < 1e-9 * np.abs(y).max(axis=1)
        lack_F, lack_p, lack_dof = _lack(found, residuals)
        worst, worst_p = _outlier(found, residuals, sse)
    return Diagnosis(r2, sy_x, lack_F, lack_p, lack_dof, worst, worst_p, exact, fitted, residuals)


def _row_sum(values: Array) -> Array:
    # One row at a time whatever the stack, so that a curve's sum does not depend on its neighbours.
    total: Array = np.add.reduce(np.ascontiguousarray(values), axis=1)
    return total


def _free(found: Hyperbolas) -> int:
    return 3 - (found.held is not None)


def _lack(found: Hyperbolas, residuals: Array) -> tuple[Array, Array, list[tuple[int, int]]]:
    from scipy.special import fdtrc

    n, m = found.y.shape
    F, p, dofs = np.full(n, np.nan), np.full(n, np.nan), [(0, 0)] * n
    for i in range(n):
        levels, place, counts = np.unique(found.x[i], return_inverse=True, return_counts=True)
        g = len(levels)
        if g == m or g <= _free(found):
            continue
        centre = np.bincount(place, found.y[i]) / counts
        pure = float(np.sum((found.y[i] - centre[place]) ** 2))
        lack = float(np.sum(residuals[i] ** 2)) - pure
        dofs[i] = (g - _free(found), m - g)
        if pure > 0:
            F[i] = (lack / dofs[i][0]) / (pure / dofs[i][1])
            p[i] = float(fdtrc(*dofs[i], max(F[i], 0.0)))
    return F, p, dofs


def _outlier(found: Hyperbolas, residuals: Array, sse: Array) -> tuple[NDArray[np.int64], Array]:
    from scipy.special import stdtr

    n, m = found.y.shape
    dof = found.fit.dof
    nothing = np.zeros(n, np.int64), np.full(n, np.nan)
    if dof <= 1:
        return nothing
    slopes = SHAPE.derivatives(found.x.T, found.G, found.q, found.y0)
    free = [i for i, name in enumerate(SHAPE.parameters) if name != found.held]
    j = np.stack([np.broadcast_to(slopes[i], (m, n)).T for i in free], axis=2)
    size = np.sqrt(np.maximum((j * j).sum(axis=1, keepdims=True), 1e-300))
    orthogonal = np.linalg.qr(j / size)[0]
    leverage = (orthogonal * orthogonal).sum(axis=2)
    # A point that alone decides a parameter is always fitted and can never be seen to lie off the curve.
    leverage = np.where(leverage > 0.999, np.nan, leverage)
    inner = residuals / np.sqrt(1.0 - leverage)
    left = np.maximum((sse[:, None] - inner**2) / (dof - 1), 1e-12 * sse[:, None])
    studentised = np.nan_to_num(np.abs(inner / np.sqrt(left)), nan=-1.0)
    worst = np.argmax(studentised, axis=1)
    largest = studentised[np.arange(n), worst]
    return worst, np.where(largest < 0, np.nan, np.minimum(1.0, m * 2 * stdtr(dof - 1, -largest)))
