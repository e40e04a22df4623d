"""The report: static pages that a reviewer opens from a folder, looked at in a headless browser."""

import io
import math
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import musclemetrics as mm
from musclemetrics import bmode, simulate
from musclemetrics.provenance import case_ids, picture_name
from musclemetrics.record import Flag, Record
from musclemetrics.report import pages
from musclemetrics.simulate.ultrasound.pictures import to_png

HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
PATTERN = "{subject}_{session}_{muscle}.png"


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


# what is written


def drawn_scans(folder: Path) -> Path:
    """Two people at two visits, and a file that cannot be read."""
    folder.mkdir(parents=True)
    for subject, seed in (("Ann", 3), ("Bob", 6)):
        for visit in (2, 10):
            to_png(simulate.bmode(seed=seed + visit), folder / f"{subject}_{visit}_vastus.png")
    whole = (folder / "Ann_2_vastus.png").read_bytes()
    (folder / "Ann_11_vastus.png").write_bytes(whole[: len(whole) // 3])
    return folder


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return the folder of a small study of scans: inputs, overlays, report."""
    folder = tmp_path_factory.mktemp("scans")
    inputs, overlays = drawn_scans(folder / "in"), folder / "overlays"
    overlays.mkdir()
    found = mm.measure_files(inputs, "bmode", overlays=overlays, group_by=PATTERN, tick_mm=10.0)
    records = [r.labelled(group=HOSTILE) for r in found]
    assert [r.status for r in records].count("failed") == 1
    pages(records, folder / "report", title="Vastus & co", overlays=overlays)
    mm.save(records, folder / "records.jsonl")
    return folder


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Return the folder of a report of slack tests."""
    folder = tmp_path_factory.mktemp("bench")
    for name in ("S01.csv", "S02.csv"):
        shutil.copy(Path(str(mm.sample("slack"))) / name, folder / name)
    pages(mm.measure_files(sorted(folder.glob("*.csv")), "slack"), folder / "report", title="Slack")
    return folder


def generated(n=3000, subjects=150):
    """Return records as of a study of many scans, made of one."""
    made = simulate.bmode(seed=3)
    one = bmode.measure(made.image, made.spacing)
    rng = np.random.default_rng(1)
    out = []
    for k in range(n):
        labels = {
            "subject": f"P{k * subjects // n:03d}",
            "session": str(k % 4 + 1),
            "muscle": ("vastus", "rectus", "tibialis")[k % 3],
            "side": "LR"[k % 2],
        }
        values = [replace(m, value=m.value * rng.normal(1, 0.1)) for m in one.measurements]
        source = replace(one.provenance, sources=((f"{labels['subject']}/img{k:04d}.dcm", f"{k:064x}"),))
        flags = list(one.flags)
        if k % 17 == 0:
            flags.append(Flag("low-confidence", "confidence is 0.41, below 0.5: look at the lines", "suspect"))
        if k % 50 == 7:
            nothing = [replace(m, value=math.nan) for m in one.measurements]
            why = Flag("truncated-file", "the file ends before its pixels do; copy it anew", "failed")
            out.append(Record("bmode", nothing, (), (why,), source, labels))
        else:
            out.append(replace(one, measurements=values, labels=labels, provenance=source, flags=tuple(flags)))
    return out


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Return the folder of a report of 3,000 cases, each with its overlay."""
    folder = tmp_path_factory.mktemp("large")
    records, overlays = generated(), folder / "overlays"
    overlays.mkdir()
    Image.new("L", (56, 40), 90).save(folder / "one.jpg")
    for record in records:
        if record.traces:
            os.link(folder / "one.jpg", overlays / picture_name(record))
    pages(records, folder / "report", title="Three thousand", overlays=overlays)
    return folder


def test_no_address_leaves_the_folder_and_no_name_tells_of_a_person(study):
    report = study / "report"
    written = sorted(p for p in report.rglob("*") if p.is_file())
    assert len(written) == 1 + 2  # the index, two people
    for file in written:
        assert not re.search("ann|bob|vastus", str(file.relative_to(report)), re.IGNORECASE)
        text = file.read_text(encoding="utf-8")
        assert set(re.findall(r"https?://[^\"' ]*", text)) <= {"http://www.w3.org/2000/svg"}
        assert re.search(r"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;", text)
        assert "unsafe" not in text
        assert "style=" not in re.sub(r"<style>.*?</style>|<script.*?</script>", "", text, flags=re.DOTALL)
        for address in re.findall(r"(?:src|href)=\"([^\"#]+)", text):
            assert (file.parent / address).exists(), address


def test_what_is_there_already_is_not_drawn_or_written_again(bench, tmp_path, monkeypatch):
    from musclemetrics.report import figures

    folder = tmp_path / "report"
    shutil.copytree(bench / "report", folder)
    records = list(mm.measure_files(sorted(bench.glob("*.csv")), "slack"))
    (folder / "figures" / "mine.png").write_bytes(b"x")
    stamps = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}

    def fail(*_, **__):
        raise AssertionError("drawn again")

    with monkeypatch.context() as patch:
        patch.setattr(figures, "save_figure", fail)
        pages(records, folder, title="Slack")
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()} == stamps
    # Another set of records: what belonged to the others goes, what is somebody else's stays.
    pages(records[:1], folder, title="Slack")
    assert len(list((folder / "figures").glob("*.png"))) == 2
    assert (folder / "figures" / "mine.png").exists()


def test_a_picture_that_cannot_be_drawn_costs_its_place_only(bench, tmp_path, monkeypatch):
    from musclemetrics.report import figures

    def broken(record, *_, **__):
        raise ValueError("no ink")

    monkeypatch.setattr(figures, "save_figure", broken)
    pages(mm.measure_files(bench / "S01.csv", "slack"), tmp_path / "report")
    (page,) = (tmp_path / "report" / "subjects").iterdir()
    assert "No picture: ValueError: no ink" in page.read_text(encoding="utf-8")
    assert list((tmp_path / "report" / "figures").iterdir()) == []


def test_many_frames_of_one_person_are_parted_and_every_case_has_one_page(tmp_path):
    records = [r.labelled(subject="1", frame=k) for k, r in enumerate(generated(130, 1))]
    folder = tmp_path / "report"
    pages([replace(r, traces=()) for r in records], folder)
    texts = [p.read_text(encoding="utf-8") for p in (folder / "subjects").iterdir()]
    assert len(texts) >= 3
    shown = [case for text in texts for case in re.findall(r'<section class="card" id="c([0-9a-f]+)"', text)]
    assert sorted(shown) == sorted(case_ids(records))


def test_an_empty_report_is_a_report(tmp_path):
    assert pages([], tmp_path / "new" / "one").is_file()
