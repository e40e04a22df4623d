"""Settings as words: from ``name=value`` to the value a function's signature asks for, and back to a listing."""

from __future__ import annotations

import inspect
import json
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from ..errors import SettingsError

__all__ = ["converted", "listing", "options_converted", "pairs"]

_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")
_FLOAT = re.compile(r"[+-]?(inf|([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?)")


class _Unfit(Exception):
    """This text is no value of that type."""


def pairs(words: Sequence[str], option: str) -> dict[str, str]:
    """Return ``name=value`` words as a dictionary.

    Raises
    ------
    SettingsError
        If a word has no ``=`` or a name is given twice with different values.
    """
    found: dict[str, str] = {}
    for word in words:
        name, sign, value = word.partition("=")
        name = name.strip()
        if not sign or not name:
            raise SettingsError(f"{option} {word!r} is not of the form name=value", remedy=f"write {option} name=value")
        if found.setdefault(name, value) != value:
            raise SettingsError(f"{option} {name} is given as {found[name]!r} and as {value!r}", remedy="give it once")
    return found


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of a function's parameters; those that cannot be told are left out."""
    try:
        return typing.get_type_hints(function)
    except (NameError, TypeError, AttributeError):  # a name imported for type checking only
        return {}


def _value(text: str, kind: Any) -> Any:
    """Return `text` as a value of the type `kind`, or raise :class:`_Unfit`."""
    bare = text.strip()
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        # Text fits text always, so it is asked last; None first, else "none" would become a word.
        members = sorted(get_args(kind), key=lambda k: (k is str, k is not type(None)))
        for member in members:
            try:
                return _value(text, member)
            except _Unfit:
                continue
        raise _Unfit
    if origin is Literal:
        for allowed in get_args(kind):
            if bare == str(allowed):
                return allowed
        raise _Unfit
    if origin is typing.Annotated:
        return _value(text, get_args(kind)[0])
    if kind in (None, type(None)):
        if bare.lower() in ("none", "null"):
            return None
        raise _Unfit
    if kind is bool:
        if bare.lower() in _YES + _NO:
            return bare.lower() in _YES
        raise _Unfit
    if kind is int:
        if re.fullmatch(r"[+-]?[0-9]+", bare):
            return int(bare)
        raise _Unfit
    if kind is float:
        if _FLOAT.fullmatch(bare):
            return float(bare)
        raise _Unfit
    if kind is str:
        return text
    if bare[:1] in "[{" and bare:
        try:
            return json.loads(bare)
        except ValueError:
            raise _Unfit from None
    holder = origin or kind
    if isinstance(holder, type) and issubclass(holder, Mapping):
        return _mapping(bare, get_args(kind))
    if isinstance(holder, type) and issubclass(holder, tuple | list | Sequence | set | frozenset):
        return _several(bare, holder, get_args(kind))
    raise _Unfit


def _several(text: str, holder: type, members: tuple[Any, ...]) -> Any:
    words = [w.strip() for w in text.strip("()").split(",") if w.strip()]
    fixed = issubclass(holder, tuple) and bool(members) and members[-1] is not Ellipsis
    if fixed and len(words) != len(members):
        raise _Unfit
    kinds = members if fixed else (members[0] if members else str | float,) * len(words)
    return tuple(_value(w, k) for w, k in zip(words, kinds, strict=True))


def _mapping(text: str, members: tuple[Any, ...]) -> dict[str, Any]:
    """Return ``a:1,b:2`` as a dictionary, or what a JSON file holds."""
    if text.lower().endswith(".json"):
        return _from_file(Path(text))
    kind = members[1] if len(members) == 2 else str
    found = {}
    for word in text.split(","):
        name, sign, value = word.partition(":")
        if not sign:
            raise _Unfit
        found[name.strip()] = _guess(value) if kind is Any else _value(value, kind)
    return found


def _from_file(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"there is no file {path.name}", code="missing-file", remedy="check the path") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path.name} is not JSON ({error})", remedy='write {"name": {"setting": 1}}') from None
    if not isinstance(found, dict):
        raise SettingsError(f"{path.name} holds no object", remedy='write {"name": {"setting": 1}}')
    return found


def _guess(text: str) -> Any:
    for kind in (type(None), bool, int, float):
        try:
            return _value(text, kind)
        except _Unfit:
            continue
    return text


