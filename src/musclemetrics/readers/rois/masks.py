"""Regions as pictures: a mask of two values, or one value of a picture of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError, ReadError
from ...record import Flag
from ..frames import MAX_PIXELS
from ..pictures import decoding, picture
from .drawn import RoiReading, corrupt

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["FORMATS", "from_picture"]

FORMATS = ("PNG", "TIFF", "BMP", "GIF", "JPEG")

_PHOTOMETRIC, _DESCRIPTION = 262, 270
_WHITE_IS_ZERO = 0


def from_picture(raw: bytes, file: str, shape: tuple[int, int], *, scale: bool, value: int | None) -> RoiReading:
    """Return the pixels of a mask image that are not zero, or have the given value.

    Zero is the value that is stored: of a palette the number of the colour, of colours without a palette black, and
    what is transparent.

    Raises
    ------
    ReadError
        ``corrupt-roi``, ``roi-wrong-size``, ``roi-empty``, ``roi-ambiguous`` or ``several-rois``.
    LimitError
        ``too-many-pixels``.
    """
    try:
        with decoding(file):
            found = picture(raw, *FORMATS)
            wide, high = found.size
            pages = getattr(found, "n_frames", 1)
    except LimitError:
        raise
    except ReadError as error:
        raise corrupt(file, error.message) from None
    if pages != 1:
        raise ReadError(f"{file!r} has {pages} pages", code="several-rois", remedy="save the mask of this image alone")
    notes: list[str] = []
    if (high, wide) != tuple(shape):
        if not scale:
            raise ReadError(
                f"the mask {file!r} has {wide} × {high} px, the image {shape[1]} × {shape[0]}",
                code="roi-wrong-size",
                remedy="give the mask drawn on this very image, or allow it to be scaled (roi_scale)",
            )
        if wide * high > MAX_PIXELS:
            raise LimitError(
                f"the mask {file!r} has {wide} × {high} px, more than {MAX_PIXELS:,}",
                code="too-many-pixels",
                remedy="scale it down first",
            )
        notes.append(f"the mask of {wide} × {high} px is scaled to {shape[1]} × {shape[0]}")
    try:
        with decoding(file):
            found.load()
            stored = _stored(found, file, notes, value is None)
    except LimitError:
        raise
    except ReadError as error:
        if error.code != "corrupt-image":
            raise
        raise corrupt(file, error.message) from None
    mask = _chosen(stored, file, value)
    if mask.shape != tuple(shape):
        mask = _scaled(mask, shape)
    if not mask.any():
        raise ReadError(f"the mask {file!r} holds no pixel", code="roi-empty", remedy="draw the region again")
    flags = []
    if mask.all():
        message = f"the mask {file!r} is the whole image; look whether its region and its outside have different values"
        flags.append(Flag("roi-whole-image", message))
    return RoiReading(mask=mask, notes=tuple(notes), flags=tuple(flags))


def _stored(found: Image, file: str, notes: list[str], asked: bool) -> NDArray[Any]:
    """Return one whole number a pixel, 0 outside the region as far as the file says what is outside.

    `asked` is whether which value is meant is to be told from the picture alone.
    """
    mode = found.mode
    if mode in ("1", "L", "I;16", "I;16B", "I;16L", "I;16N", "I"):
        stored = np.asarray(found).astype(np.int64)
        tags: Any = getattr(found, "tag_v2", {})
        if mode in ("1", "L") and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
            stored = int(mode == "1" or 255) - stored  # as in the file: Pillow turns it round for display
            by_imagej = str(tags.get(_DESCRIPTION, "")).startswith("ImageJ")
            if asked and not by_imagej:
                raise _ambiguous(file, "its zero is white, and either side may be the region")
            notes.append("the mask's zero is shown white, as ImageJ does: what is stored as not zero is the region")
        return stored
    if mode == "P" and "transparency" not in found.info:
        stored = np.asarray(found).astype(np.int64)
        palette = np.reshape(found.getpalette("RGB") or [0, 0, 0], (-1, 3)).sum(axis=1)
        used = np.unique(stored)
        if asked and len(used) == 2 and used[0] == 0 and used[1] < len(palette) and palette[used[1]] <= palette[0]:
            raise _ambiguous(file, "its colour 0 is the brighter one, and either side may be the region")
        return stored
    if mode in ("P", "PA", "LA", "La", "RGB", "RGBA", "RGBa"):
        colours = np.asarray(found.convert("RGBA")).astype(np.int64)
        alpha = colours[..., 3]
        if not np.isin(alpha, (0, 255)).all():
            raise _ambiguous(file, "it is partly transparent")
        r, g, b = (colours[..., k] for k in range(3))
        grey = (r == g).all() and (g == b).all()
        # Opaque black is told from transparent only where nothing else is opaque: then it is what was drawn.
        stored = r if grey else (r << 16) + (g << 8) + b
        if (alpha == 0).any() and not stored[alpha > 0].any():
            stored = np.where(alpha > 0, 1, 0)
        return np.where(alpha > 0, stored, 0)
    raise corrupt(file, f"a picture of {mode} is no mask")


def _chosen(stored: NDArray[Any], file: str, value: int | None) -> NDArray[np.bool_]:
    values = np.unique(stored)
    listed = ", ".join(str(v) for v in values[:8]) + (", …" if len(values) > 8 else "")
    if value is not None:
        if value not in values:
            raise ReadError(
                f"no pixel of the mask {file!r} has the value {value}; it has {listed}",
                code="roi-empty",
                remedy="give one of these values",
            )
        return np.asarray(stored == value)
    if np.count_nonzero(values) > 1:
        raise _ambiguous(file, f"it has {len(values)} values ({listed}), zero and one other are needed")
    return np.asarray(stored != 0)


def _ambiguous(file: str, why: str) -> ReadError:
    return ReadError(
        f"which pixels of the mask {file!r} are the region is not clear: {why}",
        code="roi-ambiguous",
        remedy="name the region's value (roi_value), or save a PNG with 255 inside and 0 outside",
    )


def _scaled(mask: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the mask with each pixel's centre asked where it lies in the other size."""
    y, x = (((np.arange(n) + 0.5) * m / n).astype(np.intp) for n, m in zip(shape, mask.shape, strict=True))
    return mask[np.ix_(y, x)]
