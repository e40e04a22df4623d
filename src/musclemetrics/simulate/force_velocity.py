"""Simulated force–velocity experiments: points of many fibres, isovelocity ramps and load clamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..modalities.force_velocity import hill_force, hill_velocity

__all__ = ["Fibre", "clamp", "forces", "population", "ramp", "samples", "velocities"]

Array = NDArray[np.float64]

STIFFNESS, STRETCH = 50.0, 0.03
"""Series elasticity: its exponent per L0, and how far it is stretched at Po, in L0."""
STEPS = 20_000.0
"""Steps a second in which traces are computed, whatever rate they are kept at."""
YIELD = 5.0
"""Vmax by which the contractile element gives way for each Po above Po, so that a quick stretch leaves no force."""


@dataclass(frozen=True)
class Fibre:
    """A simulated fibre and its truth; Vmax in {L0}/s, Po in kN/m2."""

    name: str
    animal: str
    group: str
    Vmax: float
    Po: float
    a_Po: float

    @property
    def best(self) -> float:
        """Share of Po, and of Vmax, at which power is greatest."""
        return float(np.sqrt(self.a_Po**2 + self.a_Po) - self.a_Po)

    @property
    def Pmax(self) -> float:
        """Greatest power, W/L."""
        return self.best**2 * self.Vmax * self.Po


def population(
    groups: Sequence[str] = ("slow", "fast"),
    *,
    animals: int = 3,
    fibres: int = 2,
    Vmax: Sequence[float] = (0.8, 2.5),
    seed: int = 1,
) -> list[Fibre]:
    """Return fibres nested in animals nested in groups, each group with its own typical `Vmax`."""
    rng = np.random.default_rng(seed)
    out: list[Fibre] = []
    for group, typical in zip(groups, Vmax, strict=True):
        for a in range(animals):
            offset = rng.normal(0.0, 0.05)
            for _ in range(fibres):
                out.append(
                    Fibre(
                        f"{len(out) + 1:03d}",
                        f"{group}{a + 1}",
                        group,
                        float(typical * np.exp(offset + rng.normal(0.0, 0.08))),
                        float(np.exp(rng.normal(np.log(120.0), 0.15))),
                        float(np.exp(rng.normal(np.log(0.25), 0.2))),
                    )
                )
    return out


def forces(velocity: ArrayLike, fibre: Fibre, *, noise: float = 0.01, seed: int = 0) -> Array:
    """Return noisy forces at velocities that were set (isovelocity); `noise` is a share of Po."""
    rng = np.random.default_rng(seed)
    clean = hill_force(velocity, Vmax=fibre.Vmax, Po=fibre.Po, a_Po=fibre.a_Po)
    noisy: Array = clean + rng.normal(0.0, noise * fibre.Po, clean.shape)
    return noisy


def velocities(force: ArrayLike, fibre: Fibre, *, noise: float = 0.01, seed: int = 0) -> Array:
    """Return noisy velocities at forces that were set (load clamps); `noise` is a share of Vmax."""
    rng = np.random.default_rng(seed)
    clean = hill_velocity(force, Vmax=fibre.Vmax, Po=fibre.Po, a_Po=fibre.a_Po)
    noisy: Array = clean + rng.normal(0.0, noise * fibre.Vmax, clean.shape)
    return noisy


def _stretched(share: float) -> float:
    """Return how far the series elasticity is stretched at a share of Po."""
    return float(np.log1p(max(share, 0.0) * np.expm1(STIFFNESS * STRETCH)) / STIFFNESS)


def _pull(stretch: Array | float) -> Array:
    out: Array = np.expm1(STIFFNESS * np.maximum(stretch, 0.0)) / np.expm1(STIFFNESS * STRETCH)
    return out


def _speed(share: float, fibre: Fibre) -> float:
    """Return the contractile element's speed of shortening at a share of Po; negative where it is stretched."""
    if share <= 1.0:
        return float(fibre.Vmax * (1.0 - share) / (1.0 + share / fibre.a_Po))
    return float(fibre.Vmax * (1.0 - share) * YIELD)


