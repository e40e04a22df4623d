"""Region statistics against published values and known truth: ``python -m tests.validation.bmode_regions``.

Three tables, by name or all, with --rst as reStructuredText. ``ibsi``: every implemented texture and histogram feature
on the digital phantom of the Image Biomarker Standardisation Initiative, beside its reference value. ``coverage``: how
often the mean echo intensity ± Student's t times the within-image standard error holds the truth, for homogeneous
speckle of known size, region by region; beside it what the standard deviation over the root of the number of pixels
would. ``gradient``: what a fall of brightness with depth makes of that error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from musclemetrics.imaging import GreyStatistics, masked_statistics, polygon_mask, within_image_error
from musclemetrics.imaging.runs import RUN_LENGTHS, run_features, run_matrices
from musclemetrics.imaging.texture import COOCCURRENCE, aggregated, cooccurrence, cooccurrence_features

ROOT = Path(__file__).resolve().parent.parent.parent
PHANTOM = "reference/ibsi_digital_phantom.json"
LEVELS = 6  # of the phantom, of which 2 and 5 do not occur
NAMED = {"averaged": "2D, averaged", "merged": "2D, slice-merged"}
# Of the histogram of the whole phantom.
HISTOGRAM = {
    "mean": "Q4LE",
    "variance": "ECT3",
    "skewness": "KE2A",
    "kurtosis": "IPH6",
    "median": "Y12H",
    "entropy": "TLU2",
}

REGIONS = {
    "40 × 60": np.ones((40, 60), bool),
    "30 × 200": np.ones((30, 200), bool),
    "80 × 120": np.ones((80, 120), bool),
    "oblique, 175 × 290": polygon_mask([(5, 60), (290, 5), (295, 120), (8, 170)], (180, 300)),
    "150 × 250": np.ones((150, 250), bool),
}
SIGMAS: tuple[tuple[float, float], ...] = ((1, 1), (2, 2), (3, 3), (4, 4), (4, 1.5))
RUNS = 2000
# Log compression: decibels below the level of 255, and the range shown.
FLOOR, RANGE = -45.0, 60.0


def phantom(path: Path) -> tuple[np.ndarray, np.ndarray, dict[tuple[str, str | None], float]]:
    """Return the phantom's slices, its mask, and the reference values by code and aggregation."""
    held = json.loads(path.read_text(encoding="utf-8"))
    image, mask = (np.array(held["phantom"][name]) for name in ("image", "mask"))
    values: dict[tuple[str, str | None], float] = {}
    for row in held["values"]:
        values.setdefault((row["code"], row["aggregation"]), float(row["value"]))
    return image, mask.astype(bool), values


def texture_of(image: np.ndarray, mask: np.ndarray, aggregation: str) -> dict[str, float]:
    """Return every texture feature as the mean over the phantom's slices, each measured as an image of its own."""
    both: tuple[tuple[Callable[[np.ndarray], np.ndarray], Callable[..., Mapping[str, np.ndarray]]], ...] = (
        (lambda binned: cooccurrence(binned, LEVELS, 1), cooccurrence_features),
        (lambda binned: run_matrices(binned, LEVELS), run_features),
    )
    found: dict[str, float] = {}
    for matrices, features in both:
        slices = [
            aggregated(matrices(np.where(inside, grey - 1, LEVELS)), aggregation, features)
            for grey, inside in zip(image, mask, strict=True)
        ]
        found |= {name: float(np.mean([one[name] for one in slices])) for name in slices[0]}
    return found


