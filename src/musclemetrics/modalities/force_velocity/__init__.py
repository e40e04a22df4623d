"""Force–velocity: Hill's hyperbola, unloaded velocity, curvature and power.

>>> from musclemetrics import force_velocity
>>> velocity = [0, 0.2, 0.4, 0.8, 1.2, 1.6, 2.0]
>>> force = [101.2, 62.0, 43.9, 22.4, 12.0, 4.9, 0.4]
>>> record = force_velocity.measure(velocity, force, dependent="force", velocity_unit="{L0}/s", force_unit="kN/m2")
>>> round(record["Vmax"].value, 2)
2.08
"""

from .bench import inputs
from .curves import hill_force, hill_velocity
from .definitions import DEFINITIONS
from .drawing import draw
from .measuring import check_settings, measure, measure_many

__all__ = [
    "DEFINITIONS",
    "check_settings",
    "draw",
    "hill_force",
    "hill_velocity",
    "inputs",
    "measure",
    "measure_many",
]
