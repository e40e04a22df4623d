"""The suite runs with sockets blocked except those of this machine (fault 109)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

import pytest

from musclemetrics.batch import Cell

ELSEWHERE = "192.0.2.1"  # RFC 5737: an address that belongs to nobody


def _call(host: str, kind: int = socket.SOCK_STREAM) -> None:
    with socket.socket(socket.AF_INET, kind) as made:
        made.settimeout(5)
        if kind == socket.SOCK_DGRAM:
            made.sendto(b"x", (host, 9))
        else:
            made.connect((host, 9))


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_nothing_elsewhere_is_reached(kind) -> None:
    with pytest.raises(OSError, match="nothing but this machine"):
        _call(ELSEWHERE, kind)


def test_no_name_is_asked_for() -> None:
    with pytest.raises(OSError, match="nothing but this machine"):
        socket.create_connection(("example.org", 80), timeout=5)


def test_processes_of_the_tests_are_held_to_it() -> None:
    script = f"import socket; socket.create_connection(({ELSEWHERE!r}, 9), timeout=5)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "nothing but this machine" in done.stderr
    cell = Cell()
    with pytest.raises(OSError, match="nothing but this machine"):
        cell.call(_call, ELSEWHERE, deadline=60)
    cell.close()


def test_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        heard = []
        thread = threading.Thread(target=lambda: heard.append(server.accept()[0].recv(9)))
        thread.start()
        with socket.create_connection(("localhost", port), timeout=10) as made:
            made.sendall(b"hello")
        thread.join(10)
    assert heard == [b"hello"]
    assert os.environ["PYTHONPATH"].split(os.pathsep)[0].endswith("network")
