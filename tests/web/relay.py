"""A service manager in small: holds the sockets of `stall web` open, and starts one process after the other on them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PATIENCE_S = 30.0
#: Gives the descriptors the numbers a manager gives them, and becomes the command.
_BECOME = """
import os, sys
count = int(sys.argv[1])
given = [int(number) for number in sys.argv[2 : 2 + count]]
spare = [os.dup(number) for number in given]
spare = [os.dup2(number, 100 + at) for at, number in enumerate(spare)]
for at, number in enumerate(spare):
    os.dup2(number, 3 + at)
os.closerange(3 + count, 200)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(count), LISTEN_FDNAMES=":".join(["stall-web.socket"] * count))
os.execv(sys.executable, [sys.executable, "-m", "stall", *sys.argv[2 + count :]])
"""


def unix(path: Path, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A unix socket as the manager makes it."""
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(str(path))
    path.chmod(0o660)
    if kind == socket.SOCK_STREAM:
        sock.listen(1000)
    return sock


def loopback() -> socket.socket:
    """A socket on loopback, on a port nobody uses."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen(1000)
    return sock


def started(sockets: Sequence[socket.socket], *command: str, **environment: str) -> subprocess.Popen[str]:
    """Start a `stall` command on these sockets; ready when its second line is read."""
    numbers = [str(sock.fileno()) for sock in sockets]
    return subprocess.Popen(
        [sys.executable, "-c", _BECOME, str(len(numbers)), *numbers, *command],
        env={**os.environ, **environment},
        pass_fds=[sock.fileno() for sock in sockets],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ready(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """Wait until `stall web` has said both of its addresses."""
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(2)]
    assert all(said), process.stderr.read() if process.stderr is not None else ""
    return process


def stopped(process: subprocess.Popen[str]) -> int:
    """Ask it to end as a manager does, and say how it ended."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(PATIENCE_S)
    finally:
        process.kill()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
