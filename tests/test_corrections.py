"""What a person decides for one record reaches that record and no other, and nothing given is lost."""

from __future__ import annotations

import csv
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import musclemetrics as mm
from musclemetrics import modalities
from musclemetrics.batch import SupervisedPool, settings_of
from musclemetrics.cli import main
from musclemetrics.corrections import Correction, load
from musclemetrics.errors import InputError, SettingsError
from musclemetrics.record import Record
from musclemetrics.store import save_onsets

from . import mean_force

HEAD = "source,release,onset (s)"


@pytest.fixture
def rig(tmp_path) -> Path:
    """Three simulated slack tests, a file each."""
    folder = tmp_path / "rig"
    folder.mkdir()
    for name in ("S01.csv", "S02.csv", "S09.csv"):
        shutil.copy(mm.sample("slack") / name, folder)
    return folder


@pytest.fixture
def table(tmp_path) -> Path:
    """Two fibres in one file."""
    first, second = (
        (mm.sample("slack") / f"{name}.csv").read_text(encoding="utf-8").splitlines() for name in ("S01", "S02")
    )
    path = tmp_path / "both.csv"
    path.write_text("\n".join([*first, *second[1:]]) + "\n", encoding="utf-8")
    return path


def measured(paths: object, *corrections: Correction, **more: object) -> list[Record]:
    return list(mm.measure_files(paths, "slack", corrections=corrections, **more))  # type: ignore[arg-type]


def given(text: str, tmp_path: Path, name: str = "onsets.csv") -> list[Correction]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load(path)


