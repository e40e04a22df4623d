"""What speaks for a pair of lines, weighed; learnt by ``python -m tests.validation.bmode_learn``."""

from __future__ import annotations

__all__ = ["CONFIDENCE", "WEIGHTS"]

WEIGHTS: dict[str, tuple[float, float]] = {
    "deep brighter than below": (1.496, 0.6982),
    "deep seen": (1.154, 0.1374),
    "superficial uneven": (-0.943, 0.6348),
    "superficial brighter than below": (0.938, 0.806),
    "deep same slant below": (-0.914, 0.2004),
    "deep uneven": (-0.887, 0.5481),
    "superficial seen": (0.791, 0.1226),
    "superficial across itself": (-0.741, 0.1395),
    "superficial bow": (-0.738, 4.558),
    "slant of halves alike": (0.661, 0.1848),
    "deep turn": (0.606, 0.1004),
    "deep darker above than below": (0.575, 0.3982),
    "slant": (0.539, 0.113),
    "superficial brighter than above": (0.532, 0.8131),
    "superficial depth": (-0.532, 0.1795),
    "stripes above superficial": (0.482, 0.2458),
    "deep at the bottom": (-0.477, 0.2787),
    "superficial along itself": (0.457, 0.08508),
    "superficial depth squared": (-0.420, 0.1157),
    "superficial brighter than just above": (0.363, 0.7651),
    "turn under superficial": (0.350, 0.08718),
    "superficial turn": (-0.200, 0.09622),
}
"""Log-odds for a standard deviation of each feature, and that standard deviation."""

CONFIDENCE = (1.160, 1.476)
"""Log-odds of being right within 10 %: at a margin of zero, and for each unit of the margin."""
