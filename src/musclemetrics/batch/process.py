"""The child process of a cell: how it is started, what is said to it, how it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO, NamedTuple

from ..errors import SettingsError
from .child import BEGUN, reply_head

__all__ = ["UNSENT", "Child", "Reply", "ending"]

# The path comes first, so that nothing in the working folder is imported in place of what the parent would import.
_BOOT = "import sys; sys.path[:] = sys.argv[1:]; del sys.argv[1:]; from musclemetrics.batch.child import main; main()"
# Many processes of many threads each would take turns on few processors, and sums in other orders give other digits.
_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    ),
    "1",
)


class Reply(NamedTuple):
    """What a child says to a call."""

    kind: int
    worn: bool
    body: bytes


UNSENT = Reply(-1, False, b"")
"""Stands for a reply where the child had gone before it was told what to do."""


def _pump(stdin: BinaryIO, stdout: BinaryIO, calls: SimpleQueue[bytes | None], replies: SimpleQueue[Any]) -> None:
    """Write calls and read replies in a thread of its own: a pipe that blocks cannot block who waits."""
    with suppress(OSError, ValueError), stdin, stdout:
        while (frame := calls.get()) is not None:
            begun = b""
            with suppress(OSError, ValueError):
                stdin.write(frame)
                stdin.flush()
                begun = stdout.read(len(BEGUN))
            if begun != BEGUN:
                replies.put(UNSENT)
                break
            del frame
            head = stdout.read(reply_head.size)
            if len(head) < reply_head.size:
                break
            length, kind, worn = reply_head.unpack(head)
            body = stdout.read(length)
            if len(body) < length:
                break
            replies.put(Reply(kind, bool(worn), body))
            del body
    replies.put(None)


def _complaints() -> int | None:
    """Return where a child says why it cannot start: where this program does, if it has such a place."""
    try:
        os.fstat(2)
    except OSError:  # a service, or a program with windows
        return subprocess.DEVNULL
    return None


def _path() -> list[str]:
    """Return where the parent finds modules, in words that hold in any working folder."""
    return [os.path.abspath(p) for p in map(os.fspath, sys.path) if isinstance(p, str)]


def _interpreter() -> str:
    from multiprocessing.spawn import get_executable  # what multiprocessing.set_executable was told, where embedded

    found = os.fsdecode(get_executable() or "")
    if not found or getattr(sys, "frozen", False):
        raise SettingsError(
            "no Python interpreter is known here that could run a worker",
            code="no-worker",
            remedy="name it with multiprocessing.set_executable(), or measure without workers, deadline and memory",
        )
    return found


class Child:
    """A child process with what is said to it and what it says."""

    def __init__(self) -> None:
        apart: dict[str, Any] = {"process_group": 0}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        self.process = subprocess.Popen(
            [_interpreter(), "-c", _BOOT, *_path()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=_complaints(),
            env={**os.environ, **_ONE_THREAD},
            **apart,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.calls: SimpleQueue[bytes | None] = SimpleQueue()
        self.replies: SimpleQueue[Reply | None] = SimpleQueue()
        self.items = 0
        self.worn = False
        pipes = (self.process.stdin, self.process.stdout)
        Thread(target=_pump, args=(*pipes, self.calls, self.replies), daemon=True).start()

    def kill(self) -> None:
        """End it now, with every process it has started in its group."""
        if self.process.poll() is None:
            with suppress(OSError):
                if sys.platform == "win32":
                    self.process.kill()
                else:
                    os.killpg(self.process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        self.calls.put(None)

    def close(self) -> None:
        """Let it end by itself; it is idle, so that this takes no time worth telling."""
        self.calls.put(None)
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.kill()


def ending(process: subprocess.Popen[bytes]) -> str:
    """Return how a child ended, in words."""
    try:
        code = process.wait(1)
    except subprocess.TimeoutExpired:
        return "it closed its connection"
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"{name}, which a system short of memory sends too" if name == "SIGKILL" else name
