"""The Cole impedance and its companions, as formulas and as models for the engine.

Sources: Cole & Cole (1941) J Chem Phys 9:341; De Lorenzo et al. (1997) J Appl Physiol 82:1542 for the delay.
A stack holds each sweep as 2 f points, real parts first, so that complex data are fitted as what they are; x holds the
angular frequency of each point, the list twice over.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InputError
from ...fitting import Model
from .turned import SHIFT, rotation, turned

__all__ = ["COLE", "DELAYED", "DOUBLE", "SHIFT", "STRAY", "cole"]

Array = NDArray[np.float64]

ALPHA = (0.05, 1.0)
LOG_TAU = (float(np.log(1e-12)), float(np.log(10.0)))
QUARTER = np.pi / 2.0


def cole(
    frequency: ArrayLike, *, R0: ArrayLike, Rinf: ArrayLike, fc: ArrayLike, alpha: ArrayLike, Td: ArrayLike = 0.0
) -> NDArray[np.complex128]:
    """Return the complex impedance of a Cole arc behind cables that delay by `Td`.

    ``Z = exp(−jωTd) (Rinf + (R0 − Rinf) / (1 + (jf/fc)^α))``

    Parameters
    ----------
    frequency : array_like
        In Hz, above zero. Broadcasts against the parameters.
    R0, Rinf : array_like
        Resistance at zero and at infinite frequency, in one unit.
    fc : array_like
        Characteristic frequency in Hz, where the arc is highest.
    alpha : array_like
        1 for a single time constant; less the wider their distribution.
    Td : array_like
        Delay in seconds.

    Returns
    -------
    ndarray of complex
        In the unit of `R0`; the imaginary part is negative where the tissue is capacitive, so the reactance that a
        record reports is its negative.

    Raises
    ------
    InputError
        If a frequency is not above zero (``bad-frequency``), a parameter cannot be one of an arc
        (``bad-cole-parameter``), or they do not broadcast (``length-mismatch``).

    Examples
    --------
    >>> z = cole(50e3, R0=60.0, Rinf=30.0, fc=50e3, alpha=1.0)
    >>> complex(z)
    (45-15j)
    """
    f, high, low, middle, order, shift = _arc_of(frequency=frequency, R0=R0, Rinf=Rinf, fc=fc, alpha=alpha, Td=Td)
    # Written by magnitude and angle: the power of a complex number would lose the last digits.
    size = (f / middle) ** order
    u = size * (np.cos(QUARTER * order) + 1j * np.sin(QUARTER * order))
    z = (low + (high - low) / (1.0 + u)) * np.exp(-2j * np.pi * f * shift)
    return np.asarray(z, dtype=np.complex128)


def _arc_of(**given: ArrayLike) -> list[Any]:
    """Return frequency and parameters of an arc as arrays, or raise InputError."""
    arrays: dict[str, Any] = {}
    for name, value in given.items():
        try:
            arrays[name] = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"{name} is no number", code="not-a-number", remedy="give numbers") from None
    try:
        np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items() if a.ndim)
        raise InputError(
            f"the shapes {shapes} do not go together",
            code="length-mismatch",
            remedy="give single values, or frequency[:, None] for one column a parameter",
        ) from None
    f, high, low, middle, order, shift = arrays.values()
    if not (f > 0).all():
        raise InputError("frequency must lie above zero", code="bad-frequency", remedy="leave that point out")
    for name, good, limit in (
        ("Rinf", low >= 0, "0 and more"),
        ("R0", high >= low, "Rinf and more"),
        ("fc", middle > 0, "above 0"),
        ("alpha", (order > 0) & (order <= 1), "above 0, at most 1"),
        ("Td", np.isfinite(shift), "finite"),
    ):
        if not (good.all() and np.isfinite(arrays[name]).all()):
            bad = np.ravel(np.broadcast_to(arrays[name], good.shape))[~np.ravel(good & np.isfinite(arrays[name]))][0]
            raise InputError(f"{name} is {bad:g}, an arc has {limit}", code="bad-cole-parameter", remedy="check it")
    return list(arrays.values())


class _Arc:
    """g = 1/(1 + (jωτ)^α) on the frequencies of x, turned by the delay where there is one."""

    def __init__(self, omega: Array, log_tau: Any, alpha: Any, turn: tuple[Array, Array] | None) -> None:
        self.alpha = alpha
        self.log = np.log(omega) + log_tau
        size = np.exp(alpha * self.log)
        real = 1.0 + size * np.cos(alpha * QUARTER)
        imag = size * np.sin(alpha * QUARTER)
        share = 1.0 / (real * real + imag * imag)
        real *= share
        imag *= share
        self.real, self.imag = real, imag  # g = real − j·imag
        half = len(omega)
        self.column = np.empty((2 * half, real.shape[1]))
        if turn is None:
            self.column[:half] = real
            np.negative(imag, out=self.column[half:])
        else:
            c, s = turn
            self.column[:half] = c * real - s * imag
            self.column[half:] = -(c * imag + s * real)

    def slopes(self, height: Any) -> tuple[Array, Array]:
        """Return the derivatives of height·E·g by ln τ and by α."""
        half = len(self.real)
        up, down = self.column[:half], self.column[half:]
        rest = 1.0 - self.real
        # −height·E·g(1 − g), with 1 − g = rest + j·imag
        real = (down * self.imag - up * rest) * height
        imag = (up * self.imag + down * rest) * -height
        by_tau, by_alpha = np.empty_like(self.column), np.empty_like(self.column)
        by_tau[:half] = real * self.alpha
        by_tau[half:] = imag * self.alpha
        by_alpha[:half] = real * self.log - imag * QUARTER
        by_alpha[half:] = imag * self.log + real * QUARTER
        return by_tau, by_alpha


def _level(turn: tuple[Array, Array] | None, like: Array) -> Array:
    """Return the column of a resistance in series: E itself."""
    out = np.zeros_like(like)
    half = len(like) // 2
    if turn is None:
        out[:half] = 1.0
    else:
        out[:half] = turn[0]
        np.negative(turn[1], out=out[half:])
    return out


def _cole_basis(x: Any, log_tau: Any, alpha: Any) -> Any:
    arc = _Arc(x[: len(x) // 2], log_tau, alpha, None)

    def slopes(R0: Any, Rinf: Any) -> Any:
        return arc.slopes(R0 - Rinf)

    return (arc.column, _level(None, arc.column) - arc.column), slopes


def _by_delay(omega: Array, curve: Array) -> Array:
    """Return the derivative by the shift: −jω/SHIFT times the curve."""
    half = len(omega)
    out = np.empty_like(curve)
    scaled = omega / SHIFT
    out[:half] = curve[half:] * scaled
    out[half:] = curve[:half] * -scaled
    return out


def _delayed_basis(x: Any, log_tau: Any, alpha: Any, shift: Any) -> Any:
    omega = x[: len(x) // 2]
    turn = rotation(omega, shift)
    arc = _Arc(omega, log_tau, alpha, turn)
    other = _level(turn, arc.column)
    other -= arc.column

    def slopes(R0: Any, Rinf: Any) -> Any:
        return *arc.slopes(R0 - Rinf), _by_delay(omega, arc.column * R0 + other * Rinf)

    return (arc.column, other), slopes


def _double_basis(x: Any, log_tau: Any, alpha: Any, log_tau_2: Any, alpha_2: Any, shift: Any) -> Any:
    omega = x[: len(x) // 2]
    turn = rotation(omega, shift)
    first, second = _Arc(omega, log_tau, alpha, turn), _Arc(omega, log_tau_2, alpha_2, turn)
    level = _level(turn, first.column)

    def slopes(D1: Any, D2: Any, Rinf: Any) -> Any:
        curve = first.column * D1 + second.column * D2 + level * Rinf
        return *first.slopes(D1), *second.slopes(D2), _by_delay(omega, curve)

    return (first.column, second.column, level), slopes


def _split(x: Any, *parameters: Any) -> tuple[Array, NDArray[np.complex128], NDArray[np.complex128], list[Any]]:
    """Return ω, Z behind the stray capacitance, 1/(1 + jωCs Zc) and the derivatives of Zc, all complex."""
    omega = x[: len(x) // 2]
    log_tau, alpha, load, R0, Rinf = parameters
    log = np.log(omega) + log_tau
    u = np.exp(alpha * log) * np.exp(1j * QUARTER * alpha)
    g = 1.0 / (1.0 + u)
    z = Rinf + (R0 - Rinf) * g
    steep = -(R0 - Rinf) * g * (1.0 - g)
    share = 1.0 / (1.0 + 1j * omega * ((load - 1.0) / SHIFT / 1000.0) * z)
    return omega, z * share, share, [steep * alpha, steep * (log + 1j * QUARTER), g, 1.0 - g]


def _flat(z: Any) -> Array:
    return np.concatenate([z.real, z.imag])


def _stray(x: Any, *parameters: Any) -> Array:
    return _flat(_split(x, *parameters)[1])


def _stray_jacobian(x: Any, *parameters: Any) -> list[Array]:
    omega, z, share, inner = _split(x, *parameters)
    by_load = -1j * omega / SHIFT / 1000.0 * z * z
    tau, alpha, top, bottom = (d * share * share for d in inner)
    return [_flat(d) for d in (tau, alpha, by_load, top, bottom)]


def _taus(x: Any, count: int) -> Array:
    """Return ln τ spread over what the frequencies can see."""
    low, high = np.log(float(np.min(x))), np.log(float(np.max(x)))
    return -np.linspace(low + 0.2 * (high - low), high - 0.05 * (high - low), count)


def _cole_grid(x: Any) -> Array:
    return np.array([(t, a) for t in _taus(x, 9) for a in (0.7, 0.9)])


def _delayed_grid(x: Any) -> Array:
    turn = SHIFT / float(np.max(x))  # a delay that turns the highest frequency by one radian
    return np.array([(t, a, 1.0 + d * turn) for t in _taus(x, 9) for a in (0.7, 0.9) for d in (0.0, 0.03, 0.06)])


def _double_grid(x: Any) -> Array:
    taus = _taus(x, 6)
    turn = SHIFT / float(np.max(x))
    orders = (0.75, 0.95)
    return np.array(
        [
            (slow, a, fast, b, 1.0 + d * turn)
            for i, slow in enumerate(taus)
            for fast in taus[i + 1 :]
            for a in orders
            for b in orders
            for d in (0.0, 0.03)
        ]
    )


def _ranges(*numbers: str) -> dict[str, Any]:
    names = [(f"log_tau{n}", LOG_TAU) for n in numbers] + [(f"alpha{n}", ALPHA) for n in numbers]
    return {"lower": {n: r[0] for n, r in names}, "upper": {n: r[1] for n, r in names}}


COLE = Model(
    "cole",
    ("log_tau", "alpha", "R0", "Rinf"),
    basis=_cole_basis,
    linear=("R0", "Rinf"),
    grid=_cole_grid,
    **_ranges(""),
)
DELAYED = Model(
    "cole_delayed",
    ("log_tau", "alpha", "shift", "R0", "Rinf"),
    basis=_delayed_basis,
    linear=("R0", "Rinf"),
    grid=_delayed_grid,
    sums=turned,
    near=1e-4,
    **_ranges(""),
)
STRAY = Model(
    "cole_stray",
    ("log_tau", "alpha", "load", "R0", "Rinf"),
    function=_stray,
    jacobian=_stray_jacobian,
    **_ranges(""),
)
DOUBLE = Model(
    "cole_double",
    ("log_tau", "alpha", "log_tau_2", "alpha_2", "shift", "D1", "D2", "Rinf"),
    basis=_double_basis,
    linear=("D1", "D2", "Rinf"),
    grid=_double_grid,
    starts=6,
    **_ranges("", "_2"),
)
