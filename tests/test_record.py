"""The record: plain, frozen, equal by what it says."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest

from musclemetrics.errors import InputError, ReadError
from musclemetrics.provenance import unmeasured
from musclemetrics.record import Definition, Flag, Measurement, Provenance, Record, Trace, plain


def _record(**more: object) -> Record:
    return Record(
        "force_pca",
        [Measurement("pCa50", 6.44, 0.03, (6.36, 6.52)), Measurement("Fmax", 120.0, unit="kN/m2")],
        [Trace("force", np.array([1.0, math.nan, 3.0]), "kN/m2")],
        labels={"fibre": "007"},
        **more,  # type: ignore[arg-type]
    )


def test_reading_a_record() -> None:
    record = _record()
    assert float(record["pCa50"]) == 6.44
    assert list(record) == ["pCa50", "Fmax"]
    assert len(record) == 2
    assert "pCa50" in record
    assert "h" not in record
    with pytest.raises(KeyError, match="it has pCa50, Fmax"):
        record["h"]
    with pytest.raises(KeyError, match="no trace 'x'"):
        record.trace("x")
    assert record["Fmax"].column == "Fmax_kN_per_m2"
    assert record.labels["fibre"] == "007"


def test_a_measurement_is_written_as_its_value() -> None:
    m = _record()["pCa50"]
    assert f"{m:.1f}" == "6.4"
    assert f"{m:>8.2f}" == "    6.44"
    assert f"{m}" == str(m)


def test_numbers_are_floats_whatever_was_given() -> None:
    m = Measurement("n", 8, np.float64(1.0), [1, np.float32(2)])  # type: ignore[arg-type]
    assert [type(v) for v in (m.value, m.stderr, *m.interval)] == [float] * 4
    assert type(m.interval) is tuple
    assert m == Measurement("n", 8.0, 1.0, (1.0, 2.0))
    record = Record("x", (m,))
    assert Record.from_json(record.to_json()) == record


def test_status_is_the_worst_flag() -> None:
    levels = ["note", "suspect", "failed", "skipped"]
    words = ["ok", "suspect", "failed", "skipped"]
    for level, word in zip(levels, words, strict=True):
        assert _record(flags=[Flag("a", "b", "note"), Flag("c", "d", level)]).status == word  # type: ignore[arg-type]
    assert _record().status == "ok"
    with pytest.raises(InputError) as caught:
        Flag("a", "b", "bad")  # type: ignore[arg-type]
    assert caught.value.code == "bad-flag"


def test_a_record_is_frozen() -> None:
    record = _record(provenance=Provenance("m", {"a": [1, 2], "b": {"c": np.float64(3)}}))
    with pytest.raises(AttributeError):
        record.modality = "x"  # type: ignore[misc]
    with pytest.raises(TypeError, match="frozen"):
        record.labels["x"] = "y"  # type: ignore[index]
    with pytest.raises(TypeError, match="frozen"):
        record.provenance.settings["b"]["c"] = 4
    with pytest.raises(ValueError, match="read-only"):
        record.trace("force")[0] = 9
    assert record.provenance.settings == {"a": (1, 2), "b": {"c": 3.0}}


def test_a_trace_does_not_change_with_the_array_it_came_from() -> None:
    array = np.array([1.0, 2.0])
    trace = Trace("x", array)
    array[0] = 9.0
    assert trace.values[0] == 1.0
    with pytest.raises(InputError):
        Trace("x", np.zeros((2, 2)))


def test_pickle_keeps_value_and_frost() -> None:
    record = _record(provenance=Provenance("m", {"a": 1}, sources=(("a.csv", "00"),)))
    back = pickle.loads(pickle.dumps(record))
    assert back == record
    assert not back.trace("force").flags.writeable
    with pytest.raises(TypeError):
        back.provenance.settings["a"] = 2


def test_equality_is_that_of_paper() -> None:
    assert _record() == _record()
    assert hash(_record()) == hash(_record())
    assert Record("x", (Measurement("a", math.nan),)) == Record("x", (Measurement("a", math.nan),))
    assert Record("x", (Measurement("a", 0.0),)) != Record("x", (Measurement("a", -0.0),))
    assert _record() != _record(flags=[Flag("a", "b")])
    assert _record() != 1


def test_json_is_strict() -> None:
    record = Record("x", (Measurement("a", math.nan, math.inf, (-math.inf, 1.0)),), labels={"s": "ü\u2028\n"})
    text = record.to_json()
    assert "\n" not in text
    tree = json.loads(text, parse_constant=lambda token: pytest.fail(f"{token} is not JSON"))
    assert tree["measurements"][0]["value"] is None
    assert tree["measurements"][0]["interval"] == ["-inf", 1.0]
    assert tree["schema"] == 1
    assert Record.from_json(text) == record
    for broken in ("", "{}", "[]", "null", text[:-5], text.replace('"schema":1', '"schema":2')):
        with pytest.raises(ReadError):
            Record.from_json(broken)


def test_labels_change_in_a_copy() -> None:
    record = _record()
    other = record.labelled(animal=3, fibre=None)
    assert dict(other.labels) == {"animal": "3"}
    assert dict(record.labels) == {"fibre": "007"}


def test_printed_as_a_lab_book_page() -> None:
    text = str(_record(flags=[Flag("low", "too low", "suspect")], provenance=Provenance("Hill", sources=(("a", "0"),))))
    assert text.splitlines() == [
        "force_pca  [suspect]  fibre 007",
        "  pCa50 = 6.44, SE 0.03, 95 % 6.36 to 6.52",
        "  Fmax  = 120 kN/m2",
        "  suspect: too low  (low)",
        "  method: Hill",
        "  source: a",
    ]
    assert "not determined" in str(Measurement("a", math.nan))
    assert "no lower limit to no limit" in str(Measurement("a", 1.0, interval=(-math.inf, math.inf)))


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        plain({"a": object()})
    assert caught.value.code == "not-plain"
    assert plain({2, 1}) == (1, 2)
    assert type(plain(np.bool_(True))) is bool


def test_unmeasured_has_the_names_of_its_settings() -> None:
    definitions = (
        Definition("a", ("1",), "always"),
        Definition("b", ("kN/m2", "mN"), "with two", only={"model": ("two",)}),
    )
    reason = InputError("too few", code="too-few", remedy="give more")
    for model, names in (("one", ["a"]), ("two", ["a", "b"])):
        record = unmeasured("x", definitions, {"model": model}, reason)
        assert list(record) == names
        assert record.status == "failed"
        assert record.flags[0] == Flag("too-few", "too few; give more", "failed")
        assert all(math.isnan(m.value) for m in record.measurements)


def test_nan_equals_nan_in_every_part_on_every_python():
    import math

    from musclemetrics.record import Measurement, Provenance, Settings

    one, other = (Measurement("a", float("nan"), float("nan")) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert Measurement("a", 1.0) != Measurement("a", 2.0)
    assert Measurement("a", 1.0) != 1.0
    assert Settings(x=float("nan")) == Settings(x=float("nan"))
    assert Settings(x=1) != Settings(x=2)
    assert Provenance("m", {"x": (float("nan"), math.inf)}) == Provenance("m", {"x": (float("nan"), math.inf)})
