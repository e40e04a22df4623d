"""The path for any model without known derivatives: scipy's least_squares, one curve after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from .model import Array, Model
from .problem import take_x

__all__ = ["fit_general", "numeric_derivatives", "with_numeric_derivatives"]

STEP = 6e-6
"""Relative step of the central differences: the cube root of the rounding unit, where their error is least."""


def numeric_derivatives(model: Model, x: Any, parameters: list[Array]) -> list[Array]:
    """Return central differences of `model` by each parameter, with steps relative to the parameter's size."""
    out = []
    for i, value in enumerate(parameters):
        value = np.asarray(value, dtype=np.float64)
        step = STEP * np.where(value == 0, 1.0, np.abs(value))
        up, down = list(parameters), list(parameters)
        up[i], down[i] = value + step, value - step
        out.append((model(x, *up) - model(x, *down)) / (up[i] - down[i]))
    return out


def with_numeric_derivatives(model: Model) -> Model:
    """Return a model whose derivatives are central differences, so that the stacked engine can profile it."""

    def jacobian(x: Any, *parameters: Any) -> list[Array]:
        return numeric_derivatives(model, x, [np.asarray(p, float) for p in parameters])

    return model if model.analytic else replace(model, jacobian=jacobian)


def fit_general(
    model: Model,
    x: Any,
    y: Array,
    w: Array | None,
    fixed: Mapping[int, Array],
    given: Mapping[int, Array],
    *,
    cautious: bool = False,
    limit: int = 20000,
) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.int64]]:
    """Fit each curve by `scipy.optimize.least_squares` with relative steps and tolerances at the rounding limit.

    MINPACK's Levenberg–Marquardt goes first where nothing is bounded. Its first step may be a hundred times the start:
    where it ends without success, or where a parameter no longer moves the curve, the trust region that starts no
    wider than the start itself is followed as well, and the lower end of the two is kept. `cautious` goes straight
    to that trust region.
    """
    n, p = len(y), len(model.parameters)
    free = [i for i in range(p) if i not in fixed]
    low, high = model.bounds()
    bounded = bool(np.isfinite(low[free]).any() or np.isfinite(high[free]).any())
    begin = _begin(model, x, y, free, given)
    parameters = np.empty((n, p))
    sse, converged, iterations = np.empty(n), np.zeros(n, bool), np.zeros(n, np.int64)
    for i, values in fixed.items():
        parameters[:, i] = values
    for row in range(n):
        residual, jacobian = _row(model, x, y, w, parameters, row, free)
        start = np.clip(begin[row], low[free], high[free])
        bounds = (low[free], high[free]) if bounded else (-np.inf, np.inf)
        first = "trf" if bounded or cautious else "lm"
        found = _solve(residual, jacobian, start, first, bounds, limit)
        if found is None or (first == "lm" and not (found.success and np.abs(found.jac).any(axis=0).all())):
            other = _solve(residual, jacobian, start, "trf", bounds, limit)
            if found is None or (other is not None and other.cost < found.cost):
                found = other
        if found is None:  # not one finite value at the start
            parameters[row, free], sse[row] = start, np.inf
            continue
        parameters[row, free] = found.x
        sse[row], converged[row], iterations[row] = 2 * found.cost, found.success, found.nfev
    return parameters, sse, converged, iterations


def _begin(model: Model, x: Any, y: Array, free: list[int], given: Mapping[int, Array]) -> Array:
    """Return where each curve starts, shape (curves, free parameters)."""
    starts: list[Any] = [given.get(i) for i in range(len(model.parameters))]
    if any(starts[i] is None for i in free):
        if model.start is None:
            missing = ", ".join(model.parameters[i] for i in free if starts[i] is None)
            raise SettingsError(
                f"model {model.name} has no start values for {missing}", remedy="give start={name: value}"
            )
        guesses = model.start(x, y.T)
        starts = [guesses[i] if s is None else s for i, s in enumerate(starts)]
    return np.stack([np.broadcast_to(np.asarray(starts[i], float), (len(y),)) for i in free], axis=1)


def _row(
    model: Model, x: Any, y: Array, w: Array | None, parameters: Array, row: int, free: list[int]
) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """Return residual and Jacobian of one curve as functions of its free parameters."""
    xi, yi = take_x(x, [row]), y[row]
    wi = None if w is None else w[:, 0 if w.shape[1] == 1 else row]

    def everything(theta: Array) -> list[Array]:
        values = [parameters[row, i : i + 1] for i in range(parameters.shape[1])]
        for a, i in enumerate(free):
            values[i] = theta[a : a + 1]
        return values

    def residual(theta: Array) -> Array:
        r: Array = model(xi, *everything(theta))[:, 0] - yi
        return r if wi is None else r * wi

    def jacobian(theta: Array) -> Array:
        values = everything(theta)
        columns = model.derivatives(xi, *values) if model.analytic else numeric_derivatives(model, xi, values)
        j = np.stack([np.broadcast_to(columns[i], (len(yi), 1))[:, 0] for i in free], axis=1)
        return j if wi is None else j * wi[:, None]

    return residual, jacobian


def _solve(
    residual: Callable[[Array], Array],
    jacobian: Callable[[Array], Array],
    start: Array,
    method: str,
    bounds: Any,
    limit: int,
) -> Any:
    """Return what `least_squares` found, or None where it met values it cannot work with."""
    from scipy.optimize import least_squares

    try:
        with np.errstate(all="ignore"):
            return least_squares(
                residual, start, jac=jacobian, bounds=bounds, method=method, x_scale="jac",
                xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=limit,
            )  # fmt: skip
    except (ValueError, np.linalg.LinAlgError):
        return None
