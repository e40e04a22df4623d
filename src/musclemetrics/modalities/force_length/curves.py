"""The curves of active and passive force over length, as formulas and as models for the engine.

Sources: Gordon, Huxley & Julian (1966) J Physiol 184:170 for the shape; a bell (Gaussian) for whole muscle as in Zajac
(1989) Crit Rev Biomed Eng 17:359 and Thelen (2003) J Biomech Eng 125:70; a parabola as in Woittiez et al. (1984)
J Morphol 182:95; the exponential of passive tissue of Fung (1967) Am J Physiol 213:1532.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...fitting import Model

__all__ = ["ACTIVE", "PASSIVE", "bell", "bell_skewed", "half_widths", "parabola", "passive_exponential"]

Array = NDArray[np.float64]

LN2 = math.log(2.0)
WIDTHS = (0.02, 50.0)
"""Admissible widths, as shares of the range tested."""
SKEW = 0.9
REACH = 1.0
"""An optimum further outside the range tested than this share of it is no limit: nothing in the data speaks of it."""
EXPONENTS = (0.05, 60.0)
"""Exponents of passive force over the range tested: below, a straight line; above, nothing but its last point."""
SLACK_REACH = 0.5
"""A slack length more than half an optimal length below the shortest one measured is no limit."""


def half_widths(width: Any, skew: Any) -> tuple[Any, Any]:
    """Return the widths at half height below and above the optimum."""
    return 0.5 * width * (1.0 - skew), 0.5 * width * (1.0 + skew)


def bell(length: ArrayLike, *, Lo: ArrayLike, width: ArrayLike, Fmax: ArrayLike) -> Array:
    """Return active force by a symmetric bell, ``F = Fmax 2^(−(2 (L − Lo)/width)²)``.

    Parameters
    ----------
    length : array_like
        Broadcasts against the parameters.
    Lo : array_like
        Optimal length, in the unit of `length`.
    width : array_like
        Full width at half height, in the unit of `length`.
    Fmax : array_like
        Force at Lo, in any unit.

    Returns
    -------
    ndarray
        Force in the unit of `Fmax`.

    Examples
    --------
    >>> bell(12.0, Lo=10.0, width=4.0, Fmax=80.0).item()
    40.0
    """
    return bell_skewed(length, Lo=Lo, width=width, skew=0.0, Fmax=Fmax)


def bell_skewed(length: ArrayLike, *, Lo: ArrayLike, width: ArrayLike, skew: ArrayLike, Fmax: ArrayLike) -> Array:
    """Return active force by a bell of two halves, ``F = Fmax 2^(−((L − Lo)/w)²)``.

    ``w = width (1 − skew)/2`` below Lo and ``width (1 + skew)/2`` above it: `width` is the full width at half height
    whatever the skew, and Lo the peak.

    Parameters
    ----------
    length, Lo, width, Fmax : array_like
        As for :func:`bell`.
    skew : array_like
        From −1 to 1, positive where the curve falls more slowly above Lo.

    Returns
    -------
    ndarray
    """
    distance = np.asarray(length, float) - np.asarray(Lo, float)
    below, above = half_widths(np.asarray(width, float), np.asarray(skew, float))
    out: Array = np.asarray(Fmax, float) * np.exp(-LN2 * (distance / np.where(distance < 0, below, above)) ** 2)
    return out


def parabola(length: ArrayLike, *, Lo: ArrayLike, width: ArrayLike, Fmax: ArrayLike) -> Array:
    """Return active force by a parabola, ``F = Fmax (1 − 2 ((L − Lo)/width)²)``, nought where that is negative.

    Parameters
    ----------
    length, Lo, width, Fmax : array_like
        As for :func:`bell`.

    Returns
    -------
    ndarray
    """
    share = (np.asarray(length, float) - np.asarray(Lo, float)) / np.asarray(width, float)
    out: Array = np.asarray(Fmax, float) * np.maximum(0.0, 1.0 - 2.0 * share**2)
    return out


def passive_exponential(length: ArrayLike, *, Ls: ArrayLike, k: ArrayLike, A: ArrayLike, Lo: ArrayLike) -> Array:
    """Return passive force, ``F = A (e^(k (L − Ls)/Lo) − 1)`` beyond the slack length and nought below it.

    Parameters
    ----------
    length : array_like
        Broadcasts against the parameters.
    Ls : array_like
        Slack length, in the unit of `length`.
    k : array_like
        Exponent per stretch by one optimal length.
    A : array_like
        Scale, in any unit of force; A k/Lo is the stiffness at the slack length.
    Lo : array_like
        Optimal length, in the unit of `length`.

    Returns
    -------
    ndarray
        Force in the unit of `A`.
    """
    stretch = np.maximum(0.0, (np.asarray(length, float) - np.asarray(Ls, float)) / np.asarray(Lo, float))
    out: Array = np.asarray(A, float) * np.expm1(np.minimum(np.asarray(k, float) * stretch, 700.0))
    return out


def _bell_basis(x: Any, Lo: Any, width: Any) -> Any:
    share = (x - Lo) / width
    curve = np.exp(-4.0 * LN2 * share**2)

    def slopes(Fmax: Any) -> Any:
        steep = 8.0 * LN2 * share * curve * (Fmax / width)
        return steep, steep * share

    return (curve,), slopes


def _skewed_basis(x: Any, Lo: Any, width: Any, skew: Any) -> Any:
    distance = x - Lo
    sign = np.where(distance < 0, -1.0, 1.0)
    half = 0.5 * width * (1.0 + sign * skew)
    share = distance / half
    curve = np.exp(-LN2 * share**2)

    def slopes(Fmax: Any) -> Any:
        steep = 2.0 * LN2 * share * curve * (Fmax / half)
        by_half = steep * share
        return steep, by_half * 0.5 * (1.0 + sign * skew), by_half * 0.5 * width * sign

    return (curve,), slopes


def _parabola_basis(x: Any, Lo: Any, width: Any) -> Any:
    share = (x - Lo) / width
    curve = np.maximum(0.0, 1.0 - 2.0 * share**2)

    def slopes(Fmax: Any) -> Any:
        steep = np.where(curve > 0.0, 4.0 * share, 0.0) * (Fmax / width)
        return steep, steep * share

    return (curve,), slopes


def _passive_basis(x: Any, Ls: Any, k: Any) -> Any:
    stretch = np.maximum(0.0, x - Ls)
    power = np.exp(np.minimum(k * stretch, 700.0))

    def slopes(A: Any) -> Any:
        by_stretch = A * power
        return np.where(stretch > 0.0, -k * by_stretch, 0.0), by_stretch * stretch

    return (power - 1.0,), slopes


def _active_grid(x: Any) -> Array:
    """Optima over the range tested and a little beyond, with narrow to broad curves; x runs from −1/2 to 1/2."""
    return np.array([(a, w) for w in (0.3, 0.6, 1.0, 1.6, 3.0) for a in np.linspace(-0.6, 0.6, 9)])


def _skewed_grid(x: Any) -> Array:
    return np.vstack([np.column_stack([_active_grid(x), np.full(45, s)]) for s in (-0.4, 0.0, 0.4)])


_BOUNDS: dict[str, Any] = {"lower": {"width": WIDTHS[0]}, "upper": {"width": WIDTHS[1]}, "reach": {"Lo": REACH}}

ACTIVE: dict[str, Model] = {
    "bell": Model(
        "bell", ("Lo", "width", "Fmax"), basis=_bell_basis, linear=("Fmax",), grid=_active_grid, starts=3, **_BOUNDS
    ),
    "skewed": Model(
        "skewed",
        ("Lo", "width", "skew", "Fmax"),
        basis=_skewed_basis,
        linear=("Fmax",),
        grid=_skewed_grid,
        starts=5,
        lower={"width": WIDTHS[0], "skew": -SKEW},
        upper={"width": WIDTHS[1], "skew": SKEW},
        reach={"Lo": REACH},
    ),
    "parabola": Model(
        "parabola",
        ("Lo", "width", "Fmax"),
        basis=_parabola_basis,
        linear=("Fmax",),
        grid=_active_grid,
        starts=5,
        **_BOUNDS,
    ),
}
PASSIVE = Model("passive", ("Ls", "k", "A"), basis=_passive_basis, linear=("A",), lower={"k": 1e-6})
"""Lengths are in optimal lengths; see ``passive`` for its starts and intervals."""
