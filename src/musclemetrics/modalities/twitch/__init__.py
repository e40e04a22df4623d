"""Twitch: the kinetics of one contraction after a single stimulus.

>>> from musclemetrics import twitch
>>> from musclemetrics.simulate.twitch import twitch as simulated
>>> made = simulated(noise=0.002)
>>> record = twitch.measure(made.time, made.force, stimulus_time=0.05, force_unit="mN", tetanus=760.0)
>>> print(f"{1e3 * record['time_to_peak'].value:.1f} ms, true {1e3 * made.truth['time_to_peak']:.1f} ms")
17.4 ms, true 17.4 ms
"""

from .bench import inputs
from .definitions import DEFINITIONS
from .drawing import draw
from .measuring import check_settings, measure

__all__ = ["DEFINITIONS", "check_settings", "draw", "inputs", "measure"]
