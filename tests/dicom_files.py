"""DICOM files made for the tests, in every encoding, and ways to bend them."""

from __future__ import annotations

import io
import random
import struct
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from musclemetrics import readers
from musclemetrics.errors import MuscleMetricsError
from musclemetrics.reading import Reading

EXPLICIT, IMPLICIT, BIG, DEFLATED = (f"1.2.840.10008.1.2{t}" for t in (".1", "", ".2", ".1.99"))
RLE, J2K, J2K_LOSSY = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
JPEG, LOSSLESS, JPEG_LS, HTJ2K = (f"1.2.840.10008.1.2.4.{t}" for t in ("50", "70", "80", "201"))


def speckle(rows: int = 40, columns: int = 56, seed: int = 1) -> NDArray[np.uint8]:
    """Smooth grey tissue of all levels, so that compression has something to do."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :columns]
    return np.clip(128 + 100 * np.sin(x / 7 + y / 11) + rng.normal(0, 9, (rows, columns)), 0, 255).astype(np.uint8)


def dicom(
    pixels: NDArray[Any] | None,
    *,
    syntax: str = EXPLICIT,
    data: bytes | list[bytes] | None = None,
    frames: int | None = None,
    change: Callable[[Dataset], None] | None = None,
    preamble: bytes = bytes(128),
    **elements: Any,
) -> bytes:
    """Return a DICOM file of these samples, (rows, columns) or (rows, columns, 3), or of `data` packed already."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.6.1")
    meta.MediaStorageSOPInstanceUID = UID("1.2.3.4")
    meta.TransferSyntaxUID = UID(syntax)
    ds = FileDataset("", {}, file_meta=meta, preamble=preamble)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.Modality = "US"
    ds.PhotometricInterpretation = "MONOCHROME2"
    if pixels is not None:
        single = pixels if frames is None else pixels[0]
        ds.Rows, ds.Columns = single.shape[:2]
        ds.SamplesPerPixel = 1 if single.ndim == 2 else 3
        ds.BitsAllocated = ds.BitsStored = 8 * pixels.dtype.itemsize
        ds.HighBit = ds.BitsStored - 1
        ds.PixelRepresentation = int(pixels.dtype.kind == "i")
        if single.ndim == 3:
            ds.PhotometricInterpretation, ds.PlanarConfiguration = "RGB", 0
        if data is None:
            data = pixels.astype(pixels.dtype.newbyteorder(">" if syntax == BIG else "<")).tobytes()
    if frames is not None:
        ds.NumberOfFrames = frames
    for name, value in elements.items():
        if value is None:
            delattr(ds, name)
        else:
            setattr(ds, name, value)
    if isinstance(data, list):
        data = encapsulate(data)
    if data is not None:
        ds.PixelData = data + b"\0" * (len(data) % 2)
        encapsulated = syntax not in (EXPLICIT, IMPLICIT, BIG, DEFLATED)
        ds["PixelData"].VR = "OB" if encapsulated or ds.BitsAllocated == 8 else "OW"
        ds["PixelData"].is_undefined_length = encapsulated
    if change is not None:
        change(ds)
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(
            out, ds, implicit_vr=syntax == IMPLICIT, little_endian=syntax != BIG, enforce_file_format=False
        )
    return out.getvalue()


def region(**values: Any) -> Dataset:
    """Return a region of tissue in cm that covers 56 × 40 px."""
    item = Dataset()
    facts = {
        "RegionSpatialFormat": 1,
        "RegionDataType": 1,
        "RegionFlags": 0,
        "RegionLocationMinX0": 0,
        "RegionLocationMinY0": 0,
        "RegionLocationMaxX1": 55,
        "RegionLocationMaxY1": 39,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.010,
        "PhysicalDeltaY": 0.005,
    }
    for name, value in {**facts, **values}.items():
        setattr(item, name, value)
    return item


def one(data: bytes, **options: Any) -> Reading:
    [reading] = readers.read(io.BytesIO(data), **options)
    return reading


def codes(reading: Reading) -> list[str]:
    return [flag.code for flag in reading.flags]


def refused(data: bytes) -> MuscleMetricsError:
    """Return the error of a file: it comes from reading it, or from the first look at its pixels."""
    with pytest.raises(MuscleMetricsError) as caught:
        decoded(data)
    return caught.value


def decoded(data: bytes) -> list[NDArray[Any]]:
    """Read a file as DICOM and decode the pictures of its readings."""
    return [np.asarray(reading.arrays["image"]) for reading in readers.read(io.BytesIO(data), reader="dicom")]


def jpeg(pixels: NDArray[np.uint8], kind: str = "JPEG", **options: Any) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **options)
    return out.getvalue()


