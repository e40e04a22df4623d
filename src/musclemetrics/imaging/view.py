"""The part of a screen that is ultrasound: no header, grey bar, ruler or logo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

__all__ = ["View", "field_of_view"]

Grey = NDArray[Any]
Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]

CELLS = 160
"""Cells along the longer side of the reduced copy that the view is sought on."""
CHANGE = 2
"""Grey levels; neighbours that differ by as much are speckle, by less the flat ground of a screen."""
LAG = 3
"""Pixels between neighbours: speckle that was stored in few levels or enlarged is flat within two."""
JUMP = 64
"""Grey levels; neighbours this far apart are strokes on a ground."""
TEXT = 0.4
"""Share of a cell's changes that are jumps, from which it is text."""
BUSY = 0.22
"""Share of a cell's pixels that change, from which it counts as speckle."""
BLACK = 8
"""Grey levels up to this are black."""
BLACK_SIDES = 0.05
"""Share of the image's first and last column that is black, from which black is the ground, not dark scan."""
STROKE = 9
"""Cells; what is thinner in either direction is text, a ruler or a frame."""
GAP = 3
"""Cells; darker stretches of the scan that are closed."""
SMALLEST = 0.02
"""Share of the image that a view has at least."""
SCAN = 0.5
"""Share of the typical column's change, from which a column at the border is scan."""
LIVELY = 16
"""Grey levels; a change counts up to here, so that text beyond the border cannot outdo speckle."""
LIFTED = 8
"""Grey levels by which scan that does not change differs from the ground."""
LIFTED_SHARE = 0.8
"""Share of a column that differs from the ground, from which it is scan."""
STILL = 0.3
"""Grey levels; a column that changes by less is ground, or too dark to tell."""
WIDE = 0.5
"""Share of the longest row and column that a row and column of an upright view has."""
FILLED = 0.8
"""Share of busy cells from which a view counts as filled: black gaps are common between bright fascicles."""
PROBES = 200
"""Pixels of a column that are looked at."""
REACH = 0.03
"""Share of the image's width within which a view ends at the image's own edge."""
STRETCH = 10
"""Pixels looked at in a stretch of a column."""
UPRIGHT = 0.35
"""Share of the rows that end at the outermost column, from which the side of a view is upright."""
UPRIGHT_AREA = 0.92
"""Share of its box that an upright view fills."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Where the scan lies in the image.

    Attributes
    ----------
    box : tuple of int
        (x0, y0, x1, y1) in pixels, the last ones exclusive.
    mask : array of bool, shape (y1 - y0, x1 - x0)
        Pixels of the box that are scan: all of them for a linear probe, the fan for a sector.
    confidence : float
        0 to 1: how evenly speckle fills the view, and how empty its surroundings are.
    """

    box: Box
    mask: Mask
    confidence: float

    @property
    def rectangular(self) -> bool:
        """Whether the whole box is scan."""
        return bool(self.mask.all())


