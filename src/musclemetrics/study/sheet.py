"""A sheet of what is known of each file beside the recording: subject, session, muscle, side, group, and the like."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from ..batch import LABELS
from ..batch.grouping import fields_of, pattern_fields
from ..errors import ReadError, SettingsError
from ..record import Settings
from ..store.table import guarded
from ..store.whole import replaced

__all__ = ["FILE_COLUMNS", "NAME", "Row", "Sheet", "cells_of", "load", "matched", "normal", "save", "stored"]

NAME = "sheet_joined.csv"
"""The sheet of a run folder: its rows with the names the files have there."""

FILE_COLUMNS = ("file", "source", "filename", "file name", "path")
"""Heads of the column that names the file, in upper or lower case."""

_MOST = 10_000_000  # bytes of text; a sheet of 100,000 rows has fewer
# Here two spellings may be two people, so nothing of the cell is taken off.
_AS_WRITTEN = ("subject", "animal")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet: its number there, the file it names (empty where a pattern does) and its labels."""

    number: int
    file: str
    labels: Settings


@dataclass(frozen=True, slots=True)
class Sheet:
    """Labels by file, as a person wrote them down.

    Attributes
    ----------
    name : str
        The file's own name.
    rows : tuple of Row
    match : str
        The pattern of file names whose fields are columns, empty where a column names the file.
    keys : tuple of str
        The fields of the pattern that are columns.
    notes : tuple of str
        What its reader should know, in words.
    """

    name: str
    rows: tuple[Row, ...]
    match: str = ""
    keys: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _bad(name: str, what: str, remedy: str) -> SettingsError:
    return SettingsError(f"{name} {what}", code="bad-sheet", remedy=remedy)


def load(path: str | PathLike[str], *, match: str | None = None) -> Sheet:
    """Return the sheet of a CSV file or workbook.

    Every column but the one that names the file becomes a label, its head the label's name; the heads subject,
    session, muscle, side, fibre, animal, group and frame are known in upper and lower case. All cells are text: ``007``
    stays ``007``. An empty cell gives no label.

    Parameters
    ----------
    path : path
        ``.xlsx``, or text separated by commas, semicolons or tabs, with a row of heads.
    match : str, optional
        A pattern of file names such as ``"{subject}_{session}_{muscle}_{side}"`` whose fields are columns: a row is of
        the files whose names have its words there. Other fields may be anything. Without it, a column called ``file``
        or ``source`` names the file: its path as in the table of results, the last part of it, or its name, each with
        or without its suffix.

    Raises
    ------
    SettingsError
        ``missing-file``; ``bad-sheet`` with what is wrong where; ``bad-pattern``.
    """
    file = Path(path)
    notes: list[str] = []
    table = _rows(file, notes)
    if not table:
        raise _bad(file.name, "holds no rows", "give a row of heads and a row for each file")
    return _sheet(file.name, table, match, notes)


def cells_of(path: Path) -> list[list[str]]:
    """Return the cells of a CSV file or workbook as text, row by row.

    Raises
    ------
    SettingsError
        ``missing-file``, ``bad-sheet``.
    """
    return [cells for _, cells in _rows(path, [])]


def _rows(file: Path, notes: list[str]) -> list[tuple[int, list[str]]]:
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise SettingsError(f"there is no file {file.name}", code="missing-file", remedy="check the path") from None
    except OSError as error:
        raise _bad(file.name, f"cannot be read ({error.strerror or error})", "give a CSV file or a workbook") from error
    try:
        return _workbook(raw, notes) if raw.startswith(b"PK") else _text(raw, file.name)
    except ReadError as error:
        raise _bad(file.name, f"cannot be read: {error.message}", error.remedy or "save it as CSV UTF-8") from error


def _text(raw: bytes, name: str) -> list[tuple[int, list[str]]]:
    from ..readers.table.grid import decode

    if len(raw) > _MOST:
        raise _bad(name, f"has {len(raw)} bytes, at most {_MOST} are read", "leave out what is no label")
    text, _ = decode(raw, None)
    if text.lower().startswith("sep=") and text[5:6] in "\r\n":
        mark, text = text[4], text[5:]
    else:
        first = text.lstrip().partition("\n")[0]
        mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=True, strict=True)
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise _bad(name, f"line {reader.line_num} cannot be parted into cells: {error}", "mend it there") from None


def _workbook(raw: bytes, notes: list[str]) -> list[tuple[int, list[str]]]:
    from ..readers.table.workbook import grids_of

    grids = grids_of(raw, None)
    if len(grids) > 1:
        notes.append(f"the first of {len(grids)} sheets was used, {grids[0].sheet!r}")
    rows = grids[0].rows
    heads = [str(c).strip().casefold() for c in rows[0][1]] if rows else []
    ids = [i for i, head in enumerate(heads) if head in LABELS and head != "frame"]
    for i in ids:
        if any(isinstance(cells[i], float) for _, cells in rows[1:] if i < len(cells)):
            notes.append(
                f"column {heads[i]} holds numbers, of which leading zeros are not kept; format it as text to keep them"
            )
    return [(n, [_shown(c) for c in cells]) for n, cells in rows]


