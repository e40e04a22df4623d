"""The face of the modality: measure one isometric contraction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks, units
from ...errors import InputError, SettingsError
from ...provenance import describe
from ...record import Flag, Measurement, Record, Trace
from ...traces import Change, Recording, changes, in_L0, recording
from .decisions import Decisions
from .definitions import DEFINITIONS, LIMITS
from .finding import Contraction, contraction
from .flags import flags_of
from .forces import Forces, forces
from .stiffness import Stiffness, stiffness

__all__ = ["check_settings", "measure"]

Array = NDArray[np.float64]

NAME = "isometric"
METHOD = "isometric force: means of plateau, rest and slack; errors from the means of ten blocks of each"
SMALLEST = {True: LIMITS["smallest"], False: 0.002}
"""Changes of length in {L0} that are looked for, with and without stiffness."""
T9 = 2.262
"""Student's t of 95 % for ten block means."""
EVIDENCE = 1000
"""Samples of each signal kept as evidence, at most; more are thinned out."""


def measure(
    time: ArrayLike,
    force: ArrayLike,
    length: ArrayLike | None = None,
    *,
    time_unit: str | None = "s",
    force_unit: str = "1",
    length_unit: str | None = None,
    fibre_length: float | None = None,
    plateau_window: float = 0.1,
    plateau: tuple[float, float] | None = None,
    relaxed: tuple[float, float] | None = None,
    zero: float | None = None,
    passive: float | None = None,
    stimulus_time: float | None = None,
    diameter: float | None = None,
    width: float | None = None,
    depth: float | None = None,
    dimension_unit: str = "um",
    area: float | None = None,
    area_unit: str = "um2",
    stiffness: bool = False,
) -> Record:
    """Measure the force of one isometric contraction.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time of each sample, increasing, in `time_unit`.
    force : array_like, shape (n,)
        Force in `force_unit`, rising upwards. A sample that is not finite counts as not recorded.
    length : array_like, shape (n,), optional
        Length in `length_unit`; releases into slack show where force is zero, small steps the stiffness.
    time_unit : str, optional
        Unit of `time`, s or ms; None where nothing states it, which is refused.
    force_unit : str
        Unit of `force`: "1" (none stated), mN, kN/m2, …
    length_unit : str, optional
        Unit of `length`: mm, um, {L0} or %{L0}; without it length is not used, and a flag says so.
    fibre_length : float, optional
        L0 in `length_unit`, unless that is {L0} or %{L0}.
    plateau_window : float
        Seconds of force averaged for the plateau and for rest, at most.
    plateau : (float, float), optional
        From and to, s, of the plateau; None finds it: just before the first release into slack, else where force is
        highest.
    relaxed : (float, float), optional
        From and to, s, of rest; None finds it: just before `stimulus_time`, else where force is lowest before the
        plateau and flat.
    zero : float, optional
        The force signal at zero force; None takes it from slack, where there is one.
    passive : float, optional
        Passive force from a relaxed record of its own (pCa 9), in `force_unit`.
    stimulus_time : float, optional
        When the stimulation began, s.
    diameter : float, optional
        Of a preparation taken as a circular cylinder, in `dimension_unit`.
    width, depth : float, optional
        Of a preparation taken as an elliptical cylinder, in `dimension_unit`.
    dimension_unit : str
        Unit of `diameter`, `width` and `depth`.
    area : float, optional
        Cross-sectional area, in `area_unit`.
    area_unit : str
        Unit of `area`.
    stiffness : bool
        Whether the stiffness is taken from small quick steps of length (0.02 to 2 % L0).

    Returns
    -------
    Record
        ``Po, specific_force, total, passive, csa, drift, noise``, and ``stiffness_L0, stiffness_Po`` with `stiffness`.
        Traces: time, force, length (where it is used), plateau_time, rest_time, slack_time (from, to), plateau_force,
        rest_force, zero_force, step_size, step_force.

    Raises
    ------
    InputError
        If there is no contraction whose force can be told; the code says why.
    SettingsError
        If a decision cannot be carried out.

    Notes
    -----
    Levels are means. Their standard errors come from the means of ten blocks (Schmeiser 1982), so that hum and slow
    noise count as what they are; intervals are ±2.262 standard errors (t, nine degrees of freedom). Area, passive force
    and zero, where given, are taken as exact.

    Examples
    --------
    >>> from musclemetrics import isometric
    >>> from musclemetrics.simulate.isometric import isometric as simulated
    >>> made = simulated(Po=500.0, passive=20.0, slack=0.0, tetanus=0.4, rate=2000.0)
    >>> record = isometric.measure(made.time, made.force, force_unit="mN", stimulus_time=0.2)
    >>> print(f"{record['Po']:.0f} mN")
    500 mN
    """
    decisions = Decisions.check({k: v for k, v in locals().items() if k not in ("time", "force", "length")})
    made = recording(time, force, length, time_unit=decisions.time_unit)
    relative, unused = _relative(made, decisions)
    steps: list[Change] = []
    if relative is not None:
        steps = changes(made.time, relative, made.rate, least=SMALLEST[decisions.stiffness])
    # What is small enough for the muscle to remain isometric does not interrupt the plateau for long.
    found = contraction(made, relative, steps, decisions)
    levels = forces(made, found, decisions)
    if levels.Po <= LIMITS["contraction"] * levels.doubt:
        raise InputError(
            f"the highest force is {levels.Po:.4g} {decisions.force_unit} above rest, the standard error of a level "
            f"{levels.doubt:.3g}; {LIMITS['contraction']:g} times that are needed",
            code="no-contraction",
            remedy="check the sign of the force; give plateau and relaxed, or zero, or length with fibre_length",
        )
    stiff = _stiffness(made, steps, found) if decisions.stiffness else None
    flags = (*unused, *flags_of(made, relative, found, levels, stiff, decisions))
    return _record(made, relative, found, levels, stiff, flags, decisions)


