"""Records as an Excel workbook: the wide table, the long one, and every flag in words."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from shutil import copyfileobj
from typing import Any

from ..errors import InputError
from ..record import Record
from .long import long_rows
from .table import Cell, guarded, rows

__all__ = ["write_book"]

_MARK = "musclemetrics records"
_WHEN = (1980, 1, 1, 0, 0, 0)  # the day on which zip files begin: no clock is in a result
_MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")
_CORE = "docProps/core.xml"
# What XML has no sign for.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST = 32_000  # characters of a cell; Excel takes 32,767 and calls a file with more damaged
_MOST_ROWS, _MOST_COLUMNS = 1 << 20, 1 << 14


class _Timeless(zipfile.ZipFile):
    """An archive without the time of writing; what says whose the workbook is stands in it readable."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        info = zipfile.ZipInfo(str(zinfo_or_arcname), _WHEN)
        info.compress_type = zipfile.ZIP_DEFLATED
        if zinfo_or_arcname == _CORE:
            info.compress_type = zipfile.ZIP_STORED
            plain = data.encode() if isinstance(data, str) else data
            data = _MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z\g<3>", plain)
        super().writestr(info, data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        info = zipfile.ZipInfo(str(arcname), _WHEN)
        info.compress_type = zipfile.ZIP_DEFLATED
        with open(filename, "rb") as source, self.open(info, "w", force_zip64=True) as target:
            copyfileobj(source, target, 1 << 20)


def write_book(records: Sequence[Record], path: Path, *, raw: bool = False) -> None:
    """Write an ``.xlsx`` with the sheets ``records``, ``long`` and ``flags``.

    Text that a spreadsheet would take for a formula gets an apostrophe (unless `raw`) and is stored as text either
    way; labels stay text. A sheet that Excel has no room for is left out, but for the first.

    Raises
    ------
    InputError
        ``too-many-rows`` if there is no room for the first.
    """
    from openpyxl import Workbook
    from openpyxl.writer.excel import ExcelWriter

    header, body = rows(records)
    if len(body) >= _MOST_ROWS or len(header) > _MOST_COLUMNS:
        raise InputError(
            f"{len(body)} rows of {len(header)} columns; an Excel sheet has {_MOST_ROWS} and {_MOST_COLUMNS}",
            code="too-many-rows",
            remedy="write .csv or .jsonl",
        )
    book = Workbook(write_only=True)
    book.properties.creator = _MARK
    _sheet(book, "records", [header, *body], raw)
    labels = list(dict.fromkeys(key for r in records for key in r.labels))
    if sum(max(1, len(r)) for r in records) < _MOST_ROWS:
        _sheet(book, "long", long_rows(records, labels), raw)
    if sum(len(r.flags) for r in records) < _MOST_ROWS:
        _sheet(book, "flags", _flags(records), raw)
    with _Timeless(path, "w", zipfile.ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).write_data()


def _flags(records: Iterable[Record]) -> Iterator[list[Cell]]:
    yield ["source", "status", "level", "code", "message"]
    for r in records:
        source = "; ".join(name for name, _ in r.provenance.sources)
        for f in r.flags:
            yield [source, r.status, f.level, f.code, f.message]


def _sheet(book: Any, name: str, table: Iterable[Sequence[Cell]], raw: bool) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    bold = Font(bold=True)
    for number, row in enumerate(table):
        cells: list[Any] = []
        for cell in row:
            if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
                cells.append(None)
                continue
            if isinstance(cell, float) and math.isfinite(cell):
                made = WriteOnlyCell(sheet, cell)
            else:
                made = WriteOnlyCell(sheet, _written(str(cell), raw))
                made.data_type = "s"  # else a text that begins with = would be a formula
            if number == 0:
                made.font = bold
            cells.append(made)
        sheet.append(cells)


def _written(text: str, raw: bool) -> str:
    sound = _UNWRITABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    sound = sound if raw else guarded(sound)
    return sound if len(sound) <= _LONGEST else sound[:_LONGEST] + " … (cut)"
