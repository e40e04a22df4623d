"""Speckle: how large its grains are, and how well a region's mean grey level is known in spite of them.

Neighbouring pixels of an ultrasound image belong to the same grain of speckle, so the standard deviation over the root
of the number of pixels claims far too much. The variance of the mean is the sum of the autocovariance over all lags,

    Var(mean) = Σ C(d) N(d) / n²,

C(d) the covariance of two pixels d apart, N(d) how many such pairs the region has. It is summed here under a window
that is 1 up to five times the speckle size and falls to 0 at ten times. Because the region's own mean is subtracted,
every covariance comes out too small by Var(mean), which is solved for. The window lets through n² / Σ w² N degrees of
freedom: the number of patches, ten grains wide and high, that the region is worth.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .statistics import masked_values

__all__ = ["ImageError", "speckle_size", "within_image_error"]

# Reach of the window in speckle sizes, and the part of it that is 1.
_REACH, _FLAT = 10.0, 0.5
# Fewer degrees of freedom than this say nothing of a variance. A higher limit would keep, of small regions, those whose
# speckle happens to look fine, and whose error is too small for that.
_LEAST_FREEDOM = 1.5

# Pixels that tell the speckle size.
_LOOKED_AT = 60_000

Real = NDArray[np.float64]


class ImageError(NamedTuple):
    """How well one image tells the mean grey level of a region.

    Attributes
    ----------
    stderr : float
        Within-image standard error of the mean; NaN with a `reason`.
    blocks : float
        How many independent patches the region is worth: Student's t has ``blocks - 1`` degrees of freedom. NaN where
        there is no speckle size.
    speckle : tuple of float
        Speckle size along x and y, px.
    reason : str
        Why there is no standard error; empty where there is one.
    """

    stderr: float
    blocks: float
    speckle: tuple[float, float]
    reason: str = ""


def speckle_size(grey: NDArray[Any], mask: NDArray[np.bool_]) -> tuple[float, float]:
    """Return how far apart pixels of a region are half correlated.

    Parameters
    ----------
    grey : array, shape (height, width)
        Grey levels, 0 to 255.
    mask : array of bool, shape (height, width)

    Returns
    -------
    tuple of float
        The lags along x and y, in px, at which the autocorrelation of the pixels inside the mask first falls to one
        half, interpolated between the lags tried: all up to 16, then every eighth part further. NaN where it does not
        within half the region's extent, or where all pixels are alike.

    Raises
    ------
    InputError
        As `masked_statistics`.
    """
    away, inside = _centred(grey, mask)
    return _half(away, inside, 1), _half(away, inside, 0)


def within_image_error(grey: NDArray[Any], mask: NDArray[np.bool_]) -> ImageError:
    """Return the within-image standard error of a region's mean grey level.

    It says how far the mean would move with another pattern of speckle in the same tissue, and nothing about another
    placement of the probe, which moves it more. What differs in the region beyond speckle, such as a gradient with
    depth or bright septa, enlarges it: it is then an upper bound of what speckle does.

    Parameters
    ----------
    grey : array, shape (height, width)
        Grey levels, 0 to 255.
    mask : array of bool, shape (height, width)

    Returns
    -------
    ImageError
        Without a standard error where the region is worth fewer than 2.5 patches of ten by ten speckle sizes.

    Raises
    ------
    InputError
        As `masked_statistics`.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(1).integers(60, 141, (120, 160)).astype(np.uint8)
    >>> found = within_image_error(noise, np.ones(noise.shape, bool))
    >>> bool(0.12 < found.stderr < 0.23)  # 23.4 grey levels by the root of 19200 pixels are 0.17
    True
    """
    away, inside = _centred(grey, mask)
    size = _half(away, inside, 1), _half(away, inside, 0)
    if not away.any():
        return ImageError(np.nan, np.nan, size, "all pixels of the region are alike")
    if not np.isfinite(size).all():
        return ImageError(np.nan, np.nan, size, "the pattern is as large as the region")
    # Sums over bins of two speckle sizes carry the same lags: within five sizes the window is 1 for all of them.
    bins = [max(1, round(2 * s)) for s in size]
    sums, counts = (_binned(np.asarray(a, np.float64), *bins) for a in (away, inside))
    windows = [_window(_REACH * s / b) for s, b in zip(size, bins, strict=True)]
    pairs, squares = _lagged(counts, windows), _lagged(counts, [w * w for w in windows])
    n = float(counts.sum())
    freedom = n * n / squares
    variance = _lagged(sums, windows) / (n * n - pairs) if pairs < n * n else np.nan
    if freedom < _LEAST_FREEDOM or not variance > 0:
        wide, high = (_REACH * s for s in size)
        return ImageError(
            np.nan,
            freedom + 1,
            size,
            f"the region is worth {freedom + 1:.1f} patches of {wide:.0f} by {high:.0f} px (ten times the speckle "
            f"size), {_LEAST_FREEDOM + 1:g} are needed",
        )
    return ImageError(float(np.sqrt(variance)), float(freedom + 1), size)


def _centred(grey: NDArray[Any], mask: NDArray[np.bool_]) -> tuple[Real, NDArray[np.bool_]]:
    """Return grey levels less their mean, 0 outside the mask, and the mask, both cut to the box round it."""
    values = masked_values(grey, mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    inside = np.ascontiguousarray(mask[box])
    if values.min() == values.max():
        return np.zeros(inside.shape), inside
    away = grey[box] - values.mean(dtype=np.float64)
    away[~inside] = 0.0
    return away, inside


def _half(away: NDArray[Any], inside: NDArray[np.bool_], axis: int) -> float:
    """Return the lag along an axis at which the autocorrelation falls to one half.

    Of a large region every so-many-th line is looked at; and a lag hangs on no seventh digit.
    """
    stride = max(1, away.size // _LOOKED_AT)
    lines = np.s_[::stride] if axis else np.s_[:, ::stride]
    away, inside = np.ascontiguousarray(away[lines], np.float32), np.ascontiguousarray(inside[lines])
    last, before, variance = 0, 1.0, float(np.vdot(away, away)) / max(int(np.count_nonzero(inside)), 1)
    if variance == 0.0:
        return np.nan
    lag = 1
    while lag <= away.shape[axis] // 2:
        pairs = np.count_nonzero(inside[:, lag:] & inside[:, :-lag] if axis else inside[lag:] & inside[:-lag])
        if not pairs:
            break
        now = _shifted(away, lag, axis) / pairs / variance
        if now < 0.5:
            return float(last + (lag - last) * (before - 0.5) / (before - now))
        last, before = lag, now
        lag += max(1, lag // 8)  # a pattern that is wide is smooth, and a panorama wider than a walk by single lags
    return np.nan


def _shifted(away: NDArray[Any], lag: int, axis: int) -> float:
    """Return the sum of products of the pixels that are so many apart along an axis."""
    if axis == 0:
        return float(np.vdot(away[lag:], away[:-lag]))
    # One row behind the other, in which a row's end meets the next one's beginning: that is taken away again.
    line = away.ravel()
    meeting = np.einsum("ij,ij->", away[1:, :lag], away[:-1, -lag:])
    return float(np.vdot(line[lag:], line[:-lag])) - float(meeting)


def _binned(values: Real, across: int, down: int) -> Real:
    rows = np.add.reduceat(values, np.arange(0, values.shape[0], down), axis=0)
    return np.asarray(np.add.reduceat(rows, np.arange(0, values.shape[1], across), axis=1))


def _window(reach: float) -> Real:
    """Return the weights of lags from 0: 1 up to half the reach, then straight down to 0 at the reach."""
    lags = np.arange(int(np.ceil(reach)))
    return np.asarray(np.minimum((reach - lags) / (reach * (1.0 - _FLAT)), 1.0))


def _lagged(values: Real, windows: list[Real]) -> float:
    """Return Σ w(d) Σ v(i) v(i + d) over lags of both signs, the window a product of one along x and one along y."""
    from scipy import ndimage

    summed = values
    for axis, window in zip((1, 0), windows, strict=True):
        both = np.concatenate([window[:0:-1], window])
        summed = ndimage.correlate1d(summed, both, axis=axis, mode="constant")
    return float(np.vdot(values, summed))