def ramp(
    velocity: float,
    fibre: Fibre,
    *,
    rate: float = 1000.0,
    start: float = 1.05,
    to: float = 0.95,
    rest: float = 0.15,
    noise: float = 0.01,
    zero: float = 0.0,
    seed: int = 0,
) -> tuple[Array, Array, Array]:
    """Return time (s), length ({L0}) and force of one isovelocity contraction.

    The fibre rests at `start`, is released quickly by what unloads its series elasticity to the force to come, shortens
    at `velocity` down to `to`, is dropped slack, stretched back to its rest length 1 and left to recover.

    Parameters
    ----------
    velocity : float
        {L0}/s, above 0.
    fibre : Fibre
    rate : float
        Samples a second.
    start, to : float
        {L0}.
    rest : float
        Seconds of rest before; four times as long after.
    noise : float
        Standard deviation of the force signal as a share of Po.
    zero : float
        Force the transducer shows without load, as a share of Po.
    seed : int
    """
    share = float(hill_force(velocity, Vmax=fibre.Vmax, Po=1.0, a_Po=fibre.a_Po))
    step = STRETCH - _stretched(share)
    moves = [
        (rest, start), (0.001, start - step), ((start - step - to) / velocity, to), (0.001, to - 0.2), (0.03, to - 0.2),
        (0.02, 1.0), (4 * rest, 1.0),
    ]  # fmt: skip
    times = np.concatenate([[0.0], np.cumsum([m[0] for m in moves])])
    fine = np.arange(round(times[-1] * STEPS)) / STEPS
    length = np.interp(fine, times, [start, *(m[1] for m in moves)])
    force = np.empty_like(length)
    element = start - STRETCH
    for k in range(len(fine)):
        force[k] = _pull(length[k] - element)
        # Slack is taken up without load: the element cannot be pushed.
        element -= _speed(float(force[k]), fibre) / STEPS
    return _kept(fine, length, force, fibre, rate, noise, zero, seed)


def clamp(
    load: float,
    fibre: Fibre,
    *,
    rate: float = 1000.0,
    duration: float = 0.1,
    rest: float = 0.15,
    fatigue: float = 0.0,
    noise: float = 0.01,
    zero: float = 0.0,
    seed: int = 0,
) -> tuple[Array, Array, Array]:
    """Return time (s), length ({L0}) and force of one load clamp.

    Parameters
    ----------
    load : float
        Force held, as a share of Po.
    fibre : Fibre
    rate, rest, noise, zero, seed
        As for :func:`ramp`.
    duration : float
        Seconds of the clamp; then the fibre is dropped slack, stretched back and left to recover.
    fatigue : float
        Share by which the speed has fallen at the end of the clamp, as it does in real fibres.
    """
    fine = np.arange(round((rest + duration) * STEPS)) / STEPS
    force = np.interp(fine, [0.0, rest, rest + 0.002, rest + duration], [1.0, 1.0, load, load])
    slower = 1.0 - fatigue * np.clip((fine - rest) / duration, 0.0, 1.0)
    speed = np.array([_speed(float(f), fibre) for f in force]) * slower
    element = 1.0 - STRETCH - np.concatenate([[0.0], np.cumsum(speed[:-1])]) / STEPS
    length = element + np.array([_stretched(float(f)) for f in force])
    # Then slack, back to 1, and recovery as under length control.
    last, inside = float(length[-1]), float(element[-1])
    later = np.arange(round((0.001 + 0.03 + 0.02 + 4 * rest) * STEPS)) / STEPS
    ends = np.cumsum([0.0, 0.001, 0.03, 0.02, 4 * rest])
    path = np.interp(later, ends, [last, last - 0.2, last - 0.2, 1.0, 1.0])
    pull = np.empty_like(path)
    for k in range(len(later)):
        pull[k] = _pull(path[k] - inside)
        inside -= _speed(float(pull[k]), fibre) / STEPS
    time = np.concatenate([fine, fine[-1] + (1 + np.arange(len(later))) / STEPS])
    whole = np.concatenate([length, path]), np.concatenate([force, pull])
    return _kept(time, *whole, fibre, rate, noise, zero, seed)


def _kept(
    time: Array, length: Array, force: Array, fibre: Fibre, rate: float, noise: float, zero: float, seed: int
) -> tuple[Array, Array, Array]:
    """Return the traces at the rate they are recorded at, with noise of both transducers."""
    rng = np.random.default_rng(seed)
    every = round(STEPS / rate)
    n = len(time) // every
    t = np.arange(n) / rate
    kept = length[: n * every].reshape(n, every).mean(axis=1), force[: n * every].reshape(n, every).mean(axis=1)
    return (
        t,
        kept[0] + rng.normal(0.0, 1e-4, n),
        (kept[1] + zero + rng.normal(0.0, noise, n)) * fibre.Po,
    )


