"""Images: what of a picture is tissue, where its layers are, and what the pixels of a region say."""

from .grey import GREY_RULES, LEAST_CHROMA, chroma_share, grey
from .regions import LEAST_AREA, Region, between, largest_rectangle, polygon_mask, region_of, rings_mask
from .statistics import BANDS, GreyStatistics, masked_statistics
from .view import View, field_of_view

__all__ = [
    "BANDS",
    "GREY_RULES",
    "LEAST_AREA",
    "LEAST_CHROMA",
    "GreyStatistics",
    "Region",
    "View",
    "between",
    "chroma_share",
    "field_of_view",
    "grey",
    "largest_rectangle",
    "masked_statistics",
    "polygon_mask",
    "region_of",
    "rings_mask",
]
