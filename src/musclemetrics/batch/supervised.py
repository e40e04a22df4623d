"""Work under supervision: whatever an item does to its process, it costs that item only.

The same cells stand behind the local workers and behind those of a cluster, so a deadline means the same everywhere.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..errors import ItemCrashed
from .cell import Cell

if TYPE_CHECKING:
    from ..record import Record
    from .work import Unit

__all__ = ["DEADLINE", "SupervisedPool", "memory_for", "supervised"]

DEADLINE = 300.0
"""Seconds an item may take where nothing else is said."""
_MEMORY = 4.0  # GB an item may take where nothing else is said


def _machine() -> float:
    """Return the memory of this machine, or of the part of it given to this program, in GB; 0 if it is not known."""
    sizes = []
    with suppress(AttributeError, OSError, ValueError):
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    if sys.platform == "linux":
        for name in ("memory.max", "memory/memory.limit_in_bytes"):
            with suppress(OSError, ValueError):  # no such file, or the word "max"
                sizes.append(int(Path("/sys/fs/cgroup", name).read_text(encoding="ascii")))
    return min(sizes, default=0) / 1e9


def memory_for(workers: int) -> float:
    """Return the memory limit of an item in GB where none is given: 4, or less where as many would not fit at once."""
    machine = _machine()
    return min(_MEMORY, round(machine / workers, 2)) if machine else _MEMORY


class SupervisedPool(Executor):
    """An executor of local processes in which every call has a deadline, a memory limit, and a death of its own.

    A call that hangs, crashes, asks for too much memory or raises what would stop a program fails by itself, with
    ItemTimeout, ItemCrashed or ItemOutOfMemory; all others come back with their results. What holds on which system is
    told in :class:`musclemetrics.batch.Cell`. Scripts need no ``if __name__ == "__main__"`` guard.

    Parameters
    ----------
    workers : int
        Calls under way at the same time, each in a process of its own with one thread.
    deadline : float, optional
        Seconds a call may take; None for no end.
    memory : float, optional
        Gigabytes a call may take (on Linux). By default 4, or less on a machine that has less for each worker.
    imports : sequence of str, optional
        Modules to import before the first call, outside its time and memory.
    recycle : int, optional
        Calls after which a process is replaced by a new one.

    Examples
    --------
    >>> from musclemetrics.batch import SupervisedPool
    >>> with SupervisedPool(2, deadline=60) as pool:
    ...     pool.submit(pow, 2, 10).result()
    1024
    """

    def __init__(
        self,
        workers: int,
        *,
        deadline: float | None = DEADLINE,
        memory: float | None = None,
        imports: Sequence[str] = (),
        recycle: int = 1000,
    ) -> None:
        workers = max(1, workers)
        self.deadline = deadline
        self.memory = memory_for(workers) if memory is None else memory
        self._imports, self._recycle = tuple(imports), recycle
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="supervised")
        self._lock = Lock()
        self._cells: list[Cell] = []
        self._idle: list[Cell] = []
        self._closed = self._killed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a call; its future gives the result, or tells how it failed.

        The function must be of an importable module, its arguments and result must be such that they can be pickled.
        """
        if kwargs:
            from functools import partial

            fn = partial(fn, **kwargs)
        return self._threads.submit(self._call, fn, args)

    def _call(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        with self._lock:
            if self._killed:
                raise ItemCrashed("the run was stopped before it was done")
            if self._idle:
                cell = self._idle.pop()
            else:
                cell = Cell(imports=self._imports, recycle=self._recycle)
                self._cells.append(cell)
        try:
            return cell.call(fn, *args, deadline=self.deadline, memory=self.memory)
        finally:
            with self._lock:
                closed = self._closed
                self._idle.append(cell)
            if closed:
                self._close_idle()

    def _close_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for cell in idle:
            cell.close()

    @property
    def pids(self) -> list[int]:
        """Numbers of the processes there are now."""
        return [pid for cell in list(self._cells) if (pid := cell.pid) is not None]

    def kill(self) -> None:
        """Stop the workers in the middle of their work, for a user who will not wait."""
        with self._lock:
            self._closed = self._killed = True
            cells = list(self._cells)
        for cell in cells:
            cell.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop the workers when their work is done."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        # Work that nobody waits for still needs cells; each is closed when it comes back, and opens for what is left.
        with self._lock:
            self._closed = True
        self._close_idle()


_SPARE: deque[Cell] = deque()
"""Cells that no thread of this process uses now."""


def supervised(unit: Unit, deadline: float | None, memory: float | None) -> list[Record]:
    """Return the records of one item, measured in a cell of this process: what a cluster's worker is asked to do.

    Parameters
    ----------
    unit : Unit
    deadline : float, optional
        Seconds it may take.
    memory : float, optional
        Gigabytes it may take, where the system knows such a limit.
    """
    from .work import run

    try:
        cell = _SPARE.pop()
    except IndexError:
        cell = Cell(imports=(unit.module,))
    try:
        found: list[Record] = cell.call(run, unit, deadline=deadline, memory=memory)
        return found
    finally:
        _SPARE.append(cell)
