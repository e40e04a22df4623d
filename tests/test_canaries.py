"""A word in every place of a recording that may name someone is found in no byte of results that name nobody."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from musclemetrics.cli import main
from musclemetrics.store import load
from musclemetrics.study.pseudonyms import load_key

from . import canaries

SAMPLES = Path(__file__).resolve().parent.parent / "sample_data" / "bmode"
SHEET = """file,subject,session,side,group,examiner
ZQFILEAQZ_v1.dcm,ZQSUBJQZ,2024-03-01,left,control,ZQEXAMQZ
ZQFILEAQZ_v2.dcm,ZQSUBJQZ,2024-05-24,right,control,ZQEXAMQZ
ZQNOWHEREQZ.dcm,ZQOTHERQZ,,,,
"""
NAMED = re.compile(r"zq[a-z]{3,12}qz", re.IGNORECASE)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return the folder of everything, the words planted, and what the run printed."""
    home = tmp_path_factory.mktemp("people")
    scans = home / "ZQFOLDERQZ"
    scans.mkdir()
    words = canaries.recording(SAMPLES / "B03_1.dcm", scans / "ZQFILEAQZ_v1.dcm")
    canaries.recording(SAMPLES / "B03_2.dcm", scans / "ZQFILEAQZ_v2.dcm", 10_000)
    # Messages of what fails are made of what was found.
    (scans / "ZQBROKENQZ.dcm").write_bytes((scans / "ZQFILEAQZ_v1.dcm").read_bytes()[:250_000])
    (scans / "ZQTEXTQZ.csv").write_text("ZQHEADQZ;ZQMOREQZ\nZQCELLQZ;1\n")
    (scans / "ZQCOPYQZ.dcm").write_bytes((scans / "ZQFILEAQZ_v1.dcm").read_bytes())
    (home / "sheet.csv").write_text(SHEET)
    assert main(["key", str(home / "k")]) == 0
    done = _run(home, "-o", "study")
    assert done.returncode == 1, done.stderr
    return home, words, done.stdout + done.stderr


