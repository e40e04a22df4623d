"""From colour to grey: the rule is a decision that moves echo intensity, so it is named."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..errors import InputError

__all__ = ["GREY_RULES", "LEAST_CHROMA", "chroma_share", "grey", "grey_levels"]

GREY_RULES: dict[str, tuple[int, int, int]] = {
    "itu601": (299, 587, 114),  # ITU-R BT.601 luma
    "mean": (1, 1, 1),  # ImageJ's own for RGB
}
"""Parts of red, green and blue in the grey level."""

_OF_256 = (77, 150, 29)  # the luma's parts, in 256ths

LEAST_CHROMA = 8
"""Difference of the largest and the smallest channel above which a pixel is coloured, in grey levels.

Compression moves the channels of a grey pixel apart by a few levels, a tinted map by more.
"""


def grey(image: ArrayLike, rule: str = "itu601") -> NDArray[Any]:
    """Return an image in grey.

    Parameters
    ----------
    image : array_like, shape (height, width), (height, width, 3) or (height, width, 4)
        Grey levels, RGB, or RGB with an opacity that must be full everywhere.
    rule : {"itu601", "mean"}
        0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), or the plain mean of the three, which is what ImageJ measures by
        default. On a tinted grey map the mean reads some 4 % higher.

    Returns
    -------
    array, shape (height, width)
        A grey image as it was given, its type kept; a colour image whose three channels are the same everywhere as one
        of them; any other in float64. Pixels that are grey keep their level exactly, whichever the rule.

    Raises
    ------
    InputError
        ``wrong-shape``, ``not-numeric`` or ``transparent-image``.
    SettingsError
        ``bad-setting`` for an unknown rule.

    Examples
    --------
    >>> grey(np.full((2, 2, 3), [200, 100, 50], np.uint8)).tolist()
    [[124.2, 124.2], [124.2, 124.2]]
    """
    checks.choice(rule, "grey", tuple(GREY_RULES))
    pixels = _pixels(image)
    if pixels.ndim == 2:
        return pixels
    red, green, blue = (np.ascontiguousarray(pixels[..., i]) for i in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return green
    parts = GREY_RULES[rule]
    # Whole numbers of 32 bits hold the sum without rounding, and nothing wraps as it would in eight.
    kind: Any = np.uint32 if pixels.dtype.kind == "u" and pixels.dtype.itemsize <= 2 else np.float64
    total: Any = 0
    for channel, part in zip((red, green, blue), parts, strict=True):
        total = total + channel.astype(kind) * kind(part)
    return np.asarray(total / float(sum(parts)))


def grey_levels(image: ArrayLike) -> NDArray[Any]:
    """Return an image in grey as lines and rulers are sought on it: the luma of colours in whole levels.

    Parameters
    ----------
    image : array_like, as for :func:`grey`

    Returns
    -------
    array, shape (height, width)
        As :func:`grey` gives it, but of RGB in bytes always bytes: at most one level from the luma, grey pixels exact.

    Raises
    ------
    InputError
        As :func:`grey`.

    Examples
    --------
    >>> grey_levels(np.full((2, 2, 3), [200, 100, 50], np.uint8)).tolist()
    [[124, 124], [124, 124]]
    """
    pixels = _pixels(image)
    if pixels.ndim == 2 or pixels.dtype != np.uint8:
        return grey(pixels)
    red, green, blue = (np.ascontiguousarray(pixels[..., i]) for i in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return green
    # Sixteen bits hold 256 × 255 and the half that rounds.
    total = red * np.uint16(_OF_256[0])
    total += green * np.uint16(_OF_256[1])
    total += blue * np.uint16(_OF_256[2])
    total += np.uint16(128)
    total >>= 8
    return np.asarray(total.astype(np.uint8))


def chroma_share(image: ArrayLike, mask: ArrayLike) -> float:
    """Return the share of a region's pixels that are coloured: a Doppler box, a marker, a tinted map.

    Parameters
    ----------
    image : array_like, as for :func:`grey`
    mask : array_like of bool, shape (height, width)

    Returns
    -------
    float
        0 to 1; 0 of a grey image and of an empty region.
    """
    pixels = _pixels(image)
    inside = np.asarray(mask, dtype=bool)
    if inside.shape != pixels.shape[:2]:
        raise InputError(
            f"the mask has shape {inside.shape}, the image {pixels.shape[:2]}",
            code="length-mismatch",
            remedy="give a mask of the image's height and width",
        )
    if pixels.ndim == 2 or not inside.any():
        return 0.0
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    inside = inside[box]
    # Channel by channel: extremes along a short last axis are slow.
    red, green, blue = (np.ascontiguousarray(pixels[box][..., i]) for i in range(3))
    spread = np.maximum(np.maximum(red, green), blue)
    spread -= np.minimum(np.minimum(red, green), blue)  # never negative, so no uint8 wraps
    return float(np.count_nonzero((spread > LEAST_CHROMA) & inside) / np.count_nonzero(inside))


def _pixels(image: ArrayLike) -> NDArray[Any]:
    pixels = np.asarray(image)
    if pixels.dtype.kind not in "uif":
        raise InputError(
            f"the image holds {pixels.dtype.name}, grey levels are needed",
            code="not-numeric",
            remedy="convert it to numbers of 0 to 255 first",
        )
    if pixels.size == 0 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
        raise InputError(
            f"the image has shape {pixels.shape}; (height, width), or that with 3 or 4 channels, is needed",
            code="wrong-shape",
            remedy="give one picture; of a cine, one frame",
        )
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        opacity = pixels[..., 3]
        full = np.iinfo(pixels.dtype).max if pixels.dtype.kind in "ui" else opacity.max()
        if (opacity != full).any():
            raise InputError(
                f"{np.count_nonzero(opacity != full)} pixels are transparent: what is seen depends on what lies behind",
                code="transparent-image",
                remedy="flatten the image onto the background it was seen on",
            )
    return pixels
