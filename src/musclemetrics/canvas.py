"""Axes, colours and labels that every figure shares; figures are made without pyplot's global state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .units import canonical

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .record import Record

__all__ = ["PALETTE", "figure", "label", "literal", "nothing", "plot_below", "strip_below", "style", "unit_text"]

PALETTE: Mapping[str, str] = MappingProxyType(
    {
        "black": "#000000",
        "orange": "#E69F00",
        "sky": "#56B4E9",
        "green": "#009E73",
        "yellow": "#F0E442",
        "blue": "#0072B2",
        "vermilion": "#D55E00",
        "purple": "#CC79A7",
        "grey": "#6B6B6B",
    }
)
"""Okabe and Ito's colours, told apart by colour-blind readers, and one grey."""

_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#444444",
    "axes.labelcolor": "#222222",
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "axes.formatter.use_locale": False,
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 5,
    "savefig.facecolor": "white",
    "xtick.color": "#444444",
    "xtick.labelsize": 8,
    "ytick.color": "#444444",
    "ytick.labelsize": 8,
}

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_WORDS = {
    "%": "%",
    "%{L0}": "% L₀",
    "{L0}": "L₀",
    "{L0}/s": "L₀ s⁻¹",
    "%{L0}/s": "% L₀ s⁻¹",
    "N.{L0}/s": "N L₀ s⁻¹",
    "mN.{L0}/s": "mN L₀ s⁻¹",
    "uW": "µW",
    "{GreyLevel}": "grey level",
    "Cel": "°C",
    "deg": "°",
    "mol/L": "M",
    "mmol/L": "mM",
    "umol/L": "µM",
    "nmol/L": "nM",
}


def unit_text(unit: str) -> str:
    """Return a unit as a figure or page shows it; no text for a number without a unit.

    Examples
    --------
    >>> unit_text("kN/m2"), unit_text("umol/L"), unit_text("Ohm"), unit_text("1")
    ('kN m⁻²', 'µM', 'Ω', '')
    >>> unit_text("kN/m2/s"), unit_text("1/{L0}")
    ('kN m⁻² s⁻¹', 'L₀⁻¹')
    """
    code = canonical(unit)
    if code == "1":
        return ""
    if code in _WORDS:
        return _WORDS[code]
    above, *below = code.split("/")

    def raised(part: str, sign: str) -> str:
        if part == "{L0}":
            return "L₀" + (sign + "1").translate(_SUPERSCRIPT)
        symbol, power = re.fullmatch(r"(.*?)(\d*)", part).groups()  # type: ignore[union-attr]
        exponent = sign + (power or ("1" if sign else ""))
        symbol = symbol.replace("Ohm", "Ω")
        if symbol in ("um", "us", "uF", "uN"):
            symbol = "µ" + symbol[1:]
        return str(symbol) + exponent.translate(_SUPERSCRIPT)

    words = ([] if above == "1" else [raised(above, "")]) + [raised(part, "-") for part in below]
    return " ".join(words)


def label(name: str, unit: str = "1") -> str:
    """Return the label of an axis: the name, and the unit in parentheses where there is one.

    Examples
    --------
    >>> label("Force", "kN/m2"), label("pCa")
    ('Force (kN m⁻²)', 'pCa')
    """
    shown = unit_text(unit)
    return f"{name} ({shown})" if shown else name


def literal(text: str) -> str:
    """Return words of a file so that matplotlib prints them as they are: a dollar sign starts no formula."""
    return text.replace("$", r"\$")


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house's style inside the block; the user's own settings of matplotlib stay as they are."""
    import matplotlib

    with matplotlib.rc_context(_STYLE):
        yield


def figure(width: float = 5.2, height: float = 4.2) -> tuple[Figure, Axes]:
    """Return a figure of its own and its axes, outside pyplot, so that nothing needs a display or closing.

    Parameters
    ----------
    width, height : float, optional
        In inches.

    Returns
    -------
    Figure, Axes
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style():
        made = Figure(figsize=(width, height), layout="constrained")
        engine = made.get_layout_engine()
        if engine is not None:
            engine.set(h_pad=0.1)  # type: ignore[call-arg]
        FigureCanvasAgg(made)
        axes = made.add_subplot()
    return made, axes


def strip_below(axes: Axes, share: float = 0.26) -> Axes:
    """Return a low strip under `axes` that shares its x axis, for residuals; `axes` gives up the room.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    share : float
        Height of the strip as a share of that of `axes`.
    """
    # An inset, unlike an axes of its own, is part of the parent's extent, so every layout engine leaves it room.
    axes.tick_params(labelbottom=False)
    gap = 0.05
    strip: Axes = axes.inset_axes((0.0, -share - gap, 1.0, share), sharex=axes)
    strip.tick_params(labelbottom=True)
    return strip


def nothing(record: Record, axes: Axes) -> None:
    """Write into `axes` why a record has nothing to draw.

    Parameters
    ----------
    record : Record
    axes : matplotlib.axes.Axes
    """
    message = record.flags[0].message if record.flags else "no data"
    axes.text(0.5, 0.5, literal(message), ha="center", va="center", wrap=True, transform=axes.transAxes)
    axes.set_axis_off()


def plot_below(axes: Axes, share: float = 1.0) -> Axes:
    """Return axes of their own under `axes`, which gives up the room; for a second plot with another x axis.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    share : float
        Height of the new axes as a share of what is left to `axes`.
    """
    cell = axes.get_subplotspec()
    if cell is None:  # placed by hand, so that no grid can be divided
        box = axes.get_position()
        gap, whole = 0.2 * box.height, 0.8 * box.height
        low = whole * share / (1 + share)
        axes.set_position((box.x0, box.y0 + low + gap, box.width, whole - low))
        return axes.figure.add_axes((box.x0, box.y0, box.width, low))
    grid = cell.subgridspec(2, 1, height_ratios=(1.0, share))
    axes.set_subplotspec(grid[0])
    return axes.figure.add_subplot(grid[1])
