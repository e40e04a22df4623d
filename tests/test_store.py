"""Records on disk: bit-exact where promised, safe for spreadsheets, whole or not at all."""

from __future__ import annotations

import csv
import json
import math
import os
import pickle
import struct
import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musclemetrics.errors import InputError, MuscleMetricsError, ReadError, SettingsError, WriteError
from musclemetrics.provenance import HEAD, own_output
from musclemetrics.record import Flag, Measurement, Provenance, Record, Trace
from musclemetrics.store import book as book_module
from musclemetrics.store import load, rows, save, save_long, save_prism, to_dataframe
from musclemetrics.store.table import guarded

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
TEXT = st.text(max_size=12)
NAMES = st.sampled_from(["pCa50", "h", "Fmax", "Fmin", "r2"])
UNITS = st.sampled_from(["1", "kN/m2", "mN", "Hz"])
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _records(draw: st.DrawFn) -> Record:
    names = draw(st.lists(NAMES, unique=True, max_size=5))
    traces = draw(st.lists(st.sampled_from(["pca", "force", "curve"]), unique=True, max_size=3))
    return Record(
        draw(st.sampled_from(["force_pca", "slack"])),
        [Measurement(n, draw(NUMBERS), draw(NUMBERS), (draw(NUMBERS), draw(NUMBERS)), draw(UNITS)) for n in names],
        [Trace(n, np.array(draw(st.lists(NUMBERS, max_size=4)), dtype=float), draw(UNITS)) for n in traces],
        draw(
            st.lists(st.builds(Flag, TEXT, TEXT, st.sampled_from(["note", "suspect", "failed", "skipped"])), max_size=2)
        ),
        Provenance(
            draw(TEXT),
            draw(st.dictionaries(TEXT, PLAIN, max_size=3)),
            draw(st.dictionaries(TEXT, TEXT, max_size=2)),
            tuple(draw(st.lists(st.tuples(TEXT, TEXT), max_size=2))),
            draw(st.dictionaries(TEXT, PLAIN, max_size=2)),
        ),
        draw(st.dictionaries(TEXT, TEXT, max_size=3)),
    )


def _bits(values: object) -> bytes:
    """Bits of numbers, all NaN alike: JSON has one NaN."""
    return np.where(np.isnan(a := np.asarray(values, float)), np.nan, a).tobytes()


def _same(a: Record, b: Record) -> None:
    assert a == b
    assert a.to_json() == b.to_json()
    for m, n in zip(a.measurements, b.measurements, strict=True):
        assert _bits([m.value, m.stderr, *m.interval]) == _bits([n.value, n.stderr, *n.interval])
        assert type(n.value) is float
    for t, u in zip(a.traces, b.traces, strict=True):
        assert _bits(t.values) == _bits(u.values)
        assert not u.values.flags.writeable


