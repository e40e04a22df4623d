"""The 27 nonlinear regressions of NIST StRD as models, each with its own analytic derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from musclemetrics.fitting import Model

__all__ = ["MODELS"]

PI = np.pi


def _model(name: str, count: int, function: Callable[..., Any], jacobian: Callable[..., Any]) -> Model:
    return Model(name, tuple(f"b{i}" for i in range(1, count + 1)), function=function, jacobian=jacobian)


def _exponentials(x: Any, *pairs: tuple[Any, Any]) -> tuple[Any, list[Any]]:
    """Sum of a·exp(−b·x) and its derivatives by a, b, a, b, …"""
    total: Any = 0.0
    slopes = []
    for a, b in pairs:
        e = np.exp(-b * x)
        total = total + a * e
        slopes += [e, -a * x * e]
    return total, slopes


def _gauss(x: Any, size: Any, centre: Any, width: Any) -> tuple[Any, list[Any]]:
    """One peak size·exp(−(x − centre)²/width²) and its derivatives by size, centre, width."""
    z = (x - centre) / width
    e = np.exp(-z * z)
    return size * e, [e, 2 * size * e * z / width, 2 * size * e * z * z / width]


def _bennett5(x: Any, a: Any, b: Any, c: Any) -> Any:
    return a * (b + x) ** (-1 / c)


def _bennett5_slopes(x: Any, a: Any, b: Any, c: Any) -> Any:
    s = b + x
    power = s ** (-1 / c)
    return power, -a / c * power / s, a * power * np.log(s) / c**2


def _boxbod(x: Any, a: Any, b: Any) -> Any:
    return a * -np.expm1(-b * x)


def _boxbod_slopes(x: Any, a: Any, b: Any) -> Any:
    return -np.expm1(-b * x), a * x * np.exp(-b * x)


def _chwirut(x: Any, a: Any, b: Any, c: Any) -> Any:
    return np.exp(-a * x) / (b + c * x)


def _chwirut_slopes(x: Any, a: Any, b: Any, c: Any) -> Any:
    below = b + c * x
    f = np.exp(-a * x) / below
    return -x * f, -f / below, -x * f / below


def _danwood(x: Any, a: Any, b: Any) -> Any:
    return a * x**b


def _danwood_slopes(x: Any, a: Any, b: Any) -> Any:
    power = x**b
    return power, a * power * np.log(x)


def _waves(x: Any, period: Any, cosine: Any, sine: Any) -> tuple[Any, list[Any]]:
    """One oscillation and its derivatives by period, cosine part, sine part."""
    angle = 2 * PI * x / period
    c, s = np.cos(angle), np.sin(angle)
    return cosine * c + sine * s, [(cosine * s - sine * c) * angle / period, c, s]


def _enso(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any, b8: Any, b9: Any) -> Any:
    return b1 + _waves(x, 12.0, b2, b3)[0] + _waves(x, b4, b5, b6)[0] + _waves(x, b7, b8, b9)[0]


def _enso_slopes(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any, b8: Any, b9: Any) -> Any:
    year = _waves(x, 12.0, b2, b3)[1]
    second, third = _waves(x, b4, b5, b6)[1], _waves(x, b7, b8, b9)[1]
    one = np.ones(np.broadcast_shapes(np.shape(x), np.shape(b1)))
    return one, *year[1:], *second, *third


def _eckerle4(x: Any, a: Any, b: Any, c: Any) -> Any:
    return a / b * np.exp(-0.5 * ((x - c) / b) ** 2)


def _eckerle4_slopes(x: Any, a: Any, b: Any, c: Any) -> Any:
    z = (x - c) / b
    e = np.exp(-0.5 * z * z) / b
    return e, a * e * (z * z - 1) / b, a * e * z / b


def _gauss_pair(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any, b8: Any) -> Any:
    return _exponentials(x, (b1, b2))[0] + _gauss(x, b3, b4, b5)[0] + _gauss(x, b6, b7, b8)[0]


def _gauss_pair_slopes(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any, b8: Any) -> Any:
    return [*_exponentials(x, (b1, b2))[1], *_gauss(x, b3, b4, b5)[1], *_gauss(x, b6, b7, b8)[1]]


def _cubic_ratio(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any) -> Any:
    return (b1 + x * (b2 + x * (b3 + x * b4))) / (1 + x * (b5 + x * (b6 + x * b7)))


def _cubic_ratio_slopes(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any) -> Any:
    below = 1 + x * (b5 + x * (b6 + x * b7))
    f = (b1 + x * (b2 + x * (b3 + x * b4))) / below
    by = [x**k / below for k in range(4)]
    return *by, *(-f * by[k] for k in (1, 2, 3))


def _kirby2(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any) -> Any:
    return (b1 + x * (b2 + x * b3)) / (1 + x * (b4 + x * b5))


def _kirby2_slopes(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any) -> Any:
    below = 1 + x * (b4 + x * b5)
    f = (b1 + x * (b2 + x * b3)) / below
    by = [x**k / below for k in range(3)]
    return *by, -f * by[1], -f * by[2]


def _lanczos(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any) -> Any:
    return _exponentials(x, (b1, b2), (b3, b4), (b5, b6))[0]


def _lanczos_slopes(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any) -> Any:
    return _exponentials(x, (b1, b2), (b3, b4), (b5, b6))[1]


def _mgh09(x: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    return a * (x * x + x * b) / (x * x + x * c + d)


def _mgh09_slopes(x: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    below = x * x + x * c + d
    shape = (x * x + x * b) / below
    return shape, a * x / below, -a * shape * x / below, -a * shape / below


def _mgh10(x: Any, a: Any, b: Any, c: Any) -> Any:
    return a * np.exp(b / (x + c))


def _mgh10_slopes(x: Any, a: Any, b: Any, c: Any) -> Any:
    s = x + c
    e = np.exp(b / s)
    return e, a * e / s, -a * e * b / (s * s)


def _mgh17(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any) -> Any:
    return b1 + _exponentials(x, (b2, b4), (b3, b5))[0]


def _mgh17_slopes(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any) -> Any:
    by2, by4, by3, by5 = _exponentials(x, (b2, b4), (b3, b5))[1]
    return np.ones_like(by2), by2, by3, by4, by5


def _misra1b(x: Any, a: Any, b: Any) -> Any:
    return a * (1 - (1 + b * x / 2) ** -2.0)


def _misra1b_slopes(x: Any, a: Any, b: Any) -> Any:
    s = 1 + b * x / 2
    return 1 - s**-2.0, a * x * s**-3.0


def _misra1c(x: Any, a: Any, b: Any) -> Any:
    return a * (1 - (1 + 2 * b * x) ** -0.5)


def _misra1c_slopes(x: Any, a: Any, b: Any) -> Any:
    s = 1 + 2 * b * x
    return 1 - s**-0.5, a * x * s**-1.5


def _misra1d(x: Any, a: Any, b: Any) -> Any:
    return a * b * x / (1 + b * x)


def _misra1d_slopes(x: Any, a: Any, b: Any) -> Any:
    s = 1 + b * x
    return b * x / s, a * x / (s * s)


def _nelson(x: Any, a: Any, b: Any, c: Any) -> Any:
    return a - b * x[0] * np.exp(-c * x[1])


def _nelson_slopes(x: Any, a: Any, b: Any, c: Any) -> Any:
    e = x[0] * np.exp(-c * x[1])
    return np.ones_like(e), -e, b * e * x[1]


def _rat42(x: Any, a: Any, b: Any, c: Any) -> Any:
    return a / (1 + np.exp(b - c * x))


def _rat42_slopes(x: Any, a: Any, b: Any, c: Any) -> Any:
    e = np.exp(b - c * x)
    rise = 1 / (1 + e)
    steep = a * e * rise * rise
    return rise, -steep, steep * x


def _rat43(x: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    return a * (1 + np.exp(b - c * x)) ** (-1 / d)


def _rat43_slopes(x: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    e = np.exp(b - c * x)
    power = (1 + e) ** (-1 / d)
    steep = a * power / d * e / (1 + e)
    return power, -steep, steep * x, a * power * np.log1p(e) / d**2


def _roszman1(x: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    return a - b * x - np.arctan(c / (x - d)) / PI


def _roszman1_slopes(x: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    s = x - d
    below = PI * (s * s + c * c)
    one = np.ones(np.broadcast_shapes(np.shape(x), np.shape(a)))
    return one, -x * one, -s / below, -c / below


_GAUSS = (8, _gauss_pair, _gauss_pair_slopes)
_RATIO = (7, _cubic_ratio, _cubic_ratio_slopes)
_LANCZOS = (6, _lanczos, _lanczos_slopes)
_CHWIRUT = (3, _chwirut, _chwirut_slopes)
_PARTS: dict[str, tuple[int, Callable[..., Any], Callable[..., Any]]] = {
    "Misra1a": (2, _boxbod, _boxbod_slopes),
    "Chwirut2": _CHWIRUT,
    "Chwirut1": _CHWIRUT,
    "Lanczos3": _LANCZOS,
    "Gauss1": _GAUSS,
    "Gauss2": _GAUSS,
    "DanWood": (2, _danwood, _danwood_slopes),
    "Misra1b": (2, _misra1b, _misra1b_slopes),
    "Kirby2": (5, _kirby2, _kirby2_slopes),
    "Hahn1": _RATIO,
    "Nelson": (3, _nelson, _nelson_slopes),
    "MGH17": (5, _mgh17, _mgh17_slopes),
    "Lanczos1": _LANCZOS,
    "Lanczos2": _LANCZOS,
    "Gauss3": _GAUSS,
    "Misra1c": (2, _misra1c, _misra1c_slopes),
    "Misra1d": (2, _misra1d, _misra1d_slopes),
    "Roszman1": (4, _roszman1, _roszman1_slopes),
    "ENSO": (9, _enso, _enso_slopes),
    "MGH09": (4, _mgh09, _mgh09_slopes),
    "Thurber": _RATIO,
    "BoxBOD": (2, _boxbod, _boxbod_slopes),
    "Rat42": (3, _rat42, _rat42_slopes),
    "MGH10": (3, _mgh10, _mgh10_slopes),
    "Eckerle4": (3, _eckerle4, _eckerle4_slopes),
    "Rat43": (4, _rat43, _rat43_slopes),
    "Bennett5": (3, _bennett5, _bennett5_slopes),
}

MODELS: dict[str, Model] = {name: _model(name, *parts) for name, parts in _PARTS.items()}
"""In NIST's own order, from lower through average to higher difficulty."""
