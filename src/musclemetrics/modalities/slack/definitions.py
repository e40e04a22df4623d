"""What every name of a slack-test record means, and the presets of its flags."""

from __future__ import annotations

from ...record import Definition

__all__ = ["DEFINITIONS", "FORCE_UNITS", "ONSETS", "PRESETS", "REGRESSIONS"]

FORCE_UNITS = ("1", "%", "kN/m2", "mN/mm2", "N/cm2", "kPa", "Pa", "MPa", "N/m2", "N", "mN", "uN", "nN", "kN")
ONSETS = ("line", "hinge", "hinge_quadratic", "exponential", "threshold", "sigma")
REGRESSIONS = ("duration_on_step", "step_on_duration")
_FIT = "scatter of the releases about the line: t with n − 2 degrees of freedom"
_TRACES = {"onset": ONSETS}

DEFINITIONS: tuple[Definition, ...] = (
    Definition("Vo", ("{L0}/s",), "Unloaded shortening velocity, the slope of release size on slack duration", _FIT),
    Definition("intercept", ("{L0}",), "Release that takes up the series elasticity, where duration is zero", _FIT),
    Definition("r2", ("1",), "Share of variance the line describes; the same in both regressions"),
    Definition("Sy_x", ("s", "{L0}"), "Standard deviation of the points about the line, in the dependent quantity"),
    Definition("n_releases", ("1",), "Releases used"),
    Definition("Vo_other", ("{L0}/s",), "Vo by the regression in the other direction", _FIT),
    Definition("curvature_p", ("1",), "Probability of so large a quadratic term if the plot were straight (F test)"),
    Definition("Vo_initial", ("{L0}/s",), "Local velocity at the smallest release, from the quadratic", _FIT),
    Definition("Vo_final", ("{L0}/s",), "Local velocity at the largest release, from the quadratic", _FIT),
    Definition("Vo_least", ("{L0}/s",), "The lowest Vo that any of the onset detectors gives", only=_TRACES),
    Definition("Vo_most", ("{L0}/s",), "The highest Vo that any of the onset detectors gives", only=_TRACES),
    Definition("Po", FORCE_UNITS, "Force before the first release, above the level within its slack", only=_TRACES),
    Definition("run_down", ("1",), "Share of Po lost from the first release to the last", only=_TRACES),
)

PRESETS: dict[str, dict[str, float]] = {
    # curved: probability below which the plot is called curved; run_down: share of Po; spread: range of Vo over the
    # detectors as a share of Vo; release: error of Vo that the time a release takes may cause; r2: least.
    "standard": {"curved": 0.05, "run_down": 0.10, "spread": 0.20, "release": 0.03, "r2": 0.95},
    "strict": {"curved": 0.10, "run_down": 0.05, "spread": 0.10, "release": 0.015, "r2": 0.98},
    "lenient": {"curved": 0.01, "run_down": 0.25, "spread": 0.40, "release": 0.06, "r2": 0.85},
}
