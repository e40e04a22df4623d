"""Images: what of a picture is tissue, where its layers are, and what the pixels of a region say."""

from .regions import LEAST_AREA, Region, between, largest_rectangle, polygon_mask, region_of, rings_mask
from .statistics import BANDS, GreyStatistics, masked_statistics
from .view import View, field_of_view

__all__ = [
    "BANDS",
    "LEAST_AREA",
    "GreyStatistics",
    "Region",
    "View",
    "between",
    "field_of_view",
    "largest_rectangle",
    "masked_statistics",
    "polygon_mask",
    "region_of",
    "rings_mask",
]
