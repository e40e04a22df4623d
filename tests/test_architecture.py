"""The house as drawn: imports only look down, each dependency has one home, and looking in costs nothing."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "musclemetrics"

# The part of the package below src/musclemetrics: its floor. A package's own modules share its floor.
FLOORS = {
    "cli": 7,
    "study": 6,
    "report": 5,
    "batch": 4,
    "store": 4,
    "compare": 4,
    "plotting": 4,
    "simulate": 4,
    "modalities": 3,
    "readers": 3,
    "checks": 2,
    "fitting": 2,
    "traces": 2,
    "imaging": 2,
    "provenance": 2,
    "corrections": 2,
    "canvas": 2,
    "record": 1,
    "reading": 1,
    "errors": 0,
    "units": 0,
}
ROOT = ("__init__", "__main__")  # the façade and the entry points belong to no floor
# Packages whose members are siblings: each stands by itself, only the table in __init__ knows them all.
GROWING = ("modalities", "readers")
# What the readers share among themselves, below the readers: bytes, signatures, spellings.
SHARED = {
    "readers": (
        "source",
        "signatures",
        "aliases",
        "passes",
        "rows",
        "channels",
        "beside",
        "frames",
        "pictures",
        "rois",
        "tiff",
    ),
}
# What may look sideways on its floor, one way only.
SIDEWAYS = {("reading", "record"), ("units", "errors"), ("traces", "checks"), ("imaging", "checks")}

HOMES = {
    "lmfit": ("fitting",),
    "skimage": ("imaging",),
    "pydicom": ("readers/dicom", "simulate"),
    "h5py": ("readers", "store"),
    "matplotlib": ("canvas", "plotting", "report"),
    "pandas": ("store/table",),
    "openpyxl": ("readers", "store"),
    "jinja2": ("report",),
    "rich": ("cli",),
    "pyabf": ("readers/abf",),
    "distributed": ("batch/cluster",),
    "roifile": ("readers/rois",),
    "scipy.stats": (),  # costs 0.8 s to import; scipy.special has what is needed
}
LAZY_EVERYWHERE = (
    "pandas",
    "h5py",
    "openpyxl",
    "matplotlib",
    "lmfit",
    "skimage",
    "pydicom",
    "jinja2",
    "scipy",
    "rich",
    "pyabf",
    "roifile",
)
LIGHT = ("__init__", "__main__", "errors", "units", "cli/__init__", "cli/settings", "modalities/__init__")


def modules() -> list[str]:
    """Return every module as a path below the package without its suffix."""
    found = sorted(p.relative_to(PACKAGE).with_suffix("").as_posix() for p in PACKAGE.rglob("*.py"))
    assert len(found) > 40, f"only {len(found)} modules found under {PACKAGE}"
    return found


def housed() -> list[str]:
    """Return the modules that have a floor: all but the façade and what is run rather than imported."""
    return [m for m in modules() if m.split("/")[-1] != "__main__" and m not in ROOT]


def part(module: str) -> str:
    return module.split("/")[0]


def _imports(module: str) -> Iterator[tuple[str, bool, int]]:
    """Yield (absolute name, at the module's top, line) of what `module` imports when it runs."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    parents = ["musclemetrics", *module.split("/")]
    # A relative import counts from the package; for a package's own __init__ that is the package itself.
    package = parents[:-1]

    def walk(node: ast.AST, top: bool) -> Iterator[tuple[str, bool, int]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                for other in child.orelse:
                    yield from walk(other, top)
                continue
            if isinstance(child, ast.Import):
                for name in child.names:
                    yield name.name, top, child.lineno
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else []
                start = ".".join([*base, *([child.module] if child.module else [])])
                for name in child.names:
                    yield f"{start}.{name.name}", top, child.lineno
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from walk(child, top and not inside)

    yield from walk(tree, True)


def own(name: str) -> str | None:
    """Return the module path below the package that an absolute name lives in, None for what is not ours."""
    words = name.split(".")
    if words[0] != "musclemetrics":
        return None
    for size in range(len(words), 0, -1):
        path = PACKAGE.joinpath(*words[1:size])
        if path.with_suffix(".py").is_file() and size > 1:
            return "/".join(words[1:size])
        if (path / "__init__.py").is_file():
            return "/".join([*words[1:size], "__init__"])
    return None


def test_every_part_has_its_floor() -> None:
    parts = {part(m) for m in modules()}
    assert parts <= {*FLOORS, *ROOT}, f"without a floor: {sorted(parts - {*FLOORS, *ROOT})}"


def test_nothing_imports_an_entry_point() -> None:
    wrong = [f"{m}:{n}" for m in modules() for name, _, n in _imports(m) if (own(name) or "").endswith("__main__")]
    assert not wrong


@pytest.mark.parametrize("module", housed())
def test_imports_only_look_down(module: str) -> None:
    wrong = []
    for name, _, line in _imports(module):
        target = own(name)
        if target is None or target == "__init__":  # the façade itself: for __version__ only
            assert target is None or name == "musclemetrics.__version__", f"{module}:{line} imports the façade"
            continue
        here, there = part(module), part(target)
        if here == there or (here, there) in SIDEWAYS:
            continue
        if FLOORS[there] >= FLOORS[here]:
            wrong.append(f"line {line}: {here} (floor {FLOORS[here]}) imports {there} (floor {FLOORS[there]})")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", GROWING)
def test_siblings_never_import_each_other(package: str) -> None:
    shared = (*SHARED.get(package, ()), "__init__")
    wrong = []
    for module in modules():
        words = module.split("/")
        if words[0] != package or words[1] in shared:
            continue
        for name, _, line in _imports(module):
            target = own(name)
            if target is not None and part(target) == package and target.split("/")[1] not in (words[1], *shared):
                wrong.append(f"{module}:{line} imports {target}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("library", HOMES)
def test_each_dependency_has_its_home(library: str) -> None:
    wrong = []
    for module in modules():
        for name, _, line in _imports(module):
            inside = (name + ".").startswith(library + ".")
            if inside and not any((module + "/").startswith(home + "/") for home in HOMES[library]):
                wrong.append(f"{module}:{line} imports {name}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", modules())
def test_heavy_libraries_are_imported_where_they_are_used(module: str) -> None:
    names = LAZY_EVERYWHERE + (("numpy",) if module in LIGHT else ())
    wrong = [f"line {n}: {name}" for name, top, n in _imports(module) if top and name.split(".")[0] in names]
    assert not wrong, f"{module} imports at its top: {wrong}"


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    words = {w for m in modules() for w in m.split("/")}
    assert not words & {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}


def test_files_stay_small_enough_to_read() -> None:
    long = {m: len((PACKAGE / f"{m}.py").read_text(encoding="utf-8").splitlines()) for m in modules()}
    assert not {m: n for m, n in long.items() if n > 400}


def _loaded(code: str) -> set[str]:
    script = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    # -I: nothing of the user's environment, such as coverage or a startup file, is counted as ours.
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_the_package_loads_only_itself() -> None:
    found = _loaded("import musclemetrics")
    assert found, "the subprocess imported nothing at all"
    assert "musclemetrics" in found
    heavy = {"numpy", "dataclasses", "importlib.metadata", "rich", "scipy", "pandas", "h5py", "matplotlib", "lmfit"}
    assert not found & heavy
    strangers = {m for m in found if m.split(".")[0] not in ("musclemetrics", "__future__", "typing")}
    standard = {m for m in strangers if m.split(".")[0] in sys.stdlib_module_names}
    assert strangers == standard, f"not of the standard library: {strangers - standard}"


def test_the_overview_of_the_command_line_loads_no_numpy() -> None:
    found = _loaded("from musclemetrics.cli import main\nmain(['--help'])")
    assert "musclemetrics.cli" in found
    assert not found & {"numpy", "dataclasses", "rich", "scipy", "pandas", "h5py", "matplotlib"}


def test_every_public_name_exists() -> None:
    import musclemetrics

    assert sorted(dir(musclemetrics)) == sorted(musclemetrics.__all__)
    for name in musclemetrics.__all__:
        assert getattr(musclemetrics, name) is not None, name
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        musclemetrics.fitt  # noqa: B018
