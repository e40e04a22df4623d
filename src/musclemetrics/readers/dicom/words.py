"""The words of a header that become labels: the machine and its settings, which echo intensity depends on."""

from __future__ import annotations

import re

from ...errors import ReadError
from .header import Elements

__all__ = ["labels", "safe"]


LONGEST = 40
"""Characters of a label."""
# A day in any order of its parts; digits in a row, as numbers of people and of machines have them.
_DAY = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}|\d{6,}")
_OTHER = re.compile(r"[^\w .,+/()-]")


def safe(word: str) -> str:
    """Return what of a word may name a machine or a setting: no sign of a person's name, no day, no long number."""
    if "^" in word:  # a person's name as DICOM writes one: where it ends is not known
        return ""
    for kind in (_DAY, _OTHER):
        word = kind.sub(" ", word)
    return " ".join(word.split())[:LONGEST].strip()


def labels(elements: Elements) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the labels of an image, and a note on those that were cut.

    The transducer is the first value of TransducerData, or its type: the others are serial numbers. Gain and dynamic
    range are elements that the standard has retired and some makers still write.
    """
    maker, model = elements.word("Manufacturer"), elements.word("ManufacturerModelName")
    transducer = elements.word("TransducerData")
    found = {
        "device": " ".join(w for w in (maker, model) if w),
        "transducer": transducer if re.search("[A-Za-z]", transducer) else elements.word("TransducerType"),
        "preset": elements.word("ProcessingFunction"),
        "depth": _with_unit(elements, "DepthOfScanField", "mm"),
        "gain": _with_unit(elements, "TotalGain", "dB"),
        "dynamic_range": _with_unit(elements, "DynamicRange", "dB"),
        "frequency": _frequency(elements),
    }
    cut = [name for name, word in found.items() if safe(word) != word]
    notes = (f"of {', '.join(cut)} in the header only what names a machine was kept: no day, no long number",) * bool(
        cut
    )
    return {name: safe(word) for name, word in found.items() if safe(word)}, notes


def _with_unit(elements: Elements, keyword: str, unit: str) -> str:
    try:
        value = elements.number(keyword)
    except ReadError:
        return elements.word(keyword)
    return "" if value is None else f"{value:g} {unit}"


def _frequency(elements: Elements) -> str:
    """Return the frequencies of the regions, which are stated in kHz."""
    try:
        stated = [item.number("TransducerFrequency") for item in elements.items("SequenceOfUltrasoundRegions")]
    except ReadError:
        return ""
    known = sorted({f for f in stated if f})
    return ", ".join(f"{f / 1000:g} MHz" for f in known[:4])
