"""One call at a time in a process apart, which may hang, crash or run out of memory without doing harm."""

from __future__ import annotations

import pickle
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty
from threading import Lock
from typing import Any

from ..errors import ItemCrashed, ItemOutOfMemory, ItemTimeout, SettingsError
from .child import Kind, call_head, prepare
from .process import UNSENT, Child, Reply, ending

__all__ = ["Cell"]

_STARTING = 120.0  # s for an interpreter and its imports, from the slowest of network folders
_LOOK = 0.5  # s between looks at a child that says nothing
_TIME = "give it more time (deadline, --deadline), or measure it by itself"
_MEMORY = "give it more (memory, --memory), or measure it by itself"
_CRASH = "measure this item by itself to see why"


_LATE = "late"
"""Stands for a reply where there is none in time."""


class Cell:
    """A process apart that makes one call after the other, and is replaced when a call has ruined it.

    The process is started with the first call and again whenever it is needed. It is no fork and no child of
    ``multiprocessing``: it does not import the main script (which needs no guard), it may be started from a daemonic
    process such as a Dask worker, and it is the same on Windows. It uses one thread for linear algebra; what it prints
    goes nowhere; Ctrl-C does not reach it.

    Parameters
    ----------
    imports : sequence of str, optional
        Modules to import before the first call, outside its time and memory.
    recycle : int, optional
        Calls after which the process is replaced by a new one, against what libraries leave behind.

    Notes
    -----
    A deadline holds on every system, also for code that holds the interpreter's lock. Time in which the whole machine,
    or this program, slept does not count. The memory limit holds on Linux; on Windows and macOS there is none. If this
    program is killed, its children end at once, or when the deadline of their call and five seconds have passed if that
    holds the interpreter's lock.
    """

    def __init__(self, *, imports: Sequence[str] = (), recycle: int = 1000) -> None:
        self._imports = tuple(imports)
        self._recycle = max(1, recycle)
        self._child: Child | None = None
        self._lock = Lock()
        self._killed = False
        self._ended: weakref.finalize[Any, Any] | None = None

    @property
    def pid(self) -> int | None:
        """Number of the process, None where there is none now."""
        child = self._child
        return child.process.pid if child is not None and child.process.poll() is None else None

    def call(
        self,
        function: Callable[..., Any],
        /,
        *arguments: Any,
        deadline: float | None = None,
        memory: float | None = None,
    ) -> Any:
        """Return what a function returns when it is called in the process.

        Parameters
        ----------
        function : callable
            A function of an importable module.
        *arguments
            Anything that can be pickled.
        deadline : float, optional
            Seconds that the call may take.
        memory : float, optional
            Gigabytes (1e9 bytes) that the call may take beyond what the process has before it; on Linux only.

        Raises
        ------
        ItemTimeout
            If the call took longer. Its process is gone.
        ItemOutOfMemory
            If the call raised MemoryError.
        ItemCrashed
            If the process ended, if the call raised what is no Exception (SystemExit, a panic), or if what it returned
            or raised cannot be pickled.
        SettingsError
            If the arguments cannot be pickled (``bad-setting``), or no process can be started (``no-worker``).
        Exception
            What the call raised, with the traceback as a note.
        """
        try:
            frame = pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            raise SettingsError(
                f"this cannot be sent to a worker ({type(error).__name__}: {error})",
                remedy="give functions of a module and plain values, or measure without workers, deadline and memory",
            ) from error
        head = call_head.pack(len(frame), deadline or 0.0, 1e9 * (memory or 0.0))
        begin = time.monotonic()
        try:
            for _ in range(3):
                child = self._ready()
                reply = self._exchanged(child, head + frame, deadline)
                if reply is not UNSENT:  # else it had died before this call, which is not the call's fault
                    break
                self._discard()
        except BaseException:  # Ctrl-C in a program that calls from its main thread
            self._discard()
            raise
        if isinstance(reply, Reply) and reply is not UNSENT:
            child.worn = reply.worn
            return _taken(reply, memory)
        # A watchdog of the child may have been quicker, where this program slept.
        late = reply is _LATE or (deadline is not None and time.monotonic() - begin > deadline)
        how = "" if late else ending(child.process)
        self._discard()
        if self._killed:
            raise ItemCrashed("the run was stopped before it was done")
        if late:
            raise ItemTimeout(f"did not finish within {deadline:g} s", remedy=_TIME)
        raise ItemCrashed(f"it ended its worker ({how})", remedy=_CRASH)

    def _ready(self) -> Child:
        child = self._child
        if child is not None and (child.worn or child.items >= self._recycle or child.process.poll() is not None):
            self._child = None
            self._forget()
            child.close()
            child = None
        if child is None:
            child = self._started()
        child.items += 1
        return child

    def _started(self) -> Child:
        reason = "it did not answer"
        for _ in range(3):
            with self._lock:
                if self._killed:
                    raise ItemCrashed("the run was stopped before it was done")
                try:
                    child = self._child = Child()
                except OSError as error:  # no memory or no more processes for now
                    reason = str(error.strerror or error)
                    child = None
            if child is None:
                time.sleep(1)
                continue
            self._ended = weakref.finalize(self, child.kill)
            frame = pickle.dumps((prepare, (self._imports,)))
            reply = self._exchanged(child, call_head.pack(len(frame), 0.0, 0.0) + frame, _STARTING)
            if isinstance(reply, Reply) and reply.kind == Kind.RESULT:
                return child
            reason = "it did not answer" if reply is _LATE else ending(child.process)
            self._discard()
        raise SettingsError(
            f"a worker cannot be started ({reason})",
            code="no-worker",
            remedy="its own message stands above; or measure without workers, deadline and memory",
        )

    def _exchanged(self, child: Child, frame: bytes, deadline: float | None) -> Reply | str | None:
        """Return the reply to a frame: None if the child has gone, `_LATE` if it is not there in time."""
        child.calls.put(frame)
        waited = 0.0
        while deadline is None or waited < deadline:
            pause = _LOOK if deadline is None else min(_LOOK, deadline - waited)
            begin = time.monotonic()
            with suppress(Empty):
                return child.replies.get(timeout=pause)
            # A machine that slept, or a program stopped by Ctrl-Z, did not wait.
            waited += min(time.monotonic() - begin, 2 * _LOOK)
            if child.process.poll() is not None:
                # Its last words may be under way; another process may hold its pipe open, which then never ends.
                with suppress(Empty):
                    return child.replies.get(timeout=_LOOK)
                return None
        return _LATE

    def _forget(self) -> None:
        self._child = None
        if self._ended is not None:
            self._ended.detach()

    def _discard(self) -> None:
        child = self._child
        self._forget()
        if child is not None:
            child.kill()

    def close(self) -> None:
        """End the process once it is idle. Call it between calls; a later call starts a new process."""
        child = self._child
        self._forget()
        if child is not None:
            child.close()

    def kill(self) -> None:
        """End the process now, from any thread; a call under way raises ItemCrashed, and no other begins."""
        with self._lock:
            self._killed = True
            child = self._child
        if child is not None:
            child.kill()


def _taken(reply: Reply, memory: float | None) -> Any:
    """Return what a reply holds, or raise it."""
    if reply.kind == Kind.MEMORY:
        limit = f"than the {memory:g} GB it may have" if memory else "than there is"
        raise ItemOutOfMemory(f"needs more memory {limit}", remedy=_MEMORY)
    if reply.kind in (Kind.STOPPED, Kind.UNSENT):
        text = reply.body.decode("utf-8", "replace")
        verb = "raised what would stop a program: " if reply.kind == Kind.STOPPED else ""
        raise ItemCrashed(f"its measuring {verb}{text}", remedy=_CRASH)
    try:
        found = pickle.loads(reply.body)
    except Exception as error:
        raise ItemCrashed(
            f"its measuring gave what cannot be received ({type(error).__name__}: {error})", remedy=_CRASH
        ) from error
    if reply.kind == Kind.RESULT:
        return found
    raised, trace = found
    raised.add_note(f"in the worker:\n{trace}")
    raise raised
