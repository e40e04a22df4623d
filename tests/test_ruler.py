"""The ruler: simulated screens with known ticks, the shared readings of real ones, and none where there is none."""

import csv

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from musclemetrics.imaging import TICKS_MM, field_of_view, ruler
from musclemetrics.simulate import bmode
from tests.shared_data import shared
from tests.test_view import grey_of, picture

SPECKLE = np.random.default_rng(8).integers(0, 120, (700, 1000)).astype(np.uint8)
# Screens without a ruler, cut to the scan.
BARE = [
    f"timtrack/dataset_1/S{s}/S{s}_{side}20_step_{step}.png" for s in (1, 3, 5) for side in "LR" for step in (125, 425)
]


def screen_with(rows: NDArray[np.intp], *, level: int = 190, columns: slice = slice(740, 747)) -> NDArray[np.uint8]:
    screen = np.zeros((600, 800), np.uint8)
    screen[60:540, 100:700] = SPECKLE[:480, :600]
    screen[rows, columns] = level
    return screen


@pytest.mark.parametrize("view", ["linear", "sector"])
@pytest.mark.parametrize(("screen", "tick_mm"), [("black", 5.0), ("black", 2.0), ("grey", 10.0), ("yellow", 5.0)])
@pytest.mark.parametrize("shape", [(600, 800), (921, 1280)])
def test_the_period_of_simulated_ticks(view: str, screen: str, tick_mm: float, shape: tuple[int, int]) -> None:
    made = bmode(screen=screen, view=view, tick_mm=tick_mm, shape=shape, seed=4)
    image = grey_of(made.image)
    found = ruler(image, field_of_view(image))
    assert found is not None
    assert found.axis == "y"
    assert found.period == pytest.approx(made.tick, rel=0.002)
    assert abs(found.period - made.tick) < 3 * found.stderr
    assert tick_mm in found.candidates_mm


@pytest.mark.parametrize("factor", [0.7, 1.5, 2.0])
@pytest.mark.parametrize("screen", ["black", "grey", "yellow"])
def test_an_enlarged_screen_has_the_enlarged_period(screen: str, factor: float) -> None:
    made = bmode(screen=screen, tick_mm=5.0, seed=6)
    image = grey_of(made.image)
    size = round(image.shape[1] * factor), round(image.shape[0] * factor)
    scaled = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    found = ruler(scaled, field_of_view(scaled))
    assert found is not None
    assert found.period == pytest.approx(made.tick * factor, rel=0.003)


def test_longer_ticks_are_told() -> None:
    rows = np.arange(60, 541, 24)
    screen = screen_with(rows)
    screen[rows[::5], 735:747] = 190
    found = ruler(screen, field_of_view(screen))
    assert found is not None
    assert found.period == pytest.approx(24.0)
    assert (found.major, len(found.ticks)) == (5, len(rows))
    assert found.ticks == pytest.approx(rows)
    assert found.residual < 1e-9


def test_a_ruler_along_the_width_serves_where_there_is_none_along_the_depth() -> None:
    screen = np.zeros((600, 800), np.uint8)
    screen[60:540, 100:700] = SPECKLE[:480, :600]
    screen[560:567, 100:701:60] = 200
    found = ruler(screen, field_of_view(screen))
    assert found is not None
    assert found.axis == "x"
    assert found.period == pytest.approx(60.0)
    assert 560 <= found.position < 567


def test_markers_of_another_grey_and_missing_ticks_do_not_matter() -> None:
    rows = np.delete(np.arange(60, 541, 40), 5)
    screen = screen_with(rows, level=180)
    for row in (131, 133, 247, 411):
        screen[row, 738:750] = 255
    found = ruler(screen, field_of_view(screen))
    assert found is not None
    assert found.period == pytest.approx(40.0, abs=0.01)


def test_candidates_are_plausible_views_and_ranked() -> None:
    screen = screen_with(np.arange(60, 541, 24))
    found = ruler(screen, field_of_view(screen))
    assert found is not None
    # 600 px across are 25 ticks: 25 mm at 1 mm a tick, 50 at 2, 62.5 at 2.5; 125 at 5 is no linear probe.
    assert set(found.candidates_mm) == {1.0, 2.0, 2.5}
    assert found.candidates_mm[0] == 2.0
    assert set(found.candidates_mm) <= set(TICKS_MM)


@pytest.mark.parametrize("seed", range(6))
def test_strokes_out_of_step_are_no_ruler(seed: int) -> None:
    chance = np.random.default_rng(seed)
    rows = np.sort(chance.choice(np.arange(60, 540, 7), 10, replace=False))
    screen = screen_with(rows)
    assert ruler(screen, field_of_view(screen)) is None


def test_a_list_of_text_is_no_ruler() -> None:
    screen = screen_with(np.arange(70, 250, 16))  # eleven lines, but they do not measure the view
    assert ruler(screen, field_of_view(screen)) is None


def test_no_ruler_in_an_image_cut_to_the_scan() -> None:
    for seed in range(4):
        image = bmode(screen=None, seed=seed).image
        assert ruler(image, field_of_view(image)) is None


@pytest.mark.parametrize("name", BARE)
def test_no_ruler_in_real_images_cut_to_the_scan(name: str) -> None:
    image = picture(name)
    assert ruler(image, field_of_view(image)) is None


def test_real_rulers() -> None:
    with shared("ultrasound/truth/scale_from_ticks.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    wrong: list[tuple[str, object]] = []
    # The table's reading missed some rulers, which have no period there.
    known = [row for row in table if row["tick_px"]]
    chosen = known[::12] + [row for row in known if row["group"] in ("dl600", "dl688")]
    for row in chosen:
        image = picture(row["image"])
        found = ruler(image, field_of_view(image))
        if found is None or abs(found.period / float(row["tick_px"]) - 1) > 0.005:
            wrong.append((row["image"], found))
        elif found.candidates_mm[0] != float(row["tick_mm_assumed"]):
            wrong.append((row["image"], found.candidates_mm))
    assert len(chosen) > 25
    assert not wrong


def test_one_tick_a_millimetre_drawn_over_the_scan() -> None:
    image = picture("dltrack_apo/images/img_00024.png")
    found = ruler(image, field_of_view(image))
    assert found is not None
    # 30 mm from y = 96.5 to 497.5 on the enlarged picture.
    assert found.period == pytest.approx(401 / 30, rel=0.002)
    assert found.candidates_mm[0] == 1.0
