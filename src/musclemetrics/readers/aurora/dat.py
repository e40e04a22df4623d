"""600A ``.dat`` and ``.txt``: headed sections, a protocol, and calibrated signals over time in milliseconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError
from ...reading import Event, Reading
from ...record import Flag
from ...units import convert_factor, dimension
from ..channels import Channel, blank_last, known_unit, placed
from ..rows import KEEP, number_in, samples, sampling_rate, whole_rows

__all__ = ["reading"]

_SIGNALS = "force and length signals vs time"
_SETUP = "setup parameters"
_PROTOCOL = "test protocol parameters"
# line of the setup: (name of the fact, what its unit must measure, unit where none is stated)
_FACTS = {
    "fiber length": ("fibre_length", "length", "mm"),
    "fibre length": ("fibre_length", "length", "mm"),
    "initial sarcomere length": ("sarcomere_length_0", "length", "um"),
    "diameter": ("diameter", "length", "mm"),
    "width": ("width", "length", "mm"),
    "depth": ("depth", "length", "mm"),
}
# title of a column: (array a measured signal is, or the name of a command)
_MEASURED = {"lin": "length", "fin": "force", "sl": "sarcomere_length"}
_COMMANDS = {"lout": "length_command", "fout": "force_command"}
_COLUMN = re.compile(r"([^\s()]+(?: [^\s()]+)*)\s*\(([^()]*)\)|(\S+)")
_VALUE = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)\s*([A-Za-zµ%][A-Za-z0-9µ%/]*)?")


def reading(raw: bytes, said: Mapping[str, str | int | None], given: Mapping[str, str], keep: bool = False) -> Reading:
    """Return the recording of a 600A file."""
    sections = _sections(raw)
    flags = [
        Flag(
            "format-unverified",
            "600A files are read by their published layout, which no file from another laboratory has proved yet; "
            "compare a few samples with the file",
            "note",
        )
    ]
    notes: list[str] = []
    titles, rows, line = _signals(raw, sections)
    if keep:
        rows = whole_rows(rows, line, flags)
    values = samples(rows, len(titles), line, "the heading of the signals", remedy=KEEP)
    if titles[0][0].casefold() != "time" or known_unit(titles[0][1]) is None:
        raise ReadError(
            f"the first column of the signals is {titles[0][0]!r} ({titles[0][1]}), Time with its unit is expected",
            code="bad-header",
            remedy="give the file as the controller's program wrote it",
        )
    unit = known_unit(titles[0][1]) or "ms"
    channels = [_channel(t, stated, column) for (t, stated), column in zip(titles[1:], values.T[1:], strict=True)]
    blank = blank_last({c.title: c.values for c in channels}, f"line {line + len(values) - 1}")
    if blank is not None:
        flags.append(blank)
        for one in channels:
            one.values[-1] = np.nan
    own = {role: said.get(role) or _by_title(channels, role) for role in ("force", "length", "stimulus")}
    found, units = placed(channels, own, given, flags, [])
    arrays: dict[str, NDArray[np.float64]] = {"time": np.ascontiguousarray(values[:, 0]), **found}
    units = {"time": unit, **units}
    setup = _lines(raw, sections, _SETUP)
    for name, (value, of) in _facts(setup, notes).items():
        arrays[name], units[name] = np.array(value), of
    lines = _lines(raw, sections, _PROTOCOL)
    seconds = arrays["time"] * convert_factor(unit, "s")
    rate = sampling_rate(seconds, _stated_rate(lines), line, flags, gaps=True)
    arrays["sampling_rate"], units["sampling_rate"] = np.array(rate), "Hz"
    return Reading(arrays, units, {}, _events(lines, notes), tuple(flags), tuple(notes))


def _sections(raw: bytes) -> dict[str, tuple[int, int]]:
    """Return where the text of each headed section begins and ends, by its heading in lower case."""
    marks = list(
        re.finditer(rb"^[ \t]*\*\*\*[ \t]*([^*\r\n]+?)[ \t]*\*\*\*[^\r\n]*(?:\r\n|\n|\r|\Z)", raw, re.MULTILINE)
    )
    found: dict[str, tuple[int, int]] = {}
    for mark, end in zip(marks, [*(m.start() for m in marks), len(raw)][1:], strict=True):
        name = " ".join(mark[1].decode("latin-1").casefold().split())
        if name in found:
            raise ReadError(
                f"the section {name!r} stands in the file twice",
                code="bad-header",
                remedy="give each recording a file of its own",
            )
        found[name] = (mark.end(), end)
    if _SIGNALS not in found:
        raise ReadError(
            "there is no section '*** Force and Length Signals vs Time ***', so the file ends before its data",
            code="missing-data-line",
            remedy="copy the file again from the rig",
        )
    return found


def _lines(raw: bytes, sections: Mapping[str, tuple[int, int]], name: str) -> list[str]:
    begin, end = sections.get(name, (0, 0))
    return raw[begin:end].decode("latin-1").splitlines()


def _signals(raw: bytes, sections: Mapping[str, tuple[int, int]]) -> tuple[list[tuple[str, str]], bytes, int]:
    """Return titles with units, the samples, and the number of the first sample's line."""
    begin, end = sections[_SIGNALS]
    head = re.compile(rb"\s*([^\r\n]*)(?:\r\n|\n|\r|\Z)").match(raw, begin, end)
    text = head[1].decode("latin-1") if head is not None else ""
    titles = [(m[1] or m[3], m[2] or "") for m in _COLUMN.finditer(text)]
    if head is None or not titles:
        raise ReadError("no samples follow the heading of the signals", code="truncated", remedy="copy the file again")
    if len(titles) < 2 or number_in(titles[0][0]) is not None:
        raise ReadError(
            f"the columns of the signals are {text[:80]!r}, names with units are expected",
            code="bad-header",
            remedy="give the file as the controller's program wrote it",
        )
    return titles, raw[head.end() : end], raw.count(b"\n", 0, head.end()) + 1


