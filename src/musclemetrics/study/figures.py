"""The figures of a run folder: one a record, and its measurements by group or visit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from ..errors import InputError, MuscleMetricsError, ReadError, SettingsError
from ..plotting import save_drawn, save_figure
from ..provenance import case_ids
from ..record import Record
from ..report.words import main_names
from ..store.whole import made_folder, write_failure
from .deriving import Kept

__all__ = ["draw_figures"]


def draw_figures(
    folder: str | PathLike[str],
    target: str | PathLike[str],
    *,
    form: str = "svg",
    by: str | None = None,
    of: Sequence[str] = (),
) -> tuple[list[Path], list[str]]:
    """Draw the records of a run folder, or its measurements against a label.

    Parameters
    ----------
    folder : path
        The run folder.
    target : path
        Where the pictures go; made where it is not there. A record's is called by its word in ``ratings.csv``, one of
        a measurement ``<name>-by-<label>``, with its unit behind where it has several (one picture each), so that no
        name of a file or a person is in it.
    form : {"svg", "png", "pdf"}
    by : str, optional
        A label such as ``group`` or ``session``: then measurements are drawn, not records.
    of : sequence of str, optional
        The measurements; by default the main ones.

    Returns
    -------
    list of Path, list of str
        The pictures, and what could not be drawn, in words.

    Raises
    ------
    SettingsError
        ``unwritable``; a measurement that no record has (``unknown-measurement``); one given without `by`.
    ReadError
        If the folder has no records.
    """
    path = Path(folder) / "records.jsonl"
    if not path.is_file():
        raise ReadError(f"{folder} has no records.jsonl", code="missing-file", remedy="give a run folder")
    if of and by is None:
        raise SettingsError(f"--of {of[0]} needs a label", remedy="give --by, for example --by group")
    records = Kept(path)
    home = Path(target)
    made_folder(home)
    drawn: list[Path] = []
    told: list[str] = []
    for name, draw in _by(records, by, of) if by is not None else _each(records):
        picture = home / f"{name}.{form}"
        try:
            draw(picture)
            drawn.append(picture)
        except MuscleMetricsError as error:
            told.append(f"{name} was not drawn: {error}")
        except OSError as error:
            raise write_failure(error, picture) from error
    return drawn, told


def _each(records: Sequence[Record]) -> Iterator[tuple[str, Any]]:
    for word, record in zip(case_ids(records), records, strict=True):
        if record.status in ("ok", "suspect") and record.traces:
            yield word, lambda path, record=record: save_figure(record, path)


def _by(records: Sequence[Record], by: str, of: Sequence[str]) -> Iterator[tuple[str, Any]]:
    from ..compare import draw_by

    measured = [r for r in records if r.status in ("ok", "suspect")]
    if not measured:
        raise InputError("no record has a number", code="nothing-to-draw", remedy="see why in records.csv")
    names = list(dict.fromkeys(n for r in measured for n in r))
    for name in of:
        if name not in names:
            raise SettingsError(
                f"no record has {name!r}", code="unknown-measurement", remedy=f"use one of {', '.join(names)}"
            )
    for name in of or main_names(measured):
        picture = f"{name}-by-{re.sub(r'[^A-Za-z0-9_]', '', by) or 'label'}"
        units = sorted({r[name].unit for r in measured if name in r and r.labels.get(by)})
        for unit in units if len(units) > 1 else [None]:  # numbers of two units share no axis
            own = measured if unit is None else [r for r in measured if name in r and r[name].unit == unit]

            def draw(path: Path, name: str = name, own: Sequence[Record] = own) -> None:
                save_drawn(lambda axes: draw_by(own, axes, of=name, by=by), path)

            yield picture if unit is None else f"{picture}-{re.sub(r'[^A-Za-z0-9]+', '_', unit)}", draw
