"""The onsets behind slack tests as a table to be looked through, changed and given back."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from ..corrections import BY_HAND, LEAVE_OUT
from ..errors import InputError
from ..record import Record
from .table import guarded, with_files
from .whole import replaced

__all__ = ["save_onsets", "telling"]

_HEAD = ("source", "release", "onset (s)", "found (s)", "start (s)", "step ({L0})")
_NEEDED = {"release_onset", "release_start", "release_step", "release_used", "release_manual"}
_DECIMALS = 9  # of times in seconds: far below a sample, and the same again after a round through the table


def save_onsets(records: Iterable[Record], path: str | PathLike[str]) -> int:
    """Write the onset of every release as CSV in the form that :func:`musclemetrics.corrections.load` reads.

    A row a release: its file, the labels that tell the records of that file apart, its number, the ``onset (s)`` or
    ``leave out``, and the same again under ``found (s)``. A row changed under ``onset (s)`` is a correction, the
    others stay what they are. An onset that was given by hand stays a correction: ``found`` says ``by hand``.

    Parameters
    ----------
    records : iterable of Record
        From :func:`musclemetrics.measure_files`, so that they know their files.
    path : path
        The ``.csv`` to write; a file of that name is replaced.

    Returns
    -------
    int
        How many releases were written; records without releases (failed ones) have none.

    Raises
    ------
    InputError
        ``no-onsets`` if no record has releases; ``no-source`` if one does not know its file.
    """
    nothing = InputError(
        "none of the records has releases with onsets",
        code="no-onsets",
        remedy="give measured records of slack tests",
    )
    shown = with_files(records, _NEEDED, "onsets", nothing)
    labels = telling(shown)
    names = list(dict.fromkeys(name for words in labels for name in words))
    rows = [
        [guarded(r.provenance.sources[0][0]), *cells, *(guarded(words.get(n, "")) for n in names)]
        for r, words in zip(shown, labels, strict=True)
        for cells in _cells(r)
    ]
    with replaced(Path(path)) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*_HEAD, *(guarded(n) for n in names)])
        writer.writerows(rows)
    return len(rows)


def _cells(record: Record) -> Iterator[list[str]]:
    onset, start, step, used, manual = (
        record.trace(f"release_{name}") for name in ("onset", "start", "step", "used", "manual")
    )
    for k in range(len(onset)):
        now = _time(onset[k]) if used[k] and np.isfinite(onset[k]) else LEAVE_OUT
        found = BY_HAND if manual[k] else now
        yield [str(k + 1), now, found, _time(start[k]), f"{step[k]:.4g}"]


def _time(value: float) -> str:
    return repr(round(float(value), _DECIMALS))


def telling(records: Sequence[Record]) -> list[dict[str, str]]:
    """Return for each record the labels that tell it from others of its file; none where it is alone.

    Parameters
    ----------
    records : sequence of Record
    """
    words: dict[str, dict[str, set[str | None]]] = {}
    for name, peers in _by_file(records).items():
        keys = {key for p in peers for key in p.labels}
        words[name] = {key: {p.labels.get(key) for p in peers} for key in keys}
    out = []
    for record in records:
        seen = words[record.provenance.sources[0][0]] if record.provenance.sources else {}
        out.append({k: v for k, v in record.labels.items() if len(seen.get(k, ())) > 1})
    return out


def _by_file(records: Sequence[Record]) -> dict[str, list[Record]]:
    of: dict[str, list[Record]] = {}
    for record in records:
        for name, _ in record.provenance.sources:
            of.setdefault(name, []).append(record)
    return of
