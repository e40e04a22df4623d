"""How often the 95 % intervals of force_pca hold the truth: ``python -m tests.validation.coverage [--rst]``.

Each design is simulated 10,000 times with a fixed seed. The intervals are those ``measure`` reports: the same fit, the
same weights, the same profile.
"""

from __future__ import annotations

import inspect
import sys

import numpy as np

from musclemetrics import force_pca
from musclemetrics.fitting import intervals
from musclemetrics.modalities.force_pca.decisions import Decisions
from musclemetrics.modalities.force_pca.records import fitted

DESIGNS = {
    6: (9.0, 6.4, 6.1, 5.9, 5.6, 4.5),
    8: (9.0, 6.6, 6.3, 6.1, 5.9, 5.7, 5.4, 4.5),
    12: (9.0, 7.0, 6.6, 6.4, 6.2, 6.1, 6.0, 5.8, 5.6, 5.4, 5.0, 4.5),
}
TRUTH = {"pCa50": 6.0, "h": 2.5, "Fmax": 100.0, "Fmin": 3.0}
NAMES = ("pCa50", "h", "Fmax")
Row = tuple[float, float, float]


def coverage(
    points: int,
    *,
    constant: float,
    proportional: float = 0.0,
    variance: str = "constant",
    noise_floor: float = 0.2,
    runs: int = 10_000,
    seed: int = 7,
) -> dict[str, Row]:
    """Return, for each name, per cent of intervals that hold the truth, that lie above it, and that lie below it."""
    x = np.sort(DESIGNS[points])
    rng = np.random.default_rng(seed)
    clean = force_pca.hill(x, **TRUTH)
    sd = np.sqrt((constant * TRUTH["Fmax"]) ** 2 + (proportional * clean) ** 2)
    y = clean + rng.normal(0.0, 1.0, (runs, points)) * sd
    defaults = {k: p.default for k, p in inspect.signature(force_pca.measure).parameters.items()}
    chosen = {k: v for k, v in defaults.items() if k not in ("pca", "force")}
    decisions = Decisions.check({**chosen, "variance": variance, "noise_floor": noise_floor})
    found = fitted(x, y, decisions)
    out = {}
    for name, bounds in intervals(found, list(NAMES)).items():
        low, high = bounds.T
        truth = TRUTH[name]
        # A curve without an interval counts as a miss.
        inside = np.mean((low <= truth) & (truth <= high))
        out[name] = (100 * float(inside), 100 * float(np.mean(truth < low)), 100 * float(np.mean(truth > high)))
    return out


CASES = (
    ("constant", 0.02, 0.0, 0.2),
    ("constant", 0.05, 0.0, 0.2),
    ("constant", 0.01, 0.05, 0.2),
    ("mixed", 0.01, 0.05, 0.2),
    # The floor assumed is 0.2; the truth is another one.
    ("mixed", 0.002, 0.05, 0.2),
    ("mixed", 0.03, 0.05, 0.2),
)


def table() -> list[tuple[str, ...]]:
    """Return the rows of the table, header first."""
    rows = [("variance=", "constant noise", "proportional", "points", *(f"{n}: % (tails)" for n in NAMES))]
    for variance, constant, proportional, floor in CASES:
        for points in DESIGNS:
            found = coverage(points, constant=constant, proportional=proportional, variance=variance, noise_floor=floor)
            figures = [f"{a:.1f} ({b:.1f}, {c:.1f})" for a, b, c in (found[n] for n in NAMES)]
            rows.append((variance, f"{100 * constant:g} %", f"{100 * proportional:g} %", str(points), *figures))
    return rows


def main() -> None:
    """Print the table as text or, with --rst, as reStructuredText."""
    rows = table()
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    if "--rst" in sys.argv:
        rule = "  ".join("=" * w for w in widths)
        print("\n".join([rule, lines[0], rule, *lines[1:], rule]))
    else:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
