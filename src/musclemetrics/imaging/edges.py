"""The edge of a bright band, to a fraction of a pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .ridges import COLUMNS, ROWS

__all__ = ["flank"]

Array = NDArray[np.float64]

HALF = 0.5
"""Share of the way from the tissue up to the band's crest at which the edge is."""
CREST = 3
"""Grid rows either side of the line within which the crest is sought."""
BESIDE, FAR = 4, 12
"""Grid rows from the line between which the tissue beside the band is read."""
ALONG, DOWN = 3.0, 0.25
"""Smoothing before reading: grid columns along the line, grid rows across it."""
FAINT = 0.35
"""Share of the line's typical height over the tissue, below which a column's edge is not seen but carried over."""
RUN, GLIDE = 9, 3.0
"""Grid columns: median and smoothing of the edge along the line."""


def flank(tall: NDArray[np.float32], line: Array, side: int) -> tuple[Array, NDArray[np.bool_]]:
    """Return the edge of a bright band on one side, where brightness is half way down to the tissue beside it.

    Parameters
    ----------
    tall : array, shape (H, COLUMNS)
        Grey levels averaged over columns.
    line : array, shape (COLUMNS,)
        The band's row in `tall`.
    side : {1, -1}
        1: the lower edge; -1: the upper one.

    Returns
    -------
    edge : array, shape (COLUMNS,)
        Row in `tall`.
    seen : array of bool, shape (COLUMNS,)
        Where the band stands out; elsewhere its distance from the line is carried over from both sides.
    """
    from scipy import ndimage

    height = len(tall)
    row = height / ROWS
    reach = int(np.ceil(FAR * row))
    away = np.arange(-reach, reach + 1)[:, None] * side
    y = np.clip(line + away, 0, height - 1)
    low = np.minimum(y.astype(np.intp), height - 2)
    columns = np.arange(COLUMNS)
    share = y - low
    # The band is laid straight first: smoothing along it then keeps its edges sharp.
    band = tall[low, columns] * (1 - share) + tall[low + 1, columns] * share
    band = ndimage.gaussian_filter1d(band, ALONG, axis=1, mode="nearest")
    band = ndimage.gaussian_filter1d(band, DOWN * row, axis=0, mode="nearest")
    near = round(CREST * row)
    crest = band[reach - near : reach + near + 1].argmax(axis=0) + reach - near
    top = band[crest, columns]
    tissue = np.minimum(np.median(band[reach + int(BESIDE * row) :], axis=0), top)
    level = tissue + HALF * (top - tissue)
    under = (band <= level) & (np.arange(len(band))[:, None] > crest)
    found = under.any(axis=0)
    at = np.where(found, under.argmax(axis=0), reach + 1)
    before, after = band[at - 1, columns], band[at, columns]
    drop = before - after
    fraction = np.where(drop > 0, (before - level) / np.where(drop > 0, drop, 1.0), 0.0)
    distance = at - 1 + np.clip(fraction, 0.0, 1.0) - reach
    rise = top - tissue
    seen = found & (rise > FAINT * np.median(rise))
    if seen.any() and not seen.all():
        distance = np.interp(columns, columns[seen], distance[seen])
    distance = ndimage.median_filter(distance, RUN, mode="nearest")
    return line + side * ndimage.gaussian_filter1d(distance, GLIDE, mode="nearest"), seen
