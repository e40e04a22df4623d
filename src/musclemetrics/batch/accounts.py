"""From paths to units of work, and from their rows to the records of a run: nothing left out, nothing twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from os import PathLike
from types import ModuleType
from typing import Any, Literal

from ..corrections import Correction
from ..errors import SettingsError
from ..modalities import Modality
from ..record import Flag, Record, plain
from .alike import Acquisitions
from .correcting import placed
from .decisions import check_values, checked, checked_reading, module_name, refuse_unused, resolved
from .files import Entry, listed
from .grouping import Item, items
from .work import Unit

__all__ = ["Prepared", "accounted", "prepared"]

_NOTHING = sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run consists of: the units of work in input order, and every file there is."""

    module: Modality
    units: tuple[Unit, ...]
    entries: tuple[Entry, ...]


def prepared(
    paths: Iterable[str | PathLike[str]] | str | PathLike[str],
    modality: str | ModuleType,
    settings: Mapping[str, Any],
    *,
    group_by: str | None = None,
    errors: Literal["flag", "raise"] = "flag",
    reading: Mapping[str, Any] | None = None,
    corrections: Iterable[Correction] = (),
    overlays: str | PathLike[str] | None = None,
    but: Callable[[str], bool] | None = None,
    coded: Callable[[Item], Item] | None = None,
) -> Prepared:
    """Return the units of work of files and folders; the parameters are those of ``measure_files``.

    Parameters
    ----------
    but : callable, optional
        Tells of a path whether it is none of the input, wherever it lies: the run's own.
    coded : callable, optional
        Gives an item whose files go by other names, in corrections and results alike.

    Raises
    ------
    SettingsError
        As ``measure_files`` does before any file is opened.
    """
    if errors not in ("flag", "raise"):
        raise SettingsError(f"errors={errors!r} is unknown", remedy="use 'flag' or 'raise'")
    name = module_name(modality)
    module = resolved(name)
    for_measure, for_inputs = checked(module, settings)
    check_values(module, settings)
    options = dict(reading or {})
    checked_reading(options)
    plain(options)  # what cannot be written down cannot be repeated: refused before any work
    entries = [e for e in listed(paths) if but is None or not but(e.path)]
    refuse_unused(options, entries)
    parts = items(entries, group_by)
    if coded is not None:
        parts = [coded(item) for item in parts]
        entries = [e for item in parts for e in item.entries]
    by_file = placed(corrections, entries, module, settings)
    units = []
    for item in parts:
        own = tuple(c for e in item.entries for c in by_file.get(e.name, ()))
        units.append(
            Unit(
                item,
                name,
                for_measure,
                for_inputs,
                options,
                errors,
                own,
                "" if overlays is None else os.path.abspath(overlays),
            )
        )
    return Prepared(module, tuple(units), tuple(entries))


def accounted(
    rows: Iterable[Iterable[Record]], files: Iterable[str], module: Modality | ModuleType
) -> Iterator[Record]:
    """Yield the records of a run with what only all of them together tell.

    Parameters
    ----------
    rows : iterable of iterables of Record
        Those of each item, in input order.
    files : iterable of str
        The names of all files.
    module : module
        The modality.

    Yields
    ------
    Record
        With a flag where a file is the same as an earlier one, and where a subject's recordings were taken otherwise
        than its first.

    Raises
    ------
    AssertionError
        At the end, if a file is in no row.
    """
    missing = set(files)
    first: dict[str, str] = {}
    acquisitions = Acquisitions(module)
    for records in rows:
        for record in records:
            sources = record.provenance.sources
            missing.difference_update(name for name, _ in sources)
            twins = []
            for name, digest in sources:
                # Files of nothing are no copies of each other.
                twin = first.setdefault(digest, name) if digest and digest != _NOTHING else name
                if twin != name:
                    twins.append(Flag("duplicate-of", f"{name} is byte for byte the same file as {twin}", "note"))
            yield acquisitions.told(replace(record, flags=(*record.flags, *twins)) if twins else record)
    assert not missing, f"files without a row: {sorted(missing)[:5]}"
