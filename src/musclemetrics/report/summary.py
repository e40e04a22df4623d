"""One page for a set of records: the table, every flag in words, a picture of each fit."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from ..batch import SupervisedPool
from ..canvas import unit_text
from ..errors import ItemCrashed, ItemOutOfMemory, ItemTimeout, MuscleMetricsError, SettingsError
from ..plotting import save_figure
from ..provenance import picture_name
from ..record import Record
from ..store.whole import replaced, write_failure
from .words import (
    TELLING,
    error_text,
    heading,
    interval_text,
    main_labels,
    main_names,
    source_text,
    title_of,
    value_text,
)

__all__ = ["remove_pictures", "summary_page"]

_OWN_PICTURE = re.compile(r"[0-9]{4,}-[0-9a-f]{10}\.png")
_WORTH_SHARING = 30  # pictures: fewer are drawn sooner than a worker has started
_STATUSES = ("ok", "suspect", "failed", "skipped")


def _picture(record: Record, number: int, folder: Path) -> tuple[str, str]:
    """Return where the picture lies, or why there is none. The name tells nothing of file, folder or label."""
    overlay = folder.parent / "overlays" / picture_name(record)
    if overlay.exists():
        return f"overlays/{overlay.name}", ""
    digest = hashlib.sha256(record.to_json().encode("utf-8", "backslashreplace")).hexdigest()[:10]
    name = f"{number:04d}-{digest}.png"
    try:
        save_figure(record, folder / name, dpi=130)
    except MuscleMetricsError as error:
        return "", str(error)
    except OSError as error:
        raise write_failure(error, folder / name) from error
    except Exception as error:  # one picture that cannot be drawn must not cost the page
        return "", f"{type(error).__name__}: {error}"[:200]
    return f"figures/{name}", ""


def _draw(entries: Sequence[dict[str, Any]], folder: Path, jobs: int) -> None:
    """Draw what is to be drawn, shared out among processes where that pays for starting them."""
    if jobs < 2 or len(entries) < _WORTH_SHARING:
        for entry in entries:
            entry["picture"], entry["no_picture"] = _picture(entry["record"], entry["number"], folder)
        return
    pool = SupervisedPool(jobs)
    try:
        begun = [(e, pool.submit(_picture, e["record"], e["number"], folder)) for e in entries]
        for entry, future in begun:
            try:
                entry["picture"], entry["no_picture"] = future.result()
            except (ItemTimeout, ItemCrashed, ItemOutOfMemory) as error:
                entry["picture"], entry["no_picture"] = "", error.message
    except BaseException:
        pool.kill()
        raise
    pool.shutdown()


def _chosen(entries: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Return the measured records that have room on the page, the doubtful ones before the others."""
    measured = [e for e in entries if e["status"] in ("ok", "suspect")]
    return sorted(measured, key=lambda e: e["status"] != "suspect")[:most]


def _entry(record: Record, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "title": title_of(record, number),
        "record": record,
        "status": record.status,
        "labels": dict(record.labels),
        "further": {k: v for k, v in record.labels.items() if k not in TELLING or k == "group"},
        "source": source_text(record),
        "sources": record.provenance.sources,
        "cells": {
            m.name: {
                "name": m.name,
                "value": value_text(m),
                "error": error_text(m),
                "interval": interval_text(m),
                "unit": unit_text(m.unit),
            }
            for m in record.measurements
        },
        "flags": record.flags,
        "notes": record.provenance.reading.get("notes", ()),
        "settings": {k: repr(v) for k, v in record.provenance.settings.items()},
        "software": dict(record.provenance.software),
        "card": False,
        "picture": "",
        "no_picture": "",
    }


def _section(modality: str, entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what the table of one modality shows."""
    measured = [e["record"] for e in entries if e["status"] in ("ok", "suspect")]
    names = main_names(measured)
    columns = [(n, heading(n, [r[n].unit for r in measured if n in r])) for n in names]
    # A word that all rows share is said once, above the table; what has no room there stands with each record.
    shared = (
        {k: v for k, v in measured[0].labels.items() if all(r.labels.get(k) == v for r in measured)} if measured else {}
    )
    shared = shared if len(measured) > 1 else {}
    varied = [r.labelled(**dict.fromkeys(shared)) for r in measured]
    labels = main_labels(varied)
    left = [k for k in dict.fromkeys(k for r in varied for k in r.labels) if k not in labels]
    return {
        "modality": modality,
        "labels": labels,
        "shared": shared,
        "columns": columns,
        "left": left + [n for n in dict.fromkeys(n for r in measured for n in r) if n not in names],
        "entries": entries,
        "cards": [e for e in entries if e["card"]],
        "rows": [e for e in entries if e["status"] in ("ok", "suspect")],
        "rest": [e for e in entries if e["status"] in ("failed", "skipped")],
    }


def summary_page(
    records: Iterable[Record],
    folder: str | PathLike[str],
    *,
    title: str = "Measurements",
    most: int = 500,
    jobs: int = 1,
) -> Path:
    """Write ``index.html`` and ``figures/*.png`` into a folder.

    Parameters
    ----------
    records : iterable of Record
    folder : path
        Made where it does not exist; pictures of an earlier page in it are replaced.
    title : str, optional
        Heading of the page.
    most : int, optional
        At most so many records are drawn and shown one by one, the suspect ones first; the page says which. Its table
        has them all.
    jobs : int, optional
        Processes that draw.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    SettingsError
        If the folder cannot be written (code ``unwritable``).
    WriteError
        If the disk is full (code ``disk-full``) or fails.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from .. import __version__

    target = Path(folder)
    figures = target / "figures"
    try:
        figures.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the folder {target} cannot be made ({error.strerror or error})",
            code="unwritable",
            remedy="choose another folder",
        ) from error
    entries = [_entry(r, i) for i, r in enumerate(records, 1)]
    chosen = _chosen(entries, most)
    for entry in chosen:
        entry["card"] = True
    _draw([e for e in chosen if e["record"].traces], figures, jobs)
    modalities = dict.fromkeys(e["record"].modality for e in entries)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    counts = Counter(e["status"] for e in entries)
    html = environment.get_template("summary.html").render(
        title=title,
        version=__version__,
        counts=[(s, counts[s]) for s in _STATUSES if counts[s]],
        sections=[_section(m, [e for e in entries if e["record"].modality == m]) for m in modalities],
        cards=len(chosen),
        left=counts["ok"] + counts["suspect"] - len(chosen),
        doubtful=sum(e["status"] == "suspect" for e in chosen),
        marks={"ok": "✓", "suspect": "!", "failed": "✕", "skipped": "–", "note": "•"},
    )
    page = target / "index.html"
    with replaced(page) as temporary:
        temporary.write_text(html, encoding="utf-8", errors="xmlcharrefreplace", newline="\n")
    remove_pictures(page)
    return page


def remove_pictures(page: Path) -> None:
    """Remove the pictures of an earlier page that `page` does not show; pictures of other origin stay."""
    shown = set(_OWN_PICTURE.findall(page.read_text(encoding="utf-8")))
    for old in (page.parent / "figures").glob("*.png"):
        if _OWN_PICTURE.fullmatch(old.name) and old.name not in shown:
            old.unlink()
