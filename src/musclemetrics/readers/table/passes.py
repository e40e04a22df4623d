"""Points that start over: one fibre's list of x that begins again within its rows.

Two curves stacked under one name look like repeats of one fibre. They cannot be told from a series that was truly
run twice, so they are kept and doubted; a column that says something else of each pass settles it, and so does a
second pass that is the first one again, number for number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError
from ...record import Flag
from .numbers import Cell, listed

__all__ = ["refuse_other_curves", "second_passes", "used_once"]

LEAST = 3
"""Distinct x that make a pass; fewer are repeats of single points, as bracketing contractions are."""

Numbers = NDArray[np.generic]


def second_passes(x: Numbers, y: Numbers | None) -> list[int]:
    """Return the indices at which the list of x starts over, empty where it does not.

    Repeats side by side, a way up followed by the way down, and single points measured again between others do not
    start over: a pass has at least three distinct x, and the next one jumps back to begin near its start.

    Examples
    --------
    >>> second_passes(np.array([9, 6, 5, 9, 6, 5.0]), None)
    [3]
    >>> second_passes(np.array([9, 6, 5, 5, 6, 9.0]), None), second_passes(np.array([9, 9, 6, 6, 5, 5.0]), None)
    ([], [])
    """
    values = np.asarray(x, dtype=np.float64)
    present = np.isfinite(values)
    if y is not None and len(y) == len(values):
        present &= np.isfinite(np.asarray(y, dtype=np.float64))
    places = np.flatnonzero(present)
    values = values[places]
    if len(np.unique(values)) < LEAST:
        return []
    # As written first: a pass that ends where it began would lose a point to the repeats left out below.
    if starts := _again(values):
        return [int(places[i]) for i in starts]
    first = np.flatnonzero(np.concatenate(([True], np.diff(values) != 0)))
    single = values[first]
    starts = _again(single) or _back(single)
    return [int(places[first[i]]) for i in starts]


def _again(x: NDArray[np.float64]) -> list[int]:
    """Return where a list that is one shorter list several times begins anew."""
    for at in np.flatnonzero(x[: len(x) // 2 + 1] == x[0]).tolist():
        if at >= LEAST and len(x) % at == 0 and np.array_equal(x[at:], x[:-at]) and len(np.unique(x[:at])) >= LEAST:
            return list(range(at, len(x), at))
    return []


def _back(x: NDArray[np.float64]) -> list[int]:
    """Return where passes of one direction, alike rather than equal, are parted by a single jump back."""
    step = np.sign(np.diff(x))
    way = 1.0 if step.sum() > 0 else -1.0
    jumps = [int(i) + 1 for i in np.flatnonzero(step == -way)]
    starts: list[int] = []
    begin = 0
    for at, end in zip(jumps, [*jumps, len(x)][1:], strict=True):
        before, after = x[begin:at], x[at:end]
        if len(before) >= LEAST and len(after) >= LEAST:
            span = abs(before[-1] - before[0])
            known = np.isclose(after[:, None], before[None, :], rtol=0.005, atol=0).any(axis=1)
            # Back beyond the middle of the pass, over as much of it again, and through the same x: a coarse series
            # and then the points between it is one curve.
            back = abs(after[0] - before[0]) < span / 2 < abs(after[-1] - after[0])
            if back and known.sum() >= max(LEAST, len(after) / 2):
                starts.append(at)
        begin = at
    return starts


def used_once(x: Numbers, y: Numbers, numbers: Sequence[int], flags: list[Flag]) -> NDArray[np.intp] | None:
    """Return the places of a curve without its exact copies, None where it is not held several times over.

    Every point, x and y, stands there equally often, and more than once: a measurement does not repeat itself to
    the last digit at every point, a copied block does.
    """
    points: dict[tuple[float, float], list[int]] = {}
    for i, point in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        if point[0] == point[0] and point[1] == point[1]:
            points.setdefault(point, []).append(i)
    times = {len(places) for places in points.values()}
    if len(times) != 1 or len({p for p, _ in points}) < 2 or (count := times.pop()) < 2:
        return None
    copies = sorted(i for places in points.values() for i in places[1:])
    flags.append(
        Flag(
            "duplicate-rows",
            f"every point stands {count} times in the table with the same values, again in row(s) "
            f"{listed([numbers[i] for i in copies], 6)}; each is used once",
        )
    )
    return np.setdiff1d(np.arange(len(x)), copies)


def refuse_other_curves(
    starts: Sequence[int], words: Mapping[str, Sequence[Cell]], numbers: Sequence[int], fibre: str, column: str
) -> None:
    """Raise where another column says one thing of each pass, and not the same: these are several curves.

    Raises
    ------
    ReadError
        ``duplicate-fibre``, naming the column.
    """
    for name, cells in words.items():
        parts = [list(dict.fromkeys(cells[a:b])) for a, b in zip((0, *starts), (*starts, len(cells)), strict=True)]
        told = [p[0] for p in parts]
        if all(len(p) == 1 for p in parts) and len(set(told)) > 1:
            of = f"fibre {fibre!r}" if fibre else "the table"
            raise ReadError(
                f"{of} starts over at row(s) {listed([numbers[i] for i in starts], 6)}, "
                f"where {name!r} changes ({listed(list(dict.fromkeys(told)), 4)}): these are several curves",
                code="duplicate-fibre",
                remedy=f"keep them apart with -r fibre={column + '+' if column else ''}{name}, "
                f"or leave the column {name!r} out if they are repeats of one fibre",
            )
