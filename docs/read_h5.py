"""Read saved records with plain h5py: ``python docs/read_h5.py results.h5``."""

import sys

# begin
import h5py

path = sys.argv[1]  # results.h5
with h5py.File(path) as file:
    group = file["force_pca/measurements/Fmax"]
    value, low, high = group["value"][:], group["low"][:], group["high"][:]
    unit = group.attrs["unit"] if "unit" in group.attrs else group["units"].asstr()[:]
    labels = {name: texts.asstr()[:] for name, texts in file["force_pca/labels"].items()}
    status = file["force_pca/status"].asstr()[:]

    # The trace of record i: its part of one long array.
    force, i = file["force_pca/traces/force"], len(value) - 1
    start, stop = force["offsets"][i], force["offsets"][i + 1]
    points = force["values"][start:stop]
# end

fibre = labels["fibre"][i] if "fibre" in labels else "one without a name"
print(fibre, status[i], value[i], low[i], high[i], points.tolist(), sep="\n")
