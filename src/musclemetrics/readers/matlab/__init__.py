"""MATLAB ``.mat`` files of levels 4, 5 and 7.3: vectors by name, columns by the user's word, LabChart's export.

Names, shapes and kinds are read first, values only of what is wanted and within the limit. Nothing is evaluated:
objects, function handles and cells are named and left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...checks import number
from ...errors import MuscleMetricsError, ReadError
from ...reading import Reading
from ..channels import units_given
from ..source import Source, contents, opened
from . import blocks, chosen, level4, level5, level73
from .variables import Budget, Variable, corrupt

__all__ = ["read"]


def read(
    source: Source,
    *,
    array: str | None = None,
    columns: str | Sequence[str] | Mapping[str, str] | None = None,
    units: Mapping[str, str] | str | None = None,
    force: str | int | None = None,
    length: str | int | None = None,
    stimulus: str | int | None = None,
    sampling_rate: float | str | None = None,
    max_elements: int | str = 50_000_000,
) -> Iterator[Reading]:
    """Read the arrays of a ``.mat`` file.

    Parameters
    ----------
    source : str, path or binary file object
    array : str, optional
        The matrix whose columns are named, where more than one would do.
    columns : str, sequence or Mapping, optional
        What the columns of the matrix are, in order, ``"time,length,force"``, a dash for one to leave out; or a
        mapping of array to variable, ``{"time": "t", "force": "datatable:3"}``. Without it, vectors are known by their
        own names.
    units : Mapping or str, optional
        Units of arrays by name, ``{"time": "s", "force": "kPa"}``: a ``.mat`` file states none.
    force, length, stimulus : str or int, optional
        Channels of a LabChart export by title or by number from 1.
    sampling_rate : float, optional
        Samples a second, where the file holds no time.
    max_elements : int, optional
        Most elements to decode, checked against the stated shapes.

    Yields
    ------
    Reading
        One, or one a block of a LabChart export (flagged ``format-unverified``). Arrays of shape (n,) under the names
        given or known; single numbers are 0-d arrays; fields of a struct are ``struct.field``. A line of text whose
        name is that of a label (``fibre``, ``animal``) is one.

    Raises
    ------
    ReadError
        ``corrupt-mat``, ``no-known-column``, ``ambiguous-column``, ``no-arrays``, ``object-type``, ``wrong-shape``,
        ``external-link``, ``external-storage``, ``virtual-dataset`` and, for LabChart's export, ``bad-header``.
    LimitError
        ``too-large`` or ``too-many-objects``.
    SettingsError
        ``unknown-column`` or ``unknown-unit``.
    """
    limit = int(number(max_elements, "max_elements", low=1))
    rate = None if sampling_rate is None else number(sampling_rate, "sampling_rate", low=1e-6)
    choices = chosen.Choices(array, chosen.columns_given(columns), units_given(units), rate)
    said = {"force": force, "length": length, "stimulus": stimulus}
    budget = Budget(limit)
    raw = contents(source)
    if not _is_hdf5(raw):
        found = level5.variables(raw, budget) if raw.startswith(b"MATLAB") else level4.variables(raw, budget)
        yield from _readings(found, choices, said, budget)
        return
    import h5py

    with opened(source) as stream:
        stream.seek(0)
        try:
            with h5py.File(stream, "r") as file:
                made = list(_readings(level73.variables(h5py, file, budget), choices, said, budget))
        except MuscleMetricsError:
            raise
        except Exception as error:  # a damaged file makes HDF5 raise nearly anything
            raise corrupt(f"{type(error).__name__}: {str(error)[:120]}") from error
    yield from made


def _is_hdf5(raw: bytes) -> bool:
    return raw[512:520] == b"\x89HDF\r\n\x1a\n" or raw[:8] == b"\x89HDF\r\n\x1a\n"


def _readings(
    found: dict[str, Variable], choices: chosen.Choices, said: Mapping[str, str | int | None], budget: Budget
) -> Iterator[Reading]:
    if blocks.is_export(found) and choices.array is None and choices.columns is None:
        yield from blocks.blocks(found, said, choices.units)
        return
    unused = [name for name, value in said.items() if value is not None]
    if unused:
        raise ReadError(
            f"{unused[0]}= names a channel of a LabChart export, and this file is none",
            code="unknown-column",
            remedy=f"name the variable with -r columns.{unused[0]}={said[unused[0]]}",
        )
    yield from chosen.readings(found, choices)
