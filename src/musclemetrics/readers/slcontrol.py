"""SLControl ``.slc`` records: one fibre, one solution, five columns of volts.

The file is text in Latin-1. Blocks headed ``_NAME_`` hold ``key: value`` or ``key value`` lines; a line ``Data``
begins the tab-separated samples: time in seconds, then force, sarcomere length, fibre length and light intensity in
volts. Stress is ``force * force_calibration / area``; the file does the arithmetic for nobody, so neither does this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import choice, number
from ..errors import ReadError
from ..reading import Reading
from ..record import Flag
from .rows import KEEP, number_in, sampling_rate, whole_rows
from .rows import samples as samples_of
from .source import Source, contents, name_of

__all__ = ["read"]

_COLUMNS = ("time", "force", "sarcomere_length", "fibre_length", "intensity")
_BLOCK = re.compile(r"_[A-Z_]+_")

# header key, folded: (name of the fact, its unit where the unit table has it)
_FACTS: dict[str, tuple[str, str | None]] = {
    "temperature": ("temperature", "Cel"),
    "force_calibration": ("force_calibration", None),  # N/V
    "fl_response_calibration": ("length_calibration", None),  # um/V
    "fl_polarity": ("length_polarity", "1"),
    "muscle_length_(um)": ("muscle_length", "um"),
    "sarcomere_length_(nm)": ("sarcomere_length_0", "nm"),
    "area_(m^2)": ("area", "m2"),
    "ktr_step_(um)": ("slack_step", "um"),
    "ktr_duration_(ms)": ("slack_duration", "ms"),
    "pre_ktr_(ms)": ("pre_slack", "ms"),
}
# Words a reader of the paper needs. A free header line may hold a person's name, so only these are taken.
_LABELS = ("species", "muscle", "drug")


def read(source: Source, *, pca: float | str | None = None, truncated: str = "refuse") -> Iterator[Reading]:
    """Read an SLControl record.

    Parameters
    ----------
    source : str, path or binary file object
    pca : float, optional
        The solution's pCa where the header does not state it; where it does, this wins and a flag names both.
    truncated : {"refuse", "keep"}, optional
        Whether a record with fewer samples than it promises, or that ends within a row, is refused, or its whole rows
        are kept and flagged ``file-cut``.

    Yields
    ------
    Reading
        One. Arrays ``time`` (s), ``force``, ``sarcomere_length``, ``fibre_length``, ``intensity`` (V), each of shape
        (n,), and 0-d facts of the header: ``pCa``, ``temperature`` (Cel), ``force_calibration`` (N/V), ``area``
        (m2), ``muscle_length`` (um), ``sarcomere_length_0`` (nm), ``length_calibration`` (um/V),
        ``length_polarity``, ``slack_step`` (um), ``slack_duration`` (ms), ``pre_slack`` (ms), and ``sampling_rate``
        (Hz) from the time column.

    Raises
    ------
    ReadError
        ``missing-data-line``, ``truncated``, ``ragged-row``, ``not-a-number``, ``decimal-comma``, ``bad-header``,
        ``unknown-channels`` or ``time-not-increasing``.
    """
    override = None if pca is None else number(pca, "pca")
    choice(truncated, "truncated", ("refuse", "keep"))
    keep = truncated == "keep"
    raw = contents(source).removeprefix(b"\xef\xbb\xbf")
    head, rows, line = _split(raw, name_of(source))
    header = _header(head)
    flags: list[Flag] = []
    notes: list[str] = []
    arrays: dict[str, Any] = {}
    units: dict[str, str] = {}

    names = _names(header)
    if keep:
        rows = whole_rows(rows, line, flags, _number(header, "data_points"))
    samples = samples_of(rows, len(names), line, "the line 'Data'", remedy=KEEP)
    _complete(header, raw, samples, flags)
    for name, column in zip(names, samples.T, strict=True):
        arrays[name] = np.ascontiguousarray(column)
        units[name] = "s" if name == "time" else "V"

    arrays["pCa"] = _pca(header, override, flags)
    if arrays["pCa"] is None:
        del arrays["pCa"]
        notes.append("the header states no pCa")
    else:
        units["pCa"] = "1"
    for key, (name, unit) in _FACTS.items():
        value = _number(header, key)
        if value is None:
            notes.append(f"the header states no {name}")
            continue
        arrays[name] = np.array(value)
        if unit is not None:
            units[name] = unit
    arrays["sampling_rate"] = np.array(
        sampling_rate(arrays["time"], _number(header, "sampling_rate_(hz)"), line, flags)
    )
    units["sampling_rate"] = "Hz"

    labels = {k: header[k] for k in _LABELS if header.get(k) and header[k].casefold() not in ("nan", "nothing")}
    if "temperature" in arrays:
        labels["temperature"] = f"{float(arrays['temperature']):g} Cel"
    yield Reading(arrays, units, labels, (), tuple(flags), tuple(notes))


def _split(raw: bytes, name: str) -> tuple[str, bytes, int]:
    """Return the header as text, the samples as bytes, and the number of the first sample's line."""
    if not raw.lstrip().startswith(b"SLCONTROL_DATA_FILE"):
        raise ReadError(
            f"{name!r} does not begin with SLCONTROL_DATA_FILE",
            code="bad-header",
            remedy="give an .slc record as SLControl wrote it",
        )
    found = re.search(rb"^Data[ \t]*(?:\r\n|\n|\r|\Z)", raw, re.MULTILINE)
    if found is None:
        raise ReadError(
            f"{name!r} has no line 'Data', so it ends within the header",
            code="missing-data-line",
            remedy="copy the record again from the rig",
        )
    head = raw[: found.start()].decode("latin-1")
    return head, raw[found.end() :], raw.count(b"\n", 0, found.end()) + 1


