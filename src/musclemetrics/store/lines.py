"""The lines behind thicknesses as a file to be changed and given back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..record import Record
from .table import with_files
from .whole import replaced

__all__ = ["save_lines", "thinned"]

_POINTS = 9
"""Points a line is written with: enough for its bow, few enough for a hand."""


def save_lines(records: Iterable[Record], path: str | PathLike[str]) -> int:
    """Write the edges of every record as JSON in the form that :func:`musclemetrics.corrections.load` reads.

    An object a record: its file, the label ``frame`` where it has one, nine points of each line in px of the image
    under ``settings``, and the same again under ``found``. An object whose settings are those found changes nothing.
    Lines that were drawn by hand are written as corrections.

    Parameters
    ----------
    records : iterable of Record
        From :func:`musclemetrics.measure_files`, so that they know their files.
    path : path
        The ``.json`` to write; a file of that name is replaced.

    Returns
    -------
    int
        How many records were written; those without edges (failed ones) have none.

    Raises
    ------
    InputError
        ``no-lines`` if no record has edges; ``no-source`` if one does not know its file.
    """
    nothing = InputError("none of the records has lines", code="no-lines", remedy="give measured B-mode records")
    shown = with_files(records, {"superficial_x", "deep_x"}, "lines", nothing)
    rows = [_row(r) for r in shown]
    with replaced(Path(path)) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        json.dump(rows, stream, ensure_ascii=False, indent=1)
        stream.write("\n")
    return len(rows)


def _row(record: Record) -> dict[str, Any]:
    lines = {side: thinned(record, side) for side in ("superficial", "deep")}
    row: dict[str, Any] = {"source": record.provenance.sources[0][0]}
    if "frame" in record.labels:
        row["labels"] = {"frame": record.labels["frame"]}
    row["settings"] = {"lines": lines}
    if not record.flagged("manual-lines"):
        row["found"] = {"lines": lines}
    return row


def thinned(record: Record, side: str) -> list[list[float]]:
    """Return the few points by which an edge of a record is written and dragged, in px of the image.

    Parameters
    ----------
    record : Record
        One that has edges.
    side : {"superficial", "deep"}
    """
    x, y = record.trace(f"{side}_x"), record.trace(f"{side}_y")
    at = np.linspace(x[0], x[-1], _POINTS)
    return [[round(float(a), 2), round(float(b), 2)] for a, b in zip(at, np.interp(at, x, y), strict=True)]
