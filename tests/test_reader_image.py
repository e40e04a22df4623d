"""Pictures: the levels that are measured are those that were seen, and a screen's dots are no scale."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

import musclemetrics as mm
from musclemetrics import imaging, readers
from musclemetrics.errors import (
    InputError,
    LimitError,
    MuscleMetricsError,
    ReadError,
    SettingsError,
    UnknownFormatError,
)
from musclemetrics.reading import Reading

from .dicom_files import dicom, speckle
from .shared_data import shared


def saved(picture: Any, kind: str = "PNG", **options: Any) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def one(data: bytes, **options: Any) -> Reading:
    [reading] = readers.read(io.BytesIO(data), **options)
    return reading


def decoded(data: bytes) -> list[NDArray[Any]]:
    return [np.asarray(r.arrays["image"]) for r in readers.read(io.BytesIO(data), reader="image", frames="all")]


def refused(data: bytes) -> MuscleMetricsError:
    with pytest.raises(MuscleMetricsError) as caught:
        decoded(data)
    return caught.value


def codes(reading: Reading) -> list[str]:
    return [flag.code for flag in reading.flags]


def coloured() -> NDArray[np.uint8]:
    return np.stack([speckle(seed=s) for s in (1, 2, 3)], -1)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_levels_are_those_of_the_file(kind: str) -> None:
    for pixels in (speckle(), coloured()):
        reading = one(saved(pixels, kind))
        frame = reading.arrays["image"]
        assert frame.shape == pixels.shape
        assert frame.dtype == np.uint8
        np.testing.assert_array_equal(np.asarray(frame), pixels)
        assert codes(reading) == []
        assert set(reading) == {"image"}


@pytest.mark.parametrize("packing", ["raw", "packbits", "tiff_lzw", "tiff_adobe_deflate"])
def test_packed_tiffs_are_the_same(packing: str) -> None:
    np.testing.assert_array_equal(one(saved(speckle(), "TIFF", compression=packing))["image"], speckle())


def test_a_tiff_that_holds_a_jpeg_is_told() -> None:
    for pixels in (speckle(), coloured()):
        reading = one(saved(pixels, "TIFF", compression="jpeg", quality=95))
        assert codes(reading) == ["lossy-compression"]
        assert np.abs(reading["image"].astype(float) - pixels).mean() < 25


def test_a_jpeg_is_told_with_its_quality_and_read_in_grey_where_it_is_grey() -> None:
    grey = one(saved(speckle(), "JPEG", quality=90))
    assert codes(grey) == ["lossy-compression"]
    assert "quality about 90" in grey.flags[0].message
    twin = one(saved(np.stack([speckle()] * 3, -1), "JPEG", quality=90))
    np.testing.assert_array_equal(twin["image"], grey["image"])
    assert any("luma" in note for note in twin.notes)
    colour = one(saved(coloured(), "JPEG", quality=90))
    np.testing.assert_array_equal(
        colour["image"], np.asarray(Image.open(io.BytesIO(saved(coloured(), "JPEG", quality=90))))
    )
    assert colour.arrays["image"].shape == (40, 56, 3)
    # A small mark in colour is enough.
    marked = np.stack([speckle()] * 3, -1)
    marked[3:5, 3:5] = (0, 200, 0)
    assert one(saved(marked, "JPEG", quality=90, progressive=True))["image"].shape == (40, 56, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_pictures_are_turned_upright(kind: str, orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[274] = orientation
    options: dict[str, Any] = {"quality": 95} if kind == "JPEG" else {}
    data = saved(speckle(), kind, exif=exif, **options)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    reading = one(data)
    assert reading.arrays["image"].shape == expected.shape == ((56, 40) if orientation > 4 else (40, 56))
    np.testing.assert_array_equal(reading["image"], expected)
    assert bool(reading.notes) == (orientation > 1)


def test_a_palette_is_looked_up() -> None:
    indices = speckle()
    picture = Image.fromarray(indices, "P")
    grey = np.random.default_rng(0).integers(0, 256, 256)
    picture.putpalette(np.repeat(grey[:, None], 3, 1).astype(np.uint8).tobytes())
    for kind in ("PNG", "BMP", "TIFF"):
        found = one(saved(picture, kind))["image"]
        np.testing.assert_array_equal(found, grey[indices])
    colours = np.random.default_rng(1).integers(0, 256, (256, 3))
    picture.putpalette(colours.astype(np.uint8).tobytes())
    reading = one(saved(picture))
    np.testing.assert_array_equal(reading["image"], colours[indices])
    assert reading.notes == ("the picture was read through its palette",)


def test_opacity_that_is_full_is_dropped_and_any_other_refused() -> None:
    opaque = np.dstack([coloured(), np.full((40, 56), 255, np.uint8)])
    reading = one(saved(opaque))
    np.testing.assert_array_equal(reading["image"], coloured())
    assert any("opacity" in note for note in reading.notes)
    with_grey = np.dstack([speckle(), np.full((40, 56), 255, np.uint8)])
    np.testing.assert_array_equal(one(saved(Image.fromarray(with_grey, "LA")))["image"], speckle())
    opaque[3, 4, 3] = 254
    assert refused(saved(opaque)).code == "transparent-image"
    keyed = Image.fromarray(speckle())
    level = int(speckle()[0, 0])
    assert refused(saved(keyed, transparency=level)).code == "transparent-image"
    picture = Image.fromarray(speckle() % 16, "P")
    picture.putpalette(bytes(range(48)))
    assert refused(saved(picture, transparency=3)).code == "transparent-image"


def test_sixteen_bits_are_scaled_and_told() -> None:
    deep = (speckle().astype(np.uint16) * 257) ^ 1
    for data in (saved(deep), saved(deep, "TIFF")):
        reading = one(data)
        assert codes(reading) == ["grey-rescaled"]
        assert reading["image"].dtype == np.float32
        np.testing.assert_allclose(reading["image"], deep / 257, atol=1e-3)
    tifffile = pytest.importorskip("tifffile")
    for byteorder in "<>":
        out = io.BytesIO()
        tifffile.imwrite(out, deep, photometric="miniswhite", byteorder=byteorder)
        if byteorder == ">":  # a variety that Pillow does not know
            assert refused(out.getvalue()).code == "corrupt-image"
            continue
        reading = one(out.getvalue())
        np.testing.assert_allclose(reading["image"], 255 - deep / 257, atol=1e-3)
        assert any("from white" in note for note in reading.notes)
        out = io.BytesIO()
        tifffile.imwrite(out, speckle(), photometric="miniswhite", byteorder=byteorder)
        np.testing.assert_array_equal(one(out.getvalue())["image"], 255 - speckle())


def test_what_has_no_grey_level_is_refused() -> None:
    cmyk = Image.fromarray(np.dstack([coloured(), speckle()]), "CMYK")
    assert refused(saved(cmyk, "TIFF")).code == "unsupported-pixels"
    assert "CMYK" in refused(saved(cmyk, "JPEG")).message
    assert refused(saved(speckle().astype(np.float32), "TIFF")).code == "unsupported-pixels"
    assert refused(saved(speckle().astype(np.int32), "TIFF")).code == "unsupported-pixels"
    error = refused(saved(Image.fromarray(speckle() > 99)))
    assert error.code == "two-level-image"
    assert "roi=" in error.remedy


# Scale of a TIFF ---------------------------------------------------------------------------------------------------


def imagej(unit: str, x: float, y: float, extra: str = "", **options: Any) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[270] = f"ImageJ=1.53t\nunit={unit}\n{extra}min=0\n"
    tags[282], tags[283], tags[296] = x, y, 1
    return saved(speckle(), "TIFF", tiffinfo=tags, **options)


@pytest.mark.parametrize(
    ("unit", "factor"), [("mm", 1.0), ("cm", 10.0), ("micron", 1e-3), ("\\u00B5m", 1e-3), ("inch", 25.4)]
)
def test_imagej_states_a_scale(unit: str, factor: float) -> None:
    x, y = 0.1 / factor, 0.05 / factor  # units a pixel
    reading = one(imagej(unit, 1 / x, 1 / y))
    assert float(reading["spacing_x"]) == pytest.approx(0.1, rel=1e-6)
    assert float(reading["spacing_y"]) == pytest.approx(0.05, rel=1e-6)
    assert str(reading["scale_source"]) == "tiff"
    assert reading.unit("spacing_x") == reading.unit("spacing_y") == "mm"


def test_what_is_no_scale_of_tissue_is_not_taken_for_one() -> None:
    screen = saved(speckle(), "TIFF", dpi=(72, 72))
    for data in (screen, saved(speckle(), dpi=(96, 96)), imagej("pixel", 1, 1), imagej("", 10, 10)):
        assert set(one(data)) == {"image"}
        assert codes(one(data)) == []
    seconds = one(imagej("sec", 10, 10))
    assert set(seconds) == {"image"}
    assert "'sec'" in seconds.notes[0]
    for x in (0.0, 1e-9, 1e9):
        refused_scale = one(imagej("mm", x, 10))
        assert set(refused_scale) == {"image"}
        assert codes(refused_scale) == ["spacing-refused"]


def test_a_turned_scale_turns_with_its_picture() -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[270], tags[282], tags[283], tags[274] = "ImageJ=1.53t\nunit=mm\n", 10.0, 20.0, 6
    reading = one(saved(speckle(), "TIFF", tiffinfo=tags))
    assert reading.arrays["image"].shape == (56, 40)
    assert float(reading["spacing_x"]) == pytest.approx(0.05)
    assert float(reading["spacing_y"]) == pytest.approx(0.1)


def test_pages_of_a_tiff_are_frames() -> None:
    pages = [Image.fromarray(speckle(seed=s)) for s in range(5)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    found = list(readers.read(io.BytesIO(data), frames="all"))
    assert [r.labels["frame"] for r in found] == ["1", "2", "3", "4", "5"]
    for page, reading in reversed(list(zip(pages, found, strict=True))):
        np.testing.assert_array_equal(reading["image"], np.asarray(page))
    assert [r.labels["frame"] for r in readers.read(io.BytesIO(data), frames="every:3")] == ["1", "4"]
    assert [r.labels["frame"] for r in readers.read(io.BytesIO(data))] == ["1"]
    assert one(saved(pages[0], "TIFF")).labels == {}
    # ImageJ's stacks above 4 GB list one page and state how many there are.
    assert refused(imagej("mm", 10, 10, extra="images=30\n")).code == "corrupt-image"


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("packing", [None, "lzw"])
def test_pages_of_every_kind_of_tiff(tmp_path: Path, big: bool, order: str, packing: str | None) -> None:
    pages = np.stack([speckle(seed=s) for s in range(7)])
    pictures = [Image.fromarray(page) for page in pages]
    path = tmp_path / "a.tif"
    if packing is None:
        tifffile = pytest.importorskip("tifffile")
        tifffile.imwrite(path, pages, bigtiff=big, byteorder=order, photometric="minisblack", metadata=None)
    else:
        pictures[0].save(path, save_all=True, append_images=pictures[1:], compression="tiff_lzw", big_tiff=big)
    if big and order == ">" and packing is None:
        # Of 64-bit TIFFs, Pillow knows those of little endian alone.
        assert refused(path.read_bytes()).code == "corrupt-image"
        return
    for source in (path, io.BytesIO(path.read_bytes())):
        found = list(readers.read(source, frames="all"))
        assert len(found) == 7
        for i in (6, 0, 3):
            np.testing.assert_array_equal(found[i]["image"], pages[i])


def test_pages_that_lead_back_are_refused() -> None:
    data = bytearray(saved(speckle(), "TIFF", save_all=True, append_images=[Image.fromarray(speckle())]))
    first = struct.unpack("<I", data[4:8])[0]
    entries = struct.unpack("<H", data[first : first + 2])[0]
    after = first + 2 + 12 * entries
    data[after : after + 4] = struct.pack("<I", first)
    error = refused(bytes(data))
    assert error.code == "corrupt-image"
    assert "itself" in error.message


# Limits ------------------------------------------------------------------------------------------------------------


def png_of(width: int, height: int) -> bytes:
    """Return a PNG of one grey level with a header of any size, its rows packed a thousandfold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes((width + 1) * min(height, 2000)), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(8000, 7000), (15000, 15000), (60000, 60000)])
