"""Regions of an image: which pixels belong to a polygon, a mask or the space between two edges.

A pixel belongs where its **centre** does, by the even–odd rule. Pixel centres are at whole numbers (x = column,
y = row), so a centre can lie on an edge: it belongs on a left or an upper edge and not on a right or a lower one.
Regions that share an edge then share no pixel and lose none, and a rectangle of 40 × 30 px has 1200 pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..errors import InputError
from ..record import Flag

__all__ = ["LEAST_AREA", "Region", "polygon_mask", "region_of", "rings_mask"]

LEAST_AREA = 50
"""Pixels below which statistics of a region say little (flag ``roi-too-small``)."""

# A share of the area that a slip of the hand where a freehand line closes stays below; corners clicked in the wrong
# order do not.
_CROSSED = 0.02
# Where a region reaches beyond the image, how much of it is outside is counted this many images to every side.
_AROUND = 1
# A line drawn by hand to the border goes a pixel beyond it here and there: up to this share that is only worth a note.
_CUT = 0.01
# Far beyond any image: nothing is drawn there, and arithmetic on it would lose whole pixels.
_FARTHEST = 1e7

Bool = NDArray[np.bool_]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A region that can be measured.

    Attributes
    ----------
    mask : array of bool, shape (height, width)
    area : int
        Pixels inside.
    flags : tuple of Flag
        ``roi-outside``, ``roi-self-crossing``, ``roi-too-small``.
    """

    mask: Bool
    area: int
    flags: tuple[Flag, ...] = ()


def polygon_mask(points: ArrayLike, shape: tuple[int, int]) -> Bool:
    """Return which pixels lie inside a polygon.

    Parameters
    ----------
    points : array_like, shape (n, 2)
        Corners x, y in px; the last is joined to the first. What lies outside the image is cut off.
    shape : tuple of int
        Height and width of the image.

    Returns
    -------
    array of bool, shape `shape`
        Empty where no pixel's centre is inside.

    Raises
    ------
    InputError
        ``not-numeric``, ``wrong-shape``, ``not-finite``, ``roi-empty`` (fewer than three corners) or ``roi-outside``
        (a corner more than ten million px away).

    Examples
    --------
    >>> int(polygon_mask([(10, 20), (50, 20), (50, 50), (10, 50)], (100, 100)).sum())
    1200
    """
    mask = np.zeros(shape, bool)
    turns, (x0, y0, x1, y1) = _winding(_corners(points), (0, 0, shape[1], shape[0]))
    mask[y0:y1, x0:x1] = turns & 1
    return mask


def rings_mask(rings: Iterable[ArrayLike], shape: tuple[int, int]) -> Bool:
    """Return the pixels inside an odd number of rings: a polygon with holes, each ring as in `polygon_mask`."""
    mask = np.zeros(shape, bool)
    for ring in rings:
        mask ^= polygon_mask(ring, shape)
    return mask


def region_of(roi: ArrayLike, shape: tuple[int, int], *, box: Box | None = None, least: int = LEAST_AREA) -> Region:
    """Return a drawn region as a mask that can be measured, or say why not.

    Parameters
    ----------
    roi : array_like
        Corners x, y of a polygon, shape (n, 2), real numbers; or a mask of the image's shape, of bool or of zeros and
        one other whole number.
    shape : tuple of int
        Height and width of the image.
    box : tuple of int, optional
        The scan region x0, y0, x1, y1, its last column and row excluded; what lies outside is left out. By default
        the whole image.
    least : int, optional
        Pixels below which the area is flagged.

    Returns
    -------
    Region
        With a flag where a part was left out (``roi-outside``), where the line crosses itself a little
        (``roi-self-crossing``) or where the area is small (``roi-too-small``).

    Raises
    ------
    InputError
        ``roi-empty``, ``roi-outside`` (all of it), ``roi-self-crossing`` (more than 2 % of the area gone round twice
        or the other way), ``roi-wrong-size`` (a mask of another image), ``roi-ambiguous`` (a mask of
        several values), and as `polygon_mask`.

    Examples
    --------
    >>> region_of([(10, 20), (50, 20), (50, 50), (10, 50)], (100, 100), box=(0, 0, 100, 40)).area
    800
    """
    flags: list[Flag] = []
    limits: Box = (0, 0, shape[1], shape[0]) if box is None else box
    drawn = np.asarray(roi)
    as_mask = _as_mask(drawn, shape)
    if as_mask is not None:
        mask, whole = _of_mask(as_mask, shape)
    else:
        mask, whole = _of_polygon(_corners(drawn), shape, flags)
    x0, y0, x1, y1 = limits
    inside = np.zeros(shape, bool)
    inside[y0:y1, x0:x1] = mask[y0:y1, x0:x1]
    area = int(inside.sum())
    if not area:
        raise InputError(
            f"none of the region's {whole} px lies within x {x0} to {x1 - 1}, y {y0} to {y1 - 1} of the scan region",
            code="roi-outside",
            remedy="draw it on this very image, in px counted from the image's upper left corner",
        )
    if area < whole:
        message = (
            f"{100 * (1 - area / whole):.2g} % of the region lies outside the scan region and was left out, {area} px "
            "remain; draw it inside if that part matters"
        )
        flags.append(Flag("roi-outside", message, "suspect" if area < (1.0 - _CUT) * whole else "note"))
    if area < least:
        message = f"the region has {area} px, fewer than {least}, and its statistics say little; draw a larger one"
        flags.append(Flag("roi-too-small", message))
    return Region(inside, area, tuple(flags))


