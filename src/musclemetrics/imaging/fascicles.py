"""Muscle fascicles: the angle of the bright stripes between two aponeuroses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .blur import blurring

__all__ = ["Fascicles", "fascicle_angle", "line_angle"]

Grey = NDArray[Any]
Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Image = NDArray[np.float32]

SIZE = 130
"""Rows of muscle in the reduced copy; thicker muscle is averaged down by a whole factor."""
LEAST = 24
"""Rows of muscle that stripes can be told in."""
STEEPEST, WIDEST = 60, 75
"""Degrees; fascicles lie no steeper than the one, and the spectrum is seen as far as the other."""
FLATTEST = 3.0
"""Degrees from the horizontal within which a stripe cannot be told from its mirror image."""
APART = 5.0
"""Degrees from both aponeuroses that a fascicle is, or it is a sheet parallel to them."""
FINEST, COARSEST = 2.5, 0.4
"""Wavelengths of the stripes: from this many pixels of the reduced copy to this share of the muscle's thickness."""
LOCAL = 0.15
"""Share of the thickness over which brightness and contrast are evened out."""
COARSE = 4
"""Pixels of the reduced copy in a block that local means are taken of."""
EVEN = 0.01
"""Contrast, in roots of grey levels, below which there is only rounding."""
SMOOTH = 3.0
"""Degrees over which directions are averaged."""
ENVELOPE = 12.0
"""Degrees over which the envelope that speckle of either sign shares is averaged."""
SEEN = 0.2
"""Coherence below which fascicles are not seen: speckle alone stays below it."""
BLOCKS = 5
"""Overlapping blocks along the muscle whose own angles tell how sure the angle is."""
AGREE = 8.0
"""Degrees by which a block's angle may differ and still support the whole."""


@dataclass(frozen=True, slots=True)
class Fascicles:
    """The direction of the visible fascicles.

    Attributes
    ----------
    angle : float
        Degrees against the horizontal, positive where they rise to the right; NaN where none are seen.
    pennation : float
        Degrees against the deep aponeurosis, never negative.
    superficial_pennation : float
        Degrees against the superficial aponeurosis, never negative; NaN where its angle was not given.
    coherence : float
        0 to 1: by how much there are more stripes at this angle than at its mirror image, of both.
    stderr : float
        Degrees: standard error of `angle` from the angles of blocks along the muscle; NaN where too few show any.
    share : float
        0 to 1: share of those blocks that show the same angle.
    """

    angle: float
    pennation: float
    superficial_pennation: float
    coherence: float
    stderr: float
    share: float


def line_angle(x: Array, y: Array, *, spacing: tuple[float, float] | None = None) -> float:
    """Return the angle of a line against the horizontal, degrees, positive where it rises to the right.

    Parameters
    ----------
    x, y : array, shape (n,)
        Pixels, y downwards; at least two different columns.
    spacing : (float, float), optional
        dx, dy in mm per px, where pixels are not square.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> round(line_angle(np.array([0.0, 10.0]), np.array([10.0, 0.0])), 6)
    45.0
    """
    off = x - x.mean()
    across = float(off @ off)
    if len(x) < 2 or across == 0.0:
        raise InputError("the line has a single column", code="too-few-points", remedy="give two columns or more")
    dx, dy = spacing or (1.0, 1.0)
    return math.degrees(math.atan2(-float(off @ y) / across * dy, dx))


