"""Which files the rows of a sheet are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from ..errors import SettingsError
from .sheet import Row, Sheet, matched, normal
from .spellings import alike

__all__ = ["placed"]

_FEW = 5


def placed(sheet: Sheet, names: Iterable[str]) -> Sheet:
    """Return a sheet whose rows know their files by the names that these have in the records.

    Parameters
    ----------
    sheet : Sheet
    names : iterable of str
        Of all files of a run.

    Returns
    -------
    Sheet
        A row of several files is there for each of them; one of no file has an empty name, and the notes tell.

    Raises
    ------
    SettingsError
        ``sheet-row-ambiguous``: a row names a file that there is twice, or all fields of the pattern are the same for
        two files.
    """
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(normal(name), name)
    found = _by_pattern(known, sheet) if sheet.match else _by_name(known, sheet)
    rows = [replace(row, file=name) for row in sheet.rows for name in found.get(row.number) or [""]]
    left = [row for row in sheet.rows if row.number not in found]
    notes = [*sheet.notes]
    if left:
        what = ", ".join(f"line {row.number} ({_words(row, sheet)})" for row in left[:_FEW])
        more = f" and {len(left) - _FEW} more" if len(left) > _FEW else ""
        notes.append(f"{len(left)} {'row' if len(left) == 1 else 'rows'} of no file: {what}{more}")
        near = _near(left, known, sheet) if sheet.match else ""
        notes += [near] if near else []
    return replace(sheet, rows=tuple(rows), notes=tuple(notes), match="", keys=())


def _by_name(known: Mapping[str, str], sheet: Sheet) -> dict[int, list[str]]:
    ways: dict[str, list[str]] = {}
    for word in known:
        for way in _ways(word):
            ways.setdefault(way, []).append(word)
    found = {}
    for row in sheet.rows:
        words = [row.file] if row.file in known else ways.get(row.file, [])
        if len(words) > 1:
            raise SettingsError(
                f"line {row.number} of {sheet.name} names {row.file}, which there is {len(words)} times "
                f"({words[0]}, {words[1]})",
                code="sheet-row-ambiguous",
                remedy="write the path as in the table of results",
            )
        if words:
            found[row.number] = [known[words[0]]]
    return found


def _ways(name: str) -> Iterable[str]:
    """Return every way to write a file: from the whole path down to the bare name, with and without its suffix."""
    parts = name.split("/")
    suffix = PurePosixPath(parts[-1]).suffix
    ways = ["/".join(parts[i:]) for i in range(len(parts))]
    return dict.fromkeys([*ways, *(way.removesuffix(suffix) for way in ways)])


def _by_pattern(known: Mapping[str, str], sheet: Sheet) -> dict[int, list[str]]:
    by_words = {tuple(row.labels[k] for k in sheet.keys): row.number for row in sheet.rows}
    found: dict[int, list[str]] = {}
    seen: dict[tuple[str, ...], str] = {}
    for word, name in known.items():
        fields = matched(word, sheet.match)
        number = None if fields is None else by_words.get(tuple(fields[k] for k in sheet.keys))
        if fields is None or number is None:
            continue
        first = seen.setdefault(tuple(fields.values()), word)
        if first != word:
            raise SettingsError(
                f"line {number} of {sheet.name} is of {first} and of {word}, which the pattern does not tell apart",
                code="sheet-row-ambiguous",
                remedy='put what tells them apart into the pattern: a folder or field ("{session}/{subject}"), or the '
                'suffix ("{subject}.dcm")',
            )
        found.setdefault(number, []).append(name)
    return found


def _words(row: Row, sheet: Sheet) -> str:
    return row.file or ", ".join(f"{k} {row.labels[k]}" for k in sheet.keys)


def _near(left: Sequence[Row], known: Mapping[str, str], sheet: Sheet) -> str:
    """Return a hint where a row and a file differ in spelling only, which is for a person to mend."""
    by_words = {tuple(alike(row.labels[k]) for k in sheet.keys): row for row in left}
    for word in known:
        fields = matched(word, sheet.match)
        row = None if fields is None else by_words.get(tuple(alike(fields[k]) for k in sheet.keys))
        key = next((k for k in sheet.keys if fields[k] != row.labels[k]), None) if fields and row else None
        if fields is not None and row is not None and key is not None:
            return f"line {row.number} has {key} {row.labels[key]!r}, the file {fields[key]!r}: write them alike"
    return ""
