"""Text burned into the scan, which may name a person and is no tissue."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LIKELY_TEXT", "possible_text"]

Grey = NDArray[Any]

LIKELY_TEXT = 0.5
"""Score of :func:`possible_text` from which a region is to be looked at."""
STROKE = 4
"""Pixels; a letter's strokes are thinner than this across."""
CLEAR = 50
"""Grey levels by which a stroke is brighter than what lies on both its sides."""
ONE_GREY = 6
"""Grey levels within which three pixels of a stroke, one below the other, are of one colour."""
LETTER = (7, 8)
"""Rows and columns of a cell; a letter's strokes lie in one or two."""
LINE = 12
"""Cells of a row that are looked at together, a word."""
SURE = 6
"""Cells of a line with strokes, from which the score is 1; a scanner's mark for the probe's side fills two."""


def possible_text(grey: Grey, box: tuple[int, int, int, int]) -> float:
    """Return how much a region looks as if there were text in it.

    Parameters
    ----------
    grey : array, shape (H, W)
        Grey levels 0 to 255.
    box : tuple of int
        (x0, y0, x1, y1) of the scan, the last ones exclusive.

    Returns
    -------
    float
        0 to 1; at 0.5 (`LIKELY_TEXT`) and above somebody should look.

    Notes
    -----
    Letters have upright strokes of one grey; speckle is wide across the beam, and fascia and fascicles lie across it.
    Cells with such strokes are counted along lines of text, for letters of usual size and for those half as large.
    Measured: two of 223 muscle images without text reach 0.5, marks of the probe's side, dotted lines and focus marks
    included; of white words of twelve letters painted into 38 of them 97 % are found at 8 px and all from 9 px. Greyer,
    shorter and smaller words are found less often, so a low score is no proof that there is none.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.random.default_rng(1).integers(0, 60, (100, 200)).astype(np.uint8)
    >>> possible_text(image, (0, 0, 200, 100))
    0.0
    """
    x0, y0, x1, y1 = box
    part = grey[y0:y1, x0:x1]
    return max(_score(part, STROKE, 3, LETTER), _score(part, STROKE // 2, 2, (LETTER[0] // 2, LETTER[1] // 2)))


def _score(part: Grey, across: int, down: int, letter: tuple[int, int]) -> float:
    """Return the score of letters whose strokes are thinner than `across` and at least `down` rows tall."""
    if part.shape[0] < down or part.shape[1] <= 2 * across:
        return 0.0
    middle = part[:, across:-across]
    beside = np.maximum(part[:, : -2 * across], part[:, 2 * across :])
    # Not a plain difference: unsigned levels wrap round.
    stroke = np.maximum(middle, beside) - beside >= CLEAR
    last = len(part) - down + 1
    rows, columns = np.nonzero(np.logical_and.reduce([stroke[i : last + i] for i in range(down)]))
    levels = np.stack([middle[rows + i, columns] for i in range(down)]).astype(np.float64)
    even = np.ptp(levels, axis=0) <= ONE_GREY if len(rows) else np.zeros(0, dtype=bool)
    held = np.zeros((part.shape[0] // letter[0] + 1, part.shape[1] // letter[1] + 1), dtype=bool)
    held[rows[even] // letter[0], columns[even] // letter[1]] = True
    held[:-1] |= held[1:]
    count = np.zeros((held.shape[0], held.shape[1] + LINE), dtype=np.int32)
    np.cumsum(held, axis=1, out=count[:, LINE:])
    return min(1.0, float((count[:, LINE:] - count[:, :-LINE]).max()) / SURE)
