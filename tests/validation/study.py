"""What a run folder survives, at full size: ``python -m tests.validation.study [items [faults]]``.

A generated study of 3,000 small files of several formats with 60 planted faults is measured by two supervised workers:
once undisturbed, once killed five times at random moments and resumed. Told are the rows that are not what they must
be, whether the bytes agree, and the memory of the parent. Then a short run is killed 50 times; then a finished run of
items of 20 ms is resumed, and its time held against the first.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from musclemetrics import study
from musclemetrics.store import load

from .. import made_study, mean_force
from ..test_study_kills import bytes_of, kill_after, looked_at

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import resource, sys
from importlib import import_module
from musclemetrics import study
from musclemetrics.batch import SupervisedPool
from tests.made_study import LIMITS
data, folder, name = sys.argv[1:]
peaks = []
def watched(results):
    for number, result in enumerate(results):
        if number % 200 == 199:
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        yield result
with SupervisedPool(2, imports=(name,), **LIMITS) as pool:
    made = study.run(study.Plan(import_module(name), (data,)), folder, executor=pool, watch=watched, report=False)
peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
print(dict(made.counts), 'MB', *map(round, peaks))
"""


def _run(data: Path, folder: Path, name: str) -> float:
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(data), str(folder), name], cwd=ROOT, capture_output=True, text=True, check=True
    )
    spent = time.monotonic() - begin
    print(f"  {folder.name}: {spent:.1f} s, {done.stdout.strip()}")
    return spent


def faults(home: Path, items: int, count: int) -> None:
    """Measure the study with faults, whole and killed five times."""
    expected = made_study.make(home / "data", items, count)
    spent = _run(home / "data", home / "whole", made_study.MODALITY)
    chance, acks, kills = random.Random(3), home / "acks", 0
    for _ in range(5):
        words = [str(home / "data"), str(home / "killed"), str(acks), made_study.MODALITY, "2"]
        kills += kill_after(words, acks, chance.randrange(items // 5), chance.random(), spent + 60)
    _run(home / "data", home / "killed", made_study.MODALITY)
    records = load(home / "whole" / "records.jsonl")
    found = {r.provenance.sources[0][0]: r for r in records}
    wrong = [
        name
        for name, (status, code) in expected.items()
        if name not in found
        or found[name].status != status
        or (found[name].flags if not code else not found[name].flagged(code))
    ]
    print(f"  {len(records)} rows of {len(expected)} files, {count} faults; wrong: {wrong or 'none'}")
    print(f"  after {kills} kills the same bytes: {bytes_of(home / 'whole') == bytes_of(home / 'killed')}")


def kills(home: Path, times: int = 50) -> None:
    """Kill a short run again and again."""
    data, folder, acks = home / "short", home / "shot", home / "acks"
    data.mkdir()
    for n in range(1500):
        (data / f"{n:04d}.csv").write_text(f"pCa,force (mN)\n9,{n}.5\n6,{n}\n4.5,3\n", encoding="utf-8")
    chance = random.Random(4)
    lines = killed = 0
    for _ in range(times):
        words = [str(data), str(folder), str(acks)]
        killed += kill_after(words, acks, chance.randrange(30), chance.random() * 0.05)
        lines = looked_at(folder, acks, lines)
    for target in (folder, home / "unhurt"):
        study.run(study.Plan(mean_force, (str(data),)), target, report=False)
    print(f"  {killed} kills, never more than one record lost; {lines} items done by then")
    print(f"  the same bytes: {bytes_of(folder) == bytes_of(home / 'unhurt')}")


def resume(home: Path, items: int) -> None:
    """Time a run of items of 20 ms, and the same command again."""
    data = home / "busy"
    data.mkdir()
    for n in range(items):
        (data / f"{n:04d}.csv").write_text(f"pCa,force (mN)\n9,{n}.5\n6,{n}\n4.5,3\n", encoding="utf-8")
    first = _run(data, home / "twice", "tests.benchmarks.busy")
    again = _run(data, home / "twice", "tests.benchmarks.busy")
    print(f"  resumed in {100 * again / first:.1f} % of the time")


def main(items: int = 3000, count: int = 60) -> None:
    """Do all three and print what was found."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        print(f"{items} files, {os.cpu_count()} processors")
        faults(home, items, count)
        kills(home)
        resume(home, items)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
