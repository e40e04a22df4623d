"""What a reviewer decided is carried out: corrected items are measured anew, ratings stand in the tables."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from ..batch import prepared
from ..corrections import Correction
from ..corrections import load as load_corrections
from ..errors import SettingsError
from ..store.whole import replaced
from . import ratings
from .deriving import Derived, Kept, derive
from .home import CORRECTIONS, own_paths, refuse_other
from .journal import NAME as JOURNAL
from .journal import Journal
from .lock import Lock
from .plan import NAME as PLAN
from .plan import Plan
from .running import run

__all__ = ["CORRECTIONS", "apply", "joined_corrections", "refuse_untold", "save_corrections", "stored_corrections"]


def apply(
    folder: str | PathLike[str],
    files: Iterable[str | PathLike[str]],
    *,
    key: str | PathLike[str] | None = None,
    inputs: Iterable[str | PathLike[str]] = (),
    group_by: str | None = None,
    **engine: Any,
) -> Derived:
    """Take a reviewer's ratings and corrections into a run folder.

    They are kept there as ``ratings.csv`` and ``corrections.json``, newer ones in place of older ones of the same
    record, and hold for every later run of the folder. Ratings need no recordings; for corrections the recordings must
    lie where ``run.toml`` says.

    Parameters
    ----------
    folder : path
    files : iterable of paths
        Each a ``ratings.csv``, or corrections as :func:`musclemetrics.corrections.load` reads them.
    key : path, optional
        The key of a run that is safe to pass on.
    inputs : iterable of paths, optional
        The recordings, where ``run.toml`` does not tell them or they lie elsewhere by now.
    group_by : str, optional
        Which files make one item, where ``run.toml`` does not tell it because its text may name someone.
    **engine
        ``executor``, ``deadline``, ``memory``, ``watch``, ``report`` and ``jobs`` of
        :func:`musclemetrics.study.running.run`.

    Returns
    -------
    Derived

    Raises
    ------
    SettingsError
        ``bad-rating``, ``bad-correction`` and what else is wrong with the files; ``inputs-moved`` if recordings are
        no longer there; ``no-paths`` and ``other-settings`` if a run that names nobody does not tell where they are or
        how it was asked. Nothing is changed then.
    """
    home = Path(folder)
    Lock(home).refuse_held()
    plan = Plan.load(home / PLAN, key)
    moved = tuple(os.fspath(path) for path in inputs)
    plan = replace(plan, paths=moved) if moved else plan
    plan = replace(plan, group_by=group_by) if group_by else plan
    rated: list[ratings.Rating] = []
    corrected: list[Correction] = []
    for word in files:
        _refuse_empty(Path(word))
        if _is_ratings(Path(word)):
            rated += ratings.load(word)
        else:
            corrected += load_corrections(word)
    if plan.safe is not None:
        rated = [plan.safe.rating(one) for one in rated]
        corrected = [plan.safe.correction(one) for one in corrected]
    table = home / "records.jsonl"
    records = [replace(r, traces=()) for r in Kept(table)] if rated and table.exists() else []
    if records:
        ratings.checked(records, rated)  # what names no record is told when the tables are made
    with Journal(home) as journal:  # refuses what is no run folder
        held = stored_corrections(home)
        _refuse_nothing_held(held, corrected)
        everything = joined_corrections(held, corrected)
        if corrected:
            refuse_untold(plan, journal)
            whole = prepared(
                plan.paths,
                plan.modality,
                plan.settings,
                group_by=plan.group_by,
                reading=plan.reading,
                corrections=everything,
                but=own_paths(home),
                coded=None if plan.safe is None else plan.safe.item,
            )
            _all_there(journal, {e.name for e in whole.entries}, plan, home)
    with Lock(home):
        before = _state(home)
        if rated:
            old = ratings.load(home / ratings.NAME) if (home / ratings.NAME).exists() else []
            ratings.save(ratings.joined(old, rated, records), home / ratings.NAME)
        if corrected:
            save_corrections(everything, home / CORRECTIONS)
        elif not rated:
            raise SettingsError(
                "nothing is to be applied: the files rate nothing, and change nothing",
                code="bad-correction",
                remedy=_GIVE,
            )
        elif journal.order:
            with Journal(home, write=True) as journal:
                items = [name for name in journal.order.get("names", ()) if name in journal.lines]
                names = [file[0] for item in items for file in journal.lines[item].files]
                report, jobs = engine.get("report", True), engine.get("jobs", 1)
                return derive(home, plan, journal, items, names, report=report, jobs=jobs)
    try:
        return run(plan, home, **engine)
    except SettingsError:
        # Refused before anything was measured: then the folder is to be as it was.
        if _state(home)[JOURNAL] == before[JOURNAL]:
            for name in (ratings.NAME, CORRECTIONS):
                _put_back(home / name, before[name])
        raise


def _state(home: Path) -> dict[str, Any]:
    """Return how long the journal is, and what the files of a reviewer's decisions hold."""
    kept = {name: home / name for name in (ratings.NAME, CORRECTIONS)}
    held: dict[str, Any] = {name: path.read_bytes() if path.exists() else None for name, path in kept.items()}
    return {**held, JOURNAL: (home / JOURNAL).stat().st_size}


