"""Wide tables of sweeps: a row a sweep, the frequency in the name of each column."""

from __future__ import annotations

import csv
import gzip
import io
import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from musclemetrics.errors import MuscleMetricsError, ReadError, SettingsError
from musclemetrics.readers import read, sniff
from musclemetrics.reading import Reading

NHANES = (
    [5e3, 6e3, 7e3, 8e3, 9e3, 10e3, 11e3, 12e3, 13e3, 14e3, 15e3, 16e3, 18e3, 20e3, 23e3, 25e3, 28e3, 31e3, 35e3]
    + [39e3, 43e3, 50e3, 54e3, 60e3, 67e3, 75e3, 83e3, 93e3, 100e3, 115e3, 128e3, 143e3, 159e3, 177e3, 200e3, 220e3]
    + [245e3, 273e3, 304e3, 339e3, 378e3, 421e3, 469e3, 500e3, 582e3, 649e3, 723e3, 806e3, 898e3, 1e6]
)
WIDE = """id,side,comment,BMI,R_5kHz (Ohm),R_50kHz (Ohm),R_1MHz (Ohm),X_5kHz (Ohm),X_50kHz (Ohm),X_1MHz (Ohm)
01,left,calm,22.5,600.5,500.5,400.5,30.5,60.5,20.5
02,right,,24,610,510,410,31,61,21
"""


def several(text: str | bytes, **options: object) -> list[Reading]:
    return list(read(io.BytesIO(text.encode() if isinstance(text, str) else text), **options))


def refusal(text: str, **options: object) -> MuscleMetricsError:
    with pytest.raises(MuscleMetricsError) as caught:
        several(text, **{"reader": "table", **options})
    assert caught.value.remedy
    return caught.value


@pytest.fixture
def survey(recordings: Path) -> Path:
    """The public sweeps of NHANES 1999–2000."""
    path = recordings / "eim" / "nhanes_bix_1999_2000.csv.gz"
    if not path.is_file():
        pytest.skip("no public sweeps: eim/nhanes_bix_1999_2000.csv.gz is not below MUSCLEMETRICS_DATA")
    return path


def test_the_whole_survey_to_the_last_bit(survey: Path) -> None:
    assert sniff(survey) == "table"
    readings = list(read(survey))
    with gzip.open(survey, "rt") as stream:
        rows = list(csv.DictReader(stream))
    assert len(readings) == len(rows) == 4269
    names = list(rows[0])
    resistances = [n for n in names if n.startswith("BIXS")]
    reactances = [n for n in names if n.startswith("BIXC")]
    for reading, row in zip(readings, rows, strict=True):
        assert reading["frequency"].tolist() == NHANES
        assert reading["resistance"].tolist() == [float(row[n]) for n in resistances]
        assert reading["reactance"].tolist() == [float(row[n]) for n in reactances]
        assert dict(reading.labels) == {"subject": row["SEQN"], "sex": {"1": "M", "2": "F"}[row["RIAGENDR"]]}
        assert not reading.flags
        for fact, column in (
            ("age", "RIDAGEYR"), ("weight", "BMXWT"), ("height", "BMXHT"), ("bidrecf", "BIDRECF"), ("bidtd", "BIDTD")
        ):  # fmt: skip
            if row[column]:
                assert float(reading[fact]) == float(row[column])
                assert reading[fact].shape == ()
            else:
                assert fact not in reading
    first = readings[0]
    assert [first.unit(n) for n in ("frequency", "resistance", "reactance", "weight", "height", "bidfc")] == [
        "Hz", "Ohm", "Ohm", "kg", "cm", "kHz"
    ]  # fmt: skip
    assert "the reactance 'BIXC005K' is capacitive where positive" in first.notes


def test_the_survey_is_read_in_well_under_a_second_and_shares_its_frequencies(survey: Path) -> None:
    def once() -> float:
        begun = time.perf_counter()
        assert sum(1 for _ in read(survey)) == 4269
        return time.perf_counter() - begun

    # 0.5 s where it was written, with other work beside it; a slow machine is no fault of the reader.
    assert min(once() for _ in range(3)) < 2.5
    readings = list(read(survey))
    assert all(r["frequency"] is readings[0]["frequency"] for r in readings)
    assert not readings[0]["frequency"].flags.writeable
    assert readings[0]["resistance"].base is readings[1]["resistance"].base
    # A worker gets one sweep and not the whole survey.
    assert len(pickle.dumps(readings[0])) < 10_000


