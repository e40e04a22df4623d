"""The elements that are read of a DICOM file: this list, and nothing else.

No element that can name a person, a place or a day is here, so none can reach a label, a record or a page. What is
private to a maker is skipped unread.
"""

from __future__ import annotations

from typing import Final

__all__ = ["NAMES", "PIXELS", "READ", "kind_of"]

# keyword: (tag, value representation)
NAMES: Final[dict[str, tuple[int, str]]] = {
    "SpecificCharacterSet": (0x00080005, "CS"),
    "SOPClassUID": (0x00080016, "UI"),
    "Modality": (0x00080060, "CS"),
    "Manufacturer": (0x00080070, "LO"),
    "ManufacturerModelName": (0x00081090, "LO"),
    "ImagerPixelSpacing": (0x00181164, "DS"),
    "NominalScannedPixelSpacing": (0x00182010, "DS"),
    "TransducerData": (0x00185010, "LO"),
    "ProcessingFunction": (0x00185020, "LO"),
    "DynamicRange": (0x00185030, "DS"),
    "TotalGain": (0x00185040, "DS"),
    "DepthOfScanField": (0x00185050, "IS"),
    "SequenceOfUltrasoundRegions": (0x00186011, "SQ"),
    "RegionSpatialFormat": (0x00186012, "US"),
    "RegionDataType": (0x00186014, "US"),
    "RegionLocationMinX0": (0x00186018, "UL"),
    "RegionLocationMinY0": (0x0018601A, "UL"),
    "RegionLocationMaxX1": (0x0018601C, "UL"),
    "RegionLocationMaxY1": (0x0018601E, "UL"),
    "PhysicalUnitsXDirection": (0x00186024, "US"),
    "PhysicalUnitsYDirection": (0x00186026, "US"),
    "PhysicalDeltaX": (0x0018602C, "FD"),
    "PhysicalDeltaY": (0x0018602E, "FD"),
    "TransducerFrequency": (0x00186030, "UL"),
    "TransducerType": (0x00186031, "CS"),
    "SamplesPerPixel": (0x00280002, "US"),
    "PhotometricInterpretation": (0x00280004, "CS"),
    "PlanarConfiguration": (0x00280006, "US"),
    "NumberOfFrames": (0x00280008, "IS"),
    "Rows": (0x00280010, "US"),
    "Columns": (0x00280011, "US"),
    "PixelSpacing": (0x00280030, "DS"),
    "BitsAllocated": (0x00280100, "US"),
    "BitsStored": (0x00280101, "US"),
    "HighBit": (0x00280102, "US"),
    "PixelRepresentation": (0x00280103, "US"),
    "WindowCenter": (0x00281050, "DS"),
    "WindowWidth": (0x00281051, "DS"),
    "RescaleIntercept": (0x00281052, "DS"),
    "RescaleSlope": (0x00281053, "DS"),
    "RedPaletteColorLookupTableDescriptor": (0x00281101, "US"),
    "GreenPaletteColorLookupTableDescriptor": (0x00281102, "US"),
    "BluePaletteColorLookupTableDescriptor": (0x00281103, "US"),
    "RedPaletteColorLookupTableData": (0x00281201, "OW"),
    "GreenPaletteColorLookupTableData": (0x00281202, "OW"),
    "BluePaletteColorLookupTableData": (0x00281203, "OW"),
    "SegmentedRedPaletteColorLookupTableData": (0x00281221, "OW"),
    "SegmentedGreenPaletteColorLookupTableData": (0x00281222, "OW"),
    "SegmentedBluePaletteColorLookupTableData": (0x00281223, "OW"),
    "BurnedInAnnotation": (0x00280301, "CS"),
    "LossyImageCompression": (0x00282110, "CS"),
    "LossyImageCompressionRatio": (0x00282112, "DS"),
    "LossyImageCompressionMethod": (0x00282114, "CS"),
    "ModalityLUTSequence": (0x00283000, "SQ"),
    "LUTDescriptor": (0x00283002, "US"),
    "LUTData": (0x00283006, "OW"),
    "VOILUTSequence": (0x00283010, "SQ"),
}
READ: Final = [tag for tag, _ in NAMES.values()]

PIXELS: Final = (0x7FE00008, 0x7FE00009, 0x7FE00010)
"""Pixels as fractions, as double fractions, and as whole numbers: the first of them ends the header."""


def kind_of(keyword: str) -> tuple[int, str]:
    """Return the tag and the value representation of a keyword."""
    return NAMES[keyword]