def histogram_of(image: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """Return the statistics of all the phantom's voxels, its slices laid one below the other."""
    width = image.shape[-1]
    found: GreyStatistics = masked_statistics(image.reshape(-1, width).astype(np.uint8), mask.reshape(-1, width))
    return {name: found.sd**2 if name == "variance" else getattr(found, name) for name in HISTOGRAM}


def agrees(value: float, reference: float) -> bool:
    """Whether two values are the same to three significant digits, as the reference is given."""
    last = 10.0 ** (np.floor(np.log10(abs(reference))) - 2)
    return bool(abs(value - reference) <= 0.5 * last * (1 + 1e-9))


def compared(path: Path) -> list[tuple[str, str, str, float, float]]:
    """Return feature, code, aggregation, our value and the reference for each that is implemented."""
    image, mask, values = phantom(path)
    rows = [
        (name, HISTOGRAM[name], "", value, values[HISTOGRAM[name], None])
        for name, value in histogram_of(image, mask).items()
    ]
    for aggregation, reference in NAMED.items():
        codes = {**COOCCURRENCE, **RUN_LENGTHS}
        for name, value in texture_of(image, mask, aggregation).items():
            rows.append((name, codes[name], aggregation, value, values[codes[name], reference]))
    return rows


def speckle(shape: tuple[int, int], sigma: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Return a homogeneous image: the log-compressed amplitude of a complex field smoothed by a Gaussian of `sigma`.

    The amplitude follows Rayleigh's distribution. Field and image wrap round a border that is cut off.
    """
    from scipy import ndimage

    border = int(4 * max(sigma)) + 1
    size = tuple(n + 2 * border for n in shape)
    amplitude = np.zeros(size)
    for _ in range(2):
        part = ndimage.gaussian_filter(rng.standard_normal(size), sigma[::-1], mode="wrap")
        amplitude += part**2
    inner = amplitude[border:-border, border:-border] / (2 * _power(sigma[0]) * _power(sigma[1]))
    with np.errstate(divide="ignore"):
        decibels = 10 * np.log10(inner)
    return np.rint(np.clip((decibels - FLOOR) / RANGE, 0, 1) * 255).astype(np.uint8)


def _power(sigma: float) -> float:
    """Return what smoothing white noise along one axis leaves of its variance."""
    from scipy import ndimage

    one = np.zeros(8 * int(np.ceil(sigma)) + 3)
    one[len(one) // 2] = 1.0
    return float((ndimage.gaussian_filter1d(one, sigma) ** 2).sum())


def true_mean() -> float:
    """Return the mean grey level of endless speckle: of an intensity that is exponential, level by level."""
    edges = (np.arange(1, 256) - 0.5) / 255 * RANGE + FLOOR
    return float(np.exp(-(10 ** (edges / 10))).sum())


def covered(
    mask: np.ndarray, sigma: tuple[float, float], runs: int, seed: int = 0
) -> tuple[float, float, float, float]:
    """Return how often t times the error and 1.96 SD/√n hold the truth, patches in the median, share refused; %."""
    from scipy.special import stdtrit

    rng = np.random.default_rng([seed, *mask.shape, *(int(10 * s) for s in sigma)])
    truth, held, plain, blocks = true_mean(), [], [], []
    for _ in range(runs):
        grey = speckle(mask.shape, sigma, rng)
        found, inside = within_image_error(grey, mask), grey[mask]
        away = abs(inside.mean() - truth)
        plain.append(away <= 1.96 * inside.std() / np.sqrt(inside.size))
        blocks.append(found.blocks)
        if not found.reason:
            held.append(away <= stdtrit(found.blocks - 1, 0.975) * found.stderr)
    share = 100 * float(np.mean(held)) if held else np.nan
    return share, 100 * float(np.mean(plain)), float(np.median(blocks)), 100 * (1 - len(held) / runs)


def coverage(runs: int) -> list[tuple[str, ...]]:
    """Return the rows of the second table, header first."""
    rows = [("region (px)", "σ (px)", "coverage", "of SD/√n", "patches", "refused")]
    for name, mask in REGIONS.items():
        for sigma in SIGMAS:
            share, plain, blocks, refused = covered(mask, sigma, runs)
            size = f"{sigma[0]:g}" if sigma[0] == sigma[1] else f"{sigma[0]:g} × {sigma[1]:g}"
            rows.append((name, size, f"{share:.1f} %", f"{plain:.0f} %", f"{blocks:.1f}", f"{refused:.0f} %"))
    return rows


def gradient() -> list[tuple[str, ...]]:
    """Return the rows of the third table, header first."""
    rows = [("fall from top to bottom (grey levels)", "within-image standard error")]
    mask = np.ones((150, 250), bool)
    for fall in (0, 10, 20, 40, 60):
        found = []
        for seed in range(40):
            grey = speckle(mask.shape, (3, 3), np.random.default_rng([7, seed])).astype(np.float32)
            ramp = np.linspace(0.0, fall, mask.shape[0], dtype=np.float32)[:, None]
            found.append(within_image_error(np.clip(grey - ramp, 0, 255), mask).stderr)
        rows.append((str(fall), f"{np.mean(found):.2f}"))
    return rows


def reference(path: Path) -> list[tuple[str, ...]]:
    """Return the rows of the first table, header first."""
    rows: list[tuple[str, ...]] = [("feature", "code", "aggregation", "here", "reference", "agrees")]
    for name, code, aggregation, value, known in compared(path):
        rows.append(
            (name, code, aggregation or "–", f"{value:.4g}", f"{known:g}", "yes" if agrees(value, known) else "no")
        )
    return rows


def main() -> None:
    """Print the tables as text or, with --rst and one name, one as reStructuredText."""
    data = Path(os.environ.get("MUSCLEMETRICS_DATA", str(ROOT / ".." / "shared" / "data")))
    tables: dict[str, Callable[[], list[tuple[str, ...]]]] = {
        "ibsi": lambda: reference(data / PHANTOM),
        "coverage": lambda: coverage(RUNS),
        "gradient": gradient,
    }
    rst = "--rst" in sys.argv
    names = [a for a in sys.argv[1:] if a in tables] or list(tables)
    for rows in (tables[name]() for name in names):
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        if rst:
            rule = "  ".join("=" * w for w in widths)
            lines = [rule, lines[0], rule, *lines[1:], rule]
        print("\n".join([*lines, ""]))


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    main()
