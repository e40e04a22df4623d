"""What a page says of one record, in words; and what a person may move in it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..canvas import unit_text
from ..modalities import CORRECTIONS
from ..provenance import case_ids
from ..record import Record
from ..record.parts import RANK
from ..store.lines import thinned
from ..store.onsets import telling
from .figures import Pictures
from .words import TELLING, error_text, interval_text, source_text, titles_of, value_text

__all__ = ["case_of", "cases_of", "given", "movable"]

_MARKS = {"rating", "rating_note"}
_RELEASES = {f"release_{name}" for name in ("onset", "start", "step", "used", "Po", "manual")}
_RECOVERY = {"recovery_release", "recovery_time", "recovery_force"}
_SIDES = ("superficial", "deep")
_SHARE_DIGITS, _TIME_DIGITS = 2, 9


def cases_of(records: Iterable[Record], pictures: Pictures) -> list[dict[str, Any]]:
    """Return a case for each record, as plain words for the templates; its evidence is not kept.

    Parameters
    ----------
    records : iterable of Record
        All of a run, in their order.
    pictures : Pictures
        Finds or draws the picture of each.
    """
    bare, shown = [], []
    try:
        for record in records:
            found = pictures.of(record)
            shown.append((found, json.dumps(movable(record, beneath=bool(found["beneath"])))))
            bare.append(replace(record, traces=()))
        pictures.finish()
    except BaseException:
        pictures.stop()
        raise
    own = telling([r.labelled(**dict.fromkeys(_MARKS)) for r in bare])
    words = zip(bare, case_ids(bare), titles_of(bare), own, shown, strict=True)
    return [
        {**case_of(r, number, case, title, labels), **found, "move": move}
        for number, (r, case, title, labels, (found, move)) in enumerate(words, 1)
    ]


def case_of(record: Record, number: int, case: str, title: str, own: Mapping[str, str]) -> dict[str, Any]:
    """Return what is shown of one record.

    Parameters
    ----------
    record : Record
    number : int
        Its place among all, from 1.
    case : str
        Its word in addresses and ratings.
    title : str
    own : Mapping
        Labels that tell it from other records of its file.
    """
    p = record.provenance
    return {
        "number": number,
        "id": case,
        "title": title,
        "record": record,
        "status": record.status,
        "labels": {k: v for k, v in record.labels.items() if k not in _MARKS},
        "further": {k: v for k, v in record.labels.items() if k not in _MARKS and (k not in TELLING or k == "group")},
        "rating": record.labels.get("rating", ""),
        "note": record.labels.get("rating_note", ""),
        "source": source_text(record),
        "sources": p.sources,
        "own": dict(own),
        "cells": {
            m.name: {
                "name": m.name,
                "number": m.value,
                "value": value_text(m),
                "error": error_text(m),
                "interval": interval_text(m),
                "unit": unit_text(m.unit),
            }
            for m in record.measurements
        },
        "flags": sorted(record.flags, key=lambda f: -RANK[f.level]),
        "notes": p.reading.get("notes", ()),
        "settings": {k: repr(v) for k, v in p.settings.items()},
        "software": dict(p.software),
    }


def given(record: Record) -> dict[str, Any]:
    """Return what a person decided of a record already, as plain JSON: settings that corrections hold."""
    settings = record.provenance.settings
    names = CORRECTIONS.get(record.modality, ())
    return {name: json.loads(json.dumps(settings[name])) for name in names if settings.get(name)}


def movable(record: Record, *, beneath: bool) -> dict[str, Any] | None:
    """Return what a person may drag in a case, as plain JSON: the lines over a scan, or the onsets of releases.

    Positions are in px of the original image and times in seconds of the recording, as
    :class:`musclemetrics.corrections.Correction` takes them.

    Parameters
    ----------
    record : Record
    beneath : bool
        Whether there is a scan to draw lines over.
    """
    names = {t.name for t in record.traces}
    if not record.provenance.sources:
        return None
    if "view_box" in names and beneath:
        return _lines(record, names)
    if names >= _RELEASES | _RECOVERY:
        return _onsets(record)
    return None


def _lines(record: Record, names: set[str]) -> dict[str, Any]:
    dx, dy = (record[f"spacing_{axis}"].value for axis in "xy")
    known = not (math.isnan(dx) or math.isnan(dy))
    found = {"superficial_x", "deep_x"} <= names
    return {
        "kind": "lines",
        "box": record.trace("view_box").tolist(),
        "ratio": round(dy / dx, 6) if known else 1.0,
        "scale": dy if known else 1.0,
        "unit": "mm" if known else "px",
        "bar": _bar(dx, record) if known else None,
        "region": _outline(record) if "roi_x" in names else None,
        "lines": _lines_of(record) if found else None,
    }


def _lines_of(record: Record) -> Any:
    # Lines by hand are what was decided, to the digit; the record holds them at its own columns.
    return given(record).get("lines") or {side: thinned(record, side) for side in _SIDES}


def _bar(dx: float, record: Record) -> list[float] | None:
    """Return the millimetres of a scale bar and its columns."""
    x0, _, x1, _ = record.trace("view_box")
    mm = next((mm for mm in (10, 5, 1) if mm / dx < 0.4 * (x1 - x0)), None)
    return None if mm is None else [mm, round(mm / dx, 2)]


def _outline(record: Record) -> list[list[float]]:
    x, y = record.trace("roi_x"), record.trace("roi_y")
    rows: list[list[float]] = np.round(np.column_stack([x, y]), 1).tolist()
    return rows


def _onsets(record: Record) -> dict[str, Any]:
    which, time, force = (record.trace(f"recovery_{n}") for n in ("release", "time", "force"))
    onset, start, step, used, level, manual = (
        record.trace(f"release_{n}") for n in ("onset", "start", "step", "used", "Po", "manual")
    )
    releases = []
    for k in range(len(onset)):
        here = which == k + 1
        share = 100 * force[here] / level[k]
        sound = np.isfinite(share) & np.isfinite(time[here])
        releases.append(
            {
                "n": k + 1,
                "step": f"{100 * step[k]:.3g}",
                "start": round(float(start[k]), _TIME_DIGITS),
                "onset": round(float(onset[k]), _TIME_DIGITS) if math.isfinite(onset[k]) else None,
                "used": bool(used[k]),
                "manual": bool(manual[k]),
                "ms": np.round(1e3 * time[here][sound], 3).tolist(),
                "share": np.round(share[sound], _SHARE_DIGITS).tolist(),
            }
        )
    return {"kind": "onsets", "releases": releases}
