"""Plain text of sweeps: named columns in any order and separator, or three columns without names.

Columns of words (subject, muscle, side, direction, …) tell the sweeps of one table apart and are their labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...errors import ReadError
from ...record import Flag
from ...units import is_unit
from ..aliases import RUNS, fact_name, is_personal, label_name, slug
from ..channels import known_unit
from ..rows import number_in
from ..signatures import TITLE_LINES, sweep_columns
from .block import Block, Row, cells_of, named, rows_of

__all__ = ["blocks"]

_SEPARATORS = ("\t", ";", ",", "|", None)
# Labels of which a sweep has one: these part a table even as numbers.
_ONE_OF = ("subject", "session", "muscle", "side", "fibre", "animal", "group", "condition")
_WITHOUT_NAMES = ("frequency", "resistance", "imaginary")
_BY_POSITION = Flag(
    "columns-by-position",
    "no names stand above the columns; they are read as frequency, real and imaginary part, the usual order. Say "
    "-r columns=frequency,resistance,imaginary if that is so, or what they are: reactance (−Im Z), magnitude, phase",
)


def blocks(lines: list[str], *, said: bool = False) -> Iterator[Block]:
    """Yield the sweeps of a table.

    Parameters
    ----------
    lines : list of str
    said : bool
        Whether the user has said which column is which, so that names that are not known are no obstacle.
    """
    filled = [i for i, line in enumerate(lines) if line.strip() and not line.startswith(("#", "%", "!"))]
    if not filled:
        raise ReadError("the file holds no rows", code="empty-file", remedy="export it again")
    head = next((i for i in filled[:TITLE_LINES] if sweep_columns(lines[i]) is not None), None)
    separator = _separator(lines, head if head is not None else filled[0], counted=head is None)
    first = cells_of(lines[filled[0]], separator)
    if head is None and any(number_in(c.replace(",", ".")) is None for c in first):
        if not said:
            raise ReadError(
                f"no line names a frequency and an impedance; the first is {lines[filled[0]][:60]!r}",
                code="no-known-column",
                remedy="name the columns, for example 'frequency (Hz)', 'R (Ohm)', 'X (Ohm)', or say -r columns=",
            )
        head = filled[0]
    if head is None:
        yield _unnamed(lines, filled, separator, said)
        return
    yield from _table(lines, filled, head, separator)


def _table(lines: list[str], filled: list[int], head: int, separator: str | None) -> Iterator[Block]:
    titles = cells_of(lines[head], separator)
    while titles and not titles[-1]:
        titles.pop()
    names, units = named(titles)
    notes = []
    if (above := filled.index(head)) > 0:
        notes.append(f"{above} line(s) above the names of the columns passed over")
    body = [i for i in filled if i > head]
    if body and _is_units(cells_of(lines[body[0]], separator)):
        below = cells_of(lines[body[0]], separator) + [""] * len(titles)
        units = [u or known_unit(w.strip("()[] ")) for u, w in zip(units, below, strict=False)]
        notes.append(f"line {body[0] + 1} read as units")
        body = body[1:]
    blank = set(range(len(lines))) - set(body)
    rows = rows_of(["" if i in blank else line for i, line in enumerate(lines)], 1, separator, len(titles))
    if comments := sum(line.startswith(("#", "%", "!")) for line in lines):
        notes.append(f"{comments} comment line(s) passed over")
    keys = _keys(titles, names, rows, notes)
    parts: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        parts.setdefault(tuple(row[1][i] for i in keys), []).append(row)
    for part in parts.values():
        labels, facts, told = _beside(titles, names, units, part)
        yield Block(titles, names, units, part, labels, facts, told, tuple(notes))


def _keys(titles: list[str], names: list[str | None], rows: list[Row], notes: list[str]) -> list[int]:
    """Return the columns whose words tell sweeps apart."""
    keys = []
    for i, (title, name) in enumerate(zip(titles, names, strict=True)):
        if name is not None:
            continue
        words = {cells[i] for _, cells in rows}
        of_numbers = all(number_in(w.replace(",", ".")) is not None or not w for w in words)
        key = label_name(title) in _ONE_OF or slug(title) in RUNS or (not of_numbers and not is_unit(title))
        if not key or len(words) < 2:
            continue
        if len(words) > max(2, len(rows) // 2):
            notes.append(f"column {title!r} says something else in nearly every row and parts no sweeps")
            continue
        keys.append(i)
        if is_personal(title):
            notes.append(f"column {title!r} may name a person: it tells sweeps apart and is no label")
        else:
            notes.append(f"column {title!r} tells the sweeps apart")
    return keys


def _beside(
    titles: list[str], names: list[str | None], units: list[str | None], rows: list[Row]
) -> tuple[dict[str, str], dict[str, tuple[float, str | None]], list[str]]:
    """Return what other columns say of one sweep: words as labels, numbers as facts, and the titles of both."""
    labels: dict[str, str] = {}
    facts: dict[str, tuple[float, str | None]] = {}
    told = []
    for i, title in enumerate(titles):
        words = {cells[i] for _, cells in rows}
        if names[i] is not None or len(words) != 1 or is_personal(title) or not (word := words.pop()):
            continue
        if sum(mark in word for mark in (":\\", ":/", "\\\\")) or word.count("/") + word.count("\\") > 2:
            continue
        bare, unit = _split(title)
        unit = unit or units[i]
        value = number_in(word.replace(",", "."))
        label = label_name(bare)
        if value is not None and label is None and slug(bare) not in RUNS:
            facts[fact_name(bare) or slug(bare)] = value, unit
        else:
            labels[label or slug(bare)] = f"{word} {unit}" if unit is not None and value is not None else word
        told.append(title)
    return labels, facts, told


def _split(title: str) -> tuple[str, str | None]:
    """Return the name of a column that is no quantity of the sweep, and its unit where a bracket states one."""
    match = re.fullmatch(r"(.*[^\s(\[])\s*[(\[]([^()\[\]]*)[)\]]", title)
    return (match[1], known_unit(match[2])) if match is not None and known_unit(match[2]) else (title, None)


def _unnamed(lines: list[str], filled: list[int], separator: str | None, said: bool) -> Block:
    """Return three columns without names as frequency, real and imaginary part, or any that the user has named."""
    width = len(cells_of(lines[filled[0]], separator))
    if width != len(_WITHOUT_NAMES) and not said:
        raise ReadError(
            f"{width} columns have no names",
            code="missing-header",
            remedy="say them in their order: -r columns=frequency,resistance,imaginary with - for one to leave out",
        )
    titles = [f"column {i}" for i in range(1, width + 1)]
    blank = set(range(len(lines))) - set(filled)
    rows = rows_of(["" if i in blank else line for i, line in enumerate(lines)], 1, separator, width)
    names = list(_WITHOUT_NAMES) if width == len(_WITHOUT_NAMES) else [None] * width
    flags = () if said else (_BY_POSITION,)
    return Block(titles, names, [None] * width, rows, flags=flags)


def _separator(lines: list[str], at: int, *, counted: bool) -> str | None:
    """Return what parts a line into the columns of a sweep, or into more than two cells where it has no names."""
    for separator in _SEPARATORS:
        cells = cells_of(lines[at], separator)
        if (counted and len(cells) > 2) or (not counted and _names_sweep(cells)):
            return separator
    return None


def _names_sweep(cells: list[str]) -> bool:
    return len(cells) > 2 and sweep_columns("\t".join(cells)) is not None


def _is_units(cells: list[str]) -> bool:
    words = [c.strip("()[] ") for c in cells if c]
    return bool(words) and all(is_unit(w) and number_in(w) is None for w in words)
