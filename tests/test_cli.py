"""The command line: exit codes, outputs, and that it runs where laboratories run it."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import musclemetrics
from musclemetrics import batch, modalities, report
from musclemetrics.cli import main
from musclemetrics.provenance import picture_name
from musclemetrics.store import load

from . import mean_force

GOOD = "fibre,pCa,force (mN)\n007,9,1\n007,6,2\n007,4.5,3\nNA,9,2\nNA,6,3\nNA,4.5,4\n"


@pytest.fixture(autouse=True)
def _modality(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(modalities.MODALITIES, "mean_force", "mean of some forces")
    monkeypatch.setitem(sys.modules, "musclemetrics.modalities.mean_force", mean_force)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def good(tmp_path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_table_on_stdout(good, capsys) -> None:
    assert main(["mean_force", str(good)]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert re.split(r"\s{2,}", lines[0]) == ["fibre", "status", "mean (mN)", "n_points", "source"]
    assert re.split(r"\s{2,}", lines[1]) == ["007", "ok", "2.00 (1.00 to ∞)", "3", "good.csv"]
    assert err.splitlines() == ["2 rows: 2 measured"]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "h5"])
def test_files_out(good, tmp_path, capsys, suffix: str) -> None:
    out = tmp_path / f"out.{suffix}"
    assert main(["mean-force", str(good), "-o", str(out), "--quiet", "--label", "rig=3", "-s", "scale=2"]) == 0
    assert capsys.readouterr() == ("", "")
    if suffix == "csv":
        rows = _rows(out)
        assert [(r["fibre"], r["rig"], r["mean_mN"]) for r in rows] == [("007", "3", "4.0"), ("NA", "3", "6.0")]
    else:
        assert [r["mean"].value for r in load(out)] == [4.0, 6.0]


def test_folder_out(good, tmp_path, capsys) -> None:
    assert main(["mean_force", str(good), "-o", "out"]) == 0
    out = tmp_path / "out"
    assert sorted(p.name for p in out.iterdir()) == [
        *("journal.jsonl", "methods.md", "records.csv", "records.jsonl", "records.xlsx", "records_long.csv"),
        *("report", "run.toml"),
    ]
    assert str(Path("out", "report", "index.html")) in capsys.readouterr().err
    # Again, with the folder among the input: it is none.
    assert main(["mean_force", ".", "-o", "out"]) == 0
    assert "2 rows: 2 measured" in capsys.readouterr().err
    assert main(["mean_force", ".", "-o", "out"]) == 0
    assert "nothing is new" in capsys.readouterr().err
    assert main(["mean_force", ".", "-o", "out", "-s", "scale=3"]) == 2
    assert "scale was not given, is 3.0" in capsys.readouterr().err
    assert main(["mean_force", ".", "-o", "out", "-o", "other"]) == 2
    # What else is asked for is written from the same records.
    assert main(["mean_force", ".", "-o", "out", "-o", "o.jsonl", "--quiet"]) == 0
    assert (tmp_path / "o.jsonl").read_bytes() == (out / "records.jsonl").read_bytes()


def test_exit_codes(good, tmp_path, capsys) -> None:
    bad = tmp_path / "bad.csv"
    bad.touch()
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "paper.pdf").write_bytes(b"%PDF-1.4")
    assert main(["mean_force", str(good), str(bad), "-o", "out.csv"]) == 1
    assert [r["status"] for r in _rows(tmp_path / "out.csv")] == ["ok", "ok", "failed"]
    err = capsys.readouterr().err
    assert "failed: bad.csv: " in err
    assert "[empty-file]" in err
    assert err.splitlines()[-1].startswith("3 rows: 2 measured, 1 failed")
    assert main(["mean_force", str(good), str(tmp_path / "d")]) == 0  # a skipped file is no failure
    assert "1 skipped" in capsys.readouterr().err
    assert main(["mean_force", str(bad)]) == 3
    assert main(["mean_force", "nothing-here.csv"]) == 3
    assert "missing-file" in capsys.readouterr().err
    assert main(["mean_force", str(tmp_path / "d")]) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "required"),
        (["no_such_verb"], "invalid choice"),
        (["mean_force"], "no files"),
        (["mean_force", "good.csv", "-s", "scal=2"], "did you mean scale"),
        (["mean_force", "good.csv", "-s", "scale=2,5"], "scale is a number"),
        (["mean_force", "good.csv", "-s", "scale=1_000"], "scale is a number"),
        (["mean_force", "good.csv", "-s", "model=mode"], "mean or median"),
        (["mean_force", "good.csv", "-s", "limits=1"], "limits"),
        (["mean_force", "good.csv", "-s", "scale"], "name=value"),
        (["mean_force", "good.csv", "-s", "scale=1", "-s", "scale=2"], "once"),
        (["mean_force", "good.csv", "-r", "decimall=,"], "decimal"),
        (["mean_force", "good.csv", "-o", "out.ods"], ".csv"),
        (["mean_force", "good.csv", "-o", "no/where/out.csv"], "no folder"),
        (["mean_force", "good.csv", "-j", "0"], "-j"),
        (["mean_force", "good.csv", "--group-by", "{a"], "pattern"),
        (["mean_force", "good.csv", "--outpt", "a.csv"], "unrecognized"),
    ],
)
def test_usage_is_refused_in_one_line_and_nothing_written(good, tmp_path, capsys, words, told) -> None:
    assert main(words) == 2
    err = capsys.readouterr().err
    assert told in err.splitlines()[-1]
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == ["good.csv"]


def test_settings_take_the_type_of_the_signature(good, tmp_path) -> None:
    words = ["scale=2", "model=median", "limits=-1,1e3", "thresholds=a:1,b:2.5", "pool=no", "column=force"]
    given = [w for word in words for w in ("-s", word)]
    assert main(["mean_force", str(good), "-o", "o.jsonl", *given]) == 0
    record = load(tmp_path / "o.jsonl")[0]
    settings = record.provenance.settings
    assert settings["scale"] == 2.0
    assert type(settings["scale"]) is float
    assert settings["model"] == "median"
    assert settings["limits"] == (-1.0, 1000.0)
    assert settings["thresholds"] == {"a": 1.0, "b": 2.5}
    assert record.provenance.reading["inputs"] == {"column": "force", "pool": False}
    assert main(["mean_force", str(good), "-o", "o.jsonl", "-s", "limits=none", "-s", "thresholds={}"]) == 0
    assert load(tmp_path / "o.jsonl")[0].provenance.settings["limits"] is None


def test_settings_and_help_are_listed(capsys) -> None:
    assert main(["mean_force", "-s", "list"]) == 0
    listed = capsys.readouterr().out
    assert main(["mean_force", "--settings"]) == 0
    assert capsys.readouterr().out == listed
    lines = listed.splitlines()
    assert lines[lines.index("  scale=1.0") + 1].strip() == "Factor put before the mean"
    assert {"  model=mean", "  limits=none", "  column=force", "  pool=false", "  force_unit=1"} <= set(lines)
    assert main(["mean_force", "--help"]) == 0
    helped = capsys.readouterr().out
    assert "examples:" in helped
    assert "scale=1.0" in helped
    assert main(["--help"]) == 0
    assert "musclemetrics demo" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"musclemetrics {musclemetrics.__version__}\n"


def test_check_prints_what_would_be_read_and_writes_nothing(good, tmp_path, capsys) -> None:
    assert main(["check", str(good)]) == 0
    out = capsys.readouterr().out
    for words in (
        "good.csv",
        "reader table: 2 recordings",
        "- fibre 007",
        "force (mN): 3 values, 1 to 3",
        "guess: separator",
        "mean_force: 2 records from this file",
        "fact: force_unit = mN",
    ):
        assert words in out
    assert os.listdir(tmp_path) == ["good.csv"]
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    assert main(["check", str(tmp_path)]) == 0
    assert "skipped: " in capsys.readouterr().out
    assert main(["check", str(tmp_path / "a.pdf"), str(good)]) == 1
    assert main(["check", "nothing.csv"]) == 3
    assert main(["check", str(good), "-r", "decimall=,"]) == 2


def test_many_flags_of_one_kind_are_one_line(tmp_path, capsys) -> None:
    """Fault 120."""
    rows = [f"f{n},9,0.1\nf{n},6,0.2" for n in range(37)]
    (tmp_path / "many.csv").write_text("fibre,pCa,force (mN)\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert main(["mean_force", "many.csv", "-o", "o.csv"]) == 0
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 2
    assert err[0].startswith("suspect: 37 × low-mean, first fibre f0: mean ")
    assert err[1].startswith("37 rows: 37 measured (37 suspect)")


def test_where_labels_do_not_tell_records_apart_the_file_is_named() -> None:
    from musclemetrics.cli.show import reasons
    from musclemetrics.record import Flag, Provenance, Record

    def suspect(file: str, **labels: str) -> Record:
        made = Provenance("a method", "0", sources=((file, "0" * 64),))
        return Record("isometric", (), (), (Flag("rest-unclear", "3 mN"),), made, labels)

    alike = [suspect(f"{n}.slc", muscle="Soleus") for n in "ab"]
    assert [line.split(": ")[1] for line in reasons(alike)] == ["muscle Soleus, a.slc", "muscle Soleus, b.slc"]
    apart = [suspect(f"{n}.slc", fibre=n) for n in "ab"]
    assert [line.split(": ")[1] for line in reasons(apart)] == ["fibre a", "fibre b"]
    assert next(reasons(2 * alike)).startswith("suspect: 4 × rest-unclear, first muscle Soleus, a.slc: ")


def test_interrupted(good, tmp_path, monkeypatch, capsys) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mean_force, "measure", stop)
    monkeypatch.delattr(mean_force, "measure_many")
    assert main(["mean_force", str(good), "-o", "o.csv"]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["good.csv"]


def test_raw_csv(tmp_path) -> None:
    """Fault 93, from the recording's own label to the table."""
    (tmp_path / "a.csv").write_text(GOOD.replace("007", "=1+1"), encoding="utf-8")
    assert main(["mean_force", "a.csv", "-o", "o.csv", "--quiet"]) == 0
    assert _rows(tmp_path / "o.csv")[0]["fibre"] == "'=1+1"
    assert main(["mean_force", "a.csv", "-o", "o.csv", "--quiet", "--raw-csv"]) == 0
    assert _rows(tmp_path / "o.csv")[0]["fibre"] == "=1+1"


