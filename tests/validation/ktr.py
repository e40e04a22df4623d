"""How far ktr holds the truth: ``python -m tests.validation.ktr [--rst]``.

Recordings are simulated whole, release and re-stretch included, and measured as a user would. Each row gives the median
bias of ktr and how often the 95 % intervals of ktr, F0 and Fss hold the truth.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from musclemetrics import ktr
from musclemetrics.simulate.ktr import KtrFibre, ktr_trace

NAMES = ("ktr", "F0", "Fss")


@dataclass(frozen=True)
class Design:
    """A fibre and a rig: ktr in 1/s, samples a second, noise in % of Fss, its memory in ms, hum in % of Fss."""

    ktr: float
    duration: float
    rate: float
    noise: float
    memory: float = 0.0
    hum: float = 0.0


DESIGNS = (
    Design(10.0, 0.6, 1000.0, 1.0),
    Design(10.0, 0.6, 20_000.0, 1.0),
    Design(10.0, 0.6, 20_000.0, 1.0, memory=1.0),
    Design(10.0, 0.6, 20_000.0, 1.0, memory=4.0),
    Design(10.0, 0.6, 20_000.0, 1.0, memory=10.0),
    Design(10.0, 0.6, 2000.0, 0.5, hum=1.0),
    Design(30.0, 0.3, 20_000.0, 1.0, memory=1.0),
    Design(30.0, 0.3, 20_000.0, 1.0, memory=4.0),
    Design(3.0, 2.0, 1000.0, 0.5, memory=10.0),
)


def coverage(design: Design, *, runs: int = 500, seed: int = 0) -> tuple[float, dict[str, float]]:
    """Return the median bias of ktr in %, and for each name the per cent of intervals that hold the truth."""
    bias, hits = [], dict.fromkeys(NAMES, 0)
    fibre = KtrFibre("1", "rat", "control", ktr=design.ktr, F0=8.0, Fss=100.0)
    for run in range(runs):
        trace = ktr_trace(
            fibre,
            rate=design.rate,
            duration=design.duration + 0.082,
            noise=design.noise,
            memory=design.memory / 1000.0,
            hum=design.hum,
            seed=seed + run,
        )
        record = ktr.measure(trace.time, trace.force, trace.length, force_unit="kN/m2")
        bias.append(100.0 * (record["ktr"].value / fibre.ktr - 1.0))
        for name in NAMES:
            low, high = record[name].interval
            hits[name] += low <= getattr(fibre, name) <= high
    return float(np.median(bias)), {name: 100.0 * count / runs for name, count in hits.items()}


def counted_as_white(design: Design, *, runs: int = 100, seed: int = 0) -> float:
    """Return how often the interval of ktr would hold the truth if every sample counted as independent."""
    from musclemetrics.fitting import fit, intervals
    from musclemetrics.modalities.ktr.recovery import RECOVERY

    hits = 0
    fibre = KtrFibre("1", "rat", "control", ktr=design.ktr, F0=8.0, Fss=100.0)
    for run in range(runs):
        trace = ktr_trace(
            fibre,
            rate=design.rate,
            duration=design.duration + 0.082,
            noise=design.noise,
            memory=design.memory / 1000.0,
            seed=seed + run,
        )
        inside = trace.time >= trace.end + 0.005
        found = fit(RECOVERY, trace.time[inside] - trace.end, trace.force[inside])
        low, high = intervals(found, ["ktr"])["ktr"][0]
        hits += low <= fibre.ktr <= high
    return 100.0 * hits / runs


def table(runs: int = 500) -> list[tuple[str, ...]]:
    """Return the rows of the table, header first."""
    rows = [("ktr (1/s)", "window (s)", "rate (kHz)", "noise", "memory (ms)", "hum", "bias of ktr", *NAMES)]
    for d in DESIGNS:
        bias, found = coverage(d, runs=runs)
        rows.append(
            (
                f"{d.ktr:g}",
                f"{d.duration:g}",
                f"{d.rate / 1000:g}",
                f"{d.noise:g} %",
                f"{d.memory:g}",
                f"{d.hum:g} %",
                f"{bias:+.2f} %",
                *(f"{found[name]:.1f} %" for name in NAMES),
            )
        )
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
