"""What a reader of a ktr must know; thresholds are settings, nothing is dropped."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...errors import FitError, InputError
from ...record import Flag
from ...traces.spikes import SPIKE
from .clipping import ceiling, stuck
from .decisions import Decisions
from .recovery import PLATEAU, Recovery
from .windows import LEAST_CONSTANTS, Window, smoothed

__all__ = ["about_before", "about_fit", "about_windows", "refuse"]

NOISES = 3.0
"""Force must rise by more than so many standard deviations of its noise to have redeveloped."""
STRAIGHT = 0.1
"""Below so many time constants in the window a recovery is a straight line, and its rate anything."""
STRETCH = 0.2
"""Residuals that remember themselves over this share of the time constant speak of another shape than noise."""
OVERSHOOT = 0.05
HALF = 0.2
NOISE_ALONE = 0.001
"""Probability below which residuals are too patterned to be noise, however slow."""
FASTEST = 2.0
"""Samples a time constant must last at least, and time constants the delay may last at most twice over."""
BELOW = 1.0
"""A recovery that would begin so many plateaus below zero did not begin where it is said to."""


def refuse(found: Recovery, window: Window) -> None:
    """Raise where there is no recovery to take a rate of.

    Raises
    ------
    InputError
        ``no-redevelopment``: a relaxed fibre's trace also fits some exponential.
    FitError
        ``no-convergence`` or ``recovery-is-straight``.
    """
    constants = found["ktr"] * window.length
    straight = constants < STRAIGHT
    if not found.fit.converged[0] and not straight:
        raise FitError(
            f"no exponential describes the {window.length:.4g} s after the re-stretch",
            code="no-convergence",
            remedy="look at the trace; give another window or start",
        )
    if straight:  # the exponential's ends are anywhere: the trace's own are what counts
        tenth = max(1, len(found.force) // 10)
        rise = float(found.force[-tenth:].mean() - found.force[:tenth].mean())
    else:
        # What of the recovery the delay leaves to be seen, and what of it the window holds.
        seen = math.exp(-found["ktr"] * float(window.time[0])) * -math.expm1(-min(constants, 700.0))
        rise = (found["Fss"] - found["F0"]) * seen
    if rise <= NOISES * found.sd:
        raise InputError(
            f"force changes by {rise:.3g} over the {window.length:.3g} s after the re-stretch, its noise is "
            f"{found.sd:.2g} and {NOISES:g} times that is needed: nothing redevelops, as in a relaxed fibre (pCa 9)",
            code="no-redevelopment",
            remedy="measure an activated fibre; turn the sign if force is recorded downwards",
        )
    if straight:
        raise FitError(
            f"force rises along a straight line over {window.length:.3g} s (ktr {found['ktr']:.2g}, "
            f"{constants:.2g} time constants, {STRAIGHT:g} are needed)",
            code="recovery-is-straight",
            remedy="record longer, or give a longer window",
        )
    _refuse_elsewhere(found, window)


def _refuse_elsewhere(found: Recovery, window: Window) -> None:
    """Raise where the curve is of something else than the recovery after this re-stretch."""
    rate, low, high = found["ktr"], found["F0"], found["Fss"]
    sample = float(np.median(np.diff(window.time)))
    delay = float(window.time[0])
    if rate * sample > 1.0 / FASTEST or rate * delay > 2.0 * FASTEST:
        raise FitError(
            f"ktr would be {rate:.4g} 1/s: a time constant of {1e3 / rate:.3g} ms, where samples are "
            f"{1e3 * sample:.3g} ms apart ({FASTEST:g} a time constant are needed) and the fit begins after "
            f"{1e3 * delay:.3g} ms ({2 * FASTEST:g} time constants at most)",
            code="recovery-too-fast",
            remedy="check start and delay; a step of force after the re-stretch is no redevelopment",
        )
    if low < -BELOW * abs(high):
        raise FitError(
            f"the exponential would begin at {low:.4g}, further below zero than its plateau of {high:.4g} is above: "
            "force does not redevelop from this start",
            code="recovery-below-zero",
            remedy="check start, and the zero of force (zero)",
        )


def about_fit(found: Recovery, window: Window, intervals: dict[str, tuple[float, float]], half: float) -> list[Flag]:
    """Return what the recovery itself says."""
    flags = []
    rate, height = found["ktr"], found["Fss"] - found["F0"]
    constants = rate * window.length
    if window.spikes:
        flags.append(
            Flag(
                "spikes",
                f"{window.spikes} lone sample(s) of the recovery lie more than {SPIKE:g} standard deviations off their "
                "neighbours and were left out",
                "note",
            )
        )
    if window.limited:
        flags.append(
            Flag(
                "window-limited",
                f"of {window.limited:.4g} s recorded, the first {window.length:.4g} s are fitted, {constants:.3g} time "
                "constants: what follows is plateau alone; give window to fit more",
                "note",
            )
        )
    if window.length < window.asked * (1 - 1e-6) - 1.5 * found.width:
        flags.append(
            Flag(
                "window-cut",
                f"a window of {window.asked:g} s was asked for; {window.length:.4g} s were recorded undisturbed "
                "and are used",
            )
        )
    if constants < PLATEAU:
        flags.append(
            Flag(
                "plateau-not-reached",
                f"the window holds {constants:.2g} time constants, limit {PLATEAU:g}: Fss is extrapolated and ktr "
                "depends on it; record longer or give a longer window",
            )
        )
    t, y = smoothed(found, 0.2)
    late = max(1, len(y) // 20)
    end = float(y[-late:].mean())
    top = int(np.argmax(y))
    if y[top] - end > max(OVERSHOOT * height, 4.0 * found.sd / math.sqrt(late)) and t[top] < 0.9 * t[-1]:
        flags.append(
            Flag(
                "overshoot",
                f"force peaks {t[top]:.3g} s after the re-stretch and falls again by "
                f"{100 * (y[top] - end) / height:.0f} % of the recovery, limit {100 * OVERSHOOT:g} %; give a window "
                "that ends at the peak",
            )
        )
    stretch = found.memory * rate
    if found.exact:
        flags.append(
            Flag(
                "no-noise", "the samples lie exactly on the curve: intervals are empty; is this a fitted curve?", "note"
            )
        )
    elif stretch > STRETCH and found.memory > 1.5 * found.width and found.misfit < NOISE_ALONE:
        flags.append(
            Flag(
                "recovery-not-exponential",
                f"residuals keep to one side for {found.memory:.2g} s, {stretch:.2g} time constants, limit {STRETCH:g}:"
                " force does not redevelop as one exponential; quote ktr with its window, and ktr_half",
            )
        )
    elif found.memory > 1.5 * found.width:
        flags.append(
            Flag(
                "noise-remembers",
                f"residuals remember themselves over {1e3 * found.memory:.2g} ms: {len(found.time)} averaged samples "
                f"count as {found.n_effective:.0f} independent ones in the intervals",
                "note",
            )
        )
    for name, (low, high) in intervals.items():
        if math.isinf(low) or math.isinf(high):
            side = (
                "limit at all"
                if math.isinf(low) and math.isinf(high)
                else f"{'lower' if math.isinf(low) else 'upper'} limit"
            )
            flags.append(Flag("interval-open", f"the recording sets no {side} to {name}; record longer"))
        elif math.isnan(low) or math.isnan(high):
            flags.append(Flag("interval-not-determined", f"the interval of {name} could not be determined"))
    if math.isnan(half):
        flags.append(
            Flag("half-time-not-found", "force never crosses the middle of its recovery: ktr_half is not determined")
        )
    elif abs(math.log(2.0) / half / rate - 1.0) > HALF:
        flags.append(
            Flag(
                "half-time-differs",
                f"ktr_half is {math.log(2.0) / half:.3g} 1/s where ktr is {rate:.3g}, more than {100 * HALF:g} % "
                "apart: the recovery is not one exponential, or its plateau is not in the window",
            )
        )
    flags += _about_clipping(found, window)
    return flags


def _about_clipping(found: Recovery, window: Window) -> list[Flag]:
    if found.exact:
        return []
    inside = window.part(window.length)[1]
    end = "the amplifier ran into its limit; Fss is too low and ktr too high"
    if count := stuck(inside):
        top = f"{inside.max():.4g} above zero"
        return [Flag("force-clipped", f"{count} of {len(inside)} samples stand at the largest force, {top}: {end}")]
    if stop := ceiling(found):
        return [
            Flag(
                "force-clipped",
                f"force stops at {stop[0]:.4g} above zero where the exponential of its beginning leads to "
                f"{stop[1]:.4g}, as if {end}",
            )
        ]
    return []


def about_windows(tried: Sequence[tuple[float, float]], found: Recovery, decisions: Decisions) -> list[Flag]:
    """Return whether ktr depends on the window."""
    rates = [rate for _, rate in tried]
    if len(rates) < 2:
        return [
            Flag(
                "window-not-judged",
                "ktr_window_low and ktr_window_high are not determined: the recording holds no other window of at "
                f"least {LEAST_CONSTANTS:g} time constants; record longer",
                "note",
            )
        ]
    change = (max(rates) - min(rates)) / found["ktr"]
    if change <= decisions.max_window_change:
        return []
    listed = ", ".join(f"{rate:.3g} (0 to {length:.3g} s)" for length, rate in tried)
    return [
        Flag(
            "window-sensitive",
            f"ktr depends on the window: {listed}; the spread is {100 * change:.0f} % of ktr, limit "
            f"{100 * decisions.max_window_change:g} %; state the window, or ktr_half",
        )
    ]


def about_before(residual: float, recovery: float, assumed: bool, r2: float, decisions: Decisions) -> list[Flag]:
    """Return what force was before, and how much of it came back."""
    flags = []
    if decisions.force_unit == "1":
        flags.append(Flag("force-unit-not-stated", "no unit of force is stated; give force_unit", "note"))
    if assumed:
        flags.append(
            Flag(
                "zero-force-assumed",
                "no slack was found to take zero force from, so 0 is taken as recorded; F0, Fss, residual_force and "
                "recovery rest on it; give zero or a length signal",
                "note",
            )
        )
    if residual > decisions.max_residual:
        flags.append(
            Flag(
                "residual-force",
                f"{100 * residual:.0f} % of the force is there at once after the re-stretch, limit "
                f"{100 * decisions.max_residual:g} %: bridges stayed attached and ktr is no pure rate of attachment; "
                "release further or longer",
            )
        )
    elif residual < -0.1:
        flags.append(
            Flag(
                "force-below-zero",
                f"force begins {-100 * residual:.0f} % of its plateau below zero; check the zero, or give it (zero)",
            )
        )
    if math.isnan(recovery):
        flags.append(
            Flag("no-force-before", "recovery is not determined: no steady force is known before the release", "note")
        )
    elif recovery < decisions.min_recovery:
        flags.append(
            Flag(
                "incomplete-recovery",
                f"force comes back to {100 * recovery:.0f} % of what it was, limit {100 * decisions.min_recovery:g} %: "
                "the fibre slipped, tore or ran down",
            )
        )
    if r2 < decisions.min_r2:
        flags.append(Flag("low-r2", f"r2 {r2:.3f} is below {decisions.min_r2:g}; look at the residuals"))
    return flags
