"""Two groups of animals with several fibres each: Welch's test on animal means, and the mixed model by REML.

Sources: Welch (1947) Biometrika 34:28; Patterson & Thompson (1971) Biometrika 58:545 for REML; Satterthwaite (1946)
Biometrics 2:110 and Fai & Cornelius (1996) J Stat Comput Simul 54:363 for the degrees of freedom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Comparison", "Estimate", "animal_means", "mixed", "welch"]

Array = NDArray[np.float64]

# Spread below this share of the values' size is rounding, not spread.
_ROUNDING = 8 * float(np.finfo(float).eps)
_LARGEST_RATIO = 1e8


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its standard error and the degrees of freedom the error rests on; NaN where undetermined."""

    value: float
    stderr: float = math.nan
    df: float = math.nan

    @property
    def testable(self) -> bool:
        """Whether the data hold what a test or an interval needs."""
        return self.stderr > 0 and self.df > 0

    @property
    def t(self) -> float:
        """The value in standard errors."""
        return self.value / self.stderr if self.testable else math.nan

    @property
    def p(self) -> float:
        """Two-sided probability of a value at least as far from zero if the truth is zero."""
        if not self.testable:
            return math.nan
        from scipy.special import stdtr

        return float(2.0 * stdtr(self.df, -abs(self.t)))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        if not self.testable:
            return (math.nan, math.nan)
        from scipy.special import stdtrit

        half = float(stdtrit(self.df, 0.975)) * self.stderr
        return (self.value - half, self.value + half)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The mean of either group, their difference (b − a), and the standard deviations of the mixed model."""

    a: Estimate
    b: Estimate
    difference: Estimate
    sd_animal: float = math.nan
    sd_fibre: float = math.nan


def animal_means(values: Array, unit: NDArray[np.int64]) -> tuple[Array, Array, float]:
    """Return the mean and the number of fibres of each animal, and the sum of squares within animals.

    Parameters
    ----------
    values : array, shape (fibres,)
    unit : array of int, shape (fibres,)
        Index of each fibre's animal, from 0 without gaps.
    """
    counts = np.bincount(unit).astype(np.float64)
    # About the first value, so that a large common offset costs no digits.
    origin = values[0]
    means = np.bincount(unit, weights=values - origin) / counts
    within = float(np.sum((values - origin - means[unit]) ** 2))
    return means + origin, counts, within


def _real(variance: float, size: float) -> float:
    """Return `variance`, or 0 where it is no more than rounding."""
    return variance if variance > (_ROUNDING * size) ** 2 else 0.0


def welch(means: Array, in_b: NDArray[np.bool_]) -> Comparison:
    """Compare two groups of animal means without supposing equal variances.

    Parameters
    ----------
    means : array, shape (animals,)
    in_b : array of bool, shape (animals,)
        Whether the animal is of group b.
    """
    size = float(np.max(np.abs(means)))
    found = []
    for group in (means[~in_b], means[in_b]):
        n = len(group)
        variance = _real(float(np.var(group, ddof=1)), size) / n if n > 1 else math.nan
        found.append((float(np.mean(group)), variance, n - 1))
    (a, va, dfa), (b, vb, dfb) = found
    total = va + vb
    df = total**2 / ((va**2 / dfa if dfa else math.nan) + (vb**2 / dfb if dfb else math.nan)) if total > 0 else math.nan
    return Comparison(
        Estimate(a, math.sqrt(va), dfa or math.nan),
        Estimate(b, math.sqrt(vb), dfb or math.nan),
        Estimate(b - a, math.sqrt(total), df),
    )


def mixed(means: Array, counts: Array, within: float, in_b: NDArray[np.bool_]) -> Comparison:
    """Fit value = group + animal + fibre by restricted maximum likelihood, from the animals' means alone.

    The likelihood is profiled down to the ratio of the two variances, whose root is bracketed on a grid. Degrees of
    freedom are Satterthwaite's, from the expected information of both variances: with equally many fibres an animal
    they are the number of animals less two, also where the variance between animals is estimated as zero.

    Parameters
    ----------
    means, counts : array, shape (animals,)
    within : float
        Sum of squares of the fibres about their animals' means.
    in_b : array of bool, shape (animals,)
    """
    design = np.stack([~in_b, in_b]).astype(np.float64)
    origin = float(means[0])
    y = means - origin
    fibres, animals = float(np.sum(counts)), len(means)
    size = float(np.max(np.abs(means)))

    def solve(ratio: float) -> tuple[Array, Array, Array, float]:
        """Return the animals' weights, their sums and the means by group, and the residual sum of squares."""
        w = counts / (1.0 + ratio * counts)
        sums = design @ w
        centres = (design @ (w * y)) / sums
        residual = y - centres @ design
        return w, sums, centres, within + float(w @ residual**2)

    def deviance(ratio: float) -> float:
        _, sums, _, q = solve(ratio)
        return float((fibres - 2) * np.log(q) + np.sum(np.log1p(ratio * counts)) + np.sum(np.log(sums)))

    def slope(ratio: float) -> float:
        w, sums, centres, q = solve(ratio)
        residual = y - centres @ design
        pulled = (fibres - 2) * float(w**2 @ residual**2) / q
        return float(np.sum(w) - np.sum((design @ w**2) / sums)) - pulled

    if animals < 3 or _real(solve(0.0)[3] / fibres, size) == 0.0:
        stderr = math.nan if animals < 3 else 0.0
        a, b = (solve(0.0)[2] + origin).tolist()
        spread = math.nan if animals < 3 else 0.0
        return Comparison(Estimate(a, stderr), Estimate(b, stderr), Estimate(b - a, stderr), spread, spread)

    ratio = _minimum(deviance, slope)
    if ratio < _LARGEST_RATIO and _real(within / fibres, size) > 0.0:
        fibre = solve(ratio)[3] / (fibres - 2)
        animal = ratio * fibre
    else:
        # Fibres of one animal all agree: the likelihood has no bound, its limit is the animals' means alone.
        fibre = within / (fibres - animals)
        centres = (design @ y) / np.sum(design, axis=1)
        animal = float(np.sum((y - centres @ design) ** 2)) / (animals - 2)
    # From here on each animal's mean has its own variance, and everything about the groups follows from these.
    u = 1.0 / (animal + fibre / counts)
    centres = (design @ (u * y)) / (design @ u)
    information = _information(u, counts, design, max(fibre, 1e-12 * animal), fibres)
    variances = 1.0 / (design @ u)
    by_animal = (design @ u**2) * variances**2
    by_fibre = (design @ (u**2 / counts)) * variances**2

    def estimate(value: float, contrast: Array) -> Estimate:
        v = float(contrast**2 @ variances)
        gradient = np.array([contrast**2 @ by_animal, contrast**2 @ by_fibre])
        df = 2.0 * v**2 / float(gradient @ np.linalg.solve(information, gradient))
        return Estimate(value, math.sqrt(v), df)

    a, b = (centres + origin).tolist()
    return Comparison(
        estimate(a, np.array([1.0, 0.0])),
        estimate(b, np.array([0.0, 1.0])),
        estimate(b - a, np.array([-1.0, 1.0])),
        math.sqrt(animal),
        math.sqrt(fibre),
    )


