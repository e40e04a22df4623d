"""From a checked image to its record."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...imaging import View
from ...provenance import describe
from ...record import Flag, Measurement, Record, Trace
from .decisions import Decisions
from .definitions import DEFINITIONS, VIEWS, YOUNG_2015
from .fascicles import fascicles_of
from .flags import about_muscle, about_region
from .geometry import Edges, thickness_of
from .image import Picture, picture_of
from .muscle import Muscle, muscle_of
from .region import Area, area_of
from .scale import Scale, scale_of

__all__ = ["NAME", "measured"]

Array = NDArray[np.float64]

NAME = "bmode"
METHOD = "inner edges of the aponeuroses: ridges, curves ranked in pairs, half height of the flank; mean grey level"
BY_HAND = "inner edges drawn by hand; mean grey level"
FAN = 128
"""Stretches of columns that a slanted view is kept as."""
EXTENT = 60
"""Columns in which the rows of a region are kept."""
MOST = 400
"""Columns kept as evidence; of wider edges every so-many-th."""


def measured(image: ArrayLike, spacing: ArrayLike | None, roi: ArrayLike | None, decisions: Decisions) -> Record:
    """Return the record of one image."""
    picture = picture_of(image, decisions, drawn=roi is not None)
    scale = scale_of(spacing, picture, decisions)
    muscle = muscle_of(picture, scale, roi is not None, decisions)
    area = area_of(roi, picture, muscle.edges, scale, decisions)
    values: dict[str, float] = {"confidence": muscle.confidence}
    if scale.known:
        values |= {"spacing_x": scale.dx, "spacing_y": scale.dy}
    flags = [*picture.flags, *scale.flags, *muscle.flags, *area.flags]
    if muscle.edges is not None:
        values |= _lengths(muscle.edges, picture, scale)
    values |= area.values
    if decisions.fat_correction:
        values["echo_intensity_corrected"] = _corrected(values, scale, decisions, flags)
    found, spread, told, fascicle = fascicles_of(picture, muscle.edges, scale, decisions)
    values |= found
    flags += told
    flags += about_muscle(values, muscle, scale, decisions)
    flags += about_region(area, picture)
    errors = {"echo_intensity": area.stderr, **spread}
    units = {"mm": scale.unit, "mm2": f"{scale.unit}2"}
    measurements = tuple(
        Measurement(
            d.name,
            values.get(d.name, math.nan),
            errors.get(d.name, math.nan),
            unit=units.get(d.units[0], d.units[0]) if not d.name.startswith("spacing") else "mm",
        )
        for d in DEFINITIONS
        if d.applies(decisions.settings)
    )
    silent = [m.name for m in measurements if math.isnan(m.value)]
    flags += _untold(silent, flags, decisions)
    settings = {**decisions.settings, "scale_source": scale.source}
    method = BY_HAND if decisions.lines is not None else METHOD
    traces = tuple(_evidence(picture, muscle, area, fascicle))
    return Record(NAME, measurements, traces, tuple(flags), describe(method, settings))


def _lengths(edges: Edges, picture: Picture, scale: Scale) -> dict[str, float]:
    found = thickness_of(edges, scale)
    out = {
        "thickness": found.mean,
        "thickness_left": found.left,
        "thickness_middle": found.middle,
        "thickness_right": found.right,
        "thickness_perpendicular": found.perpendicular,
    }
    if len(edges.outer):
        x0, y0, _, _ = picture.view.box
        columns = np.clip(np.round(edges.x).astype(int) - x0, 0, picture.view.mask.shape[1] - 1)
        # A curved probe's face is the upper rim of its fan; a pixel begins half of one above its centre.
        face = y0 + np.argmax(picture.view.mask[:, columns], axis=0) - 0.5
        out["subcutaneous_thickness"] = float(np.mean(edges.outer - face) * scale.dy)
    return out


def _corrected(values: dict[str, float], scale: Scale, decisions: Decisions, flags: list[Flag]) -> float:
    """Return echo intensity corrected for fat, where that means something."""
    reasons = []
    if not scale.known:
        reasons.append("no scale is known")
    if decisions.layer != 0:
        reasons.append("a deeper layer has muscle above it")
    if not math.isfinite(values.get("subcutaneous_thickness", math.nan)):
        reasons.append("no subcutaneous thickness was measured")
    if reasons:
        flags.append(Flag("not-corrected", f"echo_intensity_corrected is not given: {', '.join(reasons)}", "note"))
        return math.nan
    message = "echo_intensity_corrected uses 40.5278 grey levels a cm, which is of one machine (Young 2015)"
    flags.append(Flag("device-specific-correction", message, "note"))
    return values["echo_intensity"] + YOUNG_2015 * 0.1 * values["subcutaneous_thickness"]


def _untold(silent: Sequence[str], flags: Sequence[Flag], decisions: Decisions) -> list[Flag]:
    """Return a flag for what is NaN and was not asked for."""
    told = " ".join(f.message for f in flags)
    rest = [name for name in silent if name not in told]
    if not rest:
        return []
    why = "the settings leave them out" if not decisions.fascicles or decisions.view != VIEWS[0] else "see the flags"
    return [Flag("not-measured", f"{', '.join(rest)}: {why}", "note")]


def _fan(view: View) -> dict[str, Array]:
    """Return the outline of a slanted view, coarsely and from inside: `FAN` stretches of columns.

    Each begins at ``x`` and is scan from the row ``top`` to the one before ``bottom``.
    """
    (x0, y0, _, _), (height, width) = view.box, view.mask.shape
    starts = np.unique(np.linspace(0, width, FAN, endpoint=False).astype(np.intp))
    lit = view.mask.any(axis=0)
    top = np.where(lit, view.mask.argmax(axis=0), height)
    bottom = np.where(lit, height - view.mask[::-1].argmax(axis=0), 0)
    first = np.maximum.reduceat(top, starts)
    last = np.maximum(first, np.minimum.reduceat(bottom, starts))
    return {"x": (starts + x0).astype(float), "top": (first + y0).astype(float), "bottom": (last + y0).astype(float)}


def _extent(area: Area) -> dict[str, Array]:
    """Return the first and the last row of the region in each of some columns."""
    x0, y0, _, _ = area.box
    columns = np.flatnonzero(area.mask.any(axis=0))
    kept = columns[np.unique(np.linspace(0, len(columns) - 1, EXTENT).astype(np.intp))]
    part = area.mask[:, kept]
    top, bottom = part.argmax(axis=0), len(part) - 1 - part[::-1].argmax(axis=0)
    return {"x": (kept + x0).astype(float), "top": (top + y0).astype(float), "bottom": (bottom + y0).astype(float)}


def _evidence(picture: Picture, muscle: Muscle, area: Area, fascicle: Array) -> list[Trace]:
    out = []
    if muscle.edges is not None:
        edges = muscle.edges
        n = len(edges.x)
        kept = np.arange(n) if n <= MOST else np.unique(np.linspace(0, n - 1, MOST).astype(int))
        for side, y in (("superficial", edges.superficial), ("deep", edges.deep)):
            out += [Trace(f"{side}_x", edges.x[kept], "px"), Trace(f"{side}_y", y[kept], "px")]
    height, width = picture.grey.shape
    out.append(Trace("image_size", np.array([width, height], float), "px"))
    out.append(Trace("view_box", np.array(picture.view.box, float), "px"))
    if not picture.view.rectangular:
        out += [Trace(f"view_{name}", values, "px") for name, values in _fan(picture.view).items()]
    if muscle.layers:
        rows = np.array(muscle.layers, float)
        out += [Trace("layer_top", rows[:, 0], "px"), Trace("layer_bottom", rows[:, 1], "px")]
    if len(area.outline):
        out += [Trace("roi_x", area.outline[:, 0], "px"), Trace("roi_y", area.outline[:, 1], "px")]
    else:
        out += [Trace(f"region_{name}", values, "px") for name, values in _extent(area).items()]
    if len(fascicle):
        out += [Trace("fascicle_x", fascicle[:, 0], "px"), Trace("fascicle_y", fascicle[:, 1], "px")]
    if len(area.histogram):
        out.append(Trace("histogram", area.histogram, "1"))
    return out
