"""Whether an item was measured from the very bytes that its files have now."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence

from ..batch import Entry, Unit
from ..provenance import sha256
from ..record import Record
from .journal import File, Line

__all__ = ["files_of", "is_done", "noted"]

_RACY = 2_000_000_000  # ns: what changed just before it was looked at may change again without its time telling


def _state(entry: Entry) -> tuple[int, ...]:
    """Return what the system says of a file, or nothing where that does not prove that it is the same."""
    if os.name != "posix":  # no time there that programs cannot set
        return ()
    try:
        found = os.stat(entry.path)
    except (OSError, ValueError):
        return ()
    if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < _RACY:
        return ()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def is_done(unit: Unit, line: Line, key: str) -> bool:
    """Whether the rows of a line are those that an item would have now."""
    if line.key != key or "failed" in line.statuses or len(line.files) != len(unit.item.entries):
        return False
    return all(_same(entry, file) for entry, file in zip(unit.item.entries, line.files, strict=True))


def _same(entry: Entry, file: File) -> bool:
    name, digest, state, problem = file
    if name != entry.name or problem != (entry.problem.code if entry.problem else ""):
        return False
    if problem:  # never opened
        return True
    if not digest:
        return False
    if state and state == _state(entry):
        return True
    try:
        with open(entry.path, "rb") as stream:
            return sha256(stream) == digest
    except OSError:
        return False


def noted(todo: Sequence[tuple[str, Unit]], states: dict[int, tuple[str, list[File]]]) -> Iterator[Unit]:
    """Yield the units, what the system says of their files noted before anyone reads them.

    Noted before, it can only be older than the bytes that were measured: a change in between is seen next time.
    """
    for name, unit in todo:
        states[id(unit)] = (
            name,
            [(e.name, "", _state(e), e.problem.code if e.problem else "") for e in unit.item.entries],
        )
        yield unit


def files_of(before: Sequence[File], records: Sequence[Record]) -> list[File]:
    """Return the files of an item with the digests of the bytes that were measured."""
    digests = {name: digest for r in records for name, digest in r.provenance.sources if digest}
    # What failed is read again whatever the system says.
    known = all(r.status != "failed" for r in records)
    return [(n, digests.get(n, ""), state if known else (), problem) for n, _, state, problem in before]
