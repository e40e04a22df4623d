"""What every name of a force–pCa record means, and the presets of its flags."""

from __future__ import annotations

from ...record import Definition

__all__ = ["CONDITIONS", "DEFINITIONS", "FORCE_UNITS", "PRESETS"]

FORCE_UNITS = ("1", "%", "kN/m2", "mN/mm2", "N/cm2", "kPa", "Pa", "MPa", "N/m2", "N", "mN", "uN", "nN", "kN")
_FIT = "fit of this curve: profile likelihood or Wald, as set by `interval`"
_ASYMMETRIC = {"model": ("hill_asymmetric",)}
_TWO = {"model": ("hill_two",)}

DEFINITIONS: tuple[Definition, ...] = (
    Definition("pCa50", ("1",), "pCa at which force is half way between Fmin and Fmax", _FIT),
    Definition("h", ("1",), "Hill coefficient, the slope of the curve", _FIT),
    Definition("s", ("1",), "Asymmetry exponent; 1 is the Hill curve", _FIT, _ASYMMETRIC),
    Definition("pCa50_2", ("1",), "Half point of the second, more sensitive component", _FIT, _TWO),
    Definition("h_2", ("1",), "Hill coefficient of the second component", _FIT, _TWO),
    Definition("Fmax", FORCE_UNITS, "Force at saturating calcium", _FIT),
    Definition("Fmid", FORCE_UNITS, "Force between the two components", _FIT, _TWO),
    Definition("Fmin", FORCE_UNITS, "Force without calcium", _FIT),
    Definition("r2", ("1",), "Share of the force's variance about its mean that the curve describes"),
    Definition(
        "Sy_x",
        FORCE_UNITS,
        "Standard deviation of the points about the curve, √(SSE/dof); with mixed variance that of a point at Fmax",
    ),
    Definition("n_points", ("1",), "Points fitted, repeats included"),
    Definition("aicc", ("1",), "Akaike's criterion corrected for small samples, N ln(SSE/N) + 2K + 2K(K+1)/(N−K−1)"),
)

CONDITIONS = ("temperature", "sarcomere_length", "fibre_type", "animal", "csa")
"""What a reader of a paper needs beside the number; their absence is noted."""

PRESETS: dict[str, dict[str, float]] = {
    # relaxed, plateau: share of the span a lowest, highest point must reach; outlier: probability after Bonferroni;
    # fit: probability below which a test of fit is flagged; monotone: share of the span force may fall.
    "standard": {
        "min_r2": 0.95,
        "max_run_down": 0.10,
        "relaxed": 0.10,
        "plateau": 0.90,
        "outlier": 0.01,
        "lack_of_fit": 0.05,
        "monotone": 0.10,
        "asymmetry": 3.0,
    },
    "strict": {
        "min_r2": 0.98,
        "max_run_down": 0.10,
        "relaxed": 0.05,
        "plateau": 0.95,
        "outlier": 0.05,
        "lack_of_fit": 0.05,
        "monotone": 0.05,
        "asymmetry": 2.0,
    },
    "lenient": {
        "min_r2": 0.85,
        "max_run_down": 0.25,
        "relaxed": 0.20,
        "plateau": 0.80,
        "outlier": 0.001,
        "lack_of_fit": 0.01,
        "monotone": 0.20,
        "asymmetry": 5.0,
    },
}
