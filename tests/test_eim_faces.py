"""The smaller faces of impedance: what they refuse, and the words and pictures of their answers."""

import math
import warnings

import numpy as np
import pytest

import musclemetrics as mm
from musclemetrics import eim
from musclemetrics.errors import InputError, MuscleMetricsError

F = np.geomspace(5e3, 1e6, 30)
Z = eim.cole(F, R0=62.0, Rinf=36.0, fc=48e3, alpha=0.7, Td=4e-9)


@pytest.mark.parametrize(
    "wrong",
    [
        {"fc": -1.0},
        {"fc": 0.0},
        {"fc": math.nan},
        {"alpha": 1.5},
        {"alpha": 0.0},
        {"R0": 30.0},
        {"Rinf": -1.0},
        {"Td": math.inf},
        {"R0": np.array([60.0, 61.0])},
        {"fc": "high"},
        {"frequency": [1e3, 0.0]},
        {"frequency": "x"},
    ],
)
def test_an_arc_that_is_none_is_refused(wrong):
    given = {"frequency": F, "R0": 62.0, "Rinf": 36.0, "fc": 48e3, "alpha": 0.7, **wrong}
    frequency = given.pop("frequency")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputError) as caught:
            eim.cole(frequency, **given)
    assert caught.value.remedy


def test_arcs_still_broadcast():
    z = eim.cole(F[:, None], R0=np.array([60.0, 61.0]), Rinf=36.0, fc=48e3, alpha=1.0)
    assert z.shape == (30, 2)


@pytest.mark.parametrize("name", ["resistance", "height", "age", "weight", "reactance"])
def test_muscle_mass_of_several_people_at_once_is_refused(name):
    one = {"resistance": 500.0, "height": 175.0, "age": 40.0, "weight": 70.0, "reactance": 60.0}
    for wrong in ([1.0, 2.0], "x", None if name in ("resistance", "height", "age") else [3.0, 4.0]):
        with pytest.raises(MuscleMetricsError) as caught:
            eim.muscle_mass("kyle2003", sex="M", **{**one, name: wrong})
        assert caught.value.remedy


def test_muscle_mass_takes_one_sex():
    with pytest.raises(MuscleMetricsError):
        eim.muscle_mass("janssen2000", resistance=500.0, height=175.0, sex=["M", "F"], age=40.0)


def test_a_sweep_is_simulated_from_the_face():
    assert mm.simulate.eim_sweep is mm.simulate.eim.eim_sweep
    tissue = mm.simulate.Tissue("T", "biceps", "left", "healthy", 62.0, 36.0, 48e3, 0.7)
    r, x = mm.simulate.eim_sweep(tissue)
    assert len(r) == len(x) > 10
    assert "eim_sweep" in dir(mm.simulate)


def codes(record):
    return {f.code for f in record.flags}


def test_a_wide_sweep_is_not_another_unit():
    f = np.geomspace(0.016, 2e5, 60)
    z = eim.cole(f, R0=62.0, Rinf=36.0, fc=8e3, alpha=0.8)
    with pytest.raises(InputError) as caught:
        eim.measure(f, z.real, -z.imag)
    assert "unit" not in caught.value.message
    assert "0.016" in caught.value.message
    assert "frequency_range" in caught.value.remedy
    with pytest.raises(InputError, match="kHz"):
        eim.measure(F / 1e3, Z.real, -Z.imag)
    record = eim.measure(f, z.real, -z.imag, frequency_range=(0.01, 1e7))
    assert record["R0"].value == pytest.approx(62.0, rel=1e-3)


def test_a_delay_is_told_within_the_sweep():
    f = np.geomspace(10.0, 2e5, 60)
    z = eim.cole(f, R0=62.0, Rinf=36.0, fc=8e3, alpha=0.8, Td=30e-9)
    record = eim.measure(f, z.real, -z.imag)
    (flag,) = [x for x in record.flags if x.code == "delay"]
    assert "at 200 kHz" in flag.message
    assert f"{360 * 2e5 * 30e-9:.2f} degrees" in flag.message


def test_a_resistor_does_not_rise_by_rounding():
    f = F
    for r in (50.0, 50.1, 61.7, 49.3, 33.3):
        record = eim.measure(f, np.full(len(f), r), np.full(len(f), 2.0))
        assert "resistance-rises" not in codes(record)
    rising = eim.measure(f, np.linspace(50.0, 51.0, len(f)), np.full(len(f), 2.0))
    assert "resistance-rises" in codes(rising)


def test_a_unit_that_is_none_of_resistance_is_named():
    with pytest.raises(MuscleMetricsError) as caught:
        eim.measure(F, Z.real, -Z.imag, impedance_unit="S")
    assert "time" not in str(caught.value) or "siemens" in str(caught.value)


def test_volumes_of_many_people_keep_those_that_can_be_had():
    one = eim.fluid_volumes(600.0, 1200.0, height=170.0, weight=70.0, sex="F")
    many = eim.fluid_volumes([600.0, math.nan], [1200.0, 1200.0], height=170.0, weight=70.0, sex="F")
    assert many.TBW[0] == one.TBW
    assert all(math.isnan(v[1]) for v in many)
    with pytest.raises(InputError):
        eim.fluid_volumes(math.nan, 1200.0, height=170.0, weight=70.0, sex="F")


def test_an_overview_shows_what_is_read_first():
    from musclemetrics.report.words import main_names

    record = eim.measure(F, Z.real, -Z.imag)
    assert main_names([record]) == ["phase_50kHz", "R_50kHz", "X_50kHz", "Ri", "fc", "grade"]
    other = eim.measure(F, Z.real, -Z.imag, at=(20e3, 100e3))
    assert main_names([other]) == ["phase_20kHz", "R_20kHz", "X_20kHz", "Ri", "fc", "grade"]


def test_the_directions_of_a_muscle_have_a_figure(tmp_path):
    across = eim.cole(F, R0=80.0, Rinf=40.0, fc=40e3, alpha=0.7)
    both = [eim.measure(F, z.real, -z.imag, at=(50e3, 100e3)) for z in (Z, across)]
    figure = mm.plot(eim.anisotropy(*both))
    (axes,) = figure.axes
    assert [line.get_label() for line in axes.get_lines()[1:]] == ["R", "X", "phase"]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["50 kHz", "100 kHz"]


def test_more_groups_than_colours_stay_apart():
    from matplotlib.figure import Figure

    records = [eim.measure(F, Z.real * k, -Z.imag * k).labelled(group=f"g{k:.1f}") for k in np.linspace(1, 3, 18)]
    axes = Figure().subplots()
    eim.draw_sweeps(records, axes, label_by="group")
    drawn = [line for line in axes.get_lines() if line.get_label()[0] != "_"]
    assert len({(line.get_color(), line.get_marker()) for line in drawn}) == len(records)


def test_low_frequencies_are_written_as_people_write_them():
    f = np.geomspace(0.016, 2e4, 40)
    z = eim.cole(f, R0=62.0, Rinf=36.0, fc=8e3, alpha=0.8)
    record = eim.measure(f, z.real, -z.imag, frequency_range=(1e-3, 1e7))
    (flag,) = [x for x in record.flags if x.code == "outside-sweep" and "R_50kHz" in x.message]
    assert "0.016 Hz to 20 kHz" in flag.message
