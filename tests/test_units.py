"""Units: aliases in, one spelling out."""

from __future__ import annotations

import pytest

from musclemetrics import canvas, units
from musclemetrics.errors import InputError


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("µM", "umol/L"),  # micro sign
        ("μM", "umol/L"),  # Greek mu
        ("uM", "umol/L"),
        ("M", "mol/L"),
        ("mM", "mmol/L"),
        ("nM", "nmol/L"),
        ("kN/m²", "kN/m2"),
        ("kN m⁻²", "kN/m2"),
        ("kN·m⁻²", "kN/m2"),
        ("kN/m^2", "kN/m2"),
        ("KN/M2", "kN/m2"),
        ("mN/mm2", "mN/mm2"),
        ("Ω", "Ohm"),  # Greek omega
        ("\u2126", "Ohm"),  # ohm sign
        ("ohm", "Ohm"),
        ("kΩ", "kOhm"),
        ("MΩ", "MOhm"),
        ("°C", "Cel"),
        ("", "1"),
        ("a.u.", "1"),
        ("FL/s", "{L0}/s"),
        ("%L0", "%{L0}"),
        ("sec", "s"),
        ("HZ", "Hz"),
        ("mN s-1", "mN/s"),
        ("mN s⁻¹", "mN/s"),
        ("kN/m²/s", "kN/m2/s"),
        ("kN/m2/L0", "kN/m2/{L0}"),
    ],
)
def test_spellings(written: str, code: str) -> None:
    """Fault 62: micro and mu, ohm and omega, superscripts."""
    assert units.is_unit(written)
    assert units.canonical(written) == code
    assert units.canonical(code) == code


@pytest.mark.parametrize("written", ["furlong", "N/m3", "kgf", "pCa", "mn m"])
def test_unknown_units_are_refused(written: str) -> None:
    assert not units.is_unit(written)
    with pytest.raises(InputError) as caught:
        units.canonical(written)
    assert caught.value.code == "unknown-unit"
    assert caught.value.remedy


def test_milli_and_mega_are_not_confused() -> None:
    assert units.convert_factor("MOhm", "mOhm") == pytest.approx(1e9)
    assert units.canonical("MPa") == "MPa"
    assert units.canonical("mN") == "mN"


@pytest.mark.parametrize(
    ("unit", "to", "factor"),
    [
        ("kHz", "Hz", 1e3),
        ("mN/mm2", "kN/m2", 1.0),
        ("N/cm2", "kPa", None),
        ("umol/L", "mol/L", 1e-6),
        ("%", "1", 1e-2),
        ("um2", "m2", 1e-12),
        ("min", "s", 60.0),
    ],
)
def test_conversion(unit: str, to: str, factor: float | None) -> None:
    if factor is None:
        with pytest.raises(InputError):
            assert units.convert_factor(unit, "N")
        return
    assert units.convert_factor(unit, to) == pytest.approx(factor, rel=1e-15)
    assert units.convert_factor(to, unit) * factor == pytest.approx(1.0, rel=1e-15)


def test_dimensions_do_not_mix() -> None:
    with pytest.raises(InputError) as caught:
        units.convert_factor("mm", "px")
    assert caught.value.code == "unit-mismatch"
    with pytest.raises(InputError):
        units.convert_factor("mN", "kN/m2")


def test_every_code_has_a_column_and_a_face() -> None:
    suffixes = {}
    for code in units._TABLE:
        suffix = units.column_suffix(code)
        assert suffix == "" or suffix.isidentifier()
        assert suffixes.setdefault(suffix, code) == code, "two units would share a column"
        shown = canvas.unit_text(code)
        assert "{" not in shown
        assert (shown == "") == (code == "1")


def test_units_on_axes() -> None:
    assert canvas.label("Force", "kN/m2") == "Force (kN m⁻²)"
    assert canvas.label("Rate", "1/s") == "Rate (s⁻¹)"
    assert canvas.label("pCa") == "pCa"
    assert canvas.literal("$x$") == r"\$x\$"
