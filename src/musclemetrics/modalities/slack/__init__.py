"""Slack test: unloaded shortening velocity from releases of different size.

>>> from musclemetrics import slack
>>> record = slack.fit([8, 10, 12, 14], [10.2, 18.1, 25.7, 34.2], step_unit="%{L0}", duration_unit="ms")
>>> round(record["Vo"].value, 2)
2.51
"""

from .bench import inputs
from .definitions import DEFINITIONS
from .drawing import FIGURE, draw
from .measuring import check_settings, fit, measure

__all__ = ["DEFINITIONS", "FIGURE", "check_settings", "draw", "fit", "inputs", "measure"]
