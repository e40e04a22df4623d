"""The files of the B-mode sample, and what is true of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from .dicom import to_dicom
from .phantom import Phantom, bmode
from .pictures import to_png, to_tiff
from .tissue import Muscle, Sheet

__all__ = ["samples"]

SHAPE = (400, 540)
WITHIN = {"thickness": 0.02, "subcutaneous_thickness": 0.02}
"""How near a measurement must come, as a share of the truth; the quarters as the whole."""
LEVELS, DEGREES = 1.0, 3.0
"""The same for grey levels and for degrees."""


def samples() -> dict[str, str | bytes]:
    """Return the files of the sample by name: screenshots, DICOM with regions, a cine, ImageJ's TIFF, a cut file."""
    two = (Sheet(8.0, tilt=-1.0), Sheet(25.0, tilt=2.0))
    screen = bmode(two, (Muscle(16.0),), shape=SHAPE, seed=101)
    tinted = bmode(
        (Sheet(6.0, tilt=-3.0), Sheet(21.0, tilt=1.0)), (Muscle(18.0),), shape=SHAPE, screen="yellow", seed=102
    )
    layered = bmode(
        (Sheet(5.0), Sheet(18.0, tilt=1.5), Sheet(31.0, tilt=-1.0)),
        (Muscle(15.0), Muscle(-12.0)),
        shape=SHAPE,
        screen="grey",
        seed=103,
    )
    oblong = bmode(two, (Muscle(20.0),), shape=SHAPE, spacing=(0.1, 0.13), screen="grey", tick_mm=5.0, seed=104)
    cine = [
        bmode((Sheet(8.0), Sheet(24.0 + 0.5 * k, tilt=2.0)), (Muscle(14.0 + k),), shape=SHAPE, seed=105, frame=k)
        for k in range(3)
    ]
    alone = bmode(two, (Muscle(14.0),), shape=(300, 330), screen=None, seed=106)
    files: dict[str, str | bytes] = {
        "B01_screen.png": _bytes(to_png, screen),
        "B02_colour.png": _bytes(to_png, tinted),
        "B03_region.dcm": _bytes(to_dicom, layered, encoding="rle"),
        "B04_jpeg.dcm": _bytes(to_dicom, oblong, encoding="jpeg", photometric="YBR_FULL_422"),
        "B05_cine.dcm": _bytes(to_dicom, cine, encoding="rle"),
        "B06_imagej.tif": _bytes(to_tiff, alone),
    }
    # A copy that broke off: its header promises pixels that are not there.
    whole = files["B03_region.dcm"]
    files["B07_cut.dcm"] = whole[: len(whole) // 3]
    files = {f"bmode/{name}": content for name, content in files.items()}
    known = (screen, tinted, layered, oblong, cine[0], alone)
    rows = [_row(f"B{k:02d}", one, scaled=k > 2) for k, one in enumerate(known, 1)]
    files["truth/bmode.csv"] = "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n"
    return files


def _bytes(write: Callable[..., None], image: Any, **how: Any) -> bytes:
    stream = io.BytesIO()
    write(image, stream, **how)
    return stream.getvalue()


def _row(subject: str, made: Phantom, *, scaled: bool) -> dict[str, str]:
    """Return one line of the table: each truth, and how near it a measurement must come."""
    row = {"subject": subject, "length_unit": "mm" if scaled else "px"}
    for name, value in made.truth(scaled=scaled).items():
        if name.startswith("spacing"):
            continue
        row[name] = repr(round(value, 6))
        if name.startswith("thickness"):
            near = WITHIN["thickness"] * value
        else:
            near = {"echo_intensity": LEVELS, "pennation_angle": DEGREES}.get(name, WITHIN.get(name, 0.0) * value)
        row[f"{name}_within"] = repr(round(near, 6))
    return row