GREY_ENCODINGS: dict[str, Callable[[NDArray[np.uint8]], bytes]] = {
    "explicit": lambda a: dicom(a),
    "implicit": lambda a: dicom(a, syntax=IMPLICIT),
    "big endian": lambda a: dicom(a, syntax=BIG),
    "deflated": lambda a: deflated(dicom(a)),
    "RLE": lambda a: dicom(a, syntax=RLE, data=[run_lengths([a])]),
    "J2K": lambda a: dicom(a, syntax=J2K, data=[jpeg(a, "JPEG2000", no_jp2=True)]),
    "J2K in a box": lambda a: dicom(a, syntax=J2K, data=[jpeg(a, "JPEG2000")]),
    "JPEG lossless": lambda a: dicom(a, syntax=LOSSLESS, data=[packed("ljpeg_encode", a)]),
    "JPEG-LS": lambda a: dicom(a, syntax=JPEG_LS, data=[packed("jpegls_encode", a)]),
    "HTJ2K": lambda a: dicom(a, syntax=HTJ2K, data=[packed("htj2k_encode", a)]),
    "MONOCHROME1": lambda a: dicom(255 - a, PhotometricInterpretation="MONOCHROME1"),
    "grey palette": lambda a: dicom(
        255 - a, change=lambda ds: palette(ds, np.repeat(np.arange(256)[::-1, None], 3, 1))
    ),
    "8 in 16 bits": lambda a: dicom(a.astype(np.uint16), BitsStored=8, HighBit=7),
    "YBR_FULL": lambda a: dicom(ybr(a), PhotometricInterpretation="YBR_FULL"),
    "YBR_FULL planar": lambda a: dicom(
        ybr(a), data=np.moveaxis(ybr(a), -1, 0).tobytes(), PhotometricInterpretation="YBR_FULL", PlanarConfiguration=1
    ),
    "YBR_FULL_422": lambda a: dicom(ybr(a), data=halved(ybr(a)), PhotometricInterpretation="YBR_FULL_422"),
    "YBR_FULL RLE": lambda a: dicom(
        ybr(a),
        syntax=RLE,
        data=[run_lengths([a, *ybr(a)[..., 1:].transpose(2, 0, 1)])],
        PhotometricInterpretation="YBR_FULL",
    ),
}


def packed(function: str, pixels: NDArray[Any], **options: Any) -> bytes:
    codecs = pytest.importorskip("imagecodecs")
    return bytes(getattr(codecs, function)(np.ascontiguousarray(pixels), **options))


def run_lengths(planes: list[NDArray[np.uint8]]) -> bytes:
    """Pack planes as DICOM's run lengths, written for the test: literal runs and repeats."""
    segments = []
    for plane in planes:
        out = bytearray()
        for row in plane:
            i, line = 0, row.tobytes()
            while i < len(line):
                same = 1
                while i + same < len(line) and same < 128 and line[i + same] == line[i]:
                    same += 1
                if same > 1:
                    out += bytes([257 - same, line[i]])
                else:
                    out += bytes([0, line[i]])
                i += same
        segments.append(bytes(out) + b"\0" * (len(out) % 2))
    starts = [64]
    for segment in segments:
        starts.append(starts[-1] + len(segment))
    return struct.pack("<16I", len(segments), *starts[:-1], *[0] * (15 - len(segments))) + b"".join(segments)


def ybr(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([grey, np.full_like(grey, 128), np.full_like(grey, 128)], -1)


def halved(samples: NDArray[np.uint8]) -> bytes:
    y, cb, cr = (samples[..., i].reshape(-1, 2) for i in range(3))
    return np.concatenate([y, cb[:, :1], cr[:, :1]], axis=1).tobytes()


def palette(ds: Dataset, entries: NDArray[Any], bits: int = 16, first: int = 0, factor: int = 257) -> None:
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for i, colour in enumerate(("Red", "Green", "Blue")):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [len(entries) % 65536, first, bits])
        values = (entries[:, i] * factor).astype("<u2" if bits == 16 else "u1")
        setattr(ds, f"{colour}PaletteColorLookupTableData", values.tobytes())


def deflated(data: bytes) -> bytes:
    """Deflate the data set of an explicit little endian file."""
    begin = data.index(b"\x08\x00\x16\x00UI")
    head = data[:begin].replace(
        b"\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\x00", b"\x02\x00\x10\x00UI\x16\x00" + DEFLATED.encode()
    )
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return head + squeeze.compress(data[begin:]) + squeeze.flush()


def header_bent(whole: bytes, count: int) -> list[bytes]:
    """Change one or two bytes between the preamble and the pixels, where they decide most."""
    rng = random.Random(7)
    found = []
    for _ in range(count):
        bent = bytearray(whole)
        for _ in range(rng.randint(1, 2)):
            bent[rng.randrange(132, min(len(bent), 900))] = rng.randrange(256)
        found.append(bytes(bent))
    return found


def bent(whole: bytes, count: int) -> list[bytes]:
    """Flip, cut out, repeat and overwrite bytes anywhere, and cut files short."""
    rng = random.Random(11)
    found = []
    for _ in range(count):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(max(len(data), 1))
            kind = rng.randrange(5)
            if kind == 0 and data:
                data[at] ^= 1 << rng.randrange(8)
            elif kind == 1:
                del data[at : at + rng.randint(1, 30)]
            elif kind == 2:
                data[at:at] = data[at : at + rng.randint(1, 60)]
            elif kind == 3:
                data[at : at + 4] = rng.choice([bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x01\0\0\0"])
            elif rng.random() < 0.3:
                data = data[:at]
        found.append(bytes(data))
    return found
