"""Numbers and sources as people read them: as many digits as the uncertainty supports."""

from __future__ import annotations

import fnmatch
import math
from collections import Counter
from collections.abc import Iterable, Sequence

from ..canvas import unit_text
from ..modalities import MODALITIES, modality
from ..record import Measurement, Record

__all__ = [
    "TELLING",
    "error_text",
    "heading",
    "interval_text",
    "main_labels",
    "main_names",
    "places",
    "source_text",
    "title_of",
    "titles_of",
    "value_text",
]

_EMPTY = "–"


def places(m: Measurement) -> int:
    """Return the decimals worth showing: two digits of the standard error or half interval, else four of the value.

    Never fewer than two digits of the value itself: an error larger than its value must not round that to nothing.
    """
    least = 1 - math.floor(math.log10(abs(m.value))) if math.isfinite(m.value) and m.value != 0 else -math.inf
    half = (m.interval[1] - m.interval[0]) / 2
    for scale in (m.stderr, half):
        if math.isfinite(scale) and scale > 0:
            two = 1 - math.floor(math.log10(scale))
            return int(max(two, min(least, 1)))
    if not math.isfinite(m.value) or m.value == 0 or float(m.value).is_integer():
        return 0
    return 3 - math.floor(math.log10(abs(m.value)))


def _number(value: float, decimals: int) -> str:
    if math.isnan(value):
        return _EMPTY
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value != 0 and not 1e-4 <= abs(value) < 1e7:
        text = f"{value:.3e}"
    elif decimals <= 0:
        text = f"{round(value, max(decimals, -6)):.0f}"
    else:
        text = f"{value:.{min(decimals, 10)}f}"
    if float(text) == 0:
        text = text.lstrip("-")  # no negative zero on paper
    return text.replace("-", "−")


def value_text(m: Measurement) -> str:
    """Return the value; a dash where it was not determined."""
    return _number(m.value, places(m))


def interval_text(m: Measurement) -> str:
    """Return the 95 % interval, empty where there is none; an open side is infinite."""
    low, high = m.interval
    if math.isnan(low) and math.isnan(high):
        return ""
    decimals = places(m)
    return f"{_number(low, decimals)} to {_number(high, decimals)}"


def error_text(m: Measurement) -> str:
    """Return the standard error, empty where there is none."""
    return "" if math.isnan(m.stderr) else _number(m.stderr, places(m))


def heading(name: str, units: Iterable[str]) -> str:
    """Return a column's heading: the name, and the unit where all rows share one."""
    shown = {unit_text(u) for u in units}
    unit = shown.pop() if len(shown) == 1 else ""
    return f"{name} ({unit})" if unit else name


_OF_THE_MUSCLE = ("muscle", "side", "direction", "placement", "fibre")
TELLING = ("subject", "session", "animal", "group", *_OF_THE_MUSCLE, "sheet", "frame")
"""Labels that tell rows apart, which an overview has room for."""


def main_labels(records: Sequence[Record], most: int = 4) -> list[str]:
    """Return the labels an overview has room for: all if they are few, else those that tell rows apart."""
    keys = list(dict.fromkeys(key for r in records for key in r.labels))
    return keys if len(keys) <= most else [key for key in keys if key in TELLING]


def main_names(records: Sequence[Record], most: int = 6) -> list[str]:
    """Return the quantities an overview has room for: all if they are few, else those that the modality calls its main
    ones (``MAIN``), else those that carry an interval.
    """
    names = list(dict.fromkeys(n for r in records for n in r))
    if len(names) <= most:
        return names
    if main := _main(records[0].modality, names):
        return main
    return [n for n in names if any(n in r and interval_text(r[n]) for r in records)] or names[:most]


def _main(name: str, names: Sequence[str]) -> list[str]:
    """Return the names that a modality calls its main ones; of several patterns parted by a bar the first that fits."""
    wanted: Sequence[str] = getattr(modality(name), "MAIN", ()) if name in MODALITIES else ()
    found = []
    for patterns in wanted:
        fits = (n for pattern in patterns.split("|") for n in fnmatch.filter(names, pattern))
        found += [n for n in (next(fits, None),) if n is not None]
    return list(dict.fromkeys(found))


def source_text(record: Record, most: int = 1) -> str:
    """Return the files behind a record in short."""
    names = [name for name, _ in record.provenance.sources]
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def title_of(record: Record, number: int, *, keys: Sequence[str] = ()) -> str:
    """Return what a person would call the record: its labels, else its file, else its number."""
    wanted = keys or [key for key in TELLING if key != "group"]
    words = [f"{key} {record.labels[key]}" for key in wanted if record.labels.get(key)]
    return ", ".join(words) or source_text(record) or f"record {number}"


def titles_of(records: Sequence[Record]) -> list[str]:
    """Return what each record would be called; where labels do not tell records apart, the file is named as well."""
    titles = [title_of(r, number) for number, r in enumerate(records, 1)]
    times = Counter(titles)
    files = [source_text(r) for r in records]
    alike = [times[title] > 1 and file not in ("", title) for title, file in zip(titles, files, strict=True)]
    return [f"{title}, {file}" if same else title for title, file, same in zip(titles, files, alike, strict=True)]
