"""The labels of a sheet on the records of its files; what has no counterpart on the other side is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import SettingsError
from ..record import Flag, Record
from .sheet import Row, Sheet, matched, normal, tails

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
        The rows that are of no file, by their number in the sheet.
    files : tuple of str
        The measured or failed files without a row, each once, by their names in the records.
    said : tuple of str
        All that in words, a line each; nothing where all is well.
    """

    records: list[Record]
    rows: tuple[int, ...]
    files: tuple[str, ...]
    said: tuple[str, ...]


def joined(records: Iterable[Record], sheet: Sheet, names: Mapping[str, str] | None = None) -> list[Record]:
    """Return the records with the labels of a sheet; see :func:`join`."""
    return join(records, sheet, names).records


def join(records: Iterable[Record], sheet: Sheet, names: Mapping[str, str] | None = None) -> Join:
    """Give the records the labels of a sheet.

    Parameters
    ----------
    records : iterable of Record
        All of a run, in their order.
    sheet : Sheet
    names : Mapping, optional
        What the sheet calls the files, by their names in the records, where these are codes.

    Returns
    -------
    Join
        A label of the sheet wins over the record's own, with the flag ``label-overrides-file``. A file without a row
        has the flag ``no-sheet-row``. Where several files make one record, it has what their rows have in common, and
        ``sheet-rows-differ`` names the rest.

    Raises
    ------
    SettingsError
        ``sheet-row-ambiguous``: a row names a file that there is twice. ``sheet-file-twice``: two rows are of the same
        record.
    """
    listed = list(records)
    known = names or {}
    real = {name: normal(known.get(name, name)) for r in listed for name, _ in r.provenance.sources}
    rows = _by_pattern(real, sheet) if sheet.match else _by_name(real, sheet)
    used: set[int] = set()
    bare: dict[str, None] = {}
    out = []
    for record in listed:
        own = []
        for name, _ in record.provenance.sources:
            fitting = [row for row in rows.get(name, ()) if _fits(row, record)]
            if len(fitting) > 1:
                numbers = " and ".join(str(row.number) for row in fitting[:2])
                raise SettingsError(
                    f"lines {numbers} of {sheet.name} are both of {real[name]}",
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
    left = [row for row in sheet.rows if row.number not in used]
    said = [*sheet.notes, *_said(left, list(bare), real, sheet)]
    return Join(out, tuple(row.number for row in left), tuple(bare), tuple(f"{sheet.name}: {line}" for line in said))


def _by_name(real: Mapping[str, str], sheet: Sheet) -> dict[str, list[Row]]:
    """Return the rows of each file, by its name in the records."""
    back: dict[str, list[str]] = {}
    for name, word in real.items():
        back.setdefault(word, []).append(name)
    ways = tails(back)
    found: dict[str, list[Row]] = {}
    for row in sheet.rows:
        words = [row.file] if row.file in back else ways.get(row.file, [])
        if len(words) > 1:
            raise SettingsError(
                f"line {row.number} of {sheet.name} names {row.file}, which there is {len(words)} times "
                f"({words[0]}, {words[1]})",
                code="sheet-row-ambiguous",
                remedy="write the path as in the table of results",
            )
        for name in back[words[0]] if words else ():
            found.setdefault(name, []).append(row)
    return found


def _by_pattern(real: Mapping[str, str], sheet: Sheet) -> dict[str, list[Row]]:
    by_words = {tuple(row.labels[k] for k in sheet.keys): row for row in sheet.rows}
    found: dict[str, list[Row]] = {}
    for name, word in real.items():
        fields = matched(word, sheet.match)
        row = None if fields is None else by_words.get(tuple(fields[k] for k in sheet.keys))
        if row is not None:
            found[name] = [row]
    return found


def _fits(row: Row, record: Record) -> bool:
    return all(row.labels.get(k, word) == word for k in _WITHIN if (word := record.labels.get(k)) is not None)


def _labelled(record: Record, rows: Sequence[Row], sheet: Sheet) -> Record:
    names = dict.fromkeys(k for row in rows for k in row.labels)
    words = {k: {row.labels.get(k) for row in rows} for k in names}
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


def _said(left: Sequence[Row], bare: Sequence[str], real: Mapping[str, str], sheet: Sheet) -> list[str]:
    lines = []
    if left:
        what = ", ".join(f"line {row.number} ({_words(row, sheet)})" for row in left[:_FEW])
        lines.append(f"{_count(len(left), 'row')} of no file: {what}{_more(left)}")
    if bare:
        lines.append(f"{_count(len(bare), 'file')} without a row: {', '.join(bare[:_FEW])}{_more(bare)}")
    near = _near(left, bare, real, sheet) if sheet.match else ""
    return [*lines, near] if near else lines


def _words(row: Row, sheet: Sheet) -> str:
    return row.file or ", ".join(f"{k} {row.labels[k]}" for k in sheet.keys)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _more(items: Sequence[object]) -> str:
    return f" and {len(items) - _FEW} more" if len(items) > _FEW else ""


def _near(left: Sequence[Row], bare: Sequence[str], real: Mapping[str, str], sheet: Sheet) -> str:
    """Return a hint where a row and a file differ in spelling only, which is for a person to mend."""
    from .spellings import alike

    by_words = {tuple(alike(row.labels[k]) for k in sheet.keys): row for row in left}
    for name in bare:
        fields = matched(real[name], sheet.match)
        row = None if fields is None else by_words.get(tuple(alike(fields[k]) for k in sheet.keys))
        if fields is not None and row is not None:
            key = next(k for k in sheet.keys if fields[k] != row.labels[k])
            return f"line {row.number} has {key} {row.labels[key]!r}, the file {fields[key]!r}: write them alike"
    return ""
