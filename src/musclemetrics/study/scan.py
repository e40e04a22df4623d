"""Every byte of a run's outputs searched for every identifier of its inputs."""

from __future__ import annotations

import base64
import gzip
import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import MuscleMetricsError, SettingsError
from .identifiers import Identifiers
from .spelled import spelled

__all__ = ["Find", "Needles", "scan"]

_CHUNK = 1 << 23
_WIDE, _NARROW = 8, 4
_BITS = 22
_DEEP = 4
_UNPACKED = 1 << 30
_DATA_URI = re.compile(rb"data:[a-z0-9/+.-]*;base64,([A-Za-z0-9+/=%]{16,})")
_TAG = re.compile(rb"<[/!?a-zA-Z][^<>]{0,1000}>")
_STREAM = re.compile(rb"stream\r?\n")


@dataclass(frozen=True, slots=True)
class Find:
    """An identifier in an output.

    Attributes
    ----------
    file : str
        The output, relative to the folder; a part of it after a colon.
    offset : int
        Where it begins there, in bytes; -1 in the output's own name.
    encoding : str
    word : str
        The identifier itself: not to be printed.
    """

    file: str
    offset: int
    encoding: str
    word: str


class Needles:
    """Many words to be found at once.

    Parameters
    ----------
    words : iterable of str

    Notes
    -----
    The first bytes of every spelling (eight, or four of short ones) are looked up for all places of a text together;
    only where they agree the rest is compared.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._groups: dict[tuple[int, bool], _Group] = {}
        self.count = 0
        self._held: dict[tuple[bytes, bool], tuple[str, str]] = {}
        for word in words:
            self.count += 1
            for encoding, raw, cased in spelled(word):
                if len(raw) >= _NARROW:
                    self._held.setdefault((raw, cased), (encoding, word))
                elif len(raw) == 3 and encoding == "UTF-8":
                    # Three letters with each of what may end a word: too few for a window of their own.
                    for end in b" \t\r\n,;:.\"'<>()[]{}/\\|_-=&":
                        self._held.setdefault((raw + bytes([end]), cased), (encoding, word))
        by_group: dict[tuple[int, bool], dict[bytes, list[bytes]]] = {}
        for raw, cased in self._held:
            width = _WIDE if len(raw) >= _WIDE else _NARROW
            by_group.setdefault((width, cased), {}).setdefault(raw[:width], []).append(raw)
        self._groups = {key: _Group(key[0], heads) for key, heads in by_group.items()}

    def places(self, data: bytes) -> Iterator[tuple[int, str, str]]:
        """Yield (offset, encoding, word) of all finds."""
        low = data.lower()
        for (_, cased), group in self._groups.items():
            text = data if cased else low
            for start, raw in group.places(text):
                encoding, word = self._held[raw, cased]
                if _stands(text, start, raw, word):
                    yield start, encoding, word


class _Group:
    """Spellings whose first bytes have one width."""

    def __init__(self, width: int, heads: Mapping[bytes, list[bytes]]) -> None:
        self._width, self._heads = width, heads
        kind = np.uint64 if width == _WIDE else np.uint32
        self._kind = np.dtype(kind).newbyteorder("<")
        self._keys = np.unique(np.array([np.frombuffer(h, self._kind)[0] for h in heads], dtype=kind))
        self._table = np.zeros(1 << _BITS, dtype=bool)
        self._table[_mixed(self._keys)] = True
        self._longest = max(len(raw) for group in heads.values() for raw in group)

    def places(self, text: bytes) -> Iterator[tuple[int, bytes]]:
        for begin in range(0, max(len(text), 1), _CHUNK):
            piece = text[begin : begin + _CHUNK + self._longest]
            end = min(_CHUNK, len(piece) - self._width + 1)
            for shift in range(self._width):
                room = (len(piece) - shift) // self._width
                if room < 1:
                    continue
                windows = np.frombuffer(piece, self._kind, room, shift)
                maybe = np.flatnonzero(self._table[_mixed(windows)])
                found = self._keys[np.minimum(np.searchsorted(self._keys, windows[maybe]), len(self._keys) - 1)]
                for number in maybe[found == windows[maybe]].tolist():
                    at = number * self._width + shift
                    if at >= end:
                        continue
                    for raw in self._heads[piece[at : at + self._width]]:
                        if piece.startswith(raw, at):
                            yield begin + at, raw


def _mixed(keys: NDArray[np.unsignedinteger]) -> NDArray[np.intp]:
    if keys.dtype.itemsize == 8:
        return ((keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - _BITS)).astype(np.intp)
    return ((keys * np.uint32(0x9E3779B1)) >> np.uint32(32 - _BITS)).astype(np.intp)


def _stands(text: bytes, start: int, raw: bytes, word: str) -> bool:
    """Whether a short word or a number stands by itself there, rather than within another or in a measured value."""
    if len(word) > 5 and not (word.isdigit() and len(word) < 9):
        return True
    before, after = text[max(start - 1, 0) : start], text[start + len(raw) : start + len(raw) + 1]
    inside = b"0123456789." if word.isdigit() else b"abcdefghijklmnopqrstuvwxyz0123456789"
    if raw[-1:] in b" \t\r\n,;:.\"'<>()[]{}/\\|_-=&" and len(raw) == len(word) + 1:
        after = b""
    return not (before and before in inside) and not (after and after in inside)


def scan(folder: str | PathLike[str], identifiers: Identifiers) -> tuple[list[Find], int, int]:
    """Search everything in a folder, names and bytes and what is packed in them.

    Parameters
    ----------
    folder : path
    identifiers : Identifiers

    Returns
    -------
    finds : list of Find
        The first place of each word in each encoding in each file.
    files, size : int
        How much was searched: files, and bytes after unpacking.

    Raises
    ------
    SettingsError
        ``missing-file`` if there is no such folder.
    """
    home = Path(folder)
    if not home.is_dir():
        raise SettingsError("there is no such folder of outputs", code="missing-file", remedy="check the path")
    needles = Needles(sorted(identifiers.found))
    finds: dict[tuple[str, str, str], Find] = {}
    files = size = 0
    for place, _, names in sorted(os.walk(home)):
        for name in sorted(names):
            path = Path(place, name)
            shown = path.relative_to(home).as_posix()
            files += 1
            own = shown.encode("utf-8", "backslashreplace")
            for _, encoding, word in needles.places(own):
                finds.setdefault((shown, "name", word), Find(shown, -1, encoding, word))
            for part, data in _parts(path):
                size += len(data)
                where = f"{shown}:{part}" if part else shown
                for at, encoding, word in needles.places(data):
                    finds.setdefault((where, encoding, word), Find(where, at, encoding, word))
    return list(finds.values()), files, size


def _parts(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes of a file, and those of what is packed in it."""
    data = path.read_bytes()
    yield "", data
    if data.startswith(b"\x89HDF"):
        yield from _records(path)
    yield from _unpacked(data, 0)


