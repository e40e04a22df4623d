"""Outputs that name nobody: codes that need the key, days in place of dates, no foreign word in any message."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from musclemetrics.errors import ReadError, SettingsError
from musclemetrics.record import Flag, Measurement, Provenance, Record
from musclemetrics.study.phi import Safe
from musclemetrics.study.pseudonyms import Key, load_key, make_key
from musclemetrics.study.wording import masked

KEY = Key(bytes(range(32)))


def record(name: str = "Quux_Zebediah/visit.dcm", flags: tuple[Flag, ...] = (), reading=None, **labels: str) -> Record:
    digest = hashlib.sha256(name.encode()).hexdigest()
    where = Provenance("a method", {"scale": 2}, sources=((name, digest),), reading=reading or {})
    return Record("mean_force", (Measurement("mean", 1.0),), (), flags, where, labels)


# keys


def test_a_key_file_is_its_owners_alone_and_never_replaced(tmp_path) -> None:
    old = os.umask(0)
    try:
        made = make_key(tmp_path / "study.key")
    finally:
        os.umask(old)
    if os.name == "posix":
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert load_key(made).code("S", "07") == load_key(made).code("S", "07")
    assert len(load_key(made).secret) == 32
    with pytest.raises(SettingsError) as told:
        make_key(made)
    assert told.value.code == "key-exists"
    assert load_key(make_key(tmp_path / "other.key")).secret != load_key(made).secret


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_a_key_that_others_may_read_is_refused(tmp_path) -> None:
    made = make_key(tmp_path / "study.key")
    made.chmod(0o640)
    with pytest.raises(SettingsError, match="mode 640") as told:
        load_key(made)
    assert told.value.code == "key-readable-by-others"


def test_a_key_in_the_run_folder_is_refused(tmp_path) -> None:
    home = tmp_path / "study"
    (home / "deep").mkdir(parents=True)
    inside = make_key(home / "deep" / "k")
    with pytest.raises(SettingsError) as told:
        load_key(inside, outside=home)
    assert told.value.code == "key-in-run-folder"
    outside = make_key(tmp_path / "study-key")
    assert load_key(outside, outside=home)
    (home / "link").symlink_to(outside)
    with pytest.raises(SettingsError):
        load_key(home / "link", outside=home)
    (tmp_path / "link").symlink_to(inside)
    with pytest.raises(SettingsError):
        load_key(tmp_path / "link", outside=home)


@pytest.mark.parametrize("text", ["", "secret", "musclemetrics key 1\nabc\n", "musclemetrics key 2\n" + "a" * 64])
def test_what_is_no_key_is_refused(tmp_path, text: str) -> None:
    path = tmp_path / "k"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SettingsError) as told:
        load_key(path)
    assert told.value.code == "bad-key"
    with pytest.raises(SettingsError, match="there is no key"):
        load_key(tmp_path / "nowhere")


# codes


def test_who_lacks_the_key_finds_nobody_by_trying_all_identifiers() -> None:
    """A hospital has given at most so many numbers; with a plain hash, all of them are tried within a second."""
    true = "0004711"
    published = KEY.code("S", true)
    body = published[2:12]
    tried = [f"{n:07d}" for n in range(20_000)]
    guess = Key(bytes(32))  # the form is public, the key is not
    assert all(guess.code("S", word) != published for word in tried)
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    for kind in ("md5", "sha1", "sha256", "blake2b"):
        for word in tried[4_700:4_720]:
            number = int(hashlib.new(kind, word.encode()).hexdigest(), 16)
            every = "".join(alphabet[number >> 5 * i & 31] for i in range(200))
            assert body not in every
            assert body not in every[::-1]
    assert [word for word in tried if KEY.code("S", word) == published] == [true]


def test_codes_tell_words_kinds_and_keys_apart() -> None:
    words = [f"{n}" for n in range(3000)] + ["0012", "12 ", "Müller", "Mu\u0308ller", ""]
    codes = {KEY.code("S", w) for w in words}
    assert len(codes) == len(words)
    assert all(KEY.made("S", c) for c in codes)
    assert not any(KEY.made("A", c) for c in codes)
    assert KEY.code("A", "12")[2:] != KEY.code("S", "12")[2:]
    assert not Key(bytes(32)).made("S", KEY.code("S", "12"))
    assert not KEY.made("S", "S-0000000000AA")


# messages


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("thickness 4.2 mm is below 5 mm; check the scale", "thickness 4.2 mm is below 5 mm; check the scale"),
        ("side is 'left' by the file", "side is 'left' by the file"),
        ("Rows is 'Quux^Zebediah', a number is needed", "Rows is '…', a number is needed"),
        ("Quux_Zebediah 20240301 2024-03-01 12:30 4711471", "… … … … …"),
        ("ValueError: Zebediah 12.5 0.123456789", "ValueError: … 12.5 0.123456789"),
        ("'Quux.txt' looks like text (LabChart's export)", "'…' looks like text (LabChart's export)"),
        ("'O'Quux' and 'Zebediah's view' are open", "'…' and '…' are open"),
        ("S001 007 0.05 quux@zebediah.org", "… … 0.05 …@….…"),
    ],
)
def test_a_message_keeps_our_own_words_alone(text: str, kept: str) -> None:
    assert masked(text) == kept


# records


def test_a_record_keeps_its_numbers_and_names_nobody() -> None:
    given = record(
        flags=(
            Flag("low", "Quux_Zebediah/visit.dcm: mean 1 is below 2, says visit of Zebediah; subject 'Quux'"),
            Flag("internal-error", "ValueError: could not convert 'Zebediah Quux' (born 1980-05-01)", "note"),
        ),
        reading={
            "reader": "table",
            "notes": ("column 'Dr Quux' read as force",),
            "options": {"columns": {"Quux": "pCa"}},
        },
        subject="Quux",
        side="left",
        muscle="vastus lateralis",
        group="the Quux family",
        operator="Zebediah",
        frame="12",
        device="GE Healthcare LOGIQ e",
        preset="Quux MSK",
    )
    safe = Safe(KEY)
    (made,) = safe.records([given])
    assert made.measurements == given.measurements
    assert made.status == given.status
    kept = {"side": "left", "muscle": "vastus lateralis", "frame": "12", "device": "GE Healthcare LOGIQ e"}
    assert {k: v for k, v in made.labels.items() if k in kept} == kept
    assert made.labels["subject"] == KEY.code("S", "Quux")
    assert made.labels["preset"] == KEY.code("P", "Quux MSK")
    assert set(made.labels) == {*kept, "subject", "preset"}
    code = KEY.code("F", "Quux_Zebediah/visit.dcm") + ".dcm"
    assert made.provenance.sources == ((code, given.provenance.sources[0][1]),)
    text = made.to_json().lower()
    assert not [w for w in ("quux", "zebediah", "1980", "family", "visit.dcm") if w in text]
    assert made.flags[0].message.startswith(f"{code}: mean 1 is below 2")
    assert [f.code for f in made.flags] == ["low", "internal-error", "labels-left-out"]
    assert "group, operator" in made.flags[-1].message
    assert safe.names == {code: "Quux_Zebediah/visit.dcm"}


def test_what_is_safe_stays_as_it_is_when_it_is_made_safe_again() -> None:
    given = [record("a.csv", subject="7", session="2024-03-01", fibre="x"), record("b.csv", subject="7", session="v2")]
    once = [Safe(KEY).record(r) for r in given]
    assert "2024" not in once[0].to_json().replace(given[0].provenance.sources[0][1], "")
    again = Safe(KEY)
    assert [again.record(r) for r in once] == once
    assert again.records(once) == Safe(KEY).records(given)
    done = Safe(KEY).records(given)
    assert Safe(KEY).records(done) == done


def test_dates_become_days_since_the_first_visit_of_the_subject() -> None:
    words = [("A", "2024-03-01"), ("A", "20240112"), ("B", "5.3.2024"), ("B", "2024-03-05T10:15:00"), ("B", "v2")]
    rows = Safe(KEY).records([record(f"{i}.csv", subject=s, session=w) for i, (s, w) in enumerate(words)])
    assert [r.labels["session"] for r in rows] == ["day 49", "day 0", "day 0", "day 0", "v2"]
    rows = Safe(KEY).records([record("a", subject="A", date="2024-03-01"), record("b", subject="A", date="2024-03-08")])
    assert [r.labels["day"] for r in rows] == ["0", "7"]
    (alone,) = Safe(KEY).records([record("a", date="2024-03-01")])
    assert not alone.labels
    assert alone.flagged("date-left-out")
    (unclear,) = Safe(KEY).records([record("a", subject="A", session="03/04/2024", date="03/04/2024")])
    assert unclear.labels["session"] == KEY.code("V", "03/04/2024")
    assert "date" not in unclear.labels
    assert unclear.flagged("labels-left-out")


def test_a_label_is_kept_where_it_is_allowed_and_not_what_looks_like_a_person() -> None:
    safe = Safe(KEY, ("group", "age"))
    rows = safe.records([record("a", group="control", age="45"), record("b", group="treated", age="93")])
    assert [dict(r.labels) for r in rows] == [
        {"group": "control", "age": "45"},
        {"group": "treated", "age": "90 or more"},
    ]
    for word in ("Quux^Zebediah", "z.quux@example.org", "born 1980-05-01", "MRN 4711471", "May 2024"):
        with pytest.raises(SettingsError, match="group is to be kept") as told:
            safe.records([record("a", group=word)])
        assert told.value.code == "not-safe"
        assert word not in str(told.value)


def test_a_label_that_holds_its_subject_is_not_kept() -> None:
    with pytest.raises(SettingsError, match="names the subject") as told:
        Safe(KEY, ("group",)).records([record("a", subject="Quux", group="quuxs controls")])
    assert "quux" not in str(told.value).lower()


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("GE Healthcare LOGIQ e", "GE Healthcare LOGIQ e"),
        ("GE Klinikum LOGIQ Quux", "GE … LOGIQ …"),
        ("SIEMENS ACUSON S2000", "SIEMENS ACUSON S2000"),
        ("Philips Medical Systems iU22", "Philips Medical Systems iU22"),
        ("Keysight E4990A", "Keysight E4990A"),
        ("Samsung 4711471", "Samsung …"),
        ("Ng", None),
        ("Quux", None),
    ],
)
def test_a_device_is_told_by_makers_and_models_alone(word: str, kept: str | None) -> None:
    """The element that names a device is typed in by whoever sets it up."""
    one = Safe(KEY).record(record("a", device=word))
    assert one.labels.get("device") == kept
    assert Safe(KEY).record(one).labels == one.labels
    (allowed,) = Safe(KEY, ("device",)).records([record("a", device="Quuxscope")])
    assert allowed.labels["device"] == "Quuxscope"


@pytest.mark.parametrize("word", ["L12-3", "ML6-15", "9L-D", "L18-10L30H-4", "LINEAR"])
def test_a_probe_keeps_its_name(word: str) -> None:
    assert Safe(KEY).record(record("a", transducer=word)).labels["transducer"] == word


@pytest.mark.parametrize("name", ["operator", "comment", "Notes", "phone", "patient name", "physician"])
def test_what_is_of_persons_or_in_free_words_is_never_allowed(name: str) -> None:
    with pytest.raises(SettingsError, match="is of persons") as told:
        Safe(KEY, ("group", name))
    assert told.value.code == "not-safe"


def test_a_subject_is_coded_even_where_it_is_allowed() -> None:
    (one,) = Safe(KEY, ("subject",)).records([record("a", subject="Quux")])
    assert one.labels == {"subject": KEY.code("S", "Quux")}


def test_two_spellings_of_a_subject_are_told_by_their_codes() -> None:
    given = [record(f"{w}.csv", subject=w) for w in ("0012", "12", "13")]
    for rows in (Safe(KEY).records(given), Safe(KEY).records([Safe(KEY).record(r) for r in given])):
        assert [r.flagged("possible-duplicate-subject") for r in rows] == [True, True, False]
        assert KEY.code("S", "12") in rows[0].flags[-1].message
        assert all(set(r.labels) == {"subject"} for r in rows)


def test_the_twin_of_a_file_is_named_by_its_code() -> None:
    twin = "Quux 1.csv"
    flag = Flag("duplicate-of", f"{twin} is byte for byte the same file as Zebediah 2.csv", "note")
    safe = Safe(KEY)
    rows = safe.records([record("Zebediah 2.csv"), record(twin, (flag,))])
    assert rows[1].flags[0].message == (
        f"{KEY.code('F', twin)}.csv is byte for byte the same file as {KEY.code('F', 'Zebediah 2.csv')}.csv"
    )


def test_names_that_would_lead_out_of_a_folder_become_codes() -> None:
    for name in ("../../etc/passwd", "..\\..\\x.csv", "/etc/passwd", "C:\\x.dcm", "a\nb.csv", "CON", "x.quux"):
        code = Safe(KEY).file(name)
        assert Path(code).name == code
        assert code.count(".") <= 1
        assert "quux" not in code


def test_an_error_is_said_without_names() -> None:
    said = Safe(KEY).error(ReadError("/home/quux/Zebediah.dcm cannot be read", remedy="copy it again"))
    assert said == "… cannot be read; copy it again [unreadable]"
