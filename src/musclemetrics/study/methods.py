"""A paragraph for a paper: what was measured, how, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import __version__
from ..batch.decisions import defaults
from ..canvas import unit_text
from ..modalities import MODALITIES, Modality
from ..provenance import software
from ..record import Record, plain
from .plan import Plan
from .references import REFERENCES

__all__ = ["methods_text"]

_FEW = 3


def methods_text(plan: Plan, records: Sequence[Record], *, left: int = 0) -> str:
    """Return the methods of a run as Markdown, made to be pasted and cut down.

    Parameters
    ----------
    plan : Plan
    records : sequence of Record
        Their traces are not needed.
    left : int, optional
        How many items are not measured yet.
    """
    measured = [r for r in records if r.status in ("ok", "suspect")]
    parts = [
        "<!-- musclemetrics: written anew with the tables; edit a copy -->",
        "# Methods",
        f"**The run is not finished: {_count(left, 'item')} not measured yet.** Give its command again."
        if left
        else "",
        _first(plan, records, measured),
        _how(plan, plan.module, measured),
        _became(records, measured),
        "## What was measured",
        "\n".join(_quantities(plan.module, measured)) or "Nothing.",
        "## References",
        "\n".join(_references(plan.name)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _first(plan: Plan, records: Sequence[Record], measured: Sequence[Record]) -> str:
    versions = software()
    others = ", ".join(f"{_proper(name)} {v}" for name, v in versions.items() if name != "musclemetrics")
    files = len({name for r in records for name, _ in r.provenance.sources})
    about = MODALITIES.get(plan.name, "")
    what = f"`{plan.name}`" + (f" ({about})" if about else "")
    return (
        f"{_count(len(measured), 'record')} of {_count(files, 'file')} {'was' if len(measured) == 1 else 'were'} "
        f"measured with musclemetrics {__version__} ({others}), modality {what}. "
        + (f"Files were grouped by `{plan.group_by}`. " if plan.group_by else "")
        + "Intervals are 95 % intervals."
    )


def _how(plan: Plan, module: Modality, measured: Sequence[Record]) -> str:
    methods = list(dict.fromkeys(r.provenance.method for r in measured if r.provenance.method))
    sentences = [f"Method: {'; '.join(methods)}."] if methods else []
    given = [f"{name} = {_word(v)}" for name, v in plain(plan.settings).items()]
    stated = _stated(plan, module, measured)
    if given:
        sentences.append(f"Settings: {', '.join(given)}.")
    if stated:
        sentences.append(f"Stated by the recordings: {', '.join(stated)}.")
    sentences.append("All other settings had the defaults of this version, which `run.toml` lists.")
    how = [r.provenance.reading for r in measured]
    readers = list(dict.fromkeys(str(h["reader"]) for h in how if h.get("reader")))
    options = [f"{k} = {_word(v)}" for k, v in plain(plan.reading).items()]
    if readers:
        with_options = f", options {', '.join(options)}" if options else ""
        sentences.append(f"Files were read by: {', '.join(readers)}{with_options}.")
    return " ".join(sentences)


def _stated(plan: Plan, module: Modality, measured: Sequence[Record]) -> list[str]:
    """Return the settings that differ from their defaults though nobody gave them: facts of the files, corrections."""
    left = plain(defaults(module.measure))
    values: dict[str, dict[str, None]] = {}
    for r in measured:
        for name, v in r.provenance.settings.items():
            if name in plan.settings or name not in left or v == left[name]:
                continue
            parts = {f"{name} {k}": part for k, part in v.items()} if isinstance(v, Mapping) else {name: v}
            for key, part in parts.items():
                values.setdefault(key, {})[_word(part)] = None
    # What every recording says anew (a region, an animal) is in the tables, and no decision about the method.
    return [
        f"{name} = {' or '.join(found)}" if len(found) <= _FEW else f"{name} ({len(found)} different)"
        for name, found in values.items()
    ]


def _became(records: Sequence[Record], measured: Sequence[Record]) -> str:
    sentences = []
    for status, words in (
        ("suspect", "carried a flag that makes the number doubtful"),
        ("failed", "could not be measured"),
        ("skipped", "were passed over"),
    ):
        these = [r for r in records if r.status == status]
        if these:
            codes = Counter(code for r in these for code in {f.code for f in r.flags if f.level == status})
            told = ", ".join(f"{code} {n}" for code, n in codes.most_common())
            sentences.append(f"{len(these)} {words} ({told}).")
    by_hand = [r for r in measured if any("corrected by hand" in str(n) for n in r.provenance.reading.get("notes", ()))]
    if by_hand:
        sentences.append(f"{len(by_hand)} were measured with corrections by hand.")
    ratings = Counter(r.labels["rating"] for r in records if r.labels.get("rating"))
    if ratings:
        told = ", ".join(f"{word} {ratings[word]}" for word in ("accept", "doubt", "reject") if ratings[word])
        sentences.append(f"A person looked through the records and rated them: {told}.")
    return " ".join(sentences)


def _quantities(module: Modality, measured: Sequence[Record]) -> Iterable[str]:
    units: dict[str, dict[str, None]] = {}
    for r in measured:
        for m in r.measurements:
            units.setdefault(m.name, {})[unit_text(m.unit)] = None
    for d in module.DEFINITIONS:
        if d.name in units:
            shown = " or ".join(u for u in units[d.name] if u)
            yield f"- **{d.name}**{f' ({shown})' if shown else ''}: {d.meaning}"


def _references(name: str) -> Iterable[str]:
    yield (
        f"- The musclemetrics developers. *musclemetrics: from raw muscle recordings to defensible numbers*, version "
        f"{__version__}."
    )
    yield from (f"- {work}" for work in REFERENCES.get(name, ()))


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {_word(v)}" for k, v in value.items()) or "none"
    if isinstance(value, tuple | list):
        return " to ".join(_word(v) for v in value) if len(value) == 2 else ", ".join(_word(v) for v in value)
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _proper(name: str) -> str:
    return {"python": "Python", "numpy": "NumPy", "scipy": "SciPy"}.get(name, name)
