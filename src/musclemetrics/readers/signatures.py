"""What a file is, by its first bytes, before any parser is imported."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import PurePath

from .aliases import array_name, titled

__all__ = [
    "TITLE_LINES",
    "analyser_of",
    "describe",
    "is_abf",
    "is_analyser",
    "is_aurora",
    "is_dicom",
    "is_hdf5",
    "is_image",
    "is_labchart",
    "is_matlab",
    "is_slcontrol",
    "is_table",
    "is_table_by",
    "is_video",
    "sweep_columns",
    "utf16_without_mark",
]

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
ZIP_MAGIC = b"PK\x03\x04"
TEXT_SUFFIXES = (".csv", ".tsv", ".tab")

# first bytes: what such a file is, in words a user knows
_KNOWN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (.xls, .doc) or Thumbs.db"),
    (b"\x93NUMPY", "a NumPy .npy file, which may run code when it is read"),
    (b"\x00\x00\x00\x01Bud1", "a .DS_Store folder note"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"RIFF", "an AVI or WAV recording"),
    (b"MATLAB 5.0", "a MATLAB .mat file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (HDF5_MAGIC, "an HDF5 file"),
)
_BARE_DICOM = re.compile(
    # A data set without the preamble begins with its group length, its version, its character set, its image type or
    # its class; the kind of each is that of the standard.
    rb"(?:\x02\0[\0-\x02]\0(?:UL\x04\0|OB\0\0|UI)|\x08\0[\0\x05\x08\x16]\0(?:UL|CS|UI)|\x08\0[\0\x05\x08\x16]\0[\x01-\x7f]\0\0\0)"
)
_IMAGE_CLASS = b"1.2.840.10008.5.1.4.1.1."
LABCHART_OWN = (".adicht", ".adidat", ".adibin")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
_LABCHART = re.compile(r"(?:Interval|ExcelDateTime|TimeFormat|ChannelTitle)=\s")
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_JSON = re.compile(r"[\[{]\s*[\"\[{\]}0-9-]")  # but not a column called [Ca2+]
_NUMBER = re.compile(r"\s*\"?[+\-−]?[0-9.,]+(?:[eE][+-]?[0-9]+)?\"?\s*")

# impedance analyser: what the beginning of its text is. Sciospec's first line counts the lines of its header.
_ANALYSERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("gamry", re.compile(r"EXPLAIN[ \t]*\n(?:[^\n]*\n)*?TAG\t")),
    ("biologic", re.compile(r"EC-Lab ASCII FILE")),
    ("zplot", re.compile(r"ZPLOT2? ASCII")),
    ("keysight", re.compile(r"!(?:Agilent|Keysight) Technologies|(?:![^\n]*\n|[ \t]*\n)*BEGIN CH[0-9]+_DATA")),
    ("sciospec", re.compile(r"[0-9]{1,3}[ \t]*\n[^\n]*[A-Za-z][^\n]*\n(?:[^\n]*\n)*?frequency\s*\[", re.IGNORECASE)),
    ("parstat", re.compile(r"[^\n]*\bFrequency \(Hz\)\t[^\n]*\bZre \(ohms?\)\t[^\n]*\bZim\b")),
)
TITLE_LINES = 12  # filled lines among which the names stand of a plain sweep's columns
_PLAIN_ROWS = 16  # rows of a sweep without names that tell it from any other three columns


def describe(head: bytes) -> str:
    """Return in a few words what these first bytes look like."""
    for magic, words in _KNOWN:
        if head.startswith(magic) and not (magic in (b"BM", b"MZ") and _text(head) is not None):
            return words
    if head[128:132] == b"DICM":
        return "a DICOM file"
    if head[4:8] == b"ftyp":
        return "an MP4 or QuickTime recording"
    if head.startswith(ZIP_MAGIC):
        if b".npy" in head:
            return "a NumPy .npz archive, which may run code when it is read"
        return "a Word or PowerPoint document" if b"word/" in head or b"ppt/" in head else "a zip archive"
    if _PICKLE.match(head):
        return "a Python pickle, which runs code when it is read"
    text = _text(head)
    if text is None and utf16_without_mark(head) is not None:
        return "UTF-16 text without its byte-order mark"
    if text is None:
        return "binary data of an unknown kind"
    start = text.lstrip().lower()
    if start.startswith(("<?xml", "<!doctype", "<html", "<svg")):
        return "an XML or HTML page"
    if _JSON.match(start):
        return "JSON text"
    return "text without the rows and columns of a table" if start else "nothing but blanks"


def is_hdf5(head: bytes, name: str) -> bool:
    """Whether this is HDF5: its signature stands at 0, 512, 1024, …"""
    return any(head[at : at + 8] == HDF5_MAGIC for at in (0, 512, 1024, 2048))


def is_slcontrol(head: bytes, name: str) -> bool:
    """Whether this is an SLControl record: it says so in its first line."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"SLCONTROL_DATA_FILE")


