"""force_pca as a physiologist meets it: reference numbers, relations that must hold, refusals and flags."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musclemetrics import force_pca
from musclemetrics.errors import FitError, InputError, MuscleMetricsError, SettingsError

PCA = [4.5, 5.4, 5.6, 5.9, 6.2, 6.4, 6.6, 9.0]
FORCE = [122.449, 119.824, 119.368, 122.964, 95.340, 77.434, 36.770, 10.014]
NAMES = ["pCa50", "h", "Fmax", "Fmin", "r2", "Sy_x", "n_points", "aicc"]


def curve(pca, *, pCa50=5.9, h=2.4, Fmax=100.0, Fmin=3.0, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return force_pca.hill(pca, pCa50=pCa50, h=h, Fmax=Fmax, Fmin=Fmin) + rng.normal(0, noise, len(pca))


def codes(record):
    return {f.code for f in record.flags}


# ---- reference numbers -------------------------------------------------------------------------------------------


def test_tabulated_fibre_gives_the_published_figures_to_four_digits():
    r = force_pca.measure(PCA, FORCE, force_unit="kN/m2")
    assert list(r) == NAMES
    expected = {
        "Fmin": (9.382, 4.911),
        "Fmax": (121.540, 2.732),
        "pCa50": (6.4397, 0.02777),
        "h": (2.7293, 0.4312),
    }
    for name, (value, stderr) in expected.items():
        # "to 4 digits": half a unit in the fourth digit of the printed reference, and one more for its own rounding
        assert r[name].value == pytest.approx(value, rel=1e-4), name
        assert r[name].stderr == pytest.approx(stderr, rel=5e-4), name
    assert r["r2"].value == pytest.approx(0.99261, abs=1e-5)
    assert r["Sy_x"].value == pytest.approx(4.952, abs=1e-3)
    assert r["pCa50"].interval == pytest.approx((6.3594, 6.5165), abs=1e-4)
    assert r["h"].interval == pytest.approx((1.771, 4.296), abs=1e-3)
    assert r["n_points"].value == 8
    assert r["Fmax"].unit == "kN/m2"


def test_aicc_is_the_formula():
    r = force_pca.measure(PCA, FORCE, force_unit="kN/m2")
    sse, n, k = float(np.sum(r.trace("residual") ** 2)), 8, 5
    assert r["aicc"].value == pytest.approx(n * math.log(sse / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1), rel=1e-12)
    assert r["Sy_x"].value == pytest.approx(math.sqrt(sse / 4), rel=1e-12)


def test_traces_keep_the_order_given():
    shuffled = np.random.default_rng(1).permutation(8)
    r = force_pca.measure(np.array(PCA)[shuffled], np.array(FORCE)[shuffled])
    assert np.array_equal(r.trace("pca"), np.array(PCA)[shuffled])
    assert np.array_equal(r.trace("force"), np.array(FORCE)[shuffled])
    np.testing.assert_allclose(r.trace("fitted") + r.trace("residual"), r.trace("force"), rtol=1e-12)
    assert sum(len(t) for t in r.traces) < 4000


def test_asymmetric_model_reports_the_half_point():
    pca = np.linspace(4.5, 7.5, 16)
    truth = {"pCa50": 5.9, "h": 2.2, "s": 0.5, "Fmax": 100.0, "Fmin": 2.0}
    r = force_pca.measure(pca, force_pca.hill_asymmetric(pca, **truth), model="hill_asymmetric")
    assert list(r) == ["pCa50", "h", "s", "Fmax", "Fmin", "r2", "Sy_x", "n_points", "aicc"]
    for name, value in truth.items():
        assert r[name].value == pytest.approx(value, rel=1e-6)
    half = force_pca.hill_asymmetric(truth["pCa50"], **truth)
    assert half == pytest.approx((100 + 2) / 2, rel=1e-12)


def test_two_component_model():
    pca = np.linspace(4.5, 7.5, 19)
    truth = {"pCa50": 5.4, "h": 4.0, "pCa50_2": 6.4, "h_2": 3.0, "Fmax": 100.0, "Fmid": 40.0, "Fmin": 2.0}
    r = force_pca.measure(pca, force_pca.hill_two(pca, **truth), model="hill_two")
    assert list(r)[:7] == ["pCa50", "h", "pCa50_2", "h_2", "Fmax", "Fmid", "Fmin"]
    for name, value in truth.items():
        assert r[name].value == pytest.approx(value, rel=1e-6), name
    with pytest.raises(InputError, match="at least 12"):
        force_pca.measure(PCA, FORCE, model="hill_two")


def test_measure_many_equals_a_loop_exactly():
    pca = [9.0, 6.6, 6.3, 6.1, 5.9, 5.7, 5.5, 5.0, 4.5]
    stack = np.stack([curve(pca, noise=noise, seed=s) for s in range(8) for noise in (0.0, 2.0, 8.0)])
    for extra in ({}, {"variance": "mixed"}, {"fmin": 0.0}, {"interval": "wald"}, {"model": "hill_asymmetric"}):
        many = force_pca.measure_many(pca, stack, errors="flag", **extra)
        for row, record in zip(stack, many, strict=True):
            if record.status == "failed":
                with pytest.raises(MuscleMetricsError) as caught:
                    force_pca.measure(pca, row, **extra)
                assert caught.value.code == record.flags[0].code
                continue
            alone = force_pca.measure(pca, row, **extra)
            assert alone == record
            assert alone.to_json() == record.to_json()


def test_one_bad_curve_is_its_own_failed_record():
    good = curve(PCA)
    bad = good.copy()
    bad[3] = np.nan
    records = force_pca.measure_many(PCA, [good, bad, np.full(8, 5.0)], errors="flag")
    assert [r.status for r in records] == ["ok", "failed", "failed"]
    assert [r.flags[0].code for r in records[1:]] == ["not-finite", "constant-force"]
    assert all(list(r) == NAMES and math.isnan(r["pCa50"].value) for r in records[1:])
    with pytest.raises(InputError, match="not finite at index 3"):
        force_pca.measure_many(PCA, [good, bad])


# ---- relations that must hold -------------------------------------------------------------------------------------

values = st.fixed_dictionaries(
    {
        "pCa50": st.floats(5.3, 6.5),
        "h": st.floats(1.2, 4.5),
        "Fmax": st.floats(30, 200),
        "Fmin": st.floats(0, 8),
        "seed": st.integers(0, 10**6),
    }
)
AXIS = np.array([9.0, 6.8, 6.5, 6.2, 6.0, 5.8, 5.5, 5.2, 4.8, 4.5])


def measured(pca, force, **extra):
    return force_pca.measure(pca, force, pca_range=None, **extra)


def same(a, b, *, rtol=1e-7, of=("pCa50", "h", "Fmax", "Fmin"), scale=1.0, shift=0.0):
    for name in of:
        factor = scale if name.startswith("F") else 1.0
        offset = shift if name == "pCa50" else 0.0
        for u, v in (
            (a[name].value, b[name].value),
            (a[name].interval[0], b[name].interval[0]),
            (a[name].interval[1], b[name].interval[1]),
        ):
            atol = 1e-5 * abs(a["Fmax"].value) * factor if name.startswith("F") else 1e-6
            np.testing.assert_allclose(v, u * factor + offset, rtol=1e-5, atol=atol, err_msg=name)


@settings(max_examples=25, deadline=None)
@given(values, st.floats(1e-3, 1e3))
def test_force_times_c_scales_forces_only(v, c):
    y = curve(AXIS, noise=0.01 * v["Fmax"], **v)
    same(measured(AXIS, y), measured(AXIS, c * y), scale=c)


@settings(max_examples=25, deadline=None)
@given(values, st.floats(-2.0, 2.0))
def test_pca_plus_d_shifts_pca50_only(v, d):
    y = curve(AXIS, noise=0.01 * v["Fmax"], **v)
    same(measured(AXIS, y), measured(AXIS + d, y), shift=d)


@settings(max_examples=25, deadline=None)
@given(values, st.randoms(use_true_random=False))
def test_row_order_does_not_matter(v, random):
    y = curve(AXIS, noise=0.01 * v["Fmax"], **v)
    order = list(range(len(AXIS)))
    random.shuffle(order)
    a, b = measured(AXIS, y), measured(AXIS[order], y[order])
    for name in a:
        assert a[name] == b[name] or (math.isnan(a[name].stderr) and a[name].value == b[name].value)


@settings(max_examples=15, deadline=None)
@given(values)
def test_molar_micromolar_and_nanomolar_are_one(v):
    y = curve(AXIS, noise=0.01 * v["Fmax"], **v)
    a = measured(AXIS, y)
    for unit, power in (("M", 0), ("µM", 6), ("μM", 6), ("nM", 9), ("mmol/L", 3)):
        same(a, measured(10.0 ** (power - AXIS), y, calcium_unit=unit))


@settings(max_examples=15, deadline=None)
@given(values)
def test_doubling_every_point_keeps_the_estimates_and_narrows_the_errors(v):
    y = curve(AXIS, noise=0.01 * v["Fmax"], **v)
    a, b = measured(AXIS, y), measured(np.tile(AXIS, 2), np.tile(y, 2))
    for name in ("pCa50", "h", "Fmax"):
        np.testing.assert_allclose(b[name].value, a[name].value, rtol=1e-6)
        # the same SSE a point, with 2n − 4 instead of n − 4 degrees of freedom
        n = len(AXIS)
        np.testing.assert_allclose(b[name].stderr, a[name].stderr * math.sqrt((n - 4) / (2 * n - 4)), rtol=1e-5)
    assert b["n_points"].value == 2 * a["n_points"].value


@settings(max_examples=10, deadline=None)
@given(values, st.integers(0, 100))
def test_adding_another_fibre_changes_nothing(v, seed):
    y = curve(AXIS, noise=0.01 * v["Fmax"], **v)
    other = curve(AXIS, noise=4.0, seed=seed)
    both = force_pca.measure_many(AXIS, [y, other], errors="flag", pca_range=None)
    assert both[0] == measured(AXIS, y)


# ---- bad input: a typed error that names value, limit and remedy --------------------------------------------------


@pytest.mark.parametrize(
    ("pca", "force", "extra", "code", "words"),
    [
        ([100.0, 10.0, 3.0, 1.0, 0.3, 0.1], range(6), {}, "implausible-pca", "looks like.*µM"),
        ([1e-5, 1e-6, 5e-7, 2e-7, 1e-7, 1e-9], range(6), {}, "implausible-pca", "calcium_unit=mol/L"),
        ([-4.5, -5.5, -6.0, -6.5, -9.0], range(5), {}, "implausible-pca", "minus sign"),
        ([4.5, 5.5, 6.0, 6.5, 9.0], [7.0] * 5, {}, "constant-force", "all 5 forces equal 7"),
        ([4.5, 5.5, 6.0, 6.0], [9, 5, 2, 1], {}, "too-few-pca", "at least 5, got 3"),
        ([6.0] * 6, range(6), {}, "too-few-pca", "at least 5, got 1"),
        (PCA, [*FORCE[:7], np.nan], {}, "not-finite", "index 7"),
        (PCA, [*FORCE[:7], np.inf], {}, "not-finite", "index 7"),
        (PCA, FORCE[:7], {}, "length-mismatch", "pca has 8, force has 7"),
        (PCA, [str(f) for f in FORCE], {}, "not-numeric", "text"),
        ([[4.5, 5.5], [6.0, 6.5]], [[1, 2], [3, 4]], {}, "wrong-shape", "2 dimensions"),
        ([0.0, 0.3, 1.0, 3.0, 30.0], range(5), {"calcium_unit": "uM"}, "calcium-not-positive", "index 0"),
    ],
)
def test_bad_arrays_are_refused_with_reason_and_remedy(pca, force, extra, code, words):
    force = np.asarray(list(force)) if not isinstance(force, list) else force
    with pytest.raises(InputError, match=words) as caught:
        force_pca.measure(pca, force, **extra)
    assert caught.value.code == code
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"model": "sigmoid"}, "use one of 'hill'"),
        ({"variance": "poisson"}, "use one of 'constant', 'mixed'"),
        ({"interval": "bootstrap"}, "use one of 'profile', 'wald'"),
        ({"fmin": "zero"}, "not a number"),
        ({"force_unit": "ms"}, "unit of time"),
        ({"preset": "none"}, "standard"),
        ({"min_r2": 1.5}, "outside 0 to 1"),
        ({"correct_run_down": True}, "run_down="),
        ({"run_down": (0.0, 1.0)}, "first maximal force"),
        ({"run_down": 5}, "pair of numbers"),
        ({"calcium_unit": "mN"}, "unit of force"),
        ({"noise_floor": -1}, "outside"),
    ],
)
def test_impossible_settings_are_refused(extra, words):
    with pytest.raises(SettingsError, match=words):
        force_pca.measure(PCA, FORCE, **extra)


def test_unknown_force_unit_is_refused():
    with pytest.raises(InputError, match="furlong"):
        force_pca.measure(PCA, FORCE, force_unit="furlong")


def test_forces_without_a_minimum_are_refused_with_the_remedy():
    pca = np.array([4.5, 5.2, 5.6, 5.8, 6.0, 6.2])
    with pytest.raises(FitError, match="do not determine Fmin") as caught:
        force_pca.measure(pca, [102.87, 97.10, 101.32, 92.43, 94.32, 84.37])
    assert "hold fmin" in caught.value.remedy
    assert force_pca.measure(pca, [102.87, 97.10, 101.32, 92.43, 94.32, 84.37], fmin=0.0)["pCa50"].value > 6


# ---- doubtful numbers carry a flag --------------------------------------------------------------------------------


def test_a_clean_complete_curve_carries_no_suspect_flag():
    r = force_pca.measure(
        AXIS,
        curve(AXIS, seed=3),
        force_unit="kN/m2",
        conditions={
            "temperature": "15 Cel",
            "sarcomere_length": "2.3 um",
            "fibre_type": "I",
            "animal": "1",
            "csa": "circle",
        },
    )
    assert r.status == "ok"
    assert not r.flags
    assert r.labels["animal"] == "1"


def test_missing_conditions_are_noted_by_name():
    r = force_pca.measure(AXIS, curve(AXIS), force_unit="mN", conditions={"animal": "3"})
    (flag,) = [f for f in r.flags if f.code == "conditions-not-stated"]
    assert flag.level == "note"
    assert "temperature" in flag.message
    assert "animal" not in flag.message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda x, y: (x[x < 6.3], y[x < 6.3]), "no-relaxed-point"),
        (lambda x, y: (x[x > 5.7], y[x > 5.7]), "no-plateau"),
        (lambda x, y: (x, y[::-1].copy()), "force-falls-with-calcium"),
        (lambda x, y: (x, np.where(x == 5.2, y - 40, y)), "not-monotone"),
        (lambda x, y: (x, np.where(x == 5.2, y - 40, y)), "low-r2"),
        (lambda x, y: (x, np.where(x == 5.2, y - 25, y)), "outlier"),
        (lambda x, y: (x, y / y.max()), "normalised-force"),
        (lambda x, y: (x, 100 * y / y.max()), "normalised-force"),
        (lambda x, y: (x, y), "force-unit-not-stated"),
    ],
)
def test_doubtful_data_are_measured_and_flagged(change, code):
    x = np.array([9.0, 6.8, 6.5, 6.2, 6.1, 6.0, 5.9, 5.8, 5.6, 5.5, 5.2, 4.8, 4.5])
    pca, force = change(x, curve(x, noise=0.8, seed=5))
    assert code not in codes(force_pca.measure(x, curve(x, noise=0.8, seed=5), force_unit="mN"))
    r = force_pca.measure(pca, force)
    assert code in codes(r)
    assert not math.isnan(r["pCa50"].value)
    assert r["n_points"].value == len(pca), "data are never dropped"


def test_outlier_is_named_and_kept():
    x = np.array([9.0, 6.8, 6.5, 6.2, 6.1, 6.0, 5.9, 5.8, 5.6, 5.5, 5.2, 4.8, 4.5])
    y = curve(x, noise=0.8, seed=5)
    y[10] -= 25
    (flag,) = [f for f in force_pca.measure(x, y, force_unit="mN").flags if f.code == "outlier"]
    assert "pCa 5.2" in flag.message
    assert "index 10" in flag.message


def test_thresholds_are_settings_and_change_no_number():
    x, y = AXIS, curve(AXIS, noise=6.0, seed=4)
    strict = force_pca.measure(x, y, force_unit="mN", preset="strict")
    lenient = force_pca.measure(x, y, force_unit="mN", preset="lenient")
    own = force_pca.measure(x, y, force_unit="mN", preset="lenient", min_r2=0.9999)
    assert [strict[n] for n in ("pCa50", "h")] == [lenient[n] for n in ("pCa50", "h")]
    assert codes(strict) > codes(lenient)
    assert "low-r2" in codes(own) - codes(lenient)


def test_stress_out_of_the_plausible_band_is_flagged():
    r = force_pca.measure(AXIS, 1000 * curve(AXIS), force_unit="mN/mm2")
    assert "implausible-stress" in codes(r)
    assert "implausible-stress" not in codes(force_pca.measure(AXIS, curve(AXIS), force_unit="mN/mm2"))


def test_open_interval_is_infinite_and_flagged():
    x = np.array([4.5, 5.0, 5.4, 5.6, 5.9, 6.2, 6.4])
    y = force_pca.hill(x, pCa50=6.1, h=1.4, Fmax=85.0, Fmin=9.0) + np.array([2, -1, 2, -2, -2, 2, -1.0])
    r = force_pca.measure(x, y, force_unit="mN")
    assert r["Fmin"].interval[0] == -math.inf
    assert any(f.code == "interval-open" and "Fmin" in f.message for f in r.flags)


def test_run_down_is_flagged_and_corrected_only_on_request():
    y = curve(AXIS, noise=0.0)
    loss = np.linspace(1.0, 0.8, len(AXIS))
    plain = force_pca.measure(AXIS, y * loss, run_down=(100.0, 80.0), force_unit="mN")
    assert "run-down" in codes(plain)
    assert plain == force_pca.measure(AXIS, y * loss, run_down=(100.0, 80.0), force_unit="mN", correct_run_down=False)
    mended = force_pca.measure(AXIS, y * loss, run_down=(100.0, 80.0), correct_run_down=True, force_unit="mN")
    assert mended["pCa50"].value == pytest.approx(5.9, abs=1e-9)
    assert mended["Fmax"].value == pytest.approx(100.0, rel=1e-9)
    assert "run-down" not in codes(force_pca.measure(AXIS, y, run_down=(100.0, 95.0), force_unit="mN"))


def test_lack_of_fit_uses_the_repeats():
    rng = np.random.default_rng(8)
    x = np.repeat(AXIS, 4)
    good = force_pca.hill(x, pCa50=5.9, h=2.4, Fmax=100.0, Fmin=3.0) + rng.normal(0, 1.0, len(x))
    bad = np.where(x == 5.8, good - 12, good)
    assert "lack-of-fit" not in codes(force_pca.measure(x, good, force_unit="mN"))
    assert "lack-of-fit" in codes(force_pca.measure(x, bad, force_unit="mN"))


def test_noise_growing_with_force_is_flagged():
    rng = np.random.default_rng(3)
    x = np.repeat(AXIS, 6)
    clean = force_pca.hill(x, pCa50=5.9, h=2.4, Fmax=100.0, Fmin=3.0)
    y = clean + rng.normal(0, 1.0, len(x)) * (0.05 * clean + 0.2)
    assert "heteroscedastic" in codes(force_pca.measure(x, y, force_unit="mN"))
    assert "heteroscedastic" not in codes(force_pca.measure(x, y, force_unit="mN", variance="mixed"))


def test_held_fmin_is_reported_as_held():
    r = force_pca.measure(PCA, FORCE, fmin=5.0, force_unit="kN/m2")
    assert r["Fmin"].value == 5.0
    assert math.isnan(r["Fmin"].stderr)
    assert math.isnan(r["Fmin"].interval[0])
    assert "fmin-held" in codes(r)


def test_exact_data_say_so():
    r = force_pca.measure(AXIS, curve(AXIS, noise=0.0), force_unit="mN")
    assert "no-noise" in codes(r)
    assert r["pCa50"].value == pytest.approx(5.9, abs=1e-10)


def test_arguments_are_left_as_they_were():
    x, y = np.array(PCA), np.array(FORCE)
    before = x.copy(), y.copy()
    force_pca.measure(x, y, run_down=(100, 80), correct_run_down=True)
    assert np.array_equal(x, before[0])
    assert np.array_equal(y, before[1])


# ---- what a first user stumbled over ------------------------------------------------------------------------------


def test_a_curve_without_a_degree_of_freedom_is_refused():
    with pytest.raises(InputError, match="at least 6, got 5"):
        force_pca.measure([9, 6.4, 6.2, 5.9, 4.5], [10, 77, 95, 120, 121], model="hill_asymmetric")


def test_masked_values_are_refused_not_used():
    masked = np.ma.masked_array(FORCE, mask=[0, 0, 0, 1, 0, 0, 0, 0])
    with pytest.raises(InputError, match="force has 1 masked"):
        force_pca.measure(PCA, masked)
    with pytest.raises(InputError, match="masked"):
        force_pca.measure_many(PCA, np.ma.masked_array([FORCE, FORCE], mask=[[1] * 8, [0] * 8]))
    assert force_pca.measure(PCA, np.ma.masked_array(FORCE)) == force_pca.measure(PCA, FORCE)


def test_ragged_rows_and_odd_types_are_typed_errors():
    with pytest.raises(InputError, match="different lengths"):
        force_pca.measure_many(PCA, [FORCE, FORCE[:5]])
    with pytest.raises(InputError, match="not text"):
        force_pca.measure(PCA, FORCE, force_unit=None)
    with pytest.raises(SettingsError, match="not a mapping"):
        force_pca.measure(PCA, FORCE, conditions="warm")
    with pytest.raises(InputError, match="not a pair"):
        force_pca.compare_curves({"a": force_pca.measure(PCA, FORCE), "b": force_pca.measure(PCA, FORCE)})
    with pytest.raises(SettingsError, match="runs downwards"):
        force_pca.measure(PCA, FORCE, pca_range=(10, 3))


def test_an_asymmetry_at_its_bound_makes_no_outlier_and_no_band():
    r = force_pca.measure(PCA, FORCE, force_unit="kN/m2", model="hill_asymmetric")
    assert "s-at-bound" in codes(r)
    assert "outlier" not in codes(r)
    assert np.isnan(r.trace("band_low")).all()


def test_false_outliers_stay_rare_under_every_model():
    """The flag's probability is 1 % after Bonferroni: clean noise must not raise it much more often."""
    x = np.linspace(4.5, 7.2, 12)
    rng = np.random.default_rng(12)
    y = force_pca.hill(x, pCa50=5.9, h=2.4, Fmax=100.0, Fmin=3.0) + rng.normal(0, 2.0, (1500, 12))
    for model in ("hill", "hill_asymmetric"):
        records = force_pca.measure_many(x, y, model=model, errors="flag", interval="wald", force_unit="mN")
        rate = np.mean(["outlier" in codes(r) for r in records])
        assert rate < 0.02, f"{model}: {100 * rate:.1f} %"


def test_exact_data_raise_no_suspicion():
    r = force_pca.measure(AXIS, curve(AXIS, noise=0.0), force_unit="mN")
    assert r.status == "ok"


def test_settings_are_checked_before_anything_is_read():
    force_pca.check_settings(model="hill", plateau_window=0.2)
    for wrong in (
        {"variance": "mixd"},
        {"min_r2": 2},
        {"pca_range": (10, 3)},
        {"baseline_window": (0.9, 0.6)},
        {"plateau_window": -1},
        {"force_unit": "furlong"},
        {"no_such": 1},
    ):
        with pytest.raises(SettingsError):
            force_pca.check_settings(**wrong)
