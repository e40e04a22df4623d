"""The verb of a modality: files in, records out."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from ..batch import PatientPool, measure_files
from ..errors import SettingsError
from ..record import Record
from . import NOTHING, OK, SOME_FAILED
from .settings import converted, listing, options_converted, pairs
from .show import print_table, reasons, summary, watched

__all__ = ["exit_code", "measure", "write_folder"]

_FILES = (".csv", ".jsonl", ".h5", ".hdf5")


def exit_code(records: Sequence[Record]) -> int:
    """Return 0 if all were measured, 1 if some failed, 3 if there is no number at all; skipped files do not count."""
    if not any(r.status in ("ok", "suspect") for r in records):
        return NOTHING
    return SOME_FAILED if any(r.status == "failed" for r in records) else OK


def _target(word: str) -> tuple[Path, bool]:
    """Return an output and whether it is a folder; refuse what could not be written after all the work."""
    path = Path(word)
    separators = tuple(s for s in (os.sep, os.altsep) if s)
    if path.is_dir() or word.endswith(separators) or not path.suffix:
        if path.exists() and not path.is_dir():
            raise SettingsError(f"-o {word} is a file, not a folder", code="unwritable", remedy="choose another name")
        return path, True
    if path.suffix.lower() not in _FILES:
        raise SettingsError(
            f"-o {word} ends in {path.suffix!r}, which is no format of records",
            code="unknown-suffix",
            remedy=f"use {', '.join(_FILES)}, or end the name of a folder with {os.sep}",
        )
    if not path.parent.is_dir():
        raise SettingsError(f"-o {word}: there is no folder {path.parent}", code="unwritable", remedy="make it first")
    return path, False


def write_folder(records: Sequence[Record], folder: Path, *, title: str, raw_csv: bool = False) -> Path:
    """Write tables, pictures and the page of a run into a folder, and return the page."""
    from ..report import summary_page
    from ..store import save

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the folder {folder} cannot be made ({error.strerror or error})",
            code="unwritable",
            remedy="choose another folder",
        ) from error
    save(records, folder / "records.csv", raw_csv=raw_csv)
    save(records, folder / "records.jsonl")
    return summary_page(records, folder, title=title)


def measure(arguments: Namespace) -> int:
    """Carry out ``musclemetrics <modality> PATH… [-o OUT]``."""
    verb = arguments.modality
    if arguments.list_settings or "list" in arguments.settings:
        print(listing(verb))
        return OK
    if not arguments.paths:
        raise SettingsError("no files were given", code="no-paths", remedy=f"see musclemetrics {verb} --help")
    if arguments.jobs < 1:
        raise SettingsError(f"-j {arguments.jobs} is less than 1", remedy="give the number of worker processes")
    settings = converted(verb, pairs(arguments.settings, "-s"))
    options = options_converted(pairs(arguments.reading, "-r"))
    labels = pairs(arguments.labels, "--label")
    targets = [_target(word) for word in arguments.output]
    # A setting may share its name with a parameter of measure_files only by a modality's mistake; it would fail here.
    pool = PatientPool(arguments.jobs) if arguments.jobs > 1 else None
    try:
        found = measure_files(
            arguments.paths, verb, executor=pool, group_by=arguments.group_by, reading=options, **settings
        )
        records = [r.labelled(**labels) if labels else r for r in watched(found, quiet=arguments.quiet)]
    except KeyboardInterrupt:
        if pool is not None:
            pool.kill()
        raise
    if pool is not None:
        pool.shutdown()
    written = [_write(records, path, folder, arguments) for path, folder in targets]
    if getattr(arguments, "prism", None):
        from ..store import save_prism

        if exit_code(records) != NOTHING:
            curves = save_prism(records, arguments.prism)
            written.append(f"{arguments.prism} ({curves} curves)")
    if not written:
        print_table(records)
    if not arguments.quiet:
        for line in reasons(records):
            print(line, file=sys.stderr)
        where = f" -> {', '.join(written)}" if written else ""
        print(summary(records) + where, file=sys.stderr)
    return exit_code(records)


def _write(records: Sequence[Record], path: Path, folder: bool, arguments: Namespace) -> str:
    if folder:
        return str(write_folder(records, path, title=arguments.modality, raw_csv=arguments.raw_csv))
    from ..store import save

    return str(save(records, path, raw_csv=arguments.raw_csv))
