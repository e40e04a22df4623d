"""Tables: CSV, TSV, semicolon text and Excel workbooks, long or wide.

A long table has one row a point and a column that names the fibre; a wide one, as Prism writes it, has x in its first
column and one column a fibre. Encoding, separator, decimal mark and layout are found and noted; where two readings
of a number, a separator or a column are possible, the file is refused and the option that settles it named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ...errors import MuscleMetricsError, ReadError
from ...reading import Reading
from ..source import Source, text_contents
from .choices import Choices
from .grid import Grid, decode, grid_of
from .headers import split_unit, table_of
from .layouts import long_readings, wide_readings
from .naming import renamed
from .numbers import listed
from .roles import roles_of
from .sweep_rows import sweep_readings
from .sweeps import named_sweep, sweeps_of, unknown_sweeps
from .workbook import grids_of

__all__ = ["read", "split_unit"]

# A sheet that ends in one of these is no table of data, rather than a damaged one.
_NO_DATA = ("no-known-column", "unknown-column", "missing-header", "empty-file", "no-separator")


def read(
    source: Source,
    *,
    x: str | int | None = None,
    y: str | int | None = None,
    fibre: str | int | None = None,
    columns: str | Sequence[str] | Mapping[str, str] | None = None,
    layout: str | None = None,
    sweeps: Mapping[str, str] | str | None = None,
    units: Mapping[str, str] | str | None = None,
    unit: str | None = None,
    x_unit: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    sheet: str | int | None = None,
    sampling_rate: float | str | None = None,
    comment: str = "#",
    errors: str = "raise",
) -> Iterator[Reading]:
    """Read a table into one reading a fibre, in the order of their first rows.

    Parameters
    ----------
    source : str, path or binary file object
        Text also packed with gzip.
    x, y : str or int, optional
        Columns of the curve by name or by number from 1; by default they are known by their names.
    fibre : str or int, optional
        Column that names the fibre; ``"animal+fibre"`` joins two. Without one the whole table is one fibre.
    columns : str, sequence or Mapping, optional
        What the columns are, in order, ``"time,force,length"``, a dash for one to leave out, or by name or number,
        ``{"time": "Zeit", "force": "2"}``; for a table without a row of names too.
    layout : {"long", "wide"}, optional
        By default found from the columns.
    sweeps : Mapping or str, optional
        Which columns of a wide table of sweeps are what, by their names without the frequency,
        ``{"resistance": "R_", "reactance": "X_"}`` or ``"resistance=R_,reactance=X_"``.
    units : Mapping or str, optional
        Units of arrays by name, ``{"force": "mN"}`` or ``"force=mN,time=ms"``.
    unit, x_unit : str, optional
        Unit of y and of x.
    separator : str, optional
        One character, or tab, comma, semicolon, bar.
    decimal, thousands : str, optional
        Marks within numbers, for all columns.
    encoding : str, optional
        By default the byte-order mark decides, then UTF-8, then cp1252.
    sheet : str or int, optional
        Sheet of a workbook by name or number from 1; by default all, each with a label ``sheet``.
    sampling_rate : float, optional
        Samples a second, of a recording whose table has no time or one that was rounded: the time is made anew.
    comment : str, optional
        Lines that begin with this are passed over and counted; empty for none.
    errors : {"raise", "flag"}, optional
        What to do with a fibre that cannot be read among others that can: raise, or yield a reading without arrays
        that carries the reason as a flag of the level ``failed``.

    Yields
    ------
    Reading
        Arrays of shape (n,) under the names of ``readers.aliases`` (``pCa``, ``calcium``, ``force``, ``time``, …),
        float64, NaN where the table has no value (flagged); other numeric columns under a slug of their own name;
        ``row`` with the number of each row in the file, from 1. Units only where the table or an option states them.
        Columns of text that say one thing of a fibre are labels. A table with the frequency in the names of its
        columns is a sweep a row: ``frequency`` in Hz, shared by all, ``resistance`` and ``reactance`` (or
        ``magnitude`` and ``phase``), other numbers as 0-d facts (``age``, ``weight``, ``height``).

    Raises
    ------
    ReadError
        Among others ``ambiguous-number``, ``ambiguous-separator``, ``ambiguous-column``, ``ambiguous-layout``,
        ``not-a-number``, ``mixed-decimal``, ``duplicate-header``, ``missing-header``, ``merged-header``,
        ``ragged-row``, ``no-known-column``, ``duplicate-fibre``, ``fibre-in-two-groups``, ``missing-fibre-id``.
    LimitError
        ``too-large``.
    SettingsError
        If an option cannot be carried out.
    """
    choices = Choices.checked(
        {
            "x": x,
            "y": y,
            "fibre": fibre,
            "columns": columns,
            "layout": layout,
            "sweeps": sweeps,
            "units": units,
            "unit": unit,
            "x_unit": x_unit,
            "separator": separator,
            "decimal": decimal,
            "thousands": thousands,
            "encoding": encoding,
            "sheet": sheet,
            "sampling_rate": sampling_rate,
            "comment": comment,
            "errors": errors,
        }
    )
    raw = text_contents(source)
    if raw.startswith(b"PK\x03\x04"):
        yield from _sheets(grids_of(raw, choices.sheet), choices)
        return
    text, notes = decode(raw, choices.encoding)
    grid = grid_of(text, choices.separator, choices.comment)
    grid.notes[:0] = notes
    yield from _readings(grid, choices)


def _readings(grid: Grid, choices: Choices) -> Iterator[Reading]:
    wide = None if choices.layout is None else choices.layout == "wide"
    table = table_of(grid, numbered=choices.numbered, named=choices.named, wide=wide)
    table = renamed(table, choices)
    sweeps = sweeps_of(table, choices)
    if sweeps is not None:
        yield from sweep_readings(table, sweeps, choices)
        return
    table = named_sweep(table, choices)
    try:
        roles = roles_of(table, choices)
    except ReadError as error:
        if error.code == "no-known-column" and (remedy := unknown_sweeps(table, choices)):
            error.remedy = remedy
        raise
    if roles.layout == "wide":
        yield from wide_readings(table, roles, choices)
        return
    yield from long_readings(table, roles, choices)


def _sheets(grids: list[Grid], choices: Choices) -> Iterator[Reading]:
    """Yield the readings of all sheets; one without data, a page of remarks say, is passed over with a note."""
    found: list[Reading] = []
    passed: list[MuscleMetricsError] = []
    names: list[str] = []
    for grid in grids:
        try:
            found.extend(_readings(grid, choices))
        except MuscleMetricsError as error:
            if error.code not in _NO_DATA or len(grids) == 1:
                raise
            passed.append(error)
            names.append(grid.sheet or "")
    if not found and passed:
        raise passed[0]
    if names and found:
        found[0] = replace(found[0], notes=(*found[0].notes, f"sheet(s) without data passed over: {listed(names)}"))
    yield from found
