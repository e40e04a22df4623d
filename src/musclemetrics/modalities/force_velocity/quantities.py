"""Fit a stack of hyperbolas, and give every quantity its standard error and interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...fitting import Fit, Model, fit, intervals
from .curves import CHARTS, CURVE, MAPS, NEAR_POLE, SHAPE, height, slope_of_height

__all__ = ["Hyperbolas", "Quantity", "hyperbolas", "intercepts", "pick", "quantities"]

Array = NDArray[np.float64]

FORCE, VELOCITY = "force", "velocity"
BENDS = (-0.8, -0.5, 0.0, 0.5, 1.5, 3.0, 6.0, 12.0, 30.0, 100.0)


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity on every curve: value, standard error, interval of shape (n, 2)."""

    value: Array
    stderr: Array
    interval: Array


@dataclass(frozen=True, slots=True)
class Hyperbolas:
    """Fitted curves of a stack, y on x.

    Attributes
    ----------
    dependent : {"force", "velocity"}
    x, y : array, shape (n, points)
    fit : Fit
        In units of the largest x and y of each curve.
    x_scale, y_scale : array, shape (n,)
    G, q, y0 : array, shape (n,)
        The curve ``y = y0 (1 − q x)/(1 + G q x)`` in the units given.
    good : array of bool, shape (n,)
        A hyperbola that meets both axes and bends the right way.
    """

    dependent: str
    x: Array
    y: Array
    fit: Fit
    x_scale: Array
    y_scale: Array
    G: Array
    q: Array
    y0: Array
    held: str | None

    @property
    def fitted(self) -> Array:
        """The dependent quantity on the curve at every point, shape (n, points)."""
        return self.at(self.x)

    def at(self, x: Array) -> Array:
        """Return the curve at `x`, shape (n, m)."""
        u = self.q[:, None] * x
        out: Array = self.y0[:, None] * (1.0 - u) / (1.0 + self.G[:, None] * u)
        return out

    @property
    def found(self) -> NDArray[np.bool_]:
        """Where the fit came to rest at a curve without a pole among its points."""
        with np.errstate(all="ignore"):
            pole = 1.0 + self.G[:, None] * self.q[:, None] * self.x
            clear = np.min(pole, axis=1) > NEAR_POLE / 2
            finite = np.isfinite(self.fit.sse) & np.isfinite(self.G) & np.isfinite(self.q)
        return np.asarray(self.fit.converged & finite & clear)

    @property
    def vmax(self) -> Array:
        """Vmax, shape (n,)."""
        return self.y0 if self.dependent == VELOCITY else 1.0 / self.q

    @property
    def po(self) -> Array:
        """Po, shape (n,)."""
        return self.y0 if self.dependent == FORCE else 1.0 / self.q


def hyperbolas(velocity: Array, force: Array, dependent: str, po: float | None) -> Hyperbolas:
    """Fit every row of `velocity` and `force`, both of shape (n, points); `po` holds the isometric force."""
    x, y = (velocity, force) if dependent == FORCE else (force, velocity)
    x_scale, y_scale = np.abs(x).max(axis=1), np.abs(y).max(axis=1)
    u, v = x / x_scale[:, None], y / y_scale[:, None]
    held = None if po is None else "y0" if dependent == FORCE else "q"
    with np.errstate(all="ignore"):
        if held == "q":
            assert po is not None
            at = x_scale / po
            found = fit(SHAPE, u, v, held={"q": at}, start={"G": _best_bend(u * at[:, None], v)})
            G, q, y0 = found.parameters.T
        else:
            found = fit(CURVE, u, v, held=None if po is None else {"y0": po / y_scale})
            d, y0, s = found.parameters.T
            q = s / y0
            G = d / q
    return Hyperbolas(dependent, x, y, found, x_scale, y_scale, G, q / x_scale, y0 * y_scale, held)


