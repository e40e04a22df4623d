"""The path for any model without known derivatives: scipy's least_squares, one curve after the other."""

from __future__ import annotations

from collections.abc import Mapping
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
    model: Model, x: Any, y: Array, w: Array | None, fixed: Mapping[int, Array], given: Mapping[int, Array]
) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.int64]]:
    """Fit each curve by `scipy.optimize.least_squares` with relative steps and tolerances at the rounding limit."""
    from scipy.optimize import least_squares

    n, p = len(y), len(model.parameters)
    free = [i for i in range(p) if i not in fixed]
    low, high = model.bounds()
    bounded = bool(np.isfinite(low[free]).any() or np.isfinite(high[free]).any())
    starts: list[Any] = [given.get(i) for i in range(p)]
    if any(starts[i] is None for i in free):
        if model.start is None:
            missing = ", ".join(model.parameters[i] for i in free if starts[i] is None)
            raise SettingsError(
                f"model {model.name} has no start values for {missing}", remedy="give start={name: value}"
            )
        guesses = model.start(x, y.T)
        starts = [np.broadcast_to(guesses[i], (n,)) if s is None else s for i, s in enumerate(starts)]
    parameters = np.empty((n, p))
    sse, converged, iterations = np.empty(n), np.zeros(n, bool), np.zeros(n, np.int64)
    for row in range(n):
        xi = take_x(x, [row])
        wi = None if w is None else w[:, 0 if w.shape[1] == 1 else row]
        for i in fixed:
            parameters[row, i] = fixed[i][row]

        def everything(theta: Array, row: int = row) -> list[Array]:
            values = {i: parameters[row, i : i + 1] for i in fixed}
            values.update({i: theta[a : a + 1] for a, i in enumerate(free)})
            return [values[i] for i in range(p)]

        def residual(theta: Array, xi: Any = xi, wi: Any = wi, row: int = row) -> Array:
            r: Array = model(xi, *everything(theta, row))[:, 0] - y[row]
            return r if wi is None else r * wi

        def jacobian(theta: Array, xi: Any = xi, wi: Any = wi, row: int = row) -> Array:
            columns = numeric_derivatives(model, xi, everything(theta, row))
            j = np.stack([np.broadcast_to(columns[i], (len(y[row]), 1))[:, 0] for i in free], axis=1)
            return j if wi is None else j * wi[:, None]

        begin = np.array([float(starts[i][row]) for i in free])
        with np.errstate(all="ignore"):
            found = least_squares(
                residual,
                np.clip(begin, low[free], high[free]),
                jac=jacobian,
                bounds=(low[free], high[free]) if bounded else (-np.inf, np.inf),
                method="trf" if bounded else "lm",
                x_scale="jac",
                xtol=1e-15,
                ftol=1e-15,
                gtol=1e-15,
                max_nfev=20000,
            )
        parameters[row, free] = found.x
        sse[row], converged[row], iterations[row] = 2 * found.cost, found.success, found.nfev
    return parameters, sse, converged, iterations
