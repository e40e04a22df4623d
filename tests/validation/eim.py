"""Model, volumes and validity checks against an analyser's own: ``python -m tests.validation.eim [--rst]``.

All complete sweeps of NHANES 1999–2000 (hand to foot, 50 frequencies from 5 kHz to 1 MHz; below MUSCLEMETRICS_DATA),
measured without any start value, against what the analyser stored with them. Whole-body impedance: nothing specific to
electrodes on one muscle is proved by it.
"""

from __future__ import annotations

import csv
import gzip
import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musclemetrics import eim
from musclemetrics.record import Record

Array = NDArray[np.float64]
ROOT = Path(__file__).resolve().parent.parent.parent
FILE = "eim/nhanes_bix_1999_2000.csv.gz"
FITS = {
    "no delay, all alike": {"delay": False, "weighting": "unit"},
    "delay, all alike": {"weighting": "unit"},
    "delay, 1/\\|Z\\|": {"weighting": "modulus"},
    "stray capacitance": {"stray": True},
    "**delay, taper**": {},
}
COMPARED = ("Re", "Ri", "alpha", "fc", "Cm")


@dataclass(frozen=True, eq=False)
class Survey:
    """Sweeps of many people with what the analyser made of them."""

    frequency: Array
    resistance: Array
    reactance: Array
    columns: dict[str, Array]

    def take(self, rows: NDArray[np.bool_]) -> Survey:
        columns = {name: values[rows] for name, values in self.columns.items()}
        return Survey(self.frequency, self.resistance[rows], self.reactance[rows], columns)


def read(path: Path | None = None) -> Survey:
    """Return the survey of the file, by default the one below MUSCLEMETRICS_DATA."""
    if path is None:
        path = Path(os.environ.get("MUSCLEMETRICS_DATA", str(ROOT / ".." / "shared" / "data"))) / FILE
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        header = next(rows)
        table = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows])
    at = {name: k for k, name in enumerate(header)}
    pattern = re.compile(r"BIXS(\d+)([KM])")
    found = [(float(m[1]) * (1e3 if m[2] == "K" else 1e6), m[0]) for m in map(pattern.fullmatch, header) if m]
    names = [name for _, name in sorted(found)]
    r = table[:, [at[n] for n in names]]
    x = table[:, [at[n.replace("BIXS", "BIXC")] for n in names]]
    f = np.array([value for value, _ in sorted(found)])
    return Survey(f, r, x, {n: table[:, k] for n, k in at.items() if not n.startswith(("BIXS", "BIXC"))})


@cache
def survey() -> Survey:
    """Return the whole survey."""
    return read()


def excellent() -> Survey:
    """Return the sweeps that the analyser graded excellent."""
    return survey().take(survey().columns["BIDFIT"] == 0)


def own(of: Survey) -> dict[str, Array]:
    """Return the analyser's parameters; fc from Cm and the resistances, since its own is rounded up to whole kHz."""
    c = of.columns
    fc = 1e6 / (2.0 * np.pi * c["BIDCM"] * (c["BIDRECF"] + c["BIDRICF"]))
    return {
        "Re": c["BIDRECF"],
        "Ri": c["BIDRICF"],
        "alpha": c["BIDALPHA"],
        "fc": fc,
        "Cm": c["BIDCM"],
        "Td": c["BIDTD"],
    }


def values(records: list[Record], name: str) -> Array:
    """Return one measurement of every record."""
    return np.array([r[name].value for r in records])


def differences(of: Survey, **settings: object) -> dict[str, tuple[float, float]]:
    """Return median and 90th percentile of the absolute difference to the analyser, in % (Td: ns), and convergence."""
    records = eim.measure_many(of.frequency, of.resistance, of.reactance, errors="flag", **settings)  # type: ignore[arg-type]
    theirs = own(of)
    out = {}
    for name in COMPARED:
        off = 100.0 * (values(records, name) / theirs[name] - 1.0)
        out[name] = float(np.nanmedian(off)), float(np.nanpercentile(np.abs(off), 90))
    if "Td" in records[0]:
        off = values(records, "Td") - theirs["Td"]
        out["Td"] = float(np.nanmedian(off)), float(np.nanpercentile(np.abs(off), 90))
    done = np.isfinite(values(records, "Ri"))
    out["converged"] = 100.0 * float(done.mean()), 0.0
    return out


