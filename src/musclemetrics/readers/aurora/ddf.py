"""DMC ``.ddf``: a calibration for every channel, a protocol, and samples in volts."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError
from ...reading import Event, Reading
from ...record import Flag
from ..channels import Channel, blank_last, known_unit, placed
from ..rows import KEEP, number_in, samples, whole_rows
from . import protocol

__all__ = ["reading"]

# heading of a reference line: (name of the fact, unit)
_REFERENCES = {
    "reference area": ("area", "mm2"),
    "reference force": ("reference_force", "mN"),
    "reference length": ("fibre_length", "mm"),
}
_UNIT_WORDS = {"sq. mm": "mm2", "sq mm": "mm2"}
_OUTPUTS = {"length": "length_command", "force": "force_command", "stress": "force_command"}


def reading(raw: bytes, said: Mapping[str, str | int | None], given: Mapping[str, str], keep: bool = False) -> Reading:
    """Return the recording of a ``.ddf``."""
    head, titles, rows, line = _split(raw)
    lines = head.splitlines()
    flags: list[Flag] = []
    notes: list[str] = []
    rate = _rate(lines)
    calibration = _calibration(lines)
    if keep:
        rows = whole_rows(rows, line, flags)
    values = samples(rows, len(titles), line, "the heading 'Test Data in Volts:'", remedy=KEEP)
    index = _index(values[:, 0], titles[0], line)
    if not raw.endswith((b"\n", b"\r")) and not any(f.code == "file-cut" for f in flags):
        flags.append(Flag("no-final-newline", "the file ends within a line; its last value may be cut", "note"))

    channels, stim = _channels(titles[1:], values[:, 1:], calibration, flags, notes)
    raw_channels = dict(zip(titles[1:], values[:, 1:].T, strict=True))
    blank = blank_last(raw_channels, f"line {line + len(values) - 1}")
    if blank is not None:
        flags.append(blank)
        for one in channels:
            if one.title != stim:
                one.values[-1] = np.nan
    arrays: dict[str, NDArray[np.float64]] = {"time": index / rate}
    found, units = placed(channels, said, given, flags, notes)
    arrays |= found
    units = {"time": "s", **units}
    _offsets(channels, found, calibration, flags)
    for name, (value, unit) in _facts(lines, notes).items():
        arrays[name], units[name] = np.array(value), unit
    arrays["sampling_rate"], units["sampling_rate"] = np.array(rate), "Hz"
    events = _events(lines, arrays, stim is not None, flags, notes)
    return Reading(arrays, units, {}, events, tuple(flags), tuple(notes))


def _split(raw: bytes) -> tuple[str, list[str], bytes, int]:
    """Return the header, the titles of the columns, the samples, and the number of the first sample's line."""
    heading = re.search(rb"^Test Data[^\r\n]*(?:\r\n|\n|\r|\Z)", raw, re.MULTILINE)
    if heading is None:
        raise ReadError(
            "there is no heading 'Test Data in Volts:', so the file ends within its header",
            code="missing-data-line",
            remedy="copy the file again from the rig",
        )
    if b"volts" not in heading[0].lower():
        raise ReadError(
            f"the samples stand under {heading[0].strip()[:60].decode('latin-1')!r}, 'Test Data in Volts:' is expected",
            code="bad-header",
            remedy="export the test data in volts, or as CSV with units in its names",
        )
    names = re.compile(rb"\s*(Sample[^\r\n]*)(?:\r\n|\n|\r|\Z)").match(raw, heading.end())
    if names is None:
        raise ReadError(
            "no row of channel names, beginning with Sample, follows the heading 'Test Data in Volts:'",
            code="truncated" if not raw[heading.end() :].strip() else "bad-header",
            remedy="copy the file again from the rig",
        )
    titles = [t.strip() for t in names[1].decode("latin-1").split("\t") if t.strip()]
    if len(titles) < 2 or len(set(titles)) < len(titles):
        raise ReadError(
            f"the channel names are {', '.join(titles)}, two and more different ones are needed",
            code="bad-header",
            remedy="copy the file again from the rig",
        )
    return raw[: heading.start()].decode("latin-1"), titles, raw[names.end() :], raw.count(b"\n", 0, names.end()) + 1


