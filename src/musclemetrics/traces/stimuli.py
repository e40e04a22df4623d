"""When a muscle was stimulated: the recorded channel, or the protocol's events."""

from __future__ import annotations

import numpy as np

from .. import checks, units
from ..reading import Reading

__all__ = ["stimuli"]


def stimuli(reading: Reading, time_unit: str | None) -> list[float]:
    """Return the onsets of the stimuli of a reading in seconds, in order; empty where nothing tells them.

    Parameters
    ----------
    reading : Reading
        A channel ``stimulus`` tells by going up through the middle of its range; where there is none, or it never does,
        events called ``stimulus``.
    time_unit : str, optional
        Unit of ``time``; None where nothing states it, and then the channel says nothing.

    Raises
    ------
    InputError
        If the channel is no row of numbers, or of another length than time.
    """
    if time_unit is not None and "stimulus" in reading and np.ndim(reading["stimulus"]) == 1:
        channel = checks.samples(reading["stimulus"], "stimulus")
        time = checks.samples(reading["time"], "time") * units.convert_factor(time_unit, "s")
        checks.same_length(time=time, stimulus=channel)
        known = channel[np.isfinite(channel)]
        on = channel > 0.5 * (known.min() + known.max()) if len(known) else np.zeros(len(channel), bool)
        starts = np.flatnonzero(on[1:] & ~on[:-1]) + 1
        if len(starts):
            return [float(t) for t in time[starts]]
    return sorted(event.time for event in reading.events if event.name == "stimulus")
