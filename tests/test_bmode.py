"""B-mode images as their user meets them: scale, edges, regions, doubt."""

import json
import math
import re
from functools import cache

import numpy as np
import pytest

import musclemetrics as mm
from musclemetrics import bmode, simulate
from musclemetrics.errors import InputError, MuscleMetricsError, SettingsError
from musclemetrics.modalities.bmode.geometry import Edges, thickness_of
from musclemetrics.modalities.bmode.scale import Scale


@cache
def phantom(seed=3, **how):
    return simulate.bmode(seed=seed, **how)


@cache
def measured(seed=3, **how):
    made = phantom(seed)
    return bmode.measure(made.image, made.spacing, **how)


def code_of(*args, **settings):
    with pytest.raises(MuscleMetricsError) as caught:
        bmode.measure(*args, **settings)
    assert caught.value.remedy
    return caught.value.code


# numbers


def test_a_phantom_gives_itself_back():
    made, record = phantom(), measured()
    true = made.truth()
    assert record["thickness"].value == pytest.approx(true["thickness"], abs=made.spacing[1])
    for side in ("left", "middle", "right"):
        assert record[f"thickness_{side}"].value == pytest.approx(true[f"thickness_{side}"], abs=2 * made.spacing[1])
    assert record["subcutaneous_thickness"].value == pytest.approx(true["subcutaneous_thickness"], abs=0.5)
    assert record["echo_intensity"].value == pytest.approx(true["echo_intensity"], abs=1.0)
    assert (record["spacing_x"].value, record["spacing_y"].value) == made.spacing
    assert record["thickness"].unit == "mm"
    assert record["roi_area"].unit == "mm2"


def test_the_perpendicular_thickness_of_tilted_parallel_lines():
    x = np.arange(100.0, 400.0)
    for slope in (-0.4, 0.0, 0.25):
        up = 50 + slope * (x - 100)
        edges = Edges(x, up, up + 120.0, np.empty(0))
        for dx, dy in ((1.0, 1.0), (0.1, 0.1), (0.08, 0.12)):
            found = thickness_of(edges, Scale(dx, dy, True, "user"))
            tilt = math.atan(slope * dy / dx)
            assert found.mean == pytest.approx(120.0 * dy)
            assert found.perpendicular == pytest.approx(120.0 * dy * math.cos(tilt), rel=1e-6)


def test_left_middle_and_right_are_at_quarters_of_the_shared_width():
    x = np.arange(0.0, 401.0)
    edges = Edges(x, np.full(401, 50.0), 150.0 + 0.1 * x, np.empty(0))
    found = thickness_of(edges, Scale(1.0, 1.0, False, "none"))
    assert (found.left, found.middle, found.right) == pytest.approx((110.0, 120.0, 130.0))
    assert found.mean == pytest.approx(120.0)


def test_echo_intensity_is_the_plain_mean_of_the_region():
    made = phantom()
    drawn = [(200, 250), (500, 260), (480, 330), (220, 320)]
    record = bmode.measure(made.image, made.spacing, drawn)
    mask = mm.imaging.polygon_mask(drawn, made.image.shape[:2])
    levels = made.image[mask].astype(float)
    assert record["echo_intensity"].value == pytest.approx(levels.mean(), rel=1e-12)
    assert record["echo_intensity_sd"].value == pytest.approx(levels.std(), rel=1e-12)
    assert record["black"].value == pytest.approx(100 * (levels == 0).mean())
    assert record["roi_area"].value == pytest.approx(mask.sum() * made.spacing[0] * made.spacing[1])
    same = bmode.measure(made.image, made.spacing, mask)
    assert same["echo_intensity"].value == record["echo_intensity"].value


def test_the_standard_error_is_within_the_image_and_there_is_no_interval():
    record = measured()
    assert 0 < record["echo_intensity"].stderr < 5
    assert all(math.isnan(v) for v in record["echo_intensity"].interval)


