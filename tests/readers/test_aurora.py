"""Aurora recordings: volts into units, protocols into events, and files that are cut, bent or contradict themselves."""

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
from musclemetrics.reading import Event, Reading

HEAD = """DMCv5.3 Data File
Sample Frequency (Hz): 1000
Reference Area: 0.020 sq. mm
Reference Force: NaN mN
Reference Length: 2.500 mm
Calibration Data:
Channel\tAI0\tAI1\tAI2\tAI3\tAO0
Units\tmm\tmN\tTTL\t\tmm
Scale (units/V)\t2.000000\t500.000000\t0.200000\t0.000000\t2.000000
Offset (volts)\t0.000000\t0.000000\t0.000000\t0.000000\t0.000000
TADs\t0.000000\t0.000000\t0.000000\t0.000000\t0.000000
Test Comments:
Ann Example at the rig

Protocol Array:

0.010000\tStimulus-Tetanus\tStimulator\t.005,250,1, .008\t
0.020000\tSine Wave\tLength Out\t100,1.5,2\t
0.005000\tLength Step\tLength Out\t-.2\t
0.004000\tStop\t\t\t

"""
ROWS = 60
BODY = """Test Data in Volts:

Sample\tAI0\tAI1\tAI2\tAI3\tAO0\tStim
"""


def rows(count: int = ROWS, on: tuple[int, ...] = (16, 20)) -> str:
    return "".join(
        f"{i}\t{0.1 + 0.001 * i:.6f}\t{0.002 * i + 0.01:.6f}\t0.004\t0.003\t0.500000\t{int(i in on)}\n"
        for i in range(count)
    )


def record(text: str = HEAD + BODY + rows(), **options: object) -> Reading:
    [reading] = read(io.BytesIO(text.encode("latin-1")), reader="aurora", **options)
    return reading


def refusal(text: str, **options: object) -> MuscleMetricsError:
    with pytest.raises(MuscleMetricsError) as caught:
        record(text, **options)
    return caught.value


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_volts_become_units_and_channels_the_names_of_the_bench(ending: str) -> None:
    reading = record((HEAD + BODY + rows()).replace("\n", ending))
    i = np.arange(ROWS)
    np.testing.assert_allclose(reading["time"], i / 1000)
    np.testing.assert_allclose(reading["length"], 2 * (0.1 + 0.001 * i), atol=1e-12)
    np.testing.assert_allclose(reading["force"], 500 * (0.002 * i + 0.01), atol=1e-9)
    np.testing.assert_allclose(reading["length_command"], 1.0)
    np.testing.assert_allclose(reading["ai2"], 0.0008)
    np.testing.assert_allclose(reading["ai3"], 0.003)
    units = {n: reading.unit(n) for n in reading}
    assert units == {
        "time": "s",
        "length": "mm",
        "force": "mN",
        "ai2": None,
        "ai3": "V",
        "length_command": "mm",
        "stimulus": "1",
        "area": "mm2",
        "fibre_length": "mm",
        "sampling_rate": "Hz",
    }
    assert (float(reading["area"]), float(reading["fibre_length"])) == (0.02, 2.5)
    assert dict(reading.labels) == {}
    assert not reading.flags
    said = " ".join(reading.notes)
    assert "AI3: kept in volts" in said
    assert "'TTL'" in said
    assert "reference_force (NaN mN)" in said


def test_no_name_of_a_person_is_taken() -> None:
    reading = record()
    assert "Ann" not in repr((reading.labels, reading.notes, reading.flags, reading.events))


def test_a_command_comes_its_wait_after_the_end_of_the_one_before() -> None:
    reading = record()
    found = [(round(e.time, 6), e.name) for e in reading.events]
    # The sine wave holds up the step by its two cycles of 10 ms; the stimulus holds up nothing.
    assert found == [
        (0.010, "stimulation"),
        (0.016, "stimulus"),
        (0.020, "stimulus"),
        (0.030, "sine-wave"),
        (0.055, "length-step"),
        (0.059, "stop"),
    ]
    by_name = {e.name: e for e in reading.events}
    assert by_name["stimulation"].details["frequency"] == 250
    assert by_name["stimulation"].details["pulse_width"] == 0.001
    assert by_name["stimulation"].details["duration"] == 0.008
    assert by_name["sine-wave"].details["amplitude"] == 1.5
    assert by_name["length-step"].details["parameters"] == "-.2"
    assert by_name["length-step"].time == pytest.approx(0.030 + 2 / 100 + 0.005)
    assert by_name["stop"].time == pytest.approx(0.059)


