"""Points that start over, and points held several times: what the readers of curves share.

Two curves stacked under one name look like repeats of one fibre. They cannot be told from a series that was truly
run twice, so they are kept and doubted; a second pass that is the first one again, number for number, is a copy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..record import Flag

__all__ = ["copied_points", "doubted", "second_passes"]

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


def copied_points(x: Numbers, y: Numbers) -> list[int]:
    """Return the indices of points that are exact copies, empty where not every point is held equally often.

    Every point, x and y, stands there equally often, and more than once: a measurement does not repeat itself to
    the last digit at every point, a copied block does.
    """
    points: dict[tuple[float, float], list[int]] = {}
    for i, point in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        if point[0] == point[0] and point[1] == point[1]:
            points.setdefault(point, []).append(i)
    times = {len(places) for places in points.values()}
    if len(times) != 1 or times == {1} or len({p for p, _ in points}) < 2:
        return []
    return sorted(i for places in points.values() for i in places[1:])


def doubted(arrays: dict[str, NDArray[Any]], flags: list[Flag]) -> None:
    """Leave out exact copies of a curve's points, and flag a list of x that starts over."""
    name = "pCa" if "pCa" in arrays else "calcium"
    x, y = arrays.get(name), arrays.get("force")
    if x is None or y is None or x.ndim != 1 or x.shape != y.shape:
        return
    if copies := copied_points(x, y):
        flags.append(
            Flag("duplicate-rows", f"{len(copies)} of {len(x)} points are held again number for number and used once")
        )
        for key, values in arrays.items():
            if values.shape == x.shape:
                arrays[key] = np.delete(values, copies)
        x, y = arrays[name], arrays["force"]
    if starts := second_passes(x, y):
        flags.append(
            Flag(
                "points-start-over",
                f"{name} starts over at point(s) {', '.join(str(i + 1) for i in starts[:6])}, as two curves in one "
                "group do; all points are used as repeats of one curve. Give each curve a group of its own, unless it "
                "is one fibre run again",
            )
        )
