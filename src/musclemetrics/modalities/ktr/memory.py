"""What is left of many samples whose noise remembers itself.

Least squares of coloured noise estimates nearly as well as anything, but its textbook intervals are far too narrow.
The residuals are described as an autoregression (Burg's method, order by Akaike's criterion), whose spectrum gives the
true covariance of the least-squares estimates, ``(JᵀJ)⁻¹ JᵀΣJ (JᵀJ)⁻¹``; its diagonal, by that of white noise, says for
each parameter how many samples amount to one independent one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["autoregression", "inflation"]

Array = NDArray[np.float64]

ORDER = 12
"""Highest order tried."""


def autoregression(residuals: Array, order: int = ORDER) -> tuple[Array, float]:
    """Return the coefficients of the autoregression that describes a row of residuals, and the variance it leaves.

    Burg's method (1975, thesis, Stanford University), order by Akaike's criterion (1974, IEEE Trans Autom Control
    19:716); no coefficients for white noise.

    Parameters
    ----------
    residuals : array, shape (n,)
        Evenly spaced.
    order : int
        Highest order tried.
    """
    n = len(residuals)
    forward, backward = residuals[1:], residuals[:-1]
    coefficients = np.zeros(0)
    variance = float(residuals @ residuals) / n
    best = coefficients, variance
    least = math.log(variance)
    for k in range(1, min(order, n // 4) + 1):
        power = float(forward @ forward + backward @ backward)
        if power <= 0.0:
            break
        reflection = 2.0 * float(forward @ backward) / power
        coefficients = np.append(coefficients - reflection * coefficients[::-1], reflection)
        variance *= 1.0 - reflection**2
        if variance <= 0.0:
            break
        criterion = math.log(variance) + 2.0 * k / n
        if criterion < least:
            least, best = criterion, (coefficients, variance)
        forward, backward = (forward - reflection * backward)[1:], (backward - reflection * forward)[:-1]
    return best


def inflation(residuals: Array, slopes: Array) -> tuple[Array, float]:
    """Return how much wider coloured noise makes the variance of each parameter, and of a plain mean.

    Parameters
    ----------
    residuals : array, shape (n,)
        Of a least-squares fit, evenly spaced.
    slopes : array, shape (n, p)
        The curve's derivative by each parameter.

    Returns
    -------
    array, shape (p,), and float
        Each at least 1, which is white noise.
    """
    n, p = slopes.shape
    if n < 8 or not float(residuals @ residuals) > 0.0:
        return np.ones(p), 1.0
    coefficients, variance = autoregression(residuals)
    total = float(coefficients.sum())
    if total > 0.0:
        # A fit of p parameters takes slow noise out of its own residuals. The sum of the coefficients, which decides
        # the slow end of the spectrum, is lowered by about (p + (p + 2) sum)/n, as Kendall (1954, Biometrika 41:403)
        # found for the first order and a mean.
        raised = min(total + (p + (p + 2) * total) / n, 1.0 - 2.0 / n)
        if len(coefficients) == 1:
            variance = float(residuals @ residuals) / n * (1.0 - raised**2)
        coefficients = coefficients * (raised / total)
    size = 4 * n
    angle = 2.0 * np.pi * np.arange(size // 2 + 1) / size
    response = np.ones(len(angle), complex)
    for k, a in enumerate(coefficients, 1):
        response -= a * np.exp(-1j * k * angle)
    spectrum = variance / np.abs(response) ** 2
    weight = np.full(len(angle), 2.0)
    weight[[0, -1]] = 1.0
    scale = np.sqrt(np.sum(slopes**2, axis=0))
    unit = slopes / np.where(scale > 0.0, scale, 1.0)
    transformed = np.fft.rfft(unit, size, axis=0)
    coloured = np.real((transformed.conj().T * (spectrum * weight)) @ transformed) / size
    try:
        white = np.linalg.inv(unit.T @ unit)
    except np.linalg.LinAlgError:
        return np.ones(p), 1.0
    sigma = float(residuals @ residuals) / max(1, n - p)
    found = np.diagonal(white @ coloured @ white) / (sigma * np.diagonal(white))
    found = np.where(np.isfinite(found), found, 1.0)
    return np.maximum(1.0, found), max(1.0, float(spectrum[0]) / sigma)
