"""Force–pCa curves to records: one curve or a whole stack by the same path."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks
from ...errors import FitError, InputError, MuscleMetricsError
from ...fitting import Fit, fit, intervals
from ...provenance import describe, unmeasured
from ...record import Measurement, Provenance, Record, Trace
from .curves import HILL_TWO
from .decisions import Decisions, calcium_to_pca, checked_pca
from .definitions import DEFINITIONS
from .flags import common_flags, curve_flags
from .statistics import diagnose

__all__ = ["measure", "measure_many"]

Array = NDArray[np.float64]

NAME = "force_pca"
METHOD = {
    "hill": "least-squares fit of F = Fmin + (Fmax − Fmin)/(1 + 10^(h (pCa − pCa50)))",
    "hill_asymmetric": "least-squares fit of the asymmetric (Richards) Hill curve, pCa50 the half point",
    "hill_two": "least-squares fit of a two-component Hill curve",
}
REWEIGHTINGS = 30


def measure(
    pca: ArrayLike,
    force: ArrayLike,
    *,
    calcium_unit: str | None = None,
    force_unit: str = "1",
    model: str = "hill",
    fmin: float | None = None,
    variance: str = "constant",
    noise_floor: float = 0.2,
    interval: str = "profile",
    pca_range: tuple[float, float] | None = (3.0, 10.0),
    run_down: tuple[float, float] | None = None,
    correct_run_down: bool = False,
    preset: str = "standard",
    min_r2: float | None = None,
    max_run_down: float | None = None,
    conditions: Mapping[str, str] | None = None,
) -> Record:
    """Fit a force–pCa curve of one permeabilised fibre.

    Parameters
    ----------
    pca : array_like, shape (n,)
        pCa of each point, or [Ca2+] where `calcium_unit` is given. Repeats are kept as points of their own.
    force : array_like, shape (n,)
        Force at each point, in `force_unit`; raw rather than divided by its maximum, which would pretend that one
        point is exact.
    calcium_unit : str, optional
        Unit of the first argument when it is [Ca2+]: mol/L (M), umol/L (µM) or nmol/L (nM).
    force_unit : str
        Unit of `force`: "1" (none stated), "%", mN, kN/m2, …
    model : {"hill", "hill_asymmetric", "hill_two"}
        The curve; `hill_two` needs at least 12 distinct pCa.
    fmin : float, optional
        Hold Fmin at this force (0, or one measured in relaxing solution) instead of fitting it.
    variance : {"constant", "mixed"}
        Whether all points are equally sure, or σ² = σ0² + (c F)², fitted by iterative reweighting.
    noise_floor : float
        With mixed variance, the constant part of the noise as a share of the proportional part at Fmax.
    interval : {"profile", "wald"}
        Kind of the 95 % intervals.
    pca_range : (float, float), optional
        What is believed to be a pCa; None lifts the check.
    run_down : (float, float), optional
        Force of the first and the last bracketing maximal contraction.
    correct_run_down : bool
        Scale each force up by the loss interpolated linearly over the points, taken in the order given.
    preset : {"standard", "strict", "lenient"}
        Thresholds of the flags; they never change or drop data.
    min_r2, max_run_down : float, optional
        Single thresholds instead of the preset's.
    conditions : Mapping, optional
        What a reader of the number needs (temperature, sarcomere_length, fibre_type, animal, csa); kept as labels.

    Returns
    -------
    Record
        ``pCa50, h, Fmax, Fmin, r2, Sy_x, n_points, aicc`` (and ``s`` or ``pCa50_2, h_2, Fmid`` for the other models).
        Traces: pca, force, fitted, residual, weight (mixed variance), curve_pca, curve_force, band_low, band_high.

    Raises
    ------
    InputError
        If the arrays cannot be a force–pCa curve; the code says why.
    FitError
        If no curve describes them.
    SettingsError
        If a decision cannot be carried out.

    Notes
    -----
    Intervals hold every value for which SSE ≤ SSE* (1 + F(0.95; 1, n − p)/(n − p)) with all other parameters refitted
    (Bates & Watts 1988). A bound is infinite, and flagged, where the data set no limit.

    Examples
    --------
    >>> from musclemetrics import force_pca
    >>> pca = [9.0, 6.6, 6.4, 6.2, 5.9, 5.6, 5.4, 4.5]
    >>> force = [10.014, 36.770, 77.434, 95.340, 122.964, 119.368, 119.824, 122.449]
    >>> record = force_pca.measure(pca, force, force_unit="kN/m2")
    >>> print(record["h"])
    h = 2.7294, SE 0.43119, 95 % 1.7711 to 4.2957
    """
    decisions = Decisions.check({k: v for k, v in locals().items() if k not in ("pca", "force")})
    x = _concentrations(pca, decisions, calcium_unit)
    y = checks.vector(force, "force")
    checks.same_length(pca=x, force=y)
    (made,) = _stack(x, y[None, :], decisions)
    if isinstance(made, MuscleMetricsError):
        raise made
    return made


def measure_many(
    pca: ArrayLike,
    forces: ArrayLike,
    *,
    errors: Literal["raise", "flag"] = "raise",
    calcium_unit: str | None = None,
    force_unit: str = "1",
    model: str = "hill",
    fmin: float | None = None,
    variance: str = "constant",
    noise_floor: float = 0.2,
    interval: str = "profile",
    pca_range: tuple[float, float] | None = (3.0, 10.0),
    run_down: tuple[float, float] | None = None,
    correct_run_down: bool = False,
    preset: str = "standard",
    min_r2: float | None = None,
    max_run_down: float | None = None,
    conditions: Mapping[str, str] | None = None,
) -> list[Record]:
    """Fit many fibres measured at the same pCa; exactly the records of a loop of :func:`measure`, far sooner.

    Parameters
    ----------
    pca : array_like, shape (points,)
    forces : array_like, shape (n, points)
        One row a fibre.
    errors : {"raise", "flag"}
        Whether a curve that cannot be measured raises, or becomes a failed record of its own.
    calcium_unit, force_unit, model, fmin, variance, noise_floor, interval, pca_range
        As for :func:`measure`.
    run_down, correct_run_down, preset, min_r2, max_run_down, conditions
        As for :func:`measure`.

    Returns
    -------
    list of Record
    """
    decisions = Decisions.check({k: v for k, v in locals().items() if k not in ("pca", "forces", "errors")})
    checks.choice(errors, "errors", ("raise", "flag"))
    x = _concentrations(pca, decisions, calcium_unit)
    y = checks.matrix(forces, "forces", len(x))
    out: list[Record] = []
    for made in _stack(x, y, decisions):
        if isinstance(made, MuscleMetricsError):
            if errors == "raise":
                raise made
            where = _provenance(decisions)
            made = unmeasured(
                NAME, DEFINITIONS, decisions.settings, made, labels=decisions.conditions, provenance=where
            )
        out.append(made)
    return out


def _concentrations(pca: ArrayLike, decisions: Decisions, calcium_unit: str | None) -> Array:
    x = checks.vector(pca, "pca") if calcium_unit is None else calcium_to_pca(pca, calcium_unit)
    x = checked_pca(x, decisions.pca_range)
    distinct = len(np.unique(x))
    need = 12 if decisions.model is HILL_TWO else 5
    checks.at_least(
        distinct,
        need,
        f"a {decisions.model.name} curve: pca (distinct values)",
        code="too-few-pca",
        remedy="measure more concentrations" + (" or use model='hill'" if need == 12 else ""),
    )
    return x


def _stack(x: Array, forces: Array, decisions: Decisions) -> list[Record | MuscleMetricsError]:
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


def _fitted(x: Array, y: Array, decisions: Decisions) -> Fit:
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
    found = _fitted(x[order], y[:, order], decisions)
    bounds = intervals(found, kind=decisions.interval)
    diagnosis = diagnose(found, x[order])
    curves = _curves(found, x)
    shared = common_flags(x, decisions)
    flags = curve_flags(found, bounds, diagnosis, x[order], order, decisions)
    provenance = _provenance(decisions)
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
        out.append(Record(NAME, tuple(measurements), tuple(traces), row_flags, provenance, decisions.conditions))
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
        t = float(stdtrit(found.dof, 0.975)) if found.dof > 0 else math.nan
        half = t * np.sqrt(np.maximum(variance, 0.0))
    return axis, curve.T[:n], (curve - half).T[:n], (curve + half).T[:n]


def _provenance(decisions: Decisions) -> Provenance:
    return describe(METHOD[decisions.model.name], decisions.settings)
