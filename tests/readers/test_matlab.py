"""MATLAB files: the map from variables to arrays, every level of the format, and what is refused before decoding."""

from __future__ import annotations

import contextlib
import io
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from musclemetrics.errors import LimitError, MuscleMetricsError, ReadError, SettingsError
from musclemetrics.readers import read, sniff
from musclemetrics.reading import Reading

N = 30
TIME, LENGTH, FORCE = np.arange(N) / 1000, np.linspace(1.0, 0.9, N), np.arange(N) * 2.0
TABLE = np.column_stack([TIME, LENGTH, FORCE])


def saved(fields: dict[str, object], *, level: str = "5", compressed: bool = False) -> bytes:
    from scipy.io import savemat

    stream = io.BytesIO()
    savemat(stream, fields, format=level, do_compression=compressed)
    return stream.getvalue()


def saved73(fields: dict[str, object], change: Callable[[object], None] | None = None) -> bytes:
    """Write what MATLAB writes at level 7.3: HDF5 behind 512 bytes, each array transposed, its class as attribute."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w", userblock_size=512) as file:
        _put(file, fields)
        if change is not None:
            change(file)
    data = stream.getvalue()
    return b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124, b" ") + b"\x00\x02IM" + data[128:]


def _put(group: object, fields: dict[str, object]) -> None:
    for name, value in fields.items():
        if isinstance(value, dict):
            inner = group.create_group(name)  # type: ignore[attr-defined]
            inner.attrs["MATLAB_class"] = np.bytes_("struct")
            _put(inner, value)
            continue
        if isinstance(value, str):
            data, word = np.array([[ord(c)] for c in value], dtype=np.uint16), "char"
        else:
            data, word = np.atleast_2d(np.asarray(value, dtype=float)).T, "double"
        item = group.create_dataset(name, data=data)  # type: ignore[attr-defined]
        item.attrs["MATLAB_class"] = np.bytes_(word)


def one(data: bytes, **options: object) -> Reading:
    [reading] = read(io.BytesIO(data), reader="matlab", **options)
    return reading


def refusal(data: bytes, **options: object) -> MuscleMetricsError:
    with pytest.raises(MuscleMetricsError) as caught:
        one(data, **options)
    return caught.value


LEVELS: dict[str, Callable[[dict[str, object]], bytes]] = {
    "4": lambda fields: saved(fields, level="4"),
    "5": lambda fields: saved(fields),
    "5 compressed": lambda fields: saved(fields, compressed=True),
    "7.3": saved73,
}


@pytest.mark.parametrize("level", LEVELS)
def test_the_columns_of_a_matrix_are_what_the_user_says(level: str, tmp_path: Path) -> None:
    data = LEVELS[level]({"datatable": TABLE, "other": np.ones((5, 4))})
    path = tmp_path / "a.mat"
    path.write_bytes(data)
    assert sniff(path) == "matlab"
    reading = one(data, columns="time,length,force", units={"time": "s", "length": "mm", "force": "kPa"})
    for name, values in (("time", TIME), ("length", LENGTH), ("force", FORCE)):
        np.testing.assert_array_equal(reading[name], values)
    assert dict(reading.units) == {"time": "s", "length": "mm", "force": "kPa"}
    assert reading.notes == ("left out: other (5 × 4)",)
    assert not reading.flags
    # A dash leaves a column out; without units there are none.
    reading = one(data, columns=["time", "-", "Force"])
    assert sorted(reading) == ["force", "time"]
    assert dict(reading.units) == {}


@pytest.mark.parametrize("level", LEVELS)
def test_vectors_are_known_by_their_own_names(level: str) -> None:
    fields = {"t": TIME, "Force": FORCE[:, None], "position": LENGTH, "EMG": FORCE * 0, "notes": np.ones(7), "L0": 2.5}
    reading = one(LEVELS[level](fields), units="time=ms,force=mN")
    np.testing.assert_array_equal(reading["time"], TIME)
    np.testing.assert_array_equal(reading["force"], FORCE)
    np.testing.assert_array_equal(reading["length"], LENGTH)
    np.testing.assert_array_equal(reading["emg"], FORCE * 0)
    assert float(reading["L0"]) == 2.5
    assert dict(reading.units) == {"time": "ms", "force": "mN"}
    assert "left out: notes" in " ".join(reading.notes)
    assert "variable 't' read as time" in reading.notes


@pytest.mark.parametrize("level", ["5", "5 compressed", "7.3"])
def test_the_fields_of_a_struct_and_words_beside_them(level: str) -> None:
    fields: dict[str, object] = {
        "trial": {"time": TIME, "force": FORCE, "setup": {"length": LENGTH}},
        "fibre": "F07",
        "user": "Ann Example",
        "remarks": "it rained",
    }
    reading = one(LEVELS[level](fields))
    np.testing.assert_array_equal(reading["force"], FORCE)
    np.testing.assert_array_equal(reading["length"], LENGTH)
    assert dict(reading.labels) == {"fibre": "F07"}
    assert "Ann" not in repr((reading.labels, reading.notes))
    reading = one(LEVELS[level](fields), columns={"time": "trial.time", "force": "trial.setup.length"})
    np.testing.assert_array_equal(reading["force"], LENGTH)


def test_variables_are_named_one_by_one() -> None:
    data = saved({"datatable": TABLE, "clock": TIME * 1000, "F1": FORCE, "F2": FORCE + 1})
    reading = one(data, columns={"time": "clock", "force": "F2", "length": "datatable:2"})
    np.testing.assert_array_equal(reading["force"], FORCE + 1)
    np.testing.assert_array_equal(reading["length"], LENGTH)
    assert reading.notes == ("left out: F1 (1 × 30)",)
    reading = one(data, columns={"time": "1", "force": "3"})
    np.testing.assert_array_equal(reading["force"], FORCE)


def test_a_matrix_that_lies_on_its_side_is_turned_and_noted() -> None:
    reading = one(saved({"m": TABLE.T}), columns="time,length,force")
    np.testing.assert_array_equal(reading["force"], FORCE)
    assert "the rows of 'm' are taken" in reading.notes[0]


def test_a_sampling_rate_stands_for_the_time() -> None:
    reading = one(saved({"force": FORCE}), sampling_rate="2000")
    np.testing.assert_allclose(reading["time"], np.arange(N) / 2000)
    assert reading.unit("time") == "s"
    reading = one(saved({"force": FORCE, "time": TIME}), sampling_rate=2000)
    assert [f.code for f in reading.flags] == ["setting-overrides-file"]
    np.testing.assert_array_equal(reading["time"], TIME)
    with pytest.raises(SettingsError):
        one(saved({"force": FORCE}), sampling_rate=0)


def test_points_of_a_curve_are_read_as_from_hdf5() -> None:
    pca, force = np.array([9, 6, 5, 9, 6, 5.0]), np.array([0, 3, 5, 0, 3, 5.0])
    reading = one(saved({"pCa": pca, "force": force}))
    assert reading["pCa"].tolist() == [9, 6, 5]
    assert [f.code for f in reading.flags] == ["duplicate-rows"]


@pytest.mark.parametrize(
    ("fields", "options", "code", "says"),
    [
        ({"datatable": TABLE}, {}, "no-known-column", "datatable (30 × 3)"),
        ({"datatable": TABLE}, {"array": "datatable"}, "no-known-column", "datatable"),
        ({"a": TABLE, "b": TABLE}, {"columns": "time,length,force"}, "ambiguous-column", "'a' and 'b'"),
        ({"a": TABLE}, {"columns": "time,force"}, "no-known-column", "a (30 × 3)"),
        ({"a": TABLE}, {"columns": "time,force", "array": "a"}, "wrong-shape", "30 × 3"),
        ({"a": np.zeros((3, 3, 3))}, {"columns": "time,x,force", "array": "a"}, "wrong-shape", "3 × 3 × 3"),
        ({"force": FORCE, "tension": FORCE}, {}, "ambiguous-column", "'force' and 'tension'"),
        ({"force": FORCE + 1j}, {}, "no-arrays", "complex numbers"),
        ({"force": FORCE + 1j, "x": FORCE}, {"columns": {"force": "force"}}, "object-type", "complex numbers"),
        ({"x": FORCE, "m": TABLE}, {"columns": {"force": "m"}}, "wrong-shape", "m (30 × 3)"),
        ({"a": "words", "b": np.ones(3)}, {"columns": {"force": "a"}}, "object-type", "text"),
        ({"a": "only words"}, {}, "no-arrays", "a (1 × 10, text)"),
        ({"force": FORCE, "x": FORCE}, {"columns": {"force": "f"}}, "unknown-column", "force (1 × 30)"),
        ({"a": TABLE}, {"columns": {"force": "a:9"}}, "unknown-column", "no column 9"),
        ({"force": FORCE}, {"array": "f", "columns": "a,b"}, "unknown-column", "force (1 × 30)"),
        ({"force": FORCE}, {"units": {"length": "mm"}}, "unknown-column", "length"),
        ({"force": FORCE}, {"units": {"force": "spoons"}}, "unknown-unit", "spoons"),
        ({"force": FORCE}, {"force": "force"}, "unknown-column", "LabChart"),
        ({"force": FORCE}, {"columns": ""}, "bad-setting", "columns"),
        ({"force": FORCE}, {"columns": "time,force,time"}, "bad-setting", "twice"),
        ({"force": FORCE}, {"columns": {}}, "bad-setting", "columns"),
    ],
)
def test_what_is_not_clear_is_refused_with_the_shapes(
    fields: dict[str, object], options: dict[str, object], code: str, says: str
) -> None:
    error = refusal(saved(fields), **options)
    assert error.code == code, str(error)
    assert says in error.message
    assert error.remedy


def test_what_is_no_plain_array_is_named_and_left_alone() -> None:
    from scipy.sparse import csc_matrix

    cell = np.empty((1, 2), dtype=object)
    cell[0, 0], cell[0, 1] = FORCE, "text"
    many = np.zeros((2, 1), dtype=[("x", object)])
    data = saved({"force": FORCE, "cell": cell, "sparse": csc_matrix(np.eye(3)), "many": many, "flag": FORCE > 3})
    reading = one(data)
    np.testing.assert_array_equal(reading["flag"], FORCE > 3)
    [note] = [n for n in reading.notes if "no plain arrays" in n]
    for words in ("cell (cell array)", "sparse (sparse matrix)", "many (struct array)"):
        assert words in note
    for name in ("cell", "sparse", "many"):
        assert refusal(data, columns={"force": name}).code == "object-type"


@pytest.mark.parametrize("kind", ["u1", "i2", "u4", "i8", "f4", "f8"])
@pytest.mark.parametrize("compressed", [False, True])
def test_every_kind_of_number(kind: str, compressed: bool) -> None:
    values = np.arange(N).astype(kind)
    reading = one(saved({"force": values, "time": TIME}, compressed=compressed))
    assert reading["force"].dtype == np.float64
    np.testing.assert_array_equal(reading["force"], values)


def test_a_file_from_a_machine_of_the_other_byte_order() -> None:
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI"
    parts = struct.pack(">IIII", 6, 8, 6, 0) + struct.pack(">IIii", 5, 8, 1, 2)
    parts += struct.pack(">II", 1, 5) + b"force\0\0\0" + struct.pack(">II", 9, 16) + struct.pack(">dd", 1.5, 2.5)
    assert one(head + struct.pack(">II", 14, len(parts)) + parts)["force"].tolist() == [1.5, 2.5]


def _claiming(rows: int, columns: int, held: bytes = b"\0" * 16, kind: int = 6) -> bytes:
    """Return a file whose variable ``force`` claims a shape."""
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    parts = struct.pack("<IIII", 6, 8, kind, 0) + struct.pack("<IIii", 5, 8, rows, columns)
    parts += struct.pack("<II", 1, 5) + b"force\0\0\0" + struct.pack("<II", 9, len(held)) + held
    return head + struct.pack("<II", 14, len(parts)) + parts


def test_claims_are_checked_before_anything_is_decoded() -> None:
    for rows, columns in ((2**31 - 1, 2**31 - 1), (2**30, 1), (3, 60_000_000)):
        error = refusal(_claiming(rows, columns), columns={"force": "force:1"})
        assert isinstance(error, LimitError), str(error)
        assert error.code == "too-large"
        assert "max_elements" in error.remedy
    assert refusal(_claiming(1000, 1)).code == "corrupt-mat"
    assert refusal(_claiming(-4, 1)).code == "corrupt-mat"
    data = saved({"force": FORCE, "length": LENGTH})
    assert refusal(data, max_elements=N + 1).code == "too-large"
    assert len(one(data, max_elements=2 * N)["force"]) == N


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused_unread() -> None:
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    body = struct.pack("<IIII", 6, 8, 6, 0) + struct.pack("<IIii", 5, 8, 2, 1)
    body += struct.pack("<II", 1, 5) + b"force\0\0\0"
    packed = zlib.compress(struct.pack("<II", 14, 2**31) + body + bytes(2**26), 9)
    start = time.process_time()
    error = refusal(head + struct.pack("<II", 15, len(packed)) + packed)
    assert error.code == "corrupt-mat"
    assert time.process_time() - start < 2


def test_structs_within_structs_have_an_end() -> None:
    fields: dict[str, object] = {"force": FORCE}
    for _ in range(12):
        fields = {"s": fields}
    error = refusal(saved(fields))
    assert error.code == "no-arrays"
    assert "struct array" in error.message


@pytest.mark.parametrize("level", LEVELS)
def test_a_file_cut_anywhere_is_refused(level: str) -> None:
    data = LEVELS[level]({"time": TIME, "force": FORCE})
    for end in range(1, len(data) - 8, max(1, len(data) // 60)):
        with contextlib.suppress(ReadError):
            reading = one(data[:end])
            # Cut between two variables: the first alone, or both.
            assert {len(reading[n]) for n in reading} == {N}


@pytest.mark.parametrize("level", ["4", "5", "5 compressed"])
def test_damaged_files_never_leave_the_error_tree(
    level: str, mutations: Callable[[bytes, int], Iterator[bytes]]
) -> None:
    more: dict[str, object] = {} if level == "4" else {"s": {"a": 1.0}, "w": "word"}
    data = LEVELS[level]({"time": TIME, "force": FORCE, **more})
    outcomes = set()
    for bent in mutations(data, 400):
        with contextlib.suppress(MuscleMetricsError):
            one(bent)
            outcomes.add("read")
            continue
        outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_level_73_reads_nothing_outside_the_file() -> None:
    import h5py

    def external(file: object) -> None:
        file["away"] = h5py.ExternalLink("/etc/passwd", "/")  # type: ignore[index]

    def soft(file: object) -> None:
        file["again"] = h5py.SoftLink("/force")  # type: ignore[index]

    for change in (external, soft):
        assert refusal(saved73({"force": FORCE}, change)).code == "external-link"

    def virtual(file: object) -> None:
        layout = h5py.VirtualLayout(shape=(N,), dtype="f8")
        layout[:] = h5py.VirtualSource("/etc/other.h5", "x", shape=(N,))
        file.create_virtual_dataset("v", layout)  # type: ignore[attr-defined]

    assert refusal(saved73({"force": FORCE}, virtual)).code == "virtual-dataset"

    def huge(file: object) -> None:
        item = file.create_dataset("length", shape=(1, 2**40), dtype="f8", chunks=(1, 1024))  # type: ignore[attr-defined]
        item.attrs["MATLAB_class"] = np.bytes_("double")

    assert refusal(saved73({"force": FORCE}, huge)).code == "too-large"

    def strange(file: object) -> None:
        item = file.create_dataset("cell", data=np.array([file["force"].ref], dtype=h5py.ref_dtype))  # type: ignore[attr-defined,index]
        item.attrs["MATLAB_class"] = np.bytes_("cell")
        pair = np.zeros(3, dtype=[("real", "f8"), ("imag", "f8")])
        file.create_dataset("z", data=pair).attrs["MATLAB_class"] = np.bytes_("double")  # type: ignore[attr-defined]

    reading = one(saved73({"force": FORCE}, strange))
    assert "cell (cell array), z (complex numbers)" in " ".join(reading.notes)


def test_the_command_line_names_columns_and_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from musclemetrics.cli import main

    path = tmp_path / "a.mat"
    path.write_bytes(saved({"datatable": TABLE, "v": np.ones((4, 4))}))
    main(["check", str(path), "-r", "columns=time,length,force", "-r", "units.time=s", "-r", "units.force=kPa"])
    said = capsys.readouterr().out
    for words in ("reader matlab: 1 recording", "time (s): 30 values", "force (kPa)", "length (no unit)", "v (4 × 4)"):
        assert words in said
    main(["check", str(path)])
    assert "datatable (30 × 3)" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["bakers_slack8mM_all", "bakers_ktr_8", "bakers_rampup8", "isovelocity"])
def test_real_files_are_what_another_program_reads(recordings: Path, name: str) -> None:
    from scipy.io import loadmat

    path = recordings / f"fibre/slack_ktr_isovelocity/{name}.mat"
    assert sniff(path) == "matlab"
    expected = loadmat(path)["datatable"]
    start = time.process_time()
    [reading] = read(path, array="datatable", columns="time,length,force", units="time=s")
    assert time.process_time() - start < 1  # about 10 ms on an ordinary machine
    for i, column in enumerate(("time", "length", "force")):
        np.testing.assert_array_equal(reading[column], expected[:, i])
    with pytest.raises(ReadError, match="datatable") as caught:
        list(read(path))
    assert caught.value.code == "no-known-column"
    assert "columns=time,length,force" in caught.value.remedy
