"""One item: its files are read, bridged, measured, and every one of them accounted for.

:func:`run` is the only function a worker executes. It takes plain data and returns records; whatever goes wrong
inside costs this item alone.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from ..corrections import Correction
from ..errors import ItemOutOfMemory, MuscleMetricsError, ReadError, SettingsError, UnknownFormatError
from ..provenance import HEAD, corrections_table, own_output, picture_name, sha256, unmeasured
from ..reading import Reading
from ..record import Flag, Provenance, Record
from .correcting import shared_out, told
from .decisions import defaults, named, resolved
from .files import Entry
from .grouping import Item
from .measuring import Job, bridged, measured

__all__ = ["Unit", "reason_of", "row_for", "run"]


# Options of the readers that are wrong whatever a file holds: they end the run rather than fail every file of it.
_NO_FILE_CAN_MEND = ("bad-setting", "unknown-unit")


@dataclass(frozen=True, slots=True)
class Unit:
    """Everything a worker needs for one item, as plain data that pickles."""

    item: Item
    module: str
    settings: Mapping[str, Any]
    input_settings: Mapping[str, Any]
    reading: Mapping[str, Any]
    errors: Literal["raise", "flag"] = "flag"
    corrections: tuple[Correction, ...] = ()
    overlays: str = ""


@dataclass(slots=True)
class _File:
    """What became of one file of the item."""

    entry: Entry
    digest: str = ""
    state: tuple[int, int] = (0, 0)
    reader: str = ""
    readings: list[Reading] = field(default_factory=list)
    spoilt: list[Reading] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    reason: Flag | None = None
    error: BaseException | None = None
    twin: str = ""

    @property
    def source(self) -> tuple[str, str]:
        return self.entry.name, self.digest


def reason_of(error: BaseException, entry: Entry | None = None) -> Flag:
    """Return the flag that tells why there is no number; nothing of a traceback or of a path is in it."""
    if isinstance(error, MuscleMetricsError):
        return Flag(error.code, _without_path(str(error), entry), "failed")
    if isinstance(error, MemoryError):
        return Flag(
            ItemOutOfMemory.default_code,
            "needs more memory than it may have; give it more (memory, --memory)",
            "failed",
        )
    if isinstance(error, OSError):
        return Flag(ReadError.default_code, f"cannot be read ({error.strerror or type(error).__name__})", "failed")
    text = ""
    with suppress(Exception):  # a stranger's error may not even be able to say what it is
        text = _without_path(str(error), entry)
    return Flag("internal-error", f"{type(error).__name__}: {text}"[:300], "failed")


def _without_path(text: str, entry: Entry | None) -> str:
    if entry is None:
        return text
    # The longer spelling first, else its tail would be left behind.
    for path in (entry.path, repr(entry.path)[1:-1], os.path.dirname(entry.path)):
        if len(path) > 1:
            text = text.replace(path, entry.name if path != os.path.dirname(entry.path) else "…")
    return text


def _state(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns


def _read(file: _File, options: Mapping[str, Any], errors: Literal["raise", "flag"], module: str) -> None:
    """Hash and read one file; what goes wrong is kept as its reason."""
    from .. import readers

    level: Literal["failed", "skipped"]
    try:
        file.state = _state(file.entry.path)
        with open(file.entry.path, "rb") as stream:
            head = stream.read(HEAD)
            stream.seek(0)
            file.digest = sha256(stream)
        # Results and corrections lie beside data more often than not, and must not be measured.
        if own_output(head) or corrections_table(head):
            level = "failed" if file.entry.named else "skipped"
            file.reason = Flag("own-output", "holds results or corrections of musclemetrics, no recordings", level)
            return
        given = dict(options)
        chosen = given.pop("reader", None)
        path = Path(file.entry.path)
        file.reader = str(chosen or readers.sniff(path, given))
        _for_this_kind(file, module)
        known = readers.options_of(file.reader)
        # Among files of several formats, an option of one means nothing to another: left out there, and said so.
        file.unused = [name for name in given if name not in known]
        if errors == "flag" and "errors" in known:
            # One bad fibre of a table must not take the others with it.
            given.setdefault("errors", "flag")
        for reading in readers.read(path, reader=file.reader, **{k: v for k, v in given.items() if k in known}):
            spoilt = not reading.arrays and any(f.level == "failed" for f in reading.flags)
            (file.spoilt if spoilt else file.readings).append(reading)
    except UnknownFormatError as error:
        # A stranger met in a folder is passed over; one the caller named is a failure.
        level = "failed" if file.entry.named else "skipped"
        file.error, file.reason = error, replace(reason_of(error, file.entry), level=level)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except SettingsError as error:
        if error.code in _NO_FILE_CAN_MEND:
            raise
        file.error, file.reason = error, reason_of(error, file.entry)
    except BaseException as error:  # a decoder's panic is no Exception, and still only this file's
        file.error, file.reason = error, reason_of(error, file.entry)


def _for_this_kind(file: _File, module: str) -> None:
    """Refuse pictures where traces are measured and tables where pictures are: figures and lists lie in any folder."""
    from .. import readers

    form = readers.FORMATS.get(file.reader)
    takes_pictures = "image" in inspect.signature(resolved(module).measure).parameters
    if form is not None and form.pictures != takes_pictures:
        raise UnknownFormatError(
            f"{file.entry.name} holds {'pictures' if form.pictures else 'no pictures'} ({form.about}), and "
            f"{named(module)} measures {'pictures' if takes_pictures else 'none'}",
            code="other-kind",
            remedy="leave it out, or measure it with a modality of its kind",
        )


def _changed(file: _File) -> bool:
    try:
        return _state(file.entry.path) != file.state
    except OSError:
        return True


def row_for(unit: Unit, reason: Flag, sources: tuple[tuple[str, str], ...]) -> Record:
    """Return the row of something that has no numbers."""
    module = resolved(unit.module)
    settings = {**defaults(module.measure), **unit.settings}
    row = unmeasured(
        named(unit.module), module.DEFINITIONS, settings, reason, labels={**unit.item.fallback, **unit.item.labels}
    )
    return replace(row, provenance=replace(row.provenance, sources=sources))


def run(unit: Unit) -> list[Record]:
    """Return the records of one item: the measured ones first, then a row for each file that gave none.

    Raises
    ------
    SettingsError
        If an option of the readers has a value that no file can mend.
    Exception
        Only with ``errors="raise"``: the first reason why something was not measured.
    """
    files = [_File(e) for e in unit.item.entries]
    for file in files:
        if file.entry.problem is not None:
            file.reason = file.entry.problem
        else:
            _read(file, unit.reading, unit.errors, unit.module)
        if unit.errors == "raise" and file.reason is not None and file.reason.level == "failed":
            raise file.error or ReadError(f"{file.entry.name}: {file.reason.message}", code=file.reason.code)
    _leave_out_copies(files)
    # Half a file among others would bias the item it belongs to; alone, what came before the fault still stands.
    used = [f for f in files if f.readings and (f.reason is None or len(files) == 1)]
    unused: list[tuple[Correction, str]] = []
    records = list(_measured(unit, files, used, unused))
    changed = [f for f in used if _changed(f)]
    if changed:
        reason = Flag(
            "file-changing",
            f"{changed[0].entry.name} changed while it was read; measure again when it is complete",
            "failed",
        )
        if unit.errors == "raise":
            raise ReadError(reason.message, code=reason.code)
        records = [row_for(unit, reason, tuple(f.source for f in used))]
    named_already = {name for r in records for name, _ in r.provenance.sources}
    for file in files:
        for reading in file.spoilt:
            reason = next(f for f in reading.flags if f.level == "failed")
            others = tuple(f for f in reading.flags if f is not reason)
            row = row_for(unit, reason, (file.source,))
            records.append(replace(row, flags=(*row.flags, *others), labels={**row.labels, **reading.labels}))
        if file.reason is not None:
            records.append(row_for(unit, file.reason, (file.source,)))
        elif file.entry.name not in named_already and not file.spoilt:
            empty = Flag("nothing-recorded", "the file holds no recording this modality can use", "failed")
            if unit.errors == "raise":
                raise ReadError(f"{file.entry.name}: {empty.message}", code=empty.code)
            records.append(row_for(unit, empty, (file.source,)))
    return told(records, unused)


def _leave_out_copies(files: list[_File]) -> None:
    """Leave out of an item what is byte for byte a file of it already: a copy would count its points twice."""
    first: dict[str, _File] = {}
    for file in files:
        if file.reason is not None or not file.digest:
            continue
        twin = first.setdefault(file.digest, file)
        if twin is not file:
            file.twin = twin.entry.name
            message = f"byte for byte the same file as {file.twin}, with which it would be measured; it was left out"
            file.reason = Flag("duplicate-file", message, "skipped")


def _measured(
    unit: Unit, files: list[_File], used: list[_File], unused: list[tuple[Correction, str]]
) -> Iterator[Record]:
    """Yield the records of the readings, stamped with what the batch knows; corrections without one go to `unused`."""
    flags: list[tuple[str, Flag]] = []  # each with the file a record must come from to bear it, "" for any
    for file in files:
        if file.twin:
            message = f"{file.entry.name} is byte for byte the same file as {file.twin} and was left out of this item"
            flags.append((file.twin, Flag("duplicate-file", message, "suspect")))
        if file.reason is None or file.reason.level != "failed":
            continue
        if file in used:
            message = f"the file could not be read to its end: {file.reason.message}"
            flags.append((file.entry.name, Flag("file-read-partly", message, "suspect")))
        else:
            message = f"{file.entry.name} could not be read and is missing from this item: {file.reason.message}"
            flags.append(("", Flag("file-missing-from-group", message, "suspect")))
    job = Job(unit.module, unit.settings, unit.input_settings, unit.errors, bool(unit.overlays))
    readings = [r for f in used for r in f.readings]
    home = {id(r): number for number, f in enumerate(used) for r in f.readings}
    everything = tuple(range(len(used)))
    read: dict[tuple[int, ...], tuple[tuple[tuple[str, str], ...], dict[str, Any]]] = {}
    by_sheet = groupby(readings, key=lambda r: r.labels.get("sheet", "")) if unit.item.by_sheet else [("", readings)]
    parts = [(sheet, bridged(job, list(members))) for sheet, members in by_sheet if readings]
    candidates = []
    for sheet, bridge in parts:
        for one in bridge.inputs:
            made_from = one.sources_from or bridge.readings
            whole = len(made_from) == len(readings)
            of = {used[n].entry.name for n in (everything if whole else (home[id(r)] for r in made_from))}
            words = {str(k): str(v) for k, v in one.labels.items()}
            words = {**unit.item.fallback, **({"sheet": sheet} if sheet else {}), **words, **unit.item.labels}
            candidates.append((of, words))
    owners, left = shared_out(unit.corrections, candidates, unit.errors)
    unused += left
    corrections = iter(owners)
    for sheet, bridge in parts:
        own_corrections = [next(corrections) for _ in bridge.inputs]
        for record, made_from, drawn in measured(
            job, bridge, own_corrections, hide=lambda e: reason_of(e, used[0].entry)
        ):
            numbers = everything if len(made_from) == len(readings) else tuple(sorted({home[id(r)] for r in made_from}))
            if numbers not in read:
                read[numbers] = _how_read(unit, [used[n] for n in numbers])
            sources, how = read[numbers]
            names = ["", *(name for name, _ in sources)]
            labels = {**unit.item.fallback, **({"sheet": sheet} if sheet else {}), **record.labels}
            own = [flag for name, flag in flags if name in names]
            for name, word in unit.item.labels.items():
                if labels.get(name, word) != word:
                    own.append(
                        Flag(
                            "label-conflict", f"{name} is {word!r} by the file's name, {labels[name]!r} inside", "note"
                        )
                    )
            made = replace(
                record,
                flags=(*record.flags, *own),
                labels={**labels, **unit.item.labels},
                provenance=_stamped(record.provenance, sources, how),
            )
            for suffix, picture in drawn.items():
                Path(unit.overlays, picture_name(made, suffix)).write_bytes(picture)
            yield made


def _how_read(unit: Unit, files: list[_File]) -> tuple[tuple[tuple[str, str], ...], dict[str, Any]]:
    """Return the sources of a record and how they became arrays."""
    how = {
        "reader": ", ".join(dict.fromkeys(f.reader for f in files)),
        "options": {k: v for k, v in unit.reading.items() if k != "reader"},
        "notes": _notes(files),
        "inputs": dict(unit.input_settings),
    }
    return tuple(f.source for f in files), how


def _stamped(p: Provenance, sources: tuple[tuple[str, str], ...], how: Mapping[str, Any]) -> Provenance:
    own = dict(p.reading)
    notes = (*how["notes"], *(n for n in own.get("notes", ()) if n not in how["notes"]))
    return replace(p, sources=sources, reading={**own, **how, "notes": notes})


def _notes(used: list[_File], most: int = 50) -> list[str]:
    """Return every guess of the readers once, with the number of files it holds for where it is not all of them."""
    counts: dict[str, int] = {}
    for file in used:
        unused = [f"the reader {file.reader} has no option {name}, which was not used" for name in file.unused]
        for note in dict.fromkeys([*unused, *(n for r in file.readings for n in r.notes)]):
            counts[note] = counts.get(note, 0) + 1
    total = len(used)
    notes = [n if c == total else f"{n} ({c} of {total} files)" for n, c in counts.items()]
    return notes if len(notes) <= most else [*notes[:most], f"and {len(notes) - most} more notes"]
