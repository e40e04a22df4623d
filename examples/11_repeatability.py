"""
Has this muscle changed?
========================

Twenty people were scanned twice by the same hand. How far apart are two scans of a muscle that has not changed, and
what does that say of one patient's scans?
"""

import matplotlib.pyplot as plt
import numpy as np

import musclemetrics as mm

rng = np.random.default_rng(4)
truth = np.linspace(10, 40, 20)
scans = truth[:, None] * np.exp(0.04 * rng.normal(size=(20, 2)))

# A table of numbers becomes records; those that were measured here are given as they are.
rows = [
    {"subject": f"{person:02d}", "session": visit, "device": "A", "thickness": value}
    for person, two in enumerate(scans)
    for visit, value in enumerate(two, 1)
]
records = mm.compare.tabled(rows, of={"thickness": "mm"})

# %%
# What an occasion does to all alike is bias, the rest is error. MDC95 is what two scans must differ by to tell.

study = mm.compare.repeatability(records, of="thickness")
print(study)

# %%
# Thicker muscles err more, so the error is better taken as a factor.

study = mm.compare.repeatability(records, of="thickness", log="thickness")
print(study["thickness_MDC95_ratio"], study["thickness_CV_log"], sep="\n")

# %%
# A patient, before and after. The verdict is only as good as the study: another device, and there is none.

patient = [{"subject": "P7", "device": "A", "thickness": value} for value in (22.4, 18.9)]
before, after = mm.compare.tabled(patient, of={"thickness": "mm"})
result = mm.compare.change(before, after, study)
print(result)
print(mm.compare.verdict(mm.compare.change(before, after.labelled(device="B"), study)))

figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
mm.compare.draw_repeatability(study, axes[0])
mm.compare.draw_change(result, axes[1])
