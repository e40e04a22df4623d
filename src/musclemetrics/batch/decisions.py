"""Which settings a modality takes, and to which of its functions each belongs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from ..errors import MuscleMetricsError, SettingsError
from ..modalities import MODALITIES, Modality, modality
from .files import Entry

__all__ = [
    "check_values",
    "checked",
    "checked_reading",
    "defaults",
    "module_name",
    "named",
    "refuse_unused",
    "resolved",
    "settings_of",
    "unknown_setting",
]


def module_name(given: str | ModuleType | Modality) -> str:
    """Return the importable name of a modality given by its name or as the module itself."""
    if isinstance(given, str):
        return cast(ModuleType, modality(given)).__name__
    name = getattr(given, "__name__", None)
    if not isinstance(name, str) or not hasattr(given, "measure"):
        raise SettingsError(
            f"{given!r:.80} is not a modality",
            code="unknown-modality",
            remedy=f"use one of {', '.join(MODALITIES)}, or a module with measure, inputs, draw and DEFINITIONS",
        )
    return name


def resolved(name: str) -> Modality:
    """Return the modality module of that importable name (in a worker, this is the import)."""
    return cast(Modality, import_module(name))


def named(name: str) -> str:
    """Return the modality's own word from its importable name."""
    return name.rsplit(".", 1)[-1]


def unknown_setting(name: str, known: Collection[str]) -> SettingsError:
    """Return the error for a setting nobody has, with the closest names."""
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    return SettingsError(
        f"there is no setting {name!r}",
        code="unknown-setting",
        remedy=f"did you mean {' or '.join(near)}?" if near else f"use one of {', '.join(known)}",
    )


def settings_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the keyword-only parameters of a function: decisions and facts, by the rule of the star."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}


def defaults(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the settings of a function that have a default."""
    return {n: p.default for n, p in settings_of(function).items() if p.default is not inspect.Parameter.empty}


def checked(module: Modality, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings for ``measure`` and those for ``inputs``; a name known to both goes to both.

    Raises
    ------
    SettingsError
        If a setting belongs to neither (code ``unknown-setting``), with the closest names.
    """
    measuring, bridging = settings_of(module.measure), settings_of(module.inputs)
    known = {**measuring, **bridging}
    for name in settings:
        if name not in known:
            raise unknown_setting(name, known)
    return (
        {n: v for n, v in settings.items() if n in measuring},
        {n: v for n, v in settings.items() if n in bridging},
    )


def check_values(module: Modality, settings: Mapping[str, Any]) -> None:
    """Have the modality look at the values of its settings, where it offers ``check_settings``.

    Raises
    ------
    SettingsError
        If a setting has a value that cannot be carried out, whatever the recordings hold.
    """
    check = getattr(module, "check_settings", None)
    if check is not None:
        check(**{**defaults(module.inputs), **defaults(module.measure), **settings})


def checked_reading(options: Mapping[str, Any]) -> None:
    """Refuse reader options that no reader has, or not the one named.

    Raises
    ------
    SettingsError
        ``unknown-reader`` or ``unknown-option``, with the closest names.
    """
    if not options:
        return
    from ..readers import FORMATS, options_of

    chosen = options.get("reader")
    known = {o for name in ([chosen] if chosen is not None else FORMATS) for o in options_of(name)}
    for name in options:
        if name != "reader" and name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.5)
            who = f"the reader {chosen} has" if chosen is not None else "the readers have"
            raise SettingsError(
                f"{who} no option {name!r}",
                code="unknown-option",
                remedy=f"did you mean {' or '.join(near)}?" if near else f"use one of {', '.join(sorted(known))}",
            )


def refuse_unused(options: Mapping[str, Any], entries: Iterable[Entry]) -> None:
    """Refuse a reader option that the reader of no file has: among files of several formats, one is enough.

    Raises
    ------
    SettingsError
        ``unknown-option``, with the readers of the files and their options.
    """
    from ..readers import options_of, sniff

    left = {name for name in options if name != "reader"}
    met: dict[str, None] = {}
    for entry in entries:
        if not left or options.get("reader") is not None:
            return
        if entry.problem is not None:
            continue
        with suppress(MuscleMetricsError, OSError):  # what cannot be read says so in its own row
            met[found := sniff(Path(entry.path), options)] = None
            left -= set(options_of(found))
    if left and met:
        own = "; ".join(f"{reader}: {', '.join(options_of(reader))}" for reader in met)
        raise SettingsError(
            f"no file of this run is read with an option {sorted(left)[0]!r}",
            code="unknown-option",
            remedy=f"the readers of these files and their options are {own}",
        )
