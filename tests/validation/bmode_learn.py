"""Learn how the finder weighs pairs of lines: ``python -m tests.validation.bmode_learn``.

A conditional logistic model over the pairs of each image: the log-odds of a pair are a weighted sum of its features,
and the weights maximise the likelihood of the pairs that agree with the lines people drew, every device group counting
as the root of its images. Which features there are was settled once, by adding and dropping some fifty of them one at a
time for the likelihood of the groups left out: weights are blind to a group that is left out, the list of features is
not. A logistic model of being right on groups that the weights never saw makes the confidence.
Prints the tables for ``musclemetrics/imaging/weights.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musclemetrics.imaging.edges import flanks
from musclemetrics.imaging.layers import confidence_of, examine, margin, scores
from musclemetrics.imaging.pairs import Pairs, Window
from musclemetrics.imaging.ridges import Reduced
from musclemetrics.imaging.view import field_of_view

from .bmode_truth import Truth, everything

Array = NDArray[np.float64]
Table = dict[str, tuple[float, float]]

RIDGE = 8.0
"""Penalty on the squares of the weights, each a standard deviation's worth."""
CLOSE, NEAREST = 0.10, 1.15
"""A line agrees within this share of the thickness, or within this many times the best candidate's distance …"""
FARTHEST = 0.13
"""… but never beyond this share."""


@dataclass(frozen=True, eq=False)
class Example:
    """The pairs of one image and which of them agree with people."""

    truth: Truth
    reduced: Reduced
    pairs: Pairs
    away: Array
    good: NDArray[np.bool_]

    def matrix(self, names: Sequence[str]) -> Array:
        return np.stack([self.pairs.features[name] for name in names], axis=1)


def example(truth: Truth, window: Window | None = None) -> Example:
    """Return an image's pairs, told right from wrong by the centres of their lines."""
    reduced, pairs = examine(grey := truth.grey(), field_of_view(grey), depth_window=window)
    y0, pitch = reduced.box[1], reduced.pitch[1]
    rows = y0 + (pairs.lines + 0.5) * pitch - 0.5
    at = np.array([np.interp(truth.x, reduced.x, line) for line in rows])
    off = [np.abs(at - edge).mean(axis=1) for edge in (truth.superficial, truth.deep)]
    away = np.maximum(off[0][pairs.upper], off[1][pairs.lower]) / truth.thickness
    best = away.min(initial=1.0)
    return Example(truth, reduced, pairs, away, (away <= max(CLOSE, NEAREST * best)) & (away < FARTHEST))


def learn(examples: Sequence[Example], names: Sequence[str], ridge: float = RIDGE) -> Table:
    """Return each feature's weight a standard deviation, and the standard deviation."""
    from scipy.optimize import minimize

    sizes = {e.truth.group: 0 for e in examples}
    for e in examples:
        sizes[e.truth.group] += 1
    used = [e for e in examples if e.good.any()]
    stacked = np.concatenate([e.matrix(names) for e in used])
    spread = np.maximum(stacked.std(axis=0), 1e-9)
    stacked = (stacked - stacked.mean(axis=0)) / spread
    starts = np.concatenate([[0], np.cumsum([len(e.good) for e in used])[:-1]])
    of = np.repeat(np.arange(len(used)), [len(e.good) for e in used])
    good = np.concatenate([e.good for e in used])
    count = np.array([sizes[e.truth.group] ** -0.5 for e in used])
    count /= count.mean()

    def shares(z: Array) -> tuple[Array, Array]:
        top = np.maximum.reduceat(z, starts)
        power = np.exp(z - top[of])
        total = np.add.reduceat(power, starts)
        return top + np.log(total), power / total[of]

    def loss(weights: Array) -> tuple[float, Array]:
        z = stacked @ weights
        every, p = shares(z)
        right, q = shares(np.where(good, z, -1e9))
        slope = stacked.T @ ((p - q) * count[of]) + ridge * weights
        return float(count @ (every - right)) + ridge / 2 * float(weights @ weights), slope

    done = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return {name: (float(w), float(s)) for name, w, s in zip(names, done.x, spread, strict=True)}


def left_out(examples: Sequence[Example], names: Sequence[str], ridge: float = RIDGE) -> dict[str, Table]:
    """Return the weights learnt without each group."""
    groups = sorted({e.truth.group for e in examples})
    return {g: learn([e for e in examples if e.truth.group != g], names, ridge) for g in groups}


@dataclass(frozen=True)
class Answer:
    """What a set of weights makes of one image: the thickness, and how clearly it is chosen."""

    truth: Truth
    thickness: float
    margin: float

    @property
    def error(self) -> float:
        return self.thickness / self.truth.thickness - 1


def answer(e: Example, weights: Table) -> Answer:
    """Return the thickness of the pair that weighs most."""
    total = scores(e.pairs, weights)
    best = int(np.where(e.pairs.allowed, total, -np.inf).argmax())
    pitch = e.reduced.pitch[1]
    rows = (e.pairs.lines + 0.5) * pitch - 0.5
    both = rows[[e.pairs.upper[best], e.pairs.lower[best]]]
    superficial, deep = (edge for edge, _ in flanks(e.reduced.tall, both, (1, -1)))
    return Answer(
        e.truth, e.truth.read_off(e.reduced.x, superficial, deep), margin(e.pairs, total, best, e.pairs.allowed)
    )


def calibrate(answers: Sequence[Answer]) -> tuple[float, float]:
    """Return constant and slope of a logistic model of being right within 10 %, from the margin."""
    from scipy.optimize import minimize

    # A mask that lies beside the lines says nothing about the lines.
    answers = [a for a in answers if not a.truth.displaced]
    x = np.array([a.margin for a in answers])
    right = np.array([abs(a.error) <= 0.1 for a in answers])

    def loss(b: Array) -> float:
        z = np.where(right, 1.0, -1.0) * (b[0] + b[1] * x)
        return float(np.logaddexp(0.0, -z).sum() + 0.5 * b[1] ** 2)

    constant, slope = minimize(loss, np.zeros(2), method="L-BFGS-B").x
    return float(constant), float(slope)


def unseen(examples: Sequence[Example], tables: dict[str, Table]) -> list[tuple[Answer, float]]:
    """Return every image's answer and confidence from weights that never saw its group (:func:`left_out`)."""
    answers = [answer(e, tables[e.truth.group]) for e in examples]
    sure = {g: calibrate([a for a in answers if a.truth.group != g]) for g in tables}
    return [(a, confidence_of(a.margin, sure[a.truth.group])) for a in answers]


def main() -> None:
    """Print the tables for ``weights.py``."""
    examples = [example(t) for t in everything()]
    names = list(examples[0].pairs.features)
    print("WEIGHTS = {")
    for name, (w, s) in sorted(learn(examples, names).items(), key=lambda row: -abs(row[1][0])):
        print(f'    "{name}": ({w:.3f}, {s:.4g}),')
    print("}")
    constant, slope = calibrate([a for a, _ in unseen(examples, left_out(examples, names))])
    print(f"CONFIDENCE = ({constant:.3f}, {slope:.3f})")


if __name__ == "__main__":
    main()
