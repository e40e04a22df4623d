"""A table as readings: one a fibre, in the order of their first rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError
from ...reading import Reading
from ...record import Flag
from ..aliases import is_personal
from ..channels import blank_last
from ..passes import copied_points, second_passes
from .choices import Choices
from .column_units import check_units, stated_in_rows, unit_columns, units_of
from .headers import Header, Table
from .numbers import Column, Marks, is_missing, is_number, listed, parse, settle
from .passes import refuse_other_curves
from .repeats import distinct_blocks, repeated_columns, repeated_rows
from .roles import DEFAULT_Y, Roles
from .timing import timed

__all__ = ["long_readings", "wide_readings"]

# A fibre belongs to one animal and one group; under several conditions it is one reading each.
_ONE_OF = ("animal", "subject", "group")


@dataclass(slots=True)
class _Part:
    """The rows of one fibre."""

    labels: dict[str, str]
    rows: list[int]


def long_readings(table: Table, roles: Roles, choices: Choices) -> Iterator[Reading]:
    """Yield the fibres of a table with one row a point."""
    marks, notes = _marks(table, list(roles.arrays.values()), choices)
    if roles.x is not None and not roles.fibre:
        notes.append("no column names the fibre: the whole table is one")
    check_units(choices, roles, roles.arrays)
    for part in _parts(table, roles):
        try:
            yield _long_reading(table, roles, choices, marks, part, (*table.notes, *roles.notes, *notes))
        except ReadError as error:
            if choices.errors == "raise":
                raise
            yield _failed(error, _sheet(table, part.labels))


def _long_reading(
    table: Table,
    roles: Roles,
    choices: Choices,
    marks: dict[str, Marks],
    part: _Part,
    notes: tuple[str, ...],
) -> Reading:
    flags: list[Flag] = []
    own_notes: list[str] = []
    more: dict[str, Header] = {}
    in_rows: dict[str, tuple[Header, str | None]] = {}
    for name, header in unit_columns(roles).items():
        if not _given(name, roles, choices):
            of = f"fibre {part.labels['fibre']!r}" if "fibre" in part.labels else "one curve"
            cells = [table.rows[i][1][header.position] for i in part.rows]
            in_rows[name] = header, stated_in_rows(name, header, cells, of, flags)
    stating = {h.position for h, _ in in_rows.values()}
    for name, header in roles.labels.items():
        if header.position in stating:
            continue
        _label(table, name, header, part, more, flags, own_notes, roles.fibre[0].text if roles.fibre else "")
    if more:
        marks = marks | _marks(table, list(more.values()), choices)[0]
    rows = distinct_blocks(table, roles, marks, part.rows, part.labels.get("fibre", ""), flags)
    numbers = [table.rows[i][0] for i in rows]
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, header in {**roles.arrays, **more}.items():
        cells = [table.rows[i][1][header.position] for i in rows]
        column = parse(header.key, cells, numbers, marks[header.key])
        _absent(header.text, column, flags)
        arrays[name] = column.values
    remade = timed(arrays, choices, roles, in_rows.get("time", (None, None))[1], flags, own_notes)
    arrays["row"] = np.array(numbers, dtype=np.int64)
    once, starts = _once(arrays, roles, flags)
    if starts and len(once["row"]) == len(numbers):
        others = [h for n, h in (*roles.labels.items(), *roles.arrays.items()) if n not in (roles.x, roles.y)]
        words = {h.text: [table.rows[i][1][h.position] for i in rows] for h in others}
        refuse_other_curves(starts, words, numbers, part.labels.get("fibre", ""), "+".join(h.text for h in roles.fibre))
    arrays = _told(once, starts, flags)
    numbers = arrays["row"].tolist()
    repeated_rows({n: a for n, a in arrays.items() if n != "row"}, numbers, flags)
    if "time" in arrays and roles.x is None:
        _padded(arrays, flags)
    short_rows = set(table.short)
    if short := [n for n in numbers if n in short_rows]:
        flags.append(Flag("short-row", f"row(s) {listed(short)} have fewer cells than the header; the rest is missing"))
    units = units_of(list(arrays), {**roles.arrays, **more}, in_rows, roles, choices, flags) | remade
    return Reading(arrays, units, _sheet(table, part.labels), (), tuple(flags), (*notes, *own_notes))


def _padded(arrays: dict[str, NDArray[np.generic]], flags: list[Flag]) -> None:
    """Take a last row of nothing but zeros after the time as missing, as recordings are padded where they stop."""
    signals = {n: a for n, a in arrays.items() if n not in ("time", "row") and a.dtype.kind == "f"}
    flag = blank_last(signals, f"row {int(arrays['row'][-1])}")
    if flag is None:
        return
    flags.append(flag)
    for name, values in signals.items():
        if (values[-11:-1] != 0).any():
            arrays[name] = np.append(values[:-1], np.nan)


def _given(name: str, roles: Roles, choices: Choices) -> bool:
    """Whether the user has said the unit of an array, so that no column of units is asked."""
    return (
        name in choices.units
        or (name == roles.y and choices.unit is not None)
        or (name == roles.x and choices.x_unit is not None)
    )


def _parts(table: Table, roles: Roles) -> list[_Part]:
    """Return the fibres with their rows."""
    if not roles.fibre:
        return [_Part({}, list(range(len(table.rows))))]
    keys = list(roles.fibre)
    if "condition" in roles.labels:
        keys.append(roles.labels["condition"])
        roles.notes.append(f"each fibre under each {roles.labels['condition'].text!r} is a reading of its own")
    parts: dict[tuple[str, ...], _Part] = {}
    for i, (number, cells) in enumerate(table.rows):
        key = tuple(_text(cells[h.position]) for h in keys)
        if not all(key[: len(roles.fibre)]):
            raise ReadError(
                f"row {number} has no name in the column {roles.fibre[0].text!r}",
                code="missing-fibre-id",
                remedy="write the fibre in every row; merged cells hold it only in the first",
            )
        if key not in parts:
            called = dict(zip(roles.apart, key, strict=False)) or {"fibre": " ".join(key[: len(roles.fibre)])}
            parts[key] = _Part(called, [])
        parts[key].rows.append(i)
    return list(parts.values())


def _text(cell: str | float) -> str:
    return cell if isinstance(cell, str) else repr(cell).removesuffix(".0")


def _label(
    table: Table,
    name: str,
    header: Header,
    part: _Part,
    more: dict[str, Header],
    flags: list[Flag],
    notes: list[str],
    fibre_column: str,
) -> None:
    """Take a column as a label where it says one thing of the fibre."""
    cells = [table.rows[i][1][header.position] for i in part.rows]
    words = list(dict.fromkeys(_text(c) for c in cells if c != ""))
    fibre = part.labels.get("fibre", "")
    if is_personal(header.name):
        notes.append(f"column {header.text!r} may name a person and is no label")
    elif len(words) == 1:
        text = words[0]
        if sum(mark in text for mark in (":\\", ":/", "\\\\")) or text.count("/") + text.count("\\") > 2:
            notes.append(f"column {header.text!r} holds a path and is no label")
            return
        part.labels[name] = f"{text} {header.unit}" if header.unit is not None and is_number(cells[0]) else text
        if any(c == "" for c in cells):
            notes.append(f"{header.text!r} is blank in some rows and taken as {text!r} throughout")
    elif words and name in _ONE_OF and fibre:
        raise ReadError(
            f"fibre {fibre!r} has the {name} {listed(words)}",
            code="fibre-in-two-groups",
            remedy=f"give every fibre a name of its own, or join two: -r fibre={header.text}+{fibre_column}",
        )
    elif words and all(is_number(c) or is_missing(c) for c in cells):
        more[name] = header
    elif words:
        of = f" within fibre {fibre!r}" if fibre else ""
        flags.append(
            Flag(
                "label-not-constant",
                f"{header.text!r} is no label: it says {listed(words, 4)}{of}",
                "suspect" if name in _ONE_OF else "note",
            )
        )


def wide_readings(table: Table, roles: Roles, choices: Choices) -> Iterator[Reading]:
    """Yield the fibres of a table with one column a fibre; blank headers continue the one before."""
    assert roles.x is not None
    x = roles.arrays[roles.x]
    marks, notes = _marks(table, [x, *roles.y_columns], choices)
    x_column = parse(x.key, table.cells(x), table.numbers, marks[x.key])
    check_units(choices, roles, {roles.x: x, DEFAULT_Y: x})
    if choices.sampling_rate is not None:
        notes.append(f"sampling_rate was not used: this is a table of curves over {roles.x}")
    for name, columns in repeated_columns(table, roles, x):
        flags: list[Flag] = []
        try:
            distinct = _distinct_columns(table, name, columns, flags)
            yield _wide_reading(
                table, roles, choices, marks, x_column, name, distinct, flags, (*table.notes, *roles.notes, *notes)
            )
        except ReadError as error:
            if choices.errors == "raise":
                raise
            yield _failed(error, _sheet(table, {"fibre": name}))


def _distinct_columns(
    table: Table, name: str, groups: Sequence[Sequence[Header]], flags: list[Flag]
) -> Sequence[Header]:
    """Return the columns of one fibre; a second set of the same name is the same data or a contradiction."""
    first = [table.cells(h) for h in groups[0]]
    for other in groups[1:]:
        if [table.cells(h) for h in other] != first:
            raise ReadError(
                f"two columns are called {name!r} and differ",
                code="duplicate-fibre",
                remedy="give every fibre a name of its own",
            )
    if len(groups) > 1:
        flags.append(
            Flag("duplicate-rows", f"the column {name!r} stands {len(groups)} times in the table and is used once")
        )
    return groups[0]


def _wide_reading(
    table: Table,
    roles: Roles,
    choices: Choices,
    marks: dict[str, Marks],
    x: Column,
    name: str,
    columns: Sequence[Header],
    flags: list[Flag],
    notes: tuple[str, ...],
) -> Reading:
    assert roles.x is not None
    _absent(roles.arrays[roles.x].text, x, flags)
    parsed = []
    for header in columns:
        column = parse(header.key, table.cells(header), table.numbers, marks[header.key])
        _absent(header.key, column, flags)
        parsed.append(column.values)
    several = len(columns)
    arrays: dict[str, NDArray[np.generic]] = {
        roles.x: np.repeat(x.values, several),
        DEFAULT_Y: np.stack(parsed, axis=1).ravel(),
        "row": np.repeat(np.array(table.numbers, dtype=np.int64), several),
    }
    arrays = _told(*_once(arrays, roles, flags), flags)
    if several > 1:
        notes = (*notes, f"{several} columns of {name!r} are repeats of the same points")
    if table.short:
        flags.append(Flag("short-row", f"row(s) {listed(table.short)} have fewer cells than the header", "note"))
    unit_of = {roles.x: roles.arrays[roles.x], DEFAULT_Y: columns[0]}
    units = units_of(list(arrays), unit_of, {}, roles, choices, flags)
    return Reading(arrays, units, _sheet(table, {"fibre": name}), (), tuple(flags), notes)


Arrays = dict[str, NDArray[np.generic]]


def _once(arrays: Arrays, roles: Roles, flags: list[Flag]) -> tuple[Arrays, list[int]]:
    """Return the arrays of a curve without exact copies of its points, and where the rest starts over."""
    if roles.x is None or roles.y not in arrays:
        return arrays, []
    if copies := copied_points(arrays[roles.x], arrays[roles.y]):
        rows = listed([int(arrays["row"][i]) for i in copies], 6)
        flags.append(
            Flag(
                "duplicate-rows",
                f"every point stands in the table several times with the same values, again in row(s) {rows}; "
                "each is used once",
            )
        )
        arrays = {name: np.delete(values, copies) for name, values in arrays.items()}
    return arrays, second_passes(arrays[roles.x], arrays[roles.y])


def _told(arrays: Arrays, starts: list[int], flags: list[Flag]) -> Arrays:
    """Return the arrays, with a flag where they start over."""
    if starts:
        rows = listed([int(arrays["row"][i]) for i in starts], 6)
        flags.append(
            Flag(
                "points-start-over",
                f"the list of x starts over at row(s) {rows}, as two curves under one name do; all points are used "
                "as repeats of one curve. Give each curve a fibre name of its own, unless it is one fibre run again",
            )
        )
    return arrays


def _marks(table: Table, headers: Sequence[Header], choices: Choices) -> tuple[dict[str, Marks], list[str]]:
    return settle([(h.key, table.cells(h)) for h in headers], choices.decimal, choices.thousands)


def _absent(name: str, column: Column, flags: list[Flag]) -> None:
    """Say where a column has no value, and why."""
    rows = sorted(column.missing + column.marked)
    if rows:
        blank = f"{len(column.missing)} blank, {len(column.marked)} marked as missing"
        flags.append(Flag("missing-points", f"{name!r} has no value in row(s) {listed(rows, 6)} ({blank})", "note"))
    if column.censored:
        flags.append(
            Flag(
                "censored-value",
                f"{name!r} gives only a limit in row(s) {listed(column.censored, 6)}; taken as missing",
            )
        )


def _sheet(table: Table, labels: dict[str, str]) -> dict[str, str]:
    return labels if table.sheet is None else {**labels, "sheet": table.sheet}


def _failed(error: ReadError, labels: dict[str, str]) -> Reading:
    return Reading({}, {}, labels, (), (Flag(error.code, str(error), "failed"),))
