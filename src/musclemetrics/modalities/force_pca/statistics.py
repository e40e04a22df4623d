"""How well a curve describes its points: residual tests, for a whole stack at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...fitting import Fit
from ...fitting.engine import points_first

__all__ = ["Diagnosis", "diagnose"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Diagnosis:
    """Figures of merit and residual tests, one value a curve; NaN where a test cannot be made.

    Attributes
    ----------
    r2, sy_x, aicc : array, shape (n,)
    replicates_F, replicates_p : array, shape (n,)
        Test for lack of fit against the scatter of repeated points.
    runs_p : array, shape (n,)
        Wald–Wolfowitz runs test on the residuals' signs in the order of pCa (too few runs).
    worst, worst_p : array, shape (n,)
        Place of the largest externally studentised residual and its probability after Bonferroni.
    spread_p : array, shape (n,)
        Score test that squared residuals grow with the fitted force (Koenker 1981).
    """

    r2: Array
    sy_x: Array
    aicc: Array
    replicates_F: Array
    replicates_p: Array
    replicates_dof: tuple[int, int]
    runs_p: Array
    worst: NDArray[np.int64]
    worst_p: Array
    spread_p: Array
    fitted: Array
    residuals: Array


def diagnose(fit: Fit, pca: Array) -> Diagnosis:
    """Return the diagnosis of every curve of `fit`, whose points lie at `pca` (sorted)."""
    from scipy.special import fdtrc, stdtr

    n, m = fit.y.shape
    fitted, y = fit.fitted, fit.y
    residuals = y - fitted
    dof, p = fit.dof, len(fit.model.parameters) - len(fit.held)
    with np.errstate(all="ignore"):
        mean = _row_sum(y) / m
        total = _row_sum((y - mean[:, None]) ** 2)
        sse_plain = _row_sum(residuals**2)
        r2 = 1.0 - sse_plain / total
        sy_x = np.sqrt(fit.sse / dof) if dof > 0 else np.full(n, np.nan)
        k = p + 1
        aicc = np.full(n, np.nan)
        if m - k - 1 > 0:
            aicc = m * np.log(fit.sse / m) + 2 * k + 2 * k * (k + 1) / (m - k - 1)
            if fit.weights is not None:  # the likelihood counts the weights' determinant, up to a constant
                aicc = aicc - 2 * _row_sum(np.log(np.broadcast_to(fit.weights, (n, m))))
        weighted = residuals if fit.weights is None else residuals * fit.weights
        f_value, f_p, f_dof = _replicates(weighted, fit, pca, p, fdtrc)
        studentised = _studentised(fit, weighted, dof)
        worst = np.argmax(np.nan_to_num(np.abs(studentised), nan=-1.0), axis=1)
        size = np.abs(studentised[np.arange(n), worst])
        worst_p = np.minimum(1.0, m * 2 * stdtr(dof - 1, -size)) if dof > 1 else np.full(n, np.nan)
        spread_p = _spread(weighted, fitted, fit.weights is None)
    return Diagnosis(r2, sy_x, aicc, f_value, f_p, f_dof, _runs(residuals), worst, worst_p, spread_p, fitted, residuals)


def _row_sum(values: Array) -> Array:
    # One row at a time whatever the stack, so that a curve's sum does not depend on its neighbours.
    total: Array = np.add.reduce(np.ascontiguousarray(values), axis=1)
    return total


def _replicates(weighted: Array, fit: Fit, pca: Array, p: int, fdtrc: object) -> tuple[Array, Array, tuple[int, int]]:
    n, m = fit.y.shape
    levels, place, counts = np.unique(pca, return_inverse=True, return_counts=True)
    groups = len(levels)
    none = np.full(n, np.nan)
    if groups == m or groups <= p:
        return none, none, (0, 0)
    w = np.ones((n, m)) if fit.weights is None else np.broadcast_to(fit.weights, (n, m))
    pure = np.zeros(n)
    for g in range(groups):
        if counts[g] > 1:
            inside = place == g
            y, v = fit.y[:, inside], w[:, inside] ** 2
            centre = _row_sum(y * v) / _row_sum(v)
            pure = pure + _row_sum(v * (y - centre[:, None]) ** 2)
    lack = _row_sum(weighted**2) - pure
    dof = (groups - p, m - groups)
    f_value = (lack / dof[0]) / (pure / dof[1])
    return f_value, np.asarray(fdtrc(dof[0], dof[1], np.maximum(f_value, 0.0))), dof  # type: ignore[operator]


def _studentised(fit: Fit, weighted: Array, dof: int) -> Array:
    """Return externally studentised residuals (Cook & Weisberg 1982, Residuals and Influence in Regression)."""
    n, m = fit.y.shape
    if dof <= 1:
        return np.full((n, m), np.nan)
    slopes = fit.model.derivatives(points_first(fit.x), *fit.parameters.T)
    free = [i for i, name in enumerate(fit.model.parameters) if name not in fit.held]
    j = np.stack([np.broadcast_to(slopes[i], (m, n)).T for i in free], axis=2)
    if fit.weights is not None:
        j = j * np.broadcast_to(fit.weights, (n, m))[:, :, None]
    # The hat matrix from an orthogonal factor: it holds even where a parameter is not identified.
    size = np.sqrt(np.maximum((j * j).sum(axis=1, keepdims=True), 1e-300))
    q = np.linalg.qr(j / size)[0]
    leverage = np.clip((q * q).sum(axis=2), 0.0, 1.0)
    # A point that alone decides a parameter is always fitted and can never be seen to lie off the curve.
    leverage = np.where(leverage > 0.999, np.nan, leverage)
    # At a bound the curve does not bend as its derivatives say, and neither does what leaving a point out would do.
    low, high = fit.model.bounds()
    outside = (fit.parameters <= low) | (fit.parameters >= high)
    at_bound = np.any(outside[:, free], axis=1, keepdims=True)
    leverage = np.where(at_bound, np.nan, leverage)
    inner = weighted / np.sqrt(1.0 - leverage)
    left = (fit.sse[:, None] - inner**2) / (dof - 1)
    return np.asarray(inner / np.sqrt(np.maximum(left, 1e-12 * fit.sse[:, None])))


def _runs(residuals: Array) -> Array:
    """Return the probability of so few runs of sign, exact for small samples (Wald & Wolfowitz 1940)."""
    from scipy.special import comb

    n, m = residuals.shape
    positive = residuals > 0
    plus = positive.sum(axis=1)
    runs = 1 + (positive[:, 1:] != positive[:, :-1]).sum(axis=1)
    out = np.full(n, np.nan)
    known: dict[tuple[int, int], float] = {}
    for i, key in enumerate(zip(plus.tolist(), runs.tolist(), strict=True)):
        if key not in known:
            a, b, r = key[0], m - key[0], key[1]
            if a == 0 or b == 0:
                known[key] = np.nan
            else:
                ways = 0.0
                for u in range(2, r + 1):
                    half = u // 2
                    if u % 2 == 0:
                        ways += 2 * comb(a - 1, half - 1) * comb(b - 1, half - 1)
                    else:
                        ways += comb(a - 1, half) * comb(b - 1, half - 1) + comb(a - 1, half - 1) * comb(b - 1, half)
                known[key] = float(ways / comb(a + b, a))
        out[i] = known[key]
    return out


def _spread(weighted: Array, fitted: Array, constant: bool) -> Array:
    """Return the one-sided probability that squared residuals grow with the fitted value by chance."""
    from scipy.special import ndtr

    n, m = weighted.shape
    if not constant or m < 6:
        return np.full(n, np.nan)
    squares = weighted**2
    a = squares - (_row_sum(squares) / m)[:, None]
    b = fitted - (_row_sum(fitted) / m)[:, None]
    correlation = _row_sum(a * b) / np.sqrt(_row_sum(a * a) * _row_sum(b * b))
    return np.asarray(ndtr(-np.sqrt(m) * correlation))
