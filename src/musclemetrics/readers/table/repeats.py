"""Rows and columns that say something twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError
from ...record import Flag
from .headers import Header, Table
from .numbers import Marks, listed, parse
from .roles import Roles

__all__ = ["distinct_blocks", "repeated_columns", "repeated_rows"]


def distinct_blocks(
    table: Table, roles: Roles, marks: Mapping[str, Marks], rows: list[int], fibre: str, flags: list[Flag]
) -> list[int]:
    """Return a fibre's rows without blocks that stand in the table twice.

    Rows of a fibre that are parted by other fibres are one curve as long as they add points. A second block over the
    very same x is the first one again (used once, flagged) or another fibre under the same name.

    Raises
    ------
    ReadError
        ``duplicate-fibre``.
    """
    if roles.x is None or not fibre:
        return rows
    blocks: list[list[int]] = []
    for i in rows:
        if blocks and blocks[-1][-1] == i - 1:
            blocks[-1].append(i)
        else:
            blocks.append([i])
    if len(blocks) < 2:
        return rows
    x = roles.arrays[roles.x]

    def parts(block: list[int]) -> list[tuple[float, tuple[object, ...]]]:
        numbers = [table.rows[i][0] for i in block]
        values = parse(x.key, [table.rows[i][1][x.position] for i in block], numbers, marks[x.key]).values
        cells = [tuple(table.rows[i][1][h.position] for h in roles.arrays.values()) for i in block]
        return sorted(zip(values.tolist(), cells, strict=True), key=repr)

    kept: list[list[int]] = []
    seen: dict[frozenset[float], tuple[list[tuple[float, tuple[object, ...]]], int]] = {}
    for block in blocks:
        content = parts(block)
        xs = frozenset(v for v, _ in content)
        # One or two points in common are repeats; a curve's worth of them is a second curve.
        if len(xs) >= 3 and xs in seen:
            first, row = seen[xs]
            if first != content:
                raise ReadError(
                    f"fibre {fibre!r} stands in the table twice with different values, "
                    f"from row {row} and from row {table.rows[block[0]][0]}",
                    code="duplicate-fibre",
                    remedy="give every fibre a name of its own; put repeats of one fibre together",
                )
            flags.append(
                Flag(
                    "duplicate-rows",
                    f"fibre {fibre!r} stands in the table twice with the same values, from row {row} and from "
                    f"row {table.rows[block[0]][0]}; it is used once",
                )
            )
            continue
        seen[xs] = (content, table.rows[block[0]][0])
        kept.append(block)
    return [i for block in kept for i in block]


def repeated_rows(arrays: Mapping[str, NDArray[np.generic]], numbers: Sequence[int], flags: list[Flag]) -> None:
    """Flag rows that are alike in every number; they are used, as repeats may well agree."""
    first: dict[tuple[float, ...], int] = {}
    alike: list[int] = []
    for number, values in zip(numbers, zip(*(a.tolist() for a in arrays.values()), strict=True), strict=True):
        if first.setdefault(values, number) != number:
            alike.append(number)
    if alike:
        flags.append(Flag("duplicate-rows", f"row(s) {listed(alike, 6)} repeat an earlier row in every number", "note"))


def repeated_columns(table: Table, roles: Roles, x: Header) -> list[tuple[str, list[list[Header]]]]:
    """Return the fibres of a wide table, each with its sets of columns; more than one set is a name used twice."""
    fibres: dict[str, list[list[Header]]] = {}
    last: list[Header] | None = None
    for header in roles.y_columns:
        if header.text:
            last = [header]
            fibres.setdefault(header.name, []).append(last)
        elif last is None:
            raise ReadError(
                f"column {header.position + 1} has no name; the columns are {table.seen()}",
                code="missing-header",
                remedy=f"name every column after {x.text!r}",
            )
        else:
            last.append(header)
    return list(fibres.items())
