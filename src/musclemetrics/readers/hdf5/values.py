"""What stands beside the arrays of an HDF5 file: attributes, units, single words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...errors import InputError
from ...record import Flag
from ...units import canonical
from ..aliases import is_personal, label_name

__all__ = ["attribute", "take_attributes", "take_text", "unit_of"]

ATTRIBUTE_LIMIT = 4096


def take_attributes(h5py: Any, group: Any, labels: dict[str, str], facts: dict[str, Any], notes: list[str]) -> None:
    """Take a group's attributes: words as labels, numbers as facts."""
    for name in list(group.attrs):
        value = attribute(h5py, group, name)
        if isinstance(value, str) and is_personal(name):
            notes.append(f"attribute {name!r} may name a person and is no label")
        elif isinstance(value, str):
            labels[label_name(name) or name] = value
        elif isinstance(value, float):
            facts[name] = np.array(value)
        else:
            notes.append(f"attribute {name!r} is neither text nor a number and is left out")


def attribute(h5py: Any, item: Any, name: str) -> str | float | None:
    """Return an attribute that is one word or one number, None where it is neither."""
    held = item.attrs.get_id(name)
    if math.prod(held.shape or ()) != 1 or held.dtype.itemsize > ATTRIBUTE_LIMIT:
        return None
    if held.dtype.kind == "O" and h5py.check_string_dtype(held.dtype) is None:
        return None
    value = item.attrs[name]
    if isinstance(value, np.ndarray):
        value = value.ravel()[0]
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    if isinstance(value, str):
        return value.strip()[:ATTRIBUTE_LIMIT]
    return float(value) if isinstance(value, int | float | np.integer | np.floating | np.bool_) else None


def unit_of(h5py: Any, name: str, dataset: Any, flags: list[Flag]) -> str | None:
    """Return a dataset's unit, None where it states none that is known."""
    for key in ("units", "unit"):
        if key not in dataset.attrs:
            continue
        text = attribute(h5py, dataset, key)
        try:
            return canonical(text) if isinstance(text, str) else None
        except InputError as error:
            flags.append(Flag("unknown-unit", f"{name}: {error.message}"))
            return None
    return None


def take_text(name: str, dataset: Any, labels: dict[str, str], notes: list[str]) -> None:
    """Take a single text as a label."""
    if is_personal(name):
        notes.append(f"{name!r} may name a person and is no label")
    elif dataset.shape == () and dataset.dtype.itemsize <= ATTRIBUTE_LIMIT:
        value = dataset[()]
        text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
        labels.setdefault(label_name(name) or name, text.strip()[:ATTRIBUTE_LIMIT])
    else:
        notes.append(f"{name!r} holds text or nothing and is left out")
