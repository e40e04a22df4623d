"""What the reader of a Vo must know: every doubt with its value, its limit and what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ...record import Flag
from .decisions import Decisions
from .regression import Plot
from .releases import Release

__all__ = ["point_flags", "trace_flags"]

HUM = 0.25
"""Milliseconds by which hum may move an onset unmentioned."""
UNSTEADY = 0.05
"""Share of Po that force may change within the window before a release."""
CREEP = 0.005
"""Share of Po that the level within the slack may move."""
SPEEDS = (0.05, 30.0)
"""{L0}/s within which muscles shorten."""


def point_flags(found: Plot, n: int, decisions_limits: Mapping[str, float]) -> list[Flag]:
    """Return what the slack plot itself gives reason to doubt."""
    limits, out = decisions_limits, []
    if found.curvature_p < limits["curved"]:
        out.append(
            Flag(
                "curved",
                f"the slack plot is curved (quadratic term p {_p(found.curvature_p)}, limit {limits['curved']:g}): the "
                f"local velocity goes from {found.initial[0]:.3g} to {found.final[0]:.3g} L0/s, so that Vo is an "
                "average over these releases and its interval is none for it; quote Vo_initial, or use smaller "
                "releases",
            )
        )
    if math.isnan(found.curvature_p):
        out.append(
            Flag(
                "too-few-for-curvature",
                f"curvature_p, Vo_initial and Vo_final need 4 releases of different size, there are {n}",
                "note",
            )
        )
    bad = [
        name
        for name, (value, pair) in (("Vo_initial", found.initial), ("Vo_final", found.final))
        if n >= 4 and (math.isnan(value) or math.isnan(pair[0]))
    ]
    if bad and not math.isnan(found.curvature_p):
        out.append(
            Flag(
                "local-velocity-undefined", f"the quadratic does not rise at an end: no {' and no '.join(bad)}", "note"
            )
        )
    if found.r2 < limits["r2"]:
        out.append(Flag("low-r2", f"r2 {found.r2:.3f} is below {limits['r2']:g}; look at the releases one by one"))
    if n == 3:
        out.append(
            Flag("few-releases", "3 releases leave one degree of freedom: the interval is very wide; add releases")
        )
    pairs = {"Vo": found.line.Vo_interval, "intercept": found.line.intercept_interval}
    pairs |= {"Vo_other": found.other.Vo_interval}
    pairs |= {"Vo_initial": found.initial[1], "Vo_final": found.final[1]}
    wide = [name for name, pair in pairs.items() if any(math.isinf(v) for v in pair)]
    if wide:
        out.append(
            Flag("interval-open", f"the releases set no limit to {', '.join(wide)} on one side at least; add releases")
        )
    low, high = SPEEDS
    if not low <= found.line.Vo <= high:
        out.append(
            Flag(
                "implausible-vo",
                f"Vo {found.line.Vo:.4g} L0/s lies outside {low:g} to {high:g}; check time_unit, length_unit and "
                "fibre_length",
            )
        )
    if found.line.intercept < 0:
        out.append(
            Flag(
                "negative-intercept",
                f"intercept {found.line.intercept:.3g} L0: a release of no size would leave slack; check where the "
                "onsets lie",
            )
        )
    return out


def trace_flags(
    used: Sequence[Release],
    every: Sequence[Release],
    found: Plot,
    Vo: Mapping[str, float],
    spikes: int,
    decisions: Decisions,
) -> list[Flag]:
    """Return what the traces give reason to doubt."""
    limits = decisions.limits
    out = [r.reason for r in every if r.reason is not None]
    out += [r.doubt for r in every if r.doubt is not None]
    by_hand = [str(r.number) for r in used if r.manual]
    if by_hand:
        out.append(Flag("manual-onset", f"the onset of release(s) {', '.join(by_hand)} was given by hand", "note"))
    unknown = sorted(set(decisions.onsets) - {r.number for r in every})
    if unknown:
        out.append(
            Flag(
                "onset-without-release",
                f"onsets names release(s) {', '.join(map(str, unknown))}, there are {len(every)}",
            )
        )
    restless = max(used, key=lambda r: abs(r.unsteady) / r.Po if np.isfinite(r.unsteady) else 0.0)
    if abs(restless.unsteady) > UNSTEADY * restless.Po:
        out.append(
            Flag(
                "po-not-steady",
                f"force changes by {100 * restless.unsteady / restless.Po:+.1f} % of Po within the "
                f"{1e3 * decisions.plateau_window:g} ms before {restless.words}, limit {100 * UNSTEADY:g} %: Po and "
                "run_down are off; wait longer between releases or shorten plateau_window",
            )
        )
    creep = np.array([r.creep / r.Po for r in used])
    creep = creep[np.isfinite(creep)]
    if len(creep) >= 4:
        middle = float(np.median(creep))
        # Noise moves the level either way; a level that creeps moves the same way in every slack.
        if abs(middle) > CREEP and abs(float(np.sign(creep).sum())) == len(creep):
            out.append(
                Flag(
                    "level-creeps",
                    f"the level within the slack moves by {100 * middle:+.1f} % of Po before force comes back, limit "
                    f"{100 * CREEP:g} %: the onset is told from a level that does not hold still, and Vo may be off by "
                    "some per cent; look at the figure, or raise settle",
                )
            )
    lost = 1.0 - used[-1].Po / used[0].Po
    if lost > limits["run_down"]:
        out.append(
            Flag(
                "run-down",
                f"Po fell by {100 * lost:.1f} % from the first release to the last, limit {100 * limits['run_down']:g} "
                "%; a fibre that runs down may slow down too",
            )
        )
    finite = [v for v in Vo.values() if math.isfinite(v)]
    spread = (max(finite) - min(finite)) / found.line.Vo
    if spread > limits["spread"]:
        least, most = min(Vo, key=lambda k: _or(Vo[k], math.inf)), max(Vo, key=lambda k: _or(Vo[k], -math.inf))
        out.append(
            Flag(
                "detectors-disagree",
                f"Vo runs from {Vo[least]:.3g} ({least}) to {Vo[most]:.3g} L0/s ({most}), {100 * spread:.0f} % of it, "
                f"limit {100 * limits['spread']:g} %: the answer hangs on how the onset is found; look at the figure "
                "and say which detector was used",
            )
        )
    silent = [name for name, v in Vo.items() if not math.isfinite(v)]
    if silent:
        out.append(Flag("detector-without-vo", f"no Vo by {', '.join(silent)}: fewer than 3 onsets found", "note"))
    # While the motor moves, the fibre is not yet slack: from the moment the intercept is passed it is.
    c = min(max(found.line.intercept, 0.0), min(r.step for r in used))
    late = np.array([r.change.duration * c / r.step for r in used])
    step, duration = np.array([r.step for r in used]), np.array([r.durations[decisions.onset] for r in used])
    dx = step - step.mean()
    shift = float(dx @ late) / float(dx @ duration)
    if abs(shift) > limits["release"]:
        slowest = max(r.change.duration for r in used)
        out.append(
            Flag(
                "slow-release",
                f"releases take up to {1e3 * slowest:.2g} ms, which may make Vo up to {100 * abs(shift):.1f} % too "
                f"{'high' if shift < 0 else 'low'}, limit {100 * limits['release']:g} %; use a faster release",
                "note",
            )
        )
    moved = np.array([1e3 * r.hum / r.slope for r in used if not r.manual])
    moved = moved[np.isfinite(moved)]
    limit = max(HUM, 10.0 * float(np.ptp(duration)))  # a hundredth of what the durations span
    if len(moved) and float(np.median(moved)) > limit:
        size = max(r.hum / r.Po for r in used)
        out.append(
            Flag(
                "mains-hum",
                f"mains hum of {100 * size:.2g} % of Po may move an onset by {np.median(moved):.2g} ms, limit "
                f"{limit:.2g} ms; shield or filter it at the source",
            )
        )
    if spikes:
        out.append(Flag("spikes", f"{spikes} lone sample(s) of force far off their neighbours were left out", "note"))
    return out


def _or(value: float, otherwise: float) -> float:
    return value if math.isfinite(value) else otherwise


def _p(value: float) -> str:
    return "< 1e-6" if value < 1e-6 else f"{value:.2g}"
