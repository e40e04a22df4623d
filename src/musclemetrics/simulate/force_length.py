"""Simulated force–length curves: points of muscles and fibres, and recordings of twitches at several lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..modalities.force_length import bell_skewed, passive_exponential
from ..reading import Event, Reading

__all__ = ["LengthMuscle", "contractions", "points", "samples"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LengthMuscle:
    """A simulated muscle or fibre and its truth.

    Attributes
    ----------
    Lo, width, Ls : float
        Optimal length, full width at half height and slack length, in one unit of length.
    Fmax, passive_A : float
        In one unit of force.
    passive_k : float
        Exponent of passive force per stretch by one optimal length.
    skew : float
        Of the curve of active force.
    """

    name: str
    animal: str
    group: str
    Lo: float
    width: float
    Fmax: float
    Ls: float
    passive_k: float
    passive_A: float
    skew: float = 0.0


def points(
    muscle: LengthMuscle, length: ArrayLike, *, constant: float = 0.01, proportional: float = 0.0, seed: int = 0
) -> tuple[Array, Array]:
    """Return noisy total and passive force at each length.

    Parameters
    ----------
    muscle : LengthMuscle
    length : array_like, shape (n,)
    constant : float
        Standard deviation of the noise as a share of Fmax, of total and of passive force alike.
    proportional : float
        The same as a share of each force.
    seed : int

    Returns
    -------
    total, passive : ndarray, shape (n,)
    """
    rng = np.random.default_rng(seed)
    x = np.asarray(length, dtype=np.float64)
    active = bell_skewed(x, Lo=muscle.Lo, width=muscle.width, skew=muscle.skew, Fmax=muscle.Fmax)
    passive = passive_exponential(x, Ls=muscle.Ls, k=muscle.passive_k, A=muscle.passive_A, Lo=muscle.Lo)

    def noisy(clean: Array) -> Array:
        sd = np.hypot(constant * muscle.Fmax, proportional * clean)
        return np.asarray(clean + rng.normal(0.0, 1.0, clean.shape) * sd)

    return noisy(active + passive), noisy(passive)


def contractions(
    muscle: LengthMuscle,
    length: Sequence[float],
    *,
    rate: float = 1000.0,
    tetanus: float = 0.3,
    noise: float = 0.002,
    seed: int = 0,
) -> list[Reading]:
    """Return recordings of one tetanus at each length, lengths in mm and force in mN.

    Parameters
    ----------
    muscle : LengthMuscle
    length : sequence of float
    rate : float
        Samples a second.
    tetanus : float
        Seconds of stimulation at 100 Hz, from 0.1 s on.
    noise : float
        Standard deviation of the force's noise as a share of Fmax.
    seed : int
    """
    rng = np.random.default_rng(seed)
    t = np.arange(round((0.2 + tetanus + 0.2) * rate)) / rate
    since = np.maximum(t - 0.1, 0.0)
    shape = np.where(t < 0.1 + tetanus, 1.0 - np.exp(-since / 0.03), np.exp(-(t - 0.1 - tetanus) / 0.04))
    events = tuple(Event(float(s), "stimulus") for s in np.arange(0.1, 0.1 + tetanus, 0.01))
    out = []
    for x in length:
        active = float(bell_skewed(x, Lo=muscle.Lo, width=muscle.width, skew=muscle.skew, Fmax=muscle.Fmax))
        passive = float(passive_exponential(x, Ls=muscle.Ls, k=muscle.passive_k, A=muscle.passive_A, Lo=muscle.Lo))
        force = passive + active * shape + rng.normal(0.0, noise * muscle.Fmax, t.shape)
        arrays = {"time": t, "force": force, "length": np.full(t.shape, x) + rng.normal(0.0, 0.002, t.shape)}
        units = {"time": "s", "force": "mN", "length": "mm"}
        labels = {"fibre": muscle.name, "animal": muscle.animal, "group": muscle.group}
        out.append(Reading(arrays, units, labels, events))
    return out


def samples() -> dict[str, str]:
    """Return the files of the sample and of its truth by their names below the folder of samples.

    Whole muscles in mm and mN, cells in sarcomere length and kN/m2, and a broken file.
    """
    muscles = [
        LengthMuscle("L1", "rat 1", "young", 13.1, 6.2, 410.0, 12.2, 14.0, 3.0),
        LengthMuscle("L2", "rat 2", "young", 12.6, 5.8, 385.0, 11.9, 15.0, 2.4),
        LengthMuscle("L3", "rat 3", "young", 13.6, 6.6, 432.0, 12.4, 13.0, 3.6),
        LengthMuscle("L4", "rat 4", "old", 12.9, 5.4, 318.0, 11.6, 16.0, 3.4),
        LengthMuscle("L5", "rat 5", "old", 13.3, 5.9, 342.0, 11.8, 15.0, 4.2),
        # The curve falls more slowly beyond the optimum, which the symmetric bell cannot follow.
        LengthMuscle("L6", "rat 6", "old", 12.4, 6.0, 355.0, 11.7, 14.0, 3.0, skew=0.3),
    ]
    cells = [
        LengthMuscle("L7", "rat 7", "young", 2.42, 1.5, 118.0, 2.25, 6.0, 5.0),
        LengthMuscle("L8", "rat 8", "young", 2.38, 1.4, 104.0, 2.20, 7.0, 4.0),
    ]
    mm, um = np.arange(9.0, 17.1, 0.8), np.arange(1.6, 3.5, 0.2)
    truth = ["fibre,animal,group,Lo,Fmax,width,Ls,passive_k,passive_A"]
    truth += [
        f"{m.name},{m.animal},{m.group},{m.Lo!r},{m.Fmax!r},{m.width!r},{m.Ls!r},{m.passive_k!r},{m.passive_A!r}"
        for m in (*muscles, *cells)
        if not m.skew
    ]
    whole = _table(muscles, mm, "mm", "mN", 50)
    broken = whole.splitlines()[:8]
    broken[4] = broken[4].replace(",11.40,", ",slipped,")
    return {
        "force_length/muscles.csv": whole,
        "force_length/cells.csv": _table(cells, um, "um", "kN/m2", 70),
        "force_length/broken.csv": "\n".join(broken) + "\n",
        "truth/force_length.csv": "\n".join(truth) + "\n",
    }


def _table(muscles: Sequence[LengthMuscle], length: Array, length_unit: str, unit: str, seed: int) -> str:
    rows = [f"fibre,animal,group,length ({length_unit}),total force ({unit}),passive force ({unit})"]
    for number, muscle in enumerate(muscles):
        total, passive = points(muscle, length, constant=0.006, seed=seed + number)
        about = f"{muscle.name},{muscle.animal},{muscle.group}"
        rows += [f"{about},{x:.2f},{f:.2f},{p:.2f}" for x, f, p in zip(length, total, passive, strict=True)]
    return "\n".join(rows) + "\n"
