"""The header of a table: names, units, a units row, and what is wrong with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import ReadError
from ...units import canonical, is_unit
from ..aliases import array_name, label_name
from .grid import Grid
from .numbers import Cell, is_censored, is_missing, is_number, listed
from .trimmings import without_percent, without_title

NAME_LIMIT = 200  # a longer header is a remark, and looking for a unit in it would take its time

__all__ = ["Header", "Table", "refuse_duplicates", "split_unit", "table_of"]


@dataclass(frozen=True, slots=True)
class Header:
    """One column's header.

    Attributes
    ----------
    text : str
        As written.
    name : str
        Without its unit.
    unit : str or None
        In UCUM; None where the header states none.
    position : int
        The column, from 0.
    key : str
        The text where it is the column's alone, otherwise with the column's number.
    """

    text: str
    name: str
    unit: str | None
    position: int
    key: str


@dataclass(slots=True)
class Table:
    """A grid whose first row has been understood."""

    headers: list[Header]
    rows: list[tuple[int, list[Cell]]]
    notes: list[str]
    short: list[int]
    sheet: str | None

    @property
    def numbers(self) -> list[int]:
        """The number of each row in the file."""
        return [number for number, _ in self.rows]

    def cells(self, header: Header) -> list[Cell]:
        """Return a column's cells."""
        return [cells[header.position] for _, cells in self.rows]

    def seen(self) -> str:
        """Return the columns' names in a row, for messages."""
        return listed([h.text for h in self.headers], 30)


def split_unit(text: str, notes: list[str] | None = None) -> tuple[str, str | None]:
    """Return a header's name and unit, in the spellings laboratories use.

    Examples
    --------
    >>> split_unit("force (mN)"), split_unit("Force, kN m⁻²"), split_unit("[Ca2+] (µM)"), split_unit("-log[Ca]")
    (('force', 'mN'), ('Force', 'kN/m2'), ('[Ca2+]', 'umol/L'), ('-log[Ca]', None))
    """
    text = " ".join(text.split())
    if len(text) > NAME_LIMIT:
        return text, None
    if array_name(text) is not None and not re.search(r"[(,/]", text):
        return text, None
    bracket = re.fullmatch(r"(.*[^\s(\[])\s*(?:\(([^()]*)\)|\[([^\[\]]*)\])", text)
    if bracket is not None:
        inside = bracket[2] if bracket[2] is not None else bracket[3]
        if is_unit(inside):
            return bracket[1], canonical(inside)
        if array_name(bracket[1]) is not None or label_name(bracket[1]) is not None:
            if notes is not None and inside:
                notes.append(f"{inside!r} in the header {text!r} is not understood as a unit")
            return bracket[1], None
    for mark in (",", " / "):
        name, _, unit = text.rpartition(mark)
        if name.strip() and unit.strip() and is_unit(unit):
            return name.strip(), canonical(unit)
    # force_mN, force_kN_per_m2, "force mN": only after a name that is known, as muscle_L is no litre.
    for at in (m.start() for m in re.finditer(r"[_ ]", text)):
        name, rest = text[:at], text[at + 1 :].replace("_per_", "/").replace("_", " ")
        if rest and is_unit(rest) and array_name(name, canonical(rest)) is not None:
            return name, canonical(rest)
    for at in (m.start() for m in re.finditer(r"[_ ]", text)):
        name, rest = text[:at], text[at + 1 :]
        if label_name(name) is not None and len(rest) > 1 and is_unit(rest):
            return name, canonical(rest)
    return text, None


def table_of(grid: Grid, *, numbered: Sequence[int] = (), named: Sequence[str] = (), wide: bool | None = None) -> Table:
    """Understand the header of a grid.

    Parameters
    ----------
    grid : Grid
    numbered : sequence of int
        The columns the user chose by number, from 0: where the first row has numbers there, it is data.
    named : sequence of str
        The columns the user chose by name.
    wide : bool or None
        Whether blank headers may continue the one before (replicates); None lets a blank first row decide.

    Raises
    ------
    ReadError
        ``missing-header``, ``duplicate-header``, ``merged-header``, ``ragged-row`` or ``empty-file``.
    """
    notes = list(grid.notes)
    grid_rows = without_title(grid.rows, named, notes)
    (_, first), *body = grid_rows
    chosen = [first[i] for i in numbered if i < len(first)]
    bare = bool(chosen) and is_number(chosen[0]) and all(is_number(c) or is_missing(c) for c in chosen)
    if bare or all(is_number(c) or is_missing(c) for c in first):
        if not bare:
            shown = listed([c for c in first if c != ""])
            raise ReadError(
                f"the first row holds no names but {shown}",
                code="missing-header",
                remedy="add a row of names, say what the columns are, -r columns=time,force,length or "
                "columns=frequency,resistance,reactance (a dash for one to leave out), or number those of a curve, "
                "-r x=1 -r y=2",
            )
        names = [f"column {i}" for i in range(1, len(first) + 1)]
        body = grid_rows
        notes.append("no header row; the columns are numbered")
    else:
        names = [c if isinstance(c, str) else repr(c).removesuffix(".0") for c in first]
    if not body:
        raise ReadError("the table has a header and no rows", code="empty-file", remedy="export it again")
    rows, short = _even(body, len(names), names)
    names, rows = _without_blank_edges(names, rows, notes)
    units = _units_row(names, rows, notes)
    if units is not None:
        rows = rows[1:]
        if not rows:
            raise ReadError("the table has a units row and no data", code="empty-file", remedy="export it again")
    _refuse_merged(names, rows)
    parts, rows = without_percent([split_unit(text, notes) for text in names], rows, notes)
    headers = []
    count = Counter(names)
    for i, text in enumerate(names):
        name, unit = parts[i]
        below = units[i] if units is not None else None
        if unit is not None and below is not None and unit != below:
            raise ReadError(
                f"column {text!r} has the unit {unit} in its name and {below} beneath it",
                code="contradictory-unit",
                remedy="leave the unit that is true",
            )
        key = text if text and count[text] == 1 else f"{text} (column {i + 1})".strip()
        headers.append(Header(text, name, unit or below, i, key))
    blank = [i + 1 for i, text in enumerate(names) if not text]
    if blank and (wide is False or 1 in blank):
        raise ReadError(
            f"column {blank[0]} has no name; the columns are {listed(names, 30)}",
            code="missing-header",
            remedy="name every column",
        )
    return Table(headers, rows, notes, short, grid.sheet)


