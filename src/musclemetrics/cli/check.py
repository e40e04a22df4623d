"""What would be read: arrays, units, labels, every guess; and what each modality would make of it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import readers
from ..batch import Entry, Item, checked_reading, items, listed
from ..errors import MuscleMetricsError, SettingsError, UnknownFormatError
from ..modalities import MODALITIES, modality
from ..reading import Event, Inputs, Reading
from . import NOTHING, OK, SOME_FAILED
from .settings import options_converted, pairs

__all__ = ["check"]

_MOST = 8
_TRIED = 8  # records of a modality that are measured to see whether they can be: a table may hold hundreds


def check(arguments: Namespace) -> int:
    """Carry out ``musclemetrics check PATH…``."""
    options = options_converted(pairs(arguments.reading, "-r"))
    checked_reading(options)
    read = failed = 0
    for item in items(listed(arguments.paths), arguments.group_by):
        readings: list[Reading] = []
        for entry in item.entries:
            try:
                found = _file(entry, options)
                readings += found
                read += 1
                failed += any(not r.arrays for r in found)
            except UnknownFormatError as error:
                failed += entry.named
                print(f"  {'failed' if entry.named else 'skipped'}: {error} [{error.code}]")
            except SettingsError as error:
                if error.code in ("bad-setting", "unknown-unit"):  # no file can mend it
                    raise
                failed += 1
                print(f"  failed: {error} [{error.code}]")
            except MuscleMetricsError as error:
                failed += entry.problem is None or entry.problem.level == "failed"
                print(f"  {entry.problem.level if entry.problem else 'failed'}: {error} [{error.code}]")
            except Exception as error:
                failed += 1
                print(f"  failed: {type(error).__name__}: {error} [internal-error]")
        if readings:
            _uses(item, readings)
        print()
    if not read:
        return NOTHING
    return SOME_FAILED if failed else OK


def _file(entry: Entry, options: dict[str, Any]) -> list[Reading]:
    print(entry.name)
    if entry.problem is not None:
        raise MuscleMetricsError(entry.problem.message, code=entry.problem.code)
    path = Path(entry.path)
    given = dict(options)
    chosen = given.pop("reader", None) or readers.sniff(path, given)
    known = readers.options_of(chosen)
    for name in [n for n in given if n not in known]:
        print(f"  note: the reader {chosen} has no option {name}, which was not used")
        del given[name]
    if "errors" in known:  # as the batch reads: one bad fibre does not hide the others
        given.setdefault("errors", "flag")
    found = list(readers.read(path, reader=chosen, **given))
    print(f"  reader {chosen}: {len(found)} recording{'s' if len(found) != 1 else ''}")
    for reading in found[:_MOST]:
        _reading(reading)
    if len(found) > _MOST:
        print(f"  and {len(found) - _MOST} more recordings")
    for note in dict.fromkeys(n for r in found for n in r.notes):
        print(f"  guess: {note}")
    for flag in dict.fromkeys(f for r in found for f in r.flags):
        print(f"  {flag.level}: {flag.message} [{flag.code}]")
    return found


def _reading(reading: Reading) -> None:
    words = ", ".join(f"{k} {v}" for k, v in reading.labels.items())
    print(f"  - {words or 'no labels'}")
    facts = []
    for name in reading:
        array = reading[name]
        unit = reading.unit(name)
        shown = "no unit" if unit is None else "no dimension" if unit == "1" else unit
        if array.ndim == 0:
            facts.append(f"{name} = {array.item():.6g}" if array.dtype.kind in "fiu" else f"{name} = {array.item()!r}")
            facts[-1] += "" if unit in (None, "1") else f" {unit}"
            continue
        print(f"      {name} ({shown}): {_extent(array)}")
    if facts:
        print(f"      {', '.join(facts)}")
    _events(reading.events)


def _events(events: Sequence[Event]) -> None:
    """Print what happened when; a train of one name is one line."""
    times: dict[str, list[Event]] = {}
    for event in events:
        times.setdefault(event.name, []).append(event)
    lines: list[tuple[float, str]] = []
    for name, same in times.items():
        if len(same) > 3:
            lines.append((same[0].time, f"{name}, {len(same)} times until {same[-1].time:.6g} s"))
        else:
            lines += [(e.time, name + _word(e)) for e in same]
    for time, words in sorted(lines)[: 2 * _MOST]:
        print(f"      event at {time:.6g} s: {words}")
    if len(lines) > 2 * _MOST:
        print(f"      and {len(lines) - 2 * _MOST} more events")


def _word(event: Event) -> str:
    """Return what an event says of itself: the text of a comment, the parameters of a command."""
    said = next((str(event.details[k]) for k in ("text", "parameters", "options") if event.details.get(k)), "")
    return f" ({said[:60]})" if said else ""


def _extent(array: Any) -> str:
    size = " × ".join(str(n) for n in array.shape)
    if array.dtype.kind not in "fiu" or array.size == 0:
        return f"{size} values"
    finite = array[np.isfinite(array)]
    text = f"{size} values"
    if finite.size:
        text += f", {finite.min():.6g} to {finite.max():.6g}"
    return text + (f", {array.size - finite.size} missing" if finite.size < array.size else "")


def _uses(item: Item, readings: Sequence[Reading]) -> None:
    """Print what each modality would make of the readings of an item: first those that measure something.

    Beside them a modality that was not given its arrays takes a line; where nothing can be measured each says all.
    """
    who = "these files together" if len(item.entries) > 1 else "this file"
    tried = [_tried(name, readings) for name in MODALITIES]
    some = any(t.good for t in tried)
    for t in sorted(tried, key=lambda t: (not t.good, some and bool(t.strange))):
        if t.error is not None:
            known = isinstance(t.error, MuscleMetricsError)
            said = f"{t.error} [{t.error.code}]" if known else f"{type(t.error).__name__}: {t.error}"  # type: ignore[attr-defined]
            print(f"  {t.name}: not from {who}: {said}")
            continue
        line = f"  {t.name}: {t.good} record{'s' if t.good != 1 else ''} from {who}"
        if some and t.strange:
            print(f"{line}: {t.strange}")
            continue
        print(line)
        _told("no number", (_reason(one, why) for one, why in t.failed))
        if len(t.found) > _TRIED:
            print(f"    the first {_TRIED} of {len(t.found)} were tried")
        own_notes = {n for r in readings for n in r.notes}
        _told("guess", (n for one in t.found for n in one.notes if n not in own_notes))
        _told("fact", (f"{k} = {_stated(v)}" for one in t.found for k, v in one.settings.items()))
        own = {f for r in readings for f in r.flags}
        _told("flag", (f"{f.message} [{f.code}]" for one in t.found for f in one.flags if f not in own))


@dataclass(frozen=True, slots=True)
class _Try:
    """What one modality made of some readings: inputs, those without a number and why, or why there are none."""

    name: str
    found: Sequence[Inputs] = ()
    failed: Sequence[tuple[Inputs, BaseException]] = ()
    error: Exception | None = None

    @property
    def good(self) -> int:
        return len(self.found) - len(self.failed)

    @property
    def strange(self) -> str:
        """Why these are no recordings of its kind, where no array it needs was given; empty for any other reason."""
        reasons = [one.reason for one in self.found]
        if not reasons or any(r is None for r in reasons):
            return ""
        first = reasons[0]
        assert first is not None
        return f"{first.message.partition('; it holds')[0]} [{first.code}]"


def _tried(name: str, readings: Sequence[Reading]) -> _Try:
    try:
        found = list(modality(name).inputs([r for r in readings if r.arrays]))
    except Exception as error:
        return _Try(name, error=error)
    failed = [(one, why) for one in found[:_TRIED] if (why := _refusal(name, one)) is not None]
    failed += [(one, one.reason) for one in found[_TRIED:] if one.reason is not None]
    return _Try(name, found, failed)


def _refusal(name: str, one: Inputs) -> BaseException | None:
    """Return why measuring would give no number, by measuring with what the file states; the numbers are not shown."""
    if one.reason is not None:
        return one.reason
    try:
        modality(name).measure(**one.args, **one.settings)
    except Exception as error:
        return error
    return None


def _reason(one: Inputs, why: BaseException) -> str:
    words = ", ".join(f"{k} {v}" for k, v in one.labels.items())
    known = isinstance(why, MuscleMetricsError)
    said = f"{why} [{why.code}]" if known else f"{type(why).__name__}: {why} [internal-error]"  # type: ignore[attr-defined]
    return (f"{words}: " if words else "") + said


def _stated(value: Any) -> Any:
    return "not stated" if value is None else value


def _told(kind: str, lines: Iterable[str]) -> None:
    listed_once = list(dict.fromkeys(lines))
    for line in listed_once[:_MOST]:
        print(f"    {kind}: {line}")
    if len(listed_once) > _MOST:
        print(f"    and {len(listed_once) - _MOST} more")
