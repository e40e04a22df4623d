"""Fluid volumes of the body from whole-body resistances, by Hanai's mixture theory."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import checks
from ...errors import InputError, SettingsError

__all__ = ["Volumes", "fluid_volumes"]

Array = NDArray[np.float64]

SEXES = ("M", "F")
RHO_EXTRA: Mapping[str, float] = MappingProxyType({"M": 40.5, "F": 39.0})
RHO_INTRA: Mapping[str, float] = MappingProxyType({"M": 273.9, "F": 264.9})


BMI = (8.0, 100.0)
"""kg/m² that bodies have; outside, height and weight are swapped or in other units."""
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"Re": (100.0, 5e3), "Ri": (100.0, 5e4), "KB": (2.0, 8.0), "density": (0.9, 1.2), "rho_extra": (10.0, 200.0)}
    | {"rho_intra": (50.0, 2000.0)}
)
"""What is accepted: Ohm of a body from hand to foot, shape, kg/L and Ohm cm."""


class Volumes(NamedTuple):
    """Extracellular, intracellular and total water in litres: arrays of one shape, of none for one body."""

    ECF: Array
    ICF: Array
    TBW: Array


def fluid_volumes(
    Re: ArrayLike,
    Ri: ArrayLike,
    *,
    height: ArrayLike,
    weight: ArrayLike,
    sex: str | ArrayLike,
    KB: float = 4.3,
    density: float = 1.05,
    rho_extra: Mapping[str, float] = RHO_EXTRA,
    rho_intra: Mapping[str, float] = RHO_INTRA,
) -> Volumes:
    """Return the fluid volumes of whole bodies from hand-to-foot resistances, second-generation Hanai.

    ``ECF = 10⁻² (KB² ρE²/Db)^(1/3) (H² √W / Re)^(2/3)``; total water likewise with Rinf = Re Ri/(Re + Ri) and
    ``ρ = ρI − (ρI − ρE) (Rinf/Re)^(2/3)``; ``ICF = TBW − ECF`` (Matthie 2005, J Appl Physiol 99:780, in the form that
    the analyser of NHANES uses). It holds for hand-to-foot electrodes on whole bodies only, not for one muscle.

    Parameters
    ----------
    Re, Ri : array_like
        Resistances of the extracellular and intracellular fluid in Ohm: 100 to 5000 and 100 to 50,000.
    height : array_like
        In cm.
    weight : array_like
        In kg.
    sex : str or array_like of str
        ``"M"`` or ``"F"``; numbers are refused, since studies code them in three ways.
    KB : float
        Shape of the body: limbs and trunk as cylinders in series; 2 to 8.
    density : float
        Of the body, kg/L; 0.9 to 1.2.
    rho_extra, rho_intra : Mapping
        Resistivity of the extracellular fluid and of the intracellular fluid in Ohm cm, by sex; 10 to 200 and 50 to
        2000.

    Returns
    -------
    Volumes
        ``ECF, ICF, TBW`` in L, float arrays of the shape that the arguments broadcast to, without dimensions for one
        body. Of several bodies, one that lacks a number (NaN) has NaN.

    Raises
    ------
    InputError
        If a resistance, height or weight is not a positive number (``not-positive``), height and weight cannot be
        in these units or of one body (``implausible-body``), a resistance is no body's (``implausible-resistance``),
        or the water would outweigh the body (``implausible-volume``), or the shapes do not go together
        (``length-mismatch``).
    SettingsError
        If `sex` is something else (``sex-not-stated``) or a constant outside its range.

    Examples
    --------
    >>> volumes = fluid_volumes(600.0, 1200.0, height=170.0, weight=70.0, sex="F")
    >>> [round(float(v), 2) for v in volumes]
    [16.32, 21.72, 38.04]
    """
    re, ri = _resistance(Re, "Re"), _resistance(Ri, "Ri")
    h, w = body(height, weight)
    KB, density = (
        checks.number(v, name, low=RANGES[name][0], high=RANGES[name][1])
        for v, name in ((KB, "KB"), (density, "density"))
    )
    rho_e, rho_i = (_by_sex(sex, table, n) for table, n in ((rho_extra, "rho_extra"), (rho_intra, "rho_intra")))
    shapes = {"Re": re.shape, "Ri": ri.shape, "height": h.shape, "weight": w.shape, "sex": rho_e.shape}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        raise InputError(
            f"the shapes {', '.join(f'{n} {s}' for n, s in shapes.items() if s)} do not go together",
            code="length-mismatch",
            remedy="give as many of each, or single values",
        ) from None
    rinf = re * ri / (re + ri)
    reach = h * h * np.sqrt(w)

    def volume(rho: Any, resistance: Array) -> Array:
        return np.asarray(1e-2 * np.cbrt(KB * KB * rho * rho / density) * np.cbrt(reach / resistance) ** 2)

    ecf = volume(rho_e, re)
    tbw = volume(rho_i - (rho_i - rho_e) * np.cbrt(rinf / re) ** 2, rinf)
    heavy = np.broadcast_to(tbw > w, tbw.shape)
    if heavy.any():
        where = int(np.argmax(heavy))
        raise InputError(
            f"total body water would be {tbw.flat[where]:.1f} L in a body of "
            f"{np.broadcast_to(w, tbw.shape).flat[where]:g} kg",
            code="implausible-volume",
            remedy="check Re, Ri, height and weight; the resistances must be of the body from hand to foot",
        )
    ecf, tbw = (np.array(np.broadcast_to(v, np.broadcast_shapes(ecf.shape, tbw.shape))) for v in (ecf, tbw))
    return Volumes(ecf, np.array(tbw - ecf), tbw)


def _resistance(values: ArrayLike, name: str) -> Array:
    array = _positive(values, name)
    low, high = RANGES[name]
    outside = (array < low) | (array > high)
    if outside.any():
        raise InputError(
            f"{name} is {array.flat[int(np.argmax(outside))]:g} Ohm, a body has {low:g} to {high:g} from hand to foot",
            code="implausible-resistance",
            remedy="give Ohm (not kOhm), of the whole body",
        )
    return array


def _positive(values: ArrayLike, name: str) -> Array:
    array = np.asarray(values, dtype=np.float64)
    # One body without a number must not cost the others theirs: its volumes are NaN as well.
    good = (np.isfinite(array) & (array > 0)) | (np.isnan(array) & (array.ndim > 0))
    if not good.all():
        raise InputError(
            f"{name} is {array.flat[int(np.argmin(good))]:g}, a positive number is needed",
            code="not-positive",
            remedy="leave that one out",
        )
    return array


def body(height: ArrayLike, weight: ArrayLike | None) -> tuple[Array, Array]:
    """Return height in cm and weight in kg, or raise InputError where they look like other units or swapped."""
    h = _positive(height, "height")
    w = np.full_like(h, 70.0) if weight is None else _positive(weight, "weight")
    for name, values, low, high, unit in (("height", h, 40.0, 250.0, "cm"), ("weight", w, 2.0, 400.0, "kg")):
        outside = (values < low) | (values > high)
        if outside.any():
            value = float(values[outside].flat[0]) if values.ndim else float(values)
            raise InputError(
                f"{name} is {value:g}, expected {low:g} to {high:g} {unit}",
                code="implausible-body",
                remedy=f"give {name} in {unit}",
            )
    index = w / (h / 100.0) ** 2
    odd = (index < BMI[0]) | (index > BMI[1])
    if weight is not None and np.any(odd):
        where = int(np.argmax(odd))
        high, heavy = (np.broadcast_to(v, index.shape).flat[where] for v in (h, w))
        raise InputError(
            f"a height of {high:g} cm and a weight of {heavy:g} kg make {np.asarray(index).flat[where]:.3g} kg/m², "
            f"bodies have {BMI[0]:g} to {BMI[1]:g}",
            code="implausible-body",
            remedy="give height in cm and weight in kg, not the one for the other",
        )
    return h, w


def sexes(sex: str | ArrayLike) -> NDArray[np.str_]:
    """Return sexes as ``"M"`` and ``"F"``, or raise SettingsError."""
    array = np.asarray(sex)
    if array.dtype.kind != "U" or not np.isin(array, SEXES).all():
        known = [v for v in np.unique(array.astype(str)).tolist() if v not in SEXES or array.dtype.kind != "U"]
        raise SettingsError(
            f"sex={known[0]!r} is neither 'M' nor 'F'",
            code="sex-not-stated",
            remedy="give 'M' or 'F'; codes such as 1 and 2 mean different things in different studies",
        )
    return array


def _by_sex(sex: str | ArrayLike, table: Mapping[str, float], name: str) -> Array:
    try:
        male, female = float(table["M"]), float(table["F"])
    except (KeyError, TypeError, ValueError):
        raise SettingsError(
            f"{table!r} does not give a resistivity for M and F", remedy="give {'M': …, 'F': …}"
        ) from None
    low, high = RANGES[name]
    male, female = (checks.number(v, f"{name}[{s!r}]", low=low, high=high) for v, s in ((male, "M"), (female, "F")))
    return np.where(sexes(sex) == "M", male, female)
