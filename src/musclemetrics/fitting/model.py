"""A model as a value: names, formula, derivatives, start values, admissible ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError

__all__ = ["Array", "Model"]

Array = NDArray[np.float64]
Basis = Callable[..., tuple[Sequence[Array | None], Callable[..., Sequence[Array]]]]


@dataclass(frozen=True, eq=False)
class Model:
    """A curve with named parameters.

    Formulas are ordinary broadcasting NumPy: they are called with ``x`` of shape (points, 1) or (points, curves) and
    one array of shape (curves,) for each parameter, and return (points, curves). The same formula therefore serves
    one curve and ten thousand.

    Attributes
    ----------
    name : str
    parameters : tuple of str
        Nonlinear parameters first, linear ones last.
    function : callable, optional
        ``function(x, *parameters)``. Not needed where `basis` is given.
    jacobian : callable, optional
        ``jacobian(x, *parameters)`` returns one array for each parameter. Without it (and without `basis`) the curves
        go through :func:`scipy.optimize.least_squares`.
    basis : callable, optional
        For a model linear in its last parameters: ``basis(x, *nonlinear)`` returns ``(columns, slopes)``: one column
        for each linear parameter (None for a column of ones), and a function ``slopes(*linear)`` that returns the
        curve's derivative by each nonlinear parameter.
        The linear parameters are then eliminated (variable projection, Golub & Pereyra 2003, Inverse Problems 19:R1).
    start : callable, optional
        ``start(x, y)`` with y of shape (points, curves) returns start values, one array for each parameter.
    grid : callable, optional
        ``grid(x)`` returns candidate nonlinear parameters of shape (candidates, nonlinear), tried on every curve.
    sums : callable, optional
        ``sums(x, y, w, *nonlinear)`` returns by a shorter way what the engine makes of `basis` where no parameter is
        held: the linear parameters, the weighted cost, its gradient and curvature by the nonlinear ones, each of shape
        (curves,), and on which curves that way is open. y has its points first, w holds the root weights or is None.
    starts : int
        How many of the best grid candidates are followed to the end; more than one where a single start can fail.
    rivals : callable, optional
        ``rivals(x, held)`` with `held` mapping a nonlinear parameter's index to values of shape (curves,) returns
        places where another branch of the curve may run: a list of starts, each one array for each nonlinear
        parameter that is not held. Profile bounds are challenged with them.
    reach : Mapping
        How far beyond the data's x a parameter that lies on the x axis may be sought; a bound beyond is no limit.
    near : float
        Relative step below which steps teach the curvature that Gauss–Newton leaves out. Less than the default suits
        curves whose residuals are small: there far steps only mislead, and Gauss–Newton needs no help before the last.
    lower, upper : Mapping
        Admissible range by parameter name; absent means unbounded.
    """

    name: str
    parameters: tuple[str, ...]
    function: Callable[..., Array] | None = None
    jacobian: Callable[..., Sequence[Array]] | None = None
    basis: Basis | None = None
    linear: tuple[str, ...] = ()
    start: Callable[[Any, Array], Sequence[Array]] | None = None
    grid: Callable[[Any], Array] | None = None
    sums: Callable[..., Any] | None = None
    starts: int = 1
    rivals: Callable[[Any, Mapping[int, Array]], list[list[Any]]] | None = None
    reach: Mapping[str, float] = field(default_factory=dict)
    near: float = 0.1
    lower: Mapping[str, float] = field(default_factory=dict)
    upper: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        k = len(self.linear)
        if k and self.parameters[len(self.parameters) - k :] != self.linear:
            raise SettingsError(f"model {self.name}: the linear parameters must come last", remedy="reorder them")
        if bool(k) != (self.basis is not None):
            raise SettingsError(f"model {self.name}: basis and linear go together", remedy="give both or neither")
        if self.function is None and self.basis is None:
            raise SettingsError(f"model {self.name} has neither function nor basis", remedy="give one")
        unknown = [n for n in (*self.lower, *self.upper) if n not in self.parameters]
        if unknown:
            raise SettingsError(f"model {self.name} has no parameter {unknown[0]!r}", remedy="check the bounds")

    @property
    def nonlinear(self) -> tuple[str, ...]:
        """The parameters that do not enter linearly."""
        return self.parameters[: len(self.parameters) - len(self.linear)]

    @property
    def analytic(self) -> bool:
        """Whether the derivatives are known, so that whole stacks can be fitted at once."""
        return self.basis is not None or self.jacobian is not None

    def index(self, name: str) -> int:
        """Return the position of a parameter, or raise SettingsError."""
        if name not in self.parameters:
            known = ", ".join(self.parameters)
            raise SettingsError(f"model {self.name} has no parameter {name!r}", remedy=f"use one of {known}")
        return self.parameters.index(name)

    def bounds(self) -> tuple[Array, Array]:
        """Return the admissible range as two arrays in the order of `parameters`."""
        low = np.array([self.lower.get(n, -np.inf) for n in self.parameters])
        high = np.array([self.upper.get(n, np.inf) for n in self.parameters])
        return low, high

    def __call__(self, x: Any, *parameters: Any) -> Array:
        """Evaluate the curve."""
        if self.function is not None:
            return np.asarray(self.function(x, *parameters), dtype=np.float64)
        assert self.basis is not None
        q = len(self.nonlinear)
        columns, _ = self.basis(x, *parameters[:q])
        total: Any = 0.0
        for column, coefficient in zip(columns, parameters[q:], strict=True):
            total = total + (coefficient if column is None else column * coefficient)
        return np.asarray(total, dtype=np.float64)

    def expand(self, x: Any, *parameters: Any) -> tuple[Array, list[Array]]:
        """Return the curve and its derivative by each parameter, sharing what both need."""
        if self.basis is None:
            return self(x, *parameters), self.derivatives(x, *parameters)
        q = len(self.nonlinear)
        columns, slopes = self.basis(x, *parameters[:q])
        out = list(slopes(*parameters[q:]))
        whole = [np.ones_like(out[0]) if c is None else c for c in columns]
        curve: Any = 0.0
        for column, coefficient in zip(whole, parameters[q:], strict=True):
            curve = curve + column * coefficient
        return curve, out + whole

    def derivatives(self, x: Any, *parameters: Any) -> list[Array]:
        """Return the derivative of the curve by each parameter."""
        if self.basis is None:
            assert self.jacobian is not None
            return list(self.jacobian(x, *parameters))
        return self.expand(x, *parameters)[1]
