"""Fit a stack of hyperbolas, and give every quantity its standard error and interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...fitting import Fit, Model, fit, intervals
from .curves import CURVE, MAPS, NEAR_POLE, SHAPE, height, slope_of_height

__all__ = ["Hyperbolas", "Quantity", "hyperbolas", "intercepts", "pick", "quantities"]

Array = NDArray[np.float64]

FORCE, VELOCITY = "force", "velocity"


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
            found = fit(SHAPE, u, v, held={"q": x_scale / po})
            G, q, y0 = found.parameters.T
        else:
            found = fit(CURVE, u, v, held=None if po is None else {"y0": po / y_scale})
            d, y0, s = found.parameters.T
            q = s / y0
            G = d / q
    return Hyperbolas(dependent, x, y, found, x_scale, y_scale, G, q / x_scale, y0 * y_scale, held)


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
    return {
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


def intercepts(found: Hyperbolas, kind: str) -> dict[str, Quantity]:
    """Return Vmax, Po and a/Po of every curve, for the comparison of directions."""
    return _intercepts(_Work(found, kind))


def _intercepts(work: _Work) -> dict[str, Quantity]:
    found = work.found
    at_y, at_x = _scaled(work.of("y0"), found.y_scale), _scaled(_inverse(work.of("q")), found.x_scale)
    force = found.dependent == FORCE
    return {"Vmax": at_x if force else at_y, "Po": at_y if force else at_x, "a_Po": _inverse(work.of("G"))}


class _Work:
    """The fits from which the intervals come, each made when first asked for."""

    def __init__(self, found: Hyperbolas, kind: str) -> None:
        self.found, self.kind = found, kind
        # In the scaled units of the fit.
        q, y0 = found.q * found.x_scale, found.y0 / found.y_scale
        h = height(found.G)
        self.values = {
            "G": found.G, "q": q, "y0": y0, "d": found.G * q, "c": found.G / y0,
            "P": y0 / (q * h**2), "m": y0 / h, "r": q * h,
        }  # fmt: skip
        self.fits: dict[str, Fit] = {}

    def of(self, name: str, model: Model | None = None) -> Quantity:
        """Return a parameter of `model`, by default of the one made for it."""
        if model is None:
            if name == "d" and self.found.held is None:
                return self._read(self.found.fit, name)
            if name == "y0" and self.found.held is None:
                return self._read(self.found.fit, name)
            model = MAPS.get(name, SHAPE)
        if name == self.found.held:
            value = self.values[name]
            nothing = np.full(len(value), np.nan)
            return Quantity(value, nothing, np.stack([nothing, nothing], axis=1))
        if model.name not in self.fits:
            held = {k: self.values[k] for k in (self.found.held,) if k is not None}
            start = {k: self.values[k] for k in model.parameters if k not in held}
            scaled = self.found.fit
            self.fits[model.name] = fit(model, scaled.x, scaled.y, start=start, held=held)
        return self._read(self.fits[model.name], name)

    def _read(self, made: Fit, name: str) -> Quantity:
        k = made.model.index(name)
        stderr = np.sqrt(np.maximum(made.covariance[:, k, k], 0.0))
        return Quantity(self.values[name], stderr, intervals(made, [name], kind=self.kind)[name])


def _scaled(a: Quantity, factor: Array) -> Quantity:
    return Quantity(a.value * factor, a.stderr * factor, a.interval * factor[:, None])


def _inverse(a: Quantity) -> Quantity:
    """Return 1/a where a > 0; where its interval reaches zero, that of the inverse has no upper end."""
    with np.errstate(all="ignore"):
        low, high = a.interval.T
        upper = np.where(low > 0, 1.0 / low, np.inf)
        turned = np.stack([1.0 / high, np.where(np.isnan(low), np.nan, upper)], axis=1)
        return Quantity(1.0 / a.value, a.stderr / a.value**2, turned)


def _of_height(G: Quantity) -> Quantity:
    """Return 1/h(G), the share of Po and of Vmax at which power is greatest; it falls with G from 1/2 at a line."""
    with np.errstate(all="ignore"):
        h = height(G.value)
        bounds: Any = 1.0 / height(np.maximum(G.interval[:, ::-1], 0.0))
        bounds = np.where(np.isnan(G.interval[:, ::-1]), np.nan, bounds)
        return Quantity(1.0 / h, G.stderr * slope_of_height(G.value) / h**2, bounds)