def test_pictures_above_the_limit_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    tifffile = pytest.importorskip("tifffile")
    out = io.BytesIO()
    tifffile.imwrite(out, speckle())
    tiff = out.getvalue()
    with Image.open(io.BytesIO(tiff)) as file:
        tags = dict(file.tag_v2)
    assert tags[256] == 56
    bent = bytearray(tiff)
    ifd = struct.unpack("<I", tiff[4:8])[0]
    for i in range(struct.unpack("<H", tiff[ifd : ifd + 2])[0]):
        at = ifd + 2 + 12 * i
        tag = struct.unpack("<H", tiff[at : at + 2])[0]
        if tag in (256, 257, 278):
            bent[at : at + 12] = struct.pack("<HHII", tag, 4, 1, size[0] if tag == 256 else size[1])
    for data in (png_of(*size), bytes(bent)):
        tracemalloc.start()
        error = refused(data)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert isinstance(error, LimitError)
        assert error.code == "too-many-pixels"
        assert peak < 20e6


def test_the_limit_can_be_moved_and_other_options_are_checked() -> None:
    with pytest.raises(LimitError):
        one(saved(speckle()), max_pixels=2000)
    for options in ({"frames": "last"}, {"max_pixels": -1}, {"roi": "x.png"}, {"roi_origin": "left"}):
        with pytest.raises(SettingsError):
            one(saved(speckle()), **options)


