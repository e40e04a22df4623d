"""Releases of a recording: found in the length channel, judged one by one, left out with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ... import traces
from ...errors import InputError
from ...record import Flag
from ...traces import Change, Recording, Windows
from .decisions import Decisions

__all__ = ["Recovery", "Release", "found", "judged", "leave_out_taut"]

Array = NDArray[np.float64]

CLIPPED = 10
"""Samples in a row at the recording's highest or lowest force that betray a converter at its end."""
LEAST = 0.0005
"""Seconds of slack after the end of a release, below which it never went slack."""
SURE = 3.0
"""Standard errors by which the end of a slack without a flat stretch of its own must lie after the release."""
LEVEL = 0.04
"""Share of Po by which a level may lie above that of the largest release and still be that of a slack fibre."""
MARGIN = 0.0025
"""L0 by which a release must go beyond what the larger ones say takes up the series elasticity."""
SHOWN = 900
"""Samples of force kept as evidence, all releases together."""


class Recovery(NamedTuple):
    """What is drawn of a release: time from its origin and force above the level within the slack."""

    time: Array
    force: Array


@dataclass(slots=True)
class Release:
    """One release and what became of it.

    Attributes
    ----------
    number : int
        Counted through all recordings of the fibre, from 1.
    step : float
        Size, {L0}.
    origin : float
        Seconds of the recording from which the duration counts.
    end : float
        Seconds from the origin to the end of the release.
    Po : float
        Force before it above the level within the slack.
    hum : float
        Amplitude of mains hum in its recording.
    durations : dict
        Seconds, by detector.
    reason, doubt : Flag or None
        Why it is not used; what else is told of it.
    unsteady, creep : float
        Change of force over the window before it, and over the flat stretch within its slack.
    """

    number: int
    change: Change
    step: float
    origin: float
    end: float
    last: int
    before: float
    Po: float = float("nan")
    baseline: float = float("nan")
    stderr: float = float("nan")
    slope: float = float("nan")
    hum: float = float("nan")
    manual: bool = False
    durations: dict[str, float] = field(default_factory=dict)
    reason: Flag | None = None
    doubt: Flag | None = None
    unsteady: float = float("nan")
    creep: float = float("nan")
    shown: Recovery | None = None

    @property
    def words(self) -> str:
        """Return which release this is, for a message."""
        return f"release {self.number} ({self.step:.3g} L0 at {self.change.begin:.5g} s)"

    def left_out(self, code: str, why: str) -> None:
        """Leave the release out, with the first reason found."""
        if self.reason is None:
            self.reason = Flag(code, f"{self.words} was left out: {why}", "note")


def found(recording: Recording, length: Array, decisions: Decisions, first: int) -> list[Release]:
    """Return the releases of one recording.

    Parameters
    ----------
    recording : Recording
    length : array
        In L0.
    first : int
        Number of the first one.
    """
    time, force, rate = recording.time, recording.force, recording.rate
    if decisions.shortening == "up":
        length = -length
    changes = traces.changes(time, length, rate, least=min(decisions.least_step / 2, 0.01))
    down = [(k, c) for k, c in enumerate(changes) if c.size <= -decisions.least_step]
    quick = [(k, c) for k, c in down if c.duration <= decisions.longest_release]
    if decisions.release_times is not None:
        quick = [(k, c) for k, c in quick if _near(c, decisions.release_times)]
    if not quick:
        raise _nothing(changes, decisions, time, length)
    out = []
    for number, (k, c) in enumerate(quick, first):
        origin = {"begin": c.begin, "middle": c.middle, "end": c.end}[decisions.origin]
        last = changes[k + 1].start if k + 1 < len(changes) else len(time)
        since = max(0, recording.index(c.begin - decisions.plateau_window), changes[k - 1].stop if k else 0)
        level = traces.level(force[since : max(c.start, since + 1)])
        one = Release(number, c, -c.size, origin, c.end - origin, last, level.mean)
        one.unsteady = level.slope * level.n
        if one.step > 0.5:
            one.left_out("release-implausible", "more than half a fibre; check length_unit and fibre_length")
        if c.start - since < 3:
            one.left_out(
                "release-no-plateau", f"{max(c.start - since, 0)} samples of steady force before it, 3 are needed"
            )
        if not recording.whole(since, last):
            gap = recording.breaks[np.searchsorted(recording.breaks, since, side="right")]
            where = f"samples are missing at {time[gap]:.5g} s"
            if time[gap] < c.end + 0.2:
                one.left_out("release-gap", where)
            else:
                one.last = int(gap)
        before, after = force[since : c.start], force[c.stop : last]
        if _clipped(before, force.max(), after) or _clipped(after, force.min(), before):
            one.left_out("release-clipped", "force stands at the end of the converter's range")
        if len(after) and after[: max(3, round(0.02 * rate))].min() >= one.before:
            one.left_out("release-force-rises", "force does not fall with it; check the sign of force")
        out.append(one)
    return out


