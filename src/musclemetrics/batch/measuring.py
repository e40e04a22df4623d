"""From readings to records: the modality's bridge, then its measurement, one failure at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ..corrections import Correction
from ..errors import InputError, MuscleMetricsError
from ..modalities import Modality
from ..provenance import unmeasured
from ..reading import Inputs, Reading
from ..record import Flag, Record, plain
from .correcting import Chosen, chosen
from .decisions import defaults, named, resolved

__all__ = ["Bridged", "Job", "bridged", "measured"]

Hide = Callable[[BaseException], Flag]


@dataclass(frozen=True, slots=True)
class Job:
    """The decisions of one run: the modality's importable name and what the caller set."""

    module: str
    settings: Mapping[str, Any]
    input_settings: Mapping[str, Any]
    errors: Literal["raise", "flag"] = "flag"
    overlays: bool = False


@dataclass(frozen=True, slots=True)
class Bridged:
    """What the modality's bridge made of some readings: inputs of records to come, and why there are no more."""

    readings: Sequence[Reading]
    inputs: tuple[Inputs, ...]
    failure: BaseException | None = None


def bridged(job: Job, readings: Sequence[Reading]) -> Bridged:
    """Return what the modality makes of the readings."""
    inputs: list[Inputs] = []
    try:
        inputs.extend(resolved(job.module).inputs(readings, **job.input_settings))
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if job.errors == "raise":
            raise
        return Bridged(readings, tuple(inputs), error)
    return Bridged(readings, tuple(inputs))


def measured(
    job: Job, bridge: Bridged, corrections: Sequence[Sequence[Correction]], *, hide: Hide
) -> Iterator[tuple[Record, Sequence[Reading], Mapping[str, bytes]]]:
    """Yield one record for each of the modality's inputs, in their order, the readings it was made from, its overlays.

    Parameters
    ----------
    job : Job
    bridge : Bridged
    corrections : sequence of sequences of Correction
        Those of each of the inputs.
    hide : callable
        Turns an error into the flag of a failed row.
    """
    module = resolved(job.module)
    readings, inputs = bridge.readings, bridge.inputs
    decided = [chosen(module, one.settings, job.settings, c) for one, c in zip(inputs, corrections, strict=True)]
    together = _together(module, inputs, decided)
    for number, one in enumerate(inputs):
        ready = together.get(number)
        own = one.sources_from or readings
        drawn: Mapping[str, bytes] = {}
        if ready is not None:
            record = ready
        else:
            record, drawn = _single(module, job, one, decided[number], hide)
        sole = len(inputs) == 1 or len(one.sources_from) == 1
        yield _stamped(record, job, one, decided[number], own, sole=sole), own, drawn
    if bridge.failure is not None:
        labels, flags = _shared_labels(readings), tuple(f for r in readings for f in r.flags)
        yield _failed(module, job, job.settings, hide(bridge.failure), labels, flags), readings, {}
    elif not inputs:
        nothing = InputError(
            f"{len(readings)} recording(s) were read, none of them is for {named(job.module)}",
            code="nothing-to-measure",
            remedy="look at what was read with: musclemetrics check FILE",
        )
        if job.errors == "raise":
            raise nothing
        yield _failed(module, job, job.settings, hide(nothing), _shared_labels(readings), ()), readings, {}


def _shared_labels(readings: Sequence[Reading]) -> dict[str, str]:
    shared = dict(readings[0].labels) if readings else {}
    for reading in readings[1:]:
        shared = {k: v for k, v in shared.items() if reading.labels.get(k) == v}
    return {str(k): str(v) for k, v in shared.items()}


