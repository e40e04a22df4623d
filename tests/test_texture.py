"""Texture against published values and plain loops, speckle against known sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from musclemetrics.errors import InputError, SettingsError
from musclemetrics.imaging import (
    COOCCURRENCE,
    RUN_LENGTHS,
    glcm,
    polygon_mask,
    run_lengths,
    speckle_size,
    within_image_error,
)
from musclemetrics.imaging.runs import run_matrices
from musclemetrics.imaging.texture import aggregated, cooccurrence, cooccurrence_features, discretised

from .shared_data import shared
from .validation.bmode_regions import PHANTOM, agrees, compared, covered, speckle, true_mean

WAYS = ((0, 1), (1, 0), (1, 1), (1, -1))
SMALL = arrays(np.uint8, st.tuples(st.integers(3, 8), st.integers(3, 8)), elements=st.integers(0, 255))


def test_every_feature_is_that_of_the_digital_phantom() -> None:
    rows = compared(shared(PHANTOM))
    assert len(rows) == 2 * (len(COOCCURRENCE) + len(RUN_LENGTHS)) + 6
    wrong = [row for row in rows if not agrees(row[3], row[4])]
    assert not wrong


def pairs_by_hand(grey: np.ndarray, mask: np.ndarray, levels: int, d: int, way: tuple[int, int]) -> np.ndarray:
    found = np.zeros((levels, levels), int)
    for y in range(grey.shape[0]):
        for x in range(grey.shape[1]):
            v, u = y + d * way[0], x + d * way[1]
            if 0 <= v < grey.shape[0] and 0 <= u < grey.shape[1] and mask[y, x] and mask[v, u]:
                a, b = (int(g) * levels // 256 for g in (grey[y, x], grey[v, u]))
                found[a, b] += 1
                found[b, a] += 1
    return found


def runs_by_hand(grey: np.ndarray, mask: np.ndarray, levels: int, way: tuple[int, int]) -> np.ndarray:
    def at(y: int, x: int) -> int:
        inside = 0 <= y < grey.shape[0] and 0 <= x < grey.shape[1] and mask[y, x]
        return int(grey[y, x]) * levels // 256 if inside else -1

    found = np.zeros((levels, max(grey.shape)), int)
    for y in range(grey.shape[0]):
        for x in range(grey.shape[1]):
            level, n = at(y, x), 1
            if level < 0 or at(y - way[0], x - way[1]) == level:
                continue
            while at(y + n * way[0], x + n * way[1]) == level:
                n += 1
            found[level, n - 1] += 1
    return found


@settings(max_examples=40, deadline=None)
@given(SMALL, st.integers(0, 2**32 - 1), st.sampled_from([2, 7, 64, 256]), st.integers(1, 2))
def test_matrices_are_those_counted_by_hand(grey: np.ndarray, seed: int, levels: int, d: int) -> None:
    mask = np.random.default_rng(seed).random(grey.shape) < 0.8
    mask[0, 0] = mask[-1, -1] = True  # the box round the mask is the whole
    binned = discretised(grey, mask, levels)
    runs = run_matrices(binned, levels)
    for found, way in zip(runs, WAYS, strict=True):
        assert np.array_equal(found, runs_by_hand(grey, mask, levels, way))
    want = [pairs_by_hand(grey, mask, levels, d, way) for way in WAYS]
    if all(w.any() for w in want):
        assert np.array_equal(cooccurrence(binned, levels, d), want)
    else:
        with pytest.raises(InputError) as error:
            cooccurrence(binned, levels, d)
        assert error.value.code == "no-pairs"


def test_what_lies_outside_the_mask_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    grey = rng.integers(0, 256, (60, 80)).astype(np.uint8)
    mask = polygon_mask([(10, 5), (70, 12), (60, 50), (15, 40)], grey.shape)
    other = np.where(mask, grey, rng.integers(0, 256, grey.shape).astype(np.uint8))
    for feature in (glcm, run_lengths):
        assert feature(grey, mask) == feature(other, mask)
        assert feature(grey.astype(np.float32), mask) == feature(grey, mask)


def test_a_turned_image_has_the_same_texture() -> None:
    rng = np.random.default_rng(5)
    grey = rng.integers(0, 256, (30, 40)).astype(np.uint8)
    mask = rng.random(grey.shape) < 0.9
    for feature in (glcm, run_lengths):
        for aggregation in ("averaged", "merged"):
            a = feature(grey, mask, aggregation=aggregation)
            for turn in (np.fliplr, np.transpose):
                b = feature(turn(grey), turn(mask), aggregation=aggregation)
                assert dict(b.values) == pytest.approx(dict(a.values), rel=1e-9)


def test_a_region_of_one_level_has_correlation_one_and_nothing_is_nan() -> None:
    found = glcm(np.full((10, 12), 90, np.uint8), np.ones((10, 12), bool))
    assert found["correlation"] == 1.0
    assert found["information_correlation_1"] == found["information_correlation_2"] == 0.0
    assert (found["joint_entropy"], found["contrast"], found["joint_variance"]) == (0.0, 0.0, 0.0)
    assert np.isfinite(list(found.values.values())).all()
    runs = run_lengths(np.full((10, 12), 90, np.uint8), np.ones((10, 12), bool))
    assert np.isfinite(list(runs.values.values())).all()


def test_one_direction_of_one_level_does_not_make_the_average_nan() -> None:
    rows = np.repeat(
        np.array([[10], [200]], np.uint8), 6, axis=1
    )  # along the diagonals two levels, along rows one each
    found = glcm(rows, np.ones(rows.shape, bool), levels=2)
    assert np.isfinite(list(found.values.values())).all()
    assert found["correlation"] == pytest.approx((1 - 3) / 4)


def test_names_stand_with_values_and_decisions() -> None:
    grey, mask = np.arange(120, dtype=np.uint8).reshape(10, 12), np.ones((10, 12), bool)
    found = glcm(grey, mask, levels=32, distance=2, aggregation="merged")
    assert list(found.values) == list(COOCCURRENCE)
    assert (found.levels, found.distance, found.aggregation) == (32, 2, "merged")
    assert found.count == 10 * 10 + 8 * 12 + 2 * 8 * 10
    runs = run_lengths(grey, mask)
    assert list(runs.values) == list(RUN_LENGTHS)
    assert len({*COOCCURRENCE.values(), *RUN_LENGTHS.values()}) == 41


@pytest.mark.parametrize(
    "wrong", [{"levels": 1}, {"levels": 257}, {"distance": 0}, {"aggregation": "mean"}, {"levels": "many"}]
)
def test_decisions_that_cannot_be_carried_out_are_refused(wrong: dict) -> None:
    with pytest.raises(SettingsError):
        glcm(np.zeros((9, 9), np.uint8), np.ones((9, 9), bool), **wrong)


def test_a_region_too_thin_for_a_pair_is_refused() -> None:
    mask = np.zeros((20, 20), bool)
    mask[4] = True
    with pytest.raises(InputError) as error:
        glcm(np.zeros((20, 20), np.uint8), mask)
    assert error.value.code == "no-pairs"


def test_features_of_counts_do_not_depend_on_how_many() -> None:
    counts = np.random.default_rng(1).integers(0, 9, (4, 5, 5))
    counts += counts.transpose(0, 2, 1)
    a, b = (aggregated(k * counts, "averaged", cooccurrence_features) for k in (1, 7))
    assert a == pytest.approx(b, rel=1e-12)


# --- speckle ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [(1.5, 1.5), (3, 3), (4, 1.5)])
def test_speckle_size_is_where_the_field_made_it(sigma: tuple[float, float]) -> None:
    """The intensity's autocorrelation is exp(−d²/2σ²), a half at 1.18 σ; log compression narrows it to about 0.93 σ."""
    rng = np.random.default_rng(2)
    found = np.mean([speckle_size(speckle((200, 260), sigma, rng), np.ones((200, 260), bool)) for _ in range(12)], 0)
    assert found == pytest.approx(0.93 * np.array(sigma), rel=0.06)


