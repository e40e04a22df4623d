"""What must not matter to a B-mode measurement does not, and what must, does by as much as it should.

Five spacings and six tilts in millimetres; one image in every file format; mirrored, brighter, shifted and finer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import musclemetrics as mm
from musclemetrics import imaging
from musclemetrics.modalities import bmode
from musclemetrics.record import Record
from musclemetrics.simulate.ultrasound import Muscle, Phantom, Region, Sheet, to_dicom, to_png, to_tiff
from musclemetrics.simulate.ultrasound import bmode as phantom

from .shared_data import shared

SPACINGS = [(0.06, 0.06), (0.085, 0.085), (0.1, 0.07), (0.07, 0.1), (0.12, 0.09)]
TILTS = [-8.0, -5.0, -2.0, 1.0, 4.0, 7.0]
LENGTHS = (
    "thickness",
    "thickness_left",
    "thickness_middle",
    "thickness_right",
    "thickness_perpendicular",
    "subcutaneous_thickness",
)
REAL = [
    "dltrack_apo/images/img_00117.png",
    "dltrack_apo/images/img_00451.png",
    "timtrack/dataset_1/S1/S1_L20_step_025.png",
    "timtrack/dataset_2/jumping/gastroc_jumping_070.png",
]

NEARLY_GREY = ("dltrack_apo/images/img_00117.png",)
"""Blue one level below the others in two of five pixels: rounding moves the luma of all those the same way, by 0.11."""


def tilted(spacing: tuple[float, float], tilt: float, streaks: float = 14.0, **given: Any) -> Phantom:
    """Return a muscle that fills half of the view's depth, both its sheets at `tilt`, its fascicles 15° steeper."""
    deep = 420 * spacing[1]
    sheets = (
        Sheet(0.25 * deep, tilt=tilt, thickness=0.035 * deep),
        Sheet(0.72 * deep, tilt=tilt, thickness=0.035 * deep),
    )
    muscle = Muscle(15.0, distance=0.035 * deep, fascicles=streaks)
    return phantom(sheets, (muscle,), spacing=spacing, seed=int(10 * tilt) + 100, **given)


def lines_of(made: Phantom) -> dict[str, list[list[float]]]:
    layer = made.layers[0]
    ends = [0, -1]
    return {
        "superficial": np.column_stack([layer.x[ends], layer.superficial[ends]]).tolist(),
        "deep": np.column_stack([layer.x[ends], layer.deep[ends]]).tolist(),
    }


def values(record: Record) -> dict[str, float]:
    return {m.name: m.value for m in record.measurements}


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("tilt", TILTS)
def test_millimetres_of_drawn_lines_are_exact(spacing, tilt):
    """Straight lines by hand: no finder between the pixels and the millimetres."""
    made = tilted(spacing, tilt)
    layer = made.layers[0]
    record = bmode.measure(made.image, spacing, lines=lines_of(made), fascicles=False)
    wanted = (layer.thickness, layer.left, layer.middle, layer.right)
    for name, want in zip(LENGTHS[:4], wanted, strict=True):
        assert record[name].unit == "mm"
        assert record[name].value == pytest.approx(want, abs=1e-6), name
    # Parallel sheets: the one place where a swap of dx and dy cannot hide.
    straight = layer.thickness * np.cos(np.radians(tilt))
    assert record["thickness_perpendicular"].value == pytest.approx(straight, rel=1e-3)
    assert record["roi_area"].unit == "mm2"
    region = made.region(inset_mm=1.0)
    assert record["roi_area"].value == pytest.approx(region.sum() * spacing[0] * spacing[1], rel=1e-3)


@pytest.mark.parametrize(("streaks", "within"), [(0.0, 0.5), (14.0, 1.0)], ids=["speckle", "fascicles"])
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("tilt", TILTS)
def test_found_edges_are_within_a_fraction_of_a_pixel(spacing, tilt, streaks, within):
    """Half a pixel; where bright fascicles run into the sheets, their ends are part of what is seen as sheet."""
    made = tilted(spacing, tilt, streaks=streaks)
    layer = made.layers[0]
    record = bmode.measure(made.image, spacing, fascicles=False)
    assert record["thickness"].value == pytest.approx(layer.thickness, abs=within * spacing[1])
    assert record["thickness_perpendicular"].value == pytest.approx(layer.perpendicular, abs=within * spacing[1])
    assert record["subcutaneous_thickness"].value == pytest.approx(made.subcutaneous, abs=spacing[1])


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("pennation", [10.0, 16.0, 24.0, -12.0])
def test_fascicles_are_measured_in_millimetres_not_in_pixels(spacing, pennation):
    deep = 420 * spacing[1]
    sheets = Sheet(0.25 * deep, tilt=-1.0, thickness=0.035 * deep), Sheet(0.75 * deep, tilt=3.0, thickness=0.035 * deep)
    made = phantom(sheets, (Muscle(pennation, distance=0.035 * deep),), spacing=spacing, seed=7)
    record = bmode.measure(made.image, spacing)
    assert abs(record["pennation_angle"].value) == pytest.approx(abs(pennation), abs=2.5)


