"""Arrays as promised, or a clear reason why not."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import InputError, SettingsError

__all__ = [
    "at_least",
    "choice",
    "finite",
    "fraction",
    "matrix",
    "number",
    "same_length",
    "samples",
    "settings",
    "vector",
]


Chosen = TypeVar("Chosen")


def _array(values: ArrayLike, name: str) -> NDArray[np.float64]:
    if isinstance(values, np.ma.MaskedArray) and np.ma.getmaskarray(values).any():
        hidden = int(np.ma.getmaskarray(values).sum())
        raise InputError(
            f"{name} has {hidden} masked value(s)",
            code="masked-values",
            remedy="leave those points out of every array first",
        )
    try:
        raw = np.asarray(values)
    except ValueError:
        raise InputError(
            f"{name} holds rows of different lengths", code="wrong-shape", remedy="give rows of one length"
        ) from None
    if raw.dtype == object or raw.dtype.kind in "USOMmc":
        held = "complex numbers" if raw.dtype.kind == "c" else "text or mixed values"
        raise InputError(
            f"{name} holds {held}, numbers are needed",
            code="not-numeric",
            remedy=f"convert {name} to real numbers first",
        )
    return np.ascontiguousarray(raw, dtype=np.float64)


def finite(values: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Return `values`, or raise with the place of the first NaN or infinity (code ``not-finite``)."""
    bad = ~np.isfinite(values)
    if bad.any():
        where = np.argwhere(bad)[0]
        place = ", ".join(str(int(i)) for i in where)
        raise InputError(
            f"{name} is not finite at index {place} ({int(bad.sum())} such value(s) in all)",
            code="not-finite",
            remedy="leave that point out or mend it at its source",
        )
    return values


def vector(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return `values` as finite float64 of one dimension.

    Raises
    ------
    InputError
        ``not-numeric``, ``wrong-shape`` or ``not-finite``.
    """
    return finite(samples(values, name), name)


def samples(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return `values` as float64 of one dimension; NaN is left for the caller to judge sample by sample.

    Raises
    ------
    InputError
        ``not-numeric`` or ``wrong-shape``.
    """
    array = _array(values, name)
    if array.ndim != 1:
        raise InputError(
            f"{name} has {array.ndim} dimensions, 1 is needed",
            code="wrong-shape",
            remedy="give one row of numbers",
        )
    return array


def matrix(values: ArrayLike, name: str, columns: int) -> NDArray[np.float64]:
    """Return `values` as float64 of shape (n, columns); NaN is left for the caller to judge row by row."""
    array = _array(values, name)
    if array.ndim != 2 or array.shape[1] != columns:
        raise InputError(
            f"{name} has shape {array.shape}, (n, {columns}) is needed",
            code="wrong-shape",
            remedy="give one row a curve and one column a point",
        )
    return array


def same_length(**arrays: NDArray[np.float64]) -> None:
    """Raise ``length-mismatch`` unless all arrays have the same length."""
    sizes = {name: len(a) for name, a in arrays.items()}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} has {n}" for name, n in sizes.items())
        raise InputError(f"lengths differ: {listed}", code="length-mismatch", remedy="give one value a point in each")


def at_least(count: int, limit: int, what: str, *, code: str, remedy: str) -> None:
    """Raise unless ``count >= limit``."""
    if count < limit:
        raise InputError(f"{what} needs at least {limit}, got {count}", code=code, remedy=remedy)


def choice(value: Any, name: str, allowed: Collection[Any]) -> None:
    """Raise ``bad-setting`` unless `value` is one of `allowed`."""
    if value not in allowed:
        listed = ", ".join(repr(a) for a in allowed)
        raise SettingsError(f"{name}={value!r} is unknown", remedy=f"use one of {listed}")


def number(value: Any, name: str, *, low: float = -np.inf, high: float = np.inf) -> float:
    """Return `value` as a float within [low, high], or raise ``bad-setting``."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise SettingsError(f"{name}={value!r} is not a number", remedy="give a number") from None
    if result != result:
        raise SettingsError(f"{name}={value!r} is not a number", remedy="give a number")
    if not low <= result <= high:
        raise SettingsError(f"{name}={result:g} lies outside {low:g} to {high:g}", remedy="give a value in that range")
    return result


def fraction(value: Any, name: str) -> float:
    """Return `value` as a float between 0 and 1."""
    return number(value, name, low=0.0, high=1.0)


def settings(
    measure: Callable[..., Any],
    check: Callable[[Mapping[str, Any]], Chosen],
    given: Mapping[str, Any],
    others: Collection[str] = (),
) -> Chosen:
    """Return the decisions of a modality, checked before there is a recording.

    Parameters
    ----------
    measure : callable
        Its keywords are the settings, its defaults those that are not given.
    check : callable
        Turns all of them into decisions, or raises.
    given : Mapping
    others : collection of str
        Settings that are not measure's own, and checked elsewhere.

    Raises
    ------
    SettingsError
        If there is no such setting, or one cannot be carried out.
    """
    known = inspect.signature(measure).parameters.values()
    defaults = {p.name: p.default for p in known if p.kind is p.KEYWORD_ONLY}
    for name in given:
        if name not in defaults and name not in others:
            listed = ", ".join([*defaults, *others])
            raise SettingsError(f"there is no setting {name!r}", remedy=f"use one of {listed}")
    try:
        return check({**defaults, **{k: v for k, v in given.items() if k in defaults}})
    except InputError as error:  # an unknown unit is a wrong decision here, not a wrong array
        raise SettingsError(error.message, code=error.code, remedy=error.remedy) from None
