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
    with warnings.catch_warnings(), pytest.raises(InputError) as caught:
        warnings.simplefilter("error")
        eim.cole(given.pop("frequency"), **given)
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
