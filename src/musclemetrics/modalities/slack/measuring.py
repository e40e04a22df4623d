"""The face of the modality: one fibre's slack test from its traces, or from points already read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks, traces, units
from ...errors import InputError
from ...record import Flag, Record
from .decisions import Decisions
from .definitions import ONSETS, PRESETS, REGRESSIONS
from .flags import point_flags, trace_flags
from .records import from_points, from_traces
from .regression import plot, slope_of
from .releases import Release, found, judged, leave_out_taut

__all__ = ["check_settings", "fit", "measure"]

Array = NDArray[np.float64]

LEAST = 3
"""Releases a line and its error need."""


def measure(
    time: ArrayLike,
    force: ArrayLike,
    length: ArrayLike,
    *,
    fibre_length: float | None = None,
    time_unit: str | None = "s",
    force_unit: str = "1",
    length_unit: str | None = None,
    onset: str = "hinge_quadratic",
    line_window: tuple[float, float] = (0.02, 0.10),
    regression: str = "duration_on_step",
    onsets: Mapping[str, float | None] | None = None,
    baseline: str = "slack",
    origin: str = "middle",
    shortening: str = "down",
    least_step: float = 0.02,
    longest_release: float = 0.005,
    plateau_window: float = 0.02,
    settle: float | None = None,
    release_times: tuple[float, ...] | None = None,
    preset: str = "standard",
) -> Record:
    """Measure the unloaded shortening velocity of a fibre by the slack test.

    Parameters
    ----------
    time : array_like, shape (n,), or a sequence of those
        One recording with several releases, or a list of recordings of the same fibre. Time in `time_unit`.
    force : array_like, shape (n,), or a sequence of those
        In `force_unit`. Samples that are not finite are left out, and what needs them is not measured.
    length : array_like, shape (n,), or a sequence of those
        The motor's signal in `length_unit`.
    fibre_length : float, optional
        L0 in `length_unit`; needed unless the signal is in {L0} or %{L0}.
    time_unit : str, optional
        ``"s"`` or ``"ms"``; None where nothing states it, which is refused.
    force_unit : str
        Unit of `force`: "1" (none stated), mN, kN/m2, …
    length_unit : str, optional
        ``"mm"``, ``"um"``, ``"{L0}"``, ``"%{L0}"``; it must be stated.
    onset : {"hinge_quadratic", "line", "hinge", "exponential", "threshold", "sigma"}
        How the end of the slack is found; :data:`musclemetrics.traces.DETECTORS` says what each does.
    line_window : (float, float)
        Shares of Po between which ``onset="line"`` takes its line.
    regression : {"duration_on_step", "step_on_duration"}
        Which quantity carries the error. The duration does; the customary regression takes the other.
    onsets : Mapping, optional
        Onsets by hand: number of the release (from 1, through all recordings) to the time of its onset, seconds of
        the recording whatever its `time_unit`, or None to leave the release out.
    baseline : {"slack", "own"}
        Level from which the onset is told: each slack's own flat stretch, lent by the others where a slack is too
        short to have one; or always its own, if need be its lowest millisecond (three samples at least), as the eye
        takes it.
    origin : {"middle", "begin", "end"}
        The moment of the release from which durations count; it moves the intercept and leaves Vo.
    shortening : {"down", "up"}
        Whether the length signal falls or rises when the fibre shortens.
    least_step : float
        The smallest release, {L0}.
    longest_release : float
        The longest time a release may take, s.
    plateau_window : float
        Seconds of force before a release that give Po.
    settle : float, optional
        Seconds the transducer rings after a release; told from the longest slacks where it is not given.
    release_times : tuple of float, optional
        When releases happen, s; other changes of length are then passed over.
    preset : {"standard", "strict", "lenient"}
        Thresholds of the flags; they never change or drop data.

    Returns
    -------
    Record
        ``Vo, intercept, r2, Sy_x, n_releases, Vo_other, curvature_p, Vo_initial, Vo_final, Vo_least, Vo_most, Po,
        run_down``. Traces: step, duration, fitted, residual of the releases used; release_step, release_start,
        release_onset, release_Po, release_used, release_manual of all; recovery_release, recovery_time,
        recovery_force for the figure.

    Raises
    ------
    InputError
        ``no-release``, ``length-sign``, ``too-few-releases`` (with the reason for each), ``no-slope`` and those of a
        recording; the code says why.
    SettingsError
        If a decision cannot be carried out.

    Notes
    -----
    Edman 1979, J Physiol 291:143: the fibre is released by ΔL faster than it can shorten, and force stays at zero
    for Δt until the slack is taken up; ΔL = Vo Δt + c. Vo is the inverse of the slope of Δt on ΔL, and its 95 %
    interval the inverse of the slope's ends (t with n − 2 degrees of freedom); the intercept's is Fieller's.

    Examples
    --------
    >>> import musclemetrics as mm
    >>> from musclemetrics.simulate import SlackFibre, slack_test
    >>> made = slack_test(SlackFibre(Vo=2.5), rate=2000, seed=1)
    >>> record = mm.slack.measure(made.time, made.force, made.length, length_unit="{L0}", force_unit="kN/m2")
    >>> print(f"{record['Vo'].value:.2f} L0/s from {record['n_releases'].value:.0f} releases")
    2.55 L0/s from 5 releases
    """
    decisions = Decisions.check({k: v for k, v in locals().items() if k not in ("time", "force", "length")})
    flags: list[Flag] = []
    releases: list[Release] = []
    spikes = 0
    several, copies = _without_copies(_recordings(time, force, length))
    if copies:
        flags.append(
            Flag("duplicate-recording", f"{copies} recording(s) equal another to the last digit and were left out")
        )
    nothing: list[InputError] = []
    for t, f, x in several:
        recording = traces.recording(t, f, x, time_unit=decisions.time_unit)
        flags += [flag for flag in recording.flags if flag not in flags]
        assert recording.length is not None
        relative = traces.in_L0(recording.length, decisions.length_unit, decisions.fibre_length)
        try:
            own = found(recording, relative, decisions, len(releases) + 1)
        except InputError as error:
            if len(several) == 1:
                raise
            nothing.append(error)  # one recording without a release must not take the others with it
            continue
        spikes += int(judged(own, recording, decisions, ONSETS).spikes.sum())
        releases += own
    if nothing and not releases:
        raise nothing[0]
    if nothing:
        flags.append(
            Flag(
                "recording-without-release",
                f"{len(nothing)} of {len(several)} recordings hold no release: {nothing[0].message}",
            )
        )
    leave_out_taut(releases, decisions)
    used = [r for r in releases if r.reason is None]
    reasons = "; ".join(r.reason.message for r in releases if r.reason is not None)
    if len(used) < LEAST or len({round(r.step, 3) for r in used}) < LEAST:
        raise InputError(
            f"{len(used)} of {len(releases)} releases can be used"
            + ("" if len(used) < LEAST else ", of fewer than 3 sizes")
            + f", {LEAST} of different size are needed"
            + (f" ({reasons})" if reasons else ""),
            code="too-few-releases",
            remedy=_remedy(releases),
        )
    step = np.array([r.step for r in used])
    duration = np.array([r.durations[decisions.onset] for r in used])
    if not slope_of(step, duration, decisions.regression) > 0:
        raise _no_slope(step, duration)
    result = plot(step, duration, decisions.regression)
    taut = any(r.reason is not None and r.reason.code == "release-not-slack" for r in releases)
    if not np.isfinite(result.line.Vo_interval).all() and (len(used) > LEAST or taut):
        raise _no_slope(step, duration, reasons)
    Vo = {name: _vo(used, name, decisions.regression) for name in ONSETS} | {decisions.onset: result.line.Vo}
    flags += trace_flags(used, releases, result, Vo, spikes, decisions)
    flags += point_flags(result, len(used), decisions.limits)
    return from_traces(result, used, releases, Vo, tuple(flags), decisions)


def fit(
    step: ArrayLike,
    duration: ArrayLike,
    *,
    fibre_length: float | None = None,
    step_unit: str = "{L0}",
    duration_unit: str = "s",
    regression: str = "duration_on_step",
    preset: str = "standard",
) -> Record:
    """Fit a slack plot to points already read.

    Parameters
    ----------
    step : array_like, shape (n,)
        Size of each release, in `step_unit`.
    duration : array_like, shape (n,)
        Duration of each slack, in `duration_unit`.
    fibre_length : float, optional
        L0 in `step_unit`; needed unless that is {L0} or %{L0}.
    step_unit, duration_unit : str
        ``"{L0}"``, ``"%{L0}"``, ``"mm"`` …; ``"s"`` or ``"ms"``.
    regression : {"duration_on_step", "step_on_duration"}
        Which quantity carries the error.
    preset : {"standard", "strict", "lenient"}
        Thresholds of the flags.

    Returns
    -------
    Record
        ``Vo, intercept, r2, Sy_x, n_releases, Vo_other, curvature_p, Vo_initial, Vo_final``.

    Raises
    ------
    InputError
        ``too-few-releases``, ``no-slope``, ``negative-value`` and those of arrays.
    SettingsError
        If a decision cannot be carried out.

    Examples
    --------
    >>> record = fit([8, 10, 12, 14], [10.2, 18.1, 25.7, 34.2], step_unit="%{L0}", duration_unit="ms")
    >>> print(record["Vo"])
    Vo = 2.5126 {L0}/s, SE 0.040176, 95 % 2.3508 to 2.6982
    """
    settings = dict(locals())
    del settings["step"], settings["duration"]
    checks.choice(regression, "regression", REGRESSIONS)
    checks.choice(preset, "preset", PRESETS)
    x = traces.in_L0(checks.vector(step, "step"), step_unit, fibre_length)
    y = checks.vector(duration, "duration") * units.convert_factor(duration_unit, "s")
    checks.same_length(step=x, duration=y)
    for name, values in (("step", x), ("duration", y)):
        if (values <= 0).any():
            at = int(np.flatnonzero(values <= 0)[0])
            raise InputError(
                f"{name} is {values[at]:g} at index {at}, it must be above zero",
                code="negative-value",
                remedy="give sizes and durations as positive numbers",
            )
    checks.at_least(
        len(np.unique(x)),
        LEAST,
        "a slack plot: releases of different size",
        code="too-few-releases",
        remedy="add releases",
    )
    if not slope_of(x, y, regression) > 0:
        raise _no_slope(x, y)
    result = plot(x, y, regression)
    canonical = {"step_unit": units.canonical(step_unit), "duration_unit": units.canonical(duration_unit)}
    flags = point_flags(result, len(x), PRESETS[preset])
    if float(x.max()) > 0.5:
        flags.append(
            Flag("implausible-step", f"a release of {x.max():.3g} L0 is more than half a fibre; check step_unit")
        )
    return from_points(result, x, y, tuple(flags), {**settings, **canonical})


def check_settings(**settings: object) -> None:
    """Raise SettingsError for a decision that cannot be carried out, before any file is read.

    Parameters
    ----------
    **settings
        Any of the keywords of :func:`measure` and ``inputs``; those left out have their defaults.
    """
    checks.choice(settings.get("together", True), "together", (True, False))
    checks.settings(measure, Decisions.check, settings, ("together",))


def _recordings(time: Any, force: Any, length: Any) -> list[tuple[Any, Any, Any]]:
    """Return one triple a recording, whether one was given or a list of them."""
    if not _nested(time):
        return [(_row(time), _row(force), _row(length))]
    if not (_nested(force) and _nested(length)) or len({len(time), len(force), len(length)}) > 1:
        sizes = [len(v) if _nested(v) else 1 for v in (time, force, length)]
        raise InputError(
            f"time holds {sizes[0]} recordings, force {sizes[1]} and length {sizes[2]}",
            code="length-mismatch",
            remedy="give as many of each",
        )
    if not len(time):
        raise InputError("the list of recordings is empty", code="too-short", remedy="give at least one")
    return list(zip(time, force, length, strict=True))


def _row(value: Any) -> Any:
    """Return a column (n, 1), as MATLAB keeps it, as a row of numbers; all else as it is."""
    return value.ravel() if isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[1] == 1 else value


def _without_copies(several: list[tuple[Any, Any, Any]]) -> tuple[list[tuple[Any, Any, Any]], int]:
    """Return the recordings without exact copies, which would count their releases twice, and how many there were."""
    kept: list[tuple[Any, Any, Any]] = []
    for one in several:
        if not any(all(np.array_equal(a, b) for a, b in zip(one, other, strict=True)) for other in kept):
            kept.append(one)
    return kept, len(several) - len(kept)


def _remedy(releases: Sequence[Release]) -> str:
    codes = {r.reason.code for r in releases if r.reason is not None}
    if codes <= {"release-not-slack"}:
        one = "; take a fibre's recordings together with --group-by folder" if len(releases) < LEAST else ""
        return f"make more and larger releases, or give onsets by hand{one}"
    return "mend what the reasons name, or measure these releases again"


def _nested(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 2 and value.shape[1] != 1
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0 and np.ndim(value[0]) == 1


def _vo(used: Sequence[Release], name: str, regression: str) -> float:
    pairs = [(r.step, r.durations[name]) for r in used if np.isfinite(r.durations[name])]
    if len(pairs) < LEAST:
        return float("nan")
    step, duration = np.array(pairs).T
    return slope_of(step, duration, regression)


def _no_slope(step: Array, duration: Array, reasons: str = "") -> InputError:
    listed = ", ".join(f"{x:.3g} L0 {1e3 * y:.3g} ms" for x, y in zip(step, duration, strict=True))
    return InputError(
        f"larger releases do not leave longer slack with any certainty ({listed})"
        + (f"; {reasons}" if reasons else ""),
        code="no-slope",
        remedy="make larger releases; look at the onsets, and give them by hand where they are wrong",
    )
