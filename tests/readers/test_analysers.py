"""Impedance analysers: real files to the same numbers as written, signs as stated, and files that are cut or bent."""

from __future__ import annotations

import csv
import gzip
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from musclemetrics.errors import LimitError, MuscleMetricsError, ReadError, SettingsError
from musclemetrics.readers import read, sniff
from musclemetrics.reading import Reading


@pytest.fixture
def analysers(recordings: Path) -> Path:
    """The folder of one real file an analyser."""
    folder = recordings / "eim" / "analysers"
    if not folder.is_dir():
        pytest.skip("no real impedance files: eim/analysers is not below MUSCLEMETRICS_DATA")
    return folder


def only(data: str | bytes, name: str = "sweep.csv", **options: object) -> Reading:
    [reading] = several(data, name, **options)
    return reading


def several(data: str | bytes, name: str = "sweep.csv", **options: object) -> list[Reading]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    stream.name = name  # type: ignore[attr-defined]
    return list(read(stream, **{"reader": "analysers", **options}))


def refusal(data: str | bytes, name: str = "sweep.csv", **options: object) -> MuscleMetricsError:
    with pytest.raises(MuscleMetricsError) as caught:
        several(data, name, **options)
    assert caught.value.remedy
    return caught.value


def naive(
    path: Path, mark: str, separator: str, offset: int, wanted: dict[str, int], end: str = "\0"
) -> dict[str, list[float]]:
    """Parse a file in the plainest way: lines from the one that begins with `mark`, parted, a column each."""
    lines = path.read_text(encoding="latin-1").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(mark)) + offset
    rows = []
    for line in lines[at:]:
        if line.startswith(end):
            break
        if line.strip():
            rows.append(line.split(separator))
    return {name: [float(row[i]) for row in rows] for name, i in wanted.items()}


