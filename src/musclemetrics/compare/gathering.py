"""From records to numbers in groups of animals, refusing what a comparison would have to guess."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, SettingsError
from ..record import Flag, Record

__all__ = ["Study", "gather"]


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What two groups of records hold: one value a fibre, one index an animal."""

    modality: str
    groups: tuple[str, str]
    used: tuple[Record, ...]
    values: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]
    animals: tuple[str, ...]
    unit: NDArray[np.int64]
    in_b: NDArray[np.bool_]
    flags: tuple[Flag, ...]
    left_out: int


def gather(
    records: Iterable[Record],
    *,
    of: Sequence[str],
    log: Sequence[str],
    group: str,
    animal: str | None,
    fibre: str,
    pair: tuple[str, str] | None,
    reference: str | None,
    may_differ: Sequence[str],
) -> Study:
    """Return the study `records` make up, or raise what forbids comparing them."""
    listed = list(records)
    odd = next((type(r).__name__ for r in listed if not isinstance(r, Record)), None)
    if odd is not None:
        raise InputError(f"records holds a {odd}", code="not-a-record", remedy="give records, as measure returns them")
    if not listed:
        raise InputError("there are no records to compare", code="no-records", remedy="give the records of two groups")
    modality = _one({r.modality for r in listed}, "modality", "mixed-modalities", "compare records of one modality")
    numbered = list(enumerate(listed))
    unlabelled = [(i, r) for i, r in numbered if not r.labels.get(group) and r.status in ("ok", "suspect")]
    if unlabelled:
        raise InputError(
            f"{len(unlabelled)} of {len(listed)} records have no label {group!r}, the first is {_name(*unlabelled[0])}",
            code="group-not-stated",
            remedy=f"label them: record.labelled({group}=…), or name the label that holds the group",
        )
    flags: list[Flag] = []
    groups = _groups([r.labels[group] for r in listed if r.labels.get(group)], group, pair, reference, flags)
    inside = [(i, r) for i, r in numbered if r.labels.get(group) in (*groups, None, "")]
    used, lost = _usable(inside, of)
    for name in groups:
        if not any(r.labels[group] == name for _, r in used):
            raise InputError(
                f"group {name!r} has no record with {', '.join(of)} ({len(lost)} left out)",
                code="empty-group",
                remedy="see the flags of its records",
            )
    _one_unit(used, of)
    _same_settings([r for _, r in used], may_differ, flags)
    values = _values(used, of, log)
    unit, animals, in_b = _units_of_analysis(used, group, groups, animal, fibre, flags)
    flags += _left_out_flags(lost, [r for _, r in used], of, animal)
    flags += _doubts([r for _, r in used], of)
    return Study(
        modality,
        groups,
        tuple(r for _, r in used),
        values,
        {name: used[0][1][name].unit for name in of},
        animals,
        unit,
        in_b,
        tuple(flags),
        len(lost),
    )


Numbered = list[tuple[int, Record]]


def _name(i: int, record: Record) -> str:
    words = ", ".join(f"{k} {v}" for k, v in record.labels.items())
    return f"record {i} ({words})" if words else f"record {i}"


def _one(found: set[str], what: str, code: str, remedy: str) -> str:
    if len(found) > 1:
        raise InputError(f"records of {what} {', '.join(sorted(found))} are mixed", code=code, remedy=remedy)
    return next(iter(found))


def _groups(
    labels: list[str], group: str, pair: tuple[str, str] | None, reference: str | None, flags: list[Flag]
) -> tuple[str, str]:
    """Return the two groups, the reference first."""
    seen = list(dict.fromkeys(labels))
    listed = ", ".join(repr(s) for s in seen)
    asked = [*(pair or ()), *([reference] if reference is not None else [])]
    unknown = next((name for name in asked if name not in seen), None)
    if unknown is not None:
        raise SettingsError(f"no record has {group} {unknown!r}", code="unknown-group", remedy=f"use one of {listed}")
    if len(seen) < 2:
        raise InputError(
            f"all records are of {group} {listed}, two groups are needed",
            code="one-group",
            remedy="give the records of both groups, or name the label that tells them apart with group=…",
        )
    if pair is None and len(seen) > 2:
        raise SettingsError(
            f"the records are of {len(seen)} groups ({listed}), two can be compared at a time",
            code="many-groups",
            remedy=f"give pair=({seen[0]!r}, {seen[1]!r}) or another two",
        )
    first, second = pair if pair is not None else (seen[0], seen[1])
    if reference not in (None, first, second):
        raise SettingsError(
            f"reference={reference!r} is not of the pair {first!r}, {second!r}",
            code="unknown-group",
            remedy="name one of the two",
        )
    a, b = (second, first) if reference == second else (first, second)
    if pair is None and reference is None:
        flags.append(
            Flag("reference-assumed", f"{a!r} came first and is the reference (a), {b!r} is b; set reference=…", "note")
        )
    others = len(labels) - labels.count(a) - labels.count(b)
    if others:
        flags.append(Flag("other-groups-left-out", f"{others} records of other groups were not used", "note"))
    return a, b


def _usable(inside: Numbered, of: Sequence[str]) -> tuple[Numbered, Numbered]:
    """Split into the records that hold every number asked for and those that do not."""
    used: Numbered = []
    lost: Numbered = []
    for i, record in inside:
        measured = record.status in ("ok", "suspect")
        missing = next((name for name in of if name not in record), None)
        if measured and missing is not None:
            raise SettingsError(
                f"{_name(i, record)} has no measurement {missing!r}",
                code="unknown-measurement",
                remedy=f"use names of {', '.join(record)}",
            )
        good = measured and all(math.isfinite(record[name].value) for name in of)
        (used if good else lost).append((i, record))
    return used, lost


