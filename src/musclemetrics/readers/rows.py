"""Rows of numbers in text: parsed in one go, and the first row that is none named by its line."""

from __future__ import annotations

import io
import re

import numpy as np
from numpy.typing import NDArray

from ..errors import ReadError
from ..record import Flag

__all__ = ["KEEP", "number_in", "samples", "sampling_rate", "whole_rows"]

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?")
_GAP = 1.5  # a step so many times the usual one is a pause of the recording and not an uneven clock


KEEP = "copy the record again from the rig, or keep the samples that are whole: -r truncated=keep"


def whole_rows(rows: bytes, line: int, flags: list[Flag], promised: float | None = None) -> bytes:
    """Return rows of samples without a last one that the end of the file cuts, and flag what is missing.

    Parameters
    ----------
    rows : bytes
    line : int
        The number of the first row's line in the file.
    flags : list of Flag
        Gets ``file-cut``.
    promised : float, optional
        Samples the header promises; where they are all there, nothing was cut.

    Returns
    -------
    bytes
        As given where the last line has its end, or is the only one.
    """
    end = max(rows.rfind(b"\n"), rows.rfind(b"\r")) + 1
    cut = bool(rows[end:].strip())
    # A last value that reads as a number may still be half of one, so its row goes whatever it looks like.
    kept = rows[:end] if cut else rows
    lines = [text for text in rows.splitlines() if text.strip()]
    count = len(lines) - cut
    all_there = cut and len(lines) == promised and len(lines[-1].split()) == len(lines[0].split())
    if count < 1 or all_there or (not cut and (promised is None or count >= promised)):
        return rows
    ends = line + kept.count(b"\n")
    where = f"within line {ends}" if cut else "after a whole line"
    of = f" of {promised:.0f} that the header promises" if promised is not None else ""
    flags.append(
        Flag(
            "file-cut",
            f"the file ends {where}; the {count} samples{of} before that were kept, as truncated=keep says; what the "
            "recording did afterwards is not known",
        )
    )
    return kept


def number_in(text: str) -> float | None:
    """Return the number a text is, None where it is none in plain notation or beyond all doubles."""
    value = float(text) if re.fullmatch(_NUMBER, text.strip()) else float("inf")
    return value if np.isfinite(value) else None


def samples(
    rows: bytes, columns: int, line: int, after: str, *, missing: bool = False, remedy: str = "copy the record again"
) -> NDArray[np.float64]:
    """Parse rows of numbers parted by blanks or tabs.

    Parameters
    ----------
    rows : bytes
    columns : int
        How many numbers a row holds.
    line : int
        The number of the first row's line in the file.
    after : str
        What the rows stand after, in words, for the message where there are none.
    missing : bool
        Whether ``nan`` is allowed, as a value that was not recorded.
    remedy : str
        What to do about a last row that is cut.

    Returns
    -------
    array, shape (n, columns)

    Raises
    ------
    ReadError
        ``truncated``, ``ragged-row``, ``not-a-number`` or ``decimal-comma``, with the line.
    """
    if not rows.strip():
        raise ReadError(f"no samples follow {after}", code="truncated", remedy="copy the record again")
    try:
        found = np.loadtxt(io.BytesIO(rows), comments=None, ndmin=2, encoding="latin-1")
    except ValueError:
        raise _offence(rows, columns, line, missing, remedy) from None
    good = ~np.isinf(found) if missing else np.isfinite(found)
    if found.shape[1] != columns or not good.all():
        raise _offence(rows, columns, line, missing, remedy)
    return found


def _offence(rows: bytes, columns: int, line: int, missing: bool, remedy: str) -> ReadError:
    """Name the first row that is not what it should be."""
    lines = rows.decode("latin-1").split("\n")
    last = max(i for i, text in enumerate(lines) if text.strip())
    for i, text in enumerate(lines):
        cells = text.split()
        if cells and len(cells) != columns:
            if i == last:
                return ReadError(
                    f"the last row, line {line + i}, has {len(cells)} of {columns} values",
                    code="truncated",
                    remedy=remedy,
                )
            return ReadError(
                f"line {line + i} has {len(cells)} values, {columns} are needed",
                code="ragged-row",
                remedy="mend or remove that line",
            )
        for cell in cells:
            if number_in(cell) is None and not (missing and cell.casefold() == "nan"):
                comma = bool(_COMMA.fullmatch(cell))
                return ReadError(
                    f"line {line + i} holds {cell[:40]!r}, a number is needed",
                    code="decimal-comma" if comma else "not-a-number",
                    remedy="export with decimal points" if comma else "mend or remove that line",
                )
    return ReadError("the samples are not rows of numbers", code="not-a-number", remedy="copy the record again")


def sampling_rate(
    time: NDArray[np.float64], stated: float | None, line: int, flags: list[Flag], *, gaps: bool = False
) -> float:
    """Return the samples a second of a time column, which wins over what a header states.

    Parameters
    ----------
    time : array, shape (n,)
        Seconds.
    stated : float or None
        The header's word, in Hz.
    line : int
        The line of the first sample.
    flags : list of Flag
        Gets ``uneven-sampling`` and ``sampling-rate-conflict`` where they hold.
    gaps : bool
        Whether the recording may pause.

    Raises
    ------
    ReadError
        ``truncated`` for a single sample, ``time-not-increasing``.
    """
    if len(time) < 2:
        raise ReadError("the record holds 1 sample", code="truncated", remedy="copy the record again")
    step = np.diff(time)
    back = np.flatnonzero(~(step > 0))
    if len(back):
        at = int(back[0]) + 1
        raise ReadError(
            f"time does not increase at line {line + at}: {time[at - 1]:g} s, then {time[at]:g} s",
            code="time-not-increasing",
            remedy="copy the record again, or cut it there",
        )
    usual = float(np.median(step))
    away = np.abs(step - usual)
    if gaps:
        away[step > _GAP * usual] = 0.0
    # Times are printed to a microsecond, so two of them may be off by one between neighbours.
    even = float(np.max(away)) <= 0.01 * usual + 2e-6
    paused = gaps and bool((step > _GAP * usual).any())
    rate = (len(time) - 1) / float(time[-1] - time[0]) if even and not paused else 1 / usual
    if not even:
        at = int(np.argmax(away))
        flags.append(
            Flag(
                "uneven-sampling",
                f"the time column steps by {step[at]:g} s at line {line + at + 1}, by {usual:g} s elsewhere",
            )
        )
    if stated is not None and abs(stated - rate) > 0.01 * rate:
        flags.append(
            Flag(
                "sampling-rate-conflict",
                f"the header states {stated:g} Hz, the time column {rate:g} Hz; the time column is used",
                "note" if even else "suspect",
            )
        )
    return rate
