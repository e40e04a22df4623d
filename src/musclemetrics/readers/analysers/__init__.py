"""Impedance analysers: one small parser a format, and plain text of sweeps.

Sciospec ``.spec``, Gamry ``.DTA``, BioLogic ``.mpt``, ZPlot ``.z``, Parstat text, Keysight E4990A, and tables with a
frequency and an impedance. Numbers are as the file has them, signs too: the name of the array and a note say which
convention the file states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import cast

from ...checks import choice
from ...errors import ReadError, SettingsError
from ...reading import Reading
from ...record import Flag
from ..channels import units_given
from ..signatures import analyser_of
from ..source import Source, name_of, text_contents
from .block import Block
from .sweep import reading, said_columns

__all__ = ["read"]

_ARRAYS = ("frequency", "resistance", "reactance", "imaginary", "magnitude", "phase")
_HEAD = 65536
_NO_END = Flag("no-final-newline", "the last line has no end; the file may have been cut there", "note")


def read(
    source: Source,
    *,
    columns: Mapping[str, str | int] | Sequence[str] | str | None = None,
    units: Mapping[str, str] | str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    errors: str = "raise",
) -> Iterator[Reading]:
    """Read sweeps of impedance.

    Parameters
    ----------
    source : str, path or binary file object
        Also packed with gzip.
    columns : Mapping, sequence of str or str, optional
        Which column is which, by title or by number from 1, ``{"frequency": "Freq", "resistance": 2, "imaginary": 3}``,
        or their names in the order of the columns, ``"frequency,resistance,imaginary"``, a dash for one to leave out.
        By default they are known by their titles. Names are frequency, resistance, imaginary (Im Z), reactance (where
        it is not known to be Im Z), magnitude, phase.
    units : Mapping or str, optional
        Units of arrays by name, ``{"frequency": "kHz"}`` or ``"frequency=kHz,resistance=kOhm"``.
    decimal : {".", ","}, optional
        Decimal mark, where the numbers leave it open.
    encoding : str, optional
        By default the byte-order mark decides, then UTF-8, then cp1252.
    errors : {"raise", "flag"}, optional
        What to do with a sweep that cannot be read among others that can: raise, or yield a reading without arrays
        that carries the reason as a flag of the level ``failed``.

    Yields
    ------
    Reading
        One a sweep. Arrays of shape (n,) as the file has them, in its order and with its signs: ``frequency``;
        ``resistance``; ``imaginary`` where the file has Im(Z) (capacitive where negative); ``reactance`` where it has
        −Im(Z), or an X of a sign it does not state; ``magnitude``, ``phase``. Units where the file or an option
        states them. A note says what the file's own names say of the sign. Labels: ``device``, ``channel``, ``sweep``
        where stated, and the words of a table's other columns.

    Raises
    ------
    ReadError
        ``bad-header``, ``missing-data-line``, ``truncated``, ``ragged-row``, ``not-a-number``, ``ambiguous-number``,
        ``mixed-decimal``, ``no-known-column``, ``ambiguous-column``, ``unit-mismatch``, ``missing-header``,
        ``bad-encoding``, ``binary-content``, ``corrupt-gzip``.
    LimitError
        ``too-large``.
    SettingsError
        ``unknown-column`` or ``unknown-unit``.
    """
    choice(decimal, "decimal", (None, ".", ","))
    choice(errors, "errors", ("raise", "flag"))
    said, given = _said(columns), units_given(units)
    text = _decoded(text_contents(source), encoding)
    layout = analyser_of(text[:_HEAD], name_of(source).removesuffix(".gz")) or "plain"
    lines = text.split("\n")
    if layout == "plain":
        from .plain import blocks as plain_blocks

        found = plain_blocks(lines, said=said is not None)
    else:
        parser = import_module(f".{layout}", __name__).blocks
        found = cast(Callable[[list[str]], Iterator[Block]], parser)(lines)
    cut = layout != "plain" and not text.endswith("\n") and bool(text.strip())
    for block in found:
        if cut and block.names[-1] is not None:  # the number that may be cut is one of the sweep's
            block = replace(block, flags=(*block.flags, _NO_END))
        try:
            yield reading(block, _placed(said, block.titles), given, decimal)
        except ReadError as error:
            if errors == "raise":
                raise
            yield Reading({}, {}, dict(block.labels), (), (Flag(error.code, str(error), "failed"),))


def _said(columns: Mapping[str, str | int] | Sequence[str] | str | None) -> Mapping[str, str | int] | list[str] | None:
    """Return what the user has said of the columns, by name or in their order."""
    if columns is None:
        return None
    if isinstance(columns, Mapping):
        names = list(columns)
    else:
        columns = columns.split(",") if isinstance(columns, str) else list(columns)
        columns = [str(c).strip() for c in columns]
        names = [c for c in columns if c != "-"]
    strange = [n for n in names if n not in _ARRAYS]
    if strange or len(set(names)) != len(names) or not names:
        raise SettingsError(
            f"columns={columns!r} does not name each array once",
            code="unknown-column",
            remedy=f"use {', '.join(_ARRAYS)}, and a dash for a column to leave out",
        )
    return columns


def _placed(said: Mapping[str, str | int] | list[str] | None, titles: Sequence[str]) -> dict[str, int]:
    if said is None:
        return {}
    if isinstance(said, Mapping):
        return said_columns(said, titles)
    if len(said) > len(titles):
        raise SettingsError(
            f"columns names {len(said)} columns, the file has {len(titles)}: {', '.join(map(repr, titles[:16]))}",
            code="unknown-column",
            remedy="name them in their order, with a dash for one to leave out",
        )
    return {name: i for i, name in enumerate(said) if name != "-"}


def _decoded(raw: bytes, encoding: str | None) -> str:
    tried = [encoding] if encoding else ["utf-16"] if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    reason = ""
    for name in tried:
        try:
            text = raw.decode(name).replace("\r\n", "\n").replace("\r", "\n")
        except LookupError:
            raise SettingsError(f"there is no text encoding {name!r}", remedy="use utf-8, utf-16 or cp1252") from None
        except ValueError as error:
            reason = str(error)[:80]
            continue
        if "\0" in text:
            raise ReadError(
                "the text holds zero bytes, as binary data does",
                code="binary-content",
                remedy="export it as text, or copy the file again",
            )
        return text
    raise ReadError(
        f"the text is not {' or '.join(tried)}: {reason}",
        code="bad-encoding",
        remedy="name its encoding with -r encoding=NAME",
    )