def test_the_corrected_echo_intensity_stands_beside_the_raw_one():
    record = measured(fat_correction=True)
    gap = record["echo_intensity_corrected"].value - record["echo_intensity"].value
    assert gap == pytest.approx(40.5278 * record["subcutaneous_thickness"].value / 10)
    assert record.flagged("device-specific-correction")
    for settings in ({"layer": 1}, {}):
        spacing = phantom().spacing if settings else None
        try:
            other = bmode.measure(phantom().image, spacing, fat_correction=True, **settings)
        except InputError:
            continue
        assert math.isnan(other["echo_intensity_corrected"].value)
        assert other.flagged("not-corrected")


# scale


def test_without_a_scale_lengths_are_in_px_and_said_so():
    made = phantom()
    record = bmode.measure(made.image)
    assert record["thickness"].unit == "px"
    assert record["thickness"].value == pytest.approx(made.truth(scaled=False)["thickness"], abs=1.0)
    assert record.flagged("no-scale")
    assert record.provenance.settings["scale_source"] == "none"


def test_a_scale_says_whose_it_is():
    record = measured(scale_source="PixelSpacing")
    assert record.provenance.settings["scale_source"] == "PixelSpacing"
    assert measured().provenance.settings["scale_source"] == "user"


@pytest.mark.parametrize("bad", [0.0, -0.1, 1e9, 0.0001, math.nan, [0.1, 0.1, 0.1], "0.1", [[0.1, 0.1]]])
def test_a_spacing_that_no_scanner_has_is_refused(bad):
    assert code_of(phantom().image, bad) in ("bad-spacing", "not-finite", "wrong-shape", "not-numeric")


def test_a_view_of_no_probe_is_doubted():
    assert bmode.measure(phantom().image, 0.9).flagged("implausible-scale")


# lines by hand


def lines(top=120.0, bottom=300.0):
    return {"superficial": [[100, top], [500, top]], "deep": [[120, bottom], [520, bottom]]}


def test_lines_by_hand_are_used_as_they_are():
    record = bmode.measure(phantom().image, 0.1, lines=lines())
    assert record["thickness"].value == pytest.approx(18.0)
    assert record["confidence"].value == 1.0
    assert record.flagged("manual-lines")
    assert record.trace("superficial_x")[[0, -1]].tolist() == [120.0, 500.0]
    assert math.isnan(record["subcutaneous_thickness"].value)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (lines(300.0, 120.0), "lines-crossed"),
        (lines(-5.0), "lines-outside"),
        ({"superficial": [[1, 50], [20, 50]], "deep": [[300, 90], [400, 90]]}, "lines-apart"),
    ],
)
def test_lines_that_bound_nothing_are_refused(bad, code):
    assert code_of(phantom().image, lines=bad) == code


@pytest.mark.parametrize(
    "bad",
    [
        {"superficial": [[1, 2]], "deep": [[1, 2], [3, 4]]},
        {"superficial": [[1, 2], [3, 4]]},
        {"superficial": [[1, 2], [1, 4]], "deep": [[1, 2], [3, 4]]},
        {"superficial": [[1, math.nan], [3, 4]], "deep": [[1, 2], [3, 4]]},
        "lines.json",
        [[1, 2], [3, 4]],
    ],
)
def test_what_are_no_lines_is_refused(bad):
    assert code_of(phantom().image, lines=bad) == "bad-lines"


# views and regions


def test_a_drawn_region_in_another_view_needs_no_aponeuroses():
    drawn = [(200, 250), (500, 260), (480, 330), (220, 320)]
    record = bmode.measure(phantom().image, 0.1, drawn, view="bone-bounded")
    assert math.isnan(record["thickness"].value)
    assert record.flagged("thickness-needs-lines")
    assert record["roi_area"].value > 0
    both = bmode.measure(phantom().image, 0.1, drawn, view="transverse", lines=lines())
    assert both["thickness"].value == pytest.approx(18.0)


def test_the_finder_is_doubted_in_views_it_was_not_tested_on():
    record = bmode.measure(phantom().image, phantom().spacing, view="transverse")
    assert record.flagged("finder-not-for-view")
    assert record.status == "suspect"


