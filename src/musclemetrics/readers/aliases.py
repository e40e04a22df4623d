"""What laboratories call their columns: one table, name on the left, spellings on the right.

A reader does not interpret: it only gives the same quantity the same name, whoever wrote the file. Spellings are
compared without case, blanks and punctuation, so ``-log[Ca]`` is ``logca`` and ``[Ca²⁺]`` is ``ca2``.
"""

from __future__ import annotations

import re
import unicodedata

from ..units import canonical, dimension, is_unit

__all__ = [
    "ARRAYS",
    "FACTS",
    "LABELS",
    "RUNS",
    "array_name",
    "fact_name",
    "fold",
    "is_personal",
    "label_name",
    "name_by_unit",
    "slug",
    "titled",
]

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
    "imaginary": ((), ("none", "resistance")),
    "magnitude": ((), ("none", "resistance")),
}

# Impedance is spelt with the very marks that folding forgets, Z' and Z'', |Z|, -Im: here as `_squeeze` leaves them.
_PARTS: dict[str, tuple[str, ...]] = {
    "resistance": ("z'", "zre", "zreal", "rez", "re(z)", "real(z)", "realz", "z(re)", "z(real)"),
    "imaginary": ("z''", "zim", "zimag", "imz", "im(z)", "imag(z)", "imagz", "z(im)", "z(imag)"),
    "magnitude": ("|z|", "zmod", "modz", "mod(z)", "absz", "abs(z)", "zmag", "magz", "mag(z)", "|impedance|"),
    "phase": ("zphz", "zphase", "phasez", "phase(z)", "arg(z)", "argz", "thetaz", "theta-z", "ztheta", "θz", "φz"),
}
# What only a column beside a frequency can be taken for.
_BESIDE_FREQUENCY: dict[str, tuple[str, ...]] = {
    "frequency": ("f",),
    "resistance": ("r", "re", "real", "zr"),
    "reactance": ("x", "xc"),
    "imaginary": ("im", "imag", "imaginary", "zi"),
    "magnitude": ("z", "mag", "magnitude", "impedance"),
    "phase": ("theta", "θ", "phi", "φ", "pa", "angle"),
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

# Of the one who was measured, and of the electrodes: numbers a modality may ask for, a year's survey codes among them.
FACTS: dict[str, tuple[str, ...]] = {
    "age": ("age", "ageyears", "ridageyr"),
    "weight": ("weight", "bodyweight", "bodymass", "bmxwt"),
    "height": ("height", "bodyheight", "stature", "bmxht"),
    "cell_constant": ("cellconstant",),
    "fat_thickness": ("fatthickness", "subcutaneousfat", "subcutaneousfatthickness", "skinfat", "skinfatthickness"),
}

# Words for one sweep or trial of several, which part a table even as numbers.
RUNS = ("sweep", "trial", "repeat", "repetition", "replicate", "measurement", "scan", "placement", "run", "electrode")

# Who did it belongs in the lab book; a label travels with every record.
_PERSONAL = frozenset(
    ("experimenter", "operator", "investigator", "author", "analyst", "technician", "owner", "user", "username", "pi")
    + ("name", "patientname", "subjectname", "surname", "firstname", "lastname", "email", "initials", "birthdate")
)

_PART_OF = {spelling: name for name, spellings in _PARTS.items() for spelling in spellings}
# Minus the imaginary part is the reactance as it is reported of tissue: positive where capacitive.
_PART_OF |= {f"-{spelling}": "reactance" for spelling in _PARTS["imaginary"]}
_BESIDE = {spelling: name for name, spellings in _BESIDE_FREQUENCY.items() for spelling in spellings}
_BESIDE |= {f"-{spelling}": "reactance" for spelling in _BESIDE_FREQUENCY["imaginary"]}

_ARRAY_OF = {spelling: name for name, (spellings, _) in ARRAYS.items() for spelling in spellings}
_FACT_OF = {spelling: name for name, spellings in FACTS.items() for spelling in spellings}
_LABEL_OF = {spelling: name for name, spellings in LABELS.items() for spelling in spellings}

_OF_IMPEDANCE = ("frequency", "resistance", "angle", "time")
_BRACKETED = re.compile(r"(.*[^\s(\[])\s*[(\[]([^()\[\]]*)[)\]]")
_MARKS = str.maketrans({"′": "'", "’": "'", "´": "'", "`": "'", '"': "''", "”": "''", "−": "-", "–": "-"})

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


def _squeeze(text: str) -> str:
    """Return a header without blanks and case, its primes and minus signs in one spelling each."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_MARKS)
    return re.sub(r"\([ab]\)$", "", re.sub(r"[\s_.*]+", "", text))


def array_name(header: str, unit: str | None = None, *, beside_frequency: bool = False) -> str | None:
    """Return the array a column header stands for, None where it is not in the table.

    ``beside_frequency`` allows the single letters and short words that are impedance in the table of a sweep only.
    """
    key = fold(header)
    measured = dimension(unit) if unit is not None else "none"
    squeezed = _squeeze(header)
    part = _PART_OF.get(squeezed) or (_BESIDE.get(squeezed) if beside_frequency else None)
    if part is not None and measured in ARRAYS[part][1]:
        return part
    if (key, measured) in _WITH_UNIT:
        return _WITH_UNIT[key, measured]
    name = _ARRAY_OF.get(key)
    return name if name is not None and measured in ARRAYS[name][1] else None


def label_name(header: str) -> str | None:
    """Return the label a column header stands for, None where it is not in the table."""
    return _LABEL_OF.get(fold(header))


def fact_name(header: str) -> str | None:
    """Return the fact of a person that a column header stands for, None where it is not in the table."""
    return _FACT_OF.get(fold(header))


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


def titled(text: str) -> tuple[str, str | None]:
    """Return the name and the unit of a title in the spellings of impedance analysers.

    Examples
    --------
    >>> titled("frequency[Hz]"), titled("-Im(Z)/Ohm"), titled("R(Ohm)-data"), titled("freq_kHz"), titled("Re(Z)")
    (('frequency', 'Hz'), ('-Im(Z)', 'Ohm'), ('R', 'Ohm'), ('freq', 'kHz'), ('Re(Z)', None))
    """
    text = text.strip().removesuffix("-data").strip()
    parts: list[tuple[str, str]] = []
    if (match := _BRACKETED.fullmatch(text)) is not None:
        parts.append((match[1], match[2]))
    parts += [(a.strip(), b.strip()) for a, mark, b in (text.rpartition(m) for m in "/,_ ") if mark]
    for name, word in parts:
        if name and word.strip() and is_unit(word) and dimension(word) in _OF_IMPEDANCE:
            return name, canonical(word)
    return text, None
