"""The space between two edges as pixels, and the largest rectangle within.

A pixel belongs where its centre does: on an upper edge it does, on a lower one it does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..errors import InputError

__all__ = ["between", "largest_rectangle"]

Bool = NDArray[np.bool_]
Box = tuple[int, int, int, int]


def between(
    x: ArrayLike, upper: ArrayLike, lower: ArrayLike, shape: tuple[int, int], *, inset: float | tuple[float, float] = 0
) -> Bool:
    """Return the pixels between two edges.

    Parameters
    ----------
    x : array_like, shape (n,)
        Columns, increasing; between them the edges run straight, beyond them there is no region.
    upper, lower : array_like, shape (n,)
        Height y of each edge in px; NaN where it is not known, and there is no region nearest to such a column.
    shape : tuple of int
        Height and width of the image.
    inset : float or pair of float, optional
        Rows kept clear below the upper and above the lower edge, px.

    Returns
    -------
    array of bool, shape `shape`

    Raises
    ------
    InputError
        ``not-numeric``, ``wrong-shape``, ``length-mismatch`` or ``not-increasing``.

    Examples
    --------
    >>> between([10, 49], [20.5, 20.5], [50.5, 50.5], (100, 100), inset=(0, 2)).sum(axis=0).max()
    np.int64(28)
    """
    columns, top, bottom = checks.vector(x, "x"), checks.samples(upper, "upper"), checks.samples(lower, "lower")
    checks.same_length(x=columns, upper=top, lower=bottom)
    if (np.diff(columns) <= 0).any():
        raise InputError("the columns of an edge do not increase", code="not-increasing", remedy="sort them")
    mask = np.zeros(shape, bool)
    known = np.isfinite(top) & np.isfinite(bottom)
    if not known.any():
        return mask
    above, below = inset if isinstance(inset, tuple) else (inset, inset)
    first, last = (int(np.clip(v, 0, shape[1])) for v in (np.ceil(columns[0]), np.floor(columns[-1]) + 1))
    at = np.arange(first, last)
    # The nearest sample decides whether an edge is known in a column.
    right = np.clip(np.searchsorted(columns, at), 1, max(len(columns) - 1, 1)) if len(columns) > 1 else 0 * at
    left = np.maximum(right - 1, 0)
    nearest = np.where(at - columns[left] < columns[right] - at, left, right)
    at = at[known[nearest]]
    start = np.interp(at, columns[known], top[known]) + above
    stop = np.interp(at, columns[known], bottom[known]) - below
    if not len(at):
        return mask
    # Whole rows compare faster than fractions, and no fraction lies between a row and the next above.
    first_row, end_row = (np.clip(np.ceil(v), 0, shape[0]).astype(np.int32) for v in (start, stop))
    low, high = int(first_row.min()), max(int(end_row.max()), int(first_row.min()))
    rows = np.arange(low, high, dtype=np.int32)[:, None]
    run = slice(at[0], at[-1] + 1) if at[-1] - at[0] == len(at) - 1 else at
    mask[low:high, run] = (rows >= first_row) & (rows < end_row)
    return mask


def largest_rectangle(mask: NDArray[np.bool_]) -> Box:
    """Return the largest upright rectangle within a mask as x0, y0, x1, y1, its last column and row excluded.

    Row by row, every column carries how far up the mask reaches and how far to both sides it does so at that height;
    the first of several equal ones is taken. An empty mask has the rectangle of no area (0, 0, 0, 0).

    Examples
    --------
    >>> from musclemetrics.imaging import polygon_mask
    >>> largest_rectangle(polygon_mask([(10, 20), (50, 20), (50, 50), (10, 50)], (100, 100)))
    (10, 20, 50, 50)
    """
    columns, lines = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(lines):
        return 0, 0, 0, 0
    x, first = int(columns[0]), int(lines[0])
    mask = mask[first : lines[-1] + 1, x : columns[-1] + 1]
    width = mask.shape[1]
    column = np.arange(width)
    # The first column of the run of pixels a pixel lies in, and the one after its last.
    starts = np.maximum.accumulate(np.where(mask, 0, column + 1), axis=1)
    ends = np.minimum.accumulate(np.where(mask, width, column)[:, ::-1], axis=1)[:, ::-1]
    height, left, right = np.zeros(width, np.intp), np.zeros(width, np.intp), np.full(width, width)
    most, found = 0, (0, 0, 0, 0)
    for y, row in enumerate(mask):
        height = np.where(row, height + 1, 0)
        left = np.where(row, np.maximum(left, starts[y]), 0)
        right = np.where(row, np.minimum(right, ends[y]), width)
        area = height * (right - left)
        i = int(area.argmax())
        if area[i] > most:
            most = int(area[i])
            found = (x + int(left[i]), first + y - int(height[i]) + 1, x + int(right[i]), first + y + 1)
    return found
