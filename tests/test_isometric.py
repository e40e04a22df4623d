"""isometric as a physiologist meets it: real recordings, truths, relations that must hold, refusals and flags."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import musclemetrics as mm
from musclemetrics import isometric
from musclemetrics.errors import InputError, SettingsError
from musclemetrics.reading import Event, Reading
from musclemetrics.simulate.isometric import isometric as simulated

from .shared_data import shared

NAMES = ["Po", "specific_force", "total", "passive", "csa", "drift", "noise"]
FOLDER = "fibre/slack_ktr_isovelocity"


def codes(record):
    return {f.code for f in record.flags}


def measured(made, **chosen):
    own = {"length_unit": "{L0}", "force_unit": "mN", **chosen}
    return isometric.measure(made.time, made.force, made.length, **own)


def matlab(name):
    from scipy.io import loadmat

    return loadmat(shared(f"{FOLDER}/{name}"))["datatable"].T


# ---- real recordings -----------------------------------------------------------------------------------------------


def test_rat_fibres_agree_with_the_plateaus_of_force_pca():
    """The same contractions by the other modality: plateau just before the slack step, zero within the slack."""
    folder = shared("fibre/slc/ACB11")
    (curve,) = mm.measure_files([folder], "force_pca", group_by="folder", plateau_window=0.1)
    wanted = sorted(curve.trace("force"))
    records = list(mm.measure_files([folder], "isometric"))
    assert len(records) == 8
    found = sorted(r["Po"].value for r in records)
    assert found == pytest.approx(wanted, abs=0.05)
    for r in records:
        assert r["total"].value == r["Po"].value, "no rest is recorded, so Po includes the passive force"
        assert r["specific_force"].value == r["Po"].value
        assert {"passive-not-known", "stress-given", "sampling-rate-conflict"} <= codes(r)


def test_the_slack_test_gives_the_po_of_its_plateaus():
    time, length, force = matlab("bakers_slack8mM_all.mat")
    r = isometric.measure(time, force, length, length_unit="um", fibre_length=2.0, force_unit="kPa")
    assert r["Po"].value == pytest.approx(force[(time > 1.71) & (time < 1.80)].mean(), abs=0.5)
    begin, end = r.trace("plateau_time")
    assert end == pytest.approx(1.8095 - 0.002, abs=0.001)
    assert end - begin == pytest.approx(0.1, abs=0.002)
    assert abs(r.trace("zero_force")[0]) < 1.0


def test_ktr_and_isovelocity_recordings_give_their_po():
    time, length, force = matlab("bakers_ktr_8.mat")
    r = isometric.measure(time, force, length, length_unit="um", fibre_length=2.0, force_unit="kPa")
    slack = force[(time > -0.011) & (time < -0.006)].mean()
    assert r["Po"].value == pytest.approx(force[time < -0.02].mean() - slack, abs=0.5)
    time, length, force = matlab("isovelocity.mat")
    r = isometric.measure(time, force, length, time_unit="ms", length_unit="{L0}", force_unit="kPa")
    assert r["Po"].value == pytest.approx(92.5, abs=0.5)
    assert "run-down" not in codes(r), "the ramps end at other lengths, which is no run-down"


def test_without_slack_or_rest_there_is_no_zero():
    for name in ("bakers_rampup8.mat", "bakers_ktr_8.mat"):
        time, _, force = matlab(name)
        with pytest.raises(InputError) as caught:
            isometric.measure(time, force, force_unit="kPa", plateau_window=0.05)
        assert caught.value.code in ("no-zero", "plateau-window")
    r = isometric.measure(time, force, force_unit="kPa", zero=0.0, plateau=(-0.1, -0.02))
    assert r["Po"].value == pytest.approx(force[(time > -0.1 - 1e-9) & (time < -0.02 - 1e-9)].mean(), rel=1e-9)


def test_a_tetanus_of_a_whole_muscle():
    text = shared("fibre/aurora_ddf/tetanus.ddf").read_text("latin-1")
    rows = np.loadtxt(text.split("Test Data in Volts:")[1].strip().splitlines()[1:-1])
    time, force = rows[:, 0] / 1e4, 500.0 * rows[:, 2]
    r = isometric.measure(time, force, force_unit="mN", stimulus_time=0.1, plateau_window=0.01)
    assert r["Po"].value == pytest.approx(2484, rel=0.015)
    assert "plateau-not-steady" in codes(isometric.measure(time, force, force_unit="mN", stimulus_time=0.1))


# ---- truths --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [500.0, 2000.0, 10_000.0])
def test_a_contraction_without_noise_is_recovered(rate):
    made = simulated(noise=0.0, rate=rate)
    r = measured(made, diameter=80.0)
    assert list(r) == NAMES
    for name in ("Po", "total", "passive"):
        assert r[name].value == pytest.approx(made.truth[name], abs=1e-6), name
    assert r["csa"].value == pytest.approx(math.pi / 4 * 0.08**2)
    assert r["specific_force"].value == pytest.approx(made.truth["Po"] / r["csa"].value, rel=1e-6)
    assert r.status == "ok"
    assert not r.flags


@pytest.mark.parametrize(
    "artefacts", [{}, {"noise": 0.02}, {"hum": 0.01}, {"rate": 5000.0}, {"slack": 0.0, "tetanus": 0.4}]
)
def test_intervals_hold_the_truth(artefacts):
    runs, hits, total = 60, 0, 0
    for seed in range(runs):
        made = simulated(seed=seed, **artefacts)
        r = measured(made)
        low, high = r["Po"].interval
        hits += low <= made.truth["Po"] <= high
        total += 1
    # 60 runs of a 95 % interval hold the truth in 50 or fewer once in 1,000.
    assert hits > 50, (hits, total)


def test_stiffness_from_a_small_step():
    for step in (0.005, -0.005):
        values = []
        for seed in range(20):
            made = simulated(step=step, seed=seed, noise=0.003)
            r = measured(made, stiffness=True)
            assert list(r) == [*NAMES, "stiffness_L0", "stiffness_Po"]
            values.append(r["stiffness_Po"].value)
            assert r["stiffness_L0"].value == pytest.approx(r["stiffness_Po"].value * r["Po"].value)
            assert r["stiffness_L0"].unit == "mN/{L0}"
        assert np.mean(values) == pytest.approx(30.0, rel=0.03)


def test_the_area_by_each_way():
    made = simulated(noise=0.0)
    circle = measured(made, diameter=0.1, dimension_unit="mm")
    ellipse = measured(made, width=100.0, depth=100.0)
    given_ = measured(made, area=math.pi / 4 * 1e4)
    metres = measured(made, area=math.pi / 4 * 1e-8, area_unit="m2")
    for r in (circle, ellipse, given_, metres):
        assert r["csa"].value == pytest.approx(math.pi / 4 * 0.01)
        # 0.9 mN over 0.00785 mm2; 1 mN/mm2 is 1 kN/m2.
        assert r["specific_force"].value == pytest.approx(0.9 / (math.pi / 4 * 0.01), rel=1e-5)
        assert r["specific_force"].unit == "kN/m2"
    newton = isometric.measure(
        made.time, 1e-3 * made.force, made.length, length_unit="{L0}", force_unit="N", diameter=100.0
    )
    assert newton["specific_force"].value == pytest.approx(circle["specific_force"].value)
    flat = measured(made, width=200.0, depth=50.0)
    assert flat["csa"].value == pytest.approx(circle["csa"].value)


def test_passive_force_from_a_record_of_its_own():
    made = simulated(start=0.0, passive=0.05)
    alone = measured(made)
    assert alone["Po"].value == pytest.approx(0.95, abs=0.005)
    assert "passive-not-known" in codes(alone)
    r = measured(made, passive=0.05)
    assert r["Po"].value == pytest.approx(0.90, abs=0.005)
    assert r["total"].value == pytest.approx(0.95, abs=0.005)
    assert r["passive"].value == 0.05
    assert "passive-given" in codes(r)
    assert "passive-conflict" in codes(measured(simulated(), passive=0.4))


def test_no_contraction_is_reported_of_rest_alone():
    found, reasons = 0, set()
    for seed in range(100):
        made = simulated(Po=1e-9, passive=0.0, slack=0.0)
        force = 0.2 + np.random.default_rng(seed).normal(0, 0.01, len(made.time))
        force = force + 0.005 * np.sin(2 * np.pi * 50 * made.time)
        try:
            isometric.measure(made.time, force)
            found += 1
        except InputError as error:
            reasons.add(error.code)
    assert found <= 1
    assert reasons <= {"no-contraction", "no-zero"}
    with pytest.raises(InputError) as caught:
        isometric.measure(made.time, force, stimulus_time=0.2)
    assert caught.value.code == "no-contraction"


# ---- relations that must hold --------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.floats(1e-3, 1e4), st.floats(-100, 100), st.integers(0, 10_000), st.sampled_from(["s", "ms"]))
def test_scale_shift_and_units(factor, offset, seed, unit):
    """Scale the force and Po scales; lift the transducer's zero and nothing moves; µm are as good as L0."""
    made = simulated(seed=seed)
    first = measured(made)
    again = isometric.measure(
        made.time * (1e3 if unit == "ms" else 1.0),
        factor * (made.force + offset),
        1250.0 * made.length,
        time_unit=unit,
        length_unit="um",
        fibre_length=1250.0,
        force_unit="mN",
    )
    for name in ("Po", "total", "passive", "noise"):
        assert again[name].value == pytest.approx(factor * first[name].value, rel=1e-6, abs=1e-6 * factor), name
    assert again["drift"].value == pytest.approx(first["drift"].value, rel=1e-5, abs=1e-8)


