"""A study measured into its run folder: what is done is kept, what is not is measured, whatever stopped it before."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..batch import Entry, Unit, finished, limits_of, prepared
from ..corrections import Correction
from ..corrections import load as load_corrections
from ..errors import SettingsError
from ..provenance import picture_name
from ..record import Record
from .deriving import OVERLAYS, Derived, derive, pictures, same_as_before, write_plan
from .earlier import begun, carried, counted, refuse_lost, taken_over, with_sheet
from .home import CORRECTIONS, made, own_paths, refuse_inputs, refuse_other, swept
from .journal import NAME as JOURNAL
from .journal import File, Journal
from .lock import Lock
from .placing import placed
from .plan import NAME as PLAN
from .plan import Plan, in_shard
from .sameness import files_of, is_done, noted
from .sheet import NAME as SHEET
from .sheet import Sheet
from .sheet import load as load_sheet
from .sheet import save as save_sheet

__all__ = ["run"]

EVERY = 30.0  # s between two versions of the tables while the work goes on
_SHARE = 20  # and at least so many times as long as writing them takes
_SOON = 10_000_000  # bytes of journal from which tables are written within the second that Ctrl-C leaves

Result = tuple[Unit, list[Record]]


@dataclass(slots=True)
class _Work:
    """The items of a run in input order: those that are done, and those that are not."""

    names: list[str] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    todo: list[tuple[str, Unit]] = field(default_factory=list)
    again: list[str] = field(default_factory=list)

    @property
    def with_rows(self) -> list[str]:
        return [name for name in self.names if name in self.done]


def run(
    plan: Plan,
    folder: str | os.PathLike[str],
    *,
    executor: Executor | None = None,
    deadline: float | None = None,
    memory: float | None = None,
    corrections: Iterable[Correction] = (),
    watch: Callable[[Iterable[Result]], Iterable[Result]] = iter,
    every: float = EVERY,
    report: bool = True,
    jobs: int = 1,
    overwrite: bool = False,
    beside: str | os.PathLike[str] | None = None,
) -> Derived:
    """Measure what is not measured yet, and write the tables and pages of all.

    The folder keeps a journal with a line an item, appended when the item is done. An item is done if the journal
    holds its rows under the same name, from files of the same bytes, with the same settings, corrections and versions,
    and none of the rows failed; everything else is measured, again if need be. So the same call goes on after whatever
    stopped it, and measures what is new or has changed.

    A file is not read again to compare its bytes where the system knows when its content last changed whatever any
    program says (POSIX: size, times of data and of entry, number), and that was two seconds or more before it was
    measured. On Windows, and in a copy of the files, it is read again.

    Parameters
    ----------
    plan : Plan
    folder : path
        Made where it does not exist. It is no input, even where it lies among the recordings.
    executor, deadline, memory
        Where and under which limits items are measured, as for :func:`musclemetrics.measure_files`.
    corrections : iterable of Correction, optional
        Beside those of ``corrections.json`` in the folder.
    watch : callable, optional
        Gets the iterator of what is done, for a display of progress, and returns it.
    every : float, optional
        Seconds after which tables of what is done so far are written.
    report : bool, optional
        Whether the pages are written.
    jobs : int, optional
        Processes that draw.
    overwrite : bool, optional
        Whether files of other origin in the folder that have the names of ours may be replaced, and tables whose
        journal is gone.
    beside : path, optional
        Another run folder, whose corrections and ratings are taken over where this one has none.

    Returns
    -------
    Derived

    Raises
    ------
    SettingsError
        As ``measure_files`` does before any file is opened; ``other-settings`` if the folder holds a run that was asked
        otherwise; ``run-in-progress``; ``unwritable``; ``would-overwrite-file``; ``output-is-input``; ``journal-gone``.
    WriteError
        ``disk-full``, ``write-failed``: the journal holds all that was done before.
    KeyboardInterrupt
        With words on how far it came.
    """
    home = Path(folder)
    limits = limits_of(executor, deadline, memory)
    refuse_inputs(home, plan.paths)
    sheet = load_sheet(plan.table, match=plan.match) if plan.table else None
    made(home, overwrite=overwrite)
    with ExitStack() as stack:
        stack.enter_context(Lock(home))
        swept(home)
        if not (home / JOURNAL).exists():
            refuse_lost(home, None, overwrite=overwrite)
        plan = with_sheet(plan, home)
        others = carried(None if beside is None else Path(beside), home)
        kept = dict(others).get(CORRECTIONS, home / CORRECTIONS)
        if plan.safe is not None and (home / JOURNAL).is_file():
            with Journal(home) as earlier:  # another key has other codes, by which no correction finds its file
                refuse_other(plan.asked, earlier)
        stored = load_corrections(kept) if kept.exists() else []
        overlays = home / OVERLAYS if hasattr(plan.module, "picture") else None
        whole = prepared(
            plan.paths,
            plan.modality,
            plan.settings,
            group_by=plan.group_by,
            reading=plan.reading,
            corrections=[*stored, *corrections],
            overlays=overlays,
            but=own_paths(home),
            coded=None if plan.safe is None else plan.safe.item,
        )
        journal = stack.enter_context(Journal(home, write=True))
        refuse_lost(home, journal, overwrite=overwrite)
        work = _shared_out(plan, journal, whole.units)
        found_out = begun(plan, home, journal, work.keys.values())
        told = [*journal.told, *_begun(plan, journal, found_out), *taken_over(others, home)]
        rows = counted(home)
        if sheet is not None:
            told += _placed(sheet, plan, whole.entries, home)
        if not (home / PLAN).exists():
            write_plan(home, plan)  # a run that is stopped before its first tables can be told again too
        files = [e.name for number in work.at for e in whole.units[number].item.entries]
        told += _told(journal, work)
        journal.list_items(_order(work, whole.units))
        if overlays is not None:
            overlays.mkdir(exist_ok=True)
            told += _lost(home, journal, work, whole.units)
        states: dict[int, tuple[str, list[File]]] = {}
        results = finished(noted(work.todo, states), executor, limits)
        last, pause = time.monotonic(), every
        try:
            for unit, records in watch(results):
                name, before = states.pop(id(unit))
                if plan.safe is not None:
                    records = [plan.safe.record(r) for r in records]
                journal.add(name, work.keys[name], files_of(before, records), records)
                work.done.add(name)
                if time.monotonic() - last >= pause:
                    begin = time.monotonic()
                    _meanwhile(home, plan, journal, work)
                    last = time.monotonic()
                    pause = max(every, _SHARE * (last - begin))
            assert work.done == set(work.names), f"items without a row: {sorted(set(work.names) - work.done)[:5]}"
            found = same_as_before(home, plan, journal, work.names, report=report)
            if found is None:
                found = derive(home, plan, journal, work.names, files, report=report, jobs=jobs, looked=True)
        except KeyboardInterrupt:
            results.close()  # type: ignore[attr-defined]
            if journal.path.stat().st_size <= _SOON:
                _meanwhile(home, plan, journal, work)
            raise KeyboardInterrupt(
                f"{len(work.done)} of {len(work.names)} items are kept in {home}; the same command goes on from there"
            ) from None
        if (now := sum(found.counts.values())) < rows:
            told.append(f"the tables had {rows} rows and have {now}")
        return Derived(found.records, found.counts, (*told, *found.told))


def _meanwhile(home: Path, plan: Plan, journal: Journal, work: _Work) -> None:
    """Write tables of what is done so far; one that a spreadsheet holds open is no reason to stop."""
    try:
        derive(home, plan, journal, work.with_rows, whole=False)
    except SettingsError as error:
        if error.code != "unwritable":
            raise


def _placed(sheet: Sheet, plan: Plan, entries: Iterable[Entry], home: Path) -> list[str]:
    """Keep a sheet in the run folder, by the names its files have there; return what did not fit, in words."""
    names = [e.name for e in entries]
    if plan.safe is None:
        found = placed(sheet, names)
    else:
        found = plan.safe.sheet(placed(sheet, [plan.safe.names.get(name, name) for name in names]))
    save_sheet(found, home / SHEET)
    return [f"{found.name}: {note}" for note in found.notes]


def _begun(plan: Plan, journal: Journal, found_out: list[str] | None) -> list[str]:
    """Enter what is asked; refuse another thing than was asked before, unless the rows are those of this."""
    told = list(found_out or ())
    if found_out is None:
        refuse_other(plan.asked, journal)
    if journal.head is not None:
        was, now = journal.head["software"], plan.head["software"]
        if was != now:
            changed = ", ".join(f"{k} {was.get(k)} became {now.get(k)}" for k in now if was.get(k) != now.get(k))
            told.append(f"everything is measured again, so that all rows are alike: {changed}")
    journal.begin(plan.head)
    return told


def _names(units: Sequence[Unit]) -> list[str]:
    """Return a name for each item: that of its first file, told apart where two files are spelt alike."""
    seen: dict[str, int] = {}
    out = []
    for unit in units:
        name = unit.item.entries[0].name
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}\n{seen[name]}")
    return out


def _shared_out(plan: Plan, journal: Journal, units: Sequence[Unit]) -> _Work:
    work = _Work()
    plain_key = plan.key()
    for number, (name, unit) in enumerate(zip(_names(units), units, strict=True)):
        if not in_shard(name, plan.shard):
            continue
        own = [(c.source, c.settings, c.labels) for c in unit.corrections]
        work.names.append(name)
        work.at.append(number)
        work.keys[name] = plan.key(own) if own else plain_key
        line = journal.lines.get(name)
        if line is not None and is_done(unit, line, work.keys[name]):
            work.done.add(name)
        else:
            work.todo.append((name, unit))
            if line is not None and "failed" not in line.statuses and line.key == work.keys[name]:
                work.again.append(name)
    return work


def _lost(home: Path, journal: Journal, work: _Work, units: Sequence[Unit]) -> list[str]:
    """Have items measured again whose pictures are gone: nothing else draws them."""
    if pictures(home) >= journal.derived.get("pictures", 0):
        return []
    from ..report.figures import BENEATH

    names = set(os.listdir(home / OVERLAYS))

    def lost(r: Record) -> bool:
        return r.status in ("ok", "suspect") and not names >= {picture_name(r), picture_name(r, BENEATH)}

    again = [
        (name, units[number])
        for name, number in zip(work.names, work.at, strict=True)
        if name in work.done
        for records in journal.rows([name])
        if any(map(lost, records))
    ]
    work.done.difference_update(name for name, _ in again)
    work.todo += again
    return [f"overlays were gone; {len(again)} {'item' if len(again) == 1 else 'items'} measured again for them"]


def _order(work: _Work, units: Sequence[Unit]) -> dict[str, Any]:
    every = "\0".join(_names(units)).encode("utf-8", "backslashreplace")
    return {"names": work.names, "at": work.at, "of": len(units), "all": hashlib.sha256(every).hexdigest()}


def _told(journal: Journal, work: _Work) -> list[str]:
    gone = [name for name in journal.order.get("names", ()) if name not in work.keys]
    told = []
    for these, what in ((gone, "no longer there, and left out"), (work.again, "changed, and measured again")):
        if these:
            more = f" and {len(these) - 3} more" if len(these) > 3 else ""
            listed = ", ".join(name.partition("\n")[0] for name in these[:3])
            told.append(f"{len(these)} {'item' if len(these) == 1 else 'items'} {what}: {listed}{more}")
    return told
