"""Simulated isometric contractions whose true forces are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import checks
from .rig import one_pole

__all__ = ["Contraction", "csv_text", "isometric", "samples"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Contraction:
    """A simulated contraction.

    Attributes
    ----------
    time, force : array, shape (n,)
        Seconds; the transducer's signal in the unit of `Po`.
    length : array, shape (n,)
        In {L0}.
    truth : dict
        ``Po``, ``passive``, ``total``, ``zero``, ``stiffness_L0`` and ``stiffness_Po``.
    """

    time: Array
    force: Array
    length: Array
    truth: dict[str, float]


def isometric(
    *,
    Po: float = 0.9,
    passive: float = 0.04,
    zero: float = 0.2,
    start: float = 0.2,
    rise: float = 0.03,
    duration: float = 1.0,
    tetanus: float | None = None,
    slack: float = 0.2,
    slack_at: float = 0.75,
    slack_time: float = 0.03,
    ktr: float = 15.0,
    step: float = 0.0,
    step_at: float = 0.55,
    stiffness: float = 30.0,
    recovery: float = 0.005,
    rate: float = 1000.0,
    noise: float = 0.005,
    corner: float | None = None,
    hum: float = 0.0,
    hum_frequency: float = 50.0,
    wander: float = 0.0,
    drift: float = 0.0,
    spikes: int = 0,
    seed: int = 0,
) -> Contraction:
    """Simulate rest, activation, plateau, and a release into slack or the end of a tetanus.

    Force is zero + passive + Po (1 − e^(−(t − start)/rise)); in slack it is zero; after the re-stretch it redevelops at
    `ktr`; after a tetanus it falls with twice `rise`.

    Parameters
    ----------
    Po, passive : float
        Active and passive force.
    zero : float
        The transducer's signal at zero force.
    start, rise : float
        Onset of activation and its time constant, s; a start of zero or less gives a record that is active throughout.
    duration : float
        Seconds.
    tetanus : float, optional
        Seconds of stimulation; None stays active.
    slack : float
        Size of the release into slack, {L0}; 0 is none.
    slack_at, slack_time : float
        When, and for how long, s.
    ktr : float
        Rate of redevelopment, 1/s.
    step, step_at : float
        Size of a small step, {L0}, positive a stretch, and when, s; 0 is none. It is taken back after 30 ms.
    stiffness : float
        Change of force per {L0} as a multiple of Po.
    recovery : float
        Time constant with which force returns after a small step, s.
    rate : float
        Samples a second.
    noise : float
        Standard deviation as a share of Po.
    corner : float, optional
        Corner of a one-pole low-pass filter of the noise, Hz; None is white.
    hum, hum_frequency : float
        Amplitude as a share of Po; Hz. Its phase is random.
    wander : float
        Amplitude of a slow wave (0.7 s) of the zero as a share of Po.
    drift : float
        Linear change of the zero a second as a share of Po.
    spikes : int
        Single samples lifted by half of Po, at random.
    seed : int

    Returns
    -------
    Contraction

    Raises
    ------
    SettingsError
        If a number cannot be, such as a rate of zero.

    Examples
    --------
    >>> made = isometric(noise=0.0)
    >>> round(float(made.force[700]), 3), made.truth["total"]
    (1.14, 0.9400000000000001)
    """
    for name, value in (("Po", Po), ("rise", rise), ("duration", duration), ("rate", rate), ("ktr", ktr)):
        checks.number(value, name, low=1e-9)
    rng = np.random.default_rng(seed)
    time = np.arange(round(duration * rate)) / rate
    active = np.ones(len(time)) if start <= 0.0 else -np.expm1(-np.maximum(time - start, 0.0) / rise)
    length = np.ones(len(time))
    if tetanus is not None:
        after = time > start + tetanus
        active = np.where(after, np.exp(-np.maximum(time - start - tetanus, 0.0) / (2.0 * rise)), active)
    force = passive + Po * active
    if step != 0.0:
        for at, size in ((step_at, step), (step_at + 0.03, -step)):
            since = time - at
            length = length + np.where(since >= -1e-9, size, 0.0)
            pull = Po * stiffness * size * np.exp(-np.maximum(since, 0.0) / recovery)
            force = force + np.where(since >= -1e-9, pull, 0.0)
    if slack > 0.0:
        inside = (time >= slack_at - 1e-9) & (time < slack_at + slack_time - 1e-9)
        since = np.maximum(time - slack_at - slack_time, 0.0)
        force = np.where(time >= slack_at + slack_time - 1e-9, passive - Po * np.expm1(-ktr * since), force)
        force = np.where(inside, 0.0, force)
        length = np.where(inside, length - slack, length)
    white = rng.normal(0.0, 1.0, len(time))
    phase = rng.uniform(0.0, 2.0 * math.pi, 2)
    disturbed = noise * (white if corner is None else one_pole(white, corner / rate))
    disturbed = disturbed + hum * np.sin(2.0 * math.pi * hum_frequency * time + phase[0])
    disturbed = disturbed + wander * np.sin(2.0 * math.pi * time / 0.7 + phase[1])
    disturbed = disturbed + drift * time
    disturbed[rng.choice(len(time), spikes, replace=False)] += 0.5
    truth = {
        "Po": Po,
        "passive": passive,
        "total": Po + passive,
        "zero": zero,
        "stiffness_L0": Po * stiffness,
        "stiffness_Po": stiffness,
    }
    return Contraction(time, zero + force + Po * disturbed, length + 2e-5 * rng.normal(0.0, 1.0, len(time)), truth)


def csv_text(made: Contraction, *, fibre: str, force_unit: str = "mN", length: bool = True) -> str:
    """Return a recording as a CSV with the columns fibre, time, force and, on request, length."""
    rows = [f"fibre,time (s),force ({force_unit})" + (",length (L0)" if length else "")]
    for t, f, x in zip(made.time, made.force, made.length, strict=True):
        rows.append(f"{fibre},{t:.4f},{f:.5f}" + (f",{x:.5f}" if length else ""))
    return "\n".join(rows) + "\n"


def samples() -> dict[str, str]:
    """Return the files of the sample ``isometric`` by path: fibres, a tetanus, a spoilt one, the truth."""
    kinds: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "I1": ({"step": 0.004}, {}),
        "I2": ({"Po": 120.0, "passive": 5.0, "zero": -8.0, "noise": 0.01}, {"force_unit": "kN/m2"}),
        "I3": ({"Po": 0.6, "hum": 0.006, "step": -0.004}, {}),
        "I4": ({"Po": 450.0, "passive": 30.0, "zero": 12.0, "slack": 0.0, "tetanus": 0.4}, {"length": False}),
        "I5": ({"Po": 1.2, "passive": 0.1, "corner": 60.0}, {}),
        "I6": ({"Po": 0.75, "passive": 0.0, "start": 0.0}, {}),
        "I7": ({"Po": 85.0, "passive": 2.0, "noise": 0.02, "slack_time": 0.04}, {"force_unit": "kN/m2"}),
        "I8": ({"Po": 0.5, "passive": 0.02, "rise": 0.05, "zero": -0.1, "slack": 0.15}, {}),
    }
    files, rows = {}, []
    for number, (fibre, (chosen, written)) in enumerate(kinds.items()):
        made = isometric(seed=50 + number, **chosen)
        files[f"isometric/{fibre}.csv"] = csv_text(made, fibre=fibre, **written)
        rows.append(",".join([fibre, "", *(repr(v) for v in made.truth.values())]))
    names = made.truth
    spoilt = csv_text(isometric(seed=61), fibre="I9").splitlines()
    spoilt[300] = "I9,0.2990,overload,1.00000"
    files["isometric/broken.csv"] = "\n".join(spoilt) + "\n"
    files["truth/isometric.csv"] = "\n".join([",".join(["fibre", "animal", *names]), *rows]) + "\n"
    return files
