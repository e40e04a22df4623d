"""Fascicle angles on stripes, simulated muscle and images that three people measured; lengths by geometry."""

import csv
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from musclemetrics.errors import InputError
from musclemetrics.imaging import fascicle_angle, fascicle_length, line_angle
from musclemetrics.simulate import bmode
from musclemetrics.simulate.ultrasound import Muscle, Sheet
from tests.shared_data import shared
from tests.test_view import picture

Array = NDArray[np.float64]
WHOLE = np.ones((200, 420), dtype=bool)


def stripes(angle: float, *, period: float = 15.0, noise: float = 0.0, shape: tuple[int, int] = (200, 420)) -> Array:
    y, x = np.mgrid[: shape[0], : shape[1]]
    across = y * math.cos(math.radians(angle)) + x * math.sin(math.radians(angle))
    grain = np.random.default_rng(5).normal(0.0, noise, shape) if noise else 0.0
    image: Array = np.clip(100 + 60 * np.sin(2 * np.pi * across / period) + grain, 0, 255)
    return image


def speckle(seed: int, grain: float) -> Array:
    """Return log-compressed speckle whose grain is `grain` px across the beam and 1.2 px along it."""
    from scipy import ndimage

    parts = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(2, 200, 420)), (0, 1.2, grain))
    image: Array = np.clip(150 + 70 * np.log10(np.hypot(*(parts / parts.std())) + 1e-3), 0, 255)
    return image


@pytest.mark.parametrize("angle", [-48.0, -30.5, -17.25, -9.0, 9.0, 17.25, 30.5, 48.0])
@pytest.mark.parametrize("noise", [0.0, 60.0])
def test_the_angle_of_stripes(angle: float, noise: float) -> None:
    found = fascicle_angle(stripes(angle, noise=noise), WHOLE, deep_angle=0.0, superficial_angle=1.0)
    # Near the horizontal an angle and its mirror image overlap, which pushes them apart a little.
    assert found.angle == pytest.approx(angle, abs=0.5 if abs(angle) < 10 else 0.2)
    assert found.pennation == pytest.approx(abs(found.angle))
    assert found.superficial_pennation == pytest.approx(abs(found.angle - 1.0))
    assert found.coherence > 0.5
    assert found.share == 1.0