def _records(path: Path) -> Iterator[tuple[str, bytes]]:
    from ..store import load

    try:
        text = "\n".join(record.to_json() for record in load(path))
    except MuscleMetricsError:
        return  # none of ours; its bytes are searched as they are
    yield "records", text.encode("utf-8", "backslashreplace")


def _unpacked(data: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    if depth >= _DEEP:
        return
    for name, inner in _inner(data):
        yield name, inner
        yield from ((f"{name}:{deeper}", more) for deeper, more in _unpacked(inner, depth + 1))


def _inner(data: bytes) -> Iterator[tuple[str, bytes]]:
    if data.startswith(b"PK"):
        yield from _members(data)
    elif data.startswith(b"\x1f\x8b"):
        with suppress(OSError, EOFError, zlib.error):
            yield "unpacked", gzip.GzipFile(fileobj=io.BytesIO(data)).read(_UNPACKED)
    elif data.startswith(b"\x89PNG"):
        yield from _chunks(data)
    elif data.startswith(b"%PDF"):
        for number, found in enumerate(_STREAM.finditer(data), 1):
            unpacked = _inflated(data[found.end() :])
            if unpacked:
                yield f"stream {number}", unpacked
    else:
        for number, found in enumerate(_DATA_URI.finditer(data), 1):
            text = found[1].replace(b"%2B", b"+").replace(b"%2F", b"/").replace(b"%3D", b"=").rstrip(b"=")
            yield f"embedded {number}", base64.b64decode(text[: len(text) // 4 * 4])
        if b"</" in data and b"\0" not in data[:4096]:
            # Of marked-up text also what is read: a name in two styles is in two pieces.
            yield "text", _TAG.sub(b"", data)


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = "\n".join(archive.namelist())
            yield "names", names.encode("utf-8", "backslashreplace") + archive.comment
            for number, member in enumerate(archive.infolist(), 1):
                if not member.is_dir() and member.file_size <= _UNPACKED:
                    yield f"member {number}", archive.read(member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error):
        return


def _chunks(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the packed texts of a PNG; those that are not packed are read with its bytes."""
    at = 8
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            for place in [m.end() for m in re.finditer(b"\0", body)][:6]:
                for skip in (0, 1):
                    unpacked = _inflated(body[place + skip :])
                    if unpacked:
                        yield kind.decode(), unpacked
        at += size + 12


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _UNPACKED)
    except zlib.error:
        return b""
