"""Figures and pages: drawn without a display or global state, numbers shown as far as they are known."""

from __future__ import annotations

import math
import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from musclemetrics import canvas, modalities
from musclemetrics.errors import InputError, SettingsError
from musclemetrics.plotting import plot, save_figure
from musclemetrics.record import Flag, Measurement, Record
from musclemetrics.report import pages
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


def test_pages_show_every_record_with_what_it_was_flagged_for(record, tmp_path) -> None:
    failed = Record("mean_force", (Measurement("mean", math.nan),), (), (Flag("empty-file", "it is empty", "failed"),))
    doubtful = mean_force.measure([9.0, 6.0], np.array([0.1, 0.2]))
    index = pages([record, failed, doubtful], tmp_path / "x", title="T & Co").read_text(encoding="utf-8")
    for words in ("T &amp; Co", "</span> 1 ok", "</span> 1 suspect", "</span> 1 failed", "it is empty"):
        assert words in index
    (page,) = (tmp_path / "x" / "subjects").iterdir()
    text = page.read_text(encoding="utf-8")
    assert text.count('<section class="card"') == 3
    for words in ("it is empty", "mean 0.15 is below 1"):
        assert words in text
    assert len(list((tmp_path / "x" / "figures").iterdir())) == 2


def test_pages_of_thousands_stay_small(record, tmp_path, monkeypatch) -> None:
    from musclemetrics import force_pca
    from musclemetrics.report import figures

    pca = [9.0, 6.6, 6.4, 6.2, 5.9, 5.6, 5.4, 4.5]
    made = force_pca.measure(pca, [10.0, 36.8, 77.4, 95.3, 123.0, 119.4, 119.8, 122.4], force_unit="kN/m2")
    monkeypatch.setattr(figures, "save_figure", lambda record, path, **_: path.touch())
    index = pages([made.labelled(fibre=n, animal=n // 9) for n in range(3000)], tmp_path)
    assert index.stat().st_size < 5e6
    assert max(p.stat().st_size for p in (tmp_path / "subjects").iterdir()) < 5e5


def test_an_error_larger_than_its_value_leaves_the_value_two_digits():
    from musclemetrics.record import Measurement
    from musclemetrics.report.words import error_text, value_text

    m = Measurement("s", 50.0, 3410.0, (float("-inf"), float("inf")))
    assert value_text(m) == "50"
    assert error_text(m) == "3410"
    assert value_text(Measurement("Fmin", 1.234, 8.9, (-61.0, 24.0))) == "1.2"
    assert value_text(Measurement("pCa50", 6.43974, 0.02778)) == "6.440"
