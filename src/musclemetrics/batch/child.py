"""The process at the far end of a :class:`~musclemetrics.batch.cell.Cell`: it takes calls, one after the other.

Calls come and replies go as length and bytes over two pipes that nothing else in this process can reach by number 0, 1
or 2: what a library prints is thrown away rather than taken for a reply, and a program that it starts finds no calls on
its standard input. The process ends when the pipe of the calls is closed, also in the middle of a call; if a call then
holds the interpreter's lock, faulthandler's watchdog, which needs no lock, ends it when its deadline has passed.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from queue import SimpleQueue
from struct import Struct
from threading import Thread
from typing import BinaryIO

__all__ = ["BEGUN", "GRACE", "Kind", "call_head", "main", "prepare", "reply_head"]

call_head = Struct(">Qdd")  # length of the pickle, deadline in s (0: none), memory in bytes (0: no limit)
reply_head = Struct(">QBB")  # length of what follows, its kind, 1 if this process should be replaced
BEGUN = b"!"  # said before a call, so that who dies earlier is known not to have died of it
GRACE = 5.0  # s after its deadline at which a call that nobody has stopped ends its process itself


_page = os.sysconf("SC_PAGE_SIZE") if sys.platform == "linux" else 0


class Kind:
    """What a reply holds."""

    RESULT = 0  # a pickle
    RAISED = 1  # a pickle of an exception and the text of its traceback
    MEMORY = 2  # nothing: a MemoryError
    STOPPED = 3  # text: an exception that is no Exception, which would stop a program
    UNSENT = 4  # text: what cannot be pickled, and why


class _Memory:
    """Address space that calls may take beyond what the process has once its modules are imported.

    Linux counts and limits it. Elsewhere there is no such limit: Windows has none for a process by itself, macOS takes
    the limit and does not keep it.
    """

    def __init__(self) -> None:
        self._counter = -1
        self._start = 0
        if sys.platform == "linux":
            import resource

            self._soft, self._hard = resource.getrlimit(resource.RLIMIT_AS)
            with suppress(OSError):
                self._counter = os.open("/proc/self/statm", os.O_RDONLY)

    def _mapped(self) -> int:
        return int(os.pread(self._counter, 64, 0).split()[0]) * _page if self._counter >= 0 else 0

    def begin(self) -> None:
        """Count from here."""
        self._start = self._mapped()

    def limit(self, most: float) -> None:
        """Let the process have `most` bytes more than at the beginning; 0 for no limit."""
        if sys.platform == "linux" and self._counter >= 0:
            import resource

            soft = self._start + int(most) if 0 < most < 1e18 else self._soft
            bounds = [b for b in (soft, self._soft, self._hard) if b != resource.RLIM_INFINITY]
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_AS, (min(bounds, default=soft), self._hard))

    def worn(self, most: float) -> bool:
        """Return whether earlier calls have left less than three quarters of `most` to the next one."""
        return bool(most) and self._mapped() - self._start > most / 4


_memory = _Memory()


def prepare(modules: Sequence[str]) -> None:
    """Import what the calls will need, so that neither their time nor their memory is charged with it."""
    for name in modules:
        with suppress(BaseException):  # the call that needs it will say so
            import_module(name)
    # From here on nobody listens: a library's complaints about thousands of files would drown those that count.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    _memory.begin()


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take the pipes away from the standard streams."""
    calls, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        for pipe in (calls, replies):
            msvcrt.setmode(pipe, os.O_BINARY)
    return os.fdopen(calls, "rb"), os.fdopen(replies, "wb")


def _apart() -> None:
    """Leave Ctrl-C to the parent; die without a dialogue and without writing what was in memory to the disk."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.SetErrorMode(msvcrt.SEM_FAILCRITICALERRORS | msvcrt.SEM_NOGPFAULTERRORBOX)
    else:
        import resource

        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _shown(error: BaseException) -> str:
    text = ""
    with suppress(BaseException):  # its own __str__ may be what is wrong
        text = str(error)[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _raised(error: BaseException) -> tuple[int, bytes]:
    """Return how an exception is told to the parent."""
    if isinstance(error, MemoryError):
        return Kind.MEMORY, b""
    if not isinstance(error, Exception):
        return Kind.STOPPED, _shown(error).encode("utf-8", "backslashreplace")
    try:
        trace = "".join(traceback.format_exception(error))[-4000:]
        body = pickle.dumps((error, trace))
        if type(pickle.loads(body)[0]) is not type(error):
            raise TypeError("it comes back as something else")
    except BaseException:
        return Kind.UNSENT, f"raised {_shown(error)}".encode("utf-8", "backslashreplace")
    return Kind.RAISED, body


def _answered(frame: bytes) -> tuple[int, bytes]:
    """Carry out one call."""
    try:
        function, arguments = pickle.loads(frame)
        result = function(*arguments)
    except BaseException as error:
        return _raised(error)
    try:
        return Kind.RESULT, pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return Kind.MEMORY, b""
    except BaseException as error:
        text = f"gave a {type(result).__name__} that cannot be sent ({_shown(error)})"
        return Kind.UNSENT, text.encode("utf-8", "backslashreplace")


class _Ear(Thread):
    """Listens while the main thread works, so that the end of the parent is heard at once."""

    def __init__(self, calls: BinaryIO) -> None:
        super().__init__(daemon=True)
        self.heard: SimpleQueue[tuple[float, float, bytes] | None] = SimpleQueue()
        self.busy = False
        self._calls = calls

    def run(self) -> None:
        with suppress(OSError, ValueError):
            while len(head := self._calls.read(call_head.size)) == call_head.size:
                length, deadline, memory = call_head.unpack(head)
                frame = self._calls.read(length)
                if len(frame) < length:
                    break
                self.heard.put((deadline, memory, frame))
        if self.busy:
            os._exit(1)
        self.heard.put(None)


def main() -> None:
    """Take calls until there are no more."""
    calls, replies = _own_pipes()
    _apart()
    ear = _Ear(calls)
    ear.start()
    mine = os.getpid()
    nowhere = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    while (heard := ear.heard.get()) is not None:
        deadline, memory, frame = heard
        ear.busy = True
        worn = False
        try:
            replies.write(BEGUN)
            replies.flush()
        except OSError:
            os._exit(1)
        if 0 < deadline < 1e6:
            try:
                faulthandler.dump_traceback_later(deadline + GRACE, exit=True, file=nowhere)
            except RuntimeError:  # no thread for it: this process has come to its end
                worn = True
        _memory.limit(memory)
        kind, body = _answered(frame)
        if os.getpid() != mine:  # a copy that the call made of this process, and that has come home
            os._exit(0)
        _memory.limit(0)
        faulthandler.cancel_dump_traceback_later()
        worn = worn or _memory.worn(memory)
        try:
            replies.write(reply_head.pack(len(body), kind, worn))
            replies.write(body)
            replies.flush()
        except OSError:  # the parent has gone, or the call has closed what was not its own
            os._exit(1)
        del body, frame, heard
        ear.busy = False
