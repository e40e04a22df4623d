"""From samples to a picture: grey levels of 0 to 255 or RGB, by the photometric interpretation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError
from ...record import Flag
from .codecs import Layout
from .header import Elements, corrupt
from .palette import Table, palette, table

__all__ = ["YBR", "Levels", "levels_of", "luma", "neutral"]

YBR = ("YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422")
# Chroma of a grey pixel: rounding moves it by one level.
_NEUTRAL = 1
# A window that moves no level by more than this is the stored levels by another name.
_SAME_LEVELS = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """How samples become a picture, and what it will be."""

    convert: Callable[[NDArray[Any]], NDArray[Any]]
    channels: int
    dtype: str
    flags: list[Flag] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def shape(self, layout: Layout) -> tuple[int, ...]:
        """Return the shape of the picture."""
        return (layout.rows, layout.columns) if self.channels == 1 else (layout.rows, layout.columns, 3)


def levels_of(elements: Elements, photometric: str, layout: Layout, little: bool, *, undone: bool = False) -> Levels:
    """Return how the samples of this image become a picture.

    `undone` says that the decoder has turned the colours of JPEG 2000 (YBR_ICT, YBR_RCT) into RGB already.

    Raises
    ------
    ReadError
        ``corrupt-dicom`` or ``unsupported-pixels``.
    """
    if photometric in ("MONOCHROME1", "MONOCHROME2") and layout.channels == 1:
        return _monochrome(elements, photometric, layout, little)
    if photometric == "PALETTE COLOR" and layout.channels == 1:
        found, notes = palette(elements, little, layout.signed)
        flags = []
        if found.entries.ndim == 2:
            message = (
                "the palette holds colours: grey levels follow from them by the rule grey=, and are not the indices"
            )
            flags.append(Flag("palette-in-colour", message, "note"))
        else:
            notes.append("the picture was read through its palette of greys")
        return Levels(found, 1 if found.entries.ndim == 1 else 3, "uint8", flags, notes)
    if layout.channels != 3 or layout.signed:
        raise _unsupported(f"{photometric[:32]} of {layout.channels} {'signed ' if layout.signed else ''}channel(s)")
    if photometric == "RGB" or (photometric in ("YBR_ICT", "YBR_RCT") and undone):
        if layout.stored == 8:
            return Levels(_eight_bits, 3, "uint8")
        factor = np.float32(255 / (2**layout.stored - 1))
        flag = _rescaled(0, 2**layout.stored - 1, "the bits stored")
        return Levels(lambda s: np.asarray(s.astype(np.float32) * factor), 3, "float32", [flag])
    if photometric in YBR and layout.stored == 8:
        partial = photometric == "YBR_PARTIAL_422"
        notes = [f"{photometric} was turned into RGB"]
        return Levels(lambda s: _rgb(s, partial), 3, "uint8", [], notes)
    raise _unsupported(f"{photometric[:32]!r} of {layout.stored} bits")


def neutral(samples: NDArray[Any]) -> bool:
    """Whether samples of luma and chroma hold no colour anywhere."""
    chroma = samples[..., 1:]
    return bool(abs(int(chroma.min()) - 128) <= _NEUTRAL and abs(int(chroma.max()) - 128) <= _NEUTRAL)


def luma(photometric: str) -> Levels:
    """Return the picture of samples of luma and chroma in which nothing is coloured: its luma."""
    partial = photometric == "YBR_PARTIAL_422"
    note = f"{photometric} in which nothing is coloured: its luma was read"

    def convert(samples: NDArray[Any]) -> NDArray[Any]:
        y = samples if samples.ndim == 2 else samples[..., 0]
        return _to_bytes((y.astype(np.float32) - 16) * (255 / 219)) if partial else np.ascontiguousarray(y)

    return Levels(convert, 1, "uint8", [], [note])


def _rgb(samples: NDArray[Any], partial: bool) -> NDArray[np.uint8]:
    """Convert luma and chroma by ITU-R BT.601, of the full range or of the studio's."""
    y, blue, red = (samples[..., i].astype(np.float32) for i in range(3))
    blue, red = blue - 128, red - 128
    if partial:
        y, blue, red = (y - 16) * (255 / 219), blue * (255 / 224), red * (255 / 224)
    green = y - (0.114 * 1.772 * blue + 0.299 * 1.402 * red) / 0.587
    return _to_bytes(np.stack([y + 1.402 * red, green, y + 1.772 * blue], axis=-1))


