"""The level of a stretch of signal and how sure it is, with noise that remembers itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Hum", "Level", "hum", "level", "median", "noise"]

Array = NDArray[np.float64]

MAINS = (50.0, 60.0)
"""Hz."""
CYCLES = 2.0
"""Cycles of mains that must be seen to tell hum from drift."""
PROBES = 2048


@dataclass(frozen=True, slots=True)
class Level:
    """A stretch of signal as a number.

    Attributes
    ----------
    mean : float
    sd : float
        Of the samples about the mean.
    stderr : float
        Of the mean, from the means of blocks, so that correlated noise and hum do not make it look surer than it is.
    slope : float
        Change a sample, least squares.
    n : int
        Samples.
    """

    mean: float
    sd: float
    stderr: float
    slope: float
    n: int


def level(values: Array, blocks: int = 10) -> Level:
    """Return mean, scatter and drift of a stretch of samples.

    Parameters
    ----------
    values : array, shape (n,)
        At least one sample.
    blocks : int
        Blocks whose means give the standard error (method of batch means; Schmeiser 1982, Operations Research
        30:556): white noise gives sd/√n, slower noise more.

    Returns
    -------
    Level
    """
    n = len(values)
    mean = float(np.add.reduce(values)) / n
    if n < 3:
        return Level(mean, math.nan, math.nan, math.nan, n)
    off = values - mean
    sd = math.sqrt(float(off @ off) / (n - 1))
    slope = float(np.arange(n) @ off) * 12.0 / (n * (n * n - 1.0))
    white = sd / math.sqrt(n)
    if n < 2 * blocks:
        return Level(mean, sd, white, slope, n)
    size = n // blocks
    means = np.add.reduce(off[: size * blocks].reshape(blocks, size), axis=1) / size
    means = means - np.add.reduce(means) / blocks
    return Level(mean, sd, max(white, math.sqrt(float(means @ means) / (blocks * (blocks - 1)))), slope, n)


def noise(values: Array) -> float:
    """Return the standard deviation of a signal's sample-to-sample noise, whatever the signal does slowly.

    From the median of absolute second differences, which ignores trends and rare jumps. Noise that was low-pass
    filtered looks smaller by it than it is; a stretch of rest (:func:`level`) tells that.
    """
    n = len(values)
    if n < 5:
        return 0.0
    stride = -(-(n - 2) // PROBES)
    second = values[2::stride] - 2 * values[1:-1:stride] + values[: n - 2 : stride]
    # A difference of this kind has √6 times the noise; 0.6745 of a normal SD is its median deviation.
    return median(np.abs(second)) / (0.6745 * math.sqrt(6.0))


def median(values: Array) -> float:
    """Return the middle value (the upper one of two); NumPy's own costs ten times as much on a short stretch."""
    k = len(values) // 2
    return float(np.partition(values, k)[k])


class Hum(NamedTuple):
    """Mains hum in a signal: frequency (Hz) and amplitude; NaN where the stretches are too short to tell."""

    frequency: float
    amplitude: float


def hum(stretches: Sequence[tuple[Array, Array]], rate: float) -> Hum:
    """Return the mains hum that stretches of rest share, whose phase goes through the whole recording.

    Parameters
    ----------
    stretches : sequence of (array, array)
        Time, s, and signal of each; their own levels do not matter.
    rate : float
        Samples a second.

    Returns
    -------
    Hum
        Amplitude 0 where it is not sure to four standard errors.
    """
    size = max(1, int(rate // 2000))  # some thirty samples a cycle are plenty
    parts = []
    for t, f in stretches:
        n = len(t) // size * size
        if n >= 3 * size:
            parts.append((t[:n].reshape(-1, size).mean(axis=1), f[:n].reshape(-1, size).mean(axis=1)))
    best = Hum(math.nan, math.nan)
    if not parts or sum(float(t[-1] - t[0]) for t, _ in parts) < CYCLES / MAINS[0]:
        return best
    counts = np.array([len(t) for t, _ in parts])
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))

    def levelled(values: Array) -> Array:
        """Return values without the mean of their stretch."""
        return np.asarray(values - np.repeat(np.add.reduceat(values, starts) / counts, counts))

    t = np.concatenate([t for t, _ in parts])
    y = levelled(np.concatenate([f for _, f in parts]))
    total, dof = float(y @ y), max(len(y) - len(parts) - 2, 1)
    for frequency in MAINS:
        angle = 2 * math.pi * frequency * t
        c, s = levelled(np.cos(angle)), levelled(np.sin(angle))
        cc, ss, cs, cy, sy = float(c @ c), float(s @ s), float(c @ s), float(c @ y), float(s @ y)
        det = cc * ss - cs * cs
        if det <= 0:
            continue
        a, b = (ss * cy - cs * sy) / det, (cc * sy - cs * cy) / det
        variance = max(total - a * cy - b * sy, 0.0) / dof
        amplitude = math.hypot(a, b)
        sure = amplitude > 4.0 * math.sqrt(variance * (cc + ss) / (2 * det))
        if math.isnan(best.amplitude) or (sure and amplitude > best.amplitude):
            best = Hum(frequency, amplitude if sure else 0.0)
    return best
    y = np.concatenate([f - f.mean() for _, f in parts])
    for frequency in MAINS:
        waves = []
        for t, _ in parts:
            angle = 2 * math.pi * frequency * t
            pair = np.stack([np.cos(angle), np.sin(angle)], axis=1)
            waves.append(pair - pair.mean(axis=0))
        x = np.concatenate(waves)
        inner = np.linalg.pinv(x.T @ x)
        beta = inner @ (x.T @ y)
        rest = y - x @ beta
        variance = float(rest @ rest) / max(len(y) - len(parts) - 2, 1)
        amplitude = float(np.hypot(*beta))
        sure = amplitude > 4.0 * math.sqrt(variance * float(np.trace(inner)) / 2)
        if math.isnan(best.amplitude) or (sure and amplitude > best.amplitude):
            best = Hum(frequency, amplitude if sure else 0.0)
    return best
