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
from ...traces.stimuli import stimuli

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
            stated = facts.settings.get("time_unit")
            unit = time_unit if time_unit is not None else None if stated is None else str(stated)
            found = [] if stimulus_time is not None else stimuli(reading, unit)
            made = _divided(facts, unit, found, least)
        except MuscleMetricsError as error:
            made = [Inputs({}, {}, dict(reading.labels), reading.flags, reading.notes, error)]
        for one in made:
            yield replace(one, sources_from=(reading,))


def _divided(facts: Facts, unit: str | None, found: list[float], least: float) -> list[Inputs]:
    args = {name: facts.args[name] for name in ("time", "force")}
    settings = {k: v for k, v in facts.settings.items() if k in ("time_unit", "force_unit")}
    if unit is not None:
        settings["time_unit"] = unit
    if len(found) < 2:
        if found:
            settings["stimulus_time"] = found[0]
        return [Inputs(args, settings, facts.labels, facts.flags, facts.notes)]
    trains = np.split(np.array(found), np.flatnonzero(np.diff(found) >= least) + 1)
    time = np.asarray(args["time"], float) * units.convert_factor(unit, "s") if unit is not None else None
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
