"""Lines that may be fascia: straight or slightly bowed through the whole view, then as they really run."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .ridges import COLUMNS, ROWS, Reduced

__all__ = ["candidates", "follow"]

Array = NDArray[np.float64]

BLOCKS = 32
"""Blocks of columns that a curve is summed over."""
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
def _places() -> NDArray[np.intp]:
    """Return where each curve (row at its mean, shape) passes each block, in the padded plane."""
    u = _u(BLOCKS)
    shape = FALLS[:, None, None] / 2 * u + BOWS[None, :, None] * (1 / 3 - u * u)
    rows = np.rint(shape.reshape(-1, BLOCKS)).astype(np.intp)[None] + np.arange(ROWS)[:, None, None] + MARGIN
    return np.asarray(rows * BLOCKS + np.arange(BLOCKS))


def _gathered(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sum of a plane, averaged over blocks of columns, along each curve; nothing outside the view."""
    padded = np.zeros((ROWS + 2 * MARGIN, BLOCKS), np.float32)
    padded[MARGIN : MARGIN + ROWS] = plane.reshape(ROWS, BLOCKS, -1).mean(axis=2)
    # A product with ones adds thirty-two numbers faster than a sum does.
    return np.asarray(padded.ravel().take(_places()) @ np.ones(BLOCKS, np.float32))


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
    ridge = np.minimum(reduced.ridge, np.percentile(reduced.ridge, BRIGHTEST))
    inside = _whole() if reduced.inside.all() else _gathered(reduced.inside.astype(np.float32))
    gathered = _gathered(ridge)
    # A curve that leaves the scan is judged by what is inside, and pays for its absence.
    score = np.where(inside >= WITHIN * BLOCKS, gathered / np.sqrt(np.maximum(inside, 1.0) * BLOCKS), 0.0)
    if rows is not None:
        score[~rows] = 0.0
    shape, best = score.argmax(axis=1), score.max(axis=1)
    u = _u(COLUMNS)
    falls, bows = FALLS[shape // len(BOWS)], BOWS[shape % len(BOWS)]
    all_curves = np.arange(ROWS)[:, None] + falls[:, None] / 2 * u + bows[:, None] * (1 / 3 - u * u)
    kept: list[int] = []
    for k in np.argsort(-best, kind="stable"):
        if best[k] < LEAST_SCORE or len(kept) == count:
            break
        if not kept or np.abs(all_curves[kept] - all_curves[k]).mean(axis=1).min() >= APART:
            kept.append(int(k))
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
    middle = np.rint(curves).astype(np.int64)
    rows = middle[:, :, None] + reach
    value = reduced.ridge[np.clip(rows, 0, ROWS - 1), np.arange(COLUMNS)[None, :, None]].astype(np.float64)
    value = np.where((rows >= 0) & (rows < ROWS), value, OUTSIDE) - STRAY * np.abs(reach)
    steps = np.zeros((COLUMNS, n, len(reach)), np.int8)
    total = value[:, 0].copy()
    padded = np.full((n, len(reach) + 2), -1e9)
    for k in range(1, COLUMNS):
        padded[:, 1:-1] = total
        up, down = padded[:, :-2] - STEP, padded[:, 2:] - STEP
        step = np.where(up > total, -1, 0)
        best = np.maximum(up, total)
        step[down > best] = 1
        total = np.maximum(best, down) + value[:, k]
        steps[k] = step
    at = total.argmax(axis=1)
    path = np.empty((n, COLUMNS), np.int64)
    every = np.arange(n)
    for k in range(COLUMNS - 1, -1, -1):
        path[:, k] = at
        at = at + steps[k, every, at]
    lines = (middle + reach[path]).astype(np.float64)
    lines = ndimage.median_filter(lines, (1, 7), mode="nearest")
    return np.asarray(ndimage.gaussian_filter1d(lines, 2.0, axis=1, mode="nearest"))
