"""Impedance: numbers that are wrong although the sweep looks well are refused, left out, or doubted."""

import re

import numpy as np
import pytest

import musclemetrics as mm
from musclemetrics import eim
from musclemetrics.errors import InputError, SettingsError
from musclemetrics.simulate.eim import Tissue, eim_sweep

from .shared_data import shared
from .validation import eim as study

F = np.geomspace(5e3, 1e6, 40)
MUSCLE = Tissue("T", "tibialis anterior", "left", "healthy", 62.0, 36.0, 48e3, 0.70, 5e-9)
BODY = Tissue("B", "body", "", "healthy", 800.0, 500.0, 48e3, 0.70, 5e-9)


def suspect(record):
    """Return the codes that make a record suspect."""
    return {f.code for f in record.flags if f.level == "suspect"}


def stack(n, tissue=MUSCLE, f=F, **faults):
    """Return n sweeps with noise of their own."""
    pairs = [eim_sweep(tissue, f, seed=s, **faults) for s in range(n)]
    return [np.array(v) for v in zip(*pairs, strict=True)]


# --- units


@pytest.mark.parametrize(
    ("low", "high", "scale", "unit"),
    [
        (1, 3000, 1e3, "kHz"),
        (3, 2500, 1e3, "kHz"),
        (5, 2100, 1e3, "kHz"),
        (1, 10000, 1e3, "kHz"),
        (5e-3, 1, 1e6, "MHz"),
    ],
)
def test_frequencies_of_another_unit_are_refused_and_the_unit_named(low, high, scale, unit):
    f = np.geomspace(low, high, 50)
    r, x = eim_sweep(MUSCLE, f * scale)
    for said in {"Hz", "kHz"} - {unit}:
        with pytest.raises(InputError) as caught:
            eim.measure(f, r, x, frequency_unit=said)
        assert caught.value.code == "implausible-frequency"
        if said == "Hz" or unit == "MHz":
            assert f"frequency_unit={unit}" in caught.value.remedy
    np.testing.assert_allclose(
        eim.measure(f, r, x, frequency_unit=unit, frequency_range=None)["fc"].value, 48.0, rtol=0.1
    )
    believed = eim.measure(f, r, x, frequency_range=None)
    assert "long-delay" in suspect(believed) or not np.isfinite(believed["Td"].value)


def test_hertz_called_kilohertz_are_told_as_hertz():
    with pytest.raises(InputError) as caught:
        eim.measure(F, *eim_sweep(MUSCLE, F), frequency_unit="kHz")
    assert "frequency_unit=Hz" in caught.value.remedy


@pytest.mark.parametrize("settings", [{}, {"impedance_unit": "kOhm"}])
def test_a_thousandfold_impedance_is_doubted(settings):
    r, x = eim_sweep(MUSCLE, F)
    factor = 1.0 if settings else 1e3
    assert "implausible-impedance" in suspect(eim.measure(F, factor * r, factor * x, **settings))
    assert "implausible-impedance" not in suspect(eim.measure(F, 50 * r, 50 * x))


# --- what is read off


def test_nothing_is_interpolated_across_a_wide_gap():
    f = np.array([5e3, 200e3, 500e3, 1e6])
    record = eim.measure(f, *eim_sweep(MUSCLE, f, noise=0.0))
    for name in ("R_50kHz", "phase_50kHz", "phase_ratio_50_200"):
        assert np.isnan(record[name].value)
        assert any(m.code == "gap-too-wide" and name in m.message for m in record.flags)
    octave = 1e3 * np.array([10, 20, 40, 80, 160, 320])
    near, true = (
        eim.measure(octave, *eim_sweep(MUSCLE, octave, noise=0.0)),
        eim.measure(F, *eim_sweep(MUSCLE, F, noise=0.0)),
    )
    assert not near.flagged("gap-too-wide")
    assert near["phase_50kHz"].value == pytest.approx(true["phase_50kHz"].value, rel=0.035)


def test_repeats_that_differ_are_doubted():
    r, x = eim_sweep(MUSCLE, F)
    twice = [np.concatenate([v, v[:5]]) for v in (F, r, x)]
    assert suspect(eim.measure(*twice)) == set()
    twice[1][-3] *= 1.2
    record = eim.measure(*twice)
    assert "repeats-differ" in suspect(record)
    (flag,) = [m for m in record.flags if m.code == "repeats-differ"]
    assert f"{F[2] / 1e3:.4g} kHz" in flag.message


@pytest.mark.parametrize(
    ("tissue", "f"),
    [
        (MUSCLE, np.array([50e3, 100e3, 200e3, 300e3, 500e3])),
        (Tissue("L", "", "", "", 62.0, 36.0, 12e3, 0.7, 5e-9), np.geomspace(20e3, 1e6, 30)),
    ],
)
def test_a_sweep_that_begins_above_fc_has_good_contact(tissue, f):
    record = eim.measure(f, *eim_sweep(tissue, f, noise=2e-4))
    assert suspect(record) == set()
    assert record.flagged("maximum-at-end")
    assert record["fc"].value == pytest.approx(tissue.fc / 1e3, rel=0.05)


