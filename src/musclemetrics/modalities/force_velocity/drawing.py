"""The figure: points and hyperbola, the other direction's beside it, power in a strip below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...canvas import PALETTE, label, nothing, strip_below, unit_text
from ...record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]


def draw(record: Record, axes: Axes) -> None:
    """Draw a force–velocity record into `axes`; a strip with the power is added below.

    Parameters
    ----------
    record : Record
    axes : matplotlib.axes.Axes
    """
    held = {t.name: t for t in record.traces}
    if "force" not in held:
        nothing(record, axes)
        return
    v, f = held["velocity"].values, held["force"].values
    speeds, loads = held["curve_velocity"].values, held["curve_force"].values
    right = 1.06 * max(float(speeds.max()), float(v.max()))
    top = 1.1 * max(float(loads.max()), float(f.max()))
    axes.axhline(0.0, color=PALETTE["grey"], lw=0.6)
    if "other_force" in held:
        axes.plot(
            held["other_velocity"].values, held["other_force"].values, "--", color=PALETTE["grey"], lw=1.0,
            label=f"{'velocity' if _dependent(record) == 'force' else 'force'} as dependent",
        )  # fmt: skip
    axes.plot(speeds, loads, color=PALETTE["blue"], label=f"{_dependent(record)} as dependent")
    _errors(record, axes, v, f)
    axes.plot(v, f, "o", color=PALETTE["black"], mfc="white", mew=1.3, clip_on=False, zorder=5)
    if "force_left_out" in held:
        axes.plot(
            held["velocity_left_out"].values, held["force_left_out"].values, "x", color=PALETTE["vermilion"], ms=5,
            label="lengthening, not fitted",
        )  # fmt: skip
    left = min(0.0, 1.05 * float(held["velocity_left_out"].values.min())) if "velocity_left_out" in held else 0.0
    above = float(held["force_left_out"].values.max()) if "force_left_out" in held else 0.0
    axes.set_xlim(left - 0.02 * right, right)
    axes.set_ylim(min(0.0, 1.1 * float(f.min())) - 0.02 * top, max(top, 1.08 * above))
    axes.set_ylabel(label("Force", held["force"].unit))
    axes.text(
        0.97, 0.97, "\n".join(_figure(record, n) for n in ("Vmax", "Po", "a_Po")), transform=axes.transAxes,
        ha="right", va="top", fontsize=8, linespacing=1.4,
    )  # fmt: skip
    axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.76), handlelength=1.8)
    words = ", ".join(f"{k} {v}" for k, v in record.labels.items() if k in ("fibre", "animal", "group", "subject"))
    if words:
        axes.set_title(words[:60], loc="left")

    below = strip_below(axes)
    power = held["curve_power"]
    below.plot(speeds, power.values, color=PALETTE["vermilion"])
    measured = v * f * _per(power.values, speeds * loads)
    below.plot(v, measured, "o", color=PALETTE["black"], mfc="white", mew=1.1, ms=4, clip_on=False)
    best, peak = record["V_opt"].value, record["Pmax"].value
    below.plot([best, best], [0.0, peak], ":", color=PALETTE["vermilion"], lw=1.2)
    below.plot([best], [peak], "s", color=PALETTE["vermilion"], ms=4.5, zorder=6)
    below.text(
        0.97, 0.96, _figure(record, "Pmax"), transform=below.transAxes, fontsize=8, ha="right", va="top",
        color=PALETTE["vermilion"],
    )  # fmt: skip
    below.set_ylim(min(0.0, 1.05 * float(measured.min())), 1.55 * max(peak, float(measured.max())))
    below.set_ylabel(label("Power", power.unit), fontsize=8)
    below.set_xlabel(label("Velocity of shortening", held["velocity"].unit))


def _dependent(record: Record) -> str:
    return str(record.provenance.settings["dependent"] or "velocity")


def _per(power: np.ndarray, product: np.ndarray) -> float:
    """Return the factor from force times velocity to the unit of power."""
    k = int(np.argmax(product))
    return float(power[k] / product[k]) if product[k] else 1.0


def _errors(record: Record, axes: Axes, v: np.ndarray, f: np.ndarray) -> None:
    """Draw ±1 standard error of points that were read from traces."""
    known = {t.name: t.values for t in record.traces}
    if "force_stderr" in known or "velocity_stderr" in known:
        axes.errorbar(
            v, f, xerr=known.get("velocity_stderr"), yerr=known.get("force_stderr"), fmt="none",
            ecolor=PALETTE["grey"], elinewidth=1.0, zorder=4,
        )  # fmt: skip


def _figure(record: Record, name: str) -> str:
    m = record[name]
    shown = {"Vmax": "$V_{max}$", "Po": "$P_o$", "a_Po": "$a/P_o$", "Pmax": "peak power"}[name]
    unit = unit_text(m.unit)
    tail = f" {unit}" if unit else ""
    low, high = (f"{v:.3g}" if np.isfinite(v) else ("∞" if v > 0 else "−∞") for v in m.interval)
    if np.isnan(m.interval[0]):
        return f"{shown} {m.value:.3g}{tail} (held)"
    return f"{shown} {m.value:.3g}{tail} (95 % {low} to {high})"
