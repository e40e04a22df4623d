"""Layers of tissue in millimetres: what a simulated B-mode image shows before a scanner draws around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Muscle", "Seen", "Sheet", "geometry", "middle_line", "speckle_db", "tissue"]

Array = NDArray[np.float64]

SKIN, FAT, FASCIA, BELOW = -16.0, -38.0, -22.0, -40.0
"""Echo of the tissues no argument speaks of, dB below white."""
CURVATURE = 40.0
"""Radius of the probe's face in a sector view, mm."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """An aponeurosis, as a bright band across the view.

    Attributes
    ----------
    depth : float
        Of its middle line at the middle of the view, mm below the top of the view.
    thickness : float
        mm, from half maximum to half maximum: its edges are where the expected grey level is half way.
    tilt : float
        Degrees in millimetre space, positive where it rises towards the right.
    bow : float
        mm that its middle hangs below its ends.
    echo : float
        dB below white.
    gaps : int
        Places where it fades away.
    """

    depth: float
    thickness: float = 1.2
    tilt: float = 0.0
    bow: float = 0.0
    echo: float = -12.0
    gaps: int = 0


@dataclass(frozen=True, slots=True)
class Muscle:
    """The muscle below a sheet.

    Attributes
    ----------
    pennation : float
        Angle of the fascicles against the sheet below them, degrees, positive where they rise towards the right.
    echo : float
        dB below white, without the fascicles.
    fascicles : float
        dB by which the connective tissue between fascicles is brighter; 0 for homogeneous speckle.
    distance : float
        mm between such streaks.
    """

    pennation: float = 15.0
    echo: float = -46.0
    fascicles: float = 14.0
    distance: float = 1.2


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Where the pixels of a view lie.

    Attributes
    ----------
    X, Z : array
        mm of the columns from the middle, of the rows from the top.
    mask : array of bool, shape (rows, columns)
    face : array, shape (columns,)
        Depth of the probe's face, mm.
    depth : array, shape (rows, columns)
        mm from the face along the beam.
    along, across : array, shape (rows, columns)
        The same pixel in beams, px; None where beams are columns.
    """

    X: Array
    Z: Array
    mask: NDArray[np.bool_]
    face: Array
    depth: Array
    along: Array | None = None
    across: Array | None = None


def geometry(view: str, X: Array, Z: Array) -> Seen:
    """Return what a probe sees of a box: all of it, or the fan that fills it."""
    shape, dx, dy = (len(Z), len(X)), X[1] - X[0], Z[1] - Z[0]
    if view == "linear":
        return Seen(X, Z, np.ones(shape, bool), np.zeros(len(X)), np.repeat(Z[:, None], len(X), axis=1))
    width, height = len(X) * dx, len(Z) * dy
    half, reach = 0.3, height
    for _ in range(50):  # its chord is as wide as the box and its end as deep
        reach = height - CURVATURE * (1 - np.cos(half))
        half = float(np.arcsin(min(width / 2 / (CURVATURE + reach), 0.99)))
    top = CURVATURE * np.cos(half)
    radius = np.hypot(X, Z[:, None] + top)
    theta = np.arctan2(X, Z[:, None] + top)
    mask = (radius >= CURVATURE) & (radius <= CURVATURE + reach) & (np.abs(theta) <= half)
    face = np.sqrt(np.maximum(CURVATURE**2 - X**2, top**2)) - top
    # Beams diverge: the grain is as wide as in a linear view half way down, and wider below.
    across = theta * (CURVATURE + reach / 2) / dx
    return Seen(X, Z, mask, face, radius - CURVATURE, (radius - radius.min()) / dy, across - across.min())


def middle_line(sheet: Sheet, X: Array) -> Array:
    """Return the depth of a sheet's middle line, mm, column by column."""
    half = float(np.abs(X).max())
    return np.asarray(sheet.depth - np.tan(np.radians(sheet.tilt)) * X - sheet.bow * (X / half) ** 2)


