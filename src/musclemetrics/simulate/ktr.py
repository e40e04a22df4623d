"""Simulated recoveries of force after a release and re-stretch, with the artefacts of a rig."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..modalities.ktr import redevelopment

__all__ = ["KtrFibre", "KtrTrace", "ktr_table", "ktr_trace", "samples"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KtrFibre:
    """A simulated fibre and its truth; forces in kN/m2.

    Attributes
    ----------
    ktr : float
        1/s.
    F0, Fss : float
        Force at the end of the re-stretch and the force it tends to.
    slow, slow_rate : float
        Share of the recovery that comes back by a second, slower exponential, and its rate in 1/s; a fibre with a slow
        share has no single ktr.
    before : float, optional
        Force before the release; Fss where not given.
    """

    name: str
    animal: str
    group: str
    ktr: float
    F0: float
    Fss: float
    slow: float = 0.0
    slow_rate: float = 1.0
    before: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class KtrTrace:
    """A recording: seconds, kN/m2, {L0}; `end` is the second at which the re-stretch is done."""

    time: Array
    force: Array
    length: Array
    end: float


def ktr_trace(
    fibre: KtrFibre,
    *,
    rate: float = 1000.0,
    duration: float = 0.7,
    release_at: float = 0.06,
    slack: float = 0.02,
    step: float = 0.2,
    servo: float = 0.001,
    overshoot: float = 0.0,
    ring: float = 0.3,
    noise: float = 1.0,
    memory: float = 0.0,
    hum: float = 0.0,
    drift: float = 0.0,
    zero: float = 2.0,
    seed: int = 0,
) -> KtrTrace:
    """Simulate one contraction with a release and re-stretch.

    Parameters
    ----------
    fibre : KtrFibre
    rate, duration : float
        Samples a second; seconds.
    release_at, slack, servo : float
        Seconds: when the release begins, how long the fibre is slack, how long the motor takes for a change.
    step, overshoot : float
        {L0}: the release, and how much further than back the fibre is stretched for 4 ms.
    ring : float
        First swing of the transducer after each change of length, as a share of Fss; 700 Hz, gone in 3 ms.
    noise : float
        Standard deviation of the noise, kN/m2.
    memory : float
        Seconds over which the noise remembers itself (first-order autoregression); 0 is white.
    hum : float
        Amplitude of mains hum at 50 Hz, kN/m2.
    drift : float
        kN/m2 a second.
    zero : float
        Force that the transducer shows at zero force.
    seed : int

    Returns
    -------
    KtrTrace

    Raises
    ------
    SettingsError
        If `rate` or `duration` is not positive.

    Examples
    --------
    >>> trace = ktr_trace(KtrFibre("1", "rat", "control", ktr=12.0, F0=8.0, Fss=110.0))
    >>> trace.time.shape, round(trace.end, 3)
    ((700,), 0.082)
    """
    checks.number(rate, "rate", low=1.0)
    checks.number(duration, "duration", low=1e-3)
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration * rate)) / rate
    back = release_at + servo + slack
    events = [release_at, back]
    end = back + servo
    length = 1.0 - step * _ramp(t, release_at, servo) + (step + overshoot) * _ramp(t, back, servo)
    if overshoot:
        length -= overshoot * _ramp(t, end + 0.004, servo)
        events.append(end + 0.004)
        end += 0.004 + servo
    before = fibre.Fss if fibre.before is None else fibre.before
    since = np.maximum(t - end, 0.0)
    height = fibre.Fss - fibre.F0
    clean = redevelopment(since, ktr=fibre.ktr, F0=fibre.F0, Fss=fibre.Fss - fibre.slow * height)
    clean = clean + fibre.slow * redevelopment(since, ktr=fibre.slow_rate, F0=0.0, Fss=height)
    inside = (t >= release_at + servo) & (t < back)
    force = np.where(t < release_at, before, np.where(t < end, fibre.F0 * _ramp(t, back, end - back), clean))
    force = np.where(inside, 0.0, force)
    for event in events:
        after = t - event
        swing = np.exp(-np.maximum(after, 0.0) / 0.0008) * np.sin(2 * np.pi * 700.0 * after)
        force = force + np.where(after > 0, ring * fibre.Fss * swing, 0.0)
    force = force + zero + drift * t + hum * np.sin(2 * np.pi * 50.0 * t + rng.uniform(0.0, 2 * np.pi))
    force = force + noise * _coloured(rng, len(t), memory * rate)
    return KtrTrace(t, force, length + rng.normal(0.0, 1e-4, t.shape), end)


def ktr_table(fibres: Sequence[KtrFibre], traces: Sequence[KtrTrace]) -> str:
    """Return recordings as one table, a row a sample."""
    rows = ["fibre,animal,group,time (s),length (L0),force (kN/m2)"]
    for fibre, trace in zip(fibres, traces, strict=True):
        about = f"{fibre.name},{fibre.animal},{fibre.group}"
        samples = zip(trace.time, trace.length, trace.force, strict=True)
        rows += [f"{about},{t:.4f},{x:.4f},{f:.2f}" for t, x, f in samples]
    return "\n".join(rows) + "\n"


def samples() -> dict[str, str]:
    """Return the files of the sample and of its truth by their names below the folder of samples.

    Recordings are clean, coloured and humming; two are doubtful, and one file is broken.
    """
    fibres = [
        KtrFibre("K1", "mouse 1", "WT", ktr=14.0, F0=6.0, Fss=112.0),
        KtrFibre("K2", "mouse 1", "WT", ktr=11.5, F0=9.0, Fss=98.0),
        KtrFibre("K3", "mouse 2", "WT", ktr=16.2, F0=4.0, Fss=121.0),
        KtrFibre("K4", "mouse 3", "KO", ktr=9.4, F0=12.0, Fss=88.0),
        KtrFibre("K5", "mouse 3", "KO", ktr=8.8, F0=8.0, Fss=79.0),
        KtrFibre("K6", "mouse 4", "KO", ktr=10.6, F0=5.0, Fss=93.0),
        # Much force left by the release; the fibre slipped a little as well.
        KtrFibre("K7", "mouse 4", "KO", ktr=12.3, F0=40.0, Fss=90.0, before=108.0),
        # A second, slow component: its ktr depends on the window, and no single one is true.
        KtrFibre("K8", "mouse 5", "KO", ktr=18.0, F0=10.0, Fss=100.0, slow=0.3, slow_rate=2.5),
    ]
    traces = []
    for number, fibre in enumerate(fibres):
        memory, hum = 0.002 * (number % 2), 0.5 * (number == 2)
        traces.append(ktr_trace(fibre, memory=memory, hum=hum, overshoot=0.05 * (number == 5), seed=30 + number))
    truth = ["fibre,animal,group,ktr,F0,Fss"]
    truth += [f"{f.name},{f.animal},{f.group},{f.ktr!r},{f.F0!r},{f.Fss!r}" for f in fibres if not f.slow]
    return {
        "ktr/fibres.csv": ktr_table(fibres, traces),
        "ktr/broken.csv": _broken(ktr_table(fibres[:1], traces[:1])),
        "truth/ktr.csv": "\n".join(truth) + "\n",
    }


def _broken(table: str) -> str:
    """Return the beginning of a table in which somebody wrote a remark over a force."""
    rows = table.splitlines()[:60]
    rows[40] = rows[40].rsplit(",", 1)[0] + ",transducer knocked"
    return "\n".join(rows) + "\n"


def _ramp(t: Array, begin: float, duration: float) -> Array:
    return np.clip((t - begin) / duration, 0.0, 1.0)


def _coloured(rng: np.random.Generator, count: int, memory: float) -> Array:
    """Return noise of unit variance that remembers itself over `memory` samples."""
    white = rng.normal(0.0, 1.0, count)
    if memory <= 0.0:
        return white
    share = float(np.exp(-1.0 / memory))
    fresh = white * np.sqrt(1.0 - share**2)
    fresh[0] = white[0]
    from scipy.signal import lfilter

    return np.asarray(lfilter([1.0], [1.0, -share], fresh), dtype=np.float64)
