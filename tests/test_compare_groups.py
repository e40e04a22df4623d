"""Groups of records compared: the numbers against independent computations, and every refusal."""

from __future__ import annotations

import math
import pickle
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import musclemetrics as mm
from musclemetrics.compare import definitions, draw_groups, groups
from musclemetrics.errors import InputError, MuscleMetricsError, SettingsError
from musclemetrics.fitting import fit
from musclemetrics.modalities.force_pca.curves import HILL
from musclemetrics.record import Flag, Measurement, Provenance, Record
from musclemetrics.simulate.studies import nested_studies

Array = NDArray[np.float64]

# Group: animal: (pCa50, h) of each fibre. Unbalanced on purpose.
STUDY: dict[str, dict[str, list[tuple[float, float]]]] = {
    "WT": {
        "w1": [(5.80, 2.1), (5.84, 2.6), (5.79, 2.2)],
        "w2": [(5.71, 3.0), (5.75, 2.4)],
        "w3": [(5.88, 2.2), (5.83, 2.8), (5.90, 2.5), (5.86, 2.0)],
        "w4": [(5.77, 2.7)],
    },
    "KO": {
        "k1": [(5.93, 1.9), (5.97, 2.2)],
        "k2": [(5.89, 1.6), (5.84, 1.8), (5.90, 2.0)],
        "k3": [(6.01, 2.1), (5.94, 1.7), (5.99, 1.5)],
    },
}
MISSING: Any = object()


def _record(group: str, animal: str, fibre: str, pca50: float, h: float, **more: Any) -> Record:
    flags = more.pop("flags", ())
    unit = more.pop("unit", "1")
    settings = more.pop("settings", {"model": "hill"})
    modality = more.pop("modality", "force_pca")
    interval = more.pop("interval", (pca50 - 0.05, pca50 + 0.05))
    labels = {"group": group, "animal": animal, "fibre": fibre, **more}
    return Record(
        modality,
        [Measurement("pCa50", pca50, 0.02, interval, unit), Measurement("h", h)],
        flags=flags,
        provenance=Provenance("fit", settings, sources=((f"{animal}{fibre}.csv", "0" * 64), ("shared.csv", "1" * 64))),
        labels={k: v for k, v in labels.items() if v is not MISSING},
    )


def _records(study: dict[str, dict[str, list[tuple[float, float]]]] = STUDY) -> list[Record]:
    return [
        _record(group, animal, str(k), *values)
        for group, animals in study.items()
        for animal, fibres in animals.items()
        for k, values in enumerate(fibres)
    ]


def _means(group: str, of: int, transform: Callable[[Any], Any] = lambda v: v) -> Array:
    return np.array([np.mean(transform([f[of] for f in fibres])) for fibres in STUDY[group].values()])


def _balanced(fibres: int = 4) -> list[Record]:
    made = nested_studies(animals=(4, 5), fibres=fibres, difference=0.08, ratio=0.8, animal_sd=0.08, seed=3)
    found = zip(made.labels, made.pCa50[0], made.h[0], strict=True)
    return [_record(w["group"], w["animal"], w["fibre"], p, h) for w, p, h in found]


