"""One set of promises, kept by every modality on its sample data.

A new modality is under contract as soon as it stands in ``modalities.MODALITIES``: it needs a sample in
``simulate.SAMPLES`` with the records expected of it, and nothing here.
"""

import inspect
import math
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest

import musclemetrics as mm
from musclemetrics.batch import settings_of
from musclemetrics.cli.settings import converted, listing
from musclemetrics.errors import InputError, MuscleMetricsError, SettingsError
from musclemetrics.modalities import MODALITIES, modality
from musclemetrics.reading import Inputs
from musclemetrics.record import Definition, Record
from musclemetrics.simulate import SAMPLES, expected
from musclemetrics.units import canonical

NAMES = list(MODALITIES)
MOST_NUMBERS = 4000
FAR = 1e-6  # relative: versions of NumPy and processors differ in the last bits, and a fit stops near its minimum


def samples_of(name: str) -> list[str]:
    return [s for s, (of, _) in SAMPLES.items() if of == name]


@cache
def records_of(sample: str) -> tuple[Record, ...]:
    name, group_by = SAMPLES[sample]
    return tuple(mm.measure_files(mm.sample(sample), name, group_by=group_by))


@cache
def records(name: str) -> tuple[Record, ...]:
    return tuple(r for s in samples_of(name) for r in records_of(s))


@cache
def measured(name: str) -> tuple[Record, ...]:
    found = tuple(r for r in records(name) if r.status in ("ok", "suspect"))
    assert found, f"the samples of {name} hold nothing that can be measured"
    return found


@cache
def inputs(name: str) -> tuple[Inputs, ...]:
    """Return what the modality makes of its samples' files, the broken ones left out."""
    found: list[Inputs] = []
    for sample in samples_of(name):
        readings: dict[Path, list[mm.Reading]] = {}
        for path in sorted(p for p in mm.sample(sample).rglob("*") if p.is_file()):
            home = path.parent if SAMPLES[sample][1] == "folder" else path
            try:
                readings.setdefault(home, []).extend(mm.read(path))
            except MuscleMetricsError:
                continue
        for group in readings.values():
            # One that comes without arguments has its reason, and its failed row is looked at among the records.
            found.extend(one for one in modality(name).inputs(group) if group and one.reason is None)
    assert found
    # Pictures are decoded when they are touched; what the batch measures, it touches itself.
    found = [replace(one, args={k: np.asarray(v) for k, v in one.args.items()}) for one in found]
    return tuple(found)


def arrays(name: str) -> list[str]:
    """Return the names before the star: recorded arrays."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
    return [p.name for p in inspect.signature(modality(name).measure).parameters.values() if p.kind in kinds]


def again(name: str, one: Inputs, **settings: Any) -> Record:
    return modality(name).measure(**one.args, **{**one.settings, **settings})


def choices(name: str) -> Iterator[dict[str, Any]]:
    """Yield the settings under which names differ: one for each value a definition's ``only`` mentions."""
    yield {}
    mentioned = ((key, value) for d in modality(name).DEFINITIONS for key, values in d.only.items() for value in values)
    yield from ({key: value} for key, value in dict.fromkeys(mentioned))


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_modality_has_a_sample_and_every_sample_a_modality() -> None:
    assert NAMES
    assert {of for of, _ in SAMPLES.values()} == set(NAMES)


def test_offers_what_a_modality_offers(name: str) -> None:
    module = modality(name)
    assert MODALITIES[name], "a line for the overview"
    assert all(isinstance(d, Definition) for d in module.DEFINITIONS)
    for function in ("measure", "inputs", "draw"):
        assert callable(getattr(module, function)), function
    assert getattr(mm, name) is module, "the façade offers it"


