"""Cole fits of a whole stack: estimates, standard errors, 95 % intervals, and how far they hang on weights and band."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ...fitting import Fit, fit
from .curves import DELAYED, DOUBLE, SHIFT, STRAY
from .decisions import WEIGHTINGS, Decisions
from .definitions import spelt
from .doubts import Electrodes, electrodes
from .stray import NOISE, aicc_of, in_place_of_delay, with_stray

__all__ = ["Estimate", "Found", "fitted"]

Array = NDArray[np.float64]

SPARE = 2
"""Numbers a sweep must have beyond the parameters for a fit to be judged."""
LOOSE = 0.5
"""Relative standard error of Ri or R0 at which the sweep does not determine the arc."""
BEYOND = 10.0
"""Factor by which fc may lie outside the sweep."""
BANDS = ((0.0, 500e3), (10e3, np.inf))
"""Hz; the narrower bands a fit is repeated on."""
BAND_LEAST = 8


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """One quantity on every sweep: value, standard error and 95 % interval, shape (n,) each."""

    value: Array
    stderr: Array
    low: Array
    high: Array

    def where(self, good: NDArray[np.bool_]) -> Estimate:
        """Return the estimate with NaN where a sweep does not determine it."""
        return Estimate(*(np.where(good, a, np.nan) for a in (self.value, self.stderr, self.low, self.high)))


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What the fits of a stack say.

    Attributes
    ----------
    estimates : dict
        Name to Estimate.
    ranges : dict
        ``Ri`` and ``Td`` to smallest and greatest value over weights and bands, shape (n,) each.
    good : array of bool, shape (n,)
        Whether the sweep determines the arc.
    why : list of str
        For each sweep that does not, why.
    curve : array, shape (n, 2 f)
        Fitted real and imaginary parts.
    rms : array, shape (n,)
        As a share, weighted.
    memory : array, shape (n,)
        Correlation of neighbouring residuals.
    aicc, aicc_single : array, shape (n,)
    variants : int
        Fits behind the ranges.
    contact : Electrodes or None
        What polarised electrodes could have added.
    parallel : dict
        Index of a sweep whose delay is long to Cs (pF), Ri (Ohm) and aicc of a stray capacitance in its place.
    """

    estimates: dict[str, Estimate]
    ranges: dict[str, tuple[Array, Array]]
    good: NDArray[np.bool_]
    why: list[str]
    curve: Array
    rms: Array
    memory: Array
    aicc: Array
    aicc_single: Array = field(default_factory=lambda: np.empty(0))
    variants: int = 0
    contact: Electrodes | None = None
    parallel: dict[int, tuple[float, float, float]] = field(default_factory=dict)


def fitted(frequency: Array, resistance: Array, reactance: Array, decisions: Decisions) -> Found | str:
    """Return the fits of every sweep, or why none can be made.

    Parameters
    ----------
    frequency : array, shape (f,)
    resistance, reactance : array, shape (n, f)
    decisions : Decisions
    """
    model, held = decisions.model, decisions.held
    free = len(model.parameters) - len(held or {})
    points = 2 * len(frequency)
    if points < free + SPARE:
        return (
            f"{len(frequency)} frequencies give {points} numbers, {free} parameters need {free + SPARE}: measure at "
            "more frequencies" + (" or give delay=False" if decisions.delay and not decisions.stray else "")
        )
    modulus = np.hypot(resistance, reactance)
    x = np.concatenate([frequency, frequency]) * (2.0 * np.pi)
    y = np.concatenate([resistance, -reactance], axis=1)
    weights = decisions.weights(frequency, modulus)
    main = _fit(x, y, weights, decisions)
    main = _slower_first(main) if model is DOUBLE else main
    values, why, good = _judged(frequency, main, decisions)
    estimates = {name: e.where(good) for name, e in values.items()}
    w = np.concatenate([weights, weights], axis=-1)
    residual = main.residuals
    with np.errstate(all="ignore"):
        rms = np.sqrt(np.add.reduce((residual * w) ** 2, axis=1) / np.add.reduce((y * w) ** 2, axis=1))
        memory = _memory(residual * w)
    single = np.empty(0)
    if model is DOUBLE:
        single = aicc_of(fit(DELAYED, x, y, weights=w, held=held), points)
    ranges: dict[str, tuple[Array, Array]] = {}
    variants = 0
    if decisions.components == 1:
        ranges, variants = _ranges(frequency, modulus, x, y, main, decisions, good)
    aicc = aicc_of(main, points)
    contact = electrodes(x, y, w, main) if model is DELAYED or model is STRAY else None
    parallel = in_place_of_delay(x, y, w, estimates["Td"].value, points) if model is DELAYED else {}
    return Found(
        estimates, ranges, good, why, main.fitted, rms, memory, aicc, single, variants, contact, parallel
    )  # fmt: skip


