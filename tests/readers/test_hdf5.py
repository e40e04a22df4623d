"""HDF5: arrays, units, groups; what lies outside the file or cannot be trusted is refused before it is decoded."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from musclemetrics.errors import LimitError, MuscleMetricsError, ReadError, SettingsError
from musclemetrics.readers import read, sniff

CODES = {
    "external link": "external-link",
    "external storage": "external-storage",
    "virtual": "virtual-dataset",
    "object": "object-type",
    "compound": "object-type",
    "vlen": "object-type",
    "reference": "object-type",
    "complex": "object-type",
    "loop": "link-loop",
    "self loop": "link-loop",
    "cycle": "link-loop",
    "8 TiB": "too-large",
    "chunk": "too-large",
    "deep": "too-deep",
    "empty": "no-arrays",
}


def write(path: Path) -> Path:
    with h5py.File(path, "w") as f:
        f.attrs["species"] = "mouse"
        f.attrs["Operator"] = "Ann Example"
        f["pCa"] = [9.0, 6.0, 4.5]
        f["Force"] = np.array([1, 5, 9], dtype=np.int16)
        f["Force"].attrs["units"] = "mN"
        f["area"] = 0.004
        f["area"].attrs["unit"] = "mm²"
        f["solution"] = "relaxing"
        f["image"] = np.zeros((3, 3))
        f["alias"] = h5py.SoftLink("/pCa")
        for name in ("007", "008"):
            group = f.create_group(name)
            group.attrs["genotype"] = np.bytes_(b"ko")
            group.attrs["Sampling"] = 1000
            group.attrs["shape"] = [1, 2]
            group.create_dataset("t", data=np.arange(4) / 10, compression="gzip").attrs["units"] = "ms"
            group.create_dataset("v", data=np.arange(4.0)).attrs["units"] = "furlong"
    return path


def bad(path: Path, kind: str) -> Path:
    with h5py.File(path, "w") as f:
        if kind != "empty":
            f["pCa"] = [9.0, 6.0]
        if kind == "external link":
            f["force"] = h5py.ExternalLink("other.h5", "/force")
        elif kind == "external storage":
            other = path.with_suffix(".raw")
            other.write_bytes(bytes(64))
            f.create_dataset("force", (4,), "f8", external=[(str(other), 0, 32)])
        elif kind == "virtual":
            layout = h5py.VirtualLayout(shape=(4,), dtype="f8")
            layout[:] = h5py.VirtualSource("other.h5", "force", shape=(4,))
            f.create_virtual_dataset("force", layout)
        elif kind == "object":
            f.create_dataset("force", (2,), h5py.vlen_dtype(np.dtype("f8")))
        elif kind == "vlen":
            f.create_dataset("force", (), h5py.vlen_dtype(np.dtype("i4")))
        elif kind == "reference":
            f.create_dataset("force", (1,), h5py.ref_dtype)
        elif kind == "compound":
            f["force"] = np.zeros(3, dtype=[("a", "f8"), ("b", "i4")])
        elif kind == "complex":
            f["force"] = np.zeros(3, dtype=complex)
        elif kind == "loop":
            f["a"] = h5py.SoftLink("/b")
            f["b"] = h5py.SoftLink("/a")
        elif kind == "self loop":
            f.create_group("g")["x"] = h5py.SoftLink("x")
        elif kind == "cycle":
            group = f.create_group("g/h")
            group["up"] = f["g"]
        elif kind == "8 TiB":
            f.create_dataset("force", (2**40,), "f8", chunks=(1000,))
        elif kind == "chunk":
            f.create_dataset("force", (10,), "f8", chunks=(2**28,), maxshape=(None,))
        elif kind == "deep":
            f.create_group("/".join("g" * 60))["force"] = [1.0]
    return path


def test_arrays_units_and_groups(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5")
    assert sniff(path) == "hdf5"
    root, one, two = read(path)
    assert root["force"].tolist() == [1, 5, 9]
    assert root["force"].dtype == np.float64
    assert dict(root.units) == {"force": "mN", "area": "mm2"}
    assert root["area"].shape == ()
    assert dict(root.labels) == {"species": "mouse", "solution": "relaxing"}
    assert not any("Ann" in str(part) for part in (root.notes, one.labels))
    assert any("'alias' not followed" in n for n in root.notes)
    assert any("'image' has 2 dimensions" in n for n in root.notes)
    assert any("'Force' read as force" in n for n in root.notes)
    assert dict(one.labels) == {"species": "mouse", "fibre": "007", "group": "ko"}
    assert two.labels["fibre"] == "008"
    assert one["time"].tolist() == [0, 0.1, 0.2, 0.3]
    assert one.unit("time") == "ms"
    assert one.unit("v") is None
    assert [f.code for f in one.flags] == ["unknown-unit"]
    assert float(one["Sampling"]) == 1000
    assert any("'shape'" in n for n in one.notes)


def test_paths_and_streams_read_alike_and_one_group_may_be_chosen(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5")
    assert len(list(read(io.BytesIO(path.read_bytes())))) == 3
    [reading] = read(path, path="/008")
    assert reading.labels["fibre"] == "008"
    assert reading["time"].shape == (4,)
    with pytest.raises(SettingsError) as caught:
        list(read(path, path="/009"))
    assert caught.value.code == "unknown-group"


def test_datasets_of_any_name_may_be_chosen(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["solution_number"], f["plateau"], f["dose"] = [9.0, 6.0], [1.0, 2.0], [1.0, 2.0]
        f["dose"].attrs["units"] = "µM"
    [reading] = read(tmp_path / "a.h5", x="solution_number", y="plateau")
    assert {"pCa", "force"} < set(reading)
    [reading] = read(tmp_path / "a.h5", x="dose", y="plateau")
    assert reading.unit("calcium") == "umol/L"
    with pytest.raises(SettingsError, match="plateau") as caught:
        list(read(tmp_path / "a.h5", y="force"))
    assert caught.value.code == "unknown-column"


def test_two_datasets_of_one_meaning(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["force"], f["Tension"] = [1.0, 2.0], [3.0, 4.0]
    with pytest.raises(ReadError) as caught:
        list(read(tmp_path / "a.h5"))
    assert caught.value.code == "ambiguous-column"


@pytest.mark.parametrize("kind", CODES)
def test_what_is_refused(tmp_path: Path, kind: str) -> None:
    path = bad(tmp_path / "bad.h5", kind)
    for source in (path, io.BytesIO(path.read_bytes())):
        with pytest.raises(ReadError) as caught:
            list(read(source))
        assert caught.value.code == CODES[kind], str(caught.value)


def test_the_limit_is_an_option_and_counts_all_arrays(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5")
    with pytest.raises(LimitError) as caught:
        list(read(path, max_elements=12))
    assert caught.value.code == "too-large"
    assert len(list(read(path, max_elements="100"))) == 3
    with pytest.raises(SettingsError):
        list(read(path, max_elements=0))


def test_a_file_is_closed_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5")
    list(read(path))
    path.unlink()
    assert not path.exists()


def test_cut_files(tmp_path: Path) -> None:
    data = write(tmp_path / "a.h5").read_bytes()
    for end in range(0, len(data), len(data) // 20):
        with pytest.raises(ReadError) as caught:
            list(read(io.BytesIO(data[:end]), reader="hdf5"))
        assert caught.value.code in ("empty-file", "corrupt-hdf5")


_WORKER = """
import io, pathlib, sys
from musclemetrics.errors import MuscleMetricsError
from musclemetrics.readers import read
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.h5")):
    if path.name <= sys.argv[2]:
        continue
    print("begin", path.name, flush=True)
    try:
        list(read(io.BytesIO(path.read_bytes()), reader="hdf5", max_elements=10**6))
        print("read", flush=True)
    except MuscleMetricsError as error:
        print("refused", error.code, flush=True)
    except BaseException as error:
        print("escaped", type(error).__name__, error, flush=True)
