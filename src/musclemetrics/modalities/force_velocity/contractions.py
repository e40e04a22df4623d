"""Points of force and velocity from raw traces: isovelocity ramps and load clamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...record import Flag
from ...traces import level
from .segments import Piece, line
from .surveying import CLAMP, RECOIL, SAME, STEADY, Survey, clamps, rests
from .windows import Windows

__all__ = ["Points", "read_clamps", "read_ramps"]

Array = NDArray[np.float64]


@dataclass(slots=True)
class Points:
    """Points read so far, and why others were not."""

    velocity: list[float] = field(default_factory=list)
    force: list[float] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    length: list[float] = field(default_factory=list)
    velocity_stderr: list[float] = field(default_factory=list)
    force_stderr: list[float] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, at: float, length: float, velocity: tuple[float, float], force: tuple[float, float]) -> None:
        """Keep one point: where it was read, and value and standard error of both."""
        self.at.append(at)
        self.length.append(length)
        self.velocity.append(velocity[0])
        self.velocity_stderr.append(velocity[1])
        self.force.append(force[0])
        self.force_stderr.append(force[1])

    def leave(self, piece: Piece, why: str) -> None:
        """Say which contraction gave no point, and why."""
        self.flags.append(
            Flag(
                "contraction-left-out",
                f"the shortening at {piece.begin:.4g} s ({-piece.slope:.3g} {{L0}}/s) gave no point: {why}",
                "note",
            )
        )

    def evidence(self) -> dict[str, tuple[float, ...]]:
        """Return what is known of each point beside its numbers; rows that are not finite are left out."""
        rows = {n: getattr(self, n) for n in ("at", "length", "velocity_stderr", "force_stderr")}
        return {name: tuple(float(v) for v in row) for name, row in rows.items() if np.isfinite(row).all()}


def read_ramps(surveys: Sequence[Survey], windows: Windows) -> Points:
    """Return one point an isovelocity ramp: its speed, and the force where all ramps pass the same length.

    Force depends on length, so all points are read at one length: `at_length`, or the length at which the muscle also
    rests and every ramp can be read; then Po is known at the same length. Where there is none, force is read at the end
    of each ramp.
    """
    points = Points()
    reference = windows.at_length if windows.at_length is not None else _reference(surveys, windows)
    if reference is not None:
        points.notes.append(
            f"force of each ramp where it passes {reference:.4g} {{L0}}, over {windows.length_window:g}"
        )
    else:
        points.notes.append(f"force over the last {windows.length_window:g} {{L0}} of each ramp")
    ends = [r.level + r.size / 2 for one in surveys for r in one.ramps]
    _isometric_point(
        points, surveys, reference, float(np.median(ends)) if reference is None and ends else reference or 1
    )
    for one in surveys:
        for ramp in one.ramps:
            _read_ramp(points, one, ramp, reference, windows)
    return points


def _reference(surveys: Sequence[Survey], windows: Windows) -> float | None:
    """Return the length of rest that most ramps pass after they have settled, if three of four do."""
    ramps = [(one, ramp) for one in surveys for ramp in one.ramps]
    lengths = sorted(((h.duration, h.level) for one in surveys for h in one.holds if h.duration >= 0.05), reverse=True)
    best, most = None, 0
    for _, here in lengths:
        passed = sum(_window(one, ramp, here, windows) is not None for one, ramp in ramps)
        if passed > most:
            best, most = here, passed
    return best if 4 * most >= 3 * len(ramps) else None


def _window(one: Survey, ramp: Piece, at: float | None, windows: Windows) -> tuple[int, int] | None:
    """Return the samples over which a ramp is read, None where it does not pass `at` after settling."""
    settled = one.recording.index(ramp.begin + windows.settle)
    if settled >= ramp.last - 2:
        return None
    half = windows.length_window / 2
    end = one.recording.time[ramp.last]
    if at is None:
        first = one.recording.index(end - windows.length_window / abs(ramp.slope))
        return (max(settled, first), ramp.last) if ramp.last - max(settled, first) >= 3 else None
    start_length = ramp.level - ramp.slope * 0.5 * ramp.duration
    passing = ramp.begin + (start_length - at) / -ramp.slope
    first = one.recording.index(passing - half / -ramp.slope)
    last = one.recording.index(passing + half / -ramp.slope) + 1
    # The window is kept within the ramp, but must hold the length it is named after.
    inside = (max(first, settled), min(last, ramp.last + 1))
    holds = inside[0] <= one.recording.index(passing) < inside[1]
    return inside if holds and inside[1] - inside[0] >= 3 else None


def _read_ramp(points: Points, one: Survey, ramp: Piece, reference: float | None, windows: Windows) -> None:
    window = _window(one, ramp, reference, windows)
    if window is None:
        low, high = ramp.level + ramp.size / 2, ramp.level - ramp.size / 2
        points.leave(
            ramp,
            f"it runs from {high:.4g} to {low:.4g} {{L0}} and does not pass {reference:.4g} after {windows.settle:g} s"
            if reference is not None
            else f"it lasts {1e3 * ramp.duration:.3g} ms, not {1e3 * windows.settle:g} ms and three samples",
        )
        return
    first, last = window
    settled = one.recording.index(ramp.begin + windows.settle)
    if not one.recording.whole(ramp.first, ramp.last):
        points.leave(ramp, "samples are missing in it")
        return
    force = one.recording.force[first:last]
    if reason := _clipped(one.recording.force, force):
        points.leave(ramp, reason)
        return
    slope, stderr = line(one.recording.time[settled : ramp.last], one.length[settled : ramp.last])
    found = level(force)
    at = 0.5 * float(one.recording.time[first] + one.recording.time[last - 1])
    length = float(np.mean(one.length[first:last]))
    points.add(at, length, (-slope, stderr), (found.mean - one.zero(at), found.stderr))


def _clipped(signal: Array, part: Array) -> str | None:
    top, bottom = float(signal.max()), float(signal.min())
    for end, name in ((top, "highest"), (bottom, "lowest")):
        share = float(np.mean(part == end))
        if share > 0.2 and len(part) >= 5:
            return (
                f"force stands at the {name} value of the recording ({end:.4g}) in {100 * share:.0f} % of its samples"
            )
    return None


def _isometric_point(points: Points, surveys: Sequence[Survey], reference: float | None, near: float) -> None:
    """Add the isometric point from the rests at `reference`, or at the length nearest to `near` where none is."""
    found = rests(surveys, reference) if reference is not None else []
    if not found:
        found = rests(surveys)
        closest = min((r.length for r in found), key=lambda length: abs(length - near), default=near)
        found = [r for r in found if abs(r.length - closest) <= SAME]
        if found and abs(closest - near) > SAME:
            points.flags.append(
                Flag(
                    "po-at-other-length",
                    f"force is read at {near:.4g} {{L0}} and the nearest length at which the muscle rests is "
                    f"{closest:.4g}: Po belongs to another length than the other points; give at_length, or hold Po at "
                    "the force of the same length",
                )
            )
    if not found:
        points.flags.append(
            Flag("no-isometric-point", "no rest was found from which Po could be read; Po is extrapolated", "note")
        )
        return
    force = np.array([r.force for r in found])
    if not found[0].steady:
        points.flags.append(
            Flag(
                "plateau-not-steady",
                f"isometric force changes by more than {100 * STEADY:g} % over the rest at {found[0].at:.4g} s from "
                "which it was read; rest longer, or hold Po",
            )
        )
    change = float(force[-1] - force[0]) / max(abs(float(force[0])), 1e-300)
    if len(force) > 1 and abs(change) > 0.1:
        points.flags.append(
            Flag(
                "run-down",
                f"isometric force changed by {100 * change:+.1f} % from the first to the last rest, limit 10 %; forces "
                "were left as they are",
            )
        )
    own = float(np.sqrt(np.mean([r.stderr**2 for r in found]) / len(found)))
    spread = float(np.std(force, ddof=1) / np.sqrt(len(force))) if len(force) > 1 else 0.0
    points.add(
        float(np.mean([r.at for r in found])),
        float(np.mean([r.length for r in found])),
        (0.0, 0.0),
        (float(force.mean()), max(own, spread)),
    )


def read_clamps(surveys: Sequence[Survey], windows: Windows) -> Points:
    """Return one point a load clamp: the force it was held at, and the speed of shortening meanwhile."""
    points = Points()
    low, high = windows.clamp_window
    points.notes.append(f"velocity of each clamp from {100 * low:g} to {100 * high:g} % of its duration")
    found = rests(surveys)
    _isometric_point(points, surveys, None, float(np.median([r.length for r in found])) if found else 1.0)
    top = max((r.force for r in found), default=float("inf"))
    for one in surveys:
        rec, found_here = one.recording, clamps(one)
        for ramp in one.ramps:
            if ramp.duration >= RECOIL and not any(c.begin < ramp.end and ramp.begin < c.end for c in found_here):
                points.leave(ramp, f"it lasts {1e3 * ramp.duration:.3g} ms, a clamp {1e3 * CLAMP:g} at least")
        for clamp in found_here:
            first = rec.index(clamp.begin + max(windows.settle, low * clamp.duration))
            last = rec.index(clamp.begin + high * clamp.duration)
            if last - first < 5:
                points.leave(clamp, f"only {max(last - first, 0)} samples in its window, 5 are needed")
                continue
            if not rec.whole(first, last):
                points.leave(clamp, "samples are missing in it")
                continue
            force = rec.force[first:last]
            if reason := _clipped(rec.force, force):
                points.leave(clamp, reason)
                continue
            slope, stderr = line(rec.time[first:last], one.length[first:last])
            held = level(force)
            drift = abs(held.slope * held.n) - 4 * held.stderr
            if drift > 2 * STEADY * top:
                points.leave(clamp, f"force changes by {100 * drift / top:.2g} % of Po meanwhile: it was not held")
                continue
            at = 0.5 * float(rec.time[first] + rec.time[last - 1])
            length = float(np.mean(one.length[first:last]))
            points.add(at, length, (-slope, stderr), (held.mean - one.zero(at), held.stderr))
    return points