def fascicle_angle(
    grey: Grey,
    mask: Mask,
    *,
    deep_angle: float,
    superficial_angle: float | None = None,
    spacing: tuple[float, float] | None = None,
) -> Fascicles:
    """Return the angle of the visible fascicles.

    Parameters
    ----------
    grey : array, shape (H, W)
        Grey levels 0 to 255.
    mask : array of bool, shape (H, W)
        Muscle between the inner edges of its aponeuroses, best some rows away from them.
    deep_angle, superficial_angle : float
        Of the aponeuroses against the horizontal, degrees, positive where they rise to the right
        (:func:`line_angle`, with the same `spacing`).
    spacing : (float, float), optional
        dx, dy in mm per px, where pixels are not square: all angles are those in the tissue.

    Returns
    -------
    Fascicles
        `angle` and what derives from it are NaN where no fascicles are seen.

    Raises
    ------
    InputError
        ``wrong-shape`` where mask and image differ; ``muscle-too-thin`` where the muscle is too thin for stripes.

    Notes
    -----
    Stripes at an angle are a ridge of the power spectrum at right angles to it. Speckle, whose grain is wide across the
    beam, has a spectrum of its own, which favours flat stripes but knows no left and right: it is the same at an angle
    and its mirror image. What is left once the mirrored spectrum is taken away comes from fascicles; dividing by the
    envelope that both share keeps the peak from leaning towards the horizontal. Brightness and contrast are evened out
    first, so that few bright fascicles do not speak for all, and no direction within 5° of either aponeurosis
    is taken. So fascicles within 3° of the horizontal are not seen, nor such as cross each other evenly, and images
    of a probe with steered beams are outside of what holds.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:160, :300]
    >>> stripes = 90 + 60 * np.sin(2 * np.pi * (y + x * np.tan(np.radians(20))) / 14)
    >>> found = fascicle_angle(stripes, np.ones((160, 300), bool), deep_angle=-4.0)
    >>> round(found.angle), round(found.pennation)
    (20, 24)
    """
    if grey.shape != mask.shape or mask.ndim != 2:
        raise InputError(
            f"the region has shape {mask.shape}, the image {grey.shape}",
            code="wrong-shape",
            remedy="give a region of the image's shape",
        )
    columns = np.add.reduce(mask, axis=0, dtype=np.uint16)
    seen = columns > 0
    thickness = float(np.median(columns[seen])) if seen.any() else 0.0
    if thickness < LEAST:
        raise InputError(
            f"the muscle is {thickness:.0f} px thick, {LEAST} px are needed to tell fascicles",
            code="muscle-too-thin",
            remedy="give an image with more pixels a millimetre",
        )
    ratio = spacing[1] / spacing[0] if spacing else 1.0
    sheets = [deep_angle] if superficial_angle is None else [deep_angle, superficial_angle]
    taken = [_in_pixels(angle, ratio) for angle in (min(sheets) - APART, max(sheets) + APART)]
    spectra = _spectra(_evened(grey, mask, thickness), thickness)
    (angle, coherence), *blocks = _peaks(np.concatenate([spectra.mean(axis=0)[None], spectra]), taken)
    near = np.array([abs(a - angle) <= AGREE and c >= SEEN for a, c in blocks])
    share = float(near.mean())
    if coherence < SEEN or math.isnan(angle):
        return Fascicles(math.nan, math.nan, math.nan, coherence, math.nan, 0.0)
    own = np.array([a for (a, _), close in zip(blocks, near, strict=True) if close])
    # Blocks overlap by half, so that only every second is news.
    stderr = float(own.std(ddof=1) / math.sqrt((len(own) + 1) / 2)) if len(own) > 2 else math.nan
    angle = math.degrees(math.atan(math.tan(math.radians(angle)) * ratio))
    superficial = math.nan if superficial_angle is None else abs(angle - superficial_angle)
    return Fascicles(angle, abs(angle - deep_angle), superficial, coherence, stderr, share)


def _in_pixels(angle: float, ratio: float) -> float:
    return math.degrees(math.atan(math.tan(math.radians(angle)) / ratio))


