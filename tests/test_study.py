"""The run folder: what is done is kept, nothing is lost, nothing is mixed."""

from __future__ import annotations

import csv
import errno
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from musclemetrics.batch import SupervisedPool, measure_files
from musclemetrics.corrections import Correction
from musclemetrics.errors import ReadError, SettingsError, WriteError
from musclemetrics.store import load, save, whole
from musclemetrics.study import home, lock, ratings, running
from musclemetrics.study import journal as journals
from musclemetrics.study.journal import Journal
from musclemetrics.study.plan import Plan, in_shard, shard_of
from musclemetrics.study.running import run

from . import mean_force

TABLES = ("records.jsonl", "records.csv", "records_long.csv", "records.xlsx")


def _table(path: Path, mean: float = 2.0, head: str = "pCa,force (mN)") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{head}\n9,{mean - 1}\n6,{mean}\n4.5,{mean + 1}\n", encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for n in range(6):
        _table(tmp_path / "data" / f"{n}.csv", 20.0 + n)
    _table(tmp_path / "data" / "twin.csv", 20.0)
    (tmp_path / "data" / "broken.csv").touch()
    (tmp_path / "data" / "Thumbs.db").write_bytes(b"\0")
    return tmp_path / "data"


def _plan(data: Path, **more: object) -> Plan:
    return Plan(mean_force, (str(data),), **more)  # type: ignore[arg-type]


def _bytes(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in TABLES]


def _calls() -> int:
    return mean_force.CALLS["one"]


def _lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_folder_holds_what_a_run_gives(data: Path, tmp_path: Path) -> None:
    made = run(_plan(data), tmp_path / "study")
    assert dict(made.counts) == {"ok": 7, "failed": 1, "skipped": 1}
    assert [r.provenance.sources[0][0] for r in made.records] == [
        *("0.csv", "1.csv", "2.csv", "3.csv", "4.csv", "5.csv"),
        *("Thumbs.db", "broken.csv", "twin.csv"),
    ]
    assert load(tmp_path / "study" / "records.jsonl") == list(measure_files(data, mean_force))
    save(measure_files(data, mean_force), tmp_path / "records.csv")
    assert (tmp_path / "records.csv").read_bytes() == (tmp_path / "study" / "records.csv").read_bytes()
    assert {p.name for p in (tmp_path / "study").iterdir()} == {*home.FILES, "report"}
    assert (tmp_path / "study" / "report" / "index.html").is_file()
    text = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "study").glob("*.jsonl"))
    assert str(tmp_path) not in text


