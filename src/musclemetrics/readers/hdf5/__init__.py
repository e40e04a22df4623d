"""HDF5: named one-dimensional arrays with their unit in an attribute.

Each group that directly holds datasets is a reading, the root included. Only what lies in the file itself is read:
links to other files, data stored elsewhere and types that need interpretation are refused before anything is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...checks import choice, number
from ...errors import MuscleMetricsError, ReadError
from ...reading import Reading
from ..source import Source, name_of, opened
from .groups import File

__all__ = ["read"]


def read(
    source: Source,
    *,
    x: str | None = None,
    y: str | None = None,
    path: str | None = None,
    max_elements: int | str = 50_000_000,
    errors: str = "raise",
) -> Iterator[Reading]:
    """Read the arrays of an HDF5 file.

    Parameters
    ----------
    source : str, path or binary file object
    x, y : str, optional
        Datasets of the curve by name, where their names are not known.
    path : str, optional
        Read only this group (and those within it).
    max_elements : int, optional
        Most elements to decode, checked against the stated shapes before anything is read.
    errors : {"raise", "flag"}, optional
        What to do with a group that cannot be read among others that can: raise, or yield a reading without arrays
        that carries the reason as a flag of the level ``failed``. Limits hold for the whole file and always raise.

    Yields
    ------
    Reading
        One a group with datasets. Datasets of one dimension are float64 arrays, single numbers 0-d arrays; the unit
        is the attribute ``units`` or ``unit``. Text attributes of the group and of those around it are labels,
        ``fibre`` is the name of a nested group.

    Raises
    ------
    ReadError
        ``corrupt-hdf5``, ``external-link``, ``external-storage``, ``virtual-dataset``, ``object-type``,
        ``not-a-number``, ``link-loop``, ``ambiguous-column``, ``no-arrays``.
    LimitError
        ``too-large``, ``too-deep``, ``too-many-objects``.
    SettingsError
        ``unknown-column`` or ``unknown-group``.
    """
    import h5py

    choice(errors, "errors", ("raise", "flag"))
    limit = int(number(max_elements, "max_elements", low=1))
    with opened(source) as stream:
        if not stream.read(1):
            raise ReadError(f"{name_of(source)!r} is empty", code="empty-file", remedy="export or copy it again")
        stream.seek(0)
        try:
            with h5py.File(stream, "r") as file:
                readings = File(h5py, file, limit, x, y, errors == "flag").readings(path)
        except MuscleMetricsError:
            raise
        except Exception as error:  # a damaged file makes HDF5 raise nearly anything
            raise ReadError(
                f"the HDF5 file cannot be read: {type(error).__name__}: {str(error)[:120]}",
                code="corrupt-hdf5",
                remedy="copy the file again from its source",
            ) from error
    yield from readings