def _best_bend(u: Array, y: Array) -> Array:
    """Return the best of some bends for each row of y on u = q x, from which to follow it."""
    costs = []
    for G in BENDS:
        below = 1.0 + G * u
        one = (1.0 - u) / np.where(below > NEAR_POLE, below, np.nan)
        y0 = np.sum(y * one, axis=1) / np.sum(one * one, axis=1)
        costs.append(np.sum((y - y0[:, None] * one) ** 2, axis=1))
    found = np.array(costs)
    best: Array = np.array(BENDS)[np.argmin(np.where(np.isnan(found), np.inf, found), axis=0)]
    return best


def pick(found: Hyperbolas, rows: NDArray[np.int64]) -> Hyperbolas:
    """Return some curves of a stack."""
    part = found.fit
    kept = replace(
        part,
        x=part.x[rows],
        y=part.y[rows],
        parameters=part.parameters[rows],
        covariance=part.covariance[rows],
        sse=part.sse[rows],
        converged=part.converged[rows],
        iterations=part.iterations[rows],
        held={k: v[rows] for k, v in part.held.items()},
        rescued=None,
    )
    scaled = {k: getattr(found, k)[rows] for k in ("x", "y", "x_scale", "y_scale", "G", "q", "y0")}
    return replace(found, fit=kept, **scaled)


def quantities(found: Hyperbolas, kind: str) -> dict[str, Quantity]:
    """Return every quantity of every curve by its name, in the units given.

    Each is a parameter of the curve, written so that it is one, or the inverse or a rising function of such a
    parameter: its interval is that parameter's, turned accordingly.
    """
    work = _Work(found, kind)
    force = found.dependent == FORCE
    xs, ys = found.x_scale, found.y_scale
    asymptote_y, asymptote_x = _scaled(_inverse(work.of("c")), ys), _scaled(_inverse(work.of("d")), xs)
    share = _of_height(work.of("G"))
    if found.held == "y0":
        power = work.of("P", MAPS["P_y0"])
        best_y = _scaled(share, found.y0)
    else:
        power = work.of("P")
        best_y = _scaled(work.of("m"), ys)
    best_x = _scaled(share, 1.0 / found.q) if found.held == "q" else _scaled(_inverse(work.of("r")), xs)
    ends = _intercepts(work)
    found_all = {
        "Vmax": ends["Vmax"],
        "Po": ends["Po"],
        "a": asymptote_y if force else asymptote_x,
        "b": asymptote_x if force else asymptote_y,
        "a_Po": ends["a_Po"],
        "Pmax": _scaled(power, xs * ys),
        "F_opt": best_y if force else best_x,
        "V_opt": best_x if force else best_y,
        "F_opt_Po": share,
    }
    return {name: _positive(quantity) for name, quantity in found_all.items()}


def intercepts(found: Hyperbolas, kind: str) -> dict[str, Quantity]:
    """Return Vmax, Po and a/Po of every curve, for the comparison of directions."""
    return {name: _positive(quantity) for name, quantity in _intercepts(_Work(found, kind)).items()}


def _intercepts(work: _Work) -> dict[str, Quantity]:
    found = work.found
    at_y, at_x = _scaled(work.of("y0"), found.y_scale), _scaled(_inverse(work.of("q")), found.x_scale)
    force = found.dependent == FORCE
    return {"Vmax": at_x if force else at_y, "Po": at_y if force else at_x, "a_Po": _inverse(work.of("G"))}


class _Work:
    """The fits from which the intervals come, each made when first asked for.

    All are the one fit found, written with other parameters: nothing is fitted anew, so every interval is one about
    the curve that is reported.
    """

    def __init__(self, found: Hyperbolas, kind: str) -> None:
        self.found, self.kind = found, kind
        # In the scaled units of the fit.
        q, y0 = found.q * found.x_scale, found.y0 / found.y_scale
        h = height(found.G)
        self.values = {
            "G": found.G, "q": q, "y0": y0, "d": found.G * q, "c": found.G / y0,
            "P": y0 / (q * h**2), "m": y0 / h, "r": q * h,
        }  # fmt: skip
        self.covariance = _own_covariance(found.fit)
        self.fits: dict[str, Fit] = {}

    def of(self, name: str, model: Model | None = None) -> Quantity:
        """Return a parameter of `model`, by default of the one made for it."""
        if name == self.found.held:
            value = self.values[name]
            nothing = np.full(len(value), np.nan)
            return Quantity(value, nothing, np.stack([nothing, nothing], axis=1))
        made = self._written(model or MAPS.get(name, SHAPE))
        k = made.model.index(name)
        stderr = np.sqrt(np.maximum(made.covariance[:, k, k], 0.0))
        return Quantity(self.values[name], stderr, intervals(made, [name], kind=self.kind)[name])

    def _written(self, model: Model) -> Fit:
        if model.name not in self.fits:
            values = [self.values[name] for name in model.parameters]
            chart = CHARTS.get(model.name)
            covariance = self.covariance if chart is None else _turned(self.covariance, chart(*values)[1])
            held = {k: self.values[k] for k in (self.found.held,) if k is not None}
            self.fits[model.name] = replace(
                self.found.fit, model=model, parameters=np.stack(values, axis=1), covariance=covariance, held=held,
                rescued=None,
            )  # fmt: skip
        return self.fits[model.name]


