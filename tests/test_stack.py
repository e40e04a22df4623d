"""A curve's fit is the same to the last bit whatever else is in the stack, and no curve of a hard stack is left."""

from __future__ import annotations

import numpy as np
import pytest

from musclemetrics import force_pca
from musclemetrics.fitting import Fit, Model, fit
from musclemetrics.fitting.levenberg import PART
from musclemetrics.fitting.problem import Problem
from musclemetrics.fitting.starts import grid_scores
from musclemetrics.modalities.force_pca.curves import HILL, hill

PCA = np.array([9, 6.6, 6.4, 6.2, 6.0, 5.8, 5.6, 5.2, 4.5])


def curves(n: int, noise: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    half = 6.0 + rng.normal(0, 0.05, (n, 1))
    return hill(PCA, pCa50=half, h=2.5, Fmax=100.0, Fmin=2.0) + rng.normal(0, noise, (n, len(PCA)))


def same(stack: Fit, row: int, alone: Fit) -> bool:
    return (
        np.array_equal(stack.parameters[row], alone.parameters[0])
        and np.array_equal(stack.covariance[row], alone.covariance[0])
        and stack.sse[row] == alone.sse[0]
        and stack.iterations[row] == alone.iterations[0]
    )


@pytest.mark.parametrize("noise", [2.0, 8.0])
def test_a_curve_does_not_feel_its_neighbours(noise: float) -> None:
    y = curves(2 * PART + 2, noise)
    together = fit(HILL, PCA, y)
    # The first, the last, both sides of a seam, some in between, and those that took longest.
    rows = {0, 1, PART, PART + 1, len(y) - 1, *range(7, len(y), 997), *np.argsort(together.iterations)[-8:].tolist()}
    assert max(together.iterations[list(rows)]) > 9
    wrong = [row for row in rows if not same(together, row, fit(HILL, PCA, y[row]))]
    assert wrong == []


def test_every_curve_arrives() -> None:
    assert fit(HILL, PCA, curves(2000, 2.0)).converged.all()
    assert fit(HILL, PCA, curves(2000, 5.0)).converged.all()


def test_an_x_of_its_own_for_each_curve() -> None:
    y = curves(6, 2.0)
    x = PCA + np.linspace(0, 3, 6)[:, None]
    together = fit(HILL, x, y)
    shifted = fit(HILL, PCA, y)
    np.testing.assert_allclose(together["pCa50"] - np.linspace(0, 3, 6), shifted["pCa50"], rtol=1e-9)
    for row in range(6):
        assert same(together, row, fit(HILL, x[row], y[row]))


def test_a_lost_curve_is_found_again_whoever_stands_beside_it() -> None:
    model = Model(
        "saturation",
        ("a", "k"),
        function=lambda x, a, k: a * -np.expm1(-k * x),
        jacobian=lambda x, a, k: (-np.expm1(-k * x), a * x * np.exp(-k * x)),
    )
    x = np.array([1.0, 2, 3, 5, 7, 10])
    rng = np.random.default_rng(3)
    y = 200 * -np.expm1(-0.5 * x) + rng.normal(0, 5, (5, 6))
    far = {"a": 1.0, "k": [1.0, 0.5, 1.0, 0.4, 1.0]}
    together = fit(model, x, y, start=far)
    assert together.rescued is not None
    assert together.rescued.any()
    assert not together.rescued.all()
    assert together.converged.all()
    np.testing.assert_allclose(together["k"], 0.5, atol=0.1)
    for row in range(5):
        assert same(together, row, fit(model, x, y[row], start={"a": 1.0, "k": far["k"][row]}))


def test_records_do_not_depend_on_their_neighbours_however_noisy():
    """Open bounds, steps, weights: every path a noisy curve may take, in stacks of all sizes."""
    pca = np.array([9.0, 6.6, 6.3, 6.1, 5.9, 5.7, 5.5, 5.0, 4.5])
    rng = np.random.default_rng(1)
    for noise, n in ((2.0, 3), (8.0, 25), (15.0, 14)):
        clean = force_pca.hill(pca, pCa50=5.9, h=2.4, Fmax=100.0, Fmin=3.0)
        forces = clean + rng.normal(0, noise, (n, len(pca)))
        for extra in ({}, {"variance": "mixed"}, {"fmin": 0.0}, {"model": "hill_asymmetric"}):
            many = force_pca.measure_many(pca, forces, errors="flag", **extra)
            alone = [force_pca.measure_many(pca, row[None], errors="flag", **extra)[0] for row in forces]
            assert many == alone, extra


@pytest.mark.parametrize("held", [None, 7.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_grid_scores_are_what_each_candidate_costs(held, weighted):
    """By matrix products or one by one, weighted, with a parameter held: the same share is explained."""
    y = np.ascontiguousarray(curves(6, 5.0).T)
    w = np.linspace(0.5, 2.0, len(PCA))[:, None]
    fixed = {} if held is None else {3: np.full(6, held)}
    shared = Problem(HILL, PCA[:, None], y, w if weighted else None, fixed)
    each = Problem(HILL, np.repeat(PCA[:, None], 6, axis=1), y, np.repeat(w, 6, axis=1) if weighted else None, fixed)
    candidates = HILL.grid(PCA[:, None])
    one = grid_scores(shared, candidates)
    np.testing.assert_allclose(one, grid_scores(each, candidates), atol=1e-10)
    size = np.sum((y * (w if weighted else 1.0)) ** 2, axis=0)
    free = [np.full(6, v) for v in candidates[4]]
    np.testing.assert_allclose(one[4], 1 - shared.evaluate(free).cost / size, atol=1e-10)
