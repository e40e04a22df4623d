"""The curves: Hill, asymmetric (Richards) and two-component Hill, as formulas and as models for the engine.

Sources: Hill (1910) J Physiol 40:iv; Richards (1959) J Exp Bot 10:290 for the asymmetric form.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...fitting import Model

__all__ = ["HILL", "HILL_ASYMMETRIC", "HILL_TWO", "MODELS", "hill", "hill_asymmetric", "hill_two"]

Array = NDArray[np.float64]

LN10 = float(np.log(10.0))
H_RANGE = (1e-3, 50.0)
"""Admissible Hill coefficients: below, the curve is a straight line; above, a step, at any spacing in use."""
REACH = 20.0
"""A half point this many pCa units beyond the tested range is no limit: nothing in the data speaks of it."""
S_RANGE = (0.02, 50.0)


def _rise(exponent: Any) -> Array:
    """Return 1/(1 + exp(exponent)), safe at any size (np.exp is several times faster than expit)."""
    out: Array = 1.0 / (1.0 + np.exp(np.minimum(exponent, 700.0)))
    return out


def hill(pca: ArrayLike, *, pCa50: ArrayLike, h: ArrayLike, Fmax: ArrayLike, Fmin: ArrayLike = 0.0) -> Array:
    """Return the force of a Hill curve.

    ``F = Fmin + (Fmax − Fmin) / (1 + 10^(h (pCa − pCa50)))``

    Parameters
    ----------
    pca : array_like
        Negative decadic logarithm of [Ca2+] in mol/L. Broadcasts against the parameters.
    pCa50 : array_like
        pCa at which force is half way between `Fmin` and `Fmax`.
    h : array_like
        Hill coefficient (slope); force rises with calcium for h > 0.
    Fmax, Fmin : array_like
        Force at saturating and at no calcium, in any unit.

    Returns
    -------
    ndarray
        Force in the unit of `Fmax`.

    Examples
    --------
    >>> hill(6.0, pCa50=6.0, h=3.0, Fmax=100.0, Fmin=10.0).item()
    55.0
    """
    low: Any = np.asarray(Fmin, float)
    rise = _rise(LN10 * np.asarray(h, float) * (np.asarray(pca, float) - np.asarray(pCa50, float)))
    out: Array = np.asarray(low + (np.asarray(Fmax, float) - low) * rise)
    return out


def hill_asymmetric(
    pca: ArrayLike, *, pCa50: ArrayLike, h: ArrayLike, s: ArrayLike, Fmax: ArrayLike, Fmin: ArrayLike = 0.0
) -> Array:
    """Return the force of an asymmetric Hill (Richards) curve, given by its half point.

    ``F = Fmin + (Fmax − Fmin) / (1 + 10^(h (pCa − c)))^s`` with ``c = pCa50 − log10(2^(1/s) − 1)/h``, so that
    `pCa50` is the half point whatever the asymmetry `s`; ``s = 1`` is the Hill curve.
    """
    low: Any = np.asarray(Fmin, float)
    slope, power = np.asarray(h, float), np.asarray(s, float)
    u = LN10 * slope * (np.asarray(pca, float) - np.asarray(pCa50, float)) + np.log(np.expm1(LN2 / power))
    out: Array = np.asarray(low + (np.asarray(Fmax, float) - low) * np.exp(-power * np.logaddexp(0.0, u)))
    return out


LN2 = float(np.log(2.0))


def hill_two(
    pca: ArrayLike,
    *,
    pCa50: ArrayLike,
    h: ArrayLike,
    pCa50_2: ArrayLike,
    h_2: ArrayLike,
    Fmax: ArrayLike,
    Fmid: ArrayLike,
    Fmin: ArrayLike = 0.0,
) -> Array:
    """Return the force of a two-component Hill curve.

    The first component (`pCa50`, `h`) carries force from `Fmid` to `Fmax`, the second (`pCa50_2`, `h_2`, the more
    sensitive one) from `Fmin` to `Fmid`.
    """
    low: Any = np.asarray(Fmin, float)
    middle: Any = np.asarray(Fmid, float)
    x = np.asarray(pca, float)
    first = _rise(LN10 * np.asarray(h, float) * (x - np.asarray(pCa50, float)))
    second = _rise(LN10 * np.asarray(h_2, float) * (x - np.asarray(pCa50_2, float)))
    out: Array = np.asarray(low + (middle - low) * second + (np.asarray(Fmax, float) - middle) * first)
    return out


def _hill_basis(x: Any, pCa50: Any, h: Any) -> Any:
    distance = x - pCa50
    rise = _rise(distance * (LN10 * h))
    rest = 1.0 - rise

    def slopes(Fmax: Any, Fmin: Any) -> Any:
        steep = rise * rest
        size = LN10 * (Fmax - Fmin)
        return steep * (h * size), steep * distance * -size

    return (rise, rest), slopes


def _richards_basis(x: Any, pCa50: Any, h: Any, s: Any) -> Any:
    distance = x - pCa50
    half = np.expm1(LN2 / s)
    u = np.minimum(LN10 * h * distance + np.log(half), 700.0)
    softplus = np.logaddexp(0.0, u)
    rise = np.exp(-s * softplus)

    def slopes(Fmax: Any, Fmin: Any) -> Any:
        by_u = -s * rise * _rise(-u) * (Fmax - Fmin)
        du_ds = -(LN2 / s**2) * (half + 1.0) / half
        return by_u * (-LN10 * h), by_u * distance * LN10, -softplus * rise * (Fmax - Fmin) + by_u * du_ds

    return (rise, 1.0 - rise), slopes


def _two_basis(x: Any, pCa50: Any, h: Any, pCa50_2: Any, h_2: Any) -> Any:
    d1, d2 = x - pCa50, x - pCa50_2
    first, second = _rise(LN10 * h * d1), _rise(LN10 * h_2 * d2)

    def slopes(Fmax: Any, Fmid: Any, Fmin: Any) -> Any:
        s1 = first * (1.0 - first) * (LN10 * (Fmax - Fmid))
        s2 = second * (1.0 - second) * (LN10 * (Fmid - Fmin))
        return s1 * h, -s1 * d1, s2 * h_2, -s2 * d2

    return (first, second - first, 1.0 - second), slopes


def _span(x: Any) -> tuple[float, float]:
    return float(np.min(x)), float(np.max(x))


def _hill_grid(x: Any) -> Array:
    """Half points between the tested pCa and one beyond each end, with three slopes each."""
    low, high = _span(x)
    width = max(high - low, 1e-6)
    inner = np.unique(x)
    halves = np.concatenate([[low - 0.1 * width], 0.5 * (inner[1:] + inner[:-1]), [high + 0.1 * width]])
    if len(halves) > 16:
        halves = np.linspace(low - 0.1 * width, high + 0.1 * width, 16)
    scale = 4.5 / width  # slopes are meant relative to the width tested: 4.5 pCa units on a usual bench
    slopes = np.array([0.8, 2.0, 5.0]) * max(scale, 1e-6)
    return np.array([(a, b) for b in slopes for a in np.sort(halves)])


def _hill_rivals(x: Any, held: Any) -> list[list[Any]]:
    """Return steep curves through each gap and each point: where noise is large, a step may fit nearly as well."""
    levels = np.unique(x)
    if 0 in held:
        return [[h] for h in (0.3, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, H_RANGE[1])]
    h = held.get(1, H_RANGE[1])
    # Half points that put a point at 5, 25, 50, 75 or 95 % of the rise, and those in mid-gap.
    near = [level + offset / h for level in levels for offset in (-1.28, -0.48, 0.0, 0.48, 1.28)]
    halves = near + list(0.5 * (levels[1:] + levels[:-1]))
    return [[p] if 1 in held else [p, H_RANGE[1]] for p in halves]


def _richards_grid(x: Any) -> Array:
    base = _hill_grid(x)
    return np.vstack([np.column_stack([base, np.full(len(base), s)]) for s in (1.0, 0.3, 3.0)])


def _two_grid(x: Any) -> Array:
    low, high = _span(x)
    halves = np.linspace(low, high, 12)[1:-1]
    rows = [
        (a, h1, b, h2) for i, a in enumerate(halves) for b in halves[i + 1 :] for h1 in (1.5, 5.0) for h2 in (1.5, 5.0)
    ]
    return np.array(rows)


def _limits(*names: str) -> dict[str, Any]:
    ranges = {"h": H_RANGE, "h_2": H_RANGE, "s": S_RANGE}
    return {"lower": {n: ranges[n][0] for n in names}, "upper": {n: ranges[n][1] for n in names}}


HILL = Model(
    "hill",
    ("pCa50", "h", "Fmax", "Fmin"),
    basis=_hill_basis,
    linear=("Fmax", "Fmin"),
    grid=_hill_grid,
    rivals=_hill_rivals,
    reach={"pCa50": REACH},
    **_limits("h"),
)
HILL_ASYMMETRIC = Model(
    "hill_asymmetric",
    ("pCa50", "h", "s", "Fmax", "Fmin"),
    basis=_richards_basis,
    linear=("Fmax", "Fmin"),
    grid=_richards_grid,
    starts=4,
    reach={"pCa50": REACH},
    **_limits("h", "s"),
)
HILL_TWO = Model(
    "hill_two",
    ("pCa50", "h", "pCa50_2", "h_2", "Fmax", "Fmid", "Fmin"),
    basis=_two_basis,
    linear=("Fmax", "Fmid", "Fmin"),
    grid=_two_grid,
    starts=6,
    reach={"pCa50": REACH, "pCa50_2": REACH},
    **_limits("h", "h_2"),
)
MODELS: dict[str, Model] = {m.name: m for m in (HILL, HILL_ASYMMETRIC, HILL_TWO)}
