"""The UCUM units this field needs: aliases in, one spelling out.

Units are plain strings in UCUM's case-sensitive ASCII code (``kN/m2``, ``umol/L``, ``Ohm``, ``{L0}/s``). The
table is closed on purpose: about fifty units, each with its dimension and factor, so that a conversion is one
multiplication and a misspelling is an error rather than a new unit.
"""

from __future__ import annotations

import unicodedata

from .errors import InputError

__all__ = ["canonical", "column_suffix", "convert_factor", "dimension", "is_unit"]

# code: (dimension, factor to the dimension's first unit, suffix for table columns, aliases)
_TABLE: dict[str, tuple[str, float, str, tuple[str, ...]]] = {
    "1": (
        "none",
        1.0,
        "",
        ("", "-", "none", "dimensionless", "a.u.", "au", "normalised", "normalized", "rel"),
    ),
    "%": ("none", 1e-2, "percent", ("percent", "pct")),
    "N": ("force", 1.0, "N", ("newton",)),
    "kN": ("force", 1e3, "kN", ()),
    "mN": ("force", 1e-3, "mN", ("millinewton",)),
    "uN": ("force", 1e-6, "uN", ("micronewton",)),
    "nN": ("force", 1e-9, "nN", ()),
    "kN/m2": ("stress", 1e3, "kN_per_m2", ("kn.m-2", "kn m-2", "kn/m^2")),
    "N/m2": ("stress", 1.0, "N_per_m2", ("n.m-2", "n m-2", "n/m^2")),
    "mN/mm2": ("stress", 1e3, "mN_per_mm2", ("mn.mm-2", "mn mm-2", "mn/mm^2")),
    "N/cm2": ("stress", 1e4, "N_per_cm2", ("n.cm-2", "n cm-2", "n/cm^2")),
    "kPa": ("stress", 1e3, "kPa", ()),
    "Pa": ("stress", 1.0, "Pa", ()),
    "MPa": ("stress", 1e6, "MPa", ()),
    "mol/L": ("concentration", 1.0, "mol_per_L", ("M", "molar", "mol/l")),
    "mmol/L": ("concentration", 1e-3, "mmol_per_L", ("mM", "mmol/l")),
    "umol/L": ("concentration", 1e-6, "umol_per_L", ("uM", "umol/l")),
    "nmol/L": ("concentration", 1e-9, "nmol_per_L", ("nM", "nmol/l")),
    "m": ("length", 1.0, "m", ("metre", "meter")),
    "cm": ("length", 1e-2, "cm", ()),
    "mm": ("length", 1e-3, "mm", ()),
    "um": ("length", 1e-6, "um", ("micron", "microns")),
    "nm": ("length", 1e-9, "nm", ()),
    "px": ("pixel", 1.0, "px", ("pixel", "pixels")),
    "{L0}": ("relative length", 1.0, "L0", ("L0", "Lo", "FL", "ML")),
    "%{L0}": ("relative length", 1e-2, "percent_L0", ("% L0", "%L0", "% Lo", "%ML", "% ML", "%FL")),
    "m2": ("area", 1.0, "m2", ("m^2",)),
    "cm2": ("area", 1e-4, "cm2", ("cm^2",)),
    "mm2": ("area", 1e-6, "mm2", ("mm^2",)),
    "um2": ("area", 1e-12, "um2", ("um^2",)),
    "px2": ("pixel area", 1.0, "px2", ("px^2",)),
    "s": ("time", 1.0, "s", ("sec", "second", "seconds")),
    "ms": ("time", 1e-3, "ms", ("msec", "millisecond", "milliseconds")),
    "us": ("time", 1e-6, "us", ()),
    "ns": ("time", 1e-9, "ns", ()),
    "min": ("time", 60.0, "min", ("minute", "minutes")),
    "1/s": ("rate", 1.0, "per_s", ("s-1", "s^-1", "/s")),
    "{L0}/s": ("relative speed", 1.0, "L0_per_s", ("L0/s", "Lo/s", "FL/s", "ML/s")),
    "%{L0}/s": ("relative speed", 1e-2, "percent_L0_per_s", ("%L0/s", "% L0/s", "%Lo/s", "%FL/s", "%ML/s")),
    "m/s": ("speed", 1.0, "m_per_s", ()),
    "mm/s": ("speed", 1e-3, "mm_per_s", ()),
    "cm/s": ("speed", 1e-2, "cm_per_s", ()),
    "um/s": ("speed", 1e-6, "um_per_s", ()),
    "Hz": ("frequency", 1.0, "Hz", ("hertz",)),
    "kHz": ("frequency", 1e3, "kHz", ()),
    "MHz": ("frequency", 1e6, "MHz", ()),
    "Ohm": ("resistance", 1.0, "Ohm", ("ohms", "ohm", "Ω")),
    "kOhm": ("resistance", 1e3, "kOhm", ("kohm", "kohms", "kΩ")),
    "MOhm": ("resistance", 1e6, "MOhm", ("Mohm", "MΩ")),
    "mOhm": ("resistance", 1e-3, "mOhm", ("mohm", "mΩ")),
    "F": ("capacitance", 1.0, "F", ("farad",)),
    "uF": ("capacitance", 1e-6, "uF", ()),
    "nF": ("capacitance", 1e-9, "nF", ()),
    "pF": ("capacitance", 1e-12, "pF", ()),
    "1/m": ("inverse length", 1.0, "per_m", ("m-1", "m^-1", "/m")),
    "1/cm": ("inverse length", 1e2, "per_cm", ("cm-1", "cm^-1", "/cm")),
    "1/mm": ("inverse length", 1e3, "per_mm", ("mm-1", "mm^-1", "/mm")),
    "S/m": ("conductivity", 1.0, "S_per_m", ()),
    "V": ("voltage", 1.0, "V", ("volt", "volts")),
    "mV": ("voltage", 1e-3, "mV", ()),
    "deg": ("angle", 1.0, "deg", ("°", "degree", "degrees")),
    "deg/MHz": ("angle a frequency", 1.0, "deg_per_MHz", ()),
    "rad": ("angle", 57.29577951308232, "rad", ("radian", "radians")),
    "Cel": ("temperature", 1.0, "Cel", ("°C", "degC", "celsius")),
    "{GreyLevel}": ("grey level", 1.0, "GL", ("GL", "grey level", "gray level", "a.u. (grey)")),
    "kg": ("mass", 1.0, "kg", ()),
    "L": ("volume", 1.0, "L", ("litre", "liter")),
    "W": ("power", 1.0, "W", ()),
    "mW": ("power", 1e-3, "mW", ()),
    "uW": ("power", 1e-6, "uW", ()),
    "W/L": ("power a volume", 1.0, "W_per_L", ("kW/m3",)),
    "W/m2": ("power an area", 1.0, "W_per_m2", ()),
    "N.{L0}/s": ("power for want of a length", 1.0, "N_L0_per_s", ()),
    "mN.{L0}/s": ("power for want of a length", 1e-3, "mN_L0_per_s", ()),
}
# What force is divided by: seconds for a rate of rise, fibre lengths for a stiffness.
for _code, (_dim, _factor, _suffix, _names) in list(_TABLE.items()):
    if _dim in ("force", "stress"):
        _rate = tuple(f"{n}{per}" for n in (_code, *_names) for per in (" s-1", ".s-1", "/s"))
        _TABLE[f"{_code}/s"] = (f"{_dim} rate", _factor, f"{_suffix}_per_s", _rate)
        _per = tuple(f"{n}/L0" for n in (_code, *_names))
        _TABLE[f"{_code}/{{L0}}"] = (f"{_dim} a length", _factor, f"{_suffix}_per_L0", _per)
