"""The figure: the Cole arc with its residuals, and R and X against frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...canvas import PALETTE, label, plot_below, strip_below
from ...record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]


def draw(record: Record, axes: Axes) -> None:
    """Draw an impedance record: the arc into `axes` with a strip of residuals, R and X against frequency below.

    Parameters
    ----------
    record : Record
    axes : matplotlib.axes.Axes
    """
    names = {t.name for t in record.traces}
    if "resistance" not in names:
        message = record.flags[0].message if record.flags else "no data"
        axes.text(0.5, 0.5, message, ha="center", va="center", wrap=True, transform=axes.transAxes)
        axes.set_axis_off()
        return
    below = plot_below(axes, 0.8)
    f, r, x = (record.trace(name) for name in ("frequency", "resistance", "reactance"))
    axes.plot(r, x, "o", color=PALETTE["black"], mfc="white", mew=1.1, ms=4, clip_on=False, zorder=5)
    axes.set_ylabel(label("X", "Ohm"))
    fit = "fit_resistance" in names
    if fit:
        fr, fx = record.trace("fit_resistance"), record.trace("fit_reactance")
        axes.plot(fr, fx, color=PALETTE["blue"])
        strip = strip_below(axes)
        strip.axhline(0.0, color=PALETTE["grey"], lw=0.8)
        modulus = np.hypot(r, x)
        strip.plot(r, 100.0 * (r - fr) / modulus, "o-", color=PALETTE["blue"], ms=2.5, lw=0.7, label="R")
        strip.plot(r, 100.0 * (x - fx) / modulus, "s-", color=PALETTE["vermilion"], ms=2.5, lw=0.7, label="X")
        strip.set_ylabel("Residual\n(% of |Z|)")
        strip.set_xlabel(label("R", "Ohm"))
    else:
        axes.set_xlabel(label("R", "Ohm"))
    axes.set_title(_words(record), loc="left")
    axes.text(0.02, 0.97, _figures(record), transform=axes.transAxes, ha="left", va="top", fontsize=8, linespacing=1.4)
    # Room above the arc, so that the figures never lie on it.
    low, high = min(0.0, float(x.min())), float(x.max())
    axes.set_ylim(low - 0.05 * (high - low), high + 0.45 * (high - low))

    khz = f / 1e3
    below.plot(khz, r, "o", color=PALETTE["blue"], mfc="white", mew=1.1, ms=3.5)
    other = below.twinx()
    other.spines["right"].set_visible(True)
    other.plot(khz, x, "s", color=PALETTE["vermilion"], mfc="white", mew=1.1, ms=3.5)
    if fit:
        below.plot(khz, record.trace("fit_resistance"), color=PALETTE["blue"])
        other.plot(khz, record.trace("fit_reactance"), color=PALETTE["vermilion"])
    below.set_xscale("log")
    below.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    below.set_xlabel(label("Frequency", "kHz"))
    below.set_ylabel(label("R", "Ohm"), color=PALETTE["blue"])
    other.set_ylabel(label("X", "Ohm"), color=PALETTE["vermilion"])


def _words(record: Record) -> str:
    known = ("subject", "muscle", "side", "animal", "group")
    return ", ".join(f"{k} {v}" for k, v in record.labels.items() if k in known)[:60]


def _figures(record: Record) -> str:
    lines = []
    for name, shown, unit, digits in (
        ("Re", "$R_e$", "Ω", 4),
        ("Ri", "$R_i$", "Ω", 4),
        ("fc", "$f_c$", "kHz", 3),
        ("alpha", "$α$", "", 3),
        ("Td", "$T_d$", "ns", 3),
    ):
        if name in record and np.isfinite(record[name].value):
            lines.append(f"{shown} {record[name].value:.{digits}g} {unit}".rstrip())
    if np.isfinite(record["grade"].value):
        lines.append(f"grade {record['grade'].value:.0f}")
    return "   ".join(lines[:3]) + "\n" + "   ".join(lines[3:])
