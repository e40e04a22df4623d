"""Records that name nobody: codes for names, days since the first visit for dates, and no word that is not ours.

What is kept is listed here; all else is left out or becomes a code. So a label, a message or a header that nobody
thought of names nobody either.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from ..batch import Entry, Item
from ..corrections import Correction
from ..errors import MuscleMetricsError, SettingsError
from ..record import Flag, Provenance, Record, Settings, plain
from . import devices
from .across import with_days, with_spellings
from .allowed import allowed, not_safe, plainly, refuse_persons
from .days import day_of
from .kept import CODED, DATED, DEVICES, KEPT, WHO
from .pseudonyms import Key
from .ratings import Rating
from .sheet import Row, Sheet
from .spellings import alike
from .wording import HIDDEN, masked

__all__ = ["UNTOLD", "Safe"]

UNTOLD = "what is not told"
"""Under which name a run keeps the code of all it was asked, so that it knows it again."""

_SHEET = "the sheet"
_PATTERNS = ("group_by", "match")
_FIELD = re.compile(r"(\{[A-Za-z_][A-Za-z0-9_]*\})")
_NAMING = ("duplicate-of", "duplicate-file", "file-missing-from-group", "file-read-partly", "file-changing")


@dataclass(slots=True)
class Safe:
    """What makes the records of a run safe to pass on.

    Parameters
    ----------
    key : Key
        Makes the codes: the same for all runs of a study.
    allow : iterable of str, optional
        Labels kept as they are beside those that are safe by themselves.

    Raises
    ------
    SettingsError
        ``not-safe`` if one of these is the name, role or remark of a person.

    Attributes
    ----------
    names : dict of str to str
        The real name of each file seen, by its code; for joining a sheet, never for an output.
    left : Counter of str
        How many records lost which label.
    fields : set of str
        The names of fields in the patterns of the run; see :meth:`know`.
    """

    key: Key
    allow: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)
    fields: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.allow = tuple(dict.fromkeys(self.allow))
        refuse_persons(self.allow)

    def file(self, name: str) -> str:
        """Return the code of a file by its name, with its suffix where a format is known by it."""
        if self._is_file(name):
            return name
        code = self.key.code("F", name) + _suffix(name)
        self.names[code] = name
        return code

    def _is_file(self, name: str) -> bool:
        return self.key.made("F", name.partition(".")[0]) and name.partition(".")[1:] == _suffix_parts(name)

    def item(self, item: Item) -> Item:
        """Return an item whose files go by codes; the labels of their names follow with :meth:`record`."""
        entries = tuple(
            Entry(e.path, self.file(e.name), HIDDEN, e.named, e.problem and self._flag(e.problem, {}))
            for e in item.entries
        )
        return replace(item, entries=entries)

    def text(self, message: str, known: Mapping[str, str] | None = None) -> str:
        """Return a message without any word that is not ours.

        Parameters
        ----------
        message : str
        known : Mapping, optional
            What is to stand for which words.
        """
        slots: list[str] = []
        message = message.replace("\0", "")
        for word in sorted(known or {}, key=len, reverse=True):
            if word in message:
                slots.append((known or {})[word])
                message = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", f"\0{len(slots) - 1}\0", message)
        parts = message.split("\0")
        if len(parts) == 1:
            return self._masked(message)
        return "".join(slots[int(p)] if i % 2 else self._masked(p) for i, p in enumerate(parts))

    def _masked(self, text: str) -> str:
        # A code that is there already is no stranger.
        cut = re.split(r"\b([A-Z]-[0-9A-Z]{12}(?:\.[a-z0-9]{1,5})?)(?![\w])", text)
        return "".join(
            part if i % 2 and self.key.made(part[0], part.partition(".")[0]) else masked(part)
            for i, part in enumerate(cut)
        )

    def error(self, error: MuscleMetricsError) -> str:
        """Return what an error says, safe to be logged."""
        return f"{self.text(str(error))} [{error.code}]"

    def record(self, record: Record) -> Record:
        """Return a record that names nobody; its dates are sealed until the others of its subject are known.

        Raises
        ------
        SettingsError
            ``not-safe`` if a label that is to be kept as it is names someone or a day.
        """
        sources = tuple((self.file(name), digest) for name, digest in record.provenance.sources)
        labels = self.labels(record.labels)
        known = self._known(record, sources, labels)
        lost = [name for name in record.labels if name not in labels]
        self.left.update(self._name(name) for name in lost)
        flags = [self._flag(f, known) for f in record.flags]
        if lost:
            what = ", ".join(dict.fromkeys(self._name(name) for name in lost))
            message = f"labels were left out, since they may name someone: {what}; --allow NAME keeps one"
            flags.append(Flag("labels-left-out", message, "note"))
        p = record.provenance
        safe = Provenance(
            p.method,
            self._tree(p.settings, known),
            p.software,
            sources,
            self._tree(p.reading, known, ("options", "inputs")),
        )
        return replace(record, labels=Settings(labels), flags=tuple(flags), provenance=safe)

    def records(self, records: Iterable[Record]) -> list[Record]:
        """Return all records of a run, safe, their dates as days since the first visit of their subject.

        Parameters
        ----------
        records : iterable of Record
            As they were measured or as :meth:`record` made them, with or without labels added since.
        """
        safe = [self.record(r) for r in records]
        days: list[dict[str, date]] = []
        first: dict[str, date] = {}
        for r in safe:
            found = {k: day for k, w in r.labels.items() if (day := self.key.opened(w)) is not None}
            days.append(found)
            who = r.labels.get("subject") or r.labels.get("animal")
            for day in found.values() if who else ():
                first[who or ""] = min(day, first.get(who or "", day))
        return with_spellings([with_days(r, d, first) for r, d in zip(safe, days, strict=True)])

    def said(self) -> str:
        """Return in a line which labels were left out, empty where none was."""
        lost = ", ".join(f"{name} ({count})" for name, count in self.left.items())
        return f"labels left out, since they may name someone: {lost}; --allow NAME keeps one" if lost else ""

    def rating(self, rating: Rating) -> Rating:
        """Return a rating without its note, which is anybody's words, unless the label ``rating_note`` is allowed."""
        kept = self.labels({"rating_note": rating.note}).get("rating_note", "") if rating.note else ""
        return replace(rating, note=kept, source=self.file(rating.source) if rating.source else "")

    def correction(self, correction: Correction) -> Correction:
        """Return a correction of a file by its code.

        Raises
        ------
        SettingsError
            ``not-safe`` if there is a foreign word among its settings.
        """
        if self.plainly(correction.settings) != dict(correction.settings):
            raise SettingsError(
                "a correction has words that musclemetrics does not write, in a run that names nobody",
                code="not-safe",
                remedy="give numbers, and settings by their own words",
            )
        return replace(correction, source=self.file(correction.source))

    @property
    def stated(self) -> dict[str, Any]:
        """What a run says of how it was made safe: which labels were allowed, and by which code its key is known."""
        return {"allow": list(self.allow), "key": self.key.code("K", "")}

    def asked(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a run was asked with foreign words masked, and a code that is another for other words."""
        rest = self.key.code("Q", json.dumps(tree, sort_keys=True))
        told = self._tree(tree, {}, ("settings", "reading"))
        told.update({name: self.pattern(tree[name]) for name in _PATTERNS if name in tree})
        return {**told, "phi_safe": {**self.stated, UNTOLD: rest}}

    def plainly(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Return what of some settings has no foreign word in it."""
        return {k: v for k, v in tree.items() if self._is_plain(k, v)}

    def _is_plain(self, name: str, value: Any) -> bool:
        if name in _PATTERNS and isinstance(value, str):
            return self.pattern(value) == value
        return plain(self._tree({name: value}, {}, (name,))) == {name: plain(value)} and plainly(name) == name

    def pattern(self, text: str) -> str:
        """Return a pattern of names with the text between its fields masked; the fields have the caller's names."""
        return "".join(part if i % 2 else masked(part) for i, part in enumerate(_FIELD.split(text)))

    def know(self, *patterns: str) -> None:
        """Take the fields of patterns for names of labels that may be told."""
        self.fields.update(part[1:-1] for text in patterns for part in _FIELD.findall(text))

    def _name(self, label: str) -> str:
        return label if label in self.fields else plainly(label)

    def sheet(self, sheet: Sheet) -> Sheet:
        """Return a sheet whose rows know their files by name, safe as records are."""
        rows = []
        for row in sheet.rows:
            labels = self.labels(row.labels)
            self.left.update(self._name(name) for name in row.labels if name not in labels)
            rows.append(Row(row.number, self.file(row.file) if row.file else "", Settings(labels)))
        return Sheet(_SHEET, tuple(rows), notes=tuple(self.text(note) for note in sheet.notes))

    def labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return what may be told of labels, codes and sealed days among it.

        Raises
        ------
        SettingsError
            ``not-safe`` if one that is to be kept as it is names someone or a day.
        """
        kept = {}
        whose = [labels[who].casefold() for who in WHO if len(labels.get(who, "")) > 3]
        for name, word in labels.items():
            made = self._label(name, word)
            if name in self.allow and name not in WHO and any(w in word.casefold() for w in whose):
                raise not_safe(name, "the subject")
            if made is not None:
                kept[name] = made
            if name in WHO and made != word:
                # Until all spellings are there: of two codes nobody could tell that they are nearly one word.
                kept[f"{name}_alike"] = self.key.code("E", alike(word))
        return kept

    def _label(self, name: str, word: str) -> str | None:
        """Return the safe word for a label, None where there is none."""
        if name in self.allow and name not in ("subject", "animal"):
            return allowed(name, word)
        kind = CODED.get(name)
        if self.key.made("D", word) and name in DATED:
            return word
        if kind is not None and self.key.made(kind, word):
            return word
        day = day_of(word) if name in DATED else None
        if day is not None:
            return self.key.sealed(day)
        form = KEPT.get(name)
        if name in DEVICES and word != HIDDEN:
            word = devices.told(word)
        if form is not None and word.strip(f" {HIDDEN}") and form.fullmatch(word.replace(HIDDEN, "")):
            return word
        return None if kind is None else self.key.code(kind, word)

    def _known(self, record: Record, sources: tuple[tuple[str, str], ...], labels: Mapping[str, str]) -> dict[str, str]:
        """Return what stands for which words in the messages of a record."""
        known = {}
        for name, word in record.labels.items():
            made = labels.get(name, HIDDEN)
            if made != word and len(word) > 1:
                known[repr(word)] = repr(HIDDEN if self.key.made("D", made) else made)
                if len(word) > 2:
                    known[word] = HIDDEN if self.key.made("D", made) else made
        names = {name: code for (name, _), (code, _) in zip(record.provenance.sources, sources, strict=True)}
        if any(f.code in _NAMING for f in record.flags):
            names.update((name, code) for code, name in self.names.items())
        for name, code in names.items():
            last = name.rpartition("/")[2]
            known[name] = code
            known.setdefault(last, code)
            stem = last.rpartition(".")[0]
            if len(stem) > 2:
                known.setdefault(stem, code)
        return known

    def _flag(self, flag: Flag, known: Mapping[str, str]) -> Flag:
        if flag.code == "labels-left-out":
            return flag  # our own, of a record that was made safe before
        return replace(flag, message=self.text(flag.message, known))

    def _tree(self, tree: Any, known: Mapping[str, str], strange: tuple[str, ...] = ()) -> Any:
        """Return plain data with its texts masked; of the members `strange` the keys are somebody's words, too."""
        if isinstance(tree, str):
            return self.text(tree, known)
        if isinstance(tree, Mapping):
            out: dict[str, Any] = {}
            for name, value in tree.items():
                if name in strange:
                    value = self._named(value, known)
                out[name] = self._tree(value, known)
            return out
        return tuple(self._tree(v, known) for v in tree) if isinstance(tree, tuple | list) else tree

    def _named(self, tree: Any, known: Mapping[str, str]) -> Any:
        if not isinstance(tree, Mapping):
            return tree
        return {self.text(str(k), known): self._named(v, known) for k, v in tree.items()}


def _suffix(name: str) -> str:
    from ..readers import FORMATS

    last = "." + name.rpartition(".")[2].lower()
    return last if any(last in form.suffixes for form in FORMATS.values()) else ""


def _suffix_parts(name: str) -> tuple[str, str]:
    found = _suffix(name)
    return (".", found[1:]) if found else ("", "")
