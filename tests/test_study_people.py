"""Run folders with a sheet of labels, and those that name nobody."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path

import pytest

from musclemetrics import batch, modalities
from musclemetrics.cli import main
from musclemetrics.errors import SettingsError
from musclemetrics.study import apply
from musclemetrics.study.pseudonyms import load_key

from . import mean_force

NAMES = ("Quux_1", "Quux_2", "Xyzzy_1", "Xyzzy_2")


@pytest.fixture(autouse=True)
def _modality(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(modalities.MODALITIES, "mean_force", "mean of some forces")
    monkeypatch.setitem(sys.modules, "musclemetrics.modalities.mean_force", mean_force)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def home(tmp_path) -> Path:
    (tmp_path / "in").mkdir()
    for number, name in enumerate(NAMES):
        (tmp_path / "in" / f"{name}.csv").write_text(f"pCa,force (mN)\n9,{number + 1}\n6,{number + 2}\n4.5,9\n")
    return tmp_path


def _measure(*more: str) -> int:
    return main(["mean_force", "in", "-o", "study", "--quiet", *more])


def _rows(folder: str = "study") -> list[dict[str, str]]:
    with Path(folder, "records.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _sheet(rows: str, name: str = "sheet.csv") -> None:
    Path(name).write_text(rows, encoding="utf-8")


def test_a_changed_sheet_changes_the_tables_and_measures_nothing(home, monkeypatch, capsys) -> None:
    _sheet("file,subject,group\nQuux_1,007,a\nQuux_2,007,a\nXyzzy_1,8,b\n")
    assert main(["mean_force", "in", "-o", "study", "--table", "sheet.csv"]) == 0
    told = capsys.readouterr().err
    assert "1 file without a row: Xyzzy_2.csv" in told
    assert [(r["subject"], r["group"]) for r in _rows()] == [("007", "a"), ("007", "a"), ("8", "b"), ("", "")]
    assert "no-sheet-row" in _rows()[3]["flags"]

    def never(*_: object, **__: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr("musclemetrics.batch.work.run", never)
    monkeypatch.setattr(batch.work, "run", never)
    _sheet("file,subject,group\nQuux_1,007,a\nQuux_2,007,c\nXyzzy_1,8,b\nXyzzy_2,8,b\n")
    assert _measure("--table", "sheet.csv") == 0
    assert [(r["subject"], r["group"]) for r in _rows()] == [("007", "a"), ("007", "c"), ("8", "b"), ("8", "b")]
    # What the folder knows stays known where the sheet is not given again.
    Path("ratings.csv").write_text("item,source,frame,rating,note\n,Quux_1.csv,,reject,slipped\n")
    assert main(["apply", "study", "ratings.csv", "--quiet"]) == 0
    assert [(r["subject"], r["rating"]) for r in _rows()][:2] == [("007", "reject"), ("007", "")]


def test_a_sheet_by_pattern_and_rows_that_fit_nothing(home, capsys) -> None:
    _sheet("subject,session,side\nQuux,1,left\nQuux,2,right\nXyzzy,1,left\nPlugh,1,left\n")
    assert main(["mean_force", "in", "-o", "study", "--table", "sheet.csv", "--match", "{subject}_{session}"]) == 0
    assert "1 row of no file: line 5 (subject Plugh, session 1)" in capsys.readouterr().err
    assert [r["side"] for r in _rows()] == ["left", "right", "left", ""]
    assert main(["mean_force", "in", "--table", "sheet.csv", "--match", "{who}_{n}", "-o", "out.csv"]) == 2
    assert main(["mean_force", "in", "--match", "{who}_{n}", "-o", "out.csv"]) == 2


def test_a_table_alone_has_the_labels_too(home, capsys) -> None:
    _sheet("file,subject\nQuux_1,0012\nQuux_2,12\nXyzzy_1,9\nXyzzy_2,9\n")
    assert main(["mean_force", "in", "--table", "sheet.csv", "-o", "out.csv"]) == 0
    with Path("out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [r["subject"] for r in rows] == ["0012", "12", "9", "9"]
    assert [r["flags"] for r in rows] == ["possible-duplicate-subject"] * 2 + [""] * 2
    assert "'0012' is also written '12'" in capsys.readouterr().err


def test_the_folder_can_be_run_again_from_its_own_words(home) -> None:
    _sheet("file,subject\nQuux_1,1\nQuux_2,1\nXyzzy_1,2\nXyzzy_2,2\n")
    assert _measure("--table", "sheet.csv") == 0
    assert main(["run", "study", "-o", "other", "--quiet"]) == 0
    assert [r["subject"] for r in _rows("other")] == ["1", "1", "2", "2"]


# naming nobody


@pytest.fixture
def safe(home) -> list[str]:
    _sheet("file,subject,session,group\nQuux_1,Quux,2024-03-01,a\nQuux_2,Quux,2024-03-15,a\nXyzzy_1,Xyzzy,v1,b\n")
    main(["key", "k"])
    return ["--phi-safe", "--key", "k", "--table", "sheet.csv", "--allow", "group"]


def _named(folder: str = "study") -> list[str]:
    """Return the outputs in which a name is."""
    found = []
    for path in sorted(Path(folder).rglob("*")):
        data = path.read_bytes().lower() if path.is_file() else b""
        if any(w in data or w in path.name.lower().encode() for w in (b"quux", b"xyzzy", b"2024-03")):
            found.append(str(path))
    return found


def test_parts_of_a_run_that_names_nobody_are_joined(home, safe) -> None:
    assert _measure(*safe) == 0
    whole = {n: Path("study", n).read_bytes() for n in ("records.csv", "records.jsonl")}
    for k in (1, 2):
        assert main(["mean_force", "in", "-o", f"p{k}", "--quiet", *safe, "--shard", f"{k}/2"]) in (0, 3)
    assert main(["merge", "p1", "p2", "-o", "both", "--quiet"]) == 2  # days are counted with the key
    assert main(["merge", "p1", "p2", "-o", "both", "--quiet", "--key", "k"]) == 0
    assert {n: Path("both", n).read_bytes() for n in whole} == whole
    assert [r["session"] for r in _rows("both")][:3] == ["day 0", "day 14", "v1"]
    for folder in ("study", "both", "p1", "p2"):
        assert not _named(folder)


def test_a_reviewers_marks_find_records_by_their_codes(home, safe, capsys) -> None:
    assert _measure(*safe) == 0
    code = load_key("k").code("F", "Quux_2.csv") + ".csv"
    Path("ratings.csv").write_text(f"item,source,frame,rating,note\n,{code},,doubt,Quux moved\n")
    assert main(["apply", "study", "ratings.csv", "--quiet"]) == 2
    assert "--key FILE" in capsys.readouterr().err
    assert main(["apply", "study", "ratings.csv", "--key", "k", "--quiet"]) == 0
    row = next(r for r in _rows() if r["source"] == code)
    assert (row["rating"], row["group"], row["session"]) == ("doubt", "a", "day 14")
    assert not _named()
    Path("corrections.json").write_text(json.dumps([{"source": code, "settings": {"scale": 2}}]))
    before = float(row["mean_mN"])
    assert main(["apply", "study", "corrections.json", "--key", "k", "--quiet"]) == 2  # where are the recordings?
    assert main(["apply", "study", "corrections.json", "--key", "k", "--inputs", "in", "--quiet"]) == 0
    row = next(r for r in _rows() if r["source"] == code)
    assert float(row["mean_mN"]) == 2 * before
    assert (row["rating"], row["session"]) == ("doubt", "day 14")


@pytest.mark.skipif(os.name != "posix", reason="a signal of POSIX")
def test_a_run_that_named_people_is_not_made_safe_in_its_own_folder(home, safe, capsys) -> None:
    assert _measure() == 0
    assert _measure(*safe) == 2
    err = capsys.readouterr().err
    assert "other settings" in err
    assert "quux" not in err.lower()


def test_foreign_words_of_the_settings_are_not_told(home, safe) -> None:
    """A pattern may hold a name as well as a file does."""
    assert _measure(*safe, "--group-by", "Quux_{n}.csv", "--label", "subject=Xyzzy", "--label", "site=Quux") in (0, 1)
    assert not _named()
    assert "group_by" not in Path("study/run.toml").read_text()


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_results_with_subjects_that_all_may_read_are_told(home, capsys) -> None:
    old = os.umask(0o022)
    try:
        assert main(["mean_force", "in", "-o", "plain"]) == 0
        assert "by everyone" not in capsys.readouterr().err
        assert main(["mean_force", "in", "-o", "open", "--label", "subject=007"]) == 0
        assert "can be read by everyone on this machine (755)" in capsys.readouterr().err
        os.umask(0o077)
        assert main(["mean_force", "in", "-o", "closed", "--label", "subject=007"]) == 0
        assert "by everyone" not in capsys.readouterr().err
    finally:
        os.umask(old)


def test_a_run_folder_met_among_the_recordings_is_passed_over(home) -> None:
    _sheet("file,subject\nQuux_1,1\n", "in/labels.txt")
    assert main(["mean_force", "in", "-o", "in/study", "--quiet", "--table", "in/labels.txt"]) in (0, 1)
    assert main(["mean_force", "in", "-o", "other", "--quiet"]) in (0, 1)
    assert [r["flags"] for r in _rows("other") if r["source"].startswith("study")] == ["own-output"]


def _kept(folder: str = "study") -> dict[str, bytes]:
    names = ("corrections.json", "ratings.csv", "journal.jsonl", "records.csv")
    return {n: Path(folder, n).read_bytes() for n in names if Path(folder, n).exists()}


def test_a_pattern_keeps_its_fields_where_nobody_is_named(home, safe) -> None:
    """A field that only this study has is its own word; without it the run could not go on from its folder."""
    assert _measure(*safe, "--group-by", "{zaphod}_{n}.csv") in (0, 1)
    assert 'group_by = "{zaphod}_{n}.csv"' in Path("study/run.toml").read_text()
    assert "labels were left out, since they may name someone: zaphod" in Path("study/records.jsonl").read_text()
    assert not _named()
    source = _rows()[0]["source"].split(";")[0].strip()
    Path("corrections.json").write_text(json.dumps([{"source": source, "settings": {"scale": 2}}]))
    assert main(["apply", "study", "corrections.json", "--key", "k", "--inputs", "in", "--quiet"]) in (0, 1)
    assert main(["run", "study", "--key", "k", "--inputs", "in", "--quiet"]) in (0, 1)


def test_what_run_toml_does_not_tell_is_asked_for_and_a_refusal_changes_nothing(home, safe, capsys) -> None:
    assert _measure(*safe, "--group-by", "Quux_{n}.csv") in (0, 1)
    source = next(r["source"] for r in _rows() if r["mean_mN"])
    Path("corrections.json").write_text(json.dumps([{"source": source, "settings": {"scale": 2}}]))
    before = _kept()
    capsys.readouterr()
    for verb in (["apply", "study", "corrections.json"], ["run", "study"]):
        assert main([*verb, "--key", "k", "--quiet"]) == 2
        assert "give the recordings: --inputs PATH" in capsys.readouterr().err
        assert main([*verb, "--key", "k", "--inputs", "in", "--quiet"]) == 2
        assert "--group-by" in capsys.readouterr().err
        assert _kept() == before
        assert main([*verb, "--key", "k", "--inputs", "in", "--group-by", "Quux_{n}.csv", "--quiet"]) in (0, 1)
        before = _kept()
    assert main(["run", "study", "-o", "other", "--key", "k", "--inputs", "in", "--quiet"]) == 2
    assert not Path("other").exists()
    Path("corrections.json").write_text(json.dumps([{"source": source, "settings": {"scale": 3}}]))
    Path("ratings.csv").write_text(f"item,source,frame,rating,note\n,{source},,doubt,\n")
    with pytest.raises(SettingsError, match="not above 0"):  # which is seen as late as the run itself
        apply(
            "study", ["corrections.json", "ratings.csv"], key="k", inputs=["in"], group_by="Quux_{n}.csv", deadline=-1
        )
    assert _kept() == before


def test_another_key_is_said_to_be_another(home, safe, capsys) -> None:
    assert _measure(*safe) == 0
    main(["key", "k2"])
    capsys.readouterr()
    assert _measure(*[w if w != "k" else "k2" for w in safe]) == 2
    assert "another key was used for this folder" in capsys.readouterr().err
    source = _rows()[0]["source"]
    Path("study/corrections.json").write_text(json.dumps([{"source": source, "settings": {"scale": 2}}]))
    assert _measure(*[w if w != "k" else "k2" for w in safe]) == 2
    assert "another key was used for this folder" in capsys.readouterr().err
    (Path("in") / "Quux_1.csv").unlink()
    assert _measure(*safe) == 2
    assert f"the correction of {source}" in capsys.readouterr().err
