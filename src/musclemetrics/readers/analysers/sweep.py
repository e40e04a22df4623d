"""A block as a reading: the columns of the sweep as numbers, under the names all readers use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError, SettingsError
from ...reading import Reading
from ...record import Flag
from ...units import dimension
from ..aliases import ARRAYS, fold
from ..rows import number_in
from .block import Block, Row

__all__ = ["decimal_mark", "numbers", "reading", "said_columns"]

_MISSING = frozenset(
    ("", "nan", "-nan", "nan(ind)", "-nan(ind)", "n.d.", "nd", "na", "n/a", "n.a.", "-", "--", "1.#qnan")
)
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]{1,3})?")
_GROUP = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
# array: what a file says with the name of its column on which sign is capacitive
_SIGNS = {
    "imaginary": "{} is the imaginary part of the impedance as the file has it: capacitive where negative",
    "minus": "{} is minus the imaginary part of the impedance: capacitive where positive, read as the reactance",
    "reactance": "{} is a reactance; the file does not say which sign is capacitive",
    "phase": "{} is a phase; the file does not say which sign is capacitive",
    "argument": "{} is the argument of the impedance: capacitive where negative",
}


def reading(block: Block, columns: Mapping[str, int], units: Mapping[str, str], decimal: str | None) -> Reading:
    """Return the sweep of a block.

    Parameters
    ----------
    block : Block
    columns : Mapping
        Array to column, from 0, as the user has said; empty to know them by their names.
    units : Mapping
        Units the user has given, by the name of the array.
    decimal : str or None

    Raises
    ------
    ReadError
        ``no-known-column``, ``ambiguous-column``, ``not-a-number``, ``ambiguous-number`` or ``mixed-decimal``.
    SettingsError
        ``unknown-column`` for the unit of an array that is not there.
    """
    chosen = dict(columns) or _known(block)
    _complete(chosen, block)
    flags = list(block.flags)
    notes = list(block.notes)
    rows, passed = _with_impedance(block.rows, chosen)
    if passed:
        notes.append(passed)
    mark, note = decimal_mark([cells[i] for _, cells in rows for i in chosen.values()], decimal)
    if note:
        notes.append(note)
    arrays: dict[str, NDArray[np.float64]] = {}
    found: dict[str, str] = {}
    for name, at in chosen.items():
        arrays[name] = numbers(block.titles[at], [(n, cells[at]) for n, cells in rows], mark, flags)
        unit = _unit(name, block.titles[at], block.units[at], units, flags)
        if unit is not None:
            found[name] = unit
        if (sign := _sign(name, block.titles[at], told=name in columns)) is not None:
            notes.append(sign)
    for name, (value, unit) in block.facts.items():
        arrays[name] = np.array(value)
        if unit is not None:
            found[name] = unit
    strange = [n for n in units if n not in arrays]
    if strange:
        raise SettingsError(
            f"a unit was given for {strange[0]!r}, which is not in the file",
            code="unknown-column",
            remedy=f"the arrays are {', '.join(arrays)}",
        )
    used = {*(block.titles[i] for i in chosen.values()), *block.told}
    left = [t for t in block.titles if t and t not in used]
    if left:
        notes.append(f"column(s) left out: {', '.join(left[:16])}" + (" …" if len(left) > 16 else ""))
    _starts_over(arrays["frequency"], flags)
    return Reading(arrays, found, dict(block.labels), (), tuple(flags), tuple(notes))


def _known(block: Block) -> dict[str, int]:
    chosen: dict[str, int] = {}
    for i, name in enumerate(block.names):
        if name is None:
            continue
        if name in chosen:
            raise ReadError(
                f"columns {block.titles[chosen[name]]!r} and {block.titles[i]!r} are both {name}",
                code="ambiguous-column",
                remedy="say which is which with -r columns.ARRAY=COLUMN, frequency and all",
            )
        chosen[name] = i
    return chosen


def _complete(chosen: Mapping[str, int], block: Block) -> None:
    rectangular = "resistance" in chosen and ("reactance" in chosen or "imaginary" in chosen)
    if "frequency" not in chosen or not (rectangular or {"magnitude", "phase"} <= set(chosen)):
        raise ReadError(
            f"the columns {', '.join(map(repr, block.titles[:16]))} are no sweep of impedance: known are "
            f"{', '.join(chosen) or 'none'}",
            code="no-known-column",
            remedy="say which is which, for example -r columns.frequency=COLUMN -r columns.resistance=COLUMN "
            "-r columns.reactance=COLUMN (imaginary where it is Im(Z); or magnitude and phase)",
        )


def _with_impedance(rows: Sequence[Row], chosen: Mapping[str, int]) -> tuple[list[Row], str]:
    """Return the rows without those of frequency 0 and impedance 0, in which nothing was swept yet, and a note."""
    kept: list[Row] = []
    passed: list[Row] = []
    for row in rows:
        blank = all(number_in(row[1][i].replace(",", ".")) == 0 for i in chosen.values())
        (passed if blank else kept).append(row)
    if not kept:
        raise ReadError("every row has frequency 0", code="truncated", remedy="export the sweep with its rows")
    if not passed:
        return kept, ""
    lines = f"lines {passed[0][0]} to {passed[-1][0]}"
    return kept, f"{len(passed)} row(s) with frequency and impedance 0 hold no sweep and are passed over ({lines})"


def decimal_mark(cells: Sequence[str], decimal: str | None) -> tuple[str, str]:
    """Return the decimal mark of cells and a note where it is a comma.

    Raises
    ------
    ReadError
        ``ambiguous-number`` where every comma stands before three digits, ``mixed-decimal`` beside points.
    """
    if decimal is not None:
        return decimal, ""
    commas = [c for c in cells if "," in c]
    if not commas:
        return ".", ""
    point = next((c for c in cells if "." in c and _PLAIN.fullmatch(c)), None)
    if point is not None:
        raise ReadError(
            f"{commas[0][:40]!r} and {point[:40]!r} do not share a decimal mark",
            code="mixed-decimal",
            remedy="export with one decimal mark and without thousands marks",
        )
    if all(_GROUP.fullmatch(c) for c in commas):
        one = commas[0]
        raise ReadError(
            f"{one!r} could be {one.replace(',', '.')} or {one.replace(',', '')}",
            code="ambiguous-number",
            remedy="say -r decimal=, if the comma is decimal; export without thousands marks if it is not",
        )
    return ",", "decimal comma"


def numbers(title: str, cells: Sequence[tuple[int, str]], mark: str, flags: list[Flag]) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where there is none, which is flagged.

    Raises
    ------
    ReadError
        ``not-a-number`` with the line.
    """
    values = np.empty(len(cells))
    missing = []
    for i, (line, cell) in enumerate(cells):
        text = cell.replace("−", "-")
        text = text.replace(",", ".") if mark == "," and _COMMA.fullmatch(text) else text
        value = float(text) if _PLAIN.fullmatch(text) else np.nan
        if value != value:
            if text.casefold() not in _MISSING:
                raise _no_number(title, line, cell)
            missing.append(line)
        elif value in (np.inf, -np.inf):
            raise _no_number(title, line, cell)
        values[i] = value
    if missing:
        lines = ", ".join(map(str, missing[:6])) + (f" and {len(missing) - 6} more" if len(missing) > 6 else "")
        flags.append(Flag("missing-points", f"{title!r} has no value in line(s) {lines}", "note"))
    return values


