"""Releases as windows: the transducer at rest, the level within the slack, the samples after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import hinges
from .levels import level, median, noise
from .spikes import spikes

__all__ = ["BACK", "HALF", "Windows", "blocks", "windows"]

Array = NDArray[np.float64]

SMOOTH = 0.0005
"""Seconds of running mean where a level is looked for, not where it is measured."""
BACK, HALF = 0.15, 0.5
"""Shares of Po: force that has surely come back; the part of the recovery that is kept."""
ROUGH = 0.15
"""Share of Po up to which the end of the flat stretch is looked for."""
MOST = 200
"""Samples a row of the hinges holds at most; longer windows are averaged in blocks."""
SETTLE = (0.0003, 0.005)
"""Seconds after a release that a transducer may need to come to rest, least and most."""
FLAT, FLAT_SAMPLES = 0.001, 3
"""Seconds and samples of flat force that make a level of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """The stretches after the releases of one recording, one a row, padded at the end.

    Attributes
    ----------
    time, force, weight, smooth : array, shape (releases, samples)
        Seconds from the origin of the release; weight is 0 for padding; `smooth` is the running mean of force.
    Po : array, shape (releases,)
        Force before the release above the level within the slack.
    baseline, baseline_stderr, sd : array, shape (releases,)
        Level within the slack, its standard error, and the noise of a sample.
    own : array of bool
        Whether there is a flat stretch that gives the level; else it is lent by the others, or the lowest there is.
    creep : array, shape (releases,)
        Change of force over the flat stretch; NaN where there is none.
    reached : array, shape (releases,)
        Highest force after the release, as a share of Po.
    spikes : array of int
        Lone samples far off their neighbours, left out.
    settled : float
        Seconds after the end of a release at which the transducer is at rest.
    """

    time: Array
    force: Array
    weight: Array
    smooth: Array
    Po: Array
    baseline: Array
    baseline_stderr: Array
    sd: Array
    own: NDArray[np.bool_]
    creep: Array
    reached: Array
    spikes: NDArray[np.int64]
    settled: float


@dataclass(slots=True)
class _Row:
    """One release: its samples from the end of the release to the next change of length."""

    time: Array
    force: Array
    before: float
    end: float
    rate: float
    kept: tuple[Array, int] | None = None

    def smooth(self) -> tuple[Array, int]:
        """Return the running mean and the index of its lowest value, worked out once."""
        if self.kept is None:
            mean = _running(self.force, self.rate)
            self.kept = mean, int(np.argmin(mean))
        return self.kept

    def from_(self, settle: float) -> _Row:
        k = int(np.searchsorted(self.time, self.end + settle))
        return _Row(self.time[k:], self.force[k:], self.before, self.end, self.rate)

    def despiked(self) -> int:
        """Leave lone samples far off out, and return how many."""
        where = spikes(self.force)
        if len(where):
            self.time, self.force, self.kept = np.delete(self.time, where), np.delete(self.force, where), None
        return len(where)

    def risen(self, share: float) -> int:
        """Return how many samples there are until force has come back to a share of what it was."""
        smooth, at = self.smooth()
        above = smooth[at:] > smooth[at] + share * (self.before - smooth[at])
        return at + int(np.argmax(above)) if above.any() else len(smooth)

    def reached(self) -> float:
        smooth, at = self.smooth()
        span = self.before - float(smooth[at])
        return (float(smooth[at:].max()) - float(smooth[at])) / span if span > 0 else 0.0


def windows(
    time: Array,
    force: Array,
    rate: float,
    *,
    origin: Sequence[float],
    end: Sequence[float],
    last: Sequence[int],
    before: Sequence[float],
    settle: float | None = None,
    lend: bool = True,
) -> Windows:
    """Cut the releases of a recording out of it and find the level within each slack.

    Parameters
    ----------
    time, force : array, shape (n,)
    rate : float
        Samples a second.
    origin, end : sequence of float
        Seconds: from which the delay counts, and at which each release ends.
    last : sequence of int
        Index of the sample before the next change of length.
    before : sequence of float
        Force before each release.
    settle : float, optional
        Seconds the transducer rings after a release; told from the longest slack where it is not given.
    lend : bool
        Whether a slack too short for a level of its own borrows that of the others; else it takes its lowest
        millisecond (three samples at least), as the eye does.
    """
    rows = []
    for o, e, j, p in zip(origin, end, last, before, strict=True):
        i = int(np.searchsorted(time, e))
        rows.append(_Row(time[i:j] - o, force[i:j], p, e - o, rate))
    if settle is None:
        settle = _settling(rows)
    least = max(FLAT_SAMPLES, round(FLAT * rate))
    n = len(rows)
    baseline, stderr, sd, reached, creep = (np.full(n, np.nan) for _ in range(5))
    cut = [row.from_(settle) for row in rows]
    spikes = np.array([row.despiked() for row in cut], dtype=np.int64)
    good = [i for i, row in enumerate(cut) if len(row.time) > 8]
    for i in good:
        reached[i] = cut[i].reached()
    back = [i for i in good if reached[i] > BACK]
    if back:
        parts = [cut[i] for i in back]
        near = hinges.quadratic(*_stacked([_up(row, ROUGH) for row in parts])).time
        for i, row, at in zip(back, parts, near, strict=True):
            count = int(np.searchsorted(row.time, at)) - 1 if np.isfinite(at) else 0
            sd[i] = noise(row.force)
            if count >= least:
                found = level(row.force[:count])
                baseline[i], creep[i] = found.mean, found.slope * found.n
                sd[i] = found.sd if count >= 8 else max(found.sd, sd[i])
                stderr[i] = max(found.stderr, sd[i] / np.sqrt(count))
    own = np.isfinite(baseline)
    for i in () if lend else back:
        if not own[i]:
            low = np.convolve(cut[i].force, np.full(least, 1.0 / least), "valid")
            baseline[i], stderr[i] = float(low.min()), sd[i] / np.sqrt(least)
    if lend and own.sum() >= 2 and not own.all():
        # A slack too short for a level of its own borrows the others'; how far they lie apart is what that costs.
        spread = float(np.std(baseline[own], ddof=1))
        lent = np.isfinite(sd) & ~own
        baseline[lent], stderr[lent] = baseline[own].mean(), spread * np.sqrt(1 + 1 / own.sum())
    Po = np.asarray(before, dtype=np.float64) - baseline
    kept = [_up(row, HALF) if len(row.time) > 8 else _empty() for row in cut]
    t, f, w = _stacked(kept, block=False)
    smooth = np.zeros_like(f)
    for i in good:
        smooth[i, : len(kept[i][0])] = cut[i].smooth()[0][: len(kept[i][0])]
    return Windows(t, f, w, smooth, Po, baseline, stderr, sd, own, creep, reached, spikes, settle)


