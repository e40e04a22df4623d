"""The verbs that keep people unnamed: a key for codes, and a search of results for names."""

from __future__ import annotations

import os
import stat
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable
from pathlib import Path

from ..record import Record
from . import OK, SOME_FAILED

__all__ = ["VERBS", "open_to_all"]

_FEW = 100


def make_key(arguments: Namespace) -> int:
    """Carry out ``musclemetrics key FILE``."""
    from ..study.pseudonyms import make_key as made

    path = made(arguments.file)
    print(f"{path}: keep it, apart from the results; without it no later run gives the same codes", file=sys.stderr)
    return OK


def phi_scan(arguments: Namespace) -> int:
    """Carry out ``musclemetrics phi-scan FOLDER --inputs PATH…``: 1 where anything was found."""
    from ..study.identifiers import collected
    from ..study.scan import scan

    found = collected(arguments.inputs, arguments.table, arguments.but)
    finds, files, size = scan(arguments.folder, found)
    places: dict[tuple[str, str], list[str]] = {}
    for find in finds:
        # The file's own name may be what was found.
        shown = "the name of a file" if find.offset < 0 else f"{_hidden(find.file, found.found)} at byte {find.offset}"
        places.setdefault((find.word, shown), []).append(find.encoding)
    for number, ((word, place), encodings) in enumerate(places.items()):
        if number == _FEW:
            print(f"and {len(places) - _FEW} more")
            break
        where = ", ".join(sorted(found.found[word]))
        print(f"{place}: {_part(word)} ({where}), {', '.join(dict.fromkeys(encodings))}")
    unread = f", {found.unread} of them by name alone" if found.unread else ""
    said = (
        f"{found.looked} {'file' if found.looked == 1 else 'files'} of the inputs looked at{unread}; "
        f"{len(found.found)} identifiers searched for in {files} files of results, {size / 2**20:.1f} MB"
    )
    passed = f"; {len(found.passed)} too short or too common to be searched for" if found.passed else ""
    words = len({word for word, _ in places})
    print(f"{said}{passed}: {f'{words} found in {len(places)} places' if places else 'none found'}", file=sys.stderr)
    return SOME_FAILED if finds else OK


def _part(word: str) -> str:
    """Return so much of a word that its owner knows it, and nobody else."""
    kept = 2 if len(word) > 5 else 1
    return f"{word[:kept]!r}… ({len(word)} characters)"


def _hidden(name: str, words: dict[str, set[str]]) -> str:
    low = name.lower()
    return "a file whose name is found too" if any(word.lower() in low for word in words) else name


def open_to_all(path: Path, records: Iterable[Record]) -> list[str]:
    """Return a line where results that name subjects can be read by everyone on this machine; POSIX alone tells."""
    if os.name != "posix" or not any("subject" in r.labels for r in records):
        return []
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return []
    # Of a folder, who may not enter it reads nothing in it.
    wanted = 0o005 if path.is_dir() else 0o004
    if mode & wanted != wanted:
        return []
    said = f"these results name subjects and can be read by everyone on this machine ({mode:o})"
    return [f"{said}: chmod o-rwx, or --phi-safe for results that name nobody"]


VERBS: dict[str, Callable[[Namespace], int]] = {"key": make_key, "phi-scan": phi_scan}
