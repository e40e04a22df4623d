"""From many records to one: groups compared with the animal as the unit.

>>> from musclemetrics import compare
>>> [d.name for d in compare.definitions(of=("h",))][:3]
['h_a', 'h_b', 'h_ratio']
"""

from .drawing import draw_groups
from .groups import definitions, groups

__all__ = ["definitions", "draw_groups", "groups"]