def is_dicom(head: bytes, name: str) -> bool:
    """Whether this is DICOM: it says so at 128, or begins with the elements of an image without a preamble."""
    if head[128:132] == b"DICM":
        return True
    return bool(_BARE_DICOM.match(head)) and _IMAGE_CLASS in head


def is_image(head: bytes, name: str) -> bool:
    """Whether this is a PNG, JPEG, TIFF or BMP picture."""
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return True
    # "BM" begins many a text; a bitmap has four bytes of zero at 6 and one of a few lengths of header at 14.
    lengths = (12, 40, 52, 56, 64, 108, 124)
    return head.startswith(b"BM") and head[6:10] == bytes(4) and int.from_bytes(head[14:18], "little") in lengths


def is_video(head: bytes, name: str) -> bool:
    """Whether this is an MP4, QuickTime or AVI recording."""
    return head[4:8] in (b"ftyp", b"moov") or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")


def is_aurora(head: bytes, name: str) -> bool:
    """Whether this is a recording of an Aurora controller: the first line names a DMC or 600A data file."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0][:200]
    return bool(re.match(rb"DMC.*Data File|.*\b600A Data File", first))


def is_labchart(head: bytes, name: str) -> bool:
    """Whether this is LabChart's text export, which begins with its header, or its own file by name."""
    if PurePath(name).suffix.lower() in LABCHART_OWN or head.startswith(b"CFWB"):
        return True
    text = _text(head)
    return text is not None and bool(_LABCHART.match(text.removeprefix("\ufeff").lstrip()))


