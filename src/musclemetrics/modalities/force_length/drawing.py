"""The figure: active and passive force over length, with optimum, plateau and width, and the residuals below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...canvas import PALETTE, label, literal, nothing, strip_below
from ...record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]


def draw(record: Record, axes: Axes) -> None:
    """Draw a force–length record into `axes`; a strip of residuals is added below.

    Parameters
    ----------
    record : Record
    axes : matplotlib.axes.Axes
    """
    units = {t.name: t.unit for t in record.traces}
    if "active" not in units:
        nothing(record, axes)
        return
    length, active = record.trace("length"), record.trace("active")
    fine, curve = record.trace("curve_length"), record.trace("curve_active")
    Lo, peak, width = (record[name].value for name in ("Lo", "Fmax", "width"))
    highest = [peak, float(active.max())]
    axes.axvspan(
        max(record["plateau_low"].value, float(fine[0])),
        min(record["plateau_high"].value, float(fine[-1])),
        color=PALETTE["sky"],
        alpha=0.25,
        lw=0,
        label=f"plateau (≥ {100 * float(str(record.provenance.settings['plateau'])):g} %)",
    )
    axes.plot(fine, curve, color=PALETTE["blue"])
    axes.plot(length, active, "o", color=PALETTE["blue"], mfc="white", mew=1.3, label="active", zorder=5)
    if "passive" in units:
        passive = record.trace("passive")
        axes.plot(length, passive, "s", color=PALETTE["vermilion"], mfc="white", mew=1.2, ms=4.5, label="passive")
        highest.append(float(passive.max()))
    if "curve_passive" in units:
        shown = record.trace("curve_passive")
        axes.plot(fine, np.where(shown > 1.1 * max(highest), np.nan, shown), color=PALETTE["vermilion"])
    axes.plot([Lo, Lo], [0.0, peak], ":", color=PALETTE["black"], lw=1.0)
    skew = record["skew"].value if "skew" in record else 0.0
    ends = Lo - 0.5 * width * (1 - skew), Lo + 0.5 * width * (1 + skew)
    left, right = max(ends[0], float(fine[0])), min(ends[1], float(fine[-1]))
    axes.plot([left, right], [0.5 * peak] * 2, "-", color=PALETTE["black"], lw=0.9, label="width at half Fmax")
    bottom = min(0.0, float(active.min()))
    axes.set_ylim(bottom - 0.04 * peak, 1.12 * max(highest))
    axes.set_xlim(float(fine[0]), float(fine[-1]))
    axes.set_ylabel(label("Force", units["active"]))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.3)
    m = record["Lo"]
    low, high = (f"{v:.4g}" if np.isfinite(v) else "no limit" for v in m.interval)
    words = ", ".join(f"{k} {v}" for k, v in record.labels.items() if k in ("fibre", "animal", "group", "muscle"))
    text = f"$L_o$ {m.value:.4g} (95 % {low} to {high})"
    axes.set_title(text + (f"\n{literal(words)[:60]}" if words else ""), loc="left", linespacing=1.4)

    below = strip_below(axes)
    residual = record.trace("residual")
    below.axhline(0.0, color=PALETTE["grey"], lw=0.8)
    below.vlines(length, 0.0, residual, color=PALETTE["grey"], lw=1.0)
    below.plot(length, residual, "o", color=PALETTE["black"], mfc="white", mew=1.1, ms=4)
    extent = 1.25 * float(np.abs(residual).max()) or 1.0
    below.set_ylim(-extent, extent)
    below.set_ylabel("Residual")
    below.set_xlabel(label("Length", units["length"]))
