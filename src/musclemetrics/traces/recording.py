"""Time, force and length of one recording, checked once: seconds that increase, samples that are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks, units
from ..errors import InputError, SettingsError
from ..record import Flag

__all__ = ["Recording", "in_L0", "recording"]

Array = NDArray[np.float64]

SLOWEST, FASTEST = 50.0, 1e6
"""Samples a second that a muscle's recording can have; outside, the unit of time is wrong."""
SHORTEST = 0.01
"""Seconds a recording lasts at least."""
GAP = 1.5
"""A step of time so many times the usual one is a gap."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A checked recording.

    Attributes
    ----------
    time : array, shape (n,)
        Seconds, increasing.
    force : array, shape (n,)
        Finite, in the unit given.
    length : array, shape (n,), or None
        Finite, as given; :func:`in_L0` turns it into fibre lengths.
    rate : float
        Samples a second.
    breaks : array of int
        Indices of the samples that follow a gap.
    flags : tuple of Flag
        Samples that were missing, gaps, uneven sampling.
    """

    time: Array
    force: Array
    length: Array | None
    rate: float
    breaks: NDArray[np.int64]
    flags: tuple[Flag, ...]

    def index(self, time: float) -> int:
        """Return the index of the first sample at or after `time`."""
        return int(np.searchsorted(self.time, time - 1e-9 / self.rate))

    def whole(self, first: int, last: int) -> bool:
        """Whether no gap lies within the samples [first, last)."""
        at = np.searchsorted(self.breaks, [first, last - 1], side="right")
        return bool(at[0] == at[1])


def recording(
    time: ArrayLike, force: ArrayLike, length: ArrayLike | None = None, *, time_unit: str | None = "s", least: int = 20
) -> Recording:
    """Check the arrays of a recording.

    Parameters
    ----------
    time : array_like, shape (n,)
    force, length : array_like, shape (n,)
        A value that is not finite is a sample that was not recorded: it is left out, and a flag says so.
    time_unit : str, optional
        ``"s"``, ``"ms"``, …; None where nothing states it, which is refused.
    least : int
        Samples a recording needs.

    Returns
    -------
    Recording

    Raises
    ------
    InputError
        ``time-unit-not-stated``, ``implausible-time``, ``time-not-increasing``, ``not-finite`` (time), ``too-short``,
        ``length-mismatch``, ``wrong-shape``, ``not-numeric``.

    Examples
    --------
    >>> import numpy as np
    >>> made = recording(np.arange(200) / 2, np.ones(200), time_unit="ms")
    >>> round(made.rate), float(made.time[-1]), made.length is None
    (2000, 0.0995, True)
    """
    t = checks.vector(time, "time")
    columns = {"force": checks.samples(force, "force")}
    if length is not None:
        columns["length"] = checks.samples(length, "length")
    checks.same_length(time=t, **columns)
    checks.at_least(len(t), least, "a recording: samples", code="too-short", remedy="give the whole recording")
    t = _seconds(t, time_unit)
    flags: list[Flag] = []
    present = np.ones(len(t), bool)
    for name, values in columns.items():
        good = np.isfinite(values)
        if not good.all():
            present &= good
            first = int(np.flatnonzero(~good)[0])
            flags.append(
                Flag(
                    "missing-samples",
                    f"{name} is not finite at {int((~good).sum())} of {len(t)} samples, first at index {first}; they "
                    "were left out and what needs them is not measured",
                    "note",
                )
            )
    if not present.all():
        checks.at_least(
            int(present.sum()), least, "a recording: finite samples", code="too-short", remedy="check the columns"
        )
        t = t[present]
        columns = {name: values[present] for name, values in columns.items()}
    step = np.diff(t)
    usual = float(np.median(step))
    broken = np.flatnonzero(step > GAP * usual) + 1
    if len(broken) and present.all():
        widest = float(step.max())
        flags.append(
            Flag(
                "time-gap",
                f"time jumps {len(broken)} time(s), by up to {widest:.4g} s where samples are {usual:.4g} s apart; "
                "nothing is measured across a gap",
                "note",
            )
        )
    rest = step[step <= GAP * usual]
    uneven = float(np.max(np.abs(rest - usual))) / usual
    # Times printed with few digits wander by a digit; more than that is a rate that changed.
    if uneven > 0.25:
        flags.append(
            Flag(
                "uneven-sampling",
                f"samples are {rest.min():.4g} to {rest.max():.4g} s apart; windows hold {1 / usual:.4g} a second on "
                "the whole",
                "suspect",
            )
        )
    rate = 1.0 / usual if len(broken) or uneven > 0.25 else (len(t) - 1) / float(t[-1] - t[0])
    # Copied, not frozen where it stands: the caller's own array stays writeable, and no record shares it.
    columns = {name: values.copy() for name, values in columns.items()}
    for array in (t, *columns.values()):
        array.setflags(write=False)
    return Recording(t, columns["force"], columns.get("length"), rate, broken.astype(np.int64), tuple(flags))


