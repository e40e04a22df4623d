"""Where the fibre was released and stretched back, from the length signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...traces import Change, Recording, changes, noise

__all__ = ["Restretch", "find", "restretches"]

Array = NDArray[np.float64]

LEAST = 0.08
"""The smallest change of length that counts, as a share of the whole excursion of the signal."""
HOME = 0.15
"""How near the length before, as a share of the excursion, a fibre counts as stretched back."""
REST = 0.02
"""Seconds before a release over which its length is looked at."""
QUIET = 8.0
"""A release is so many standard deviations of the length before it at least."""
LONGEST = 2.0
"""Seconds between two changes of one manoeuvre at most."""


@dataclass(frozen=True, slots=True)
class Restretch:
    """A release and the stretch back.

    Attributes
    ----------
    release : float
        Seconds at which the release begins.
    slack : (float, float)
        Seconds between the end of the release and the next change of length.
    end : float
        Seconds at which the last change of length of the manoeuvre is done.
    next : float
        Seconds of the change of length that follows, infinite where there is none.
    """

    release: float
    slack: tuple[float, float]
    end: float
    next: float


def restretches(recording: Recording) -> list[Restretch]:
    """Return every release and re-stretch of the length signal.

    The release is the first change away from rest, the re-stretch ends with the change that brings the fibre back to
    within 15 % of the excursion of where it was; an overshoot between the two belongs to the manoeuvre. A fibre
    stretched back to another length counts too, from the last change before a long rest.
    """
    length = recording.length
    assert length is not None
    excursion = float(np.ptp(length))
    if excursion == 0.0 or excursion < 20.0 * noise(length):
        return []
    found: list[Restretch] = []
    size = max(3, round(REST * recording.rate))
    seen = changes(recording.time, length, recording.rate, least=LEAST * excursion)
    current: list[Change] = []
    for k, change in enumerate(seen):
        current.append(change)
        following = seen[k + 1].begin if k + 1 < len(seen) else np.inf
        back = len(current) > 1 and any(c.size * current[0].size < 0 for c in current)
        home = abs(change.after - current[0].before) <= HOME * max(abs(c.after - current[0].before) for c in current)
        if back and not _still(length, recording.index(current[0].begin), size, abs(current[0].size)):
            current = []
        elif back and (home or following - change.end > LONGEST):
            first, second = current[:2]
            found.append(Restretch(first.begin, (first.end, second.begin), change.end, float(following)))
            current = []
        elif following - change.end > LONGEST:
            current = []
    return found


def _still(length: Array, first: int, size: int, step: float) -> bool:
    """Whether length rests before a change: what a motor's noise does is no release."""
    before = length[max(0, first - size - 1) : max(0, first - 1)]
    return len(before) < 3 or step > QUIET * float(np.std(before))


def find(recording: Recording, start: float | None) -> Restretch | None:
    """Return the manoeuvre before `start`, or the only one of the recording.

    Raises
    ------
    InputError
        ``no-re-stretch`` or ``several-re-stretches``, where `start` is not given.
    """
    found = restretches(recording) if recording.length is not None else []
    if start is not None:
        # A start set by hand lies at or after the end of its own re-stretch, give or take the servo's settling.
        before = [r for r in found if r.end <= start + 0.02]
        return before[-1] if before else None
    if not found:
        seen = "the length signal shows none" if recording.length is not None else "there is no length signal"
        raise InputError(
            f"no release and re-stretch found: {seen}",
            code="no-re-stretch",
            remedy="give start=SECONDS, the end of the re-stretch",
        )
    if len(found) > 1:
        listed = ", ".join(f"{r.end:.4g}" for r in found[:6])
        raise InputError(
            f"{len(found)} re-stretches found, ending at {listed}{' …' if len(found) > 6 else ''} s",
            code="several-re-stretches",
            remedy="name the one to measure with start=SECONDS",
        )
    return found[0]