class TestFiles:
    def test_a_table_of_onsets(self, tmp_path):
        text = f"{HEAD},fibre\nS01.csv,2,0.35,7\nS01.csv,4,leave out,7\nS01.csv,1,,8\n\nS02.csv,3.0,0.7,\n"
        first, second, third = given(text, tmp_path)
        assert (first.source, dict(first.labels), first.origin) == ("S01.csv", {"fibre": "7"}, "onsets.csv")
        assert dict(first.settings["onsets"]) == {"2": 0.35, "4": None}
        assert (dict(second.labels), dict(second.settings["onsets"])) == ({"fibre": "8"}, {"1": None})
        assert (third.source, dict(third.labels), dict(third.settings["onsets"])) == ("S02.csv", {}, {"3": 0.7})

    @pytest.mark.parametrize(
        "text",
        [
            "source,release,onset (ms)\na.csv,1,350\n",
            "\ufeffSource;Release;Onset (ms);;\na.csv;1;350,0;;\n",
            "onset (us)\trelease\tsource\n350000\t1\ta.csv\n",
        ],
    )
    def test_units_separators_and_order_are_as_they_come(self, tmp_path, text):
        (one,) = given(text, tmp_path)
        assert one.source == "a.csv"
        assert one.settings["onsets"]["1"] == pytest.approx(0.35, rel=1e-12)

    def test_json(self, tmp_path):
        rows = [{"source": "a.csv", "settings": {"onsets": {"2": 0.35, "4": None}}, "labels": {"fibre": "7"}}]
        (one,) = given(json.dumps(rows), tmp_path, "corrections.json")
        assert one == Correction("a.csv", {"onsets": {2: 0.35, 4: None}}, {"fibre": "7"}, "corrections.json")

    def test_rows_as_they_were_found_correct_nothing(self, tmp_path):
        head = "source,release,onset (s),found (s)"
        assert given(f"{head}\na.csv,1,0.35,0.35\na.csv,2,leave out,leave out\n", tmp_path) == []
        rows = "a.csv,1,0.36,0.35\na.csv,2,0.7,leave out\na.csv,3,,0.9\na.csv,4,1.1,by hand\na.csv,5,leave out,by hand"
        (one,) = given(f"{head}\n{rows}\n", tmp_path)
        assert dict(one.settings["onsets"]) == {"1": 0.36, "2": 0.7, "3": None, "4": 1.1, "5": None}

    @pytest.mark.parametrize(
        ("text", "code", "words"),
        [
            ("", "bad-correction", "empty"),
            ("source,release,onset\na.csv,1,0.3", "time-unit-not-stated", "onset (ms)"),
            ("source,release,onset (s),found\na.csv,1,0.3,0.3", "time-unit-not-stated", "found (s)"),
            ("source,release,onset (mm)\na.csv,1,0.3", "bad-correction", "no unit of time"),
            ("source,onset (s)\na.csv,0.3", "bad-correction", "no column release"),
            (f"{HEAD},Release\na.csv,1,0.3,1", "bad-correction", "two columns release"),
            (f"{HEAD},,fibre\na.csv,1,0.3,,7", "bad-correction", "column 4 has no name"),
            (f"{HEAD}\na.csv,0,0.3", "bad-correction", "line 2: '0'"),
            (f"{HEAD}\na.csv,two,0.3", "bad-correction", "'two'"),
            (f"{HEAD}\na.csv,1,soon", "bad-correction", "leave out"),
            (f"{HEAD}\na.csv,1,nan", "bad-correction", "'nan'"),
            (f"{HEAD}\na.csv,1,0,35", "bad-correction", "more cells"),
            (f"{HEAD}\n,1,0.3", "bad-correction", "no source"),
            (f"{HEAD}\na.csv,1,0.3\na.csv,2,0.5\na.csv,1,0.4", "correction-conflict", "line 4 contradicts line 2"),
            ("[", "bad-correction", "not JSON"),
            ('[{"source": "a.csv", "settings": {"onsets": {"1": NaN}}}]', "bad-correction", "NaN"),
            ('{"source": "a.csv"}', "bad-correction", "list"),
            ("[3]", "bad-correction", "object 1"),
            ('[{"source": "a.csv", "onsets": {"1": 3}}]', "bad-correction", "'onsets'"),
            ('[{"source": "", "settings": {"onsets": {}}}]', "bad-correction", "names no file"),
            ('[{"source": "a.csv"}]', "bad-correction", "changes no setting"),
            ('[{"source": "a.csv", "settings": [1]}]', "bad-correction", "mapping"),
        ],
    )
    def test_refuses(self, tmp_path, text, code, words):
        with pytest.raises(SettingsError) as caught:
            given(text, tmp_path)
        assert caught.value.code == code
        assert words in str(caught.value)

    def test_files_that_are_none(self, tmp_path):
        with pytest.raises(SettingsError) as caught:
            load(tmp_path / "no.csv")
        assert caught.value.code == "missing-file"
        with pytest.raises(SettingsError, match="cannot be read"):
            load(tmp_path)
        (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
        with pytest.raises(SettingsError, match="CSV UTF-8"):
            load(tmp_path / "book.xlsx")


class TestMatching:
    def test_one_record_is_corrected_and_the_others_stay_to_the_last_bit(self, rig):
        plain = measured(rig)
        made = measured(rig, Correction("S02.csv", {"onsets": {2: 0.36, 5: None}}, origin="night.csv"))
        assert [a == b for a, b in zip(made, plain, strict=True)] == [True, False, True]
        one = made[1]
        assert one.flagged("manual-onset")
        assert one.flagged("release-left-out-by-hand")
        assert dict(one.provenance.settings["onsets"]) == {"2": 0.36, "5": None}
        assert "onsets corrected by hand, from night.csv" in one.provenance.reading["notes"]
        assert one.trace("release_onset")[1] == pytest.approx(0.36, abs=1e-12)

    def test_as_measure_itself_would(self, rig):
        (reading,) = mm.read(rig / "S02.csv")
        (one,) = mm.slack.inputs([reading])
        alone = mm.slack.measure(**one.args, **{**one.settings, "onsets": {2: 0.36}})
        (batch,) = measured(rig / "S02.csv", Correction("S02.csv", {"onsets": {2: 0.36}}))
        assert batch.measurements == alone.measurements
        assert batch.traces == alone.traces

    @pytest.mark.parametrize("name", ["S02.csv", "rig/S02.csv", "else/where/rig/S02.csv", "rig\\S02.csv"])
    def test_a_name_may_be_as_long_or_short_as_tells_it(self, rig, name):
        shutil.copy(rig / "S01.csv", rig.parent / "other.csv")
        records = measured(rig.parent, Correction(name, {"onsets": {2: 0.36}}))
        told = {r.provenance.sources[0][0]: r.flagged("manual-onset") for r in records}
        assert told == {"other.csv": False, "rig/S01.csv": False, "rig/S02.csv": True, "rig/S09.csv": False}

    def test_a_name_of_two_files_is_refused_and_its_folder_settles_it(self, rig):
        other = rig.parent / "later"
        shutil.copytree(rig, other)
        with pytest.raises(SettingsError) as caught:
            measured([rig, other], Correction("S02.csv", {"onsets": {2: 0.36}}))
        assert caught.value.code == "correction-ambiguous"
        assert "rig/S02.csv" in str(caught.value)
        records = measured([rig, other], Correction("later/S02.csv", {"onsets": {2: 0.36}}))
        assert [r.flagged("manual-onset") for r in records] == [False, False, False, False, True, False]

    def test_a_name_of_no_file_ends_the_run_before_it_begins(self, rig, monkeypatch):
        monkeypatch.setattr("musclemetrics.batch.engine.run", lambda unit: pytest.fail("began"))
        with pytest.raises(SettingsError) as caught:
            measured(rig, Correction("S03.csv", {"onsets": {1: 0.1}}), Correction("S04.csv", {"onsets": {1: 0.1}}))
        assert caught.value.code == "correction-unmatched"
        assert "S03.csv and 1 more" in str(caught.value)

    def test_labels_tell_the_records_of_a_file_apart(self, table):
        plain = measured(table)
        first, second = measured(table, Correction("both.csv", {"onsets": {2: 0.36}}, {"fibre": "S02"}))
        assert first == plain[0]
        assert second.flagged("manual-onset")

    def test_without_labels_it_is_used_for_none_and_both_say_so(self, table):
        plain = measured(table)
        records = measured(table, Correction("both.csv", {"onsets": {2: 0.36}}))
        for made, was in zip(records, plain, strict=True):
            (flag,) = [f for f in made.flags if f.code == "correction-not-used"]
            assert "say which by fibre" in flag.message
            assert made.measurements == was.measurements
            assert made.status == "suspect"

    def test_labels_that_no_record_has_are_told_on_the_first(self, table):
        first, second = measured(table, Correction("both.csv", {"onsets": {2: 0.36}}, {"fibre": "S03"}))
        assert "there is fibre S01; fibre S02" in next(
            f.message for f in first.flags if f.code == "correction-not-used"
        )
        assert not second.flagged("correction-not-used")

    def test_a_file_that_cannot_be_measured_says_so_too(self, rig):
        (rig / "S02.csv").write_text("nothing here\n", encoding="utf-8")
        records = measured(rig, Correction("S02.csv", {"onsets": {2: 0.36}}))
        (broken,) = [r for r in records if r.status == "failed"]
        assert broken.flagged("correction-not-used")

    def test_raised_where_errors_are(self, table):
        with pytest.raises(SettingsError) as caught:
            measured(table, Correction("both.csv", {"onsets": {2: 0.36}}), errors="raise")
        assert caught.value.code == "correction-not-used"

    def test_a_fibre_of_several_files_is_named_by_any_of_them(self, rig):
        for name, of in (("S01.csv", "S01"), ("S09.csv", "S03")):
            text = (mm.sample("slack") / f"{of}.csv").read_text(encoding="utf-8")
            (rig / name).write_text(text.replace(f"{of},", "S02,"), encoding="utf-8")
        (record,) = measured(rig, Correction("S09.csv", {"onsets": {7: 0.36}}), group_by="folder")
        assert record["n_releases"].value == 15
        assert record.trace("release_manual").tolist() == [float(k == 7) for k in range(1, 16)]


class TestDecisions:
    @pytest.mark.parametrize("workers", ["threads", "processes"])
    def test_executors_give_the_same(self, rig, workers):
        corrections = [Correction("S02.csv", {"onsets": {2: 0.36}}), Correction("S09.csv", {"onsets": {1: None}})]
        with ThreadPoolExecutor(2) if workers == "threads" else SupervisedPool(2) as pool:
            assert measured(rig, *corrections, executor=pool) == measured(rig, *corrections)

    def test_times_are_seconds_whatever_the_recording_has(self, rig):
        rows = list(csv.reader((rig / "S02.csv").read_text(encoding="utf-8").splitlines()))
        lines = ["fibre,time (ms),length (L0),force (kN/m2)"]
        lines += [f"{name},{1e3 * float(t):.1f},{x},{f}" for name, t, x, f in rows[1:]]
        (rig / "S01.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        first, second, _ = measured(rig, *(Correction(n, {"onsets": {2: 0.36}}) for n in ("S01.csv", "S02.csv")))
        assert first.provenance.settings["time_unit"] == "ms"
        assert first.provenance.settings["onsets"]["2"] == 0.36
        assert first["Vo"].value == pytest.approx(second["Vo"].value, rel=1e-6)
        assert first.trace("release_onset")[1] == pytest.approx(0.36, abs=1e-12)

    def test_two_that_agree_or_complete_each_other_are_joined(self, rig):
        parts = [
            Correction("S02.csv", {"onsets": {2: 0.36}}),
            Correction("rig/S02.csv", {"onsets": {2: 0.36, 3: None}}),
        ]
        record = measured(rig, *parts)[1]
        assert dict(record.provenance.settings["onsets"]) == {"2": 0.36, "3": None}

    def test_two_that_contradict_are_refused(self, rig, table):
        two = [Correction("S02.csv", {"onsets": {2: at}}) for at in (0.36, 0.37)]
        with pytest.raises(SettingsError) as caught:
            measured(rig, *two)
        assert caught.value.code == "correction-conflict"
        # Of one record by different labels: seen only when its labels are known, and the record's own failure.
        rows = (rig / "S02.csv").read_text(encoding="utf-8").splitlines()
        animals = ["animal," + rows[0], *("rat 1," + row for row in rows[1:])]
        (rig / "S02.csv").write_text("\n".join(animals) + "\n", encoding="utf-8")
        two = [
            Correction("S02.csv", {"onsets": {2: 0.36}}, {"fibre": "S02"}),
            Correction("S02.csv", {"onsets": {2: 0.37}}, {"animal": "rat 1"}),
        ]
        first, second, third = measured(rig, *two)
        assert (first.status, third.status) == ("ok", "ok")
        assert (second.status, second.flags[0].code) == ("failed", "correction-conflict")
        with pytest.raises(InputError, match="contradict"):
            measured(rig, *two, errors="raise")

    def test_a_correction_wins_over_the_run_and_says_so(self, rig):
        first, second, _ = measured(rig, Correction("S02.csv", {"onsets": {2: 0.36}}), onsets={2: None, 3: None})
        assert dict(first.provenance.settings["onsets"]) == {"2": None, "3": None}
        assert dict(second.provenance.settings["onsets"]) == {"2": 0.36, "3": None}
        (flag,) = [f for f in second.flags if f.code == "correction-overrides-setting"]
        assert "onsets 2 is set for the whole run" in flag.message
        assert not first.flagged("correction-overrides-setting")

    def test_any_setting_of_measure_can_be_corrected_and_no_other(self, rig):
        first, second, _ = measured(rig, Correction("S02.csv", {"onset": "line", "line_window": (0.05, 0.2)}))
        assert (first.provenance.settings["onset"], second.provenance.settings["onset"]) == ("hinge_quadratic", "line")
        for wrong, code in (
            ({"onsetz": {2: 1.0}}, "unknown-setting"),
            ({"together": False}, "unknown-setting"),
            ({"onset": "eye"}, "bad-setting"),
            ({"onsets": {0: 1.0}}, "bad-setting"),
            ({"onsets": {2: "soon"}}, "bad-setting"),
        ):
            with pytest.raises(SettingsError) as caught:
                measured(rig, Correction("S02.csv", wrong))
            assert caught.value.code == code
        with pytest.raises(SettingsError, match="no Correction"):
            measured(rig, "S02.csv")  # type: ignore[arg-type]

    def test_curves_measured_as_one_stack_leave_the_corrected_one_out(self, tmp_path):
        path = tmp_path / "a.csv"
        rows = [f"{n},{p},{f + n}" for n in range(3) for p, f in ((9, 1), (6, 2), (4.5, 3))]
        path.write_text("\n".join(["fibre,pCa,force (mN)", *rows]) + "\n", encoding="utf-8")
        one = Correction("a.csv", {"scale": 10.0}, {"fibre": "1"})
        found = mm.measure_files(path, mean_force, corrections=[one])  # type: ignore[arg-type]
        assert [r["mean"].value for r in found] == [2.0, 30.0, 4.0]


class TestRoundTrip:
    def test_written_changed_read_back(self, rig, tmp_path, capsys):
        out, again = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
        onsets = tmp_path / "onsets.csv"
        assert main(["slack", str(rig), "-o", str(out), "--save-onsets", str(onsets), "--quiet"]) == 0
        rows = list(csv.DictReader(onsets.open(encoding="utf-8", newline="")))
        assert len(rows) == 15
        assert list(rows[0]) == ["source", "release", "onset (s)", "found (s)", "start (s)", "step ({L0})"]
        before = mm.load(out)
        assert float(rows[6]["onset (s)"]) == pytest.approx(before[1].trace("release_onset")[1], abs=1e-9)
        # As it came, it changes nothing, and that is said.
        assert main(["slack", str(rig), "-o", str(again), "--onsets", str(onsets)]) == 0
        assert "changes nothing" in capsys.readouterr().err
        assert mm.load(again) == before
        text = onsets.read_text(encoding="utf-8").replace(rows[6]["onset (s)"], "0.36", 1)
        onsets.write_text(text, encoding="utf-8")
        assert main(["slack", str(rig), "-o", str(again), "--onsets", str(onsets), "--quiet"]) == 0
        after = mm.load(again)
        assert [a == b for a, b in zip(after, before, strict=True)] == [True, False, True]
        assert [r.flagged("manual-onset") for r in after] == [False, True, False]
        assert after[1].trace("release_manual").tolist() == [0, 1, 0, 0, 0]
        assert after[1].trace("release_onset")[0] == before[1].trace("release_onset")[0]

    def test_what_was_given_by_hand_stays_so_through_the_next_table(self, rig, tmp_path):
        first, second, third = (tmp_path / f"{n}.csv" for n in "abc")
        save_onsets(measured(rig, Correction("S02.csv", {"onsets": {2: 0.36, 4: None}})), first)
        corrected = measured(rig, *load(first))
        save_onsets(corrected, second)
        again = measured(rig, *load(second))
        assert [(r.measurements, r.traces) for r in again] == [(r.measurements, r.traces) for r in corrected]
        save_onsets(again, third)
        assert first.read_bytes() == second.read_bytes() == third.read_bytes()
        (one,) = load(third)
        assert dict(one.settings["onsets"]) == {"2": 0.36, "4": None}

    def test_records_of_one_file_are_told_apart_by_what_differs(self, table, tmp_path):
        path = tmp_path / "onsets.csv"
        assert save_onsets([r.labelled(rig="3") for r in measured(table)], path) == 10
        rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
        assert [r["fibre"] for r in rows] == ["S01"] * 5 + ["S02"] * 5
        assert "rig" not in rows[0]
        text = path.read_text(encoding="utf-8").replace(rows[7]["onset (s)"], "leave out", 1)
        path.write_text(text, encoding="utf-8")
        first, second = measured(table, *load(path))
        assert first == measured(table)[0]
        assert second["n_releases"].value == 4

    def test_names_that_a_spreadsheet_would_run_come_back(self, rig, tmp_path):
        (rig / "S01.csv").rename(rig / "=S01.csv")
        path = tmp_path / "onsets.csv"
        save_onsets(measured(rig), path)
        rows = list(csv.reader(path.open(encoding="utf-8", newline="")))
        at = next(i for i, row in enumerate(rows) if row[0] == "'=S01.csv")
        rows[at][2] = "leave out"
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
        assert [c.source for c in load(path)] == ["=S01.csv"]
        assert any(r.flagged("release-left-out-by-hand") for r in measured(rig, *load(path)))

    def test_nothing_to_write(self, rig, tmp_path):
        with pytest.raises(InputError) as caught:
            save_onsets([], tmp_path / "a.csv")
        assert caught.value.code == "no-onsets"
        (reading,) = mm.read(rig / "S02.csv")
        (one,) = mm.slack.inputs([reading])
        with pytest.raises(InputError) as caught:
            save_onsets([mm.slack.measure(**one.args, **one.settings)], tmp_path / "a.csv")
        assert caught.value.code == "no-source"
        assert not (tmp_path / "a.csv").exists()


class TestCommandLine:
    def test_the_table_names_what_measure_takes(self):
        for name in modalities.MODALITIES:
            known = settings_of(modalities.modality(name).measure)
            assert set(modalities.CORRECTIONS.get(name, ())) <= set(known)
            assert ("onsets" in known) == ("onsets" in modalities.CORRECTIONS.get(name, ()))
        assert set(modalities.CORRECTIONS) <= set(modalities.MODALITIES)

    def test_only_modalities_with_corrections_have_the_option(self, capsys):
        assert main(["ktr", "--help"]) == 0
        assert "--onsets" not in capsys.readouterr().out
        assert main(["slack", "--help"]) == 0
        assert "--onsets FILE" in capsys.readouterr().out

    def test_a_table_in_the_folder_of_the_data_is_no_recording_and_never_an_output(self, rig, tmp_path, capsys):
        onsets = rig / "mine.csv"
        onsets.write_text("fibre;source;release;onset (ms)\nS02;S02.csv;2;360,5\n", encoding="utf-8")
        kept = onsets.read_bytes()
        words = ["slack", str(rig), "--onsets", str(onsets)]
        assert main([*words, "-o", str(tmp_path / "a.jsonl")]) == 0
        by_name = {r.provenance.sources[0][0]: r for r in mm.load(tmp_path / "a.jsonl")}
        assert (by_name["mine.csv"].status, by_name["mine.csv"].flags[0].code) == ("skipped", "own-output")
        assert by_name["S02.csv"].trace("release_onset")[1] == pytest.approx(0.3605, abs=1e-12)
        capsys.readouterr()
        for option in ("-o", "--save-onsets"):
            assert main([*words, option, str(onsets), "--overwrite"]) == 2
            assert "read for its corrections" in capsys.readouterr().err
            assert main(["slack", str(rig), option, str(onsets)]) == 2
            assert "--overwrite" in capsys.readouterr().err
        assert onsets.read_bytes() == kept
        assert main(["slack", str(rig), "--save-onsets", str(onsets), "--overwrite"]) == 0
        assert len(onsets.read_text(encoding="utf-8").splitlines()) == 16

    def test_what_cannot_be_carried_out_is_told_in_one_line(self, rig, tmp_path, capsys):
        bad = tmp_path / "bad.csv"
        for text, words in (
            ("source,release,onset\nS02.csv,2,0.36\n", "states no unit"),
            (f"{HEAD}\nS03.csv,2,0.36\n", "names no file that is measured"),
            ('[{"source": "S02.csv", "settings": {"onset": "line"}}]', "--onsets takes onsets only"),
        ):
            bad.write_text(text, encoding="utf-8")
            assert main(["slack", str(rig), "--onsets", str(bad)]) == 2
            assert words in capsys.readouterr().err
        assert main(["slack", str(rig), "--onsets", str(tmp_path / "no.csv")]) == 2

    def test_what_has_no_onsets_is_named(self, rig, tmp_path, capsys):
        shutil.copy(mm.sample("slack") / "no_length.csv", rig)
        assert main(["slack", str(rig), "--save-onsets", str(tmp_path / "a.csv")]) == 1
        assert "15 releases, without no_length" in capsys.readouterr().err
        assert main(["slack", str(rig / "no_length.csv"), "--save-onsets", str(tmp_path / "b.csv")]) == 3
        assert not (tmp_path / "b.csv").exists()