def test_the_rectangle_is_within_the_muscle():
    whole, part = measured(), measured(region_rule="rectangle")
    assert part["roi_area"].value < whole["roi_area"].value
    assert part["echo_intensity"].value == pytest.approx(whole["echo_intensity"].value, abs=5)


def test_an_inset_that_leaves_nothing_is_refused():
    assert code_of(phantom().image, phantom().spacing, inset_mm=19.0) == "region-too-thin"


# what is no image


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (np.zeros((200, 300)), "constant-image"),
        (np.full((200, 300), 9, np.uint8), "constant-image"),
        (np.zeros((10, 300), np.uint8), "image-too-small"),
        (np.zeros((4, 200, 300, 3), np.uint8), "not-an-image"),
        (np.zeros((200, 300, 7), np.uint8), "not-an-image"),
        (np.zeros(200), "not-an-image"),
        (np.zeros((0, 0)), "not-an-image"),
        (np.array([["a", "b"]]), "not-numeric"),
        (np.zeros((200, 300), bool), "not-numeric"),
        (np.full((200, 300), math.nan), "not-finite"),
        (1000.0 * np.random.default_rng(1).random((200, 300)), "grey-scale-unknown"),
        (np.random.default_rng(1).random((200, 300)), "grey-scale-unknown"),
        (-np.random.default_rng(1).random((200, 300)), "grey-scale-unknown"),
    ],
)
def test_what_is_no_image_is_refused(bad, code):
    assert code_of(bad) == code


@pytest.mark.parametrize(
    "bad",
    [
        {"layer": -10},
        {"layer": 1.5},
        {"depth_window": (0.5, 0.2, 0.6, 0.9)},
        {"depth_window": (0.1, 0.2)},
        {"view": "sideways"},
        {"grey": "709"},
        {"region_rule": "oval"},
        {"texture": "fractal"},
        {"inset_mm": -1},
        {"tick_mm": 0},
        {"region": (10, 10, 5, 40)},
        {"fat_correction": "perhaps"},
        {"texture_levels": 1},
        {"profiles": {"GE": {"ticks": 10}}},
        {"profiles": {"GE": 10}},
    ],
)
def test_settings_that_cannot_be_carried_out_are_refused_before_any_file(bad):
    with pytest.raises(SettingsError):
        bmode.check_settings(**bad)


def test_a_region_outside_of_the_image_is_refused():
    assert code_of(phantom().image, region=(0, 0, 5000, 400)) == "region-outside"


# what a study teaches


def test_a_window_holds_the_edges_it_was_learnt_from():
    confirmed = [measured(s) for s in (3, 4, 5)]
    window = bmode.learn_window(confirmed)
    for r in confirmed:
        again = bmode.measure(phantom(3).image, phantom(3).spacing, depth_window=window)
        assert again["thickness"].value == pytest.approx(measured(3)["thickness"].value, rel=0.02)
        _, y0, _, y1 = r.trace("view_box")
        for side, (low, high) in zip(("superficial", "deep"), (window[:2], window[2:]), strict=True):
            share = (r.trace(f"{side}_y") - y0) / (y1 - y0)
            assert low <= share.min() <= share.max() <= high
    with pytest.raises(InputError, match="3 are needed"):
        bmode.learn_window(confirmed[:2])


def test_few_images_teach_a_wide_window():
    places = ((120.0, 300.0), (135.0, 340.0), (110.0, 280.0))
    confirmed = [bmode.measure(phantom().image, 0.1, lines=lines(*place), fascicles=False) for place in places]
    few, many = bmode.learn_window(confirmed), bmode.learn_window(confirmed * 20)
    # The next of three reaches further than their own range and margin, one of sixty hardly does.
    assert few[3] - few[2] > many[3] - many[2] + 0.1
    _, y0, _, y1 = confirmed[0].trace("view_box")
    assert many[2:] == pytest.approx([(280 - y0) / (y1 - y0) - 0.06, (340 - y0) / (y1 - y0) + 0.06], abs=0.05)


def test_profiles_by_device():
    own = [measured(s).labelled(device="GE LOGIQ") for s in (3, 4, 5)]
    found = bmode.learn_profiles([*own, measured(3)])
    assert set(found) == {"GE LOGIQ"}
    assert found["GE LOGIQ"]["depth_window"] == bmode.learn_window(own)


