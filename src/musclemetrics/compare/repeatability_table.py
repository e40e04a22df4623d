"""From records to a table of repeats, subject by occasion, refusing what would have to be guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..record import Flag, Record
from .usable import (
    Numbered,
    doubts,
    left_out_flags,
    list_of_records,
    name_of,
    numbers,
    one_modality,
    one_unit,
    same_settings,
    usable,
)

__all__ = ["DEVICES", "PARTS", "Repeats", "gather_repeats"]

PARTS = ("animal", "muscle", "side", "fibre")
"""Labels of what is measured: a subject's repeats must agree in them."""

DEVICES = ("device", "probe", "electrodes", "spacing", "direction")
"""Labels of what it is measured with: numbers made with different ones are not pooled unnoticed."""


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """Records by subject and occasion, ordered by subject first.

    Attributes
    ----------
    used : tuple of Record
    values : Mapping of str to array, shape (records,)
        Natural logarithms for the names asked for so.
    subjects, occasions : tuple of str
        In the order of their first record; no occasions where they are not told apart.
    subject : array of int, shape (records,)
    """

    modality: str
    used: tuple[Record, ...]
    values: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]
    subjects: tuple[str, ...]
    occasions: tuple[str, ...]
    subject: NDArray[np.int64]
    flags: tuple[Flag, ...]
    left_out: int


def gather_repeats(
    records: Iterable[Record],
    *,
    of: Sequence[str],
    log: Sequence[str],
    subject: str,
    occasion: str | None,
    incomplete: str,
    may_differ: Sequence[str],
) -> Repeats:
    """Return the repeats `records` make up, or raise what forbids taking them together."""
    listed = list_of_records(records, "give the records of several subjects, each measured at least twice")
    modality = one_modality(listed)
    numbered = list(enumerate(listed))
    measured = [(i, r) for i, r in numbered if r.status in ("ok", "suspect")]
    _labelled(measured, subject, "or name the label that tells the subjects apart", code="subject-not-stated")
    if occasion is not None:
        _labelled(measured, occasion, "or give occasion=None if their order means nothing", code="occasion-not-stated")
    used, lost = usable(numbered, of)
    flags: list[Flag] = []
    one_unit(used, of)
    same_settings([r for _, r in used], may_differ, flags)
    _same_part(used, subject, occasion)
    flags += left_out_flags(lost, [r for _, r in used], of, None)
    gone = _whole_subjects(used, lost, subject)
    occasions: tuple[str, ...] = ()
    if occasion is not None:
        used, occasions, short = _complete(used, subject, occasion, incomplete)
        gone += short
    if gone:
        text = (
            f"{subject} {', '.join(gone)} was not used, repeats are missing: what failed may not have failed by chance"
        )
        flags.append(Flag("subject-left-out", text))
    subjects = tuple(dict.fromkeys(r.labels[subject] for _, r in used))
    _enough(used, subjects, occasions, subject, occasion)
    rank = {name: k for k, name in enumerate(subjects)}
    when = {name: k for k, name in enumerate(occasions)}
    used.sort(key=lambda entry: (rank[entry[1].labels[subject]], when.get(entry[1].labels.get(occasion or "", ""), 0)))
    kept = [r for _, r in used]
    flags += _devices(kept, occasion)
    flags += _sessions(kept, subject, occasion)
    flags += doubts(kept, of)
    return Repeats(
        modality,
        tuple(kept),
        numbers(used, of, log),
        {name: kept[0][name].unit for name in of},
        subjects,
        occasions,
        np.array([rank[r.labels[subject]] for r in kept], dtype=np.int64),
        tuple(flags),
        len(listed) - len(kept),
    )


def _labelled(measured: Numbered, label: str, otherwise: str, *, code: str) -> None:
    bare = [(i, r) for i, r in measured if not r.labels.get(label)]
    if bare:
        raise InputError(
            f"{len(bare)} of {len(measured)} records have no label {label!r}, the first is {name_of(*bare[0])}",
            code=code,
            remedy=f"label them: record.labelled({label}=…), {otherwise}",
        )


