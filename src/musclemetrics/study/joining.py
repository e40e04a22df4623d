"""The labels of a sheet on the records of its files; what has no counterpart on the other side is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import SettingsError
from ..record import Flag, Record
from .placing import placed
from .sheet import Row, Sheet

__all__ = ["Join", "join", "joined"]

_FEW = 5
# What tells the records of one file apart, so that it may have a row for each of them.
_WITHIN = ("fibre", "sheet", "frame")


@dataclass(frozen=True, slots=True)
class Join:
    """What became of a sheet.

    Attributes
    ----------
    records : list of Record
        As given, with the labels of their rows.
    rows : tuple of int
        The rows that are of no record, by their number in the sheet.
    files : tuple of str
        The measured or failed files without a row, each once, by their names in the records.
    said : tuple of str
        All that in words, a line each; nothing where all is well.
    """

    records: list[Record]
    rows: tuple[int, ...]
    files: tuple[str, ...]
    said: tuple[str, ...]


def joined(records: Iterable[Record], sheet: Sheet) -> list[Record]:
    """Return the records with the labels of a sheet as it was loaded; see :func:`join`."""
    listed = list(records)
    return join(listed, placed(sheet, (name for r in listed for name, _ in r.provenance.sources))).records


def join(records: Iterable[Record], sheet: Sheet) -> Join:
    """Give the records the labels of a sheet.

    Parameters
    ----------
    records : iterable of Record
        All of a run, in their order.
    sheet : Sheet
        Whose rows know their files (:func:`musclemetrics.study.placing.placed`).

    Returns
    -------
    Join
        A label of the sheet wins over the record's own, with the flag ``label-overrides-file``. A file without a row
        has the flag ``no-sheet-row``. Where several files make one record, it has what their rows have in common, and
        ``sheet-rows-differ`` names the rest.

    Raises
    ------
    SettingsError
        ``sheet-file-twice``: two rows are of the same record.
    """
    rows: dict[str, list[Row]] = {}
    for row in sheet.rows:
        if row.file:
            rows.setdefault(row.file, []).append(row)
    used: set[int] = set()
    bare: dict[str, None] = {}
    out = []
    for record in records:
        own: list[Row] = []
        for name, _ in record.provenance.sources:
            fitting = [row for row in rows.get(name, ()) if _fits(row, record)]
            if len(fitting) > 1:
                numbers = " and ".join(str(row.number) for row in fitting[:2])
                raise SettingsError(
                    f"lines {numbers} of {sheet.name} are both of {name}",
                    code="sheet-file-twice",
                    remedy="keep one of them, or tell them apart by a column fibre, sheet or frame",
                )
            own += fitting
        used.update(row.number for row in own)
        if own:
            out.append(_labelled(record, own, sheet))
        elif record.status == "skipped":
            out.append(record)
        else:
            bare.update(dict.fromkeys(name for name, _ in record.provenance.sources))
            flag = Flag("no-sheet-row", "the sheet of labels has no row for this file; add one", "suspect")
            out.append(replace(record, flags=(*record.flags, flag)))
    left = tuple(dict.fromkeys(row.number for row in sheet.rows if row.number not in used))
    said = [f"{sheet.name}: {line}" for line in (*sheet.notes, *_said(sheet, left, list(bare)))]
    return Join(out, left, tuple(bare), tuple(said))


def _fits(row: Row, record: Record) -> bool:
    return all(row.labels.get(k, word) == word for k in _WITHIN if (word := record.labels.get(k)) is not None)


def _labelled(record: Record, rows: Sequence[Row], sheet: Sheet) -> Record:
    names = dict.fromkeys(k for row in rows for k in row.labels)
    words: Mapping[str, set[str | None]] = {k: {row.labels.get(k) for row in rows} for k in names}
    differ = [k for k in names if len(words[k]) > 1]
    labels = {k: rows[0].labels[k] for k in names if k not in differ}
    flags = [
        Flag(
            "label-overrides-file",
            f"{k} is {record.labels[k]!r} by the file and {word!r} by {sheet.name}, which was used",
            "suspect",
        )
        for k, word in labels.items()
        if record.labels.get(k, word) != word
    ]
    if differ:
        numbers = ", ".join(str(n) for n in sorted({row.number for row in rows}))
        message = f"lines {numbers} of {sheet.name} are of one record and differ in {', '.join(differ)}, left out here"
        flags.append(Flag("sheet-rows-differ", message, "suspect"))
    return replace(record, flags=(*record.flags, *flags), labels={**record.labels, **labels})


def _said(sheet: Sheet, left: Sequence[int], bare: Sequence[str]) -> list[str]:
    lines = []
    nowhere = {row.number for row in sheet.rows if not row.file}
    idle = [n for n in left if n not in nowhere]
    for these, what in (([*bare], "without a row"), ([f"line {n}" for n in idle], "of no recording in its file")):
        if these:
            word = ("file" if these[0] in bare else "row") + ("s" if len(these) > 1 else "")
            more = f" and {len(these) - _FEW} more" if len(these) > _FEW else ""
            lines.append(f"{len(these)} {word} {what}: {', '.join(these[:_FEW])}{more}")
    return lines
