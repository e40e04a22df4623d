"""Records as strict JSON, bit-exact both ways."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ReadError
from .parts import Flag, Measurement, Provenance, Trace
from .whole import Record

__all__ = ["SCHEMA", "from_json", "to_json"]

SCHEMA = 1
"""Number of the JSON layout; a file with a larger one is refused rather than misread."""

_FLOAT = "$float"


def _out(value: Any) -> Any:
    """Prepare for strict JSON: NaN becomes null, an infinity the text "inf" or "-inf"."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, Mapping):
        return {k: _out(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_out(v) for v in value]
    return value


def _kept(value: Any) -> Any:
    """Mark what JSON has no word for in a setting, where null and text mean themselves."""
    if isinstance(value, float) and not math.isfinite(value):
        return {_FLOAT: repr(value)}
    if isinstance(value, Mapping):
        return {k: _kept(v) for k, v in value.items()}
    return [_kept(v) for v in value] if isinstance(value, tuple | list) else value


def _given(value: Any) -> Any:
    """Return the setting that :func:`_kept` marked."""
    if isinstance(value, dict):
        return float(value[_FLOAT]) if value.keys() == {_FLOAT} else {k: _given(v) for k, v in value.items()}
    return [_given(v) for v in value] if isinstance(value, list) else value


def _in(value: Any) -> float:
    return math.nan if value is None else float(value)


def to_json(record: Record) -> str:
    """Return `record` as one line of strict JSON (no NaN tokens), bit-exact for every number.

    NaN is written as ``null``, infinities as ``"inf"`` and ``"-inf"``, both as ``{"$float": …}`` among the settings;
    the line carries a schema number.
    """
    p = record.provenance
    tree = {
        "schema": SCHEMA,
        "modality": record.modality,
        "status": record.status,
        "labels": dict(record.labels),
        "measurements": [
            {
                "name": m.name,
                "value": m.value,
                "stderr": m.stderr,
                "interval": list(m.interval),
                "unit": m.unit,
            }
            for m in record.measurements
        ],
        "flags": [{"code": f.code, "level": f.level, "message": f.message} for f in record.flags],
        "traces": [{"name": t.name, "unit": t.unit, "values": t.values.tolist()} for t in record.traces],
        "provenance": {
            "method": p.method,
            "settings": _kept(p.settings),
            "software": dict(p.software),
            "sources": [list(s) for s in p.sources],
            "reading": _kept(p.reading),
        },
    }
    return json.dumps(_out(tree), allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Record:
    """Return the record that :func:`to_json` wrote.

    Raises
    ------
    ReadError
        If the text is not such a record, or its schema is newer than this version knows.
    """
    try:
        tree = json.loads(text)
        schema = tree["schema"]
        if schema > SCHEMA:
            raise ReadError(
                f"record has schema {schema}, this version knows up to {SCHEMA}",
                code="newer-schema",
                remedy="install a newer musclemetrics",
            )
        p = tree["provenance"]
        return Record(
            tree["modality"],
            tuple(
                Measurement(
                    m["name"],
                    _in(m["value"]),
                    _in(m["stderr"]),
                    (_in(m["interval"][0]), _in(m["interval"][1])),
                    m["unit"],
                )
                for m in tree["measurements"]
            ),
            tuple(Trace(t["name"], np.array([_in(v) for v in t["values"]]), t["unit"]) for t in tree["traces"]),
            tuple(Flag(f["code"], f["message"], f["level"]) for f in tree["flags"]),
            Provenance(
                p["method"],
                _given(p["settings"]),
                p["software"],
                tuple((a, b) for a, b in p["sources"]),
                _given(p["reading"]),
            ),
            tree["labels"],
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError) as error:
        raise ReadError(
            f"this text is not a musclemetrics record ({type(error).__name__}: {error})",
            code="bad-record",
            remedy="give a line written by to_json or by saving to .jsonl",
        ) from error