def test_definitions_are_names_with_units_and_meanings(name: str) -> None:
    definitions = modality(name).DEFINITIONS
    assert len({d.name for d in definitions}) == len(definitions)
    known = settings_of(modality(name).measure)
    for d in definitions:
        assert d.name.isidentifier(), d.name
        assert d.units, d.name
        assert [canonical(u) for u in d.units] == list(d.units), d.name
        assert len(d.meaning) > 10, d.name
        assert set(d.only) <= set(known), f"{d.name} depends on what is no setting"


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_samples_give_what_is_expected(sample: str) -> None:
    found, wanted = records_of(sample), mm.load(expected(sample))
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert (a.modality, a.status, dict(a.labels)) == (b.modality, b.status, dict(b.labels))
        assert [(f.code, f.level) for f in a.flags] == [(f.code, f.level) for f in b.flags]
        assert a.provenance.sources == b.provenance.sources
        assert [(m.name, m.unit) for m in a.measurements] == [(m.name, m.unit) for m in b.measurements]
        for x, y in zip(a.measurements, b.measurements, strict=True):
            got, want = (x.value, x.stderr, *x.interval), (y.value, y.stderr, *y.interval)
            assert got == pytest.approx(want, rel=FAR, abs=1e-9, nan_ok=True), f"{dict(a.labels)} {x.name}"
        for s, t in zip(a.traces, b.traces, strict=True):
            assert (s.name, s.unit) == (t.name, t.unit)
            np.testing.assert_allclose(s.values, t.values, rtol=FAR, atol=1e-6, err_msg=s.name)


def test_the_samples_hold_what_is_broken_too(name: str) -> None:
    found = records(name)
    broken = [r for r in found if r.status == "failed"]
    assert broken, "a sample without a fault shows nothing of how faults are told"
    for r in broken:
        assert [f for f in r.flags if f.level == "failed" and f.code and f.message]
        assert all(math.isnan(m.value) for m in r.measurements)
    # Every file has its row.
    told = {Path(source).name for r in found for source, _ in r.provenance.sources}
    files = {p.name for s in samples_of(name) for p in mm.sample(s).rglob("*") if p.is_file()}
    assert told == files


def test_the_truth_lies_in_the_intervals(name: str) -> None:
    """The samples are simulated: nearly every 95 % interval must hold the value it was made from.

    What has no interval must come as near as the table of truth says in its columns ``…_within``.
    """
    import csv

    from musclemetrics.simulate import truth

    hits = total = 0
    for sample in samples_of(name):
        with truth(sample).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        for r in records_of(sample):
            who = r.labels.get("fibre", r.labels.get("subject"))
            rows_of_it = [
                t
                for t in rows
                if who in (t.get("fibre"), t.get("animal"), t.get("subject"))
                and r.labels.get("animal", t.get("animal")) == t.get("animal")
                and t.get("session") in (None, r.labels.get("session"))
            ]
            true = rows_of_it[0] if len(rows_of_it) == 1 else None
            if true is None or r.status not in ("ok", "suspect"):
                continue
            for m in r.measurements:
                if m.name in true and not math.isnan(m.interval[0]):
                    total += 1
                    hits += m.interval[0] <= float(true[m.name]) <= m.interval[1]
                elif f"{m.name}_within" in true:
                    total += 1
                    hits += abs(m.value - float(true[m.name])) <= float(true[f"{m.name}_within"])
    assert total >= 20
    assert hits / total >= 0.85, f"{hits} of {total} are true"


def test_own_name_and_exactly_its_definitions_in_order(name: str) -> None:
    module = modality(name)
    for r in records(name):
        assert r.modality == name
        want = [d.name for d in module.DEFINITIONS if d.applies(r.provenance.settings)]
        assert list(r) == want
        for m, d in zip(r.measurements, (d for d in module.DEFINITIONS if d.name in r), strict=True):
            assert m.unit in d.units


def test_names_depend_on_settings_alone(name: str) -> None:
    module = modality(name)
    tried = 0
    for extra in choices(name):
        seen = set()
        for one in inputs(name):
            try:
                r = again(name, one, **extra)
            except (InputError, mm.errors.FitError):
                continue
            want = tuple(d.name for d in module.DEFINITIONS if d.applies(r.provenance.settings))
            assert tuple(r) == want, extra
            assert all(k in r.provenance.settings and r.provenance.settings[k] == v for k, v in extra.items())
            seen.add(tuple(r))
            tried += 1
        assert len(seen) <= 1, f"names differ from recording to recording with {extra}"
    assert tried >= len(inputs(name)) - 1


