"""From readings to slack tests: one recording with several releases, or a fibre's recordings with one each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from ... import traces
from ...errors import InputError
from ...reading import Inputs, Reading
from ...record import Flag

__all__ = ["inputs"]

RELEASES = ("length-step", "release", "slack")
"""Names of protocol events at which a release may happen."""


def inputs(readings: Iterable[Reading], *, together: bool = True) -> Iterator[Inputs]:
    """Turn readings into slack tests.

    Parameters
    ----------
    readings : iterable of Reading
        Each holds ``time``, ``force`` and ``length``. All that bear the same fibre are one test, their releases
        counted through in the order of the readings.
    together : bool
        Whether recordings of one fibre are one test; else each is a test of its own.

    Yields
    ------
    Inputs
        One a fibre. One that cannot be measured has no arguments and an InputError as its ``reason``: ``no-trace``,
        ``facts-differ``, ``force-unit``.

    Raises
    ------
    SettingsError
        Never by itself; it is listed for the sake of those who call it with settings of their own.
    """
    groups: dict[str, list[Reading]] = {}
    for number, reading in enumerate(readings):
        key = reading.labels.get("fibre", "") if together else str(number)
        groups.setdefault(key, []).append(reading)
    for group in groups.values():
        yield traces.or_reason(partial(_test, group), group)


def _test(group: Sequence[Reading]) -> Inputs:
    facts = [traces.recorded(reading, need_length=True) for reading in group]
    settings = dict(facts[0].settings)
    for other in facts[1:]:
        for name, value in other.settings.items():
            if settings.setdefault(name, value) != value:
                raise InputError(
                    f"the recordings of this fibre differ in {name}: {settings[name]!r} and {value!r}",
                    code="facts-differ",
                    remedy=f"give {name}, or measure the recordings one by one (together=false)",
                )
    flags: list[Flag] = []
    for f in (f for one in facts for f in one.flags):
        if f not in flags:
            flags.append(f)
    notes = tuple(dict.fromkeys(n for one in facts for n in one.notes))
    if len(facts) == 1:
        args: dict[str, object] = dict(facts[0].args)
    else:
        args = {name: [one.args[name] for one in facts] for name in ("time", "force", "length")}
    times = tuple(e.time for one in facts for e in one.events if e.name in RELEASES)
    if times:
        settings["release_times"] = times
        notes = (*notes, f"releases are looked for at the {len(times)} length step(s) of the protocol")
    labels = traces.shared_labels(group)
    return Inputs(args, settings, labels, tuple(flags), notes, None, tuple(group))