_TABLE["%/s"] = ("rate", 1e-2, "percent_per_s", ())
_TABLE["%/{L0}"] = ("relative stiffness", 1e-2, "percent_per_L0", ())
_TABLE["1/{L0}"] = ("relative stiffness", 1.0, "per_L0", ("1/L0", "L0-1"))


def _fold(text: str) -> str:
    """One spelling for the micro sign, superscripts, the ohm sign and stray blanks (NFKC joins each pair)."""
    text = unicodedata.normalize("NFKC", text).replace("μ", "u").replace("−", "-").replace("⋅", ".").replace("·", ".")
    return " ".join(text.split()).replace(" / ", "/").replace("**", "^")


def _loosen(folded: str) -> str:
    """Forget case, except in a leading m or M: milli and mega are nine orders of magnitude apart."""
    return folded[:1] + folded[1:].casefold() if folded[:1] in "mM" else folded.casefold()


_ALIASES: dict[str, str] = {}
_LOOSE: dict[str, set[str]] = {}
for _code, (_dim, _factor, _suffix, _names) in _TABLE.items():
    for _name in (_code, *_names):
        _ALIASES[_fold(_name)] = _code
        _LOOSE.setdefault(_loosen(_fold(_name)), set()).add(_code)


def is_unit(text: str) -> bool:
    """Whether `text` is a unit of the table in any known spelling."""
    folded = _fold(text)
    return folded in _ALIASES or len(_LOOSE.get(_loosen(folded), ())) == 1


