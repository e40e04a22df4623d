"""The folder of a run: what lies in it, and what may not be written over."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from ..provenance import HEAD, own_output
from ..store.whole import made_folder
from .deriving import OVERLAYS, REPORT
from .journal import NAME as JOURNAL
from .journal import Journal, remains
from .lock import NAME as LOCK
from .plan import differences
from .ratings import NAME as RATINGS
from .sheet import NAME as SHEET

__all__ = ["CORRECTIONS", "FILES", "made", "own_paths", "refuse_inputs", "refuse_other", "swept"]

CORRECTIONS = "corrections.json"
FILES = ("records.jsonl", "records.csv", "records_long.csv", "records.xlsx", "run.toml", "methods.md", JOURNAL)
"""What a run writes into its folder, beside those of the report."""

_OWN = {*FILES, REPORT, "figures", OVERLAYS, CORRECTIONS, RATINGS, SHEET}


def made(home: Path, *, overwrite: bool = False) -> None:
    """Make the folder; refuse one in which files of other origin have the names of ours, unless they may go."""
    made_folder(home)
    if (home / JOURNAL).is_file() and (_ours(home / JOURNAL) or remains(home / JOURNAL)):
        return
    for name in FILES:
        if (home / name).exists() and not _ours(home / name):
            if overwrite and (home / name).is_file():
                (home / name).unlink()
                continue
            raise SettingsError(
                f"{home / name} was not written by musclemetrics",
                code="would-overwrite-file",
                remedy="choose another folder, or give --overwrite to replace it",
            )


def _ours(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError:
        return False
    return not head or own_output(head)


def own_paths(home: Path) -> Callable[[str], bool]:
    """Return what tells of a path whether it is the run folder, or something that a run keeps there: no input."""
    top = os.path.normcase(os.path.abspath(home))

    def own(path: str) -> bool:
        place = os.path.normcase(os.path.abspath(path))
        if place == top:
            return True
        if not place.startswith(top.rstrip(os.sep) + os.sep):
            return False
        first = os.path.relpath(place, top).split(os.sep)[0]
        return first in _OWN or first.startswith(LOCK) or (first.startswith(".") and first.endswith(".part"))

    return own


def refuse_inputs(home: Path, paths: Iterable[str]) -> None:
    """Refuse a run folder in which recordings lie where results are kept: they would be taken for results.

    Otherwise it may be a folder of recordings itself, lie within one, or above it: what a run writes is no input.

    Raises
    ------
    SettingsError
        ``output-is-input``.
    """
    own, top = own_paths(home), _real(home)
    hidden = [path for path in paths if own(path) and os.path.isdir(path) and _real(path) != top]
    if not (home / JOURNAL).exists() and any(f"{top}{os.sep}".startswith(_real(path) + os.sep) for path in paths):
        hidden += [str(home / name) for name in (REPORT, "figures", OVERLAYS) if (home / name).is_dir()]
    if hidden:
        raise SettingsError(
            f"what lies in {hidden[0]} would be taken for results of the run in {home}",
            code="output-is-input",
            remedy=f"give the run a folder of its own, such as {home / 'study'}",
        )


def _real(path: str | Path) -> str:
    return os.path.normcase(os.path.realpath(path)).rstrip(os.sep)


def swept(home: Path) -> None:
    """Remove what a run that died was writing when it did."""
    for left in home.glob(".*.part"):
        with suppress(OSError):
            left.unlink()


def refuse_other(asked: Mapping[str, Any], journal: Journal) -> None:
    """Refuse to go on in the folder of a run that was asked another thing; see :attr:`Plan.asked`."""
    before = {} if journal.head is None else journal.head["run"]
    differing = differences(before, asked) if before else []
    keys = [one["phi_safe"]["key"] for one in (before, asked) if "phi_safe" in one]
    if len(set(keys)) > 1:
        raise SettingsError(
            "another key was used for this folder, whose codes are others",
            code="other-key",
            remedy="give the key that it was made with, or choose another folder",
        )
    if differing and len(keys) == 2:
        raise SettingsError(
            f"this folder holds a run with other settings: {'; '.join(differing[:4])}",
            code="other-settings",
            remedy="give the first command again as it was (--inputs, --group-by and settings that run.toml does not "
            "tell, since they may name someone), or choose another folder",
        )
    if differing:
        more = f" and {len(differing) - 4} more" if len(differing) > 4 else ""
        raise SettingsError(
            f"{journal.path.parent} holds a run with other settings: {'; '.join(differing[:4])}{more}",
            code="other-settings",
            remedy="choose another folder, or give the settings of run.toml in it",
        )
