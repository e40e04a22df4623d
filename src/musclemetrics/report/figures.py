"""The picture of each case: the overlay of its scan, or the figure of its fit."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import __version__
from ..batch import SupervisedPool
from ..errors import ItemCrashed, ItemOutOfMemory, ItemTimeout, MuscleMetricsError
from ..plotting import save_figure
from ..provenance import picture_name
from ..record import Record
from ..store.whole import replaced
from .cases import BENEATH

__all__ = ["FOLDER", "drawn", "remove_others"]

FOLDER = "figures"
_OWN = re.compile(r"[0-9a-f]{20}\.png")
_WORTH_SHARING = 30  # pictures: fewer are drawn sooner than a worker has started


def drawn(cases: Sequence[dict[str, Any]], folder: Path, overlays: Path | None, jobs: int) -> None:
    """Name the picture of every measured case, and draw those that are not there yet.

    Parameters
    ----------
    cases : sequence of dict
        Of :func:`.cases.cases_of`; ``picture``, ``beneath`` and ``no_picture`` are filled in. Addresses are relative
        to a folder within the report's.
    folder : Path
        The report's folder.
    overlays : Path, optional
        Where the batch wrote what modalities draw over their images.
    jobs : int
        Processes that draw.
    """
    figures = folder / FOLDER
    figures.mkdir(parents=True, exist_ok=True)
    there = set() if overlays is None else {p.name for p in overlays.iterdir()} if overlays.is_dir() else set()
    base = "" if overlays is None else _address(overlays, figures)
    wanted = []
    for case in cases:
        record: Record = case["record"]
        if not record.traces:
            continue
        if (name := picture_name(record)) in there:
            case["picture"] = f"{base}/{name}"
            if (beneath := picture_name(record, BENEATH)) in there:
                case["beneath"] = f"{base}/{beneath}"
            continue
        name = _name(record)
        case["picture"] = f"../{FOLDER}/{name}"
        if not (figures / name).exists():
            wanted.append((case, figures / name))
    _draw(wanted, jobs)


def _address(target: Path, start: Path) -> str:
    try:
        relative = os.path.relpath(target.absolute(), start.absolute())
    except ValueError:  # another drive
        return target.absolute().as_uri()
    return quote(Path(relative).as_posix())


def _name(record: Record) -> str:
    """Return a file name that tells nothing of file, folder or label, and differs where the figure may differ."""
    text = __version__ + record.to_json()
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:20] + ".png"


def _picture(record: Record, target: Path) -> str:
    """Draw one figure; return why there is none, or nothing."""
    try:
        with replaced(target) as temporary:
            made = temporary.with_suffix(".png")
            try:
                save_figure(record, made, dpi=130)
                os.replace(made, temporary)
            finally:
                made.unlink(missing_ok=True)
    except OSError:
        raise
    except MuscleMetricsError as error:
        return str(error)
    except Exception as error:  # one picture that cannot be drawn must not cost the page
        return f"{type(error).__name__}: {error}"[:200]
    return ""


def _draw(wanted: Sequence[tuple[dict[str, Any], Path]], jobs: int) -> None:
    """Draw what is to be drawn, shared out among processes where that pays for starting them."""

    def note(case: dict[str, Any], why: str) -> None:
        if why:
            case["picture"], case["no_picture"] = "", why

    if jobs < 2 or len(wanted) < _WORTH_SHARING:
        for case, target in wanted:
            note(case, _picture(case["record"], target))
        return
    pool = SupervisedPool(jobs)
    try:
        begun = [(case, pool.submit(_picture, case["record"], target)) for case, target in wanted]
        for case, future in begun:
            note(case, _outcome(future.result))
    except BaseException:
        pool.kill()
        raise
    pool.shutdown()


def _outcome(result: Callable[[], str]) -> str:
    try:
        return result()
    except (ItemTimeout, ItemCrashed, ItemOutOfMemory) as error:
        return error.message


def remove_others(folder: Path, cases: Sequence[dict[str, Any]]) -> None:
    """Remove the figures of an earlier report that no page shows; pictures of other origin stay."""
    shown = {case["picture"].rsplit("/", 1)[-1] for case in cases}
    for old in (folder / FOLDER).glob("*.png"):
        if _OWN.fullmatch(old.name) and old.name not in shown:
            old.unlink()
