"""The readers: one file each, one line in this table.

A reader is a module with ``read(path_or_file, *, <options>) -> Iterator[Reading]``. It is chosen by the file's bytes
first and its name second, before any parser is imported.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from ..errors import ReadError, SettingsError, UnknownFormatError
from . import signatures
from .source import Source, head, name_of, packed, unpacked_head

if TYPE_CHECKING:
    from ..reading import Reading

__all__ = ["FORMATS", "Format", "options_of", "read", "sniff", "takes_text"]


class Format(NamedTuple):
    """A format: the module that reads it, the suffixes it comes with, how its bytes are known, and what it is.

    `pictures` are measured by modalities whose ``measure`` takes an ``image``, all else by the others.
    """

    module: str
    suffixes: tuple[str, ...]
    recognise: Callable[[bytes, str], bool]
    about: str
    pictures: bool = False


# Asked in this order: the sharper signature first, plain text last.
FORMATS: dict[str, Format] = {
    # What precedes the header of a DICOM file may be the beginning of another kind.
    "dicom": Format("dicom", (".dcm", ".dicom", ".ima"), signatures.is_dicom, "DICOM images and films", True),
    "image": Format(
        "image",
        (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"),
        signatures.is_image,
        "PNG, JPEG, BMP and TIFF pictures, ImageJ's with their scale",
        True,
    ),
    "aurora": Format(
        "aurora", (".ddf", ".dat"), signatures.is_aurora, "Aurora Scientific DMC (.ddf) and 600A recordings"
    ),
    "labchart": Format(
        "labchart", (".txt", *signatures.LABCHART_OWN), signatures.is_labchart, "LabChart text exports, a block each"
    ),
    "video": Format(
        "video",
        (".mp4", ".mov", ".m4v", ".avi"),
        signatures.is_video,
        "MP4, QuickTime and AVI films, with the package OpenCV",
        True,
    ),
    # A .mat file of level 7.3 is HDF5 too, and known by the words before it.
    "matlab": Format(
        "matlab",
        (".mat",),
        signatures.is_matlab,
        "MATLAB .mat arrays, LabChart's export among them",
    ),
    "abf": Format("abf", (".abf",), signatures.is_abf, "Axon Binary Files, with the package pyabf"),
    "hdf5": Format("hdf5", (".h5", ".hdf5", ".hdf"), signatures.is_hdf5, "named arrays with unit attributes"),
    "analysers": Format(
        "analysers",
        (".spec", ".dta", ".mpt", ".z", ".csv", ".txt"),
        signatures.is_analyser,
        "impedance sweeps: Sciospec, Gamry, BioLogic, ZPlot, Parstat, Keysight E4990A, plain text",
    ),
    "slcontrol": Format("slcontrol", (".slc",), signatures.is_slcontrol, "SLControl text records of one fibre"),
    "table": Format(
        "table",
        (".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm"),
        signatures.is_table,
        "CSV, TSV, semicolon text and Excel workbooks, long or wide",
    ),
}


# The readers of text that look into a gzip file.
_IN_GZIP = ("analysers", "table")


class _Reader(Protocol):
    def read(self, source: Source, /, **options: Any) -> Iterator[Reading]: ...


def sniff(path_or_file: Source, options: Mapping[str, Any] | None = None) -> str:
    """Return the name of the reader for a file, from its first 4 kB and then its name.

    Parameters
    ----------
    path_or_file : str, path or binary file object
    options : Mapping, optional
        What the user has said of the file: an ``encoding`` or a ``separator`` makes a table of bytes that no reader
        knows, if they are rows and columns by it; ``roi`` names the regions drawn on pictures, which are nothing else.

    Returns
    -------
    str
        A name of ``FORMATS``.

    Raises
    ------
    ReadError
        ``empty-file``, ``missing-file``, ``not-a-file`` or ``unreadable``.
    UnknownFormatError
        If no reader knows it (code ``unknown-format``); the message says what it looks like. If it is the region drawn
        on a picture beside it (``drawn-region``).
    """
    said = options or {}
    if said.get("roi") is not None:
        from .beside import drawn_options

        # Corners in a table would be measured as one, or miss what tables have.
        drawn_options(str(said["roi"]), None, None, False, "centre").refuse_itself(path_or_file)
    start, name = head(path_or_file), name_of(path_or_file)
    suffix = PurePath(name).suffix.lower()
    known = tuple(s for f in FORMATS.values() for s in f.suffixes)
    if not start:
        if suffix in known or not name:
            raise ReadError(f"{name!r} is empty", code="empty-file", remedy="export or copy the file again")
        raise UnknownFormatError(f"{name!r} is empty and its name is of no known format", remedy="leave it out")
    if packed(start):
        # Text alone is read from within: a format of its own that is packed is packed by a hand that can unpack it.
        inside, inner = unpacked_head(start), name.removesuffix(".gz")
        found = next((k for k in _IN_GZIP if inside and FORMATS[k].recognise(inside, inner)), None)
        if found is not None and not inside.startswith(signatures.ZIP_MAGIC):
            return found
    for kind, form in FORMATS.items():
        if form.recognise(start, name):
            return kind
    if signatures.is_table_by(start, name, said.get("encoding"), said.get("separator")):
        return "table"
    looks = signatures.describe(start)
    if looks == "nothing but blanks" and suffix in known:
        raise ReadError(f"{name!r} holds nothing but blanks", code="empty-file", remedy="export the file again")
    encoding = signatures.utf16_without_mark(start)
    if encoding is not None and said.get("encoding") is None:
        raise UnknownFormatError(
            f"{name!r} looks like {looks}, and its encoding is not guessed",
            remedy=f"say -r encoding={encoding}, or export it as UTF-8",
        )
    raise UnknownFormatError(
        f"{name!r} looks like {looks}, and no reader knows it",
        remedy=f"the readers are {', '.join(f'{n} ({f.about})' for n, f in FORMATS.items())}; "
        "reader=NAME names one where the file is of that kind all the same",
    )


def options_of(reader: str) -> dict[str, Any]:
    """Return the options of a reader and their defaults."""
    parameters = inspect.signature(_module(reader).read).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def takes_text(option: str) -> bool:
    """Whether an option is a word or a number in every reader that has it, and never parts of its own."""
    # The annotations as written: to evaluate them would need names imported for type checking alone.
    parameters = [inspect.signature(_module(name).read).parameters.get(option) for name in FORMATS]
    kinds = [set(str(p.annotation).split(" | ")) for p in parameters if p is not None]
    return bool(kinds) and all("str" in k and k <= {"str", "int", "float", "None"} for k in kinds)


def read(path_or_file: Source, *, reader: str | None = None, **options: Any) -> Iterator[Reading]:
    """Read a file into readings, one a recording.

    Parameters
    ----------
    path_or_file : str, path or binary file object
    reader : str, optional
        A name of ``FORMATS``; by default the file's bytes decide (:func:`sniff`).
    **options
        Options of that reader, see :func:`options_of`.

    Returns
    -------
    Iterator of Reading

    Raises
    ------
    SettingsError
        If the reader is not known or does not have such an option (``unknown-reader``, ``unknown-option``).
    ReadError
        If the file cannot be read.
    UnknownFormatError
        If no reader knows it.

    Examples
    --------
    >>> import io
    >>> [reading] = read(io.BytesIO(b"pCa,force (mN)\\n9.0,0.01\\n6.0,0.31\\n4.5,0.52\\n"))
    >>> reading["pCa"].tolist(), reading.unit("force")
    ([9.0, 6.0, 4.5], 'mN')
    """
    name = reader if reader is not None else sniff(path_or_file, options)
    module, known = _module(name), options_of(name)
    for option in options:
        if option not in known:
            near = difflib.get_close_matches(option, known, n=1)
            raise SettingsError(
                f"the reader {name} has no option {option!r}",
                code="unknown-option",
                remedy=(f"did you mean {near[0]}? " if near else "") + f"its options are {', '.join(known)}",
            )
    return module.read(path_or_file, **options)


def _module(name: str) -> _Reader:
    if name not in FORMATS:
        raise SettingsError(
            f"there is no reader {name!r}", code="unknown-reader", remedy=f"use one of {', '.join(FORMATS)}"
        )
    return cast(_Reader, import_module(f".{FORMATS[name].module}", __name__))
