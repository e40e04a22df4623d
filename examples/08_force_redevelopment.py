"""
Which window has ktr?
=====================

Force after a release and re-stretch often comes back faster at first than later. One exponential then has as many
rates as there are windows, and r² is fine in most of them. Here the truth is known: 75 % of the force returns at 18 per
second, the rest at 2.
"""

import matplotlib.pyplot as plt

import musclemetrics as mm
from musclemetrics.simulate.ktr import KtrFibre, ktr_trace

fibre = KtrFibre("1", "rat", "control", ktr=18.0, F0=8.0, Fss=110.0, slow=0.25, slow_rate=2.0)
trace = ktr_trace(fibre, duration=2.2, noise=0.8, memory=0.001, seed=4)

record = mm.ktr.measure(trace.time, trace.force, trace.length, force_unit="kN/m2")
print(record)

# %%
# The flags say it from three sides: the windows disagree, the residuals keep to one side, and the half-time, which
# knows of no exponential, gives another rate.

figure, axes = plt.subplots(figsize=(5.6, 4.6), layout="constrained")
figure.get_layout_engine().set(h_pad=0.1)
mm.plot(record, axes)

# %%
# Compare fibres by one window, and state it.

windows = (0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0)
records = [mm.ktr.measure(trace.time, trace.force, trace.length, window=w, force_unit="kN/m2") for w in windows]
for window, r in zip(windows, records, strict=True):
    low, high = r["ktr"].interval
    print(f"{window:4.2f} s: ktr {float(r['ktr']):5.2f} ({low:.2f} to {high:.2f}), r2 {float(r['r2']):.3f}")

figure, axes = plt.subplots(figsize=(5.2, 3.2), layout="constrained")
rates = [float(r["ktr"]) for r in records]
reach = [[k - r["ktr"].interval[0] for k, r in zip(rates, records, strict=True)],
         [r["ktr"].interval[1] - k for k, r in zip(rates, records, strict=True)]]  # fmt: skip
axes.errorbar(windows, rates, reach, fmt="o", color="#0072B2", capsize=2, label="one exponential")
axes.plot(windows, [float(r["ktr_half"]) for r in records], "s", mfc="white", color="#D55E00", label="half-time")
axes.set(xscale="log", xlabel="window (s)", ylabel="ktr (1/s)")
axes.set_xticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
axes.minorticks_off()
axes.legend()
