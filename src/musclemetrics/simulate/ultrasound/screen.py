"""What a scanner's screen adds around the scan: header text, panels, grey bar, ruler."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["SCREENS", "screenshot", "view_box"]

Image = NDArray[np.uint8]

SCREENS = (None, "black", "grey", "yellow")
# screen: left, top, right and bottom of the view as shares of the image
_VIEWS = {
    None: (0.0, 0.0, 1.0, 1.0),
    "black": (0.13, 0.2, 0.68, 0.9),
    "grey": (0.15, 0.085, 0.85, 0.99),
    "yellow": (0.14, 0.1, 0.86, 0.87),
}
_PANEL = 56


def view_box(shape: tuple[int, int], screen: str | None) -> tuple[int, int, int, int]:
    """Return the box of the view in an image of `shape` (height, width): x0, y0, x1, y1."""
    left, top, right, bottom = _VIEWS[screen]
    height, width = shape
    return round(left * width), round(top * height), round(right * width), round(bottom * height)


def screenshot(
    view: Image,
    box: tuple[int, int, int, int],
    shape: tuple[int, int],
    screen: str,
    across: float,
    down: float,
    seed: int,
) -> Image:
    """Return the image a scanner would have saved.

    Parameters
    ----------
    view : array of uint8
        What fills the box.
    box : tuple of int
    shape : (int, int)
    screen : str
    across, down : float
        Period of the ticks along x and along y, px. The first tick is the face of the probe.
    seed : int
        Its digits stand in the header.
    """
    from PIL import Image as pil
    from PIL import ImageDraw

    x0, y0, x1, y1 = box
    height, width = shape
    canvas = pil.new("RGB", (width, height), (_PANEL, _PANEL, _PANEL) if screen == "grey" else (0, 0, 0))
    draw = ImageDraw.Draw(canvas)
    rows = np.rint(y0 - 0.5 + down * np.arange(int((y1 - y0) / down) + 1)).astype(int)
    columns = np.rint(x0 - 0.5 + across * np.arange(int((x1 - x0) / across) + 1)).astype(int)
    number = f"{seed:06d}"
    if screen == "grey":
        draw.rectangle((0, 0, width, int(0.065 * height)), fill=(68, 68, 68))
        column = min(x1 + 3 + width // 50, width - 12)
        draw.line((column, y0, column, y1 - 1), fill=(150, 150, 150))
        for k, row in enumerate(rows):
            draw.line((column - (8 if k % 5 == 0 else 5), row, column, row), fill=(200, 200, 200))
        _bar(draw, (width - width // 25, y0 + 20), (width // 50, (y1 - y0) // 4))
        _text(draw, (8, y0 + 12), f"SIMULATED\n{number}\nGain 60\nFreq 10 MHz", (190, 190, 190))
    elif screen == "yellow":
        yellow = (225, 215, 60)
        _text(draw, (6, 4), f"SIMULATED  {number}   MSK  MI 0.9  TIs 0.1", (220, 220, 220))
        column = width - 8
        for k, row in enumerate(rows):
            draw.line((column - 6, row, column, row), fill=yellow)
            if k:
                _text(draw, (column - 22, int(row) - 5), str(k), yellow)
        for c in columns:
            draw.rectangle((int(c) - 1, y0 - 9, int(c) + 1, y0 - 6), fill=yellow)
        _bar(draw, (8, height // 3), (width // 50, height // 4))
    else:
        for k, row in enumerate(rows):
            draw.line((1, row, 7 if k % 5 == 0 else 4, row), fill=(200, 200, 200))
        for c in columns:
            draw.line((c, height - 7, c, height - 3), fill=(200, 200, 200))
        _bar(draw, (x0 // 3, y0), (width // 60, (y1 - y0) // 4))
        _text(draw, (x0, 8), f"SIMULATED  {number}  10.0 MHz  G 60", (170, 170, 170))
    whole: Image = np.array(canvas)
    whole[y0:y1, x0:x1] = view[..., None]
    return whole if screen == "yellow" else np.ascontiguousarray(whole[..., 0])


def _bar(draw: object, at: tuple[int, int], size: tuple[int, int]) -> None:
    """Draw the bar of grey levels, white on top."""
    for k in range(size[1]):
        level = 255 - round(255 * k / max(size[1] - 1, 1))
        draw.line((at[0], at[1] + k, at[0] + size[0], at[1] + k), fill=(level,) * 3)  # type: ignore[attr-defined]


def _text(draw: object, at: tuple[int, int], text: str, colour: tuple[int, int, int]) -> None:
    """Write in the bitmap font that Pillow carries with it: the same pixels on every machine."""
    from PIL import ImageFont

    draw.text(at, text, fill=colour, font=ImageFont.load_default_imagefont())  # type: ignore[attr-defined]
