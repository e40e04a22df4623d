"""B-mode images as files: what a run says of their scale and devices, the pictures made of them, lines given back."""

from functools import cache

import numpy as np
import pytest

import musclemetrics as mm
from musclemetrics import bmode, simulate
from musclemetrics.errors import InputError, SettingsError


@cache
def phantom(seed=3):
    return simulate.bmode(seed=seed)


@cache
def measured(seed=3, **how):
    made = phantom(seed)
    return bmode.measure(made.image, made.spacing, **how)


@pytest.fixture
def scans(tmp_path):
    """A folder with a picture without a scale and a file with one, of the same phantom."""
    from musclemetrics.simulate import ultrasound as us

    folder = tmp_path / "scans"
    folder.mkdir()
    us.to_png(phantom(), folder / "a.png")
    us.to_dicom(phantom(), folder / "b.dcm")
    return folder


@pytest.mark.parametrize("given", [0.05, (0.05, 0.06)])
def test_a_spacing_can_be_given_for_files_and_wins(scans, given):
    bare, own = mm.measure_files(scans, "bmode", spacing=given)
    both = given if isinstance(given, tuple) else (given, given)
    for record in (bare, own):
        assert (record["spacing_x"].value, record["spacing_y"].value) == both
        assert record["thickness"].unit == "mm"
        assert record.provenance.settings["scale_source"] == "user"
    assert not bare.flagged("setting-overrides-file")
    (told,) = [f for f in own.flags if f.code == "setting-overrides-file"]
    assert told.level == "suspect"
    assert "0.05" in told.message
    assert f"{phantom().spacing[0]:.5g}" in told.message


def test_a_spacing_that_agrees_with_the_file_is_no_conflict(scans):
    _, own = mm.measure_files(scans, "bmode", spacing=phantom().spacing)
    assert not own.flagged("setting-overrides-file")


@pytest.mark.parametrize("bad", [0.0, 30.0, (1, 2, 3), "wide"])
def test_a_spacing_of_no_scanner_is_refused_before_any_file(bad):
    with pytest.raises(SettingsError):
        bmode.check_settings(spacing=bad)
    with pytest.raises(SettingsError):
        bmode.check_settings(profiles={"GE": {"spacing": bad}})


def test_a_profile_may_hold_a_spacing_for_files_that_state_none(scans):
    height, width = phantom().image.shape[:2]
    profiles = {f"{width}x{height}": {"spacing": 0.05}}
    bare, own = mm.measure_files(scans, "bmode", profiles=profiles)
    assert bare["spacing_x"].value == 0.05
    assert own["spacing_x"].value == pytest.approx(phantom().spacing[0])
    (bare,) = mm.measure_files(scans / "a.png", "bmode", spacing=0.07, profiles=profiles)
    assert bare["spacing_x"].value == 0.07


def test_a_profile_that_fits_no_image_is_told(scans):
    records = list(mm.measure_files(scans, "bmode", profiles={"GE": {"tick_mm": 10}}))
    height, width = phantom().image.shape[:2]
    for record in records:
        (told,) = [f for f in record.flags if f.code == "no-profile"]
        assert f"{width}x{height}" in told.message


def test_a_source_without_a_spacing_is_not_taken(scans):
    (bare,) = mm.measure_files(scans / "a.png", "bmode", scale_source="a ruler")
    assert bare.provenance.settings["scale_source"] == "none"
    assert bare.flagged("scale-source-unused")


