"""Ratios of B-mode measurement to its peers: ``python -m tests.benchmarks.bmode [frames]``.

Every figure is a ratio of medians taken in turn in one run, on one core. The images are real ones below
MUSCLEMETRICS_DATA, simulated ones where those are not there. ``frames`` is how many frames the worker measures whose
memory is watched, 2,000 by default. What the statistics of a region cost is told by ``tests.benchmarks.bmode_regions``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("MUSCLEMETRICS_DATA", str(ROOT / ".." / "shared" / "data"))) / "ultrasound"
REAL = (
    "dltrack_apo/images/img_00117.png",
    "dltrack_apo/images/img_00451.png",
    "dltrack_apo/images/img_00021.png",
    "timtrack/dataset_1/S1/S1_L20_step_025.png",
    "timtrack/dataset_2/jumping/gastroc_jumping_070.png",
)
ROUNDS = 5


def images() -> list[np.ndarray]:
    """Return a few frames, grey and RGB."""
    from PIL import Image

    from musclemetrics.simulate import bmode

    if not DATA.is_dir():
        return [bmode(seed=k, screen=screen).image for k, screen in enumerate(("black", "grey", "yellow"))]
    return [np.asarray(Image.open(DATA / path)) for path in REAL]


def seconds(work: Callable[[], object]) -> float:
    """Return the time of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def paired(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int = ROUNDS
) -> tuple[float, float, float]:
    """Return the medians of both and of their ratio (theirs over ours), taken in turn."""
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    a, b = zip(*pairs, strict=True)
    return statistics.median(a), statistics.median(b), statistics.median(y / x for x, y in pairs)


def recipe(grey: np.ndarray) -> None:
    """Find two lines as scikit-image's functions are put together for it: smooth, ridges, two shortest paths."""
    from skimage.filters import gaussian, sato
    from skimage.graph import route_through_array

    ridge = sato(gaussian(grey.astype(float), sigma=2), sigmas=(3,), black_ridges=False)
    cost = 1.0 / (1e-3 + ridge / ridge.max())
    middle = len(cost) // 2
    for half in (cost[:middle], cost[middle:]):
        ends = [(int(np.argmin(half[:, column])), column % half.shape[1]) for column in (0, -1)]
        route_through_array(half, *ends, fully_connected=True, geometric=True)


def mixed_folder(folder: Path, count: int = 200) -> None:
    """Write `count` files: PNG, JPEG, TIFF, and DICOM uncompressed, RLE, JPEG and JPEG 2000."""
    from PIL import Image

    from musclemetrics.simulate.ultrasound import to_dicom, to_png, to_tiff

    def jpeg(image: np.ndarray, path: Path) -> None:
        Image.fromarray(image).save(path, "JPEG", quality=90)

    ways: list[tuple[str, Callable[[np.ndarray, Path], object]]] = [
        ("png", to_png),
        ("jpg", jpeg),
        ("tif", to_tiff),
        ("dcm", to_dicom),
        ("dcm", lambda a, p: to_dicom(a, p, encoding="rle")),
        ("dcm", lambda a, p: to_dicom(a, p, encoding="jpeg")),
        ("dcm", lambda a, p: to_dicom(a, p, encoding="j2k_lossless")),
    ]
    pool = images()
    for k in range(count):
        suffix, write = ways[k % len(ways)]
        # No two files are alike: the batch decodes none of them twice.
        image = np.roll(pool[k % len(pool)], -(k // 35), axis=0)
        write(image, folder / f"{k:03d}.{suffix}")


def decode_alone(folder: Path) -> None:
    """Decode every file with Pillow or pydicom as they come."""
    import pydicom
    from PIL import Image

    for path in sorted(folder.iterdir()):
        if path.suffix == ".dcm":
            pydicom.dcmread(path).pixel_array  # noqa: B018
        else:
            with Image.open(path) as file:
                np.asarray(file)


def measure_folder(folder: Path) -> int:
    """Measure every file, and return how many have a thickness."""
    import musclemetrics as mm

    records = list(mm.measure_files([folder], "bmode"))
    return sum(r.status in ("ok", "suspect") for r in records)


WATCHED = """
import sys
from pathlib import Path
import musclemetrics as mm

def resident():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")

seen = []
for path in sorted(Path(sys.argv[1]).iterdir()):
    for record in mm.measure_files([path], "bmode", reading={"frames": "all"}):
        del record
    seen.append(resident())
print(*seen)
"""


def memory(frames: int) -> list[float]:
    """Return MB resident after each tenth of so many frames of cines, measured in one process."""
    from musclemetrics.simulate import bmode
    from musclemetrics.simulate.ultrasound import to_dicom

    each = max(frames // 10, 1)
    drawn = [bmode(shape=(400, 540), frame=k) for k in range(4)]
    with tempfile.TemporaryDirectory() as folder:
        for k in range(10):
            cine = [drawn[(i + k) % 4] for i in range(each)]
            to_dicom(cine, Path(folder) / f"{k}.dcm", encoding="jpeg")
        command = [sys.executable, "-c", WATCHED, folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-500:], file=sys.stderr)
        return [float("nan")]
    return [float(v) for v in done.stdout.split()]


def told(name: str, ours: float, theirs: float, ratio: float, asked: str, met: bool) -> None:
    """Print one line of the table."""
    print(
        f"{name:52s} {1e3 * ours:9.1f} ms {1e3 * theirs:9.1f} ms {ratio:7.1f} x {asked:>7s}{'' if met else '  MISSED'}",
        flush=True,
    )


def main(frames: int = 2000) -> None:
    """Measure and print everything."""
    from musclemetrics import imaging
    from musclemetrics.modalities import bmode

    print(f"{'what':52s} {'ours':>12s} {'peer':>12s} {'ratio':>9s} {'asked':>7s}")
    ratios = []
    for image in images():
        grey = np.asarray(imaging.grey(image))
        x0, y0, x1, y1 = imaging.field_of_view(grey).box
        scan = grey[y0:y1, x0:x1]
        a, b, ratio = paired(lambda image=image: bmode.measure(image), lambda grey=grey: recipe(grey))
        ratios.append((a, b, ratio))
        told(f"record of {grey.shape} / lines by scikit-image", a, b, ratio, ">= 12", ratio >= 12)
        # Told, not asked: what the peer takes where somebody has cut the scan out for it.
        a, b, ratio = paired(lambda image=image: bmode.measure(image), lambda scan=scan: recipe(scan))
        told(f"  on its scan alone, {scan.shape}", a, b, ratio, "", True)
    a, b, ratio = (statistics.median(column) for column in zip(*ratios, strict=True))
    told("record / lines by scikit-image, median image", a, b, ratio, ">= 12", ratio >= 12)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mixed_folder(folder)
        measured = measure_folder(folder)
        a, b, ratio = paired(lambda: measure_folder(folder), lambda: decode_alone(folder), 3)
        told(f"200 mixed files ({measured} measured) / decoding them", a, b, 1 / ratio, "<= 6", 1 / ratio <= 6)
    seen = memory(frames)
    growth = seen[-1] - seen[1] if len(seen) > 1 else float("nan")
    verdict = "" if growth < 0.03 * seen[0] else "  MISSED"
    print(f"memory over {frames} frames: {' '.join(f'{v:.0f}' for v in seen)} MB, grown by {growth:.1f} MB{verdict}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