def test_stimuli_are_the_recorded_ones() -> None:
    onsets = [e for e in record().events if e.name == "stimulus"]
    assert [e.time for e in onsets] == pytest.approx([0.016, 0.020])
    assert [e.details["pulse_width"] for e in onsets] == pytest.approx([0.001, 0.001])
    # A stimulus that is on at the first or at the last sample has its onset and its end.
    onsets = [e for e in record(HEAD + BODY + rows(on=(0, 59))).events if e.name == "stimulus"]
    assert [e.time for e in onsets] == pytest.approx([0, 0.059])


def test_without_a_recorded_stimulus_the_protocol_is_taken_and_said_to_be() -> None:
    text = (HEAD + BODY + rows(on=())).replace("\tStim\n", "\n")
    text = text.replace("0.500000\t0\n", "0.500000\n")
    reading = record(text)
    onsets = [e for e in reading.events if e.name == "stimulus"]
    assert [e.time for e in onsets] == pytest.approx([0.015, 0.019])
    assert all(e.details["from"] == "protocol" for e in onsets)
    assert "no stimulus was recorded: its times are those of the protocol" in reading.notes


def test_a_protocol_that_does_not_fit_the_samples_is_flagged() -> None:
    [flag] = record(HEAD.replace("0.004000\tStop", "0.114000\tStop") + BODY + rows()).flags
    assert (flag.code, flag.level) == ("protocol-conflict", "note")
    assert "0.169 s" in flag.message
    assert "0.059 s" in flag.message
    [flag] = record(HEAD + BODY + rows(on=(26, 30))).flags
    assert flag.code == "protocol-conflict"
    assert "0.015 s" in flag.message
    assert "0.026 s" in flag.message


def test_an_offset_is_applied_and_flagged_as_unproven() -> None:
    text = HEAD.replace("Offset (volts)\t0.000000\t0.000000", "Offset (volts)\t0.000000\t0.250000") + BODY + rows()
    reading = record(text)
    np.testing.assert_allclose(reading["force"], 500 * (0.002 * np.arange(ROWS) + 0.01 + 0.25), atol=1e-9)
    [flag] = reading.flags
    assert (flag.code, flag.level) == ("offset-sign-unproven", "suspect")
    assert "0.25 V" in flag.message
    # An offset of a channel that nothing is measured from is no doubt about a number.
    text = HEAD.replace("0.000000\t0.000000\nTADs", "0.000000\t0.300000\nTADs") + BODY + rows()
    assert not record(text).flags


def test_a_channel_may_be_named() -> None:
    reading = record(force="AI0", length=2)
    assert reading.unit("force") == "mm"
    assert reading["length"][0] == 5.0
    with pytest.raises(SettingsError) as caught:
        record(force="AI9")
    assert caught.value.code == "unknown-column"
    assert "'AI1' (mN)" in caught.value.message
    two = HEAD.replace("TTL", "mN") + BODY + rows()
    error = refusal(two)
    assert error.code == "ambiguous-column"
    assert "-r force=" in error.remedy
    assert record(two, force="AI1").unit("ai2") == "mN"
    with pytest.raises(SettingsError):
        record(force="AI0", length="AI0")


def test_a_unit_may_be_given_and_is_never_guessed() -> None:
    text = HEAD.replace("\tmm\tmN\t", "\tmm\tgf\t") + BODY + rows()
    assert "force" not in record(text)  # nothing says what gf measures
    reading = record(text, force="AI1")
    assert [f.code for f in reading.flags] == ["unknown-unit"]
    assert reading.unit("force") is None
    reading = record(text, force="AI1", units="force=mN")
    assert reading.unit("force") == "mN"
    assert not reading.flags
    assert [f.code for f in record(units={"force": "N"}).flags] == ["setting-overrides-file"]
    with pytest.raises(SettingsError):
        record(units={"fours": "N"})
    with pytest.raises(SettingsError):
        record(units={"force": "spoons"})


def test_the_blank_last_sample_is_missing() -> None:
    text = HEAD + BODY + rows(59) + "59" + "\t0.000000" * 5 + "\t0\n"
    reading = record(text)
    [flag] = reading.flags
    assert (flag.code, flag.level) == ("blank-last-sample", "note")
    assert np.isnan([reading[n][-1] for n in ("force", "length", "length_command", "ai3")]).all()
    assert reading["time"][-1] == 0.059
    assert reading["stimulus"][-1] == 0
    # One channel at 0 is a channel at 0.
    text = HEAD + BODY + rows(59) + "59\t0.1\t0.000000\t0.1\t0.1\t0.1\t0\n"
    assert record(text)["force"][-1] == 0


