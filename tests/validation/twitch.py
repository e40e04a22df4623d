"""How near twitch kinetics come to the truth: ``python -m tests.validation.twitch [--rst]``.

Simulated twitches (`musclemetrics.simulate.twitch`) of a fast and a slow muscle, the noise and its colour varied. For
each number the mean bias and its scatter in per cent, and how many of the 95 % intervals hold the truth; for the naive
reading bias and scatter alone, as it has no interval.
"""

from __future__ import annotations

import sys

import numpy as np

from musclemetrics import twitch
from musclemetrics.simulate.twitch import twitch as simulated

RUNS = 1000
FAST: dict[str, object] = {}
SLOW: dict[str, object] = {
    "rise": 0.03,
    "decay": 0.08,
    "delay": 0.01,
    "duration": 0.7,
    "stimuli": (0.1,),
    "rate": 2000.0,
}
CASES: tuple[tuple[str, dict[str, object]], ...] = (
    ("fast, noise 0.3 %", {**FAST, "noise": 0.003}),
    ("fast, noise 2 %", {**FAST, "noise": 0.02}),
    ("fast, 1 % below 500 Hz", {**FAST, "noise": 0.01, "corner": 500.0}),
    ("fast, 0.3 %, hum 0.3 %", {**FAST, "noise": 0.003, "hum": 0.003}),
    ("fast, 1 %, 1 kHz", {**FAST, "noise": 0.01, "rate": 1000.0}),
    ("slow, noise 0.3 %", {**SLOW, "noise": 0.003}),
    ("slow, noise 2 %", {**SLOW, "noise": 0.02}),
)
NAMES = ("peak", "time_to_peak", "half_relaxation", "latency", "dFdt_max", "dFdt_min", "width")


def trial(case: dict[str, object], peak: str = "smooth", runs: int = RUNS) -> dict[str, tuple[float, float, float]]:
    """Return, by name, mean bias and its scatter in per cent of the truth, and per cent of intervals that hold it."""
    values: dict[str, list[tuple[float, float, float]]] = {name: [] for name in NAMES}
    for seed in range(runs):
        made = simulated(seed=seed, **case)  # type: ignore[arg-type]
        record = twitch.measure(made.time, made.force, stimulus_time=made.stimuli[0], peak=peak)
        for name in NAMES:
            values[name].append((record[name].value, *record[name].interval))
    found = {}
    for name, rows in values.items():
        true = made.truth[name]
        value, low, high = np.array(rows).T
        off = 100.0 * (value / true - 1.0)
        held = 100.0 * float(np.mean((low <= true) & (true <= high)))
        found[name] = (float(off.mean()), float(off.std()), held)
    return found


def table(runs: int = RUNS) -> list[tuple[str, ...]]:
    """Return the rows of the table, header first."""
    rows = [("muscle, noise", "definition", *NAMES)]
    for words, case in CASES:
        for peak in ("smooth", "naive"):
            found = trial(case, peak, runs)
            shown = []
            for name in NAMES:
                bias, scatter, held = found[name]
                digits = 0 if abs(bias) >= 20 else 1 if abs(bias) >= 2 else 2
                text = f"{bias:+.{digits}f} ± {scatter:.{digits}f}"
                shown.append(f"{text} ({held:.0f})" if peak == "smooth" else text)
            rows.append((words, peak, *shown))
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
