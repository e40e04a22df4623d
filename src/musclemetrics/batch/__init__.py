"""From files to records: in order, whatever happens to any one of them.

The seam is an executor's ``submit``, one future an item: nothing, a thread or process pool, or a cluster's executor.
Every file given, or found in a folder given, appears in at least one record: measured, flagged, failed with its
reason, or skipped with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from os import PathLike
from types import ModuleType
from typing import Any, Literal

from ..corrections import Correction
from ..record import Record
from .accounts import Prepared, accounted, prepared
from .cell import Cell
from .decisions import checked_reading, module_name, settings_of, unknown_setting
from .engine import Limits, finished, limits_of, outcomes
from .files import Entry, listed
from .grouping import LABELS, Item, items
from .supervised import DEADLINE, SupervisedPool, memory_for
from .work import Unit

__all__ = [
    "DEADLINE",
    "LABELS",
    "Cell",
    "Entry",
    "Item",
    "Limits",
    "Prepared",
    "SupervisedPool",
    "Unit",
    "accounted",
    "checked_reading",
    "finished",
    "items",
    "limits_of",
    "listed",
    "measure_files",
    "memory_for",
    "module_name",
    "prepared",
    "settings_of",
    "unknown_setting",
]


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
    limits = limits_of(executor, deadline, memory)
    run = prepared(
        paths,
        modality,
        settings,
        group_by=group_by,
        errors=errors,
        reading=reading,
        corrections=corrections,
        overlays=overlays,
    )
    return accounted(outcomes(iter(run.units), executor, limits), (e.name for e in run.entries), run.module)
