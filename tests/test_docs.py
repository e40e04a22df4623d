"""What the pages and the README say is what the code does."""

import ast
import os
import re
import runpy
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import musclemetrics as mm
from musclemetrics.modalities import MODALITIES

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "musclemetrics"

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Codes put together at run time: each f-string in the source, and what it can become.
COMPOSED = {
    "f\"no-{fact.replace('_', '-')}\"": {"no-force-calibration", "no-area"},
    "f\"{name.replace('_', '-')}-at-bound\"": {"h-at-bound", "h-2-at-bound", "s-at-bound"},
    "f'{kind}-in-two-groups'": {"animal-in-two-groups", "fibre-in-two-groups"},
}
# Functions of ours that take a code by its place in their arguments.
BY_PLACE = {"Flag": 0, "_put": 2, "_one": 2, "left_out": 0}
LEVELS = ("note", "suspect", "failed", "skipped")


def _codes_in(node: ast.expr, where: str) -> set[str]:
    """Return the codes an expression can become; a name or attribute passes on what is raised elsewhere."""
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) and node.value else set()
    if isinstance(node, ast.IfExp):
        return _codes_in(node.body, where) | _codes_in(node.orelse, where)
    if isinstance(node, ast.BoolOp):
        return set().union(*(_codes_in(v, where) for v in node.values))
    if isinstance(node, ast.JoinedStr):
        # Compared as trees: how an f-string is written back differs between versions of Python.
        known = {ast.dump(ast.parse(text, mode="eval").body): codes for text, codes in COMPOSED.items()}
        assert ast.dump(node) in known, f"{where} composes a code no page can list: {ast.unparse(node)}"
        return known[ast.dump(node)]
    assert isinstance(node, ast.Name | ast.Attribute | ast.Subscript), f"{where}: {ast.unparse(node)}"
    return set()


def raised() -> tuple[dict[str, str], set[str]]:
    """Return code to place, for flags and errors alike, and the codes that are flags of a fixed level or none."""
    found: dict[str, str] = {}
    flags: set[str] = set()
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(SOURCE)}:{getattr(node, 'lineno', 0)}"
            expressions: list[ast.expr] = []
            name = ""
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                expressions += [k.value for k in node.keywords if k.arg == "code"]
                # _put of simulate/__main__ writes files: it has no code, nor a list to put flags in.
                if name in BY_PLACE and len(node.args) > BY_PLACE[name] and "simulate" not in where:
                    expressions.append(node.args[BY_PLACE[name]])
            elif isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "default_code" for t in node.targets):
                expressions.append(node.value)
            for expression in expressions:
                for code in _codes_in(expression, where):
                    assert CODE.fullmatch(code), f"{where}: {code!r} is not kebab-case"
                    found.setdefault(code, where)
                    if name in ("Flag", "_put"):
                        flags.add(code)
    assert len(found) > 100, "the search for codes found too few to be true"
    return found, flags


def documented(page: str) -> dict[str, list[str]]:
    """Return code to the other cells of its row."""
    text = (DOCS / page).read_text(encoding="utf-8")
    rows = re.findall(r"^   \* - ``([a-z0-9-]+)``\n((?:     - .*\n)+)", text, re.MULTILINE)
    assert len({code for code, _ in rows}) == len(rows), f"{page} lists a code twice"
    return {code: re.findall(r"^     - (.*)$", cells, re.MULTILINE) for code, cells in rows}


