"""The pages of a TIFF, each reached at once: a stack is not looked through again for every picture of it."""

from __future__ import annotations

import io
import struct
from typing import IO, NamedTuple

from ..errors import LimitError
from .frames import MAX_FRAMES, damaged

__all__ = ["OnePage", "Page", "pages_of"]


class Page(NamedTuple):
    """Where a page is described, and where the place of the next is written."""

    place: int
    after: int


def pages_of(stream: IO[bytes]) -> list[Page]:
    """Return the pages of a TIFF in their order.

    Raises
    ------
    ReadError
        ``corrupt-image`` where a page follows itself or the file ends before one.
    LimitError
        ``too-many-frames``.
    """
    order, big = _kind(stream)
    letter, at, counts, entry = ("Q", 8, "Q", 20) if big else ("I", 4, "H", 12)
    pages: list[Page] = []
    seen: set[int] = set()
    while True:
        (place,) = _at(stream, at, f"{order}{letter}")
        if place == 0:
            break
        if place in seen:
            raise damaged("a page of the TIFF is followed by itself")
        if len(pages) >= MAX_FRAMES:
            raise LimitError(
                f"the TIFF has more than {MAX_FRAMES} pages",
                code="too-many-frames",
                remedy="cut it into parts, or save the pages that are to be measured",
            )
        seen.add(place)
        (entries,) = _at(stream, place, f"{order}{counts}")
        at = place + struct.calcsize(f"={counts}") + entries * entry
        pages.append(Page(place, at))
    if not pages:
        raise damaged("the TIFF has no page")
    return pages


def _kind(stream: IO[bytes]) -> tuple[str, bool]:
    """Return the order of bytes, and whether places have 64 bits."""
    stream.seek(0)
    begin = stream.read(4)
    if len(begin) < 4 or begin[:2] not in (b"II", b"MM"):
        raise damaged("it does not begin as a TIFF")
    order = "<" if begin[:2] == b"II" else ">"
    return order, struct.unpack(f"{order}H", begin[2:])[0] == 43


def _at(stream: IO[bytes], place: int, form: str) -> tuple[int, ...]:
    stream.seek(place)
    data = stream.read(struct.calcsize(form))
    if len(data) < struct.calcsize(form):
        raise damaged("the TIFF ends before its last page does")
    return struct.unpack(form, data)


class OnePage:
    """A TIFF as if one of its pages were all: its header leads to that page, and that page to no other.

    Parameters
    ----------
    stream : binary file object
    page : Page
    """

    def __init__(self, stream: IO[bytes], page: Page) -> None:
        order, big = _kind(stream)
        letter, at = ("Q", 8) if big else ("I", 4)
        self._stream = stream
        self._over = (
            (at, struct.pack(f"{order}{letter}", page.place)),
            (page.after, bytes(8 if big else 4)),
        )
        self.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Return bytes, those of the header and of the page's end changed."""
        start = self._stream.tell()
        data = self._stream.read(size)
        for place, new in self._over:
            if place < start + len(data) and start < place + len(new):
                changed = bytearray(data)
                low, high = max(place, start), min(place + len(new), start + len(data))
                changed[low - start : high - start] = new[low - place : high - place]
                data = bytes(changed)
        return data

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        return self._stream.seek(place, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._stream.tell()

    def fileno(self) -> int:
        """Return the file's number: libtiff goes to the page itself, by the place that Pillow tells it."""
        return self._stream.fileno()
