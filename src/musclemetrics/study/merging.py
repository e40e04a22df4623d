"""Parts of a run, measured apart by ``--shard``, become one run folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from os import PathLike
from pathlib import Path
from shutil import copyfileobj

from ..errors import SettingsError
from ..store.whole import replaced
from . import ratings
from .applying import CORRECTIONS, joined_corrections, save_corrections, stored_corrections
from .deriving import OVERLAYS, Derived, derive
from .home import made, refuse_other, swept
from .journal import Journal
from .lock import Lock
from .plan import Plan, differences
from .sheet import NAME as SHEET

__all__ = ["merge"]


def merge(
    parts: Iterable[str | PathLike[str]],
    folder: str | PathLike[str],
    *,
    key: str | PathLike[str] | None = None,
    report: bool = True,
    jobs: int = 1,
) -> Derived:
    """Join the parts of a run in one folder, as if it had been measured there at once.

    Parameters
    ----------
    parts : iterable of paths
        Run folders of the same inputs and settings, each with its ``--shard``. They stay as they are.
    folder : path
        The run folder to be; it may hold an earlier merging of the same run.
    key : path, optional
        The key of parts that are safe to pass on.
    report, jobs
        As for :func:`musclemetrics.study.running.run`.

    Returns
    -------
    Derived

    Raises
    ------
    SettingsError
        ``shards-differ`` if the parts were asked differently or saw other files; ``merge-conflict`` if two of them have
        different rows of one item; ``merge-incomplete`` if items are missing; and as for a run.
    ReadError
        ``no-journal`` if a folder is no run folder.
    """
    homes = [Path(p) for p in parts]
    if not homes:
        raise SettingsError("no parts were given", code="no-paths", remedy="give the run folders of the parts")
    home = Path(folder)
    with ExitStack() as stack:
        journals = [stack.enter_context(Journal(p)) for p in homes]
        plans = [Plan.load(p, key) for p in homes]
        plan = replace(plans[0], shard=None)
        for path, one, journal in zip(homes, plans, journals, strict=True):
            _alike(homes[0], plans[0], journals[0], path, one, journal)
        order = _order(homes, plans, journals)
        made(home)
        stack.enter_context(Lock(home))
        swept(home)
        target = stack.enter_context(Journal(home, write=True))
        refuse_other(plan.asked, target)
        target.begin(journals[0].head or plan.head)
        target.list_items(
            {
                "names": [n for _, n in order],
                "at": [a for a, _ in order],
                "of": len(order),
                "all": journals[0].order["all"],
            }
        )
        source = {name: j for j in journals for name in j.order["names"]}
        for _, name in order:
            line = source[name].lines[name]
            target.add_rows(name, line.key, line.files, line.statuses, source[name].written(name))
        _beside(homes, home)
        files = [file[0] for _, name in order for file in target.lines[name].files]
        told = [t for j in (*journals, target) for t in j.told]
        done = derive(home, plan, target, [n for _, n in order], files, report=report, jobs=jobs)
        return Derived(done.records, done.counts, (*told, *done.told))


def _alike(first: Path, plan: Plan, journal: Journal, path: Path, other: Plan, held: Journal) -> None:
    found = differences(plan.asked, other.asked)
    if journal.head is None or held.head is None or not held.order:
        raise _differ(path, "nothing was begun in it", "measure this part first")
    if held.head["software"] != journal.head["software"]:
        found.append(f"versions were {dict(journal.head['software'])}, are {dict(held.head['software'])}")
    if dict(other.labels) != dict(plan.labels):
        found.append(f"labels were {dict(plan.labels)}, are {dict(other.labels)}")
    if found:
        raise _differ(path, f"it differs from {first}: {'; '.join(found[:4])}", "measure the parts alike")
    if (held.order["of"], held.order["all"]) != (journal.order["of"], journal.order["all"]):
        raise _differ(
            path,
            f"it is a part of {held.order['of']} items, {first} one of {journal.order['of']}, or their names differ",
            "measure all parts of the same files",
        )


def _differ(path: Path, what: str, remedy: str) -> SettingsError:
    return SettingsError(f"{path} is no part of this run: {what}", code="shards-differ", remedy=remedy)


def _order(homes: Sequence[Path], plans: Sequence[Plan], journals: Sequence[Journal]) -> list[tuple[int, str]]:
    """Return all items with their places, sorted; refuse to leave one out or to choose between two."""
    held: dict[str, int] = {}
    order: dict[str, int] = {}
    for number, journal in enumerate(journals):
        for at, name in zip(journal.order["at"], journal.order["names"], strict=True):
            if name not in journal.lines:
                part = plans[number].shard
                which = f" (part {part[0]}/{part[1]})" if part else ""
                raise SettingsError(
                    f"{homes[number]}{which} is not finished: there is no row of {_word(name)}",
                    code="merge-incomplete",
                    remedy="give the command of this part again; it goes on from there",
                )
            first = held.setdefault(name, number)
            one, other = journals[first].lines[name], journal.lines[name]
            if (one.key, one.crc, one.sizes) != (other.key, other.crc, other.sizes):
                raise SettingsError(
                    f"{homes[first]} and {homes[number]} have different rows of {_word(name)}",
                    code="merge-conflict",
                    remedy="leave out the part that is not wanted",
                )
            order[name] = at
    total = journals[0].order["of"]
    if len(order) < total:
        there = ", ".join(f"{p.shard[0]}/{p.shard[1]}" for p in plans if p.shard)
        raise SettingsError(
            f"{total - len(order)} of {total} items are in none of the parts given ({there or 'without --shard'})",
            code="merge-incomplete",
            remedy="give all parts",
        )
    return sorted((at, name) for name, at in order.items())


def _word(item: str) -> str:
    return item.partition("\n")[0]


def _beside(homes: Sequence[Path], home: Path) -> None:
    """Bring overlays, corrections and ratings of the parts together."""
    for path in homes:
        if not (path / OVERLAYS).is_dir():
            continue
        (home / OVERLAYS).mkdir(exist_ok=True)
        for picture in sorted((path / OVERLAYS).iterdir()):
            target = home / OVERLAYS / picture.name
            if not target.exists():
                with replaced(target) as part, picture.open("rb") as old, part.open("wb") as new:
                    copyfileobj(old, new)
    sheet = next((p / SHEET for p in homes if (p / SHEET).exists()), None)
    if sheet is not None:
        with replaced(home / SHEET) as part:
            part.write_bytes(sheet.read_bytes())
    all_corrections = [c for p in (*homes, home) for c in stored_corrections(p)]
    if all_corrections:
        save_corrections(joined_corrections([], all_corrections), home / CORRECTIONS)
    rated = [r for p in (*homes, home) if (p / ratings.NAME).exists() for r in ratings.load(p / ratings.NAME)]
    if rated:
        ratings.save(ratings.joined([], rated), home / ratings.NAME)