def refuse_duplicates(table: Table) -> None:
    """Refuse two columns of one name, and one without any."""
    blank = next((h for h in table.headers if not h.text), None)
    if blank is not None:
        raise ReadError(
            f"column {blank.position + 1} has no name; the columns are {table.seen()}",
            code="missing-header",
            remedy="name every column",
        )
    text, count = Counter(h.text for h in table.headers).most_common(1)[0]
    if count > 1:
        raise ReadError(
            f"the name {text!r} stands above {count} columns; the columns are {table.seen()}",
            code="duplicate-header",
            remedy="give every column a name of its own",
        )


def _even(
    body: Sequence[tuple[int, list[Cell]]], width: int, names: list[str]
) -> tuple[list[tuple[int, list[Cell]]], list[int]]:
    """Return rows as wide as the header; a longer one is refused, a shorter one is reported."""
    rows, short = [], []
    for number, cells in body:
        if len(cells) == width:
            rows.append((number, cells))
            continue
        if any(c != "" for c in cells[width:]):
            raise ReadError(
                f"row {number} has {len(cells)} cells, the header {width}: {listed(names, 30)}",
                code="ragged-row",
                remedy="mend that row, or name the separator with -r separator= or the mark with -r decimal=",
            )
        if len(cells) < width:
            short.append(number)
        rows.append((number, (list(cells) + [""] * width)[:width]))
    return rows, short


def _without_blank_edges(
    names: list[str], rows: list[tuple[int, list[Cell]]], notes: list[str]
) -> tuple[list[str], list[tuple[int, list[Cell]]]]:
    """Leave out columns with neither a name nor a cell, as trailing separators make them."""
    keep = [i for i, name in enumerate(names) if name or any(cells[i] != "" for _, cells in rows)]
    if len(keep) == len(names):
        return names, rows
    notes.append(f"{len(names) - len(keep)} column(s) without name and cells passed over")
    return [names[i] for i in keep], [(n, [cells[i] for i in keep]) for n, cells in rows]


def _units_row(names: list[str], rows: list[tuple[int, list[Cell]]], notes: list[str]) -> list[str | None] | None:
    """Return the units of a row beneath the header, None where there is no such row."""
    number, cells = rows[0]
    texts = [c.strip("()[] ") if isinstance(c, str) else None for c in cells]
    filled = [t for t in texts if t is None or t]
    if not filled or any(t is None or not is_unit(t) for t in filled) or all(is_number(c) for c in cells if c != ""):
        return None
    if all(is_missing(c) for c in cells):
        return None
    below = rows[1][1] if len(rows) > 1 else []
    if any(c != "" and not is_number(c) and c == other for c, other in zip(cells, below, strict=False)):
        return None  # a column that states its unit in every row: these are data
    notes.append(f"row {number} read as the units of {listed([n for n, t in zip(names, texts, strict=True) if t])}")
    return [canonical(t) if t else None for t in texts]


def _refuse_merged(names: list[str], rows: list[tuple[int, list[Cell]]]) -> None:
    """Refuse a second row of names: text above a column that holds nothing but numbers from there on."""
    number, cells = rows[0]
    offending = []
    for i, cell in enumerate(cells):
        if cell == "" or is_number(cell) or is_missing(cell) or is_censored(cell):
            continue
        rest = [r[i] for _, r in rows[1:]]
        plain = all(is_number(c) or is_missing(c) or is_censored(c) for c in rest)
        if plain and any(is_number(c) for c in rest):
            offending.append(cell)
    # One odd cell is a bad cell and named as such later; several side by side are a second header.
    if len(offending) > 1 or (offending and sum(bool(n) for n in names) < len(names) / 2 + 0.5):
        raise ReadError(
            f"row {number} holds more names, {listed(offending)}, beneath {listed(names, 30)}",
            code="merged-header",
            remedy="leave one row of names above the numbers",
        )
