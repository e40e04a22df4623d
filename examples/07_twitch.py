"""
A twitch, and what its noise does to it
=======================================

One stimulus, one contraction. The highest sample is not the peak, and the largest difference of two samples is not the
steepest slope: they are what noise makes of them.
"""

import matplotlib.pyplot as plt

import musclemetrics as mm
from musclemetrics.simulate.twitch import twitch

trace = twitch(noise=0.01, seed=3)
record = mm.twitch.measure(trace.time, trace.force, stimulus_time=0.05, force_unit="mN", tetanus=760.0)
print(record)

# %%
# Dots are the samples; the curve is the one the numbers are read from.

figure, axes = plt.subplots(figsize=(5.6, 4.2), layout="constrained")
mm.plot(record, axes)

# %%
# The same muscle recorded thirty times. The naive reading spreads the time of the peak over milliseconds and triples
# the steepest slope at the least; the truth is the dashed line.

shown = {"time_to_peak": ("Time to peak (ms)", 1e3), "dFdt_max": ("Steepest rise (N s⁻¹)", 1e-3)}
figure, panels = plt.subplots(1, 2, figsize=(6.0, 3.2), layout="constrained")
many = [twitch(noise=0.01, seed=seed) for seed in range(30)]
for axes, (name, (words, scale)) in zip(panels, shown.items(), strict=True):
    for place, peak in enumerate(("smooth", "naive")):
        found = [mm.twitch.measure(t.time, t.force, stimulus_time=0.05, peak=peak)[name].value for t in many]
        axes.plot([place + 0.006 * (k - 15) for k in range(30)], [scale * v for v in found], "o", ms=3, alpha=0.7)
        print(f"{name}, {peak}: {scale * min(found):.1f} to {scale * max(found):.1f}")
    axes.axhline(scale * trace.truth[name], ls="--", color="0.4", lw=1)
    axes.set_xticks([0, 1], ["smooth", "naive"])
    axes.set_xlim(-0.5, 1.5)
    axes.set_ylabel(words)
