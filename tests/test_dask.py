"""On a cluster the same rows: a real scheduler and two worker processes, on this machine's loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from musclemetrics import modalities, study
from musclemetrics.batch import measure_files
from musclemetrics.batch.cluster import connected
from musclemetrics.cli import main
from musclemetrics.errors import MissingDependencyError, SettingsError

from . import faulty

pytest.importorskip("distributed", reason="distributed is not installed: the extra cluster")
ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Cluster:
    """Addresses and processes; a test may start further workers."""

    address: str
    folder: Path
    processes: list[subprocess.Popen[bytes]]

    def worker(self, *, nanny: bool = True) -> subprocess.Popen[bytes]:
        words = ["worker", self.address, "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"]
        words += ["--nanny" if nanny else "--no-nanny", "--local-directory", str(self.folder)]
        return self.started(*words)

    def started(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "false"}
        with open(self.folder / f"{len(self.processes)}.log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + words[0].replace("-", "_"), *words[1:]],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in self.processes[::-1]:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _begun(folder: Path) -> Cluster:
    made = Cluster("", folder, [])
    made.started("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    log = folder / "0.log"
    end = time.monotonic() + 60
    while not (found := re.search(r"Scheduler at:\s+(tcp://\S+)", log.read_text(encoding="utf-8", errors="replace"))):
        assert time.monotonic() < end, log.read_text(encoding="utf-8", errors="replace")[-2000:]
        time.sleep(0.1)
    made.address = found[1]
    return made


def _workers(cluster: Cluster, count: int) -> None:
    from distributed import Client

    with Client(cluster.address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=90)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    """A scheduler and two workers, each under a nanny, hence in a daemonic process."""
    made = _begun(tmp_path_factory.mktemp("dask"))
    try:
        made.worker()
        made.worker()
        _workers(made, 2)
        yield made
    finally:
        made.stop()


def _tables(folder: Path, firsts: list[float]) -> Path:
    folder.mkdir(exist_ok=True)
    for n, first in enumerate(firsts):
        (folder / f"{n:02}.csv").write_text(f"pCa,force (mN)\n9,{first}\n6,2\n4.5,3\n", encoding="utf-8")
    return folder


def test_the_same_rows_as_here(cluster, tmp_path) -> None:
    """Good files, an unreadable one, and the faults that end a process or never end, each on its own row."""
    numbers = {f: n for n, f in faulty.FAULTS.items()}
    faults = [faulty.loop, faulty.hold, faulty.leave, faulty.exit_politely, faulty.unpicklable]
    if sys.platform == "linux":
        faults += [faulty.devour, faulty.be_killed]
    firsts = [1.0]
    for fault in faults:
        firsts += [numbers[fault], 1.0]
    folder = _tables(tmp_path / "files", firsts)
    (folder / "z.csv").write_text("pCa,force (mN)\n9,a\n", encoding="utf-8")
    here = list(measure_files(folder, faulty, deadline=5, memory=2))
    with connected(cluster.address) as executor:
        there = list(measure_files(folder, faulty, executor=executor, deadline=5, memory=2))
    assert [r.to_json() for r in there] == [r.to_json() for r in here]
    assert [r.status for r in here] == ["ok", *["failed", "ok"] * len(faults), "failed"]


def test_a_run_folder_of_the_same_bytes(cluster, tmp_path) -> None:
    folder = _tables(tmp_path / "files", [1.0, 118.0, 1.0, 103.0, *[1.0] * 20])
    plan = study.Plan(faulty, (str(folder),))
    study.run(plan, tmp_path / "here", deadline=30, report=False)
    with connected(cluster.address) as executor:
        study.run(plan, tmp_path / "there", executor=executor, deadline=30, report=False)
    for name in ("records.jsonl", "records.csv", "records_long.csv", "records.xlsx"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_a_worker_killed_in_mid_run(cluster, tmp_path) -> None:
    folder = _tables(tmp_path / "files", [118.0 if n % 5 == 2 else 1.0 for n in range(40)])
    here = list(measure_files(folder, faulty))
    extra = cluster.worker(nanny=False)
    _workers(cluster, 3)
    killer = threading.Timer(1.0, extra.send_signal, (signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL,))
    with connected(cluster.address) as executor:
        found = measure_files(folder, faulty, executor=executor, deadline=60)
        killer.start()
        assert [r.to_json() for r in found] == [r.to_json() for r in here]
    killer.join()
    assert extra.wait(10) != 0
    assert len(here) == 40


def test_the_command_line(cluster, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(modalities.MODALITIES, "faulty", "faults")
    monkeypatch.setitem(sys.modules, "musclemetrics.modalities.faulty", faulty)
    monkeypatch.chdir(tmp_path)
    _tables(tmp_path / "files", [1.0, 103.0, 1.0])
    words = ["faulty", "files", "--quiet", "--deadline", "30"]
    assert main([*words, "--dask", cluster.address, "-o", "there.jsonl"]) == 1
    assert main([*words, "-o", "here.jsonl"]) == 1
    assert (tmp_path / "there.jsonl").read_bytes() == (tmp_path / "here.jsonl").read_bytes()
    monkeypatch.setattr("musclemetrics.batch.cluster.__version__", "0.0.0")
    assert main([*words, "--dask", cluster.address, "-o", "other.jsonl"]) == 2
    assert "other versions of musclemetrics than 0.0.0" in capsys.readouterr().err
    assert not (tmp_path / "other.jsonl").exists()


def test_a_cluster_that_cannot_serve_is_refused(tmp_path, monkeypatch) -> None:
    lonely = _begun(tmp_path)
    try:
        with pytest.raises(SettingsError, match="has no workers") as caught, connected(lonely.address):
            pass
        assert caught.value.code == "no-cluster"
    finally:
        lonely.stop()
    monkeypatch.setattr("musclemetrics.batch.cluster.PATIENCE", 1)
    for address in (lonely.address, "nowhere", "tcp://127.0.0.1:x"):
        with pytest.raises(SettingsError, match="no Dask scheduler answers") as caught, connected(address):
            pass
        assert caught.value.code == "no-cluster"
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match="install distributed"), connected("tcp://127.0.0.1:1"):
        pass


def test_a_scheduler_that_goes_ends_the_run(tmp_path) -> None:
    """Rows that nobody measured are not told as crashes of their items."""
    own = _begun(tmp_path)
    folder = _tables(tmp_path / "files", [118.0] * 30)
    try:
        own.worker()
        _workers(own, 1)
        with connected(own.address) as executor:
            found = measure_files(folder, faulty, executor=executor, deadline=60)
            assert [next(found).status for _ in range(2)] == ["ok", "ok"]
            own.processes[0].kill()
            with pytest.raises(SettingsError, match="was lost") as caught:
                list(found)
        assert caught.value.code == "workers-lost"
    finally:
        own.stop()