def test_welch_on_animal_means_against_scipy() -> None:
    record = groups(_records(), reference="WT")
    for name, of, transform in (("pCa50_difference", 0, lambda v: v), ("h_ratio", 1, np.log)):
        a, b = _means("WT", of, transform), _means("KO", of, transform)
        expected = stats.ttest_ind(b, a, equal_var=False)
        low, high = expected.confidence_interval(0.95)
        back = np.exp if transform is np.log else float
        x = name.split("_")[0]
        m = record[name]
        assert m.value == pytest.approx(back(b.mean() - a.mean()), rel=1e-12)
        assert m.interval == pytest.approx((back(low), back(high)), rel=1e-9)
        assert record[f"{x}_t"].value == pytest.approx(expected.statistic, rel=1e-9)
        assert record[f"{x}_df"].value == pytest.approx(expected.df, rel=1e-9)
        assert record[f"{x}_p"].value == pytest.approx(expected.pvalue, rel=1e-9)
        se = math.sqrt(a.var(ddof=1) / 4 + b.var(ddof=1) / 3)
        assert m.stderr == pytest.approx(se * (m.value if x == "h" else 1.0), rel=1e-9)
        half = stats.t.ppf(0.975, 3) * a.std(ddof=1) / 2
        assert record[f"{x}_a"].value == pytest.approx(back(a.mean()), rel=1e-12)
        assert record[f"{x}_a"].interval == pytest.approx((back(a.mean() - half), back(a.mean() + half)), rel=1e-9)
        assert record.trace(f"{x}_animal") == pytest.approx([back(v) for v in (*a, *b)], rel=1e-12)
    assert [record[n].value for n in ("n_animals_a", "n_animals_b", "n_fibres_a", "n_fibres_b")] == [4, 3, 10, 8]
    assert record.trace("animal_group").tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert record.trace("animal_fibres").tolist() == [3, 2, 4, 1, 2, 3, 3]
    assert record.status == "ok"
    assert not record.flags


def test_welch_by_hand() -> None:
    # Means 1, 2, 3 and 2, 4, 6: variances 1 and 4, so t = 2/√(5/3), df = (5/3)² / ((1/3)²/2 + (4/3)²/2) = 50/17.
    study = {"A": {f"a{i}": [(float(i), 1.0)] for i in (1, 2, 3)}, "B": {f"b{i}": [(2.0 * i, 1.0)] for i in (1, 2, 3)}}
    record = groups(_records(study), of="pCa50")
    assert record["pCa50_difference"].value == 2.0
    assert record["pCa50_t"].value == pytest.approx(2.0 / math.sqrt(5 / 3), rel=1e-14)
    assert record["pCa50_df"].value == pytest.approx(50 / 17, rel=1e-14)


def test_names_depend_on_the_settings_alone() -> None:
    for method in ("welch", "mixed"):
        for of, log in ((("pCa50", "h"), ("h",)), (("h",), ()), (("pCa50",), ("pCa50",))):
            record = groups(_records(), of=of, log=log, method=method)
            assert list(record) == [d.name for d in definitions(of, log, method)]
    short = groups(_records({"A": {"a": [(5.8, 2.0)]}, "B": {"b": [(5.9, 2.0)]}}))
    assert list(short) == [d.name for d in definitions()]


def test_reference_decides_the_direction_and_the_default_is_noted() -> None:
    forward, backward = groups(_records(), reference="WT"), groups(_records(), reference="KO")
    assert backward["pCa50_difference"].value == -forward["pCa50_difference"].value
    assert backward["h_ratio"].value == pytest.approx(1 / forward["h_ratio"].value, rel=1e-12)
    assert backward["h_p"].value == pytest.approx(forward["h_p"].value, rel=1e-9)
    assert backward.provenance.settings["pair"] == ("KO", "WT")
    assert backward.labels == {"group_a": "KO", "group_b": "WT"}
    assumed = groups(_records())
    assert assumed.flagged("reference-assumed")
    assert assumed.status == "ok"
    assert assumed.measurements == forward.measurements
    assert groups(_records(), pair=("KO", "WT")).measurements == backward.measurements
    assert groups(_records(), pair=("KO", "WT"), reference="WT").measurements == forward.measurements


def test_order_of_the_records_does_not_matter() -> None:
    shuffled = [_records()[i] for i in np.random.default_rng(1).permutation(18)]
    for method in ("welch", "mixed"):
        a, b = (groups(r, reference="WT", method=method) for r in (_records(), shuffled))
        assert [m.value for m in a.measurements] == pytest.approx([m.value for m in b.measurements], rel=1e-9)


