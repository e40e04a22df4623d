"""How large a pixel is, and who says so."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ... import checks, imaging
from ...errors import InputError
from ...record import Flag
from .decisions import Decisions
from .definitions import LIMITS
from .image import Picture

__all__ = ["Scale", "scale_of", "size_of_pixel"]

BY_HAND, TICKS, NONE = "user", "ticks", "none"
_IN_PX = "lengths are in px, spacing_x and spacing_y unknown"
LIMITS_MM = (10.0, 250.0), (8.0, 300.0)
"""What probes show: width and depth."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Millimetres a pixel, or one px a pixel where nobody knows.

    Attributes
    ----------
    dx, dy : float
    known : bool
        Whether they are millimetres.
    source : str
        Who says so: a name the reader gave, ``user``, ``ticks`` or ``none``.
    flags : tuple of Flag
    """

    dx: float
    dy: float
    known: bool
    source: str
    flags: tuple[Flag, ...] = ()

    @property
    def unit(self) -> str:
        """The unit of lengths."""
        return "mm" if self.known else "px"


def scale_of(spacing: ArrayLike | None, picture: Picture, decisions: Decisions) -> Scale:
    """Return the scale: the spacing given, else the ruler of the image with `tick_mm`, else none.

    Raises
    ------
    InputError
        ``wrong-shape``, ``not-numeric``, ``not-finite`` or ``bad-spacing``.
    """
    # A record without a spacing says "ticks" or "none", and is measured again by its own settings.
    if spacing is None and decisions.scale_source not in (None, TICKS, NONE):
        found = scale_of(None, picture, replace(decisions, scale_source=None))
        message = (
            f"scale_source={decisions.scale_source} is not used: no spacing is given that it could be the source of"
        )
        return replace(found, flags=(*found.flags, Flag("scale-source-unused", message, "note")))
    if spacing is not None:
        dx, dy = size_of_pixel(spacing)
        source = decisions.scale_source or BY_HAND
        flags = [_told(source, dx, dy), *_implausible(picture, dx, dy)]
        if decisions.tick_mm is not None:
            flags += _against_ticks(dx, dy, picture, decisions.tick_mm)
        return Scale(dx, dy, True, source, tuple(flags))
    ruler = imaging.ruler(picture.grey, picture.view)
    if ruler is None:
        if decisions.tick_mm is None:
            message = f"no scale is known and no ruler was found: {_IN_PX}; give spacing"
            return Scale(1.0, 1.0, False, NONE, (Flag("no-scale", message, "note"),))
        message = f"tick_mm={decisions.tick_mm:g}, and no ruler was found: {_IN_PX}; give spacing"
        return Scale(1.0, 1.0, False, NONE, (Flag("no-scale", message, "note"), Flag("no-ruler", message, "suspect")))
    if decisions.tick_mm is None:
        likely = " or ".join(f"{v:g}" for v in ruler.candidates_mm[:2])
        message = (
            f"no scale is known: {_IN_PX}; there is a ruler with a tick every {ruler.period:.2f} px: "
            "say tick_mm, the millimetres from tick to tick" + (f" ({likely}?)" if likely else "")
        )
        return Scale(1.0, 1.0, False, NONE, (Flag("no-scale", message, "note"),))
    size = decisions.tick_mm / ruler.period
    message = (
        f"{len(ruler.ticks)} ticks every {ruler.period:.2f} px along {ruler.axis} at {decisions.tick_mm:g} mm: "
        f"{size:.5f} mm a pixel in both directions"
    )
    told = Flag("scale-from-ticks", message, "note")
    return Scale(size, size, True, TICKS, (told, *_implausible(picture, size, size)))


def _implausible(picture: Picture, dx: float, dy: float) -> tuple[Flag, ...]:
    x0, y0, x1, y1 = picture.view.box
    width, depth = (x1 - x0) * dx, (y1 - y0) * dy
    (narrow, wide), (shallow, far) = LIMITS_MM
    if narrow <= width <= wide and shallow <= depth <= far:
        return ()
    message = (
        f"the view is {width:.4g} mm wide and {depth:.4g} mm deep by this scale, probes show {narrow:g} to {wide:g} "
        f"and {shallow:g} to {far:g}; check the scale"
    )
    return (Flag("implausible-scale", message, "suspect"),)


def _told(source: str, dx: float, dy: float) -> Flag:
    who = "the caller" if source == BY_HAND else source
    return Flag("scale-given", f"{dx:.5g} × {dy:.5g} mm a pixel, from {who}", "note")


def _against_ticks(dx: float, dy: float, picture: Picture, tick_mm: float) -> tuple[Flag, ...]:
    ruler = imaging.ruler(picture.grey, picture.view)
    if ruler is None:
        return ()
    by_ticks, by_file = tick_mm / ruler.period, dy if ruler.axis == "y" else dx
    if abs(by_ticks / by_file - 1.0) <= LIMITS["scale_disagrees"]:
        return ()
    message = f"{by_file:.5f} mm a pixel are given, the ruler says {by_ticks:.5f} with tick_mm={tick_mm:g}; check both"
    return (Flag("scale-disagrees", message, "suspect"),)


def size_of_pixel(spacing: ArrayLike) -> tuple[float, float]:
    """Return millimetres a pixel across and down, of one number or two.

    Raises
    ------
    InputError
        ``wrong-shape``, ``not-numeric``, ``not-finite`` or ``bad-spacing``.
    """
    values = checks.vector(np.atleast_1d(np.asarray(spacing)), "spacing")
    if len(values) not in (1, 2):
        raise InputError(
            f"spacing has {len(values)} values, one or two are needed",
            code="wrong-shape",
            remedy="give mm a pixel: one number, or (dx, dy)",
        )
    low, high = LIMITS["smallest_spacing"], LIMITS["largest_spacing"]
    for value in values:
        if not low <= value <= high:
            raise InputError(
                f"spacing is {value:g} mm a pixel, {low:g} to {high:g} is what scanners have",
                code="bad-spacing",
                remedy="give millimetres a pixel (10 over the pixels a centimetre)",
            )
    return float(values[0]), float(values[-1])
