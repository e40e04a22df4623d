"""Millimetres: the ultrasound regions first, then the spacings, and what speaks against each.

A region's box is in pixels of the matrix that was scanned. A box that does not fit the image shows that the image was
resampled or cropped after that, and no scale of the file is that of its pixels any more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ...errors import ReadError
from ...record import Flag
from ..frames import plausible
from .header import Elements

__all__ = ["Scale", "scale_of"]

_TWO_DIMENSIONAL, _TISSUE, _CENTIMETRES = 1, 1, 3
# Millimetres of the spacing tags, in the order in which they are believed.
_SPACINGS = ("PixelSpacing", "NominalScannedPixelSpacing", "ImagerPixelSpacing")
# Two statements of one scale agree within this; they are rounded to a few digits.
_AGREE = 0.01


class _Region(NamedTuple):
    box: tuple[int, int, int, int]
    spacing: tuple[float, float]


@dataclass(slots=True)
class Scale:
    """What of scale becomes part of the reading."""

    arrays: dict[str, Any] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def state(self, x: float, y: float, source: str) -> None:
        """Take a scale, in millimetres a pixel."""
        self.arrays |= {"spacing_x": np.array(x), "spacing_y": np.array(y), "scale_source": np.array(source)}
        self.units |= {"spacing_x": "mm", "spacing_y": "mm"}


def scale_of(elements: Elements, rows: int, columns: int) -> Scale:
    """Return the scale of an image of this size."""
    found = Scale()
    regions = _regions(elements, rows, columns, found)
    if regions is None:
        return found  # resampled: the spacing tags are of the same matrix as the boxes
    if regions:
        first = regions[0].spacing
        found.arrays["regions"] = np.array([[*r.box, *r.spacing] for r in regions], dtype=np.float64)
        if all(math.isclose(a, b, rel_tol=1e-4) for r in regions for a, b in zip(r.spacing, first, strict=True)):
            found.state(*first, "region")
            if len(regions) == 1:
                found.arrays["region"] = np.array(regions[0].box, dtype=np.int64)
        else:
            found.notes.append(
                f"{len(regions)} regions of tissue have different scales: that of the region measured holds"
            )
    for keyword in _SPACINGS:
        spacing = _spacing(elements, keyword, found)
        if spacing is None:
            continue
        x, y = spacing
        if regions:
            if not any(_same(r.spacing, spacing) for r in regions):
                x0, y0 = regions[0].spacing
                found.flags.append(
                    Flag(
                        "region-disagrees",
                        f"the ultrasound region states {x0:.4g} × {y0:.4g} mm a pixel, {keyword} {x:.4g} × {y:.4g}; "
                        "the region's was used: measure the depth ruler to see which is right",
                        "suspect",
                    )
                )
        elif "scale_source" not in found.arrays:
            found.state(x, y, keyword)
            if keyword == "ImagerPixelSpacing":
                found.flags.append(
                    Flag(
                        "imager-spacing",
                        f"ImagerPixelSpacing ({x:.4g} × {y:.4g} mm) is the distance at a detector and not in the body; "
                        "compare it with the depth ruler",
                        "suspect",
                    )
                )
    return found


def _same(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return all(math.isclose(p, q, rel_tol=_AGREE) for p, q in zip(a, b, strict=True))


def _regions(elements: Elements, rows: int, columns: int, found: Scale) -> list[_Region] | None:
    """Return the regions of two-dimensional tissue in cm; None where a box shows that the image was resized."""
    usable = []
    try:
        items = elements.items("SequenceOfUltrasoundRegions")
        stated = [_stated(item) for item in items]
    except ReadError as error:
        found.flags.append(
            Flag(
                "spacing-unreadable",
                f"the ultrasound regions cannot be read ({error.message}); none was used",
                "suspect",
            )
        )
        return []
    for kind, box, units, deltas in stated:
        if box is None:
            continue
        x0, y0, x1, y1 = box
        # The last pixel or the one after it: makers differ.
        if x1 > columns or y1 > rows or x0 > x1 or y0 > y1:
            found.flags.append(
                Flag(
                    "region-not-fitting",
                    f"an ultrasound region reaches from ({x0}, {y0}) to ({x1}, {y1}), the image is {columns} × "
                    f"{rows} px: it was resized or cropped after scanning, and no scale of the header was used; give "
                    "spacing= if you know it",
                    "suspect",
                )
            )
            return None
        if kind != (_TWO_DIMENSIONAL, _TISSUE):
            continue
        if units != (_CENTIMETRES, _CENTIMETRES):
            found.notes.append(f"an ultrasound region of tissue in units {units}, which are not cm, was not used")
            continue
        if deltas is None:
            continue
        x, y = (10 * abs(d) for d in deltas)  # cm
        if min(deltas) < 0:
            found.notes.append("an ultrasound region counts against the pixels (negative delta); its size was used")
        wrong = plausible(x, y)
        if wrong is not None:
            found.flags.append(
                Flag("spacing-refused", f"the scale of an ultrasound region is refused: {wrong}", "suspect")
            )
            continue
        usable.append(_Region((x0, y0, min(x1 + 1, columns), min(y1 + 1, rows)), (x, y)))
    return usable


def _stated(item: Elements) -> tuple[Any, tuple[int, ...] | None, Any, tuple[float, float] | None]:
    """Return kind, box, units and deltas as an item states them; None for what is incomplete."""
    corners = [item.whole(f"RegionLocation{w}") for w in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    box = None if None in corners else tuple(c for c in corners if c is not None)
    x, y = item.number("PhysicalDeltaX"), item.number("PhysicalDeltaY")
    deltas = None if x is None or y is None else (x, y)
    kind = item.whole("RegionSpatialFormat"), item.whole("RegionDataType")
    units = item.whole("PhysicalUnitsXDirection"), item.whole("PhysicalUnitsYDirection")
    return kind, box, units, deltas


def _spacing(elements: Elements, keyword: str, found: Scale) -> tuple[float, float] | None:
    """Return x and y of a spacing, which states the distance of rows first; None where it is absent or refused."""
    try:
        stated = elements.numbers(keyword)
    except ReadError as error:
        found.flags.append(
            Flag("spacing-unreadable", f"{error.message}; it was not used: give spacing= if you know it", "suspect")
        )
        return None
    if stated is None:
        return None
    if len(stated) != 2:
        found.flags.append(
            Flag(
                "spacing-unreadable",
                f"{keyword} holds {len(stated)} number(s), two are needed; it was not used",
                "suspect",
            )
        )
        return None
    y, x = stated
    wrong = plausible(x, y)
    if wrong is not None:
        found.flags.append(Flag("spacing-refused", f"{keyword} is refused: {wrong}", "suspect"))
        return None
    return x, y