# overlays


def test_an_overlay_is_the_scan_region_and_nothing_else():
    made = phantom()
    record = measured()
    picture = bmode.overlay(made.image, record)
    x0, y0, x1, y1 = record.trace("view_box")
    assert picture.dtype == np.uint8
    assert picture.shape[1] <= 560
    assert picture.shape[0] / picture.shape[1] == pytest.approx((y1 - y0) / (x1 - x0), rel=0.02)
    # Whatever is painted outside of the scan region, the overlay is the same.
    spoilt = np.array(made.image)
    spoilt[: int(y0)] = 255
    spoilt[int(y1) :] = 77
    assert np.array_equal(bmode.overlay(spoilt, record), picture)


def test_lines_go_out_and_come_back(tmp_path):
    from musclemetrics.corrections import load
    from musclemetrics.store import save_lines

    folder = tmp_path / "scans"
    folder.mkdir()
    from musclemetrics.simulate.ultrasound.pictures import to_png

    to_png(phantom(), folder / "a.png")
    (record,) = mm.measure_files(folder, "bmode")
    file = tmp_path / "lines.json"
    assert save_lines([record], file) == 1
    assert load(file) == []  # as they were found: nothing is corrected
    rows = json.loads(file.read_text(encoding="utf-8"))
    rows[0]["settings"]["lines"]["deep"] = [[x, y + 10] for x, y in rows[0]["settings"]["lines"]["deep"]]
    file.write_text(json.dumps(rows), encoding="utf-8")
    (again,) = mm.measure_files(folder, "bmode", corrections=load(file))
    assert again.flagged("manual-lines")
    assert again["thickness"].value == pytest.approx(record["thickness"].value + 10, abs=0.6)


def test_a_change_of_gain_within_a_subject_is_told():
    from musclemetrics.batch.alike import Acquisitions

    watch = Acquisitions(bmode)
    first = watch.told(measured(3).labelled(subject="1", gain="50"))
    second = watch.told(measured(4).labelled(subject="1", gain="60"))
    other = watch.told(measured(5).labelled(subject="2", gain="60"))
    assert [r.flagged("acquisition-changed") for r in (first, second, other)] == [False, True, False]


def test_an_overlay_is_black_beside_the_fan_of_a_curved_probe():
    made = phantom(view="sector")
    image = np.array(made.image)
    record = bmode.measure(image, made.spacing)
    x0, y0, x1, _ = (int(v) for v in record.trace("view_box"))
    clean = bmode.overlay(image, record)
    # A name in either upper corner of the fan's box is not in the picture.
    top = int(record.trace("view_top")[:8].min())
    assert top - y0 > 20
    image[y0 : top - 6, x0 : x0 + 20] = 255
    image[y0 : top - 6, x1 - 20 : x1] = 255
    assert np.array_equal(bmode.overlay(image, record), clean)
    shown = bmode.picture(record, image)
    assert shown == bmode.picture(record, made.image)


@pytest.mark.parametrize("tags", [{"BurnedInAnnotation": "YES"}, None])
def test_no_overlay_is_made_where_the_header_says_that_a_crop_hides_nothing(tmp_path, tags):
    from musclemetrics.simulate.ultrasound import Region, to_dicom

    scans, overlays = tmp_path / "scans", tmp_path / "overlays"
    scans.mkdir(), overlays.mkdir()
    made = phantom()
    regions = None if tags else [Region((104, 120, 900, 700), made.spacing)]
    to_dicom(made, scans / "a.dcm", **({"tags": tags} if tags else {}), **({"regions": regions} if regions else {}))
    (record,) = mm.measure_files(scans, "bmode", overlays=overlays)
    assert record.flagged("possible-text" if tags else "region-not-fitting")
    assert not list(overlays.iterdir())
    plain = tmp_path / "plain"
    plain.mkdir()
    to_dicom(made, plain / "a.dcm")
    list(mm.measure_files(plain, "bmode", overlays=overlays))
    assert list(overlays.iterdir())