def test_windows_by_hand_win():
    made = simulated()
    r = measured(made, plateau=(0.5, 0.6), relaxed=(0.0, 0.1), zero=0.2)
    inside = (made.time >= 0.5 - 1e-9) & (made.time < 0.6 - 1e-9)
    rest = made.time < 0.1 - 1e-9
    assert r["Po"].value == pytest.approx(made.force[inside].mean() - made.force[rest].mean(), rel=1e-9)
    assert r["total"].value == pytest.approx(made.force[inside].mean() - 0.2, rel=1e-9)
    assert list(r.trace("plateau_time")) == pytest.approx([0.5, 0.599])


# ---- from files ----------------------------------------------------------------------------------------------------


def test_a_file_states_the_size_and_a_setting_wins():
    made = simulated()
    arrays = {"time": made.time, "force": made.force, "length": made.length, "diameter": np.array(0.09)}
    units = {"time": "s", "force": "mN", "length": "{L0}", "diameter": "mm"}
    reading = Reading(arrays, units, {"fibre": "1"}, (Event(0.2, "stimulus"),))
    (one,) = isometric.inputs([reading])
    r = isometric.measure(**one.args, **one.settings)
    assert r["csa"].value == pytest.approx(math.pi / 4 * 0.09**2)
    assert one.settings["stimulus_time"] == 0.2
    (other,) = isometric.inputs([reading], area=5000.0)
    assert "diameter" not in other.settings
    assert [f.code for f in other.flags] == ["setting-overrides-file"]
    channel = Reading(
        {"time": made.time, "force": made.force, "stimulus": (np.abs(made.time - 0.3) < 0.01) * 5.0},
        {"time": "s", "force": "mN", "stimulus": "V"},
    )
    (told,) = isometric.inputs([channel])
    assert told.settings["stimulus_time"] == pytest.approx(0.291)
    (none,) = isometric.inputs([Reading({"pCa": np.arange(3.0)})])
    assert none.reason.code == "no-trace"