def _eight_bits(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Return values of eight bits that may stand in sixteen."""
    return samples.astype(np.uint8, copy=False)


def _to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)


def _monochrome(elements: Elements, photometric: str, layout: Layout, little: bool) -> Levels:
    flags: list[Flag] = []
    notes: list[str] = []
    inverted = photometric == "MONOCHROME1"
    low, high = (
        (-(2 ** (layout.stored - 1)), 2 ** (layout.stored - 1) - 1) if layout.signed else (0, 2**layout.stored - 1)
    )
    modality = elements.items("ModalityLUTSequence")
    lookup: Table | None = None
    slope, intercept = 1.0, 0.0
    if modality:
        lookup = table(modality[0], little, layout.signed)
        low, high = 0, 2**lookup.bits - 1
    else:
        slope, intercept = (elements.number(k) for k in ("RescaleSlope", "RescaleIntercept"))  # type: ignore[assignment]
        slope, intercept = (1.0 if slope is None else slope), (0.0 if intercept is None else intercept)
        if not math.isfinite(slope) or not math.isfinite(intercept) or slope == 0:
            raise corrupt(f"it rescales its levels by {slope:g} and {intercept:g}")
    window = _window(elements)
    plain = layout.stored == 8 and not layout.signed and lookup is None and slope > 0
    if plain:
        # Eight bits are what the scanner's screen showed and what people measure; a window is a way to look at them.
        if slope != 1 or intercept != 0:
            message = (
                f"the header rescales levels by {slope:g} and {intercept:g}, which was not applied to 8 bits: echo "
                "intensity is of the levels stored"
            )
            flags.append(Flag("rescale-not-applied", message, "note"))
        if window is not None and not _identity(window, slope, intercept):
            message = (
                f"the header asks for a window of {window[1]:g} levels about {window[0]:g}, which was not applied: "
                "echo intensity is of the levels stored, and viewers show others"
            )
            flags.append(Flag("window-not-applied", message, "note"))
        if elements.items("VOILUTSequence"):
            message = (
                "the header has a table for display, which was not applied: echo intensity is of the levels stored"
            )
            flags.append(Flag("window-not-applied", message, "note"))
        if inverted:
            flags.append(_inverted())
            return Levels(lambda s: np.asarray(255 - s, dtype=np.uint8), 1, "uint8", flags, notes)
        return Levels(_eight_bits, 1, "uint8", flags, notes)
    ends = sorted((low * slope + intercept, high * slope + intercept))
    said = "the modality's table" if lookup is not None else "the bits stored"
    if window is not None:
        ends, said = [window[0] - 0.5 - (window[1] - 1) / 2, window[0] - 0.5 + (window[1] - 1) / 2], "the window stated"
    bottom, top = ends
    flags.append(_rescaled(bottom, top, said))
    if inverted:
        flags.append(_inverted())

    def convert(samples: NDArray[Any]) -> NDArray[Any]:
        values = (lookup(samples) if lookup is not None else samples).astype(np.float32)
        scaled = (values * np.float32(slope) + np.float32(intercept - bottom)) * np.float32(255 / (top - bottom))
        scaled = np.clip(scaled, 0, 255)
        return np.asarray(255 - scaled if inverted else scaled, dtype=np.float32)

    return Levels(convert, 1, "float32", flags, notes)


def _window(elements: Elements) -> tuple[float, float] | None:
    centre, width = elements.number("WindowCenter"), elements.number("WindowWidth")
    if centre is None or width is None or not (math.isfinite(centre) and 1 < width < math.inf):
        return None
    return centre, width


def _identity(window: tuple[float, float], slope: float, intercept: float) -> bool:
    """Whether a window leaves levels of 0 to 255 about where they are."""
    bottom = (window[0] - 0.5 - (window[1] - 1) / 2 - intercept) / slope
    top = (window[0] - 0.5 + (window[1] - 1) / 2 - intercept) / slope
    return abs(bottom) <= _SAME_LEVELS and abs(top - 255) <= _SAME_LEVELS


def _rescaled(bottom: float, top: float, said: str) -> Flag:
    return Flag(
        "grey-rescaled",
        f"{bottom:g} to {top:g}, the range of {said}, was scaled to 0 to 255, and echo intensity is on that scale; "
        "compare it only with images of the same range",
        "note",
    )


def _inverted() -> Flag:
    message = "MONOCHROME1 counts its levels from white: they were inverted, so that bright is high"
    return Flag("monochrome1-inverted", message, "note")


def _unsupported(what: str) -> ReadError:
    return ReadError(
        f"the picture is {what}, of which no grey level of 0 to 255 is known",
        code="unsupported-pixels",
        remedy="export it as MONOCHROME2 or RGB",
    )