def field_of_view(grey: Grey) -> View:
    """Return the part of an image that is ultrasound.

    Speckle changes from pixel to pixel along a row; the ground of a screen, grey bars and frames do not, and text is
    thin. The view is the largest busy region of a reduced copy, its edges are then sought in the image itself.

    Parameters
    ----------
    grey : array, shape (H, W)
        Grey levels 0 to 255, any real dtype.

    Returns
    -------
    View

    Raises
    ------
    InputError
        ``wrong-shape`` where `grey` is no image; ``no-field-of-view`` where nothing in it looks like speckle.

    Notes
    -----
    A trapezoid or a sector is taken as the hull of what is lit, with the arc of a curved probe cut from its top:
    dark parts between lit ones belong to it, a deep part that is dark from side to side does not. In an image
    without ground (cut to the scan already) the whole image is the view, however dark its deep part.

    Examples
    --------
    >>> import numpy as np
    >>> screen = np.zeros((300, 400), np.uint8)
    >>> screen[40:260, 60:340] = np.random.default_rng(1).integers(0, 90, (220, 280))
    >>> field_of_view(screen).box
    (60, 40, 340, 260)
    """
    if grey.ndim != 2 or min(grey.shape) < 4 * STROKE:
        raise InputError(
            f"the image has shape {grey.shape}, at least {4 * STROKE} by {4 * STROKE} grey pixels are needed",
            code="wrong-shape",
            remedy="give one frame as grey levels",
        )
    if grey.dtype.kind != "f" and grey.dtype != np.uint8:
        grey = grey.astype(np.float32)  # signed differences of other integers wrap round
    height, width = grey.shape
    cell = max(2, round(max(height, width) / CELLS))
    busy = _busy(grey, cell, _black_sides(grey) > BLACK_SIDES)
    region = _largest(busy)
    if region is None:
        raise InputError(
            f"no region of speckle covers {SMALLEST:.0%} of the image",
            code="no-field-of-view",
            remedy="give the region of the scan by hand (roi=), or check that this is an ultrasound image",
        )
    if _upright(region):
        box = _refined(grey, _bounds(_wide(region), cell), cell)
        mask = np.ones((box[3] - box[1], box[2] - box[0]), dtype=bool)
    else:
        x0, y0, x1, y1 = _bounds(region, cell)
        box, mask = _trimmed(_outline(region, cell, (x0, y0, min(x1, width), min(y1, height))))
    # Cut to the scan already: a dark deep part has no border of its own, so the image's edge is the view's.
    reach = max(cell, round(REACH * width))
    if box[0] <= reach and box[1] <= reach and box[2] >= width - reach:
        box, mask = (0, 0, width, height), np.ones(grey.shape, dtype=bool)
    return View(box, mask, _confidence(busy, region))


def _black_sides(grey: Grey) -> float:
    """Return the share of black at the image's sides; a scan that fades in the depth may end at the bottom."""
    sides = grey[:, [0, -1]]
    return float(np.count_nonzero(sides <= BLACK)) / sides.size


def _apart(a: Grey, b: Grey) -> Grey:
    # Unsigned levels must not wrap round, and a signed copy of the image costs more than two comparisons.
    return np.maximum(a, b) - np.minimum(a, b)


