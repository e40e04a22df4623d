"""A region as somebody drew it, whatever file it came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...errors import LimitError, ReadError
from ...record import Flag

__all__ = ["CORNER", "MAX_CORNERS", "MAX_REGIONS", "RoiReading", "corrupt", "one_of", "outline"]

CORNER = 0.5
"""From the corner of a pixel, where some programs count from, to its centre, px."""

MAX_CORNERS = 100_000
"""Corners of one region: a line drawn by hand round a panoramic image has a few thousand."""

MAX_REGIONS = 2_000
"""Regions of one file."""


@dataclass(frozen=True, slots=True, eq=False)
class RoiReading:
    """A drawn region: a polygon or a mask.

    Attributes
    ----------
    points : array, shape (n, 2), or None
        Corners x, y in px, pixel centres at whole numbers; None where the region is a mask.
    mask : array of bool, shape (height, width), or None
    name : str
        What the file calls it; empty where it has no name.
    notes : tuple of str
    flags : tuple of Flag
    """

    points: NDArray[np.float64] | None = None
    mask: NDArray[np.bool_] | None = None
    name: str = ""
    notes: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()

    @property
    def roi(self) -> NDArray[Any]:
        """The polygon's corners or the mask, whichever it is."""
        found = self.points if self.mask is None else self.mask
        assert found is not None, "a region is a polygon or a mask"
        return found

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.roi, dtype=dtype) if copy else np.asarray(self.roi, dtype=dtype)


def corrupt(name: str, reason: str) -> ReadError:
    """Return the error of a region's file that does not hold what it promises."""
    return ReadError(
        f"the region {name!r} cannot be read: {reason}", code="corrupt-roi", remedy="draw and save it again"
    )


def one_of(names: list[str], wanted: str | None, file: str) -> int:
    """Return which of a file's regions is meant.

    Raises
    ------
    ReadError
        ``corrupt-roi`` where there are none, ``several-rois`` where the name does not settle it, ``no-such-roi``.
    """
    if not names:
        raise corrupt(file, "it holds no region")
    listed = ", ".join(repr(n) for n in names[:8]) + (", …" if len(names) > 8 else "")
    if wanted is None:
        if len(names) == 1:
            return 0
        raise ReadError(
            f"{file!r} holds {len(names)} regions: {listed}",
            code="several-rois",
            remedy="give the name of the one to measure (roi_name), or save it alone",
        )
    found = [i for i, name in enumerate(names) if name == wanted]
    if len(found) == 1:
        return found[0]
    raise ReadError(
        f"{file!r} holds {len(found)} regions named {wanted!r}; there are {listed}",
        code="several-rois" if found else "no-such-roi",
        remedy="name one of them" if not found else "give each region a name of its own",
    )


def outline(points: Any, file: str, *, corner: bool = False) -> NDArray[np.float64]:
    """Return corners as an array, the closing one left out, counted from the centre of the first pixel.

    Raises
    ------
    ReadError
        ``corrupt-roi`` for what are not finite pairs of numbers, or fewer than three of them that differ.
    LimitError
        ``over-limit`` above `MAX_CORNERS`.
    """
    try:
        with np.errstate(invalid="ignore"):  # a damaged number warns when it is widened; it is refused below
            found = np.array(points, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise corrupt(file, "a corner is not a pair of numbers") from None
    if found.ndim != 2 or found.shape[1] != 2:
        raise corrupt(file, f"corners of shape {found.shape}, (n, 2) is needed")
    if len(found) > MAX_CORNERS:
        raise LimitError(
            f"a region of {file!r} has {len(found)} corners, more than {MAX_CORNERS}",
            code="over-limit",
            remedy="simplify the line, or save the region as a mask",
        )
    if not np.isfinite(found).all():
        raise corrupt(file, "a corner is not finite")
    if len(found) > 1 and (found[0] == found[-1]).all():
        found = found[:-1]
    if len(np.unique(found, axis=0)) < 3:
        raise corrupt(file, f"{len(found)} corner(s), of which fewer than 3 differ")
    return found - CORNER if corner else found
