"""What an item may do to the process that measures it; as a modality, the first force of a table says which."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from musclemetrics.record import Flag, Record

from . import mean_force
from .mean_force import DEFINITIONS, draw, inputs

__all__ = ["DEFINITIONS", "FAULTS", "draw", "inputs", "measure"]


class PanicException(BaseException):
    """Stands for the panic of a decoder written in Rust, which is no Exception."""


class Unpicklable(Exception):
    """Carries what cannot be sent."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.held = threading.Lock()


class OneWay(Exception):
    """Can be pickled; coming back, it lacks an argument."""

    def __init__(self, text: str, more: str) -> None:
        super().__init__(text)


class Mute(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise ValueError


class Bomb:
    """Goes off where it is unpickled."""

    def __reduce__(self) -> Any:
        return int, ("no number",)


def loop() -> NoReturn:
    while True:
        pass


def dawdle() -> None:
    """Take a while, which is no fault."""
    time.sleep(0.3)


def hold() -> None:
    """Keep the interpreter's lock for as good as ever: no other thread of this process runs again."""
    re.match(r"(a|a)+$", "a" * 80 + "b")


def stop_here() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def leave() -> None:
    os._exit(139)


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def segfault() -> None:
    import ctypes

    ctypes.string_at(0)


def devour(gigabytes: float = 8.0) -> int:
    import numpy as np

    return int(np.ones(int(gigabytes * 1e9 / 8)).sum())


def leak(megabytes: int, kept: list[bytes] = []) -> int:  # noqa: B006 - to be kept is the purpose
    kept.append(bytes(megabytes * 10**6))
    return os.getpid()


def no_memory() -> NoReturn:
    raise MemoryError


def dig() -> Any:
    return dig()


def exit_politely() -> NoReturn:
    sys.exit(3)


def interrupt() -> NoReturn:
    raise KeyboardInterrupt


def panic() -> NoReturn:
    raise PanicException("called `Option::unwrap()` on a `None` value")


def unpicklable() -> Any:
    return threading.Lock()


def bomb() -> Any:
    return Bomb()


def raise_unpicklable() -> NoReturn:
    raise Unpicklable("holds a lock")


def raise_one_way() -> NoReturn:
    raise OneWay("there and not back", "again")


def raise_mute() -> NoReturn:
    raise Mute


def chatter() -> str:
    """Speak wherever a reply could be mistaken for it, in Python, below Python and from another program."""
    print("from Python", flush=True)
    os.write(1, b"\x00" * 100)
    os.write(2, b"a library complains\n")
    subprocess.run([sys.executable, "-c", "import sys; print(1); sys.stderr.write('x')"], check=True)
    return sys.stdin.read() if sys.stdin else ""


def shut_pipes() -> str:
    os.closerange(3, 256)
    return "nobody hears this"


def come_home_twice() -> int:
    """Fork, and return in both processes."""
    os.fork()
    return 42


def leave_one_behind() -> None:
    """Die while a program this one has started holds the pipe of the replies open."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(8)
        os._exit(0)
    os._exit(7)


def threads() -> tuple[dict[str, str], int]:
    """Return what libraries are told, and how many threads a product of two matrices leaves behind."""
    import numpy as np

    a = np.ones((600, 600))
    a @ a
    told = {k: v for k, v in os.environ.items() if k.endswith("_NUM_THREADS") or k == "VECLIB_MAXIMUM_THREADS"}
    return told, len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 1


def where() -> tuple[str, list[str], str]:
    import numpy

    return os.getcwd(), sys.path, str(numpy.__file__)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def attribute_of(path: str) -> object:
    """Ask for the one attribute of the real file that hangs."""
    import h5py

    with h5py.File(path) as file:
        return file["a"].attrs["u"]


def hanging_hdf5(path: Path) -> Path:
    """Write a small HDF5 file in whose attribute ``units`` the library never comes to an end."""
    import h5py
    import numpy as np

    with h5py.File(path, "w") as file:
        file["pCa"] = np.array([9.0, 6.0, 4.5])
        file["force"] = np.array([1.0, 2.0, 3.0])
        file["force"].attrs["units"] = "mN"
        file["spare"] = np.zeros((10, 100))
    content = bytearray(path.read_bytes())
    # The heap of text claims 256 bytes more than it has; what follows reads as objects of no length, one after another.
    content[content.index(b"GCOL") + 9] += 1
    path.write_bytes(content)
    return path


FAULTS: dict[int, Callable[[], object]] = {
    101: loop,
    102: hold,
    103: leave,
    104: segfault,
    105: devour,
    106: no_memory,
    107: dig,
    108: exit_politely,
    109: interrupt,
    110: panic,
    111: raise_unpicklable,
    112: raise_one_way,
    113: raise_mute,
    114: chatter,
    115: unpicklable,
    116: shut_pipes,
    117: be_killed,
    118: dawdle,
}


def measure(pca: Any, force: Any, *, force_unit: str = "1") -> Record:
    """Average the forces, unless the first one is the number of a fault.

    Parameters
    ----------
    pca, force : array_like
        Unused and used.
    force_unit : str
        Unit of the forces.
    """
    record = mean_force.measure(pca, force, force_unit=force_unit)
    fault = FAULTS.get(int(force[0]))
    held = fault() if fault is not None else None
    flags = record.flags
    if held is not None and not isinstance(held, str):  # a record that cannot be sent
        flags = (Flag("held", "something", "note"),)
        object.__setattr__(flags[0], "message", held)
    return replace(record, modality="faulty", flags=flags)
