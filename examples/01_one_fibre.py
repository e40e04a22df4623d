"""
One fibre
=========

Eight points of one permeabilised fibre: what the fit says, and how far to trust it.
"""

import matplotlib.pyplot as plt

import musclemetrics as mm

pca = [9.0, 6.6, 6.4, 6.2, 5.9, 5.6, 5.4, 4.5]
force = [10.0, 36.8, 77.4, 95.3, 123.0, 119.4, 119.8, 122.4]
conditions = {"temperature": "15 Cel", "fibre_type": "slow"}

record = mm.force_pca.measure(pca, force, force_unit="kN/m2", conditions=conditions)
print(record)

# %%
# The 95 % interval of h is not symmetric, so "2.7 ± 0.9" would say too much on one side and too little on the other.

low, high = record["h"].interval
print(f"h {float(record['h']):.2f}, from {low:.2f} to {high:.2f}")

# %%
# The picture is drawn into axes of your own.

figure, axes = plt.subplots(figsize=(5.2, 4.4), layout="constrained")
mm.plot(record, axes)

# %%
# Without the relaxed point the force at rest is a guess. The curve looks as good and R² hardly changes; the interval
# of Fmin and the flags tell.

blind = mm.force_pca.measure(pca[1:], force[1:], force_unit="kN/m2", conditions=conditions)
print(f"R2 {float(record['r2']):.4f} with, {float(blind['r2']):.4f} without")
print(blind["Fmin"])
for flag in blind.flags:
    print(flag.level, flag.code)
