"""The units of arrays: from the header, from a column that states them row by row, from the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...errors import InputError, ReadError, SettingsError
from ...record import Flag
from ...units import canonical, dimension
from ..aliases import ARRAYS, array_name, fold
from .choices import Choices
from .headers import Header
from .numbers import Cell, is_missing, is_number, listed
from .roles import Roles

__all__ = ["check_units", "stated_in_rows", "unit_columns", "units_of"]


def check_units(choices: Choices, roles: Roles, arrays: Mapping[str, Header]) -> None:
    """Refuse a unit for something that is not there."""
    unknown = [name for name in choices.units if name not in arrays]
    if choices.unit is not None and roles.y not in arrays:
        unknown.append("unit")
    if choices.x_unit is not None and roles.x is None:
        unknown.append("x_unit")
    if unknown:
        raise SettingsError(
            f"a unit was given for {unknown[0]!r}, which is not in the table",
            code="unknown-column",
            remedy=f"the arrays are {', '.join(arrays)}; units=NAME=UNIT names one",
        )


def unit_columns(roles: Roles) -> dict[str, Header]:
    """Return the columns that state the unit of an array in every row: ``unit`` is y's, ``calcium unit`` calcium's."""
    found: dict[str, Header] = {}
    for header in roles.labels.values():
        key = fold(header.name)
        stem = next((key.removesuffix(end) for end in ("units", "unit") if key.endswith(end)), None)
        if stem is None and key.startswith("unitof"):
            stem = key.removeprefix("unitof")
        if stem is None:
            continue
        name = roles.y if stem in ("", "y") else roles.x if stem == "x" else array_name(stem)
        if name == "calcium" and name not in roles.arrays:
            name = roles.x
        if name is not None and name in roles.arrays and name not in found:
            found[name] = header
    return found


def stated_in_rows(name: str, header: Header, cells: Sequence[Cell], of: str, flags: list[Flag]) -> str | None:
    """Return the one unit a column of units states, None where it states none.

    Raises
    ------
    ReadError
        ``mixed-units`` where the rows differ, ``unit-mismatch`` for the unit of something else.
    """
    words = list(dict.fromkeys(str(c).strip("()[] ") for c in cells if not is_missing(c)))
    if not words or any(is_number(w) and w != "1" for w in words):
        return None
    try:
        stated = list(dict.fromkeys(canonical(w) for w in words))
    except InputError as error:
        flags.append(Flag("unknown-unit", f"column {header.text!r}: {error.message}; {name} is read without a unit"))
        return None
    if len(stated) > 1:
        raise ReadError(
            f"column {header.text!r} gives {name} in {listed(stated)} within {of}",
            code="mixed-units",
            remedy="convert the values to one unit, or give each part a fibre name of its own",
        )
    allowed = ARRAYS[name][1] if name in ARRAYS else ()
    if name in ARRAYS and dimension(stated[0]) not in (*allowed, "none"):
        raise ReadError(
            f"column {header.text!r} states {stated[0]}, a unit of {dimension(stated[0])}, for {name}",
            code="unit-mismatch",
            remedy="say in the column's name whose unit it is: 'force unit', 'calcium unit'",
        )
    return stated[0]


def units_of(
    names: Sequence[str],
    headers: Mapping[str, Header],
    rows: Mapping[str, tuple[Header, str | None]],
    roles: Roles,
    choices: Choices,
    flags: list[Flag],
) -> dict[str, str]:
    """Return the units of arrays: what the user said wins, and says so.

    Raises
    ------
    ReadError
        ``contradictory-unit`` where a header and a column of units differ and no option settles it.
    """
    units = {name: h.unit for name, h in headers.items() if h.unit is not None and name in names}
    given = dict(choices.units)
    if choices.x_unit is not None and roles.x is not None:
        given[roles.x] = choices.x_unit
    if choices.unit is not None:
        given[roles.y] = choices.unit
    for name, (header, unit) in rows.items():
        if unit is not None and name not in given and units.setdefault(name, unit) != unit:
            raise ReadError(
                f"column {headers[name].text!r} has the unit {units[name]} in its name and {unit} "
                f"in the column {header.text!r}",
                code="contradictory-unit",
                remedy="leave the unit that is true, or say it: -r unit=UNIT",
            )
        if unit is not None:
            units.setdefault(name, unit)
    for name, unit in given.items():
        if units.get(name, unit) != unit:
            message = f"unit {unit} was given for {name}; the header states {units[name]}"
            flags.append(Flag("setting-overrides-file", message, "note"))
        units[name] = unit
    return units
