"""Where in a recording the plateau, rest and zero force stand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...traces import Change, Level, Recording, level, noise
from ...traces.memory import noise_of
from .decisions import Decisions
from .definitions import LIMITS

__all__ = ["Contraction", "Stretch", "boxcar", "contraction", "stretch_of"]

Array = NDArray[np.float64]

LEAST = 10
"""Samples a level is taken from, at least (4 in slack)."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The samples [first, last) and their level."""

    first: int
    last: int
    level: Level


@dataclass(frozen=True, slots=True)
class Contraction:
    """What was found: the plateau, rest before it, and slack after it; None where there is none."""

    plateau: Stretch
    rest: Stretch | None
    slack: Stretch | None
    later: tuple[float, ...]
    """Heights of later plateaus above their own slack, in order."""
    unclear: float | None
    """The lowest force before the plateau, where it is far below it and yet no flat rest was found."""


def boxcar(values: Array, width: int) -> Array:
    """Return the means of all windows of `width` samples, shape (n − width + 1,)."""
    total = np.cumsum(np.concatenate(([0.0], values - values[0])))
    return np.asarray((total[width:] - total[:-width]) / width + values[0])


def stretch_of(made: Recording, first: int, last: int) -> Stretch:
    """Return the samples [first, last) with their level."""
    return Stretch(first, last, level(made.force[first:last]))


def contraction(made: Recording, length: Array | None, steps: list[Change], decisions: Decisions) -> Contraction:
    """Return where the contraction's levels are.

    Parameters
    ----------
    made : Recording
    length : array, shape (n,), optional
        In {L0}.
    steps : list of Change
        Its changes; empty where there is no length to go by.
    decisions : Decisions

    Raises
    ------
    InputError
        ``window-outside``, ``plateau-window``, ``gap-in-level``.
    """
    slacks = _slacks(made, steps)
    slack = slacks[0][1] if slacks else None
    if decisions.plateau is not None:
        plateau = _given(made, decisions.plateau, "plateau")
        slack = next((s for _, s in slacks if s.first >= plateau.last), slack)
    elif slacks:
        plateau = _before(made, slacks[0][0], steps, decisions)
    else:
        plateau = _highest(made, steps, decisions)
    # Before any release: force at zero in slack is lower than it can be at rest.
    end = min([plateau.first, *(step.start for step in steps if step.size <= -LIMITS["slack"])])
    if decisions.relaxed is not None:
        rest: Stretch | None = _given(made, decisions.relaxed, "relaxed")
    else:
        rest = _rest(made, plateau, end, slack, decisions)
    later: list[float] = []
    if decisions.plateau is None and length is not None:
        for step, own in slacks[1:]:
            try:
                other = _before(made, step, steps, decisions)
            except InputError:  # too short between two releases: not a plateau, and not needed
                continue
            # At another length, or on a ramp, force differs for another reason than run-down.
            held = length[other.first : other.last]
            if np.abs(held - np.median(length[plateau.first : plateau.last])).max() < LIMITS["same_length"]:
                later.append(other.level.mean - own.level.mean)
    unclear = None
    if rest is None and len(made.force[:end]) > LEAST:
        low = float(boxcar(_calm(made.force[:end]), LEAST).min())
        floor = slack.level.mean if slack is not None else math.nan if decisions.zero is None else decisions.zero
        unclear = low if low < floor + LIMITS["active"] * (plateau.level.mean - floor) else None
    return Contraction(plateau, rest, slack, tuple(later), unclear)


def _given(made: Recording, window: tuple[float, float], name: str) -> Stretch:
    first, last = made.index(window[0]), made.index(window[1])
    if last - first < LEAST:
        raise InputError(
            f"{name}={window[0]:g} to {window[1]:g} s holds {last - first} samples of a recording from "
            f"{made.time[0]:.4g} to {made.time[-1]:.4g} s, at least {LEAST} are needed",
            code="window-outside",
            remedy="give it in seconds on the recording's own axis",
        )
    if not made.whole(first, last):
        raise InputError(
            f"samples are missing between {window[0]:g} and {window[1]:g} s, the {name} given",
            code="gap-in-level",
            remedy="give a stretch without a gap",
        )
    return stretch_of(made, first, last)


