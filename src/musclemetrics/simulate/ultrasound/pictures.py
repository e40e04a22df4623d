"""Pictures written as files: PNG screenshots and TIFFs that state their scale as ImageJ does."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import SettingsError

__all__ = ["to_png", "to_tiff"]

# unit as ImageJ writes it: how many of it are a millimetre
_UNITS = {"mm": 1.0, "cm": 0.1, "micron": 1000.0, "inch": 1.0 / 25.4}


def to_png(image: Any, path: str | Path | IO[bytes]) -> None:
    """Write a phantom or its image as PNG; no scale goes along.

    Parameters
    ----------
    image : Phantom or array of uint8, shape (height, width) or (height, width, 3)
    path : path or binary stream
    """
    from PIL import Image

    Image.fromarray(pixels(image)).save(path, "PNG", compress_level=9)


def to_tiff(
    image: Any, path: str | Path | IO[bytes], *, spacing: tuple[float, float] | None = None, unit: str = "mm"
) -> None:
    """Write a phantom or an image as TIFF, with its scale as ImageJ states it.

    Parameters
    ----------
    image : Phantom or array of uint8, shape (height, width) or (height, width, 3)
    path : path or binary stream
    spacing : (float, float), optional
        dx, dy in mm per px; a phantom brings its own. Without it the file states the 72 dpi that say nothing.
    unit : {"mm", "cm", "micron", "inch"}
        In which the file states it.

    Raises
    ------
    SettingsError
        If the unit is unknown.
    """
    from PIL import Image
    from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

    if unit not in _UNITS:
        raise SettingsError(f"unit={unit!r} is unknown", remedy=f"use one of {', '.join(_UNITS)}")
    scale = spacing if spacing is not None else getattr(image, "spacing", None)
    directory = ImageFileDirectory_v2()
    if scale is None:
        directory[282] = directory[283] = IFDRational(72, 1)
        directory[296] = 2
    else:
        for tag, mm in zip((282, 283), scale, strict=True):
            per_unit = Fraction(1.0 / (mm * _UNITS[unit])).limit_denominator(1_000_000)
            directory[tag] = IFDRational(per_unit.numerator, per_unit.denominator)
        directory[296] = 1  # the unit stands in the description
        directory[270] = f"ImageJ=1.54f\nunit={unit}\n"
    Image.fromarray(pixels(image)).save(path, "TIFF", tiffinfo=directory)


def pixels(image: Any) -> NDArray[Any]:
    """Return the array of a phantom, or the array itself."""
    return np.asarray(getattr(image, "image", image))
