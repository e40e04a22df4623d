"""Corrections find their records: files are named before the work, records told apart by their labels within it."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal

from ..corrections import Correction
from ..errors import InputError, SettingsError
from ..modalities import Modality
from ..record import Flag, Record
from .decisions import check_values, settings_of, unknown_setting
from .files import Entry

__all__ = ["Chosen", "chosen", "placed", "shared_out", "told"]


def placed(
    corrections: Iterable[Correction], entries: Sequence[Entry], module: Modality, settings: Mapping[str, Any]
) -> dict[str, tuple[Correction, ...]]:
    """Return the corrections of each file by its name, their settings checked.

    Raises
    ------
    SettingsError
        ``correction-unmatched`` or ``correction-ambiguous`` if no file, or several, may be meant;
        ``correction-conflict`` if two contradict each other; ``bad-correction``; those of settings.
    """
    given = list(corrections)
    if not given:
        return {}
    known = settings_of(module.measure)
    ends: dict[str, list[str]] = {}
    for entry in entries:
        ends.setdefault(entry.name.rsplit("/", 1)[-1], []).append(entry.name)
    found: dict[str, list[Correction]] = {}
    lost = []
    for one in given:
        if not isinstance(one, Correction):
            raise SettingsError(
                f"{one!r:.60} is no Correction",
                code="bad-correction",
                remedy="give corrections.Correction, or what corrections.load returns",
            )
        for name in one.settings:
            if name not in known:
                raise unknown_setting(name, known)
        check_values(module, {**settings, **one.settings})
        names = _meant(unicodedata.normalize("NFC", one.source.replace("\\", "/")), ends)
        if len(names) > 1:
            raise SettingsError(
                f"the correction of {one.words} may mean {' or '.join(names[:3])}",
                code="correction-ambiguous",
                remedy="give more of its path",
            )
        if not names:
            lost.append(one)
            continue
        own = found.setdefault(names[0], [])
        if one.withdrawn:
            own[:] = [c for c in own if c.labels != one.labels]
        else:
            own.append(replace(one, source=names[0]))
    if lost:
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        closest = get_close_matches(lost[0].source, [e.name for e in entries], 1, 0.6)
        raise SettingsError(
            f"the correction of {lost[0].words}{more} names no file that is measured"
            + (f"; the closest is {closest[0]}" if closest else ""),
            code="correction-unmatched",
            remedy="give these files too, or take their corrections out",
        )
    found = {name: own for name, own in found.items() if own}
    for own in found.values():
        alike: dict[str, list[Correction]] = {}
        for one in own:
            alike.setdefault(repr(sorted(one.labels.items())), []).append(one)
        for same in alike.values():
            try:
                _joined(same)
            except InputError as error:
                raise SettingsError(error.message, code=error.code, remedy=error.remedy) from None
    return {name: tuple(own) for name, own in found.items()}


def _meant(source: str, ends: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the files a name may mean: the one of that very name, else those of which it tells the end."""
    same = ends.get(source.rsplit("/", 1)[-1], ())
    if source in same:
        return [source]
    return [name for name in same if f"/{name}".endswith(f"/{source}") or f"/{source}".endswith(f"/{name}")]


def shared_out(
    corrections: Sequence[Correction],
    candidates: Sequence[tuple[Collection[str], Mapping[str, str]]],
    errors: Literal["raise", "flag"] = "flag",
) -> tuple[list[list[Correction]], list[tuple[Correction, str]]]:
    """Return the corrections of each record to come, and those that no single record takes, each with the reason.

    Parameters
    ----------
    corrections : sequence of Correction
    candidates : sequence of (names, labels)
        The files and the labels of each record to come.
    errors : {"flag", "raise"}
        Whether those without a record are returned, or the first of them ends the work.

    Raises
    ------
    SettingsError
        ``correction-not-used``, with ``errors="raise"`` only.
    """
    own: list[list[Correction]] = [[] for _ in candidates]
    unused = []
    for one in corrections:
        there = [i for i, (names, _) in enumerate(candidates) if one.source in names]
        hits = [i for i in there if _fits(one, candidates[i][1])]
        if len(hits) == 1:
            own[hits[0]].append(one)
        elif hits:
            differing = [k for k in candidates[hits[0]][1] if len({candidates[i][1].get(k) for i in hits}) > 1]
            which = f"say which by {' or '.join(differing)}" if differing else "no label tells them apart"
            unused.append((one, f"it fits {len(hits)} recordings; {which}"))
        elif there:
            # The closest first: those that share most labels.
            shared = {i: sum(candidates[i][1].get(k) == v for k, v in one.labels.items()) for i in there}
            closest = sorted(there, key=shared.__getitem__, reverse=True)[:3]
            labels = "; ".join(", ".join(f"{k} {v}" for k, v in candidates[i][1].items()) for i in closest)
            unused.append(
                (one, f"no recording of this file has such labels; there is {labels or 'one without labels'}")
            )
        else:
            unused.append((one, "the file gave nothing to measure"))
    if unused and errors == "raise":
        one, why = unused[0]
        raise SettingsError(
            f"the correction of {one.words} cannot be used: {why}",
            code="correction-not-used",
            remedy="name the recording by its labels, or take the correction out",
        )
    return own, unused


