"""Repeatability and change: the numbers by other routes, published values, false alarms, every verdict and refusal."""

from __future__ import annotations

import csv
import math
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize, stats

import musclemetrics as mm
from musclemetrics.canvas import figure
from musclemetrics.compare import (
    change,
    change_definitions,
    draw_change,
    draw_repeatability,
    repeatability,
    repeatability_definitions,
    tabled,
    verdict,
)
from musclemetrics.compare.repeatability_anova import error_interval, icc_2_1, icc_3_1, one_way, quantile_t, two_way
from musclemetrics.errors import InputError, SettingsError
from musclemetrics.record import Flag, Measurement, Provenance, Record

from .shared_data import shared

Array = NDArray[np.float64]

# Shrout & Fleiss (1979), table 2: six targets, four judges.
JUDGES = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float)
TWICE = np.array([[21.3, 21.6], [25.0, 24.6], [18.9, 19.0], [30.2, 30.1], [22.4, 22.8], [27.7, 27.3], [20.1, 20.2]])


def _record(
    value: float, unit: str = "mm", flags: Any = (), decided: Any = None, modality: str = "m", **labels: Any
) -> Record:
    return Record(
        modality,
        [Measurement("thickness", value, unit=unit), Measurement("place", float(len(labels)))],
        flags=flags,
        provenance=Provenance("", decided or {"edge": "inner"}, sources=((f"{labels}.csv", "0" * 64),)),
        labels={k: str(v) for k, v in labels.items()},
    )


def _table(values: Array, **more: Any) -> list[Record]:
    return [
        _record(v, subject=f"s{i}", session=f"t{k}", **more) for i, row in enumerate(values) for k, v in enumerate(row)
    ]


def _study(values: Array = TWICE, **more: Any) -> Record:
    return repeatability(_table(values), of="thickness", **more)


def _mean_squares(table: Array) -> tuple[float, float, float]:
    """Mean squares of subjects, occasions and error in exact arithmetic, from raw sums of squares."""
    y = [[Fraction(v) for v in row] for row in table.tolist()]
    n, k = len(y), len(y[0])
    total = sum(sum(row) for row in y)
    correction = total * total / (n * k)
    squares = sum(v * v for row in y for v in row) - correction
    rows = sum(sum(row) ** 2 for row in y) / k - correction
    columns = sum(sum(row[j] for row in y) ** 2 for j in range(k)) / n - correction
    left = squares - rows - columns
    return float(rows / (n - 1)), float(columns / (k - 1)), float(left / ((n - 1) * (k - 1)))


def _reml(table: Array) -> Array:
    """Variances of subject, occasion and error by restricted likelihood on the full covariance matrix."""
    n, k = table.shape
    y = table.ravel() - table.mean()
    subject = np.kron(np.eye(n), np.ones((k, k)))
    occasion = np.kron(np.ones((n, n)), np.eye(k))
    ones = np.ones(n * k)

    def deviance(logs: Array) -> float:
        a, b, c = np.exp(logs)
        v = a * subject + b * occasion + c * np.eye(n * k)
        inverse = np.linalg.inv(v)
        weight = ones @ inverse @ ones
        residual = y - (ones @ inverse @ y) / weight
        return float(np.linalg.slogdet(v)[1] + np.log(weight) + residual @ inverse @ residual)

    start = np.log([np.var(y), np.var(y) / 100, np.var(y) / 20])
    found = optimize.minimize(
        deviance, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 6000}
    )
    return np.exp(found.x)


def _thickness(muscle: str, block: str) -> Array:
    path = shared("monitoring/ultramarathon_thickness_triplicates.csv")
    with Path(path).open(encoding="utf-8-sig", newline="") as lines:
        cells = [[row[f"{muscle}_{block.format(k)}"].strip() for k in (1, 2, 3)] for row in csv.DictReader(lines)]
    return np.array([[float(c) for c in row] for row in cells if all(row)])


