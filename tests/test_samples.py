"""The sample data: found from a checkout and from an installed wheel, made by the simulators, measured as expected."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import musclemetrics as mm
from musclemetrics.errors import SettingsError
from musclemetrics.simulate import SAMPLES, expected, truth
from musclemetrics.simulate.__main__ import write

ROOT = Path(__file__).resolve().parent.parent
SHOW = "import musclemetrics as mm; print(mm.sample('force_pca'))"


def where(**environment: str) -> Path:
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**os.environ, **environment},
        cwd=ROOT / "tests",
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.strip())


def test_samples_are_found_from_a_checkout():
    found = where(PYTHONPATH=str(ROOT / "src"))
    assert found == ROOT / "sample_data" / "force_pca"


def test_samples_are_found_from_the_installed_package():
    package = Path(mm.__file__).resolve().parent
    if ROOT in package.parents and ".venv" not in str(package):
        pytest.skip("musclemetrics runs from the checkout here; install it to test the wheel")
    assert where() == package / "sample_data" / "force_pca"


@pytest.mark.skipif(not (ROOT / "sample_data").is_dir(), reason="needs the checkout's sample_data")
def test_the_simulators_write_the_samples_byte_for_byte(tmp_path):
    write(tmp_path)
    made = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    kept = sorted(
        p.relative_to(ROOT / "sample_data")
        for name in (*SAMPLES, "truth")
        for p in (ROOT / "sample_data" / name).rglob("*")
        if p.is_file()
    )
    assert made == kept
    for name in made:
        assert alike(tmp_path / name, ROOT / "sample_data" / name), name


def alike(made: Path, kept: Path) -> bool:
    """Tell whether two files are the same; a PNG by its pixels, since builds of zlib pack them differently."""
    if made.read_bytes() == kept.read_bytes():
        return True
    if made.suffix != ".png":
        return False
    with Image.open(made) as a, Image.open(kept) as b:
        return a.mode == b.mode and np.array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_measure_as_expected(name):
    modality, group_by = SAMPLES[name]
    found = list(mm.measure_files([mm.sample(name)], modality, group_by=group_by))
    kept = mm.load(expected(name))
    assert [r.status for r in found] == [r.status for r in kept]
    assert [dict(r.labels) for r in found] == [dict(r.labels) for r in kept]
    for ours, theirs in zip(found, kept, strict=True):
        assert [f.code for f in ours.flags] == [f.code for f in theirs.flags]
        for key in ours:
            for a, b in zip(
                (ours[key].value, ours[key].stderr, *ours[key].interval),
                (theirs[key].value, theirs[key].stderr, *theirs[key].interval),
                strict=True,
            ):
                np.testing.assert_allclose(a, b, rtol=1e-6, err_msg=key)


@pytest.mark.parametrize("name", SAMPLES)
def test_intervals_of_the_samples_hold_the_truth(name):
    modality, group_by = SAMPLES[name]
    records = [r for r in mm.measure_files([mm.sample(name)], modality, group_by=group_by) if r.status != "failed"]
    with truth(name).open(encoding="utf-8") as stream:
        rows = {
            (row.get("fibre", row.get("subject")), row.get("animal", ""), row.get("session", "")): row
            for row in csv.DictReader(stream)
        }
    inside = total = 0
    for record in records:
        fibre = record.labels.get("fibre", record.labels.get("subject"))
        known = [
            r
            for (f, a, s), r in rows.items()
            if record.labels.get("animal", a) == a and fibre in (f, a) and s in ("", record.labels.get("session"))
        ]
        if not known:  # a recording that holds no such quantity has no row in the table of truth
            continue
        (row,) = known
        for key in (k for k in row if k in record):
            low, high = record[key].interval
            if f"{key}_within" in row:  # no interval: the table says how near it must come
                low, high = (record[key].value + s * float(row[f"{key}_within"]) for s in (-1, 1))
            if np.isnan(low):
                continue
            inside += low <= float(row[key]) <= high
            total += 1
    # 95 % intervals of a few dozen numbers: fewer than 85 % inside would be a fault, not chance.
    assert total >= 3
    assert inside / total > 0.85, f"{inside} of {total}"


def test_unknown_sample_is_refused_by_name():
    with pytest.raises(SettingsError, match="no sample 'cyclotron'"):
        mm.sample("cyclotron")


def test_what_can_be_simulated_is_listed() -> None:
    """A name that works when it is written is found when it is looked for."""
    from musclemetrics import simulate

    assert {*simulate.__all__, "slack_test", "twitch", "rig"} <= set(dir(simulate))
    assert all(hasattr(simulate, name) for name in dir(simulate))