def test_mixed_model_is_the_t_test_on_animal_means_when_balanced() -> None:
    records = _balanced()
    record = groups(records, method="mixed", reference="A")
    for name, transform in (("pCa50_difference", np.asarray), ("h_ratio", np.log)):
        x = name.split("_")[0]
        values = transform(np.array([r[x].value for r in records])).reshape(9, 4)
        a, b = values[:4].mean(axis=1), values[4:].mean(axis=1)
        expected = stats.ttest_ind(b, a)
        back = np.exp if x == "h" else float
        assert record[f"{x}_t"].value == pytest.approx(expected.statistic, rel=1e-9)
        assert record[f"{x}_df"].value == pytest.approx(7.0, rel=1e-9)
        assert record[f"{x}_p"].value == pytest.approx(expected.pvalue, rel=1e-9)
        assert record[name].interval == pytest.approx([back(v) for v in expected.confidence_interval()], rel=1e-9)
        # The variances are those of the analysis of variance.
        ms_within = values.var(axis=1, ddof=1).mean()
        ms_between = 4 * (3 * a.var(ddof=1) + 4 * b.var(ddof=1)) / 7
        assert record[f"{x}_sd_fibre"].value == pytest.approx(math.sqrt(ms_within), rel=1e-9)
        assert record[f"{x}_sd_animal"].value == pytest.approx(math.sqrt((ms_between - ms_within) / 4), rel=1e-9)


def test_mixed_model_with_no_variance_between_animals_keeps_the_animals_df() -> None:
    # Every animal has the same mean within its group but for little, fibres differ much: the estimate is on the bound.
    study = {
        g: {f"{g}{i}": [(s + 0.001 * i - 0.1, 2.0), (s + 0.001 * i + 0.1, 2.1)] for i in range(4)}
        for g, s in (("A", 5.8), ("B", 5.9))
    }
    record = groups(_records(study), of="pCa50", method="mixed", reference="A")
    assert record["pCa50_sd_animal"].value == 0.0
    assert record["pCa50_df"].value == pytest.approx(6.0, rel=1e-9)
    assert record.flagged("no-animal-variance")
    assert record.status == "ok"
    # Then all fibres share one variance, that about the group means.
    values = np.array([v for animals in study.values() for fibres in animals.values() for v, _ in fibres]).reshape(2, 8)
    pooled = math.sqrt(((values - values.mean(axis=1, keepdims=True)) ** 2).sum() / 14)
    assert record["pCa50_sd_fibre"].value == pytest.approx(pooled, rel=1e-9)
    assert record["pCa50_difference"].stderr == pytest.approx(pooled * math.sqrt(2 / 8), rel=1e-9)


def test_mixed_model_against_statsmodels_when_unbalanced() -> None:
    """Estimates and variances; its standard errors come from a joint Hessian, ours are checked below by definition."""
    api = pytest.importorskip("statsmodels.regression.mixed_linear_model", reason="statsmodels is not installed")
    records = _records()
    record = groups(records, method="mixed", reference="WT")
    x = np.array([[1.0, float(r.labels["group"] == "KO")] for r in records])
    owner = [r.labels["animal"] for r in records]
    for name, transform in (("pCa50", float), ("h", math.log)):  # h lies on the bound, pCa50 does not
        y = np.array([transform(r[name].value) for r in records])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that the bound is near
            found = api.MixedLM(y, x, owner).fit(reml=True, method="powell")
        back = math.exp if name == "h" else float
        contrast = record["h_ratio" if name == "h" else "pCa50_difference"]
        assert contrast.value == pytest.approx(back(found.fe_params[1]), rel=1e-6)
        assert record[f"{name}_a"].value == pytest.approx(back(found.fe_params[0]), rel=1e-6)
        assert record[f"{name}_sd_fibre"].value == pytest.approx(math.sqrt(found.scale), rel=1e-5)
        assert record[f"{name}_sd_animal"].value == pytest.approx(math.sqrt(found.cov_re[0, 0]), rel=1e-5, abs=1e-5)


