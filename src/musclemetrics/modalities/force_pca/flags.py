"""What a reader of a force–pCa record must know, curve by curve; thresholds are settings, data are never dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import units
from ...fitting import Fit
from ...record import Flag
from .decisions import Decisions
from .definitions import CONDITIONS
from .statistics import Diagnosis

__all__ = ["common_flags", "curve_flags"]

Array = NDArray[np.float64]
STRESS_BAND = (15.0, 400.0)
"""Plausible maximal stress of skinned skeletal fibres, kN/m2."""


def common_flags(x: Array, decisions: Decisions) -> tuple[Flag, ...]:
    """Return the flags that every curve of a stack shares."""
    flags = []
    missing = [name for name in CONDITIONS if name not in decisions.conditions]
    if missing:
        flags.append(
            Flag("conditions-not-stated", f"not stated: {', '.join(missing)}; give conditions= or label them", "note")
        )
    if decisions.fmin is not None:
        flags.append(Flag("fmin-held", f"Fmin was held at {decisions.fmin:g}, so it has no interval", "note"))
    if decisions.run_down is not None:
        first, last = decisions.run_down
        loss = (last - first) / first
        limit = decisions.limits["max_run_down"]
        done = "forces were scaled up accordingly" if decisions.correct_run_down else "forces were left as they are"
        if abs(loss) > limit:
            flags.append(
                Flag(
                    "run-down",
                    f"maximal force changed by {100 * loss:+.1f} %, limit {100 * limit:g} %; {done}",
                    "suspect",
                )
            )
        elif decisions.correct_run_down:
            flags.append(Flag("run-down-corrected", f"maximal force changed by {100 * loss:+.1f} %; {done}", "note"))
    return tuple(flags)


def curve_flags(
    found: Fit,
    bounds: Mapping[str, Array],
    diagnosis: Diagnosis,
    x: Array,
    order: NDArray[np.int64],
    decisions: Decisions,
) -> list[list[Flag]]:
    """Return the flags of every curve; `x` and the fit's points are sorted, `order` leads back to the user's."""
    n = len(found.y)
    out: list[list[Flag]] = [[] for _ in range(n)]
    exact = diagnosis.sy_x < 1e-9 * np.abs(found.y).max(axis=1)
    _reach(out, found, x, decisions)
    _shape(out, found, x, decisions)
    _intervals(out, found, bounds, decisions, exact)
    _goodness(out, found, diagnosis, x, order, decisions, exact)
    _scale(out, found, decisions)
    return out


def _put(out: list[list[Flag]], where: NDArray[np.bool_], code: str, message: object, level: str = "suspect") -> None:
    for i in np.flatnonzero(where):
        text = message(int(i)) if callable(message) else str(message)
        out[i].append(Flag(code, text, level))  # type: ignore[arg-type]


def _reach(out: list[list[Flag]], found: Fit, x: Array, decisions: Decisions) -> None:
    """Whether the points reach down to relaxed, up to the plateau, and around the half point."""
    fmax, fmin, half = found["Fmax"], found["Fmin"], found["pCa50"]
    with np.errstate(all="ignore"):
        height = (found.fitted - fmin[:, None]) / (fmax - fmin)[:, None]
    lowest, highest = height.min(axis=1), height.max(axis=1)
    down, up = decisions.limits["relaxed"], decisions.limits["plateau"]
    if decisions.fmin is None:
        _put(
            out,
            lowest > down,
            "no-relaxed-point",
            lambda i: (
                f"the lowest point lies at {100 * lowest[i]:.0f} % of the span, limit {100 * down:g} %: Fmin is "
                "extrapolated; measure a relaxed point (pCa 9) or hold fmin"
            ),
        )
    _put(
        out,
        highest < up,
        "no-plateau",
        lambda i: (
            f"the highest point lies at {100 * highest[i]:.0f} % of the span, limit {100 * up:g} %: Fmax is "
            "extrapolated; measure at a lower pCa"
        ),
    )
    low, high = float(x.min()), float(x.max())
    _put(
        out,
        (half < low) | (half > high),
        "pca50-outside-range",
        lambda i: f"pCa50 {half[i]:.3g} lies outside the tested pCa {low:g} to {high:g}; measure around it",
    )


def _shape(out: list[list[Flag]], found: Fit, x: Array, decisions: Decisions) -> None:
    fmax, fmin = found["Fmax"], found["Fmin"]
    _put(
        out,
        fmax <= fmin,
        "force-falls-with-calcium",
        lambda i: (
            f"force falls with calcium (Fmax {fmax[i]:.4g} below Fmin {fmin[i]:.4g}); "
            "check the order of the columns and the sign of the force"
        ),
    )
    span = np.abs(fmax - fmin)
    levels, place = np.unique(x, return_inverse=True)
    means = np.stack([found.y[:, place == g].mean(axis=1) for g in range(len(levels))], axis=1)
    # Levels run from relaxed-most calcium to least: force must not rise with pCa.
    rise = np.diff(means, axis=1)
    worst = np.argmax(rise, axis=1)
    size = rise[np.arange(len(rise)), worst]
    limit = decisions.limits["monotone"]
    _put(
        out,
        (size > limit * span) & (fmax > fmin),
        "not-monotone",
        lambda i: (
            f"force rises by {100 * size[i] / span[i]:.0f} % of the span from pCa {levels[worst[i]]:g} to "
            f"{levels[worst[i] + 1]:g}, limit {100 * limit:g} %; check these points"
        ),
    )
    low, high = found.model.bounds()
    for name in ("h", "h_2", "s"):
        if name in found.model.parameters:
            k = found.model.index(name)
            value = found[name]
            at = (value <= low[k] * (1 + 1e-9)) | (value >= high[k] * (1 - 1e-9))
            _put(
                out,
                at,
                f"{name.replace('_', '-')}-at-bound",
                lambda i, name=name, value=value, k=k: (
                    f"{name} stands at its bound ({value[i]:g} of {low[k]:g} to {high[k]:g}): the points do not "
                    "determine it; measure more pCa on the slope"
                ),
            )


def _intervals(
    out: list[list[Flag]], found: Fit, bounds: Mapping[str, Array], decisions: Decisions, exact: NDArray[np.bool_]
) -> None:
    limit = decisions.limits["asymmetry"]
    for name, pair in bounds.items():
        open_low, open_high = np.isneginf(pair[:, 0]), np.isposinf(pair[:, 1])
        _put(
            out,
            open_low | open_high,
            "interval-open",
            lambda i, name=name, a=open_low, b=open_high: (
                f"the data set no {'limit at all' if a[i] and b[i] else 'lower limit' if a[i] else 'upper limit'} "
                f"to {name}; measure more points where the curve bends"
            ),
        )
        with np.errstate(all="ignore"):
            ratio = (pair[:, 1] - found[name]) / (found[name] - pair[:, 0])
            ratio = np.maximum(ratio, 1 / ratio)
        _put(
            out,
            np.isfinite(ratio) & (ratio > limit) & ~exact,
            "interval-asymmetric",
            lambda i, name=name, ratio=ratio: (
                f"one side of the interval of {name} is {ratio[i]:.1f} times the other, limit {limit:g}; "
                "quote the interval, not ± SE"
            ),
        )
    if "Fmin" in bounds:
        pair = bounds["Fmin"]
        width = pair[:, 1] - pair[:, 0]
        span = np.abs(found["Fmax"] - found["Fmin"])
        _put(
            out,
            np.isfinite(width) & (width > 0.5 * span),
            "fmin-not-identified",
            lambda i: (
                f"the interval of Fmin is {width[i]:.3g} wide, {100 * width[i] / span[i]:.0f} % of the span, "
                "limit 50 %; measure a relaxed point (pCa 9) or hold fmin"
            ),
        )


def _goodness(
    out: list[list[Flag]],
    found: Fit,
    diagnosis: Diagnosis,
    x: Array,
    order: NDArray[np.int64],
    decisions: Decisions,
    exact: NDArray[np.bool_],
) -> None:
    limits = decisions.limits
    r2 = diagnosis.r2
    _put(
        out,
        r2 < limits["min_r2"],
        "low-r2",
        lambda i: f"r2 {r2[i]:.3f} is below {limits['min_r2']:g}; look at the residuals",
    )
    p, f_value, dof = diagnosis.replicates_p, diagnosis.replicates_F, diagnosis.replicates_dof
    _put(
        out,
        (p < limits["lack_of_fit"]) & ~exact,
        "lack-of-fit",
        lambda i: (
            f"repeated points scatter far less than the curve misses them (F({dof[0]}, {dof[1]}) = {f_value[i]:.3g}, "
            f"p {_p(p[i])}): intervals are too narrow; try another model or look for drift"
        ),
    )
    runs = np.where(np.isnan(p), diagnosis.runs_p, np.nan)
    _put(
        out,
        (runs < limits["lack_of_fit"]) & ~exact,
        "residuals-in-runs",
        lambda i: f"residuals keep their sign in runs (p {_p(runs[i])}): the curve has another shape than the points",
    )
    _put(
        out,
        (diagnosis.worst_p < limits["outlier"]) & ~exact,
        "outlier",
        lambda i: (
            f"the point at pCa {x[diagnosis.worst[i]]:g} (force {found.y[i, diagnosis.worst[i]]:.4g}, index "
            f"{int(order[diagnosis.worst[i]])}) lies far off the curve of the others (p {_p(diagnosis.worst_p[i])}); "
            "it was kept: check it at its source"
        ),
    )
    _put(
        out,
        (diagnosis.spread_p < 0.005) & ~exact,
        "heteroscedastic",
        lambda i: (
            f"residuals grow with force (p {_p(diagnosis.spread_p[i])}): intervals are too narrow; use variance=mixed"
        ),
    )
    _put(
        out,
        np.isnan(diagnosis.aicc),
        "aicc-undefined",
        f"AICc is not defined for {len(x)} points and {len(found.model.parameters) - len(found.held)} parameters",
        "note",
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


def _scale(out: list[list[Flag]], found: Fit, decisions: Decisions) -> None:
    unit, y = decisions.force_unit, found.y
    top = y.max(axis=1)
    if unit in ("1", "%"):
        whole = 100.0 if unit == "%" else 1.0
        hundred = (unit == "1") & (np.abs(top - 100.0) < 1e-9)
        exact = np.abs(top - whole) < 1e-9 * whole
        _put(
            out,
            exact | hundred,
            "normalised-force",
            lambda i: (
                f"force was divided by its maximum (largest value {top[i]:g}): one point is taken as exact, "
                "which raw force does not pretend; give raw force and its unit"
            ),
            "note",
        )
        _put(
            out,
            ~(exact | hundred) & (unit == "1"),
            "force-unit-not-stated",
            lambda i: (
                f"no unit of force is stated (largest value {top[i]:.4g}"
                + (", which looks like a share of the maximum" if top[i] <= 1.3 else "")
                + "); give force_unit"
            ),
            "note",
        )
    elif units.dimension(unit) == "stress":
        factor = units.convert_factor(unit, "kN/m2")
        stress = found["Fmax"] * factor
        low, high = STRESS_BAND
        _put(
            out,
            (stress < low) | (stress > high),
            "implausible-stress",
            lambda i: (
                f"Fmax {stress[i]:.4g} kN/m2 lies outside {low:g} to {high:g} for skinned fibres; "
                "check the unit and the cross-sectional area"
            ),
        )
