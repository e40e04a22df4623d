"""What supervision costs: ``python -m tests.benchmarks.batch [ITEMS]``, by default 2,000 items of about 20 ms each.

Lines one to three measure a folder of small files with a modality that burns a fixed amount of work, from listing the
folder to the last record: in a bare loop, supervised with one worker, supervised with two. Line four gives the same
work without files to ``multiprocessing.Pool(2).imap``, as pyradiomics' batch script does, and to SupervisedPool(2).
The last line is what a call costs that does nothing.

Each figure is a ratio of sums over rounds that take turns in one run, so a machine that drifts drifts for all; the
start of the processes is counted in every round. Run it on a quiet machine: with other work on its processors two
workers cannot be twice as fast, and the lines say how much of the processors this program had.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from musclemetrics.batch import Cell, SupervisedPool, measure_files

from . import busy

ROUNDS = 2


def files(folder: Path, count: int) -> list[Path]:
    """Write `count` small tables."""
    made = [folder / f"{n:05}.csv" for n in range(count)]
    for n, path in enumerate(made):
        path.write_text(f"pCa,force (mN)\n9,{1 + n / 1e6}\n6,2\n4.5,3\n", encoding="utf-8")
    return made


def supervised(paths: list[Path], workers: int) -> int:
    """Measure files by a pool, and return how many records came."""
    with SupervisedPool(workers, imports=(busy.__name__,)) as pool:
        return sum(r.status == "ok" for r in measure_files(paths, busy, executor=pool))


def bare(paths: list[Path]) -> int:
    """Measure files one after the other."""
    return sum(r.status == "ok" for r in measure_files(paths, busy))


def imap(count: int) -> int:
    """Work as pyradiomics' batch script does."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        return sum(1 for _ in pool.imap(busy.burn, range(count)))


def pooled(count: int) -> int:
    """Give the same work to supervised processes."""
    with SupervisedPool(2, imports=(busy.__name__,)) as pool:
        return sum(1 for f in [pool.submit(busy.burn, n) for n in range(count)] if f.result() >= 0)


def used() -> float:
    """Return the processor time of this program and of its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in both)


def main(count: int) -> None:
    """Run all, and print the ratios."""
    part = count // ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        paths = files(Path(folder), part)
        ways: dict[str, Callable[[], int]] = {
            "a bare loop": lambda: bare(paths),
            "supervised, one worker": lambda: supervised(paths, 1),
            "supervised, two workers": lambda: supervised(paths, 2),
            "multiprocessing.Pool(2).imap": lambda: imap(part),
            "SupervisedPool(2)": lambda: pooled(part),
        }
        seconds = dict.fromkeys(ways, 0.0)
        busy_seconds = dict.fromkeys(ways, 0.0)
        for _ in range(ROUNDS):
            for name, work in ways.items():
                begin, before = time.perf_counter(), used()
                assert work() == part
                seconds[name] += time.perf_counter() - begin
                busy_seconds[name] += used() - before
    print(f"{part * ROUNDS} items in {ROUNDS} rounds")
    for name, taken in seconds.items():
        share = busy_seconds[name] / taken
        print(f"  {name:30} {1e3 * taken / part / ROUNDS:6.2f} ms an item, {share:4.2f} of {os.cpu_count()} processors")
    loop, one, two, peer, ours = seconds.values()
    work = list(busy_seconds.values())
    print(f"one worker / bare loop      {one / loop:5.2f}  (at most 1.10); in processor time {work[1] / work[0]:5.2f}")
    print(f"bare loop / two workers     {loop / two:5.2f}  (at least 1.70)")
    print(f"SupervisedPool / Pool.imap  {ours / peer:5.2f}  (at most 1.10); in processor time {work[4] / work[3]:5.2f}")
    cell = Cell()
    cell.call(math.sqrt, 1.0)
    begin, before = time.perf_counter(), time.process_time()
    for n in range(5000):
        cell.call(math.sqrt, n, deadline=300, memory=4)
    taken, own = (time.perf_counter() - begin) / 5000, (time.process_time() - before) / 5000
    cell.close()
    print(
        f"a call that does nothing    {1e3 * taken:5.2f} ms, {1e3 * own:5.2f} of them of this program's processor time"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
