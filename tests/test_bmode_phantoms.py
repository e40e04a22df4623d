"""Muscles of every kind a generator can draw, measured without help, against their truth.

Depth, tilt, bow, brightness, gaps, gain, speckle, screen and pixel size vary at random and together.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from musclemetrics.modalities import bmode
from musclemetrics.record import Record
from musclemetrics.simulate.ultrasound import Muscle, Phantom, Sheet
from musclemetrics.simulate.ultrasound import bmode as phantom

COUNT = 48
SHARES = {None: 1.0, "black": 0.7, "grey": 0.905, "yellow": 0.77}
"""Share of an image's height that is scan, by screen."""


def drawn(number: int) -> Phantom:
    """Return a muscle at random, the same for the same number."""
    rng = np.random.default_rng([11, number])
    screen = list(SHARES)[number % 4]
    dx, dy = (round(rng.uniform(0.06, 0.11), 4) for _ in range(2))
    deep = 600 * dy * SHARES[screen]
    first = rng.uniform(0.1, 0.35) * deep
    second = rng.uniform(max(0.55 * deep, first + 0.25 * deep), 0.88 * deep)
    upper, lower = (
        Sheet(
            depth,
            thickness=rng.uniform(0.5, 1.5),
            tilt=rng.uniform(-5, 5),
            bow=rng.uniform(-0.5, 0.8),
            echo=rng.uniform(-24, -10),
            gaps=int(rng.integers(0, 3)),
        )
        for depth in (first, second)
    )
    pennation = float(rng.choice([-1, 1]) * rng.uniform(8, 28))
    muscle = Muscle(pennation, echo=rng.uniform(-52, -42), fascicles=rng.uniform(4, 16))
    return phantom(
        (upper, lower),
        (muscle,),
        spacing=(dx, dy),
        screen=screen,
        fasciae=int(rng.integers(0, 3)),
        gain=rng.uniform(-4, 4),
        looks=int(rng.integers(1, 4)),
        attenuation=rng.uniform(0, 2.5),
        seed=number,
    )


@cache
def measured() -> tuple[tuple[Phantom, Record], ...]:
    made = [drawn(k) for k in range(COUNT)]
    return tuple((one, bmode.measure(one.image, one.spacing)) for one in made)


def errors() -> np.ndarray:
    return np.array([r["thickness"].value / made.layers[0].thickness - 1 for made, r in measured()])


def test_nearly_every_thickness_is_right():
    off = np.abs(errors())
    assert np.median(off) < 0.004
    assert (off < 0.02).mean() >= 0.95


def test_what_is_far_off_is_doubted():
    for off, (_, record) in zip(errors(), measured(), strict=True):
        assert abs(off) < 0.1 or record.status == "suspect"


def test_echo_intensity_is_that_of_the_true_region():
    off = [
        r["echo_intensity"].value - made.truth()["echo_intensity"]
        for error, (made, r) in zip(errors(), measured(), strict=True)
        if abs(error) < 0.02
    ]
    # Where the scanner draws in colour the muscle is grey all the same.
    assert np.abs(np.median(off)) < 0.3
    assert np.mean(np.abs(off) < 1.0) >= 0.95


def test_fascicles_are_within_a_few_degrees():
    off = np.array(
        [
            abs(r["pennation_angle"].value) - abs(made.layers[0].pennation)
            for error, (made, r) in zip(errors(), measured(), strict=True)
            if abs(error) < 0.05
        ]
    )
    seen = off[np.isfinite(off)]
    assert len(seen) >= 0.9 * len(off)
    assert np.abs(seen).mean() < 1.0
    assert abs(seen.mean()) < 0.6
    assert (np.abs(seen) < 3.0).mean() >= 0.95