# file: (where its numbers begin, for the naive parse), the array of the imaginary part, what is said of its sign, first
# row as it stands in the file
FILES = {
    "demoexperiment1_00001.spec": (
        ("frequency[", ",", 1, {"frequency": 0, "resistance": 1, "imaginary": 2}),
        "'Im[Ohm]' is the imaginary part of the impedance as the file has it: capacitive where negative",
        101,
    ),
    "exampleDataGamry.DTA": (
        ("ZCURVE", "\t", 3, {"frequency": 3, "resistance": 4, "imaginary": 5, "magnitude": 7, "phase": 8}),
        "'Zimag' is the imaginary part of the impedance as the file has it: capacitive where negative",
        72,
    ),
    "exampleDataBioLogic.mpt": (
        ("freq/Hz", "\t", 1, {"frequency": 0, "resistance": 1, "reactance": 2, "magnitude": 3, "phase": 4}),
        "'-Im(Z)/Ohm' is minus the imaginary part of the impedance: capacitive where positive, read as the reactance",
        43,
    ),
    "exampleDataZPlot.z": (
        ("End Comments", "\t", 1, {"frequency": 0, "resistance": 4, "imaginary": 5}),
        "\"Z''(b)\" is the imaginary part of the impedance as the file has it: capacitive where negative",
        21,
    ),
    "E4990A-example1.csv": (
        ("Frequency(Hz)", ",", 1, {"frequency": 0, "resistance": 1, "imaginary": 2}, "END"),
        "'X(Ohm)-data' is the imaginary part of the impedance as the file has it: capacitive where negative",
        201,
    ),
    "exampleData.csv": (
        ("3.16", ",", 0, {"frequency": 0, "resistance": 1, "imaginary": 2}),
        "'column 3' is the imaginary part of the impedance as the file has it: capacitive where negative",
        66,
    ),
    "exampleDataParstat.txt": (
        ("Potential", "\t", 1, {"frequency": 3, "resistance": 4, "imaginary": 5}),
        "'Zim (ohms)' is the imaginary part of the impedance as the file has it: capacitive where negative",
        31,
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_every_real_file_is_read_to_the_numbers_written_in_it(name: str, analysers: Path) -> None:
    path = analysers / name
    layout, sign, size = FILES[name]
    expected = naive(path, *layout)
    if name == "exampleDataParstat.txt":  # the rows before the sweep, at frequency 0
        kept = [i for i, f in enumerate(expected["frequency"]) if f > 0]
        expected = {key: [values[i] for i in kept] for key, values in expected.items()}
    assert sniff(path) == "analysers"
    [reading] = read(path)
    assert set(reading) == set(expected)
    for key, values in expected.items():
        assert len(values) == size
        assert reading[key].tolist() == values  # to the last bit
    assert sign in reading.notes
    if name != "exampleData.csv":
        assert reading.unit("frequency") == "Hz"
        assert {reading.unit(n) for n in ("resistance", "reactance", "imaginary") if n in reading} == {"Ohm"}
    else:
        assert not reading.units
        assert [f.code for f in reading.flags] == ["columns-by-position"]
        [told] = read(path, columns="frequency,resistance,imaginary")
        assert not told.flags
        assert told["imaginary"].tolist() == expected["imaginary"]


def test_what_a_file_says_beside_its_numbers(analysers: Path) -> None:
    def of(name: str) -> Reading:
        [reading] = read(analysers / name)
        return reading

    assert dict(of("E4990A-example1.csv").labels) == {"device": "Agilent Technologies E4990A"}
    assert dict(of("exampleDataGamry.DTA").labels) == {"device": "Gamry REF3000-34128"}
    assert dict(of("exampleDataBioLogic.mpt").labels) == {"device": "BioLogic SP-150"}
    assert of("exampleDataBioLogic.mpt").unit("phase") == of("exampleDataGamry.DTA").unit("phase") == "deg"
    # A folder of the one who measured stands in this header.
    assert "Users" not in repr(of("exampleDataBioLogic.mpt"))
    [passed] = [n for n in of("exampleDataParstat.txt").notes if "passed over" in n]
    assert passed.startswith("781 row(s) with frequency and impedance 0")
    assert any("column(s) left out: Potential (V), Current (A)" in n for n in of("exampleDataParstat.txt").notes)


def test_all_forms_of_one_real_sweep_are_one_impedance(analysers: Path) -> None:
    for name in ("exampleDataGamry.DTA", "exampleDataBioLogic.mpt"):
        [reading] = read(analysers / name)
        imaginary = reading["imaginary"] if "imaginary" in reading else -reading["reactance"]
        impedance = reading["resistance"] + 1j * imaginary
        np.testing.assert_allclose(abs(impedance), reading["magnitude"], rtol=2e-6)
        np.testing.assert_allclose(np.angle(impedance, deg=True), reading["phase"], atol=2e-5)


# --- plain text -------------------------------------------------------------------------------------------------------

F = [5, 10, 50, 100, 500, 1000]
R = [642.8, 622.75, 540.58, 504.84, 390.5, 240.25]
X = [36.84, 53.39, 72.51, 65.48, 67.87, 9.28]


def table(header: str, separator: str = ",", *columns: list[float], comma: bool = False) -> str:
    rows = (separator.join(repr(v) for v in row) for row in zip(*(columns or (F, R, X)), strict=True))
    text = "\n".join(rows)
    return header + "\n" + (text.replace(".", ",") if comma else text) + "\n"


@pytest.mark.parametrize(
    ("header", "separator", "comma", "arrays", "units"),
    [
        ("frequency (kHz),R (Ohm),X (Ohm)", ",", False, "frequency resistance reactance", ["kHz", "Ohm", "Ohm"]),
        ("f,R,X", ",", False, "frequency resistance reactance", [None, None, None]),
        ("Frequency [Hz];R [kΩ];Xc [kΩ]", ";", True, "frequency resistance reactance", ["Hz", "kOhm", "kOhm"]),
        ("freq_kHz\tZ_real\tZ_imag", "\t", True, "frequency resistance imaginary", ["kHz", None, None]),
        ("f/Hz|re/Ohm|im/Ohm", "|", False, "frequency resistance imaginary", ["Hz", "Ohm", "Ohm"]),
        ("f (MHz),|Z| (Ohm),theta (deg)", ",", False, "frequency magnitude phase", ["MHz", "Ohm", "deg"]),
        ("Freq;Z (Ohm);Phase (rad)", ";", True, "frequency magnitude phase", [None, "Ohm", "rad"]),
        ("f (Hz);Z' (Ohm);-Z'' (Ohm)", ";", False, "frequency resistance reactance", ["Hz", "Ohm", "Ohm"]),
        ("Frequency(Hz) Re(Z)/Ohm Im(Z)/Ohm", " ", False, "frequency resistance imaginary", ["Hz", "Ohm", "Ohm"]),
    ],
)
def test_plain_text_in_its_variants(
    header: str, separator: str, comma: bool, arrays: str, units: list[str | None]
) -> None:
    text = table(header, separator, comma=comma)
    stream = io.BytesIO(text.encode())
    assert sniff(stream) == "analysers"
    reading = only(text)
    assert list(reading) == arrays.split()
    for name, values, unit in zip(reading, (F, R, X), units, strict=True):
        assert reading[name].tolist() == values
        assert reading.unit(name) == unit


def test_what_plain_text_leaves_open_about_its_sign_is_said() -> None:
    assert any("does not say which sign is capacitive" in n for n in only(table("f (Hz),R (Ohm),X (Ohm)")).notes)
    assert any("capacitive where positive" in n for n in only(table("f (Hz),Z' (Ohm),-Z'' (Ohm)")).notes)
    assert any("capacitive where negative" in n for n in only(table("f (Hz),Z' (Ohm),Z'' (Ohm)")).notes)


def test_units_beneath_the_names_and_lines_above_them() -> None:
    text = "Measured on Monday\n# by hand\n" + table("Frequency,Resistance,Reactance\nkHz,Ohm,Ohm")
    reading = only(text)
    assert [reading.unit(n) for n in reading] == ["kHz", "Ohm", "Ohm"]
    assert reading["resistance"].tolist() == R
    said = " ".join(reading.notes)
    assert "1 line(s) above the names" in said
    assert "Monday" not in said


def test_words_tell_the_sweeps_of_one_table_apart() -> None:
    rows = ["subject,muscle,direction,age,fat thickness (mm),name,f (kHz),R (Ohm),X (Ohm)"]
    for subject, scale in (("01", 1.0), ("02", 2.0)):
        for direction in ("longitudinal", "transverse"):
            for f, r, x in zip(F, R, X, strict=True):
                rows.append(f"{subject},biceps,{direction},{30 + scale},4.5,Ann {subject},{f},{r * scale},{x}")
    found = several("\n".join(rows))
    assert len(found) == 4
    assert [dict(r.labels) for r in found[:2]] == [
        {"subject": "01", "muscle": "biceps", "direction": "longitudinal"},
        {"subject": "01", "muscle": "biceps", "direction": "transverse"},
    ]
    assert all(r["frequency"].tolist() == F for r in found)
    assert found[3]["resistance"].tolist() == [r * 2.0 for r in R]
    assert (float(found[2]["age"]), float(found[2]["fat_thickness"])) == (32.0, 4.5)
    assert found[2].unit("fat_thickness") == "mm"
    assert "Ann" not in repr(found)
    assert any("may name a person" in n for n in found[0].notes)


def test_a_separator_within_quotation_marks_parts_nothing() -> None:
    rows = [f'"biceps, long head","{f}",{r},{x}' for f, r, x in zip(F, R, X, strict=True)]
    reading = only("\n".join(['"muscle","f (kHz)","R (Ohm)","X (Ohm)"', *rows]))
    assert dict(reading.labels) == {"muscle": "biceps, long head"}
    assert reading["frequency"].tolist() == F


def test_sweeps_told_apart_by_a_person_alone_stay_apart_without_the_name() -> None:
    rows = [f"{who},{f},{r},{x}" for who in ("Ann", "Bob") for f, r, x in zip(F, R, X, strict=True)]
    found = several("\n".join(["name,f (kHz),R (Ohm),X (Ohm)", *rows]))
    assert len(found) == 2
    assert "Bob" not in repr(found)


def test_sweeps_beneath_each_other_that_nothing_tells_apart_are_flagged() -> None:
    reading = only(table("f (kHz),R (Ohm),X (Ohm)", ",", F * 2, R * 2, X * 2))
    assert [f.code for f in reading.flags] == ["points-start-over"]
    assert len(reading["frequency"]) == 12


def test_one_bad_sweep_among_others() -> None:
    rows = [f"{s},{f},{r},{x}" for s in "123" for f, r, x in zip(F, R, X, strict=True)]
    rows[8] = rows[8].replace("540.58", "open")
    text = "\n".join(["subject,f (kHz),R (Ohm),X (Ohm)", *rows])
    error = refusal(text)
    assert (error.code, "line 10" in str(error)) == ("not-a-number", True)
    found = several(text, errors="flag")
    assert [bool(r.arrays) for r in found] == [True, False, True]
    assert (found[1].flags[0].code, found[1].flags[0].level) == ("not-a-number", "failed")


def test_the_user_says_which_column_is_which() -> None:
    text = table("A,B,C")
    assert refusal(text).code == "no-known-column"
    for columns in (
        "frequency,resistance,reactance",
        ["frequency", "resistance", "reactance"],
        {"frequency": "A", "resistance": 2, "reactance": "c"},
    ):
        reading = only(text, columns=columns, units="frequency=kHz,resistance=Ohm,reactance=Ohm")
        assert reading["reactance"].tolist() == X
        assert [reading.unit(n) for n in reading] == ["kHz", "Ohm", "Ohm"]
    named = only(table("f (Hz),R (Ohm),X (Ohm)"), columns="frequency,magnitude,-", errors="flag")
    assert named.flags[0].code == "no-known-column"
    five = "\n".join(f"{f} 1 {r} 2 {x}" for f, r, x in zip(F, R, X, strict=True))
    assert refusal(five).code == "missing-header"
    assert only(five, columns="frequency,-,resistance,-,imaginary")["imaginary"].tolist() == X
    assert refusal(text, columns="frequency,resistance,force").code == "unknown-column"
    assert refusal(text, columns={"frequency": "A", "resistance": "A"}).code == "unknown-column"
    assert refusal(table("f (Hz),R (Ohm),X (Ohm)"), units="phase=deg").code == "unknown-column"


def test_a_unit_that_was_given_wins_and_says_so() -> None:
    reading = only(table("f (Hz),R (Ohm),X (Ohm)"), units={"frequency": "kHz"})
    assert reading.unit("frequency") == "kHz"
    assert [f.code for f in reading.flags] == ["setting-overrides-file"]
    assert refusal(table("f (Hz),R (deg),X (Ohm)"), columns="frequency,resistance,reactance").code == "unit-mismatch"


def test_a_decimal_comma_is_proved_or_asked_for() -> None:
    head = "f (kHz);R (kOhm);X (kOhm)\n"
    body = "5;0,642;0,036\n10;0,622;0,053\n50;0,540;0,072\n"
    assert only(head + body)["resistance"].tolist() == [0.642, 0.622, 0.54]  # 0,642 is no group of thousands
    doubtful = head + "5;1,642;2,036\n10;1,622;2,053\n50;1,540;2,072\n"
    assert refusal(doubtful).code == "ambiguous-number"
    assert only(doubtful, decimal=",")["resistance"].tolist() == [1.642, 1.622, 1.54]
    assert refusal(head + "5;1.6;2,3\n10;1.5;2,2\n50;1.4;2,1\n").code == "mixed-decimal"


def test_gaps_are_missing_and_counted() -> None:
    reading = only("f (kHz),R (Ohm),X (Ohm)\n5,600,30\n10,n.d.,\n50,500,70\n")
    assert np.isnan(reading["resistance"]).tolist() == [False, True, False]
    assert [f.code for f in reading.flags] == ["missing-points", "missing-points"]
    assert "line(s) 3" in reading.flags[0].message


def test_three_columns_of_something_else_are_no_sweep() -> None:
    trace = "\n".join(f"{0.001 * i:.3f},{2 + 0.01 * i:.2f},{0.1 * i:.1f}" for i in range(1, 60))
    assert sniff(io.BytesIO(trace.encode())) == "table"
    few = "\n".join(f"{10**i},{i},{i * i}" for i in range(6))
    assert sniff(io.BytesIO(few.encode())) == "table"


# --- analysers, made small --------------------------------------------------------------------------------------------

SPEC = """6
demo
Range: [1, 1]
Channel: ECIS 1
31-Mar.-2025
frequency[Hz],Re[Ohm],Im[Ohm]
100.0,20260.5,-19550.25
1000.0,14402.5,-3001.5
500.0,15000.5,-4001.5
"""
GAMRY = (
    "EXPLAIN\nTAG\tEISPOT\nPSTAT\tPSTAT\tREF600-1\tPotentiostat\n"
    "OCVCURVE\tTABLE\t2\n\tPt\tT\tVf\n\t#\ts\tV\n\t0\t0.2\t-3E-1\n\t1\t0.5\t-3E-1\n"
    "ZCURVE\tTABLE\t3\n\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\n\t#\ts\tHz\tohm\tohm\tV\tohm\t°\n"
    "\t0\t1\t1000\t10.5\t-2.5\t1\t10.79\t-13.39\n\t1\t2\t100\t12.5\t-4.5\t1\t13.28\t-19.8\n\t2\t3\t10\t20\t-5\t1\t20.6\t-14\n"
    "EXPERIMENTABORTED\tTOGGLE\tF\n"
)
MPT = (
    "EC-Lab ASCII FILE\nNb header lines : 5\nDevice : VSP-300 (SN 7)\n\n"
    "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\tcycle number\t\n"
    "1000\t10.5\t2.5\t1\n100\t12.5\t4.5\t1\n1000\t11.5\t2.25\t2\n100\t13.5\t4.25\t2\n"
)
ZED = "ZPLOT2 ASCII\n  Date: 10-12-2018\nEnd Comments\n" + "".join(
    f"{f}\t0.01\t0\t1.5\t{r}\t{x}\t0\t0\t3\n" for f, r, x in ((1000.0, 10.5, -2.5), (100.0, 12.5, -4.5))
)
PARSTAT = "Potential (V)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)\t\n" + "".join(
    f"3.5\t{f}\t{r}\t{x}\t\n" for f, r, x in ((0, 0, 0), (1000, 10.5, -2.5), (100, 12.5, -4.5))
)
E4990A = (
    "!Keysight Technologies,E4990A,MY1,A.03\n!Date: x\n\nBEGIN CH1_DATA\nFrequency(Hz), R(Ohm)-data, X(Ohm)-data\n"
    "+1.0E+003, +1.05E+001, -2.5E+000\n+1.0E+002, +1.25E+001, -4.5E+000\nEND\n"
    "BEGIN CH2_DATA\nFrequency(Hz), |Z|(Ohm)-data, theta-z(deg)-data\n+1.0E+003, +1.08E+001, -1.339E+001\nEND\n"
)
MADE = {
    "a.spec": SPEC,
    "a.DTA": GAMRY,
    "a.mpt": MPT,
    "a.z": ZED,
    "a.txt": PARSTAT,
    "a.csv": E4990A,
    "plain.csv": table("subject,f (kHz),R (Ohm),X (Ohm)", ",", [1, 1, 1, 2, 2, 2], F, R, X),
}


def test_rows_of_a_spec_stay_in_their_order() -> None:
    reading = only(SPEC, "a.spec")
    assert reading["frequency"].tolist() == [100.0, 1000.0, 500.0]
    assert dict(reading.labels) == {"channel": "ECIS 1"}


def test_each_cycle_and_each_channel_is_a_sweep() -> None:
    one, two = several(MPT, "a.mpt")
    assert (one.labels["sweep"], two.labels["sweep"]) == ("1", "2")
    assert two["resistance"].tolist() == [11.5, 13.5]
    assert one.labels["device"] == "BioLogic VSP-300"
    first, second = several(E4990A)
    assert first["imaginary"].tolist() == [-2.5, -4.5]
    assert (first.labels["channel"], second.labels["channel"]) == ("CH1", "CH2")
    assert second["phase"].tolist() == [-13.39]
    assert any("argument" in n for n in second.notes)


def test_a_decimal_comma_of_the_analysers_own_export() -> None:
    for name, text in (("a.mpt", MPT), ("a.DTA", GAMRY), ("a.z", ZED), ("a.txt", PARSTAT)):
        plain, comma = several(text, name), several(text.replace(".", ",").replace("a,mpt", "a.mpt"), name)
        for a, b in zip(plain, comma, strict=True):
            assert all(a[n].tolist() == b[n].tolist() for n in a), name
            assert any("decimal comma" in n for n in b.notes)


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.spec", SPEC.replace("6\n", "60\n", 1), "truncated"),
        ("a.spec", SPEC.replace("6\n", "4\n", 1), "bad-header"),
        ("a.spec", SPEC[: SPEC.index("100.0,")], "truncated"),
        ("a.spec", SPEC.rstrip()[:-8], "truncated"),
        ("a.spec", SPEC.replace("14402.5,", ""), "ragged-row"),
        ("a.spec", SPEC.replace("14402.5", "14q2.5"), "not-a-number"),
        ("a.spec", SPEC.replace("Im[Ohm]", "Im[V]"), "no-known-column"),
        ("a.DTA", GAMRY[: GAMRY.index("ZCURVE")], "bad-header"),
        ("a.DTA", GAMRY[: GAMRY.index("\tPt\tTime") + 9], "truncated"),
        ("a.DTA", GAMRY[: GAMRY.index("\t2\t3")], "truncated"),
        ("a.DTA", GAMRY.replace("\t-4.5", ""), "ragged-row"),
        ("a.mpt", MPT.replace("lines : 5", "lines : 500"), "truncated"),
        ("a.mpt", MPT.replace("lines : 5", "lines : 3"), "bad-header"),
        ("a.mpt", MPT.replace("Nb header lines : 5\n", ""), "bad-header"),
        ("a.mpt", MPT.rstrip()[:-9], "truncated"),
        ("a.z", ZED.replace("End Comments\n", ""), "missing-data-line"),
        ("a.z", ZED.rstrip()[:-9], "truncated"),
        ("a.z", ZED[: ZED.index("1000.0")], "truncated"),
        # the rows first and the mark after them
        ("a.z", "ZPLOT2 ASCII\n" + ZED[ZED.index("1000.0") :] + "End Comments\n", "truncated"),
        ("a.txt", PARSTAT[: PARSTAT.index("3.5\t1000")], "truncated"),
        ("a.csv", E4990A[: E4990A.index("BEGIN CH1")], "missing-data-line"),
        ("a.csv", E4990A.replace("END\nBEGIN", "BEGIN"), "truncated"),
        ("a.csv", E4990A[: E4990A.rindex("END")], "truncated"),
        ("a.csv", E4990A.replace("R(Ohm)", "X(Ohm)"), "ambiguous-column"),
    ],
)
def test_a_broken_file_is_refused_by_its_fault(name: str, text: str, code: str) -> None:
    error = refusal(text, name)
    assert error.code == code, str(error)


