"""``.mat`` files of level 7.3, which are HDF5: only what lies in the file itself, as plain arrays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError, ReadError
from .variables import DEPTH_LIMIT, VARIABLE_LIMIT, Budget, Variable, corrupt

__all__ = ["variables"]


def variables(h5py: Any, file: Any, budget: Budget) -> dict[str, Variable]:
    """Return the variables of an open file.

    Raises
    ------
    ReadError
        ``external-link``, ``external-storage``, ``virtual-dataset`` or ``corrupt-mat``.
    LimitError
        ``too-many-objects``.
    """
    found: dict[str, Variable] = {}
    for one in _walk(h5py, file, "", 0, budget):
        found[one.name] = one
        if len(found) > VARIABLE_LIMIT:
            raise LimitError(f"the file holds more than {VARIABLE_LIMIT} variables", code="too-many-objects")
    return found


def _walk(h5py: Any, group: Any, above: str, depth: int, budget: Budget) -> Iterator[Variable]:
    for key in group:
        if str(key).startswith("#"):  # what cells and objects point to
            continue
        name = f"{above}{key}"
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            raise ReadError(
                f"{name!r} is a link",
                code="external-link",
                remedy="save the variable itself in this file",
            )
        item = group.get(key)
        word = _class(h5py, item)
        if isinstance(item, h5py.Group):
            if word == "struct" and depth < DEPTH_LIMIT:
                yield from _walk(h5py, item, f"{name}.", depth + 1, budget)
            else:
                sparse = "MATLAB_sparse" in item.attrs
                yield Variable(name, (), "sparse matrix" if sparse else "object", partial(_refused, name))
        elif isinstance(item, h5py.Dataset):
            yield _variable(h5py, name, item, word, budget)


def _class(h5py: Any, item: Any) -> str:
    """Return what MATLAB says that an item is, in one word; empty where it does not say so plainly."""
    if "MATLAB_class" not in item.attrs:
        return ""
    held = item.attrs.get_id("MATLAB_class")
    if held.shape not in ((), (1,)) or held.dtype.kind != "S" or held.dtype.itemsize > 64:
        return ""
    value = np.asarray(item.attrs["MATLAB_class"]).ravel()[0]
    return bytes(value).decode("ascii", errors="replace")


def _variable(h5py: Any, name: str, item: Any, word: str, budget: Budget) -> Variable:
    if item.external:
        raise ReadError(f"{name!r} is stored in another file", code="external-storage", remedy="save it in this file")
    if item.is_virtual:
        raise ReadError(f"{name!r} is a view of other files", code="virtual-dataset", remedy="save it in this file")
    shape = tuple(int(n) for n in reversed(item.shape or ()))
    if "MATLAB_empty" in item.attrs or item.shape is None:
        return Variable(name, (0, 0), "text" if word == "char" else "number", partial(np.zeros, (0, 0)))
    if word == "cell":
        return Variable(name, shape, "cell array", partial(_refused, name))
    if word == "char" and item.dtype.kind == "u" and len(shape) == 2:
        return Variable(name, shape, "text", partial(_text, name, item, budget))
    if item.dtype.names is not None and set(item.dtype.names) == {"real", "imag"}:
        return Variable(name, shape, "complex numbers", partial(_refused, name))
    if item.dtype.kind not in "biuf" or word in ("struct", "function_handle"):
        return Variable(name, shape, "object", partial(_refused, name))
    return Variable(name, shape, "number", partial(_numbers, name, item, budget))


def _refused(name: str) -> NDArray[Any]:
    raise corrupt(f"{name!r} holds no plain array")


def _decoded(name: str, item: Any, budget: Budget) -> NDArray[Any]:
    budget.take(name, max(int(item.size), int(np.prod(item.chunks or (0,)))))
    # MATLAB counts down its columns first, HDF5 along its rows.
    return np.asarray(item[()]).T


def _numbers(name: str, item: Any, budget: Budget) -> NDArray[Any]:
    return _decoded(name, item, budget)


def _text(name: str, item: Any, budget: Budget) -> NDArray[Any]:
    rows = _decoded(name, item, budget)
    return np.array(["".join(chr(int(c)) for c in row) for row in rows])
