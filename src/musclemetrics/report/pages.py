"""The report of a study: an index of all cases, and a page for each person with what was measured at each visit."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from .. import __version__
from ..record import Record
from ..store.whole import made_folder, replaced
from .cases import cases_of, given
from .figures import Pictures
from .visits import Sheet, sheets
from .words import heading, main_labels, main_names

__all__ = ["pages"]

_SUBJECTS = "subjects"
_OWN_PAGE = re.compile(r"[0-9a-f]{12}\.html")
_STATUSES = ("ok", "suspect", "failed", "skipped")
_MARKS = {"ok": "✓", "suspect": "!", "failed": "✕", "skipped": "–", "note": "•"}
_HERE = Path(__file__).parent
_WHY = 240  # characters of a reason that the index has room for


def pages(
    records: Iterable[Record],
    folder: str | PathLike[str],
    *,
    title: str = "Measurements",
    overlays: str | PathLike[str] | None = None,
    jobs: int = 1,
    key: str | None = None,
) -> Path:
    """Write ``index.html``, ``subjects/*.html`` and ``figures/*.png`` into a folder.

    The pages need no network and no server. Each says by a content policy that it loads nothing but the pictures beside
    it and runs nothing but its own script, whatever a label or a note holds. Marks of a reviewer stay in the browser
    under the study's key, and are downloaded as ``ratings.csv`` and ``corrections.json``.

    Parameters
    ----------
    records : iterable of Record
        All of a run, in their order. Labels ``rating`` and ``rating_note`` are shown as marks.
    folder : path
        Of the report alone, for example ``study/report``; made where it does not exist. Pages and figures of an
        earlier report in it are replaced; figures that would be the same are not drawn again.
    title : str, optional
        Heading of the index.
    overlays : path, optional
        Where :func:`musclemetrics.measure_files` wrote its overlays. They are shown where they lie, so they must stay.
    jobs : int, optional
        Processes that draw.
    key : str, optional
        Tells this study's marks from those of others in the same browser. By default the one of the report that is in
        the folder already, else one made of all cases.

    Returns
    -------
    Path
        The index.

    Raises
    ------
    SettingsError
        If the folder cannot be written (code ``unwritable``).
    WriteError
        If the disk is full (code ``disk-full``) or fails.

    Examples
    --------
    >>> import musclemetrics as mm, tempfile
    >>> from musclemetrics.report import pages
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pages(mm.measure_files(mm.sample("twitch"), "twitch"), folder).name
    'index.html'
    """
    target = Path(folder)
    made_folder(target / _SUBJECTS)
    cases = cases_of(records, Pictures(target, None if overlays is None else Path(overlays), jobs))
    key = _key(target / "index.html", [c["id"] for c in cases]) if key is None else key
    all_sheets = sheets(cases)
    written = {f"{sheet.name}.html" for sheet in all_sheets}
    for number, sheet in enumerate(all_sheets):
        beside = [all_sheets[n] if 0 <= n < len(all_sheets) else None for n in (number - 1, number + 1)]
        _write(target / _SUBJECTS / f"{sheet.name}.html", _case_page(sheet, beside, key, title))
    index = target / "index.html"
    _write(index, _index_page(cases, all_sheets, key, title))
    for old in (target / _SUBJECTS).glob("*.html"):
        if _OWN_PAGE.fullmatch(old.name) and old.name not in written:
            old.unlink()
    return index


def _key(index: Path, ids: Sequence[str]) -> str:
    """Return the key of the report that is there, if it has a case in common with this one; else a new one.

    A study that grows keeps its marks, and two studies never share them, whatever their files are called.
    """
    try:
        text = index.read_text(encoding="utf-8").partition('id="data">')[2].partition("</script>")[0]
        was = json.loads(text)
        if {case[0] for case in was["cases"]} & set(ids):
            return str(was["key"])
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        pass
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16]


def _write(page: Path, html: str) -> None:
    """Write a page where it would change."""
    data = html.encode("utf-8", "xmlcharrefreplace")
    if page.is_file() and page.read_bytes() == data:
        return
    with replaced(page) as temporary:
        temporary.write_bytes(data)


@cache
def _asset(*names: str) -> tuple[str, str]:
    """Return files that stand in a page as one, and what the content policy calls them."""
    text = "\n".join((_HERE / "assets" / name).read_text(encoding="utf-8") for name in names)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return text, f"'sha256-{digest}'"


@cache
def _template(name: str) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _render(name: str, scripts: Sequence[str], data: dict[str, Any], **words: Any) -> str:
    style, style_hash = _asset("style.css")
    script, script_hash = _asset(*scripts)
    policy = (
        f"default-src 'none'; img-src 'self' file:; style-src {style_hash}; script-src {script_hash}; "
        "base-uri 'none'; form-action 'none'"
    )
    html = _template(name).render(
        style=style, script=script, policy=policy, data=_json(data), version=__version__, marks=_MARKS, **words
    )
    return str(html)


def _json(data: Any) -> str:
    """Return data as JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    # Half a surrogate pair (from a file name that is not UTF-8) has no UTF-8, but JSON's own escape.
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text) if _torn(text) else text


def _torn(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _case_page(sheet: Sheet, beside: Sequence[Sheet | None], key: str, title: str) -> str:
    before, after = beside
    data = {
        "key": key,
        "file": sheet.name,
        "before": [before.name, before.cases[-1]["id"]] if before else None,
        "after": [after.name, after.cases[0]["id"]] if after else None,
        "cases": [
            {
                "id": c["id"],
                "source": c["sources"][0][0] if c["sources"] else "",
                "frame": c["labels"].get("frame", ""),
                "own": c["own"],
                "rating": c["rating"],
                "note": c["note"],
                "beneath": c["beneath"],
                "given": given(c["record"]),
                "move": json.loads(c["move"]),
            }
            for c in sheet.cases
        ],
    }
    scripts = ("marks.js", "lines.js", "onsets.js", "case.js")
    return _render("case.html", scripts, data, title=title, sheet=sheet, before=before, after=after)


def _index_page(cases: Sequence[dict[str, Any]], all_sheets: Sequence[Sheet], key: str, title: str) -> str:
    page_of = {c["number"]: n for n, sheet in enumerate(all_sheets) for c in sheet.cases}
    by_modality: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        by_modality.setdefault(case["record"].modality, []).append(case)
    modalities = []
    names: dict[str, list[str]] = {}
    for modality, own in by_modality.items():
        measured = [c["record"] for c in own if c["status"] in ("ok", "suspect")]
        names[modality] = main_names(measured) if measured else []
        heads = [heading(n, [r[n].unit for r in measured if n in r]) for n in names[modality]]
        modalities.append({"name": modality, "columns": heads})
    first = cases[0]["labels"] if len(cases) > 1 else {}
    shared = {k: v for k, v in first.items() if all(c["labels"].get(k) == v for c in cases)}
    told = {"rating": None, "rating_note": None, **dict.fromkeys(shared)}
    labels = main_labels([c["record"].labelled(**told) for c in cases])
    codes = list(dict.fromkeys(f.code for c in cases for f in c["flags"]))
    place = {code: n for n, code in enumerate(codes)}
    order = list(by_modality)
    data = {
        "key": key,
        "pages": [sheet.name for sheet in all_sheets],
        "modalities": modalities,
        "labels": labels,
        "codes": codes,
        "cases": [
            [
                c["id"],
                page_of[c["number"]],
                c["title"],
                _STATUSES.index(c["status"]),
                order.index(c["record"].modality),
                [c["labels"].get(label, "") for label in labels],
                [_shown(c["cells"].get(n)) for n in names[c["record"].modality]] if _has_numbers(c) else [],
                list(dict.fromkeys(place[f.code] for f in c["flags"])),
                c["source"],
                " ".join(v for k, v in c["labels"].items() if k not in labels),
                _why(c),
                [c["rating"], c["note"]] if c["rating"] or c["note"] else 0,
                [c["sources"][0][0], c["own"]] if c["own"] or len(c["sources"]) > 1 else 0,
                given(c["record"]) or 0,
            ]
            for c in cases
        ],
    }
    counts = Counter(c["status"] for c in cases)
    shown = [(s, counts[s]) for s in _STATUSES if counts[s]]
    scripts = ("marks.js", "strips.js", "index.js")
    return _render("index.html", scripts, data, title=title, counts=shown, shared=shared, n=len(cases))


def _has_numbers(case: dict[str, Any]) -> bool:
    return case["status"] in ("ok", "suspect")


def _shown(cell: dict[str, Any] | None) -> list[Any]:
    """Return a value as number, text, interval and unit; no number where there is none."""
    if cell is None:
        return [None, "", "", ""]
    number = float(f"{cell['number']:.7g}") if math.isfinite(cell["number"]) else None
    return [number, cell["value"], cell["interval"], cell["unit"]]


def _why(case: dict[str, Any]) -> str:
    """Return why there is no number, or why it is doubtful, in the words of the first flag of that level."""
    level = case["status"]
    text = next((f.message for f in case["flags"] if f.level == level), "") if level != "ok" else ""
    return text if len(text) <= _WHY else text[: _WHY - 1] + "…"
