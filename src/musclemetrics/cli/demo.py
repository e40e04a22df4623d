"""The demonstration: every modality on its sample data."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

from ..batch import measure_files
from ..errors import SettingsError
from ..record import Record
from . import NOTHING, OK
from .folder import exit_code
from .outputs import PAGE, PICTURES, Output, guarded
from .show import print_table, reasons, summary, watched

__all__ = ["demo"]

# What an earlier demonstration may have left; every such name is a digest.
_OWN = re.compile(r"[0-9a-f]{12}\.html|[0-9a-f]{20}(-scan)?\.(png|jpg)")


def demo(arguments: Namespace) -> int:
    """Carry out ``musclemetrics demo``: a broken sample belongs to the show, so only an empty one fails."""
    from ..simulate import SAMPLES, sample

    folder = Path(arguments.output)
    guarded([Output(folder, "page")], [], overwrite=arguments.overwrite)
    records: list[Record] = []
    with _part(folder) as part:
        overlays = part / "overlays"
        overlays.mkdir()
        for name, (modality, group_by) in SAMPLES.items():
            found = measure_files(sample(name), modality, group_by=group_by, overlays=overlays)
            records += watched(found, quiet=arguments.quiet)
        page = _written(records, part, folder)
    if not arguments.quiet:
        print_table(records)
        for line in reasons(records):
            print(line, file=sys.stderr)
        print(summary(records), file=sys.stderr)
    print(page)
    return NOTHING if exit_code(Counter(r.status for r in records)) == NOTHING else OK


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """Give an empty folder inside `path`, for files on their way; a folder made for it goes if nothing comes to it."""
    made = [p for p in (path, *path.parents) if not p.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        inner = Path(tempfile.mkdtemp(prefix=".part-", dir=path))
    except OSError as error:
        raise SettingsError(
            f"the folder {path} cannot be written ({error.strerror or error})",
            code="unwritable",
            remedy="choose another folder",
        ) from error
    try:
        yield inner
    finally:
        rmtree(inner, ignore_errors=True)
        for p in made:
            with suppress(OSError):
                p.rmdir()


def _written(records: Sequence[Record], part: Path, folder: Path) -> Path:
    """Write tables and report, and return its index.

    Everything is made in a folder beside and put in its place at the end, so that an interruption leaves what was
    there before.
    """
    from ..report import pages
    from ..store import save

    save(records, part / "records.csv")
    save(records, part / "records.jsonl")
    pages(records, part, title="musclemetrics on its sample data", overlays=part / "overlays")
    shown = {name: {p.name for p in (part / name).iterdir()} for name in PICTURES}
    try:
        _installed(part, folder, shown)
    except KeyboardInterrupt:  # all is made; moving it takes no time, and half of it moved would be no result
        _installed(part, folder, shown)
    return folder / PAGE[-1]


def _installed(part: Path, folder: Path, shown: dict[str, set[str]]) -> None:
    """Put finished files in their places, the index last, since it points to all others; then remove what it does not
    show of an earlier demonstration. Files of other origin stay.
    """
    try:
        for name in PICTURES:
            (folder / name).mkdir(exist_ok=True)
            for file in sorted((part / name).iterdir()):
                os.replace(file, folder / name / file.name)
        for name in PAGE:
            if (part / name).exists():
                os.replace(part / name, folder / name)
        for name, own in shown.items():
            for old in (folder / name).iterdir():
                if _OWN.fullmatch(old.name) and old.name not in own:
                    old.unlink()
    except OSError as error:
        raise SettingsError(
            f"{folder} cannot be filled ({error.strerror or error})",
            code="unwritable",
            remedy="close the program that holds one of its files open, or choose another folder",
        ) from error
