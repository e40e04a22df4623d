"""The journal of a run folder: what was asked once, then a line an item, in the order in which they were done.

Nothing in it is ever changed; the last line of an item is the one that counts. Every line is appended with one write,
so that a run that dies at any moment loses the line it was writing at most. All else in the folder is derived from it.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from ..errors import MuscleMetricsError, ReadError, SettingsError
from ..record import Record
from ..store.whole import write_failure

__all__ = ["NAME", "SCHEMA", "File", "Journal", "Line", "remains"]

NAME = "journal.jsonl"
SCHEMA = 1
"""Number of the layout; a journal with a larger one is refused rather than misread."""

_SYNC = 1.0  # s between two calls for the disk to have everything
# In JSON text a quote within a word is escaped, so this stands between the head of a line and its rows only.
_ROWS = b',"rows":['
_HEADS = (b'{"journal":', b'{"order":', b'{"derived":')

File = tuple[str, str, tuple[int, ...], str]
"""A file of an item: its name, SHA-256, what the system said of it before it was read, and why it was not opened."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where the rows of an item stand in the journal, and what they were made from."""

    key: str
    files: tuple[File, ...]
    statuses: tuple[str, ...]
    crc: int
    offset: int
    sizes: tuple[int, ...]


def remains(path: Path) -> bool:
    """Whether there is a line of a journal in a file, though its first line may be damaged or gone."""
    try:
        with path.open("rb") as stream:
            return any(line.startswith(_HEADS) or (line.startswith(b'{"item":') and _ROWS in line) for line in stream)
    except OSError:
        return False


def _encoded(tree: Mapping[str, Any]) -> bytes:
    # A lone surrogate (a file name that is not UTF-8) becomes the JSON escape of itself.
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