def _header(text: str) -> dict[str, str]:
    """Return the header's lines by folded key."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        line = line.strip()
        if not line or _BLOCK.fullmatch(line):
            continue
        match = re.fullmatch(r"(\S+?):?\s+(.*)", line)
        if match is None:
            continue
        key = match[1].replace("µ", "u").replace("μ", "u").casefold()
        if found.get(key, match[2]) != match[2] and key != "day":
            raise ReadError(
                f"the header states {match[1]} twice, as {found[key]!r} and {match[2]!r}",
                code="bad-header",
                remedy="leave the line that is true",
            )
        found[key] = match[2]
    return found


def _number(header: dict[str, str], key: str) -> float | None:
    """Return a header value, None where it is absent or the rig wrote NaN for "not entered"."""
    text = header.get(key)
    if text is None or text.casefold() == "nan":
        return None
    value = number_in(text)
    if value is None:
        comma = "," in text
        raise ReadError(
            f"the header line {key} holds {text[:40]!r}, a number is needed",
            code="decimal-comma" if comma else "not-a-number",
            remedy="write decimal points" if comma else "mend that line",
        )
    return value


def _names(header: dict[str, str]) -> tuple[str, ...]:
    """Return the names of the columns; old versions do not state a number of channels and have four."""
    channels = _number(header, "no_of_input_channels")
    if channels is None:
        return _COLUMNS
    if channels not in range(4, 65):
        raise ReadError(
            f"the header states {channels:g} input channels, 4 to 64 are expected",
            code="unknown-channels",
            remedy="export all channels",
        )
    return _COLUMNS + tuple(f"channel_{i}" for i in range(5, int(channels) + 1))


def _complete(header: dict[str, str], raw: bytes, samples: NDArray[np.float64], flags: list[Flag]) -> None:
    if any(f.code == "file-cut" for f in flags):
        return
    promised = _number(header, "data_points")
    if promised is not None and len(samples) < promised:
        raise ReadError(
            f"the header promises {promised:.0f} samples, the file holds {len(samples)}",
            code="truncated",
            remedy=KEEP,
        )
    if promised is not None and len(samples) > promised:
        flags.append(
            Flag("too-many-samples", f"the header promises {promised:.0f} samples, the file holds {len(samples)}")
        )
    if not raw.endswith((b"\n", b"\r")):
        flags.append(Flag("no-final-newline", "the file ends within a line; its last value may be cut", "note"))


def _pca(header: dict[str, str], override: float | None, flags: list[Flag]) -> NDArray[np.float64] | None:
    text = header.get("pca")
    if override is None and text is not None and text.casefold() == "nan":
        raise ReadError(
            "the header states pCa NaN, which means that it was not entered",
            code="not-a-number",
            remedy="give it with -r pca=VALUE",
        )
    stated = _number(header, "pca")
    if override is not None and stated is not None and stated != override:
        flags.append(
            Flag("setting-overrides-file", f"pca={override:g} was given; the header states {stated:g}", "note")
        )
    value = override if override is not None else stated
    return None if value is None else np.array(value)
