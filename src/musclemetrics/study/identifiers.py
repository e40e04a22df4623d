"""Which words of the inputs may tell whom they are of: names of files, headers of DICOM, columns of persons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from os import PathLike
from pathlib import Path

from ..batch import listed
from ..errors import MuscleMetricsError, ReadError, SettingsError
from .days import day_of
from .kept import KEPT, PERSONS
from .sheet import cells_of
from .wording import own_words

__all__ = ["Identifiers", "collected"]

_SHORTEST = 3
_TOKEN = re.compile(r"[^\W_]+")
# Elements whose single words tell where somebody works or lives, or are written by hand.
_PLACE = re.compile("Institution|Station|Address|Department|Location|Comments|Residence")


@dataclass(slots=True)
class Identifiers:
    """Words to be searched for.

    Attributes
    ----------
    found : dict of str to set of str
        Where each word was seen: ``PatientName``, ``file name``, ``column subject``.
    passed : set of str
        Words that are not searched for by themselves, because they are too short or our own.
    looked : int
        How many files of the inputs were looked at.
    unread : int
        Of how many of these nothing but the name was read, since no reader knows them.
    """

    found: dict[str, set[str]] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    looked: int = 0
    unread: int = 0

    def add(self, word: str, where: str, *, alone: bool = True) -> None:
        """Note a word; `alone` is false for a part of another, which has to be no word of ours."""
        text = word.strip()
        if len(text) < _SHORTEST or (text.isdigit() and len(text) < 4) or (_is_own(text) and " " not in text):
            if alone and text:
                self.passed.add(text)
            return
        self.found.setdefault(text, set()).add(where)

    def add_parts(self, text: str, where: str, shortest: int = 4) -> None:
        """Note the words of a text that tell something by themselves: numbers from five digits, words as given."""
        for token in _TOKEN.findall(text):
            if len(token) >= (5 if token.isdigit() else shortest):
                self.add(token, where, alone=False)

    def add_person(self, text: str, where: str) -> None:
        """Note a person's name, its parts, and the orders they may be written in."""
        for group in text.split("="):
            parts = [p for p in re.split(r"[\s^,;_.]+", group) if p]
            if not parts:
                continue
            self.add(group.strip("^ "), where)
            for part in parts:
                self.add(part, where, alone=False)
            # Where a part is looked for by itself and long enough to tell, the orders add nothing.
            told = any(part in self.found and len(part) > 5 for part in parts[:2])
            for some in (parts[:2], parts[:3]) if len(parts) > 1 and not told else ():
                for order in permutations(some):
                    for mark in (" ", ", ", ",", "_", "-", ".", "^", ""):
                        self.add(mark.join(order), where)

    def add_date(self, text: str, where: str) -> None:
        """Note a date in the forms it may be written in."""
        day = day_of(text)
        self.add(text, where)
        if day is not None:
            for form in ("%Y%m%d", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d %B %Y"):
                self.add(day.strftime(form), where)


def _is_own(text: str) -> bool:
    folded = text.casefold()
    return folded in _own_folded() or any(KEPT[name].fullmatch(text) for name in ("side", "muscle", "direction"))


_FOLDED: set[str] = set()


def _own_folded() -> set[str]:
    if not _FOLDED:
        _FOLDED.update(word.casefold() for word in own_words()[0])
    return _FOLDED


def collected(
    paths: Iterable[str | PathLike[str]], sheets: Sequence[str | PathLike[str]] = (), but: Iterable[str] = ()
) -> Identifiers:
    """Return the identifiers of files and folders.

    Parameters
    ----------
    paths : iterable of paths
        The inputs of a run, folders walked as a run does.
    sheets : sequence of paths, optional
        Tables of labels, wherever they lie.
    but : iterable of str, optional
        Words that are no identifiers.

    Raises
    ------
    SettingsError
        ``missing-file`` and ``unreadable``: what is not read cannot be searched for, and that nothing was found would
        say nothing; ``no-paths`` if no path is given, or there is no file in what is given; ``bad-sheet``.
    """
    found = Identifiers()
    given = [Path(p) for p in paths]
    for path in given:
        whole = str(path.absolute())
        found.add(whole, "path")
    folders: set[str] = {p.absolute().name if p.is_dir() else p.absolute().parent.name for p in given}
    entries = listed(given)
    for number, entry in enumerate(entries, 1):
        parts = entry.name.split("/")
        folders.update(parts[:-1])
        real = Path(entry.path).name
        for name in {parts[-1], real}:
            found.add(name, "file name")
            found.add(name.rpartition(".")[0] or name, "file name")
        found.add_parts(parts[-1].rpartition(".")[0] or parts[-1], "file name")
        if entry.problem is not None and entry.problem.code in ("missing-file", "unreadable"):
            missing = entry.problem.code == "missing-file"
            raise _unsearched(
                number, len(entries), "is not there" if missing else "cannot be opened", entry.problem.code
            )
        if entry.problem is None or entry.named:
            found.looked += 1
            try:
                _inside(Path(entry.path), found)
            except OSError as error:
                what = f"cannot be read ({error.strerror or error})"
                raise _unsearched(number, len(entries), what, "unreadable") from error
    if not found.looked:
        raise SettingsError(
            "there is no recording in the inputs, so that nothing could be searched for",
            code="no-paths",
            remedy="give the files or folders that were measured (--inputs)",
        )
    for name in folders:
        found.add(name, "folder name")
        found.add_parts(name, "folder name")
    for sheet in sheets:
        found.add(Path(sheet).name, "name of a sheet")
        found.add_parts(Path(sheet).stem, "name of a sheet")
        _noted(cells_of(Path(sheet)), found)
    for word in but:
        found.found.pop(word, None)
    return found


def _unsearched(number: int, count: int, what: str, code: str) -> SettingsError:
    return SettingsError(
        f"file {number} of {count} of the inputs {what}, so that nothing of it could be searched for",
        code=code,
        remedy="check the paths after --inputs",
    )


def _inside(path: Path, found: Identifiers) -> None:
    from .. import readers

    try:
        kind = readers.sniff(path)
    except ReadError as error:
        if error.code in ("missing-file", "unreadable"):
            raise OSError(error.message) from error
        found.unread += 1
        return
    if kind == "dicom":
        _header(path, found)
    elif kind == "table":
        try:
            cells = cells_of(path)
        except MuscleMetricsError:
            found.unread += 1
            return
        _noted(cells, found)


def _header(path: Path, found: Identifiers) -> None:
    from ..readers.dicom.persons import words_of

    with path.open("rb") as stream:
        for name, kind, text in words_of(stream):
            if kind == "PN":
                found.add_person(text, name)
            elif kind in ("DA", "DT"):
                found.add_date(text, name)
            elif kind == "UI" and text.startswith("1.2.840.10008."):
                continue  # of the standard, in every file of its kind
            elif kind in ("DS", "IS", "TM") and len(text) < 9:
                found.passed.add(text)
            else:
                found.add(text, name)
                if kind in ("LO", "LT", "ST", "UT", "SH", "UN") and len(text) > 40:
                    found.add_parts(text, name)
                elif _PLACE.search(name):
                    found.add_parts(text, name, 6)


def _noted(rows: list[list[str]], found: Identifiers) -> None:
    for head, cells in _table(rows):
        if not PERSONS.fullmatch(head.strip()):
            continue
        where = f"column {head.strip().casefold()}"
        for cell in cells:
            if day_of(cell) is not None:
                found.add_date(cell, where)
            elif re.search(r"[^\W\d_]{2}", cell):
                found.add_person(cell, where)
            else:
                found.add(cell, where)


def _table(rows: list[list[str]]) -> Iterator[tuple[str, list[str]]]:
    for number, head in enumerate(rows[0] if rows else ()):
        yield head, [row[number] for row in rows[1:] if number < len(row) and row[number].strip()]
