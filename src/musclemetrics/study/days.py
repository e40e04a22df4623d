"""Dates as people and machines write them, where they can be read in one way only."""

from __future__ import annotations

import re
from datetime import date

__all__ = ["day_of", "like_a_date"]

_FORMS = (
    re.compile(r"(?P<y>[0-9]{4})[-./](?P<m>[0-9]{1,2})[-./](?P<d>[0-9]{1,2})"),
    re.compile(r"(?P<y>(?:19|20)[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"),
    re.compile(r"(?P<d>[0-9]{1,2})\.(?P<m>[0-9]{1,2})\.(?P<y>[0-9]{4})"),
)
_SLASHED = re.compile(r"([0-9]{1,2})[-/ ]([0-9]{1,2})[-/ ]([0-9]{4})")
_CLOCK = re.compile(r"[T ]?[0-9]{1,2}:?[0-9]{2}(?::?[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?")
_LIKE = re.compile(
    r"[0-9]{1,4}[-./ ][0-9]{1,2}[-./ ][0-9]{2,4}|(?:19|20)[0-9]{6}"
    r"|(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])"
    r"|\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?|januar|februar|märz|mai|juni|juli|okt(?:ober)?|dez(?:ember)?)\b",
    re.IGNORECASE,
)


def day_of(word: str) -> date | None:
    """Return the day a text is, None where it is none or may be two (``03/04/2024``).

    Examples
    --------
    >>> day_of("2024-03-04") == day_of("20240304") == day_of("4.3.2024"), day_of("25/12/2024"), day_of("03/04/2024")
    (True, datetime.date(2024, 12, 25), None)
    """
    text = word.strip()
    for form in _FORMS:
        found = form.match(text)
        rest = text[found.end() :] if found else ""
        if found and (not rest or _CLOCK.fullmatch(rest)):
            return _day(int(found["y"]), int(found["m"]), int(found["d"]))
    found = _SLASHED.fullmatch(text)
    if found:
        one, other, year = (int(n) for n in found.groups())
        if one > 12 or one == other:
            return _day(year, other, one)
        if other > 12:
            return _day(year, one, other)
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def like_a_date(word: str) -> bool:
    """Whether a text may hold a date in any form: a year, a month's name, three numbers in a row."""
    return bool(_LIKE.search(word))
