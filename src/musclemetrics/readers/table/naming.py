"""The columns of a table under the names the user gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...errors import SettingsError
from ..aliases import array_name
from .choices import Choices, column
from .headers import Header, Table
from .numbers import listed

__all__ = ["renamed"]


def renamed(table: Table, choices: Choices) -> Table:
    """Return the table with its columns called what the option ``columns`` says; a unit in a header stays.

    A column that the user leaves out, and one whose own name is now another's, is left out with a note.

    Raises
    ------
    SettingsError
        ``unknown-column`` where the columns are not those of the table, ``ambiguous-column`` for one named twice.
    """
    if choices.columns is None:
        return table
    called = _by_word(table, choices.columns) if isinstance(choices.columns, Mapping) else _by_place(table, choices)
    headers: list[Header] = []
    out: list[str] = []
    for header in table.headers:
        name = called.get(header.position, header.name)
        mine = header.position in called
        if not name or (not mine and array_name(header.name, header.unit) in called.values()):
            out.append(header.text)
            continue
        if mine and name != array_name(header.name, header.unit):
            table.notes.append(f"column {header.text!r} read as {name}, as the option columns says")
        headers.append(replace(header, name=name) if mine else header)
    if out:
        table.notes.append(f"left out by the option columns: {listed(out, 30)}")
    return replace(table, headers=headers)


def _by_place(table: Table, choices: Choices) -> dict[int, str]:
    names = tuple(choices.columns or ())
    if len(names) != len(table.headers):
        raise SettingsError(
            f"columns names {len(names)} columns, the table has {len(table.headers)}: {table.seen()}",
            code="unknown-column",
            remedy="name every column in order, a dash for one to leave out, or single ones: columns.force=NAME",
        )
    return {h.position: n for h, n in zip(table.headers, names, strict=True)}


def _by_word(table: Table, columns: Mapping[str, str]) -> dict[int, str]:
    called: dict[int, str] = {}
    for name, wanted in columns.items():
        header = column(table, wanted, f"columns.{name}")
        if header.position in called:
            raise SettingsError(
                f"column {header.text!r} is to be both {called[header.position]} and {name}",
                code="ambiguous-column",
                remedy="name a column of its own for each",
            )
        called[header.position] = name
    return called
