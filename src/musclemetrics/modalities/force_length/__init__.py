"""Force–length: optimal length, width and plateau of active force, and the exponential of passive force.

>>> from musclemetrics import force_length
>>> length = [8, 9, 10, 11, 12, 13, 14]
>>> active = force_length.bell(length, Lo=11.2, width=5.0, Fmax=400.0)
>>> record = force_length.measure(length, active, force_is="active", length_unit="mm", force_unit="mN")
>>> round(record["Lo"].value, 6), round(record["width"].value, 6)
(11.2, 5.0)
"""

from .bench import inputs
from .curves import bell, bell_skewed, parabola, passive_exponential
from .definitions import DEFINITIONS
from .drawing import draw
from .measuring import check_settings, measure

__all__ = [
    "DEFINITIONS",
    "bell",
    "bell_skewed",
    "check_settings",
    "draw",
    "inputs",
    "measure",
    "parabola",
    "passive_exponential",
]
