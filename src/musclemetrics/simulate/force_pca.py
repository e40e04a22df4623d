"""Simulated force–pCa experiments: points of many fibres, and raw SLControl traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..modalities.force_pca import hill

__all__ = ["Fibre", "forces", "population", "slc_text"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fibre:
    """A simulated fibre and its truth; forces in kN/m2."""

    name: str
    animal: str
    group: str
    pCa50: float
    h: float
    Fmax: float
    Fmin: float


def population(
    groups: Sequence[str] = ("WT", "KO"),
    *,
    animals: int = 3,
    fibres: int = 2,
    pCa50: float = 5.90,
    shift: float = 0.15,
    animal_sd: float = 0.03,
    fibre_sd: float = 0.04,
    seed: int = 1,
) -> list[Fibre]:
    """Return fibres nested in animals nested in groups; each group after the first is `shift` more sensitive."""
    rng = np.random.default_rng(seed)
    out: list[Fibre] = []
    for g, group in enumerate(groups):
        for a in range(animals):
            animal = f"{group}{a + 1}"
            offset = rng.normal(0.0, animal_sd)
            for _ in range(fibres):
                out.append(
                    Fibre(
                        f"{len(out) + 1:03d}",
                        animal,
                        group,
                        pCa50 + g * shift + offset + rng.normal(0.0, fibre_sd),
                        float(np.exp(rng.normal(np.log(2.6), 0.12))),
                        float(np.exp(rng.normal(np.log(110.0), 0.15))),
                        float(rng.uniform(1.0, 6.0)),
                    )
                )
    return out


def forces(pca: ArrayLike, fibre: Fibre, *, constant: float = 0.01, proportional: float = 0.02, seed: int = 0) -> Array:
    """Return noisy forces of `fibre` at each pCa.

    Parameters
    ----------
    pca : array_like, shape (n,)
    fibre : Fibre
    constant, proportional : float
        Standard deviation of the noise as a share of Fmax, and of the force itself.
    seed : int

    Returns
    -------
    ndarray, shape (n,)
    """
    rng = np.random.default_rng(seed)
    clean = hill(pca, pCa50=fibre.pCa50, h=fibre.h, Fmax=fibre.Fmax, Fmin=fibre.Fmin)
    sd = np.sqrt((constant * fibre.Fmax) ** 2 + (proportional * clean) ** 2)
    noisy: Array = clean + rng.normal(0.0, 1.0, clean.shape) * sd
    return noisy


def slc_text(
    pca: float,
    stress: float,
    *,
    fibre: str = "001",
    rate: float = 500.0,
    duration: float = 1.0,
    slack_at: float = 0.6,
    slack: float = 0.06,
    ktr: float = 8.0,
    noise: float = 0.002,
    area: float = 5.0e-9,
    length: float = 1000.0,
    stated_rate: float | None = None,
    seed: int = 0,
) -> str:
    """Return an SLControl 4.5 text record of one contraction with a slack step.

    Parameters
    ----------
    pca : float
        Written into the header.
    stress : float
        Steady stress before the step, kN/m2.
    fibre : str
        Seeds the transducer's zero, so that a fibre's records share it.
    rate, duration : float
        Samples a second; seconds.
    slack_at, slack : float
        Start and duration of the slack, s; the fibre is shortened by 20 % and stretched back.
    ktr : float
        Rate of force redevelopment after the re-stretch, 1/s.
    noise : float
        Standard deviation of the force signal, V.
    area : float
        Cross-sectional area, m2.
    length : float
        Fibre length, µm.
    stated_rate : float, optional
        Rate claimed in the header, where it is to contradict the time column.
    seed : int
    """
    rng = np.random.default_rng([seed, *fibre.encode()])
    calibration, response = 6.0e-4, 200.0
    time = np.arange(round(duration * rate)) / rate
    zero = -0.3
    steady = stress * 1000.0 * area / calibration
    force = np.full(time.shape, steady)
    inside = (time >= slack_at) & (time < slack_at + slack)
    after = time >= slack_at + slack
    force[inside] = 0.0
    force[after] = steady * (1.0 - np.exp(-ktr * (time[after] - slack_at - slack)))
    position = np.where(inside, 0.2 * length / response, 0.0)
    volts = zero + force + rng.normal(0.0, noise, time.shape)
    position = position + rng.normal(0.0, 3e-4, time.shape)
    head = f"""SLCONTROL_DATA_FILE

_VERSION_
4.5.2

_NO_OF_INPUT_CHANNELS_
No_of_input_channels: 4

_FILE_INFO_START_
pCa {pca:g}
Temperature 15
Species Simulated
Muscle Soleus
_FILE_INFO_STOP_

_CALIBRATIONS_
FL_COMMAND_CALIBRATION: {response:g}
FL_RESPONSE_CALIBRATION: {response:g}
FORCE_CALIBRATION: {calibration:g}
FL_POLARITY: -1.000000

_MUSCLE_DIMENSIONS_
Muscle_length_(\u00b5m): {length:.3e}
Sarcomere_length_(nm): 2.300e+003
Area_(m^2): {area:.3e}

_LENGTH_CONTROL_
sampling_rate_(Hz): {stated_rate or rate:.3e}
data_points: {len(time)}
ktr_step_(\u00b5m): {-0.2 * length:.3e}
ktr_duration_(ms): {1000 * slack:.3e}
pre_ktr_(ms): 0.000e+000

Data
"""
    rows = zip(time, volts, position, strict=True)
    return head + "".join(f"{t:.4f}\t{v:.5f}\t0.00000\t{p:.5f}\t0.00000\n" for t, v, p in rows)