@pytest.mark.parametrize("block", ["Base_D{}_L", "Base_D{}_R", "postR_D{}_L", "post24_D{}_L"])
@pytest.mark.parametrize("muscle", ["Rectus", "VI"])
def test_triplicate_thickness_of_real_muscles(muscle: str, block: str) -> None:
    """SEM, ICC and MDC95 against exact sums of squares, and against the variances of a mixed model."""
    table = _thickness(muscle, block)
    n, k = table.shape
    assert n >= 9
    rows, columns, error = _mean_squares(table)
    record = repeatability(_table(table, unit="cm"), of="thickness")
    sem = record["thickness_SEM"]
    assert sem.unit == "cm"
    df = (n - 1) * (k - 1)
    assert record["thickness_df"].value == df
    assert sem.value == pytest.approx(math.sqrt(error), rel=1e-12)
    low, high = stats.chi2.ppf([0.975, 0.025], df)
    assert sem.interval == pytest.approx((math.sqrt(df * error / low), math.sqrt(df * error / high)), rel=1e-9)
    assert record["thickness_MDC95"].value == pytest.approx(stats.t.ppf(0.975, df) * math.sqrt(2 * error), rel=1e-10)
    consistency = (rows - error) / (rows + (k - 1) * error)
    agreement = (rows - error) / (rows + (k - 1) * error + k / n * (columns - error))
    assert record["thickness_ICC_3_1"].value == pytest.approx(consistency, rel=1e-11)
    assert record["thickness_ICC_2_1"].value == pytest.approx(agreement, rel=1e-11)
    # Where no variance is estimated below zero the mixed model says the same of a complete table.
    if columns > error:
        subject, occasion, left = _reml(table)
        assert math.sqrt(left) == pytest.approx(sem.value, rel=1e-4)
        assert subject / (subject + occasion + left) == pytest.approx(agreement, abs=1e-4)
    assert record["thickness_CV"].value == pytest.approx(100 * math.sqrt(error) / table.mean(), rel=1e-11)
    assert record["thickness_bias"].value == pytest.approx(table[:, 2].mean() - table[:, 0].mean(), abs=1e-12)


def test_published_intraclass_correlations() -> None:
    """Shrout & Fleiss give 0.17, 0.29 and 0.71 for their table; the limits are those R's psych prints for it."""
    two, one = _study(JUDGES), _study(JUDGES, occasion=None)
    for record, name, value, limits in (
        (one, "ICC_1_1", 0.17, (-0.133, 0.723)),
        (two, "ICC_2_1", 0.29, (0.019, 0.761)),
        (two, "ICC_3_1", 0.71, (0.342, 0.946)),
    ):
        m = record[f"thickness_{name}"]
        assert m.value == pytest.approx(value, abs=0.005)
        assert m.interval == pytest.approx(limits, abs=0.0006)


