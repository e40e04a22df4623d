"""A reader is chosen by bytes, then by name; what no reader knows is refused before a parser is imported."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from musclemetrics import readers
from musclemetrics.errors import LimitError, ReadError, SettingsError, UnknownFormatError
from musclemetrics.readers.source import contents

CSV = b"pCa,force (mN)\n9.0,0.01\n6.0,0.31\n4.5,0.52\n"
GIF = b"GIF89a" + bytes(64)


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.dat", "noname", "a.png", "a.slc", "a.h5"])
def test_a_table_is_a_table_whatever_its_name(tmp_path: Path, name: str) -> None:
    assert readers.sniff(write(tmp_path, name, CSV)) == "table"


def test_other_formats_are_known_by_their_bytes(tmp_path: Path) -> None:
    assert readers.sniff(write(tmp_path, "a.csv", b"\x89HDF\r\n\x1a\n" + bytes(100))) == "hdf5"
    assert readers.sniff(write(tmp_path, "b", bytes(512) + b"\x89HDF\r\n\x1a\n")) == "hdf5"
    assert readers.sniff(write(tmp_path, "c.txt", b"SLCONTROL_DATA_FILE\r\n\r\n_VERSION_")) == "slcontrol"
    assert readers.sniff(io.BytesIO(CSV)) == "table"
    assert readers.sniff(write(tmp_path, "d.csv", b"\x89PNG\r\n\x1a\n" + bytes(64))) == "image"
    assert readers.sniff(write(tmp_path, "e.png", bytes(128) + b"DICM")) == "dicom"
    # What stands before the header of a DICOM file may be a whole program's or picture's beginning.
    assert readers.sniff(write(tmp_path, "f", b"II*\x00" + bytes(124) + b"DICM")) == "dicom"
    assert readers.sniff(write(tmp_path, "g", b"BM;force\n9;0.1\n6;0.2\n4;0.3\n")) == "table"


@pytest.mark.parametrize(
    ("name", "data", "looks"),
    [
        ("a.csv", GIF, "a GIF image"),
        ("a.xlsx", b"%PDF-1.7\n", "a PDF document"),
        ("readme.txt", b"Fibres were dissected\non a cold Monday, by hand.\n", "text without"),
        ("Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "Thumbs.db"),
        (".DS_Store", b"\x00\x00\x00\x01Bud1" + bytes(100), ".DS_Store"),
        ("a.h5", b"MZ\x90\x00" + bytes(100), "a Windows program"),
        ("page.csv", b"<!DOCTYPE html><html><td>1,2</td></html>", "an XML or HTML page"),
        ("a.csv", b'{"pCa": [9, 6]}', "JSON text"),
        ("a.csv", bytes(range(256)), "binary data"),
    ],
)
def test_what_is_no_data_is_refused_by_what_it_looks_like(tmp_path: Path, name: str, data: bytes, looks: str) -> None:
    with pytest.raises(UnknownFormatError, match=looks) as caught:
        readers.sniff(write(tmp_path, name, data))
    assert caught.value.code == "unknown-format"
    assert "table" in caught.value.remedy


def test_files_that_may_run_code_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", x=np.arange(3))
    for protocol in (2, 3, 4, 5):
        write(tmp_path, f"p{protocol}.csv", pickle.dumps({"pCa": [9]}, protocol=protocol))
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(UnknownFormatError, match=r"runs? code"):
            readers.sniff(path)
    # Named as a workbook the zip archive goes to the table reader, which looks inside and refuses as well.
    (tmp_path / "a.npz").rename(tmp_path / "b.xlsx")
    with pytest.raises(UnknownFormatError):
        list(readers.read(tmp_path / "b.xlsx"))
    with pytest.raises(UnknownFormatError):
        list(readers.read(tmp_path / "b.xlsx", reader="table"))


def test_old_text_pickles_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError):
        readers.sniff(write(tmp_path, "a.pkl", pickle.dumps({"pCa": [9.0, 6.0]}, protocol=0)))


def test_an_empty_file(tmp_path: Path) -> None:
    for name in ("a.csv", "a.slc", "a.h5"):
        path = write(tmp_path, name, b"")
        with pytest.raises(ReadError) as caught:
            readers.read(path)
        assert caught.value.code == "empty-file"
        assert not isinstance(caught.value, UnknownFormatError)
    with pytest.raises(UnknownFormatError):
        readers.sniff(write(tmp_path, ".access^", b""))
    with pytest.raises(ReadError, match="empty"):
        readers.sniff(io.BytesIO())
    for reader in readers.FORMATS:
        with pytest.raises(ReadError) as caught:
            list(readers.read(io.BytesIO(), reader=reader))
        assert caught.value.code == "empty-file"
    with pytest.raises(ReadError) as caught:
        readers.sniff(write(tmp_path, "b.csv", b" \n\n"))
    assert caught.value.code == "empty-file"


def test_what_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReadError) as caught:
        readers.sniff(tmp_path / "gone.csv")
    assert caught.value.code == "missing-file"
    with pytest.raises(ReadError) as caught:
        readers.sniff(tmp_path)
    assert caught.value.code == "not-a-file"
    with pytest.raises(ReadError) as caught:
        readers.sniff("a\x00b.csv")
    assert caught.value.code in ("unreadable", "missing-file")

    path = write(tmp_path, "a.csv", CSV)

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ReadError, match="Permission denied") as caught:
        readers.sniff(path)
    assert caught.value.code == "unreadable"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_no_permission(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", CSV)
    path.chmod(0)
    with pytest.raises(ReadError) as caught:
        readers.sniff(path)
    assert caught.value.code == "unreadable"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(ReadError) as caught:
        readers.sniff(tmp_path / "a.csv")
    assert caught.value.code == "not-a-file"


def test_streams_are_rewound_and_text_streams_refused(tmp_path: Path) -> None:
    stream = io.BytesIO(b"junk" + CSV)
    stream.seek(4)
    [reading] = readers.read(stream)
    assert reading["force"].tolist() == [0.01, 0.31, 0.52]
    assert stream.tell() == 4
    with pytest.raises(ReadError) as caught:
        readers.sniff(io.StringIO("pCa,force"))  # type: ignore[arg-type]
    assert caught.value.code == "not-binary"
    with write(tmp_path, "a.csv", CSV).open("rb") as file:
        assert readers.sniff(file) == "table"


def test_sniffing_reads_four_kilobytes() -> None:
    class Counting(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert size >= 0
            Counting.most = max(Counting.most, size)
            return super().read(size)

    readers.sniff(Counting(CSV * 10_000))
    assert Counting.most <= 4096


def test_sniffing_imports_no_parser() -> None:
    code = (
        "import io, sys; from musclemetrics import readers;"
        f"readers.sniff(io.BytesIO({CSV!r}));"
        "print([m for m in ('numpy', 'h5py', 'openpyxl', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_options_are_checked_against_the_reader() -> None:
    assert readers.options_of("table")["comment"] == "#"
    assert set(readers.options_of("slcontrol")) == {"pca", "truncated"}
    with pytest.raises(SettingsError, match=r"did you mean decimal\?") as caught:
        readers.read(io.BytesIO(CSV), decimals=",")
    assert caught.value.code == "unknown-option"
    assert "thousands" in str(caught.value)
    with pytest.raises(SettingsError) as caught:
        readers.read(io.BytesIO(CSV), reader="excel")
    assert caught.value.code == "unknown-reader"


def test_every_format_has_a_reader() -> None:
    for name, form in readers.FORMATS.items():
        assert readers.options_of(name), name
        assert all(s.startswith(".") and s == s.lower() for s in form.suffixes)
        assert form.about


def test_a_file_beyond_the_limit_is_not_decoded() -> None:
    with pytest.raises(LimitError) as caught:
        contents(io.BytesIO(bytes(100)), limit=99)
    assert caught.value.code == "too-large"
    assert contents(io.BytesIO(bytes(100)), limit=100) == bytes(100)


def test_documents_in_zip_archives_are_no_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(UnknownFormatError, match="Word"):
        readers.sniff(path)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../evil.csv", "a,b")
    with pytest.raises(UnknownFormatError, match="zip"):
        readers.sniff(tmp_path / "a.zip")


def test_pictures_are_known_by_their_bytes(recordings: Path, tmp_path: Path) -> None:
    for name, reader in (
        ("dicom_us/US1_J2KI.dcm", "dicom"),
        ("original_tif/img_00001.tif", "image"),
        ("clips/p6_isokinetic500_01_push_01.mp4", "video"),
        ("timtrack/dataset_2/jumping", "image"),
    ):
        path = recordings / "ultrasound" / name
        path = min(path.iterdir()) if path.is_dir() else path
        copy = tmp_path / "noname"
        copy.write_bytes(path.read_bytes())
        assert readers.sniff(path) == readers.sniff(copy) == reader


def test_recordings_of_the_bench_are_known_by_their_bytes(recordings: Path, tmp_path: Path) -> None:
    for name, reader in (
        ("aurora_ddf/twitch.ddf", "aurora"),
        ("slack_ktr_isovelocity/isovelocity.mat", "matlab"),
        ("slc/ACB11/54pCa1.slc", "slcontrol"),
    ):
        data = (recordings / "fibre" / name).read_bytes()
        assert readers.sniff(write(tmp_path, "renamed.csv", data)) == reader
    for data, reader in (
        (b"ASI 600A Data File\nCreated: today\n", "aurora"),
        (b"Interval=\t0.001 s\nChannelTitle=\tForce\n0\t1\n", "labchart"),
        ("Interval=\t0,001 s\nChannelTitle=\tForce\n0\t1\n".encode("utf-16"), "labchart"),
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF\r\n\x1a\n", "matlab"),
        (b"ABF2" + bytes(100), "abf"),
    ):
        assert readers.sniff(write(tmp_path, "renamed.txt", data)) == reader
    # A table with such a word in its header stays one.
    assert readers.sniff(write(tmp_path, "a.csv", b"Interval,force (mN)\n1,2\n2,3\n")) == "table"


def test_an_option_of_text_may_begin_with_a_bracket() -> None:
    from musclemetrics.cli.settings import options_converted

    assert options_converted({"x": "[Ca2+] (µM)", "y": "[1]"}) == {"x": "[Ca2+] (µM)", "y": "[1]"}
    assert options_converted({"unit": "{L0}"}) == {"unit": "{L0}"}
    assert options_converted({"units": '{"force": "mN"}'}) == {"units": {"force": "mN"}}
    with pytest.raises(SettingsError):
        options_converted({"units": "{force: mN"})


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_its_mark_names_the_option_that_reads_it(tmp_path: Path, encoding: str) -> None:
    import musclemetrics as mm

    path = write(tmp_path, "a.csv", "fibre;[Ca2+] (µM);force (mN)\r\n007;0,1;1\r\n007;1;5\r\n".encode(encoding))
    with pytest.raises(UnknownFormatError) as caught:
        readers.sniff(path)
    assert "UTF-16" in caught.value.message
    assert f"-r encoding={encoding}" in caught.value.remedy
    [reading] = readers.read(path, encoding=encoding)
    assert reading["force"].tolist() == [1, 5]
    assert reading.unit("calcium") == "umol/L"
    # Another file of the folder is not made a table by what was said of this one.
    write(tmp_path, "b.png", b"\x89PNG\r\n\x1a\n" + bytes(99))
    write(tmp_path, "c.txt", b"We measured on Monday.\nIt rained.\n")
    codes = {
        r.provenance.sources[0][0]: r.status
        for r in mm.measure_files(tmp_path, "force_pca", reading={"encoding": encoding})
    }
    assert codes == {"a.csv": "failed", "b.png": "skipped", "c.txt": "skipped"}


def test_a_separator_that_was_said_makes_a_table(tmp_path: Path) -> None:
    path = write(tmp_path, "a.dat", b"pCa!force\n9!1\n6!5\n")
    with pytest.raises(UnknownFormatError):
        readers.sniff(path)
    [reading] = readers.read(path, separator="!")
    assert reading["force"].tolist() == [1, 5]
    with pytest.raises(UnknownFormatError):
        readers.sniff(path, {"separator": ";"})
