"""ZPlot ``.z``: a header to the line ``End Comments``, then rows in one fixed order."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import ReadError
from .block import Block, named, rows_of

__all__ = ["blocks"]

_END = "end comments"
# The order and the units of the format; a line of titles repeats them in some versions, above or below the mark.
_TITLES = ["Freq(Hz)", "Ampl", "Bias", "Time(Sec)", "Z'(a)", "Z''(b)"]


def blocks(lines: list[str]) -> Iterator[Block]:
    """Yield the sweep of a ``.z`` file."""
    at = next((i for i, line in enumerate(lines) if line.strip().strip('"').casefold() == _END), None)
    if at is None:
        raise ReadError(
            "there is no line 'End Comments', so the file ends before its data",
            code="missing-data-line",
            remedy="copy the file again",
        )
    first = at + 1
    while first < len(lines) and lines[first].strip()[:1].isalpha():
        first += 1
    separator = "\t" if any("\t" in line for line in lines[first : first + 1]) else ","
    line = lines[first] if first < len(lines) else ""
    width = max(len(_TITLES), len(line.rstrip().split(separator)))
    titles = [*_TITLES, *(f"column {i}" for i in range(len(_TITLES) + 1, width + 1))]
    names, units = named(titles)
    units = ["Ohm" if name in ("resistance", "imaginary") else unit for name, unit in zip(names, units, strict=True)]
    notes = ("the format has Z' and Z'' in Ohm",)
    yield Block(titles, names, units, rows_of(lines[first:], first + 1, separator, width), notes=notes)
