"""What was found of a muscle's layers, and what is doubtful about it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..record import Flag

__all__ = ["CARRIED", "DOUBTFUL", "Layer", "Layers", "doubts"]

Array = NDArray[np.float64]

DOUBTFUL = 0.95
"""Confidence below which an answer is flagged."""
CARRIED = 0.7
"""Share of an edge's columns that are seen, below which it is flagged."""


class Layer(NamedTuple):
    """Where a pair of lines lies: mean rows of their middles, in pixels of the image."""

    superficial: float
    deep: float


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The inner edges of the chosen layer, and what else was seen.

    Attributes
    ----------
    x : array, shape (n,)
        Columns of the image, in pixels.
    superficial, deep : array, shape (n,)
        Rows of the lower edge of the upper aponeurosis and of the upper edge of the lower one.
    outer : array, shape (n,)
        Rows of the upper edge of the first aponeurosis, where what covers the muscle ends.
    layer : int
        Which layer was taken.
    confidence : float
        0 to 1: how often a pair that led by such a margin was right within 10 %, on scanners that had not taught the
        weights. For another layer than 0 the product with that of the layers on the way to it.
    margin : float
        Log-odds of the chosen answer against all others; of another layer than 0, against those that share its line.
    superficial_seen, deep_seen : float
        Share of the columns in which the edge stands out; elsewhere it is carried over.
    at_bottom : bool
        The deep line touches the bottom of the view: the muscle may go on below.
    ranked : tuple of (Layer, float)
        The best answers that differ from each other, best first, and the share of the odds that each has.
    stack : tuple of Layer
        All layers by position, from the probe down; `layer` counts them from `first`.
    first : int
        Place in `stack` of layer 0.
    inner : tuple of float
        Rows of further lines between the two chosen ones: a fascia inside the muscle, or a border of two muscles.
    excluded : Layer or None
        The best pair of all where a `depth_window` leaves it out; `confidence` and `margin` are then those among all.
    flags : tuple of Flag
        ``low-confidence``, ``window-excludes-likelier``,
        ``edge-carried-over``, ``deep-line-at-bottom``, ``line-between``.
    """

    x: Array
    superficial: Array
    deep: Array
    outer: Array
    layer: int
    confidence: float
    margin: float
    superficial_seen: float
    deep_seen: float
    at_bottom: bool
    ranked: tuple[tuple[Layer, float], ...]
    stack: tuple[Layer, ...]
    first: int
    inner: tuple[float, ...]
    excluded: Layer | None = None
    flags: tuple[Flag, ...] = ()

    @property
    def others(self) -> tuple[Layer, ...]:
        """The layers of the stack that were not chosen."""
        return tuple(one for k, one in enumerate(self.stack) if k != self.first + self.layer)

    @property
    def thickness(self) -> Array:
        """Vertical distance of the inner edges, column by column."""
        return self.deep - self.superficial


def doubts(found: Layers) -> Iterator[Flag]:
    """Yield what is doubtful about an answer."""
    if found.confidence < DOUBTFUL:
        # Three digits where two would say that 0.95 is below 0.95.
        told = f"{found.confidence:.2f}"
        told = f"{math.floor(1000 * found.confidence) / 1000:.3f}" if float(told) >= DOUBTFUL else told
        others = ", ".join(f"{at.superficial:.0f} to {at.deep:.0f}" for at, _ in found.ranked[1:3])
        yield Flag(
            "low-confidence",
            f"confidence {told} is below {DOUBTFUL:g}: the aponeuroses may be others (rows {others}); "
            "look at the overlay, give depth_window, or draw them (lines)",
            "suspect",
        )
    if found.excluded is not None:
        at = found.excluded
        yield Flag(
            "window-excludes-likelier",
            f"a likelier pair of lines (rows {at.superficial:.0f} and {at.deep:.0f}) lies outside of depth_window, and "
            f"the confidence ({found.confidence:.2f}) counts it: look at the overlay, widen depth_window, or draw the "
            "lines (lines)",
            "suspect",
        )
    for side, seen in (("superficial", found.superficial_seen), ("deep", found.deep_seen)):
        if seen < CARRIED:
            yield Flag(
                "edge-carried-over",
                f"the {side} edge stands out in {seen:.0%} of its columns, below {CARRIED:.0%}; between them its "
                "distance from the line is carried over: look at the overlay",
                "suspect",
            )
    if found.at_bottom:
        yield Flag(
            "deep-line-at-bottom",
            "the deep line touches the bottom of the view: it may be its border, the muscle may go on below; look at "
            "the overlay",
            "suspect",
        )
    if found.inner:
        rows = ", ".join(f"{y:.0f}" for y in found.inner)
        yield Flag(
            "line-between",
            f"between the two edges further lines run through the view (row {rows}): a fascia inside the muscle, or "
            "two muscles measured as one; depth_window chooses",
            "note",
        )
