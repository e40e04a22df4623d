"""What every name of an isometric record means."""

from __future__ import annotations

from ...record import Definition

__all__ = ["DEFINITIONS", "FORCE_UNITS", "LIMITS", "STIFFNESS_UNITS"]

FORCE_UNITS = ("1", "%", "kN/m2", "mN/mm2", "N/cm2", "kPa", "Pa", "MPa", "N/m2", "N", "mN", "uN", "nN", "kN")
STIFFNESS_UNITS = tuple(f"{unit}/{{L0}}" for unit in FORCE_UNITS)
_NOISE = "noise of this one recording about its levels; not the scatter between contractions or fibres"
_STIFF = {"stiffness": (True,)}

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "Po",
        FORCE_UNITS,
        "Active isometric force: plateau less rest; where no rest is recorded, plateau less zero and less `passive`",
        _NOISE,
    ),
    Definition("specific_force", ("kN/m2",), "Po over the cross-sectional area", _NOISE),
    Definition("total", FORCE_UNITS, "Force of the plateau above zero force, passive force included", _NOISE),
    Definition("passive", FORCE_UNITS, "Force at rest above zero force, or as given by `passive`", _NOISE),
    Definition("csa", ("mm2",), "Cross-sectional area from diameter, width and depth, or as given"),
    Definition("drift", ("1",), "Change of force over the plateau as a share of Po"),
    Definition("noise", FORCE_UNITS, "Standard deviation of the samples of the plateau about a line"),
    Definition(
        "stiffness_L0", STIFFNESS_UNITS, "Change of force in a small quick step of length over its size", _NOISE, _STIFF
    ),
    Definition("stiffness_Po", ("1/{L0}",), "The same stiffness over Po", _NOISE, _STIFF),
)

LIMITS = {
    "slack": 0.05,  # {L0} a release must go for the muscle to be able to fall slack
    "ring": 0.003,  # seconds after a release in which transducer and motor settle
    "flat": 0.01,  # share of the force lost in a release that slack force may move
    "level": 0.0075,  # share of the contraction's height that rest may move
    "shortest": 0.0015,  # seconds of slack, at least, to take zero from
    "guard": 0.002,  # seconds before a change of length left out of the plateau
    "settling": 0.05,  # seconds after a change of length that are not isometric
    "contraction": 5.0,  # standard errors Po must be high
    "active": 0.5,  # share of the force at which a stretch no longer counts as rest
    "steady": 0.02,  # change over the plateau as a share of Po
    "rest_drift": 0.03,  # change of rest by the time of the plateau as a share of Po
    "run_down": 0.10,
    "agreement": 0.05,  # share of Po by which what is given may differ from what is recorded
    "oscillation": 0.10,  # share of Po between the 10th and 90th percentile of the plateau, beyond what rest shows
    "stands_out": 5.0,  # standard deviations of the samples a contraction stands above flat force that counts as rest
    "missed": 0.95,  # share of the highest force below which a stretch without any change of length is not the plateau
    "still": 0.005,  # {L0} length may move within the plateau without a word
    "same_length": 0.01,  # {L0} within which plateaus are compared
    "spike": 8.0,  # standard deviations
    "clipped": 0.5,  # share of the plateau's samples that equal its largest
    "smallest": 2e-4,  # {L0} of a step for stiffness
    "largest": 0.02,
    "quick": 0.005,  # seconds a step for stiffness may take at most
    "slow": 0.0015,  # seconds above which recovery cuts it short
    "stress_low": 15.0,  # kN/m2
    "stress_high": 400.0,
}
"""Where a stretch is taken for what it is, and where doubt begins."""
