"""What every name of an impedance record means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...record import Definition

__all__ = ["AT", "DEFINITIONS", "FIT", "MAIN", "frequency_name", "spelt"]

AT = tuple(
    1e3 * k for k in (1, 2, 5, 10, 20, 25, 30, 40, 50, 60, 75, 80, 100, 125, 150, 200, 250, 300, 400, 500, 750, 1000)
)
"""Frequencies in Hz at which values can be asked for."""


class _Among(tuple[Any, ...]):
    """A condition on `at`: this frequency is one of those asked for."""

    def __contains__(self, asked: object) -> bool:
        return isinstance(asked, tuple | list) and tuple.__getitem__(self, 0) in asked

    def __iter__(self) -> Iterator[Any]:
        # What is iterated are settings under which the name exists; one frequency more than the default shows them all.
        return iter([(50e3, 100e3)] if tuple.__getitem__(self, 0) == 100e3 else [])


class _Given(tuple[Any, ...]):
    """A condition: the setting is given at all."""

    def __contains__(self, value: object) -> bool:
        return value is not None

    def __iter__(self) -> Iterator[Any]:
        return iter([120.0])


def frequency_name(frequency: float) -> str:
    """Return a frequency as it stands in a name: ``50kHz``."""
    return f"{frequency / 1e3:g}kHz"


def spelt(frequency: float) -> str:
    """Return a frequency in Hz as a person writes it: 50 kHz, 0.016 Hz."""
    return f"{frequency / 1e3:.4g} kHz" if frequency >= 1e3 else f"{frequency:.4g} Hz"


def _at(frequency: float) -> list[Definition]:
    word, plain = frequency_name(frequency), f"{frequency / 1e3:g} kHz"
    asked: dict[str, tuple[Any, ...]] = {"at": _Among([frequency])}
    known: dict[str, tuple[Any, ...]] = {**asked, "cell_constant": _Given()}
    return [
        Definition(f"R_{word}", ("Ohm",), f"Resistance at {plain}", "", asked),
        Definition(f"X_{word}", ("Ohm",), f"Reactance at {plain}, positive where capacitive", "", asked),
        Definition(f"phase_{word}", ("deg",), f"Phase atan(X/R) at {plain}", "", asked),
        Definition(f"Z_{word}", ("Ohm",), f"Modulus of the impedance at {plain}", "", asked),
        Definition(f"conductivity_{word}", ("S/m",), f"K R/(R² + X²) at {plain}, K the cell constant", "", known),
        Definition(f"permittivity_{word}", ("1",), f"Relative permittivity K X/((R² + X²) ω ε0) at {plain}", "", known),
    ]


FIT = "fit of this sweep: white noise of equal size at every frequency; nothing of what the model leaves unexplained"
_ONE: dict[str, tuple[Any, ...]] = {"components": (1,)}
_TWO: dict[str, tuple[Any, ...]] = {"components": (2,)}
_STRAY: dict[str, tuple[Any, ...]] = {"stray": (True,)}
_DELAY: dict[str, tuple[Any, ...]] = {"delay": (True,), "stray": (False,)}
_RANGE = "of the fits with other weights and over other bands"

MAIN = ("phase_50kHz|phase_*kHz", "R_50kHz|R_*kHz", "X_50kHz|X_*kHz", "Ri", "fc", "grade")
"""What an overview has room for."""

DEFINITIONS: tuple[Definition, ...] = (
    *(d for f in AT for d in _at(f)),
    Definition("phase_ratio_50_100", ("1",), "Phase at 50 kHz over phase at 100 kHz"),
    Definition("phase_ratio_50_200", ("1",), "Phase at 50 kHz over phase at 200 kHz"),
    Definition("X_ratio_50_200", ("1",), "Reactance at 50 kHz over reactance at 200 kHz"),
    Definition("phase_slope", ("deg/MHz",), "Slope of phase on frequency, straight line through 100 to 500 kHz"),
    Definition("R_slope", ("Ohm",), "Change of resistance a decade of frequency, straight line through the sweep"),
    Definition("logR_slope", ("1",), "Change of log10 resistance a decade of frequency, straight line"),
    Definition("X_max", ("Ohm",), "Greatest reactance of the sweep"),
    Definition("f_X_max", ("kHz",), "Frequency of the greatest reactance"),
    Definition("phase_max", ("deg",), "Greatest phase of the sweep"),
    Definition("f_phase_max", ("kHz",), "Frequency of the greatest phase"),
    Definition("R0", ("Ohm",), "Resistance at zero frequency", FIT),
    Definition("Rinf", ("Ohm",), "Resistance at infinite frequency", FIT),
    Definition("Re", ("Ohm",), "Resistance of the extracellular fluid, R0", FIT),
    Definition("Ri", ("Ohm",), "Resistance of the intracellular fluid, R0 Rinf/(R0 − Rinf)", FIT),
    Definition("Cm", ("nF",), "Capacitance of the membranes, τ/(Re + Ri)", FIT, _ONE),
    Definition("fc", ("kHz",), "Characteristic frequency 1/(2πτ); of two arcs the slower one", FIT),
    Definition("alpha", ("1",), "Exponent of the arc; 1 for a single time constant", FIT),
    Definition("fc_2", ("kHz",), "Characteristic frequency of the faster arc", FIT, _TWO),
    Definition("alpha_2", ("1",), "Exponent of the faster arc", FIT, _TWO),
    Definition("share_2", ("1",), "Share of the faster arc in R0 − Rinf", FIT, _TWO),
    Definition("Td", ("ns",), "Delay of cables and electronics", FIT, _DELAY),
    Definition("Cs", ("pF",), "Stray capacitance in parallel to the tissue", FIT, _STRAY),
    Definition("Ri_low", ("Ohm",), f"Smallest Ri {_RANGE}", "", _ONE),
    Definition("Ri_high", ("Ohm",), f"Greatest Ri {_RANGE}", "", _ONE),
    Definition("Td_low", ("ns",), f"Smallest Td {_RANGE}", "", {**_DELAY, **_ONE}),
    Definition("Td_high", ("ns",), f"Greatest Td {_RANGE}", "", {**_DELAY, **_ONE}),
    Definition("fit_rms", ("%",), "Root mean square of the weighted residual over that of the weighted impedance"),
    Definition("kk_rms", ("%",), "The same of what no impedance that obeys Kramers and Kronig describes, unweighted"),
    Definition("aicc", ("1",), "Akaike's criterion corrected for small samples, N ln(SSE/N) + 2K + 2K(K+1)/(N−K−1)"),
    Definition("aicc_single", ("1",), "The same for a single arc with the same weights", "", _TWO),
    Definition("grade", ("1",), "0 excellent, 1 good, 2 marginal, 3 questionable, 4 bad, 5 no impedance of tissue"),
)
