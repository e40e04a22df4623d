"""The groups of an open HDF5 file as readings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError, ReadError, SettingsError
from ...reading import Reading
from ...record import Flag
from ..aliases import array_name, name_by_unit
from ..passes import doubted
from .values import take_attributes, take_text, unit_of

__all__ = ["File"]

DEPTH_LIMIT = 32
OBJECT_LIMIT = 20_000


class File:
    """One open file, what may still be decoded, and what has been seen."""

    def __init__(self, h5py: Any, file: Any, limit: int, x: str | None, y: str | None, flag: bool) -> None:
        self.flag = flag
        self.h5py, self.file, self.left, self.limit, self.x, self.y = h5py, file, limit, limit, x, y
        self.objects = 0
        self.seen: set[int] = set()
        self.found: set[str] = set()

    def readings(self, path: str | None) -> list[Reading]:
        """Return the readings of the file, or of the group at `path` and those within it."""
        group, labels = self.file, {}
        for part in [p for p in (path or "").split("/") if p]:
            self._refuse_link(group, part)
            group = group.get(part)
            if not isinstance(group, self.h5py.Group):
                raise SettingsError(f"there is no group {path!r}", code="unknown-group", remedy="name a group")
            labels = {"fibre": part}
        readings = list(self._walk(group, labels, (), 0))
        for option, name in (("x", self.x), ("y", self.y)):
            if name is not None and name not in self.found and any(r.arrays for r in readings):
                raise SettingsError(
                    f"{option}={name!r} names no dataset",
                    code="unknown-column",
                    remedy=f"the datasets are {', '.join(sorted({n for r in readings for n in r.arrays}))}",
                )
        if not readings:
            raise ReadError("the file holds no arrays of one dimension", code="no-arrays", remedy="store each by name")
        return readings

    def _walk(self, group: Any, labels: dict[str, str], above: tuple[int, ...], depth: int) -> Iterator[Reading]:
        if depth > DEPTH_LIMIT:
            raise LimitError(
                f"groups are nested deeper than {DEPTH_LIMIT}", code="too-deep", remedy="name a group with -r path="
            )
        try:
            address = self._address(group, above)
        except ReadError as error:
            yield self._failed(error, labels)
            return
        if address is None:
            return
        notes: list[str] = []
        facts: dict[str, Any] = {}
        labels = dict(labels)
        take_attributes(self.h5py, group, labels, facts, notes)
        datasets, groups, refused = {}, {}, {}
        for name in group:
            self.objects += 1
            if self.objects > OBJECT_LIMIT:
                raise LimitError(f"the file holds more than {OBJECT_LIMIT} objects", code="too-many-objects")
            try:
                if self._refuse_link(group, name):
                    notes.append(f"link {name!r} not followed: what it names is read in its own place")
                    continue
                item = group.get(name)
            except LimitError:
                raise
            except ReadError as error:
                refused[name] = error
                continue
            if isinstance(item, self.h5py.Group):
                groups[name] = item
            elif isinstance(item, self.h5py.Dataset):
                datasets[name] = item
            else:
                notes.append(f"{name!r} is neither group nor dataset and is left out")
        yield from self._own(datasets, refused, facts, labels, notes)
        for name, item in groups.items():
            yield from self._walk(item, {**labels, "fibre": name}, (*above, address), depth + 1)

    def _own(
        self,
        datasets: dict[str, Any],
        refused: dict[str, ReadError],
        facts: dict[str, Any],
        labels: dict[str, str],
        notes: list[str],
    ) -> Iterator[Reading]:
        """Yield the reading of a group's own datasets, or why there is none."""
        if not datasets:
            # Among nothing but groups, what was refused stands for a group of its own.
            for name, error in refused.items():
                yield self._failed(error, {**labels, "fibre": name})
            return
        try:
            for error in refused.values():
                raise error
            reading = self._reading(datasets, facts, dict(labels), notes)
        except LimitError:
            raise
        except ReadError as error:
            yield self._failed(error, labels)
        except OSError as error:
            reason = f"an array cannot be decoded: {str(error)[:120]}"
            yield self._failed(ReadError(reason, code="corrupt-hdf5", remedy="copy the file again"), labels)
        else:
            if reading is not None:
                yield reading

    def _failed(self, error: ReadError, labels: dict[str, str]) -> Reading:
        """Return a reading that carries why there is none; raise where one bad group is to end the file."""
        if not self.flag:
            raise error
        return Reading({}, {}, labels, (), (Flag(error.code, str(error), "failed"),))

    def _address(self, group: Any, above: tuple[int, ...]) -> int | None:
        """Return where a group lies; None where it has been read, an error where it lies within itself."""
        address = int(self.h5py.h5o.get_info(group.id).addr)
        if address in above:
            raise ReadError(f"group {group.name!r} holds itself", code="link-loop", remedy="remove the hard link")
        if address in self.seen:
            return None
        self.seen.add(address)
        return address

    def _refuse_link(self, group: Any, name: str) -> bool:
        """Refuse links that leave the file or lead in a circle; return whether this is a link at all."""
        link = group.get(name, getlink=True)
        if isinstance(link, self.h5py.ExternalLink):
            raise ReadError(
                f"{name!r} is a link to another file",
                code="external-link",
                remedy="copy the data into this file (h5copy, or h5repack --merge)",
            )
        if not isinstance(link, self.h5py.SoftLink):
            return False
        path = self._absolute(group, link.path)
        visited: set[str] = set()
        while True:
            if path in visited or len(visited) > DEPTH_LIMIT:
                raise ReadError(f"the link {name!r} leads in a circle", code="link-loop", remedy="remove the link")
            visited.add(path)
            parent, _, last = path.rpartition("/")
            holder = self._group_at(parent)
            link = holder.get(last, getlink=True) if holder is not None and last else None
            if not isinstance(link, self.h5py.SoftLink):
                return True
            path = self._absolute(holder, link.path)

    def _group_at(self, path: str) -> Any:
        """Return the group at a path of hard links only, None where there is none: no link is ever followed."""
        group = self.file
        for part in [p for p in path.split("/") if p]:
            if not isinstance(group.get(part, getlink=True), self.h5py.HardLink):
                return None
            group = group.get(part)
            if not isinstance(group, self.h5py.Group):
                return None
        return group

    @staticmethod
    def _absolute(group: Any, path: Any) -> str:
        text = str(path)
        return text if text.startswith("/") else f"{group.name.rstrip('/')}/{text}"

    def _reading(
        self, datasets: dict[str, Any], facts: dict[str, Any], labels: dict[str, str], notes: list[str]
    ) -> Reading | None:
        arrays: dict[str, NDArray[np.float64]] = {}
        units: dict[str, str] = {}
        flags: list[Flag] = []
        for name, dataset in datasets.items():
            self._refuse_kind(name, dataset)
            if dataset.shape is None or dataset.dtype.kind in "SO":
                if dataset.shape and (name in (self.x, self.y) or array_name(name) is not None):
                    raise ReadError(
                        f"{name!r} holds text, numbers are needed",
                        code="not-a-number",
                        remedy="store it as an array of numbers",
                    )
                take_text(name, dataset, labels, notes)
                continue
            if dataset.ndim > 1:
                notes.append(f"{name!r} has {dataset.ndim} dimensions and is left out")
                continue
            unit = unit_of(self.h5py, name, dataset, flags)
            called = self._called(name, unit)
            if called in arrays:
                raise ReadError(
                    f"{name!r} and another dataset are both {called}",
                    code="ambiguous-column",
                    remedy="say which with -r x=NAME -r y=NAME",
                )
            if called != name:
                notes.append(f"dataset {name!r} read as {called}")
            arrays[called] = np.asarray(dataset[()], dtype=np.float64)
            if unit is not None:
                units[called] = unit
        if not any(a.ndim == 1 for a in arrays.values()):
            return None
        doubted(arrays, flags)
        for name, fact in facts.items():
            arrays.setdefault(name, fact)
        return Reading(arrays, units, labels, (), tuple(flags), tuple(notes))

    def _refuse_kind(self, name: str, dataset: Any) -> None:
        if dataset.external:
            raise ReadError(
                f"{name!r} is stored in another file", code="external-storage", remedy="copy it into this file"
            )
        if dataset.is_virtual:
            raise ReadError(
                f"{name!r} is a view of other files", code="virtual-dataset", remedy="copy the data into this file"
            )
        kind = dataset.dtype.kind
        if kind not in "biufS" and not (kind == "O" and self.h5py.check_string_dtype(dataset.dtype) is not None):
            raise ReadError(
                f"{name!r} holds {dataset.dtype}, arrays of plain numbers are needed",
                code="object-type",
                remedy="store each quantity as an array of its own",
            )
        size = math.prod(dataset.shape or ())
        chunk = math.prod(dataset.chunks or ())
        if max(size, chunk) > self.left:
            raise LimitError(
                f"{name!r} has {size} elements in chunks of {chunk}, the limit for the file is {self.limit}",
                code="too-large",
                remedy="raise it with -r max_elements=, or cut the recording",
            )
        self.left -= size

    def _called(self, name: str, unit: str | None) -> str:
        if name in (self.x, self.y):
            self.found.add(name)
            default = "pCa" if name == self.x else "force"
            return array_name(name, unit) or name_by_unit(unit, default)
        return array_name(name, unit) or name
