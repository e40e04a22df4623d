"""The figure: force against time with the stretches that were averaged, length below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...canvas import PALETTE, label, literal, nothing, strip_below, unit_text
from ...record import Record
from ...units import dimension

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

COLOURS = {"plateau": "vermilion", "rest": "green", "slack": "blue"}


def draw(record: Record, axes: Axes) -> None:
    """Draw an isometric record into `axes`; where length is known, a strip below shows it.

    Parameters
    ----------
    record : Record
    axes : matplotlib.axes.Axes
    """
    traces = {t.name: t for t in record.traces}
    if "force" not in traces:
        nothing(record, axes)
        return
    unit = traces["force"].unit
    time, force = record.trace("time"), record.trace("force")
    axes.plot(time, force, color=PALETTE["black"], lw=0.8)
    heights = {"plateau": "plateau_force", "rest": "rest_force", "slack": "zero_force"}
    low, high = float(force.min()), float(force.max())
    span = (high - low) or 1.0
    for name, colour in COLOURS.items():
        if f"{name}_time" in traces and heights[name] in traces:
            begin, end = record.trace(f"{name}_time")
            own = float(record.trace(heights[name])[0])
            axes.axvspan(begin, end, color=PALETTE[colour], alpha=0.18, lw=0, ymax=0.82)
            axes.axhline(own, color=PALETTE[colour], lw=0.9, ls=":")
            axes.plot([begin, end], [own, own], color=PALETTE[colour], lw=3.0, solid_capstyle="butt", label=name)
    if "zero_force" in traces and "slack_time" not in traces:
        axes.axhline(float(record.trace("zero_force")[0]), color=PALETTE["blue"], lw=0.9, ls=":", label="zero, given")
    axes.set_ylim(low - 0.06 * span, high + 0.36 * span)
    axes.set_xlim(float(time[0]), float(time[-1]))
    lines = [f"Po {record['Po'].value:.4g} {unit_text(unit)}".rstrip()]
    stress = record["specific_force"].value
    if math.isfinite(stress) and dimension(unit) != "stress":
        lines.append(f"{stress:.4g} {unit_text('kN/m2')}")
    axes.text(0.02, 0.97, "\n".join(lines), transform=axes.transAxes, ha="left", va="top", fontsize=8, linespacing=1.4)
    axes.legend(loc="upper right", ncols=4, columnspacing=1.0, handlelength=1.2)
    axes.set_ylabel(label("Force", unit))
    words = ", ".join(f"{k} {v}" for k, v in record.labels.items() if k in ("fibre", "muscle", "animal", "group"))
    if words:
        axes.set_title(literal(words[:60]), loc="left")
    if "length" not in traces:
        axes.set_xlabel(label("Time", "s"))
        return
    below = strip_below(axes)
    below.plot(time, record.trace("length"), color=PALETTE["grey"], lw=1.0)
    below.set_ylabel(label("Length", "{L0}"))
    below.set_xlabel(label("Time", "s"))
