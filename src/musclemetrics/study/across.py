"""What only all records of a run together tell of subjects whose names are codes: their visits, their spellings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from ..record import Flag, Record
from .kept import WHO

__all__ = ["with_days", "with_spellings"]


def with_days(record: Record, days: Mapping[str, date], first: Mapping[str, date]) -> Record:
    """Return a record with days since the first visit of its subject in place of its dates.

    Parameters
    ----------
    record : Record
    days : Mapping
        The dates, by their labels.
    first : Mapping
        The first date of each subject or animal.

    Returns
    -------
    Record
        The label ``date`` becomes ``day``, a number; any other is ``day 84``.
    """
    if not days:
        return record
    start = first.get(record.labels.get("subject") or record.labels.get("animal") or "")
    labels: dict[str, str] = {}
    for name, word in record.labels.items():
        if name not in days:
            labels[name] = word
        elif start is not None:
            number = (days[name] - start).days
            alone = name in ("date", "day")
            labels["day" if alone else name] = str(number) if alone else f"day {number}"
    if start is not None:
        return replace(record, labels=labels)
    message = "a date was left out: without a subject there is no first visit to count days from"
    return replace(record, labels=labels, flags=(*record.flags, Flag("date-left-out", message, "note")))


def with_spellings(records: list[Record]) -> list[Record]:
    """Return the records without the codes of what spellings have in common, which become flags."""
    spellings: dict[tuple[str, str], dict[str, None]] = {}
    for r in records:
        for who in WHO:
            if who in r.labels and f"{who}_alike" in r.labels:
                spellings.setdefault((who, r.labels[f"{who}_alike"]), {})[r.labels[who]] = None
    out = []
    for r in records:
        flags = []
        for who in WHO:
            word = r.labels.get(who)
            others = [w for w in spellings.get((who, r.labels.get(f"{who}_alike", "")), {}) if w != word]
            if word is not None and others:
                also = ", ".join(others[:4])
                message = (
                    f"{who} {word} is spelt nearly as {also}; they are kept apart: write them alike if they are one"
                )
                flags.append(Flag("possible-duplicate-subject", message, "suspect"))
        labels = {k: w for k, w in r.labels.items() if not k.endswith("_alike")}
        out.append(replace(r, labels=labels, flags=(*r.flags, *flags)))
    return out
