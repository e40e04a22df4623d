"""Two groups of records compared with the animal as the unit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from .. import checks
from ..errors import InputError, SettingsError
from ..provenance import describe
from ..record import Definition, Flag, Measurement, Provenance, Record, Settings, Trace
from .gathering import Study, gather
from .nested import Comparison, Estimate, animal_means, mixed, welch
from .usable import names_given

__all__ = ["NAME", "definitions", "groups"]

NAME = "compare.groups"
FEW_ANIMALS = 3
LOG = ("h",)
_METHODS = {
    "welch": "Welch's t test on animal means (Welch 1947, Biometrika 34:28)",
    "mixed": "mixed model, fibre within animal, by REML with Satterthwaite's degrees of freedom "
    "(Patterson & Thompson 1971, Biometrika 58:545; Fai & Cornelius 1996, J Stat Comput Simul 54:363)",
}


def definitions(
    of: Sequence[str] = ("pCa50", "h"), log: Sequence[str] = LOG, method: str = "welch", unit: str = "1"
) -> tuple[Definition, ...]:
    """Return what every name of a comparison means; the names depend on the settings alone.

    Parameters
    ----------
    of, log, method
        As for :func:`groups`.
    unit : str
        Unit of the compared measurements.

    Returns
    -------
    tuple of Definition

    Examples
    --------
    >>> [d.name for d in definitions(of=("pCa50",))][:5]
    ['pCa50_a', 'pCa50_b', 'pCa50_difference', 'pCa50_t', 'pCa50_df']
    """
    over = "animals"
    out: list[Definition] = []
    for x in of:
        logged = x in log
        kind = "geometric mean" if logged else "mean"
        out += [
            Definition(f"{x}_a", (unit,), f"{kind} over the animals of the reference group of their {x}", over),
            Definition(f"{x}_b", (unit,), f"{kind} over the animals of the other group of their {x}", over),
            Definition(f"{x}_ratio", ("1",), f"{x} of group b over that of group a, from the logarithms", over)
            if logged
            else Definition(f"{x}_difference", (unit,), f"{x} of group b less that of group a", over),
            Definition(f"{x}_t", ("1",), "Test statistic: the difference in standard errors"),
            Definition(f"{x}_df", ("1",), "Degrees of freedom of the test"),
            Definition(f"{x}_p", ("1",), "Two-sided probability under no difference"),
        ]
        if method == "mixed":
            scale = f"ln {x}" if logged else x
            own = "1" if logged else unit
            out += [
                Definition(f"{x}_sd_animal", (own,), f"Standard deviation of {scale} between animals of one group"),
                Definition(f"{x}_sd_fibre", (own,), f"Standard deviation of {scale} between fibres of one animal"),
            ]
    for what in ("animals", "fibres"):
        out += [Definition(f"n_{what}_{side}", ("1",), f"{what.capitalize()} of group {side} used") for side in "ab"]
    return tuple(out)


def groups(
    records: Iterable[Record],
    *,
    of: str | Sequence[str] = ("pCa50", "h"),
    log: str | Sequence[str] = LOG,
    group: str = "group",
    animal: str | None = "animal",
    fibre: str = "fibre",
    pair: tuple[str, str] | None = None,
    reference: str | None = None,
    method: str = "welch",
    may_differ: str | Sequence[str] = (),
) -> Record:
    """Compare two groups of records of any modality, with the animal as the unit.

    Fibres of one animal resemble each other, so their number is no sample size: a t test that takes each fibre for
    a unit finds differences where there are none. Here the animals are what varies.

    Parameters
    ----------
    records : iterable of Record
        Of one modality, measured with the same decisions. Failed and skipped records, and those that lack one of
        the numbers in `of`, are left out of all of them and flagged.
    of : str or sequence of str
        Measurements to compare.
    log : str or sequence of str
        Those of them that are compared by their logarithms, and whose difference is given as a ratio.
    group, animal, fibre : str
        Labels that hold the group, the animal and the fibre. ``animal=None`` takes every record for a unit of its
        own, which is flagged ``pseudo-replication``.
    pair : (str, str), optional
        The two groups, needed where the records are of more; the first is the reference unless `reference` says
        otherwise.
    reference : str, optional
        Group a: differences are b − a, ratios b/a. By default the first to appear, which is noted.
    method : {"welch", "mixed"}
        Welch's t test on the animals' means, or a mixed model of fibres within animals with one variance between
        animals for both groups, which weighs animals by what their number of fibres tells.
    may_differ : str or sequence of str
        Settings that need not be the same in all records.

    Returns
    -------
    Record
        For each name ``x``: ``x_a, x_b`` (group means), ``x_difference`` or ``x_ratio`` with 95 % interval, ``x_t``,
        ``x_df``, ``x_p``, and for the mixed model ``x_sd_animal, x_sd_fibre``; then ``n_animals_a, n_animals_b,
        n_fibres_a, n_fibres_b``. Traces, one value an animal: ``animal_group`` (0 is a, 1 is b), ``animal_fibres``,
        and ``x_animal``; ``provenance.reading`` names the animals in that order. Labels: ``group_a, group_b``.

    Raises
    ------
    InputError
        If the records cannot be compared: ``no-records``, ``mixed-modalities``, ``mixed-units``, ``mixed-settings``,
        ``group-not-stated``, ``one-group``, ``empty-group``, ``animal-not-stated``, ``animal-in-two-groups``,
        ``fibre-in-two-groups``, ``fibre-twice``, ``not-positive``, ``no-repeated-fibres``.
    SettingsError
        ``many-groups``, ``unknown-group``, ``unknown-measurement``, or another decision that cannot be carried out.

    Notes
    -----
    A ratio is the exponential of the difference of mean logarithms, so are its limits; its standard error is that of
    the logarithm times the ratio. With equally many fibres an animal, and animals that differ more than their fibres
    alone explain, the mixed model is Student's t test on the animals' means.

    Examples
    --------
    >>> from musclemetrics.record import Measurement, Record
    >>> values = {"WT": (5.80, 5.84, 5.79), "KO": (5.90, 5.95, 5.93)}
    >>> records = [
    ...     Record("force_pca", [Measurement("pCa50", v)], labels={"group": g, "animal": f"{g}{i}", "fibre": "1"})
    ...     for g, some in values.items()
    ...     for i, v in enumerate(some)
    ... ]
    >>> result = groups(records, of="pCa50", reference="WT")
    >>> print(result["pCa50_difference"])
    pCa50_difference = 0.11667, SE 0.021082, 95 % 0.058076 to 0.17526
    """
    names = names_given(of, "of")
    logs = names_given(log, "log")
    if not names:
        raise SettingsError("of is empty, there is nothing to compare", remedy='give names, for example of=("pCa50",)')
    stray = [x for x in logs if x not in names]
    if stray and logs != LOG:
        raise SettingsError(f"log names {stray[0]!r}, which is not compared", remedy="give names that are in of")
    checks.choice(method, "method", tuple(_METHODS))
    if animal is None and method == "mixed":
        raise SettingsError("method='mixed' needs the animals, animal is None", remedy="name the label that holds them")
    if pair is not None:
        pair = _pair(pair)
    may = names_given(may_differ, "may_differ")
    study = gather(
        records,
        of=names,
        log=logs,
        group=group,
        animal=animal,
        fibre=fibre,
        pair=pair,
        reference=None if reference is None else str(reference),
        may_differ=may,
    )
    settings: dict[str, object] = {
        "of": names,
        "log": logs,
        "group": group,
        "animal": animal,
        "fibre": fibre,
        "pair": study.groups,
        "reference": study.groups[0],
        "method": method,
        "may_differ": may,
    }
    return _compared(study, settings)


def _pair(value: Sequence[str]) -> tuple[str, str]:
    if isinstance(value, str) or len(value) != 2 or value[0] == value[1]:
        raise SettingsError(f"pair={value!r} is not two groups", remedy='give pair=("WT", "KO")')
    return str(value[0]), str(value[1])


def _compared(study: Study, settings: dict[str, object]) -> Record:
    names: tuple[str, ...] = settings["of"]  # type: ignore[assignment]
    logs: tuple[str, ...] = settings["log"]  # type: ignore[assignment]
    method = str(settings["method"])
    fibres = np.bincount(study.unit)
    if method == "mixed" and (fibres < 2).all():
        raise InputError(
            f"each of the {len(fibres)} animals has one fibre, a mixed model cannot tell the two variances apart",
            code="no-repeated-fibres",
            remedy='use method="welch", which is exact here',
        )
    values: dict[str, Measurement] = {}
    traces = [Trace("animal_group", study.in_b.astype(float)), Trace("animal_fibres", fibres.astype(float))]
    flags = list(study.flags)
    no_spread, on_boundary = [], []
    for x in names:
        means, counts, within = animal_means(study.values[x], study.unit)
        found = welch(means, study.in_b) if method == "welch" else mixed(means, counts, within, study.in_b)
        if found.difference.stderr == 0.0:
            no_spread.append(x)
        elif found.sd_animal == 0.0:
            on_boundary.append(x)
        values.update(_measurements(x, found, study.units[x], x in logs))
        traces.append(Trace(f"{x}_animal", np.exp(means) if x in logs else means, study.units[x]))
    n = [int(np.sum(~study.in_b)), int(np.sum(study.in_b))]
    for k, side in enumerate("ab"):
        values[f"n_animals_{side}"] = Measurement(f"n_animals_{side}", n[k])
        total = int(np.sum(fibres[study.in_b == bool(k)]))
        values[f"n_fibres_{side}"] = Measurement(f"n_fibres_{side}", total)
    flags += _judged(study, n, no_spread, on_boundary, settings)
    wanted = definitions(names, logs, method)
    return Record(
        NAME,
        tuple(values[d.name] for d in wanted),
        tuple(traces),
        tuple(flags),
        _provenance(study, settings, _METHODS[method]),
        Settings(group_a=study.groups[0], group_b=study.groups[1]),
    )


def _measurements(x: str, found: Comparison, unit: str, logged: bool) -> dict[str, Measurement]:
    shown = {f"{x}_a": found.a, f"{x}_b": found.b}
    made = {name: _written(name, estimate, unit, logged) for name, estimate in shown.items()}
    name = f"{x}_ratio" if logged else f"{x}_difference"
    made[name] = _written(name, found.difference, "1" if logged else unit, logged)
    for part, value in (("t", found.difference.t), ("df", found.difference.df), ("p", found.difference.p)):
        made[f"{x}_{part}"] = Measurement(f"{x}_{part}", value)
    for part, value in (("sd_animal", found.sd_animal), ("sd_fibre", found.sd_fibre)):
        made[f"{x}_{part}"] = Measurement(f"{x}_{part}", value, unit="1" if logged else unit)
    return made


def _written(name: str, estimate: Estimate, unit: str, logged: bool) -> Measurement:
    if not logged:
        return Measurement(name, estimate.value, estimate.stderr, estimate.interval, unit)
    value = math.exp(estimate.value)
    low, high = (_exp(v) for v in estimate.interval)
    return Measurement(name, value, value * estimate.stderr, (low, high), unit)


def _exp(value: float) -> float:
    return math.inf if value > 709.0 else math.exp(value)


def _judged(
    study: Study, n: list[int], no_spread: list[str], on_boundary: list[str], settings: dict[str, object]
) -> list[Flag]:
    flags = []
    a, b = study.groups
    counted = f"{a!r} has {n[0]} and {b!r} {n[1]}"
    if min(n) < FEW_ANIMALS:
        text = f"fewer than {FEW_ANIMALS} animals in a group ({counted}): the test rests on next to nothing"
        flags.append(Flag("few-animals", text + "; measure more animals, not more fibres"))
    undetermined = max(n) < 2 or (settings["method"] == "welch" and min(n) < 2)
    if undetermined:
        text = f"the spread between animals is unknown ({counted}): no test and no interval; give two or more a group"
        flags.append(Flag("one-animal", text))
    if no_spread:
        text = f"all animals of a group have the same {' and '.join(no_spread)}: no test; are the data there twice?"
        flags.append(Flag("no-spread", text))
    if on_boundary:
        text = f"{' and '.join(on_boundary)}: animals differ no more than their fibres explain, variance between them 0"
        flags.append(Flag("no-animal-variance", text + "; the test is then on the safe side", "note"))
    return flags


def _provenance(study: Study, settings: dict[str, object], method: str) -> Provenance:
    base = describe(method, settings)
    sources = dict.fromkeys(source for r in study.used for source in r.provenance.sources)
    reading = Settings(
        modality=study.modality,
        records=len(study.used),
        left_out=study.left_out,
        animals=study.animals,
    )
    return Provenance(base.method, base.settings, base.software, tuple(sources), reading)
