"""How often the finder is right on scanners that did not teach it: ``python -m tests.validation.bmode [--rst]``.

All usable images with people's lines (below MUSCLEMETRICS_DATA). Each device group is judged by weights and by a
confidence learnt from the other groups only. Errors are of the thickness, relative to people's.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musclemetrics.imaging.boundaries import DOUBTFUL
from musclemetrics.imaging.pairs import Window

from .bmode_learn import Answer, Example, Table, answer, example, left_out, unseen
from .bmode_truth import everything, repeated

Array = NDArray[np.float64]

ROOM = 0.05
"""Share of the view's height that a window has on every side beyond people's edges."""
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


def window_of(confirmed: Sequence[Example]) -> Window:
    """Return the window that confirmed images teach: where their edges lie, and some room."""
    shares = []
    for e in confirmed:
        _, y0, _, y1 = e.reduced.box
        shares.append([(edge.mean() - y0) / (y1 - y0) for edge in (e.truth.superficial, e.truth.deep)])
    low = np.clip(np.min(shares, axis=0) - ROOM, 0.0, 1.0)
    high = np.clip(np.max(shares, axis=0) + ROOM, 0.0, 1.0)
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def windowed(examples: Sequence[Example], tables: dict[str, Table]) -> list[Answer]:
    """Return every image's answer within the window of its group, by weights that never saw the group."""
    answers = []
    for group, weights in tables.items():
        own = [e for e in examples if e.truth.group == group]
        window = window_of(own)
        answers += [answer(example(e.truth, window), weights) for e in own]
    return answers


def printed(rows: Sequence[tuple[str, ...]]) -> None:
    """Print a table as text or, with --rst, as reStructuredText."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    if "--rst" in sys.argv:
        rule = "  ".join("=" * w for w in widths)
        lines = [rule, lines[0], rule, *lines[1:], rule]
    print("\n".join([*lines, ""]))


def main() -> None:
    """Print the tables."""
    examples = [example(t) for t in everything()]
    tables = left_out(examples, list(examples[0].pairs.features))
    answers = unseen(examples, tables)
    printed(table([a for a, _ in answers]))
    printed([("confidence", ""), *sure(answers)])
    print("With one depth_window for each group:\n")
    printed(table(windowed(examples, tables)))
    rows = [("people among themselves", "standard error of measurement, px")]
    printed(rows + [(group, f"{size:.1f}") for group, size in sorted(repeated().items())])


if __name__ == "__main__":
    main()
