"""Run one program that is not ours, so that it ends when its supervisor does: `python -m stall.demo.tether PROGRAM…`.

As the leash, with the program as a child: SIGTERM, and the end of our standard input, are passed on; when we are killed
ourselves, the kernel tells the child (Linux; elsewhere it is left behind then).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys

from stall.demo import leash

#: prctl(2): the signal a process gets when its parent dies.
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Run the program of the arguments and end with its exit code."""
    libc, own = ctypes.CDLL(None) if sys.platform == "linux" else None, os.getpid()

    def tie() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != own:  # it was killed just now, and nobody is told any more
            os._exit(os.EX_SOFTWARE)

    asked = False

    def pass_on(*_: object) -> None:
        nonlocal asked
        asked = True
        running.terminate()

    running = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, preexec_fn=tie)  # noqa: PLW1509 - no thread is started yet
    signal.signal(signal.SIGTERM, pass_on)
    leash.hold()
    code = running.wait()
    return 0 if asked and code in {0, -signal.SIGTERM} else code if code >= 0 else os.EX_SOFTWARE


if __name__ == "__main__":
    sys.exit(main())
