"""The finder of aponeuroses: right on what is known, the same for mirror images, honest where it cannot be right."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from musclemetrics.errors import InputError, SettingsError
from musclemetrics.imaging import View, field_of_view, layers
from musclemetrics.imaging.boundaries import doubts
from musclemetrics.imaging.layers import examine
from musclemetrics.imaging.weights import WEIGHTS
from tests.shared_data import shared
from tests.validation.bmode_truth import everything

Array = NDArray[np.float64]
HEIGHT, WIDTH = 400, 480
HALF = 4 * math.sqrt(math.log(2))
"""Half the width at half height of the bands below."""


def muscle(
    rows: tuple[float, ...] = (70.0, 250.0), *, fall: float = 0.0, bow: float = 0.0, slant: float = 20.0, seed: int = 1
) -> Array:
    """Return speckle with oblique stripes and bright bands whose middles are at `rows`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    u = x / (WIDTH - 1) * 2 - 1
    slope = math.tan(math.radians(slant))
    stripes = np.where((y > rows[0]) & (y < rows[-1]), 1 + 0.6 * np.sin((y + x * slope) / 3), 1.0)
    image = rng.rayleigh(25.0, (HEIGHT, WIDTH)) * stripes
    for row in rows:
        image += 170 * np.exp(-(((y - row - fall / 2 * u - bow * (1 / 3 - u * u)) / 4) ** 2))
    return np.minimum(image, 255.0)


def whole(image: NDArray[np.generic]) -> View:
    return View((0, 0, image.shape[1], image.shape[0]), np.ones(image.shape, np.bool_), 1.0)


@pytest.mark.parametrize(("fall", "bow"), [(0.0, 0.0), (40.0, 0.0), (-30.0, 10.0), (15.0, -12.0)])
def test_edges_are_at_half_height_wherever_the_lines_run(fall: float, bow: float) -> None:
    image = muscle(fall=fall, bow=bow)
    found = layers(image, whole(image))
    u = found.x / (WIDTH - 1) * 2 - 1
    run = fall / 2 * u + bow * (1 / 3 - u * u)
    assert np.abs(found.superficial - (70 + HALF + run)).mean() < 1.0
    assert np.abs(found.deep - (250 - HALF + run)).mean() < 1.0
    assert np.abs(found.outer - (70 - HALF + run)).mean() < 1.0
    assert found.thickness.mean() == pytest.approx(180 - 2 * HALF, abs=0.8)
    assert found.confidence > 0.9
    assert found.superficial_seen == found.deep_seen == 1.0


def test_a_mirror_image_has_the_mirrored_edges() -> None:
    image = muscle(fall=25.0)
    one, other = layers(image, whole(image)), layers(image[:, ::-1], whole(image))
    np.testing.assert_allclose(other.x[::-1], WIDTH - 1 - one.x)
    assert np.abs(one.superficial - other.superficial[::-1]).mean() < 0.3
    assert np.abs(one.deep - other.deep[::-1]).mean() < 0.3
    assert one.confidence == pytest.approx(other.confidence, abs=0.05)


def test_edges_move_with_the_view_and_ignore_what_is_outside() -> None:
    image = muscle()
    screen = np.full((HEIGHT + 120, WIDTH + 90), 255.0)
    screen[80 : 80 + HEIGHT, 50 : 50 + WIDTH] = image
    view = View((50, 80, 50 + WIDTH, 80 + HEIGHT), np.ones(image.shape, np.bool_), 1.0)
    here, there = layers(image, whole(image)), layers(screen, view)
    np.testing.assert_allclose(there.x, here.x + 50)
    np.testing.assert_allclose(there.superficial, here.superficial + 80)
    np.testing.assert_allclose(there.deep, here.deep + 80)


def test_twice_as_many_pixels_give_twice_the_thickness() -> None:
    image = muscle(fall=20.0)
    once = layers(image, whole(image)).thickness.mean()
    big = image.repeat(2, axis=0).repeat(2, axis=1)
    assert layers(big, whole(big)).thickness.mean() == pytest.approx(2 * once, rel=0.005)


def test_brightness_that_is_added_changes_little() -> None:
    image = muscle() * 0.8
    one, other = layers(image, whole(image)), layers(image + 30, whole(image))
    assert other.thickness.mean() == pytest.approx(one.thickness.mean(), abs=0.5)


def test_layers_below_are_had_by_number() -> None:
    image = muscle((50.0, 170.0, 320.0))
    first = layers(image, whole(image), depth_window=((0.0, 0.25), (0.3, 0.5)))
    assert [round(one.superficial) for one in first.stack] == pytest.approx([50, 170], abs=2)
    second = layers(image, whole(image), depth_window=((0.0, 0.25), (0.3, 0.5)), layer=1)
    assert second.thickness.mean() == pytest.approx(150 - 2 * HALF, abs=1.0)
    assert second.outer.mean() == pytest.approx(50 - HALF, abs=1.0)
    assert second.others == first.stack[:1]
    with pytest.raises(InputError, match=r"layer 2 was asked for, the view shows layers 0 to 1") as error:
        layers(image, whole(image), depth_window=((0.0, 0.25), (0.3, 0.5)), layer=2)
    assert error.value.code == "layer-not-seen"


