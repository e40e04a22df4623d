"""Items on a Dask cluster: a connection that gives an executor."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from .. import __version__
from ..errors import MissingDependencyError, SettingsError

__all__ = ["connected"]

PATIENCE = 30  # s until a scheduler that does not answer is given up


def _version() -> str:
    return __version__


@contextmanager
def connected(address: str) -> Iterator[Executor]:
    """Give an executor whose calls run on the workers of a Dask cluster.

    The workers read the files by the same absolute paths, from storage that all of them share, and have the same
    version of musclemetrics; this is asked of them before anything is measured.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://host:8786``.

    Raises
    ------
    MissingDependencyError
        If ``distributed`` is not installed: the extra ``cluster``.
    SettingsError
        If there is no scheduler or no worker at that address (``no-cluster``), or workers have another version or no
        musclemetrics at all (``other-version``).
    """
    try:
        from distributed import Client
    except ImportError:
        raise MissingDependencyError.of("distributed", "--dask needs") from None
    connect: Any = Client  # it has no types
    client, reason = None, ""
    try:
        client = connect(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = type(error).__name__
    if client is None:
        # A client half made closes itself when it is collected; in one of Dask's own threads it would wait for itself.
        gc.collect()
        raise SettingsError(
            f"no Dask scheduler answers at {address} ({reason})",
            code="no-cluster",
            remedy="give the address that dask scheduler prints, such as tcp://host:8786",
        )
    try:
        _agreed(client, address)
        yield client.get_executor(pure=False)  # a file may have changed since a call that looks the same
    finally:
        client.close(timeout=5)


def _agreed(client: Any, address: str) -> None:
    found = client.run(_version, on_error="return")
    if not found:
        raise SettingsError(
            f"the Dask scheduler at {address} has no workers",
            code="no-cluster",
            remedy=f"start some: dask worker {address}",
        )
    others = sorted({v if isinstance(v, str) else type(v).__name__ for v in found.values()} - {__version__})
    if others:
        raise SettingsError(
            f"workers at {address} have other versions of musclemetrics than {__version__}: {', '.join(others)}",
            code="other-version",
            remedy="install the same version everywhere, or rows would not be alike",
        )
