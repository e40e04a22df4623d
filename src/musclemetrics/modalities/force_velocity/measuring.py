"""The face of the modality: measure one curve, or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ... import checks
from ...errors import MuscleMetricsError
from ...provenance import unmeasured
from ...record import Record
from .decisions import Decisions
from .definitions import DEFINITIONS
from .records import NAME, provenance, stack
from .windows import Windows

__all__ = ["check_settings", "measure", "measure_many"]


def measure(
    velocity: ArrayLike,
    force: ArrayLike,
    *,
    dependent: str | None = None,
    Po: float | None = None,
    velocity_unit: str | None = None,
    force_unit: str = "1",
    fibre_length: float | None = None,
    length_unit: str | None = None,
    interval: str = "profile",
    max_gap: float = 0.1,
    min_r2: float = 0.95,
    points: Mapping[str, Sequence[float]] | None = None,
) -> Record:
    """Fit Hill's hyperbola (F + a)(V + b) = (Po + a) b to points of force and velocity.

    Parameters
    ----------
    velocity : array_like, shape (n,)
        Velocity of shortening, positive; 0 for an isometric point. Points that lengthen faster than 1 % of the largest
        velocity are left out, and a flag says so: the hyperbola does not hold for them.
    force : array_like, shape (n,)
        Force at each point, in `force_unit`.
    dependent : {"velocity", "force"}, optional
        The quantity that answered: velocity in isotonic (load-clamp) contractions, force in isovelocity ones. The
        error lies in it, and the fit minimises its residuals. Where neither a file nor this setting states it,
        velocity is taken and a flag says so; the fit in the other direction is always reported beside it.
    Po : float, optional
        Hold the curve at this isometric force instead of fitting it.
    velocity_unit : str, optional
        {L0}/s, %{L0}/s, mm/s, um/s …; needed. Relative velocities are reported in {L0}/s.
    force_unit : str
        "1" (none stated), "%", mN, kN/m2, …
    fibre_length : float, optional
        L0 in `length_unit`, which turns mm/s into {L0}/s; refused where velocity is relative already.
    length_unit : str, optional
        Unit of `fibre_length`.
    interval : {"profile", "wald"}
        Kind of the 95 % intervals.
    max_gap : float
        Relative difference of Vmax, or of a fitted Po, between the directions above which ``directions-differ``.
    min_r2 : float
        r2 below which ``low-r2``.
    points : Mapping, optional
        What is known of each point beside: ``at`` (s, in its recording), ``length`` ({L0}), ``velocity_stderr``,
        ``force_stderr``; kept as evidence, not used as weights.

    Returns
    -------
    Record
        ``Vmax, Po, a, b, a_Po, Pmax, F_opt, V_opt, F_opt_Po, Vmax_other, Po_other, a_Po_other, r2, Sy_x, n_points``.
        Traces: velocity, force, fitted, residual, curve_velocity, curve_force, curve_power, other_velocity,
        other_force, velocity_left_out, force_left_out, and the evidence given as `points`.

    Raises
    ------
    InputError
        If the arrays cannot be a force–velocity curve; the code says why.
    FitError
        If no hyperbola describes them: ``no-curvature``, ``no-intercept``, ``no-convergence``.
    SettingsError
        If a decision cannot be carried out.

    Notes
    -----
    Intervals hold every value for which SSE ≤ SSE* (1 + F(0.95; 1, n − p)/(n − p)) with all other parameters refitted,
    for derived quantities (Vmax or Po, a, b, a/Po, power) as for fitted ones: each is made a parameter of the curve. A
    bound is infinite, and flagged, where the data set no limit, as for a, b and a/Po where a straight line fits too.

    Examples
    --------
    >>> from musclemetrics import force_velocity
    >>> velocity = [0, 0.2, 0.4, 0.8, 1.2, 1.6, 2.0]
    >>> force = [101.2, 62.0, 43.9, 22.4, 12.0, 4.9, 0.4]
    >>> record = force_velocity.measure(
    ...     velocity, force, dependent="force", velocity_unit="{L0}/s", force_unit="kN/m2"
    ... )
    >>> print(record["Vmax"])
    Vmax = 2.0809 {L0}/s, SE 0.059714, 95 % 1.9326 to 2.2707
    """
    decisions = Decisions.check({k: v for k, v in locals().items() if k not in ("velocity", "force")})
    v, f = checks.vector(velocity, "velocity"), checks.vector(force, "force")
    checks.same_length(velocity=v, force=f)
    (made,) = stack(v, f[None, :], decisions)
    if isinstance(made, MuscleMetricsError):
        raise made
    return made


def check_settings(**settings: object) -> None:
    """Raise SettingsError for a decision that cannot be carried out, before any file is read.

    Parameters
    ----------
    **settings
        Any of the keywords of :func:`measure` and of ``inputs``; those left out have their defaults.
    """
    windows = {k: v for k, v in settings.items() if k in Windows.names()}

    def check(every: Mapping[str, Any]) -> None:
        Decisions.check(every)
        Windows.check(windows)

    checks.settings(measure, check, settings, Windows.names())


def measure_many(
    velocity: ArrayLike,
    forces: ArrayLike,
    *,
    errors: Literal["raise", "flag"] = "raise",
    dependent: str | None = None,
    Po: float | None = None,
    velocity_unit: str | None = None,
    force_unit: str = "1",
    fibre_length: float | None = None,
    length_unit: str | None = None,
    interval: str = "profile",
    max_gap: float = 0.1,
    min_r2: float = 0.95,
    points: Mapping[str, Sequence[float]] | None = None,
) -> list[Record]:
    """Fit many fibres measured at the same velocities; exactly the records of a loop of :func:`measure`, far sooner.

    Parameters
    ----------
    velocity : array_like, shape (points,)
    forces : array_like, shape (n, points)
        One row a fibre.
    errors : {"raise", "flag"}
        Whether a curve that cannot be measured raises, or becomes a failed record of its own.
    dependent, Po, velocity_unit, force_unit, fibre_length, length_unit, interval, max_gap, min_r2, points
        As for :func:`measure`.

    Returns
    -------
    list of Record
    """
    decisions = Decisions.check({k: v for k, v in locals().items() if k not in ("velocity", "forces", "errors")})
    checks.choice(errors, "errors", ("raise", "flag"))
    v = checks.vector(velocity, "velocity")
    f = checks.matrix(forces, "forces", len(v))
    out: list[Record] = []
    for made in stack(v, np.asarray(f), decisions):
        if isinstance(made, MuscleMetricsError):
            if errors == "raise":
                raise made
            made = unmeasured(NAME, DEFINITIONS, decisions.settings, made, provenance=provenance(decisions))
        out.append(made)
    return out
