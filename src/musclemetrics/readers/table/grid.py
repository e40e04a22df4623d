"""Text as a grid of cells: encoding, separator, comments."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...errors import LimitError, ReadError, SettingsError
from .numbers import Cell, is_censored, is_missing, is_number, listed

__all__ = ["CELL_LIMIT", "Grid", "decode", "grid_of"]

CELL_LIMIT = 20_000_000
_SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}
_NAMED = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ",", "bar": "|", "pipe": "|"}
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CELL_ERRORS = ("#DIV/0!", "#N/A", "#VALUE!", "#REF!", "#NUM!", "#NAME?", "#NULL!", "#NV", "#WERT!", "#ZAHL!")


@dataclass(slots=True)
class Grid:
    """Rows of cells with the number each has in the file, and what was guessed on the way."""

    rows: list[tuple[int, list[Cell]]]
    notes: list[str] = field(default_factory=list)
    sheet: str | None = None


def decode(raw: bytes, encoding: str | None) -> tuple[str, list[str]]:
    """Return bytes as text and a note on the encoding.

    Raises
    ------
    ReadError
        ``bad-encoding`` or ``binary-content``.
    SettingsError
        If there is no such encoding.
    """
    notes: list[str] = []
    try:
        if encoding is not None:
            text = raw.decode(encoding)
        else:
            text, notes = _guess(raw)
    except LookupError:
        raise SettingsError(
            f"there is no text encoding {encoding!r}", code="bad-setting", remedy="use utf-8, utf-16 or cp1252"
        ) from None
    except ValueError as error:
        raise ReadError(
            f"the text is not {encoding or 'UTF-8, UTF-16 or cp1252'}: {str(error)[:120]}",
            code="bad-encoding",
            remedy="name its encoding with -r encoding=NAME",
        ) from None
    text = text.removeprefix("\ufeff")
    if "\x00" in text:
        raise ReadError(
            "the text holds zero bytes, as binary data or UTF-16 without its mark does",
            code="binary-content",
            remedy="export as UTF-8 text, or name the encoding with -r encoding=utf-16-le",
        )
    return text, notes


def _guess(raw: bytes) -> tuple[str, list[str]]:
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return raw[len(bom) :].decode(name), [f"encoding {name.upper()} (from its byte-order mark)"]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252"), ["encoding cp1252 (the bytes are not UTF-8)"]
    return text, [] if text.isascii() else ["encoding UTF-8"]


def grid_of(text: str, separator: str | None, comment: str) -> Grid:
    """Part text into cells.

    Raises
    ------
    ReadError
        ``no-separator``, ``ambiguous-separator``, ``bad-quoting`` or ``empty-file``.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    notes: list[str] = []
    skipped = 0
    for i, line in enumerate(lines):
        if comment and line.startswith(comment) and not line.startswith(_CELL_ERRORS):
            lines[i] = ""  # an empty line in its place keeps the numbers of the others
            skipped += 1
    if skipped:
        notes.append(f"{skipped} line(s) beginning with {comment!r} passed over")
    if lines[0].lower().startswith("sep=") and len(lines[0].strip()) == 5:
        separator = separator or lines[0].strip()[4]
        notes.append("separator named in the first line")
        lines[0] = ""
    if not any(line.strip() for line in lines):
        raise ReadError("the file holds no rows", code="empty-file", remedy="export it again")
    if separator is not None:
        mark = _NAMED.get(separator, separator)
        if len(mark) != 1 or mark in '"\n\r ':
            raise SettingsError(
                f"separator={separator!r} is not one character",
                code="bad-setting",
                remedy="use tab, comma, semicolon or one character",
            )
    else:
        mark, note = _separator(lines)
        notes.append(note)
    return Grid(_part(lines, mark), notes)


def _too_many() -> LimitError:
    return LimitError(f"the table has more than {CELL_LIMIT} cells", code="too-large", remedy="split the file")


def _part(lines: Sequence[str], mark: str) -> list[tuple[int, list[Cell]]]:
    rows: list[tuple[int, list[Cell]]] = []
    if not any('"' in line for line in lines):  # nothing quoted: parted at every mark, in a tenth of the time
        if sum(line.count(mark) + 1 for line in lines) > CELL_LIMIT:
            raise _too_many()
        for number, line in enumerate(lines, start=1):
            inside = line.replace(mark, "").split()
            if inside:
                cells = line.split(mark)
                # One word apart from the marks has blanks at its ends at most, and most lines have none at all.
                bare = len(inside) == 1 and len(inside[0]) + len(cells) - 1 == len(line)
                rows.append((number, [*cells] if bare else [cell.strip() for cell in cells]))
        return rows
    reader = csv.reader((line + "\n" for line in lines), delimiter=mark, skipinitialspace=True, strict=True)
    count = 0
    try:
        for cells in reader:
            count += len(cells)
            if count > CELL_LIMIT:
                raise _too_many()
            if any(cell.strip() for cell in cells):
                rows.append((reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise ReadError(
            f"line {reader.line_num} cannot be parted into cells: {error}",
            code="bad-quoting",
            remedy="mend the quotation marks there",
        ) from None
    return rows


def _separator(lines: Sequence[str], *, title: bool = False) -> tuple[str, str]:
    """Return the separator that gives every row as many cells as the header, and the more numbers of two that do.

    Where none parts the first line it may be a title, and the next one is asked: whether it is, is judged later.
    """
    sample = [line for line in lines if line.strip()][:60]
    scores: list[tuple[float, float, str]] = []
    unquoted: ReadError | None = None
    for mark in _SEPARATORS:
        try:
            rows = [row for _, row in _part(sample, mark)]
        except LimitError:
            raise
        except ReadError as error:
            unquoted = error
            continue
        width = max((len(row) for row in rows), default=0)
        if width < 2 or len(rows[0]) < 2:
            continue
        same = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        body = [cell for row in rows[1:] for cell in row]
        numeric = sum(is_number(c) or is_missing(c) or is_censored(c) for c in body) / max(len(body), 1)
        scores.append((same, numeric, mark))
    if not scores and unquoted is not None:
        raise unquoted
    if not scores and len(sample) > 2 and not title:
        found = _separator(sample[1:], title=True)
        if not any(is_number(c) for _, row in _part(sample[1:2], found[0]) for c in row):
            return found
    if not scores:
        raise ReadError(
            f"no separator parts the first row into cells: {sample[0][:80]!r}",
            code="no-separator",
            remedy="export with tabs, commas or semicolons, or name another with -r separator=",
        )
    scores.sort(reverse=True)
    if len(scores) > 1 and scores[0][:2] == scores[1][:2]:
        both = [_SEPARATORS[s[2]] for s in scores[:2]]
        raise ReadError(
            f"the separator could be {both[0]} or {both[1]}",
            code="ambiguous-separator",
            remedy=f"name it with -r separator={both[0]} or -r separator={both[1]}",
        )
    best = scores[0][2]
    return best, f"separator {_SEPARATORS[best]}" + (
        f" (also possible: {listed([_SEPARATORS[s[2]] for s in scores[1:]])})" if len(scores) > 1 else ""
    )
