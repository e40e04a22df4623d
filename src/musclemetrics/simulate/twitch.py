"""Simulated twitches whose true kinetics are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..errors import SettingsError
from .rig import one_pole

__all__ = ["TwitchTrace", "csv_text", "samples", "twitch"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TwitchTrace:
    """A simulated recording of one or several equal twitches.

    Attributes
    ----------
    time, force : array, shape (n,)
        Seconds; force in the unit of `peak`.
    stimulus : array, shape (n,)
        1 while the stimulator is on, else 0.
    stimuli : tuple of float
        Seconds at which it goes on.
    truth : dict
        The noise-free values of what ``twitch.measure`` gives at its default settings, by name.
    """

    time: Array
    force: Array
    stimulus: Array
    stimuli: tuple[float, ...]
    truth: dict[str, float]


def twitch(
    *,
    peak: float = 190.0,
    rise: float = 0.006,
    decay: float = 0.020,
    steepness: float = 3.0,
    delay: float = 0.003,
    baseline: float = 20.0,
    stimuli: tuple[float, ...] = (0.05,),
    duration: float = 0.25,
    rate: float = 10_000.0,
    noise: float = 0.003,
    corner: float | None = None,
    hum: float = 0.0,
    hum_frequency: float = 50.0,
    drift: float = 0.0,
    artefact: float = 0.0,
    resolution: float = 0.0,
    onset_level: float = 0.05,
    seed: int = 0,
) -> TwitchTrace:
    """Simulate an isometric twitch, F ∝ (1 − e^(−t/rise))^steepness · e^(−t/decay) from `delay` after each stimulus.

    Its peak lies at t = rise · ln(1 + steepness · decay/rise); half relaxation, width and the steepest slopes follow
    numerically from the noise-free curve.

    Parameters
    ----------
    peak : float
        Force above the baseline; the unit of the recording.
    rise, decay : float
        Time constants, s.
    steepness : float
        Exponent of the rise; above 1 it begins with a toe.
    delay : float
        Seconds from the stimulus to the first force.
    baseline : float
        Resting force.
    stimuli : tuple of float
        Seconds at which the stimulator goes on (for 0.2 ms, or one sample); responses add up.
    duration, rate : float
        Seconds; samples a second.
    noise : float
        Standard deviation as a share of the peak.
    corner : float, optional
        Corner of a one-pole low-pass filter of the noise, Hz, after which it is scaled to `noise` again; None is white.
    hum, hum_frequency : float
        Amplitude of mains hum as a share of the peak; Hz. Its phase is random.
    drift : float
        Linear change of the baseline over the recording as a share of the peak.
    artefact : float
        Spike in the force during the stimulus, as a share of the peak.
    resolution : float
        Step of the converter as a share of the peak; 0 is none.
    onset_level : float
        Share of the peak at which the true latency is taken.
    seed : int

    Returns
    -------
    TwitchTrace

    Raises
    ------
    SettingsError
        If a number cannot be, such as a rate of zero or no stimulus.

    Examples
    --------
    >>> made = twitch(noise=0.0)
    >>> len(made.time), round(made.truth["time_to_peak"], 4)
    (2500, 0.0174)
    """
    for name, value in (("peak", peak), ("rise", rise), ("decay", decay), ("steepness", steepness)):
        checks.number(value, name, low=1e-9)
    for name, value in (("duration", duration), ("rate", rate)):
        checks.number(value, name, low=1e-3)
    if not stimuli:
        raise SettingsError("stimuli is empty", remedy="give one time at least")
    rng = np.random.default_rng(seed)
    time = np.arange(round(duration * rate)) / rate
    top = rise * math.log1p(steepness * decay / rise)
    height = _shape(np.array([top]), rise, decay, steepness)[0]
    clean = np.zeros(len(time))
    on = np.zeros(len(time))
    width = max(1, round(0.0002 * rate))
    for at in stimuli:
        clean += peak / height * _shape(time - at - delay, rise, decay, steepness)
        first = int(np.searchsorted(time, at - 1e-9))
        on[first : first + width] = 1.0
    white = rng.normal(0.0, 1.0, len(time))
    force = baseline + clean + peak * noise * (white if corner is None else one_pole(white, corner / rate))
    phase = rng.uniform(0.0, 2 * math.pi)
    force = force + peak * (hum * np.sin(2 * math.pi * hum_frequency * time + phase) + drift * time / duration)
    force = force + peak * artefact * on
    if resolution > 0:
        force = np.round(force / (peak * resolution)) * (peak * resolution)
    return TwitchTrace(time, force, on, tuple(stimuli), _truth(peak, rise, decay, steepness, delay, top, onset_level))


def _shape(t: Array, rise: float, decay: float, steepness: float) -> Array:
    after = np.maximum(t, 0.0)
    value: Array = (-np.expm1(-after / rise)) ** steepness * np.exp(-after / decay)
    return np.where(t > 0, value, 0.0)


def _truth(
    peak: float, rise: float, decay: float, steepness: float, delay: float, top: float, level: float
) -> dict[str, float]:
    from scipy.optimize import brentq, minimize_scalar

    height = _shape(np.array([top]), rise, decay, steepness)[0]

    def force(t: float) -> float:
        return float(_shape(np.array([t]), rise, decay, steepness)[0] / height)

    def slope(t: float) -> float:
        fading = math.exp(-t / rise)
        return force(t) * (steepness / rise * fading / -math.expm1(-t / rise) - 1.0 / decay)

    last = top
    while force(last) > 0.2:
        last += top
    up, down = (brentq(lambda t: force(t) - 0.5, *ends, xtol=1e-12) for ends in ((1e-9, top), (top, last)))
    early = brentq(lambda t: force(t) - level, 1e-9, top, xtol=1e-12)
    steepest = minimize_scalar(lambda t: -slope(t), bounds=(1e-6 * top, top), method="bounded", options={"xatol": 1e-9})
    falling = minimize_scalar(slope, bounds=(top, last), method="bounded", options={"xatol": 1e-9})
    return {
        "peak": peak,
        "time_to_peak": delay + top,
        "half_relaxation": down - top,
        "latency": delay + early,
        "dFdt_max": peak * slope(steepest.x),
        "dFdt_min": peak * slope(falling.x),
        "width": down - up,
    }


def csv_text(made: TwitchTrace, *, fibre: str, force_unit: str = "mN") -> str:
    """Return a recording as a CSV with the columns fibre, time, force and stimulus."""
    rows = [f"fibre,time (s),force ({force_unit}),stimulus"]
    for t, f, s in zip(made.time, made.force, made.stimulus, strict=True):
        rows.append(f"{fibre},{t:.4f},{f:.3f},{s:g}")
    return "\n".join(rows) + "\n"


def samples() -> dict[str, str]:
    """Return the files of the sample ``twitch`` by path: single twitches, a pair, a train, a spoilt one, the truth."""
    kinds: dict[str, dict[str, Any]] = {
        "T1": {},
        "T2": {"rise": 0.009, "decay": 0.030, "peak": 120.0, "noise": 0.006},
        "T3": {"hum": 0.003, "noise": 0.004},
        "T4": {"stimuli": (0.05, 0.25), "duration": 0.45, "peak": 95.0},
        "T5": {"noise": 0.03, "corner": 400.0, "steepness": 2.0},
    }
    files, rows = {}, []
    for number, (fibre, chosen) in enumerate(kinds.items()):
        made = twitch(rate=2000.0, seed=20 + number, **chosen)
        files[f"twitch/{fibre}.csv"] = csv_text(made, fibre=fibre)
        rows.append(",".join([fibre, "", *(repr(v) for v in made.truth.values())]))
    names = made.truth
    train = twitch(rate=2000.0, seed=30, stimuli=tuple(0.05 + 0.01 * k for k in range(12)), duration=0.3)
    files["twitch/train.csv"] = csv_text(train, fibre="T6")
    spoilt = csv_text(twitch(rate=2000.0, seed=31), fibre="T7").splitlines()
    spoilt[200] = "T7,0.0995,see notebook p. 31,0"
    files["twitch/broken.csv"] = "\n".join(spoilt) + "\n"
    files["truth/twitch.csv"] = "\n".join([",".join(["fibre", "animal", *names]), *rows]) + "\n"
    return files
