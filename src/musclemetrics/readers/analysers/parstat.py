"""Parstat text: one line of titles, and rows at frequency 0 while the cell was held before the sweep."""

from __future__ import annotations

from collections.abc import Iterator

from .block import Block, named, rows_of

__all__ = ["blocks"]


def blocks(lines: list[str]) -> Iterator[Block]:
    """Yield the sweep of a Parstat text."""
    first = next(i for i, line in enumerate(lines) if line.strip())
    titles = [t.strip() for t in lines[first].rstrip("\t ").split("\t")]
    names, units = named(titles)
    yield Block(titles, names, units, rows_of(lines[first + 1 :], first + 2, "\t", len(titles)))
