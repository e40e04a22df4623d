"""DICOM ultrasound: one reading a frame, millimetres checked against the image, and no word of a person.

A file is opened, its header's few elements are read (:mod:`.tags` lists them all), what it promises is compared with
what it holds, and only then a frame is decoded, each time it is made an array of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError, ReadError
from ...reading import Reading
from ...record import Flag
from ..beside import drawn_options
from ..frames import MAX_FRAMES, MAX_PIXELS, Frame, chosen, fits, lossy, reopened
from ..pictures import decoding, jpeg_look, jpeg_neutral, jpeg_pixels
from ..source import Source, head, name_of
from .codecs import ENCODINGS, Encoding, Layout, samples, unsupported
from .fragments import Pieces, fetch, frames_of, native
from .header import Elements, Header, corrupt, header_of
from .levels import YBR, Levels, levels_of, luma, neutral
from .scale import scale_of
from .words import labels

__all__ = ["read"]

_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"


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
    """Read a DICOM image or film.

    Parameters
    ----------
    source : str, path or binary file object
    frames : str, optional
        ``"first"``, ``"all"``, or ``"every:N"`` for the first and each N-th after it.
    roi : str, optional
        The file of a drawn region beside each image, ``"{stem}.roi"``: ``{stem}`` is the image's name without its
        suffix.
    roi_name, roi_value, roi_scale, roi_origin : optional
        Which region of a file of several, which value of a mask is inside, whether a mask of another size is scaled,
        and where coordinates count from: see :func:`~musclemetrics.readers.rois.read_roi`.
    max_pixels : int, optional
        Most pixels of a frame, checked against the header.

    Yields
    ------
    Reading
        One a frame. ``image`` is decoded each time it is made an array of: (height, width) grey levels of 0 to 255,
        uint8, or float32 where the file declares another range; (height, width, 3) RGB. What is stored as luma and
        chroma, and has no colour anywhere, is read as its luma. ``spacing_x``, ``spacing_y`` (mm) and ``scale_source``
        where the header states a scale that fits the image; ``regions`` of shape (n, 6), the boxes of tissue x0, y0,
        x1, y1 (px, the latter two exclusive) and their millimetres a pixel along x and y; ``region`` (4,) where there
        is one; ``roi`` where one is asked for. Labels ``device``, ``transducer``, ``preset``, ``depth``, ``gain``,
        ``dynamic_range`` and ``frequency`` where the header has them, ``frame`` from 1 where there are several. No
        label comes from an element that can name a person: subjects are named by files, folders or a sheet.

    Raises
    ------
    ReadError
        ``corrupt-dicom``, ``corrupt-image``, ``truncated``, ``no-transfer-syntax``, ``unsupported-encoding``,
        ``unsupported-pixels``, ``no-roi-file``.
    UnknownFormatError
        ``dicomdir`` or ``no-pixels``: DICOM that holds no picture.
    LimitError
        ``too-many-pixels``, ``too-many-frames``, ``too-deep``, ``too-large``.
    MissingDependencyError
        JPEG-LS, and JPEG of more than 8 bits, without the extra ``dicom``.
    SettingsError
        ``bad-setting``.
    """
    name, reopen = name_of(source), reopened(source)
    chosen(frames, 1)  # a wrong decision is one before the file is looked at
    drawn = drawn_options(roi, roi_name, roi_value, roi_scale, roi_origin)
    drawn.refuse_itself(source)
    if not head(source, 1):
        raise ReadError(f"{name!r} is empty", code="empty-file", remedy="export or copy the file again")
    with reopen() as stream:
        found = header_of(stream, name)
        elements, flags = found.elements, list(found.flags)
        encoding = ENCODINGS.get(found.syntax)
        if encoding is None:
            raise unsupported(found.syntax)
        photometric = elements.word("PhotometricInterpretation")
        layout = _layout(found, encoding, photometric, max_pixels, name)
        count = _count(elements, flags)
        data = stream if found.inflated is None else None
        if encoding.kind == "native":
            pieces = native(found, count, layout.nbytes, layout.allocated)
        else:
            assert data is not None  # what is deflated is not packed a second time
            pieces = frames_of(data, found, count)
    flags += _said(elements, encoding)
    measure = scale_of(elements, layout.rows, layout.columns)
    words, cut = labels(elements)
    open_pixels = reopen if found.inflated is None else _inflated_again(reopen, name)
    look = _look(photometric, encoding, layout, elements, found.little)
    for number in chosen(frames, count):
        with open_pixels() as stream:
            shown, decode = look(fetch(stream, pieces[number]))
        shape = shown.shape(layout)
        frame = Frame(_decoder(open_pixels, pieces[number], decode), shape, shown.dtype)
        region, of_region, said = drawn.beside(source, shape)
        numbered = {"frame": str(number + 1)} if count > 1 else {}
        yield Reading(
            {"image": frame, **measure.arrays, **region},
            measure.units,
            {**words, **numbered},
            flags=(*flags, *measure.flags, *shown.flags, *of_region),
            notes=(*cut, *measure.notes, *shown.notes, *said),
        )


def _decoder(
    reopen: Callable[[], AbstractContextManager[IO[bytes]]],
    pieces: Pieces,
    decode: Callable[[bytes], NDArray[Any]],
) -> Callable[[], NDArray[Any]]:
    def again() -> NDArray[Any]:
        with reopen() as stream:
            data = fetch(stream, pieces)
        return decode(data)

    return again


def _inflated_again(
    reopen: Callable[[], AbstractContextManager[IO[bytes]]], name: str
) -> Callable[[], AbstractContextManager[IO[bytes]]]:
    """Return a way to the data set of a deflated file, unpacked anew each time: nothing unpacked is kept."""
    import io
    from contextlib import nullcontext

    def opened() -> AbstractContextManager[IO[bytes]]:
        with reopen() as stream:
            return nullcontext(io.BytesIO(header_of(stream, name).inflated or b""))

    return opened


def _layout(found: Header, encoding: Encoding, photometric: str, max_pixels: int | str, name: str) -> Layout:
    """Return how samples are laid out, every number of it checked before there is room made for any."""
    elements = found.elements
    rows, columns = elements.whole("Rows"), elements.whole("Columns")
    if rows is None or columns is None or not photometric:
        raise corrupt("it states no rows, no columns or no photometric interpretation")
    fits(columns, rows, max_pixels, name)
    if found.pixels != 0x7FE00010:
        raise ReadError(
            f"{name!r} holds fractions, of which no grey level of 0 to 255 is known",
            code="unsupported-pixels",
            remedy="export it as whole numbers of 8 or 16 bits",
        )
    allocated = elements.whole("BitsAllocated", 8) or 0
    stored = elements.whole("BitsStored", allocated) or 0
    high = elements.whole("HighBit", stored - 1)
    channels = elements.whole("SamplesPerPixel", 1) or 0
    if allocated not in (8, 16) or channels not in (1, 3):
        raise ReadError(
            f"{name!r} holds {channels} channel(s) of {allocated} bits; 1 or 3 of 8 or 16 are read",
            code="unsupported-pixels",
            remedy="export it as MONOCHROME2 or RGB of 8 or 16 bits",
        )
    if high is None or not 1 <= stored <= allocated or not stored - 1 <= high < allocated:
        raise corrupt(f"of {allocated} bits allocated it stores {stored} up to bit {high}")
    halved = encoding.kind == "native" and photometric in ("YBR_FULL_422", "YBR_PARTIAL_422")
    if halved and (columns % 2 or channels != 3 or allocated != 8):
        raise corrupt(f"{photometric} of {columns} columns, {channels} channels and {allocated} bits")
    planar = encoding.kind == "native" and elements.whole("PlanarConfiguration", 0) == 1
    signed = elements.whole("PixelRepresentation", 0) == 1
    return Layout(rows, columns, channels, allocated, stored, high, signed, planar, found.little, halved)


def _count(elements: Elements, flags: list[Flag]) -> int:
    """Return the number of frames, refused above the limit."""
    stated = elements.whole("NumberOfFrames")
    count = stated or 0
    if count < 0:
        raise corrupt(f"it states {count} frames")
    if count > MAX_FRAMES:
        raise LimitError(
            f"the header promises {count} frames, the limit is {MAX_FRAMES}",
            code="too-many-frames",
            remedy="cut the film into parts, or export the frames that are to be measured",
        )
    if stated == 0 or (stated is None and elements.word("SOPClassUID") == _MULTIFRAME):
        message = f"the header states {'no number of' if stated is None else '0'} frames: it was read as one"
        flags.append(Flag("frames-not-stated", message, "note"))
    return count or 1


def _said(elements: Elements, encoding: Encoding) -> list[Flag]:
    """Return the flags of what the header says of the image as a whole."""
    flags = []
    kind = elements.word("Modality")
    if kind and kind != "US":
        message = f"the image is {kind} by its header and not ultrasound (US); check that it belongs here"
        flags.append(Flag("not-ultrasound", message, "suspect"))
    if elements.word("BurnedInAnnotation") == "YES":
        message = (
            "the header says that text is burned into the picture (BurnedInAnnotation): look at the image itself; no "
            "overlay is made of it, since a person's name may be in it"
        )
        flags.append(Flag("possible-text", message, "suspect"))
    # Once lossy, always lossy: the header keeps it when the image is packed anew without loss.
    stated = elements.word("LossyImageCompression")
    if stated == "01" or (encoding.loses and stated != "00") or encoding.name == "JPEG":
        ratio = "".join(f" {r:g}:1" for r in (_quiet(elements, "LossyImageCompressionRatio") or ())[-1:])
        method = elements.words("LossyImageCompressionMethod")
        name = encoding.name if encoding.loses else "before it was stored"
        flags.append(lossy(f"{method[-1] if method and method[-1] else name}{ratio}"))
    return flags


def _quiet(elements: Elements, keyword: str) -> tuple[float, ...] | None:
    """Return numbers that nothing depends on, None where they cannot be read."""
    try:
        return elements.numbers(keyword)
    except ReadError:
        return None


def _look(
    photometric: str, encoding: Encoding, layout: Layout, elements: Elements, little: bool
) -> Callable[[bytes], tuple[Levels, Callable[[bytes], NDArray[Any]]]]:
    """Return what tells of a frame's bytes how it will look and how it is decoded."""
    stored_as_luma = photometric in YBR
    if encoding.name == "JPEG" and layout.channels == 3 and layout.stored == 8 and not layout.signed:
        return lambda data: _colour_jpeg(data, photometric, layout)
    by_header = levels_of(elements, photometric, layout, little, undone=encoding.kind == "jpeg2k")

    def decode(data: bytes) -> NDArray[Any]:
        return by_header.convert(samples(data, encoding, layout))

    def look(data: bytes) -> tuple[Levels, Callable[[bytes], NDArray[Any]]]:
        if stored_as_luma and layout.stored == 8 and neutral(samples(data, encoding, layout)):
            grey = luma(photometric)
            return grey, lambda data: grey.convert(samples(data, encoding, layout))
        return by_header, decode

    return look


def _colour_jpeg(data: bytes, photometric: str, layout: Layout) -> tuple[Levels, Callable[[bytes], NDArray[Any]]]:
    """Look at a JPEG of three components: its own marks say which colours they are, the header where it has none."""
    with decoding():
        look = jpeg_look(data)
        if (look.height, look.width, look.components) != layout.shape:
            raise corrupt(f"{layout.shape} is promised, the JPEG holds {look.height, look.width, look.components}")
        stored_as_rgb = photometric == "RGB" and not look.marked
        grey = look.ycc and not stored_as_rgb and jpeg_neutral(data)
    shown = luma(photometric) if grey else Levels(np.asarray, 3, "uint8")
    # Unmarked RGB would be taken for luma and chroma: asked for as these, it comes as it is stored.
    mode = "L" if grey else "YCbCr" if stored_as_rgb else "RGB"
    if grey and photometric == "YBR_PARTIAL_422":
        shown = Levels(np.asarray, 1, "uint8", [], shown.notes)  # no JPEG has the studio's range

    def decode(data: bytes) -> NDArray[Any]:
        with decoding():
            return jpeg_pixels(data, mode)

    return shown, decode
