"""Simulated images as files: every encoding gives the image back, and says what it is."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import generate_frames
from pydicom.pixels import apply_color_lut, pixel_array

import musclemetrics as mm
from musclemetrics.errors import ReadError, SettingsError
from musclemetrics.simulate.ultrasound import Phantom, Region, bmode, samples, to_dicom, to_png, to_tiff
from musclemetrics.simulate.ultrasound.encoding import SYNTAXES

GREY = bmode(shape=(200, 260))
COLOUR = bmode(shape=(200, 260), screen="yellow")
NEEDS_IMAGECODECS = ("jpegls", "htj2k_lossless")
LOSSLESS = [e for e in SYNTAXES if e not in ("jpeg", "j2k")]


def written(image: Any, **how: Any) -> pydicom.Dataset:
    stream = io.BytesIO()
    to_dicom(image, stream, **how)
    stream.seek(0)
    return pydicom.dcmread(stream)


def seen(ds: pydicom.Dataset) -> np.ndarray:
    """Return the pixels by whichever decoder knows them, colours as RGB, MONOCHROME1 turned round."""
    decoders = {SYNTAXES["jpeg_lossless"].uid: "jpegsof3", SYNTAXES["jpegls"].uid: "jpegls"}
    decoders[SYNTAXES["htj2k_lossless"].uid] = "htj2k"
    named = decoders.get(str(ds.file_meta.TransferSyntaxUID))
    if named is None:
        found = pixel_array(ds)
    else:
        imagecodecs = pytest.importorskip("imagecodecs", reason=f"{named} needs imagecodecs to be decoded")
        (frame,) = generate_frames(ds.PixelData, number_of_frames=1)
        found = getattr(imagecodecs, f"{named}_decode")(frame)
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        found = (apply_color_lut(found, ds) >> 8).astype(np.uint8)
    if ds.PhotometricInterpretation == "MONOCHROME1":
        found = (1 << ds.BitsStored) - 1 - found
    return np.asarray(found)


def needs(encoding: str) -> None:
    if encoding in NEEDS_IMAGECODECS:
        pytest.importorskip("imagecodecs", reason=f"{encoding} needs imagecodecs to be written")


@pytest.mark.parametrize("encoding", LOSSLESS)
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_grey_comes_back_as_it_was(encoding, photometric, bits):
    needs(encoding)
    ds = written(GREY, encoding=encoding, photometric=photometric, bits=bits)
    assert str(ds.file_meta.TransferSyntaxUID) == SYNTAXES[encoding].uid
    assert (ds.BitsStored, ds.PhotometricInterpretation) == (bits, photometric)
    assert np.array_equal(seen(ds) >> (bits - 8), GREY.image)


@pytest.mark.parametrize("encoding", ["uncompressed", "big_endian", "rle"])
@pytest.mark.parametrize("bits", [8, 16])
def test_signed_pixels_lie_around_zero(encoding, bits):
    ds = written(GREY, encoding=encoding, bits=bits, signed=True)
    assert ds.PixelRepresentation == 1
    found = pixel_array(ds)
    assert found.min() < 0
    assert np.array_equal((found.astype(int) + (1 << (bits - 1))) >> (bits - 8), GREY.image)


@pytest.mark.parametrize("encoding", LOSSLESS)
def test_colours_come_back_as_they_were(encoding):
    needs(encoding)
    ds = written(COLOUR, encoding=encoding)
    assert np.array_equal(seen(ds), COLOUR.image)


@pytest.mark.parametrize("encoding", ["uncompressed", "rle", "j2k_lossless"])
def test_luma_and_chroma_lose_no_more_than_rounding(encoding):
    ds = written(COLOUR, encoding=encoding, photometric="YBR_FULL")
    assert ds.PhotometricInterpretation == "YBR_FULL"
    assert np.abs(seen(ds).astype(int) - COLOUR.image).max() <= 1
    luma = pixel_array(ds, raw=True)[..., 0]
    assert np.abs(luma - COLOUR.image @ np.array([0.299, 0.587, 0.114])).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("encoding", ["uncompressed", "jpeg"])
def test_halved_chroma_keeps_the_luma(encoding):
    ds = written(COLOUR, encoding=encoding)
    ds = written(COLOUR, encoding=encoding, photometric="YBR_FULL_422")
    assert ds.PhotometricInterpretation == "YBR_FULL_422"
    off = np.asarray(pixel_array(ds, raw=True))[..., 0] - COLOUR.image @ np.array([0.299, 0.587, 0.114])
    assert np.abs(off).max() <= {"uncompressed": 0.5 + 1e-9, "jpeg": 14}[encoding]


@pytest.mark.parametrize("encoding", ["uncompressed", "rle", "deflated", "jpeg_lossless", "jpegls"])
def test_indices_of_a_palette_are_not_the_grey(encoding):
    needs(encoding)
    ds = written(GREY, encoding=encoding, photometric="PALETTE COLOR")
    assert np.array_equal(seen(ds)[..., 0], GREY.image)
    if encoding in ("uncompressed", "rle"):
        assert abs(pixel_array(ds).mean() - GREY.image.mean()) > 50


@pytest.mark.parametrize("encoding", ["jpeg", "j2k"])
@pytest.mark.parametrize("image", [GREY, COLOUR])
def test_lossy_ones_are_near(encoding, image):
    ds = written(image, encoding=encoding, photometric=None if image is GREY else "RGB")
    off = np.abs(pixel_array(ds).astype(int) - image.image)
    assert 0 < off.mean() < 3
    assert ds.LossyImageCompression == "01"


@pytest.mark.parametrize("encoding", ["uncompressed", "rle", "jpeg", "j2k_lossless"])
def test_frames_keep_their_order(encoding):
    frames = [bmode(shape=(200, 260), frame=k) for k in range(3)]
    ds = written(frames, encoding=encoding)
    assert ds.NumberOfFrames == 3
    for k, one in enumerate(frames):
        assert np.abs(pixel_array(ds, index=k).astype(int) - one.image).mean() < (3 if encoding == "jpeg" else 1e-9)


def test_a_phantom_brings_its_region_and_an_array_none():
    ds = written(GREY)
    (region,) = ds.SequenceOfUltrasoundRegions
    x0, y0, x1, y1 = GREY.box
    assert (region.RegionLocationMinX0, region.RegionLocationMinY0) == (x0, y0)
    assert (region.RegionLocationMaxX1, region.RegionLocationMaxY1) == (x1 - 1, y1 - 1)
    assert (10 * region.PhysicalDeltaX, 10 * region.PhysicalDeltaY) == pytest.approx(GREY.spacing)
    assert (region.PhysicalUnitsXDirection, region.RegionSpatialFormat, region.RegionDataType) == (3, 1, 1)
    assert "SequenceOfUltrasoundRegions" not in written(GREY.image)
    assert "SequenceOfUltrasoundRegions" not in written(GREY, regions=[])


def test_spacing_stands_with_rows_first_and_tags_can_be_added_and_taken_away():
    ds = written(GREY.image, pixel_spacing=(0.07, 0.1), tags={"PatientName": "Doe^Jane", "Manufacturer": None})
    assert [float(v) for v in ds.PixelSpacing] == [0.1, 0.07]
    assert ds.PatientName == "Doe^Jane"
    assert "Manufacturer" not in ds
    two = [Region((0, 0, 100, 200), (0.1, 0.1)), Region((100, 0, 260, 200), (0.05, -0.05), space=2, units=(4, 3))]
    ds = written(GREY.image, regions=two, pixel_spacing=(0.3, 0.3), spacing_tag="NominalScannedPixelSpacing")
    assert [r.RegionSpatialFormat for r in ds.SequenceOfUltrasoundRegions] == [1, 2]
    assert "PixelSpacing" not in ds
    assert "NominalScannedPixelSpacing" in ds


@pytest.mark.parametrize("encoding", [e for e in SYNTAXES if e not in NEEDS_IMAGECODECS])
def test_the_same_image_makes_the_same_bytes_and_another_another_uid(encoding):
    made = []
    for image in (GREY, GREY, bmode(shape=(200, 260), seed=1)):
        stream = io.BytesIO()
        to_dicom(image, stream, encoding=encoding)
        made.append(stream.getvalue())
    assert made[0] == made[1]
    uids = [pydicom.dcmread(io.BytesIO(m)).SOPInstanceUID for m in made]
    assert uids[0] == uids[1] != uids[2]
    assert all(u.is_valid and u.startswith("2.25.") for u in uids)


@pytest.mark.parametrize(
    "how",
    [
        {"encoding": "jpeg2000"},
        {"encoding": "jpeg", "bits": 12},
        {"encoding": "jpeg", "photometric": "PALETTE COLOR"},
        {"photometric": "YBR_RCT"},
        {"bits": 7},
        {"photometric": "RGB", "signed": True, "bits": 12},
    ],
)
def test_refuses_what_an_encoding_cannot_hold(how):
    with pytest.raises(SettingsError) as caught:
        written(GREY, **how)
    assert caught.value.code == "bad-setting"
    assert caught.value.remedy


def test_refuses_frames_of_two_sizes():
    with pytest.raises(SettingsError, match="one shape"):
        written([GREY.image, GREY.image[:-1]])


@pytest.mark.parametrize("image", [GREY, COLOUR])
def test_png_and_tiff_hold_the_pixels(image: Phantom, tmp_path):
    to_png(image, tmp_path / "a.png")
    to_tiff(image, tmp_path / "a.tif")
    for name in ("a.png", "a.tif"):
        with Image.open(tmp_path / name) as found:
            assert np.array_equal(np.asarray(found), image.image)


@pytest.mark.parametrize(("unit", "per_mm"), [("mm", 1.0), ("cm", 0.1), ("micron", 1000.0), ("inch", 1 / 25.4)])
def test_tiff_states_its_scale_as_imagej_does(unit, per_mm, tmp_path):
    to_tiff(GREY.image, tmp_path / "a.tif", spacing=(0.07, 0.1), unit=unit)
    with Image.open(tmp_path / "a.tif") as found:
        tags = found.tag_v2
    assert f"unit={unit}" in tags[270]
    assert tags[296] == 1
    assert 1 / (float(tags[282]) * per_mm) == pytest.approx(0.07, rel=1e-5)
    assert 1 / (float(tags[283]) * per_mm) == pytest.approx(0.1, rel=1e-5)


def test_tiff_without_a_scale_states_72_dpi(tmp_path):
    to_tiff(GREY.image, tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as found:
        assert (float(found.tag_v2[282]), found.tag_v2[296]) == (72.0, 2)
        assert 270 not in found.tag_v2
    with pytest.raises(SettingsError, match="furlong"):
        to_tiff(GREY.image, tmp_path / "b.tif", spacing=(0.1, 0.1), unit="furlong")


def test_the_sample_is_small_and_the_same_each_time():
    first, second = samples(), samples()
    assert first == second
    assert sum(len(content) for content in first.values()) < 1_200_000
    assert {name.rsplit(".")[-1] for name in first} == {"png", "dcm", "tif", "csv"}


def test_the_sample_holds_what_its_table_of_truth_says(tmp_path):
    """The readers' pixels and scale, measured between the true edges, against the table."""
    rows = list(csv.DictReader(io.StringIO(str(samples()["truth/bmode.csv"]))))
    assert [row["subject"] for row in rows] == ["B01", "B02", "B03", "B03", "B04", "B05", "B06"]
    for name, content in samples().items():
        if not name.startswith("bmode/"):
            continue
        path = tmp_path / Path(name).name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if "B07" in name:
            with pytest.raises(ReadError) as caught:
                list(mm.read(path))
            assert caught.value.code == "truncated"
            continue
        (row,) = [r for r in rows if path.stem == f"{r['subject']}_{r['session']}"]
        reading = next(iter(mm.read(path)))
        assert "doe" not in repr((reading.labels, reading.notes, reading.flags)).casefold()
        image = np.asarray(reading["image"])
        assert ("spacing_y" in reading) == (row["length_unit"] == "mm")
        if "spacing_y" in reading and "region" in reading:
            scale, left, top = float(reading["spacing_y"]), *reading["region"][:2]
            column = image[top:, left + 150].astype(float)
            smooth = np.convolve(column, np.ones(5) / 5, mode="same")
            # The first aponeurosis begins where the table says that the fat above it ends.
            at = round(float(row["subcutaneous_thickness"]) / scale)
            assert smooth[at + 2 : at + 12].max() > 1.4 * smooth[at - 25 : at - 10].mean()
