"""
Many fibres at once
===================

Fibres measured at the same pCa are fitted as one stack: the same numbers as one by one, far sooner. And why fibres are
fitted before they are averaged.
"""

import matplotlib.pyplot as plt
import numpy as np

import musclemetrics as mm
from musclemetrics.simulate.force_pca import forces, population

# 2 groups of 4 animals with 6 fibres each.
pca = [9.0, 6.6, 6.3, 6.1, 6.0, 5.9, 5.8, 5.6, 5.4, 5.0, 4.5]
fibres = population(("WT", "KO"), animals=4, fibres=6, fibre_sd=0.08, seed=3)
stack = np.stack([forces(pca, fibre, seed=n) for n, fibre in enumerate(fibres)])

records = mm.force_pca.measure_many(pca, stack, force_unit="kN/m2", variance="mixed")
labels = [{"fibre": f.name, "animal": f.animal, "group": f.group} for f in fibres]
records = [record.labelled(**words) for record, words in zip(records, labels, strict=True)]

# %%
# As a table, one row a fibre:

table = mm.to_dataframe(records)
print(table[["fibre", "animal", "group", "status", "pCa50", "pCa50_low", "pCa50_high", "h"]].head())

# %%
# The mean curve is flatter than the fibres it is made of, because their half points differ. Its Hill coefficient
# belongs to no fibre.

wild = [n for n, f in enumerate(fibres) if f.group == "WT"]
of_mean = mm.force_pca.measure(pca, stack[wild].mean(axis=0), force_unit="kN/m2")
each = [float(records[n]["h"]) for n in wild]
print(f"mean of the fibres' h {np.mean(each):.2f}, h of the mean curve {float(of_mean['h']):.2f}")

figure, axes = plt.subplots(figsize=(5.2, 3.6), layout="constrained")
for n in wild:
    axes.plot(records[n].trace("curve_pca"), records[n].trace("curve_force"), color="#56B4E9", lw=0.8)
axes.plot(of_mean.trace("curve_pca"), of_mean.trace("curve_force"), color="#D55E00", lw=2)
axes.set(xlim=(7, 4.5), xlabel="pCa", ylabel="Force (kN m⁻²)")

# %%
# Groups are compared with the animal as the unit.

result = mm.compare.groups(records, reference="WT")
print(result)