def _one_unit(used: Numbered, of: Sequence[str]) -> None:
    for name in of:
        found = {r[name].unit for _, r in used}
        _one(found, f"{name} in", "mixed-units", "measure all of them in one unit")


def _same_settings(used: list[Record], may_differ: Sequence[str], flags: list[Flag]) -> None:
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
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in found)
        if numbers or any(isinstance(v, tuple) for v in found) or key in may_differ:
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


def _values(used: Numbered, of: Sequence[str], log: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    out = {}
    for name in of:
        values = np.array([r[name].value for _, r in used])
        if name in log:
            if (values <= 0).any():
                k = int(np.flatnonzero(values <= 0)[0])
                raise InputError(
                    f"{name} is {values[k]:g} in {_name(*used[k])}, it has no logarithm",
                    code="not-positive",
                    remedy=f"leave that record out, or compare {name} as it is with log=()",
                )
            values = np.log(values)
        out[name] = values
    return out


def _units_of_analysis(
    used: Numbered, group: str, groups: tuple[str, str], animal: str | None, fibre: str, flags: list[Flag]
) -> tuple[NDArray[np.int64], tuple[str, ...], NDArray[np.bool_]]:
    """Return the index of each record's animal, the animals' names, and which of them are of group b."""
    if animal is not None:
        bare = [(i, r) for i, r in used if not r.labels.get(animal)]
        if bare:
            raise InputError(
                f"{len(bare)} of {len(used)} records have no label {animal!r}, the first is {_name(*bare[0])}",
                code="animal-not-stated",
                remedy=f"label them: record.labelled({animal}=…); animal=None takes every record for an animal",
            )
    else:
        flags.append(
            Flag(
                "pseudo-replication",
                f"each of the {len(used)} records counts as a unit of its own (animal=None); fibres of one animal "
                "resemble each other, so p is too small unless each record is of another animal: label the animals",
            )
        )
    home: dict[str, str] = {}
    seen: dict[tuple[str, str], int] = {}
    names: list[str] = []
    for i, record in used:
        where, called = record.labels[group], record.labels.get(fibre, "")
        owner = record.labels[animal] if animal is not None else (called and f"fibre {called}")
        if owner and home.setdefault(owner, where) != where:
            kind = "animal" if animal is not None else "fibre"
            raise InputError(
                f"{owner if animal is None else f'{animal} {owner}'} is in both groups, {home[owner]!r} and {where!r}",
                code=f"{kind}-in-two-groups",
                remedy=f"give each {kind} a name of its own; a treatment within {kind}s needs a paired comparison",
            )
        key = (owner if animal is not None else "", called)
        if called and seen.setdefault(key, i) != i:
            raise InputError(
                f"{fibre} {called!r}" + (f" of {animal} {owner}" if animal else "") + f" is there twice: "
                f"records {seen[key]} and {i}",
                code="fibre-twice",
                remedy="keep one of them, or give the fibres names of their own",
            )
        names.append(owner if animal is not None else f"record {i}")
    nameless = sum(not r.labels.get(fibre) for _, r in used)
    if nameless:
        flags.append(
            Flag("fibre-not-stated", f"{nameless} records have no label {fibre!r}: repeats cannot be found", "note")
        )
    order = {name: k for k, name in enumerate(dict.fromkeys(names))}
    unit = np.array([order[name] for name in names], dtype=np.int64)
    in_b = np.zeros(len(order), dtype=bool)
    for k, (_, record) in zip(unit, used, strict=True):
        in_b[k] = record.labels[group] == groups[1]
    return unit, tuple(order), in_b


def _left_out_flags(lost: Numbered, used: list[Record], of: Sequence[str], animal: str | None) -> list[Flag]:
    failed = [(i, r) for i, r in lost if r.status in ("failed", "skipped")]
    empty = [(i, r) for i, r in lost if r.status in ("ok", "suspect")]
    flags = []
    if failed:
        text = f"{len(failed)} failed or skipped records were not used, the first is {_name(*failed[0])}"
        flags.append(Flag("failed-records-left-out", text, "note"))
    if empty:
        text = f"{len(empty)} records lack one of {', '.join(of)} and were not used, the first is {_name(*empty[0])}"
        flags.append(Flag("values-left-out", text, "note"))
    if animal is not None:
        kept = {r.labels[animal] for r in used}
        gone = sorted({name for _, r in lost if (name := r.labels.get(animal)) and name not in kept})
        if gone:
            text = f"{animal} {', '.join(gone)} has no record left: what failed may not have failed by chance"
            flags.append(Flag("animal-left-out", text, "suspect"))
    return flags


def _doubts(used: list[Record], of: Sequence[str]) -> list[Flag]:
    flags = []
    doubtful = sum(r.status == "suspect" for r in used)
    if doubtful:
        flags.append(Flag("suspect-records-used", f"{doubtful} of {len(used)} records used are suspect", "note"))
    unlimited = sum(any(math.isinf(v) for name in of for v in r[name].interval) for r in used)
    if unlimited:
        text = f"{unlimited} of {len(used)} records used have a {' or '.join(of)} the data do not limit on one side"
        flags.append(Flag("open-interval-records", text, "note"))
    numbers: dict[tuple[float, ...], int] = {}
    for r in used:
        key = tuple(m.value for m in r.measurements)
        numbers[key] = numbers.get(key, 0) + 1
    copies = sum(n for key, n in numbers.items() if n > 1 and len(key) > 1)
    if copies:
        text = f"{copies} records share all their numbers with another: the same data may be there twice"
        flags.append(Flag("identical-records", text))
    return flags
