"""What one table of repeats says of one measurement, and what in it is doubtful."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..record import Flag, Measurement
from .repeatability_anova import (
    Correlation,
    Spread,
    error_interval,
    icc_1_1,
    icc_2_1,
    icc_3_1,
    one_way,
    outlying,
    quantile_t,
    rank_correlation,
    two_way,
)
from .repeatability_table import Repeats

__all__ = ["judged"]

Array = NDArray[np.float64]

SIGNIFICANT = 0.05
OUTLYING = 0.01
CEILING = 0.15


def judged(table: Repeats, x: str, logged: bool) -> tuple[list[Measurement], list[Flag]]:
    """Return the measurements of `x` and the flags on them.

    Parameters
    ----------
    table : Repeats
    x : str
    logged : bool
        Whether the table holds ln `x`.
    """
    values = table.values[x]
    spread = _spread(table, values)
    out = _error(table, x, logged, values, spread)
    out += _correlations(table, x, spread)
    varied, positive = _variation(table, x, logged, values, spread)
    out += varied
    if table.occasions:
        out += _occasions(table, x, logged, values, spread)
    return out, _doubts(table, x, logged, values, spread, positive)


def _spread(table: Repeats, values: Array) -> Spread:
    if table.occasions:
        return two_way(values.reshape(len(table.subjects), len(table.occasions)))
    return one_way(values, table.subject)


def _subject_means(table: Repeats, values: Array) -> Array:
    return np.asarray(np.bincount(table.subject, weights=values) / np.bincount(table.subject))


def _error(table: Repeats, x: str, logged: bool, values: Array, spread: Spread) -> list[Measurement]:
    unit = table.units[x]
    mean = float(np.mean(_subject_means(table, values)))
    sem, df = math.sqrt(float(spread.error)), spread.df
    low, high = error_interval(spread.error, df)
    # That of a standard deviation of normal values, to the order 1/df.
    stderr = sem / math.sqrt(2 * df) if sem > 0 else math.nan
    smallest = quantile_t(df) * math.sqrt(2) * sem
    return [
        Measurement(f"{x}_mean", math.exp(mean) if logged else mean, unit=unit),
        Measurement(
            f"{x}_SEM_log" if logged else f"{x}_SEM", sem, stderr, (float(low), float(high)), "1" if logged else unit
        ),
        Measurement(f"{x}_df", df),
        Measurement(f"{x}_MDC95_ratio", _exp(smallest)) if logged else Measurement(f"{x}_MDC95", smallest, unit=unit),
    ]


def _exp(value: float) -> float:
    return math.inf if value > 709.0 else math.exp(value)


def _correlations(table: Repeats, x: str, spread: Spread) -> list[Measurement]:
    if not table.occasions:
        return [_correlation(f"{x}_ICC_1_1", icc_1_1(spread))]
    return [
        _correlation(f"{x}_ICC_2_1", icc_2_1(spread)),
        _correlation(f"{x}_ICC_3_1", icc_3_1(spread)),
    ]


def _correlation(name: str, found: Correlation) -> Measurement:
    return Measurement(name, float(found.value), interval=(float(found.low), float(found.high)))


def _variation(table: Repeats, x: str, logged: bool, values: Array, spread: Spread) -> tuple[list[Measurement], bool]:
    """Return the coefficients of variation, and whether the values have any."""
    positive = logged or bool((values > 0).all())
    out = []
    if not logged:
        share = 100 * math.sqrt(float(spread.error)) / float(np.mean(values)) if positive else math.nan
        out.append(Measurement(f"{x}_CV", share, unit="%"))
    if not positive:
        return [*out, Measurement(f"{x}_CV_log", math.nan, unit="%")], False
    of_logs = spread if logged else _spread(table, np.log(values))
    low, high = error_interval(of_logs.error, of_logs.df)
    made = [100 * math.sqrt(math.expm1(min(float(s) ** 2, 709.0))) for s in (np.sqrt(of_logs.error), low, high)]
    out.append(Measurement(f"{x}_CV_log", made[0], interval=(made[1], made[2]), unit="%"))
    return out, True


def _occasions(table: Repeats, x: str, logged: bool, values: Array, spread: Spread) -> list[Measurement]:
    n = len(table.subjects)
    means = values.reshape(n, len(table.occasions)).mean(axis=0)
    bias = float(means[-1] - means[0])
    stderr = math.sqrt(2 * float(spread.error) / n)
    half = quantile_t(spread.df) * stderr if stderr > 0 else math.nan
    p = _occasion_p(spread)
    if not logged:
        made = Measurement(f"{x}_bias", bias, stderr or math.nan, (bias - half, bias + half), table.units[x])
    else:
        ratio = _exp(bias)
        limits = (math.nan, math.nan) if math.isnan(half) else (_exp(bias - half), _exp(bias + half))
        made = Measurement(f"{x}_bias_ratio", ratio, ratio * stderr or math.nan, limits)
    return [made, Measurement(f"{x}_occasion_p", p)]


def _occasion_p(spread: Spread) -> float:
    from scipy.special import fdtrc

    if spread.error <= 0:
        return math.nan
    return float(fdtrc(spread.repeats - 1, spread.df, float(spread.occasions / spread.error)))


def _doubts(table: Repeats, x: str, logged: bool, values: Array, spread: Spread, positive: bool) -> list[Flag]:
    flags = []
    what = f"ln {x}" if logged else x
    if spread.error <= 0:
        text = f"the repeats of {x} are all the same: no error, no interval; are they copies, or rounded too coarsely?"
        flags.append(Flag("identical-repeats", text))
    if not positive:
        text = f"{x} has values of zero or below: no coefficient of variation"
        flags.append(Flag("no-variation-coefficient", text, "note"))
    if spread.error > 0 and spread.subjects <= spread.error:
        text = f"subjects differ in {what} no more than repeats do: its ICC is zero or negative"
        text += " and has no interval" if spread.subjects <= 0 else ""
        flags.append(Flag("icc-not-positive", text + "; its error stands, if the subjects are alike on purpose"))
    if table.occasions:
        p = _occasion_p(spread)
        if p < SIGNIFICANT:
            text = f"{x} differs between occasions in all subjects alike (p {p:.2g}): learning, fatigue or the rater"
            text += "; the error leaves it out, a change holds it, and the interval of ICC(2,1) is too short"
            flags.append(Flag("occasions-differ", text))
    else:
        counts = np.bincount(table.subject)
        if len(set(counts.tolist())) > 1:
            text = f"subjects have {counts.min()} to {counts.max()} repeats: the intervals of ICC are approximate"
            flags.append(Flag("unequal-repeats", text, "note"))
    flags += _outlier(table, x, spread)
    flags += _trend(table, x, logged, values, spread)
    flags += _ends(table, x, logged, values)
    return flags


def _outlier(table: Repeats, x: str, spread: Spread) -> list[Flag]:
    place, p = outlying(spread)
    if p >= OUTLYING:
        return []
    squares = np.bincount(table.subject, weights=spread.residuals**2)
    own = int(table.subject[place])
    text = f"the repeats of {x} of subject {table.subjects[own]} lie further apart than error explains (p {p:.2g})"
    text += f" and hold {squares[own] / np.sum(squares):.0%} of all error"
    return [Flag("outlying-repeat", text + "; look at their records, it may be that of a slip")]


def _trend(table: Repeats, x: str, logged: bool, values: Array, spread: Spread) -> list[Flag]:
    """Flag an error that depends on the value: one number then serves none of the subjects."""
    counts = np.bincount(table.subject)
    repeated = counts > 1
    size = np.sqrt(np.bincount(table.subject, weights=spread.residuals**2)[repeated] / (counts[repeated] - 1))
    r, p = rank_correlation(_subject_means(table, values)[repeated], size)
    if p >= SIGNIFICANT or spread.error <= 0:
        return []
    grows = r > 0
    text = f"the error of {'ln ' if logged else ''}{x} {'grows' if grows else 'falls'} with the value "
    text += f"(rank correlation {r:.2f}, p {p:.2g})"
    if grows and not logged:
        text += f'; take it on the logarithmic scale with log=("{x}",)'
    elif logged and not grows:
        text += "; take it as it is, without log"
    else:
        text += "; one error does not serve all subjects"
    return [Flag("error-depends-on-value", text)]


def _ends(table: Repeats, x: str, logged: bool, values: Array) -> list[Flag]:
    """Flag values that pile up at an end of the range, where repeats agree because nothing can lie beyond."""
    for end, name in ((np.max(values), "highest"), (np.min(values), "lowest")):
        at = np.unique(table.subject[values == end])
        if len(at) >= 3 and len(at) > CEILING * len(table.subjects) and np.ptp(values) > 0:
            shown = math.exp(float(end)) if logged else float(end)
            text = f"{len(at)} of {len(table.subjects)} subjects reach the {name} {x}, {shown:g}: a limit of the range"
            return [Flag("ceiling-or-floor", text + " hides their error")]
    return []
