"""One figure per record, drawn by its modality."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from . import canvas
from .errors import InputError, SettingsError
from .modalities import modality
from .record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot", "save_drawn", "save_figure"]

_SUFFIXES = (".png", ".svg", ".pdf")


def plot(record: Record, axes: Axes | None = None) -> Figure:
    """Draw a record: the points, what was fitted, and how far to trust it.

    Parameters
    ----------
    record : Record
    axes : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure that needs no display. Save it with ``figure.savefig``.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SettingsError
        If the record's modality is not known here.
    InputError
        If it is no record (code ``not-a-record``).
    """
    if not isinstance(record, Record):
        raise InputError(
            f"{type(record).__name__} is no record", code="not-a-record", remedy="give one record; loop over several"
        )
    if record.modality.startswith("compare."):
        raise SettingsError(
            f"a {record.modality} record is drawn by its own module",
            code="own-drawing",
            remedy=f"use musclemetrics.compare.draw_{record.modality.partition('.')[2]}(record, axes)",
        )
    # A part of a modality (force_pca.compare_curves) is drawn by the modality.
    module = modality(record.modality.partition(".")[0])
    if axes is None:
        _, axes = canvas.figure(*getattr(module, "FIGURE", ()))
    with canvas.style():
        module.draw(record, axes)
    figure = axes.get_figure(root=True)
    assert figure is not None, "axes without a figure cannot be drawn into"
    return figure


def save_figure(record: Record, path: str | PathLike[str], *, dpi: float = 150) -> Path:
    """Draw a record into a picture file.

    Parameters
    ----------
    record : Record
    path : path
        ``.png``, ``.svg`` or ``.pdf``.
    dpi : float, optional
        Dots per inch of a ``.png``.

    Returns
    -------
    Path
        The file written. It carries no date and no host, so that the same record gives the same picture.
    """
    target = _picture(path)
    _saved(plot(record), target, dpi)
    return target


def save_drawn(draw: Callable[[Axes], None], path: str | PathLike[str], *, dpi: float = 150) -> Path:
    """Draw into new axes and save them as a picture file, under the rules of :func:`save_figure`.

    Parameters
    ----------
    draw : callable
        Gets the axes, for example ``lambda axes: compare.draw_by(records, axes, of="pCa50", by="group")``.
    path : path
        ``.png``, ``.svg`` or ``.pdf``.
    dpi : float, optional
        Dots per inch of a ``.png``.

    Returns
    -------
    Path
        The file written.
    """
    target = _picture(path)
    figure, axes = canvas.figure()
    with canvas.style():
        draw(axes)
    _saved(figure, target, dpi)
    return target


def _picture(path: str | PathLike[str]) -> Path:
    target = Path(path)
    if target.suffix.lower() not in _SUFFIXES:
        raise SettingsError(
            f"{target.name!r} is no picture that can be written",
            code="unknown-suffix",
            remedy=f"use one of {', '.join(_SUFFIXES)}",
        )
    return target


def _saved(figure: Figure, target: Path, dpi: float) -> None:
    from matplotlib import rc_context

    suffix = target.suffix.lower()
    blank = {
        ".png": {"Software": "musclemetrics figure"},
        ".svg": {"Date": None},
        ".pdf": {"CreationDate": None, "ModDate": None},
    }
    with canvas.style(), rc_context({"svg.hashsalt": "musclemetrics"}):
        if suffix == ".png" and hasattr(figure.canvas, "print_png"):
            # What savefig does, but for drawing everything once more beforehand: hundreds of pictures feel it.
            figure.set_dpi(dpi)
            figure.canvas.print_png(target, metadata=blank[suffix])
        else:
            figure.savefig(target, dpi=dpi, metadata=blank[suffix])
