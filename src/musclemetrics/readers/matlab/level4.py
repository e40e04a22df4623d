"""``.mat`` files of level 4, as acquisition programs still write them: matrices one after the other, no more."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError
from .variables import VARIABLE_LIMIT, Budget, Variable, corrupt

__all__ = ["variables"]

_TYPES = ("f8", "f4", "i4", "i2", "u2", "u1")
_FULL, _TEXT = 0, 1


def variables(raw: bytes, budget: Budget) -> dict[str, Variable]:
    """Return the matrices of a file.

    Raises
    ------
    ReadError
        ``corrupt-mat``.
    LimitError
        ``too-many-objects``.
    """
    found: dict[str, Variable] = {}
    at = 0
    while at < len(raw):
        if len(raw) - at < 20:
            raise corrupt(f"a matrix at byte {at} ends within its header")
        order = next((o for o in "<>" if 0 <= int(np.frombuffer(raw, f"{o}i4", 1, at)[0]) < 5000), None)
        if order is None:
            raise corrupt(f"there is no matrix of level 4 at byte {at}")
        kind, rows, columns, imaginary, length = np.frombuffer(raw, f"{order}i4", 5, at).tolist()
        begin = at + 20 + length
        what, value = kind % 10, kind // 10 % 10
        if min(rows, columns) < 0 or not 1 < length <= 256 or begin > len(raw) or value >= len(_TYPES) or what > 2:
            raise corrupt(f"the header of the matrix at byte {at} makes no sense")
        name = raw[at + 20 : begin].split(b"\0", 1)[0].decode("latin-1")
        size = rows * columns * int(_TYPES[value][1]) * (2 if imaginary else 1)
        if begin + size > len(raw):
            raise corrupt(f"{name!r} claims {size} bytes, {len(raw) - begin} are left")
        data = memoryview(raw)[begin : begin + size]
        decode = partial(_values, name, data, f"{order}{_TYPES[value]}", (rows, columns), what == _TEXT, budget)
        word = "sparse matrix" if what == 2 else "complex numbers" if imaginary else "number"
        found[name] = Variable(name, (rows, columns), "text" if what == _TEXT else word, decode)
        if len(found) > VARIABLE_LIMIT:
            raise LimitError(f"the file holds more than {VARIABLE_LIMIT} variables", code="too-many-objects")
        at = begin + size
    return found


def _values(name: str, data: memoryview, kind: str, shape: tuple[int, int], text: bool, budget: Budget) -> NDArray[Any]:
    budget.take(name, shape[0] * shape[1])
    values = np.frombuffer(data, dtype=kind).reshape(shape, order="F")
    if not text:
        return values
    return np.array(["".join(chr(int(c)) if 0 <= c < 0x110000 else "�" for c in row) for row in values])
