"""In the virtual machine: the far end of the card terminal's USB cable, carried outside to where the terminal stands.

Bytes go between the gadget's serial port and a line to the host. The terminal has a power of its own: it lives on when this
machine does not. Standard library only; runs until killed.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
import tty

PORT = "/dev/virtio-ports/stall.wire"


def main(gadget: str) -> None:
    """Carry bytes; the gadget's port comes and goes with its module."""
    far = os.open(PORT, os.O_RDWR | os.O_NONBLOCK)
    while True:
        try:
            near = os.open(gadget, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.2)
            continue
        with contextlib.suppress(OSError):
            tty.setraw(near)
            carry(near, far)
        os.close(near)
        time.sleep(0.2)


def carry(near: int, far: int) -> None:
    """Copy both ways until the gadget's port ends. What nobody takes is lost, as on a cable."""
    while True:
        ready, _, _ = select.select([near, far], [], [], 1.0)
        for source, target in ((near, far), (far, near)):
            if source in ready:
                data = os.read(source, 4096)
                if not data:
                    time.sleep(0.05)  # the other end is not there
                    continue
                with contextlib.suppress(BlockingIOError):
                    os.write(target, data)


if __name__ == "__main__":
    main(sys.argv[1])
