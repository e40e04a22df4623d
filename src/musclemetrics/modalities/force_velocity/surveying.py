"""What happens in a recording: rests, ramps, clamps, slack; and which of length and force was commanded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...traces import Recording, level, noise
from .segments import Piece, averaged, line, pieces
from .windows import Windows

__all__ = ["CLAMP", "RECOIL", "SAME", "STEADY", "Rest", "Survey", "clamps", "protocol", "rests", "survey", "unloading"]

Array = NDArray[np.float64]

STRAIGHT, BENDING = 0.002, 0.0004
"""{L0} by which length may leave a straight line and still be one ramp, and be one piece of a path that bends."""
REST = 0.001
"""{L0} by which length may change while the muscle rests."""
STEP = 30.0
"""{L0}/s; what moves faster is a step, beyond any muscle's shortening."""
LEAST_RAMP = 0.01
"""{L0} a ramp shortens at least."""
RECOIL = 0.006
"""Seconds within which the series elasticity has recoiled after a release."""
CLAMP = 0.02
"""Seconds a clamp lasts at least."""
SLACK = 0.03
"""{L0} below the end of a ramp at which a hold is slack."""
SAME = 0.01
"""{L0} within which two lengths count as one."""
STEADY = 0.02
"""Share of Po by which force may change over a plateau, and over a clamp."""
COMMANDED, BENT = 0.004, 0.01
"""Share of its way by which a motor's ramp leaves a straight line at most, and a muscle's shortening at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What happens in one recording: where length rests, where it shortens steadily, where the fibre is slack."""

    recording: Recording
    length: Array
    holds: tuple[Piece, ...]
    ramps: tuple[Piece, ...]
    moves: tuple[Piece, ...]
    """All that shortens slower than a step, in pieces fine enough for a path that bends."""
    rest: float
    """{L0} within which length counts as at rest."""
    zeros: tuple[tuple[float, float], ...]
    """(time, force) of each stretch of slack."""
    rises: tuple[Piece, ...]
    """Ramps that lengthen."""

    def zero(self, time: float) -> float:
        """Return the zero of force measured nearest to `time`, 0 where there is none."""
        if not self.zeros:
            return 0.0
        return min(self.zeros, key=lambda z: abs(z[0] - time))[1]


def survey(recording: Recording, length: Array, windows: Windows) -> Survey:
    """Find holds, ramps and slack in one recording; `length` is in {L0}."""
    step = np.abs(np.diff(length))
    moving = step[step > 0]
    # A coarse converter repeats its values: its noise looks like none, and its steps count instead.
    coarsest = float(moving.min()) if len(moving) and np.mean(step == 0) > 0.2 else 0.0
    coarse = max(STRAIGHT, 7.0 * noise(length), 3.0 * coarsest)
    holds: list[Piece] = []
    ramps: list[Piece] = []
    rises: list[Piece] = []
    shortest = windows.settle + 3.0 / recording.rate
    for piece in pieces(recording.time, length, coarse):
        if abs(piece.size) <= 1.5 * coarse and piece.duration >= 0.004:
            holds.append(piece)
        elif abs(piece.slope) <= STEP and abs(piece.size) >= LEAST_RAMP and piece.duration > shortest:
            (ramps if piece.slope < 0 else rises).append(piece)
    # A path that bends is followed on means of a millisecond, so that no lone sample breaks it.
    time, path = averaged(recording.time, length, max(1, round(0.001 * recording.rate)))
    fine = max(BENDING, 7.0 * noise(path), 3.0 * coarsest)
    rest = max(REST, 1.5 * fine)
    moves = [p for p in pieces(time, path, fine) if -STEP <= p.slope < 0 and -p.size > rest / 4]
    zeros = _slack(recording, holds, ramps, windows)
    return Survey(recording, length, tuple(holds), tuple(ramps), tuple(moves), rest, zeros, tuple(rises))


