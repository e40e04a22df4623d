"""Where the results of a run go: decided before anything is measured, so that no recording is ever written over."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..batch import Entry
from ..errors import SettingsError
from ..provenance import HEAD, corrections_table, own_output
from ..study.home import FILES
from ..study.journal import NAME as JOURNAL
from ..study.journal import remains

__all__ = ["PAGE", "PICTURES", "Output", "guarded", "target"]

_FILES = (".csv", ".xlsx", ".jsonl", ".h5", ".hdf5")
PAGE = ("records.csv", "records.jsonl", "index.html")
"""What a report that is no run's has in its folder, the page last."""
PICTURES = ("figures", "overlays", "subjects")
"""Folders beside that page, with what it points to."""


@dataclass(frozen=True, slots=True)
class Output:
    """One place the results go to, as the caller wrote it."""

    path: Path
    kind: Literal["file", "folder", "page", "prism", "onsets", "lines"]
    option: str = "-o"

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that a name of their own could make collide with what is there."""
        names = {"folder": FILES, "page": PAGE}.get(self.kind)
        return (self.path,) if names is None else tuple(self.path / name for name in names)


def target(word: str) -> Output:
    """Return an output; refuse what could not be written after all the work."""
    path = Path(word)
    separators = tuple(s for s in (os.sep, os.altsep) if s)
    if path.is_dir() or word.endswith(separators) or not path.suffix:
        if path.exists() and not path.is_dir():
            raise SettingsError(f"-o {word} is a file, not a folder", code="unwritable", remedy="choose another name")
        return Output(path, "folder")
    if path.suffix.lower() not in _FILES:
        raise SettingsError(
            f"-o {word} ends in {path.suffix!r}, which is no format of records",
            code="unknown-suffix",
            remedy=f"use {', '.join(_FILES)}, or end the name of a folder with {os.sep}",
        )
    return Output(path, "file")


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what is the same for two names of one file (a link, another spelling), None where there is no file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def guarded(
    outputs: Sequence[Output], entries: Iterable[Entry], corrections: Sequence[Path] = (), *, overwrite: bool
) -> None:
    """Refuse outputs that would take the place of something musclemetrics did not write.

    Parameters
    ----------
    outputs : sequence of Output
    entries : iterable of Entry
        The files to be measured. None of them is ever an output; earlier results met in a folder may be replaced.
    corrections : sequence of Path
        Files of a person's corrections, which are no outputs either.
    overwrite : bool
        Whether files of other origin that are no inputs may be replaced.

    Raises
    ------
    SettingsError
        ``would-overwrite-input``, ``would-overwrite-file``, ``same-output``.
    """
    named: dict[str, Output] = {}
    there = [(o, f, i) for o in outputs for f in o.files if (i := _identity(f)) is not None]
    held = {_identity(Path(e.path)): e for e in entries} if there else {}
    read = {_identity(path) for path in corrections}
    for output in outputs:
        for file in output.files:
            twin = named.setdefault(os.path.normcase(os.path.abspath(file)), output)
            if twin is not output:
                raise SettingsError(
                    f"{twin.option} {twin.path} and {output.option} {output.path} are the same file",
                    code="same-output",
                    remedy="give two names",
                )
    for output in outputs:
        _placeable(output)
    for output, file, identity in there:
        entry = held.get(identity)
        head = _head(file)
        # Nothing but results of ours, or nothing at all, is lost with the file; corrections are a person's work.
        ours = head is not None and (not head or own_output(head) or (file.name == JOURNAL and remains(file)))
        passed_over = ours or (head is not None and corrections_table(head))
        if identity in read or (entry is not None and (entry.named or not passed_over)):
            raise SettingsError(
                f"{output.option} {output.path} would write over {file.name}, which is "
                + ("read for its corrections" if identity in read else "to be measured"),
                code="would-overwrite-input",
                remedy="choose another name for the output",
            )
        if not ours and not overwrite:
            raise SettingsError(
                f"{output.option} {output.path} would write over {file.name}, which "
                + (
                    "was not written by musclemetrics"
                    if output.kind in ("file", "folder", "page")
                    else "is there already"
                ),
                code="would-overwrite-file",
                remedy="choose another name, or give --overwrite to replace it",
            )


def _placeable(output: Output) -> None:
    """Refuse what the system would refuse after all the work."""
    places = [f for f in output.files if f.is_dir()]
    beside = {"folder": ("report", "overlays"), "page": PICTURES}.get(output.kind, ())
    places += [output.path / name for name in beside if (output.path / name).is_file()]
    if places:
        raise SettingsError(
            f"{output.option} {output.path}: {places[0]} is in the way",
            code="unwritable",
            remedy="choose another name",
        )
    if not beside and not output.path.parent.is_dir():
        raise SettingsError(
            f"{output.option} {output.path}: there is no folder {output.path.parent}",
            code="unwritable",
            remedy="make it first",
        )
    # The nearest folder that exists is where everything begins.
    start = output.path if beside else output.path.parent
    above = next((p for p in (start.absolute(), *start.absolute().parents) if p.exists()), None)
    if above is not None and not (above.is_dir() and os.access(above, os.W_OK)):
        raise SettingsError(
            f"{output.option} {output.path}: {above} cannot be written into",
            code="unwritable",
            remedy="choose another folder",
        )


def _head(path: Path) -> bytes | None:
    """Return how a file begins, None where that cannot be known."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD)
    except OSError:
        return None
