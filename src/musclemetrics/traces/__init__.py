"""Sampled signals: what a recording is, its level and noise, changes of length, the onset of force."""

from .bridge import Facts, recorded, shared_labels
from .levels import Level, level, noise
from .onset import DETECTORS, Onset, Windows, onset, windows
from .recording import Recording, in_L0, recording
from .steps import Change, changes

__all__ = [
    "DETECTORS",
    "Change",
    "Facts",
    "Level",
    "Onset",
    "Recording",
    "Windows",
    "changes",
    "in_L0",
    "level",
    "noise",
    "onset",
    "recorded",
    "recording",
    "shared_labels",
    "windows",
]
