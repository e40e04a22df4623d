"""From many records to one: groups with the animal as the unit; repeatability, and change judged by it.

>>> from musclemetrics import compare
>>> [d.name for d in compare.definitions(of=("h",))][:3]
['h_a', 'h_b', 'h_ratio']
"""

from .change import change, change_definitions, verdict
from .drawing import draw_groups
from .drawing_by import draw_by
from .drawing_repeats import draw_change, draw_repeatability
from .groups import definitions, groups
from .repeatability import repeatability, repeatability_definitions
from .repeatability_rows import tabled

__all__ = [
    "change",
    "change_definitions",
    "definitions",
    "draw_by",
    "draw_change",
    "draw_groups",
    "draw_repeatability",
    "groups",
    "repeatability",
    "repeatability_definitions",
    "tabled",
    "verdict",
]