def _fit(x: Array, y: Array, weights: Array, decisions: Decisions) -> Fit:
    """Return the fit of the model decided on."""
    model = decisions.model
    w = np.concatenate([weights, weights], axis=-1)
    if model is STRAY:
        return with_stray(x, y, w)
    return fit(model, x, y, weights=w, held=decisions.held, noise=NOISE)


def _memory(residual: Array) -> Array:
    """Return the correlation of residuals at neighbouring frequencies, real and imaginary parts together."""
    half = residual.shape[1] // 2
    first, second = residual[:, :half], residual[:, half:]
    top = np.add.reduce(first[:, 1:] * first[:, :-1], axis=1) + np.add.reduce(second[:, 1:] * second[:, :-1], axis=1)
    return np.asarray(top / np.add.reduce(residual * residual, axis=1))


def _judged(
    frequency: Array, found: Fit, decisions: Decisions
) -> tuple[dict[str, Estimate], list[str], NDArray[np.bool_]]:
    """Return the estimates, and for each sweep whether it determines them and why not."""
    with np.errstate(all="ignore"):
        estimates = _estimates(found, decisions)
        physical = (found["Rinf"] > 0) & (estimates["R0"].value > found["Rinf"])
        finite = np.all([np.isfinite(e.value) & np.isfinite(e.stderr) for e in estimates.values()], axis=0)
        loose = {name: estimates[name].stderr / estimates[name].value for name in ("Ri", "R0")}
        fc = 1e3 * estimates["fc"].value
        ends = frequency[0], frequency[-1]
        seen = (fc > ends[0] / BEYOND) & (fc < ends[1] * BEYOND)
        arrived = found.converged
        good = arrived & physical & finite & seen & (loose["Ri"] < LOOSE) & (loose["R0"] < LOOSE)
    why = []
    for i in range(len(good)):
        if good[i]:
            why.append("")
        elif not arrived[i]:
            why.append(f"no minimum within {int(found.iterations[i])} steps")
        elif not physical[i]:
            why.append(f"the best fit has R0 {estimates['R0'].value[i]:.4g} and Rinf {found['Rinf'][i]:.4g} Ohm")
        elif not seen[i]:
            why.append(
                f"the best fc, {spelt(fc[i])}, lies more than {BEYOND:g}-fold outside the sweep of "
                f"{spelt(ends[0])} to {spelt(ends[1])}"
            )
        elif not finite[i]:
            why.append("the sweep leaves a parameter open")
        else:
            name = max(loose, key=lambda n: loose[n][i])
            why.append(f"the standard error of {name} is {100 * loose[name][i]:.0f} % of it, limit {100 * LOOSE:g} %")
    return estimates, why, good


