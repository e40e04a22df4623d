"""The recovery of force: the exponential as a model, and its fit to a window.

Source of the measurement: Brenner & Eisenberg (1986) Proc Natl Acad Sci USA 83:3542; Brenner (1988) ibid. 85:3265.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...fitting import Fit, Model, fit, intervals
from .memory import inflation, misfit

__all__ = ["PLATEAU", "RECOVERY", "Recovery", "recover", "redevelopment"]

Array = NDArray[np.float64]

GROUPS = 600
"""Neighbouring samples are averaged down to at most so many groups: an exponential's groups lie on the same
exponential, and slow noise, which decides how sure the rate is, is untouched."""
PLATEAU = 3.0
"""Time constants after which 95 % of an exponential is done, and its plateau is on record."""


def redevelopment(time: ArrayLike, *, ktr: ArrayLike, F0: ArrayLike, Fss: ArrayLike) -> Array:
    """Return the force of a single-exponential recovery, ``F = F0 + (Fss − F0)(1 − e^(−ktr t))``.

    Parameters
    ----------
    time : array_like
        Seconds since the end of the re-stretch. Broadcasts against the parameters.
    ktr : array_like
        Rate constant, 1/s.
    F0, Fss : array_like
        Force at time 0 and the force it tends to, in any unit.

    Returns
    -------
    ndarray
        Force in the unit of `Fss`.

    Examples
    --------
    >>> redevelopment(np.log(2) / 10, ktr=10.0, F0=0.0, Fss=80.0).item()
    40.0
    """
    low: Any = np.asarray(F0, float)
    rise = -np.expm1(-np.asarray(ktr, float) * np.asarray(time, float))
    out: Array = np.asarray(low + (np.asarray(Fss, float) - low) * rise)
    return out


def _basis(t: Any, ktr: Any) -> Any:
    done = -np.expm1(-ktr * t)
    left = 1.0 - done

    def slopes(F0: Any, Fss: Any) -> Any:
        return ((Fss - F0) * t * left,)

    return (left, done), slopes


def _grid(t: Any) -> Array:
    """Rates from a nearly straight rise over the window to one that is over within a hundredth of it."""
    span = float(np.ptp(t)) or 1.0
    rates: Array = np.geomspace(0.05 / span, 300.0 / span, 24)[:, None]
    return rates


RECOVERY = Model(
    "recovery", ("ktr", "F0", "Fss"), basis=_basis, linear=("F0", "Fss"), grid=_grid, lower={"ktr": 0.0}, starts=2
)


@dataclass(frozen=True, slots=True, eq=False)
class Recovery:
    """The exponential fitted to one window.

    Attributes
    ----------
    fit : Fit
        To the groups.
    time, force : array, shape (groups,)
        Seconds since the end of the re-stretch.
    dof : Mapping
        Degrees of freedom of each parameter, counted in independent samples.
    spread_dof : float
        Degrees of freedom with which the spread of the noise is known, slow as it may be.
    misfit : float
        Probability that noise alone leaves residuals as patterned as these.
    width : float
        Seconds of one group.
    memory : float
        Seconds over which the residuals remember themselves; one group where they do not.
    r2 : float
        Over all samples.
    sd : float
        Scatter of all samples about the curve.
    """

    fit: Fit
    time: Array
    force: Array
    dof: Mapping[str, int]
    spread_dof: float
    misfit: float
    width: float
    memory: float
    r2: float
    sd: float

    def __getitem__(self, name: str) -> float:
        return float(self.fit[name][0])

    @property
    def exact(self) -> bool:
        """Whether the samples lie on the curve to rounding: nothing was measured."""
        return self.sd < 1e-9 * float(np.abs(self.force).max())

    @property
    def n_effective(self) -> float:
        """Independent samples that ktr rests on."""
        return float(self.dof["ktr"] + len(self.fit.model.parameters))

    def scatter(self, duration: float) -> float:
        """Return the standard deviation of means over so many seconds of this noise, hum and slow parts included."""
        size = min(max(1, round(duration / self.width)), len(self.force) // 2)
        residuals = self.fit.residuals[0]
        means = np.convolve(residuals, np.full(size, 1.0 / size), "valid")
        return float(np.sqrt(np.mean(means**2)))

    def _sure(self, name: str) -> Fit:
        """Return the fit with the degrees of freedom of one parameter, which widen its SE and profile alike."""
        dof = self.dof[name]
        return replace(self.fit, dof=dof, covariance=self.fit.covariance * (self.fit.dof / dof))

    def stderr(self, name: str) -> float:
        """Return the standard error of a parameter."""
        return float(self._sure(name).stderr[0][self.fit.model.index(name)])

    def intervals(self) -> dict[str, tuple[float, float]]:
        """Return the 95 % intervals of ktr, F0 and Fss.

        Where the plateau is on record the curve is as good as straight in its parameters, and an interval is the
        estimate ± Student's t by its standard error. Profile likelihood with few degrees of freedom would allow any
        curve there, a straight line through the plateau included. Where the plateau is not on record, the limits are
        far from symmetric and the profile has them.
        """
        from scipy.special import stdtrit

        out = {}
        for name in self.fit.model.parameters:
            if self["ktr"] * float(self.time[-1] - self.time[0]) >= PLATEAU:
                half = float(stdtrit(max(self.dof[name], self.spread_dof), 0.975)) * self.stderr(name)
                out[name] = (self[name] - half, self[name] + half)
                continue
            pair = intervals(self._sure(name), [name])[name]
            out[name] = (float(pair[0, 0]), float(pair[0, 1]))
        return out


def grouped(time: Array, force: Array) -> tuple[Array, Array]:
    """Return the means of neighbouring samples: at most `GROUPS` groups, alike in size to one sample."""
    # Whole numbers of samples a group: one and two in turn would make one group noisier than the next.
    count = len(time) // -(-len(time) // GROUPS)
    edges = np.arange(count + 1) * len(time) // count
    size = np.diff(edges)
    return np.add.reduceat(time, edges[:-1]) / size, np.add.reduceat(force, edges[:-1]) / size


def recover(time: Array, force: Array) -> Recovery:
    """Fit the exponential to a window.

    Parameters
    ----------
    time, force : array, shape (n,)
        Seconds since the end of the re-stretch; n ≥ 8.

    Returns
    -------
    Recovery
    """
    t, y = grouped(time, force)
    found = fit(RECOVERY, t, y)
    names = RECOVERY.parameters
    slopes = np.column_stack([s[:, 0] for s in RECOVERY.derivatives(t[:, None], *found.parameters.T)])
    noise = inflation(found.residuals[0], slopes)
    patterned = misfit(found.residuals[0], slopes, t * float(found["ktr"][0]))
    dof = {name: max(1, round(found.dof / factor)) for name, factor in zip(names, noise.wider.tolist(), strict=True)}
    residual = force - redevelopment(time, **{name: float(found[name][0]) for name in names})
    total = float(np.sum((force - force.mean()) ** 2))
    sse = float(residual @ residual)
    width = float(t[-1] - t[0]) / (len(t) - 1)
    r2 = 1.0 - sse / total if total > 0 else math.nan
    sd = math.sqrt(sse / max(1, len(force) - len(names)))
    remembered = min(noise.mean * width, float(t[-1] - t[0]))
    known = max(1.0, found.dof * noise.share)
    return Recovery(found, t, y, dof, known, patterned, width, remembered, r2, sd)