def _seconds(time: Array, unit: str | None) -> Array:
    step = np.diff(time)
    back = np.flatnonzero(step <= 0)
    if len(back):
        at = int(back[0]) + 1
        # A sample now and then is copied twice; a tenth of all, and none that goes back, is a time with too few digits.
        if (step >= 0).all() and len(back) > 0.1 * len(step):
            grain, mean = float(step.max()), len(step) / float(time[-1] - time[0]) if time[-1] > time[0] else 0.0
            word = unit or "of no stated unit"
            hertz = "HZ"
            if unit is not None and mean > 0:
                hertz = f"HZ (the whole comes to {mean / units.convert_factor(unit, 's'):.4g})"
            raise InputError(
                f"time stands still at {len(back)} of {len(step)} steps, first at index {at}, as times rounded to "
                f"{grain:g} ({word}) do",
                code="time-not-increasing",
                remedy="export the time with more digits, or, for a table, say the samples a second: "
                f"-r sampling_rate={hertz}",
            )
        raise InputError(
            f"time does not increase at index {at}: {time[at - 1]:g}, then {time[at]:g}",
            code="time-not-increasing",
            remedy="give each recording by itself, in the order of its time",
        )
    usual, span = float(np.median(step)), float(time[-1] - time[0])
    if unit is None:
        raise InputError(
            f"nothing states the unit of time, which steps by {usual:.4g}",
            code="time-unit-not-stated",
            remedy=f"give time_unit=s ({1 / usual:.4g} samples a second) or time_unit=ms ({1e3 / usual:.4g})",
        )
    factor = units.convert_factor(unit, "s")
    rate = 1.0 / (usual * factor)
    code = units.canonical(unit)
    if rate < SLOWEST or rate > FASTEST:
        other = "ms" if rate < SLOWEST else "s"
        raise InputError(
            f"time steps by {usual:.4g} {code}, that is {rate:.4g} samples a second, {SLOWEST:g} to {FASTEST:g} are "
            "expected",
            code="implausible-time",
            remedy=f"give time_unit={other} if that is its unit",
        )
    if span * factor < SHORTEST:
        raise InputError(
            f"{len(time)} samples last {span:.4g} {code}, at least {1e3 * SHORTEST:g} ms are needed",
            code="implausible-time" if code != "s" else "too-short",
            remedy="give time_unit=s if these are seconds" if code != "s" else "give the whole recording",
        )
    return time * factor if factor != 1.0 else time.copy()


def in_L0(length: Array, unit: str | None, fibre_length: float | None) -> Array:
    """Return a length signal in fibre lengths.

    Parameters
    ----------
    length : array
    unit : str, optional
        Of the signal; None where nothing states it, which is refused.
    fibre_length : float, optional
        L0, in the unit of the signal; needed unless the signal is in {L0} or %{L0} already.

    Raises
    ------
    InputError
        ``length-unit-not-stated``, ``no-fibre-length``, ``unit-mismatch``.
    SettingsError
        If `fibre_length` is not positive, or given for a signal that is relative already.
    """
    factor = length_factor(length, unit, fibre_length)
    return length * factor


def length_factor(length: Array, unit: str | None, fibre_length: float | None) -> float:
    """Return the factor that turns a length signal into fibre lengths; see :func:`in_L0`."""
    if unit is None:
        low, high = float(length.min()), float(length.max())
        raise InputError(
            f"nothing states the unit of length, which runs from {low:.4g} to {high:.4g}",
            code="length-unit-not-stated",
            remedy="give length_unit: mm, um, {L0} or %{L0}",
        )
    measured = units.dimension(unit)
    if measured == "relative length" or units.canonical(unit) == "%":
        if fibre_length is not None and fibre_length != 1.0:
            raise SettingsError(
                f"fibre_length={fibre_length:g} is given for a length that is in {units.canonical(unit)} already",
                remedy="leave fibre_length out, or name the unit the signal is in",
            )
        return units.convert_factor(unit, "{L0}") if measured == "relative length" else 0.01
    if measured != "length":
        raise InputError(
            f"length_unit={units.canonical(unit)} is a unit of {measured}",
            code="unit-mismatch",
            remedy="convert it with the motor's calibration first; give mm, um, {L0} or %{L0}",
        )
    if fibre_length is None:
        raise InputError(
            f"length is in {units.canonical(unit)} and no fibre length is stated",
            code="no-fibre-length",
            remedy=f"give fibre_length in {units.canonical(unit)}, or the signal in {{L0}}",
        )
    return 1.0 / checks.number(fibre_length, "fibre_length", low=1e-6, high=1e6)