def _rate(lines: list[str]) -> float:
    for text in lines:
        key, _, rest = text.partition(":")
        if key.strip().casefold().startswith("sample frequency"):
            value = number_in(rest)
            if value is None or value <= 0:
                break
            return value
    raise ReadError(
        "the header states no 'Sample Frequency (Hz):' above 0",
        code="bad-header",
        remedy="copy the file again from the rig",
    )


def _calibration(lines: list[str]) -> dict[str, dict[str, str]]:
    """Return the rows of the calibration by their first word, each a mapping of channel to cell."""
    start = next((i for i, t in enumerate(lines) if t.strip().casefold().startswith("calibration data")), None)
    if start is None:
        raise ReadError(
            "there is no heading 'Calibration Data:' above the samples",
            code="bad-header",
            remedy="copy the file again from the rig; without its scales volts are no forces",
        )
    titles: list[str] = []
    found: dict[str, dict[str, str]] = {}
    for number, text in enumerate(lines[start + 1 :], start=start + 2):
        cells = [c.strip() for c in text.rstrip("\r\n").split("\t")]
        if len(cells) < 2:
            break
        key = cells[0].partition("(")[0].strip().casefold()
        if key == "channel":
            titles = cells[1:]
        elif len(cells[1:]) != len(titles):
            raise ReadError(
                f"line {number}, {cells[0]!r}, has {len(cells) - 1} cells, {len(titles)} channels are named",
                code="ragged-row",
                remedy="mend that line",
            )
        else:
            found[key] = dict(zip(titles, cells[1:], strict=True))
    missing = [k for k in ("units", "scale", "offset") if k not in found]
    if missing:
        raise ReadError(
            f"the calibration has no row {missing[0]!r}", code="bad-header", remedy="copy the file again from the rig"
        )
    for key in ("scale", "offset"):
        for title, cell in found[key].items():
            if number_in(cell) is None and cell.casefold() not in ("", "nan"):
                raise ReadError(
                    f"the {key} of {title} is {cell[:40]!r}, a number is needed",
                    code="decimal-comma" if "," in cell else "not-a-number",
                    remedy="write decimal points" if "," in cell else "mend that line",
                )
    return found


def _index(column: NDArray[np.float64], title: str, line: int) -> NDArray[np.float64]:
    """Return the numbers of the samples, which increase by whole steps."""
    step = np.diff(column)
    bad = np.flatnonzero((step <= 0) | (step != np.round(step)))
    if len(column) < 2:
        raise ReadError("the record holds 1 sample", code="truncated", remedy="copy the record again")
    if len(bad):
        at = int(bad[0]) + 1
        raise ReadError(
            f"{title} is {column[at - 1]:g} and then {column[at]:g} at line {line + at}",
            code="time-not-increasing",
            remedy="copy the record again, or cut it there",
        )
    return np.asarray(column - column[0], dtype=np.float64)


def _channels(
    titles: list[str],
    volts: NDArray[np.float64],
    calibration: Mapping[str, Mapping[str, str]],
    flags: list[Flag],
    notes: list[str],
) -> tuple[list[Channel], str | None]:
    """Return the channels in their units, and the title of the stimulus column."""
    channels: list[Channel] = []
    bare: list[str] = []
    stim = next((t for t in titles if t.casefold().startswith("stim")), None)
    for title, column in zip(titles, volts.T, strict=True):
        if title == stim:
            channels.append(Channel(title, "1", np.ascontiguousarray(column)))
            continue
        stated = calibration["units"].get(title, "")
        scale = number_in(calibration["scale"].get(title, "")) or 0.0
        offset = number_in(calibration["offset"].get(title, "")) or 0.0
        output = title.upper().startswith("AO")
        if not stated or scale == 0.0:
            bare.append(title)
            channels.append(Channel(title, "V", column.copy(), own=title.lower()))
            continue
        unit = known_unit(_UNIT_WORDS.get(stated, stated))
        own = _command(unit, title) if output else None
        channels.append(Channel(title, unit, (column + offset) * scale, stated, own))
    if bare:
        notes.append(f"no unit or no scale is stated for {', '.join(bare)}: kept in volts")
    return channels, stim


