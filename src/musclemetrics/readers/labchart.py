"""LabChart's text export: a header and rows for every block, with comments at the ends of rows.

A header is lines such as ``Interval=``, ``ChannelTitle=``, ``Range=``, ``UnitName=``; a row is time, a value a channel,
and ``#`` comments, parted by tabs. LabChart's own files need the vendor's library and are refused; its MATLAB export is
read by the reader ``matlab``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import choice
from ..errors import ReadError, SettingsError
from ..reading import Event, Reading
from ..record import Flag
from .channels import Channel, known_unit, placed, units_given
from .rows import number_in, samples, sampling_rate
from .signatures import LABCHART_OWN
from .source import Source, contents, name_of

__all__ = ["read"]

_HEADER = re.compile(r"(?:^[A-Za-z][A-Za-z ]{0,30}=[^\n]*\n?)+", re.MULTILINE)
_COMMENT = re.compile(r"#(\*|[0-9]{1,3})\s?(.*)", re.DOTALL)
_CLOCK = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{1,2}(?:\.[0-9]*)?)")
_TIME_WORDS = {"hr": 3600.0, "h": 3600.0, "min": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6}
_LEAST_KEYS = ("channeltitle", "interval")


@dataclass(frozen=True, slots=True)
class _Block:
    header: dict[str, list[str]]
    rows: str
    line: int


def read(
    source: Source,
    *,
    force: str | int | None = None,
    length: str | int | None = None,
    stimulus: str | int | None = None,
    units: Mapping[str, str] | str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> Iterator[Reading]:
    """Read a LabChart text export.

    Parameters
    ----------
    source : str, path or binary file object
    force, length, stimulus : str or int, optional
        Channels by title or by number from 1; by default known by title, then by unit.
    units : Mapping or str, optional
        Units of arrays by name, ``{"force": "mN"}`` or ``"force=mN"``.
    decimal : {".", ","}, optional
        Decimal mark, where the numbers leave it open.
    encoding : str, optional
        By default the byte-order mark decides, then UTF-8, then cp1252.

    Yields
    ------
    Reading
        One a block, labelled ``block`` where there are several. Arrays of shape (n,): ``time`` (s), channels under
        the names of the bench or slugs of their titles, NaN where a channel has no value; ``sampling_rate`` (Hz) as a
        0-d fact. Comments are events ``comment`` with their ``text`` and ``channel``. Flagged ``format-unverified``.

    Raises
    ------
    ReadError
        ``vendor-format``, ``bad-header``, ``bad-encoding``, ``truncated``, ``ragged-row``, ``not-a-number``,
        ``mixed-decimal``, ``time-not-increasing``, ``ambiguous-column``.
    SettingsError
        ``unknown-column`` or ``unknown-unit``.
    """
    choice(decimal, "decimal", (None, ".", ","))
    said = {"force": force, "length": length, "stimulus": stimulus}
    given = units_given(units)
    raw = contents(source)
    _refuse_own(raw, name_of(source))
    text = _decoded(raw, encoding).replace("\r\n", "\n").replace("\r", "\n")
    found = _blocks(text)
    empty = [i for i, b in enumerate(found, start=1) if not b.rows.strip()]
    passed = [f"block(s) without rows passed over: {', '.join(map(str, empty))}"] if len(empty) < len(found) else []
    for number, block in enumerate(found, start=1):
        if block.rows.strip() or not passed:
            yield _reading(block, number if len(found) > 1 else 0, said, given, decimal, passed if empty else [])


def _refuse_own(raw: bytes, name: str) -> None:
    ending = next((s for s in LABCHART_OWN if name.lower().endswith(s)), None)
    if ending is not None or raw.startswith(b"CFWB"):
        raise ReadError(
            f"{name!r} is LabChart's own format, which only the vendor's Windows library reads",
            code="vendor-format",
            remedy="export it from LabChart as text (.txt, with time and comments) or as MATLAB (.mat)",
        )


def _decoded(raw: bytes, encoding: str | None) -> str:
    tried = [encoding] if encoding else ["utf-16"] if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    reason = ""
    for name in tried:
        try:
            return raw.decode(name)
        except LookupError:
            raise SettingsError(f"there is no text encoding {name!r}", remedy="use utf-8, utf-16 or cp1252") from None
        except ValueError as error:
            reason = str(error)[:80]
    raise ReadError(
        f"the text is not {' or '.join(tried)}: {reason}",
        code="bad-encoding",
        remedy="name its encoding with -r encoding=NAME",
    )


def _blocks(text: str) -> list[_Block]:
    heads = list(_HEADER.finditer(text))
    if not heads or text[: heads[0].start()].strip():
        raise ReadError(
            "the text does not begin with a LabChart header (Interval=, ChannelTitle=)",
            code="bad-header",
            remedy="export from LabChart with the block header",
        )
    found = []
    for head, end in zip(heads, [*(h.start() for h in heads[1:]), len(text)], strict=True):
        line = text.count("\n", 0, head.start()) + 1
        header: dict[str, list[str]] = {}
        for words in head[0].splitlines():
            key, _, rest = words.partition("=")
            key = key.strip().casefold()
            if key in header:  # the header of the next block: this one holds no rows
                found.append(_Block(header, "", line))
                header = {}
            header[key] = [c.strip() for c in rest.removeprefix("\t").rstrip("\t").split("\t")]
            line += 1
        missing = [k for k in _LEAST_KEYS if not header.get(k, [""])[0]]
        if missing:
            raise ReadError(
                f"the header above line {line} has no {missing[0]}=",
                code="bad-header",
                remedy="export from LabChart with the block header",
            )
        found.append(_Block(header, text[head.end() : end], line))
    return found


def _interval(words: str, line: int) -> tuple[float, float]:
    """Return the interval in seconds, and one of its units in seconds."""
    match = re.fullmatch(r"([0-9.,eE+-]+)\s*([A-Za-zµμ]*)", words.strip())
    value = number_in(match[1].replace(",", ".")) if match is not None else None
    unit = _TIME_WORDS.get((match[2] or "s") if match is not None else "")
    if value is None or value <= 0 or unit is None:
        raise ReadError(
            f"the header above line {line} has Interval= {words!r}, a time such as 0.001 s is needed",
            code="bad-header",
            remedy="export the recording again",
        )
    return value * unit, unit


def _reading(
    block: _Block,
    number: int,
    said: Mapping[str, str | int | None],
    given: Mapping[str, str],
    decimal: str | None,
    passed: list[str],
) -> Reading:
    flags = [
        Flag(
            "format-unverified",
            "LabChart's text export is read by its published layout, which no file from another laboratory has proved "
            "yet; compare a few samples with LabChart",
            "note",
        )
    ]
    notes = list(passed)
    titles = [t.strip('"') for t in block.header["channeltitle"]]
    step, unit = _interval(block.header["interval"][0], block.line)
    rows, comments = _without_comments(block.rows)
    values, timed = _values(rows, len(titles), block.line, decimal, notes)
    if timed:
        time = _seconds(values[:, 0], step, unit, notes)
        rate = sampling_rate(time, 1 / step, block.line, flags)
        values = values[:, 1:]
    else:
        time, rate = np.arange(len(values), dtype=np.float64) * step, 1 / step
        notes.append("the rows hold no time: it is counted from the first row by the interval")
    channels = []
    for i, title in enumerate(titles):
        word = _unit_of(block.header, i)
        channels.append(Channel(title, known_unit(word), np.ascontiguousarray(values[:, i]), word))
        held = int(np.isfinite(values[:, i]).sum())
        if held < len(values):
            flags.append(
                Flag("missing-points", f"{title!r} has no value in {len(values) - held} of {len(values)} rows", "note")
            )
    found, units = placed(channels, said, given, flags, notes)
    arrays: dict[str, Any] = {"time": time, **found, "sampling_rate": np.array(rate)}
    units = {"time": "s", **units, "sampling_rate": "Hz"}
    events = tuple(
        Event(float(time[row]), "comment", {"text": text, "channel": channel}) for row, channel, text in comments
    )
    labels = {"block": str(number)} if number else {}
    return Reading(arrays, units, labels, events, tuple(flags), tuple(notes))


def _unit_of(header: Mapping[str, list[str]], i: int) -> str:
    """Return a channel's unit: by name where it was converted, else what follows the number of its range."""
    names = header.get("unitname", [])
    if i < len(names) and names[i] not in ("", "*"):
        return names[i]
    ranges = header.get("range", [])
    match = re.fullmatch(r"[0-9.,eE+-]+\s*(.*)", ranges[i]) if i < len(ranges) else None
    return match[1].strip() if match is not None else ""


