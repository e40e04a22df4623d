"""What a reader of an impedance record must know; nothing is dropped or mended in silence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...record import Flag
from .decisions import Decisions
from .definitions import DEFINITIONS, spelt
from .doubts import LONG
from .features import Features
from .fits import Found
from .validity import Kramers

__all__ = ["flags_of", "grades", "model_names"]

Array = NDArray[np.float64]

CUTS = (0.42, 0.72, 1.3, 3.4, 7.0)
"""fit_rms in per cent below which a sweep is graded 0, 1, 2, 3 and 4."""
KK_CUTS = (0.25, 0.45, 0.80, 2.4, 6.0)
"""The same for kk_rms."""
DELAY_NOTED = 0.25
"""Degrees that a delay adds to the phase, at 500 kHz or where the sweep ends before, until it is told."""
TOLD_AT = 500e3
JUMP = 0.005
"""Smallest jump as a share of |Z|."""
JUMP_P = 0.02
"""Probability, after Bonferroni, below which a jump is believed."""
RANGES = ("Ri_low", "Ri_high", "Td_low", "Td_high")
QUALITY = ("fit_rms", "aicc", "aicc_single")
CONDUCTIVITIES = (0.01, 3.0)
"""S/m between which muscle lies in any direction, with room on both sides; blood has 0.7, the saline of a bath 1.5."""
AT_BOUND = 1e-9
CONTACT = (0.005, 6.0)
"""Share of R0 that polarised electrodes add at the lowest frequency, and times its standard error, to be doubted."""
WIDE = 0.25
"""Range of Ri over weights and bands, as a share of it, beyond which a fit limited by the model is doubted."""
MUSCLE_FROM = 10.0
"""kHz; a sweep that begins above may begin above the fc of muscle, with its reactance falling from there on."""
REGAIN = 0.05
"""Rise of the reactance, as a share of its maximum, that shows a second one inside the sweep."""
ROUNDING = 1e-7
"""Share of the impedance below which a residual is rounding."""


def grades(found: Found | None, kramers: Kramers | None, n: int) -> Array:
    """Return the grade of each sweep, the worse of what the fit and what Kramers and Kronig say; NaN where neither."""
    out = np.full(n, np.nan)
    if kramers is not None:
        out = np.fmax(out, np.searchsorted(KK_CUTS, 100.0 * kramers.rms, side="right").astype(float))
    if found is not None:
        fit = np.searchsorted(CUTS, 100.0 * found.rms, side="right").astype(float)
        out = np.fmax(out, np.where(np.isfinite(found.rms) & found.good, fit, np.where(found.good, np.nan, 5.0)))
    return out


def model_names(decisions: Decisions) -> list[str]:
    """Return the names that only an arc determined by the sweep gives."""
    applied = [d for d in DEFINITIONS if d.applies(decisions.settings)]
    return [d.name for d in applied if d.interval or d.name in RANGES]


def flags_of(
    i: int,
    frequency: Array,
    read: Features,
    found: Found | str,
    kramers: Kramers | None,
    grade: float,
    decisions: Decisions,
) -> list[Flag]:
    """Return the flags of sweep `i` of a stack, beyond those of the sweep as given."""
    return [
        *_read_off(i, frequency, read),
        *_conductivity(i, read, decisions),
        *(_no_fit(found, decisions) if isinstance(found, str) else _fit(i, frequency, found, decisions)),
        *_consistency(i, frequency, kramers, grade),
    ]


def _read_off(i: int, frequency: Array, read: Features) -> list[Flag]:
    out = []
    reasons: dict[str, list[str]] = {}
    for name, reason in read.outside.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        out.append(Flag("outside-sweep", f"{', '.join(names)} not determined: {reason}", "note"))
    apart: dict[str, list[str]] = {}
    for name, reason in read.gaps.items():
        apart.setdefault(reason, []).append(name)
    for reason, names in apart.items():
        out.append(
            Flag(
                "gap-too-wide",
                f"{', '.join(names)} not determined: {reason}; measure there, or take the value from eim.cole of the "
                "fitted arc",
                "note",
            )
        )
    known = {*read.outside, *read.gaps}
    undefined = [n for n, v in read.values.items() if not np.isfinite(v[i]) and n not in known]
    if undefined:
        out.append(
            Flag("ratio-undefined", f"{', '.join(undefined)} not determined: phase or reactance is not positive")
        )
    if read.between:
        listed = ", ".join(f"{a / 1e3:g} kHz (nearest {b / 1e3:.4g})" for a, b in read.between)
        out.append(Flag("interpolated", f"not measured, taken straight in log f between neighbours: {listed}", "note"))
    r, f = read.values, frequency / 1e3
    for name in ("X_max", "phase_max"):
        at = r[f"f_{name}"][i]
        if name == "X_max" and at == f[0] and (at < MUSCLE_FROM or read.regain[i] > REGAIN):
            out.append(
                Flag(
                    "poor-contact",
                    f"reactance is greatest at {spelt(1e3 * at)}, the lowest frequency: electrodes, not muscle, "
                    "make it rise there; check their contact and measure again",
                )
            )
        elif at in (f[0], f[-1]):
            text = f"{name} lies at {spelt(1e3 * at)}, the end of the sweep: it may go on rising"
            out.append(Flag("maximum-at-end", text, "note"))
    if r["R_slope"][i] > 0 and r["logR_slope"][i] > ROUNDING:
        out.append(
            Flag(
                "resistance-rises",
                f"resistance rises by {r['R_slope'][i]:.3g} Ohm a decade, in tissue it falls; check the leads",
            )
        )
    return out


def _conductivity(i: int, read: Features, decisions: Decisions) -> list[Flag]:
    found = {n: float(v[i]) for n, v in read.values.items() if n.startswith("conductivity_") and np.isfinite(v[i])}
    low, high = CONDUCTIVITIES
    odd = [n for n, v in found.items() if not low <= v <= high]
    if not odd:
        return []
    return [
        Flag(
            "implausible-conductivity",
            f"{odd[0]} is {found[odd[0]]:.3g} S/m, muscle has {low:g} to {high:g}; check cell_constant "
            f"{decisions.cell_constant:g}, which is in 1/m",
        )
    ]


def _undetermined(why: str, decisions: Decisions, level: str = "note", without: Sequence[str] = ()) -> list[Flag]:
    names = ", ".join([*model_names(decisions), *(n for n in QUALITY if n in without)])
    return [Flag("cole-not-determined", f"{names} not determined: {why}", level)]  # type: ignore[arg-type]


def _no_fit(why: str, decisions: Decisions) -> list[Flag]:
    names = [d.name for d in DEFINITIONS if d.name in QUALITY and d.applies(decisions.settings)]
    return _undetermined(why, decisions, without=names)


def _fit(i: int, frequency: Array, found: Found, decisions: Decisions) -> list[Flag]:
    out = []
    if not np.isfinite(found.aicc[i]) or (len(found.aicc_single) and not np.isfinite(found.aicc_single[i])):
        out.append(Flag("aicc-undefined", "aicc is not defined for so few numbers, or for a perfect fit", "note"))
    if not np.isfinite(found.rms[i]):
        out.append(Flag("cole-not-determined", "fit_rms not determined: the fit has no finite residual"))
    if not found.good[i]:
        return [*out, *_undetermined(f"{found.why[i]}; look at the sweep", decisions, "suspect")]
    e = found.estimates
    for name in ("alpha", "alpha_2"):
        if name in e and e[name].value[i] >= 1.0 - AT_BOUND:
            out.append(
                Flag(
                    "alpha-at-bound",
                    f"{name} stands at its bound of 1: a single time constant, or a sweep too short to tell",
                    "note",
                )
            )
    if "Td" in e:
        td = e["Td"].value[i]
        end = min(TOLD_AT, float(frequency[-1]))
        degrees = 360.0 * end * td * 1e-9
        if abs(degrees) > DELAY_NOTED and abs(td) > 2.0 * e["Td"].stderr[i]:
            out.append(
                Flag(
                    "delay",
                    f"a delay of {td:.2f} ns adds {degrees:.2f} degrees to the phase at {spelt(end)}: phase_slope "
                    "and the ratios are of the sweep as measured, R0 to fc are free of it",
                    "note",
                )
            )
        if td < 0 and abs(td) > 2.0 * e["Td"].stderr[i]:
            out.append(
                Flag("negative-delay", f"the best delay is {td:.2f} ns, below zero: check the analyser's calibration")
            )
        if td > LONG:
            out.append(Flag("long-delay", _long(td, i, found)))
    if found.contact is not None:
        share, t = float(found.contact.share[i]), float(found.contact.t[i])
        if share > CONTACT[0] and t > CONTACT[1] and found.rms[i] > ROUNDING:
            out.append(
                Flag(
                    "electrode-polarisation",
                    f"residuals at the lowest frequencies are like polarised electrodes in series, {100 * share:.2g} % "
                    f"of R0 at the lowest (limit {100 * CONTACT[0]:g} %; {t:.0f} standard errors): Ri, fc and alpha "
                    "are too small and R0 too large, neither intervals nor ranges tell by how much; check the "
                    "contact, or measure the lowest frequencies anew",
                )
            )
    limit = 3.0 / np.sqrt(found.curve.shape[1] - 2)
    if found.memory[i] > limit and found.rms[i] > ROUNDING:
        ri = found.ranges.get("Ri")
        spread = "" if ri is None else f"; other weights and bands give Ri {ri[0][i]:.4g} to {ri[1][i]:.4g} Ohm"
        wide = ri is not None and bool(ri[1][i] - ri[0][i] > WIDE * e["Ri"].value[i])
        if wide:
            spread += f", more than {100 * WIDE:g} % of it: one arc does not describe this sweep"
        out.append(
            Flag(
                "model-limited",
                f"neighbouring residuals agree (correlation {found.memory[i]:.2f}, limit {limit:.2f}): the model, not "
                f"noise, limits the fit, and standard errors say less than the ranges do{spread}",
                "suspect" if wide else "note",
            )
        )
    if len(found.aicc_single) and not found.aicc[i] < found.aicc_single[i] - 2.0:
        out.append(
            Flag(
                "second-arc-not-needed",
                f"aicc {found.aicc[i]:.1f} of two arcs is no better than aicc_single {found.aicc_single[i]:.1f}; "
                "use components=1",
            )
        )
    return out


def _long(td: float, i: int, found: Found) -> str:
    """Return what is to be said of a delay no ordinary cable has."""
    text = f"the best delay is {td:.3g} ns, limit {LONG:g} (some 5 m of cable)"
    if i not in found.parallel:
        return f"{text}: check frequency_unit and the cables"
    cs, ri, aicc = found.parallel[i]
    gain = found.aicc[i] - aicc
    told = f"aicc is {abs(gain):.3g} {'lower' if gain > 0 else 'higher'}" if np.isfinite(gain) else "fits alike"
    return (
        f"{text}: a stray capacitance of {cs:.3g} pF in its place gives Ri {ri:.4g} instead of "
        f"{found.estimates['Ri'].value[i]:.4g} Ohm, {told}; check the cables and frequency_unit, and try stray=True"
    )


def _consistency(i: int, frequency: Array, kramers: Kramers | None, grade: float) -> list[Flag]:
    out = []
    if kramers is None:
        out.append(
            Flag(
                "too-few-for-kramers-kronig",
                f"kk_rms not determined: {len(frequency)} frequencies, 7 are needed",
                "note",
            )
        )
    else:
        from scipy.special import stdtr

        jumps = kramers.jumps
        p = min(1.0, 2.0 * float(stdtr(jumps.dof, -jumps.t[i])) * jumps.candidates)
        if p < JUMP_P and jumps.size[i] > JUMP:
            at = spelt(frequency[jumps.place[i]])
            what = f"all from {at} on is shifted" if jumps.step[i] else f"the point at {at} stands off"
            out.append(
                Flag(
                    "jump",
                    f"{what} by {100 * jumps.size[i]:.2g} % of |Z| (p {'< 1e-6' if p < 1e-6 else f'{p:.2g}'}); it was "
                    "kept: check the contact and the range of the analyser",
                )
            )
    if np.isnan(grade):
        out.append(Flag("not-graded", "grade not determined: too few frequencies", "note"))
    elif grade >= 3:
        words = {3: "questionable", 4: "bad", 5: "no impedance of tissue"}[int(grade)]
        out.append(Flag("poor-sweep", f"grade {int(grade)} ({words}), limit 2; look at the sweep and its residuals"))
    return out