def test_a_last_number_that_may_be_cut_is_told() -> None:
    assert not only(SPEC, "a.spec").flags
    assert [f.code for f in only(SPEC[:-2], "a.spec").flags] == ["no-final-newline"]
    assert not only(ZED[:-1], "a.z").flags  # the last column is none of the sweep's


def test_empty_and_binary_files() -> None:
    assert refusal("").code == "empty-file"
    assert refusal("\n\n").code == "empty-file"
    assert refusal(b"EXPLAIN\nTAG\t\0\0\0\xff").code == "binary-content"
    assert refusal(bytes(range(1, 256)) * 4).code in ("bad-encoding", "no-known-column")


def test_latin_characters_and_a_mark_of_encoding() -> None:
    reading = only(table("f (kHz);R (Ω);X (Ω)", ";").encode("utf-16"))
    assert reading.unit("resistance") == "Ohm"
    assert only(GAMRY.encode("latin-1"), "a.DTA").unit("phase") == "deg"
    assert refusal(b"f,R,X\n1,2,3\n", encoding="ascii-ish").code == "bad-setting"


@pytest.mark.parametrize("name", MADE)
def test_a_bent_file_is_read_or_refused_and_never_more(
    name: str, mutations: Callable[[bytes, int], Iterator[bytes]]
) -> None:
    begun = time.perf_counter()
    outcomes = set()
    for data in mutations(MADE[name].encode("latin-1"), 150):
        try:
            for reading in several(data, name):
                assert len({reading[n].shape for n in reading if reading[n].ndim}) == 1
                assert all(reading[n].dtype == np.float64 for n in reading)
                assert not any(np.isinf(reading[n]).any() for n in reading)
            outcomes.add("read")
        except (ReadError, SettingsError) as error:
            outcomes.add("refused" if error.remedy else "refused without a remedy")
    assert outcomes == {"read", "refused"}
    assert time.perf_counter() - begun < 20


