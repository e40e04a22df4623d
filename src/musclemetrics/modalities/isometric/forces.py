"""From levels to forces: what is active, passive, total, and per area."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ... import units
from ...errors import InputError
from ...traces import Recording
from ...traces.memory import Noise, noise_of
from .decisions import Decisions
from .finding import Contraction, Stretch

__all__ = ["Forces", "forces"]


@dataclass(frozen=True, slots=True)
class Forces:
    """The measurements and their standard errors, by name.

    `zero` is the force signal at zero force, NaN if unknown; `doubt` the standard error of the level Po is taken from.
    """

    values: dict[str, float]
    errors: dict[str, float]
    zero: float
    doubt: float

    @property
    def Po(self) -> float:
        """Active force."""
        return self.values["Po"]

    @property
    def Po_error(self) -> float:
        """Its standard error."""
        return self.errors["Po"]


def _variance(stretch: Stretch | None, noise: Noise) -> float:
    """Return the variance of a level: by its own blocks, or by the noise of the plateau where that says more."""
    if stretch is None:
        return 0.0
    own = stretch.level.stderr**2 if math.isfinite(stretch.level.stderr) else 0.0
    n = stretch.level.n
    return max(own, noise.variance(np.full(n, 1.0 / n)))


def forces(made: Recording, found: Contraction, decisions: Decisions) -> Forces:
    """Return the forces of a contraction.

    The noise of the plateau counts in slack as well, which is too short to show how slow its own is.

    Raises
    ------
    InputError
        ``no-zero`` where there is neither rest nor slack nor a given zero.
    """
    top, rest, slack = found.plateau, found.rest, found.slack
    noise = noise_of(made.force[top.first : top.last])

    def error_of(*stretches: Stretch | None) -> float:
        return math.sqrt(sum(_variance(s, noise) for s in stretches))

    if decisions.zero is not None:
        slack, zero = None, decisions.zero
    else:
        zero = slack.level.mean if slack is not None else math.nan
    given = decisions.passive
    total, total_error = top.level.mean - zero, error_of(top, slack)
    passive, passive_error = math.nan, math.nan
    if given is not None:
        passive = given
    elif rest is not None:
        passive, passive_error = rest.level.mean - zero, error_of(rest, slack)
    if rest is not None:
        active, active_error = top.level.mean - rest.level.mean, error_of(top, rest)
        if math.isnan(zero) and given is not None:
            total, total_error = active + given, active_error
    elif math.isfinite(zero):
        active, active_error = total - (given or 0.0), total_error
    else:
        raise InputError(
            "the recording shows neither flat rest before the plateau nor a release into slack, so nothing tells where "
            "force is zero",
            code="no-zero",
            remedy="give relaxed=(from, to) or zero=FORCE, or length with its unit and fibre_length",
        )
    if math.isnan(zero) and given is None:
        passive_error = math.nan
    if math.isnan(total):
        total_error = math.nan
    per_area, csa = _specific(decisions)
    spread = top.level
    slope = spread.slope * (spread.n - 1)
    # The scatter about a line: what the drift alone contributes to that about the mean is taken away.
    scatter = math.sqrt(max(spread.sd**2 - slope**2 * (spread.n + 1) / (12.0 * (spread.n - 1)), 0.0))
    values = {
        "Po": active,
        "specific_force": active * per_area,
        "total": total,
        "passive": passive,
        "csa": csa,
        "drift": slope / active if active else math.nan,
        "noise": scatter,
    }
    errors = {
        "Po": active_error,
        "specific_force": active_error * per_area,
        "total": total_error,
        "passive": passive_error,
    }
    lower = rest if rest is not None else slack
    doubt = math.sqrt(2.0 * _variance(lower, noise_of(made.force[lower.first : lower.last]))) if lower else 0.0
    return Forces(values, errors, zero, max(doubt, spread.sd / math.sqrt(spread.n) if lower is None else 0.0))


def _specific(decisions: Decisions) -> tuple[float, float]:
    """Return what turns force into kN/m2, and the area in mm2; NaN where nothing states it."""
    measured = units.dimension(decisions.force_unit)
    if measured == "stress":
        return units.convert_factor(decisions.force_unit, "kN/m2"), decisions.csa
    if measured != "force" or math.isnan(decisions.csa):
        return math.nan, decisions.csa
    return units.convert_factor(decisions.force_unit, "mN") / decisions.csa, decisions.csa
