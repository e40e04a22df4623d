"""The run folder: a study measured, interrupted, resumed, joined and corrected without losing a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["Plan", "apply", "draw_figures", "merge", "run"]

_HOMES = {"Plan": "plan", "apply": "applying", "draw_figures": "figures", "merge": "merging", "run": "running"}

if TYPE_CHECKING:
    from .applying import apply
    from .figures import draw_figures
    from .merging import merge
    from .plan import Plan
    from .running import run


def __getattr__(name: str) -> object:
    """Import a public name on first touch: what only looks at a sheet or a scan need not load the engines."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
