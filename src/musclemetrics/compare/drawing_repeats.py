"""The figures of repeatability and of change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..canvas import PALETTE, label, literal, unit_text
from ..errors import SettingsError
from ..record import Record
from .change import NAME as CHANGE
from .change import verdict
from .repeatability import NAME as REPEATABILITY
from .repeatability_anova import quantile_t

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_change", "draw_repeatability"]


def _asked(record: Record, modality: str, of: str | None) -> str:
    if record.modality != modality:
        raise SettingsError(f"this is a {record.modality} record", remedy=f"give one made by {modality}")
    names = record.provenance.settings["of"]
    name = names[0] if of is None else of
    if name not in names:
        raise SettingsError(f"{name!r} is not judged in this record", remedy=f"use one of {', '.join(names)}")
    return str(name)


def draw_repeatability(record: Record, axes: Axes, *, of: str | None = None) -> None:
    """Draw how far each repeat lies from its subject's mean, against that mean.

    The dashed lines hold 95 % of repeats if the error is the same for all; points that fan out say that it is not.

    Parameters
    ----------
    record : Record
        As :func:`repeatability` returns it.
    axes : matplotlib.axes.Axes
    of : str, optional
        Which of the measurements; by default the first.

    Raises
    ------
    SettingsError
        If the record is of another kind, does not judge `of`, or was too large to keep its values.
    """
    x = _asked(record, REPEATABILITY, of)
    if not record.traces:
        raise SettingsError("this record keeps no values to draw", remedy="draw the measurements of their own records")
    logged = f"{x}_SEM_log" in record
    values, subject = record.trace(f"{x}_value"), record.trace("subject").astype(int)
    unit = record[f"{x}_mean"].unit
    y = np.log(values) if logged else values
    counts = np.bincount(subject)
    means = np.bincount(subject, weights=y) / counts
    away = y - means[subject]
    sem, df = record[f"{x}_SEM_log" if logged else f"{x}_SEM"], record[f"{x}_df"].value
    # A deviation from a mean of k holds (k − 1)/k of the variance.
    edge = quantile_t(df) * sem.value * math.sqrt(1 - 1 / float(np.mean(counts)))
    across = np.exp(means) if logged else means
    shown, edges = (np.exp(away), np.exp([-edge, edge])) if logged else (away, np.array([-edge, edge]))
    axes.axhline(1.0 if logged else 0.0, color=PALETTE["grey"], lw=0.8)
    for bound in edges:
        axes.axhline(bound, color=PALETTE["blue"], lw=1.0, ls="--")
    names = record.provenance.reading["occasions"]
    when = record.trace("occasion").astype(int) if names else np.zeros(len(values), dtype=int)
    colours = [PALETTE[c] for c in ("black", "orange", "sky", "green", "vermilion", "purple")]
    for k in range(max(len(names), 1)):
        own = when == k
        told = 1 < len(names) <= len(colours)
        axes.plot(
            across[subject[own]],
            shown[own],
            "o",
            color=colours[k] if told else PALETTE["black"],
            mfc="white",
            mew=1.2,
            label=f"{literal(str(record.provenance.settings['occasion']))} {literal(str(names[k]))}" if told else None,
        )
    if 1 < len(names) <= len(colours):
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
    axes.set_xlabel(label(f"Subject's {'geometric ' if logged else ''}mean {x}", unit))
    axes.set_ylabel("Repeat over subject's mean" if logged else label("Repeat less subject's mean", unit))
    text = f"SEM of ln {x} {sem.value:.3g}" if logged else f"SEM {sem.value:.3g} {unit_text(unit)}".rstrip()
    smallest = record[f"{x}_MDC95_ratio" if logged else f"{x}_MDC95"].value
    told_as = f"{smallest:.3g}-fold" if logged else f"{smallest:.3g} {unit_text(unit)}".rstrip()
    axes.set_title(f"{text}, MDC95 {told_as}", loc="left")


def draw_change(record: Record, axes: Axes, *, of: str | None = None) -> None:
    """Draw a subject before and after, and how far after may lie from before by error alone.

    Parameters
    ----------
    record : Record
        As :func:`change` returns it.
    axes : matplotlib.axes.Axes
    of : str, optional
        Which of the measurements; by default the first.

    Raises
    ------
    SettingsError
        If the record is of another kind or does not judge `of`.
    """
    x = _asked(record, CHANGE, of)
    said = verdict(record, x)
    before, after = record[f"{x}_before"], record[f"{x}_after"]
    axes.set_xticks([0, 1], ["before", "after"])
    axes.set_xlim(-0.5, 1.5)
    axes.set_ylabel(label(x, before.unit))
    if said == "not comparable":
        axes.set_title(f"{x}: {said}", loc="left")
        return
    logged = f"{x}_ratio" in record
    limit = record[f"{x}_limit_ratio" if logged else f"{x}_limit"].value
    low, high = (before.value / limit, before.value * limit) if logged else (before.value - limit, before.value + limit)
    axes.fill_between([0.8, 1.2], low, high, color=PALETTE["sky"], alpha=0.35, lw=0, label="within error")
    for k, when in enumerate(("before", "after")):
        values = record.trace(f"{x}_{when}_value")
        if len(values) > 1:
            axes.plot(np.full(len(values), k), values, "o", color=PALETTE["grey"], mfc="white", ms=4, zorder=3)
    axes.plot([0, 1], [before.value, after.value], "-o", color=PALETTE["black"], zorder=4)
    axes.legend(loc="best")
    m = record[f"{x}_ratio" if logged else f"{x}_difference"]
    unit = unit_text(m.unit)
    shown = f"{m.value:.3g}-fold" if logged else f"{m.value:+.3g} {unit}".rstrip()
    axes.set_title(f"{said}: {shown} (95 % {m.interval[0]:.3g} to {m.interval[1]:.3g})", loc="left")
