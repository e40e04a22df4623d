"""The report: static pages that a reviewer opens from a folder, looked at in a headless browser."""

import csv
import io
import json
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
from musclemetrics import bmode, corrections, simulate
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


def test_a_study_that_grows_keeps_its_key_and_another_has_its_own(bench, tmp_path):
    records = list(mm.measure_files(sorted(bench.glob("*.csv")), "slack"))

    def key(folder, records, title):
        text = pages([replace(r, traces=()) for r in records], folder, title=title).read_text(encoding="utf-8")
        return json.loads(text.partition('id="data">')[2].partition("</script>")[0])["key"]

    first = key(tmp_path / "a", records[1:], "Slack")
    assert key(tmp_path / "a", records, "Slack, grown") == first
    assert key(tmp_path / "b", records, "Slack") != first
    assert key(tmp_path / "a", generated(3, 1), "Slack") != first


def test_workers_draw_the_same_pictures(bench, tmp_path, monkeypatch):
    from musclemetrics.report import figures

    monkeypatch.setattr(figures, "_WORTH_SHARING", 2)
    records = mm.measure_files(sorted(bench.glob("*.csv")), "slack")
    pages(records, tmp_path / "report", jobs=2)
    one, two = ({p.name: p.read_bytes() for p in (f / "report" / "figures").iterdir()} for f in (bench, tmp_path))
    assert len(one) == 2
    assert one == two


def test_an_empty_report_is_a_report(tmp_path):
    assert pages([], tmp_path / "new" / "one").is_file()


# in a browser


@pytest.fixture(scope="module")
def browser():
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no chromium on this machine")
    with sync.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=chromium)
        yield made
        made.close()


@pytest.fixture
def visit(browser):
    """Return a function that opens a page in a browser of its own; nothing may go wrong or leave the machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    troubles, requests, refused = [], [], []
    context.on("console", lambda m: troubles.append(m.text) if m.type in ("error", "warning") else None)
    context.on("weberror", lambda e: troubles.append(str(e.error)))
    context.on("request", lambda r: requests.append(r.url))
    # What the content policy refuses has not left.
    context.on("requestfailed", lambda r: (refused if r.failure == "csp" else troubles).append(r.url))

    def visit(file, mark=""):
        page = context.new_page()
        page.goto(Path(file).as_uri() + mark)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    visit.troubles = troubles
    yield visit
    context.close()
    assert troubles == []
    assert requests
    assert {url.partition(":")[0] for url in requests if url not in refused} <= {"file", "blob"}


def page_of(folder, word):
    """Return the page of cases that has a word in its heading."""
    found = [p for p in (folder / "report" / "subjects").iterdir() if word in p.read_text().partition("<main>")[0]]
    assert len(found) == 1
    return found[0]


def numbers(page):
    """Return the case numbers of the rows that are there."""
    return [int(n) for n in page.locator("#table tbody td:first-child a").all_inner_texts()]


def downloaded(page, button, folder):
    with page.expect_download() as waiting:
        page.locator(button).click()
    waiting.value.save_as(folder / waiting.value.suggested_filename)
    return folder / waiting.value.suggested_filename


def test_the_index_is_filtered_searched_and_ordered(study, visit):
    page = visit(study / "report" / "index.html")
    assert page.locator("#shown").inner_text() == "5 cases"
    page.locator("[data-status=ok]").click()
    page.locator("[data-status=suspect]").click() if page.locator("[data-status=suspect]").count() else None
    assert page.locator("#shown").inner_text() == "1 of 5 cases"
    assert "corrupt-image" in page.locator("#table tbody").inner_text()
    page.locator("#clear").click()
    page.locator("#search").fill("bob vastus")
    assert page.locator("#shown").inner_text() == "2 of 5 cases"
    page.locator("#search").fill("")
    page.locator("select[data-label=subject]").select_option("=Ann")
    page.locator("select[data-label=session]").select_option("=10")
    assert page.locator("#shown").inner_text() == "1 of 5 cases"
    page.reload()  # filters are part of the address
    assert page.locator("#shown").inner_text() == "1 of 5 cases"
    page.locator("#clear").click()
    page.locator("#flag").select_option("=corrupt-image")
    assert len(numbers(page)) == 1
    page.locator("#clear").click()
    records = list(mm.load(study / "records.jsonl"))
    size = [r["thickness"].value for r in records]
    rising = sorted(range(5), key=lambda k: (math.isnan(size[k]), size[k]))
    head = page.locator("th button", has_text="thickness").first
    head.click()
    assert [n - 1 for n in numbers(page)] == rising
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("thickness")
    head.click()
    assert [n - 1 for n in numbers(page)] == [*rising[3::-1], rising[4]]  # what has no number comes last both ways
    page.locator("th button", has_text="session").click()
    assert page.locator("#table tbody tr:not(.gap) td:nth-child(4)").all_inner_texts() == ["2", "2", "10", "10", "11"]


def test_thousands_are_there_at_once_and_few_rows_in_the_page(large, visit):
    index = large / "report" / "index.html"
    assert index.stat().st_size < 5e6
    page = visit(index)
    ready = float(page.locator("html").get_attribute("data-ready"))
    assert ready < 2000, f"{ready:.0f} ms until the page answered"
    assert page.locator("#shown").inner_text() == "3000 cases"
    assert page.locator("#table tbody tr").count() < 60
    took = page.evaluate(
        """() => {
            const before = performance.now(), box = document.getElementById("search");
            box.value = "rectus low-confidence";
            box.dispatchEvent(new Event("input"));
            return performance.now() - before;
        }"""
    )
    assert took < 500
    found = sum(k % 3 == 1 and k % 17 == 0 and k % 50 != 7 for k in range(3000))
    assert page.locator("#shown").inner_text() == f"{found} of 3000 cases"
    page.locator("#clear").click()
    page.locator("#table").focus()
    page.keyboard.press("End")
    page.locator("#table tr.now a", has_text="3000").wait_for()
    assert page.locator("#table tbody tr").count() < 60
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(numbers(page)) == 3000  # on paper all are there
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(numbers(page)) < 60


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Return the folder of a report of two modalities."""
    folder = tmp_path_factory.mktemp("mixed")
    slack = mm.measure_files(Path(str(mm.sample("slack"))) / "S01.csv", "slack")
    records = [*generated(9, 3), *slack]
    pages([replace(r, traces=()) for r in records], folder / "report", title="Both")
    return folder


