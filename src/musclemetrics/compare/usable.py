"""Records fit to be used together: of one modality, one unit, one set of decisions, with the numbers asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, SettingsError
from ..record import Flag, Record

__all__ = [
    "Numbered",
    "doubts",
    "left_out_flags",
    "list_of_records",
    "name_of",
    "names_given",
    "numbers",
    "one_modality",
    "one_unit",
    "same_settings",
    "usable",
]

Numbered = list[tuple[int, Record]]


def names_given(value: str | Sequence[str], name: str) -> tuple[str, ...]:
    """Return one or several names as a tuple, or refuse what is not a list of different names."""
    found = (value,) if isinstance(value, str) else tuple(value)
    if len(set(found)) < len(found) or not all(isinstance(x, str) and x for x in found):
        raise SettingsError(f"{name}={value!r} is not a list of different names", remedy="give each name once")
    return found


def list_of_records(records: Iterable[Record], wanted: str) -> list[Record]:
    """Return `records` as a list, or raise where there are none or something else is among them."""
    listed = list(records)
    odd = next((type(r).__name__ for r in listed if not isinstance(r, Record)), None)
    if odd is not None:
        raise InputError(f"records holds a {odd}", code="not-a-record", remedy="give records, as measure returns them")
    if not listed:
        raise InputError("there are no records to compare", code="no-records", remedy=wanted)
    return listed


def name_of(i: int, record: Record) -> str:
    """Return what a message calls a record: its place among those given, and its labels."""
    words = ", ".join(f"{k} {v}" for k, v in record.labels.items())
    return f"record {i} ({words})" if words else f"record {i}"


def _one(found: set[str], what: str, code: str, remedy: str) -> str:
    if len(found) > 1:
        raise InputError(f"records of {what} {', '.join(sorted(found))} are mixed", code=code, remedy=remedy)
    return next(iter(found))


def one_modality(records: Iterable[Record]) -> str:
    """Return the modality all `records` are of."""
    return _one({r.modality for r in records}, "modality", "mixed-modalities", "compare records of one modality")


def usable(inside: Numbered, of: Sequence[str]) -> tuple[Numbered, Numbered]:
    """Split into the records that hold every number asked for and those that do not."""
    used: Numbered = []
    lost: Numbered = []
    for i, record in inside:
        measured = record.status in ("ok", "suspect")
        missing = next((name for name in of if name not in record), None)
        if measured and missing is not None:
            raise SettingsError(
                f"{name_of(i, record)} has no measurement {missing!r}",
                code="unknown-measurement",
                remedy=f"use names of {', '.join(record)}",
            )
        good = measured and all(math.isfinite(record[name].value) for name in of)
        (used if good else lost).append((i, record))
    return used, lost


def one_unit(used: Numbered, of: Sequence[str]) -> None:
    """Refuse a measurement that is given in several units."""
    for name in of:
        found = {r[name].unit for _, r in used}
        _one(found, f"{name} in", "mixed-units", "measure all of them in one unit")


def same_settings(used: list[Record], may_differ: Sequence[str], flags: list[Flag]) -> None:
    """Refuse records measured by different decisions; facts that vary by recording are only noted.

    A decision is a word, a yes or no, or None against anything; a number or a pair (a length, a bracketing force) is
    a fact of the recording. Units are judged on the numbers themselves, mappings (conditions) are labels as well.
    """
    distinct = list({id(r.provenance.settings): r.provenance.settings for r in used}.values())
    if len(distinct) < 2:
        return
    noted = []
    for key in dict.fromkeys(k for settings in distinct for k in settings):
        found: list[Any] = []
        for settings in distinct:
            value = settings.get(key)
            if value not in found:
                found.append(value)
        if len(found) < 2 or key.endswith("_unit") or any(isinstance(v, Mapping) for v in found):
            continue
        facts = all(isinstance(v, int | float) and not isinstance(v, bool) for v in found)
        if facts or any(isinstance(v, tuple) for v in found) or key in may_differ:
            noted.append(key)
            continue
        shown = ", ".join(repr(v) for v in found[:4])
        raise InputError(
            f"the records were measured with different settings: {key} is {shown}",
            code="mixed-settings",
            remedy=f'measure all of them alike, or give may_differ=("{key}",) if it does not matter',
        )
    if noted:
        flags.append(Flag("settings-differ", f"the records differ in {', '.join(noted)}", "note"))


def numbers(used: Numbered, of: Sequence[str], log: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return the values of each measurement, those named in `log` as their natural logarithms."""
    out = {}
    for name in of:
        values = np.array([r[name].value for _, r in used])
        if name in log:
            if (values <= 0).any():
                k = int(np.flatnonzero(values <= 0)[0])
                raise InputError(
                    f"{name} is {values[k]:g} in {name_of(*used[k])}, it has no logarithm",
                    code="not-positive",
                    remedy=f"leave that record out, or compare {name} as it is with log=()",
                )
            values = np.log(values)
        out[name] = values
    return out


def left_out_flags(lost: Numbered, used: list[Record], of: Sequence[str], animal: str | None) -> list[Flag]:
    """Return the flags that count the records not used, and name the animals that vanish with them."""
    failed = [(i, r) for i, r in lost if r.status in ("failed", "skipped")]
    empty = [(i, r) for i, r in lost if r.status in ("ok", "suspect")]
    flags = []
    if failed:
        text = f"{len(failed)} failed or skipped records were not used, the first is {name_of(*failed[0])}"
        flags.append(Flag("failed-records-left-out", text, "note"))
    if empty:
        text = f"{len(empty)} records lack one of {', '.join(of)} and were not used, the first is {name_of(*empty[0])}"
        flags.append(Flag("values-left-out", text, "note"))
    if animal is not None:
        kept = {r.labels[animal] for r in used}
        gone = sorted({name for _, r in lost if (name := r.labels.get(animal)) and name not in kept})
        if gone:
            text = f"{animal} {', '.join(gone)} has no record left: what failed may not have failed by chance"
            flags.append(Flag("animal-left-out", text, "suspect"))
    return flags


def doubts(used: list[Record], of: Sequence[str]) -> list[Flag]:
    """Return the flags on the records used: suspect ones, open intervals, and the same numbers twice."""
    flags = []
    doubtful = sum(r.status == "suspect" for r in used)
    if doubtful:
        flags.append(Flag("suspect-records-used", f"{doubtful} of {len(used)} records used are suspect", "note"))
    unlimited = sum(any(math.isinf(v) for name in of for v in r[name].interval) for r in used)
    if unlimited:
        text = f"{unlimited} of {len(used)} records used have a {' or '.join(of)} the data do not limit on one side"
        flags.append(Flag("open-interval-records", text, "note"))
    counts: dict[tuple[float, ...], int] = {}
    for r in used:
        key = tuple(m.value for m in r.measurements)
        counts[key] = counts.get(key, 0) + 1
    copies = sum(n for key, n in counts.items() if n > 1 and len(key) > 1)
    if copies:
        text = f"{copies} records share all their numbers with another: the same data may be there twice"
        flags.append(Flag("identical-records", text))
    return flags
