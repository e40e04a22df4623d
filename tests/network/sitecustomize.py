"""No Python process of the tests reaches beyond this machine.

``tests/conftest.py`` loads this file, and puts its folder where the interpreters that the tests start find it too.
"""

from __future__ import annotations

import errno
import sys
from typing import Any

HERE = ("", "localhost", "ip6-localhost", "0.0.0.0", "::", "::1")


def _is_here(host: object) -> bool:
    if host is None:
        return True
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode("ascii", "replace")
    if not isinstance(host, str) or host in HERE:
        return True  # an address of another family, such as a path
    import socket

    own = socket.gethostname()
    bare = host.split("%")[0]
    return host == own or bare in HERE or (bare.startswith("127.") and bare.replace(".", "").isdigit())


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not event.startswith("socket."):
        return
    host: object = None
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) and address else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    if not _is_here(host):
        raise OSError(errno.ENETUNREACH, f"tests reach nothing but this machine, and {event} asked for {host!r}")


if not hasattr(sys, "_musclemetrics_network"):  # once is enough, and a hook cannot be taken back
    sys._musclemetrics_network = True  # type: ignore[attr-defined]
    sys.addaudithook(_watch)
