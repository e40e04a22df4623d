"""From readings to isometric contractions: one input a recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ... import units
from ...errors import MuscleMetricsError
from ...reading import Inputs, Reading
from ...record import Flag
from ...traces import recorded
from ...traces.stimuli import stimuli
from .decisions import SIZES

__all__ = ["inputs"]


def inputs(
    readings: Iterable[Reading],
    *,
    time_unit: str | None = None,
    diameter: float | None = None,
    width: float | None = None,
    depth: float | None = None,
    area: float | None = None,
) -> Iterator[Inputs]:
    """Turn readings into isometric contractions.

    Parameters
    ----------
    readings : iterable of Reading
        Each with ``time`` and ``force``, and where they are recorded ``length``, 0-d ``fibre_length``, ``diameter``,
        ``width``, ``depth`` or ``area``, and the stimuli as a channel or as events called ``stimulus``.
    time_unit : str, optional
        Unit of time, where the file states none or a wrong one.
    diameter, width, depth, area : float, optional
        As for ``measure``: where one is given, what the file says of the size is left aside, and a note says so.

    Yields
    ------
    Inputs
        One a recording. One that cannot be measured has an InputError as its ``reason``: ``no-trace``, ``force-unit``.

    Raises
    ------
    SettingsError
        Never; the signature is checked before.
    """
    given = any(v is not None for v in (diameter, width, depth, area))
    for reading in readings:
        try:
            facts = recorded(reading)
            own = facts.settings.get("time_unit")
            told = stimuli(reading, time_unit if time_unit is not None else None if own is None else str(own))
        except MuscleMetricsError as error:
            yield Inputs({}, {}, dict(reading.labels), reading.flags, reading.notes, error, (reading,))
            continue
        settings = dict(facts.settings)
        flags = list(facts.flags)
        stated = _size(reading)
        if units.dimension(str(settings.get("force_unit", "1"))) == "stress":
            stated = {}
        if stated and given:
            said = ", ".join(f"{k} {v:g}" for k, v in stated.items() if isinstance(v, float))
            flags.append(Flag("setting-overrides-file", f"the size was given; the file states {said}", "note"))
        elif stated:
            settings.update(stated)
        if told:
            settings["stimulus_time"] = told[0]
        yield Inputs(facts.args, settings, facts.labels, tuple(flags), facts.notes, None, (reading,))


def _size(reading: Reading) -> dict[str, object]:
    """Return what the file says of the preparation's size, by the settings of ``measure``."""
    known = {n: float(reading[n]) for n in SIZES if n in reading and np.ndim(reading[n]) == 0}
    known = {n: v for n, v in known.items() if np.isfinite(v) and v > 0}
    if "area" in known:
        return {"area": known["area"], "area_unit": reading.unit("area") or "m2"}
    names = ("width", "depth") if {"width", "depth"} <= set(known) else ("diameter",)
    if not set(names) <= set(known):
        return {}
    own = {reading.unit(n) or "" for n in names}
    if len(own) != 1 or not own.copy().pop():
        return {}
    return {**{n: known[n] for n in names}, "dimension_unit": own.pop()}
