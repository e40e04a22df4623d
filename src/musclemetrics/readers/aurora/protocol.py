"""The protocol of a ``.ddf``: waits, functions, ports and parameters as events in seconds."""

from __future__ import annotations

import re
from typing import Any

from ...reading import Event
from ..rows import number_in

__all__ = ["commands", "onsets"]

# function: what its parameters are, in order; times in seconds but for the width of a pulse, which is in ms
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "stimulus-twitch": ("delay", "pulse_width"),
    "stimulus-tetanus": ("delay", "frequency", "pulse_width", "duration"),
    "stimulus-train": ("delay", "frequency", "pulse_width", "pulses", "train_frequency"),
    "sine wave": ("frequency", "amplitude", "cycles"),
}
_KINDS = ("step", "ramp", "hold", "clamp")
_MOST = 10_000


def commands(lines: list[str], notes: list[str]) -> list[Event]:
    """Return the commands of the protocol; each comes its wait after the end of the one before.

    Names are ``stimulation``, ``stop``, ``length-step`` and the like where function and port say so, else the
    function's own word; details hold ``function``, ``port`` and the parameters, by name where these are known.
    """
    start = next((i for i, t in enumerate(lines) if t.strip().casefold().startswith("protocol array")), None)
    if start is None:
        notes.append("the file holds no protocol")
        return []
    found: list[Event] = []
    clock = 0.0
    for number, text in enumerate(lines[start + 1 :], start=start + 2):
        cells = [c.strip() for c in text.split("\t")]
        if cells == [""]:
            if found:
                break
            continue
        wait = number_in(cells[0])
        if wait is None or len(cells) < 2:
            notes.append(f"line {number} of the protocol is not understood and left out: {text.strip()[:60]!r}")
            continue
        clock += wait
        function, port, parameters = (*cells[1:4], "", "")[:3]
        details = _details(function, port, parameters)
        found.append(Event(clock, _name(function, port), details))
        clock += _lasts(details)
    return found


def _name(function: str, port: str) -> str:
    word = function.casefold()
    if word.startswith("stimulus"):
        return "stimulation"
    kind = next((k for k in _KINDS if k in word), None)
    what = next((w for w in ("length", "force") if w in port.casefold()), None)
    if kind is not None and what is not None:
        return f"{what}-{kind}"
    return re.sub(r"[^a-z0-9]+", "-", word).strip("-") or "command"


def _details(function: str, port: str, text: str) -> dict[str, Any]:
    details: dict[str, Any] = {"function": function, "port": port, "parameters": text}
    values = [number_in(part) for part in text.split(",")] if text else []
    names = _PARAMETERS.get(function.casefold(), ())
    if len(values) == len(names) and all(v is not None for v in values):
        for name, value in zip(names, values, strict=True):
            details[name] = value / 1000 if name == "pulse_width" and value is not None else value
    return details


def _lasts(details: dict[str, Any]) -> float:
    """Return the seconds for which a command holds up the next one."""
    if "cycles" in details and details["frequency"] > 0:
        return float(details["cycles"] / details["frequency"])
    return 0.0


def onsets(events: list[Event]) -> list[Event]:
    """Return the pulses that the protocol plans."""
    found: list[Event] = []
    for event in events:
        what = event.details
        if event.name != "stimulation" or "delay" not in what or what["pulse_width"] <= 0:
            continue
        begin = event.time + what["delay"]
        rate = what.get("frequency", 0.0)
        if rate > 0 and "duration" in what:
            times = [begin + k / rate for k in range(min(int(what["duration"] * rate + 1e-9), _MOST))]
        elif rate > 0 and "pulses" in what:
            times = [begin + k / rate for k in range(min(int(what["pulses"]), _MOST))]
        else:
            times = [begin]
        found += [Event(t, "stimulus", {"pulse_width": what["pulse_width"], "from": "protocol"}) for t in times]
    return found