HEADED = HEAD + BODY


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD, "missing-data-line"),
        (HEAD[:200], "missing-data-line"),
        (HEAD + "Test Data in Volts:\n\n", "truncated"),
        (HEADED, "truncated"),
        (HEADED + rows(1), "truncated"),
        (HEADED + rows()[:-12], "truncated"),
        (HEADED + rows().replace("5\t0.105000\t", "5\t", 1), "ragged-row"),
        (HEADED + rows().replace("0.105000", "x", 1), "not-a-number"),
        (HEADED + rows().replace("0.105000", "1e999", 1), "not-a-number"),
        (HEADED + rows().replace("0.105000", "nan", 1), "not-a-number"),
        (HEADED + rows().replace(".", ","), "decimal-comma"),
        (HEADED + rows(30) + rows(30), "time-not-increasing"),
        (HEADED.replace("Volts", "Units") + rows(), "bad-header"),
        (HEADED.replace("Sample\t", "Number\t") + rows(), "bad-header"),
        (HEADED.replace("AI1\tAI2\tAI3\tAO0\tStim", "AI1\tAI1\tAI3\tAO0\tStim") + rows(), "bad-header"),
        (HEADED.replace("Sample Frequency (Hz): 1000", "Sample Frequency (Hz): 0") + rows(), "bad-header"),
        (HEADED.replace("Sample Frequency (Hz): 1000\n", "") + rows(), "bad-header"),
        (HEADED.replace("Calibration Data:", "Data:") + rows(), "bad-header"),
        (HEADED.replace("Scale (units/V)", "Gain") + rows(), "bad-header"),
        (HEADED.replace("\t500.000000\t", "\t500,0\t") + rows(), "decimal-comma"),
        (HEADED.replace("\t500.000000\t", "\tmuch\t") + rows(), "not-a-number"),
        (HEADED.replace("\t500.000000\t", "\t") + rows(), "ragged-row"),
        # sections in another order: the calibration below the samples is read by nobody
        (HEAD.split("Calibration")[0] + BODY + rows() + "Calibration" + HEAD.split("Calibration")[1], "bad-header"),
        ("garbage\n" * 50, "bad-header"),
        ("\x00\x01\x02" * 500, "bad-header"),
    ],
)
def test_recordings_that_cannot_be_read(text: str, code: str) -> None:
    error = refusal(text)
    assert isinstance(error, ReadError)
    assert error.code == code, str(error)
    assert error.remedy


def test_the_line_of_a_bad_value_is_named() -> None:
    line = HEADED.count("\n") + 6
    assert f"line {line} " in refusal(HEADED + rows().replace("0.105000", "x", 1)).message


def test_damaged_recordings_never_leave_the_error_tree(mutations: Callable[[bytes, int], Iterator[bytes]]) -> None:
    outcomes = set()
    for text in (HEADED + rows(), F600):
        for data in mutations(text.encode("latin-1"), 300):
            with contextlib.suppress(MuscleMetricsError):
                list(read(io.BytesIO(data), reader="aurora"))
                outcomes.add("read")
                continue
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_the_real_twitch(recordings: Path) -> None:
    path = recordings / "fibre/aurora_ddf/twitch.ddf"
    assert sniff(path) == "aurora"
    start = time.process_time()
    [reading] = read(path)
    assert time.process_time() - start < 0.5  # about 5 ms on an ordinary machine
    assert [(e.name, e.time) for e in reading.events] == [
        ("stimulation", 0.0),
        ("stimulus", pytest.approx(0.1001)),
        ("stop", pytest.approx(0.4)),
    ]
    assert reading.events[1].details["pulse_width"] == pytest.approx(0.0002)
    assert reading.events[0].details["delay"] == 0.1
    assert (reading.unit("force"), reading.unit("length")) == ("mN", "mm")
    # The first row by hand: 0.446521 V of force at 500 mN/V, -6.004655 V of length at 1 mm/V.
    assert reading["force"][0] == pytest.approx(223.2605)
    assert reading["length"][0] == pytest.approx(-6.004655)
    assert [f.code for f in reading.flags] == ["blank-last-sample"]
    assert {"area", "fibre_length", "reference_force"}.isdisjoint(reading)


