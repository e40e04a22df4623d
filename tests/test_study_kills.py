"""Faults 16 and 20, acceptance of the run folder: killed at any moment, nothing is lost and no byte differs."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from musclemetrics import study
from musclemetrics.batch import SupervisedPool
from musclemetrics.store import load
from musclemetrics.study.journal import Journal

from . import faulty, made_study, mean_force

TABLES = ("records.jsonl", "records.csv", "records_long.csv", "records.xlsx", "methods.md")
ROOT = Path(__file__).resolve().parent.parent


def bytes_of(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in TABLES]


def kill_after(words: list[str], acks: Path, items: int, moment: float, timeout: float = 120.0) -> bool:
    """Start a run, kill it when it has kept so many items and a moment has passed; False if it came to its end."""
    acks.unlink(missing_ok=True)
    child = subprocess.Popen([sys.executable, "-m", "tests.killed", *words], cwd=ROOT)
    begin = time.monotonic()
    while child.poll() is None and time.monotonic() - begin < timeout:
        if acks.exists() and acks.read_bytes().count(b"k") >= items:
            time.sleep(moment)
            break
        time.sleep(0.002)
    over = child.poll() is not None
    child.kill()
    child.wait()
    return not over


def looked_at(folder: Path, acks: Path, lines_before: int) -> int:
    """See that at most one record is lost and that the tables can be read; return the lines there are."""
    with Journal(folder) as journal:
        lines, told = len(journal.lines), list(journal.told)
    said = acks.read_bytes() if acks.exists() else b""
    assert lines >= lines_before + said.count(b"k"), "a record that was kept is gone"
    assert lines + 1 >= lines_before + said.count(b"m"), "more than one record is lost"
    assert len(told) <= 1
    if (folder / "records.jsonl").exists():
        assert len(load(folder / "records.jsonl")) <= lines
    if (folder / "records.csv").exists():
        with (folder / "records.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert all(None not in row and None not in row.values() for row in rows)
    return lines


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """Fault 20: never more than one record lost, the tables always readable, the end the same to the byte."""
    data, folder, acks = tmp_path / "data", tmp_path / "study", tmp_path / "acks"
    data.mkdir()
    for n in range(240):
        (data / f"{n:03d}.csv").write_text(f"pCa,force (mN)\n9,{n}.5\n6,{n}\n4.5,3\n", encoding="utf-8")
    chance = random.Random(20)
    killed = lines = 0
    for _ in range(8):
        words = [str(data), str(folder), str(acks)]
        if not kill_after(words, acks, chance.randrange(1, 25), chance.random() * 0.02):
            break
        killed += 1
        lines = looked_at(folder, acks, lines)
    assert killed >= 6
    study.run(study.Plan(mean_force, (str(data),)), folder, report=False)
    study.run(study.Plan(mean_force, (str(data),)), tmp_path / "whole", report=False)
    assert bytes_of(folder) == bytes_of(tmp_path / "whole")
    assert not [p.name for p in folder.iterdir() if p.name.startswith((".", "run.lock"))]


@pytest.mark.skipif(sys.platform == "win32", reason="the faults need links and signals")
def test_a_study_with_faults_and_kills(tmp_path: Path) -> None:
    """Each fault has its one row, the others are undisturbed; killed and resumed, the same bytes."""
    data, folder, acks = tmp_path / "data", tmp_path / "study", tmp_path / "acks"
    expected = made_study.make(data, 150, 21)
    chance = random.Random(1)
    for _ in range(3):
        words = [str(data), str(folder), str(acks), made_study.MODALITY, "2"]
        assert kill_after(words, acks, chance.randrange(5, 40), 0.01), "it was over before it was killed"
    plan = study.Plan(faulty, (str(data),))
    made = []
    for target in (folder, tmp_path / "whole"):
        with SupervisedPool(2, imports=(made_study.MODALITY,), **made_study.LIMITS) as pool:
            made.append(study.run(plan, target, executor=pool, report=False))
    assert bytes_of(folder) == bytes_of(tmp_path / "whole")
    found = {}
    for record in made[1].records:
        [(name, _)] = record.provenance.sources
        assert name not in found, "two rows of one file"
        found[name] = record
    assert found.keys() == expected.keys()
    for name, (status, code) in expected.items():
        assert found[name].status == status, (name, found[name].flags)
        assert not code or found[name].flagged(code), (name, found[name].flags)
        assert code or not found[name].flags, (name, found[name].flags)


CLI = """
import sys
from musclemetrics import modalities
from tests import faulty
modalities.MODALITIES["faulty"] = "faults"
sys.modules["musclemetrics.modalities.faulty"] = faulty
from musclemetrics.cli import main
if int(sys.argv[1]):
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(main(["faulty", *sys.argv[2:]]))
"""


def _started(limit: int, *words: str, cwd: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p)
    return subprocess.Popen(
        [sys.executable, "-c", CLI, str(limit), *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path},
        stderr=subprocess.PIPE,
        text=True,
    )


def _files(folder: Path, firsts: list[float]) -> None:
    folder.mkdir()
    for n, first in enumerate(firsts):
        (folder / f"{n:02d}.csv").write_text(f"pCa,force (mN)\n9,{first}\n6,{n}\n4.5,3\n", encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal to a process alone")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "a scheduler's word"])
def test_told_to_end_the_command_does_within_two_seconds(tmp_path: Path, number: signal.Signals) -> None:
    """Fault 21: tables of what is done, a journal to go on from, no item waited for, the folder free."""
    _files(tmp_path / "data", [1.0] * 20 + [101.0] * 2)
    with _started(0, "data", "-o", "study", "-j", "2", cwd=tmp_path) as process:
        end = time.monotonic() + 60
        journal = tmp_path / "study" / "journal.jsonl"
        while not journal.exists() or journal.read_bytes().count(b'{"item"') < 20:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        time.sleep(0.5)
        begin = time.monotonic()
        process.send_signal(number)
        assert process.wait(20) == 130
        assert time.monotonic() - begin < 2
        assert process.stderr is not None
        told = "musclemetrics: interrupted; 20 of 22 items are kept in study; the same command goes on from there\n"
        assert process.stderr.read() == told
    assert len(load(tmp_path / "study" / "records.jsonl")) == 20
    assert not (tmp_path / "study" / "run.lock").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no limit of file size")
def test_a_file_that_may_not_grow_ends_the_command(tmp_path: Path) -> None:
    """Fault 17, by a limit of the system: exit code 4, the journal whole, and with room the run goes on."""
    _files(tmp_path / "data", [1.0] * 20)
    with _started(9000, "data", "-o", "study", cwd=tmp_path) as process:
        assert process.wait(60) == 4
        assert process.stderr is not None
        assert "journal.jsonl was not written" in process.stderr.read()
    size = (tmp_path / "study" / "journal.jsonl").stat().st_size
    with Journal(tmp_path / "study") as journal:
        assert 0 < len(journal.lines) < 20
        assert journal.told == []
    assert 5000 < size <= 9000
    for folder in ("study", "whole"):
        with _started(0, "data", "-o", folder, "--quiet", cwd=tmp_path) as process:
            assert process.wait(60) == 0
    assert bytes_of(tmp_path / "study") == bytes_of(tmp_path / "whole")
