"""Columns that tell apart the curves which one fibre's name holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...errors import ReadError
from .numbers import Cell, listed

__all__ = ["refuse_other_curves"]


def refuse_other_curves(
    starts: Sequence[int], words: Mapping[str, Sequence[Cell]], numbers: Sequence[int], fibre: str, column: str
) -> None:
    """Raise where another column says one thing of each pass, and not the same: these are several curves.

    Raises
    ------
    ReadError
        ``duplicate-fibre``, naming the column.
    """
    for name, cells in words.items():
        parts = [list(dict.fromkeys(cells[a:b])) for a, b in zip((0, *starts), (*starts, len(cells)), strict=True)]
        told = [p[0] for p in parts]
        if all(len(p) == 1 for p in parts) and len(set(told)) > 1:
            of = f"fibre {fibre!r}" if fibre else "the table"
            raise ReadError(
                f"{of} starts over at row(s) {listed([numbers[i] for i in starts], 6)}, "
                f"where {name!r} changes ({listed(list(dict.fromkeys(told)), 4)}): these are several curves",
                code="duplicate-fibre",
                remedy=f"keep them apart with -r fibre={column + '+' if column else ''}{name}, "
                f"or leave the column {name!r} out if they are repeats of one fibre",
            )