def canonical(text: str) -> str:
    """Return the one spelling of a unit.

    Parameters
    ----------
    text : str
        Any known spelling: ``"µM"``, ``"μM"``, ``"kN m⁻²"``, ``"kN/m^2"``. Case decides only where it must
        (``mM`` and ``MM`` are not the same); otherwise it is forgiven.

    Returns
    -------
    str
        The UCUM code.

    Raises
    ------
    InputError
        If the unit is not in the table (code ``unknown-unit``).

    Examples
    --------
    >>> canonical("µM"), canonical("kN m⁻²"), canonical("Ω")
    ('umol/L', 'kN/m2', 'Ohm')
    """
    if not isinstance(text, str):
        raise InputError(f"unit {text!r} is not text", code="unknown-unit", remedy="write it in UCUM, for example mN")
    folded = _fold(text)
    if folded in _ALIASES:
        return _ALIASES[folded]
    loose = _LOOSE.get(_loosen(folded), set())
    if len(loose) == 1:
        return next(iter(loose))
    meant = f"it could mean {' or '.join(sorted(loose))}" if loose else "it is not in the unit table"
    raise InputError(
        f"unit {text!r} is not understood: {meant}",
        code="unknown-unit",
        remedy="write it in UCUM, for example mN, kN/m2, umol/L, Hz, Ohm or 1",
    )


def dimension(unit: str) -> str:
    """Return what a unit measures (``"force"``, ``"stress"``, ``"concentration"``, …)."""
    return _TABLE[canonical(unit)][0]


def convert_factor(unit: str, to: str) -> float:
    """Return the factor by which a value in `unit` is multiplied to be in `to`.

    Raises
    ------
    InputError
        If the two do not measure the same thing (code ``unit-mismatch``).

    Examples
    --------
    >>> convert_factor("kHz", "Hz")
    1000.0
    """
    a, b = canonical(unit), canonical(to)
    (dim_a, factor_a, *_), (dim_b, factor_b, *_) = _TABLE[a], _TABLE[b]
    if dim_a != dim_b:
        raise InputError(
            f"{a} is a unit of {dim_a} and cannot become {b}, a unit of {dim_b}",
            code="unit-mismatch",
            remedy="name the unit of the data",
        )
    return 1.0 if a == b else factor_a / factor_b


def column_suffix(unit: str) -> str:
    """Return the suffix a unit adds to a table column: ``Fmax`` in kN/m2 is the column ``Fmax_kN_per_m2``."""
    return _TABLE[canonical(unit)][2]
