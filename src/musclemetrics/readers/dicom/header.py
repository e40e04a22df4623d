"""The header of a DICOM file: where it begins, how it is written, and the few elements of it that are read.

pydicom walks the elements, given the list of those to keep; values are understood here, strictly: of a number written
with a comma pydicom makes text, of a file cut at 200 bytes an empty data set.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO, cast

from ...errors import LimitError, MuscleMetricsError, ReadError, UnknownFormatError
from ...record import Flag
from .tags import PIXELS, READ, kind_of

__all__ = ["DEFLATED", "Elements", "Header", "corrupt", "header_of", "truncated"]

IMPLICIT, EXPLICIT, DEFLATED, BIG = (f"1.2.840.10008.1.2{tail}" for tail in ("", ".1", ".1.99", ".2"))

_META = (0x00020002, 0x00020010)  # storage class, transfer syntax
_DIRECTORY = "1.2.840.10008.1.3.10"
# Reports, presentation states, waveforms, documents and raw data: they hold no picture.
_NO_PICTURE = tuple(f"1.2.840.10008.5.1.4.1.1.{n}." for n in (9, 11, 66, 88, 104)) + ("1.2.840.10008.5.1.4.1.1.66",)
_LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
_UNDEFINED = 0xFFFFFFFF
# Grey levels pack to a tenth or so; what unpacks to more than these together was made to fill the memory.
_INFLATED_ALWAYS, _INFLATED_TIMES, _INFLATED_MOST = 64 * 2**20, 30, 512 * 2**20
_BINARY = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FD": "d", "FL": "f"}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Elements:
    """Elements of a data set by keyword; one that is absent or empty is None."""

    raw: Any  # pydicom's Dataset

    def bytes(self, keyword: str) -> bytes | None:
        """Return a value as it is stored."""
        element = self.raw.get_item(kind_of(keyword)[0])
        value = None if element is None else element.value
        return value if isinstance(value, bytes) and value else None

    def numbers(self, keyword: str) -> tuple[float, ...] | None:
        """Return the numbers of an element.

        Raises
        ------
        ReadError
            ``corrupt-dicom`` where it holds anything else.
        """
        value = self.bytes(keyword)
        if value is None:
            return None
        tag, kind = kind_of(keyword)
        element = self.raw.get_item(tag)
        kind = element.VR if element.VR in (*_BINARY, "IS", "DS") else kind
        if kind in _BINARY:
            letter, size = _BINARY[kind], struct.calcsize(_BINARY[kind])
            order = "<" if element.is_little_endian else ">"
            if len(value) % size:
                raise corrupt(f"{keyword} has {len(value)} bytes, a multiple of {size} is needed")
            return struct.unpack(f"{order}{len(value) // size}{letter}", value)
        words = [w.strip(" \0") for w in value.decode("latin-1").split("\\")]
        if not all(_NUMBER.fullmatch(w) for w in words):
            text = "\\".join(words)[:60]
            raise corrupt(f"{keyword} is {text!r}, which is no number of DICOM")
        return tuple(float(w) for w in words)

    def number(self, keyword: str) -> float | None:
        """Return the first number of an element."""
        found = self.numbers(keyword)
        return found[0] if found else None

    def whole(self, keyword: str, default: int | None = None) -> int | None:
        """Return the whole number of an element, `default` where it is absent."""
        found = self.number(keyword)
        if found is None:
            return default
        if not math.isfinite(found) or found != int(found):
            raise corrupt(f"{keyword} is {found:g}, a whole number is needed")
        return int(found)

    def words(self, keyword: str) -> list[str]:
        """Return the words of an element, without what fills them up and what no page can print."""
        value = self.bytes(keyword)
        if value is None:
            return []
        utf8 = b"192" in (self.bytes("SpecificCharacterSet") or b"")
        text = value.decode("utf-8" if utf8 else "latin-1", errors="replace")
        return [" ".join("".join(c if c.isprintable() else " " for c in w).split())[:64] for w in text.split("\\")]

    def word(self, keyword: str) -> str:
        """Return the first word of an element, empty where there is none."""
        found = self.words(keyword)
        return found[0] if found else ""

    def items(self, keyword: str) -> list[Elements]:
        """Return the items of a sequence."""
        tag = kind_of(keyword)[0]
        if tag not in self.raw:
            return []
        value = self.raw[tag].value
        return [Elements(item) for item in value] if isinstance(value, Sequence) and not isinstance(value, str) else []


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a DICOM file before its pixels.

    Attributes
    ----------
    elements : Elements
    syntax : str
        The transfer syntax.
    little : bool
        Order of the bytes of a number.
    pixels : int
        The tag of the pixels' element.
    start : int
        Where the pixels begin, in the file or in `inflated`.
    length : int or None
        Their bytes, None where they come in fragments.
    size : int
        Bytes of the file or of `inflated`.
    inflated : bytes or None
        The data set of a deflated file.
    flags : list of Flag
    """

    elements: Elements
    syntax: str
    little: bool
    pixels: int
    start: int
    length: int | None
    size: int
    inflated: bytes | None = None
    flags: list[Flag] = field(default_factory=list)