def test_a_cut_or_empty_picture_is_refused() -> None:
    for kind in ("PNG", "JPEG", "BMP", "TIFF"):
        whole = saved(coloured(), kind)
        for part in (0.3, 0.6, 0.9):
            error = refused(whole[: int(len(whole) * part)])
            assert isinstance(error, ReadError)
            assert error.code in ("corrupt-image", "unsupported-pixels"), (kind, part, str(error))
    with pytest.raises(ReadError) as caught:
        list(readers.read(io.BytesIO(b""), reader="image"))
    assert caught.value.code == "empty-file"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "palette", "deep", "pages"])
def test_bent_pictures_give_levels_or_a_typed_error(kind: str) -> None:
    palette = Image.fromarray(speckle(16, 24), "P")
    palette.putpalette(bytes(range(256)) * 3)
    small = speckle(16, 24)
    whole = {
        "palette": lambda: saved(palette),
        "deep": lambda: saved(small.astype(np.uint16) * 200, "TIFF"),
        "pages": lambda: saved(small, "TIFF", save_all=True, append_images=[Image.fromarray(small)]),
    }.get(kind, lambda: saved(np.stack([small] * 3, -1), kind))()
    rng = random.Random(3)
    pictures = errors = 0
    for _ in range(200):
        bent = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(min(len(bent), 400) if rng.random() < 0.6 else len(bent))
            bent[at] = rng.randrange(256)
        if rng.random() < 0.15:
            bent = bent[: rng.randrange(8, len(bent))]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                for image in decoded(bytes(bent)):
                    assert image.ndim in (2, 3)
                    assert image.min() >= 0
                    assert image.max() <= 255
            pictures += 1
        except MuscleMetricsError:
            errors += 1
    assert errors > 10
    assert pictures + errors == 200


