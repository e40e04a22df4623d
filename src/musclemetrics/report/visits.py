"""Which cases share a page: those of a person, visits side by side, or a handful where nobody is named."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .words import TELLING, heading, main_names

__all__ = ["MOST", "Sheet", "sheets"]

MOST = 50
"""Cases on a page, about."""

_PERSON = ("subject", "animal")
_VISIT = "session"


@dataclass(slots=True)
class Sheet:
    """A page of cases.

    Attributes
    ----------
    title : str
    name : str
        Of its file, without suffix: a digest, which tells nothing of the person.
    cases : list of dict
        In the order in which they are looked through.
    visits : list of str
        Headings of the columns that stand side by side; empty where there is one visit only.
    blocks : list of dict
        What is compared: ``title``, ``cells`` (cases by visit) and ``rows`` (name, values by visit).
    """

    title: str
    name: str
    cases: list[dict[str, Any]] = field(default_factory=list)
    visits: list[str] = field(default_factory=list)
    blocks: list[dict[str, Any]] = field(default_factory=list)


def sheets(cases: Sequence[dict[str, Any]]) -> list[Sheet]:
    """Return the pages of all cases, each case on one of them."""
    people: dict[tuple[str, str], list[dict[str, Any]]] = {}
    nobody: list[dict[str, Any]] = []
    for case in cases:
        who = next(((key, case["labels"][key]) for key in _PERSON if case["labels"].get(key)), None)
        (nobody if who is None else people.setdefault(who, [])).append(case)
    out = []
    for (key, word), own in people.items():
        parts = list(_parts(own))
        for number, part in enumerate(parts, 1):
            more = f", part {number} of {len(parts)}" if len(parts) > 1 else ""
            out.append(_sheet(f"{key} {word}{more}", (key, word, number), part))
    for start in range(0, len(nobody), MOST):
        some = nobody[start : start + MOST]
        first, last = some[0]["number"], some[-1]["number"]
        title = f"cases {first} to {last}" if last > first else f"case {first}"
        out.append(_sheet(title, ("", "", start), [some]))
    return out


def _sheet(title: str, made_of: tuple[str, str, int], blocks: Iterable[Sequence[dict[str, Any]]]) -> Sheet:
    name = hashlib.sha256(repr(made_of).encode("utf-8", "backslashreplace")).hexdigest()[:12]
    blocks = list(blocks)
    cases = [case for block in blocks for case in block]
    visits = sorted({_visit(c) for c in cases}, key=_natural)
    sheet = Sheet(title, name, cases)
    if len(visits) > 1:
        sheet.visits = [f"{_VISIT} {v}" if v else f"no {_VISIT} named" for v in visits]
        sheet.blocks = [_compared(block, visits) for block in blocks]
    return sheet


def _visit(case: dict[str, Any]) -> str:
    return str(case["labels"].get(_VISIT, ""))


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key that puts visit 2 before visit 10."""
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in re.split(r"([0-9]+)", text) if p]


def _site(case: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what is the same at every visit: the modality, the muscle, its side, …"""
    keys = [k for k in TELLING if k not in (*_PERSON, _VISIT, "group")]
    named = [(k, case["labels"][k]) for k in keys if case["labels"].get(k)]
    return (("modality", case["record"].modality), *named)


def _parts(own: Sequence[dict[str, Any]]) -> Iterable[list[list[dict[str, Any]]]]:
    """Yield pages of blocks: the cases of one site with its visits in order, as many as a page has room for."""
    sites: dict[tuple[tuple[str, str], ...], list[dict[str, Any]]] = {}
    for case in own:
        sites.setdefault(_site(case), []).append(case)
    part: list[list[dict[str, Any]]] = []
    for site in sites.values():
        for start in range(0, len(site), MOST):
            block = sorted(site, key=lambda c: _natural(_visit(c)))[start : start + MOST]
            if part and sum(map(len, part)) + len(block) > MOST:
                yield part
                part = []
            part.append(block)
    if part:
        yield part


def _compared(block: Sequence[dict[str, Any]], visits: Sequence[str]) -> dict[str, Any]:
    """Return one site at all visits: its cases, and its main quantities in rows."""
    (_, modality), *words = _site(block[0])
    columns = [[c for c in block if _visit(c) == v] for v in visits]
    measured = [c["record"] for c in block if c["status"] in ("ok", "suspect")]
    rows = []
    for name in main_names(measured) if measured else []:
        units = {c["cells"][name]["unit"] for c in block if c["record"] in measured and name in c["cells"]}
        head = heading(name, [m[name].unit for m in measured if name in m])
        shown = [[c["cells"][name] for c in column if _counts(c) and name in c["cells"]] for column in columns]
        rows.append({"name": head, "values": shown, "units": len(units) > 1})
    title = ", ".join(f"{k} {v}" for k, v in words) or modality
    return {"title": title, "cells": columns, "rows": rows}


def _counts(case: dict[str, Any]) -> bool:
    return case["status"] in ("ok", "suspect")