class Journal:
    """The journal of a run folder, opened to be read, or by the one run that may write.

    Parameters
    ----------
    folder : Path
    write : bool, optional
        Whether lines are to be appended. A torn last line is then cut off, else passed over.

    Attributes
    ----------
    head : Mapping or None
        What the run was asked, as its last head line says; None for a new journal.
    order : Mapping
        The items in input order, as last listed: their names under ``names``, their places under ``at``, the number
        of items of all shards under ``of``, and a digest of the names of all under ``all``.
    lines : dict of str to Line
        The line that counts, by the item's name.
    derived : Mapping
        What the tables were last derived from.
    told : list of str
        What was found broken and left out, in words.

    Raises
    ------
    ReadError
        ``no-journal``, ``newer-schema``, ``unreadable``.
    """

    def __init__(self, folder: Path, *, write: bool = False) -> None:
        self.path = folder / NAME
        self.head: Mapping[str, Any] | None = None
        self.order: Mapping[str, Any] = {}
        self.lines: dict[str, Line] = {}
        self.derived: Mapping[str, Any] = {}
        self.told: list[str] = []
        self._handle = -1
        self._size = 0
        self._synced = time.monotonic()
        if write:
            try:
                # Never truncated here: a journal is opened to be continued.
                flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
                self._handle = os.open(self.path, flags, 0o666)
            except OSError as error:
                raise SettingsError(
                    f"{self.path} cannot be written ({error.strerror or error})",
                    code="unwritable",
                    remedy="choose another folder",
                ) from error
        elif not self.path.is_file():
            raise ReadError(
                f"{folder} is no run folder: there is no {NAME} in it",
                code="no-journal",
                remedy="give a folder that was written with -o FOLDER",
            )
        try:
            with self.path.open("rb") as stream:
                self._read(stream)
        except OSError as error:
            self.close()
            if isinstance(error, MuscleMetricsError):
                raise
            raise ReadError(f"{self.path.name} cannot be read ({error.strerror or error})") from error
        if write and self.path.stat().st_size > self._size:
            os.ftruncate(self._handle, self._size)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, stream: BinaryIO) -> None:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                self.told.append(f"the last line of {NAME} was torn off; its item is measured again")
                return
            try:
                self._understood(line)
            except ReadError:
                raise
            except (ValueError, KeyError, TypeError, AttributeError):
                lost = "; its item is measured again" if number > 1 else ""
                self.told.append(f"line {number} of {NAME} is damaged{lost}")
            self._size += len(line)

    def _understood(self, line: bytes) -> None:
        if line.startswith(_HEADS):
            tree = json.loads(line)
            if "journal" in tree:
                if tree["journal"] > SCHEMA:
                    raise ReadError(
                        f"{NAME} has schema {tree['journal']}, this version knows up to {SCHEMA}",
                        code="newer-schema",
                        remedy="install a newer musclemetrics",
                    )
                self.head = tree
            elif "order" in tree:
                self.order = tree["order"]
            else:
                self.derived = tree["derived"]
            return
        cut = line.index(_ROWS)
        rows = line[cut + len(_ROWS) : -3]
        if line[-3:] != b"]}\n":
            raise ValueError("cut short")
        tree = json.loads(line[:cut] + b"}")
        if zlib.crc32(rows) != tree["crc"]:
            raise ValueError("other bytes than were written")
        files = tuple((str(n), str(d), tuple(s), str(p)) for n, d, s, p in tree["files"])
        offset = self._size + cut + len(_ROWS)
        self.lines[tree["item"]] = Line(
            tree["key"], files, tuple(tree["status"]), tree["crc"], offset, tuple(tree["sizes"])
        )

    def begin(self, head: Mapping[str, Any]) -> None:
        """Say what the run was asked, where that is not what the journal says already."""
        tree = {"journal": SCHEMA, **head}
        if self.head != json.loads(_encoded(tree)):
            self._append(_encoded(tree) + b"\n")
            self.head = tree

    def list_items(self, order: Mapping[str, Any]) -> None:
        """Say which items there are, in input order."""
        if self.order != order:
            self._append(_encoded({"order": order}) + b"\n")
            self.order = order

    def note_derived(self, derived: Mapping[str, Any]) -> None:
        """Say what the tables are derived from."""
        self._append(_encoded({"derived": derived}) + b"\n")
        self.derived = derived

    def add(self, item: str, key: str, files: Sequence[File], records: Sequence[Record]) -> None:
        """Append the rows of an item; nothing is written where its line says the same already.

        Raises
        ------
        WriteError
            ``disk-full`` if there is no room; the journal is then what it was before.
        """
        rows = [r.to_json().encode("utf-8", "backslashreplace") for r in records]
        self.add_rows(item, key, files, [r.status for r in records], rows)

    def add_rows(
        self, item: str, key: str, files: Sequence[File], statuses: Sequence[str], rows: Sequence[bytes]
    ) -> None:
        """Append rows that are written already, as :meth:`written` returns them."""
        body = b",".join(rows)
        sizes, crc = tuple(len(r) for r in rows), zlib.crc32(body)
        held = self.lines.get(item)
        if held is not None and (held.key, held.files, held.crc, held.sizes) == (key, tuple(files), crc, sizes):
            return
        head = _encoded({"item": item, "key": key, "files": files, "status": statuses, "sizes": sizes, "crc": crc})
        start = self._size
        self._append(b"".join((head[:-1], _ROWS, body, b"]}\n")))
        offset = start + len(head) - 1 + len(_ROWS)
        self.lines[item] = Line(key, tuple(files), tuple(statuses), crc, offset, sizes)

    def _append(self, line: bytes) -> None:
        try:
            written = os.write(self._handle, line)
            while written < len(line):  # a full disk takes a part, and says why with the next
                written += os.write(self._handle, line[written:])
            if time.monotonic() - self._synced >= _SYNC:
                os.fsync(self._handle)
                self._synced = time.monotonic()
        except OSError as error:
            os.ftruncate(self._handle, self._size)
            raise write_failure(error, self.path) from error
        self._size += len(line)

    def written(self, item: str) -> list[bytes]:
        """Return the rows of an item as they are written, each a JSON object."""
        with self.path.open("rb") as stream:
            return _at(stream, self.lines[item])

    def rows(self, items: Iterable[str]) -> Iterator[list[Record]]:
        """Yield the rows of items, one item after another.

        Raises
        ------
        ReadError
            ``bad-record`` if what is there is none.
        """
        with self.path.open("rb") as stream:
            for item in items:
                yield [Record.from_json(row.decode("utf-8")) for row in _at(stream, self.lines[item])]

    def close(self) -> None:
        """Close it, with everything on the disk."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            try:
                os.fsync(handle)
            except OSError:
                pass  # what could not be kept was said when it was written
            finally:
                os.close(handle)


def _at(stream: BinaryIO, line: Line) -> list[bytes]:
    stream.seek(line.offset)
    rows = []
    for size in line.sizes:
        rows.append(stream.read(size))
        stream.read(1)  # the comma
    return rows