def test_mixed_df_against_information_from_full_matrices() -> None:
    """The closed forms of the information against the definition ½ tr(P Vi P Vj) with matrices of all fibres."""
    records = _records()
    record = groups(records, method="mixed", reference="WT", of=("pCa50",))
    x = np.array([[float(r.labels["group"] == g) for g in ("WT", "KO")] for r in records])
    owner = [r.labels["animal"] for r in records]
    same = np.array([[float(a == b) for b in owner] for a in owner])
    parts = (same, np.eye(len(owner)))
    theta = [record["pCa50_sd_animal"].value ** 2, record["pCa50_sd_fibre"].value ** 2]

    def variance(t: Sequence[float]) -> tuple[Array, float]:
        inverse = np.linalg.inv(t[0] * parts[0] + t[1] * parts[1])
        bread = np.linalg.inv(x.T @ inverse @ x)
        c = np.array([-1.0, 1.0])
        return inverse - inverse @ x @ bread @ x.T @ inverse, float(c @ bread @ c)

    p, v = variance(theta)
    information = np.array([[0.5 * np.trace(p @ a @ p @ b) for b in parts] for a in parts])
    steps = [(np.array(theta) + s * np.eye(2)[i] * theta[i] * 1e-5) for i in (0, 1) for s in (1, -1)]
    values = [variance(s)[1] for s in steps]
    gradient = [(values[0] - values[1]) / (2e-5 * theta[0]), (values[2] - values[3]) / (2e-5 * theta[1])]
    df = 2 * v**2 / (gradient @ np.linalg.solve(information, gradient))
    assert record["pCa50_df"].value == pytest.approx(df, rel=1e-6)
    assert record["pCa50_difference"].stderr == pytest.approx(math.sqrt(v), rel=1e-9)
    # The estimate is where the REML score vanishes: y'P Vi P y = tr(P Vi).
    y = np.array([r["pCa50"].value for r in records])
    for part in parts:
        assert y @ p @ part @ p @ y == pytest.approx(np.trace(p @ part), rel=1e-6)


def test_mixed_model_with_fibres_that_all_agree_within_their_animals() -> None:
    study = {
        g: {f"{g}{i}": [(s + v, 2.0)] * 3 for i, v in enumerate((0.0, 0.02, 0.05))} for g, s in (("A", 5), ("B", 6))
    }
    record = groups(_records(study), of="pCa50", method="mixed")  # type: ignore[arg-type]
    assert record["pCa50_df"].value == pytest.approx(4.0, rel=1e-6)
    assert record["pCa50_sd_fibre"].value == pytest.approx(0.0, abs=1e-5)
    assert record["pCa50_sd_animal"].value == pytest.approx(np.std([0.0, 0.02, 0.05], ddof=1), rel=1e-6)


def test_few_animals_and_one_animal() -> None:
    few = {g: dict(list(animals.items())[:2]) for g, animals in STUDY.items()}
    record = groups(_records(few), reference="WT")
    assert record.flagged("few-animals")
    assert record.status == "suspect"
    assert math.isfinite(record["pCa50_p"].value)
    assert not groups(_records()).flagged("few-animals")  # three are enough
    one = {"WT": {"w1": STUDY["WT"]["w1"]}, "KO": STUDY["KO"]}
    record = groups(_records(one), reference="WT")
    assert record.flagged("one-animal")
    assert record["pCa50_difference"].value == pytest.approx(_means("KO", 0).mean() - 5.81, rel=1e-9)
    assert all(math.isnan(v) for v in (record["pCa50_p"].value, *record["pCa50_difference"].interval))
    # The mixed model borrows the spread from the other group.
    borrowed = groups(_records(one), method="mixed")
    assert not borrowed.flagged("one-animal")
    assert 0 < borrowed["pCa50_p"].value < 1
    single = {"WT": {"w1": STUDY["WT"]["w1"]}, "KO": {"k1": STUDY["KO"]["k1"]}}
    for method in ("welch", "mixed"):
        record = groups(_records(single), method=method)
        assert record.flagged("one-animal")
        assert math.isnan(record["pCa50_p"].value)


