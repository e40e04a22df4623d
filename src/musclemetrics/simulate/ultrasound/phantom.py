"""B-mode images with known truth: layers of tissue in millimetres, speckle, log compression, a scanner's screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ... import checks
from ...errors import SettingsError
from .screen import SCREENS, screenshot, view_box
from .tissue import Muscle, Sheet, geometry, middle_line, speckle_db, tissue

__all__ = ["Layer", "Phantom", "bmode"]

Array = NDArray[np.float64]

DEEP = 36.0
"""Depth of the view where no spacing is given, mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """The truth of one muscle, between the inner edges of the sheets above and below it.

    Attributes
    ----------
    x : array, shape (n,)
        Columns of the image both edges share.
    superficial, deep : array, shape (n,)
        y of the lower edge of the sheet above and of the upper edge of the sheet below, px of the image.
    thickness, left, middle, right : float
        mm, vertical: the mean over the columns, and at 25, 50 and 75 % of their width.
    perpendicular : float
        mm: the mean times the cosine of the edges' mean angle.
    fascicle_angle, deep_angle, pennation : float
        Degrees: fascicles and deep edge against the horizontal, positive rising to the right; their difference.
    thickness_px : float
    """

    x: Array
    superficial: Array
    deep: Array
    thickness: float
    left: float
    middle: float
    right: float
    perpendicular: float
    fascicle_angle: float
    deep_angle: float
    pennation: float
    thickness_px: float


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A simulated image and its truth.

    Attributes
    ----------
    image : array of uint8, shape (height, width) or (height, width, 3)
    box : tuple of int
        x0, y0, x1, y1 of the scan region, the last column and row not included.
    mask : array of bool
        Which pixels of the box the probe saw: all of a rectangle, the fan of a sector.
    spacing : tuple of float
        dx, dy in mm per px.
    tick, tick_mm : float
        Period of the ruler's ticks down the image, px and mm; NaN without a ruler.
    layers : tuple of Layer
    outer : array, shape (n,)
        y of the upper edge of the first sheet at the columns of the first layer.
    subcutaneous : float
        mm from the probe's face to that edge, mean over the columns.
    """

    image: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    mask: NDArray[np.bool_]
    spacing: tuple[float, float]
    tick: float
    tick_mm: float
    layers: tuple[Layer, ...]
    outer: Array
    subcutaneous: float

    def truth(self, layer: int = 0, *, inset_mm: float = 1.0, scaled: bool = True) -> dict[str, float]:
        """Return what measuring a layer should give, by the names of a record; lengths in px if not `scaled`.

        Grey levels are those of the image as it is, in the region `inset_mm` away from the true edges.
        """
        one = self.layers[layer]
        unit = 1.0 if scaled else 1.0 / self.spacing[1]
        found = {
            "thickness": one.thickness * unit,
            "thickness_left": one.left * unit,
            "thickness_middle": one.middle * unit,
            "thickness_right": one.right * unit,
            "subcutaneous_thickness": self.subcutaneous * unit,
            "echo_intensity": self.echo_intensity(layer, inset_mm),
            "pennation_angle": abs(one.pennation),
        }
        return found | ({"spacing_x": self.spacing[0], "spacing_y": self.spacing[1]} if scaled else {})

    def region(self, layer: int = 0, inset_mm: float = 0.0) -> NDArray[np.bool_]:
        """Return which pixels of the image have their centre between the inner edges, `inset_mm` away from them."""
        one = self.layers[layer]
        inset = inset_mm / self.spacing[1]
        height, width = self.image.shape[0], self.image.shape[1]
        found = np.zeros((height, width), bool)
        y = np.arange(height)[:, None]
        found[:, one.x.astype(int)] = (y >= one.superficial + inset) & (y <= one.deep - inset)
        x0, y0, x1, y1 = self.box
        found[y0:y1, x0:x1] &= self.mask
        return found

    def echo_intensity(self, layer: int = 0, inset_mm: float = 0.0) -> float:
        """Return the mean grey level of :meth:`region`, zeros and all; colours as their plain mean."""
        return float(self.image[self.region(layer, inset_mm)].mean())


def bmode(
    sheets: Sequence[Sheet] = (Sheet(9.0, tilt=-1.0), Sheet(27.0, tilt=2.0)),
    muscles: Sequence[Muscle] = (Muscle(),),
    *,
    shape: tuple[int, int] = (600, 800),
    spacing: tuple[float, float] | None = None,
    view: str = "linear",
    screen: str | None = "black",
    skin: float = 1.5,
    fasciae: int = 1,
    speckle: tuple[float, float] = (2.4, 1.1),
    looks: int = 2,
    mottle: float = 2.5,
    gain: float = 0.0,
    attenuation: float = 1.0,
    dynamic_range: float = 60.0,
    tick_mm: float = 10.0,
    seed: int = 0,
    frame: int = 0,
) -> Phantom:
    """Simulate one B-mode image.

    Parameters
    ----------
    sheets : sequence of Sheet
        Aponeuroses from above, two at least; each two that follow each other bound a layer.
    muscles : sequence of Muscle
        One a layer; the last stands for those that are not given.
    shape : (int, int)
        Height and width of the image, px.
    spacing : (float, float), optional
        dx, dy in mm per px; by default square pixels and a view 36 mm deep.
    view : {"linear", "sector"}
        A rectangle, or the fan of a curved probe.
    screen : {"black", "grey", "yellow"} or None
        What the scanner draws around the view: ticks at the left and below on black; header, panels and a ruler at the
        right; header text and a numbered ruler in colour. None for an image that is the view alone.
    skin : float
        mm.
    fasciae : int
        Thin bright sheets inside the fat, which are no aponeuroses.
    speckle : (float, float)
        Standard deviation of its grain across and along the beam, px.
    looks : int
        Independent speckle patterns averaged, as compounding does.
    mottle : float
        Standard deviation of slow changes of the echo within every tissue, dB.
    gain : float
        dB added everywhere.
    attenuation : float
        dB lost per cm of depth that the scanner does not make up for.
    dynamic_range : float
        dB from black to white.
    tick_mm : float
        mm between the ruler's ticks.
    seed : int
    frame : int
        Frames of one seed show the same anatomy with speckle of their own.

    Returns
    -------
    Phantom

    Raises
    ------
    SettingsError
        If the view is too small for the sheets, or the screen or view is unknown.

    Notes
    -----
    Grey is linear in dB, so a sheet's edge, half way in dB between muscle and sheet, is half way in expected grey
    levels as long as neither is black or white. Speckle is the log of a mean of Rayleigh intensities with a Gaussian
    grain; a sheet, being a mirror, has half of it.

    Examples
    --------
    >>> made = bmode([Sheet(9.0, thickness=1.0), Sheet(27.0, thickness=1.0)])
    >>> made.image.shape, made.box
    ((600, 800), (104, 120, 544, 540))
    >>> round(made.layers[0].thickness, 6)
    17.0
    """
    checks.choice(view, "view", ("linear", "sector"))
    checks.choice(screen, "screen", SCREENS)
    box = view_box(shape, screen)
    x0, y0, x1, y1 = box
    dx, dy = spacing if spacing is not None else (round(DEEP / (y1 - y0), 4),) * 2
    for value in (dx, dy):
        checks.number(value, "spacing", low=1e-3, high=10.0)
    if len(sheets) < 2 or not muscles:
        raise SettingsError(
            f"{len(sheets)} sheet(s) and {len(muscles)} muscle(s) bound no layer", remedy="give two sheets and a muscle"
        )
    # Anatomy and speckle each have their own chance: another frame shows the same muscle.
    anatomy, noise = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2, frame])
    # Millimetres of the pixel centres; the face of the probe is half a pixel above the first row.
    X = np.asarray((np.arange(x1 - x0) - (x1 - x0 - 1) / 2) * dx, np.float64)
    Z = np.asarray((np.arange(y1 - y0) + 0.5) * dy, np.float64)
    seen = geometry(view, X, Z)
    centre = [middle_line(s, X) for s in sheets]
    angles = [muscles[min(i, len(muscles) - 1)].pennation + below.tilt for i, below in enumerate(sheets[1:])]
    echo, mirror = tissue(sheets, muscles, angles, seen, skin=skin, fasciae=fasciae, mottle=mottle, rng=anatomy)
    texture = speckle_db(seen, speckle, looks, noise)
    db = echo + texture * (1.0 - 0.5 * mirror) + gain - attenuation * seen.depth / 10.0
    levels = np.clip(np.rint(255.0 * (1.0 + db / dynamic_range)), 0, 255)
    mask, grey = seen.mask, np.where(seen.mask, levels, 0).astype(np.uint8)
    layers = tuple(
        _layer(sheets[i], sheets[i + 1], centre[i], centre[i + 1], angles[i], box, mask, X, (dx, dy))
        for i in range(len(sheets) - 1)
    )
    columns = layers[0].x.astype(int) - x0
    outer = centre[0][columns] - sheets[0].thickness / 2
    image = grey if screen is None else screenshot(grey, box, shape, screen, tick_mm / dx, tick_mm / dy, seed)
    return Phantom(
        image=image,
        box=box,
        mask=mask,
        spacing=(dx, dy),
        tick=float("nan") if screen is None else tick_mm / dy,
        tick_mm=float("nan") if screen is None else float(tick_mm),
        layers=layers,
        outer=_row(outer, y0, dy),
        subcutaneous=float(np.mean(outer - seen.face[columns])),
    )


def _row(z: Array, y0: int, dy: float) -> Array:
    return y0 - 0.5 + z / dy


def _layer(
    above: Sheet,
    below: Sheet,
    upper: Array,
    lower: Array,
    angle: float,
    box: tuple[int, int, int, int],
    mask: NDArray[np.bool_],
    X: Array,
    spacing: tuple[float, float],
) -> Layer:
    """Return the truth between two sheets, over the columns where the probe saw both edges."""
    x0, y0, _, _ = box
    dy = spacing[1]
    top, bottom = upper + above.thickness / 2, lower - below.thickness / 2
    rows = [np.rint(e / dy - 0.5).astype(int) for e in (top, bottom)]
    inside = bottom > top
    for row in rows:
        held = (row >= 0) & (row < len(mask))
        inside &= held & mask[np.clip(row, 0, len(mask) - 1), np.arange(len(X))]
    columns = np.flatnonzero(inside)
    if len(columns) < 2:
        raise SettingsError(
            f"the view is {len(mask) * dy:.1f} mm deep and shows no layer between {above.depth:g} and "
            f"{below.depth:g} mm",
            remedy="give a larger shape or spacing, or sheets that are less deep",
        )
    # Columns on both sides of a gap in the fan would not be one layer: from the first to the last.
    columns = np.arange(columns[0], columns[-1] + 1)
    along, top, bottom = X[columns], top[columns], bottom[columns]
    profile = bottom - top
    quarter = [float(np.interp(along[0] + q * (along[-1] - along[0]), along, profile)) for q in (0.25, 0.5, 0.75)]
    slopes = [float(np.degrees(np.arctan(-np.polyfit(along, edge, 1)[0]))) for edge in (top, bottom)]
    return Layer(
        x=(columns + x0).astype(np.float64),
        superficial=_row(top, y0, dy),
        deep=_row(bottom, y0, dy),
        thickness=float(profile.mean()),
        left=quarter[0],
        middle=quarter[1],
        right=quarter[2],
        perpendicular=float(profile.mean() * np.cos(np.radians(np.mean(slopes)))),
        fascicle_angle=angle,
        deep_angle=slopes[1],
        pennation=angle - slopes[1],
        thickness_px=float(profile.mean() / dy),
    )
