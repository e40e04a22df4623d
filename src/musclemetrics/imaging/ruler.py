"""The ruler beside the scan: how many pixels lie between its ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .view import View

__all__ = ["TICKS_MM", "Ruler", "ruler"]

Grey = NDArray[Any]
Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

TICKS_MM = (1.0, 2.0, 2.5, 5.0, 10.0, 20.0)
"""Millimetres that scanners draw between ticks."""
MAJORS = (2, 4, 5, 10)
"""Every how many ticks scanners draw a longer one."""
DEPTHS = (15.0, 120.0)
"""mm; depths of view that muscle is scanned with."""
APERTURES = (20.0, 70.0)
"""mm; widths of linear probes."""
TYPICAL = (45.0, 45.0)
"""mm; depth and width that candidates are ranked by the distance from, as a ratio."""
BRIGHT = 24
"""Grey levels by which a tick stands out from the ground above and below it."""
LEAST_TICKS = 4
LEAST_INSIDE = 8
"""Ticks of a ruler drawn over the scan, where four strokes of speckle are in step by chance."""
MOST_TICKS = 130
SHORTEST = 6.0
"""Pixels between ticks that are told apart."""
MARGIN = 0.12
"""Share of the view's length by which a ruler may begin before it; behind it, it may go on: the deep part is dark."""
LENGTH = 0.5
"""Share of the view's length that a ruler has at least: it measures the view."""
LEAST_SHARE = 0.2
"""Share of the image's length that a ruler has at least, however little of the view is lit."""
OFF, OFF_SHARE = 1.25, 0.04
"""Pixels, or share of the period where that is more, that a tick may be off its place: screens draw ticks on whole
pixels, and may be enlarged after that."""
WHOLE_PIXELS = 1 / 12
"""Variance, px², of a place rounded to whole pixels, as a screen draws it: ticks in perfect step tell no more."""
ROUGH, ROUGH_SHARE = 0.75, 0.02
"""Pixels, or share of the period, root mean square, that the ticks' centres may be off their places."""
FOUND = 0.8
"""Share of the places between first and last tick that hold one."""
SLACK = 1.06
"""By what factor more places there may be than the periodogram's coarse frequency says."""
OWN = 0.65
"""Share of the strokes in the ruler's column that are its ticks: figures and letters have more of their own."""
AGREED = 0.6
"""Height of the periodogram (1: all strokes in step), from which a column is looked at closely."""
ONE_GREY = 0.2
"""Share of its brightness by which a tick differs from the others: what was compressed is not quite even."""
SCREEN = 800
"""Pixels; the width of a screen whose every column is searched."""
EDGE = 8
"""Columns at the image's border that are searched though the view reaches it."""


@dataclass(frozen=True, slots=True, eq=False)
class Ruler:
    """A row of ticks at equal distances.

    Attributes
    ----------
    period : float
        px between neighbouring ticks, least squares over all of them.
    stderr : float
        Standard error of `period`, that of ticks drawn on whole pixels at least.
    axis : {"x", "y"}
        Direction along which the ticks follow each other.
    ticks : array, shape (n,)
        Where they are along that axis, px.
    position : int
        Column (of a ruler along y) or row (along x) they were found in.
    residual : float
        px, root mean square of the ticks' distances from their places.
    major : int or None
        Every how many ticks a longer one stands, None where they are equally long or longer without rule.
    candidates_mm : tuple of float
        Millimetres that one tick may stand for, the most plausible first. It is never certain: the user decides.
    """

    period: float
    stderr: float
    axis: str
    ticks: Array
    position: int
    residual: float
    major: int | None
    candidates_mm: tuple[float, ...]


