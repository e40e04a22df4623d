"""Records as a long table: a row a measurement, for mixed models, facets and everything else that wants it so."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..record import Record
from .table import Cell, heads, only_records, text_of

__all__ = ["long_rows", "write_long"]

_FIRST = ("modality", "status")
_LAST = ("name", "value", "stderr", "low", "high", "unit", "flags", "source", "sha256")


def long_rows(records: Iterable[Record], labels: Iterable[str]) -> Iterator[list[Cell]]:
    """Yield the header, then a row for each measurement of each record; for one without any, a row that says so.

    Parameters
    ----------
    records : iterable of Record
    labels : iterable of str
        The labels that have a column.
    """
    names = list(labels)
    yield [*_FIRST, *heads(names, (*_FIRST, *_LAST)), *_LAST]
    for r in only_records(records):
        before: list[Cell] = [r.modality, r.status, *(r.labels.get(name) for name in names)]
        after: list[Cell] = [
            "; ".join(f.code for f in r.flags),
            "; ".join(name for name, _ in r.provenance.sources),
            "; ".join(digest for _, digest in r.provenance.sources),
        ]
        for m in r.measurements:
            yield [*before, m.name, m.value, m.stderr, *m.interval, m.unit, *after]
        if not r.measurements:
            yield [*before, "", None, None, None, None, "", *after]


def write_long(records: Iterable[Record], labels: Iterable[str], path: Path, *, raw: bool = False) -> None:
    """Write the long table as UTF-8 CSV, with the rules of the wide one."""
    place = -1
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        writer = csv.writer(stream)
        for row in long_rows(records, labels):
            place = row.index("name", len(_FIRST)) if place < 0 else place
            count = str(row[place]).startswith("n_") and _alone(row[place + 1 : place + 5])
            writer.writerow([text_of(cell, raw=raw, count=count and i == place + 1) for i, cell in enumerate(row)])


def _alone(numbers: list[Cell]) -> bool:
    value, *rest = numbers
    return isinstance(value, float) and all(isinstance(n, float) and math.isnan(n) for n in rest)
