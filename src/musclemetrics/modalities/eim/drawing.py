"""The figure: the Cole arc with its residuals, and R and X against frequency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...canvas import PALETTE, label, literal, nothing, plot_below, strip_below
from ...record import Record
from .curves import cole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw", "draw_sweeps"]

STYLES = (("o", "-"), ("s", "--"), ("^", ":"), ("D", "-."))
"""Marks and lines of groups beyond as many as there are colours."""


def draw(record: Record, axes: Axes) -> None:
    """Draw an impedance record: the arc into `axes` with a strip of residuals, R and X against frequency below.

    Parameters
    ----------
    record : Record
    axes : matplotlib.axes.Axes
    """
    names = {t.name for t in record.traces}
    if record.modality == "eim.anisotropy":
        _anisotropy(record, axes)
        return
    if "resistance" not in names:
        nothing(record, axes)
        return
    below = plot_below(axes, 0.8)
    f, r, x = (record.trace(name) for name in ("frequency", "resistance", "reactance"))
    axes.plot(r, x, "o", color=PALETTE["black"], mfc="white", mew=1.1, ms=4, clip_on=False, zorder=5)
    axes.set_ylabel(label("X", "Ohm"))
    fit = "fit_resistance" in names
    if fit:
        fr, fx = record.trace("fit_resistance"), record.trace("fit_reactance")
        smooth = _smooth(record, f)
        axes.plot(smooth[1], smooth[2], color=PALETTE["blue"])
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
        below.plot(smooth[0] / 1e3, smooth[1], color=PALETTE["blue"])
        other.plot(smooth[0] / 1e3, smooth[2], color=PALETTE["vermilion"])
    below.set_xscale("log")
    below.xaxis.set_major_formatter(lambda value, _: f"{value:g}" if 1e-3 <= value < 1e5 else f"{value:.0e}")
    below.set_xlabel(label("Frequency", "kHz"))
    below.set_ylabel(label("R", "Ohm"), color=PALETTE["blue"])
    other.set_ylabel(label("X", "Ohm"), color=PALETTE["vermilion"])


def _anisotropy(record: Record, axes: Axes) -> None:
    """Draw transverse over longitudinal of R, X and phase, side by side for each frequency."""
    kinds = (("R", "blue", "o"), ("X", "vermilion", "s"), ("phase", "green", "^"))
    found = [n.rpartition("_")[2] for n in record if n.startswith("R_anisotropy_")]
    values = {k: [record[f"{k}_anisotropy_{word}"].value for word in found] for k, _, _ in kinds}
    if not np.isfinite([*values.values()]).any():
        nothing(record, axes)
        return
    place = np.arange(len(found))
    axes.axhline(1.0, color=PALETTE["grey"], lw=0.8)
    for shift, (kind, colour, mark) in zip((-0.12, 0.0, 0.12), kinds, strict=True):
        axes.plot(place + shift, values[kind], mark, color=PALETTE[colour], ms=6, label=kind)
    axes.set_xticks(place, [word.replace("kHz", " kHz") for word in found])
    axes.set_xlim(-0.5, len(found) - 0.5)
    axes.margins(y=0.25)
    axes.set_xlabel("Frequency")
    axes.set_ylabel("Transverse / longitudinal\n(1: direction does not matter)")
    axes.set_title(_words(record), loc="left")
    axes.legend(loc="best")


def draw_sweeps(records: Sequence[Record], axes: Axes, *, label_by: str | None = None) -> None:
    """Draw the arcs of many sweeps into one pair of axes, reactance against resistance.

    Parameters
    ----------
    records : sequence of Record
        Of ``eim``; those without a sweep are passed over.
    axes : matplotlib.axes.Axes
    label_by : str, optional
        A label, ``group`` for example: its values have a colour each, beyond seven another mark and line as well, and
        stand in the legend.
    """
    colours = [PALETTE[c] for c in ("blue", "vermilion", "green", "purple", "orange", "sky", "black")]
    shown = [r for r in records if any(t.name == "resistance" for t in r.traces)]
    kinds = list(dict.fromkeys(r.labels.get(label_by, "") if label_by else "" for r in shown))
    seen: set[str] = set()
    for record in shown:
        kind = record.labels.get(label_by, "") if label_by else ""
        turn, colour = divmod(kinds.index(kind), len(colours))
        mark, line = STYLES[turn % len(STYLES)]
        named = literal(kind) if kind and kind not in seen else None
        seen.add(kind)
        r, x = record.trace("resistance"), record.trace("reactance")
        axes.plot(r, x, mark, color=colours[colour], mfc="none", ms=2.5, mew=0.7, alpha=0.8, label=named)
        if any(t.name == "fit_resistance" for t in record.traces):
            _, fr, fx = _smooth(record, record.trace("frequency"))
            axes.plot(fr, fx, line, color=colours[colour], lw=0.9, alpha=0.8)
    axes.set_xlabel(label("R", "Ohm"))
    axes.set_ylabel(label("X", "Ohm"))
    if any(kinds):
        # Beside the axes where it is long, so that it lies on no arc.
        beside = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.02), "borderaxespad": 0.0}
        axes.legend(**(beside if len(kinds) > len(colours) else {}))


def _smooth(record: Record, f: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return frequency, R and X of the fitted curve, fine enough to be drawn."""
    s = record.provenance.settings
    if s["components"] == 2 or s["stray"]:
        return f, record.trace("fit_resistance"), record.trace("fit_reactance")
    fine = np.geomspace(f[0], f[-1], 120)
    delay = record["Td"].value * 1e-9 if "Td" in record else 0.0
    fc = record["fc"].value * 1e3
    z = cole(fine, R0=record["R0"].value, Rinf=record["Rinf"].value, fc=fc, alpha=record["alpha"].value, Td=delay)
    return fine, np.asarray(z.real), np.asarray(-z.imag)


def _words(record: Record) -> str:
    known = ("subject", "animal", "muscle", "side", "direction")
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
            lines.append(f"{shown} {record[name].value:#.{digits}g} {unit}".rstrip())
    if np.isfinite(record["grade"].value):
        lines.append(f"grade {record['grade'].value:.0f}")
    return "   ".join(lines[:3]) + "\n" + "   ".join(lines[3:])
