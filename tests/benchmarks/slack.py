"""Ratios of the slack test to break points by pwlf: ``python -m tests.benchmarks.slack``.

The first line finds one release in a recording of 5 s at 10 kHz and the moment its slack is taken up, from the raw
arrays; pwlf is given only the cut-out window that the default detector looks at, and fits one break of two lines. The
others measure a folder of 200 recordings with 5 releases each into whole records; the peer reads them with the same
reader, finds the releases and cuts the windows with the same code, and has pwlf fit each break and NumPy the line.

Every figure is a ratio of medians taken in turn in the same run, so a machine that drifts drifts for both. Run it on a
quiet machine. pwlf is no dependency of the project: ``pip install pwlf``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np

import musclemetrics as mm
from musclemetrics import traces
from musclemetrics.simulate import SlackTest, slack_tests
from musclemetrics.simulate.slack import FIBRES

ROUNDS = 5
RECORDINGS = 200
RATES = (2000.0, 10_000.0)
UPTO = 0.08
"""Share of Po up to which the default detector fits, and so the window the peer is given."""


def seconds(work: Callable[[], object]) -> float:
    """Return the time of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def paired(ours: Callable[[], object], n_ours: int, theirs: Callable[[], object], n_theirs: int) -> tuple[float, ...]:
    """Return seconds a release of ours, of theirs, and the median ratio over rounds taken in turn."""
    ours(), theirs()
    a, b, ratios = [], [], []
    for _ in range(ROUNDS):
        a.append(seconds(ours) / n_ours)
        b.append(seconds(theirs) / n_theirs)
        ratios.append(b[-1] / a[-1])
    return statistics.median(a), statistics.median(b), statistics.median(ratios)


def cut(recording: traces.Recording, length: np.ndarray) -> tuple[np.ndarray, traces.Windows]:
    """Return the size of each release and the windows after them."""
    changes = traces.changes(recording.time, length, recording.rate, least=0.01)
    quick = [(k, c) for k, c in enumerate(changes) if c.size < -0.02 and c.duration < 0.005]
    ends = [*changes[1:], None]
    last = [len(recording.time) if ends[k] is None else ends[k].start for k, _ in quick]
    before = [
        float(recording.force[max(0, recording.index(c.begin - 0.02)) : max(c.start, 1)].mean()) for _, c in quick
    ]
    seen = traces.windows(
        recording.time,
        recording.force,
        recording.rate,
        origin=[c.middle for _, c in quick],
        end=[c.end for _, c in quick],
        last=last,
        before=before,
    )
    return np.array([-c.size for _, c in quick]), seen


def detected(test: SlackTest) -> float:
    """Return when the slack of the one release ends, from the raw arrays by the default detector."""
    recording = traces.recording(test.time, test.force, test.length)
    _, seen = cut(recording, recording.length)
    return float(traces.onset(seen, "hinge_quadratic").time[0])


