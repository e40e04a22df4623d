"""A block of a file: names of columns, their units, and rows of cells with the lines they stand in."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...errors import ReadError
from ...record import Flag
from ..aliases import array_name, titled

__all__ = ["Block", "Row", "cells_of", "cut", "named", "rows_of"]

Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Block:
    """One table of a file.

    Attributes
    ----------
    titles : sequence of str
        As written.
    names : sequence of (str or None)
        The array each column is, None for those that are none.
    units : sequence of (str or None)
        In UCUM.
    rows : sequence of (line, cells)
        As many cells as titles.
    labels : Mapping
        What the file says of the block.
    facts : Mapping
        A number with its unit, or None where it has none, by name.
    told : sequence of str
        Titles of the columns that are labels or facts.
    notes : tuple of str
    flags : tuple of Flag
    """

    titles: Sequence[str]
    names: Sequence[str | None]
    units: Sequence[str | None]
    rows: Sequence[Row]
    labels: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, tuple[float, str | None]] = field(default_factory=dict)
    told: Sequence[str] = ()
    notes: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()


def named(titles: Sequence[str], own: Mapping[str, str] | None = None) -> tuple[list[str | None], list[str | None]]:
    """Return the array and the unit of every title; `own` has the names a format gives its columns."""
    parts = [titled(t) for t in titles]
    names = [(own or {}).get(n) or array_name(n, u, beside_frequency=True) for n, u in parts]
    return [n if n in _OF_A_SWEEP else None for n in names], [u for _, u in parts]


_OF_A_SWEEP = ("frequency", "resistance", "reactance", "imaginary", "magnitude", "phase")


def cells_of(line: str, separator: str | None) -> list[str]:
    """Part a line into cells; within quotation marks a separator is a character like any other."""
    if '"' not in line or separator is None or len(line) > csv.field_size_limit():
        return [c.strip().strip('"').strip() for c in line.split(separator)]
    [cells] = csv.reader([line], delimiter=separator, skipinitialspace=True)
    return [c.strip() for c in cells]


def rows_of(lines: Sequence[str], first: int, separator: str | None, width: int) -> list[Row]:
    """Part lines into cells, as many as there are titles.

    Parameters
    ----------
    lines : sequence of str
    first : int
        The number of the first of them in the file.
    separator : str or None
        None for blanks.
    width : int

    Raises
    ------
    ReadError
        ``truncated`` for a last row that is cut, ``ragged-row`` for another, or ``truncated`` where there is no row.
    """
    found: list[Row] = []
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        cells = cells_of(line, separator)
        while len(cells) > width and not cells[-1]:
            cells.pop()
        found.append((number, cells))
    if not found:
        raise cut(f"no rows follow line {first - 1}")
    for i, (number, cells) in enumerate(found):
        if len(cells) != width:
            if i == len(found) - 1 and len(cells) < width:
                raise cut(f"the last row, line {number}, has {len(cells)} of {width} values")
            raise ReadError(
                f"line {number} has {len(cells)} values, {width} are needed",
                code="ragged-row",
                remedy="mend or remove that line",
            )
    return found


def cut(what: str) -> ReadError:
    """Return the error of a file that ends before its end."""
    return ReadError(what, code="truncated", remedy="export or copy the file again")
