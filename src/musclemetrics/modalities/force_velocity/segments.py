"""A length or force signal as straight pieces: holds, ramps and steps of any speed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Piece", "averaged", "line", "pieces"]

Array = NDArray[np.float64]

MOST = 2000
"""A signal that needs more pieces than this is no protocol of holds and ramps."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One straight stretch of a signal.

    Attributes
    ----------
    first, last : int
        Samples it begins and ends with.
    begin, end : float
        Seconds.
    slope : float
        Least-squares slope of its inner four fifths, per second.
    size : float
        How far it goes, negative where the signal falls.
    level : float
        Median.
    """

    first: int
    last: int
    begin: float
    end: float
    slope: float
    size: float
    level: float

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.begin


def pieces(time: Array, signal: Array, tolerance: float) -> list[Piece]:
    """Return the straight pieces of a signal, none farther than `tolerance` from its samples.

    Parameters
    ----------
    time, signal : array, shape (n,)
    tolerance : float
        In the unit of the signal.

    Returns
    -------
    list of Piece
        In the order of time, each beginning where the one before ends; empty for a signal of noise alone.

    Notes
    -----
    Split at the sample farthest from the chord until none is too far (Ramer 1972, Comput Graph Image Process 1:244),
    whatever the sampling rate and the speed of the ramps.
    """
    corners = {0, len(signal) - 1}
    open_: list[tuple[int, int]] = [(0, len(signal) - 1)]
    while open_:
        i, j = open_.pop()
        if j - i < 2:
            continue
        t = time[i : j + 1]
        chord = signal[i] + (signal[j] - signal[i]) * ((t - t[0]) / (t[-1] - t[0]))
        away = np.abs(signal[i : j + 1] - chord)
        k = int(np.argmax(away))
        if away[k] <= tolerance:
            continue
        corners.add(i + k)
        if len(corners) > MOST:
            return []
        open_ += [(i, i + k), (i + k, j)]
    order = sorted(corners)
    return [_piece(time, signal, i, j) for i, j in pairwise(order)]


def _piece(time: Array, signal: Array, i: int, j: int) -> Piece:
    trim = (j - i) // 10
    t, s = time[i + trim : j + 1 - trim], signal[i + trim : j + 1 - trim]
    slope, _ = line(t, s)
    span = float(time[j] - time[i])
    return Piece(i, j, float(time[i]), float(time[j]), slope, slope * span, float(np.median(s)))


def line(time: Array, values: Array) -> tuple[float, float]:
    """Return the least-squares slope of `values` and its standard error."""
    t = time - time.mean()
    power = float(t @ t)
    if len(t) < 3 or power == 0.0:
        return float((values[-1] - values[0]) / (time[-1] - time[0])) if len(t) > 1 else 0.0, float("nan")
    slope = float(t @ values) / power
    rest = values - values.mean() - slope * t
    return slope, float(np.sqrt((rest @ rest) / max(len(t) - 2, 1) / power))


def averaged(time: Array, signal: Array, size: int) -> tuple[Array, Array]:
    """Return means of `size` neighbouring samples each; what is left over at the end is dropped."""
    if size <= 1:
        return time, signal
    n = len(signal) // size
    return time[: n * size].reshape(n, size).mean(axis=1), signal[: n * size].reshape(n, size).mean(axis=1)