def _up(row: _Row, share: float) -> tuple[Array, Array]:
    k = max(row.risen(share), 9)
    return row.time[:k], row.force[:k]


def _empty() -> tuple[Array, Array]:
    return np.arange(9.0) * 1e-3, np.zeros(9)


def _settling(rows: Sequence[_Row]) -> float:
    """Return how long the transducer rings, from the releases whose slack is longest and shows it."""
    least, most = SETTLE
    late = [(row, row.from_(most)) for row in rows]
    late = [(row, rest) for row, rest in late if len(rest.time) > 8 and rest.reached() > BACK]
    late = sorted(late, key=lambda pair: -pair[1].risen(ROUGH) / pair[1].rate)[:3]
    if not late:
        return 0.001
    ends = hinges.quadratic(*_stacked([_up(rest, ROUGH) for _, rest in late])).time
    found = []
    for (row, _), at in zip(late, ends, strict=True):
        since = row.time - row.end
        early, slack = since < most, at - row.end
        rest = row.force[~early & (since < slack - (slack - most) / 4)]
        if not len(rest) >= 5:
            # The slack ends before all is quiet: its later half must do for a level.
            rest = row.force[(since > slack / 2) & (since < slack)]
        if not len(rest) >= 4:
            continue
        centre, sd = median(rest), max(float(np.std(rest)), noise(row.force))
        limit = max(4.0 * sd, 0.01 * abs(row.before - centre))
        off = np.flatnonzero(np.abs(row.force[early] - centre) > limit)
        found.append(float(since[early][off[-1]]) + 0.5 / row.rate if len(off) else least)
    return min(max(median(np.array(found)), least), most) if found else 0.001


def _running(values: Array, rate: float) -> Array:
    """Return the running mean over half a millisecond, three samples at least; at the ends over what there is."""
    half = max(1, round(SMOOTH * rate / 2))
    total = np.concatenate(([0.0], np.cumsum(values)))
    k = np.arange(len(values))
    low, high = np.maximum(k - half, 0), np.minimum(k + half + 1, len(values))
    return np.asarray((total[high] - total[low]) / (high - low))


def _stacked(parts: Sequence[tuple[Array, Array]], block: bool = True) -> tuple[Array, Array, Array]:
    """Return times, values and weights as rows of one length; long ones averaged in blocks if `block`."""
    cut = []
    for t, f in parts:
        size = -(-len(t) // MOST) if block else 1
        if size > 1:
            n = len(t) // size * size
            t, f = t[:n].reshape(-1, size).mean(axis=1), f[:n].reshape(-1, size).mean(axis=1)
        cut.append((t, f))
    longest = max(len(t) for t, _ in cut)
    time, force, weight = np.zeros((3, len(cut), longest))
    for i, (t, f) in enumerate(cut):
        time[i, : len(t)], force[i, : len(t)], weight[i, : len(t)] = t, f, 1.0
        time[i, len(t) :] = t[-1]
    return time, force, weight


def blocks(t: Array, f: Array, stop: NDArray[np.int64]) -> tuple[Array, Array, Array]:
    """Return the first `stop` samples of each row with weights, averaged in blocks where they are many."""
    size = -(-int(stop.max()) // MOST)
    width = -(-int(stop.max()) // size) * size
    if width > t.shape[1]:
        pad = ((0, 0), (0, width - t.shape[1]))
        t, f = np.pad(t, pad, mode="edge"), np.pad(f, pad)
    t, f = t[:, :width], f[:, :width]
    if size > 1:
        t, f = (a.reshape(len(a), -1, size).mean(axis=2) for a in (t, f))
    count = np.maximum(stop // size, 3)
    columns = np.arange(t.shape[1])
    last = t[np.arange(len(t)), count - 1]
    weight = (columns < count[:, None]).astype(np.float64)
    return np.where(weight > 0, t, last[:, None]), f, weight
