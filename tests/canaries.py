"""Words that name nobody and must be found in no output: one in every place of a recording that may name someone."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset

from musclemetrics.readers.dicom.tags import NAMES

# Commands, the head of the file, directories; pixels and how they are written.
_NOT = (0x0000, 0x0002, 0x0004, 0x0028, 0x5400, 0x7FE0)
_KIND = ("SOPClassUID", "SpecificCharacterSet")
_TEXT = ("LO", "SH", "LT", "ST", "UT", "UC", "UR", "AE", "CS", "PN", "DA", "DT", "TM", "UI", "IS", "DS", "OB", "UN")


def word(number: int) -> str:
    """Return a word like no other, of letters alone, the same for the same number."""
    letters = "bcdfghjkmnpqrtvwxz"
    out = ""
    for _ in range(5):
        number, at = divmod(number, len(letters))
        out += letters[at]
    return f"ZQ{out.upper()}QZ"


def _value(vr: str, number: int) -> tuple[Any, list[str]]:
    """Return a value of a kind, and the words by which it would be known."""
    own = word(number)
    if vr == "PN":
        return f"{own}F^{own}G", [f"{own}F", f"{own}G"]
    if vr in ("DA", "DT", "TM"):
        year, rest = divmod(number, 336)
        day = f"{1900 + year % 90:04d}{1 + rest // 28:02d}{1 + rest % 28:02d}"
        if vr == "DA":
            return day, [day, f"{day[:4]}-{day[4:6]}-{day[6:]}"]
        if vr == "DT":
            return f"{day}101112", [day]
        return f"101112.{100000 + number:06d}", [f"101112.{100000 + number:06d}"]
    if vr == "UI":
        return f"2.25.77{number:09d}77", [f"77{number:09d}77"]
    if vr in ("IS", "DS"):
        return f"77{number:07d}", [f"77{number:07d}"]
    if vr in ("OB", "UN"):
        return own.encode() + b" " * (len(own) % 2), [own]
    if vr == "UR":
        return f"http://{own}.example/", [own]
    return own, [own]


def recording(sample: Path, path: Path, first: int = 0) -> dict[str, list[str]]:
    """Write a B-mode image with a word in every attribute of the dictionary that can hold one; return the words.

    These attributes include every one of the basic profile for leaving out identities (DICOM PS3.15, Annex E, Table
    E.1-1) that pydicom knows and that holds text, dates or names; each sequence holds two levels of items, and there
    are private elements.

    Parameters
    ----------
    sample : Path
        The image.
    path : Path
    first : int
        The number of the first word; two files with others have no word in common.
    """
    from pydicom import dcmread

    ds = dcmread(sample)
    words: dict[str, list[str]] = {}

    def fill(dataset: Any, tag: int, vr: str, where: str) -> None:
        value, known = _value(vr, first + len(words))
        dataset.add_new(tag, vr, value)
        words[where] = known

    for tag, (vr, _, _, _, keyword) in sorted(DicomDictionary.items()):
        if not keyword or keyword in NAMES or tag >> 16 in _NOT or tag & 0xFFFF == 0 or keyword in _KIND:
            continue
        if vr == "SQ":
            item, inner = Dataset(), Dataset()
            fill(item, 0x00100010, "PN", f"{keyword}.PatientName")
            fill(item, 0x0040A160, "UT", f"{keyword}.TextValue")
            fill(inner, 0x00080080, "LO", f"{keyword}.item.InstitutionName")
            item.add_new(0x00081140, "SQ", [inner])
            ds.add_new(tag, "SQ", [item])
        elif vr in _TEXT:
            fill(ds, tag, vr, keyword)
    for group in (0x0009, 0x0019, 0x0029, 0x0051):
        fill(ds, (group << 16) + 0x10, "LO", f"private creator {group:04x}")
        for element, vr in enumerate(("LO", "UT", "UN", "OB", "PN"), 0x1001):
            fill(ds, (group << 16) + element, vr, f"private {group:04x}{element:04x}")
    fill(ds.file_meta, 0x00020016, "AE", "SourceApplicationEntityTitle")
    fill(ds.file_meta, 0x00020003, "UI", "MediaStorageSOPInstanceUID")
    fill(ds.file_meta, 0x00020100, "UI", "PrivateInformationCreatorUID")
    fill(ds.file_meta, 0x00020102, "OB", "PrivateInformation")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that their kind does not allow
        ds.save_as(path)
    return words
