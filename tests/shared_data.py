"""Where the real recordings are: the environment variable MUSCLEMETRICS_DATA, by default beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared(relative: str) -> Path:
    """Return a path in the shared data, or skip the test with the reason."""
    folder = Path(os.environ.get("MUSCLEMETRICS_DATA", str(ROOT / ".." / "shared" / "data")))
    path = folder / relative
    if not path.exists():
        pytest.skip(f"real recordings not found: {relative} is not below MUSCLEMETRICS_DATA")
    return path
