"""Numbers in tables: strict grammar, decimal marks by evidence, missing and censored values, text that stays text."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from musclemetrics.errors import MuscleMetricsError, ReadError, SettingsError
from musclemetrics.readers import read
from musclemetrics.reading import Reading


def table(text: str | bytes, **options: object) -> list[Reading]:
    data = text.encode() if isinstance(text, str) else text
    return list(read(io.BytesIO(data), reader="table", **options))


def refusal(text: str | bytes, **options: object) -> MuscleMetricsError:
    with pytest.raises(MuscleMetricsError) as caught:
        table(text, **options)
    return caught.value


def force_of(cells: list[str], mark: str = ";", **options: object) -> list[float]:
    rows = "\n".join(f"{9 - i}{mark}{cell}" for i, cell in enumerate(cells))
    [reading] = table(f"pCa{mark}force\n{rows}\n", **options)
    return reading["force"].tolist()


def codes(reading: Reading) -> dict[str, str]:
    return {flag.code: flag.message for flag in reading.flags}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0,5", "1,25"], [0.5, 1.25]),
        (["1.234,5", "0,5"], [1234.5, 0.5]),
        (["1,234.5", "0.5"], [1234.5, 0.5]),
        (["1,234,567", "12"], [1234567.0, 12.0]),
        (["1.234.567", "12"], [1234567.0, 12.0]),
        (["1 234,5", "0,5"], [1234.5, 0.5]),
        (["1'234.5", "0.5"], [1234.5, 0.5]),
        (["1\u202f234,5", "2"], [1234.5, 2.0]),
        (["10,014", "0,5"], [10.014, 0.5]),
        (["−1.5", "+2"], [-1.5, 2.0]),
        (["1.5e-3", "2E2"], [0.0015, 200.0]),
        (["1,5e-3", "2E2"], [0.0015, 200.0]),
        (["10.014", "122.449"], [10.014, 122.449]),
        ([".5", "5."], [0.5, 5.0]),
    ],
)
def test_marks_are_found(cells: list[str], expected: list[float]) -> None:
    assert force_of(cells) == expected


@pytest.mark.parametrize("cells", [["1,234", "5,678"], ["1,234", "12"]])
def test_a_number_with_two_readings_is_refused_and_the_options_settle_it(cells: list[str]) -> None:
    rows = f"pCa;force\n9;{cells[0]}\n6;{cells[1]}\n"
    error = refusal(rows)
    assert error.code == "ambiguous-number"
    assert "1.234 or 1234" in error.message
    assert "-r decimal=," in error.remedy
    assert "-r thousands=," in error.remedy
    assert table(rows, decimal=",")[0]["force"][0] == 1.234
    assert table(rows, thousands=",")[0]["force"][0] == 1234


def test_other_columns_settle_a_doubtful_one_and_a_note_says_so() -> None:
    [reading] = table("pCa;force\n9,0;10,014\n6,5;122,449\n")
    assert reading["force"].tolist() == [10.014, 122.449]
    assert any("10,014" in note for note in reading.notes)
    assert any("decimal comma in" in note for note in reading.notes)
    # A decimal comma elsewhere makes the lone point doubtful, too.
    error = refusal("pCa;force\n9,0;10.014\n6,5;122.449\n")
    assert error.code == "ambiguous-number"


def test_each_column_may_have_its_own_mark() -> None:
    [reading] = table("pCa;force\n9,05;0.5\n6,5;1.25\n")
    assert reading["pCa"].tolist() == [9.05, 6.5]
    assert reading["force"].tolist() == [0.5, 1.25]
    assert "decimal comma in 'pCa'" in reading.notes
    assert "decimal point in 'force'" in reading.notes


def test_an_option_leaves_alone_a_column_that_can_only_be_read_the_other_way() -> None:
    [reading] = table("pCa;force\n9.05;1,234\n6.5;5,678\n", decimal=",")
    assert reading["pCa"].tolist() == [9.05, 6.5]
    assert reading["force"].tolist() == [1.234, 5.678]
    assert any("'9.05' in 'pCa'" in note for note in reading.notes)
    assert force_of(["1.234,5", "2"], decimal=",") == [1234.5, 2.0]
    assert force_of(["1.234", "2"], decimal=",", thousands=".") == [1234.0, 2.0]
    assert refusal("pCa;force\n9;1.234\n", decimal=",").code == "not-a-number"


@pytest.mark.parametrize("cells", ["0,5|0.5", "0.5|1,234", "0,5|1.234", "1,234|1.234"])
def test_one_column_with_two_marks_is_refused(cells: str) -> None:
    a, b = cells.split("|")
    assert refusal(f"pCa;force\n9;{a}\n6;{b}\n").code == "mixed-decimal"


@pytest.mark.parametrize(
    "cell",
    ["inf", "-inf", "Infinity", "1_000", "٣", "１２", "0x1F", "1e999", "12abc", "ok", "1.2.3", "++1", "1e", "TRUE"]
    + ["1 2", "12 34 567", "5%", "Ⅳ", "²"],
)
def test_what_is_no_number_is_refused_with_its_place(cell: str) -> None:
    error = refusal(f"pCa;force\n9;1\n6;{cell}\n")
    assert isinstance(error, ReadError)
    assert error.code == "not-a-number"
    assert "row 3" in error.message
    assert "'force'" in error.message
    assert repr(cell) in error.message


@pytest.mark.parametrize("cell", ["", "n.d.", "ND", "—", "-", "#DIV/0!", "#N/A", "NA", "NaN", "n/a"])
def test_what_says_there_is_no_value_is_missing_and_flagged(cell: str) -> None:
    [reading] = table(f"pCa;force\n9;1\n6;{cell}\n5;3\n")
    assert math.isnan(reading["force"][1])
    assert reading["row"].tolist() == [2, 3, 4]
    assert "row(s) 3" in codes(reading)["missing-points"]


def test_a_row_that_begins_with_a_cell_error_is_no_comment() -> None:
    [reading] = table("force;pCa\n1;9\n#DIV/0!;6\n# a remark\n3;5\n")
    assert reading["row"].tolist() == [2, 3, 5]
    assert math.isnan(reading["force"][1])
    assert any("1 line(s)" in note for note in reading.notes)


@pytest.mark.parametrize("cell", ["<0.01", "< 0.01", "≤0.01", ">5"])
def test_a_limit_is_not_a_value(cell: str) -> None:
    [reading] = table(f"pCa;force\n9;{cell}\n6;1.5\n")
    assert math.isnan(reading["force"][0])
    assert "row(s) 2" in codes(reading)["censored-value"]


def test_ids_stay_text() -> None:
    text = "fibre;pCa;force\n" + "".join(
        f"{fibre};{pca};{force}\n" for fibre in ("007", "NA", "None", "1E5", "1.0") for pca, force in ((9, 1), (6, 2))
    )
    readings = table(text)
    assert [r.labels["fibre"] for r in readings] == ["007", "NA", "None", "1E5", "1.0"]
    [reading] = table("sample;pCa;force\n007;9;1\n007;6;2\n")
    assert reading.labels["sample"] == "007"


@pytest.mark.parametrize(
    ("encoding", "bom", "note"),
    [
        ("utf-8", b"", "encoding UTF-8"),
        ("utf-8", b"\xef\xbb\xbf", "encoding UTF-8 (from"),
        ("utf-16-le", b"\xff\xfe", "encoding UTF-16-LE"),
        ("utf-16-be", b"\xfe\xff", "encoding UTF-16-BE"),
        ("cp1252", b"", "encoding cp1252"),
    ],
)
def test_encodings_are_found_and_noted(encoding: str, bom: bytes, note: str) -> None:
    text = "[Ca2+] (µM)\tforce (mN)\tmuscle\r\n0.1\t1.5\tMüller\r\n1\t2.5\tMüller\r\n"
    data = bom + text.encode(encoding)
    [reading] = read(io.BytesIO(data))
    assert reading.unit("calcium") == "umol/L"
    assert reading.labels["muscle"] == "Müller"
    assert any(n.startswith(note) for n in reading.notes)


def test_encodings_that_do_not_fit() -> None:
    assert refusal("pCa;force\n9;1\n".encode("utf-16-le")).code == "binary-content"
    [reading] = table("pCa;force\n9;1\n6;2\n".encode("utf-16-le"), encoding="utf-16-le")
    assert reading["force"].tolist() == [1, 2]
    assert refusal(b"pCa;force\n9;\xff\n", encoding="utf-8").code == "bad-encoding"
    assert refusal(b"pCa;force\n9;\x81\n").code == "bad-encoding"
    assert isinstance(refusal(b"pCa;force\n9;1\n", encoding="no-such"), SettingsError)
    assert isinstance(refusal(b"pCa;force\n9;1\n", encoding="zlib_codec"), SettingsError)


def test_the_locale_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("LC_NUMERIC", "de_DE.UTF-8")
    assert force_of(["0.5", "1.5"]) == [0.5, 1.5]


def test_numbers_are_exact() -> None:
    values = np.random.default_rng(7).lognormal(0, 9, 200)
    assert force_of([repr(v) for v in values.tolist()]) == values.tolist()


def test_damaged_text_never_leaves_the_error_tree(mutations: Callable[[bytes, int], Iterator[bytes]]) -> None:
    sound = (
        "fibre;animal;[Ca2+] (µM);Force, kN m⁻²;remark\n"
        + "".join(f"f{i // 5};a{i // 10};{0.1 * (i % 5 + 1):.2f};{i / 7:.4f};x{i}\n" for i in range(20))
    ).encode()
    outcomes = {"read": 0, "refused": 0}
    for data in mutations(sound, 250):
        try:
            for reading in read(io.BytesIO(data), reader="table"):
                lengths = {a.shape for a in reading.arrays.values()}
                assert len(lengths) == 1
                assert not any(np.isinf(reading[n]).any() for n in reading)
            outcomes["read"] += 1
        except MuscleMetricsError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 20, outcomes