def test_spacing_and_profiles_on_the_command_line(tmp_path):
    from musclemetrics.cli.settings import converted

    assert converted("bmode", {"spacing": "0.0857"}) == {"spacing": 0.0857}
    assert converted("bmode", {"spacing": "0.08,0.1"}) == {"spacing": (0.08, 0.1)}
    file = tmp_path / "prof.json"
    file.write_text('{"800x600": {"spacing": [0.08, 0.1], "tick_mm": 5}}', encoding="utf-8")
    found = converted("bmode", {"profiles": str(file)})
    assert found == {"profiles": {"800x600": {"spacing": [0.08, 0.1], "tick_mm": 5}}}
    assert converted("bmode", {"profiles": file.read_text(encoding="utf-8")}) == found
    bmode.check_settings(**found)
    for text, word in (("not json", "is not JSON"), ("[1]", "no object")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(SettingsError, match=word):
            converted("bmode", {"profiles": str(file)})
    with pytest.raises(SettingsError, match="no file"):
        converted("bmode", {"profiles": "none.json"})


def test_images_of_no_named_device_are_told_apart_by_their_size():
    own = [measured(s) for s in (3, 4, 5)]
    height, width = phantom().image.shape[:2]
    assert bmode.learn_profiles(own) == {f"{width}x{height}": {"depth_window": bmode.learn_window(own)}}
    with pytest.raises(InputError, match=f"2 of {width}x{height}"):
        bmode.learn_profiles(own[:2])
    with pytest.raises(InputError, match="none"):
        bmode.learn_profiles([])


# pictures


def test_the_fascicle_that_was_measured_is_kept_and_drawn():
    made, record = phantom(), measured()
    (x_deep, x_up), (y_deep, y_up) = record.trace("fascicle_x"), record.trace("fascicle_y")
    dx, dy = made.spacing
    assert np.hypot((x_up - x_deep) * dx, (y_up - y_deep) * dy) == pytest.approx(record["fascicle_length"].value)
    for x, y, side in ((x_deep, y_deep, "deep"), (x_up, y_up, "superficial")):
        if record.trace(f"{side}_x")[0] <= x <= record.trace(f"{side}_x")[-1]:
            assert y == pytest.approx(np.interp(x, record.trace(f"{side}_x"), record.trace(f"{side}_y")), abs=1.0)
    without = measured(fascicles=False)
    assert "fascicle_x" not in {t.name for t in without.traces}
    purple = (bmode.overlay(made.image, record) == (0xCC, 0x79, 0xA7)).all(axis=2)
    assert purple.sum() > 50
    assert not (bmode.overlay(made.image, without) == (0xCC, 0x79, 0xA7)).all(axis=2).any()


@pytest.mark.parametrize("rule", ["between", "rectangle"])
def test_the_region_of_echo_intensity_is_outlined(rule):
    made, record = phantom(), measured(region_rule=rule)
    x, top, bottom = (record.trace(f"region_{name}") for name in ("x", "top", "bottom"))
    assert (np.diff(x) > 0).all()
    up, down = (np.interp(x, record.trace(f"{s}_x"), record.trace(f"{s}_y")) for s in ("superficial", "deep"))
    inset = 1.0 / made.spacing[1]
    assert (top >= up + inset - 1).all()
    assert (bottom <= down - inset + 1).all()
    if rule == "rectangle":
        assert len(set(top)) == len(set(bottom)) == 1
    else:
        assert top == pytest.approx(up + inset, abs=1.0)
        assert bottom == pytest.approx(down - inset, abs=1.0)
    assert (bmode.overlay(made.image, record) == (0xF0, 0xE4, 0x42)).all(axis=2).sum() > 50


def test_an_overlay_of_another_image_is_refused():
    with pytest.raises(InputError) as caught:
        bmode.overlay(phantom().image[:300], measured())
    assert caught.value.code == "length-mismatch"


def test_an_overlay_without_a_scale_has_a_bar_of_pixels():
    made = phantom()
    picture = bmode.overlay(made.image, bmode.measure(made.image))
    x0, _, x1, _ = measured().trace("view_box")
    low = picture[-8]  # the row of the bar
    white = int((low == 255).all(axis=1).sum())
    assert white == pytest.approx(100 * picture.shape[1] / (x1 - x0), abs=3)


def test_the_title_of_a_plot_stays_within_its_figure():
    figure = mm.plot(measured().labelled(subject="S01", muscle="vastus"))
    figure.canvas.draw()
    axes = figure.axes[0]
    title = next(t for t in (axes.title, axes._left_title) if t.get_text())
    assert "confidence" in title.get_text()
    box = title.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width


# what lies beside images


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("b.csv", "x,y\n200,250\n400,250\n400,380\n200,380\n"),
        (
            "b.geojson",
            '{"type": "Polygon", "coordinates": [[[200, 250], [400, 250], [400, 380], [200, 380], [200, 250]]]}',
        ),
        ("b.roi", "Iout, and nothing that ImageJ reads"),
        ("b.zip", ""),
    ],
)
def test_regions_in_use_are_skipped_by_their_name(scans, name, text):
    (scans / "a.png").unlink()
    (scans / name).write_text(text, encoding="utf-8")
    rows = list(mm.measure_files(scans, "bmode", reading={"roi": "{stem}" + name[1:]}))
    (region,) = [r for r in rows if r.provenance.sources[0][0].endswith(name) and len(r.provenance.sources) == 1]
    assert region.status == "skipped"
    assert [f.code for f in region.flags] == ["drawn-region"]
    (image,) = [r for r in rows if r is not region]
    assert image.flagged("drawn-region") is False
    if text.startswith(("x,y", "{")):
        assert image["roi_area"].value > 0


def test_two_empty_files_are_no_copies(scans):
    for name in ("c.png", "d.png"):
        (scans / name).write_bytes(b"")
    rows = {r.provenance.sources[0][0]: r for r in mm.measure_files(scans, "bmode")}
    assert rows["c.png"].flagged("empty-file")
    assert not rows["d.png"].flagged("duplicate-of")


@pytest.mark.parametrize("text", ["source,lines\na.png,1\n", '[{"source": "a.png"', '["a.png"]'])
def test_a_broken_file_of_lines_is_told_in_words_of_lines(tmp_path, text):
    from musclemetrics.corrections import load

    file = tmp_path / "lines.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file, setting="lines")
    assert "--save-lines" in caught.value.remedy
    assert "onset" not in str(caught.value)


def test_correcting_the_deep_line_alone_keeps_the_subcutaneous_thickness():
    from musclemetrics.store.lines import thinned

    made, found = phantom(), measured()
    up, down = (thinned(found, side) for side in ("superficial", "deep"))
    lower = bmode.measure(made.image, made.spacing, lines={"superficial": up, "deep": [[x, y + 9] for x, y in down]})
    assert lower["subcutaneous_thickness"].value == pytest.approx(found["subcutaneous_thickness"].value, abs=0.05)
    assert lower["thickness"].value == pytest.approx(found["thickness"].value + 9 * made.spacing[1], abs=0.05)
    both = bmode.measure(made.image, made.spacing, lines={"superficial": [[x, y + 3] for x, y in up], "deep": down})
    assert np.isnan(both["subcutaneous_thickness"].value)
    (told,) = [f for f in both.flags if f.code == "manual-lines"]
    assert "subcutaneous_thickness" in told.message
