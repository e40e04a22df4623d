"""What was decided, with which versions."""

from __future__ import annotations

import hashlib
import math
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import IO, Any

from .errors import MuscleMetricsError
from .record import Definition, Flag, Measurement, Provenance, Record, Settings, plain

__all__ = [
    "HEAD",
    "case_ids",
    "corrections_table",
    "describe",
    "own_output",
    "picture_name",
    "sha256",
    "software",
    "unmeasured",
]

# How the files of the store and the page of the report begin.
_OWN = re.compile(
    rb'modality,status,|\{"schema":[0-9]+,"modality":|\{"journal":[0-9]+,|# A run of musclemetrics|<!-- musclemetrics|'
    rb'<!doctype html>\s*<html[^>]*>\s*<head>\s*<meta charset="utf-8">\s*<meta name="generator" content="musclemetrics'
)
_OWN_RECORDS = b"musclemetrics records"  # in HDF5 files and in workbooks
_OWN_PICTURE = b"musclemetrics overlay", b"musclemetrics figure"
# The head of a person's table of onsets, whoever wrote it, or of ratings.
_CORRECTIONS = re.compile(
    rb"(?=[^\r\n]*\bsource\b)(?=[^\r\n]*\brelease\b)[^\r\n]*\bonset *\(|(\xef\xbb\xbf)?item,source,frame,rating,note",
    re.IGNORECASE,
)

HEAD = 1 << 14
"""So many bytes of a file tell whether musclemetrics wrote it."""


def own_output(head: bytes) -> bool:
    """Whether a file that begins with `head` was written by musclemetrics: a result or its page, not a recording."""
    if head.startswith((b"\x89PNG", b"\xff\xd8")):
        return any(mark in head[:512] for mark in _OWN_PICTURE)
    if head.startswith((b"\x89HDF", b"PK\x03\x04")):
        return _OWN_RECORDS in head
    return bool(_OWN.match(head))


def corrections_table(head: bytes) -> bool:
    """Whether a file that begins with `head` is a table of corrections: no recording, and no result to be replaced."""
    return bool(_CORRECTIONS.match(head))


@cache
def software() -> Settings:
    """Return the versions of what computes the numbers."""
    import numpy
    import scipy

    from . import __version__

    return Settings(
        musclemetrics=__version__,
        python=platform.python_version(),
        numpy=numpy.__version__,
        scipy=scipy.__version__,
    )


def describe(method: str, settings: Mapping[str, Any]) -> Provenance:
    """Return the provenance of a measurement made by `method` with `settings`."""
    return Provenance(method, plain(settings), software())


def picture_name(record: Record, suffix: str = "") -> str:
    """Return the file name of a record's overlay: the same for the same bytes, frame and settings, and no word of it.

    Parameters
    ----------
    record : Record
    suffix : str, optional
        Which of a record's pictures: ``""`` is the overlay, ``"-scan"`` what lies under it.
    """
    made_of = (
        record.modality,
        [digest for _, digest in record.provenance.sources],
        record.labels.get("frame"),
        sorted(record.provenance.settings.items()),
    )
    return hashlib.sha256(repr(made_of).encode()).hexdigest()[:20] + f"{suffix}.jpg"


def case_ids(records: Sequence[Record]) -> list[str]:
    """Return a short word for each record of a run, by which a person's rating finds it again.

    It is made of the modality, the names and bytes of the files, and which of the records of these files it is; not of
    settings or numbers, so that a record that was corrected keeps its rating.

    Parameters
    ----------
    records : sequence of Record
        All of a run, in their order.
    """
    seen: dict[tuple[object, ...], int] = {}
    out = []
    for record in records:
        made_of = (record.modality, record.provenance.sources)
        seen[made_of] = seen.get(made_of, 0) + 1
        out.append(hashlib.sha256(repr((*made_of, seen[made_of])).encode("utf-8", "backslashreplace")).hexdigest()[:12])
    return out


def sha256(stream: IO[bytes]) -> str:
    """Return the SHA-256 of a binary stream in hexadecimal, read in blocks."""
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def unmeasured(
    modality: str,
    definitions: Iterable[Definition],
    settings: Mapping[str, Any],
    reason: MuscleMetricsError | Flag,
    *,
    flags: Iterable[Flag] = (),
    labels: Mapping[str, str] | None = None,
    provenance: Provenance | None = None,
) -> Record:
    """Return the record of an item without numbers: the modality's own names, all NaN, and a flag that says why.

    Parameters
    ----------
    modality : str
    definitions : iterable of Definition
    settings : Mapping
        Decide which names exist.
    reason : MuscleMetricsError or Flag
        An error becomes a ``failed`` flag with its code and message.
    flags, labels, provenance
        What else is known of the item.
    """
    if isinstance(reason, Flag):
        flag = reason
    else:
        flag = Flag(reason.code, str(reason), "failed")
    return Record(
        modality,
        tuple(Measurement(d.name, math.nan, unit=d.units[0]) for d in definitions if d.applies(settings)),
        (),
        (flag, *flags),
        provenance if provenance is not None else describe("", settings),
        Settings(labels or {}),
    )
