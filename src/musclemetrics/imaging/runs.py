"""Texture by run lengths: how far a grey level goes on in a row.

A run is a line of neighbouring pixels of one level inside the mask, along rows, columns and the two diagonals; it ends
where the level changes or the mask does. Names and codes are those of the Image Biomarker Standardisation Initiative
(Zwanenburg et al. 2020, Radiology 295:328).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import checks
from .texture import AGGREGATIONS, Real, Texture, aggregated, discretised

__all__ = ["RUN_LENGTHS", "run_features", "run_lengths", "run_matrices"]

RUN_LENGTHS = {
    "short_runs_emphasis": "22OV",
    "long_runs_emphasis": "W4KF",
    "low_grey_level_run_emphasis": "V3SW",
    "high_grey_level_run_emphasis": "G3QZ",
    "short_run_low_grey_level_emphasis": "HTZT",
    "short_run_high_grey_level_emphasis": "GD3A",
    "long_run_low_grey_level_emphasis": "IVPO",
    "long_run_high_grey_level_emphasis": "3KUM",
    "grey_level_non_uniformity": "R5YN",
    "normalised_grey_level_non_uniformity": "OVBL",
    "run_length_non_uniformity": "W92Y",
    "normalised_run_length_non_uniformity": "IC23",
    "run_percentage": "9ZK5",
    "grey_level_variance": "8CE5",
    "run_length_variance": "SXLW",
    "run_entropy": "HJ9O",
}
"""The features of a run-length matrix and their codes."""


def run_lengths(
    grey: NDArray[Any], mask: NDArray[np.bool_], *, levels: int = 64, aggregation: str = "averaged"
) -> Texture:
    """Return the run-length features of a region.

    Parameters
    ----------
    grey : array, shape (height, width)
        Grey levels, 0 to 255.
    mask : array of bool, shape (height, width)
    levels : int, optional
        Number of equal parts the range 0–255 is divided into, 2 to 256.
    aggregation : {"averaged", "merged"}, optional

    Returns
    -------
    Texture
        Its distance is 0.

    Raises
    ------
    InputError
        As `masked_statistics`.
    SettingsError
        ``bad-setting``.

    Examples
    --------
    >>> import numpy as np
    >>> stripes = np.tile(np.array([[0], [255]], np.uint8), (8, 16))
    >>> found = run_lengths(stripes, np.ones(stripes.shape, bool), levels=2)
    >>> found["run_percentage"]  # runs of 16 px along the stripes, of 1 px in the three other directions
    0.765625
    """
    checks.choice(aggregation, "aggregation", AGGREGATIONS)
    counts = run_matrices(discretised(grey, mask, levels), int(levels))
    values = aggregated(counts, aggregation, run_features)
    return Texture(values, int(levels), 0, aggregation, int(counts.sum()))


def run_matrices(binned: NDArray[np.uint16], levels: int) -> NDArray[np.int64]:
    """Return how many runs of which level and length there are in four directions.

    Parameters
    ----------
    binned : array of int, shape (height, width)
        Levels 0 to ``levels - 1``; ``levels`` is outside.
    levels : int

    Returns
    -------
    array of int, shape (4, levels, longest)
        Along rows, columns and the two diagonals; the first column counts the runs of one pixel.
    """
    longest = max(binned.shape)
    lines = (binned, binned.T, _slanted(binned[:, ::-1], levels), _slanted(binned, levels))
    return np.stack([_counted(line, levels, longest) for line in lines])


def run_features(counts: Real) -> dict[str, Real]:
    """Return the features of run-length matrices.

    Parameters
    ----------
    counts : array, shape (m, levels, longest)
        The first level counts as 1.

    Returns
    -------
    dict of str to array, shape (m,)
        By the names of `RUN_LENGTHS`.
    """
    runs = counts.sum(axis=(1, 2))
    level = np.arange(1.0, counts.shape[1] + 1)
    length = np.arange(1.0, counts.shape[2] + 1)
    by_level, by_length = counts.sum(axis=2), counts.sum(axis=1)
    pixels = by_length @ length
    p = counts / runs[:, None, None]
    mean_level, mean_length = by_level @ level / runs, by_length @ length / runs

    def weighed(of_level: Real, of_length: Real) -> Real:
        return np.asarray(np.einsum("mij,i,j->m", p, of_level, of_length))

    return {
        "short_runs_emphasis": by_length @ length**-2 / runs,
        "long_runs_emphasis": by_length @ length**2 / runs,
        "low_grey_level_run_emphasis": by_level @ level**-2 / runs,
        "high_grey_level_run_emphasis": by_level @ level**2 / runs,
        "short_run_low_grey_level_emphasis": weighed(level**-2, length**-2),
        "short_run_high_grey_level_emphasis": weighed(level**2, length**-2),
        "long_run_low_grey_level_emphasis": weighed(level**-2, length**2),
        "long_run_high_grey_level_emphasis": weighed(level**2, length**2),
        "grey_level_non_uniformity": (by_level**2).sum(axis=1) / runs,
        "normalised_grey_level_non_uniformity": (by_level**2).sum(axis=1) / runs**2,
        "run_length_non_uniformity": (by_length**2).sum(axis=1) / runs,
        "normalised_run_length_non_uniformity": (by_length**2).sum(axis=1) / runs**2,
        "run_percentage": runs / pixels,
        "grey_level_variance": (by_level * (level - mean_level[:, None]) ** 2).sum(axis=1) / runs,
        "run_length_variance": (by_length * (length - mean_length[:, None]) ** 2).sum(axis=1) / runs,
        "run_entropy": np.abs(-(p * np.log2(np.where(p > 0, p, 1.0))).sum(axis=(1, 2))),
    }


def _slanted(binned: NDArray[np.uint16], levels: int) -> NDArray[np.uint16]:
    """Return the lines from the right above to the left below as rows.

    Each row is moved one further to the right than the one above it; the columns then are those lines.
    """
    height, width = binned.shape
    wide = np.full((height, height + width), levels, np.uint16)
    wide[:, :width] = binned
    return wide.ravel()[: height * (height + width - 1)].reshape(height, -1).T


def _counted(lines: NDArray[np.uint16], levels: int, longest: int) -> NDArray[np.int64]:
    """Return the runs of each level and length along the rows of an array."""
    # A pixel outside at the end of each row, so that no run goes on in the next one.
    ended = np.full((lines.shape[0], lines.shape[1] + 1), levels, np.uint16)
    ended[:, :-1] = lines
    flat = ended.ravel()
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    length = np.diff(np.concatenate([starts, [flat.size]]))
    level = flat[starts]
    inside = level < levels
    code = level[inside].astype(np.intp) * longest + length[inside] - 1
    return np.bincount(code, minlength=levels * longest).reshape(levels, longest)
