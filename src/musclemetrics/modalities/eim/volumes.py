"""Fluid volumes of the body from whole-body resistances, by Hanai's mixture theory."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InputError, SettingsError

__all__ = ["Volumes", "fluid_volumes"]

Array = NDArray[np.float64]

SEXES = ("M", "F")
RHO_EXTRA: Mapping[str, float] = MappingProxyType({"M": 40.5, "F": 39.0})
RHO_INTRA: Mapping[str, float] = MappingProxyType({"M": 273.9, "F": 264.9})


class Volumes(NamedTuple):
    """Extracellular, intracellular and total water in litres."""

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
        Resistances of the extracellular and intracellular fluid in Ohm.
    height : array_like
        In cm.
    weight : array_like
        In kg.
    sex : str or array_like of str
        ``"M"`` or ``"F"``; numbers are refused, since studies code them in three ways.
    KB : float
        Shape of the body: limbs and trunk as cylinders in series.
    density : float
        Of the body, kg/L.
    rho_extra, rho_intra : Mapping
        Resistivity of the extracellular fluid and of the intracellular fluid in Ohm cm, by sex.

    Returns
    -------
    Volumes
        ``ECF, ICF, TBW`` in L, of the shape that the arguments broadcast to.

    Raises
    ------
    InputError
        If a resistance, height or weight is not a positive number (``not-positive``), or height or weight cannot be
        in these units (``implausible-body``).
    SettingsError
        If `sex` is something else (``sex-not-stated``).

    Examples
    --------
    >>> volumes = fluid_volumes(600.0, 1200.0, height=170.0, weight=70.0, sex="F")
    >>> [round(float(v), 2) for v in volumes]
    [16.32, 21.72, 38.04]
    """
    re, ri = _positive(Re, "Re"), _positive(Ri, "Ri")
    h, w = body(height, weight)
    rho_e, rho_i = (_by_sex(sex, table) for table in (rho_extra, rho_intra))
    rinf = re * ri / (re + ri)
    reach = h * h * np.sqrt(w)

    def volume(rho: Any, resistance: Array) -> Array:
        out: Array = 1e-2 * np.cbrt(KB * KB * rho * rho / density) * np.cbrt(reach / resistance) ** 2
        return out

    ecf = volume(rho_e, re)
    tbw = volume(rho_i - (rho_i - rho_e) * np.cbrt(rinf / re) ** 2, rinf)
    return Volumes(ecf, np.asarray(tbw - ecf), tbw)


def _positive(values: ArrayLike, name: str) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if not (np.isfinite(array) & (array > 0)).all():
        worst = float(array.flat[int(np.argmin(np.where(np.isfinite(array), array, -np.inf)))])
        raise InputError(
            f"{name} is {worst:g}, a positive number is needed", code="not-positive", remedy="leave that one out"
        )
    return array


def body(height: ArrayLike, weight: ArrayLike) -> tuple[Array, Array]:
    """Return height in cm and weight in kg, or raise InputError where they look like other units."""
    h, w = _positive(height, "height"), _positive(weight, "weight")
    for name, values, low, high, unit in (("height", h, 40.0, 250.0, "cm"), ("weight", w, 2.0, 400.0, "kg")):
        outside = (values < low) | (values > high)
        if outside.any():
            value = float(values[outside].flat[0]) if values.ndim else float(values)
            raise InputError(
                f"{name} is {value:g}, expected {low:g} to {high:g} {unit}",
                code="implausible-body",
                remedy=f"give {name} in {unit}",
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


def _by_sex(sex: str | ArrayLike, table: Mapping[str, float]) -> Array:
    try:
        male, female = float(table["M"]), float(table["F"])
    except (KeyError, TypeError, ValueError):
        raise SettingsError(
            f"{table!r} does not give a resistivity for M and F", remedy="give {'M': …, 'F': …}"
        ) from None
    return np.where(sexes(sex) == "M", male, female)
