"""Columns of a table named by the user: foreign names, none at all, and a time that was rounded."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from musclemetrics.batch import measure_files
from musclemetrics.cli import main
from musclemetrics.errors import ReadError, SettingsError
from musclemetrics.readers import read
from musclemetrics.reading import Reading
from musclemetrics.simulate import slack_test

ROWS = [f"{i / 2000:.4f},{50 + i % 7},{1 - 1e-4 * (i % 3):.4f}" for i in range(60)]
UNITS = "time=s,force=mN,length=mm"


def only(head: str | None, rows: list[str] = ROWS, **options: object) -> Reading:
    text = "\n".join(rows if head is None else [head, *rows]) + "\n"
    [reading] = read(io.BytesIO(text.encode()), reader="table", **options)
    return reading


def refusal(head: str | None, rows: list[str] = ROWS, **options: object) -> str:
    with pytest.raises((ReadError, SettingsError)) as caught:
        only(head, rows, **options)
    return caught.value.code


WAYS = [
    ("x,y,z", "time,force,length"),
    ("x,y,z", {"time": "x", "force": "y", "length": "z"}),
    ("Zeit,Kraft,Länge", {"time": "Zeit", "force": "Kraft", "length": "Länge"}),
    (None, "time,force,length"),
    (None, ["time", "force", "length"]),
    (None, {"time": 1, "force": "2", "length": 3}),
]


@pytest.mark.parametrize(("head", "columns"), WAYS)
def test_columns_are_what_the_user_says(head: str | None, columns: object) -> None:
    reading = only(head, columns=columns, units=UNITS)
    expected = np.array([[float(c) for c in row.split(",")] for row in ROWS])
    for i, name in enumerate(("time", "force", "length")):
        np.testing.assert_array_equal(reading[name], expected[:, i])
    assert [reading.unit(n) for n in ("time", "force", "length")] == ["s", "mN", "mm"]
    assert head is None or any("read as time" in note for note in reading.notes)


def test_a_unit_in_a_foreign_name_stays_and_a_column_can_be_left_out() -> None:
    reading = only("Zeit (ms),Kraft (mN),z", columns="time,force,-")
    assert (reading.unit("time"), reading.unit("force"), list(reading)) == ("ms", "mN", ["time", "force", "row"])
    assert any("'z'" in note and "left out" in note for note in reading.notes)


def test_a_column_of_the_same_kind_gives_way_and_is_told() -> None:
    reading = only("time (s),force (mN),force 2", columns={"force": "force 2", "length": "force (mN)"})
    assert reading["force"][1] == 0.9999
    reading = only("time (s),force,raw", columns={"force": "raw"})
    assert reading["force"][1] == 0.9999
    assert any("'force'" in note and "left out" in note for note in reading.notes)


def test_columns_that_cannot_be_are_refused() -> None:
    assert refusal("x,y,z", columns="time,force") == "unknown-column"
    assert refusal(None, columns="time,force") == "unknown-column"
    assert refusal("x,y,z", columns={"time": "w"}) == "unknown-column"
    assert refusal("x,y,z", columns={"time": "x", "force": "x"}) == "ambiguous-column"
    for wrong in ("time,time,force", "-,-,-", {"time": ""}, {}, 7):
        assert refusal("x,y,z", columns=wrong) == "bad-setting", wrong
    assert refusal("x,y,z", columns="time,force,length", x="x") == "bad-setting"


def slack_file(path: Path, head: str | None, *, mark: str = ",", digits: int = 6, **fibre: object) -> Path:
    test = slack_test(steps=(0.08, 0.10, 0.12, 0.14), **fibre)
    lines = [] if head is None else [head]
    lines += [
        f"{t:.{digits}f}{mark}{f:.4f}{mark}{x:.6f}" for t, f, x in zip(test.time, test.force, test.length, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("head", "mark"), [("x,y,z", ","), ("Zeit;Kraft;Länge", ";"), (None, ",")])
def test_what_the_messages_say_leads_to_a_number(tmp_path: Path, capsys, head: str | None, mark: str) -> None:
    path = slack_file(tmp_path / "a.csv", head, mark=mark)
    assert main(["slack", str(path)]) == 3
    told = capsys.readouterr().err
    units = ["-r", "units.time=s", "-s", "length_unit={L0}"]
    if head is None:
        assert "-r columns=time,force,length" in told
        words = ["-r", "columns=time,force,length"]
    else:
        assert "-r columns.time=NAME -r columns.force=NAME" in told
        names = head.split(mark)
        words = [w for n, c in zip(("time", "force", "length"), names, strict=True) for w in ("-r", f"columns.{n}={c}")]
    assert main(["slack", str(path), *words, *units]) == 0, capsys.readouterr().err
    # A curve of these columns is no recording, and the way to one is told there too.
    if head == "x,y,z":
        assert main(["slack", str(path), "-r", "x=x", "-r", "y=y"]) == 3
        assert "-r columns.time=NAME" in capsys.readouterr().err


def test_a_rounded_time_is_told_as_such_and_the_rate_can_be_given(tmp_path: Path, capsys) -> None:
    exact = slack_file(tmp_path / "exact.csv", "time (s),force (kN/m2),length ({L0})")
    rate = round(1 / np.median(np.diff(np.loadtxt(exact, delimiter=",", skiprows=1)[:, 0])))
    digits = next(d for d in (3, 4, 2) if 10.0**d < rate)
    path = slack_file(tmp_path / "rounded.csv", "time (s),force (kN/m2),length ({L0})", digits=digits)
    assert main(["slack", str(path)]) == 3
    told = capsys.readouterr().err
    assert "rounded" in told
    assert "-r sampling_rate=" in told
    word = f"sampling_rate={rate}"
    (one,) = measure_files([path], "slack", reading={"sampling_rate": str(rate)})
    (other,) = measure_files([exact], "slack")
    assert one.status == "ok"
    assert one["Vo"].value == pytest.approx(other["Vo"].value, rel=2e-3)
    assert any("sampling_rate" in n or "Hz given" in n for n in one.provenance.reading["notes"])
    assert main(["slack", str(path), "-r", word]) == 0


def test_a_rate_that_contradicts_the_time_is_told_and_makes_one_where_there_is_none() -> None:
    wrong = only("time (s),force,length", sampling_rate=1000)
    assert ("time-contradicts-rate", "suspect") in [(f.code, f.level) for f in wrong.flags]
    right = only("time (s),force,length", sampling_rate=2000)
    assert not [f for f in right.flags if f.code == "time-contradicts-rate"]
    none = only("force,length", [row.partition(",")[2] for row in ROWS], sampling_rate="2000")
    np.testing.assert_allclose(none["time"], np.arange(60) / 2000)
    assert none.unit("time") == "s"
    assert refusal("time,force,length", sampling_rate=-1) == "bad-setting"
    curve = only("pCa,force", ["9,1", "6,2", "4.5,3"], sampling_rate=2000)
    assert any("sampling_rate" in note and "not used" in note for note in curve.notes)


def test_an_option_that_no_file_of_the_run_has_is_refused(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.csv").write_text("pCa,force\n9,1\n6,2\n4.5,3\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        list(measure_files([tmp_path], "force_pca", reading={"array": "m"}))
    assert caught.value.code == "unknown-option"
    assert "table" in str(caught.value)
    assert main(["force_pca", str(tmp_path), "-r", "array=m"]) == 2
    assert "array" in capsys.readouterr().err
