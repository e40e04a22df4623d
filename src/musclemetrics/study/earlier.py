"""What an earlier run left, and a later one must not lose: a reviewer's word, the sheet, the tables themselves."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..errors import SettingsError
from ..store.whole import replaced
from .home import CORRECTIONS
from .journal import NAME as JOURNAL
from .journal import Journal
from .plan import NAME as PLAN
from .plan import Plan
from .ratings import NAME as RATINGS
from .sheet import NAME as SHEET

__all__ = ["begun", "carried", "counted", "refuse_lost", "taken_over", "with_sheet"]

_TABLE = "records.jsonl"


def carried(source: Path | None, home: Path) -> list[tuple[str, Path]]:
    """Return the files of a reviewer that a run takes over from another folder: those of which it has none itself."""
    if source is None or source.resolve() == home.resolve():
        return []
    return [
        (name, source / name)
        for name in (CORRECTIONS, RATINGS)
        if (source / name).is_file() and not (home / name).exists()
    ]


def taken_over(files: Iterable[tuple[str, Path]], home: Path) -> list[str]:
    """Copy these files into the run folder, and say so."""
    told = []
    for name, path in files:
        with replaced(home / name) as part:
            part.write_bytes(path.read_bytes())
        told.append(f"{name} was taken over from {path.parent}")
    return told


def with_sheet(plan: Plan, home: Path) -> Plan:
    """Return the plan with the sheet whose labels the folder has, where it names none: recipe and tables agree."""
    if plan.table is not None or not (home / SHEET).exists():
        return plan
    with suppress(OSError, ValueError, RecursionError):
        held = tomllib.loads((home / PLAN).read_text(encoding="utf-8-sig"))
        table, match = held.get("table"), held.get("match")
        if isinstance(table, str):
            plan = replace(plan, table=str(home / table))
        if isinstance(match, str) and plan.match is None:
            plan = replace(plan, match=match)
    return plan


def counted(home: Path) -> int:
    """Return how many rows the tables of a folder have."""
    try:
        with (home / _TABLE).open("rb") as stream:
            return sum(1 for line in stream if line.strip())
    except OSError:
        return 0


def refuse_lost(home: Path, journal: Journal | None, *, overwrite: bool) -> None:
    """Refuse to put new tables in the place of some whose journal is gone, so that they could not be made again.

    Raises
    ------
    SettingsError
        ``journal-gone``.
    """
    if overwrite or (journal is not None and journal.lines):
        return
    rows = counted(home)
    if rows:
        raise SettingsError(
            f"the tables in {home} have {rows} {'row' if rows == 1 else 'rows'}, and {JOURNAL}, from which they were "
            "made, is gone or has none of them",
            code="journal-gone",
            remedy=f"put {JOURNAL} back, choose another folder, or give --overwrite to measure all anew",
        )


def begun(plan: Plan, home: Path, journal: Journal, keys: Iterable[str]) -> list[str] | None:
    """Judge a journal that does not say what was asked, or says it wrongly, by its rows.

    Returns
    -------
    list of str or None
        What was found, in words, where the rows are those of this plan, or ``run.toml`` says so; None where the
        journal itself is to be believed.

    Raises
    ------
    SettingsError
        ``other-settings`` if it does not say what was asked, and its rows are of another run.
    """
    if not journal.lines:
        return None
    held = {line.key for line in journal.lines.values()}
    alike = not held.isdisjoint(keys)
    if journal.head is not None:
        if alike and journal.head["run"] != plan.asked:
            return [
                f"the line of {JOURNAL} that says what was asked is damaged; it is written anew, as its rows have it"
            ]
        return None
    if not alike and plan.safe is None:  # other versions make other keys
        with suppress(SettingsError):
            alike = Plan.load(home / PLAN).asked == plan.asked
    if alike:
        return [f"the line of {JOURNAL} that says what was asked is damaged or gone; it is written anew"]
    raise SettingsError(
        f"the line of {JOURNAL} in {home} that says what was asked is damaged or gone, and its "
        f"{len(journal.lines)} items were not measured with these settings",
        code="other-settings",
        remedy=f"give the settings of {PLAN} in it, and its rows are kept; or choose another folder",
    )