def _no_number(title: str, line: int, cell: str) -> ReadError:
    return ReadError(
        f"line {line}, column {title!r} holds {cell[:40]!r}, a number is needed",
        code="not-a-number",
        remedy="mend or remove that line",
    )


def _unit(name: str, title: str, stated: str | None, units: Mapping[str, str], flags: list[Flag]) -> str | None:
    given = units.get(name)
    if stated is not None and dimension(stated) not in ARRAYS[name][1]:
        raise ReadError(
            f"column {title!r} is in {stated}, a unit of {dimension(stated)}, and cannot be the {name}",
            code="unit-mismatch",
            remedy="say which column is which with -r columns.ARRAY=COLUMN",
        )
    if given is not None and stated not in (None, given):
        flags.append(
            Flag("setting-overrides-file", f"unit {given} was given for {name}; the file states {stated}", "note")
        )
    return given or stated


def _sign(name: str, title: str, *, told: bool) -> str | None:
    minus = title.lstrip().startswith(("-", "−", "–"))
    kind = name
    if told:
        kind = name if name in ("imaginary", "reactance", "phase") else ""
    elif name == "reactance" and minus:
        kind = "minus"
    elif name == "phase" and "z" in fold(title):
        kind = "argument"
    return _SIGNS[kind].format(repr(title)) if kind in _SIGNS else None


def _starts_over(frequency: NDArray[np.float64], flags: list[Flag]) -> None:
    """Flag a list of frequencies that stands several times, as sweeps one beneath the other do."""
    times = int((frequency == frequency[0]).sum())
    if times < 2 or len(frequency) % times or len(frequency) <= 2 * times:
        return
    if (frequency.reshape(times, -1) == frequency[: len(frequency) // times]).all():
        flags.append(
            Flag(
                "points-start-over",
                f"the list of frequencies stands {times} times, as sweeps one beneath the other do; all rows are used "
                "as repeats of one sweep. Name the sweeps in a column of their own, unless they are repeats",
            )
        )


def said_columns(columns: Mapping[str, int | str], titles: Sequence[str]) -> dict[str, int]:
    """Return the column of each array as the user has said, by title as written or by number from 1.

    Raises
    ------
    SettingsError
        ``unknown-column``.
    """
    found: dict[str, int] = {}
    for name, wanted in columns.items():
        word = str(wanted)
        same = [i for i, t in enumerate(titles) if t == word] or [
            i for i, t in enumerate(titles) if fold(t) and fold(t) == fold(word)
        ]
        if not same and word.isdecimal() and 0 < int(word) <= len(titles):
            same = [int(word) - 1]
        if len(same) != 1 or same[0] in found.values():
            raise SettingsError(
                f"columns.{name}={wanted!r} names no one column; the columns are {', '.join(map(repr, titles[:16]))}",
                code="unknown-column",
                remedy="name one of them, or its number from 1, each once",
            )
        found[name] = same[0]
    return found
