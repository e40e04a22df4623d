"""What a study teaches: where its aponeuroses lie, device by device."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ...errors import InputError
from ...record import Record

__all__ = ["learn_profiles", "learn_window"]

LEAST = 3
MARGIN = 0.06
"""Share of the view's depth added on either side of what was seen."""
COVERED = 0.99
"""Share of further images that a window is to hold, were their edges normally distributed."""

Window = tuple[float, float, float, float]


def learn_window(records: Iterable[Record], *, margin: float = MARGIN) -> Window:
    """Return the `depth_window` within which the edges of confirmed images lie.

    Parameters
    ----------
    records : iterable of Record
        B-mode records of one study whose lines a person has looked at, or drawn.
    margin : float, optional
        Share of the view's depth added on either side of what was seen. A window reaches further where few images say
        little of the next one: to its 99 % prediction interval, by Student's t.

    Returns
    -------
    tuple of float
        Where the upper aponeurosis lies (from, to) and then the lower one, as shares of the view's depth.

    Raises
    ------
    InputError
        ``too-few-images`` with fewer than three records that have edges.

    Examples
    --------
    >>> from musclemetrics import bmode, simulate
    >>> confirmed = [bmode.measure(simulate.bmode(seed=s).image) for s in (1, 2, 3)]
    >>> low, high, *_ = bmode.learn_window(confirmed)
    >>> 0 <= low < high <= 1
    True
    """
    shares = [_shares(r) for r in records if {"superficial_y", "deep_y"} <= {t.name for t in r.traces}]
    if len(shares) < LEAST:
        raise InputError(
            f"{len(shares)} records have edges, {LEAST} are needed",
            code="too-few-images",
            remedy="confirm or draw the lines of some more images",
        )
    rows = np.array(shares)
    reach = _reach(len(rows)) * rows.std(axis=0, ddof=1)
    middle = rows.mean(axis=0)
    low = np.minimum(rows.min(axis=0) - margin, middle - reach)[[0, 2]].clip(0.0, 1.0)
    high = np.maximum(rows.max(axis=0) + margin, middle + reach)[[1, 3]].clip(0.0, 1.0)
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def learn_profiles(records: Iterable[Record], *, margin: float = MARGIN) -> dict[str, dict[str, Any]]:
    """Return `profiles` for :func:`inputs`: the window of each device with at least three confirmed images.

    Parameters
    ----------
    records : iterable of Record
        With the label ``device``; those without one are told apart by the size of their image.
    margin : float, optional
        As for :func:`learn_window`.

    Returns
    -------
    dict
        By device, or by size as ``800x600``: ``{"depth_window": …}``, and ``tick_mm`` where all its records were
        measured with the same. A device of fewer images has none.

    Raises
    ------
    InputError
        ``too-few-images`` if no device and no size has three records with edges.
    """
    by_device: dict[str, list[Record]] = {}
    for record in records:
        if {"superficial_y", "deep_y"} <= {t.name for t in record.traces}:
            by_device.setdefault(_device(record), []).append(record)
    out: dict[str, dict[str, Any]] = {}
    for device, own in by_device.items():
        if len(own) < LEAST:
            continue
        out[device] = {"depth_window": learn_window(own, margin=margin)}
        ticks = {r.provenance.settings.get("tick_mm") for r in own}
        if len(ticks) == 1 and None not in ticks:
            out[device]["tick_mm"] = ticks.pop()
    if not out:
        held = ", ".join(f"{len(own)} of {device}" for device, own in by_device.items()) or "none"
        raise InputError(
            f"of no device are there {LEAST} records with edges ({held})",
            code="too-few-images",
            remedy="confirm or draw the lines of some more images",
        )
    return out


def _device(record: Record) -> str:
    """Return the key under which :func:`inputs` looks for a profile of such images."""
    named = record.labels.get("device")
    if named:
        return named
    width, height = record.trace("image_size")
    return f"{width:.0f}x{height:.0f}"


def _reach(count: int) -> float:
    """Return within how many standard deviations of the mean of `count` images the next one lies, by Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(count - 1, 0.5 + COVERED / 2) * math.sqrt(1.0 + 1.0 / count))


def _shares(record: Record) -> tuple[float, float, float, float]:
    _, y0, _, y1 = record.trace("view_box")
    up, down = ((record.trace(f"{side}_y") - y0) / (y1 - y0) for side in ("superficial", "deep"))
    return float(up.min()), float(up.max()), float(down.min()), float(down.max())
