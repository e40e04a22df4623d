"""How near isometric forces come to the truth: ``python -m tests.validation.isometric [--rst]``.

Simulated contractions (`musclemetrics.simulate.isometric`), 1,000 of each kind: mean bias and scatter in per cent of Po
(of the stiffness itself for the stiffness), and in parentheses how many of the 95 % intervals hold the truth.
"""

from __future__ import annotations

import sys

import numpy as np

from musclemetrics import isometric
from musclemetrics.simulate.isometric import isometric as simulated

RUNS = 1000
STEP: dict[str, object] = {"step": 0.005, "rate": 5000.0}
CASES: tuple[tuple[str, dict[str, object]], ...] = (
    ("noise 0.5 %", {}),
    ("noise 2 %", {"noise": 0.02}),
    ("1 % below 100 Hz", {"noise": 0.01, "corner": 100.0}),
    ("hum 1 %", {"hum": 0.01}),
    ("10 kHz, 2 %", {"rate": 10_000.0, "noise": 0.02}),
    ("slow wave 0.3 %", {"wander": 0.003}),
    ("tetanus, no slack", {"slack": 0.0, "tetanus": 0.4}),
    ("stretch 0.5 %, 5 kHz", STEP),
    ("release 0.5 %, 5 kHz", {**STEP, "step": -0.005}),
)
NAMES = ("Po", "total", "passive", "stiffness_Po")


def trial(case: dict[str, object], runs: int = RUNS) -> dict[str, tuple[float, float, float]]:
    """Return, by name, mean bias and its scatter in per cent, and per cent of intervals that hold the truth."""
    stiffness = "step" in case
    names = NAMES if stiffness else NAMES[:3]
    values: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    for seed in range(runs):
        made = simulated(seed=seed, **case)  # type: ignore[arg-type]
        record = isometric.measure(
            made.time, made.force, made.length, length_unit="{L0}", force_unit="mN", stiffness=stiffness
        )
        for name in names:
            values[name].append((record[name].value, *record[name].interval))
    found = {}
    for name, rows in values.items():
        known = [row for row in rows if np.isfinite(row[0])]
        if not known:
            continue
        true = made.truth[name]
        value, low, high = np.array(known).T
        off = 100.0 * (value - true) / (true if name == "stiffness_Po" else made.truth["Po"])
        found[name] = (float(off.mean()), float(off.std()), 100.0 * float(np.mean((low <= true) & (true <= high))))
    return found


def table(runs: int = RUNS) -> list[tuple[str, ...]]:
    """Return the rows of the table, header first."""
    rows = [("contraction", *NAMES)]
    for words, case in CASES:
        found = trial(case, runs)
        shown = []
        for name in NAMES:
            if name not in found:
                shown.append("–")
                continue
            bias, scatter, held = found[name]
            shown.append(f"{bias:+.2f} ± {scatter:.2f} ({held:.0f})")
        rows.append((words, *shown))
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
    main()