"""


def test_damaged_files_never_leave_the_error_tree(
    tmp_path: Path, mutations: Callable[[bytes, int], Iterator[bytes]]
) -> None:
    # The HDF5 library itself may hang or crash on damage; that costs the child process, and only that file.
    sound = write(tmp_path / "sound").read_bytes()
    for i, data in enumerate(mutations(sound, 200)):
        (tmp_path / f"{i:03}.h5").write_bytes(data)
    lines: list[str] = []
    last = ""
    lost = 0
    while lost < 5:
        command = [sys.executable, "-c", _WORKER, str(tmp_path), last]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
            output, finished = done.stdout, done.returncode == 0
        except subprocess.TimeoutExpired as hang:
            output = hang.stdout.decode() if isinstance(hang.stdout, bytes) else hang.stdout or ""
            finished = False
        lines += output.splitlines()
        if finished:
            break
        lost += 1
        last = next(line.split()[1] for line in reversed(lines) if line.startswith("begin"))
    assert not [line for line in lines if line.startswith("escaped")]
    assert sum(line.startswith("begin") for line in lines) >= 200 - lost
    assert sum(line.startswith("refused") for line in lines) > 50
    assert any(line == "read" for line in lines)
    assert lost < 5


def test_errors_have_a_code_and_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(MuscleMetricsError) as caught:
        list(read(bad(tmp_path / "bad.h5", "external link")))
    assert caught.value.remedy


def test_one_bad_group_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "fibres.h5"
    with h5py.File(path, "w") as f:
        for name in ("good", "text", "linked", "object", "last"):
            group = f.create_group(name)
            group.attrs["genotype"] = "ko"
            group["pCa"] = [9.0, 6.0, 4.5] if name != "text" else ["9.0", "6.0", "4.5"]
            if name == "linked":
                group["force"] = h5py.ExternalLink("other.h5", "/force")
            elif name == "object":
                group["force"] = np.zeros(3, dtype=complex)
            else:
                group["force"] = [1.0, 5.0, 9.0]
        f["elsewhere"] = h5py.ExternalLink("other.h5", "/fibre")
    with pytest.raises(ReadError):
        list(read(path))
    readings = {r.labels["fibre"]: r for r in read(path, errors="flag")}
    found = {name: r.flags[0].code if r.flags else "" for name, r in readings.items()}
    assert found == {
        "good": "",
        "last": "",
        "text": "not-a-number",
        "linked": "external-link",
        "object": "object-type",
        "elsewhere": "external-link",
    }
    for name, code in found.items():
        assert bool(readings[name].arrays) == (not code)
        assert [f.level for f in readings[name].flags] == ["failed"] * bool(code)
        assert readings[name].labels.get("group") == ("ko" if name != "elsewhere" else None)
    with pytest.raises(SettingsError):
        list(read(path, errors="no"))
