"""Columns that summarise: means, standard deviations and counts are no fibres."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ...errors import ReadError
from .headers import Header, Table
from .numbers import Cell, is_missing, listed

__all__ = ["holds_means", "is_summary", "refuse_summaries"]

_MEANS = frozenset(("mean", "means", "average", "avg", "median", "mittelwert"))
_SPREADS = frozenset(
    ("sd", "stdev", "stddev", "std", "stdv", "sem", "se", "stderr", "cv", "variance", "ci", "error", "iqr", "stabw")
)
_PHRASES = re.compile(
    r"standard (?:deviation|error)|(?:sd|sem|se) of\b|confidence (?:interval|limit)|"
    r"\b(?:upper|lower) (?:limit|bound|ci|error|95)|\b(?:limit|bound|ci) (?:upper|lower)\b|95 ?ci\b"
)


def _words(header: Header) -> list[str]:
    text = unicodedata.normalize("NFKC", header.name).casefold()
    return re.findall(r"[^\W_]+", re.sub(r"\bstd\.\s*(dev|err)\w*\.?", "sd", text))


def is_summary(header: Header) -> bool:
    """Whether a column's name is that of a mean, a spread or a limit; a count (N) tells only beside one of these."""
    words = _words(header)
    if not words:
        return False
    # "SE 12" and "SD rat 3" may be fibres' own names: a spread stands alone or last, "control SD".
    named = words[-1] in _SPREADS or holds_means(header)
    return named or bool(_PHRASES.search(" ".join(words)))


def holds_means(header: Header) -> bool:
    """Whether a column's name says that its values are means."""
    return not _MEANS.isdisjoint(_words(header))


def _is_count(header: Header, cells: Sequence[Cell]) -> bool:
    """Whether this is a column ``N`` of whole numbers."""
    words = _words(header)
    if not words or words[-1] != "n":
        return False
    numbers = [str(c).removesuffix(".0") for c in cells if not is_missing(c)]
    return bool(numbers) and all(re.fullmatch("[0-9]{1,6}", n) for n in numbers)


def refuse_summaries(table: Table, columns: Sequence[Header]) -> None:
    """Raise where a column that is to be a fibre holds means, spreads or counts.

    Raises
    ------
    ReadError
        ``summary-table``.
    """
    found = [h for h in columns if is_summary(h)]
    counts = [h for h in columns if _is_count(h, table.cells(h))]
    if counts and (found or len(columns) == 2):
        found += [h for h in counts if h not in found]
    if found:
        raise ReadError(
            f"column(s) {listed([h.text for h in found])} hold means, spreads or counts and not single fibres; "
            f"the columns are {table.seen()}",
            code="summary-table",
            remedy="give the single fibres, a column each and without these, so that each is fitted; to fit the means "
            "all the same say -r layout=long -r x=NAME -r y=NAME; rename a column that is a fibre",
        )
