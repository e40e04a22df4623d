"""A stretch of signal as a polynomial whose degree the noise decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stretch", "fitted"]

Array = NDArray[np.float64]

HIGHEST = 9
"""Highest degree of all: without noise a quarter of a twitch needs five or seven."""
LEAST = 6
"""Samples a stretch needs at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A polynomial through consecutive samples.

    Attributes
    ----------
    first, last : int
        The samples [first, last).
    degree : int
    variance : float
        Of the samples about the polynomial.
    """

    first: int
    last: int
    degree: int
    variance: float
    centre: float
    half: float
    orthogonal: Array
    triangle: Array
    powers: Array

    def _basis(self, t: Array, order: int) -> Array:
        x = (np.atleast_1d(t) - self.centre) / self.half
        k = np.arange(self.degree + 1)
        factor = np.ones(self.degree + 1)
        for step in range(order):
            factor = factor * np.maximum(k - step, 0)
        raised = x[:, None] ** np.maximum(k - order, 0)
        return np.asarray(factor * raised / self.half**order)

    def value(self, t: Array | float, order: int = 0) -> Array:
        """Return the polynomial or its derivative of `order` at `t`, shape (len(t),)."""
        return np.asarray(self._basis(np.asarray(t, float), order) @ self.powers)

    def weights(self, t: float, order: int = 0) -> Array:
        """Return the weight of each sample of the stretch in :meth:`value` at `t`."""
        row = self._basis(np.array([t]), order)[0]
        return np.asarray(self.orthogonal @ np.linalg.solve(self.triangle.T, row))

    def root(self, t: float, order: int, level: float = 0.0) -> float:
        """Return where the derivative of `order` equals `level`, by Newton's steps from `t`; `t` if they lead away."""
        low, high = self.centre - self.half, self.centre + self.half
        here = t
        for _ in range(20):
            slope = float(self.value(here, order + 1)[0])
            if slope == 0.0:
                return t
            step = (float(self.value(here, order)[0]) - level) / slope
            here -= step
            if not low <= here <= high:
                return t
            if abs(step) < 1e-12 * self.half:
                break
        return here


def fitted(time: Array, values: Array, first: int, last: int, memory: float = 1.0, margin: int = 2) -> Stretch:
    """Return the polynomial of least squares through the samples [first, last).

    Parameters
    ----------
    time, values : array, shape (n,)
    first, last : int
        At least six samples.
    memory : float
        How many samples count as one, see :class:`~musclemetrics.traces.memory.Noise`.
    margin : int
        Degrees above the one with the least AICc; with a margin the next odd degree is taken.

    Returns
    -------
    Stretch
        Of degree 2 to 9, chosen by the least AICc (Hurvich & Tsai 1989, Biometrika 76:297): with little noise the
        curve is followed closely, with much it is smoothed. The least AICc balances bias and scatter; an interval for
        the truth needs a curve whose bias is small beside its scatter, hence the margin. It is odd because the time of
        a peak errs by the odd terms that are left out.
    """
    t, y = time[first:last], values[first:last]
    n = len(t)
    centre, half = 0.5 * float(t[0] + t[-1]), 0.5 * float(t[-1] - t[0])
    highest = min(HIGHEST, n - 4) if n > LEAST else 2
    q, r = np.linalg.qr(((t - centre) / half)[:, None] ** np.arange(highest + 1))
    along = q.T @ y
    rest = np.maximum(float(y @ y) - np.cumsum(along**2), 0.0)
    degrees = np.arange(2, highest + 1)
    k = degrees + 2.0
    # Hum has so long a memory that nothing would count; a curve needs some freedom whatever the noise.
    counted = max(n / memory, min(n, 30.0), highest + 5.0)
    # Rounding bounds what is left of an exact curve; without a floor the logarithm would chase it.
    spread = np.maximum(rest[2:] / n, 1e-24 * float(y @ y) / n + 1e-300)
    aicc = counted * np.log(spread) + 2 * k + 2 * k * (k + 1) / np.maximum(counted - k - 1, 0.5)
    degree = int(degrees[np.argmin(aicc)]) + margin
    degree = min(degree + ((degree + 1) % 2 if margin else 0), highest)
    keep = degree + 1
    powers = np.linalg.solve(r[:keep, :keep], along[:keep])
    variance = float(rest[degree]) / max(n - keep, 1)
    return Stretch(first, last, degree, variance, centre, half, q[:, :keep], r[:keep, :keep], powers)
