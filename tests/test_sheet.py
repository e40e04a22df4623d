"""A sheet of labels: joined by file or by pattern, ids as text, nothing matched twice, nothing left unsaid."""

from __future__ import annotations

from pathlib import Path

import pytest

from musclemetrics.errors import SettingsError
from musclemetrics.record import Flag, Measurement, Provenance, Record
from musclemetrics.study import joining, sheet, spellings
from musclemetrics.study.placing import placed


def record(*names: str, flags: tuple[Flag, ...] = (), **labels: str) -> Record:
    sources = tuple((n, f"{i:064x}") for i, n in enumerate(names))
    return Record("mean_force", (Measurement("mean", 1.0),), (), flags, Provenance(sources=sources), labels)


def join(rows: list[Record], found: sheet.Sheet) -> joining.Join:
    return joining.join(rows, placed(found, [n for r in rows for n, _ in r.provenance.sources]))


@pytest.fixture
def table(tmp_path):
    def made(text: str, name: str = "sheet.csv", **options: str) -> sheet.Sheet:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        return sheet.load(path, **options)

    return made


def test_labels_by_file_name_path_or_stem(table) -> None:
    found = table("File,Subject,side,dose\nv1/a.csv,007,left,2\nb.csv,0012,right,\nc,3,,\n")
    rows = joining.joined([record("v1/a.csv"), record("v2/b.csv"), record("v2/c.csv")], found)
    assert [dict(r.labels) for r in rows] == [
        {"subject": "007", "side": "left", "dose": "2"},
        {"subject": "0012", "side": "right"},
        {"subject": "3"},
    ]
    assert all(not r.flags for r in rows)


def test_labels_by_a_pattern_whose_fields_are_columns(table) -> None:
    text = "subject;session;group\n007;1;control\n007;2;treated\n8;1;control\n"
    found = table(text, match="{subject}_{session}_{n}")
    done = join([record("x/007_1_1.dcm"), record("x/007_1_2.dcm"), record("007_2_1.dcm")], found)
    assert [r.labels["group"] for r in done.records] == ["control", "control", "treated"]
    assert done.rows == (4,)
    assert done.said == ("sheet.csv: 1 row of no file: line 4 (subject 8, session 1)",)


def test_files_that_a_pattern_does_not_tell_apart_are_refused(table) -> None:
    found = table("subject,side\n7,left\n", match="{subject}_{side}")
    for others in (["v1/7_left.dcm", "v2/7_left.dcm"], ["7_left.dcm", "7_left.png"]):
        with pytest.raises(SettingsError, match="does not tell apart") as told:
            placed(found, others)
        assert told.value.code == "sheet-row-ambiguous"
    found = table("subject,side\n7,left\n", match="{subject}_{side}.dcm")
    assert [row.file for row in placed(found, ["7_left.dcm", "7_left.png"]).rows] == ["7_left.dcm"]
    found = table("subject,side\n7,left\n", match="{visit}/{subject}_{side}")
    assert len(placed(found, ["v1/7_left.dcm", "v2/7_left.dcm"]).rows) == 2


def test_what_has_no_counterpart_is_told_and_a_near_miss_is_named(table) -> None:
    found = table("subject,side\n7,left\n", match="{subject}_{side}")
    done = join([record("007_left.csv"), record("Thumbs.db", flags=(Flag("system-file", "", "skipped"),))], found)
    assert [[f.code for f in r.flags] for r in done.records] == [["no-sheet-row"], ["system-file"]]
    assert done.records[0].status == "suspect"
    assert "subject" not in done.records[0].labels
    assert (done.rows, done.files) == ((2,), ("007_left.csv",))
    assert done.said[1] == "sheet.csv: line 2 has subject '7', the file '007': write them alike"


def test_a_label_of_the_sheet_wins_and_says_so(table) -> None:
    (one,) = joining.joined([record("a.csv", side="left", muscle="TA")], table("file,side,muscle\na.csv,right,TA\n"))
    assert one.labels == {"side": "right", "muscle": "TA"}
    assert [(f.code, f.level) for f in one.flags] == [("label-overrides-file", "suspect")]
    assert one.flags[0].message == "side is 'left' by the file and 'right' by sheet.csv, which was used"


def test_a_file_with_two_rows_is_refused_but_fibres_of_one_file_are_not(table) -> None:
    with pytest.raises(SettingsError, match=r"lines 2 and 3 of sheet\.csv are both of v/a\.csv") as told:
        joining.joined([record("v/a.csv")], table("file,subject\na.csv,1\nv/a.csv,2\n"))
    assert told.value.code == "sheet-file-twice"
    found = table("file,fibre,animal\na.csv,f1,A\na.csv,f2,B\n")
    rows = joining.joined(
        [record("a.csv", fibre="f1"), record("a.csv", fibre="f2"), record("a.csv", fibre="f3")], found
    )
    assert [r.labels.get("animal") for r in rows] == ["A", "B", None]
    assert rows[2].flagged("no-sheet-row")


