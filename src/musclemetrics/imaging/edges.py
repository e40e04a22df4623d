"""The edge of a bright band, to a fraction of a pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .blur import blurring
from .ridges import COLUMNS, ROWS

__all__ = ["flanks"]

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


def flanks(tall: NDArray[np.float32], lines: Array, sides: Sequence[int]) -> list[tuple[Array, NDArray[np.bool_]]]:
    """Return an edge of each of some bright bands, where brightness is half way down to the tissue beside it.

    Parameters
    ----------
    tall : array, shape (H, COLUMNS)
        Grey levels averaged over columns.
    lines : array, shape (n, COLUMNS)
        The bands' rows in `tall`.
    sides : sequence of {1, -1}
        1: the lower edge; -1: the upper one.

    Returns
    -------
    list of (edge, seen)
        For each line its edge, shape (COLUMNS,), row in `tall`; and where the band stands out, shape (COLUMNS,):
        elsewhere the edge's distance from the line is carried over from both sides.
    """
    height = len(tall)
    row = height / ROWS
    reach = int(np.ceil(FAR * row))
    # All bands side by side, so that each step is taken once.
    side = np.asarray(sides, np.float32)[:, None]
    away = np.arange(-reach, reach + 1, dtype=np.float32)[:, None, None] * side
    y = np.minimum(np.maximum(lines.astype(np.float32) + away, 0), height - 1)
    low = np.minimum(y.astype(np.intp), height - 2)
    share = y - low.astype(np.float32)
    low *= COLUMNS
    low += np.arange(COLUMNS)
    cells = tall.ravel()
    # The band is laid straight first: smoothing along it then keeps its edges sharp.
    band = cells.take(low)
    low += COLUMNS
    band += (cells.take(low) - band) * share
    band = band.reshape(-1, COLUMNS) @ blurring(COLUMNS, ALONG).T
    band = (blurring(len(away), DOWN * row) @ band.reshape(len(away), -1)).reshape(y.shape)
    near = round(CREST * row)
    crest = band[reach - near : reach + near + 1].argmax(axis=0) + reach - near
    each = np.arange(crest.size).reshape(crest.shape)
    cells = band.ravel()
    top = cells.take(crest * crest.size + each)
    tissue = np.minimum(np.median(band[reach + int(BESIDE * row) :], axis=0), top)
    level = tissue + HALF * (top - tissue)
    under = (band <= level) & (np.arange(len(band))[:, None, None] > crest)
    found = under.any(axis=0)
    at = np.where(found, under.argmax(axis=0), reach + 1)
    before, after = (cells.take(i * crest.size + each) for i in (at - 1, at))
    drop = before - after
    fraction = np.where(drop > 0, (before - level) / np.where(drop > 0, drop, 1.0), 0.0)
    distance = at - 1 + np.clip(fraction, 0.0, 1.0) - reach
    rise = top - tissue
    seen = found & (rise > FAINT * np.median(rise, axis=1)[:, None])
    return [_along(*one) for one in zip(lines, sides, distance, seen, strict=True)]


def _along(line: Array, side: int, distance: Array, seen: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_]]:
    from scipy import ndimage

    if seen.any() and not seen.all():
        columns = np.arange(COLUMNS)
        distance = np.interp(columns, columns[seen], distance[seen])
    distance = ndimage.median_filter(distance.astype(np.float64), RUN, mode="nearest")
    return line + side * (blurring(COLUMNS, GLIDE) @ distance), seen
