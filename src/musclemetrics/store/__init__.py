"""Records on disk: JSON lines and HDF5 without loss, CSV and Prism tables for the statistician, onsets to correct.

The suffix decides: ``.jsonl`` holds one record a line, ``.h5`` one array a measurement (see :mod:`.columns` for the
layout that plain h5py reads), ``.csv`` and ``.xlsx`` one row a record, one way. Every file appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path

from ..errors import ReadError, SettingsError
from ..record import Record
from .lines import save_lines
from .onsets import save_onsets
from .prism import save_prism
from .table import only_records, rows, to_dataframe
from .whole import replaced

__all__ = ["load", "rows", "save", "save_lines", "save_long", "save_onsets", "save_prism", "to_dataframe"]

_SUFFIXES = {".jsonl": "jsonl", ".h5": "hdf5", ".hdf5": "hdf5", ".csv": "csv", ".xlsx": "excel"}
_ONE_WAY = ("csv", "excel")


def save_long(records: Iterable[Record] | Record, path: str | PathLike[str], *, raw_csv: bool = False) -> Path:
    """Write records as a long CSV table, a row a measurement; a file of that name is replaced.

    Columns are ``modality, status``, the labels, then ``name, value, stderr, low, high, unit, flags, source, sha256``.

    Parameters
    ----------
    records : iterable of Record, or one Record
    path : path
        The ``.csv`` to write.
    raw_csv : bool, optional
        As for :func:`save`.

    Returns
    -------
    Path
        The file written.
    """
    from .long import write_long

    target, given = Path(path), list(only_records(records))
    labels = dict.fromkeys(key for r in given for key in r.labels)
    with replaced(target) as temporary:
        write_long(given, labels, temporary, raw=raw_csv)
    return target


def _kind(path: Path) -> str:
    kind = _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise SettingsError(
            f"{path.name!r} ends in {path.suffix or 'no suffix'!r}, which is no format of records",
            code="unknown-suffix",
            remedy=f"use one of {', '.join(_SUFFIXES)}",
        )
    return kind


def save(records: Iterable[Record] | Record, path: str | PathLike[str], *, raw_csv: bool = False) -> Path:
    """Write records to a file whose suffix names the format; a file of that name is replaced, whatever it holds.

    Parameters
    ----------
    records : iterable of Record, or one Record
        Of one modality or several; their order is kept.
    path : path
        ``.jsonl`` or ``.h5`` (without loss), ``.csv`` or ``.xlsx`` (one way). An existing file is replaced in one
        step.
    raw_csv : bool, optional
        Leave text cells that a spreadsheet would take for a formula as they are. By default they get a leading
        apostrophe; numbers are never touched.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    SettingsError
        If the suffix is unknown (code ``unknown-suffix``).
    InputError
        If something among them is no record (code ``not-a-record``); if they are more than an Excel sheet holds
        (``too-many-rows``).
    WriteError
        If the disk is full (code ``disk-full``) or fails.
    """
    target = Path(path)
    kind = _kind(target)
    given = only_records(records)
    if kind == "jsonl":
        with replaced(target) as temporary, temporary.open("wb") as stream:
            for record in given:
                # A lone surrogate (a file name that is not UTF-8) becomes the JSON escape of itself.
                stream.write(record.to_json().encode("utf-8", "backslashreplace") + b"\n")
    elif kind == "hdf5":
        from .columns import write

        with replaced(target) as temporary:
            write(list(given), temporary)
    elif kind == "excel":
        from .book import write_book

        with replaced(target) as temporary:
            write_book(list(given), temporary, raw=raw_csv)
    else:
        from .table import write_csv

        with replaced(target) as temporary:
            write_csv(list(given), temporary, raw=raw_csv)
    return target


def load(path: str | PathLike[str]) -> list[Record]:
    """Return the records that :func:`save` wrote, in their order.

    Load only ``.h5`` files you trust to be whole: the HDF5 library itself may not survive damage within one. For
    keeping, ``.jsonl`` is the sturdier form: damage costs a line and says which.

    Raises
    ------
    ReadError
        If the file cannot be read as records. A ``.csv`` or ``.xlsx`` cannot: it leaves out traces and
        provenance (code ``one-way``).
    SettingsError
        If the suffix is unknown.
    """
    source = Path(path)
    kind = _kind(source)
    if kind in _ONE_WAY:
        raise ReadError(
            f"{source.name} is a table for statistics; traces and provenance are not in it",
            code="one-way",
            remedy="load the .jsonl or .h5 saved with it, or read it with pandas.read_csv(..., dtype=str)",
        )
    if not source.is_file():
        raise ReadError(f"there is no file {source.name}", code="missing-file", remedy="check the path")
    if kind == "hdf5":
        from .columns import read

        return read(source)
    return list(_lines(source))


def _lines(source: Path) -> Iterator[Record]:
    with source.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                yield Record.from_json(line.decode("utf-8"))
            except UnicodeDecodeError as error:
                raise ReadError(
                    f"{source.name} line {number} is not UTF-8 text ({error.reason} at byte {error.start})",
                    code="bad-record",
                    remedy="give a file written by save",
                ) from error
            except ReadError as error:
                raise ReadError(
                    f"{source.name} line {number}: {error.message}", code=error.code, remedy=error.remedy
                ) from error
