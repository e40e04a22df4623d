"""What every name of a B-mode record means."""

from __future__ import annotations

from ...imaging import COOCCURRENCE, RUN_LENGTHS
from ...record import Definition

__all__ = ["DEFINITIONS", "LIMITS", "VIEWS", "YOUNG_2015"]

VIEWS = ("longitudinal", "transverse", "bone-bounded")
"""How the probe lies: along the fibres, across them, or down to the bone."""

YOUNG_2015 = 40.5278
"""Grey levels a centimetre of subcutaneous tissue, Young et al. 2015, Muscle Nerve 52:963; of one machine."""

_LENGTH, _AREA, _GREY = ("mm", "px"), ("mm2", "px2"), ("{GreyLevel}",)
_GLCM = {"texture": ("glcm", "all")}
_RUNS = {"texture": ("runs", "all")}
_BANDS = {"bands": (True,)}

DEFINITIONS: tuple[Definition, ...] = (
    Definition("thickness", _LENGTH, "Vertical distance of the inner edges of the two aponeuroses, mean over columns"),
    Definition("thickness_left", _LENGTH, "The same at a quarter of the columns both edges share"),
    Definition("thickness_middle", _LENGTH, "The same at half of them"),
    Definition("thickness_right", _LENGTH, "The same at three quarters of them"),
    Definition("thickness_perpendicular", _LENGTH, "Distance of the inner edges at right angles to their middle line"),
    Definition("subcutaneous_thickness", _LENGTH, "From the probe's face to the outer edge of the first aponeurosis"),
    Definition("echo_intensity", _GREY, "Mean grey level of the muscle's region; stderr is within this one image"),
    Definition(
        "echo_intensity_corrected",
        _GREY,
        "Echo intensity plus 40.5278 grey levels a centimetre of subcutaneous tissue (Young 2015)",
        only={"fat_correction": (True,)},
    ),
    Definition("echo_intensity_sd", _GREY, "Standard deviation of the grey levels of the region"),
    Definition("echo_intensity_median", _GREY, "Their median"),
    Definition("echo_intensity_skewness", ("1",), "Their skewness"),
    Definition("echo_intensity_kurtosis", ("1",), "Their kurtosis in excess of a normal distribution's"),
    Definition("echo_intensity_entropy", ("1",), "Entropy of their histogram of 256 levels, bits"),
    Definition("saturated", ("%",), "Share of the region's pixels at the highest level"),
    Definition("black", ("%",), "Share of the region's pixels at level zero, which count in the mean"),
    Definition("roi_area", _AREA, "Area of the region; of a drawn region its cross-section"),
    Definition("pennation_angle", ("deg",), "Angle of the visible fascicles to the deep aponeurosis"),
    Definition("pennation_angle_superficial", ("deg",), "Their angle to the superficial aponeurosis"),
    Definition("fascicle_length", _LENGTH, "Length of a straight fascicle in the middle of the muscle at that angle"),
    Definition("fascicle_extrapolated", ("%",), "Share of that length outside of what the image shows"),
    Definition("confidence", ("1",), "Probability that the aponeuroses are those a person would choose, 1 by hand"),
    Definition("spacing_x", ("mm",), "Width of a pixel"),
    Definition("spacing_y", ("mm",), "Height of a pixel"),
    Definition("band_0_50", ("%",), "Share of the region's pixels at levels 0 to 50", only=_BANDS),
    Definition("band_51_100", ("%",), "… at levels 51 to 100", only=_BANDS),
    Definition("band_101_150", ("%",), "… at levels 101 to 150", only=_BANDS),
    Definition("band_151_200", ("%",), "… at levels 151 to 200", only=_BANDS),
    Definition("band_201_255", ("%",), "… at levels 201 to 255", only=_BANDS),
    *(
        Definition(
            f"glcm_{name}", ("1",), f"Of co-occurring grey levels: {name.replace('_', ' ')} (IBSI {code})", "", _GLCM
        )
        for name, code in COOCCURRENCE.items()
    ),
    *(
        Definition(
            f"run_{name}", ("1",), f"Of runs of one grey level: {name.replace('_', ' ')} (IBSI {code})", "", _RUNS
        )
        for name, code in RUN_LENGTHS.items()
    ),
)

LIMITS = {
    "side": 48,  # px an image must have at least in each direction
    "colour": 0.005,  # share of the region with colour
    "clipped": 1.0,  # % of the region at the highest level
    "dark": 50.0,  # % of it at level zero
    "region_tall": 0.7,  # share of the scan's depth that a header's region has at least
    "region_area": 0.4,  # and of its area
    "rival": 0.05,  # share of the odds of the next pair
    "least_region": 50,  # px
    "extrapolated": 0.5,  # share of a fascicle outside of the image
    "coherence": 0.25,  # of the fascicles, below which they are faint
    "scale_disagrees": 0.02,  # two scales differ by more than this share
    "smallest_spacing": 0.005,  # mm a pixel
    "largest_spacing": 1.0,
    "thin": 3.0,  # mm: no muscle of these is thinner
    "thick": 120.0,
}
"""Where doubt begins."""
