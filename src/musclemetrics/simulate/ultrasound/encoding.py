"""Pixels as DICOM stores them: photometric interpretations and the encoders of its transfer syntaxes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import MissingDependencyError, SettingsError

__all__ = ["SYNTAXES", "Stored", "Syntax", "encoded", "stored"]


@dataclass(frozen=True, slots=True)
class Syntax:
    """A transfer syntax: its UID, whether pixels are encapsulated, what its colours are called."""

    uid: str
    compressed: bool = False
    colour: str = "RGB"


SYNTAXES: dict[str, Syntax] = {
    "uncompressed": Syntax("1.2.840.10008.1.2.1"),
    "implicit": Syntax("1.2.840.10008.1.2"),
    "big_endian": Syntax("1.2.840.10008.1.2.2"),
    "deflated": Syntax("1.2.840.10008.1.2.1.99"),
    "rle": Syntax("1.2.840.10008.1.2.5", True),
    "jpeg": Syntax("1.2.840.10008.1.2.4.50", True, "YBR_FULL_422"),
    "j2k": Syntax("1.2.840.10008.1.2.4.91", True, "YBR_ICT"),
    "j2k_lossless": Syntax("1.2.840.10008.1.2.4.90", True, "YBR_RCT"),
    "jpeg_lossless": Syntax("1.2.840.10008.1.2.4.70", True),
    "jpegls": Syntax("1.2.840.10008.1.2.4.80", True),
    "htj2k_lossless": Syntax("1.2.840.10008.1.2.4.201", True, "YBR_RCT"),
}
_GREY = ("MONOCHROME2", "MONOCHROME1")
# encoding: photometric interpretations it can hold
_HOLDS = {
    "jpeg": (*_GREY, "RGB", "YBR_FULL", "YBR_FULL_422"),
    "j2k": (*_GREY, "RGB", "YBR_FULL", "YBR_ICT"),
    "j2k_lossless": (*_GREY, "RGB", "YBR_FULL", "YBR_RCT", "PALETTE COLOR"),
    "jpeg_lossless": (*_GREY, "RGB", "YBR_FULL", "PALETTE COLOR"),
    "jpegls": (*_GREY, "RGB", "YBR_FULL", "PALETTE COLOR"),
    "htj2k_lossless": (*_GREY, "YBR_RCT"),
    "rle": (*_GREY, "RGB", "YBR_FULL", "PALETTE COLOR"),
}
_PLAIN = (*_GREY, "RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR")


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """Frames as they are stored, before any encoder.

    Attributes
    ----------
    frames : list of array
    photometric : str
    samples : int
        Per pixel.
    palette : array of uint8, shape (256, 3), or None
    """

    frames: list[NDArray[Any]]
    photometric: str
    samples: int
    palette: NDArray[np.uint8] | None = None


def stored(frames: Sequence[NDArray[Any]], encoding: str, photometric: str | None, bits: int, signed: bool) -> Stored:
    """Return the frames in a photometric interpretation, in which they look as they do."""
    if any(f.dtype != np.uint8 or f.shape != frames[0].shape or f.ndim not in (2, 3) for f in frames):
        raise SettingsError("frames must be uint8 and of one shape", remedy="give grey or RGB images of one size")
    coloured = frames[0].ndim == 3
    kind = photometric or (SYNTAXES[encoding].colour if coloured else "MONOCHROME2")
    held = _HOLDS.get(encoding, _PLAIN)
    wide = 8 < bits <= 16 and not coloured and kind in _GREY and encoding != "jpeg"
    if kind not in held or (coloured and kind in _GREY) or not (bits == 8 or wide) or (signed and coloured):
        raise SettingsError(
            f"{encoding} cannot hold {'colour' if coloured else 'grey'} as {kind} with {bits} bits",
            remedy=f"use 8 bits and one of {', '.join(held)}",
        )
    if kind in _GREY:
        top = (1 << bits) - 1
        wide_type = np.dtype(np.uint8 if bits == 8 else np.uint16)
        levels = [f.astype(np.int64) << (bits - 8) for f in frames]
        if kind == "MONOCHROME1":
            levels = [top - f for f in levels]
        if signed:
            wide_type = np.dtype(np.int8 if bits == 8 else np.int16)
            levels = [f - (1 << (bits - 1)) for f in levels]
        return Stored([f.astype(wide_type) for f in levels], kind, 1)
    if kind == "PALETTE COLOR":
        return _paletted(frames)
    colours = [f if coloured else np.repeat(f[..., None], 3, axis=2) for f in frames]
    if kind in ("YBR_FULL", "YBR_FULL_422") and encoding != "jpeg":
        colours = [_ybr(f) for f in colours]
        if kind == "YBR_FULL_422":
            colours = [_halved(f) for f in colours]
    return Stored([np.ascontiguousarray(f) for f in colours], kind, 3)


def _ybr(rgb: NDArray[Any]) -> NDArray[np.uint8]:
    """Return full-range luma and chroma of ITU-R 601, as JPEG has them."""
    turn = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    return np.asarray(np.clip(np.rint(rgb @ turn.T + [0.0, 128.0, 128.0]), 0, 255), np.uint8)


def _halved(ybr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return two lumas and one pair of chromas for each two pixels of a row."""
    if ybr.shape[1] % 2:
        raise SettingsError("YBR_FULL_422 needs an even width", remedy="crop a column")
    pairs = ybr.reshape(ybr.shape[0], -1, 2, 3).astype(np.uint16)
    chroma = (pairs[..., 1:].sum(axis=2) + 1) // 2
    return np.concatenate([pairs[..., 0], chroma], axis=2).astype(np.uint8)


