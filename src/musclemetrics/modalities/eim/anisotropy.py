"""How much a muscle's impedance depends on direction: two sweeps, along and across its fibres."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...errors import InputError
from ...provenance import describe
from ...record import Flag, Measurement, Provenance, Record, Settings
from .definitions import frequency_name

__all__ = ["anisotropy"]

METHOD = "anisotropy: ratios transverse/longitudinal and contrasts (L − T)/(L + T) of R, X and phase"
DIRECTIONS = {"longitudinal": ("longitudinal", "along", "0"), "transverse": ("transverse", "across", "90")}
QUANTITIES = ("R", "X", "phase")
ALIKE = ("subject", "animal", "muscle", "side", "fibre", "device", "probe", "electrodes", "spacing")
"""Labels of what is measured and with what: two directions of one muscle agree in them."""


def anisotropy(longitudinal: Record, transverse: Record) -> Record:
    """Return how a muscle's impedance along its fibres differs from that across them.

    Parameters
    ----------
    longitudinal, transverse : Record
        Of :func:`measure`, with current along and across the fibres. A label ``direction`` of either is believed.

    Returns
    -------
    Record
        For each frequency asked for in both: ``R_anisotropy_50kHz`` and so on for X and phase, transverse over
        longitudinal, 1 where direction does not matter; and ``R_contrast_50kHz`` …, (L − T)/(L + T), 0 there.
        Its labels are those on which both agree. A doubtful sweep makes the record doubtful.

    Raises
    ------
    InputError
        If these are no records of sweeps (``not-a-sweep``), a label states the other direction
        (``direction-conflict``), labels say that they are not of one muscle under one device (``not-one-muscle``),
        both are the same sweep (``same-sweep``), or no frequency was asked for in both (``no-shared-frequency``).

    Examples
    --------
    >>> import numpy as np
    >>> from musclemetrics import eim
    >>> f = np.geomspace(5e3, 1e6, 30)
    >>> along = eim.measure(f, np.full(30, 30.0), np.full(30, 4.0))
    >>> across = eim.measure(f, np.full(30, 45.0), np.full(30, 8.0))
    >>> found = eim.anisotropy(along, across)
    >>> found["R_anisotropy_50kHz"].value, found["R_contrast_50kHz"].value
    (1.5, -0.2)
    """
    given = {"longitudinal": longitudinal, "transverse": transverse}
    for name, record in given.items():
        if record.modality != "eim" or record.status in ("failed", "skipped"):
            raise InputError(
                f"{name} is a {record.status} record of {record.modality}, a sweep measured by eim is needed",
                code="not-a-sweep",
                remedy="give two records of eim.measure",
            )
        stated = record.labels.get("direction", "").casefold()
        for direction, words in DIRECTIONS.items():
            if direction != name and stated in words:
                raise InputError(
                    f"the {name} sweep is labelled {stated}",
                    code="direction-conflict",
                    remedy="swap the two, or relabel",
                )
    for label in ALIKE:
        found = [r.labels.get(label, "") for r in given.values()]
        if all(found) and found[0] != found[1]:
            raise InputError(
                f"{label} of the longitudinal sweep is {found[0]}, of the transverse one {found[1]}",
                code="not-one-muscle",
                remedy="give two sweeps of one muscle with one device, or relabel",
            )
    at = [f for f in _at(longitudinal) if f in _at(transverse)]
    if not at:
        raise InputError(
            "the two sweeps have no frequency of `at` in common",
            code="no-shared-frequency",
            remedy="measure both with the same at=",
        )
    if all(longitudinal[n].value == transverse[n].value for n in ("R_slope", "X_max", "phase_max")):
        raise InputError(
            "the longitudinal and the transverse sweep are the same numbers",
            code="same-sweep",
            remedy="give the sweep of the other direction",
        )
    settings = Settings(at=tuple(at))
    labels = {k: v for k, v in longitudinal.labels.items() if transverse.labels.get(k) == v and k != "direction"}
    sources = dict.fromkeys((*longitudinal.provenance.sources, *transverse.provenance.sources))
    described = describe(METHOD, settings)
    made_by = Provenance(described.method, described.settings, described.software, tuple(sources))
    measurements = tuple(m for f in at for m in _pairs(longitudinal, transverse, frequency_name(f)))
    return Record("eim.anisotropy", measurements, (), tuple(_flags(given, measurements)), made_by, labels)


def _at(record: Record) -> tuple[float, ...]:
    return tuple(record.provenance.settings["at"])


def _pairs(longitudinal: Record, transverse: Record, word: str) -> Iterator[Measurement]:
    for quantity in QUANTITIES:
        along, across = (r[f"{quantity}_{word}"].value for r in (longitudinal, transverse))
        total = along + across
        yield Measurement(f"{quantity}_anisotropy_{word}", across / along if along > 0 and across > 0 else math.nan)
        yield Measurement(f"{quantity}_contrast_{word}", (along - across) / total if total > 0 else math.nan)


def _flags(given: dict[str, Record], measurements: tuple[Measurement, ...]) -> Iterator[Flag]:
    missing = [m.name for m in measurements if math.isnan(m.value)]
    if missing:
        yield Flag("outside-sweep", f"{', '.join(missing)} not determined: a sweep has no positive value there", "note")
    for name, record in given.items():
        doubts = dict.fromkeys(f.code for f in record.flags if f.level == "suspect")
        if doubts:
            yield Flag("doubtful-sweep", f"the {name} sweep is flagged {', '.join(doubts)}; look at it first")
    one, other = given.values()
    partly = [k for k in ALIKE if bool(one.labels.get(k)) != bool(other.labels.get(k))]
    if partly:
        yield Flag(
            "comparability-unknown",
            f"only one of the two sweeps states {', '.join(partly)}: the other is taken to be alike; label both",
        )
    kept = ("delay", "stray", "components", "weighting", "cell_constant")
    differing = [k for k in kept if one.provenance.settings.get(k) != other.provenance.settings.get(k)]
    if differing:
        yield Flag("settings-differ", f"the sweeps were measured with different {', '.join(differing)}", "note")
