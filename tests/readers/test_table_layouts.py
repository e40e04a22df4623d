"""Headers, units, long and wide layouts, fibres told apart, repeats and contradictions."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest

from musclemetrics.errors import MuscleMetricsError, ReadError, SettingsError
from musclemetrics.readers import read
from musclemetrics.readers.table import split_unit
from musclemetrics.reading import Reading

HEAD = "fibre,pCa,force\n"
CURVE = "A,9,1\nA,6,5\nA,5,9\n"


def table(text: str, **options: object) -> list[Reading]:
    return list(read(io.BytesIO(text.encode()), reader="table", **options))


def refusal(text: str, **options: object) -> MuscleMetricsError:
    with pytest.raises(MuscleMetricsError) as caught:
        table(text, **options)
    return caught.value


def flag(reading: Reading, code: str) -> str:
    return next(f.message for f in reading.flags if f.code == code)


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("force (mN)", "force", "mN"),
        ("force [kN/m²]", "force", "kN/m2"),
        ("force_mN", "force", "mN"),
        ("force_kN_per_m2", "force", "kN/m2"),
        ("Force, kN m⁻²", "Force", "kN/m2"),
        ("Force kN/m2", "Force", "kN/m2"),
        ("force / mN", "force", "mN"),
        ("[Ca2+] (µM)", "[Ca2+]", "umol/L"),
        ("[Ca2+] (μM)", "[Ca2+]", "umol/L"),
        ("[Ca²⁺]", "[Ca²⁺]", None),
        ("-log[Ca]", "-log[Ca]", None),
        ("F/Fmax", "F/Fmax", None),
        ("force (%)", "force", "%"),
        ("force (raw)", "force", None),
        ("muscle_L", "muscle_L", None),
        ("temperature (°C)", "temperature", "Cel"),
        ("time [s]", "time", "s"),
        ("Resistance (Ω)", "Resistance", "Ohm"),
    ],
)
def test_units_in_headers(header: str, name: str, unit: str | None) -> None:
    assert split_unit(header) == (name, unit)


@pytest.mark.parametrize(
    ("x", "array"),
    [("pCa", "pCa"), ("pca", "pCa"), ("-log[Ca]", "pCa"), ("Ca", "calcium"), ("[Ca2+]", "calcium"), ("Ca2+", "calcium")]
    + [("calcium", "calcium"), ("Concentration (nM)", "calcium"), ("X (µM)", "calcium")],
)
@pytest.mark.parametrize("y", ["force", "Tension (kN/m2)", "stress", "F", "P", "relative force", "Norm. force", "P_ss"])
def test_columns_of_a_curve_are_known_by_their_names(x: str, array: str, y: str) -> None:
    [reading] = table(f"{x},{y}\n9,1\n6,5\n")
    assert reading[array].tolist() == [9, 6]
    assert reading["force"].tolist() == [1, 5]


def test_no_unit_in_the_header_is_no_unit() -> None:
    [reading] = table("pCa,force\n9,1\n6,5\n")
    assert dict(reading.units) == {}
    [reading] = table("pCa,force\n9,1\n6,5\n", unit="mN", x_unit="1")
    assert dict(reading.units) == {"force": "mN", "pCa": "1"}
    [reading] = table("pCa,force (N)\n9,1\n6,5\n", units={"force": "mN"})
    assert reading.unit("force") == "mN"
    assert "header states N" in flag(reading, "setting-overrides-file")
    assert refusal("pCa,force\n9,1\n", units="length=mm").code == "unknown-column"
    assert refusal("pCa,force\n9,1\n", unit="furlong").code == "unknown-unit"


def test_a_row_of_units_beneath_the_header() -> None:
    [reading] = table("time,length,force\ns,mm,mN\n0,1,2\n1,1,3\n")
    assert dict(reading.units) == {"time": "s", "length": "mm", "force": "mN"}
    assert reading["row"].tolist() == [3, 4]
    [reading] = table("pCa,force\n,(mN)\n9,1\n6,5\n")
    assert dict(reading.units) == {"force": "mN"}
    assert refusal("pCa,force (N)\n,mN\n9,1\n6,5\n").code == "contradictory-unit"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pCa,force,force\n9,1,2\n", "duplicate-header"),
        ("pCa,force,Tension\n9,1,2\n", "ambiguous-column"),
        ("pCa,force (mN),force (kN/m2)\n9,1,2\n", "ambiguous-column"),
        ("9,1\n6,5\n", "missing-header"),
        ("fibre,pCa,,force\nA,9,4,1\nA,6,5,5\n", "missing-header"),
        (",pCa,force\n7,9,1\n8,6,5\n", "missing-header"),
        ("pCa,force,length\nlog units,control,drug\n9,1,1\n6,5,3\n", "merged-header"),
        ("pCa,control,,drug,\n,F1,F2,F1,F2\n9,1,2,3,4\n6,5,4,5,6\n", "merged-header"),
        ("a,b\n1,2\n3,4\n", "no-known-column"),
        ("pCa,force\n9,1,7\n", "ragged-row"),
        ("pCa,force\n", "empty-file"),
        ("# nothing\n\n", "empty-file"),
        ("pCa force\n9 1\n", "no-separator"),
        ('pCa,force\n9,"1\n6,5\n', "bad-quoting"),
        ("a,b;c\nx,y;z\n", "ambiguous-separator"),
        ("pCa,F,G\n9,1,2\n6,3,4\n", "ambiguous-layout"),
        ("fibre,cell,pCa,force\n1,2,9,1\n", "ambiguous-column"),
    ],
)
def test_headers_that_leave_a_doubt_are_refused(text: str, code: str) -> None:
    error = refusal(text)
    assert isinstance(error, ReadError)
    assert error.code == code, str(error)
    assert error.remedy
    if "header" in code or "column" in code:
        assert "'" in error.message  # the columns seen are listed


def test_options_settle_headers() -> None:
    [reading] = table("9,1\n6,5\n", x=1, y="2")
    assert reading["pCa"].tolist() == [9, 6]
    assert reading["row"].tolist() == [1, 2]
    [reading] = table("pCa,force,Tension\n9,1,2\n6,3,4\n", y="Tension")
    assert reading["force"].tolist() == [2, 4]
    assert reading["force_2" if "force_2" in reading else "force"].size == 2
    [reading] = table("Lösung,Kraft\n9,1\n6,5\n", x="Lösung", y="Kraft")
    assert sorted(reading) == ["force", "pCa", "row"]
    assert any("'Kraft' read as force" in n for n in reading.notes)
    [reading] = table("Ca (nM),pCa,force\n1,9,1\n1000,6,5\n", x="Ca")
    assert "pCa" not in reading
    assert any("'pCa' left out" in n for n in reading.notes)
    error = refusal("pCa,force\n9,1\n", y="stress")
    assert isinstance(error, SettingsError)
    assert error.code == "unknown-column"
    assert "'pCa', 'force'" in error.message
    assert len(table("pCa,F,G\n9,1,2\n6,3,4\n", layout="wide")) == 2
    assert len(table("pCa,F,G\n9,1,2\n6,3,4\n", layout="long")) == 1
    assert table("pCa!force\n9!1\n6!5\n", separator="!")[0]["force"].tolist() == [1, 5]
    assert table("sep=|\npCa|force\n9|1\n6|5\n")[0]["row"].tolist() == [3, 4]


@pytest.mark.parametrize(
    "options",
    [{"layout": "tall"}, {"decimal": "x"}, {"decimal": ",", "thousands": ","}, {"separator": "ab"}, {"errors": "no"}]
    + [{"units": "mN"}, {"units": 7}, {"comment": 7}],
)
def test_options_that_cannot_be_carried_out(options: dict[str, object]) -> None:
    assert isinstance(refusal("pCa,force\n9,1\n", **options), SettingsError)


def test_long_layout_gives_one_reading_a_fibre_in_order() -> None:
    readings = table(
        "animal,fibre,group,temperature (°C),fibre type,pCa,force (mN),remark\n"
        "m1,B,wt,15,IIa,9,1,a\nm1,B,wt,15,IIa,6,2,b\nm2,A,ko,15,I,9,3,\nm2,A,ko,15,I,6,4,\n"
    )
    assert [dict(r.labels) for r in readings] == [
        {"fibre": "B", "animal": "m1", "group": "wt", "temperature": "15 Cel", "fibre_type": "IIa"},
        {"fibre": "A", "animal": "m2", "group": "ko", "temperature": "15 Cel", "fibre_type": "I"},
    ]
    assert [r["force"].tolist() for r in readings] == [[1, 2], [3, 4]]
    assert readings[1]["row"].tolist() == [4, 5]
    assert "remark" in flag(readings[0], "label-not-constant")


def test_a_table_sorted_by_calcium_is_the_same_table() -> None:
    by_fibre = table(HEAD + CURVE + "B,9,2\nB,6,6\nB,5,8\n")
    by_pca = table(HEAD + "A,9,1\nB,9,2\nA,6,5\nB,6,6\nA,5,9\nB,5,8\n")
    assert [r["force"].tolist() for r in by_fibre] == [r["force"].tolist() for r in by_pca]
    assert not by_pca[0].flags


def test_a_fibre_under_two_conditions_is_two_readings() -> None:
    readings = table("fibre,drug,pCa,force\nA,none,9,1\nA,none,6,5\nA,OM,9,2\nA,OM,6,7\n")
    assert [dict(r.labels) for r in readings] == [
        {"fibre": "A", "condition": "none"},
        {"fibre": "A", "condition": "OM"},
    ]


def test_numeric_labels_that_vary_are_arrays() -> None:
    [reading] = table("time (s),force (mN),SL (um)\n0,1,2.4\n1,2,2.5\n")
    assert reading["sarcomere_length"].tolist() == [2.4, 2.5]
    assert reading.unit("sarcomere_length") == "um"


def test_the_same_id_in_two_animals_is_refused_and_the_remedy_works() -> None:
    text = "animal,fibre,pCa,force\nm1,1,9,1\nm1,1,6,5\nm2,1,9,2\nm2,1,6,6\n"
    error = refusal(text)
    assert error.code == "fibre-in-two-groups"
    assert "'m1', 'm2'" in error.message
    option = error.remedy.rpartition("=")[2]
    assert option == "animal+fibre"
    readings = table(text, fibre=option)
    assert [(r.labels["fibre"], r.labels["animal"]) for r in readings] == [("m1 1", "m1"), ("m2 1", "m2")]
    assert refusal(text.replace("animal", "group")).code == "fibre-in-two-groups"


def test_a_fibre_that_stands_in_the_table_twice() -> None:
    other = "B,9,1\nB,6,5\nB,5,9\n"
    error = refusal(HEAD + CURVE + other + "A,9,2\nA,6,6\nA,5,9\n")
    assert error.code == "duplicate-fibre"
    assert "row 2 and from row 8" in error.message
    readings = table(HEAD + CURVE + other + CURVE)
    assert [len(r["force"]) for r in readings] == [3, 3]
    assert "used once" in flag(readings[0], "duplicate-rows")
    assert not readings[1].flags
    # Further repeats of one point are repeats, wherever they stand.
    readings = table(HEAD + CURVE + other + "A,9,2\n")
    assert readings[0]["force"].tolist() == [1, 5, 9, 2]
    assert not readings[0].flags


def test_rows_alike_in_every_number_are_used_and_flagged() -> None:
    [reading] = table("pCa,force\n9,1\n9,1\n6,5\n")
    assert reading["force"].tolist() == [1, 1, 5]
    assert "row(s) 3" in flag(reading, "duplicate-rows")


def test_a_row_without_fibre_is_refused() -> None:
    error = refusal(HEAD + "A,9,1\n,6,5\n")
    assert error.code == "missing-fibre-id"
    assert "row 3" in error.message


def test_wide_layout_gives_one_reading_a_column() -> None:
    readings = table("pCa,007,NA,f3 (mN)\n9,1,2,3\n6,4,,6\n")
    assert [r.labels["fibre"] for r in readings] == ["007", "NA", "f3"]
    assert readings[0]["force"].tolist() == [1, 4]
    assert readings[2].unit("force") == "mN"
    assert readings[0].unit("force") is None
    assert math.isnan(readings[1]["force"][1])
    assert "row(s) 3" in flag(readings[1], "missing-points")
    assert any("wide layout" in n for n in readings[0].notes)


def test_a_fibre_may_have_the_name_of_a_label() -> None:
    readings = table("pCa,Control,Drug\n9,1.5,2.5\n6,3.5,4.5\n")
    assert [r.labels["fibre"] for r in readings] == ["Control", "Drug"]


def test_a_curve_without_y_names_the_option() -> None:
    error = refusal("fibre,pCa,plateau\nA,9,1\nA,6,5\n")
    assert error.code == "no-known-column"
    assert "'plateau'" in error.message
    assert "-r y=NAME" in error.remedy


def test_very_many_columns() -> None:
    text = "pCa," + ",".join(f"f{i}" for i in range(2000)) + "\n" + "9" + ",1" * 2000 + "\n"
    assert len(list(read(io.BytesIO(text.encode())))) == 2000


def test_repeats_under_one_header_are_points_of_one_fibre() -> None:
    a, b = table("pCa\tA\t\t\tB\t\t\r\n9\t1\t2\t3\t7\t8\t9\r\n6\t4\t5\t6\t7\t8\t\r\n")
    assert a["pCa"].tolist() == [9, 9, 9, 6, 6, 6]
    assert a["force"].tolist() == [1, 2, 3, 4, 5, 6]
    assert b["row"].tolist() == [2, 2, 2, 3, 3, 3]
    assert math.isnan(b["force"][5])


def test_two_columns_of_one_fibre() -> None:
    error = refusal("pCa,A,A\n9,1,2\n6,3,4\n")
    assert error.code == "duplicate-fibre"
    [reading] = table("pCa,A,A\n9,1,1\n6,3,3\n")
    assert reading["force"].tolist() == [1, 3]
    assert "2 times" in flag(reading, "duplicate-rows")


def test_a_bad_fibre_takes_no_other_with_it_where_that_is_asked() -> None:
    text = HEAD + CURVE + "B,9,x\nB,6,5\nC,9,1\nC,6,2\n"
    assert refusal(text).code == "not-a-number"
    a, b, c = table(text, errors="flag")
    assert (a["force"].tolist(), c["force"].tolist()) == ([1, 5, 9], [1, 2])
    assert dict(b.arrays) == {}
    assert b.labels["fibre"] == "B"
    assert [(f.code, f.level) for f in b.flags] == [("not-a-number", "failed")]
    _, b, _ = table("pCa,A,B,C\n9,1,x,2\n6,3,4,5\n", errors="flag", layout="wide")
    assert b.flags[0].code == "not-a-number"


def test_short_rows_are_flagged() -> None:
    [reading] = table("pCa,force,length\n9,1,1\n6,5\n5,6,1\n")
    assert "row(s) 3" in flag(reading, "short-row")
    assert math.isnan(reading["length"][1])


def test_trailing_separators_are_no_columns() -> None:
    [reading] = table("pCa;force;;\n9;1;;\n6;5;;\n")
    assert sorted(reading) == ["force", "pCa", "row"]
    assert any("2 column(s) without name" in n for n in reading.notes)


def test_people_are_no_labels() -> None:
    [reading] = table("Operator,solution,pCa,force\nAnn,S1,9,1\nAnn,S1,6,5\n")
    assert dict(reading.labels) == {"solution": "S1"}
    assert any("'Operator'" in n for n in reading.notes)


def test_a_header_of_great_length_costs_no_time() -> None:
    [reading] = table(f"pCa,force,{'a b_' * 30_000}\n9,1,2\n6,5,3\n")
    assert reading["force"].tolist() == [1, 5]


def test_paths_of_the_recording_computer_are_no_labels() -> None:
    [reading] = table("file,pCa,force\nC:\\ann\\rig,9,1\nC:\\ann\\rig,6,5\n")
    assert "ann" not in str(dict(reading.labels))


def test_a_real_exported_twitch(recordings: Path) -> None:
    [reading] = read(recordings / "fibre/aurora_ddf/twitch001.ddf.csv")
    names = ("time", "length", "force", "stimulus")
    assert {n: reading[n].shape for n in names} == dict.fromkeys(names, (4001,))
    # The export pads its last row with zeros: a muscle does not fall from 238 mN to nothing in 0.1 ms.
    assert [np.isnan(reading[n]).tolist().index(True) for n in ("length", "force")] == [4000, 4000]
    assert np.isfinite(reading["stimulus"]).all()
    [flag] = reading.flags
    assert (flag.code, flag.level) == ("blank-last-sample", "note")
    assert "row 4002" in flag.message
    assert reading["force"][0] == 237.131
    assert dict(reading.units) == {}


@pytest.mark.parametrize("name", ["[Ca2+] (µM)", "[Ca2+] (μM)", "[Ca2+]", "[Ca2+]  (µM)", "[Ca2+], uM", "Ca2+ (uM)"])
@pytest.mark.parametrize("header", ["[Ca2+] (µM)", "[Ca2+] (μM)", "[Ca2+]\u00a0(µM)"])
def test_a_column_is_named_as_it_is_printed_or_without_its_unit(name: str, header: str) -> None:
    text = f"solution,{header},[Mg2+] (mM),Kraft (mN)\na,0.1,1,1\na,1,1,5\n"
    [reading] = table(text, x=name, y="Kraft")
    assert reading["calcium"].tolist() == [0.1, 1]
    assert reading.unit("calcium") == "umol/L"
    printed = refusal(text, x="nothing", y="Kraft").message.split("are 'solution', '")[1].split("'")[0]
    assert table(text, x=printed, y="Kraft")[0]["calcium"].tolist() == [0.1, 1]


def test_a_column_that_could_be_two_is_not_chosen() -> None:
    error = refusal("Ca (uM),Ca (nM),Kraft\n1,2,3\n4,5,6\n", x="Ca", y="Kraft")
    assert error.code == "unknown-column"
    [reading] = table("Ca (uM),Ca (nM),Kraft\n1,2,3\n4,5,6\n", x="Ca (nM)", y="Kraft")
    assert reading["calcium"].tolist() == [2, 5]
