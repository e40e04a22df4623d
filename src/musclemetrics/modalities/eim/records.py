"""From checked sweeps to records, for one sweep or a whole stack by the same path."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...provenance import describe
from ...record import Flag, Measurement, Provenance, Record, Trace
from .decisions import Decisions
from .definitions import DEFINITIONS
from .features import features
from .fits import Found, fitted
from .flags import flags_of, grades
from .sweeps import Axis, Sweep, sweep_of
from .validity import Kramers, kramers_kronig

__all__ = ["NAME", "provenance", "stack"]

Array = NDArray[np.float64]

NAME = "eim"
MOST = 400
"""Frequencies kept as evidence; of a longer sweep every so-many-th."""
METHOD = {
    "cole": "complex least squares of Rinf + (R0 − Rinf)/(1 + (jωτ)^α)",
    "cole_delayed": "complex least squares of exp(−jωTd) (Rinf + (R0 − Rinf)/(1 + (jωτ)^α))",
    "cole_stray": "complex least squares of a Cole arc with a stray capacitance in parallel",
    "cole_double": "complex least squares of two Cole arcs behind a delay",
}


def provenance(decisions: Decisions) -> Provenance:
    """Return what was decided, for every record of a call."""
    return describe(METHOD[decisions.model.name], decisions.settings)


def stack(axis: Axis, resistance: Array, reactance: Array, decisions: Decisions) -> list[Record | InputError]:
    """Return a record, or the error that stands for it, for every row."""
    out: list[Record | InputError | None] = [None] * len(resistance)
    sweeps: list[Sweep] = []
    rows = []
    for i in range(len(resistance)):
        try:
            sweeps.append(sweep_of(resistance[i], reactance[i], axis, decisions))
            rows.append(i)
        except InputError as error:
            out[i] = error
    if sweeps:
        for i, made in zip(rows, _records(axis, sweeps, decisions), strict=True):
            out[i] = made
    return out  # type: ignore[return-value]


def _records(axis: Axis, sweeps: Sequence[Sweep], decisions: Decisions) -> list[Record]:
    f = axis.frequency
    r, x = np.stack([s.resistance for s in sweeps]), np.stack([s.reactance for s in sweeps])
    read = features(f, r, x, decisions)
    found = fitted(f, r, x, decisions)
    kramers = kramers_kronig(f, r, x)
    fits = None if isinstance(found, str) else found
    grade = grades(fits, kramers, len(r))
    values = {name: v.tolist() for name, v in read.values.items()}
    values["grade"] = grade.tolist()
    values["kk_rms"] = [math.nan] * len(r) if kramers is None else (100.0 * kramers.rms).tolist()
    if fits is not None:
        values.update(_fit_values(fits))
    estimates = {} if fits is None else {n: _rows(e.value, e.stderr, e.low, e.high) for n, e in fits.estimates.items()}
    wanted = [(d.name, d.units[0]) for d in DEFINITIONS if d.applies(decisions.settings)]
    made_by = provenance(decisions)
    kept = np.arange(len(f)) if len(f) <= MOST else np.unique(np.linspace(0, len(f) - 1, MOST).astype(int))
    thinned = _thinned(len(f), len(kept))
    frequency = Trace("frequency", f[kept], "Hz")
    evidence = _evidence(r, x, fits, kramers, kept)
    out = []
    for i, sweep in enumerate(sweeps):
        measurements = []
        for name, unit in wanted:
            if name in estimates:
                value, error, low, high = estimates[name][i]
                measurements.append(Measurement(name, value, error, (low, high), unit))
            else:
                measurements.append(Measurement(name, values[name][i] if name in values else math.nan, unit=unit))
        traces = [frequency] + [
            Trace(name, a[i], unit) for name, a, unit in evidence if fits is None or fits.good[i] or name[:3] != "fit"
        ]
        flags = (*sweep.flags, *flags_of(i, f, read, found, kramers, grade[i], decisions), *thinned)
        out.append(Record(NAME, tuple(measurements), tuple(traces), flags, made_by))
    return out


def _rows(*columns: Array) -> list[tuple[float, ...]]:
    return list(zip(*(c.tolist() for c in columns), strict=True))


def _fit_values(found: Found) -> dict[str, list[float]]:
    """Return what comes of a fit without an interval; how well it fits is known even where the arc is not."""
    out = {"fit_rms": 100.0 * found.rms, "aicc": found.aicc}
    if len(found.aicc_single):
        out["aicc_single"] = found.aicc_single
    out = {name: np.where(np.isfinite(v), v, np.nan) for name, v in out.items()}
    for name, (low, high) in found.ranges.items():
        out[f"{name}_low"], out[f"{name}_high"] = low, high
    return {name: v.tolist() for name, v in out.items()}


def _evidence(
    r: Array, x: Array, found: Found | None, kramers: Kramers | None, kept: NDArray[np.int64]
) -> list[tuple[str, Array, str]]:
    """Return the traces of a stack: name, values of shape (n, points kept), unit."""
    half = r.shape[1]
    out = [("resistance", r, "Ohm"), ("reactance", x, "Ohm")]
    if found is not None:
        out += [("fit_resistance", found.curve[:, :half], "Ohm"), ("fit_reactance", -found.curve[:, half:], "Ohm")]
    if kramers is not None:
        out += [("kk_resistance", kramers.residual[:, :half], "Ohm")]
        out += [("kk_reactance", -kramers.residual[:, half:], "Ohm")]
    frozen = []
    for name, a, unit in out:
        rows = np.ascontiguousarray(a[:, kept])
        rows.setflags(write=False)
        frozen.append((name, rows, unit))
    return frozen


def _thinned(points: int, kept: int) -> tuple[Flag, ...]:
    if kept == points:
        return ()
    return (Flag("evidence-thinned", f"{kept} of {points} frequencies are kept as evidence, all were used", "note"),)
