"""Ratios of impedance fits to impedance.py, lmfit and scipy: ``python -m tests.benchmarks.eim``.

Every figure is a ratio of medians taken in turn in one run. Peers get good start values and the same data. impedance.py
is measured where it can be imported, its Kramers–Kronig test where that runs under the NumPy installed (1.7.1 needs one
below 2: name an interpreter that has both in MUSCLEMETRICS_PEER_PYTHON); else the row says unavailable.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from musclemetrics import eim
from musclemetrics.fitting import fit
from musclemetrics.modalities.eim.curves import DELAYED, SHIFT
from musclemetrics.modalities.eim.validity import kramers_kronig

from ..validation.eim import FILE, ROOT
from .force_pca import paired

F = np.geomspace(5e3, 1e6, 50)
N = 10_000
GUESS = {"R0": 60.0, "Rinf": 36.0, "fc": 50e3, "alpha": 0.7, "Td": 4e-9}


def simulated(n: int = N, seed: int = 1) -> np.ndarray:
    """Return n complex sweeps with 0.1 % noise."""
    rng = np.random.default_rng(seed)

    def spread(value: float, share: float) -> np.ndarray:
        return value * (1.0 + share * rng.standard_normal((n, 1)))

    z = eim.cole(F, R0=spread(62, 0.1), Rinf=spread(36, 0.05), fc=spread(48e3, 0.15), alpha=0.7, Td=spread(4e-9, 0.2))
    return z * (1.0 + 1e-3 * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape)))


def weights() -> np.ndarray:
    """Return the weights of both parts of each frequency."""
    return np.tile(1.0 / (1.0 + (F / 1e6) ** 2), 2)


def ours(z: np.ndarray) -> object:
    """Fit all sweeps with delay and standard errors, without a guess."""
    y = np.concatenate([z.real, z.imag], axis=1)
    return fit(DELAYED, np.tile(2 * np.pi * F, 2), y, weights=weights(), noise="white").stderr


def by_lmfit(z: np.ndarray, f: np.ndarray = F, guess: dict[str, float] = GUESS) -> None:
    """Fit each sweep by lmfit's minimize, the residual as a user writes it."""
    import lmfit

    w = np.tile(1.0 / (1.0 + (f / 1e6) ** 2), 2)

    def residual(p: lmfit.Parameters, row: np.ndarray) -> np.ndarray:
        model = eim.cole(f, **{name: p[name].value for name in guess})
        return w * np.concatenate([(model - row).real, (model - row).imag])

    for row in z:
        p = lmfit.Parameters()
        for name, value in guess.items():
            p.add(name, value, min=1e-3 if name in ("fc", "alpha") else -np.inf)
        lmfit.minimize(residual, p, args=(row,))