def _paletted(frames: Sequence[NDArray[Any]]) -> Stored:
    """Return indices and their colours; brighter pixels have lower indices, so that none is its own grey level."""
    every = np.stack([f if f.ndim == 3 else np.repeat(f[..., None], 3, axis=2) for f in frames])
    colours, index = np.unique(every.reshape(-1, 3), axis=0, return_inverse=True)
    if len(colours) > 256:
        raise SettingsError(f"{len(colours)} colours do not fit a palette of 256", remedy="give a grey image")
    palette = np.zeros((256, 3), np.uint8)
    palette[255 - np.arange(len(colours))] = colours
    flat = (255 - index).astype(np.uint8).reshape(every.shape[:3])
    return Stored(list(flat), "PALETTE COLOR", 1, palette)


def encoded(frame: NDArray[Any], encoding: str, made: Stored, bits: int, signed: bool) -> bytes:
    """Return one frame as its encoder writes it."""
    if encoding == "rle":
        return _rle(frame, made, bits, signed)
    if encoding == "jpeg":
        return _jpeg(frame, made.photometric)
    if signed:
        raise SettingsError(f"{encoding} is not written with signed pixels here", remedy="use rle or uncompressed")
    if encoding == "jpeg_lossless":
        return _jpeg_lossless(frame, bits)
    if encoding in ("j2k", "j2k_lossless"):
        return _j2k(frame, made.photometric, encoding == "j2k_lossless")
    try:
        imagecodecs = import_module("imagecodecs")
    except ImportError:
        raise MissingDependencyError.of("imagecodecs", f"writing {encoding} needs") from None
    if encoding == "jpegls":
        return bytes(imagecodecs.jpegls_encode(frame))
    return bytes(imagecodecs.htj2k_encode(frame, reversible=True))


def _rle(frame: NDArray[Any], made: Stored, bits: int, signed: bool) -> bytes:
    from pydicom.pixels.encoders.base import get_encoder
    from pydicom.uid import RLELossless

    about = {
        "rows": frame.shape[0],
        "columns": frame.shape[1],
        "samples_per_pixel": made.samples,
        "photometric_interpretation": made.photometric,
        "bits_allocated": frame.dtype.itemsize * 8,
        "bits_stored": bits,
        "pixel_representation": int(signed),
        "number_of_frames": 1,
        "planar_configuration": 0,
    }
    little = frame.astype(frame.dtype.newbyteorder("<")).tobytes()
    return bytes(get_encoder(RLELossless).encode(little, encoding_plugin="pydicom", **about))


def _jpeg(frame: NDArray[Any], photometric: str) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    how: dict[str, Any] = {"quality": 92}
    if frame.ndim == 3:
        how["subsampling"] = 1 if photometric == "YBR_FULL_422" else 0
        how["keep_rgb"] = photometric == "RGB"
    Image.fromarray(frame).save(out, "JPEG", **how)
    return out.getvalue()


def _j2k(frame: NDArray[Any], photometric: str, lossless: bool) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    how: dict[str, Any] = {"irreversible": not lossless, "no_jp2": True}
    if not lossless:
        how |= {"quality_mode": "rates", "quality_layers": [6]}
    if frame.ndim == 3:
        how["mct"] = int(photometric in ("YBR_ICT", "YBR_RCT"))
    Image.fromarray(frame).save(out, "JPEG2000", **how)
    return out.getvalue()


def _jpeg_lossless(frame: NDArray[Any], bits: int) -> bytes:
    """Return JPEG process 14, selection value 1 (ITU-T T.81, annex H): each sample as its difference from the left.

    Every category of differences has a code of five bits: larger than need be, and right.
    """
    planes = (frame if frame.ndim == 3 else frame[..., None]).astype(np.int64)
    height, width, count = planes.shape
    left = np.empty_like(planes)
    left[:, 1:] = planes[:, :-1]
    left[1:, 0] = planes[:-1, 0]
    left[0, 0] = 1 << (bits - 1)
    off = ((planes - left).ravel() + 32767) % 65536 - 32767
    category = np.where(off == 0, 0, np.floor(np.log2(np.maximum(np.abs(off), 1))).astype(int) + 1)
    # A negative difference is written one lower, so that its first bit is 0.
    extra = np.where(off < 0, off - 1, off)
    more = np.where(category == 16, 0, category)  # of category 16 there is one difference
    word, size = (category << more) | (extra & ((1 << more) - 1)), more + 5
    start = np.concatenate([[0], np.cumsum(size)])
    stream = np.ones(-(-int(start[-1]) // 8) * 8, np.uint8)  # what is left of the last byte is ones
    for k in range(int(size.max())):
        has = size > k
        stream[start[:-1][has] + k] = (word[has] >> (size[has] - 1 - k)) & 1
    data = np.packbits(stream).tobytes().replace(b"\xff", b"\xff\x00")
    parts = [(k + 1, 0x11, 0) for k in range(count)]

    def segment(marker: int, body: bytes) -> bytes:
        return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body

    table = bytes([0]) + bytes([0, 0, 0, 0, 17] + [0] * 11) + bytes(range(17))
    size_of = bytes([bits]) + height.to_bytes(2, "big") + width.to_bytes(2, "big") + bytes([count])
    scan = bytes([count]) + b"".join(bytes([k, 0]) for k, _, _ in parts) + bytes([1, 0, 0])
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xC4, table),
            segment(0xC3, size_of + b"".join(bytes(p) for p in parts)),
            segment(0xDA, scan),
            data,
            b"\xff\xd9",
        ]
    )
