"""The picture a result is checked by: the scan, cropped, with what was measured drawn into it."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import imaging
from ...canvas import PALETTE
from ...errors import InputError
from ...record import Record
from .drawing import other_rows

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

__all__ = ["WIDEST", "overlay", "picture"]

WIDEST = 560
"""Columns of an overlay at most."""
WITHHELD = ("possible-text", "region-not-fitting", "no-view")
"""Flags that forbid a picture: a person's name may be in it."""
_MARK = b"musclemetrics overlay"


def overlay(image: ArrayLike, record: Record) -> NDArray[np.uint8] | None:
    """Return the scan region of an image with the lines, the region and the scale of its record.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, 3)
        The very image the record was measured from.
    record : Record

    Returns
    -------
    ndarray of uint8, shape (h, w, 3), or None
        Nothing of the screen outside the scan region is in it; beside the fan of a curved probe it is black. None
        where a person's name may be in what is left: the region is not known (``no-view``), there may be text within
        it (``possible-text``), or the header's regions are of another picture (``region-not-fitting``).

    Raises
    ------
    InputError
        ``length-mismatch`` if the record is of an image of another size.

    Notes
    -----
    The superficial edge is blue, the deep one orange, the fascicle whose length is given purple, a drawn region yellow
    and any other outlined by yellow dots; green ticks at both sides are at the rows of further lines. The bar is of
    mm, or of px where no scale is known.
    """
    scan = _scan(image, record)
    return None if scan is None else np.asarray(_drawn(scan, record), dtype=np.uint8)


def _scan(image: ArrayLike, record: Record) -> Image | None:
    """Return the scan region as grey levels, its pixels made square; None where there must be no picture."""
    from PIL import Image

    if "view_box" not in {t.name for t in record.traces} or any(record.flagged(code) for code in WITHHELD):
        return None
    pixels = np.asarray(image)
    if "image_size" in {t.name for t in record.traces}:
        width, height = record.trace("image_size")
        if pixels.shape[:2] != (height, width):
            raise InputError(
                f"the image has {' × '.join(str(n) for n in pixels.shape[1::-1])} px, the record is of one of "
                f"{width:.0f} × {height:.0f}",
                code="length-mismatch",
                remedy="give the very image it was measured from",
            )
    grey = imaging.grey(pixels, str(record.provenance.settings["grey"]))
    x0, y0, x1, y1 = (int(v) for v in record.trace("view_box"))
    part = np.array(grey[y0:y1, x0:x1], dtype=np.float64)
    part[~_lit(record, part.shape)] = 0.0
    ratio = record["spacing_y"].value / record["spacing_x"].value
    ratio = 1.0 if math.isnan(ratio) else ratio
    shrink = min(1.0, WIDEST / (x1 - x0))
    size = max(1, round((x1 - x0) * shrink)), max(1, round((y1 - y0) * shrink * ratio))
    return Image.fromarray(np.rint(part).astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)


def _lit(record: Record, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which pixels of the view's box are scan."""
    if "view_x" not in {t.name for t in record.traces}:
        return np.ones(shape, dtype=bool)
    x0, y0, _, _ = record.trace("view_box")
    stretch = np.searchsorted(record.trace("view_x") - x0, np.arange(shape[1]), side="right") - 1
    rows = np.arange(shape[0])[:, None] + y0
    return np.asarray((rows >= record.trace("view_top")[stretch]) & (rows < record.trace("view_bottom")[stretch]))


def _drawn(scan: Image, record: Record) -> Image:
    """Return the scan with what was measured drawn into it."""
    from PIL.ImageDraw import Draw

    x0, y0, x1, y1 = (int(v) for v in record.trace("view_box"))
    size = scan.size
    made = scan.convert("RGB")
    pen = Draw(made)
    fx, fy = size[0] / (x1 - x0), size[1] / (y1 - y0)

    def shown(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[tuple[float, float]]:
        # Pixel centres are at whole numbers, the picture's corners at whole numbers.
        return list(zip(((x - x0 + 0.5) * fx).tolist(), ((y - y0 + 0.5) * fy).tolist(), strict=True))

    traces = {t.name for t in record.traces}
    for row in other_rows(record):
        _tick(pen, (row - y0 + 0.5) * fy, size[0])
    if "superficial_x" in traces:
        for side, colour in (("superficial", "sky"), ("deep", "orange")):
            pen.line(shown(record.trace(f"{side}_x"), record.trace(f"{side}_y")), fill=PALETTE[colour], width=2)
    if "region_x" in traces:
        for side in ("top", "bottom"):
            _dots(pen, shown(record.trace("region_x"), record.trace(f"region_{side}")))
    if "fascicle_x" in traces:
        pen.line(shown(record.trace("fascicle_x"), record.trace("fascicle_y")), fill=PALETTE["purple"], width=2)
    if "roi_x" in traces:
        x, y = (np.append(v, v[:1]) for v in (record.trace("roi_x"), record.trace("roi_y")))
        pen.line(shown(x, y), fill=PALETTE["yellow"], width=2)
    dx = record["spacing_x"].value
    known = not math.isnan(dx)
    _bar(pen, fx / dx if known else fx, size, (10, 5, 1) if known else (100, 50, 10), "mm" if known else "px")
    return made


def _dots(pen: ImageDraw, line: Sequence[tuple[float, float]]) -> None:
    """Draw a thin line of dots, which leaves the scan below it to be seen."""
    x, y = np.array(line).T
    at = np.arange(x[0], x[-1], 5.0)
    pen.point(list(zip(at.tolist(), np.interp(at, x, y).tolist(), strict=True)), fill=PALETTE["yellow"])


def _tick(pen: ImageDraw, y: float, width: int) -> None:
    """Mark a further line at both sides, so that nothing is drawn over it."""
    for x in (0, width - 14):
        pen.line([(x, y), (x + 14, y)], fill=PALETTE["green"], width=2)


def _bar(pen: ImageDraw, scale: float, size: Sequence[int], lengths: Sequence[int], unit: str) -> None:
    """Draw a bar of the first of `lengths` that is not too long into the lower right corner, `scale` columns a unit."""
    length = next((n for n in lengths if n * scale < 0.4 * size[0]), None)
    if length is None:
        return
    right, low = size[0] - 8, size[1] - 8
    left = right - length * scale
    pen.line([(left, low), (right, low)], fill="#FFFFFF", width=3)
    pen.text((left, low - 14), f"{length} {unit}", fill="#FFFFFF")


def picture(record: Record, image: ArrayLike, **others: object) -> dict[str, bytes]:
    """Return the pictures of a record as JPEG files without any word of their origin; none where there must be none.

    Parameters
    ----------
    record : Record
    image : array_like
        The very image the record was measured from.

    Returns
    -------
    dict of str to bytes
        By the suffix of their name: the overlay under ``""``, and under ``"-scan"`` the scan region alone, of the
        same size, into which a person draws.
    """
    scan = _scan(image, record)
    return {} if scan is None else {"": _jpeg(_drawn(scan, record)), "-scan": _jpeg(scan)}


def _jpeg(made: Image) -> bytes:
    out = io.BytesIO()
    made.save(out, "JPEG", quality=80, comment=_MARK)
    return out.getvalue()
