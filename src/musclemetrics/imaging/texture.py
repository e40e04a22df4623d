"""Texture by co-occurring grey levels: how often which levels lie side by side in a region.

A pair counts where **both** its pixels are inside the mask. The features, their names and codes are those of the Image
Biomarker Standardisation Initiative (Zwanenburg et al. 2020, Radiology 295:328), for a matrix in each of four
directions of the plane, either averaged over the directions ("averaged", BTW3) or taken from the sum of the four
matrices ("merged", SUJT).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..errors import InputError
from .statistics import masked_values

__all__ = [
    "AGGREGATIONS",
    "COOCCURRENCE",
    "Texture",
    "aggregated",
    "cooccurrence",
    "cooccurrence_features",
    "discretised",
    "glcm",
]

AGGREGATIONS = {"averaged": "BTW3", "merged": "SUJT"}
"""How four directions become one number, and the code of it."""

COOCCURRENCE = {
    "joint_maximum": "GYBY",
    "joint_average": "60VM",
    "joint_variance": "UR99",
    "joint_entropy": "TU9B",
    "difference_average": "TF7R",
    "difference_variance": "D3YU",
    "difference_entropy": "NTRS",
    "sum_average": "ZGXS",
    "sum_variance": "OEEB",
    "sum_entropy": "P6QZ",
    "angular_second_moment": "8ZQL",
    "contrast": "ACUI",
    "dissimilarity": "8S9J",
    "inverse_difference": "IB1Z",
    "normalised_inverse_difference": "NDRX",
    "inverse_difference_moment": "WF0Z",
    "normalised_inverse_difference_moment": "1QCO",
    "inverse_variance": "E8JP",
    "correlation": "NI2N",
    "autocorrelation": "QWB0",
    "cluster_tendency": "DG8W",
    "cluster_shade": "7NFM",
    "cluster_prominence": "AE86",
    "information_correlation_1": "R8DG",
    "information_correlation_2": "JN9H",
}
"""The features of a co-occurrence matrix and their codes."""

_GREYS = 256
Real = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Texture:
    """Features of a region's texture and the decisions they depend on.

    Attributes
    ----------
    values : Mapping of str to float
        By the names of `COOCCURRENCE` or `RUN_LENGTHS`.
    levels : int
        Grey levels that 0 to 255 were divided into.
    distance : int
        Of a pair along rows and columns, px; 0 where the feature has none.
    aggregation : str
        A name of `AGGREGATIONS`.
    count : int
        Pairs or runs in the four directions together.
    """

    values: Mapping[str, float]
    levels: int
    distance: int
    aggregation: str
    count: int

    def __getitem__(self, name: str) -> float:
        return self.values[name]


def glcm(
    grey: NDArray[Any],
    mask: NDArray[np.bool_],
    *,
    levels: int = 64,
    distance: int = 1,
    aggregation: str = "averaged",
) -> Texture:
    """Return the co-occurrence features of a region.

    Parameters
    ----------
    grey : array, shape (height, width)
        Grey levels, 0 to 255.
    mask : array of bool, shape (height, width)
    levels : int, optional
        Number of equal parts the range 0–255 is divided into, 2 to 256, whatever levels the region has: 64 parts hold
        four grey levels each.
    distance : int, optional
        Between the pixels of a pair, px: (d, 0), (0, d), (d, d) and (d, −d), both ways.
    aggregation : {"averaged", "merged"}, optional

    Returns
    -------
    Texture
        In a region of one level the correlation is 1 and both information correlations are 0.

    Raises
    ------
    InputError
        ``no-pairs`` where a direction has no pair of pixels inside the mask, and as `masked_statistics`.
    SettingsError
        ``bad-setting``.

    Examples
    --------
    >>> import numpy as np
    >>> stripes = np.tile(np.array([[0], [255]], np.uint8), (8, 16))
    >>> found = glcm(stripes, np.ones(stripes.shape, bool), levels=2)
    >>> found["contrast"]  # 0 along the stripes, 1 in the three other directions
    0.75
    """
    checks.choice(aggregation, "aggregation", AGGREGATIONS)
    binned = discretised(grey, mask, levels)
    counts = cooccurrence(binned, int(levels), int(checks.number(distance, "distance", low=1, high=1e4)))
    values = aggregated(counts, aggregation, cooccurrence_features)
    return Texture(values, int(levels), int(distance), aggregation, int(counts.sum()) // 2)


def discretised(grey: NDArray[Any], mask: NDArray[np.bool_], levels: int) -> NDArray[np.uint16]:
    """Return the levels 0 to ``levels - 1`` of a region, cut to the box round it, and ``levels`` outside the mask."""
    checks.number(levels, "levels", low=2, high=_GREYS)
    inside = masked_values(grey, mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    found = np.full(box.shape, int(levels), np.uint16)
    table = (np.arange(_GREYS) * int(levels) // _GREYS).astype(np.uint16)
    found[box] = table[inside if inside.dtype == np.uint8 else np.rint(inside).astype(np.intp)]
    return found


def cooccurrence(binned: NDArray[np.uint16], levels: int, distance: int) -> NDArray[np.int64]:
    """Return how often two levels lie a distance apart, in four directions and both ways.

    Parameters
    ----------
    binned : array of int, shape (height, width)
        Levels 0 to ``levels - 1``; ``levels`` is outside.
    levels, distance : int

    Returns
    -------
    array of int, shape (4, levels, levels)
        Along rows, columns and the two diagonals; symmetric.

    Raises
    ------
    InputError
        ``no-pairs``.
    """
    d, n = distance, levels + 1  # the level outside has a row and a column of its own, which are dropped
    # Small numbers stay in the processor's cache: all pairs of 255 levels have a number of two bytes.
    first: NDArray[Any] = binned.astype(np.uint16 if n * n <= 2**16 else np.int32) * n
    pairs = (
        (first[:, :-d], binned[:, d:]),
        (first[:-d], binned[d:]),
        (first[:-d, :-d], binned[d:, d:]),
        (first[:-d, d:], binned[d:, :-d]),
    )
    found = np.empty((4, levels, levels), np.int64)
    for i, (a, b) in enumerate(pairs):
        counts = np.bincount((a + b).ravel(), minlength=n * n).reshape(n, n)[:-1, :-1]
        found[i] = counts + counts.T
    if not found.any(axis=(1, 2)).all():
        raise InputError(
            f"in a direction no two pixels of the region are {distance} px apart",
            code="no-pairs",
            remedy="draw a larger region or take a smaller distance",
        )
    return found


def aggregated(
    counts: NDArray[np.int64], aggregation: str, features: Callable[[Real], Mapping[str, Real]]
) -> dict[str, float]:
    """Return the features of four matrices, averaged over the directions or of the matrices' sum."""
    matrices = counts.sum(axis=0, keepdims=True) if aggregation == "merged" else counts
    return {name: float(np.mean(value)) for name, value in features(matrices.astype(np.float64)).items()}


