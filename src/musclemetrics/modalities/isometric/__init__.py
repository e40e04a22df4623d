"""Isometric force: Po, passive and specific force, and stiffness from a small step.

>>> from musclemetrics import isometric
>>> from musclemetrics.simulate.isometric import isometric as simulated
>>> made = simulated(Po=0.9, passive=0.04)
>>> record = isometric.measure(
...     made.time, made.force, made.length, length_unit="{L0}", force_unit="mN", diameter=90.0, dimension_unit="um"
... )
>>> print(f"{record['Po']:.2f} mN, {record['specific_force']:.0f} kN/m2")
0.90 mN, 141 kN/m2
"""

from .bench import inputs
from .definitions import DEFINITIONS
from .drawing import draw
from .measuring import check_settings, measure

__all__ = ["DEFINITIONS", "check_settings", "draw", "inputs", "measure"]
