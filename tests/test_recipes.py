"""The recipes on the page of engines do what the page says."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

import musclemetrics as mm
from musclemetrics.cli import main

RECIPES = Path(__file__).resolve().parent.parent / "docs" / "recipes"
bash = pytest.mark.skipif(not shutil.which("bash") or sys.platform == "win32", reason="the recipes are lines for bash")


@pytest.fixture
def study(tmp_path, monkeypatch) -> Path:
    """Recordings as the recipes have them, one of them broken, and what they come to when measured at once."""
    (tmp_path / "recordings").mkdir()
    for name in ("I1.csv", "I2.csv", "I3.csv", "I4.csv", "broken.csv"):
        shutil.copy(mm.sample("isometric") / name, tmp_path / "recordings")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert main(["isometric", "recordings", "-o", "whole.jsonl", "--quiet"]) == 1
    return tmp_path


def _rows(path: Path) -> list[tuple[object, ...]]:
    return [(r.provenance.sources, r.status, r.measurements) for r in mm.load(path)]


def _run(*lines: str) -> None:
    for line in lines:
        subprocess.run(["bash", "-euo", "pipefail", "-c", line], check=True, timeout=300)


def _is_whole(study: Path) -> bool:
    return _rows(study / "study" / "records.jsonl") == _rows(study / "whole.jsonl")


@bash
def test_the_lines_of_snakemake(study) -> None:
    """The shell lines of the rules, filled in as Snakemake does."""
    text = (RECIPES / "Snakefile").read_text(encoding="utf-8")
    part, join = ("".join(re.findall(r'"(.*)"', lines)) for lines in re.findall(r"shell:\n((?: +\".*\"\n)+)", text))
    parts = int(re.search(r"PARTS = (\d+)", text)[1])  # type: ignore[index]
    for k in range(1, parts + 1):
        _run(part.format(input="recordings", wildcards=_Named(k=k), threads=1))
    _run(join.format(params=_Named(parts=" ".join(f"parts/{k}" for k in range(1, parts + 1)))))
    assert _is_whole(study)


class _Named:
    def __init__(self, **names: object) -> None:
        self.__dict__.update(names)


@bash
def test_snakemake_itself(study) -> None:
    """Run where there is one: on the path, or named by the environment (``.ci/run`` does)."""
    program = os.environ.get("MUSCLEMETRICS_SNAKEMAKE") or shutil.which("snakemake")
    if not program:
        pytest.skip("Snakemake is not installed")
    command = [program, "-s", str(RECIPES / "Snakefile"), "--cores", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    assert _is_whole(study)
    again = subprocess.run([*command, "--quiet"], capture_output=True, text=True, timeout=600)
    assert again.returncode == 0, again.stderr[-2000:]


@bash
def test_slurm(study, monkeypatch) -> None:
    script = RECIPES / "slurm.sh"
    text = script.read_text(encoding="utf-8")
    first, last = re.search(r"--array=(\d+)-(\d+)", text).groups()  # type: ignore[union-attr]
    for k in range(int(first), int(last) + 1):
        monkeypatch.setenv("SLURM_ARRAY_TASK_ID", str(k))
        monkeypatch.setenv("SLURM_CPUS_PER_TASK", "1")
        _run(f"bash {script}")
    _run(re.search(r"(musclemetrics merge .*)", text)[1] + " || test $? -eq 1")  # type: ignore[index]
    assert _is_whole(study)


@contextmanager
def _airflow(monkeypatch) -> Iterator[list[tuple[str, list[str]]]]:
    """Stand in for the few names of Airflow that the recipe uses, and tell which commands it would run."""
    tasks: list[tuple[str, list[str]]] = []

    class Operator:
        def __init__(self, *, task_id: str, bash_command: str | list[str], cwd: str, retries: int = 0) -> None:
            tasks.append((task_id, [bash_command] if isinstance(bash_command, str) else bash_command))

        @classmethod
        def partial(cls, **given: object) -> object:
            class Mapped:
                expand = staticmethod(lambda **more: cls(**given, **more))  # type: ignore[arg-type]

            return Mapped

        def __rshift__(self, later: object) -> object:
            return later

    for name in ("airflow", "airflow.providers", "airflow.providers.standard", "airflow.providers.standard.operators"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    operators, sdk, pendulum = ModuleType("bash"), ModuleType("sdk"), ModuleType("pendulum")
    operators.BashOperator = Operator  # type: ignore[attr-defined]
    sdk.dag = lambda **_: lambda function: function  # type: ignore[attr-defined]
    pendulum.datetime = lambda *_: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "airflow.providers.standard.operators.bash", operators)
    monkeypatch.setitem(sys.modules, "airflow.sdk", sdk)
    monkeypatch.setitem(sys.modules, "pendulum", pendulum)
    yield tasks


@bash
def test_the_lines_of_airflow(study, monkeypatch) -> None:
    with _airflow(monkeypatch) as tasks:
        runpy.run_path(str(RECIPES / "airflow_dag.py"))
    assert [name for name, _ in tasks] == ["part", "study"]
    for _, commands in tasks:
        _run(*commands)
    assert _is_whole(study)
