"""The engine against independent solvers, and its intervals against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.special import fdtri

from musclemetrics import force_pca
from musclemetrics.errors import FitError, InputError, SettingsError
from musclemetrics.fitting import Model, fit, fit_constrained, fit_shared, intervals
from musclemetrics.modalities.force_pca.curves import HILL, HILL_ASYMMETRIC, HILL_TWO

from . import brute

X = np.array([4.5, 5.2, 5.6, 5.8, 6.0, 6.2, 6.4, 6.6, 9.0])
ACB11 = (
    np.array([4.5, 5.4, 5.6, 5.9, 6.2, 6.4, 6.6, 9.0]),
    np.array([122.449, 119.824, 119.368, 122.964, 95.340, 77.434, 36.770, 10.014]),
)


def simulated(n: int, noise: float, seed: int, x: np.ndarray = X) -> np.ndarray:
    rng = np.random.default_rng(seed)
    clean = force_pca.hill(x, pCa50=6.0 + rng.normal(0, 0.05, (n, 1)), h=2.5, Fmax=100.0, Fmin=2.0)
    return clean + rng.normal(0, noise, clean.shape)


def hill_residual(theta, x, y):
    return force_pca.hill(x, pCa50=theta[0], h=theta[1], Fmax=theta[2], Fmin=theta[3]) - y


def hill_jacobian(theta, x, y):
    columns = HILL.derivatives(x[:, None], *np.asarray(theta)[:, None])
    return np.stack([np.broadcast_to(c, (len(x), 1))[:, 0] for c in columns], axis=1)


def reference(x, y, start):
    """MINPACK with the analytic Jacobian at the tightest tolerances it takes."""
    return least_squares(
        hill_residual, start, jac=hill_jacobian, args=(x, y), method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15
    ).x


def extended(x, y, start):
    """Gauss–Newton with residuals and gradient in extended precision, run until it stands still."""
    theta, x, y = np.array(start, np.longdouble), x.astype(np.longdouble), y.astype(np.longdouble)
    ln10 = np.log(np.longdouble(10))
    for _ in range(80):
        rise = 1 / (1 + np.exp(ln10 * theta[1] * (x - theta[0])))
        residual = y - (theta[3] + (theta[2] - theta[3]) * rise)
        steep = rise * (1 - rise) * (theta[2] - theta[3]) * ln10
        j = np.stack([steep * theta[1], -steep * (x - theta[0]), rise, 1 - rise], axis=1)
        step = np.linalg.solve((j.T @ j).astype(float), (j.T @ residual).astype(float))
        theta = theta + step
        if np.max(np.abs(step)) < 1e-15:
            break
    return theta.astype(float)


def differences(solver) -> np.ndarray:
    curves = [(X, y) for y in simulated(1000, 2.0, 5)] + [ACB11]
    stack = fit(HILL, X, np.stack([y for _, y in curves[:-1]]))
    ours = [*stack.parameters, fit(HILL, *ACB11).parameters[0]]
    out = []
    for (x, y), mine in zip(curves, ours, strict=True):
        theirs = solver(x, y, mine)
        # Fmin may be near zero: its error is measured against the size of the force.
        scale = np.array([abs(theirs[0]), abs(theirs[1]), abs(theirs[2]), abs(theirs[2])])
        out.append(np.max(np.abs(mine - theirs) / scale))
    return np.array(out)


def test_engine_stands_at_the_optimum_to_1e_9():
    """Against extended precision (where the platform's long double has it), 1,000 simulated curves and a real one."""
    worst = differences(extended).max()
    assert worst <= 1e-9, f"largest relative difference {worst:.2e}"


def test_engine_agrees_with_least_squares_as_far_as_that_goes():
    """scipy judges its last steps by the cost and stops up to 1e-8 short of the optimum; no nearer can be asked."""
    off = differences(lambda x, y, mine: reference(x, y, np.array([6.0, 2.5, 100.0, 2.0])))
    assert np.median(off) <= 1e-9
    assert off.max() <= 3e-8


def test_engine_agrees_with_lmfit_to_1e_5():
    curves = [(X, y) for y in simulated(60, 2.0, 6)] + [ACB11]
    worst = 0.0
    for x, y in curves:
        mine = fit(HILL, x, y).parameters[0]
        theirs = fit_constrained(HILL, [x], [y]).parameters[0]
        values = np.array([theirs[n] for n in HILL.parameters])
        scale = np.array([*np.abs(values[:3]), abs(values[2])])
        worst = max(worst, float(np.max(np.abs(mine - values) / scale)))
    assert worst <= 1e-5


def test_a_curve_does_not_depend_on_its_neighbours():
    y = simulated(700, 5.0, 9)
    stack = fit(HILL, X, y)
    limits = intervals(stack)
    for i in (0, 1, 13, 511, 512, 699):
        alone = fit(HILL, X, y[i])
        assert np.array_equal(alone.parameters[0], stack.parameters[i])
        assert np.array_equal(alone.covariance[0], stack.covariance[i])
        for name, bound in intervals(alone).items():
            assert np.array_equal(bound[0], limits[name][i]), name


@pytest.mark.parametrize(
    ("model", "truth", "x"),
    [
        (HILL, (6.0, 2.5, 100.0, 2.0), X),
        (HILL, (5.2, 0.9, 40.0, -3.0), X),
        (HILL_ASYMMETRIC, (5.9, 2.0, 0.5, 100.0, 2.0), np.linspace(4.5, 7.5, 13)),
        (HILL_TWO, (5.5, 4.0, 6.4, 3.0, 100.0, 40.0, 2.0), np.linspace(4.5, 7.5, 19)),
    ],
)
def test_noise_free_curves_are_recovered(model, truth, x):
    y = model(x[:, None], *(np.array([v]) for v in truth))[:, 0]
    found = fit(model, x, y)
    assert found.converged.all()
    np.testing.assert_allclose(found.parameters[0], truth, rtol=1e-7)


@pytest.mark.parametrize("model", [HILL, HILL_ASYMMETRIC, HILL_TWO])
def test_analytic_derivatives_match_differences(model):
    rng = np.random.default_rng(2)
    x = np.linspace(4.5, 7.5, 11)[:, None]
    names = model.parameters
    typical = {"pCa50": 5.8, "h": 2.2, "s": 0.7, "pCa50_2": 6.4, "h_2": 3.1, "Fmax": 90.0, "Fmid": 40.0, "Fmin": 4.0}
    theta = [np.array([typical[n] * rng.uniform(0.97, 1.03)]) for n in names]
    for i, column in enumerate(model.derivatives(x, *theta)):
        step = 1e-6 * abs(theta[i])
        up, down = list(theta), list(theta)
        up[i], down[i] = theta[i] + step, theta[i] - step
        difference = (model(x, *up) - model(x, *down)) / (2 * step)
        np.testing.assert_allclose(np.broadcast_to(column, difference.shape), difference, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("noise", [2.0, 5.0, 8.0])
@pytest.mark.parametrize("name", ["pCa50", "h"])
def test_profile_bounds_agree_with_brute_force(noise, name):
    n = 1000
    y = simulated(n, noise, 11)
    found = fit(HILL, X, y)
    ours = intervals(found, [name])[name]
    limit = found.sse * (1 + fdtri(1, found.dof, 0.95) / found.dof)
    # The starting point first: no other minimum lies lower.
    assert np.all(brute.profile(X, y, "h", found["h"]) >= found.sse * (1 - 1e-9))
    centre = found[name]
    unit = np.sqrt(fdtri(1, found.dof, 0.95)) * found.stderr[:, HILL.index(name)]
    unit = np.where(np.isfinite(unit), unit, 1.0)
    width = np.where(np.isfinite(ours).all(axis=1), ours[:, 1] - ours[:, 0], 4 * unit)
    for column, side in ((0, -1.0), (1, 1.0)):
        low, high = HILL.bounds()
        # 20 pCa units beyond the tested range count as no limit.
        edge = X.max() + 20.0 if side > 0 else X.min() - 20.0
        room = side * (edge - centre) if name == "pCa50" else (centre - low[1] if side < 0 else high[1] - centre)
        theirs = brute.bound(X, y, name, centre, limit, side, unit, room)
        mine = ours[:, column]
        both_open = np.isinf(mine) & np.isinf(theirs)
        with np.errstate(invalid="ignore"):
            off = np.where(both_open, 0.0, np.abs(mine - theirs) / width)
        wrong = [
            i
            for i in np.flatnonzero(~(off < 1e-4))
            if not _crosses_first(y[i], name, mine[i], theirs[i], limit[i], side)
        ]
        assert len(wrong) <= n // 1000, f"{len(wrong)} of {n} bounds of {name} differ, side {side:+.0f}"


def _crosses_first(y, name, mine, theirs, limit, side) -> bool:
    """Whether the profile does reach the limit just beyond our bound: the coarse scan stepped over a narrow rise."""
    if not np.isfinite(mine) or side * (theirs - mine) < 0:
        return False
    end = theirs if np.isfinite(theirs) else mine + side * 0.5 * abs(mine)
    between = np.linspace(mine, end, 400)[1:]
    stack = np.broadcast_to(y, (len(between), len(y)))
    at_bound = brute.profile(X, y[None], name, np.array([mine]))[0]
    return bool(np.isclose(at_bound, limit, rtol=1e-6) and (brute.profile(X, stack, name, between) > limit).any())


@pytest.mark.parametrize("noise", [2.0, 5.0, 8.0])
def test_open_bounds_are_recognised_where_the_plateau_is_missing(noise):
    """Brute force at the edge of the reach says which lower bounds of pCa50 are truly open."""
    x = np.sort([9.0, 7.0, 6.5, 6.2, 6.0, 5.8, 5.6, 5.4])
    rng = np.random.default_rng(1)
    clean = force_pca.hill(x, pCa50=5.3, h=2.0, Fmax=100.0, Fmin=2.0)
    y = clean + rng.normal(0, noise, (500, len(x)))
    found = fit(HILL, x, y)
    # A curve whose Fmax runs off without end has no number: measure refuses it (`no-minimum`) and gives no bound. How
    # far it runs hangs on the last bits of the processor's exponential.
    runaway = np.abs(found.parameters[:, -2:]).max(axis=1) > 1e6 * np.abs(y).max(axis=1)
    settled = found.converged & ~runaway
    bounds = intervals(found, ["pCa50"])["pCa50"]
    assert not np.isnan(bounds[settled]).any()
    limit = found.sse * (1 + fdtri(1, found.dof, 0.95) / found.dof)
    at_edge = brute.profile(x, y, "pCa50", np.full(len(y), x.min() - 20.0))
    # Costs within a ten-thousandth of the limit are open or not by a hair.
    clear = settled & (np.abs(at_edge / limit - 1) > 1e-4)
    wrong = np.isneginf(bounds[:, 0]) != (at_edge < limit)
    assert np.isneginf(bounds[clear, 0]).sum() > 200
    assert (wrong & clear).sum() <= 1


def test_linear_parameters_profile_to_the_limit():
    """At a bound of Fmax or Fmin the best fit of all else costs exactly the limit, by an independent solver."""
    y = simulated(40, 2.0, 21)
    found = fit(HILL, X, y)
    limit = found.sse * (1 + fdtri(1, found.dof, 0.95) / found.dof)
    for name, bounds in intervals(found, ["Fmax", "Fmin"]).items():
        k = HILL.index(name)
        free = [i for i in range(4) if i != k]
        for i in range(len(y)):
            for value in bounds[i]:

                def residual(t, k=k, value=value, i=i):
                    return hill_residual(np.insert(t, k, value), X, y[i])

                best = least_squares(residual, found.parameters[i, free], xtol=1e-14, ftol=1e-14, gtol=1e-14)
                assert 2 * best.cost == pytest.approx(limit[i], rel=1e-6)


def test_open_intervals_are_infinite():
    """Without a relaxed point and with noise the data set no lower limit to Fmin."""
    x = np.array([4.5, 5.0, 5.4, 5.6, 5.9, 6.2, 6.4])
    y = force_pca.hill(x, pCa50=6.1, h=1.4, Fmax=85.0, Fmin=9.0) + np.array([2, -1, 2, -2, -2, 2, -1.0])
    found = fit(HILL, x, y)
    assert found.converged.all()
    bounds = intervals(found)
    assert np.isneginf(bounds["Fmin"][0, 0])
    assert np.isfinite(bounds["Fmin"][0, 1])
    assert not np.isnan(np.array(list(bounds.values()))).any()


def test_wald_is_the_textbook_interval():
    from scipy.special import stdtrit

    found = fit(HILL, *ACB11)
    bounds = intervals(found, kind="wald")
    t = stdtrit(found.dof, 0.975)
    for k, name in enumerate(HILL.parameters):
        expected = found.parameters[0, k] + t * found.stderr[0, k] * np.array([-1, 1])
        np.testing.assert_allclose(bounds[name][0], expected, rtol=1e-12)


def test_held_parameters_stay_held():
    found = fit(HILL, *ACB11, held={"Fmin": 0.0})
    assert found["Fmin"][0] == 0.0
    assert found.dof == 8 - 3
    assert found.stderr[0, 3] == 0.0
    with pytest.raises(SettingsError, match="not a free parameter"):
        intervals(found, ["Fmin"])
    theirs = fit_constrained(HILL, [ACB11[0]], [ACB11[1]], held={"Fmin": 0.0})
    assert found.sse[0] == pytest.approx(theirs.sse, rel=1e-9)


def test_weights_count_as_one_over_sigma():
    x, y = ACB11
    doubled = fit(HILL, np.concatenate([x, x[:3]]), np.concatenate([y, y[:3]]))
    weights = np.ones(8)
    weights[:3] = np.sqrt(2.0)
    weighted = fit(HILL, x, y, weights=weights)
    np.testing.assert_allclose(weighted.parameters, doubled.parameters, rtol=1e-9)


def test_shared_fit_agrees_with_lmfit():
    y = simulated(2, 2.0, 30)
    joint, separate = fit_shared(HILL, [X, X], [y[0], y[1]], shared=["h"])
    theirs = fit_constrained(HILL, [X, X], [y[0], y[1]], shared=["h"])
    assert joint.sse[0] == pytest.approx(theirs.sse, rel=1e-8)
    assert joint["h"][0] == pytest.approx(theirs.parameters[0]["h"], rel=1e-5)
    assert theirs.parameters[0]["h"] == theirs.parameters[1]["h"]
    assert joint.stderr[0, joint.model.index("h")] == pytest.approx(theirs.stderr[0]["h"], rel=1e-4)
    assert joint.sse[0] > sum(f.sse[0] for f in separate)


def test_ties_and_bounds_go_through_lmfit():
    tied = fit_constrained(HILL, [ACB11[0]], [ACB11[1]], ties={"Fmin": "0.05 * Fmax"})
    assert tied.parameters[0]["Fmin"] == pytest.approx(0.05 * tied.parameters[0]["Fmax"], rel=1e-12)
    assert tied.dof == 8 - 3
    bounded = fit_constrained(HILL, [ACB11[0]], [ACB11[1]], upper={"h": 2.0})
    assert bounded.parameters[0]["h"] == pytest.approx(2.0, abs=1e-4)


def test_a_users_own_lmfit_model_is_fitted():
    import lmfit

    line = lmfit.models.LinearModel()
    x = np.arange(6.0)
    found = fit_constrained(line, [x], [3.0 * x + 1.0 + np.array([0.1, -0.1, 0.1, -0.1, 0.1, -0.1])])
    slope, offset = np.polyfit(x, 3.0 * x + 1.0 + np.array([0.1, -0.1, 0.1, -0.1, 0.1, -0.1]), 1)
    assert found.parameters[0]["slope"] == pytest.approx(slope, rel=1e-7)
    assert found.parameters[0]["intercept"] == pytest.approx(offset, rel=1e-7)


def test_models_without_derivatives_take_the_general_path():
    plain = Model(
        "exponential",
        ("a", "k"),
        function=lambda x, a, k: a * np.exp(-k * x),
        start=lambda x, y: (y[0], np.ones(y.shape[1])),
    )
    x = np.linspace(0, 3, 12)
    y = 5.0 * np.exp(-1.3 * x) + 0.02 * np.cos(37 * x)
    found = fit(plain, x, y)
    expected, covariance = np.polyfit(x, np.log(y), 1, cov=True)
    assert found["k"][0] == pytest.approx(-expected[0], rel=0.02)
    low, high = intervals(found, ["k"])["k"][0]
    assert low < found["k"][0] < high
    assert np.isfinite(covariance).all()


def test_refusals_name_value_and_remedy():
    with pytest.raises(InputError, match="not finite"):
        fit(HILL, X, np.where(X == 6.0, np.nan, 1.0))
    with pytest.raises(FitError, match="4 parameters cannot be fitted to 3 points"):
        fit(HILL, X[:3], [1.0, 2.0, 3.0])
    with pytest.raises(InputError, match="x has shape"):
        fit(HILL, X[:5], np.ones(9))
    with pytest.raises(SettingsError, match="no parameter 'Vmax'"):
        fit(HILL, X, np.ones(9), held={"Vmax": 1.0})
    with pytest.raises(SettingsError, match="no start values"):
        fit(Model("f", ("a",), function=lambda x, a: a * x, jacobian=lambda x, a: [x]), X, X)
