"""From readings to records: the modality's bridge and its measurement, one failure at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ..errors import InputError, MuscleMetricsError
from ..modalities import Modality
from ..provenance import unmeasured
from ..reading import Inputs, Reading
from ..record import Flag, Record, plain
from .decisions import defaults, named, resolved

__all__ = ["Job", "measured"]

Hide = Callable[[BaseException], Flag]


@dataclass(frozen=True, slots=True)
class Job:
    """The decisions of one run: the modality's importable name and what the caller set."""

    module: str
    settings: Mapping[str, Any]
    input_settings: Mapping[str, Any]
    errors: Literal["raise", "flag"] = "flag"


def measured(job: Job, readings: Sequence[Reading], *, hide: Hide) -> Iterator[tuple[Record, Sequence[Reading]]]:
    """Yield one record for each of the modality's inputs, in their order, and the readings it was made from.

    Parameters
    ----------
    job : Job
    readings : sequence of Reading
    hide : callable
        Turns an error into the flag of a failed row.
    """
    module = resolved(job.module)
    inputs: list[Inputs] = []
    failure: BaseException | None = None
    try:
        inputs.extend(module.inputs(readings, **job.input_settings))
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if job.errors == "raise":
            raise
        failure = error
    together = _together(module, job, inputs)
    for number, one in enumerate(inputs):
        ready = together.get(number)
        own = one.sources_from or readings
        record = ready if ready is not None else _single(module, job, one, hide)
        yield _stamped(record, job, one, own, sole=len(inputs) == 1 or len(one.sources_from) == 1), own
    if failure is not None:
        labels = _shared_labels(readings)
        yield _failed(module, job, {}, hide(failure), labels, tuple(f for r in readings for f in r.flags)), readings
    elif not inputs:
        nothing = InputError(
            f"{len(readings)} recording(s) were read, none of them is for {named(job.module)}",
            code="nothing-to-measure",
            remedy="look at what was read with: musclemetrics check FILE",
        )
        if job.errors == "raise":
            raise nothing
        yield _failed(module, job, {}, hide(nothing), _shared_labels(readings), ()), readings


def _shared_labels(readings: Sequence[Reading]) -> dict[str, str]:
    shared = dict(readings[0].labels) if readings else {}
    for reading in readings[1:]:
        shared = {k: v for k, v in shared.items() if reading.labels.get(k) == v}
    return {str(k): str(v) for k, v in shared.items()}


def _settings(job: Job, one: Inputs) -> dict[str, Any]:
    """Return the settings of one measurement: what the caller set wins over what the file says, name by name."""
    merged = {**one.settings, **job.settings}
    for name, fact in one.settings.items():
        given = job.settings.get(name)
        if isinstance(fact, Mapping) and isinstance(given, Mapping):
            merged[name] = {**fact, **given}
    return merged


def _single(module: Modality, job: Job, one: Inputs, hide: Hide) -> Record:
    try:
        if one.reason is not None:
            raise one.reason
        return module.measure(**one.args, **_settings(job, one))
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if job.errors == "raise":
            raise
        return _failed(module, job, one.settings, hide(error), {}, ())


def _failed(
    module: Modality,
    job: Job,
    facts: Mapping[str, Any],
    reason: Flag,
    labels: Mapping[str, str],
    flags: tuple[Flag, ...],
) -> Record:
    settings = {**defaults(module.measure), **facts, **job.settings}
    try:
        plain(settings)
    except MuscleMetricsError:
        settings = {k: v if isinstance(v, str | bool | int | float | None) else repr(v) for k, v in settings.items()}
    return unmeasured(named(job.module), module.DEFINITIONS, settings, reason, flags=flags, labels=labels)


def _together(module: Modality, job: Job, inputs: list[Inputs]) -> dict[int, Record]:
    """Measure at once the curves that share an exact x axis and all settings; the records are those of a loop.

    What fails here is left out, so that it is measured by itself and fails with its own words.
    """
    measure_many = getattr(module, "measure_many", None)
    if measure_many is None or len(inputs) < 2:
        return {}
    stacks: dict[Any, list[int]] = {}
    for number, one in enumerate(inputs):
        if one.reason is not None:
            continue
        arrays = [np.asarray(a) for a in one.args.values()]
        if len(arrays) != 2 or any(a.ndim != 1 or a.dtype.kind not in "fiu" for a in arrays):
            continue
        if len(arrays[0]) != len(arrays[1]):
            continue
        key = (
            tuple(one.args),
            arrays[0].dtype.str,
            arrays[0].tobytes(),
            repr(sorted(_settings(job, one).items())),
        )
        stacks.setdefault(key, []).append(number)
    records: dict[int, Record] = {}
    for numbers in stacks.values():
        if len(numbers) < 2:
            continue
        first = next(iter(inputs[numbers[0]].args.values()))
        stack = np.stack([np.asarray(list(inputs[n].args.values())[1], dtype=np.float64) for n in numbers])
        try:
            made = measure_many(first, stack, errors="flag", **_settings(job, inputs[numbers[0]]))
        except Exception:  # the loop meets the same fault and says whose it is
            continue
        records.update((n, r) for n, r in zip(numbers, made, strict=True) if r.status in ("ok", "suspect"))
    return records


def _stamped(record: Record, job: Job, one: Inputs, readings: Sequence[Reading], *, sole: bool) -> Record:
    """Return the record with the labels, flags and notes of its inputs, and the conflicts of settings."""
    seen = {(f.code, f.message) for f in record.flags}
    flags = [f for f in one.flags if (f.code, f.message) not in seen]
    if sole:
        # With one record, or one reading for it, there is no doubt whose the readers' flags are; the modality may have
        # told some already.
        told = {f.code for f in (*record.flags, *one.flags)}
        flags += dict.fromkeys(f for r in readings for f in r.flags if f.code not in told)
    for name, fact in one.settings.items():
        given = job.settings.get(name)
        if isinstance(fact, Mapping) and isinstance(given, Mapping):
            contested = [k for k in fact if k in given and str(given[k]) != str(fact[k])]
            for key in contested:
                message = f"{key} is {fact[key]!r} by the file and {given[key]!r} by {name}, which was used"
                flags.append(Flag("setting-overrides-file", message, "suspect"))
            continue
        if name in job.settings and plain(job.settings[name]) != plain(fact):
            message = f"{name} is {fact!r} by the file and {job.settings[name]!r} by the setting, which was used"
            # A unit named anew relabels the numbers without converting them.
            level: Literal["suspect", "note"] = "suspect" if name.endswith("_unit") else "note"
            flags.append(Flag("setting-overrides-file", message, level))
    reading = {**record.provenance.reading, "notes": tuple(dict.fromkeys(one.notes))}
    return replace(
        record,
        flags=(*record.flags, *flags),
        labels={**{str(k): str(v) for k, v in one.labels.items()}, **record.labels},
        provenance=replace(record.provenance, reading=reading),
    )
