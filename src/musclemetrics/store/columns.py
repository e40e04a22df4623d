"""Records in HDF5: one array a measurement, so that any program reads ten thousand values in one call.

Layout (``n`` records of a modality, in their order)::

    /                                   attributes format, schema, written (UTC)
    /order/modality, /order/row         which row of which modality each record is
    /force_pca/status                   n texts: ok, suspect, failed, skipped
    /force_pca/labels/<label>           n texts, empty where a record lacks the label (for reading by hand)
    /force_pca/flags                    n texts: codes joined by "; " (for reading by hand)
    /force_pca/measurements/<name>/     value, stderr, low, high: n numbers each, NaN where not determined;
                                        attribute ``unit``, or a dataset ``units`` where records differ
    /force_pca/traces/<name>/           values: all traces in one array; offsets: n + 1 indices, record i has
                                        values[offsets[i]:offsets[i + 1]]; unit as above
    /force_pca/record/                  values, offsets: n texts of JSON (bytes), packed as traces are: labels, flags
                                        and provenance without loss
    /force_pca/names, /force_pca/layout which measurements and traces record i has: names[layout[i]] (JSON)

With plain h5py: ``f["force_pca/measurements/pCa50/value"][:]``, ``f["force_pca/labels/fibre"].asstr()[:]``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, MuscleMetricsError, ReadError
from ..record import Measurement, Record, Trace

__all__ = ["SCHEMA", "read", "write"]

SCHEMA = 1
_FORMAT = "musclemetrics records"
_RATIO = 1100  # gzip cannot pack tighter
# What h5py and the decoding of damaged bytes have been seen to raise.
_DAMAGE = (LookupError, ArithmeticError, OSError, ValueError, TypeError, AttributeError, RuntimeError, MemoryError)


def _usable(name: str) -> bool:
    """Whether HDF5 can hold an object of that name (a slash or a dot would make a path of it)."""
    return bool(name) and "/" not in name and "\0" not in name and name not in (".", "..") and name.isprintable()


def _checked(names: Iterable[str], what: str) -> tuple[str, ...]:
    listed = tuple(names)
    for name in listed:
        if not _usable(name):
            raise InputError(f"{what} {name!r} cannot be a name in HDF5", code="bad-name", remedy="use an identifier")
    if len(set(listed)) < len(listed):
        raise InputError(f"a {what} appears twice in {', '.join(listed)}", code="duplicate-name", remedy="name it once")
    return listed


def _texts(group: Any, name: str, texts: Iterable[str]) -> None:
    """Write short texts as a column of one fixed length, the form that every program reads."""
    import h5py

    # NUL and lone surrogates have no place in an HDF5 text; JSON texts never hold either (they are escaped there).
    clean = [t.replace("\0", "\\x00").encode("utf-8", "backslashreplace") for t in texts]
    longest = max((len(t) for t in clean), default=1) or 1
    kind = h5py.string_dtype("utf-8", longest)
    group.create_dataset(name, data=np.array(clean, dtype=kind), dtype=kind)  # the kind carries the encoding


def _long_texts(group: Any, texts: Sequence[str]) -> None:
    """Write texts of any length end to end, with their offsets; alike as they are, they pack well."""
    encoded = [t.encode("ascii") for t in texts]
    group["offsets"] = np.cumsum([0, *(len(t) for t in encoded)], dtype=np.int64)
    group.create_dataset("values", data=np.frombuffer(b"".join(encoded), dtype=np.uint8), compression="gzip")


def _unit(group: Any, units: Sequence[str | None]) -> None:
    distinct = {u for u in units if u is not None}
    if len(distinct) == 1:
        group.attrs["unit"] = distinct.pop()
    else:
        _texts(group, "units", [u or "" for u in units])


def write(records: Sequence[Record], path: Path) -> None:
    """Write `records` to a new HDF5 file at `path`."""
    import h5py

    modalities = _checked(dict.fromkeys(r.modality for r in records), "modality")
    if "order" in modalities:
        raise InputError("a modality cannot be called 'order' in HDF5", code="bad-name", remedy="rename it")
    by_modality: dict[str, list[Record]] = {name: [] for name in modalities}
    order = []
    for r in records:
        order.append((modalities.index(r.modality), len(by_modality[r.modality])))
        by_modality[r.modality].append(r)
    # Made in memory first: on a disk that fills up, the HDF5 library ends the process instead of raising.
    with h5py.File(path.name, "w", driver="core", backing_store=False) as file:
        file.attrs["format"] = _FORMAT
        file.attrs["schema"] = SCHEMA
        file.attrs["written"] = datetime.now(UTC).isoformat(timespec="seconds")
        index = file.create_group("order")
        _texts(index, "modality", [modalities[i] for i, _ in order])
        index["row"] = np.array([row for _, row in order], dtype=np.int64)
        for name, members in by_modality.items():
            _write_modality(file.create_group(name), members)
        file.flush()
        image = file.id.get_file_image()
    path.write_bytes(image)


def _write_modality(group: Any, records: Sequence[Record]) -> None:
    n = len(records)
    layouts: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    layout = np.zeros(n, dtype=np.int64)
    measurements: dict[str, dict[int, Measurement]] = {}
    traces: dict[str, dict[int, Trace]] = {}
    for i, r in enumerate(records):
        key = (tuple(r), tuple(t.name for t in r.traces))
        if key not in layouts:
            _checked(key[0], "measurement")
            _checked(key[1], "trace")
        layout[i] = layouts.setdefault(key, len(layouts))
        for m in r.measurements:
            measurements.setdefault(m.name, {})[i] = m
        for t in r.traces:
            traces.setdefault(t.name, {})[i] = t
    _texts(group, "status", [r.status for r in records])
    _texts(group, "flags", ["; ".join(f.code for f in r.flags) for r in records])
    labels = group.create_group("labels")
    for label in dict.fromkeys(key for r in records for key in r.labels):
        if _usable(label):
            _texts(labels, label, [r.labels.get(label, "") for r in records])
    texts = [_ascii(replace(r, measurements=(), traces=()).to_json()) for r in records]
    _long_texts(group.create_group("record"), texts)
    _texts(group, "names", [json.dumps({"measurements": m, "traces": t}) for m, t in layouts])
    group["layout"] = layout
    parent = group.create_group("measurements")
    for name, members in measurements.items():
        table = np.full((4, n), np.nan)
        units: list[str | None] = [None] * n
        for i, m in members.items():
            table[:, i] = m.value, m.stderr, *m.interval
            units[i] = m.unit
        column = parent.create_group(name)
        for row, part in zip(table, ("value", "stderr", "low", "high"), strict=True):
            column[part] = row
        _unit(column, units)
    parent = group.create_group("traces")
    for name, held in traces.items():
        column = parent.create_group(name)
        sizes = np.zeros(n + 1, dtype=np.int64)
        for i, t in held.items():
            sizes[i + 1] = len(t)
        column["offsets"] = np.cumsum(sizes)
        column["values"] = np.concatenate([t.values for t in held.values()])
        _unit(column, [held[i].unit if i in held else None for i in range(n)])


def _ascii(text: str) -> str:
    """Return JSON text with everything beyond ASCII escaped, which any HDF5 text can hold."""
    return json.dumps(json.loads(text), separators=(",", ":"))


def read(path: Path) -> list[Record]:
    """Return the records of an HDF5 file that :func:`write` made.

    Raises
    ------
    ReadError
        ``bad-record`` if it is not such a file, ``newer-schema`` if a newer version wrote it.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != _FORMAT:
                raise ReadError(
                    f"{path.name} is HDF5 but does not hold musclemetrics records",
                    code="bad-record",
                    remedy="read recordings with musclemetrics.read, load what save wrote",
                )
            if int(file.attrs["schema"]) > SCHEMA:
                raise ReadError(
                    f"{path.name} has schema {file.attrs['schema']}, this version knows up to {SCHEMA}",
                    code="newer-schema",
                    remedy="install a newer musclemetrics",
                )
            names = _words(file["order/modality"])
            places = _numbers(file["order/row"]).tolist()
            held = {name: _read_modality(file[name]) for name in dict.fromkeys(names)}
            return [held[name][row] for name, row in zip(names, places, strict=True)]
    except MuscleMetricsError:
        raise
    except (
        LookupError,
        ArithmeticError,
        OSError,
        ValueError,
        TypeError,
        AttributeError,
        RuntimeError,
        MemoryError,
    ) as error:
        raise ReadError(
            f"{path.name} cannot be read as records ({type(error).__name__})",
            code="bad-record",
            remedy="give a file written by save; this one may be cut short",
        ) from error


