"""How far the numbers of force_velocity can be trusted: ``python -m tests.validation.force_velocity [--rst]``.

Two tables. The first: how often the 95 % intervals hold the truth, with the error in the quantity that is fitted and,
for comparison, in the other one. The second: points read from simulated ramps and clamps against those simulated.
"""

from __future__ import annotations

import sys

import numpy as np

from musclemetrics import force_velocity
from musclemetrics.modalities.force_velocity.quantities import hyperbolas, quantities
from musclemetrics.reading import Reading
from musclemetrics.simulate.force_velocity import Fibre, clamp, ramp

TRUTH = Fibre("true", "", "", Vmax=2.0, Po=100.0, a_Po=0.25)
NAMES = ("Vmax", "Po", "a_Po", "Pmax")
SPEEDS = TRUTH.Vmax * np.array([0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8])
LOADS = TRUTH.Po * np.array([1.0, 0.8, 0.65, 0.5, 0.35, 0.22, 0.12, 0.05])
Row = tuple[float, float, float, float]


def simulated(error_in: str, noise: float, runs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return velocities and forces of many experiments, with an error in one of them (a share of Vmax or Po)."""
    rng = np.random.default_rng(seed)
    truth = {"Vmax": TRUTH.Vmax, "Po": TRUTH.Po, "a_Po": TRUTH.a_Po}
    if error_in == "force":
        v = np.tile(SPEEDS, (runs, 1))
        return v, force_velocity.hill_force(v, **truth) + rng.normal(0.0, noise * TRUTH.Po, v.shape)
    f = np.tile(LOADS, (runs, 1))
    return force_velocity.hill_velocity(f, **truth) + rng.normal(0.0, noise * TRUTH.Vmax, f.shape), f


def coverage(
    error_in: str, noise: float, *, dependent: str | None = None, held: bool = False, runs: int = 10_000, seed: int = 7
) -> dict[str, Row]:
    """Return by name, in %: the median error, and how many intervals hold, lie above and lie below the truth.

    A curve without an interval is a miss.
    """
    v, f = simulated(error_in, noise, runs, seed)
    found = hyperbolas(v, f, dependent or error_in, TRUTH.Po if held else None)
    right = found.found & (found.G > 0) & (found.q > 0) & (found.y0 > 0)
    out = {}
    for name, quantity in quantities(found, "profile").items():
        if name not in NAMES or (held and name == "Po"):
            continue
        truth = getattr(TRUTH, name)
        low, high = np.where(right[:, None], quantity.interval, np.nan).T
        bias = 100 * float(np.median(quantity.value[right]) / truth - 1)
        inside = (low <= truth) & (truth <= high)
        out[name] = (bias, *(100 * float(np.mean(x)) for x in (inside, truth < low, truth > high)))
    return out


CASES = (
    ("force", 0.01, None, False),
    ("force", 0.03, None, False),
    ("force", 0.03, None, True),
    ("velocity", 0.01, None, False),
    ("velocity", 0.03, None, False),
    ("velocity", 0.03, None, True),
    # The direction taken for the other one.
    ("force", 0.01, "velocity", False),
    ("force", 0.03, "velocity", False),
    ("velocity", 0.01, "force", False),
    ("velocity", 0.03, "force", False),
)


def coverage_table() -> list[tuple[str, ...]]:
    """Return the rows of the first table, header first."""
    rows = [("error in", "noise", "fitted", "Po", *(f"{n}: bias, held (tails) %" for n in NAMES))]
    for error_in, noise, dependent, held in CASES:
        found = coverage(error_in, noise, dependent=dependent, held=held)
        cells = ["–" if n not in found else "{:+.1f}, {:.1f} ({:.1f}, {:.1f})".format(*found[n]) for n in NAMES]
        rows.append((error_in, f"{100 * noise:g} %", dependent or error_in, "held" if held else "free", *cells))
    return rows


RIGS = (("1 kHz", 1000.0, 0.005), ("1 kHz", 1000.0, 0.02), ("10 kHz", 10_000.0, 0.02))
FIBRES = (Fibre("slow", "", "", 0.8, 100.0, 0.2), Fibre("fast", "", "", 2.5, 100.0, 0.25))


def read(kind: str, fibre: Fibre, rate: float, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return errors of force (shares of Po) and of velocity (of Vmax) of the points of one fibre's contractions."""
    readings = []
    shares = (0.04, 0.12, 0.25, 0.4, 0.6, 0.8) if kind == "ramps" else (0.85, 0.6, 0.4, 0.25, 0.12, 0.06)
    for k, share in enumerate(shares):
        make = ramp if kind == "ramps" else clamp
        at = share * fibre.Vmax if kind == "ramps" else share
        time, length, force = make(at, fibre, rate=rate, noise=noise, zero=0.03, seed=1000 * seed + k)
        units = {"time": "s", "length": "{L0}", "force": "kN/m2"}
        readings.append(Reading({"time": time, "length": length, "force": force}, units))
    dependent = "force" if kind == "ramps" else "velocity"
    (one,) = force_velocity.inputs(readings, dependent=dependent)
    if one.reason is not None:
        raise one.reason
    v, f = one.args["velocity"], one.args["force"]
    truth = {"Vmax": fibre.Vmax, "Po": fibre.Po, "a_Po": fibre.a_Po}
    if len(v) != len(shares) + 1:
        raise AssertionError(f"{len(v)} points of {len(shares)} contractions and a rest")
    if kind == "ramps":
        return (f - force_velocity.hill_force(v, **truth)) / fibre.Po, np.sort(v)[1:] / (
            np.sort(shares) * fibre.Vmax
        ) - 1.0
    speed_errors = (v - force_velocity.hill_velocity(f, **truth)) / fibre.Vmax
    return np.sort(f)[:-1] / fibre.Po - np.sort(shares), speed_errors


def reading_table(runs: int = 40) -> list[tuple[str, ...]]:
    """Return the rows of the second table, header first: mean and SD of the answering quantity's error."""
    rows = [("contractions", "fibre", "rate", "noise", "answering quantity: mean error", "SD", "worst point's mean")]
    for kind in ("ramps", "clamps"):
        for fibre in FIBRES:
            for name, rate, noise in RIGS:
                pairs = [read(kind, fibre, rate, noise, seed) for seed in range(runs)]
                errors = 100 * np.array([p[0] if kind == "ramps" else p[1] for p in pairs])
                means = errors.mean(axis=0)
                shares = (errors.mean(), errors.std(), means[np.argmax(np.abs(means))])
                cells = [f"{value:{'+' if k != 1 else ''}.2f} %" for k, value in enumerate(shares)]
                rows.append((kind, fibre.name, name, f"{100 * noise:g} %", *cells))
    return rows


def shown(rows: list[tuple[str, ...]], *, rst: bool) -> str:
    """Return a table as text or as reStructuredText."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    if not rst:
        return "\n".join(lines)
    rule = "  ".join("=" * w for w in widths)
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def main() -> None:
    """Print both tables."""
    rst = "--rst" in sys.argv
    print(shown(coverage_table(), rst=rst))
    print()
    print(shown(reading_table(), rst=rst))


if __name__ == "__main__":
    main()