def _near(change: Change, times: Sequence[float]) -> bool:
    return any(change.begin - 0.05 <= t <= change.end + 0.005 for t in times)


def _nothing(changes: Sequence[Change], decisions: Decisions, time: Array, length: Array) -> InputError:
    up = [c for c in changes if c.size >= decisions.least_step and c.duration <= decisions.longest_release]
    least = decisions.least_step
    if decisions.release_times is not None:
        return InputError(
            f"no release near the {len(decisions.release_times)} stated time(s); length changes "
            f"{len(changes)} time(s) elsewhere",
            code="no-release",
            remedy="check release_times and the unit of time, or take all releases with release_times=none",
        )
    if up:
        return InputError(
            f"length rises quickly {len(up)} time(s), by up to {max(c.size for c in up):.3g} L0, and never falls so",
            code="length-sign",
            remedy="give shortening=up if the signal rises when the fibre shortens",
        )
    slow = [c for c in changes if c.size <= -least]
    if slow:
        quickest = min(c.duration for c in slow)
        return InputError(
            f"length falls {len(slow)} time(s), within {1e3 * quickest:.3g} ms at the quickest; a release takes at "
            f"most {1e3 * decisions.longest_release:g} ms",
            code="no-release",
            remedy="widen longest_release if the motor is that slow",
        )
    return InputError(
        f"no release of {least:g} L0 or more; length changes by {np.ptp(length):.3g} L0 in all",
        code="no-release",
        remedy="check length_unit and fibre_length, or lower least_step",
    )


def _clipped(part: Array, extreme: float, other: Array) -> bool:
    """Whether force stands at the recording's own extreme for many samples in a row, while it is noisy elsewhere."""
    if len(part) < CLIPPED or traces.noise(other) == 0:
        return False
    at = np.flatnonzero(part != extreme)
    runs = np.diff(np.concatenate(([-1], at, [len(part)]))) - 1
    return bool(runs.max() >= CLIPPED)


