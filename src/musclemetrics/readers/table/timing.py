"""The time of a recording made anew from its sampling rate, where the table has none or a rounded one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...record import Flag
from ...units import convert_factor, dimension
from .choices import Choices
from .roles import Roles

__all__ = ["timed"]

_MOST = 1.01  # of the step that the time was rounded to: as far as a rounded time can be from the true one


def timed(
    arrays: dict[str, NDArray[np.generic]],
    choices: Choices,
    roles: Roles,
    stated: str | None,
    flags: list[Flag],
    notes: list[str],
) -> dict[str, str]:
    """Put the time at the sampling rate given in place of that of the table, and say where the two differ.

    Parameters
    ----------
    arrays : dict
        Changed in place: ``time`` is in seconds from where the table's begins, or from 0.
    stated : str or None
        Unit of the time by a column of units.

    Returns
    -------
    dict
        The unit of the time where it was made anew, otherwise nothing.
    """
    rate, header = choices.sampling_rate, roles.arrays.get("time")
    if rate is None:
        return {}
    if roles.x is not None:
        notes.append(f"sampling_rate was not used: this is a curve over {roles.x}, no recording in time")
        return {}
    unit = choices.units.get("time") or (header.unit if header is not None else None) or stated
    count = len(next(iter(arrays.values())))
    made = np.arange(count) / rate
    old = np.asarray(arrays.get("time", np.empty(0)), dtype=np.float64)
    if not len(old):
        notes.append(f"time counted from the first sample at the {rate:g} Hz given")
    elif unit is None or dimension(unit) != "time":
        notes.append(f"time made anew at the {rate:g} Hz given; the column has no unit to compare it by")
    else:
        old = old * convert_factor(unit, "s")
        steps = np.diff(old[np.isfinite(old)])
        steps = steps[steps > 0]
        made += old[0] if np.isfinite(old[0]) else 0.0
        away = float(np.nanmax(np.abs(made - old), initial=0.0))
        notes.append(f"time made anew at the {rate:g} Hz given, at most {away:.3g} s from the column")
        if not len(steps) or away > _MOST * max(float(steps.min()), 1 / rate):
            flags.append(
                Flag(
                    "time-contradicts-rate",
                    f"sampling_rate={rate:g} Hz was given and used; the time column is up to {away:.4g} s away from "
                    "what it makes: it pauses, or the rate is another",
                )
            )
    arrays["time"] = made
    return {"time": "s"}
