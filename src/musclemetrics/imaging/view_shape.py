"""The outline of a scan: upright box or slanted hull, from the cells that speckle fills."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAG", "apart", "bounds", "outline", "refined", "upright", "wide"]

Grey = NDArray[Any]
Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]

LAG = 3
"""Pixels between neighbours: speckle that was stored in few levels or enlarged is flat within two."""
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
PROBES = 200
"""Pixels of a column that are looked at."""
STRETCH = 10
"""Pixels looked at in a stretch of a column."""
UPRIGHT = 0.35
"""Share of the rows that end at the outermost column, from which the side of a view is upright."""
UPRIGHT_AREA = 0.92
"""Share of its box that an upright view fills."""


def apart(a: Grey, b: Grey) -> Grey:
    """Return by how many grey levels two pieces of an image differ, pixel by pixel."""
    # Unsigned levels must not wrap round, and a signed copy of the image costs more than two comparisons.
    return np.maximum(a, b) - np.minimum(a, b)


def _median(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the medians along the first axis: as ``np.median``, which takes longer to begin than for so few."""
    ordered = np.sort(values, axis=0)
    low, high = ordered[(len(values) - 1) // 2], ordered[len(values) // 2]
    return np.asarray(0.5 * (low.astype(np.float64) + high))


def _ends(region: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows that hold any of a region, and the first and last column of each."""
    rows = np.flatnonzero(region.any(axis=1))
    first = region[rows].argmax(axis=1)
    last = region.shape[1] - 1 - region[rows, ::-1].argmax(axis=1)
    return rows, first, last


def bounds(region: Mask, cell: int) -> Box:
    """Return the box of some cells in pixels."""
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    x0, y0, x1, y1 = (int(v) * cell for v in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    return x0, y0, x1, y1


def wide(region: Mask) -> Mask:
    """Return a region without rows and columns that it barely enters: words of a header that touch it."""
    rows, columns = region.sum(axis=1), region.sum(axis=0)
    kept = (rows >= WIDE * rows.max())[:, None] & (columns >= WIDE * columns.max())
    return np.asarray(region & kept)


def upright(region: Mask) -> bool:
    """Return whether a region is the upright rectangle that a linear probe without beam steering draws."""
    kept = wide(region)
    x0, y0, x1, y1 = bounds(kept, 1)
    if np.count_nonzero(kept) < UPRIGHT_AREA * (x1 - x0) * (y1 - y0):
        return False
    sizes = region.sum(axis=1)
    rows, first, last = _ends(region & (sizes >= WIDE * sizes.max())[:, None])
    near = max(1, min(2, len(rows) // 20))
    left = np.count_nonzero(first <= first.min() + near) / len(first)
    right = np.count_nonzero(last >= last.max() - near) / len(last)
    return bool(min(left, right) >= UPRIGHT)


def refined(grey: Grey, coarse: Box, cell: int) -> Box:
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
    changes = np.minimum(apart(strip[lag::stride][: len(here)], here), LIVELY)
    # The median of stretches: a header's words fill few of them, speckle fills all.
    stretches = max(1, len(changes) // STRETCH)
    cut = changes[: len(changes) // stretches * stretches].reshape(stretches, -1, changes.shape[1])
    varied = _median(np.add.reduce(cut, axis=1, dtype=np.float64) / cut.shape[1])
    on = varied >= max(STILL, SCAN * float(_median(varied[inside - start :])))
    if smooth:
        ground = [part[y] for y in (y0 - 2 * cell, y1 + 2 * cell) if 0 <= y < len(part)]
    else:
        ground = (
            [_median(here[:, x0 - 7 * cell - start : x0 - 3 * cell - start : 2].T)[:, None]] if x0 >= 7 * cell else []
        )
    if ground:
        unlike = np.minimum.reduce([(apart(here, level) >= LIFTED).mean(axis=0) for level in ground])
        on |= unlike >= LIFTED_SHARE
    # A frame close by may have widened the coarse edge: the walk starts where there is scan.
    within = inside - start
    first, dark = within + (int(on[within:].argmax()) if on[within:].any() else 0), 0
    for i in range(first, -1, -1):
        if not on[i]:
            dark += 1
            if dark > cell:
                break
            continue
        if dark and not on[max(0, i - 2) : i + 1].all():
            break  # a thin line beyond a gap: a frame or a ruler
        first, dark = i, 0
    return start + first


def outline(grey: Grey, region: Mask, cell: int) -> tuple[Box, Mask]:
    """Return the pixels of a slanted view: the hull of its cells, less the arc of a curved probe at its top.

    Its sides run through the middle of the outermost cells, half a cell inside rather than outside the scan.
    """
    x0, y0, x1, y1 = bounds(region, cell)
    x1, y1 = min(x1, grey.shape[1]), min(y1, grey.shape[0])
    rows, first, last = _ends(region)
    columns = np.flatnonzero(region.any(axis=0))
    top = region[:, columns].argmax(axis=0)
    bottom = region.shape[0] - 1 - region[::-1, columns].argmax(axis=0)
    x, y = np.arange(x0, x1), np.arange(max(0, y0 - cell), y1)
    left, right = (np.interp(y, (rows + 0.5) * cell, side * cell) for side in (_hull(rows, first), -_hull(rows, -last)))
    lower = np.interp(x, (columns + 0.5) * cell, -_hull(columns, -bottom) * cell)
    hull = _hull(columns, top)
    bent = np.max(top - hull) > 2 and _smooth(top)
    above = np.interp(x, (columns + 0.5) * cell, (top if bent else hull) * cell)
    quarter = (x1 - x0) // 4
    if np.ptp(above[quarter:-quarter]) < cell:
        # The flat face of a linear probe with steered beams: to the pixel, as that of an upright view.
        face = _edge(grey.T, (y0, x0 + quarter, y1, x1 - quarter), cell, smooth=True)
        above = np.full(len(x), max(face, int(y[0])))
    inset = cell / 2
    sides = (x >= left[:, None] + inset) & (x < right[:, None] + inset)
    return _trimmed((x0, int(y[0]), x1, y1), sides & (y[:, None] >= above) & (y[:, None] < lower + inset))


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


def _trimmed(box: Box, mask: Mask) -> tuple[Box, Mask]:
    """Return a box and its mask without the rows and columns that hold none of it."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    return (box[0] + left, box[1] + top, box[0] + right, box[1] + bottom), mask[top:bottom, left:right]
