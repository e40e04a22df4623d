"""A stray capacitance in parallel: its fit, and what it would give in the place of a long delay."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...fitting import Fit, fit
from .curves import COLE, DELAYED, SHIFT, STRAY
from .doubts import LONG

__all__ = ["NOISE", "aicc_of", "in_place_of_delay", "with_stray"]

Array = NDArray[np.float64]

NOISE = "white"
"""Weights say where the model is trusted, not where the noise is, so that errors mean the same under all of them."""


def in_place_of_delay(x: Array, y: Array, w: Array, delay: Array, points: int) -> dict[int, tuple[float, float, float]]:
    """Return what a stray capacitance in place of a long delay would give: Cs, Ri and aicc of each such sweep."""
    out = {}
    for i in np.flatnonzero(delay > LONG).tolist():
        own = w if w.ndim == 1 else w[i : i + 1]
        found = with_stray(x, y[i : i + 1], own)
        cs, r0, rinf = (float(found[name][0]) for name in ("load", "R0", "Rinf"))
        if found.converged[0] and r0 > rinf > 0:
            out[i] = (cs - 1.0) / SHIFT * 1e9, r0 * rinf / (r0 - rinf), float(aicc_of(found, points)[0])
    return out


def with_stray(x: Array, y: Array, w: Array) -> Fit:
    """Return the fit with a stray capacitance; it and a delay look much alike: Cs ≈ Td/R is the place to begin."""
    near = fit(DELAYED, x, y, weights=w)
    middle = np.sqrt(np.abs(near["R0"] * near["Rinf"])) + 1e-12
    begin: Any = {name: near[name] for name in COLE.parameters}
    begin["load"] = 1.0 + np.clip((near["shift"] - 1.0) / middle * 1000.0, -10.0, 10.0)
    return fit(STRAY, x, y, weights=w, start=begin, noise=NOISE)


def aicc_of(found: Fit, points: int) -> Array:
    """Return the corrected criterion of Akaike of every fit; NaN where too few numbers define it."""
    k = len(found.model.parameters) - len(found.held) + 1
    if points - k - 1 <= 0:
        return np.full(len(found.sse), np.nan)
    with np.errstate(divide="ignore"):
        return np.asarray(points * np.log(found.sse / points) + 2.0 * k + 2.0 * k * (k + 1) / (points - k - 1))
