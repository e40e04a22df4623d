"""Sampled signals: what a recording is, its level and noise, changes of length, the onset of force."""

from .bridge import Facts, recorded, shared_labels
from .levels import Level, level, noise
from .recording import Recording, in_L0, recording
from .steps import Change, changes

__all__ = [
    "Change",
    "Facts",
    "Level",
    "Recording",
    "changes",
    "in_L0",
    "level",
    "noise",
    "recorded",
    "recording",
    "shared_labels",
]
