"""
Noise that grows with force
===========================

A transducer's noise has a constant part and one proportional to force. Simulated fibres with known truth show what each
assumption costs: how often does the 95 % interval hold the true value?
"""

import matplotlib.pyplot as plt
import numpy as np

import musclemetrics as mm
from musclemetrics.simulate.force_pca import Fibre, forces

pca = [9.0, 6.8, 6.5, 6.3, 6.2, 6.1, 6.0, 5.9, 5.7, 5.4, 5.0, 4.5]
fibre = Fibre("true", "rat", "control", pCa50=6.1, h=2.5, Fmax=100.0, Fmin=2.0)
stack = np.stack([forces(pca, fibre, constant=0.01, proportional=0.05, seed=n) for n in range(1000)])

# %%
# One curve says little about its own noise, so decide by what is known of the rig.

names = ("pCa50", "h", "Fmax", "Fmin")


def share_held(records, name):
    """Return the percentage of intervals that hold the truth."""
    limits = np.array([record[name].interval for record in records])
    true = getattr(fibre, name)
    return 100 * np.mean((limits[:, 0] <= true) & (true <= limits[:, 1]))


held = {}
for variance in ("constant", "mixed"):
    settings = {"force_unit": "kN/m2", "variance": variance, "noise_floor": 0.2}
    records = mm.force_pca.measure_many(pca, stack, **settings)
    held[variance] = [share_held(records, name) for name in names]
    flagged = 100 * np.mean([r.flagged("heteroscedastic") for r in records])
    print(f"variance={variance!r}, flagged heteroscedastic: {flagged:.0f} %")
    for name, share in zip(names, held[variance], strict=True):
        print(f"  the interval of {name} holds the truth in {share:.1f} %")

# %%
# Weighted by the right form of the noise, 95 % means 95 %.

figure, axes = plt.subplots(figsize=(5.2, 3.2), layout="constrained")
at = np.arange(len(names))
axes.plot(at - 0.08, held["constant"], "s", color="#E69F00", label="variance='constant'")
axes.plot(at + 0.08, held["mixed"], "o", color="#0072B2", label="variance='mixed'")
axes.axhline(95, color="#444444", lw=0.8, ls=":")
axes.set(xticks=at, xticklabels=names, ylim=(75, 101), ylabel="held the truth (%)")
axes.legend(loc="lower left")