def _slacks(made: Recording, steps: list[Change]) -> list[tuple[Change, Stretch]]:
    """Return the releases after which the muscle is slack, each with the samples of force at zero."""
    found = []
    width = max(4, round(LIMITS["shortest"] * made.rate))
    for k, step in enumerate(steps):
        if step.size > -LIMITS["slack"]:
            continue
        # The motor's overshoot is a change of length too, and ends no slack.
        end = next((s.start for s in steps[k + 1 :] if abs(s.size) > -0.25 * step.size), len(made.time))
        first = made.index(float(made.time[step.stop]) + LIMITS["ring"])
        before = made.force[max(0, step.start - round(0.05 * made.rate)) : step.start + 1]
        if end - first < width or len(before) < 2 * width or not made.whole(first, end):
            continue
        lost = float(np.median(before)) - float(boxcar(made.force[first:end], width).min())
        own = _flat(made, first, end, width, max(LIMITS["flat"] * lost, 3.0 * _wander(before, width)))
        if lost > 0.0 and own is not None:
            found.append((step, own))
    return found


def _calm(force: Array) -> Array:
    """Return the running median of five samples: where a level ends is no matter of a single spike."""
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(np.pad(force, 2, mode="edge"), 5), axis=1))


def _wander(force: Array, width: int) -> float:
    """Return how far means of `width` samples scatter about a line: noise, hum and what else is quick."""
    means = boxcar(force, width)
    k = np.arange(len(means)) - (len(means) - 1) / 2
    rest = means - means.mean()
    rest = rest - k * (float(k @ rest) / max(float(k @ k), 1e-300))
    # Few windows stand side by side in a short stretch: their scatter can be small by chance, and a line takes some.
    remembered = noise_of(force).variance(np.full(width, 1.0 / width))
    few = 1.0 + 3.0 * width / len(force)
    return max(few * float(rest.std()), noise(force) / math.sqrt(width), few * math.sqrt(remembered))


def _flat(made: Recording, first: int, end: int, width: int, allowed: float) -> Stretch | None:
    """Return the lowest flat stretch of [first, end): where means of `width` samples stay within `allowed`."""
    means = boxcar(_calm(made.force[first:end]), width)
    at = int(np.argmin(means))
    # The lowest mean is low by chance too: what lies within twice the tolerance of it is one level.
    outside = np.flatnonzero(means > means[at] + 2.0 * allowed)
    begin = int(outside[outside < at][-1]) + 1 if (outside < at).any() else 0
    stop = int(outside[outside > at][0]) if (outside > at).any() else len(means)
    # Windows at the ends of the stretch may lean into force that rises: a window is left out at either end.
    begin, stop = begin + (width if begin else 0), stop - 1 + width - (width if stop < len(means) else 0)
    return stretch_of(made, first + begin, first + stop) if stop - begin >= width else None


def _before(made: Recording, step: Change, steps: list[Change], decisions: Decisions) -> Stretch:
    """Return the plateau just before a release: as much of the window as earlier changes of length leave."""
    at = float(made.time[step.start])
    last = made.index(at - LIMITS["guard"])
    earlier = [float(made.time[s.stop]) + LIMITS["settling"] for s in steps if s.stop <= step.start]
    begin = max([float(made.time[0]), *earlier])
    first = made.index(max(begin, at - LIMITS["guard"] - decisions.plateau_window))
    gap = made.breaks[(made.breaks > first) & (made.breaks < last)]
    first = int(gap[-1]) if len(gap) else first
    if last - first < max(LEAST, 0.5 * decisions.plateau_window * made.rate):
        raise InputError(
            f"{1e3 * (last - first) / made.rate:.3g} ms of undisturbed force lie before the release at "
            f"{at:.4g} s, half of plateau_window={decisions.plateau_window:g} s is needed",
            code="plateau-window",
            remedy="give a shorter plateau_window, or plateau=(from, to)",
        )
    return stretch_of(made, first, last)