def silent(record: Record) -> list[str]:
    """Return what is NaN or open in a record without a flag that names it."""
    intervals = {d.name for d in modality(record.modality).DEFINITIONS if d.interval}
    told = " ".join(f"{f.code} {f.message}" for f in record.flags).casefold()
    found = []
    for m in record.measurements:
        gap = math.isnan(m.value) or (m.name in intervals and math.isnan(sum(m.interval)))
        if (gap or any(math.isinf(v) for v in m.interval)) and m.name.casefold() not in told:
            found.append(m.name)
    return found


def test_no_silent_nan(name: str) -> None:
    for r in records(name):
        if r.status in ("failed", "skipped"):
            assert any(f.level == r.status for f in r.flags)
            continue
        assert not silent(r), f"{silent(r)} of {dict(r.labels)}: no flag says why"
        assert all(np.isfinite(t.values).all() for t in r.traces)


def shortened(one: Inputs) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield what was kept and the arguments: rows of numbers together, a picture by itself and strip by strip."""
    pictures = [k for k, v in one.args.items() if np.ndim(v) >= 2]
    if not pictures:
        size = min(len(np.atleast_1d(v)) for v in one.args.values())
        for front in (True, False):
            for k in range(size):
                kept = slice(k, None) if front else slice(None, size - k)
                yield kept, {name: np.asarray(v)[kept] for name, v in one.args.items()}
    for name in pictures:
        for axis in (0, 1):
            size = np.shape(one.args[name])[axis]
            for k in range(0, size, size // 14):
                for kept in (slice(k, None), slice(None, size - k)):
                    place = (kept,) if axis == 0 else (slice(None), kept)
                    yield place, {**one.args, name: one.args[name][place]}


def test_no_silent_nan_in_what_is_barely_enough(name: str) -> None:
    """Recordings cut shorter and shorter, from either end, until they are refused: doubt must be told, not hidden."""
    refused: list[MuscleMetricsError] = []
    measured_at_all = 0
    for one in inputs(name)[::6]:
        for kept, cut in shortened(one):
            try:
                r = modality(name).measure(**cut, **one.settings)
            except (InputError, mm.errors.FitError) as error:
                refused.append(error)
                continue
            measured_at_all += 1
            assert not silent(r), f"{silent(r)} cut to {kept}: {r}"
    assert measured_at_all
    assert refused
    assert all(error.code and error.remedy for error in refused)


def test_a_record_is_a_function_of_its_arguments(name: str) -> None:
    for one in inputs(name)[:3]:
        first, second = again(name, one), again(name, one)
        assert first == second
        assert first.to_json() == second.to_json()


def test_measure_changes_nothing_and_opens_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = inputs(name)[0]
    again(name, one)  # imports and caches happen on the first call
    kept = {k: np.array(v, copy=True) for k, v in one.args.items()}
    settings = pickle.dumps(dict(one.settings))
    frozen = {k: np.array(v, copy=True) for k, v in one.args.items()}
    for a in frozen.values():
        a.setflags(write=False)
    rc = dict(matplotlib.rcParams)
    state, errors = np.random.get_state()[1].copy(), np.geterr()  # type: ignore[union-attr, index]  # noqa: NPY002

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError(f"measure did {args[:1]}")

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("io.open", refuse)
    monkeypatch.setattr("builtins.print", refuse)
    monkeypatch.setattr("socket.socket", refuse)
    record = modality(name).measure(**one.args, **one.settings)
    fixed = modality(name).measure(**frozen, **one.settings)
    monkeypatch.undo()
    assert record == fixed
    for k, v in kept.items():
        assert np.array_equal(np.asarray(one.args[k]), v), k
    assert pickle.dumps(dict(one.settings)) == settings
    assert dict(matplotlib.rcParams) == rc
    assert np.array_equal(np.random.get_state()[1], state)  # type: ignore[index]  # noqa: NPY002
    assert np.geterr() == errors


def test_the_record_does_not_share_memory_with_its_arguments(name: str) -> None:
    one = inputs(name)[0]
    own = {k: np.array(v, float) for k, v in one.args.items()}
    record = modality(name).measure(**own, **one.settings)
    before = record.to_json()
    for a in own.values():
        a[...] = -1.0
    assert record.to_json() == before
    with pytest.raises((ValueError, TypeError)):
        record.traces[0].values[0] = 0.0


def test_measure_and_draw_leave_pyplot_alone(name: str) -> None:
    """In a process of its own: another test may have loaded pyplot already."""
    sample = samples_of(name)[0]
    code = f"""