# --- arcs


@pytest.mark.parametrize("contact", [0.5, 1.0, 2.0, 3.0, 5.0])
@pytest.mark.parametrize("count", [17, 40])
def test_polarised_electrodes_are_told(contact, count):
    f = np.geomspace(5e3, 1e6, count)
    records = eim.measure_many(f, *stack(100, f=f, noise=1e-3, contact=contact))
    told = [("electrode-polarisation" in suspect(r)) or not np.isfinite(r["Ri"].value) for r in records]
    assert np.mean(told) >= 0.95


@pytest.mark.parametrize("settings", [{}, {"stray": True}, {"weighting": "unit"}, {"weighting": "modulus"}])
def test_sweeps_of_good_electrodes_are_not_doubted(settings):
    records = eim.measure_many(F, *stack(300, noise=1e-3), **settings)
    assert np.mean([bool(suspect(r) - {"jump"}) for r in records]) <= 0.01


def test_new_doubts_are_rare_on_excellent_sweeps_of_real_people():
    shared(study.FILE)
    of = study.excellent()
    records = eim.measure_many(of.frequency, of.resistance[::4], of.reactance[::4])
    for code in ("electrode-polarisation", "long-delay", "model-limited", "implausible-impedance", "poor-contact"):
        assert np.mean([code in suspect(r) for r in records]) < 0.02, code


def test_two_arcs_taken_for_one_are_doubted():
    z = eim.cole(F, R0=62, Rinf=45, fc=15e3, alpha=0.9) + eim.cole(F, R0=20, Rinf=8, fc=300e3, alpha=0.9)
    record = eim.measure(F, z.real, z.imag)
    assert "model-limited" in suspect(record)
    assert record["Ri_high"].value > 2 * record["Ri_low"].value


@pytest.mark.parametrize("stray", [50e-12, 100e-12, 150e-12])
def test_a_stray_capacitance_taken_for_a_delay_is_doubted(stray):
    r, x = stack(20, BODY, stray=stray)
    records = eim.measure_many(F, r, x)
    assert all("long-delay" in suspect(m) for m in records)
    (flag,) = [m for m in records[0].flags if m.code == "long-delay"]
    capacitance, ri = (float(n) for n in re.findall(r"of (\S+) pF in its place gives Ri (\S+)", flag.message)[0])
    assert capacitance == pytest.approx(1e12 * stray, rel=0.25)
    assert ri == pytest.approx(BODY.truth["Ri"], rel=0.05)
    assert "stray=True" in flag.message
    assert "lower" in flag.message
    assert eim.measure(F, r[0], x[0]) == records[0]


def test_an_arc_whose_r0_or_fc_the_sweep_does_not_see_is_not_reported():
    f = np.geomspace(200e3, 1e6, 20)
    far = Tissue("F", "", "", "", 62.0, 36.0, 2e3, 0.7, 5e-9)
    record = eim.measure(f, *eim_sweep(far, f, noise=1e-6))
    assert np.isnan(record["R0"].value)
    assert any("fc" in m.message for m in record.flags if m.code == "cole-not-determined")
    swamped = eim.measure(F, *eim_sweep(MUSCLE, F, contact=15.0))
    assert "cole-not-determined" in suspect(swamped)
    assert np.isnan(swamped["fc"].value)
    late = np.geomspace(60e3, 1e6, 12)
    records = eim.measure_many(late, *stack(60, Tissue("W", "", "", "", 62.0, 36.0, 20e3, 0.6), late, noise=5e-3))
    known = [m["R0"].stderr / m["R0"].value for m in records if np.isfinite(m["R0"].value)]
    assert 0 < len(known) < len(records)
    assert max(known) < 0.5


@pytest.mark.parametrize("weighting", ["unit", "modulus"])
def test_intervals_hold_the_truth_under_other_weights(weighting):
    rng = np.random.default_rng(3)
    r, x = eim_sweep(MUSCLE, F, noise=0.0)
    noise = rng.normal(0, 0.036, (2, 2500, len(F)))
    records = eim.measure_many(F, r + noise[0], x + noise[1], weighting=weighting)
    for name, true in MUSCLE.truth.items():
        inside = [m[name].interval[0] <= true <= m[name].interval[1] for m in records]
        assert 0.93 <= np.mean(inside) <= 0.97, name


def test_a_record_with_a_stray_capacitance_says_that_no_delay_was_fitted():
    r, x = eim_sweep(MUSCLE, F)
    record = eim.measure(F, r, x, stray=True)
    assert record.provenance.settings["stray"] is True
    assert record.provenance.settings["delay"] is False
    assert eim.measure(F, r, x, stray=True, delay=False) == record


# --- signs that a file states


