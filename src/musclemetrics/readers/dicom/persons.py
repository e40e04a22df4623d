"""Every word of a DICOM file that may tell whom it is of: read to be searched for in results, and never kept.

No list of identifying elements is asked, since lists grow old and makers have elements of their own: all text, dates
and unique names count, in sequences and private elements too, but for the few elements that the reader itself reads.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import IO, Any

from .tags import NAMES, PIXELS

__all__ = ["words_of"]

_TEXT = ("PN", "LO", "SH", "LT", "ST", "UT", "UC", "UR", "AE", "CS", "AS", "DA", "DT", "TM", "UI", "DS", "IS")
_BYTES = ("OB", "UN", "OW", "OB or OW")
_RUN = re.compile(rb"[\x20-\x7e\xa0-\xff]{6,}")
_MOST = 1 << 16
_PARTS = 200


def words_of(stream: IO[bytes]) -> Iterator[tuple[str, str, str]]:
    """Yield (name of the element, its value representation, a text in it) for all that may identify.

    Private elements are called ``private``. What cannot be parsed yields the runs of text in its first bytes, as
    ``header``.
    """
    from pydicom import dcmread

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = dcmread(stream, force=True)  # to its end: elements may follow the pixels
            named = list(_elements(found.file_meta)) + list(_elements(found))
    except Exception:  # a damaged header makes the parser raise nearly anything, and may name someone all the same
        stream.seek(0)
        yield from (("header", "UN", text) for text in _runs(stream.read(_MOST)))
        return
    yield from named


def _elements(dataset: Any) -> Iterator[tuple[str, str, str]]:
    for tag in sorted(dataset.keys()):
        if tag in PIXELS:
            continue
        element = dataset[tag]
        name = "private" if element.tag.is_private else element.keyword or "unknown"
        if element.VR == "SQ":
            for item in element.value:
                yield from _elements(item)
        elif name in NAMES:
            continue
        elif element.VR in _TEXT:
            many = element.value if _is_many(element.value) else [element.value]
            yield from ((name, element.VR, text) for value in many if (text := str(value).strip(" \0")))
        elif element.VR in _BYTES and isinstance(element.value, bytes):
            yield from ((name, "UN", text) for text in _runs(element.value[:_MOST]))


def _is_many(value: Any) -> bool:
    return not isinstance(value, str) and hasattr(value, "__iter__") and not hasattr(value, "family_name")


def _runs(raw: bytes) -> list[str]:
    """Return runs of readable text and, of XML and the like, the words between the marks."""
    found = []
    for run in _RUN.findall(raw):
        text = run.decode("latin-1")
        found += [w.strip() for w in re.split(r"[<>=\"\n\r\t]|\\", text) if len(w.strip()) >= 6]
    return found[:_PARTS]
