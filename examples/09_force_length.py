"""
Where is the optimum?
=====================

A muscle contracts at eleven lengths; what is left of total force without passive force is active force. Simulated, so
that the truth is known: Lo 13, width 6, slack length 11.5 mm, and a curve that falls more slowly beyond the optimum.
"""

import matplotlib.pyplot as plt
import numpy as np

import musclemetrics as mm
from musclemetrics.simulate.force_length import LengthMuscle, points

muscle = LengthMuscle("1", "rat", "control", 13.0, 6.0, 400.0, 11.5, 12.0, 6.0, skew=0.25)
length = np.linspace(9.0, 17.0, 11)
total, passive = points(muscle, length, seed=4)

known = {"force_is": "total", "length_unit": "mm", "force_unit": "mN"}
symmetric = mm.force_length.measure(length, total, passive, **known)
for flag in symmetric.flags:
    print(flag.level, flag.code, flag.message)

# %%
# The symmetric bell puts the optimum too far out and says so; the skewed one has a width of its own on either side.

record = mm.force_length.measure(length, total, passive, **known, model="skewed")
print("symmetric:", symmetric["Lo"])
print("skewed:   ", record["Lo"])
print(record["Ls"])

figure, axes = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
figure.get_layout_engine().set(h_pad=0.1)
mm.plot(record, axes)

# %%
# Leave out the lengths beyond the optimum, where passive force is uncomfortable, and the points say less and less.

for last in (11, 8, 6):
    cut = mm.force_length.measure(length[:last], total[:last], passive[:last], **known)
    print(f"up to {length[last - 1]:.1f} mm: {cut['Lo']}  {', '.join(f.code for f in cut.flags)}")
