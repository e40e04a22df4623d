"""Profile likelihood by brute force: no derivatives, no engine, only grids and golden sections.

For one parameter held at a value, the best cost over the other nonlinear parameter is searched on a grid of its whole
admissible range and then narrowed by golden sections; the two linear parameters are solved exactly at each trial.
"""

from __future__ import annotations

import numpy as np

LN10 = np.log(10.0)
GOLD = (np.sqrt(5.0) - 1) / 2
H_GRID = np.geomspace(1e-3, 50.0, 160)
H_LIMITS = (1e-3, 50.0)


def cost(x, y, half, h):
    """Residual sum of squares with the linear parameters at their best; x (m,), y (n, m), half and h (n,)."""
    u = LN10 * h[:, None] * (x - half[:, None])
    # The logarithm of the rise, less its largest value: far from the data only the shape counts.
    level = -np.logaddexp(0.0, u)
    rise = np.exp(level - level.max(axis=1, keepdims=True))
    r = rise - rise.mean(axis=1, keepdims=True)
    d = y - y.mean(axis=1, keepdims=True)
    # exact where the rise is nearly constant: the slope's share is then taken as nothing
    power = np.einsum("ij,ij->i", r, r)
    along = np.einsum("ij,ij->i", r, d)
    share = np.where(power > 1e-24, along**2 / np.where(power > 1e-24, power, 1.0), 0.0)
    return np.einsum("ij,ij->i", d, d) - share


def inner_grid(x, name):
    if name == "pCa50":
        return H_GRID
    levels = np.unique(x)
    near = np.concatenate(
        [level + np.array([-0.08, -0.04, -0.02, -0.01, 0, 0.01, 0.02, 0.04, 0.08]) for level in levels]
    )
    far = np.array([-30.0, -10.0, -3.0, -1.0])
    return np.unique(np.concatenate([near, np.linspace(levels[0], levels[-1], 90), levels[0] + far, levels[-1] - far]))


def profile(x, y, name, value):
    """Least cost with `name` held at `value` (n,)."""

    def at(inner):
        return cost(x, y, value, inner) if name == "pCa50" else cost(x, y, inner, value)

    grid = inner_grid(x, name)
    table = np.stack([at(np.full(len(y), g)) for g in grid])
    best = np.full(len(y), np.inf)
    # The three lowest valleys, each narrowed: the lowest point of the grid need not lie in the lowest valley.
    lower = np.vstack([np.full((1, len(y)), np.inf), table[:-1]])
    upper = np.vstack([table[1:], np.full((1, len(y)), np.inf)])
    valleys = np.where((table <= lower) & (table <= upper), table, np.inf)
    for place in np.argsort(valleys, axis=0)[:3]:
        a, b = grid[np.maximum(place - 1, 0)], grid[np.minimum(place + 1, len(grid) - 1)]
        c, d = b - GOLD * (b - a), a + GOLD * (b - a)
        fc, fd = at(c), at(d)
        for _ in range(38):
            left = fc < fd
            b, a = np.where(left, d, b), np.where(left, a, c)
            c, d = b - GOLD * (b - a), a + GOLD * (b - a)
            fc, fd = at(c), at(d)
        best = np.minimum(best, np.minimum(fc, fd))
    return np.minimum(best, table.min(axis=0))


def bound(x, y, name, centre, limit, side, unit, far):
    """First crossing of `limit` outwards from `centre`; infinite where there is none before `far`."""
    n = len(y)
    inner, outer = np.zeros(n), np.full(n, np.nan)
    alive = np.arange(n)
    reach = np.concatenate([np.linspace(0.25, 4.0, 16), np.geomspace(4.5, 1e4, 24)])
    for factor in reach:
        distance = np.minimum(factor * unit[alive], far[alive])
        p = profile(x, y[alive], name, centre[alive] + side * distance)
        crossed = p >= limit[alive]
        outer[alive[crossed]] = distance[crossed]
        inner[alive[~crossed]] = distance[~crossed]
        alive = alive[~crossed & (distance < far[alive])]
        if not len(alive):
            break
    found = np.flatnonzero(np.isfinite(outer))
    a, b = inner[found], outer[found]
    for _ in range(34):
        middle = 0.5 * (a + b)
        crossed = profile(x, y[found], name, centre[found] + side * middle) >= limit[found]
        a, b = np.where(crossed, a, middle), np.where(crossed, middle, b)
    out = np.full(n, side * np.inf)
    out[found] = centre[found] + side * 0.5 * (a + b)
    return out
