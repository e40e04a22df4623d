"""Whatever an item does to its process costs that item, and nothing and nobody else."""

from __future__ import annotations

import gc
import math
import multiprocessing.spawn
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from musclemetrics.batch import Cell, SupervisedPool, measure_files
from musclemetrics.batch.supervised import supervised
from musclemetrics.cli import main
from musclemetrics.errors import InputError, ItemCrashed, ItemOutOfMemory, ItemTimeout, SettingsError
from musclemetrics.record import Record
from musclemetrics.simulate import sample
from musclemetrics.store import load

from . import faulty
from .shared_data import shared

ROOT = Path(__file__).resolve().parent.parent
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks are POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone counts address space, and shows it in /proc")


@pytest.fixture(scope="module")
def lasting() -> Iterator[Cell]:
    """A cell that the tests share, since what one of them does must not matter to the next."""
    cell = Cell()
    yield cell
    cell.close()


@pytest.fixture
def cell(lasting: Cell) -> Iterator[Cell]:
    yield lasting
    assert lasting.call(math.sqrt, 16.0, deadline=30) == 4.0


class TestOneCall:
    def test_results_and_errors_come_back(self, cell):
        assert cell.call(pow, 2, 10) == 1024
        with pytest.raises(ZeroDivisionError) as caught:
            cell.call(divmod, 1, 0)
        assert "in the worker:" in caught.value.__notes__[0]
        with pytest.raises(InputError, match="at least 5") as ours:
            cell.call(_refuse)
        assert (ours.value.code, ours.value.remedy) == ("too-few", "measure more")

    def test_large_ones_too(self, cell):
        big = np.arange(6_000_000.0)
        assert np.array_equal(cell.call(np.negative, big, deadline=60), -big)

    @pytest.mark.parametrize("hang", [faulty.loop, faulty.hold], ids=["python", "holding the lock"])
    def test_a_hang_meets_its_deadline(self, cell, hang):
        begin = time.monotonic()
        with pytest.raises(ItemTimeout, match=r"within 0\.3 s; give it more time"):
            cell.call(hang, deadline=0.3)
        assert time.monotonic() - begin < 10

    @posix
    def test_a_process_that_was_stopped_meets_it_too(self, cell):
        with pytest.raises(ItemTimeout):
            cell.call(faulty.stop_here, deadline=0.3)

    def test_an_exit_is_told_with_its_code(self, cell):
        with pytest.raises(ItemCrashed, match="exit code 139"):
            cell.call(faulty.leave, deadline=30)

    @posix
    @pytest.mark.parametrize(("crash", "name"), [(faulty.be_killed, "SIGKILL"), (faulty.segfault, "SIGSEGV")])
    def test_a_signal_is_told_by_its_name(self, cell, crash, name):
        with pytest.raises(ItemCrashed, match=name):
            cell.call(crash, deadline=30)

    @linux
    def test_memory_has_its_limit(self, cell):
        with pytest.raises(ItemOutOfMemory, match="than the 1 GB it may have; give it more"):
            cell.call(faulty.devour, deadline=60, memory=1)
        assert cell.call(faulty.devour, 0.5, deadline=60, memory=1) == 62_500_000

    def test_a_memory_error_is_no_crash(self, cell):
        pid = cell.pid
        with pytest.raises(ItemOutOfMemory, match="than there is"):
            cell.call(faulty.no_memory)
        assert cell.pid == pid

    def test_endless_recursion_is_an_error(self, cell):
        with pytest.raises(RecursionError):
            cell.call(faulty.dig, deadline=60)

    @pytest.mark.parametrize(
        ("stop", "told"),
        [
            (faulty.exit_politely, "SystemExit: 3"),
            (faulty.interrupt, "KeyboardInterrupt"),
            (faulty.panic, "PanicException: called `Option"),
        ],
    )
    def test_what_would_stop_a_program_stops_a_call(self, cell, stop, told):
        with pytest.raises(ItemCrashed, match=told):
            cell.call(stop)

    @pytest.mark.parametrize(
        ("speak", "told"),
        [
            (faulty.unpicklable, "gave a lock that cannot be sent"),
            (faulty.bomb, "cannot be received .ValueError"),
            (faulty.raise_unpicklable, "raised Unpicklable: holds a lock"),
            (faulty.raise_one_way, "raised OneWay: there and not back"),
            (faulty.raise_mute, None),
        ],
    )
    def test_what_cannot_be_sent_is_told(self, cell, speak, told):
        if told is None:  # an error that cannot say what it is can still be sent
            with pytest.raises(faulty.Mute):
                cell.call(speak)
            return
        with pytest.raises(ItemCrashed, match=told):
            cell.call(speak)

    def test_arguments_that_cannot_be_sent_are_the_callers(self, cell):
        with pytest.raises(SettingsError, match="cannot be sent to a worker"):
            cell.call(len, lambda: 1)

    def test_output_is_no_reply_and_input_no_call(self, cell, capfd):
        assert cell.call(faulty.chatter, deadline=60) == ""
        assert cell.call(faulty.chatter, deadline=60) == ""
        assert capfd.readouterr() == ("", "")

    def test_closed_pipes_are_noticed(self, cell):
        begin = time.monotonic()
        with pytest.raises(ItemCrashed):
            cell.call(faulty.shut_pipes, deadline=60)
        assert time.monotonic() - begin < 30

    @posix
    def test_a_copy_of_the_process_does_not_answer(self, cell):
        for _ in range(5):
            assert cell.call(faulty.come_home_twice, deadline=30) == 42

    @posix
    def test_a_pipe_held_open_by_another_hides_no_crash(self, cell):
        begin = time.monotonic()
        with pytest.raises(ItemCrashed, match="exit code 7"):
            cell.call(faulty.leave_one_behind, deadline=60)
        assert time.monotonic() - begin < 6

    def test_one_thread_for_linear_algebra(self, cell):
        told, threads = cell.call(faulty.threads, deadline=60)
        assert told["OPENBLAS_NUM_THREADS"] == told["OMP_NUM_THREADS"] == told["MKL_NUM_THREADS"] == "1"
        assert threads <= 3  # the one that works, the one that listens, the watchdog


