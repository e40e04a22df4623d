"""The field of view: simulated screens with a known box, real screens whose box was read by eye, and refusals."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from musclemetrics.errors import InputError
from musclemetrics.imaging import View, field_of_view
from musclemetrics.simulate import bmode
from tests.shared_data import shared

Grey = NDArray[np.uint8]
SPECKLE = np.random.default_rng(7).integers(0, 120, (700, 1000)).astype(np.uint8)

# Boxes read off enlarged pictures, to 2 px: header text, grey bars, rulers, a black deep part and compression ringing.
BY_EYE = {
    "dltrack_apo/images/img_00001.png": (50, 131, 597, 599),
    "dltrack_apo/images/img_00085.png": (140, 130, 508, 599),
    "dltrack_apo/images/img_00007.png": (237, 43, 997, 686),
    "dltrack_apo/images/img_00022.png": (300, 43, 935, 686),
    "dltrack_apo/images/img_00035.png": (157, 43, 917, 686),
    "dltrack_apo/images/img_00020.png": (175, 70, 504, 522),
    "dltrack_apo/images/img_00299.png": (99, 43, 563, 554),
    "dltrack_apo/images/img_00339.png": (99, 43, 563, 554),
    "dltrack_apo/images/img_00378.png": (99, 43, 563, 554),
    "dltrack_apo/images/img_00515.png": (99, 43, 563, 554),
    "timtrack/dataset_1/S5/S5_L20_step_425.png": (0, 0, 514, 458),
    "dltrack_apo/images/img_00036.png": (0, 0, 512, 512),
}


def grey_of(image: NDArray[np.uint8]) -> Grey:
    return image if image.ndim == 2 else np.rint(image @ [0.299, 0.587, 0.114]).astype(np.uint8)


def picture(name: str) -> Grey:
    return np.asarray(Image.open(shared(f"ultrasound/{name}")).convert("L"))


def whole(view: View, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    found = np.zeros(shape[:2], dtype=bool)
    x0, y0, x1, y1 = view.box
    found[y0:y1, x0:x1] = view.mask
    return found


@pytest.mark.parametrize("shape", [(600, 800), (921, 1280)])
@pytest.mark.parametrize("screen", [None, "black", "grey", "yellow"])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_rectangle_is_found_to_the_pixel(screen: str | None, shape: tuple[int, int], seed: int) -> None:
    made = bmode(screen=screen, shape=shape, seed=seed)
    view = field_of_view(grey_of(made.image))
    assert np.abs(np.subtract(view.box, made.box)).max() <= 1
    assert view.rectangular
    assert view.mask.shape == (view.box[3] - view.box[1], view.box[2] - view.box[0])
    assert view.confidence > 0.9


@pytest.mark.parametrize("screen", [None, "black", "grey", "yellow"])
def test_a_fan_is_no_rectangle(screen: str | None) -> None:
    made = bmode(screen=screen, view="sector", seed=2)
    view = field_of_view(grey_of(made.image))
    x0, y0, x1, y1 = made.box
    truth = np.zeros(made.image.shape[:2], dtype=bool)
    truth[y0:y1, x0:x1] = made.mask
    found = whole(view, made.image.shape)
    assert not view.rectangular
    assert np.count_nonzero(found & truth) / np.count_nonzero(found | truth) > 0.92


def test_dark_depth_stays_inside_where_the_ground_is_grey() -> None:
    made = bmode(screen="grey", gain=-12.0, attenuation=8.0, seed=3)
    x0, _, x1, y1 = made.box
    assert np.median(made.image[y1 - 100 : y1, x0:x1]) == 0, "the case needs a black deep part"
    assert np.abs(np.subtract(field_of_view(made.image).box, made.box)).max() <= 1


def test_an_image_cut_to_the_scan_is_all_view() -> None:
    made = bmode(screen=None, gain=-12.0, attenuation=8.0, seed=3)
    assert field_of_view(made.image).box == (0, 0, made.image.shape[1], made.image.shape[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_every_dtype_gives_the_same_box(dtype: type) -> None:
    screen: NDArray[Any] = np.zeros((500, 700), dtype)
    screen[60:430, 90:600] = SPECKLE[:370, :510]
    assert field_of_view(screen).box == (90, 60, 600, 430)


@pytest.mark.parametrize("flip", [np.fliplr, np.flipud])
def test_a_mirrored_screen_has_the_mirrored_box(flip: type) -> None:
    screen = np.full((500, 700), 56, np.uint8)
    screen[60:430, 90:600] = SPECKLE[:370, :510]
    x0, y0, x1, y1 = 90, 60, 600, 430
    expected = (700 - x1, y0, 700 - x0, y1) if flip is np.fliplr else (x0, 500 - y1, x1, 500 - y0)
    assert field_of_view(np.ascontiguousarray(flip(screen))).box == expected


def test_header_text_that_touches_the_scan_is_left_out() -> None:
    screen = np.zeros((600, 800), np.uint8)
    screen[100:550, 100:700] = SPECKLE[:450, :600]
    strokes = np.random.default_rng(3).random((90, 200)) < 0.35
    screen[10:100, 150:350] = np.where(np.kron(strokes[::3, ::3], np.ones((3, 3)))[:90, :200] > 0, 220, 0)
    assert field_of_view(screen).box == (100, 100, 700, 550)


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (np.zeros((400, 500), np.uint8), "no-field-of-view"),
        (np.full((400, 500), 200, np.uint8), "no-field-of-view"),
        (np.tile(np.arange(400, dtype=np.uint8)[:, None] // 2, (1, 500)), "no-field-of-view"),
        (np.zeros((400, 500, 3), np.uint8), "wrong-shape"),
        (np.zeros((20, 500), np.uint8), "wrong-shape"),
    ],
)
def test_what_is_no_scan_is_refused(image: Grey, code: str) -> None:
    with pytest.raises(InputError) as caught:
        field_of_view(image)
    assert caught.value.code == code
    assert caught.value.remedy


def test_white_echoes_along_the_top_of_a_cut_image_are_scan() -> None:
    cut = SPECKLE[:460, :520].copy()
    cut[:60] = 255
    assert field_of_view(cut).box == (0, 0, 520, 460)


@pytest.mark.parametrize("factor", [0.7, 1.5, 2.0])
def test_an_enlarged_screen_has_the_enlarged_box(factor: float) -> None:
    made = bmode(screen="grey", seed=5)
    height, width = made.image.shape
    scaled = Image.fromarray(made.image).resize(
        (round(width * factor), round(height * factor)), Image.Resampling.BICUBIC
    )
    found = np.array(field_of_view(np.asarray(scaled)).box)
    assert np.abs(found - np.array(made.box) * factor).max() <= 3


@pytest.mark.parametrize("name", sorted(BY_EYE))
def test_real_screens(name: str) -> None:
    image = picture(name)
    view = field_of_view(image)
    assert np.abs(np.subtract(view.box, BY_EYE[name])).max() <= 2
    assert view.rectangular


def test_steered_beams_give_a_slanted_view() -> None:
    view = field_of_view(picture("dltrack_apo/images/img_00002.png"))
    assert not view.rectangular
    # The left side leans from x = 58 at y = 90 to x = 146 at y = 470, read off the pixels.
    first = view.mask.argmax(axis=1) + view.box[0]
    assert first[90 - view.box[1]] == pytest.approx(58, abs=5)
    assert first[470 - view.box[1]] == pytest.approx(146, abs=5)
    assert view.box[1] == pytest.approx(70, abs=1)
