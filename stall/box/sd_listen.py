"""The listening sockets that the service manager holds open for us (sd_listen_fds(3)).

It keeps them while we are started anew: whoever connects meanwhile waits in the kernel, and is answered by the next process.
What each of them is for, whoever listens decides.
"""

from __future__ import annotations

import os
import socket

_FIRST, _MOST = 3, 16
_PID, _COUNT, _NAMES = "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"


def taken() -> list[socket.socket]:
    """The sockets we were given, none where there are none. The environment forgets them, and no child gets them.

    A descriptor that is no socket is left out: whoever misses it opens its own.
    """
    pid, count, _names = (os.environ.pop(name, "") for name in (_PID, _COUNT, _NAMES))
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    given = []
    for descriptor in range(_FIRST, _FIRST + min(int(count), _MOST)):
        try:
            os.set_inheritable(descriptor, False)
            given.append(socket.socket(fileno=descriptor))
        except OSError:
            continue
    return given
