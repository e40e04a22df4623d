"""The scan on a small grid, and where it has bright bands that run from side to side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .blur import blurring
from .view import View

__all__ = ["COLUMNS", "LEAST_SIDE", "ROWS", "Reduced", "reduce_view"]

Array = NDArray[np.float32]

ROWS, COLUMNS = 160, 96
"""The grid that lines are sought on. Rows are finer: a line is thin, and long from side to side."""
LEAST_SIDE = 48
"""Pixels; a smaller view has no lines to be told from speckle."""
GAIN_REACH = (20.0, 12.0)
"""Rows and columns; brightness is seen against the neighbourhood of this size (standard deviation)."""
GAIN_FLOOR = 8.0
"""Grey levels added to the neighbourhood, so that black is not blown up."""
WIDTHS = (1.5, 2.5, 3.5)
"""Rows; half-widths of the bands that count as bright lines."""
LEAST_SPREAD = 0.02
"""Standard deviation of the ridge that counts as one at least; in real images it is about 0.3."""
ALONG = 1.5
"""Columns over which a line is smoothed along itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """A view on the grid.

    Attributes
    ----------
    tall : array, shape (height of the view, COLUMNS)
        Grey levels averaged over columns only, for reading edges.
    grey : array, shape (ROWS, COLUMNS)
        Grey levels.
    inside : array of bool, shape (ROWS, COLUMNS)
        Cells that are scan.
    gain : array, shape (ROWS, COLUMNS)
        Grey levels against their neighbourhood.
    ridge : array, shape (ROWS, COLUMNS)
        How much of a bright band, wide from side to side, a cell lies on; in standard deviations of the view's.
    box : tuple of int
        (x0, y0, x1, y1) of the view.
    """

    tall: Array
    grey: Array
    inside: NDArray[np.bool_]
    gain: Array
    ridge: Array
    box: tuple[int, int, int, int]

    @property
    def x(self) -> NDArray[np.float64]:
        """Columns of the image that the grid's columns stand for, shape (COLUMNS,)."""
        x0, _, x1, _ = self.box
        return np.asarray(x0 + (np.arange(COLUMNS) + 0.5) * ((x1 - x0) / COLUMNS) - 0.5)

    @property
    def pitch(self) -> tuple[float, float]:
        """Pixels of the image a column and a row of the grid cover."""
        x0, y0, x1, y1 = self.box
        return (x1 - x0) / COLUMNS, (y1 - y0) / ROWS


@lru_cache(maxsize=32)
def _averaging(n: int, m: int) -> Array:
    """Return the (m, n) matrix that averages n cells to m by the area they share."""
    edges = np.linspace(0.0, n, m + 1)
    cells = np.arange(n)
    share = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    share = np.maximum(share, 0.0)
    return np.asarray(share / share.sum(axis=1, keepdims=True), np.float32)


def _neighbourhood(small: NDArray[Any]) -> Array:
    """Return the mean of what is around each cell."""
    down, across = (blurring(n, s, truncate=3.0) for n, s in zip((ROWS, COLUMNS), GAIN_REACH, strict=True))
    return np.asarray(down @ small @ across.T)


@lru_cache(maxsize=1)
def _bands() -> Array:
    """Return the matrix that tells how much of a bright band of each of the `WIDTHS` lies at each row."""
    return np.concatenate([-(width**2) * blurring(ROWS, width, 2) for width in WIDTHS])


def reduce_view(grey: NDArray[Any], view: View) -> Reduced:
    """Return the scan of an image on the grid.

    Parameters
    ----------
    grey : array, shape (H, W)
        Grey levels 0 to 255, any real dtype.
    view : View
        Where the scan is.

    Returns
    -------
    Reduced

    Raises
    ------
    InputError
        ``view-too-small`` where a side of the view has fewer than `LEAST_SIDE` pixels; ``not-finite``.
    """
    x0, y0, x1, y1 = view.box
    scan = grey[y0:y1, x0:x1].astype(np.float32)
    whole = bool(view.mask.all())
    if grey.dtype.kind == "f" and not np.isfinite(scan).all():
        raise InputError(
            f"{np.count_nonzero(~np.isfinite(scan))} pixels of the view are not finite",
            code="not-finite",
            remedy="give grey levels 0 to 255",
        )
    height, width = scan.shape if whole else (int(np.count_nonzero(view.mask.any(axis=k))) for k in (1, 0))
    if min(height, width) < LEAST_SIDE:
        raise InputError(
            f"the view is {width} by {height} pixels, lines are sought in at least {LEAST_SIDE} by {LEAST_SIDE}",
            code="view-too-small",
            remedy="give the lines by hand (lines=), or an image of the original resolution",
        )
    across, down = _averaging(x1 - x0, COLUMNS).T, _averaging(y1 - y0, ROWS)
    if whole:
        tall = scan @ across
        small = down @ tall
        inside = np.ones(small.shape, np.bool_)
        near = _neighbourhood(small)
    else:
        # Outside the fan there is nothing: every mean is over the scan alone.
        mask = view.mask.astype(np.float32)
        weight = mask @ across
        tall = (scan * mask) @ across
        share = down @ weight
        small = (down @ tall) / np.maximum(share, 1e-6)
        tall /= np.maximum(weight, 1e-6)
        inside = share > 0.5
        small[~inside] = 0.0
        near = _neighbourhood(small)
        near /= np.maximum(_neighbourhood(inside.astype(np.float32)), 1e-3)
        small[~inside] = near[~inside]
    gain = small / (near + GAIN_FLOOR)
    smooth = gain @ blurring(COLUMNS, ALONG).T
    ridge = np.maximum(_bands() @ smooth, 0.0).reshape(len(WIDTHS), ROWS, COLUMNS).sum(axis=0)
    if not whole:
        from scipy import ndimage

        # The border of the fan is a step, not a line.
        ridge[~ndimage.binary_erosion(inside, iterations=3, border_value=1)] = 0.0
    ridge /= max(float(ridge[inside].std()), LEAST_SPREAD)
    return Reduced(tall, small, inside, gain, ridge, view.box)
