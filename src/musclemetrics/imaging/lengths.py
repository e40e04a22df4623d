"""How long a fascicle is that runs straight from one aponeurosis to the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FascicleLength", "fascicle_length"]

Array = NDArray[np.float64]

FARTHEST = 6.0
"""Widths of the view beyond which two lines are not followed to their meeting."""


@dataclass(frozen=True, slots=True)
class FascicleLength:
    """A straight fascicle through the middle of the muscle.

    Attributes
    ----------
    length : float
        From the deep to the superficial aponeurosis; NaN where it does not meet them.
    extrapolated : float
        0 to 1: share of it that lies outside the columns in which both aponeuroses were seen.
    deep, superficial : tuple of float
        (x, y) of its ends, pixels; outside the image where extrapolated.
    """

    length: float
    extrapolated: float
    deep: tuple[float, float]
    superficial: tuple[float, float]


def fascicle_length(
    angle: float,
    x: Array,
    superficial: Array,
    deep: Array,
    *,
    spacing: tuple[float, float] | None = None,
) -> FascicleLength:
    """Return the length of a straight fascicle through the middle of the muscle.

    Parameters
    ----------
    angle : float
        Of the fascicle against the horizontal, degrees, positive where it rises to the right.
    x : array, shape (n,)
        Columns in which both aponeuroses are known, increasing, pixels.
    superficial, deep : array, shape (n,)
        Their rows: lower edge of the upper, upper edge of the lower aponeurosis, pixels.
    spacing : (float, float), optional
        dx, dy in mm per px; the length is then in mm, and `angle` that in the tissue.

    Returns
    -------
    FascicleLength
        `length` is NaN where the fascicle runs along the aponeuroses or does not meet them within six widths.

    Notes
    -----
    It runs through the middle column, half way between the lines. Outside the columns the aponeuroses go on straight,
    at the slope of a least-squares line through all of each. Real fascicles curve: a straight one with much of its
    length outside the view is an extrapolation, and `extrapolated` says how much of one.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(401.0)
    >>> made = fascicle_length(30.0, x, np.full(401, 100.0), np.full(401, 200.0))
    >>> round(made.length, 6), made.extrapolated
    (200.0, 0.0)
    """
    dx, dy = spacing or (1.0, 1.0)
    nothing = FascicleLength(math.nan, math.nan, (math.nan, math.nan), (math.nan, math.nan))
    slope = -math.tan(math.radians(angle)) * dx / dy
    if math.isnan(slope) or slope == 0.0 or len(x) < 2:
        return nothing
    middle = float(x[0] + x[-1]) / 2
    height = float(np.interp(middle, x, superficial) + np.interp(middle, x, deep)) / 2
    ends = []
    for line, away in ((deep, math.copysign(1.0, slope)), (superficial, -math.copysign(1.0, slope))):
        met = _meeting(x, line, middle, height, slope, away)
        if met is None:
            return nothing
        ends.append((met, height + slope * (met - middle)))
    (low, _), (high, _) = ends
    run = abs(high - low)
    inside = max(0.0, min(max(low, high), float(x[-1])) - max(min(low, high), float(x[0])))
    return FascicleLength(run * math.hypot(dx, slope * dy), 1.0 - inside / run, ends[0], ends[1])


def _meeting(x: Array, line: Array, middle: float, height: float, slope: float, away: float) -> float | None:
    """Return the column where a fascicle from the middle meets a line that goes on straight beyond its columns."""
    off = x - x.mean()
    tilt = float(off @ line) / float(off @ off)
    reach = FARTHEST * float(x[-1] - x[0])
    ahead = x[x > middle] if away > 0 else x[x < middle][::-1]
    edge = float(x[-1] if away > 0 else x[0])
    at = np.concatenate([[middle], ahead, [edge + away * reach]])
    rows = np.interp(at, x, line)
    rows[-1] += tilt * away * reach
    gap = rows - (height + slope * (at - middle))
    crossed = np.flatnonzero(np.sign(gap) != np.sign(gap[0]))
    if len(crossed) == 0 or gap[0] == 0.0:
        return None
    i = int(crossed[0])
    return float(at[i - 1] + (at[i] - at[i - 1]) * gap[i - 1] / (gap[i - 1] - gap[i]))
