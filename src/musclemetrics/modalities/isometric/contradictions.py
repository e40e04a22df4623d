"""Where a recording contradicts what it is taken for: its zero, a plateau, a length that is held."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ...record import Flag
from ...traces import Recording, noise
from .decisions import Decisions
from .definitions import LIMITS
from .finding import Contraction, Stretch
from .forces import Forces

__all__ = ["length_flags", "oscillation_flags", "zero_flags"]

Array = NDArray[np.float64]


def zero_flags(found: Contraction, levels: Forces, decisions: Decisions) -> Iterable[Flag]:
    """Tell where slack or rest of the recording, or the sign of a force, contradict the zero given."""
    if decisions.zero is None:
        return
    zero, unit, allowed = decisions.zero, decisions.force_unit, LIMITS["agreement"] * levels.Po
    limit = f"{100 * LIMITS['agreement']:g} % of Po"
    said = f"zero is {zero:.4g} {unit} as given"
    slack, rest = found.slack, found.rest
    own = slack.level.mean if slack is not None else math.nan
    surely = 4.0 * slack.level.stderr if slack is not None and math.isfinite(slack.level.stderr) else 0.0
    if abs(zero - own) > max(allowed, surely):
        problem = f"and {own:.4g} in slack, {100 * abs(zero - own) / levels.Po:.3g} % of Po apart, limit {limit}"
    elif rest is not None and rest.level.mean - zero < -allowed:
        problem = f"which makes passive {rest.level.mean - zero:.4g}, below 0 by more than {limit}"
    elif levels.values["total"] < 0.0:
        problem = f"which makes total {levels.values['total']:.4g}, below 0"
    elif slack is None and rest is not None and rest.level.mean - zero > levels.Po:
        problem = f"which makes passive {rest.level.mean - zero:.4g}, above Po of {levels.Po:.4g}"
    else:
        return
    if rest is not None:
        outcome = "Po is the plateau less rest all the same, total and passive follow zero"
    else:
        outcome = "Po and total follow zero"
    yield Flag("zero-conflict", f"{said}, {problem}; {outcome}; check zero, or leave it out")


def _spread(force: Array) -> float:
    """Return the distance of the 10th and 90th percentile about a line: an oscillation shows, a spike does not."""
    k = np.arange(len(force)) - (len(force) - 1) / 2
    off = force - force.mean()
    off = off - k * (float(k @ off) / max(float(k @ k), 1e-300))
    low, high = np.percentile(off, (10.0, 90.0))
    return float(high - low)


def oscillation_flags(made: Recording, found: Contraction, levels: Forces) -> Iterable[Flag]:
    """Tell where force of the plateau oscillates by more than noise and hum, which are there at rest as well."""

    def samples(stretch: Stretch) -> Array:
        return made.force[stretch.first : stretch.last]

    quiet = [_spread(samples(s)) for s in (found.rest, found.slack) if s is not None and s.level.n >= 10]
    spread = _spread(samples(found.plateau))
    # 2.563 standard deviations of a normal distribution lie between these percentiles.
    noisy = max([2.563 * noise(samples(found.plateau)), *quiet])
    beyond = math.sqrt(max(spread**2 - noisy**2, 0.0))
    if beyond > LIMITS["oscillation"] * levels.Po:
        yield Flag(
            "plateau-oscillates",
            f"eight tenths of the plateau's samples spread over {100 * beyond / levels.Po:.0f} % of Po beyond noise, "
            f"limit {100 * LIMITS['oscillation']:g} %: an unfused contraction or a moving length, and no plateau; Po "
            "is a mean over the oscillation; give plateau=(from, to) of steady force",
        )


def length_flags(made: Recording, relative: Array | None, found: Contraction, decisions: Decisions) -> Iterable[Flag]:
    """Tell how far the length moves within the plateau, where it is not held."""
    length = made.length if relative is None else relative
    if length is None:
        return
    own = length[found.plateau.first : found.plateau.last]
    windows = np.lib.stride_tricks.sliding_window_view(own, 5)
    moved = float(np.ptp(np.median(windows, axis=1)))
    values = np.unique(own)
    grain = float(np.median(np.diff(values))) if len(values) > 1 else 0.0
    if moved <= 8.0 * noise(own) + 4.0 * grain:
        return
    if relative is not None:
        said = f"length moves by {100 * moved:.2g} % L0 within the plateau, limit"
        if moved > LIMITS["largest"]:
            remedy = "this is not isometric; give plateau=(from, to) where the length is held"
            yield Flag("length-moves", f"{said} {100 * LIMITS['largest']:g} %: {remedy}")
        elif moved > LIMITS["still"]:
            cause = "the motor gives way, or a step lies in it; look at the figure"
            yield Flag("length-not-held", f"{said} {100 * LIMITS['still']:g} %: {cause}", "note")
        return
    share = moved / float(np.ptp(length))
    if share > LIMITS["active"]:
        unit = decisions.length_unit or "of its units"
        yield Flag(
            "length-not-held",
            f"length moves by {moved:.3g} {unit} within the plateau, {100 * share:.0f} % of all it does in the "
            f"recording, limit {100 * LIMITS['active']:g} %; whether that is little beside L0 is not known; give "
            "fibre_length",
            "note",
        )
