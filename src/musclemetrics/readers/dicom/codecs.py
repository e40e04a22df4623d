"""From the bytes of a frame to its samples as they are stored, one encoding a function.

Nothing, JPEG, JPEG lossless of 8 bits and JPEG 2000 (with HTJ2K) by Pillow, and run lengths are here; JPEG-LS and JPEG
of 12 and 16 bits come with the extra ``dicom``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import MissingDependencyError, ReadError
from ..frames import damaged
from ..pictures import decoding, jpeg_pixels, picture
from .header import BIG, DEFLATED, EXPLICIT, IMPLICIT, truncated

__all__ = ["ENCODINGS", "Encoding", "Layout", "samples", "unpacked"]


class Encoding(NamedTuple):
    """How the frames of a transfer syntax are packed."""

    name: str
    kind: str
    loses: bool = False


ENCODINGS: Final[dict[str, Encoding]] = {
    IMPLICIT: Encoding("implicit little endian", "native"),
    EXPLICIT: Encoding("explicit little endian", "native"),
    DEFLATED: Encoding("deflated", "native"),
    BIG: Encoding("explicit big endian", "native"),
    "1.2.840.10008.1.2.5": Encoding("RLE", "rle"),
    "1.2.840.10008.1.2.4.50": Encoding("JPEG", "jpeg", True),
    "1.2.840.10008.1.2.4.51": Encoding("JPEG", "jpeg", True),
    "1.2.840.10008.1.2.4.57": Encoding("JPEG lossless", "jpeg"),
    "1.2.840.10008.1.2.4.70": Encoding("JPEG lossless", "jpeg"),
    "1.2.840.10008.1.2.4.80": Encoding("JPEG-LS", "jpegls"),
    "1.2.840.10008.1.2.4.81": Encoding("JPEG-LS near-lossless", "jpegls", True),
    "1.2.840.10008.1.2.4.90": Encoding("JPEG 2000 lossless", "jpeg2k"),
    "1.2.840.10008.1.2.4.91": Encoding("JPEG 2000", "jpeg2k", True),
    "1.2.840.10008.1.2.4.201": Encoding("HTJ2K lossless", "jpeg2k"),
    "1.2.840.10008.1.2.4.202": Encoding("HTJ2K lossless", "jpeg2k"),
    "1.2.840.10008.1.2.4.203": Encoding("HTJ2K", "jpeg2k", True),
}
"""Transfer syntax to encoding; 4.91 and 4.203 may be lossless, which the header says."""


class Layout(NamedTuple):
    """How the samples of one frame are laid out.

    Attributes
    ----------
    rows, columns, channels : int
    allocated, stored, high : int
        Bits: of room, of value, and the number of the value's highest.
    signed : bool
    planar : bool
        Whether each channel stands by itself.
    little : bool
        Order of the bytes of uncompressed samples.
    halved : bool
        Whether two neighbours share one pair of chroma (uncompressed YBR_FULL_422 and its like).
    """

    rows: int
    columns: int
    channels: int
    allocated: int
    stored: int
    high: int
    signed: bool
    planar: bool
    little: bool
    halved: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the samples of a frame."""
        return (self.rows, self.columns) if self.channels == 1 else (self.rows, self.columns, self.channels)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the samples, in the machine's own order."""
        return np.dtype(f"{'i' if self.signed else 'u'}{self.allocated // 8}")

    @property
    def nbytes(self) -> int:
        """Bytes of an uncompressed frame."""
        channels = 2 if self.halved else self.channels
        return self.rows * self.columns * channels * self.allocated // 8


def samples(data: bytes, encoding: Encoding, layout: Layout) -> NDArray[Any]:
    """Return the samples of a frame as they are stored, of the layout's shape and type.

    Raises
    ------
    ReadError
        ``corrupt-image``, ``truncated`` or ``unsupported-pixels``.
    MissingDependencyError
        Where the encoding needs the extra.
    """
    return _values(_DECODERS[encoding.kind](data, layout), layout)