def test_no_spread_gives_no_probability() -> None:
    study = {g: {f"{g}{i}": [(v, 2.0), (v, 2.0)] for i in range(3)} for g, v in (("A", 5.8), ("B", 5.9))}
    for method in ("welch", "mixed"):
        record = groups(_records(study), of="pCa50", method=method)
        assert record.flagged("no-spread")
        assert math.isnan(record["pCa50_p"].value)
        assert record["pCa50_difference"].value == pytest.approx(0.1, rel=1e-9)


def test_failed_records_and_missing_numbers_are_left_out_and_said() -> None:
    whole = groups(_records(), reference="WT")
    extra = [
        _record("WT", "w1", "9", math.nan, math.nan, flags=[Flag("no-fit", "no", "failed")]),
        _record("KO", "k1", "8", math.nan, 2.0, flags=[Flag("skipped", "no", "skipped")]),
        _record("KO", "k2", "9", 5.9, math.nan),
    ]
    record = groups([*_records(), *extra], reference="WT")
    assert record.measurements == whole.measurements
    (failed,) = (f for f in record.flags if f.code == "failed-records-left-out")
    assert failed.message.startswith("2 failed")
    assert "fibre 9, " in failed.message or "fibre 9)" in failed.message
    assert record.flagged("values-left-out")
    assert record.status == "ok"
    assert record.provenance.reading["left_out"] == 3
    assert record.provenance.reading["records"] == 18
    # An animal that vanishes altogether is a doubt about the sample.
    gone = _record("KO", "k9", "1", math.nan, 2.0, flags=[Flag("no-fit", "no", "failed")])
    record = groups([*_records(), gone], reference="WT")
    assert record.flagged("animal-left-out")
    assert record.status == "suspect"
    # One that is missing only here is still compared there.
    assert groups([*_records(), extra[2]], of="pCa50")["n_fibres_b"].value == 9


def test_doubtful_records_are_used_and_noted() -> None:
    doubtful = [
        _record("WT", "w1", "9", 5.8, 2.2, flags=[Flag("poor-fit", "r2", "suspect")]),
        _record("KO", "k1", "9", 5.91, 2.05, interval=(5.7, math.inf)),
        _record("HET", "h1", "1", 5.9, 2.0),
    ]
    record = groups([*_records(), *doubtful], pair=("WT", "KO"))
    codes = [f.code for f in record.flags]
    assert codes == ["other-groups-left-out", "suspect-records-used", "open-interval-records"]
    assert record.status == "ok"
    assert record["n_fibres_a"].value == 11


def test_every_record_its_own_unit_is_flagged_as_pseudo_replication() -> None:
    records = [r.labelled(animal=None, fibre=f"{r.labels['animal']}-{r.labels['fibre']}") for r in _records()]
    record = groups(records, animal=None, reference="WT")
    assert record.flagged("pseudo-replication")
    assert record.status == "suspect"
    assert record["n_animals_a"].value == record["n_fibres_a"].value == 10
    a, b = ([f[0] for fibres in STUDY[g].values() for f in fibres] for g in ("WT", "KO"))
    assert record["pCa50_p"].value == pytest.approx(stats.ttest_ind(b, a, equal_var=False).pvalue, rel=1e-9)


def test_the_same_numbers_twice_are_suspect() -> None:
    twice = [*_records(), _record("WT", "w1", "other name", 5.80, 2.1)]
    record = groups(twice)
    assert record.flagged("identical-records")
    assert record.status == "suspect"


