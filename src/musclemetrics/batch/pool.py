"""Worker processes that survive a crash: the item that kills its worker is the only one lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from threading import Lock
from typing import Any

__all__ = ["PatientPool"]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def _quiet() -> None:
    """Leave Ctrl-C to the parent, which stops the workers in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class PatientPool(Executor):
    """A process pool in which a dying worker takes only its own item with it.

    A plain :class:`~concurrent.futures.ProcessPoolExecutor` fails every item under way when one worker dies. Here
    each of them is tried once more, one at a time in a cell of one process: the innocent ones come back with their
    result, and only the call that kills its cell fails, with BrokenProcessPool. Workers are spawned (never forked, so
    that threads of the parent do no harm) and use one thread each.

    Parameters
    ----------
    workers : int
    """

    def __init__(self, workers: int) -> None:
        self._workers = max(1, workers)
        self._lock = Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._cell: ProcessPoolExecutor | None = None
        self._warden = ThreadPoolExecutor(1)
        self._closed = False
        for name in _THREADS:
            os.environ.setdefault(name, "1")

    def _processes(self, count: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_quiet)

    def _current(self, broken: ProcessPoolExecutor | None = None) -> ProcessPoolExecutor:
        """Return the pool, a new one in place of the broken one."""
        with self._lock:
            if self._closed:
                raise RuntimeError("this pool is shut down")
            if self._pool is None or self._pool is broken:
                self._pool = self._processes(self._workers)
            return self._pool

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a call; its future gives the result, or BrokenProcessPool if this very call kills its process."""
        outcome: Future[Any] = Future()
        pool = self._current()
        try:
            begun = pool.submit(fn, *args, **kwargs)
        except BrokenProcessPool:
            begun = self._current(pool).submit(fn, *args, **kwargs)
        begun.add_done_callback(lambda done: self._settle(done, outcome, (fn, args, kwargs)))
        return outcome

    def _settle(self, done: Future[Any], outcome: Future[Any], call: Call) -> None:
        if done.cancelled():
            outcome.cancel()
            return
        if not outcome.set_running_or_notify_cancel():
            return
        error = done.exception()
        if isinstance(error, BrokenProcessPool) and not self._closed:
            with suppress(RuntimeError):  # the warden has gone home: shut down meanwhile
                self._warden.submit(self._again, outcome, call)
                return
        if error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(done.result())

    def _again(self, outcome: Future[Any], call: Call) -> None:
        fn, args, kwargs = call
        try:
            if self._cell is None:
                self._cell = self._processes(1)
            outcome.set_result(self._cell.submit(fn, *args, **kwargs).result())
        except BrokenProcessPool as error:
            self._cell = None
            outcome.set_exception(error)
        except BaseException as error:
            outcome.set_exception(error)

    def kill(self) -> None:
        """Stop the workers in the middle of their work, for a user who will not wait."""
        # The public way (kill_workers) exists from Python 3.14 on; without it the exit waits for the longest item. The
        # shutdown forgets the processes, so they are looked up first.
        processes = [p for pool in (self._pool, self._cell) for p in (getattr(pool, "_processes", None) or {}).values()]
        self.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop the workers."""
        with self._lock:
            self._closed = self._closed or cancel_futures
            pool = self._pool
        if pool is not None:
            pool.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._warden.shutdown(wait=wait, cancel_futures=cancel_futures)
        if self._cell is not None:
            self._cell.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._closed = True
