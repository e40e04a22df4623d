"""Films: MP4, QuickTime and AVI through the optional package OpenCV, a frame at a time.

Grey levels are the film's own luma: FFmpeg's quick way to RGB lowers them by some 0.7 of 255. Frames are decoded in
their order, so going forwards costs one decoding a frame; going back begins the film again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import LimitError, MissingDependencyError, ReadError
from ..reading import Reading
from ..record import Flag
from .beside import drawn_options
from .frames import MAX_FRAMES, MAX_PIXELS, Frame, chosen, damaged, fits, lossy
from .pictures import decoding
from .source import Source, contents, head, name_of

__all__ = ["read"]

_LOSSLESS = ("FFV1", "HFYU", "FFVH", "DIB ", "Y800", "GREY", "ULRG", "ULY0", "MPNG", "PNG ", "RAW ")
# (slope, intercept) of grey levels of 0 to 255 on luma: the studio's range of 16 to 235, and the full one.
_RANGES = {"16 to 235": (255 / 219, -16 * 255 / 219), "0 to 255": (1.0, 0.0)}
_ALIKE = 2.0  # levels between the luma and the grey of the decoder's RGB, the latter being coarse
# Of a frame, above which colours are told.
_COLOURED, _CHROMA = 0.005, 8


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
    """Read a film.

    Parameters
    ----------
    source : str, path or binary file object
    frames : str, optional
        ``"first"``, ``"all"``, or ``"every:N"`` for the first and each N-th after it.
    roi : str, optional
        The file of a drawn region beside each film, ``"{stem}.roi"``: ``{stem}`` is the film's name without its suffix.
    roi_name, roi_value, roi_scale, roi_origin : optional
        Which region of a file of several, which value of a mask is inside, whether a mask of another size is scaled,
        and where coordinates count from: see :func:`~musclemetrics.readers.rois.read_roi`.
    max_pixels : int, optional
        Most pixels of a frame, checked against the header.

    Yields
    ------
    Reading
        One a frame, labelled ``frame`` from 1. ``image`` is decoded when it is made an array of: (height, width), the
        luma as grey levels of 0 to 255, or (height, width, 3) RGB of a codec without luma. A film states no scale.

    Raises
    ------
    MissingDependencyError
        If OpenCV is not installed.
    ReadError
        ``corrupt-image``, ``truncated`` or ``no-roi-file``.
    LimitError
        ``too-many-pixels`` or ``too-many-frames``.
    SettingsError
        ``bad-setting``.
    """
    name = name_of(source)
    chosen(frames, 1)  # a wrong decision is one before the file is looked at
    drawn = drawn_options(roi, roi_name, roi_value, roi_scale, roi_origin)
    drawn.refuse_itself(source)
    if not head(source, 1):
        raise ReadError(f"{name!r} is empty", code="empty-file", remedy="export or copy the file again")
    film = _Film(source, name)
    with decoding(name):
        count, flags, notes = film.look(max_pixels)
    numbers = chosen(frames, count)
    film.last = numbers[-1]
    for number in numbers:
        frame = Frame(film.at(number), film.shape, np.uint8)
        region, of_region, said = drawn.beside(source, film.shape)
        labels = {"frame": str(number + 1)} if count > 1 else {}
        yield Reading({"image": frame, **region}, labels=labels, flags=(*flags, *of_region), notes=(*notes, *said))


class _Film:
    """A file, a decoder at some place in it, and the frame decoded last, which is often wanted twice."""

    def __init__(self, source: Source, name: str) -> None:
        self.name = name
        self.shape: tuple[int, ...] = ()
        self.last = 0
        self._cv2 = _opencv()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if isinstance(source, str | os.PathLike):
            self._path = Path(source).absolute()
        else:  # the library takes a path alone
            self._folder = tempfile.TemporaryDirectory()
            self._path = Path(self._folder.name) / "stream"
            self._path.write_bytes(contents(source))
        self._luma = ""
        self._decoder: Any = None
        self._next = 0
        self._kept: tuple[int, NDArray[Any]] | None = None

    def look(self, max_pixels: int | str) -> tuple[int, list[Flag], list[str]]:
        """Look at the header and the first frame; return how many there are, flags and notes."""
        film, cv2 = self._opened(as_stored=False), self._cv2
        width, height = (int(film.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        fits(width, height, max_pixels, self.name)
        count = int(film.get(cv2.CAP_PROP_FRAME_COUNT))
        code = int(film.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        there, first = film.read()
        if not there or first is None:
            raise damaged(f"{self.name!r} has no frame that can be decoded")
        if count < 1:
            count = 1
            while count <= MAX_FRAMES and film.grab():
                count += 1
        film.release()
        if count > MAX_FRAMES:
            raise LimitError(
                f"{self.name!r} states {count} frames, the limit is {MAX_FRAMES}",
                code="too-many-frames",
                remedy="cut the film into parts, or export the frames that are to be measured",
            )
        notes = [f"{film_rate:g} frames a second by the file"] if (film_rate := self._rate) > 0 else []
        letters = code.to_bytes(4, "little").decode("latin-1")
        flags = [] if letters.upper() in _LOSSLESS or not code else [lossy(f"film, {_printable(letters)}")]
        self._luma = self._range(first)
        if self._luma:
            self.shape = first.shape[:2]
            notes.append(f"the film's luma was read, its range of {self._luma} as 0 to 255")
            coloured = float((np.ptp(first.reshape(-1, 3), axis=1) > _CHROMA).mean())
            if coloured > _COLOURED:
                message = (
                    f"{100 * coloured:.1f} % of the first frame's pixels are coloured, and the film is read in grey: "
                    "look at the frames for colour over the muscle"
                )
                flags.append(Flag("colour-not-kept", message, "note"))
        else:
            self.shape = first.shape
            notes.append("the film was read in colours, by a conversion that is right to about one level")
        return count, flags, notes

    def at(self, number: int) -> Callable[[], NDArray[Any]]:
        """Return what decodes a frame."""

        def decode() -> NDArray[Any]:
            if self._kept is not None and self._kept[0] == number:
                return self._kept[1].copy()
            with decoding(self.name):
                found = self._read(number)
            self._kept = number, found
            return found.copy()

        return decode

    def _read(self, number: int) -> NDArray[Any]:
        if self._decoder is None or number < self._next:
            self._decoder, self._next = self._opened(as_stored=bool(self._luma)), 0
        there = True
        while there and self._next < number:
            there = self._decoder.grab()
            self._next += 1
        stored = None
        if there:
            there, stored = self._decoder.read()
            self._next += 1
        if number >= self.last or not there:
            self._decoder.release()
            self._decoder = None
        if not there or stored is None:
            raise ReadError(
                f"{self.name!r} ends before its frame {number + 1}",
                code="truncated",
                remedy="copy the file again from its source",
            )
        if not self._luma:
            return np.ascontiguousarray(stored[..., ::-1])
        if self._luma == "0 to 255":
            return np.asarray(stored)
        return np.asarray(_TABLE[stored])

    def _opened(self, *, as_stored: bool) -> Any:
        cv2 = self._cv2
        options = [cv2.CAP_PROP_N_THREADS, 1, *((cv2.CAP_PROP_CONVERT_RGB, 0) if as_stored else ())]
        film = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG, options)
        if not film.isOpened():
            raise damaged(f"{self.name!r} is no film that FFmpeg can open")
        self._rate = float(film.get(cv2.CAP_PROP_FPS))
        return film

    def _range(self, first: NDArray[Any]) -> str:
        """Return the range of the luma, by comparing it with the decoder's own RGB; empty where it is none.

        What comes unconverted is the luma only of films that store it in a plane of its own, and nothing tells its
        range.
        """
        film = self._opened(as_stored=True)
        there, stored = film.read()
        film.release()
        if not there or stored is None or stored.dtype != np.uint8 or stored.shape != first.shape[:2]:
            return ""
        grey = first.astype(np.float32) @ np.array([0.114, 0.587, 0.299], np.float32)  # OpenCV's order is BGR
        apart = {name: float(np.abs(np.clip(a * stored + b, 0, 255) - grey).mean()) for name, (a, b) in _RANGES.items()}
        best = min(apart, key=apart.__getitem__)
        return best if apart[best] < _ALIKE else ""


_SLOPE, _INTERCEPT = _RANGES["16 to 235"]
_TABLE = np.clip(np.rint(np.arange(256) * _SLOPE + _INTERCEPT), 0, 255).astype(np.uint8)


def _printable(letters: str) -> str:
    return "".join(c if c.isprintable() and c.isascii() else "?" for c in letters).strip()


def _opencv() -> Any:
    # Damaged films make FFmpeg write to the terminal, past everything that a program can catch.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    try:
        cv2 = import_module("cv2")
    except ImportError:
        raise MissingDependencyError.of("opencv-python-headless", "films need", "export frames as pictures") from None
    # OpenCV 5 has moved it.
    set_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    set_level(0)
    return cv2
