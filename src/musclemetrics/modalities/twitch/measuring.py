"""The face of the modality: measure one twitch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks
from ...errors import InputError
from ...provenance import describe
from ...record import Flag, Measurement, Record, Trace
from ...traces import Recording, level, recording
from ...traces.memory import Noise, noise_of
from .decisions import Decisions
from .definitions import DEFINITIONS, LIMITS
from .flags import flags_of
from .kinetics import Kinetics, boxcar, naive, outline, smooth

__all__ = ["check_settings", "measure"]

Array = NDArray[np.float64]

NAME = "twitch"
METHOD = {
    "smooth": "twitch kinetics of polynomials through toe, rise, top and fall, their degree chosen by the noise (AICc)",
    "naive": "twitch kinetics read from single samples: highest sample, first sample at half, largest differences",
}
EVIDENCE = 1200
"""Samples of the recording kept as evidence, at most; more are thinned out."""


def measure(
    time: ArrayLike,
    force: ArrayLike,
    *,
    time_unit: str | None = "s",
    force_unit: str = "1",
    stimulus_time: float | None = None,
    timed_from: str = "stimulus",
    peak: str = "smooth",
    onset_level: float = 0.05,
    baseline_window: float = 0.05,
    blank: float = 0.0,
    response_window: float | None = None,
    tetanus: float | None = None,
) -> Record:
    """Measure the kinetics of one isometric twitch.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time of each sample, increasing, in `time_unit`.
    force : array_like, shape (n,)
        Force in `force_unit`, rising upwards. A sample that is not finite counts as not recorded.
    time_unit : str, optional
        Unit of `time`, s or ms; None where nothing states it, which is refused.
    force_unit : str
        Unit of `force`: "1" (none stated), mN, kN/m2, …
    stimulus_time : float, optional
        When the stimulus came, in seconds on the recording's own time axis, whatever `time_unit`.
    timed_from : {"stimulus", "onset"}
        What time to peak counts from; "onset" is where force reaches `onset_level`, and needs no stimulus time.
    peak : {"smooth", "naive"}
        Whether the numbers are those of a smooth curve through the samples, with intervals, or of single samples.
    onset_level : float
        Share of the peak at which force counts as begun.
    baseline_window : float
        Seconds of rest before the stimulus that are averaged as the baseline, at most.
    blank : float
        Seconds after the stimulus that are not looked at, where its artefact stands in the force.
    response_window : float, optional
        Seconds after the stimulus in which the response is looked for; None goes to the end of the recording.
    tetanus : float, optional
        Force of a tetanus above its baseline, in `force_unit`, for the twitch:tetanus ratio.

    Returns
    -------
    Record
        ``peak, time_to_peak, half_relaxation, latency`` (only when timed from the stimulus), ``dFdt_max, dFdt_min,
        width, twitch_tetanus``. Traces: time, force, curve_time, curve_force (smooth), baseline, start.

    Raises
    ------
    InputError
        If there is no twitch that can be measured; the code says why.
    SettingsError
        If a decision cannot be carried out.

    Notes
    -----
    Toe, rise, top and fall of the response are each fitted by a polynomial, of a degree somewhat above that which AICc
    would have (Hurvich & Tsai 1989), since an interval needs a curve whose bias is small beside its scatter rather than
    the least error. The numbers are locally weighted sums of the samples; the autocovariance of the force at rest gives
    their standard errors, and ±1.96 of these the intervals. The stimulus time is taken as exact.

    Examples
    --------
    >>> from musclemetrics import twitch
    >>> from musclemetrics.simulate.twitch import twitch as simulated
    >>> made = simulated(noise=0.003, seed=1)
    >>> record = twitch.measure(made.time, made.force, stimulus_time=0.05, force_unit="mN")
    >>> print(f"{record['half_relaxation']:.4f}", round(made.truth["half_relaxation"], 4))
    0.0194 0.0194
    """
    decisions = Decisions.check({k: v for k, v in locals().items() if k not in ("time", "force")})
    made = recording(time, force, time_unit=decisions.time_unit)
    begin, last = _response(made, decisions)
    first = made.index(float(made.time[begin]) + decisions.blank)
    width = round(decisions.baseline_window * made.rate)
    rest = made.force[max(0, begin - width) : begin]
    if len(rest) < 5:
        raise InputError(
            f"{len(rest)} samples lie before the stimulus, at least 5 are needed for the baseline",
            code="no-baseline",
            remedy="record some rest before the stimulus, or check stimulus_time, which is in seconds",
        )
    if last - first < 20:
        raise InputError(
            f"{max(last - first, 0)} samples follow the stimulus, at least 20 are needed",
            code="no-response",
            remedy="record longer, or give a longer response_window or a shorter blank",
        )
    base, noise = level(rest), noise_of(rest)
    error = base.stderr if math.isfinite(base.stderr) else noise.sd / math.sqrt(len(rest))
    lifted = made.force - base.mean
    _some_response(lifted, first, last, noise)
    start = None if decisions.timed_from == "onset" else decisions.stimulus_time
    if decisions.peak == "naive":
        found = naive(made.time, lifted, first, last, start, decisions.onset_level)
    else:
        found = smooth(made.time, lifted, first, last, start, decisions.onset_level, noise, error)
        if found.values["peak"] < LIMITS["response"] * found.errors["peak"]:
            raise InputError(
                f"the highest force after the stimulus is {found.values['peak']:.4g} {decisions.force_unit}, its "
                f"standard error {found.errors['peak']:.3g}; {LIMITS['response']:g} times that are needed",
                code="no-response",
                remedy="check stimulus_time and the force column",
            )
    _whole(made, rest, begin, last, found)
    flags = flags_of(made, lifted, begin, first, last, rest, noise, found, decisions)
    return _record(made, decisions, found, base.mean, begin, last, flags)


def _response(made: Recording, decisions: Decisions) -> tuple[int, int]:
    """Return the first sample after the stimulus and the end of what is looked at."""
    at = decisions.stimulus_time
    if at is None:
        if decisions.timed_from == "stimulus":
            raise InputError(
                "nothing states when the stimulus came",
                code="no-stimulus-time",
                remedy="give stimulus_time in seconds, or timed_from=onset",
            )
        begin = _rise(made.force)
    elif not made.time[0] < at < made.time[-1]:
        raise InputError(
            f"stimulus_time={at:g} s is not within the recording, {made.time[0]:.4g} to {made.time[-1]:.4g} s",
            code="stimulus-outside",
            remedy="give it in seconds, on the time axis of the recording",
        )
    else:
        begin = made.index(at)
    window = decisions.response_window
    last = len(made.time) if window is None else made.index(float(made.time[begin]) + window)
    return begin, last


def _rise(force: Array) -> int:
    """Return the last sample of rest before the largest response of a recording whose stimulus is not known."""
    shape, top = outline(force - np.median(force[: max(5, len(force) // 10)]))

    def below(share: float) -> int:
        under = np.flatnonzero(shape[:top] < share * shape[top])
        return int(under[-1]) if len(under) else 0

    # As far again before a twentieth of the peak as it is from there to half: a toe fits in between.
    return max(0, 2 * below(0.05) - below(0.5))


def _some_response(lifted: Array, first: int, last: int, noise: Noise) -> None:
    """Raise unless force rises to a peak within the window and does not fall instead."""
    shape, top = outline(lifted[first:last])
    # Averaged over a fiftieth of it: a single sample of nought where a file ends is no fall of force.
    high, low = float(shape[top]), -float(boxcar(lifted[first:last], (last - first) // 50).min())
    if low > 2.0 * high and low > 3.0 * noise.sd:
        raise InputError(
            f"after the stimulus force falls by {low:.4g} and rises by no more than {max(high, 0.0):.4g}",
            code="wrong-sign",
            remedy="turn the sign of the force, or check stimulus_time",
        )
    if high <= 0.0:
        raise InputError(
            "force does not rise above the baseline after the stimulus",
            code="no-response",
            remedy="check stimulus_time and the force column",
        )
    if top >= len(shape) - 3:
        raise InputError(
            "force is highest at the end of what was recorded after the stimulus, so there is no peak",
            code="no-peak",
            remedy="record longer, or give a longer response_window",
        )


def _whole(made: Recording, rest: Array, begin: int, last: int, found: Kinetics) -> None:
    """Raise if samples are missing for so long that a part of the twitch is not known."""
    marks = [v for v in found.marks.values() if math.isfinite(v)]
    end = min(last, made.index(max(marks)) + 1)
    step = np.diff(made.time[begin - len(rest) : end])
    allowed = max(3.0 / made.rate, LIMITS["gap"] * (max(marks) - float(made.time[begin])))
    if float(step.max()) > allowed:
        at = float(made.time[begin - len(rest) + int(np.argmax(step))])
        raise InputError(
            f"{1e3 * float(step.max()):.3g} ms without samples after {at:.4g} s, at most {1e3 * allowed:.3g} ms may be "
            "missing within a twitch and the rest before it",
            code="gap-in-twitch",
            remedy="leave that twitch out, or give a baseline_window and response_window without the gap",
        )


def _record(
    made: Recording,
    decisions: Decisions,
    found: Kinetics,
    baseline: float,
    begin: int,
    last: int,
    flags: tuple[Flag, ...],
) -> Record:
    unit = decisions.force_unit
    units = {"peak": unit, "dFdt_max": f"{unit}/s", "dFdt_min": f"{unit}/s", "twitch_tetanus": "1"}
    values, errors = dict(found.values), dict(found.errors)
    whole = decisions.tetanus if decisions.tetanus is not None else math.nan
    values["twitch_tetanus"], errors["twitch_tetanus"] = values["peak"] / whole, errors["peak"] / whole
    measurements = []
    for d in DEFINITIONS:
        if d.applies(decisions.settings):
            value, error = values[d.name], errors[d.name]
            pair = (value - 1.96 * error, value + 1.96 * error)
            measurements.append(Measurement(d.name, value, error, pair, units.get(d.name, "s")))
    peak, fallen = found.marks["peak"], found.marks["half_fall"]
    start = float(made.time[begin]) if decisions.stimulus_time is None else decisions.stimulus_time
    tail = 3.0 * ((fallen if math.isfinite(fallen) else peak) - start)
    a = made.index(start - decisions.baseline_window)
    b = max(min(last, made.index(peak + tail)), a + 2)
    thin = slice(a, b, 1 + (b - a) // EVIDENCE)
    traces = [Trace("time", made.time[thin], "s"), Trace("force", made.force[thin], unit)]
    if len(found.curve):
        traces += [Trace("curve_time", found.curve_time, "s"), Trace("curve_force", found.curve + baseline, unit)]
    counted = found.marks["onset"] if decisions.timed_from == "onset" else start
    traces += [Trace("baseline", np.array([baseline]), unit)]
    if math.isfinite(counted):
        traces.append(Trace("start", np.array([counted]), "s"))
    return Record(NAME, tuple(measurements), tuple(traces), flags, describe(METHOD[decisions.peak], decisions.settings))


def check_settings(**settings: object) -> None:
    """Raise SettingsError for a decision that cannot be carried out, before any file is read.

    Parameters
    ----------
    **settings
        Any of the keywords of :func:`measure` and of ``inputs``; those left out have their defaults.
    """
    checks.number(settings.get("shortest_interval", 0.1), "shortest_interval", low=0.0)
    checks.settings(measure, Decisions.check, settings, ("shortest_interval",))
