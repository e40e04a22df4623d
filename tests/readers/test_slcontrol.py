"""SLControl records: header facts, samples, and records that are cut, bent or contradict themselves."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from musclemetrics.errors import LimitError, MuscleMetricsError, ReadError, SettingsError
from musclemetrics.readers import options_of, read
from musclemetrics.reading import Reading

HEADER = """SLCONTROL_DATA_FILE

_VERSION_
4.5.2

_NO_OF_INPUT_CHANNELS_
No_of_input_channels: 4

_FILE_INFO_START_
pCa 5.8
Temperature 15
Species Rat
Muscle Soleus
Experimenter Ann Example
Drug Nothing
Pi NaN
_FILE_INFO_STOP_

_RECORD_TIME_
Day 18 Month 3 Year 2022 Time 4 : 2 : 55

_CALIBRATIONS_
FL_RESPONSE_CALIBRATION: 200.5
FORCE_CALIBRATION: 0.0006162
FL_POLARITY: -1.000000

_MUSCLE_DIMENSIONS_
Muscle_length_(µm): 1.247e+003
Sarcomere_length_(nm): 2.291e+003
Area_(m^2): 4.658e-009

_LENGTH_CONTROL_
sampling_rate_(Hz): 1.000e+003
data_points: 6
ktr_step_(µm): -2.494e+002
ktr_duration_(ms): 2.000e+001
pre_ktr_(ms): 0.000e+000