def ruler(grey: Grey, view: View) -> Ruler | None:
    """Return the finest regular row of ticks beside the view, None where there is none.

    Parameters
    ----------
    grey : array, shape (H, W)
        Grey levels 0 to 255.
    view : View
        Of the same image; the ruler is sought outside its box and along the image's border.

    Returns
    -------
    Ruler or None
        Along the depth (y) where there is one, else along the width (x).

    Notes
    -----
    A tick is a stroke brighter than the ground on both its sides, alike in neighbouring columns. The period is the
    lowest frequency at which the strokes of a column agree (Schuster's periodogram of their places), then refined by
    least squares over the ticks that are in place. A ruler must measure the view: half its length at least, with
    hardly a gap and few other strokes in the same column, which lines of text are not.

    Examples
    --------
    >>> import numpy as np
    >>> from musclemetrics.imaging import field_of_view
    >>> screen = np.zeros((300, 400), np.uint8)
    >>> screen[40:260, 60:340] = np.random.default_rng(1).integers(0, 90, (220, 280))
    >>> screen[np.arange(40, 260, 20)[:, None], np.arange(350, 356)] = 200
    >>> found = ruler(screen, field_of_view(screen))
    >>> round(found.period, 6), found.axis, found.candidates_mm[0]
    (20.0, 'y', 2.5)
    """
    x0, y0, x1, y1 = view.box
    shape = (float(y1 - y0), float(x1 - x0))
    found = _along(grey, (x0, x1), (y0, y1))
    axis = "y"
    if found is None:
        axis, found = "x", _along(grey.T, (y0, y1), (x0, x1))
    if found is None:
        return None
    period, stderr, ticks, position, residual, major = found
    # Where the deep part is dark the ruler knows better how deep the view is.
    length = max(shape[axis == "x"], float(np.ptp(ticks)))
    shape = (length, shape[1]) if axis == "y" else (shape[0], length)
    ranked = _candidates(period, shape, major)
    return Ruler(period, stderr, axis, ticks, position, residual, major, ranked)


Found = tuple[float, float, Array, int, float, "int | None"]


