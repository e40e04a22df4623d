"""What a run was asked: written into its folder as ``run.toml``, and read back to be run again."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from .. import __version__
from ..batch import checked_reading, module_name, settings_of
from ..errors import SettingsError
from ..modalities import Modality
from ..provenance import software
from ..record import Settings, plain
from .phi import UNTOLD, Safe
from .toml import section, value

__all__ = ["NAME", "Plan", "differences", "in_shard", "shard_of"]

NAME = "run.toml"
_MARK = "# A run of musclemetrics."
_TABLES = ("settings", "reading", "labels")
_TOP = {"musclemetrics", "modality", "paths", "group_by", "shard", "raw_csv", *_TABLES, "defaults", "software"}
_TOP |= {"table", "match", "phi_safe"}
_NONE = {"none": True}  # for what TOML has no word for


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured, and how.

    Parameters
    ----------
    modality : str or module
    paths : sequence of str
        Files and folders, as for :func:`musclemetrics.measure_files`.
    settings, reading : Mapping, optional
        Settings of the modality and options of the readers that are given; all others keep their defaults.
    group_by : str, optional
        Which files make one item.
    labels : Mapping, optional
        The caller's labels, for every record.
    shard : (int, int), optional
        Part and number of parts: only the items of this part are measured.
    raw_csv : bool, optional
        Leave text in tables that a spreadsheet would run.
    table, match : str, optional
        A sheet of labels, and the pattern of names by which it is joined; see :mod:`musclemetrics.study.sheet`.
    safe : Safe, optional
        Makes the results safe to pass on.
    """

    modality: str | ModuleType
    paths: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=Settings)
    reading: Mapping[str, Any] = field(default_factory=Settings)
    group_by: str | None = None
    labels: Mapping[str, str] = field(default_factory=Settings)
    shard: tuple[int, int] | None = None
    raw_csv: bool = False
    table: str | None = None
    match: str | None = None
    safe: Safe | None = None

    def __post_init__(self) -> None:
        if self.safe is not None:
            self.safe.know(self.group_by or "", self.match or "")

    @property
    def module(self) -> Modality:
        """The modality's module."""
        from ..batch.decisions import resolved

        return resolved(module_name(self.modality))

    @property
    def name(self) -> str:
        """The modality's word."""
        return module_name(self.modality).rsplit(".", 1)[-1]

    @property
    def asked(self) -> dict[str, Any]:
        """What decides every number, as plain JSON: rows of one folder have it in common."""
        asked = {
            "modality": self.name,
            "settings": _jsonable(plain(self.settings)),
            "reading": _jsonable(plain(self.reading)),
            "group_by": self.group_by or "",
        }
        return asked if self.safe is None else self.safe.asked(asked)

    @property
    def told(self) -> Plan:
        """The plan as it may be told: one that names nobody lacks what has a foreign word in it."""
        if self.safe is None:
            return self
        kept = self.safe.plainly({"group_by": self.group_by or ""})  # of a pattern the fields are no foreign words
        return replace(
            self,
            paths=(),
            settings=self.safe.plainly(self.settings),
            reading=self.safe.plainly(self.reading),
            group_by=kept.get("group_by") or None,
            labels=self.safe.labels(self.labels),
        )

    @property
    def head(self) -> dict[str, Any]:
        """What a journal begins with."""
        return {"run": self.asked, "software": dict(software())}

    def key(self, corrections: object = ()) -> str:
        """Return a short word for all that decides the numbers of an item but its files."""
        made_of = json.dumps([self.head, _jsonable(plain(corrections))], sort_keys=True)
        return hashlib.sha256(made_of.encode("utf-8", "backslashreplace")).hexdigest()[:16]

    def written(self, folder: Path) -> str:
        """Return the plan as TOML, its paths seen from `folder`."""
        from ..batch.decisions import defaults

        module = self.module
        left = {**defaults(module.inputs), **defaults(module.measure)}
        top: dict[str, Any] = {
            "musclemetrics": __version__,
            "modality": self.name,
            "paths": [] if self.safe is not None else [_seen_from(folder, p) for p in self.paths],
        }
        if self.group_by:
            top["group_by"] = self.group_by
        if self.table and self.safe is None:
            top["table"] = _seen_from(folder, self.table)
        if self.match:
            top["match"] = self.match
        labels: Mapping[str, str] = self.labels
        if self.shard is not None:
            top["shard"] = f"{self.shard[0]}/{self.shard[1]}"
        if self.raw_csv:
            top["raw_csv"] = True
        given, reading = plain(self.settings), plain(self.reading)
        again = f"musclemetrics run {NAME}"
        if self.safe is not None:
            told = self.safe.plainly({k: top[k] for k in ("group_by", "match") if k in top})
            top = {k: v for k, v in top.items() if k not in ("group_by", "match") or k in told}
            top["phi_safe"] = self.safe.stated
            given, reading, labels = self.safe.plainly(given), self.safe.plainly(reading), self.safe.labels(labels)
            again = "the same command; what may name someone is not told here"
        parts = [
            f"{_MARK} To measure it again: {again}",
            *(f"{k} = {value(v)}" for k, v in top.items()),
            section("settings", given, "given"),
            section("reading", reading, "options of the readers"),
            section("labels", labels, "put on every record"),
            section(
                "defaults",
                {k: v for k, v in plain(left).items() if k not in given},
                "not given: these hold where a recording does not say otherwise",
            ),
            section("software", software(), "what computed the numbers"),
        ]
        return "\n".join(part for part in parts if part) + "\n"

    @staticmethod
    def load(path: str | os.PathLike[str], key: str | os.PathLike[str] | None = None) -> Plan:
        """Return the plan of a ``run.toml``.

        Parameters
        ----------
        path : path
            The file, or the run folder.
        key : path, optional
            The key of a run that is safe to pass on.

        Raises
        ------
        SettingsError
            ``missing-file``; ``bad-config`` if it is none; ``other-defaults`` if a setting that was not given has
            another default by now; ``no-key``, ``other-key`` where the run is safe to pass on.
        """
        file = Path(path)
        file = file / NAME if file.is_dir() else file
        try:
            tree = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise SettingsError(f"there is no file {file}", code="missing-file", remedy="check the path") from None
        except OSError as error:
            raise _bad(file, f"cannot be read ({error.strerror or error})") from error
        except (ValueError, RecursionError) as error:
            raise _bad(file, f"is not TOML ({error})") from None
        strangers = sorted(set(tree) - _TOP)
        if strangers:
            raise _bad(file, f"has {strangers[0]!r}, which no run has")
        if not isinstance(tree.get("modality"), str):
            raise _bad(file, "names no modality")
        for name in (*_TABLES, "defaults"):
            if not isinstance(tree.setdefault(name, {}), dict):
                raise _bad(file, f"{name} is no table")
        paths, group_by, shard = tree.get("paths", []), tree.get("group_by"), tree.get("shard")
        if not isinstance(paths, list) or not all(isinstance(p, str) for p in paths):
            raise _bad(file, "paths is no list of paths")
        if not isinstance(group_by, str | None) or not isinstance(tree.get("raw_csv", False), bool):
            raise _bad(file, "group_by is no text, or raw_csv neither true nor false")
        plan = Plan(
            tree["modality"],
            tuple(str(file.parent / p) for p in paths),
            _given(tree["settings"]),
            _given(tree["reading"]),
            group_by,
            {str(k): str(v) for k, v in tree["labels"].items()},
            None if shard is None else shard_of(str(shard)),
            tree.get("raw_csv", False),
            str(file.parent / tree["table"]) if isinstance(tree.get("table"), str) else None,
            tree["match"] if isinstance(tree.get("match"), str) else None,
            None if "phi_safe" not in tree else _safe(tree["phi_safe"], key, file),
        )
        plan._as_it_was(_given(tree["defaults"]), file)
        return plan

    def _as_it_was(self, left: Mapping[str, Any], file: Path) -> None:
        from ..batch.decisions import defaults

        module = self.module
        now = _jsonable(plain({**defaults(module.inputs), **defaults(module.measure)}))
        for name, was in _jsonable(plain(left)).items():
            if name not in now or now[name] != was:
                became = f"{now[name]!r} now" if name in now else "gone"
                raise SettingsError(
                    f"{file.name} was written when {name} was {was!r} by default; it is {became}",
                    code="other-defaults",
                    remedy=f"move {name} to [settings] to have it as it was, or take it out to have it as it is",
                )
        for name in self.settings:
            if name not in {**settings_of(module.inputs), **settings_of(module.measure)}:
                from ..batch import unknown_setting

                raise unknown_setting(name, now)
        checked_reading(self.reading)


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return in words what two runs were asked differently; see :attr:`Plan.asked`."""
    found = []
    for name in ("modality", "group_by"):
        if was.get(name) != now.get(name):
            found.append(f"{name} was {was.get(name) or 'not given'}, is {now.get(name) or 'not given'}")
    for part in ("settings", "reading", "phi_safe"):
        before, after = was.get(part, {}), now.get(part, {})
        for name in dict.fromkeys((*before, *after)):
            if name == UNTOLD and name in before and name in after:
                if before[name] != after[name] and not found:
                    found.append("what is not told of the settings was another")
                continue
            if name not in before or name not in after or before[name] != after[name]:
                one, other = (repr(d[name]) if name in d else "not given" for d in (before, after))
                found.append(f"{name} was {one}, is {other}")
    return found


def shard_of(text: str) -> tuple[int, int]:
    """Return part and number of parts of ``3/10``.

    Raises
    ------
    SettingsError
        ``bad-shard`` if it is none.
    """
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*/\s*([0-9]{1,6})\s*", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise SettingsError(
            f"{text!r} is no part of a run", code="bad-shard", remedy="give part and parts, 1/10 up to 10/10"
        )
    return int(found[1]), int(found[2])


def in_shard(item: str, shard: tuple[int, int] | None) -> bool:
    """Whether an item belongs to a part: by a hash of its name, which is the same on every machine."""
    if shard is None:
        return True
    digest = hashlib.sha256(item.encode("utf-8", "backslashreplace")).digest()
    return int.from_bytes(digest[:8], "big") % shard[1] == shard[0] - 1


def _safe(stated: Any, key: str | os.PathLike[str] | None, file: Path) -> Safe:
    from .pseudonyms import load_key

    allow = stated.get("allow") if isinstance(stated, dict) else None
    if not isinstance(allow, list) or not isinstance(stated.get("key"), str):
        raise _bad(file, "says phi_safe in another way than a run does")
    if key is None:
        raise SettingsError(
            "this run names nobody, and goes on with its key alone", code="no-key", remedy="give its key: --key FILE"
        )
    safe = Safe(load_key(key, outside=file.parent), tuple(str(name) for name in allow))
    if safe.stated["key"] != stated["key"]:
        raise SettingsError(
            "the run was made with another key, whose codes are others", code="other-key", remedy="give the same key"
        )
    return safe


def _bad(file: Path, what: str) -> SettingsError:
    return SettingsError(f"{file.name} {what}", code="bad-config", remedy=f"give the {NAME} of a run folder")


def _seen_from(folder: Path, path: str) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return Path(os.path.abspath(path)).as_posix()


def _given(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _given_value(v) for k, v in tree.items()}


def _given_value(found: Any) -> Any:
    if isinstance(found, dict):
        return None if found == _NONE else _given(found)
    return tuple(_given_value(v) for v in found) if isinstance(found, list) else found


def _jsonable(tree: Any) -> Any:
    """Return plain data as it comes back from JSON, a number that JSON has no word for as text."""
    if isinstance(tree, float) and not math.isfinite(tree):
        return {"$float": repr(tree)}
    if isinstance(tree, Mapping):
        return {str(k): _jsonable(v) for k, v in tree.items()}
    return [_jsonable(v) for v in tree] if isinstance(tree, list | tuple) else tree