@pytest.mark.parametrize(("name", "pulses", "frequency"), [("tetanus", 22, 275), ("workloop", 24, 300)])
def test_real_trains_are_recorded_as_the_protocol_plans_them(
    recordings: Path, name: str, pulses: int, frequency: float
) -> None:
    [reading] = read(recordings / f"fibre/aurora_ddf/{name}.ddf")
    onsets = [e.time for e in reading.events if e.name == "stimulus"]
    assert len(onsets) == pulses
    assert onsets[1] - onsets[0] == pytest.approx(1 / frequency, abs=1e-4)
    plan = next(e for e in reading.events if e.name == "stimulation")
    # The column switches one sample after the delay.
    assert onsets[0] - plan.time - plan.details["delay"] == pytest.approx(1e-4)
    assert [f.code for f in reading.flags] == ["blank-last-sample"]  # the protocol stops where the samples do
    assert reading.events[-1].name == "stop"
    assert reading.events[-1].time == pytest.approx(reading["time"][-1], abs=1e-4)


def test_a_real_sine_wave_lasts_its_cycles(recordings: Path) -> None:
    [reading] = read(recordings / "fibre/aurora_ddf/workloop.ddf")
    wave = next(e for e in reading.events if e.name == "sine-wave")
    command, t = reading["length_command"], reading["time"]
    moving = np.flatnonzero(np.abs(np.nan_to_num(command)) > 0.05)
    assert t[moving[0]] == pytest.approx(wave.time, abs=1e-3)
    assert t[moving[-1]] == pytest.approx(wave.time + wave.details["cycles"] / wave.details["frequency"], abs=1e-3)
    assert np.nanmax(command) == pytest.approx(wave.details["amplitude"], rel=1e-3)