def cooccurrence_features(counts: Real) -> dict[str, Real]:
    """Return the features of symmetric co-occurrence matrices.

    Parameters
    ----------
    counts : array, shape (m, levels, levels)
        The first level counts as 1 in every feature that weighs levels.

    Returns
    -------
    dict of str to array, shape (m,)
        By the names of `COOCCURRENCE`.
    """
    m, n = counts.shape[:2]
    p = counts / counts.sum(axis=(1, 2), keepdims=True)
    level = np.arange(1, n + 1, dtype=np.float64)
    i, j = np.indices((n, n)).reshape(2, -1)
    flat = p.reshape(m, -1)
    sums: Real = np.stack([np.bincount(i + j, weights=row, minlength=2 * n - 1).astype(float) for row in flat])
    differences: Real = np.stack([np.bincount(np.abs(i - j), weights=row, minlength=n).astype(float) for row in flat])
    k, apart = np.arange(2.0, 2 * n + 1), np.arange(float(n))
    own = p.sum(axis=2)

    mean = own @ level
    variance = own @ level**2 - mean**2
    # Of one level alone nothing varies; what is left of the difference then is rounding.
    alike = (own > 0).sum(axis=1) == 1
    variance = np.where(alike, 0.0, variance)
    product = np.einsum("mij,i,j->m", p, level, level)
    difference = differences @ apart
    centred = k - 2 * mean[:, None]
    joint, single = _entropy(flat), _entropy(own)
    # Σ p(i) p(j) log(p(i) p(j)) and Σ p(i,j) log(p(i) p(j)): of a symmetric matrix both are twice the marginal entropy.
    independent = 2 * single
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.where(alike, 1.0, (product - mean**2) / variance)
        information = np.where(alike, 0.0, (joint - independent) / single)
    return {
        "joint_maximum": flat.max(axis=1),
        "joint_average": mean,
        "joint_variance": variance,
        "joint_entropy": joint,
        "difference_average": difference,
        "difference_variance": ((apart - difference[:, None]) ** 2 * differences).sum(axis=1),
        "difference_entropy": _entropy(differences),
        "sum_average": sums @ k,
        "sum_variance": (centred**2 * sums).sum(axis=1),
        "sum_entropy": _entropy(sums),
        "angular_second_moment": (flat**2).sum(axis=1),
        "contrast": differences @ apart**2,
        "dissimilarity": difference,
        "inverse_difference": differences @ (1 / (1 + apart)),
        "normalised_inverse_difference": differences @ (1 / (1 + apart / n)),
        "inverse_difference_moment": differences @ (1 / (1 + apart**2)),
        "normalised_inverse_difference_moment": differences @ (1 / (1 + (apart / n) ** 2)),
        "inverse_variance": differences[:, 1:] @ apart[1:] ** -2,
        "correlation": correlation,
        "autocorrelation": product,
        "cluster_tendency": (centred**2 * sums).sum(axis=1),
        "cluster_shade": (centred**3 * sums).sum(axis=1),
        "cluster_prominence": (centred**4 * sums).sum(axis=1),
        "information_correlation_1": information,
        "information_correlation_2": np.sqrt(np.clip(1 - np.exp(-2 * (independent - joint)), 0.0, None)),
    }


def _entropy(p: Real) -> Real:
    """Return the entropy of each row, bits."""
    return np.asarray(np.abs(-(p * np.log2(np.where(p > 0, p, 1.0))).sum(axis=1)))
