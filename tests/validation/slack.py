"""How near the slack test comes to the truth: ``python -m tests.validation.slack [--rst] [detectors|releases|real]``.

Traces are simulated with every artefact at the level of real ones (`musclemetrics.simulate.Artefacts`), fibres drawn
from the ranges in `population`, 200 of each speed and sampling rate. ``detectors`` prints bias and coverage of Vo for
every detector; ``releases`` how releases that do and do not go slack are told apart; ``real`` what the detectors give
on a laboratory's own trace, beside its own reading (it needs the shared recordings).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

import musclemetrics as mm
from musclemetrics.errors import InputError
from musclemetrics.modalities.slack.definitions import ONSETS
from musclemetrics.record import Record
from musclemetrics.simulate import SlackFibre, SlackTest, slack_tests
from musclemetrics.simulate.slack import FIBRES

RUNS = 200
RATES = (2000.0, 10_000.0)
WORDS = {"type_I": "type I, 0.8", "type_IIa": "type IIa, 2.5", "cardiac": "cardiac-like, 8.6"}
CLEAR = (0.004, 0.01)
"""Seconds of slack, and L0 beyond the extension, that make a release clearly slack."""


def population(kind: str, runs: int = RUNS, seed: int = 0) -> tuple[list[SlackFibre], list[tuple[float, ...]]]:
    """Return fibres of one speed that differ in all but their speed, and the releases of each."""
    fibre, steps = FIBRES[kind]
    rng = np.random.default_rng(seed)
    short = (0.04, 0.06) if kind == "cardiac" else (0.02, 0.06)
    fibres = [
        replace(
            fibre,
            a_Po=rng.uniform(0.1, 0.4),
            stiffness=rng.uniform(40, 60),
            extension=rng.uniform(*short),
            activation=rng.uniform(0.2, 0.4),
            ktr=fibre.ktr * rng.uniform(0.6, 1.6),
            drop=fibre.drop * rng.uniform(0.5, 2.0),
        )
        for _ in range(runs)
    ]
    return fibres, [steps] * runs


@cache
def simulated(kind: str, rate: float, runs: int = RUNS) -> list[SlackTest]:
    """Return the simulated tests of one speed and sampling rate."""
    fibres, steps = population(kind, runs)
    return slack_tests(fibres, steps, rate=rate, seeds=range(runs))


def measured(test: SlackTest, **settings: object) -> Record | None:
    """Return the record of a simulated test, None where it is refused."""
    try:
        return mm.slack.measure(test.time, test.force, test.length, length_unit="{L0}", **settings)
    except InputError:
        return None


def accuracy(kind: str, rate: float, *, runs: int = RUNS, **settings: object) -> tuple[float, float, float, int]:
    """Return median bias and spread of Vo (%), coverage of its interval (%), and the number of tests measured.

    Coverage counts the tests whose used releases all go slack in truth.
    """
    errors, held = [], []
    for test in simulated(kind, rate, runs):
        record = measured(test, **settings)
        if record is None:
            continue
        Vo = record["Vo"]
        errors.append(Vo.value / test.fibre.Vo - 1)
        used = record.trace("release_used") > 0
        if np.isfinite(test.slack[used]).all():
            held.append(Vo.interval[0] <= test.fibre.Vo <= Vo.interval[1])
    spread = float(np.subtract(*np.percentile(errors, [75, 25])) / 1.349)
    return 100 * float(np.median(errors)), 100 * spread, 100 * float(np.mean(held)), len(errors)


def sorting(kind: str, rate: float, runs: int = RUNS, seed: int = 5) -> tuple[float, int, float, int]:
    """Return how many releases that stay taut are left out (%), and how many that clearly go slack are kept (%).

    The first release of each test is drawn from 0.8 to 1.0 times the extension, or goes beyond it by `CLEAR`.
    """
    fibres, steps = population(kind, 2 * runs, seed)
    rng = np.random.default_rng(seed)
    made = []
    for number, (fibre, rest) in enumerate(zip(fibres, steps, strict=True)):
        taut = fibre.extension * rng.uniform(0.8, 1.0)
        slack = fibre.extension + max(fibre.Vo * CLEAR[0], CLEAR[1]) * rng.uniform(1.0, 1.5)
        first = taut if number % 2 == 0 else slack
        made.append((first, *(max(r, slack + 0.01 * k) for k, r in enumerate(rest[1:], 1))))
    tests = slack_tests(fibres, made, rate=rate, seeds=range(len(fibres)))
    left, kept = [], []
    for k, test in enumerate(tests):
        record = measured(test, least_step=0.01)
        if record is None:
            continue
        (left if k % 2 == 0 else kept).append(bool(record.trace("release_used")[0]))
    return 100 * (1 - float(np.mean(left))), len(left), 100 * float(np.mean(kept)), len(kept)


def taut(runs: int = 1000, seed: int = 9) -> float:
    """Return the share (%) of tests without any slack in which some release was used as if it had been slack."""
    answered = 0
    for kind in FIBRES:
        fibres, _ = population(kind, -(-runs // 3), seed)
        steps = [tuple(f.extension * s for s in (0.75, 0.8, 0.85, 0.9, 0.95)) for f in fibres]
        for test in slack_tests(fibres, steps, rate=10_000.0, seeds=range(len(fibres))):
            answered += measured(test, least_step=0.01) is not None
    return 100 * answered / (3 * -(-runs // 3))


def real() -> list[tuple[str, ...]]:
    """Return what every detector gives on the laboratory's trace, by both regressions."""
    from scipy.io import loadmat

    root = Path(__file__).resolve().parent.parent.parent
    folder = Path(os.environ.get("MUSCLEMETRICS_DATA", str(root / ".." / "shared" / "data")))
    time, length, force = loadmat(folder / "fibre/slack_ktr_isovelocity/bakers_slack8mM_all.mat")["datatable"].T
    rows = [("onset", "durations, ms", "Vo (SE), L0/s", "other way", "intercept, %", "r2", "curved, p")]
    cases: list[tuple[str, dict[str, object]]] = [(name, {"onset": name}) for name in ONSETS]
    wide = {"onset": "line", "line_window": (0.05, 0.2)}
    cases += [("line, 5 to 20 %", wide), ("line, 5 to 20 %, own level", {**wide, "baseline": "own"})]
    for words, settings in cases:
        record = mm.slack.measure(time, force, length, fibre_length=2.0, length_unit="mm", **settings)
        Vo = record["Vo"]
        durations = " ".join(f"{1e3 * d:.2f}" for d in record.trace("duration"))
        rows.append(
            (
                words,
                durations,
                f"{Vo.value:.2f} ({Vo.stderr:.2f})",
                f"{record['Vo_other'].value:.2f}",
                f"{100 * record['intercept'].value:.2f}",
                f"{record['r2'].value:.4f}",
                f"{record['curvature_p'].value:.2g}",
            )
        )
    return rows