# Beside the picture ------------------------------------------------------------------------------------------------


def test_masks_beside_pictures_are_their_regions_and_no_pictures_themselves(tmp_path: Path) -> None:
    mask = np.zeros((40, 56), np.uint8)
    mask[10:30, 12:40] = 255
    (tmp_path / "a.png").write_bytes(saved(speckle()))
    (tmp_path / "a_mask.png").write_bytes(saved(mask))
    [reading] = readers.read(tmp_path / "a.png", roi="{stem}_mask.png")
    np.testing.assert_array_equal(reading["roi"], mask > 0)
    with pytest.raises(UnknownFormatError) as caught:
        list(readers.read(tmp_path / "a_mask.png", roi="{stem}_mask.png"))
    assert caught.value.code == "drawn-region"
    # A picture that only looks like one by its name is measured, or asked for its own region.
    (tmp_path / "b_mask.png").write_bytes(saved(speckle()))
    with pytest.raises(ReadError) as refused_one:
        list(readers.read(tmp_path / "b_mask.png", roi="{stem}_mask.png"))
    assert refused_one.value.code == "no-roi-file"
    (tmp_path / "rois").mkdir()
    (tmp_path / "rois" / "Mu\u0308ller.csv").write_text("x,y\n1,1\n9,1\n9,9\n")
    (tmp_path / "M\u00fcller.png").write_bytes(saved(speckle()))
    [reading] = readers.read(tmp_path / "M\u00fcller.png", roi="rois/{stem}.csv")
    assert reading["roi"].shape == (3, 2)
    (tmp_path / "rois" / "a.csv").write_bytes(b"\x93NUMPY")
    with pytest.raises(ReadError) as bad:
        list(readers.read(tmp_path / "a.png", roi="rois/{stem}.csv"))
    assert not isinstance(bad.value, UnknownFormatError), "a bad region would have the picture passed over"
    assert bad.value.code == "roi-unsupported"


