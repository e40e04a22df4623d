"""
A folder of files
=================

Raw traces, one file a contraction and one folder a fibre; and a folder of tables, one of them broken.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import musclemetrics as mm

# %%
# What would be read? Every guess is noted.

table = mm.sample("force_pca") / "calcium_wide.csv"
for reading in mm.read(table):
    print(dict(reading.labels), {name: reading.unit(name) for name in reading if reading.unit(name)})
print(*reading.notes, sep="\n")

# %%
# Each contraction gives a point: the plateau before the slack step, from the zero within it.

traces = list(mm.measure_files(mm.sample("force_pca_traces"), "force_pca", group_by="folder", plateau_window=0.3))
for record in traces:
    print(record.labels["fibre"], record["pCa50"], [flag.code for flag in record.flags])

figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
for record, panel in zip(traces, axes, strict=True):
    mm.plot(record, panel)

# %%
# A broken file has its row, and takes no other with it.

records = list(mm.measure_files(mm.sample("force_pca"), "force_pca"))
for record in records:
    if record.status == "failed":
        print(record.provenance.sources[0][0], record.flags[0].code, record.flags[0].message, sep="\n")

# %%
# Kept without loss, and as a table for statistics.

with tempfile.TemporaryDirectory() as folder:
    mm.save(records, Path(folder) / "results.jsonl")
    mm.save(records, Path(folder) / "results.csv")
    assert mm.load(Path(folder) / "results.jsonl") == records
    print((Path(folder) / "results.csv").read_text(encoding="utf-8").splitlines()[0])