def by_least_squares(z: np.ndarray) -> None:
    """Fit each sweep by scipy's least_squares with the analytic Jacobian, in well-scaled parameters."""
    from scipy.optimize import least_squares

    x, w = np.tile(2 * np.pi * F, 2)[:, None], weights()
    start = [-np.log(2 * np.pi * GUESS["fc"]), GUESS["alpha"], 1 + GUESS["Td"] * SHIFT, GUESS["R0"], GUESS["Rinf"]]

    def residual(p: np.ndarray, y: np.ndarray) -> np.ndarray:
        return w * (DELAYED(x, *p[:, None])[:, 0] - y)

    def jacobian(p: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.concatenate(DELAYED.derivatives(x, *p[:, None]), axis=1) * w[:, None]

    for row in z:
        least_squares(residual, start, jac=jacobian, args=(np.concatenate([row.real, row.imag]),), x_scale="jac")


def by_impedance(z: np.ndarray) -> None:
    """Fit each sweep by impedance.py's circuit of a Cole arc, which has no delay, from good guesses."""
    from impedance.models.circuits import CustomCircuit

    gap = GUESS["R0"] - GUESS["Rinf"]
    q = (1.0 / (2 * np.pi * GUESS["fc"])) ** GUESS["alpha"] / gap
    for row in z:
        CustomCircuit("R0-p(R1,CPE1)", initial_guess=[GUESS["Rinf"], gap, q, GUESS["alpha"]]).fit(F, row)


LINKK = """
import sys, time, numpy as np
from impedance.validation import linKK
data = np.load(sys.argv[1]); f, z = data["f"], data["z"]
linKK(f, z[0], c=0.5, max_M=15)
begin = time.perf_counter()
for row in z:
    linKK(f, row, c=0.5, max_M=15)
print("seconds", (time.perf_counter() - begin) / len(z))
"""


def linkk(z: np.ndarray) -> float:
    """Return seconds a sweep of impedance.py's test, NaN where it does not run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweeps.npz"
        np.savez(path, f=F, z=z)
        command = [os.environ.get("MUSCLEMETRICS_PEER_PYTHON", sys.executable), "-W", "ignore", "-c", LINKK, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("seconds")]
    return float(lines[0]) if done.returncode == 0 and lines else float("nan")


def importable(name: str) -> bool:
    """Whether a peer is there."""
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def whole_file() -> tuple[float, float]:
    """Return seconds of the NHANES file to a results CSV from the command line, and of a bare lmfit loop over it."""
    from ..validation.eim import read

    source = Path(os.environ.get("MUSCLEMETRICS_DATA", str(ROOT / ".." / "shared" / "data"))) / FILE
    if not source.is_file():
        return float("nan"), float("nan")
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "results.csv")
        begin = time.perf_counter()
        command = [sys.executable, "-m", "musclemetrics", "eim", str(source), "-o", out, "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        line = time.perf_counter() - begin
        if not Path(out).is_file():
            print(done.stderr[-300:], file=sys.stderr)
            line = float("nan")
    of = read(source)
    count = len(of.resistance)
    of = of.take(of.columns["BIDFIT"] <= 1)  # lmfit has no good start for what is no arc
    z = of.resistance - 1j * of.reactance
    begin = time.perf_counter()
    by_lmfit(z[:200], of.frequency, {"R0": 600.0, "Rinf": 420.0, "fc": 60e3, "alpha": 0.67, "Td": 5e-9})
    return line, (time.perf_counter() - begin) / 200 * count


def main() -> None:
    """Measure and print everything."""
    warnings.simplefilter("ignore")
    z = simulated()
    r, x = np.ascontiguousarray(z.real), np.ascontiguousarray(-z.imag)
    cases: list[tuple[str, Callable[[], object], Callable[[np.ndarray], None], int, int]] = [
        ("10,000 fits, SE / least_squares", lambda: ours(z), by_least_squares, 300, 8),
        ("10,000 fits, SE / lmfit", lambda: ours(z), by_lmfit, 100, 60),
    ]
    records = lambda: eim.measure_many(F, r, x)  # noqa: E731
    if importable("impedance"):
        cases.append(("10,000 fits, SE / impedance.py", lambda: ours(z), by_impedance, 12, 1000))
        cases.append(("10,000 records / impedance.py's fit", records, by_impedance, 12, 40))
    else:
        print("impedance.py: unavailable")
    cases.append(("10,000 records / lmfit", records, by_lmfit, 100, 1))
    print(f"{'what':38s} {'ours':>10s} {'peer':>10s} {'ratio':>8s} {'asked':>7s}")
    for name, work, peer, few, asked in cases:
        a, b, ratio = paired(work, N, lambda peer=peer, few=few: peer(z[:few]), few)
        verdict = "" if ratio >= asked else "  MISSED"
        print(f"{name:38s} {1e6 * a:8.1f} us {1e3 * b:7.2f} ms {ratio:7.0f}x {asked:6d}x{verdict}", flush=True)
    begin = time.perf_counter()
    kramers_kronig(F, r, x)
    a = (time.perf_counter() - begin) / N
    b = linkk(z[:10])
    if np.isnan(b):
        print("Kramers–Kronig / impedance.py: unavailable under this NumPy")
    else:
        verdict = "" if b / a >= 1000 else "  MISSED"
        name = "Kramers–Kronig / impedance.py's linKK"
        print(f"{name:38s} {1e6 * a:8.1f} us {1e3 * b:7.2f} ms {b / a:7.0f}x {1000:6d}x{verdict}")
    line, loop = whole_file()
    print(
        f"NHANES file to CSV by the command line {line:.1f} s, lmfit loop {loop:.1f} s, {loop / line:.1f}x (asked 1x)"
    )


if __name__ == "__main__":
    main()
