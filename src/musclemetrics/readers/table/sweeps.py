"""Wide tables of sweeps: a row a sweep, the frequency in the name of each column, as surveys publish them.

``BIXS005K … BIXS1M`` and ``BIXC005K … BIXC1M`` are resistance and reactance from 5 kHz to 1 MHz; so are ``R_5kHz`` and
``X_5kHz``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError, SettingsError
from ..aliases import array_name, fold
from .choices import Choices
from .headers import Header, Table, refuse_duplicates
from .numbers import listed

__all__ = ["Sweeps", "named_sweep", "sweeps_of", "unknown_sweeps"]

_FACTORS = {"k": 1e3, "khz": 1e3, "m": 1e6, "mhz": 1e6, "hz": 1.0}
# "m" alone is no mega, and mHz no unit of these sweeps.
_AT = re.compile(r"(.*?)([0-9]+(?:\.[0-9]+)?)[ _]?([kK](?:[hH][zZ])?|M(?:[hH][zZ])?|Hz|HZ|hz)(?![A-Za-z])(.*)")
_BARE = re.compile(r"(.*?[^0-9.])([0-9]{1,8})")  # R5000: a number behind a name, which states no unit
_LEAST = 3  # frequencies that make a sweep
_PAIRS = (("resistance", "reactance"), ("resistance", "imaginary"), ("magnitude", "phase"))
# What the columns of the survey NHANES are by its codebook, as their names do not say it; in ohm.
_SURVEY = {"bixs": "resistance", "bixc": "reactance"}

Array = NDArray[np.float64]


@dataclass(slots=True)
class Sweeps:
    """The columns of a wide table of sweeps."""

    frequency: Array
    columns: dict[str, list[Header]]
    units: dict[str, str]
    others: list[Header]
    notes: list[str] = field(default_factory=list)


def sweeps_of(table: Table, choices: Choices) -> Sweeps | None:
    """Return the columns of the sweeps, None where this is no table of sweeps.

    Raises
    ------
    SettingsError
        ``unknown-column`` where an option names columns that are not there.
    ReadError
        ``ambiguous-column`` where one frequency stands twice, ``mixed-units`` where units differ within a quantity,
        ``unequal-frequencies`` where one quantity has a frequency that the other has not.
    """
    if any(c is not None for c in (choices.x, choices.y, choices.fibre, choices.layout)):
        return None
    lists = _lists(table, choices)
    chosen = _said(table, lists, choices.sweeps) if choices.sweeps else _known(lists)
    pair = next((p for p in _PAIRS if all(n in chosen for n in p)), None)
    if pair is None:
        if choices.sweeps:
            raise SettingsError(
                "sweeps needs resistance and reactance (or imaginary), or magnitude and phase",
                remedy=f"the columns begin with {listed(list(lists))}",
            )
        return None
    _same_frequencies(lists, chosen, pair[0])
    refuse_duplicates(table)
    order = sorted(lists[chosen[pair[0]]])
    columns = {name: [lists[stem][f] for f in order] for name, stem in chosen.items()}
    frequency = np.array(order)
    frequency.flags.writeable = False
    used = {h.position for headers in columns.values() for h in headers}
    return Sweeps(
        frequency,
        columns,
        {name: unit for name, headers in columns.items() if (unit := _unit(headers, chosen[name])) is not None},
        [h for h in table.headers if h.position not in used],
        [
            f"a row a sweep at {len(order)} frequencies from {order[0]:g} to {order[-1]:g} Hz, as the names of the "
            f"columns say: {', '.join(f'{name} {lists[stem][order[0]].text} …' for name, stem in chosen.items())}",
            *_signs(columns),
        ],
    )


def named_sweep(table: Table, choices: Choices) -> Table:
    """Return a table of one row a point with its short names (f, R, X, theta) spelt out, where it is one of sweeps."""
    names = [array_name(h.name, h.unit, beside_frequency=True) for h in table.headers]
    if names.count("frequency") != 1 or not any(all(n in names for n in pair) for pair in _PAIRS):
        return table
    if any(n in (choices.x, choices.y) for n in ("force", "pCa", "calcium")):
        return table
    headers = [
        replace(h, name=n) if n in ("frequency", *(m for pair in _PAIRS for m in pair)) and names.count(n) == 1 else h
        for h, n in zip(table.headers, names, strict=True)
    ]
    notes = [*table.notes, *_signs({str(n): [h] for h, n in zip(table.headers, names, strict=True)})]
    return replace(table, headers=headers, notes=notes)


def unknown_sweeps(table: Table, choices: Choices) -> str:
    """Return the remedy for columns that could be sweeps and are not known by their names; empty for none."""
    lists = _lists(table, choices)
    if len(lists) > 1:
        return f"say which begin with what, of {listed(list(lists))}: -r sweeps=resistance=NAME,reactance=NAME"
    return _without_unit(table)


def _without_unit(table: Table) -> str:
    """Return the remedy for names that end in a number that could be a frequency without its unit; empty for none."""
    stems: dict[str, list[Header]] = {}
    for header in table.headers:
        if (match := _BARE.fullmatch(header.name)) is not None:
            stems.setdefault(match[1], []).append(header)
    several = [headers for headers in stems.values() if len(headers) >= _LEAST]
    if len(several) < 2:
        return ""
    name = several[0][0].name
    return f"write the unit of the frequency into the names of the columns, {name}Hz or {name}kHz for {name!r}"


def _same_frequencies(lists: Mapping[str, Mapping[float, Header]], chosen: Mapping[str, str], first: str) -> None:
    """Refuse lists of columns that are not at the same frequencies, and name the odd ones."""
    wanted = lists[chosen[first]]
    for name, stem in chosen.items():
        own = lists[stem]
        if odd := sorted(wanted.keys() ^ own.keys()):
            khz = ", ".join(f"{f / 1e3:g} kHz" for f in odd[:6])
            titles = listed([(wanted.get(f) or own[f]).text for f in odd], 6)
            raise ReadError(
                f"{first} and {name} are not at the same frequencies: {khz} in one only, the column(s) {titles}",
                code="unequal-frequencies",
                remedy="mend the names of these columns, or leave them out",
            )


def _lists(table: Table, choices: Choices) -> dict[str, dict[float, Header]]:
    """Return the columns with a frequency in their names, by the rest of the name and the frequency."""
    stems: dict[str, dict[float, Header]] = {}
    for header in table.headers:
        if (found := _frequency(header.name)) is None:
            continue
        stem, at = found
        if at in stems.setdefault(stem, {}):
            if choices.sweeps:
                raise ReadError(
                    f"columns {stems[stem][at].text!r} and {header.text!r} are at the same frequency",
                    code="ambiguous-column",
                    remedy="leave one of them out",
                )
            return {}
        stems[stem][at] = header
    return {stem: at for stem, at in stems.items() if len(at) >= _LEAST}


def _signs(columns: Mapping[str, list[Header]]) -> list[str]:
    notes = []
    if "reactance" in columns:
        first = columns["reactance"][0].text
        stated = fold(first).startswith("bixc") or first.lstrip().startswith(("-", "−"))
        notes.append(
            f"the reactance {first!r} is capacitive where positive"
            if stated
            else f"the table does not say which sign of the reactance {first!r} is capacitive"
        )
    if "imaginary" in columns:
        first = columns["imaginary"][0].text
        notes.append(f"{first!r} is the imaginary part as the table has it: capacitive where negative")
    return notes


def _frequency(name: str) -> tuple[str, float] | None:
    """Return the name of a column without its frequency, and the frequency in Hz."""
    match = _AT.fullmatch(name)
    if match is None or len(name) > 60:
        return None
    stem = " ".join(f"{match[1]} {match[4]}".replace("_", " ").replace("@", " ").split())
    # What stood around the frequency alone: R (5 kHz).
    return re.sub(r"\( ?\)|\[ ?\]", "", stem).strip(), float(match[2]) * _FACTORS[match[3].casefold()]


def _known(lists: Mapping[str, Mapping[float, Header]]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for stem in lists:
        name = _SURVEY.get(fold(stem)) or array_name(stem, beside_frequency=True) or ""
        if name in chosen:
            return {}
        if any(name in pair for pair in _PAIRS):
            chosen[name] = stem
    return chosen


def _said(table: Table, lists: Mapping[str, Mapping[float, Header]], said: Mapping[str, str]) -> dict[str, str]:
    chosen = {}
    for name, wanted in said.items():
        same = [s for s in lists if s == wanted] or [s for s in lists if fold(s) == fold(wanted)]
        if len(same) != 1:
            there = f"there are {listed(list(lists))}" if lists else "there is no such list"
            raise SettingsError(
                f"sweeps.{name}={wanted!r} begins no list of columns with a frequency each; {there}",
                code="unknown-column",
                remedy=_without_unit(table) or "name the columns without the frequency, R_ for R_5kHz",
            )
        chosen[name] = same[0]
    return chosen


def _unit(headers: list[Header], stem: str) -> str | None:
    units = {h.unit for h in headers}
    if len(units) > 1:
        raise ReadError(
            f"the columns of {stem!r} have the units {listed(sorted(u or 'none' for u in units))}",
            code="mixed-units",
            remedy="write one unit in all of them, or in none",
        )
    return units.pop() or ("Ohm" if fold(stem) in _SURVEY else None)
