"""The record itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .parts import RANK, Flag, Measurement, Provenance, Settings, Trace

__all__ = ["Record", "Status"]

Status = Literal["ok", "suspect", "failed", "skipped"]
_STATUS: tuple[Status, ...] = ("ok", "suspect", "failed", "skipped")


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The common result record.

    Parameters
    ----------
    modality : str
        The module that measured, for example ``"force_pca"``.
    measurements : sequence of Measurement
    traces : sequence of Trace, optional
    flags : sequence of Flag, optional
    provenance : Provenance, optional
    labels : Mapping, optional
        The caller's words: subject, muscle, fibre, group, … Kept as text, so that ``007`` stays ``007``.

    Examples
    --------
    >>> record = Record("force_pca", [Measurement("pCa50", 6.44, 0.03, (6.36, 6.52))])
    >>> float(record["pCa50"]), record.status, list(record)
    (6.44, 'ok', ['pCa50'])
    """

    modality: str
    measurements: tuple[Measurement, ...]
    traces: tuple[Trace, ...] = ()
    flags: tuple[Flag, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    labels: Mapping[str, str] = field(default_factory=Settings)

    def __post_init__(self) -> None:
        for name in ("measurements", "traces", "flags"):
            value = getattr(self, name)
            if type(value) is not tuple:
                object.__setattr__(self, name, tuple(value))
        if type(self.labels) is not Settings:
            object.__setattr__(self, "labels", Settings((str(k), str(v)) for k, v in self.labels.items()))

    def __getitem__(self, name: str) -> Measurement:
        for m in self.measurements:
            if m.name == name:
                return m
        raise KeyError(f"no measurement {name!r} in this {self.modality} record; it has {', '.join(self)}")

    def __iter__(self) -> Iterator[str]:
        return (m.name for m in self.measurements)

    def __contains__(self, name: object) -> bool:
        return any(m.name == name for m in self.measurements)

    def __len__(self) -> int:
        return len(self.measurements)

    def __eq__(self, other: object) -> bool:
        # Equal when they would be written alike: NaN equals NaN here, as it does on paper.
        if not isinstance(other, Record):
            return NotImplemented
        return (self.modality, self.measurements, self.traces, self.flags, self.provenance, self.labels) == (
            other.modality,
            other.measurements,
            other.traces,
            other.flags,
            other.provenance,
            other.labels,
        )

    def __hash__(self) -> int:
        return hash((self.modality, self.measurements, self.flags, tuple(self.labels.items())))

    def trace(self, name: str) -> NDArray[np.float64]:
        """Return the values of the trace called `name` (read-only)."""
        for t in self.traces:
            if t.name == name:
                return t.values
        known = ", ".join(t.name for t in self.traces) or "none"
        raise KeyError(f"no trace {name!r} in this {self.modality} record; it has {known}")

    @property
    def status(self) -> Status:
        """The worst flag in a word: ``ok``, ``suspect``, ``failed`` or ``skipped``."""
        return _STATUS[max((RANK[f.level] for f in self.flags), default=0)]

    def flagged(self, code: str) -> bool:
        """Whether a flag with this code is raised."""
        return any(f.code == code for f in self.flags)

    def labelled(self, **labels: object) -> Record:
        """Return a copy with these labels added or replaced; a label given as None is removed."""
        merged = {k: v for k, v in {**self.labels, **labels}.items() if v is not None}
        return replace(self, labels=merged)  # type: ignore[arg-type]

    def __str__(self) -> str:
        words = ", ".join(f"{k} {v}" for k, v in self.labels.items())
        lines = [f"{self.modality}  [{self.status}]" + (f"  {words}" if words else "")]
        width = max((len(m.name) for m in self.measurements), default=0)
        for m in self.measurements:
            lines.append("  " + m.name.ljust(width) + str(m)[len(m.name) :])
        lines += [f"  {f.level}: {f.message}  ({f.code})" for f in self.flags]
        if self.provenance.method:
            lines.append(f"  method: {self.provenance.method}")
        lines += [f"  source: {name}" for name, _ in self.provenance.sources]
        return "\n".join(lines)

    def to_json(self) -> str:
        """Return the record as one line of strict JSON; see :func:`to_json`."""
        from .written import to_json

        return to_json(self)

    @staticmethod
    def from_json(text: str) -> Record:
        """Return the record written by :meth:`to_json`."""
        from .written import from_json

        return from_json(text)
