"""Studies with known truth: two groups of animals, several fibres from each, a force–pCa curve from every fibre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..modalities.force_pca import hill

__all__ = ["PCA", "NestedStudies", "nested_studies"]

Array = NDArray[np.float64]

PCA = (9.0, 6.6, 6.3, 6.1, 5.9, 5.7, 5.5, 5.2, 4.5)


@dataclass(frozen=True, slots=True, eq=False)
class NestedStudies:
    """Simulated studies of one design.

    Attributes
    ----------
    pca : array, shape (points,)
    forces : array, shape (studies, fibres, points)
    pCa50, h : array, shape (studies, fibres)
        The truth of every fibre.
    group : array of int, shape (fibres,)
        0 for the first group, 1 for the second.
    animal : array of int, shape (fibres,)
        Index of the animal, counted through both groups.
    labels : tuple of dict
        group (``"A"``, ``"B"``), animal and fibre of each fibre, as records bear them.
    """

    pca: Array
    forces: Array
    pCa50: Array
    h: Array
    group: NDArray[np.int64]
    animal: NDArray[np.int64]
    labels: tuple[dict[str, str], ...]


def nested_studies(
    *,
    studies: int = 1,
    animals: tuple[int, int] = (5, 5),
    fibres: int = 6,
    pCa50: float = 5.8,
    h: float = 2.5,
    difference: float = 0.0,
    ratio: float = 1.0,
    animal_sd: float = 0.05,
    fibre_sd: float = 0.05,
    log_h_sd: float = 0.05,
    noise: float = 0.02,
    pca: tuple[float, ...] = PCA,
    seed: int = 0,
) -> NestedStudies:
    """Simulate studies in which the fibres of one animal resemble each other.

    Parameters
    ----------
    studies : int
        How many, all of the same design and truth.
    animals : (int, int)
        Animals in the first and in the second group.
    fibres : int
        Fibres an animal.
    pCa50, h : float
        Centre of the first group.
    difference : float
        How much higher pCa50 is in the second group; 0 makes null studies.
    ratio : float
        How many times higher h is in the second group.
    animal_sd, fibre_sd : float
        Standard deviation of pCa50 between animals, and between fibres of one animal.
    log_h_sd : float
        Standard deviation of ln h, both between animals and between fibres of one animal.
    noise : float
        Standard deviation of a point as a share of the maximal force, which is 1.
    pca : tuple of float
    seed : int
        The same seed gives the same studies.

    Returns
    -------
    NestedStudies

    Raises
    ------
    SettingsError
        If a count is below one or a standard deviation below zero.

    Examples
    --------
    >>> made = nested_studies(studies=3, seed=1)
    >>> made.forces.shape, made.labels[-1]
    ((3, 60, 9), {'group': 'B', 'animal': 'B5', 'fibre': '6'})
    """
    counts = {"studies": studies, "animals[0]": animals[0], "animals[1]": animals[1], "fibres": fibres}
    for name, value in counts.items():
        checks.number(value, name, low=1)
    for name, spread in (("animal_sd", animal_sd), ("fibre_sd", fibre_sd), ("log_h_sd", log_h_sd), ("noise", noise)):
        checks.number(spread, name, low=0.0)
    for name, positive in (("h", h), ("ratio", ratio)):
        checks.number(positive, name, low=1e-3)
    total = sum(animals)
    animal = np.repeat(np.arange(total), fibres)
    group = (animal >= animals[0]).astype(np.int64)
    second = group.astype(np.float64)
    rng = np.random.default_rng(seed)

    def nested(between: float, within: float) -> Array:
        of_animals = rng.normal(0.0, between, (studies, total))[:, animal]
        return np.asarray(of_animals + rng.normal(0.0, within, (studies, len(animal))))

    true_pca50 = pCa50 + difference * second + nested(animal_sd, fibre_sd)
    true_h = h * ratio**second * np.exp(nested(log_h_sd, log_h_sd))
    x = np.array(pca, dtype=np.float64)
    clean = hill(x, pCa50=true_pca50[..., None], h=true_h[..., None], Fmax=1.0, Fmin=0.0)
    forces: Array = clean + rng.normal(0.0, noise, clean.shape)
    labels = tuple(
        {
            "group": "AB"[g],
            "animal": f"{'AB'[g]}{a + 1 - g * animals[0]}",
            "fibre": str(k % fibres + 1),
        }
        for k, (g, a) in enumerate(zip(group.tolist(), animal.tolist(), strict=True))
    )
    return NestedStudies(x, forces, true_pca50, true_h, group, animal, labels)
