"""Switches the machine off, or starts it again, for the till: the one thing here that runs as root, and only for as long as that takes.

The service manager owns the socket (`systemd/stall-power.socket`), lets nobody but the stall's user connect, and starts this program for
each connection, which is its standard input. The program believes only a peer that is that user and that runs in the unit of the web
process; the kernel says both. It asks the service manager by a signal (systemd(1), SIGRTMIN+4 and +5), so it needs no capability at all.
Imports the standard library only.
"""

from __future__ import annotations

import os
import pwd
import signal
import socket
import struct
import sys
from pathlib import Path

#: What may be asked for, and the signal by which the service manager is asked: it stops every unit in order first.
SIGNALS = {b"off\n": signal.SIGRTMIN + 4, b"restart\n": signal.SIGRTMIN + 5}
OK = b"ok\n"
_PEER = struct.Struct("3i")  # struct ucred: pid, uid, gid
_MOST = 16
_WAIT_S = 5.0


def main(arguments: list[str]) -> int:
    """Serve the one connection at standard input: `USER UNIT`, for tests also the service manager's process and the root of /proc."""
    user, unit, *more = arguments
    manager, proc = int(more[0]) if more else 1, Path(more[1] if len(more) > 1 else "/proc")
    with socket.socket(fileno=os.dup(0)) as peer:
        peer.settimeout(_WAIT_S)
        try:
            asked = _read(peer)
            refusal = _refusal(peer, user, unit, proc)
            if asked not in SIGNALS:
                refusal = "nothing of that kind is done here"
            if refusal:
                peer.sendall(f"no: {refusal}\n".encode())
                sys.stderr.write(f"refused: {refusal}\n")
                return 1
            sys.stderr.write(f"asked by the till: {asked.decode().strip()}\n")
            peer.sendall(OK)
        except OSError as error:
            sys.stderr.write(f"nobody waits for an answer: {error}\n")
            return 1
    os.kill(manager, SIGNALS[asked])
    return 0


def _read(peer: socket.socket) -> bytes:
    asked = b""
    while len(asked) < _MOST and not asked.endswith(b"\n"):
        more = peer.recv(_MOST - len(asked))
        if not more:
            break
        asked += more
    return asked


def _refusal(peer: socket.socket, user: str, unit: str, proc: Path) -> str:
    """Why this peer is not obeyed; empty when it is."""
    pid, own_uid, _gid = _PEER.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    try:
        wanted = pwd.getpwnam(user).pw_uid
    except KeyError:
        return f"there is no user {user}"
    if own_uid != wanted:
        return f"user {own_uid} is not {user}"
    try:
        groups = (proc / str(pid) / "cgroup").read_text(encoding="utf-8")
    except OSError:
        return f"process {pid} is gone"
    units = {line.rpartition("/")[2] for line in groups.splitlines()}
    return "" if unit in units else f"process {pid} is not of {unit}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
