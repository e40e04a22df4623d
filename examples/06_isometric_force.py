"""
Force of one fibre, and its stiffness
=====================================

A permeabilised fibre at rest is activated, stretched by 0.4 % for 30 ms, and released into slack. Rest, plateau and
slack are found in the recording; the diameter turns force into force per area.
"""

import matplotlib.pyplot as plt

import musclemetrics as mm
from musclemetrics.simulate.isometric import isometric

trace = isometric(Po=0.9, passive=0.06, step=0.004, rate=5000.0, noise=0.006, seed=2)
record = mm.isometric.measure(
    trace.time,
    trace.force,
    trace.length,
    force_unit="mN",
    length_unit="{L0}",
    diameter=88.0,
    stiffness=True,
)
print(record)

# %%
# The stretches that were averaged are drawn into the recording. Zero is force in slack, not the transducer's own zero.

figure, axes = plt.subplots(figsize=(5.6, 4.6), layout="constrained")
figure.get_layout_engine().set(h_pad=0.1)
mm.plot(record, axes)

# %%
# The same fibre recorded only while it is active: the passive force is inside Po until a relaxed record gives it.

active = isometric(Po=0.9, passive=0.06, start=0.0, seed=3)
alone = mm.isometric.measure(active.time, active.force, active.length, force_unit="mN", length_unit="{L0}")
print(alone["Po"], [f.code for f in alone.flags])
known = mm.isometric.measure(
    active.time, active.force, active.length, force_unit="mN", length_unit="{L0}", passive=0.06
)
print(known["Po"], [f.code for f in known.flags])
