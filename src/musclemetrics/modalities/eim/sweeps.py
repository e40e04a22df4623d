"""Frequencies sorted and believed, reactance with one sign, or a clear reason why not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks, units
from ...errors import InputError
from ...record import Flag
from .decisions import Decisions
from .definitions import spelt

__all__ = ["Axis", "Sweep", "axis_of", "sweep_of"]

Array = NDArray[np.float64]

BAND = (10e3, 300e3)
"""Hz between which tissue is capacitive, whatever electrodes and cables do at the ends."""
LEAST = 3
MIXED = 0.2
"""Largest share of the band that may have the other sign."""
SLIGHT = 2e-3
"""A reactance below this share of |Z| has no sign."""
OPEN = 1e5
"""Ohm above which no current flows through tissue."""
LARGE = 5e3
"""Ohm above which an impedance is doubted: muscle has tens to some hundreds, under small electrodes up to few kOhm."""
LOW_END = 20e3
"""Hz that a sweep of tissue exceeds: one that ends below looks like another unit."""
UNITS = ("Hz", "kHz", "MHz")
REPEATS = 0.01
"""Share of |Z| by which repeats of one frequency may differ before they are doubted."""


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """The frequencies of a stack, and how a row of values is put in their order.

    Attributes
    ----------
    frequency : array, shape (f,)
        In Hz, ascending, each once.
    order : array of int, shape (points kept,)
        Place in the row as given of each point kept, by frequency.
    starts : array of int, shape (f,)
        First of the points kept that belong to each frequency.
    flags : tuple of Flag
    """

    frequency: Array
    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    flags: tuple[Flag, ...]

    def row(self, values: Array) -> Array:
        """Return values as given in the order of `frequency`, repeats averaged."""
        kept = values[self.order]
        if len(self.starts) == len(kept):
            return kept
        counts = np.diff(np.append(self.starts, len(kept)))
        return np.asarray(np.add.reduceat(kept, self.starts) / counts)

    def spread(self, values: Array) -> Array:
        """Return greatest less smallest of the repeats of each frequency."""
        kept = values[self.order]
        return np.asarray(np.maximum.reduceat(kept, self.starts) - np.minimum.reduceat(kept, self.starts))


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """One sweep in Ohm and in the order of its axis, capacitive reactance positive, and its flags."""

    resistance: Array
    reactance: Array
    flags: tuple[Flag, ...]


def axis_of(frequency: ArrayLike, decisions: Decisions) -> tuple[Axis, int]:
    """Return the axis and how many points a row has, or raise InputError."""
    given = checks.vector(frequency, "frequency")
    f = given * decisions.to_hertz
    unit = str(decisions.settings["frequency_unit"])
    flags = []
    kept = np.flatnonzero(f > 0)
    if len(kept) < len(f):
        flags.append(
            Flag(
                "no-frequency",
                f"{len(f) - len(kept)} of {len(f)} points have a frequency of zero or less and were left out",
                "note",
            )
        )
    order = kept[np.argsort(f[kept], kind="stable")]
    ordered = f[order]
    # The same frequency written with other last digits is the same frequency.
    starts = np.flatnonzero(np.concatenate(([True], np.diff(ordered) > 1e-9 * ordered[1:]))) if len(order) else order
    checks.at_least(
        len(starts),
        LEAST,
        "a sweep: frequency (distinct values above zero)",
        code="too-few-frequencies",
        remedy="measure at more frequencies",
    )
    distinct = ordered[starts]
    _believed(distinct, unit, decisions)
    if len(starts) < len(ordered):
        flags.append(
            Flag(
                "duplicate-frequencies",
                f"{len(ordered) - len(starts)} of {len(ordered)} points repeat a frequency; repeats were averaged",
                "note",
            )
        )
    return Axis(distinct, order, starts, tuple(flags)), len(f)


def _believed(f: Array, unit: str, decisions: Decisions) -> None:
    """Refuse frequencies that look like those of another unit."""
    if decisions.frequency_range is None:
        return
    low, high = decisions.frequency_range
    if f[-1] < LOW_END < high:
        expected = f"sweeps of tissue end above {LOW_END / 1e3:g} kHz"
    elif f[0] < low or f[-1] > high:
        expected = f"expected {low:g} to {high:g} Hz"
    else:
        return
    given = f / decisions.to_hertz
    fits = [u for u in UNITS if _fits(given * units.convert_factor(u, "Hz"), low, high) and u != unit]
    looks = f"looks like {fits[0]}" if fits else "fits no unit of frequency"
    lift = "or widen frequency_range (none lifts the check)"
    if not fits and f[0] < low and LOW_END <= f[-1] <= high:
        raise InputError(
            f"frequency runs from {f[0]:g} to {f[-1]:g} Hz, {expected}: the sweep begins below",
            code="implausible-frequency",
            remedy=f"leave the points below {low:g} Hz out, {lift}",
        )
    raise InputError(
        f"frequency runs from {f[0]:g} to {f[-1]:g} Hz, {expected}: {looks}",
        code="implausible-frequency",
        remedy=f"give frequency_unit={fits[0]}, {lift}" if fits else f"check frequency_unit={unit}, {lift}",
    )


def _fits(hertz: Array, low: float, high: float) -> bool:
    return bool(hertz[0] >= low and LOW_END <= hertz[-1] <= high)


def sweep_of(resistance: Array, reactance: Array, axis: Axis, decisions: Decisions) -> Sweep:
    """Return one row as a sweep, or raise InputError."""
    left_out = np.ones(len(resistance), bool)
    left_out[axis.order] = False
    values, spreads = [], []
    for name, row in (("resistance", resistance), ("reactance", reactance)):
        checks.finite(np.where(left_out, 0.0, row), name)
        values.append(axis.row(row) * decisions.to_ohm)
        spreads.append(axis.spread(row) * decisions.to_ohm)
    r, x = values
    f = axis.frequency
    if (r <= 0).any():
        worst = int(np.argmin(r))
        raise InputError(
            f"resistance is {r[worst]:.4g} Ohm at {spelt(f[worst])} ({int((r <= 0).sum())} such value(s)); "
            "tissue has none below zero",
            code="negative-resistance",
            remedy="check the columns, the sign and the leads; leave dropped points out",
        )
    modulus = np.hypot(r, x)
    middle = float(np.median(modulus))
    if middle > OPEN:
        raise InputError(
            f"|Z| is {middle:.3g} Ohm, limit {OPEN:g}: no current flows through tissue, an electrode is open",
            code="open-electrode",
            remedy="check the electrodes, and impedance_unit",
        )
    flags = list(axis.flags)
    if middle < 1.0:
        flags.append(
            Flag(
                "implausible-impedance",
                f"|Z| is {middle:.3g} Ohm (median), muscle has 1 Ohm and more; "
                "check impedance_unit (kOhm?) and whether these are conductivities",
            )
        )
    if middle > LARGE:
        flags.append(
            Flag(
                "implausible-impedance",
                f"|Z| is {middle:.4g} Ohm (median), limit {LARGE:g}: muscle has tens to some hundreds, under small "
                "electrodes a few thousand; check impedance_unit (mOhm? Ohm given as kOhm?) and the electrodes",
            )
        )
    apart = np.hypot(*spreads) / modulus
    worst = int(np.argmax(apart))
    if apart[worst] > REPEATS:
        flags.append(
            Flag(
                "repeats-differ",
                f"values at the same frequency differ by up to {100 * apart[worst]:.3g} % of |Z| "
                f"({f[worst] / 1e3:.4g} kHz), limit {100 * REPEATS:g} %; they were averaged: look whether these are "
                "two sweeps, and measure each by itself",
            )
        )
    sign, told = _sign(f, x, modulus, decisions.sign)
    return Sweep(r, sign * x, (*flags, *told))


def _sign(f: Array, x: Array, modulus: Array, asked: str) -> tuple[float, list[Flag]]:
    """Return the factor that makes capacitive reactance positive."""
    inside = (f >= BAND[0]) & (f <= BAND[1])
    if not inside.any():
        inside[:] = True
    middle = float(np.median(x[inside]))
    clear = np.abs(x) > SLIGHT * modulus
    told = -1.0 if middle < 0 else 1.0
    sign = {"detect": told, "stated": told, "positive": 1.0, "negative": -1.0}[asked]
    flags = []
    if asked == "stated" and sign < 0:
        flags.append(
            Flag(
                "sign-contradicted",
                f"the reactance (median {-middle:.3g} Ohm) has the other sign than the file's own names say; it was "
                "turned, to be positive where capacitive: check the columns and the leads, then give "
                "reactance_sign=detect to accept it or positive to keep the file's",
            )
        )
    elif asked == "detect" and sign < 0:
        flags.append(
            Flag(
                "reactance-sign-turned",
                f"reactance is negative as given (median {middle:.3g} Ohm): it was taken as the "
                "imaginary part, and is positive where capacitive here",
                "note",
            )
        )
    wrong = clear & (sign * x < 0)
    within, known = int((wrong & inside).sum()), int((clear & inside).sum())
    if within > MIXED * known and asked in ("detect", "stated"):
        raise InputError(
            f"reactance has both signs: {within} of {known} values between {BAND[0] / 1e3:g} and "
            f"{BAND[1] / 1e3:g} kHz differ from the others",
            code="mixed-reactance-sign",
            remedy="check the column and the leads, or give reactance_sign=positive or negative",
        )
    if wrong.any():
        places = f"{spelt(f[wrong][0])} to {spelt(f[wrong][-1])}"
        flags.append(
            Flag(
                "inductive-reactance",
                f"reactance is inductive at {int(wrong.sum())} of {len(f)} frequencies ({places}), which muscle "
                "never is; check leads, electrodes and the sign",
            )
        )
    return sign, flags
