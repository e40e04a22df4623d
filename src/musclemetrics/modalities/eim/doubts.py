"""What else than tissue behind a delay could have made an arc: electrodes, and a capacitance in parallel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...fitting import Fit

__all__ = ["LONG", "Electrodes", "electrodes"]

Array = NDArray[np.float64]

LONG = 25.0
"""Delay in ns that is doubted: some 5 m of cable; 0.5 % of excellent whole-body sweeps exceed it."""
SLOPE, ANGLE = -0.8, -0.4 * np.pi
"""Of the impedance of polarised electrodes on frequency, and its angle: a constant-phase element."""
SPARE = 4


@dataclass(frozen=True, slots=True, eq=False)
class Electrodes:
    """How much of a polarised electrode the residuals of each sweep hold, shape (n,) each.

    Attributes
    ----------
    share : array
        Its impedance at the lowest frequency as a share of R0, to first order.
    t : array
        That over its standard error.
    """

    share: Array
    t: Array


def electrodes(x: Array, y: Array, weights: Array, found: Fit) -> Electrodes | None:
    """Return the share of a constant-phase element in series, from one linear step off the fitted arc.

    The column of the element and the residuals are freed of what the parameters of the arc can describe; what is left
    of one along the other is its size. None where a sweep has too few numbers for that.

    Parameters
    ----------
    x : array, shape (2 f,)
        Angular frequency of each number.
    y : array, shape (n, 2 f)
    weights : array, shape (2 f,) or (n, 2 f)
    found : Fit
        Of one arc.
    """
    names = found.model.parameters
    dof = len(x) - len(names) - len(found.held) - 1
    if dof < SPARE:
        return None
    size = (x / x[0]) ** SLOPE
    half = len(x) // 2
    column = size * np.where(np.arange(len(x)) < half, np.cos(ANGLE), np.sin(ANGLE))
    n = len(y)
    # A stack of one is doubled: the last bits of a curve may depend on whether it stands alone.
    rows = np.arange(n) if n > 1 else np.zeros(2, dtype=int)
    w = np.broadcast_to(weights, y.shape)[rows]
    with np.errstate(all="ignore"):
        slopes = found.model.derivatives(x[:, None], *found.parameters[rows].T)
        free = [
            np.broadcast_to(d, (len(x), len(rows))) for p, d in zip(names, slopes, strict=True) if p not in found.held
        ]
        j = np.stack(free, axis=-1).transpose(1, 0, 2) * w[:, :, None]
        j = j / np.sqrt(np.add.reduce(j * j, axis=1))[:, None, :]
        j = np.where(np.isfinite(j), j, 0.0)
        basis = np.linalg.qr(j)[0]

        def outside(a: Array) -> Array:
            return np.asarray(a - np.matmul(basis, np.matmul(basis.transpose(0, 2, 1), a[:, :, None]))[:, :, 0])

        shape, rest = outside(column * w), outside((y - found.fitted)[rows] * w)
        room = np.add.reduce(shape * shape, axis=1)
        amount = np.add.reduce(shape * rest, axis=1) / room
        left = rest - amount[:, None] * shape
        error = np.sqrt(np.add.reduce(left * left, axis=1) / dof / room)
        return Electrodes((amount / found["R0"][rows])[:n], (amount / error)[:n])
