"""What goes on from a run folder: run, merge, apply, figures, from the command line as a person types them."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from musclemetrics import modalities
from musclemetrics.cli import main
from musclemetrics.errors import InputError
from musclemetrics.plotting import save_drawn
from musclemetrics.provenance import case_ids
from musclemetrics.store import load

from . import mean_force

TABLES = ("records.jsonl", "records.csv", "records_long.csv", "records.xlsx", "methods.md")


@pytest.fixture(autouse=True)
def _modality(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(modalities.MODALITIES, "mean_force", "the mean of some forces")
    monkeypatch.setitem(sys.modules, "musclemetrics.modalities.mean_force", mean_force)
    # A worker imports it by its own name.
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for subject in ("01", "02", "03"):
        for visit in ("1", "2"):
            path = tmp_path / "data" / subject / f"{visit}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            mean = 10 * int(subject) + int(visit)
            path.write_text(f"pCa,force (mN)\n9,{mean - 1}\n6,{mean}\n4.5,{mean + 1}\n", encoding="utf-8")
    (tmp_path / "data" / "01" / "3.csv").touch()
    shutil.copy(tmp_path / "data" / "02" / "1.csv", tmp_path / "data" / "03" / "twin.csv")
    return tmp_path / "data"


PATTERN = ["--group-by", "{subject}/{session}.csv", "--quiet"]


def _bytes(folder: str | Path) -> list[bytes]:
    return [Path(folder, name).read_bytes() for name in TABLES]


def _lines(folder: str | Path) -> int:
    """Return how many items were measured in a folder."""
    return Path(folder, "journal.jsonl").read_bytes().count(b'{"item":')


def test_run_goes_by_the_file_of_an_earlier_run(data: Path, tmp_path: Path, capsys) -> None:
    words = ["mean_force", "data", *PATTERN, "-s", "scale=2", "--label", "rig=007", "-o", "study"]
    assert main(words) == 1
    assert main(["run", "study"]) == 1
    assert "nothing is new" in capsys.readouterr().err
    assert main(["run", "study/run.toml", "-o", "other", "--quiet"]) == 1
    assert _bytes("other") == _bytes("study")
    os.chdir(tmp_path / "data")  # paths are seen from the file, not from where one is
    assert main(["run", "../study", "-o", "../third", "--quiet"]) == 1
    os.chdir(tmp_path)
    assert _bytes("third") == _bytes("study")
    assert main(["mean_force", "--config", "study/run.toml", "-o", "fourth", "--quiet"]) == 1
    assert _bytes("fourth") == _bytes("study")
    assert main(["mean_force", "--config", "study", "-s", "scale=3", "-o", "o.jsonl", "--quiet"]) == 1
    [first, *_] = load("o.jsonl")
    assert (first.provenance.settings["scale"], first.labels["rig"], first.labels["subject"]) == (3.0, "007", "01")
    assert main(["force_pca", "--config", "study", "-o", "o.jsonl"]) == 2
    assert "use musclemetrics mean_force" in capsys.readouterr().err
    assert main(["run", "nowhere"]) == 2


def test_parts_measured_apart_are_what_one_run_gives(data: Path, tmp_path: Path, capsys) -> None:
    for k in (1, 2):
        assert main(["mean_force", "data", *PATTERN, "--shard", f"{k}/2", "-o", f"part{k}"]) in (0, 1, 3)
    assert main(["mean_force", "data", *PATTERN, "-o", "whole"]) == 1
    assert main(["merge", "part2", "part1", "-o", "joined", "--quiet"]) == 1
    assert _bytes("joined") == _bytes("whole")
    lines = _lines("joined")
    assert main(["run", "joined", "--quiet"]) == 1  # one run now, complete
    assert _lines("joined") == lines
    assert _bytes("joined") == _bytes("whole")
    assert main(["merge", "part1", "part1", "part2", "-o", "joined", "--quiet"]) == 1  # the same rows twice
    assert _bytes("joined") == _bytes("whole")
    capsys.readouterr()
    assert main(["merge", "part1", "-o", "less"]) == 2
    assert "4 of 8 items are in none of the parts given (1/2); give all parts" in capsys.readouterr().err
    assert not Path("less").exists()
    assert main(["mean_force", "data", *PATTERN, "-s", "scale=2", "--shard", "2/2", "-o", "scaled"]) in (0, 1, 3)
    assert main(["merge", "part1", "scaled", "-o", "less"]) == 2
    assert "it differs from part1: scale was not given, is 2.0" in capsys.readouterr().err
    assert main(["mean_force", "data/01", *PATTERN, "--shard", "2/2", "-o", "fewer"]) in (0, 1, 3)
    assert main(["merge", "part1", "fewer", "-o", "less"]) == 2
    assert "measure all parts of the same files" in capsys.readouterr().err
    assert main(["merge", "part1", "data", "-o", "less"]) == 3
    assert "is no run folder" in capsys.readouterr().err
    lines = Path("part2", "journal.jsonl").read_bytes().splitlines(keepends=True)
    Path("part2", "journal.jsonl").write_bytes(b"".join(lines[:3]))
    assert main(["merge", "part1", "part2", "-o", "less"]) == 2
    assert "part2 (part 2/2) is not finished" in capsys.readouterr().err
    assert main(["mean_force", "data", "--shard", "1/3"]) == 2
    assert main(["mean_force", "data", "--shard", "1/3", "-o", "a.csv"]) == 2
    assert main(["mean_force", "data", "--shard", "4/3", "-o", "part"]) == 2


def test_parts_that_contradict_each_other_are_not_joined(data: Path, capsys) -> None:
    assert main(["mean_force", "data", *PATTERN, "-o", "one"]) == 1
    (data / "01" / "1.csv").write_text("pCa,force\n9,1\n6,1\n", encoding="utf-8")
    assert main(["mean_force", "data", *PATTERN, "-o", "two"]) == 1
    assert main(["merge", "one", "two", "-o", "both"]) == 2
    assert "one and two have different rows of 01/1.csv" in capsys.readouterr().err
    assert not Path("both").exists()


def test_what_a_reviewer_decided_is_applied(data: Path, capsys) -> None:
    assert main(["mean_force", "data", *PATTERN, "-o", "study"]) == 1
    ids = case_ids(load("study/records.jsonl"))
    Path("ratings.csv").write_text(
        f'item,source,frame,rating,note\n{ids[0]},01/1.csv,,accept,\n{ids[1]},01/2.csv,,reject,"=moved, twice"\n',
        encoding="utf-8",
    )
    Path("corrections.json").write_text(
        json.dumps([{"source": "02/1.csv", "settings": {"scale": 10.0}}]), encoding="utf-8"
    )
    count = _lines("study")
    assert main(["apply", "study", "ratings.csv", "corrections.json"]) == 1
    assert _lines("study") == count + 1
    with open("study/records.csv", encoding="utf-8", newline="") as stream:
        rows = {r["source"]: r for r in csv.DictReader(stream)}
    assert (rows["01/1.csv"]["rating"], rows["01/2.csv"]["rating"]) == ("accept", "reject")
    assert rows["01/2.csv"]["rating_note"] == "'=moved, twice"
    assert rows["02/1.csv"]["mean_mN"] == "210.0"
    corrected = next(r for r in load("study/records.jsonl") if r.provenance.sources[0][0] == "02/1.csv")
    assert "scale corrected by hand, from corrections.json" in corrected.provenance.reading["notes"]
    Path("more.csv").write_text(f"item,source,frame,rating,note\n{ids[0]},01/1.csv,,doubt,\n", encoding="utf-8")
    Path("more.json").write_text(json.dumps([{"source": "02/2.csv", "settings": {"scale": 0.5}}]), encoding="utf-8")
    assert main(["apply", "study", "more.csv", "--quiet"]) == 1
    assert main(["apply", "study", "more.json", "--quiet"]) == 1
    held = {r.provenance.sources[0][0]: r for r in load("study/records.jsonl")}
    assert [held[f"02/{n}.csv"]["mean"].value for n in (1, 2)] == [210.0, 11.0]
    assert (held["01/1.csv"].labels["rating"], held["01/2.csv"].labels["rating"]) == ("doubt", "reject")
    # A rating of what was corrected since still finds it, and going on keeps both.
    assert main(["mean_force", "data", *PATTERN, "-o", "study"]) == 1
    assert {r.provenance.sources[0][0]: r for r in load("study/records.jsonl")} == held
    capsys.readouterr()
    before = _bytes("study")
    for name, text, told in (
        ("bad.json", '[{"source": "nowhere.csv", "settings": {"scale": 1}}]', "names no file"),
        ("bad.json", '[{"source": "02/1.csv", "settings": {"scal": 1}}]', "did you mean scale"),
        ("bad.csv", "item,source,frame,rating,note\na,b,,perhaps,\n", "is no rating"),
        ("bad.csv", "a,b\n1,2\n", "no column"),
    ):
        Path(name).write_text(text, encoding="utf-8")
        assert main(["apply", "study", name]) == 2
        assert told in capsys.readouterr().err
    assert main(["apply", "data", "more.csv"]) == 2
    data.rename("elsewhere")
    assert main(["apply", "study", "more.json"]) == 2
    assert main(["apply", "study", "ratings.csv", "--quiet"]) == 1  # needs no recording
    assert _bytes("study") != before
    assert len(load("study/records.jsonl")) == len(held)


def test_figures_of_records_and_of_groups(data: Path, tmp_path: Path, capsys) -> None:
    assert main(["mean_force", "data", *PATTERN, "-o", "study"]) == 1
    assert main(["figures", "study"]) == 0
    drawn = sorted(Path("study", "figures").iterdir())
    records = load("study/records.jsonl")
    words = [w for w, r in zip(case_ids(records), records, strict=True) if r.status == "ok"]
    assert [p.name for p in drawn] == sorted(f"{w}.svg" for w in words)
    before = [p.read_bytes() for p in drawn]
    assert all(b"<svg" in b and str(tmp_path).encode() not in b for b in before)
    assert main(["figures", "study", "--quiet"]) == 0
    assert [p.read_bytes() for p in drawn] == before
    assert main(["run", "study", "--quiet"]) == 1  # they are no input and no trouble
    for form, head in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
        assert main(["figures", "study", "--by", "session", "--of", "mean", "--format", form, "-o", "plots"]) == 0
        assert Path("plots", f"mean-by-session.{form}").read_bytes().startswith(head)
    assert main(["figures", "study", "--by", "session", "-o", "plots"]) == 0
    assert {p.name for p in Path("plots").glob("*.svg")} == {"mean-by-session.svg", "n_points-by-session.svg"}
    capsys.readouterr()
    assert main(["figures", "study", "--by", "group"]) == 3
    assert "no measured record has mean and the label group" in capsys.readouterr().err
    assert main(["figures", "study", "--by", "session", "--of", "maen"]) == 2
    assert main(["figures", "study", "--of", "mean"]) == 2
    assert main(["figures", "data"]) == 3


def test_a_picture_by_group_shows_what_there_is(data: Path, tmp_path: Path) -> None:
    from matplotlib.axes import Axes

    from musclemetrics.compare import draw_by

    assert main(["mean_force", "data", *PATTERN, "-o", "o.jsonl"]) == 1
    records = load("o.jsonl")
    seen: list[Axes] = []

    def draw(axes: Axes) -> None:
        draw_by(records, axes, of="mean", by="session")
        seen.append(axes)

    save_drawn(draw, tmp_path / "a.png")
    [axes] = seen
    assert [t.get_text() for t in axes.get_xticklabels()] == [
        "1\n3 subjects\n3 records",
        "2\n3 subjects\n3 records",
        "twin\n1 subject\n1 record",
    ]
    assert axes.get_ylabel() == "mean (mN)"
    joined = [line.get_ydata() for line in axes.lines if line.get_linestyle() == "-" and line.get_alpha() == 0.5]
    assert sorted(list(y) for y in joined) == [[11.0, 12.0], [21.0, 22.0], [31.0, 32.0, 21.0]]
    squares = [line for line in axes.lines if line.get_marker() == "s" and line.get_color() == "#000000"]
    assert [line.get_ydata()[0] for line in squares] == [21.0, 22.0, 21.0]
    # Rejected and failed records are not shown, and units are not mixed.
    one = next(r for r in records if r.status == "ok")
    with pytest.raises(InputError) as none:
        draw_by([one.labelled(rating="reject")], axes, of="mean", by="session")
    assert none.value.code == "nothing-to-draw"
    other = replace(one, measurements=tuple(replace(m, unit="kN/m2") for m in one.measurements))
    with pytest.raises(InputError) as mixed:
        draw_by([one, other], axes, of="mean", by="session")
    assert mixed.value.code == "mixed-units"


def test_pictures_stay_and_change_with_their_records(tmp_path: Path) -> None:
    """Overlays of what was not measured again are left alone; a line drawn by hand has a picture of its own."""
    from musclemetrics import sample
    from musclemetrics.provenance import picture_name
    from musclemetrics.store import save_lines

    words = ["bmode", str(sample("bmode")), "-o", "study", "--quiet"]
    assert main(words) == 1
    overlays = Path("study", "overlays")
    before = {p.name: p.stat().st_mtime_ns for p in overlays.iterdir()}
    records = load("study/records.jsonl")
    assert {picture_name(r) for r in records if r.status == "ok"} <= before.keys()
    assert main(words) == 1
    assert {p.name: p.stat().st_mtime_ns for p in overlays.iterdir()} == before
    moved = next(r for r in records if r.status == "ok" and picture_name(r) in before)
    save_lines([moved], "corrections.json")
    [row] = json.loads(Path("corrections.json").read_text(encoding="utf-8"))
    row["settings"]["lines"]["deep"] = [[x, y + 5.0] for x, y in row["settings"]["lines"]["deep"]]
    Path("corrections.json").write_text(json.dumps([row]), encoding="utf-8")
    assert main(["apply", "study", "corrections.json", "--quiet"]) == 1
    after = load("study/records.jsonl")
    [drawn] = [r for r in after if r.flagged("manual-lines")]
    assert drawn.provenance.sources == moved.provenance.sources
    assert drawn["thickness"].value > moved["thickness"].value
    now = {p.name: p.stat().st_mtime_ns for p in overlays.iterdir()}
    assert picture_name(drawn) in now
    assert picture_name(moved) not in now
    kept = {n: t for n, t in before.items() if n.partition(".")[0][:20] != picture_name(moved)[:20]}
    assert {n: now[n] for n in kept} == kept
    (overlays / "mine.jpg").touch()
    assert main(["run", "study", "--quiet"]) == 1
    assert (overlays / "mine.jpg").exists()


def test_overlays_that_were_lost_are_made_again(tmp_path: Path, capsys) -> None:
    from musclemetrics import sample

    words = ["bmode", str(sample("bmode")), "-o", "study"]
    assert main(words) == 1
    overlays = Path("study", "overlays")
    before = {p.name: p.read_bytes() for p in overlays.iterdir()}
    count = _lines("study")
    first, *_ = sorted(before)
    (overlays / first).unlink()
    Path("ratings.csv").write_text(
        f"item,source,frame,rating,note\n{case_ids(load('study/records.jsonl'))[0]},,,accept,\n"
    )
    capsys.readouterr()
    assert main(["apply", "study", "ratings.csv"]) == 1  # needs no recordings, and cannot draw them
    assert f"1 of {len(before)} overlays are gone; the command of the run makes them anew" in capsys.readouterr().err
    assert main(words) == 1
    assert "overlays were gone; 1 item measured again for them" in capsys.readouterr().err
    assert {p.name: p.read_bytes() for p in overlays.iterdir()} == before
    shutil.rmtree(overlays)
    assert main(words) == 1
    assert {p.name: p.read_bytes() for p in overlays.iterdir()} == before
    assert _lines("study") == count
    capsys.readouterr()
    assert main(words) == 1
    told = capsys.readouterr().err
    assert "overlays" not in told
    assert "nothing is new" in told
