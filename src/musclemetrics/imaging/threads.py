"""Linear algebra in one thread, so that an image gives the same last digit wherever it is measured.

Libraries of linear algebra share out a product among as many threads as there are processors, and round it as it was
shared out. Workers have one thread each; this gives the caller's own process the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

__all__ = ["one_thread"]

_lock = Lock()
_inside = 0
_controller: Any = None
_limit: Any = None


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep products of matrices in one thread inside the block, whoever else is inside at the same time."""
    global _inside, _controller, _limit
    with _lock:
        if _inside == 0:
            if _controller is None:
                from threadpoolctl import ThreadpoolController

                _controller = ThreadpoolController()
            _limit = _controller.limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limit.restore_original_limits()
