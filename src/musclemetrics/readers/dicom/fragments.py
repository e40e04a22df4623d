"""Where the bytes of each frame stand, known before any of them is decoded."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import IO, TypeAlias

from .header import Header, corrupt, truncated

__all__ = ["Pieces", "fetch", "frames_of", "native"]

Pieces: TypeAlias = "tuple[tuple[int, int], ...]"
"""Place and length of each piece of one frame."""

_ITEM, _END = 0xE000, 0xE0DD
# A frame of JPEG, JPEG-LS or JPEG 2000 begins with one of these.
_BEGINS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51")


def native(header: Header, frames: int, frame_bytes: int, bits: int) -> list[Pieces]:
    """Return the pieces of frames that stand one after the other as they are.

    Raises
    ------
    ReadError
        ``truncated`` where there are fewer bytes than the header promises.
    """
    if header.length is None:
        raise corrupt("its pixels come in fragments, and its transfer syntax knows none")
    there = min(header.length, header.size - header.start)
    if frames * frame_bytes > there:
        raise truncated(
            f"the header promises {frames} frame(s) of {frame_bytes} bytes ({bits} bits a number), {there} are there"
        )
    return [((header.start + i * frame_bytes, frame_bytes),) for i in range(frames)]


def frames_of(stream: IO[bytes], header: Header, frames: int) -> list[Pieces]:
    """Return the pieces of each frame of pixels that come in fragments.

    Raises
    ------
    ReadError
        ``truncated`` or ``corrupt-dicom``.
    """
    if header.length is not None:
        raise corrupt("its transfer syntax packs the pixels, and they do not come in fragments")
    table, pieces = _fragments(stream, header)
    if not pieces:
        raise truncated("the file holds no fragment of its pixels")
    if frames == 1:
        return [tuple(pieces)]
    if len(pieces) < frames:
        raise truncated(f"the header promises {frames} frames, {len(pieces)} fragment(s) are there")
    if len(pieces) == frames:
        return [(piece,) for piece in pieces]
    starts = _by_table(table, pieces, frames) or _by_marks(stream, pieces, frames)
    if starts is None:
        raise corrupt(f"{len(pieces)} fragments make up {frames} frames, and nothing says which belong together")
    ends = [*starts[1:], len(pieces)]
    return [tuple(pieces[a:b]) for a, b in zip(starts, ends, strict=True)]


def fetch(stream: IO[bytes], pieces: Pieces) -> bytes:
    """Return the bytes of one frame."""
    found = []
    for place, length in pieces:
        stream.seek(place)
        part = stream.read(length)
        if len(part) < length:
            raise truncated(f"a frame of {length} bytes ends after {len(part)}: the file has changed or is cut short")
        found.append(part)
    return found[0] if len(found) == 1 else b"".join(found)


def _fragments(stream: IO[bytes], header: Header) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
    """Return the table of offsets, and place and length of each fragment after it."""
    order = "<" if header.little else ">"
    table: tuple[int, ...] | None = None
    pieces: list[tuple[int, int]] = []
    place = header.start
    while True:
        stream.seek(place)
        head = stream.read(8)
        if len(head) < 8:
            if table is not None and pieces and not head:
                break  # the mark of the end is all that is missing
            raise truncated("the file ends within the fragments of its pixels")
        group, number, length = struct.unpack(f"{order}HHI", head)
        if group != 0xFFFE or number not in (_ITEM, _END):
            raise corrupt(f"({group:04x},{number:04x}) stands among the fragments of its pixels")
        if number == _END:
            break
        place += 8
        if length > header.size - place:
            raise truncated(f"a fragment of {length} bytes begins {header.size - place} bytes before the file's end")
        if table is None:
            stored = stream.read(length)
            table = struct.unpack(f"{order}{length // 4}I", stored[: length // 4 * 4])
        elif length:
            pieces.append((place, length))
        place += length
    return table or (), pieces


def _by_table(table: Sequence[int], pieces: Sequence[tuple[int, int]], frames: int) -> list[int] | None:
    if len(table) != frames or not pieces:
        return None
    zero = pieces[0][0] - 8
    places = {place - 8 - zero: i for i, (place, _) in enumerate(pieces)}
    starts = [places.get(offset, -1) for offset in table]
    rising = all(a < b for a, b in pairwise(starts))
    return starts if starts[0] == 0 and rising else None


def _by_marks(stream: IO[bytes], pieces: Sequence[tuple[int, int]], frames: int) -> list[int] | None:
    starts = []
    for i, (place, _) in enumerate(pieces):
        stream.seek(place)
        if stream.read(4).startswith(_BEGINS):
            starts.append(i)
    return starts if len(starts) == frames and starts[0] == 0 else None
