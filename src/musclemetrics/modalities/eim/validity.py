"""Whether a sweep can be an impedance at all: linear Kramers–Kronig, and jumps, by one projector a frequency list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST", "Jumps", "Kramers", "kramers_kronig"]

Array = NDArray[np.float64]

A_DECADE = 4.0
"""RC elements a decade: a Cole arc is described to a few parts in a million."""
LEAST = 7
"""Fewest frequencies on which consistency can be judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Jumps:
    """The likeliest jump of each sweep.

    Attributes
    ----------
    size : array, shape (n,)
        As a share of |Z| there.
    t : array, shape (n,)
        Its externally studentised size; the largest of all candidates.
    place : array of int, shape (n,)
        Index of the frequency that stands out, or of the first one after a step.
    step : array of bool, shape (n,)
        Whether all frequencies from `place` on are shifted, rather than one.
    candidates : int
        How many were looked at.
    dof : int
        Degrees of freedom of `t`.
    """

    size: Array
    t: Array
    place: NDArray[np.int64]
    step: NDArray[np.bool_]
    candidates: int
    dof: int


@dataclass(frozen=True, slots=True, eq=False)
class Kramers:
    """The consistency of a stack of sweeps.

    Attributes
    ----------
    rms : array, shape (n,)
        Root mean square of the residual over that of the impedance.
    residual : array, shape (n, 2 f)
        Real part, then imaginary part.
    jumps : Jumps
    """

    rms: Array
    residual: Array
    jumps: Jumps


@dataclass(frozen=True, slots=True, eq=False)
class _Lens:
    basis: Array
    shapes: Array
    room: Array


@lru_cache(maxsize=64)
def _lens(frequencies: bytes) -> _Lens:
    """Return the orthonormal basis of what is consistent on these frequencies, and the shapes of jumps outside it."""
    f = np.frombuffer(frequencies)
    omega = 2.0 * np.pi * f
    first, last = 1.0 / (3.0 * omega[-1]), 3.0 / omega[0]
    count = int(np.clip(round(A_DECADE * float(np.log10(last / first))), 1, min(30, len(f))))
    tau = np.geomspace(first, last, count)
    u = omega[:, None] * tau
    real = np.column_stack([np.ones_like(f), np.zeros_like(f), 1.0 / (1.0 + u * u)])
    imag = np.column_stack([np.zeros_like(f), omega / omega[-1], -u / (1.0 + u * u)])
    columns = np.concatenate([real, imag])
    left, size, _ = np.linalg.svd(columns / np.sqrt((columns * columns).sum(axis=0)), full_matrices=False)
    basis = np.ascontiguousarray(left[:, size > 1e-12 * size[0]])
    # One frequency shifted in R, one in X, and all of R from one frequency on.
    spikes = np.eye(2 * len(f))
    steps = np.concatenate([np.triu(np.ones((len(f), len(f))))[2:-1], np.zeros((len(f) - 3, len(f)))], axis=1)
    shapes = np.concatenate([spikes, steps])
    outside = shapes - (shapes @ basis) @ basis.T
    return _Lens(basis, np.ascontiguousarray(outside), (outside * outside).sum(axis=1))


def kramers_kronig(frequency: Array, resistance: Array, reactance: Array) -> Kramers | None:
    """Return how far sweeps are from any impedance that obeys Kramers and Kronig; None where too few frequencies.

    A sum of RC elements with fixed time constants, a resistance and an inductance of free sign in series (after
    Boukamp 1995, J Electrochem Soc 142:1885) is linear in its coefficients, so that what it can describe is a fixed
    subspace for each list of frequencies and the residual one projection. A delay of the cables looks like an
    inductance and is not seen.

    Parameters
    ----------
    frequency : array, shape (f,)
        In Hz, ascending.
    resistance, reactance : array, shape (n, f)
        Reactance positive where capacitive.
    """
    if len(frequency) < LEAST:
        return None
    lens = _lens(np.ascontiguousarray(frequency).tobytes())
    f = len(frequency)
    z = np.concatenate([resistance, -reactance], axis=1)
    # One small product a sweep: a single large one would make the last bits depend on the neighbours.
    share = np.matmul(lens.basis.T, z[:, :, None])
    residual = z - np.matmul(lens.basis, share)[:, :, 0]
    square = np.add.reduce(residual * residual, axis=1)
    size = np.add.reduce(z * z, axis=1)
    along = np.matmul(lens.shapes, residual[:, :, None])[:, :, 0]
    dof = 2 * f - lens.basis.shape[1] - 1
    with np.errstate(all="ignore"):
        gain = np.where(lens.room > 1e-3, along * along / lens.room, 0.0)
        rest = np.maximum(square[:, None] - gain, 1e-30 * size[:, None]) / dof
        t = np.sqrt(gain / rest)
        best = np.argmax(t, axis=1)
        rows = np.arange(len(z))
        step = best >= 2 * f
        place = np.where(step, best - 2 * f + 2, best % f)
        modulus = np.hypot(resistance, reactance)[rows, place]
        jump = np.abs(along[rows, best]) / lens.room[best] / modulus
    found = Jumps(jump, t[rows, best], place, step, len(lens.shapes), dof)
    return Kramers(np.sqrt(square / size), residual, found)
