"""The rows of a run become its records: labelled by the sheet, told apart by spelling, and safe where asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..record import Record
from . import spellings
from .joining import join
from .phi import Safe
from .sheet import Sheet

__all__ = ["settled"]


def settled(
    rows: Callable[[], Iterable[Record]], sheet: Sheet | None, safe: Safe | None, told: list[str]
) -> Iterator[Record]:
    """Yield the records of a run as they are to be seen.

    Parameters
    ----------
    rows : callable
        Gives all rows in input order, each time it is called: they are gone through twice, so that no more than one
        trace need be held.
    sheet : Sheet or None
        Whose rows know their files by the names in the records.
    safe : Safe or None
        Makes them safe to pass on.
    told : list of str
        Gets what did not fit, in words.

    Raises
    ------
    SettingsError
        ``sheet-file-twice``; ``not-safe``.
    """
    light = [replace(record, traces=()) for record in rows()]
    if sheet is not None:
        done = join(light, sheet)
        light = done.records
        told += [line for line in done.said if line not in told]
    light = spellings.told(light) if safe is None else safe.records(light)
    for whole, small in zip(rows(), light, strict=True):
        yield replace(small, traces=whole.traces)