def test_a_sweep_a_row_with_its_labels_and_facts() -> None:
    one, two = several(WIDE)
    assert one["frequency"].tolist() == [5e3, 50e3, 1e6]
    assert one["resistance"].tolist() == [600.5, 500.5, 400.5]
    assert two["reactance"].tolist() == [31.0, 61.0, 21.0]
    assert [one.unit(n) for n in ("frequency", "resistance", "reactance")] == ["Hz", "Ohm", "Ohm"]
    assert dict(one.labels) == {"fibre": "01", "side": "left", "comment": "calm"}
    assert dict(two.labels) == {"fibre": "02", "side": "right"}
    assert float(one["bmi"]) == 22.5
    assert any("does not say which sign" in n for n in one.notes)


@pytest.mark.parametrize(
    ("names", "arrays"),
    [
        ("5kHz R;50 kHz R;1 MHz R;5kHz X;50 kHz X;1 MHz X", ["resistance", "reactance"]),
        ("R (5 kHz);R (50 kHz);R (1 MHz);X (5 kHz);X (50 kHz);X (1 MHz)", ["resistance", "reactance"]),
        ("R@5000Hz;R@50000Hz;R@1000000Hz;Im(Z)@5000Hz;Im(Z)@50000Hz;Im(Z)@1000000Hz", ["resistance", "imaginary"]),
        ("|Z|_5kHz;|Z|_50kHz;|Z|_1MHz;phase_5kHz;phase_50kHz;phase_1MHz", ["magnitude", "phase"]),
    ],
)
def test_the_spellings_of_a_frequency_in_a_name(names: str, arrays: list[str]) -> None:
    [reading] = several(f"subject;{names}\n7;600,5;500,5;400,5;30,5;60,5;20,5\n")
    assert list(reading) == ["frequency", *arrays]
    assert reading["frequency"].tolist() == [5e3, 50e3, 1e6]
    assert reading[arrays[1]].tolist() == [30.5, 60.5, 20.5]
    assert reading.labels["subject"] == "7"


def test_columns_in_any_order_are_sorted_by_frequency() -> None:
    [reading] = several("X_50kHz,R_1MHz,R_5kHz,X_1MHz,R_50kHz,X_5kHz\n60.5,400.5,600.5,20.5,500.5,30.5\n")
    assert reading["resistance"].tolist() == [600.5, 500.5, 400.5]
    assert reading["reactance"].tolist() == [30.5, 60.5, 20.5]
    assert reading.labels["row"] == "2"  # nothing else tells it from another


def test_names_that_are_not_known_are_said() -> None:
    text = WIDE.replace("R_", "AX").replace("X_", "BX").replace(" (Ohm)", "")
    assert several(text, reader="table", sweeps="resistance=AX,reactance=BX", units="resistance=Ohm")[0].unit(
        "resistance"
    )
    one, _ = several(text, reader="table", sweeps={"resistance": "AX", "reactance": "BX"})
    assert one["reactance"].tolist() == [30.5, 60.5, 20.5]
    assert one.unit("reactance") is None
    unsaid = refusal(text)
    assert unsaid.code == "no-known-column"
    assert "of 'AX', 'BX': -r sweeps=" in unsaid.remedy
    assert refusal(text, sweeps="resistance=CX,reactance=BX").code == "unknown-column"
    assert refusal(text, sweeps="resistance=AX").code == "bad-setting"
    assert refusal(text, sweeps="force=AX").code == "bad-setting"
    assert refusal(WIDE, units="phase=deg").code == "unknown-column"
    assert refusal(WIDE.replace("X_50kHz (Ohm)", "X_50kHz (kOhm)")).code == "mixed-units"


