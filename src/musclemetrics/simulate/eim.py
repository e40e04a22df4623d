"""Simulated impedance sweeps: Cole arcs with noise, and with what cables, electrodes and patients add to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..modalities.eim import cole

__all__ = ["Tissue", "eim_sweep", "samples"]

Array = NDArray[np.float64]

FREQUENCIES = tuple(1e3 * k for k in (5, 7, 10, 14, 20, 28, 40, 50, 70, 100, 140, 200, 280, 400, 500, 700, 1000))
FEW = (5e3, 50e3, 100e3, 200e3)


@dataclass(frozen=True, slots=True)
class Tissue:
    """A muscle under four electrodes and its truth.

    Attributes
    ----------
    R0, Rinf : float
        In Ohm.
    fc : float
        In Hz.
    alpha : float
    Td : float
        Delay of the cables in s.
    """

    name: str
    muscle: str
    side: str
    group: str
    R0: float
    Rinf: float
    fc: float
    alpha: float
    Td: float = 0.0

    @property
    def truth(self) -> dict[str, float]:
        """The names of a record and their true values, in its units."""
        ri = self.R0 * self.Rinf / (self.R0 - self.Rinf)
        return {
            "R0": self.R0,
            "Rinf": self.Rinf,
            "Re": self.R0,
            "Ri": ri,
            "Cm": 1e9 / (2.0 * np.pi * self.fc * (self.R0 + ri)),
            "fc": self.fc / 1e3,
            "alpha": self.alpha,
            "Td": 1e9 * self.Td,
        }


def eim_sweep(
    tissue: Tissue,
    frequency: ArrayLike = FREQUENCIES,
    *,
    noise: float = 5e-4,
    stray: float = 0.0,
    contact: float = 0.0,
    jump: float = 0.0,
    dropped: int = 0,
    seed: int = 0,
) -> tuple[Array, Array]:
    """Return resistance and reactance of a sweep, reactance positive where capacitive.

    Parameters
    ----------
    tissue : Tissue
    frequency : array_like, shape (f,)
        In Hz.
    noise : float
        Standard deviation of the noise of R and of X as a share of Rinf, equal at every frequency.
    stray : float
        Capacitance in parallel to everything, in F.
    contact : float
        Ohm at 5 kHz of a constant-phase element in series, as poor electrodes leave it.
    jump : float
        Share by which one frequency, drawn at random, is off.
    dropped : int
        Points, drawn at random, at which contact was lost: ten times the impedance.
    seed : int

    Returns
    -------
    resistance, reactance : ndarray, shape (f,)
    """
    rng = np.random.default_rng(seed)
    f = np.asarray(frequency, dtype=np.float64)
    z = cole(f, R0=tissue.R0, Rinf=tissue.Rinf, fc=tissue.fc, alpha=tissue.alpha)
    z = z + contact * (f / 5e3) ** -0.8 * np.exp(-0.4j * np.pi)
    z = z / (1.0 + 2j * np.pi * f * stray * z) * np.exp(-2j * np.pi * f * tissue.Td)
    z = z + noise * tissue.Rinf * (rng.normal(0.0, 1.0, f.shape) + 1j * rng.normal(0.0, 1.0, f.shape))
    if jump:
        z[rng.integers(len(f))] *= 1.0 + jump
    if dropped:
        z[rng.choice(len(f), dropped, replace=False)] *= 10.0
    return np.asarray(z.real, np.float64), np.asarray(-z.imag, np.float64)


def samples() -> dict[str, str]:
    """Return the files of the sample and of its truth by their names below the folder of samples.

    Sweeps of both directions of the sign, a device of four frequencies, and a broken file.
    """
    sweeps = [
        Tissue("P01", "tibialis anterior", "left", "healthy", 62.0, 36.0, 48e3, 0.70, 3e-9),
        Tissue("P02", "tibialis anterior", "right", "healthy", 58.0, 33.0, 52e3, 0.72, 3e-9),
        Tissue("P03", "tibialis anterior", "left", "healthy", 66.0, 37.0, 44e3, 0.69, 3e-9),
        Tissue("P04", "tibialis anterior", "right", "healthy", 55.0, 34.0, 50e3, 0.71, 3e-9),
        Tissue("P05", "tibialis anterior", "left", "ALS", 78.0, 56.0, 66e3, 0.66, 3e-9),
        Tissue("P06", "tibialis anterior", "right", "ALS", 83.0, 61.0, 71e3, 0.65, 3e-9),
        # One point of P07 is off by 2 %, and the electrodes of P08 hold badly.
        Tissue("P07", "tibialis anterior", "left", "ALS", 80.0, 55.0, 60e3, 0.67, 3e-9),
        Tissue("P08", "tibialis anterior", "right", "ALS", 75.0, 54.0, 63e3, 0.66, 3e-9),
    ]
    few = [
        Tissue("P09", "vastus lateralis", "left", "healthy", 64.0, 38.0, 46e3, 0.71),
        Tissue("P10", "vastus lateralis", "left", "healthy", 60.0, 35.0, 49e3, 0.70),
    ]
    other = [
        Tissue("P11", "vastus lateralis", "right", "healthy", 57.0, 33.0, 51e3, 0.72, 2e-9),
        Tissue("P12", "vastus lateralis", "right", "healthy", 63.0, 37.0, 47e3, 0.70, 2e-9),
    ]
    faults = {"P07": {"jump": 0.02}, "P08": {"contact": 12.0}}
    head = "subject,muscle,side,group,frequency (kHz),resistance (Ohm),reactance (Ohm)"
    rows = [head]
    for number, tissue in enumerate(sweeps):
        rows += _rows(tissue, FREQUENCIES, *eim_sweep(tissue, seed=number, **faults.get(tissue.name, {})))  # type: ignore[arg-type]
    four = [head]
    for number, tissue in enumerate(few):
        four += _rows(tissue, FEW, *eim_sweep(tissue, FEW, seed=20 + number))
    # As an analyser of batteries writes it: from high to low frequency, in Hz, the imaginary part below zero.
    turned = ["subject,muscle,side,group,frequency (Hz),resistance (Ohm),reactance (Ohm)"]
    for number, tissue in enumerate(other):
        f = np.array(FREQUENCIES[::-1])
        r, x = eim_sweep(tissue, f, seed=30 + number)
        turned += _rows(tissue, f * 1e3, r, -x)
    broken = rows[:9]
    broken[5] = ",".join([*broken[5].split(",")[:5], "lead off", broken[5].split(",")[6]])
    names = list(sweeps[0].truth)
    truth = ["subject,muscle,side,group," + ",".join(names)]
    for tissue in (*sweeps, *few, *other):
        if tissue.name not in faults:
            about = f"{tissue.name},{tissue.muscle},{tissue.side},{tissue.group}"
            truth.append(about + "," + ",".join(repr(float(tissue.truth[n])) for n in names))
    return {
        "eim/sweeps.csv": "\n".join(rows) + "\n",
        "eim/four_frequencies.csv": "\n".join(four) + "\n",
        "eim/imaginary_part.csv": "\n".join(turned) + "\n",
        "eim/broken.csv": "\n".join(broken) + "\n",
        "truth/eim.csv": "\n".join(truth) + "\n",
    }


def _rows(tissue: Tissue, frequency: Sequence[float] | Array, r: Array, x: Array) -> list[str]:
    about = f"{tissue.name},{tissue.muscle},{tissue.side},{tissue.group}"
    return [f"{about},{f / 1e3:g},{a:.4f},{b:.4f}" for f, a, b in zip(frequency, r, x, strict=True)]
