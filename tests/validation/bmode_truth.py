"""Real images of muscle with what people measured on them (below MUSCLEMETRICS_DATA)."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent.parent
Array = NDArray[np.float64]
GROUPS = {512: "dl512", 556: "dl556", 600: "dl600/688", 688: "dl600/688", 652: "dl652"}
"""Height of an image with masks: the scanner's format."""
DISPLACED = frozenset(f"img_00{number}.png" for number in (533, 534, 535, 536, 541, 542, 544, 546, 547, 548, 553, 554))
"""Images whose mask lies beside the bright bands, plainly so to the eye: under the mask they are 0.6 to 1.2 times as
bright as 3 to 12 rows beside it, in every other image of that scanner 2 times and more. They count in every figure
but those that say otherwise."""
COMPONENT = 100
"""Pixels of a mask's band at least."""


@dataclass(frozen=True, eq=False)
class Truth:
    """One image and the inner edges that people drew.

    Attributes
    ----------
    path : pathlib.Path
    group : str
        Scanner and format.
    thickness : float
        Pixels: mean over the shared columns of two masks, or the people's mean at one column.
    x, superficial, deep : array
        Columns and rows of the inner edges; one column only where people measured at one.
    """

    path: Path
    group: str
    thickness: float
    x: Array
    superficial: Array
    deep: Array

    @property
    def at_one_column(self) -> bool:
        return len(self.x) == 1

    @property
    def displaced(self) -> bool:
        """Whether the mask was drawn beside the image's own lines."""
        return self.path.name in DISPLACED

    def grey(self) -> NDArray[np.uint8]:
        """Return the image as grey levels (ITU-R 601)."""
        from PIL import Image

        with Image.open(self.path) as image:
            return np.asarray(image.convert("L"))

    def read_off(self, x: Array, superficial: Array, deep: Array) -> float:
        """Return the thickness of measured edges where people measured it."""
        gap = deep - superficial
        return float(np.interp(self.x[0], x, gap)) if self.at_one_column else float(gap.mean())


def folder() -> Path:
    """Return where the images are."""
    return Path(os.environ.get("MUSCLEMETRICS_DATA", str(ROOT / ".." / "shared" / "data"))) / "ultrasound"


def _rows(name: str) -> list[dict[str, Any]]:
    with (folder() / "truth" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def masked() -> Iterator[Truth]:
    """Yield the images with masks of their aponeuroses."""
    from PIL import Image
    from scipy import ndimage

    for row in _rows("thickness_from_masks.csv"):
        if row["usable"] != "True":
            continue
        path = folder() / row["image"]
        with Image.open(path.parent.parent / "masks" / path.name) as image:
            mask = np.asarray(image)
        labels, count = ndimage.label(mask if mask.ndim == 2 else mask[..., 0], np.ones((3, 3)))
        bands = [b for b in (labels == k + 1 for k in range(count)) if b.sum() > COMPONENT]
        upper, lower = sorted(bands, key=lambda b: float(np.nonzero(b)[0].mean()))[:2]
        x = np.flatnonzero(upper.any(axis=0) & lower.any(axis=0))
        superficial = len(mask) - 1.0 - upper[::-1].argmax(axis=0)[x]
        deep = lower.argmax(axis=0)[x].astype(float)
        group = GROUPS[int(row["h"])]
        yield Truth(path, group, float(row["thickness_px_mean"]), x.astype(float), superficial, deep)


def observed() -> Iterator[Truth]:
    """Yield the images that three people measured, at one column each."""
    for row in _rows("manual_3observers_mean.csv"):
        shift = float(row["y_offset_px"])
        x, superficial, deep = (
            np.array([float(row[name]) + s])
            for name, s in (("measure_x_px", 0.0), ("y_sup_px", shift), ("y_deep_px", shift))
        )
        group = "tt" + row["image"].split("dataset_")[1][0]
        yield Truth(folder() / row["image"], group, float(row["height_px_mean"]), x, superficial, deep)


def repeated() -> dict[str, float]:
    """Return the standard error of measurement of one person, in pixels, by group: three people, the same images."""
    heights: dict[str, dict[str, list[float]]] = {}
    for row in _rows("manual_3observers_long.csv"):
        group = "tt" + row["image"].split("dataset_")[1][0]
        heights.setdefault(group, {}).setdefault(row["image"], []).append(float(row["height_px"]))
    return {
        g: float(np.sqrt(np.mean([np.var(v, ddof=1) for v in of.values() if len(v) > 1]))) for g, of in heights.items()
    }


def everything() -> list[Truth]:
    """Return all usable images."""
    return [*masked(), *observed()]