def _evened(grey: Grey, mask: Mask, thickness: float) -> Image:
    """Return the muscle with brightness and contrast evened out, reduced, zero outside."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    part, inside = grey[box], mask[box]
    factor = max(1, round(thickness / SIZE))
    if factor > 1:
        high, wide = (size // factor * factor for size in part.shape)
        part = _blocks(part[:high, :wide].astype(np.float32), factor)
        inside = inside[factor // 2 : high : factor, factor // 2 : wide : factor]
    high, wide = (size // COARSE * COARSE for size in part.shape)
    weight = inside[:high, :wide].astype(np.float32)
    # The root makes bright speckle about as uneven as dark, log compression having done most of it.
    level = np.sqrt(np.maximum(part[:high, :wide], 0), dtype=np.float32)
    level -= np.vdot(level, weight) / weight.sum()
    level *= weight
    # Local means vary slowly: they are taken of a coarse copy.
    width = max(3, round(LOCAL * thickness / factor / COARSE) | 1)
    sums = np.stack([_blocks(values, COARSE) for values in (weight, level, level * level)])
    count = sums[0]
    total, mean, square = _local(sums, width)
    total += 1e-3
    mean /= total
    contrast = np.sqrt(np.maximum(square / total - mean**2, 0.0))
    typical = math.sqrt(float((contrast**2 * count).sum()) / float(count.sum()))
    if typical < EVEN:
        return np.zeros_like(level)
    # It fades out where the muscle ends.
    level -= _fine(mean)
    level *= _fine(_local(count, 3) / (contrast + 0.1 * typical))
    level *= weight
    return np.asarray(level)


def _blocks(values: Image, size: int) -> Image:
    """Return the means of square blocks of pixels."""
    # Slice by slice: sums along short axes are slow.
    rows = np.add.reduce([values[i::size] for i in range(size)])
    return np.asarray(np.add.reduce([rows[:, i::size] for i in range(size)]) / np.float32(size * size))


def _fine(values: Image) -> Image:
    """Return a coarse copy interpolated back, straight between the middles of blocks."""
    few, wide = values.shape
    across = values @ _between_blocks(wide)
    out = np.empty((few * COARSE, across.shape[1]), np.float32)
    padded = np.concatenate([across[:1], across, across[-1:]])
    steps = np.diff(padded, axis=0)
    for i in range(COARSE):
        at = (i + 0.5) / COARSE - 0.5
        low = slice(0, few) if at < 0 else slice(1, few + 1)
        out[i::COARSE] = padded[low] + np.float32(at % 1.0) * steps[low]
    return out


@lru_cache(maxsize=64)
def _between_blocks(few: int) -> Image:
    """Return the matrix that interpolates a row of blocks to its pixels."""
    at = np.clip((np.arange(few * COARSE) + 0.5) / COARSE - 0.5, 0, few - 1)
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(at - np.arange(few)[:, None])), np.float32)


def _local(planes: Image, width: int) -> Image:
    """Return local means of a plane, or of each of several, a box twice, zero beyond the border."""
    high, wide = planes.shape[-2:]
    return np.asarray(_boxes(high, width) @ planes @ _boxes(wide, width).T)


@lru_cache(maxsize=64)
def _boxes(n: int, width: int) -> Image:
    """Return the matrix of a box twice over n samples."""
    from scipy import ndimage

    once = ndimage.uniform_filter1d(np.eye(n), width, axis=0, mode="constant")
    return np.asarray(once @ once, np.float32)


def _spectra(evened: Image, thickness: float) -> Array:
    """Return power by block along the muscle, direction (whole degrees from -75 to 75) and wave number.

    Blocks overlap by half and fade out to both sides; their mean is that of the muscle (Welch 1967).
    """
    from scipy import fft

    width = 2 * evened.shape[1] // (BLOCKS + 1)
    starts = np.linspace(0, evened.shape[1] - width, BLOCKS).round().astype(int)
    fade = np.sin(np.pi * (np.arange(width) + 0.5) / width).astype(np.float32)
    blocks = np.stack([evened[:, start : start + width] * fade for start in starts])
    size = max(64, fft.next_fast_len(max(blocks.shape[1:]), real=True))
    # Waves shorter than `FINEST` across are not looked at, and need no transform down.
    stored = int(size / FINEST) + 3
    waves = fft.fft(fft.rfft(blocks, n=size, axis=2)[:, :, :stored], n=size, axis=1, overwrite_x=True)
    power = (waves.real**2 + waves.imag**2).reshape(BLOCKS, -1)
    rows = thickness / max(1, round(thickness / SIZE))
    radius = np.arange(size / (COARSEST * rows), size / FINEST, dtype=np.float32)
    angle = np.radians(np.arange(-WIDEST, WIDEST + 1, dtype=np.float32))[:, None]
    # The wave of a stripe that rises to the right runs down and to the right; half of all waves are stored.
    across, down = radius * np.sin(angle), radius * np.cos(angle)
    down[:WIDEST] *= -1
    np.abs(across, out=across)
    left, row = across.astype(np.intp), np.floor(down)
    part_x, part_y = across - left.astype(np.float32), down - row
    below = row.astype(np.intp)
    upper, lower = below % size * stored + left, (below + 1) % size * stored + left
    polar = (1 - part_y) * ((1 - part_x) * power.take(upper, axis=1) + part_x * power.take(upper + 1, axis=1))
    polar += part_y * ((1 - part_x) * power.take(lower, axis=1) + part_x * power.take(lower + 1, axis=1))
    return np.asarray(polar * radius, dtype=np.float64)


@lru_cache(maxsize=1)
def _envelope() -> Array:
    """Return the matrix that smooths over directions what is the same at either sign, given and had for one sign."""
    both = blurring(2 * WIDEST + 1, ENVELOPE, 0, "reflect")[: WIDEST + 1]
    folded = both[:, : WIDEST + 1].astype(np.float64)
    folded[:, :-1] += both[:, :WIDEST:-1]
    return np.asarray(folded)


def _peaks(polar: Array, taken: list[float]) -> list[tuple[float, float]]:
    """Return of each spectrum the angle at which stripes outdo their mirror image most, and by what share."""
    one = polar[:, : WIDEST + 1] + polar[:, : WIDEST - 1 : -1]
    one = _envelope() @ one @ blurring(polar.shape[2], 4.0, 0, "reflect").T
    envelope = np.concatenate([one, one[:, -2::-1]], axis=1)
    height = envelope.mean(axis=1)
    smooth = blurring(2 * WIDEST + 1, SMOOTH, 0, "reflect")
    found = []
    for spectrum, shared, typical in zip(polar, envelope, height, strict=True):
        if not typical.all():
            found.append((math.nan, 0.0))
            continue
        found.append(_peak(smooth @ ((spectrum / shared) @ typical), taken))
    return found


def _peak(energy: Array, taken: list[float]) -> tuple[float, float]:
    """Return the angle at which there is most more than at its mirror image, and by what share of both."""
    degrees = np.arange(-WIDEST, WIDEST + 1.0)
    excess = energy - energy[::-1]
    tilt = np.abs(degrees)
    allowed = ((degrees < taken[0]) | (degrees > taken[1])) & (tilt >= FLATTEST) & (tilt <= STEEPEST)
    # The shoulder of a sheet's own peak is no peak.
    allowed[1:-1] &= (excess[1:-1] >= excess[:-2]) & (excess[1:-1] > excess[2:])
    allowed[[0, -1]] = False
    if not allowed.any():
        return math.nan, 0.0
    at = int(np.where(allowed, excess, -np.inf).argmax())
    before, here, after = excess[at - 1 : at + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    coherence = float(here / (energy[at] + energy[::-1][at]))
    return float(degrees[at] + max(-1.0, min(1.0, shift))), max(0.0, coherence)
