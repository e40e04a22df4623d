"""What the tissue above, below and between lines looks like: brightness, and which way its stripes run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .blur import blurring
from .ridges import COLUMNS, ROWS, Reduced

__all__ = ["Stripes", "Tissue"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Stripes:
    """A region's mean brightness and the direction of its stripes, one value for each region.

    Attributes
    ----------
    brightness : array
        Mean grey level.
    ridge : array
        Mean of the ridge.
    cells : array
        Cells of the grid.
    oblique : array
        −1 to 1: sine of twice the angle between stripes and lines, times how alike their directions are.
    along : array
        −1 to 1: cosine of it; 1 where all stripes run along the lines.
    """

    brightness: Array
    ridge: Array
    cells: Array
    oblique: Array
    along: Array

    def turned(self, other: Stripes) -> Array:
        """Return how differently the stripes of two regions run, 0 to 2."""
        return np.hypot(self.oblique - other.oblique, self.along - other.along)


class Tissue:
    """Sums down every column of the grid, from which the mean of any region between two curves is a difference.

    Parameters
    ----------
    reduced : Reduced
    flat : float
        Height of a pixel over its width.
    """

    def __init__(self, reduced: Reduced, flat: float = 1.0) -> None:
        dx, dy = reduced.pitch
        gain, inside = reduced.gain, reduced.inside
        level, fall = (blurring(ROWS, 1.0, order, "reflect") for order in (0, 1))
        along, slope = (blurring(COLUMNS, 1.0, order, "reflect") for order in (0, 1))
        down, across = fall @ gain @ along.T / (dy * flat), level @ gain @ slope.T / dx
        # The structure tensor (Bigün & Granlund 1987) is a mean of products of slopes, hence a sum as well.
        planes = np.stack([reduced.grey, reduced.ridge, across * across, down * down, across * down, inside])
        if not inside.all():
            planes *= inside
        sums = np.zeros((len(planes), ROWS + 1, COLUMNS))
        np.cumsum(planes, axis=1, out=sums[:, 1:])
        self._sums = sums.reshape(len(planes), -1)

    def above(self, curves: Array) -> Array:
        """Return the sums of everything above each curve, shape (n, 6).

        Parameters
        ----------
        curves : array, shape (n, COLUMNS)
            Rows, rounded; the row itself is not above it.
        """
        rows = np.minimum(np.maximum(np.rint(curves), 0), ROWS).astype(np.intp)
        cells = self._sums.take(rows * COLUMNS + np.arange(COLUMNS), axis=1)
        # A product with ones adds up faster than a sum does.
        return np.asarray((cells @ np.ones(COLUMNS)).T)

    def between(self, top: Array, bottom: Array, angle: Array | float) -> Stripes:
        """Return what lies between pairs of curves.

        Parameters
        ----------
        top, bottom : array, shape (n, 6)
            Sums above the upper and above the lower curve: :meth:`above`.
        angle : array, shape (n,)
            Direction of the lines in radians, in pixels of the image, against which stripes are seen.
        """
        grey, ridge, xx, yy, xy, cells = (bottom - top).T
        n = np.maximum(cells, 1e-9)
        # Stripes run at right angles to the steepest slope.
        twice = np.arctan2(2 * xy, xx - yy) + np.pi - 2 * np.asarray(angle)
        alike = np.sqrt((xx - yy) ** 2 + 4 * xy**2) / (xx + yy + 1e-9 * n)
        return Stripes(grey / n, ridge / n, cells, alike * np.sin(twice), alike * np.cos(twice))
