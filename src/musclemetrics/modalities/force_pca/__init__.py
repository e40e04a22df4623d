"""Force–pCa: calcium sensitivity of permeabilised fibres.

>>> from musclemetrics import force_pca
>>> record = force_pca.measure([9, 6.6, 6.4, 6.2, 5.9, 5.6, 5.4, 4.5], [10, 37, 77, 95, 123, 119, 120, 122])
>>> round(record["pCa50"].value, 2)
6.44
"""

from .bench import inputs
from .conditions import compare_curves
from .curves import hill, hill_asymmetric, hill_two
from .definitions import DEFINITIONS
from .drawing import draw
from .measuring import check_settings, measure, measure_many

__all__ = [
    "DEFINITIONS",
    "check_settings",
    "compare_curves",
    "draw",
    "hill",
    "hill_asymmetric",
    "hill_two",
    "inputs",
    "measure",
    "measure_many",
]
