"""What is doubtful in one isometric contraction."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ... import units
from ...record import Flag
from ...traces import Recording
from ...traces.memory import noise_of
from .contradictions import length_flags, oscillation_flags, zero_flags
from .decisions import Decisions
from .definitions import LIMITS
from .finding import Contraction
from .forces import Forces
from .stiffness import Stiffness

__all__ = ["flags_of"]

Array = NDArray[np.float64]


def flags_of(
    made: Recording,
    relative: Array | None,
    found: Contraction,
    levels: Forces,
    stiff: Stiffness | None,
    decisions: Decisions,
) -> tuple[Flag, ...]:
    """Return the flags of one contraction; `relative` is length in {L0} where it can be told."""
    return (
        *made.flags,
        *_references(found, levels, decisions),
        *zero_flags(found, levels, decisions),
        *_area(levels, decisions),
        *_drifting(made, found, levels),
        *_plateau(made, found, levels, decisions),
        *oscillation_flags(made, found, levels),
        *length_flags(made, relative, found, decisions),
        *(_steps(stiff) if stiff is not None else ()),
    )


def _references(found: Contraction, levels: Forces, decisions: Decisions) -> Iterable[Flag]:
    """Name what the recording does not tell of zero and rest."""
    unit = decisions.force_unit
    absent = [name for name in ("total", "passive") if math.isnan(levels.values[name])]
    if math.isnan(levels.zero) and absent:
        yield Flag(
            "zero-not-known",
            f"without a release into slack or a given zero, {' and '.join(absent)} cannot be told from rest; Po is "
            "the plateau less rest; give zero",
            "note",
        )
    if found.rest is None and decisions.passive is None:
        yield Flag(
            "passive-not-known",
            "no rest is recorded before the plateau, so passive cannot be told and Po includes it; give passive from a "
            "relaxed record (pCa 9)",
            "note",
        )
    if found.unclear is not None:
        yield Flag(
            "rest-unclear",
            f"force is as low as {found.unclear:.4g} {unit} before the plateau of {found.plateau.level.mean:.4g}; no "
            "stretch of it is flat for half of plateau_window; give relaxed=(from, to)",
        )
    if decisions.passive is not None:
        yield Flag("passive-given", f"passive is {decisions.passive:.4g} {unit} as given, without an interval", "note")
        if found.rest is not None and math.isfinite(levels.zero):
            own = found.rest.level.mean - levels.zero
            if abs(own - decisions.passive) > LIMITS["agreement"] * levels.Po:
                yield Flag(
                    "passive-conflict",
                    f"passive is {decisions.passive:.4g} {unit} as given and {own:.4g} in this recording, which differ "
                    f"by more than 5 % of Po; Po is the plateau less the rest of this recording",
                )


def _area(levels: Forces, decisions: Decisions) -> Iterable[Flag]:
    stress = levels.values["specific_force"]
    if units.dimension(decisions.force_unit) == "stress":
        if math.isnan(decisions.csa):
            message = f"force is in {decisions.force_unit}, so specific_force is Po and csa is not determined"
            yield Flag("stress-given", message, "note")
    elif units.dimension(decisions.force_unit) != "force":
        yield Flag(
            "force-unit-not-stated",
            "neither the file nor force_unit states the unit of force, so specific_force"
            + (" and csa are" if math.isnan(decisions.csa) else " is")
            + " not determined; give force_unit",
            "note",
        )
    elif math.isnan(decisions.csa):
        yield Flag(
            "area-not-stated",
            "specific_force and csa need diameter (a circle), width and depth (an ellipse), or area",
            "note",
        )
    if math.isfinite(stress) and not LIMITS["stress_low"] <= stress <= LIMITS["stress_high"]:
        yield Flag(
            "implausible-stress",
            f"specific_force is {stress:.3g} kN/m2, {LIMITS['stress_low']:g} to {LIMITS['stress_high']:g} are expected "
            "of skeletal muscle; check force_unit and the cross-sectional area",
        )


def _drifting(made: Recording, found: Contraction, levels: Forces) -> Iterable[Flag]:
    """Tell where force at rest moves so fast that it would be another by the time of the plateau."""
    rest, top = found.rest, found.plateau
    if rest is None:
        return
    apart = float(made.time[(top.first + top.last) // 2] - made.time[(rest.first + rest.last) // 2])
    lasts = rest.level.n / made.rate
    drift = rest.level.slope * made.rate * apart
    noise = noise_of(made.force[rest.first : rest.last])
    doubt = 3.5 * noise.sd * math.sqrt(12.0 * noise.memory / rest.level.n) * abs(apart) / lasts
    if abs(drift) > max(LIMITS["rest_drift"] * levels.Po, doubt):
        yield Flag(
            "rest-drifts",
            f"force at rest changes by {100 * rest.level.slope * made.rate / levels.Po:+.3g} % of Po a second, which "
            f"is {100 * drift / levels.Po:+.2g} % of Po by the time of the plateau, limit "
            f"{100 * LIMITS['rest_drift']:g} %; let the muscle and the transducer settle",
        )


def _plateau(made: Recording, found: Contraction, levels: Forces, decisions: Decisions) -> Iterable[Flag]:
    top = found.plateau
    force = made.force[top.first : top.last]
    change = levels.values["drift"]
    doubt = 2.0 * math.sqrt(12.0) * top.level.stderr / levels.Po
    bend = float(np.ptp([part.mean() for part in np.array_split(force, 5)])) / levels.Po
    if max(abs(change), bend) > max(LIMITS["steady"], doubt):
        yield Flag(
            "plateau-not-steady",
            f"force changes by {100 * max(abs(change), bend):.1f} % of Po within the plateau, limit "
            f"{100 * LIMITS['steady']:g} %; give a shorter plateau_window, or plateau=(from, to)",
        )
    off = np.abs(force - np.median(force))
    spread = 1.4826 * float(np.median(off))
    spikes = int((off > LIMITS["spike"] * spread).sum()) if spread > 0.0 else 0
    if spikes and spikes < 0.2 * len(force):
        yield Flag(
            "spikes-in-plateau",
            f"{spikes} of {len(force)} samples of the plateau lie over {LIMITS['spike']:g} standard deviations "
            "off; look for interference, or give plateau=(from, to)",
        )
    equal = float((force == force.max()).mean())
    if equal > LIMITS["clipped"] and float(np.ptp(made.force)) > 0.0:
        yield Flag(
            "clipped-force",
            f"{100 * equal:.0f} % of the plateau's samples equal its largest, limit {100 * LIMITS['clipped']:g} %: "
            "the amplifier or converter was at its end; measure with less gain",
        )
    if found.later and found.slack is not None and decisions.plateau is None:
        first = top.level.mean - found.slack.level.mean
        worst = min(found.later, key=lambda height: height / first)
        if abs(worst / first - 1.0) > LIMITS["run_down"]:
            yield Flag(
                "run-down",
                f"of {1 + len(found.later)} plateaus the first is {first:.4g} and another {worst:.4g} "
                f"{decisions.force_unit} above slack, a change of {100 * (worst / first - 1.0):+.1f} %, limit "
                f"{100 * LIMITS['run_down']:g} %; Po is the first",
            )


def _steps(stiff: Stiffness) -> Iterable[Flag]:
    if not stiff.size:
        yield Flag(
            "no-small-step",
            f"no quick step of {100 * LIMITS['smallest']:g} to {100 * LIMITS['largest']:g} % L0 within "
            f"{1e3 * LIMITS['quick']:g} ms, so stiffness_L0 and stiffness_Po cannot be told; give a record with one, "
            "or stiffness=false",
        )
    elif stiff.slowest > LIMITS["slow"]:
        yield Flag(
            "slow-step",
            f"the step of length took {1e3 * stiff.slowest:.2g} ms; above {1e3 * LIMITS['slow']:g} ms force recovers "
            "within it, and the stiffness is too low",
            "note",
        )
