"""Recordings of one subject taken with different settings of the device: their numbers are not alike."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

from ..record import Flag, Record

__all__ = ["Acquisitions"]


class Acquisitions:
    """What the first recording of each subject was taken with, and what the later ones changed.

    A modality names the labels that matter as ``ACQUISITION``; without them, or without the label ``subject``,
    nothing is compared. Muscles of a subject are compared each with itself, where they are labelled.
    """

    def __init__(self, module: ModuleType | Any) -> None:
        self._names: tuple[str, ...] = getattr(module, "ACQUISITION", ())
        self._first: dict[tuple[str, str], dict[str, str]] = {}

    def told(self, record: Record) -> Record:
        """Return the record with a flag for what changed since the first one of its subject."""
        subject = record.labels.get("subject")
        if not self._names or not subject or record.status not in ("ok", "suspect"):
            return record
        first = self._first.setdefault((subject, record.labels.get("muscle", "")), {})
        changed = []
        for name in self._names:
            word = record.labels.get(name)
            if word is not None and first.setdefault(name, word) != word:
                changed.append(f"{name} {first[name]} became {word}")
        if not changed:
            return record
        message = f"{', '.join(changed)} since the first recording of this subject: their numbers are not alike"
        return replace(record, flags=(*record.flags, Flag("acquisition-changed", message, "suspect")))
