"""Recordings with known truth, for samples, tests, examples and teaching.

``python -m musclemetrics.simulate FOLDER`` writes the sample data anew, byte for byte the same.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import SettingsError

__all__ = ["SAMPLES", "expected", "sample", "truth"]

# sample: (modality that measures it, how its files make items)
SAMPLES: dict[str, tuple[str, str | None]] = {
    "force_pca": ("force_pca", None),
    "force_pca_traces": ("force_pca", "folder"),
    "ktr": ("ktr", None),
    "isometric": ("isometric", None),
    "twitch": ("twitch", None),
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
        ``"force_pca"`` (tables of points) or ``"force_pca_traces"`` (raw traces, a folder a fibre).

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