def test_an_ellipse_and_an_area_in_the_file():
    made = simulated()
    base = {"time": made.time, "force": made.force}
    wide = Reading(
        {**base, "width": np.array(80.0), "depth": np.array(60.0)},
        {"time": "s", "force": "mN", "width": "um", "depth": "um"},
    )
    (one,) = isometric.inputs([wide])
    assert {k: one.settings[k] for k in ("width", "depth", "dimension_unit")} == {
        "width": 80.0,
        "depth": 60.0,
        "dimension_unit": "um",
    }
    area = Reading({**base, "area": np.array(5e-9)}, {"time": "s", "force": "mN", "area": "m2"})
    (one,) = isometric.inputs([area])
    assert (one.settings["area"], one.settings["area_unit"]) == (5e-9, "m2")


# ---- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "artefacts", "chosen"),
    [
        ("time-unit-not-stated", {}, {"time_unit": None}),
        ("window-outside", {}, {"plateau": (5.0, 6.0)}),
        ("stimulus-outside", {}, {"stimulus_time": 0.9}),
        ("plateau-window", {"slack_at": 0.25}, {"plateau_window": 2.0}),
        ("length-unit-not-stated", {}, {"length_unit": None, "stiffness": True}),
        ("no-fibre-length", {}, {"length_unit": "um", "stiffness": True}),
    ],
)
def test_what_cannot_be_measured_is_refused(code, artefacts, chosen):
    with pytest.raises(InputError) as caught:
        measured(simulated(**artefacts), **chosen)
    assert caught.value.code == code
    assert caught.value.remedy


