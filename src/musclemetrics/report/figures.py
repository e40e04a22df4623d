"""The picture of each case: the overlay of its scan, or the figure of its fit."""

from __future__ import annotations

import hashlib
import os
import re
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from urllib.parse import quote

from .. import __version__
from ..batch import SupervisedPool
from ..errors import ItemCrashed, ItemOutOfMemory, ItemTimeout, MuscleMetricsError
from ..plotting import save_figure
from ..provenance import picture_name
from ..record import Record
from ..store.whole import replaced

__all__ = ["FOLDER", "Pictures"]

FOLDER = "figures"
BENEATH = "-scan"
"""Suffix of the picture that lines are drawn over; see :func:`musclemetrics.provenance.picture_name`."""
_OWN = re.compile(r"[0-9a-f]{20}\.png")
_WORTH_SHARING = 30  # pictures: fewer are drawn sooner than a worker has started
_WINDOW = 64  # pictures under way at once, each with its record


class Pictures:
    """The pictures of the cases of one report; those that are not there yet are drawn.

    Parameters
    ----------
    folder : Path
        The report's folder.
    overlays : Path, optional
        Where the batch wrote what modalities draw over their images.
    jobs : int
        Processes that draw, where that pays for starting them.
    """

    def __init__(self, folder: Path, overlays: Path | None, jobs: int) -> None:
        self._figures, self._jobs = folder / FOLDER, jobs
        self._figures.mkdir(parents=True, exist_ok=True)
        listed = overlays is not None and overlays.is_dir()
        self._overlays = {p.name for p in overlays.iterdir()} if overlays is not None and listed else set()
        self._base = "" if overlays is None else _address(overlays, self._figures)
        self._shown: set[str] = set()
        self._pool: SupervisedPool | None = None
        self._waiting: list[tuple[dict[str, str], Record, Path]] = []
        self._begun: deque[tuple[dict[str, str], Future[str]]] = deque()

    def of(self, record: Record) -> dict[str, str]:
        """Return the address of a record's ``picture``, of what is ``beneath`` it, and why there is ``no_picture``.

        Addresses are relative to a folder within the report's. The words are final when :meth:`finish` has been called.
        """
        shown = {"picture": "", "beneath": "", "no_picture": ""}
        if not record.traces:
            return shown
        if (name := picture_name(record)) in self._overlays:
            shown["picture"] = f"{self._base}/{name}"
            if (beneath := picture_name(record, BENEATH)) in self._overlays:
                shown["beneath"] = f"{self._base}/{beneath}"
            return shown
        name = _name(record)
        shown["picture"] = f"../{FOLDER}/{name}"
        if name not in self._shown and not (self._figures / name).exists():
            self._draw(shown, record, self._figures / name)
        self._shown.add(name)
        return shown

    def _draw(self, shown: dict[str, str], record: Record, target: Path) -> None:
        if self._jobs < 2:
            _note(shown, _picture(record, target))
            return
        self._waiting.append((shown, record, target))
        if self._pool is None and len(self._waiting) >= _WORTH_SHARING:
            self._pool = SupervisedPool(self._jobs)
        if self._pool is not None:
            for words, one, file in self._waiting:
                self._begun.append((words, self._pool.submit(_picture, one, file)))
            self._waiting.clear()
        while len(self._begun) > _WINDOW:
            self._collect()

    def _collect(self) -> None:
        shown, future = self._begun.popleft()
        _note(shown, _outcome(future.result))

    def finish(self) -> None:
        """Wait until all is drawn; remove figures of an earlier report that are not shown. Others' files stay."""
        for shown, record, target in self._waiting:
            _note(shown, _picture(record, target))
        while self._begun:
            self._collect()
        if self._pool is not None:
            self._pool.shutdown()
        for old in self._figures.glob("*.png"):
            if _OWN.fullmatch(old.name) and old.name not in self._shown:
                old.unlink()

    def stop(self) -> None:
        """Stop drawing in the middle of it."""
        if self._pool is not None:
            self._pool.kill()


def _note(shown: dict[str, str], why: str) -> None:
    if why:
        shown["picture"], shown["no_picture"] = "", why


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


def _outcome(result: Callable[[], str]) -> str:
    try:
        return result()
    except (ItemTimeout, ItemCrashed, ItemOutOfMemory) as error:
        return error.message
