"""The modalities: one file each, one line in this table.

A modality is a module that offers what :class:`Modality` names; nothing is inherited or registered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..errors import SettingsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..reading import Inputs, Reading
    from ..record import Definition, Record

__all__ = ["CORRECTIONS", "MODALITIES", "Modality", "modality"]

# name: what it measures, in the words of the command line's overview
MODALITIES: dict[str, str] = {
    "force_pca": "pCa50 and Hill coefficient of permeabilised fibres from force at several pCa",
    "slack": "unloaded shortening velocity of fibres from releases of different size",
    "force_velocity": "unloaded velocity, curvature and power from Hill's hyperbola of force and velocity",
    "isometric": "Po, passive and specific force of a contraction, stiffness from a small step",
    "twitch": "peak, time to peak, half relaxation and steepest slopes of a single contraction",
    "force_length": "optimal length, width and plateau of active force, and passive force over length",
    "ktr": "rate of force redevelopment after a release and re-stretch",
    "eim": "impedance of muscle: features, Cole model and validity of a sweep of frequencies",
    "bmode": "thickness, echo intensity and fascicles of B-mode ultrasound images",
}

# name: settings of its measure that a person corrects record by record; the command line takes a file of each
CORRECTIONS: dict[str, tuple[str, ...]] = {
    "slack": ("onsets",),
    "bmode": ("lines",),
}


class Modality(Protocol):
    """What a modality module offers.

    ``measure`` takes recorded arrays before the star, decisions and facts about the recording after it, and returns
    one :class:`~musclemetrics.record.Record`. ``inputs`` turns readings into the arguments of ``measure``; its own
    keywords are decisions too, and the command line offers both. ``measure_many``, where it pays, gives exactly the
    records of a loop of ``measure``. ``check_settings(**settings)``, where it is offered, gets all settings before
    anything is read and raises SettingsError for a value that no recording can mend. ``MAIN``, where it is offered,
    names the measurements that an overview has room for, each a name or patterns parted by a bar; ``ACQUISITION`` the
    labels in which recordings of one subject should agree.
    """

    DEFINITIONS: tuple[Definition, ...]

    def measure(self, *args: Any, **settings: Any) -> Record:
        """Measure one recording."""

    def inputs(self, readings: Iterable[Reading], **settings: Any) -> Iterator[Inputs]:
        """Turn readings into the arguments of measure, one for each record to come."""

    def draw(self, record: Record, axes: Axes) -> None:
        """Draw a record into the given axes."""


def modality(name: str) -> Modality:
    """Return the modality called `name` (a hyphen is as good as an underscore).

    Raises
    ------
    SettingsError
        If there is none (code ``unknown-modality``).
    """
    key = name.replace("-", "_")
    if key not in MODALITIES:
        raise SettingsError(
            f"there is no modality {name!r}",
            code="unknown-modality",
            remedy=f"use one of {', '.join(MODALITIES)}",
        )
    return cast(Modality, import_module(f".{key}", __name__))