def _stiffness(made: Recording, steps: list[Change], found: Contraction) -> Stiffness:
    until = found.slack.first if found.slack is not None else len(made.time)
    return stiffness(made, steps, until)


def _relative(made: Recording, decisions: Decisions) -> tuple[Array | None, tuple[Flag, ...]]:
    """Return length in {L0}, None with a flag where nothing relates it to the fibre and nothing needs it."""
    if made.length is None:
        if decisions.stiffness:
            raise InputError(
                "there is no length signal to take the stiffness from",
                code="no-trace",
                remedy="give length, or stiffness=false",
            )
        return None, ()
    try:
        return in_L0(made.length, decisions.length_unit, decisions.fibre_length), ()
    except InputError as error:
        if decisions.stiffness or error.code not in ("length-unit-not-stated", "no-fibre-length"):
            raise
        message = f"{error.message}, so releases and steps were not looked for; {error.remedy}"
        return None, (Flag("length-not-used", message, "note"),)


def _record(
    made: Recording,
    relative: Array | None,
    found: Contraction,
    levels: Forces,
    stiff: Stiffness | None,
    flags: tuple[Flag, ...],
    decisions: Decisions,
) -> Record:
    unit = decisions.force_unit
    values, errors = levels.values, levels.errors
    shown = {"specific_force": "kN/m2", "csa": "mm2", "drift": "1", "stiffness_Po": "1/{L0}"}
    shown["stiffness_L0"] = f"{unit}/{{L0}}"
    if stiff is not None:
        per = stiff.value / levels.Po
        values = {**values, "stiffness_L0": stiff.value, "stiffness_Po": per}
        error = math.hypot(stiff.stderr, per * levels.Po_error) / levels.Po
        errors = {**errors, "stiffness_L0": stiff.stderr, "stiffness_Po": error}
    measurements = []
    for d in DEFINITIONS:
        if d.applies(decisions.settings):
            value, error = values[d.name], errors.get(d.name, math.nan)
            pair = (value - T9 * error, value + T9 * error)
            measurements.append(Measurement(d.name, value, error, pair, shown.get(d.name, unit)))
    thin = slice(None, None, 1 + (len(made.time) - 1) // EVIDENCE)
    traces = [Trace("time", made.time[thin], "s"), Trace("force", made.force[thin], unit)]
    if relative is not None:
        traces.append(Trace("length", relative[thin].copy(), "{L0}"))
    for name, stretch in (("plateau", found.plateau), ("rest", found.rest), ("slack", found.slack)):
        if stretch is not None:
            ends = made.time[[stretch.first, stretch.last - 1]]
            traces.append(Trace(f"{name}_time", ends, "s"))
    traces.append(Trace("plateau_force", np.array([found.plateau.level.mean]), unit))
    if found.rest is not None:
        traces.append(Trace("rest_force", np.array([found.rest.level.mean]), unit))
    if math.isfinite(levels.zero):
        traces.append(Trace("zero_force", np.array([levels.zero]), unit))
    if stiff is not None and stiff.size:
        traces += [Trace("step_size", np.array(stiff.size), "{L0}"), Trace("step_force", np.array(stiff.change), unit)]
    return Record(NAME, tuple(measurements), tuple(traces), flags, describe(METHOD, decisions.settings))


def check_settings(**settings: object) -> None:
    """Raise SettingsError for a decision that cannot be carried out, before any file is read.

    Parameters
    ----------
    **settings
        Any of the keywords of :func:`measure` and of ``inputs``; those left out have their defaults.
    """

    def check(every: Mapping[str, Any]) -> None:
        chosen = Decisions.check(every)
        for name, wanted in (("dimension_unit", "length"), ("area_unit", "area")):
            if units.dimension(chosen.settings[name]) != wanted:
                raise SettingsError(f"{name}={chosen.settings[name]} is no unit of {wanted}", code="unit-mismatch")

    checks.settings(measure, check, settings)
