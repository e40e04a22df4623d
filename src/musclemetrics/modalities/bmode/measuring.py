"""The face of the modality: measure one image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from ... import checks
from ...record import Record
from .decisions import Decisions

__all__ = ["check_settings", "measure"]

_ARRAYS = ("image", "spacing", "roi")


def measure(
    image: ArrayLike,
    spacing: ArrayLike | None = None,
    roi: ArrayLike | None = None,
    *,
    layer: int = 0,
    depth_window: tuple[float, float, float, float] | None = None,
    view: str = "longitudinal",
    lines: Mapping[str, Sequence[Sequence[float]]] | None = None,
    grey: str = "itu601",
    region_rule: str = "between",
    inset_mm: float = 1.0,
    inset_px: float | None = None,
    region: tuple[int, int, int, int] | None = None,
    scale_source: str | None = None,
    tick_mm: float | None = None,
    fat_correction: bool = False,
    fascicles: bool = True,
    texture: str = "none",
    texture_levels: int = 64,
    texture_distance: int = 1,
    bands: bool = False,
) -> Record:
    """Measure a B-mode image of a muscle: thickness, echo intensity, fascicles.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, 3)
        Grey levels 0 to 255, or RGB; with or without what the scanner writes around the scan.
    spacing : float or (float, float), optional
        Millimetres a pixel: one number, or width and height of a pixel.
    roi : array_like, optional
        The region of echo intensity: a mask of the image's shape, or corners of a polygon, shape (n, 2), x and y in
        px; a pixel belongs to it when its centre is inside. By default the muscle between the aponeuroses.
    layer : int
        0: the muscle that is most likely meant; 1, 2 …: the layers below it; −1: the one above.
    depth_window : (float, float, float, float), optional
        Where the upper aponeurosis lies (from, to) and then the lower one, as shares of the view's depth;
        :func:`learn_window` learns it from confirmed images of a study.
    view : {"longitudinal", "transverse", "bone-bounded"}
        How the probe lies. The finder of aponeuroses was tested on longitudinal images alone; others are measured
        with drawn `lines` or `roi`, and flagged where they are not.
    lines : mapping, optional
        The inner edges by hand: ``{"superficial": [[x, y], …], "deep": [[x, y], …]}`` in px of the image.
    grey : {"itu601", "mean"}
        How colour becomes a grey level: luma by ITU-R BT.601, or the plain mean of R, G and B.
    region_rule : {"between", "rectangle"}
        Without a `roi`: all of the muscle between the edges, or the largest upright rectangle within it.
    inset_mm : float
        What is left out beside each edge, so that no fascia is measured as muscle, in mm.
    inset_px : float, optional
        The same in px, used where no scale is known; by default 5 % of the thickness.
    region : (int, int, int, int), optional
        Where the scan is: x0, y0, x1, y1 in px, the last ones not included. By default it is found.
    scale_source : str, optional
        Who states `spacing`; readers give it.
    tick_mm : float, optional
        Millimetres from tick to tick of the ruler in the image, where there is no `spacing`.
    fat_correction : bool
        Whether echo intensity is also given corrected for the subcutaneous tissue above the first muscle.
    fascicles : bool
        Whether the fascicles are looked for (in longitudinal views).
    texture : {"none", "glcm", "runs", "all"}
        Texture features of the region: of the co-occurrence matrix, of run lengths.
    texture_levels : int
        Grey levels of the texture features, over the fixed range 0 to 255.
    texture_distance : int
        Distance in px of the pairs of the co-occurrence matrix.
    bands : bool
        Whether the shares of pixels in five bands of grey levels are given.

    Returns
    -------
    Record
        ``thickness`` with ``_left, _middle, _right, _perpendicular``, ``subcutaneous_thickness``;
        ``echo_intensity`` and the statistics of its region; ``pennation_angle, pennation_angle_superficial,
        fascicle_length, fascicle_extrapolated``; ``confidence``; the size of a pixel. Lengths are in mm where a scale
        is known, else in px, and a flag says so. Traces: ``superficial_x, superficial_y, deep_x, deep_y``, the inner
        edges in px of the original image; ``image_size``, its width and height; ``view_box``, and of a slanted view
        ``view_x, view_top, view_bottom``, the rows between which each stretch of columns is scan; ``layer_top,
        layer_bottom``, the mean rows of all layers seen; ``roi_x, roi_y``, the outline of a drawn polygon, else
        ``region_x, region_top, region_bottom``, the first and last row of the region in some columns; ``fascicle_x,
        fascicle_y``, the ends of the fascicle whose length is given; ``histogram``.

    Raises
    ------
    InputError
        If the arrays are no image that can be measured; the code says why.
    SettingsError
        If a decision cannot be carried out.

    Notes
    -----
    The standard error of echo intensity is that within this one image, of speckle as correlated as it is here. It
    says nothing of how the probe is put on, which changes far more: an interval comes from repeated images
    (:func:`musclemetrics.compare.repeatability`). The correction for fat is of one machine (Young et al. 2015).

    Examples
    --------
    >>> from musclemetrics import bmode
    >>> from musclemetrics import simulate
    >>> made = simulate.bmode(seed=3)
    >>> record = bmode.measure(made.image, made.spacing)
    >>> abs(record["thickness"].value / made.truth()["thickness"] - 1) < 0.02
    True
    """
    from .records import measured

    settings = {k: v for k, v in locals().items() if k not in (*_ARRAYS, "measured")}
    return measured(image, spacing, roi, Decisions.check(settings))


def check_settings(**settings: Any) -> None:
    """Raise SettingsError for a decision that cannot be carried out, before any file is read.

    Parameters
    ----------
    **settings
        Any of the keywords of :func:`measure` and :func:`inputs`; those left out have their defaults.
    """
    from .bench import check_profiles, check_spacing

    def check(every: Mapping[str, Any]) -> None:
        Decisions.check(every)
        check_profiles(settings.get("profiles"))
        check_spacing(settings.get("spacing"))

    checks.settings(measure, check, settings, ("profiles", "spacing"))