def _without_comments(text: str) -> tuple[list[str], list[tuple[int, int | None, str]]]:
    """Return the rows, and comments as (row, channel or None for all, text)."""
    rows = [line for line in text.split("\n") if line.strip()]
    comments: list[tuple[int, int | None, str]] = []
    if "#" in text:
        for i, line in enumerate(rows):
            bare, mark, rest = line.partition("#")
            if mark:
                rows[i] = bare.rstrip(" \t")
                for part in re.split(r"\t(?=#)", "#" + rest):
                    match = _COMMENT.fullmatch(part.strip())
                    channel = int(match[1]) if match is not None and match[1] != "*" else None
                    comments.append((i, channel, (match[2] if match is not None else part[1:]).strip()))
    return rows, comments


def _values(
    rows: list[str], channels: int, line: int, decimal: str | None, notes: list[str]
) -> tuple[NDArray[np.float64], bool]:
    """Return the rows as numbers, NaN for an empty cell, and whether the first column is time."""
    if not rows:
        raise ReadError("no samples follow the block header", code="truncated", remedy="export the recording again")
    width = max(row.count("\t") for row in rows[:100]) + 1
    if width not in (channels, channels + 1):
        raise ReadError(
            f"line {line} has {width} cells, {channels} channels are named",
            code="ragged-row",
            remedy="export with one column a channel, with or without time",
        )
    joined = "\n".join(rows)
    mark = decimal or _mark(joined)
    if mark == ",":
        joined = joined.replace(",", ".")
        notes.append("decimal comma")
    if ":" in joined[:200]:
        rows = [_unclocked(row) for row in joined.split("\n")]
        joined = "\n".join(rows)
    # A channel that was off has nothing between two tabs; the end of a row may be cut with it.
    short = [i for i, row in enumerate(rows) if row.count("\t") != width - 1]
    if short or "\t\t" in joined or re.search(r"\t[ ]*(?:\n|$)|(?:^|\n)\t", joined):
        joined = "\n".join(_filled(row, width, line + i) for i, row in enumerate(joined.split("\n")))
    return samples(joined.encode("latin-1", "replace"), width, line, "the block header", missing=True), (
        width == channels + 1
    )


