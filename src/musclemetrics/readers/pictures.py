"""Pillow with every way it can fail named, and JPEG with no more of it decoded than an image in grey needs."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import LimitError, MuscleMetricsError
from .frames import damaged

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Jpeg", "decoding", "jpeg_look", "jpeg_neutral", "jpeg_pixels", "picture"]

# The luminance table of the JPEG standard (ITU-T T.81, table K.1), which quality 50 uses as it is, sums to this.
_TABLE_SUM = 3688
# Chroma of a grey picture after compression: rounding moves it by one level.
_NEUTRAL = 1


class Jpeg(NamedTuple):
    """What the header of a JPEG states, and whether anything of it is coloured.

    Attributes
    ----------
    width, height : int
    components : int
    ycc : bool
        Whether the three components are luma and chroma by the stream's own marks.
    marked : bool
        Whether an Adobe or a JFIF marker says which colours they are.
    quality : int
        Of the IJG scale, estimated from the quantisation table.
    """

    width: int
    height: int
    components: int
    ycc: bool
    marked: bool
    quality: int


@contextmanager
def decoding(name: str = "") -> Iterator[None]:
    """Turn whatever a decoder raises into an error of ours."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures, for which the limit is ours, and of tags that nobody asks for.
            warnings.simplefilter("ignore")
            yield
    except (MuscleMetricsError, MemoryError, GeneratorExit):
        raise
    except Image.DecompressionBombError as error:
        raise LimitError(
            f"{name!r} is a picture larger than any can be: {str(error)[:120]}",
            code="too-many-pixels",
            remedy="crop or scale it down first",
        ) from None
    except UnidentifiedImageError:
        raise damaged("its header is damaged, or of a variety that Pillow does not know") from None
    except Exception as error:  # a damaged picture makes a decoder raise nearly anything
        raise damaged(f"{type(error).__name__}: {str(error)[:120]}") from error


def picture(stream: Any, *formats: str) -> Image:
    """Return the picture of bytes or of a stream, its header read; to be called within :func:`decoding`."""
    from PIL import Image

    source = io.BytesIO(stream) if isinstance(stream, bytes) else stream
    return Image.open(source, formats=formats)


def jpeg_look(data: bytes) -> Jpeg:
    """Return what the header of a JPEG states; to be called within :func:`decoding`."""
    found = picture(data, "JPEG")
    components = len(found.getbands())
    layer: list[tuple[int, ...]] = getattr(found, "layer", [])
    marked = "adobe" in found.info or "jfif" in found.info
    # Without marks libjpeg takes components numbered R, G, B for these and all others for luma and chroma.
    transform = found.info.get("adobe_transform")
    names = bytes(part[0] for part in layer)
    ycc = components == 3 and (transform != 0 if "adobe" in found.info else marked or names != b"RGB")
    return Jpeg(*found.size, components, ycc, marked, _quality(found))


def jpeg_neutral(data: bytes) -> bool:
    """Whether the chroma of a JPEG of luma and chroma is neutral everywhere; to be called within :func:`decoding`.

    At half the size libjpeg gives chroma stored at half the resolution as it is stored.
    """
    small = picture(data, "JPEG")
    small.draft("YCbCr", (max(small.size[0] // 2, 1), max(small.size[1] // 2, 1)))
    if small.mode != "YCbCr":
        return False
    extremes: Any = small.getextrema()
    return all(abs(level - 128) <= _NEUTRAL for band in extremes[1:] for level in band)


def jpeg_pixels(data: bytes, mode: str) -> NDArray[np.uint8]:
    """Return the pixels of a JPEG; to be called within :func:`decoding`.

    Parameters
    ----------
    data : bytes
    mode : {"L", "RGB", "YCbCr"}
        Luma alone, colours, or the three components as they are stored, which nothing is converted of.
    """
    found = picture(data, "JPEG")
    if mode != "RGB" and found.mode != mode:
        found.draft(mode, found.size)
    if found.mode != mode:
        raise damaged(f"a JPEG of {found.mode} where {mode} is needed")
    return np.asarray(found)


def _quality(found: Image) -> int:
    tables: dict[int, list[int]] = getattr(found, "quantization", {})
    if not tables:
        return 0
    scale = 100 * sum(tables[min(tables)]) / _TABLE_SUM
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return round(min(max(quality, 1), 100))