def test_intervals_by_other_routes() -> None:
    record = _study(JUDGES)
    n, k = JUDGES.shape
    rows, columns, error = _mean_squares(JUDGES)
    # ICC(3,1): the observed F is (1 + k ρ/(1 − ρ)) times a central F; solve for ρ at either tail.
    for level, limit in zip((0.975, 0.025), record["thickness_ICC_3_1"].interval, strict=True):

        def tail(rho: float, level: float = level) -> float:
            return float(stats.f.cdf(rows / error / (1 + k * rho / (1 - rho)), n - 1, (n - 1) * (k - 1)) - level)

        assert limit == pytest.approx(optimize.brentq(tail, -0.2, 0.9999, xtol=1e-14), rel=1e-8)
    # ICC(2,1): McGraw & Wong's a and b, where the code has Shrout & Fleiss's numerator.
    rho = record["thickness_ICC_2_1"].value
    a, b = k * rho / (n * (1 - rho)), 1 + k * rho * (n - 1) / (n * (1 - rho))
    v = (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    below, above = stats.f.ppf(0.975, n - 1, v), stats.f.ppf(0.975, v, n - 1)
    rest = k * columns + (k * n - k - n) * error
    expected = (
        n * (rows - below * error) / (below * rest + n * rows),
        n * (above * rows - error) / (rest + n * above * rows),
    )
    assert record["thickness_ICC_2_1"].interval == pytest.approx(expected, rel=1e-9)


def test_a_negative_correlation_keeps_finite_limits() -> None:
    table = np.array([[5.0, 9.0], [9.0, 5.0], [6.0, 8.1], [8.2, 6.0], [5.5, 8.4], [8.6, 5.2]])
    record = _study(table)
    assert record["thickness_ICC_2_1"].value < 0
    assert record.flagged("icc-not-positive")
    for name in ("ICC_2_1", "ICC_3_1"):
        low, high = record[f"thickness_{name}"].interval
        assert math.isfinite(low)
        assert low < record[f"thickness_{name}"].value < high < 1


def test_one_way_with_unequal_numbers() -> None:
    groups = [[5.1, 5.4, 5.2], [7.9, 7.7], [6.3], [4.2, 4.6, 4.4, 4.1]]
    records = [_record(v, subject=i) for i, some in enumerate(groups) for v in some]
    record = repeatability(records, of="thickness", occasion=None)
    within = sum(float(np.sum((np.array(g) - np.mean(g)) ** 2)) for g in groups)
    assert record["thickness_df"].value == 6
    assert record["thickness_SEM"].value == pytest.approx(math.sqrt(within / 6), rel=1e-12)
    f = stats.f_oneway(*groups).statistic
    weighted = (10 - (9 + 4 + 1 + 16) / 10) / 3
    assert record["thickness_ICC_1_1"].value == pytest.approx((f - 1) / (f + weighted - 1), rel=1e-10)
    assert record.flagged("unequal-repeats")
    assert "n_occasions" not in record


def test_two_measurements_are_students_paired_case() -> None:
    record = _study()
    d = TWICE[:, 1] - TWICE[:, 0]
    assert record["thickness_SEM"].value == pytest.approx(d.std(ddof=1) / math.sqrt(2), rel=1e-12)
    expected = stats.ttest_rel(TWICE[:, 1], TWICE[:, 0])
    assert record["thickness_occasion_p"].value == pytest.approx(expected.pvalue, rel=1e-9)
    assert record["thickness_bias"].interval == pytest.approx(tuple(expected.confidence_interval()), rel=1e-9)


def test_logarithms_are_the_table_of_logarithms() -> None:
    record, other = _study(log="thickness"), _study(np.log(TWICE))
    assert record["thickness_SEM_log"].value == pytest.approx(other["thickness_SEM"].value, rel=1e-12)
    assert record["thickness_MDC95_ratio"].value == pytest.approx(math.exp(other["thickness_MDC95"].value), rel=1e-12)
    assert record["thickness_bias_ratio"].value == pytest.approx(math.exp(other["thickness_bias"].value), rel=1e-12)
    assert record["thickness_ICC_2_1"].value == pytest.approx(other["thickness_ICC_2_1"].value, rel=1e-9)
    cv = 100 * math.sqrt(math.exp(other["thickness_SEM"].value ** 2) - 1)
    assert record["thickness_CV_log"].value == pytest.approx(cv, rel=1e-9)
    assert _study()["thickness_CV_log"] == record["thickness_CV_log"]


@pytest.mark.parametrize("occasion", ["session", None])
@pytest.mark.parametrize("log", [(), ("place",), ("thickness", "place")])
def test_names_depend_on_the_settings_alone(log: tuple[str, ...], occasion: str | None) -> None:
    of = ("thickness", "place")
    for values in (TWICE, TWICE[:2], np.ones((3, 2))):
        record = repeatability(_table(values), of=of, log=log, occasion=occasion)
        assert list(record) == [d.name for d in repeatability_definitions(of, log, occasion)]
        flagged = {f.code for f in record.flags if f.level != "note"}
        for d in repeatability_definitions(of, log, occasion):
            m = record[d.name]
            if math.isnan(m.value) or (d.interval and math.isnan(m.interval[0])):
                assert "identical-repeats" in flagged
        made = change(_record(5.0), _record(5.5), record)
        assert list(made) == [d.name for d in change_definitions(of, log)]


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.lists(st.floats(5, 40), min_size=3, max_size=3), min_size=3, max_size=6),
    scale=st.floats(0.01, 100),
    shift=st.floats(-50, 50),
)
def test_scaling_and_shifting(values: list[list[float]], scale: float, shift: float) -> None:
    table = np.array(values)
    error = float(two_way(table).error)
    if error < 1e-6:
        return
    plain, moved = _study(table), _study(scale * table + shift)
    assert moved["thickness_SEM"].value == pytest.approx(scale * plain["thickness_SEM"].value, rel=1e-5)
    for name in ("thickness_ICC_2_1", "thickness_ICC_3_1", "thickness_occasion_p"):
        assert moved[name].value == pytest.approx(plain[name].value, rel=1e-4, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    values=st.integers(2, 5).flatmap(
        lambda k: st.lists(st.lists(st.integers(-2, 6), min_size=k, max_size=k), min_size=2, max_size=6)
    ),
    occasion=st.sampled_from(["session", None]),
)
def test_no_nan_without_a_flag(values: list[list[int]], occasion: str | None) -> None:
    """Coarse and degenerate tables: what has no number has a flag that says so."""
    record = _study(np.array(values, dtype=float), occasion=occasion)
    codes = {f.code for f in record.flags}
    for d in repeatability_definitions(("thickness",), (), occasion):
        m = record[d.name]
        if "_CV" in d.name and "no-variation-coefficient" in codes:
            continue
        if math.isnan(m.value) or (d.interval and any(map(math.isnan, m.interval))):
            assert "identical-repeats" in codes or ("ICC" in d.name and "icc-not-positive" in codes), d.name
        elif d.interval:
            assert m.interval[0] <= m.value <= m.interval[1], d.name
    made = change(_record(1.0), _record(3.0), record)
    for m in made.measurements:
        assert math.isfinite(m.value) or made.flagged("not-comparable")


