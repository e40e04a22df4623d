"""LabChart's text and MATLAB exports: blocks, comments, units, rates, and what is refused."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from musclemetrics.errors import MuscleMetricsError, ReadError, SettingsError
from musclemetrics.readers import read, sniff
from musclemetrics.reading import Reading

HEADER = """Interval=\t0.001 s
ExcelDateTime=\t4.5292e+04\t01/01/2024 10:00:00.000000
TimeFormat=\tStartOfBlock
DateFormat=\t
ChannelTitle=\tForce\tMotor arm\tStim
Range=\t10.000 V\t5.000 V\t10.000 V
UnitName=\tmN\tmm\t*
TopValue=\t*\t*\t*
BottomValue=\t*\t*\t*
"""


def rows(count: int = 50, start: float = 0.0, step: float = 0.001) -> str:
    return "".join(f"{start + i * step:.4f}\t{10 + i}.5\t1.25\t{int(i == 5)}.0\n" for i in range(count))


def readings(text: str, encoding: str = "utf-8", **options: object) -> list[Reading]:
    return list(read(io.BytesIO(text.encode(encoding)), reader="labchart", **options))


def refusal(text: str, **options: object) -> MuscleMetricsError:
    with pytest.raises(MuscleMetricsError) as caught:
        readings(text, **options)
    return caught.value


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_block(ending: str, encoding: str) -> None:
    text = (HEADER.replace("Motor", "Mötor") + rows()).replace("\n", ending)
    data = text.encode(encoding)
    assert sniff(io.BytesIO(data)) == "labchart"
    [reading] = read(io.BytesIO(data))
    np.testing.assert_allclose(reading["time"], np.arange(50) / 1000)
    np.testing.assert_allclose(reading["force"], np.arange(50) + 10.5)
    np.testing.assert_allclose(reading["length"], 1.25)
    np.testing.assert_array_equal(np.flatnonzero(reading["stimulus"]), [5])
    # A name of a unit stands for a converted channel; an asterisk leaves the unit of the range.
    assert [reading.unit(n) for n in ("time", "force", "length", "stimulus")] == ["s", "mN", "mm", "V"]
    assert float(reading["sampling_rate"]) == pytest.approx(1000)
    assert dict(reading.labels) == {}
    assert [(f.code, f.level) for f in reading.flags] == [("format-unverified", "note")]
    assert "channel 'Mötor arm' read as length, as its unit mm says" in reading.notes


def test_every_block_is_a_reading() -> None:
    first, second = readings(HEADER + rows() + HEADER.replace("0.001 s", "0.5 ms") + rows(20, step=0.0005))
    assert (first.labels["block"], second.labels["block"]) == ("1", "2")
    assert (len(first["time"]), len(second["time"])) == (50, 20)
    assert float(second["sampling_rate"]) == pytest.approx(2000)
    assert second["time"][-1] == pytest.approx(0.0095)
    assert [f.code for f in second.flags] == ["format-unverified"]


def test_a_block_without_rows_is_passed_over_and_noted() -> None:
    [reading] = readings(HEADER + HEADER.replace("0.001 s", "0.5 ms") + rows(20, step=0.0005))
    assert reading.labels["block"] == "2"
    assert float(reading["sampling_rate"]) == pytest.approx(2000)
    assert "block(s) without rows passed over: 1" in reading.notes


def test_comments_are_events() -> None:
    lines = rows(12).splitlines()
    lines[3] += "\t#* bath 2, pCa 4.5"
    lines[7] += "\t#1 off\t#* slack # 3"
    [reading] = readings(HEADER + "\n".join(lines))
    found = [(e.time, e.name, e.details["channel"], e.details["text"]) for e in reading.events]
    assert found == [
        (pytest.approx(0.003), "comment", None, "bath 2, pCa 4.5"),
        (pytest.approx(0.007), "comment", 1, "off"),
        (pytest.approx(0.007), "comment", None, "slack # 3"),
    ]
    assert np.isfinite(reading["force"]).all()


def test_decimal_commas() -> None:
    [reading] = readings((HEADER + rows()).replace("0.001 s", "0,001 s").replace(".", ","))
    np.testing.assert_allclose(reading["force"], np.arange(50) + 10.5)
    assert "decimal comma" in reading.notes
    # A comment may hold either mark.
    lines = rows(12).replace(".", ",").splitlines()
    lines[3] += "\t#* pCa 4.5"
    [reading] = readings(HEADER + "\n".join(lines))
    assert reading["force"][0] == 10.5
    error = refusal(HEADER + rows().replace("12.5", "1,012.5"))
    assert error.code == "mixed-decimal"
    assert "-r decimal=" in error.remedy


def test_an_empty_cell_is_a_value_that_is_missing() -> None:
    lines = rows(30).splitlines()
    lines[4] = "0.0040\t\t1.25\t0.0"
    lines[6] = "0.0060\t16.5\t1.25\t"
    lines[8] = "0.0080\t18.5\t1.25"
    lines[9] = "0.0090\tNaN\t1.25\t0.0"
    [reading] = readings(HEADER + "\n".join(lines))
    assert np.flatnonzero(np.isnan(reading["force"])).tolist() == [4, 9]
    assert np.flatnonzero(np.isnan(reading["stimulus"])).tolist() == [6, 8]
    assert len(reading["time"]) == 30
    assert [f.code for f in reading.flags] == ["format-unverified", "missing-points", "missing-points"]
    assert "2 of 30" in reading.flags[1].message


def test_rows_without_time_are_counted_by_the_interval() -> None:
    bare = "".join(line.split("\t", 1)[1] + "\n" for line in rows().splitlines())
    [reading] = readings(HEADER + bare)
    np.testing.assert_allclose(reading["time"], np.arange(50) / 1000)
    assert reading["force"][1] == 11.5
    assert any("no time" in n for n in reading.notes)


def test_times_of_day_and_times_in_the_unit_of_the_interval() -> None:
    clock = "".join(f"10:00:{i / 1000:06.3f}\t{i}.5\t1.0\t0.0\n" for i in range(30))
    [reading] = readings(HEADER + clock)
    np.testing.assert_allclose(reading["time"], 36000 + np.arange(30) / 1000)
    [reading] = readings(HEADER.replace("0.001 s", "1 ms") + rows(step=1.0))
    np.testing.assert_allclose(reading["time"], np.arange(50) / 1000)
    assert "the time column runs in the unit of the interval" in reading.notes
    assert [f.code for f in reading.flags] == ["format-unverified"]
    [reading] = readings(HEADER + rows(step=0.002))
    assert [f.code for f in reading.flags] == ["format-unverified", "sampling-rate-conflict"]


def test_channels_and_units_may_be_named() -> None:
    two = HEADER.replace("Force\tMotor arm", "Left\tRight").replace("mN\tmm", "mN\tmN")
    error = refusal(two + rows())
    assert error.code == "ambiguous-column"
    assert "'Left' (mN), 'Right' (mN)" in error.message
    [reading] = readings(two + rows(), force="Right", stimulus=3)
    assert reading["force"][0] == 1.25
    assert reading["left"][0] == 10.5
    gram = HEADER.replace("mN\tmm", "g\tmm")
    [reading] = readings(gram + rows())
    assert [f.code for f in reading.flags] == ["format-unverified", "unknown-unit"]
    assert reading.unit("force") is None
    [reading] = readings(gram + rows(), units={"force": "mN"})
    assert reading.unit("force") == "mN"
    with pytest.raises(SettingsError):
        readings(HEADER + rows(), force="Farce")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEADER, "truncated"),
        (HEADER + HEADER, "truncated"),
        (HEADER.replace("Interval=\t0.001 s\n", "") + rows(), "bad-header"),
        (HEADER.replace("0.001 s", "often") + rows(), "bad-header"),
        (HEADER.replace("0.001 s", "0.001 weeks") + rows(), "bad-header"),
        (HEADER.replace("0.001 s", "-0.001 s") + rows(), "bad-header"),
        (HEADER.replace("ChannelTitle=\tForce\tMotor arm\tStim", "ChannelTitle=") + rows(), "bad-header"),
        (rows() + HEADER, "bad-header"),
        ("Monday was cold\n" + HEADER + rows(), "bad-header"),
        (HEADER.replace("\tStim\n", "\tStim\tA\tB\n") + rows(), "ragged-row"),
        (HEADER + rows().replace("12.5\t1.25", "12.5\t1.25\t7"), "ragged-row"),
        (HEADER + rows(20) + "oops\n" + rows(20, 0.02), "ragged-row"),
        (HEADER + rows().replace("12.5", "twelve"), "not-a-number"),
        (HEADER + rows().replace("12.5", "inf"), "not-a-number"),
        (HEADER + rows(20) + rows(20), "time-not-increasing"),
        ("\x00\x01\x02" * 500, "bad-header"),
    ],
)
def test_exports_that_cannot_be_read(text: str, code: str) -> None:
    error = refusal(text)
    assert isinstance(error, ReadError)
    assert error.code == code, str(error)
    assert error.remedy


@pytest.mark.parametrize("name", ["a.adicht", "a.ADIDAT", "b.adibin"])
def test_the_vendors_own_files_are_refused_with_the_way_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x07\x00\x01" + bytes(range(256)))
    with pytest.raises(ReadError, match=r"\.txt.*\.mat") as caught:
        list(read(path))
    assert caught.value.code == "vendor-format"
    with pytest.raises(ReadError) as caught:
        list(read(io.BytesIO(b"CFWB" + bytes(100))))
    assert caught.value.code == "vendor-format"


def test_damaged_exports_never_leave_the_error_tree(mutations: Callable[[bytes, int], Iterator[bytes]]) -> None:
    outcomes = set()
    for data in mutations((HEADER + rows()).encode(), 400):
        with contextlib.suppress(MuscleMetricsError):
            list(read(io.BytesIO(data), reader="labchart"))
            outcomes.add("read")
            continue
        outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_a_long_export_reads_fast() -> None:
    text = HEADER + "".join(f"{i / 1000:.4f}\t{i % 97}.5\t1.25\t0.0\n" for i in range(100_000))
    start = time.process_time()
    [reading] = readings(text)
    assert time.process_time() - start < 2  # about 0.15 s on an ordinary machine
    assert len(reading["force"]) == 100_000


# The MATLAB export: two blocks of three channels, the third absent from the second block and slower in the first.
FORCE, LENGTH, SLOW = np.arange(40) + 0.5, np.full(40, 1.25), np.arange(10) * 2.0
FORCE2, LENGTH2 = np.arange(20) + 100.5, np.full(20, 1.5)


def export(**changes: object) -> dict[str, object]:
    data = np.concatenate([FORCE, LENGTH, SLOW, FORCE2, LENGTH2])
    fields: dict[str, object] = {
        "data": data,
        "datastart": np.array([[1, 91], [41, 111], [81, -1]], float),
        "dataend": np.array([[40, 110], [80, 130], [90, -1]], float),
        "samplerate": np.array([[1000, 1000], [1000, 1000], [250, 0]], float),
        "firstsampleoffset": np.zeros((3, 2)),
        "tickrate": np.array([[1000, 1000]], float),
        "blocktimes": np.array([[739000.5, 739000.6]]),
        "titles": np.array(["Force      ", "Position   ", "Temperature"]),
        "unittext": np.array(["mN", "mm", "°C"]),
        "unittextmap": np.array([[1, 1], [2, 2], [3, -1]], float),
        "com": np.array([[-1, 1, 12, 1, 1], [1, 2, 5, 1, 2]], float),
        "comtext": np.array(["slack  ", "relaxed"]),
        **changes,
    }
    return {k: v for k, v in fields.items() if v is not None}


def saved(fields: dict[str, object], level: str = "5") -> io.BytesIO:
    from scipy.io import savemat

    stream = io.BytesIO()
    savemat(stream, fields, format=level, do_compression=level == "5")
    return io.BytesIO(stream.getvalue())


@pytest.mark.parametrize("level", ["5", "4"])
def test_the_matlab_export(level: str) -> None:
    first, second = read(saved(export(), level), reader="matlab")
    assert (first.labels["block"], second.labels["block"]) == ("1", "2")
    np.testing.assert_array_equal(first["force"], FORCE)
    np.testing.assert_array_equal(first["length"], LENGTH)
    np.testing.assert_allclose(first["time"], np.arange(40) / 1000)
    np.testing.assert_array_equal(second["force"], FORCE2)
    np.testing.assert_array_equal(second["length"], LENGTH2)
    assert [first.unit(n) for n in ("time", "force", "length", "sampling_rate")] == ["s", "mN", "mm", "Hz"]
    # The slow channel is not resampled: it has a time of its own, and a flag says so.
    np.testing.assert_array_equal(first["temperature_250_Hz"], SLOW)
    np.testing.assert_allclose(first["time_250_Hz"], np.arange(10) / 250)
    assert first.unit("temperature_250_Hz") == "Cel"
    assert [(f.code, f.level) for f in first.flags] == [("format-unverified", "note"), ("rates-differ", "suspect")]
    assert "250" not in "".join(second)
    assert [f.code for f in second.flags] == ["format-unverified"]
    [one], [two] = first.events, second.events
    assert (one.time, one.name, one.details) == (0.012, "comment", {"text": "slack", "channel": -1})
    assert (two.time, two.details) == (0.005, {"text": "relaxed", "channel": 1})


def test_a_matlab_export_of_integers_is_scaled() -> None:
    scale, shift = np.full((3, 2), 0.5), np.full((3, 2), 10.0)
    fields = export(data=np.arange(130, dtype=np.int16), scaleunits=scale, scaleoffset=shift)
    first, _ = read(saved(fields), reader="matlab")
    np.testing.assert_allclose(first["force"], (np.arange(40) + 10) * 0.5)


def test_a_block_that_begins_later_says_so() -> None:
    first, _ = read(saved(export(firstsampleoffset=np.array([[4, 0], [4, 0], [4, 0]], float))), reader="matlab")
    assert first["time"][0] == pytest.approx(0.004)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"dataend": np.array([[40, 110], [80, 131], [90, -1]], float)}, "bad-header"),
        ({"datastart": np.array([[1.5, 91], [41, 111], [81, -1]], float)}, "bad-header"),
        ({"dataend": np.array([[40, 110]], float)}, "bad-header"),
        ({"samplerate": np.array([[0, 1000], [1000, 1000], [250, 0]], float)}, "bad-header"),
        ({"titles": np.array(["Force", "Slack"])}, "bad-header"),
        ({"unittextmap": np.ones((3, 2)), "titles": np.array(["Left ", "Right", "Third"])}, "ambiguous-column"),
        ({"data": np.array(["text"])}, "object-type"),
    ],
)
def test_matlab_exports_that_cannot_be_read(changes: dict[str, object], code: str) -> None:
    with pytest.raises(ReadError) as caught:
        list(read(saved(export(**changes)), reader="matlab"))
    assert caught.value.code == code, str(caught.value)


def test_channels_of_a_matlab_export_may_be_named() -> None:
    first, _ = read(saved(export()), reader="matlab", force="Position", length="Force", units={"force": "mN"})
    np.testing.assert_array_equal(first["force"], LENGTH)
    assert "setting-overrides-file" in [f.code for f in first.flags]


def test_check_shows_an_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from musclemetrics.cli import main

    lines = rows(12).splitlines()
    lines[3] += "\t#* bath 2"
    (tmp_path / "a.txt").write_text(HEADER + "\n".join(lines))
    main(["check", str(tmp_path / "a.txt")])
    said = capsys.readouterr().out
    for words in ("reader labchart: 1 recording", "force (mN): 12 values", "event at 0.003 s: comment (bath 2)"):
        assert words in said
    assert "[format-unverified]" in said
