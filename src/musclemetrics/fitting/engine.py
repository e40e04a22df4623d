"""Fit a stack of curves: starts, minimisation, covariance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import FitError, InputError, SettingsError
from .covariance import covariance_of
from .levenberg import Solution, minimise
from .model import Array, Model
from .problem import Problem, some, take_x
from .rescue import general, rescue
from .starts import grid_scores, starts

__all__ = ["Fit", "fit", "grid_scores"]

BLOCK = 16384
"""Curves worked on together: bounds the memory of a large stack."""


@dataclass(frozen=True, eq=False)
class Fit:
    """What :func:`fit` found, curve by curve.

    Attributes
    ----------
    model : Model
    x : array or tuple of arrays
        As given.
    y : array, shape (n, points)
    parameters : array, shape (n, p)
        Estimates in the order of ``model.parameters``; held parameters have the value given.
    covariance : array, shape (n, p, p)
        From the residual variance; infinite where the data leave a parameter undetermined, zero for held ones.
    sse : array, shape (n,)
        Weighted residual sum of squares.
    dof : int
        Points less free parameters.
    converged : array of bool, shape (n,)
    iterations : array of int, shape (n,)
    held : Mapping
        Names held and their values, shape (n,).
    weights : array or None
        1/σ of each point as given.
    rescued : array of bool, shape (n,), or None
        Curves the stacked engine lost and scipy's trust region found again.
    """

    model: Model
    x: Any
    y: Array
    parameters: Array
    covariance: Array
    sse: Array
    dof: int
    converged: NDArray[np.bool_]
    iterations: NDArray[np.int64]
    held: Mapping[str, Array] = field(default_factory=dict)
    weights: Array | None = None
    rescued: NDArray[np.bool_] | None = None

    def __getitem__(self, name: str) -> Array:
        return self.parameters[:, self.model.index(name)]

    @property
    def stderr(self) -> Array:
        """Standard errors, shape (n, p)."""
        diagonal: Array = np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))
        return diagonal

    @property
    def fitted(self) -> Array:
        """The fitted curves at the data's x, shape (n, points)."""
        values = self.model(points_first(self.x), *self.parameters.T)
        return np.ascontiguousarray(np.broadcast_to(values, self.y.T.shape).T)

    @property
    def residuals(self) -> Array:
        """Data less fitted curve, shape (n, points), not weighted."""
        return self.y - self.fitted

    @property
    def variance(self) -> Array:
        """Residual variance SSE/dof, shape (n,); NaN where no degree of freedom is left."""
        return self.sse / self.dof if self.dof > 0 else np.full_like(self.sse, np.nan)


def points_first(x: Any) -> Any:
    """Return x as the engine holds it: (points, 1) where shared, (points, curves) where not."""
    if isinstance(x, tuple):
        return tuple(points_first(part) for part in x)
    x = np.asarray(x, dtype=np.float64)
    if x.ndim == 1:
        return x[:, None]
    return np.ascontiguousarray(x.T)


