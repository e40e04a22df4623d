"""A title above the names, per cent signs behind the values, dates of a workbook."""

from __future__ import annotations

import datetime
import io

import openpyxl
import pytest

from musclemetrics.errors import MuscleMetricsError
from musclemetrics.readers import read
from musclemetrics.reading import Reading


def table(text: str, **options: object) -> list[Reading]:
    return list(read(io.BytesIO(text.encode()), reader="table", **options))


def refusal(text: str, **options: object) -> MuscleMetricsError:
    with pytest.raises(MuscleMetricsError) as caught:
        table(text, **options)
    return caught.value


@pytest.mark.parametrize(
    "title", ["Experiment 12,,\n,,\n", "Experiment 12\n", '"Experiment 12, rig 3"\n\n', ",Exp 12,\n"]
)
def test_a_title_is_passed_over_and_noted(title: str) -> None:
    [reading] = table(title + "fibre,pCa,force (mN)\nA,9,1\nA,6,5\n")
    assert reading["force"].tolist() == [1, 5]
    assert reading.unit("force") == "mN"
    assert reading["row"].tolist() == [title.count("\n") + 2, title.count("\n") + 3]
    assert any("row 1 passed over as a title" in n for n in reading.notes)


def test_a_title_over_columns_that_an_option_names() -> None:
    text = "Experiment 12;;\nFaser;Lösung;Kraft\nA;9;1\nA;6;5\n"
    [reading] = table(text, x="Lösung", y="Kraft", fibre="Faser")
    assert reading["force"].tolist() == [1, 5]
    assert refusal(text).code in ("no-known-column", "merged-header", "missing-header")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("force,,\nA,B,C\n9,1,2\n6,3,4\n", None),
        ("pCa,,\nforce,animal,n\n9,1,2\n6,3,4\n", None),
        ("Experiment,12,\nfibre,pCa,force\nA,9,1\nA,6,5\n", None),
        ("title\n9,1\n6,5\n", "no-separator"),
    ],
)
def test_what_may_be_no_title_stays(text: str, code: str | None) -> None:
    error = refusal(text)
    assert code is None or error.code == code


def test_a_column_in_per_cent() -> None:
    [reading] = table("pCa,force\n9,7.7%\n6,50 %\n5,n.d.\n4.5,100%\n")
    assert reading["force"].tolist()[:2] == [7.7, 50]
    assert reading.unit("force") == "%"
    assert any("'force' read as per cent" in n for n in reading.notes)
    a, b = table("pCa;A;B\n9;7,7%;1\n6;50,5%;2\n")
    assert a["force"].tolist() == [7.7, 50.5]
    assert (a.unit("force"), b.unit("force")) == ("%", None)
    [reading] = table("group,pCa,force\n5%,9,1\n5%,6,5\n")
    assert dict(reading.labels) == {"group": "5%"}


def test_per_cent_that_contradicts_is_refused() -> None:
    assert refusal("pCa,force (mN)\n9,7.7%\n6,50%\n").code == "contradictory-unit"
    error = refusal("pCa,force\n9,7.7%\n6,50\n")
    assert error.code == "not-a-number"
    assert "without the per cent sign" in error.remedy


def test_dates_of_a_workbook_are_dates() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Experiment 12"])
    sheet.append(["fibre", "date", "began", "pCa", "force (mN)"])
    for x, y in ((9.0, 1.0), (6.0, 5.0)):
        sheet.append(["A", datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 9, 30), x, y])
    stream = io.BytesIO()
    book.save(stream)
    stream.seek(0)
    [reading] = read(stream, reader="table")
    assert dict(reading.labels) == {"fibre": "A", "date": "2024-01-02", "began": "2024-01-02 09:30:00"}
    assert reading["force"].tolist() == [1, 5]
