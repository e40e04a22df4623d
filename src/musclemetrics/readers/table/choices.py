"""The options of the table reader, checked before a file is opened."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...checks import choice
from ...errors import InputError, SettingsError
from ...units import canonical
from ..aliases import fold
from ..channels import units_given
from .headers import Header, Table, split_unit

__all__ = ["Choices", "column", "column_number"]


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user has said about a table."""

    x: str | int | None = None
    y: str | int | None = None
    fibre: str | int | None = None
    layout: str | None = None
    sweeps: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    x_unit: str | None = None
    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    sheet: str | int | None = None
    comment: str = "#"
    errors: str = "raise"

    @classmethod
    def checked(cls, options: Mapping[str, Any]) -> Choices:
        """Return the options as given, or say which cannot be carried out."""
        given = dict(options)
        choice(given["layout"], "layout", (None, "long", "wide"))
        choice(given["errors"], "errors", ("raise", "flag"))
        choice(given["decimal"], "decimal", (None, ".", ","))
        choice(given["thousands"], "thousands", (None, "", ".", ",", " ", "'"))
        if given["decimal"] is not None and given["decimal"] == given["thousands"]:
            raise SettingsError(
                f"decimal and thousands are both {given['decimal']!r}", remedy="give two marks, or one of them"
            )
        if not isinstance(given["comment"], str | None):
            raise SettingsError(f"comment={given['comment']!r} is not text", remedy='give "#", or "" for none')
        given["comment"] = given["comment"] or ""
        given["sweeps"] = _stems(given["sweeps"])
        given["units"] = units_given(given["units"])
        for name in ("unit", "x_unit"):
            given[name] = _unit(name, given[name]) if given[name] is not None else None
        return cls(**given)

    @property
    def numbered(self) -> list[int]:
        """The columns chosen by number, from 0."""
        numbers = [column_number(c) for c in (self.x, self.y)]
        return [n for n in numbers if n is not None]

    @property
    def named(self) -> list[str]:
        """The columns chosen by name."""
        return [str(c) for c in (self.x, self.y, self.fibre) if c is not None and column_number(c) is None]


def _stems(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if isinstance(value, str):
        value = {n.strip(): s.strip() for n, _, s in (part.partition("=") for part in value.split(","))}
    known = ("resistance", "reactance", "imaginary", "magnitude", "phase")
    if not isinstance(value, Mapping) or any(n not in known or not str(s) for n, s in value.items()):
        raise SettingsError(
            f"sweeps={value!r} does not say which columns are what",
            remedy=f"write sweeps=resistance=R_,reactance=X_; the names are {', '.join(known)}",
        )
    return {str(n): str(s) for n, s in value.items()}


def _unit(name: str, value: Any) -> str:
    try:
        return canonical(str(value))
    except InputError as error:
        raise SettingsError(f"{name}: {error.message}", code=error.code, remedy=error.remedy) from None


def column_number(spec: str | int | None) -> int | None:
    """Return a column chosen by its number from 1, counted from 0; None where it is chosen by name."""
    if isinstance(spec, bool) or spec is None or not re.fullmatch("[0-9]{1,6}", str(spec)):
        return None
    return int(spec) - 1


def column(table: Table, spec: str | int, option: str) -> Header:
    """Return the column an option names: by its header as written or as printed, its name without unit, its number.

    Raises
    ------
    SettingsError
        ``unknown-column``, with the columns there are.
    """
    wanted = str(spec)
    same, bare = _same(wanted), split_unit(wanted)
    for exact in (
        [h for h in table.headers if wanted and h.text == wanted],
        [h for h in table.headers if wanted and h.name == wanted],
        [h for h in table.headers if same and same in (_same(h.text), _same(repr(h.text)[1:-1]))],
        [h for h in table.headers if same and same == _same(h.name)],
        [h for h in table.headers if fold(wanted) and fold(h.text) == fold(wanted)],
        [h for h in table.headers if fold(wanted) and fold(h.name) == fold(wanted)],
        # The same quantity in another spelling of the same unit, "[Ca2+], uM" for "[Ca2+] (µM)".
        [h for h in table.headers if bare[1] is not None and fold(h.name) == fold(bare[0]) and h.unit == bare[1]],
    ):
        if len(exact) == 1:
            return exact[0]
    number = column_number(spec)
    if number is not None and 0 <= number < len(table.headers):
        return table.headers[number]
    raise SettingsError(
        f"{option}={spec!r} names no one column; the columns are {table.seen()}",
        code="unknown-column",
        remedy="name one of them, or its number from 1",
    )


def _same(text: str) -> str:
    """Return a header without what nobody sees: which of two micro signs it is, and how wide its blanks are."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