def test_a_real_recording_cut_anywhere_is_refused(recordings: Path) -> None:
    data = (recordings / "fibre/aurora_ddf/twitch.ddf").read_bytes()
    codes = set()
    for end in [*range(1, 1500, 97), *range(1500, len(data) - 100, len(data) // 20)]:
        with contextlib.suppress(ReadError):
            [reading] = read(io.BytesIO(data[:end]), reader="aurora")
            # Cut between two rows, or within the last number of one: told by the end of the line or of the protocol.
            assert {f.code for f in reading.flags} & {"protocol-conflict", "no-final-newline"}, end
            continue
        codes.add(_code(data[:end]))
    assert codes <= {"missing-data-line", "truncated", "bad-header"}


def _code(data: bytes) -> str:
    with pytest.raises(ReadError) as caught:
        list(read(io.BytesIO(data), reader="aurora"))
    return caught.value.code


F600 = """ASI 600A Data File
Created: Mon Jan 01 10:00:00 2024
*** Setup Parameters ***
Fiber Length: 1.250 mm
Initial Sarcomere Length: 2.500 um
Diameter: 0.080 mm
Operator: Ann Example
*** Calibration Parameters ***
Channel  Scale
406A 12.5 0.0
*** Test Protocol Parameters ***
A/D Sampling Rate: 1000 Hz
Comment: Ann's fibre
Time (ms)\tControl Function\tOptions
0.0\tBath\t2 500 ms
0.0\tData-Enable\t
10.0\tLength-Step\t0.900 Lo
20.0\tData-Disable\t
40.0\tData-Enable\t
45.0\tForce-Clamp\t0.5 mN 100 ms
60.0\tStop\t
*** Force and Length Signals vs Time ***
Time (ms)  Lin (mm)  Lout (mm)  Fin (mN)  Fout (mN)  SL (um)
""" + "".join(
    f"{t:.1f} {1.25 if t < 10 else 1.125:.4f} 1.2500 {0.4 + 0.01 * t:.4f} 0.0000 2.5000\n"
    for t in (*range(20), *range(40, 60))
)


def test_a_600a_recording() -> None:
    assert sniff(io.BytesIO(F600.encode())) == "aurora"
    reading = record(F600)
    times = np.array([*range(20), *range(40, 60)], dtype=float)
    np.testing.assert_array_equal(reading["time"], times)
    np.testing.assert_allclose(reading["force"], 0.4 + 0.01 * times)
    np.testing.assert_allclose(reading["length"], np.where(times < 10, 1.25, 1.125))
    names = ("time", "length", "length_command", "force", "force_command", "sarcomere_length")
    assert [reading.unit(n) for n in names] == ["ms", "mm", "mm", "mN", "mN", "um"]
    facts = {n: (float(reading[n]), reading.unit(n)) for n in reading if reading[n].ndim == 0}
    assert facts == {
        "fibre_length": (1.25, "mm"),
        "sarcomere_length_0": (2.5, "um"),
        "diameter": (0.08, "mm"),
        "sampling_rate": (pytest.approx(1000), "Hz"),
    }
    assert [(f.code, f.level) for f in reading.flags] == [("format-unverified", "note")]
    assert "Ann" not in repr((reading.labels, reading.notes, reading.flags, reading.events))


def test_600a_functions_are_events_in_seconds() -> None:
    events = record(F600).events
    assert [(e.time, e.name) for e in events] == [
        (0.0, "bath"),
        (0.0, "data-enable"),
        (0.010, "length-step"),
        (0.020, "data-disable"),
        (0.040, "data-enable"),
        (0.045, "force-clamp"),
        (0.060, "stop"),
    ]
    assert events[2] == Event(
        0.010,
        "length-step",
        {"function": "Length-Step", "options": "0.900 Lo", "values": (0.9,), "units": ("Lo",)},
    )
    assert events[5].details["values"] == (0.5, 100.0)
    assert events[5].details["duration"] == pytest.approx(0.1)


def test_600a_sections_are_found_by_their_headings() -> None:
    first, setup, rest = F600.split("*** Setup Parameters ***\n")[0], *_setup(F600)
    moved = first + rest.replace("*** Force and", f"{setup}*** Force and")
    assert float(record(moved)["fibre_length"]) == 1.25
    waved = F600.replace("*** Test Protocol", "*** Arbitrary Waveform Setup ***\n1 2 3\n*** Test Protocol")
    np.testing.assert_array_equal(record(waved)["force"], record(F600)["force"])
    short = record(F600.replace("Fiber Length: 1.250 mm\n", "").replace("Diameter: 0.080 mm", "Diameter: 0.000 mm"))
    assert "fibre_length" not in short
    assert "diameter" not in short
    assert any("diameter" in n for n in short.notes)


def _setup(text: str) -> tuple[str, str]:
    start, end = text.index("*** Setup"), text.index("*** Calibration")
    return text[start:end], text[end:]


def test_a_600a_rate_that_contradicts_the_times_is_flagged() -> None:
    flags = record(F600.replace("Rate: 1000 Hz", "Rate: 10 kHz")).flags
    assert [f.code for f in flags] == ["format-unverified", "sampling-rate-conflict"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (F600.split("*** Force")[0], "missing-data-line"),
        (F600.split("Time (ms)  Lin")[0], "truncated"),
        (F600.split("\n0.0 1.25")[0] + "\n", "truncated"),
        (F600 + "60.0 1.2500 1.2\n", "truncated"),
        (F600.replace("5.0 1.2500 ", "5.0 ", 1), "ragged-row"),
        (F600.replace("1.2500 0.4500", "1.2500 x"), "not-a-number"),
        (F600.replace("Time (ms)  Lin", "Moment (ms)  Lin"), "bad-header"),
        (F600.replace("Time (ms)  Lin", "Time  Lin"), "bad-header"),
        (F600.replace("Time (ms)  Lin (mm)  Lout (mm)  Fin (mN)  Fout (mN)  SL (um)\n", ""), "bad-header"),
        (F600 + "*** Setup Parameters ***\nDiameter: 1 mm\n", "bad-header"),
        (F600.replace("\n19.0 ", "\n17.0 "), "time-not-increasing"),
    ],
)
def test_600a_recordings_that_cannot_be_read(text: str, code: str) -> None:
    error = refusal(text)
    assert error.code == code, str(error)
    assert error.remedy


def test_check_shows_a_recording(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from musclemetrics.cli import main

    main(["check", str(recordings / "fibre/aurora_ddf/tetanus.ddf")])
    said = capsys.readouterr().out
    for words in ("reader aurora: 1 recording", "force (mN)", "length (mm)", "stimulus, 22 times until 0.1765 s"):
        assert words in said
    assert "event at 0 s: stimulation (.1,275,.2, .081)" in said


def test_a_recording_that_was_cut_keeps_its_whole_rows_when_told() -> None:
    text = HEAD + BODY + rows()
    cut = text[: text.rindex("\t0.004")]
    error = refusal(cut)
    assert error.code == "truncated"
    assert "-r truncated=keep" in error.remedy
    kept, whole = record(cut, truncated="keep"), record()
    assert len(kept["time"]) == ROWS - 1
    np.testing.assert_array_equal(kept["force"], whole["force"][:-1])
    [flag] = [f for f in kept.flags if f.code == "file-cut"]
    assert flag.level == "suspect"
    assert f"within line {text.count(chr(10))}" in flag.message
    # A row with all its cells may end within its last number.
    assert len(record(text[:-1], truncated="keep")["time"]) == ROWS - 1
    assert "file-cut" not in [f.code for f in record(truncated="keep").flags]
    assert refusal(cut, truncated="yes").code == "bad-setting"
