"""What every name of a force–length record means."""

from __future__ import annotations

from ...record import Definition

__all__ = ["DEFINITIONS", "FORCE_UNITS", "LENGTH_UNITS"]

FORCE_UNITS = ("1", "%", "kN/m2", "mN/mm2", "N/cm2", "kPa", "Pa", "MPa", "N/m2", "N", "mN", "uN", "nN", "kN")
LENGTH_UNITS = ("mm", "um", "{L0}", "%{L0}", "cm", "m", "nm")
_ACTIVE = "fit of active force: profile likelihood"
_PASSIVE = "fit of passive force: profile likelihood"
_SKEWED = {"model": ("skewed",)}
_WITH_PASSIVE = {"passive_model": ("exponential",)}

DEFINITIONS: tuple[Definition, ...] = (
    Definition("Lo", LENGTH_UNITS, "Optimal length: where the curve of active force peaks", _ACTIVE),
    Definition("Fmax", FORCE_UNITS, "Active force at Lo", _ACTIVE),
    Definition("width", LENGTH_UNITS, "Range of length over which active force is at least half of Fmax", _ACTIVE),
    Definition("skew", ("1",), "Width above Lo less width below it, as a share of the width", _ACTIVE, _SKEWED),
    Definition("width_relative", ("1",), "Width as a share of Lo"),
    Definition("plateau_low", LENGTH_UNITS, "Shortest length at which the curve reaches the share `plateau` of Fmax"),
    Definition("plateau_high", LENGTH_UNITS, "Longest length at which it does"),
    Definition("r2", ("1",), "Share of the variance of active force that its curve describes"),
    Definition("Sy_x", FORCE_UNITS, "Standard deviation of the points about the curve of active force, √(SSE/dof)"),
    Definition("n_points", ("1",), "Points fitted, repeats included"),
    Definition("Ls", LENGTH_UNITS, "Slack length: where passive force begins", _PASSIVE, _WITH_PASSIVE),
    Definition(
        "passive_k",
        ("1",),
        "Exponent of passive force per stretch by one Lo beyond the slack length",
        _PASSIVE,
        _WITH_PASSIVE,
    ),
    Definition("passive_A", FORCE_UNITS, "Scale of the exponential of passive force", _PASSIVE, _WITH_PASSIVE),
    Definition("passive_at_Lo", FORCE_UNITS, "Passive force at Lo by its curve", "", _WITH_PASSIVE),
    Definition(
        "passive_r2", ("1",), "Share of the variance of passive force that its curve describes", "", _WITH_PASSIVE
    ),
)
