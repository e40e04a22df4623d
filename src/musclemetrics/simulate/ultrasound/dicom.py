"""Images written as DICOM: every encoding and photometric interpretation a reader of ultrasound meets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import SettingsError
from .encoding import SYNTAXES, encoded, stored
from .pictures import pixels

__all__ = ["Region", "to_dicom"]

ROOT = "2.25."
"""UIDs are this and a number made from the content, so the same image makes the same file."""


@dataclass(frozen=True, slots=True)
class Region:
    """An ultrasound region of the header (0018,6011).

    Attributes
    ----------
    box : (int, int, int, int)
        x0, y0, x1, y1, the last column and row not included; the header holds the last one included.
    spacing : (float, float)
        dx, dy in mm per px, written in cm; they may be negative, as some scanners write dy.
    space, kind : int
        Region Spatial Format (1 is 2-D, 2 M-mode, 3 spectral, 4 waveform, 5 graphics) and Region Data Type (1 tissue).
    units : (int, int)
        Physical units along x and y: 3 is cm, 4 s, 7 cm/s.
    """

    box: tuple[int, int, int, int]
    spacing: tuple[float, float]
    space: int = 1
    kind: int = 1
    units: tuple[int, int] = (3, 3)


def to_dicom(
    image: Any,
    path: str | Path | IO[bytes],
    *,
    encoding: str = "uncompressed",
    photometric: str | None = None,
    bits: int = 8,
    signed: bool = False,
    regions: Sequence[Region] | None = None,
    pixel_spacing: tuple[float, float] | None = None,
    spacing_tag: str = "PixelSpacing",
    tags: Mapping[str, Any] | None = None,
) -> None:
    """Write an image as an ultrasound DICOM file.

    Parameters
    ----------
    image : Phantom, array of uint8 of shape (height, width) or (height, width, 3), or a list of them
        A list makes a multi-frame file.
    path : path or binary stream
    encoding : str
        One of "uncompressed", "implicit", "big_endian", "deflated", "rle", "jpeg", "j2k", "j2k_lossless",
        "jpeg_lossless", "jpegls", "htj2k_lossless"; the last two need imagecodecs.
    photometric : str, optional
        MONOCHROME2, MONOCHROME1, RGB, YBR_FULL, YBR_FULL_422, YBR_ICT, YBR_RCT or PALETTE COLOR; by default what the
        image and the encoding have of themselves. The image looks the same in each.
    bits : int
        Bits stored: 8, or up to 16 for grey, whose levels are then shifted up.
    signed : bool
        Store grey as signed numbers, zero in the middle.
    regions : sequence of Region, optional
        By default the box of a phantom with its spacing; none for a plain array.
    pixel_spacing : (float, float), optional
        dx, dy in mm per px; the tag holds dy first.
    spacing_tag : {"PixelSpacing", "NominalScannedPixelSpacing", "ImagerPixelSpacing"}
    tags : Mapping, optional
        Further attributes, by keyword; None takes one away.

    Raises
    ------
    SettingsError
        If the encoding cannot hold such an image.
    MissingDependencyError
        If its encoder is not installed.
    """
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    if encoding not in SYNTAXES:
        raise SettingsError(f"encoding={encoding!r} is unknown", remedy=f"use one of {', '.join(SYNTAXES)}")
    first = image[0] if isinstance(image, list | tuple) else image
    if regions is None:
        regions = [Region(first.box, first.spacing)] if hasattr(first, "box") else []
    frames = [pixels(one) for one in (image if isinstance(image, list | tuple) else [image])]
    made = stored(frames, encoding, photometric, bits, signed)
    kind = "1.2.840.10008.5.1.4.1.1.3.1" if len(frames) > 1 else "1.2.840.10008.5.1.4.1.1.6.1"
    decided = repr((encoding, made.photometric, bits, signed, regions, pixel_spacing, spacing_tag, tags))
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = kind, _uid(frames, decided)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = _uid(frames, "study"), _uid(frames, "series")
    ds.StudyDate = ds.StudyTime = ds.AccessionNumber = ds.ReferringPhysicianName = ds.StudyID = ""
    ds.PatientName = ds.PatientID = ds.PatientBirthDate = ds.PatientSex = ""
    ds.Modality, ds.Manufacturer, ds.ManufacturerModelName = "US", "musclemetrics", "simulated"
    ds.SeriesNumber, ds.InstanceNumber = "1", "1"
    ds.Rows, ds.Columns = frames[0].shape[:2]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = made.samples, made.photometric
    if made.samples == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = 8 if bits == 8 else 16
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits - 1, int(signed)
    if len(frames) > 1:
        ds.NumberOfFrames, ds.FrameTime = str(len(frames)), "33.333"
        ds.FrameIncrementPointer = 0x00181063
    if made.palette is not None:
        for k, colour in enumerate(("Red", "Green", "Blue")):
            setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            table = made.palette[:, k].astype("<u2") * 257
            setattr(ds, f"{colour}PaletteColorLookupTableData", table.tobytes())
    if pixel_spacing is not None:
        setattr(ds, spacing_tag, [_decimal(pixel_spacing[1]), _decimal(pixel_spacing[0])])
    if regions:
        ds.SequenceOfUltrasoundRegions = [_item(one) for one in regions]
    ds.LossyImageCompression = "01" if encoding in ("jpeg", "j2k") else "00"
    for keyword, value in (tags or {}).items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    syntax = SYNTAXES[encoding]
    if syntax.compressed:
        ds.PixelData = encapsulate([encoded(one, encoding, made, bits, signed) for one in made.frames])
        ds["PixelData"].VR = "OB"
    else:
        big = encoding == "big_endian"
        data = b"".join(f.astype(f.dtype.newbyteorder(">" if big else "<")).tobytes() for f in made.frames)
        ds.PixelData = data + b"\0" * (len(data) % 2)
        ds["PixelData"].VR = "OW" if bits > 8 else "OB"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = UID(syntax.uid)
    # Named here, or the file would tell which version of pydicom wrote it.
    meta.ImplementationClassUID, meta.ImplementationVersionName = UID(ROOT + "1"), "musclemetrics"
    ds.file_meta = meta
    pydicom.dcmwrite(path, ds, enforce_file_format=True)


def _item(region: Region) -> Any:
    from pydicom.dataset import Dataset

    ds = Dataset()
    ds.RegionSpatialFormat, ds.RegionDataType, ds.RegionFlags = region.space, region.kind, 0
    x0, y0, x1, y1 = region.box
    ds.RegionLocationMinX0, ds.RegionLocationMinY0 = x0, y0
    ds.RegionLocationMaxX1, ds.RegionLocationMaxY1 = x1 - 1, y1 - 1
    ds.PhysicalUnitsXDirection, ds.PhysicalUnitsYDirection = region.units
    ds.PhysicalDeltaX, ds.PhysicalDeltaY = region.spacing[0] / 10.0, region.spacing[1] / 10.0
    return ds


def _decimal(value: float) -> str:
    """Return a decimal string of at most 16 characters."""
    return f"{value:.12g}"


def _uid(frames: Sequence[NDArray[Any]], what: str) -> str:
    digest = hashlib.sha256(what.encode())
    for one in frames:
        digest.update(repr(one.shape).encode() + np.ascontiguousarray(one).tobytes())
    return ROOT + str(int.from_bytes(digest.digest()[:16], "big"))
