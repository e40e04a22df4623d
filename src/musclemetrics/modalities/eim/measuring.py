"""The face of the modality: measure one sweep, or many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ... import checks
from ...errors import InputError
from ...provenance import unmeasured
from ...record import Record
from .decisions import Decisions
from .definitions import DEFINITIONS
from .records import NAME, provenance, stack
from .sweeps import axis_of

__all__ = ["check_settings", "measure", "measure_many"]

_ARRAYS = ("frequency", "resistance", "reactance", "errors")


def measure(
    frequency: ArrayLike,
    resistance: ArrayLike,
    reactance: ArrayLike,
    *,
    frequency_unit: str = "Hz",
    impedance_unit: str = "Ohm",
    reactance_sign: str = "detect",
    at: tuple[float, ...] = (50e3,),
    delay: bool = True,
    stray: bool = False,
    components: int = 1,
    weighting: str = "taper",
    cell_constant: float | None = None,
    frequency_range: tuple[float, float] | None = (1.0, 10e6),
) -> Record:
    """Measure an impedance sweep: features, Cole model, validity.

    Parameters
    ----------
    frequency : array_like, shape (f,)
        In `frequency_unit`, in any order. Repeats are averaged, frequencies of zero and less left out, both flagged.
    resistance : array_like, shape (f,)
        Real part of the impedance, in `impedance_unit`.
    reactance : array_like, shape (f,)
        Reactance or imaginary part; the record's is positive where capacitive.
    frequency_unit : str
        Hz, kHz or MHz. Frequencies that look like another unit are refused.
    impedance_unit : str
        Ohm, kOhm, …; the record is in Ohm.
    reactance_sign : {"detect", "stated", "positive", "negative"}
        What a capacitor's reactance is in these data: told from the median between 10 and 300 kHz, or said here.
        ``stated`` is what a file whose columns name the sign gives: positive is expected, and data that contradict it
        are turned and doubted.
    at : sequence of float
        Frequencies in Hz whose values are wanted; interpolated in log f between neighbours at most a factor of 2
        apart, never extrapolated.
    delay : bool
        Whether the model has a delay of the cables; without it Ri is off by some ten per cent on real sweeps.
    stray : bool
        A stray capacitance in parallel instead of the delay, which looks much like it; the record's settings then
        have ``delay`` false.
    components : {1, 2}
        Cole arcs. Two nearly always fit better, and their parameters mean little: compare aicc.
    weighting : {"taper", "unit", "modulus"}
        Of the residuals: 1/(1 + (f/1 MHz)²), all alike, or one over the modulus of Z.
    cell_constant : float, optional
        K in 1/m, for conductivity and permittivity; without the geometry of the electrodes there are none.
    frequency_range : (float, float), optional
        Hz that are believed; a sweep that ends below 20 kHz is not either. None lifts both checks.

    Returns
    -------
    Record
        For each frequency of `at` ``R_50kHz, X_50kHz, phase_50kHz, Z_50kHz`` (and ``conductivity_50kHz,
        permittivity_50kHz`` with a cell constant); ratios and slopes; ``R0, Rinf, Re, Ri, Cm, fc, alpha, Td`` with
        standard errors and intervals; ``Ri_low, Ri_high, Td_low, Td_high``, their range over weights and band;
        ``fit_rms, kk_rms, aicc, grade``. Traces: frequency, resistance, reactance, fit_resistance, fit_reactance,
        kk_resistance and kk_reactance (residuals of the Kramers–Kronig test).

    Raises
    ------
    InputError
        If the arrays cannot be a sweep of tissue; the code says why.
    SettingsError
        If a decision cannot be carried out.

    Notes
    -----
    Z = R − jX with X positive where capacitive. Standard errors and intervals are those of white noise of equal size
    at every frequency, whatever the weights (sandwich covariance); where ``model-limited`` is flagged they say less
    than the ranges. A sweep that does not determine the arc keeps its features, and a flag says why the rest is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from musclemetrics import eim
    >>> f = np.geomspace(5e3, 1e6, 40)
    >>> z = eim.cole(f, R0=60.0, Rinf=35.0, fc=45e3, alpha=0.7, Td=4e-9)
    >>> record = eim.measure(f, z.real, z.imag)
    >>> [round(record[name].value, 4) for name in ("R0", "Ri", "fc", "alpha", "Td")]
    [60.0, 84.0, 45.0, 0.7, 4.0]
    """
    decisions = Decisions.check({k: v for k, v in locals().items() if k not in _ARRAYS})
    axis, points = axis_of(frequency, decisions)
    r, x = checks.samples(resistance, "resistance"), checks.samples(reactance, "reactance")
    checks.same_length(frequency=np.empty(points), resistance=r, reactance=x)
    (made,) = stack(axis, r[None, :], x[None, :], decisions)
    if isinstance(made, InputError):
        raise made
    return made


def check_settings(**settings: Any) -> None:
    """Raise SettingsError for a decision that cannot be carried out, before any file is read.

    Parameters
    ----------
    **settings
        Any of the keywords of :func:`measure` and :func:`inputs`; those left out have their defaults.
    """
    from .bench import check_phase_unit

    def check(every: Mapping[str, Any]) -> None:
        Decisions.check(every)
        check_phase_unit(settings.get("phase_unit"))

    checks.settings(measure, check, settings, ("phase_unit",))


def measure_many(
    frequency: ArrayLike,
    resistance: ArrayLike,
    reactance: ArrayLike,
    *,
    errors: Literal["raise", "flag"] = "raise",
    frequency_unit: str = "Hz",
    impedance_unit: str = "Ohm",
    reactance_sign: str = "detect",
    at: tuple[float, ...] = (50e3,),
    delay: bool = True,
    stray: bool = False,
    components: int = 1,
    weighting: str = "taper",
    cell_constant: float | None = None,
    frequency_range: tuple[float, float] | None = (1.0, 10e6),
) -> list[Record]:
    """Measure many sweeps over the same frequencies; exactly the records of a loop of :func:`measure`, far sooner.

    Parameters
    ----------
    frequency : array_like, shape (f,)
    resistance, reactance : array_like, shape (n, f)
        One row a sweep.
    errors : {"raise", "flag"}
        Whether a sweep that cannot be measured raises, or becomes a failed record of its own.
    frequency_unit, impedance_unit, reactance_sign, at, delay, stray
        As for :func:`measure`.
    components, weighting, cell_constant, frequency_range
        As for :func:`measure`.

    Returns
    -------
    list of Record
    """
    decisions = Decisions.check({k: v for k, v in locals().items() if k not in _ARRAYS})
    checks.choice(errors, "errors", ("raise", "flag"))
    axis, points = axis_of(frequency, decisions)
    r, x = checks.matrix(resistance, "resistance", points), checks.matrix(reactance, "reactance", points)
    checks.same_length(resistance=r, reactance=x)
    out: list[Record] = []
    for made in stack(axis, r, x, decisions):
        if isinstance(made, InputError):
            if errors == "raise":
                raise made
            made = unmeasured(NAME, DEFINITIONS, decisions.settings, made, provenance=provenance(decisions))
        out.append(made)
    return out
