"""From readings to twitches: one input a stimulus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ... import checks, units
from ...errors import InputError, MuscleMetricsError
from ...reading import Inputs, Reading
from ...traces import Facts, recorded

__all__ = ["inputs"]

Array = NDArray[np.float64]

BEFORE = 0.5
"""Seconds before a stimulus that go with its twitch, where no earlier twitch stands in them."""


def inputs(
    readings: Iterable[Reading],
    *,
    time_unit: str | None = None,
    stimulus_time: float | None = None,
    shortest_interval: float = 0.1,
) -> Iterator[Inputs]:
    """Turn readings into twitches.

    Parameters
    ----------
    readings : iterable of Reading
        Each with ``time`` and ``force``, and the stimuli as events called ``stimulus`` or as a channel ``stimulus``.
    time_unit : str, optional
        Unit of time, where the file states none or a wrong one.
    stimulus_time : float, optional
        When the one stimulus came, s; the recording is then not divided.
    shortest_interval : float
        Stimuli closer together than so many seconds are one train, which is no twitch.

    Yields
    ------
    Inputs
        One a stimulus: a recording with several is divided, and each part labelled with its number. One that cannot
        be measured has an InputError as its ``reason``: ``no-trace``, ``force-unit``, ``several-stimuli``.

    Raises
    ------
    SettingsError
        If `shortest_interval` is negative.
    """
    least = checks.number(shortest_interval, "shortest_interval", low=0.0)
    for reading in readings:
        try:
            facts = recorded(reading)
            unit = time_unit if time_unit is not None else facts.settings.get("time_unit")
            found = [] if stimulus_time is not None else _stimuli(reading, facts, unit)
            made = _divided(facts, unit, found, least)
        except MuscleMetricsError as error:
            made = [Inputs({}, {}, dict(reading.labels), reading.flags, reading.notes, error)]
        for one in made:
            yield replace(one, sources_from=(reading,))


def _stimuli(reading: Reading, facts: Facts, unit: object) -> list[float]:
    """Return the stimuli in seconds: where the channel goes up, or the events where there is no channel."""
    if unit is not None and "stimulus" in reading and np.ndim(reading["stimulus"]) == 1:
        channel = checks.samples(reading["stimulus"], "stimulus")
        time = checks.vector(facts.args["time"], "time") * units.convert_factor(str(unit), "s")
        checks.same_length(time=time, stimulus=channel)
        on = channel > 0.5 * (np.nanmin(channel) + np.nanmax(channel))
        starts = np.flatnonzero(on[1:] & ~on[:-1]) + 1
        if len(starts):
            return [float(t) for t in time[starts]]
    return sorted(event.time for event in facts.events if event.name == "stimulus")


def _divided(facts: Facts, unit: object, stimuli: list[float], least: float) -> list[Inputs]:
    args = {name: facts.args[name] for name in ("time", "force")}
    settings = {k: v for k, v in facts.settings.items() if k in ("time_unit", "force_unit")}
    if unit is not None:
        settings["time_unit"] = unit
    if len(stimuli) < 2:
        if stimuli:
            settings["stimulus_time"] = stimuli[0]
        return [Inputs(args, settings, facts.labels, facts.flags, facts.notes)]
    trains = np.split(np.array(stimuli), np.flatnonzero(np.diff(stimuli) >= least) + 1)
    time = np.asarray(args["time"], float) * units.convert_factor(str(unit), "s") if unit is not None else None
    made = []
    for k, train in enumerate(trains):
        labels = {**facts.labels, **({"twitch": str(k + 1)} if len(trains) > 1 else {})}
        if len(train) > 1:
            apart = float(np.median(np.diff(train)))
            reason = InputError(
                f"{len(train)} stimuli stand {1e3 * apart:.3g} ms apart from {train[0]:.4g} s on, single ones at least "
                f"{1e3 * least:g} ms: a train or tetanus, and no twitch",
                code="several-stimuli",
                remedy="measure it as isometric; or give stimulus_time, or a smaller shortest_interval",
            )
            made.append(Inputs({}, settings, labels, facts.flags, facts.notes, reason))
            continue
        at = float(train[0])
        part = args
        if time is not None and len(trains) > 1:
            earlier = float(trains[k - 1][-1]) if k else -np.inf
            begin = int(np.searchsorted(time, max(at - BEFORE, 0.5 * (earlier + at))))
            end = int(np.searchsorted(time, float(trains[k + 1][0]))) if k + 1 < len(trains) else len(time)
            part = {name: values[begin:end] for name, values in args.items()}
        made.append(Inputs(part, {**settings, "stimulus_time": at}, labels, facts.flags, facts.notes))
    return made
