"""Which column is what: x, y, the fibre, labels, the rest; and whether a table is long or wide."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import ReadError
from ..aliases import RUNS, array_name, fold, is_personal, label_name, name_by_unit, slug
from .choices import Choices, column
from .headers import Header, Table, refuse_duplicates
from .numbers import all_plain, is_censored, is_missing, is_number, listed
from .summaries import holds_means, is_summary, refuse_summaries

__all__ = ["Roles", "roles_of"]

# What the curve of a table without further words is: force over pCa, as x and y stand for nothing else here.
DEFAULT_X, DEFAULT_Y = "pCa", "force"
X_NAMES = ("pCa", "calcium")


@dataclass(slots=True)
class Roles:
    """The columns of a table by what they are for."""

    layout: str
    x: str | None
    y: str = DEFAULT_Y
    arrays: dict[str, Header] = field(default_factory=dict)
    labels: dict[str, Header] = field(default_factory=dict)
    fibre: list[Header] = field(default_factory=list)
    y_columns: list[Header] = field(default_factory=list)
    apart: Mapping[str, Header] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def roles_of(table: Table, choices: Choices) -> Roles:
    """Decide what every column is for.

    Raises
    ------
    ReadError
        ``no-known-column``, ``ambiguous-column`` or ``ambiguous-layout``, with the columns there are.
    SettingsError
        ``unknown-column``.
    """
    x = column(table, choices.x, "x") if choices.x is not None else None
    layout = choices.layout or _layout(table, choices, x)
    return _wide(table, choices, x) if layout == "wide" else _long(table, choices, x)


def _numeric(table: Table, header: Header) -> bool:
    """Whether a column holds numbers and nothing else; 007 is a name."""
    cells = table.cells(header)
    if all_plain(cells):
        return not any(str(c)[0] == "0" and re.fullmatch("0[0-9]+", str(c)) for c in cells)
    cells = [c for c in cells if not is_missing(c)]
    numbers = [c for c in cells if is_number(c)]
    if any(isinstance(c, str) and re.fullmatch("0[0-9]+", c) for c in numbers):
        return False
    return bool(numbers) and all(is_number(c) or is_censored(c) for c in cells)


def _known(header: Header) -> str | None:
    return array_name(header.name, header.unit)


def _layout(table: Table, choices: Choices, x: Header | None) -> str:
    if choices.y is not None or choices.fibre is not None:
        return "long"
    first = table.headers[0]
    if x is None and _known(first) not in X_NAMES:
        return "long"
    others = [h for h in table.headers if h is not (x or first)]
    named = [h for h in others if h.text and _known(h) not in (None, *X_NAMES)]
    unknown = [h for h in others if h not in named and _numeric(table, h)]
    if named and any(is_summary(h) for h in unknown):
        # The spread of a force beside it, and the count, are further columns and no fibres.
        unknown = [h for h in unknown if not is_summary(h) and fold(h.name) != "n"]
    if not named:
        # A fibre may be called Drug or Cell: without a y column, columns of numbers are fibres whatever their names.
        return "wide" if others and len(unknown) == len(others) else "long"
    if unknown and all(len(fold(h.name)) == 1 for h in named):
        raise ReadError(
            f"column {named[0].text!r} could hold the force or be a fibre's name; the columns are {table.seen()}",
            code="ambiguous-layout",
            remedy="say -r layout=wide if every column is a fibre, -r layout=long if not",
        )
    return "long"


def _wide(table: Table, choices: Choices, x: Header | None) -> Roles:
    x = x or table.headers[0]
    name = _x_name(x, choices)
    roles = Roles("wide", name, arrays={name: x}, y_columns=[h for h in table.headers if h is not x])
    if not roles.y_columns:
        raise _unknown(table)
    refuse_summaries(table, [h for h in roles.y_columns if h.text])
    roles.notes.append(f"wide layout: {x.text!r} is {name}, every further column is one fibre")
    return roles


def _x_name(x: Header, choices: Choices) -> str:
    unit = choices.x_unit or x.unit
    return array_name(x.name, x.unit) or name_by_unit(unit, DEFAULT_X)


def _long(table: Table, choices: Choices, x: Header | None) -> Roles:
    refuse_duplicates(table)
    y = column(table, choices.y, "y") if choices.y is not None else None
    roles = Roles("long", None, fibre=_fibre(table, choices))
    notes = roles.notes
    if x is not None:
        roles.x = _x_name(x, choices)
        roles.arrays[roles.x] = x
        if roles.x != array_name(x.name, x.unit):
            notes.append(f"column {x.text!r} read as {roles.x}")
    if y is not None:
        name = array_name(y.name, y.unit) or name_by_unit(choices.unit or y.unit, DEFAULT_Y)
        if name in roles.arrays:
            raise ReadError(
                f"columns {roles.arrays[name].text!r} and {y.text!r} are both {name}",
                code="ambiguous-column",
                remedy="give x and y two columns of different kinds",
            )
        roles.y, roles.arrays[name] = name, y
        if name != array_name(y.name, y.unit):
            notes.append(f"column {y.text!r} read as {name}")
        if holds_means(y):
            notes.append(f"column {y.text!r} holds means by its name: the spread between fibres is not in the fit")
    chosen = set(roles.arrays)
    for header in table.headers:
        # A column joined into the fibre's name, the animal say, is still a label of its own.
        if header in (x, y) or (header in roles.fibre and label_name(header.name) in (None, "fibre")):
            continue
        _assign(table, roles, header, chosen)
    if not roles.fibre and "frequency" in roles.arrays and not chosen:
        _sweeps_apart(table, roles)
    if roles.x is None:
        roles.x = next((n for n in X_NAMES if n in roles.arrays), None)
    if not any(n in chosen or _known(h) for n, h in roles.arrays.items() if n not in X_NAMES):
        raise _unknown(table)
    return roles


def _sweeps_apart(table: Table, roles: Roles) -> None:
    """Let the words beside a sweep (subject, muscle, direction) tell it from the next: no curve goes on across them."""
    varied = {}
    for name, header in (*roles.labels.items(), *((n, h) for n, h in roles.arrays.items() if n in RUNS)):
        words = len({c for c in table.cells(header) if not is_missing(c)})
        if 1 < words <= len(table.rows) // 2 and not any(is_missing(c) for c in table.cells(header)):
            varied[name] = header
    if varied:
        roles.fibre, roles.apart = list(varied.values()), varied
        roles.labels |= {name: roles.arrays.pop(name) for name in varied if name in roles.arrays}
        roles.notes.append(f"the sweeps are told apart by {listed([h.text for h in roles.fibre])}")


def _fibre(table: Table, choices: Choices) -> list[Header]:
    """Return the column that says which fibre a row belongs to; several joined by a plus make one name."""
    if choices.fibre is not None:
        spec = choices.fibre
        if isinstance(spec, str) and "+" in spec and spec not in [h.text for h in table.headers]:
            return [column(table, part.strip(), "fibre") for part in spec.split("+")]
        return [column(table, spec, "fibre")]
    found = [h for h in table.headers if label_name(h.name) == "fibre"]
    if len(found) > 1:
        raise ReadError(
            f"columns {found[0].text!r} and {found[1].text!r} could both name the fibre",
            code="ambiguous-column",
            remedy="say which with -r fibre=NAME, or join them with -r fibre=ONE+OTHER",
        )
    return found


def _assign(table: Table, roles: Roles, header: Header, chosen: set[str]) -> None:
    """Give one column that no option named its place."""
    name = _known(header)
    if name in X_NAMES and roles.x in chosen & set(X_NAMES):
        roles.notes.append(f"column {header.text!r} left out: x is {roles.arrays[str(roles.x)].text!r}")
        return
    if name is not None:
        if name not in roles.arrays:
            roles.arrays[name] = header
            return
        if name not in chosen:
            raise ReadError(
                f"columns {roles.arrays[name].text!r} and {header.text!r} are both {name}; "
                f"the columns are {table.seen()}",
                code="ambiguous-column",
                remedy="say which with -r x=NAME -r y=NAME",
            )
    label = label_name(header.name)
    if label is not None and name is None and (label != "fibre" or not roles.fibre):
        _keep(roles.labels, label, header)
        return
    if all(is_missing(c) for c in table.cells(header)):
        roles.notes.append(f"column {header.text!r} holds no value and is left out")
    elif is_personal(header.name):
        _keep(roles.labels, slug(header.name), header)  # is told and left out there
    elif _numeric(table, header):
        _keep(roles.arrays, slug(header.name), header)
    else:
        cells = [c for c in table.cells(header) if not is_missing(c)]
        text = sum(not is_number(c) for c in cells)
        if text < len(cells) / 2:
            roles.notes.append(f"column {header.text!r} holds text in {text} of {len(cells)} cells and is kept as text")
        _keep(roles.labels, slug(header.name), header)


def _keep(place: dict[str, Header], name: str, header: Header) -> None:
    number = 2
    base = name
    while name in place or name == "row":
        name, number = f"{base}_{number}", number + 1
    place[name] = header


def _unknown(table: Table) -> ReadError:
    return ReadError(
        f"no column of values is known by its name; the columns are {table.seen()}",
        code="no-known-column",
        remedy="say which are which: -r x=NAME -r y=NAME for a curve of force over pCa, -r columns.time=NAME "
        "-r columns.force=NAME -r columns.length=NAME for a recording, -r columns.frequency=NAME "
        "-r columns.resistance=NAME -r columns.reactance=NAME (or magnitude and phase) for a sweep of impedance",
    )