def _put_back(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
        return
    with replaced(path) as temporary:
        temporary.write_bytes(content)


def refuse_untold(plan: Plan, journal: Journal) -> None:
    """Refuse a plan whose ``run.toml`` leaves out what is needed to measure its items again.

    Raises
    ------
    SettingsError
        ``no-paths`` if it names no recordings; ``other-settings`` if it was asked in words that it does not tell.
    """
    if not plan.paths:
        why = "" if plan.safe is None else ", since it names nobody"
        remedy = "give the recordings: --inputs PATH"
        raise SettingsError(f"{PLAN} of this run names no files{why}", code="no-paths", remedy=remedy)
    refuse_other(plan.asked, journal)


def _all_there(journal: Journal, names: set[str], plan: Plan, home: Path) -> None:
    for item in journal.order.get("names", ()):
        line = journal.lines.get(item)
        for name, *_ in line.files if line is not None else ():
            if name not in names:
                where = f"where {PLAN} of {home} says" if plan.safe is None else "among the recordings given"
                remedy = f"put the recordings back, correct paths in {PLAN}, or give them: --inputs PATH"
                if plan.safe is not None:
                    remedy = "give the same files and folders as for the first command: --inputs PATH"
                raise SettingsError(
                    f"{name} is not {where}, so that nothing can be measured anew", code="inputs-moved", remedy=remedy
                )


_GIVE = "give ratings.csv or corrections.json, as downloaded from the report"


def _refuse_empty(path: Path) -> None:
    try:
        empty = not path.is_dir() and not path.read_bytes().strip()
    except OSError:
        return  # what reads it says what is wrong
    if empty:
        raise SettingsError(f"{path} is empty: there is nothing to apply", code="bad-correction", remedy=_GIVE)


def _refuse_nothing_held(held: Iterable[Correction], new: Iterable[Correction]) -> None:
    """Refuse to take back what was never given."""
    words = {(c.source, repr(sorted(c.labels.items()))): replace(c, origin="").words for c in held}
    for one in new:
        if one.withdrawn and (one.source, repr(sorted(one.labels.items()))) not in words:
            kept = ", ".join(list(words.values())[:3]) or "none"
            raise SettingsError(
                f"the correction of {one.words} cannot be withdrawn: the folder has none of it",
                code="bad-correction",
                remedy=f"name it as {CORRECTIONS} in the folder does; it has {kept}",
            )


def _is_ratings(path: Path) -> bool:
    try:
        first = path.read_bytes()[:4096].decode("utf-8-sig", "replace").partition("\n")[0]
    except OSError:
        return False  # what reads corrections says what is wrong
    return not first.lstrip().startswith(("[", "{")) and "rating" in first.lower()


def stored_corrections(home: Path) -> list[Correction]:
    """Return the corrections kept in a run folder."""
    return load_corrections(home / CORRECTIONS) if (home / CORRECTIONS).exists() else []


def joined_corrections(old: Iterable[Correction], new: Iterable[Correction]) -> list[Correction]:
    """Return both as one correction a record, a newer setting in place of the older one of that name.

    One that is withdrawn takes the older ones of its record with it.
    """
    found: dict[tuple[str, str], Correction] = {}
    for one in (*old, *new):
        key = one.source, repr(sorted(one.labels.items()))
        if one.withdrawn:
            found.pop(key, None)
            continue
        held = found.get(key)
        settings: Mapping[str, Any] = one.settings if held is None else {**held.settings, **one.settings}
        found[key] = Correction(one.source, settings, one.labels, one.origin)
    return list(found.values())


def save_corrections(corrections: Iterable[Correction], path: Path) -> None:
    """Write corrections in the form that :func:`musclemetrics.corrections.load` reads."""
    rows = [
        {"source": c.source, **({"labels": dict(c.labels)} if c.labels else {}), "settings": c.settings}
        for c in corrections
    ]
    with replaced(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows) + "\n]\n")