def _believable(dataset: Any) -> Any:
    """Return a dataset whose stated size its file can hold; a damaged one may claim more than there is memory."""
    size, held = dataset.size * dataset.dtype.itemsize, dataset.file.id.get_filesize()
    if dataset.dtype.kind == "O" or size > _RATIO * held:
        raise ValueError(f"{dataset.name} claims {size} bytes in a file of {held}")
    return dataset


def _numbers(dataset: Any) -> np.ndarray[Any, np.dtype[Any]]:
    return np.asarray(_believable(dataset)[:])


def _words(dataset: Any) -> list[str]:
    return list(_believable(dataset).asstr()[:].tolist())


def _units_of(column: Any, n: int) -> list[str]:
    if "units" in column:
        return _words(column["units"])
    return [str(column.attrs["unit"])] * n


def _read_modality(group: Any) -> list[Record]:
    packed, ends = _numbers(group["record/values"]).tobytes(), _numbers(group["record/offsets"]).tolist()
    rest = [Record.from_json(packed[a:b].decode("ascii")) for a, b in pairwise(ends)]
    n = len(rest)
    names = [json.loads(text) for text in _words(group["names"])]
    layout = _numbers(group["layout"]).tolist()
    measured = {}
    for name, column in group["measurements"].items():
        parts = (_numbers(column[part]).tolist() for part in ("value", "stderr", "low", "high"))
        measured[name] = list(zip(*parts, _units_of(column, n), strict=True))
    traced = {
        name: (_numbers(column["values"]), _numbers(column["offsets"]).tolist(), _units_of(column, n))
        for name, column in group["traces"].items()
    }
    records = []
    for i, r in enumerate(rest):
        layout_names = names[layout[i]]
        measurements = []
        for name in layout_names["measurements"]:
            value, stderr, low, high, unit = measured[name][i]
            measurements.append(Measurement(name, value, stderr, (low, high), unit))
        traces = []
        for name in layout_names["traces"]:
            values, offsets, units = traced[name]
            traces.append(Trace(name, values[offsets[i] : offsets[i + 1]], units[i]))
        records.append(replace(r, measurements=tuple(measurements), traces=tuple(traces)))
    return records
