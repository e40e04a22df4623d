"""Images: what of a picture is tissue, where its layers are, and what the pixels of a region say."""

from .boundaries import Layer, Layers
from .fascicles import Fascicles, fascicle_angle, line_angle
from .grey import GREY_RULES, LEAST_CHROMA, chroma_share, grey, grey_levels
from .layers import layers
from .lengths import FascicleLength, fascicle_length
from .regions import LEAST_AREA, Region, polygon_mask, region_of, rings_mask
from .ruler import TICKS_MM, Ruler, ruler
from .runs import RUN_LENGTHS, run_lengths
from .spaces import between, largest_rectangle
from .speckle import ImageError, speckle_size, within_image_error
from .statistics import BANDS, GreyStatistics, masked_statistics
from .text import LIKELY_TEXT, possible_text
from .texture import COOCCURRENCE, Texture, glcm
from .view import View, field_of_view

__all__ = [
    "BANDS",
    "COOCCURRENCE",
    "GREY_RULES",
    "LEAST_AREA",
    "LEAST_CHROMA",
    "LIKELY_TEXT",
    "RUN_LENGTHS",
    "TICKS_MM",
    "FascicleLength",
    "Fascicles",
    "GreyStatistics",
    "ImageError",
    "Layer",
    "Layers",
    "Region",
    "Ruler",
    "Texture",
    "View",
    "between",
    "chroma_share",
    "fascicle_angle",
    "fascicle_length",
    "field_of_view",
    "glcm",
    "grey",
    "grey_levels",
    "largest_rectangle",
    "layers",
    "line_angle",
    "masked_statistics",
    "polygon_mask",
    "possible_text",
    "region_of",
    "rings_mask",
    "ruler",
    "run_lengths",
    "speckle_size",
    "within_image_error",
]
