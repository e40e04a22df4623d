"""Plain data as TOML, of which the standard library only reads."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["section", "value"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def _text(word: str) -> str:
    # JSON's escapes are TOML's; half a surrogate pair (a file name that is not UTF-8) can be written in neither.
    sound = word.encode("utf-8", "backslashreplace").decode("utf-8")
    return json.dumps(sound, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def value(given: Any) -> str:
    """Return plain data (text, numbers, sequences, mappings; None only within ``{none = true}``) on one line."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, str):
        return _text(given)
    if isinstance(given, int):
        return str(given)
    if isinstance(given, float):
        if math.isfinite(given):
            text = repr(given)
            return text if "." in text or "e" in text else f"{text}.0"
        return "nan" if math.isnan(given) else "inf" if given > 0 else "-inf"
    if isinstance(given, Mapping):
        inside = ", ".join(f"{_key(str(k))} = {value(v)}" for k, v in given.items())
        return f"{{{inside}}}"
    if given is None:
        return "{none = true}"
    return f"[{', '.join(value(v) for v in given)}]"


def section(name: str, given: Mapping[str, Any], about: str) -> str:
    """Return a table with a line that says what it is; nothing for an empty one."""
    if not given:
        return ""
    return "\n".join([f"\n[{name}]  # {about}", *(f"{_key(str(k))} = {value(v)}" for k, v in given.items())])