CUT = """() => [...document.querySelectorAll(".strip h3 *, thead button, thead button span, td:has(> .chip), td.n")]
    .filter((box) => box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).display !== "inline")
    .map((box) => box.textContent)"""

LINES = """all => all.map((one) => {
    const tops = [...one.getClientRects()].filter((box) => box.width > 0).map((box) => Math.round(box.top));
    return [one.textContent, new Set(tops).size];
})"""


def test_nothing_of_the_index_is_cut_on_a_screen_of_1280_px(large, mixed, visit):
    for folder in (large, mixed):
        page = visit(folder / "report" / "index.html")
        for modality in ("", "=bmode", "=slack") if folder is mixed else ("",):
            page.locator("#modality").select_option(modality) if modality else None
            page.wait_for_timeout(100)  # the table answers to its own size
            box = page.locator("#table")
            assert box.evaluate("b => b.scrollWidth - b.clientWidth") == 0
            assert page.evaluate(CUT) == []
            heads = page.locator("thead button span:not(.way)")
            lines = heads.evaluate_all(LINES)
            assert [(head, n) for head, n in lines if n > len(re.split("_| ", head))] == []


def test_measurements_of_several_modalities_are_shown_for_one_at_a_time(mixed, visit):
    page = visit(mixed / "report" / "index.html")
    assert page.locator("#shown").inner_text() == "10 cases"
    assert page.locator(".strip").count() == 0
    assert page.locator(".kinds button").all_inner_texts() == ["bmode (9)", "slack (1)"]
    page.locator(".kinds button").last.click()
    assert page.locator("#shown").inner_text() == "1 of 10 cases"
    heads = page.locator("thead th").all_inner_texts()
    assert "subject" not in heads  # no slack test has one
    assert any(head.startswith("Vo") for head in heads)
    assert page.locator(".strip h3 b").first.inner_text().startswith("Vo")
    page.locator("#clear").click()
    assert numbers(page) == list(range(1, 11))


def test_a_click_on_a_dot_opens_its_case(large, visit):
    records = generated()
    page = visit(large / "report" / "index.html")
    measured = [r for r in records if r.status != "failed"]
    largest = max(measured, key=lambda r: r["thickness"].value)
    titled = f"subject {largest.labels['subject']}, session {largest.labels['session']}"
    box = page.locator("#strips canvas").first.bounding_box()
    right = box["x"] + box["width"] - 12  # dots of about one value stand above each other
    for below in range(4, 48, 2):
        page.mouse.move(right, box["y"] + below)
        if page.locator(".strip .tip").first.inner_text().startswith(titled):
            break
    else:
        pytest.fail(f"no dot of {titled} at the right end")
    page.mouse.click(right, box["y"] + below)
    page.wait_for_url("**/subjects/*.html#c*")
    page.wait_for_selector("html[data-ready]", state="attached")
    number = records.index(largest) + 1
    assert page.locator(".card.now h2").inner_text().startswith(f"{number}. subject {largest.labels['subject']}")
    # The same by keys alone.
    page = visit(large / "report" / "index.html")
    page.locator("#strips canvas").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_url("**/subjects/*.html#c*")
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.locator(".card.now h2").inner_text().startswith(f"{number}. ")