def test_pictures_beside_tables_are_passed_over_and_the_other_way_about(tmp_path: Path) -> None:
    (tmp_path / "figure.png").write_bytes(saved(speckle()))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    (tmp_path / "curve.csv").write_text(
        "pCa,force (mN)\n9,0.01\n6.5,0.1\n6.2,0.3\n6,0.5\n5.8,0.7\n5.5,0.9\n5,1.0\n4.5,1.0\n"
    )
    rows = mm.measure_files(tmp_path, "force_pca")
    status = {r.provenance.sources[0][0]: (r.status, r.flags[0].code if r.flags else "") for r in rows}
    assert status["figure.png"] == status["broken.png"] == ("skipped", "other-kind")
    assert status["curve.csv"][0] in ("ok", "suspect")
    rows = mm.measure_files(tmp_path, "bmode")
    status = {r.provenance.sources[0][0]: (r.status, r.flags[0].code if r.flags else "") for r in rows}
    assert status["curve.csv"] == ("skipped", "other-kind")
    assert status["broken.png"] == ("failed", "corrupt-image")
    # Named by hand it is a failure, with the reason.
    [row] = mm.measure_files(tmp_path / "figure.png", "force_pca")
    assert (row.status, row.flags[0].code) == ("failed", "other-kind")


# Real pictures -------------------------------------------------------------------------------------------------------


def test_real_tiffs_and_pngs_of_one_image_have_the_same_levels() -> None:
    for name in ("img_00001", "img_00021", "img_00036", "img_00299"):
        tiff = next(readers.read(shared(f"ultrasound/original_tif/{name}.tif")))
        png = next(readers.read(shared(f"ultrasound/dltrack_apo/images/{name}.png")))
        assert "spacing_x" not in tiff, "72 dots an inch are a screen's"
        a, b = imaging.grey(tiff["image"]), imaging.grey(png["image"])
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, atol=1.0)


