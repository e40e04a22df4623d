"""Gamry ``.DTA``: named tables with a line of titles and a line of units; ``ZCURVE`` holds the impedance."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...errors import ReadError
from ..channels import known_unit
from .block import Block, cut, named, rows_of

__all__ = ["blocks"]

_TABLE = re.compile(r"([A-Z]*CURVE[0-9]*)\tTABLE\b(?:\t([0-9]+))?")


def blocks(lines: list[str]) -> Iterator[Block]:
    """Yield the sweeps of a ``.DTA`` file."""
    starts = [(i, m) for i, line in enumerate(lines) if (m := _TABLE.match(line)) is not None]
    found = [(i, m) for i, m in starts if m[1].startswith("ZCURVE")]
    if not found:
        held = ", ".join(m[1] for _, m in starts) or "no table"
        raise ReadError(
            f"there is no ZCURVE table; the file holds {held}",
            code="bad-header",
            remedy="give the file of an impedance experiment, and all of it",
        )
    device = next((line.split("\t")[2] for line in lines if line.startswith("PSTAT\t") and line.count("\t") > 1), "")
    for i, match in found:
        end = next((j for j in range(i + 1, len(lines)) if not lines[j].startswith("\t")), len(lines))
        if end < i + 4:
            raise cut(f"the table {match[1]} in line {i + 1} ends before its rows")
        titles = [t.strip() for t in lines[i + 1].split("\t")[1:]]
        words = [t.strip() for t in lines[i + 2].split("\t")[1:]]
        names, units = named(titles)
        words += [""] * (len(titles) - len(words))
        units = [unit or known_unit(word) for unit, word in zip(units, words, strict=False)]
        rows = rows_of([line[1:] for line in lines[i + 3 : end]], i + 4, "\t", len(titles))
        if match[2] is not None and int(match[2]) != len(rows):
            raise cut(f"the table {match[1]} promises {match[2]} rows, the file has {len(rows)}")
        labels = {"device": f"Gamry {device}"} if device else {}
        if len(found) > 1:
            labels["sweep"] = match[1]
        yield Block(titles, names, units, rows, labels)
