"""From readings to recoveries: each recording is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ...errors import MuscleMetricsError
from ...reading import Event, Inputs, Reading
from ...traces import recorded

__all__ = ["inputs"]


def inputs(readings: Iterable[Reading]) -> Iterator[Inputs]:
    """Turn readings into recordings of one recovery each.

    Parameters
    ----------
    readings : iterable of Reading
        Each with ``time`` and ``force`` and, where there is one, ``length`` (or the motor's signal in volts: when it
        changes is all that matters). Where there is no length signal, the protocol's last change of length says when
        the re-stretch was.

    Yields
    ------
    Inputs
        One a reading. One that is no recording has no arguments and an InputError as its ``reason``.

    Raises
    ------
    Nothing : a reading that cannot be measured costs itself alone.
    """
    for reading in readings:
        try:
            yield _one(reading)
        except MuscleMetricsError as error:
            labels, flags = dict(reading.labels), tuple(reading.flags)
            yield Inputs({}, {}, labels, flags, reading.notes, error, (reading,))


def _one(reading: Reading) -> Inputs:
    facts = recorded(reading)
    args = dict(facts.args)
    notes = list(facts.notes)
    if "length" not in args and "fibre_length" in reading and np.ndim(reading["fibre_length"]) == 1:
        args["length"] = reading["fibre_length"]
        notes.append("length signal taken as recorded, without calibration: only when it changes matters")
    settings = {k: v for k, v in facts.settings.items() if k in ("time_unit", "force_unit")}
    if "length" not in args:
        moves = [e for e in facts.events if e.name in ("length-step", "length-ramp")]
        if len(moves) > 1:
            settings["start"] = _done(moves[-1])
            notes.append("no length signal: the end of the re-stretch is where the protocol's last change of length is")
    return Inputs(args, settings, facts.labels, facts.flags, tuple(notes), None, (reading,))


def _done(event: Event) -> float:
    """Return the seconds at which a change of length is done, where its details say how long it takes."""
    duration = event.details.get("duration", 0.0)
    return event.time + (float(duration) if isinstance(duration, int | float) else 0.0)
