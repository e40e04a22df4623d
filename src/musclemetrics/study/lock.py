"""One run at a time in a folder: a small file says who is at work, and a run that died does not block the next."""

from __future__ import annotations

import json
import os
import platform
import secrets
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import SettingsError
from ..store.whole import write_failure

__all__ = ["NAME", "Lock"]

NAME = "run.lock"
_TRIES = 20


class Lock:
    """The right to write into a run folder, held while the block runs.

    The file names the process, its host and when it began. One left behind by a process that is gone from this host
    is taken over. It needs nothing of the file system but that a file is created once, so it holds on network folders
    too.

    Parameters
    ----------
    folder : Path
        The run folder, which is there.

    Raises
    ------
    SettingsError
        ``run-in-progress`` if another run holds it, on this host or on one where this cannot be known; ``unwritable``.
    WriteError
        If the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._token = secrets.token_hex(8)

    def __enter__(self) -> Lock:
        for _ in range(_TRIES):
            if self._created(self._path):
                return self
            if (held := _read(self._path)) is None:  # gone meanwhile, or its writer is between creating and writing
                time.sleep(0.05)
                continue
            if not _stale(held):
                raise self._refused(held)
            if self._taken_over(str(held.get("token", ""))):
                return self
        raise self._refused(_read(self._path) or {})

    def refuse_held(self) -> None:
        """Refuse, as entering would, where another run is at work; take nothing."""
        if (held := _read(self._path)) is not None and not _stale(held):
            raise self._refused(held)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        held = _read(self._path)
        if held is not None and held.get("token") == self._token:
            with suppress(OSError):
                self._path.unlink()

    def _created(self, path: Path) -> bool:
        """Create a lock file of this process; False where there is one."""
        text = json.dumps(
            {
                "pid": os.getpid(),
                "host": platform.node(),
                "began": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                "process": _birth(os.getpid()),
                "token": self._token,
            }
        )
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        except OSError as error:
            raise SettingsError(
                f"{path.parent} cannot be written into ({error.strerror or error})",
                code="unwritable",
                remedy="choose another folder",
            ) from error
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text + "\n")
        except OSError as error:
            with suppress(OSError):
                path.unlink()
            raise write_failure(error, path) from error
        return True

    def _taken_over(self, token: str) -> bool:
        """Put this process in the place of one that is gone; False if another was quicker.

        Only who creates the claim on that very lock may replace it, so that of two who find it stale one wins.
        """
        claim = self._path.with_name(f"{NAME}.{token[:16] or 'empty'}")
        if not self._created(claim):
            claimer = _read(claim)
            if claimer is not None and _stale(claimer):  # it died within this very step
                with suppress(OSError):
                    claim.unlink()
            else:
                time.sleep(0.05)
            return False
        try:
            held = _read(self._path)
            if held is None or str(held.get("token", "")) != token:
                return False
            os.replace(claim, self._path)
            return True
        finally:
            with suppress(OSError):
                claim.unlink()

    def _refused(self, held: dict[str, Any]) -> SettingsError:
        host, pid = held.get("host", "an unknown host"), held.get("pid", "unknown")
        here = host == platform.node()
        remedy = (
            "wait for it, or choose another folder"
            if here
            else f"wait for it, or choose another folder; if no run is alive on {host}, delete {NAME}"
        )
        return SettingsError(
            f"a run is in progress in {self._path.parent} (process {pid} on {host} since {held.get('began', '?')})",
            code="run-in-progress",
            remedy=remedy,
        )


def _read(path: Path) -> dict[str, Any] | None:
    """Return who holds a lock, None where there is no such file; a file that is not readable as one holds nothing."""
    for _ in range(_TRIES):
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError:  # held open by who writes it, on Windows
            text = ""
        with suppress(ValueError):
            held = json.loads(text)
            if isinstance(held, dict):
                return held
        time.sleep(0.01)  # created, but not yet written
    return {}


def _stale(held: dict[str, Any]) -> bool:
    """Whether the process that holds a lock is known to be gone."""
    if not held:  # empty: its writer died, or its disk was full, between creating and writing
        return True
    pid = held.get("pid")
    if held.get("host") != platform.node() or type(pid) is not int:
        return False
    born = _birth(pid)
    # Numbers are used again after a while: a process born at another time is another one.
    return born is None or (held.get("process") not in (None, "") and born not in ("", held["process"]))


def _birth(pid: int) -> str | None:
    """Return a word for when a process began, "" where the system does not say; None if there is no such process."""
    if sys.platform == "win32":
        return _birth_on_windows(pid)
    if pid <= 0:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        pass  # of another user, and alive
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        if fields[0] == "Z":  # it has ended, and its parent has not looked yet
            return None
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {fields[19]}"
    return ""


def _birth_on_windows(pid: int) -> str | None:  # pragma: no cover - there is no such call elsewhere
    import ctypes

    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined, unused-ignore]
    kernel.OpenProcess.restype = ctypes.c_void_p
    kernel.GetProcessTimes.argtypes = [ctypes.c_void_p] + 4 * [ctypes.c_void_p]
    kernel.CloseHandle.argtypes = [ctypes.c_void_p]
    limited, denied = 0x1000, 5
    handle = kernel.OpenProcess(limited, False, pid)
    if not handle:
        return "" if ctypes.get_last_error() == denied else None  # type: ignore[attr-defined, unused-ignore]
    try:
        begun, ended, in_kernel, in_user = (ctypes.c_uint64() for _ in range(4))
        times = (ctypes.byref(t) for t in (begun, ended, in_kernel, in_user))
        if not kernel.GetProcessTimes(handle, *times):
            return ""
        return None if ended.value else str(begun.value)
    finally:
        kernel.CloseHandle(handle)
