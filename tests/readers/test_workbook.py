"""Excel workbooks: values as saved, sheets, formulas without value, and archives made to hurt."""

from __future__ import annotations

import contextlib
import io
import math
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from musclemetrics.errors import LimitError, MuscleMetricsError, ReadError, SettingsError
from musclemetrics.readers import read, sniff
from musclemetrics.readers.table import workbook


def book(**sheets: list[list[Any]]) -> io.BytesIO:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    made.save(stream)
    stream.seek(0)
    return stream


CURVE: list[list[Any]] = [["pCa", "force (mN)"], [9, 0.1], [6.5, 0.1234567890123456], [4.5, 1]]


def test_values_are_read_exactly() -> None:
    stream = book(Sheet1=CURVE)
    assert sniff(stream) == "table"
    [reading] = read(stream)
    assert reading["force"].tolist() == [0.1, 0.1234567890123456, 1.0]
    assert reading["row"].tolist() == [2, 3, 4]
    assert reading.unit("force") == "mN"
    assert "sheet" not in reading.labels


def test_numbers_and_text_with_a_comma_may_stand_in_one_column() -> None:
    [reading] = read(book(S=[["pCa", "force"], [9, "0,5"], [6.5, 1.25], [6, "2,75"]]))
    assert reading["force"].tolist() == [0.5, 1.25, 2.75]


def test_ids_that_are_numbers_have_no_decimals() -> None:
    readings = list(read(book(S=[["fibre", "pCa", "force"], [7, 9, 1], [7, 6, 2], ["007", 9, 1], ["007", 6, 2]])))
    assert [r.labels["fibre"] for r in readings] == ["7", "007"]


def test_every_sheet_is_read_and_labelled() -> None:
    remarks = [["Fibres of March"], ["dissected by hand"]]
    readings = list(read(book(mouse1=CURVE, Remarks=remarks, mouse2=CURVE)))
    assert [r.labels["sheet"] for r in readings] == ["mouse1", "mouse2"]
    assert any("'Remarks'" in note for note in readings[0].notes)
    stream = book(mouse1=CURVE, mouse2=CURVE[:3])
    for sheet in ("mouse2", 2, "2"):
        [reading] = read(stream, sheet=sheet)
        assert len(reading["force"]) == 2
        assert reading.labels["sheet"] == "mouse2"
    with pytest.raises(SettingsError, match="'mouse1', 'mouse2'") as caught:
        list(read(stream, sheet="mouse3"))
    assert caught.value.code == "unknown-sheet"


def test_a_damaged_sheet_is_not_passed_over() -> None:
    with pytest.raises(ReadError) as caught:
        list(read(book(a=CURVE, b=[["pCa", "force"], [9, "x"], [6, 1]])))
    assert caught.value.code == "not-a-number"


def test_cell_errors_and_truth_values() -> None:
    [reading] = read(book(S=[["pCa", "force"], [9, "#DIV/0!"], [6, None], [5, 3]]))
    assert math.isnan(reading["force"][0])
    assert math.isnan(reading["force"][1])
    assert "row(s) 2, 3" in reading.flags[0].message
    with pytest.raises(ReadError, match="TRUE"):
        list(read(book(S=[["pCa", "force"], [9, True], [6, 1]])))


def test_a_formula_without_saved_value_is_no_missing_point() -> None:
    with pytest.raises(ReadError, match="row 3, column 2") as caught:
        list(read(book(S=[["pCa", "force"], [9, 1], [6, "=B2*2"]])))
    assert caught.value.code == "uncached-formula"


def test_an_empty_workbook() -> None:
    with pytest.raises(ReadError) as caught:
        list(read(book(S=[])))
    assert caught.value.code == "empty-file"


def test_a_workbook_that_would_unpack_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", bytes(2**20))
    stream.seek(0)
    monkeypatch.setattr(workbook, "UNPACKED_LIMIT", 2**19)
    with pytest.raises(LimitError) as caught:
        list(read(stream, reader="table"))
    assert caught.value.code == "too-large"


def test_a_cell_far_to_the_right_does_not_fill_the_memory() -> None:
    made = openpyxl.Workbook()
    made.active["A1"] = "pCa"
    made.active["XFD1048576"] = 1
    stream = io.BytesIO()
    made.save(stream)
    stream.seek(0)
    with pytest.raises(LimitError) as caught:
        list(read(stream, reader="table"))
    assert caught.value.code == "too-large"


def test_an_archive_that_is_no_workbook() -> None:
    for data in (b"PK\x03\x04", b"PK\x03\x04" + bytes(200), book(S=CURVE).getvalue()[:-300]):
        with pytest.raises(ReadError) as caught:
            list(read(io.BytesIO(data), reader="table"))
        assert caught.value.code in ("corrupt-workbook", "unknown-format")


def test_damaged_workbooks_never_leave_the_error_tree(mutations: Callable[[bytes, int], Iterator[bytes]]) -> None:
    sound = book(a=CURVE, b=CURVE).getvalue()
    refused = 0
    for data in mutations(sound, 200):
        try:
            list(read(io.BytesIO(data), reader="table"))
        except MuscleMetricsError:
            refused += 1
    assert refused > 50
    # The parts inside the archive, damaged and packed again, get past its checksums.
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in (n for n in sorted(parts) if n.startswith("xl/") and "theme" not in n):
        for data in mutations(parts[name], 60):
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as archive:
                for part, content in parts.items():
                    archive.writestr(part, data if part == name else content)
            stream.seek(0)
            with contextlib.suppress(MuscleMetricsError):
                list(read(stream, reader="table"))


def test_a_real_workbook_of_531_forces(recordings: Path) -> None:
    path = recordings / "fibre/one_fibre_531_forces/18dec2017a.xlsx"
    for options in ({}, {"x": "pCa", "y": "P_ss"}, {"x": 4, "y": "5"}):
        [reading] = read(path, **options)
        assert reading["force"].shape == reading["pCa"].shape == (531,)
        assert len(set(reading["pCa"].tolist())) == 7
        assert reading["force"][0] == 1649.4328659793828
        assert not any("labdata" in text for text in reading.labels.values())
