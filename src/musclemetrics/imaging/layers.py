"""The layers of a muscle image: which two aponeuroses bound the muscle, and where their inner edges run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, SettingsError
from .boundaries import Layer, Layers, doubts
from .curves import candidates, follow
from .edges import flanks
from .pairs import BAND, LEAST_GAP, Pairs, Window, describe
from .ridges import COLUMNS, ROWS, Reduced, reduce_view
from .view import View
from .weights import CONFIDENCE, WEIGHTS

__all__ = ["confidence_of", "examine", "layers", "margin", "scores"]

Array = NDArray[np.float64]

COUNT = 20
"""Lines that are weighed against each other."""
ALIKE = 0.07
"""Share of the thickness by which two pairs may differ at either line and still be the same answer."""
FURTHER = 8.0
"""Log-odds that a further layer may be behind the chosen one."""
SEEN, UNEVEN, ACROSS = 0.8, 1.2, 0.1
"""A line between the chosen two is told where it stands out in this share of its columns, strays from a parabola by no
more than these rows of the grid, and consists of stripes that cross it no more than this. Of the third lines that
people drew this tells 85 %."""
BORDER = 2.0
"""Grid rows from the bottom of the view at which a line touches it."""


def _rows(window: Window | None) -> NDArray[np.bool_] | None:
    """Return the grid rows of a window, checked."""
    if window is None:
        return None
    share = (np.arange(ROWS) + 0.5) / ROWS
    allowed = np.zeros(ROWS, np.bool_)
    for side, (low, high) in zip((-1, 1), window, strict=True):
        if not 0.0 <= low < high <= 1.0:
            raise SettingsError(
                f"depth_window has {low:g} to {high:g}; shares of the view's height go from 0 to 1, the smaller first",
                remedy="give ((superficial from, to), (deep from, to)) as shares of the view's height",
            )
        allowed |= (share >= low + min(side, 0) * BAND) & (share <= high + max(side, 0) * BAND)
    return allowed


def examine(
    grey: NDArray[Any],
    view: View,
    spacing: tuple[float, float] | None = None,
    depth_window: Window | None = None,
) -> tuple[Reduced, Pairs]:
    """Return the view on its grid and the pairs of lines in it; arguments as of :func:`layers`."""
    reduced = reduce_view(grey, view)
    rows = _rows(depth_window)
    curves = candidates(reduced, COUNT, rows)
    if rows is not None:
        # What lies elsewhere is not chosen, and still told: other layers, lines between.
        curves = np.concatenate([curves, candidates(reduced, COUNT, ~rows)])
    flat = 1.0 if spacing is None else spacing[1] / spacing[0]
    return reduced, describe(reduced, follow(reduced, curves), flat=flat, window=depth_window)


def scores(pairs: Pairs, weights: Mapping[str, tuple[float, float]] = WEIGHTS) -> Array:
    """Return the log-odds of each pair, up to a constant of the image."""
    total = np.zeros(len(pairs.upper))
    for name, (weight, spread) in weights.items():
        total += (weight / spread) * pairs.features[name]
    return total


def _alike(pairs: Pairs, best: int) -> NDArray[np.bool_]:
    """Return which pairs give the same answer as one of them."""
    top, bottom = pairs.lines[pairs.upper[best]], pairs.lines[pairs.lower[best]]
    above, below = (np.add.reduce(np.abs(pairs.lines - line), axis=1) for line in (top, bottom))
    away = np.maximum(above[pairs.upper], below[pairs.lower])
    return np.asarray(away <= ALIKE * np.add.reduce(bottom - top))


def margin(pairs: Pairs, total: Array, best: int, among: NDArray[np.bool_]) -> float:
    """Return the log-odds of a pair, and all that give the same answer, against all others that are in question."""
    power = np.where(among, np.exp(total - total[among].max()), 0.0)
    same = _alike(pairs, best)
    return math.log(float(power[same].sum()) + 1e-6) - math.log(float(power[~same].sum()) + 1e-6)


def confidence_of(margin: float, weights: tuple[float, float] = CONFIDENCE) -> float:
    """Return how often answers with this margin are right, from a logistic model's constant and slope."""
    constant, slope = weights
    return 1.0 / (1.0 + math.exp(-constant - slope * margin))


