"""Repeated measurements of the same subjects: mean squares, the error of one measurement, intraclass correlations.

Sources: Shrout & Fleiss (1979) Psychol Bull 86:420 and McGraw & Wong (1996) Psychol Methods 1:30 for the forms of the
intraclass correlation and their intervals; Searle, Casella & McCulloch (1992) Variance Components, chapter 3, for one
way with unequal numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Correlation",
    "Spread",
    "error_interval",
    "icc_1_1",
    "icc_2_1",
    "icc_3_1",
    "one_way",
    "outlying",
    "quantile_t",
    "rank_correlation",
    "two_way",
]

Array = NDArray[np.float64]

# Spread below this share of the values' size is rounding, not spread.
_ROUNDING = 8 * float(np.finfo(float).eps)


class Correlation(NamedTuple):
    """An intraclass correlation and the limits of its 95 % interval; NaN where undetermined."""

    value: Array
    low: Array
    high: Array


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The mean squares of one table, or of a stack of tables.

    Attributes
    ----------
    subjects, occasions, error : array
        Mean squares between subjects, between occasions (NaN one way) and of what is left.
    df : float
        Degrees of freedom of `error`.
    df_subjects : float
    repeats : float
        Measurements a subject; for unequal numbers the weighted mean that the expected mean squares call for.
    residuals : array, shape (…, values)
        What subject (and occasion) leave of each value, in the order of the values.
    leverage : array, shape (values,)
        Share of a value's own variance that its residual has.
    """

    subjects: Array
    occasions: Array
    error: Array
    df: float
    df_subjects: float
    repeats: float
    residuals: Array
    leverage: Array


def _real(mean_square: Array, size: Array) -> Array:
    """Return `mean_square`, or 0 where it is no more than rounding."""
    return np.where(mean_square > (_ROUNDING * size) ** 2, mean_square, 0.0)


def two_way(table: Array) -> Spread:
    """Return the mean squares of complete tables, subject and occasion additive.

    Parameters
    ----------
    table : array, shape (…, n, k)
        n subjects, each measured on the same k occasions.
    """
    n, k = table.shape[-2:]
    size = np.max(np.abs(table), axis=(-2, -1))
    # About one of the values, so that a large common offset costs no digits.
    y = table - table[..., :1, :1]
    of_subjects = y.mean(axis=-1, keepdims=True)
    of_occasions = y.mean(axis=-2, keepdims=True)
    centre = y.mean(axis=(-2, -1), keepdims=True)
    left = y - of_subjects - of_occasions + centre
    df = (n - 1) * (k - 1)
    rows = k * np.sum((of_subjects - centre) ** 2, axis=(-2, -1)) / (n - 1)
    columns = n * np.sum((of_occasions - centre) ** 2, axis=(-2, -1)) / (k - 1)
    error = np.sum(left**2, axis=(-2, -1)) / df
    return Spread(
        _real(rows, size),
        _real(columns, size),
        _real(error, size),
        float(df),
        float(n - 1),
        float(k),
        left.reshape(*table.shape[:-2], n * k),
        np.full(n * k, df / (n * k)),
    )


def one_way(values: Array, subject: NDArray[np.int64]) -> Spread:
    """Return the mean squares of values grouped by subject, whose numbers may be unequal.

    Parameters
    ----------
    values : array, shape (…, values)
    subject : array of int, shape (values,)
        Index of each value's subject, from 0 without gaps.
    """
    counts = np.bincount(subject).astype(np.float64)
    n, total = len(counts), float(len(subject))
    size = np.max(np.abs(values), axis=-1)
    y = values - values[..., :1]
    order = np.argsort(subject, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(subject))[:-1]])
    means = np.add.reduceat(y[..., order], first, axis=-1) / counts
    left = y - means[..., subject]
    centre = y.mean(axis=-1, keepdims=True)
    between = np.sum(counts * (means - centre) ** 2, axis=-1) / (n - 1)
    df = total - n
    error = np.sum(left**2, axis=-1) / df
    return Spread(
        _real(between, size),
        np.full_like(error, np.nan),
        _real(error, size),
        df,
        float(n - 1),
        (total - float(counts @ counts) / total) / (n - 1),
        left,
        1.0 - 1.0 / counts[subject],
    )


def _ratio(above: Array, below: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)


def _f(dfn: Array | float, dfd: Array | float) -> Array:
    """Return the upper 2.5 % point of F, NaN where a number of degrees of freedom is not positive."""
    from scipy.special import fdtri

    ok = (np.asarray(dfn) > 0) & (np.asarray(dfd) > 0)
    return np.where(ok, fdtri(np.where(ok, dfn, 1.0), np.where(ok, dfd, 1.0), 0.975), np.nan)