def unpacked(data: bytes, layout: Layout) -> NDArray[Any]:
    """Return uncompressed samples in rows, columns and channels."""
    flat = np.frombuffer(data, layout.dtype.newbyteorder("<" if layout.little else ">"))
    if layout.halved:
        pairs = flat.reshape(layout.rows, layout.columns // 2, 4)
        found = np.empty((layout.rows, layout.columns, 3), flat.dtype)
        found[..., 0] = pairs[..., :2].reshape(layout.rows, layout.columns)
        found[..., 1:] = np.repeat(pairs[..., 2:], 2, axis=1)
        return found
    if layout.channels > 1 and layout.planar:
        planes = flat.reshape(layout.channels, layout.rows, layout.columns)
        return np.ascontiguousarray(np.moveaxis(planes, 0, -1))
    return flat.reshape(layout.shape)


def _run_lengths(data: bytes, layout: Layout) -> NDArray[Any]:
    """Decode PackBits, a segment for each byte of each channel, the highest byte first."""
    from PIL import Image

    if len(data) < 64:
        raise truncated(f"a frame of run lengths holds {len(data)} bytes, its header alone has 64")
    count, *starts = struct.unpack("<16I", data[:64])
    width = layout.allocated // 8
    if count != layout.channels * width or any(not 64 <= s <= len(data) for s in starts[:count]):
        raise damaged(f"{count} segments of run lengths at {starts[: min(count, 15)]} in {len(data)} bytes")
    area = layout.rows * layout.columns
    planes = np.empty((layout.channels, width, area), np.uint8)
    with decoding():
        for i, (begin, end) in enumerate(zip(starts[:count], [*starts[1:count], len(data)], strict=True)):
            # One line of all pixels: some writers let a run cross the end of a row.
            line = Image.frombytes("L", (area, 1), data[begin:end], "packbits", "L")
            planes[i // width, i % width] = np.asarray(line)[0]
    values = np.zeros((layout.channels, area), f"u{width}")
    for byte in range(width):
        values |= planes[:, byte].astype(values.dtype) << np.array(8 * (width - 1 - byte), values.dtype)
    whole = values.view(layout.dtype).reshape(layout.channels, layout.rows, layout.columns)
    return whole[0] if layout.channels == 1 else np.ascontiguousarray(np.moveaxis(whole, 0, -1))


def _jpeg(data: bytes, layout: Layout) -> NDArray[Any]:
    precision, lossless = _frame_header(data, layout)
    if precision > 8:
        return _by_extra("jpeg8_decode", data, f"JPEG of {precision} bits")
    if lossless:
        try:
            # Of lossless JPEG libjpeg converts no colours, whatever its marks; older ones do not know it.
            with decoding():
                return np.asarray(picture(data, "JPEG"))
        except ReadError:
            return _by_extra("jpeg8_decode", data, "JPEG lossless that Pillow does not decode")
    with decoding():
        return jpeg_pixels(data, "L" if layout.channels == 1 else "RGB")


def _jpegls(data: bytes, layout: Layout) -> NDArray[Any]:
    _frame_header(data, layout)
    return _by_extra("jpegls_decode", data, "JPEG-LS")


def _frame_header(data: bytes, layout: Layout) -> tuple[int, bool]:
    """Return the bits a sample, and whether a JPEG or JPEG-LS is lossless, once its size is the header's.

    Decoders make room for what a stream promises before they look at it.
    """
    at = 2
    while data[:2] == b"\xff\xd8" and at <= len(data) - 10 and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in (0xF7, *range(0xC0, 0xD0)) and marker not in (0xC4, 0xC8, 0xCC):
            precision, height, width, channels = struct.unpack(">BHHB", data[at + 4 : at + 10])
            if (height, width, channels) != (layout.rows, layout.columns, layout.channels):
                raise damaged(f"{layout.shape} is promised, the frame holds {(height, width, channels)}")
            return precision, marker in (0xC3, 0xC7, 0xCB, 0xCF)
        at += 1 if marker == 0xFF else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    raise damaged("a JPEG without a header of its frame")


def _jpeg2k(data: bytes, layout: Layout) -> NDArray[Any]:
    with decoding():
        found = picture(data, "JPEG2000")
        if found.size != (layout.columns, layout.rows):
            raise damaged(f"JPEG 2000 of {found.size[0]} × {found.size[1]} pixels")
        if found.mode not in ("L", "RGB", "I;16"):
            raise damaged(f"JPEG 2000 of {found.mode}")
        # Pillow adds half the range to what is signed, and fills 9 to 15 bits up to 16.
        depth, signed = _siz(data)
        values = np.asarray(found)
    if found.mode == "I;16":
        values = (values >> np.uint16(16 - depth)) if depth < 16 else values
    if signed:
        values = (values.astype(np.int32) - 2 ** (depth - 1)).astype(layout.dtype)
    elif layout.signed:
        values = _signed(values.astype(layout.dtype.str.replace("i", "u")), depth).astype(layout.dtype)
    return values


def _siz(data: bytes) -> tuple[int, bool]:
    """Return bits and sign of a JPEG 2000 codestream's first component."""
    at = data.find(b"\xff\x51")
    if not 0 <= at <= len(data) - 41:
        raise damaged("JPEG 2000 without its SIZ marker")
    precision = data[at + 40]
    return (precision & 0x7F) + 1, bool(precision & 0x80)


def _by_extra(function: str, data: bytes, what: str) -> NDArray[Any]:
    try:
        codecs = import_module("imagecodecs")
        decode = getattr(codecs, function)
    except (ImportError, AttributeError):
        raise MissingDependencyError.of("imagecodecs", f"{what} needs") from None
    with decoding():
        return np.asarray(decode(data))


def _values(found: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Check what a decoder returned against the header, and bring values to the bits that they have."""
    if found.shape != layout.shape:
        raise damaged(f"the header promises {layout.shape} samples, the frame holds {found.shape}")
    if found.dtype.kind not in "ui" or found.dtype.itemsize > layout.dtype.itemsize:
        raise damaged(f"the header promises samples of {layout.allocated} bits, the frame holds {found.dtype.name}")
    if found.dtype.itemsize < layout.dtype.itemsize or found.dtype.kind != layout.dtype.kind:
        found = found.astype(layout.dtype)
    if not found.dtype.isnative:
        found = found.astype(layout.dtype)
    shift = layout.high + 1 - layout.stored
    if shift or layout.stored < layout.allocated:
        # What stands in the bits beside the value is an overlay, or whatever was there.
        bits = found.view(f"u{found.dtype.itemsize}") >> np.array(shift, f"u{found.dtype.itemsize}")
        bits &= np.array(2**layout.stored - 1, bits.dtype)
        found = _signed(bits, layout.stored).astype(layout.dtype) if layout.signed else bits
    return found


def _signed(bits: NDArray[Any], stored: int) -> NDArray[Any]:
    wide = bits.astype(np.int32)
    return np.where(wide >= 2 ** (stored - 1), wide - 2**stored, wide)


_DECODERS: Final[dict[str, Callable[[bytes, Layout], NDArray[Any]]]] = {
    "native": unpacked,
    "rle": _run_lengths,
    "jpeg": _jpeg,
    "jpegls": _jpegls,
    "jpeg2k": _jpeg2k,
}


def unsupported(syntax: str) -> ReadError:
    """Return the error of a transfer syntax that no decoder here knows."""
    return ReadError(
        f"the pixels are packed by transfer syntax {syntax[:64]!r}, which is not read",
        code="unsupported-encoding",
        remedy="export the image uncompressed, as JPEG or as PNG; a film as MP4 or AVI",
    )
