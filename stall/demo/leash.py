"""Run one stall command that ends when its supervisor does: `python -m stall.demo.leash COMMAND…`.

The supervisor holds the only writing end of our standard input, a pipe. When it dies, however it dies, the
kernel closes that end, we read the end of file, and ask ourselves to stop. Works wherever there are pipes.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

#: How long a command may take to stop in good order before it is ended (s).
GRACE_S = 2.0


def hold() -> None:
    """Start watching standard input; the thread takes no signal, so that the command's own handling stays whole."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        threading.Thread(target=_watch, name="leash", daemon=True).start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watch() -> None:
    while os.read(0, 1):  # nothing is ever written; only the end of file matters
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)


def main() -> None:
    """Run the command of the arguments, on the leash."""
    hold()
    from stall.cli import main as run

    run(sys.argv[1:])


if __name__ == "__main__":
    main()
