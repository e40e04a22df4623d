"""
Force and velocity
==================

Hill's hyperbola through the points of one fibre: how fast without load, how much power, and why it matters which of
the two was set.
"""

import matplotlib.pyplot as plt

import musclemetrics as mm
from musclemetrics.simulate.force_velocity import Fibre, forces

# An isovelocity experiment: velocity was set, force answered.
velocity = [0.0, 0.1, 0.2, 0.4, 0.7, 1.0, 1.4, 1.8]
fibre = Fibre("true", "rat 1", "fast", Vmax=2.2, Po=120.0, a_Po=0.25)
force = forces(velocity, fibre, noise=0.02, seed=6)

about = {"velocity_unit": "{L0}/s", "force_unit": "kN/m2"}
record = mm.force_velocity.measure(velocity, force, dependent="force", **about)
print(record)

figure, axes = plt.subplots(figsize=(5.2, 4.6), layout="constrained")
mm.plot(record, axes)

# %%
# Fitted the other way round, as if force had been set, the same points give another Vmax, and an interval that is too
# sure of it. Over many experiments such an interval misses the truth in a third of them.

wrong = mm.force_velocity.measure(velocity, force, dependent="velocity", **about)
for name, one in (("force", record), ("velocity", wrong)):
    low, high = one["Vmax"].interval
    print(f"{name} as dependent: Vmax {float(one['Vmax']):.2f}, from {low:.2f} to {high:.2f} (true {fibre.Vmax})")

# %%
# From raw traces, one file a contraction and one folder a fibre: ramps of one fibre, load clamps of another. Where
# force and velocity were read is among the evidence.

records = list(mm.measure_files(mm.sample("force_velocity_traces"), "force_velocity", group_by="folder"))
for one in records:
    settings = one.provenance.settings
    print(one.labels["fibre"], settings["dependent"], one["Vmax"], one.trace("length").round(2))

figure, axes = plt.subplots(1, 2, figsize=(8.4, 4.2), layout="constrained")
for one, panel in zip(records, axes, strict=True):
    mm.plot(one, panel)
