"""The caller's labels on the records of a run: they win over what a file says, and never in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ..batch import LABELS
from ..errors import SettingsError
from ..record import Flag, Record

__all__ = ["relabelled"]

_IDENTITY = (*(name for name in LABELS if name != "group"), "sheet")


def relabelled(records: Iterable[Record], labels: Mapping[str, str]) -> Iterator[Record]:
    """Yield the records with `labels`; what they replace is flagged.

    Raises
    ------
    SettingsError
        If two records that their file tells apart would become the same one (code ``label-merges``).
    """
    seen: dict[tuple[str | None, ...], dict[str, str]] = {}
    for record in records:
        told = {k: v for k, v in record.labels.items() if k in labels}
        made = record.labelled(**labels)
        first = seen.setdefault(tuple(made.labels.get(name) for name in _IDENTITY), {})
        for name in _IDENTITY:
            if name in told and first.setdefault(name, told[name]) != told[name]:
                both = f"{name} {first[name]} and {name} {told[name]}"
                raise SettingsError(
                    f"--label {name}={labels[name]} would give {both} the same name",
                    code="label-merges",
                    remedy=f"leave it out, or measure the recordings of each {name} by themselves",
                )
        replaced = {k: v for k, v in told.items() if labels[k] != v}
        flags = tuple(
            Flag(
                "label-overrides-file",
                f"{name} is {word!r} by the file and {labels[name]!r} by --label, which was used",
                "suspect",
            )
            for name, word in replaced.items()
        )
        yield replace(made, flags=(*made.flags, *flags)) if flags else made