def test_again_measures_what_is_new_changed_or_failed_and_nothing_else(data: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    run(_plan(data), study, report=False)
    before, lines = _bytes(study), len(_lines(study))
    count = _calls()
    again = run(_plan(data), study, report=False)
    assert _calls() == count
    assert dict(again.counts) == {"ok": 7, "failed": 1, "skipped": 1}
    assert len(_lines(study)) == lines, "a file that fails as it did adds nothing"
    assert _bytes(study) == before
    _table(data / "new.csv", 50.0)
    _table(data / "3.csv", 60.0)
    (data / "1.csv").unlink()
    _table(data / "broken.csv", 70.0)
    after = run(_plan(data), study, report=False)
    assert _calls() == count + 3
    assert [t for t in after.told if "1.csv" in t] == ["1 item no longer there, and left out: 1.csv"]
    assert [t for t in after.told if "3.csv" in t] == ["1 item changed, and measured again: 3.csv"]
    fresh = run(_plan(data), tmp_path / "fresh", report=False)
    assert dict(after.counts) == dict(fresh.counts) == {"ok": 8, "skipped": 1}
    assert _bytes(study) == _bytes(tmp_path / "fresh")


def test_bytes_that_change_are_seen_whatever_a_program_does_to_the_times(data: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    old = time.time() - 1000
    for path in data.iterdir():
        os.utime(path, (old, old))
    time.sleep(2.1 if os.name == "posix" else 0)  # the entry's own time cannot be set, only waited for
    run(_plan(data), study, report=False)
    states = {x["item"]: x["files"][0][2] for x in _lines(study) if "item" in x}  # type: ignore[index]
    assert bool(states["2.csv"]) == (os.name == "posix")
    (data / "2.csv").write_text((data / "2.csv").read_text(encoding="utf-8").replace("22", "24"), encoding="utf-8")
    os.utime(data / "2.csv", (old, old))
    count = _calls()
    run(_plan(data), study, report=False)
    assert _calls() == count + 1
    shutil.copytree(data, tmp_path / "copy")  # other times, the same bytes: read, not measured
    count = _calls()
    run(_plan(tmp_path / "copy"), study, report=False)
    assert _calls() == count


def test_other_settings_are_refused_and_named(data: Path, tmp_path: Path) -> None:
    """Fault 18."""
    study = tmp_path / "study"
    run(_plan(data, settings={"scale": 2.0}), study, report=False)
    before = {p.name: p.read_bytes() for p in study.iterdir() if p.is_file()}
    for more, words in (
        ({}, "scale was 2.0, is not given"),
        ({"settings": {"scale": 3.0}}, "scale was 2.0, is 3.0"),
        ({"settings": {"scale": 2.0}, "reading": {"decimal": ","}}, "decimal was not given, is ','"),
        ({"settings": {"scale": 2.0}, "group_by": "folder"}, "group_by was not given, is folder"),
    ):
        with pytest.raises(SettingsError, match=words) as caught:
            run(_plan(data, **more), study)
        assert caught.value.code == "other-settings"
    assert {p.name: p.read_bytes() for p in study.iterdir() if p.is_file()} == before
    run(_plan(data, settings={"scale": 2.0}, labels={"rig": "3"}), study, report=False)  # labels measure nothing
    assert {r.labels["rig"] for r in load(study / "records.jsonl")} == {"3"}


def test_another_version_measures_everything_again(data: Path, tmp_path: Path, monkeypatch) -> None:
    study = tmp_path / "study"
    with monkeypatch.context() as patch:
        patch.setattr("musclemetrics.study.plan.software", lambda: {"musclemetrics": "0.0.9", "numpy": "1"})
        run(_plan(data), study, report=False)
    count = _calls()
    made = run(_plan(data), study, report=False)
    assert _calls() == count + 7
    assert "everything is measured again" in made.told[0]
    assert "musclemetrics 0.0.9 became" in made.told[0]
    count = _calls()
    assert not run(_plan(data), study, report=False).told
    assert _calls() == count


def test_any_engine_and_any_order_give_the_same_bytes(data: Path, tmp_path: Path) -> None:
    plan = _plan(data, labels={"rig": "=3"})
    run(plan, tmp_path / "serial", report=False)
    for workers in (1, 2):
        with SupervisedPool(workers, deadline=60, imports=("tests.mean_force",)) as pool:
            run(plan, tmp_path / f"pool{workers}", executor=pool, report=False)
        assert _bytes(tmp_path / f"pool{workers}") == _bytes(tmp_path / "serial")
    assert b"duplicate-of" in (tmp_path / "serial" / "records.csv").read_bytes()


def test_a_torn_or_damaged_line_costs_its_item_only(data: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    run(_plan(data), study, report=False)
    whole, before = (study / "journal.jsonl").read_bytes(), _bytes(study)
    places = [i for i, c in enumerate(whole) if c == 10]
    cuts = [places[4] + 1 + extra for extra in (1, 20, 200, places[5] - places[4] - 1)]
    for cut in cuts:
        (study / "journal.jsonl").write_bytes(whole[:cut])
        made = run(_plan(data), study, report=False)
        assert any("torn" in t for t in made.told)
        assert _bytes(study) == before
        assert Journal(study).told == []
    hurt = bytearray(whole)
    hurt[places[4] - 30] ^= 1  # one bit of a row
    (study / "journal.jsonl").write_bytes(hurt)
    count = _calls()
    made = run(_plan(data), study, report=False)
    assert any("line 5 of journal.jsonl is damaged" in t for t in made.told)
    assert _calls() == count + 1
    assert _bytes(study) == before
    (study / "journal.jsonl").write_bytes(whole + b"\0" * 4096)  # what a power failure leaves
    assert any("torn" in t for t in run(_plan(data), study, report=False).told)
    assert _bytes(study) == before


def test_a_journal_of_a_later_version_is_left_alone(data: Path, tmp_path: Path) -> None:
    run(_plan(data), tmp_path / "study", report=False)
    path = tmp_path / "study" / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'{"journal":1', b'{"journal":2', 1))
    before = path.read_bytes()
    with pytest.raises(ReadError) as caught:
        run(_plan(data), tmp_path / "study", report=False)
    assert caught.value.code == "newer-schema"
    assert path.read_bytes() == before
    with pytest.raises(ReadError) as none:
        Journal(tmp_path)
    assert none.value.code == "no-journal"


def test_two_runs_in_one_folder(data: Path, tmp_path: Path, monkeypatch) -> None:
    """Fault 19: the second is refused while the first lives; one that died is in nobody's way."""
    study = tmp_path / "study"
    study.mkdir()
    with lock.Lock(study):
        with pytest.raises(SettingsError) as caught:
            run(_plan(data), study)
        assert caught.value.code == "run-in-progress"
        assert str(os.getpid()) in caught.value.message
        assert "delete" not in caught.value.remedy
    assert os.listdir(study) == []
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    held = {"pid": dead.pid, "host": platform.node(), "began": "2026-01-01T00:00:00", "process": None, "token": "abc"}
    (study / "run.lock").write_text(json.dumps(held), encoding="utf-8")
    run(_plan(data), study, report=False)
    assert not list(study.glob("run.lock*"))
    (study / "run.lock").write_text(json.dumps({**held, "host": "elsewhere"}), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"delete run\.lock") as far:
        run(_plan(data), study)
    assert far.value.code == "run-in-progress"
    assert "on elsewhere since 2026" in far.value.message
    (study / "run.lock").write_text("", encoding="utf-8")  # died between creating and writing
    run(_plan(data), study, report=False)
    if sys.platform == "linux":  # its number was given to another process
        reused = {**held, "pid": os.getpid(), "process": "another boot 17"}
        (study / "run.lock").write_text(json.dumps(reused), encoding="utf-8")
        run(_plan(data), study, report=False)
    assert not list(study.glob("run.lock*"))


def test_of_many_that_find_a_stale_lock_one_wins(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom musclemetrics.study.lock import Lock\n"
        "from musclemetrics.errors import SettingsError\n"
        "while not Path(sys.argv[1], 'go').exists(): time.sleep(0.001)\n"
        "try:\n    with Lock(Path(sys.argv[1])):\n        print('won', flush=True)\n        sys.stdin.read()\n"
        "except SettingsError as error: print(error.code, flush=True)\n"
    )
    held = {"pid": dead.pid, "host": platform.node(), "token": "abc"}
    (tmp_path / "run.lock").write_text(json.dumps(held), encoding="utf-8")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    time.sleep(0.5)
    (tmp_path / "go").touch()
    words = [p.stdout.readline().strip() for p in processes if p.stdout is not None]
    for p in processes:
        p.communicate("")
    assert sorted(words) == [*["run-in-progress"] * 3, "won"]
    assert os.listdir(tmp_path) == ["go"]


def test_ctrl_c_leaves_tables_of_what_is_done(data: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"

    def third(results: Iterator[object]) -> Iterator[object]:
        for number, result in enumerate(results):
            if number == 3:
                raise KeyboardInterrupt
            yield result

    with pytest.raises(KeyboardInterrupt, match=r"3 of 9 items are kept in .*study; the same command goes on"):
        run(_plan(data), study, watch=third)  # type: ignore[arg-type]
    assert len(load(study / "records.jsonl")) == 3
    assert not (study / "run.lock").exists()
    count = _calls()
    run(_plan(data), study, report=False)
    assert _calls() == count + 4
    run(_plan(data), tmp_path / "fresh", report=False)
    assert _bytes(study) == _bytes(tmp_path / "fresh")


def test_tables_are_there_while_the_work_goes_on(data: Path, tmp_path: Path) -> None:
    study, seen = tmp_path / "study", []

    def looking(results: Iterator[object]) -> Iterator[object]:
        for result in results:
            yield result
            seen.append(len(load(study / "records.jsonl")))

    run(_plan(data), study, every=0.0, watch=looking, report=False)  # type: ignore[arg-type]
    assert seen == list(range(1, 10)) or seen == sorted(seen)
    assert seen[0] == 1


def test_a_table_held_open_stops_no_run(data: Path, tmp_path: Path, monkeypatch) -> None:
    """On Windows a spreadsheet holds what it shows: that is met at the end, when all is measured, and costs nothing."""
    study = tmp_path / "study"
    real = os.replace

    def held(source: str | Path, target: str | Path) -> None:
        if Path(target).name == "records.csv":
            raise PermissionError(13, "it is used by another process", str(target))
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(whole.os, "replace", held)
        with pytest.raises(SettingsError, match=r"records\.csv cannot be replaced") as caught:
            run(_plan(data), study, every=0.0, report=False)
        assert caught.value.code == "unwritable"
    assert len(Journal(study).lines) == 9
    count = _calls()
    run(_plan(data), study, report=False)
    assert _calls() == count
    assert (study / "records.csv").exists()


def test_a_full_disk_leaves_the_journal_as_it_was(data: Path, tmp_path: Path, monkeypatch) -> None:
    """Fault 17: a line that finds no room is taken back whole, and the run says which disk."""
    study = tmp_path / "study"
    real, count = os.write, 0

    def full(handle: int, line: bytes) -> int:
        nonlocal count
        if line.startswith(b'{"item"'):
            count += 1
            if count == 4:
                return real(handle, line[:100])  # a part finds room,
        if count >= 4:
            raise OSError(errno.ENOSPC, "No space left on device")  # the rest does not
        return real(handle, line)

    with monkeypatch.context() as patch:
        patch.setattr(journals.os, "write", full)
        with pytest.raises(WriteError, match="the disk that holds") as caught:
            run(_plan(data), study, report=False)
    assert caught.value.code == "disk-full"
    assert len(Journal(study).lines) == 3
    assert Journal(study).told == []
    run(_plan(data), study, report=False)
    run(_plan(data), tmp_path / "fresh", report=False)
    assert _bytes(study) == _bytes(tmp_path / "fresh")


def test_durations_do_not_follow_the_clock(data: Path, tmp_path: Path, monkeypatch) -> None:
    """Fault 23: the clock goes back a year with every look at it."""
    now = iter(range(10**12, 0, -(10**7)))
    monkeypatch.setattr(running.time, "time_ns", lambda: next(now))
    monkeypatch.setattr(running.time, "time", lambda: float(next(now)))
    made = run(_plan(data), tmp_path / "study", every=0.01, report=False)
    assert dict(made.counts) == {"ok": 7, "failed": 1, "skipped": 1}
    count = _calls()
    run(_plan(data), tmp_path / "study", report=False)
    assert _calls() == count


def test_the_folder_is_no_input_and_other_peoples_files_are_safe(data: Path, tmp_path: Path) -> None:
    first = run(_plan(data), data / "study", report=False)
    again = run(_plan(data), data / "study", report=False)
    assert first.counts == again.counts
    [own] = [r for r in measure_files(data, mean_force) if r.flagged("own-output")]
    assert (own.status, own.provenance.sources[0][0]) == ("skipped", "study")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "records.csv").write_text("my,own\n1,2\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        run(_plan(data), tmp_path / "mine")
    assert caught.value.code == "would-overwrite-file"
    assert os.listdir(tmp_path / "mine") == ["records.csv"]


def test_corrections_in_the_folder_are_part_of_the_run(data: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    run(_plan(data), study, report=False)
    count = _calls()
    (study / "corrections.json").write_text('[{"source": "2.csv", "settings": {"scale": 10.0}}]', encoding="utf-8")
    run(_plan(data), study, report=False)
    assert _calls() == count + 1
    corrected = {r.provenance.sources[0][0]: r["mean"].value for r in load(study / "records.jsonl")}
    assert (corrected["2.csv"], corrected["3.csv"]) == (220.0, 23.0)
    assert "1 were measured with corrections by hand" in (study / "methods.md").read_text(encoding="utf-8")
    run(_plan(data), study, corrections=[Correction("3.csv", {"scale": 2.0})], report=False)
    assert _calls() == count + 2
    run(_plan(data), study, report=False)  # without it again
    assert _calls() == count + 3


def test_ratings_stand_in_the_tables(data: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    run(_plan(data), study, report=False)
    from musclemetrics.provenance import case_ids

    ids = case_ids(load(study / "records.jsonl"))
    lines = [
        f"{ids[0]},0.csv,,accept,",
        ",1.csv,,reject,\"blurred, and '=1+1'\"",
        f"{ids[2]},2.csv,,,only a note",
        "gone,nowhere.csv,,doubt,",
    ]
    (study / "ratings.csv").write_text("item,source,frame,rating,note\n" + "\n".join(lines) + "\n", encoding="utf-8")
    made = run(_plan(data), study, report=False)
    assert made.told == ("the rating of nowhere.csv belongs to no record",)
    with (study / "records.csv").open(encoding="utf-8", newline="") as stream:
        rows = {r["source"]: (r["rating"], r["rating_note"]) for r in csv.DictReader(stream)}
    assert rows["0.csv"] == ("accept", "")
    assert rows["1.csv"] == ("reject", "blurred, and '=1+1'")
    assert rows["2.csv"] == ("", "only a note")
    assert rows["3.csv"] == ("", "")
    assert "accept 1, reject 1" in (study / "methods.md").read_text(encoding="utf-8")
    held = ratings.load(study / "ratings.csv")
    ratings.save(held, tmp_path / "copy.csv")
    assert ratings.load(tmp_path / "copy.csv") == held
    for text in ("item,source\n", "item,source,frame,rating,note\na,b,,maybe,\n", ",\n", "rating,note\n"):
        (tmp_path / "bad.csv").write_text(text, encoding="utf-8")
        with pytest.raises(SettingsError) as caught:
            ratings.load(tmp_path / "bad.csv")
        assert caught.value.code == "bad-rating"


def test_shards_share_all_items_out() -> None:
    names = [f"a/{n}.csv" for n in range(1000)]
    parts = [[n for n in names if in_shard(n, (k, 7))] for k in range(1, 8)]
    assert sorted(n for part in parts for n in part) == sorted(names)
    assert min(map(len, parts)) > 100
    assert [n for n in names[:20] if in_shard(n, (1, 3))] == [names[k] for k in (8, 12, 16, 17)]
    assert shard_of(" 3/10 ") == (3, 10)
    for text in ("0/3", "4/3", "1", "a/b", "1/2/3", "-1/3", ""):
        with pytest.raises(SettingsError) as caught:
            shard_of(text)
        assert caught.value.code == "bad-shard"


def test_a_plan_is_read_back_as_it_was_written(data: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "musclemetrics.modalities.mean_force", mean_force)
    monkeypatch.setitem(
        __import__("musclemetrics.modalities", fromlist=["MODALITIES"]).MODALITIES, "mean_force", "a mean"
    )
    settings = {
        "scale": 2.5,
        "limits": (-1.0, float("inf")),
        "thresholds": {"a b": 1.0, "ü": None},
        "column": 'f"\\\n\x7f',
    }
    plan = Plan(
        "mean_force",
        (str(data),),
        settings,
        {"decimal": ",", "units": {"force": "mN"}},
        "folder",
        {"rig": "007"},
        (3, 10),
        True,
    )
    study = tmp_path / "study"
    study.mkdir()
    (study / "run.toml").write_text(plan.written(study), encoding="utf-8")
    back = Plan.load(study)
    assert back.asked == plan.asked
    assert back.key() == plan.key()
    assert (back.labels, back.shard, back.raw_csv) == (plan.labels, plan.shard, plan.raw_csv)
    assert [os.path.normpath(p) for p in back.paths] == [str(data)]
    assert "../data" in (study / "run.toml").read_text(encoding="utf-8")
    text = plan.written(study)
    for was, now, code in (
        ('model = "mean"', 'model = "median"', "other-defaults"),
        ("[defaults]", "[default]", "bad-config"),
        ("modality =", "modality", "bad-config"),
        ('shard = "3/10"', 'shard = "11/10"', "bad-shard"),
        ("scale = 2.5", "scal = 2.5", "unknown-setting"),
        ("decimal =", "decimall =", "unknown-option"),
        ('"mean_force"', '"mean_farce"', "unknown-modality"),
    ):
        assert was in text
        (study / "run.toml").write_text(text.replace(was, now), encoding="utf-8")
        with pytest.raises(SettingsError) as caught:
            Plan.load(study / "run.toml")
        assert caught.value.code == code
    with pytest.raises(SettingsError) as none:
        Plan.load(tmp_path / "none.toml")
    assert none.value.code == "missing-file"


def test_references_are_those_of_the_pages() -> None:
    from musclemetrics.study.references import REFERENCES

    docs = Path(__file__).parent.parent / "docs"
    for name, works in REFERENCES.items():
        page = " ".join((docs / f"{name}.rst").read_text(encoding="utf-8").split())
        listed = page.rpartition("Sources -------")[2]
        assert listed.count(" * ") == len(works)
        assert all(work in listed for work in works), name
