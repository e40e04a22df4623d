"""Run folders at the command line: measuring into one, and the verbs that go on from there."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ..batch import items, listed
from ..corrections import Correction
from ..errors import SettingsError
from ..study.applying import apply as apply_files
from ..study.applying import refuse_untold
from ..study.deriving import Derived
from ..study.figures import draw_figures
from ..study.journal import Journal
from ..study.lock import Lock
from ..study.merging import merge as merge_parts
from ..study.plan import Plan, shard_of
from ..study.running import run
from . import NOTHING, OK, SOME_FAILED
from .engine import checked_engine, engine
from .show import apart, hint, reasons, summary, watched

__all__ = ["VERBS", "exit_code", "measured_into", "page_of", "reported"]


def exit_code(counts: Mapping[str, int]) -> int:
    """Return 0 if all were measured, 1 if some failed, 3 if there is no number at all; skipped files do not count."""
    if not counts.get("ok", 0) + counts.get("suspect", 0):
        return NOTHING
    return SOME_FAILED if counts.get("failed", 0) else OK


@contextmanager
def _told_to_end() -> Iterator[None]:
    """Take a scheduler's request to end (SIGTERM) for Ctrl-C, so that the run closes its books and frees its folder."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # in a thread, where signals are another's business
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def measured_into(
    folder: Path,
    plan: Plan,
    arguments: Namespace,
    corrections: Iterable[Correction] = (),
    count: int | None = None,
    beside: Path | None = None,
) -> Derived:
    """Measure a plan into its run folder with the engine that the arguments name."""
    if count is None:
        count = len(items(listed(plan.paths), plan.group_by))
    with _told_to_end(), engine(arguments, count) as place:
        return run(
            plan,
            folder,
            corrections=corrections,
            watch=lambda results: watched(results, quiet=arguments.quiet),
            jobs=arguments.jobs,
            overwrite=getattr(arguments, "overwrite", False),
            beside=beside,
            **place,
        )


def reported(made: Derived, arguments: Namespace, where: Sequence[str], group_by: str | None = None) -> int:
    """Print what became of a run, and return the exit code."""
    if not arguments.quiet:
        lines = list(reasons(made.records, notes=arguments.notes))
        for line in (*made.told, *lines, *apart(made.records, group_by), *hint(lines)):
            print(line, file=sys.stderr)
        told = summary(made.records, made.counts, notes=arguments.notes)
        new = "" if made.records or not made.counts else "; nothing is new"
        place = f" -> {', '.join(where)}" if where else ""
        print(f"{told}{new}{place}", file=sys.stderr)
    return exit_code(made.counts)


def page_of(folder: Path) -> str:
    """Return the first page of a run folder, or the folder where it has none."""
    page = folder / "report" / "index.html"
    return str(page if page.exists() else folder)


def run_again(arguments: Namespace) -> int:
    """Carry out ``musclemetrics run RUN``."""
    checked_engine(arguments)
    plan = Plan.load(arguments.config, arguments.key)
    if arguments.shard is not None:
        plan = replace(plan, shard=shard_of(arguments.shard))
    config = Path(arguments.config)
    own = config if config.is_dir() else config.parent
    folder = Path(arguments.output) if arguments.output else own
    plan = replace(plan, paths=tuple(arguments.inputs) or plan.paths, group_by=arguments.group_by or plan.group_by)
    if plan.safe is not None:
        home = config if config.is_dir() else config.parent
        if folder.resolve() != home.resolve():
            raise SettingsError(
                "run.toml of a run that names nobody does not tell all that another folder needs, such as its sheet",
                code="not-safe",
                remedy="give the first command again with another -o",
            )
        with Journal(home) as journal:
            refuse_untold(plan, journal)
    if not plan.paths:
        raise SettingsError(
            f"{config} names no files", code="no-paths", remedy="add paths to it, or give the recordings: --inputs PATH"
        )
    arguments.modality = plan.modality
    return reported(measured_into(folder, plan, arguments, beside=own), arguments, [page_of(folder)], plan.group_by)


def merge(arguments: Namespace) -> int:
    """Carry out ``musclemetrics merge FOLDER… -o FOLDER``."""
    made = merge_parts(arguments.parts, arguments.output, key=arguments.key, jobs=arguments.jobs)
    return reported(made, arguments, [page_of(Path(arguments.output))])


def apply(arguments: Namespace) -> int:
    """Carry out ``musclemetrics apply FOLDER FILE…``."""
    checked_engine(arguments)
    Lock(Path(arguments.folder)).refuse_held()
    arguments.modality = Plan.load(arguments.folder, arguments.key).modality
    with engine(arguments, 2) as place:
        made = apply_files(
            arguments.folder,
            arguments.files,
            key=arguments.key,
            inputs=arguments.inputs,
            group_by=arguments.group_by,
            watch=lambda results: watched(results, quiet=arguments.quiet),
            jobs=arguments.jobs,
            **place,
        )
    return reported(made, arguments, [page_of(Path(arguments.folder))])


def figures(arguments: Namespace) -> int:
    """Carry out ``musclemetrics figures FOLDER``."""
    folder = Path(arguments.folder)
    target = Path(arguments.output) if arguments.output else folder / "figures"
    drawn, told = draw_figures(folder, target, form=arguments.format, by=arguments.by, of=arguments.of)
    if not arguments.quiet:
        for line in told:
            print(line, file=sys.stderr)
        print(f"{len(drawn)} figures -> {target}", file=sys.stderr)
    return OK if drawn else NOTHING


VERBS: dict[str, Callable[[Namespace], int]] = {"run": run_again, "merge": merge, "apply": apply, "figures": figures}