def _own_covariance(found: Fit) -> Array:
    """Return the covariance of (G, q, y0)."""
    if found.model is not CURVE:
        return found.covariance
    d, y0, s = found.parameters.T
    none = np.zeros_like(d)
    with np.errstate(all="ignore"):
        rows = ((y0 / s, d / s, -d * y0 / s**2), (none, -s / y0**2, 1.0 / y0), (none, none + 1.0, none))
        return _propagated(found.covariance, np.stack([np.stack(row, axis=1) for row in rows], axis=1))


def _turned(covariance: Array, rows: Any) -> Array:
    """Return the covariance of a model's parameters from that of (G, q, y0), which change by `rows` with each."""
    n = len(covariance)
    by = np.stack([np.stack([np.broadcast_to(v, (n,)) for v in row], axis=1) for row in rows], axis=2)
    with np.errstate(all="ignore"):
        # Curves whose parameters cannot be told apart have no inverse and an infinite error.
        regular = np.isfinite(by).all(axis=(1, 2))
        regular[regular] = np.abs(np.linalg.det(by[regular])) > 0
        inverse = np.full_like(by, np.inf)
        inverse[regular] = np.linalg.inv(by[regular])
        return _propagated(covariance, inverse)


def _propagated(covariance: Array, slopes: Array) -> Array:
    """Return J C Jᵀ of every curve, summed in one order whatever the stack; infinite where C is."""
    out = np.zeros_like(covariance)
    for i in range(3):
        for j in range(3):
            total: Any = 0.0
            for k in range(3):
                for m in range(3):
                    total = total + slopes[:, i, k] * covariance[:, k, m] * slopes[:, j, m]
            out[:, i, j] = total
    return np.where(np.isnan(out), np.inf, out)


def _scaled(a: Quantity, factor: Array) -> Quantity:
    return Quantity(a.value * factor, a.stderr * factor, a.interval * factor[:, None])


def _inverse(a: Quantity) -> Quantity:
    """Return 1/a where a > 0; where its interval reaches zero, that of the inverse has no upper end."""
    with np.errstate(all="ignore"):
        low, high = a.interval.T
        upper = np.where(low > 0, 1.0 / low, np.inf)
        turned = np.stack([1.0 / high, np.where(np.isnan(low), np.nan, upper)], axis=1)
        return Quantity(1.0 / a.value, a.stderr / a.value**2, turned)


def _positive(a: Quantity) -> Quantity:
    """Return a quantity that Hill's curve has above zero alone; a bound below zero sets no limit and becomes zero."""
    low, high = a.interval.T
    return Quantity(a.value, a.stderr, np.stack([np.maximum(low, 0.0), high], axis=1))


def _of_height(G: Quantity) -> Quantity:
    """Return 1/h(G), the share of Po and of Vmax at which power is greatest; it falls with G from 1/2 at a line."""
    with np.errstate(all="ignore"):
        h = height(G.value)
        bounds: Any = 1.0 / height(np.maximum(G.interval[:, ::-1], 0.0))
        bounds = np.where(np.isnan(G.interval[:, ::-1]), np.nan, bounds)
        return Quantity(1.0 / h, G.stderr * slope_of_height(G.value) / h**2, bounds)
