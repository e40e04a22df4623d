"""Field of view, ruler, fascicle angle and burned-in text on real images: ``python -m tests.validation.bmode_view``.

The images of ``ultrasound/`` below MUSCLEMETRICS_DATA. What the tables call beta is the slope of the *superficial*
aponeurosis (that of the edge found above the muscle follows it, that of the edge below does not), so that alpha - beta
is the pennation against that one; the people agree among themselves as printed.
"""

from __future__ import annotations

import csv
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from musclemetrics import imaging

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("MUSCLEMETRICS_DATA", str(ROOT / ".." / "shared" / "data"))) / "ultrasound"
INSET = 0.06
"""Share of the thickness that is kept away from either edge."""

Grey = NDArray[np.uint8]


@dataclass
class Group:
    """What was found in the images of one kind of screen."""

    boxes: list[tuple[int, ...]] = field(default_factory=list)
    apart: list[int] = field(default_factory=list)
    periods: list[float] = field(default_factory=list)
    off: list[float] = field(default_factory=list)
    ticked: int = 0
    images: int = 0
    texts: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a truth table."""
    with (DATA / "truth" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def picture(path: Path) -> Grey:
    """Return an image in grey."""
    return np.asarray(Image.open(path).convert("L"))


def timed(into: list[float], work: Callable[..., Any], *args: Any) -> Any:
    """Return what `work` returns, and keep how long it took."""
    start = time.process_time()
    result = work(*args)
    into.append(time.process_time() - start)
    return result


def names() -> Iterator[str]:
    """Yield the images, as paths below the folder."""
    for path in sorted(DATA.glob("dltrack_apo/images/*.png")) + sorted(DATA.glob("timtrack/**/*.*")):
        if path.suffix in (".png", ".jpg", ".tif"):
            yield path.relative_to(DATA).as_posix()


def screens() -> dict[str, Group]:
    """Return view, ruler and text of every image, by kind of screen."""
    known = {row["image"]: row for row in table("scale_from_ticks.csv")}
    groups: dict[str, Group] = defaultdict(Group)
    for name in names():
        grey = picture(DATA / name)
        row = known.get(name)
        group = groups[row["group"] if row else "dl512" if "dltrack" in name else name.split("/")[1]]
        view = timed(group.seconds["view"], imaging.field_of_view, grey)
        ruler = timed(group.seconds["ruler"], imaging.ruler, grey, view)
        text = timed(group.seconds["text"], imaging.possible_text, grey, view.box)
        group.images += 1
        group.texts += text >= imaging.LIKELY_TEXT
        group.boxes.append(view.box)
        if ruler:
            group.periods.append(ruler.period)
        if row:
            group.ticked += 1
            edges = [int(row[f"fov_{edge}"]) for edge in ("x0", "y0", "x1", "y1")]
            group.apart.append(max(abs(a - b) for a, b in zip(view.box, edges, strict=True)))
            if ruler and row["tick_px"]:
                group.off.append(100 * (ruler.period / float(row["tick_px"]) - 1))
    return groups


@dataclass(frozen=True)
class Angles:
    """Fascicles of one image, ours and those of three people."""

    dataset: str
    alpha: float
    beta: float
    people: tuple[float, ...]
    angle: float
    superficial: float
    deep: float
    coherence: float
    stderr: float


def angles() -> list[Angles]:
    """Return the fascicle angles of the images that people measured, with the edges that are found by themselves."""
    people: dict[str, list[float]] = defaultdict(list)
    for row in table("manual_3observers_long.csv"):
        people[row["image"]].append(float(row["alpha_deg"]) - float(row["beta_deg"]))
    found = []
    for row in table("manual_3observers_mean.csv"):
        grey = picture(DATA / row["image"])
        edges = imaging.layers(grey, imaging.field_of_view(grey))
        upper, lower = (imaging.line_angle(edges.x, y) for y in (edges.superficial, edges.deep))
        keep = INSET * float(np.mean(edges.deep - edges.superficial))
        mask = imaging.between(edges.x, edges.superficial, edges.deep, grey.shape, inset=keep)
        seen = imaging.fascicle_angle(grey, mask, deep_angle=lower, superficial_angle=upper)
        found.append(
            Angles(
                row["image"].split("/")[1],
                float(row["alpha_deg"]),
                float(row["beta_deg"]),
                tuple(people[row["image"]]),
                seen.angle,
                upper,
                lower,
                seen.coherence,
                seen.stderr,
            )
        )
    return found


def _error(values: list[float]) -> str:
    known = np.array([v for v in values if np.isfinite(v)])
    missing = len(values) - len(known)
    text = f"{np.abs(known).mean():5.2f} {known.mean():+5.2f} {np.abs(known).max():5.1f}"
    return text + (f"  ({missing} not seen)" if missing else "")


def main() -> None:
    """Print the tables."""
    groups = screens()
    print("Field of view, ruler, text: images; largest difference of an edge from the table (median px), ms;")
    print("rulers found of those on the screen, their period against the table (%, least and most), ms;")
    print("text suspected where there is none, ms. Without a table there is no ruler on the screen.")
    for name, group in sorted(groups.items()):
        ms = {key: 1e3 * float(np.median(values)) for key, values in group.seconds.items()}
        apart = f"{np.median(group.apart):4.0f}" if group.apart else "   –"
        period = f"{min(group.off):+.3f} … {max(group.off):+.3f}" if group.off else "–"
        line = f"{group.images:4d} {apart} px {ms['view']:4.1f} ms   {len(group.periods):3d}/{group.ticked:3d}"
        print(f"  {name:10s} {line} {period:18s} {ms['ruler']:4.1f} ms   {group.texts} {ms['text']:4.1f} ms")
    ticked = sum(g.ticked for g in groups.values())
    right = sum(sum(abs(o) <= 0.5 for o in g.off) for g in groups.values())
    known = sum(len(g.off) for g in groups.values())
    false = sum(len(g.periods) for g in groups.values() if not g.ticked)
    print(f"  rulers found {sum(len(g.periods) for g in groups.values()) - false}/{ticked},")
    print(f"  within 0.5 % {right}/{known}; found where there is none {false}")
    found = angles()
    print("\nFascicles (mean absolute error, bias, largest, degrees):")
    for name in [*sorted({f.dataset for f in found}), ""]:
        those = [f for f in found if name in f.dataset]
        print(f"  {name or 'all'} ({len(those)} images)")
        print("    alpha                         ", _error([f.angle - f.alpha for f in those]))
        print("    alpha - beta, against the superficial aponeurosis", end=" ")
        print(_error([abs(f.angle - f.superficial) - (f.alpha - f.beta) for f in those]))
        print("    alpha - beta, against the deep one               ", end=" ")
        print(_error([abs(f.angle - f.deep) - (f.alpha - f.beta) for f in those]))
        print("    beta: superficial edge        ", _error([f.superficial - f.beta for f in those]))
        print("    beta: deep edge               ", _error([f.deep - f.beta for f in those]))
        each = [[p - (sum(f.people) - p) / (len(f.people) - 1) for p in f.people] for f in those]
        print("    one person against the others ", _error([e for row in each for e in row]))
    known_errors = [(abs(f.angle - f.alpha), f.stderr) for f in found if np.isfinite(f.stderr)]
    ratio = [error / stderr for error, stderr in known_errors]
    print(f"  error of alpha within 2 standard errors: {np.mean(np.array(ratio) <= 2):.0%}")


if __name__ == "__main__":
    main()
