"""One measurement of many records by a label: a point a record, the mean of each group with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from ..canvas import PALETTE, label, literal
from ..errors import InputError
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = ["draw_by"]

_COLOURS = ("blue", "vermilion", "green", "purple", "orange", "sky", "black")
_SIGNS = "oD^vph*"
_WIDTH = 0.28
_SIDE_BY_SIDE = 5  # groups whose names have room below the axis
_WORD = 14  # characters of a name below the axis; longer ones are broken
# Labels by which the unit that varies is known; records of one of them are joined over the groups.
_UNITS = ("subject", "animal")


def draw_by(records: Iterable[Record], axes: Axes, *, of: str, by: str) -> None:
    """Draw one measurement of measured records against a label.

    Each record is a point, each group has its mean over subjects (or animals) with the 95 % interval of Student's t.
    Where a subject appears in several groups with one value each, as at several visits, a line joins them.

    Parameters
    ----------
    records : iterable of Record
        Failed and skipped ones, and those a reviewer rejected, are left out.
    axes : matplotlib.axes.Axes
    of : str
        The measurement.
    by : str
        The label that tells groups apart, such as ``group`` or ``session``.

    Raises
    ------
    InputError
        ``nothing-to-draw`` if no record has both; ``mixed-units`` if their units are not the same.
    """
    shown = [
        r
        for r in records
        if r.status in ("ok", "suspect")
        and r.labels.get("rating") != "reject"
        and of in r
        and math.isfinite(r[of].value)
        and r.labels.get(by)
    ]
    if not shown:
        raise InputError(
            f"no measured record has {of} and the label {by}",
            code="nothing-to-draw",
            remedy="give the label when measuring (--label, --table), or another measurement",
        )
    units = {r[of].unit for r in shown}
    if len(units) > 1:
        raise InputError(
            f"{of} is in {' and '.join(sorted(units))}",
            code="mixed-units",
            remedy="draw records of one unit by themselves",
        )
    groups = list(dict.fromkeys(r.labels[by] for r in shown))
    unit = next((u for u in _UNITS if any(r.labels.get(u) for r in shown)), "")
    _join(shown, groups, axes, of, by, unit)
    counts = []
    for place, name in enumerate(groups):
        own = [r for r in shown if r.labels[by] == name]
        values = np.array([r[of].value for r in own])
        colour, sign = PALETTE[_COLOURS[place % len(_COLOURS)]], _SIGNS[place % len(_SIGNS)]
        for doubtful in (False, True):
            these = np.array([(r.status == "suspect") == doubtful for r in own])
            axes.plot(
                place + _beside(values)[these], values[these], sign, ms=4, mew=0.9, color=colour, zorder=2,
                mfc="white" if doubtful else colour, alpha=0.85,
            )  # fmt: skip
        means = _means(own, of, unit)
        _interval(axes, place + _WIDTH + 0.1, means)
        units_of = f"{_count(len(means), unit)}\n" if unit else ""
        counts.append(f"{_broken(name)}\n{units_of}{_count(len(own), 'record')}")
    axes.set_xticks(range(len(groups)), counts, rotation=45 if len(groups) > _SIDE_BY_SIDE else 0)
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.set_xlabel(literal(by))
    axes.set_ylabel(label(of, units.pop()))
    axes.set_title(f"square: mean of the {unit or 'record'}s, 95 % interval", loc="left", color=PALETTE["grey"])
    if any(r.status == "suspect" for r in shown):
        axes.set_title("open: doubtful", loc="right", color=PALETTE["grey"])


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _broken(name: str) -> str:
    return "\n".join(literal(line) for line in wrap(name, _WORD)) or " "


def _beside(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far beside its group each point stands, so that neighbours do not hide each other.

    A place is decided by the order of the values alone: the same records give the same picture.
    """
    if len(values) < 2:
        return np.zeros(len(values))
    span = float(np.ptp(values)) or 1.0
    bins = np.minimum((20 * (values - values.min()) / span).astype(int), 19)
    out = np.zeros(len(values))
    widest = max(np.bincount(bins))
    for one in np.unique(bins):
        members = np.flatnonzero(bins == one)
        order = members[np.argsort(values[members], kind="stable")]
        out[order] = (np.arange(len(order)) - (len(order) - 1) / 2) * (2 * _WIDTH / max(widest, 4))
    return out


def _means(records: Sequence[Record], of: str, unit: str) -> list[float]:
    found: dict[str, list[float]] = {}
    for number, r in enumerate(records):
        found.setdefault(r.labels.get(unit) or f"\n{number}", []).append(r[of].value)
    return [float(np.mean(values)) for values in found.values()]


def _interval(axes: Axes, at: float, means: Sequence[float]) -> None:
    from scipy.special import stdtrit

    mean = float(np.mean(means))
    axes.plot([at], [mean], "s", ms=5, color=PALETTE["black"], zorder=4)
    if len(means) > 1:
        half = float(stdtrit(len(means) - 1, 0.975) * np.std(means, ddof=1) / math.sqrt(len(means)))
        axes.plot([at, at], [mean - half, mean + half], color=PALETTE["black"], zorder=3)


def _join(shown: Sequence[Record], groups: Sequence[str], axes: Axes, of: str, by: str, unit: str) -> None:
    """Join what one subject has in several groups, where it has one value in each."""
    if not unit:
        return
    alike = ("muscle", "side", "fibre")
    lines: dict[tuple[str, ...], list[tuple[int, float]]] = {}
    for r in shown:
        if who := r.labels.get(unit):
            key = (who, *(r.labels.get(name, "") for name in alike if name != by))
            lines.setdefault(key, []).append((groups.index(r.labels[by]), r[of].value))
    for points in lines.values():
        places = [place for place, _ in points]
        if len(points) > 1 and len(set(places)) == len(places):
            x, y = zip(*sorted(points), strict=True)
            axes.plot(x, y, "-", lw=0.7, color=PALETTE["grey"], alpha=0.5, zorder=1)
