"""Ratios of region masks, statistics and texture to what they replace: ``python -m tests.benchmarks.bmode_regions``.

Every figure is a ratio of medians taken in turn in one run, on a simulated image of 660 × 556 px and a region of some
100,000 px. Peers get the pixels of the region ready cut where they have no mask of their own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import numpy as np

from musclemetrics.imaging import (
    glcm,
    largest_rectangle,
    masked_statistics,
    polygon_mask,
    run_lengths,
    within_image_error,
)

from ..validation.bmode_regions import speckle
from .force_pca import paired

SHAPE = (556, 660)
ANGLE = np.linspace(0, 2 * np.pi, 80, endpoint=False)
OUTLINE = np.stack([330 + 260 * np.cos(ANGLE), 280 + 122 * np.sin(ANGLE)], axis=1)
REPEATS = 20


def by_scipy(grey: np.ndarray, mask: np.ndarray) -> tuple[float, ...]:
    """Return the statistics as a user takes them from NumPy and scipy.stats."""
    from scipy import stats

    values = grey[mask].astype(np.float64)
    counts = np.histogram(values, bins=256, range=(0, 256))[0]
    bands = np.histogram(values, bins=(0, 51, 101, 151, 201, 256))[0] / values.size
    return (
        values.mean(),
        values.std(),
        float(np.median(values)),
        float(stats.skew(values)),
        float(stats.kurtosis(values)),
        float(stats.entropy(counts, base=2)),
        float((values == 0).mean()),
        float((values == 255).mean()),
        *bands,
    )


def by_polygon2mask() -> np.ndarray:
    """Return the mask by scikit-image, which counts rows first."""
    from skimage.draw import polygon2mask

    return polygon2mask(SHAPE, OUTLINE[:, ::-1])


def by_graycomatrix(cut: np.ndarray) -> list[np.ndarray]:
    """Return six features by scikit-image, which has no mask: of the box round the region."""
    from skimage.feature import graycomatrix, graycoprops

    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
    found = graycomatrix(cut // 4, [1], angles, levels=64, symmetric=True, normed=True)
    names = ("contrast", "dissimilarity", "homogeneity", "ASM", "correlation", "entropy")
    return [graycoprops(found, name) for name in names]


def repeated(call: Callable[[], object]) -> Callable[[], object]:
    """Return a call that does it `REPEATS` times, so that the clock is fine enough."""

    def many() -> None:
        for _ in range(REPEATS):
            call()

    return many


def main() -> None:
    """Print the table."""
    grey = speckle(SHAPE, (3, 1.5), np.random.default_rng(0))
    mask = polygon_mask(OUTLINE, SHAPE)
    rows, columns = np.nonzero(mask)
    cut = grey[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].copy()
    ours = masked_statistics(grey, mask)
    theirs = by_scipy(grey, mask)
    flat = (ours.mean, ours.sd, ours.median, ours.skewness, ours.kurtosis, ours.entropy, ours.at_zero, ours.at_full)
    assert np.allclose((*flat, *ours.bands), theirs, rtol=1e-9, atol=1e-9), "not the same statistics"

    print(f"{int(mask.sum()):,} px; OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}")
    print(f"{'':42}{'ours (ms)':>12}{'theirs (ms)':>14}{'ratio':>9}")
    for name, mine, other in (
        ("statistics / NumPy and scipy.stats", lambda: masked_statistics(grey, mask), lambda: by_scipy(grey, mask)),
        ("polygon mask / polygon2mask", lambda: polygon_mask(OUTLINE, SHAPE), by_polygon2mask),
        ("masked GLCM, 25 features / graycoprops, 6", lambda: glcm(grey, mask), lambda: by_graycomatrix(cut)),
    ):
        a, b, ratio = paired(repeated(mine), REPEATS, repeated(other), REPEATS)
        print(f"{name:42}{1e3 * a:12.2f}{1e3 * b:14.2f}{ratio:9.1f}")
    for name, call in (
        ("run lengths, 16 features", lambda: run_lengths(grey, mask)),
        ("within-image standard error", lambda: within_image_error(grey, mask)),
        ("largest rectangle", lambda: largest_rectangle(mask)),
    ):
        a, _, _ = paired(repeated(call), REPEATS, lambda: None, 1)
        print(f"{name:42}{1e3 * a:12.2f}{'–':>14}{'–':>9}")


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    main()