def _fits(one: Correction, labels: Mapping[str, str]) -> bool:
    return all(labels.get(name) == word for name, word in one.labels.items())


def told(records: Sequence[Record], unused: Iterable[tuple[Correction, str]]) -> list[Record]:
    """Return the records with a flag for each correction that was not used, on those it might have meant."""
    out = list(records)
    for one, why in unused:
        there = [i for i, r in enumerate(out) if any(name == one.source for name, _ in r.provenance.sources)]
        for i in [i for i in there if _fits(one, out[i].labels)] or there[:1]:
            flag = Flag("correction-not-used", f"the correction of {one.words} was not used: {why}", "suspect")
            out[i] = replace(out[i], flags=(*out[i].flags, flag))
    return out


@dataclass(frozen=True, slots=True)
class Chosen:
    """The settings of one measurement, and what must be told of its corrections."""

    settings: dict[str, Any]
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()
    error: InputError | None = None


def chosen(
    module: Modality, facts: Mapping[str, Any], caller: Mapping[str, Any], corrections: Sequence[Correction]
) -> Chosen:
    """Return what is decided for one measurement: the caller wins over the file, a correction over both, by name.

    A setting that is a mapping is joined key by key.
    """
    merged = {**facts, **caller}
    for name, fact in facts.items():
        if isinstance(fact, Mapping) and isinstance(caller.get(name), Mapping):
            merged[name] = {**fact, **caller[name]}
    if not corrections:
        return Chosen(merged)
    try:
        own = _joined(corrections)
    except InputError as error:
        return Chosen(merged, error=error)
    overruled = []
    for name, value in own.items():
        held = merged.get(name)
        if isinstance(value, Mapping) and isinstance(held, Mapping):
            held = {str(k): v for k, v in held.items()}
            overruled += [f"{name} {k}" for k in value if k in held and held[k] != value[k]]
            merged[name] = {**held, **value}
        else:
            if name in caller and caller[name] is not None and caller[name] != value:
                overruled.append(name)
            merged[name] = value
    flags = []
    if overruled:
        message = f"{', '.join(overruled)} is set for the whole run and corrected here; the correction was used"
        flags.append(Flag("correction-overrides-setting", message, "note"))
    origins = dict.fromkeys(one.origin or "the caller" for one in corrections)
    notes = (f"{', '.join(own)} corrected by hand, from {', '.join(origins)}",)
    return Chosen(merged, tuple(flags), notes)


def _joined(corrections: Sequence[Correction]) -> dict[str, Any]:
    """Return the settings of corrections together.

    Raises
    ------
    InputError
        ``correction-conflict`` if two contradict each other.
    """
    out: dict[str, Any] = {}
    for one in corrections:
        for name, value in one.settings.items():
            held = out.setdefault(name, value)
            if isinstance(value, Mapping) and isinstance(held, Mapping):
                twice = next((k for k in value if k in held and held[k] != value[k]), None)
                if twice is not None:
                    raise _conflict(one, f"{name} {twice} is {held[twice]!r} and {value[twice]!r}")
                out[name] = {**held, **value}
            elif held != value:
                raise _conflict(one, f"{name} is {held!r} and {value!r}")
    return out


def _conflict(one: Correction, how: str) -> InputError:
    return InputError(
        f"two corrections of {one.words} contradict each other: {how}",
        code="correction-conflict",
        remedy="keep one of them",
    )
