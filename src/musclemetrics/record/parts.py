"""The parts of a record: measurements, evidence, flags, provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..units import column_suffix

__all__ = ["Definition", "Flag", "Measurement", "Provenance", "Settings", "Trace", "plain"]

Level = Literal["note", "suspect", "failed", "skipped"]
RANK: dict[str, int] = {"note": 0, "suspect": 1, "failed": 2, "skipped": 3}


class Settings(dict[str, Any]):
    """A mapping of plain values that refuses changes after it is made (and, unlike a proxy, pickles)."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("a record is frozen: make a new one instead of changing this mapping")

    __setitem__ = __delitem__ = __ior__ = update = pop = popitem = clear = setdefault = _refuse

    def __eq__(self, other: object) -> bool:
        # A NaN among the values equals another NaN, as for measurements.
        return dict.__eq__(self, other) is True or (isinstance(other, Settings) and repr(self) == repr(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Settings, (dict(self),)


def plain(value: Any) -> Any:
    """Return `value` as plain frozen data: numbers, text, None, tuples and :class:`Settings`.

    Raises
    ------
    InputError
        If something in it has no plain form (code ``not-plain``).
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value if type(value) in (str, bool, int, float, type(None)) else _base_type(value)
    if isinstance(value, Mapping):
        return Settings((str(k), plain(v)) for k, v in value.items())
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return tuple(plain(v) for v in (sorted(value) if isinstance(value, set | frozenset) else value))
    raise InputError(
        f"{type(value).__name__} cannot be kept in a record",
        code="not-plain",
        remedy="give numbers, text, lists or mappings of those",
    )


def _base_type(value: Any) -> Any:
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value  # pragma: no cover - the caller has checked the type


@dataclass(frozen=True, slots=True)
class Definition:
    """What one name means: stated once per modality, with the unit or the few units it may have.

    Attributes
    ----------
    name : str
        The literature's own symbol, a valid identifier.
    units : tuple of str
        Units the value may have; a unit ending in ``*`` in the text means "that of the input".
    meaning : str
        One sentence.
    interval : str
        What the 95 % interval of this name covers (fit, repeats, …); empty where there is none.
    only : Mapping
        Settings under which the name exists, for example ``{"model": ("hill_two",)}``; empty means always.
    """

    name: str
    units: tuple[str, ...]
    meaning: str
    interval: str = ""
    only: Mapping[str, tuple[Any, ...]] = field(default_factory=Settings)

    def applies(self, settings: Mapping[str, Any]) -> bool:
        """Whether this name is part of a record made with `settings`."""
        return all(settings.get(key) in allowed for key, allowed in self.only.items())


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """One quantity: its value, standard error, 95 % interval and unit.

    ``float(m)`` is the value, and ``f"{m:.2f}"`` writes it. A bound of an interval is infinite where
    the data set no limit on that side, and NaN where no interval was determined.
    """

    name: str
    value: float
    stderr: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)
    unit: str = "1"

    def __eq__(self, other: object) -> bool:
        # Equal when they would be written alike: NaN equals NaN here, as it does on paper.
        return repr(self) == repr(other) if isinstance(other, Measurement) else NotImplemented

    def __hash__(self) -> int:
        return hash(repr(self))

    def __post_init__(self) -> None:
        # A count given as int or a NumPy scalar would not come back as such from a file: numbers here are floats.
        if type(self.value) is not float:
            object.__setattr__(self, "value", float(self.value))
        if type(self.stderr) is not float:
            object.__setattr__(self, "stderr", float(self.stderr))
        low, high = self.interval
        if type(self.interval) is not tuple or type(low) is not float or type(high) is not float:
            object.__setattr__(self, "interval", (float(low), float(high)))

    def __float__(self) -> float:
        return self.value

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else str(self)

    def __str__(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        text = f"{self.name} = {_number(self.value)}{unit}"
        if not math.isnan(self.stderr):
            text += f", SE {_number(self.stderr)}"
        low, high = self.interval
        if not (math.isnan(low) and math.isnan(high)):
            text += f", 95 % {_number(low)} to {_number(high)}"
        return text

    @property
    def column(self) -> str:
        """Name of the table column this belongs to: the name and its unit's suffix."""
        suffix = column_suffix(self.unit)
        return f"{self.name}_{suffix}" if suffix else self.name


def _number(value: float) -> str:
    if math.isnan(value):
        return "not determined"
    if math.isinf(value):
        return "no limit" if value > 0 else "no lower limit"
    return f"{value:.5g}" if abs(value) < 1e5 else f"{value:.4e}"


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Evidence behind a record: data, a fitted curve, an outline. Read-only float64, one dimension.

    Parameters
    ----------
    name : str
    values : array_like, shape (n,)
    unit : str
    """

    name: str
    values: NDArray[np.float64]
    unit: str = "1"

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        if values.ndim != 1:
            raise InputError(f"trace {self.name} has {values.ndim} dimensions, a trace has 1", code="bad-trace")
        if values.flags.writeable:
            values = values.copy()
            values.setflags(write=False)
        object.__setattr__(self, "values", values)

    def __reduce__(self) -> tuple[Any, ...]:
        # A pickled array comes back writeable; building the trace anew freezes it again.
        return Trace, (self.name, self.values, self.unit)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        return (
            (self.name, self.unit) == (other.name, other.unit)
            and self.values.shape == other.values.shape
            and bool(np.array_equal(self.values, other.values, equal_nan=True))
        )

    def __hash__(self) -> int:
        return hash((self.name, self.unit, self.values.shape))

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Flag:
    """Something the reader of a number must know.

    ``code`` is kebab-case, documented and filterable; ``message`` names value, limit and remedy; ``level`` is
    ``"note"`` (worth knowing), ``"suspect"`` (the number is doubtful), ``"failed"`` (there is no number) or, for a
    file the batch passed over, ``"skipped"``.
    """

    code: str
    message: str
    level: Level = "suspect"

    def __post_init__(self) -> None:
        if self.level not in RANK:
            raise InputError(
                f"flag level {self.level!r} is none of {', '.join(RANK)}",
                code="bad-flag",
                remedy="use one of these",
            )


@dataclass(frozen=True, slots=True)
class Provenance:
    """What was decided, with which versions, on which files.

    Attributes
    ----------
    method : str
        The method in a few words, with its source.
    settings : Mapping
        Every decision given to ``measure``, defaults included.
    software : Mapping
        Versions of what computed the numbers.
    sources : tuple of (str, str)
        Relative name and SHA-256 of every file used; a fibre may be eight.
    reading : Mapping
        How the files became arrays: the reader, its options, what it had to guess.
    """

    method: str = ""
    settings: Mapping[str, Any] = field(default_factory=Settings)
    software: Mapping[str, str] = field(default_factory=Settings)
    sources: tuple[tuple[str, str], ...] = ()
    reading: Mapping[str, Any] = field(default_factory=Settings)

    def __post_init__(self) -> None:
        for name in ("settings", "software", "reading"):
            value = getattr(self, name)
            if type(value) is not Settings:
                object.__setattr__(self, name, plain(value))
        if type(self.sources) is not tuple:
            object.__setattr__(self, "sources", tuple((str(a), str(b)) for a, b in self.sources))
