"""Channels of an acquisition system under the names the bench knows: force, length, stimulus.

A channel is called what its title says; where the title is silent its unit decides, as long as it is the only one of
its kind; what the user says comes before both. What could be two things is refused with the option that settles it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, ReadError, SettingsError
from ..record import Flag
from ..units import canonical, dimension
from .aliases import array_name, fold, label_name, slug

__all__ = ["Channel", "blank_last", "known_unit", "placed", "units_given"]

Array = NDArray[np.float64]

# what a channel can be told to be: the dimensions of a unit that say it where the title does not
_ROLES: dict[str, tuple[str, ...]] = {
    "force": ("force", "stress"),
    "length": ("length", "relative length"),
    "stimulus": (),
}


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as the file has it; ``unit`` is the UCUM code, None where the file states none that is known.

    ``stated`` is the unit in the file's own words. ``own`` is a name that the format itself gives the channel, as for
    the outputs of a controller, which are no recordings.
    """

    title: str
    unit: str | None
    values: Array
    stated: str = ""
    own: str | None = None


def known_unit(text: str) -> str | None:
    """Return a unit in UCUM, None for a blank and for one that is not in the table."""
    try:
        return canonical(text) if text.strip() else None
    except InputError:
        return None


def units_given(value: Any) -> dict[str, str]:
    """Return the units an option gives by name, ``{"force": "mN"}`` or ``"force=mN,time=ms"``, in UCUM.

    Raises
    ------
    SettingsError
        If it is no such mapping, or ``unknown-unit``.
    """
    if value is None:
        return {}
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split(",")]
        if any(not (name.strip() and mark) for name, mark, _ in pairs):
            raise SettingsError(f"units={value!r} is not name=unit", remedy="write units=force=mN,time=ms")
        value = {name.strip(): unit.strip() for name, _, unit in pairs}
    if not isinstance(value, Mapping):
        raise SettingsError(f"units={value!r} is not a mapping", remedy='give {"force": "mN"}')
    found = {}
    for name, unit in value.items():
        try:
            found[str(name)] = canonical(str(unit))
        except InputError as error:
            raise SettingsError(f"units[{name}]: {error.message}", code=error.code, remedy=error.remedy) from None
    return found