def test_the_order_of_the_records_moves_nothing_but_the_bias() -> None:
    records = _table(JUDGES)
    mixed = [records[i] for i in np.random.default_rng(1).permutation(len(records))]
    a, b = (repeatability(some, of="thickness") for some in (records, mixed))
    for name in a:
        if name != "thickness_bias":
            assert b[name].value == pytest.approx(a[name].value, rel=1e-9)
    assert set(a.provenance.reading["subjects"]) == set(b.provenance.reading["subjects"])
    values = b.trace("thickness_value").reshape(6, 4)
    names, times = b.provenance.reading["subjects"], b.provenance.reading["occasions"]
    for i, row in enumerate(values):
        for k, v in enumerate(row):
            assert v == JUDGES[int(names[i][1:]), int(times[k][1:])]


@pytest.mark.parametrize("n", [8, 10, 20])
@pytest.mark.parametrize("k", [2, 3])
def test_false_alarms_by_the_thousand(n: int, k: int) -> None:
    """5 % of subjects who have not changed are called changed; 1.96 in the place of t calls more."""
    rng = np.random.default_rng(n + k)
    runs = 40_000
    study = rng.normal(size=(runs, n, 1)) * 5 + rng.normal(size=(runs, 1, k)) + rng.normal(size=(runs, n, k))
    spread = two_way(study)
    difference = np.abs(np.diff(rng.normal(size=(runs, 2)))[:, 0])
    sem = np.sqrt(spread.error)
    assert 0.046 < np.mean(difference > quantile_t(spread.df) * math.sqrt(2) * sem) < 0.054
    if k == 2:
        assert np.mean(difference > 1.96 * math.sqrt(2) * sem) > 0.06


@pytest.mark.parametrize("n", [8, 10, 20])
def test_false_alarms_of_change_itself(n: int) -> None:
    rng = np.random.default_rng(n)
    runs = 1500
    calls = 0
    for _ in range(runs):
        table = 25 + 3 * rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=(n, 2))
        before, after = 25 + 0.5 * rng.normal(size=2)
        calls += verdict(change(_record(before), _record(after), _study(table))) != "not distinguishable"
    assert 0.04 * runs <= calls <= 0.06 * runs