def test_a_gap_in_a_stretch_given_by_hand_is_refused():
    made = simulated()
    force = made.force.copy()
    force[520:540] = np.nan
    with pytest.raises(InputError) as caught:
        isometric.measure(made.time, force, made.length, length_unit="{L0}", plateau=(0.5, 0.6))
    assert caught.value.code == "gap-in-level"
    found = isometric.measure(made.time, force, made.length, length_unit="{L0}")
    assert "missing-samples" in codes(found)
    assert found["Po"].value == pytest.approx(0.9, abs=0.01)


def test_stiffness_needs_a_length():
    made = simulated()
    with pytest.raises(InputError) as caught:
        isometric.measure(made.time, made.force, stiffness=True)
    assert caught.value.code == "no-trace"


def test_settings_that_cannot_be_carried_out():
    for wrong in (
        {"force_unit": "s"},
        {"time_unit": "mN"},
        {"plateau": (2.0, 1.0)},
        {"relaxed": 3.0},
        {"diameter": 80.0, "area": 5000.0},
        {"width": 80.0},
        {"diameter": -1.0},
        {"plateau_window": 0.0},
        {"dimension_unit": "s", "diameter": 1.0},
        {"area_unit": "um"},
    ):
        with pytest.raises(SettingsError):
            isometric.check_settings(**wrong)
    with pytest.raises(SettingsError) as caught:
        measured(simulated(), diameter=80.0, width=80.0, depth=80.0)
    assert caught.value.code == "several-areas"
    with pytest.raises(SettingsError):
        isometric.check_settings(no_such=1)
    isometric.check_settings()


# ---- flags ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "artefacts", "chosen"),
    [
        ("area-not-stated", {}, {"diameter": None}),
        ("stress-given", {"Po": 120.0}, {"force_unit": "kN/m2", "diameter": None}),
        ("force-unit-not-stated", {}, {"force_unit": "1"}),
        ("zero-not-known", {"slack": 0.0}, {}),
        ("passive-not-known", {"start": 0.0}, {}),
        ("rest-unclear", {"start": 0.02, "rise": 0.1, "slack_at": 0.9}, {}),
        ("rest-drifts", {"drift": 0.2}, {}),
        ("implausible-stress", {"Po": 900.0}, {}),
        ("plateau-not-steady", {"rise": 0.3}, {}),
        ("spikes-in-plateau", {"spikes": 60}, {}),
        ("length-not-used", {}, {"length_unit": None}),
        ("length-not-used", {}, {"length_unit": "um"}),
        ("no-small-step", {}, {"stiffness": True}),
        ("slow-step", {"step": 0.004, "rate": 500.0}, {"stiffness": True}),
        ("clipped-force", {}, {}),
    ],
)
def test_doubt_is_told(code, artefacts, chosen):
    made = simulated(**artefacts)
    assert code not in codes(measured(simulated(step=0.004), diameter=80.0, stiffness=True))
    force = np.minimum(made.force, 1.135) if code == "clipped-force" else made.force
    chosen = {"length_unit": "{L0}", "force_unit": "mN", "diameter": 80.0, **chosen}
    r = isometric.measure(made.time, force, made.length, **chosen)
    (flag,) = [f for f in r.flags if f.code == code]
    assert re.search("[0-9]", flag.message) or flag.level == "note"


def test_run_down_over_several_releases():
    first = simulated(duration=1.0, noise=0.002)
    weaker = simulated(Po=0.7, duration=1.0, noise=0.002, start=0.0, seed=1)
    time = np.concatenate([first.time, 1.0 + weaker.time])
    force, length = np.concatenate([first.force, weaker.force]), np.concatenate([first.length, weaker.length])
    r = isometric.measure(time, force, length, length_unit="{L0}", force_unit="mN")
    assert r["Po"].value == pytest.approx(0.9, abs=0.01)
    (flag,) = [f for f in r.flags if f.code == "run-down"]
    assert "-21" in flag.message


