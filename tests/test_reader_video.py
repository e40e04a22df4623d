"""Films: frames in any order, their own luma, and nothing held but the frame decoded last."""

from __future__ import annotations

import io
import random
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from musclemetrics import readers
from musclemetrics.errors import LimitError, MissingDependencyError, MuscleMetricsError, ReadError, SettingsError

from .dicom_files import speckle
from .shared_data import shared

CLIP = "ultrasound/clips/p6_isokinetic500_01_push_01.mp4"


def film(path: Path, code: str = "MJPG", frames: int = 12, colour: bool = False) -> list[NDArray[np.uint8]]:
    """Write a film of speckle and return its frames before they were packed."""
    cv2 = pytest.importorskip("cv2")
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), 20, (80, 64))
    if not writer.isOpened():
        pytest.skip(f"this OpenCV writes no {code}")
    found = []
    for i in range(frames):
        grey = speckle(64, 80, seed=i)
        picture = np.stack([grey] * 3, -1)
        if colour:
            picture[20:40, 20:40] = (250, 40, 10)  # BGR
        writer.write(picture)
        found.append(grey)
    writer.release()
    return found


@pytest.mark.parametrize(("name", "code"), [("a.avi", "MJPG"), ("a.avi", "FFV1"), ("a.mp4", "mp4v"), ("a.avi", "HFYU")])
def test_frames_come_in_any_order_and_as_often_as_asked(tmp_path: Path, name: str, code: str) -> None:
    written = film(tmp_path / name, code)
    found = list(readers.read(tmp_path / name, frames="all"))
    assert [r.labels["frame"] for r in found] == [str(i + 1) for i in range(12)]
    forwards = [np.asarray(r.arrays["image"]) for r in found]
    for image, grey, reading in zip(forwards, written, found, strict=True):
        assert image.shape == reading.arrays["image"].shape
        assert image.dtype == np.uint8
        level = image if image.ndim == 2 else image.mean(axis=2)
        assert np.abs(level.astype(float) - grey).mean() < 6
        assert level.mean() == pytest.approx(grey.mean(), abs=1.2)
    for i in (11, 3, 3, 4, 0):
        np.testing.assert_array_equal(np.asarray(found[i].arrays["image"]), forwards[i])
    changed = np.asarray(found[5].arrays["image"])
    changed[:] = 0
    np.testing.assert_array_equal(np.asarray(found[5].arrays["image"]), forwards[5])
    few = list(readers.read(tmp_path / name, frames="every:5"))
    assert [r.labels["frame"] for r in few] == ["1", "6", "11"]
    np.testing.assert_array_equal(np.asarray(few[2].arrays["image"]), forwards[10])
    lossless = code in ("FFV1", "HFYU")
    assert ("lossy-compression" in [f.code for f in found[0].flags]) != lossless


def test_colour_is_told_where_a_film_is_read_in_grey(tmp_path: Path) -> None:
    film(tmp_path / "a.avi", colour=True)
    [reading] = readers.read(tmp_path / "a.avi")
    codes = [f.code for f in reading.flags]
    assert ("colour-not-kept" in codes) == (reading.arrays["image"].ndim == 2)
    film(tmp_path / "b.avi")
    [plain] = readers.read(tmp_path / "b.avi")
    assert "colour-not-kept" not in [f.code for f in plain.flags]


def test_a_real_clip_is_its_luma() -> None:
    """The mean of the first frame's luma as PyAV gives it for the same file is 51.058; FFmpeg's RGB makes 50.4."""
    pytest.importorskip("cv2")
    path = shared(CLIP)
    found = list(readers.read(path, frames="all"))
    assert len(found) == 59
    image = np.asarray(found[0].arrays["image"])
    assert image.shape == (624, 1148)
    assert image.mean() == pytest.approx(51.058, abs=0.01)
    assert "spacing_x" not in found[0]
    tracemalloc.start()
    for reading in found[1:10]:
        np.asarray(reading.arrays["image"])
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 3 * image.nbytes
    [streamed] = readers.read(io.BytesIO(path.read_bytes()))
    np.testing.assert_array_equal(streamed["image"], image)


def test_limits_and_options(tmp_path: Path) -> None:
    film(tmp_path / "a.avi")
    with pytest.raises(LimitError) as caught:
        list(readers.read(tmp_path / "a.avi", max_pixels=5000))
    assert caught.value.code == "too-many-pixels"
    for options in ({"frames": "every"}, {"roi": "mask"}, {"max_pixels": "x"}):
        with pytest.raises(SettingsError):
            list(readers.read(tmp_path / "a.avi", **options))
    (tmp_path / "a.csv").write_text("x,y\n5,5\n40,5\n40,30\n")
    [reading] = readers.read(tmp_path / "a.avi", roi="{stem}.csv")
    assert reading["roi"].shape == (3, 2)


def test_without_opencv_its_installation_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.avi").write_bytes(b"RIFF\x00\x01\x00\x00AVI LIST" + bytes(100))
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert readers.sniff(tmp_path / "a.avi") == "video"
    with pytest.raises(MissingDependencyError) as caught:
        list(readers.read(tmp_path / "a.avi"))
    assert "install opencv-python-headless" in caught.value.remedy


def test_damaged_films_give_frames_or_a_typed_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    film(tmp_path / "a.avi", frames=4)
    whole = (tmp_path / "a.avi").read_bytes()
    rng = random.Random(2)
    pictures = errors = 0
    for i in range(40):
        bent = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            bent[rng.randrange(len(bent) if rng.random() < 0.5 else 400)] = rng.randrange(256)
        if i % 5 == 0:
            bent = bent[: rng.randrange(100, len(bent))]
        path = tmp_path / f"{i}.avi"
        path.write_bytes(bent)
        try:
            found: list[Any] = [np.asarray(r.arrays["image"]) for r in readers.read(path, frames="all", reader="video")]
            assert all(image.ndim in (2, 3) for image in found)
            pictures += 1
        except MuscleMetricsError:
            errors += 1
    assert pictures > 0
    assert errors > 0
    assert "WARN" not in capfd.readouterr().err
    for data in (b"", b"RIFF\x00\x01\x00\x00AVI LIST" + bytes(100)):
        with pytest.raises(ReadError):
            list(readers.read(io.BytesIO(data), reader="video"))


def test_a_film_cut_short_is_told_at_the_frame_that_is_missing(tmp_path: Path) -> None:
    film(tmp_path / "a.avi")
    whole = (tmp_path / "a.avi").read_bytes()
    (tmp_path / "b.avi").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ReadError) as caught:
        [np.asarray(r.arrays["image"]) for r in readers.read(tmp_path / "b.avi", frames="all")]
    assert caught.value.code in ("truncated", "corrupt-image")
