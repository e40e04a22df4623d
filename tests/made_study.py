"""A study of many small files of several formats, with faults whose rows are known beforehand."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

__all__ = ["LIMITS", "MODALITY", "make"]

MODALITY = "tests.faulty"
LIMITS = {"deadline": 4.0, "memory": 1.0}

_BLANK = b" " * 10**6

Expected = dict[str, tuple[str, str]]
"""For each file the status of its row, and the code of the flag that tells it."""


def _rows(first: float, mean: float) -> list[tuple[float, float]]:
    return [(9.0, first), (6.0, mean), (4.5, mean + 1.0)]


def _text(path: Path, rows: list[tuple[float, float]], separator: str = ",") -> None:
    lines = [separator.join(("pCa", "force (mN)")), *(separator.join(map(repr, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _hdf5(path: Path, rows: list[tuple[float, float]]) -> None:
    with h5py.File(path, "w") as file:
        file["pCa"], file["force"] = np.array(rows).T
        file["force"].attrs["units"] = "mN"


def _book(path: Path, rows: list[tuple[float, float]]) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for row in (("pCa", "force (mN)"), *rows):
        book.active.append(row)
    book.save(path)


def _good(folder: Path, number: int) -> Path:
    """Write a file that can be measured, of a format that its number decides."""
    rows = _rows(20.0 + number % 50 + number / 10_000, 30.0 + number % 7)
    kind = number % 20
    suffix = ".xlsx" if kind == 0 else ".h5" if kind in (1, 2, 3) else ".tsv" if kind in (4, 5) else ".csv"
    path = folder / f"{number:05d}{suffix}"
    if suffix == ".xlsx":
        _book(path, rows)
    elif suffix == ".h5":
        _hdf5(path, rows)
    else:
        _text(path, rows, "\t" if suffix == ".tsv" else ",")
    return path


def _faulty(force: float) -> Callable[[Path], str]:
    def write(stem: Path) -> str:
        _text(stem.with_suffix(".csv"), _rows(force, 2.0))
        # Each has bytes of its own, else one would be another's twin.
        with stem.with_suffix(".csv").open("a", encoding="utf-8") as stream:
            stream.write(f"4.0,{int(stem.name.split('-')[-1])}\n")
        return ".csv"

    return write


def _empty(stem: Path) -> str:
    stem.with_suffix(".csv").touch()
    return ".csv"


def _cut(stem: Path) -> str:
    _hdf5(stem.with_suffix(".h5"), _rows(1.0, 2.0))
    data = stem.with_suffix(".h5").read_bytes()
    stem.with_suffix(".h5").write_bytes(data[: len(data) // 2])
    return ".h5"


def _paper(stem: Path) -> str:
    stem.with_suffix(".csv").write_bytes(b"%PDF-1.7\n" + stem.name.encode())
    return ".csv"


def _bomb(stem: Path) -> str:
    """Write a workbook of less than a megabyte whose sheet unpacks to 600."""
    path = stem.with_suffix(".xlsx")
    _book(path, _rows(1.0, 2.0))
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in parts.items():
            with archive.open(name, "w") as part:
                part.write(data)
                for _ in range(600 if name.endswith("sheet1.xml") else 0):
                    part.write(_BLANK)
        archive.writestr("name", stem.name)
    return ".xlsx"


def _other(stem: Path) -> str:
    stem.with_suffix(".csv").write_text(f"time (s),length (mm)\n0,1\n1,{stem.name.split('-')[-1]}\n", encoding="utf-8")
    return ".csv"


def _loop(stem: Path) -> str:
    stem.symlink_to(stem.parent, target_is_directory=True)
    return ""


def _pipe(stem: Path) -> str:
    os.mkfifo(stem)
    return ""


def _system(stem: Path) -> str:
    stem.with_name(f"~${stem.name}").write_bytes(b"\5owner")
    return "~$"


def _hidden(stem: Path) -> str:
    stem.with_name(f".{stem.name}").write_text("x", encoding="utf-8")
    return "."


_KINDS: list[tuple[str, Callable[[Path], str], str, str]] = [
    ("hang", _faulty(101), "failed", "item-timeout"),
    ("empty", _empty, "failed", "empty-file"),
    ("crash", _faulty(103), "failed", "item-crashed"),
    ("cut", _cut, "failed", "corrupt-hdf5"),
    ("panic", _faulty(110), "failed", "internal-error"),
    ("paper", _paper, "skipped", "unknown-format"),
    ("leave", _faulty(108), "failed", "item-crashed"),
    ("bomb", _bomb, "failed", "too-large"),
    ("locked", _faulty(102), "failed", "item-timeout"),
    ("other", _other, "failed", "nothing-to-measure"),
    ("killed", _faulty(117), "failed", "item-crashed"),
    ("system", _system, "skipped", "system-file"),
    ("memory", _faulty(106), "failed", "item-out-of-memory"),
    ("hidden", _hidden, "skipped", "hidden-file"),
    ("deep", _faulty(107), "failed", "internal-error"),
    ("unsendable", _faulty(115), "failed", "item-crashed"),
]
if sys.platform != "win32":
    _KINDS += [
        ("loop", _loop, "skipped", "symlink-not-followed"),
        ("pipe", _pipe, "skipped", "not-a-file"),
        ("segfault", _faulty(104), "failed", "item-crashed"),
    ]
if sys.platform == "linux":
    _KINDS.append(("glutton", _faulty(105), "failed", "item-out-of-memory"))


def make(folder: Path, count: int, faults: int) -> Expected:
    """Write `count` files, `faults` of them faulty, and return what their rows must be.

    A twin of a good file is among the faults: it is measured, and noted.
    """
    expected: Expected = {}
    spread = max(1, count // max(1, faults))
    made = 0
    good: list[Path] = []
    for number in range(count):
        home = folder / f"s{number % 12:02d}" / f"v{number % 4}"
        home.mkdir(parents=True, exist_ok=True)
        if number % spread == spread - 1 and made < faults:
            which = made % (len(_KINDS) + 1)
            made += 1
            if which == len(_KINDS):
                path = home / f"zz-twin-{number}{good[0].suffix}"
                shutil.copy(good[0], path)
                expected[path.relative_to(folder).as_posix()] = ("ok", "duplicate-of")
                continue
            kind, write, status, code = _KINDS[which]
            suffix = write(home / f"{kind}-{number}")
            name = f"{suffix}{kind}-{number}" if suffix in ("~$", ".") else f"{kind}-{number}{suffix}"
            expected[(home / name).relative_to(folder).as_posix()] = (status, code)
            continue
        path = _good(home, number)
        good.append(path)
        expected[path.relative_to(folder).as_posix()] = ("ok", "")
    assert made == faults
    return expected