def tissue(
    sheets: Sequence[Sheet],
    muscles: Sequence[Muscle],
    angles: Sequence[float],
    seen: Seen,
    *,
    skin: float,
    fasciae: int,
    mottle: float,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Return the echo of every pixel before speckle, dB, and how far it is a mirror, 0 to 1."""
    X, Z, dy = seen.X, seen.Z, seen.Z[1] - seen.Z[0]
    centre = [middle_line(s, X) for s in sheets]
    db: Array = np.full(seen.mask.shape, FAT)
    for line in inside_fat(fasciae, centre[0], skin, rng):
        db = over(db, FASCIA, band_share(Z, line, 0.35, dy))
    db = np.where(seen.depth < skin, SKIN - 8.0 * np.minimum(seen.depth / max(skin, 1e-9), 1.0), db)
    # Each muscle fills all below its sheet, and is drawn over by the next.
    for i, line in enumerate(centre):
        last = i == len(centre) - 1
        muscle, angle = muscles[min(i, len(muscles) - 1)], angles[min(i, len(angles) - 1)]
        streaked = streaks(muscle, angle, X, Z, rng)
        db = np.where(Z[:, None] > line, BELOW + 0.4 * streaked if last else muscle.echo + streaked, db)
    db = db + mottle * mottled(seen, rng)
    mirror: Array = np.zeros_like(db)
    for sheet, line in zip(sheets, centre, strict=True):
        share = band_share(Z, line, sheet.thickness, dy) * along_sheet(sheet, X, rng)
        db = over(db, sheet.echo + 2.0 * smooth(len(X), 1.5 / (X[1] - X[0]), rng), share)
        mirror = np.maximum(mirror, share)
    return db, mirror


def band_share(Z: Array, line: Array, thickness: float, dy: float) -> Array:
    """Return how much of each pixel's echo is the sheet's: half at its edges."""
    flank = max(0.12 * thickness, 0.7 * dy)
    return np.asarray(0.5 * (1 + np.tanh((thickness / 2 - np.abs(Z[:, None] - line)) / flank)))


def over(below: Array, echo: float | Array, share: Array) -> Array:
    return below + (echo - below) * share


def smooth(n: int, grain: float, rng: np.random.Generator) -> Array:
    """Return a smooth random row of unit standard deviation."""
    from scipy.ndimage import gaussian_filter1d

    made = gaussian_filter1d(rng.standard_normal(n), grain, mode="wrap")
    return np.asarray(made / max(float(made.std()), 1e-12))


def mottled(seen: Seen, rng: np.random.Generator) -> Array:
    """Return slow changes of unit standard deviation, longer across the beam than along it."""
    from scipy.ndimage import gaussian_filter, zoom

    height, width = seen.mask.shape
    coarse = rng.standard_normal((height // 4 + 2, width // 4 + 2))
    coarse = gaussian_filter(coarse, (0.12 / (seen.Z[1] - seen.Z[0]), 0.4 / (seen.X[1] - seen.X[0])))
    made = zoom(coarse, 4, order=1)[:height, :width]
    return np.asarray(made / made.std())


def along_sheet(sheet: Sheet, X: Array, rng: np.random.Generator) -> Array:
    """Return 1 where a sheet is bright and less where it has a gap."""
    seen = np.ones(len(X))
    for middle in rng.uniform(X[0] * 0.9, X[-1] * 0.9, sheet.gaps):
        seen *= 1 - np.exp(-(((X - middle) / (0.05 * np.ptp(X))) ** 4))
    return seen


def inside_fat(count: int, first: Array, skin: float, rng: np.random.Generator) -> list[Array]:
    """Return thin sheets at random depths between skin and first aponeurosis, nearly parallel to it."""
    shares = np.sort(rng.uniform(0.3, 0.75, count))
    return [skin + (first - skin) * s + rng.uniform(-0.4, 0.4) * np.linspace(-1, 1, len(first)) for s in shares]


def streaks(muscle: Muscle, angle: float, X: Array, Z: Array, rng: np.random.Generator) -> Array:
    """Return the streaks between fascicles, dB: a random pattern drawn out along their direction."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    across, along = 0.12, 0.8  # mm a cell of the pattern
    reach = float(np.hypot(np.ptp(X), np.ptp(Z))) + 10.0
    cells = rng.standard_normal((int(reach / across), int(reach / along)))
    pattern = gaussian_filter(cells, (0.15 * muscle.distance / across, 3.5 / along), mode="wrap")
    pattern = np.maximum(pattern / pattern.std() - 0.4, 0.0)
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    t = X * c - Z[:, None] * s
    u = X * s + Z[:, None] * c
    found = map_coordinates(pattern, [u / across, t / along], order=1, mode="grid-wrap")
    return np.asarray(muscle.fascicles * found)


def speckle_db(seen: Seen, size: tuple[float, float], looks: int, rng: np.random.Generator) -> Array:
    """Return speckle in dB, of zero mean, its grain `size` px (standard deviation across and along the beam)."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    shape = seen.mask.shape
    if seen.along is not None and seen.across is not None:
        shape = int(seen.along.max()) + 8, int(seen.across.max()) + 8
    intensity = np.zeros(shape)
    for _ in range(2 * looks):
        field = gaussian_filter(rng.standard_normal(shape), (size[1], size[0]), mode="wrap")
        intensity += (field / field.std()) ** 2
    db = 10.0 * np.log10(intensity / (2 * looks))
    db -= db.mean()
    if seen.along is not None:
        db = map_coordinates(db, [seen.along, seen.across], order=1, mode="grid-wrap")
    return np.asarray(db)
