"""Records as one table: a row a record, a column a quantity and its unit."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, SettingsError
from ..modalities import modality
from ..record import Measurement, Record

if TYPE_CHECKING:
    import pandas

__all__ = ["Cell", "guarded", "heads", "only_records", "rows", "text_of", "to_dataframe", "with_files", "write_csv"]

Cell = str | float | None

# A spreadsheet runs a cell that begins so (OWASP's list, with the full-width forms some of them accept).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_FIRST, _LAST = ("modality", "status"), ("flags", "source", "sha256")
_PARTS = ("", "_stderr", "_low", "_high")


def only_records(given: Iterable[Record] | Record) -> Iterator[Record]:
    """Yield the records of one or many.

    Raises
    ------
    InputError
        If something in it is no record (code ``not-a-record``).
    """
    if isinstance(given, Record):
        yield given
        return
    if not isinstance(given, Iterable):
        raise _stranger(given)
    for record in given:
        if not isinstance(record, Record):
            raise _stranger(record)
        yield record


def with_files(records: Iterable[Record], needed: Set[str], what: str, nothing: InputError) -> list[Record]:
    """Return the records that have the evidence a person corrects, each of which must know its file.

    Parameters
    ----------
    records : iterable of Record
    needed : set of str
        Names of the traces.
    what : str
        The setting that corrects them.
    nothing : InputError
        Raised where no record has them.

    Raises
    ------
    InputError
        ``no-source`` if one does not know its file, and `nothing`.
    """
    shown = [r for r in only_records(records) if {t.name for t in r.traces} >= needed]
    if not shown:
        raise nothing
    nameless = sum(not r.provenance.sources for r in shown)
    if nameless:
        raise InputError(
            f"{nameless} of {len(shown)} records do not know their file, to which {what} belong",
            code="no-source",
            remedy=f"measure the files by measure_files, or give {what}= to measure",
        )
    return shown


def _stranger(value: object) -> InputError:
    return InputError(
        f"{type(value).__name__} is no record",
        code="not-a-record",
        remedy="give a Record, or an iterable of them such as measure_files returns",
    )


def guarded(text: str) -> str:
    """Return `text` with a leading apostrophe where a spreadsheet would take it for a formula."""
    if text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def _quantities(records: Sequence[Record]) -> dict[str, None]:
    """Return the columns of quantities, in the order of first appearance.

    A record without numbers carries the first unit a name may have. It adds a column only for a name that no
    measured record of its modality has, else every failed row would add an empty ``Fmax`` beside ``Fmax_kN_per_m2``.
    """
    measured: dict[str, dict[str, None]] = {}
    for r in records:
        if r.status in ("ok", "suspect"):
            columns = measured.setdefault(r.modality, {})
            columns.update(dict.fromkeys(m.column for m in r.measurements))
    known = {(r.modality, m.name) for r in records if r.status in ("ok", "suspect") for m in r.measurements}
    found: dict[str, None] = {}
    for r in records:
        found.update(measured.pop(r.modality, {}))
        found.update(dict.fromkeys(m.column for m in r.measurements if (r.modality, m.name) not in known))
    return found


def _shares(records: Sequence[Record]) -> dict[str, int]:
    """Return how many of `_PARTS` each column of quantities has.

    One where its definition has no interval, such as r2 or a count: it stands by itself. Two where it has a standard
    error nevertheless, such as an echo intensity within one image. All of them where it has an interval.
    """
    shares: dict[str, int] = {}
    for name in dict.fromkeys(r.modality for r in records):
        try:
            defined = {d.name for d in modality(name).DEFINITIONS if not d.interval}
        except SettingsError:  # a comparison, or a modality of someone's own: nothing is known of it
            defined = set()
        for m in (m for r in records if r.modality == name for m in r.measurements):
            _, stderr, low, high = _numbers(m)
            if m.name not in defined or not (math.isnan(low) and math.isnan(high)):
                share = len(_PARTS)
            else:
                share = 1 if math.isnan(stderr) else 2
            shares[m.column] = max(share, shares.get(m.column, 1))
    return shares


def _numbers(m: Measurement) -> tuple[float, float, float, float]:
    return m.value, m.stderr, *m.interval


def heads(labels: Iterable[str], taken: Collection[str]) -> list[str]:
    """Return the headings of labels; one that bears the name of another column is headed ``label_…``."""
    return [f"label_{key}" if key in taken else key for key in labels]


def text_of(cell: Cell, *, raw: bool = False, count: bool = False) -> str:
    """Return a cell as it stands in a CSV file: a number by repr, an undetermined one empty, a count without point."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell if raw else guarded(cell)
    if math.isnan(cell):
        return ""
    return str(int(cell)) if count and cell.is_integer() else repr(float(cell))


def rows(records: Iterable[Record]) -> tuple[list[str], list[list[Cell]]]:
    """Return the header and the rows of the table of `records`.

    A cell is a float, text, or None where the record has no such label or quantity. A label that bears the name
    of another column is headed ``label_…``.
    """
    listed = list(only_records(records))
    quantities = _quantities(listed)
    parts = _shares(listed)
    numeric = [name + part for name in quantities for part in _PARTS[: parts[name]]]
    labels = list(dict.fromkeys(key for r in listed for key in r.labels))
    header = [*_FIRST, *heads(labels, (*_FIRST, *_LAST, *numeric)), *numeric, *_LAST]
    body: list[list[Cell]] = []
    for r in listed:
        cells = {m.column: _numbers(m) for m in r.measurements}
        row: list[Cell] = [r.modality, r.status, *(r.labels.get(key) for key in labels)]
        for name in quantities:
            row += cells.get(name, (None, None, None, None))[: parts[name]]
        row += [
            "; ".join(f.code for f in r.flags),
            "; ".join(name for name, _ in r.provenance.sources),
            "; ".join(digest for _, digest in r.provenance.sources),
        ]
        body.append(row)
    return header, body


def write_csv(records: Sequence[Record], path: Path, *, raw: bool = False) -> None:
    """Write the table as UTF-8 CSV: numbers by repr (they read back bit for bit), an undetermined one left empty.

    A count (``n_points``) is written without a decimal point.
    """
    header, body = rows(records)
    counts = [name.startswith("n_") and name + _PARTS[1] not in header for name in header]
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        writer = csv.writer(stream)  # ends lines with CR LF, so a stray CR or LF inside a cell is quoted
        writer.writerow([text_of(h, raw=raw) for h in header])
        writer.writerows([text_of(c, raw=raw, count=n) for c, n in zip(row, counts, strict=True)] for row in body)


def to_dataframe(records: Iterable[Record] | Record) -> pandas.DataFrame:
    """Return records as a pandas table, one row a record.

    Columns are ``modality, status``, the labels, then for each quantity ``<name_unit>``, ``…_stderr``, ``…_low`` and
    ``…_high`` (without the last two, and the second where there is none, for a quantity that has no interval by its
    definition), then ``flags, source, sha256``
    (several joined by ``"; "``). Labels stay text: ``007`` is ``007``.

    Parameters
    ----------
    records : iterable of Record, or one Record

    Returns
    -------
    pandas.DataFrame
    """
    import pandas

    header, body = rows(only_records(records))
    numeric = {i for row in body for i, cell in enumerate(row) if isinstance(cell, float)}
    columns = {}
    for i, name in enumerate(header):
        cells = [row[i] for row in body]
        columns[name] = pandas.Series(cells, dtype="float64" if i in numeric else "object")
    return pandas.DataFrame(columns)
