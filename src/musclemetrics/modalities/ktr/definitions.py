"""What every name of a ktr record means."""

from __future__ import annotations

from ...record import Definition

__all__ = ["DEFINITIONS", "FORCE_UNITS"]

FORCE_UNITS = ("1", "%", "kN/m2", "mN/mm2", "N/cm2", "kPa", "Pa", "MPa", "N/m2", "N", "mN", "uN", "nN", "kN")
_FIT = "fit of this recovery, with the independent samples its noise leaves; profile likelihood short of a plateau"
_ZERO = f"{_FIT}; and of the zero force found in the slack"

DEFINITIONS: tuple[Definition, ...] = (
    Definition("ktr", ("1/s",), "Rate constant of the single exponential by which force redevelops", _FIT),
    Definition("F0", FORCE_UNITS, "Force above zero at the end of the re-stretch, by the exponential", _ZERO),
    Definition("Fss", FORCE_UNITS, "Force above zero to which the exponential tends", _ZERO),
    Definition("residual_force", ("1",), "F0/Fss: what share of the force the release left"),
    Definition("recovery", ("1",), "Fss as a share of the force before the release"),
    Definition("ktr_half", ("1/s",), "ln 2 by the time to half the recovery, read off the trace without a curve"),
    Definition("r2", ("1",), "Share of the variance of the samples fitted that the exponential describes"),
    Definition("ktr_window_low", ("1/s",), "Smallest ktr of the windows tried, this one and shares or multiples of it"),
    Definition("ktr_window_high", ("1/s",), "Largest ktr of the windows tried"),
    Definition("n_effective", ("1",), "Independent samples that the residuals, which remember each other, amount to"),
)
