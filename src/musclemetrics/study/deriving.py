"""From the journal to everything a person reads: tables, methods and pages, in input order, each replaced at once.

What looks across items is applied here and nowhere before, so that the bytes do not depend on who measured them, in
which order, or how often the run was stopped.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, overload

from ..batch import accounted
from ..errors import InputError
from ..provenance import picture_name
from ..record import Record
from ..store import save, save_long
from ..store.whole import replaced
from . import ratings
from .journal import Journal
from .labelling import relabelled
from .methods import methods_text
from .plan import NAME as PLAN
from .plan import Plan
from .settling import settled
from .sheet import NAME as SHEET
from .sheet import Sheet
from .sheet import stored as stored_sheet

__all__ = ["OVERLAYS", "REPORT", "Derived", "Kept", "derive", "pictures", "same_as_before", "write_plan"]

OVERLAYS, REPORT = "overlays", "report"
_TABLES = ("records.jsonl", "records.csv", "records_long.csv", PLAN, "methods.md")
_AT_THE_END = ("records.xlsx", f"{REPORT}/index.html")
_PICTURE = re.compile(r"([0-9a-f]{20})[^.]*\.(jpg|png)")


class Kept(Sequence[Record]):
    """The records of a ``records.jsonl``, each read when it is asked for.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places = [0]
        with path.open("rb") as stream:
            for line in stream:
                self._places.append(self._places[-1] + len(line))

    def __len__(self) -> int:
        return len(self._places) - 1

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> list[Record]: ...
    def __getitem__(self, at: int | slice) -> Record | list[Record]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        number = range(len(self))[at]
        with self._path.open("rb") as stream:
            stream.seek(self._places[number])
            return Record.from_json(stream.read(self._places[number + 1] - self._places[number]).decode("utf-8"))

    def __iter__(self) -> Iterator[Record]:
        with self._path.open("rb") as stream:
            for line in stream:
                yield Record.from_json(line.decode("utf-8"))


