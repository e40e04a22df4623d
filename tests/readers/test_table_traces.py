"""Tables that are recordings: a row a sample, fifty thousand of them, with gaps and decimal commas."""

from __future__ import annotations

import io
import subprocess
import sys
import time

import numpy as np
import pytest

from musclemetrics.errors import ReadError
from musclemetrics.readers import read
from musclemetrics.reading import Reading

N = 400


def trace(
    count: int = N, mark: str = "\t", decimal: str = ".", head: str = "time (s){0}length (mm){0}force (mN)"
) -> list[str]:
    rng = np.random.default_rng(4)
    force = np.round(50 + rng.normal(0, 1, count), 4)
    rows = [f"{i / 10000:.4f}{mark}{1.25 - 0.1 * (i > count // 2):.5f}{mark}{f:.4f}" for i, f in enumerate(force)]
    return [head.format(mark), *(row if decimal == "." else row.replace(".", decimal) for row in rows)]


def reading_of(lines: list[str], **options: object) -> Reading:
    [reading] = read(io.BytesIO("\n".join(lines).encode()), **options)
    return reading


@pytest.mark.parametrize("mark", ["\t", ";", ","])
@pytest.mark.parametrize("decimal", [".", ","])
def test_a_trace_is_read_whatever_parts_its_columns(mark: str, decimal: str) -> None:
    if mark == decimal:
        pytest.skip("one mark cannot be both")
    reading = reading_of(trace(mark=mark, decimal=decimal))
    expected = np.array([[float(c) for c in row.split("\t")] for row in trace()[1:]])
    for i, name in enumerate(("time", "length", "force")):
        np.testing.assert_array_equal(reading[name], expected[:, i])
    assert {n: reading.unit(n) for n in ("time", "length", "force")} == {"time": "s", "length": "mm", "force": "mN"}
    assert not reading.flags


@pytest.mark.parametrize(("mark", "decimal"), [("\t", "."), (";", ","), (",", ".")])
def test_an_empty_cell_costs_its_sample_and_no_more(mark: str, decimal: str) -> None:
    lines = trace(mark=mark, decimal=decimal)
    cells = lines[11].split(mark)
    lines[11] = mark.join([*cells[:2], ""])
    lines[21] = mark.join([*lines[21].split(mark)[:2], "n.d."])
    reading = reading_of(lines)
    assert np.flatnonzero(np.isnan(reading["force"])).tolist() == [10, 20]
    assert len(reading["time"]) == N
    assert np.isfinite(reading["time"]).all()
    [flag] = reading.flags
    assert (flag.code, flag.level) == ("missing-points", "note")
    assert "row(s) 12, 22 (1 blank, 1 marked as missing)" in flag.message


def test_a_header_without_units_states_none() -> None:
    reading = reading_of(trace(head="Time{0}Position{0}Force"))
    assert sorted(reading) == ["force", "length", "row", "time"]
    assert dict(reading.units) == {}
    reading = reading_of(trace(head="Time{0}Position{0}Force"), units="time=s,force=mN")
    assert dict(reading.units) == {"time": "s", "force": "mN"}


def test_columns_of_other_names_are_kept_under_their_own() -> None:
    lines = [f"{row}\t{0 if i != 200 else 5}\t2.4" for i, row in enumerate(trace())]
    lines[0] = "time (ms)\tlength (mm)\tforce (mN)\tStim (V)\tSL (um)"
    reading = reading_of(lines)
    assert np.flatnonzero(reading["stimulus"]).tolist() == [199]
    assert reading.unit("stimulus") == "V"
    assert reading.labels["sarcomere_length"] == "2.4 um"


def test_a_recording_is_never_taken_for_a_curve_run_twice() -> None:
    # Two periods of the same length, force and all: repeats of samples, and no points that start over.
    period = [(1.0, 5.0), (1.1, 7.0), (1.2, 9.0), (1.1, 7.0)] * 50
    lines = ["time (s),length (mm),force (mN)", *(f"{i / 1000},{x},{y}" for i, (x, y) in enumerate(period))]
    reading = reading_of(lines)
    assert len(reading["force"]) == 200
    assert not reading.flags
    reading = reading_of(lines, x="time", y="force")
    assert len(reading["force"]) == 200
    assert not reading.flags


def test_a_padded_last_row_is_missing_and_a_true_zero_is_not() -> None:
    lines = [*trace(), "0.0400\t0\t0"]
    reading = reading_of(lines)
    assert np.isnan([reading["force"][-1], reading["length"][-1]]).all()
    assert reading["time"][-1] == 0.04
    assert [(f.code, f.level) for f in reading.flags] == [("blank-last-sample", "note")]
    reading = reading_of([*trace(), "0.0400\t1.15\t0"])
    assert reading["force"][-1] == 0
    assert not reading.flags


def test_fifty_thousand_rows_are_read_at_once() -> None:
    for mark, decimal in (("\t", "."), (";", ","), (",", ".")):
        lines = trace(50_000, mark, decimal)
        lines[99] = lines[99].rsplit(mark, 1)[0] + mark
        data = "\n".join(lines).encode()
        spent = []
        for _ in range(3):
            start = time.process_time()
            [reading] = read(io.BytesIO(data))
            spent.append(time.process_time() - start)
        assert len(reading["force"]) == 50_000
        # About 0.3 s on an ordinary machine; the bound only catches a parser that became slow.
        assert min(spent) < 1.5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda rows: [*rows[:50], rows[50] + "\t7", *rows[51:]], "ragged-row"),
        (lambda rows: [*rows[:50], "x\ty\tz", *rows[51:]], "not-a-number"),
        (lambda rows: [*rows[:50], rows[50].replace(".", ","), *rows[51:]], "mixed-decimal"),
        (lambda rows: rows[:1], "empty-file"),
    ],
)
def test_bent_traces_are_refused_with_their_row(change: object, code: str) -> None:
    with pytest.raises(ReadError) as caught:
        reading_of(change(trace()), reader="table", separator="tab")  # type: ignore[operator]
    assert caught.value.code == code, str(caught.value)


def test_the_notation_of_a_long_column_is_told_in_little_room() -> None:
    """Remembering a way back for every row took half a kilobyte each: more than the table."""
    from musclemetrics.readers.table.numbers import all_plain

    cells = [f"{i / 1e4:.6f}" for i in range(100_000)]
    assert all_plain(cells)
    assert not all_plain([*cells, "1,5"])
    code = (
        "import resource, sys\nfrom musclemetrics.readers.table.numbers import all_plain\n"
        "cells = [f'{i / 1e4:.6f}' for i in range(300_000)]\n'\\n'.join(cells)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\nassert all_plain(cells)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    pytest.importorskip("resource")
    grown = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert grown < 60_000 * (1024 if sys.platform == "darwin" else 1)
