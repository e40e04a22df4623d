"""Electrical impedance myography: an analyser's own results, truths, signs and units, faults."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import musclemetrics as mm
from musclemetrics import eim
from musclemetrics.errors import InputError, SettingsError
from musclemetrics.fitting import fit
from musclemetrics.fitting.problem import Problem
from musclemetrics.modalities.eim.curves import COLE, DELAYED, DOUBLE, STRAY
from musclemetrics.modalities.eim.validity import kramers_kronig
from musclemetrics.simulate.eim import FREQUENCIES, Tissue, eim_sweep

from .shared_data import shared
from .validation import eim as study

F = np.geomspace(5e3, 1e6, 50)
MUSCLE = Tissue("T", "tibialis anterior", "left", "healthy", 62.0, 36.0, 48e3, 0.70, 4e-9)
TRUE = {"R0": 62.0, "Rinf": 36.0, "fc": 48e3, "alpha": 0.70, "Td": 4e-9}


def clean(f=F, **changed):
    """Return R and X of the muscle without noise."""
    z = eim.cole(f, **{**TRUE, **changed})
    return np.array(z.real), np.array(-z.imag)


def noisy(n, *, noise=1e-3, f=F, seed=0, tissue=MUSCLE):
    """Return n sweeps with white noise, as a share of Rinf."""
    rng = np.random.default_rng(seed)
    r, x = clean(f, **{k: getattr(tissue, k) for k in TRUE})
    size = noise * tissue.Rinf
    return r + rng.normal(0, size, (n, len(f))), x + rng.normal(0, size, (n, len(f)))


def same_numbers(a, b, rel=1e-9):
    """Assert that two records hold the same measurements."""
    assert list(a) == list(b)
    for m, o in zip(a.measurements, b.measurements, strict=True):
        if m.name in ("aicc", "fit_rms", "kk_rms"):
            continue
        assert m.value == pytest.approx(o.value, rel=rel, abs=1e-9, nan_ok=True), m.name
        assert m.unit == o.unit


def test_the_face():
    r, x = eim_sweep(MUSCLE, F)
    record = eim.measure(F, r, x, at=(50e3, 100e3))
    assert record.modality == "eim"
    assert record["phase_50kHz"].unit == "deg"
    assert record["phase_50kHz"].value == pytest.approx(
        math.degrees(math.atan(record["X_50kHz"].value / record["R_50kHz"].value))
    )
    assert record["Re"].value == pytest.approx(62.0, rel=5e-3)
    assert record["Ri"].stderr > 0
    low, high = record["Ri"].interval
    assert low < record["Ri"].value < high
    assert "R_100kHz" in record
    assert "R_20kHz" not in record


# --- an analyser's own results


@pytest.fixture(scope="module")
def nhanes():
    shared(study.FILE)
    return study.excellent()


def test_agrees_with_the_analyser_without_a_guess(nhanes):
    found = study.differences(nhanes)
    limits = {"Re": (0.06, 0.15), "Ri": (0.25, 0.6), "alpha": (0.1, 0.5), "fc": (1.0, 1.6), "Cm": (0.9, 1.4)}
    for name, (middle, wide) in limits.items():
        assert abs(found[name][0]) <= middle, name
        assert found[name][1] <= wide, name
    assert abs(found["Td"][0]) <= 0.05
    assert found["converged"][0] == 100.0


def test_without_the_delay_ri_is_wrong_on_real_people(nhanes):
    found = study.differences(nhanes, delay=False, weighting="unit")
    assert found["Ri"][0] < -8.0


def test_volumes_of_the_analyser(nhanes):
    off = study.volumes(nhanes)
    assert np.percentile(off["ECF from the sweep"], 95) <= 0.02
    assert np.percentile(off["TBW from the sweep"], 95) <= 0.12
    assert np.percentile(off["ECF from the analyser's Re"], 99) <= 0.012
    assert np.percentile(off["TBW from the analyser's Re, Ri"], 99) <= 0.012


def test_validity_separates_what_the_analyser_doubted():
    shared(study.FILE)
    theirs, records = study.graded()
    bad = theirs >= 3
    for name in ("kk_rms", "fit_rms"):
        assert study.auc(np.nan_to_num(study.values(records, name), nan=np.inf), bad) >= 0.99, name
    ours = study.values(records, "grade")
    assert np.mean((ours >= 3) == bad) > 0.99
    limited = np.mean([r.flagged("model-limited") for r, q in zip(records, theirs == 0, strict=True) if q])
    assert limited > 0.95, "residuals of a single arc are systematic on real sweeps"


# --- truths


@settings(deadline=None, max_examples=60)
@given(
    r0=st.floats(20.0, 900.0),
    share=st.floats(0.3, 0.85),
    fc=st.floats(20e3, 200e3),
    alpha=st.floats(0.5, 0.97),
    td=st.floats(-5e-9, 20e-9),
)
def test_noise_free_recovery(r0, share, fc, alpha, td):
    z = eim.cole(F, R0=r0, Rinf=share * r0, fc=fc, alpha=alpha, Td=td)
    record = eim.measure(F, z.real, z.imag, reactance_sign="negative")
    ri = r0 * share / (1.0 - share)
    cm = 1e9 / (2 * np.pi * fc * (r0 + ri))
    for name, true in {"R0": r0, "Rinf": share * r0, "Ri": ri, "Cm": cm, "fc": fc / 1e3, "alpha": alpha}.items():
        assert record[name].value == pytest.approx(true, rel=1e-8), name
    assert record["Td"].value == pytest.approx(td * 1e9, rel=1e-8, abs=1e-7)


@pytest.mark.parametrize("noise", [3e-4, 2e-3])
def test_intervals_hold_the_truth_under_white_noise(noise):
    records = eim.measure_many(F, *noisy(4000, noise=noise, seed=1))
    for name, true in MUSCLE.truth.items():
        inside = [r[name].interval[0] <= true <= r[name].interval[1] for r in records]
        assert 0.93 <= np.mean(inside) <= 0.97, name


def test_standard_errors_are_those_of_repeats():
    records = eim.measure_many(F, *noisy(3000, seed=2))
    for name in MUSCLE.truth:
        spread = np.std(study.values(records, name))
        assert np.median([r[name].stderr for r in records]) == pytest.approx(spread, rel=0.06), name


def test_white_noise_is_not_called_a_limit_of_the_model_nor_a_jump():
    records = eim.measure_many(F, *noisy(2000, seed=3))
    for code, most in (("model-limited", 0.01), ("jump", 0.05), ("poor-sweep", 0.0), ("cole-not-determined", 0.0)):
        assert np.mean([r.flagged(code) for r in records]) <= most, code


@pytest.mark.parametrize("step", [False, True])
def test_a_jump_of_two_per_cent_is_found(step):
    rng = np.random.default_rng(4)
    r, x = noisy(1000, seed=5)
    place = rng.integers(2, len(F) - 2, len(r))
    where = np.arange(len(F)) >= place[:, None] if step else np.arange(len(F)) == place[:, None]
    factor = np.where(where, 1.02, 1.0)
    records = eim.measure_many(F, r * factor, x * factor)
    found = [f.message for record in records for f in record.flags if f.code == "jump"]
    assert len(found) >= 950
    named = [f"{F[p] / 1e3:.4g} kHz" in m for p, m in zip(place, found, strict=False)] if len(found) == 1000 else []
    assert not named or np.mean(named) > 0.9


def test_kramers_kronig_accepts_what_obeys_it_and_nothing_else():
    r, x = clean()
    assert kramers_kronig(F, r[None], x[None]).rms[0] < 1e-5
    assert kramers_kronig(F, r[None], 1.05 * x[None]).rms[0] > 1e-4
    bent = r * (1.0 + 0.01 * np.sin(np.arange(len(F))))
    assert kramers_kronig(F, bent[None], x[None]).rms[0] > 4e-3


@pytest.mark.parametrize("model", [COLE, DELAYED, STRAY, DOUBLE], ids=lambda m: m.name)
def test_derivatives(model):
    start = {"log_tau": -12.7, "alpha": 0.7, "log_tau_2": -14.5, "alpha_2": 0.9, "shift": 1.004, "load": 1.01}
    start |= {"R0": 62.0, "Rinf": 36.0, "D1": 20.0, "D2": 6.0}
    theta = [np.array([start[name], 1.01 * start[name]]) for name in model.parameters]
    x = np.concatenate([F, F])[:, None] * 2 * np.pi
    for i, found in enumerate(model.derivatives(x, *theta)):
        h = 1e-6 * np.abs(theta[i])
        above, below = ([t + s * h if k == i else t for k, t in enumerate(theta)] for s in (1.0, -1.0))
        numeric = (model(x, *above) - model(x, *below)) / (2 * h)
        assert np.abs(numeric - found).max() < 1e-6 * np.abs(found).max(), model.parameters[i]


def test_the_sandwich_is_the_textbook_one():
    """Bread, meat and bread as dense matrices, and the variance of the noise without bias."""
    r, x = noisy(3, seed=6)
    w = np.concatenate([1 / (1 + (F / 1e6) ** 2)] * 2)
    omega = np.concatenate([F, F]) * 2 * np.pi
    found = fit(DELAYED, omega, np.concatenate([r, -x], axis=1), weights=w, noise="white")
    for i in range(3):
        j = np.stack([d[:, 0] for d in DELAYED.derivatives(omega[:, None], *found.parameters[i][:, None])], axis=1)
        a = j * w[:, None]
        bread = np.linalg.inv(a.T @ a)
        hat = a @ bread @ a.T
        sigma2 = found.sse[i] / np.trace((np.eye(len(w)) - hat) @ np.diag(w**2))
        wanted = sigma2 * bread @ (a.T * w**2 @ a) @ bread
        scale = np.sqrt(np.outer(np.diag(wanted), np.diag(wanted)))
        assert np.abs(found.covariance[i] - wanted).max() <= 1e-6 * scale.max()
        np.testing.assert_allclose(np.diag(found.covariance[i]), np.diag(wanted), rtol=1e-6)
    with pytest.raises(SettingsError, match="noise"):
        fit(DELAYED, omega, np.concatenate([r, -x], axis=1), weights=w, noise="pink")


# --- the same sweep written otherwise


def test_order_units_and_signs_do_not_matter():
    r, x = eim_sweep(MUSCLE, F, seed=7)
    first = eim.measure(F, r, x)
    shuffled = np.random.default_rng(1).permutation(len(F))
    assert eim.measure(F[::-1], r[::-1], x[::-1]) == first
    assert eim.measure(F[shuffled], r[shuffled], x[shuffled]) == first
    turned = eim.measure(F, r, -x)
    assert turned.measurements == first.measurements
    assert turned.flagged("reactance-sign-turned")
    same_numbers(eim.measure(F / 1e3, r / 1e3, x / 1e3, frequency_unit="kHz", impedance_unit="kOhm"), first)


@pytest.mark.parametrize("unit", ["deg", "rad"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_modulus_and_phase_are_the_same_sweep(unit, sign):
    r, x = eim_sweep(MUSCLE, F, seed=8)
    angle = np.arctan2(sign * x, r)
    arrays = {"frequency": F, "magnitude": np.hypot(r, x), "phase": angle if unit == "rad" else np.degrees(angle)}
    reading = mm.Reading(arrays, {"frequency": "Hz", "magnitude": "Ohm", "phase": unit})
    (one,) = eim.inputs([reading])
    same_numbers(eim.measure(**one.args, **one.settings), eim.measure(F, r, x))


@pytest.mark.parametrize("factor", [1e-1, 3.0, 20.0])
def test_impedance_times_c_scales_ohms_and_nothing_else(factor):
    r, x = eim_sweep(MUSCLE, F, seed=9)
    one, other = eim.measure(F, r, x), eim.measure(F, factor * r, factor * x)
    power = {"Ohm": 1.0, "nF": -1.0}
    for a, b in zip(one.measurements, other.measurements, strict=True):
        if a.name not in ("aicc", "logR_slope"):
            assert b.value == pytest.approx(a.value * factor ** power.get(a.unit, 0.0), rel=1e-7), a.name
    assert other["logR_slope"].value == pytest.approx(one["logR_slope"].value)


def test_a_stack_is_bit_equal_to_a_loop():
    r, x = noisy(40, seed=10)
    x[::3] *= -1
    r[5, 7] *= 1.5
    many = eim.measure_many(F, r, x)
    for i in range(len(r)):
        assert many[i] == eim.measure(F, r[i], x[i])
    assert eim.measure_many(F, r[11:14], x[11:14]) == many[11:14]


# --- options


def test_features_are_what_their_definitions_say():
    f = np.array([10e3, 50e3, 100e3, 200e3, 300e3, 400e3, 500e3])
    r, x = clean(f)
    record = eim.measure(f, r, x, cell_constant=40.0)
    phase = np.degrees(np.arctan(x / r))
    assert record["phase_ratio_50_100"].value == pytest.approx(phase[1] / phase[2])
    assert record["phase_ratio_50_200"].value == pytest.approx(phase[1] / phase[3])
    assert record["X_ratio_50_200"].value == pytest.approx(x[1] / x[3])
    assert record["phase_slope"].value == pytest.approx(np.polyfit(f[2:] / 1e6, phase[2:], 1)[0])
    assert record["R_slope"].value == pytest.approx(np.polyfit(np.log10(f), r, 1)[0])
    assert record["logR_slope"].value == pytest.approx(np.polyfit(np.log10(f), np.log10(r), 1)[0])
    square = r[1] ** 2 + x[1] ** 2
    assert record["conductivity_50kHz"].value == pytest.approx(40.0 * r[1] / square)
    epsilon = 40.0 * x[1] / (square * 2 * np.pi * 50e3 * 8.8541878128e-12)
    assert record["permittivity_50kHz"].value == pytest.approx(epsilon)
    assert record["X_max"].value == x.max()
    assert record["f_X_max"].value == f[np.argmax(x)] / 1e3


def test_without_the_electrodes_geometry_there_is_no_conductivity():
    """Fault 89."""
    r, x = eim_sweep(MUSCLE, F)
    assert not any("conductivity" in name or "permittivity" in name for name in eim.measure(F, r, x))


def test_a_stray_capacitance_is_found():
    f = np.geomspace(5e3, 1e6, 60)
    r, x = eim_sweep(MUSCLE, f, noise=0.0, stray=30e-12)
    z = (r - 1j * x) * np.exp(2j * np.pi * f * MUSCLE.Td)
    record = eim.measure(f, z.real, z.imag, stray=True)
    assert "Td" not in record
    assert record["Cs"].value == pytest.approx(30.0, rel=1e-6)
    assert record["Ri"].value == pytest.approx(MUSCLE.truth["Ri"], rel=1e-7)


def test_two_arcs_on_request():
    rng = np.random.default_rng(11)
    f = np.geomspace(1e3, 5e6, 80)
    one = eim.cole(f, R0=25.0, Rinf=0.0, fc=20e3, alpha=0.85) + eim.cole(f, R0=9.0, Rinf=0.0, fc=900e3, alpha=0.9)
    z = (one + 36.0) * np.exp(-2j * np.pi * f * 3e-9) + rng.normal(0, 3e-3, 80) + 1j * rng.normal(0, 3e-3, 80)
    record = eim.measure(f, z.real, z.imag, components=2)
    for name, true in {"R0": 70.0, "Rinf": 36.0, "fc": 20.0, "fc_2": 900.0, "share_2": 9 / 34, "Td": 3.0}.items():
        low, high = record[name].interval
        assert low - (high - low) <= true <= high + (high - low), name
    assert record["aicc"].value < record["aicc_single"].value - 10
    assert not record.flagged("second-arc-not-needed")
    r, x = eim_sweep(MUSCLE, F, seed=12)
    needless = eim.measure(F, r, x, components=2)
    assert needless.flagged("second-arc-not-needed") or needless.flagged("cole-not-determined")


@pytest.mark.parametrize("count", [3, 4, 5, 6])
def test_few_frequencies_have_features_always_and_an_arc_where_determined(count):
    f = np.array([5e3, 50e3, 100e3, 200e3, 20e3, 500e3])[:count]
    r, x = eim_sweep(MUSCLE, f, noise=1e-5)
    record = eim.measure(f, r, x)
    assert np.isfinite(record["phase_50kHz"].value)
    assert np.isnan(record["kk_rms"].value)
    determined = count > 3
    assert np.isfinite(record["Ri"].value) == determined
    assert record.flagged("cole-not-determined") != determined
    free = eim.measure(f, *clean(f, Td=0.0), delay=False)
    assert free["Ri"].value == pytest.approx(MUSCLE.truth["Ri"], rel=1e-6)


def test_a_delay_is_told_and_costs_the_phase_what_theory_says():
    with_delay, without = (eim.measure(F, *clean(Td=td)) for td in (4.8e-9, 0.0))
    assert with_delay.flagged("delay")
    assert not without.flagged("delay")
    added = with_delay["phase_50kHz"].value - without["phase_50kHz"].value
    assert added == pytest.approx(360 * 50e3 * 4.8e-9, rel=2e-2)
    assert with_delay["Ri"].value == pytest.approx(without["Ri"].value, rel=1e-8)


def test_the_range_over_weights_and_bands_holds_the_analysers_value(nhanes):
    of = nhanes
    records = eim.measure_many(of.frequency, of.resistance[:400], of.reactance[:400])
    theirs = study.own(of)["Ri"][:400]
    inside = (study.values(records, "Ri_low") <= theirs) & (theirs <= study.values(records, "Ri_high"))
    narrow = np.mean([r["Ri"].interval[0] <= t <= r["Ri"].interval[1] for r, t in zip(records, theirs, strict=True)])
    assert inside.mean() > 0.97
    assert inside.mean() >= narrow


# --- faults


def test_kilohertz_given_as_hertz_is_refused_with_the_hint():
    """Fault 83."""
    r, x = eim_sweep(MUSCLE, F)
    with pytest.raises(InputError, match="looks like kHz") as caught:
        eim.measure(F / 1e3, r, x)
    assert caught.value.code == "implausible-frequency"
    assert "frequency_unit=kHz" in caught.value.remedy
    with pytest.raises(InputError, match="looks like Hz"):
        eim.measure(F, r, x, frequency_unit="MHz")
    assert eim.measure(F / 1e3, r, x, frequency_range=None)["R0"].value > 0


def test_mixed_signs_are_refused_and_a_stated_sign_is_believed():
    """Fault 84."""
    r, x = eim_sweep(MUSCLE, F)
    mixed = np.where(np.arange(len(F)) % 2, x, -x)
    with pytest.raises(InputError) as caught:
        eim.measure(F, r, mixed)
    assert caught.value.code == "mixed-reactance-sign"
    assert eim.measure(F, r, mixed, reactance_sign="positive").flagged("inductive-reactance")
    assert eim.measure(F, r, -x, reactance_sign="negative").measurements == eim.measure(F, r, x).measurements
    assert eim.measure(F, r, -x, reactance_sign="positive").flagged("inductive-reactance")


def test_a_phase_that_could_be_degrees_or_radians_is_refused():
    r, x = eim_sweep(MUSCLE, F)
    arrays = {"frequency": F, "magnitude": np.hypot(r, x), "phase": np.arctan2(x, r)}
    (one,) = eim.inputs([mm.Reading(arrays, {"frequency": "Hz"})])
    assert one.reason.code == "phase-unit-not-stated"
    (one,) = eim.inputs([mm.Reading(arrays, {"frequency": "Hz"})], phase_unit="rad")
    assert one.reason is None
    degrees = {**arrays, "phase": np.degrees(arrays["phase"])}
    (one,) = eim.inputs([mm.Reading(degrees, {"frequency": "Hz"})])
    assert one.reason is None
    assert any("so degrees" in n for n in one.notes)
    with pytest.raises(SettingsError):
        list(eim.inputs([], phase_unit="Ohm"))


def test_the_imaginary_part_of_a_file_is_turned():
    r, x = eim_sweep(MUSCLE, F)
    units = {"frequency": "Hz", "resistance": "Ohm", "imaginary": "mOhm"}
    (one,) = eim.inputs([mm.Reading({"frequency": F, "resistance": r, "imaginary": -1e3 * x}, units)])
    same_numbers(eim.measure(**one.args, **one.settings), eim.measure(F, r, x))
    assert any("imaginary" in n for n in one.notes)


def test_duplicates_are_averaged_and_zero_frequencies_dropped():
    """Fault 85."""
    r, x = eim_sweep(MUSCLE, F)
    f2, r2, x2 = (np.concatenate([v, v[:3]]) for v in (F, r, x))
    r2[-3:] += 0.02
    r2[:3] -= 0.02
    record = eim.measure(f2, r2, x2)
    same_numbers(record, eim.measure(F, r, x), rel=1e-7)
    assert record.flagged("duplicate-frequencies")
    zeros = eim.measure(*(np.concatenate([[0.0, 0.0], v]) for v in (F, r, x)))
    assert zeros.flagged("no-frequency")
    assert zeros.measurements == eim.measure(F, r, x).measurements


def test_what_was_not_measured_is_interpolated_inside_the_sweep_only():
    """Fault 86."""
    f = np.geomspace(5.3e3, 0.93e6, 41)
    record = eim.measure(f, *clean(f))
    (flag,) = [m for m in record.flags if m.code == "interpolated"]
    assert "50 kHz (nearest" in flag.message
    true = clean(np.array([50e3]))
    assert record["phase_50kHz"].value == pytest.approx(math.degrees(math.atan2(true[1][0], true[0][0])), abs=0.02)
    short = eim.measure(f[f > 60e3], *clean(f[f > 60e3]))
    assert np.isnan(short["phase_50kHz"].value)
    assert any(m.code == "outside-sweep" and "phase_50kHz" in m.message for m in short.flags)


def test_what_no_tissue_gives_is_refused_or_told():
    """Fault 87."""
    r, x = eim_sweep(MUSCLE, F)
    with pytest.raises(InputError) as caught:
        eim.measure(F, np.where(np.arange(len(F)) == 3, -r, r), x)
    assert caught.value.code == "negative-resistance"
    with pytest.raises(InputError) as caught:
        eim.measure(F, r + 1e6, x)
    assert caught.value.code == "open-electrode"
    inductive = eim.measure(F, r, x - 2 * np.pi * F * 2e-6)
    assert inductive.flagged("inductive-reactance")
    assert eim.measure(F, *eim_sweep(MUSCLE, F, contact=15.0)).flagged("poor-contact")
    assert eim.measure(F, *eim_sweep(MUSCLE, F, dropped=2)).flagged("poor-sweep")
    assert eim.measure(F, r[::-1].copy(), x).flagged("resistance-rises")


def test_kilo_ohms_and_conductivities_are_told():
    """Fault 88."""
    r, x = eim_sweep(MUSCLE, F)
    assert eim.measure(F, r / 1e3, x / 1e3).flagged("implausible-impedance")
    with pytest.raises(SettingsError, match="conductivity"):
        eim.measure(F, r, x, impedance_unit="S/m")


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": (47e3,)},
        {"at": "50e3"},
        {"components": 3},
        {"components": 2, "stray": True},
        {"weighting": "best"},
        {"cell_constant": 0.0},
        {"frequency_range": (5.0, 1.0)},
        {"reactance_sign": "up"},
        {"delay": 2},
        {"frequency_unit": "Ohm"},
        {"phase_unit": "s"},
        {"no_such": 1},
    ],
)
def test_decisions_that_cannot_be_carried_out(wrong):
    with pytest.raises(SettingsError) as caught:
        eim.check_settings(**wrong)
    assert caught.value.remedy


def test_a_sweep_of_two_frequencies_is_none():
    with pytest.raises(InputError) as caught:
        eim.measure([5e3, 50e3], [60.0, 50.0], [4.0, 8.0])
    assert caught.value.code == "too-few-frequencies"


def test_long_sweeps_keep_their_evidence_small():
    f = np.geomspace(1e3, 1e6, 1500)
    record = eim.measure(f, *clean(f))
    assert sum(len(t) for t in record.traces) <= 4000
    assert record.flagged("evidence-thinned")


# --- two directions, the whole body


def test_anisotropy():
    along, across = eim.measure(F, *clean(), at=(50e3, 100e3)), eim.measure(F, *clean(R0=90.0, Rinf=45.0))
    found = eim.anisotropy(along.labelled(direction="longitudinal", subject="1"), across.labelled(subject="1"))
    assert dict(found.labels) == {"subject": "1"}
    assert list(found) == [f"{q}_{k}_50kHz" for q in ("R", "X", "phase") for k in ("anisotropy", "contrast")]
    t, lo = across["X_50kHz"].value, along["X_50kHz"].value
    assert found["X_anisotropy_50kHz"].value == pytest.approx(t / lo)
    assert found["X_contrast_50kHz"].value == pytest.approx((lo - t) / (lo + t))
    with pytest.raises(InputError) as caught:
        eim.anisotropy(along.labelled(direction="transverse"), across)
    assert caught.value.code == "direction-conflict"
    with pytest.raises(InputError) as caught:
        eim.anisotropy(along, eim.measure(F, *clean(), at=(200e3,)))
    assert caught.value.code == "no-shared-frequency"
    doubtful = eim.measure(F, *eim_sweep(MUSCLE, F, contact=15.0))
    assert eim.anisotropy(along, doubtful).status == "suspect"


def test_volumes_take_m_and_f_and_no_codes():
    volumes = eim.fluid_volumes(np.array([600.0, 500.0]), 1200.0, height=170.0, weight=70.0, sex=["F", "M"])
    assert volumes.ECF.shape == (2,)
    np.testing.assert_allclose(volumes.ECF + volumes.ICF, volumes.TBW)
    ecf = 1e-2 * (4.3**2 * 39.0**2 / 1.05) ** (1 / 3) * (170**2 * 70**0.5 / 600) ** (2 / 3)
    assert volumes.ECF[0] == pytest.approx(ecf)
    for sex in (1, "male", [1, 2]):
        with pytest.raises(SettingsError) as caught:
            eim.fluid_volumes(600.0, 1200.0, height=170.0, weight=70.0, sex=sex)
        assert caught.value.code == "sex-not-stated"
    with pytest.raises(InputError, match="in cm"):
        eim.fluid_volumes(600.0, 1200.0, height=1.7, weight=70.0, sex="F")
    with pytest.raises(InputError):
        eim.fluid_volumes(-600.0, 1200.0, height=170.0, weight=70.0, sex="F")


def test_muscle_mass_by_published_equations():
    facts = {"resistance": 520.0, "height": 168.0, "weight": 71.0, "age": 66.0, "reactance": 48.0}
    index = 168.0**2 / 520.0
    wanted = {
        "janssen2000": 0.401 * index + 3.825 - 0.071 * 66 + 5.102,
        "kyle2003": -4.211 + 0.267 * index + 0.095 * 71 + 1.909 - 0.012 * 66 + 0.058 * 48,
        "sergi2015": -3.964 + 0.227 * index + 0.095 * 71 + 1.384 + 0.064 * 48,
    }
    for name, value in wanted.items():
        (m,) = eim.muscle_mass(name, sex="M", **facts).measurements
        assert m.value == pytest.approx(value)
        assert m.unit == "kg"
        assert m.interval[1] - m.interval[0] == pytest.approx(2 * 1.96 * m.stderr, rel=1e-4)
    assert eim.muscle_mass("sergi2015", sex="F", **{**facts, "age": 40.0}).flagged("outside-population")
    with pytest.raises(SettingsError, match="needs weight"):
        eim.muscle_mass("kyle2003", sex="F", resistance=520.0, height=168.0, age=30.0, reactance=48.0)


def test_many_sweeps_in_one_figure():
    from musclemetrics import canvas

    records = [
        eim.measure(FREQUENCIES, *eim_sweep(MUSCLE, seed=s)).labelled(group=g) for s, g in enumerate(("a", "b", "$a"))
    ]
    _, axes = canvas.figure()
    eim.draw_sweeps(records, axes, label_by="group")
    assert len(axes.lines) == 6
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["a", "b", r"\$a"]
    assert axes.get_xlabel() == "R (Ω)"


@pytest.mark.parametrize("weighting", ["none", "shared", "own"])
def test_the_sums_of_a_turned_arc_are_those_of_its_columns(weighting):
    rng = np.random.default_rng(3)
    n = 7
    y = np.concatenate([a.T for a in noisy(n, noise=1e-2)]) * np.repeat([1.0, -1.0], len(F))[:, None]
    w = {"none": None, "shared": rng.uniform(0.2, 1.0, (len(F), 1)), "own": rng.uniform(0.2, 1.0, (len(F), n))}[
        weighting
    ]
    w = None if w is None else np.concatenate([w, w])
    if weighting == "own":
        w[0, 2] *= 1.5  # one sweep whose parts weigh differently goes the long way, alone
    at = [np.log(1 / (2e5 * np.pi)) + 0.2 * rng.normal(size=n), rng.uniform(0.6, 0.8, n), 1 + rng.uniform(0, 9e-3, n)]
    x = np.tile(2 * np.pi * F, 2)[:, None]
    short, long = (Problem(m, x, y, w).evaluate(at) for m in (DELAYED, replace(DELAYED, sums=None)))
    np.testing.assert_allclose(short.cost, long.cost, rtol=1e-12)
    np.testing.assert_allclose(short.linear, long.linear, rtol=1e-12)
    np.testing.assert_allclose(short.gradient, long.gradient, rtol=1e-7, atol=1e-12 * np.abs(long.gradient).max())
    for i, j in ((0, 0), (1, 0), (1, 1)):  # by the delay the data stand for the curve
        np.testing.assert_allclose(short.curvature[i][j], long.curvature[i][j], rtol=1e-9)
    np.testing.assert_allclose(short.curvature[2][2], long.curvature[2][2], rtol=0.5)
    if weighting == "own":
        assert short.curvature[2][2][2] == long.curvature[2][2][2]


def test_a_weighted_sweep_does_not_feel_its_neighbours():
    r, x = noisy(5)
    y, w = np.concatenate([r, -x], axis=1), 1.0 / np.tile(np.hypot(r, x), 2)
    w[3, 0] *= 2.0
    for weights in (w, w[0]):
        together = fit(DELAYED, np.tile(2 * np.pi * F, 2), y, weights=weights, noise="white")
        for i in range(5):
            own = weights if weights.ndim == 1 else weights[i]
            alone = fit(DELAYED, np.tile(2 * np.pi * F, 2), y[i], weights=own, noise="white")
            assert np.array_equal(together.parameters[i], alone.parameters[0])
            assert np.array_equal(together.covariance[i], alone.covariance[0])
