"""The figure: samples, curve, and where each number is read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...canvas import PALETTE, label, literal, nothing, unit_text
from ...record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]


def draw(record: Record, axes: Axes) -> None:
    """Draw a twitch record into `axes`: time from the stimulus in ms, force above the baseline.

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
    base = float(record.trace("baseline")[0])
    zero = float(record.trace("start")[0]) if "start" in traces else float(record.trace("time")[0])
    t, force = 1e3 * (record.trace("time") - zero), record.trace("force") - base
    axes.axhline(0.0, color=PALETTE["grey"], lw=0.8)
    axes.plot(t, force, ".", color=PALETTE["black"], ms=3.0, alpha=0.35, mew=0)
    if "curve_force" in traces:
        axes.plot(1e3 * (record.trace("curve_time") - zero), record.trace("curve_force") - base, color=PALETTE["blue"])
    peak = record["peak"].value
    at = 1e3 * record["time_to_peak"].value
    vermilion = PALETTE["vermilion"]
    half, width = 1e3 * record["half_relaxation"].value, 1e3 * record["width"].value
    axes.axvline(0.0, color=PALETTE["grey"], lw=0.8, ls="--")
    if math.isfinite(at):
        axes.plot([at, at], [0.0, peak], ":", color=vermilion, lw=1.2)
        axes.plot([at], [peak], "s", color=vermilion, ms=4.5, zorder=6)
    if math.isfinite(at + half):
        left = at + half - width if math.isfinite(width) else at
        axes.plot([left, at + half], [peak / 2, peak / 2], ":", color=vermilion, lw=1.2)
        axes.plot([at + half], [peak / 2], "s", color=vermilion, ms=4.5, zorder=6)
    if "latency" in record and math.isfinite(record["latency"].value):
        level = float(record.provenance.settings["onset_level"]) * peak
        axes.plot([1e3 * record["latency"].value], [level], "s", color=vermilion, ms=4.5, zorder=6)
    spread = (half if math.isfinite(half) else at) if math.isfinite(at) else math.nan
    if math.isfinite(spread):
        axes.set_xlim(max(float(t[0]), -1.0 * (at + spread) / 2), min(float(t[-1]), at + 4.0 * spread))
    axes.set_ylim(min(-0.08 * peak, float(force.min()) if force.min() > -0.3 * peak else -0.3 * peak), 1.15 * peak)
    counted = "stimulus" if "latency" in record else "onset"
    axes.set_xlabel(f"Time from the {counted} (ms)")
    axes.set_ylabel(label("Force above rest", unit))
    lines = [f"peak {peak:.4g} {unit_text(unit)}".rstrip()]
    lines += [
        f"{word} {value:.1f} ms" for word, value in (("to peak", at), ("half relaxation", half)) if value == value
    ]
    axes.text(0.97, 0.97, "\n".join(lines), transform=axes.transAxes, ha="right", va="top", fontsize=8, linespacing=1.4)
    words = ", ".join(f"{k} {v}" for k, v in record.labels.items() if k in ("fibre", "muscle", "animal", "twitch"))
    if words:
        axes.set_title(literal(words[:60]), loc="left")