def _minimum(deviance: Any, slope: Any) -> float:
    """Return the ratio of variances at which the deviance is least; 0 where it rises from there."""
    grid = np.concatenate([[0.0], np.logspace(-6, math.log10(_LARGEST_RATIO), 113)])
    k = int(np.argmin([deviance(ratio) for ratio in grid]))
    if k == 0 and slope(0.0) >= 0:
        return 0.0
    low, high = float(grid[max(k - 1, 0)]), float(grid[min(k + 1, len(grid) - 1)])
    if not slope(low) < 0 < slope(high):
        return float(grid[k])
    from scipy.optimize import brentq

    return float(brentq(slope, low, high, xtol=1e-300, rtol=1e-14))


def _information(u: Array, counts: Array, design: Array, fibre: float, fibres: float) -> Array:
    """Return the expected REML information of the variances between animals and between fibres."""
    sums = design @ u
    parts = (np.ones_like(u), 1.0 / counts)
    out = np.empty((2, 2))
    for i, a in enumerate(parts):
        for j, b in enumerate(parts):
            both = design @ (a * b * u**2) - 2.0 * (design @ (a * b * u**3)) / sums
            out[i, j] = 0.5 * float(np.sum(both + (design @ (a * u**2)) * (design @ (b * u**2)) / sums**2))
    out[1, 1] += 0.5 * (fibres - len(u)) / fibre**2
    return out