def test_marks_are_made_by_keys_survive_a_reload_and_go_home_as_a_table(study, visit, tmp_path):
    page = visit(page_of(study, "<h1>subject Ann"))
    assert page.locator(".visits thead th").all_inner_texts() == ["", "session 2", "session 10", "session 11"]
    page.keyboard.press("1")
    page.keyboard.press("j")
    page.keyboard.press("2")
    page.keyboard.press("n")
    page.keyboard.type('=1+1, a "note" with 1 and j')
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("3")
    assert page.locator(".card.now").count() == 1
    marked = page.locator(".card h2 .mark").all_inner_texts()
    assert marked == ["✓ accepted", "? doubted", "✕ rejected"]
    page.wait_for_timeout(200)  # a browser stores behind the page's back
    page.reload()
    assert page.locator(".card h2 .mark").all_inner_texts() == marked
    assert page.locator(".card textarea").nth(1).input_value() == '=1+1, a "note" with 1 and j'
    page.keyboard.press("j")  # past the last: on to the next person
    page.locator("h1", has_text="subject Bob").wait_for()
    page = visit(study / "report" / "index.html")
    assert page.locator("#rated").inner_text() == "3 rated"
    page.locator("#mark").select_option("doubt")
    assert len(numbers(page)) == 1
    rows = list(csv.DictReader(downloaded(page, "#ratings", tmp_path).open(encoding="utf-8", newline="")))
    records = list(mm.load(study / "records.jsonl"))
    ids = dict(zip(case_ids(records), records, strict=True))
    assert list(rows[0]) == ["item", "source", "frame", "rating", "note"]
    assert {(r["source"], r["rating"]) for r in rows} == {
        ("Ann_2_vastus.png", "accept"),
        ("Ann_10_vastus.png", "doubt"),
        ("Ann_11_vastus.png", "reject"),
    }
    assert all(ids[r["item"]].provenance.sources[0][0] == r["source"] for r in rows)
    assert [r["note"] for r in rows if r["note"]] == ['\'=1+1, a "note" with 1 and j']


def test_marks_come_back_from_their_files_in_another_browser(study, bench, visit, browser, tmp_path):
    page = visit(page_of(study, "<h1>subject Ann"))
    page.keyboard.press("2")
    page.keyboard.press("n")
    page.keyboard.type('-5, and"quoted"')
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Escape")
    page.locator(".card").first.locator(".knob.superficial").first.focus()
    page.keyboard.press("Shift+ArrowUp")
    files = [downloaded(page, button, tmp_path) for button in ("#ratings", "#corrections")]
    both = [f.read_text(encoding="utf-8") for f in files]
    other = browser.new_context(accept_downloads=True)
    page = other.new_page()
    page.goto((study / "report" / "index.html").as_uri())
    page.locator("#files").set_input_files([*files, study / "in" / "Ann_11_vastus.png"])
    page.locator("#rated", has_text="holds neither").wait_for()
    assert page.locator("#rated").inner_text().startswith("1 ratings from ratings.csv; 1 corrections from")
    again = tmp_path / "again"
    again.mkdir()
    assert [downloaded(page, b, again).read_text(encoding="utf-8") for b in ("#ratings", "#corrections")] == both
    page.locator("#mark").select_option("moved")
    assert page.locator("#table tbody tr:not(.gap)").all_inner_texts()[0].count("? doubted, ⇕ corrected") == 1
    other.close()