@pytest.mark.parametrize(
    ("zero", "with_length", "told"),
    [(-5.0, True, "in slack"), (5.0, True, "in slack"), (0.9, True, "in slack"), (0.0, True, "in slack")]
    + [(-5.0, False, "above Po"), (5.0, False, "below 0"), (0.9, False, "below 0"), (0.2, True, ""), (0.22, False, "")],
)
def test_a_zero_that_the_recording_contradicts_is_told_and_rest_stays_rest(zero, with_length, told):
    made = simulated(seed=1)
    length = {"length": made.length, "length_unit": "{L0}"} if with_length else {}
    r = isometric.measure(made.time, made.force, zero=zero, force_unit="mN", **length)
    assert r["Po"].value == pytest.approx(0.9, abs=0.005), "the plateau less rest, whatever zero"
    assert r["passive"].value == pytest.approx(0.24 - zero, abs=0.005)
    messages = [f.message for f in r.flags if f.code == "zero-conflict"]
    assert bool(messages) == bool(told)
    assert all(told in message for message in messages)


def test_active_force_throughout_is_no_rest():
    for drift in (0.0, 0.2):
        made = simulated(start=0.0, slack=0.0, drift=drift, seed=1)
        r = isometric.measure(made.time, made.force, zero=0.2, force_unit="mN")
        assert r["Po"].value == pytest.approx(0.94 + 0.85 * drift, abs=0.01)
        assert "passive-not-known" in codes(r)


@pytest.mark.parametrize("hertz", [20.0, 30.0, 50.0])
def test_an_oscillating_force_is_no_plateau(hertz):
    time = np.arange(1000) / 1000
    noise = np.random.default_rng(0).normal(0.0, 0.5, 1000)
    force = np.where(time < 0.3, 10.0, 80.0 + 30.0 * np.sin(2 * np.pi * hertz * time))
    for values in (force, force + noise):
        (flag,) = [f for f in isometric.measure(time, values).flags if f.code == "plateau-oscillates"]
        assert flag.level == "suspect"
    # Mains hum is there at rest as well: the mean over it is right, and its interval says how sure.
    hummed = isometric.measure(time, np.where(time < 0.3, 10.0, 80.0) + 5.0 * np.sin(2 * np.pi * 50.0 * time) + noise)
    assert "plateau-oscillates" not in codes(hummed)


def test_a_work_loop_is_no_isometric_contraction():
    (r,) = mm.measure_files([shared("fibre/aurora_ddf/workloop.ddf")], "isometric")
    assert r.status == "suspect"
    assert {"plateau-oscillates", "length-not-held"} <= codes(r)
    assert any("6.3 mm" in f.message for f in r.flags if f.code == "length-not-held")


def test_what_the_motor_gives_way_does_not_hide_the_plateau():
    path = [shared("fibre/aurora_ddf/tetanus.ddf")]
    (without,) = mm.measure_files(path, "isometric", plateau_window=0.01)
    (found,) = mm.measure_files(path, "isometric", plateau_window=0.01, fibre_length=10.0, length_unit="mm")
    assert found["Po"].value == without["Po"].value
    assert found["Po"].value == pytest.approx(2459, abs=10)
    assert not {"length-moves", "length-not-held"} & codes(found)


def test_a_quick_step_is_not_taken_into_the_plateau():
    made = simulated(step=0.02, slack=0.0, rate=2000.0)
    r = measured(made, plateau_window=0.02)
    assert r["Po"].value == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(("size", "code"), [(0.002, None), (0.01, "length-not-held"), (0.06, "length-moves")])
def test_a_length_that_moves_within_the_plateau(size, code):
    made = simulated(slack=0.0, seed=1)
    length = made.length + size * np.clip((made.time - 0.1) / 0.8, 0.0, 1.0)
    r = isometric.measure(made.time, made.force, length, length_unit="{L0}", plateau=(0.1, 0.9), relaxed=(0.0, 0.1))
    assert [f.code for f in r.flags if f.code.startswith("length")] == ([code] if code else [])