def samples() -> dict[str, str]:
    """Return the sample files of this modality and their truth, by path."""
    ramped = population()
    clamped = population(("C",), animals=2, fibres=2, Vmax=(1.5,), seed=2)
    clamped = [
        Fibre(f"I{f.name}", *(getattr(f, n) for n in ("animal", "group", "Vmax", "Po", "a_Po"))) for f in clamped
    ]
    traced = [Fibre("T1", "rat 1", "fast", 2.4, 120.0, 0.25), Fibre("T2", "rat 2", "fast", 1.8, 105.0, 0.3)]
    out = {
        "force_velocity/isovelocity.csv": _isovelocity(ramped),
        "force_velocity/load_clamps.csv": _load_clamps(clamped),
        "force_velocity/broken.csv": "fibre,protocol,velocity (L0/s),force (kN/m2)\n"
        "B1,isovelocity,0,118.2\nB1,isovelocity,0.4,off scale\nB1,isovelocity,1.2,14.9\n"
        "B1,isovelocity,1.8,4.1\nB1,isovelocity,2.2,0.6\n",
        "truth/force_velocity.csv": _truth([*ramped, *clamped]),
        "truth/force_velocity_traces.csv": _truth(traced),
    }
    for k, velocity in enumerate((0.1, 0.3, 0.6, 1.0, 1.5, 2.0)):
        made = ramp(velocity, traced[0], rest=0.1, zero=0.04, seed=20 + k)
        out[f"force_velocity_traces/T1/ramp_{k + 1}.csv"] = _trace("isovelocity", *made)
    for k, load in enumerate((0.8, 0.6, 0.4, 0.25, 0.12, 0.06)):
        made = clamp(load, traced[1], rest=0.1, zero=-0.02, seed=40 + k)
        out[f"force_velocity_traces/T2/clamp_{k + 1}.csv"] = _trace("isotonic", *made)
    return out


def _isovelocity(fibres: Sequence[Fibre]) -> str:
    rows = ["fibre,animal,group,protocol,temperature,velocity (L0/s),force (kN/m2)"]
    for number, fibre in enumerate(fibres):
        typical = 0.8 if fibre.group == "slow" else 2.5
        speeds = np.round(typical * np.array([0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8]), 4)
        for velocity, value in zip(speeds, forces(speeds, fibre, seed=number), strict=True):
            about = f"{fibre.name},{fibre.animal},{fibre.group},isovelocity,15 Cel"
            rows.append(f"{about},{velocity:g},{value:.2f}")
    return "\n".join(rows) + "\n"


def _load_clamps(fibres: Sequence[Fibre]) -> str:
    """A table as a German spreadsheet writes it: semicolons, decimal commas, velocity in per cent of length."""
    rows = ["fibre;animal;protocol;force (mN/mm²);velocity (%L0/s)"]
    for number, fibre in enumerate(fibres):
        loads = fibre.Po * np.array([0.9, 0.75, 0.6, 0.45, 0.3, 0.2, 0.12, 0.06])
        for load, value in zip(loads, velocities(loads, fibre, noise=0.005, seed=60 + number), strict=True):
            about = f"{fibre.name};{fibre.animal};isotonic"
            rows.append(f"{about};{load:.2f};{100 * value:.2f}".replace(".", ","))
    return "\n".join(rows) + "\n"


def _trace(protocol: str, time: Array, length: Array, force: Array) -> str:
    rows = ["protocol,time (ms),length (L0),force (kN/m2)"]
    table = zip(1e3 * time, length, force, strict=True)
    return "\n".join([*rows, *(f"{protocol},{t:.0f},{x:.5f},{f:.2f}" for t, x, f in table)]) + "\n"


def _truth(fibres: Sequence[Fibre]) -> str:
    rows = ["fibre,animal,group,Vmax,Po,a_Po,Pmax"]
    rows += [f"{f.name},{f.animal},{f.group},{f.Vmax!r},{f.Po!r},{f.a_Po!r},{f.Pmax!r}" for f in fibres]
    return "\n".join(rows) + "\n"