def layers(
    grey: NDArray[Any],
    view: View,
    *,
    spacing: tuple[float, float] | None = None,
    depth_window: Window | None = None,
    layer: int = 0,
) -> Layers:
    """Return the inner edges of the muscle's two aponeuroses.

    Bright lines through the whole view are gathered by a sum over straight and bowed curves, followed along their
    crests, and weighed in pairs: how plainly and evenly each is seen, how it stands out from the tissue beside it,
    and how the stripes of the tissue run above, between and below. The edge is where brightness has fallen half way
    from the band's crest to the muscle beside it.

    Parameters
    ----------
    grey : array, shape (H, W)
        Grey levels 0 to 255, any real dtype.
    view : View
        Where the scan is: :func:`~musclemetrics.imaging.field_of_view`.
    spacing : (float, float), optional
        Width and height of a pixel, in mm, for the directions of stripes; square where not given.
    depth_window : ((float, float), (float, float)), optional
        Where the superficial and the deep inner edge may be on average, each from and to, as shares of the view's
        height.
    layer : int
        0 is the layer that looks most like the muscle measured by people: from the aponeurosis under the skin to the
        next plain one. Where that pair spans a fascia (`inner`), layer 0 is still the whole of it; the parts are had by
        `depth_window`. 1, 2 … are the layers that follow below, −1 the one above, each from the line before to the one
        that looks most like its far side.

    Returns
    -------
    Layers

    Raises
    ------
    InputError
        ``not-finite``; ``view-too-small``; ``no-aponeuroses`` where no two lines are found; ``layer-not-seen`` where
        there is no such layer.
    SettingsError
        ``bad-setting``.

    Examples
    --------
    >>> import numpy as np
    >>> from musclemetrics.imaging import field_of_view, layers
    >>> rows = np.arange(300.0)[:, None]
    >>> speckle = np.random.default_rng(3).rayleigh(20.0, (300, 300))
    >>> bands = sum(150 * np.exp(-(((rows - y) / 4) ** 2)) for y in (60, 200))
    >>> image = np.minimum(speckle + bands, 255)
    >>> found = layers(image, field_of_view(image))
    >>> bool(abs(found.thickness.mean() - (200 - 60 - 2 * 4 * np.log(2) ** 0.5)) < 1.5)
    True
    """
    reduced, pairs = examine(grey, view, spacing, depth_window)
    if not pairs.allowed.any():
        raise InputError(
            f"no two lines run through the view at least {LEAST_GAP:.0%} of its height apart",
            code="no-aponeuroses",
            remedy="give the lines by hand (lines=), or a wider depth_window",
        )
    total = scores(pairs)
    best, among = int(np.where(pairs.allowed, total, -np.inf).argmax()), pairs.allowed
    top = int(total.argmax())
    likelier = None if _alike(pairs, best)[top] else top
    # A window that leaves out what looks better may be wrong: what it leaves out then counts against the answer.
    lead = margin(pairs, total, best, among if likelier is None else np.ones_like(among))
    confidence = confidence_of(lead)
    upper, lower = int(pairs.upper[best]), int(pairs.lower[best])
    stack = _stack(pairs, total, best)
    first = stack.index(upper)
    at = first + layer
    if not 0 <= at < len(stack) - 1:
        raise InputError(
            f"layer {layer} was asked for, the view shows layers {-first} to {len(stack) - 2 - first}",
            code="layer-not-seen",
            remedy="choose another layer, or give the lines by hand (lines=)",
        )
    step = 1 if layer > 0 else -1
    for k in range(first + step, at + step, step):
        # A layer further on is right if the one before is and if its own far line is.
        upper, lower = stack[k], stack[k + 1]
        best = int(np.flatnonzero((pairs.upper == upper) & (pairs.lower == lower))[0])
        among = pairs.upper == upper if layer > 0 else pairs.lower == lower
        lead = margin(pairs, total, best, among)
        confidence *= confidence_of(lead)
    y0, pitch = reduced.box[1], reduced.pitch[1]
    rows = (pairs.lines + 0.5) * pitch - 0.5  # of the view, in pixels
    (superficial, superficial_seen), (deep, deep_seen), (outer, _) = flanks(
        reduced.tall, rows[[upper, lower, stack[first]]], (1, -1, -1)
    )
    keep = _inside(reduced, pairs.lines[upper]) & _inside(reduced, pairs.lines[lower]) & (deep > superficial)
    middle = y0 + rows.mean(axis=1)
    y = middle[[upper, lower]]
    further = [k for k in _plain(pairs) if middle[k] - y[0] > LEAST_GAP / 2 * ROWS * pitch < y[1] - middle[k]]
    found = Layers(
        x=reduced.x[keep],
        superficial=superficial[keep] + y0,
        deep=deep[keep] + y0,
        outer=outer[keep] + y0,
        layer=layer,
        confidence=confidence,
        margin=lead,
        superficial_seen=float(superficial_seen[keep].mean()) if keep.any() else 0.0,
        deep_seen=float(deep_seen[keep].mean()) if keep.any() else 0.0,
        at_bottom=bool(pairs.lines[lower].max() > ROWS - 1 - BORDER),
        ranked=_ranked(pairs, total, middle, among),
        stack=tuple(Layer(float(middle[a]), float(middle[b])) for a, b in pairwise(stack)),
        first=first,
        excluded=None if likelier is None else Layer(*(float(middle[k[likelier]]) for k in (pairs.upper, pairs.lower))),
        inner=tuple(sorted(float(middle[k]) for k in further)),
    )
    return replace(found, flags=tuple(doubts(found)))


