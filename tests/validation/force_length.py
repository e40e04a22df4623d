"""How often the 95 % intervals of force_length hold the truth: ``python -m tests.validation.force_length [--rst]``.

Total and passive force are simulated with noise of their own and measured as a user would, passive subtracted.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from musclemetrics import force_length
from musclemetrics.simulate.force_length import LengthMuscle, points

NAMES = ("Lo", "Fmax", "width", "skew", "Ls", "passive_k", "passive_A")


@dataclass(frozen=True)
class Design:
    """How many lengths from `low` to `high`, noise in % of Fmax, the true skew, and the model fitted."""

    lengths: int
    low: float
    high: float
    noise: float
    skew: float = 0.0
    model: str = "bell"


DESIGNS = (
    Design(7, 9.0, 17.0, 1.0),
    Design(11, 9.0, 17.0, 1.0),
    Design(11, 9.0, 17.0, 3.0),
    Design(21, 9.0, 17.0, 1.0),
    Design(11, 9.0, 17.0, 1.0, skew=0.2, model="skewed"),
    Design(11, 9.0, 17.0, 1.0, skew=0.2, model="bell"),
    # Few points beyond the optimum, as where passive force forbids more.
    Design(11, 8.0, 14.0, 1.0),
)


def muscle(skew: float = 0.0) -> LengthMuscle:
    """Return the muscle all designs share, lengths in mm and forces in mN."""
    return LengthMuscle("1", "rat", "control", 13.0, 6.0, 400.0, 11.5, 12.0, 6.0, skew)


def coverage(design: Design, *, runs: int = 1000, seed: int = 0) -> tuple[float, dict[str, float]]:
    """Return the median bias of Lo in % of it, and for each name the per cent of intervals that hold the truth."""
    true = muscle(design.skew)
    x = np.linspace(design.low, design.high, design.lengths)
    names = [n for n in NAMES if n != "skew" or design.model == "skewed"]
    hits, bias = dict.fromkeys(names, 0), []
    for run in range(runs):
        total, passive = points(true, x, constant=design.noise / 100.0, seed=seed + run)
        record = force_length.measure(
            x, total, passive, force_is="total", length_unit="mm", force_unit="mN", model=design.model
        )
        bias.append(100.0 * (record["Lo"].value / true.Lo - 1.0))
        for name in names:
            low, high = record[name].interval
            hits[name] += low <= getattr(true, name) <= high
    return float(np.median(bias)), {name: 100.0 * count / runs for name, count in hits.items()}


def table(runs: int = 1000) -> list[tuple[str, ...]]:
    """Return the rows of the table, header first."""
    rows = [("model=", "true skew", "lengths", "range (mm)", "noise", "bias of Lo", *NAMES)]
    for d in DESIGNS:
        bias, found = coverage(d, runs=runs)
        about = (d.model, f"{d.skew:g}", str(d.lengths), f"{d.low:g} to {d.high:g}", f"{d.noise:g} %", f"{bias:+.2f} %")
        rows.append((*about, *(f"{found[n]:.1f}" if n in found else "–" for n in NAMES)))
    return rows


def main() -> None:
    """Print the table as text or, with --rst, as reStructuredText."""
    rows = table()
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    if "--rst" in sys.argv:
        rule = "  ".join("=" * w for w in widths)
        print("\n".join([rule, lines[0], rule, *lines[1:], rule]))
    else:
        print("\n".join(lines))


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    main()