def is_matlab(head: bytes, name: str) -> bool:
    """Whether this is a ``.mat`` file: levels 5 and 7.3 say so, level 4 has a header of five small numbers."""
    if head.startswith((b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file")):
        return True
    if len(head) < 22 or PurePath(name).suffix.lower() != ".mat":
        return False
    for order in ("little", "big"):
        kind, rows, columns, imaginary, length = (int.from_bytes(head[i : i + 4], order) for i in range(0, 20, 4))
        if kind < 5000 and imaginary in (0, 1) and 1 < length <= 64 and rows < 2**31 and columns < 2**31:
            return head[20 + length - 1 : 20 + length] == b"\0" and head[20 : 20 + length - 1].isascii()
    return False


def is_abf(head: bytes, name: str) -> bool:
    """Whether this is an Axon Binary File, version 1 or 2."""
    return head.startswith((b"ABF ", b"ABF2"))


def is_analyser(head: bytes, name: str) -> bool:
    """Whether this is the text of an impedance analyser, or a plain sweep of impedance."""
    text = _text(head)
    if text is not None and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = head.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.start > len(head) - 4:  # the cut at 4 kB fell inside a character
                text = head[: error.start].decode("utf-8-sig")
    return text is not None and analyser_of(text, name) is not None


def analyser_of(text: str, name: str = "") -> str | None:
    """Return whose layout the beginning of a text has, ``plain`` for a table of a sweep, None for neither."""
    text = text.removeprefix("\ufeff").lstrip().replace("\r\n", "\n").replace("\r", "\n")
    for layout, begins in _ANALYSERS:
        if begins.match(text):
            return layout
    if PurePath(name).suffix.lower() == ".spec" and re.match(r"[0-9]{1,3}[ \t]*\n", text):
        return "sciospec"  # its lists of ranges may be longer than what was read
    return "plain" if _is_sweep(text) else None


def sweep_columns(line: str) -> list[str | None] | None:
    """Return the quantities of a line that names a frequency and an impedance, None where it names no such two."""
    for separator in ("\t", ";", ",", "|", None):
        cells = [c.strip().strip('"').strip() for c in line.split(separator)]
        if len(cells) < 3 or (separator is None and len(cells) > 12):
            continue
        names = [array_name(*titled(c), beside_frequency=True) for c in cells if len(c) < 60]
        if names.count("frequency") == 1 and (
            ("resistance" in names and ("reactance" in names or "imaginary" in names))
            or ("magnitude" in names and "phase" in names)
        ):
            return names
    return None


def _is_sweep(text: str) -> bool:
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith(("#", "%", "!"))]
    if any(sweep_columns(line) for line in lines[:TITLE_LINES]):
        return True
    rows = [re.split(r"[\t;, ]+", line.strip()) for line in lines[:-1]]
    if len(rows) < _PLAIN_ROWS or any(len(r) != 3 or not all(_NUMBER.fullmatch(c) for c in r) for r in rows):
        return False
    try:
        first = [float(r[0]) for r in rows]
    except ValueError:
        return False
    # The frequencies of a sweep keep their ratio from one to the next; times and lengths keep their difference.
    ratios = [b / a for a, b in pairwise(first) if a > 0]
    return (
        len(ratios) == len(first) - 1
        and (min(ratios) > 1.02 or 0 < max(ratios) < 0.98)
        and (max(ratios) < 1.2 * min(ratios))
    )


def is_table(head: bytes, name: str) -> bool:
    """Whether this is a workbook, or text in rows and columns."""
    suffix = PurePath(name).suffix.lower()
    if head.startswith(ZIP_MAGIC):
        foreign = any(mark in head for mark in (b"word/", b"ppt/", b".npy"))
        return not foreign and (
            suffix in (".xlsx", ".xlsm") or any(m in head for m in (b"[Content_Types].xml", b"docProps/", b"xl/"))
        )
    text = _text(head)
    if text is None or describe(head) != "text without the rows and columns of a table":
        return False
    return suffix in TEXT_SUFFIXES or _in_columns(text)


def utf16_without_mark(head: bytes) -> str | None:
    """Return the encoding of Latin text in two bytes a character that does not say so, None where it is none."""
    pairs = len(head) // 2
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0 : 2 * pairs : 2])):
        if pairs > 4 and zeros.count(0) > 0.8 * pairs and head.count(0) == zeros.count(0):
            return encoding
    return None


def is_table_by(head: bytes, name: str, encoding: object, separator: object) -> bool:
    """Whether these bytes are rows and columns once the user has said their encoding or separator."""
    if encoding is None and separator is None:
        return False
    try:
        text = head.decode(str(encoding), errors="ignore") if encoding is not None else _text(head)
    except LookupError:
        return utf16_without_mark(head) is not None  # the reader says that there is no such encoding
    if text is None or any(ord(c) < 32 and c not in "\t\n\f\r" for c in text):
        return False
    if separator is not None:
        lines = [line for line in text.splitlines()[:12] if line.strip()]
        return bool(lines) and any(str(separator) in line for line in lines)
    return PurePath(name).suffix.lower() in TEXT_SUFFIXES or _in_columns(text.removeprefix("\ufeff"))


def _text(head: bytes) -> str | None:
    """Return these bytes as text, None where they are not."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            # The cut at 4 kB may fall inside a character.
            return head[: len(head) // 2 * 2].decode("utf-16", errors="ignore")
        except UnicodeError:
            return None
    if not head or _CONTROL.search(head):
        return None
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def _in_columns(text: str) -> bool:
    """Whether the first lines share a separator, and one of them is mostly numbers."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")][:12]
    if len(lines) < 2:
        # One line longer than what was read: a header of very many columns.
        return bool(lines) and len(text) >= 2000 and any(text.count(separator) > 20 for separator in "\t;,|")
    if len(lines) > 2:
        lines = lines[:-1]  # the last may be cut
    for separator in "\t;,|":
        counts = {line.count(separator) for line in lines}
        cells = [line.split(separator) for line in lines]
        if min(counts) and len(counts) == 1 and any(_mostly_numbers(row) for row in cells[1:]):
            return True
        # A decimal comma in comma-separated, quoted text or a comma in the header changes the count, not the kind.
        if lines[0].count(separator) and all(_mostly_numbers(row) for row in cells[1:]):
            return True
    return False


def _mostly_numbers(cells: list[str]) -> bool:
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in cells)
    return numbers > 0 and numbers >= len([c for c in cells if c.strip()]) / 2
