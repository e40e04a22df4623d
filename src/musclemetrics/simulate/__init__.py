"""Recordings with known truth, for samples, tests, examples and teaching.

``python -m musclemetrics.simulate FOLDER`` writes the sample data anew, byte for byte the same.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError

if TYPE_CHECKING:
    from .eim import Tissue, eim_sweep
    from .rig import Artefacts
    from .slack import SlackFibre, SlackTest, slack_test, slack_tests
    from .ultrasound import bmode

__all__ = [
    "SAMPLES",
    "Artefacts",
    "SlackFibre",
    "SlackTest",
    "Tissue",
    "bmode",
    "eim_sweep",
    "expected",
    "sample",
    "slack_test",
    "slack_tests",
    "truth",
]

# generator: the module it lives in, imported on first touch
_GENERATORS: dict[str, str] = {
    "Artefacts": "rig",
    "SlackFibre": "slack",
    "SlackTest": "slack",
    "Tissue": "eim",
    "eim_sweep": "eim",
    "slack_test": "slack",
    "slack_tests": "slack",
    "bmode": "ultrasound",
}


# generators that live in modules of their own: simulate.twitch.twitch(…)
_MODULES = (
    "eim",
    "force_length",
    "force_pca",
    "force_velocity",
    "isometric",
    "ktr",
    "rig",
    "slack",
    "studies",
    "twitch",
    "ultrasound",
)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _GENERATORS:
        return getattr(import_module(f".{_GENERATORS[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})


# sample: (modality that measures it, how its files make items)
SAMPLES: dict[str, tuple[str, str | None]] = {
    "force_pca": ("force_pca", None),
    "force_pca_traces": ("force_pca", "folder"),
    "slack": ("slack", None),
    "force_velocity": ("force_velocity", None),
    "force_velocity_traces": ("force_velocity", "folder"),
    "isometric": ("isometric", None),
    "twitch": ("twitch", None),
    "force_length": ("force_length", None),
    "ktr": ("ktr", None),
    "eim": ("eim", None),
    "bmode": ("bmode", "{subject}_{session}.{format}"),
}


def _home() -> Path:
    package = Path(__file__).resolve().parent.parent
    for place in (package / "sample_data", package.parent.parent / "sample_data"):
        if place.is_dir():
            return place
    raise SettingsError(
        "the sample data are not beside this installation", code="no-samples", remedy="install musclemetrics anew"
    )


def _known(name: str) -> None:
    if name not in SAMPLES:
        raise SettingsError(f"there is no sample {name!r}", code="unknown-sample", remedy=f"use {', '.join(SAMPLES)}")


def sample(name: str) -> Path:
    """Return the folder of simulated recordings called `name`.

    Parameters
    ----------
    name : str
        One of ``SAMPLES``, which are called after the modality that measures them; those that end in ``_traces`` are
        raw recordings of what their namesakes hold as points, such as ``"force_pca_traces"``, a folder a fibre.

    Raises
    ------
    SettingsError
        If there is no such sample.

    Examples
    --------
    >>> import musclemetrics as mm
    >>> sorted(p.name for p in mm.sample("force_pca").iterdir())
    ['broken.csv', 'calcium_wide.csv', 'fibres.csv']
    """
    _known(name)
    return _home() / name


def expected(name: str) -> Path:
    """Return the file of records (``.jsonl``) that measuring the sample `name` must give."""
    _known(name)
    return _home() / "expected" / f"{name}.jsonl"


def truth(name: str) -> Path:
    """Return the table of true parameters behind the sample `name`."""
    _known(name)
    return _home() / "truth" / f"{name}.csv"
