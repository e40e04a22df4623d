"""From checked arrays to records, for one curve or a whole stack by the same path."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ... import checks
from ...errors import FitError, InputError, MuscleMetricsError
from ...provenance import describe
from ...record import Measurement, Provenance, Record, Trace
from .decisions import EVIDENCE, Decisions, power_unit
from .definitions import DEFINITIONS, LIMITS
from .diagnosis import Diagnosis, diagnose
from .flags import common_flags, curve_flags
from .quantities import Hyperbolas, Quantity, hyperbolas, intercepts, pick, quantities

__all__ = ["NAME", "provenance", "stack"]

Array = NDArray[np.float64]

NAME = "force_velocity"
METHOD = {
    "velocity": "least-squares fit of Hill's hyperbola (F + a)(V + b) = (Po + a) b, residuals of velocity",
    "force": "least-squares fit of Hill's hyperbola (F + a)(V + b) = (Po + a) b, residuals of force",
}
OTHER = {"velocity": "force", "force": "velocity"}
CURVE_POINTS = 121
LEAST_BEND = 1e-6
"""Po/a up to which a curve is a straight line: rounding alone bends a line by more than nothing."""


def provenance(decisions: Decisions) -> Provenance:
    """Return what was decided, for every record of a call."""
    return describe(METHOD[decisions.dependent], decisions.settings)


def stack(velocity: Array, forces: Array, decisions: Decisions) -> list[Record | MuscleMetricsError]:
    """Return a record, or the error that stands for it, for every row of `forces`.

    Raises
    ------
    InputError
        If the velocities all rows share cannot be those of a curve.
    """
    unit, factor = decisions.velocity()
    v = velocity * factor
    for name, values in decisions.points.items():
        if len(values) != len(v):
            raise InputError(
                f"points[{name!r}] has {len(values)} values for {len(v)} points",
                code="length-mismatch",
                remedy="give one number a point",
            )
    used = _shortening(v)
    need = 3 + (decisions.Po is None)
    checks.at_least(
        len(np.unique(v[used])),
        need,
        "a hyperbola: velocities (distinct values)",
        code="too-few-velocities",
        remedy="measure at more velocities or loads" + ("" if decisions.Po is not None else ", or hold Po"),
    )
    out: list[Record | MuscleMetricsError | None] = [None] * len(forces)
    good = []
    for i, row in enumerate(forces):
        try:
            _check_force(v[used], row, used, need, decisions.dependent)
            good.append(i)
        except InputError as error:
            out[i] = error
    if good:
        for i, made in zip(good, _records(v, forces[good], used, unit, decisions), strict=True):
            out[i] = made
    return out  # type: ignore[return-value]


def _shortening(v: Array) -> NDArray[np.bool_]:
    """Return which points shorten or rest."""
    top = float(v.max(initial=0.0))
    if len(v) and top <= 0.0 and v.min() < 0.0:
        raise InputError(
            f"no velocity is above 0 (they run from {v.min():.4g} to {top:.4g}): shortening counts positive here",
            code="velocity-sign",
            remedy="turn the sign of the column",
        )
    if len(v) and np.ptp(v) == 0:
        raise InputError(
            f"all {len(v)} velocities equal {v[0]:g}, there is no curve in them",
            code="constant-velocity",
            remedy="check the column of velocity",
        )
    return np.asarray(v >= -LIMITS["lengthening"] * top)


def _check_force(v: Array, row: Array, used: NDArray[np.bool_], need: int, dependent: str) -> None:
    checks.finite(row, "force")
    f = row[used]
    if np.ptp(row) == 0 or np.ptp(f) == 0:
        raise InputError(
            f"all {len(f)} forces of shortening equal {f[0]:g}, there is no curve in them",
            code="constant-force",
            remedy="check the force column",
        )
    if f.max() <= 0:
        raise InputError(
            f"no force is above 0 (they run from {f.min():.4g} to {f.max():.4g})",
            code="force-sign",
            remedy="turn the sign of the column, or take the transducer's zero first",
        )
    if float(np.sum((v - v.mean()) * (f - f.mean()))) >= 0:
        raise InputError(
            f"force does not fall with velocity (at the slowest point {f[np.argmin(v)]:.4g}, at the fastest "
            f"{f[np.argmax(v)]:.4g})",
            code="force-rises-with-velocity",
            remedy="check which column is which, and the signs: shortening and pull both count positive",
        )
    if dependent == "velocity":
        checks.at_least(
            len(np.unique(f)),
            need,
            "a hyperbola: forces (distinct values)",
            code="too-few-velocities",
            remedy="measure at more loads",
        )


def _records(
    v: Array, forces: Array, used: NDArray[np.bool_], unit: str, decisions: Decisions
) -> list[Record | MuscleMetricsError]:
    f = np.ascontiguousarray(forces[:, used])
    v_used = np.broadcast_to(v[used], f.shape).copy()
    found = hyperbolas(v_used, f, decisions.dependent, decisions.Po)
    right = _right(found)
    out: list[Record | MuscleMetricsError | None] = [
        None if right[i] else _no_fit(found, i) for i in range(len(forces))
    ]
    rows = np.flatnonzero(right)
    if not len(rows):
        return out  # type: ignore[return-value]
    found = pick(found, rows)
    other = hyperbolas(v_used[rows], f[rows], OTHER[decisions.dependent], decisions.Po)
    there = _right(other)
    every = quantities(found, decisions.interval)
    beside = _beside(other, there, decisions)
    diagnosis = diagnose(found)
    shared = common_flags(decisions, unit, int((~used).sum()), v[~used])
    flags = curve_flags(found, every, beside, diagnosis, v[used], f[rows], np.flatnonzero(used), unit, decisions)
    made_by = provenance(decisions)
    for k, i in enumerate(rows):
        measurements = _measurements(every, beside, diagnosis, k, int(used.sum()), unit, decisions)
        traces = _traces(found, other if there[k] else None, diagnosis, k, v, forces[i], used, unit, decisions)
        out[i] = Record(NAME, measurements, traces, (*shared, *flags[k]), made_by)
    return out  # type: ignore[return-value]


def _right(found: Hyperbolas) -> NDArray[np.bool_]:
    """Whether a fit is a hyperbola of Hill's kind: it meets both axes and bends towards the origin."""
    return np.asarray(found.found & (found.G > LEAST_BEND) & (found.q > 0) & (found.y0 > 0))