def _same_part(used: Numbered, subject: str, occasion: str | None) -> None:
    """Refuse repeats of one subject that are of different muscles, sides or fibres: they repeat nothing."""
    seen: dict[tuple[str, str], tuple[int, str]] = {}
    for i, record in used:
        owner = record.labels[subject]
        for label in PARTS:
            if label in (subject, occasion):
                continue
            own = record.labels.get(label, "")
            first, other = seen.setdefault((owner, label), (i, own))
            if own != other:
                raise InputError(
                    f"the repeats of {subject} {owner} are of {label} {other or 'unstated'} (record {first}) "
                    f"and {own or 'unstated'} (record {i})",
                    code="mixed-parts",
                    remedy=f"give the records of one {label} at a time, or occasion={label!r} if that is meant",
                )


def _whole_subjects(used: Numbered, lost: Numbered, subject: str) -> list[str]:
    kept = {r.labels[subject] for _, r in used}
    return sorted({name for _, r in lost if (name := r.labels.get(subject)) and name not in kept})


def _complete(
    used: Numbered, subject: str, occasion: str, incomplete: str
) -> tuple[Numbered, tuple[str, ...], list[str]]:
    """Return the records of the subjects seen on every occasion, the occasions, and the other subjects."""
    occasions = tuple(dict.fromkeys(r.labels[occasion] for _, r in used))
    cells: dict[tuple[str, str], int] = {}
    for i, record in used:
        key = (record.labels[subject], record.labels[occasion])
        if cells.setdefault(key, i) != i:
            raise InputError(
                f"{subject} {key[0]} has two records of {occasion} {key[1]}: {cells[key]} and {i}",
                code="occasion-twice",
                remedy="name the label that tells them apart with occasion=…, or give occasion=None if none of the "
                "labels does; records of several muscles or sides belong to studies of their own",
            )
    names = list(dict.fromkeys(name for name, _ in cells))
    short = [name for name in names if any((name, when) not in cells for when in occasions)]
    if short and incomplete == "refuse":
        first = next(when for when in occasions if (short[0], when) not in cells)
        raise InputError(
            f"{len(short)} of {len(names)} subjects lack an occasion, the first {short[0]}: no {occasion} {first}",
            code="incomplete-table",
            remedy='give incomplete="leave-out" to go without them, or occasion=None to take repeats in any number',
        )
    gone = set(short)
    return [(i, r) for i, r in used if r.labels[subject] not in gone], occasions, short


def _enough(
    used: Numbered, subjects: tuple[str, ...], occasions: tuple[str, ...], subject: str, occasion: str | None
) -> None:
    if len(subjects) < 2:
        raise InputError(
            f"repeatability needs at least 2 subjects with all their repeats, got {len(subjects)}",
            code="too-few-subjects",
            remedy=f"measure more subjects, or name the label that tells them apart with subject=… (now {subject!r})",
        )
    if len(used) == len(subjects) or (occasion is not None and len(occasions) < 2):
        raise InputError(
            "no subject was measured twice, so nothing is known of the error",
            code="no-repeats",
            remedy="give each subject's repeats as records of their own, under one name of the subject",
        )


def _devices(used: list[Record], occasion: str | None) -> list[Flag]:
    for label in DEVICES:
        found = list(dict.fromkeys(r.labels.get(label, "") for r in used))
        if label != occasion and len(found) > 1:
            shown = ", ".join(name or "unstated" for name in found[:4])
            text = f"the records are of {label} {shown}: their error is not one; take each {label} by itself"
            return [Flag("mixed-devices", text)]
    return []


def _sessions(used: list[Record], subject: str, occasion: str | None) -> list[Flag]:
    """Note repeats that were all taken in one session: they know nothing of what changes from one to the next."""
    if occasion == "session":
        return []
    of: dict[str, set[str]] = {}
    for r in used:
        of.setdefault(r.labels[subject], set()).add(r.labels.get("session", ""))
    if any(len(found) > 1 or "" in found for found in of.values()):
        return []
    text = "each subject's repeats are of one session: what differs between sessions is no part of this error"
    return [Flag("one-session", text + ", which is then too small to judge a change between them", "note")]