import sys
import musclemetrics as mm
from musclemetrics.simulate import SAMPLES
records = list(mm.measure_files(mm.sample({sample!r}), {name!r}, group_by=SAMPLES[{sample!r}][1]))
assert "matplotlib" not in sys.modules, "measuring loads matplotlib"
mm.plot([r for r in records if r.status == "ok"][0])
assert "matplotlib" in sys.modules
assert "matplotlib.pyplot" not in sys.modules, "drawing loads pyplot"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_refuses_what_is_not_finite(name: str, bad: float) -> None:
    for array in arrays(name):
        told = []
        for one in (one for one in inputs(name) if array in one.args):
            spoilt = np.array(one.args[array], float)
            spoilt[1] = bad
            refused: InputError | None = None
            try:
                record = modality(name).measure(**{**one.args, array: spoilt}, **one.settings)
            except InputError as error:
                refused = error
            if refused is not None:
                assert refused.code == "not-finite"
                assert refused.remedy
                text = str(refused)
            else:  # a sample of a recording may be missing: it is left out, and that is told
                (text,) = [f.message for f in record.flags if f.code == "missing-samples"]
            assert "index 1" in text
            told.append(array in text)
        # Not always: where a setting makes the array another quantity, it is named as that.
        optional = inspect.signature(modality(name).measure).parameters[array].default is None
        assert any(told) or (optional and not told), f"no message names {array}"


@pytest.mark.parametrize("bad", [["a", "b"], [1j, 2.0], [None, 1.0], [[1.0, 2.0], [3.0, 4.0]], 3.0, []])
def test_refuses_what_is_no_row_of_numbers(name: str, bad: Any) -> None:
    for array in arrays(name):
        one = inputs(name)[0]
        if array in one.args and np.ndim(one.args[array]) >= 1:
            with pytest.raises(InputError) as caught:
                modality(name).measure(**{**one.args, array: bad}, **one.settings)
            assert caught.value.remedy


def test_refuses_unequal_lengths(name: str) -> None:
    one = inputs(name)[0]
    names = [a for a in arrays(name) if a in one.args]
    if len(names) > 1 and not any(np.ndim(one.args[a]) >= 2 for a in names):  # a picture has a shape of its own
        with pytest.raises(InputError) as caught:
            modality(name).measure(**{**one.args, names[0]: np.asarray(one.args[names[0]])[:-1]}, **one.settings)
        assert caught.value.code == "length-mismatch"


def test_refuses_a_setting_it_does_not_have(name: str) -> None:
    with pytest.raises(TypeError):
        again(name, inputs(name)[0], no_such_setting=1)
    with pytest.raises(SettingsError) as caught:
        next(iter(mm.measure_files(mm.sample(samples_of(name)[0]), name, no_such_setting=1)))
    assert caught.value.code == "unknown-setting"


def test_takes_lists_tuples_and_any_type_of_number(name: str) -> None:
    one = inputs(name)[0]
    record = again(name, one)
    as_lists = modality(name).measure(**{k: np.asarray(v).tolist() for k, v in one.args.items()}, **one.settings)
    as_big_endian = modality(name).measure(
        **{k: np.asarray(v).astype(">f8") for k, v in one.args.items()}, **one.settings
    )
    as_strided = modality(name).measure(
        **{k: np.repeat(v, 2, axis=0)[::2] for k, v in one.args.items()}, **one.settings
    )
    assert record == as_lists == as_big_endian == as_strided


