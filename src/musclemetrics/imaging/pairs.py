"""Which two of many lines bound the muscle: what each line and each pair looks like, and how that is weighed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ridges import COLUMNS, ROWS, Reduced
from .tissue import Stripes, Tissue

__all__ = ["BAND", "LEAST_GAP", "Pairs", "Window", "describe"]

Array = NDArray[np.float64]
Window = tuple[tuple[float, float], tuple[float, float]]

LEAST_GAP = 0.08
"""Share of the view's height between the lines of a pair."""
SEEN = 1.0
"""Standard deviations of the ridge from which a column of a line counts as seen."""
BAND = 0.02
"""Share of the view's height that an inner edge may lie from the middle of its line."""
EDGE = 4.0
"""Rows from the view's bottom within which a line may be the border of the scan."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Lines from top to bottom, every pair of them, and what speaks for and against.

    Attributes
    ----------
    lines : array, shape (n, COLUMNS)
        Rows of the grid.
    seen : array, shape (n,)
        Share of the columns in which each line stands out.
    uneven : array, shape (n,)
        How far each line strays from a parabola, rows, root mean square.
    across : array, shape (n,)
        0 to 1: how far the stripes a line consists of cross it.
    upper, lower : array of int, shape (m,)
        The lines of each pair.
    allowed : array of bool, shape (m,)
        Pairs that lie in the window.
    features : dict of array, shape (m,)
        By the names of `weights.WEIGHTS`.
    """

    lines: Array
    seen: Array
    uneven: Array
    across: Array
    upper: NDArray[np.intp]
    lower: NDArray[np.intp]
    allowed: NDArray[np.bool_]
    features: dict[str, Array]


def _crest(plane: NDArray[np.float32], lines: Array) -> Array:
    """Return the highest value within a row of the line, column by column."""
    rows, cells = np.rint(lines).astype(np.intp), plane.ravel()
    around = [np.minimum(np.maximum(rows + away, 0), ROWS - 1) * COLUMNS + np.arange(COLUMNS) for away in (-1, 0, 1)]
    return np.asarray(np.maximum.reduce([cells.take(at) for at in around]), np.float64)


def _parabola(lines: Array) -> tuple[Array, Array, Array]:
    """Return the rise a column, the bow (rows) and the unevenness (rows, root mean square) of each line."""
    u = (np.arange(COLUMNS) + 0.5) / COLUMNS * 2 - 1
    shapes = np.stack([np.ones(COLUMNS), u, u * u - 1 / 3])
    weights = (lines @ shapes.T) / (shapes * shapes).sum(axis=1)
    left = lines - weights @ shapes
    return weights[:, 1] * 2 / COLUMNS, np.abs(weights[:, 2]), np.sqrt((left * left).mean(axis=1))


