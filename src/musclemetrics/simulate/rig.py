"""A bench rig: what its motor, transducer and converter add to the truth, every artefact by itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FINE", "Artefacts", "one_pole", "recorded"]

Array = NDArray[np.float64]

FINE = 20_000.0
"""Samples a second at which a rig is simulated before its filter and its decimation."""


@dataclass(frozen=True, slots=True)
class Artefacts:
    """What a rig adds to the truth; each is a share of Po where nothing else is said, and 0 switches it off.

    The defaults are the levels measured on real traces.

    Attributes
    ----------
    release : float
        Seconds the motor needs.
    overshoot : float
        Of the length step, as a share of L0.
    ring : float
        First swing of the transducer after a step.
    ring_frequency, ring_q : float
        Hz; quality of the resonance.
    noise : float
        Standard deviation of white noise at 20 kHz; the rig's filter lessens it with the sampling rate.
    hum, hum_frequency : float
        Amplitude of mains hum; Hz.
    wander : float
        Standard deviation of the transducer's zero between releases.
    run_down : float
        Loss of force over the whole test.
    resolution : float
        Step of the converter.
    length_noise : float
        Standard deviation, share of L0.
    spikes : int
        Single samples far off, at random places.
    """

    release: float = 0.0004
    overshoot: float = 0.003
    ring: float = 0.7
    ring_frequency: float = 1600.0
    ring_q: float = 3.0
    noise: float = 0.01
    hum: float = 0.001
    hum_frequency: float = 50.0
    wander: float = 0.01
    run_down: float = 0.017
    resolution: float = 0.0017
    length_noise: float = 1e-4
    spikes: int = 0

    @staticmethod
    def none() -> Artefacts:
        """Return a perfect rig, but for the time a release takes."""
        return Artefacts(**{f: 0.0 for f in Artefacts.__slots__ if f not in _KEPT}, spikes=0)


_KEPT = ("release", "ring_frequency", "ring_q", "hum_frequency", "spikes")


def recorded(
    force: Array, length: Array, start: Array, step: Array, rig: Artefacts, every: int, rng: Any
) -> tuple[Array, Array, Array]:
    """Return time, force (Po) and length (L0) as a rig would have recorded them.

    Parameters
    ----------
    force, length : array, shape (n,)
        The truth, `FINE` samples a second.
    start, step : array, shape (releases,)
        When each release begins, s, and its size.
    rig : Artefacts
    every : int
        One sample in so many is kept, after a filter.
    rng : numpy.random.Generator
    """
    t = np.arange(len(force)) / FINE
    whole = force * (1.0 - rig.run_down * t / t[-1])
    if rig.ring:
        # A blow at each step: the resonance answers with a swing that dies within a few periods.
        damped = np.pi * rig.ring_frequency / rig.ring_q
        for at, share in zip(start, step, strict=True):
            since = t - at
            inside = (since >= 0) & (since < 0.02)
            blow = np.exp(-damped * since[inside]) * np.sin(2 * np.pi * rig.ring_frequency * since[inside])
            whole[inside] -= rig.ring * share / step.max() * blow
    whole = whole + rng.normal(0.0, 1.0, len(t)) * rig.noise
    whole = whole + rig.hum * np.sin(2 * np.pi * rig.hum_frequency * t + rng.uniform(0, 2 * np.pi))
    zero = rng.normal(0.0, 1.0, len(start) + 1) * rig.wander
    whole = whole + np.interp(t, np.append(start, t[-1]), zero)
    position = length.copy()
    if rig.overshoot:
        for at in start:
            since = t - at - rig.release
            inside = (since >= 0) & (since < 0.01)
            swing = np.exp(-since[inside] / 0.0005) * np.cos(2 * np.pi * 600 * since[inside])
            position[inside] -= rig.overshoot * swing
    position = position + rng.normal(0.0, 1.0, len(t)) * rig.length_noise
    if rig.spikes:
        at = rng.choice(len(t), rig.spikes, replace=False)
        whole[at] += rng.choice([-0.5, 0.5], rig.spikes)
    phase = int(rng.integers(every)) if every > 1 else 0
    if every > 1:
        whole, position = _filtered(whole, every), _filtered(position, every)
    t, whole, position = t[phase::every], whole[phase::every], position[phase::every]
    if rig.resolution:
        whole = np.round(whole / rig.resolution) * rig.resolution
    return t, whole, position


def _filtered(values: Array, every: int) -> Array:
    """Return a signal low-passed for decimation without delay, by a smooth window over two of the coarse samples."""
    window = np.hanning(2 * every + 1)[1:-1]
    window = window / window.sum()
    pad = len(window) // 2
    return np.convolve(np.pad(values, pad, mode="edge"), window, mode="valid")


def one_pole(white: Array, share: float) -> Array:
    """Return one-pole low-pass noise of unit standard deviation; `share` is the corner over the rate."""
    from scipy.signal import lfilter

    keep = math.exp(-2 * math.pi * share)
    scale = math.sqrt(1 - keep**2)
    made: Array = lfilter([scale], [1.0, -keep], np.concatenate(([white[0] / scale], white[1:])))
    return made
