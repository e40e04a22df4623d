"""How far repeatability and change can be trusted: ``python -m tests.validation.repeatability [--rst]``.

Two tables. The first: how many of the subjects who have not changed `compare.change` calls changed, records and all;
beside it what 1.96 in the place of Student's t would. The second: how often the 95 % intervals hold the truth, for
occasions that are alike and for occasions that differ by as much as one measurement errs.
"""

from __future__ import annotations

import math
import sys

import numpy as np

from musclemetrics.compare import change, repeatability
from musclemetrics.compare.repeatability_anova import error_interval, icc_2_1, icc_3_1, two_way
from musclemetrics.record import Measurement, Record

SUBJECTS = (8, 10, 20)
RUNS = 6000
SUBJECT_SD, SD = 3.0, 0.5
DESIGNS = ((8, 2), (10, 2), (10, 3), (20, 2), (20, 3), (50, 3))


def scan(value: float, subject: int, session: int) -> Record:
    """Return the record of one measurement."""
    labels = {"subject": str(subject), "session": str(session)}
    return Record("simulated", [Measurement("thickness", value, unit="mm")], labels=labels)


def false_alarms(n: int, *, log: bool = False, runs: int = RUNS, seed: int = 0) -> tuple[float, float]:
    """Return the per cent of unchanged subjects called changed, and with 1.96 in the place of t."""
    rng = np.random.default_rng([seed, n, log])
    calls = by_normal = 0
    for _ in range(runs):
        truth = 25 + SUBJECT_SD * rng.normal(size=(n + 1, 1))
        error = 0.04 * rng.normal(size=(n + 1, 2)) if log else SD * rng.normal(size=(n + 1, 2))
        # What is common to an occasion is bias, no error: it moves the subjects of the study alone.
        error[:n] += (0.02 if log else SD) * rng.normal(size=2)
        values = truth * np.exp(error) if log else truth + error
        records = [scan(values[i, k], i, k) for i in range(n) for k in (0, 1)]
        study = repeatability(records, of="thickness", log="thickness" if log else ())
        record = change(scan(values[n, 0], n, 0), scan(values[n, 1], n, 1), study)
        calls += record["thickness_verdict"].value != 0
        kind = "ratio" if log else "difference"
        away, sem = record[f"thickness_{kind}"], study["thickness_SEM_log" if log else "thickness_SEM"].value
        by_normal += abs(math.log(away.value) if log else away.value) > 1.96 * math.sqrt(2) * sem
    return 100 * calls / runs, 100 * by_normal / runs


def coverage(n: int, k: int, *, occasion_sd: float, runs: int = 20_000, seed: int = 0) -> tuple[float, float, float]:
    """Return how often the intervals of SEM, ICC(3,1) and ICC(2,1) hold the truth, in per cent."""
    rng = np.random.default_rng([seed, n, k, int(10 * occasion_sd)])
    study = 2 * rng.normal(size=(runs, n, 1)) + occasion_sd * rng.normal(size=(runs, 1, k))
    spread = two_way(study + rng.normal(size=(runs, n, k)))
    low, high = error_interval(spread.error, spread.df)
    out = [100 * float(np.mean((low <= 1) & (high >= 1)))]
    for found, truth in ((icc_3_1(spread), 4 / 5), (icc_2_1(spread), 4 / (5 + occasion_sd**2))):
        out.append(100 * float(np.mean((found.low <= truth) & (truth <= found.high))))
    return out[0], out[1], out[2]


def alarms() -> list[tuple[str, ...]]:
    """Return the rows of the first table, header first."""
    rows = [("subjects", "scale", "change", "with 1.96")]
    for n in SUBJECTS:
        for log in (False, True):
            found = false_alarms(n, log=log)
            rows.append((str(n), "log" if log else "as it is", *(f"{v:.1f} %" for v in found)))
    return rows


def intervals() -> list[tuple[str, ...]]:
    """Return the rows of the second table, header first."""
    rows = [("subjects", "occasions", "SEM", "ICC(3,1)", "ICC(2,1), alike", "ICC(2,1), differing")]
    for n, k in DESIGNS:
        sem, consistency, agreement = coverage(n, k, occasion_sd=0.0)
        apart = coverage(n, k, occasion_sd=1.0)[2]
        rows.append((str(n), str(k), *(f"{v:.1f} %" for v in (sem, consistency, agreement, apart))))
    return rows


def main() -> None:
    """Print the tables as text or, with --rst, as reStructuredText."""
    for rows in (alarms(), intervals()):
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        if "--rst" in sys.argv:
            rule = "  ".join("=" * w for w in widths)
            lines = [rule, lines[0], rule, *lines[1:], rule]
        print("\n".join([*lines, ""]))


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    main()
