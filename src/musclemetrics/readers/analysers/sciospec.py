"""Sciospec ``.spec``: the first line counts the lines of the header, the last of which names the columns."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import ReadError
from .block import Block, cut, named, rows_of

__all__ = ["blocks"]


def blocks(lines: list[str]) -> Iterator[Block]:
    """Yield the sweep of a ``.spec`` file."""
    count = int(lines[0]) if lines[0].strip().isdecimal() else 0
    if count >= len(lines):
        raise cut(f"the first line promises {count} lines of header, the file has {len(lines)}")
    titles = [t.strip() for t in lines[count - 1].split(",")] if count > 1 else []
    names, units = named(titles)
    if "frequency" not in names:
        raise ReadError(
            f"line {count}, the last of the header, is {lines[count - 1][:60]!r}, names of columns are expected",
            code="bad-header",
            remedy="give the file as the analyser wrote it",
        )
    channel = next((line.partition(":")[2].strip() for line in lines[:count] if line.startswith("Channel:")), "")
    labels = {"channel": channel} if channel else {}
    yield Block(titles, names, units, rows_of(lines[count:], count + 1, ",", len(titles)), labels)
