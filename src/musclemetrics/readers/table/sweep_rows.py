"""The rows of a wide table of sweeps as readings.

They share one array of frequencies, and their values are rows of one array: thousands of sweeps are read at the cost of
their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError, SettingsError
from ...reading import Reading
from ...record import Flag
from ..aliases import fact_name, fold, is_personal, label_name, slug
from .choices import Choices
from .headers import Header, Table
from .numbers import Cell, Marks, is_missing, is_number, parse, settle
from .sweeps import Sweeps

__all__ = ["sweep_readings"]

Array = NDArray[np.float64]

# The columns of the survey NHANES by its codebook: what its own names do not say.
_SURVEY_LABELS = {"seqn": "subject", "riagendr": "sex"}
_SURVEY_UNITS = {
    "bmxwt": "kg",
    "bmxht": "cm",
    "bidrecf": "Ohm",
    "bidricf": "Ohm",
    "bidcm": "nF",
    "bidfc": "kHz",
    "bidecf": "L",
    "bidtbw": "L",
    "bidicf": "L",
}
_SEX = {"1": "M", "2": "F"}


@dataclass(slots=True)
class _Facts:
    """The other columns of numbers: name, a value a row (NaN where it has none), unit."""

    names: list[str]
    values: list[list[float]]
    units: list[str | None]

    def of(self, row: int) -> tuple[dict[str, NDArray[np.float64]], dict[str, str]]:
        """Return what one row states, and the units."""
        arrays: dict[str, Array] = {}
        units: dict[str, str] = {}
        for name, values, unit in zip(self.names, self.values, self.units, strict=True):
            value = values[row]
            if value == value:
                arrays[name] = np.array(value)
                if unit is not None:
                    units[name] = unit
        return arrays, units


def sweep_readings(table: Table, sweeps: Sweeps, choices: Choices) -> Iterator[Reading]:
    """Yield a reading a row."""
    cells = dict(zip((h.position for h in table.headers), zip(*(c for _, c in table.rows), strict=True), strict=True))
    columns = [h for headers in sweeps.columns.values() for h in headers]
    numeric = [
        h for h in sweeps.others if not (_is_label(h) or is_personal(h.name)) and _holds_numbers(cells[h.position])
    ]
    marks, marked = settle(
        [(h.key, cells[h.position]) for h in (*columns, *numeric)], choices.decimal, choices.thousands
    )
    failed: dict[int, ReadError] = {}

    def values(header: Header) -> Array:
        return _values(table, header, cells[header.position], marks[header.key], choices, failed)

    stacks = {name: np.stack([values(h) for h in headers], axis=1) for name, headers in sweeps.columns.items()}
    units, given = _units(sweeps, choices)
    facts = _Facts(
        [fact_name(h.name) or slug(h.name) for h in numeric],
        [values(h).tolist() for h in numeric],
        [h.unit or _SURVEY_UNITS.get(fold(h.name)) for h in numeric],
    )
    labels, told = _labels([(h, cells[h.position]) for h in sweeps.others if h not in numeric])
    notes = (*table.notes, *sweeps.notes, *marked, *told)
    blanks = {name: np.isnan(stack).sum(axis=1) for name, stack in stacks.items()}
    some_blank = np.any(list(blanks.values()), axis=0).tolist()
    short = set(table.short)
    for i, (number, _) in enumerate(table.rows):
        own = {name: words[i] for name, words in labels.items() if words[i]} or {"row": str(number)}
        if table.sheet is not None:
            own["sheet"] = table.sheet
        flags = given
        if number in short:
            short_row = Flag("short-row", f"row {number} has fewer cells than the header; the rest is missing")
            flags = (*flags, short_row)
        if some_blank[i] and i not in failed:
            flags = (*flags, _absent({n: int(b[i]) for n, b in blanks.items()}, len(sweeps.frequency), number))
        if i in failed:
            flags = (*flags, Flag(failed[i].code, str(failed[i]), "failed"))
        if any(f.level == "failed" for f in flags):
            yield Reading({}, {}, own, (), flags)
            continue
        stated, stated_units = facts.of(i)
        arrays = {"frequency": sweeps.frequency, **{name: stack[i] for name, stack in stacks.items()}, **stated}
        yield Reading(arrays, {**units, **stated_units}, own, (), flags, notes)


def _absent(blanks: Mapping[str, int], size: int, number: int) -> Flag:
    """Return the flag of a row with blanks: failed where a quantity has no value at all."""
    said = ", ".join(f"{name} at {count} of {size} frequencies" for name, count in blanks.items() if count)
    return Flag("missing-points", f"row {number} has no {said}", "failed" if size in blanks.values() else "note")


def _values(
    table: Table,
    header: Header,
    cells: Sequence[Cell],
    marks: Marks,
    choices: Choices,
    failed: dict[int, ReadError],
) -> Array:
    """Return a column; with ``errors="flag"`` a cell that is no number costs its row alone."""
    try:
        return parse(header.key, cells, table.numbers, marks).values
    except ReadError:
        if choices.errors == "raise":
            raise
    values = np.full(len(cells), np.nan)
    for i, (cell, number) in enumerate(zip(cells, table.numbers, strict=True)):
        try:
            values[i] = parse(header.key, [cell], [number], marks).values[0]
        except ReadError as error:
            failed.setdefault(i, error)
    return values


def _units(sweeps: Sweeps, choices: Choices) -> tuple[dict[str, str], tuple[Flag, ...]]:
    """Return the units of the arrays, and a flag for each that the user's word overrules."""
    strange = next((n for n in choices.units if n not in sweeps.columns), None)
    strange = strange or ("unit" if choices.unit is not None else "x_unit" if choices.x_unit is not None else None)
    if strange is not None:
        raise SettingsError(
            f"a unit was given for {strange!r}, which is not in this table of sweeps",
            code="unknown-column",
            remedy=f"the arrays are {', '.join(sweeps.columns)}, at frequencies in the names of the columns",
        )
    units = {"frequency": "Hz", **sweeps.units}
    flags = []
    for name, unit in choices.units.items():
        if units.get(name, unit) != unit:
            message = f"unit {unit} was given for {name}; the header states {units[name]}"
            flags.append(Flag("setting-overrides-file", message, "note"))
        units[name] = unit
    return units, tuple(flags)


def _is_label(header: Header) -> bool:
    return fact_name(header.name) is None and (
        fold(header.name) in _SURVEY_LABELS or label_name(header.name) is not None
    )


def _holds_numbers(cells: Sequence[Cell]) -> bool:
    filled = [c for c in cells if not is_missing(c)]
    return bool(filled) and all(is_number(c) for c in filled)


def _labels(columns: Sequence[tuple[Header, Sequence[Cell]]]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the words of each row by label, and notes."""
    labels: dict[str, list[str]] = {}
    notes = []
    for header, cells in columns:
        if is_personal(header.name):
            notes.append(f"column {header.text!r} may name a person and is no label")
            continue
        words = [c if isinstance(c, str) else repr(c).removesuffix(".0") for c in cells]
        key = fold(header.name)
        if key == "riagendr":
            words = [_SEX.get(w.removesuffix(".0"), w) for w in words]
            notes.append(f"column {header.text!r}: 1 read as M and 2 as F, as its codebook has it")
        if header.unit is not None:
            words = [f"{w} {header.unit}" if w else w for w in words]
        if any(words):
            labels[_SURVEY_LABELS.get(key) or label_name(header.name) or slug(header.name)] = words
    return labels, notes
