"""
Which muscle, and how sure
==========================

An image of two muscles, one above the other. What is measured without any help is the pair of lines that people would
choose most likely; the other muscle is asked for by its layer, and a study that knows where its muscle lies says so.
"""

import matplotlib.pyplot as plt

import musclemetrics as mm
from musclemetrics.simulate.ultrasound import Muscle, Sheet

sheets = (Sheet(6.0, tilt=1.0), Sheet(17.0, tilt=-2.0), Sheet(29.0, tilt=1.0))
made = mm.simulate.bmode(sheets, (Muscle(16.0), Muscle(-12.0)), seed=4)

record = mm.bmode.measure(made.image, made.spacing)
print(record)

# %%
# The truth is known here. A hand would draw these lines; the overlay shows where they were found.

for name in ("thickness", "pennation_angle", "echo_intensity"):
    print(f"{name:16s} {record[name].value:7.2f}   true {made.truth()[name]:7.2f}")

figure, axes = plt.subplots(figsize=(5.0, 5.0), layout="constrained")
axes.imshow(mm.bmode.overlay(made.image, record))
axes.set_axis_off()

# %%
# The muscle below, and the same by a window: shares of the view's depth in which its two lines lie.

below = mm.bmode.measure(made.image, made.spacing, layer=1)
window = mm.bmode.measure(made.image, made.spacing, depth_window=(0.4, 0.55, 0.7, 0.9))
for words, one in (("layer=1", below), ("depth_window", window)):
    print(f"{words:13s} {one['thickness']}   true {made.truth(layer=1)['thickness']:.2f}")