def placed(
    channels: Sequence[Channel],
    said: Mapping[str, str | int | None],
    units: Mapping[str, str],
    flags: list[Flag],
    notes: list[str],
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the channels under the names of arrays, and their units.

    Parameters
    ----------
    channels : sequence of Channel
    said : Mapping
        What the user has said, ``{"force": "AI1"}``: a channel by its title or its number from 1.
    units : Mapping
        Units the user has given, by the name of the array or the channel's title.
    flags, notes : list
        Get what was decided and what the user's word overrules.

    Raises
    ------
    ReadError
        ``ambiguous-column`` where two channels could be one array.
    SettingsError
        ``unknown-column`` for a channel or a unit's name that is not there.
    """
    names: dict[int, str] = {}
    for role, wanted in said.items():
        if wanted is not None:
            at = _chosen(channels, role, wanted)
            if at in names:
                raise SettingsError(
                    f"{role}={wanted!r} is the channel that was given for {names[at]}", remedy="give each its own"
                )
            names[at] = role
            if channels[at].own is None and array_name(channels[at].title, channels[at].unit) != role:
                notes.append(f"channel {channels[at].title!r} read as {role}, as was said")
    for role, dimensions in _ROLES.items():
        if role not in names.values():
            _found(channels, role, dimensions, names, notes)
    arrays: dict[str, Array] = {}
    found: dict[str, str] = {}
    titles: dict[str, str] = {}
    for i, channel in enumerate(channels):
        name = names.get(i) or _other(channel, {*arrays, *names.values(), "time"})
        arrays[name], titles[name] = channel.values, channel.title
        unit = units.get(name, units.get(channel.title))
        if unit is not None and channel.unit not in (None, unit):
            message = f"unit {unit} was given for {name}; the file states {channel.unit}"
            flags.append(Flag("setting-overrides-file", message, "note"))
        if unit is None:
            unit = channel.unit
            if unit is None and channel.stated.strip():
                _unknown(channel, name, name in _ROLES and name != "stimulus", flags, notes)
        if unit is not None:
            found[name] = unit
    strange = [n for n in units if n not in arrays and n not in titles.values() and n != "time"]
    if strange:
        raise SettingsError(
            f"a unit was given for {strange[0]!r}, which is not in the file",
            code="unknown-column",
            remedy=f"the arrays are {', '.join(arrays)}",
        )
    return arrays, found


def _chosen(channels: Sequence[Channel], role: str, wanted: str | int) -> int:
    text = str(wanted)
    for same in (
        [i for i, c in enumerate(channels) if c.title == text],
        [i for i, c in enumerate(channels) if fold(text) and fold(c.title) == fold(text)],
        [int(text) - 1] if text.isascii() and text.isdigit() and 0 < int(text) <= len(channels) else [],
    ):
        if len(same) == 1:
            return same[0]
    raise SettingsError(
        f"{role}={wanted!r} names no one channel; the channels are {_listed(channels)}",
        code="unknown-column",
        remedy="name one of them, or its number from 1",
    )


def _found(
    channels: Sequence[Channel], role: str, dimensions: tuple[str, ...], names: dict[int, str], notes: list[str]
) -> None:
    """Find the channel that is `role`: by its title, else by its unit where it is the only one."""
    free = [i for i, c in enumerate(channels) if i not in names and c.own is None]
    titled = [i for i in free if array_name(channels[i].title, channels[i].unit) == role]
    by_unit = [i for i in free if (unit := channels[i].unit) is not None and dimension(unit) in dimensions]
    for candidates, how in ((titled, ""), (by_unit, "unit")):
        if len(candidates) > 1:
            both = " and ".join(repr(channels[i].title) for i in candidates[:2])
            raise ReadError(
                f"channels {both} could both be the {role}; the channels are {_listed(channels)}",
                code="ambiguous-column",
                remedy=f"say which with -r {role}=TITLE",
            )
        if candidates:
            names[candidates[0]] = role
            if how:
                one = channels[candidates[0]]
                notes.append(f"channel {one.title!r} read as {role}, as its unit {one.unit} says")
            return


def _other(channel: Channel, taken: set[str]) -> str:
    """Return a name for a channel that is none of those the bench asks for."""
    base = channel.own or ("sarcomere_length" if label_name(channel.title) == "sarcomere_length" else "")
    base = base or slug(channel.title)
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def _unknown(channel: Channel, name: str, matters: bool, flags: list[Flag], notes: list[str]) -> None:
    message = f"unit {channel.stated!r} of the channel {channel.title!r} is not in the table of units"
    if matters:
        flags.append(Flag("unknown-unit", f"{message}; {name} is read without one: give it with -r units.{name}=UNIT"))
    else:
        notes.append(f"{message}; {name} is read without one")


def _listed(channels: Sequence[Channel]) -> str:
    return ", ".join(f"{c.title!r}" + (f" ({c.unit or c.stated})" if c.unit or c.stated else "") for c in channels[:32])


def blank_last(arrays: Mapping[str, NDArray[Any]], last: str) -> Flag | None:
    """Return a flag where the last sample is 0 in every channel, as acquisition programs pad a recording.

    Parameters
    ----------
    arrays : Mapping
        The channels without time.
    last : str
        Where the last sample stands, for the message.

    Returns
    -------
    Flag or None
        None where any channel has another value there, or fewer than two channels were away from 0 just before: one
        channel may well end at 0.
    """
    if not arrays or min(len(a) for a in arrays.values()) < 20:
        return None
    if any(a[-1] != 0 for a in arrays.values()) or sum(bool((a[-11:-1] != 0).all()) for a in arrays.values()) < 2:
        return None
    return Flag(
        "blank-last-sample",
        f"the last sample, {last}, is exactly 0 in all {len(arrays)} channels, as a recording is padded where it "
        "stops; it is taken as missing",
        "note",
    )