def _single(module: Modality, job: Job, one: Inputs, decided: Chosen, hide: Hide) -> tuple[Record, Mapping[str, bytes]]:
    """Return the record of one input, and its overlays where they were asked for and the modality draws them."""
    picture = getattr(module, "picture", None) if job.overlays else None
    try:
        if one.reason is not None:
            raise one.reason
        if decided.error is not None:
            raise decided.error
        # What is decoded on access is decoded once for both.
        args = {k: np.asarray(v) if picture and hasattr(v, "__array__") else v for k, v in one.args.items()}
        record = module.measure(**args, **decided.settings)
        if picture is None:
            return record, {}
        # What the readers doubt may forbid a picture, and is not in the record yet.
        doubts = (*one.flags, *(f for r in one.sources_from for f in r.flags))
        return record, picture(replace(record, flags=(*record.flags, *doubts)), **args)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if job.errors == "raise":
            raise
        return _failed(module, job, decided.settings, hide(error), {}, ()), {}


def _failed(
    module: Modality,
    job: Job,
    decided: Mapping[str, Any],
    reason: Flag,
    labels: Mapping[str, str],
    flags: tuple[Flag, ...],
) -> Record:
    settings = {**defaults(module.measure), **decided}
    try:
        plain(settings)
    except MuscleMetricsError:
        settings = {k: v if isinstance(v, str | bool | int | float | None) else repr(v) for k, v in settings.items()}
    return unmeasured(named(job.module), module.DEFINITIONS, settings, reason, flags=flags, labels=labels)


def _together(module: Modality, inputs: Sequence[Inputs], decided: Sequence[Chosen]) -> dict[int, Record]:
    """Measure at once the curves that share an exact x axis and all settings; the records are those of a loop.

    What fails here is left out, so that it is measured by itself and fails with its own words.
    """
    measure_many = getattr(module, "measure_many", None)
    if measure_many is None or len(inputs) < 2:
        return {}
    stacks: dict[Any, list[int]] = {}
    for number, one in enumerate(inputs):
        if one.reason is not None or decided[number].error is not None:
            continue
        arrays = [np.asarray(a) for a in one.args.values()]
        if len(arrays) < 2 or any(a.ndim != 1 or a.dtype.kind not in "fiu" for a in arrays):
            continue
        if any(len(a) != len(arrays[0]) for a in arrays):
            continue
        key = (
            tuple(one.args),
            arrays[0].dtype.str,
            arrays[0].tobytes(),
            repr(sorted(decided[number].settings.items())),
        )
        stacks.setdefault(key, []).append(number)
    records: dict[int, Record] = {}
    for numbers in stacks.values():
        if len(numbers) < 2:
            continue
        first = next(iter(inputs[numbers[0]].args.values()))
        columns = zip(*(list(inputs[n].args.values())[1:] for n in numbers), strict=True)
        others = [np.stack([np.asarray(row, dtype=np.float64) for row in rows]) for rows in columns]
        try:
            made = measure_many(first, *others, errors="flag", **decided[numbers[0]].settings)
        except Exception:  # the loop meets the same fault and says whose it is
            continue
        records.update((n, r) for n, r in zip(numbers, made, strict=True) if r.status in ("ok", "suspect"))
    return records


def _stamped(
    record: Record, job: Job, one: Inputs, decided: Chosen, readings: Sequence[Reading], *, sole: bool
) -> Record:
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
        # None says that the file is silent, which nobody contradicts.
        if fact is not None and name in job.settings and plain(job.settings[name]) != plain(fact):
            message = f"{name} is {fact!r} by the file and {job.settings[name]!r} by the setting, which was used"
            # A unit named anew relabels the numbers without converting them.
            level: Literal["suspect", "note"] = "suspect" if name.endswith("_unit") else "note"
            flags.append(Flag("setting-overrides-file", message, level))
    notes = tuple(dict.fromkeys((*one.notes, *decided.notes)))
    reading = {**record.provenance.reading, "notes": notes}
    return replace(
        record,
        flags=(*record.flags, *flags, *decided.flags),
        labels={**{str(k): str(v) for k, v in one.labels.items()}, **record.labels},
        provenance=replace(record.provenance, reading=reading),
    )
