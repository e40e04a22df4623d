"""What a file says, before anyone asks what it means.

A :class:`Reading` is what a reader yields: named arrays with units, labels, events, and the notes and flags that
arose on the way. Readers know nothing of muscle and modalities nothing of files; :class:`Inputs` is the bridge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import MuscleMetricsError
from .record import Flag

__all__ = ["Event", "Inputs", "Reading"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something the protocol did at a time: a release, a stimulus, a change of bath."""

    time: float
    name: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One recording as the file holds it.

    Attributes
    ----------
    arrays : Mapping
        Name to array. Decoded on access where that is dear (an image sequence is never held whole). A fact of the
        header with a value and a unit (fibre area, calibration) is a 0-d array.
    units : Mapping
        Name to UCUM unit; a name is absent where the file states no unit.
    labels : Mapping
        Words of the file: fibre, animal, subject, …
    events : tuple of Event
    flags : tuple of Flag
        What the header claims and the data contradict, what is missing.
    notes : tuple of str
        Every guess made on the way (encoding, separator, decimal mark).
    """

    arrays: Mapping[str, Any]
    units: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> NDArray[Any]:
        return np.asarray(self.arrays[name])

    def __contains__(self, name: object) -> bool:
        return name in self.arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def unit(self, name: str) -> str | None:
        """Return the unit of an array, None where the file states none."""
        return self.units.get(name)


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """What one record needs: the arguments of ``measure``, the facts the file states, labels and flags.

    Attributes
    ----------
    args : Mapping
        The arrays before the star in ``measure``'s signature, by name.
    settings : Mapping
        Facts of the recording, by the name of a keyword of ``measure``; the user's setting wins.
    labels : Mapping
    flags : tuple of Flag
    notes : tuple of str
    reason : MuscleMetricsError or None
        Why there are no arguments, where there are none: this record to come is a failed one, the others are not
        touched by it.
    sources_from : tuple of Reading
        The very readings it was made from, so that the record names their files and no others; empty for all of them.
    """

    args: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()
    reason: MuscleMetricsError | None = None
    sources_from: tuple[Reading, ...] = ()
