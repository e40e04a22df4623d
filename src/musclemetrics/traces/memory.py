"""Noise that remembers itself: its autocovariance at rest, and how it reaches whatever is computed from samples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Noise", "noise_of"]

Array = NDArray[np.float64]


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
    lags = n // 2
    room = 1 << (n + lags).bit_length()
    products = np.fft.irfft(np.abs(np.fft.rfft(values, room)) ** 2, room)[: lags + 1]
    share = np.arange(lags + 1) / (lags + 1)
    taper = np.where(share < 0.5, 1 - 6 * share**2 * (1 - share), 2 * (1 - share) ** 3)
    return Noise(variance * taper * products / products[0] if products[0] > 0 else np.zeros(1))