def _described(kind: Any) -> str:
    """Return a type in a user's words."""
    origin, members = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_described(m) for m in members))
    if origin is Literal:
        return " or ".join(str(m) for m in members)
    words = {float: "a number", int: "a whole number", bool: "true or false", str: "text", type(None): "none"}
    if kind in words:
        return words[kind]
    holder = origin or kind
    if isinstance(holder, type) and issubclass(holder, Mapping):
        return "name:value,name:value, JSON, or the name of a .json file"
    if isinstance(holder, type) and issubclass(holder, tuple | list | Sequence):
        return "values with commas between"
    return getattr(kind, "__name__", str(kind))


def converted(verb: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of a modality given as text as the values its signatures ask for.

    Raises
    ------
    SettingsError
        ``unknown-setting`` with close matches, ``bad-setting`` naming what is expected.
    """
    from ..batch import settings_of, unknown_setting
    from ..modalities import modality

    module = modality(verb)
    known = {**settings_of(module.inputs), **settings_of(module.measure)}
    hints: dict[str, Any] = {}
    for function in (module.inputs, module.measure):  # an array of measure may have the name of a setting of inputs
        own = settings_of(function)
        hints |= {name: kind for name, kind in _hints(function).items() if name in own}
    values = {}
    for name, text in given.items():
        if name not in known:
            raise unknown_setting(name, known)
        kind = hints.get(name, Any)
        if kind is Any:
            default = known[name].default
            kind = Any if default in (None, inspect.Parameter.empty) else type(default)
        try:
            values[name] = _guess(text) if kind is Any else _value(text, kind)
        except _Unfit:
            raise SettingsError(
                f"{name}={text!r} does not fit",
                remedy=f"{name} is {_described(kind)}, for example -s {_example(known[name])}",
            ) from None
    return values


def _example(parameter: inspect.Parameter) -> str:
    default = parameter.default
    return f"{parameter.name}={'…' if default is inspect.Parameter.empty else _written(default)}"


def _written(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ",".join(_written(v) for v in value)
    if isinstance(value, Mapping):
        return ",".join(f"{k}:{_written(v)}" for k, v in value.items())
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def options_converted(given: Mapping[str, str]) -> dict[str, Any]:
    """Return reader options given as text; a mapping is written ``name.key=value`` (``units.force=mN``) or as JSON."""
    from ..readers import takes_text

    found: dict[str, Any] = {}
    for name, text in given.items():
        name, dot, key = name.partition(".")
        if dot:
            held = found.setdefault(name, {})
            if not isinstance(held, dict):
                raise SettingsError(f"-r {name} is given as a value and by parts", remedy="give it one way")
            held[key] = text
        elif text[:1] in ("{", "[") and not takes_text(name):
            try:
                found[name] = json.loads(text)
            except ValueError as error:
                raise SettingsError(f"-r {name} is not JSON ({error})", remedy="check the quotes") from None
        else:
            found[name] = _option(text)
    return found


def _option(text: str) -> Any:
    """A lone digit may be a column's number and a comma is a separator, so only true, false and none are values."""
    low = text.strip().lower()
    if low in ("true", "false"):
        return low == "true"
    return None if low == "none" else text


def _first_sentences(function: Callable[..., Any]) -> dict[str, str]:
    """Return the first sentence on each parameter of a numpydoc docstring."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    within = False
    lines = inspect.cleandoc(function.__doc__ or "").splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch(r"-{3,}", below) and line.strip():
            within = line.strip() in ("Parameters", "Other Parameters")
        elif within and line and not line.startswith((" ", "-")):
            current = []
            for name in line.split(":")[0].split(","):
                found[name.strip().lstrip("*")] = current
        elif within and line.startswith(" "):
            current.append(line.strip())
    sentences = {name: " ".join(words) for name, words in found.items()}
    return {name: re.split(r"(?<=[.;])\s", text, maxsplit=1)[0].rstrip(".;") for name, text in sentences.items()}


def listing(verb: str) -> str:
    """Return the settings of a modality: name, default, and the first sentence of what it decides."""
    from ..batch import settings_of
    from ..modalities import modality

    module = modality(verb)
    lines: list[str] = []
    for function in (module.measure, module.inputs):
        told = _first_sentences(function)
        for name, parameter in settings_of(function).items():
            if any(line.startswith(f"  {name}=") for line in lines):
                continue
            lines.append(f"  {_example(parameter)}")
            if told.get(name):
                lines.append(f"      {told[name]}")
    return "\n".join(lines) or "  none"
