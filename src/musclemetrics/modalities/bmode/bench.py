"""From readings to images: each reading is one frame."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ...errors import InputError, MuscleMetricsError, SettingsError
from ...reading import Inputs, Reading

__all__ = ["check_profiles", "inputs"]


def inputs(readings: Iterable[Reading], *, profiles: Mapping[str, Mapping[str, Any]] | None = None) -> Iterator[Inputs]:
    """Turn readings into images.

    Parameters
    ----------
    readings : iterable of Reading
        Each with ``image``, and where the file has a scale ``spacing_x, spacing_y`` in mm.
    profiles : mapping, optional
        Settings by device: the word of the label ``device``, or the size of the image as ``800x600`` where files
        name no device, and settings of :func:`measure` that hold for it (``tick_mm``, ``depth_window``, …).

    Yields
    ------
    Inputs
        One a reading. One that is no image has no arguments and an InputError as its ``reason``.

    Raises
    ------
    SettingsError
        If a profile has a setting that :func:`measure` does not have.
    """
    own = check_profiles(profiles)
    for reading in readings:
        try:
            yield _one(reading, own)
        except MuscleMetricsError as error:
            yield Inputs({}, {}, dict(reading.labels), tuple(reading.flags), reading.notes, error, (reading,))


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
            if name not in defaults:
                raise SettingsError(
                    f"the profile of {device} has {name!r}, which is no setting", remedy=f"use {', '.join(defaults)}"
                )
        Decisions.check({**defaults, **own})
    return {str(device).casefold(): dict(own) for device, own in profiles.items()}


def _one(reading: Reading, profiles: Mapping[str, Mapping[str, Any]]) -> Inputs:
    labels = dict(reading.labels)
    if "image" not in reading:
        held = ", ".join(reading) or "nothing"
        raise InputError(f"the file holds {held} and no image", code="no-image", remedy="give images or cines")
    # As the reader gives it: decoded when it is measured, and not before.
    image = reading.arrays["image"]
    args: dict[str, Any] = {"image": image}
    facts: dict[str, Any] = {}
    if "roi" in reading:
        args["roi"] = reading["roi"]
    if "spacing_x" in reading and "spacing_y" in reading:
        args["spacing"] = np.array([float(reading["spacing_x"]), float(reading["spacing_y"])])
        if "region" in reading:
            facts["region"] = tuple(int(v) for v in reading["region"])
    elif "regions" in reading:
        args["spacing"], facts["region"] = _region_of(reading, args.get("roi"))
    if "spacing" in args and "scale_source" in reading:
        facts["scale_source"] = str(reading["scale_source"])
    height, width = np.shape(image)[:2]
    notes = reading.notes
    for device in (labels.get("device", "").casefold(), f"{width}x{height}"):
        if device and device in profiles:
            facts.update({k: v for k, v in profiles[device].items() if facts.get(k) is None})
            notes = (*notes, f"settings of the profile {device}")
            break
    return Inputs(args, facts, labels, tuple(reading.flags), notes, None, (reading,))


def _region_of(reading: Reading, roi: Any) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """Return spacing and box of the one region that holds the drawn region, or the largest of one scale."""
    regions = np.asarray(reading["regions"], dtype=np.float64)
    if roi is not None:
        x, y = _corners(np.asarray(roi))
        inside = [r for r in regions if r[0] <= x.min() and x.max() < r[2] and r[1] <= y.min() and y.max() < r[3]]
        if len(inside) == 1:
            return inside[0][4:6], _box(inside[0])
        raise InputError(
            f"the drawn region lies in {len(inside)} of the {len(regions)} scan regions, each with its own scale",
            code="scale-ambiguous",
            remedy="draw it within one of them",
        )
    if np.ptp(regions[:, 4:6], axis=0).max() > 1e-6 * regions[:, 4:6].max():
        raise InputError(
            f"the image has {len(regions)} scan regions of different scale",
            code="scale-ambiguous",
            remedy="give a roi within one of them, or region and spacing",
        )
    areas = (regions[:, 2] - regions[:, 0]) * (regions[:, 3] - regions[:, 1])
    largest = regions[int(np.argmax(areas))]
    return largest[4:6], _box(largest)


def _box(region: np.ndarray) -> tuple[int, int, int, int]:
    return int(region[0]), int(region[1]), int(region[2]), int(region[3])


def _corners(roi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if roi.ndim == 2 and roi.shape[1] == 2:
        return roi[:, 0], roi[:, 1]
    y, x = np.nonzero(roi)
    return x, y