def unloading(one: Survey, ramps: Sequence[Piece]) -> int:
    """Return how many ramps bring force down from a high level: these shorten, whatever the sign of length."""
    force, rec = one.recording.force, one.recording
    low, high = np.percentile(force, [1, 95])
    count = 0
    for ramp in ramps:
        before = force[rec.index(ramp.begin - 0.03) : rec.index(ramp.begin - 0.005)]
        within = force[ramp.first + (ramp.last - ramp.first) // 4 : ramp.last]
        if len(before) and len(within):
            steady, now = float(np.median(before)), float(np.median(within))
            count += steady > 0.5 * (low + high) and now < steady - 0.05 * (high - low)
    return count


def _slack(
    recording: Recording, holds: Sequence[Piece], ramps: Sequence[Piece], windows: Windows
) -> tuple[tuple[float, float], ...]:
    """Return time and force of the flat part of each hold well below the lengths the muscle works at."""
    if windows.zero is not None:
        return ((0.0, windows.zero),)
    if not holds:
        return ()
    at_work = [h.level for h in holds if h.duration >= 0.05] + [r.level + r.size / 2 for r in ramps]
    lowest_work = min(at_work, default=-np.inf)
    span = float(np.ptp(recording.force)) or 1.0
    out = []
    for hold in holds:
        if hold.level > lowest_work - SLACK:
            continue
        first = recording.index(hold.begin + min(windows.settle, 0.4 * hold.duration))
        flat = recording.force[first : hold.last]
        if len(flat) < 3 or not recording.whole(first, hold.last):
            continue
        found = level(flat)
        # Where force comes back the slack has been taken up, and there is no zero in it.
        if not abs(found.slope * found.n) > 0.05 * span + 4 * found.stderr:
            out.append((0.5 * (hold.begin + hold.end), found.mean))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Rest:
    """A stretch of constant length and the isometric force there.

    Attributes
    ----------
    at : float
        Seconds.
    length : float
        {L0}.
    force, stderr : float
    steady : bool
        Whether force has stopped changing, to 2 %.
    """

    at: float
    length: float
    force: float
    stderr: float
    steady: bool


def rests(surveys: Sequence[Survey], at_length: float | None = None) -> list[Rest]:
    """Return the rests of the recordings, at `at_length` alone where it is given; steady ones where there are any."""
    out = []
    for one in surveys:
        slack = {round(z[0], 6) for z in one.zeros}
        for hold in one.holds:
            middle = 0.5 * (hold.begin + hold.end)
            if hold.duration < 0.03 or abs(hold.size) > one.rest or round(middle, 6) in slack:
                continue
            if at_length is not None and abs(hold.level - at_length) > SAME:
                continue
            # The last part: after a step back or a stretch force takes its time to recover.
            first = one.recording.index(max(hold.end - 0.4 * hold.duration, hold.end - 0.5))
            last = max(first + 3, hold.last - max(1, round(0.002 * one.recording.rate)))
            last = min(last, len(one.recording.force))
            if not one.recording.whole(first, last):
                continue
            found = level(one.recording.force[first:last])
            force = found.mean - one.zero(middle)
            drift = abs(found.slope * found.n) - 4 * found.stderr
            out.append(Rest(middle, hold.level, force, found.stderr, not drift > STEADY * abs(force)))
    return [r for r in out if r.steady] or out


def clamps(one: Survey) -> list[Piece]:
    """Return every shortening as one stretch, however its path bends; the quick recoil before it is left out."""
    chains: list[list[Piece]] = []
    for piece in one.moves:
        if chains and piece.begin - chains[-1][-1].end <= RECOIL:
            chains[-1].append(piece)
        else:
            chains.append([piece])
    out = []
    for chain in chains:
        while chain and chain[0].duration < RECOIL:
            chain.pop(0)
        if not chain or chain[-1].end - chain[0].begin < CLAMP:
            continue
        begin, end = chain[0].begin, chain[-1].end
        size = sum(p.size for p in chain)
        if -size > one.rest:
            first, last = one.recording.index(begin), one.recording.index(end)
            out.append(Piece(first, last, begin, end, size / (end - begin), size, chain[0].level))
    return out


def protocol(surveys: Sequence[Survey], windows: Windows) -> str:
    """Return which quantity answered, judged by the traces: ``"force"`` to ramps, ``"velocity"`` to clamps.

    A motor's ramp is straight as no shortening under a clamped force is; and where force was clamped it stays where it
    is.

    Raises
    ------
    InputError
        ``protocol-not-clear``.
    """
    drift, bend = [0.0], [0.0]
    for one in surveys:
        scale = max((r.force for r in rests([one])), default=0.0) or float(np.ptp(one.recording.force)) or 1.0
        for ramp, after in zip(one.ramps, (*one.ramps[1:], None), strict=False):
            first = max(one.recording.index(ramp.begin + windows.settle), ramp.first + (ramp.last - ramp.first) // 4)
            t, path = one.recording.time[first : ramp.last], one.length[first : ramp.last]
            if len(t) < 8:
                continue
            slope, stderr = line(t, one.recording.force[first : ramp.last])
            drift.append((abs(slope) - 3 * stderr) * float(t[-1] - t[0]) / scale)
            bend.append(_bend(t, path))
            if after is not None and after.first == ramp.last:
                bend.append(1.0)  # one shortening in several straight pieces
    if max(bend) < COMMANDED:
        # Shortening at one speed under a force that stays is both; then the direction of the fit tells what was meant.
        return "velocity" if windows.dependent == "velocity" and max(drift) < STEADY else "force"
    if max(bend) > BENT and max(drift) < STEADY:
        return "velocity"
    raise InputError(
        f"the traces do not tell whether length was ramped or force was clamped: force changes by up to "
        f"{100 * max(drift):.2g} % of Po in a contraction, and length leaves a straight line by up to "
        f"{100 * max(bend):.2g} % of its way",
        code="protocol-not-clear",
        remedy="give contractions=ramps for isovelocity ramps, contractions=clamps for load clamps",
    )


def _bend(time: Array, path: Array) -> float:
    """Return how far a path leaves a straight line, as a share of its way, less three standard errors."""
    u = 2.0 * (time - time.mean()) / float(time[-1] - time[0])
    basis = np.stack([np.ones_like(u), u, u * u], axis=1)
    inverse = np.linalg.inv(basis.T @ basis)
    c = inverse @ (basis.T @ path)
    rest = path - basis @ c
    stderr = float(np.sqrt((rest @ rest) / max(len(u) - 3, 1) * inverse[2, 2]))
    return (abs(float(c[2])) - 3 * stderr) / max(2 * abs(float(c[1])), 1e-9)
