"""Where items are measured: here, in processes of this machine, or on a cluster."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import SettingsError

__all__ = ["add_engine", "checked_engine", "engine"]


def add_engine(parser: ArgumentParser) -> None:
    """Add the options that decide it."""
    parser.add_argument("-j", "--jobs", metavar="N", type=int, default=1, help="worker processes (default: 1)")
    parser.add_argument(
        "--deadline", metavar="SECONDS", type=float, help="time an item may take (default: 300 where there are several)"
    )
    parser.add_argument(
        "--memory",
        metavar="GB",
        type=float,
        help="memory an item may take, on Linux (default: 4, or what the machine has for each worker)",
    )
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="measure on a Dask cluster, given by its scheduler: tcp://host:8786"
    )


def checked_engine(arguments: Namespace) -> None:
    """Refuse what no engine can do.

    Raises
    ------
    SettingsError
        If there is to be less than one worker, or no time or memory.
    """
    if arguments.jobs < 1:
        raise SettingsError(f"-j {arguments.jobs} is less than 1", remedy="give the number of worker processes")
    for name in ("deadline", "memory"):
        value = getattr(arguments, name)
        if value is not None and not value > 0:
            raise SettingsError(f"--{name} {value:g} is not above 0", remedy=f"leave --{name} out, or give more")


@contextmanager
def engine(arguments: Namespace, count: int) -> Iterator[dict[str, Any]]:
    """Give the arguments of ``measure_files`` that say where `count` items are measured, while they are.

    A single item is measured in this process, since to start another costs more than most files, unless a deadline, a
    limit of memory or a cluster is asked for; several are always supervised, also one after the other, so that none
    can stop the others. Whatever ends the work, Ctrl-C above all, does not wait for the workers.

    Raises
    ------
    MissingDependencyError
        If a cluster is asked for and ``distributed`` is not installed.
    SettingsError
        ``no-cluster``, ``other-version``: the cluster cannot be reached, or would measure otherwise.
    """
    from ..batch import DEADLINE, SupervisedPool, memory_for, module_name

    deadline = DEADLINE if arguments.deadline is None else arguments.deadline
    if arguments.dask is not None:
        from ..batch.cluster import connected

        memory = memory_for(1) if arguments.memory is None else arguments.memory
        with connected(arguments.dask) as executor:
            yield {"executor": executor, "deadline": deadline, "memory": memory}
        return
    if count < 2 and arguments.deadline is None and arguments.memory is None:
        yield {}
        return
    workers = max(1, min(arguments.jobs, count))
    needed = (module_name(arguments.modality),)
    pool = SupervisedPool(workers, deadline=deadline, memory=arguments.memory, imports=needed)
    try:
        yield {"executor": pool}
    except BaseException:
        pool.kill()
        raise
    pool.shutdown()