def _no_fit(found: Hyperbolas, i: int) -> FitError:
    G, q, y0 = float(found.G[i]), float(found.q[i]), float(found.y0[i])
    points = found.y.shape[1]
    if not found.found[i]:
        return FitError(
            f"no hyperbola describes these {points} points (no minimum within {int(found.fit.iterations[i])} "
            "evaluations)",
            code="no-convergence",
            remedy="look at the points, or hold Po",
        )
    if not (q > 0 and y0 > 0):
        missed = "force" if (found.dependent == "force") != (q > 0) else "velocity"
        return FitError(
            f"the best curve through these {points} points never meets zero {missed}",
            code="no-intercept",
            remedy="measure at lower loads (or nearer to isometric), or fit the other dependent quantity",
        )
    return FitError(
        f"the points lie on a straight line or bend away from the origin (Po/a = {G:.3g}, above 0 is needed): Hill's a "
        "and b do not exist",
        code="no-curvature",
        remedy="measure at more low and middle loads; check which column is which and the zero of force",
    )


def _beside(other: Hyperbolas, there: NDArray[np.bool_], decisions: Decisions) -> Mapping[str, Quantity]:
    """Return Vmax, Po and a/Po in the other direction, NaN where there is no curve."""
    n = len(there)
    out = {
        name: Quantity(np.full(n, np.nan), np.full(n, np.nan), np.full((n, 2), np.nan))
        for name in ("Vmax", "Po", "a_Po")
    }
    rows = np.flatnonzero(there)
    if len(rows):
        for name, found in intercepts(pick(other, rows), decisions.interval).items():
            for whole, part in zip(
                (out[name].value, out[name].stderr, out[name].interval),
                (found.value, found.stderr, found.interval),
                strict=True,
            ):
                whole[rows] = part
    return out


def _measurements(
    every: Mapping[str, Quantity],
    beside: Mapping[str, Quantity],
    diagnosis: Diagnosis,
    k: int,
    count: int,
    unit: str,
    decisions: Decisions,
) -> tuple[Measurement, ...]:
    force = decisions.force_unit
    power, factor = power_unit(force, unit)
    units = dict.fromkeys(("Po", "a", "F_opt", "Po_other"), force) | dict.fromkeys(
        ("Vmax", "b", "V_opt", "Vmax_other"), unit
    )
    units["Pmax"] = power
    units["Sy_x"] = force if decisions.dependent == "force" else unit
    plain = {"r2": diagnosis.r2[k], "Sy_x": diagnosis.sy_x[k], "n_points": float(count)}
    out = []
    for d in DEFINITIONS:
        own = units.get(d.name, "1")
        q = beside[d.name.removesuffix("_other")] if d.name.endswith("_other") else every.get(d.name)
        if q is not None:
            by = factor if d.name == "Pmax" else 1.0
            low, high = q.interval[k] * by
            value = float(q.value[k] * by)
            if decisions.Po is not None and d.name in ("Po", "Po_other") and not math.isnan(value):
                value = decisions.Po  # to the last digit
            out.append(Measurement(d.name, value, float(q.stderr[k] * by), (low, high), own))
        else:
            out.append(Measurement(d.name, float(plain[d.name]), unit=own))
    return tuple(out)


def _traces(
    found: Hyperbolas,
    other: Hyperbolas | None,
    diagnosis: Diagnosis,
    k: int,
    v: Array,
    f: Array,
    used: NDArray[np.bool_],
    unit: str,
    decisions: Decisions,
) -> tuple[Trace, ...]:
    force = decisions.force_unit
    power, factor = power_unit(force, unit)
    answered = force if decisions.dependent == "force" else unit
    speeds, loads = _curve(found, k)
    traces = [
        Trace("velocity", v[used], unit),
        Trace("force", f[used], force),
        Trace("fitted", diagnosis.fitted[k], answered),
        Trace("residual", diagnosis.residuals[k], answered),
        Trace("curve_velocity", speeds, unit),
        Trace("curve_force", loads, force),
        Trace("curve_power", speeds * loads * factor, power),
    ]
    if other is not None:
        speeds, loads = _curve(other, k)
        traces += [Trace("other_velocity", speeds, unit), Trace("other_force", loads, force)]
    if not used.all():
        traces += [Trace("velocity_left_out", v[~used], unit), Trace("force_left_out", f[~used], force)]
    for name, values in decisions.points.items():
        own = EVIDENCE[name] or (unit if name.startswith("velocity") else force)
        by = decisions.velocity()[1] if name == "velocity_stderr" else 1.0
        traces.append(Trace(name, np.asarray(values)[used] * by, own))
    return tuple(traces)


def _curve(found: Hyperbolas, k: int) -> tuple[Array, Array]:
    """Return velocities from 0 to Vmax and the forces there."""
    vmax, po, G = float(found.vmax[k]), float(found.po[k]), float(found.G[k])
    share = np.linspace(0.0, 1.0, CURVE_POINTS)
    return share * vmax, po * (1.0 - share) / (1.0 + G * share)
