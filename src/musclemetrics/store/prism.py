"""A table that pastes into GraphPad Prism: one x column, one y column a fibre."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from ..errors import InputError
from ..record import Record
from .table import guarded, only_records
from .whole import replaced

__all__ = ["save_prism"]

_DECIMALS = 6  # of x: a pCa computed from a concentration and the same one typed in share a row
_DIGITS = 10  # of y: more than any transducer has, few enough to read


def _words(record: Record) -> str:
    words = [record.labels[key] for key in ("animal", "fibre", "sheet") if key in record.labels]
    return " ".join(" ".join(words).split()) or _file(record) or "fibre"


def _file(record: Record) -> str:
    return " ".join(Path(name).stem for name, _ in record.provenance.sources[:1])


def _titles(records: list[Record], y: str) -> list[str]:
    """Return a heading a record with the unit; two of one name are told apart by their files."""
    names = [_words(r) for r in records]
    twice = {name for name, count in Counter(names).items() if count > 1}
    names = [
        f"{name} {_file(r)}".rstrip() if name in twice and _file(r) != name else name
        for name, r in zip(names, records, strict=True)
    ]
    seen: Counter[str] = Counter()
    titles = []
    for name, record in zip(names, records, strict=True):
        seen[name] += 1
        unit = next(t.unit for t in record.traces if t.name == y)
        number = f" no. {seen[name]}" if seen[name] > 1 else ""
        titles.append(f"{name}{number}" + ("" if unit == "1" else f" ({unit})"))
    return titles


def _force(value: float) -> str:
    return repr(float(f"{value:.{_DIGITS}g}"))


def save_prism(
    records: Iterable[Record], path: str | PathLike[str], *, x: str = "pca", y: str = "force", head: str = "pCa"
) -> int:
    """Write the points behind the records as tab-separated text in Prism's XY layout.

    The rows are the union of all x values, from high to low, a value repeated within a fibre having that many rows;
    a cell is empty where a fibre has no such point. A column is headed by animal and fibre (or the file) and the unit.
    x is rounded to 6 decimals, y to 10 significant digits: the table is for drawing, the records keep every bit.

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
    drawn = [r for r in only_records(records) if {x, y} <= {t.name for t in r.traces}]
    curves: list[dict[float, list[float]]] = []
    counts: dict[float, int] = {}
    for record in drawn:
        points: dict[float, list[float]] = {}
        for a, b in zip(record.trace(x).tolist(), record.trace(y).tolist(), strict=True):
            points.setdefault(round(a, _DECIMALS), []).append(b)
        for a, values in points.items():
            counts[a] = max(counts.get(a, 0), len(values))
        curves.append(points)
    if not curves:
        raise InputError(
            f"none of the records has the traces {x} and {y}",
            code="no-curves",
            remedy="give measured records of force_pca",
        )
    lines = ["\t".join([head, *(guarded(title) for title in _titles(drawn, y))])]
    for a in sorted(counts, reverse=True):
        for repeat in range(counts[a]):
            cells = [repr(a)]
            for points in curves:
                values = points.get(a, [])
                cells.append(_force(values[repeat]) if repeat < len(values) else "")
            lines.append("\t".join(cells))
    target = Path(path)
    with replaced(target) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace", newline="\n")
    return len(curves)
