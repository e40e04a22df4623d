"""Which muscle is measured: the edges a person drew, or those that are found."""

from __future__ import annotations

import math
from dataclasses import dataclass

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

__all__ = ["Muscle", "muscle_of"]

Array = NDArray[np.float64]

FAN = 0.9
"""Share of its box below which a view is the fan of a curved probe; trapezoids of linear ones fill more."""
SAME = 0.5
"""Pixels within which a line that was given is the one that was found."""


@dataclass(frozen=True, slots=True)
class Muscle:
    """Edges of the muscle, where there are any, and how sure they are.

    Attributes
    ----------
    edges : Edges or None
    confidence : float
    layers : tuple of (float, float)
        Mean rows of the edges of all layers seen, from the top.
    flags : tuple of Flag
    by_hand : bool
    """

    edges: Edges | None
    confidence: float
    layers: tuple[tuple[float, float], ...] = ()
    flags: tuple[Flag, ...] = ()
    by_hand: bool = False


def muscle_of(picture: Picture, scale: Scale, drawn: bool, decisions: Decisions) -> Muscle:
    """Return the muscle to be measured.

    Parameters
    ----------
    picture : Picture
    scale : Scale
    drawn : bool
        Whether a region was drawn, so that echo intensity does not need the edges.
    decisions : Decisions

    Raises
    ------
    InputError
        ``lines-outside``, ``lines-crossed``, ``lines-apart`` for lines by hand; ``no-aponeuroses``, ``layer-not-seen``
        where none are found and no region was drawn.
    """
    if decisions.lines is not None:
        return _by_hand(decisions, picture)
    unseen = not picture.found and decisions.region is None
    if drawn and (decisions.view != "longitudinal" or unseen):
        place = "where no scan was found" if unseen else f"in a {decisions.view} view"
        message = (
            f"no aponeuroses are looked for {place}, so that thickness, thickness_left, "
            "thickness_middle, thickness_right, thickness_perpendicular, subcutaneous_thickness and confidence are not "
            "given; draw them (lines)"
        )
        return Muscle(None, math.nan, flags=(Flag("thickness-needs-lines", message, "note"),))
    try:
        found = imaging.layers(picture.grey, picture.view, depth_window=decisions.depth_window, layer=decisions.layer)
    except InputError as error:
        if not drawn:
            raise
        message = (
            f"{error.message}: thickness, thickness_left, thickness_middle, thickness_right, thickness_perpendicular, "
            f"subcutaneous_thickness and confidence are not given; {error.remedy}"
        )
        return Muscle(None, math.nan, flags=(Flag(error.code, message, "suspect"),))
    edges = Edges(found.x, found.superficial, found.deep, found.outer)
    flags = [*found.flags, *_rival(found)]
    if decisions.view != "longitudinal":
        message = (
            f"the finder of aponeuroses was tested on longitudinal images, not on a {decisions.view} view; look at "
            "the lines, or draw them"
        )
        flags.append(Flag("finder-not-for-view", message, "suspect"))
    share = float(picture.view.mask.mean())
    if share < FAN:
        message = (
            f"the finder of aponeuroses was tested on rectangular views, this one is a fan over {100 * share:.0f} % of "
            "its box; look at the lines, or draw them"
        )
        flags.append(Flag("finder-not-for-view", message, "suspect"))
    rows = tuple((layer.superficial, layer.deep) for layer in found.stack)
    return Muscle(edges, found.confidence, rows, tuple(flags))


def _rival(found: imaging.Layers) -> list[Flag]:
    if len(found.ranked) < 2 or found.ranked[1][1] < LIMITS["rival"]:
        return []
    other, share = found.ranked[1]
    message = (
        f"the lines at rows {other.superficial:.0f} and {other.deep:.0f} are the next likely pair (odds share "
        f"{share:.2f})"
    )
    return [Flag("other-pair-likely", message, "note")]


def _by_hand(decisions: Decisions, picture: Picture) -> Muscle:
    assert decisions.lines is not None
    up, down = decisions.lines["superficial"], decisions.lines["deep"]
    height, width = picture.grey.shape
    for side, line in decisions.lines.items():
        if line.min() < -0.5 or line[:, 0].max() > width - 0.5 or line[:, 1].max() > height - 0.5:
            raise InputError(
                f"the {side} line leaves the image of {width} × {height} px",
                code="lines-outside",
                remedy="give it in px of this image",
            )
    low, high = max(up[0, 0], down[0, 0]), min(up[-1, 0], down[-1, 0])
    if high - low < 2:
        raise InputError(
            f"the lines share the columns {low:g} to {high:g}, 2 px are needed",
            code="lines-apart",
            remedy="draw both over the same part of the image",
        )
    x = np.arange(math.ceil(low), math.floor(high) + 1, dtype=np.float64)
    superficial, deep = np.interp(x, up[:, 0], up[:, 1]), np.interp(x, down[:, 0], down[:, 1])
    if (deep <= superficial).any():
        raise InputError(
            f"the deep line lies above the superficial one at x = {x[np.argmax(deep <= superficial)]:g}",
            code="lines-crossed",
            remedy="y grows downwards: give the upper line as superficial",
        )
    outer = _outer_as_found(decisions, picture, up, x)
    rest = (
        "the superficial one is as it was found, so that subcutaneous_thickness is given"
        if len(outer)
        else "subcutaneous_thickness is not given, its edge was not"
    )
    told = Flag("manual-lines", f"the edges were drawn by hand; {rest}", "note")
    rows = ((float(superficial.mean()), float(deep.mean())),)
    return Muscle(Edges(x, superficial, deep, outer), 1.0, rows, (told,), by_hand=True)


def _outer_as_found(decisions: Decisions, picture: Picture, line: Array, x: Array) -> Array:
    """Return the outer edge of the first aponeurosis where the superficial line is the one found, else nothing.

    A person who corrects the deep line gives the superficial one back as it was written.
    """
    try:
        found = imaging.layers(picture.grey, picture.view, depth_window=decisions.depth_window, layer=decisions.layer)
    except InputError:
        return np.empty(0)
    within = found.x[0] - 1 <= line[0, 0] and line[-1, 0] <= found.x[-1] + 1
    if not within or np.abs(np.interp(line[:, 0], found.x, found.superficial) - line[:, 1]).max() > SAME:
        return np.empty(0)
    return np.interp(x, found.x, found.outer) if len(found.outer) else np.empty(0)
