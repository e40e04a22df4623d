"""Axon Binary Files, versions 1 and 2, through the optional package pyabf: each sweep is a reading."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import number
from ..errors import LimitError, MissingDependencyError, ReadError
from ..reading import Event, Reading
from ..record import Flag
from .channels import Channel, known_unit, placed, units_given
from .source import Source, contents, name_of

__all__ = ["read"]

_SMALLEST = 2048  # bytes: the header of version 1, shorter than that of version 2


def read(
    source: Source,
    *,
    force: str | int | None = None,
    length: str | int | None = None,
    stimulus: str | int | None = None,
    units: Mapping[str, str] | str | None = None,
    max_elements: int | str = 50_000_000,
) -> Iterator[Reading]:
    """Read an Axon Binary File.

    Parameters
    ----------
    source : str, path or binary file object
    force, length, stimulus : str or int, optional
        Channels by name or by number from 1; by default known by name, then by unit.
    units : Mapping or str, optional
        Units of arrays by name, ``{"force": "mN"}`` or ``"force=mN"``.
    max_elements : int, optional
        Most samples to decode, checked against the header before any is.

    Yields
    ------
    Reading
        One a sweep, labelled ``sweep`` where there are several. Arrays of shape (n,): ``time`` (s from the start of
        the sweep), channels under the names of the bench or slugs of their own; ``sampling_rate`` (Hz) as a 0-d fact.
        Tags are events ``comment``. What the amplifier put out is not read. Flagged ``format-unverified``.

    Raises
    ------
    MissingDependencyError
        If pyabf is not installed.
    ReadError
        ``corrupt-abf``, ``truncated`` or ``ambiguous-column``.
    LimitError
        ``too-large``.
    SettingsError
        ``unknown-column`` or ``unknown-unit``.
    """
    limit = int(number(max_elements, "max_elements", low=1))
    said = {"force": force, "length": length, "stimulus": stimulus}
    given = units_given(units)
    raw = contents(source)
    if not raw.startswith((b"ABF ", b"ABF2")) or len(raw) < _SMALLEST:
        begins = raw[:4].decode("latin-1")
        raise ReadError(
            f"{name_of(source)!r} begins with {begins!r} and holds {len(raw)} bytes; an ABF file begins with 'ABF ' or "
            f"'ABF2' and holds {_SMALLEST} and more",
            code="corrupt-abf",
            remedy="copy the file again from its source",
        )
    _claims(raw)
    pyabf = _pyabf()
    with _path(source, raw) as path:
        try:
            file = pyabf.ABF(str(path), loadData=False)
            _check(file, len(raw), limit)
            with np.errstate(all="ignore"):  # what a bent scale makes of the samples is looked at below
                sweeps = [_sweep(file, i, said, given) for i in file.sweepList]
        except (ReadError, ImportError):
            raise
        except Exception as error:  # a damaged header makes the parser raise nearly anything
            if hasattr(error, "remedy"):
                raise
            raise _corrupt(f"{type(error).__name__}: {str(error)[:120]}") from error
    yield from sweeps


def _claims(raw: bytes) -> None:
    """Refuse a header that counts more sweeps or entries than the file has bytes: the parser makes room for them."""
    if raw.startswith(b"ABF2"):
        entry = [("block", "<u4"), ("bytes", "<u4"), ("entries", "<i8")]
        sections = np.frombuffer(raw, dtype=entry, count=18, offset=76)
        claimed = max(int(sections["entries"].max()), -int(sections["entries"].min()), _at(raw, "<u4", 12))
    else:
        claimed = max(abs(_at(raw, "<i4", 16)), abs(_at(raw, "<i4", 48)))  # sweeps and tags
    if claimed > len(raw):
        raise ReadError(
            f"the header promises {claimed} sweeps, tags or entries, the file holds {len(raw)} bytes",
            code="truncated",
            remedy="copy the file again from its source",
        )


def _at(raw: bytes, kind: str, place: int) -> int:
    return int(np.frombuffer(raw, kind, 1, place)[0])


def _pyabf() -> Any:
    try:
        import pyabf
    except ImportError:
        raise MissingDependencyError.of("pyabf", "Axon Binary Files need") from None
    return pyabf


def _corrupt(reason: str) -> ReadError:
    return ReadError(
        f"the ABF file cannot be read: {reason}", code="corrupt-abf", remedy="copy the file again from its source"
    )


@contextmanager
def _path(source: Source, raw: bytes) -> Iterator[Path]:
    """Give a path to the file, which is all that the package takes; a stream is written to one for the while."""
    if isinstance(source, str | os.PathLike):
        yield Path(source)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.abf"
        path.write_bytes(raw)
        yield path


def _check(file: Any, size: int, limit: int) -> None:
    """Compare what the header claims with what there is."""
    count, channels, rate = int(file.dataPointCount), int(file.channelCount), float(file.dataRate)
    if count > limit:
        raise LimitError(
            f"the file claims {count} samples, the limit is {limit}",
            code="too-large",
            remedy="raise it with -r max_elements=, or split the file",
        )
    width = np.dtype(file._dtype).itemsize
    if count < 1 or int(file.dataByteStart) + count * width > size:
        raise ReadError(
            f"the header promises {count} samples of {width} bytes, the file holds {size} bytes",
            code="truncated",
            remedy="copy the file again from its source",
        )
    if not 1 <= channels <= 64 or not 0 < rate < 1e9 or not 1 <= int(file.sweepCount) <= count:
        raise _corrupt(f"its header states {channels} channels, {file.sweepCount} sweeps and {rate:g} Hz")


def _sweep(file: Any, sweep: int, said: Mapping[str, str | int | None], given: Mapping[str, str]) -> Reading:
    flags = [
        Flag(
            "format-unverified",
            "ABF files are read through pyabf; no muscle recording from another laboratory has proved the way yet; "
            "compare a few samples with the file",
            "note",
        )
    ]
    notes: list[str] = []
    channels = []
    for channel in file.channelList:
        file.setSweep(sweep, channel=channel)
        word = str(file.sweepUnitsY).strip().removesuffix("?")
        title = str(file.adcNames[channel]).strip("\0 ?") or f"channel {channel + 1}"
        values = np.array(file.sweepY, dtype=np.float64)
        if not np.isfinite(values).all():
            raise _corrupt(f"the scale of {title!r} makes its samples infinite")
        channels.append(Channel(title, known_unit(word), values, word))
    time = np.arange(len(channels[0].values)) / float(file.dataRate)
    found, units = placed(channels, said, given, flags, notes)
    begin = sweep * float(file.sweepIntervalSec)
    tags = zip(file.tagTimesSec, file.tagComments, strict=False)
    events = tuple(
        Event(float(t) - begin, "comment", {"text": str(text).strip("\0 ")})
        for t, text in tags
        if begin <= t <= begin + time[-1]
    )
    arrays = {"time": time, **found, "sampling_rate": np.array(float(file.dataRate))}
    units = {"time": "s", **units, "sampling_rate": "Hz"}
    labels = {"sweep": str(sweep + 1)} if len(file.sweepList) > 1 else {}
    return Reading(arrays, units, labels, events, tuple(flags), tuple(notes))
