"""LabChart's MATLAB export: all samples in one vector, and tables of where each channel's block begins and ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError
from ...reading import Event, Reading
from ...record import Flag
from ..channels import Channel, known_unit, placed
from .variables import Variable, described

__all__ = ["blocks", "is_export"]

_NEEDED = ("data", "datastart", "dataend", "samplerate", "titles")
_ALL = -1  # a comment of all channels, a channel without unit, a channel absent from a block
_SLOWEST, _FASTEST = 1e-3, 1e12  # Hz, and ticks a second; outside, the table is no table of rates

Array = NDArray[np.float64]


def is_export(found: Mapping[str, Variable]) -> bool:
    """Whether these variables are those of LabChart's export."""
    return all(name in found for name in _NEEDED)


def blocks(
    found: Mapping[str, Variable], said: Mapping[str, str | int | None], given: Mapping[str, str]
) -> Iterator[Reading]:
    """Yield each block of an export as a reading.

    Raises
    ------
    ReadError
        ``bad-header`` where the tables do not fit the data, ``ambiguous-column``.
    """
    data = found["data"].numbers().reshape(-1)
    start = _table(found, "datastart", None)
    shape = (start.shape[0], start.shape[1])
    end, rate = _table(found, "dataend", shape), _table(found, "samplerate", shape)
    titles = found["titles"].words()
    if len(titles) != shape[0]:
        raise ReadError(
            f"there are {len(titles)} titles for {shape[0]} channels",
            code="bad-header",
            remedy="export the recording again",
        )
    stated = _units(found, shape)
    ticks = _ticks(found, shape, rate)
    offset = _table(found, "firstsampleoffset", shape) if "firstsampleoffset" in found else np.zeros(shape)
    if not (np.abs(offset) < _FASTEST).all():
        raise ReadError(
            "'firstsampleoffset' holds what is no number of ticks", code="bad-header", remedy="export it again"
        )
    scale = _table(found, "scaleunits", shape) if "scaleunits" in found else None
    shift = _table(found, "scaleoffset", shape) if "scaleoffset" in found else np.zeros(shape)
    comments, unread = _comments(found)
    several = int(((start >= 1) & (end >= start)).any(axis=0).sum()) > 1
    for block in range(shape[1]):
        flags = [_unverified()]
        notes = list(unread)
        rates: dict[float, list[Channel]] = {}
        begins: dict[float, float] = {}
        for channel in range(shape[0]):
            first, last, hertz = start[channel, block], end[channel, block], rate[channel, block]
            if first < 1 or last < first:
                continue
            if last > len(data) or first % 1 or last % 1 or not _SLOWEST <= hertz <= _FASTEST:
                raise ReadError(
                    f"channel {channel + 1} of block {block + 1} is said to be samples {first:g} to {last:g} at "
                    f"{hertz:g} Hz, the file holds {len(data)}",
                    code="bad-header",
                    remedy="export the recording again",
                )
            values = data[int(first) - 1 : int(last)].copy()
            if scale is not None:
                values = (values + shift[channel, block]) * scale[channel, block]
            word = stated[channel][block]
            rates.setdefault(float(hertz), []).append(Channel(titles[channel].strip(), known_unit(word), values, word))
            begins.setdefault(float(hertz), float(offset[channel, block] / ticks[block]))
        if not rates:
            continue
        events = tuple(
            Event(position / ticks[block], "comment", {"text": text, "channel": channel})
            for where, position, channel, text in comments
            if where == block + 1
        )
        labels = {"block": str(block + 1)} if several else {}
        arrays, units = _arranged(rates, begins, said, given, flags, notes)
        yield Reading(arrays, units, labels, events, tuple(flags), tuple(notes))


def _unverified() -> Flag:
    return Flag(
        "format-unverified",
        "LabChart's MATLAB export is read by its published layout, which no file from another laboratory has proved "
        "yet; compare a few samples with LabChart",
        "note",
    )


