"""Real recordings, real formats: numbers found before by others, from the files as they left the rig."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import musclemetrics as mm
from musclemetrics import force_pca

from .shared_data import shared


@pytest.fixture(scope="module")
def rat_fibres():
    folder = shared("fibre/slc")
    return {r.labels["fibre"]: r for r in mm.measure_files([folder], "force_pca", group_by="folder")}


def test_both_rat_fibres_from_the_raw_files(rat_fibres):
    assert set(rat_fibres) == {"ACB11", "ACB12"}
    first, second = rat_fibres["ACB11"], rat_fibres["ACB12"]
    assert first["pCa50"].value == pytest.approx(6.4397, abs=0.005)
    assert first["h"].value == pytest.approx(2.73, abs=0.03)
    assert second["pCa50"].value == pytest.approx(6.1585, abs=0.005)
    assert second["h"].value == pytest.approx(1.38, abs=0.03)
    assert len(first.provenance.sources) == len(second.provenance.sources) == 8


def test_unidentified_fmin_is_flagged_with_a_wide_interval(rat_fibres):
    second = rat_fibres["ACB12"]
    codes = {f.code for f in second.flags}
    assert {"no-relaxed-point", "fmin-not-identified"} <= codes
    low, high = second["Fmin"].interval
    assert low < -40
    assert high > 20
    assert second["pCa50"].interval == pytest.approx((5.99, 6.72), abs=0.01)
    assert second.status == "suspect"


def test_the_stated_rate_that_the_time_column_contradicts_is_flagged(rat_fibres):
    for record in rat_fibres.values():
        (flag,) = [f for f in record.flags if f.code == "sampling-rate-conflict"]
        assert "1000" in flag.message
        assert "2500" in flag.message


def test_the_plateau_window_is_a_setting():
    folder = shared("fibre/slc/ACB11")
    narrow = next(iter(mm.measure_files([folder], "force_pca", group_by="folder", plateau_window=0.05)))
    wide = next(iter(mm.measure_files([folder], "force_pca", group_by="folder", plateau_window=1.0)))
    assert narrow["Fmax"].value != wide["Fmax"].value
    assert narrow["pCa50"].value == pytest.approx(wide["pCa50"].value, abs=0.005)
    assert narrow.provenance.reading["inputs"]["plateau_window"] == 0.05


def test_a_pca_label_that_contradicts_the_header_is_flagged():
    """A name such as pCa541 is record 1 at pCa 5.4 or a header's 5: names are never parsed, labels are compared."""
    readings = list(mm.read(shared("fibre/slc/ACB12/pCa541.slc")))
    assert float(readings[0]["pCa"]) == 5.0


def test_531_forces_of_one_fibre_fit_no_hill_curve():
    path = shared("fibre/one_fibre_531_forces/18dec2017a.xlsx")
    (record,) = mm.measure_files([path], "force_pca", reading={"x": "pCa", "y": "P_ss"})
    assert record["n_points"].value == 531
    assert record["pCa50"].value == pytest.approx(6.221, abs=0.001)
    (flag,) = [f for f in record.flags if f.code == "lack-of-fit"]
    assert "F(3, 524) = 279" in flag.message
    assert record.status == "suspect"


def nist(name):
    return json.loads(shared("reference/nist_strd_nls.json").read_text())["problems"][name]


def digits(value, certified):
    return min(11.0, -math.log10(abs(value - certified) / abs(certified) + 1e-16))


def test_rat42_through_measure_to_eight_digits():
    problem = nist("Rat42")
    y, x = np.array(problem["data"]).T
    r = force_pca.measure(-x, y, fmin=0.0, pca_range=None)
    b1, b2, b3 = problem["certified"]
    expected = {"Fmax": b1, "h": b3 / math.log(10), "pCa50": -b2 / b3}
    for name, value in expected.items():
        assert digits(r[name].value, value) >= 8, name
    assert digits(r["Fmax"].stderr, problem["certified_sd"][0]) >= 8
    assert digits(r["h"].stderr, problem["certified_sd"][2] / math.log(10)) >= 8
    # the figures of the methods literature for the same problem in Hill's parameters
    assert r["h"].value == pytest.approx(0.029253728894, rel=1e-8)
    assert r["pCa50"].value == pytest.approx(-38.8673980337, rel=1e-8)


def test_rat43_through_the_asymmetric_model_to_six_digits():
    problem = nist("Rat43")
    y, x = np.array(problem["data"]).T
    r = force_pca.measure(-x, y, fmin=0.0, pca_range=None, model="hill_asymmetric")
    b1, b2, b3, b4 = problem["certified"]
    s, h = 1 / b4, b3 / math.log(10)
    half = -b2 / b3 + math.log10(2 ** (1 / s) - 1) / h
    for name, value in {"Fmax": b1, "h": h, "s": s, "pCa50": half}.items():
        assert digits(r[name].value, value) >= 6, name
    assert digits(r["Fmax"].stderr, problem["certified_sd"][0]) >= 5