# One image, many files


def real_image(path: str) -> np.ndarray:
    with Image.open(shared(f"ultrasound/{path}")) as file:
        return np.asarray(file.convert("RGB" if file.mode != "L" else "L"))


def measured(path: Path, **settings: Any) -> Record:
    (record,) = mm.measure_files([path], "bmode", **settings)
    assert record.status in ("ok", "suspect"), record.flags
    return record


LOSSLESS: dict[str, Callable[[np.ndarray, Path], None]] = {
    "a.png": to_png,
    "a.tif": to_tiff,
    "uncompressed.dcm": to_dicom,
    "big_endian.dcm": lambda a, p: to_dicom(a, p, encoding="big_endian"),
    "deflated.dcm": lambda a, p: to_dicom(a, p, encoding="deflated"),
    "rle.dcm": lambda a, p: to_dicom(a, p, encoding="rle"),
    "j2k_lossless.dcm": lambda a, p: to_dicom(a, p, encoding="j2k_lossless"),
    "jpeg_lossless.dcm": lambda a, p: to_dicom(a, p, encoding="jpeg_lossless"),
    "inverted.dcm": lambda a, p: to_dicom(a, p, photometric="MONOCHROME1" if a.ndim == 2 else "RGB"),
    "palette.dcm": lambda a, p: to_dicom(a, p, photometric="PALETTE COLOR" if a.ndim == 2 else "RGB"),
}
YBR: dict[str, Callable[[np.ndarray, Path], None]] = {
    "ybr.dcm": lambda a, p: to_dicom(a, p, photometric="YBR_FULL"),
    "ybr_rle.dcm": lambda a, p: to_dicom(a, p, photometric="YBR_FULL", encoding="rle"),
    "ybr_422.dcm": lambda a, p: to_dicom(a[:, : a.shape[1] // 2 * 2], p, photometric="YBR_FULL_422"),
}


@pytest.fixture(scope="module")
def directly() -> dict[str, Record]:
    """Return the records of the arrays themselves."""
    return {path: bmode.measure(real_image(path)) for path in REAL}


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("path", REAL)
def test_a_lossless_file_gives_what_the_array_gives(path, name, tmp_path, directly):
    if name == "jpeg_lossless.dcm":
        pytest.importorskip("imagecodecs", reason="JPEG lossless is decoded by an extra")
    LOSSLESS[name](real_image(path), tmp_path / name)
    record = measured(tmp_path / name)
    assert repr(values(record)) == repr(values(directly[path]))
    assert all(np.array_equal(a.values, b.values) for a, b in zip(record.traces, directly[path].traces, strict=True))


@pytest.mark.parametrize("name", YBR)
@pytest.mark.parametrize("path", REAL)
def test_luma_gives_the_grey_of_the_colours(path, name, tmp_path, directly):
    image = real_image(path)
    YBR[name](image, tmp_path / name)
    record = measured(tmp_path / name)
    assert record["thickness"].value == pytest.approx(directly[path]["thickness"].value, abs=0.1)
    # The file holds luma in whole levels: what rounding takes is lost before anyone reads it.
    whole = np.rint(np.asarray(imaging.grey(image))).astype(np.uint8)
    assert record["echo_intensity"].value == pytest.approx(bmode.measure(whole)["echo_intensity"].value, abs=0.02)
    if path not in NEARLY_GREY:
        assert record["echo_intensity"].value == pytest.approx(directly[path]["echo_intensity"].value, abs=0.1)


@pytest.mark.parametrize("encoding", ["jpeg", "j2k"])
@pytest.mark.parametrize("path", REAL)
def test_a_lossy_file_is_near_and_says_so(path, encoding, tmp_path, directly):
    to_dicom(real_image(path), tmp_path / "a.dcm", encoding=encoding)
    record = measured(tmp_path / "a.dcm")
    assert record["echo_intensity"].value == pytest.approx(directly[path]["echo_intensity"].value, abs=0.5)
    assert record["thickness"].value == pytest.approx(directly[path]["thickness"].value, rel=0.01)
    assert any("lossy" in f.code for f in record.flags)


@pytest.mark.parametrize("spacing", [(0.085, 0.085), (0.07, 0.1)])
def test_every_way_to_state_a_scale_gives_the_same_millimetres(spacing, tmp_path):
    made = tilted(spacing, 3.0)
    whole = (0, 0, made.image.shape[1], made.image.shape[0])
    to_tiff(made.image, tmp_path / "mm.tif", spacing=spacing)
    to_tiff(made.image, tmp_path / "micron.tif", spacing=spacing, unit="micron")
    to_dicom(made.image, tmp_path / "region.dcm", regions=[Region(whole, spacing)])
    to_dicom(made.image, tmp_path / "upwards.dcm", regions=[Region(whole, (spacing[0], -spacing[1]))])
    to_dicom(made.image, tmp_path / "tag.dcm", pixel_spacing=spacing)
    to_dicom(made.image, tmp_path / "nominal.dcm", pixel_spacing=spacing, spacing_tag="NominalScannedPixelSpacing")
    want = values(bmode.measure(made.image, spacing))
    for path in sorted(tmp_path.iterdir()):
        found = values(measured(path))
        for name, value in found.items():
            assert value == pytest.approx(want[name], rel=1e-5, nan_ok=True), f"{path.name}: {name}"


def test_a_region_that_is_part_of_the_image_gives_the_same_as_the_image(tmp_path):
    made = tilted((0.07, 0.1), 3.0, streaks=0.0)
    to_dicom(made, tmp_path / "region.dcm")
    found = measured(tmp_path / "region.dcm")
    assert found["thickness"].value == pytest.approx(made.layers[0].thickness, abs=0.05)
    assert found["spacing_x"].value == pytest.approx(0.07)
    assert found["spacing_y"].value == pytest.approx(0.1)


# Metamorphic


def pictures() -> list[Any]:
    return [
        pytest.param("phantom", id="phantom"),
        pytest.param("layers", id="layers"),
        *[pytest.param(path, id=Path(path).stem) for path in REAL],
    ]


def picture(what: str) -> np.ndarray:
    if what == "phantom":
        return tilted((0.085, 0.085), 2.0).image
    if what == "layers":
        three = Sheet(6.0, tilt=-1.0), Sheet(18.0, tilt=2.0), Sheet(30.0)
        return phantom(three, (Muscle(18.0), Muscle(-12.0)), screen="grey", seed=3).image
    return real_image(what)


SPACING = (0.09, 0.09)


@pytest.mark.parametrize("what", pictures())
def test_mirror(what):
    image = picture(what)
    one, two = bmode.measure(image, SPACING), bmode.measure(image[:, ::-1], SPACING)
    assert two["thickness"].value == pytest.approx(one["thickness"].value, rel=0.01)
    assert two["thickness_left"].value == pytest.approx(one["thickness_right"].value, rel=0.02)
    assert two["thickness_right"].value == pytest.approx(one["thickness_left"].value, rel=0.02)
    assert two["echo_intensity"].value == pytest.approx(one["echo_intensity"].value, abs=0.5)
    assert abs(two["pennation_angle"].value) == pytest.approx(abs(one["pennation_angle"].value), abs=1.0, nan_ok=True)


@pytest.mark.parametrize("what", pictures())
def test_brightness(what):
    """Eight levels more: eight more of echo intensity, and the edges where they were."""
    image = np.minimum(picture(what), 247)
    one, two = bmode.measure(image, SPACING), bmode.measure(image + np.uint8(8), SPACING)
    assert two["thickness"].value == pytest.approx(one["thickness"].value, rel=0.01)
    assert two["echo_intensity"].value == pytest.approx(one["echo_intensity"].value + 8, abs=0.3)
    assert two["echo_intensity_sd"].value == pytest.approx(one["echo_intensity_sd"].value, abs=0.3)


def test_brightness_of_one_region_is_exact():
    made = tilted((0.085, 0.085), 2.0)
    image = np.minimum(made.image, 235)
    settings: dict[str, Any] = {"lines": lines_of(made), "fascicles": False}
    one, two = (bmode.measure(a, made.spacing, **settings) for a in (image, image + np.uint8(20)))
    assert two["echo_intensity"].value == pytest.approx(one["echo_intensity"].value + 20, abs=1e-9)
    for name in ("echo_intensity_sd", "echo_intensity_skewness", "echo_intensity_kurtosis", "echo_intensity_entropy"):
        assert two[name].value == pytest.approx(one[name].value, abs=1e-9), name
    assert two["echo_intensity_median"].value == one["echo_intensity_median"].value + 20
    assert two["thickness"].value == one["thickness"].value


@pytest.mark.parametrize("what", pictures())
def test_shift_with_the_region(what):
    """A wider screen around the same scan: its edges move along, nothing else changes."""
    image = picture(what)
    height, width = image.shape[:2]
    right, down = 37, 23
    wider = np.zeros((height + 50, width + 60, *image.shape[2:]), np.uint8)
    wider[down : down + height, right : right + width] = image
    view = tuple(int(v) for v in bmode.measure(image, SPACING).trace("view_box"))
    moved = view[0] + right, view[1] + down, view[2] + right, view[3] + down
    one = bmode.measure(image, SPACING, region=view)
    two = bmode.measure(wider, SPACING, region=moved)
    for name in one:
        assert two[name].value == pytest.approx(one[name].value, rel=1e-9, nan_ok=True), name
    for name, by in (("superficial_x", right), ("superficial_y", down), ("deep_x", right), ("deep_y", down)):
        np.testing.assert_allclose(two.trace(name), one.trace(name) + by, atol=1e-6)


@pytest.mark.parametrize("what", pictures())
def test_twice_as_fine_with_half_the_spacing(what):
    """The same millimetres and grey levels; each pixel became four of its kind."""
    image = picture(what)
    finer = np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)
    half = SPACING[0] / 2, SPACING[1] / 2
    one, two = bmode.measure(image, SPACING), bmode.measure(finer, half)
    assert two["thickness"].value == pytest.approx(one["thickness"].value, rel=0.01)
    assert two["echo_intensity"].value == pytest.approx(one["echo_intensity"].value, abs=0.5)
    assert two["roi_area"].value == pytest.approx(one["roi_area"].value, rel=0.02)


def test_monochrome1_of_the_inverse_is_the_image(tmp_path):
    made = tilted((0.085, 0.085), 2.0)
    to_dicom(made, tmp_path / "dark_is_low.dcm")
    to_dicom(made, tmp_path / "dark_is_high.dcm", photometric="MONOCHROME1")
    low, high = (measured(tmp_path / f"dark_is_{k}.dcm") for k in ("low", "high"))
    assert repr(values(low)) == repr(values(high))


@pytest.mark.parametrize("encoding", ["uncompressed", "rle", "j2k_lossless"])
def test_each_frame_of_a_cine_is_measured_as_a_picture_of_its_own(encoding, tmp_path):
    frames = [
        phantom((Sheet(8.0), Sheet(24.0 + k, tilt=2.0)), (Muscle(15.0, fascicles=0.0),), shape=(400, 540), frame=k)
        for k in range(4)
    ]
    to_dicom(frames, tmp_path / "cine.dcm", encoding=encoding)
    every = list(mm.measure_files([tmp_path / "cine.dcm"], "bmode", reading={"frames": "all"}))
    second = list(mm.measure_files([tmp_path / "cine.dcm"], "bmode", reading={"frames": "every:2"}))
    assert [r.labels["frame"] for r in every] == ["1", "2", "3", "4"]
    assert [r.labels["frame"] for r in second] == ["1", "3"]
    for k, record in enumerate(every):
        made = frames[k]
        assert record["thickness"].value == pytest.approx(made.layers[0].thickness, abs=0.5 * made.spacing[1])
        alone = tmp_path / f"{k}.dcm"
        to_dicom(made, alone)
        assert repr(values(measured(alone))) == repr(values(record))
    assert repr(values(second[1])) == repr(values(every[2]))


def test_deeper_layers_are_measured_when_they_are_asked_for():
    three = Sheet(6.0, tilt=-1.0), Sheet(17.0, tilt=1.0), Sheet(30.0)
    made = phantom(three, (Muscle(18.0, fascicles=0.0), Muscle(-12.0, fascicles=0.0)), seed=4)
    found = [bmode.measure(made.image, made.spacing, layer=k)["thickness"].value for k in (0, 1)]
    wanted = [one.thickness for one in made.layers]
    near = [min(abs(f - w) for w in wanted) for f in found]
    assert max(near) < 0.5 * made.spacing[1]
    assert abs(found[0] - found[1]) > 1.0


@pytest.mark.parametrize("seed", range(4))
def test_a_fan_is_measured_within_it_and_doubted(seed):
    sheets = Sheet(20.0), Sheet(50.0, tilt=1.0)
    made = phantom(sheets, (Muscle(fascicles=0.0),), view="sector", spacing=(0.2, 0.2), seed=seed)
    record = bmode.measure(made.image, made.spacing)
    assert record.status == "suspect"
    assert record.flagged("finder-not-for-view")
    x0, y0, x1, y1 = record.trace("view_box")
    assert x0 >= made.box[0] - 1
    assert y0 >= made.box[1] - 1
    assert x1 <= made.box[2] + 1
    assert y1 <= made.box[3] + 5
    # By hand it is measured as any other.
    drawn = bmode.measure(made.image, made.spacing, lines=lines_of(made), fascicles=False)
    assert drawn["thickness"].value == pytest.approx(made.layers[0].thickness, abs=1e-6)
    assert not drawn.flagged("finder-not-for-view")
    assert drawn["echo_intensity"].value == pytest.approx(made.truth()["echo_intensity"], abs=0.5)