def _command(unit: str | None, title: str) -> str:
    from ...units import dimension

    return _OUTPUTS.get(dimension(unit), title.lower()) if unit is not None else title.lower()


def _offsets(
    channels: list[Channel],
    found: Mapping[str, NDArray[np.float64]],
    calibration: Mapping[str, Mapping[str, str]],
    flags: list[Flag],
) -> None:
    """Flag an offset other than 0 of a channel that is measured: which way it counts is not proved."""
    for name in ("force", "length"):
        title = next((c.title for c in channels if name in found and c.values is found[name]), "")
        offset = number_in(calibration["offset"].get(title, "")) or 0.0
        if offset != 0.0 and (number_in(calibration["scale"].get(title, "")) or 0.0) != 0.0:
            flags.append(
                Flag(
                    "offset-sign-unproven",
                    f"{title}, read as {name}, has an offset of {offset:g} V, added to the volts before the scale; "
                    "every file this was proved on has an offset of 0, so its sign is not: differences within the "
                    "recording do not depend on it, absolute values do",
                )
            )


def _facts(lines: list[str], notes: list[str]) -> dict[str, tuple[float, str]]:
    """Return the reference values that were entered."""
    found: dict[str, tuple[float, str]] = {}
    absent: list[str] = []
    for text in lines:
        key, mark, rest = text.partition(":")
        known = _REFERENCES.get(key.strip().casefold())
        if known is None or not mark:
            continue
        cell, _, word = rest.strip().partition(" ")
        value, unit = number_in(cell), known_unit(_UNIT_WORDS.get(word.strip(), word)) or known[1]
        if value is None or value <= 0:
            absent.append(f"{known[0]} ({rest.strip()})")
        else:
            found[known[0]] = (value, unit)
    if absent:
        notes.append(f"the header states no {', '.join(absent)}")
    return found


def _events(
    lines: list[str],
    arrays: Mapping[str, NDArray[np.float64]],
    recorded: bool,
    flags: list[Flag],
    notes: list[str],
) -> tuple[Event, ...]:
    """Return what the protocol did and when the stimulus switched on."""
    time = arrays["time"]
    commands = protocol.commands(lines, notes)
    planned = protocol.onsets(commands)
    period = float(time[1] - time[0])
    stop = next((e for e in commands if e.name == "stop"), None)
    if stop is not None and abs(stop.time - time[-1]) > 3 * period:
        flags.append(
            Flag(
                "protocol-conflict",
                f"by the waits of its protocol the recording stops at {stop.time:.4g} s, its samples end at "
                f"{time[-1]:.4g} s; the times of commands other than the recorded stimulus are not certain",
                "note",
            )
        )
    onsets = _switched_on(time, arrays["stimulus"]) if recorded and "stimulus" in arrays else []
    if onsets:
        if planned and abs(onsets[0].time - planned[0].time) > 3 * period:
            flags.append(
                Flag(
                    "protocol-conflict",
                    f"the protocol plans the first stimulus at {planned[0].time:.4g} s, the stimulus column has it at "
                    f"{onsets[0].time:.4g} s, which is used",
                    "note",
                )
            )
    elif planned:
        onsets = planned
        notes.append("no stimulus was recorded: its times are those of the protocol")
    return tuple(sorted((*commands, *onsets), key=lambda e: e.time))


def _switched_on(time: NDArray[np.float64], column: NDArray[np.float64]) -> list[Event]:
    on = np.concatenate(([False], np.nan_to_num(column) > 0.5, [False]))
    edge = np.diff(on.astype(np.int8))
    first, after = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    end = np.append(time, 2 * time[-1] - time[-2])
    return [
        Event(float(time[i]), "stimulus", {"pulse_width": round(float(end[j] - time[i]), 9)})
        for i, j in zip(first, after, strict=True)
    ]