def judged(releases: list[Release], recording: Recording, decisions: Decisions, wanted: Sequence[str]) -> Windows:
    """Find the onset after every release by every wanted detector, and leave out what cannot be used."""
    seen = traces.windows(
        recording.time,
        recording.force,
        recording.rate,
        origin=[r.origin for r in releases],
        end=[r.origin + r.end for r in releases],
        last=[r.last for r in releases],
        before=[r.before for r in releases],
        settle=decisions.settle,
        lend=decisions.baseline == "slack",
    )
    onsets = {name: traces.onset(seen, name, decisions.line_window) for name in wanted}
    main = onsets[decisions.onset]
    hum = _hum(releases, recording, seen, main.time)
    zero = float(seen.baseline[int(np.argmax([r.step for r in releases]))])
    each = max(SHOWN // max(len(releases), 1), 40)
    for i, r in enumerate(releases):
        r.Po, r.baseline = float(seen.Po[i]), float(seen.baseline[i])
        r.hum, r.creep = hum, float(seen.creep[i])
        r.stderr, r.slope = float(main.stderr[i]), float(main.slope[i])
        r.durations = {name: float(o.time[i]) for name, o in onsets.items()}
        r.shown = _shown(recording, r, each)
        _manual(r, decisions.onsets, recording)
        if not r.manual:
            _judge(r, seen, i, r.durations[decisions.onset], zero)
    return seen


def _hum(releases: Sequence[Release], recording: Recording, seen: Windows, onset: Array) -> float:
    """Return the amplitude of mains hum in the steady force before the releases and in the slacks."""
    stretches = []
    for i, r in enumerate(releases):
        first = recording.index(r.change.begin - 0.02)
        stretches.append((recording.time[first : r.change.start], recording.force[first : r.change.start]))
        rest = (seen.weight[i] > 0) & (seen.time[i] < onset[i] - 0.001)
        stretches.append((seen.time[i][rest] + r.origin, seen.force[i][rest]))
    return traces.hum(stretches, recording.rate).amplitude


def _manual(r: Release, onsets: Mapping[int, float | None], recording: Recording) -> None:
    if r.number not in onsets:
        return
    given = onsets[r.number]
    r.manual = True
    if given is None:
        r.left_out("release-left-out-by-hand", "onsets says so")
        return
    duration, end = given - r.origin, float(recording.time[max(r.last - 1, 0)])
    if duration <= 0 or given > end:
        r.manual = False
        r.doubt = Flag(
            "onset-not-used",
            f"the onset by hand of {r.words}, {given:.6g} s, lies outside it ({r.origin:.6g} to {end:.6g} s); what the "
            "detector found was used",
        )
        return
    r.durations = dict.fromkeys(r.durations, duration)
    r.stderr = float("nan")


def _judge(r: Release, seen: Windows, i: int, duration: float, zero: float) -> None:
    settled = f"{1e3 * seen.settled:.2g} ms after the release, when the transducer is at rest"
    if np.isnan(seen.reached[i]):
        r.left_out("release-too-brief", "the next change of length follows before force can come back")
    elif seen.reached[i] <= 0.15:
        r.left_out(
            "release-no-return",
            f"force comes back to {100 * max(float(seen.reached[i]), 0.0):.2g} % of Po only, 15 % are needed",
        )
    elif np.isnan(duration):
        r.left_out("release-not-slack", f"no flat force is to be seen from {settled}, so nothing marks its onset")
    elif r.Po <= 0:
        r.left_out(
            "release-force-rises", f"force is {r.before:.4g} before it and no lower in the slack; check its sign"
        )
    elif r.baseline - zero > LEVEL * r.Po:
        r.left_out(
            "release-not-slack",
            f"its lowest force lies {100 * (r.baseline - zero) / r.Po:.2g} % of Po above that of the largest release, "
            f"limit {100 * LEVEL:g} %",
        )
    elif duration - r.end < LEAST:
        r.left_out(
            "release-not-slack",
            f"force begins to come back {1e3 * (duration - r.end):.2g} ms after the release, {1e3 * LEAST:g} ms are "
            "the least that can be told",
        )
    elif not seen.own[i] and not SURE * r.stderr < duration - r.end:
        r.left_out(
            "release-not-slack",
            f"no flat stretch of force within its slack of {1e3 * duration:.2g} ms, which is not sure to "
            f"{1e3 * SURE * r.stderr:.2g} ms (seen from {settled})",
        )


def leave_out_taut(releases: Sequence[Release], decisions: Decisions) -> None:
    """Leave out the smallest releases that by the line through all larger ones cannot have gone slack.

    A fibre hardly taut comes back as slowly as one that was slack for a moment; its own trace cannot tell.
    """
    used = sorted((r for r in releases if r.reason is None), key=lambda r: r.step)
    while len(used) > 3:
        smallest, rest = used[0], used[1:]
        step, duration = np.array([(r.step, r.durations[decisions.onset]) for r in rest]).T
        if smallest.manual or len(np.unique(np.round(step, 4))) < 3:
            return
        slope, start = np.polyfit(step, duration, 1)
        expected = float(start + slope * smallest.step) - smallest.end
        if slope <= 0 or expected >= max(LEAST, slope * MARGIN):
            return
        smallest.left_out(
            "release-not-slack",
            f"by the line through the larger ones it must be {-start / slope:.3g} L0 or more to go slack",
        )
        used = rest


def _shown(recording: Recording, r: Release, most: int) -> Recovery | None:
    """Return the release as it is drawn: from shortly before it to well into the recovery."""
    if not np.isfinite(r.baseline) or not r.Po > 0:
        return None
    first = max(0, recording.index(r.change.begin - 0.002))
    f = recording.force[first : r.last] - r.baseline
    t = recording.time[first : r.last] - r.origin
    slack = np.flatnonzero((t > r.end + 0.001) & (f > 0.3 * r.Po))
    stop = int(slack[0]) if len(slack) else len(f)
    size = max(1, -(-stop // most))
    n = stop // size * size
    return Recovery(t[:n].reshape(-1, size).mean(axis=1), f[:n].reshape(-1, size).mean(axis=1))
