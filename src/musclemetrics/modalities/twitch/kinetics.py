"""The kinetics of one twitch by two definitions: single samples, or the smooth curve behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...traces.memory import Noise
from .local import LEAST, Stretch, fitted

__all__ = ["TIMED", "Kinetics", "boxcar", "naive", "outline", "smooth"]

Array = NDArray[np.float64]

TIMED = ("peak", "time_to_peak", "half_relaxation", "latency", "dFdt_max", "dFdt_min", "width")

TOP = 0.70
"""The peak is read from the stretch above this share of it."""
RISE = (0.05, 0.90)
FALL = (0.95, 0.25)
TOE = 0.25
"""Shares of the peak between which the rise, the fall and the toe are fitted."""


@dataclass(frozen=True, slots=True, eq=False)
class Kinetics:
    """What one definition gives.

    Attributes
    ----------
    values, errors : dict
        By name; NaN where it cannot be told. Forces above the baseline, times in seconds.
    marks : dict
        Seconds of the recording: ``onset``, ``half_rise``, ``peak``, ``half_fall``.
    curve_time, curve : array
        The curve behind the samples, force above the baseline; empty for single samples.
    variance : float
        Of the samples about the curve at the peak.
    """

    values: dict[str, float]
    errors: dict[str, float]
    marks: dict[str, float]
    curve_time: Array
    curve: Array
    variance: float


def _times(marks: dict[str, float], start: float | None) -> dict[str, float]:
    begin = marks["onset"] if start is None else start
    return {
        "time_to_peak": marks["peak"] - begin,
        "half_relaxation": marks["half_fall"] - marks["peak"],
        "latency": marks["onset"] - begin,
        "width": marks["half_fall"] - marks["half_rise"],
    }


def naive(time: Array, force: Array, first: int, last: int, start: float | None, level: float) -> Kinetics:
    """Return the kinetics as they are read sample by sample.

    The peak is the highest sample, half relaxation the first sample after it at or below half, the steepest slopes
    the largest differences of neighbouring samples, down to a quarter of the peak. Noise lifts the peak and the
    slopes, and moves the time of the peak along its flat top.

    Parameters
    ----------
    time, force : array, shape (n,)
        Seconds; force above the baseline.
    first, last : int
        The samples [first, last) belong to the response.
    start : float, optional
        Time from which latency and time to peak count; None counts from the onset.
    level : float
        Share of the peak that counts as the onset.
    """
    top = first + int(np.argmax(force[first:last]))
    peak = float(force[top])

    def reached(share: float) -> float:
        below = np.flatnonzero(force[first : top + 1] < share * peak)
        return float(time[first + int(below[-1]) + 1]) if len(below) else math.nan

    def left(share: float) -> int | None:
        under = np.flatnonzero(force[top:last] <= share * peak)
        return top + int(under[0]) if len(under) else None

    fallen, end = left(0.5), left(FALL[1])
    slopes = np.diff(force[first:last]) / np.diff(time[first:last])
    rise, fall = slopes[: top - first], slopes[top - first : (last if end is None else end) - first]
    marks = {
        "onset": reached(level),
        "half_rise": reached(0.5),
        "peak": float(time[top]),
        "half_fall": math.nan if fallen is None else float(time[fallen]),
    }
    values = {
        "peak": peak,
        "dFdt_max": float(rise.max()) if len(rise) else math.nan,
        "dFdt_min": math.nan if fallen is None else float(fall.min()),
        **_times(marks, start),
    }
    nothing = np.zeros(0)
    return Kinetics(values, dict.fromkeys(TIMED, math.nan), marks, nothing, nothing, 0.0)


def boxcar(values: Array, width: int) -> Array:
    """Return the running mean over `width` samples; the ends go on as they are."""
    if width < 2:
        return values
    ends = np.full(width // 2, values[0]), np.full(width - 1 - width // 2, values[-1])
    total = np.cumsum(np.concatenate(([0.0], ends[0], values, ends[1])))
    return np.asarray((total[width:] - total[:-width]) / width)


def outline(force: Array) -> tuple[Array, int]:
    """Return a response smoothed by an eighth of its own width, and the place of its peak."""
    width = max(1, len(force) // 50)
    while True:
        smoothed = boxcar(force, width)
        top = int(np.argmax(smoothed))
        half = 0.5 * smoothed[top]
        left = np.flatnonzero(smoothed[:top] < half)
        right = np.flatnonzero(smoothed[top:] < half)
        begin = int(left[-1]) if len(left) else 0
        end = top + (int(right[0]) if len(right) else len(force) - 1 - top)
        finer = max(1, (end - begin) // 8)
        if finer >= width:
            return smoothed, top
        width = finer


@dataclass(frozen=True, slots=True, eq=False)
class _Response:
    """One response while it is measured: its outline, and what the noise does to weighted sums of its samples."""

    time: Array
    force: Array
    first: int
    last: int
    shape: Array
    top: int
    noise: Noise
    rest: float

    def left(self, share: float) -> int:
        """Return the last sample before the peak below a share of it."""
        below = np.flatnonzero(self.shape[: self.top] < share * self.shape[self.top])
        return self.first + (int(below[-1]) if len(below) else 0)

    def right(self, share: float) -> int | None:
        """Return the first sample after the peak below a share of it, None if there is none."""
        below = np.flatnonzero(self.shape[self.top :] < share * self.shape[self.top])
        return self.first + self.top + int(below[0]) if len(below) else None

    def fit(self, begin: int, end: int | None, margin: int = 2) -> Stretch:
        """Return the polynomial through [begin, end], widened to the samples it needs."""
        stop = self.last if end is None else end + 1
        short = max(0, LEAST - (stop - begin))
        stop = min(self.last, stop + short // 2)
        begin = max(0, min(begin - (short + 1) // 2, stop - LEAST))
        return fitted(self.time, self.force, begin, stop, self.noise.memory, margin)

    def error(self, *parts: tuple[float, Stretch, Array], baseline: float) -> float:
        """Return the standard error of a sum of weighted stretches and `baseline` times the resting force."""
        begin, end = min(p[1].first for p in parts), max(p[1].last for p in parts)
        weights = np.zeros(end - begin)
        for factor, stretch, own in parts:
            weights[stretch.first - begin : stretch.last - begin] += factor * own
        noise = self.noise.at_least(max(p[1].variance for p in parts))
        return math.sqrt(noise.variance(weights) + (baseline * self.rest) ** 2)


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """A time at which a stretch crosses a share of the peak, as a weighted sum of samples."""

    at: float
    parts: tuple[tuple[float, Stretch, Array], ...]
    baseline: float


def _moment(stretch: Stretch, share: float, falling: bool, peak: float, top: Stretch, at_peak: Array) -> _Moment:
    at = _crossing(stretch, share * peak, falling)
    slope = float(stretch.value(at, 1)[0]) if math.isfinite(at) else 0.0
    if slope == 0.0:
        return _Moment(at, (), 0.0)
    # Both curves lie above one baseline: an error of it moves the crossed level by (1 − share) of itself.
    parts = ((-1.0 / slope, stretch, stretch.weights(at)), (share / slope, top, at_peak))
    return _Moment(at, parts, (1.0 - share) / slope)


def smooth(
    time: Array, force: Array, first: int, last: int, start: float | None, level: float, noise: Noise, rest: float
) -> Kinetics:
    """Return the kinetics of the smooth curve behind the samples, with their standard errors.

    Top, rise, fall and toe are each fitted by a polynomial whose degree the noise decides; peak, crossings and
    steepest slopes are those of the polynomials. Every number is locally a weighted sum of the samples, so that the
    noise found at rest, with its memory, gives its standard error.

    Parameters
    ----------
    time, force : array, shape (n,)
        Seconds; force above the baseline.
    first, last : int
        The samples [first, last) belong to the response.
    start : float, optional
        Time from which latency and time to peak count; None counts from the onset.
    level : float
        Share of the peak that counts as the onset.
    noise : Noise
    rest : float
        Standard error of the baseline.
    """
    shape, place = outline(force[first:last])
    r = _Response(time, force, first, last, shape, place, noise, rest)
    top = r.fit(r.left(TOP), r.right(TOP))
    when = _highest(top, 0)
    peak = float(top.value(when)[0])
    at_peak = top.weights(when)
    bend = float(top.value(when, 2)[0])
    moved = (-1.0 / bend, top, top.weights(when, 1)) if bend < 0.0 else None
    toe_end = r.left(TOE) + 1
    toe = r.fit(max(first, 2 * r.left(level) - toe_end), toe_end)
    rising = r.left(RISE[0]), r.left(RISE[1]) + 1
    rise = r.fit(*rising)
    onset = _moment(toe, level, False, peak, top, at_peak)
    up = _moment(rise, 0.5, False, peak, top, at_peak)
    # Where by the calmest curve, how steep by the one without bias: the steepest place of a restless curve is steep by
    # its unrest.
    steep = _highest(r.fit(*rising, margin=1), 1)
    values = {"peak": peak, "dFdt_max": float(rise.value(steep, 1)[0]), "dFdt_min": math.nan}
    errors = dict.fromkeys(TIMED, math.nan)
    errors["peak"] = r.error((1.0, top, at_peak), baseline=1.0)
    errors["dFdt_max"] = r.error((1.0, rise, rise.weights(steep, 1)), baseline=0.0)
    if onset.parts:
        errors["latency"] = r.error(*onset.parts, baseline=onset.baseline)
    if moved and start is not None:
        errors["time_to_peak"] = r.error(moved, baseline=0.0)
    elif moved and onset.parts:
        errors["time_to_peak"] = r.error(moved, *_negative(onset), baseline=onset.baseline)
    stretches = [toe, rise, top]
    marks = {"onset": onset.at, "half_rise": up.at, "peak": when, "half_fall": math.nan}
    if r.right(0.5) is not None:
        begin = r.right(FALL[0])
        falling = first + place if begin is None else begin, r.right(FALL[1])
        fall = r.fit(*falling)
        down = _moment(fall, 0.5, True, peak, top, at_peak)
        marks["half_fall"] = down.at
        if down.parts and moved:
            errors["half_relaxation"] = r.error(*down.parts, (-moved[0], *moved[1:]), baseline=down.baseline)
        if down.parts and up.parts:
            errors["width"] = r.error(*down.parts, *_negative(up), baseline=down.baseline - up.baseline)
        steep = _highest(r.fit(*falling, margin=1), 1, -1.0)
        values["dFdt_min"] = float(fall.value(steep, 1)[0])
        errors["dFdt_min"] = r.error((1.0, fall, fall.weights(steep, 1)), baseline=0.0)
        stretches.append(fall)
    curve_time, curve = _joined(stretches)
    return Kinetics({**values, **_times(marks, start)}, errors, marks, curve_time, curve, top.variance)


def _negative(moment: _Moment) -> tuple[tuple[float, Stretch, Array], ...]:
    return tuple((-factor, stretch, own) for factor, stretch, own in moment.parts)


def _joined(stretches: list[Stretch], points: int = 240) -> tuple[Array, Array]:
    """Return the stretches as one curve: where two overlap, the one passes over into the other."""
    begin = min(s.centre - s.half for s in stretches)
    end = max(s.centre + s.half for s in stretches)
    t = np.linspace(begin, end, points)
    total, weight = np.zeros(points), np.zeros(points)
    for s in stretches:
        x = (t - s.centre) / s.half
        share = np.where(np.abs(x) <= 1.0, (1.0 - np.abs(x)) ** 2 + 1e-9, 0.0)
        total += share * s.value(t)
        weight += share
    inside = weight > 0.0
    return t[inside], total[inside] / weight[inside]


def _highest(stretch: Stretch, order: int, sign: float = 1.0) -> float:
    """Return where the derivative of `order` is largest (smallest for sign −1) within the stretch."""
    grid = stretch.centre + stretch.half * np.linspace(-0.98, 0.98, 197)
    best = int(np.argmax(sign * stretch.value(grid, order)))
    if best in (0, len(grid) - 1):
        return float(grid[best])
    refined = stretch.root(float(grid[best]), order + 1)
    return refined if abs(refined - grid[best]) <= 2 * (grid[1] - grid[0]) else float(grid[best])


def _crossing(stretch: Stretch, level: float, falling: bool) -> float:
    """Return where the stretch crosses a level, NaN if it does not: the last time going up, the first going down."""
    grid = stretch.centre + stretch.half * np.linspace(-1.0, 1.0, 201)
    above = stretch.value(grid) > level
    turns = np.flatnonzero(above[:-1] & ~above[1:] if falling else ~above[:-1] & above[1:])
    if not len(turns):
        return math.nan
    k = int(turns[0] if falling else turns[-1])
    guess = float(0.5 * (grid[k] + grid[k + 1]))
    found = stretch.root(guess, 0, level)
    return found if grid[k] <= found <= grid[k + 1] else guess
