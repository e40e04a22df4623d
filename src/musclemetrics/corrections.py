"""What a person decided for one recording alone: an onset moved, a release left out.

A correction names a file, where that file gives several records the labels that tell which, and settings of
``measure`` that hold for this record and no other. :func:`musclemetrics.measure_files` takes them; :func:`load` reads
them from a table or from JSON.

>>> Correction("rig/S01.csv", {"onsets": {2: 0.3791, 4: None}}, labels={"fibre": "7"}).settings["onsets"]
{'2': 0.3791, '4': None}
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from . import units
from .errors import InputError, SettingsError
from .record import Settings, plain

__all__ = ["BY_HAND", "LEAVE_OUT", "Correction", "load"]

LEAVE_OUT, BY_HAND = "leave out", "by hand"
"""Words of the table of onsets: a release that is not used; an onset that no detector found."""

_TABLE = ("source", "release", "onset", "found", "step", "start")
_HEAD = re.compile(r"(onset|found|step|start)\s*\((.*)\)", re.IGNORECASE)
_FORM = "a table with the columns source, release and onset (s), or a JSON list of objects with source and settings"


@dataclass(frozen=True, slots=True)
class Correction:
    """Settings of one item, decided by a person.

    Attributes
    ----------
    source : str
        Name of a file of the item: relative as in ``provenance.sources``, or so much of its end that no other file
        of the run has it.
    settings : Mapping
        Settings of ``measure`` by name. Times are in seconds and positions in px, as in the evidence of a record,
        whatever unit the recording has.
    labels : Mapping
        Tell which record is meant where the file gives several.
    origin : str
        Name of the file the correction came from.
    withdrawn : bool
        Whether it takes back what was corrected of this record before; it has no settings then.

    Raises
    ------
    SettingsError
        ``bad-correction`` if there is no source or no setting, both settings and a withdrawal, or something has no
        plain form.
    """

    source: str
    settings: Mapping[str, Any]
    labels: Mapping[str, str] = field(default_factory=Settings)
    origin: str = ""
    withdrawn: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.source, str) or not self.source.strip():
            raise _bad(f"source={self.source!r} names no file", "give the name of a file that is measured")
        for name in ("settings", "labels"):
            value = getattr(self, name)
            if not isinstance(value, Mapping):
                raise _bad(f"{name}={value!r:.60} is not a mapping", "give names and values")
            try:
                object.__setattr__(self, name, plain(value))
            except InputError as error:
                raise _bad(error.message, error.remedy) from None
        if self.withdrawn and self.settings:
            raise _bad(f"the correction of {self.source} is withdrawn and has settings", "give one or the other")
        if not self.settings and not self.withdrawn:
            raise _bad(f"the correction of {self.source} changes no setting", "give settings, for example onsets")
        words = Settings((k, str(v)) for k, v in self.labels.items() if v is not None)
        object.__setattr__(self, "labels", words)

    @property
    def words(self) -> str:
        """Return which recording is meant and who says so, for a message."""
        which = "".join(f", {k} {v}" for k, v in self.labels.items())
        return f"{self.source}{which}" + (f" (from {self.origin})" if self.origin else "")


def _bad(message: str, remedy: str) -> SettingsError:
    return SettingsError(message, code="bad-correction", remedy=remedy)


def load(path: str | PathLike[str], *, setting: str | None = None) -> list[Correction]:
    """Return the corrections of a file.

    Parameters
    ----------
    path : path
        Either a table (separated by commas, semicolons or tabs) with a row for each onset: ``source``, ``release``,
        ``onset (s)`` or ``onset (ms)``, where ``leave out`` or nothing leaves the release out; any further column is
        a label that tells records of one source apart. Columns ``step`` and ``start`` are for the eye. Where there is
        a column ``found``, a row whose onset is the one found changes nothing. Or JSON, a list of
        ``{"source": …, "labels": {…}, "settings": {"onsets": {"2": 1.4642, "4": null}}}``, times in seconds; one whose
        ``found`` equals its settings changes nothing, and one with ``"withdrawn": true`` (or ``"settings": {}``)
        takes back what was corrected of this record before.
    setting : str, optional
        What it is to correct. Of anything but ``onsets`` there are no tables: the file is JSON.

    Returns
    -------
    list of Correction
        One for each source and set of labels; those of a table hold ``onsets``.

    Raises
    ------
    SettingsError
        ``missing-file``; ``time-unit-not-stated`` where an onset has no unit; ``correction-conflict`` where two rows
        contradict each other; ``bad-correction`` for anything else, with its line.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise SettingsError(f"there is no file {file.name}", code="missing-file", remedy="check the path") from None
    except OSError as error:
        raise _bad(f"{file.name} cannot be read ({error.strerror or error})", "give a file") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad(
            f"{file.name} is not UTF-8 text", f"give {_form(setting)}; from a spreadsheet save as CSV UTF-8"
        ) from None
    if text.lstrip()[:1] in ("[", "{"):
        return list(_from_json(text, file.name, _form(setting)))
    if setting not in (None, "onsets"):
        raise _bad(f"{file.name} is not JSON", f"give {_form(setting)}")
    return list(_from_table(text, file.name))


def _form(setting: str | None) -> str:
    """Return what a file of corrections is, in words."""
    if setting in (None, "onsets"):
        return _FORM
    return f"what --save-{setting} writes, a JSON list of objects with source and settings, changed where it is wrong"