def _run(home: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = "bmode ZQFOLDERQZ --table sheet.csv --phi-safe --key k --allow group --notes"
    program = [sys.executable, "-m", "musclemetrics", *command.split(), *more]
    return subprocess.run(program, cwd=home, capture_output=True, text=True, check=False)


def _views(data: bytes) -> Iterator[str]:
    """Yield bytes as text in the ways an output may hold it, by other means than the program's own search."""
    yield data.decode("latin-1")
    for start in (0, 1):
        yield data[start : len(data) - (len(data) - start) % 2].decode("utf-16-le", "ignore")
        yield data[start : len(data) - (len(data) - start) % 2].decode("utf-16-be", "ignore")
    for run in re.findall(rb"(?:[0-9a-fA-F]{2}){8,}", data):
        yield bytes.fromhex(run.decode()).decode("latin-1")
    for run in re.findall(rb"[A-Za-z0-9+/_-]{10,}", data):
        for start in range(4):
            piece = run[start : start + (len(run) - start) // 4 * 4]
            yield base64.b64decode(piece, altchars=b"-_" if b"-" in piece or b"_" in piece else None).decode("latin-1")
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name
                yield from _views(archive.read(name))


def test_no_word_of_any_place_is_in_any_byte(study) -> None:
    home, words, printed = study
    assert len(words) > 6000
    numbers = [w.encode() for known in words.values() for w in known if w[0].isdigit()]
    files = [p for p in (home / "study").rglob("*") if p.is_file()]
    assert {p.name for p in files} >= {"records.csv", "records.xlsx", "journal.jsonl", "run.toml", "index.html"}
    assert any(p.suffix == ".jpg" for p in files)
    texts = {str(p.relative_to(home)): p.read_bytes() for p in files}
    texts["printed"] = printed.encode()
    texts["names"] = "\n".join(texts).replace(str(home), "").encode()
    for name, data in texts.items():
        for view in _views(data):
            assert not NAMED.search(view), (name, NAMED.search(view))
        low = data.lower()
        # A hash is hexadecimal: digits in it are chance. Numbers of people stand outside.
        bare = re.sub(rb"[0-9a-f]{64}", b"", low)
        assert not [w for w in numbers if w in bare], name
        assert not re.search(rb"2024-?0[35]-?(?:01|24)", bare), name


def test_the_planted_words_are_there_to_be_found(study) -> None:
    home, words, _ = study
    data = (home / "ZQFOLDERQZ" / "ZQFILEAQZ_v1.dcm").read_bytes()
    missing = [name for name, known in words.items() if not any(w.encode() in data for w in known)]
    assert not missing
    profile = ("PatientName", "PatientID", "StudyInstanceUID", "ReferringPhysicianName", "InstitutionName")
    profile += ("DeviceSerialNumber", "OperatorsName", "AccessionNumber", "StudyDate", "PatientComments")
    assert set(profile) < set(words)
    # And a run that does not ask for safety keeps the names of files, which the same search finds.
    assert any(NAMED.search(view) for view in _views(b"source: ZQFILEAQZ_v1.dcm"))


def test_the_numbers_are_those_of_a_run_that_keeps_names(study, tmp_path) -> None:
    home, _, _ = study
    safe = load(home / "study" / "records.jsonl")
    scans = home / "ZQFOLDERQZ"
    main(["bmode", str(scans), "-o", str(tmp_path / "open.jsonl"), "--quiet"])
    named = load(tmp_path / "open.jsonl")
    assert [r.measurements for r in safe] == [r.measurements for r in named]
    assert [r.traces for r in safe] == [r.traces for r in named]
    key = load_key(home / "k")
    whose = {key.code("F", n) + n[-4:]: n for r in named for n, _ in r.provenance.sources}
    assert [whose[r.provenance.sources[0][0]] for r in safe] == [r.provenance.sources[0][0] for r in named]
    by_name = {whose[r.provenance.sources[0][0]]: r for r in safe}
    labels = [by_name[f"ZQFILEAQZ_v{i}.dcm"].labels for i in (1, 2)]
    assert [(w["session"], w["side"], w["group"]) for w in labels] == [
        ("day 0", "left", "control"),
        ("day 84", "right", "control"),
    ]
    assert {w["subject"] for w in labels} == {key.code("S", "ZQSUBJQZ")}
    assert by_name["ZQBROKENQZ.dcm"].status == "failed"
    assert any(f.code == "duplicate-of" and "F-" in f.message for r in safe for f in r.flags)


def test_the_scan_finds_nothing_there_and_much_where_names_were_kept(study, tmp_path, capsys) -> None:
    home, _, _ = study
    small = tmp_path / "ZQFOLDERQZ"
    small.mkdir()
    canaries.recording(SAMPLES / "B03_1.dcm", small / "ZQFILEAQZ_v1.dcm")
    inputs = ["--inputs", str(small), "--table", str(home / "sheet.csv")]
    assert main(["phi-scan", str(home / "study"), *inputs]) == 0
    out, err = capsys.readouterr()
    assert not out
    assert "none found" in err
    assert int(err.partition(" identifiers")[0].split()[-1]) > 6000
    main(["bmode", str(small), "-o", str(tmp_path / "named"), "--quiet"])
    assert main(["phi-scan", str(tmp_path / "named"), *inputs]) == 1
    out, err = capsys.readouterr()
    assert "records.csv at byte" in out
    assert not NAMED.search(out + err)


def test_the_same_command_goes_on_and_another_is_refused(study) -> None:
    home, _, _ = study
    before = {n: (home / "study" / n).read_bytes() for n in ("records.csv", "records.jsonl", "journal.jsonl")}
    again = _run(home, "-o", "study")
    assert again.returncode == 1
    for name in ("records.csv", "records.jsonl"):
        assert (home / "study" / name).read_bytes() == before[name]
    plain = [sys.executable, "-m", "musclemetrics", "bmode", "ZQFOLDERQZ", "-o", "study"]
    named = subprocess.run(plain, cwd=home, capture_output=True, text=True, check=False)
    assert named.returncode == 2
    assert "other settings" in named.stderr
    main(["key", str(home / "k2")])
    other = _run(home, "-o", "study", "--key", "k2")
    assert other.returncode == 2


def test_a_file_out_names_nobody_either(study, tmp_path) -> None:
    home, _, _ = study
    done = _run(home, "-o", str(tmp_path / "out.csv"), "-o", str(tmp_path / "out.h5"))
    assert done.returncode == 1
    for data in (*(p.read_bytes() for p in tmp_path.iterdir()), (done.stdout + done.stderr).encode()):
        assert not any(NAMED.search(view) for view in _views(data))
    assert (
        main(["phi-scan", str(tmp_path), "--inputs", str(home / "sheet.csv"), "--table", str(home / "sheet.csv")]) == 0
    )


def test_without_a_key_or_with_one_among_the_results_nothing_begins(study, capsys) -> None:
    home, _, _ = study
    scans = str(home / "ZQFOLDERQZ")
    assert main(["bmode", scans, "--phi-safe", "-o", str(home / "none")]) == 2
    assert "--key FILE" in capsys.readouterr().err
    (home / "none").mkdir()
    main(["key", str(home / "none" / "k")])
    assert main(["bmode", scans, "--phi-safe", "--key", str(home / "none" / "k"), "-o", str(home / "none")]) == 2
    err = capsys.readouterr().err
    assert "lies in the run folder" in err
    assert not NAMED.search(err)
    assert [p.name for p in (home / "none").iterdir()] == ["k"]
    assert main(["bmode", str(home / "ZQGONEQZ.dcm"), "--phi-safe", "--key", str(home / "k")]) == 3
    assert not NAMED.search("".join(capsys.readouterr()))
