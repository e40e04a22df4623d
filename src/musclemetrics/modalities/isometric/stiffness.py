"""Stiffness from small quick steps of length."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...traces import Change, Recording, noise
from .definitions import LIMITS
from .finding import boxcar

__all__ = ["Stiffness", "stiffness"]


@dataclass(frozen=True, slots=True)
class Stiffness:
    """Change of force over change of length, per {L0}; NaN where there is no step to take it from.

    Attributes
    ----------
    value, stderr : float
    size, change : tuple of float
        Of each step: {L0}; force.
    slowest : float
        Seconds the slowest of the steps took.
    """

    value: float
    stderr: float
    size: tuple[float, ...]
    change: tuple[float, ...]
    slowest: float


def stiffness(made: Recording, steps: list[Change], until: int) -> Stiffness:
    """Return the stiffness from all small quick steps before sample `until`.

    Force is taken at its extreme within the millisecond after the step (T1 of Huxley & Simmons 1971, Nature
    233:533), against the mean of 5 ms before; several steps give the slope of a line through the origin.

    Parameters
    ----------
    made : Recording
    steps : list of Change
        In {L0}.
    until : int
        The end of what is active.
    """
    sizes, changes, weights, spread, slowest = [], [], [], [noise(made.force[:until])], 0.0
    for step in steps:
        small = LIMITS["smallest"] <= abs(step.size) <= LIMITS["largest"]
        # From the last sample before to the first one after it: sampling too coarse counts as a slow step.
        lasted = float(made.time[step.stop] - made.time[step.start])
        if not small or lasted > LIMITS["quick"] or step.stop >= until:
            continue
        before = made.force[max(0, made.index(step.begin - 0.005)) : step.start + 1]
        # The highest of many samples is high by chance as well: means of 0.3 ms are compared, and where a millisecond
        # holds no more than a few samples, the first one after the step is taken.
        few = max(1, round(0.0003 * made.rate))
        last = made.index(step.end + 0.001) + 1 if few > 1 else step.stop + 1
        after = made.force[step.stop : max(step.stop + few, last)]
        if len(before) < 3 or len(after) < few or not made.whole(step.start - len(before), step.stop + few):
            continue
        sign = math.copysign(1.0, step.size)
        changes.append(sign * float(np.max(boxcar(sign * after, few))) - float(before.mean()))
        sizes.append(step.size)
        weights.append(1.0 / few + 1.0 / len(before))
        spread.append(float(before.std(ddof=1)))
        slowest = max(slowest, lasted)
    if not sizes:
        return Stiffness(math.nan, math.nan, (), (), math.nan)
    x, y = np.array(sizes), np.array(changes)
    square = float(x @ x)
    error = max(spread[0], float(np.median(spread))) * math.sqrt(float((x * x) @ np.array(weights))) / square
    return Stiffness(float(x @ y) / square, error, tuple(sizes), tuple(changes), slowest)