def detectors(runs: int = RUNS) -> list[tuple[str, ...]]:
    """Return bias, spread and coverage of every detector, header first."""
    rows = [("onset", "fibre, Vo", *(f"{r / 1000:g} kHz: bias, spread, coverage (%)" for r in RATES))]
    cases: list[tuple[str, dict[str, object]]] = [(name, {"onset": name}) for name in ONSETS]
    cases.append(("line, 5 to 20 %", {"onset": "line", "line_window": (0.05, 0.2)}))
    for name, settings in cases:
        for kind in FIBRES:
            cells = []
            for rate in RATES:
                bias, spread, held, _ = accuracy(kind, rate, runs=runs, **settings)
                cells.append(f"{bias:+.1f}, {spread:.1f}, {held:.0f}")
            rows.append((name, WORDS[kind], *cells))
    return rows


def releases(runs: int = RUNS) -> list[tuple[str, ...]]:
    """Return how releases are told apart, header first."""
    rows = [("fibre, Vo", "kHz", "taut, left out (%)", "clearly slack, kept (%)")]
    for kind in FIBRES:
        for rate in RATES:
            left, n, kept, m = sorting(kind, rate, runs)
            rows.append((WORDS[kind], f"{rate / 1000:g}", f"{left:.1f} of {n}", f"{kept:.1f} of {m}"))
    rows.append(("none goes slack", "10", f"{100 - taut():.1f} of 1002 tests refused", ""))
    return rows


def printed(rows: Sequence[tuple[str, ...]], rst: bool) -> str:
    """Return a table as text or as reStructuredText."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "  ".join("=" * w for w in widths)
    return "\n".join([rule, lines[0], rule, *lines[1:], rule] if rst else lines)


def main() -> None:
    """Print the tables asked for, by default all."""
    if {"-h", "--help"} & set(sys.argv):
        print(__doc__)
        return
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")] or ["detectors", "releases", "real"]
    for word in wanted:
        print(printed({"detectors": detectors, "releases": releases, "real": real}[word](), "--rst" in sys.argv))
        print()


if __name__ == "__main__":
    main()