def test_what_was_applied_is_no_mark_any_more(bench, visit, tmp_path):
    given = corrections.Correction("S01.csv", {"onsets": {"1": None}})
    files = sorted(bench.glob("*.csv"))
    folder = tmp_path / "report"
    pages(mm.measure_files(files, "slack", corrections=[given]), folder, key="one")
    (file,) = (folder / "subjects").iterdir()
    page = visit(file)
    page.keyboard.press("1")
    card = page.locator(".card").first
    card.locator("summary", has_text="Move an onset").click()
    assert not card.locator(".release input").first.is_checked()
    card.locator(".release input").nth(4).uncheck()
    (one,) = corrections.load(downloaded(page, "#corrections", tmp_path))
    assert one.settings["onsets"] == {"1": None, "5": None}  # what was decided before is part of it
    records = list(mm.measure_files(files, "slack", corrections=[one]))
    pages([records[0].labelled(rating="accept"), *records[1:]], folder, key="one")
    page = visit(folder / "index.html")
    assert page.locator("#rated").inner_text() == ""
    assert page.locator("#ratings").is_disabled()
    assert page.locator("#corrections").is_disabled()
    page = visit(file)
    card = page.locator(".card").first
    assert card.locator("h2 .mark").inner_text() == "✓ accepted"
    card.locator("summary", has_text="Move an onset").click()
    card.locator(".release input").first.check()
    (back,) = corrections.load(downloaded(page, "#corrections", tmp_path))
    assert back.settings["onsets"]["5"] is None
    assert back.settings["onsets"]["1"] > 0


def test_two_tabs_add_to_one_set_of_marks(study, visit):
    one, two = visit(page_of(study, "<h1>subject Ann")), visit(page_of(study, "<h1>subject Bob"))
    one.keyboard.press("1")
    two.locator("#rated", has_text="1 rated").wait_for()
    two.keyboard.press("3")
    one.locator("#rated", has_text="2 rated").wait_for()


def test_filters_of_the_index_are_walked_through_page_after_page(large, visit):
    page = visit(large / "report" / "index.html")
    page.locator("[data-status=ok]").click()
    page.locator("[data-status=failed]").click()
    shown = numbers(page)[:8]
    page.locator("#table tbody a").first.click()
    for number in shown:
        page.locator(".card.now h2", has_text=re.compile(rf"^\s*{number}\. ")).wait_for()
        page.wait_for_selector("html[data-ready]", state="attached")
        assert "walk through" in page.locator("#walk").inner_text()
        if number != shown[-1]:
            page.keyboard.press("j")


def test_a_line_is_dragged_into_place_and_measured_anew(study, visit, tmp_path):
    page = visit(page_of(study, "<h1>subject Bob"))
    card = page.locator(".card").first
    knob = card.locator(".knob.deep").nth(4)
    knob.wait_for()
    assert card.locator(".evidence > img").count() == 0
    knob.scroll_into_view_if_needed()
    box = knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    # The line between two points moves as a whole.
    between = card.locator(".knob.deep").nth(5).bounding_box()
    grip = (x + between["x"] + between["width"] / 2) / 2, (y + between["y"] + between["height"] / 2) / 2
    page.mouse.move(*grip)
    page.mouse.down()
    page.mouse.move(grip[0], grip[1] + 30, steps=4)
    page.mouse.up()
    moved = knob.bounding_box()
    assert moved["y"] - box["y"] == pytest.approx(30, abs=0.5)
    assert moved["x"] == pytest.approx(box["x"], abs=0.01)
    knob.focus()
    page.keyboard.press("ArrowUp")
    assert knob.bounding_box()["y"] < moved["y"]
    page.keyboard.press("ArrowDown")
    preview = card.locator(".says").inner_text()
    assert card.locator("h2 .mark").inner_text() == "⇕ corrected"
    page.wait_for_timeout(200)  # a browser stores behind the page's back
    page.reload()
    page.locator(".card").first.locator(".knob.deep").nth(4).wait_for()
    assert card.locator(".says").inner_text() == preview
    file = downloaded(page, "#corrections", tmp_path)
    (one,) = corrections.load(file)
    assert one.source == "Bob_2_vastus.png"
    again = mm.measure_files(study / "in" / one.source, "bmode", tick_mm=10.0, corrections=[one])
    (record,) = again
    (before,) = (r for r in mm.load(study / "records.jsonl") if r.provenance.sources[0][0] == one.source)
    was, now = (float(n) for n in re.search(r"([\d.]+) → ([\d.]+) mm", preview).groups())
    assert record.flagged("manual-lines")
    assert was == pytest.approx(before["thickness"].value, abs=0.05)
    assert now == pytest.approx(record["thickness"].value, abs=0.05)
    assert now > was + 1
    # Undone, nothing is left to be corrected.
    card.get_by_role("button", name="Undo").click()
    assert page.locator("#corrections").is_disabled()
    assert json.loads(page.evaluate("localStorage.getItem('musclemetrics:' + page.key)"))["corrections"] == {}


