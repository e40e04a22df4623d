"""Broken lines and curves through a rising signal: every place of the break at once, by sums from the end.

All take rows of samples with weights (0 for padding) and fit f = b for t < τ and b + s·g(t − τ) after it, where
g is a line, a parabola or an exponential. The sums of squares at all breaks come from cumulative sums, in one pass.
The level b is fitted with the rest, or held where it is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Break", "exponential", "line", "quadratic"]

Array = NDArray[np.float64]

RATES = np.geomspace(1.0, 400.0, 14)
"""Rates of the exponential that are tried, 1/s; between them a parabola decides."""
LEAST_AFTER = 3
"""Samples after a break at least."""
BEND = 1.0
"""A parabola may end up to 1 + 2·BEND times as steep as it begins."""


class Break(NamedTuple):
    """Time of the break and its standard error, each of shape (rows,); NaN where force does not rise."""

    time: Array
    stderr: Array


class _Sums(NamedTuple):
    t: Array
    share: Array  # 1/n where the level is fitted, 0 where it is held
    d: Array
    total: Array
    n: Array


def line(t: Array, f: Array, w: Array, level: Array | None = None) -> Break:
    """Fit two lines, the first one flat, to every row.

    Parameters
    ----------
    t, f, w : array, shape (rows, samples)
        Time, signal, weight (0 or 1).
    level : array, shape (rows,), optional
        The level before the break, where it is known; else it is fitted.

    Returns
    -------
    Break
    """
    s = _sums(t, f, w, level)
    s0, s1, s2 = _after(w), _after(w * s.t), _after(w * s.t * s.t)
    y0, y1 = _after(s.d), _after(s.d * s.t)
    g1 = s1 - s.t * s0
    g2 = s2 - 2 * s.t * s1 + s.t * s.t * s0 - g1 * g1 * s.share
    gy = y1 - s.t * y0
    with np.errstate(all="ignore"):
        gain = np.where((s0 >= LEAST_AFTER) & (g2 > 0) & (gy > 0), gy * gy / g2, 0.0)
    return _settled(t, gain, s)


def quadratic(t: Array, f: Array, w: Array, level: Array | None = None) -> Break:
    """Fit a flat line and a parabola from the break on; parameters as for :func:`line`."""
    s = _sums(t, f, w, level)
    u = s.t / np.ptp(s.t, axis=-1, keepdims=True)  # of order one, so that fourth powers do not drown
    s0, s1, s2, s3, s4 = (_after(p) for p in (w, w * u, w * u**2, w * u**3, w * u**4))
    y0, y1, y2 = _after(s.d), _after(s.d * u), _after(s.d * u * u)
    a1 = s1 - u * s0
    a2 = s2 - 2 * u * s1 + u * u * s0
    a3 = s3 - 3 * u * s2 + 3 * u * u * s1 - u**3 * s0
    a4 = s4 - 4 * u * s3 + 6 * u * u * s2 - 4 * u**3 * s1 + u**4 * s0
    p11, p12, p22 = a2 - a1 * a1 * s.share, a3 - a1 * a2 * s.share, a4 - a2 * a2 * s.share
    q1, q2 = y1 - u * y0, y2 - 2 * u * y1 + u * u * y0
    with np.errstate(all="ignore"):
        det = p11 * p22 - p12 * p12
        first, second = (p22 * q1 - p12 * q2) / det, (p11 * q2 - p12 * q1) / det
        fine = (s0 > LEAST_AFTER) & (det > 1e-9 * p11 * p22) & (first > 0)
        gain = np.where(fine, first * q1 + second * q2, 0.0)
        # A parabola that starts all but flat would begin with the creep of the slack's own level: then a line.
        straight = np.where((s0 >= LEAST_AFTER) & (p11 > 0) & (q1 > 0), q1 * q1 / p11, 0.0)
        steep = second * (u.max(axis=1, keepdims=True) - u) <= BEND * first
        gain = np.where(fine & steep, gain, straight)
    return _settled(t, gain, s)


def exponential(t: Array, f: Array, w: Array, level: Array | None = None) -> Break:
    """Fit a flat line and an exponential approach b + A(1 − e^{−k(t − τ)}); parameters as for :func:`line`."""
    s = _sums(t, f, w, level)
    s0, y0 = _after(w)[:, None], _after(s.d)[:, None]
    fall = np.exp(-RATES[None, :, None] * s.t[:, None])
    e1, e2 = _after(w[:, None] * fall), _after(w[:, None] * fall * fall)
    ey = _after(s.d[:, None] * fall)
    with np.errstate(all="ignore"):
        rise = 1.0 / fall
        g1 = s0 - rise * e1
        g2 = s0 - 2 * rise * e1 + rise * rise * e2 - g1 * g1 * s.share[:, None]
        gy = y0 - rise * ey
        gain = np.where((s0 >= LEAST_AFTER) & (g2 > 1e-12) & (gy > 0), gy * gy / g2, 0.0)
    rows = np.arange(len(t))
    best = np.argmax(gain.max(axis=2), axis=1)
    # The break moves smoothly with the rate: a parabola through three neighbouring rates finds the best one.
    inner = np.clip(best, 1, len(RATES) - 2)
    three = (inner - 1, inner, inner + 1)
    low, mid, high = (_settled(t, gain[rows, j], s).time for j in three)
    place = np.clip(_vertex(*(gain[rows, j].max(axis=1) for j in three)), -1.0, 1.0)
    time = mid + place * (high - low) / 2 + place * place * (low - 2 * mid + high) / 2
    return Break(time, _settled(t, gain[rows, inner], s).stderr)


def _after(values: Array) -> Array:
    """Return the sums over this sample and all later ones."""
    return np.cumsum(values[..., ::-1], axis=-1)[..., ::-1]


def _sums(t: Array, f: Array, w: Array, level: Array | None) -> _Sums:
    """Return what all breaks share: time from the row's first sample, weighted deviations and their squares."""
    n = w.sum(axis=1, keepdims=True)
    mean = (w * f).sum(axis=1, keepdims=True) / n if level is None else level[:, None]
    d = w * (f - mean)
    share = 1.0 / n if level is None else np.zeros_like(n)
    return _Sums(np.where(w > 0, t - t[:, :1], 0.0), share, d, (d * d).sum(axis=1), n[:, 0])


