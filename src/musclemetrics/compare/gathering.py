"""From records to numbers in groups of animals, refusing what a comparison would have to guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, SettingsError
from ..record import Flag, Record
from .repeatability_table import DEVICES
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
    listed = list_of_records(records, "give the records of two groups")
    modality = one_modality(listed)
    numbered = list(enumerate(listed))
    unlabelled = [(i, r) for i, r in numbered if not r.labels.get(group) and r.status in ("ok", "suspect")]
    if unlabelled:
        raise InputError(
            f"{len(unlabelled)} of {len(listed)} records have no label {group!r}, "
            f"the first is {name_of(*unlabelled[0])}",
            code="group-not-stated",
            remedy=f"label them: record.labelled({group}=…), or name the label that holds the group",
        )
    flags: list[Flag] = []
    groups = _groups([r.labels[group] for r in listed if r.labels.get(group)], group, pair, reference, flags)
    inside = [(i, r) for i, r in numbered if r.labels.get(group) in (*groups, None, "")]
    used, lost = usable(inside, of)
    for name in groups:
        if not any(r.labels[group] == name for _, r in used):
            raise InputError(
                f"group {name!r} has no record with {', '.join(of)} ({len(lost)} left out)",
                code="empty-group",
                remedy="see the flags of its records",
            )
    one_unit(used, of)
    same_settings([r for _, r in used], may_differ, flags)
    values = numbers(used, of, log)
    unit, animals, in_b = _units_of_analysis(used, group, groups, animal, fibre, flags)
    flags += left_out_flags(lost, [r for _, r in used], of, animal)
    flags += doubts([r for _, r in used], of)
    flags += _devices([r for _, r in used], group, groups)
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


def _devices(used: list[Record], group: str, groups: tuple[str, str]) -> list[Flag]:
    """Flag records of several devices: a difference between groups may be one between devices."""
    for label in DEVICES:
        a, b = ({r.labels[label] for r in used if r.labels[group] == g and r.labels.get(label)} for g in groups)
        if label == group or len(a | b) < 2:
            continue
        shown = "; ".join(f"{g}: {', '.join(sorted(v)[:4])}" for g, v in zip(groups, (a, b), strict=True))
        said = (
            f"no {label} is in both groups, so that a difference between groups cannot be told from one between them"
            if a and b and not a & b
            else f"compare within one {label}, or see that both groups have as many of each"
        )
        return [Flag("mixed-devices", f"the records are of several {label}s ({shown}); {said}")]
    return []


def _units_of_analysis(
    used: Numbered, group: str, groups: tuple[str, str], animal: str | None, fibre: str, flags: list[Flag]
) -> tuple[NDArray[np.int64], tuple[str, ...], NDArray[np.bool_]]:
    """Return the index of each record's animal, the animals' names, and which of them are of group b."""
    if animal is not None:
        bare = [(i, r) for i, r in used if not r.labels.get(animal)]
        if bare:
            raise InputError(
                f"{len(bare)} of {len(used)} records have no label {animal!r}, the first is {name_of(*bare[0])}",
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