def test_lines_are_drawn_where_none_were_found(study, visit, tmp_path):
    records = [r for r in mm.load(study / "records.jsonl") if r.provenance.sources[0][0] == "Bob_2_vastus.png"]
    bare = [replace(r, traces=[t for t in r.traces if t.name == "view_box"]) for r in records]
    folder = tmp_path / "report"
    pages(bare, folder, overlays=study / "overlays")
    (file,) = (folder / "subjects").iterdir()
    page = visit(file)
    assert page.locator(".knob").count() == 0
    page.get_by_role("button", name="Draw both lines").click()
    assert page.locator(".knob").count() == 18
    (one,) = corrections.load(downloaded(page, "#corrections", tmp_path))
    (record,) = mm.measure_files(study / "in" / one.source, "bmode", tick_mm=10.0, corrections=[one])
    told = re.search(r"([\d.]+) mm", page.locator(".says").inner_text())[1]
    assert record["thickness"].value == pytest.approx(float(told), abs=0.05)


def test_an_onset_is_dragged_and_a_release_left_out(bench, visit, tmp_path):
    (file,) = (bench / "report" / "subjects").iterdir()
    page = visit(file)
    card = page.locator(".card").first
    card.locator("summary", has_text="Move an onset").click()
    knob = card.locator(".release .knob").nth(1)
    knob.scroll_into_view_if_needed()
    box = knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 25, y, steps=4)
    page.mouse.up()
    card.locator(".release input").nth(4).uncheck()
    card.locator(".release input").nth(3).uncheck()
    card.locator(".release input").nth(3).check()  # as it was: corrects nothing
    (one,) = corrections.load(downloaded(page, "#corrections", tmp_path))
    assert (one.source, set(one.settings["onsets"])) == ("S01.csv", {"2", "5"})
    assert one.settings["onsets"]["5"] is None
    (before,), (record,) = (mm.measure_files(bench / "S01.csv", "slack", corrections=c) for c in ([], [one]))
    assert record["n_releases"].value == 4
    assert record.trace("release_manual")[1]
    later = record.trace("release_onset")[1] - before.trace("release_onset")[1]
    told = re.search(r"([\d.]+) ms → ([\d.]+) ms", card.locator(".release").nth(1).inner_text())
    assert later * 1e3 == pytest.approx(float(told[2]) - float(told[1]), abs=0.011)
    assert later > 1e-3


def test_what_a_label_holds_is_text_and_nothing_else_runs(study, visit):
    for file in (study / "report" / "index.html", page_of(study, "<h1>subject Ann")):
        page = visit(file)
        assert HOSTILE in page.locator("body").inner_text()
        assert page.evaluate("window.hacked") is None
        blocked = page.evaluate(
            """async () => {
            const made = document.createElement("script");
            made.textContent = "window.hacked = 1";
            document.body.append(made);
            const image = new Image();
            const failed = new Promise((done) => {
                image.onerror = () => done("no image");
                image.onload = () => done("image");
            });
            image.src = "http://127.0.0.1:9/x.png";
            document.body.insertAdjacentHTML("beforeend", "<p id=p style='color: red'>x</p>");
            const colour = getComputedStyle(document.getElementById("p")).color;
            let fetched = "fetched";
            try { await fetch("http://127.0.0.1:9/x"); } catch { fetched = "not fetched"; }
            return [window.hacked ?? "not run", await failed, colour, fetched];
        }"""
        )
        assert blocked == ["not run", "no image", "rgb(28, 28, 28)", "not fetched"]
        assert len([t for t in visit.troubles if "Content Security Policy" in t]) >= 4
        visit.troubles.clear()  # those were provoked


def test_ratings_that_were_applied_are_shown(study, visit, tmp_path):
    records = list(mm.load(study / "records.jsonl"))
    rated = [records[0].labelled(rating="doubt", rating_note="look again"), *records[1:]]
    index = pages(rated, tmp_path / "report")
    page = visit(index)
    page.locator("#mark").select_option("doubt")
    assert numbers(page) == [1]
    assert page.locator("#ratings").is_disabled()  # nothing new to take home
    assert "rating_note" not in page.locator("thead").inner_text()
    page.locator("#table tbody a").first.click()
    page.wait_for_selector(".card.now")
    assert page.locator(".card.now textarea").input_value() == "look again"
    page.keyboard.press("1")
    assert page.locator(".card.now h2 .mark").inner_text() == "✓ accepted"
    page.keyboard.press("2")  # as applied: no mark of its own
    assert page.locator("#ratings").is_disabled()