def test_the_reference_names_what_there_is() -> None:
    names = re.findall(r"^   ([a-z_]+(?:\.\w+)+)$", (DOCS / "api.rst").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(set(names)) == len(names)
    for name in names:
        home, _, own = name.rpartition(".")
        assert hasattr(import_module(f"musclemetrics.{home}"), own), name
    for home in ("imaging", *(f"modalities.{name}" for name in MODALITIES)):
        module = import_module(f"musclemetrics.{home}")
        public = {f"{home}.{n}" for n in module.__all__ if callable(getattr(module, n)) and n != "check_settings"}
        assert public <= set(names)


def test_every_code_is_documented() -> None:
    found, _ = raised()
    pages = {**documented("flags.rst"), **documented("errors.rst")}
    missing = {code: where for code, where in found.items() if code not in pages}
    assert not missing, f"not in docs/flags.rst or docs/errors.rst: {missing}"


def test_no_page_lists_a_code_that_is_gone() -> None:
    found, _ = raised()
    stale = {*documented("flags.rst"), *documented("errors.rst")} - set(found)
    assert not stale


def test_every_flag_has_its_level_and_meaning() -> None:
    for code, (level, meaning) in documented("flags.rst").items():
        assert level in LEVELS, code
        assert len(meaning) > 20, code


def test_levels_are_those_of_the_code() -> None:
    """Where the source gives a flag one literal level, the page gives the same."""
    levels: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            place = {"Flag": (0, 2), "_put": (2, 4)}.get(node.func.id)
            if place is None or len(node.args) <= place[0] or "simulate" in path.parts:
                continue
            code = node.args[place[0]]
            level = node.args[place[1]] if len(node.args) > place[1] else ast.Constant("suspect")
            level = next((k.value for k in node.keywords if k.arg == "level"), level)
            if isinstance(code, ast.Constant) and isinstance(level, ast.Constant):
                levels.setdefault(code.value, set()).add(level.value)
    pages = documented("flags.rst")
    wrong = {c: (pages[c][0], found) for c, found in levels.items() if c in pages and pages[c][0] not in found}
    assert not wrong
    assert sum(code in pages for code in levels) > 40


@pytest.mark.parametrize("name", ["force_pca", "slack"])
def test_presets_are_those_of_the_code(name: str) -> None:
    presets = import_module(f"musclemetrics.modalities.{name}.definitions").PRESETS
    text = (DOCS / f"{name}.rst").read_text(encoding="utf-8")
    rows = re.findall(
        r"^   \* - (\w+)\n     - .*\n     - ([\d.]+)\n     - ([\d.]+)\n     - ([\d.]+)$", text, re.MULTILINE
    )
    table = {name: [float(v) for v in values] for name, *values in rows}
    assert table == {n: [presets[p][n] for p in ("standard", "strict", "lenient")] for n in presets["standard"]}


@pytest.mark.parametrize("page", ["README.md", "docs/quickstart.rst", "docs/index.rst", "docs/batch.rst"])
def test_python_on_the_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    if page.endswith(".md"):
        blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    else:
        found = re.findall(r"^\.\. code-block:: python\n\n((?:   .*\n|\n)+)", text, re.MULTILINE)
        blocks = [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in found]
    assert blocks
    shutil.copy(mm.sample("force_pca") / "fibres.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)
    for comment, value in re.findall(r"print\((.*?)\)  # (.*)", "\n".join(blocks)):
        assert str(eval(comment, names)) == value


def test_the_printed_record_of_the_quickstart_is_what_is_printed() -> None:
    text = (DOCS / "quickstart.rst").read_text(encoding="utf-8")
    shown = re.search(r"code-block:: text\n\n((?:   .*\n)+?)   …\n", text)
    assert shown, "no printed record on the page"
    *_, record = mm.measure_files(mm.sample("force_pca"), "force_pca", variance="mixed")
    assert str(record).splitlines()[:5] == [line[3:] for line in shown[1].splitlines()]


def test_readme_says_the_two_commands_once() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    new, start = "python3 -m venv --without-pip .venv && python3 -m pip --python .venv/bin/python install", ".venv/bin/"
    first, second = f"{new} . && {start}musclemetrics demo", f'{new} ".[test]" && {start}python -m pytest'
    for line in (first, second):
        assert lines.count(line) == 1
        assert line in (DOCS / "install.rst").read_text(encoding="utf-8")
    assert (ROOT / ".ci" / "run").is_file()
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_links_of_the_readme_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert len(targets) > 8
    for target in targets:
        assert target.startswith("https://") or (ROOT / target).exists(), target
    picture = ROOT / "docs" / "_static" / "force_pca.png"
    assert 5_000 < picture.stat().st_size < 100_000


def test_pages_name_only_what_exists() -> None:
    for page in sorted(DOCS.glob("*.rst")):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r":doc:`(?:[^`<]*<)?([\w/]+)>?`", text):
            assert (DOCS / f"{target}.rst").is_file() or target.startswith("gallery"), f"{page.name}: {target}"
        for name in re.findall(r"(?<![\w.])mm\.([a-z_]+(?:\.[a-z_0-9]+)?)", text):
            here: object = mm
            for part in name.split("."):
                here = getattr(here, part)
        for path in re.findall(r"``(tests/[\w/.]+)``", text):
            assert (ROOT / path).exists(), f"{page.name}: {path}"


def test_plain_h5py_reads_what_the_page_says(tmp_path: Path) -> None:
    records = [r for r in mm.measure_files(mm.sample("force_pca"), "force_pca") if r.status in ("ok", "suspect")]
    path = mm.save(records, tmp_path / "results.h5")
    command = [sys.executable, str(DOCS / "read_h5.py"), str(path)]
    utf8 = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8", env=utf8)
    fibre, status, value, low, high, points = done.stdout.splitlines()
    last = records[-1]
    assert (fibre, status) == (last.labels["fibre"], last.status)
    assert (float(value), (float(low), float(high))) == (last["Fmax"].value, last["Fmax"].interval)
    assert ast.literal_eval(points) == last.trace("force").tolist()
    mm.save([r.labelled(fibre=None) for r in records], path)  # a file need not name its fibres
    assert subprocess.run(command, capture_output=True, check=True, env=utf8).stdout


def test_the_picture_is_drawn_by_the_command_the_readme_names(tmp_path: Path) -> None:
    assert "`python docs/picture.py`" in (ROOT / "README.md").read_text(encoding="utf-8")
    names = runpy.run_path(str(DOCS / "picture.py"))
    assert names["TARGET"] == DOCS / "_static" / "force_pca.png"


@pytest.mark.parametrize("verb", MODALITIES)
def test_command_line_pages_name_only_options_there_are(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    from musclemetrics.cli import main

    assert main([verb, "--help"]) == 0
    helped = capsys.readouterr().out
    for page in (ROOT / "README.md", *DOCS.glob("*.rst")):
        for command in re.findall(rf"musclemetrics {verb} .*", page.read_text(encoding="utf-8")):
            for option in re.findall(r"(?<!\S)(--?[a-z][\w-]*)", command):
                assert option in helped, f"{page.name}: {option}"
    page = (DOCS / "command_line.rst").read_text(encoding="utf-8")
    found = re.findall(r"^  (?:-\w [A-Z=]+, |-\w, )?(--[a-z-]+)", helped, re.MULTILINE)
    assert len(found) > 8
    for option in found:
        short = re.search(rf"(-\w)(?: [A-Z=]+)?, {option}\b", helped)
        assert option in page or (short and short[1] in page), option
