"""What is doubtful in the kinetics of one twitch."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ...record import Flag
from ...traces import Recording, level
from ...traces.memory import Noise
from .decisions import Decisions
from .definitions import DEFINITIONS, LIMITS
from .kinetics import Kinetics, outline
from .shape import earlier_fall, flatness, second_rise

__all__ = ["flags_of"]

Array = NDArray[np.float64]


def flags_of(
    made: Recording,
    lifted: Array,
    begin: int,
    first: int,
    last: int,
    rest: Array,
    noise: Noise,
    found: Kinetics,
    decisions: Decisions,
) -> tuple[Flag, ...]:
    """Return the flags of one twitch; `lifted` is force above the baseline, the stimulus at sample `begin`."""
    shape, place = outline(lifted[first:last])
    return (
        *made.flags,
        *_incomplete(found, lifted, last, decisions),
        *_rest(rest, noise, found, decisions),
        *_samples(lifted[begin:last], shape, place, noise, found),
        *_shape(made, lifted, begin, first, last, shape, place, noise, found, decisions),
        *_ratio(found, decisions),
    )


def _incomplete(found: Kinetics, lifted: Array, last: int, decisions: Decisions) -> Iterable[Flag]:
    """Name what has no value or no interval."""
    peak = found.values["peak"]
    left = float(np.median(lifted[max(0, last - 20) : last])) / peak
    wanted = [d.name for d in DEFINITIONS if d.applies(decisions.settings) and d.name != "twitch_tetanus"]
    absent = [name for name in wanted if not math.isfinite(found.values[name])]
    late = [name for name in absent if name in ("half_relaxation", "width", "dFdt_min")]
    if "half_relaxation" in late:
        yield Flag(
            "no-half-relaxation",
            f"the recording ends with {100 * left:.0f} % of the peak, 50 % must be reached for {', '.join(late)}; "
            "record longer, or give a longer response_window",
        )
    elif left > LIMITS["returned"]:
        yield Flag(
            "not-relaxed",
            f"the recording ends with {100 * left:.0f} % of the peak, limit {100 * LIMITS['returned']:g} %; what comes "
            "later is not known",
            "note",
        )
    early = [name for name in absent if name not in late or "half_relaxation" not in late]
    if early:
        yield Flag(
            "no-onset",
            f"force does not pass from below {100 * decisions.onset_level:g} % of the peak through half of it after "
            f"the stimulus, so {', '.join(early)} cannot be told; check stimulus_time and blank",
        )
    if decisions.peak == "naive":
        names = ", ".join(name for name in (*wanted, "twitch_tetanus"))
        yield Flag(
            "naive-definition", f"peak=naive: single samples decide, so there is no interval for {names}", "note"
        )
        return
    vague = [n for n in wanted if n not in absent and not math.isfinite(found.errors[n])]
    if vague:
        yield Flag(
            "no-interval",
            f"the curve does not bend or rise where it must for an interval of {', '.join(vague)}; look at the figure",
        )


def _rest(rest: Array, noise: Noise, found: Kinetics, decisions: Decisions) -> Iterable[Flag]:
    peak, unit = found.values["peak"], decisions.force_unit
    base = level(rest)
    drift = base.slope * (len(rest) - 1)
    # 3.5 standard errors of a difference between the ends of a line through noise of this memory.
    doubt = 3.5 * noise.sd * math.sqrt(12.0 * noise.memory / len(rest))
    if abs(drift) > max(LIMITS["drift"] * peak, doubt):
        yield Flag(
            "baseline-not-steady",
            f"force changes by {100 * drift / peak:+.1f} % of the peak over the baseline, limit "
            f"{100 * LIMITS['drift']:g} %; give another baseline_window, or let the muscle rest longer",
        )
    if peak < LIMITS["weak"] * noise.sd:
        yield Flag(
            "weak-response",
            f"the peak of {peak:.4g} {unit} is {peak / noise.sd:.1f} times the noise, {LIMITS['weak']:g} are wanted",
        )


def _samples(force: Array, shape: Array, place: int, noise: Noise, found: Kinetics) -> Iterable[Flag]:
    """Tell what converter, amplifier and interference did to the samples of the response."""
    peak = found.values["peak"]
    values = np.unique(force)
    # The smallest step between values: a converter's own, where it is the same throughout.
    step = float(np.median(np.diff(values))) if len(values) > 1 else peak
    if step > LIMITS["resolution"] * peak and len(values) < 0.5 * len(force):
        yield Flag(
            "coarse-resolution",
            f"force comes in steps of {100 * step / peak:.1f} % of the peak, limit {100 * LIMITS['resolution']:g} %; "
            "measure with more gain",
        )
    near = force[force > 0.9 * force.max()]
    equal = int((near == force.max()).sum())
    # Noise behind the amplifier makes the samples at its end differ; the top is too flat all the same.
    flat = flatness(shape, place, noise)
    if equal >= LIMITS["clipped"] and equal > LIMITS["clipped_share"] * len(near):
        yield Flag(
            "clipped-force",
            f"{equal} of {len(near)} samples near the top equal the largest, limit "
            f"{100 * LIMITS['clipped_share']:g} %: the amplifier or converter was at its end; measure with less gain",
        )
    elif flat > LIMITS["round"]:
        yield Flag(
            "clipped-force",
            f"the top is flat: near the peak it is {100 * flat:.0f} % as wide as four times as far below, a round "
            f"one 50 %, limit {100 * LIMITS['round']:g} %: the amplifier or converter was at its end, or the "
            "contraction is fused; measure with less gain",
        )
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(force, 2, mode="edge"), 5)
    off = np.abs(force - np.median(windows, axis=1))
    spikes = int((off > max(LIMITS["spike"] * noise.sd, LIMITS["spike_share"] * peak)).sum())
    if spikes:
        yield Flag(
            "spikes-in-twitch",
            f"{spikes} sample(s) of the response stand off their neighbours by more than {LIMITS['spike']:g} standard "
            f"deviations of the noise and {100 * LIMITS['spike_share']:g} % of the peak; look for interference",
        )


def _shape(
    made: Recording,
    lifted: Array,
    begin: int,
    first: int,
    last: int,
    shape: Array,
    place: int,
    noise: Noise,
    found: Kinetics,
    decisions: Decisions,
) -> Iterable[Flag]:
    peak, marks = found.values["peak"], found.marks
    wide = int((shape > 0.5 * shape[place]).sum())
    flat = int((shape > 0.9 * shape[place]).sum())
    if wide and flat > LIMITS["flat"] * wide:
        yield Flag(
            "flat-top",
            f"force is above 90 % of the peak for {100 * flat / wide:.0f} % of the time it is above half, limit "
            f"{100 * LIMITS['flat']:g} %: a tetanus or a clipped signal rather than a twitch; measure it as isometric",
        )
    if math.isfinite(marks["half_fall"]):
        after = shape[place:]
        again = float(np.max(after - np.minimum.accumulate(after)))
        if again > max(LIMITS["second"] * peak, 4.0 * noise.sd):
            yield Flag(
                "second-contraction",
                f"force rises again by {100 * again / peak:.0f} % of the peak after it, limit "
                f"{100 * LIMITS['second']:g} %; give each twitch by itself, with response_window",
            )
    fall = earlier_fall(shape, place)
    onset = max(0, made.index(marks["onset"]) - first) if math.isfinite(marks["onset"]) else 0
    again = second_rise(lifted[first:last], shape, place, onset, noise)
    fallen = fall > max(LIMITS["earlier"] * peak, 4.0 * noise.sd)
    if fallen or again > LIMITS["shoulder"]:
        told = f"force falls by {100 * fall / peak:.0f} % of the peak before it, limit {100 * LIMITS['earlier']:g} %"
        if not fallen:
            told = (
                f"the rise slows down and steepens again by {100 * again:.0f} % of its steepest, limit "
                f"{100 * LIMITS['shoulder']:g} %"
            )
        yield Flag(
            "second-rise",
            f"{told}: more than one stimulus, or a jerk; peak and times are not those of one twitch; check the "
            "stimuli, give each twitch by itself with response_window",
        )
    if math.isfinite(marks["half_rise"]):
        samples = (marks["peak"] - marks["half_rise"]) * made.rate
        if samples < LIMITS["rise"]:
            yield Flag(
                "coarse-sampling",
                f"{samples:.0f} samples lie between half and full force, {LIMITS['rise']:g} are wanted; sample faster",
            )
    duration = found.values["time_to_peak"]
    if not LIMITS["fastest"] <= duration <= LIMITS["slowest"]:
        yield Flag(
            "implausible-twitch",
            f"time_to_peak is {1e3 * duration:.3g} ms, {1e3 * LIMITS['fastest']:g} to {1e3 * LIMITS['slowest']:g} "
            "ms are expected; check time_unit and stimulus_time",
        )
    if decisions.stimulus_time is not None and math.isfinite(marks["onset"]) and decisions.blank == 0.0:
        quiet = lifted[begin : made.index(decisions.stimulus_time + 0.5 * (marks["onset"] - decisions.stimulus_time))]
        spike = float(np.abs(quiet).max()) if len(quiet) else 0.0
        if spike > max(LIMITS["artefact"] * peak, 6.0 * noise.sd) and spike > decisions.onset_level * peak / 2:
            yield Flag(
                "stimulus-artefact",
                f"force jumps by {100 * spike / peak:.0f} % of the peak just after the stimulus, before it can act; "
                "give blank, the seconds to pass over",
            )


def _ratio(found: Kinetics, decisions: Decisions) -> Iterable[Flag]:
    if decisions.tetanus is None:
        yield Flag("tetanus-not-given", "twitch_tetanus needs the force of a tetanus: give tetanus", "note")
    elif found.values["peak"] > decisions.tetanus:
        yield Flag(
            "twitch-above-tetanus",
            f"the twitch reaches {found.values['peak']:.4g}, the tetanus {decisions.tetanus:.4g} "
            f"{decisions.force_unit}; check that both are in one unit and above their baselines",
        )
