"""Pictures: PNG, JPEG, BMP and TIFF, as a screen, a frame grabber or ImageJ saved them.

The header alone is read before anything is decoded. A picture is grey levels of 0 to 255 or RGB; palettes, rotation and
deeper greys are resolved and noted, transparency and printing colours are refused. Only ImageJ's TIFF states a scale: a
screen's 72 dots an inch say nothing of tissue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ReadError
from ..reading import Reading
from ..record import Flag
from . import tiff
from .beside import drawn_options
from .frames import MAX_PIXELS, Frame, chosen, damaged, fits, lossy, plausible, reopened
from .pictures import decoding, jpeg_look, jpeg_neutral, jpeg_pixels, picture
from .source import Source, head, name_of

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["read"]

_FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
_ORIENTATION = 274  # EXIF and TIFF tag
_TURNED = (5, 6, 7, 8)  # orientations that exchange width and height
# TIFF tags
_BITS, _PHOTOMETRIC, _DESCRIPTION, _X_RESOLUTION, _Y_RESOLUTION = 258, 262, 270, 282, 283
# ImageJ's words for its unit, in millimetres
_UNITS = {"mm": 1.0, "millimeter": 1.0, "millimetre": 1.0, "cm": 10.0, "centimeter": 10.0, "centimetre": 10.0}
_UNITS |= {"um": 1e-3, "µm": 1e-3, "μm": 1e-3, "micron": 1e-3, "microns": 1e-3, "m": 1e3, "inch": 25.4, "in": 25.4}


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    """One picture of the file: how its pixels become grey levels or colours, and what is to be said of it."""

    convert: Callable[[Image], NDArray[Any]]
    shape: tuple[int, ...]
    dtype: str = "uint8"
    flags: list[Flag] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(
    source: Source,
    *,
    frames: str = "first",
    roi: str | None = None,
    roi_name: str | None = None,
    roi_value: int | str | None = None,
    roi_scale: bool = False,
    roi_origin: str = "centre",
    max_pixels: int | str = MAX_PIXELS,
) -> Iterator[Reading]:
    """Read a picture.

    Parameters
    ----------
    source : str, path or binary file object
    frames : str, optional
        Pages of a TIFF: ``"first"``, ``"all"``, or ``"every:N"`` for the first and each N-th after it.
    roi : str, optional
        The file of a drawn region beside each picture, ``"{stem}.roi"``: ``{stem}`` is the picture's name without its
        suffix.
    roi_name, roi_value, roi_scale, roi_origin : optional
        Which region of a file of several, which value of a mask is inside, whether a mask of another size is scaled,
        and where coordinates count from: see :func:`~musclemetrics.readers.rois.read_roi`.
    max_pixels : int, optional
        Most pixels of a picture, checked against its header.

    Yields
    ------
    Reading
        One a page. ``image`` is decoded each time it is made an array of: (height, width) grey levels of 0 to 255,
        uint8, or float32 where the file holds more of them; (height, width, 3) RGB. A JPEG in colours without any
        colour is read as its luma. ``spacing_x``, ``spacing_y`` (mm) and ``scale_source`` where ImageJ states a scale;
        ``roi`` where one is asked for. Labelled ``frame`` where there are several pages.

    Raises
    ------
    ReadError
        ``corrupt-image``, ``transparent-image``, ``two-level-image``, ``unsupported-pixels``, ``no-roi-file``.
    LimitError
        ``too-many-pixels``.
    SettingsError
        ``bad-setting``.
    """
    name, reopen = name_of(source), reopened(source)
    chosen(frames, 1)  # a wrong decision is one before the file is looked at
    drawn = drawn_options(roi, roi_name, roi_value, roi_scale, roi_origin)
    drawn.refuse_itself(source)
    if not head(source, 1):
        raise ReadError(f"{name!r} is empty", code="empty-file", remedy="export or copy the file again")
    with reopen() as stream, decoding(name):
        data = stream.read() if stream.read(2) == b"\xff\xd8" else b""
        stream.seek(0)
        file = picture(stream, *_FORMATS)
        fits(*file.size, max_pixels, name)
        where = tiff.pages_of(stream) if file.format == "TIFF" else []
        count = len(where) or 1
        scale, told = _imagej(file, count) if where else (None, [])
        pages = []
        for number in chosen(frames, count):
            if number:
                file = picture(tiff.OnePage(stream, where[number]), *_FORMATS)
            fits(*file.size, max_pixels, name)
            page = _jpeg(file, b"\xff\xd8" + data) if data else _page(file, name)
            page.notes.extend(told)
            pages.append((number, page))
        if file.format == "MPO":
            pages[0][1].notes.append("the file holds several pictures, of which the first is read")
        elif getattr(file, "is_animated", False) and file.format == "PNG":
            pages[0][1].notes.append("an animated PNG, of which the first picture is read")
    for number, page in pages:
        arrays: dict[str, Any] = {
            "image": Frame(_decoder(reopen, name, page, where[number] if where else None), page.shape, page.dtype)
        }
        units: dict[str, str] = {}
        if scale is not None:
            wrong = plausible(*scale)
            if wrong is None:
                arrays |= {"spacing_x": np.array(scale[0]), "spacing_y": np.array(scale[1])}
                arrays["scale_source"] = np.array("tiff")
                units = {"spacing_x": "mm", "spacing_y": "mm"}
            else:
                message = f"the scale that ImageJ states is refused: {wrong}; set it in ImageJ again, or give spacing="
                page.flags.append(Flag("spacing-refused", message, "suspect"))
        region, of_region, said = drawn.beside(source, page.shape)
        labels = {"frame": str(number + 1)} if count > 1 else {}
        yield Reading(arrays | region, units, labels, flags=(*page.flags, *of_region), notes=(*page.notes, *said))


def _decoder(reopen: Callable[[], Any], name: str, page: _Page, where: tiff.Page | None) -> Callable[[], NDArray[Any]]:
    def decode() -> NDArray[Any]:
        with reopen() as stream, decoding(name):
            return page.convert(picture(stream if where is None else tiff.OnePage(stream, where), *_FORMATS))

    return decode


def _jpeg(file: Image, data: bytes) -> _Page:
    look = jpeg_look(data)
    turn, turned, notes = _turning(file)
    flags = [lossy(f"JPEG, quality about {look.quality}")]
    if look.components not in (1, 3):
        raise _unsupported(file.mode)
    mode = "L" if look.components == 1 else "RGB"
    if look.ycc and jpeg_neutral(data):
        mode = "L"
        notes.append("a JPEG in colours in which nothing is coloured: its luma was read")
    height, width = (look.width, look.height) if turned else (look.height, look.width)

    def convert(again: Image) -> NDArray[Any]:
        stream: Any = again.fp  # type: ignore[attr-defined]
        stream.seek(0)
        return turn(jpeg_pixels(stream.read(), mode))

    return _Page(convert, (height, width) if mode == "L" else (height, width, 3), "uint8", flags, notes)


def _page(file: Image, name: str) -> _Page:
    """Look at a picture that is no JPEG."""
    if file.mode == "1":
        raise ReadError(
            f"{name!r} holds two levels, black and white: it is a mask, not a picture",
            code="two-level-image",
            remedy='a mask is used with -r roi="{stem}_mask.png", beside its picture',
        )
    turn, turned, notes = _turning(file)
    # Of a TIFF, Pillow states the size as turned and turns it itself.
    height, width = (file.size[0], file.size[1]) if turned else (file.size[1], file.size[0])
    if file.mode in ("I;16", "I;16B", "I;16L"):
        return _deep(file, (height, width), turn, notes)
    mode = {"L": "L", "LA": "L", "RGB": "RGB", "RGBA": "RGB", "RGBX": "RGB", "YCbCr": "RGB"}.get(file.mode, "")
    if file.mode in ("P", "PA"):
        palette = np.asarray(file.getpalette("RGB") or [], dtype=int).reshape(-1, 3)
        mode = "L" if palette.size and not np.ptp(palette, axis=1).any() else "RGB"
        notes.append("the picture was read through its palette")
    if not mode:
        raise _unsupported(file.mode)
    if file.mode in ("LA", "RGBA", "PA") or "transparency" in file.info:
        _opaque(file, name)
        notes.append("the picture has a channel of opacity, which is full everywhere")
    flags = [lossy("JPEG in a TIFF")] if "jpeg" in str(file.info.get("compression")) else []
    if any(";16" in str(tile[3]) for tile in getattr(file, "tile", ())):
        notes.append("of 16 bits a colour, the upper 8 were read")

    def convert(again: Image) -> NDArray[Any]:
        return turn(np.asarray(again if again.mode == mode else again.convert(mode)))

    return _Page(convert, (height, width) if mode == "L" else (height, width, 3), "uint8", flags, notes)


def _deep(file: Image, shape: tuple[int, int], turn: Callable[[NDArray[Any]], NDArray[Any]], notes: list[str]) -> _Page:
    """Look at a picture of more than 256 grey levels: the range that it declares becomes 0 to 255."""
    tags: Any = getattr(file, "tag_v2", {})
    bits = int(tags.get(_BITS, (16,))[0])
    top = float(2**bits - 1)
    white_is_zero = tags.get(_PHOTOMETRIC) == 0

    def convert(again: Image) -> NDArray[Any]:
        levels = np.asarray(again).astype(np.float32) * np.float32(255 / top)
        return turn(255 - levels if white_is_zero else levels)

    if white_is_zero:
        notes.append("the file counts its levels from white, and was inverted")
    flag = Flag(
        "grey-rescaled",
        f"{bits}-bit grey levels: 0 to {top:.0f} was scaled to 0 to 255, and echo intensity is on that scale; compare "
        "it only with images of the same depth",
        "note",
    )
    return _Page(convert, shape, "float32", [flag], notes)


def _opaque(file: Image, name: str) -> None:
    """Refuse a picture that lets through what lies behind it; what that was is not known."""
    least, _ = file.copy().convert("RGBA").getchannel("A").getextrema()
    if float(str(least)) < 255:
        raise ReadError(
            f"{name!r} is transparent in places: what is seen depends on what lies behind",
            code="transparent-image",
            remedy="flatten it onto the background it was seen on, and save it again",
        )


def _turning(file: Image) -> tuple[Callable[[NDArray[Any]], NDArray[Any]], bool, list[str]]:
    """Return what turns the pixels upright, whether that exchanges width and height, and the note of it."""
    # Of a PNG without EXIF, Pillow decodes all of the picture to see whether there is any behind it.
    known = file.format != "PNG" or not {"exif", "Raw profile type exif"}.isdisjoint(file.info)
    orientation = int(file.getexif().get(_ORIENTATION, 1) or 1) if known else 1
    if orientation not in range(2, 9):
        return np.asarray, False, []
    notes = [f"the picture was turned upright by its EXIF orientation {orientation}"]
    if file.format == "TIFF":  # Pillow has done it when the pixels are there
        return np.asarray, False, notes
    turns: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: a.swapaxes(0, 1)[:, ::-1],
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: a.swapaxes(0, 1)[::-1],
    }
    chosen_turn = turns[orientation]
    return lambda a: np.ascontiguousarray(chosen_turn(a)), orientation in _TURNED, notes


def _imagej(file: Image, pages: int) -> tuple[tuple[float, float] | None, list[str]]:
    """Return the millimetres a pixel that ImageJ wrote, None where it did not, and notes."""
    tags: Any = getattr(file, "tag_v2", {})
    text = str(tags.get(_DESCRIPTION, ""))
    density = tags.get(_X_RESOLUTION), tags.get(_Y_RESOLUTION)
    if not text.startswith("ImageJ=") or None in density:
        return None, []
    facts = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    notes = []
    images = facts.get("images", "1")
    if images.isdigit() and int(images[:9]) > pages:
        raise damaged(f"ImageJ states {images} pictures, the file lists {pages}")
    stated = facts.get("unit", ""), facts.get("yunit", facts.get("unit", ""))
    words = tuple(re.sub(r"\\u00[Bb]5", "µ", w.strip()).lower() for w in stated)
    if any(w not in _UNITS for w in words):
        if words[0] not in ("", "pixel", "pixels"):
            notes.append(f"ImageJ's scale is in {words[0]!r}, which is no length, and was not used")
        return None, notes
    if file.getexif().get(_ORIENTATION, 1) in _TURNED:
        density, words = density[::-1], words[::-1]
    try:
        x, y = (_UNITS[w] / float(d) for w, d in zip(words, density, strict=True))
    except (ZeroDivisionError, ValueError, TypeError):
        return (float("nan"), float("nan")), notes
    return (x, y), notes


def _unsupported(mode: str) -> ReadError:
    what = {"CMYK": "printing colours (CMYK)", "I": "32-bit whole numbers", "F": "32-bit fractions"}.get(mode, mode)
    return ReadError(
        f"the picture holds {what}, of which no grey level of 0 to 255 is known",
        code="unsupported-pixels",
        remedy="save it as 8-bit or 16-bit grey, or as RGB",
    )