def _vertex(low: Array, mid: Array, high: Array) -> Array:
    """Return where a parabola through three equidistant values has its top, in steps from the middle one."""
    bend = low - 2 * mid + high
    return np.where(bend < 0, 0.5 * (low - high) / np.where(bend < 0, bend, -1.0), 0.0)


def _settled(t: Array, gain: Array, s: _Sums) -> Break:
    """Return the break that explains most, refined between samples, and its standard error."""
    rows = np.arange(len(t))
    at = np.argmax(gain, axis=1)
    inner = np.clip(at, 1, gain.shape[1] - 2)
    low, mid, high = gain[rows, inner - 1], gain[rows, inner], gain[rows, inner + 1]
    step = (t[rows, inner + 1] - t[rows, inner - 1]) / 2
    shift = np.where((low > 0) & (high > 0) & (at == inner), np.clip(_vertex(low, mid, high), -1.0, 1.0), 0.0)
    with np.errstate(all="ignore"):
        variance = np.maximum(s.total - gain[rows, at], 0.0) / np.maximum(s.n - 4, 1)
        # The sum of squares is a parabola about the best break: half its bend is the inverse of the variance.
        bend = -(low - 2 * mid + high) / step**2
        stderr = np.sqrt(2 * variance / np.where(bend > 0, bend, np.nan))
    return Break(np.where(gain[rows, at] > 0, t[rows, at] + shift * step, np.nan), stderr)
