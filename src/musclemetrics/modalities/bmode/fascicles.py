"""Pennation angle and length of the fascicles."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ... import imaging
from ...errors import InputError
from ...record import Flag
from .decisions import Decisions
from .definitions import LIMITS
from .geometry import Edges
from .image import Picture
from .scale import Scale

__all__ = ["fascicles_of"]

Array = NDArray[np.float64]

INSET = 0.06
"""Share of the thickness kept off either edge."""
_NAMES = "pennation_angle, pennation_angle_superficial, fascicle_length and fascicle_extrapolated"


def fascicles_of(
    picture: Picture, edges: Edges | None, scale: Scale, decisions: Decisions
) -> tuple[dict[str, float], dict[str, float], list[Flag], Array]:
    """Return the measurements of the fascicles, their standard errors, what is doubtful in them, and the fascicle.

    The last is that whose length is given: x and y of its deep and its superficial end in px of the image, shape
    (2, 2); or nothing, shape (0, 2).
    """
    nothing = np.empty((0, 2))
    if not decisions.fascicles:
        return {}, {}, [], nothing
    if decisions.view != "longitudinal":
        message = f"{_NAMES} are those of longitudinal views, this one is {decisions.view}"
        return {}, {}, [Flag("no-fascicles", message, "note")], nothing
    if edges is None:
        return {}, {}, [Flag("no-fascicles", f"{_NAMES} need the edges of the muscle", "note")], nothing
    spacing = (scale.dx, scale.dy) if scale.known else None
    # Some rows away from the edges, or fascia is taken for stripes.
    keep = INSET * float(np.mean(edges.deep - edges.superficial))
    x0, y0, x1, y1 = box = edges.box(picture.view.box)
    grey, mask = picture.grey[y0:y1, x0:x1], edges.within(box, keep)
    deep, superficial = (imaging.line_angle(edges.x, y, spacing=spacing) for y in (edges.deep, edges.superficial))
    try:
        found = imaging.fascicle_angle(grey, mask, deep_angle=deep, superficial_angle=superficial, spacing=spacing)
    except InputError as error:
        return {}, {}, [Flag("no-fascicles", f"{_NAMES} are not given: {error.message}", "note")], nothing
    if math.isnan(found.pennation):
        message = f"{_NAMES} are not given: no fascicles are told from speckle (coherence {found.coherence:.2f})"
        return {}, {}, [Flag("no-fascicles", message, "note")], nothing
    made = imaging.fascicle_length(found.angle, edges.x, edges.superficial, edges.deep, spacing=spacing)
    values = {
        "pennation_angle": found.pennation,
        "pennation_angle_superficial": found.superficial_pennation,
        "fascicle_length": made.length,
        "fascicle_extrapolated": 100.0 * made.extrapolated,
    }
    flags = []
    if math.isnan(made.length):
        message = "fascicle_length and fascicle_extrapolated are not given: at this angle it meets no aponeurosis"
        flags.append(Flag("fascicle-does-not-meet", message, "note"))
    elif made.extrapolated > LIMITS["extrapolated"]:
        message = f"{100 * made.extrapolated:.0f} % of the fascicle lies outside of the image"
        flags.append(Flag("fascicle-extrapolated", message, "suspect"))
    if found.coherence < LIMITS["coherence"]:
        message = f"the fascicles are hardly told from speckle (coherence {found.coherence:.2f}): see pennation_angle"
        flags.append(Flag("fascicles-faint", message, "suspect"))
    spread = {"pennation_angle": found.stderr, "pennation_angle_superficial": found.stderr}
    return values, spread, flags, nothing if math.isnan(made.length) else np.array([made.deep, made.superficial])
