"""
A delay of five nanoseconds
===========================

Cables delay what an impedance analyser hears. Five nanoseconds are nothing at 50 kHz and bend the arc at 500 kHz, so
that a Cole model without a delay makes up for it with the tissue. Here the truth is known: Ri is 85.8 Ω.
"""

import matplotlib.pyplot as plt
import numpy as np

import musclemetrics as mm
from musclemetrics.simulate.eim import Tissue, eim_sweep

f = np.geomspace(5e3, 1e6, 50)
healthy = Tissue("1", "tibialis anterior", "left", "healthy", R0=62.0, Rinf=36.0, fc=48e3, alpha=0.70, Td=5e-9)
r, x = eim_sweep(healthy, f, noise=1e-3, seed=3)

record = mm.eim.measure(f, r, x)
print(record)

# %%
# The same sweep without a delay in the model: the fit is worse, says so, and Ri is wrong by many times its error.

without = mm.eim.measure(f, r, x, delay=False)
for name, one in (("with delay", record), ("without", without)):
    print(f"{name:11s} {one['Ri']}   fit {one['fit_rms'].value:.3f} %   {[flag.code for flag in one.flags]}")

figure, axes = plt.subplots(figsize=(5.6, 6.0), layout="constrained")
mm.plot(record, axes)

# %%
# Many sweeps over each other, a colour a group; the second muscle was given a higher resistance and a flatter arc.

sick = Tissue("2", "tibialis anterior", "left", "ALS", R0=80.0, Rinf=58.0, fc=66e3, alpha=0.66, Td=5e-9)
sweeps = [(t, eim_sweep(t, f, noise=2e-3, seed=seed)) for seed, t in enumerate([healthy] * 4 + [sick] * 4)]
records = [mm.eim.measure(f, *pair).labelled(group=tissue.group) for tissue, pair in sweeps]

figure, axes = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
mm.eim.draw_sweeps(records, axes, label_by="group")
for one in records[::4]:
    print(one.labels["group"], one["phase_50kHz"], one["grade"])