def _along(grey: Grey, across: tuple[int, int], along: tuple[int, int]) -> Found | None:
    """Return the best row of ticks that runs down the image, outside the columns `across`."""
    width = grey.shape[1]
    length = along[1] - along[0]
    left, right = max(across[0], EDGE), min(across[1], width - EDGE)
    if left >= right:
        return None
    low = max(0, along[0] - round(MARGIN * length))
    # On a large screen ticks are long enough to be met by every second column.
    step = max(1, width // SCREEN)
    columns = np.concatenate([np.arange(0, left, step), np.arange(right, width, step)])
    beside = np.concatenate([grey[low:, :left:step], grey[low:, right::step]], axis=1)
    strokes = _strokes(beside)
    least = max(LENGTH * length, LEAST_SHARE * grey.shape[0])
    columns_of = _columns(beside, strokes, np.append(np.diff(columns) == step, False), least)
    best: tuple[float, int, Array, NDArray[np.intp], Mask] | None = None
    for (which, rows), frequencies in zip(columns_of, _frequencies(columns_of, len(beside)), strict=True):
        inside = across[0] <= columns[which] < across[1]
        for frequency in frequencies:
            # No more ticks than strokes, nor than places; the frequency is not yet the last word.
            most = min(float(len(rows)), SLACK * (rows[-1] - rows[0]) * frequency + 2)
            if most <= (best[0] if best else 0.0) or len(rows) < FOUND / SLACK * least * frequency:
                continue
            places, held = _placed(rows, 1.0 / frequency)
            score = _score(rows, places, held, least, LEAST_INSIDE if inside else LEAST_TICKS)
            if score > (best[0] if best else 0.0):
                best = score, which, rows, places, held
    if best is None:
        return None
    _, which, rows, places, held = best
    centres, lengths = _centres(beside, strokes, which, rows[held])
    period, offset = _line(places[held], centres)
    off = centres - (offset + period * places[held])
    residual = float(np.sqrt(np.mean(off**2)))
    if residual > max(ROUGH, ROUGH_SHARE * period):
        return None
    spread = places[held] - places[held].mean()
    variance = max(float(off @ off) / max(1, len(off) - 2), WHOLE_PIXELS)
    stderr = float(np.sqrt(variance / (spread @ spread)))
    return period, stderr, centres + low, int(columns[which]), residual, _major(lengths, places[held])


def _columns(beside: Grey, strokes: Mask, joined: Mask, least: float) -> list[tuple[int, Array]]:
    """Return the columns that may be a ruler's, each pattern once, and where their strokes begin."""
    starts = strokes.copy()
    starts[1:] &= ~strokes[:-1]
    counts = np.add.reduce(starts, axis=0, dtype=np.uint16)
    # A tick is a short line: the next column has it too.
    alike = joined.copy()
    alike[:-1] &= np.add.reduce(starts[:, :-1] & strokes[:, 1:], axis=0, dtype=np.uint16) >= FOUND * counts[:-1]
    found: dict[bytes, tuple[int, Array]] = {}
    for which in np.flatnonzero(alike & (counts >= LEAST_TICKS) & (counts <= MOST_TICKS)):
        rows = np.flatnonzero(starts[:, which])
        if rows[-1] - rows[0] < least:
            continue
        column = beside[:, which]
        levels = np.maximum(column[rows], column[np.minimum(rows + 1, len(column) - 1)]).astype(np.float64)
        # Ticks are of one grey and markers among them of another, unless resizing has made thin ticks uneven.
        ordered = np.sort(levels)
        typical = 0.5 * (ordered[(len(rows) - 1) // 2] + ordered[len(rows) // 2])
        even = rows[np.abs(levels - typical) <= ONE_GREY * typical]
        for some in (even, rows):
            if len(some) >= LEAST_TICKS and some[-1] - some[0] >= least:
                found.setdefault(some.tobytes(), (int(which), some.astype(np.float64)))
    return list(found.values())


def _strokes(part: Grey) -> Mask:
    """Return the pixels that stand out from the ground above and below them."""
    reach = max(4, part.shape[0] // 110)
    strokes = np.zeros(part.shape, dtype=bool)
    here = part[reach:-reach]
    ground = np.maximum(part[: -2 * reach], part[2 * reach :])
    # Not a plain difference: unsigned levels wrap round.
    strokes[reach:-reach] = (here > ground) & (here - ground >= BRIGHT)
    return strokes


def _frequencies(columns: list[tuple[int, Array]], height: int) -> list[Array]:
    """Return for each column the lowest frequencies, per px, at which its strokes agree."""
    if not columns:
        return []
    size = 2 * height
    marks = np.zeros((len(columns), height))
    for row, (_, rows) in zip(marks, columns, strict=True):
        row[rows.astype(np.intp)] = 1.0 / len(rows)
    power = np.abs(np.fft.rfft(marks, n=size, axis=1))
    low = max(2, int(size * (LEAST_TICKS - 1) / height))
    band = power[:, low - 1 : int(size / SHORTEST) + 2]
    peak = (band[:, 1:-1] >= band[:, :-2]) & (band[:, 1:-1] > band[:, 2:])
    highest = band[:, 1:-1].max(axis=1)[:, None]
    high = (band[:, 1:-1] >= 0.75 * highest) & (highest >= AGREED)
    return [(np.flatnonzero(row)[:3] + low) / size for row in peak & high]


def _line(x: NDArray[Any], y: Array) -> tuple[float, float]:
    """Return slope and intercept of the line through some points, least squares."""
    # Plain sums: a mean of a few dozen numbers is mostly overhead.
    middle, height = np.add.reduce(x) / len(x), np.add.reduce(y) / len(y)
    off = x - middle
    slope = float(off @ y) / float(off @ off)
    return slope, float(height - slope * middle)


def _placed(rows: Array, period: float) -> tuple[NDArray[np.intp], Mask]:
    """Return the whole number of periods each stroke lies from the first place, and which strokes are in place."""
    turns = rows * (2 * np.pi / period)
    offset = math.atan2(np.add.reduce(np.sin(turns)), np.add.reduce(np.cos(turns))) / (2 * np.pi) * period
    held = np.ones(len(rows), dtype=bool)
    nearest = np.zeros(len(rows))
    # The periodogram's frequencies are coarse: the far ticks come into place once the near ones have told the period.
    for near in (0.2 * period, 0.08 * period, 0.0):
        off = (rows - offset) / period
        nearest = np.rint(off)
        off -= nearest
        held = np.abs(off) <= max(near, OFF, OFF_SHARE * period) / abs(period)
        taken = nearest[held]
        # The rows are in order, and so are their places.
        if len(taken) < LEAST_TICKS or taken[0] == taken[-1]:
            return nearest.astype(np.intp), np.zeros(len(rows), dtype=bool)
        period, offset = _line(taken, rows[held])
    return nearest.astype(np.intp), held


def _score(rows: Array, places: NDArray[np.intp], held: Mask, length: float, least: int) -> float:
    """Return how much of a ruler some strokes are: its ticks, less for gaps and for strokes that are none."""
    ticks, own_places = np.flatnonzero(held), places[held]
    if len(ticks) < least:
        return 0.0
    # Rows and places are in order.
    taken = 1 + np.count_nonzero(own_places[1:] != own_places[:-1])
    if taken < least or rows[ticks[-1]] - rows[ticks[0]] < length:
        return 0.0
    found = taken / (own_places[-1] - own_places[0] + 1)
    own = len(ticks) / (ticks[-1] - ticks[0] + 1)
    return float(taken * found * own) if found >= FOUND and own >= OWN else 0.0


def _centres(grey: Grey, strokes: Mask, which: int, rows: Array) -> tuple[Array, NDArray[np.intp]]:
    """Return the centre of each tick, weighted by its brightness, and its length in columns."""
    centres = np.empty(len(rows))
    lengths = np.empty(len(rows), dtype=np.intp)
    for i, row in enumerate(rows.astype(int)):
        column = strokes[row:, which]
        thick = len(column) if column.all() else int(column.argmin())
        middle = row + thick // 2
        line = strokes[middle]
        left = which - (int(line[which::-1].argmin()) if not line[which::-1].all() else which + 1)
        right = which + (int(line[which:].argmin()) if not line[which:].all() else len(line) - which)
        lengths[i] = right - left - 1
        top = max(0, row - 2)
        levels = grey[top : row + thick + 2, which].astype(np.float64)
        weights = levels - levels.min()
        total = float(weights.sum())
        centres[i] = top + float(weights @ np.arange(len(levels))) / total if total else row + (thick - 1) / 2
    return centres, lengths


def _major(lengths: NDArray[np.intp], places: NDArray[np.intp]) -> int | None:
    """Return every how many ticks a longer one stands."""
    long = lengths > 1.25 * np.median(np.sort(lengths)[: max(1, len(lengths) // 2)])
    at = np.unique(places[long])
    if len(at) < 2 or long.all():
        return None
    gaps = np.diff(at)
    return int(gaps[0]) if gaps[0] in MAJORS and (gaps == gaps[0]).all() else None


def _candidates(period: float, shape: tuple[float, float], major: int | None) -> tuple[float, ...]:
    """Return the millimetres of a tick that make a plausible view, the most plausible first."""
    ranked = []
    for mm in TICKS_MM:
        depth, aperture = (mm * side / period for side in shape)
        if not (DEPTHS[0] <= depth <= DEPTHS[1] and APERTURES[0] <= aperture <= APERTURES[1]):
            continue
        cost = abs(np.log(depth / TYPICAL[0])) + 2 * abs(np.log(aperture / TYPICAL[1]))
        # Longer ticks stand for whole or half centimetres.
        if major and mm * major not in (5.0, 10.0, 50.0):
            cost += 1.0
        ranked.append((cost, mm))
    return tuple(mm for _, mm in sorted(ranked))