def _mark(text: str) -> str:
    if "," in text and "." in text:
        raise ReadError(
            "the numbers of a block have points and commas, which do not share a decimal mark",
            code="mixed-decimal",
            remedy="export without thousands marks, or say -r decimal=, (or .)",
        )
    return "," if "," in text else "."


def _unclocked(row: str) -> str:
    """Return a row whose time of day or hours and minutes are seconds."""
    cell, tab, rest = row.partition("\t")
    match = _CLOCK.fullmatch(cell.strip())
    if match is None:
        return row
    return f"{3600 * int(match[1] or 0) + 60 * int(match[2]) + float(match[3]):.9g}{tab}{rest}"


def _filled(row: str, width: int, line: int) -> str:
    cells = [c.strip() or "nan" for c in row.split("\t")]
    if len(cells) > width and all(c == "nan" for c in cells[width:]):
        cells = cells[:width]
    if len(cells) == 1 and width > 2:
        raise ReadError(f"line {line} has 1 of {width} values", code="ragged-row", remedy="mend or remove that line")
    # What is missing at the end of a row is a channel that was off; the others keep their places.
    return "\t".join(cells + ["nan"] * (width - len(cells)))


def _seconds(time: NDArray[np.float64], step: float, unit: float, notes: list[str]) -> NDArray[np.float64]:
    """Return the time column in seconds; one that runs in the unit of the interval is told by its steps."""
    if len(time) < 2 or unit == 1.0:
        return time
    usual = float(np.median(np.diff(time)))
    if abs(usual - step) > 0.01 * step and abs(usual * unit - step) <= 0.01 * step:
        notes.append("the time column runs in the unit of the interval")
        return time * unit
    return time
