"""The variables of a ``.mat`` file: name, shape and kind known before anything large is decoded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError, ReadError

__all__ = ["DEPTH_LIMIT", "VARIABLE_LIMIT", "Budget", "Variable", "corrupt", "described"]

DEPTH_LIMIT = 4
"""Structs within structs that are looked into."""
VARIABLE_LIMIT = 2000


def corrupt(reason: str) -> ReadError:
    """Return the error of a damaged file."""
    return ReadError(
        f"the .mat file is damaged: {reason}", code="corrupt-mat", remedy="save it again, or copy it again"
    )


@dataclass(slots=True)
class Budget:
    """How many elements may still be decoded."""

    limit: int
    left: int = 0

    def __post_init__(self) -> None:
        self.left = self.limit

    def take(self, name: str, count: int) -> None:
        """Take `count` elements, or refuse.

        Raises
        ------
        LimitError
            ``too-large``.
        """
        if count > self.left:
            raise LimitError(
                f"{name!r} has {count} elements, {self.left} of the file's limit of {self.limit} are left",
                code="too-large",
                remedy="raise it with -r max_elements=, or save the recording alone",
            )
        self.left -= count


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable by its name, a struct's field as ``struct.field``.

    Attributes
    ----------
    name : str
    shape : tuple of int
    kind : str
        ``"number"``, ``"text"``, or in words what cannot be taken as a plain array: ``"cell array"``,
        ``"complex numbers"``, ``"sparse matrix"``, ``"struct array"``, ``"object"``, ``"function handle"``.
    decode : callable
        Returns the array; for text an array of rows.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    decode: Callable[[], NDArray[Any]]

    @property
    def size(self) -> int:
        """How many elements there are."""
        return math.prod(self.shape)

    def numbers(self) -> NDArray[np.float64]:
        """Return the values as float64 in the shape that MATLAB shows.

        Raises
        ------
        ReadError
            ``object-type`` for anything but real numbers.
        """
        if self.kind != "number":
            raise ReadError(
                f"{self.name!r} holds {'text' if self.kind == 'text' else f'a {self.kind}'.removeprefix('a complex ')},"
                " real numbers are needed",
                code="object-type",
                remedy="save each quantity as an array of real numbers of its own",
            )
        return np.asarray(self.decode(), dtype=np.float64)

    def words(self) -> list[str]:
        """Return the rows of text, without the blanks that pad them."""
        return [str(row).rstrip(" \0") for row in self.decode()] if self.kind == "text" else []


def described(found: Mapping[str, Variable], limit: int = 30) -> str:
    """Return the variables with shapes in a row, for messages."""
    words = [f"{v.name} ({' × '.join(str(n) for n in v.shape)}{_kind(v)})" for v in found.values()]
    return ", ".join(words[:limit]) + (f" and {len(words) - limit} more" if len(words) > limit else "")


def _kind(variable: Variable) -> str:
    return "" if variable.kind == "number" else f", {variable.kind}"