def test_what_is_missing_is_told_row_by_row() -> None:
    text = WIDE.replace("610,510,410", "610,,410") + "03,left,,21,600,500,400,,,\n04,left,,21,600,500,400,1,2,3\n"
    one, two, three, four = several(text)
    assert not one.flags
    assert not four.flags
    assert np.isnan(two["resistance"]).tolist() == [False, True, False]
    assert [(f.code, f.level) for f in two.flags] == [("missing-points", "note")]
    assert "row 3 has no resistance at 1 of 3" in two.flags[0].message
    assert not three.arrays
    assert [(f.code, f.level) for f in three.flags] == [("missing-points", "failed")]


def test_one_bad_cell_costs_its_row_alone() -> None:
    text = WIDE.replace("510", "open")
    error = refusal(text)
    assert error.code == "not-a-number"
    assert "row 3" in str(error)
    one, two = several(text, errors="flag")
    assert one["resistance"].tolist() == [600.5, 500.5, 400.5]
    assert [(f.code, f.level) for f in two.flags] == [("not-a-number", "failed")]
    assert two.labels["fibre"] == "02"


def test_no_name_of_a_person_is_taken() -> None:
    [reading, _] = several(WIDE.replace("comment", "name").replace("calm", "Ann Example"))
    assert "Ann" not in repr(reading)
    assert any("may name a person" in n for n in reading.notes)


def test_forces_at_frequencies_of_stimulation_are_no_sweeps() -> None:
    text = "pCa,WT 10 Hz,WT 20 Hz,WT 50 Hz,KO 10 Hz,KO 20 Hz,KO 50 Hz\n" + "".join(
        f"{9 - i},{i},{i + 1},{i + 2},{i},{i + 3},{i + 4}\n" for i in range(6)
    )
    assert next(r.labels["fibre"] for r in several(text)) == "WT 10 Hz"
    # Where the user says that every column is a fibre, so it is, whatever their names.
    header = WIDE.split("\n", 1)[0].replace("id,side,comment,BMI", "pCa")
    assert len(several(f"{header}\n9,1,2,3,4,5,6\n4,1,2,3,4,5,6\n", layout="wide")) == 6


def test_a_workbook_of_sweeps(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(WIDE)):
        book.active.append([float(c) if c.replace(".", "", 1).isdigit() and c[0] != "0" else c for c in row])
    book.save(tmp_path / "sweeps.xlsx")
    one, two = read(tmp_path / "sweeps.xlsx")
    assert one["resistance"].tolist() == [600.5, 500.5, 400.5]
    assert two.labels["side"] == "right"


def test_a_workbook_with_a_row_a_point(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["subject", "muscle", "f (kHz)", "R", "X"])
    for subject in (1, 2):
        for muscle in ("biceps", "tibialis"):
            for f, r, x in ((5, 600.5, 30.5), (50, 500.5, 60.5), (1000, 400.5, 20.5)):
                book.active.append([f"S{subject}", muscle, f, r * subject, x])
    book.save(tmp_path / "sweeps.xlsx")
    found = list(read(tmp_path / "sweeps.xlsx"))
    assert [(r.labels["subject"], r.labels["muscle"]) for r in found] == [
        ("S1", "biceps"), ("S1", "tibialis"), ("S2", "biceps"), ("S2", "tibialis")
    ]  # fmt: skip
    assert found[3]["resistance"].tolist() == [1201.0, 1001.0, 801.0]
    assert found[3]["frequency"].tolist() == [5.0, 50.0, 1000.0]
    assert found[0].unit("frequency") == "kHz"
    assert any("does not say which sign" in n for n in found[0].notes)


def test_a_bent_table_is_read_or_refused(mutations: Callable[[bytes, int], Iterator[bytes]]) -> None:
    outcomes = set()
    for data in mutations(WIDE.encode(), 300):
        try:
            for reading in several(data, reader="table", errors="flag"):
                assert not any(np.isinf(reading[n]).any() for n in reading)
            outcomes.add("read")
        except (ReadError, SettingsError) as error:
            outcomes.add("refused" if error.remedy else "refused without a remedy")
    assert outcomes == {"read", "refused"}
