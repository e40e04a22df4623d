"""The report: static pages that a reviewer opens from a folder, looked at in a headless browser."""

import io

import numpy as np
from PIL import Image

import musclemetrics as mm
from musclemetrics import bmode, simulate
from musclemetrics.provenance import case_ids, picture_name
from musclemetrics.simulate.ultrasound.pictures import to_png


def scans(folder, seeds=(3, 6)):
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        to_png(simulate.bmode(seed=seed), folder / f"P{seed}_V1.png")
    return folder


def test_beside_the_overlay_lies_the_scan_that_a_person_draws_into(tmp_path):
    folder, overlays = scans(tmp_path / "in"), tmp_path / "overlays"
    overlays.mkdir()
    record, second = mm.measure_files(folder, "bmode", overlays=overlays)
    assert (overlays / picture_name(second)).is_file()
    drawn, clean = (Image.open(overlays / picture_name(record, suffix)) for suffix in ("", "-scan"))
    assert drawn.size == clean.size
    assert (drawn.mode, clean.mode) == ("RGB", "L")
    image = np.array(Image.open(folder / "P3_V1.png").convert("L"))
    both = bmode.picture(record, image=image)
    assert set(both) == {"", "-scan"}
    x0, y0, x1, y1 = (int(v) for v in record.trace("view_box"))
    part = Image.fromarray(image[y0:y1, x0:x1]).resize(clean.size, Image.Resampling.BILINEAR)
    error = np.asarray(Image.open(io.BytesIO(both["-scan"])), float) - np.asarray(part, float)
    assert np.abs(error).mean() < 4  # of 255: what JPEG costs, and no line drawn


def test_a_corrected_record_is_still_the_same_case(tmp_path):
    folder = scans(tmp_path / "in", (3, 4))
    first = list(mm.measure_files(folder, "bmode"))
    again = list(mm.measure_files(folder, "bmode", fascicles=False))
    assert case_ids(first) == case_ids(again)
    assert len({*case_ids([*first, *first])}) == 4
