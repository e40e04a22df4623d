"""Which files make one item: by file, by folder, or by a pattern of their names."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import SettingsError
from ..record import Flag
from .files import Entry

__all__ = ["LABELS", "Item", "fields_of", "items", "pattern_fields"]

LABELS = ("subject", "session", "muscle", "side", "fibre", "animal", "group", "frame")
"""Label names that readers and the command line share; in a pattern they tell items apart."""

_MAX_PATTERN = 200
_FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Item:
    """The files of one unit of work, and the labels their names give.

    ``fallback`` labels hold where nothing else names the item; ``labels`` are the caller's decision.
    """

    entries: tuple[Entry, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    fallback: Mapping[str, str] = field(default_factory=dict)
    by_sheet: bool = False


def _parts(pattern: str) -> tuple[list[str], list[str]]:
    """Return the literals (one more than fields) and the fields of a pattern, or refuse it."""

    def refuse(why: str) -> SettingsError:
        return SettingsError(
            f"the pattern {pattern[:60]!r} {why}",
            code="bad-pattern",
            remedy='use None, "folder", "sheet" or a pattern of file names such as "{fibre}_{n}.slc"',
        )

    if len(pattern) > _MAX_PATTERN:
        raise refuse(f"has {len(pattern)} characters, at most {_MAX_PATTERN} are taken")
    pieces = _FIELD.split(unicodedata.normalize("NFC", pattern.replace("\\", "/")))
    literals, fields = pieces[::2], pieces[1::2]
    if not fields:
        raise refuse("names no field in braces")
    if any("{" in text or "}" in text for text in literals):
        raise refuse("has a brace that is no field")
    if len(set(fields)) < len(fields):
        raise refuse("names a field twice")
    if any(text == "" for text in literals[1:-1]):
        raise refuse("has two fields with nothing between them to tell them apart")
    return literals, fields


def _leftmost(text: str, literals: list[str]) -> list[str] | None:
    """Match field by field, each as short as can be, in linear time; None where nothing matches."""
    if not text.startswith(literals[0]):
        return None
    place, values = len(literals[0]), []
    for literal in literals[1:-1]:
        end = text.find(literal, place + 1)
        if end < 0:
            return None
        values.append(text[place:end])
        place = end + len(literal)
    end = len(text) - len(literals[-1])
    if end <= place or not text.endswith(literals[-1]):
        return None
    values.append(text[place:end])
    return None if any("/" in v for v in values) else values


def _match(name: str, literals: list[str], fields: list[str]) -> dict[str, str] | Flag:
    depth = sum(text.count("/") for text in literals)
    tail = "/".join(name.split("/")[-depth - 1 :])
    forward = _leftmost(tail, literals)
    turned = _leftmost(tail[::-1], [text[::-1] for text in reversed(literals)])
    backward = None if turned is None else [v[::-1] for v in reversed(turned)]
    if forward is None or backward is None:
        return Flag("pattern-mismatch", "its name does not follow the pattern of group_by", "skipped")
    if forward != backward:
        ways = " or ".join(", ".join(f"{f}={v}" for f, v in zip(fields, w, strict=True)) for w in (forward, backward))
        return Flag(
            "pattern-ambiguous",
            f"its name follows the pattern of group_by in two ways ({ways}); put more fixed text into the pattern",
            "failed",
        )
    return dict(zip(fields, forward, strict=True))


def pattern_fields(pattern: str) -> tuple[str, ...]:
    """Return the names of the fields of a pattern.

    Raises
    ------
    SettingsError
        ``bad-pattern`` if it is none.
    """
    return tuple(_parts(pattern)[1])


def fields_of(name: str, pattern: str) -> dict[str, str] | None:
    """Return what stands in the fields of a pattern in a file's name, None where it follows it in no way, or in two."""
    found = _match(unicodedata.normalize("NFC", name), *_parts(pattern))
    return None if isinstance(found, Flag) else found


def items(entries: Iterable[Entry], group_by: str | None) -> list[Item]:
    """Return the items in the order of their first file.

    Parameters
    ----------
    entries : iterable of Entry
    group_by : str or None
        None or ``"sheet"``: one item a file. ``"folder"``: one item a folder. Otherwise a pattern: fields among
        :data:`LABELS` tell items apart (all fields, if none is) and become labels, as does any other field that is
        the same for all files of the item.

    Raises
    ------
    SettingsError
        If the pattern is none (code ``bad-pattern``).
    """
    if group_by in (None, "", "file", "sheet"):
        return [Item((e,), by_sheet=group_by == "sheet") for e in entries]
    groups: dict[tuple[object, ...], list[Entry]] = {}
    words: dict[tuple[object, ...], list[dict[str, str]]] = {}
    literals, fields = ([], []) if group_by == "folder" else _parts(str(group_by))
    telling = [f for f in fields if f in LABELS] or fields
    for number, entry in enumerate(entries):
        key: tuple[object, ...]
        if entry.problem is not None:
            key = ("alone", number)
        elif group_by == "folder":
            key = ("folder", os.path.dirname(entry.path))
        else:
            matched = _match(entry.name, literals, fields)
            if isinstance(matched, Flag):
                key = ("alone", number)
                level = "failed" if entry.named else matched.level
                flag = Flag(matched.code, matched.message, level)
                entry = Entry(entry.path, entry.name, entry.folder, entry.named, flag)
            else:
                key = ("pattern", *(matched[f] for f in telling))
                words.setdefault(key, []).append(matched)
        groups.setdefault(key, []).append(entry)
    result = []
    for key, members in groups.items():
        labels: dict[str, str] = {}
        for f in fields if key in words else ():
            values = {w[f] for w in words[key]}
            if len(values) == 1:
                labels[f] = values.pop()
        fallback = {"fibre": members[0].folder} if key[0] == "folder" else {}
        result.append(Item(tuple(members), labels, fallback))
    return result
