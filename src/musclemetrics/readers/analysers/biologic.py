"""BioLogic ``.mpt``: EC-Lab's text, whose second line counts the lines of the header and the last names the columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...errors import ReadError
from .block import Block, cut, named, rows_of

__all__ = ["blocks"]


def blocks(lines: list[str]) -> Iterator[Block]:
    """Yield the sweeps of an ``.mpt`` file, one a cycle."""
    match = next((m for line in lines[:4] if (m := re.match(r"Nb header lines\s*:\s*([0-9]{1,6})\s*$", line))), None)
    if match is None:
        raise _bad("no line 'Nb header lines' follows the first")
    count = int(match[1])
    if count >= len(lines):
        raise cut(f"the header promises {count} lines of itself, the file has {len(lines)}")
    titles = [t.strip() for t in lines[count - 1].rstrip("\t ").split("\t")] if count else []
    names, units = named(titles)
    if "frequency" not in names:
        raise _bad(f"line {count}, the last of the header, names no frequency: {lines[count - 1][:60]!r}")
    rows = rows_of(lines[count:], count + 1, "\t", len(titles))
    model = next((line.partition(":")[2] for line in lines[:count] if line.startswith("Device :")), "")
    model = model.partition("(")[0].strip()
    labels = {"device": f"BioLogic {model}"} if model else {}
    at = titles.index("cycle number") if "cycle number" in titles else None
    cycles = list(dict.fromkeys(cells[at] for _, cells in rows)) if at is not None else []
    if at is None or len(cycles) < 2:
        yield Block(titles, names, units, rows, labels)
        return
    for number, cycle in enumerate(cycles, start=1):
        own = [row for row in rows if row[1][at] == cycle]
        yield Block(titles, names, units, own, {**labels, "sweep": str(number)})


def _bad(what: str) -> ReadError:
    return ReadError(what, code="bad-header", remedy="give the file of an impedance technique as EC-Lab exported it")
