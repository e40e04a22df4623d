"""How well a measurement repeats: error of one measurement, smallest change beyond it, intraclass correlation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .. import checks
from ..errors import SettingsError
from ..provenance import describe
from ..record import Definition, Flag, Measurement, Provenance, Record, Settings, Trace, plain
from .repeatability_numbers import judged
from .repeatability_table import Repeats, gather_repeats
from .usable import names_given

__all__ = ["NAME", "repeatability", "repeatability_definitions"]

NAME = "compare.repeatability"
FEW_SUBJECTS = 6
LARGEST = 4000
_METHODS = {
    True: "two-way table, subject and occasion (McGraw & Wong 1996, Psychol Methods 1:30)",
    False: "one-way table, subject (McGraw & Wong 1996, Psychol Methods 1:30)",
}


def repeatability_definitions(
    of: Sequence[str], log: Sequence[str] = (), occasion: str | None = "session", unit: str = "1"
) -> tuple[Definition, ...]:
    """Return what every name of a repeatability record means; the names depend on the settings alone.

    Parameters
    ----------
    of, log, occasion
        As for :func:`repeatability`.
    unit : str
        Unit of the measurements.

    Returns
    -------
    tuple of Definition

    Examples
    --------
    >>> [d.name for d in repeatability_definitions(("thickness",), occasion=None)][:4]
    ['thickness_mean', 'thickness_SEM', 'thickness_df', 'thickness_MDC95']
    """
    out: list[Definition] = []
    left = "subject and occasion" if occasion is not None else "subject"
    repeats = "repeats of the same subjects"
    for x in of:
        if x in log:
            out += [
                Definition(f"{x}_mean", (unit,), f"Geometric mean of {x} over the subjects"),
                Definition(f"{x}_SEM_log", ("1",), f"Standard error of one measurement of ln {x}, by {left}", repeats),
                Definition(f"{x}_df", ("1",), "Degrees of freedom of that error"),
                Definition(
                    f"{x}_MDC95_ratio",
                    ("1",),
                    f"Two {x} of one subject differ by a larger factor in 5 % by chance",
                ),
            ]
        else:
            out += [
                Definition(f"{x}_mean", (unit,), f"Mean of {x} over the subjects"),
                Definition(f"{x}_SEM", (unit,), f"Standard error of one measurement of {x}, by {left}", repeats),
                Definition(f"{x}_df", ("1",), "Degrees of freedom of that error"),
                Definition(f"{x}_MDC95", (unit,), f"Two {x} of one subject differ by more in 5 % by chance"),
            ]
        what = f"ln {x}" if x in log else x
        if occasion is None:
            out.append(
                Definition(f"{x}_ICC_1_1", ("1",), f"ICC(1,1) of {what}: one way, one measurement", "subjects drawn")
            )
        else:
            out += [
                Definition(
                    f"{x}_ICC_2_1",
                    ("1",),
                    f"ICC(2,1) of {what}: absolute agreement of one measurement",
                    "subjects and occasions drawn",
                ),
                Definition(
                    f"{x}_ICC_3_1", ("1",), f"ICC(3,1) of {what}: consistency of one measurement", "subjects drawn"
                ),
            ]
        if x not in log:
            out.append(Definition(f"{x}_CV", ("%",), "The standard error of one measurement as a share of the mean"))
        out.append(
            Definition(
                f"{x}_CV_log", ("%",), f"Coefficient of variation, √(exp s² − 1), s the error of ln {x}", repeats
            )
        )
        if occasion is not None:
            out += [
                Definition(f"{x}_bias_ratio", ("1",), f"{x} on the last occasion over that on the first", repeats)
                if x in log
                else Definition(f"{x}_bias", (unit,), f"Mean {x} on the last occasion less that on the first", repeats),
                Definition(f"{x}_occasion_p", ("1",), "Probability of occasions as unlike if none is off"),
            ]
    out += [
        Definition("n_subjects", ("1",), "Subjects used"),
        Definition("n_records", ("1",), "Records used"),
    ]
    if occasion is not None:
        out.append(Definition("n_occasions", ("1",), "Occasions on which each subject was measured"))
    return tuple(out)


def repeatability(
    records: Iterable[Record],
    *,
    of: str | Sequence[str],
    subject: str = "subject",
    occasion: str | None = "session",
    log: str | Sequence[str] = (),
    incomplete: str = "refuse",
    may_differ: str | Sequence[str] = (),
) -> Record:
    """Return how well measurements repeat, from records of several subjects measured several times each.

    Parameters
    ----------
    records : iterable of Record
        Of one modality, measured with the same decisions, of one muscle (side, fibre) a subject. Failed and skipped
        records, and those that lack one of the numbers in `of`, are not used, and flagged.
    of : str or sequence of str
        Measurements to judge.
    subject : str
        Label that tells the subjects apart.
    occasion : str or None
        Label that tells a subject's repeats apart: session, rater, placement, frame. What is common to all subjects
        on an occasion is then no error but `bias` (two-way table, ICC(2,1) and ICC(3,1)). None: repeats have no order
        and no name, and all that differs between them is error (one-way table, ICC(1,1)); their number may vary.
    log : str or sequence of str
        Those of `of` whose error is taken on the logarithmic scale, because it grows with the value.
    incomplete : {"refuse", "leave-out"}
        What becomes of a subject that lacks an occasion.
    may_differ : str or sequence of str
        Settings that need not be the same in all records.

    Returns
    -------
    Record
        For each name ``x``: ``x_mean``; ``x_SEM`` (√ of the mean square of error) with the chi-square interval and its
        degrees of freedom ``x_df``; ``x_MDC95`` = t(df) √2 SEM; ``x_ICC_2_1`` and ``x_ICC_3_1``, or ``x_ICC_1_1``;
        ``x_CV`` (SEM over mean) and ``x_CV_log``; ``x_bias`` and ``x_occasion_p``. For names in `log`: ``x_SEM_log``,
        ``x_MDC95_ratio``, ``x_bias_ratio``. Then ``n_subjects, n_records, n_occasions``. Traces ``subject, occasion``
        (indices; ``provenance.reading`` has the names) and ``x_value``, where they are no more than 4,000 numbers.

    Raises
    ------
    InputError
        If the records make no table: ``no-records``, ``not-a-record``, ``mixed-modalities``, ``mixed-units``,
        ``mixed-settings``, ``mixed-parts``, ``subject-not-stated``, ``occasion-not-stated``, ``occasion-twice``,
        ``incomplete-table``, ``too-few-subjects``, ``no-repeats``, ``not-positive``.
    SettingsError
        ``unknown-measurement``, or another decision that cannot be carried out.

    Notes
    -----
    MDC95 takes Student's t, not 1.96: with ten subjects measured twice, 1.96 calls a difference that is not there in
    8 of 100 subjects. Intervals of ICC(1,1) and ICC(3,1) are exact for normal values in a balanced table; that of
    ICC(2,1) is McGraw & Wong's (1996), which Shrout & Fleiss (1979) gave first, and is too short where occasions
    differ.

    Examples
    --------
    >>> from musclemetrics.record import Measurement, Record
    >>> twice = {"01": (21.3, 21.6), "02": (25.0, 24.6), "03": (18.9, 19.0), "04": (30.2, 30.1), "05": (22.4, 22.8)}
    >>> records = [
    ...     Record("bmode", [Measurement("thickness", v, unit="mm")], labels={"subject": s, "session": str(k)})
    ...     for s, values in twice.items()
    ...     for k, v in enumerate(values)
    ... ]
    >>> result = repeatability(records, of="thickness")
    >>> print(result["thickness_SEM"])
    thickness_SEM = 0.22694 mm, SE 0.080234, 95 % 0.13596 to 0.65211
    >>> round(float(result["thickness_MDC95"]), 2), round(float(result["thickness_ICC_2_1"]), 3)
    (0.89, 0.998)
    """
    names = names_given(of, "of")
    logs = names_given(log, "log")
    checks.choice(incomplete, "incomplete", ("refuse", "leave-out"))
    may = names_given(may_differ, "may_differ")
    _settings_fit(names, logs, subject, occasion)
    table = gather_repeats(
        records, of=names, log=logs, subject=subject, occasion=occasion, incomplete=incomplete, may_differ=may
    )
    settings: dict[str, object] = {
        "of": names,
        "subject": subject,
        "occasion": occasion,
        "log": logs,
        "incomplete": incomplete,
        "may_differ": may,
    }
    values: dict[str, Measurement] = {}
    flags = list(table.flags)
    for x in names:
        made, doubtful = judged(table, x, x in logs)
        values.update((m.name, m) for m in made)
        flags += doubtful
    n = len(table.subjects)
    if n < FEW_SUBJECTS:
        text = f"{n} subjects, fewer than {FEW_SUBJECTS}: their error is known to no better than its interval says"
        flags.append(Flag("few-subjects", text + "; measure more of them"))
    for name, count in (("n_subjects", n), ("n_records", len(table.used)), ("n_occasions", len(table.occasions))):
        values[name] = Measurement(name, count)
    wanted = repeatability_definitions(names, logs, occasion)
    traces, unseen = _evidence(table, names)
    return Record(
        NAME,
        tuple(values[d.name] for d in wanted),
        traces,
        (*flags, *unseen),
        _provenance(table, settings, names),
        Settings(),
    )


def _settings_fit(of: tuple[str, ...], log: tuple[str, ...], subject: str, occasion: str | None) -> None:
    if not of:
        raise SettingsError("of=() names no measurement", remedy='give one or more, for example of="thickness"')
    stray = [name for name in log if name not in of]
    if stray:
        raise SettingsError(f"log has {stray[0]!r}, which is not in of", remedy=f"use names of {', '.join(of)}")
    for name, value in (("subject", subject), ("occasion", occasion)):
        if not (isinstance(value, str) and value) and not (name == "occasion" and value is None):
            raise SettingsError(f"{name}={value!r} is not a label", remedy="give the name of a label")
    if subject == occasion:
        raise SettingsError(
            f"subject and occasion are both {subject!r}", remedy="name the labels that hold the one and the other"
        )


def _evidence(table: Repeats, of: tuple[str, ...]) -> tuple[tuple[Trace, ...], tuple[Flag, ...]]:
    total = len(table.used)
    size = total * (1 + bool(table.occasions) + len(of))
    if size > LARGEST:
        text = f"{size} numbers of evidence, more than {LARGEST} a record: the values are in their own records alone"
        return (), (Flag("evidence-left-out", text, "note"),)
    traces = [Trace("subject", table.subject.astype(float))]
    if table.occasions:
        traces.append(Trace("occasion", np.tile(np.arange(len(table.occasions), dtype=float), len(table.subjects))))
    for x in of:
        traces.append(Trace(f"{x}_value", np.array([r[x].value for r in table.used]), table.units[x]))
    return tuple(traces), ()


def _provenance(table: Repeats, settings: dict[str, object], of: tuple[str, ...]) -> Provenance:
    base = describe(_METHODS[bool(table.occasions)], settings)
    sources = dict.fromkeys(source for r in table.used for source in r.provenance.sources)
    first = table.used[0]
    reading = {
        "modality": table.modality,
        "records": len(table.used),
        "left_out": table.left_out,
        "subjects": table.subjects,
        "occasions": table.occasions,
        # What all records have in common, so that a change is judged by the error of measurements made alike.
        "units": dict(table.units),
        "ranges": {x: (min(r[x].value for r in table.used), max(r[x].value for r in table.used)) for x in of},
        "measured": {
            key: value
            for key, value in first.provenance.settings.items()
            if all(key in r.provenance.settings and r.provenance.settings[key] == value for r in table.used)
        },
        "labels": {
            key: value for key, value in first.labels.items() if all(r.labels.get(key) == value for r in table.used)
        },
    }
    return Provenance(base.method, base.settings, base.software, tuple(sources), plain(reading))