Data
"""
ROWS = "".join(f"{i / 1000:.6f}\t{0.1 * i:.6f}\t0.01\t-0.02\t0.03\n" for i in range(6))


def record(header: str = HEADER, rows: str = ROWS, encoding: str = "latin-1", **options: object) -> Reading:
    [reading] = read(io.BytesIO((header + rows).encode(encoding)), **options)
    return reading


def refusal(header: str = HEADER, rows: str = ROWS, **options: object) -> MuscleMetricsError:
    with pytest.raises(MuscleMetricsError) as caught:
        record(header, rows, **options)
    return caught.value


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mu", ["µ", "u"])
def test_a_record(ending: str, mu: str) -> None:
    reading = record(HEADER.replace("\n", ending).replace("µ", mu), ROWS.replace("\n", ending))
    np.testing.assert_allclose(reading["time"], np.arange(6) / 1000)
    np.testing.assert_allclose(reading["force"], 0.1 * np.arange(6))
    assert [reading.unit(n) for n in ("time", "force", "sarcomere_length", "fibre_length", "intensity")] == list(
        "sVVVV"
    )
    facts = {n: float(reading[n]) for n in reading if reading[n].ndim == 0}
    assert facts == pytest.approx(
        {
            "pCa": 5.8,
            "temperature": 15,
            "force_calibration": 0.0006162,
            "length_calibration": 200.5,
            "length_polarity": -1,
            "muscle_length": 1247,
            "sarcomere_length_0": 2291,
            "area": 4.658e-9,
            "slack_step": -249.4,
            "slack_duration": 20,
            "pre_slack": 0,
            "sampling_rate": 1000,
        }
    )
    assert reading.unit("area") == "m2"
    assert reading.unit("slack_step") == "um"
    assert dict(reading.labels) == {"species": "Rat", "muscle": "Soleus", "temperature": "15 Cel"}
    assert not reading.flags
    assert not reading.notes


def test_no_name_of_a_person_is_taken() -> None:
    reading = record()
    assert "Ann" not in repr((reading.labels, reading.notes, reading.flags, list(reading.arrays)))


def test_an_old_header_without_channels_has_four() -> None:
    assert record(HEADER.replace("No_of_input_channels: 4\n", ""))["intensity"][0] == 0.03


def test_what_the_header_leaves_out_is_noted() -> None:
    reading = record(HEADER.replace("Temperature 15\n", "Temperature NaN\n").replace("pCa 5.8\n", ""))
    assert "temperature" not in reading
    assert "pCa" not in reading
    assert "temperature" not in reading.labels
    assert set(reading.notes) == {"the header states no pCa", "the header states no temperature"}


def test_the_time_column_wins_over_the_header() -> None:
    rows = "".join(f"{i * 0.0004:.6f}\t0\t0\t0\t0\n" for i in range(6))
    reading = record(rows=rows)
    assert float(reading["sampling_rate"]) == pytest.approx(2500)
    [flag] = reading.flags
    assert (flag.code, flag.level) == ("sampling-rate-conflict", "note")
    assert "1000 Hz" in flag.message
    assert "2500 Hz" in flag.message


def test_uneven_time_is_flagged_and_backward_time_refused() -> None:
    stamps = [0, 0.001, 0.002, 0.0045, 0.0055, 0.0065]
    rows = "".join(f"{t:.6f}\t0\t0\t0\t0\n" for t in stamps)
    [flag] = record(rows=rows).flags
    assert (flag.code, flag.level) == ("uneven-sampling", "suspect")
    first_row = HEADER.count("\n") + 1
    assert f"line {first_row + 3}" in flag.message
    for bad in (0.001, 0.002):
        rows = "".join(f"{t:.6f}\t0\t0\t0\t0\n" for t in [0, 0.001, 0.002, bad, 0.004, 0.005])
        error = refusal(rows=rows)
        assert error.code == "time-not-increasing"
        assert f"line {first_row + 3}" in error.message


LINES = ROWS.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("header", "rows", "code"),
    [
        (HEADER.removesuffix("Data\n"), ROWS, "missing-data-line"),
        (HEADER, "", "truncated"),
        (HEADER, "".join(LINES[:4]), "truncated"),
        (HEADER, "".join(LINES[:5]) + "0.005000\t0.5\t0.0", "truncated"),
        (HEADER, "".join(LINES[:2]) + "0.002\t1\t2\n" + "".join(LINES[3:]), "ragged-row"),
        (HEADER, ROWS.replace("\t-0.02", ""), "ragged-row"),
        (HEADER, ROWS.replace("0.2000", "x.2000"), "not-a-number"),
        (HEADER, ROWS.replace("0.200000", "nan"), "not-a-number"),
        (HEADER, ROWS.replace("0.200000", "1e999"), "not-a-number"),
        (HEADER, ROWS.replace(".", ","), "decimal-comma"),
        (HEADER.replace("pCa 5.8", "pCa NaN"), ROWS, "not-a-number"),
        (HEADER.replace("pCa 5.8", "pCa 5,8"), ROWS, "decimal-comma"),
        (HEADER.replace("pCa 5.8", "pCa five"), ROWS, "not-a-number"),
        (HEADER.replace("pCa 5.8", "pCa 1e999"), ROWS, "not-a-number"),
        (HEADER.replace("pCa 5.8", "pCa 5.8\npCa 6.2"), ROWS, "bad-header"),
        (HEADER.replace("4.658e-009", "4.658e-00x"), ROWS, "not-a-number"),
        (HEADER.replace("channels: 4", "channels: 2"), ROWS, "unknown-channels"),
        (HEADER.replace("channels: 4", "channels: 1e9"), ROWS, "unknown-channels"),
        (HEADER.replace("channels: 4", "channels: 6"), ROWS, "ragged-row"),
    ],
)
def test_records_that_cannot_be_read(header: str, rows: str, code: str) -> None:
    error = refusal(header, rows)
    assert isinstance(error, ReadError)
    assert error.code == code, str(error)
    assert error.remedy


def test_the_place_of_a_bad_value_is_named() -> None:
    line = HEADER.count("\n") + 3
    assert f"line {line} " in refusal(rows=ROWS.replace("0.2000", "x.2000")).message
    assert f"line {line} " in refusal(rows=ROWS.replace("0.200000\t", "")).message


def test_a_pca_that_was_not_entered_may_be_given() -> None:
    assert float(record(HEADER.replace("pCa 5.8", "pCa NaN"), pca="6.1")["pCa"]) == 6.1
    reading = record(pca=6.1)
    assert float(reading["pCa"]) == 6.1
    [flag] = reading.flags
    assert flag.code == "setting-overrides-file"
    assert "5.8" in flag.message
    with pytest.raises(SettingsError):
        record(pca="high")
    assert options_of("slcontrol") == {"pca": None, "truncated": "refuse"}


def test_more_samples_than_promised_and_a_cut_line_are_flagged() -> None:
    assert [f.code for f in record(rows=ROWS + "0.006\t1\t1\t1\t1\n").flags] == ["too-many-samples"]
    assert [f.code for f in record(rows=ROWS.rstrip("\n")).flags] == ["no-final-newline"]


def test_damaged_records_never_leave_the_error_tree(mutations: Callable[[bytes, int], Iterator[bytes]]) -> None:
    outcomes = set()
    for data in mutations((HEADER + ROWS).encode("latin-1"), 300):
        with contextlib.suppress(MuscleMetricsError):
            [reading] = read(io.BytesIO(data), reader="slcontrol")
            assert all(np.isfinite(reading[n]).all() for n in reading)
            outcomes.add("read")
            continue
        outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_all_real_records(recordings: Path) -> None:
    stated = {"ACB11": [4.5, 5.4, 5.6, 5.9, 6.2, 6.4, 6.6, 9.0], "ACB12": [4.5, 5.0, 5.4, 5.6, 5.9, 6.2, 6.4, 6.6]}
    for fibre, pcas in stated.items():
        found, spent = [], []
        for path in sorted((recordings / "fibre/slc" / fibre).glob("*.slc")):
            start = time.process_time()
            [reading] = read(path)
            spent.append(time.process_time() - start)
            found.append(float(reading["pCa"]))
            assert reading["force"].shape == (15_000,)
            assert float(reading["sampling_rate"]) == pytest.approx(2500)
            assert [f.code for f in reading.flags] == ["sampling-rate-conflict"]
            assert dict(reading.labels) == {"species": "Rat", "muscle": "Soleus", "temperature": "15 Cel"}
        assert sorted(found) == pcas
        # About 6 ms on an ordinary machine; the bound only catches a parser that became slow.
        assert min(spent) < 0.1


def test_a_real_record_cut_anywhere_is_refused(recordings: Path) -> None:
    data = (recordings / "fibre/slc/ACB11/54pCa1.slc").read_bytes()
    for end in range(0, len(data) - 60, len(data) // 25):
        with pytest.raises(ReadError) as caught:
            list(read(io.BytesIO(data[:end]), reader="slcontrol"))
        assert caught.value.code in ("empty-file", "missing-data-line", "truncated"), end
        assert not isinstance(caught.value, LimitError)


@pytest.mark.parametrize("tail", ["", "0.005000\t0.5\t0.0"])
def test_a_record_that_was_cut_keeps_its_whole_rows_when_told(tail: str) -> None:
    rows = "".join(LINES[:5]) + tail
    if not tail:
        assert "-r truncated=keep" in refusal(rows=rows).remedy
    kept = record(rows=rows, truncated="keep")
    np.testing.assert_array_equal(kept["force"], record()["force"][:5])
    [flag] = [f for f in kept.flags if f.level == "suspect"]
    assert flag.code == "file-cut"
    assert f"5 samples of {len(LINES)}" in flag.message


def test_a_whole_record_without_its_last_newline_is_whole() -> None:
    kept = record(rows=ROWS.rstrip("\n"), truncated="keep")
    assert len(kept["force"]) == len(LINES)
    assert [f.code for f in kept.flags] == ["no-final-newline"]
