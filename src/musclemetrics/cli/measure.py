"""The verb of a modality: files in, records out."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..batch import items, listed, measure_files
from ..corrections import Correction, load
from ..errors import SettingsError
from ..modalities import CORRECTIONS
from ..record import Record
from ..report.words import titles_of
from ..study.deriving import Derived, Kept
from ..study.labelling import relabelled
from ..study.phi import Safe
from ..study.placing import placed
from ..study.plan import Plan, shard_of
from ..study.pseudonyms import load_key
from ..study.settling import settled
from ..study.sheet import load as load_sheet
from . import NOTHING, OK
from .engine import checked_engine, engine
from .folder import exit_code, measured_into, page_of, reported
from .outputs import Output, guarded, target
from .privacy import open_to_all
from .settings import converted, listing, options_converted, pairs
from .show import print_table, watched

__all__ = ["measure"]


def measure(arguments: Namespace) -> int:
    """Carry out ``musclemetrics <modality> PATH… [-o OUT]``."""
    verb = arguments.modality
    if arguments.list_settings or "list" in arguments.settings:
        print(listing(verb))
        return OK
    plan = _plan(arguments)
    if not plan.paths:
        raise SettingsError("no files were given", code="no-paths", remedy=f"see musclemetrics {verb} --help")
    checked_engine(arguments)
    outputs = [target(word) for word in arguments.output]
    if getattr(arguments, "prism", None):
        outputs.append(Output(Path(arguments.prism), "prism", "--prism"))
    if getattr(arguments, "save_onsets", None):
        outputs.append(Output(Path(arguments.save_onsets), "onsets", "--save-onsets"))
    if getattr(arguments, "save_lines", None):
        outputs.append(Output(Path(arguments.save_lines), "lines", "--save-lines"))
    folder = _folder(outputs, plan)
    corrections, files = _corrections(arguments)
    entries = listed(plan.paths)
    guarded(outputs, entries, files, overwrite=arguments.overwrite)
    count = len(items(entries, plan.group_by))
    if folder is not None:
        made = measured_into(folder.path, plan, arguments, corrections, count)
        others = [o for o in outputs if o is not folder]
        records = Kept(folder.path / "records.jsonl") if others else made.records
        written = [page_of(folder.path), *_written(records, others, arguments, exit_code(made.counts))]
        if plan.safe is None:
            made = replace(made, told=(*made.told, *open_to_all(folder.path, made.records)))
        return reported(made, arguments, written, plan.group_by)
    with engine(arguments, count) as place:
        found = measure_files(
            plan.paths,
            verb,
            group_by=plan.group_by,
            reading=plan.reading,
            corrections=corrections,
            **place,
            **plan.settings,
        )
        measured = list(watched(found, quiet=arguments.quiet))
    told: list[str] = []
    sheet = None if plan.table is None else placed(load_sheet(plan.table, match=plan.match), [e.name for e in entries])
    if plan.safe is not None:
        measured = [plan.safe.record(r) for r in measured]
        sheet = None if sheet is None else plan.safe.sheet(sheet)
    labels = plan.labels if plan.safe is None else plan.safe.labels(plan.labels)
    records = list(settled(lambda: relabelled(measured, labels), sheet, plan.safe, told))
    counts: dict[str, int] = dict(Counter(r.status for r in records))
    written = _written(records, outputs, arguments, exit_code(counts))
    if not outputs:
        print_table(records)
    return reported(Derived(records, counts, tuple(told)), arguments, written, plan.group_by)


def _plan(arguments: Namespace) -> Plan:
    """Return what is asked: what the arguments say, for the rest what the run that they name was asked."""
    verb = arguments.modality
    settings = converted(verb, pairs(arguments.settings, "-s"))
    options = options_converted(pairs(arguments.reading, "-r"))
    labels = pairs(arguments.labels, "--label")
    shard = None if arguments.shard is None else shard_of(arguments.shard)
    given = Plan(
        verb,
        tuple(arguments.paths),
        settings,
        options,
        arguments.group_by,
        labels,
        shard,
        arguments.raw_csv,
        arguments.table,
        arguments.match,
        _safe(arguments),
    )
    if arguments.config is None:
        return given
    held = Plan.load(arguments.config, arguments.key)
    if held.name != given.name:
        raise SettingsError(
            f"{arguments.config} is of a run of {held.name}, not of {given.name}",
            code="other-settings",
            remedy=f"use musclemetrics {held.name}",
        )
    return Plan(
        verb,
        given.paths or held.paths,
        {**held.settings, **settings},
        {**held.reading, **options},
        given.group_by or held.group_by,
        {**held.labels, **labels},
        shard or held.shard,
        given.raw_csv or held.raw_csv,
        given.table or held.table,
        given.match or held.match,
        given.safe or held.safe,
    )


def _safe(arguments: Namespace) -> Safe | None:
    """Return what makes the results safe to pass on, where that is asked."""
    if arguments.allow and not (arguments.phi_safe or arguments.config):
        raise SettingsError("--allow is for --phi-safe, which was not given", remedy="give both, or neither")
    if arguments.match and not arguments.table:
        raise SettingsError("--match joins a sheet, and none was given", remedy="give --table SHEET")
    if not arguments.phi_safe:
        return None
    if arguments.key is None:
        raise SettingsError(
            "--phi-safe makes codes, and for these it needs a key",
            code="no-key",
            remedy="make one (musclemetrics key FILE) and give --key FILE",
        )
    key = None
    for word in arguments.output or [""]:
        place = Path(word) if word and target(word).kind == "folder" else None
        key = load_key(arguments.key, outside=place)
    assert key is not None
    return Safe(key, tuple(arguments.allow))


def _folder(outputs: Sequence[Output], plan: Plan) -> Output | None:
    """Return the run folder among the outputs, if there is one."""
    found = [o for o in outputs if o.kind == "folder"]
    if len(found) > 1:
        raise SettingsError(
            f"-o {found[0].path} and -o {found[1].path} are two folders for one run", remedy="give one of them"
        )
    if plan.shard is not None and not found:
        raise SettingsError(
            "a part of a run is kept in a folder", code="bad-shard", remedy="give -o FOLDER, to be joined by merge"
        )
    return found[0] if found else None


def _corrections(arguments: Namespace) -> tuple[list[Correction], list[Path]]:
    """Return the corrections of the files given, and these files, which are no place for an output."""
    found: list[Correction] = []
    files: list[Path] = []
    for setting in CORRECTIONS.get(arguments.modality, ()):
        word = getattr(arguments, setting)
        if word is None:
            continue
        own = load(word, setting=setting)
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


def _written(records: Sequence[Record], outputs: Sequence[Output], arguments: Namespace, code: int) -> list[str]:
    """Write all outputs and return them; an interruption says which of them are there."""
    written: list[str] = []
    try:
        for output in outputs:
            if output.kind == "file" or code != NOTHING:
                written.append(_write(records, output, arguments))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"written before that: {', '.join(written)}" if written else "") from None
    return written


def _missing(records: Sequence[Record], most: int = 20) -> str:
    """Return the names of what failed, which a table of points cannot hold."""
    names = [title for r, title in zip(records, titles_of(records), strict=True) if r.status == "failed"]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f", without {', '.join(names[:most])}{more}" if names else ""


def _write(records: Sequence[Record], output: Output, arguments: Namespace) -> str:
    from ..store import save, save_lines, save_onsets, save_prism

    if output.kind == "prism":
        return f"{output.path} ({save_prism(records, output.path)} curves{_missing(records)})"
    if output.kind == "onsets":
        return f"{output.path} ({save_onsets(records, output.path)} releases{_missing(records)})"
    if output.kind == "lines":
        return f"{output.path} ({save_lines(records, output.path)} images{_missing(records)})"
    return str(save(records, output.path, raw_csv=arguments.raw_csv))
