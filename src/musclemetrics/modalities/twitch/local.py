"""A stretch of signal as a polynomial whose degree the noise decides, and how its noise reaches a number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Noise", "Stretch", "fitted", "noise_of"]

Array = NDArray[np.float64]

HIGHEST = 8
"""Highest degree tried: a smooth twitch cut at its half heights needs five or six."""
LEAST = 6
"""Samples a stretch needs at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Noise of a recording as its autocovariance, from a stretch of rest.

    Attributes
    ----------
    covariance : array
        By lag in samples; [0] is the variance. Beyond the last lag it is taken as zero.
    """

    covariance: Array

    @property
    def sd(self) -> float:
        """Standard deviation of a sample."""
        return math.sqrt(self.covariance[0])

    @property
    def memory(self) -> float:
        """How many samples count as one: the variance of a long mean over that of white noise, at least 1."""
        if self.covariance[0] <= 0.0:
            return 1.0
        share = self.covariance[1:] / self.covariance[0]
        # Up to the first lag without correlation: the rest is noise of the estimate (Geyer 1992, Stat Sci 7:473).
        beyond = np.flatnonzero(share <= 0.0)
        return float(1.0 + 2.0 * share[: int(beyond[0]) if len(beyond) else len(share)].sum())

    def at_least(self, variance: float) -> Noise:
        """Return the same noise, larger where a sample's variance is known to be larger."""
        own = float(self.covariance[0])
        if variance <= own:
            return self
        return Noise(self.covariance * (variance / own) if own > 0.0 else np.array([variance]))

    def variance(self, weights: Array) -> float:
        """Return the variance of the sum of `weights` times consecutive samples."""
        white = float(self.covariance[0] * (weights @ weights))
        size = len(weights)
        lags = min(size, len(self.covariance))
        if lags < 2:
            return white
        room = 1 << (size + lags - 1).bit_length()
        power = np.abs(np.fft.rfft(weights, room)) ** 2
        products = np.fft.irfft(power, room)[1:lags]
        # An estimated covariance is itself noisy: it may say that errors cancel, which is not relied upon.
        return max(white, white + 2.0 * float(self.covariance[1:lags] @ products))


def noise_of(rest: Array) -> Noise:
    """Return the noise of a signal at rest: its autocovariance about a line, tapered (Parzen) to a quarter of it."""
    n = len(rest)
    if n < 3:
        return Noise(np.zeros(1))
    k = np.arange(n) - (n - 1) / 2
    values = rest - rest.mean()
    values = values - k * (float(k @ values) / float(k @ k))
    variance = float(values @ values) / max(n - 2, 1)
    if n < 20:
        return Noise(np.array([variance]))
    lags = n // 4
    room = 1 << (n + lags).bit_length()
    products = np.fft.irfft(np.abs(np.fft.rfft(values, room)) ** 2, room)[: lags + 1]
    share = np.arange(lags + 1) / (lags + 1)
    taper = np.where(share < 0.5, 1 - 6 * share**2 * (1 - share), 2 * (1 - share) ** 3)
    return Noise(variance * taper * products / products[0] if products[0] > 0 else np.zeros(1))


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A polynomial through consecutive samples.

    Attributes
    ----------
    first, last : int
        The samples [first, last).
    degree : int
    variance : float
        Of the samples about the polynomial.
    """

    first: int
    last: int
    degree: int
    variance: float
    centre: float
    half: float
    orthogonal: Array
    triangle: Array
    powers: Array

    def _basis(self, t: Array, order: int) -> Array:
        x = (np.atleast_1d(t) - self.centre) / self.half
        k = np.arange(self.degree + 1)
        factor = np.ones(self.degree + 1)
        for step in range(order):
            factor = factor * np.maximum(k - step, 0)
        raised = x[:, None] ** np.maximum(k - order, 0)
        return np.asarray(factor * raised / self.half**order)

    def value(self, t: Array | float, order: int = 0) -> Array:
        """Return the polynomial or its derivative of `order` at `t`, shape (len(t),)."""
        return np.asarray(self._basis(np.asarray(t, float), order) @ self.powers)

    def weights(self, t: float, order: int = 0) -> Array:
        """Return the weight of each sample of the stretch in :meth:`value` at `t`."""
        row = self._basis(np.array([t]), order)[0]
        return np.asarray(self.orthogonal @ np.linalg.solve(self.triangle.T, row))

    def root(self, t: float, order: int, level: float = 0.0) -> float:
        """Return where the derivative of `order` equals `level`, by Newton's steps from `t`; `t` if they lead away."""
        low, high = self.centre - self.half, self.centre + self.half
        here = t
        for _ in range(20):
            slope = float(self.value(here, order + 1)[0])
            if slope == 0.0:
                return t
            step = (float(self.value(here, order)[0]) - level) / slope
            here -= step
            if not low <= here <= high:
                return t
            if abs(step) < 1e-12 * self.half:
                break
        return here


def fitted(time: Array, values: Array, first: int, last: int, memory: float = 1.0) -> Stretch:
    """Return the polynomial of least squares through the samples [first, last).

    Parameters
    ----------
    time, values : array, shape (n,)
    first, last : int
        At least six samples.
    memory : float
        How many samples count as one, see :attr:`Noise.memory`.

    Returns
    -------
    Stretch
        Of degree 2 to 7, the one with the least AICc (Hurvich & Tsai 1989, Biometrika 76:297): with little noise
        the curve is followed closely, with much it is smoothed.
    """
    t, y = time[first:last], values[first:last]
    n = len(t)
    centre, half = 0.5 * float(t[0] + t[-1]), 0.5 * float(t[-1] - t[0])
    highest = min(HIGHEST, n - 4) if n > LEAST else 2
    q, r = np.linalg.qr(((t - centre) / half)[:, None] ** np.arange(highest + 1))
    along = q.T @ y
    rest = np.maximum(float(y @ y) - np.cumsum(along**2), 0.0)
    degrees = np.arange(2, highest + 1)
    k = degrees + 2.0
    counted = max(n / memory, highest + 5.0)
    # Rounding bounds what is left of an exact curve; without a floor the logarithm would chase it.
    spread = np.maximum(rest[2:] / n, 1e-24 * float(y @ y) / n + 1e-300)
    aicc = counted * np.log(spread) + 2 * k + 2 * k * (k + 1) / np.maximum(counted - k - 1, 0.5)
    degree = min(int(degrees[np.argmin(aicc)]) + 1, highest)
    keep = degree + 1
    powers = np.linalg.solve(r[:keep, :keep], along[:keep])
    variance = float(rest[degree]) / max(n - keep, 1)
    return Stretch(first, last, degree, variance, centre, half, q[:, :keep], r[:keep, :keep], powers)
