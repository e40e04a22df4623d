"""``.mat`` files of level 5 (MATLAB 5 to 7.2) by their published layout: tagged elements, some compressed.

Only what is asked for is decoded, and nothing is that claims more than its element holds. Cell arrays, objects and
function handles are named and not entered.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError
from .variables import DEPTH_LIMIT, VARIABLE_LIMIT, Budget, Variable, corrupt

__all__ = ["variables"]

_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXT = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE = 1, 2, 3, 4, 5
_WORDS = {_CELL: "cell array", _OBJECT: "object", _SPARSE: "sparse matrix", 16: "function handle", 17: "object"}
_NUMBERS = range(6, 16)
_COMPLEX, _LOGICAL = 0x08, 0x02
_HEAD = 4096  # of a compressed variable: enough for its flags, its shape and its name


@dataclass(frozen=True, slots=True)
class _Element:
    kind: int
    data: memoryview
    after: int


def variables(raw: bytes, budget: Budget) -> dict[str, Variable]:
    """Return the variables of a file.

    Raises
    ------
    ReadError
        ``corrupt-mat``.
    LimitError
        ``too-many-objects``.
    """
    if len(raw) < 136:
        raise corrupt(f"it holds {len(raw)} bytes, its header alone takes 128")
    mark = raw[126:128]
    if mark not in (b"IM", b"MI"):
        raise corrupt("its mark of the byte order is neither IM nor MI")
    order = "<" if mark == b"IM" else ">"
    found: dict[str, Variable] = {}
    view = memoryview(raw)
    at = 128
    while at < len(raw):
        if not any(raw[at : at + 8]):  # padding at the end
            break
        element = _element(view, at, order, f"byte {at}")
        if element.kind == _COMPRESSED:
            found.update((v.name, v) for v in _compressed(bytes(element.data), order, budget))
        elif element.kind == _MATRIX:
            found.update((v.name, v) for v in _matrix(element.data, order, "", 0, budget))
        # On the outer level a compressed element ends where it ends; all others are padded to eight bytes.
        at = element.after if element.kind != _COMPRESSED else at + 8 + len(element.data)
        if len(found) > VARIABLE_LIMIT:
            raise LimitError(f"the file holds more than {VARIABLE_LIMIT} variables", code="too-many-objects")
    found.pop("", None)
    return found


def _element(view: memoryview, at: int, order: str, where: str) -> _Element:
    """Return the element that begins at a byte; a small one holds its data within its tag."""
    if len(view) - at < 8:
        raise corrupt(f"an element at {where} ends within its tag")
    first, second = np.frombuffer(view[at : at + 8], dtype=f"{order}u4").tolist()
    if first >> 16:
        kind, size, begin = first & 0xFFFF, first >> 16, at + 4
        if size > 4:
            raise corrupt(f"a small element at {where} claims {size} bytes")
        return _Element(kind, view[begin : begin + size], at + 8)
    begin, end = at + 8, at + 8 + second
    if end > len(view):
        raise corrupt(f"an element at {where} claims {second} bytes, {len(view) - begin} are left")
    return _Element(first, view[begin:end], begin + (second + 7) // 8 * 8)


def _unpacked(data: bytes, most: int) -> bytes:
    """Return at most so many bytes of a compressed element."""
    try:
        return zlib.decompressobj().decompress(data, most)
    except zlib.error as error:
        raise corrupt(f"a compressed variable cannot be unpacked ({error})") from None


def _compressed(data: bytes, order: str, budget: Budget) -> Iterator[Variable]:
    """Yield the variables of a compressed element; the values of an array are unpacked when they are asked for."""
    head = _unpacked(data, _HEAD)
    if len(head) < 8:
        raise corrupt("a compressed variable holds nothing")
    kind, size = np.frombuffer(head[:8], dtype=f"{order}u4").tolist()
    if kind != _MATRIX:
        return
    parts = _parts(memoryview(head)[8:], order)
    if parts is None:
        raise corrupt("a compressed variable ends within its header")
    flags, shape, name, _ = parts
    what = flags & 0xFF
    if what == _STRUCT:
        # Its fields come one after the other, so it is unpacked whole, within the limit.
        if size > 8 * budget.left + 2**20:
            budget.take(name, size // 8)
        unpacked = _unpacked(data, 8 + size)
        yield from _matrix(memoryview(unpacked)[8:], order, "", 0, budget)
        return

    def body() -> memoryview:
        whole = _unpacked(data, 8 + size)
        if len(whole) < 8 + size:
            raise corrupt(f"{name!r} claims {size} bytes and unpacks to {len(whole) - 8}")
        return memoryview(whole)[8:]

    yield _variable(name, flags, shape, body, order, budget)


def _parts(view: memoryview, order: str) -> tuple[int, tuple[int, ...], str, int] | None:
    """Return flags, shape, name, and where the contents begin; None where the header does not end within `view`."""
    if len(view) < 16:
        return None
    flags = _element(view, 0, order, "the flags of a variable")
    if flags.kind != 6 or len(flags.data) != 8:
        raise corrupt("a variable does not begin with its flags")
    what = int(np.frombuffer(flags.data, dtype=f"{order}u4")[0])
    if what & 0xFF == 17:  # an opaque object has a layout of its own
        return what, (1, 1), "", 0
    shape = _element(view, flags.after, order, "the shape of a variable")
    if shape.kind != 5 or len(shape.data) % 4 or not 8 <= len(shape.data) <= 128:
        raise corrupt("a variable has no shape")
    lengths = tuple(np.frombuffer(shape.data, dtype=f"{order}i4").tolist())
    if min(lengths) < 0:
        raise corrupt(f"a variable has the shape {lengths}")
    name = _element(view, shape.after, order, "the name of a variable")
    if name.kind != 1 or len(name.data) > 256:
        raise corrupt("a variable has no name")
    return what, lengths, bytes(name.data).decode("latin-1"), name.after


def _matrix(view: memoryview, order: str, above: str, depth: int, budget: Budget) -> Iterator[Variable]:
    """Yield a variable; of a struct that is no array its fields."""
    if not len(view):
        return
    parts = _parts(view, order)
    if parts is None:
        raise corrupt("a variable ends within its header")
    flags, shape, name, begin = parts
    name = above or name
    if flags & 0xFF != _STRUCT:
        yield _variable(name, flags, shape, lambda: view, order, budget)
        return
    if math.prod(shape) != 1 or depth >= DEPTH_LIMIT:
        yield Variable(name, shape, "struct array", partial(_refused, name))
        return
    width = _element(view, begin, order, f"the fields of {name}")
    fields = _element(view, width.after, order, f"the fields of {name}")
    each = int(np.frombuffer(width.data[:4], dtype=f"{order}i4")[0]) if len(width.data) >= 4 else 0
    if not 0 < each <= 64 or len(fields.data) % each:
        raise corrupt(f"the names of the fields of {name!r} do not fill their table")
    names = bytes(fields.data)
    at = fields.after
    for i in range(0, len(names), each):
        field = names[i : i + each].split(b"\0", 1)[0].decode("latin-1")
        one = _element(view, at, order, f"{name}.{field}")
        if one.kind != _MATRIX:
            raise corrupt(f"the field {field!r} of {name!r} is no variable")
        yield from _matrix(one.data, order, f"{name}.{field}", depth + 1, budget)
        at = one.after


def _variable(name: str, flags: int, shape: tuple[int, ...], body: Any, order: str, budget: Budget) -> Variable:
    what = flags & 0xFF
    if what == _CHAR:
        return Variable(name, shape, "text", partial(_text, name, shape, body, order, budget))
    if what in _NUMBERS and flags >> 8 & _COMPLEX:
        return Variable(name, shape, "complex numbers", partial(_refused, name))
    if what in _NUMBERS:
        return Variable(name, shape, "number", partial(_numbers, name, shape, body, order, budget))
    return Variable(name, shape, _WORDS.get(what, "object"), partial(_refused, name))


def _refused(name: str) -> NDArray[Any]:
    raise corrupt(f"{name!r} holds no plain array")


def _contents(name: str, body: Any, order: str) -> _Element:
    view = body()
    parts = _parts(view, order)
    if parts is None:
        raise corrupt(f"{name!r} ends within its header")
    return _element(view, parts[3], order, f"the values of {name}")


def _numbers(name: str, shape: tuple[int, ...], body: Any, order: str, budget: Budget) -> NDArray[Any]:
    count = math.prod(shape)
    budget.take(name, count)
    if count == 0:
        return np.zeros(shape)
    element = _contents(name, body, order)
    kind = _TYPES.get(element.kind)
    if kind is None:
        raise corrupt(f"the values of {name!r} are of the unknown type {element.kind}")
    width = int(kind[1])
    if len(element.data) != count * width:
        raise corrupt(f"{name!r} has {count} values of {width} bytes by its shape and holds {len(element.data)} bytes")
    return np.frombuffer(element.data, dtype=f"{order}{kind}").reshape(shape, order="F")


def _text(name: str, shape: tuple[int, ...], body: Any, order: str, budget: Budget) -> NDArray[Any]:
    count = math.prod(shape)
    budget.take(name, count)
    if count == 0 or len(shape) != 2:
        return np.array([], dtype=str)
    element = _contents(name, body, order)
    if element.kind in _TEXT:
        ending = "" if element.kind == 16 else "-le" if order == "<" else "-be"
        letters = bytes(element.data).decode(_TEXT[element.kind] + ending, errors="replace")
    else:
        kind = _TYPES.get(element.kind, "u1")
        if len(element.data) != count * int(kind[1]):
            raise corrupt(f"{name!r} has {count} letters by its shape and holds {len(element.data)} bytes")
        codes = np.frombuffer(element.data, dtype=f"{order}{kind}")
        letters = "".join(chr(int(c)) if 0 <= c < 0x110000 else "�" for c in codes)
    if len(letters) != count:
        raise corrupt(f"{name!r} has {count} letters by its shape and holds {len(letters)}")
    grid = np.array(list(letters)).reshape(shape, order="F")
    return np.array(["".join(row) for row in grid])
