"""Lines that may be fascia: straight or slightly bowed through the whole view, then as they really run."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .blur import blurring
from .ridges import COLUMNS, ROWS, Reduced

__all__ = ["candidates", "follow"]

Array = NDArray[np.float64]

BLOCKS = 32
"""Blocks of columns that a curve is summed over."""
PIECE = 4
"""Blocks in a piece of a curve."""
FALLS = np.linspace(-36.0, 36.0, 37)
"""Rows that a curve falls from the left side to the right."""
BOWS = np.array([-9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0])
"""Rows that a curve's middle lies above its ends, times 2/3."""
MARGIN = 40
"""Rows above and below the view that a curve may leave it by."""
WITHIN = 0.6
"""Share of a curve that lies inside the scan at least."""
APART = 4.0
"""Rows, on average, between two candidates."""
LEAST_SCORE = 0.1
"""Mean ridge along a curve, standard deviations, below which there is nothing there."""
BRIGHTEST = 99.0
"""Percentile of the ridge that no cell counts more than: one glaring stretch is no line."""
BAND = 5
"""Rows either side of a curve that the line may really run."""
STRAY = 0.03
"""Cost of a row away from the curve; the ridge is in standard deviations."""
STEP = 0.1
"""Cost of a row up or down between two columns."""
OUTSIDE = -0.15
"""Worth of a column where the line has left the view."""


def _u(n: int) -> Array:
    """Return the middle of n columns on -1 to 1."""
    return np.asarray((np.arange(n) + 0.5) / n * 2 - 1)


@lru_cache(maxsize=1)
def _pieces() -> list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]:
    """Return for each few blocks how curves pass them: the different ways, and of each curve which and how high.

    Shapes of curves have most of their short pieces in common, so that these are summed once.
    """
    u = _u(BLOCKS)
    shape = FALLS[:, None, None] / 2 * u + BOWS[None, :, None] * (1 / 3 - u * u)
    rows = np.rint(shape.reshape(-1, BLOCKS)).astype(np.intp) + MARGIN
    found = []
    for first in range(0, BLOCKS, PIECE):
        own = rows[:, first : first + PIECE]
        ways, which = np.unique(own - own[:, :1], axis=0, return_inverse=True)
        found.append((ways, which.ravel(), own[:, 0]))
    return found


