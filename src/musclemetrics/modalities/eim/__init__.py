"""Electrical impedance myography: from a sweep of frequencies to features one can trust.

>>> import numpy as np
>>> from musclemetrics import eim
>>> f = np.geomspace(5e3, 1e6, 40)
>>> z = eim.cole(f, R0=60.0, Rinf=35.0, fc=45e3, alpha=0.7)
>>> record = eim.measure(f, z.real, z.imag)
>>> round(record["phase_50kHz"].value, 2)
9.26
"""

from .bench import from_polar, inputs
from .curves import cole
from .definitions import DEFINITIONS
from .drawing import draw
from .measuring import check_settings, measure, measure_many
from .volumes import Volumes, fluid_volumes

__all__ = [
    "DEFINITIONS",
    "Volumes",
    "check_settings",
    "cole",
    "draw",
    "fluid_volumes",
    "from_polar",
    "inputs",
    "measure",
    "measure_many",
]
