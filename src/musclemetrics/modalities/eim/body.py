"""Muscle mass of the body by published equations, each with its population and its error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ... import checks
from ...errors import InputError, SettingsError
from ...provenance import describe
from ...record import Flag, Measurement, Record, Settings
from .volumes import body, sexes

__all__ = ["EQUATIONS", "Equation", "muscle_mass"]

NORMAL = 1.959964
REACTANCE = (0.04, 0.25)
"""Of the resistance of a body at 50 kHz: phases of 2.3 to 14 degrees."""


@dataclass(frozen=True, slots=True)
class Equation:
    """A published equation.

    Attributes
    ----------
    quantity : str
        ``skeletal_muscle`` or ``appendicular_muscle``, in kg.
    needs : tuple of str
        What it takes beside resistance, height, age and sex.
    ages : (float, float)
        Of the people it was made from.
    see : float
        Standard error of the estimate as published, kg.
    population, source, caution : str
    value : callable
        ``value(index, weight, age, male, reactance)`` with index = height²/resistance.
    """

    quantity: str
    needs: tuple[str, ...]
    ages: tuple[float, float]
    see: float
    population: str
    source: str
    value: Callable[[float, float, float, float, float], float]
    caution: str = ""


EQUATIONS: Mapping[str, Equation] = MappingProxyType(
    {
        "janssen2000": Equation(
            "skeletal_muscle",
            ("age",),
            (18.0, 86.0),
            2.7,
            "adults of 18 to 86 years, against MRI",
            "Janssen et al. 2000, J Appl Physiol 89:465",
            lambda index, weight, age, male, reactance: 0.401 * index + 3.825 * male - 0.071 * age + 5.102,
            "it underestimates in people of Asian origin",
        ),
        "kyle2003": Equation(
            "appendicular_muscle",
            ("weight", "age", "reactance"),
            (22.0, 94.0),
            1.12,
            "healthy adults of Geneva, against DXA",
            "Kyle et al. 2003, Clin Nutr 22:537",
            lambda index, weight, age, male, reactance: (
                -4.211 + 0.267 * index + 0.095 * weight + 1.909 * male - 0.012 * age + 0.058 * reactance
            ),
        ),
        "sergi2015": Equation(
            "appendicular_muscle",
            ("weight", "reactance"),
            (60.0, 120.0),
            1.14,
            "Italians above 60 years, against DXA",
            "Sergi et al. 2015, Clin Nutr 34:667",
            lambda index, weight, age, male, reactance: (
                -3.964 + 0.227 * index + 0.095 * weight + 1.384 * male + 0.064 * reactance
            ),
        ),
    }
)


def muscle_mass(
    equation: str,
    *,
    resistance: float,
    height: float,
    sex: str,
    age: float,
    weight: float | None = None,
    reactance: float | None = None,
) -> Record:
    """Return a person's muscle mass by a published equation from hand-to-foot impedance at 50 kHz.

    Parameters
    ----------
    equation : {"janssen2000", "kyle2003", "sergi2015"}
        Skeletal muscle (Janssen), or appendicular lean mass (Kyle, Sergi).
    resistance, reactance : float
        In Ohm at 50 kHz, of the whole body from hand to foot; not of one muscle.
    height : float
        In cm.
    sex : str
        ``"M"`` or ``"F"``.
    age : float
        In years; where the equation does not use it, it still says whether the equation is meant for this person.
    weight : float
        In kg.

    Returns
    -------
    Record
        ``skeletal_muscle`` or ``appendicular_muscle`` in kg. Its standard error is the published standard error of
        the estimate, its interval where 95 % of the people of that population lie.

    Raises
    ------
    InputError
        If a number is not positive or cannot be in the unit asked for.
    SettingsError
        If the equation is unknown or something it needs is not given (``fact-not-given``).

    Examples
    --------
    >>> record = muscle_mass("janssen2000", resistance=500.0, height=175.0, sex="M", age=40.0)
    >>> print(record["skeletal_muscle"])
    skeletal_muscle = 30.648 kg, SE 2.7, 95 % 25.356 to 35.94
    """
    checks.choice(equation, "equation", EQUATIONS)
    chosen = EQUATIONS[equation]
    facts = {"resistance": resistance, "height": height, "age": age, "weight": weight, "reactance": reactance}
    for name in ("resistance", "height", "age", *chosen.needs):
        if facts[name] is None:
            raise SettingsError(
                f"{equation} needs {name}", code="fact-not-given", remedy=f"give {name}, or use another equation"
            )
    numbers = {name: 0.0 if v is None else _positive(v, name) for name, v in facts.items()}
    body(numbers["height"], None if weight is None else numbers["weight"])
    if np.ndim(sex):
        raise SettingsError("sex has several values, one person's is needed", remedy="give one person at a time")
    male = float(str(sexes(sex)) == "M")
    index = numbers["height"] ** 2 / numbers["resistance"]
    value = chosen.value(index, numbers["weight"], numbers["age"], male, numbers["reactance"])
    half = NORMAL * chosen.see
    flags = [Flag("population", f"{equation} was made from {chosen.population}{_caution(chosen)}", "note")]
    low, high = chosen.ages
    if not low <= numbers["age"] <= high:
        flags.append(
            Flag(
                "outside-population",
                f"age {numbers['age']:g} lies outside the {low:g} to {high:g} years of those {equation} was made from",
            )
        )
    if not 200.0 <= numbers["resistance"] <= 1500.0:
        flags.append(
            Flag(
                "implausible-impedance",
                f"resistance {numbers['resistance']:g} Ohm lies outside 200 to 1500, a body's from hand to foot",
            )
        )
    share = numbers["reactance"] / numbers["resistance"]
    if reactance is not None and not REACTANCE[0] <= share <= REACTANCE[1]:
        flags.append(
            Flag(
                "implausible-impedance",
                f"reactance {numbers['reactance']:g} Ohm is {100 * share:.3g} % of resistance, a body's from hand to "
                f"foot is {100 * REACTANCE[0]:g} to {100 * REACTANCE[1]:g} % at 50 kHz; check which is which",
            )
        )
    settings = Settings(equation=equation, sex=str(sex), **{k: v for k, v in facts.items() if v is not None})
    measured = Measurement(chosen.quantity, value, chosen.see, (value - half, value + half), "kg")
    return Record("eim.muscle_mass", (measured,), (), tuple(flags), describe(chosen.source, settings))


def _caution(chosen: Equation) -> str:
    return f"; {chosen.caution}" if chosen.caution else ""


def _positive(value: float, name: str) -> float:
    try:
        given = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}={value!r} is no number", code="not-a-number", remedy="give a number") from None
    if given.ndim:
        raise InputError(
            f"{name} has {given.size} values, one person's is needed",
            code="wrong-shape",
            remedy="give the numbers of one person at a time",
        )
    number = float(given)
    if not (np.isfinite(number) and number > 0):
        raise InputError(f"{name} is {number:g}, a positive number is needed", code="not-positive", remedy="check it")
    return number
