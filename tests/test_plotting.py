"""Figures and pages: drawn without a display or global state, numbers shown as far as they are known."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from musclemetrics import canvas, modalities
from musclemetrics.errors import InputError, SettingsError
from musclemetrics.plotting import plot, save_figure
from musclemetrics.record import Flag, Measurement, Record
from musclemetrics.report import summary_page
from musclemetrics.report.words import error_text, heading, interval_text, value_text

from . import mean_force


@pytest.fixture(autouse=True)
def _modality(monkeypatch) -> None:
    monkeypatch.setitem(modalities.MODALITIES, "mean_force", "mean of some forces")
    monkeypatch.setitem(sys.modules, "musclemetrics.modalities.mean_force", mean_force)


@pytest.fixture
def record() -> Record:
    return mean_force.measure([9.0, 6.0, 4.5], [1.0, 2.0, 3.0], force_unit="mN")


def test_plot_leaves_the_users_matplotlib_alone(record) -> None:
    before = dict(matplotlib.rcParams)
    figure = plot(record)
    assert len(figure.axes) >= 1
    assert dict(matplotlib.rcParams) == before
    own, axes = canvas.figure()
    assert plot(record, axes) is own
    assert len(axes.lines) == 2


def test_no_pyplot_is_loaded() -> None:
    code = "import sys\nfrom musclemetrics import canvas\ncanvas.figure()\nprint('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_record_gives_the_same_picture(record, tmp_path, suffix: str) -> None:
    first = save_figure(record, tmp_path / f"a.{suffix}").read_bytes()
    assert save_figure(record, tmp_path / f"b.{suffix}").read_bytes() == first
    assert len(first) > 1000


def test_what_cannot_be_drawn_is_refused(record, tmp_path) -> None:
    with pytest.raises(InputError) as strange:
        plot([record])  # type: ignore[arg-type]
    assert strange.value.code == "not-a-record"
    with pytest.raises(SettingsError) as caught:
        save_figure(record, tmp_path / "a.bmp")
    assert caught.value.code == "unknown-suffix"
    with pytest.raises(SettingsError):
        plot(Record("no_such_modality", ()))


@pytest.mark.parametrize(
    ("m", "value", "error", "interval"),
    [
        (Measurement("a", 6.43972, 0.0123, (6.41, 6.4721)), "6.440", "0.012", "6.410 to 6.472"),
        (Measurement("a", 122.13, 1.4, (118.7, 125.6)), "122.1", "1.4", "118.7 to 125.6"),
        (Measurement("a", 9.7, 5.2, (-math.inf, 20.3)), "9.7", "5.2", "−∞ to 20.3"),
        (Measurement("a", 123456.0, 2300.0), "123500", "2300", ""),
        (Measurement("a", math.nan), "–", "", ""),
        (Measurement("a", 8.0), "8", "", ""),
        (Measurement("a", 0.99534), "0.9953", "", ""),
        (Measurement("a", -0.0004, 0.1), "0.00", "0.10", ""),
        (Measurement("a", 3.2e-9), "3.200e−09", "", ""),
    ],
)
def test_as_many_digits_as_are_known(m: Measurement, value: str, error: str, interval: str) -> None:
    assert (value_text(m), error_text(m), interval_text(m)) == (value, error, interval)


def test_a_heading_has_a_unit_only_if_all_rows_share_it() -> None:
    assert heading("Fmax", ["kN/m2", "kN/m2"]) == "Fmax (kN m⁻²)"
    assert heading("Fmax", ["kN/m2", "mN"]) == "Fmax"
    assert heading("h", ["1"]) == "h"


def test_a_page_shows_every_record_even_one_that_cannot_be_drawn(record, tmp_path, monkeypatch) -> None:
    def broken(record: Record, axes: object) -> None:
        raise ValueError("no ink")

    failed = Record("mean_force", (Measurement("mean", math.nan),), (), (Flag("empty-file", "it is empty", "failed"),))
    doubtful = mean_force.measure([9.0, 6.0], np.array([0.1, 0.2]))
    page = summary_page([record, failed, doubtful], tmp_path / "x", title="T & Co")
    text = page.read_text(encoding="utf-8")
    for words in ("T &amp; Co", "✓ 1 ok", "! 1 suspect", "✕ 1 failed", "it is empty", "mean 0.15 is below 1"):
        assert words in text
    assert len(list((tmp_path / "x" / "figures").iterdir())) == 2
    foreign = tmp_path / "x" / "figures" / "mine.png"
    foreign.write_bytes(b"x")
    monkeypatch.setattr(mean_force, "draw", broken)
    text = summary_page([record], tmp_path / "x").read_text(encoding="utf-8")
    assert "No picture: ValueError: no ink" in text
    assert list((tmp_path / "x" / "figures").iterdir()) == [foreign]
    monkeypatch.undo()


def test_a_page_shows_the_doubtful_first_and_says_what_it_left(record, tmp_path) -> None:
    doubtful = mean_force.measure([9.0, 6.0], np.array([0.1, 0.2]))
    text = summary_page([record, record, doubtful, record], tmp_path, most=2).read_text(encoding="utf-8")
    words = " ".join(text.split())
    assert "2 of 4 measured records are drawn and shown one by one below" in words
    assert "all 1 suspect ones, then the first 1 of the others" in words
    assert re.findall(r'<section class="card" id="(r[0-9]+)"', text) == ["r1", "r3"]
    assert set(re.findall(r'href="#(r[0-9]+)"', text)) == {"r1", "r3"}
    assert text.count('<tr><td class="n">') == 4
    assert sorted(p.name[:4] for p in (tmp_path / "figures").iterdir()) == ["0001", "0003"]


def test_a_page_of_thousands_stays_small(record, tmp_path, monkeypatch) -> None:
    from musclemetrics import force_pca
    from musclemetrics.report import summary

    pca = [9.0, 6.6, 6.4, 6.2, 5.9, 5.6, 5.4, 4.5]
    made = force_pca.measure(pca, [10.0, 36.8, 77.4, 95.3, 123.0, 119.4, 119.8, 122.4], force_unit="kN/m2")
    monkeypatch.setattr(summary, "save_figure", lambda *_, **__: None)
    page = summary_page([made.labelled(fibre=n, animal=n // 9) for n in range(3000)], tmp_path)
    assert page.stat().st_size < 5e6


def test_workers_draw_the_same_pictures(tmp_path, monkeypatch) -> None:
    from musclemetrics import force_pca
    from musclemetrics.report import summary

    pca = [9.0, 6.6, 6.4, 6.2, 5.9, 5.6, 5.4, 4.5]
    made = force_pca.measure(pca, [10.0, 36.8, 77.4, 95.3, 123.0, 119.4, 119.8, 122.4])
    monkeypatch.setattr(summary, "_WORTH_SHARING", 2)
    for jobs in (1, 2):
        summary_page([made, made.labelled(fibre="x")], tmp_path / str(jobs), jobs=jobs)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / j / "figures").iterdir()} for j in ("1", "2"))
    assert len(one) == 2
    assert one == two


def test_an_empty_page_is_a_page(tmp_path) -> None:
    assert summary_page([], tmp_path / "new" / "one").is_file()


def test_an_error_larger_than_its_value_leaves_the_value_two_digits():
    from musclemetrics.record import Measurement
    from musclemetrics.report.words import error_text, value_text

    m = Measurement("s", 50.0, 3410.0, (float("-inf"), float("inf")))
    assert value_text(m) == "50"
    assert error_text(m) == "3410"
    assert value_text(Measurement("Fmin", 1.234, 8.9, (-61.0, 24.0))) == "1.2"
    assert value_text(Measurement("pCa50", 6.43974, 0.02778)) == "6.440"
