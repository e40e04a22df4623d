"""The figure: release, re-stretch and recovery with its exponential, and the residuals below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...canvas import PALETTE, label, nothing, strip_below
from ...record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]


def draw(record: Record, axes: Axes) -> None:
    """Draw a ktr record into `axes`; a strip of residuals is added below.

    Parameters
    ----------
    record : Record
    axes : matplotlib.axes.Axes
    """
    units = {t.name: t.unit for t in record.traces}
    if "force" not in units:
        nothing(record, axes)
        return
    time, force, fitted = (record.trace(name) for name in ("time", "force", "fitted"))
    before, around = record.trace("shown_time"), record.trace("shown_force")
    top = max(float(force.max()), float(fitted.max()))
    bottom = min(float(force.min()), 0.0)
    span = top - bottom or 1.0
    # The transducer rings beyond the axes at the steps; the recovery is what the figure is for.
    axes.plot(before, np.clip(around, bottom - 0.2 * span, top + 0.3 * span), color=PALETTE["grey"], lw=0.8)
    axes.plot(time, force, color=PALETTE["black"], lw=0.9, label="force")
    axes.plot(time, fitted, color=PALETTE["vermilion"], lw=1.8, label="exponential")
    axes.axhline(0.0, color=PALETTE["grey"], lw=0.6, ls=":")
    half = math.log(2.0) / record["ktr_half"].value
    if math.isfinite(half):
        at = float(time[0]) + half
        level = float(np.interp(at, time, force))
        axes.plot([at], [level], "o", color=PALETTE["blue"], mfc="white", mew=1.4, ms=6, label="half-time", zorder=6)
    axes.set_ylim(bottom - 0.08 * span, top + 0.12 * span)
    axes.set_ylabel(label("Force above zero", units["force"]))
    axes.legend(loc="lower right")
    rate = record["ktr"]
    low, high = (f"{v:.4g}" if np.isfinite(v) else "no limit" for v in rate.interval)
    text = f"$k_{{tr}}$ {rate.value:.4g} s$^{{-1}}$ (95 % {low} to {high})"
    lengths, rates = record.trace("window_length"), record.trace("window_ktr")
    if len(rates) > 1:
        pairs = ", ".join(f"{k:.3g} ({w:.2g} s)" for w, k in zip(lengths, rates, strict=True))
        text += f"\nby window: {pairs}"
    axes.set_title(text, loc="left", linespacing=1.4)

    below = strip_below(axes)
    residual = record.trace("residual")
    below.axhline(0.0, color=PALETTE["grey"], lw=0.8)
    below.plot(time, residual, color=PALETTE["black"], lw=0.7)
    extent = 1.25 * float(np.abs(residual).max()) or 1.0
    below.set_ylim(-extent, extent)
    below.set_ylabel("Residual")
    below.set_xlabel("Time since the re-stretch (s)")
