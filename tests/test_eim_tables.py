"""What tables of sweeps say beside the sweep, and what becomes of it: covariates, cell constants, contradictions."""

import numpy as np
import pytest

import musclemetrics as mm
from musclemetrics import eim
from musclemetrics.errors import InputError, ReadError, SettingsError

F = np.array([5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000]) * 1e3
Z = eim.cole(F, R0=62.0, Rinf=36.0, fc=48e3, alpha=0.7)


def long_table(path, header, rows):
    """Write a table of one row a frequency; `rows` holds what stands before and behind the sweep of each."""
    lines = [header]
    for before, scale, behind in rows:
        lines += [
            ",".join([*before, f"{f / 1e3:g}", f"{scale * z.real:.5f}", f"{-scale * z.imag:.5f}", *behind])
            for f, z in zip(F, Z, strict=True)
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def wide_table(path, header, rows):
    """Write a table of one row a sweep; `rows` holds what stands before each."""
    khz = [f"{f / 1e3:g}kHz" for f in F]
    lines = [",".join([header, *(f"R_{k}" for k in khz), *(f"X_{k}" for k in khz)])]
    lines += [",".join([*row, *(f"{v:.4f}" for v in (*Z.real, *-Z.imag))]) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def workbook(path, table):
    """Write a text table anew as a workbook."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for line in table.read_text(encoding="utf-8").splitlines():
        book.active.append([_cell(c) for c in line.split(",")])
    book.save(path)
    return path


def _cell(text):
    try:
        return float(text)
    except ValueError:
        return text


BESIDE = "subject,direction,f (kHz),R (Ohm),X (Ohm),spacing (mm),fat_thickness (mm),age,cell_constant (1/m)"
ROWS = [
    (["A", "along"], 1.0, ["15", "7.5", "40", "12"]),
    (["B", "along"], 1.1, ["20", "8.25", "41", "12"]),
]


# --- covariates


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_stands_beside_a_sweep_is_a_label_of_its_record(tmp_path, kind):
    path = long_table(tmp_path / "t.csv", BESIDE, ROWS)
    if kind == "xlsx":
        path = workbook(tmp_path / "t.xlsx", path)
    first, second = mm.measure_files([path], "eim")
    assert {k: v for k, v in first.labels.items() if k != "sheet"} == {
        "subject": "A",
        "direction": "along",
        "spacing": "15 mm",
        "fat_thickness_mm": "7.5",
        "age": "40",
    }
    assert second.labels["fat_thickness_mm"] == "8.25"
    assert second.labels["spacing"] == "20 mm"


def test_a_wide_table_keeps_its_covariates(tmp_path):
    path = wide_table(
        tmp_path / "w.csv",
        "subject,side,sex,age,weight (kg),height (cm),fat (mm),placement",
        [["007", "left", "F", "40", "70.5", "175", "6", "1"], ["9", "left", "M", "41", "80", "180", "7", "2"]],
    )
    first, second = mm.measure_files([path], "eim")
    assert first.labels == {
        "subject": "007",
        "side": "left",
        "sex": "F",
        "age": "40",
        "weight_kg": "70.5",
        "height_cm": "175",
        "fat_mm": "6",
        "placement": "1",
    }
    assert second.labels["height_cm"] == "180"


def test_volumes_can_be_had_from_the_results_of_a_survey(tmp_path):
    names = ",".join(f"BIXS{k:03d}K" for k in (5, 50, 100, 200, 500)) + ",BIXS1M,"
    names += ",".join(f"BIXC{k:03d}K" for k in (5, 50, 100, 200, 500)) + ",BIXC1M"
    f = np.array([5e3, 50e3, 100e3, 200e3, 500e3, 1e6])
    z = eim.cole(f, R0=620.0, Rinf=360.0, fc=48e3, alpha=0.7)
    values = ",".join(f"{v:.3f}" for v in (*z.real, *-z.imag))
    path = tmp_path / "n.csv"
    path.write_text(f"SEQN,{names},RIAGENDR,RIDAGEYR,BMXWT,BMXHT\n3,{values},2,30,62.9,166.6\n", encoding="utf-8")
    (record,) = mm.measure_files([path], "eim")
    on = record.labels
    assert (on["sex"], on["age"], on["height_cm"], on["weight_kg"]) == ("F", "30", "166.6", "62.9")
    volumes = eim.fluid_volumes(
        record["Re"].value,
        record["Ri"].value,
        height=float(on["height_cm"]),
        weight=float(on["weight_kg"]),
        sex=on["sex"],
    )
    assert volumes.TBW > volumes.ECF > 0


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_placements_of_one_subject_are_sweeps_of_their_own(tmp_path, kind):
    header = "subject,placement,f (kHz),R (Ohm),X (Ohm)"
    path = long_table(tmp_path / "t.csv", header, [(["A", "1"], 1.0, []), (["A", "2"], 1.02, [])])
    if kind == "xlsx":
        path = workbook(tmp_path / "t.xlsx", path)
    records = list(mm.measure_files([path], "eim"))
    assert [(r.labels["subject"], r.labels["placement"]) for r in records] == [("A", "1"), ("A", "2")]
    assert all(r.status == "ok" for r in records)


def test_a_workbook_of_sweeps_calls_no_subject_a_fibre(tmp_path):
    path = long_table(tmp_path / "t.csv", "subject,f (kHz),R (Ohm),X (Ohm)", [(["A"], 1.0, []), (["B"], 1.1, [])])
    records = list(mm.measure_files([workbook(tmp_path / "t.xlsx", path)], "eim"))
    assert [r.labels.get("subject") for r in records] == ["A", "B"]
    assert all("fibre" not in r.labels for r in records)


# --- cell constants


@pytest.mark.parametrize("title", ["cell_constant (1/m)", "cell_constant", "Cell constant [m-1]"])
def test_a_cell_constant_is_read_with_its_unit(tmp_path, title):
    header = f"subject,f (kHz),R (Ohm),X (Ohm),{title}"
    (record,) = mm.measure_files([long_table(tmp_path / "t.csv", header, [(["A"], 1.0, ["12"])])], "eim")
    assert record.provenance.settings["cell_constant"] == 12.0
    r, x = record["R_50kHz"].value, record["X_50kHz"].value
    assert record["conductivity_50kHz"].value == pytest.approx(12.0 * r / (r * r + x * x))


def test_a_cell_constant_a_centimetre_is_a_hundred_a_metre(tmp_path):
    header = "subject,f (kHz),R (Ohm),X (Ohm),cell_constant (1/cm)"
    (record,) = mm.measure_files([long_table(tmp_path / "t.csv", header, [(["A"], 1.0, ["0.12"])])], "eim")
    assert record.provenance.settings["cell_constant"] == pytest.approx(12.0)


def test_a_cell_constant_that_is_none_is_refused(tmp_path):
    header = "subject,f (kHz),R (Ohm),X (Ohm),cell_constant (mm)"
    (record,) = mm.measure_files([long_table(tmp_path / "t.csv", header, [(["A"], 1.0, ["12"])])], "eim")
    assert record.status == "failed"
    assert "unit-mismatch" in {f.code for f in record.flags}
    for wrong in (1e9, True, 0.0, -3.0, "12"):
        with pytest.raises(SettingsError):
            eim.measure(F, Z.real, -Z.imag, cell_constant=wrong)


def test_a_conductivity_that_no_muscle_has_is_flagged():
    # 12/m of a 50 Ohm muscle is 0.24 S/m
    good = eim.measure(F, Z.real, -Z.imag, cell_constant=12.0)
    assert "implausible-conductivity" not in {f.code for f in good.flags}
    for wrong in (0.12, 1200.0):
        record = eim.measure(F, Z.real, -Z.imag, cell_constant=wrong)
        (flag,) = [f for f in record.flags if f.code == "implausible-conductivity"]
        assert flag.level == "suspect"
        assert f"{record['conductivity_50kHz'].value:.3g} S/m" in flag.message


# --- contradictions


def test_a_modulus_that_denies_r_and_x_is_told(tmp_path):
    def table(factor, phase=1.0):
        lines = ["Frequency (Hz),R,X,|Z|,phase (deg)"]
        for f, z in zip(F, Z, strict=True):
            angle = -phase * np.degrees(np.angle(z))
            lines.append(f"{f:g},{z.real:.5f},{-z.imag:.5f},{factor * abs(z):.5f},{angle:.5f}")
        path = tmp_path / f"{factor}{phase}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        (record,) = mm.measure_files([path], "eim")
        return record

    assert table(1.0).status == "ok"
    assert table(1.0, -1.0).status == "ok"  # the sign of a phase is a convention
    record = table(1.2)
    (flag,) = [f for f in record.flags if f.code == "polar-conflict"]
    assert flag.level == "suspect"
    assert "20 %" in flag.message
    assert "polar-conflict" in {f.code for f in table(1.0, 1.3).flags}


def test_devices_mixed_in_one_table_are_told(tmp_path):
    header = "subject,device,f (kHz),R (Ohm),X (Ohm)"
    one = long_table(tmp_path / "one.csv", header, [(["A", "SFB7"], 1.0, []), (["B", "SFB7"], 1.1, [])])
    assert all(r.status == "ok" for r in mm.measure_files([one], "eim"))
    two = long_table(tmp_path / "two.csv", header, [(["A", "SFB7"], 1.0, []), (["B", "mView"], 1.1, [])])
    for record in mm.measure_files([two], "eim"):
        (flag,) = [f for f in record.flags if f.code == "mixed-devices"]
        assert flag.level == "suspect"
        assert "SFB7" in flag.message
        assert "mView" in flag.message


def test_a_subject_on_two_devices_is_told(tmp_path):
    header = "subject,device,f (kHz),R (Ohm),X (Ohm)"
    paths = [long_table(tmp_path / f"{device}.csv", header, [(["A", device], 1.0, [])]) for device in ("SFB7", "mView")]
    first, second = mm.measure_files(paths, "eim")
    assert first.status == "ok"
    assert "acquisition-changed" in {f.code for f in second.flags}


# --- words


def test_a_frequency_in_one_list_and_not_in_the_other_is_named(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text(
        "subject,R_5kHz,R_50kHz,R_100kHz,R_200kHz,X_5kHz,X_50kHz,X_100kHz,X_250kHz\nA,60,52,49,45,4,8,8,7\n"
    )
    for options in ({}, {"sweeps": "resistance=R,reactance=X"}):
        with pytest.raises((ReadError, SettingsError), match="200 kHz") as caught:
            list(mm.read(path, reader="table", **options))
        assert "250 kHz" in str(caught.value)


def test_names_without_a_unit_of_frequency_are_told(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text("subject,R5000,R50000,R100000,R200000,X5000,X50000,X100000,X200000\nA,60,52,49,45,4,8,8,7\n")
    with pytest.raises(ReadError) as caught:
        list(mm.read(path, reader="table"))
    assert "R5000Hz" in caught.value.remedy
    with pytest.raises(SettingsError) as said:
        list(mm.read(path, reader="table", sweeps="resistance=R,reactance=X"))
    assert "there are ;" not in str(said.value)
    assert "R5000Hz" in str(said.value)


def test_unknown_columns_of_a_sweep_are_advised_for_sweeps(tmp_path):
    path = tmp_path / "u.csv"
    path.write_text("F1,Zabs,Angle\n" + "".join(f"{f:g},50,8\n" for f in F))
    (record,) = mm.measure_files([path], "eim")
    (flag,) = [f for f in record.flags if f.level == "failed"]
    assert "columns.frequency=" in flag.message
    (fixed,) = mm.measure_files(
        [path],
        "eim",
        reading={"columns": {"frequency": "F1", "magnitude": "Zabs", "phase": "Angle"}, "units": {"phase": "deg"}},
    )
    assert fixed.status != "failed"


def test_polar_values_of_two_lengths_or_of_radians_are_refused():
    with pytest.raises(InputError):
        eim.from_polar([1.0, 2.0], [3.0])
    with pytest.raises(InputError, match="rad"):
        eim.from_polar(np.abs(Z), -np.angle(Z))
    r, x = eim.from_polar(np.abs(Z), -np.angle(Z), phase_unit="rad")
    assert r == pytest.approx(Z.real)
    assert x == pytest.approx(-Z.imag)