@pytest.mark.parametrize("subject", [3.0, 1.0, 0.3, 0.0])
@pytest.mark.parametrize(("n", "k"), [(8, 2), (20, 3)])
def test_intervals_hold_the_truth_as_often_as_they_say(n: int, k: int, subject: float) -> None:
    """Where no occasion is off, all of them; docs/comparing.rst says how ICC(2,1) fares where one is."""
    rng = np.random.default_rng(n)
    runs = 20_000
    study = subject * rng.normal(size=(runs, n, 1)) + rng.normal(size=(runs, n, k))
    spread = two_way(study)
    truth = subject**2 / (subject**2 + 1)
    for found in (icc_2_1(spread), icc_3_1(spread)):
        assert 0.94 < np.mean((found.low <= truth) & (truth <= found.high)) < 0.965
    low, high = error_interval(spread.error, spread.df)
    assert 0.945 < np.mean((low <= 1) & (high >= 1)) < 0.955


def test_loss_gain_and_neither() -> None:
    study = _study()
    limit = study["thickness_MDC95"].value
    for step, said in ((1.01 * limit, "gain"), (-1.01 * limit, "loss"), (0.99 * limit, "not distinguishable")):
        record = change(_record(24.0, subject="x"), _record(24.0 + step, subject="x"), study)
        assert verdict(record) == said
        assert record.flagged(said.replace(" ", "-"))
        assert record.status == "ok"
        low, high = record["thickness_difference"].interval
        assert (low <= 0 <= high) == (said == "not distinguishable")
        assert (record["thickness_p"].value >= 0.05) == (said == "not distinguishable")
        assert record["thickness_limit"].value == pytest.approx(limit, rel=1e-12)
        assert record.labels == {"subject": "x"}


def test_repeats_narrow_the_limit() -> None:
    study = _study()
    before, after = [_record(v) for v in (24.0, 24.3, 24.6)], [_record(v) for v in (25.0, 25.4)]
    record = change(before, after, study)
    assert record["thickness_difference"].value == pytest.approx(0.9, rel=1e-12)
    expected = study["thickness_MDC95"].value * math.sqrt((1 / 3 + 1 / 2) / 2)
    assert record["thickness_limit"].value == pytest.approx(expected, rel=1e-12)


def test_change_on_the_logarithmic_scale() -> None:
    study = _study(log="thickness")
    limit = study["thickness_MDC95_ratio"].value
    up = change(_record(24.0), _record(24.0 * limit * 1.001), study)
    down = change(_record(24.0), _record(24.0 / limit / 1.001), study)
    assert (verdict(up), verdict(down)) == ("gain", "loss")
    assert up["thickness_ratio"].value == pytest.approx(1 / down["thickness_ratio"].value, rel=1e-12)
    assert up["thickness_limit_ratio"].value == pytest.approx(limit, rel=1e-12)


FAILED = Flag("no-fit", "no edge", "failed")


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (_record(24.0), _record(2.4, unit="cm"), "units mm and cm differ"),
        (_record(24.0, unit="cm"), _record(25.0, unit="cm"), "units mm and cm differ"),
        (_record(24.0), _record(25.0, decided={"edge": "outer"}), "edge is 'inner', 'outer'"),
        (_record(24.0, decided={"edge": "o"}), _record(25.0, decided={"edge": "o"}), "edge is 'o', 'inner'"),
        (_record(24.0, device="A"), _record(25.0, device="B"), "device A and B differ"),
        (_record(24.0, subject="1"), _record(25.0, subject="2"), "subject 1 and 2 differ"),
        (_record(24.0, side="L"), _record(25.0, side="R"), "side L and R differ"),
        (_record(24.0), _record(25.0, flags=[FAILED]), "a record after has failed"),
        (_record(math.nan), _record(25.0), "thickness before was not determined"),
        (_record(24.0), _record(25.0, modality="other"), "modality m and other"),
        (_record(24.0), Record("m", [Measurement("angle", 1.0)]), "a record after has no thickness"),
    ],
)
def test_what_cannot_be_compared(before: Record, after: Record, reason: str) -> None:
    record = change(before, after, _study())
    assert verdict(record) == "not comparable"
    assert record.status == "failed"
    (flag,) = (f for f in record.flags if f.code == "not-comparable")
    assert reason in flag.message
    assert all(math.isnan(m.value) for m in record.measurements)


