"""The figure: points, curve and band, residuals below, pCa from high to low."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...canvas import PALETTE, label, literal, nothing, strip_below
from ...record import Record
from .curves import MODELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]


def draw(record: Record, axes: Axes) -> None:
    """Draw a force–pCa record into `axes`; a strip of residuals is added below.

    Parameters
    ----------
    record : Record
    axes : matplotlib.axes.Axes
    """
    names = {t.name for t in record.traces}
    if "condition" in names:
        _draw_conditions(record, axes)
        return
    unit = next((t.unit for t in record.traces if t.name == "force"), "1")
    if "force" not in names:
        nothing(record, axes)
        return
    pca, force = record.trace("pca"), record.trace("force")
    x, y = record.trace("curve_pca"), record.trace("curve_force")
    low, high = record.trace("band_low"), record.trace("band_high")
    span = float(np.ptp(np.concatenate([force, y]))) or 1.0
    bottom, top = min(force.min(), y.min()) - 0.12 * span, max(force.max(), y.max()) + 0.12 * span
    if np.isfinite(low).all():
        axes.fill_between(
            x,
            np.clip(low, bottom - span, None),
            np.clip(high, None, top + span),
            color=PALETTE["sky"],
            alpha=0.35,
            lw=0,
        )
    axes.plot(x, y, color=PALETTE["blue"])
    axes.plot(pca, force, "o", color=PALETTE["black"], mfc="white", mew=1.3, clip_on=False, zorder=5)
    half = record["pCa50"]
    inside = x.min() < half.value < x.max()
    if inside:
        level = float(np.interp(half.value, x[::-1], y[::-1]))
        axes.plot([half.value, half.value], [bottom, level], ":", color=PALETTE["vermilion"], lw=1.2)
        axes.plot([half.value], [level], "s", color=PALETTE["vermilion"], ms=4.5, zorder=6)
    axes.set_ylim(bottom, top)
    axes.set_xlim(float(x.max()), float(x.min()))
    axes.set_ylabel(label("Force", unit))
    text = "\n".join([_figure(record, "pCa50", 2), _figure(record, "h", 2)])
    axes.text(0.03, 0.97, text, transform=axes.transAxes, ha="left", va="top", fontsize=8, linespacing=1.4)
    words = ", ".join(f"{k} {v}" for k, v in record.labels.items() if k in ("fibre", "animal", "group", "subject"))
    if words:
        axes.set_title(words[:60], loc="left")

    below = strip_below(axes)
    residual = record.trace("residual")
    below.axhline(0.0, color=PALETTE["grey"], lw=0.8)
    below.vlines(pca, 0.0, residual, color=PALETTE["grey"], lw=1.0)
    below.plot(pca, residual, "o", color=PALETTE["black"], mfc="white", mew=1.1, ms=4, clip_on=False)
    extent = 1.25 * float(np.abs(residual).max()) or 1.0
    below.set_ylim(-extent, extent)
    below.set_ylabel("Residual")
    below.set_xlabel("pCa")


def _draw_conditions(record: Record, axes: Axes) -> None:
    """Draw the points of every condition with the separate fits, and dashed the fits that share parameters."""
    pca, force, which = record.trace("pca"), record.trace("force"), record.trace("condition")
    unit = next(t.unit for t in record.traces if t.name == "force")
    model = MODELS[str(record.provenance.settings["model"])]
    margin = 0.05 * float(np.ptp(pca))
    x = np.linspace(pca.max() + margin, pca.min() - margin, 200)
    words = record.labels.get("conditions", "").split(" | ")
    colours = [PALETTE[c] for c in ("blue", "vermilion", "green", "purple", "orange", "black")]
    markers = "osD^vP"
    for c in range(int(which.max()) + 1):
        colour, marker = colours[c % len(colours)], markers[c % len(markers)]
        name = literal(words[c]) if c < len(words) else f"condition {c + 1}"
        here = which == c
        axes.plot(pca[here], force[here], marker, color=colour, mfc="white", mew=1.3, label=name, clip_on=False)
        for kind, line in (("separate", "-"), ("shared", "--")):
            theta = [np.array([record.trace(f"{n}_{kind}")[c]]) for n in model.parameters]
            axes.plot(x, model(x[:, None], *theta)[:, 0], line, color=colour, lw=1.4 if kind == "separate" else 1.0)
    axes.set_xlim(float(x.max()), float(x.min()))
    axes.set_xlabel("pCa")
    axes.set_ylabel(label("Force", unit))
    shared = " and ".join(str(n) for n in record.provenance.settings["shared"])
    p = record["p"].value
    axes.set_title(f"dashed: {shared} shared, p {'< 0.0001' if p < 1e-4 else f'{p:.2g}'}", loc="left")
    axes.legend(loc="upper left")


def _figure(record: Record, name: str, digits: int) -> str:
    m = record[name]
    low, high = (f"{v:.{digits}f}" if np.isfinite(v) else ("∞" if v > 0 else "−∞") for v in m.interval)
    shown = {"pCa50": "pCa$_{50}$", "h": "$h$"}.get(name, name)
    if np.isnan(m.interval[0]):
        return f"{shown} {m.value:.{digits}f}"
    return f"{shown} {m.value:.{digits}f} (95 % {low} to {high})"