def _refuse() -> None:
    raise InputError("pca needs at least 5 values, got 3", code="too-few", remedy="measure more")


class TestOneCell:
    def test_a_process_is_replaced_in_time(self):
        cell = Cell(recycle=3)
        pids = [cell.call(os.getpid) for _ in range(7)]
        assert [pids.count(p) for p in dict.fromkeys(pids)] == [3, 3, 1]
        cell.close()
        assert cell.pid is None

    @linux
    def test_a_process_full_of_leftovers_is_replaced(self):
        cell = Cell()
        pids = [cell.call(faulty.leak, 150, memory=1) for _ in range(4)]
        assert len(set(pids)) == 2
        assert pids[0] == pids[1] != pids[2]
        cell.close()

    @posix
    def test_death_between_calls_is_nobodys(self):
        cell = Cell()
        pid = cell.call(os.getpid)
        os.kill(pid, signal.SIGKILL)
        assert cell.call(os.getpid, deadline=30) != pid
        cell.close()

    def test_quick_calls_leave_nothing_behind(self):
        """Ten thousand of them: the memory of this process does not grow with their number."""
        cell = Cell(recycle=4000)
        sizes = []
        for number in range(10_000):
            assert cell.call(math.sqrt, float(number * number), deadline=30, memory=1) == number
            if number % 2000 == 1999:
                gc.collect()
                sizes.append(_resident())
        cell.close()
        assert sizes[-1] - sizes[0] < 2e6

    def test_without_an_interpreter_it_is_refused(self, monkeypatch):
        monkeypatch.setattr(multiprocessing.spawn, "get_executable", lambda: "")
        with pytest.raises(SettingsError, match="set_executable") as caught:
            Cell().call(len, "a")
        assert caught.value.code == "no-worker"

    def test_an_interpreter_that_does_not_start_ends_the_run(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # without a standard library
        with pytest.raises(SettingsError, match=r"cannot be started \(exit code") as caught:
            Cell().call(len, "a")
        assert caught.value.code == "no-worker"

    @posix
    def test_a_program_without_standard_streams(self):
        """A service has none, and the numbers of its streams go to whatever it opens first."""
        script = "import os; from musclemetrics.batch import Cell; [os.close(n) for n in (0, 1, 2)]; "
        script += "os._exit(Cell().call(pow, 2, 5, deadline=60))"
        assert subprocess.run([sys.executable, "-c", script], timeout=60).returncode == 32

    @posix
    def test_a_stopped_program_does_not_use_up_the_deadline(self):
        """Fault 119: Ctrl-Z, or the lid of a laptop."""
        script = (
            "import time; from musclemetrics.batch import Cell; c = Cell(); c.call(len, 'a'); print(1, flush=True);"
        )
        script += "c.call(time.sleep, 0.8, deadline=1.6); print(2)"
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "1\n"
            process.send_signal(signal.SIGSTOP)
            time.sleep(2.5)
            process.send_signal(signal.SIGCONT)
            assert process.communicate(timeout=30)[0] == "2\n"


def _resident() -> int:
    if sys.platform == "linux":
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "win32":
        pytest.skip("no measure of memory in the standard library")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class TestPool:
    def test_faults_among_good_calls(self):
        with SupervisedPool(2, deadline=3, memory=2) as pool:
            calls: list[Callable[[], object]] = [faulty.loop, faulty.leave, faulty.exit_politely]
            futures = [pool.submit(f) for pair in zip(calls, [os.getpid] * 3, strict=True) for f in pair]
            found = [type(f.exception(timeout=60)) for f in futures]
        assert found == [ItemTimeout, type(None), ItemCrashed, type(None), ItemCrashed, type(None)]
        assert pool.pids == []

    def test_killed_in_the_middle(self):
        """Fault 21: nobody waits for the items under way, and nothing is left of them."""
        pool = SupervisedPool(2)
        futures = [pool.submit(faulty.hold) for _ in range(5)]
        _until(lambda: len(pool.pids) == 2)
        pids = pool.pids
        begin = time.monotonic()
        pool.kill()
        assert all(f.cancelled() or isinstance(f.exception(timeout=5), ItemCrashed) for f in futures)
        assert time.monotonic() - begin < 2
        assert not any(map(faulty.is_there, pids))
        with pytest.raises(RuntimeError):
            pool.submit(len, "a")

    def test_work_that_nobody_waits_for_is_done(self):
        pool = SupervisedPool(1)
        futures = [pool.submit(abs, -n) for n in range(5)]
        pool.shutdown(wait=False)
        assert [f.result(timeout=60) for f in futures] == [0, 1, 2, 3, 4]
        _until(lambda: pool.pids == [])

    def test_keywords(self):
        with SupervisedPool(1) as pool:
            assert pool.submit(int, "ff", base=16).result(timeout=60) == 255


def _until(there: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, "it does not come to be"
        time.sleep(0.05)


def _table(path: Path, first: float) -> Path:
    path.write_text(f"pCa,force (mN)\n9,{first}\n6,2\n4.5,3\n", encoding="utf-8")
    return path


REASONS = {
    faulty.loop: "item-timeout",
    faulty.hold: "item-timeout",
    faulty.leave: "item-crashed",
    faulty.segfault: "item-crashed",
    faulty.devour: "item-out-of-memory",
    faulty.no_memory: "item-out-of-memory",
    faulty.dig: "internal-error",
    faulty.exit_politely: "item-crashed",
    faulty.interrupt: "item-crashed",
    faulty.panic: "internal-error",
    faulty.raise_unpicklable: "internal-error",
    faulty.raise_one_way: "internal-error",
    faulty.raise_mute: "internal-error",
    faulty.chatter: "",
    faulty.unpicklable: "item-crashed",
    faulty.shut_pipes: "item-crashed",
    faulty.be_killed: "item-crashed",
    faulty.dawdle: "",
}


class TestItems:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_each_fault_costs_its_own_row(self, tmp_path, workers):
        """Faults 31 to 33, 113 and 114, each between two good files."""
        left_out = set() if sys.platform == "linux" else {faulty.devour, faulty.be_killed, faulty.segfault}
        faults = [(n, f) for n, f in faulty.FAULTS.items() if f not in left_out]
        for n, _ in faults:
            _table(tmp_path / f"{n}-a.csv", 1)
            _table(tmp_path / f"{n}-b.csv", n)
        _table(tmp_path / "last.csv", 1)
        with SupervisedPool(workers, deadline=5, memory=2) as pool:
            records = list(measure_files(tmp_path, faulty, executor=pool))
        by_name = {r.provenance.sources[0][0]: r for r in records}
        assert list(by_name) == sorted(p.name for p in tmp_path.iterdir())
        assert len(records) == 2 * len(faults) + 1
        for n, fault in faults:
            codes = [f.code for f in by_name[f"{n}-b.csv"].flags if f.level == "failed"]
            assert codes == ([REASONS[fault]] if REASONS[fault] else []), fault
        good = [r for name, r in by_name.items() if "-b" not in name]
        assert {r["mean"].value for r in good} == {2.0}

    def test_deadlines_hold_on_any_executor(self, tmp_path):
        from concurrent.futures import ThreadPoolExecutor

        for n, first in enumerate((1, 101, 1, 103, 1)):
            _table(tmp_path / f"{n}.csv", first)
        alone = list(measure_files(tmp_path, faulty, deadline=4))
        with ThreadPoolExecutor(2) as threads:
            shared_out = list(measure_files(tmp_path, faulty, executor=threads, deadline=4))
        assert [r.status for r in alone] == ["ok", "failed", "ok", "failed", "ok"]
        assert [r.flags[0].code for r in alone if r.flags[:1] and r.status == "failed"] == [
            "item-timeout",
            "item-crashed",
        ]
        assert shared_out == alone

    def test_the_same_rows_without_supervision(self, tmp_path):
        for n in range(5):
            _table(tmp_path / f"{n}.csv", n + 1)
        (tmp_path / "x.csv").write_text("pCa,force (mN)\n9,a\n", encoding="utf-8")
        plain = list(measure_files(tmp_path, faulty))
        with SupervisedPool(2) as pool:
            assert list(measure_files(tmp_path, faulty, executor=pool)) == plain

    def test_errors_can_be_raised(self, tmp_path):
        _table(tmp_path / "a.csv", 101)
        with pytest.raises(ItemTimeout):
            list(measure_files(tmp_path, faulty, deadline=1, errors="raise"))

    def test_limits_are_given_once_and_make_sense(self, tmp_path):
        with SupervisedPool(1) as pool, pytest.raises(SettingsError, match="of its own"):
            measure_files(tmp_path, faulty, executor=pool, deadline=3)
        for wrong in ({"deadline": 0}, {"memory": -1.0}, {"deadline": math.nan}):
            with pytest.raises(SettingsError, match="not above 0"):
                measure_files(tmp_path, faulty, **wrong)

    def test_a_hang_in_a_library_among_good_files(self, tmp_path):
        """An HDF5 file in which the library never comes to an end; the interpreter's lock is held meanwhile."""
        for n in range(3):
            _table(tmp_path / f"{n}.csv", 1)
        faulty.hanging_hdf5(tmp_path / "1b.h5")
        with SupervisedPool(2, deadline=4) as pool:
            records = list(measure_files(tmp_path, faulty, executor=pool))
        assert [r.status for r in records] == ["ok", "ok", "failed", "ok"]
        assert records[2].flags[0].code == "item-timeout"

    def test_the_hang_that_was_found(self, tmp_path, cell):
        """Fault 33: the library hangs in an attribute of this file, which our reader, however, does not ask for."""
        hang = shared("faults/h5_attr_hang.h5")
        with pytest.raises(ItemTimeout):
            cell.call(faulty.attribute_of, str(hang), deadline=4)
        files = [_table(tmp_path / "a.csv", 1), hang, _table(tmp_path / "b.csv", 1)]
        with SupervisedPool(2, deadline=20) as pool:
            records = list(measure_files(files, faulty, executor=pool))
        assert [r.status for r in records] == ["ok", "failed", "ok"]
        assert records[1].flags[0].code == "no-arrays"

    def test_a_unit_pickles_small(self, tmp_path):
        """What goes to a worker is where a file lies, not what is in it."""
        from musclemetrics.batch.files import listed
        from musclemetrics.batch.grouping import items
        from musclemetrics.batch.work import Unit

        _table(tmp_path / "a.csv", 1)
        (item,) = items(listed(tmp_path), None)
        unit = Unit(item, faulty.__name__, {}, {}, {})
        assert len(pickle.dumps(unit)) < 1000
        records = supervised(unit, 60.0, None)
        assert [type(r) for r in records] == [Record]


SCRIPT = """
import sys
sys.path.insert(0, {root!r})
from musclemetrics import modalities
from musclemetrics.cli import main
from tests import faulty
modalities.MODALITIES["faulty"] = "faults"
sys.modules["musclemetrics.modalities.faulty"] = faulty
sys.exit(main(["faulty", *sys.argv[1:]]))
"""


def _begun(mark: str, *words: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(root=str(ROOT)), *words],
        cwd=cwd,
        env={**os.environ, "MUSCLEMETRICS_TEST": mark},
        stderr=subprocess.PIPE,
        text=True,
    )


def _marked(mark: str) -> set[int]:
    """Return the processes that were started with a mark in their environment."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if mark.encode() in (folder / "environ").read_bytes():
                    found.add(int(folder.name))
            except OSError:
                continue
    return found


def test_a_deadline_from_the_command_line(tmp_path, monkeypatch, capsys):
    """A single file is measured in this process, unless a deadline is asked for."""
    monkeypatch.chdir(tmp_path)
    faulty.hanging_hdf5(tmp_path / "hang.h5")
    assert main(["force_pca", "hang.h5", "--deadline", "2", "-o", "alone.jsonl"]) == 3
    assert "[item-timeout]" in capsys.readouterr().err
    good = sample("force_pca") / "fibres.csv"
    assert main(["force_pca", str(good), "hang.h5", "--deadline", "10", "-o", "both.jsonl", "--quiet"]) == 1
    *measured, hung = load(tmp_path / "both.jsonl")
    assert {r.status for r in measured} <= {"ok", "suspect"}
    assert [f.code for f in hung.flags] == ["item-timeout"]
    for wrong in (["--deadline", "0"], ["--memory", "nan"], ["-j", "0"]):
        assert main(["force_pca", "hang.h5", *wrong]) == 2


def _at_work(process: subprocess.Popen[str], mark: str, count: int) -> None:
    """Wait until a run and its workers are there and have begun."""
    _until(lambda: len(_marked(mark)) >= count or process.poll() is not None, 60)
    assert process.poll() is None, process.stderr and process.stderr.read()
    time.sleep(2)


@linux
class TestTheEnd:
    @pytest.mark.parametrize("jobs", ["1", "2"])
    def test_ctrl_c(self, tmp_path, jobs):
        """Fault 21, as a terminal does it: to the program and what belongs to it; within 2 s nothing is left."""
        mark = uuid.uuid4().hex
        for n in range(4):
            _table(tmp_path / f"{n}.csv", 102)
        with _begun(mark, ".", "-j", jobs, cwd=tmp_path) as process:
            _at_work(process, mark, 1 + int(jobs))
            begin = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
            assert time.monotonic() - begin < 2
            assert process.stderr is not None
            assert process.stderr.read() == "musclemetrics: interrupted; nothing was written\n"
        assert not _marked(mark)

    @pytest.mark.parametrize("fault", [101, 102], ids=["python", "holding the lock"])
    def test_a_program_killed_outright_leaves_no_orphan(self, tmp_path, fault):
        mark = uuid.uuid4().hex
        for n in range(2):
            _table(tmp_path / f"{n}.csv", fault)
        with _begun(mark, ".", "--deadline", "6", cwd=tmp_path) as process:
            _at_work(process, mark, 2)
            process.kill()
        _until(lambda: not _marked(mark), 5 if fault == 101 else 20)


def test_scripts_need_no_guard_and_are_not_run_again(tmp_path):
    """A main script without guard, in a folder whose files have the names of libraries, with a path of its own."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.py").write_text("def double(x):\n    return 2 * x\n", encoding="utf-8")
    for name in ("numpy.py", "random.py", "musclemetrics.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong one')\n", encoding="utf-8")
    script = tmp_path / "own" / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys
            sys.path.insert(0, "own")
            from mine import double
            from musclemetrics.batch import SupervisedPool
            print("once")
            with SupervisedPool(2) as pool:
                print(sum(f.result() for f in [pool.submit(double, n) for n in range(10)]))
            """
        ),
        encoding="utf-8",
    )
    for safe in ("", "1"):
        environment = {**os.environ, "PYTHONSAFEPATH": safe}
        done = subprocess.run(
            [sys.executable, str(script)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert (done.stdout, done.stderr) == ("once\n90\n", "")
