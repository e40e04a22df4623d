"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import MuscleMetricsError, SettingsError, WriteError

__all__ = ["made_folder", "replaced", "write_failure"]


def made_folder(folder: Path) -> Path:
    """Make a folder and those above it, where they are not there, and return it.

    Raises
    ------
    SettingsError
        ``unwritable`` where it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the folder {folder} cannot be made ({error.strerror or error})",
            code="unwritable",
            remedy="choose another folder",
        ) from error
    return folder


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """Give a temporary path beside `target` that takes its place when the block ends well.

    The temporary file lies in the same folder, since only there is the replacement one step on every system.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".", suffix=target.suffix + ".part", dir=target.parent)
    except OSError as error:
        raise SettingsError(
            f"{target.name} cannot be written into {target.parent} ({error.strerror or error})",
            code="unwritable",
            remedy="choose a folder that exists and may be written",
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp gives 0600; a result file should open for the same people as any other new file.
        _ordinary_mode(temporary)
        try:
            os.replace(temporary, target)
        except OSError as error:
            raise SettingsError(
                f"{target.name} cannot be replaced ({error.strerror or error})",
                code="unwritable",
                remedy="close the program that holds it open, or choose another name",
            ) from error
    except MuscleMetricsError:
        _removed(temporary)
        raise
    except OSError as error:
        _removed(temporary)
        raise write_failure(error, target) from error
    except BaseException:
        _removed(temporary)
        raise


def _removed(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def write_failure(error: OSError, target: Path) -> WriteError:
    """Return the error that names what was not written and why."""
    # The HDF5 library tells the reason in words only.
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)) or "No space left" in str(error):
        return WriteError(
            f"{target.name} was not written: the disk that holds {target.parent.absolute()} is full",
            code="disk-full",
            remedy="make room, or choose another folder",
        )
    return WriteError(
        f"{target.name} was not written ({error.strerror or error})", remedy="see whether the disk is well and in place"
    )


def _ordinary_mode(path: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    with suppress(OSError):
        path.chmod(0o666 & ~mask)
