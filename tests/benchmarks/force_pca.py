"""Ratios of the engine to curve_fit and lmfit: ``python -m tests.benchmarks.force_pca [--rst]``.

Every figure is a ratio of medians taken in turn in the same run, so a machine that drifts drifts for both. Peers get
good start values and the same data; nothing is cached between calls. Run it on a quiet machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

from musclemetrics import force_pca
from musclemetrics.fitting import fit, intervals
from musclemetrics.modalities.force_pca.curves import HILL

X = np.array([4.5, 5.2, 5.6, 5.8, 6.0, 6.2, 6.4, 6.6, 9.0])
START = {"pCa50": 6.0, "h": 2.5, "Fmax": 100.0, "Fmin": 2.0}
N = 10_000
ROUNDS = 5


def simulated(noise: float, n: int = N, seed: int = 1) -> np.ndarray:
    """Return n nine-point curves with constant noise in per cent of Fmax."""
    rng = np.random.default_rng(seed)
    clean = force_pca.hill(X, pCa50=6.0 + rng.normal(0, 0.05, (n, 1)), h=2.5, Fmax=100.0, Fmin=2.0)
    return clean + rng.normal(0, noise, clean.shape)


def peer_hill(x, pCa50, h, Fmax, Fmin):
    """The Hill curve as a user writes it."""
    return Fmin + (Fmax - Fmin) / (1.0 + 10.0 ** (h * (x - pCa50)))


def seconds(work: Callable[[], object]) -> float:
    """Return the time of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def paired(ours: Callable[[], object], n_ours: int, theirs: Callable[[], object], n_theirs: int) -> tuple[float, ...]:
    """Return seconds a curve of ours, of theirs, and the median ratio over rounds taken in turn."""
    ours(), theirs()
    a, b, ratios = [], [], []
    for _ in range(ROUNDS):
        a.append(seconds(ours) / n_ours)
        b.append(seconds(theirs) / n_theirs)
        ratios.append(b[-1] / a[-1])
    return statistics.median(a), statistics.median(b), statistics.median(ratios)


def by_curve_fit(y: np.ndarray) -> None:
    """Fit each curve by scipy's curve_fit from good starts."""
    from scipy.optimize import curve_fit

    for row in y:
        curve_fit(peer_hill, X, row, p0=list(START.values()))


def by_lmfit(y: np.ndarray, with_intervals: bool = False) -> None:
    """Fit each curve by lmfit's Model.fit from good starts, with conf_interval of pCa50 and h on request."""
    import lmfit

    model = lmfit.Model(peer_hill)
    for row in y:
        result = model.fit(row, x=X, **START)
        if with_intervals:
            # where lmfit's search for a bound fails, its time up to there counts
            try:
                result.conf_interval(p_names=["pCa50", "h"], sigmas=[0.95])
            except Exception:
                continue


def start_up() -> list[tuple[str, float, float, float, float]]:
    """Return the cost of importing and of --help against a bare interpreter, whole processes."""
    commands = {
        "import musclemetrics": ["-c", "import musclemetrics"],
        "musclemetrics --help": ["-m", "musclemetrics", "--help"],
    }
    rows = []
    for name, command in commands.items():

        def run(arguments: list[str]) -> Callable[[], object]:
            return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

        ratios, ours, bare = [], [], []
        run(command)()
        for _ in range(15):
            bare.append(seconds(run(["-c", "pass"])))
            ours.append(seconds(run(command)))
            ratios.append(ours[-1] / bare[-1])
        limit = 2.0 if name.startswith("import") else 5.0
        rows.append((name, statistics.median(ours), statistics.median(bare), statistics.median(ratios), limit))
    return rows


def main() -> None:
    """Measure and print everything."""
    warnings.simplefilter("ignore")
    y2, y8 = simulated(2.0), simulated(8.0)

    def engine(y: np.ndarray) -> Callable[[], object]:
        return lambda: intervals(fit(HILL, X, y), ["pCa50", "h"])

    def records() -> object:
        return force_pca.measure_many(X, y2, force_unit="mN")

    def single() -> None:
        for row in y2[:50]:
            force_pca.measure(X, row, force_unit="mN")

    def fits() -> None:
        # Three times over, so that both sides of a pair take about as long and neither runs on the other's caches.
        for _ in range(3):
            fit(HILL, X, y2)

    few = 100
    cases = [
        ("10,000 fits / curve_fit", fits, 3 * N, lambda: by_curve_fit(y2[:700]), 700, 40),
        ("10,000 fits / lmfit Model.fit", fits, 3 * N, lambda: by_lmfit(y2[:few]), few, 300),
        ("+ intervals, 2 % noise / lmfit pair", engine(y2), N, lambda: by_lmfit(y2[:25], True), 25, 1000),
        ("+ intervals, 8 % noise / lmfit pair", engine(y8), N, lambda: by_lmfit(y8[:25], True), 25, 200),
        ("10,000 full records / lmfit pair", records, N, lambda: by_lmfit(y2[:25], True), 25, 100),
        ("one measure call / lmfit pair", single, 50, lambda: by_lmfit(y2[:25], True), 25, 10),
    ]
    print(f"{'what':38s} {'ours':>10s} {'peer':>10s} {'ratio':>8s} {'asked':>7s}")
    for name, ours, n_ours, theirs, n_theirs, asked in cases:
        a, b, ratio = paired(ours, n_ours, theirs, n_theirs)
        verdict = "" if ratio >= asked else "  MISSED"
        print(f"{name:38s} {1e6 * a:8.1f} us {1e3 * b:7.2f} ms {ratio:7.0f}x {asked:6d}x{verdict}", flush=True)
    for name, ours_s, bare_s, ratio, limit in start_up():
        verdict = "" if ratio <= limit else "  MISSED"
        print(f"{name:38s} {1e3 * ours_s:8.1f} ms {1e3 * bare_s:7.1f} ms {ratio:7.2f}  <= {limit:g}{verdict}")


if __name__ == "__main__":
    main()