def _shown(cell: str | float) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return cell


def _head(text: str) -> str:
    word = unicodedata.normalize("NFC", text.strip())
    return word.casefold() if word.casefold() in (*LABELS, *FILE_COLUMNS) else word


def _sheet(name: str, table: list[tuple[int, list[str]]], match: str | None, notes: list[str]) -> Sheet:
    heads = [_head(cell) for cell in table[0][1]]
    twice = [head for head, count in Counter(h for h in heads if h).items() if count > 1]
    if twice:
        raise _bad(name, f"has the column {twice[0]!r} twice", "rename or remove one")
    files = [i for i, head in enumerate(heads) if head in FILE_COLUMNS]
    keys: tuple[str, ...] = ()
    if match is not None:
        keys = tuple(f for f in pattern_fields(match) if f in heads)
        if not keys:
            raise _bad(name, f"has no column of {match!r}", f"its columns are {', '.join(h for h in heads if h)}")
    elif len(files) != 1:
        which = " and ".join(repr(heads[i]) for i in files) if files else "no column"
        remedy = "call one of them otherwise" if files else "call that column file, or give a pattern (--match)"
        raise _bad(name, f"has {which} to name the file", remedy)
    rows = []
    for number, cells in table[1:]:
        if len(cells) > len(heads) and any(c.strip() for c in cells[len(heads) :]):
            raise _bad(name, f"line {number} has more cells than heads", "quote a cell that holds the separator")
        named = {h: (c if h in _AS_WRITTEN else c.strip()) for h, c in zip(heads, cells, strict=False) if h}
        file = "" if match is not None else named[heads[files[0]]] if files[0] < len(cells) else ""
        if match is None and not file:
            raise _bad(name, f"line {number} names no file", "fill it in, or remove the line")
        lacking = [k for k in keys if not named.get(k, "").strip()]
        if lacking:
            raise _bad(name, f"line {number} has no {lacking[0]}", "fill it in, or remove the line")
        labels = {h: c for h, c in named.items() if c.strip() and h not in FILE_COLUMNS}
        rows.append(
            Row(number, normal(file), Settings((k, unicodedata.normalize("NFC", c)) for k, c in labels.items()))
        )
    if match is not None:
        _refuse_twins(name, rows, keys)
    return Sheet(name, tuple(rows), match or "", keys, tuple(notes))


def _refuse_twins(name: str, rows: Sequence[Row], keys: Sequence[str]) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        words = tuple(row.labels[k] for k in keys)
        first = seen.setdefault(words, row.number)
        if first != row.number:
            said = ", ".join(f"{k} {w}" for k, w in zip(keys, words, strict=True))
            raise _bad(name, f"has two rows for {said}, lines {first} and {row.number}", "keep one of them")


def normal(file: str) -> str:
    """Return a path as it is compared: one Unicode form, forward slashes, nothing before the name but folders."""
    text = unicodedata.normalize("NFC", file.strip()).replace("\\", "/")
    return re.sub(r"^(?:\./)+", "", text)


def matched(name: str, match: str) -> dict[str, str] | None:
    """Return the fields of a file's name, None where it does not follow the pattern in one way."""
    stem = name
    if "." not in match.rpartition("}")[2]:
        folder, slash, last = name.rpartition("/")
        stem = folder + slash + (last.rpartition(".")[0] or last)
    return fields_of(stem, match)


def save(sheet: Sheet, path: Path) -> None:
    """Write a sheet whose rows know their files, to be read by :func:`stored`; text that would run is guarded there."""
    names = list(dict.fromkeys(k for row in sheet.rows for k in row.labels))
    with (
        replaced(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out,
    ):
        writer = csv.writer(out)
        writer.writerow(["line", "file", *(guarded(name) for name in names)])
        for row in sheet.rows:
            writer.writerow([row.number, *(guarded(w) for w in (row.file, *(row.labels.get(k, "") for k in names)))])


def stored(path: Path) -> Sheet:
    """Return the sheet that :func:`save` wrote.

    Raises
    ------
    SettingsError
        ``bad-sheet`` if it is none.
    """
    try:
        table = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        heads = [_unguarded(cell) for cell in table[0][2:]]
        rows = []
        for number, file, *cells in table[1:]:
            labels = {h: _unguarded(c) for h, c in zip(heads, cells, strict=True) if c}
            rows.append(Row(int(number), _unguarded(file), Settings(labels)))
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise _bad(path.name, "in the run folder cannot be read", "give the sheet again with --table") from error
    return Sheet("the sheet", tuple(rows))


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and guarded(cell[1:]) == cell else cell
