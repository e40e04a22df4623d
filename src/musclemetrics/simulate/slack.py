"""Slack tests with known truth: a fibre with series elasticity, a motor, a transducer that rings, and a rig's noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .. import checks
from .rig import FINE, Artefacts, recorded

__all__ = ["FIBRES", "SlackFibre", "SlackTest", "samples", "slack_test", "slack_tests"]

Array = NDArray[np.float64]

SUBSTEPS = 2
LEAD, RAMP, RECOVERY = 0.03, 0.02, 0.25
"""Seconds before a release, of the re-stretch, and after it."""


@dataclass(frozen=True, slots=True)
class SlackFibre:
    """A fibre and its truth.

    Attributes
    ----------
    Vo : float
        Unloaded shortening velocity, {L0}/s.
    a_Po : float
        Curvature of Hill's hyperbola.
    stiffness : float
        k of the series elasticity F/Po = (e^{kx} − 1)/(e^{k e0} − 1), per L0.
    extension : float
        e0, its extension at Po, {L0}; the intercept of the slack plot.
    activation : float
        Share of the bridges left after long slack.
    drop, ktr : float
        Rates at which activation falls in slack and comes back, 1/s.
    Po : float
    """

    Vo: float = 2.5
    a_Po: float = 0.25
    stiffness: float = 50.0
    extension: float = 0.04
    activation: float = 0.3
    drop: float = 100.0
    ktr: float = 20.0
    Po: float = 100.0


FIBRES: dict[str, tuple[SlackFibre, tuple[float, ...]]] = {
    "type_I": (SlackFibre(Vo=0.8, a_Po=0.15, ktr=5.0, drop=20.0), (0.06, 0.075, 0.09, 0.105, 0.12)),
    "type_IIa": (SlackFibre(Vo=2.5, a_Po=0.2, ktr=15.0, drop=60.0), (0.06, 0.08, 0.10, 0.12, 0.14)),
    "cardiac": (
        SlackFibre(Vo=8.6, a_Po=0.3, ktr=30.0, drop=200.0, extension=0.055, Po=75.0),
        (0.08, 0.10, 0.12, 0.14, 0.16),
    ),
}
"""Fibres of three speeds, as the literature has them at 15 °C, and releases that suit them."""


@dataclass(frozen=True, slots=True, eq=False)
class SlackTest:
    """A simulated recording and its truth.

    Attributes
    ----------
    time, force, length : array, shape (n,)
        s; the unit of Po; L0.
    fibre : SlackFibre
    step : array, shape (releases,)
        Size of each release, {L0}.
    start : array, shape (releases,)
        When each release began, s.
    slack : array, shape (releases,)
        Seconds from the beginning of the release to the moment the slack is taken up; NaN where it never went slack.
    """

    time: Array
    force: Array
    length: Array
    fibre: SlackFibre
    step: Array
    start: Array
    slack: Array


def slack_test(
    fibre: SlackFibre | None = None,
    steps: Sequence[float] = (0.06, 0.08, 0.10, 0.12, 0.14),
    *,
    rate: float = 10_000.0,
    artefacts: Artefacts | None = None,
    seed: int = 0,
) -> SlackTest:
    """Simulate one slack test.

    Parameters
    ----------
    fibre : SlackFibre, optional
    steps : sequence of float
        Size of the releases, {L0}, in the order of the test.
    rate : float
        Samples a second of the recording, at most 20 kHz and a whole part of it.
    artefacts : Artefacts, optional
        What the rig adds; by default all of it at the level of real traces.
    seed : int

    Returns
    -------
    SlackTest

    Raises
    ------
    SettingsError
        If the rate is not a whole part of 20 kHz, or a release is not a length.

    Notes
    -----
    The contractile element shortens by Hill's hyperbola scaled by its activation, against a series elasticity with
    an exponential toe; in slack it shortens at Vo and loses activation, which comes back at the rate ktr.

    Examples
    --------
    >>> made = slack_test(SlackFibre(Vo=2.5), rate=10_000, artefacts=Artefacts.none())
    >>> velocity = np.diff(made.step) / np.diff(made.slack)
    >>> bool(np.all(abs(velocity / 2.5 - 1) < 0.006))
    True
    """
    (made,) = slack_tests([fibre or SlackFibre()], [steps], rate=rate, artefacts=artefacts, seeds=[seed])
    return made


def slack_tests(
    fibres: Sequence[SlackFibre],
    steps: Sequence[Sequence[float]],
    *,
    rate: float = 10_000.0,
    artefacts: Artefacts | None = None,
    seeds: Sequence[int] | None = None,
    recovery: float = RECOVERY,
) -> list[SlackTest]:
    """Simulate many slack tests at once; each is what :func:`slack_test` gives with the same seed.

    Parameters
    ----------
    fibres : sequence of SlackFibre
    steps : sequence of sequences of float
        As many releases for every fibre.
    rate, artefacts
        As for :func:`slack_test`.
    seeds : sequence of int, optional
    recovery : float
        Seconds at the old length after each re-stretch.
    """
    every = FINE / checks.number(rate, "rate", low=1.0, high=FINE)
    if abs(every - round(every)) > 1e-9:
        checks.choice(rate, "rate", [FINE / k for k in (1, 2, 4, 5, 10, 20, 40)])
    rig = artefacts if artefacts is not None else Artefacts()
    size = np.array(steps, dtype=np.float64)
    if not (np.isfinite(size).all() and (size > 0).all() and (size < 0.5).all()):
        checks.number(float("nan") if not np.isfinite(size).all() else float(size.max()), "steps", low=0.0, high=0.5)
    # The lengthiest slack decides how long a release is held; the others are held as long.
    Vo = np.array([f.Vo for f in fibres])[:, None]
    e0 = np.array([f.extension for f in fibres])[:, None]
    hold = 0.04 + 1.2 * float(np.max((size - e0) / Vo, initial=0.0)) + 6.0 / float(max(f.ktr for f in fibres)) * 0.25
    hold = np.ceil(hold * 200.0) / 200.0
    releases = size.shape[1]
    time, length, force, taken = _mechanics(fibres, size, hold, rig.release, recovery)
    start = LEAD + (time[-1] + 1.0 / FINE) * np.arange(releases)
    out = []
    for i, fibre in enumerate(fibres):
        rng = np.random.default_rng(None if seeds is None else seeds[i])
        block = slice(i * releases, (i + 1) * releases)
        # The releases one after the other, as one recording.
        truth = force[:, block].T.ravel(), 1.0 + length[:, block].T.ravel()
        t, f, x = recorded(*truth, start, size[i], rig, round(every), rng)
        out.append(SlackTest(t, f * fibre.Po, x, fibre, size[i].copy(), start.copy(), taken[block].copy()))
    return out


def _mechanics(
    fibres: Sequence[SlackFibre], size: Array, hold: float, release: float, recovery: float
) -> tuple[Array, ...]:
    """Integrate all releases of all fibres: time, length (L0), force (Po) and the moment the slack is taken up."""
    releases = size.shape[1]

    def of(name: str) -> Array:
        return np.repeat(np.array([getattr(f, name) for f in fibres], dtype=np.float64), releases)

    Vo, kappa, k, e0 = of("Vo"), of("a_Po"), of("stiffness"), of("extension")
    floor, drop, ktr, step = of("activation"), of("drop"), of("ktr"), size.ravel()
    top = np.expm1(k * e0)
    knots = np.array([0.0, LEAD, LEAD + release, LEAD + hold, LEAD + hold + RAMP, LEAD + hold + RAMP + recovery])
    shape = np.array([0.0, 0.0, -1.0, -1.0, 0.0, 0.0])
    n = round(knots[-1] * FINE)
    time = np.arange(n) / FINE
    profile = np.interp(time, knots, shape)
    dt = 1.0 / (FINE * SUBSTEPS)
    fine = np.interp(np.arange(n * SUBSTEPS + 1) * dt, knots, shape)
    midway = np.interp((np.arange(n * SUBSTEPS) + 0.5) * dt, knots, shape)

    def rates(x: Array, active: Array) -> tuple[Array, Array, Array]:
        """Return force, shortening velocity of the contractile element and the change of activation."""
        force = np.where(x > 0, np.expm1(k * np.minimum(x, 2 * e0)) / top, 0.0)
        velocity = kappa * Vo * (active - force) / (force + kappa * active)
        changing = np.where(x > 0, ktr * (1.0 - active), -drop * (active - floor))
        return force, velocity, changing

    x, active = e0.copy(), np.ones_like(e0)
    forces = np.empty((n, len(x)))
    taken = np.full(len(x), np.nan)
    went = np.zeros(len(x), bool)
    for i in range(n):
        for s in range(SUBSTEPS):
            j = i * SUBSTEPS + s
            force, velocity, changing = rates(x, active)
            if s == 0:
                forces[i] = force
            half = x + (midway[j] - fine[j]) * step + 0.5 * dt * velocity
            _, velocity, changing = rates(half, active + 0.5 * dt * changing)
            new = x + (fine[j + 1] - fine[j]) * step + dt * velocity
            active = active + dt * changing
            # Stretched beyond what they bear, bridges let go: no more than 1.6 times the active force.
            new = np.minimum(new, np.log1p(1.6 * active * top) / k)
            went |= new < 0
            crossed = went & (x < 0) & (new >= 0) & np.isnan(taken)
            if crossed.any():
                part = np.where(crossed, -x / np.where(crossed, new - x, 1.0), 0.0)
                taken = np.where(crossed, (j + part) * dt - LEAD, taken)
            x = new
    return time, profile[:, None] * step, forces, taken


def samples() -> dict[str, str]:
    """Return the files of the sample by name: ten fibres, one recording each, and one without its length."""
    rng = np.random.default_rng(11)
    files, truth = {}, ["fibre,animal,Vo,intercept"]
    chosen = ["type_IIa"] * 8 + ["cardiac"] * 2
    fibres, steps = [], []
    for kind in chosen:
        fibre, sizes = FIBRES[kind]
        Vo, short = fibre.Vo * rng.uniform(0.8, 1.2), rng.uniform(0.03, 0.05)
        fibres.append(replace(fibre, Vo=Vo, extension=short, Po=float(np.round(fibre.Po * rng.uniform(0.7, 1.3)))))
        steps.append(sizes)
    made = slack_tests(fibres, steps, rate=2000.0, seeds=range(len(chosen)), recovery=0.1)
    for number, test in enumerate(made, 1):
        name = f"S{number:02d}"
        files[f"slack/{name}.csv"] = _csv(test, name)
        truth.append(f"{name},rat {(number + 1) // 2},{test.fibre.Vo!r},{test.fibre.extension!r}")
    # One export forgot the motor's channel: without it nothing can be measured, and that is said.
    lines = [line.split(",") for line in files["slack/S01.csv"].splitlines()[:400]]
    files["slack/no_length.csv"] = "".join(f"{row[1]},{row[3]}\n" for row in lines)
    files["truth/slack.csv"] = "\n".join(truth) + "\n"
    return files


def _csv(test: SlackTest, name: str) -> str:
    rows = ["fibre,time (s),length (L0),force (kN/m2)"]
    rows += [f"{name},{t:.4f},{x:.4f},{f:.2f}" for t, x, f in zip(test.time, test.length, test.force, strict=True)]
    return "\n".join(rows) + "\n"
