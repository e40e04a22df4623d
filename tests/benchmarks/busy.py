"""A modality that costs about 20 ms of one processor, whatever the recording: what the engines share out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from musclemetrics.record import Record

from .. import mean_force
from ..mean_force import DEFINITIONS, draw, inputs

__all__ = ["DEFINITIONS", "burn", "draw", "inputs", "measure"]

TURNS = 450_000


def burn(number: int) -> float:
    """Work for about 20 ms."""
    value = float(number)
    for _ in range(TURNS):
        value = (value * 1.000001 + 1.0) % 1000.0
    return value


def measure(pca: Any, force: Any, *, force_unit: str = "1") -> Record:
    """Average the forces, slowly.

    Parameters
    ----------
    pca, force : array_like
        Unused and used.
    force_unit : str
        Unit of the forces.
    """
    burn(len(force))
    return replace(mean_force.measure(pca, force, force_unit=force_unit), modality="busy")
