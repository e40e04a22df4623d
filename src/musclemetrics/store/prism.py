"""A table that pastes into GraphPad Prism: one x column, one y column a fibre."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from ..errors import InputError
from ..record import Record
from .table import guarded
from .whole import replaced

__all__ = ["save_prism"]


def _name(record: Record) -> str:
    words = [record.labels[key] for key in ("animal", "fibre", "sheet") if key in record.labels]
    if not words:
        words = [Path(name).stem for name, _ in record.provenance.sources[:1]] or ["fibre"]
    return " ".join(" ".join(words).split())


def save_prism(
    records: Iterable[Record], path: str | PathLike[str], *, x: str = "pca", y: str = "force", head: str = "pCa"
) -> int:
    """Write the points behind the records as tab-separated text in Prism's XY layout.

    The rows are the union of all x values, from high to low, a value repeated within a fibre having that many rows;
    a cell is empty where a fibre has no such point.

    Parameters
    ----------
    records : iterable of Record
    path : path
        The text file to write.
    x, y : str, optional
        Names of the traces that hold the points.
    head : str, optional
        Heading of the x column.

    Returns
    -------
    int
        How many curves were written; records without these traces (failed ones) are not among them.

    Raises
    ------
    InputError
        If no record has the two traces (code ``no-curves``).
    """
    curves: dict[str, dict[float, list[float]]] = {}
    counts: dict[float, int] = {}
    for record in records:
        traces = {t.name: t.values for t in record.traces}
        if x not in traces or y not in traces:
            continue
        name = base = _name(record)
        number = 1
        while name in curves:
            number += 1
            name = f"{base} ({number})"
        points: dict[float, list[float]] = {}
        for a, b in zip(traces[x].tolist(), traces[y].tolist(), strict=True):
            points.setdefault(a, []).append(b)
        for a, values in points.items():
            counts[a] = max(counts.get(a, 0), len(values))
        curves[name] = points
    if not curves:
        raise InputError(
            f"none of the records has the traces {x} and {y}",
            code="no-curves",
            remedy="give measured records of force_pca",
        )
    lines = ["\t".join([head, *(guarded(name) for name in curves)])]
    for a in sorted(counts, reverse=True):
        for repeat in range(counts[a]):
            cells = [repr(a)]
            for points in curves.values():
                values = points.get(a, [])
                cells.append(repr(values[repeat]) if repeat < len(values) else "")
            lines.append("\t".join(cells))
    target = Path(path)
    with replaced(target) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace", newline="\n")
    return len(curves)