def test_workers_give_the_same_file(good, tmp_path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(GOOD.replace("NA", "x"), encoding="utf-8")
    for jobs in ("1", "2"):
        assert main(["mean_force", str(good), str(other), "-j", jobs, "-o", f"{jobs}.jsonl", "--quiet"]) == 0
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()


def test_a_page_is_safe_to_open(tmp_path) -> None:
    """Faults 94 and 110: words of files are text, and nothing is fetched."""
    evil = "<script>alert(1)</script>"
    (tmp_path / "a.csv").write_text(GOOD.replace("007", evil), encoding="utf-8")
    assert main(["mean_force", "a.csv", "-o", "o.jsonl", "--quiet", "--label", f"{evil}='\"><img src=x>"]) == 0
    index = report.pages(load(tmp_path / "o.jsonl"), tmp_path / "out")
    subjects = list((tmp_path / "out" / "subjects").iterdir())
    assert subjects
    for file in (index, *subjects):
        page = file.read_text(encoding="utf-8")
        assert "alert(1)" in page
        assert evil not in page
        assert "<img src=x" not in page
        assert "default-src &#39;none&#39;" in page
        shown = {a for a in re.findall(r'(?:src|href)="([^"#]*)', page) if a}
        assert all((file.parent / a).is_file() for a in shown)
    assert "&lt;script&gt;alert(1)" in page


# What a fresh process does -------------------------------------------------------------------------------------


def _run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "SYSTEMROOT", "TEMP", "TMP", "PYTHONPATH")}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, encoding="utf-8", env={**kept, **env}, check=False
    )


