"""B-mode ultrasound: thickness, echo intensity and fascicles of muscle images.

>>> from musclemetrics import bmode, simulate
>>> made = simulate.bmode(seed=3)
>>> record = bmode.measure(made.image, made.spacing)
>>> record["thickness"].unit, record.status
('mm', 'ok')
"""

from .bench import inputs
from .definitions import DEFINITIONS
from .drawing import FIGURE, draw
from .learning import learn_profiles, learn_window
from .measuring import check_settings, measure
from .overlays import overlay, picture

ACQUISITION = ("device", "transducer", "preset", "depth", "gain", "dynamic_range", "frequency")
"""Labels that must stay alike within a subject, or echo intensities cannot be compared."""

MAIN = ("thickness", "subcutaneous_thickness", "echo_intensity", "pennation_angle", "confidence")
"""Measurements that an overview has room for."""

__all__ = [
    "ACQUISITION",
    "DEFINITIONS",
    "FIGURE",
    "MAIN",
    "check_settings",
    "draw",
    "inputs",
    "learn_profiles",
    "learn_window",
    "measure",
    "overlay",
    "picture",
]
