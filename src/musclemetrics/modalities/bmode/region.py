"""The region of echo intensity and its statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import imaging
from ...errors import InputError
from ...record import Flag
from .decisions import Box, Decisions
from .definitions import LIMITS
from .geometry import Edges
from .image import Picture
from .scale import Scale

__all__ = ["Area", "area_of"]

Array = NDArray[np.float64]

SHARE = 0.05
"""Inset as a share of the thickness, where no scale is known."""
OUTLINE = 200
"""Corners of a drawn region kept as evidence."""


@dataclass(frozen=True, slots=True)
class Area:
    """What the pixels of the region are like.

    Attributes
    ----------
    box : (int, int, int, int)
        The part of the image that holds the region: x0, y0, x1, y1, the last ones not included.
    mask : ndarray of bool, shape (y1 - y0, x1 - x0)
    values : dict
        Measurements by name.
    stderr : float
        Within-image standard error of the mean.
    outline : ndarray, shape (n, 2)
        Corners of a drawn polygon, else empty.
    histogram : ndarray, shape (256,) or empty
    flags : tuple of Flag
    """

    box: Box
    mask: NDArray[np.bool_]
    values: dict[str, float]
    stderr: float
    outline: Array = field(default_factory=lambda: np.empty((0, 2)))
    histogram: Array = field(default_factory=lambda: np.empty(0))
    flags: tuple[Flag, ...] = ()


def area_of(roi: ArrayLike | None, picture: Picture, edges: Edges | None, scale: Scale, decisions: Decisions) -> Area:
    """Return the statistics of the drawn region, or of the muscle between its edges.

    Raises
    ------
    InputError
        As :func:`musclemetrics.imaging.region_of`; ``region-too-thin`` where the inset leaves nothing.
    """
    shape = picture.grey.shape
    outline = np.empty((0, 2))
    if roi is not None:
        region = imaging.region_of(roi, shape, box=picture.view.box)
        x0, y0, x1, y1 = box = picture.view.box
        mask, flags = region.mask[y0:y1, x0:x1], list(region.flags)
        corners = np.asarray(roi)
        if corners.ndim == 2 and corners.shape[1] == 2 and corners.shape != shape:
            kept = np.unique(np.linspace(0, len(corners) - 1, min(len(corners), OUTLINE)).astype(int))
            outline = corners[kept].astype(float)
    else:
        assert edges is not None, "without a drawn region there are edges, or no record"
        box = edges.box(picture.view.box)
        mask, flags = _between(edges, box, picture, scale, decisions)
    box, mask = _cut(mask, box)
    grey = picture.exactly(box)
    found = imaging.masked_statistics(grey, mask)
    values = {
        "echo_intensity": found.mean,
        "echo_intensity_sd": found.sd,
        "echo_intensity_median": found.median,
        "echo_intensity_skewness": found.skewness,
        "echo_intensity_kurtosis": found.kurtosis,
        "echo_intensity_entropy": found.entropy,
        "saturated": 100.0 * found.at_full,
        "black": 100.0 * found.at_zero,
        "roi_area": found.count * scale.dx * scale.dy,
    }
    names = ("band_0_50", "band_51_100", "band_101_150", "band_151_200", "band_201_255")
    values |= dict(zip(names, (100.0 * share for share in found.bands), strict=True))
    error = imaging.within_image_error(grey, mask)
    if not math.isfinite(error.stderr):
        message = f"echo_intensity has no within-image standard error: {error.reason}"
        flags.append(Flag("no-within-image-error", message, "note"))
    values |= _texture(grey, mask, decisions)
    return Area(box, mask, values, error.stderr, outline, found.histogram.astype(float), tuple(flags))


def _cut(mask: NDArray[np.bool_], box: Box) -> tuple[Box, NDArray[np.bool_]]:
    """Return the pixels of a region and the box round them, given those of a larger box."""
    x0, y0, _, _ = box
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    return (x0 + left, y0 + top, x0 + right, y0 + bottom), mask[top:bottom, left:right]


def _texture(grey: NDArray[Any], mask: NDArray[np.bool_], decisions: Decisions) -> dict[str, float]:
    out: dict[str, float] = {}
    levels = decisions.texture_levels
    if decisions.texture in ("glcm", "all"):
        found = imaging.glcm(grey, mask, levels=levels, distance=decisions.texture_distance)
        out |= {f"glcm_{name}": value for name, value in found.values.items()}
    if decisions.texture in ("runs", "all"):
        found = imaging.run_lengths(grey, mask, levels=levels)
        out |= {f"run_{name}": value for name, value in found.values.items()}
    return out


def _between(
    edges: Edges, box: Box, picture: Picture, scale: Scale, decisions: Decisions
) -> tuple[NDArray[np.bool_], list[Flag]]:
    flags: list[Flag] = []
    if scale.known:
        inset = decisions.inset_mm / scale.dy
    elif decisions.inset_px is not None:
        inset = decisions.inset_px
    else:
        inset = SHARE * float(np.mean(edges.deep - edges.superficial))
        message = f"without a scale the region keeps {inset:.1f} px (5 % of the thickness) off each edge, not inset_mm"
        flags.append(Flag("inset-relative", message, "note"))
    (x0, y0, x1, y1), (a, b, _, _) = box, picture.view.box
    mask = edges.within(box, inset)
    mask &= picture.view.mask[y0 - b : y1 - b, x0 - a : x1 - a]
    if decisions.region_rule == "rectangle":
        x0, y0, x1, y1 = imaging.largest_rectangle(mask)
        mask = np.zeros_like(mask)
        mask[y0:y1, x0:x1] = True
    count = int(np.count_nonzero(mask))
    if count < LIMITS["least_region"]:
        thick = float(np.mean(edges.deep - edges.superficial)) * scale.dy
        raise InputError(
            f"{count} px are left between the edges, {thick:.3g} {scale.unit} apart, with {inset:.1f} px kept off "
            f"each; {LIMITS['least_region']:g} are needed",
            code="region-too-thin",
            remedy="give a smaller inset_mm (inset_px where no scale is known), or draw the region (roi)",
        )
    return mask, flags
