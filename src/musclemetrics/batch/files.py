"""Which files there are: paths as given become entries in a fixed order, each with a name and what is known of it."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from ..errors import SettingsError
from ..provenance import HEAD, own_output
from ..record import Flag

__all__ = ["Entry", "listed"]

# What operating systems and programs leave beside data. Never opened, always accounted for.
_JUNK = {"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", "__macosx", "$recycle.bin", "system volume information"}

_RESULTS = {"records.csv", "records.jsonl", "index.html", "figures", "overlays", "subjects"}
_RUN = _RESULTS | {
    *("journal.jsonl", "run.lock", "run.toml", "methods.md", "records_long.csv", "records.xlsx"),
    *("report", "ratings.csv", "corrections.json", "sheet_joined.csv"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file (or one folder that was not entered).

    Attributes
    ----------
    path : str
        Where it lies.
    name : str
        Its name relative to what the caller gave, with forward slashes: the only name that reaches a record.
    folder : str
        Name of the folder it lies in.
    named : bool
        Whether the caller named it, rather than a folder above it.
    problem : Flag or None
        Why it is not opened at all.
    """

    path: str
    name: str
    folder: str
    named: bool
    problem: Flag | None = None


def _shown(name: str) -> str:
    """Return a file name as text that any output can hold: one Unicode form, odd bytes and controls escaped."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "backslashreplace").decode("utf-8"))
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _is_link(entry: os.DirEntry[str]) -> bool:
    junction = getattr(entry, "is_junction", None)  # Windows, from Python 3.12
    return entry.is_symlink() or bool(junction and junction())


def _junk(name: str) -> Flag | None:
    low = name.lower()
    if low in _JUNK or low.startswith(("._", "~$")) or low == ".ds_store" or low.endswith(".access^"):
        return Flag("system-file", "left by the operating system or another program, not data", "skipped")
    if low.startswith("."):
        return Flag("hidden-file", "hidden by its name; name the file itself to have it read", "skipped")
    return None


def _is_own(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return own_output(stream.read(HEAD))
    except OSError:
        return False


def _walk(folder: Path, root: Path) -> Iterator[tuple[Path, Flag | None]]:
    """Yield everything below `folder` in sorted order, a folder's files before its folders."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda e: e.name)
    except OSError as error:
        yield folder, Flag("unreadable", f"this folder cannot be opened ({error.strerror or error})", "failed")
        return
    names = {e.name for e in entries}
    # A folder of results and of nothing else; where recordings lie among them, each file is looked at by itself.
    results = {"records.csv", "records.jsonl"} <= names <= _RESULTS and _is_own(folder / "records.jsonl")
    if results or ("journal.jsonl" in names <= _RUN and _is_own(folder / "journal.jsonl")):
        yield folder, Flag("own-output", "holds results written by musclemetrics, not recordings", "skipped")
        return
    if not entries and folder == root:
        yield folder, Flag("empty-folder", "there are no files in this folder", "skipped")
        return
    folders: list[Path] = []
    for entry in entries:
        path = Path(entry.path)
        problem = _junk(entry.name)
        if _is_link(entry):
            yield path, Flag("symlink-not-followed", "a link inside a folder; name its target instead", "skipped")
        elif problem is not None:
            yield path, problem
        elif entry.is_dir(follow_symlinks=False):
            folders.append(path)
        elif not entry.is_file(follow_symlinks=False):
            yield path, Flag("not-a-file", "a device, pipe or socket, not a file", "skipped")
        else:
            yield path, None
    for path in folders:
        yield from _walk(path, root)


def _named(path: Path) -> Flag | None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            return Flag("missing-file", "there is no such file; check the path", "failed")
        return Flag("unreadable", f"cannot be opened ({error.strerror or error})", "failed")
    except ValueError:
        return Flag("missing-file", "no file can have such a name; check the path", "failed")
    if not stat.S_ISREG(mode):
        return Flag("not-a-file", "a device, pipe or socket; give a regular file", "failed")
    return None


def _common(roots: list[str]) -> str | None:
    try:
        return os.path.commonpath(roots)
    except ValueError:  # different drives
        return None


def listed(paths: Iterable[str | PathLike[str]] | str | PathLike[str]) -> list[Entry]:
    """Return an entry for every file, in the order given, folders walked in sorted order.

    A file reached twice is listed once, at its first place. Links inside a folder are not followed.

    Raises
    ------
    SettingsError
        If no path is given (code ``no-paths``), or something else than paths (``bad-path``).
    """
    try:
        if hasattr(paths, "read"):  # iterable too, line by line, but its lines are no paths
            raise TypeError
        given = [Path(p) for p in ([paths] if isinstance(paths, str | bytes | PathLike) else paths)]
    except TypeError:
        raise SettingsError(
            f"{type(paths).__name__} holds no paths of files or folders",
            code="bad-path",
            remedy="give paths as text or pathlib.Path; for arrays in memory use measure itself",
        ) from None
    if not given:
        raise SettingsError("no files were given", code="no-paths", remedy="give files or folders")
    absolute = [Path(os.path.abspath(p)) for p in given]
    roots = [str(p) if p.is_dir() else str(p.parent) for p in absolute]
    base = _common(roots)
    entries: dict[str, Entry] = {}
    for number, (path, root) in enumerate(zip(absolute, roots, strict=True)):
        above = base or root
        prefix = "" if base else f"{number + 1}/"
        is_folder = path.is_dir()
        found = _walk(path, path) if is_folder else iter([(path, _named(path))])
        for file, problem in found:
            if str(file) in entries:
                continue
            name = Path(os.path.relpath(file, above)).as_posix()
            entries[str(file)] = Entry(
                str(file),
                prefix + _shown(file.name if name == "." else name),
                _shown(file.parent.name),
                not is_folder,
                problem,
            )
    return list(entries.values())
