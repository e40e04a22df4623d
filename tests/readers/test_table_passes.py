"""Two curves under one name, one curve twice, and repeats that are neither."""

from __future__ import annotations

import io

import h5py
import numpy as np
import pytest

from musclemetrics.errors import MuscleMetricsError
from musclemetrics.readers import read
from musclemetrics.readers.passes import second_passes
from musclemetrics.reading import Reading

DOWN = (9.0, 7.0, 6.0, 5.0, 4.5)
FIRST = [(9.0, 1.1), (7.0, 2.3), (6.0, 5.2), (5.0, 8.7), (4.5, 9.4)]
SECOND = [(x, y * 1.2) for x, y in FIRST]


def table(text: str, **options: object) -> list[Reading]:
    return list(read(io.BytesIO(text.encode()), reader="table", **options))


def long(points: list[tuple[float, float]], name: str = "7") -> str:
    return "".join(f"{name},{x},{y:.4f}\n" for x, y in points)


HEAD = "fibre,pCa,force (mN)\n"


@pytest.mark.parametrize("between", ["", "8,9,1\n8,6,5\n8,4.5,9\n"])
def test_a_list_of_pca_that_starts_over_is_never_silent(between: str) -> None:
    text = HEAD + long(FIRST) + between + long([*SECOND[:-1], (4.6, 11.0)])
    reading = table(text)[0]
    [flag] = [f for f in reading.flags if f.code == "points-start-over"]
    assert flag.level == "suspect"
    assert f"row(s) {7 + between.count(chr(10))}," in flag.message
    assert len(reading["force"]) == 10


def test_two_stacked_curves_under_one_name() -> None:
    [reading] = table(HEAD + long(FIRST) + long(SECOND) + long(FIRST[:3]))
    [flag] = [f for f in reading.flags if f.code == "points-start-over"]
    assert "row(s) 7, 12" in flag.message
    # Without a column for the fibre, and as one column of a wide table.
    for text in ("pCa,force\n", "pCa,control\n"):
        body = "".join(f"{x},{y}\n" for x, y in FIRST + SECOND)
        assert [f.code for r in table(text + body) for f in r.flags] == ["points-start-over"]


@pytest.mark.parametrize(
    "x",
    [
        DOWN,
        DOWN + DOWN[::-1],
        DOWN + DOWN[-2::-1] + DOWN[1:2],
        [v for v in DOWN for _ in "ab"],
        [4.5, 7, 4.5, 6, 4.5, 5.5, 4.5, 9, 4.5],  # every point between two maxima
        [4.5, 9, 7, 6, 5, 4.5],
        [9, 7, 6, 5, 4.5, 8, 6.5, 5.5],  # coarse, then the points between
        [6, 9, 5, 7, 4.5, 6.5, 5.5],
        [9, 7, 6.2, 6.3, 5, 4.5],
        [9, 4.5, 9, 4.5],
        [6.0] * 8,
        [],
    ],
)
def test_genuine_repeats_do_not_start_over(x: list[float]) -> None:
    values = np.array(x, dtype=float)
    assert second_passes(values, None) == []
    assert second_passes(-values, None) == []


@pytest.mark.parametrize(
    ("x", "starts"),
    [
        (DOWN * 3, [5, 10]),
        (DOWN[::-1] * 2, [5]),
        ([4.5, 9, 7, 6, 5, 4.5] * 2, [6]),  # bracketed
        ([6, 9, 5, 7, 4.5] * 2, [5]),  # in one random order
        ([9, 9, 6, 6, 5, 5] * 2, [6]),
        (DOWN + DOWN[:-1], [5]),
        (DOWN + (9.0, 7.0, 6.02, 5.03, 4.52), [5]),
        ([0.001, 0.1, 1, 10, 30] * 2, [5]),
    ],
)
def test_where_points_start_over(x: list[float], starts: list[int]) -> None:
    assert second_passes(np.array(x, dtype=float), None) == starts


def test_points_without_force_do_not_count() -> None:
    force = np.array([1, 2, 3, 4, 5, np.nan, np.nan, np.nan, np.nan, np.nan])
    assert second_passes(np.array(DOWN * 2), force) == []


@pytest.mark.parametrize("column", ["date", "run"])
def test_a_column_that_tells_the_passes_apart_refuses_them(column: str) -> None:
    words = ("2024-01-02", "2024-01-09") if column == "date" else ("1", "2")
    body = "".join(f"7,{w},{x},{y}\n" for w, part in zip(words, (FIRST, SECOND), strict=True) for x, y in part)
    text = f"fibre,{column},pCa,force\n" + body
    with pytest.raises(MuscleMetricsError) as caught:
        table(text)
    assert caught.value.code == "duplicate-fibre"
    assert f"'{column}' changes" in caught.value.message
    readings = table(text, fibre=f"fibre+{column}")
    assert [len(r["force"]) for r in readings] == [5, 5]
    assert not any(f.code == "points-start-over" for r in readings for f in r.flags)


@pytest.mark.parametrize("order", ["stacked", "sorted", "reversed"])
def test_one_curve_twice_under_one_name_is_used_once(order: str) -> None:
    points = FIRST + (FIRST[::-1] if order == "reversed" else FIRST)
    [reading] = table(HEAD + long(sorted(points) if order == "sorted" else points))
    assert sorted(zip(reading["pCa"], reading["force"], strict=True)) == sorted(FIRST)
    assert [(f.code, f.level) for f in reading.flags] == [("duplicate-rows", "suspect")]
    assert "used once" in reading.flags[0].message
    assert len(reading["row"]) == 5


def test_copied_columns_of_a_wide_table_are_used_once() -> None:
    [reading] = table("pCa,A,\n" + "".join(f"{x},{y},{y}\n" for x, y in FIRST))
    assert reading["force"].tolist() == [y for _, y in FIRST]
    assert [(f.code, f.level) for f in reading.flags] == [("duplicate-rows", "suspect")]


def test_one_point_measured_twice_alike_is_two_points() -> None:
    [reading] = table(HEAD + long([*FIRST, FIRST[-1]]))
    assert len(reading["force"]) == 6
    assert [(f.code, f.level) for f in reading.flags] == [("duplicate-rows", "note")]


def test_curves_stacked_or_copied_in_one_hdf5_group() -> None:
    def group(points: list[tuple[float, float]]) -> Reading:
        stream = io.BytesIO()
        with h5py.File(stream, "w") as f:
            f["pCa"], f["force"] = np.array(points).T
            f["order"] = np.arange(float(len(points)))
        stream.seek(0)
        [reading] = read(stream)
        return reading

    assert not group(FIRST).flags
    stacked = group(FIRST + SECOND)
    assert [(f.code, f.level) for f in stacked.flags] == [("points-start-over", "suspect")]
    assert "point(s) 6," in stacked.flags[0].message
    copied = group(FIRST * 2)
    assert [(f.code, f.level) for f in copied.flags] == [("duplicate-rows", "suspect")]
    assert copied["force"].tolist() == [y for _, y in FIRST]
    assert copied["order"].tolist() == [0, 1, 2, 3, 4]
