"""Certified values of NIST StRD through the public fit: 27 problems, two starts each, two ways."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from musclemetrics.fitting import fit
from musclemetrics.fitting.engine import points_first
from musclemetrics.fitting.general import numeric_derivatives

from .validation import nist
from .validation.nist_models import MODELS

needs_data = pytest.mark.skipif(
    not nist.data_file().is_file(), reason=f"the certified data are not at {nist.data_file()}: set MUSCLEMETRICS_DATA"
)

each_problem = pytest.mark.parametrize("name", list(MODELS))
each_start = pytest.mark.parametrize("start", [1, 2])


@cache
def certified() -> dict[str, nist.Certified]:
    return {problem.name: problem for problem in nist.problems()}


@needs_data
def test_all_problems_are_here() -> None:
    assert len(certified()) == 27
    assert {p.level for p in certified().values()} == {"Lower", "Average", "Higher"}
    for problem in certified().values():
        assert len(problem.values) == len(problem.sd) == len(problem.model.parameters)
        for start in problem.starts:
            assert not np.any(start == problem.values)


@needs_data
@each_start
@each_problem
def test_certified_with_analytic_derivatives(name: str, start: int) -> None:
    problem = certified()[name]
    outcome = nist.solve(problem, start)
    assert outcome.fit.converged[0]
    assert outcome.digits >= nist.NEEDED
    if name not in nist.WITHOUT_SD:
        assert outcome.digits_sd >= nist.NEEDED_SD
        assert math.isclose(outcome.fit.sse[0], problem.rss, rel_tol=1e-6)


@needs_data
@each_start
@each_problem
def test_certified_without_derivatives(name: str, start: int) -> None:
    outcome = nist.solve(certified()[name], start, analytic=False)
    assert outcome.digits >= nist.NEEDED


@needs_data
@each_problem
def test_derivatives_are_those_of_the_formula(name: str) -> None:
    problem = certified()[name]
    x = points_first(problem.x)
    for point in (problem.values, problem.starts[1]):
        at = [np.array([value]) for value in point]
        exact = problem.model.derivatives(x, *at)
        for one, other in zip(exact, numeric_derivatives(problem.model, x, at), strict=True):
            size = np.max(np.abs(one))
            assert np.max(np.abs(one - other)) <= 1e-6 * size + 1e-300


@needs_data
@each_problem
def test_a_stack_of_both_starts_equals_each_alone(name: str) -> None:
    problem = certified()[name]
    columns = np.array([problem.starts[0], problem.starts[1], problem.starts[0]]).T
    begin = dict(zip(problem.model.parameters, columns, strict=True))
    together = fit(problem.model, problem.x, np.tile(problem.y, (3, 1)), start=begin)
    for row, start in enumerate((1, 2, 1)):
        alone = nist.solve(problem, start).fit
        np.testing.assert_array_equal(together.parameters[row], alone.parameters[0])
        np.testing.assert_array_equal(together.covariance[row], alone.covariance[0])


@needs_data
def test_a_start_that_runs_off_is_rescued_and_says_so() -> None:
    # From (1, 1) the first full step leaves b2 so large that the curve is flat: a descent alone ends there.
    lost, easy = nist.solve(certified()["BoxBOD"], 1), nist.solve(certified()["BoxBOD"], 2)
    assert lost.fit.rescued is not None
    assert easy.fit.rescued is not None
    assert lost.fit.rescued[0]
    assert not easy.fit.rescued[0]
    np.testing.assert_allclose(lost.fit.parameters, easy.fit.parameters, rtol=1e-10)


def test_digits_are_counted_on_the_worst_value() -> None:
    known = np.array([1.0, 100.0])
    assert nist.digits(known, known) == nist.CAP
    assert nist.digits(np.array([1.0, 100.001]), known) == pytest.approx(5.0, abs=1e-3)
    assert nist.digits(np.array([np.nan, 100.0]), known) < 0
    assert nist.digits(np.array([np.inf, 100.0]), known) < 0


def test_the_table_has_a_row_for_each_problem() -> None:
    table = [("Misra1a", "Lower", "11.0", "11.0", "10.8", "10.8", "stack", "9.8")]
    assert nist.plain(table).splitlines()[1].split() == list(table[0])
    assert nist.rst(table).startswith(".. list-table::\n   :header-rows: 1\n\n   * - problem\n     - level\n")
    assert nist.rst(table).count("   * - ") == 2