def test_windows_line_ends_change_nothing() -> None:
    for name, text in MADE.items():
        for a, b in zip(several(text, name), several(text.replace("\n", "\r\n"), name), strict=True):
            assert dict(a.labels) == dict(b.labels)
            assert all(a[n].tolist() == b[n].tolist() for n in (*a, *b)), name


# --- packed -----------------------------------------------------------------------------------------------------------


def test_packed_text_is_read_as_it_is_within(tmp_path: Path) -> None:
    path = tmp_path / "sweep.csv.gz"
    path.write_bytes(gzip.compress(table("f (kHz),R (Ohm),X (Ohm)").encode()))
    assert sniff(path) == "analysers"
    [reading] = read(path)
    assert reading["resistance"].tolist() == R
    table_path = tmp_path / "fibres.csv.gz"
    table_path.write_bytes(gzip.compress(b"pCa,force (mN)\n9,0.01\n6,0.3\n") + gzip.compress(b"4.5,0.5\n"))
    assert sniff(table_path) == "table"
    [fibre] = read(table_path)
    assert fibre["pCa"].tolist() == [9.0, 6.0, 4.5]


def test_what_is_packed_and_is_no_text_is_not_looked_into(tmp_path: Path) -> None:
    path = tmp_path / "scan.gz"
    path.write_bytes(gzip.compress(b"\x89HDF\r\n\x1a\n" + bytes(100)))
    with pytest.raises(ReadError) as caught:
        sniff(path)
    assert caught.value.code == "unknown-format"