REFUSED: list[tuple[str, type[MuscleMetricsError], list[Record], dict[str, Any]]] = [
    ("no-records", InputError, [], {}),
    ("animal-in-two-groups", InputError, [_record("KO", "w1", "9", 5.8, 2.0)], {}),
    ("fibre-twice", InputError, [_record("WT", "w1", "0", 5.9, 2.3)], {}),
    ("fibre-twice", InputError, [_record("WT", "x", "0", 5.9, 2.3)], {"animal": None}),
    ("animal-not-stated", InputError, [_record("WT", MISSING, "9", 5.8, 2.0)], {}),
    ("group-not-stated", InputError, [_record(MISSING, "w1", "9", 5.8, 2.0)], {}),
    ("mixed-modalities", InputError, [_record("WT", "w1", "9", 5.8, 2.0, modality="slack")], {}),
    ("mixed-units", InputError, [_record("WT", "w1", "9", 5.8, 2.0, unit="%")], {}),
    ("mixed-settings", InputError, [_record("WT", "w1", "9", 5.8, 2.0, settings={"model": "hill_two"})], {}),
    ("not-positive", InputError, [_record("WT", "w1", "9", 5.8, -2.0)], {}),
    ("many-groups", SettingsError, [_record("HET", "x1", "9", 5.8, 2.0)], {}),
    ("unknown-group", SettingsError, [], {"pair": ("WT", "wt")}),
    ("unknown-group", SettingsError, [], {"reference": "wt"}),
    ("unknown-group", SettingsError, [_record("HET", "x1", "9", 5.8, 2.0)], {"pair": ("WT", "KO"), "reference": "HET"}),
    ("unknown-measurement", SettingsError, [], {"of": "pCa5O"}),
    ("bad-setting", SettingsError, [], {"of": ()}),
    ("bad-setting", SettingsError, [], {"of": ("h", "h")}),
    ("bad-setting", SettingsError, [], {"log": ("pca50",)}),
    ("bad-setting", SettingsError, [], {"method": "student"}),
    ("bad-setting", SettingsError, [], {"method": "mixed", "animal": None}),
    ("bad-setting", SettingsError, [], {"pair": ("WT", "WT")}),
    ("bad-setting", SettingsError, [], {"pair": "WT"}),
]


@pytest.mark.parametrize(
    ("code", "kind", "extra", "settings"), REFUSED, ids=[f"{r[0]}-{i}" for i, r in enumerate(REFUSED)]
)
def test_refusals(code: str, kind: type[MuscleMetricsError], extra: list[Record], settings: dict[str, Any]) -> None:
    records = [] if code == "no-records" else [*_records(), *extra]
    if code == "fibre-twice" and "animal" in settings:
        records = [*(r.labelled(fibre=f"f{i}") for i, r in enumerate(_records())), extra[0].labelled(fibre="f0")]
    with pytest.raises(kind) as caught:
        groups(records, **settings)
    assert caught.value.code == code
    assert caught.value.remedy


def test_more_refusals() -> None:
    one = [r for r in _records() if r.labels["group"] == "WT"]
    dead = [_record("KO", "k1", "1", math.nan, math.nan, flags=[Flag("no-fit", "no", "failed")])]
    single = {g: {a: f[:1] for a, f in animals.items()} for g, animals in STUDY.items()}
    fibre_1 = [_record("WT", "a", "1", 5.8, 2.0), _record("KO", "b", "1", 5.9, 2.0)]
    cases: list[tuple[str, list[Any], dict[str, Any]]] = [
        ("one-group", one, {}),
        ("empty-group", one + dead, {}),
        ("no-repeated-fibres", _records(single), {"method": "mixed"}),
        ("fibre-in-two-groups", fibre_1, {"animal": None}),
        ("not-a-record", [*_records(), {"pCa50": 5.8}], {}),
    ]
    for code, records, settings in cases:
        with pytest.raises(InputError) as caught:
            groups(records, **settings)
        assert caught.value.code == code
        assert caught.value.remedy


def test_facts_of_a_recording_may_differ_and_decisions_may_if_said() -> None:
    alike = {"model": "hill", "fmin": None, "force_unit": "kN/m2", "conditions": None, "run_down": None}
    facts = {**alike, "force_unit": "1", "conditions": {"temperature": "15"}, "run_down": (1.0, 0.9)}
    base = [_record("WT", "w1", "0", 5.8, 2.0, settings=alike), _record("KO", "k1", "0", 5.9, 2.1, settings=alike)]
    record = groups([*base, _record("KO", "k2", "0", 5.9, 2.0, settings=facts)])
    (noted,) = (f for f in record.flags if f.code == "settings-differ")
    assert noted.message == "the records differ in run_down"
    held = _record("KO", "k2", "0", 5.9, 2.0, settings={**alike, "fmin": 0.0})
    with pytest.raises(InputError, match="fmin is None, 0") as caught:
        groups([*base, held])
    assert caught.value.code == "mixed-settings"
    assert groups([*base, held], may_differ="fmin").flagged("settings-differ")


