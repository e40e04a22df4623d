"""What the reader tests share: where real recordings lie, and how a file is bent."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of real recordings; tests that need it are skipped where it is absent."""
    default = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("MUSCLEMETRICS_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}; set MUSCLEMETRICS_DATA")
    return folder


@pytest.fixture
def mutations() -> Callable[[bytes, int], Iterator[bytes]]:
    """Seeded damage: bytes flipped, cut out, repeated, swapped for awkward ones, and files cut short."""
    awkward = [
        b"\x00",
        b"\xff",
        b'"',
        b",",
        b";",
        b"\n",
        b"\r",
        b"\t",
        b"inf",
        b"nan",
        b"1e999",
        b"9" * 400,
        b"\xc2\xb5",
    ]

    def bend(data: bytes, count: int) -> Iterator[bytes]:
        rng = random.Random(20260)
        for _ in range(count):
            bent = bytearray(data)
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(bent)) if bent else 0
                kind = rng.randrange(5)
                if kind == 0 and bent:
                    bent[at] ^= 1 << rng.randrange(8)
                elif kind == 1:
                    del bent[at : at + rng.randint(1, 30)]
                elif kind == 2:
                    bent[at:at] = bent[at : at + rng.randint(1, 60)]
                elif kind == 3:
                    bent[at : at + 1] = rng.choice(awkward)
                else:
                    bent = bent[: max(at, 1)] if rng.random() < 0.3 else bent
            yield bytes(bent)

    return bend
