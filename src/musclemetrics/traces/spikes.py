"""Lone samples far off their neighbours: a glitch of the converter or the wiring, not the muscle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .levels import noise

__all__ = ["SPIKE", "spikes"]

Array = NDArray[np.float64]

SPIKE = 7.0
"""Standard deviations by which a lone sample lies off the line through its neighbours."""
ALONE = 1.4
"""A lone sample stands twice as far off as it makes its neighbours seem to; a bend of the signal does not."""
MOST = 0.05
"""Share of the samples above which spikes are no rare accident, and none is named."""


def spikes(values: Array) -> NDArray[np.int64]:
    """Return the places of lone samples that lie more than 7 standard deviations off their neighbours.

    Parameters
    ----------
    values : array, shape (n,)
        Neighbouring samples of one stretch of signal, without steps.

    Returns
    -------
    array of int
        Empty below 12 samples, and where more than 5 % of the samples would be named: that is another fault.
    """
    if len(values) < 12:
        return np.zeros(0, dtype=np.int64)
    off = np.abs(values[1:-1] - (values[:-2] + values[2:]) / 2)
    steps = np.abs(np.diff(values))
    coarse = float(steps[steps > 0].min()) if steps.any() else 0.0  # a converter's step is no spike
    beside = np.maximum(np.concatenate((off[1:2], off[:-1])), np.concatenate((off[1:], off[-2:-1])))
    lone = (off > max(SPIKE * 1.22 * noise(values), 3.0 * coarse)) & (off > ALONE * beside)
    found = np.flatnonzero(lone) + 1
    return found if len(found) <= MOST * len(values) else np.zeros(0, dtype=np.int64)
