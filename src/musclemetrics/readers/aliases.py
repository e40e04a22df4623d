"""What laboratories call their columns: one table, name on the left, spellings on the right.

A reader does not interpret: it only gives the same quantity the same name, whoever wrote the file. Spellings are
compared without case, blanks and punctuation, so ``-log[Ca]`` is ``logca`` and ``[Ca²⁺]`` is ``ca2``.
"""

from __future__ import annotations

import re
import unicodedata

from ..units import dimension

__all__ = ["ARRAYS", "LABELS", "array_name", "fold", "is_personal", "label_name", "name_by_unit", "slug"]

# array: (spellings, what its unit may measure; "none" also stands for a column without unit)
ARRAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pCa": (("pca", "pca2", "logca", "logca2", "log10ca", "log10ca2"), ("none", "concentration")),
    "calcium": (
        ("ca", "ca2", "calcium", "freecalcium", "freeca", "freeca2", "cafree", "ca2free")
        + ("calciumconcentration", "concentration", "conc"),
        ("none", "concentration"),
    ),
    "force": (
        ("force", "tension", "stress", "f", "p", "pss", "relativeforce", "relforce", "forcerel", "normforce")
        + ("normalisedforce", "normalizedforce", "forcenorm", "normalisedtension", "normalizedtension")
        + ("relativetension", "specificforce", "specifictension", "isometricforce", "steadyforce")
        + ("steadystateforce", "activeforce", "activetension", "ppo", "pp0", "ffo", "ff0", "ffmax", "forcefmax"),
        ("none", "force", "stress", "voltage"),
    ),
    "time": (("time", "t", "elapsedtime"), ("none", "time")),
    "length": (
        ("length", "position", "fibrelength", "fiberlength", "musclelength", "motorposition", "motorlength"),
        ("none", "length", "relative length", "voltage"),
    ),
    "stimulus": (("stimulus", "stim", "stimulation", "stimulator"), ("none", "voltage")),
    "velocity": (
        ("velocity", "speed", "shorteningvelocity", "velocityofshortening", "shorteningspeed", "vshortening"),
        ("none", "speed", "relative speed"),
    ),
    "area": (("area", "csa", "crosssectionalarea"), ("none", "area")),
    "frequency": (("frequency", "freq"), ("none", "frequency")),
    "resistance": (("resistance",), ("none", "resistance")),
    "reactance": (("reactance",), ("none", "resistance")),
    "phase": (("phase", "phaseangle"), ("none", "angle")),
}

# One letter says a quantity only together with its unit.
_WITH_UNIT: dict[tuple[str, str], str] = {
    ("f", "frequency"): "frequency",
    ("r", "resistance"): "resistance",
    ("x", "resistance"): "reactance",
    ("l", "length"): "length",
    ("v", "speed"): "velocity",
    ("v", "relative speed"): "velocity",
    ("x", "concentration"): "calcium",
}

LABELS: dict[str, tuple[str, ...]] = {
    "fibre": ("fibre", "fiber", "fibreid", "fiberid", "fibreno", "fiberno", "fibrenumber", "fibernumber")
    + ("cell", "cellid", "preparation", "prep", "preparationid", "id"),
    "animal": ("animal", "animalid", "mouse", "mouseid", "rat", "ratid"),
    "subject": ("subject", "subjectid", "participant", "participantid", "patient", "patientid"),
    "session": ("session", "visit"),
    "group": ("group", "genotype"),
    "condition": ("condition", "treatment", "drug"),
    "muscle": ("muscle",),
    "side": ("side",),
    "species": ("species",),
    "sex": ("sex",),
    "fibre_type": ("fibretype", "fibertype", "mhc", "mhctype"),
    "temperature": ("temperature", "temp"),
    "sarcomere_length": ("sarcomerelength", "sl"),
}

# Who did it belongs in the lab book; a label travels with every record.
_PERSONAL = frozenset(
    ("experimenter", "operator", "investigator", "author", "analyst", "technician", "owner", "user", "username", "pi")
    + ("name", "patientname", "subjectname", "surname", "firstname", "lastname", "email", "initials", "birthdate")
)

_ARRAY_OF = {spelling: name for name, (spellings, _) in ARRAYS.items() for spelling in spellings}
_LABEL_OF = {spelling: name for name, spellings in LABELS.items() for spelling in spellings}

# The quantity of a column that was chosen by option and says nothing of itself but its unit.
_BY_DIMENSION = {
    "concentration": "calcium",
    "force": "force",
    "stress": "force",
    "time": "time",
    "frequency": "frequency",
    "resistance": "resistance",
    "length": "length",
}


def fold(text: str) -> str:
    """Return letters and digits only, in lower case."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def array_name(header: str, unit: str | None = None) -> str | None:
    """Return the array a column header stands for, None where it is not in the table."""
    key = fold(header)
    measured = dimension(unit) if unit is not None else "none"
    if (key, measured) in _WITH_UNIT:
        return _WITH_UNIT[key, measured]
    name = _ARRAY_OF.get(key)
    return name if name is not None and measured in ARRAYS[name][1] else None


def label_name(header: str) -> str | None:
    """Return the label a column header stands for, None where it is not in the table."""
    return _LABEL_OF.get(fold(header))


def is_personal(header: str) -> bool:
    """Whether a text of this name is likely to name a person."""
    return fold(header) in _PERSONAL


def name_by_unit(unit: str | None, otherwise: str) -> str:
    """Return the quantity a unit measures where the name is silent."""
    return _BY_DIMENSION.get(dimension(unit), otherwise) if unit is not None else otherwise


def slug(header: str) -> str:
    """Return a header as an identifier of its own."""
    text = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode().lower()
    text = re.sub(r"[^a-z0-9]+", "_", text).strip("_")
    return f"column_{text}" if not text or text[0].isdigit() else text
