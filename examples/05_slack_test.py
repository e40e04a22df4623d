"""
Slack test
==========

Releases of different size, and how long the fibre stays slack after each: the line through them is the unloaded
shortening velocity. How the end of the slack is found decides more than the noise does, and here the truth is known.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import musclemetrics as mm
from musclemetrics.simulate import SlackFibre, slack_test

fibre = SlackFibre(Vo=2.5, extension=0.045, ktr=15.0, drop=60.0)
test = slack_test(fibre, (0.05, 0.07, 0.09, 0.11, 0.13), rate=10_000, seed=4)
about = {"length_unit": "{L0}", "force_unit": "kN/m2"}

record = mm.slack.measure(test.time, test.force, test.length, **about)
print(record)

# %%
# The smallest release takes up hardly more than the series elasticity. Above: force after each release, its onset, and
# the line it was told from. Below: the slack plot.

figure, axes = plt.subplots(figsize=(6.2, 6.4), layout="constrained")
mm.plot(record, axes)

# %%
# The same recording by every detector. All lie on fine lines; r² does not know the truth.

for onset in ("hinge_quadratic", "line", "hinge", "exponential", "threshold", "sigma"):
    one = mm.slack.measure(test.time, test.force, test.length, onset=onset, **about)
    low, high = one["Vo"].interval
    print(f"{onset:15s} Vo {float(one['Vo']):.3f} ({low:.3f} to {high:.3f}), r2 {float(one['r2']):.4f}")
least, most = float(record["Vo_least"]), float(record["Vo_most"])
print(f"{'all of them':15s} Vo {least:.3f} to {most:.3f}, true {fibre.Vo}")

# %%
# Onsets by hand: written, changed in one row, read back. Everything else stays as it was, and the record says who
# decided what.

with tempfile.TemporaryDirectory() as folder:
    table = Path(folder) / "onsets.csv"
    sample = mm.sample("slack") / "S02.csv"
    before = list(mm.measure_files(sample, "slack"))
    mm.store.save_onsets(before, table)
    rows = table.read_text(encoding="utf-8").splitlines()
    source, release, _, *rest = rows[4].split(",")
    rows[4] = ",".join((source, release, "0.9875", *rest))
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    (after,) = mm.measure_files(sample, "slack", corrections=mm.corrections.load(table))

print(before[0]["Vo"], after["Vo"], sep="\n")
for flag in after.flags:
    print(flag.code, flag.message, sep=": ")
figure, axes = plt.subplots(figsize=(6.2, 6.4), layout="constrained")
mm.plot(after, axes)
