"""Regions as text: corners in columns, and GeoJSON."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError, ReadError
from ...imaging import rings_mask
from .drawn import MAX_REGIONS, RoiReading, corrupt, one_of, outline

__all__ = ["from_csv", "from_geojson"]

_COLUMN = re.compile(r"([xy])(?:[ _]*[(\[]?(?:px|pixels?)[)\]]?)?")
_OTHER_UNIT = re.compile(r"[xy][ _]*[(\[]?(?:mm|cm|um|µm|m|in|inch|inches)[)\]]?")
_FROM = {
    False: "corners are taken as counted from the centre of the first pixel",
    True: "corners are taken as counted from the corner of the first pixel",
}


def from_csv(raw: bytes, file: str, *, corner: bool) -> RoiReading:
    """Return a polygon from two columns of numbers, with or without a header.

    Raises
    ------
    ReadError
        ``corrupt-roi``, ``several-rois`` (outlines with blank lines between them) or ``roi-unsupported`` (a unit other
        than px).
    """
    lines = _text(raw, file).strip().splitlines()
    if not lines:
        raise corrupt(file, "it holds nothing but blanks")
    if any(not line.strip() for line in lines):
        raise ReadError(
            f"{file!r} has blank lines between its rows, as between several outlines",
            code="several-rois",
            remedy="save one outline a file",
        )
    separator = next((s for s in ("\t", ";", ",") if s in lines[0]), None)
    rows = [[c.strip().strip('"') for c in (line.split(separator) if separator else line.split())] for line in lines]
    columns = (0, 1)
    if any(_number(cell, separator) is None for cell in rows[0]):
        columns = _columns([cell.casefold() for cell in rows[0]], file)
        rows = rows[1:]
    elif len(rows[0]) != 2:
        raise corrupt(file, f"{len(rows[0])} columns without a header that says which are x and y")
    points = []
    for i, row in enumerate(rows):
        pair = [_number(row[c], separator) if c < len(row) else None for c in columns]
        if None in pair or len(row) != len(rows[0]):
            raise corrupt(file, f"row {i + 1} of the corners holds {' '.join(row)[:40]!r}, x and y are needed")
        points.append(pair)
    return RoiReading(outline(points, file, corner=corner), notes=(_FROM[corner],))


def from_geojson(raw: bytes, file: str, shape: tuple[int, int], *, name: str | None, corner: bool) -> RoiReading:
    """Return the polygon of a GeoJSON file, or a mask where it has holes or parts.

    Raises
    ------
    ReadError
        ``corrupt-roi``, ``several-rois``, ``no-such-roi`` or ``roi-unsupported`` (no polygon).
    LimitError
        ``over-limit``.
    """

    def constant(word: str) -> float:
        raise ValueError(f"{word} is no number of JSON")

    try:
        held = json.loads(_text(raw, file), parse_constant=constant)
        features = _features(held)
    except (ValueError, TypeError, RecursionError) as error:
        raise corrupt(file, str(error)[:120] or type(error).__name__) from None
    if len(features) > MAX_REGIONS:
        raise LimitError(
            f"{file!r} holds {len(features)} regions, more than {MAX_REGIONS}",
            code="over-limit",
            remedy="save the one to measure alone",
        )
    i = one_of([n for n, _ in features], name, file)
    called, geometry = features[i]
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        raise ReadError(
            f"the region of {file!r} is a {str(kind)[:40]}, which has no area",
            code="roi-unsupported",
            remedy="draw a polygon",
        )
    parts = geometry.get("coordinates")
    parts = [parts] if kind == "Polygon" else parts
    if not isinstance(parts, list) or not parts or not all(isinstance(p, list) and p for p in parts):
        raise corrupt(file, "it has a polygon without corners")
    polygons = [[outline(_pairs(ring, file), file, corner=corner) for ring in part] for part in parts]
    if len(polygons) == 1 and len(polygons[0]) == 1:
        return RoiReading(polygons[0][0], name=called, notes=(_FROM[corner],))
    mask = np.zeros(shape, bool)
    for rings in polygons:
        mask |= rings_mask(rings, shape)
    holes = sum(len(rings) - 1 for rings in polygons)
    made = f"a mask of {len(polygons)} part(s) with {holes} hole(s), cut at the image's border"
    return RoiReading(mask=_filled(mask, file), name=called, notes=(_FROM[corner], made))


def _filled(mask: NDArray[np.bool_], file: str) -> NDArray[np.bool_]:
    if not mask.any():
        raise ReadError(
            f"the region of {file!r} holds no pixel of the image",
            code="roi-outside",
            remedy="draw it on this very image, in its own px",
        )
    return mask


def _text(raw: bytes, file: str) -> str:
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise corrupt(file, f"it is not text in {encoding.removesuffix('-sig').upper()}") from None


def _number(cell: str, separator: str | None) -> float | None:
    if separator != "," and cell.count(",") == 1 and "." not in cell:
        cell = cell.replace(",", ".")  # a decimal comma: the columns are parted by something else
    try:
        return float(cell) if "_" not in cell else None
    except ValueError:
        return None


def _columns(header: list[str], file: str) -> tuple[int, int]:
    for cell in header:
        if _OTHER_UNIT.fullmatch(cell):
            raise ReadError(
                f"the corners of {file!r} are in {cell!r}, px are needed",
                code="roi-unsupported",
                remedy="save them in px of the image (in ImageJ: remove the scale first)",
            )
    found = [[i for i, cell in enumerate(header) if (m := _COLUMN.fullmatch(cell)) and m[1] == axis] for axis in "xy"]
    if any(len(f) != 1 for f in found):
        raise corrupt(file, f"its header {', '.join(header)[:80]!r} does not name one column x and one y")
    return found[0][0], found[1][0]


def _features(held: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return the name and geometry of every feature; ValueError or TypeError for what is none."""
    if isinstance(held, dict) and held.get("type") == "FeatureCollection":
        held = held.get("features")
    found = []
    for one in held if isinstance(held, list) else [held]:
        if not isinstance(one, dict):
            raise ValueError("it is no GeoJSON object")
        geometry = one.get("geometry") if one.get("type") == "Feature" else one
        if not isinstance(geometry, dict) or "coordinates" not in geometry:
            raise ValueError("a feature of it has no coordinates")
        properties = one.get("properties")
        name = properties.get("name") if isinstance(properties, dict) else None
        found.append((name if isinstance(name, str) else str(one.get("id", "")), geometry))
    return found


def _pairs(ring: Any, file: str) -> list[Any]:
    if not isinstance(ring, list):
        raise corrupt(file, "a ring of it is no list of corners")
    pairs = []
    for corner in ring:
        # A third number is a height, which an image has not.
        if not isinstance(corner, list) or not all(type(v) in (int, float) for v in corner[:2]):
            raise corrupt(file, "a corner is not a pair of numbers")
        pairs.append(corner[:2])
    return pairs
