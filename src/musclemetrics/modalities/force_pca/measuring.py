"""The face of the modality: measure one curve, or many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks
from ...errors import MuscleMetricsError
from ...provenance import unmeasured
from ...record import Record
from .curves import HILL_ASYMMETRIC, HILL_TWO
from .decisions import Decisions, calcium_to_pca, check_windows, checked_pca
from .definitions import DEFINITIONS
from .records import NAME, provenance, stack

__all__ = ["check_settings", "measure", "measure_many"]

Array = NDArray[np.float64]


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
    (made,) = stack(x, y[None, :], decisions)
    if isinstance(made, MuscleMetricsError):
        raise made
    return made


def check_settings(**settings: object) -> None:
    """Raise SettingsError for a decision that cannot be carried out, before any file is read.

    Parameters
    ----------
    **settings
        Any of the keywords of :func:`measure` and :func:`inputs`; those left out have their defaults.
    """
    windows = {k: v for k, v in settings.items() if k in ("plateau_window", "baseline_window")}
    checks.settings(measure, Decisions.check, settings, windows)
    check_windows(**windows)  # type: ignore[arg-type]


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
    for made in stack(x, y, decisions):
        if isinstance(made, MuscleMetricsError):
            if errors == "raise":
                raise made
            where = provenance(decisions)
            made = unmeasured(
                NAME, DEFINITIONS, decisions.settings, made, labels=decisions.conditions, provenance=where
            )
        out.append(made)
    return out


def _concentrations(pca: ArrayLike, decisions: Decisions, calcium_unit: str | None) -> Array:
    x = checks.vector(pca, "pca") if calcium_unit is None else calcium_to_pca(pca, calcium_unit)
    x = checked_pca(x, decisions.pca_range)
    distinct = len(np.unique(x))
    # One point more than parameters at least, or nothing is left to judge the fit by.
    need = 12 if decisions.model is HILL_TWO else 6 if decisions.model is HILL_ASYMMETRIC else 5
    checks.at_least(
        distinct,
        need,
        f"a {decisions.model.name} curve: pca (distinct values)",
        code="too-few-pca",
        remedy="measure more concentrations" + (" or use model=hill" if need > 5 else ""),
    )
    return x