@pytest.mark.parametrize("pennation", [10.0, 18.0, 28.0, -20.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_simulated_muscle(pennation: float, seed: int) -> None:
    made = bmode([Sheet(9.0, tilt=-1.0), Sheet(27.0, tilt=2.0)], [Muscle(pennation)], seed=seed, screen=None)
    layer = made.layers[0]
    found = fascicle_angle(made.image, made.region(inset_mm=0.8), deep_angle=layer.deep_angle, superficial_angle=-1.0)
    assert found.angle == pytest.approx(layer.fascicle_angle, abs=1.2)
    assert found.pennation == pytest.approx(abs(layer.pennation), abs=1.2)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("grain", [1.2, 3.0, 6.0])
def test_speckle_alone_has_no_angle(seed: int, grain: float) -> None:
    found = fascicle_angle(speckle(seed, grain), WHOLE, deep_angle=-3.0)
    assert math.isnan(found.angle)
    assert math.isnan(found.pennation)
    assert found.coherence < 0.2
    assert found.share == 0.0


@pytest.mark.parametrize("image", [np.zeros((200, 420)), np.full((200, 420), 255.0)])
def test_an_even_image_has_no_angle(image: Array) -> None:
    found = fascicle_angle(image, WHOLE, deep_angle=0.0)
    assert math.isnan(found.angle)
    assert found.coherence == 0.0


def test_sheets_along_the_aponeuroses_are_no_fascicles() -> None:
    sheets, fascicles = stripes(-6.0, period=40.0), stripes(20.0)
    found = fascicle_angle((sheets + fascicles) / 2, WHOLE, deep_angle=-7.0, superficial_angle=-5.0)
    assert found.angle == pytest.approx(20.0, abs=1.0)


def test_the_mirror_image_has_the_opposite_angle() -> None:
    image = bmode([Sheet(9.0), Sheet(27.0)], [Muscle(20.0)], seed=4, screen=None).image
    region = np.zeros(image.shape, dtype=bool)
    region[170:420] = True
    here = fascicle_angle(image, region, deep_angle=0.0)
    there = fascicle_angle(image[:, ::-1], region, deep_angle=0.0)
    assert there.angle == pytest.approx(-here.angle, abs=0.3)


def test_brightness_and_contrast_do_not_matter() -> None:
    image = stripes(22.0, noise=40.0)
    ramp = np.linspace(0.2, 1.0, 420)
    plain, uneven = (fascicle_angle(i, WHOLE, deep_angle=0.0) for i in (image, image * ramp))
    assert uneven.angle == pytest.approx(plain.angle, abs=0.3)


def test_angles_are_those_of_the_tissue_where_pixels_are_not_square() -> None:
    tissue = 25.0
    seen = math.degrees(math.atan(math.tan(math.radians(tissue)) * 0.10 / 0.06))
    found = fascicle_angle(stripes(seen), WHOLE, deep_angle=-4.0, spacing=(0.10, 0.06))
    assert found.angle == pytest.approx(tissue, abs=0.4)
    assert found.pennation == pytest.approx(tissue + 4.0, abs=0.4)
    x = np.arange(100.0)
    line = -x * math.tan(math.radians(seen))
    assert line_angle(x, line, spacing=(0.10, 0.06)) == pytest.approx(tissue)


def test_what_cannot_be_measured_is_refused() -> None:
    for mask, code in (
        (np.ones((10, 10), bool), "wrong-shape"),
        (np.zeros((200, 420), bool), "muscle-too-thin"),
        (np.arange(200)[:, None] < np.full(420, 12), "muscle-too-thin"),
    ):
        with pytest.raises(InputError) as caught:
            fascicle_angle(stripes(20.0), mask, deep_angle=0.0)
        assert caught.value.code == code
    with pytest.raises(InputError) as caught:
        line_angle(np.ones(1), np.ones(1))
    assert caught.value.code == "too-few-points"


def test_three_people() -> None:
    """The truth's beta is the *upper* aponeurosis: what people drew as it is used, so that the fascicles are judged."""
    with shared("ultrasound/truth/manual_3observers_mean.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[4::9]
    off = []
    for row in rows:
        image = picture(row["image"])
        x0 = int(row["measure_x_px"])
        width = {"dataset_1": 500, "dataset_2": 560, "dataset_3": 890}[row["image"].split("/")[1]]
        upper, lower = float(row["y_sup_px"]), float(row["y_deep_px"])
        inset = 0.12 * (lower - upper)
        tilt = math.tan(math.radians(float(row["beta_deg"])))
        y, x = np.mgrid[: image.shape[0], : image.shape[1]]
        down = y + tilt * (x - x0)
        mask = (down > upper + inset) & (down < lower - inset) & (x >= x0) & (x < x0 + width)
        beta = float(row["beta_deg"])
        found = fascicle_angle(image, mask, deep_angle=beta)
        off.append(found.angle - float(row["alpha_deg"]))
    assert len(off) == 17
    assert np.mean(np.abs(off)) < 1.6
    assert abs(np.mean(off)) < 1.0


@pytest.mark.parametrize("angle", [15.0, -15.0, 40.0])
def test_a_fascicle_between_parallel_lines(angle: float) -> None:
    x = np.arange(0.0, 800.0)
    found = fascicle_length(angle, x, np.full(800, 100.0), np.full(800, 180.0))
    assert found.length == pytest.approx(80.0 / math.sin(math.radians(abs(angle))))
    assert found.extrapolated == pytest.approx(0.0, abs=1e-9)
    assert found.deep[1] == pytest.approx(180.0)
    assert found.superficial[1] == pytest.approx(100.0)
    assert (found.superficial[0] > found.deep[0]) == (angle > 0)


def test_the_share_outside_the_view_is_extrapolated() -> None:
    x = np.arange(0.0, 401.0)
    found = fascicle_length(10.0, x, np.full(401, 100.0), np.full(401, 200.0))
    run = 100.0 / math.tan(math.radians(10.0))
    assert found.length == pytest.approx(100.0 / math.sin(math.radians(10.0)))
    assert found.extrapolated == pytest.approx(1.0 - 400.0 / run)


def test_tilted_lines_go_on_straight() -> None:
    x = np.arange(100.0, 301.0)
    deep = 200.0 + 0.1 * x
    found = fascicle_length(20.0, x, np.full(201, 100.0), deep)
    slope = math.tan(math.radians(20.0))
    height = (100.0 + 220.0) / 2
    low = (height + slope * 200.0 - 200.0) / (0.1 + slope)
    assert found.deep[0] == pytest.approx(low)
    assert found.deep[1] == pytest.approx(200.0 + 0.1 * low)
    assert found.superficial[0] == pytest.approx(200.0 + (height - 100.0) / slope)


def test_lengths_in_millimetres_keep_both_spacings() -> None:
    x = np.arange(0.0, 801.0)
    angle, dx, dy = 25.0, 0.10, 0.06
    found = fascicle_length(angle, x, np.full(801, 100.0), np.full(801, 300.0), spacing=(dx, dy))
    assert found.length == pytest.approx(200.0 * dy / math.sin(math.radians(angle)))


@pytest.mark.parametrize("angle", [0.0, math.nan, 0.4, -2.0])
def test_a_fascicle_that_meets_no_aponeurosis_has_no_length(angle: float) -> None:
    x = np.arange(0.0, 401.0)
    found = fascicle_length(angle, x, 100.0 + 0.035 * x, 400.0 + 0.035 * x)
    assert math.isnan(found.length)
    assert math.isnan(found.extrapolated)