def _estimates(found: Fit, decisions: Decisions) -> dict[str, Estimate]:
    """Return every quantity with its standard error by the delta method.

    Quantities that cannot be negative are taken on a log scale, which keeps their intervals above zero.
    """
    from scipy.special import stdtrit

    model, n = found.model, len(found.y)
    t = float(stdtrit(found.dof, 0.975)) if found.dof > 0 else np.nan
    at = {name: found[name] for name in model.parameters}
    index = {name: model.index(name) for name in model.parameters}
    one = np.ones(n)
    rinf = at["Rinf"]
    # Each parameter of interest as a sum over model parameters: derivative by name.
    if model is DOUBLE:
        r0, by_r0 = rinf + at["D1"] + at["D2"], {"Rinf": one, "D1": one, "D2": one}
    else:
        r0, by_r0 = at["R0"], {"R0": one}
    gap = r0 - rinf

    def through(by_top: Array, by_bottom: Array) -> dict[str, Array]:
        """Return the derivatives of something that depends on R0 and Rinf."""
        out = {name: by_top * d for name, d in by_r0.items()}
        out["Rinf"] = out.get("Rinf", 0.0) + by_bottom
        return out

    def estimate(value: Array, by: dict[str, Array], log: bool = False) -> Estimate:
        variance = np.zeros(n)
        for a, da in by.items():
            for b, db in by.items():
                variance = variance + da * db * found.covariance[:, index[a], index[b]]
        error = np.sqrt(np.maximum(variance, 0.0))
        if log:
            return Estimate(value, value * error, value * np.exp(-t * error), value * np.exp(t * error))
        return Estimate(value, error, value - t * error, value + t * error)

    out = {
        "R0": estimate(r0, by_r0),
        "Rinf": estimate(rinf, {"Rinf": one}),
        "Re": estimate(r0, by_r0),
        "Ri": estimate(r0 * rinf / gap, through(-rinf / (r0 * gap), r0 / (rinf * gap)), log=True),
        "fc": estimate(np.exp(-at["log_tau"]) / (2e3 * np.pi), {"log_tau": -one}, log=True),
        "alpha": estimate(at["alpha"], {"alpha": one}),
    }
    if model is DOUBLE:
        share = at["D2"] / gap
        by = {"D1": -share / gap, "D2": (1.0 - share) / gap}
        out["fc_2"] = estimate(np.exp(-at["log_tau_2"]) / (2e3 * np.pi), {"log_tau_2": -one}, log=True)
        out["alpha_2"] = estimate(at["alpha_2"], {"alpha_2": one})
        out["share_2"] = estimate(share, by)
    else:
        # Cm = τ/(Re + Ri), and Re + Ri = R0²/(R0 − Rinf)
        by = {"log_tau": one, **through(1.0 / gap - 2.0 / r0, -1.0 / gap)}
        out["Cm"] = estimate(np.exp(at["log_tau"]) * gap / (r0 * r0) * 1e9, by, log=True)
    if "shift" in at and "shift" not in found.held:
        out["Td"] = estimate((at["shift"] - 1.0) / SHIFT * 1e9, {"shift": one * (1e9 / SHIFT)})
    if "load" in at:
        out["Cs"] = estimate((at["load"] - 1.0) / SHIFT * 1e9, {"load": one * (1e9 / SHIFT)})
    return out


def _slower_first(found: Fit) -> Fit:
    """Return a fit of two arcs with the slower one first on every sweep."""
    swap = found["log_tau"] < found["log_tau_2"]
    if not swap.any():
        return found
    names = {"log_tau": "log_tau_2", "alpha": "alpha_2", "D1": "D2"}
    names |= {b: a for a, b in names.items()}
    places = [found.model.index(names.get(name, name)) for name in found.model.parameters]
    parameters = np.where(swap[:, None], found.parameters[:, places], found.parameters)
    turned = found.covariance[:, places][:, :, places]
    return replace(found, parameters=parameters, covariance=np.where(swap[:, None, None], turned, found.covariance))


def _ranges(
    frequency: Array, modulus: Array, x: Array, y: Array, main: Fit, decisions: Decisions, good: NDArray[np.bool_]
) -> tuple[dict[str, tuple[Array, Array]], int]:
    """Return the smallest and greatest Ri and Td over other weights and narrower bands, and how many fits gave them."""
    chosen = decisions.weights(frequency, modulus)
    trials = [decisions.weights(frequency, modulus, w) for w in WEIGHTINGS if w != decisions.weighting]
    for low, high in BANDS:
        inside = (frequency >= low) & (frequency <= high)
        if BAND_LEAST <= int(inside.sum()) < len(frequency):
            trials.append(chosen * inside)
    rows = np.flatnonzero(good)
    names = ("Ri", "Td") if "shift" in main.model.parameters else ("Ri",)
    stacks = {name: np.full((1 + len(trials), len(y)), np.nan) for name in names}
    if len(rows):
        begin = {name: main[name][rows] for name in main.model.parameters}
        fits = [
            fit(main.model, x, y[rows], weights=np.concatenate([w, w], axis=-1), start=begin, held=decisions.held)
            for w in (trial if trial.ndim == 1 else trial[rows] for trial in trials)
        ]
        own = (main.parameters[rows], main.converged[rows])
        for k, (parameters, sound) in enumerate([own, *((one.parameters, one.converged) for one in fits)]):
            at = dict(zip(main.model.parameters, parameters.T, strict=True))
            with np.errstate(all="ignore"):
                sound = sound & (at["Rinf"] > 0) & (at["R0"] > at["Rinf"])
                stacks["Ri"][k, rows] = np.where(sound, at["R0"] * at["Rinf"] / (at["R0"] - at["Rinf"]), np.nan)
                if "Td" in stacks:
                    stacks["Td"][k, rows] = np.where(sound, (at["shift"] - 1.0) / SHIFT * 1e9, np.nan)
    return {name: (np.fmin.reduce(a, axis=0), np.fmax.reduce(a, axis=0)) for name, a in stacks.items()}, len(trials)