def _busy(grey: Grey, cell: int, black_is_ground: bool) -> Mask:
    """Return which cells of the reduced copy are speckle: many pixels differ from their neighbours, few by a lot."""
    lag = max(LAG, cell // 2)
    stride = max(1, cell // 3)
    down, across = grey.shape[0] // cell, grey.shape[1] // cell
    each = range(0, cell, stride)
    changed = np.zeros((down, across * cell), dtype=np.uint8)
    jumped = np.zeros_like(changed)
    for first in each:
        row = grey[first : down * cell : cell, : across * cell]
        apart = _apart(row[:, lag:], row[:, :-lag])
        changed[:, :-lag] += apart >= CHANGE
        jumped[:, :-lag] += apart >= JUMP
    total = changed.reshape(down, across, cell).sum(axis=2, dtype=np.uint16)
    strokes = jumped.reshape(down, across, cell).sum(axis=2, dtype=np.uint16)
    busy = (total > BUSY * cell * len(each)) & (strokes < TEXT * total)
    if not black_is_ground:
        busy |= grey[cell // 2 : down * cell : cell, cell // 2 : across * cell : cell] <= BLACK
    return np.asarray(busy)


def _largest(busy: Mask) -> Mask | None:
    """Return the largest region once gaps are closed and strokes removed, None where there is none."""
    from scipy import ndimage

    closed = _shrunk(_grown(np.pad(busy, GAP), GAP), GAP)[GAP:-GAP, GAP:-GAP]
    # Beyond the image the scan goes on, as far as removing strokes is concerned: a cropped image keeps its corners.
    half = STROKE // 2
    core = _shrunk(np.pad(closed, half, mode="edge"), STROKE)[half:-half, half:-half]
    opened = _grown(core, STROKE) & closed
    names, count = ndimage.label(opened)
    if count == 0:
        return None
    sizes = np.bincount(names.ravel())[1:]
    if sizes.max() < SMALLEST * busy.size:
        return None
    region = ndimage.binary_fill_holes(names == 1 + int(sizes.argmax()))
    return np.asarray(region)


def _grown(mask: Mask, size: int) -> Mask:
    from scipy import ndimage

    return np.asarray(ndimage.maximum_filter(mask.view(np.uint8), size=size, mode="constant")).view(bool)


def _shrunk(mask: Mask, size: int) -> Mask:
    from scipy import ndimage

    return np.asarray(ndimage.minimum_filter(mask.view(np.uint8), size=size, mode="nearest")).view(bool)


def _ends(region: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows that hold any of a region, and the first and last column of each."""
    rows = np.flatnonzero(region.any(axis=1))
    first = region[rows].argmax(axis=1)
    last = region.shape[1] - 1 - region[rows, ::-1].argmax(axis=1)
    return rows, first, last


def _bounds(region: Mask, cell: int) -> Box:
    """Return the box of some cells in pixels."""
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    x0, y0, x1, y1 = (int(v) * cell for v in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    return x0, y0, x1, y1


def _wide(region: Mask) -> Mask:
    """Return a region without rows and columns that it barely enters: words of a header that touch it."""
    rows, columns = region.sum(axis=1), region.sum(axis=0)
    kept = (rows >= WIDE * rows.max())[:, None] & (columns >= WIDE * columns.max())
    return np.asarray(region & kept)


def _upright(region: Mask) -> bool:
    """Return whether a region is the upright rectangle that a linear probe without beam steering draws."""
    wide = _wide(region)
    x0, y0, x1, y1 = _bounds(wide, 1)
    if np.count_nonzero(wide) < UPRIGHT_AREA * (x1 - x0) * (y1 - y0):
        return False
    sizes = region.sum(axis=1)
    rows, first, last = _ends(region & (sizes >= WIDE * sizes.max())[:, None])
    near = max(1, min(2, len(rows) // 20))
    left = np.count_nonzero(first <= first.min() + near) / len(first)
    right = np.count_nonzero(last >= last.max() - near) / len(last)
    return bool(min(left, right) >= UPRIGHT)


def _refined(grey: Grey, coarse: Box, cell: int) -> Box:
    """Return the box of an upright view to the pixel."""
    height, width = grey.shape
    x0, y0, x1, y1 = coarse
    left = _edge(grey, coarse, cell)
    right = width - _edge(grey[:, ::-1], (width - x1, y0, width - x0, y1), cell)
    top = _edge(grey.T, (y0, x0, y1, x1), cell, smooth=True)
    bottom = height - _edge(grey[::-1].T, (height - y1, x0, height - y0, x1), cell, smooth=True)
    return left, top, right, bottom


def _edge(grey: Grey, coarse: Box, cell: int, *, smooth: bool = False) -> int:
    """Return the first column of the scan, walking outwards from inside it.

    A column is scan where it changes along itself, which a ruler's line or a frame does not, or differs from the
    ground: the even echoes at the face of a probe (`smooth`) from what lies beyond both their ends, for a header has
    another ground than the sides; a side without echoes from what lies beside it.
    """
    x0, y0, _, y1 = coarse
    start, inside = max(0, x0 - 8 * cell), max(0, x0) + 3 * cell
    part = grey[:, start : inside + 5 * cell]
    inset = min(3 * cell, (y1 - y0) // 4)
    strip = part[y0 + inset : y1 - inset]
    stride, lag = max(1, strip.shape[0] // PROBES), max(LAG, cell // 2)
    here = strip[: strip.shape[0] - lag : stride]
    changes = np.minimum(_apart(strip[lag::stride][: len(here)], here), LIVELY)
    # The median of stretches: a header's words fill few of them, speckle fills all.
    stretches = max(1, len(changes) // STRETCH)
    cut = changes[: len(changes) // stretches * stretches].reshape(stretches, -1, changes.shape[1])
    varied = np.median(cut.mean(axis=1), axis=0)
    on = varied >= max(STILL, SCAN * float(np.median(varied[inside - start :])))
    if smooth:
        ground = [part[y] for y in (y0 - 2 * cell, y1 + 2 * cell) if 0 <= y < len(part)]
    else:
        ground = [here[:, [x0 - 4 * cell - start]]] if x0 >= 4 * cell else []
    if ground:
        unlike = np.minimum.reduce([(_apart(here, level) >= LIFTED).mean(axis=0) for level in ground])
        on |= unlike >= LIFTED_SHARE
    first, dark = inside - start, 0
    for i in range(inside - start, -1, -1):
        if not on[i]:
            dark += 1
            if dark > cell:
                break
            continue
        if dark and not on[max(0, i - 2) : i + 1].all():
            break  # a thin line beyond a gap: a frame or a ruler
        first, dark = i, 0
    return start + first


def _outline(region: Mask, cell: int, box: Box) -> tuple[Box, Mask]:
    """Return the pixels of a slanted view: the hull of its cells, less the arc of a curved probe at its top."""
    rows, first, last = _ends(region)
    columns = np.flatnonzero(region.any(axis=0))
    top = region[:, columns].argmax(axis=0)
    x = np.arange(box[0], box[2])
    y = np.arange(box[1], box[3])
    # Cells are as wide as they are: their outer edges bound the hull on every side.
    left = np.interp(y, (rows + 0.5) * cell, _hull(rows, first) * cell)
    right = np.interp(y, (rows + 0.5) * cell, (1.0 - _hull(rows, -last)) * cell)
    bottom = region.shape[0] - 1 - region[::-1, columns].argmax(axis=0)
    lower = np.interp(x, (columns + 0.5) * cell, (1.0 - _hull(columns, -bottom)) * cell)
    hull = _hull(columns, top)
    upper = top if np.max(top - hull) > 2 and _smooth(top) else hull
    above = np.interp(x, (columns + 0.5) * cell, upper * cell)
    inside = (x >= left[:, None]) & (x < right[:, None]) & (y[:, None] >= above) & (y[:, None] < lower)
    return box, np.asarray(inside)


def _smooth(top: NDArray[np.intp]) -> bool:
    """Return whether the top of a view is an arc rather than dark speckle."""
    bend = np.polynomial.Polynomial.fit(np.arange(len(top)), top, 4)
    return float(np.median(np.abs(top - bend(np.arange(len(top)))))) < 1.0


def _hull(at: NDArray[np.intp], low: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the convex curve from below through points of increasing abscissa, one value for each (Andrew 1979)."""
    kept: list[int] = []
    for i in range(len(at)):
        while len(kept) >= 2:
            a, b = kept[-2], kept[-1]
            if (at[b] - at[a]) * (low[i] - low[a]) > (low[b] - low[a]) * (at[i] - at[a]):
                break
            kept.pop()
        kept.append(i)
    return np.interp(at, at[kept], low[kept])


def _trimmed(outline: tuple[Box, Mask]) -> tuple[Box, Mask]:
    """Return a box and its mask without the rows and columns that hold none of it."""
    box, mask = outline
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    return (box[0] + left, box[1] + top, box[0] + right, box[1] + bottom), mask[top:bottom, left:right]


def _confidence(busy: Mask, region: Mask) -> float:
    """Return how evenly speckle fills the region times how empty its surroundings are."""
    around = _grown(region, 7) & ~_grown(region, 3)
    noise = float(np.count_nonzero(busy & around)) / max(1, int(np.count_nonzero(around)))
    lit = _shrunk(_grown(busy, GAP), GAP) & region
    return min(1.0, float(np.count_nonzero(lit)) / np.count_nonzero(region) / FILLED) * (1.0 - noise)