def _highest(made: Recording, steps: list[Change], decisions: Decisions) -> Stretch:
    """Return the highest window of force in which the length does not change and no sample is missing."""
    width = max(LEAST, round(decisions.plateau_window * made.rate))
    if width > len(made.time):
        raise InputError(
            f"the recording lasts {made.time[-1] - made.time[0]:.4g} s, plateau_window is "
            f"{decisions.plateau_window:g} s",
            code="plateau-window",
            remedy="give a shorter plateau_window, or plateau=(from, to)",
        )
    means = boxcar(made.force, width)
    broken = np.zeros(len(made.time) + 1)
    broken[made.breaks] = 1
    breaks = np.cumsum(broken)
    whole = breaks[width - 1 : -1] == breaks[:-width]
    free = whole & _still(made, steps, width)
    # A motor gives way a little where force rises: that moves the length, slowly and not far, and is no step. It only
    # counts where the plateau would be missed for it.
    quick = max(LIMITS["slow"], 1.5 / made.rate)
    larger = [s for s in steps if abs(s.size) > LIMITS["largest"] or s.duration <= quick]
    if len(larger) < len(steps):
        tolerant = whole & _still(made, larger, width)
        low = float(means.min())
        best, most = (float(means[m].max(initial=-np.inf)) - low for m in (free, tolerant))
        free = tolerant if best < LIMITS["missed"] * most else free
    if not free.any():
        raise InputError(
            f"no {decisions.plateau_window:g} s of force without a change of length or a gap",
            code="plateau-window",
            remedy="give a shorter plateau_window, or plateau=(from, to)",
        )
    first = int(np.argmax(np.where(free, means, -np.inf)))
    return stretch_of(made, first, first + width)


def _still(made: Recording, steps: list[Change], width: int) -> NDArray[np.bool_]:
    """Return which windows of `width` samples hold none of the changes of length, nor what follows them."""
    marks = np.zeros(len(made.time) + 1)
    for step in steps:
        marks[made.index(float(made.time[step.start]) - LIMITS["guard"])] += 1
        marks[made.index(float(made.time[step.stop]) + LIMITS["settling"])] -= 1
    moving = np.concatenate(([0.0], np.cumsum(np.cumsum(marks)[:-1] > 0)))
    return np.asarray(moving[width:] == moving[:-width])


def _rest(made: Recording, plateau: Stretch, end: int, slack: Stretch | None, decisions: Decisions) -> Stretch | None:
    """Return the rest before the plateau, None where the recording does not hold it."""
    width = max(LEAST, round(decisions.plateau_window * made.rate))
    if decisions.stimulus_time is not None:
        last = made.index(decisions.stimulus_time)
        if last > plateau.first:
            raise InputError(
                f"stimulus_time={decisions.stimulus_time:g} s lies behind the beginning of the plateau, "
                f"{made.time[plateau.first]:.4g} s",
                code="stimulus-outside",
                remedy="give it in seconds on the recording's own axis, or relaxed=(from, to)",
            )
        if last < LEAST:
            return None
        first = max(0, last - width)
        return stretch_of(made, first, last) if made.whole(first, last) else None
    fine = max(4, width // 5)
    ends = [0, *(int(k) for k in made.breaks if k < end), end]
    pieces = [(i, j) for i, j in pairwise(ends) if j - i >= max(LEAST, 2 * fine)]
    if not pieces:
        return None
    lowest = [float(boxcar(_calm(made.force[i:j]), fine).min()) for i, j in pieces]
    begin, end = pieces[int(np.argmin(lowest))]
    held = made.force[plateau.first : plateau.last]
    height = plateau.level.mean - min(lowest)
    # An unsteady plateau is no measure of the noise: a tenth of the contraction is too much for one level.
    allowed = 3.0 * _wander(held, fine) if len(held) > 2 * fine else 0.05 * height
    allowed = min(max(LIMITS["level"] * height, allowed), 0.1 * height)
    found = _flat(made, begin, end, fine, allowed)
    if found is None or found.last - found.first < max(LEAST, width // 2):
        return None
    # What lies nearest to the contraction: rest of long ago may have been another.
    found = stretch_of(made, max(found.first, found.last - width), found.last)
    # Slack that is on record tells better than a given zero whether force is low enough for rest; a zero alone does not
    # undo a contraction that stands out.
    floor = slack.level.mean if slack is not None else decisions.zero
    height = plateau.level.mean - found.level.mean
    steady = abs(found.level.slope) * (plateau.first - found.first) < LIMITS["active"] * height
    stands_out = height > LIMITS["stands_out"] * math.hypot(plateau.level.sd, found.level.sd)
    distinct = slack is None and steady and stands_out
    if (
        floor is not None
        and not distinct
        and found.level.mean > floor + LIMITS["active"] * (plateau.level.mean - floor)
    ):
        return None
    # Rest is flat: the lowest part of a rise or a redevelopment is not.
    moved = abs(found.level.slope) * (found.level.n - 1)
    loose = 4.0 * found.level.stderr
    return found if moved <= 0.05 * height + loose else None
