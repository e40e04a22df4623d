"""A scan finds what was planted, in whatever form, and tells where without telling what."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest

from musclemetrics.errors import SettingsError
from musclemetrics.study.identifiers import Identifiers, collected
from musclemetrics.study.scan import Needles, scan

from . import dicom_files

WORD = "Zëbediah Quux"


def _identifiers(*words: str) -> Identifiers:
    found = Identifiers()
    for word in words:
        found.add(word, "test")
    return found


def _workbook(text: str) -> bytes:
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    book.active["B7"] = text
    book.save(out)
    return out.getvalue()


def _png(text: str) -> bytes:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info, out = PngInfo(), io.BytesIO()
    info.add_itxt("Comment", text, zip=True)
    Image.new("L", (8, 8)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def _jpeg(text: str) -> bytes:
    from PIL import Image

    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010E] = text
    Image.new("L", (8, 8)).save(out, "JPEG", exif=exif, comment=text.encode())
    return out.getvalue()


def _zip(inner: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.bin", inner)
    return out.getvalue()


def _shifted(text: str, before: int) -> bytes:
    return base64.b64encode(b"x" * before + text.encode() + b"yz")


WAYS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda w: f"a {w}.".encode(),
    "upper case": lambda w: w.upper().encode(),
    "without accents": lambda w: w.replace("ë", "e").encode(),
    "decomposed": lambda w: w.replace("ë", "e\u0308").encode(),
    "UTF-16 LE": lambda w: f"a {w}.".encode("utf-16-le"),
    "UTF-16 BE": lambda w: f"a {w}.".encode("utf-16-be"),
    "Latin-1": lambda w: f"a {w}.".encode("latin-1"),
    "underscores": lambda w: w.replace(" ", "_").encode(),
    "hexadecimal": lambda w: w.encode().hex().upper().encode(),
    "base64": lambda w: _shifted(w, 0),
    "base64, one on": lambda w: _shifted(w, 1),
    "base64, two on": lambda w: _shifted(w, 2),
    "base64 of UTF-16": lambda w: base64.b64encode(w.encode("utf-16-le")),
    "URL": lambda w: quote(w).encode(),
    "URL with plus": lambda w: quote(w).replace("%20", "+").encode(),
    "every byte percent": lambda w: "".join(f"%{b:02X}" for b in w.encode()).encode(),
    "entities": lambda w: w.replace("ë", "&euml;").encode(),
    "decimal entities": lambda w: w.encode("ascii", "xmlcharrefreplace"),
    "all entities": lambda w: "".join(f"&#{ord(c)};" for c in w).encode(),
    "JSON": lambda w: json.dumps({"a": w}).encode(),
    "JSON, upper case": lambda w: json.dumps(w).replace("\\u00eb", "\\u00EB").encode(),
    "repr of bytes": lambda w: repr(w.encode("latin-1")).encode(),
    "workbook": _workbook,
    "PNG, packed text": _png,
    "JPEG": _jpeg,
    "zip in zip": lambda w: _zip(_zip(w.encode())),
    "gzip": lambda w: gzip.compress(w.encode()),
    "PDF": lambda w: b"%PDF-1.7\n1 0 obj\nstream\n" + zlib.compress(f"({w})".encode()) + b"\nendstream",
    "picture in a page": lambda w: b'<img src="data:image/png;base64,' + base64.b64encode(_png(w)) + b'">',
    "parted by tags": lambda w: f"<p><b>{w[:3]}</b>{w[3:5]}<i class='x'>{w[5:]}</i></p>".encode(),
    "parted by tags in a zip": lambda w: _zip(f"<t>{w[:3]}</t><t>{w[3:]}</t>".encode()),
    "far into a file": lambda w: b"." * ((1 << 23) - 5) + w.encode() + b"." * 100,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_planted_word_is_found_in_every_form(tmp_path, way: str) -> None:
    (tmp_path / "out.bin").write_bytes(WAYS[way](WORD))
    (tmp_path / "clean.txt").write_text("nothing of the kind")
    finds, files, size = scan(tmp_path, _identifiers(WORD, "another word"))
    assert {f.word for f in finds} == {WORD}, way
    assert {f.file.partition(":")[0] for f in finds} == {"out.bin"}
    assert (files, size > 0) == (2, True)


def test_a_word_in_an_outputs_own_name_is_found(tmp_path) -> None:
    (tmp_path / "Quux").mkdir()
    (tmp_path / "Quux" / "a.txt").write_text("")
    finds, _, _ = scan(tmp_path, _identifiers("Quux"))
    assert [(f.file, f.offset) for f in finds] == [("Quux/a.txt", -1)]


def test_records_packed_in_hdf5_are_searched(tmp_path) -> None:
    from musclemetrics.record import Measurement, Record
    from musclemetrics.store import save

    rows = [Record("mean_force", (Measurement("mean", 1.0),), labels={"who": f"{WORD} {i}"}) for i in range(200)]
    save(rows, tmp_path / "out.h5")
    finds, _, _ = scan(tmp_path, _identifiers(WORD))
    assert "out.h5:records" in {f.file for f in finds}


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("0012", "id 0012,", True),
        ("0012", "0.0012 1.00123", False),
        ("4711471", "MRN4711471", True),
        ("4711471", "14711471", False),
        ("Lee", "Lee, Ann", True),
        ("Lee", "sleep", False),
        ("Anna", "Anna", True),
        ("Anna", "Susannah", False),
        ("Zebediah", "xZebediahx", True),
    ],
)
def test_short_words_and_numbers_count_where_they_stand_alone(word: str, text: str, found: bool) -> None:
    assert bool(list(Needles([word]).places(text.encode()))) is found


def test_the_search_agrees_with_pythons_own(tmp_path) -> None:
    import random

    rng = random.Random(4)
    words = ["".join(rng.choices("abcd", k=rng.randint(6, 12))) for _ in range(200)]
    data = "".join(rng.choices("abcd", k=200_000)).encode()
    found = {word for _, encoding, word in Needles(words).places(data) if encoding == "UTF-8"}
    assert found == {word for word in words if word.encode() in data}
    assert 0 < len(found) < len(set(words))


def test_what_is_searched_for_comes_from_headers_names_and_columns(tmp_path) -> None:
    def change(ds) -> None:
        ds.PatientName = "Quux^Zebediah^Obadiah"
        ds.PatientBirthDate = "19500417"
        ds.add_new(0x00091001, "LO", "private Mordecai")
        ds.add_new(0x00090010, "LO", "ACME")

    home = tmp_path / "Hezekiah"
    home.mkdir()
    image = dicom_files.dicom(dicom_files.speckle(), change=change, InstitutionName="Nebuchadnezzar Clinic")
    (home / "Malachi_left.dcm").write_bytes(image)
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("file,Patient ID,Surname,dose\nMalachi_left.dcm,00471147,Habakkuk,Ezekiel\n")
    found = collected([home], [sheet]).found
    for word, where in {
        "Quux": "PatientName",
        "Zebediah": "PatientName",
        "1950-04-17": "PatientBirthDate",
        "Nebuchadnezzar Clinic": "InstitutionName",
        "private Mordecai": "private",
        "Malachi_left.dcm": "file name",
        "Malachi": "file name",
        "Hezekiah": "folder name",
        "00471147": "column patient id",
        "Habakkuk": "column surname",
    }.items():
        assert where in found[word], word
    assert "left" not in found
    assert "Ezekiel" not in found
    assert not any(word.startswith("1.2.840.10008.") for word in found)
    assert "Malachi" not in collected([home], but=["Malachi"]).found


@pytest.mark.parametrize("written", ["Li^Wu", "Wu Li", "Li, Wu", "WU LI", "li_wu", "WuLi", "Wu-Li"])
def test_a_name_of_short_words_is_looked_for_in_every_order(tmp_path, written: str) -> None:
    found = Identifiers()
    found.add_person("Li^Wu", "PatientName")
    assert list(Needles(found.found).places(f"by {written}, 3".encode())), written
    assert not list(Needles(found.found).places(b"a liwurst and a wulist"))


def test_a_damaged_header_still_gives_its_words(tmp_path) -> None:
    raw = dicom_files.dicom(dicom_files.speckle(), PatientName="Quux^Zebediah")
    (tmp_path / "cut.dcm").write_bytes(raw[: raw.index(b"Zebediah") + 40])
    assert any("Zebediah" in word for word in collected([tmp_path]).found)


def test_a_folder_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(SettingsError, match="no such folder"):
        scan(tmp_path / "nowhere", Identifiers())


def test_html_in_the_word_itself(tmp_path) -> None:
    word = 'O\'Quux & "Sons" <b>'
    for text in (html.escape(word), word, json.dumps(word), word.replace('"', '""')):
        assert list(Needles([word]).places(text.encode())), text


@pytest.mark.parametrize("mark", ["'", "’", "‘", "ʼ", "´", "`", ""])
def test_an_apostrophe_is_found_however_it_is_set(mark: str) -> None:
    for word in ("O'Connor", "O’Connor"):
        assert list(Needles([word]).places(f"by O{mark}Connor.".encode())), word


def test_single_long_words_of_places_are_searched_for(tmp_path) -> None:
    image = dicom_files.dicom(
        dicom_files.speckle(), InstitutionName="Klinikum Wolkenkuckucksheim", StationName="ROOM-Quarkowitz"
    )
    (tmp_path / "a.dcm").write_bytes(image)
    found = collected([tmp_path]).found
    assert {"Klinikum", "Wolkenkuckucksheim", "Quarkowitz"} <= set(found)


def test_nothing_found_is_said_only_where_something_was_searched_for(tmp_path, capsys) -> None:
    """What was not read cannot be found: to say so would be a false all-clear."""
    from musclemetrics.cli import main

    results, inputs, empty = tmp_path / "study", tmp_path / "Quux", tmp_path / "empty"
    for folder in (results, inputs, empty):
        folder.mkdir()
    (results / "records.csv").write_text("nothing of the kind\n")
    (inputs / "Zebediah_1.csv").write_text("time,force\n1,2\n")
    (inputs / "Zebediah_2.xyz").write_bytes(b"\x01\x02")
    for wrong, said in (
        (["--inputs", str(tmp_path / "nowhere")], "file 1 of 1 of the inputs is not there"),
        (["--inputs", str(inputs), str(tmp_path / "nowhere")], "file 3 of 3 of the inputs is not there"),
        (["--inputs", str(empty)], "there is no recording in the inputs"),
        (["--inputs", str(inputs), "--table", str(tmp_path / "nowhere.csv")], "there is no file"),
    ):
        assert main(["phi-scan", str(results), *wrong]) == 2, wrong
        err = capsys.readouterr().err
        assert said in err
        assert "none found" not in err
        assert "Quux" not in err
    assert main(["phi-scan", str(results), "--inputs", str(inputs)]) == 0
    assert "2 files of the inputs looked at, 1 of them by name alone" in capsys.readouterr().err
    (results / "records.csv").write_text("by Zebediah\n")
    assert main(["phi-scan", str(results), "--inputs", str(inputs)]) == 1
