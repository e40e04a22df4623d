"""From files to records: in order, whatever happens to any one of them.

The seam is an executor's ``submit``, one future an item: nothing, a thread or process pool, or a cluster's executor.
Every file given, or found in a folder given, appears in at least one record: measured, flagged, failed with its
reason, or skipped with its reason.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, wait
from contextlib import suppress
from dataclasses import replace
from os import PathLike
from types import ModuleType
from typing import Any, Literal

from ..corrections import Correction
from ..errors import ItemCrashed, ItemOutOfMemory, ItemTimeout, SettingsError
from ..record import Flag, Record, plain
from .alike import Acquisitions
from .cell import Cell
from .correcting import placed
from .decisions import (
    check_values,
    checked,
    checked_reading,
    module_name,
    refuse_unused,
    resolved,
    settings_of,
    unknown_setting,
)
from .files import Entry, listed
from .grouping import LABELS, Item, items
from .supervised import DEADLINE, SupervisedPool, memory_for, supervised
from .work import Unit, reason_of, row_for, run

__all__ = [
    "DEADLINE",
    "LABELS",
    "Cell",
    "Entry",
    "Item",
    "SupervisedPool",
    "checked_reading",
    "items",
    "listed",
    "measure_files",
    "memory_for",
    "module_name",
    "settings_of",
    "unknown_setting",
]

_WINDOW = 64  # items under way at once: enough to keep any pool busy, few enough for flat memory


def measure_files(
    paths: Iterable[str | PathLike[str]] | str | PathLike[str],
    modality: str | ModuleType,
    *,
    executor: Executor | None = None,
    deadline: float | None = None,
    memory: float | None = None,
    group_by: str | None = None,
    errors: Literal["flag", "raise"] = "flag",
    reading: Mapping[str, Any] | None = None,
    corrections: Iterable[Correction] = (),
    overlays: str | PathLike[str] | None = None,
    **settings: Any,
) -> Iterator[Record]:
    """Measure files and folders, one record after another in the order of the input.

    Parameters
    ----------
    paths : path or iterable of paths
        Files, or folders to be walked in sorted order. Links inside a folder are not followed.
    modality : str or module
        What to measure, for example ``"force_pca"``, or a module that offers what a modality offers.
    executor : concurrent.futures.Executor, optional
        Where items run; by default here, one after the other. :class:`SupervisedPool` for processes of this machine,
        ``client.get_executor(pure=False)`` for a Dask cluster.
    deadline : float, optional
        Seconds an item may take. With it, or with `memory`, each item is measured in a process apart
        (:class:`Cell`) wherever the executor runs it, and one that hangs or crashes costs its own row only. Without
        both, nothing watches over items but what the executor does: SupervisedPool has limits of its own.
    memory : float, optional
        Gigabytes an item may take; this holds on Linux alone.
    group_by : str, optional
        Which files make one item. None: each file. ``"folder"``: the files of one folder, whose name is the label
        ``fibre`` unless the recording names one. ``"sheet"``: each file, its sheets apart. Otherwise a pattern of the
        relative path such as ``"{animal}/{fibre}_{n}.slc"``: `subject, session, muscle, side, fibre, animal, group,
        frame` tell items apart and become labels; other fields vary within an item.
    errors : {"flag", "raise"}, optional
        What a failure does: a row with its reason, or an exception.
    reading : Mapping, optional
        Options of the readers (``separator``, ``unit``, …), and ``reader`` to name one.
    corrections : iterable of Correction, optional
        Settings of single records, decided by a person (:mod:`musclemetrics.corrections`). They win over `settings`
        and over what a file says. One that fits no record, or several, is not used, and the record says so
        (``correction-not-used``); with ``errors="raise"`` it ends the run.
    overlays : path, optional
        A folder that is there, for a picture of each recording that its modality can draw into (the scan of a B-mode
        image with what was measured in it), called :func:`musclemetrics.provenance.picture_name`.
    **settings
        Settings of the modality's ``measure`` and ``inputs``. They win over what a file says; a conflict is flagged.

    Yields
    ------
    Record
        With labels, sources (name and SHA-256 of every file used) and how they were read.

    Raises
    ------
    SettingsError
        Before any file is opened: unknown modality, setting or reader option, a value that a setting cannot have, no
        paths, a bad pattern, a correction that names no file or contradicts another; an option that the reader of no
        file has; a deadline or memory beside a SupervisedPool. At the first file: a value that an option of its reader
        cannot have; no worker that could be started (``no-worker``).
    """
    if errors not in ("flag", "raise"):
        raise SettingsError(f"errors={errors!r} is unknown", remedy="use 'flag' or 'raise'")
    limits = _limits(executor, deadline, memory)
    name = module_name(modality)
    module = resolved(name)
    for_measure, for_inputs = checked(module, settings)
    check_values(module, settings)
    options = dict(reading or {})
    checked_reading(options)
    plain(options)  # what cannot be written down cannot be repeated: refused before any work
    entries = listed(paths)
    refuse_unused(options, entries)
    by_file = placed(corrections, entries, module, settings)

    def unit(item: Item) -> Unit:
        own = tuple(c for e in item.entries for c in by_file.get(e.name, ()))
        return Unit(item, name, for_measure, for_inputs, options, errors, own, str(overlays or ""))

    units = map(unit, items(entries, group_by))
    return _accounted(_outcomes(units, executor, limits), entries, Acquisitions(module))


def _limits(
    executor: Executor | None, deadline: float | None, memory: float | None
) -> tuple[float | None, float | None] | None:
    """Return deadline and memory of supervised items, None where they are not supervised by this module."""
    for name, value in (("deadline", deadline), ("memory", memory)):
        if value is not None and not value > 0:
            raise SettingsError(f"{name}={value:g} is not above 0", remedy=f"leave {name} out, or give more")
    if deadline is None and memory is None:
        return None
    if isinstance(executor, SupervisedPool):
        raise SettingsError(
            "a SupervisedPool has a deadline and a memory limit of its own",
            remedy="give deadline and memory to the pool",
        )
    return deadline, memory


def _accounted(outcomes: Iterator[list[Record]], entries: list[Entry], acquisitions: Acquisitions) -> Iterator[Record]:
    """Yield the records of all units in order; tell of equal files; see that no file is left out."""
    missing = {e.name for e in entries}
    first: dict[str, str] = {}
    for records in outcomes:
        for record in records:
            sources = record.provenance.sources
            missing.difference_update(name for name, _ in sources)
            twins = []
            for name, digest in sources:
                twin = first.setdefault(digest, name) if digest else name
                if twin != name:
                    twins.append(Flag("duplicate-of", f"{name} is byte for byte the same file as {twin}", "note"))
            yield acquisitions.told(replace(record, flags=(*record.flags, *twins)) if twins else record)
    assert not missing, f"files without a row: {sorted(missing)[:5]}"


def _outcomes(
    units: Iterator[Unit], executor: Executor | None, limits: tuple[float | None, float | None] | None
) -> Iterator[list[Record]]:
    if executor is None and limits is None:
        for unit in units:
            yield run(unit)
        return
    own = SupervisedPool(1, deadline=limits[0], memory=limits[1]) if executor is None and limits is not None else None
    pending: deque[tuple[Unit, Future[list[Record]] | Exception]] = deque()
    try:
        for unit in units:
            pending.append((unit, _submitted(own or executor, unit, limits)))
            if len(pending) >= _WINDOW:
                yield _collected(*pending.popleft())
        while pending:
            yield _collected(*pending.popleft())
    finally:
        for _, future in pending:
            if isinstance(future, Future):
                future.cancel()
        if own is not None:
            own.kill()


def _submitted(
    executor: Executor | None, unit: Unit, limits: tuple[float | None, float | None] | None
) -> Future[list[Record]] | Exception:
    assert executor is not None
    try:
        if limits is None or isinstance(executor, SupervisedPool):
            return executor.submit(run, unit)
        return executor.submit(supervised, unit, *limits)
    except Exception as error:  # a broken pool refuses work; the item still has its row
        return error


def _collected(unit: Unit, future: Future[list[Record]] | Exception) -> list[Record]:
    """Return what a future gave; a worker that died costs its item one failed row."""
    try:
        if isinstance(future, Exception):
            raise future
        while not future.done():  # in steps, since Windows hears no Ctrl-C in a wait without end
            wait((future,), timeout=0.5)
        return future.result()
    except SettingsError:  # what the caller decided cannot be carried out: the run's end, not the worker's
        raise
    except Exception as error:
        if unit.errors == "raise":
            raise
        if isinstance(error, ItemTimeout | ItemCrashed | ItemOutOfMemory):
            reason = reason_of(error)
        else:
            text = ""
            with suppress(Exception):
                text = f" ({type(error).__name__})"
            message = f"the worker measuring it stopped{text}; measure this item by itself to see why"
            reason = Flag(ItemCrashed.default_code, message, "failed")
        return [row_for(unit, reason, tuple((e.name, "") for e in unit.item.entries))]
