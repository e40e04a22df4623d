"""95 % intervals for a whole stack: profile likelihood, or Wald.

The profile interval of a parameter holds every value at which the best fit of all other parameters costs no more than
``SSE (1 + F/(n − p))`` (Bates & Watts 1988, Nonlinear Regression Analysis, section 6.1). Its ends are found twice over:

1. quickly, by moving to the extreme of the parameter on the linearised contour and linearising anew (after Venzon &
   Moolgavkar 1988, Appl Stat 37:87, with Gauss–Newton curvature); most bounds settle in a handful of evaluations;
2. surely, for those that do not settle or lie far from where a parabola would put them, by bracketing the crossing
   while every other parameter is fitted anew at each step, several starts included.

A side on which the cost never reaches the limit is open: its bound is infinite.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import SettingsError
from .contour import Work, quick
from .crossing import challenge, rivalled, sure
from .engine import Fit
from .model import Array

__all__ = ["intervals"]


def intervals(
    fit: Fit, names: Sequence[str] | None = None, *, kind: str = "profile", level: float = 0.95
) -> dict[str, Array]:
    """Return the interval of each named parameter on every curve.

    Parameters
    ----------
    fit : Fit
    names : sequence of str, optional
        All free parameters where not given.
    kind : {"profile", "wald"}
        Wald is the estimate ± t SE: quick, symmetric, and wrong where the curve bends.
    level : float
        Coverage, 0.95 by default.

    Returns
    -------
    dict
        Name to array of shape (n, 2). A bound is infinite where the data set no limit, NaN where no degree of freedom
        is left or the fit did not converge.

    Raises
    ------
    SettingsError
        If `kind` is unknown or a name is not a free parameter.
    """
    from scipy.special import fdtri, stdtrit

    model = fit.model
    free = [n for n in model.parameters if n not in fit.held]
    names = free if names is None else list(names)
    for name in names:
        if name not in free:
            raise SettingsError(f"{name!r} is not a free parameter of this fit", remedy=f"use {', '.join(free)}")
    if kind not in ("profile", "wald"):
        raise SettingsError(f"interval={kind!r} is unknown", remedy="use 'profile' or 'wald'")
    n = len(fit.y)
    out = {name: np.full((n, 2), np.nan) for name in names}
    if fit.dof <= 0:
        return out
    stderr = fit.stderr
    if kind == "wald":
        t = float(stdtrit(fit.dof, 0.5 + level / 2))
        for name in names:
            half = t * stderr[:, model.index(name)]
            out[name][:] = fit[name][:, None] + half[:, None] * np.array([-1.0, 1.0])
            out[name][~fit.converged] = np.nan
        return out
    quantile = float(fdtri(1, fit.dof, level))
    rows = np.flatnonzero(fit.converged & np.isfinite(fit.sse))
    if not len(rows):
        return out
    work = Work(fit, quantile)
    with np.errstate(all="ignore"):
        found = quick(work, rows, names)
        bent = np.zeros(n, bool)
        for name in names:
            out[name][rows] = found[name]
            missing = np.isnan(out[name])
            missing[~np.isin(np.arange(n), rows)] = False
            where, side = np.nonzero(missing)
            if len(where):
                bent[where] = True
                out[name][where, side] = sure(work, where, np.where(side == 1, 1.0, -1.0), name)
        straight = rows[~bent[rows]]
        suspects = np.concatenate([np.flatnonzero(bent), rivalled(work, straight)])
        if len(suspects) and model.rivals is not None:
            for name in names:
                challenge(work, suspects, name, out[name])
    for name in names:
        if name in model.reach:
            # Nothing in the data speaks of a place so far outside their x.
            least, most = work.reach(name)
            out[name][out[name][:, 0] <= least, 0] = -np.inf
            out[name][out[name][:, 1] >= most, 1] = np.inf
    return out