def _corners(points: ArrayLike) -> NDArray[np.float64]:
    corners = checks.finite(checks.matrix(points, "roi", 2), "roi")
    if len(np.unique(corners, axis=0)) < 3:
        raise InputError(
            f"of the region's {len(corners)} corner(s) fewer than 3 differ",
            code="roi-empty",
            remedy="draw a polygon of at least three corners",
        )
    far = float(np.abs(corners).max())
    if far > _FARTHEST:
        raise InputError(
            f"a corner of the region lies {far:g} px away, beyond {_FARTHEST:g}",
            code="roi-outside",
            remedy="give its corners in px of the image",
        )
    return corners


def _winding(corners: NDArray[np.float64], window: Box) -> tuple[NDArray[np.int16], Box]:
    """Return how often the polygon goes round each pixel of its box within a window, and that box; odd is inside.

    Every edge adds its sense to the first pixel at or right of it in each row it crosses, and the sums along the rows
    are the winding numbers. An edge crosses a row where one end is at or above it and the other below. It is taken from
    its upper end, whichever way it is drawn, so that two polygons with one edge get the same pixels to its sides.
    """
    low, high = np.ceil(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    x0, x1 = (int(np.clip(v, window[0], window[2])) for v in (low[0], high[0]))
    y0, y1 = (int(np.clip(v, window[1], window[3])) for v in (low[1], high[1]))
    start, end = corners, np.roll(corners, -1, axis=0)
    down = start[:, 1] < end[:, 1]
    upper, lower = np.where(down[:, None], start, end), np.where(down[:, None], end, start)
    first, last = (np.clip(np.ceil(e[:, 1]), y0, y1).astype(np.intp) for e in (upper, lower))
    rows = last - first
    edge = np.repeat(np.arange(len(corners)), rows)
    y = np.arange(len(edge)) - np.repeat(np.cumsum(rows) - rows, rows) + first[edge]
    with np.errstate(divide="ignore", invalid="ignore"):  # a level edge crosses no row
        slope = (lower[:, 0] - upper[:, 0]) / (lower[:, 1] - upper[:, 1])
    across = upper[edge, 0] + (y - upper[edge, 1]) * slope[edge]
    column = np.clip(np.ceil(across), x0, x1).astype(np.intp)
    turns = np.zeros((y1 - y0, x1 - x0 + 1), np.int16)  # one column more, for what is crossed to the right of the box
    np.add.at(turns, (y - y0, column - x0), np.where(down, 1, -1).astype(np.int16)[edge])
    return np.cumsum(turns[:, :-1], axis=1, dtype=np.int16), (x0, y0, x1, y1)


def _as_mask(drawn: NDArray[Any], shape: tuple[int, int]) -> Bool | None:
    """Return a mask as bool, None for corners; an array that is neither is refused as the mask it was meant to be."""
    if drawn.dtype == bool:
        return drawn
    if drawn.dtype.kind not in "uif" or drawn.ndim < 2 or (drawn.ndim == 2 and drawn.shape[1] <= 4):
        return None  # corners, or what is no region at all: their own check says why
    if drawn.ndim != 2 or drawn.shape != tuple(shape):
        raise InputError(
            f"the mask has shape {drawn.shape}, the image {tuple(shape)}",
            code="roi-wrong-size",
            remedy="give the mask that was drawn on this very image, one value a pixel and no colours",
        )
    inside = drawn != 0
    values = drawn[inside]
    if len(values) and (values != values[0]).any():
        raise InputError(
            f"the mask has values from {values.min():g} to {values.max():g} besides 0",
            code="roi-ambiguous",
            remedy="give zeros and one other number, or a mask of bool",
        )
    return np.asarray(inside)


def _of_mask(mask: Bool, shape: tuple[int, int]) -> tuple[Bool, int]:
    if mask.shape != tuple(shape):
        raise InputError(
            f"the mask has shape {mask.shape}, the image {tuple(shape)}",
            code="roi-wrong-size",
            remedy="give the mask that was drawn on this very image",
        )
    whole = int(mask.sum())
    if not whole:
        raise InputError("the mask holds no pixel", code="roi-empty", remedy="draw the region again")
    return mask, whole


def _of_polygon(corners: NDArray[np.float64], shape: tuple[int, int], flags: list[Flag]) -> tuple[Bool, int]:
    """Return the pixels inside the polygon and how many there would be were the image endless."""
    height, width = shape
    around = (-_AROUND * width, -_AROUND * height, (1 + _AROUND) * width, (1 + _AROUND) * height)
    turns, (x0, y0, x1, y1) = _winding(corners, around)
    odd = (turns & 1).astype(bool)
    whole = int(odd.sum())
    plain = max(int((turns == 1).sum()), int((turns == -1).sum()))
    wrong = int((turns != 0).sum()) - plain
    if not whole and not wrong:
        spans = ", ".join(f"{n} {a:g} to {b:g}" for n, a, b in zip("xy", corners.min(0), corners.max(0), strict=True))
        outside = (corners.max(axis=0) < 0).any() or (corners.min(axis=0) > (width - 1, height - 1)).any()
        raise InputError(
            f"the region, {spans}, holds no pixel's centre" + (" of the image" if outside else ""),
            code="roi-outside" if outside else "roi-empty",
            remedy="give corners in px of the image" if outside else "draw a larger region",
        )
    if wrong:
        message = (
            f"the line round the region crosses itself: {wrong} of its {plain + wrong} px are gone round twice or "
            "the other way"
        )
        if wrong > _CROSSED * plain:
            raise InputError(message, code="roi-self-crossing", remedy="give its corners in order round it")
        flags.append(Flag("roi-self-crossing", f"{message}; look whether it is the region that was meant"))
    mask = np.zeros(shape, bool)
    a, b, c, d = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if c > a and d > b:
        mask[b:d, a:c] = odd[b - y0 : d - y0, a - x0 : c - x0]
    return mask, whole
