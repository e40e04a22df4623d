"""The one thing every measurement returns.

A :class:`Record` is plain, frozen data: measurements with their uncertainty, the evidence they rest on, flags that
say what is doubtful, and the provenance that lets anyone repeat it. It pickles, compares by value and writes itself
as strict JSON (:func:`to_json`), bit-exact both ways.
"""

from .parts import Definition, Flag, Measurement, Provenance, Settings, Trace, plain
from .whole import Record, Status
from .written import SCHEMA, from_json, to_json

__all__ = [
    "SCHEMA",
    "Definition",
    "Flag",
    "Measurement",
    "Provenance",
    "Record",
    "Settings",
    "Status",
    "Trace",
    "from_json",
    "plain",
    "to_json",
]