def test_the_record_is_a_record_like_any_other(tmp_path: Any) -> None:
    record = groups(iter(_records()), method="mixed")
    assert record.modality == "compare.groups"
    assert Record.from_json(record.to_json()) == record
    assert pickle.loads(pickle.dumps(record)) == record
    mm.save([record], tmp_path / "comparison.h5")
    assert mm.load(tmp_path / "comparison.h5") == [record]
    table = mm.to_dataframe([record])
    assert table["h_ratio"][0] == record["h_ratio"].value
    p = record.provenance
    assert "Patterson" in p.method
    assert p.settings["method"] == "mixed"
    assert p.software["musclemetrics"] == mm.__version__
    assert len(p.sources) == 19  # 18 files of their own and one they share, once
    assert p.reading["animals"] == ("w1", "w2", "w3", "w4", "k1", "k2", "k3")
    assert mm.compare.groups is groups


def test_units_stay_with_the_measurements() -> None:
    records = [
        Record("slack", [Measurement("Vo", v, unit="{L0}/s")], labels={"group": g, "animal": f"{g}{i}", "fibre": "1"})
        for g, some in (("A", (2.0, 2.5, 3.0)), ("B", (3.0, 3.5, 4.2)))
        for i, v in enumerate(some)
    ]
    plain, logged = groups(records, of="Vo"), groups(records, of="Vo", log="Vo")
    assert plain["Vo_difference"].unit == plain["Vo_a"].unit == "{L0}/s"
    assert (logged["Vo_ratio"].unit, logged["Vo_b"].unit) == ("1", "{L0}/s")
    assert logged["Vo_b"].value == pytest.approx((3.0 * 3.5 * 4.2) ** (1 / 3), rel=1e-12)
    assert plain.provenance.reading["modality"] == "slack"


def test_drawing_a_comparison() -> None:
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    record = groups(_records(), reference="WT")
    draw_groups(record, axes, of="h")
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in points] == [4, 3]  # type: ignore[arg-type]
    assert [t.get_text().split("\n")[0] for t in axes.get_xticklabels()] == ["WT", "KO"]
    assert axes.get_title(loc="left").startswith(f"KO / WT: {record['h_ratio'].value:.3g} (95 % ")
    with pytest.raises(SettingsError, match="not compared"):
        draw_groups(record, axes, of="Fmax")
    with pytest.raises(SettingsError):
        draw_groups(_records()[0], axes)


def test_the_simulator_tells_the_truth_it_claims() -> None:
    made = nested_studies(studies=400, animals=(4, 6), fibres=5, difference=0.2, ratio=1.5, noise=0.0, seed=11)
    again = nested_studies(studies=400, animals=(4, 6), fibres=5, difference=0.2, ratio=1.5, noise=0.0, seed=11)
    assert np.array_equal(made.forces, again.forces)
    assert made.forces.shape == (400, 50, 9)
    in_b = made.group == 1
    assert made.pCa50[:, in_b].mean() - made.pCa50[:, ~in_b].mean() == pytest.approx(0.2, abs=0.01)
    assert np.log(made.h)[:, in_b].mean() - np.log(made.h)[:, ~in_b].mean() == pytest.approx(math.log(1.5), abs=0.01)
    by_animal = made.pCa50.reshape(400, 10, 5)
    assert by_animal.std(axis=2, ddof=1).mean() == pytest.approx(0.05 * 0.94, rel=0.03)  # c4(5) = 0.940
    assert (by_animal.mean(axis=2)[:, :4].var(axis=1, ddof=1)).mean() == pytest.approx(0.05**2 * 1.2, rel=0.1)
    assert len({(w["animal"], w["fibre"]) for w in made.labels}) == 50
    found = fit(HILL, made.pca, made.forces[0])
    assert found["pCa50"] == pytest.approx(made.pCa50[0], abs=1e-9)
    with pytest.raises(SettingsError):
        nested_studies(fibres=0)