def _gathered(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sum of a plane, averaged over blocks of columns, along each curve; nothing outside the view.

    Shape (shapes of curves, ROWS).
    """
    size = ROWS + 2 * MARGIN
    # Rows of the view run along memory here, with room for every piece above and below.
    padded = np.zeros((BLOCKS, size + 2 * MARGIN), np.float32)
    padded[:, 2 * MARGIN : 2 * MARGIN + ROWS] = (
        np.add.reduce(plane.reshape(ROWS * BLOCKS, -1), axis=1).reshape(ROWS, -1).T
    )
    padded /= plane.size // (ROWS * BLOCKS)
    at = sliding_window_view(padded, size, axis=1)
    each = [
        np.add.reduce([at[k * PIECE + i, ways[:, i] + MARGIN] for i in range(PIECE)])
        for k, (ways, _, _) in enumerate(_pieces())
    ]
    high = sliding_window_view(np.concatenate(each), ROWS, axis=1)
    total, first = np.zeros((len(FALLS) * len(BOWS), ROWS), np.float32), 0
    for ways, which, start in _pieces():
        total += high[first + which, start]
        first += len(ways)
    return total


@lru_cache(maxsize=1)
def _whole() -> NDArray[np.float32]:
    """Return how many blocks of each curve lie in a rectangular view."""
    return _gathered(np.ones((ROWS, COLUMNS), np.float32))


def candidates(reduced: Reduced, count: int, rows: NDArray[np.bool_] | None = None) -> Array:
    """Return the curves through the view that gather most of the ridge.

    Every curve y + fall·u/2 + bow·(1/3 − u²), u from −1 at the left side to 1 at the right, is tried: a sum over
    straight and parabolic lines (Radon and Hough transforms; Duda & Hart 1972, Commun. ACM 15:11).

    Parameters
    ----------
    reduced : Reduced
    count : int
        Curves at most.
    rows : array of bool, shape (ROWS,), optional
        Rows at which a curve's mean may lie.

    Returns
    -------
    array, shape (n, COLUMNS)
        Rows, best first.
    """
    at = round(BRIGHTEST / 100 * (reduced.ridge.size - 1))
    ridge = np.minimum(reduced.ridge, np.partition(reduced.ridge, at, axis=None)[at])
    inside = _whole() if reduced.inside.all() else _gathered(reduced.inside.astype(np.float32))
    gathered = _gathered(ridge)
    # A curve that leaves the scan is judged by what is inside, and pays for its absence.
    score = np.where(inside >= WITHIN * BLOCKS, gathered / np.sqrt(np.maximum(inside, 1.0) * BLOCKS), 0.0)
    if rows is not None:
        score[:, ~rows] = 0.0
    shape, best = score.argmax(axis=0), score.max(axis=0)
    u = _u(COLUMNS)
    falls, bows = FALLS[shape // len(BOWS)], BOWS[shape % len(BOWS)]
    all_curves = np.arange(ROWS)[:, None] + falls[:, None] / 2 * u + bows[:, None] * (1 / 3 - u * u)
    kept: list[int] = []
    close = np.zeros(ROWS, np.bool_)
    # On average two curves are no closer than their mean rows: only the next few can be too close to one that is kept.
    few = range(1, math.ceil(APART) + 1)
    near = [np.add.reduce(np.abs(all_curves[d:] - all_curves[:-d]), axis=1) < APART * COLUMNS for d in few]
    for k in np.argsort(-best, kind="stable").tolist():
        if best[k] < LEAST_SCORE or len(kept) == count:
            break
        if close[k]:
            continue
        kept.append(k)
        for d, both in zip(few, near, strict=True):
            if k >= d and both[k - d]:
                close[k - d] = True
            if k + d < ROWS and both[k]:
                close[k + d] = True
    return np.asarray(all_curves[kept])


def follow(reduced: Reduced, curves: Array) -> Array:
    """Return the lines as they run: the brightest path within a band about each curve.

    Dynamic programming over columns, all curves at once.

    Parameters
    ----------
    reduced : Reduced
    curves : array, shape (n, COLUMNS)

    Returns
    -------
    array, shape (n, COLUMNS)
    """
    from scipy import ndimage

    n = len(curves)
    reach = np.arange(-BAND, BAND + 1)
    middle = np.rint(curves).astype(np.intp)
    # Column by column along memory, as the paths grow.
    rows = middle.T[:, :, None] + reach
    within = np.minimum(np.maximum(rows, 0), ROWS - 1)
    value = reduced.ridge.ravel().take(within * COLUMNS + np.arange(COLUMNS)[:, None, None]).astype(np.float64)
    value[within != rows] = OUTSIDE
    value -= STRAY * np.abs(reach)
    # The worth of the best path to each cell, between two borders that no path crosses.
    worth = np.full((COLUMNS, n, len(reach) + 2), -1e9)
    worth[0, :, 1:-1] = value[0]
    best = np.empty_like(value[0])
    for before, after, own in zip(worth, worth[1:], value[1:], strict=False):
        np.maximum(before[:, :-2], before[:, 2:], out=best)
        best -= STEP
        np.maximum(best, before[:, 1:-1], out=best)
        np.add(best, own, out=after[:, 1:-1])
    up, down, level = worth[:-1, :, :-2] - STEP, worth[:-1, :, 2:] - STEP, worth[:-1, :, 1:-1]
    rises = up > level
    falls = down > np.where(rises, up, level)
    steps = (falls.view(np.int8) - (rises & ~falls).view(np.int8)).reshape(COLUMNS - 1, -1)
    first = np.arange(n) * len(reach)
    path = np.empty((n, COLUMNS), np.int64)
    path[:, -1] = at = worth[-1, :, 1:-1].argmax(axis=1)
    for k in range(COLUMNS - 2, -1, -1):
        at = at + steps[k].take(first + at)
        path[:, k] = at
    lines = (middle + reach[path]).astype(np.float64)
    lines = ndimage.median_filter(lines, (1, 7), mode="nearest")
    return np.asarray(lines @ blurring(COLUMNS, 2.0).T)