def window(seen: traces.Windows, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Return time and force of a release from where the transducer is at rest to `UPTO`."""
    n = int(seen.weight[row].sum())
    smooth = seen.smooth[row, :n] - seen.baseline[row]
    low = int(np.argmin(smooth))
    up = low + int(np.argmax(smooth[low:] > UPTO * seen.Po[row]))
    return seen.time[row, :up], seen.force[row, :up]


def break_of(pwlf: ModuleType, t: np.ndarray, f: np.ndarray) -> float:
    """Return the break of two lines through a window."""
    return float(pwlf.PiecewiseLinFit(t, f).fit(2)[1])


def by_pwlf(pwlf: ModuleType, paths: Iterable[Path]) -> list[float]:
    """Return Vo of each file: the same reading and cutting, the breaks by pwlf, the line by NumPy."""
    found = []
    for path in paths:
        for reading in mm.read(path):
            facts = traces.recorded(reading, need_length=True)
            recording = traces.recording(**facts.args)
            size, seen = cut(recording, traces.in_L0(recording.length, "{L0}", None))
            duration = [break_of(pwlf, *window(seen, row)) for row in range(len(size))]
            found.append(1.0 / float(np.polyfit(size, duration, 1)[0]))
    return found


def study(rate: float) -> list[SlackTest]:
    """Return simulated tests of five releases, each fibre with its own speed."""
    fibre, steps = FIBRES["type_IIa"]
    rng = np.random.default_rng(3)
    fibres = [replace(fibre, Vo=fibre.Vo * rng.uniform(0.8, 1.2)) for _ in range(RECORDINGS)]
    return slack_tests(fibres, [steps] * RECORDINGS, rate=rate, seeds=range(RECORDINGS))


def written(tests: Sequence[SlackTest], folder: Path) -> list[Path]:
    """Write each test as HDF5, as a rig does: single precision, contiguous, units beside the arrays."""
    import h5py

    paths = []
    for number, test in enumerate(tests):
        path = folder / f"{number:03d}.h5"
        with h5py.File(path, "w") as file:
            for name, values, unit in (("force", test.force, "mN"), ("length", test.length, "{L0}")):
                file.create_dataset(name, data=values.astype(np.float32)).attrs["units"] = unit
            file.create_dataset("time", data=test.time).attrs["units"] = "s"
        paths.append(path)
    return paths


def single() -> SlackTest:
    """Return a recording of 5 s at 10 kHz with one release."""
    fibre, _ = FIBRES["type_IIa"]
    (test,) = slack_tests([fibre], [(0.10,)], rate=10_000.0, seeds=[1], recovery=5.0)
    return replace(test, time=test.time[:50_000], force=test.force[:50_000], length=test.length[:50_000])


def main() -> None:
    """Measure and print everything."""
    try:
        import pwlf
    except ImportError:
        sys.exit("pwlf, the peer of this benchmark, is not installed: pip install pwlf")
    print(f"{'what, a release':44s} {'ours':>10s} {'peer':>10s} {'ratio':>7s} {'asked':>6s}")

    def told(name: str, a: float, b: float, ratio: float, asked: int) -> None:
        verdict = "" if ratio >= asked else "  MISSED"
        print(f"{name:44s} {1e6 * a:8.0f} us {1e3 * b:7.2f} ms {ratio:6.0f}x {asked:5d}x{verdict}", flush=True)

    test = single()
    recording = traces.recording(test.time, test.force, test.length)
    t, f = window(cut(recording, recording.length)[1], 0)
    truth = float(test.slack[0]) - 0.5 * 0.0004  # counted from the middle of the release
    assert abs(detected(test) - truth) < 0.001, "the release is not found where it is"
    assert abs(break_of(pwlf, t, f) - truth) < 0.003, "the peer looks elsewhere"
    ours, theirs = 300, 20

    def many() -> None:
        for _ in range(ours):
            detected(test)

    def breaks() -> None:
        for _ in range(theirs):
            break_of(pwlf, t, f)

    told(f"one in 5 s at 10 kHz / pwlf, {len(t)} samples", *paired(many, ours, breaks, theirs), 20)
    for rate in RATES:
        tests = study(rate)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            paths = written(tests, folder)
            releases = sum(len(one.step) for one in tests)
            records = list(mm.measure_files(folder, "slack"))
            assert all(r.status in ("ok", "suspect") for r in records)
            few = paths[:12]
            ratio = np.array(by_pwlf(pwlf, few)) / [r["Vo"].value for r in records[:12]]
            assert np.all(abs(ratio - 1) < 0.1), "the two do not measure the same"
            a, b, times = paired(
                lambda folder=folder: list(mm.measure_files(folder, "slack")),
                releases,
                lambda few=few: by_pwlf(pwlf, few),
                5 * len(few),
            )
            told(f"{releases} in {len(paths)} files at {rate / 1000:g} kHz / pwlf", a, b, times, 50)


if __name__ == "__main__":
    main()
