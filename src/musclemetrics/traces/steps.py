"""Changes of length: where they begin and end, how far they go. A quick one is a step, a slow one a ramp."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .levels import median, noise

__all__ = ["Change", "changes"]

Array = NDArray[np.float64]

REACH = 0.002
"""Seconds over which a change is looked for."""
LEVEL = 0.005
"""Seconds of rest, at most, that give the level before and after."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of length.

    Attributes
    ----------
    start, stop : int
        The last sample at the level before, the first one at the level after.
    begin, middle, end : float
        Seconds: where the change begins, is half done and ends, between samples.
    before, after : float
        The levels.
    """

    start: int
    stop: int
    begin: float
    middle: float
    end: float
    before: float
    after: float

    @property
    def size(self) -> float:
        """How far it goes, negative where the signal falls."""
        return self.after - self.before

    @property
    def duration(self) -> float:
        """Seconds from begin to end."""
        return self.end - self.begin


def changes(time: Array, length: Array, rate: float, *, least: float) -> list[Change]:
    """Return all changes of a signal that go at least as far as `least`, in the order of time.

    Parameters
    ----------
    time, length : array, shape (n,)
        Seconds; any unit.
    rate : float
        Samples a second.
    least : float
        The smallest change that counts, in the unit of `length`. One that takes long needs a speed of least/8 within
        2 ms to be seen; slower ramps are not found here.

    Returns
    -------
    list of Change
    """
    w = max(1, round(REACH * rate))
    if len(length) < w + 3:
        return []
    moved = length[w:] - length[:-w]
    sd = noise(length)
    limit = max(least / 8, 6.0 * sd)
    beyond = np.abs(moved) > limit
    if not beyond.any():
        return []
    sign = np.where(beyond, np.sign(moved), 0.0)
    edges = np.flatnonzero(np.diff(np.concatenate(([0.0], sign, [0.0]))))
    regions = [(int(a), int(b)) for a, b in pairwise(edges) if sign[a] != 0]
    rest = max(2, round(LEVEL * rate))
    found: list[Change] = []
    for k, (a, b) in enumerate(regions):
        # The change lies within samples a … b − 1 + w; its neighbours bound the rest before and after it.
        first = max(0, a - rest, regions[k - 1][1] - 1 + w if k else 0)
        last = min(len(length), b - 1 + w + rest, regions[k + 1][0] + 1 if k + 1 < len(regions) else len(length))
        top, bottom = min(first, a), max(last, min(b + w, len(length)))
        before = median(length[top : a + 1])
        after = median(length[min(b - 1 + w, len(length) - 1) : bottom])
        if abs(after - before) < least:
            continue
        found.append(_change(time, length, a, min(b - 1 + w, len(length) - 1), before, after, sd))
    return found


def _change(time: Array, length: Array, a: int, b: int, before: float, after: float, sd: float) -> Change:
    share = (length[a : b + 1] - before) / (after - before)
    tolerance = max(0.02, 4.0 * sd / abs(after - before))
    left = np.flatnonzero(share > tolerance)
    start = max(0, int(left[0]) - 1) if len(left) else 0
    arrived = np.flatnonzero(share >= 1.0 - tolerance)
    stop = int(arrived[0]) if len(arrived) else len(share) - 1
    stop = max(stop, start + 1)
    t = time[a : b + 1]
    here, when = np.maximum.accumulate(share[start : stop + 1]), t[start : stop + 1]
    middle = float(np.interp(0.5, here, when))
    # A line through the middle part says where a change began and ended more finely than the samples do.
    q1, q3 = (float(np.interp(v, here, when)) for v in (0.25, 0.75))
    half = q3 - q1
    begin = max(float(when[0]), middle - half)
    end = min(float(when[-1]), middle + half)
    return Change(a + start, a + stop, begin, middle, end, before, after)
