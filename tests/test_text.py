"""Text burned into the scan: painted words are found, speckle and scanners' marks are none."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from musclemetrics.imaging import LIKELY_TEXT, field_of_view, possible_text
from musclemetrics.simulate import bmode
from tests.shared_data import shared
from tests.test_view import picture

Grey = NDArray[np.uint8]


def painted(image: Grey, at: tuple[int, int], size: int, level: int, text: str = "DOE JANE 1970") -> Grey:
    copy = Image.fromarray(image)
    ImageDraw.Draw(copy).text(at, text, fill=level, font=ImageFont.load_default(size))
    return np.asarray(copy)


@pytest.mark.parametrize("seed", range(4))
def test_simulated_muscle_has_no_text(seed: int) -> None:
    made = bmode(screen="black", seed=seed)
    assert possible_text(made.image, made.box) < LIKELY_TEXT


@pytest.mark.parametrize(("size", "level"), [(16, 255), (18, 210), (24, 255), (32, 180)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_name_in_the_scan_is_found(size: int, level: int, dtype: type) -> None:
    made = bmode(screen="black", seed=1)
    x0, y0, _, y1 = made.box
    for at in ((x0 + 20, y0 + 150), (x0 + 60, y1 - 60)):
        image: NDArray[Any] = painted(made.image, at, size, level).astype(dtype)
        assert possible_text(image, made.box) >= LIKELY_TEXT


@pytest.mark.parametrize("size", [8, 9, 11])
def test_a_name_in_small_letters_is_found(size: int) -> None:
    made = bmode(screen="black", seed=1)
    x0, y0, _, y1 = made.box
    for at in ((x0 + 20, y0 + 150), (x0 + 60, y1 - 60)):
        assert possible_text(painted(made.image, at, size, 255), made.box) >= LIKELY_TEXT


def test_text_outside_the_region_does_not_count() -> None:
    made = bmode(screen="black", seed=1)
    assert possible_text(painted(made.image, (made.box[0], 20), 24, 255), made.box) < LIKELY_TEXT


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (0, 0, 8, 100), (0, 0, 100, 2)])
def test_a_region_too_small_for_letters_has_none(box: tuple[int, int, int, int]) -> None:
    assert possible_text(np.zeros((100, 100), np.uint8), box) == 0.0


def test_real_images_and_their_marks_are_no_text() -> None:
    names = sorted(p.name for p in shared("ultrasound/dltrack_apo/images").glob("*.png"))[::15]
    scores = {}
    for name in names:
        image = picture(f"dltrack_apo/images/{name}")
        scores[name] = possible_text(image, field_of_view(image).box)
    assert len(scores) > 20
    assert max(scores.values()) < LIKELY_TEXT


def test_a_name_in_real_images_is_found() -> None:
    found = 0
    names = sorted(p.name for p in shared("ultrasound/dltrack_apo/images").glob("*.png"))[::15]
    for name in names:
        image = picture(f"dltrack_apo/images/{name}")
        view = field_of_view(image)
        x0, y0, _, _ = view.box
        found += possible_text(painted(image, (x0 + 30, y0 + 120), 18, 255), view.box) >= LIKELY_TEXT
    assert found >= 0.95 * len(names)
