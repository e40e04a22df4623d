"""What a person thinks of each record: accept, doubt or reject, with a note."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from pathlib import Path

from ..errors import SettingsError
from ..provenance import case_ids
from ..record import Record
from ..store.table import guarded
from ..store.whole import replaced

__all__ = ["HEAD", "LABELS", "NAME", "WORDS", "Rating", "checked", "joined", "labelled", "load", "rated", "save"]

NAME = "ratings.csv"
HEAD = ("item", "source", "frame", "rating", "note")
WORDS = ("accept", "doubt", "reject")
LABELS = ("rating", "rating_note")
"""The labels by which a rating stands in the tables."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One row of ``ratings.csv``.

    Attributes
    ----------
    item : str
        The record's word of :func:`musclemetrics.provenance.case_ids`; may be empty.
    source, frame : str
        Name of its file and its label ``frame``; they find the record where the item is not given or not known.
    rating : str
        ``accept``, ``doubt`` or ``reject``; empty where there is a note alone.
    note : str
    """

    item: str
    source: str
    frame: str
    rating: str
    note: str


def _bad(message: str, remedy: str) -> SettingsError:
    return SettingsError(message, code="bad-rating", remedy=remedy)


def load(path: str | PathLike[str]) -> list[Rating]:
    """Return the ratings of a file.

    Parameters
    ----------
    path : path
        CSV with the columns ``item, source, frame, rating, note`` (separated by commas or semicolons).

    Raises
    ------
    SettingsError
        ``missing-file``; ``bad-rating`` for anything that is no such file, with its line, and for two rows that rate
        one record differently.
    """
    file = Path(path)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(f"there is no file {file.name}", code="missing-file", remedy="check the path") from None
    except OSError as error:
        raise _bad(f"{file.name} cannot be read ({error.strerror or error})", "give a file") from error
    except UnicodeDecodeError:
        raise _bad(f"{file.name} is not UTF-8 text", "from a spreadsheet save as CSV UTF-8") from None
    first = text.partition("\n")[0]
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count)))
    except csv.Error as error:
        raise _bad(f"{file.name} is no table ({error})", f"give the columns {', '.join(HEAD)}") from None
    head = [cell.strip().lower() for cell in table[0]] if table else []
    if "rating" not in head or not {"item", "source"} & set(head) or len(set(head)) < len(head):
        raise _bad(f"{file.name} has no ratings", f"give the columns {', '.join(HEAD)}")
    found: dict[tuple[str, ...], Rating] = {}
    for number, row in enumerate(table[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        if any(cell.strip() for cell in row[len(head) :]):
            raise _bad(f"{file.name}, line {number} has more cells than the head", "put a note with a comma in quotes")
        cells = dict(zip(head, [_unquoted(c.strip()) for c in row], strict=False))
        rating = cells.get("rating", "").lower()
        if rating not in ("", *WORDS):
            raise _bad(f"{file.name}, line {number}: {rating!r:.40} is no rating", f"use {', '.join(WORDS)}")
        item, source, frame, note = (cells.get(k, "") for k in ("item", "source", "frame", "note"))
        one = Rating(item, source, frame, rating, note)
        if not one.item and not one.source:
            raise _bad(f"{file.name}, line {number} names no record", "give its item or its source")
        above = found.setdefault((one.item,) if one.item else ("", one.source, one.frame), one)
        if (above.rating, above.note) != (rating, note):
            raise _bad(f"{file.name}, line {number} rates a record otherwise than a line above", "keep one of them")
    return list(found.values())


def save(ratings: Iterable[Rating], path: Path) -> None:
    """Write ratings in the form that :func:`load` reads."""
    with replaced(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEAD)
        for r in ratings:
            writer.writerow([guarded(c) for c in (r.item, r.source, r.frame, r.rating, r.note)])


def joined(old: Iterable[Rating], new: Iterable[Rating], records: Sequence[Record] = ()) -> list[Rating]:
    """Return both, new ones in place of old ones of the same records; one without rating and note takes both back.

    Parameters
    ----------
    old, new : iterable of Rating
    records : sequence of Record, optional
        All of a run: they tell which ratings are of the same record though they name it otherwise.
    """
    before, now = list(old), list(new)
    anew = {place for place, _ in _places(records, now)} - {None} if records else set()
    places = _places(records, before) if records else [(None, "")] * len(before)
    found = {(r.item, r.source, r.frame): r for r, (place, _) in zip(before, places, strict=True) if place not in anew}
    found.update({(r.item, r.source, r.frame): r for r in now})
    return [r for r in found.values() if r.rating or r.note]


def checked(records: Sequence[Record], ratings: Sequence[Rating]) -> list[str]:
    """Return in words which ratings name no record, or one by its file alone.

    Raises
    ------
    SettingsError
        ``bad-rating`` if one names two records, or two of them rate one record differently.
    """
    told = []
    held: dict[int, Rating] = {}
    for one, (place, why) in zip(ratings, _places(records, ratings), strict=True):
        if why.startswith(_TWO):
            raise _bad(f"the rating of {_word(one)} {why}", "correct its item, source or frame; or leave one empty")
        if place is not None:
            first = held.setdefault(place, one)
            if (first.rating, first.note) != (one.rating, one.note):
                said = f"{first.rating or 'a note'} and {one.rating or 'a note'}"
                raise _bad(f"two rows rate {_word(one)}: {said}", "keep one of them")
        if why:
            told.append(f"the rating of {_word(one)} {why}")
    return told


def rated(records: Sequence[Record], ratings: Sequence[Rating]) -> tuple[list[Rating | None], list[str]]:
    """Return the rating of each record, and in words what did not fit: such that name none, or several.

    Parameters
    ----------
    records : sequence of Record
        All of a run, in their order; their traces are not needed.
    ratings : sequence of Rating
        Of two of one record the later holds.
    """
    own: list[Rating | None] = [None] * len(records)
    told = []
    for one, (place, why) in zip(ratings, _places(records, ratings), strict=True):
        if why:
            told.append(f"the rating of {_word(one)} {why}")
        if place is None:
            continue
        first = own[place]
        if first is not None and (first.rating, first.note) != (one.rating, one.note):
            told.append(f"two ratings are of {_word(one)}; the later, {one.rating or 'a note'}, holds")
        own[place] = one
    return own, told


_TWO = "names two records"


def _word(one: Rating) -> str:
    return (one.source or one.item) + (f", frame {one.frame}" if one.frame else "")


def _places(records: Sequence[Record], ratings: Iterable[Rating]) -> list[tuple[int | None, str]]:
    """Return for each rating which record it is of, None if of none or of several, and what is to be told of it."""
    by_id = {word: number for number, word in enumerate(case_ids(records))}
    by_source: dict[tuple[str, str], list[int]] = {}
    for number, record in enumerate(records):
        for name, _ in record.provenance.sources:
            by_source.setdefault((name, record.labels.get("frame", "")), []).append(number)
    out: list[tuple[int | None, str]] = []
    for one in ratings:
        place = by_id.get(one.item)
        if place is not None:
            names = [name for name, _ in records[place].provenance.sources]
            frame = records[place].labels.get("frame", "")
            if (one.source and one.source not in names) or (one.frame and one.frame != frame):
                is_of = names[0] + (f", frame {frame}" if frame else "")
                out.append((None, f"{_TWO}: {one.item} is the word for {is_of}"))
            else:
                out.append((place, ""))
            continue
        places = by_source.get((one.source, one.frame), [])
        if len(places) == 1:
            why = f"has the word {one.item}, which no record has, and was taken by its file" if one.item else ""
            out.append((places[0], why))
        elif places:
            out.append((None, f"may belong to {len(places)} records: give its item"))
        else:
            out.append((None, f"belongs to no record{_closest(one.source, (name for name, _ in by_source))}"))
    return out


def _closest(name: str, names: Iterable[str]) -> str:
    found = get_close_matches(name, dict.fromkeys(names), 1, 0.6) if name else []
    found = [other for other in found if other != name]
    return f"; the closest is {found[0]}" if found else ""


def _unquoted(cell: str) -> str:
    """Return a cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and guarded(cell[1:]) != cell[1:] else cell


def labelled(records: Iterable[Record], own: Sequence[Rating | None]) -> Iterator[Record]:
    """Yield the records with their ratings as the labels ``rating`` and ``rating_note``."""
    for record, one in zip(records, own, strict=True):
        if one is None:
            yield record
        else:
            yield record.labelled(rating=one.rating or None, rating_note=one.note or None)
