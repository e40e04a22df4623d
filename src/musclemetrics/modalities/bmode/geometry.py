"""Lengths between two edges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ... import imaging
from .decisions import Box
from .scale import Scale

__all__ = ["Edges", "Thickness", "thickness_of"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Edges:
    """Inner edges of two aponeuroses over the columns they share.

    Attributes
    ----------
    x, superficial, deep : ndarray, shape (n,)
        Columns and rows, px of the original image.
    outer : ndarray, shape (n,) or empty
        Outer (upper) edge of the first aponeurosis of the image, px.
    """

    x: Array
    superficial: Array
    deep: Array
    outer: Array

    def box(self, view: Box) -> Box:
        """Return the part of a view that holds all between the edges; of edges outside of it, a row at its border."""
        x0, y0, x1, y1 = view
        low, high = math.floor(self.superficial.min()), math.ceil(self.deep.max()) + 1
        top = min(max(low, y0), y1 - 1)
        return x0, top, x1, max(min(high, y1), top + 1)

    def within(self, box: Box, inset: float) -> NDArray[np.bool_]:
        """Return which pixels of a part of the image lie between the edges, `inset` rows away from both."""
        x0, y0, x1, y1 = box
        return imaging.between(self.x - x0, self.superficial - y0, self.deep - y0, (y1 - y0, x1 - x0), inset=inset)

    @property
    def deep_slope(self) -> float:
        """Slope of the straight line through the deep edge, px a px."""
        return _slope(self.x, self.deep)


@dataclass(frozen=True, slots=True)
class Thickness:
    """What the edges say, in the unit of the scale."""

    mean: float
    left: float
    middle: float
    right: float
    perpendicular: float


def thickness_of(edges: Edges, scale: Scale) -> Thickness:
    """Return the distances between the inner edges.

    Parameters
    ----------
    edges : Edges
    scale : Scale

    Returns
    -------
    Thickness
        Vertical ones: mean, and at 25, 50 and 75 % of the shared width; and the one at right angles to the straight
        line through the middle of the muscle, mean over that line.
    """
    vertical = (edges.deep - edges.superficial) * scale.dy
    at = edges.x[0] + (edges.x[-1] - edges.x[0]) * np.array([0.25, 0.5, 0.75])
    left, middle, right = np.interp(at, edges.x, vertical)
    return Thickness(float(vertical.mean()), float(left), float(middle), float(right), _perpendicular(edges, scale))


def _slope(x: Array, y: Array) -> float:
    """Return the slope of the straight line through some points, least squares."""
    off = x - x.mean()
    return float(off @ y) / float(off @ off)


def _perpendicular(edges: Edges, scale: Scale) -> float:
    """Return the mean distance at right angles to the middle line: the same edges in axes turned along that line."""
    x, up, down = edges.x * scale.dx, edges.superficial * scale.dy, edges.deep * scale.dy
    slope = _slope(x, 0.5 * (up + down))
    turn = math.atan(slope)
    c, s = math.cos(turn), math.sin(turn)
    along_up, across_up = x * c + up * s, up * c - x * s
    along_down, across_down = x * c + down * s, down * c - x * s
    low, high = max(along_up.min(), along_down.min()), min(along_up.max(), along_down.max())
    if not high > low:
        return math.nan
    grid = np.linspace(low, high, 200)
    # A steep edge may turn back on itself along the turned axis by a fraction of a pixel; interpolation needs order.
    a, b = np.argsort(along_up, kind="stable"), np.argsort(along_down, kind="stable")
    gap = np.interp(grid, along_down[b], across_down[b]) - np.interp(grid, along_up[a], across_up[a])
    return float(gap.mean())