def test_the_study_must_be_of_the_same_device_and_muscle() -> None:
    study = repeatability(_table(TWICE, device="A", muscle="RF"), of="thickness")
    other = [_record(v, device="B", muscle="RF") for v in (24.0, 26.0)]
    assert "repeatability is of device A, these are of B" in str(change(*other, study))
    own = [_record(v, device="A", muscle="RF") for v in (24.0, 26.0)]
    assert verdict(change(*own, study)) == "gain"
    assert verdict(change(*other, study, alike=("subject",))) == "gain"
    half = change(own[0], _record(26.0, muscle="RF"), study)
    assert half.flagged("comparability-unknown")


def test_one_measurement_may_be_comparable_and_another_not() -> None:
    study = repeatability(_table(TWICE), of=("thickness", "place"))
    record = change(_record(24.0), _record(26.0), study)
    assert (verdict(record, "thickness"), verdict(record, "place")) == ("gain", "not comparable")
    assert record.status == "suspect"
    assert list(change(_record(24.0), _record(26.0), study, of="thickness")) == [
        d.name for d in change_definitions(("thickness",))
    ]


def test_doubts_about_a_change() -> None:
    outside = change(_record(24.0), _record(44.0), _study())
    assert outside.flagged("outside-studied-range")
    edge = change(_record(18.9), _record(30.2), _study(log="thickness"))
    assert not edge.flagged("outside-studied-range")
    shaky = change(_record(24.0), _record(25.0), _study(TWICE[:3]))
    assert shaky.flagged("repeatability-suspect")
    frames = [_record(v, subject=i, session="1", frame=k) for i, row in enumerate(TWICE) for k, v in enumerate(row)]
    study = repeatability(frames, of="thickness", occasion="frame")
    assert study.flagged("one-session")
    apart = change(_record(24.0, session="1"), _record(25.0, session="2"), study)
    together = change(_record(24.0, session="1"), _record(25.0, session="1"), study)
    assert apart.flagged("within-session-repeatability")
    assert not together.flagged("within-session-repeatability")


def test_flags_of_a_study() -> None:
    rng = np.random.default_rng(2)
    level = np.linspace(5, 50, 20)[:, None]
    grows = _study(level * np.exp(0.08 * rng.normal(size=(20, 3))))
    (flag,) = (f for f in grows.flags if f.code == "error-depends-on-value")
    assert 'log=("thickness",)' in flag.message
    assert not _study(level * np.exp(0.08 * rng.normal(size=(20, 3))), log="thickness").flagged(
        "error-depends-on-value"
    )
    assert _study(TWICE[:4]).flagged("few-subjects")
    assert _study(TWICE + [0.0, 1.5]).flagged("occasions-differ")
    slip = TWICE.copy()
    slip[3, 1] += 9
    assert _study(slip).flagged("outlying-repeat")
    assert "subject s3" in next(f.message for f in _study(slip).flags if f.code == "outlying-repeat")
    same = np.array([[2.0, 2.1], [2.1, 1.9], [1.9, 2.2], [2.2, 2.0], [2.0, 2.1], [2.1, 2.0]])
    assert _study(same).flagged("icc-not-positive")
    assert _study(np.minimum(TWICE, 22.0)).flagged("ceiling-or-floor")
    signed = _study(TWICE - 24)
    assert signed.flagged("no-variation-coefficient")
    assert math.isnan(signed["thickness_CV"].value)
    copies = _study(np.repeat(TWICE[:, :1], 2, axis=1))
    assert copies.flagged("identical-repeats")
    assert copies["thickness_SEM"].value == 0
    assert verdict(change(_record(24.0), _record(25.0), copies)) == "not comparable"
    devices = _table(TWICE[:3], device="A") + [
        _record(r["thickness"].value, subject=f"z{r.labels['subject']}", session=r.labels["session"], device="B")
        for r in _table(TWICE[3:])
    ]
    assert repeatability(devices, of="thickness").flagged("mixed-devices")
    clean = _study()
    assert clean.status == "ok"
    assert not clean.flags


