"""Subjects whose names differ in spelling only: perhaps one person, perhaps two; told, never merged."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from ..record import Flag, Record

__all__ = ["alike", "told"]

_WHO = ("subject", "animal")


def alike(word: str) -> str:
    """Return what spellings of one name have in common: no case, blanks, leading zeros, or marks beside letters.

    Examples
    --------
    >>> alike("S-007 ") == alike("s7"), alike("1-1") == alike("11")
    (True, False)
    """
    text = unicodedata.normalize("NFKC", word).casefold().strip()
    text = re.sub(r"[\W_]+", "-", text).strip("-")
    text = re.sub(r"(?<=[^\W\d])-|-(?=[^\W\d])", "", text)
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", text)


def told(records: Iterable[Record]) -> list[Record]:
    """Return the records, flagged ``possible-duplicate-subject`` where a subject may go by two spellings.

    Parameters
    ----------
    records : iterable of Record
        All of a run, with their labels as people wrote them.
    """
    listed = list(records)
    spellings: dict[tuple[str, str], dict[str, None]] = {}
    for r in listed:
        for who in _WHO:
            if who in r.labels:
                spellings.setdefault((who, alike(r.labels[who])), {})[r.labels[who]] = None
    out = []
    for r in listed:
        flags = []
        for who in _WHO:
            word = r.labels.get(who)
            others = [w for w in spellings[who, alike(word)] if w != word] if word is not None else []
            if others:
                also = ", ".join(repr(w) for w in others[:4])
                message = (
                    f"{who} {word!r} is also written {also}; they are kept apart: write them alike if they are one"
                )
                flags.append(Flag("possible-duplicate-subject", message, "suspect"))
        out.append(replace(r, flags=(*r.flags, *flags)) if flags else r)
    return out
