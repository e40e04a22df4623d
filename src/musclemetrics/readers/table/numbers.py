"""Cells as numbers, under a strict grammar, with the decimal mark settled by evidence and never by habit."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError

__all__ = [
    "Cell",
    "Column",
    "Marks",
    "all_plain",
    "is_censored",
    "is_missing",
    "is_number",
    "listed",
    "parse",
    "settle",
]

Cell = str | float
"""A cell is text, or a number where the workbook held one; an empty cell is the empty text."""

_MISSING = frozenset(
    (
        "",
        "n.d.",
        "nd",
        "n.d",
        "n.a.",
        "n/a",
        "na",
        "nan",
        "none",
        "null",
        "missing",
        "-",
        "--",
        "–",
        "—",
        ".",
        "1.#qnan",
    )
    + ("#div/0!", "#n/a", "#value!", "#ref!", "#num!", "#name?", "#null!", "#wert!", "#zahl!", "#nv", "-1.#ind")
)
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
# Possessive: a line reads one way only, and remembering a million ways back takes more room than the table itself.
_PLAIN_COLUMN = re.compile(rf"(?:{_PLAIN.pattern}\n)++")
# The same with empty cells, and with a decimal comma: what most traces are, and worth a way of their own.
_GAPPED_COLUMN = {
    ".": re.compile(rf"(?:(?:{_PLAIN.pattern})?\n)++"),
    ",": re.compile(rf"(?:(?:{_PLAIN.pattern})?\n)++".replace(r"\.", ",")),
}
# A number in any notation: groups of three may be parted by a mark or a blank.
_ANY = re.compile(
    r"(?P<sign>[+-]?)(?P<mantissa>[0-9]+(?:[.,' ][0-9]{3})*(?:[.,][0-9]*)?|[.,][0-9]+)"
    r"(?P<exponent>[eE][+-]?[0-9]{1,3})?"
)
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:[,. '][0-9]{3})+")
_CENSORED = re.compile(r"[<>≤≥]\s*(.+)")
_BLANKS = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "−": "-", "’": "'"})


@dataclass(frozen=True, slots=True)
class Marks:
    """The decimal and thousands marks of a column; ``thousands`` is empty where none is allowed."""

    decimal: str = "."
    thousands: str = ""


@dataclass(slots=True)
class Column:
    """A column of numbers, NaN where there is none, and why there is none."""

    values: NDArray[np.float64]
    missing: list[int] = field(default_factory=list)
    marked: list[int] = field(default_factory=list)
    censored: list[int] = field(default_factory=list)


def _clean(cell: str) -> str:
    return cell.translate(_BLANKS).strip()


def is_missing(cell: Cell) -> bool:
    """Whether a cell of a numeric column says that there is no value."""
    return isinstance(cell, str) and _clean(cell).casefold() in _MISSING


def all_plain(cells: Sequence[Cell]) -> bool:
    """Whether every cell is text in plain notation, found out in one go, as most columns of most files are."""
    return set(map(type, cells)) <= {str} and bool(_PLAIN_COLUMN.fullmatch("\n".join(cells) + "\n"))  # type: ignore[arg-type]


def _gapped(cells: Sequence[Cell], mark: str) -> bool:
    """Whether every cell is text in plain notation with this decimal mark, or empty."""
    return set(map(type, cells)) <= {str} and bool(_GAPPED_COLUMN[mark].fullmatch("\n".join(cells) + "\n"))  # type: ignore[arg-type]


def is_censored(cell: Cell) -> bool:
    """Whether a cell gives only a limit, such as ``<0.01``."""
    match = _CENSORED.fullmatch(_clean(cell)) if isinstance(cell, str) else None
    return match is not None and is_number(match[1])


def is_number(cell: Cell) -> bool:
    """Whether a cell is a number in some notation: ASCII digits, no underscore, no infinity, no hexadecimal."""
    return isinstance(cell, float) or bool(_ANY.fullmatch(_clean(cell)))


@dataclass(slots=True)
class _Evidence:
    """What the cells of one column show: a cell that proves each decimal mark, one that allows two readings."""

    proof: dict[str, str] = field(default_factory=dict)
    doubt: dict[str, str] = field(default_factory=dict)
    thousands: set[str] = field(default_factory=set)


def _weigh(cells: Sequence[Cell]) -> _Evidence:
    seen = _Evidence()
    mark = next((m for m in ".," if _gapped(cells, m)), "")
    for cell in cells:
        if mark and seen.proof:
            break  # plain notation holds one mark, and that is proved
        if mark and mark not in str(cell):
            continue
        if not isinstance(cell, str) or (match := _ANY.fullmatch(_clean(cell))) is None:
            continue
        mantissa = match["mantissa"]
        marks = [c for c in mantissa if c in ",.' "]
        seen.thousands.update(marks[:-1])
        if not marks:
            continue
        last = marks[-1]
        if last in "' ":
            seen.thousands.add(last)
        elif len(marks) == 1:
            # One mark before exactly three digits may be either; anything else can only be decimal.
            (seen.doubt if _GROUPED.fullmatch(mantissa) else seen.proof).setdefault(last, cell)
        elif last in marks[:-1]:
            seen.proof.setdefault("." if last == "," else ",", cell)
        else:
            seen.proof.setdefault(last, cell)
    return seen


def settle(
    columns: Sequence[tuple[str, Sequence[Cell]]], decimal: str | None, thousands: str | None
) -> tuple[dict[str, Marks], list[str]]:
    """Settle the marks of every column from its own cells, then from those of the others.

    Parameters
    ----------
    columns : sequence of (header, cells)
        The numeric columns.
    decimal, thousands : str or None
        What the user has said; this is final but for a column that can only be read the other way round.

    Returns
    -------
    dict
        Marks by header.
    list of str
        Notes on what was found.

    Raises
    ------
    ReadError
        ``ambiguous-number`` where nothing decides between 1,234 and 1.234, ``mixed-decimal`` where cells of one
        column contradict each other.
    """
    if decimal is not None or thousands is not None:
        mark = decimal or ("," if thousands == "." else ".")
        return _told(columns, mark, thousands)
    weighed = {name: _weigh(cells) for name, cells in columns}
    elsewhere = {mark for seen in weighed.values() for mark in seen.proof}
    settled: dict[str, Marks] = {}
    notes: list[str] = []
    for name, seen in weighed.items():
        mark = _decimal(name, seen, elsewhere)
        settled[name] = Marks(mark, _thousands(name, seen, mark))
        if settled[name].thousands:
            notes.append(f"thousands mark {settled[name].thousands!r} in {name!r}")
        if not seen.proof and mark in seen.doubt and mark == ",":
            notes.append(f"{seen.doubt[mark]!r} in {name!r} read as a decimal comma, as the other columns have it")
    shown = {n: m.decimal for n, m in settled.items() if weighed[n].proof or weighed[n].doubt}
    if "," in shown.values():
        for mark, word in ((",", "comma"), (".", "point")):
            if mark in shown.values():
                notes.append(f"decimal {word} in {listed([n for n, m in shown.items() if m == mark])}")
    return settled, notes


def _told(
    columns: Sequence[tuple[str, Sequence[Cell]]], mark: str, thousands: str | None
) -> tuple[dict[str, Marks], list[str]]:
    """Return the marks the user has named, and a note where a column has its own."""
    settled: dict[str, Marks] = {}
    notes: list[str] = []
    for name, cells in columns:
        seen = _weigh(cells)
        if seen.proof and mark not in seen.proof:
            (own, cell), *_ = seen.proof.items()
            notes.append(f"{cell!r} in {name!r} has the decimal mark {own!r} all the same")
            settled[name] = Marks(own, _thousands(name, seen, own))
        else:
            settled[name] = Marks(mark, thousands or _thousands(name, seen, mark))
    return settled, notes


def _decimal(name: str, seen: _Evidence, elsewhere: set[str]) -> str:
    """Return the decimal mark of one column."""
    if len(seen.proof) == 2:
        raise _mixed(name, seen.proof[","], seen.proof["."])
    for mark in seen.proof:
        other = "." if mark == "," else ","
        if other in seen.doubt and other not in seen.thousands:
            raise _mixed(name, seen.proof[mark], seen.doubt[other])
        return mark
    if len(seen.doubt) == 2:
        raise _mixed(name, seen.doubt[","], seen.doubt["."])
    # The other columns settle a doubtful one only where they agree; a lone point is decimal unless they say comma.
    for mark, cell in seen.doubt.items():
        if elsewhere == {mark} or (mark == "." and not elsewhere):
            return mark
        point = _clean(cell).replace(",", ".")
        raise ReadError(
            f"column {name!r} holds {cell!r}, which could be {point} or {point.replace('.', '')}",
            code="ambiguous-number",
            remedy=f"say which with -r decimal={mark} or -r thousands={mark}",
        )
    return "."


def _mixed(name: str, one: str, other: str) -> ReadError:
    return ReadError(
        f"column {name!r} holds {one!r} and {other!r}, which do not share a decimal mark",
        code="mixed-decimal",
        remedy="mend the column, or say which is which with -r decimal=, -r thousands=. (or the other way round)",
    )


def _thousands(name: str, seen: _Evidence, decimal: str) -> str:
    marks = seen.thousands - {decimal}
    if len(marks) > 1:
        raise ReadError(
            f"column {name!r} mixes the thousands marks {listed(sorted(marks))}",
            code="mixed-decimal",
            remedy="export without thousands separators",
        )
    return marks.pop() if marks else ""


def parse(name: str, cells: Sequence[Cell], rows: Sequence[int], marks: Marks) -> Column:
    """Return a column as numbers.

    Raises
    ------
    ReadError
        ``not-a-number`` with the row, the column and the cell.
    """
    if not marks.thousands and _gapped(cells, marks.decimal):
        found = [str(c).replace(marks.decimal, ".") or "nan" for c in cells]
        values = np.array([float(c) for c in found])
        empty = [row for c, row in zip(cells, rows, strict=True) if c == ""]
        if int(np.isfinite(values).sum()) == len(values) - len(empty):
            return Column(values, empty)
    column = Column(np.full(len(cells), math.nan))
    for i, (cell, row) in enumerate(zip(cells, rows, strict=True)):
        if isinstance(cell, float):
            value = cell
        elif is_missing(cell):
            (column.marked if cell.strip() else column.missing).append(row)
            continue
        elif is_censored(cell):
            column.censored.append(row)
            continue
        else:
            value = _value(name, cell, row, marks)
        if not math.isfinite(value):
            raise _not_a_number(name, str(cell), row)
        column.values[i] = value
    return column


def _value(name: str, cell: str, row: int, marks: Marks) -> float:
    text = _clean(cell)
    match = _ANY.fullmatch(text)
    if match is not None:
        whole, _, fraction = match["mantissa"].partition(marks.decimal)
        if marks.thousands and marks.thousands in whole and _GROUPED.fullmatch(whole):
            whole = whole.replace(marks.thousands, "")
        plain = f"{match['sign']}{whole}.{fraction}{match['exponent'] or ''}"
        if _PLAIN.fullmatch(plain):
            return float(plain)
    raise _not_a_number(name, cell, row)


def _not_a_number(name: str, cell: str, row: int) -> ReadError:
    return ReadError(
        f"row {row}, column {name!r} holds {cell[:60]!r}, a number is needed",
        code="not-a-number",
        remedy="write the values without the per cent sign and the unit in the header, force (%)"
        if cell.rstrip().endswith("%")
        else "mend the cell; leave it blank or write n.d. where there is no value",
    )


def listed(items: Sequence[object], limit: int = 12) -> str:
    """Return the first items in a row, and how many more there are."""
    shown = ", ".join(repr(i) if isinstance(i, str) else str(i) for i in items[:limit])
    return shown + (f" and {len(items) - limit} more" if len(items) > limit else "")
