"""What the command line prints: tables on stdout, progress and reasons on stderr."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock, Timer
from typing import Any, TextIO, TypeVar

from ..canvas import unit_text
from ..record import Flag, Record
from ..report.words import heading, interval_text, main_labels, main_names, source_text, title_of, titles_of, value_text

_T = TypeVar("_T")

__all__ = ["apart", "hint", "print_table", "reasons", "summary", "watched"]

_FEW = 3
_ALWAYS = ("setting-overrides-file",)
# name=value not preceded by the option that takes it; group_by and its like are options of their own.
_NAMED = re.compile(r"(?<![\w-])(?<!-[rs] )(?!group_by|errors|reading|executor)[a-z]\w*=(?=[^\s'])")


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _shared(records: Sequence[Record]) -> dict[str, str]:
    """Return the labels that all measured rows have alike, which are said once, above the table."""
    measured = [r.labels for r in records if r.status in ("ok", "suspect")]
    if len(measured) < 2:
        return {}
    return {k: v for k, v in measured[0].items() if all(m.get(k) == v for m in measured)}


def _table(
    records: Sequence[Record], shared: Iterable[str], *, narrow: bool = False
) -> tuple[list[str], list[list[str]]]:
    """Return header and rows; narrow for a terminal: intervals on a line of their own."""
    measured = [r for r in records if r.status in ("ok", "suspect")]
    labels = main_labels([r.labelled(**dict.fromkeys(shared)) for r in records])
    names = main_names(measured)
    units = {n: {r[n].unit for r in measured if n in r} for n in names}
    header = [*labels, "status", *(heading(n, units[n]) for n in names), "source"]
    body = []
    for r in records:
        row = [r.labels.get(key, "") for key in labels] + [r.status]
        for n in names:
            if n not in r or r.status not in ("ok", "suspect"):
                row.append("")
                continue
            between = interval_text(r[n])
            value = value_text(r[n])
            if len(units[n]) > 1:  # no heading can tell it
                value = f"{value} {unit_text(r[n].unit)}".rstrip()
            pattern = "{}\n{}" if narrow else "{} ({})"
            row.append(pattern.format(value, between) if between else value)
        body.append([*row, source_text(r)])
    return header, body


def print_table(records: Sequence[Record], stream: TextIO | None = None) -> None:
    """Print the records of each modality as a table: with lines on a terminal, aligned text elsewhere."""
    out = stream or sys.stdout
    for modality in dict.fromkeys(r.modality for r in records):
        members = [r for r in records if r.modality == modality]
        shared = _shared(members)
        if shared:
            print("for all: " + ", ".join(f"{k} {v}" for k, v in shared.items()), file=out)
        header, body = _table(members, shared, narrow=out.isatty())
        if out.isatty():
            from rich.console import Console
            from rich.table import Table
            from rich.text import Text

            table = Table(title=modality)
            for head in header:
                table.add_column(Text(head), overflow="fold")
            for row in body:
                table.add_row(*(Text(cell) for cell in row))
            Console(file=out).print(table)
            continue
        widths = [max(len(c) for c in column) for column in zip(header, *body, strict=True)]
        for row in (header, *body):
            print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip(), file=out)


def _shown(flag: Flag, notes: bool) -> bool:
    return notes or flag.level != "note" or flag.code in _ALWAYS


def reasons(records: Sequence[Record], *, notes: bool = False) -> Iterator[str]:
    """Yield a line for every failed, suspect or skipped row; many of one kind become one line with their number.

    Notes are left out unless asked for, but for those that say that the file was overruled.
    """
    kinds: dict[tuple[str, str], list[tuple[str, str]]] = {}
    of_file = Counter(source_text(r) for r in records)
    for number, (r, title) in enumerate(zip(records, titles_of(records), strict=True), 1):
        file = source_text(r)
        for f in r.flags:
            if _shown(f, notes):
                if r.status in ("failed", "skipped"):
                    # Of several recordings of one file the failed one is named, too.
                    who = file if of_file[file] == 1 or title == file else f"{title_of(r, number)}, {file}"
                else:  # what the message names already is not named twice
                    who = title_of(r, number) if file and file in f.message else title
                kinds.setdefault((f.level, f.code), []).append((who or title, f.message))
    order = {"note": 0, "skipped": 1, "suspect": 2, "failed": 3}
    for (level, code), rows in sorted(kinds.items(), key=lambda item: order[item[0][0]]):
        if len(rows) <= _FEW:
            yield from (f"{level}: {who}: {message} [{code}]" for who, message in rows)
        else:
            who, message = rows[0]
            yield f"{level}: {len(rows)} × {code}, first {who}: {message}"


def hint(lines: Iterable[str]) -> Iterator[str]:
    """Yield how a setting is given on the command line, where a line names one as ``name=value``."""
    if any(_NAMED.search(line) for line in lines):
        yield "settings are given as -s name=value, options of the readers as -r name=value"


def apart(records: Sequence[Record], group_by: str | None) -> Iterator[str]:
    """Yield a line where files that were measured one by one each hold too little, and may be one fibre's."""
    if group_by is not None:
        return
    kinds: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for r in records:
        code = next((f.code for f in r.flags if f.level == "failed" and f.code.startswith("too-few-")), "")
        if code and code not in ("too-few-samples", "too-few-frequencies") and len(r.provenance.sources) == 1:
            kinds.setdefault((code, r.labels.get("fibre", "")), set()).add(r.provenance.sources[0])
    for (code, fibre), files in kinds.items():
        if len(files) > 1:
            who = f"of fibre {fibre!r}" if fibre else "without a fibre's name"
            yield (
                f"{len(files)} files {who} were measured one by one and each has {code}; if one fibre's, put them in "
                "a folder of their own and say --group-by folder"
            )


