"""Rate of force redevelopment: how fast force comes back after a quick release and re-stretch.

>>> import numpy as np
>>> from musclemetrics import ktr
>>> time = np.arange(0.0, 0.5, 0.001)
>>> record = ktr.measure(time, ktr.redevelopment(time, ktr=15.0, F0=5.0, Fss=100.0), start=0.0, zero=0.0)
>>> round(record["ktr"].value, 6)
15.0
"""

from .bench import inputs
from .definitions import DEFINITIONS
from .drawing import draw
from .measuring import check_settings, measure
from .recovery import redevelopment

__all__ = ["DEFINITIONS", "check_settings", "draw", "inputs", "measure", "redevelopment"]
