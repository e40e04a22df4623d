"""Excel workbooks as grids: values only, within limits set before anything is unpacked."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from datetime import datetime, time
from typing import Any

from ...errors import LimitError, ReadError, SettingsError, UnknownFormatError
from .grid import CELL_LIMIT, Grid
from .numbers import Cell, listed

__all__ = ["grids_of"]

UNPACKED_LIMIT = 512 * 2**20
# A cell far to the right makes every row above it as wide, so the width is bounded by itself.
COLUMN_LIMIT = 4096


def grids_of(raw: bytes, sheet: str | int | None) -> list[Grid]:
    """Return the sheets of a workbook that hold anything.

    Raises
    ------
    ReadError
        ``corrupt-workbook``, ``uncached-formula``, ``empty-file`` or ``unknown-sheet``.
    LimitError
        ``too-large``.
    """
    _inspect(raw)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        grids = _grids(raw, sheet)
    # What the parser could not use, a validation rule or a damaged style, is told and not printed.
    grids[0].notes.extend(dict.fromkeys(f"workbook: {w.message}" for w in heard))
    return grids


def _grids(raw: bytes, sheet: str | int | None) -> list[Grid]:
    try:
        from openpyxl import load_workbook

        book: Any = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        sheets = list(book.worksheets)
    except Exception as error:  # whatever a damaged archive makes the parser do
        raise _corrupt(error) from error
    chosen = _choose(sheets, sheet)
    grids, blanks = [], {}
    for one in chosen:
        grid, empty = _grid(one)
        if len(chosen) > 1 or len(sheets) > 1:
            grid.sheet = str(one.title)
        blanks[str(one.title)] = empty
        grids.append(grid)
    _formulas(raw, blanks)
    passed = [g.sheet for g in grids if not g.rows]
    grids = [g for g in grids if g.rows]
    if not grids:
        raise ReadError("the workbook holds no rows", code="empty-file", remedy="export it again")
    if passed:
        grids[0].notes.append(f"empty sheet(s) passed over: {listed(passed)}")
    return grids


def _corrupt(error: Exception) -> ReadError:
    return ReadError(
        f"the workbook cannot be opened: {type(error).__name__}: {str(error)[:120]}",
        code="corrupt-workbook",
        remedy="open it in Excel or LibreOffice and save it again",
    )


def _inspect(raw: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
    except Exception as error:  # zipfile lets struct, Unicode and NotImplemented errors through
        raise _corrupt(error) from error
    names = {m.filename for m in members}
    if not any(n.startswith("xl/") for n in names):
        held = "NumPy arrays" if any(n.endswith(".npy") for n in names) else "no workbook"
        raise UnknownFormatError(f"the zip archive holds {held}", remedy="give a workbook saved as .xlsx")
    size = sum(m.file_size for m in members)
    if size > UNPACKED_LIMIT or len(members) > 10_000:
        raise LimitError(
            f"the workbook unpacks to {size / 2**20:.0f} MB, the limit is {UNPACKED_LIMIT // 2**20} MB",
            code="too-large",
            remedy="leave out the sheets that are not to be measured, or export as CSV",
        )


def _choose(sheets: list[Any], sheet: str | int | None) -> list[Any]:
    if sheet is None:
        return sheets
    titles = [str(s.title) for s in sheets]
    if isinstance(sheet, str) and sheet in titles:
        return [sheets[titles.index(sheet)]]
    number = str(sheet)
    if re.fullmatch("[0-9]{1,6}", number) and 1 <= int(number) <= len(sheets):
        return [sheets[int(number) - 1]]
    raise SettingsError(
        f"there is no sheet {sheet!r}",
        code="unknown-sheet",
        remedy=f"use one of {listed(titles)}, or its number from 1",
    )


def _grid(sheet: Any) -> tuple[Grid, set[tuple[int, int]]]:
    """Return a sheet's cells and the places of blanks between others."""
    rows: list[tuple[int, list[Cell]]] = []
    blanks: set[tuple[int, int]] = set()
    count = 0
    try:
        # The file's word on its own size is not to be trusted.
        sheet.reset_dimensions()
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            count += len(values) + 1
            if count > CELL_LIMIT or len(values) > COLUMN_LIMIT:
                raise LimitError(
                    f"sheet {sheet.title!r} is larger than {COLUMN_LIMIT} columns or {CELL_LIMIT} cells",
                    code="too-large",
                    remedy="leave out the cells far from the table, or export it as CSV",
                )
            cells = [_cell(v) for v in values]
            while cells and cells[-1] == "":
                cells.pop()
            if cells:
                rows.append((number, cells))
            blanks.update((number, i) for i, v in enumerate(values) if v is None)
    except ReadError:
        raise
    except Exception as error:
        raise _corrupt(error) from error
    width = max((len(cells) for _, cells in rows), default=0)
    return Grid([(n, cells + [""] * (width - len(cells))) for n, cells in rows]), blanks


def _cell(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()  # a date typed into a cell comes with a midnight nobody wrote
    return str(value).strip()


def _formulas(raw: bytes, blanks: dict[str, set[tuple[int, int]]]) -> None:
    """Refuse a blank that is a formula whose value was never saved: it is not a missing point."""
    if not any(blanks.values()):
        return
    try:
        from openpyxl import load_workbook

        book: Any = load_workbook(io.BytesIO(raw), read_only=True, keep_links=False)
        for sheet in book.worksheets:
            places = blanks.get(str(sheet.title))
            if not places:
                continue
            sheet.reset_dimensions()
            for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
                for i, value in enumerate(row):
                    if isinstance(value, str) and value.startswith("=") and (number, i) in places:
                        raise ReadError(
                            f"row {number}, column {i + 1} of sheet {sheet.title!r} holds a formula "
                            "whose value was never saved",
                            code="uncached-formula",
                            remedy="open the workbook in Excel or LibreOffice and save it",
                        )
    except ReadError:
        raise
    except Exception as error:
        raise _corrupt(error) from error