def summary(records: Sequence[Record], counts: Mapping[str, int] | None = None, *, notes: bool = False) -> str:
    """Return one line that counts what became of everything; `counts` by status where the records are not at hand."""
    given: Mapping[str, int] = dict(Counter(r.status for r in records)) if counts is None else counts
    counts = {s: given.get(s, 0) for s in ("ok", "suspect", "failed", "skipped")}
    measured = counts["ok"] + counts["suspect"]
    parts = [f"{measured} measured" + (f" ({counts['suspect']} suspect)" if counts["suspect"] else "")]
    parts += [f"{counts[s]} {s}" for s in ("failed", "skipped") if counts[s]]
    text = f"{_plural(sum(counts.values()), 'row')}: {', '.join(parts)}"
    unshown = sum(not _shown(f, notes) for r in records for f in r.flags)
    return f"{text}; {_plural(unshown, 'note')}: see --notes, or the files of -o" if unshown else text


class _Progress:
    """A line on a terminal that appears when the work takes longer than a second."""

    def __init__(self, quiet: bool) -> None:
        self._lock, self._count = Lock(), 0
        self._live: Any = None
        self._task: Any = None
        self._timer = None if quiet or not sys.stderr.isatty() else Timer(1.0, self._appear)
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()

    def _appear(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        with self._lock:
            if self._timer is None:
                return
            self._live = Progress(
                SpinnerColumn(),
                TextColumn("{task.completed:.0f} rows"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._live.add_task("", total=None, completed=self._count)
            self._live.start()

    def step(self) -> None:
        with self._lock:
            self._count += 1
            if self._live is not None:
                self._live.update(self._task, completed=self._count)

    def stop(self) -> None:
        with self._lock:
            timer, self._timer = self._timer, None
            if self._live is not None:
                self._live.stop()
        if timer is not None:
            timer.cancel()


def watched(records: Iterable[_T], *, quiet: bool = False) -> Iterator[_T]:
    """Pass records or items on, showing on a terminal's stderr how many there were once that takes over a second."""
    progress = _Progress(quiet)
    try:
        for record in records:
            progress.step()
            yield record
    finally:
        progress.stop()
