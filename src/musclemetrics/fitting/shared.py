"""One model fitted to several data sets at once, some parameters shared: by the engine, or by lmfit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import FitError, InputError, SettingsError
from .engine import Fit, fit
from .model import Array, Model

if TYPE_CHECKING:
    import lmfit

__all__ = ["Constrained", "fit_constrained", "fit_shared", "joined"]


def joined(model: Model, conditions: int, shared: Sequence[str]) -> Model:
    """Return a model of several data sets at once; x is ``(x, which)`` with the number of each point's data set.

    Shared parameters appear once by their own name, the others once a data set as ``name[0]``, ``name[1]`` …
    """
    if model.basis is None:
        raise SettingsError(f"model {model.name} has no linear part to share by", remedy="use fit_constrained")
    for name in shared:
        model.index(name)
    q, k = len(model.nonlinear), len(model.linear)

    def spread(names: Sequence[str]) -> tuple[list[str], list[list[int]]]:
        flat: list[str] = []
        places: list[list[int]] = [[] for _ in range(conditions)]
        for name in names:
            for c in range(conditions):
                key = name if name in shared else f"{name}[{c}]"
                if key not in flat:
                    flat.append(key)
                places[c].append(flat.index(key))
        return flat, places

    nonlinear, at_nonlinear = spread(model.nonlinear)
    linear, at_linear = spread(model.linear)
    basis = model.basis

    def joint(x: Any, *values: Any) -> Any:
        points, which = x
        parts = [basis(points, *(values[i] for i in at_nonlinear[c])) for c in range(conditions)]
        masks = [which == c for c in range(conditions)]
        columns: list[Any] = [0.0] * len(linear)
        for c, (own, _) in enumerate(parts):
            for j in range(k):
                column: Any = 1.0 if own[j] is None else own[j]
                columns[at_linear[c][j]] = columns[at_linear[c][j]] + np.where(masks[c], column, 0.0)

        def slopes(*coefficients: Any) -> list[Any]:
            out: list[Any] = [0.0] * len(nonlinear)
            for c, (_, own) in enumerate(parts):
                for j, piece in enumerate(own(*(coefficients[i] for i in at_linear[c]))):
                    out[at_nonlinear[c][j]] = out[at_nonlinear[c][j]] + np.where(masks[c], piece, 0.0)
            return out

        return columns, slopes

    def bound(table: Mapping[str, float]) -> dict[str, float]:
        return {key: table[key.split("[")[0]] for key in (*nonlinear, *linear) if key.split("[")[0] in table}

    assert len(at_nonlinear[0]) == q
    return Model(
        f"{model.name} x {conditions}",
        (*nonlinear, *linear),
        basis=joint,
        linear=tuple(linear),
        reach=bound(model.reach),
        lower=bound(model.lower),
        upper=bound(model.upper),
    )


def fit_shared(
    model: Model, xs: Sequence[ArrayLike], ys: Sequence[ArrayLike], *, shared: Sequence[str] = ()
) -> tuple[Fit, list[Fit]]:
    """Fit several data sets with some parameters in common, and each by itself.

    Parameters
    ----------
    model : Model
        With a linear part.
    xs : sequence of array_like, shape (points,)
        One a data set.
    ys : sequence of array_like, shape (points,) or (n, points)
        With two dimensions, n independent experiments are fitted at once.
    shared : sequence of str
        Parameters common to all data sets.

    Returns
    -------
    joint : Fit
        Parameters named as in :func:`joined`.
    separate : list of Fit
        One a data set.
    """
    if len(xs) != len(ys) or len(xs) < 2:
        raise InputError(f"{len(xs)} x and {len(ys)} y were given", code="length-mismatch", remedy="give two or more")
    separate = [fit(model, x, y) for x, y in zip(xs, ys, strict=True)]
    joint = joined(model, len(xs), shared)
    x = np.concatenate([np.asarray(x, float) for x in xs])
    which = np.concatenate([np.full(len(np.asarray(x)), float(c)) for c, x in enumerate(xs)])
    y = np.concatenate([f.y for f in separate], axis=1)
    start: dict[str, Array] = {}
    for key in joint.nonlinear:
        name, _, rest = key.partition("[")
        if rest:
            start[key] = separate[int(rest[:-1])][name]
        else:
            # The geometric middle: a slope of 2 and one of 8 meet at 4.
            values = np.stack([f[name] for f in separate])
            positive = (values > 0).all(axis=0)
            middle = np.exp(np.mean(np.log(np.where(positive, values, 1.0)), axis=0))
            start[key] = np.where(positive, middle, values.mean(axis=0))
    return fit(joint, (x, which), y, start=start), separate


@dataclass(frozen=True)
class Constrained:
    """What :func:`fit_constrained` found.

    Attributes
    ----------
    parameters : list of dict
        One a data set; shared and tied parameters repeat.
    stderr : list of dict
        NaN for held and tied parameters without one.
    sse : float
    dof : int
    """

    parameters: list[dict[str, float]]
    stderr: list[dict[str, float]]
    sse: float
    dof: int


def fit_constrained(
    model: Model | lmfit.Model,
    xs: Sequence[ArrayLike],
    ys: Sequence[ArrayLike],
    *,
    shared: Sequence[str] = (),
    held: Mapping[str, float] | None = None,
    lower: Mapping[str, float] | None = None,
    upper: Mapping[str, float] | None = None,
    ties: Mapping[str, str] | None = None,
    start: Mapping[str, float] | None = None,
) -> Constrained:
    """Fit by lmfit where its strength lies: parameters held, bounded, tied by expressions, shared across data sets.

    Parameters
    ----------
    model : Model or lmfit.Model
        One of ours, or a user's own lmfit model of one independent variable.
    xs, ys : sequences of array_like, shape (points,)
        One a data set.
    shared : sequence of str
        Parameters common to all data sets.
    held : Mapping
        Parameters kept at a value.
    lower, upper : Mapping
        Bounds, besides the model's own.
    ties : Mapping
        Parameter to an lmfit expression in the names of the same data set, for example ``{"Fmin": "0.1 * Fmax"}``.
    start : Mapping
        Start values; by default those of an unconstrained fit of each data set.

    Returns
    -------
    Constrained

    Raises
    ------
    FitError
        If lmfit finds no minimum.
    """
    import re

    import lmfit

    held, ties, start = dict(held or {}), dict(ties or {}), dict(start or {})
    data = [(np.asarray(x, float), np.asarray(y, float)) for x, y in zip(xs, ys, strict=True)]
    if isinstance(model, Model):
        names = model.parameters
        low = {**model.lower, **(lower or {})}
        high = {**model.upper, **(upper or {})}
    else:
        names = tuple(model.param_names)
        hints = model.param_hints
        low = {**{n: h["min"] for n, h in hints.items() if "min" in h}, **(lower or {})}
        high = {**{n: h["max"] for n, h in hints.items() if "max" in h}, **(upper or {})}
    for name in (*shared, *held, *ties, *start, *low, *high):
        if name not in names:
            raise SettingsError(f"the model has no parameter {name!r}", remedy=f"use one of {', '.join(names)}")
    begin = [_begin(model, x, y, names, start) for x, y in data]

    def key(name: str, c: int) -> str:
        return f"{name}__shared" if name in shared else f"{name}__{c}"

    parameters = lmfit.Parameters()
    for c in range(len(data)):
        for name in names:
            k = key(name, c)
            if k not in parameters:
                value = float(np.clip(begin[c][name], low.get(name, -np.inf), high.get(name, np.inf)))
                parameters.add(k, value=value, min=low.get(name, -np.inf), max=high.get(name, np.inf))
                if name in held:
                    parameters[k].set(value=held[name], vary=False)
    for name, expression in ties.items():
        for c in range(len(data)):
            words = re.split(r"(\b[A-Za-z_]\w*)", expression)
            parameters[key(name, c)].set(expr="".join(key(word, c) if word in names else word for word in words))

    def residual(p: Any) -> Array:
        parts = []
        for c, (x, y) in enumerate(data):
            values = {name: p[key(name, c)].value for name in names}
            curve = (
                model(x[:, None], *(np.array([values[n]]) for n in names))[:, 0]
                if isinstance(model, Model)
                else np.asarray(model.eval(**{model.independent_vars[0]: x}, **values))
            )
            parts.append(curve - y)
        return np.concatenate(parts)

    found = lmfit.minimize(residual, parameters, method="leastsq", ftol=1e-14, xtol=1e-14, gtol=1e-14, epsfcn=1e-11)
    if not np.isfinite(found.chisqr):
        raise FitError("lmfit found no finite minimum", code="no-convergence", remedy="give start values or bounds")
    total = sum(len(x) for x, _ in data)
    values = [{n: float(found.params[key(n, c)].value) for n in names} for c in range(len(data))]
    errors = [{n: _stderr(found.params[key(n, c)]) for n in names} for c in range(len(data))]
    return Constrained(values, errors, float(found.chisqr), total - int(found.nvarys))


def _begin(model: Any, x: Array, y: Array, names: Sequence[str], start: Mapping[str, float]) -> dict[str, float]:
    if all(n in start for n in names):
        return dict(start)
    if isinstance(model, Model):
        found = fit(model, x, y, start=start or None)
        return {n: start.get(n, float(found[n][0])) for n in names}
    try:
        guessed = model.guess(y, **{model.independent_vars[0]: x})
    except NotImplementedError:
        guessed = model.make_params()
    out = {n: start.get(n, float(guessed[n].value)) for n in names}
    lost = [n for n, v in out.items() if not np.isfinite(v)]
    if lost:
        raise SettingsError(f"there is no start value for {', '.join(lost)}", remedy="give start={name: value}")
    return out


def _stderr(parameter: Any) -> float:
    return float("nan") if parameter.stderr is None else float(parameter.stderr)
