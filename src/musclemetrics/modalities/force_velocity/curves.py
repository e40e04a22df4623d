"""Hill's hyperbola as a formula, and as models in which each quantity is itself a parameter.

``(F + a)(V + b) = (Po + a) b`` reads the same with force and velocity exchanged. So one curve serves both directions:
with x the quantity that was set and y the one that answered, y0 the height at x = 0 and q = 1/x0 the inverse of where
it meets the axis,

``y = y0 (1 − q x) / (1 + G q x)``,   ``G = Po/a``.

G = 0 is a straight line and G < 0 bends the other way, so nothing is singular where a and b become infinite: intervals
are sought in G, q, 1/a and 1/b and then inverted. A profile-likelihood interval does not depend on how the curve is
written, so the interval of a quantity is that of the parameter it becomes in one of the models here.

Source: A. V. Hill (1938) Proc R Soc Lond B 126:136–195.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...fitting import Model

__all__ = ["CHARTS", "CURVE", "MAPS", "SHAPE", "height", "hill_force", "hill_velocity", "slope_of_height"]

Array = NDArray[np.float64]

LEAST_G = -0.95
"""Strongest bend the wrong way that is looked at; at −1 the curve is a step."""
MOST_G = 1e4
NEAR_POLE = 0.02
"""The asymptote stays this far from the points, as a share of the way from it to x = 0."""


def hill_force(velocity: ArrayLike, *, Vmax: ArrayLike, Po: ArrayLike, a_Po: ArrayLike) -> Array:
    """Return the force at a velocity of shortening by Hill's hyperbola.

    ``F = Po (1 − V/Vmax) / (1 + V/(Vmax a_Po))``

    Parameters
    ----------
    velocity : array_like
        Shortening counts positive. Broadcasts against the parameters.
    Vmax : array_like
        Velocity without load, in the unit of `velocity`.
    Po : array_like
        Isometric force, in any unit.
    a_Po : array_like
        Hill's a as a share of Po.

    Returns
    -------
    ndarray
        Force in the unit of `Po`.

    Examples
    --------
    >>> hill_force(1.0, Vmax=2.0, Po=100.0, a_Po=0.25).item()
    16.666666666666668
    """
    v, fastest = np.asarray(velocity, float), np.asarray(Vmax, float)
    out: Array = np.asarray(Po, float) * (1.0 - v / fastest) / (1.0 + v / (fastest * np.asarray(a_Po, float)))
    return np.asarray(out)


def hill_velocity(force: ArrayLike, *, Vmax: ArrayLike, Po: ArrayLike, a_Po: ArrayLike) -> Array:
    """Return the velocity of shortening at a force; the inverse of :func:`hill_force`.

    Examples
    --------
    >>> round(hill_velocity(16.666666666666668, Vmax=2.0, Po=100.0, a_Po=0.25).item(), 12)
    1.0
    """
    return hill_force(force, Vmax=Po, Po=Vmax, a_Po=a_Po)


def height(G: Any) -> Any:
    """Return h = 1 + √(1 + G): power is greatest at F = Po/h and V = Vmax/h.

    Hill's a/Po = 1/G gives the better-known form ``√(κ² + κ) − κ = 1/h``.
    """
    return 1.0 + np.sqrt(np.maximum(1.0 + G, 0.0))


def slope_of_height(G: Any) -> Any:
    """Return dh/dG."""
    return 0.5 / np.sqrt(np.maximum(1.0 + G, 1e-300))


def _curve_basis(x: Any, d: Any) -> Any:
    below = 1.0 / (1.0 + d * x)

    def slopes(y0: Any, s: Any) -> Any:
        return (-x * (y0 - s * x) * below * below,)

    return (below, -x * below), slopes


def _curve_grid(x: Any) -> Array:
    """Bends from the wrong way to very sharp, for x scaled to its largest value."""
    d = np.array([-0.8, -0.5, 0.0, 0.3, 0.7, 1.5, 3.0, 6.0, 12.0, 25.0, 60.0, 200.0])
    least = min(float(np.min(x)), 0.0)
    return d[1.0 + d * least > NEAR_POLE][:, None]


CURVE = Model(
    "hyperbola",
    ("d", "y0", "s"),
    basis=_curve_basis,
    linear=("y0", "s"),
    grid=_curve_grid,
    starts=2,
    lower={"d": LEAST_G},
    upper={"d": MOST_G},
)
"""``y = (y0 − s x)/(1 + d x)``: one nonlinear parameter, so the search over its whole range finds the best curve."""


def _shape(x: Any, G: Any, q: Any) -> tuple[Any, Any, Any, Any]:
    """Return the curve of height one, and what its derivatives by G, q and y0 are made of."""
    u = q * x
    below = 1.0 / (1.0 + G * u)
    one = (1.0 - u) * below
    return one, -one * u * below, -x * (1.0 + G) * below * below, u


def _shape_basis(x: Any, G: Any, q: Any) -> Any:
    one, by_G, by_q, _ = _shape(x, G, q)

    def slopes(y0: Any) -> Any:
        return y0 * by_G, y0 * by_q

    return (one,), slopes


SHAPE = Model(
    "hyperbola by its intercepts",
    ("G", "q", "y0"),
    basis=_shape_basis,
    linear=("y0",),
    lower={"G": LEAST_G},
    upper={"G": MOST_G},
)
"""``y = y0 (1 − q x)/(1 + G q x)``: what is fitted where x0 is held."""

# theta, and the two parameters beside it: the curve's own (G, q, y0), and how they change with the three.
Chart = Callable[[Any, Any, Any], tuple[tuple[Any, Any, Any], tuple[tuple[Any, Any, Any], ...]]]


def _by_chart(name: str, parameters: tuple[str, str, str], chart: Chart, **bounds: Any) -> Model:
    """Return the curve with other parameters; derivatives by the chain rule."""

    def function(x: Any, *p: Any) -> Any:
        (G, q, y0), _ = chart(*p)
        return y0 * _shape(x, G, q)[0]

    def jacobian(x: Any, *p: Any) -> list[Any]:
        (G, q, y0), rows = chart(*p)
        one, by_G, by_q, _ = _shape(x, G, q)
        slopes = (y0 * by_G, y0 * by_q, one)
        return [sum(s * r for s, r in zip(slopes, row, strict=True)) for row in rows]

    return Model(name, parameters, function=function, jacobian=jacobian, **bounds)


def _chart_d(d: Any, q: Any, y0: Any) -> Any:
    return (d / q, q, y0), ((1.0 / q, 0.0, 0.0), (-d / q**2, 1.0, 0.0), (0.0, 0.0, 1.0))


def _chart_c(c: Any, q: Any, y0: Any) -> Any:
    return (c * y0, q, y0), ((y0, 0.0, 0.0), (0.0, 1.0, 0.0), (c, 0.0, 1.0))


def _chart_power(P: Any, G: Any, q: Any) -> Any:
    h, dh = height(G), slope_of_height(G)
    return (G, q, P * q * h**2), ((0.0, 0.0, q * h**2), (1.0, 0.0, 2 * P * q * h * dh), (0.0, 1.0, P * h**2))


def _chart_power_y0(P: Any, G: Any, y0: Any) -> Any:
    h, dh = height(G), slope_of_height(G)
    q = y0 / (P * h**2)
    return (G, q, y0), ((0.0, -q / P, 0.0), (1.0, -2 * q * dh / h, 0.0), (0.0, 1.0 / (P * h**2), 1.0))


def _chart_y(m: Any, G: Any, q: Any) -> Any:
    h, dh = height(G), slope_of_height(G)
    return (G, q, m * h), ((0.0, 0.0, h), (1.0, 0.0, m * dh), (0.0, 1.0, 0.0))


def _chart_x(r: Any, G: Any, y0: Any) -> Any:
    h, dh = height(G), slope_of_height(G)
    return (G, r / h, y0), ((0.0, 1.0 / h, 0.0), (1.0, -r * dh / h**2, 0.0), (0.0, 0.0, 1.0))


_BENT: dict[str, Any] = {"lower": {"G": LEAST_G}, "upper": {"G": MOST_G}}

_WRITTEN: dict[str, tuple[str, tuple[str, str, str], Chart, dict[str, Any]]] = {
    "d": ("hyperbola by 1/x asymptote", ("d", "q", "y0"), _chart_d, {}),
    "c": ("hyperbola by 1/y asymptote", ("c", "q", "y0"), _chart_c, {}),
    "P": ("hyperbola by peak power", ("P", "G", "q"), _chart_power, _BENT),
    "P_y0": ("hyperbola by peak power, height held", ("P", "G", "y0"), _chart_power_y0, _BENT),
    "m": ("hyperbola by y at peak power", ("m", "G", "q"), _chart_y, _BENT),
    "r": ("hyperbola by 1/x at peak power", ("r", "G", "y0"), _chart_x, _BENT),
}
MAPS: dict[str, Model] = {
    key: _by_chart(name, parameters, chart, **bounds) for key, (name, parameters, chart, bounds) in _WRITTEN.items()
}
"""The curve written with 1/a or 1/b, with peak power, or with where it is, as its first parameter."""
CHARTS: dict[str, Chart] = {name: chart for name, _, chart, _ in _WRITTEN.values()}
"""How the parameters of each, by the model's name, lead to (G, q, y0), and how these change with them."""
