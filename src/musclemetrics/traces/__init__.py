"""Sampled signals: what a recording is, its level and noise, changes of length, the onset of force."""

from .bridge import Facts, or_reason, recorded, shared_labels
from .levels import Hum, Level, hum, level, noise
from .onset import DETECTORS, Onset, onset
from .recording import Recording, in_L0, recording
from .spikes import spikes
from .steps import Change, changes
from .windows import Windows, windows

__all__ = [
    "DETECTORS",
    "Change",
    "Facts",
    "Hum",
    "Level",
    "Onset",
    "Recording",
    "Windows",
    "changes",
    "hum",
    "in_L0",
    "level",
    "noise",
    "onset",
    "or_reason",
    "recorded",
    "recording",
    "shared_labels",
    "spikes",
    "windows",
]
