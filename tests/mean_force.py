"""The smallest modality: the mean of some forces. It stands for any modality in the tests of batch and command line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import numpy as np

from musclemetrics.checks import vector
from musclemetrics.provenance import describe
from musclemetrics.reading import Inputs, Reading
from musclemetrics.record import Definition, Flag, Measurement, Record, Trace

DEFINITIONS = (
    Definition("mean", ("1", "mN", "kN/m2"), "Mean of the forces."),
    Definition("n_points", ("1",), "Number of forces."),
)

CALLS = {"many": 0, "one": 0}


def measure(
    pca: Any,
    force: Any,
    *,
    force_unit: str = "1",
    scale: float = 1.0,
    model: Literal["mean", "median"] = "mean",
    limits: tuple[float, float] | None = None,
    thresholds: Mapping[str, float] | None = None,
) -> Record:
    """Average the forces.

    Parameters
    ----------
    pca, force : array_like
        Unused and used.
    force_unit : str
        Unit of the forces.
    scale : float, optional
        Factor put before the mean. It must not be zero.
    model : {"mean", "median"}
        What is taken for the middle.
    limits : (float, float), optional
        Where the mean may lie.
    thresholds : Mapping, optional
        Limits by name.
    """
    CALLS["one"] += 1
    settings = {"force_unit": force_unit, "scale": scale, "model": model, "limits": limits, "thresholds": thresholds}
    pca, force = vector(pca, "pca"), vector(force, "force")
    if force[0] == 666:
        os._exit(9)
    if force[0] == 13:
        raise ZeroDivisionError(f"thirteen in {os.getcwd()}")
    value = float(np.median(force) if model == "median" else force.mean()) * scale
    flags = [Flag("low-mean", f"mean {value:g} is below 1", "suspect")] if value < 1 else []
    return Record(
        "mean_force",
        (
            Measurement("mean", value, float(force.std()), (value - 1.0, float("inf")), force_unit),
            Measurement("n_points", float(len(force))),
        ),
        (Trace("pca", pca), Trace("force", force, force_unit)),
        tuple(flags),
        describe("mean", settings),
    )


def measure_many(pca: Any, forces: Any, *, errors: str = "raise", **settings: Any) -> list[Record]:
    CALLS["many"] += 1
    made = []
    for row in forces:
        if np.isfinite(row).all() and row[0] != 13:
            made.append(measure(pca, row, **settings))
            CALLS["one"] -= 1
        else:
            made.append(Record("mean_force", (), (), (Flag("bad", "bad", "failed"),)))
    return made


def inputs(readings: Iterable[Reading], *, column: str = "force", pool: bool = False) -> Iterator[Inputs]:
    """Take every recording with a pCa and a force; or all of them as one.

    Parameters
    ----------
    readings : iterable of Reading
    column : str, optional
        Array that holds the forces.
    pool : bool, optional
        Join all recordings.
    """
    found = [r for r in readings if "pCa" in r and column in r]
    if pool and found:
        yield Inputs(
            {
                "pca": np.concatenate([r["pCa"] for r in found]),
                "force": np.concatenate([r[column] for r in found]),
            },
            notes=("joined",),
        )
        return
    for r in found:
        unit = r.unit(column)
        yield Inputs({"pca": r["pCa"], "force": r[column]}, {"force_unit": unit} if unit else {}, r.labels, r.flags)


def draw(record: Record, axes: Any) -> None:
    axes.plot(record.trace("pca"), record.trace("force"), "o")
    axes.axhline(float(record["mean"]))
    axes.invert_xaxis()