def volumes(of: Survey) -> dict[str, Array]:
    """Return differences of ECF and TBW to the analyser's in L: from the sweeps, and from its own Re and Ri."""
    c = of.columns
    known = np.isfinite(c["BMXHT"]) & np.isfinite(c["BMXWT"]) & np.isfinite(c["BIDECF"]) & np.isfinite(c["BIDTBW"])
    of = of.take(known)
    c = of.columns
    records = eim.measure_many(of.frequency, of.resistance, of.reactance, errors="flag")
    body = {"height": c["BMXHT"], "weight": c["BMXWT"], "sex": np.where(c["RIAGENDR"] == 1, "M", "F")}
    ours = eim.fluid_volumes(values(records, "Re"), values(records, "Ri"), **body)
    formula = eim.fluid_volumes(c["BIDRECF"], c["BIDRICF"], **body)
    return {
        "ECF from the sweep": np.abs(ours.ECF - c["BIDECF"]),
        "TBW from the sweep": np.abs(ours.TBW - c["BIDTBW"]),
        "ECF from the analyser's Re": np.abs(formula.ECF - c["BIDECF"]),
        "TBW from the analyser's Re, Ri": np.abs(formula.TBW - c["BIDTBW"]),
    }


def auc(score: Array, positive: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve: how often a positive scores above a negative."""
    rank = np.empty(len(score))
    rank[np.argsort(score, kind="stable")] = np.arange(1, len(score) + 1)
    many = int(positive.sum())
    return float((rank[positive].sum() - many * (many + 1) / 2) / (many * (len(score) - many)))


def graded() -> tuple[NDArray[np.int64], list[Record]]:
    """Return the analyser's grades and our records of the whole survey."""
    of = survey()
    records = eim.measure_many(of.frequency, of.resistance, of.reactance, errors="flag")
    return of.columns["BIDFIT"].astype(int), records


def tables() -> dict[str, list[tuple[str, ...]]]:
    """Return the tables, header first."""
    of = excellent()
    fits: list[tuple[str, ...]] = [("fit", *(f"{n} (%)" for n in COMPARED), "Td (ns)", "determined")]
    for name, settings in FITS.items():
        found = differences(of, **settings)
        cells = [f"{found[n][0]:+.2f}; {found[n][1]:.2f}" if n in found else "–" for n in (*COMPARED, "Td")]
        fits.append((name, *cells, f"{found['converged'][0]:.1f} %"))
    litres: list[tuple[str, ...]] = [("volume", "median (L)", "p95 (L)", "p99 (L)")]
    for name, off in volumes(of).items():
        litres.append((name, f"{np.median(off):.4f}", *(f"{np.percentile(off, q):.4f}" for q in (95, 99))))
    theirs, records = graded()
    ours = values(records, "grade").astype(int)
    grades: list[tuple[str, ...]] = [
        ("analyser", *(f"grade {k}" for k in range(6)), "fit_rms (%)", "kk_rms (%)", "jump")
    ]
    for grade in range(6):
        rows = theirs == grade
        cells = [str(int((ours[rows] == k).sum())) for k in range(6)]
        middle = [f"{np.nanmedian(values(records, n)[rows]):.3f}" for n in ("fit_rms", "kk_rms")]
        flagged = 100.0 * np.mean([r.flagged("jump") for r, q in zip(records, rows, strict=True) if q])
        grades.append((str(grade), *cells, *middle, f"{flagged:.1f} %"))
    bad = theirs >= 3
    areas: list[tuple[str, ...]] = [("grade 3 and worse told by", "AUC")]
    for name in ("kk_rms", "fit_rms"):
        areas.append((name, f"{auc(np.nan_to_num(values(records, name), nan=np.inf), bad):.4f}"))
    return {
        f"{len(of.resistance)} excellent sweeps: median; 90th percentile of the absolute difference": fits,
        "Volumes: absolute difference": litres,
        f"{len(theirs)} sweeps by the analyser's grade and ours": grades,
        "Separation": areas,
    }


def written(rows: list[tuple[str, ...]], rst: bool) -> str:
    """Return a table as text or as reStructuredText."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "  ".join("=" * w for w in widths)
    return "\n".join([rule, lines[0], rule, *lines[1:], rule] if rst else lines)


def main() -> None:
    """Print every table as text or, with --rst, as reStructuredText."""
    rst = "--rst" in sys.argv
    for title, rows in tables().items():
        print(f".. rubric:: {title}" if rst else title)
        print()
        print(written(rows, rst))
        print()


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    main()
