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
    """Return the files of the sample by name: screenshots, DICOM with regions, a cine, ImageJ's TIFF, a cut file.

    Of the third person there are two sessions, and the gain was turned up before the second.
    """
    two = (Sheet(8.0, tilt=-1.0), Sheet(25.0, tilt=2.0))
    screen = bmode(two, (Muscle(16.0),), shape=SHAPE, seed=101)
    tinted = bmode(
        (Sheet(6.0, tilt=-3.0), Sheet(21.0, tilt=1.0)), (Muscle(18.0),), shape=SHAPE, screen="yellow", seed=102
    )
    layered, louder = (
        bmode(
            (Sheet(5.0), Sheet(18.0, tilt=1.5), Sheet(31.0, tilt=-1.0)),
            (Muscle(15.0), Muscle(-12.0)),
            shape=SHAPE,
            screen="grey",
            gain=gain,
            seed=103,
            frame=frame,
        )
        for frame, gain in enumerate((0.0, 4.0))
    )
    oblong = bmode(two, (Muscle(20.0),), shape=SHAPE, spacing=(0.1, 0.13), screen="grey", tick_mm=5.0, seed=104)
    cine = [
        bmode((Sheet(8.0), Sheet(24.0 + 0.5 * k, tilt=2.0)), (Muscle(14.0 + k),), shape=SHAPE, seed=105, frame=k)
        for k in range(3)
    ]
    alone = bmode(two, (Muscle(14.0),), shape=(300, 330), screen=None, seed=106)
    files: dict[str, str | bytes] = {
        "B01_1.png": _bytes(to_png, screen),
        "B02_1.png": _bytes(to_png, tinted),
        "B03_1.dcm": _bytes(to_dicom, layered, encoding="rle", tags=_device(60)),
        "B03_2.dcm": _bytes(to_dicom, louder, encoding="rle", tags=_device(64)),
        "B04_1.dcm": _bytes(to_dicom, oblong, encoding="jpeg", photometric="YBR_FULL_422"),
        "B05_1.dcm": _bytes(to_dicom, cine, encoding="rle", tags=_device(60)),
        "B06_1.tif": _bytes(to_tiff, alone),
    }
    known = dict(zip(files, (screen, tinted, layered, louder, oblong, cine[0], alone), strict=True))
    rows = [_row(name, one) for name, one in known.items()]
    # A copy that broke off: its header promises pixels that are not there.
    whole = files["B03_1.dcm"]
    files["B07_1.dcm"] = whole[: len(whole) // 3]
    files = {f"bmode/{name}": content for name, content in files.items()}
    files["truth/bmode.csv"] = "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n"
    return files


def _device(gain: int) -> dict[str, Any]:
    """Return what a scanner says of itself, and of a person whose name no record may bear."""
    return {
        "PatientName": "Doe^Jane",
        "TransducerData": "SIM-10L",
        "TotalGain": str(gain),
        "DynamicRange": "60",
        "DepthOfScanField": 36,
    }


def _bytes(write: Callable[..., None], image: Any, **how: Any) -> bytes:
    stream = io.BytesIO()
    write(image, stream, **how)
    return stream.getvalue()


def _row(name: str, made: Phantom) -> dict[str, str]:
    """Return one line of the table: each truth, and how near it a measurement must come."""
    subject, session, kind = name.replace("_", ".").split(".")
    scaled = kind != "png"
    row = {"subject": subject, "session": session, "length_unit": "mm" if scaled else "px"}
    for quantity, value in made.truth(scaled=scaled).items():
        if quantity.startswith("spacing"):
            continue
        row[quantity] = repr(round(value, 6))
        if quantity.startswith("thickness"):
            near = WITHIN["thickness"] * value
        else:
            near = {"echo_intensity": LEVELS, "pennation_angle": DEGREES}.get(
                quantity, WITHIN.get(quantity, 0.0) * value
            )
        row[f"{quantity}_within"] = repr(round(near, 6))
    return row