# where the scan is


def test_without_a_scan_what_is_drawn_is_measured_all_the_same():
    rng = np.random.default_rng(1)
    dark = np.where(rng.random((400, 600)) < 0.02, 9, 0).astype(np.uint8)
    assert code_of(dark, 0.1) == "no-field-of-view"
    with pytest.raises(InputError) as caught:
        bmode.measure(dark, 0.1)
    assert "region=" in caught.value.remedy
    drawn = [(150, 120), (350, 120), (350, 280), (150, 280)]
    by_roi = bmode.measure(dark, 0.1, drawn)
    assert by_roi["echo_intensity"].value == pytest.approx(dark[120:280, 150:350].mean())
    assert by_roi.flagged("thickness-needs-lines")
    assert next(f for f in by_roi.flags if f.code == "clipped").level == "suspect"
    by_lines = bmode.measure(dark, 0.1, lines=lines())
    assert by_lines["thickness"].value == pytest.approx(18.0)
    for record in (by_roi, by_lines, bmode.measure(dark, 0.1, drawn, region=(100, 100, 400, 300))):
        assert record.flagged("no-view")
        assert bmode.overlay(dark, record) is None


def test_a_mask_may_be_of_zeros_and_one_other_number():
    made = phantom()
    mask = mm.imaging.polygon_mask([(200, 250), (500, 260), (480, 330), (220, 320)], made.image.shape[:2])
    first = bmode.measure(made.image, made.spacing, mask)
    for same in (mask * np.uint8(255), mask.astype(np.int64), mask.astype(float)):
        assert bmode.measure(made.image, made.spacing, same)["echo_intensity"].value == first["echo_intensity"].value
    labels = mask.astype(np.uint8)
    labels[0, 0] = 2
    assert code_of(made.image, made.spacing, labels) == "roi-ambiguous"
    assert code_of(made.image, made.spacing, mask[::2, ::2] * np.uint8(255)) == "roi-wrong-size"
    assert code_of(made.image, made.spacing, np.stack([mask * np.uint8(255)] * 3, axis=-1)) == "roi-wrong-size"


def test_of_two_scales_the_region_given_chooses(tmp_path):
    from musclemetrics.simulate.ultrasound import Region, to_dicom

    made = phantom()
    x0, y0, x1, y1 = made.box
    inset = [Region(made.box, made.spacing), Region((600, 10, 790, 110), (0.3, 0.3))]
    file = tmp_path / "a.dcm"
    to_dicom(made, file, regions=inset)
    (refused,) = mm.measure_files(file, "bmode")
    assert refused.flagged("scale-ambiguous")
    for region in ((x0, y0, x1, y1), (x0 + 4, y0, x1 - 4, y1 - 4)):
        (record,) = mm.measure_files(file, "bmode", region=region)
        assert record["thickness"].unit == "mm"
        assert record["thickness"].value == pytest.approx(made.truth()["thickness"], abs=0.3)


def test_a_region_over_a_part_of_the_scan_is_told(tmp_path):
    from musclemetrics.simulate.ultrasound import Region, to_dicom

    made = phantom()
    x0, y0, x1, y1 = made.box
    for box, told in (((x0, y0, x0 + 196, y0 + 180), True), ((x0, y0, x1, y1), False), ((0, 0, 800, 600), False)):
        to_dicom(made, tmp_path / "a.dcm", regions=[Region(box, made.spacing)])
        (record,) = mm.measure_files(tmp_path / "a.dcm", "bmode")
        assert record.flagged("region-part-of-view") == told


def test_two_views_side_by_side_are_told():
    screen = np.hstack([phantom(3).image, phantom(9).image])
    record = bmode.measure(screen, phantom().spacing)
    assert record.flagged("another-view")
    assert not measured().flagged("another-view")
    message = next(f.message for f in record.flags if f.code == "another-view")
    other = [int(v) for v in re.findall(r"\d+", message)]
    place = [box + 800 * (record.trace("view_box")[0] < 800) * (i % 2 == 0) for i, box in enumerate(phantom(9).box)]
    assert other == pytest.approx(place, abs=16)