def _from_json(text: str, name: str, form: str) -> Iterator[Correction]:
    def refuse(word: str) -> float:
        raise ValueError(f"{word} is no number")

    try:
        rows = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise _bad(f"{name} is not JSON ({error})", f"give {form}") from None
    if not isinstance(rows, list):
        raise _bad(f"{name} holds one object, not a list of them", "put it into brackets")
    for number, row in enumerate(rows, 1):
        where = f"{name}, object {number}"
        if not isinstance(row, dict):
            raise _bad(f"{where} is {row!r:.40}, no object", f"give {form}")
        unknown = sorted(set(row) - {"source", "labels", "settings", "found", "withdrawn"})
        if unknown:
            raise _bad(f"{where} has {unknown[0]!r}", "an object has source, settings and, where needed, labels")
        if "found" in row and row["found"] == row.get("settings"):
            continue  # as it was found: an object that corrects nothing
        try:
            settings, gone = row.get("settings", {}), row.get("withdrawn", row.get("settings") == {})
            if not isinstance(gone, bool):
                raise _bad(f"withdrawn={gone!r:.40}", "give true or false")
            yield Correction(row.get("source", ""), settings, row.get("labels") or {}, name, gone)
        except SettingsError as error:
            raise _bad(f"{where}: {error.message}", error.remedy) from None


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where what stands in a table of onsets, and the seconds of a unit of its times."""

    at: Mapping[str, int]
    labels: Mapping[str, int]
    seconds: Mapping[str, float]
    comma: bool  # whether 0,5 is a half


def _from_table(text: str, name: str) -> Iterator[Correction]:
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = max((";", "\t", ","), key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise _bad(f"{name} is no table ({error})", f"give {_FORM}") from None
    numbered = [(n, [c.strip() for c in row]) for n, row in enumerate(rows, 1) if any(c.strip() for c in row)]
    if not numbered:
        raise _bad(f"{name} is empty", f"give {_FORM}")
    titles = numbered[0][1]
    while not titles[-1]:  # a spreadsheet's empty columns
        titles.pop()
    columns = _columns(titles, name, separator)
    found: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, float | None]] = {}
    said: dict[tuple[object, ...], int] = {}
    for number, cells in numbered[1:]:
        where = f"{name}, line {number}"
        if any(cells[len(titles) :]):
            raise _bad(f"{where} has more cells than the head", "a comma within a number needs another separator")
        row = [*cells, *[""] * (len(titles) - len(cells))]
        source, release = _unquoted(row[columns.at["source"]]), _release(row[columns.at["release"]], where)
        if not source:
            raise _bad(f"{where} has no source", "give the name of a file that is measured")
        labels = tuple((k, _unquoted(row[i])) for k, i in columns.labels.items() if row[i])
        onset = _onset(row, "onset", columns, where)
        told = "found" in columns.at and row[columns.at["found"]].casefold() != BY_HAND
        if told and onset == _onset(row, "found", columns, where):
            continue  # as it was found: a row that corrects nothing
        mine = found.setdefault((source, labels), {})
        if mine.setdefault(release, onset) != onset:
            raise SettingsError(
                f"{where} contradicts line {said[source, labels, release]}: release {release} of {source}",
                code="correction-conflict",
                remedy="keep one of them",
            )
        said.setdefault((source, labels, release), number)
    for (source, labels), onsets in found.items():
        yield Correction(source, {"onsets": onsets}, dict(labels), name)


def _columns(head: Sequence[str], name: str, separator: str) -> _Columns:
    at: dict[str, int] = {}
    labels: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for i, cell in enumerate(head):
        parts = _HEAD.fullmatch(cell)
        word = parts[1].lower() if parts else cell.lower() if cell.lower() in _TABLE else cell
        if not word:
            raise _bad(f"{name}: column {i + 1} has no name", "name it, or take it out")
        place = at if word in _TABLE else labels
        if word in place:
            raise _bad(f"{name} has two columns {word}", "keep one of them")
        place[word] = i
        if word in ("onset", "found"):
            seconds[word] = _seconds(word, parts[2] if parts else "", name)
    missing = [word for word in ("source", "release", "onset") if word not in at]
    if missing:
        raise _bad(f"{name} has no column {' and no column '.join(missing)}", f"give {_FORM}")
    return _Columns(at, labels, seconds, separator != ",")


def _seconds(word: str, unit: str, name: str) -> float:
    if not unit.strip():
        raise SettingsError(
            f"{name}: the column {word} states no unit",
            code="time-unit-not-stated",
            remedy=f"head it {word} (s) or {word} (ms)",
        )
    try:
        return units.convert_factor(unit, "s")
    except InputError:
        raise _bad(f"{name}: {word} is in {unit!r}, which is no unit of time", f"head it {word} (s)") from None


def _release(cell: str, where: str) -> str:
    number = re.fullmatch(r"([0-9]+)(?:\.0*)?", cell)
    if not number or int(number[1]) < 1:
        raise _bad(f"{where}: {cell!r} is no number of a release", "releases count from 1")
    return str(int(number[1]))


def _onset(row: Sequence[str], word: str, columns: _Columns, where: str) -> float | None:
    cell = row[columns.at[word]]
    if not cell or cell.casefold() == LEAVE_OUT:
        return None
    try:
        value = float(cell.replace(",", ".") if columns.comma else cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _bad(f"{where}: {word} {cell!r} is no time", f"give a number, or {LEAVE_OUT}")
    return value * columns.seconds[word]


def _unquoted(cell: str) -> str:
    """Return a cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if re.match(r"'[=+\-@＝＋－＠]", cell) else cell