def _arranged(
    rates: Mapping[float, list[Channel]],
    begins: Mapping[float, float],
    said: Mapping[str, str | int | None],
    given: Mapping[str, str],
    flags: list[Flag],
    notes: list[str],
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the channels of force's rate with ``time``, and the others with a time of their own: none is resampled."""
    everything = [c for channels in rates.values() for c in channels]
    found, units = placed(everything, said, given, flags, notes)
    count = {hertz: max(len(c.values) for c in channels) for hertz, channels in rates.items()}
    of = {id(c.values): hertz for hertz, channels in rates.items() for c in channels}
    main = of[id(found["force"])] if "force" in found else max(rates, key=lambda h: (len(rates[h]), h))
    arrays: dict[str, Array] = {}
    for hertz in sorted(rates, key=lambda h: h != main):
        ending = "" if hertz == main else f"_{hertz:g}_Hz".replace(".", "_")
        arrays[f"time{ending}"] = begins[hertz] + np.arange(count[hertz]) / hertz
        units[f"time{ending}"] = "s"
        for name, values in found.items():
            if of[id(values)] != hertz:
                continue
            if len(values) < count[hertz]:
                notes.append(f"{name} ends {count[hertz] - len(values)} samples before the others; they are missing")
                values = np.concatenate((values, np.full(count[hertz] - len(values), np.nan)))
            arrays[name + ending] = values
            if ending and name in units:
                units[name + ending] = units.pop(name)
    if len(rates) > 1:
        slower = [n for n in arrays if n.endswith("_Hz") and not n.startswith("time")]
        flags.append(
            Flag(
                "rates-differ",
                f"{', '.join(slower)} {'is' if len(slower) == 1 else 'are'} not sampled at the {main:g} Hz of the "
                "others and kept with a time of their own; to measure them together, export with one sampling rate",
            )
        )
    arrays["sampling_rate"], units["sampling_rate"] = np.array(main), "Hz"
    return arrays, units


def _table(found: Mapping[str, Variable], name: str, shape: tuple[int, int] | None) -> Array:
    values = found[name].numbers()
    if values.ndim != 2 or not values.size or (shape is not None and values.shape != shape):
        raise ReadError(
            f"{name!r} is {' × '.join(str(n) for n in values.shape)}"
            + (f", {shape[0]} × {shape[1]} (channels, blocks) is needed" if shape else ", channels by blocks is needed")
            + f"; the file holds {described(found)}",
            code="bad-header",
            remedy="export the recording again",
        )
    return values


def _ticks(found: Mapping[str, Variable], shape: tuple[int, int], rate: Array) -> Array:
    """Return the ticks a second of each block: the fastest rate where the file does not say."""
    if "tickrate" in found:
        ticks = found["tickrate"].numbers().reshape(-1)
        if len(ticks) == shape[1] and ((ticks >= _SLOWEST) & (ticks <= _FASTEST)).all():
            return ticks
    return np.asarray(np.clip(np.nan_to_num(rate).max(axis=0), 1.0, _FASTEST), dtype=np.float64)


def _units(found: Mapping[str, Variable], shape: tuple[int, int]) -> list[list[str]]:
    if "unittext" not in found or "unittextmap" not in found:
        return [[""] * shape[1] for _ in range(shape[0])]
    words = found["unittext"].words()
    places = _table(found, "unittextmap", shape)
    return [[words[int(p) - 1].strip() if 1 <= p <= len(words) else "" for p in row] for row in places.tolist()]


def _comments(found: Mapping[str, Variable]) -> tuple[list[tuple[int, float, int, str]], list[str]]:
    """Return comments as (block from 1, position in ticks, channel or -1 for all, text), and what was not read."""
    if "com" not in found or "comtext" not in found or found["com"].size == 0:
        return [], []
    rows, words = found["com"].numbers(), found["comtext"].words()
    if rows.ndim != 2 or rows.shape[1] < 5:
        return [], [f"comments left out: 'com' is {' × '.join(str(n) for n in rows.shape)}, 5 columns are needed"]
    good = (np.abs(rows[:, :5]) < _FASTEST).all(axis=1)
    unread = [f"{int((~good).sum())} comment(s) left out, as their places are no numbers"] if not good.all() else []
    rows = rows[good]
    kept = []
    for channel, block, position, _, text in rows[:, :5].tolist():
        said = words[int(text) - 1].strip() if 1 <= text <= len(words) else ""
        kept.append((int(block), float(position), int(channel) if channel > 0 else _ALL, said))
    return kept, unread
