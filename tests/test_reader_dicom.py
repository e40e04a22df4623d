"""DICOM: every encoding gives the same levels, and what a header promises is checked first."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from musclemetrics import readers
from musclemetrics.errors import (
    LimitError,
    MissingDependencyError,
    MuscleMetricsError,
    ReadError,
    SettingsError,
    UnknownFormatError,
)
from musclemetrics.readers.dicom.palette import _expanded

from .dicom_files import (
    BIG,
    EXPLICIT,
    GREY_ENCODINGS,
    IMPLICIT,
    J2K,
    JPEG,
    JPEG_LS,
    LOSSLESS,
    RLE,
    bent,
    codes,
    decoded,
    deflated,
    dicom,
    halved,
    header_bent,
    jpeg,
    one,
    packed,
    palette,
    refused,
    region,
    run_lengths,
    speckle,
    ybr,
)
from .shared_data import shared

REAL = "ultrasound/dicom_us/"

# What each real file must give, and why. (height, width[, 3]), scale source or None, flags.
SCALED = ("region",)
REAL_FILES: dict[str, tuple[tuple[int, ...], str | None, set[str]]] = {
    # A region of 2-D tissue within the image: 0.2548 mm a pixel. Its window of 254 about 127 is the levels as stored.
    "JPGLosslessP14SV1_1s_1f_8b.dcm": ((768, 1024), "region", set()),
    # Tissue and an electrocardiogram: the latter's seconds are no millimetres. The palette holds 15 colours.
    "OBXXXX1A.dcm": ((600, 800, 3), "region", {"palette-in-colour"}),
    "OBXXXX1A_2frame.dcm": ((600, 800, 3), "region", {"palette-in-colour"}),
    "OBXXXX1A_rle_2frame.dcm": ((600, 800, 3), "region", {"palette-in-colour"}),
    # No region, no spacing: nobody says how large a pixel is. Lossy by its header.
    "US1_J2KI.dcm": ((480, 640, 3), None, {"lossy-compression"}),
    "US1_J2KR.dcm": ((480, 640, 3), None, set()),
    # Unpacked now, and compressed with loss before: the header keeps it.
    "US1_UNCI.dcm": ((480, 640, 3), None, {"lossy-compression"}),
    "examples_jpeg2k.dcm": ((480, 640, 3), None, set()),
    # 350 rows of the 600 that its region was measured in.
    "examples_palette.dcm": ((350, 800, 3), None, {"region-not-fitting", "palette-in-colour"}),
    "examples_rgb_color.dcm": ((240, 320, 3), None, {"preamble-not-zero"}),
    # 320 × 240 px and a region to (595, 414): half the size it was scanned in.
    "examples_ybr_color.dcm": ((240, 320, 3), None, {"region-not-fitting", "lossy-compression"}),
    # Two panels side by side of one scale, and a bar of greys that is no tissue.
    "gdcm-US-ALOKA-16.dcm": ((480, 640, 3), "region", {"palette-in-colour"}),
    "gdcm-US-RGB-8-epicard.dcm": ((480, 640, 3), None, set()),
    "gdcm-US-RGB-8-esopecho.dcm": ((120, 256, 3), None, set()),
}


def by_pydicom(path: Path) -> NDArray[Any]:
    """Return the first frame as pydicom shows it, palettes applied and brought to 8 bits."""
    from pydicom.pixels import apply_color_lut

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(path)
        pixels = ds.pixel_array
        if int(ds.get("NumberOfFrames", 1)) > 1:
            pixels = pixels[0]
        if ds.PhotometricInterpretation == "PALETTE COLOR":
            pixels = (apply_color_lut(pixels, ds) >> 8).astype(np.uint8)
    return pixels


@pytest.mark.parametrize("name", REAL_FILES)
def test_real_files_give_the_right_picture_scale_and_flags(name: str) -> None:
    path = shared(REAL + name)
    shape, source, flags = REAL_FILES[name]
    reading = next(readers.read(path))
    image = reading["image"]
    assert image.shape == reading.arrays["image"].shape == shape
    assert image.dtype == np.uint8
    assert set(codes(reading)) == flags
    assert (str(reading["scale_source"]) if source else None) == source
    assert ("spacing_x" in reading) == ("spacing_y" in reading) == (source is not None)
    if name.startswith("JPGLossless"):
        codecs = pytest.importorskip("imagecodecs")
        ds = pydicom.dcmread(path)
        expected = codecs.ljpeg_decode(pydicom.encaps.get_frame(ds.PixelData, 0, number_of_frames=1))
    else:
        expected = by_pydicom(path)
    np.testing.assert_array_equal(image, expected)


def test_real_palette_is_applied_and_not_measured_as_indices() -> None:
    path = shared(REAL + "examples_palette.dcm")
    indices = pydicom.dcmread(path).pixel_array
    image = next(readers.read(path))["image"]
    assert indices.mean() == pytest.approx(53.7, abs=0.1)
    assert image.mean() == pytest.approx(20.5, abs=0.1)


def test_real_scales_are_those_of_the_headers() -> None:
    lossless = next(readers.read(shared(REAL + "JPGLosslessP14SV1_1s_1f_8b.dcm")))
    assert float(lossless["spacing_x"]) == pytest.approx(0.25476696592378157, rel=1e-12)
    assert lossless.unit("spacing_x") == lossless.unit("spacing_y") == "mm"
    assert lossless["region"].tolist() == [14, 38, 1011, 759]
    aloka = next(readers.read(shared(REAL + "gdcm-US-ALOKA-16.dcm")))
    assert aloka["regions"].shape == (2, 6)
    assert "region" not in aloka, "two panels: which one is measured is not the reader's to say"
    assert float(aloka["spacing_y"]) == pytest.approx(0.3826530650258064, rel=1e-12)
    assert aloka.labels == {
        "device": "ALOKA CO., LTD. SSD-4000",
        "depth": "150 mm",
        "frequency": "5 MHz",
    }
    palette = next(readers.read(shared(REAL + "examples_palette.dcm")))
    [flag] = [f for f in palette.flags if f.code == "region-not-fitting"]
    assert flag.level == "suspect"
    assert "518" in flag.message
    assert "800 × 350" in flag.message
    assert "spacing_x" not in palette
    assert "region" not in palette


def test_thirty_real_frames_are_thirty_readings_and_none_is_kept() -> None:
    path = shared(REAL + "examples_ybr_color.dcm")
    readings = list(readers.read(path, frames="all"))
    assert [r.labels["frame"] for r in readings] == [str(i + 1) for i in range(30)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pydicom.dcmread(path).pixel_array
    for i in (0, 13, 29, 4):
        np.testing.assert_array_equal(readings[i]["image"], expected[i])
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for reading in readings:
        np.asarray(reading.arrays["image"])
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < readings[0].arrays["image"].size, "decoded frames are held"
    assert len(list(readers.read(path))) == 1
    assert [r.labels["frame"] for r in readers.read(path, frames="every:10")] == ["1", "11", "21"]


@pytest.mark.parametrize("name", GREY_ENCODINGS)
def test_one_picture_in_every_encoding_has_the_same_levels(name: str) -> None:
    pixels = speckle()
    reading = one(GREY_ENCODINGS[name](pixels))
    frame = reading.arrays["image"]
    assert (frame.shape, frame.ndim, frame.size) == ((40, 56), 2, 2240)
    found = np.asarray(frame)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, pixels)
    np.testing.assert_array_equal(np.asarray(frame, dtype=float), pixels)


COLOUR_ENCODINGS: dict[str, Callable[[NDArray[np.uint8]], bytes]] = {
    "RGB": lambda a: dicom(a),
    "RGB planar": lambda a: dicom(a, data=np.moveaxis(a, -1, 0).tobytes(), PlanarConfiguration=1),
    "RGB big endian": lambda a: dicom(a, syntax=BIG),
    "RGB RLE": lambda a: dicom(a, syntax=RLE, data=[run_lengths(list(a.transpose(2, 0, 1)))]),
    "RGB J2K": lambda a: dicom(
        a, syntax=J2K, data=[jpeg(a, "JPEG2000", no_jp2=True)], PhotometricInterpretation="YBR_RCT"
    ),
    "RGB JPEG lossless": lambda a: dicom(a, syntax=LOSSLESS, data=[packed("jpeg8_encode", a, lossless=True)]),
    "RGB JPEG-LS": lambda a: dicom(a, syntax=JPEG_LS, data=[packed("jpegls_encode", a)]),
}


@pytest.mark.parametrize("name", COLOUR_ENCODINGS)
def test_one_colour_picture_in_every_encoding_has_the_same_levels(name: str) -> None:
    pixels = np.stack([speckle(seed=s) for s in (1, 2, 3)], -1)
    reading = one(COLOUR_ENCODINGS[name](pixels))
    np.testing.assert_array_equal(reading["image"], pixels)
    assert reading.arrays["image"].shape == (40, 56, 3)


def test_colour_from_luma_and_chroma_is_right_to_a_rounding() -> None:
    rng = np.random.default_rng(5)
    rgb = rng.integers(30, 220, (8, 6, 3)).astype(float)
    weights = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    stored = np.rint(rgb @ weights.T + [0, 128, 128]).astype(np.uint8)
    found = one(dicom(stored, PhotometricInterpretation="YBR_FULL"))["image"]
    assert np.abs(found - rgb).max() <= 2
    partial = np.rint((stored - [0, 128, 128]) * [219 / 255, 224 / 255, 224 / 255] + [16, 128, 128]).astype(np.uint8)
    partial[:, 1::2, 1:] = partial[:, ::2, 1:]
    expected = one(dicom(stored_pairs(stored), PhotometricInterpretation="YBR_FULL"))["image"].astype(int)
    found = one(dicom(partial, data=halved(partial), PhotometricInterpretation="YBR_PARTIAL_422"))["image"]
    assert np.abs(found - expected).max() <= 3


def stored_pairs(stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
    pairs = stored.copy()
    pairs[:, 1::2, 1:] = pairs[:, ::2, 1:]
    return pairs


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_colour_jpeg_without_colour_is_its_luma(subsampling: str) -> None:
    grey = speckle()
    packed_grey = jpeg(np.stack([grey] * 3, -1), quality=90, subsampling=subsampling)
    reading = one(dicom(ybr(grey), syntax=JPEG, data=[packed_grey], PhotometricInterpretation="YBR_FULL_422"))
    found = reading["image"]
    assert found.shape == (40, 56)
    assert any("luma" in note for note in reading.notes)
    assert codes(reading) == ["lossy-compression"]
    np.testing.assert_array_equal(found, one(dicom(grey, syntax=JPEG, data=[jpeg(grey, quality=90)]))["image"])
    # One mark in colour, and the colours are what is read.
    painted = np.stack([grey] * 3, -1)
    painted[10:13, 20:23] = (200, 30, 30)
    data = jpeg(painted, quality=90, subsampling=subsampling)
    reading = one(dicom(painted, syntax=JPEG, data=[data], PhotometricInterpretation="YBR_FULL_422"))
    assert reading["image"].shape == (40, 56, 3)


def test_an_unmarked_jpeg_is_in_the_colours_that_the_header_says() -> None:
    rgb = np.stack([speckle(seed=s) for s in (1, 2, 3)], -1)
    marked = jpeg(rgb, quality=95, subsampling="4:4:4", keep_rgb=True)
    at = marked.index(b"\xff\xee")
    unmarked = bytearray(marked[:at] + marked[at + 2 + int.from_bytes(marked[at + 2 : at + 4], "big") :])
    # Components numbered 1, 2, 3 instead of R, G, B, as DICOM writers do.
    start, scan = unmarked.index(b"\xff\xc0"), unmarked.index(b"\xff\xda")
    for i in range(3):
        unmarked[start + 10 + 3 * i] = unmarked[scan + 5 + 2 * i] = i + 1
    found = one(dicom(rgb, syntax=JPEG, data=[bytes(unmarked)]))["image"]
    plain = one(dicom(rgb, syntax=JPEG, data=[marked]))["image"]
    np.testing.assert_array_equal(found, plain)
    assert np.abs(found.astype(int) - rgb).mean() < 6


def test_deeper_levels_are_scaled_by_the_range_that_is_declared() -> None:
    deep = np.linspace(0, 4095, 2240).reshape(40, 56).round()
    reading = one(dicom(deep.astype(np.uint16), BitsStored=12, HighBit=11))
    found = reading["image"]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, deep * 255 / 4095, atol=1e-4)
    [flag] = reading.flags
    assert flag.code == "grey-rescaled"
    assert "0 to 4095" in flag.message
    # A falling rescaling counts from white.
    falling = one(dicom(speckle(), RescaleSlope="-1", RescaleIntercept="255"))
    np.testing.assert_allclose(falling["image"], 255.0 - speckle(), atol=1e-4)
    assert codes(falling) == ["grey-rescaled"]
    # An overlay in the bits above the value is no part of it.
    dirty = deep.astype(np.uint16) | np.uint16(0xF000)
    np.testing.assert_allclose(one(dicom(dirty, BitsStored=12, HighBit=11))["image"], found, atol=1e-4)
    signed = (deep - 2048).astype(np.int16)
    np.testing.assert_allclose(one(dicom(signed, BitsStored=12, HighBit=11))["image"], found, atol=1e-4)
    # The same by a window, by a rescaling, counted from white, and run-length packed.
    windowed = dicom(deep.astype(np.uint16), WindowCenter="2048", WindowWidth="4096")
    np.testing.assert_allclose(one(windowed)["image"], found, atol=1e-3)
    rescaled = dicom(
        (deep * 8).astype(np.uint16),
        RescaleSlope="0.125",
        RescaleIntercept="-100",
        WindowCenter="1948",
        WindowWidth="4096",
    )
    np.testing.assert_allclose(one(rescaled)["image"], found, atol=1e-3)
    white = dicom((4095 - deep).astype(np.uint16), BitsStored=12, HighBit=11, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_allclose(one(white)["image"], found, atol=1e-4)
    assert set(codes(one(white))) == {"grey-rescaled", "monochrome1-inverted"}
    whole = deep.astype(np.uint16)
    planes = [(whole >> 8).astype(np.uint8), (whole & 255).astype(np.uint8)]
    rle = dicom(whole, syntax=RLE, data=[run_lengths(planes)], BitsStored=12, HighBit=11)
    np.testing.assert_allclose(one(rle)["image"], found, atol=1e-4)


@pytest.mark.parametrize(("bits", "signed"), [(12, False), (16, False), (12, True), (16, True)])
def test_deep_jpeg_2000_gives_the_levels_of_uncompressed_ones(bits: int, signed: bool) -> None:
    rng = np.random.default_rng(3)
    low = -(2 ** (bits - 1)) if signed else 0
    deep = rng.integers(low, low + 2**bits, (40, 56)).astype(np.int16 if signed else np.uint16)
    facts = {"BitsStored": bits, "HighBit": bits - 1}
    code = packed("jpeg2k_encode", deep, level=0, reversible=True, codecformat="J2K", bitspersample=bits)
    found = one(dicom(deep, syntax=J2K, data=[code], **facts))["image"]
    np.testing.assert_allclose(found, one(dicom(deep, **facts))["image"], atol=1e-4)


@pytest.mark.parametrize("bits", [12, 16])
def test_deep_lossless_jpeg_needs_the_extra_and_gives_the_same(bits: int) -> None:
    rng = np.random.default_rng(4)
    deep = rng.integers(0, 2**bits, (40, 56)).astype(np.uint16)
    facts = {"BitsStored": bits, "HighBit": bits - 1}
    for syntax, code in (
        (LOSSLESS, packed("ljpeg_encode", deep, bitspersample=bits)),
        (JPEG_LS, packed("jpegls_encode", deep)),
    ):
        found = one(dicom(deep, syntax=syntax, data=[code], **facts))["image"]
        np.testing.assert_allclose(found, one(dicom(deep, **facts))["image"], atol=1e-4)


def test_a_modality_table_is_applied_before_scaling() -> None:
    table = (np.arange(256, dtype=np.uint32) ** 2).clip(0, 65535).astype("<u2")

    def add(ds: Dataset) -> None:
        item = Dataset()
        item.LUTDescriptor = [256, 0, 16]
        item.add_new(0x00283006, "OW", table.tobytes())
        item.add_new(0x00283004, "LO", "US")
        ds.ModalityLUTSequence = Sequence([item])

    found = one(dicom(speckle(), change=add))["image"]
    np.testing.assert_allclose(found, table[speckle()] * (255 / 65535), atol=1e-3)


def test_a_window_on_eight_bits_is_told_and_not_applied() -> None:
    same = one(dicom(speckle(), WindowCenter="127", WindowWidth="254"))
    assert codes(same) == []
    other = one(dicom(speckle(), WindowCenter="60", WindowWidth="80"))
    assert codes(other) == ["window-not-applied"]
    np.testing.assert_array_equal(other["image"], speckle())


def test_palettes_of_every_kind() -> None:
    indices = speckle()
    rng = np.random.default_rng(0)
    grey = np.repeat(np.sort(rng.integers(0, 256, 256))[:, None], 3, 1)
    for bits, factor in ((8, 1), (16, 257), (16, 256), (16, 1)):
        data = dicom(indices, change=lambda ds, b=bits, f=factor: palette(ds, grey, b, factor=f))
        np.testing.assert_array_equal(one(data)["image"], grey[indices, 0])
    # Values outside the table have its first or last entry.
    short = dicom(indices, change=lambda ds: palette(ds, grey[:100], first=50))
    expected = grey[np.clip(indices.astype(int) - 50, 0, 99), 0]
    np.testing.assert_array_equal(one(short)["image"], expected)
    colours = rng.integers(0, 256, (256, 3))
    reading = one(dicom(indices, change=lambda ds: palette(ds, colours)))
    assert codes(reading) == ["palette-in-colour"]
    np.testing.assert_array_equal(reading["image"], colours[indices])


def test_segments_of_a_palette() -> None:
    words = np.array([0, 3, 10, 20, 30, 1, 4, 70, 2, 1, 4, 0, 0, 1, 5])
    # Three as they are, four up to 70, the segment at word 2 again: its kind is 10, which there is none of.
    with pytest.raises(ReadError, match="kind 10"):
        _expanded(words, 256)
    words = np.array([0, 3, 10, 20, 30, 1, 4, 70, 2, 1, 0, 0, 0, 1, 5])
    assert _expanded(words, 256).tolist() == [10, 20, 30, 40, 50, 60, 70, 10, 20, 30, 5]
    with pytest.raises(ReadError, match="kind 1"):
        _expanded(np.array([1, 4, 70]), 256)


@pytest.mark.parametrize(
    ("change", "kind", "code"),
    [
        ({"Rows": 65535, "Columns": 65535}, LimitError, "too-many-pixels"),
        ({"NumberOfFrames": 2**31 - 1}, LimitError, "too-many-frames"),
        ({"NumberOfFrames": 30000}, ReadError, "truncated"),
        ({"NumberOfFrames": -3}, ReadError, "corrupt-dicom"),
        ({"Rows": 0}, ReadError, "corrupt-image"),
        ({"Rows": None}, ReadError, "corrupt-dicom"),
        ({"BitsStored": 12}, ReadError, "corrupt-dicom"),
        ({"BitsStored": 0}, ReadError, "corrupt-dicom"),
        ({"BitsAllocated": 32}, ReadError, "unsupported-pixels"),
        ({"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}, ReadError, "unsupported-pixels"),
        ({"SamplesPerPixel": 4}, ReadError, "unsupported-pixels"),
        ({"PhotometricInterpretation": "HSV"}, ReadError, "unsupported-pixels"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, ReadError, "corrupt-dicom"),
        ({"PhotometricInterpretation": None}, ReadError, "corrupt-dicom"),
        ({"RescaleSlope": "0", "RescaleIntercept": "1"}, ReadError, "corrupt-dicom"),
        ({"Rows": 41}, ReadError, "truncated"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_RCT", "Rows": 10}, ReadError, "unsupported-pixels"),
    ],
)
def test_headers_that_promise_too_much_are_refused(change: dict[str, Any], kind: type, code: str) -> None:
    tracemalloc.start()
    error = refused(dicom(speckle(), **change))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(error, kind)
    assert error.code == code
    assert peak < 20e6, "room was made for what was promised"


@pytest.mark.parametrize("syntax", [J2K, RLE, JPEG])
def test_thirty_thousand_frames_in_one_fragment_are_refused(syntax: str) -> None:
    data = jpeg(speckle(), "JPEG2000", no_jp2=True)
    error = refused(dicom(speckle(), syntax=syntax, data=[data], NumberOfFrames=30_000))
    assert error.code == "truncated"


@pytest.mark.parametrize("syntax", [JPEG, LOSSLESS, J2K, JPEG_LS])
def test_a_frame_of_another_size_than_the_header_is_refused(syntax: str) -> None:
    small = speckle(20, 28)
    makers = {
        JPEG: lambda: jpeg(small),
        LOSSLESS: lambda: packed("ljpeg_encode", small),
        J2K: lambda: jpeg(small, "JPEG2000"),
        JPEG_LS: lambda: packed("jpegls_encode", small),
    }
    assert refused(dicom(speckle(), syntax=syntax, data=[makers[syntax]()])).code == "corrupt-image"


@pytest.mark.parametrize("frames", [0, None])
def test_no_number_of_frames_is_one_and_told(frames: int | None) -> None:
    data = dicom(
        speckle(), SOPClassUID="1.2.840.10008.5.1.4.1.1.3.1", **({} if frames is None else {"NumberOfFrames": 0})
    )
    reading = one(data)
    assert codes(reading) == ["frames-not-stated"]
    np.testing.assert_array_equal(reading["image"], speckle())


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, RLE, J2K])
def test_a_file_cut_anywhere_is_refused(syntax: str) -> None:
    data = {"RLE": [run_lengths([speckle()])], "J2K": [jpeg(speckle(), "JPEG2000", no_jp2=True)]}
    packed_data = data["RLE"] if syntax == RLE else data["J2K"] if syntax == J2K else None
    whole = dicom(speckle(), syntax=syntax, data=packed_data)
    assert one(whole)["image"].shape == (40, 56)
    for size in range(132, len(whole) - 10, 100):
        with pytest.raises(ReadError) as caught:
            decoded(whole[:size])
        assert caught.value.code in ("truncated", "corrupt-dicom", "no-transfer-syntax"), (size, str(caught.value))
    with pytest.raises(ReadError):
        list(readers.read(io.BytesIO(whole[:200]), reader="dicom"))
    with pytest.raises(ReadError) as caught:
        list(readers.read(io.BytesIO(b""), reader="dicom"))
    assert caught.value.code == "empty-file"


def test_a_deflated_bomb_and_a_deep_nest_are_refused() -> None:
    whole = deflated(dicom(speckle()))
    begin = whole.index(b"\x02\x00\x10\x00")
    head = whole[: begin + 8 + 22]
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = head + squeeze.compress(bytes(400 * 2**20)) + squeeze.flush()
    start = time.perf_counter()
    error = refused(bomb)
    assert isinstance(error, LimitError)
    assert error.code == "too-large"
    assert time.perf_counter() - start < 5
    assert refused(whole[:-20]).code in ("truncated", "corrupt-dicom")
    plain = dicom(speckle())
    at = plain.index(b"\x08\x00\x60\x00CS")  # Modality
    opened = b"\x08\x00\x51\x11SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    error = refused(plain[:at] + opened * 2000 + plain[at:])
    assert isinstance(error, LimitError)
    assert error.code == "too-deep"


def test_what_is_no_picture_is_passed_over() -> None:
    meta = dicom(None, data=None).replace(b"1.2.840.10008.5.1.4.1.1.6.1\0", b"1.2.840.10008.1.3.10\0\0\0\0\0\0\0\0")
    with pytest.raises(UnknownFormatError) as caught:
        list(readers.read(io.BytesIO(meta)))
    assert caught.value.code == "dicomdir"
    report = dicom(None, data=None).replace(b"1.2.840.10008.5.1.4.1.1.6.1\0", b"1.2.840.10008.5.1.4.1.1.88.1")
    with pytest.raises(UnknownFormatError) as caught:
        list(readers.read(io.BytesIO(report)))
    assert caught.value.code == "no-pixels"
    for syntax in ("1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.95", "1.2.840.113619.5.2", "nonsense"):
        assert refused(dicom(speckle(), syntax=syntax, data=[b"12"])).code == "unsupported-encoding"
    no_syntax = dicom(speckle()).replace(b"\x02\x00\x10\x00UI", b"\x02\x00\x11\x00UI")
    assert refused(no_syntax).code == "no-transfer-syntax"
    fractions = dicom(speckle()).replace(b"\xe0\x7f\x10\x00OB", b"\xe0\x7f\x08\x00OB")
    assert refused(fractions).code == "unsupported-pixels"


def test_a_file_of_two_kinds_or_without_its_beginning_is_read_and_told() -> None:
    two = dicom(speckle(), preamble=b"MZ" + b"\x90" * 126)
    assert codes(one(two)) == ["preamble-not-zero"]
    assert readers.sniff(io.BytesIO(two)) == "dicom"
    for syntax in (EXPLICIT, IMPLICIT):
        bare = dicom(speckle(), syntax=syntax)
        bare = bare[bare.index(b"\x08\x00\x16\x00") :]
        assert readers.sniff(io.BytesIO(bare)) == "dicom"
        assert codes(one(bare)) == ["no-file-header"]
        np.testing.assert_array_equal(one(bare)["image"], speckle())
    with_meta = dicom(speckle())[132:]
    assert readers.sniff(io.BytesIO(with_meta)) == "dicom"
    np.testing.assert_array_equal(one(with_meta)["image"], speckle())


def test_frames_in_several_fragments_are_put_together() -> None:
    first, second = (jpeg(speckle(seed=s), "JPEG2000", no_jp2=True) for s in (1, 2))
    pictures = np.stack([speckle(seed=1), speckle(seed=2)])

    def parts(code: bytes) -> list[bytes]:
        middle = len(code) // 4 * 2
        return [code[:middle], code[middle:] + b"\0" * (len(code[middle:]) % 2)]

    pieces = [*parts(first), *parts(second)]
    items = b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(p)) + p for p in pieces)
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    offset = sum(8 + len(p) for p in pieces[:2])
    for table in (struct.pack("<II", 0, offset), b""):
        data = struct.pack("<HHI", 0xFFFE, 0xE000, len(table)) + table + items
        whole = dicom(pictures, syntax=J2K, data=data, frames=2)
        readings = list(readers.read(io.BytesIO(whole), frames="all"))
        assert len(readings) == 2
        for reading, picture in zip(readings, pictures, strict=True):
            np.testing.assert_array_equal(reading["image"], picture)
    assert end  # pydicom writes the mark of the end


@pytest.mark.parametrize(
    "options",
    [
        {"frames": "some"},
        {"frames": "every:0"},
        {"frames": "every:-2"},
        {"frames": "every:1.5"},
        {"frames": "first:2"},
        {"frames": "every:" + "9" * 400},
        {"roi": "mask.png"},
        {"roi": "../{stem}.png"},
        {"max_pixels": 0},
        {"max_pixels": "many"},
    ],
)
def test_options_that_cannot_be_carried_out_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        one(dicom(speckle()), **options)
    assert caught.value.code == "bad-setting"


def test_the_limit_of_pixels_can_be_moved() -> None:
    with pytest.raises(LimitError, match="raise the limit"):
        one(dicom(speckle()), max_pixels=2239)
    assert one(dicom(speckle()), max_pixels="2240")["image"].size == 2240


def test_a_drawn_region_beside_the_image_becomes_its_roi(tmp_path: Path) -> None:
    (tmp_path / "scan.dcm").write_bytes(dicom(speckle()))
    (tmp_path / "scan_roi.csv").write_text("x,y\n5,5\n40,5\n40,30\n5,30\n")
    [reading] = readers.read(tmp_path / "scan.dcm", roi="{stem}_roi.csv")
    np.testing.assert_array_equal(reading["roi"], [[5, 5], [40, 5], [40, 30], [5, 30]])
    with pytest.raises(ReadError) as caught:
        list(readers.read(tmp_path / "scan.dcm", roi="{stem}.roi"))
    assert caught.value.code == "no-roi-file"
    with pytest.raises(ReadError) as caught:
        list(readers.read(io.BytesIO(dicom(speckle())), roi="{stem}.roi"))
    assert caught.value.code == "no-roi-file"


def test_a_codec_that_is_not_there_is_named_with_its_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    data = dicom(speckle(), syntax=JPEG_LS, data=[packed("jpegls_encode", speckle())])
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    error = refused(data)
    assert isinstance(error, MissingDependencyError)
    assert "install imagecodecs" in error.remedy


def test_a_file_that_changes_after_it_was_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(dicom(speckle()))
    [reading] = readers.read(path)
    path.write_bytes(dicom(speckle())[:-500])
    with pytest.raises(ReadError) as caught:
        np.asarray(reading.arrays["image"])
    assert caught.value.code == "truncated"
    with pytest.raises(ValueError, match="decoded anew"):
        np.asarray(reading.arrays["image"], copy=False)


FUZZED = ["explicit", "implicit", "deflated", "RLE", "J2K", "grey palette", "YBR_FULL"]


@pytest.mark.parametrize("name", FUZZED)
def test_bent_files_give_a_picture_or_a_typed_error(name: str) -> None:
    def framed(ds: Dataset) -> None:
        ds.SequenceOfUltrasoundRegions = Sequence([region()])
        ds.PixelSpacing = ["0.05", "0.1"]

    whole = GREY_ENCODINGS[name](speckle(16, 24))
    if name == "explicit":
        whole = dicom(speckle(), change=framed)
    outcomes = {"picture": 0, "error": 0}
    for data in [*bent(whole, 120), *header_bent(whole, 120)]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for reading in readers.read(io.BytesIO(data), reader="dicom"):
                    image = np.asarray(reading.arrays["image"])
                    assert image.shape == reading.arrays["image"].shape
                    assert image.min() >= 0
                    assert image.max() <= 255
            outcomes["picture"] += 1
        except MuscleMetricsError:
            outcomes["error"] += 1
    assert min(outcomes.values()) > 10, outcomes
