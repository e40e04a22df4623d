"""The figure of a record: the edges where they lie, and the numbers read from them; a record holds no pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...canvas import PALETTE, label, literal, nothing, unit_text
from ...record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FIGURE", "draw", "other_rows"]

FIGURE = (5.2, 5.0)


def draw(record: Record, axes: Axes) -> None:
    """Draw the edges of a record into `axes`, as deep as they lie in the view.

    Parameters
    ----------
    record : Record
    axes : matplotlib.axes.Axes
    """
    traces = {t.name for t in record.traces}
    if "view_box" not in traces:
        nothing(record, axes)
        return
    x0, y0, x1, y1 = record.trace("view_box")
    known = not math.isnan(record["spacing_x"].value)
    dx, dy, unit = (record["spacing_x"].value, record["spacing_y"].value, "mm") if known else (1.0, 1.0, "px")
    axes.set_aspect("equal")
    axes.set_xlim(0.0, (x1 - x0) * dx)
    axes.set_ylim((y1 - y0) * dy, 0.0)
    others = other_rows(record)
    for row in others:
        axes.axhline((row - y0) * dy, color=PALETTE["grey"], lw=0.8, ls=":")
    if "superficial_x" in traces:
        lines = [
            ((record.trace(f"{side}_x") - x0) * dx, (record.trace(f"{side}_y") - y0) * dy)
            for side in ("superficial", "deep")
        ]
        (x, up), (_, down) = lines
        axes.fill_between(x, up, down, color=PALETTE["sky"], alpha=0.25, lw=0)
        for (across, along), colour, name in zip(
            lines, (PALETTE["blue"], PALETTE["vermilion"]), ("superficial", "deep"), strict=True
        ):
            axes.plot(across, along, color=colour, lw=1.8, label=f"{name} aponeurosis, inner edge")
        middle = len(x) // 2
        axes.annotate(
            "",
            (x[middle], up[middle]),
            (x[middle], down[middle]),
            arrowprops={"arrowstyle": "<->", "color": PALETTE["black"], "lw": 1.0, "shrinkA": 0, "shrinkB": 0},
        )
    if "roi_x" in traces:
        x, y = (np.append(v, v[:1]) for v in (record.trace("roi_x"), record.trace("roi_y")))
        axes.plot((x - x0) * dx, (y - y0) * dy, color=PALETTE["orange"], lw=1.4, label="drawn region")
    if "region_x" in traces:
        x = (record.trace("region_x") - x0) * dx
        for side in ("top", "bottom"):
            rows = (record.trace(f"region_{side}") - y0) * dy
            told_once = "region of echo intensity" if side == "top" else None
            axes.plot(x, rows, color=PALETTE["orange"], lw=0.9, ls="--", label=told_once)
    if "fascicle_x" in traces:
        x, y = record.trace("fascicle_x"), record.trace("fascicle_y")
        axes.plot((x - x0) * dx, (y - y0) * dy, color=PALETTE["purple"], lw=1.4, label="fascicle, taken as straight")
    if others:
        axes.plot([], [], color=PALETTE["grey"], lw=0.8, ls=":", label="further lines")
    axes.set_xlabel(label("Across", unit))
    axes.set_ylabel(label("Depth in the view", unit))
    words = []
    if not math.isnan(record["thickness"].value):
        words.append(f"thickness {record['thickness'].value:.4g} {unit}")
    grey = record["echo_intensity"]
    error = f" ± {grey.stderr:.2g}" if not math.isnan(grey.stderr) else ""
    words.append(f"echo intensity {grey.value:.1f}{error} {unit_text(grey.unit)}s")
    if not math.isnan(record["pennation_angle"].value):
        words.append(f"pennation {record['pennation_angle'].value:.1f}°")
    if not math.isnan(record["confidence"].value):
        words.append(f"confidence {record['confidence'].value:.2f}")
    # All in one line would be wider than the figure.
    lines_of_words = [" · ".join(words[i : i + 2]) for i in range(0, len(words), 2)]
    told = ", ".join(
        f"{k} {v}" for k, v in record.labels.items() if k in ("subject", "session", "muscle", "side", "frame")
    )
    axes.set_title(literal("\n".join([told[:70]] * bool(told) + lines_of_words)), loc="left", fontsize=8)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.14), ncols=1)


def other_rows(record: Record) -> list[float]:
    """Return the mean rows of lines that bound layers, but for the two that were measured."""
    traces = {t.name for t in record.traces}
    if "layer_top" not in traces:
        return []
    rows = sorted({*record.trace("layer_top").tolist(), *record.trace("layer_bottom").tolist()})
    if "superficial_y" not in traces:
        return rows
    # The middle of a line lies a few pixels behind its inner edge.
    own = [float(record.trace(f"{side}_y").mean()) for side in ("superficial", "deep")]
    _, y0, _, y1 = record.trace("view_box")
    return [row for row in rows if min(abs(row - o) for o in own) > 0.03 * (y1 - y0)]
