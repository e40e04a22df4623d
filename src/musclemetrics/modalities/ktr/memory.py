"""What is left of many samples whose noise remembers itself.

Least squares of coloured noise estimates nearly as well as anything, but its textbook intervals are far too narrow.
The residuals are described as an autoregression (Burg's method, order by Akaike's criterion), whose spectrum gives the
true covariance of the least-squares estimates, ``(JᵀJ)⁻¹ JᵀΣJ (JᵀJ)⁻¹``; its diagonal, by that of white noise, says for
each parameter how many samples amount to one independent one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Memory", "autoregression", "inflation", "misfit"]

Array = NDArray[np.float64]

ORDER = 12
"""Highest order tried."""
PATTERNS = 6
"""Slow shapes that residuals are searched for, spread evenly over the logarithm of time."""


class Memory(NamedTuple):
    """What the memory of residuals does to the variances of a fit.

    Attributes
    ----------
    wider : array, shape (p,)
        Variance of each parameter, by that of white noise; at least 1.
    mean : float
        The same for a plain mean.
    share : float
        Degrees of freedom that the variance of the noise itself is known with, by those of white noise (Welch &
        Satterthwaite: (∑S)²/∑S² over the spectrum S); at most 1.
    """

    wider: Array
    mean: float
    share: float


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


def inflation(residuals: Array, slopes: Array) -> Memory:
    """Return how much wider coloured noise makes the variance of each parameter, and of a plain mean.

    Parameters
    ----------
    residuals : array, shape (n,)
        Of a least-squares fit, evenly spaced.
    slopes : array, shape (n, p)
        The curve's derivative by each parameter.

    Returns
    -------
    Memory
    """
    n, p = slopes.shape
    if n < 8 or not float(residuals @ residuals) > 0.0:
        return Memory(np.ones(p), 1.0, 1.0)
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
        return Memory(np.ones(p), 1.0, 1.0)
    sigma = float(residuals @ residuals) / max(1, n - p)
    found = np.diagonal(white @ coloured @ white) / (sigma * np.diagonal(white))
    found = np.where(np.isfinite(found), found, 1.0)
    share = float(np.sum(spectrum * weight)) ** 2 / (float(np.sum(weight)) * float(np.sum(spectrum**2 * weight)))
    return Memory(np.maximum(1.0, found), max(1.0, float(spectrum[0]) / sigma), min(1.0, share))


def misfit(residuals: Array, slopes: Array, time: Array) -> float:
    """Return the probability that noise alone, slow as it may be, leaves residuals as patterned as these.

    Noise is as strong and as slow in one part of a recording as in another; a wrong curve leaves one shape behind. Six
    Legendre polynomials of ln(1 + time), without what the curve's own parameters could mend, are taken out of the
    residuals, and what they explain is compared with what is left, whose memory is that of noise alone.

    Parameters
    ----------
    residuals : array, shape (n,)
    slopes : array, shape (n, p)
        The curve's derivative by each parameter.
    time : array, shape (n,)
        In time constants from the beginning of the recovery.
    """
    from scipy.special import fdtrc

    n, p = slopes.shape
    if n < 4 * (p + PATTERNS) or not float(residuals @ residuals) > 0.0:
        return 1.0
    warped = np.log1p(np.maximum(time, 0.0))
    low, high = float(warped.min()), float(warped.max())
    shapes = np.polynomial.legendre.legvander(2.0 * (warped - low) / (high - low) - 1.0, PATTERNS)[:, 1:]
    scale = np.sqrt(np.sum(slopes**2, axis=0))
    patterns = np.linalg.qr(np.column_stack([slopes / np.where(scale > 0.0, scale, 1.0), shapes]))[0][:, p:]
    size = patterns.T @ residuals
    rest = residuals - patterns @ size
    noise = inflation(rest, patterns)
    dof = max(1.0, (n - p - PATTERNS) * noise.share)
    variance = float(rest @ rest) / max(1, n - p - PATTERNS)
    F = float(np.mean(size**2 / (noise.wider * variance)))
    return float(fdtrc(PATTERNS, dof, F))