STUDIES = 2000


def test_error_of_the_first_kind_in_nested_null_studies() -> None:
    """The animal as the unit keeps its 5 %; fibres as units, and points pooled into one curve a group, do not."""
    made = nested_studies(studies=STUDIES, animals=(5, 5), fibres=6, animal_sd=0.05, fibre_sd=0.05, seed=20)
    in_b = made.group == 1
    found = fit(HILL, made.pca, made.forces.reshape(-1, len(made.pca)))
    assert found.converged.all()
    pca50 = found["pCa50"].reshape(STUDIES, -1)
    h = found["h"].reshape(STUDIES, -1)

    low, high = 0.035, 0.065
    for method in ("welch", "mixed"):
        p = []
        for i in range(STUDIES if method == "welch" else STUDIES // 2):
            rows = zip(made.labels, pca50[i].tolist(), h[i].tolist(), strict=True)
            record = groups(
                [Record("force_pca", (Measurement("pCa50", a), Measurement("h", b)), labels=w) for w, a, b in rows],
                method=method,
            )
            p.append((record["pCa50_p"].value, record["h_p"].value))
        rejected = np.mean(np.array(p) < 0.05, axis=0)
        assert low < rejected[0] < high, f"{method}: pCa50 rejected in {rejected[0]:.1%}"
        assert low < rejected[1] < high, f"{method}: h rejected in {rejected[1]:.1%}"

    fibres = stats.ttest_ind(pca50[:, in_b], pca50[:, ~in_b], axis=1, equal_var=False).pvalue
    assert np.mean(fibres < 0.05) > 0.20

    # Extra sum of squares: one curve for all points of a study against one for each group, 4 against 8 parameters.
    def residual(forces: Array) -> Array:
        points = forces.reshape(STUDIES, -1)
        return fit(HILL, np.tile(made.pca, forces.shape[1]), points).sse

    together, apart = residual(made.forces), residual(made.forces[:, in_b]) + residual(made.forces[:, ~in_b])
    dof = made.forces[0].size - 8
    pooled = stats.f.sf((together - apart) / 4 / (apart / dof), 4, dof)
    assert np.mean(pooled < 0.05) > 0.40


def test_groups_each_on_a_device_of_its_own_are_told() -> None:
    """A difference between groups may be one between devices."""

    def record(group: str, animal: int, value: float, **labels: str) -> Record:
        on = {"group": group, "animal": f"{group}{animal}", "fibre": "1", **labels}
        return Record("eim", [Measurement("R_50kHz", value, unit="Ohm")], labels=on)

    def compared(devices: dict[str, Sequence[str]]) -> list[Flag]:
        records = [
            record(g, i, 50.0 + 3 * i + 2 * (g == "KO"), device=devices[g][i]) for g in ("WT", "KO") for i in range(4)
        ]
        found = groups(records, of="R_50kHz", log=(), reference="WT")
        return [f for f in found.flags if f.code == "mixed-devices"]

    assert compared({"WT": ["A"] * 4, "KO": ["A"] * 4}) == []
    (apart,) = compared({"WT": ["A"] * 4, "KO": ["B"] * 4})
    assert apart.level == "suspect"
    assert "cannot be told" in apart.message
    (mixed,) = compared({"WT": ["A", "A", "B", "B"], "KO": ["A", "B", "B", "B"]})
    assert "cannot be told" not in mixed.message
    directions = [
        record(g, i, 50.0 + i + 9 * (g == "x"), direction={"x": "along", "y": "across"}[g])
        for g in "xy"
        for i in range(3)
    ]
    flags = groups(directions, of="R_50kHz", log=(), reference="along", group="direction").flags
    assert "mixed-devices" not in {f.code for f in flags}
