"""Units are measured: here, or by an executor, handed back in their order or as they are done."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future, wait
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue

from ..errors import ItemCrashed, ItemOutOfMemory, ItemTimeout, SettingsError
from ..record import Flag, Record
from .supervised import SupervisedPool, supervised
from .work import Unit, reason_of, row_for, run

__all__ = ["Limits", "finished", "limits_of", "outcomes"]

_WINDOW = 64  # items under way at once: enough to keep any pool busy, few enough for flat memory
_LOOK = 0.5  # s: waits go in steps, since Windows hears no Ctrl-C in a wait without end

Limits = tuple[float | None, float | None]
"""Deadline (s) and memory (GB) of an item."""


def limits_of(executor: Executor | None, deadline: float | None, memory: float | None) -> Limits | None:
    """Return deadline and memory of supervised items, None where they are not supervised by this module."""
    for name, value in (("deadline", deadline), ("memory", memory)):
        if value is not None and not value > 0:
            raise SettingsError(f"{name}={value:g} is not above 0", remedy=f"leave {name} out, or give more")
    if deadline is None and memory is None:
        return None
    if isinstance(executor, SupervisedPool):
        raise SettingsError(
            "a SupervisedPool has a deadline and a memory limit of its own",
            remedy="give deadline and memory to the pool",
        )
    return deadline, memory


@contextmanager
def _place(executor: Executor | None, limits: Limits | None) -> Iterator[Executor | None]:
    """Give the executor, a pool of one where there is none and items are supervised."""
    if executor is not None or limits is None:
        yield executor
        return
    own = SupervisedPool(1, deadline=limits[0], memory=limits[1])
    try:
        yield own
    finally:
        own.kill()


def outcomes(units: Iterator[Unit], executor: Executor | None, limits: Limits | None) -> Iterator[list[Record]]:
    """Yield the records of each unit, in the order of the units."""
    with _place(executor, limits) as place:
        if place is None:
            for unit in units:
                yield run(unit)
            return
        pending: deque[tuple[Unit, Future[list[Record]] | Exception]] = deque()
        try:
            for unit in units:
                pending.append((unit, _submitted(place, unit, limits)))
                if len(pending) >= _WINDOW:
                    yield _collected(*pending.popleft())
            while pending:
                yield _collected(*pending.popleft())
        finally:
            for _, future in pending:
                if isinstance(future, Future):
                    future.cancel()


def finished(
    units: Iterator[Unit], executor: Executor | None, limits: Limits | None
) -> Iterator[tuple[Unit, list[Record]]]:
    """Yield each unit with its records, as they are done: a slow one holds nobody up."""
    with _place(executor, limits) as place:
        if place is None:
            for unit in units:
                yield unit, run(unit)
            return
        done: SimpleQueue[int] = SimpleQueue()
        pending: dict[int, tuple[Unit, Future[list[Record]] | Exception]] = {}

        def next_one() -> tuple[Unit, list[Record]]:
            while True:
                with suppress(Empty):
                    unit, future = pending.pop(done.get(timeout=_LOOK))
                    return unit, _collected(unit, future)

        try:
            for number, unit in enumerate(units):
                future = _submitted(place, unit, limits)
                pending[number] = unit, future
                if isinstance(future, Future):
                    future.add_done_callback(lambda _, number=number: done.put(number))  # type: ignore[misc]
                else:
                    done.put(number)
                if len(pending) >= _WINDOW:
                    yield next_one()
            while pending:
                yield next_one()
        finally:
            for _, left in pending.values():
                if isinstance(left, Future):
                    left.cancel()


def _submitted(executor: Executor, unit: Unit, limits: Limits | None) -> Future[list[Record]] | Exception:
    try:
        if limits is None or isinstance(executor, SupervisedPool):
            return executor.submit(run, unit)
        return executor.submit(supervised, unit, *limits)
    except Exception as error:  # a broken pool refuses work; the item still has its row
        return error


def _collected(unit: Unit, future: Future[list[Record]] | Exception) -> list[Record]:
    """Return what a future gave; a worker that died costs its item one failed row."""
    try:
        if isinstance(future, Exception):
            raise future
        while not future.done():
            wait((future,), timeout=_LOOK)
        return future.result()
    except SettingsError:  # what the caller decided cannot be carried out: the run's end, not the worker's
        raise
    except CancelledError:  # not by us: who was to do the work has gone, and no item is to blame
        raise SettingsError(
            "the connection to the workers was lost",
            code="workers-lost",
            remedy="measure again when the cluster is back; a run folder keeps what was measured",
        ) from None
    except Exception as error:
        if unit.errors == "raise":
            raise
        if isinstance(error, ItemTimeout | ItemCrashed | ItemOutOfMemory):
            reason = reason_of(error)
        else:
            text = ""
            with suppress(Exception):
                text = f" ({type(error).__name__})"
            message = f"the worker measuring it stopped{text}; measure this item by itself to see why"
            reason = Flag(ItemCrashed.default_code, message, "failed")
        return [row_for(unit, reason, tuple((e.name, "") for e in unit.item.entries))]