def _channel(title: str, stated: str, column: NDArray[np.float64]) -> Channel:
    word = title.casefold()
    own = _COMMANDS.get(word) or ("sarcomere_length" if _MEASURED.get(word) == "sarcomere_length" else None)
    return Channel(title, known_unit(stated), column.copy(), stated, own)


def _by_title(channels: list[Channel], role: str) -> str | None:
    return next((c.title for c in channels if _MEASURED.get(c.title.casefold()) == role), None)


def _facts(lines: list[str], notes: list[str]) -> dict[str, tuple[float, str]]:
    found: dict[str, tuple[float, str]] = {}
    for text in lines:
        key, mark, rest = text.partition(":")
        known = _FACTS.get(" ".join(key.casefold().split()))
        if known is None or not mark:
            continue
        name, measured, otherwise = known
        match = _VALUE.match(rest.strip())
        value = number_in(match[1]) if match is not None else None
        unit = known_unit(match[2] or "") if match is not None else None
        if value is None or value <= 0:
            notes.append(f"the setup states no {name} ({rest.strip()[:40]})")
            continue
        if unit is None or dimension(unit) != measured:
            notes.append(f"the setup states {name} as {rest.strip()[:40]!r}; it is taken in {otherwise}")
            unit = otherwise
        found[name] = (value, unit)
    return found


def _stated_rate(lines: list[str]) -> float | None:
    for text in lines:
        key, mark, rest = text.partition(":")
        if mark and key.strip().casefold() == "a/d sampling rate":
            match = _VALUE.match(rest.strip())
            value = number_in(match[1]) if match is not None else None
            if match is not None and value is not None and value > 0:
                unit = known_unit(match[2] or "") or "Hz"
                return value * convert_factor(unit, "Hz") if dimension(unit) == "frequency" else None
    return None


def _events(lines: list[str], notes: list[str]) -> tuple[Event, ...]:
    """Return the control functions of the protocol, in seconds."""
    head = next((i for i, t in enumerate(lines) if re.match(r"\s*Time\b.*Control Function", t)), None)
    if head is None:
        notes.append("the file holds no protocol")
        return ()
    unit = re.search(r"Time\s*\(([^()]*)\)", lines[head])
    factor = convert_factor((known_unit(unit[1]) if unit is not None else None) or "ms", "s")
    found: list[Event] = []
    for text in lines[head + 1 :]:
        cells = [c.strip() for c in text.strip().split("\t")]
        if len(cells) < 2:
            cells = text.split(None, 2)
        if not cells:
            continue
        time = number_in(cells[0])
        if time is None or len(cells) < 2:
            notes.append(f"a line of the protocol is not understood and left out: {text.strip()[:60]!r}")
            continue
        function, options = cells[1], " ".join(c for c in cells[2:] if c)
        word = re.sub(r"[^a-z0-9]+", "-", function.casefold()).strip("-")
        name = "stimulus" if word.startswith("stimulus") else word
        found.append(Event(time * factor, name, {"function": function, "options": options, **_options(options)}))
    return tuple(found)


def _options(text: str) -> dict[str, Any]:
    """Return the values of an options cell with their units, as far as they are numbers."""
    values = [(float(m[1]), m[2] or "") for m in _VALUE.finditer(text) if number_in(m[1]) is not None]
    if not values:
        return {}
    details: dict[str, Any] = {"values": tuple(v for v, _ in values), "units": tuple(u for _, u in values)}
    timed = [v * convert_factor(u, "s") for v, u in ((v, known_unit(u)) for v, u in values) if u and _is_time(u)]
    if len(timed) == 1:
        details["duration"] = timed[0]
    return details


def _is_time(unit: str) -> bool:
    return dimension(unit) == "time"