def test_measure_many_equals_a_loop(name: str) -> None:
    module = modality(name)
    if not hasattr(module, "measure_many"):
        pytest.skip(f"{name} offers no measure_many")
    axis, *stacked = arrays(name)
    groups: dict[bytes, list[Inputs]] = {}
    for one in inputs(name):
        key = pickle.dumps([np.asarray(one.args[axis]).tolist(), sorted(map(str, one.settings.items()))])
        groups.setdefault(key, []).append(one)
    group = max(groups.values(), key=len)
    assert len(group) > 1, "no two recordings of the samples share an axis"
    first = group[0]
    stacks = [np.stack([np.asarray(one.args[a], float) for one in group]) for a in stacked]
    shared = first.args[axis]
    for extra in choices(name):
        loop: list[Record | str] = []
        for rows in zip(*stacks, strict=True):
            try:
                loop.append(module.measure(shared, *rows, **{**first.settings, **extra}))
            except MuscleMetricsError as error:
                loop.append(error.code)
        if all(isinstance(b, str) for b in loop) and len(set(loop)) == 1:
            # What is wrong with the shared axis or with a setting is wrong with the call, not with a curve.
            with pytest.raises(MuscleMetricsError) as caught:
                module.measure_many(shared, *stacks, errors="flag", **{**first.settings, **extra})
            assert caught.value.code == loop[0]
            continue
        many = module.measure_many(shared, *stacks, errors="flag", **{**first.settings, **extra})
        assert len(many) == len(loop)
        for a, b in zip(many, loop, strict=True):
            assert (a.status == "failed" and a.flagged(b)) if isinstance(b, str) else a == b, extra
    # A row that cannot be measured costs itself alone, or raises as a loop would.
    stacks[-1][1, 0] = math.nan
    flagged = module.measure_many(shared, *stacks, errors="flag", **first.settings)
    assert [r.status == "failed" for r in flagged] == [i == 1 for i in range(len(group))]
    assert flagged[1].flagged("not-finite")
    with pytest.raises(InputError):
        module.measure_many(shared, *stacks, errors="raise", **first.settings)


def test_measure_many_has_the_settings_of_measure(name: str) -> None:
    module = modality(name)
    if not hasattr(module, "measure_many"):
        pytest.skip(f"{name} offers no measure_many")
    one, many = settings_of(module.measure), settings_of(module.measure_many)
    assert many.pop("errors").default == "raise"
    assert {k: p.default for k, p in one.items()} == {k: p.default for k, p in many.items()}


def test_survives_json_and_pickle(name: str) -> None:
    for r in records(name):
        text = r.to_json()
        assert "\n" not in text
        assert not re.search(r"\bNaN\b|\bInfinity\b", text)
        for back in (Record.from_json(text), pickle.loads(pickle.dumps(r))):
            assert back == r
            assert back.to_json() == text
            for a, b in zip(r.traces, back.traces, strict=True):
                assert a.values.tobytes() == b.values.tobytes()
                assert not b.values.flags.writeable


@pytest.mark.parametrize("suffix", [".jsonl", ".h5"])
def test_survives_files(name: str, suffix: str, tmp_path: Path) -> None:
    path = mm.save(records(name), tmp_path / f"records{suffix}")
    assert mm.load(path) == list(records(name))


def test_fits_a_table(name: str) -> None:
    table = mm.to_dataframe(records(name))
    assert len(table) == len(records(name))
    assert list(table.columns[:2]) == ["modality", "status"]
    for m in measured(name)[0].measurements:
        assert m.column in table
    for d in modality(name).DEFINITIONS:  # an interval has its columns, a number without one has none
        columns = {m.column for r in measured(name) for m in r.measurements if m.name == d.name}
        assert {f"{c}_low" in table for c in columns} <= {bool(d.interval)}, d.name


def test_evidence_is_small_named_and_finite(name: str) -> None:
    for r in measured(name):
        assert r.traces, "a record without evidence cannot be judged"
        assert sum(len(t) for t in r.traces) <= MOST_NUMBERS
        assert len({t.name for t in r.traces}) == len(r.traces)
        for t in r.traces:
            assert t.name.isidentifier()
            assert canonical(t.unit) == t.unit


def test_provenance_is_complete(name: str) -> None:
    settings = settings_of(modality(name).measure)
    for r in records(name):
        p = r.provenance
        assert set(p.settings) == set(settings), "every decision is recorded, defaults included"
        assert {"musclemetrics", "python", "numpy"} <= set(p.software)
        assert p.software["musclemetrics"] == mm.__version__
        assert p.sources
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for _, digest in p.sources)
        assert all(not Path(source).is_absolute() for source, _ in p.sources)
    for r in measured(name):
        assert len(r.provenance.method) > 20
        assert r.provenance.reading["reader"]


