"""Which variable is what: named columns of one matrix, variables by the user's word, vectors by their own names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError, SettingsError
from ...reading import Reading
from ...record import Flag
from ..aliases import array_name, is_personal, label_name, slug
from ..passes import doubted
from .variables import Variable, described

__all__ = ["Choices", "columns_given", "readings"]

Array = NDArray[np.float64]

_LEFT_OUT = ("", "-", "_")
_LONGEST = 200  # letters of a text that is taken as a label


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user has said: the matrix, its columns or the variables, units, a sampling rate."""

    array: str | None = None
    columns: tuple[str, ...] | Mapping[str, str] | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    rate: float | None = None


def columns_given(value: Any) -> tuple[str, ...] | dict[str, str] | None:
    """Return the option ``columns``: names in order, or a mapping of name to variable or column number.

    Raises
    ------
    SettingsError
        If it is neither, or one name is given twice.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        found = {_name(k): str(v).strip() for k, v in value.items()}
        if not found or len(found) < len(value) or not all(found.values()):
            raise SettingsError(f"columns={dict(value)!r} gives a name twice or nothing", remedy=_EXAMPLE)
        return found
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, Sequence) or not value:
        raise SettingsError(f"columns={value!r} is no list of names", remedy=_EXAMPLE)
    names = tuple("" if str(v).strip() in _LEFT_OUT else _name(v) for v in value)
    named = [n for n in names if n]
    if not named or len(set(named)) < len(named):
        raise SettingsError(f"columns={value!r} gives a name twice or none", remedy=_EXAMPLE)
    return names


_EXAMPLE = "write columns=time,length,force (a dash for a column to leave out), or columns.force=NAME for a variable"


def _name(word: Any) -> str:
    text = str(word).strip()
    return array_name(text) or (text if text.isidentifier() else slug(text))


def readings(found: Mapping[str, Variable], choices: Choices) -> Iterator[Reading]:
    """Yield the recording of a file.

    Raises
    ------
    ReadError
        ``no-known-column``, ``ambiguous-column``, ``object-type`` or ``no-arrays``.
    SettingsError
        ``unknown-column``.
    """
    notes: list[str] = []
    flags: list[Flag] = []
    arrays: dict[str, Array] = {}
    if not any(v.kind == "number" for v in found.values()):
        raise ReadError(
            f"there are no arrays of numbers; the file holds {described(found) or 'nothing'}",
            code="no-arrays",
            remedy="save time, force and length as vectors, or as the columns of one matrix",
        )
    if isinstance(choices.columns, tuple) or (choices.columns is None and choices.array is not None):
        arrays = _by_place(found, choices, notes)
    elif choices.columns is not None:
        arrays = _by_word(found, choices, notes)
    else:
        arrays = _by_name(found, notes)
    lengths = {name: len(a) for name, a in arrays.items() if a.ndim == 1}
    if choices.rate is not None:
        if "time" in arrays:
            flags.append(
                Flag("setting-overrides-file", "sampling_rate was given; the time in the file is used", "note")
            )
        elif lengths:
            arrays["time"] = np.arange(max(lengths.values())) / choices.rate
            notes.append(f"time counted from the first sample at the {choices.rate:g} Hz given")
    labels = _labels(found, notes)
    for name, one in found.items():
        if one.kind == "number" and one.size == 1 and slug(name) not in arrays:
            arrays.setdefault(array_name(name) or name.replace(".", "_"), one.numbers().reshape(()))
    doubted(arrays, flags)
    strange = [n for n in choices.units if n not in arrays]
    if strange:
        raise SettingsError(
            f"a unit was given for {strange[0]!r}, which is not in the file",
            code="unknown-column",
            remedy=f"the arrays are {', '.join(arrays)}",
        )
    units = dict(choices.units)
    if choices.rate is not None and "time" in arrays:
        units.setdefault("time", "s")
    yield Reading(arrays, units, labels, (), tuple(flags), tuple(notes))


def _by_place(found: Mapping[str, Variable], choices: Choices, notes: list[str]) -> dict[str, Array]:
    """Return the named columns of one matrix."""
    names = choices.columns if isinstance(choices.columns, tuple) else None
    if choices.array is not None:
        one = _known(found, choices.array, "array")
    else:
        assert names is not None
        one = _only(found, len(names))
    if len(one.shape) != 2 or min(one.shape, default=0) < 1:
        raise ReadError(
            f"{one.name!r} is {' × '.join(str(n) for n in one.shape)}, a matrix of columns is needed",
            code="wrong-shape",
            remedy=f"name another with -r array=; the file holds {described(found)}",
        )
    if names is None:
        raise ReadError(
            f"{one.name!r} is {' × '.join(str(n) for n in one.shape)} and nothing names its columns",
            code="no-known-column",
            remedy="say what they are in order: -r columns=time,length,force -r units.time=s",
        )
    values = one.numbers()
    if values.shape[1] != len(names):
        if values.shape[0] != len(names):
            raise ReadError(
                f"{one.name!r} is {values.shape[0]} × {values.shape[1]}, {len(names)} columns are named",
                code="wrong-shape",
                remedy="name every column, a dash for one to leave out",
            )
        values = values.T
        notes.append(f"the rows of {one.name!r} are taken, as there are {len(names)} of them")
    others = [v for v in found.values() if v is not one and v.kind == "number" and v.size > 1]
    if others:
        notes.append(f"left out: {described({v.name: v for v in others})}")
    return {n: np.ascontiguousarray(values[:, i]) for i, n in enumerate(names) if n}


def _only(found: Mapping[str, Variable], count: int) -> Variable:
    """Return the one matrix with so many columns, or else so many rows."""
    tall = [v for v in found.values() if v.kind == "number" and len(v.shape) == 2 and min(v.shape) > 0]
    for fitting in (
        [v for v in tall if v.shape[1] == count and v.shape[0] > count],
        [v for v in tall if v.shape[0] == count and v.shape[1] > count],
    ):
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise ReadError(
                f"{' and '.join(repr(v.name) for v in fitting[:3])} each have {count} columns",
                code="ambiguous-column",
                remedy=f"say which with -r array={fitting[0].name}",
            )
    raise ReadError(
        f"no matrix has {count} columns; the file holds {described(found)}",
        code="no-known-column",
        remedy="name every column of one matrix in order, a dash for one to leave out",
    )


def _by_word(found: Mapping[str, Variable], choices: Choices, notes: list[str]) -> dict[str, Array]:
    """Return the variables and columns that the user has named one by one."""
    assert isinstance(choices.columns, Mapping)
    arrays: dict[str, Array] = {}
    for name, wanted in choices.columns.items():
        holder, mark, number = wanted.rpartition(":")
        if wanted.isascii() and wanted.isdigit() and wanted not in found:
            holder, mark, number = choices.array or "", ":", wanted
            if not holder:
                matrices = [v for v in found.values() if v.kind == "number" and len(v.shape) == 2 and min(v.shape) > 1]
                if len(matrices) != 1:
                    raise SettingsError(
                        f"columns.{name}={wanted} is a column of no one matrix; the file holds {described(found)}",
                        code="unknown-column",
                        remedy="name the matrix with array=NAME",
                    )
                holder = matrices[0].name
        if mark and number.isascii() and number.isdigit():
            values = _known(found, holder, f"columns.{name}").numbers()
            if values.ndim != 2 or not 1 <= int(number) <= values.shape[1]:
                raise SettingsError(
                    f"{holder!r} has no column {number}; the file holds {described(found)}",
                    code="unknown-column",
                    remedy="count its columns from 1",
                )
            arrays[name] = np.ascontiguousarray(values[:, int(number) - 1])
            continue
        one = _known(found, wanted, f"columns.{name}")
        if not _is_vector(one):
            raise ReadError(
                f"{described({one.name: one})} is no vector of numbers",
                code="object-type" if one.kind != "number" else "wrong-shape",
                remedy=f"name one of its columns, columns.{name}={one.name}:1",
            )
        arrays[name] = one.numbers().reshape(-1)
    words = {w.rpartition(":")[0] or w for w in choices.columns.values()} | {choices.array}
    others = [v for v in found.values() if v.name not in words and v.kind == "number" and v.size > 1]
    if others and not any(w.isdigit() for w in choices.columns.values()):
        notes.append(f"left out: {described({v.name: v for v in others})}")
    return arrays


def _by_name(found: Mapping[str, Variable], notes: list[str]) -> dict[str, Array]:
    """Return the vectors whose own names say what they are, and others of the same length."""
    vectors = {name: v for name, v in found.items() if _is_vector(v)}
    known: dict[str, list[str]] = {}
    for name in vectors:
        if (called := array_name(name.rpartition(".")[2])) is not None:
            known.setdefault(called, []).append(name)
    twice = next((names for names in known.values() if len(names) > 1), None)
    if twice is not None:
        raise ReadError(
            f"{twice[0]!r} and {twice[1]!r} could be the same quantity; the file holds {described(found)}",
            code="ambiguous-column",
            remedy="name the variables: -r columns.time=NAME -r columns.force=NAME",
        )
    if "force" not in known and not ("time" in known and len(known) > 1):
        raise ReadError(
            f"no variable is known by its name to be a force; the file holds {described(found)}",
            code="no-known-column",
            remedy="name the columns of a matrix in order, -r array=NAME -r columns=time,length,force, or the "
            "variables, -r columns.time=NAME -r columns.force=NAME, and their units, -r units.time=s",
        )
    leader = known["force"][0] if "force" in known else known["time"][0]
    count = vectors[leader].size
    arrays: dict[str, Array] = {}
    out: dict[str, Variable] = {v.name: v for v in found.values() if v.kind == "number" and v.size > 1}
    called_of = {names[0]: called for called, names in known.items()}
    for name, one in vectors.items():
        called = called_of.get(name) or slug(name)
        # Another length is another recording, or none; a known name is kept all the same, to be refused by its name.
        if (one.size == count or name in called_of) and called not in arrays:
            arrays[called] = one.numbers().reshape(-1)
            out.pop(name)
            if called != name:
                notes.append(f"variable {name!r} read as {called}")
    if out:
        notes.append(f"left out: {described(out)}")
    return arrays


def _is_vector(one: Variable) -> bool:
    return one.kind == "number" and one.size > 1 and max(one.shape) == one.size


def _known(found: Mapping[str, Variable], name: str, option: str) -> Variable:
    if name not in found:
        raise SettingsError(
            f"{option}={name!r} is no variable; the file holds {described(found)}",
            code="unknown-column",
            remedy="name one of them",
        )
    return found[name]


def _labels(found: Mapping[str, Variable], notes: list[str]) -> dict[str, str]:
    """Return single lines of text as labels where their names say what they are."""
    labels: dict[str, str] = {}
    left: list[str] = []
    for name, one in found.items():
        if one.kind == "number":
            continue
        last = name.rpartition(".")[2]
        label = label_name(last)
        if one.kind != "text" or label is None or is_personal(last) or one.shape[0] != 1 or one.size > _LONGEST:
            left.append(f"{name} ({one.kind})")
            continue
        labels.setdefault(label, one.words()[0].strip())
    if left:
        notes.append(f"left out, as no plain arrays of numbers: {', '.join(left[:30])}")
    return labels
