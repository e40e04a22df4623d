"""What stands around the numbers of a table: a title above the names, a per cent sign behind every value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...errors import ReadError
from ..aliases import array_name, label_name
from .numbers import Cell, is_missing, is_number

__all__ = ["without_percent", "without_title"]

_PERCENT = re.compile(r"\s*(\S.*?)\s*%\s*")

Rows = list[tuple[int, list[Cell]]]


def without_title(rows: Rows, names: Sequence[str | None], notes: list[str]) -> Rows:
    """Return the rows without a title above the names, where it can be nothing else.

    A title is one filled cell, no number, above a row of two and more words of which at least one is a column's known
    name or one that an option gives.
    """
    if len(rows) < 3:
        return rows
    (number, first), (_, second) = rows[:2]
    title = [c for c in first if c != ""]
    header = [c for c in second if c != ""]
    if len(title) != 1 or len(second) < 2 or len(header) < 2 or is_number(title[0]):
        return rows
    if any(is_number(c) or is_missing(c) for c in header) or not any(_is_name(str(c), names) for c in header):
        return rows
    if _is_name(str(title[0]), names):  # the first of two rows of names
        return rows
    notes.append(f"row {number} passed over as a title, as one cell above the names is")
    return rows[1:]


def _is_name(text: str, names: Sequence[str | None]) -> bool:
    from .headers import split_unit

    name, unit = split_unit(text)
    return text in names or name in names or array_name(name, unit) is not None or label_name(name) is not None


def without_percent(
    headers: list[tuple[str, str | None]], rows: Rows, notes: list[str]
) -> tuple[list[tuple[str, str | None]], Rows]:
    """Return names with units, and rows, the per cent signs of whole columns turned into their unit.

    Raises
    ------
    ReadError
        ``contradictory-unit`` where the name states another unit.
    """
    headers = list(headers)
    for i, (name, unit) in enumerate(headers):
        if label_name(name) is not None:
            continue  # a group may be called 5 %
        cells = [cells[i] for _, cells in rows]
        if not any(isinstance(c, str) and "%" in c for c in cells):
            continue
        matched = [(_PERCENT.fullmatch(c) if isinstance(c, str) else None) for c in cells]
        found = [m for m in matched if m is not None]
        if not found or not all(m is not None or is_missing(c) for m, c in zip(matched, cells, strict=True)):
            continue
        if not all(is_number(m[1]) for m in found):
            continue
        if unit not in (None, "%", "1"):
            raise ReadError(
                f"column {name!r} has the unit {unit} in its name and % behind its values",
                code="contradictory-unit",
                remedy="leave the unit that is true",
            )
        rows = [(number, list(cells)) for number, cells in rows]
        for (_, row), m in zip(rows, matched, strict=True):
            if m is not None:
                row[i] = m[1]
        headers[i] = name, "%"
        notes.append(f"column {name!r} read as per cent, as the sign behind its values says")
    return headers, rows
