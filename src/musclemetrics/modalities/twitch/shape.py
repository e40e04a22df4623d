"""Whether a response has the shape of one twitch: one rise to its peak, and a top that is round."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...traces.memory import Noise
from .definitions import LIMITS

__all__ = ["earlier_fall", "flatness", "second_rise"]

Array = NDArray[np.float64]

DEPTHS = (0.01, 0.02, 0.04)
"""Shares of the peak below it at which the width of the top is taken; the first that noise and sampling allow."""
LEAST = 12
"""Samples of the top, at least, to tell its shape."""


def _scatter(weights: Array, noise: Noise) -> float:
    return math.sqrt(noise.variance(weights))


def _box(width: int) -> Array:
    return np.full(width, 1.0 / width)


def earlier_fall(shape: Array, top: int) -> float:
    """Return how far a smoothed response falls on its way to its peak: 0 for one that only rises."""
    rising = shape[: top + 1]
    return float(np.max(np.maximum.accumulate(rising) - rising))


def second_rise(force: Array, shape: Array, top: int, onset: int, noise: Noise) -> float:
    """Return by how much the rise slows down and steepens again before the peak, as a share of its steepest.

    Parameters
    ----------
    force, shape : array, shape (n,)
        Force above the baseline, and smoothed.
    top, onset : int
        Samples of the peak and of the beginning.
    noise : Noise

    Returns
    -------
    float
        0 where it is within what noise does: a twitch steepens once.
    """
    width = max(1, int((shape > 0.5 * shape[top]).sum()) // 24)
    if top - onset < 4 * width:
        return 0.0
    # Means of a short stretch, their difference to the next, and the mean of that: a slope that noise moves little.
    weights = np.convolve(np.convolve(_box(width), np.concatenate(([1.0], np.zeros(width - 1), [-1.0]))), _box(width))
    before = force[max(0, onset - len(weights) // 2) : top + 1 + len(weights) // 2]
    if len(before) <= len(weights):
        return 0.0
    slope = np.convolve(before, weights, "valid")
    steepest = float(slope.max())
    left = np.maximum.accumulate(slope)
    right = np.maximum.accumulate(slope[::-1])[::-1]
    most = float(np.max(np.minimum(left, right) - slope))
    return most / steepest if most > LIMITS["surely"] * _scatter(weights, noise) else 0.0


def flatness(shape: Array, top: int, noise: Noise) -> float:
    """Return the width of the top just below the peak over that four times as far below it.

    A top that is round, a parabola, gives a half; one cut off by an amplifier tends to 1, whatever noise was added
    behind it. NaN where noise or sampling do not let it be told.
    """
    peak = float(shape[top])
    wide = max(1, int((shape > 0.5 * peak).sum()) // 8)
    limit = 3.0 * _scatter(_box(wide), noise)
    for depth in DEPTHS:
        near, far = (int((shape > (1.0 - share) * peak).sum()) for share in (depth, 4.0 * depth))
        if depth * peak >= limit and far >= LEAST:
            return near / far
    return math.nan
