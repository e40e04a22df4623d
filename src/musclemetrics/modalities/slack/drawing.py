"""The figure: every release overlaid with its onset, and the slack plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...canvas import PALETTE, label, literal, nothing, plot_below
from ...record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FIGURE", "draw"]

FIGURE = (6.2, 6.4)
"""Width and height in inches, for two plots one above the other."""

_COLOURS = ("blue", "vermilion", "green", "purple", "orange", "sky", "black")


def draw(record: Record, axes: Axes) -> None:
    """Draw a slack test into `axes`: the slack plot, and above it the releases where there are traces.

    Parameters
    ----------
    record : Record
    axes : matplotlib.axes.Axes
    """
    names = {t.name for t in record.traces}
    if "step" not in names:
        nothing(record, axes)
        return
    if "recovery_time" in names and len(record.trace("recovery_time")):
        _releases(record, axes)
        axes = plot_below(axes)
    _plot(record, axes)


def _colour(number: int) -> str:
    return PALETTE[_COLOURS[(number - 1) % len(_COLOURS)]]


def _releases(record: Record, axes: Axes) -> None:
    """Draw force above the slack's level against the time since each release, as a share of the force before it."""
    which, t, f = (record.trace(f"recovery_{n}") for n in ("release", "time", "force"))
    Po, used, start = (record.trace(f"release_{n}") for n in ("Po", "used", "start"))
    onset, step, manual = (record.trace(f"release_{n}") for n in ("onset", "step", "manual"))
    slope = record.trace("release_slope")
    shares = 100 * f / Po[which.astype(int) - 1]
    last = 0.0
    for number in np.unique(which).astype(int):
        k, here = number - 1, which == number
        style = "-" if used[k] else ":"
        words = f"{100 * step[k]:.3g} %" + ("" if used[k] else " left out") + (" by hand" if manual[k] else "")
        axes.plot(1e3 * t[here], shares[here], style, color=_colour(number), lw=1.0, label=words)
        last = max(last, 1e3 * float(t[here][-1]))
        if np.isfinite(onset[k]) and used[k]:
            at = 1e3 * (onset[k] - start[k])
            if np.isfinite(slope[k]) and not manual[k]:
                rise = 1e-3 * 100 * slope[k] / Po[k]  # % of Po a millisecond
                axes.plot([at, at + 12.0 / rise], [0.0, 12.0], "--", color=PALETTE["black"], lw=0.9, zorder=5)
            axes.plot(
                [at], [0.0], "D" if manual[k] else "o", color=_colour(number), mec="white", mew=0.8, ms=7, zorder=6
            )
    axes.axhline(0.0, color=PALETTE["grey"], lw=0.8, zorder=0)
    axes.set_xlim(-2.0, last)
    axes.set_ylim(-12.0, 32.0)
    axes.set_xlabel("Time since release (ms)")
    axes.set_ylabel("Force above slack (% of Po)")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02), title="Release (% L₀)", title_fontsize=8)
    words = ", ".join(f"{k} {v}" for k, v in record.labels.items() if k in ("fibre", "animal", "group", "subject"))
    if words:
        axes.set_title(literal(words[:60]), loc="left")


def _plot(record: Record, axes: Axes) -> None:
    step, duration = 100 * record.trace("step"), 1e3 * record.trace("duration")
    Vo, intercept = record["Vo"].value, record["intercept"].value
    low, high = min(100 * intercept, float(step.min())), float(step.max())
    margin = 0.06 * (high - low)
    x = np.linspace(low - margin, high + margin, 50)
    axes.axhline(0.0, color=PALETTE["grey"], lw=0.8, zorder=0)
    axes.plot(x, 10 * (x - 100 * intercept) / Vo, color=PALETTE["black"], lw=1.2)
    axes.plot([100 * intercept], [0.0], "s", color=PALETTE["grey"], ms=5, zorder=5)
    numbers = np.arange(1, len(step) + 1)
    names = {t.name for t in record.traces}
    if "release_used" in names:
        numbers = np.flatnonzero(record.trace("release_used")) + 1
    for n, a, b in zip(numbers, step, duration, strict=True):
        axes.plot([a], [b], "o", color=_colour(int(n)), mec="white", mew=0.8, ms=8, zorder=6)
    axes.set_xlim(float(x[0]), float(x[-1]))
    axes.set_xlabel(label("Release", "%{L0}"))
    axes.set_ylabel("Slack (ms)")
    m = record["Vo"]
    text = f"$V_o$ {m.value:.3g} L₀ s⁻¹"
    if np.isfinite(m.interval).all():
        text += f" (95 % {m.interval[0]:.3g} to {m.interval[1]:.3g})"
    text += f"\nintercept {100 * intercept:.3g} % L₀, $r^2$ {record['r2'].value:.4f}"
    axes.text(0.03, 0.96, text, transform=axes.transAxes, ha="left", va="top", fontsize=8, linespacing=1.4)
