"""A run in a process of its own, for tests that kill it.

``python -m tests.killed DATA STUDY ACKS [MODALITY [WORKERS]]``. After each item a byte goes
to ACKS: ``m`` when it was measured, ``k`` when the run has kept it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from musclemetrics import study
from musclemetrics.batch import SupervisedPool

from .made_study import LIMITS


def main() -> None:
    data, folder, acks, name, workers = (*sys.argv[1:4], *(sys.argv[4:] or ("tests.mean_force",)), "0")[:5]
    said = os.open(acks, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def saying(results: Iterable[Any]) -> Iterator[Any]:
        for result in results:
            os.write(said, b"m")
            yield result
            os.write(said, b"k")

    plan = study.Plan(import_module(name), (data,))
    if workers == "0":
        study.run(plan, folder, watch=saying, every=0.02, report=False)
        return
    with SupervisedPool(int(workers), imports=(name,), **LIMITS) as pool:
        study.run(plan, folder, executor=pool, watch=saying, every=1.0, report=False)


if __name__ == "__main__":
    main()
