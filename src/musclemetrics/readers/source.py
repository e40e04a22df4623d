"""A path or a file object as bytes, with every way this can fail named.

What all readers share: it opens, measures and reads, and knows no format.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

from ..errors import LimitError, ReadError

__all__ = ["HEAD", "Source", "contents", "head", "name_of", "opened", "packed", "text_contents", "unpacked_head"]

Source: TypeAlias = "str | os.PathLike[str] | IO[bytes]"

HEAD = 4096
"""How many bytes are enough to tell one format from another."""

CONTENT_LIMIT = 512 * 2**20
# Tables of numbers pack to a tenth or so; what unpacks to more than these together was made to fill the memory.
_UNPACKED_ALWAYS, _UNPACKED_TIMES = 16 * 2**20, 100
_GZIP_MAGIC = b"\x1f\x8b\x08"


def name_of(source: Source) -> str:
    """Return the file's own name without its folders; empty for a stream that has none."""
    if isinstance(source, str | os.PathLike):
        return Path(source).name
    name = getattr(source, "name", "")
    return Path(name).name if isinstance(name, str) else ""


def _unreadable(name: str, error: Exception) -> ReadError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ReadError(
        f"{name!r} cannot be read: {reason}",
        code="unreadable",
        remedy="check that it is a file you may read and that its disk is reachable",
    )


@contextmanager
def opened(source: Source) -> Iterator[IO[bytes]]:
    """Give the binary stream behind a path or a file object; a stream is handed back where it stood.

    Raises
    ------
    ReadError
        ``missing-file``, ``not-a-file`` (a folder, a pipe, a device), ``unreadable``, ``not-binary`` or
        ``not-seekable``.
    """
    if isinstance(source, str | os.PathLike):
        with _open(Path(source)) as stream:
            yield stream
        return
    name = name_of(source)
    stream = source
    if isinstance(stream.read(0), str):
        raise ReadError(f"{name!r} is open as text", code="not-binary", remedy='open it with mode "rb"')
    try:
        start = stream.tell()
        stream.seek(start)
    except (OSError, AttributeError, ValueError):
        raise ReadError(
            f"{name!r} cannot be rewound",
            code="not-seekable",
            remedy="read it into io.BytesIO first",
        ) from None
    try:
        yield stream
    finally:
        if not stream.closed:
            stream.seek(start)


def _open(path: Path) -> IO[bytes]:
    try:
        mode = path.stat().st_mode
        # A pipe would wait for ever and a device never end, so only what has an end is opened.
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not an ordinary file"
            raise ReadError(f"{path.name!r} is {kind}", code="not-a-file", remedy="name a file")
        return path.open("rb")
    except FileNotFoundError:
        raise ReadError(
            f"there is no file {path.name!r}", code="missing-file", remedy="check the name and the folder"
        ) from None
    except ReadError:
        raise
    except (OSError, ValueError) as error:
        raise _unreadable(path.name, error) from None


def head(source: Source, size: int = HEAD) -> bytes:
    """Return the first bytes of a file, at most `size`."""
    return _read(source, size)


def contents(source: Source, *, limit: int = CONTENT_LIMIT) -> bytes:
    """Return all bytes of a file.

    Raises
    ------
    ReadError
        ``empty-file`` where there are none, and as :func:`opened`.
    LimitError
        ``too-large`` above `limit` bytes.
    """
    data = _read(source, limit + 1)
    if len(data) > limit:
        raise LimitError(
            f"{name_of(source)!r} holds more than {limit / 2**20:.0f} MB",
            code="too-large",
            remedy="split it, or leave out what is not to be measured",
        )
    if not data:
        raise ReadError(f"{name_of(source)!r} is empty", code="empty-file", remedy="export or copy the file again")
    return data


def packed(start: bytes) -> bool:
    """Whether these first bytes are a gzip file's."""
    return start.startswith(_GZIP_MAGIC)


def unpacked_head(start: bytes, size: int = HEAD) -> bytes:
    """Return the first bytes within a gzip file of which only the beginning is given; empty where it is damaged."""
    try:
        return zlib.decompressobj(31).decompress(start, size)
    except zlib.error:
        return b""


def text_contents(source: Source) -> bytes:
    """Return all bytes of a text file, those within it where it is packed with gzip.

    Raises
    ------
    ReadError
        ``corrupt-gzip`` where it is damaged or cut short, and as :func:`contents`.
    LimitError
        ``too-large``, as :func:`contents`, and where it unpacks to more than text can.
    """
    raw = contents(source)
    if not packed(raw):
        return raw
    limit = min(CONTENT_LIMIT, max(_UNPACKED_ALWAYS, _UNPACKED_TIMES * len(raw)))
    found = _unpacked(raw, limit, name_of(source))
    if not found:
        raise ReadError(f"{name_of(source)!r} holds nothing", code="empty-file", remedy="export or copy the file again")
    return found


def _unpacked(raw: bytes, limit: int, name: str) -> bytes:
    found, size = [], 0
    # Files packed one by one may follow each other; blank bytes may fill up the last block of a tape.
    while raw.strip(b"\0"):
        stream = zlib.decompressobj(31)
        try:
            part = stream.decompress(raw, limit - size + 1)
        except zlib.error as error:
            raise _corrupt(name, str(error)) from None
        found.append(part)
        size += len(part)
        if size > limit:
            raise LimitError(
                f"{name!r} unpacks to more than {limit / 2**20:.0f} MB",
                code="too-large",
                remedy="unpack it yourself and look at what it is; split it if it is a table",
            )
        if not stream.eof:
            raise _corrupt(name, "it ends before its end mark")
        raw = stream.unused_data
    return b"".join(found)


def _corrupt(name: str, reason: str) -> ReadError:
    return ReadError(
        f"{name!r} cannot be unpacked: {reason}", code="corrupt-gzip", remedy="copy or pack the file again"
    )


def _read(source: Source, size: int) -> bytes:
    with opened(source) as stream:
        try:
            data: Any = stream.read(size)
        except (OSError, ValueError) as error:
            raise _unreadable(name_of(source), error) from None
    return bytes(data)