def test_one_real_picture_in_every_format_has_the_same_echo_intensity() -> None:
    """PNG, TIFF, BMP and DICOM in grey, RGB and luma and chroma: identical where nothing is lost."""
    from .dicom_files import GREY_ENCODINGS

    pixels = next(readers.read(shared("ultrasound/dltrack_apo/images/img_00001.png")))["image"][:200, :300]
    pixels = np.ascontiguousarray(imaging.grey(pixels))
    assert pixels.dtype == np.uint8
    rgb = np.stack([pixels] * 3, -1)
    files = [saved(p, kind) for p in (pixels, rgb) for kind in ("PNG", "TIFF", "BMP")]
    files += [make(pixels) for make in GREY_ENCODINGS.values()]
    files += [dicom(rgb), dicom(rgb, data=np.moveaxis(rgb, -1, 0).tobytes(), PlanarConfiguration=1)]
    assert len(files) > 20
    for data in files:
        assert imaging.grey(one(data)["image"]).mean(dtype=float) == pytest.approx(pixels.mean(), abs=1e-9)


# Grey ----------------------------------------------------------------------------------------------------------------


def test_grey_by_both_rules() -> None:
    pixels = coloured()
    whole = pixels.astype(float)
    np.testing.assert_allclose(imaging.grey(pixels), whole @ [0.299, 0.587, 0.114], atol=1e-9)
    np.testing.assert_allclose(imaging.grey(pixels, "mean"), whole.mean(axis=2), atol=1e-9)
    tinted = np.clip(speckle()[..., None] * np.array([1.0, 0.96, 0.85]), 0, 255)
    assert imaging.grey(tinted).mean() != pytest.approx(imaging.grey(tinted, "mean").mean(), rel=0.01)
    with pytest.raises(SettingsError):
        imaging.grey(pixels, "hsv")


def test_grey_pixels_keep_their_level_exactly() -> None:
    grey = speckle()
    assert imaging.grey(grey) is grey
    same = imaging.grey(np.stack([grey] * 3, -1))
    assert same.dtype == np.uint8
    np.testing.assert_array_equal(same, grey)
    marked = np.stack([grey] * 3, -1)
    marked[0, 0] = (255, 250, 10)  # 250 + 10 wraps in eight bits
    for rule in ("itu601", "mean"):
        found = imaging.grey(marked, rule)
        np.testing.assert_array_equal(found.ravel()[1:], grey.ravel()[1:])
        assert found.max() <= 255
    assert imaging.grey(marked)[0, 0] == pytest.approx(0.299 * 255 + 0.587 * 250 + 0.114 * 10)
    opaque = np.dstack([marked, np.full((40, 56), 255, np.uint8)])
    np.testing.assert_array_equal(imaging.grey(opaque), imaging.grey(marked))
    opaque[2, 2, 3] = 0
    for bad, code in (
        (opaque, "transparent-image"),
        (np.zeros((2, 3, 5)), "wrong-shape"),
        (np.zeros(9), "wrong-shape"),
        (np.zeros((0, 4)), "wrong-shape"),
        (np.zeros((3, 3), complex), "not-numeric"),
        (np.zeros((3, 3), bool), "not-numeric"),
    ):
        with pytest.raises(InputError) as caught:
            imaging.grey(bad)
        assert caught.value.code == code


def test_the_share_of_coloured_pixels() -> None:
    pixels = np.stack([speckle()] * 3, -1)
    mask = np.zeros((40, 56), bool)
    mask[:20] = True
    assert imaging.chroma_share(pixels, mask) == 0
    assert imaging.chroma_share(speckle(), mask) == 0
    pixels[0, :28] = (5, 250, 3)
    pixels[30:] = (200, 0, 0)
    assert imaging.chroma_share(pixels, mask) == pytest.approx(28 / 1120)
    level = np.full((40, 56, 3), 100, np.uint8)
    level[..., 0] += 8
    assert imaging.chroma_share(level, mask) == 0
    level[..., 0] += 1
    assert imaging.chroma_share(level, mask) == 1
    assert imaging.chroma_share(level, ~np.ones((40, 56), bool)) == 0
    with pytest.raises(InputError):
        imaging.chroma_share(level, mask[:3])