def test_provenance_is_enough_to_measure_again(name: str) -> None:
    """The record's own settings, given to measure with the same arrays, give the same numbers."""
    for one in inputs(name)[:5]:
        record = again(name, one)
        repeated = modality(name).measure(**one.args, **record.provenance.settings)
        assert repeated == record


def test_settings_fit_the_command_line(name: str) -> None:
    module = modality(name)
    known = {**settings_of(module.inputs), **settings_of(module.measure)}
    assert not set(known) & {"executor", "group_by", "errors", "reading", "paths", "modality"}, "taken by the batch"
    assert all(p.default is not inspect.Parameter.empty for p in known.values())
    text = listing(name)
    written = dict(re.findall(r"^  (\w+)=(.*)$", text, re.MULTILINE))
    assert set(written) == set(known)
    for setting, value in written.items():
        default = known[setting].default
        found = converted(name, {setting: value})[setting]
        assert found == default or list(found) == list(default), f"{setting}={value}"


@pytest.mark.parametrize("function", ["measure", "measure_many", "inputs"])
def test_every_parameter_is_documented(name: str, function: str) -> None:
    found = getattr(modality(name), function, None)
    if found is None:
        pytest.skip(f"{name} offers no {function}")
    text = inspect.cleandoc(found.__doc__ or "")
    section = re.search(r"Parameters\n-+\n(.*?)(?:\n\n[A-Z][a-z]+\n-+\n|\Z)", text, re.DOTALL)
    assert section, "no section of parameters"
    named = {
        w
        for line in re.findall(r"^(\S.*)$", section[1], re.MULTILINE)
        for w in re.findall(r"\w+", line.split(" : ")[0])
    }
    parameters = set(inspect.signature(found).parameters)
    assert parameters <= named, f"not documented: {parameters - named}"
    assert re.search(r"^(Returns|Yields)\n-+$", text, re.MULTILINE)
    assert re.search(r"^Raises\n-+$", text, re.MULTILINE) or function == "measure_many"


def test_draws_into_axes_of_its_own_and_of_others(name: str, tmp_path: Path) -> None:
    record = measured(name)[0]
    before = record.to_json()
    figure = mm.plot(record)
    size = figure.get_size_inches()
    assert figure.axes[0].get_xlabel() or any(child.get_xlabel() for child in figure.axes[0].child_axes)
    assert figure.axes[0].get_ylabel()
    assert figure.axes[0].has_data()
    from musclemetrics import canvas

    other, axes = canvas.figure()
    assert mm.plot(record, axes) is other
    assert len(other.axes) == len(figure.axes)
    for suffix in (".png", ".svg"):
        first = mm.plotting.save_figure(record, tmp_path / f"a{suffix}").read_bytes()
        assert first == mm.plotting.save_figure(record, tmp_path / f"b{suffix}").read_bytes()
        assert len(first) > 2000
    assert record.to_json() == before
    assert tuple(figure.get_size_inches()) == tuple(size)


def test_draws_every_record_it_can_make(name: str) -> None:
    one = inputs(name)[0]
    drawn = 0
    for extra in choices(name):
        try:
            record = again(name, one, **extra)
        except InputError:
            continue
        assert mm.plot(record).axes[0].has_data()
        drawn += 1
    assert drawn


def test_is_safe_in_threads(name: str) -> None:
    jobs = list(inputs(name)) * 3
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: again(name, one), jobs))
    assert found == [again(name, one) for one in jobs]


def test_a_batch_gives_what_measure_gives(name: str) -> None:
    direct = [again(name, one) for one in inputs(name)]
    batch = measured(name)
    assert len(direct) == len(batch)
    keyed = sorted(direct, key=lambda r: repr(r.measurements))
    for a, b in zip(keyed, sorted(batch, key=lambda r: repr(r.measurements)), strict=True):
        assert repr(a.measurements) == repr(b.measurements)
        assert a.traces == b.traces
        assert set(a.flags) <= set(b.flags)