def describe(reduced: Reduced, lines: Array, *, flat: float = 1.0, window: Window | None = None) -> Pairs:
    """Return every pair of lines, its features, and whether it lies in a window.

    Parameters
    ----------
    reduced : Reduced
    lines : array, shape (n, COLUMNS)
        Rows, in any order.
    flat : float
        Height of a pixel over its width, for the directions of stripes.
    window : ((float, float), (float, float)), optional
        Shares of the view's height between which the upper and the lower inner edge lie, on average.

    Returns
    -------
    Pairs

    Notes
    -----
    Features are the same for an image and its mirror image: directions count by size, or relative to the way the
    stripes between the two lines run.
    """
    lines = lines[np.argsort(lines.mean(axis=1), kind="stable")]
    tissue = Tissue(reduced, flat)
    spread = max(float(reduced.grey[reduced.inside].std()), 1e-6)
    dx, dy = reduced.pitch
    crest = _crest(reduced.ridge, lines)
    bright = _crest(reduced.grey, lines).mean(axis=1)
    rise, bow, uneven = _parabola(lines)
    angle = np.arctan(rise * dy * flat / dx)
    seen = np.asarray((crest > SEEN).mean(axis=1))
    away = {d: tissue.above(lines + d) for d in (-32, -12, -4, -3, 3, 4, 12, 24, 32)}

    def beside(top: int, bottom: int) -> Stripes:
        return tissue.between(away[top], away[bottom], angle)

    near_above, wide_above = beside(-12, -3), beside(-32, -4)
    near_below, wide_below = beside(3, 12), beside(4, 32)
    flesh_below, itself = beside(4, 24), beside(-3, 3)

    def brighter(than: Stripes) -> Array:
        return np.where(than.cells > COLUMNS, (bright - than.brightness) / spread, 0.0)

    known = (near_above.cells > COLUMNS) & (near_below.cells > COLUMNS)
    turn = np.where(known, near_above.turned(near_below), 0.3)
    bottom = np.exp(-np.maximum(ROWS - 1 - lines.max(axis=1), 0.0) / EDGE)

    i, j = np.triu_indices(len(lines), 1)
    gap = lines[j] - lines[i]
    apart = (gap.mean(axis=1) > LEAST_GAP * ROWS) & (gap.min(axis=1) > 0)
    i, j = i[apart], j[apart]
    allowed = np.ones(len(i), np.bool_)
    if window is not None:
        share = (lines.mean(axis=1) + 0.5) / ROWS
        for k, side, (low, high) in zip((i, j), (-1, 1), window, strict=True):
            # The window is of inner edges, the line is the middle of a band on their outer side.
            allowed &= (share[k] >= low + min(side, 0) * BAND) & (share[k] <= high + max(side, 0) * BAND)
    middle, lean = (lines[i] + lines[j]) / 2, (angle[i] + angle[j]) / 2
    half = tissue.above(middle)

    def beyond(known: Array, curves: Array, least: Array) -> Array:
        """Return the sums above curves, known but for those that leave what lies before them."""
        close = (curves < least).any(axis=1)
        if close.any():
            known[close] = tissue.above(np.maximum(curves[close], least[close]))
        return known

    # Where two lines come close, a region ends where it begins.
    between = tissue.between(away[4][i], beyond(away[-4][j], lines[j] - 4, lines[i] + 4), lean)
    first = tissue.between(away[3][i], beyond(half.copy(), middle, lines[i] + 3), lean)
    second = tissue.between(half, beyond(away[-3][j], lines[j] - 3, middle), lean)
    cover = tissue.between(np.zeros((1, 1)), away[-3], 0.0)
    inside = tissue.between(away[3][i], away[12][i], lean)
    depth = (lines.mean(axis=1) / ROWS)[i]
    features = {
        "superficial seen": seen[i],
        "superficial uneven": uneven[i],
        "superficial bow": bow[i],
        "superficial brighter than below": brighter(wide_below)[i],
        "superficial brighter than above": brighter(wide_above)[i],
        "superficial brighter than just above": brighter(near_above)[i],
        "superficial along itself": itself.along[i],
        "superficial across itself": np.abs(itself.oblique[i]),
        "superficial depth": depth,
        "superficial depth squared": depth * depth,
        "superficial turn": turn[i],
        "stripes above superficial": np.where(cover.cells > COLUMNS, cover.ridge, 0.0)[i],
        "deep seen": seen[j],
        "deep uneven": uneven[j],
        "deep brighter than below": brighter(wide_below)[j],
        "deep darker above than below": ((near_below.brightness - near_above.brightness) / spread)[j],
        "deep turn": turn[j],
        "deep at the bottom": bottom[j],
        "deep same slant below": flesh_below.oblique[j] * np.sign(between.oblique),
        "slant": np.abs(between.oblique),
        "slant of halves alike": 4 * first.oblique * second.oblique,
        "turn under superficial": inside.turned(between),
    }
    return Pairs(lines, seen, uneven, np.abs(itself.oblique), i, j, allowed, features)