def _loaded(code: str, *names: str) -> set[str]:
    done = _run("-c", f"import sys\n{code}\nprint(*sorted({set(names)!r} & set(sys.modules)))")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


HEAVY = ("numpy", "scipy", "pandas", "matplotlib", "h5py", "rich", "lmfit", "skimage", "pydicom", "jinja2")


def test_import_is_light() -> None:
    light = (*HEAVY, "dataclasses", "importlib.metadata", "inspect")
    assert _loaded("import musclemetrics", *light) == set()
    assert _loaded("import dataclasses", *light) >= {"dataclasses"}  # the test can fail


def test_help_is_light() -> None:
    help_ = "from musclemetrics.cli import main\nassert main(['--help']) == 0"
    assert _loaded(help_, *HEAVY, "dataclasses", "importlib.metadata") == set()


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8"},
        {"HOME": "/nonexistent", "DISPLAY": ""},
    ],
)
def test_machines_as_they_are(tmp_path, env: dict[str, str]) -> None:
    """Fault 117: no HOME, no display, an encoding without µ, a decimal comma."""
    (tmp_path / "µ.csv").write_text(GOOD.replace("007", "µ7").replace("mN", "µN"), encoding="utf-8")
    tests = str(Path(__file__).parent)
    code = (
        "import sys, locale\n"
        "try: locale.setlocale(locale.LC_ALL, '')\n"
        "except locale.Error: pass\n"
        f"sys.path.insert(0, {tests!r})\n"
        "import mean_force\nfrom musclemetrics import modalities\nfrom musclemetrics.cli import main\n"
        "modalities.MODALITIES['mean_force'] = 'x'\n"
        "sys.modules['musclemetrics.modalities.mean_force'] = mean_force\n"
        f"folder = {str(tmp_path)!r}\n"
        "code = main(['mean_force', folder, '-o', folder + '/out', '-o', folder + '/o.csv'])\n"
        "sys.exit(code or main(['mean_force', folder]))\n"
    )
    done = _run("-c", code, **env)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert [r["mean_uN"] for r in _rows(tmp_path / "o.csv")] == ["2.0", "3.0"]
    assert "2.00 (1.00 to " in done.stdout
    if env.get("PYTHONIOENCODING") == "ascii":
        assert "2.00 (1.00 to inf)" in done.stdout
        assert "\\" not in done.stdout


