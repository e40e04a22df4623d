"""Axon Binary Files: sweeps as readings, and headers that promise what is not there."""

from __future__ import annotations

import builtins
import contextlib
import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from musclemetrics.errors import LimitError, MissingDependencyError, MuscleMetricsError, ReadError, SettingsError
from musclemetrics.readers import read, sniff

pyabf = pytest.importorskip("pyabf", reason="the extra abf is not installed")

RATE, N = 2000, 3000
SWEEPS = np.array([np.linspace(0, 40, N), np.linspace(5, 45, N)])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sweeps of one channel, as the package's own writer keeps them: integers of 16 bits."""
    from pyabf.abfWriter import writeABF1

    target = tmp_path_factory.mktemp("abf") / "fibre.abf"
    writeABF1(SWEEPS, str(target), RATE, units="mN")
    return target


def two_channels(path: Path, first: str = "mN", second: str = "mm") -> bytes:
    """Return the file with its samples shared out to two channels by its header."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<h", data, 120, 2)  # nADCNumChannels
    for i, unit in enumerate((first, second)):
        struct.pack_into("8s", data, 602 + 8 * i, unit.encode().ljust(8))
        struct.pack_into("10s", data, 442 + 10 * i, (b"Force", b"Motor")[i].ljust(10))
        struct.pack_into("<h", data, 410 + 2 * i, i)  # nADCSamplingSeq
    return bytes(data)


def test_every_sweep_is_a_reading(path: Path) -> None:
    assert sniff(path) == "abf"
    found = list(read(path))
    assert [r.labels["sweep"] for r in found] == ["1", "2"]
    for reading, sweep in zip(found, SWEEPS, strict=True):
        np.testing.assert_allclose(reading["time"], np.arange(N) / RATE)
        # The writer cuts to whole steps of its range of 100 over 2**15.
        np.testing.assert_allclose(reading["force"], sweep, atol=100 / 2**15)
        assert (reading.unit("time"), reading.unit("force")) == ("s", "mN")
        assert float(reading["sampling_rate"]) == RATE
        assert [(f.code, f.level) for f in reading.flags] == [("format-unverified", "note")]
        assert "read as force, as its unit mN says" in " ".join(reading.notes)


def test_a_stream_gives_the_same(path: Path) -> None:
    for one, other in zip(read(path), read(io.BytesIO(path.read_bytes())), strict=True):
        np.testing.assert_array_equal(one["force"], other["force"])


def test_channels_are_parted_and_may_be_named(path: Path) -> None:
    data = two_channels(path)
    first, *_ = read(io.BytesIO(data))
    raw = np.concatenate(SWEEPS)
    np.testing.assert_allclose(first["force"], raw[:N:2], atol=100 / 2**15)
    np.testing.assert_allclose(first["length"], raw[1:N:2], atol=100 / 2**15)
    assert first.unit("length") == "mm"
    first, *_ = read(io.BytesIO(data), force="Motor", length="Force")
    np.testing.assert_allclose(first["length"], raw[:N:2], atol=100 / 2**15)
    with pytest.raises(SettingsError) as caught:
        list(read(io.BytesIO(data), force="IN 9"))
    assert caught.value.code == "unknown-column"


def test_files_that_promise_too_much_are_refused(path: Path) -> None:
    data = path.read_bytes()
    for bent, code in (
        (data[:1000], "corrupt-abf"),
        (data[: len(data) - 700], "truncated"),
        (b"ABF " + bytes(2100), "corrupt-abf"),
        (b"ABF2" + bytes(8000), "corrupt-abf"),
        (b"ABF2" + bytes(range(256)) * 20, "truncated"),
        (data[:48] + struct.pack("<i", 2**31 - 1) + data[52:], "truncated"),
        (data[:10] + struct.pack("<i", 2**31 - 1) + data[14:], "too-large"),
        (data[:10] + struct.pack("<i", 2**20) + data[14:], "truncated"),
        (data[:16] + struct.pack("<i", 2**30) + data[20:], "truncated"),
    ):
        with pytest.raises(ReadError) as caught:
            list(read(io.BytesIO(bent), reader="abf"))
        assert caught.value.code == code, str(caught.value)
        assert caught.value.remedy
    with pytest.raises(LimitError):
        list(read(path, max_elements=100))
    with pytest.raises(ReadError) as caught:
        list(read(io.BytesIO(b"garbage" * 1000), reader="abf"))
    assert caught.value.code == "corrupt-abf"


def test_damaged_files_never_leave_the_error_tree(
    path: Path, mutations: Callable[[bytes, int], Iterator[bytes]]
) -> None:
    data = path.read_bytes()
    outcomes = set()
    for bent in mutations(data[:2048], 150):  # the header; damaged samples are samples
        with contextlib.suppress(MuscleMetricsError):
            list(read(io.BytesIO(bent + data[2048:]), reader="abf"))
            outcomes.add("read")
            continue
        outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_without_the_package_the_extra_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: object, **kwargs: object) -> object:
        if name.split(".")[0] == "pyabf":
            raise ImportError(name)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingDependencyError) as caught:
        list(read(path))
    assert caught.value.code == "missing-dependency"
    assert "pip --python .venv/bin/python install pyabf" in caught.value.remedy


def test_check_shows_the_sweeps(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from musclemetrics.cli import main

    main(["check", str(path)])
    said = capsys.readouterr().out
    for words in ("reader abf: 2 recordings", "force (mN): 3000 values", "sweep 2", "[format-unverified]"):
        assert words in said
