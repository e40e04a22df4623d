"""What every name of a twitch record means."""

from __future__ import annotations

from ...record import Definition

__all__ = ["DEFINITIONS", "FORCE_UNITS", "LIMITS", "RATE_UNITS"]

FORCE_UNITS = ("1", "%", "kN/m2", "mN/mm2", "N/cm2", "kPa", "Pa", "MPa", "N/m2", "N", "mN", "uN", "nN", "kN")
RATE_UNITS = tuple(f"{unit}/s" for unit in FORCE_UNITS)
_NOISE = "noise of this one recording, as it is at rest; not the scatter between twitches or muscles"
_STIMULUS = {"timed_from": ("stimulus",)}

DEFINITIONS: tuple[Definition, ...] = (
    Definition("peak", FORCE_UNITS, "Highest force above the baseline", _NOISE),
    Definition("time_to_peak", ("s",), "Time from the stimulus (or the onset, by `timed_from`) to the peak", _NOISE),
    Definition("half_relaxation", ("s",), "Time from the peak until force has fallen to half of it", _NOISE),
    Definition(
        "latency", ("s",), "Time from the stimulus until force reaches `onset_level` of the peak", _NOISE, _STIMULUS
    ),
    Definition("dFdt_max", RATE_UNITS, "Steepest rise of force", _NOISE),
    Definition("dFdt_min", RATE_UNITS, "Steepest fall of force after the peak, negative", _NOISE),
    Definition("width", ("s",), "Time for which force is above half of the peak", _NOISE),
    Definition("twitch_tetanus", ("1",), "Peak over the force of a tetanus, given by `tetanus`", _NOISE),
)

LIMITS = {
    "response": 8.0,  # standard errors a peak must be high to be a response
    "weak": 5.0,  # standard deviations of the noise below which it is weak
    "drift": 0.02,  # change of the baseline over its window, as a share of the peak
    "returned": 0.10,  # share of the peak left at the end
    "flat": 0.65,  # time above 90 % of the peak over time above half
    "second": 0.25,  # share of the peak by which force rises again
    "earlier": 0.10,  # share of the peak by which force falls on its way to it
    "shoulder": 0.15,  # share of the steepest rise by which a rise slows down and steepens again
    "surely": 6.0,  # standard deviations of the slope that needs
    "round": 0.66,  # width of the top near the peak over that four times as far below; 0.5 is a parabola
    "rise": 8.0,  # samples between half and full force
    "fastest": 0.002,  # seconds to peak
    "slowest": 0.5,
    "artefact": 0.02,  # share of the peak of a spike at the stimulus
    "gap": 0.05,  # seconds without samples as a share of the width
    "clipped": 4,  # samples that equal the largest
    "clipped_share": 0.3,  # of those above 90 % of it
    "resolution": 0.02,  # step of the converter as a share of the peak
    "spike": 8.0,  # standard deviations a sample stands off the median of five
    "spike_share": 0.05,  # and share of the peak
}
"""Where doubt begins."""
