"""How often the finder is right on scanners that did not teach it: ``python -m tests.validation.bmode [--rst]``.

All usable images with people's lines (below MUSCLEMETRICS_DATA). Each device group is judged by weights and by a
confidence learnt from the other groups only. Errors are of the thickness, relative to people's.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musclemetrics.imaging.layers import DOUBTFUL

from .bmode_learn import Answer, example, unseen
from .bmode_truth import everything

Array = NDArray[np.float64]

SURE = 0.7
"""Share of the images, the most confident ones, that are judged apart."""


def _shares(errors: Array) -> list[str]:
    size = np.abs(errors)
    return [f"{100 * np.mean(size <= 0.10):.1f}", f"{100 * np.mean(size <= 0.05):.1f}", f"{100 * np.median(size):.2f}"]


def table(answers: Sequence[Answer]) -> list[tuple[str, ...]]:
    """Return the rows by group, header first."""
    rows = [
        ("group", "images", "% within 10 %", "% within 5 %", "median error, %", "bias, px", "limits of agreement, px")
    ]
    groups = sorted({a.truth.group for a in answers})
    sets = {g: [a for a in answers if a.truth.group == g] for g in groups}
    sets |= {"all": list(answers), "mask in place": [a for a in answers if not a.truth.displaced]}
    for name, group in sets.items():
        errors = np.array([a.error for a in group])
        off = np.array([a.thickness - a.truth.thickness for a in group])
        # Bland & Altman 1986, Lancet 327:307, of the answers that are right: a wrong muscle has no limits.
        right = off[np.abs(errors) <= 0.1]
        low, high = right.mean() - 1.96 * right.std(ddof=1), right.mean() + 1.96 * right.std(ddof=1)
        rows.append((name, str(len(group)), *_shares(errors), f"{right.mean():+.1f}", f"{low:+.1f} to {high:+.1f}"))
    return rows


def sure(answers: Sequence[tuple[Answer, float]]) -> list[tuple[str, str]]:
    """Return what the confidence is worth."""
    wrong = np.array([abs(a.error) > 0.1 for a, _ in answers])
    confidence = np.array([c for _, c in answers])
    real = wrong & ~np.array([a.truth.displaced for a, _ in answers])
    top = confidence >= np.quantile(confidence, 1 - SURE)
    flagged = confidence < DOUBTFUL
    return [
        (f"right within 10 % among the {SURE:.0%} most confident", f"{100 * np.mean(~wrong[top]):.1f} %"),
        (f"gross errors with confidence below {DOUBTFUL:g}", f"{100 * np.mean(flagged[wrong]):.1f} % of {wrong.sum()}"),
        ("the same where the mask is in place", f"{100 * np.mean(flagged[real]):.1f} % of {real.sum()}"),
        (f"right answers with confidence below {DOUBTFUL:g}", f"{100 * np.mean(flagged[~wrong]):.1f} %"),
    ]


def main() -> None:
    """Print the tables as text or, with --rst, as reStructuredText."""
    examples = [example(t) for t in everything()]
    answers = unseen(examples, list(examples[0].pairs.features))
    rows = table([a for a, _ in answers])
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    if "--rst" in sys.argv:
        rule = "  ".join("=" * w for w in widths)
        lines = [rule, lines[0], rule, *lines[1:], rule]
    print("\n".join(lines))
    for name, value in sure(answers):
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
