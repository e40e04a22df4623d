"""compare_curves: a worked example by an independent path, type-I error, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.stats import f as f_distribution

from musclemetrics import force_pca
from musclemetrics.errors import InputError, SettingsError
from musclemetrics.fitting import fit_shared
from musclemetrics.modalities.force_pca.conditions import extra_sum_of_squares
from musclemetrics.modalities.force_pca.curves import HILL

X = np.array([9.0, 6.6, 6.4, 6.2, 6.0, 5.8, 5.6, 5.2, 4.5])
# Two solutions, one fibre: forces as read, in mN.
CONTROL = np.array([1.1, 9.8, 22.4, 41.0, 60.7, 75.2, 84.1, 89.9, 90.6])
DRUG = np.array([1.4, 20.3, 36.9, 55.8, 70.1, 80.4, 86.0, 88.1, 89.7])


def independent(shared):
    """SSE of the joint and of the separate fits by scipy alone."""

    def hill(p, h, top, bottom):
        return bottom + (top - bottom) / (1 + 10 ** (h * (X - p)))

    def solve(residual, start):
        for _ in range(4):
            start = least_squares(residual, start, method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15).x
        return start, float(np.sum(residual(start) ** 2))

    one = [solve(lambda t, y=y: hill(*t) - y, [6.1, 2.0, 90.0, 1.0]) for y in (CONTROL, DRUG)]
    if shared == ("h",):

        def joint(t):
            return np.concatenate([hill(t[0], t[1], t[2], t[3]) - CONTROL, hill(t[4], t[1], t[5], t[6]) - DRUG])

        start = [6.1, 2.0, 90.0, 1.0, 6.3, 90.0, 1.0]
    else:

        def joint(t):
            return np.concatenate([hill(t[0], t[1], t[2], t[3]) - CONTROL, hill(t[0], t[4], t[5], t[6]) - DRUG])

        start = [6.2, 2.0, 90.0, 1.0, 2.0, 90.0, 1.0]
    theta, sse = solve(joint, start)
    return theta, sse, one[0][1] + one[1][1]


@pytest.mark.parametrize("shared", [("h",), ("pCa50",)])
def test_worked_example_matches_an_independent_computation(shared):
    theta, sse_shared, sse_separate = independent(shared)
    r = force_pca.compare_curves({"control": (X, CONTROL), "drug": (X, DRUG)}, shared=shared, force_unit="mN")
    n, p1, p2 = 18, 7, 8
    f_value = ((sse_shared - sse_separate) / (p2 - p1)) / (sse_separate / (n - p2))
    assert r["F"].value == pytest.approx(f_value, rel=1e-6)
    assert r["p"].value == pytest.approx(f_distribution.sf(f_value, p2 - p1, n - p2), rel=1e-6)
    for name, sse, p in (("aicc_shared", sse_shared, p1), ("aicc_separate", sse_separate, p2)):
        k = p + 1
        expected = n * math.log(sse / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
        assert r[name].value == pytest.approx(expected, rel=1e-8)
    place = 1 if shared == ("h",) else 0
    assert r[shared[0]].value == pytest.approx(theta[place], rel=1e-6)
    low, high = r[shared[0]].interval
    assert low < r[shared[0]].value < high


@pytest.mark.parametrize("shared", [("h",), ("pCa50",), ("pCa50", "h")])
def test_type_one_error_over_ten_thousand_null_pairs(shared):
    rng = np.random.default_rng(3)
    clean = force_pca.hill(X, pCa50=6.0, h=2.5, Fmax=100.0, Fmin=3.0)
    a, b = (clean + rng.normal(0, 2.0, (10_000, len(X))) for _ in range(2))
    joint, separate = fit_shared(HILL, [X, X], [a, b], shared=shared)
    test = extra_sum_of_squares(
        joint.sse,
        separate[0].sse + separate[1].sse,
        points=2 * len(X),
        parameters_shared=8 - len(shared),
        parameters_separate=8,
    )
    assert joint.converged.all()
    assert 0.045 <= np.mean(test["p"] < 0.05) <= 0.055


def test_a_real_difference_is_found():
    r = force_pca.compare_curves({"control": (X, CONTROL), "drug": (X, DRUG)}, shared=("pCa50",))
    assert r["p"].value < 1e-4
    assert r["aicc_difference"].value < 0
    assert r.labels["conditions"] == "control | drug"


def test_refusals():
    with pytest.raises(InputError, match="at least 2, got 1"):
        force_pca.compare_curves({"control": (X, CONTROL)})
    with pytest.raises(InputError, match="drug has 9 pCa and 8 forces"):
        force_pca.compare_curves({"control": (X, CONTROL), "drug": (X, DRUG[:-1])})
    with pytest.raises(SettingsError, match="no parameter 'EC50'"):
        force_pca.compare_curves({"a": (X, CONTROL), "b": (X, DRUG)}, shared=("EC50",))
    with pytest.raises(SettingsError):
        force_pca.compare_curves({"a": (X, CONTROL), "b": (X, DRUG)}, shared=())


def test_the_comparison_is_drawn(tmp_path):
    import musclemetrics as mm

    r = force_pca.compare_curves({"control": (X, CONTROL), "drug": (X, DRUG)}, shared=("pCa50",), force_unit="mN")
    figure = mm.plot(r)
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    assert low > high, "pCa runs from high to low"
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["control", "drug"]
    figure.savefig(tmp_path / "comparison.png")
    assert mm.Record.from_json(r.to_json()) == r