def test_the_speckle_of_a_region_is_that_inside() -> None:
    rng = np.random.default_rng(8)
    fine, coarse = (speckle((160, 200), (s, s), rng) for s in (1.5, 4))
    mask = np.zeros((160, 200), bool)
    mask[:, 100:] = True
    mixed = np.where(mask, coarse, fine)
    assert speckle_size(mixed, mask) == speckle_size(coarse, mask)
    assert speckle_size(mixed, ~mask)[0] < 0.6 * speckle_size(mixed, mask)[0]


def test_simulated_speckle_has_the_mean_that_is_taken_for_true() -> None:
    rng = np.random.default_rng(11)
    means = [speckle((100, 100), (1, 1), rng).mean() for _ in range(60)]
    assert np.mean(means) == pytest.approx(true_mean(), abs=4 * np.std(means) / np.sqrt(len(means)))


@pytest.mark.parametrize(("shape", "sigma"), [((60, 90), (1, 1)), ((80, 120), (3, 3)), ((60, 150), (4, 1.5))])
def test_the_error_covers_where_that_of_independent_pixels_does_not(
    shape: tuple[int, int], sigma: tuple[float, float]
) -> None:
    """500 images: 95 % within three standard errors of a share; `tests.validation.bmode_regions` has the table."""
    share, plain, _, refused = covered(np.ones(shape, bool), sigma, 500, seed=1)
    assert 92.0 < share < 98.0
    assert plain < 80.0
    assert refused == 0.0


def test_a_gradient_enlarges_the_error() -> None:
    grey = speckle((120, 200), (2, 2), np.random.default_rng(1)).astype(np.float32)
    mask = np.ones(grey.shape, bool)
    ramp = np.linspace(0, 40, 120, dtype=np.float32)[:, None]
    assert within_image_error(np.clip(grey - ramp, 0, 255), mask).stderr > 1.5 * within_image_error(grey, mask).stderr


@pytest.mark.parametrize(
    ("grey", "reason"),
    [
        (np.full((40, 40), 9, np.uint8), "alike"),
        (np.repeat(np.arange(40, dtype=np.uint8)[:, None], 40, axis=1), "as large as the region"),
        (speckle((20, 20), (4, 4), np.random.default_rng(0)), "patches"),
    ],
)
def test_where_there_is_no_error_the_reason_is_said(grey: np.ndarray, reason: str) -> None:
    found = within_image_error(grey, np.ones(grey.shape, bool))
    assert np.isnan(found.stderr)
    assert reason in found.reason


def test_the_scale_of_grey_levels_is_that_of_the_error() -> None:
    grey = speckle((80, 100), (2, 2), np.random.default_rng(6)).astype(np.float64)
    mask = np.ones(grey.shape, bool)
    one, half = within_image_error(grey, mask), within_image_error(grey / 2 + 20, mask)
    assert half.stderr == pytest.approx(one.stderr / 2, rel=1e-9)
    assert half.speckle == pytest.approx(one.speckle, rel=1e-9)
