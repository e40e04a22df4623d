"""What every name of a force–velocity record means, and the limits of its flags."""

from __future__ import annotations

from ...record import Definition

__all__ = ["DEFINITIONS", "FORCE_UNITS", "LIMITS", "POWER_UNITS", "VELOCITY_UNITS"]

FORCE_UNITS = ("1", "%", "kN/m2", "mN/mm2", "N/cm2", "kPa", "Pa", "MPa", "N/m2", "N", "mN", "uN", "nN", "kN")
VELOCITY_UNITS = ("{L0}/s", "mm/s", "um/s", "cm/s", "m/s")
POWER_UNITS = ("W/L", "uW", "W", "mN.{L0}/s", "N.{L0}/s", "W/m2", *VELOCITY_UNITS)
_FIT = "fit of this curve: profile likelihood or Wald, as set by `interval`"

DEFINITIONS: tuple[Definition, ...] = (
    Definition("Vmax", VELOCITY_UNITS, "Velocity of shortening without load, where the hyperbola meets F = 0", _FIT),
    Definition(
        "Po", FORCE_UNITS, "Isometric force, where the hyperbola meets V = 0; or the force it was held at", _FIT
    ),
    Definition("a", FORCE_UNITS, "Hill's a, the asymptote of force is −a", _FIT),
    Definition("b", VELOCITY_UNITS, "Hill's b, the asymptote of velocity is −b", _FIT),
    Definition("a_Po", ("1",), "a/Po, equal to b/Vmax; the smaller, the more the curve bends", _FIT),
    Definition("Pmax", POWER_UNITS, "Greatest power, F_opt V_opt", _FIT),
    Definition("F_opt", FORCE_UNITS, "Force at which power is greatest", _FIT),
    Definition("V_opt", VELOCITY_UNITS, "Velocity at which power is greatest", _FIT),
    Definition(
        "F_opt_Po",
        ("1",),
        "F_opt/Po = √(κ² + κ) − κ with κ = a/Po; V_opt/Vmax is the same number by Hill's equation",
        _FIT,
    ),
    Definition("Vmax_other", VELOCITY_UNITS, "Vmax by the fit in the other direction", _FIT),
    Definition("Po_other", FORCE_UNITS, "Po by the fit in the other direction", _FIT),
    Definition("a_Po_other", ("1",), "a/Po by the fit in the other direction", _FIT),
    Definition("r2", ("1",), "Share of the dependent quantity's variance about its mean that the curve describes"),
    Definition(
        "Sy_x",
        (*FORCE_UNITS, *VELOCITY_UNITS),
        "Standard deviation of the dependent quantity about the curve, √(SSE/dof)",
    ),
    Definition("n_points", ("1",), "Points fitted, repeats included"),
)

LIMITS: dict[str, float] = {
    # Shares of Vmax and of Po that the points must reach; shares of the largest force or velocity.
    "vmax_reached": 0.6,
    "po_reached": 0.8,
    "above_po": 0.05,
    "negative_force": 0.02,
    "lengthening": 0.01,
    "asymmetry": 3.0,
    "outlier": 0.01,
    "lack_of_fit": 0.05,
    # Plausible for vertebrate muscle from 5 to 40 °C, and for maximally activated skinned fibres, kN/m2.
    "slowest": 0.03,
    "fastest": 40.0,
    "least_a_Po": 0.02,
    "most_a_Po": 1.5,
    "least_stress": 15.0,
    "most_stress": 400.0,
}
