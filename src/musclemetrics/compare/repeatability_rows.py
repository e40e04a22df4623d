"""Records from the rows of a plain table: numbers that were measured elsewhere."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import InputError, SettingsError
from ..provenance import describe
from ..record import Flag, Measurement, Provenance, Record
from ..units import canonical
from .usable import names_given

__all__ = ["tabled"]

NAME = "table"
# What Python takes for a number and a person would not (inf, 1_000, digits of other scripts) is none here.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def tabled(
    rows: Iterable[Mapping[str, Any]], *, of: Mapping[str, str], labels: str | Sequence[str] | None = None
) -> list[Record]:
    """Return one record a row of a table of numbers measured elsewhere, to be compared as any other.

    Parameters
    ----------
    rows : iterable of Mapping
        Column to cell, as ``csv.DictReader`` and ``DataFrame.to_dict("records")`` give them.
    of : Mapping of str to str
        Columns that hold measurements, and the unit of each. A blank cell, None or NaN is no number: the record's
        value is NaN and flagged ``no-value``.
    labels : str or sequence of str, optional
        Columns that say what was measured; by default all others. Blank cells make no label.

    Returns
    -------
    list of Record
        Of modality ``"table"``; the settings are the units, so that nothing else is claimed of how they were measured.

    Raises
    ------
    InputError
        ``no-records`` where there are no rows, ``not-numeric`` for a cell that is no number, ``unknown-unit``.
    SettingsError
        ``unknown-column`` where a row lacks a column, ``bad-setting`` where `of` names none.

    Examples
    --------
    >>> import csv
    >>> lines = ["subject,session,thickness", "01,1,21.3", "01,2,21.6", "02,1,", "02,2,24.6"]
    >>> records = tabled(csv.DictReader(lines), of={"thickness": "mm"})
    >>> print(records[0]["thickness"], dict(records[0].labels), [r.status for r in records])
    thickness = 21.3 mm {'subject': '01', 'session': '1'} ['ok', 'ok', 'failed', 'ok']
    """
    if not isinstance(of, Mapping) or not of:
        raise SettingsError(f"of={of!r} names no measurement with its unit", remedy='give of={"thickness": "mm"}')
    units = {name: canonical(unit) for name, unit in of.items()}
    listed = list(rows)
    if not listed:
        raise InputError("the table has no rows", code="no-records", remedy="give one row a measurement")
    chosen = None if labels is None else names_given(labels, "labels")
    base = describe("numbers as written in a table", {"of": units})
    return [_record(row, k, units, chosen, base) for k, row in enumerate(listed, 1)]


def _record(
    row: Mapping[str, Any], k: int, units: Mapping[str, str], labels: tuple[str, ...] | None, base: Provenance
) -> Record:
    wanted = [*units, *(labels or ())]
    missing = next((name for name in wanted if name not in row), None)
    if missing is not None:
        raise SettingsError(
            f"row {k} has no column {missing!r}",
            code="unknown-column",
            remedy=f"use names of {', '.join(str(name) for name in row)}",
        )
    values = {name: _number(row[name], name, k) for name in units}
    blank = [name for name, value in values.items() if math.isnan(value)]
    flags = []
    if blank:
        text = f"row {k} has no number for {', '.join(blank)}"
        flags.append(Flag("no-value", text, "failed" if len(blank) == len(values) else "note"))
    kept = labels if labels is not None else tuple(name for name in row if name not in units and isinstance(name, str))
    cells = {name: "" if _empty(row[name]) else str(row[name]).strip() for name in kept}
    return Record(
        NAME,
        tuple(Measurement(name, value, unit=units[name]) for name, value in values.items()),
        flags=tuple(flags),
        provenance=base,
        labels={name: text for name, text in cells.items() if text},
    )


def _empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _number(cell: Any, name: str, k: int) -> float:
    if _empty(cell) or (isinstance(cell, str) and not cell.strip()):
        return math.nan
    if isinstance(cell, str):
        found = float(cell) if _NUMBER.fullmatch(cell.strip()) else math.inf
    else:
        found = float(cell) if isinstance(cell, numbers.Real) and not isinstance(cell, bool) else math.inf
    if math.isinf(found):
        raise InputError(
            f"{name} is {cell!r} in row {k}, which is no number",
            code="not-numeric",
            remedy="write it with a decimal point and no unit, or leave the cell blank",
        )
    return math.nan if math.isnan(found) else found
