"""What a reader of a force–velocity record must know, curve by curve; no flag changes a number or drops a point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import units
from ...record import Flag
from .decisions import Decisions
from .definitions import LIMITS
from .diagnosis import Diagnosis
from .quantities import Hyperbolas, Quantity

__all__ = ["common_flags", "curve_flags"]

Array = NDArray[np.float64]


def common_flags(decisions: Decisions, unit: str, left_out: int, lengthening: Array) -> tuple[Flag, ...]:
    """Return the flags that every curve of a stack shares."""
    flags = []
    if decisions.assumed:
        flags.append(
            Flag(
                "direction-assumed",
                "nothing states whether velocity or force answered: velocity was taken (isotonic contractions); give "
                "dependent=velocity, or dependent=force for isovelocity ones",
                "note",
            )
        )
    if left_out:
        flags.append(
            Flag(
                "lengthening-left-out",
                f"{left_out} point(s) lengthen (velocity {lengthening.min():.4g} to {lengthening.max():.4g} "
                f"{unit}): Hill's hyperbola does not hold there and they were not fitted",
                "note",
            )
        )
    if decisions.Po is not None:
        flags.append(Flag("po-held", f"Po was held at {decisions.Po:g}, so Po and Po_other have no interval", "note"))
    if units.dimension(unit) == "speed":
        flags.append(
            Flag(
                "velocity-not-relative",
                f"velocities are in {unit} and differ with the length of the fibre; give fibre_length and length_unit "
                "for {L0}/s",
                "note",
            )
        )
    return tuple(flags)


def curve_flags(
    found: Hyperbolas,
    every: Mapping[str, Quantity],
    beside: Mapping[str, Quantity],
    diagnosis: Diagnosis,
    velocity: Array,
    force: Array,
    places: NDArray[np.int64],
    unit: str,
    decisions: Decisions,
) -> list[list[Flag]]:
    """Return the flags of every curve; `places` are the indices of the fitted points among those given."""
    out: list[list[Flag]] = [[] for _ in range(len(force))]
    _directions(out, every, beside, decisions)
    _reach(out, every, velocity, force, decisions)
    both = {**every, **{f"{name}_other": q for name, q in beside.items()}}
    _intervals(out, both, diagnosis.exact)
    _goodness(out, diagnosis, velocity, force, places, decisions)
    _scale(out, every, force, unit, decisions)
    return out


def _put(out: list[list[Flag]], where: NDArray[np.bool_], code: str, message: object, level: str = "suspect") -> None:
    for i in np.flatnonzero(where):
        text = message(int(i)) if callable(message) else str(message)
        out[i].append(Flag(code, text, level))  # type: ignore[arg-type]


def _directions(
    out: list[list[Flag]],
    every: Mapping[str, Quantity],
    beside: Mapping[str, Quantity],
    decisions: Decisions,
) -> None:
    limit = decisions.max_gap
    names = ["Vmax"] if decisions.Po is not None else ["Vmax", "Po"]
    gaps = {name: beside[name].value / every[name].value - 1.0 for name in names}
    other = "force" if decisions.dependent == "velocity" else "velocity"
    far = np.any([np.abs(gap) > limit for gap in gaps.values()], axis=0)

    def told(i: int) -> str:
        words = [
            f"{n} {every[n].value[i]:.4g} against {beside[n].value[i]:.4g} ({100 * gaps[n][i]:+.0f} %)" for n in names
        ]
        return (
            f"with {other} as the dependent quantity {', '.join(words)}; limit {100 * limit:g} %: the hyperbola does "
            "not describe these points well, or they scatter much; state which direction was fitted, and why"
        )

    _put(out, far, "directions-differ", told)
    _put(
        out,
        np.isnan(beside["Vmax"].value),
        "no-other-direction",
        f"with {other} as the dependent quantity no hyperbola was found, so Vmax_other, Po_other and a_Po_other are "
        "not determined",
    )


def _reach(
    out: list[list[Flag]], every: Mapping[str, Quantity], velocity: Array, force: Array, decisions: Decisions
) -> None:
    vmax, po = every["Vmax"].value, every["Po"].value
    fastest, highest = float(velocity.max()), force.max(axis=1)
    limit = LIMITS["vmax_reached"]
    _put(
        out,
        fastest < limit * vmax,
        "vmax-extrapolated",
        lambda i: (
            f"the fastest point has {100 * fastest / vmax[i]:.0f} % of Vmax, limit {100 * limit:g} %: Vmax is "
            "extrapolated; measure at lower loads"
        ),
    )
    if decisions.Po is None:
        near = LIMITS["po_reached"]
        _put(
            out,
            highest < near * po,
            "po-extrapolated",
            lambda i: (
                f"the highest force is {100 * highest[i] / po[i]:.0f} % of Po, limit {100 * near:g} %: Po is "
                "extrapolated; add the isometric point, or hold Po at it"
            ),
        )
    moving = velocity > LIMITS["lengthening"] * fastest
    above = np.where(moving, force, -np.inf).max(axis=1)
    share = LIMITS["above_po"]
    _put(
        out,
        above > (1 + share) * po,
        "force-above-po",
        lambda i: (
            f"a shortening point has {above[i]:.4g}, {100 * (above[i] / po[i] - 1):.0f} % above Po {po[i]:.4g}, limit "
            f"{100 * share:g} %; check Po, the zero of force and the sign of velocity"
        ),
    )
    lowest = force.min(axis=1)
    least = LIMITS["negative_force"]
    _put(
        out,
        lowest < -least * highest,
        "negative-force",
        lambda i: (
            f"the lowest force is {lowest[i]:.4g}, {100 * lowest[i] / highest[i]:.1f} % of the highest, limit "
            f"{-100 * least:g} %: the zero of force is wrong; take it while the fibre is slack"
        ),
    )


def _intervals(out: list[list[Flag]], every: Mapping[str, Quantity], exact: NDArray[np.bool_]) -> None:
    for name, quantity in every.items():
        low, high = quantity.interval.T
        open_low, open_high = low <= 0.0, np.isposinf(high)  # all are above zero, so zero is no limit
        _put(
            out,
            open_low | open_high,
            "interval-open",
            lambda i, name=name, a=open_low, b=open_high: (
                f"the data set no {'limit at all' if a[i] and b[i] else 'lower limit' if a[i] else 'upper limit'} to "
                f"{name}; measure more points where the curve bends, and at low loads"
            ),
        )
        lost = (np.isnan(low) | np.isnan(high)) & ~np.isnan(quantity.stderr)
        _put(out, lost, "no-interval", f"no interval of {name} could be determined; measure more points")
        if name not in ("Vmax", "Po"):
            continue
        with np.errstate(all="ignore"):
            ratio = (high - quantity.value) / (quantity.value - low)
            ratio = np.maximum(ratio, 1 / ratio)
        _put(
            out,
            np.isfinite(ratio) & (ratio > LIMITS["asymmetry"]) & ~exact,
            "interval-asymmetric",
            lambda i, name=name, ratio=ratio: (
                f"one side of the interval of {name} is {ratio[i]:.1f} times the other, limit "
                f"{LIMITS['asymmetry']:g}; quote the interval, not ± SE"
            ),
        )


def _goodness(
    out: list[list[Flag]],
    diagnosis: Diagnosis,
    velocity: Array,
    force: Array,
    places: NDArray[np.int64],
    decisions: Decisions,
) -> None:
    r2, exact = diagnosis.r2, diagnosis.exact
    _put(
        out,
        r2 < decisions.min_r2,
        "low-r2",
        lambda i: f"r2 {r2[i]:.3f} is below {decisions.min_r2:g}; look at the residuals",
    )
    _put(
        out,
        (diagnosis.lack_p < LIMITS["lack_of_fit"]) & ~exact,
        "lack-of-fit",
        lambda i: (
            f"repeated points scatter far less than the hyperbola misses them (F{diagnosis.lack_dof[i]} = "
            f"{diagnosis.lack_F[i]:.3g}, p {_p(diagnosis.lack_p[i])}): intervals are too narrow; look at the points "
            "near Po, where muscle departs from Hill's equation"
        ),
    )
    worst = diagnosis.worst
    _put(
        out,
        (diagnosis.worst_p < LIMITS["outlier"]) & ~exact,
        "outlier",
        lambda i: (
            f"the point at velocity {velocity[worst[i]]:.4g} (force {force[i, worst[i]]:.4g}, index "
            f"{int(places[worst[i]])}) lies far off the curve of the others (p {_p(diagnosis.worst_p[i])}); it was "
            "kept: check it at its source"
        ),
    )
    _put(
        out,
        exact,
        "no-noise",
        "the points lie exactly on the curve: intervals are empty; these may be fitted values rather than data",
        "note",
    )


def _p(value: Any) -> str:
    return "< 1e-6" if value < 1e-6 else f"{value:.2g}"


def _scale(out: list[list[Flag]], every: Mapping[str, Quantity], force: Array, unit: str, decisions: Decisions) -> None:
    top, own = force.max(axis=1), decisions.force_unit
    if own in ("1", "%"):
        whole = np.where(np.abs(top - 100.0) < 1e-9, 100.0, 1.0 if own == "1" else 100.0)
        shared = np.abs(top - whole) < 1e-9 * whole
        _put(
            out,
            shared,
            "normalised-force",
            lambda i: (
                f"force was divided by its maximum (largest value {top[i]:g}): one point is taken as exact, which raw "
                "force does not pretend; give raw force and its unit"
            ),
            "note",
        )
        if own == "1":
            _put(
                out,
                ~shared,
                "force-unit-not-stated",
                lambda i: f"no unit of force is stated (largest value {top[i]:.4g}); give force_unit",
                "note",
            )
    elif units.dimension(own) == "stress":
        stress = every["Po"].value * units.convert_factor(own, "kN/m2")
        low, high = LIMITS["least_stress"], LIMITS["most_stress"]
        _put(
            out,
            (stress < low) | (stress > high),
            "implausible-stress",
            lambda i: (
                f"Po {stress[i]:.4g} kN/m2 lies outside {low:g} to {high:g} for active muscle; check the unit and the "
                "cross-sectional area"
            ),
        )
    if unit == "{L0}/s":
        vmax = every["Vmax"].value
        slow, fast = LIMITS["slowest"], LIMITS["fastest"]
        _put(
            out,
            (vmax < slow) | (vmax > fast),
            "implausible-velocity",
            lambda i: (
                f"Vmax {vmax[i]:.4g} {{L0}}/s lies outside {slow:g} to {fast:g}; check the unit of velocity (mm/s or % "
                "for {L0}/s?) and the fibre length"
            ),
        )
    bend = every["a_Po"].value
    least, most = LIMITS["least_a_Po"], LIMITS["most_a_Po"]
    _put(
        out,
        (bend < least) | (bend > most),
        "implausible-curvature",
        lambda i: (
            f"a_Po {bend[i]:.3g} lies outside {least:g} to {most:g}, as muscle never has it; the points hardly "
            "determine the bend, or force and velocity have a wrong zero"
        ),
    )
