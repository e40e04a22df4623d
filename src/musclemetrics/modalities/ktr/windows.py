"""The windows of a recovery: the one measured, those it is compared with, and what the trace says without a curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...traces import Recording, spikes
from .decisions import Decisions
from .recovery import Recovery, recover
from .restretch import Restretch

__all__ = ["LEAST_CONSTANTS", "Window", "cut", "half_time", "others", "recovered", "smoothed"]

Array = NDArray[np.float64]

LEAST = 20
"""Samples a window needs."""
GAP = 0.01
"""Longest gap within a window, as a share of it."""
LEAST_CONSTANTS = 2.0
"""Windows of fewer time constants hold too little of the plateau to say whether ktr depends on the window."""
MOST_CONSTANTS = 25.0
"""Time constants of the window where none is given."""
GUARD = 0.001
"""Seconds before the next change of length at which a window ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The samples measured.

    Attributes
    ----------
    origin : float
        Seconds of the recording at which the re-stretch ends: time zero of the exponential.
    time, force : array
        Seconds since `origin`; force above zero. As far as the recording goes undisturbed, not only the window.
    asked, length : float
        Seconds of the window asked for and of the one there is.
    spikes : int
        Lone samples far off their neighbours, left out.
    limited : float
        Seconds there were, where the window is by default the first part of them; else 0.
    """

    origin: float
    time: Array
    force: Array
    asked: float
    length: float
    spikes: int = 0
    limited: float = 0.0

    def part(self, length: float) -> tuple[Array, Array]:
        """Return the first `length` seconds."""
        stop = int(np.searchsorted(self.time, self.time[0] + length * (1 + 1e-9), side="right"))
        return self.time[:stop], self.force[:stop]


def cut(recording: Recording, manoeuvre: Restretch | None, zero: float, decisions: Decisions) -> Window:
    """Return the window to be measured.

    Raises
    ------
    InputError
        ``too-few-samples`` or ``gap-in-window``.
    """
    if decisions.start is not None:
        origin = decisions.start
    else:
        assert manoeuvre is not None
        origin = manoeuvre.end
    first = recording.index(origin + decisions.delay)
    stop = len(recording.time)
    if manoeuvre is not None and np.isfinite(manoeuvre.next):
        stop = min(stop, recording.index(manoeuvre.next - GUARD))
    t = recording.time[first:stop] - origin
    if len(t) < LEAST:
        raise InputError(
            f"{len(t)} samples follow the re-stretch at {origin:.4g} s and the delay of {decisions.delay:g} s, "
            f"{LEAST} are needed",
            code="too-few-samples",
            remedy="give a shorter delay, an earlier start or a longer recording",
        )
    force = recording.force[first:stop] - zero
    alone = spikes(force)
    t, force = np.delete(t, alone), np.delete(force, alone)
    there = float(t[-1] - t[0])
    asked = there if decisions.window is None else decisions.window
    made = Window(origin, t, force, asked, min(asked, there), len(alone))
    inside, _ = made.part(made.length)
    if len(inside) < LEAST:
        raise InputError(
            f"a window of {asked:g} s holds {len(inside)} samples, {LEAST} are needed",
            code="too-few-samples",
            remedy="give a longer window",
        )
    gap = float(np.max(np.diff(inside)))
    if gap > GAP * made.length and gap > 2.5 / recording.rate:
        raise InputError(
            f"the recovery has a gap of {gap:.3g} s within its window of {made.length:.3g} s, limit {100 * GAP:g} %",
            code="gap-in-window",
            remedy="give a window that ends before the gap",
        )
    return made


def recovered(window: Window, decisions: Decisions) -> tuple[Window, Recovery]:
    """Fit the window; where none was asked for and the plateau goes on and on, the first 25 time constants of it.

    A plateau adds nothing to ktr but its drift, and its samples crowd those of the recovery out of the groups.
    """
    there = window.length
    found = recover(*window.part(there))
    while decisions.window is None and found.fit.converged[0] and found["ktr"] * window.length > MOST_CONSTANTS * 1.01:
        # The rate of a window much too long is a rough one, so that it is followed in steps.
        length = max(MOST_CONSTANTS / found["ktr"], window.length / 8.0)
        if len(window.part(length)[0]) < 2 * LEAST:
            break
        window = replace(window, asked=length, length=length, limited=there)
        found = recover(*window.part(length))
    return window, found


def others(window: Window, main: Recovery, factors: Sequence[float]) -> list[tuple[float, float]]:
    """Return (seconds, ktr) of the windows that are shares or multiples of the main one, in order of length.

    Left out are those the recording does not hold and those of less than two time constants of the main fit. The main
    window itself is always among them.
    """
    found = {window.length: main["ktr"]}
    there = float(window.time[-1] - window.time[0])
    for factor in factors:
        length = factor * window.asked
        if length > there * (1 + 1e-9) or length * main["ktr"] < LEAST_CONSTANTS or length in found:
            continue
        t, y = window.part(length)
        if len(t) < LEAST:
            continue
        one = recover(t, y)
        if one.fit.converged[0]:
            found[length] = one["ktr"]
    return sorted(found.items())


def smoothed(recovery: Recovery, share: float = 0.1) -> tuple[Array, Array]:
    """Return the recovery averaged over `share` of its time constant."""
    size = max(1, round(share / max(recovery["ktr"], 1e-9) / recovery.width))
    size = min(size, max(1, len(recovery.time) // 5))
    kernel = np.full(size, 1.0 / size)
    return np.convolve(recovery.time, kernel, "valid"), np.convolve(recovery.force, kernel, "valid")


def half_time(recovery: Recovery) -> float:
    """Return the seconds from the beginning of the window to half the recovery; NaN where force never gets there.

    Both ends are read off the trace: the mean over the first tenth of a time constant, and the mean over the last tenth
    of the window. An exponential has the same half-time from wherever it is taken, so the delay does not enter.
    """
    t, y = smoothed(recovery)
    last = max(1, len(recovery.force) // 10)
    top = float(recovery.force[-last:].mean())
    middle = 0.5 * (float(y[0]) + top)
    above = np.flatnonzero(y >= middle)
    if not len(above) or above[0] == 0 or top <= y[0]:
        return math.nan
    k = int(above[0])
    share = (middle - y[k - 1]) / (y[k] - y[k - 1])
    return float(t[k - 1] + share * (t[k] - t[k - 1]) - t[0])