def _by_f(spread: Spread) -> Correlation:
    """Return (between − error) / (between + (k − 1) error), whose interval follows from that of F."""
    k = spread.repeats
    value = _ratio(spread.subjects - spread.error, spread.subjects + (k - 1) * spread.error)
    # Subjects of one mean would have an interval of no width at the lowest ICC there is.
    f = _ratio(np.where(spread.subjects > 0, spread.subjects, np.nan), spread.error)
    low = f / _f(spread.df_subjects, spread.df)
    high = f * _f(spread.df, spread.df_subjects)
    return Correlation(value, (low - 1) / (low + k - 1), (high - 1) / (high + k - 1))


def icc_1_1(spread: Spread) -> Correlation:
    """Return ICC(1,1): one way, of one measurement; the interval is exact for equal numbers of repeats."""
    return _by_f(spread)


def icc_3_1(spread: Spread) -> Correlation:
    """Return ICC(3,1), McGraw and Wong's ICC(C,1): two way, consistency of one measurement; an exact interval."""
    return _by_f(spread)


def icc_2_1(spread: Spread) -> Correlation:
    """Return ICC(2,1), McGraw and Wong's ICC(A,1): two way, absolute agreement of one measurement.

    The interval rests on Satterthwaite's degrees of freedom for a sum of two mean squares, weighted by the estimate
    itself, where one below zero counts as zero (as published it would take degrees of freedom down to none). It is
    approximate: too short where occasions differ much and are few, and there the more so the more subjects there are.
    """
    r, c, e = spread.subjects, spread.occasions, spread.error
    k, n = spread.repeats, spread.df_subjects + 1
    value = _ratio(r - e, r + (k - 1) * e + k * (c - e) / n)
    rho = np.clip(value, 0.0, 1.0)
    # The two weights times n (1 − ICC): it cancels, and an ICC of 1 divides by nothing.
    of_c = k * rho * c
    of_e = (n * (1 + (k - 1) * rho) - k * rho) * e
    v = _ratio((of_c + of_e) ** 2, of_c**2 / (k - 1) + of_e**2 / spread.df)
    # An error of nothing leaves no ratio to make an interval of, nor do subjects of one mean.
    v = np.where((e > 0) & (r > 0), v, np.nan)
    f_low, f_high = _f(n - 1, v), _f(v, n - 1)
    rest = k * c + (k * n - k - n) * e
    low = n * (r - f_low * e) / (f_low * rest + n * r)
    high = n * (f_high * r - e) / (rest + n * f_high * r)
    return Correlation(value, low, high)


def error_interval(error: Array, df: float) -> tuple[Array, Array]:
    """Return the 95 % limits of the standard deviation whose estimate is √`error` with `df` degrees of freedom."""
    from scipy.special import chdtri

    error = np.where(error > 0, error, np.nan)
    return np.sqrt(df * error / chdtri(df, 0.025)), np.sqrt(df * error / chdtri(df, 0.975))


def quantile_t(df: float) -> float:
    """Return the upper 2.5 % point of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.975))


def outlying(spread: Spread) -> tuple[int, float]:
    """Return the place of the value furthest off in one table, and the probability of one so far off in any place.

    The residual is judged against the error without it, and the probability is Bonferroni's over all values; with fewer
    than four degrees of freedom nothing is judged and it is 1.
    """
    from scipy.special import stdtr

    if spread.df < 4 or spread.error <= 0:
        return 0, 1.0
    judged = spread.leverage > 0
    scaled = np.zeros_like(spread.residuals)
    scaled[judged] = spread.residuals[judged] ** 2 / (spread.leverage[judged] * float(spread.error))
    place = int(np.argmax(scaled))
    left = spread.df - float(scaled[place])
    if left <= 0:
        return place, 0.0
    t = np.sqrt(float(scaled[place]) * (spread.df - 1) / left)
    return place, min(1.0, 2.0 * int(np.sum(judged)) * float(stdtr(spread.df - 1, -t)))


def rank_correlation(a: Array, b: Array) -> tuple[float, float]:
    """Return Spearman's rank correlation of two series and its two-sided probability by Student's t.

    Where there are fewer than five pairs, or one of the series is constant, there is none: 0 and 1.
    """
    from scipy.special import stdtr

    n = len(a)
    if n < 5 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0, 1.0

    def ranks(x: Array) -> Array:
        found, place, counts = np.unique(x, return_inverse=True, return_counts=True)
        del found
        last = np.cumsum(counts)
        return np.asarray((last - (counts - 1) / 2)[place])

    r = float(np.corrcoef(ranks(a), ranks(b))[0, 1])
    if abs(r) >= 1:
        return r, 0.0
    t = abs(r) * np.sqrt((n - 2) / (1 - r * r))
    return r, 2.0 * float(stdtr(n - 2, -t))