def test_a_packed_file_that_is_cut_or_bent_is_refused() -> None:
    whole = gzip.compress(table("f (kHz),R (Ohm),X (Ohm)").encode())
    for bad in (whole[:-1], whole[:-9], whole[:30], whole[:-8] + bytes(8), whole + b"rest", whole[:12] + b"\xff" * 20):
        assert refusal(bad, "a.csv.gz").code == "corrupt-gzip"
    assert only(whole + bytes(512), "a.csv.gz")["resistance"].tolist() == R
    assert refusal(gzip.compress(b""), "a.csv.gz").code == "empty-file"


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"f,R,X\n" + bytes(64 * 2**20))
    begun = time.perf_counter()
    with pytest.raises(LimitError) as caught:
        several(bomb, "a.csv.gz")
    assert caught.value.code == "too-large"
    assert time.perf_counter() - begun < 5


def test_a_long_plain_table_takes_its_time_by_its_length() -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["subject", "f (kHz)", "R (Ohm)", "X (Ohm)"])
    for i in range(2000):
        writer.writerows((i, f, r + i, x) for f, r, x in zip(F, R, X, strict=True))
    begun = time.perf_counter()
    found = several(out.getvalue())
    assert len(found) == 2000
    assert found[-1]["resistance"].tolist() == [r + 1999 for r in R]
    assert time.perf_counter() - begun < 10
