"""Keysight (Agilent) E4990A: comments with a bang, then ``BEGIN CH1_DATA``, titles, rows, ``END``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...errors import ReadError
from .block import Block, cut, named, rows_of

__all__ = ["blocks"]

_BEGIN = re.compile(r"BEGIN (CH[0-9]+)_DATA\s*$")
# The analyser's X is the imaginary part, positive where inductive; Z and theta are written out in its titles.
_OWN = {"X": "imaginary"}


def blocks(lines: list[str]) -> Iterator[Block]:
    """Yield the sweeps of an E4990A's text, one a channel."""
    starts = [(i, m[1]) for i, line in enumerate(lines) if (m := _BEGIN.match(line)) is not None]
    if not starts:
        raise ReadError(
            "there is no line 'BEGIN CH1_DATA', so the file ends before its data",
            code="missing-data-line",
            remedy="save the trace again as CSV, with its data",
        )
    said = next((line[1:].split(",") for line in lines if re.match(r"!(?:Agilent|Keysight)", line)), [])
    device = " ".join(w.strip() for w in said[:2])
    for i, channel in starts:
        end = next((j for j in range(i + 1, len(lines)) if lines[j].strip() == "END"), None)
        later = next((j for j, _ in starts if j > i), len(lines))
        if end is None or end > later:
            raise cut(f"{channel}, begun in line {i + 1}, has no END")
        titles = [t.strip() for t in lines[i + 1].split(",")]
        names, units = named(titles, _OWN)
        labels = {"device": device} if device else {}
        if len(starts) > 1:
            labels["channel"] = channel
        yield Block(titles, names, units, rows_of(lines[i + 2 : end], i + 3, ",", len(titles)), labels)
