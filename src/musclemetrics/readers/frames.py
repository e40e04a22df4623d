"""What the readers of pictures share: a frame decoded when it is asked for, which frames, how large, what scale.

A cine holds more pixels than a worker may keep. A :class:`Frame` knows its shape and how to get its pixels; they are
decoded anew each time an array is made of it, and kept by nobody.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..checks import number
from ..errors import LimitError, ReadError, SettingsError
from ..record import Flag
from .source import Source, contents, opened

__all__ = [
    "MAX_FRAMES",
    "MAX_PIXELS",
    "Frame",
    "Scale",
    "chosen",
    "damaged",
    "fits",
    "lossy",
    "plausible",
    "reopened",
]

MAX_PIXELS = 50_000_000
"""Pixels of one frame: a panoramic image has 5 million, a screen 8."""

MAX_FRAMES = 100_000
"""Frames of one file: 27 minutes at 60 a second."""

# A pixel of a muscle image is 0.02 to 0.5 mm; what lies outside these is a wrong unit or a wrong number.
_SMALLEST_PIXEL, _LARGEST_PIXEL = 1e-3, 10.0  # mm


class Frame:
    """One picture of a file, decoded anew each time it is made an array of.

    Parameters
    ----------
    decode : callable
        Returns the pixels.
    shape : tuple of int
        (height, width) of a grey picture, (height, width, 3) of one in colour.
    dtype : dtype
        ``uint8``, or ``float32`` of 0 to 255 where the file holds another range.

    Examples
    --------
    >>> frame = Frame(lambda: np.zeros((2, 3), np.uint8), (2, 3), np.uint8)
    >>> frame.shape, np.asarray(frame).sum()
    ((2, 3), np.uint64(0))
    """

    __slots__ = ("_decode", "dtype", "shape")

    def __init__(self, decode: Callable[[], NDArray[Any]], shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self._decode = decode
        self.shape = shape
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        """2 of a grey picture, 3 of one in colour."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many numbers the array will have."""
        return math.prod(self.shape)

    def __repr__(self) -> str:
        return f"Frame(shape={self.shape}, dtype={self.dtype.name})"

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("a frame is decoded anew for every array: there is nothing to share without a copy")
        found = self._decode()
        if found.shape != self.shape or found.dtype != self.dtype:
            raise damaged(
                f"a frame promised as {self.shape} of {self.dtype.name} decodes as {found.shape} of {found.dtype.name}"
            )
        return found if dtype is None else found.astype(dtype, copy=False)


class Scale(NamedTuple):
    """Millimetres a pixel along x and y, and where the file states them."""

    x: float
    y: float
    source: str


def damaged(reason: str) -> ReadError:
    """Return the error of a picture whose bytes do not hold what they promise."""
    return ReadError(
        f"the picture cannot be decoded: {reason}", code="corrupt-image", remedy="copy the file again from its source"
    )


def chosen(frames: str, count: int) -> range:
    """Return the numbers, from 0, of the frames to read.

    Parameters
    ----------
    frames : str
        ``"first"``, ``"all"``, or ``"every:N"`` for the first and each N-th after it.
    count : int
        How many there are.

    Raises
    ------
    SettingsError
        ``bad-setting``.

    Examples
    --------
    >>> list(chosen("every:10", 30))
    [0, 10, 20]
    """
    word, colon, step = str(frames).partition(":")
    if word == "first" and not colon:
        return range(min(count, 1))
    if word == "all" and not colon:
        return range(count)
    if word == "every" and step.isascii() and step.isdigit() and int(step[:9]) > 0 and len(step) < 9:
        return range(0, count, int(step))
    raise SettingsError(f"frames={frames!r} is unknown", remedy='use "first", "all" or "every:N", N from 1')


def fits(width: int, height: int, max_pixels: int | str, name: str) -> None:
    """Refuse a frame larger than the limit, before anything of it is decoded.

    Raises
    ------
    LimitError
        ``too-many-pixels``.
    ReadError
        ``corrupt-image`` where there are no pixels.
    """
    limit = int(number(max_pixels, "max_pixels", low=1))
    if width < 1 or height < 1:
        raise damaged(f"{name!r} states {width} × {height} pixels")
    if width * height > limit:
        raise LimitError(
            f"{name!r} states {width} × {height} pixels, {width * height / 1e6:.0f} million; the limit is "
            f"{limit / 1e6:g} million a frame",
            code="too-many-pixels",
            remedy="crop or scale it down first, or raise the limit with -r max_pixels=",
        )


def plausible(x: float, y: float) -> str | None:
    """Return what is wrong with a pixel of these millimetres, None where nothing is."""
    for name, value in (("x", x), ("y", y)):
        if not math.isfinite(value) or not _SMALLEST_PIXEL <= value <= _LARGEST_PIXEL:
            return f"a pixel of {value:g} mm along {name} lies outside {_SMALLEST_PIXEL:g} to {_LARGEST_PIXEL:g} mm"
    return None


def reopened(source: Source) -> Callable[[], AbstractContextManager[IO[bytes]]]:
    """Return a way to open the file again for each decoding; of a stream, its bytes as they are in the file."""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        return lambda: opened(path)
    data = contents(source)
    return lambda: nullcontext(io.BytesIO(data))


def lossy(method: str) -> Flag:
    """Return the flag of a picture whose grey levels are not those that the scanner had."""
    return Flag(
        "lossy-compression",
        f"compressed with loss ({method}): grey levels are not exactly those of the scanner; compare echo intensity "
        "only among images compressed alike",
        "note",
    )
