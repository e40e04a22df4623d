"""Whether two measurements of a subject, and the study of repeatability they are judged by, were made alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InputError
from ..record import Flag, Provenance, Record
from .repeatability_table import DEVICES
from .usable import same_settings

__all__ = ["unlike"]

# What a study of repeatability must share with the subject it judges; its subjects and sides are others.
_OF_THE_STUDY = ("muscle", *DEVICES)


def unlike(
    before: list[Record],
    after: list[Record],
    study: Record,
    of: Sequence[str],
    log: Sequence[str],
    settings: Mapping[str, Any],
) -> tuple[dict[str, list[str]], list[Flag]]:
    """Return, for each measurement, the reasons why it cannot be compared, and the flags on what is doubtful."""
    both = [*before, *after]
    flags: list[Flag] = []
    common = _modalities(both, study)
    if not common:
        common = _labels(both, study, settings["alike"], flags)
        common += _decisions(both, study, settings["may_differ"], flags)
    common += _failed(before, "before") + _failed(after, "after")
    reasons = {x: [*common, *_number(before, after, study, x, x in log)] for x in of}
    flags += _range(before, after, study, [x for x in of if not reasons[x]])
    flags += _of_the_study(before, after, study)
    return reasons, flags


def _shown(names: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(name or "unstated" for name in names))


def _modalities(both: list[Record], study: Record) -> list[str]:
    found = [*(r.modality for r in both), study.provenance.reading["modality"]]
    return [f"records of modality {_shown(found)}"] if len(set(found)) > 1 else []


def _failed(records: list[Record], when: str) -> list[str]:
    bad = [r for r in records if r.status in ("failed", "skipped")]
    if not bad:
        return []
    why = next((f.message for f in bad[0].flags if f.level in ("failed", "skipped")), "")
    return [f"a record {when} has {bad[0].status}" + (f" ({why})" if why else "")]


def _labels(both: list[Record], study: Record, alike: Sequence[str], flags: list[Flag]) -> list[str]:
    called = study.provenance.settings["subject"]
    out = []
    for label in dict.fromkeys(called if name == "subject" else name for name in alike):
        found = [r.labels.get(label, "") for r in both]
        stated = {name for name in found if name}
        if len(stated) > 1:
            out.append(f"{label} {_shown(found)} differ")
        elif stated and "" in found:
            text = f"only some of the records state a {label} ({next(iter(stated))}): the others are taken to be alike"
            flags.append(Flag("comparability-unknown", text))
        own = study.provenance.reading["labels"].get(label, "")
        if label in _OF_THE_STUDY and own and stated and own not in stated:
            out.append(f"repeatability is of {label} {own}, these are of {_shown(sorted(stated))}")
    return out


def _decisions(both: list[Record], study: Record, may_differ: Sequence[str], flags: list[Flag]) -> list[str]:
    """Return the settings that differ; those of the study stand in for a record of their own."""
    measured = {**both[0].provenance.settings, **study.provenance.reading["measured"]}
    stand_in = Record(both[0].modality, (), provenance=Provenance(settings=measured))
    try:
        same_settings([*both, stand_in], (*may_differ, *study.provenance.settings["may_differ"]), flags)
    except InputError as error:
        return [error.message]
    return []


def _number(before: list[Record], after: list[Record], study: Record, x: str, logged: bool) -> list[str]:
    out = []
    units = [study.provenance.reading["units"][x]]
    for when, records in (("before", before), ("after", after)):
        for r in records:
            if r.status in ("failed", "skipped"):
                continue
            if x not in r:
                out.append(f"a record {when} has no {x}")
                continue
            units.append(r[x].unit)
            if not math.isfinite(r[x].value):
                out.append(f"{x} {when} was not determined")
            elif logged and r[x].value <= 0:
                out.append(f"{x} {when} is {r[x].value:g} and has no logarithm")
    if len(set(units)) > 1:
        out.append(f"units {_shown(units)} differ; measure all in one")
    error = study[f"{x}_SEM_log" if logged else f"{x}_SEM"].value
    if not error > 0:
        out.append("repeatability found no error to judge by")
    return list(dict.fromkeys(out))


def _range(before: list[Record], after: list[Record], study: Record, of: Sequence[str]) -> list[Flag]:
    out = []
    for x in of:
        low, high = study.provenance.reading["ranges"][x]
        beyond = [r[x].value for r in (*before, *after) if not low <= r[x].value <= high]
        if beyond:
            text = f"{x} {beyond[0]:.4g} lies outside {low:.4g} to {high:.4g}, where repeatability was studied"
            out.append(Flag("outside-studied-range", text + ": the error may be another there"))
    return out


def _of_the_study(before: list[Record], after: list[Record], study: Record) -> list[Flag]:
    out = []
    doubtful = [f.code for f in study.flags if f.level == "suspect"]
    if doubtful:
        text = f"the record of repeatability is suspect ({', '.join(dict.fromkeys(doubtful))}), and so is this verdict"
        out.append(Flag("repeatability-suspect", text))
    first, second = ({r.labels.get("session", "") for r in some} for some in (before, after))
    if study.flagged("one-session") and "" not in first | second and not first & second:
        text = "before and after are of different sessions, the repeats of the study of one: the error is too small"
        out.append(Flag("within-session-repeatability", text + "; study repeats between sessions"))
    return out
