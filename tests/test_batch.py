"""From files to records: everything accounted for, nothing dragged down by its neighbour."""

from __future__ import annotations

import math
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from musclemetrics import readers
from musclemetrics.batch import SupervisedPool, items, listed, measure_files
from musclemetrics.batch.files import Entry
from musclemetrics.errors import InputError, ReadError, SettingsError
from musclemetrics.record import Record

from . import mean_force

ROWS = ((9.0, 1.0), (6.0, 2.0), (4.5, 3.0))


def _table(path: Path, rows: tuple[tuple[float, float], ...] = ROWS, head: str = "pCa,force (mN)") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + "\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
    return path


def _fibres(path: Path, fibres: dict[str, tuple[float, ...]]) -> Path:
    lines = ["fibre,pCa,force (mN)"]
    lines += [
        f"{name},{pca},{f}" for name, forces in fibres.items() for pca, f in zip((9, 6, 4.5), forces, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _measure(paths: object, **more: object) -> list[Record]:
    return list(measure_files(paths, mean_force, **more))  # type: ignore[arg-type]


def _sources(record: Record) -> list[str]:
    return [name for name, _ in record.provenance.sources]


def test_a_file_becomes_a_stamped_record(tmp_path) -> None:
    [record] = _measure(_table(tmp_path / "a.csv"), scale=2.0)
    assert record["mean"].value == 4.0
    assert record["mean"].unit == "mN"  # the file's word
    [(name, digest)] = record.provenance.sources
    assert name == "a.csv"
    assert len(digest) == 64
    assert record.provenance.reading["reader"] == "table"
    assert record.provenance.reading["inputs"] == {}
    assert record.provenance.settings["scale"] == 2.0
    assert any("separator" in n for n in record.provenance.reading["notes"])
    assert str(tmp_path) not in record.to_json()


def test_rows_come_in_input_order(tmp_path) -> None:
    paths = [_table(tmp_path / f"{n}.csv", ((9, n), (6, n))) for n in (3, 1, 2)]
    assert [r["mean"].value for r in _measure(paths)] == [3.0, 1.0, 2.0]
    assert [r["mean"].value for r in _measure(tmp_path)] == [1.0, 2.0, 3.0]
    assert [_sources(r) for r in _measure([paths[0], tmp_path])] == [["3.csv"], ["1.csv"], ["2.csv"]]


def test_folder_with_everything_that_lies_about(tmp_path) -> None:
    """Faults 1, 4: junk is skipped with its reason, a broken file fails, and the data are measured."""
    _table(tmp_path / "b" / "good.csv")
    (tmp_path / "b" / "empty.csv").touch()
    (tmp_path / "b" / "read me.txt").write_text("Dear all,\nthis is prose about the rig, not data.\n", encoding="utf-8")
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)))
    (tmp_path / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    (tmp_path / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (tmp_path / "scan.access^").touch()
    (tmp_path / "~$book.xlsx").write_bytes(b"\x05owner")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("[core]", encoding="utf-8")
    found = {_sources(r)[0]: (r.status, r.flags[-1].code if r.flags else "") for r in _measure(tmp_path)}
    assert found.pop("b/good.csv")[0] == "ok"
    assert found.pop("b/empty.csv") == ("failed", "empty-file")
    assert found.pop("b/read me.txt")[0] in ("skipped", "failed")
    assert found == {
        "paper.pdf": ("skipped", "unknown-format"),
        "Thumbs.db": ("skipped", "system-file"),
        ".DS_Store": ("skipped", "system-file"),
        "scan.access^": ("skipped", "system-file"),
        "~$book.xlsx": ("skipped", "system-file"),
        ".git": ("skipped", "hidden-file"),
    }


def test_a_stranger_named_by_the_caller_fails(tmp_path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(b"%PDF-1.7\n")
    [record] = _measure(path)
    assert (record.status, record.flags[0].code) == ("failed", "unknown-format")
    assert list(record) == ["mean", "n_points"]
    assert math.isnan(record["mean"].value)
    [gone] = _measure(tmp_path / "none.csv")
    assert (gone.status, gone.flags[0].code) == ("failed", "missing-file")
    (tmp_path / "void").mkdir()
    [void] = _measure(tmp_path / "void")
    assert (void.status, void.flags[0].code) == ("skipped", "empty-folder")
    with pytest.raises(SettingsError) as caught:
        _measure([])
    assert caught.value.code == "no-paths"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_links_inside_a_folder_are_not_followed(tmp_path) -> None:
    """Fault 7."""
    data = tmp_path / "data"
    _table(data / "a.csv")
    outside = _table(tmp_path / "outside.csv")
    (data / "loop").symlink_to(data, target_is_directory=True)
    (data / "out.csv").symlink_to(outside)
    (data / "dangling.csv").symlink_to(tmp_path / "none")
    found = {_sources(r)[0]: r for r in _measure(data)}
    assert set(found) == {"a.csv", "loop", "out.csv", "dangling.csv"}
    for name in ("loop", "out.csv", "dangling.csv"):
        assert found[name].status == "skipped"
        assert found[name].flags[0].code == "symlink-not-followed"
    assert found["a.csv"].status == "ok"
    os.mkfifo(data / "pipe.csv")
    assert {_sources(r)[0]: r.flags[0].code for r in _measure(data) if r.flags}["pipe.csv"] == "not-a-file"
    [pipe] = _measure(data / "pipe.csv")
    assert pipe.status == "failed"


def test_unreadable_and_vanished_files(tmp_path, monkeypatch) -> None:
    """Fault 8."""
    first, second = _table(tmp_path / "a.csv"), _table(tmp_path / "b.csv")
    found = measure_files([first, second], mean_force)
    assert next(found).status == "ok"
    second.unlink()
    [gone] = found
    assert gone.status == "failed"
    assert gone.flags[0].code == "unreadable"
    assert _sources(gone) == ["b.csv"]

    def refused(path: object, *_: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(readers, "sniff", refused)
    [closed] = _measure(first)
    assert closed.flags[0].code == "unreadable"
    assert str(tmp_path) not in closed.to_json()


def test_a_file_still_being_written_is_refused(tmp_path, monkeypatch) -> None:
    """Fault 9."""
    path = _table(tmp_path / "a.csv")
    real = readers.read

    def growing(source: object, **options: object) -> Iterator[object]:
        yield from real(source, **options)  # type: ignore[arg-type]
        with path.open("a", encoding="utf-8") as stream:
            stream.write("4.0,9\n")

    monkeypatch.setattr(readers, "read", growing)
    [record] = _measure(path)
    assert (record.status, record.flags[0].code) == ("failed", "file-changing")
    with pytest.raises(ReadError, match="changed while"):
        _measure(path, errors="raise")


def test_equal_files_both_have_their_row(tmp_path) -> None:
    """Fault 10."""
    _table(tmp_path / "a.csv")
    _table(tmp_path / "b.csv")
    a, b = _measure(tmp_path)
    assert not a.flagged("duplicate-of")
    assert b.flagged("duplicate-of")
    assert "b.csv is byte for byte the same file as a.csv" in b.flags[-1].message
    assert b.status == "ok"


def test_ids_stay_text(tmp_path) -> None:
    """Fault 63."""
    path = _fibres(tmp_path / "a.csv", {"007": (1, 2, 3), "NA": (2, 3, 4), "1E5": (3, 4, 5)})
    assert [r.labels["fibre"] for r in _measure(path)] == ["007", "NA", "1E5"]


def test_one_bad_fibre_leaves_the_others(tmp_path) -> None:
    path = _fibres(tmp_path / "a.csv", {"a": (1, 2, 3), "b": (13, 2, 3), "c": (4, 5, 6)})
    a, b, c = _measure(path)
    assert (a.status, b.status, c.status) == ("ok", "failed", "ok")
    assert b.flags[0].code == "internal-error"
    assert b.flags[0].message.startswith("ZeroDivisionError: thirteen")
    assert b.labels["fibre"] == "b"
    assert b.provenance.sources == a.provenance.sources
    assert list(b) == list(a)
    with pytest.raises(ZeroDivisionError):
        _measure(path, errors="raise")


def test_curves_on_one_axis_are_measured_together_alike(tmp_path, monkeypatch) -> None:
    path = _fibres(tmp_path / "a.csv", {"a": (1, 2, 3), "b": (13, 2, 3), "c": (4, 5, 6), "d": (7, 8, 9)})
    mean_force.CALLS.update(many=0, one=0)
    together = _measure(path)
    assert mean_force.CALLS == {"many": 1, "one": 1}  # the failing one is tried by itself
    monkeypatch.delattr(mean_force, "measure_many")
    assert _measure(path) == together


def test_settings_win_over_the_file_and_say_so(tmp_path) -> None:
    [record] = _measure(_table(tmp_path / "a.csv"), force_unit="kN/m2")
    assert record["mean"].unit == "kN/m2"
    [flag] = [f for f in record.flags if f.code == "setting-overrides-file"]
    assert flag.level == "suspect", "a unit named anew converts no number"
    assert "'mN'" in flag.message
    assert "'kN/m2'" in flag.message
    [same] = _measure(tmp_path / "a.csv", force_unit="mN")
    assert not same.flags


def test_wrong_decisions_are_refused_before_anything_is_read(tmp_path) -> None:
    for settings, code, words in (
        ({"scal": 1}, "unknown-setting", "scale"),
        ({"reading": {"decimall": ","}}, "unknown-option", "decimal"),
        ({"reading": {"reader": "tabel"}}, "unknown-reader", "table"),
        ({"group_by": "{fibre"}, "bad-pattern", "pattern"),
        ({"group_by": "{a}{b}"}, "bad-pattern", "pattern"),
        ({"group_by": "{a}" + "x" * 500}, "bad-pattern", "200"),
    ):
        with pytest.raises(SettingsError) as caught:
            measure_files(tmp_path / "nowhere", mean_force, **settings)  # type: ignore[arg-type]
        assert caught.value.code == code
        assert words in str(caught.value)
    with pytest.raises(SettingsError):
        measure_files(tmp_path, "no_such_modality")
    with pytest.raises(SettingsError):
        measure_files(tmp_path, mean_force, errors="ignore")  # type: ignore[arg-type]


def test_a_table_without_what_is_needed_says_so(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time (s),length (mm)\n0,1\n1,2\n", encoding="utf-8")
    [record] = _measure(path)
    assert (record.status, record.flags[0].code) == ("failed", "nothing-to-measure")
    with pytest.raises(InputError):
        _measure(path, errors="raise")


def _rig(tmp_path: Path) -> Path:
    for fibre, force in (("ACB11", 1.0), ("ACB12", 2.0)):
        for n, pca in enumerate((9.0, 6.0, 4.5)):
            _table(tmp_path / fibre / f"{n}.csv", ((pca, force + n), (pca, force + n)))
    return tmp_path


def test_grouped_by_folder(tmp_path) -> None:
    one, two = _measure(_rig(tmp_path), group_by="folder", pool=True)
    assert (one.labels["fibre"], two.labels["fibre"]) == ("ACB11", "ACB12")
    assert _sources(one) == ["ACB11/0.csv", "ACB11/1.csv", "ACB11/2.csv"]
    assert one["n_points"].value == 6
    assert one.provenance.reading["inputs"] == {"pool": True}
    assert "joined" in one.provenance.reading["notes"]
    assert len([n for n in one.provenance.reading["notes"] if "separator" in n]) == 1  # once, not once a file
    [alone] = _measure(tmp_path / "ACB12", group_by="folder", pool=True)
    assert alone.labels["fibre"] == "ACB12"


def test_a_broken_file_leaves_its_group(tmp_path) -> None:
    root = _rig(tmp_path)
    (root / "ACB11" / "1.csv").write_bytes(b"")
    (root / "ACB11" / "paper.pdf").write_bytes(b"%PDF-1.4")
    records = _measure(root, group_by="folder", pool=True)
    assert [(r.status, _sources(r)[0]) for r in records] == [
        ("suspect", "ACB11/0.csv"),
        ("failed", "ACB11/1.csv"),
        ("skipped", "ACB11/paper.pdf"),
        ("ok", "ACB12/0.csv"),
    ]
    [flag] = [f for f in records[0].flags if f.code == "file-missing-from-group"]
    assert flag.level == "suspect"
    assert "ACB11/1.csv" in flag.message
    assert records[0]["n_points"].value == 4
    assert _sources(records[0]) == ["ACB11/0.csv", "ACB11/2.csv"]


def test_grouped_by_pattern(tmp_path) -> None:
    for n, name in enumerate(("rat1-fA_1.csv", "rat1-fA_2.csv", "rat1-fB_1.csv", "rat2-fA_1.csv")):
        _table(tmp_path / name, ((9.0, 5.0 + n), (6.0, 2.0)))
    _table(tmp_path / "other.csv")
    records = _measure(tmp_path, group_by="{animal}-{fibre}_{n}.csv", pool=True)
    assert [dict(r.labels) for r in records if r.status == "ok"] == [
        {"animal": "rat1", "fibre": "fA"},
        {"animal": "rat1", "fibre": "fB", "n": "1"},
        {"animal": "rat2", "fibre": "fA", "n": "1"},
    ]
    [other] = [r for r in records if r.status != "ok"]
    assert (other.status, other.flags[0].code, _sources(other)) == ("skipped", "pattern-mismatch", ["other.csv"])


def _entry(name: str) -> Entry:
    return Entry("/x/" + name, name, "x", False)


@pytest.mark.parametrize(
    ("pattern", "name", "labels"),
    [
        ("{fibre}_{n}.slc", "ACB11_3.slc", {"fibre": "ACB11", "n": "3"}),
        ("{animal}/{fibre}/{n}.slc", "a/r1/f2/9.slc", {"animal": "r1", "fibre": "f2", "n": "9"}),
        ("{animal}/{fibre}/{n}.slc", "f2/9.slc", None),
        ("{fibre}.slc", "deep/in/f.slc", {"fibre": "f"}),
        ("{fibre}_{n}.slc", "a_b_c.slc", "ambiguous"),
        ("{fibre}_{n}.slc", "_1.slc", None),
        ("{fibre}.(csv|slc)", "a.csv", None),  # no regular expression
        ("{fibre}*.csv", "ab.csv", None),  # no glob
        ("Mu\u0308ller{fibre}.csv", "M\u00fcller1.csv", {"fibre": "1"}),
    ],
)
def test_patterns(pattern: str, name: str, labels: object) -> None:
    [item] = items([_entry(name)], pattern)
    problem = item.entries[0].problem
    if isinstance(labels, dict):
        assert problem is None
        assert item.labels == labels
    else:
        assert problem is not None
        assert problem.code == ("pattern-ambiguous" if labels else "pattern-mismatch")


def test_long_names_and_patterns_take_linear_time() -> None:
    """Fault 99: neither a pattern nor a name can make matching slow."""
    names = [_entry("a_" * 100_000 + ".csv")] * 3
    assert all(i.entries[0].problem for i in items(names, "_".join(f"{{f{k}}}" for k in range(25)) + ".slc"))


def test_labels_of_the_pattern_win_and_conflicts_are_told(tmp_path) -> None:
    path = _fibres(tmp_path / "f9_1.csv", {"f1": (1, 2, 3)})
    [record] = _measure(path, group_by="{fibre}_{n}.csv")
    assert record.labels["fibre"] == "f9"
    assert record.flagged("label-conflict")


def test_reader_options_reach_the_reader_and_the_record(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("pCa;force (mN)\n9,0;1,5\n6,0;2,5\n", encoding="utf-8")
    [record] = _measure(path, reading={"separator": ";", "decimal": ","})
    assert record["mean"].value == 2.0
    assert record.provenance.reading["options"] == {"separator": ";", "decimal": ","}


def test_own_results_are_not_data(tmp_path) -> None:
    from musclemetrics.store import save

    _table(tmp_path / "a.csv")
    [record] = _measure(tmp_path)
    for suffix in ("csv", "jsonl", "h5"):
        save([record], tmp_path / f"result.{suffix}")
    (tmp_path / "out").mkdir()
    save([record], tmp_path / "out" / "records.csv")
    save([record], tmp_path / "out" / "records.jsonl")
    found = {_sources(r)[0]: r for r in _measure(tmp_path)}
    assert found.pop("a.csv") == record
    assert set(found) == {"result.csv", "result.jsonl", "result.h5", "out"}
    assert {(r.status, r.flags[0].code) for r in found.values()} == {("skipped", "own-output")}


def test_names_are_relative_to_what_was_given(tmp_path, monkeypatch) -> None:
    a, b = _table(tmp_path / "p" / "x.csv"), _table(tmp_path / "q" / "x.csv", ((9, 5), (6, 5)))
    assert [e.name for e in listed([a, b])] == ["p/x.csv", "q/x.csv"]
    assert [e.name for e in listed(tmp_path)] == ["p/x.csv", "q/x.csv"]
    assert [e.name for e in listed(a)] == ["x.csv"]
    assert [e.name for e in listed([a, a, tmp_path / "p"])] == ["x.csv"]
    monkeypatch.chdir(tmp_path)
    assert [e.name for e in listed("p/../p/x.csv")] == ["x.csv"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not Unicode")
def test_strange_names(tmp_path) -> None:
    """Fault 15."""
    names = [b"M\xfcller.csv", b"new\nline.csv", "\N{FLEXED BICEPS}.csv".encode(), b"=1+1.csv"]
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as stream:
            stream.write(b"pCa,force\n9,1\n6,2\n")
    records = _measure(tmp_path)
    assert [r.status for r in records] == ["ok"] * 4
    told = {_sources(r)[0] for r in records}
    assert told == {"M\\udcfcller.csv", "new\\nline.csv", "\N{FLEXED BICEPS}.csv", "=1+1.csv"}
    assert all(Record.from_json(r.to_json().encode().decode()) == r for r in records)


class _Fragile(Executor):
    """Runs at once; breaks on the second item, and may refuse the rest."""

    def __init__(self, refuse: bool) -> None:
        self.calls, self.refuse = 0, refuse

    def submit(self, fn: Callable[..., object], /, *args: object, **kwargs: object) -> Future[object]:  # type: ignore[override]
        self.calls += 1
        future: Future[object] = Future()
        if self.calls == 2:
            future.set_exception(BrokenProcessPool("died"))
        elif self.calls > 2 and self.refuse:
            raise BrokenProcessPool("no more")
        else:
            pickle.dumps(args)  # what a worker would need
            future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.parametrize("refuse", [False, True])
def test_an_item_that_kills_its_worker_has_its_row(tmp_path, refuse: bool) -> None:
    for n in range(4):
        _table(tmp_path / f"{n}.csv", ((9, n + 1), (6, n + 1)))
    records = _measure(tmp_path, executor=_Fragile(refuse))
    assert [_sources(r) for r in records] == [["0.csv"], ["1.csv"], ["2.csv"], ["3.csv"]]
    assert [r.status for r in records] == ["ok", "failed", *(["failed"] * 2 if refuse else ["ok"] * 2)]
    assert records[1].flags[0].code == "item-crashed"


def test_threads_give_the_same_records(tmp_path) -> None:
    for n in range(100):
        _table(tmp_path / f"{n:03}.csv", ((9, n), (6, n + 1)))
    with ThreadPoolExecutor(4) as pool:
        assert _measure(tmp_path, executor=pool) == _measure(tmp_path)


def test_a_crash_in_a_process_costs_one_item(tmp_path) -> None:
    """Fault 114: the worker dies outright; its neighbours come back with their numbers."""
    for n, force in enumerate((1, 666, 3, 4)):
        _table(tmp_path / f"{n}.csv", ((9, force), (6, force)))
    with SupervisedPool(2) as pool:
        records = _measure(tmp_path, executor=pool)
    assert [r.status for r in records] == ["ok", "failed", "ok", "ok"]
    assert [r["mean"].value for r in records if r.status == "ok"] == [1.0, 3.0, 4.0]
    assert records[1].flags[0].code == "item-crashed"
    with pytest.raises(RuntimeError):
        pool.submit(len, "a")


def test_work_is_not_begun_far_ahead(tmp_path) -> None:
    for n in range(200):
        _table(tmp_path / f"{n:03}.csv")
    executor = _Fragile(False)
    found = measure_files(tmp_path, mean_force, executor=executor)
    next(found)
    assert executor.calls <= 64
    found.close()  # type: ignore[attr-defined]


def test_a_pool_stops_at_once(tmp_path) -> None:
    """Fault 21: nobody waits for the item under way."""
    pool = SupervisedPool(1)
    future = pool.submit(time.sleep, 60)
    assert pool.submit(len, "ab") is not None
    start = time.monotonic()
    pool.kill()
    with pytest.raises(BaseException):  # noqa: B017, PT011 - cancelled or broken, according to how far it had come
        future.result(timeout=10)
    assert time.monotonic() - start < 5


def test_grouped_by_sheet(tmp_path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for title, force in (("rat 1", 1.0), ("rat 2", 5.0)):
        sheet = book.active if title == "rat 1" else book.create_sheet()
        sheet.title = title
        for row in (
            ["fibre", "pCa", "force (mN)"],
            ["a", 9.0, force],
            ["a", 6.0, force],
            ["b", 9.0, 3.0],
            ["b", 6, 3.0],
        ):
            sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    joined = _measure(tmp_path / "a.xlsx", group_by="sheet", pool=True)
    assert [(r.labels["sheet"], r["mean"].value, r["n_points"].value) for r in joined] == [
        ("rat 1", 2.0, 4.0),
        ("rat 2", 4.0, 4.0),
    ]
    apart = _measure(tmp_path / "a.xlsx", group_by="sheet")
    assert [(r.labels["sheet"], r.labels["fibre"]) for r in apart] == [
        *(("rat 1", "a"), ("rat 1", "b"), ("rat 2", "a"), ("rat 2", "b")),
    ]


def test_conditions_of_the_caller_and_of_the_file_are_joined(tmp_path):
    import musclemetrics as mm

    rows = [f"A,7,{p},{v}" for p, v in ((9, 1), (6.6, 5), (6.2, 30), (5.8, 80), (5.4, 95), (4.5, 99))]
    (tmp_path / "t.csv").write_text("fibre,animal,pCa,force (mN)\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (record,) = mm.measure_files([tmp_path / "t.csv"], "force_pca", conditions={"temperature": "15 Cel"})
    (note,) = [f for f in record.flags if f.code == "conditions-not-stated"]
    assert "animal" not in note.message
    assert "temperature" not in note.message
    assert record.labels["animal"] == "7"
    (record,) = mm.measure_files([tmp_path / "t.csv"], "force_pca", conditions={"animal": "8"})
    (flag,) = [f for f in record.flags if f.code == "setting-overrides-file"]
    assert "'7' by the file and '8'" in flag.message
    assert flag.level == "suspect"


def test_values_that_no_file_can_mend_are_refused_before_anything_is_read(tmp_path, monkeypatch) -> None:
    seen: list[dict[str, object]] = []

    def check(**settings: object) -> None:
        seen.append(settings)
        if settings["scale"] == 0:
            raise SettingsError("scale is 0")

    monkeypatch.setattr(mean_force, "check_settings", check, raising=False)
    with pytest.raises(SettingsError, match="scale is 0"):
        measure_files(tmp_path / "nowhere", mean_force, scale=0)
    assert seen == [
        {
            "column": "force",
            "pool": False,
            "force_unit": "1",
            "scale": 0,
            "model": "mean",
            "limits": None,
            "thresholds": None,
        }
    ]
    assert _measure(_table(tmp_path / "a.csv"))[0].status == "ok"


@pytest.mark.parametrize(
    "options", [{"decimal": "x"}, {"thousands": "x"}, {"separator": "ab"}, {"encoding": "klingon"}, {"unit": "parsec"}]
)
@pytest.mark.parametrize("threads", [0, 2])
def test_values_that_a_reader_cannot_take_end_the_run(tmp_path, options, threads) -> None:
    _table(tmp_path / "a.csv")
    pool = ThreadPoolExecutor(threads) if threads else None
    with pytest.raises(SettingsError):
        _measure(tmp_path, reading=options, executor=pool)
    [row] = _measure(tmp_path, reading={"x": "Kalzium"})  # a column may be in one file and not in another
    assert (row.status, row.flags[0].code) == ("failed", "unknown-column")


def test_a_copy_within_a_group_is_left_out(tmp_path) -> None:
    _table(tmp_path / "f" / "a.csv")
    (tmp_path / "f" / "b.csv").write_bytes((tmp_path / "f" / "a.csv").read_bytes())
    _table(tmp_path / "f" / "c.csv", ((9, 4), (6, 5), (4.5, 6)))
    record, copy = _measure(tmp_path, group_by="folder", pool=True)
    assert (record.status, record["n_points"].value) == ("suspect", 6.0)
    assert _sources(record) == ["f/a.csv", "f/c.csv"]
    [flag] = [f for f in record.flags if f.code == "duplicate-file"]
    assert "f/b.csv" in flag.message
    assert "f/a.csv" in flag.message
    assert (copy.status, _sources(copy)) == ("skipped", ["f/b.csv"])
    assert copy.flagged("duplicate-file")


def test_what_is_no_path_is_refused(tmp_path) -> None:
    path = _table(tmp_path / "a.csv")
    with path.open() as text, path.open("rb") as binary:
        for wrong in (text, binary, b"a.csv", 3, [b"a.csv"], [3], None):
            with pytest.raises(SettingsError) as caught:
                _measure(wrong)
            assert caught.value.code == "bad-path", wrong


def test_a_record_names_the_files_it_came_from_and_no_others(tmp_path) -> None:
    points = ((9.0, 1.0), (6.6, 5.0), (6.2, 30.0), (5.8, 80.0), (5.4, 95.0), (4.5, 99.0))
    for name in ("a", "b"):
        _fibres_at(tmp_path / "rig" / f"{name}.csv", {f"{name}1": points, f"{name}2": points})
    records = list(measure_files(tmp_path, "force_pca", group_by="folder"))
    assert [(r.labels["fibre"], _sources(r)) for r in records] == [
        ("a1", ["rig/a.csv"]),
        ("a2", ["rig/a.csv"]),
        ("b1", ["rig/b.csv"]),
        ("b2", ["rig/b.csv"]),
    ]
    assert all(r.status == "ok" or r.flags for r in records)


def _fibres_at(path: Path, fibres: dict[str, tuple[tuple[float, float], ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{name},{pca},{force}" for name, points in fibres.items() for pca, force in points]
    path.write_text("fibre,pCa,force (mN)\n" + "\n".join(rows) + "\n", encoding="utf-8")
