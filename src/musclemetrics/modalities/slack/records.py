"""From a slack plot to the record: measurements, evidence, provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...provenance import describe
from ...record import Flag, Measurement, Record, Trace, plain
from ...traces import DETECTORS
from .decisions import Decisions
from .definitions import DEFINITIONS
from .regression import Plot
from .releases import Release

__all__ = ["from_points", "from_traces"]

Array = NDArray[np.float64]

NAME = "slack"
WORDS = {
    "duration_on_step": "slack test (Edman 1979): slack duration on release size",
    "step_on_duration": "slack test (Edman 1979): release size on slack duration",
}


def _measurements(found: Plot, n: int, regression: str) -> dict[str, Measurement]:
    line, other = found.line, found.other
    unit = "s" if regression == "duration_on_step" else "{L0}"
    speed = "{L0}/s"
    made = (
        Measurement("Vo", line.Vo, line.Vo_stderr, line.Vo_interval, speed),
        Measurement("intercept", line.intercept, line.intercept_stderr, line.intercept_interval, "{L0}"),
        Measurement("r2", found.r2),
        Measurement("Sy_x", line.scatter, unit=unit),
        Measurement("n_releases", float(n)),
        Measurement("Vo_other", other.Vo, other.Vo_stderr, other.Vo_interval, speed),
        Measurement("curvature_p", found.curvature_p),
        Measurement("Vo_initial", found.initial[0], math.nan, found.initial[1], speed),
        Measurement("Vo_final", found.final[0], math.nan, found.final[1], speed),
    )
    return {m.name: m for m in made}


def _plot_traces(found: Plot, step: Array, duration: Array, regression: str) -> list[Trace]:
    line = found.line
    fitted = (step - line.intercept) / line.Vo
    if regression == "step_on_duration":
        residual = Trace("residual", step - line.intercept - line.Vo * duration, "{L0}")
    else:
        residual = Trace("residual", duration - fitted, "s")
    return [Trace("step", step, "{L0}"), Trace("duration", duration, "s"), Trace("fitted", fitted, "s"), residual]


def from_points(
    found: Plot, step: Array, duration: Array, flags: tuple[Flag, ...], settings: Mapping[str, Any]
) -> Record:
    """Return the record of points already read."""
    made = _measurements(found, len(step), settings["regression"])
    names = [d.name for d in DEFINITIONS if d.applies(settings)]
    provenance = describe(WORDS[settings["regression"]] + ", points as given", plain(settings))
    shown = _plot_traces(found, step, duration, settings["regression"])
    return Record(NAME, tuple(made[n] for n in names), tuple(shown), flags, provenance)


def from_traces(
    found: Plot,
    used: Sequence[Release],
    every: Sequence[Release],
    Vo: Mapping[str, float],
    flags: tuple[Flag, ...],
    decisions: Decisions,
) -> Record:
    """Return the record of a slack test, with a row of evidence for every release."""
    unit = decisions.force_unit
    finite = [v for v in Vo.values() if math.isfinite(v)]
    made = _measurements(found, len(used), decisions.regression)
    first = used[0]
    made["Vo_least"] = Measurement("Vo_least", min(finite), unit="{L0}/s")
    made["Vo_most"] = Measurement("Vo_most", max(finite), unit="{L0}/s")
    made["Po"] = Measurement("Po", first.Po, unit=unit)
    made["run_down"] = Measurement("run_down", 1.0 - used[-1].Po / first.Po)
    step = np.array([r.step for r in used])
    duration = np.array([r.durations[decisions.onset] for r in used])
    shown = _plot_traces(found, step, duration, decisions.regression)
    drawn = [r for r in every if r.shown is not None]
    onset = [r.origin + r.durations.get(decisions.onset, math.nan) for r in every]
    shown += [
        Trace("release_step", np.array([r.step for r in every]), "{L0}"),
        Trace("release_start", np.array([r.origin for r in every]), "s"),
        Trace("release_onset", np.array(onset), "s"),
        Trace("release_slope", np.array([r.slope for r in every]), f"{unit}/s"),
        Trace("release_Po", np.array([r.Po for r in every]), unit),
        Trace("release_used", np.array([float(r.reason is None) for r in every])),
        Trace("release_manual", np.array([float(r.manual) for r in every])),
        Trace("recovery_release", _joined([np.full(len(r.shown.time), float(r.number)) for r in drawn if r.shown])),
        Trace("recovery_time", _joined([r.shown.time for r in drawn if r.shown]), "s"),
        Trace("recovery_force", _joined([r.shown.force for r in drawn if r.shown]), unit),
    ]
    method = f"{WORDS[decisions.regression]}; onset: {DETECTORS[decisions.onset]}"
    provenance = describe(method, decisions.settings)
    names = [d.name for d in DEFINITIONS if d.applies(decisions.settings)]
    return Record(NAME, tuple(made[n] for n in names), tuple(shown), flags, provenance)


def _joined(parts: Sequence[Array]) -> Array:
    return np.concatenate(parts) if parts else np.zeros(0)