def test_incomplete_tables() -> None:
    records = _table(JUDGES)
    gone = [*records[:5], records[5].labelled(), *records[6:]]
    gone[5] = _record(math.nan, subject="s1", session="t1")
    with pytest.raises(InputError, match="lack an occasion, the first s1: no session t1") as caught:
        repeatability(gone, of="thickness")
    assert caught.value.code == "incomplete-table"
    record = repeatability(gone, of="thickness", incomplete="leave-out")
    assert record["n_subjects"].value == 5
    assert record.flagged("subject-left-out")
    assert record.flagged("values-left-out")
    rest = _study(np.delete(JUDGES, 1, axis=0))
    assert record["thickness_SEM"].value == pytest.approx(rest["thickness_SEM"].value, rel=1e-12)
    lost = [r for r in records if r.labels["subject"] != "s2"] + [
        _record(1.0, flags=[FAILED], subject="s2", session="t0")
    ]
    assert repeatability(lost, of="thickness").flagged("subject-left-out")


def _with(index: int, record: Record) -> list[Record]:
    records = _table(TWICE)
    records[index] = record
    return records


@pytest.mark.parametrize(
    ("records", "more", "code"),
    [
        ([], {}, "no-records"),
        ([1], {}, "not-a-record"),
        (_with(3, _record(25.0, modality="other", subject="s1", session="t1")), {}, "mixed-modalities"),
        (_with(3, _record(25.0, unit="cm", subject="s1", session="t1")), {}, "mixed-units"),
        (_with(3, _record(25.0, decided={"edge": "o"}, subject="s1", session="t1")), {}, "mixed-settings"),
        (_with(3, _record(25.0, side="R", subject="s1", session="t1")), {}, "mixed-parts"),
        (_with(3, _record(25.0, session="t1")), {}, "subject-not-stated"),
        (_with(3, _record(25.0, subject="s1")), {}, "occasion-not-stated"),
        (_with(3, _record(25.0, subject="s1", session="t0")), {}, "occasion-twice"),
        (_table(TWICE)[:-1], {}, "incomplete-table"),
        (_table(TWICE[:1]), {}, "too-few-subjects"),
        (_table(TWICE[:, :1]), {}, "no-repeats"),
        (_table(TWICE[:, :1]), {"occasion": None}, "no-repeats"),
        (_table(TWICE - 24), {"log": "thickness"}, "not-positive"),
        (_table(TWICE), {"of": "width"}, "unknown-measurement"),
        (_table(TWICE), {"of": ()}, "bad-setting"),
        (_table(TWICE), {"log": "width"}, "bad-setting"),
        (_table(TWICE), {"subject": ""}, "bad-setting"),
        (_table(TWICE), {"subject": "session"}, "bad-setting"),
        (_table(TWICE), {"incomplete": "guess"}, "bad-setting"),
    ],
)
def test_refusals_of_repeatability(records: Any, more: dict[str, Any], code: str) -> None:
    with pytest.raises((InputError, SettingsError)) as caught:
        repeatability(records, **{"of": "thickness", **more})
    assert caught.value.code == code
    assert caught.value.remedy


def test_refusals_of_change() -> None:
    study = _study()
    for other in (_record(1.0), None):
        with pytest.raises(InputError) as caught:
            change(_record(1.0), _record(1.0), other)  # type: ignore[arg-type]
        assert caught.value.code == "not-a-repeatability"
    with pytest.raises(InputError, match="no records"):
        change([], _record(1.0), study)
    with pytest.raises(SettingsError, match="does not judge 'width'"):
        change(_record(1.0), _record(1.0), study, of="width")
    with pytest.raises(SettingsError, match="give one made by"):
        verdict(study)
    with pytest.raises(SettingsError, match="use one of thickness"):
        verdict(change(_record(24.0), _record(25.0), study), "width")


def test_records_of_comparisons_are_kept_without_loss(tmp_path: Path) -> None:
    study = _study()
    made = [study, change(_record(24.0), _record(26.0), study), change(_record(24.0), _record(math.nan), study)]
    for name in ("kept.jsonl", "kept.h5"):
        assert mm.load(mm.save(made, tmp_path / name)) == made
    again = mm.load(tmp_path / "kept.jsonl")[0]
    assert change(_record(24.0), _record(26.0), again) == made[1]
    assert pickle.loads(pickle.dumps(study)) == study
    assert len(mm.save(made, tmp_path / "kept.csv").read_text(encoding="utf-8").splitlines()) == 4


