"""Aurora Scientific recordings: DMC ``.ddf`` of the 610A family, and the 600A's ``.dat`` and ``.txt``.

A ``.ddf`` holds volts and the calibration of every channel; a 600A file holds calibrated signals. Both hold the
protocol that was run, which becomes events. Sections are found by their headings, never by line numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...checks import choice
from ...errors import ReadError
from ...reading import Reading
from ..channels import units_given
from ..source import Source, contents, name_of
from . import dat, ddf

__all__ = ["read"]


def read(
    source: Source,
    *,
    force: str | int | None = None,
    length: str | int | None = None,
    stimulus: str | int | None = None,
    units: Mapping[str, str] | str | None = None,
    truncated: str = "refuse",
) -> Iterator[Reading]:
    """Read a recording of an Aurora Scientific controller.

    Parameters
    ----------
    source : str, path or binary file object
    force, length, stimulus : str or int, optional
        Channels by title (``AI1``, ``Fin``) or by number from 1; by default the inputs known by their units.
    units : Mapping or str, optional
        Units of arrays by name, ``{"force": "mN"}`` or ``"force=mN,length=mm"``.
    truncated : {"refuse", "keep"}, optional
        Whether a file that ends within a row is refused, or its whole rows are kept and flagged ``file-cut``.

    Yields
    ------
    Reading
        One. Arrays of shape (n,): ``time`` (s from the first sample of a ``.ddf``, ms as printed of a 600A),
        ``force``, ``length``, ``stimulus`` where there is one, ``length_command`` and ``force_command`` (what the
        controller put out), other inputs under their own names, in volts where the file states no scale. 0-d facts:
        ``sampling_rate`` (Hz), ``fibre_length`` (mm), ``area`` (mm2), ``reference_force`` (mN), ``diameter`` (mm),
        ``sarcomere_length_0`` (um), as far as they are stated. Events in seconds: ``stimulus`` (one an onset, from
        the ``Stim`` column), ``stimulation`` (a command of the protocol), ``length-step``, ``length-ramp``,
        ``length-hold``, ``force-step``, ``force-clamp``, ``bath``, ``data-enable``, ``data-disable``, ``stop`` and
        others by the controller's own word.

    Raises
    ------
    ReadError
        ``bad-header``, ``missing-data-line``, ``truncated``, ``ragged-row``, ``not-a-number``, ``decimal-comma``,
        ``time-not-increasing`` or ``ambiguous-column``.
    SettingsError
        ``unknown-column`` or ``unknown-unit``.

    Notes
    -----
    A protocol's command is carried out after its wait, counted from the end of the command before it. A stimulus runs
    beside the clock and ends at once; a sine wave ends after its cycles. That the protocol ends where the samples do
    is checked and flagged (``protocol-conflict``). The ``Stim`` column switches one sample after the protocol's delay
    in recordings of DMC 5.3; the column is what was recorded and is used.
    """
    choice(truncated, "truncated", ("refuse", "keep"))
    keep = truncated == "keep"
    said = {"force": force, "length": length, "stimulus": stimulus}
    given = units_given(units)
    raw = contents(source).removeprefix(b"\xef\xbb\xbf")
    first = raw[:200].lstrip().splitlines()[0] if raw.strip() else b""
    if b"600A" in first and b"Data File" in first:
        yield dat.reading(raw, said, given, keep)
    elif first.startswith(b"DMC") and b"Data File" in first:
        yield ddf.reading(raw, said, given, keep)
    else:
        raise ReadError(
            f"{name_of(source)!r} begins with {first[:60].decode('latin-1')!r} and not with a line that names a DMC "
            "or 600A data file",
            code="bad-header",
            remedy="give the file as the controller's program wrote it",
        )
