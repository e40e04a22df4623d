"""The part of a screen that is ultrasound: no header, grey bar, ruler or logo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .view_shape import LAG, apart, bounds, outline, refined, upright, wide

__all__ = ["View", "field_of_view"]

Grey = NDArray[Any]
Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]

CELLS = 160
"""Cells along the longer side of the reduced copy that the view is sought on."""
CHANGE = 2
"""Grey levels; neighbours that differ by as much are speckle, by less the flat ground of a screen."""
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
SIMILAR = 0.5
"""Share of the largest region that another one has to be told of."""
FILLED = 0.8
"""Share of busy cells from which a view counts as filled: black gaps are common between bright fascicles."""
REACH = 0.03
"""Share of the image's width within which a view ends at the image's own edge."""
WHITE = 250
"""Grey levels from which echoes are saturated."""
SIDES, TOP = 0.4, 0.8
"""Shares of both sides and of the top of an image that are scan where the image is cut to it."""
HULL_AREA = 0.88
"""Share of its box that the hull of an upright view fills, however ragged it is; a fan's fills less."""


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
    others : tuple of (int, int, int, int)
        Boxes, to a cell, of further regions of speckle at least half as large: views side by side.
    """

    box: Box
    mask: Mask
    confidence: float
    others: tuple[Box, ...] = ()

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
    closed = _shrunk(_grown(busy, GAP), GAP)
    region, others = _largest(closed)
    if region is None:
        raise InputError(
            f"no region of speckle covers {SMALLEST:.0%} of the image",
            code="no-field-of-view",
            remedy="give the place of the scan by hand (region=x0,y0,x1,y1), or check that this is an ultrasound image",
        )
    if upright(region):
        box = refined(grey, bounds(wide(region), cell), cell)
        mask = np.ones((box[3] - box[1], box[2] - box[0]), dtype=bool)
    else:
        box, mask = outline(grey, region, cell)
    # Cut to the scan already: a dark deep part has no border of its own, so the image's edge is the view's.
    reach = max(cell, round(REACH * width))
    ends = box[0] <= reach and box[1] <= reach and box[2] >= width - reach and mask.mean() > HULL_AREA
    if ends or _cut(grey, closed, cell):
        box, mask, others = (0, 0, width, height), np.ones(grey.shape, dtype=bool), []
    return View(box, mask, _confidence(busy, closed & region, region), tuple(bounds(one, cell) for one in others))


def _black_sides(grey: Grey) -> float:
    """Return the share of black at the image's sides; a scan that fades in the depth may end at the bottom."""
    sides = grey[:, [0, -1]]
    return float(np.count_nonzero(sides <= BLACK)) / sides.size


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
        moved = apart(row[:, lag:], row[:, :-lag])
        changed[:, :-lag] += moved >= CHANGE
        jumped[:, :-lag] += moved >= JUMP
    # Slice by slice: sums along a short last axis are slow.
    total = np.add.reduce([changed[:, i::cell] for i in range(cell)], dtype=np.uint16)
    strokes = np.add.reduce([jumped[:, i::cell] for i in range(cell)], dtype=np.uint16)
    busy = (total > BUSY * cell * len(each)) & (strokes < TEXT * total)
    if not black_is_ground:
        # Dark scan has speckle above it; the corners beside the top of a fan have none.
        black = grey[cell // 2 : down * cell : cell, cell // 2 : across * cell : cell] <= BLACK
        busy |= black & np.logical_or.accumulate(busy, axis=0)
    return np.asarray(busy)


def _largest(closed: Mask) -> tuple[Mask | None, list[Mask]]:
    """Return the largest region once strokes are removed, None where there is none, and others of similar size."""
    from scipy import ndimage

    # Beyond the image the scan goes on, as far as removing strokes is concerned: a cropped image keeps its corners.
    opened = _grown(_shrunk(closed, STROKE), STROKE) & closed
    names, count = ndimage.label(opened)
    if count == 0:
        return None, []
    sizes = np.bincount(names.ravel())[1:]
    if sizes.max() < SMALLEST * closed.size:
        return None, []
    largest = int(sizes.argmax())
    similar = [names == 1 + int(k) for k in np.flatnonzero(sizes >= SIMILAR * sizes[largest]) if k != largest]
    # Holes are what does not reach the border: filled by names, which takes a fraction of growing inwards.
    others, count = ndimage.label(names != 1 + int(sizes.argmax()))
    filled = np.ones(count + 1, dtype=bool)
    for side in (others[0], others[-1], others[:, 0], others[:, -1]):
        filled[side[side > 0]] = False
    return np.asarray(filled[others]), similar


def _cut(grey: Grey, closed: Mask, cell: int) -> bool:
    """Return whether an image is cut to the scan: speckle along both sides, echoes, be they white, along the top."""
    across = closed.shape[1]
    top = closed[0] | (grey[cell // 2, cell // 2 : across * cell : cell] >= WHITE)
    sides = min(float(closed[:, 0].mean()), float(closed[:, -1].mean()))
    return sides >= SIDES and float(top.mean()) >= TOP


def _grown(mask: Mask, size: int) -> Mask:
    """Return which cells have any of a mask within a square of odd `size` round them."""
    wide = np.pad(mask, size // 2)
    return _windows(_windows(wide, size, np.logical_or).T, size, np.logical_or).T


def _shrunk(mask: Mask, size: int) -> Mask:
    """Return which cells have all of a square of odd `size` round them in a mask that goes on beyond the border."""
    wide = np.pad(mask, size // 2, mode="edge")
    return _windows(_windows(wide, size, np.logical_and).T, size, np.logical_and).T


def _windows(mask: Mask, size: int, join: np.ufunc) -> Mask:
    """Return `size` neighbouring rows joined, by doubling."""
    done = 1
    while done < size:
        step = min(done, size - done)
        mask = join(mask[:-step], mask[step:])
        done += step
    return mask


def _confidence(busy: Mask, lit: Mask, region: Mask) -> float:
    """Return how evenly speckle fills the region times how empty its surroundings are."""
    around = _grown(region, 7) & ~_grown(region, 3)
    noise = float(np.count_nonzero(busy & around)) / max(1, int(np.count_nonzero(around)))
    return min(1.0, float(np.count_nonzero(lit)) / np.count_nonzero(region) / FILLED) * (1.0 - noise)
