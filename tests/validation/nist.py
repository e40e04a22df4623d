"""The fitting engine against the certified nonlinear regressions of NIST StRD.

``python -m tests.validation.nist`` prints the table; with ``--rst`` as reStructuredText for the documentation.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musclemetrics.fitting import Fit, Model, fit

from .nist_models import MODELS

Array = NDArray[np.float64]

CAP = 11.0
"""Certified values are printed with eleven digits: more cannot be shown."""
NEEDED, NEEDED_SD = 6.0, 5.0
WITHOUT_SD = frozenset({"Lanczos1"})
"""Generated without noise and certified at rounding level: its residual variance is not reproducible in doubles."""


@dataclass(frozen=True)
class Certified:
    """One problem: data, both starts, certified estimates and their standard deviations."""

    name: str
    level: str
    x: Any
    y: Array
    starts: tuple[Array, Array]
    values: Array
    sd: Array
    rss: float

    @property
    def model(self) -> Model:
        return MODELS[self.name]


@dataclass(frozen=True)
class Outcome:
    """What came of one problem from one start."""

    digits: float
    digits_sd: float
    path: str
    fit: Fit


def data_file() -> Path:
    """Return where the certified data should be; the environment may point elsewhere."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(os.environ.get("MUSCLEMETRICS_DATA", beside)) / "reference" / "nist_strd_nls.json"


def problems(path: Path | None = None) -> Iterator[Certified]:
    """Yield the 27 problems in NIST's order."""
    stored = json.loads((path or data_file()).read_text(encoding="utf-8"))["problems"]
    for name in MODELS:
        entry = stored[name]
        table = np.array(entry["data"], dtype=np.float64).T
        y = np.log(table[0]) if name == "Nelson" else table[0]
        yield Certified(
            name,
            entry["level"],
            table[1] if len(table) == 2 else tuple(table[1:]),
            y,
            (np.array(entry["start1"]), np.array(entry["start2"])),
            np.array(entry["certified"]),
            np.array(entry["certified_sd"]),
            entry["rss"],
        )


def digits(estimate: Array, certified: Array) -> float:
    """Return the log relative error of the worst value: how many digits agree, at most `CAP`."""
    with np.errstate(all="ignore"):
        each = -np.log10(np.abs(estimate - certified) / np.abs(certified))
    return float(np.min(np.minimum(np.where(np.isnan(each), -CAP, each), CAP)))


def solve(problem: Certified, start: int, *, analytic: bool = True) -> Outcome:
    """Fit a problem from start 1 or 2 through the public function."""
    model = problem.model if analytic else replace(problem.model, jacobian=None)
    begin = dict(zip(model.parameters, problem.starts[start - 1], strict=True))
    found = fit(model, problem.x, problem.y, start=begin)
    if not analytic:
        path = "scipy"
    else:
        path = "rescued" if found.rescued is not None and found.rescued[0] else "stack"
    return Outcome(digits(found.parameters[0], problem.values), digits(found.stderr[0], problem.sd), path, found)


HEADER = (
    "problem", "level", "digits, start 1", "digits, start 2", "SD, start 1", "SD, start 2", "path", "numeric slopes",
)  # fmt: skip


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the table, a row for each problem."""
    for problem in problems():
        first, second = solve(problem, 1), solve(problem, 2)
        numeric = min(solve(problem, s, analytic=False).digits for s in (1, 2))
        sd = ["–" if problem.name in WITHOUT_SD else f"{o.digits_sd:.1f}" for o in (first, second)]
        path = first.path if first.path == second.path else f"{first.path}, {second.path}"
        yield (
            problem.name, problem.level, f"{first.digits:.1f}", f"{second.digits:.1f}", *sd, path, f"{numeric:.1f}",
        )  # fmt: skip


def plain(table: list[tuple[str, ...]]) -> str:
    """Return the table in columns."""
    widths = [max(len(row[i]) for row in (HEADER, *table)) for i in range(len(HEADER))]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in (HEADER, *table)
    )


def rst(table: list[tuple[str, ...]]) -> str:
    """Return the table as a reStructuredText list-table."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (HEADER, *table):
        lines += [f"   {'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(row)]
    return "\n".join(lines)


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    print((rst if "--rst" in sys.argv[1:] else plain)(list(rows())))
