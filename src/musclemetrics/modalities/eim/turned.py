"""A delayed arc seen from behind its delay: residual, gradient and curvature of a stack of sweeps by sums alone.

The delay multiplies every impedance by exp(−jωTd), which changes no length. Turning the data back instead of the
model forwards leaves ``Rinf + (R0 − Rinf) g`` with g = 1/(1 + u), u = (jωτ)^α, whose columns, derivatives and their
products are all made of g and p = g(1 − g). No column of the Jacobian is ever laid out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHIFT", "rotation", "turned"]

Array = NDArray[np.float64]

SHIFT = 1e6
"""A delay is stepped as 1 + Td·SHIFT, a stray capacitance as 1 + Cs·SHIFT·1000: relative steps stay meaningful at 0."""
QUARTER = np.pi / 2.0
LEAST = 1e-13
"""Share of a curvature that projection leaves at least: less would be rounding."""


def rotation(omega: Array, shift: Any) -> tuple[Array, Array]:
    """Return cosine and sine of ωTd, by the tangent of half the angle: one fast function instead of two slow ones."""
    t = np.tan(omega * ((shift - 1.0) * (0.5 / SHIFT)))
    share = t * t
    share += 1.0
    np.divide(2.0, share, out=share)
    t *= share
    share -= 1.0
    return share, t


def _whole(column: Any, shape: tuple[int, int]) -> Array:
    out = np.empty(shape)
    out[...] = column
    return out


def _sum(a: Array) -> Array:
    total: Array = np.add.reduce(a, axis=0)
    return total


def turned(
    x: Any, y: Array, w: Array | None, log_tau: Array, alpha: Array, shift: Array
) -> tuple[list[Array], Array, list[Array], list[list[Array]], NDArray[np.bool_]]:
    """Return what every sweep's nonlinear parameters lead to, by :attr:`Model.sums`.

    R0 and Rinf are those that fit best (variable projection, after Kaufman 1975, BIT 15:49: the derivatives are
    projected off both columns). Sums run over points alone, so that no sweep depends on its neighbours.

    Parameters
    ----------
    x : array, shape (2 f, 1) or (2 f, curves)
        Angular frequencies, the list twice over.
    y : array, shape (2 f, curves)
        Real parts, then imaginary parts; at least two curves.
    w : array, shape (2 f, 1) or (2 f, curves), optional
        Root weights.
    log_tau, alpha, shift : array, shape (curves,)

    Returns
    -------
    linear : list of array
        R0 and Rinf.
    cost : array
    gradient : list of array
    curvature : list of list of array
    apt : array of bool, shape (curves,) or (1,)
        False where the two parts of a frequency weigh differently: turning would mix what weighs apart.
    """
    half = len(y) // 2
    shape = half, y.shape[1]
    omega = x[:half]
    log = np.log(omega)
    middle = 0.5 * (log[0] + log[-1])
    # Laid out whole: an array times an array is faster than an array times a column.
    log = _whole(log - middle, shape)
    weight = _whole(1.0 if w is None else w[:half] * w[:half], shape)
    total = _sum(weight)
    offset = log_tau + middle
    cos, sin = np.cos(alpha * QUARTER), np.sin(alpha * QUARTER)

    # g = real − j·imag, |g|² = share, |p| = size
    size = log * alpha
    size += alpha * offset
    np.exp(size, out=size)
    share = size + 2.0 * cos
    share *= size
    share += 1.0
    np.reciprocal(share, out=share)
    size *= share
    imag = size * sin
    real = size * cos
    real += share

    c, s = rotation(omega, shift)
    first = y[:half] * c
    first -= y[half:] * s
    second = y[half:] * c
    second += y[:half] * s

    # The level and the arc freed of it are orthogonal: R0 and Rinf lose no digits where the arc is nearly flat.
    level = _sum(weight * first) / total
    by_real, by_imag = weight * real, weight * imag
    mean = _sum(by_real) / total
    centred = real - mean
    part = centred * centred
    part += imag * imag
    part *= weight
    norm = np.maximum(_sum(part), 1e-300)
    np.multiply(centred, first, out=part)
    part -= imag * second
    part *= weight
    height = _sum(part) / norm
    rest = first - level
    centred *= height
    rest -= centred
    other = imag * height
    other += second
    np.multiply(rest, rest, out=part)
    part += other * other
    part *= weight
    cost = _sum(part)

    # p, weighted; its derivative by ln τ is −α p, by α −p (ln ωτ + jπ/2); by the shift −jω times the turned data
    by_share = weight * share
    p_imag = real + real
    p_imag -= 1.0
    p_imag *= by_imag
    p_real = imag * by_imag
    p_real += p_real
    p_real += by_real
    p_real -= by_share
    a = _whole(omega, shape)
    second *= a
    first *= a

    np.multiply(p_real, rest, out=a)
    a += p_imag * other
    a_sum = _sum(a)
    a *= log
    a_log = _sum(a)
    np.multiply(p_real, other, out=a)
    a -= p_imag * rest
    b_sum = _sum(a)
    np.multiply(second, rest, out=a)
    a -= first * other
    a *= weight
    scale = 1.0 / SHIFT
    gradient = [
        -height * alpha * a_sum,
        -height * (a_log + offset * a_sum + QUARTER * b_sum),
        scale * _sum(a),
    ]

    np.multiply(size, size, out=a)
    a *= weight
    p_0 = _sum(a)
    a *= log
    p_1 = _sum(a)
    a *= log
    p_2 = _sum(a)
    p_2 = p_2 + 2.0 * offset * p_1 + offset * offset * p_0
    p_1 = p_1 + offset * p_0
    np.multiply(p_real, second, out=a)
    a -= p_imag * first
    k_0 = _sum(a)
    a *= log
    k_1 = _sum(a) + offset * k_0
    np.multiply(p_imag, second, out=a)
    a += p_real * first
    k_1 -= QUARTER * _sum(a)
    np.multiply(first, first, out=a)
    a += second * second
    a *= weight
    t_t = _sum(a)
    # along the level …
    one_0, one_i = _sum(p_real), _sum(p_imag)
    p_real *= log
    one_1 = _sum(p_real) + offset * one_0 - QUARTER * one_i
    np.multiply(second, weight, out=a)
    one_t = _sum(a)
    # … and along the arc, whose products with p are |g|²(1 − g)
    np.multiply(by_real, second, out=a)
    a += by_imag * first
    arc_t = _sum(a) - mean * one_t
    imag *= by_share
    arc_i = _sum(imag)
    real *= by_share
    by_share -= real
    arc_0 = _sum(by_share)
    by_share *= log
    arc_1 = _sum(by_share) + offset * arc_0 - QUARTER * arc_i - mean * one_1
    arc_0 = arc_0 - mean * one_0

    factors: list[Any] = [-height * alpha, -height, scale]
    whole = [[p_0], [p_1, p_2 + QUARTER * QUARTER * p_0], [k_0, k_1, t_t]]
    along = [[one_0, one_1, one_t], [arc_0, arc_1, arc_t]]
    curvature: list[list[Array]] = []
    for i in range(3):
        row: list[Array] = []
        for j in range(i + 1):
            value = whole[i][j] - along[0][i] * along[0][j] / total - along[1][i] * along[1][j] / norm
            if i == j:
                value = np.maximum(value, LEAST * whole[i][i])
            row.append(value * (factors[i] * factors[j]))
        curvature.append(row)
    bottom = level - height * mean
    apt = np.ones(1, bool) if w is None else (w[:half] == w[half:]).all(axis=0)
    return [bottom + height, bottom], cost, gradient, curvature, apt