def test_a_window_that_leaves_out_a_likelier_pair_does_not_make_it_sure() -> None:
    image = muscle()
    image += 70 * np.exp(-(((np.arange(HEIGHT)[:, None] - 160) / 4) ** 2))
    image = np.minimum(image, 255.0)
    free = layers(image, whole(image))
    assert free.excluded is None
    assert free.thickness.mean() == pytest.approx(180 - 2 * HALF, abs=2.0)
    narrow = layers(image, whole(image), depth_window=((0.05, 0.4), (0.4, 0.55)))
    assert narrow.thickness.mean() == pytest.approx(90 - 2 * HALF, abs=4.0)
    assert narrow.excluded == pytest.approx((70, 250), abs=2)
    assert narrow.confidence < 0.5
    flag = next(flag for flag in narrow.flags if flag.code == "window-excludes-likelier")
    assert flag.level == "suspect"
    assert "rows 71 and 251" in flag.message
    fitting = layers(image, whole(image), depth_window=((0.05, 0.4), (0.6, 0.8)))
    assert fitting.excluded is None
    assert fitting.confidence >= free.confidence


def test_a_pair_that_spans_a_line_says_so() -> None:
    image = muscle((50.0, 170.0, 320.0))
    found = layers(image, whole(image), depth_window=((0.0, 0.25), (0.7, 1.0)))
    assert found.inner == pytest.approx((170.0,), abs=2)
    assert "line-between" in [flag.code for flag in found.flags]


def test_an_edge_that_fades_is_carried_over_and_flagged() -> None:
    image = muscle()
    plain = np.minimum(np.random.default_rng(8).rayleigh(25.0, image.shape), 255)
    image[215:285, :190] = plain[215:285, :190]
    found = layers(image, whole(image))
    assert found.deep_seen < 0.7
    assert "edge-carried-over" in [flag.code for flag in found.flags]
    assert np.abs(found.deep - (250 - HALF)).mean() < 4.0


def test_a_confidence_a_hair_below_the_limit_is_not_called_equal_to_it() -> None:
    image = muscle()
    found = replace(layers(image, whole(image)), confidence=0.9496)
    assert next(doubts(found)).message.startswith("confidence 0.949 is below 0.95")
    assert next(doubts(replace(found, confidence=0.93))).message.startswith("confidence 0.93 is below 0.95")


def test_speckle_alone_is_not_believed() -> None:
    image = np.minimum(np.random.default_rng(5).rayleigh(40.0, (300, 320)), 255)
    found = layers(image, whole(image))
    assert found.confidence < 0.85
    flag = next(flag for flag in found.flags if flag.code == "low-confidence")
    assert flag.level == "suspect"


def test_what_cannot_be_is_refused() -> None:
    image = muscle()
    with pytest.raises(InputError, match="40 by 400 pixels") as error:
        layers(image, View((0, 0, 40, 400), np.ones((400, 40), np.bool_), 1.0))
    assert error.value.code == "view-too-small"
    for level in (0.0, 50.0, 255.0):
        flat = np.full((200, 200), level)
        with pytest.raises(InputError) as error:
            layers(flat, whole(flat))
        assert error.value.code == "no-aponeuroses"
    with pytest.raises(InputError, match="0 by 0 pixels"):
        layers(image, View((0, 0, WIDTH, HEIGHT), np.zeros(image.shape, np.bool_), 1.0))
    image[3, 4] = np.nan
    with pytest.raises(InputError, match="1 pixels of the view are not finite") as error:
        layers(image, whole(image))
    assert error.value.code == "not-finite"
    image = muscle()
    with pytest.raises(SettingsError, match=r"depth_window has 0.5 to 0.2"):
        layers(image, whole(image), depth_window=((0.5, 0.2), (0.6, 0.9)))


def test_every_weight_has_its_feature() -> None:
    image = muscle()
    _, pairs = examine(image, whole(image))
    assert set(pairs.features) == set(WEIGHTS)
    for name, values in pairs.features.items():
        assert values.shape == pairs.upper.shape, name
        assert np.isfinite(values).all(), name


def test_a_slanted_view_is_read_inside_its_border() -> None:
    image = muscle((70.0, 250.0), fall=20.0)
    x = np.arange(WIDTH)
    mask = (x > 90 - np.arange(HEIGHT)[:, None] * 0.2) & (x < WIDTH - 20)
    image[~mask] = 0
    found = layers(image, View((0, 0, WIDTH, HEIGHT), mask, 1.0))
    assert found.x.min() > 70
    assert found.thickness.mean() == pytest.approx(180 - 2 * HALF, abs=1.0)


def test_real_images_agree_with_people() -> None:
    shared("ultrasound/truth")
    errors = []
    for truth in everything()[::12]:
        grey = truth.grey()
        found = layers(grey, field_of_view(grey))
        errors.append(abs(truth.read_off(found.x, found.superficial, found.deep) / truth.thickness - 1))
    assert len(errors) == 41
    assert np.mean(np.array(errors) <= 0.10) >= 0.9
    assert np.mean(np.array(errors) <= 0.05) >= 0.85
    assert np.median(errors) <= 0.015
