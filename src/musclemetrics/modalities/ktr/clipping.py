"""Whether the amplifier ran into its limit, with and without noise on top of it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .recovery import Recovery, recover, redevelopment

__all__ = ["Ceiling", "ceiling", "stuck"]

Array = NDArray[np.float64]

SHARE = 0.02
"""Share of the samples that must stand at one value to be more than chance."""
LAST = 0.2
"""Last share of the window, whose mean is the ceiling suspected."""
BELOW = 0.95
"""Up to this share of the way to the ceiling force is followed, before any bend of the ceiling."""
LEAST = 20
EXCEEDS = 0.03
"""Share of the rise by which the curve of the early samples must pass the ceiling."""
SURE = 5.0
AS_NOISY = 1.5
"""The early curve must describe its samples nearly as well as a level describes the late ones: a recovery that is no
exponential at all also passes its own plateau."""

Ceiling = tuple[float, float]
"""The force at which a recovery stops, and the force its beginning leads to by then."""


def stuck(inside: Array) -> int:
    """Return how many samples stand exactly at the largest force, 0 where that is chance or a coarse converter."""
    count = int(np.sum(inside == inside.max()))
    levels = len(np.unique(inside))
    return count if count > max(5, SHARE * len(inside)) and levels > 20 and count > 5 * len(inside) / levels else 0


def ceiling(found: Recovery) -> Ceiling | None:
    """Return the ceiling of a recovery that stops short of where its own beginning leads, None where it does not.

    Below an amplifier's limit force follows its exponential; at the limit it turns flat at once, whatever noise is
    added behind the amplifier. So the exponential of the samples below 95 % of the plateau is followed on.
    """
    t, y = found.time, found.force
    late = max(5, round(LAST * len(y)))
    top, scatter = float(y[-late:].mean()), float(y[-late:].std(ddof=1))
    low = found["F0"]
    size = max(1, len(y) // 100)
    mean = np.convolve(y, np.full(size, 1.0 / size), "same")
    reached = np.flatnonzero(mean >= low + BELOW * (top - low))
    count = int(reached[0]) if len(reached) else 0
    if count < LEAST or count > len(t) - 2 * late or top <= low:
        return None
    early = recover(t[:count], y[:count])
    if not early.fit.converged[0] or early.sd > AS_NOISY * scatter + 1e-9 * abs(top):
        return None
    at = min(float(t[-1]), 2.0 * float(t[count]))
    led = float(redevelopment(at, ktr=early["ktr"], F0=early["F0"], Fss=early["Fss"]))
    error = _error(early, at) + scatter / math.sqrt(late)
    return (top, led) if led - top > max(EXCEEDS * (top - low), SURE * error) else None


def _error(early: Recovery, at: float) -> float:
    """Return the standard error of a fitted recovery at a time beyond its samples."""
    values = [early[name] for name in early.fit.model.parameters]
    slopes = np.array([float(s) for s in np.ravel(early.fit.model.derivatives(np.array([[at]]), *values))])
    return math.sqrt(max(float(slopes @ early.fit.covariance[0] @ slopes), 0.0))
