"""The figure of a comparison: one point an animal, the groups' means with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..canvas import PALETTE, label, literal
from ..errors import SettingsError
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_groups"]


def draw_groups(record: Record, axes: Axes, *, of: str | None = None) -> None:
    """Draw one measurement of a comparison into `axes`.

    Parameters
    ----------
    record : Record
        As :func:`groups` returns it.
    axes : matplotlib.axes.Axes
    of : str, optional
        Which of the compared measurements; by default the first.

    Raises
    ------
    SettingsError
        If the record is no comparison, or does not compare `of`.
    """
    if record.modality != "compare.groups":
        raise SettingsError(f"this is a {record.modality} record", remedy="give one made by compare.groups")
    settings = record.provenance.settings
    compared = settings["of"]
    name = compared[0] if of is None else of
    if name not in compared:
        raise SettingsError(f"{name!r} is not compared in this record", remedy=f"use one of {', '.join(compared)}")
    values, place = record.trace(f"{name}_animal"), record.trace("animal_group")
    for k, side in enumerate("ab"):
        own = values[place == k]
        # Side by side in the order given, so that animals of equal means stay apart and a figure repeats itself.
        offset = np.linspace(-0.15, 0.05, len(own)) if len(own) > 1 else np.array([-0.05])
        axes.plot(k + offset, own, "o", color=PALETTE["black"], mfc="white", mew=1.2, zorder=3)
        mean = record[f"{name}_{side}"]
        beside = k + 0.2
        axes.plot([beside], [mean.value], "s", color=PALETTE["blue"], zorder=4)
        low, high = mean.interval
        if np.isfinite([low, high]).all():
            axes.plot([beside, beside], [low, high], color=PALETTE["blue"], zorder=2)
    counted = [
        f"{literal(group)}\n{int(record[f'n_animals_{side}'].value)} animals, "
        f"{int(record[f'n_fibres_{side}'].value)} fibres"
        for group, side in zip(settings["pair"], "ab", strict=True)
    ]
    axes.set_xticks([0, 1], counted)
    axes.set_xlim(-0.6, 1.6)
    axes.set_ylabel(label(name, record[f"{name}_a"].unit))
    kind = "ratio" if f"{name}_ratio" in record else "difference"
    m, p = record[f"{name}_{kind}"], record[f"{name}_p"].value
    a, b = (literal(name) for name in settings["pair"])
    text = f"{b} {'/' if kind == 'ratio' else '−'} {a}: {m.value:.3g}"
    if not np.isnan(p):
        text += f" (95 % {m.interval[0]:.3g} to {m.interval[1]:.3g}), p {p:.2g}"
    axes.set_title(text, loc="left")
