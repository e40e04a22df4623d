"""The face of the modality: the points of one muscle or fibre, one record."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks
from ...errors import InputError
from ...provenance import describe
from ...record import Measurement, Record, Trace
from .decisions import Decisions
from .definitions import DEFINITIONS
from .flags import about_active, about_passive, refuse
from .parts import LEAST_PASSIVE, Curve, active_curve, axis, passive_curve, plateau_ends

__all__ = ["check_settings", "measure"]

Array = NDArray[np.float64]

NAME = "force_length"
METHOD = {
    "bell": "least-squares fit of a symmetric bell, F = Fmax 2^(−(2 (L − Lo)/width)²)",
    "skewed": "least-squares fit of a bell of two halves of different width",
    "parabola": "least-squares fit of a parabola, F = Fmax (1 − 2 ((L − Lo)/width)²), nought where negative",
}
LEAST = {"bell": 5, "parabola": 5, "skewed": 6}
NOISES = 3.0


def measure(
    length: ArrayLike,
    force: ArrayLike,
    passive: ArrayLike | None = None,
    *,
    force_is: str | None = None,
    length_unit: str | None = None,
    force_unit: str = "1",
    model: str = "bell",
    passive_model: str = "exponential",
    plateau: float = 0.95,
    interval: str = "profile",
    min_r2: float = 0.95,
) -> Record:
    """Measure optimal length, width and plateau of active force, and the exponential of passive force.

    Parameters
    ----------
    length : array_like, shape (n,)
        Length at each point, of the muscle, the fibre or its sarcomeres, in `length_unit`; positive. Repeats are points
        of their own.
    force : array_like, shape (n,)
        Total or active force, as `force_is` says, in `force_unit`.
    passive : array_like, shape (n,), optional
        Passive force at the same lengths, just before the contraction.
    force_is : {"total", "active"}, optional
        What `force` is. Total force has `passive` subtracted point by point; active force is taken as it is. Without it
        the call is refused: nothing in the numbers tells the one from the other.
    length_unit : str, optional
        mm, um, {L0}, %{L0} …; None where nothing states it, which is refused.
    force_unit : str
        "1" (none stated), mN, kN/m2, …
    model : {"bell", "skewed", "parabola"}
        The curve of active force; `skewed` has a width of its own on either side and needs at least 6 lengths.
    passive_model : {"exponential", "none"}
        The curve of passive force.
    plateau : float
        Share of Fmax from which on a length belongs to the plateau.
    interval : {"profile", "wald"}
        Kind of the 95 % intervals.
    min_r2 : float
        Below it ``low-r2`` is raised.

    Returns
    -------
    Record
        ``Lo, Fmax, width, width_relative, plateau_low, plateau_high, r2, Sy_x, n_points, Ls, passive_k, passive_A,
        passive_at_Lo, passive_r2`` (and ``skew`` for the skewed bell; without the passive ones for ``passive_model``
        none). Traces: length, active, fitted, residual, curve_length, curve_active, and where there is passive force
        passive, passive_fitted, curve_passive.

    Raises
    ------
    InputError
        ``force-kind-not-stated``, ``no-passive-force``, ``length-unit-not-stated``, ``too-few-lengths``,
        ``length-not-positive``, ``constant-force``, and what arrays are refused for.
    FitError
        ``no-optimum`` or ``no-convergence``.
    SettingsError
        If a decision cannot be carried out.

    Examples
    --------
    >>> from musclemetrics import force_length
    >>> length = [20, 21, 22, 23, 24, 25, 26, 27]
    >>> passive = [0, 0, 2, 5, 12, 26, 52, 101]
    >>> total = [118, 198, 286, 359, 400, 396, 371, 344]
    >>> known = {"force_is": "total", "length_unit": "mm", "force_unit": "mN"}
    >>> record = force_length.measure(length, total, passive, **known)
    >>> print(record["Lo"])
    """
    decisions = Decisions.check({k: v for k, v in locals().items() if k not in ("length", "force", "passive")})
    x, active, rest = _points(length, force, passive, decisions)
    assert decisions.length_unit is not None
    curve = active_curve(x, active, decisions.model, decisions.interval)
    refuse(curve, x, active, decisions.length_unit)
    other, reason = _passive(x, rest, curve.values["Lo"], decisions)
    return _record(x, active, rest, curve, other, reason, decisions)


def check_settings(**settings: object) -> None:
    """Raise SettingsError for a decision that cannot be carried out, before any file is read.

    Parameters
    ----------
    **settings
        Any of the keywords of :func:`measure` and :func:`inputs`; those left out have their defaults.
    """
    from .bench import check_windows

    windows = {k: v for k, v in settings.items() if k in ("rest_window", "peak_window")}
    check_windows(**windows)  # type: ignore[arg-type]
    checks.settings(measure, Decisions.check, settings, windows)


def _points(
    length: ArrayLike, force: ArrayLike, passive: ArrayLike | None, decisions: Decisions
) -> tuple[Array, Array, Array | None]:
    """Return lengths, active and passive forces."""
    x, y = checks.vector(length, "length"), checks.vector(force, "force")
    rest = None if passive is None else checks.vector(passive, "passive")
    checks.same_length(length=x, force=y, **({} if rest is None else {"passive": rest}))
    distinct = len(np.unique(x))
    checks.at_least(
        distinct,
        LEAST[decisions.model],
        f"a {decisions.model} of active force: length (distinct values)",
        code="too-few-lengths",
        remedy="measure at more lengths" + (" or use model=bell" if decisions.model == "skewed" else ""),
    )
    if decisions.length_unit is None:
        raise InputError(
            f"nothing states the unit of length, which runs from {x.min():.4g} to {x.max():.4g}",
            code="length-unit-not-stated",
            remedy="give length_unit: mm, um (fibres or sarcomeres), {L0} or %{L0}",
        )
    if decisions.force_is is None:
        raise InputError(
            "nothing states whether force is total or active",
            code="force-kind-not-stated",
            remedy="give force_is=total (passive is then subtracted) or force_is=active",
        )
    if decisions.force_is == "total" and rest is None:
        raise InputError(
            "total force without passive force: active force is what is left of it",
            code="no-passive-force",
            remedy="give passive force at the same lengths, or force_is=active if it was subtracted already",
        )
    if x.min() <= 0.0:
        raise InputError(
            f"length runs from {x.min():.4g}, lengths are positive",
            code="length-not-positive",
            remedy="add the length from which the stretch was counted",
        )
    active = y - rest if decisions.force_is == "total" and rest is not None else y
    if np.ptp(active) == 0.0:
        raise InputError(
            f"all {len(active)} active forces equal {active[0]:g}, there is no curve in them",
            code="constant-force",
            remedy="check the force column",
        )
    return x, active, rest


def _passive(x: Array, rest: Array | None, Lo: float, decisions: Decisions) -> tuple[Curve | None, str]:
    """Return the curve of passive force, or None and the reason why there is none."""
    if decisions.passive_model == "none":
        return None, ""
    if rest is None:
        return None, "no passive force was given"
    distinct = len(np.unique(x))
    if distinct < LEAST_PASSIVE:
        return None, f"passive force at {distinct} lengths, {LEAST_PASSIVE} are needed"
    if np.ptp(rest) == 0.0:
        return None, f"all passive forces equal {rest[0]:g}"
    found = passive_curve(x, rest, Lo, decisions.interval)
    rise = float(found.fitted.max())
    if not found.fit.converged[0] or not rise > NOISES * found.sy_x:
        return None, (
            f"passive force rises by {rise:.3g} beside a scatter of {found.sy_x:.2g}, {NOISES:g} times that is needed; "
            "measure at longer lengths"
        )
    return found, ""


def _record(
    x: Array, active: Array, rest: Array | None, curve: Curve, other: Curve | None, reason: str, decisions: Decisions
) -> Record:
    own, unit = decisions.length_unit or "1", decisions.force_unit
    values, stderr, limits = dict(curve.values), dict(curve.stderr), dict(curve.intervals)
    low, high = plateau_ends(decisions.model, values, decisions.plateau)
    centre, span = axis(x)
    fine = np.linspace(x.min() - 0.05 * span, x.max() + 0.05 * span, 161)
    values |= {
        "width_relative": values["width"] / values["Lo"],
        "plateau_low": low,
        "plateau_high": high,
        "r2": curve.r2,
        "Sy_x": curve.sy_x,
        "n_points": float(len(x)),
    }
    traces = [
        Trace("length", x, own),
        Trace("active", active, unit),
        Trace("fitted", curve.fitted, unit),
        Trace("residual", active - curve.fitted, unit),
        Trace("curve_length", fine, own),
        Trace("curve_active", curve.at((fine - centre) / span), unit),
    ]
    at_optimum = np.nan
    if rest is not None:
        traces.append(Trace("passive", rest, unit))
    if other is not None:
        at_optimum = float(other.at(np.ones(1))[0])
        values |= {**other.values, "passive_at_Lo": at_optimum, "passive_r2": other.r2}
        stderr |= other.stderr
        limits |= other.intervals
        traces += [
            Trace("passive_fitted", other.fitted, unit),
            Trace("curve_passive", other.at(fine / values["Lo"]), unit),
        ]
    units = {"Lo": own, "width": own, "plateau_low": own, "plateau_high": own, "Ls": own}
    units |= dict.fromkeys(("Fmax", "Sy_x", "passive_A", "passive_at_Lo"), unit)
    nan = float("nan")
    measurements = tuple(
        Measurement(
            d.name,
            values.get(d.name, nan),
            stderr.get(d.name, nan),
            limits.get(d.name, (nan, nan)),
            units.get(d.name, "1"),
        )
        for d in DEFINITIONS
        if d.applies(decisions.settings)
    )
    flags = (
        *about_active(curve, x, active, decisions),
        *about_passive(other, reason, x, at_optimum, values["Fmax"], decisions),
    )
    made_by = describe(f"{METHOD[decisions.model]}; passive force: {decisions.passive_model}", decisions.settings)
    return Record(NAME, measurements, tuple(traces), flags, made_by)