def test_a_name_that_there_is_twice_is_refused(table) -> None:
    rows = [record("v1/scan.csv"), record("v2/scan.csv")]
    with pytest.raises(SettingsError, match=r"names scan\.csv, which there is 2 times") as told:
        joining.joined(rows, table("file,subject\nscan.csv,1\n"))
    assert told.value.code == "sheet-row-ambiguous"
    done = joining.joined(rows, table("file,subject\nv1/scan.csv,1\nv2\\scan.csv,2\n"))
    assert [r.labels["subject"] for r in done] == ["1", "2"]


def test_files_of_one_record_keep_what_their_rows_have_in_common(table) -> None:
    (one,) = joining.joined([record("a.slc", "b.slc")], table("file,subject,run\na.slc,07,1\nb.slc,07,2\n"))
    assert one.labels == {"subject": "07"}
    assert one.flags[0].message == "lines 2, 3 of sheet.csv are of one record and differ in run, left out here"


def test_a_sheet_is_kept_in_a_run_folder_as_it_is(table, tmp_path) -> None:
    found = placed(table('file,subject,note\na.csv,007,"=1+1, ""x""\nb"\nz,8,\n'), ["v/a.csv"])
    sheet.save(found, tmp_path / sheet.NAME)
    again = sheet.stored(tmp_path / sheet.NAME)
    assert again.rows == found.rows
    assert [(r.file, r.number) for r in again.rows] == [("v/a.csv", 3), ("", 4)]
    assert "'=1+1" in (tmp_path / sheet.NAME).read_text()
    (tmp_path / sheet.NAME).write_text("line,file\nx,y\n")
    with pytest.raises(SettingsError, match="cannot be read"):
        sheet.stored(tmp_path / sheet.NAME)


def test_unicode_spellings_of_a_name_are_one(table) -> None:
    (one,) = joining.joined([record("Müller.csv")], table("file,side\nMu\u0308ller.csv,left\n"))
    assert one.labels == {"side": "left"}


def test_a_workbook_keeps_text_and_tells_of_numbers(tmp_path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for row in (["file", "subject", "animal", "age"], ["a.csv", "007", 12, 31.5]):
        book.active.append(row)
    book.save(tmp_path / "s.xlsx")
    found = sheet.load(tmp_path / "s.xlsx")
    assert found.rows[0].labels == {"subject": "007", "animal": "12", "age": "31.5"}
    assert found.notes == (
        "column animal holds numbers, of which leading zeros are not kept; format it as text to keep them",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("subject,side\n1,left\n", "has no column to name the file"),
        ("file,path\na,b\n", "has 'file' and 'path' to name the file"),
        ("file,side,Side\na,l,r\n", "has the column 'side' twice"),
        ("file,side\n,left\n", "line 2 names no file"),
        ("file,side\na,left,1\n", "line 2 has more cells than heads"),
        ('file,side\na,"left\n', "cannot be parted into cells"),
        ("\n", "holds no rows"),
    ],
)
def test_a_sheet_that_is_none_says_where(table, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as told:
        table(text)
    assert told.value.code == "bad-sheet"
    assert told.value.remedy


def test_a_pattern_needs_columns_and_one_row_for_each_of_its_words(table) -> None:
    with pytest.raises(SettingsError, match="has no column of"):
        table("file,side\na,left\n", match="{subject}_{n}")
    with pytest.raises(SettingsError, match="two rows for subject 1, lines 2 and 3"):
        table("subject,age\n1,30\n1,31\n", match="{subject}_{n}")
    with pytest.raises(SettingsError, match="names no field"):
        table("subject\n1\n", match="subject")
    with pytest.raises(SettingsError, match="there is no file"):
        sheet.load(Path("nowhere.csv"))


def test_spellings_of_a_subject_are_flagged_and_never_merged() -> None:
    words = ["0012", "12", "12 ", "13", "S-007", "s7", "1-1", "11"]
    rows = spellings.told([record("a.csv", subject=w) for w in words])
    assert [r.labels["subject"] for r in rows] == words
    assert [r.flagged("possible-duplicate-subject") for r in rows] == [
        True,
        True,
        True,
        False,
        True,
        True,
        False,
        False,
    ]
    assert "subject '0012' is also written '12', '12 '" in rows[0].flags[0].message


def test_a_trailing_blank_of_a_subject_in_a_sheet_is_kept(table) -> None:
    found = table('file,subject,side\na.csv,12,left \nb.csv,"12 ",left\n')
    rows = joining.joined([record("a.csv"), record("b.csv")], found)
    assert [(r.labels["subject"], r.labels["side"]) for r in rows] == [("12", "left"), ("12 ", "left")]
    assert all(r.flagged("possible-duplicate-subject") for r in spellings.told(rows))
