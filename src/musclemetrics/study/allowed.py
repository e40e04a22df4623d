"""Labels that are kept as they are where nobody is named, since the caller says so; and which never are."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import SettingsError
from .days import like_a_date
from .kept import PERSONS, WHO
from .wording import masked

__all__ = ["allowed", "not_safe", "plainly", "refuse_persons"]

_OLDEST = 89
_PERSONAL = re.compile(r"[@^]|[0-9]{6}")


def refuse_persons(names: Iterable[str]) -> None:
    """Refuse to keep labels that are of persons or in anybody's words, whatever they say (``not-safe``)."""
    for name in names:
        if name not in WHO and PERSONS.fullmatch(name.strip()):
            raise SettingsError(
                f"the label {plainly(name)} is of persons, or in anybody's words, and is not kept in a run that names "
                "nobody",
                code="not-safe",
                remedy=f"leave --allow {plainly(name)} out, or give what is needed of it a column of its own",
            )


def allowed(name: str, word: str) -> str:
    """Return the word of a label that is kept as it is; ``not-safe`` where it may name someone or a day."""
    if name == "age":
        try:
            return f"{_OLDEST + 1} or more" if float(word.rstrip("yY ")) > _OLDEST else word
        except ValueError:
            pass
    if like_a_date(word) or _PERSONAL.search(word):
        raise not_safe(name, "what looks like a date, a number of a person or a name in parts")
    return word


def not_safe(name: str, what: str) -> SettingsError:
    """Return the refusal of a label that names someone or a day."""
    return SettingsError(
        f"the label {plainly(name)} is to be kept as it is, and names {what}",
        code="not-safe",
        remedy=f"leave --allow {plainly(name)} out, or mend the label",
    )


def plainly(name: str) -> str:
    """Return the name of a label where it is our own word; a head of a table may be anybody's."""
    return masked(name)
