"""Coverage of the 95 % intervals by simulation; ``python -m tests.validation.coverage`` prints the table."""

from __future__ import annotations

import pytest

from .validation.coverage import DESIGNS, coverage


@pytest.mark.parametrize("points", DESIGNS)
@pytest.mark.parametrize("noise", [0.02, 0.05])
def test_profile_intervals_cover_under_constant_noise(points, noise):
    for name, (inside, below, above) in coverage(points, constant=noise).items():
        assert 94.0 <= inside <= 96.0, f"{name} covers {inside:.2f} %"
        assert 1.5 <= below <= 3.5, f"{name}: lower tail {below:.2f} %"
        assert 1.5 <= above <= 3.5, f"{name}: upper tail {above:.2f} %"


@pytest.mark.parametrize("points", DESIGNS)
def test_profile_intervals_cover_under_mixed_noise(points):
    for name, (inside, _, _) in coverage(points, constant=0.01, proportional=0.05, variance="mixed").items():
        assert 93.0 <= inside <= 97.0, f"{name} covers {inside:.2f} %"


def test_unweighted_intervals_do_not_cover_under_proportional_noise():
    """Why `variance` is a setting: taking all points as equally sure misses when noise grows with force."""
    found = coverage(12, constant=0.001, proportional=0.05, runs=2000)
    assert found["Fmax"][0] < 90.0
