"""From checked arrays to records: the fit, its intervals and flags, for one curve or a whole stack by the same path."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import checks
from ...errors import FitError, InputError, MuscleMetricsError
from ...fitting import Fit, fit, intervals
from ...provenance import describe
from ...record import Measurement, Provenance, Record, Trace
from .decisions import Decisions
from .definitions import DEFINITIONS
from .flags import common_flags, curve_flags
from .statistics import diagnose

__all__ = ["NAME", "fitted", "provenance", "stack"]

Array = NDArray[np.float64]

NAME = "force_pca"
METHOD = {
    "hill": "least-squares fit of F = Fmin + (Fmax − Fmin)/(1 + 10^(h (pCa − pCa50)))",
    "hill_asymmetric": "least-squares fit of the asymmetric (Richards) Hill curve, pCa50 the half point",
    "hill_two": "least-squares fit of a two-component Hill curve",
}
REWEIGHTINGS = 30


def stack(x: Array, forces: Array, decisions: Decisions) -> list[Record | MuscleMetricsError]:
    """Return a record, or the error that stands for it, for every row of `forces`."""
    out: list[Record | MuscleMetricsError | None] = [None] * len(forces)
    good = []
    for i, row in enumerate(forces):
        try:
            checks.finite(row, "force")
            if np.ptp(row) == 0:
                raise InputError(
                    f"all {len(row)} forces equal {row[0]:g}, there is no curve in them",
                    code="constant-force",
                    remedy="check the force column",
                )
            good.append(i)
        except InputError as error:
            out[i] = error
    if good:
        y = forces[good]
        if decisions.correct_run_down:
            assert decisions.run_down is not None
            first, last = decisions.run_down
            y = y * (first / (first + (last - first) * np.linspace(0.0, 1.0, len(x))))
        for i, made in zip(good, _records(x, y, decisions), strict=True):
            out[i] = made
    return out  # type: ignore[return-value]


def fitted(x: Array, y: Array, decisions: Decisions) -> Fit:
    """Return the fit of every row of `y` at the sorted pCa `x`, reweighted where the variance is mixed."""
    held = None if decisions.fmin is None else {"Fmin": decisions.fmin}
    first = fit(decisions.model, x, y, held=held)
    if decisions.variance == "constant":
        return first
    # Iterative reweighting (Carroll & Ruppert 1988, Transformation and Weighting in Regression): each round weighs
    # by the fitted force of the round before, never by the measured one, which would reward points that fell low.
    current = first
    names, settled = decisions.model.parameters, np.zeros(len(y), bool)
    for _ in range(REWEIGHTINGS):
        top = np.maximum(np.abs(current["Fmax"]), np.abs(current["Fmin"]))[:, None]
        share = np.abs(current.fitted) / top
        weights = np.sqrt((1.0 + decisions.noise_floor**2) / (share**2 + decisions.noise_floor**2))
        start = {name: current[name] for name in names}
        new = fit(decisions.model, x, y, weights=weights, held=held, start=start)
        change = np.abs(new.parameters - current.parameters) / (np.abs(new.parameters) + 1e-3 * top)
        current = _keep(current, new, settled) if settled.any() else new
        settled = settled | (np.max(change, axis=1) < 1e-10)
        if settled.all():
            break
    return current


def _keep(old: Fit, new: Fit, settled: NDArray[np.bool_]) -> Fit:
    """Return `new` with the curves that had settled before taken from `old`: no curve waits for another."""

    def pick(a: Any, b: Any) -> Any:
        return np.where(settled.reshape((-1,) + (1,) * (np.ndim(a) - 1)), a, b)

    return replace(
        new,
        parameters=pick(old.parameters, new.parameters),
        covariance=pick(old.covariance, new.covariance),
        sse=pick(old.sse, new.sse),
        converged=pick(old.converged, new.converged),
        iterations=pick(old.iterations, new.iterations),
        weights=pick(old.weights, new.weights),
    )


def _records(x: Array, y: Array, decisions: Decisions) -> Sequence[Record | MuscleMetricsError]:
    order = np.argsort(x, kind="stable")
    back = np.argsort(order, kind="stable")
    found = fitted(x[order], y[:, order], decisions)
    bounds = intervals(found, kind=decisions.interval)
    diagnosis = diagnose(found, x[order])
    curves = _curves(found, x)
    shared = common_flags(x, decisions)
    flags = curve_flags(found, bounds, diagnosis, x[order], order, decisions)
    made_by = provenance(decisions)
    stderr = found.stderr
    model, n_points = decisions.model, float(len(x))
    pca_trace = Trace("pca", x)
    curve_pca = Trace("curve_pca", curves[0])
    unit = decisions.force_unit
    units = {name: unit if name in ("Fmax", "Fmid", "Fmin", "Sy_x") else "1" for name in (d.name for d in DEFINITIONS)}
    wanted = [d.name for d in DEFINITIONS if d.applies(decisions.settings)]
    frozen = [_frozen(a) for a in (y, diagnosis.fitted[:, back], diagnosis.residuals[:, back], *curves[1:])]
    weights = None if found.weights is None else _frozen(np.broadcast_to(found.weights, y.shape)[:, back])
    out: list[Record | MuscleMetricsError] = []
    values, errors = found.parameters.tolist(), stderr.tolist()
    limits = {name: pair.tolist() for name, pair in bounds.items()}
    nan_pair = (math.nan, math.nan)
    for i in range(len(y)):
        runaway = np.abs(found.parameters[i, -2:]).max() > 1e6 * np.abs(y[i]).max()
        if not found.converged[i] or not np.isfinite(found.sse[i]) or runaway:
            out.append(_no_fit(found, i))
            continue
        figures = {
            "r2": float(diagnosis.r2[i]),
            "Sy_x": float(diagnosis.sy_x[i]),
            "n_points": n_points,
            "aicc": float(diagnosis.aicc[i]),
        }
        measurements = []
        for name in wanted:
            if name in figures:
                measurements.append(Measurement(name, figures[name], unit=units[name]))
                continue
            k = model.index(name)
            se = math.nan if name in found.held else errors[i][k]
            pair = tuple(limits[name][i]) if name in limits else nan_pair
            measurements.append(Measurement(name, values[i][k], se, pair, units[name]))
        traces = [
            pca_trace,
            Trace("force", frozen[0][i], unit),
            Trace("fitted", frozen[1][i], unit),
            Trace("residual", frozen[2][i], unit),
        ]
        if weights is not None:
            traces.append(Trace("weight", weights[i]))
        traces += [
            curve_pca,
            Trace("curve_force", frozen[3][i], unit),
            Trace("band_low", frozen[4][i], unit),
            Trace("band_high", frozen[5][i], unit),
        ]
        row_flags = (*shared, *flags[i])
        out.append(Record(NAME, tuple(measurements), tuple(traces), row_flags, made_by, decisions.conditions))
    return out


def _frozen(array: Array) -> Array:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array


def _no_fit(found: Fit, i: int) -> FitError:
    size = float(np.abs(found.y[i]).max())
    for name in ("Fmin", "Fmax"):
        value = float(found[name][i])
        if name not in found.held and abs(value) > 1e3 * size:
            side = "relaxed (pCa 9)" if name == "Fmin" else "saturated (pCa 4.5)"
            return FitError(
                f"the points do not determine {name}: the best fit drives it to {value:.1e}, the largest force is "
                f"{size:.4g}",
                code="no-minimum",
                remedy=f"measure a {side} point" + (" or hold fmin" if name == "Fmin" else ""),
            )
    return FitError(
        f"no {found.model.name} curve describes these {found.y.shape[1]} points "
        f"(no minimum within {int(found.iterations[i])} evaluations)",
        code="no-convergence",
        remedy="look at the points; hold fmin, or try another model",
    )


def _curves(found: Fit, x: Array, points: int = 81) -> tuple[Array, Array, Array, Array]:
    """Return the curve on a fine axis with the 95 % band of its mean (delta method)."""
    from scipy.special import stdtrit

    low, high = float(x.min()), float(x.max())
    margin = 0.05 * (high - low)
    axis = np.linspace(high + margin, low - margin, points)
    n = len(found.y)
    rows = np.arange(n) if n > 1 else np.zeros(2, int)  # two wide, so that one curve sums as many do
    theta = found.parameters[rows].T
    curve = np.broadcast_to(found.model(axis[:, None], *theta), (points, len(rows)))
    slopes = found.model.derivatives(axis[:, None], *theta)
    free = [i for i, name in enumerate(found.model.parameters) if name not in found.held]
    with np.errstate(all="ignore"):
        variance = np.zeros((points, len(rows)))
        for i in free:
            for j in free:
                variance = variance + slopes[i] * slopes[j] * found.covariance[rows, i, j]
        # Where a parameter stands at its bound the delta method says nothing: no band rather than a wrong one.
        least, most = found.model.bounds()
        at_bound = ((found.parameters[rows] <= least) | (found.parameters[rows] >= most))[:, free].any(axis=1)
        variance = np.asarray(np.where(at_bound, np.nan, variance))
        t = float(stdtrit(found.dof, 0.975)) if found.dof > 0 else math.nan
        half = t * np.sqrt(np.where(variance < 0.0, 0.0, variance))
    return axis, curve.T[:n], (curve - half).T[:n], (curve + half).T[:n]


def provenance(decisions: Decisions) -> Provenance:
    """Return what was decided, for every record of a call."""
    return describe(METHOD[decisions.model.name], decisions.settings)
