"""Which pixels a region holds, and what they are like."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from musclemetrics.errors import InputError
from musclemetrics.imaging import (
    between,
    largest_rectangle,
    masked_statistics,
    polygon_mask,
    region_of,
    rings_mask,
)

from .shared_data import shared

SHAPE = (60, 80)
CORNERS_OF_ALL = [(0, 0), (40, -0.5), (79.5, 0), (80.2, 30), (79.5, 59.5), (0, 59.5)]
RECTANGLE = [(10, 20), (50, 20), (50, 50), (10, 50)]


def by_ray(points: np.ndarray, x: float, y: float) -> bool:
    """Say whether a point is inside by counting the edges a ray to the right crosses, one at a time."""
    inside = False
    for (xa, ya), (xb, yb) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if (ya <= y < yb) or (yb <= y < ya):
            if ya > yb:
                xa, ya, xb, yb = xb, yb, xa, ya
            inside ^= x >= xa + (y - ya) * ((xb - xa) / (yb - ya))
    return inside


def code_of(error: pytest.ExceptionInfo[InputError]) -> str:
    assert error.value.remedy
    return error.value.code


@pytest.mark.parametrize("shift", [0.0, -0.5, 0.25, -0.75])
def test_a_rectangle_of_forty_by_thirty_has_as_many_pixels(shift: float) -> None:
    mask = polygon_mask(np.array(RECTANGLE) + shift, SHAPE)
    assert mask.sum() == 1200
    rows, columns = np.nonzero(mask)
    assert np.ptp(columns) == 39
    assert np.ptp(rows) == 29


def test_a_centre_on_an_edge_belongs_on_the_left_and_above_only() -> None:
    mask = polygon_mask(RECTANGLE, SHAPE)
    assert mask[20, 10]
    assert mask[20, 49]
    assert not mask[20, 50]
    assert not mask[50, 10]


@settings(max_examples=60, deadline=None)
@given(arrays(float, st.tuples(st.integers(3, 9), st.just(2)), elements=st.integers(-80, 240).map(lambda i: i / 4)))
def test_every_pixel_is_that_of_the_rule(points: np.ndarray) -> None:
    if len(np.unique(points, axis=0)) < 3:
        return
    mask = polygon_mask(points, (20, 30))
    want = [[by_ray(points, x, y) for x in range(30)] for y in range(20)]
    assert np.array_equal(mask, want)


@settings(max_examples=60, deadline=None)
@given(st.floats(-5, 85), st.floats(-5, 85), st.floats(0, 1))
def test_neighbours_share_their_edge_but_no_pixel(top: float, bottom: float, tilt: float) -> None:
    """Two parts of the image with one slanting edge between them are the whole, each pixel in one of them."""
    left = polygon_mask([(-1, -1), (top, -1), (bottom, 61 + tilt), (-1, 61 + tilt)], SHAPE)
    right = polygon_mask([(top, -1), (90, -1), (90, 61 + tilt), (bottom, 61 + tilt)], SHAPE)
    assert (left ^ right).all()


def test_holes_are_left_out() -> None:
    hole = [(20, 25), (20, 35), (30, 35), (30, 25)]
    assert rings_mask([RECTANGLE, hole], SHAPE).sum() == 1100


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ([(1, 1), (2, 2)], "roi-empty"),
        ([(1, 1), (2, 2), (1, 1)], "roi-empty"),
        ([(0, 0), (np.nan, 2), (3, 3)], "not-finite"),
        ([(0, 0), (1e300, 2), (3, 3)], "roi-outside"),
        ([(0, 0, 0), (1, 2, 3), (3, 3, 3)], "wrong-shape"),
        ([("a", "b"), ("c", "d"), ("e", "f")], "not-numeric"),
    ],
)
def test_what_is_no_polygon_is_refused(points: list, code: str) -> None:
    with pytest.raises(InputError) as error:
        polygon_mask(points, SHAPE)
    assert code_of(error) == code


def test_a_region_is_its_mask_and_area() -> None:
    found = region_of(RECTANGLE, SHAPE)
    assert found.area == 1200 == found.mask.sum()
    assert not found.flags
    again = region_of(found.mask, SHAPE)
    assert again.area == 1200
    assert not again.flags


@pytest.mark.parametrize("as_mask", [False, True])
def test_what_lies_outside_the_scan_region_is_left_out_and_told(as_mask: bool) -> None:
    roi = polygon_mask(RECTANGLE, SHAPE) if as_mask else RECTANGLE
    found = region_of(roi, SHAPE, box=(30, 0, 80, 60))
    assert found.area == 600
    assert [f.code for f in found.flags] == ["roi-outside"]
    assert "50 %" in found.flags[0].message


def test_a_line_that_touches_the_border_is_a_note() -> None:
    found = region_of(CORNERS_OF_ALL, SHAPE)
    assert found.area == 80 * 60
    assert [(f.code, f.level) for f in found.flags] == [("roi-outside", "note")]


def test_a_region_beyond_the_image_is_cut_and_its_share_told() -> None:
    found = region_of([(60, 20), (100, 20), (100, 50), (60, 50)], SHAPE)
    assert found.area == 600
    assert "50 %" in found.flags[0].message


@pytest.mark.parametrize(
    ("roi", "code"),
    [
        ([(200, 200), (210, 200), (210, 210)], "roi-outside"),
        ([(-900, -900), (-910, -900), (-910, -910)], "roi-outside"),
        ([(1.2, 1.2), (1.4, 1.2), (1.4, 1.4)], "roi-empty"),
        ([(1, 1), (20, 20), (10, 10)], "roi-empty"),
        ([(10, 10), (50, 40), (50, 10), (10, 40)], "roi-self-crossing"),
        (np.zeros(SHAPE, bool), "roi-empty"),
        (np.ones((80, 60), bool), "roi-wrong-size"),
    ],
)
def test_a_region_without_pixels_or_of_another_image_is_refused(roi: object, code: str) -> None:
    with pytest.raises(InputError) as error:
        region_of(roi, SHAPE)
    assert code_of(error) == code


def test_a_slip_where_a_line_closes_is_flagged_and_the_region_kept() -> None:
    loop = [(10, 20), (50, 20), (50, 50), (10, 50), (10, 17), (14, 17), (14, 23)]
    found = region_of(loop, SHAPE)
    assert [f.code for f in found.flags] == ["roi-self-crossing"]
    assert 1180 < found.area < 1220


def test_a_small_region_is_flagged_with_its_area() -> None:
    found = region_of([(10, 10), (17, 10), (17, 17), (10, 17)], SHAPE)
    assert [f.code for f in found.flags] == ["roi-too-small"]
    assert "49 px" in found.flags[0].message


def test_between_two_edges_by_pixel_centres() -> None:
    x = np.arange(10.0, 50.0)
    assert between(x, np.full(40, 19.5), np.full(40, 49.5), SHAPE).sum() == 1200
    assert between(x, np.full(40, 20.0), np.full(40, 50.0), SHAPE).sum() == 1200
    assert between(x, np.full(40, 20.0), np.full(40, 50.0), SHAPE, inset=2).sum() == 40 * 26
    slanting = between([0, 79], [0, 79], [20, 99], SHAPE)
    assert slanting[10, 10]
    assert not slanting[10, 11]
    assert slanting[29, 10]
    assert not slanting[30, 10]


def test_there_is_no_region_where_an_edge_is_not_known() -> None:
    top = np.full(40, 20.0)
    top[15:20] = np.nan
    mask = between(np.arange(10.0, 50.0), top, np.full(40, 50.0), SHAPE)
    assert not mask[:, 25:30].any()
    assert mask.sum() == 35 * 30
    assert not between([3.0], [np.nan], [5.0], SHAPE).any()
    assert between([3.0], [1.0], [5.0], SHAPE).sum() == 4


@settings(max_examples=60, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))))
def test_no_rectangle_within_a_mask_is_larger(mask: np.ndarray) -> None:
    x0, y0, x1, y1 = largest_rectangle(mask)
    assert mask[y0:y1, x0:x1].all()
    h, w = mask.shape
    most = max(
        [(b - a) * (d - c) for a in range(w) for b in range(a + 1, w + 1) for c in range(h) for d in range(c + 1, h + 1)
         if mask[c:d, a:b].all()],
        default=0,
    )  # fmt: skip
    assert (x1 - x0) * (y1 - y0) == most


# --- statistics ------------------------------------------------------------------------------------------------------


def plain(values: np.ndarray) -> dict[str, float]:
    """Return the statistics as written on paper."""
    v = values.astype(np.float64)
    m, s = np.mean(v), np.std(v)
    share = np.array([(np.rint(v) == i).mean() for i in range(256)])
    share = share[share > 0]
    return {
        "count": len(v),
        "mean": m,
        "sd": s,
        "median": np.median(v),
        "skewness": np.mean((v - m) ** 3) / s**3 if s else 0.0,
        "kurtosis": np.mean((v - m) ** 4) / s**4 - 3 if s else 0.0,
        "entropy": -np.sum(share * np.log2(share)),
        "at_zero": np.mean(np.rint(v) == 0),
        "at_full": np.mean(np.rint(v) == 255),
    }


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("n", [1199, 1200])
def test_statistics_are_those_of_numpy_and_zeros_count(kind: type, n: int) -> None:
    rng = np.random.default_rng(4)
    grey = np.clip(rng.gamma(1.2, 40, SHAPE) - 15, 0, 255).astype(kind)
    mask = np.zeros(SHAPE, bool)
    mask.flat[rng.permutation(mask.size)[:n]] = True
    found = masked_statistics(grey, mask)
    for name, value in plain(grey[mask]).items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-9, abs=1e-9), name
    assert found.at_zero > 0.1
    whole = np.rint(grey[mask])
    edges = [(0, 50), (51, 100), (101, 150), (151, 200), (201, 255)]
    assert found.bands == pytest.approx([((whole >= a) & (whole <= b)).mean() for a, b in edges])
    assert sum(found.bands) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["dltrack_apo/images/img_00193.png", "timtrack/dataset_1/S1/S1_L20_step_025.png"])
def test_real_images_have_the_statistics_of_numpy(name: str) -> None:
    with Image.open(shared(f"ultrasound/{name}")) as picture:
        grey = np.asarray(picture.convert("L"))
    mask = polygon_mask([(40.5, 90), (430, 110), (420, 180), (60, 170)], grey.shape)
    assert mask.sum() > 20_000
    for image in (grey, grey.astype(np.float32)):
        found = masked_statistics(image, mask)
        for statistic, value in plain(grey[mask]).items():
            assert getattr(found, statistic) == pytest.approx(value, rel=1e-9, abs=1e-9), statistic


def test_uint8_does_not_wrap_round() -> None:
    grey = np.full((10, 10), 250, np.uint8)
    grey[:5] = 10
    found = masked_statistics(grey, np.ones((10, 10), bool))
    assert (found.mean, found.sd, found.median) == (130.0, 120.0, 130.0)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_a_region_of_one_level_has_no_shape_and_says_zero(kind: type) -> None:
    found = masked_statistics(np.full(SHAPE, 77.3).astype(kind), np.ones(SHAPE, bool))
    assert found.sd == pytest.approx(0.0, abs=1e-6)
    assert (found.skewness, found.kurtosis, found.entropy) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("grey", "mask", "code"),
    [
        (np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, bool), "roi-empty"),
        (np.zeros(SHAPE, np.uint8), np.ones((3, 3), bool), "wrong-shape"),
        (np.zeros(SHAPE, np.uint8), np.ones(SHAPE, np.uint8), "wrong-shape"),
        (np.full(SHAPE, np.nan), np.ones(SHAPE, bool), "not-finite"),
        (np.full(SHAPE, 256.0), np.ones(SHAPE, bool), "grey-out-of-range"),
        (np.full(SHAPE, 4000, np.uint16), np.ones(SHAPE, bool), "grey-out-of-range"),
        (np.full(SHAPE, -1.0), np.ones(SHAPE, bool), "grey-out-of-range"),
    ],
)
def test_what_cannot_be_measured_is_refused(grey: np.ndarray, mask: np.ndarray, code: str) -> None:
    with pytest.raises(InputError) as error:
        masked_statistics(grey, mask)
    assert code_of(error) == code


def test_a_polygon_costs_far_less_than_asking_every_pixel() -> None:
    """A ratio, not seconds: the scanline against one test of every pixel's centre against every edge."""
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    points = np.stack([300 + 200 * np.cos(t), 250 + 120 * np.sin(t)], axis=1)
    shape = (500, 600)

    def every() -> np.ndarray:
        y, x = np.mgrid[: shape[0], : shape[1]]
        inside = np.zeros(shape, bool)
        for (xa, ya), (xb, yb) in zip(points, np.roll(points, -1, axis=0), strict=True):
            crosses = (ya <= y) != (yb <= y)
            if ya != yb:
                inside ^= crosses & (x >= xa + (y - ya) * ((xb - xa) / (yb - ya)))
        return inside

    def seconds(call: object) -> float:
        best = np.inf
        for _ in range(5):
            start = time.perf_counter()
            call()
            best = min(best, time.perf_counter() - start)
        return best

    assert np.array_equal(every(), polygon_mask(points, shape))
    assert seconds(every) > 10 * seconds(lambda: polygon_mask(points, shape))