@pytest.mark.parametrize(
    ("head", "factor"),
    [("f (Hz),Re(Z) (Ohm),Im(Z) (Ohm)", -1.0), ("freq/Hz,Z' (Ohm),-Z'' (Ohm)", 1.0)],
)
def test_a_sign_that_the_file_states_is_not_overturned_in_silence(tmp_path, head, factor):
    r, x = eim_sweep(MUSCLE, F)
    for turned in (False, True):
        y = factor * x * (-1.0 if turned else 1.0)
        path = tmp_path / f"sweep{turned}.csv"
        path.write_text("\n".join([head, *(f"{a:.6g},{b:.6g},{c:.6g}" for a, b, c in zip(F, r, y, strict=True))]))
        (record,) = mm.measure_files(path, "eim")
        assert ("sign-contradicted" in suspect(record)) == turned
        assert record["X_max"].value == pytest.approx(x.max(), rel=1e-4)
    (record,) = mm.measure_files(path, "eim", reactance_sign="detect")
    assert "sign-contradicted" not in suspect(record)


# --- two directions, the whole body


@pytest.mark.parametrize("label", ["subject", "muscle", "side", "device"])
def test_anisotropy_is_of_one_muscle(label):
    along = eim.measure(F, *eim_sweep(MUSCLE, F)).labelled(**{label: "A"})
    across = eim.measure(F, *eim_sweep(MUSCLE, F, seed=1))
    with pytest.raises(InputError) as caught:
        eim.anisotropy(along, across.labelled(**{label: "B"}))
    assert caught.value.code == "not-one-muscle"
    assert label in caught.value.message
    assert "comparability-unknown" in suspect(eim.anisotropy(along, across))
    agreed = eim.anisotropy(along, across.labelled(**{label: "A"}))
    assert agreed.labels[label] == "A"
    assert agreed.status == "ok"
    with pytest.raises(InputError) as caught:
        eim.anisotropy(along, along)
    assert caught.value.code == "same-sweep"


GOOD = {"Re": 600.0, "Ri": 1200.0, "height": 170.0, "weight": 70.0, "sex": "F"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"Re": 0.6, "Ri": 1.2}, "implausible-resistance"),
        ({"Re": 110.0, "Ri": 120.0}, "implausible-volume"),
        ({"height": 70.0, "weight": 170.0}, "implausible-body"),
        ({"height": 250.0, "weight": 3.0}, "implausible-body"),
        ({"Re": [600.0, 40.0]}, "implausible-resistance"),
    ],
)
def test_volumes_no_body_has_are_refused(wrong, code):
    with pytest.raises(InputError) as caught:
        eim.fluid_volumes(**{**GOOD, **wrong})
    assert caught.value.code == code
    assert caught.value.remedy


@pytest.mark.parametrize(
    "wrong",
    [
        {"KB": 0.0},
        {"KB": -4.3},
        {"density": 0.0},
        {"rho_extra": {"M": -1.0, "F": 39.0}},
        {"rho_intra": {"M": 270, "F": 0}},
    ],
)
def test_constants_of_the_volumes_have_ranges(wrong):
    with pytest.raises(SettingsError):
        eim.fluid_volumes(**GOOD, **wrong)


def test_volumes_are_always_arrays_of_one_shape():
    for sizes, shape in (
        ({}, ()),
        ({"weight": [70.0, 71.0]}, (2,)),
        ({"sex": ["F", "M"]}, (2,)),
        ({"Ri": [[1200.0]]}, (1, 1)),
    ):
        volumes = eim.fluid_volumes(**{**GOOD, **sizes})
        for v in volumes:
            assert type(v) is np.ndarray
            assert v.dtype == np.float64
            assert v.shape == shape


def test_a_reactance_no_body_has_is_doubted():
    facts = {"resistance": 520.0, "height": 168.0, "weight": 71.0, "age": 66.0, "sex": "M"}
    assert eim.muscle_mass("kyle2003", reactance=48.0, **facts).status == "ok"
    for reactance in (550.0, 5.0):
        assert "implausible-impedance" in suspect(eim.muscle_mass("kyle2003", reactance=reactance, **facts))
    small = {**facts, "height": 100.0, "weight": None}
    assert eim.muscle_mass("janssen2000", **small).status == "ok"


@pytest.mark.parametrize(("count", "power"), [(7, 0.7), (8, 0.88), (9, 0.94), (10, 0.95), (12, 0.95), (17, 0.98)])
def test_few_frequencies_are_judged_fairly(count, power):
    """A flawless sweep is excellent, and the share of jumps of 2 % that is found is what the documentation says."""
    f = np.geomspace(5e3, 1e6, count)
    flawless = eim.measure_many(f, *stack(300, f=f, noise=2e-4))
    assert np.mean([r["grade"].value == 0 for r in flawless]) >= 0.99
    assert np.mean([r.flagged("jump") for r in flawless]) <= 0.02
    shifted = eim.measure_many(f, *stack(300, f=f, noise=2e-4, jump=0.02))
    assert np.mean([r.flagged("jump") for r in shifted]) >= power
