"""Grey-level statistics of a region, zeros counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

__all__ = ["BANDS", "GreyStatistics", "masked_statistics", "masked_values"]

BANDS = ("0–50", "51–100", "101–150", "151–200", "201–255")
_BAND_STARTS = (0, 51, 101, 151, 201)
_LEVELS = 256


@dataclass(frozen=True, slots=True)
class GreyStatistics:
    """What the grey levels of a region's pixels are like; black pixels count as all others do.

    Attributes
    ----------
    count : int
    mean, sd, median : float
        Grey levels; the standard deviation is that of all pixels, divided by their number, as NumPy's.
    skewness, kurtosis : float
        Third and fourth standardised central moment, of the kurtosis the excess over a normal distribution's (IBSI
        KE2A, IPH6); 0 where all pixels are alike, as IBSI sets it.
    entropy : float
        Shannon entropy of the 256 grey levels, bits (IBSI TLU2).
    at_zero, at_full : float
        Shares of the pixels at 0 and at 255, 0–1.
    bands : tuple of float
        Shares of the pixels in the bands of `BANDS`, which add up to 1.
    histogram : array of int, shape (256,)
        How many pixels there are of each whole level.
    """

    count: int
    mean: float
    sd: float
    median: float
    skewness: float
    kurtosis: float
    entropy: float
    at_zero: float
    at_full: float
    bands: tuple[float, ...]
    histogram: NDArray[np.intp] = field(repr=False, compare=False)


def masked_statistics(grey: NDArray[Any], mask: NDArray[np.bool_]) -> GreyStatistics:
    """Return the statistics of the pixels of an image inside a mask.

    Parameters
    ----------
    grey : array, shape (height, width)
        Grey levels, 0 to 255. Of uint8 all comes from one histogram; of other types the moments are those of the
        values themselves, and entropy, shares and bands those of the nearest whole levels.
    mask : array of bool, shape (height, width)

    Returns
    -------
    GreyStatistics

    Raises
    ------
    InputError
        ``wrong-shape``, ``roi-empty``, ``not-finite`` or ``grey-out-of-range``.

    Examples
    --------
    >>> import numpy as np
    >>> found = masked_statistics(np.array([[0, 10], [20, 250]], np.uint8), np.array([[True, True], [True, False]]))
    >>> found.mean, found.median, round(found.at_zero, 3)
    (10.0, 10.0, 0.333)
    """
    values = masked_values(grey, mask)
    n = len(values)
    if values.dtype == np.uint8:
        counts = np.bincount(values, minlength=_LEVELS)
        levels: NDArray[np.float64] = np.arange(_LEVELS, dtype=np.float64)
        weights: NDArray[Any] = counts
        below = np.cumsum(counts)
        low, high = (int(np.searchsorted(below, k, side="right")) for k in ((n - 1) // 2, n // 2))
        median = 0.5 * (low + high)
    else:
        levels, weights = values.astype(np.float64), np.ones(n)
        counts = np.bincount(np.rint(levels).astype(np.intp), minlength=_LEVELS)
        median = float(np.median(levels))
    mean = float(levels @ weights) / n
    away = levels - mean
    square = away * away
    variance = float(square @ weights) / n
    # The rounding of a mean must not become the shape of a region whose pixels are all alike.
    alike = np.count_nonzero(counts) == 1 and variance <= 1e-20 * max(mean * mean, 1.0)
    skewness = 0.0 if alike else float((square * away) @ weights) / n / variance**1.5
    kurtosis = 0.0 if alike else float((square * square) @ weights) / n / variance**2 - 3.0
    share = counts / n
    used = share[share > 0]
    return GreyStatistics(
        count=n,
        mean=mean,
        sd=float(np.sqrt(variance)),
        median=median,
        skewness=skewness,
        kurtosis=kurtosis,
        entropy=abs(float(-(used * np.log2(used)).sum())),
        at_zero=float(share[0]),
        at_full=float(share[-1]),
        bands=tuple(float(s) for s in np.add.reduceat(share, _BAND_STARTS)),
        histogram=counts,
    )


def masked_values(grey: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
    """Return the pixels inside a mask row by row, or say why they cannot be measured, as `masked_statistics` does."""
    if grey.ndim != 2 or mask.shape != grey.shape or mask.dtype != bool:
        raise InputError(
            f"the image has shape {grey.shape}, the mask {mask.shape} of {mask.dtype}",
            code="wrong-shape",
            remedy="give a grey image and a mask of bool of its shape",
        )
    values = grey[mask]
    if not values.size:
        raise InputError("the mask holds no pixel", code="roi-empty", remedy="draw the region again")
    if values.dtype == np.uint8:
        return values
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(low + high):
        raise InputError(
            "the region holds a grey level that is not finite", code="not-finite", remedy="read the image again"
        )
    if low < 0 or high > _LEVELS - 1:
        raise InputError(
            f"the region's grey levels reach from {low:g} to {high:g}, 0 to 255 are expected",
            code="grey-out-of-range",
            remedy="map the image to 8 bits as its display does, first",
        )
    return values
