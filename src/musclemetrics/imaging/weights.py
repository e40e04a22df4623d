"""What speaks for a pair of lines, weighed; learnt by ``python -m tests.validation.bmode_learn``."""

from __future__ import annotations

__all__ = ["CONFIDENCE", "WEIGHTS"]

WEIGHTS: dict[str, tuple[float, float]] = {
    "deep seen": (1.073, 0.1374),
    "deep same slant below": (-1.051, 0.2004),
    "superficial brighter than below": (1.025, 0.8059),
    "superficial uneven": (-0.958, 0.6348),
    "superficial seen": (0.863, 0.1226),
    "deep brighter than just above": (0.831, 0.7244),
    "deep brighter than below": (0.800, 0.6983),
    "deep uneven": (-0.792, 0.5482),
    "superficial along itself": (0.768, 0.08509),
    "superficial brighter than above": (0.750, 0.813),
    "deep turn": (0.683, 0.1004),
    "stripes above superficial": (0.659, 0.2458),
    "superficial bow": (-0.656, 4.56),
    "superficial across itself": (-0.639, 0.1394),
    "superficial oblique above": (-0.569, 0.1258),
    "slant of halves alike": (0.539, 0.1848),
    "deep peak": (0.478, 0.5917),
    "deep at the bottom": (-0.463, 0.2787),
    "slant": (0.454, 0.1131),
    "slant of both halves": (0.386, 0.1098),
}
"""Log-odds for a standard deviation of each feature, and that standard deviation."""

CONFIDENCE: dict[str, float] = {
    "constant": -1.049,
    "margin": 1.383,
    "superficial seen": 0.333,
    "deep seen": 0.619,
}
"""Log-odds that the thickness is right within 10 %."""
