"""One bad recording of a file has its own failed row and ends none of the others."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

import musclemetrics as mm
from musclemetrics.cli import main
from musclemetrics.errors import InputError
from musclemetrics.modalities.force_pca import inputs
from musclemetrics.reading import Reading

PCA = np.array([9.0, 6.6, 6.4, 6.2, 5.9, 5.6, 5.4, 4.5])
FORCE = np.array([10.0, 36.8, 77.4, 95.3, 123.0, 119.4, 119.8, 122.4])


def trace(pca: float, fibre: str = "1") -> Reading:
    """A trace with one slack step; force is 100 kN/m2 above zero."""
    time = np.arange(0, 2, 0.001)
    slack = (time > 1.2) & (time < 1.4)
    arrays = {
        "time": time,
        "force": np.where(slack, 0.0, 1.0),
        "fibre_length": np.where(slack, -1.0, 0.0),
        "pCa": np.array(pca),
        "force_calibration": np.array(1e-3),
        "area": np.array(1e-8),
    }
    return Reading(arrays, {}, {"fibre": fibre})


def test_each_group_of_a_file_has_its_row(tmp_path: Path) -> None:
    path = tmp_path / "fibres.h5"
    with h5py.File(path, "w") as f:
        for name in ("A", "short", "text", "flat", "Z"):
            group = f.create_group(name)
            group["pCa"] = PCA if name != "text" else [str(v) for v in PCA]
            if name == "flat":
                group["pCa"].attrs["units"] = "1"
                group["force"] = FORCE.reshape(2, 4)
            else:
                group["force"] = FORCE[:-1] if name == "short" else FORCE
    records = list(mm.measure_files(path, "force_pca"))
    found = {r.labels["fibre"]: ([f.code for f in r.flags if f.level == "failed"], r.status) for r in records}
    assert found["short"] == (["length-mismatch"], "failed")
    assert found["text"] == (["not-a-number"], "failed")
    assert found["flat"] == (["no-curve"], "failed")
    assert found["A"][0] == found["Z"][0] == []
    assert len(records) == 5
    with pytest.raises(mm.errors.MuscleMetricsError):
        list(mm.measure_files(path, "force_pca", errors="raise"))


def test_inputs_give_the_reason_and_go_on() -> None:
    good, short = ({"pCa": PCA, "force": FORCE[:n]} for n in (8, 7))
    readings = [Reading(short, labels={"fibre": "a"}), Reading(good), Reading({"force": FORCE}), Reading(good)]
    made = list(inputs(readings))
    assert [one.reason.code if one.reason else None for one in made] == ["length-mismatch", None, "no-curve", None]
    assert isinstance(made[0].reason, InputError)
    assert made[0].labels == {"fibre": "a"}
    assert not made[0].args


def test_traces_of_single_files_name_the_grouping() -> None:
    [one] = inputs([trace(6.0)])
    assert one.reason is not None
    assert one.reason.code == "too-few-traces"
    assert "--group-by folder" in one.reason.remedy
    few, enough = inputs([*(trace(p, "few") for p in (9, 6, 6, 5, 4.5)), *(trace(p) for p in (9, 7, 6, 5, 4.5))])
    assert few.reason is not None
    assert "5 trace(s) give 4 distinct pCa" in few.reason.message
    assert enough.reason is None
    np.testing.assert_allclose(enough.args["force"], 100.0)


def test_check_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fibres.h5"
    with h5py.File(path, "w") as f:
        for name, force in (("A", FORCE), ("B", FORCE[:-1])):
            f[f"{name}/pCa"], f[f"{name}/force"] = PCA, force
    main(["check", str(path)])
    shown = capsys.readouterr().out
    assert "force_pca: 1 record from this file" in shown
    assert "no number: fibre B: lengths differ" in shown
    assert "[length-mismatch]" in shown


def test_real_records_without_grouping(recordings: Path, tmp_path: Path) -> None:
    files = sorted((recordings / "fibre/slc").rglob("*.slc"))[:2]
    records = list(mm.measure_files(files, "force_pca"))
    assert [r.flags[0].code for r in records] == ["too-few-traces"] * 2
