"""When force comes back after a release: the detectors of the onset, by name.

A detector looks at all releases of a recording at once. What it reports is the moment at which the slack is taken up,
told from the level *within* the slack, because a transducer's zero shifts and rings with every step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import hinges
from .windows import BACK, HALF, Windows, blocks

__all__ = ["DETECTORS", "Onset", "onset"]

Array = NDArray[np.float64]

RANGES = {"hinge": 0.10, "hinge_quadratic": 0.08, "exponential": HALF}
"""Share of Po up to which each curve is fitted."""
THRESHOLD, SIGMAS = 0.05, 5.0
"""Share of Po, and standard deviations, that force must pass."""

DETECTORS: dict[str, str] = {
    "line": "the line through the force between two shares of Po (`line_window`) meets the level within the slack",
    "hinge": "a flat and a rising line, up to 10 % Po",
    "hinge_quadratic": "a flat line and a parabola, up to 8 % Po",
    "exponential": "a flat line and an exponential approach, up to 50 % Po",
    "threshold": "force passes 5 % Po",
    "sigma": "force leaves the level within the slack by 5 standard deviations",
}


@dataclass(frozen=True, slots=True, eq=False)
class Onset:
    """What a detector found: seconds from the origin of each release, the standard error, and the slope there.

    ``stderr`` is the scatter of the detector on this trace's noise; it knows nothing of the detector's own bias.
    """

    time: Array
    stderr: Array
    slope: Array


def _crossing(seen: Windows, share: float | Array) -> Array:
    """Return when the running mean last rises through a share of Po before it has come back, between samples."""
    above = seen.smooth - seen.baseline[:, None]
    wanted = share * seen.Po
    inside = seen.weight > 0
    rows, columns = np.arange(len(wanted)), np.arange(above.shape[1])
    with np.errstate(all="ignore"):
        top = inside & (above > np.maximum(BACK * seen.Po, 1.5 * wanted)[:, None])
        count = inside.sum(axis=1)
        end = np.where(top.any(axis=1), np.argmax(top, axis=1), count)
        below = (above <= wanted[:, None]) & (columns < end[:, None])
        last = above.shape[1] - 1 - np.argmax(below[:, ::-1], axis=1)
        known = below.any(axis=1) & (last + 1 < count)
        last = np.where(known, last, 0)
        low, high = above[rows, last], above[rows, np.minimum(last + 1, above.shape[1] - 1)]
        t0, t1 = seen.time[rows, last], seen.time[rows, np.minimum(last + 1, above.shape[1] - 1)]
        return np.where(known, t0 + (wanted - low) / (high - low) * (t1 - t0), np.nan)


def _line(seen: Windows, low: float | Array, high: float | Array) -> Onset:
    """Extend the line through the force between two shares of Po back to the level within the slack.

    The samples are those between the two moments at which the running mean passes the shares: chosen one by one by
    their own noisy force they would tilt the line.
    """
    t, f = seen.time, seen.force - seen.baseline[:, None]
    from_, to = _crossing(seen, low), _crossing(seen, high)
    usual = np.diff(t[:, :9], axis=1).mean(axis=1)
    with np.errstate(all="ignore"):
        # Where force comes back within fewer than three samples, the nearest ones about the middle are taken.
        half, middle = np.maximum((to - from_) / 2, 1.01 * usual), (from_ + to) / 2
        w = seen.weight * (np.abs(t - middle[:, None]) <= half[:, None])
    return _extended(t, f, w, seen.baseline_stderr)


def _extended(t: Array, f: Array, w: Array, level_stderr: Array) -> Onset:
    """Return where the lines through the weighted samples of every row meet zero."""
    with np.errstate(all="ignore"):
        n = w.sum(axis=1)
        mt, mf = (w * t).sum(axis=1) / n, (w * f).sum(axis=1) / n
        dt = t - mt[:, None]
        stt = (w * dt * dt).sum(axis=1)
        slope = (w * dt * f).sum(axis=1) / stt
        slope = np.where((slope > 0) & (n >= 2), slope, np.nan)
        rest = (w * (f - mf[:, None] - slope[:, None] * dt) ** 2).sum(axis=1)
        variance = np.where(n > 2, rest / np.maximum(n - 2, 1), level_stderr**2)
        found = mt - mf / slope
        spread = variance * (1 / n + (found - mt) ** 2 / stt) + level_stderr**2
        return Onset(found, np.sqrt(spread) / slope, slope)


def _threshold(seen: Windows, share: float | Array) -> Onset:
    found = _crossing(seen, share)
    with np.errstate(all="ignore"):
        slope = 1.5 * share * seen.Po / (_crossing(seen, 2 * share) - _crossing(seen, share / 2))
        slope = np.where(slope > 0, slope, np.nan)
        return Onset(found, np.hypot(seen.sd, seen.baseline_stderr) / slope, slope)


def _hinge(seen: Windows, fitted: Callable[..., hinges.Break], upto: float) -> Onset:
    with np.errstate(all="ignore"):
        smooth = np.where(seen.weight > 0, seen.smooth, np.inf) - seen.baseline[:, None]
        columns = np.arange(smooth.shape[1])
        risen = (smooth > upto * seen.Po[:, None]) & (columns >= np.argmin(smooth, axis=1)[:, None])
    count = seen.weight.sum(axis=1).astype(np.int64)
    stop = np.where(risen.any(axis=1), np.argmax(risen, axis=1), count)
    stop = np.maximum(np.minimum(stop, count), 9)
    t, f, w = blocks(seen.time, seen.force - np.nan_to_num(seen.baseline)[:, None], stop)
    found = fitted(t, f, w, np.zeros(len(t)))
    known = np.isfinite(seen.baseline)
    time, stderr = np.where(known, found.time, np.nan), np.where(known, found.stderr, np.nan)
    # Where force rises from the very first settled sample, the break lies before it: the rise is extended back.
    hidden = known & (found.time <= (t[:, 0] + t[:, 1]) / 2)
    if hidden.any():
        back = _extended(t, f, w, seen.baseline_stderr)
        time, stderr = np.where(hidden, back.time, time), np.where(hidden, back.stderr, stderr)
    # What is drawn and what errors are judged by: the line from the onset through the samples after it.
    with np.errstate(all="ignore"):
        since = np.maximum(t - time[:, None], 0.0) * w
        slope = (since * f).sum(axis=1) / (since * since).sum(axis=1)
    return Onset(time, stderr, np.where(known, slope, np.nan))


def onset(seen: Windows, detector: str = "line", line_window: tuple[float, float] = (0.02, 0.10)) -> Onset:
    """Return when force comes back in every window.

    Parameters
    ----------
    seen : Windows
    detector : str
        A name of ``DETECTORS``.
    line_window : (float, float)
        Shares of Po between which ``line`` takes its line.

    Returns
    -------
    Onset
        NaN where the detector finds nothing.
    """
    if detector == "line":
        return _line(seen, *line_window)
    if detector == "threshold":
        return _threshold(seen, THRESHOLD)
    if detector == "sigma":
        with np.errstate(all="ignore"):
            return _threshold(seen, SIGMAS * seen.sd / seen.Po)
    curves = {"hinge": hinges.line, "hinge_quadratic": hinges.quadratic, "exponential": hinges.exponential}
    return _hinge(seen, curves[detector], RANGES[detector])
