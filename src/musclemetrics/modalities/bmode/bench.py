"""From readings to images: each reading is one frame."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ...errors import InputError, MuscleMetricsError, SettingsError
from ...reading import Inputs, Reading
from ...record import Flag
from .decisions import Box, box_of
from .definitions import LIMITS
from .scale import size_of_pixel

__all__ = ["check_profiles", "check_spacing", "inputs"]

Size = tuple[float, float]


def inputs(
    readings: Iterable[Reading],
    *,
    spacing: float | tuple[float, float] | None = None,
    region: tuple[int, int, int, int] | None = None,
    profiles: Mapping[str, Mapping[str, Any]] | None = None,
) -> Iterator[Inputs]:
    """Turn readings into images.

    Parameters
    ----------
    readings : iterable of Reading
        Each with ``image``, and where the file has a scale ``spacing_x, spacing_y`` in mm.
    spacing : float or (float, float), optional
        Millimetres a pixel of all images: one number, or across and down. It wins over a file's own, and a flag says
        so where they differ.
    region : (int, int, int, int), optional
        As for :func:`measure`: of several scan regions of different scale in a file it chooses the one it lies in.
    profiles : mapping, optional
        Settings by device: the word of the label ``device``, or the size of the image as ``800x600``, and settings
        of :func:`measure` that hold for it (``tick_mm``, ``depth_window``, …), or ``spacing`` where its files state
        none. Where no profile fits an image, a flag says so.

    Yields
    ------
    Inputs
        One a reading. One that is no image has no arguments and an InputError as its ``reason``.

    Raises
    ------
    SettingsError
        If a profile has a setting that :func:`measure` does not have, `spacing` is none that a scanner has, or
        `region` is none.
    """
    own, size, place = check_profiles(profiles), check_spacing(spacing), box_of(region)
    for reading in readings:
        try:
            yield _one(reading, size, place, own)
        except MuscleMetricsError as error:
            yield Inputs({}, {}, dict(reading.labels), tuple(reading.flags), reading.notes, error, (reading,))


def check_spacing(spacing: Any) -> Size | None:
    """Return millimetres a pixel across and down, or raise SettingsError."""
    if spacing is None:
        return None
    try:
        return size_of_pixel(spacing)
    except InputError as error:
        raise SettingsError(error.message, code=error.code, remedy=error.remedy) from None


def check_profiles(profiles: Any) -> dict[str, dict[str, Any]]:
    """Return profiles as plain dictionaries, or raise SettingsError."""
    from .decisions import Decisions
    from .measuring import measure

    if profiles is None:
        return {}
    form = 'give {"device": {"tick_mm": 10, …}, …}'
    if not isinstance(profiles, Mapping) or not all(isinstance(v, Mapping) for v in profiles.values()):
        raise SettingsError(f"profiles={profiles!r:.80} are no settings by device", remedy=form)
    known = inspect.signature(measure).parameters.values()
    defaults = {p.name: p.default for p in known if p.kind is p.KEYWORD_ONLY}
    for device, own in profiles.items():
        for name in own:
            if name not in (*defaults, "spacing"):
                raise SettingsError(
                    f"the profile of {device} has {name!r}, which is no setting",
                    remedy=f"use spacing, {', '.join(defaults)}",
                )
        check_spacing(own.get("spacing"))
        Decisions.check({**defaults, **{k: v for k, v in own.items() if k != "spacing"}})
    return {str(device).casefold(): dict(own) for device, own in profiles.items()}


def _one(reading: Reading, given: Size | None, place: Box | None, profiles: Mapping[str, Mapping[str, Any]]) -> Inputs:
    labels = dict(reading.labels)
    if "image" not in reading:
        held = ", ".join(reading) or "nothing"
        raise InputError(f"the file holds {held} and no image", code="no-image", remedy="give images or cines")
    # As the reader gives it: decoded when it is measured, and not before.
    image = reading.arrays["image"]
    args: dict[str, Any] = {"image": image}
    if "roi" in reading:
        args["roi"] = reading["roi"]
    device, size = labels.get("device", ""), "x".join(str(n) for n in np.shape(image)[1::-1])
    fits = next((k for k in (device.casefold(), size) if k and k in profiles), None)
    profile = dict(profiles[fits]) if fits else {}
    notes = reading.notes + ((f"settings of the profile {fits}",) if fits else ())
    flags = [*reading.flags]
    if profiles and not fits:
        which = f"device {device}, {size} px" if device else f"{size} px and no device named"
        flags.append(
            Flag("no-profile", f"no profile fits this image ({which}): it has the settings of the run", "note")
        )
    stated = check_spacing(profile.pop("spacing", None))
    own, region = _stated(reading, args.get("roi"), place, decided=given is not None)
    facts: dict[str, Any] = {} if region is None else {"region": region}
    if given is not None:
        args["spacing"] = np.array(given)
        flags += _overridden(given, own)
    elif own is not None:
        args["spacing"] = own
        if "scale_source" in reading:
            facts["scale_source"] = str(reading["scale_source"])
    elif stated is not None:
        args["spacing"] = np.array(stated)
    facts.update({k: v for k, v in profile.items() if facts.get(k) is None})
    return Inputs(args, facts, labels, tuple(flags), notes, None, (reading,))


def _stated(reading: Reading, roi: Any, place: Box | None, *, decided: bool) -> tuple[np.ndarray | None, Box | None]:
    """Return the spacing that a file states and the box it holds for; neither where it states none."""
    if "spacing_x" in reading and "spacing_y" in reading:
        own = np.array([float(reading["spacing_x"]), float(reading["spacing_y"])])
        return own, _box(reading["region"]) if "region" in reading else None
    if "regions" not in reading:
        return None, None
    try:
        return _region_of(reading, roi, place)
    except InputError:
        if decided:  # which of its scales holds is no question any more
            return None, None
        raise


def _overridden(given: Size, own: np.ndarray | None) -> list[Flag]:
    if own is None:
        return []
    off = float(np.abs(np.array(given) / own - 1.0).max())
    if off < 1e-4:
        return []
    message = (
        f"spacing={given[0]:.5g} × {given[1]:.5g} mm a pixel is used, the file states {own[0]:.5g} × {own[1]:.5g}, "
        f"{100 * off:.2g} % off"
    )
    return [Flag("setting-overrides-file", message, "suspect" if off > LIMITS["scale_disagrees"] else "note")]


def _region_of(reading: Reading, roi: Any, place: Box | None) -> tuple[np.ndarray, Box]:
    """Return spacing and box of the one region that holds the place given or drawn, or the largest of one scale."""
    regions = np.asarray(reading["regions"], dtype=np.float64)
    if place is not None:
        holding = (regions[:, :2] <= place[:2]).all(axis=1) & (regions[:, 2:4] >= place[2:]).all(axis=1)
        if holding.sum() == 1:
            return regions[holding][0, 4:6], place
    if roi is not None:
        x, y = _corners(np.asarray(roi))
        inside = [r for r in regions if r[0] <= x.min() and x.max() < r[2] and r[1] <= y.min() and y.max() < r[3]]
        if len(inside) == 1:
            return inside[0][4:6], _box(inside[0])
        raise InputError(
            f"the drawn region lies in {len(inside)} of the {len(regions)} scan regions, each with its own scale",
            code="scale-ambiguous",
            remedy="draw it within one of them, or give spacing",
        )
    if np.ptp(regions[:, 4:6], axis=0).max() > 1e-6 * regions[:, 4:6].max():
        raise InputError(
            f"the image has {len(regions)} scan regions of different scale",
            code="scale-ambiguous",
            remedy="give region or roi within one of them, or spacing",
        )
    areas = (regions[:, 2] - regions[:, 0]) * (regions[:, 3] - regions[:, 1])
    largest = regions[int(np.argmax(areas))]
    return largest[4:6], _box(largest)


def _box(region: np.ndarray) -> Box:
    return int(region[0]), int(region[1]), int(region[2]), int(region[3])


def _corners(roi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if roi.ndim == 2 and roi.shape[1] == 2:
        return roi[:, 0], roi[:, 1]
    y, x = np.nonzero(roi)
    return x, y
