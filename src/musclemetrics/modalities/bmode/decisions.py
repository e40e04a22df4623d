"""The decisions of one call, checked once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import checks
from ...errors import SettingsError
from ...record import Settings, plain
from .definitions import VIEWS

__all__ = ["GREYS", "REGIONS", "TEXTURES", "Box", "Decisions", "Window", "box_of"]

Array = NDArray[np.float64]
Box = tuple[int, int, int, int]
Window = tuple[tuple[float, float], tuple[float, float]]

GREYS = ("itu601", "mean")
REGIONS = ("between", "rectangle")
TEXTURES = ("none", "glcm", "runs", "all")
SIDES = ("superficial", "deep")


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything after the star of ``measure``, checked; positions in px of the original image."""

    layer: int
    depth_window: Window | None
    view: str
    lines: Mapping[str, Array] | None
    grey: str
    region_rule: str
    inset_mm: float
    inset_px: float | None
    region: Box | None
    scale_source: str | None
    tick_mm: float | None
    fat_correction: bool
    fascicles: bool
    texture: str
    texture_levels: int
    texture_distance: int
    bands: bool
    settings: Settings

    @staticmethod
    def check(given: Mapping[str, Any]) -> Decisions:
        """Return the decisions, or raise SettingsError naming the one that cannot be carried out."""
        s = dict(given)
        checks.choice(s["view"], "view", VIEWS)
        checks.choice(s["grey"], "grey", GREYS)
        checks.choice(s["region_rule"], "region_rule", REGIONS)
        checks.choice(s["texture"], "texture", TEXTURES)
        for name in ("fat_correction", "fascicles", "bands"):
            checks.choice(s[name], name, (True, False))
        tick = None if s["tick_mm"] is None else checks.number(s["tick_mm"], "tick_mm", low=0.1, high=50.0)
        inset_px = None if s["inset_px"] is None else checks.number(s["inset_px"], "inset_px", low=0.0, high=1e3)
        source = s["scale_source"]
        if source is not None and not isinstance(source, str):
            raise SettingsError(f"scale_source={source!r} is no text", remedy="name where the scale comes from")
        window, lines, region = _window(s["depth_window"]), _lines(s["lines"]), box_of(s["region"])
        drawn = None if lines is None else {k: v.tolist() for k, v in lines.items()}
        return Decisions(
            _whole(s["layer"], "layer", -9, 9),
            window,
            s["view"],
            lines,
            s["grey"],
            s["region_rule"],
            checks.number(s["inset_mm"], "inset_mm", low=0.0, high=20.0),
            inset_px,
            region,
            source,
            tick,
            bool(s["fat_correction"]),
            bool(s["fascicles"]),
            s["texture"],
            _whole(s["texture_levels"], "texture_levels", 2, 256),
            _whole(s["texture_distance"], "texture_distance", 1, 100),
            bool(s["bands"]),
            plain({**s, "depth_window": window, "lines": drawn, "region": region}),
        )


def _whole(value: Any, name: str, low: int, high: int) -> int:
    found = checks.number(value, name, low=low, high=high)
    if found != int(found):
        raise SettingsError(f"{name}={found:g} is no whole number", remedy="give a whole number")
    return int(found)


def _numbers(value: Any) -> list[float]:
    """Return nested numbers in their order; nothing if there is anything else among them."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [float(value)]
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        parts = [_numbers(v) for v in value]
        return [n for part in parts for n in part] if all(parts) else []
    return []


def _window(value: Any) -> Window | None:
    if value is None:
        return None
    found = _numbers(value)
    if len(found) == 4 and 0 <= found[0] < found[1] <= 1 and 0 <= found[2] < found[3] <= 1 and found[0] < found[3]:
        return (found[0], found[1]), (found[2], found[3])
    raise SettingsError(
        f"depth_window={value!r} is no window",
        remedy="give four shares of the view's depth: where the upper aponeurosis lies (from, to), then the lower one, "
        "for example 0.05,0.4,0.5,0.95",
    )


def box_of(value: Any) -> Box | None:
    """Return a region of the image, checked."""
    if value is None:
        return None
    found = _numbers(value)
    if len(found) == 4 and all(math.isfinite(v) for v in found):
        x0, y0, x1, y1 = (round(v) for v in found)
        if 0 <= x0 < x1 and 0 <= y0 < y1:
            return x0, y0, x1, y1
    raise SettingsError(f"region={value!r} is no region", remedy="give x0, y0, x1, y1 in px with x0 < x1 and y0 < y1")


def _lines(value: Any) -> dict[str, Array] | None:
    if value is None:
        return None
    form = 'give {"superficial": [[x, y], …], "deep": [[x, y], …]} in px of the image, two points or more each'
    if not isinstance(value, Mapping) or set(value) != set(SIDES):
        raise SettingsError(f"lines={value!r:.80} are not two lines", code="bad-lines", remedy=form)
    out = {}
    for side in SIDES:
        try:
            points = np.array(value[side], dtype=np.float64)
        except (TypeError, ValueError):
            points = np.empty(0)
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2 or not np.isfinite(points).all():
            raise SettingsError(f"the {side} line is no row of points", code="bad-lines", remedy=form)
        points = points[np.argsort(points[:, 0], kind="stable")]
        if (np.diff(points[:, 0]) <= 0).any():
            raise SettingsError(
                f"the {side} line has two points in one column", code="bad-lines", remedy="give one y for each x"
            )
        out[side] = points
    return out