def corrupt(reason: str) -> ReadError:
    """Return the error of a file whose header contradicts itself or the standard."""
    return ReadError(
        f"the DICOM file cannot be read: {reason}",
        code="corrupt-dicom",
        remedy="export the image again; if it opens elsewhere, save it from there as PNG",
    )


def truncated(message: str) -> ReadError:
    """Return the error of a file that ends before its pixels do."""
    return ReadError(message, code="truncated", remedy="copy the file again from its source")


def header_of(stream: IO[bytes], name: str) -> Header:
    """Read the header of a DICOM file.

    Raises
    ------
    ReadError
        ``corrupt-dicom``, ``truncated``, ``no-transfer-syntax``.
    UnknownFormatError
        ``dicomdir`` or ``no-pixels``: DICOM of another kind, passed over in a folder.
    LimitError
        ``too-deep`` or ``too-large``.
    """
    try:
        return _header(stream, name)
    except MuscleMetricsError:
        raise
    except RecursionError:
        raise LimitError(
            f"sequences of {name!r} stand within each other deeper than any image's do",
            code="too-deep",
            remedy="export the image again",
        ) from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged header makes the parser raise nearly anything
        raise corrupt(f"{type(error).__name__}: {str(error)[:120]}") from error


def _header(stream: IO[bytes], name: str) -> Header:
    from pydicom.filereader import read_dataset

    size = stream.seek(0, io.SEEK_END)
    file = cast(BinaryIO, stream)
    stream.seek(0)
    begin = stream.read(132)
    flags = []
    if begin[128:] == b"DICM":
        if any(begin[:128]):
            message = (
                "the 128 bytes before the header are not zero: the file may be of a second kind; they are not used"
            )
            flags.append(Flag("preamble-not-zero", message, "note"))
    else:
        stream.seek(0)
        flags.append(Flag("no-file-header", "the file lacks the DICOM preamble and was read without it", "note"))
    meta = read_dataset(file, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2, specific_tags=[*_META])
    storage, syntax = (_uid(meta, tag) for tag in _META)
    if storage == _DIRECTORY:
        raise UnknownFormatError(
            f"{name!r} is a DICOMDIR, the table of contents of a medium",
            code="dicomdir",
            remedy="measure the images it lists: name their folder",
        )
    if not syntax and begin[128:] == b"DICM":
        raise ReadError(
            f"{name!r} states no transfer syntax: how its numbers are written is not known",
            code="no-transfer-syntax",
            remedy="export the image again",
        )
    inflated = None
    at = stream.tell()
    if syntax == DEFLATED:
        inflated = _inflated(stream.read(), name)
        file, size, at = io.BytesIO(inflated), len(inflated), 0
    if not syntax:
        syntax = EXPLICIT if begin[4:6].isalpha() else IMPLICIT
    implicit, little = syntax == IMPLICIT, syntax != BIG
    found = read_dataset(file, implicit, little, stop_when=lambda tag, vr, length: tag in PIXELS, specific_tags=[*READ])
    elements = Elements(found)
    head = file.read(8)
    place = file.tell()
    if len(head) < 8:
        storage = storage or elements.word("SOPClassUID")
        if elements.bytes("Rows") is None and storage.startswith(_NO_PICTURE):
            raise UnknownFormatError(
                f"{name!r} is DICOM without a picture (class {storage})", code="no-pixels", remedy="leave it out"
            )
        raise truncated(f"{name!r} ends at {size - at} bytes of its data, before any pixels")
    group, number, tail = struct.unpack(f"{'<' if little else '>'}HH4s", head)
    if implicit:
        (length,) = struct.unpack("<I", tail)
    elif tail[:2] in _LONG:
        (length,) = struct.unpack(f"{'<' if little else '>'}I", file.read(4))
        place += 4
    else:
        (length,) = struct.unpack(f"{'<' if little else '>'}2xH", tail)
    known = None if length == _UNDEFINED else int(length)
    return Header(elements, syntax, little, group << 16 | number, place, known, size, inflated, flags)


def _uid(meta: Any, tag: int) -> str:
    element = meta.get_item(tag)
    value = None if element is None else element.value
    return value.decode("latin-1").strip(" \0") if isinstance(value, bytes) else ""


def _inflated(packed: bytes, name: str) -> bytes:
    limit = min(_INFLATED_MOST, max(_INFLATED_ALWAYS, _INFLATED_TIMES * len(packed)))
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = stream.decompress(packed, limit + 1)
    except zlib.error as error:
        raise corrupt(f"its deflated data are damaged ({error})") from None
    if len(found) > limit:
        raise LimitError(
            f"{name!r} unpacks from {len(packed) / 2**20:.1f} to more than {limit / 2**20:.0f} MB",
            code="too-large",
            remedy="save it without deflation first if it is an image",
        )
    if not stream.eof:
        raise truncated(f"{name!r} ends before its deflated data do")
    return found
