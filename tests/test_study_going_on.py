"""What was decided, measured and asked in a run folder outlives what happens to its files."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from musclemetrics import modalities
from musclemetrics.cli import main
from musclemetrics.provenance import case_ids
from musclemetrics.store import load
from musclemetrics.study import Plan, run
from musclemetrics.study.lock import Lock

from . import mean_force


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(modalities.MODALITIES, "mean_force", "the mean of some forces")
    monkeypatch.setitem(sys.modules, "musclemetrics.modalities.mean_force", mean_force)
    monkeypatch.chdir(tmp_path)
    Path("in", "sub").mkdir(parents=True)
    for n, name in enumerate(("a", "b", "c", "sub/d")):
        Path("in", f"{name}.csv").write_text(f"pCa,force (mN)\n9,{n + 1}\n6,{n + 2}\n4.5,{n + 3}\n", encoding="utf-8")


MEASURE = ["mean_force", "in", "-o", "study"]
JOURNAL = Path("study", "journal.jsonl")


def _means(folder: str = "study") -> dict[str, float]:
    return {r.provenance.sources[0][0]: r["mean"].value for r in load(f"{folder}/records.jsonl")}


def _ratings(folder: str = "study") -> dict[str, str]:
    return {r.provenance.sources[0][0]: r.labels.get("rating", "") for r in load(f"{folder}/records.jsonl")}


def _items() -> int:
    return JOURNAL.read_bytes().count(b'{"item":')


def _written(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def _corrected(*rows: dict[str, object]) -> str:
    return _written("corrections.json", json.dumps(rows))


def _rated(*rows: str) -> str:
    return _written("ratings.csv", "\n".join(("item,source,frame,rating,note", *rows)) + "\n")


def test_a_reviewers_word_goes_with_the_run(capsys) -> None:
    assert main([*MEASURE, "--quiet"]) == 0
    word = _corrected({"source": "b.csv", "settings": {"scale": 10.0}})
    assert main(["apply", "study", word, _rated(",a.csv,,reject,"), "--quiet"]) == 0
    assert main(["run", "study", "-o", "other"]) == 0
    told = capsys.readouterr().err
    assert "corrections.json was taken over from study" in told
    assert "ratings.csv was taken over from study" in told
    assert (_means("other"), _ratings("other")) == (_means(), _ratings())
    assert _means("other")["b.csv"] == 30.0
    # What the other folder says itself is left alone.
    assert main(["apply", "other", _rated(",a.csv,,accept,"), "--quiet"]) == 0
    assert main(["run", "study", "-o", "other"]) == 0
    assert "taken over" not in capsys.readouterr().err
    assert _ratings("other")["a.csv"] == "accept"


def test_the_recipe_keeps_the_sheet_whose_labels_the_tables_have() -> None:
    _written("sheet.csv", "file,subject\na,1\nb,1\nc,2\nd,2\n")
    assert main([*MEASURE, "--table", "sheet.csv", "--quiet"]) == 0
    before = Path("study", "run.toml").read_bytes()
    assert main([*MEASURE, "--label", "rig=1", "--quiet"]) == 0
    assert main([*MEASURE, "--quiet"]) == 0
    assert Path("study", "run.toml").read_bytes() == before
    assert main(["run", "study", "-o", "other", "--quiet"]) == 0
    assert [r.labels["subject"] for r in load("other/records.jsonl")] == ["1", "1", "2", "2"]


def test_a_damaged_first_line_costs_nothing(capsys) -> None:
    assert main([*MEASURE, "-s", "scale=2", "--quiet"]) == 0
    whole, tables = JOURNAL.read_bytes(), Path("study", "records.jsonl").read_bytes()
    head = whole.index(b"\n") + 1
    flipped = (whole.replace(b'{"jour', b'{"jowr', 1), whole[head:], whole.replace(b'"scale":2.0', b'"scale":3.0', 1))
    for hurt in flipped:
        JOURNAL.write_bytes(hurt)
        assert main([*MEASURE, "-s", "scale=5"]) == 2  # not those of its rows
        assert JOURNAL.read_bytes() == hurt
        capsys.readouterr()
        assert main([*MEASURE, "-s", "scale=2"]) == 0
        told = capsys.readouterr().err
        assert re.search("line of journal.jsonl that says what was asked is damaged.*written anew", told)
        assert _items() == 4, "nothing is measured again"
        assert Path("study", "records.jsonl").read_bytes() == tables
        assert main([*MEASURE, "-s", "scale=2"]) == 0
        assert "damaged or gone" not in capsys.readouterr().err
    JOURNAL.write_bytes(whole[head:])
    assert main(["mean_force", "in", "-o", "study"]) == 2
    told = capsys.readouterr().err
    assert "4 items were not measured with these settings; give the settings of run.toml in it" in told


def test_tables_whose_journal_is_gone_are_not_replaced(capsys) -> None:
    assert main([*MEASURE, "--quiet"]) == 0
    tables = Path("study", "records.csv").read_bytes()
    for make in (JOURNAL.unlink, lambda: JOURNAL.write_bytes(b"")):
        make()
        for words in (["mean_force", "in/sub", "-o", "study"], ["run", "study"]):
            capsys.readouterr()
            assert main(words) == 2
            assert "the tables in study have 4 rows, and journal.jsonl" in capsys.readouterr().err
            assert Path("study", "records.csv").read_bytes() == tables
    assert main(["mean_force", "in/sub", "-o", "study", "--overwrite", "--quiet"]) == 0
    assert list(_means()) == ["d.csv"]
    Path("study", "records.jsonl").unlink()
    JOURNAL.unlink()
    assert main(["run", "study", "--quiet", "--overwrite"]) == 0


def test_tables_that_become_shorter_are_told(capsys) -> None:
    assert main([*MEASURE, "--quiet"]) == 0
    assert main(["mean_force", "in/sub", "-o", "study"]) == 0
    told = capsys.readouterr().err
    assert "the tables had 4 rows and have 1" in told
    assert "4 items no longer there, and left out" in told


def test_no_recording_is_taken_for_a_result(capsys) -> None:
    shutil.copytree("in", "up/figures")
    for words in (["up/figures", "-o", "up"], ["up", "-o", "up"], [".", "-o", "up"]):
        assert main(["mean_force", *words]) == 2
        told = capsys.readouterr().err
        assert "what lies in up/figures would be taken for results of the run in up" in told
        assert "a folder of its own, such as up/study" in told
    assert [p.name for p in Path("up").iterdir()] == ["figures"]
    # Elsewhere within them, above them, or in their very place results are in nobody's way.
    names = ["a.csv", "b.csv", "c.csv", "sub/d.csv"]
    for folder in ("in/study", ".", "in"):
        for _ in range(2):
            assert main(["mean_force", "in", "-o", folder, "--quiet"]) == 0
            assert [n for n in _means(folder) if n.endswith(".csv")] == names


def test_a_rating_is_of_one_record_or_refused(capsys) -> None:
    assert main([*MEASURE, "--quiet"]) == 0
    ids = case_ids(load("study/records.jsonl"))
    before = Path("study", "records.csv").read_bytes()
    for rows, told in (
        ((f"{ids[0]},b.csv,,reject,",), f"names two records: {ids[0]} is the word for a.csv"),
        ((f"{ids[0]},a.csv,3,reject,",), "names two records"),
        ((f"{ids[0]},a.csv,,reject,", ",a.csv,,accept,"), "two rows rate a.csv: reject and accept"),
        ((",a.csv,,reject,", ",a.csv,,accept,"), "line 3 rates a record otherwise than a line above"),
    ):
        capsys.readouterr()
        assert main(["apply", "study", _rated(*rows)]) == 2
        assert told in capsys.readouterr().err
        assert Path("study", "records.csv").read_bytes() == before
    assert main(["apply", "study", _rated("beefbeefbeef,a.csv,,reject,", ",sub/e.csv,,accept,")]) == 0
    told = capsys.readouterr().err
    assert "the rating of a.csv has the word beefbeefbeef, which no record has, and was taken by its file" in told
    assert "the rating of sub/e.csv belongs to no record; the closest is sub/d.csv" in told
    assert _ratings()["a.csv"] == "reject"
    # A later word replaces the earlier, however each of them names the record.
    assert main(["apply", "study", _rated(f"{ids[0]},a.csv,,accept,")]) == 0
    assert "a.csv" not in capsys.readouterr().err
    assert _ratings()["a.csv"] == "accept"
    Path("study", "ratings.csv").write_text(Path("study", "ratings.csv").read_text() + ",a.csv,,doubt,\n")
    assert main(MEASURE) == 0
    assert "two ratings are of a.csv; the later, doubt, holds" in capsys.readouterr().err


def test_a_correction_is_taken_back(capsys) -> None:
    assert main([*MEASURE, "--quiet"]) == 0
    before = Path("study", "records.jsonl").read_bytes()
    for gone in ({"settings": {}}, {"withdrawn": True}):
        word = _corrected(*({"source": f"{n}.csv", "settings": {"scale": 10.0}} for n in "bc"))
        assert main(["apply", "study", word, "--quiet"]) == 0
        assert (_means()["b.csv"], _means()["c.csv"]) == (30.0, 40.0)
        assert main(["apply", "study", _corrected({"source": "b.csv", **gone}), "--quiet"]) == 0
        assert (_means()["b.csv"], _means()["c.csv"]) == (3.0, 40.0)
        assert main(["apply", "study", _corrected({"source": "c.csv", **gone}), "--quiet"]) == 0
        assert Path("study", "records.jsonl").read_bytes() == before
    capsys.readouterr()
    assert main(["apply", "study", _corrected({"source": "a.csv", "withdrawn": True})]) == 2
    assert "cannot be withdrawn" in capsys.readouterr().err
    assert main(["apply", "study", _corrected({"source": "a.csv", "withdrawn": True, "settings": {"scale": 2}})]) == 2
    assert main(["apply", "study", _corrected({"source": "sub/e.csv", "settings": {"scale": 2.0}})]) == 2
    assert "names no file that is measured; the closest is sub/d.csv" in capsys.readouterr().err


def test_what_cannot_be_applied_says_why(capsys) -> None:
    assert main([*MEASURE, "--quiet"]) == 0
    assert main(["apply", "study", _written("empty.csv", "")]) == 2
    assert "empty.csv is empty: there is nothing to apply; give ratings.csv or corrections" in capsys.readouterr().err
    Path("study", "run.toml").unlink()
    with Lock(Path("study")):
        assert main(["apply", "study", _rated(",a.csv,,reject,")]) == 2
        assert "a run is in progress in study" in capsys.readouterr().err


def test_a_run_that_is_not_finished_says_so() -> None:
    def stop(results):
        for n, result in enumerate(results):
            yield result
            if n:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Plan(mean_force, ("in",)), "study", watch=stop)
    methods = Path("study", "methods.md")
    assert "The run is not finished: 2 items not measured yet." in methods.read_text(encoding="utf-8")
    assert main(["apply", "study", _rated(",a.csv,,reject,"), "--quiet"]) == 0
    assert "not finished" in methods.read_text(encoding="utf-8")
    assert main([*MEASURE, "--quiet"]) == 0
    assert "not finished" not in methods.read_text(encoding="utf-8")


def test_units_that_differ_have_pictures_of_their_own() -> None:
    Path("in", "b.csv").write_text("pCa,force (kN/m2)\n9,1\n6,2\n4.5,3\n", encoding="utf-8")
    assert main([*MEASURE, "--label", "session=1", "--quiet"]) == 0
    assert main(["figures", "study", "--by", "session", "--of", "mean", "-o", "plots", "--quiet"]) == 0
    assert {p.name for p in Path("plots").iterdir()} == {"mean-by-session-kN_m2.svg", "mean-by-session-mN.svg"}


def test_ratings_of_a_folder_that_lost_the_order_of_its_items() -> None:
    assert main([*MEASURE, "--quiet"]) == 0
    lines = JOURNAL.read_bytes().splitlines(keepends=True)
    JOURNAL.write_bytes(b"".join(line for line in lines if not line.startswith(b'{"order":')))
    assert main(["apply", "study", _rated(",a.csv,,reject,"), "--quiet"]) == 0
    assert _ratings() == {"a.csv": "reject", "b.csv": "", "c.csv": "", "sub/d.csv": ""}
    assert _items() == 4
