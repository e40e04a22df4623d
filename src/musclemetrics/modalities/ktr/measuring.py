"""The face of the modality: one recovery, one record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks
from ...provenance import describe
from ...record import Flag, Measurement, Record, Trace
from ...traces import Recording, level, recording
from .decisions import Decisions
from .definitions import DEFINITIONS
from .flags import about_before, about_fit, about_windows, refuse
from .recovery import Recovery
from .restretch import Restretch, find
from .windows import Window, cut, half_time, others, recovered

__all__ = ["check_settings", "measure"]

Array = NDArray[np.float64]

NAME = "ktr"
METHOD = (
    "least-squares fit of F = F0 + (Fss − F0)(1 − e^(−ktr t)) after a release and re-stretch (Brenner & Eisenberg "
    "1986), intervals of as many degrees of freedom as there are independent samples: ± t by SE, by profile likelihood "
    "where the plateau is not on record"
)
BEFORE = 0.1
"""Seconds of steady force before the release that are averaged."""
GUARD = 0.002
"""Seconds before the release left out, so that a smeared step does not pull the mean down."""
SLACK = (0.6, 0.9)
"""Part of the slack averaged as zero force: late, when the transducer has stopped ringing."""
SHOWN = 360


def measure(
    time: ArrayLike,
    force: ArrayLike,
    length: ArrayLike | None = None,
    *,
    time_unit: str | None = "s",
    force_unit: str = "1",
    start: float | None = None,
    delay: float = 0.005,
    window: float | None = None,
    window_factors: Sequence[float] = (0.25, 0.5, 1.0, 2.0),
    zero: float | None = None,
    max_window_change: float = 0.10,
    max_residual: float = 0.30,
    min_recovery: float = 0.90,
    min_r2: float = 0.90,
) -> Record:
    """Measure the rate of force redevelopment after a release and re-stretch.

    Parameters
    ----------
    time : array_like, shape (n,)
        Increasing, in `time_unit`.
    force : array_like, shape (n,)
        In `force_unit`, upwards. A sample that is not finite is left out and flagged.
    length : array_like, shape (n,), optional
        In any unit, volts included: only when it changes matters. Without it `start` is needed.
    time_unit : str, optional
        ``"s"`` or ``"ms"``; None where nothing states it, which is refused.
    force_unit : str
        Unit of `force`: "1" (none stated), mN, kN/m2, …
    start : float, optional
        Seconds of the recording at which the re-stretch ends, time zero of the exponential. Found in the length signal
        where not given; needed where the signal holds none or several.
    delay : float
        Seconds after the end of the re-stretch at which the fit begins, for the servo and the transducer to settle.
    window : float, optional
        Seconds fitted; where not given, all up to the next change of length or the end of the recording,
        25 time constants at most.
    window_factors : sequence of float
        Shares and multiples of the window that are fitted as well, to see whether ktr depends on it. Those the
        recording does not hold, and those shorter than two time constants, are left out.
    zero : float, optional
        Recorded force at zero force, in `force_unit`; where not given, the mean over the later part of the slack.
    max_window_change : float
        Spread of ktr over the windows, as a share of ktr, above which ``window-sensitive`` is raised.
    max_residual : float
        F0/Fss above which ``residual-force`` is raised.
    min_recovery : float
        Share of the force before the release below which ``incomplete-recovery`` is raised.
    min_r2 : float
        Below it ``low-r2`` is raised.

    Returns
    -------
    Record
        ``ktr, F0, Fss, residual_force, recovery, ktr_half, r2, ktr_window_low, ktr_window_high, n_effective``.
        Traces: time, force, fitted, residual (averaged samples of the window, seconds since the end of the re-stretch,
        force above zero), shown_time, shown_force (the recording around it), window_length, window_ktr.

    Raises
    ------
    InputError
        ``no-re-stretch``, ``several-re-stretches``, ``too-few-samples``, ``gap-in-window``, ``no-redevelopment`` (a
        relaxed fibre), and what a recording is refused for (``time-not-increasing``, ``length-mismatch``, …).
    FitError
        ``no-convergence``, ``recovery-is-straight``, ``recovery-too-fast`` or ``recovery-below-zero``.
    SettingsError
        If a decision cannot be carried out.

    Notes
    -----
    Samples of a fast recording are not independent, and a window of 20 kHz has intervals far too narrow if they are
    counted as if they were. The residuals' integrated autocorrelation says how many independent samples they amount to
    (``n_effective``), and the intervals have that many.

    Examples
    --------
    >>> import numpy as np
    >>> from musclemetrics import ktr
    >>> time = np.arange(0.0, 1.0, 0.001)
    >>> force = ktr.redevelopment(time, ktr=8.0, F0=10.0, Fss=100.0)
    >>> force += np.random.default_rng(1).normal(0.0, 1.0, time.shape)
    >>> record = ktr.measure(time, force, start=0.0, zero=0.0, force_unit="kN/m2")
    >>> low, high = record["ktr"].interval
    >>> low < 8.0 < high
    True
    """
    decisions = Decisions.check({k: v for k, v in locals().items() if k not in ("time", "force", "length")})
    made = recording(time, force, length, time_unit=time_unit)
    manoeuvre = find(made, decisions.start)
    nought = _zero(made, manoeuvre, decisions)
    window_found = cut(made, manoeuvre, nought.value, decisions)
    window_found, found = recovered(window_found, decisions)
    refuse(found, window_found)
    return _record(made, manoeuvre, window_found, found, nought.beside(found), decisions)


def check_settings(**settings: object) -> None:
    """Raise SettingsError for a decision that cannot be carried out, before any file is read.

    Parameters
    ----------
    **settings
        Any of the keywords of :func:`measure`; those left out have their defaults.
    """
    checks.settings(measure, Decisions.check, settings)


@dataclass(frozen=True, slots=True)
class _Zero:
    """The recorded force that means zero, its standard error, half of its 95 % interval, whether it is assumed.

    `duration` are the seconds it was averaged over, 0 where it was not.
    """

    value: float
    stderr: float = 0.0
    half: float = 0.0
    duration: float = 0.0
    assumed: bool = False

    def beside(self, found: Recovery) -> _Zero:
        """Return it at least as unsure as the noise of the recovery, hum included, makes so short a mean."""
        if self.duration == 0.0:
            return self
        stderr = found.scatter(self.duration)
        return replace(self, stderr=max(self.stderr, stderr), half=max(self.half, 1.96 * stderr))

    def widen(self, value: float, interval: tuple[float, float]) -> tuple[float, float]:
        """Return the interval of a force above zero: zero and force are uncertain independently of each other."""
        low, high = interval
        return value - math.hypot(value - low, self.half), value + math.hypot(high - value, self.half)


def _zero(made: Recording, manoeuvre: Restretch | None, decisions: Decisions) -> _Zero:
    from scipy.special import stdtrit

    if decisions.zero is not None:
        return _Zero(decisions.zero)
    if manoeuvre is not None:
        begin, end = manoeuvre.slack
        first, last = (made.index(begin + share * (end - begin)) for share in SLACK)
        if last - first >= 3:
            found = level(made.force[first:last])
            # The mean of ten blocks where there are enough samples for them, of the samples where not.
            dof = 9 if found.n >= 20 else found.n - 1
            half = float(stdtrit(dof, 0.975)) * found.stderr
            return _Zero(found.mean, found.stderr, half, (last - first) / made.rate)
    return _Zero(0.0, assumed=True)


def _before(made: Recording, manoeuvre: Restretch | None, zero: float) -> float:
    """Return the steady force above zero before the release, NaN where there is none."""
    if manoeuvre is None:
        return math.nan
    last = made.index(manoeuvre.release - GUARD)
    first = made.index(max(manoeuvre.release - GUARD - BEFORE, float(made.time[0])))
    return float(np.mean(made.force[first:last])) - zero if last - first >= 3 else math.nan


def _record(
    made: Recording,
    manoeuvre: Restretch | None,
    window: Window,
    found: Recovery,
    zero: _Zero,
    decisions: Decisions,
) -> Record:
    unit = decisions.force_unit
    limits = found.intervals()
    for name in ("F0", "Fss"):
        limits[name] = zero.widen(found[name], limits[name])
    half = half_time(found)
    tried = others(window, found, decisions.factors)
    rates = [rate for _, rate in tried] if len(tried) > 1 else [math.nan]
    residual = found["F0"] / found["Fss"]
    before = _before(made, manoeuvre, zero.value)
    recovery = found["Fss"] / before if before > 0 else math.nan
    values = {
        "residual_force": residual,
        "recovery": recovery,
        "ktr_half": math.log(2.0) / half,
        "r2": found.r2,
        "ktr_window_low": min(rates),
        "ktr_window_high": max(rates),
        "n_effective": found.n_effective,
    }
    measurements = []
    for d in DEFINITIONS:
        if d.name in limits:
            own, se = (unit if d.name != "ktr" else "1/s"), found.stderr(d.name)
            if d.name != "ktr":
                se = math.hypot(se, zero.stderr)
            measurements.append(Measurement(d.name, found[d.name], se, limits[d.name], own))
        else:
            measurements.append(Measurement(d.name, values[d.name], unit="1/s" if d.name.startswith("ktr") else "1"))
    fitted = found.fit.fitted[0]
    shown = _shown(made, manoeuvre, window, zero.value)
    traces = (
        Trace("time", found.time, "s"),
        Trace("force", found.force, unit),
        Trace("fitted", fitted, unit),
        Trace("residual", found.force - fitted, unit),
        Trace("shown_time", shown[0], "s"),
        Trace("shown_force", shown[1], unit),
        Trace("window_length", np.array([length for length, _ in tried]), "s"),
        Trace("window_ktr", np.array([rate for _, rate in tried]), "1/s"),
    )
    flags: list[Flag] = [
        *made.flags,
        *about_before(residual, recovery, zero.assumed, found.r2, decisions),
        *about_fit(found, window, limits, half),
        *about_windows(tried, found, decisions),
    ]
    return Record(NAME, tuple(measurements), traces, tuple(flags), describe(METHOD, decisions.settings))


def _shown(made: Recording, manoeuvre: Restretch | None, window: Window, zero: float) -> tuple[Array, Array]:
    """Return the recording from a little before the release to the beginning of the window, thinned for the eye."""
    begin = manoeuvre.release if manoeuvre is not None else window.origin
    first = made.index(begin - 0.15 * window.length)
    last = made.index(window.origin + float(window.time[0]))
    step = max(1, math.ceil((last - first) / SHOWN))
    kept: Any = slice(first, last, step)
    return made.time[kept] - window.origin, made.force[kept] - zero
