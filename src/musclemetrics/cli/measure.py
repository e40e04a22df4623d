"""The verb of a modality: files in, records out."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..batch import items, listed, measure_files
from ..corrections import Correction, load
from ..errors import SettingsError
from ..modalities import CORRECTIONS, modality
from ..record import Record
from ..report.words import titles_of
from . import NOTHING, OK, SOME_FAILED
from .engine import checked_engine, engine
from ..study.labelling import relabelled
from .outputs import Output, guarded, target, write_folder
from .settings import converted, listing, options_converted, pairs
from .show import apart, hint, print_table, reasons, summary, watched

__all__ = ["exit_code", "measure"]


def exit_code(records: Sequence[Record]) -> int:
    """Return 0 if all were measured, 1 if some failed, 3 if there is no number at all; skipped files do not count."""
    if not any(r.status in ("ok", "suspect") for r in records):
        return NOTHING
    return SOME_FAILED if any(r.status == "failed" for r in records) else OK


def measure(arguments: Namespace) -> int:
    """Carry out ``musclemetrics <modality> PATH… [-o OUT]``."""
    verb = arguments.modality
    if arguments.list_settings or "list" in arguments.settings:
        print(listing(verb))
        return OK
    if not arguments.paths:
        raise SettingsError("no files were given", code="no-paths", remedy=f"see musclemetrics {verb} --help")
    checked_engine(arguments)
    settings = converted(verb, pairs(arguments.settings, "-s"))
    options = options_converted(pairs(arguments.reading, "-r"))
    labels = pairs(arguments.labels, "--label")
    outputs = [target(word) for word in arguments.output]
    if getattr(arguments, "prism", None):
        outputs.append(Output(Path(arguments.prism), "prism", "--prism"))
    if getattr(arguments, "save_onsets", None):
        outputs.append(Output(Path(arguments.save_onsets), "onsets", "--save-onsets"))
    if getattr(arguments, "save_lines", None):
        outputs.append(Output(Path(arguments.save_lines), "lines", "--save-lines"))
    corrections, files = _corrections(arguments)
    entries = listed(arguments.paths)
    guarded(outputs, entries, files, overwrite=arguments.overwrite)
    with _overlays(verb, outputs) as overlays:
        with engine(arguments, len(items(entries, arguments.group_by))) as place:
            found = measure_files(
                arguments.paths,
                verb,
                group_by=arguments.group_by,
                reading=options,
                corrections=corrections,
                overlays=overlays,
                **place,
                **settings,
            )
            records = list(relabelled(watched(found, quiet=arguments.quiet), labels))
        written = _written(records, outputs, arguments, overlays)
    if not outputs:
        print_table(records)
    if not arguments.quiet:
        lines = list(reasons(records, notes=arguments.notes))
        for line in (*lines, *apart(records, arguments.group_by), *hint(lines)):
            print(line, file=sys.stderr)
        where = f" -> {', '.join(written)}" if written else ""
        print(summary(records, notes=arguments.notes) + where, file=sys.stderr)
    return exit_code(records)


@contextmanager
def _overlays(verb: str, outputs: Sequence[Output]) -> Iterator[Path | None]:
    """Give a folder for overlays where they are drawn and have a place to go, until they are there."""
    if not (hasattr(modality(verb), "picture") and any(o.kind == "folder" for o in outputs)):
        yield None
        return
    with TemporaryDirectory() as folder:
        yield Path(folder)


def _corrections(arguments: Namespace) -> tuple[list[Correction], list[Path]]:
    """Return the corrections of the files given, and these files, which are no place for an output."""
    found: list[Correction] = []
    files: list[Path] = []
    for setting in CORRECTIONS.get(arguments.modality, ()):
        word = getattr(arguments, setting)
        if word is None:
            continue
        own = load(word)
        other = next((name for c in own for name in c.settings if name != setting), None)
        if other is not None:
            raise SettingsError(
                f"--{setting} {word} corrects {other}",
                code="bad-correction",
                remedy=f"--{setting} takes {setting} only",
            )
        if not own and not arguments.quiet:
            print(f"{word} changes nothing: all {setting} in it are those found", file=sys.stderr)
        found += own
        files.append(Path(word))
    return found, files


def _written(
    records: Sequence[Record], outputs: Sequence[Output], arguments: Namespace, overlays: Path | None
) -> list[str]:
    """Write all outputs and return them; an interruption says which of them are there."""
    written: list[str] = []
    try:
        for output in outputs:
            if output.kind in ("file", "folder") or exit_code(records) != NOTHING:
                written.append(_write(records, output, arguments, overlays))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"written before that: {', '.join(written)}" if written else "") from None
    return written


def _missing(records: Sequence[Record], most: int = 20) -> str:
    """Return the names of what failed, which a table of points cannot hold."""
    names = [title for r, title in zip(records, titles_of(records), strict=True) if r.status == "failed"]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f", without {', '.join(names[:most])}{more}" if names else ""


def _write(records: Sequence[Record], output: Output, arguments: Namespace, overlays: Path | None) -> str:
    from ..store import save, save_lines, save_onsets, save_prism

    if output.kind == "folder":
        page = write_folder(
            records,
            output.path,
            title=arguments.modality,
            raw_csv=arguments.raw_csv,
            jobs=arguments.jobs,
            overlays=overlays,
        )
        return str(page)
    if output.kind == "prism":
        return f"{output.path} ({save_prism(records, output.path)} curves{_missing(records)})"
    if output.kind == "onsets":
        return f"{output.path} ({save_onsets(records, output.path)} releases{_missing(records)})"
    if output.kind == "lines":
        return f"{output.path} ({save_lines(records, output.path)} images{_missing(records)})"
    return str(save(records, output.path, raw_csv=arguments.raw_csv))
