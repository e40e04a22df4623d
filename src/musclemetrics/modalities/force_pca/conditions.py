"""One preparation under several conditions: is one value of a parameter enough?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks
from ...errors import InputError, SettingsError
from ...fitting import fit_shared, intervals
from ...provenance import describe
from ...record import Definition, Flag, Measurement, Record, Trace
from .curves import MODELS
from .decisions import calcium_to_pca, checked_pca

__all__ = ["COMPARISON", "compare_curves", "extra_sum_of_squares"]

Array = NDArray[np.float64]

METHOD = "extra-sum-of-squares F test and AICc of shared against separate parameters (Motulsky & Christopoulos 2004)"

COMPARISON: tuple[Definition, ...] = (
    Definition("F", ("1",), "Extra sum of squares of the shared fit against the separate ones"),
    Definition("p", ("1",), "Probability of so large an F if the shared parameters are equal"),
    Definition("dof_extra", ("1",), "Parameters saved by sharing"),
    Definition("dof_separate", ("1",), "Degrees of freedom of the separate fits"),
    Definition("sse_shared", ("1",), "Residual sum of squares with shared parameters, force unit squared"),
    Definition("sse_separate", ("1",), "Residual sum of squares of the separate fits, force unit squared"),
    Definition("aicc_shared", ("1",), "AICc with shared parameters"),
    Definition("aicc_separate", ("1",), "AICc of the separate fits"),
    Definition(
        "aicc_difference", ("1",), "AICc of the separate fits less that of the shared one; negative favours them"
    ),
)


def extra_sum_of_squares(
    sse_shared: Any, sse_separate: Any, *, points: int, parameters_shared: int, parameters_separate: int
) -> dict[str, Any]:
    """Return F, p, degrees of freedom and AICc of two nested fits; vectorised over experiments.

    Parameters
    ----------
    sse_shared, sse_separate : float or array
    points : int
        All points of all conditions.
    parameters_shared, parameters_separate : int
        Fitted parameters of either fit.
    """
    from scipy.special import fdtrc

    extra, dof = parameters_separate - parameters_shared, points - parameters_separate
    with np.errstate(all="ignore"):
        f_value = ((sse_shared - sse_separate) / extra) / (sse_separate / dof)

        def aicc(sse: Any, parameters: int) -> Any:
            k = parameters + 1
            if points - k - 1 <= 0:
                return np.full_like(np.asarray(sse, float), math.nan)
            return points * np.log(sse / points) + 2 * k + 2 * k * (k + 1) / (points - k - 1)

        return {
            "F": f_value,
            "p": fdtrc(extra, dof, np.maximum(f_value, 0.0)),
            "dof_extra": extra,
            "dof_separate": dof,
            "aicc_shared": aicc(sse_shared, parameters_shared),
            "aicc_separate": aicc(sse_separate, parameters_separate),
        }


def compare_curves(
    conditions: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    shared: Sequence[str] = ("h",),
    model: str = "hill",
    calcium_unit: str | None = None,
    force_unit: str = "1",
    pca_range: tuple[float, float] | None = (3.0, 10.0),
) -> Record:
    """Test whether conditions of ONE preparation share parameters of their curves.

    For groups of fibres or animals use :func:`musclemetrics.compare.groups`: there neither a point nor a fibre is the
    unit, and a pooled F rejects far too often.

    Parameters
    ----------
    conditions : Mapping
        Name of the condition to its ``(pca, force)``.
    shared : sequence of str
        Parameters that the simpler hypothesis holds equal: ``("pCa50",)``, ``("h",)``, ``("pCa50", "h")`` …
    model : {"hill", "hill_asymmetric"}
    calcium_unit, force_unit, pca_range
        As for ``measure``.

    Returns
    -------
    Record
        ``F, p, dof_extra, dof_separate, sse_shared, sse_separate, aicc_shared, aicc_separate, aicc_difference`` and
        the common value of each shared parameter with its 95 % profile interval. Traces hold the points with the
        number of their condition, and each parameter of the separate fits and of the shared one, in the order of the
        conditions (the label ``conditions``).

    Raises
    ------
    InputError
        If there are fewer than two conditions or a curve has fewer than five distinct pCa.
    """
    settings = {k: v for k, v in locals().items() if k != "conditions"}
    checks.choice(model, "model", ("hill", "hill_asymmetric"))
    curve = MODELS[model]
    shared = (shared,) if isinstance(shared, str) else tuple(shared)
    for name in shared:
        curve.index(name)
    if not shared or len(set(shared)) < len(shared):
        raise SettingsError(f"shared={shared!r}", remedy="name at least one parameter, each once")
    checks.at_least(
        len(conditions), 2, "a comparison: conditions", code="too-few-conditions", remedy="give two or more"
    )
    xs, ys = [], []
    for label, pair in conditions.items():
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise InputError(
                f"condition {label} is {type(pair).__name__}, not a pair",
                code="wrong-shape",
                remedy="give (pca, force) for each condition",
            )
        pca, force = pair
        x = checks.vector(pca, f"pca of {label}") if calcium_unit is None else calcium_to_pca(pca, calcium_unit)
        x = checked_pca(x, pca_range)
        y = checks.vector(force, f"force of {label}")
        if len(x) != len(y):
            raise InputError(
                f"condition {label} has {len(x)} pCa and {len(y)} forces",
                code="length-mismatch",
                remedy="give one force for each pCa",
            )
        checks.at_least(
            len(np.unique(x)), 5, f"condition {label}: pca (distinct values)", code="too-few-pca", remedy="measure more"
        )
        xs.append(x)
        ys.append(y)
    joint, separate = fit_shared(curve, xs, ys, shared=shared)
    points = sum(len(x) for x in xs)
    sse_shared, sse_separate = float(joint.sse[0]), float(sum(f.sse[0] for f in separate))
    test = extra_sum_of_squares(
        sse_shared,
        sse_separate,
        points=points,
        parameters_shared=len(joint.model.parameters),
        parameters_separate=len(curve.parameters) * len(xs),
    )
    values = {
        **{k: float(v) for k, v in test.items()},
        "sse_shared": sse_shared,
        "sse_separate": sse_separate,
        "aicc_difference": float(test["aicc_separate"] - test["aicc_shared"]),
    }
    measurements = [Measurement(d.name, values[d.name]) for d in COMPARISON]
    bounds = intervals(joint, list(shared))
    flags = [Flag("one-preparation", "the unit is the point: this holds for one preparation, not for groups", "note")]
    for name in shared:
        low, high = (float(v) for v in bounds[name][0])
        k = joint.model.index(name)
        unit = force_unit if name.startswith("F") else "1"
        measurements.append(Measurement(name, float(joint[name][0]), float(joint.stderr[0, k]), (low, high), unit))
        if math.isinf(low) or math.isinf(high):
            flags.append(Flag("interval-open", f"the data set no limit to the shared {name}; measure more points"))
    if math.isnan(values["aicc_separate"]):
        flags.append(Flag("aicc-undefined", f"AICc of the separate fits is not defined for {points} points", "note"))
    if not (joint.converged[0] and all(f.converged[0] for f in separate)):
        flags.append(Flag("no-convergence", "a fit did not settle; look at the curves one by one"))
    which = np.concatenate([np.full(len(x), float(c)) for c, x in enumerate(xs)])
    traces = [
        Trace("pca", np.concatenate(xs)),
        Trace("force", np.concatenate(ys), force_unit),
        Trace("condition", which),
    ]
    for name in curve.parameters:
        unit = force_unit if name.startswith("F") else "1"
        traces.append(Trace(f"{name}_separate", np.array([f[name][0] for f in separate]), unit))
        own = [joint[name][0] if name in shared else joint[f"{name}[{c}]"][0] for c in range(len(xs))]
        traces.append(Trace(f"{name}_shared", np.array(own), unit))
    labels = {"conditions": " | ".join(conditions)}
    return Record(
        "force_pca.compare_curves",
        tuple(measurements),
        tuple(traces),
        tuple(flags),
        describe(METHOD, settings),
        labels,
    )