@pytest.mark.parametrize("suffix", [".jsonl", ".h5"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(_records(), max_size=4))
def test_round_trip_is_bit_exact(tmp_path, suffix: str, records: list[Record]) -> None:
    path = save(records, tmp_path / f"r{suffix}")
    back = load(path)
    assert len(back) == len(records)
    for a, b in zip(records, back, strict=True):
        _same(a, b)
        _same(a, pickle.loads(pickle.dumps(a)))


def _record(
    value: float = 6.44, *, unit: str = "kN/m2", labels: dict[str, str] | None = None, **more: object
) -> Record:
    return Record(
        "force_pca",
        (
            Measurement("pCa50", value, 0.03, (6.36, math.inf)),
            Measurement("Fmax", -1.5, math.nan, (math.nan, math.nan), unit),
        ),
        (Trace("pca", np.array([9.0, 6.0, 6.0, 4.5])), Trace("force", np.array([0.0, 0.5, 0.6, 1.0]), unit)),
        provenance=Provenance("hill", sources=(("rat/a.csv", "ab" * 32),)),
        labels=labels or {},
    )


def _failed(name: str = "b.csv") -> Record:
    return Record(
        "force_pca",
        (Measurement("pCa50", math.nan), Measurement("Fmax", math.nan)),
        flags=(Flag("empty-file", "it is empty", "failed"),),
        provenance=Provenance(sources=((name, ""),)),
    )


def test_signs_of_zero_and_smallest_numbers_survive(tmp_path) -> None:
    for value in (-0.0, 5e-324, 0.1 + 0.2, sys.float_info.max):
        for suffix in (".jsonl", ".h5"):
            [back] = load(save([_record(value)], tmp_path / f"a{suffix}"))
            assert struct.pack("<d", back["pCa50"].value) == struct.pack("<d", value)


def test_hdf5_reads_with_plain_h5py(tmp_path) -> None:
    records = [_record(6.1, labels={"fibre": "007"}), _failed(), _record(6.2)]
    path = save(records, tmp_path / "a.h5")
    with h5py.File(path) as f:
        column = f["force_pca/measurements/pCa50"]
        assert column.attrs["unit"] == "1"
        np.testing.assert_array_equal(column["value"][:], [6.1, np.nan, 6.2])
        np.testing.assert_array_equal(column["high"][:], [np.inf, np.nan, np.inf])
        assert f["force_pca/labels/fibre"].asstr()[:].tolist() == ["007", "", ""]
        assert f["force_pca/status"].asstr()[:].tolist() == ["ok", "failed", "ok"]
        fmax = f["force_pca/measurements/Fmax"]
        assert "unit" not in fmax.attrs  # records differ, so each says its own
        assert fmax["units"].asstr()[:].tolist() == ["kN/m2", "1", "kN/m2"]
        offsets = f["force_pca/traces/force/offsets"][:]
        assert offsets.tolist() == [0, 4, 4, 8]
        assert f["force_pca/traces/force/values"][offsets[2] : offsets[3]].tolist() == [0.0, 0.5, 0.6, 1.0]
        assert f["force_pca/traces/force"].attrs["unit"] == "kN/m2"
        assert f.attrs["schema"] == 1


def test_order_of_several_modalities_is_kept(tmp_path) -> None:
    other = Record("slack", (Measurement("Vo", 2.0, unit="{L0}/s"),))
    given = [_record(6.0), other, _record(6.1), other]
    for suffix in (".jsonl", ".h5"):
        assert load(save(given, tmp_path / f"a{suffix}")) == given


def test_hdf5_refuses_names_it_would_take_for_paths(tmp_path) -> None:
    target = tmp_path / "a.h5"
    target.write_bytes(b"earlier")
    with pytest.raises(InputError, match="cannot be a name"):
        save([Record("m", (Measurement("a/b", 1.0),))], target)
    assert target.read_bytes() == b"earlier"
    assert os.listdir(tmp_path) == ["a.h5"]


def test_csv_columns_and_numbers(tmp_path) -> None:
    value = 0.1 + 0.2
    path = save([_failed(), _record(value, labels={"fibre": "007", "status": "x"})], tmp_path / "a.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    quantities = [n + p for n in ("pCa50", "Fmax_kN_per_m2") for p in ("", "_stderr", "_low", "_high")]
    # The failed row adds no column of its own for Fmax without a unit.
    assert list(table[0]) == [
        *("modality", "status", "fibre", "label_status"),
        *quantities,
        *("flags", "source", "sha256"),
    ]
    assert table[1]["fibre"] == "007"
    assert float(table[1]["pCa50"]) == value
    assert table[1]["pCa50_high"] == "inf"
    assert table[1]["Fmax_kN_per_m2"] == "-1.5"
    assert table[1]["Fmax_kN_per_m2_stderr"] == ""
    assert (table[0]["pCa50"], table[0]["flags"], table[0]["source"]) == ("", "empty-file", "b.csv")
    assert table[1]["sha256"] == "ab" * 32


@pytest.mark.parametrize(
    "evil",
    ["=1+1", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("http://x")'],
)
def test_text_that_a_spreadsheet_would_run_is_guarded(tmp_path, evil: str) -> None:
    """Fault 93: text cells beginning = + - @ TAB CR."""
    record = _record(-1.5, labels={"fibre": evil})
    for raw, expected in ((False, "'" + evil), (True, evil)):
        path = save([record], tmp_path / "a.csv", raw_csv=raw)
        with path.open(encoding="utf-8", newline="") as stream:
            [row] = csv.DictReader(stream)
        assert row["fibre"] == expected
        assert row["pCa50"] == "-1.5"
    [back] = load(save([record], tmp_path / "a.jsonl"))
    assert back.labels["fibre"] == evil
    assert to_dataframe([record])["fibre"][0] == evil


def test_numbers_in_text_are_left_alone() -> None:
    assert [guarded(t) for t in ("-1.5", "+3", "007", "-1e5", "-", "-1-1")] == [
        *("-1.5", "+3", "007", "-1e5", "'-", "'-1-1"),
    ]


def test_dataframe(tmp_path) -> None:
    frame = to_dataframe([_record(6.4, labels={"fibre": "007"}), _record(6.5, labels={"animal": "NA"}), _failed()])
    assert frame["fibre"].tolist() == ["007", None, None]
    assert frame["animal"].tolist() == [None, "NA", None]
    assert frame["pCa50"].dtype == "float64"
    assert math.isnan(frame["pCa50"][2])
    assert frame["pCa50_high"][0] == math.inf
    assert frame["status"].tolist() == ["ok", "ok", "failed"]
    assert list(to_dataframe([]).columns) == ["modality", "status", "flags", "source", "sha256"]
    header, body = rows([_record()])
    assert len(header) == len(body[0])


def test_csv_does_not_load_and_suffixes_are_known(tmp_path) -> None:
    path = save([_record()], tmp_path / "a.csv")
    with pytest.raises(ReadError) as caught:
        load(path)
    assert caught.value.code == "one-way"
    with pytest.raises(SettingsError) as refused:
        save([_record()], tmp_path / "a.ods")
    assert refused.value.code == "unknown-suffix"
    with pytest.raises(ReadError) as gone:
        load(tmp_path / "none.jsonl")
    assert gone.value.code == "missing-file"


def test_broken_files_are_refused_with_the_line(tmp_path) -> None:
    path = save([_record(), _record()], tmp_path / "a.jsonl")
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) - 40], encoding="utf-8")
    with pytest.raises(ReadError, match="line 2"):
        load(path)
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(ReadError, match="not UTF-8"):
        load(path)
    tree = json.loads(_record().to_json())
    tree["schema"] = 99
    path.write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(ReadError) as newer:
        load(path)
    assert newer.value.code == "newer-schema"
    whole = save([_record()] * 50, tmp_path / "a.h5").read_bytes()
    for cut in (0, 10, len(whole) // 2):
        (tmp_path / "b.h5").write_bytes(whole[:cut])
        with pytest.raises(ReadError) as broken:
            load(tmp_path / "b.h5")
        assert broken.value.code == "bad-record"


def test_a_failed_save_leaves_the_earlier_file(tmp_path) -> None:
    path = save([_record()], tmp_path / "a.jsonl")
    before = path.read_bytes()

    def stopping():
        yield _record(1.0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(stopping(), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.jsonl"]
    with pytest.raises(SettingsError) as caught:
        save([_record()], tmp_path / "no" / "a.jsonl")
    assert caught.value.code == "unwritable"


def test_names_that_are_not_utf8_survive(tmp_path) -> None:
    record = _record(labels={"fibre": "M\udcfcller\x00\u2028"})
    for suffix in (".jsonl", ".h5"):
        [back] = load(save(record, tmp_path / f"a{suffix}"))
        assert back == record
    save(record, tmp_path / "a.csv")


def test_prism_table(tmp_path) -> None:
    second = Record(
        "force_pca",
        (),
        (Trace("pca", np.array([4.5, 5.5])), Trace("force", np.array([2.0, 1.0]))),
        labels={"fibre": "f1"},
    )
    path = tmp_path / "prism.txt"
    assert save_prism([_record(labels={"fibre": "f1"}), _failed(), second], path) == 2
    assert [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()] == [
        ["pCa", "f1 a (kN/m2)", "f1"],
        ["9.0", "0.0", ""],
        ["6.0", "0.5", ""],
        ["6.0", "0.6", ""],
        ["5.5", "", "1.0"],
        ["4.5", "1.0", "2.0"],
    ]
    with pytest.raises(InputError) as caught:
        save_prism([_failed()], path)
    assert caught.value.code == "no-curves"


def test_prism_rows_titles_and_digits(tmp_path) -> None:
    def curve(pca: list[float], force: list[float], source: str, **labels: str) -> Record:
        traces = (Trace("pca", np.array(pca)), Trace("force", np.array(force), "mN"))
        return Record("force_pca", (), traces, provenance=Provenance(sources=((source, ""),)), labels=labels)

    computed = -math.log10(10**-5.9 * 1.0000000001)  # what µM become
    given = [
        curve([9.0, 5.9], [0.1 + 0.2, 1 / 3], "x/a.csv", fibre="001", animal="WT1"),
        curve([9.0, computed], [1e-5, 123456.789012345], "x/b.csv", fibre="001", animal="WT1"),
        curve([9.0, 5.9], [1.0, 2.0], "x/b.csv", fibre="001", animal="WT1"),
        curve([9.0, 5.9], [1.0, 2.0], "x/c.csv"),
    ]
    save_prism(given, tmp_path / "p.txt")
    assert [line.split("\t") for line in (tmp_path / "p.txt").read_text(encoding="utf-8").splitlines()] == [
        ["pCa", "WT1 001 a (mN)", "WT1 001 b (mN)", "WT1 001 b no. 2 (mN)", "c (mN)"],
        ["9.0", "0.3", "1e-05", "1.0", "1.0"],
        ["5.9", "0.3333333333", "123456.789", "2.0", "2.0"],
    ]


def test_what_has_no_interval_by_definition_has_one_column(tmp_path) -> None:
    from musclemetrics import force_pca

    pca = [9.0, 6.6, 6.4, 6.2, 5.9, 5.6, 5.4, 4.5]
    record = force_pca.measure(pca, [10.0, 36.8, 77.4, 95.3, 123.0, 119.4, 119.8, 122.4], force_unit="kN/m2")
    path = save(record, tmp_path / "a.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        [row] = csv.DictReader(stream)
    four = [n + p for n in ("pCa50", "h", "Fmax_kN_per_m2", "Fmin_kN_per_m2") for p in ("", "_stderr", "_low", "_high")]
    assert list(row)[2:-3] == [*four, "r2", "Sy_x_kN_per_m2", "n_points", "aicc"]
    assert row["n_points"] == "8"
    assert float(row["r2"]) == record["r2"].value
    assert to_dataframe(record)["n_points"].dtype == "float64"
    # Whatever a record does carry is written.
    told = Record("force_pca", (Measurement("r2", 0.9, 0.01), Measurement("n_points", 8.5)))
    header, _ = rows([told])
    assert "r2_stderr" in header
    with save(told, tmp_path / "b.csv").open(encoding="utf-8", newline="") as stream:
        assert next(csv.DictReader(stream))["n_points"] == "8.5"


@pytest.mark.parametrize("wrong", [[1], "ab", 5, None, [_record(), None]])
def test_what_is_no_record_is_refused(tmp_path, wrong) -> None:
    for suffix in (".csv", ".jsonl", ".h5"):
        with pytest.raises(InputError) as caught:
            save(wrong, tmp_path / f"a{suffix}")
        assert caught.value.code == "not-a-record"
    for use in (to_dataframe, lambda given: save_prism(given, tmp_path / "p.txt")):
        with pytest.raises(InputError) as caught:
            use(wrong)
        assert caught.value.code == "not-a-record"
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_named(tmp_path, monkeypatch) -> None:
    from musclemetrics.store import table

    target = save(_record(), tmp_path / "a.csv")
    before = target.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(table, "write_csv", full)
    with pytest.raises(WriteError) as caught:
        save(_record(), target)
    assert caught.value.code == "disk-full"
    assert str(tmp_path) in str(caught.value)
    assert (os.listdir(tmp_path), target.read_bytes()) == (["a.csv"], before)


@pytest.mark.skipif(sys.platform == "win32", reason="this system sets no limit to the size of a file")
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "h5"])
def test_no_room_costs_the_file_and_not_the_process(tmp_path, suffix: str) -> None:
    target = tmp_path / f"a.{suffix}"
    code = (
        "import resource, sys\n"
        "from musclemetrics import save\n"
        "from musclemetrics.record import Measurement, Record\n"
        "from musclemetrics.errors import WriteError\n"
        "records = [Record('m', (Measurement('a', n / 7),)) for n in range(2000)]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        f"try: save(records, {str(target)!r})\n"
        "except WriteError as error: print(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "write-failed\n", "")
    assert os.listdir(tmp_path) == []


def test_damaged_lines_give_records_or_a_typed_error(tmp_path) -> None:
    whole = save([_record(), _failed()], tmp_path / "a.jsonl").read_bytes()
    random = np.random.default_rng(7)
    refused = 0
    for _ in range(200):
        data = bytearray(whole)
        for place in random.integers(0, len(data), 4):
            data[place] = random.integers(0, 256)
        (tmp_path / "b.jsonl").write_bytes(data)
        try:
            load(tmp_path / "b.jsonl")
        except MuscleMetricsError:
            refused += 1
    assert refused > 0
    deep = tmp_path / "deep.jsonl"
    deep.write_bytes(b"[" * 100_000)
    with pytest.raises(ReadError):
        load(deep)


def test_hdf5_that_claims_more_than_it_holds_is_refused(tmp_path) -> None:
    path = save([_record()], tmp_path / "a.h5")
    with h5py.File(path, "r+") as f:
        column = f["force_pca/measurements/pCa50"]
        del column["value"]
        column.create_dataset("value", shape=(1 << 40,), dtype="f8")  # 8 TiB, none of it there
    with pytest.raises(ReadError) as caught:
        load(path)
    assert caught.value.code == "bad-record"
    with h5py.File(tmp_path / "other.h5", "w") as f:
        f["x"] = [1.0]
    with pytest.raises(ReadError, match="does not hold musclemetrics records"):
        load(tmp_path / "other.h5")


def test_a_workbook_holds_text_as_text_and_no_clock(tmp_path, monkeypatch) -> None:
    """Fault 93, in Excel's own format: nothing is a formula, ids stay text, and no sign breaks the file."""
    import zipfile

    import openpyxl

    record = _record().labelled(subject="007", word="=1+1", odd="a\x01b\udc80", at="@SUM(A1)")
    record = replace(record, flags=(Flag("note-of-mine", "=cmd|' /C calc'!A0", "note"),))
    save([record], tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["records", "long", "flags"]
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    head, cells = book["records"].iter_rows(values_only=True)
    row = dict(zip(head, cells, strict=True))
    assert (row["subject"], row["word"], row["odd"], row["at"]) == ("007", "'=1+1", "a\\x01b\\udc80", "'@SUM(A1)")
    for m in record.measurements:
        assert row[m.column] == (None if math.isnan(m.value) else m.value)
    assert len(list(book["long"].iter_rows())) == 1 + len(record.measurements)
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        assert {p.date_time for p in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026" not in parts.read("docProps/core.xml")
    assert own_output((tmp_path / "a.xlsx").read_bytes()[:HEAD])
    monkeypatch.setattr(book_module, "_MOST_ROWS", 1)
    with pytest.raises(InputError) as full:
        save([record], tmp_path / "b.xlsx")
    assert full.value.code == "too-many-rows"
    assert not (tmp_path / "b.xlsx").exists()


def test_long_table_has_a_row_a_measurement(tmp_path) -> None:
    first = _record().labelled(subject="007", name="x")
    none = Record("force_pca", (), (), (Flag("empty-file", "is empty", "failed"),), labels={"subject": "8"})
    save_long([first, none], tmp_path / "long.csv")
    with (tmp_path / "long.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [r["name"] for r in rows] == [*first, ""]
    assert {r["subject"] for r in rows[:-1]} == {"007"}
    assert rows[0]["label_name"] == "x"
    assert (rows[-1]["status"], rows[-1]["value"], rows[-1]["flags"]) == ("failed", "", "empty-file")
    for row, m in zip(rows, first.measurements, strict=False):
        assert row["unit"] == m.unit
        assert (float(row["value"]) if row["value"] else math.nan) == pytest.approx(m.value, nan_ok=True, rel=0, abs=0)


def test_a_standard_error_without_an_interval_has_its_column_and_no_empty_bounds():
    """Echo intensity has an error within its image, and an interval only from repeated images."""
    from musclemetrics.modalities.bmode import measure
    from musclemetrics.simulate import bmode

    made = bmode(shape=(300, 400))
    columns = list(to_dataframe([measure(made.image, made.spacing)]).columns)
    assert columns.index("echo_intensity_GL_stderr") == columns.index("echo_intensity_GL") + 1
    assert not [c for c in columns if c.endswith(("_low", "_high"))]
    assert [c for c in columns if c.startswith("thickness_mm")] == ["thickness_mm"]
