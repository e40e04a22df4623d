"""Electrical impedance myography: from a sweep of frequencies to features one can trust.

>>> import numpy as np
>>> from musclemetrics import eim
>>> f = np.geomspace(5e3, 1e6, 40)
>>> z = eim.cole(f, R0=60.0, Rinf=35.0, fc=45e3, alpha=0.7)
>>> record = eim.measure(f, z.real, z.imag)
>>> round(record["phase_50kHz"].value, 2)
9.26
"""

from .anisotropy import anisotropy
from .bench import from_polar, inputs
from .body import EQUATIONS, muscle_mass
from .curves import cole
from .definitions import DEFINITIONS, MAIN
from .drawing import draw, draw_sweeps
from .measuring import check_settings, measure, measure_many
from .volumes import Volumes, fluid_volumes

ACQUISITION = ("device",)
"""Labels by which recordings of one subject are told alike: analysers differ by more than muscles do."""

__all__ = [
    "ACQUISITION",
    "DEFINITIONS",
    "EQUATIONS",
    "MAIN",
    "Volumes",
    "anisotropy",
    "check_settings",
    "cole",
    "draw",
    "draw_sweeps",
    "fluid_volumes",
    "from_polar",
    "inputs",
    "measure",
    "measure_many",
    "muscle_mass",
]