@dataclass(frozen=True, slots=True)
class Derived:
    """What became of a run.

    Attributes
    ----------
    records : sequence of Record
        In input order, without their traces; empty where nothing was derived anew.
    counts : Mapping
        How many rows there are of each status.
    told : tuple of str
        What could not be done, or did not fit, in words.
    """

    records: Sequence[Record]
    counts: Mapping[str, int]
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Light:
    """The records of a run without their traces, gathered while they pass by."""

    records: list[Record] = field(default_factory=list)

    def passing(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            self.records.append(replace(record, traces=()))
            yield record


def _all(
    plan: Plan, journal: Journal, items: Sequence[str], files: Iterable[str], sheet: Sheet | None, told: list[str]
) -> Iterator[Record]:
    """Yield the records of the items in order, with all that only a whole run tells."""
    labels = plan.labels if plan.safe is None else plan.safe.labels(plan.labels)

    def rows() -> Iterator[Record]:
        return relabelled((record for records in journal.rows(items) for record in records), labels)

    yield from accounted(([record] for record in settled(rows, sheet, plan.safe, told)), files, plan.module)


def derive(
    folder: Path,
    plan: Plan,
    journal: Journal,
    items: Sequence[str],
    files: Iterable[str] = (),
    *,
    whole: bool = True,
    report: bool = True,
    jobs: int = 1,
    looked: bool = False,
) -> Derived:
    """Write the tables of a run anew, and at its end the workbook and the pages.

    Parameters
    ----------
    folder : Path
        The run folder.
    plan : Plan
    journal : Journal
        Open for writing.
    items : sequence of str
        Those that have rows, in input order.
    files : iterable of str
        All files, each of which must be in a row.
    whole : bool, optional
        Whether the run is at its end.
    report : bool, optional
        Whether the pages are written too.
    jobs : int, optional
        Processes that draw.
    looked : bool, optional
        Whether overlays that were lost have been made anew, where that can be.

    Returns
    -------
    Derived

    Raises
    ------
    SettingsError
        ``label-merges``, ``unwritable``; ``bad-rating`` if ``ratings.csv`` in the folder is none.
    WriteError
        ``disk-full``, ``write-failed``.
    AssertionError
        If a file is in no row.
    """
    files = list(files)
    told: list[str] = []
    light = _Light()
    path = folder / _TABLES[0]
    given = ratings.load(folder / ratings.NAME) if (folder / ratings.NAME).exists() else []
    own: Sequence[ratings.Rating | None] | None = None
    sheet = stored_sheet(folder / SHEET) if (folder / SHEET).exists() else None
    if given:
        bare = [replace(r, traces=()) for r in _all(plan, journal, items, files, sheet, told)]
        own, strange = ratings.rated(bare, given)
        told += strange
    found = _all(plan, journal, items, files, sheet, told)
    save(light.passing(found if own is None else ratings.labelled(found, own)), path)
    records = light.records
    save(records, folder / "records.csv", raw_csv=plan.raw_csv)
    save_long(records, folder / "records_long.csv", raw_csv=plan.raw_csv)
    write_plan(folder, plan)
    to_come = len(journal.order.get("names", ())) - len(items)
    _text(folder / "methods.md", methods_text(plan.told, records, left=max(0, to_come)))
    counts: dict[str, int] = dict(Counter(r.status for r in records))
    if whole:
        try:
            save(records, folder / "records.xlsx", raw_csv=plan.raw_csv)
        except InputError as error:
            told.append(f"records.xlsx was left out: {error.message}")
        before, shown = journal.derived.get("pictures", 0), pictures(folder)
        gone = 0 if looked else max(0, before - shown)
        _clear_overlays(folder, records)
        shown = pictures(folder)
        if report:
            from ..report import pages

            pages(
                Kept(path),
                folder / REPORT,
                title=plan.name,
                overlays=folder / OVERLAYS if (folder / OVERLAYS).is_dir() else None,
                jobs=jobs,
            )
        journal.note_derived(
            {
                "from": _signature(folder, plan, journal, items),
                "files": _states(folder),
                "report": report,
                "pictures": shown if looked else max(shown, before),
                "counts": counts,
                "told": list(told),
            }
        )
        if gone:  # no word of the tables: the next run has them again
            told.append(f"{gone} of {before} overlays are gone; the command of the run makes them anew")
    return Derived(records, counts, tuple(told))


def write_plan(folder: Path, plan: Plan) -> None:
    """Write what was asked as ``run.toml``."""
    _text(folder / PLAN, plan.written(folder))


def same_as_before(
    folder: Path, plan: Plan, journal: Journal, items: Sequence[str], *, report: bool = True
) -> Derived | None:
    """Return what was derived at the end of an earlier run, if it would come out alike and lies there as it was."""
    was = journal.derived
    if not was or was.get("report") != report or was.get("files") != json.loads(json.dumps(_states(folder))):
        return None
    if was.get("pictures", 0) != pictures(folder) or was.get("from") != _signature(folder, plan, journal, items):
        return None
    return Derived((), was["counts"], tuple(was["told"]))


def _states(folder: Path) -> dict[str, list[int]]:
    """Return what the system says of each derived file: enough to know that nobody changed it."""
    found = {}
    for name in (*_TABLES, *_AT_THE_END):
        with suppress(OSError):
            state = (folder / name).stat()
            found[name] = [state.st_size, state.st_mtime_ns]
    return found


def _signature(folder: Path, plan: Plan, journal: Journal, items: Sequence[str]) -> str:
    digest = hashlib.sha256()
    made_of: list[Any] = [plan.head, plan.written(folder)]
    for name in (ratings.NAME, SHEET):
        with suppress(OSError):
            made_of.append((name, (folder / name).read_bytes().hex()))
    digest.update(json.dumps(made_of).encode())
    for item in items:
        line = journal.lines[item]
        digest.update(f"{item}\t{line.key} {line.crc}\n".encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def pictures(folder: Path) -> int:
    """Return how many overlays there are."""
    try:
        return sum(1 for path in (folder / OVERLAYS).iterdir() if _PICTURE.fullmatch(path.name))
    except OSError:
        return 0


def _clear_overlays(folder: Path, records: Iterable[Record]) -> None:
    """Remove the overlays of records that are no more; pictures of other origin stay."""
    if not (folder / OVERLAYS).is_dir():
        return
    held = {Path(picture_name(r)).stem for r in records}
    for old in (folder / OVERLAYS).iterdir():
        if (found := _PICTURE.fullmatch(old.name)) and found[1] not in held:
            with suppress(OSError):
                old.unlink()


def _text(path: Path, text: str) -> None:
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
