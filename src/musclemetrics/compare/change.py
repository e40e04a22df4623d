"""Whether one subject has changed: the difference of two measurements against the error of one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, SettingsError
from ..provenance import describe
from ..record import Definition, Flag, Measurement, Provenance, Record, Settings, Trace, plain
from .change_alike import unlike
from .repeatability import NAME as REPEATABILITY
from .repeatability_anova import quantile_t
from .repeatability_table import DEVICES, PARTS
from .usable import doubts, list_of_records, names_given

__all__ = ["NAME", "VERDICTS", "change", "change_definitions", "verdict"]

NAME = "compare.change"
ALIKE = ("subject", *PARTS, *DEVICES)
VERDICTS = {-1.0: "loss", 0.0: "not distinguishable", 1.0: "gain"}
_METHOD = "difference against t(df) times the standard error of measurement of other subjects"

Array = NDArray[np.float64]


def change_definitions(of: Sequence[str], log: Sequence[str] = (), unit: str = "1") -> tuple[Definition, ...]:
    """Return what every name of a change means; the names depend on the settings alone.

    Parameters
    ----------
    of : sequence of str
        Measurements judged.
    log : sequence of str
        Those of them whose error is on the logarithmic scale.
    unit : str
        Unit of the measurements.

    Returns
    -------
    tuple of Definition

    Examples
    --------
    >>> [d.name for d in change_definitions(("thickness",))][2:]
    ['thickness_difference', 'thickness_limit', 'thickness_p', 'thickness_verdict']
    """
    out: list[Definition] = []
    for x in of:
        logged = x in log
        mean = "Geometric mean" if logged else "Mean"
        out += [
            Definition(f"{x}_before", (unit,), f"{mean} {x} of the records before"),
            Definition(f"{x}_after", (unit,), f"{mean} {x} of the records after"),
            Definition(f"{x}_ratio", ("1",), f"{x} after over before", "error of measurement")
            if logged
            else Definition(f"{x}_difference", (unit,), f"{x} after less before", "error of measurement"),
            Definition(f"{x}_limit_ratio", ("1",), f"Factor that {x} must change by to be told from error")
            if logged
            else Definition(f"{x}_limit", (unit,), f"What {x} must change by to be told from error"),
            Definition(f"{x}_p", ("1",), "Two-sided probability of such a difference if nothing has changed"),
            Definition(f"{x}_verdict", ("1",), "−1 loss, 0 not distinguishable, 1 gain"),
        ]
    return tuple(out)


def change(
    before: Record | Iterable[Record],
    after: Record | Iterable[Record],
    repeatability: Record,
    *,
    of: str | Sequence[str] | None = None,
    alike: str | Sequence[str] = ALIKE,
    may_differ: str | Sequence[str] = (),
) -> Record:
    """Judge whether a subject has changed, by the error that a study of repeatability found in others.

    Parameters
    ----------
    before, after : Record or iterable of Record
        The measurement before and after; several records are repeats, and their mean is taken.
    repeatability : Record
        As :func:`repeatability` returns it, from records measured alike.
    of : str or sequence of str, optional
        Measurements to judge, by default all those of `repeatability`.
    alike : str or sequence of str
        Labels that must be the same before and after. Muscle and device, where stated, must also be those of
        `repeatability`.
    may_differ : str or sequence of str
        Settings that need not be the same.

    Returns
    -------
    Record
        For each name ``x``: ``x_before``, ``x_after``, ``x_difference`` (or ``x_ratio``) with its 95 % interval,
        ``x_limit`` (the smallest difference told from error; ``x_limit_ratio``), ``x_p`` and ``x_verdict``: −1 loss,
        0 not distinguishable, 1 gain. Flags say the same in words: ``loss``, ``gain``, ``not-distinguishable``, or
        ``not-comparable`` with the reason, where the numbers are NaN. :func:`verdict` returns it as text.

    Raises
    ------
    InputError
        ``not-a-record``, ``no-records``, or ``not-a-repeatability`` where the third is another record.
    SettingsError
        ``unknown-measurement`` where `repeatability` does not hold a name of `of`.

    Notes
    -----
    The difference of the means of m and of l measurements has the standard error SEM √(1/m + 1/l), and its interval
    Student's t with the degrees of freedom of the study, so that 5 % of subjects who have not changed are called
    changed however small the study. It says nothing of why: a bias between occasions is part of the difference.

    Examples
    --------
    >>> from musclemetrics.compare import repeatability, verdict
    >>> from musclemetrics.record import Measurement, Record
    >>> def scan(value, **labels):
    ...     return Record("bmode", [Measurement("thickness", value, unit="mm")], labels=labels)
    >>> twice = {"01": (21.3, 21.6), "02": (25.0, 24.6), "03": (18.9, 19.0), "04": (30.2, 30.1), "05": (22.4, 22.8)}
    >>> study = repeatability(
    ...     [scan(v, subject=s, session=str(k)) for s, two in twice.items() for k, v in enumerate(two)], of="thickness"
    ... )
    >>> result = change(scan(24.1, subject="11"), scan(22.9, subject="11"), study)
    >>> print(result["thickness_difference"], "|", verdict(result))
    thickness_difference = -1.2 mm, SE 0.32094, 95 % -2.0911 to -0.30894 | loss
    """
    if not isinstance(repeatability, Record) or repeatability.modality != REPEATABILITY:
        given = repeatability.modality if isinstance(repeatability, Record) else type(repeatability).__name__
        raise InputError(
            f"the third argument is {given}, a record of repeatability is needed",
            code="not-a-repeatability",
            remedy="give what compare.repeatability returned",
        )
    first = list_of_records([before] if isinstance(before, Record) else before, "give the records before")
    second = list_of_records([after] if isinstance(after, Record) else after, "give the records after")
    study = repeatability.provenance.settings
    names = tuple(study["of"]) if of is None else names_given(of, "of")
    stray = [x for x in names if x not in study["of"]]
    if stray:
        raise SettingsError(
            f"the record of repeatability does not judge {stray[0]!r}",
            code="unknown-measurement",
            remedy=f"use names of {', '.join(study['of'])}",
        )
    settings: dict[str, object] = {
        "of": names,
        "alike": names_given(alike, "alike"),
        "may_differ": names_given(may_differ, "may_differ"),
    }
    logs = tuple(x for x in study["log"] if x in names)
    reasons, flags = unlike(first, second, repeatability, names, logs, settings)
    values: dict[str, Measurement] = {}
    traces: list[Trace] = []
    said: list[Flag] = []
    for x in names:
        made, seen, flag = _compared(first, second, repeatability, x, x in logs, reasons[x])
        values.update((m.name, m) for m in made)
        traces += seen
        said.append(flag)
    if not all(reasons[x] for x in names):
        # What else was compared stands, so the record as a whole has not failed.
        said = [Flag(f.code, f.message, "suspect") if f.level == "failed" else f for f in said]
    flags += doubts(
        [r for r in (*first, *second) if r.status in ("ok", "suspect")], [x for x in names if not reasons[x]]
    )
    return Record(
        NAME,
        tuple(values[d.name] for d in change_definitions(names, logs)),
        tuple(traces),
        (*said, *flags),
        _provenance(first, second, repeatability, names, settings),
        Settings((k, v) for k, v in first[0].labels.items() if all(r.labels.get(k) == v for r in (*first, *second))),
    )


def verdict(record: Record, of: str | None = None) -> str:
    """Return the verdict of a change in words.

    Parameters
    ----------
    record : Record
        As :func:`change` returns it.
    of : str, optional
        Which of the measurements judged; by default the first.

    Returns
    -------
    {"loss", "gain", "not distinguishable", "not comparable"}

    Raises
    ------
    SettingsError
        If the record is no change, or does not judge `of`.
    """
    if record.modality != NAME:
        raise SettingsError(f"this is a {record.modality} record", remedy="give one made by compare.change")
    judged = record.provenance.settings["of"]
    name = judged[0] if of is None else of
    if name not in judged:
        raise SettingsError(f"{name!r} is not judged in this record", remedy=f"use one of {', '.join(judged)}")
    return VERDICTS.get(record[f"{name}_verdict"].value, "not comparable")


def _compared(
    before: list[Record], after: list[Record], study: Record, x: str, logged: bool, reasons: list[str]
) -> tuple[list[Measurement], list[Trace], Flag]:
    unit = study.provenance.reading["units"][x]
    names = [d.name for d in change_definitions((x,), (x,) if logged else ())]
    units = [unit, unit, "1" if logged else unit, "1" if logged else unit, "1", "1"]
    if reasons:
        text = f"{x} is not comparable: {'; '.join(reasons)}"
        return (
            [Measurement(n, math.nan, unit=u) for n, u in zip(names, units, strict=True)],
            [],
            Flag("not-comparable", text, "failed"),
        )
    sets = [np.array([r[x].value for r in some]) for some in (before, after)]
    a, b = (float(np.exp(np.mean(np.log(v))) if logged else np.mean(v)) for v in sets)
    error, df = study[f"{x}_SEM_log" if logged else f"{x}_SEM"].value, study[f"{x}_df"].value
    difference = math.log(b / a) if logged else b - a
    stderr = error * math.sqrt(1 / len(before) + 1 / len(after))
    limit = quantile_t(df) * stderr
    called = float(np.sign(difference)) if abs(difference) > limit else 0.0
    low, high = difference - limit, difference + limit
    shown = (b / a, (b / a) * stderr, (_exp(low), _exp(high)), _exp(limit)) if logged else None
    value, error_of, interval, bound = shown or (difference, stderr, (low, high), limit)
    made = [
        Measurement(names[0], a, unit=unit),
        Measurement(names[1], b, unit=unit),
        Measurement(names[2], value, error_of, interval, units[2]),
        Measurement(names[3], bound, unit=units[3]),
        Measurement(names[4], _p(difference / stderr, df)),
        Measurement(names[5], called),
    ]
    traces = [Trace(f"{x}_{when}_value", v, unit) for when, v in zip(("before", "after"), sets, strict=True)]
    return made, traces, _said(x, called, value, bound, logged, units[2], study)


def _said(x: str, called: float, value: float, bound: float, logged: bool, unit: str, study: Record) -> Flag:
    n = int(study["n_subjects"].value)
    of = "" if unit == "1" else f" {unit}"
    text = f"{x} changed {value:.3g}-fold" if logged else f"{x} changed by {value:+.3g}{of}"
    limit = f"{bound:.3g}-fold, up or down" if logged else f"{bound:.3g}{of}"
    text += f"; beyond {limit}, error alone is unlikely (95 %, error of {n} subjects)"
    if called == 0:
        return Flag("not-distinguishable", f"not told from error: {text}", "note")
    return Flag("gain", f"gain: {text}", "note") if called > 0 else Flag("loss", f"loss: {text}", "note")


def _exp(value: float) -> float:
    return math.inf if value > 709.0 else math.exp(value)


def _p(t: float, df: float) -> float:
    from scipy.special import stdtr

    return float(2.0 * stdtr(df, -abs(t)))


def _provenance(
    before: list[Record], after: list[Record], study: Record, names: Sequence[str], settings: dict[str, object]
) -> Provenance:
    base = describe(_METHOD, settings)
    sources = dict.fromkeys(s for r in (*before, *after, study) for s in r.provenance.sources)
    reading = {
        "modality": before[0].modality,
        "before": len(before),
        "after": len(after),
        # What the verdict rests on, so that it can be followed without the other record.
        "repeatability": {
            "settings": study.provenance.settings,
            "n_subjects": study["n_subjects"].value,
            "SEM": {x: next(study[n].value for n in (f"{x}_SEM", f"{x}_SEM_log") if n in study) for x in names},
            "df": {x: study[f"{x}_df"].value for x in names},
        },
    }
    return Provenance(base.method, base.settings, base.software, tuple(sources), plain(reading))
