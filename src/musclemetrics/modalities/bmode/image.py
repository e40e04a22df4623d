"""From an array to grey levels one can measure, or a clear reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks, imaging
from ...errors import InputError
from ...record import Flag
from .decisions import Box, Decisions
from .definitions import LIMITS

__all__ = ["Picture", "picture_of"]

HEADER = "region"
"""Source of a scale that comes with the place of the scan."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as it is measured.

    Attributes
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        As given.
    grey : ndarray, shape (H, W)
        Levels 0 to 255, on which lines and rulers are sought; colours in whole levels.
    rule : str
        By which colours become the grey levels that are measured: :meth:`exactly`.
    view : View
        Where the scan is.
    flags : tuple of Flag
    found : bool
        Whether the scan was found; else the view is the region given, or the whole image.
    """

    pixels: NDArray[Any]
    grey: NDArray[Any]
    rule: str
    view: imaging.View
    flags: tuple[Flag, ...] = ()
    found: bool = True

    def exactly(self, box: Box) -> NDArray[Any]:
        """Return the grey levels of a part of the image to the last bit, as they are measured."""
        x0, y0, x1, y1 = box
        return imaging.grey(self.pixels[y0:y1, x0:x1], self.rule)


def picture_of(image: ArrayLike, decisions: Decisions, *, drawn: bool = False) -> Picture:
    """Return `image` as grey levels with the place of its scan.

    Parameters
    ----------
    image : array_like
    decisions : Decisions
    drawn : bool
        Whether a region was drawn. With it, with lines by hand or with `region`, an image in which no scan is found
        is measured all the same, and flagged.

    Raises
    ------
    InputError
        ``not-an-image``, ``not-numeric``, ``not-finite``, ``grey-scale-unknown``, ``image-too-small``,
        ``constant-image``, ``region-outside``, ``no-field-of-view``.
    """
    pixels = _pixels(image)
    grey = imaging.grey_levels(pixels)
    height, width = grey.shape
    region = decisions.region
    if region is not None and (region[2] > width or region[3] > height):
        raise InputError(
            f"the region {region} does not fit the image of {width} × {height} px",
            code="region-outside",
            remedy="give x0, y0, x1, y1 in px of this image, or leave region out",
        )
    x0, y0, x1, y1 = region or (0, 0, width, height)
    if min(x1 - x0, y1 - y0) < LIMITS["side"]:
        raise InputError(
            f"the image is {x1 - x0} × {y1 - y0} px, {LIMITS['side']:g} are needed in each direction",
            code="image-too-small",
            remedy="export it at the size the scanner stores",
        )
    part = grey[y0:y1, x0:x1]
    if part.min() == part.max():
        raise InputError(
            f"every pixel has the level {float(part.min()):g}", code="constant-image", remedy="look at the file"
        )
    view, flags = _view(part, by_hand=drawn or decisions.lines is not None or region is not None)
    found = not flags
    if region is not None:
        view = _moved(view, x0, y0)
        if found and decisions.scale_source == HEADER:
            flags += _part(grey, region)
    if view.others:
        flags += _others(view)
    return Picture(pixels, grey, decisions.grey, view, (*_text(grey, view), *flags), found)


def _view(part: NDArray[Any], *, by_hand: bool) -> tuple[imaging.View, list[Flag]]:
    """Return where the scan is; where none is found and the place was given by hand, all of it and a flag."""
    try:
        return imaging.field_of_view(part), []
    except InputError as error:
        if error.code != "no-field-of-view" or not by_hand:
            raise
        message = (
            f"{error.message}: what was drawn was measured as it is, and no overlay is made, since it is not known "
            "what else the image shows; look at the image"
        )
        height, width = part.shape
        return imaging.View((0, 0, width, height), np.ones(part.shape, bool), 0.0), [Flag("no-view", message, "note")]


def _part(grey: NDArray[Any], region: Box) -> list[Flag]:
    """Return a flag where the region of a header is a small part of the scan that the image shows."""
    x0, y0, x1, y1 = region
    height, width = grey.shape
    tall, area = LIMITS["region_tall"], LIMITS["region_area"]
    if y1 - y0 >= tall * height and (x1 - x0) * (y1 - y0) >= area * height * width:
        return []  # the scan is no larger than the image
    try:
        a, b, c, d = imaging.field_of_view(grey).box
    except InputError:
        return []
    inside = max(0, min(x1, c) - max(x0, a)), max(0, min(y1, d) - max(y0, b))
    rows, share = inside[1] / (d - b), inside[0] * inside[1] / ((c - a) * (d - b))
    if rows >= tall and share >= area:
        return []
    message = (
        f"the region {x0}, {y0}, {x1}, {y1} covers {100 * share:.0f} % of the scan that is seen at {a}, {b}, {c}, {d}, "
        f"and {100 * rows:.0f} % of its depth: lines outside of it are not seen; look at the overlay, and give region"
    )
    return [Flag("region-part-of-view", message, "suspect")]


def _others(view: imaging.View) -> list[Flag]:
    boxes = " and ".join(", ".join(str(v) for v in box) for box in view.others)
    message = f"another view of similar size is at {boxes}; region chooses"
    return [Flag("another-view", message, "note")]


def _text(grey: NDArray[Any], view: imaging.View) -> tuple[Flag, ...]:
    score = imaging.possible_text(grey, view.box)
    if score < imaging.LIKELY_TEXT:
        return ()
    message = (
        f"there may be text burned into the scan region (score {score:.2f}, {imaging.LIKELY_TEXT:g} and above is "
        "doubtful): look at the image itself; no overlay is made of it, since a person's name may be in it"
    )
    return (Flag("possible-text", message, "suspect"),)


def _moved(view: imaging.View, x0: int, y0: int) -> imaging.View:
    """Return the view of a part of an image in the pixels of the whole."""
    from dataclasses import replace

    a, b, c, d = view.box
    box: Box = (a + x0, b + y0, c + x0, d + y0)
    others = tuple((p + x0, q + y0, r + x0, s + y0) for p, q, r, s in view.others)
    return replace(view, box=box, others=others)


def _pixels(image: ArrayLike) -> NDArray[Any]:
    pixels = np.asarray(image)
    if pixels.dtype.kind not in "uif":
        raise InputError(
            f"image holds {pixels.dtype}, numbers are needed", code="not-numeric", remedy="give grey levels or RGB"
        )
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4)):
        raise InputError(
            f"image has shape {pixels.shape}, (rows, columns) or (rows, columns, 3) is needed",
            code="not-an-image",
            remedy="give one frame; measure the frames of a cine one by one",
        )
    if pixels.size == 0:
        raise InputError("image is empty", code="not-an-image", remedy="give grey levels or RGB")
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind == "f":
        checks.finite(pixels, "image")
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > 255:
        raise InputError(
            f"grey levels run from {low:g} to {high:g}, 0 to 255 is the scale of echo intensity",
            code="grey-scale-unknown",
            remedy="scale them to 0–255 by the range the device states",
        )
    if pixels.dtype.kind == "f" and 0 < high <= 1.0:
        raise InputError(
            f"grey levels run from {low:g} to {high:g}: they look like 0 to 1",
            code="grey-scale-unknown",
            remedy="multiply by 255",
        )
    # The same levels give the same record to the last bit, whatever type of number they come in.
    whole = pixels.astype(np.uint8)
    return whole if np.array_equal(whole, pixels) else pixels