def _inside(reduced: Reduced, line: Array) -> NDArray[np.bool_]:
    """Return where a line lies in the scan."""
    return reduced.inside[np.clip(np.rint(line).astype(np.intp), 0, ROWS - 1), np.arange(COLUMNS)]


def _plain(pairs: Pairs) -> list[int]:
    """Return the lines that are plain enough to bound a layer, plainest first."""
    plain = np.flatnonzero((pairs.seen >= SEEN) & (pairs.uneven <= UNEVEN) & (pairs.across <= ACROSS))
    return [int(k) for k in plain[np.argsort(-pairs.seen[plain], kind="stable")]]


def _stack(pairs: Pairs, total: Array, best: int) -> list[int]:
    """Return the lines that bound layers, from top to bottom: the chosen two, then the likeliest on either side."""
    kept = [int(pairs.upper[best]), int(pairs.lower[best])]
    for near, far, last in ((pairs.upper, pairs.lower, -1), (pairs.lower, pairs.upper, 0)):
        while (next_to := near == kept[last]).any():
            k = int(np.where(next_to, total, -np.inf).argmax())
            if total[k] < total[best] - FURTHER:
                break
            kept.insert(len(kept) if last else 0, int(far[k]))
    return kept


def _ranked(
    pairs: Pairs, total: Array, middle: Array, among: NDArray[np.bool_], count: int = 5
) -> tuple[tuple[Layer, float], ...]:
    """Return the best answers that differ, with the probability of everything alike."""
    power = np.where(among, np.exp(total - total[among].max()), 0.0)
    power /= power.sum()
    left = among.copy()
    found: list[tuple[Layer, float]] = []
    while left.any() and len(found) < count:
        best = int(np.where(left, total, -np.inf).argmax())
        same = _alike(pairs, best) & left
        place = Layer(float(middle[pairs.upper[best]]), float(middle[pairs.lower[best]]))
        found.append((place, float(power[same].sum())))
        left &= ~same
        left[best] = False
    return tuple(found)