def fit(
    model: Model,
    x: Any,
    y: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    held: Mapping[str, ArrayLike] | None = None,
    start: Mapping[str, ArrayLike] | None = None,
    limit: int = 400,
    noise: str = "weights",
) -> Fit:
    """Fit `model` to one curve or to a whole stack of curves at once.

    Parameters
    ----------
    model : Model
    x : array_like, shape (points,) or (n, points), or a tuple of such
        Shared by all curves, or one row each; a tuple for several predictors.
    y : array_like, shape (points,) or (n, points)
    weights : array_like, shape (points,) or (n, points), optional
        1/σ of each point, up to a common factor. A weight of zero leaves the point out.
    held : Mapping, optional
        Parameters kept at a value, one for all or one a curve.
    start : Mapping, optional
        Start values by name, one for all or one a curve; without them the model's own.
    limit : int
        Largest number of evaluations a curve and start.
    noise : {"weights", "white"}
        What the covariance takes the errors to be: as the weights say, or equal at every point whatever the weights,
        which then say only how far a point is trusted to follow the model (the sandwich of White 1980, Econometrica
        48:817, with one variance for all points).

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        If shapes do not fit or a value is not finite.
    SettingsError
        If a name is unknown or no start can be had.

    Notes
    -----
    Every curve's result is the same to the last bit whatever else is in the stack.
    """
    if noise not in ("weights", "white"):
        raise SettingsError(f"noise={noise!r} is unknown", remedy="use 'weights' or 'white'")
    y2 = np.atleast_2d(np.asarray(y, dtype=np.float64))
    n, m = y2.shape
    xs = points_first(x)
    for part in xs if isinstance(xs, tuple) else (xs,):
        if part.shape[0] != m or part.shape[1] not in (1, n):
            raise InputError(
                f"x has shape {np.shape(part.T)}, y has shape {y2.shape}",
                code="length-mismatch",
                remedy="give x of shape (points,) or one row a curve",
            )
    w = None if weights is None else points_first(weights)
    if not np.isfinite(y2).all() or (w is not None and not np.isfinite(w).all()):
        raise InputError("a value to be fitted is not finite", code="not-finite", remedy="leave that point out")
    fixed = {model.index(name): np.broadcast_to(np.asarray(v, float), (n,)) for name, v in (held or {}).items()}
    given = {model.index(name): np.broadcast_to(np.asarray(v, float), (n,)) for name, v in (start or {}).items()}
    p = len(model.parameters)
    used = m if w is None else int(np.max(np.count_nonzero(w, axis=0)))
    dof = used - (p - len(fixed))
    if dof < 0:
        raise FitError(
            f"{p - len(fixed)} parameters cannot be fitted to {used} points",
            code="too-few-points",
            remedy="measure more points or hold a parameter",
        )
    if not model.analytic:
        solved = general(model, xs, y2, w, fixed, given)
    else:
        solved = _in_blocks(model, xs, y2, w, fixed, given, limit)
    parameters, sse, converged, iterations = solved
    white = noise == "white" and w is not None
    covariance = covariance_of(model, xs, w, parameters, sse, dof, fixed, white)
    rescued = np.zeros(n, bool)
    lost = ~converged
    if model.basis is None:  # with a basis the grid has seen the whole range: what is undetermined there truly is
        lost = lost | np.isinf(np.diagonal(covariance, axis1=1, axis2=2)).any(axis=1)
    if model.analytic and lost.any():
        rescued = rescue(model, xs, y2, w, fixed, given, solved, np.flatnonzero(lost), limit)
        if rescued.any():
            covariance = covariance_of(model, xs, w, parameters, sse, dof, fixed, white)
    names = {model.parameters[i]: v for i, v in fixed.items()}
    weighted = None if w is None else w.T
    return Fit(model, x, y2, parameters, covariance, sse, dof, converged, iterations, names, weighted, rescued)


def _in_blocks(
    model: Model,
    x: Any,
    y: Array,
    w: Array | None,
    fixed: dict[int, Array],
    given: dict[int, Array],
    limit: int,
) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.int64]]:
    n, p = len(y), len(model.parameters)
    parameters, sse = np.empty((n, p)), np.empty(n)
    converged, iterations = np.zeros(n, bool), np.zeros(n, np.int64)
    for first in range(0, n, BLOCK):
        rows = np.arange(first, min(first + BLOCK, n))
        wide = rows if len(rows) > 1 else np.repeat(rows, 2)  # at least two wide: see small.dot
        problem = Problem(
            model,
            take_x(x, wide),
            np.ascontiguousarray(y[wide].T),
            None if w is None else (w if w.shape[1] == 1 else some(w, wide)),
            {i: v[wide] for i, v in fixed.items()},
        )
        best = _best_of(problem, starts(problem, {i: v[wide] for i, v in given.items()}), limit)
        stop = len(rows)
        parameters[rows] = np.array(best.parameters).T[:stop]
        sse[rows], converged[rows], iterations[rows] = best.cost[:stop], best.converged[:stop], best.iterations[:stop]
    return parameters, sse, converged, iterations


def _best_of(problem: Problem, begin: list[list[Array]], limit: int) -> Solution:
    best = minimise(problem, begin[0], limit=limit)
    for start in begin[1:]:
        other = minimise(problem, start, limit=limit)
        better = (other.cost < best.cost * (1 - 1e-9)) | (~np.isfinite(best.cost) & np.isfinite(other.cost))
        best = Solution(
            [np.where(better, b, a) for a, b in zip(best.parameters, other.parameters, strict=True)],
            np.where(better, other.cost, best.cost),
            np.where(better, other.converged, best.converged),
            np.where(better, other.iterations, best.iterations),
        )
    return best
