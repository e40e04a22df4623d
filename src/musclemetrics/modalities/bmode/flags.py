"""What is doubtful in the measurement of an image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from ... import imaging
from ...record import Flag
from .decisions import Decisions
from .definitions import LIMITS
from .image import Picture
from .muscle import Muscle
from .region import Area
from .scale import Scale

__all__ = ["about_muscle", "about_region"]


def about_muscle(values: Mapping[str, float], muscle: Muscle, scale: Scale, decisions: Decisions) -> list[Flag]:
    """Return the flags of the thicknesses."""
    flags = []
    thickness = values.get("thickness", math.nan)
    if scale.known and not LIMITS["thin"] <= thickness <= LIMITS["thick"] and math.isfinite(thickness):
        message = (
            f"a thickness of {thickness:.3g} mm lies outside {LIMITS['thin']:g} to {LIMITS['thick']:g} mm; check the "
            "scale and the lines"
        )
        flags.append(Flag("implausible-thickness", message, "suspect"))
    if math.isfinite(values.get("subcutaneous_thickness", math.nan)):
        message = "subcutaneous_thickness is from the probe's face to the first aponeurosis; nobody has validated it"
        flags.append(Flag("unvalidated", message, "note"))
    if len(muscle.layers) > 1 and decisions.layer == 0 and not muscle.by_hand:
        rows = ", ".join(f"{a:.0f} to {b:.0f}" for a, b in muscle.layers)
        message = f"lines bound {len(muscle.layers)} layers, in rows {rows}; choose with layer"
        flags.append(Flag("several-layers", message, "note"))
    return flags


def about_region(area: Area, picture: Picture) -> list[Flag]:
    """Return the flags of echo intensity."""
    flags = []
    if area.values["saturated"] > LIMITS["clipped"]:
        message = f"{area.values['saturated']:.1f} % of the region is at the highest level; echo_intensity is cut off"
        flags.append(Flag("clipped", message, "suspect"))
    elif area.values["black"] > LIMITS["dark"]:
        message = f"{area.values['black']:.1f} % of the region is at level zero, the gain or dynamic range is low"
        # Of a region that is mostly black the mean tells how much of it is not.
        level: Literal["suspect", "note"] = "suspect" if area.values["echo_intensity_median"] == 0 else "note"
        flags.append(Flag("clipped", message, level))
    if picture.pixels.ndim == 3:
        x0, y0, x1, y1 = area.box
        share = imaging.chroma_share(picture.pixels[y0:y1, x0:x1], area.mask)
        if share > LIMITS["colour"]:
            message = f"{100 * share:.1f} % of the region is coloured: a box, a mark or a tinted map is measured too"
            flags.append(Flag("colour-in-region", message, "suspect"))
    return flags