def test_evidence_of_a_large_study_stays_small() -> None:
    rng = np.random.default_rng(3)
    record = _study(rng.normal(25, 3, (700, 1)) + rng.normal(0, 1, (700, 2)))
    assert record.flagged("evidence-left-out")
    assert not record.traces


def test_one_way_of_a_stack_is_that_of_each() -> None:
    rng = np.random.default_rng(4)
    values, subject = rng.normal(size=(3, 10)), np.array([0, 0, 1, 1, 1, 2, 2, 3, 3, 3])
    stack = one_way(values, subject)
    for i in range(3):
        assert one_way(values[i], subject).error == pytest.approx(stack.error[i], rel=1e-14)


@pytest.mark.parametrize("log", [(), ("thickness",)])
@pytest.mark.parametrize("occasion", ["session", None])
def test_they_are_drawn(log: tuple[str, ...], occasion: str | None) -> None:
    study = _study(log=log, occasion=occasion)
    _, axes = figure()
    draw_repeatability(study, axes)
    assert "SEM" in axes.get_title(loc="left")
    assert sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() == "o") == TWICE.size
    _, axes = figure()
    draw_change(change([_record(24.0), _record(24.4)], _record(25.9), study), axes)
    assert "gain" in axes.get_title(loc="left")
    _, axes = figure()
    draw_change(change(_record(24.0), _record(math.nan), study), axes)
    assert "not comparable" in axes.get_title(loc="left")


def test_drawing_refuses_other_records() -> None:
    study = _study()
    _, axes = figure()
    for draw, given_record in ((draw_repeatability, _record(1.0)), (draw_change, study)):
        with pytest.raises(SettingsError, match="give one made by"):
            draw(given_record, axes)
    with pytest.raises(SettingsError, match="use one of thickness"):
        draw_repeatability(study, axes, of="width")
    for record, name in ((study, "draw_repeatability"), (change(_record(24.0), _record(25.0), study), "draw_change")):
        with pytest.raises(SettingsError, match=name):
            mm.plot(record)


def test_a_plain_table_becomes_records() -> None:
    lines = [
        "who,when,thickness,fat",
        *(f"s{i},t{k},{v},{k}" for i, row in enumerate(TWICE) for k, v in enumerate(row)),
    ]
    records = tabled(csv.DictReader(lines), of={"thickness": "mm", "fat": "mm"})
    study = repeatability(records, of="thickness", subject="who", occasion="when")
    assert study["thickness_SEM"] == _study()["thickness_SEM"]
    assert dict(records[3].labels) == {"who": "s1", "when": "t1"}
    rows = [
        {"subject": i, "thickness": v, "note": None} for i, v in enumerate((np.float64(1.5), 2, None, math.nan, " "))
    ]
    made = tabled(rows, of={"thickness": "mm"}, labels=("subject", "note"))
    assert [r.status for r in made] == ["ok", "ok", "failed", "failed", "failed"]
    assert made[2].flagged("no-value")
    assert dict(made[1].labels) == {"subject": "1"}
    (part,) = tabled([{"a": "1e1", "b": ""}], of={"a": "mm", "b": "mm"})
    assert part["a"].value == 10
    assert part.status == "ok"


@pytest.mark.parametrize("cell", ["1,5", "1_000", "inf", "<0.1", "١", "2 mm", True, [1.0], math.inf])
def test_a_table_takes_no_text_for_a_number(cell: Any) -> None:
    with pytest.raises(InputError, match="in row 2, which is no number"):
        tabled([{"x": 1.0}, {"x": cell}], of={"x": "mm"})


def test_refusals_of_a_table() -> None:
    with pytest.raises(SettingsError, match="row 1 has no column 'y'"):
        tabled([{"x": 1.0}], of={"y": "mm"})
    with pytest.raises(SettingsError, match="row 1 has no column 'who'"):
        tabled([{"x": 1.0}], of={"x": "mm"}, labels="who")
    with pytest.raises(InputError, match="no rows"):
        tabled([], of={"x": "mm"})
    with pytest.raises(InputError, match="unit 'furlong'"):
        tabled([{"x": 1.0}], of={"x": "furlong"})
    with pytest.raises(SettingsError, match="names no measurement"):
        tabled([{"x": 1.0}], of={})
