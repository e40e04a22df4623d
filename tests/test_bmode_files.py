"""B-mode images as files: what a run says of their scale and devices, the pictures made of them, lines given back."""

from functools import cache

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
