"""Lookup tables: PALETTE COLOR, plain and segmented, and what a modality does to its levels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .header import Elements, corrupt

__all__ = ["Table", "palette", "table"]

_COLOURS = ("Red", "Green", "Blue")


class Table:
    """A lookup table.

    Attributes
    ----------
    entries : array of int, shape (n,) or (n, 3)
    first : int
        The stored value that the first entry belongs to; lower ones have it too, higher ones than the last the last.
    bits : int
        Of an entry.
    """

    __slots__ = ("bits", "entries", "first")

    def __init__(self, entries: NDArray[Any], first: int, bits: int) -> None:
        self.entries, self.first, self.bits = entries, first, bits

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the entries of stored values."""
        last = len(self.entries) - 1
        if self.first == 0 and values.dtype.kind == "u" and np.iinfo(values.dtype).max <= last:
            return np.asarray(self.entries[values])
        return np.asarray(self.entries[np.clip(values.astype(np.int32) - self.first, 0, last)])


def palette(elements: Elements, little: bool, signed: bool) -> tuple[Table, list[str]]:
    """Return the table of a PALETTE COLOR image in 8 bits, and notes.

    The entries have shape (n,) where every one of them is grey, (n, 3) where not. Entries of 16 bits are brought to 8
    by their upper byte, as a screen shows them.
    """
    parts, notes = [], []
    for colour in _COLOURS:
        name = f"{colour}PaletteColorLookupTable"
        descriptor = elements.numbers(f"{name}Descriptor")
        data, segmented = elements.bytes(f"{name}Data"), elements.bytes(f"Segmented{name}Data")
        parts.append(_one(descriptor, data, segmented, little, signed, name))
    firsts, bits = {p.first for p in parts}, {p.bits for p in parts}
    lengths = {len(p.entries) for p in parts}
    if len(firsts) + len(bits) + len(lengths) != 3:
        raise corrupt(f"the palettes of red, green and blue differ: {lengths} entries from {firsts} of {bits} bits")
    entries = np.stack([p.entries for p in parts], axis=-1)
    if bits == {16}:
        if entries.max() > 255:
            entries = entries >> 8
            notes.append("the palette's 16-bit levels were brought to 8 bits by their upper byte")
        else:
            notes.append("the palette says 16 bits and holds 8, which were used as they are")
    grey = bool((entries == entries[:, :1]).all())
    return Table((entries[:, 0] if grey else entries).astype(np.uint8), firsts.pop(), 8), notes


def table(elements: Elements, little: bool, signed: bool) -> Table:
    """Return the table of an item of a modality's or a display's lookup sequence."""
    return _one(elements.numbers("LUTDescriptor"), elements.bytes("LUTData"), None, little, signed, "LUT")


def _one(
    descriptor: tuple[float, ...] | None,
    data: bytes | None,
    segmented: bytes | None,
    little: bool,
    signed: bool,
    name: str,
) -> Table:
    if descriptor is None or len(descriptor) != 3 or (data is None and segmented is None):
        raise corrupt(f"{name} is missing or incomplete")
    count, first, bits = (int(d) % 65536 for d in descriptor)
    count = count or 65536
    if signed and first >= 32768:
        first -= 65536
    if bits not in range(8, 17):
        raise corrupt(f"{name} states entries of {bits} bits")
    order = "<" if little else ">"
    if bits == 8 and data is None:
        raise corrupt(f"{name} is segmented in 8 bits, which is not read")
    if segmented is not None and data is None:
        entries = _expanded(np.frombuffer(segmented[: len(segmented) // 2 * 2], f"{order}u2").astype(np.int64), count)
    elif data is not None and bits == 8 and len(data) in (count, count + 1):
        entries = np.frombuffer(data, np.uint8)
    else:
        stored = data or b""
        entries = np.frombuffer(stored[: len(stored) // 2 * 2], f"{order}u2")
    if len(entries) < count:
        raise corrupt(f"{name} promises {count} entries and holds {len(entries)}")
    return Table(entries[:count].astype(np.int64), first, max(bits, 8) if bits == 8 else 16)


def _expanded(words: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return the entries that segments stand for (DICOM PS3.3, C.7.9.2).

    A segment is discrete (0), a straight line from the entry before it (1), or a repetition of earlier segments (2).
    """
    parts: list[NDArray[np.int64]] = []
    filled = 0

    def run(at: int, most: int, inside: bool) -> None:
        nonlocal filled
        done = 0
        while at + 1 < len(words) and done < most and filled < count:
            kind, length = int(words[at]), int(words[at + 1])
            done += 1
            if kind == 0:
                part = words[at + 2 : at + 2 + length]
                at += 2 + length
            elif kind == 1 and parts and at + 2 < len(words):
                before, last = int(parts[-1][-1]), int(words[at + 2])
                steps = np.arange(1, length + 1)
                part = before + (steps * (last - before) + length // 2) // max(length, 1)
                at += 3
            elif kind == 2 and not inside and at + 3 < len(words):
                run((int(words[at + 3]) << 16 | int(words[at + 2])) // 2, length, True)
                at += 4
                continue
            else:
                raise corrupt(f"a segmented palette holds a segment of kind {kind} at {at}")
            if not len(part):
                raise corrupt(f"a segmented palette holds an empty segment at {at}")
            parts.append(part)
            filled += len(part)

    run(0, len(words), False)
    return np.concatenate(parts) if parts else words[:0]
