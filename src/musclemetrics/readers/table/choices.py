"""The options of the table reader, checked before a file is opened."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...checks import choice, number
from ...errors import InputError, SettingsError
from ...units import canonical
from ..aliases import array_name, fold, slug
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
    columns: tuple[str, ...] | Mapping[str, str] | None = None
    sweeps: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    x_unit: str | None = None
    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    sheet: str | int | None = None
    sampling_rate: float | None = None
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
        given["columns"] = _columns(given["columns"])
        if given["columns"] is not None and (given["x"] is not None or given["y"] is not None):
            raise SettingsError("columns is given beside x or y", remedy="name every column by columns")
        if given["sampling_rate"] is not None:
            given["sampling_rate"] = number(given["sampling_rate"], "sampling_rate", low=1e-6)
        given["sweeps"] = _stems(given["sweeps"])
        given["units"] = units_given(given["units"])
        for name in ("unit", "x_unit"):
            given[name] = _unit(name, given[name]) if given[name] is not None else None
        return cls(**given)

    @property
    def numbered(self) -> list[int]:
        """The columns chosen by number, from 0."""
        if isinstance(self.columns, tuple):
            return [i for i, name in enumerate(self.columns) if name]
        mapped = () if self.columns is None else self.columns.values()
        numbers = [column_number(c) for c in (self.x, self.y, *mapped)]
        return [n for n in numbers if n is not None]

    @property
    def named(self) -> list[str]:
        """The columns chosen by name."""
        mapped = self.columns.values() if isinstance(self.columns, Mapping) else ()
        return [str(c) for c in (self.x, self.y, self.fibre, *mapped) if c is not None and column_number(c) is None]


_EXAMPLE = "write columns=time,force,length in order (a dash for a column to leave out), or columns.force=NAME"


def _columns(value: Any) -> tuple[str, ...] | dict[str, str] | None:
    """Return what the columns are: names in their order, empty for one to leave out, or a mapping of name to column."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        found = {_array(k): str(v).strip() for k, v in value.items()}
        if not found or len(found) < len(value) or not all(found.values()):
            raise SettingsError(f"columns={dict(value)!r} gives a name twice or nothing", remedy=_EXAMPLE)
        return found
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, Sequence) or not words:
        raise SettingsError(f"columns={value!r} is no list of names", remedy=_EXAMPLE)
    names = tuple("" if str(w).strip() in ("", "-", "_") else _array(w) for w in words)
    named = [n for n in names if n]
    if not named or len(set(named)) < len(named):
        raise SettingsError(f"columns={value!r} gives a name twice or none", remedy=_EXAMPLE)
    return names


def _array(word: Any) -> str:
    text = str(word).strip()
    return array_name(text) or (text if text.isidentifier() else slug(text))


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
    place = column_number(spec)
    if (found := next((h for h in table.headers if h.position == place), None)) is not None:
        return found
    raise SettingsError(
        f"{option}={spec!r} names no one column; the columns are {table.seen()}",
        code="unknown-column",
        remedy="name one of them, or its number from 1",
    )


def _same(text: str) -> str:
    """Return a header without what nobody sees: which of two micro signs it is, and how wide its blanks are."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