def test_the_module_is_the_command() -> None:
    done = _run("-m", "musclemetrics", "--version")
    assert (done.returncode, done.stdout) == (0, f"musclemetrics {musclemetrics.__version__}\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line(good) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "musclemetrics", "check", str(good)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 4
    [line] = done.stderr.splitlines()
    assert "the standard output cannot be written (No space left" in line


# On what there is to measure -----------------------------------------------------------------------------------

DATA = Path(os.environ.get("MUSCLEMETRICS_DATA", Path(__file__).parents[2] / "shared" / "data"))
SLC = DATA / "fibre" / "slc"


def test_demo(good, tmp_path, monkeypatch, capsys) -> None:
    from musclemetrics import simulate

    samples = tmp_path / "samples"
    samples.mkdir()
    good.rename(samples / "good.csv")
    (samples / "broken.csv").touch()
    monkeypatch.setattr(simulate, "SAMPLES", {"small": ("mean_force", None)})
    monkeypatch.setattr(simulate, "sample", lambda name: samples)
    assert main(["demo"]) == 0
    out, err = capsys.readouterr()
    page = Path(out.splitlines()[-1])
    assert page == Path("musclemetrics-demo", "index.html")
    assert page.is_file()
    assert "1 failed" in err


def test_demo_of_the_samples(tmp_path, capsys) -> None:
    assert main(["demo", "-o", "d", "--quiet"]) == 0
    assert capsys.readouterr() == (f"{Path('d', 'index.html')}\n", "")
    records = load(tmp_path / "d" / "records.jsonl")
    assert {r.modality for r in records} >= {"force_pca", "bmode"}
    assert {"ok", "failed"} <= {r.status for r in records}
    drawn = [r for r in records if r.status in ("ok", "suspect")]
    scans = [r for r in drawn if r.modality == "bmode"]
    assert {p.name for p in (tmp_path / "d" / "overlays").iterdir()} == {
        picture_name(r, suffix) for r in scans for suffix in ("", "-scan")
    }
    assert len(list((tmp_path / "d" / "figures").iterdir())) == len(drawn) - len(scans)
    assert {p.name for p in (tmp_path / "d").iterdir()} == {
        *("records.csv", "records.jsonl", "index.html", "subjects", "figures", "overlays")
    }
    shown = set()
    for file in (tmp_path / "d" / "subjects").iterdir():
        addresses = re.findall(r'(?:src|href)="([^"#]+)', file.read_text(encoding="utf-8"))
        assert all((file.parent / a).is_file() for a in addresses)
        shown |= {Path(a).name for a in addresses}
    assert shown >= {p.name for p in (tmp_path / "d" / "figures").iterdir()}
    assert shown >= {picture_name(r) for r in scans}
    [entry] = {r.flags[0].code for r in batch.measure_files("d", "force_pca")}
    assert entry == "own-output"


def _small_demo(monkeypatch, samples: Path, words: str) -> None:
    """Let the demonstration be of one small table."""
    from musclemetrics import simulate

    samples.mkdir(exist_ok=True)
    (samples / "one.csv").write_text(words, encoding="utf-8")
    monkeypatch.setattr(simulate, "SAMPLES", {"small": ("mean_force", None)})
    monkeypatch.setattr(simulate, "sample", lambda name: samples)


def _held(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("at", ["store.save", "report.pages"])
def test_a_demo_that_is_interrupted_leaves_what_was_there(tmp_path, monkeypatch, at: str) -> None:
    import musclemetrics.store

    _small_demo(monkeypatch, tmp_path / "samples", GOOD)
    assert main(["demo", "-o", "d", "--quiet"]) == 0
    before = _held(tmp_path / "d")

    def stop(*_, **__):
        raise KeyboardInterrupt

    _small_demo(monkeypatch, tmp_path / "samples", GOOD.replace("4.5,3", "4.5,8"))
    with monkeypatch.context() as patch:
        patch.setattr({"store": musclemetrics.store, "report": report}[at.split(".")[0]], at.split(".")[1], stop)
        assert main(["demo", "-o", "d", "--quiet"]) == 130
        assert main(["demo", "-o", "new", "--quiet"]) == 130
    assert _held(tmp_path / "d") == before
    assert not (tmp_path / "new").exists()


def test_a_second_demo_takes_the_place_of_the_first_and_of_nothing_else(tmp_path, monkeypatch) -> None:
    _small_demo(monkeypatch, tmp_path / "samples", GOOD)
    assert main(["demo", "-o", "d", "--quiet"]) == 0
    first = _held(tmp_path / "d")
    (tmp_path / "d" / "figures" / "mine.png").write_bytes(b"x")
    _small_demo(monkeypatch, tmp_path / "samples", GOOD.replace("4.5,3", "4.5,8"))
    assert main(["demo", "-o", "d", "--quiet"]) == 0
    assert main(["demo", "-o", "fresh", "--quiet"]) == 0
    second = _held(tmp_path / "d")
    assert second.pop("figures/mine.png") == b"x"
    assert set(second) == set(_held(tmp_path / "fresh"))
    assert {name.partition("/")[0] for name in set(first) - set(second)} == {"figures"}
    (tmp_path / "d" / "index.html").write_text("a page of mine", encoding="utf-8")
    assert main(["demo", "-o", "d", "--quiet"]) == 2


def test_prism(tmp_path, capsys) -> None:
    lines = ["fibre,pCa,force (mN)"]
    for fibre, half in (("a", 5.8), ("b", 6.1)):
        for pca in (9.0, 6.6, 6.3, 6.1, 5.9, 5.7, 5.5, 4.5):
            lines.append(f"{fibre},{pca},{1 / (1 + 10 ** (2.5 * (pca - half))) + 0.01 * (pca % 0.7):.4f}")
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["force_pca", "a.csv", "--prism", "p.txt"]) == 0
    table = [line.split("\t") for line in (tmp_path / "p.txt").read_text(encoding="utf-8").splitlines()]
    assert table[0] == ["pCa", "a (mN)", "b (mN)"]
    assert [row[0] for row in table[1:]] == ["9.0", "6.6", "6.3", "6.1", "5.9", "5.7", "5.5", "4.5"]
    assert "p.txt (2 curves)" in capsys.readouterr().err
    (tmp_path / "a.csv").write_text("\n".join([*lines, "c,9,1", "c,4.5,2"]) + "\n", encoding="utf-8")
    assert main(["force_pca", "a.csv", "--prism", "p2.txt"]) == 1
    assert "p2.txt (2 curves, without fibre c)" in capsys.readouterr().err


@pytest.mark.skipif(not SLC.is_dir(), reason="the real recordings are not here; set MUSCLEMETRICS_DATA")
def test_both_rat_fibres_from_the_raw_files(tmp_path) -> None:
    assert main(["force_pca", str(SLC), "--group-by", "folder", "-o", "o.jsonl", "-o", "o.csv", "--quiet"]) == 0
    one, two = load(tmp_path / "o.jsonl")
    assert (one.labels["fibre"], two.labels["fibre"]) == ("ACB11", "ACB12")
    assert one["pCa50"].value == pytest.approx(6.4397, abs=0.005)
    assert one["h"].value == pytest.approx(2.73, abs=0.03)
    assert two["pCa50"].value == pytest.approx(6.1585, abs=0.005)
    assert two["h"].value == pytest.approx(1.38, abs=0.03)
    assert [len(r.provenance.sources) for r in (one, two)] == [8, 8]
    assert one.provenance.sources[0][0] == "ACB11/45pCa1.slc"
    assert one.flagged("sampling-rate-conflict")
    assert two.status == "suspect"
    assert [r["fibre"] for r in _rows(tmp_path / "o.csv")] == ["ACB11", "ACB12"]


def test_check_shows_the_good_fibres_beside_a_bad_one(tmp_path, capsys):
    from musclemetrics.cli import main

    rows = [f"{f},{p},{v}" for f in "ABC" for p, v in ((9, 1), (6.6, 5), (6.2, 30), (5.8, 80), (5.4, 95), (4.5, 99))]
    rows[7] = "B,6.6,ouch"
    (tmp_path / "t.csv").write_text("fibre,pCa,force (mN)\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert main(["check", str(tmp_path / "t.csv")]) == 1
    shown = capsys.readouterr().out
    assert "force_pca: 2 records" in shown
    assert "row 9" in shown


# Nothing of the user's is lost ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["good.csv", "-o", "good.csv"],
        ["good.csv", "-o", "./sub/../good.csv"],
        [".", "-o", "good.csv"],
        ["good.csv", "-o", "good.csv", "--overwrite"],
        ["good.csv", "-o", "kin/good.csv"],
        ["kf", "-o", "kf"],
        ["kf/records.csv", "-o", "kf", "--overwrite"],
    ],
)
def test_an_output_is_never_an_input(good, tmp_path, capsys, words) -> None:
    for folder in ("sub", "kin", "kf"):
        (tmp_path / folder).mkdir()
    os.link(good, tmp_path / "kin" / "good.csv")
    (tmp_path / "kf" / "records.csv").write_text(GOOD, encoding="utf-8")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert main(["mean_force", *words]) == 2
    assert "which is to be measured" in capsys.readouterr().err
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_prism_writes_over_nothing_that_is_there(good, tmp_path, capsys) -> None:
    assert main(["force_pca", "good.csv", "--prism", "good.csv"]) == 2
    assert main(["force_pca", "good.csv", "--prism", "good.csv", "--overwrite"]) == 2
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert main(["force_pca", "good.csv", "--prism", "mine.txt"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["force_pca", "good.csv", "-o", "a.csv", "--prism", "./a.csv"]) == 2
    assert "the same file" in capsys.readouterr().err
    assert main(["force_pca", "good.csv", "--prism", "no/where.txt"]) == 2
    assert "no folder" in capsys.readouterr().err
    assert good.read_text(encoding="utf-8") == GOOD
    assert sorted(os.listdir(tmp_path)) == ["good.csv", "mine.txt"]


@pytest.mark.parametrize("name", ["notes.csv", "notes.jsonl", "notes.h5", "out/methods.md", "out/records.csv"])
def test_files_of_other_origin_are_kept_unless_told(good, tmp_path, capsys, name: str) -> None:
    (tmp_path / "out").mkdir()
    foreign = tmp_path / name
    foreign.write_text("<html>mine</html>", encoding="utf-8")
    output = "out" if name.startswith("out") else name
    assert main(["mean_force", "good.csv", "-o", output]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert foreign.read_text(encoding="utf-8") == "<html>mine</html>"
    for more in (["--overwrite"], []):  # the second time it is our own
        assert main(["mean_force", "good.csv", "-o", output, "--quiet", *more]) == 0
    assert foreign.read_bytes() != b"<html>mine</html>"


@pytest.mark.parametrize("output", ["out", "good.csv/deep/", "folder.csv/"])
def test_what_is_in_the_way_is_met_before_the_work(good, tmp_path, monkeypatch, capsys, output: str) -> None:
    from musclemetrics.cli import folder, measure

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("measured before the output was looked at")

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report").touch()
    (tmp_path / "folder.csv" / "records.csv").mkdir(parents=True)
    monkeypatch.setattr(measure, "measure_files", refuse)
    monkeypatch.setattr(folder, "run", refuse)
    assert main(["mean_force", "good.csv", "--overwrite", "-o", output]) == 2
    assert re.search("is in the way|cannot be written into", capsys.readouterr().err)


def test_results_beside_the_data_do_not_hide_it(good, tmp_path) -> None:
    for _ in range(2):
        assert main(["mean_force", ".", "-o", ".", "-o", "own.csv", "--quiet"]) == 0
        assert [r.labels.get("fibre") for r in load(tmp_path / "records.jsonl") if r.status == "ok"] == ["007", "NA"]
    assert main(["mean_force", "own.csv", "-o", "own.csv"]) == 2  # results named as input are no less an input


def test_an_interruption_says_what_was_written(good, tmp_path, monkeypatch, capsys) -> None:
    from musclemetrics import store

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(report, "pages", stop)
        assert main(["mean_force", "good.csv", "-o", "out", "-o", "a.csv"]) == 130
    told = "musclemetrics: interrupted; 1 of 1 items are kept in out; the same command goes on from there\n"
    assert capsys.readouterr().err == told
    assert [r.status for r in load(tmp_path / "out" / "records.jsonl")] == ["ok", "ok"]
    assert sorted(os.listdir(tmp_path)) == ["good.csv", "out"]
    assert main(["mean_force", "good.csv", "-o", "out", "--quiet"]) == 0
    assert (tmp_path / "out" / "report" / "index.html").is_file()
    real = store.save
    monkeypatch.setattr(store, "save", lambda *a, **k: stop() if str(a[1]) == "c.csv" else real(*a, **k))
    assert main(["mean_force", "good.csv", "-o", "b.csv", "-o", "c.csv"]) == 130
    assert capsys.readouterr().err == "musclemetrics: interrupted; written before that: b.csv\n"
    assert sorted(os.listdir(tmp_path)) == ["b.csv", "good.csv", "out"]


def test_a_label_that_contradicts_the_file_is_told_or_refused(good, tmp_path, capsys) -> None:
    assert main(["mean_force", "good.csv", "-o", "o.jsonl", "--label", "fibre=1"]) == 2
    assert "--label fibre=1 would give fibre 007 and fibre NA the same name" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["good.csv"]
    (tmp_path / "one.csv").write_text("".join(GOOD.splitlines(keepends=True)[:4]), encoding="utf-8")
    assert main(["mean_force", "one.csv", "-o", "o.jsonl", "--label", "fibre=1", "--label", "rig=2"]) == 0
    [record] = load(tmp_path / "o.jsonl")
    assert (record.labels["fibre"], record.labels["rig"], record.status) == ("1", "2", "suspect")
    [flag] = record.flags
    assert flag.code == "label-overrides-file"
    assert "'007'" in flag.message
    assert "'1'" in flag.message
    (tmp_path / "empty.csv").touch()  # its row has no fibre to be told apart from
    assert main(["mean_force", "empty.csv", "one.csv", "-o", "o.jsonl", "--label", "fibre=1", "--quiet"]) == 1
    (tmp_path / "two.csv").write_text("fibre,pCa,force\n8,9,1\n8,6,2\n", encoding="utf-8")
    assert main(["mean_force", "one.csv", "two.csv", "--label", "fibre=1"]) == 2
    assert main(["mean_force", "good.csv", "-o", "o.jsonl", "--label", "animal=WT1", "--quiet"]) == 0
    assert [r.status for r in load(tmp_path / "o.jsonl")] == ["ok", "ok"]


def test_one_item_starts_no_worker(good, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a pool for one item")

    monkeypatch.setattr(batch, "SupervisedPool", refuse)
    assert main(["mean_force", "good.csv", "-j", "2", "--quiet"]) == 0


def test_notes_are_counted_and_shown_when_asked(tmp_path, capsys) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    assert main(["mean_force", "a.csv", "b.csv"]) == 0
    err = capsys.readouterr().err
    assert err == "4 rows: 4 measured; 2 notes: see --notes, or the files of -o\n"
    assert main(["mean_force", "a.csv", "b.csv", "--notes"]) == 0
    err = capsys.readouterr().err.splitlines()
    assert err[0].startswith("note: fibre 007: b.csv is byte for byte the same file as a.csv")
    assert err[-1] == "4 rows: 4 measured"


def test_a_unit_that_overrules_the_file_is_shown(good, capsys) -> None:
    assert main(["mean_force", "good.csv", "-s", "force_unit=N"]) == 0
    err = capsys.readouterr().err
    assert "suspect: fibre 007: force_unit is 'mN' by the file and 'N' by the setting, which was used" in err


def test_a_message_says_how_settings_are_given(good, tmp_path, capsys) -> None:
    closing = "settings are given as -s name=value, options of the readers as -r name=value"
    (tmp_path / "m.csv").write_text(
        "fibre,pCa,force\n1,0.1,1\n1,1,2\n1,10,3\n1,100,4\n1,30,4\n1,3,3\n", encoding="utf-8"
    )
    assert main(["force_pca", "m.csv"]) == 3  # µM taken for pCa
    assert capsys.readouterr().err.splitlines()[-2] == closing
    assert main(["force_pca", "m.csv", "-s", "correct_run_down=true"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == closing
    assert main(["mean_force", "good.csv", "-o", "a.ods"]) == 2
    assert closing not in capsys.readouterr().err


def test_check_meets_at_the_door_what_measuring_would(tmp_path, capsys) -> None:
    """A recording that lacks a fact is no record, and the remedy is told; a unit nobody states is not called None."""
    from musclemetrics.simulate import slack_test

    made = slack_test(steps=(0.08, 0.10, 0.12, 0.14))
    rows = [f"{t:.6f},{f:.4f},{2 * x:.6f}" for t, f, x in zip(made.time, made.force, made.length, strict=True)]
    path = tmp_path / "a.csv"

    def shown(head: str, *words: str) -> dict[str, list[str]]:
        path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        main(["check", str(path), *words])
        parts = re.split(r"(?m)^  (\w+): (\d+ records? from this file.*)\n", capsys.readouterr().out)
        return {parts[i]: [parts[i + 1], parts[i + 2]] for i in range(1, len(parts), 3)}

    mm = shown("time (s),force (mN),length (mm)")["slack"]
    assert mm[0].startswith("0 records")
    assert "[no-fibre-length]" in mm[1]
    assert "give fibre_length in mm" in mm[1]
    no_unit = shown("time,force (mN),length (mm)")["slack"]
    assert no_unit[0].startswith("0 records")
    assert "time_unit = not stated" in no_unit[1]
    assert "[time-unit-not-stated]" in no_unit[1]
    rows[:] = [f"{t:.6f},{f:.4f},{x:.6f}" for t, f, x in zip(made.time, made.force, made.length, strict=True)]
    whole = shown("time (s),force (mN),length ({L0})")["slack"]
    assert whole[0].startswith("1 record ")
    assert "no number" not in whole[1]
    assert "Vo" not in whole[1]


def test_a_fibres_files_measured_one_by_one_are_told_of_grouping(tmp_path, capsys) -> None:
    for i, (pca, force) in enumerate(((9, 1), (6.2, 30), (5.8, 80), (5.4, 95), (4.5, 99))):
        (tmp_path / f"p{i}.csv").write_text(f"fibre,pCa,force (mN)\nA,{pca},{force}\n", encoding="utf-8")
    assert main(["force_pca", str(tmp_path)]) == 3
    err = capsys.readouterr().err
    assert "5 files of fibre 'A'" in err
    assert "--group-by folder" in err
    assert main(["force_pca", str(tmp_path), "--group-by", "folder"]) in (0, 1, 3)
    assert "were measured one by one" not in capsys.readouterr().err


def test_recordings_of_one_file_that_fail_are_named_and_are_no_files_apart(tmp_path, capsys) -> None:
    path = tmp_path / "one.csv"
    path.write_text("subject,f (kHz),R (Ohm),X (Ohm)\nA,50,52.1,8\nB,50,49.1,7\n", encoding="utf-8")
    assert main(["eim", str(path)]) == 3
    err = capsys.readouterr().err
    assert "failed: subject A, one.csv: " in err
    assert "failed: subject B, one.csv: " in err
    assert "--group-by" not in err


def test_check_says_first_what_can_be_measured_and_the_rest_in_a_line(tmp_path, capsys) -> None:
    path = tmp_path / "sweep.csv"
    rows = [f"{f},{60 - 4 * i},{5 + i % 3}" for i, f in enumerate((5, 10, 20, 50, 100, 200))]
    path.write_text("\n".join(["f (kHz),R (Ohm),X (Ohm)", *rows]) + "\n", encoding="utf-8")
    assert main(["check", str(path)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "from this file" in line]
    assert lines[0] == "  eim: 1 record from this file"
    for name in ("force_pca", "slack", "isometric", "ktr"):
        assert any(line.startswith(f"  {name}: 0 records from this file: no ") for line in lines[1:])
    assert len(lines) == len(modalities.MODALITIES)
    path.write_text("f (kHz),R (Ohm),X (Ohm)\n5,60,8\n50,50,8\n", encoding="utf-8")
    assert main(["check", str(path)]) == 0
    assert "say which they are" in capsys.readouterr().out  # nothing can be measured: every modality says all
